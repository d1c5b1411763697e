"""A plan taken up again is the plan that was written, and its form says the same."""

import json
import tomllib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evaluators.running import planning
from portal.pages import plan_again

NAME = st.text("男女ab c\"'\\=.#", min_size=1, max_size=8).filter(lambda word: bool(word.strip()))


@st.composite
def plans(draw: st.DrawFn) -> dict[str, Any]:
    said = {"zh": draw(NAME), "en": draw(NAME)}
    column = draw(NAME)
    return {
        "title": draw(st.one_of(NAME, st.just(said))),
        "frame": draw(st.one_of(st.just(""), NAME)),
        "columns": {
            "target": "outcome",
            "favourable": draw(st.one_of(NAME, st.integers(0, 1), st.booleans())),
            "score_favourable": draw(st.sampled_from([0, 1])),
            "cut": draw(st.floats(0.001, 1)),
            "sensitive": [column],
            "inputs": ["x"],
            "missing": {column: ["未知"]},
        },
        "reference": {column: draw(NAME)},
        "names": {column: {"plain": said, "levels": {draw(NAME): said}}},
        "probes": [{"id": "selection_parity"}, {"id": "counterfactual_flip", "change": [column]}],
    }


@given(plans())
def test_a_plan_on_record_and_its_text_are_one_plan(written: dict[str, Any]) -> None:
    plan = planning.parse(written)
    text = plan_again.as_toml(json.loads(json.dumps(plan.as_json())))
    assert planning.parse(tomllib.loads(text)).digest == plan.digest


def test_the_form_is_filled_in_with_what_the_plan_says() -> None:
    plan = {
        "title": "押金",
        "frame": "2026 年的申请",
        "columns": {"favourable": "归还", "classes": ["归还", "未归还"], "cut": 0.6},
        "reference": {"sex": "男"},
        "names": {"sex": {"plain": {"zh": "性别", "en": "sex"}, "levels": {}}},
        "probes": [{"id": "counterfactual_flip", "change": ["sex", "town"]}],
    }
    assert list(plan_again.fields(plan)) == [
        ("title", "押金"),
        ("frame", "2026 年的申请"),
        ("target_kind", ""),
        ("favourable", "归还"),
        ("cut", "0.6"),
        ("score_favourable", "names"),
        ("reference.sex", "男"),
        ("name.sex.zh", "性别"),
        ("name.sex.en", "sex"),
        ("probe", "counterfactual_flip"),
        ("o.counterfactual_flip.change", "sex、town"),
    ]


@pytest.mark.parametrize("broken", [{}, {"columns": 3}, {"names": {"a": 1}, "probes": [2]}])
def test_what_is_no_plan_fills_in_no_form(broken: dict[str, Any]) -> None:
    assert all(not value for _, value in plan_again.fields(broken))
