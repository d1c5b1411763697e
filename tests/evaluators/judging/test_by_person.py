"""A rate is so many of a hundred people only where each row is one of them, and none is weighted."""

from typing import Any

import pytest

from evaluators.judging import counted

ROWS: dict[str, Any] = {"n": 700, "n_reference": 650}
PEOPLE = ROWS | {"units": {"of": "people", "n": 700.0, "n_reference": 650.0}}
SEVERAL = ROWS | {"units": {"of": "people", "n": 128.9, "n_reference": 650.0}}
NAMED = {
    "columns": {"unit": "order"},
    "names": {"order": {"plain": {"zh": "订单", "en": "orders"}}},
}


@pytest.mark.parametrize(
    ("finding", "plan", "so"),
    [
        (PEOPLE, {}, True),
        (ROWS, {}, True),
        (PEOPLE, {"columns": {"weight": None, "unit": None}}, True),
        (SEVERAL, {}, False),
        (PEOPLE, {"columns": {"weight": "w"}}, False),
        (PEOPLE, NAMED, False),
        (PEOPLE, {"columns": {"unit": "pid"}}, False),
        (ROWS | {"n": None, "units": {"of": "people", "at_least": 30}}, {}, True),
    ],
)
def test_who_a_rate_is_of(finding: dict[str, Any], plan: dict[str, Any], so: bool) -> None:
    assert counted.by_person(finding, plan) is so
