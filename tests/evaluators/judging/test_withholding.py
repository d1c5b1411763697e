"""Why a number is withheld: only what was counted, and no more than the tables tell."""

from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from evaluators.judging import captions, withholding
from evaluators.judging.withholding import ALONE, TOGETHER, WITHIN, Why
from evaluators.plan import Plan
from evaluators.running import audit, engine
from registry.findings import Finding, Verdict
from registry.language import Text

SMALL = "has fewer than 10", "有不足 10"


def ran(rows: dict[str, list[Any]], *probes: Any, **columns: Any) -> engine.Outcome:
    named = {"sensitive": ["race"], "prediction": "got", "favourable": 1, **columns}
    plan = {"title": "t", "columns": named, "probes": list(probes), "reference": {"race": "A"}}
    return engine.run(Plan.parse(plan), pa.table(rows), scorer=None, nonce="n")


def withheld(made: engine.Outcome, probe: str) -> list[Finding]:
    return [each for each in made.findings if each.probe == probe and each.suppressed]


def lenders(times: int = 3) -> dict[str, list[Any]]:
    """800 applicants with three decisions each; every cell by race and income holds 40 or more."""
    rng, ids = np.random.default_rng(5), np.arange(800)
    race = np.where(ids < 420, "A", "B")
    rows = np.repeat(ids, times)
    income = rng.choice(["1", "2", "3"], rows.size)
    got = (rng.random(rows.size) < np.where(race[rows] == "A", 0.6, 0.35)).astype(int)
    return {"race": race[rows].tolist(), "id": rows.tolist(), "income": income.tolist(),
            "got": got.tolist(), "due": rng.integers(0, 2, rows.size).tolist()}  # fmt: skip


def test_what_nobody_counted_is_not_said_to_be_few() -> None:
    """Issue 7, F7a/4: the smallest cell held 49 applicants; "some strata have cells of fewer than 10"."""
    made = ran(lenders(), {"id": "conditional_parity"}, {"id": "subgroup_search"}, unit="id",
               control=["income"])  # fmt: skip
    hidden = withheld(made, "conditional_parity")
    assert {each.metric for each in hidden} >= {"conditional_rate_ratio", "stratum_rate_ratio"}
    for each in hidden:
        assert not any(
            word in each.reading[side] for word, side in zip(SMALL, ("en", "zh"), strict=True)
        )
        assert "counted by the features that are compared" in each.reading["en"]
        assert "没有按区分这些组的其他特征数" in each.reading["zh"]
    (whole,) = [f for f in made.findings if f.probe == "conditional_parity" and not f.suppressed]
    assert "of these groups was not counted" in whole.reading["en"]
    assert "没有数过" in whole.reading["zh"]


def test_the_effective_number_is_no_count_of_people() -> None:
    """200 people, of whom one weighs 5,000: 1.1 of equal weight, and no cell of fewer than ten."""
    got = [0] + [1, 0] * 99 + [1] + [1, 0] * 100
    rows: dict[str, list[Any]] = {
        "race": ["A"] * 200 + ["B"] * 200,
        "got": got,
        "w": ([5000.0] + [1.0] * 199) * 2,
    }
    made = ran(rows, {"id": "selection_parity"}, weight="w")
    (found,) = withheld(made, "selection_parity")
    assert found.reading["en"].count("of equal weight; here that is fewer than 10 people") == 1
    assert "折合不足 10 人" in found.reading["zh"]
    assert not any(word in str(found.reading) for word in SMALL)
    assert found.n is None
    assert "1.1" not in str(found.as_json())


def test_a_small_cell_is_told_where_there_is_one() -> None:
    rows: dict[str, list[Any]] = {
        "race": ["A"] * 300 + ["B"] * 100,
        "got": [1, 0] * 150 + [1] * 97 + [0] * 3,
    }
    (found,) = withheld(ran(rows, {"id": "selection_parity"}), "selection_parity")
    assert "has fewer than 10 people" in found.reading["en"]


def test_a_withheld_difference_says_that_its_side_is_withheld_too() -> None:
    """X7d/2: a group in which everybody was favoured read as one that is beyond the line."""
    rows: dict[str, list[Any]] = {
        "race": ["A"] * 300 + ["B"] * 100 + ["C"] * 300,
        "got": [1, 0] * 150 + [1] * 100 + [1, 0] * 150,
    }
    made = {each.group: each for each in ran(rows, {"id": "selection_parity"}).findings}
    assert made["B"].suppressed
    assert made["B"].verdict is Verdict.DISPARITY
    for language, said in withholding.EITHER_WAY.as_json().items():
        assert said in made["B"].reading[language]
        assert said not in made["C"].reading[language]


def test_what_could_not_be_audited_is_said_to_be_that(monkeypatch: pytest.MonkeyPatch) -> None:
    """One sentence for every group that such an audit closed: which of them are small stays open."""
    rng = np.random.default_rng(2)
    rows: dict[str, list[Any]] = {
        "race": rng.choice(["A", "B"], 4000).tolist(), "sex": rng.choice(["f", "m"], 4000).tolist(),
        "got": rng.integers(0, 2, 4000).tolist(),
    }  # fmt: skip
    probes = {"id": "intersection_scan"}
    assert not withheld(ran(rows, probes, sensitive=["race", "sex"]), "intersection_scan")
    monkeypatch.setattr(audit, "MOST_CELLS", 1)
    hidden = withheld(ran(rows, probes, sensitive=["race", "sex"]), "intersection_scan")
    assert hidden
    for each in hidden:
        assert "could not be worked out (there may be such a cell)" in each.reading["en"]
        assert "没有算出来" in each.reading["zh"]


def test_one_score_for_all_is_the_reason_and_stays_it() -> None:
    """Of everybody alike, and no number: it was replaced by "fewer than 10 people"."""
    rows: dict[str, list[Any]] = {
        "race": ["A", "B"] * 500,
        "due": [1] * 1000,
        "score": [0.9] * 1000,
    }
    made = ran(rows, {"id": "proxy_leakage", "features": False}, {"id": "selection_parity"},
               target="due", score="score", cut=0.5, prediction=None)  # fmt: skip
    (found,) = [each for each in made.findings if each.metric == "score_auc"]
    assert found.verdict is Verdict.NOT_EVALUABLE
    assert found.reading["en"].endswith(withholding.ONE_SCORE.en)
    assert "fewer than" not in found.reading["en"]
    assert found.n is None


@pytest.mark.parametrize("words", [ALONE, TOGETHER, WITHIN])
def test_only_what_was_counted_is_said_to_be_few(words: dict[Why, Text]) -> None:
    for why, said in words.items():
        plain = said.format(few=Text("10 人", "10 people"))
        assert ("has fewer than 10" in plain.en or "cells of fewer than 10" in plain.en) == (
            why is Why.SMALL
        )
        assert plain.zh != plain.en


def test_that_a_feature_is_no_input_is_no_matter_of_few_people() -> None:
    """“Fewer than 10 people” stood for a reason that holds of everybody: the model does not get it."""
    for template in withholding.OF_NOBODY:
        said = template.format(name=Text("性别", "sex"))
        told = withholding.of_nobody(
            {"zh": said.zh + "另有3人。", "en": said.en + " Also 3 people."}
        )
        assert told == said
    assert (
        withholding.of_nobody({"zh": "“性别”为“女”的只有3人。", "en": "'sex' has 3 people."})
        is None
    )


def test_a_search_for_right_answers_is_captioned_as_one() -> None:
    """“favourable results … women 59 of 100” where 59 of 100 women were judged rightly."""
    for asked in ({"rate": "correct"}, {"options": {"rate": "correct"}}):
        plan = {"probes": [{"id": "subgroup_search", **asked}]}
        assert "favourable" not in captions.metric("slice_rate_ratio", plan).en
        assert "有利" not in captions.metric("slice_rate_ratio", plan).zh
    plan = {"probes": [{"id": "subgroup_search"}]}
    assert "favourable" in captions.metric("slice_rate_ratio", plan).en
