"""What is published of findings where a count is small and no table of people can be audited."""

from itertools import product
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from evaluators.judging import captions
from evaluators.judging.findings import tells
from evaluators.plan import Plan
from evaluators.running import engine, recompute
from registry.findings import VERDICT_NAMES, Verdict
from tests.evaluators import decision_data as decisions

COUNTING = (
    "selection_parity",
    "error_parity",
    "intersection_scan",
    "performance",
    "subgroup_search",
)


def published(rows: dict[str, list[Any]], *probes: str, **columns: Any) -> engine.Outcome:
    named = {"sensitive": ["race"], "prediction": "got", "favourable": 1, **columns}
    plan = {"title": "t", "columns": named, "probes": [{"id": each} for each in probes]}
    return engine.run(Plan.parse(plan), pa.table(rows), scorer=None, nonce="n")


def people(refused: int, times: int = 1) -> dict[str, list[Any]]:
    """300 people of group A, half of them favoured, and 100 of B, all but `refused` of them."""
    got = [1] * 150 + [0] * 150 + [1] * (100 - refused) + [0] * refused
    rows: dict[str, list[Any]] = {"race": ["A"] * 300 + ["B"] * 100, "got": got, "due": [1, 0] * 200,
            "id": list(range(400))}  # fmt: skip
    return {name: [each for each in values for _ in range(times)] for name, values in rows.items()}


@pytest.mark.parametrize("times", [1, 2])
@pytest.mark.parametrize("probe", COUNTING)
def test_naming_the_unit_publishes_no_small_count(probe: str, times: int) -> None:
    """Two people refused: no number about a group, of any probe, lets anybody count them."""
    made = published(people(refused=2, times=times), probe, target="due", unit="id")
    assert {finding.probe for finding in made.findings} == {probe}
    assert not any(tells(each) for each in made.findings if each.group and not each.suppressed)
    for table in made.public_evidence["tables"].get(probe, ()):
        assert table["kind"] == "units"
        assert all(counts is None or min(counts) >= 10 for _, counts in table["rows"])


@pytest.mark.parametrize(
    "probe", [*COUNTING, "calibration_by_group", "score_parity", "proxy_leakage"]
)
def test_no_number_about_fewer_than_ten_people_leaves(probe: str) -> None:
    """Many rows of few people: 9 people with 40 rows each are 9 people, whoever counts them."""
    rng = np.random.default_rng(3)
    ids = [*range(400), *(400 + at for at in range(9) for _ in range(40))]
    rows: dict[str, list[Any]] = {
        "race": ["A"] * 200 + ["B"] * 200 + ["C"] * 360, "id": ids,
        "got": rng.integers(0, 2, 760).tolist(), "due": rng.integers(0, 2, 760).tolist(),
        "score": rng.random(760).tolist(),
    }  # fmt: skip
    scored = {"score": "score", "cut": 0.5, "prediction": None}
    more = scored if probe in {"calibration_by_group", "score_parity", "proxy_leakage"} else {}
    made = published(rows, probe, target="due", unit="id", **more)
    about = [each for each in made.findings if "C" in (each.group, each.reference_group)]
    assert not any(tells(each) for each in about)
    assert all(each.suppressed for each in about if each.verdict is not Verdict.NOT_EVALUABLE)


def test_tables_of_units_pass_and_a_third_party_verifies_the_report() -> None:
    made = published(people(refused=30, times=2), "selection_parity", "error_parity",
                     target="due", unit="id")  # fmt: skip
    (table,) = made.public_evidence["tables"]["selection_parity"]
    assert table["rows"] == [[["A"], [150, 150]], [["B"], [70, 30]]]  # people, not their 800 rows
    plan = {"title": "t", "columns": {"sensitive": ["race"], "prediction": "got", "favourable": 1,
            "target": "due", "unit": "id"},
            "probes": [{"id": "selection_parity"}, {"id": "error_parity"}]}  # fmt: skip
    predicate = {
        "plan": {"content": Plan.parse(plan).as_json()}, "nonce": "n",
        "findings": [each.as_json() for each in made.findings],
        "evidence": {"public": {"content": made.public_evidence}},
    }  # fmt: skip
    again = recompute.recompute(predicate)
    assert again.mismatched == ()
    assert len(again.signature_only) == len(made.findings)


def test_with_a_unit_and_no_small_count_the_numbers_stand() -> None:
    made = published(people(refused=30, times=2), "selection_parity", unit="id")
    assert [finding.suppressed for finding in made.findings] == [False]
    assert made.findings[0].n == 600


def test_one_number_over_all_groups_is_withheld_with_a_group() -> None:
    """With two groups the widest ratio is the ratio between them."""
    made = published(people(refused=2), "intersection_scan")
    (widest,) = [each for each in made.findings if each.metric == "differential_fairness"]
    assert widest.suppressed
    assert widest.effect["value"] is None


@pytest.mark.parametrize(("got", "word"), [(1, "全部得到有利结果"), (0, "没有一行得到有利结果")])
def test_everyone_alike_is_said_in_what_is_published_too(got: int, word: str) -> None:
    """statistics/14: loudly; the sentence holds no number of a group and is never withheld."""
    rows: dict[str, list[Any]] = {"race": ["A", "B"] * 1000, "got": [got] * 2000}
    for finding in published(rows, "selection_parity", "intersection_scan").findings:
        assert finding.verdict is Verdict.NOT_EVALUABLE
        assert word in finding.reading["zh"]
        assert "cannot be evaluated" in finding.reading["en"]


def test_a_band_is_never_more_than_the_units() -> None:
    """statistics/3: many rows of few people by weight do not make "at least 30 people"."""
    rows: dict[str, list[Any]] = {"race": ["A"] * 60 + ["B"] * 400, "got": [1, 0] * 230,
            "w": [100.0, 100.0] + [0.01] * 58 + [1.0] * 400}  # fmt: skip
    made = published(rows, "selection_parity", weight="w")
    for finding in made.evidence.full:
        units = finding.units or {}
        ends = [n for n in (units.get("n"), units.get("n_reference")) if n is not None]
        assert min(ends) < 30
        assert "at_least" not in units or units["at_least"] <= min(ends)


def test_four_accounts_are_named_in_no_number_and_get_no_clean_bill() -> None:
    """statistics/3: two accounts against two, all quoted the same; nothing says "no differences"."""
    rows: dict[str, list[Any]] = {"acct": [], "item": [], "time": [], "vip": [], "price": []}
    for account, item, time in product(range(4), range(10), range(3)):
        values = (f"u{account}", f"i{item}", time, "yes" if account < 2 else "no", 10.0 + item)
        for name, value in zip(rows, values, strict=True):
            rows[name].append(value)
    columns = {
        "price": "price",
        "item": "item",
        "time": "time",
        "user": "acct",
        "profile": ["vip"],
    }
    plan = {"title": "t", "columns": columns, "probes": [{"id": "price_counterfactual"}]}
    made = engine.run(Plan.parse(plan), pa.table(rows), scorer=None, nonce="n")

    assert {each.metric for each in made.findings} >= {"price_gap", "clean_bill"}
    for published_, full in zip(made.findings, made.evidence.full, strict=True):
        assert full.verdict is Verdict.NOT_EVALUABLE
        assert "no price differences" not in full.reading["en"]
        assert "没有差价" not in full.reading["zh"]
        assert not tells(published_) or not full.units
        if published_.suppressed:
            assert "10 accounts" in published_.reading["en"]
            assert "10 个账号（也可能一个没有）的格子" in published_.reading["zh"]
            assert "people" not in published_.reading["en"]
    assert any(each.suppressed for each in made.findings)


def test_a_withheld_finding_says_of_whom_and_what_and_with_which_verdict() -> None:
    """Issue 7, n7/4: ten times the same sentence, of which nobody could tell that it was grave."""
    made = published(people(refused=2), "selection_parity", "error_parity", target="due")
    hidden = [each for each in made.findings if each.suppressed]
    assert any(each.verdict is Verdict.DISPARITY for each in hidden)
    for each in hidden:
        said, verdict = each.reading, VERDICT_NAMES[each.verdict]
        metric = captions.metric(each.metric)
        assert said["zh"].startswith("race")
        assert f"，{metric.zh}：{verdict.zh}。" in said["zh"]
        assert f", {metric.en}: {verdict.en}." in said["en"]
        band = (each.units or {}).get("at_least") or 0
        (level,) = each.slice.values()
        assert (f"race“{level}”" in said["zh"]) == (band >= 10 and level != "*")
    assert len({each.reading["zh"] for each in hidden}) == len(hidden)


def test_a_few_blank_outcomes_cost_one_probe_and_not_the_report() -> None:
    """statistics/12: two blank outcomes withheld every number, by a reason that named cells."""
    rng = np.random.default_rng(1)
    many = 3000
    due: list[int | None] = rng.integers(0, 2, many).tolist()
    due[5] = due[77] = None
    table = pa.table({
        "race": rng.choice(["a", "b", "c"], many, p=[0.6, 0.3, 0.1]),
        "due": pa.array(due, pa.int64()), "granted": rng.integers(0, 2, many),
    })  # fmt: skip
    plan = Plan.parse(decisions.plan("selection_parity", "error_parity"))
    found = engine.run(plan, table, scorer=None, nonce="n").findings

    lost = {each.probe for each in found if each.suppressed}
    assert lost == {"selection_parity"}, "the probe with the fewest findings is given up"
    assert all(each.n for each in found if each.probe == "error_parity")
    one = next(each for each in found if each.suppressed)
    assert "A few rows lack what this probe needs and another does not" in one.reading["en"]
    assert "有少数几行缺少这项检验要用、别的检验不用的内容" in one.reading["zh"]
