"""The table of a plan's keys: all that are read, none that is not, and every gap told at once."""

from collections.abc import Sequence
from typing import Any

import pytest

from explainers import asked
from explainers.asked import Key
from explainers.columns import Column, Outsider
from explainers.wording import Wording
from registry.explanations import KEYS
from tests.explainers.toys import columns, text


@pytest.mark.parametrize(
    ("table", "read"),
    [
        (asked.PLAN, set(KEYS) - {"k"}),  # how many must share what is told is the operator's
        (asked.COLUMN, set(Column.__slots__) - {"name"}),
        (asked.WORDING, set(Wording.__slots__)),
        (asked.PROTECTED, set(Outsider.__slots__)),
    ],
)
def test_the_table_has_every_key_that_is_read(table: Sequence[Key], read: set[str]) -> None:
    assert set(asked.names(table)) == read
    assert all(key.meaning.zh and key.meaning.en and key.kind and key.default for key in table)


def test_every_gap_of_a_plan_is_named_at_once() -> None:
    plan: dict[str, Any] = {
        "columns": [*columns("age"), {"name": "sex", "plian": text("性别", "sex")}],
        "wording": {"favourabel": text("录取", "admitted")},
        "protected": [{"name": "race", "values": {"b": {"zh": "黑人"}}}],
        "declared": {"decides": text("录取", "admission"), "who": {"zh": "某校"}},
        "sealed": {"zh": "商业秘密"},
    }
    with pytest.raises(asked.PlanHasGaps) as refused:
        asked.check(plan)
    assert [reason.item for reason in refused.value.reasons] == [
        *("columns.sex.plian", "sex", "wording.favourabel", "protected.race.values.b.en"),
        *("declared.decides", "declared.who.en", "sealed.en"),
    ]


def test_a_whole_plan_has_no_gap() -> None:
    asked.check({"columns": columns("age", "sex"), "declared": {"who": text("某校", "a school")}})
