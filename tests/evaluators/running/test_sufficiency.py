"""No positive verdict on sand: the least number of units holds for every probe."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pytest

from evaluators.decisions.selection_parity import SelectionParity
from evaluators.guests import installed
from evaluators.judging import findings
from evaluators.plan import Plan
from evaluators.policy import POLICY
from evaluators.probe import NullCase, ProbeSpec
from evaluators.running import engine, recompute, sufficiency
from registry.findings import OVER, Finding, Verdict, as_told, told
from registry.language import Text

LEAST = int(POLICY.value("min_units"))
CLEARED = (
    "已证明", "shown to be small", "shown to differ little", "It is shown that", "hardly matters",
    "几乎没有影响", "结果是稳定的", "Answers are stable", "几乎不受影响", "hardly depend", "几乎人人都能得到", "Almost everyone",
    "剩下的差异很小", "what is left is small", "达到了申报", "It keeps the declared",
    "does not pass the line", "没有超过界线",
)  # fmt: skip
"""Words of the sentences that clear somebody."""


def cases() -> Iterator[tuple[str, str]]:
    for name in installed.names():
        kind = installed.probe_class(name)
        for design in (*kind.nulls(), *kind.planted()):
            yield name, design


def scarce(
    case: NullCase, rng: np.random.Generator, *, in_all: bool, tied: bool
) -> tuple[Plan, pa.Table]:
    """The data of a design with 2 to 29 units of every level, and a plan that asks for three.

    Args:
        case: the data and the plan.
        rng: chooses how many.
        in_all: 2 to 29 units over all levels together.
        tied: whether numbers that are measured are all alike (no variance).
    """
    table, columns = case.table, case.plan["columns"]
    unit = columns.get("unit") or columns.get("user") or columns.get("query")
    owner = np.arange(table.num_rows) if unit is None else _codes(table[unit])
    named = [*columns.get("sensitive", ()), *columns.get("profile", ())]
    named = [name for name in named if name in table.schema.names][:1]
    level = _codes(table[named[0]]) if named else np.zeros(table.num_rows, dtype=np.int64)
    kept = np.zeros(table.num_rows, dtype=bool)
    if len(np.unique(level)) > table.num_rows / 20:  # a number, no groups
        level = np.zeros(table.num_rows, dtype=np.int64)
    for place in np.unique(level):
        mine = np.unique(owner[level == place])
        kept |= (level == place) & np.isin(owner, mine[: rng.integers(2, LEAST)])
    if in_all:
        chosen = rng.permutation(np.unique(owner))[: rng.integers(2, LEAST)]
        kept = np.isin(owner, chosen)
    small = table.filter(pa.array(kept))
    if tied:
        for name in ("price", "score", "target", "prediction", "query_score"):
            column = columns.get(name)
            if column is None or not pa.types.is_floating(small[column].type):
                continue
            at = small.schema.names.index(column)
            value = small[column][0].as_py()
            small = small.set_column(at, column, pa.array([value] * small.num_rows, pa.float64()))
    return Plan.parse({**case.plan, "min_n": 3}), small


def _codes(column: pa.ChunkedArray) -> npt.NDArray[np.int64]:
    codes = column.combine_chunks().dictionary_encode().indices
    found: npt.NDArray[np.int64] = codes.to_numpy(zero_copy_only=False)
    return found


@pytest.mark.parametrize(("name", "design"), [*cases()])
def test_fewer_than_thirty_units_clear_nobody(name: str, design: str) -> None:
    """statistics/3: over all probes, on small random data, with ties and without variance."""
    kind = installed.probe_class(name)
    for number in range(4):
        rng = np.random.default_rng([number, len(name), len(design)])
        case = {**kind.nulls(), **kind.planted()}[design](rng)
        plan, table = scarce(case, rng, in_all=number > 1, tied=number % 2 == 1)
        found = engine.measure(plan, table, scorer=case.scorer, nonce=f"n{number}")
        assert found
        for finding in found:
            if number > 1 or finding.n_reference is not None:  # or it is about all levels together
                _no_claim(finding)


def _no_claim(finding: Finding) -> None:
    where = f"{finding.probe} {finding.metric}: {finding.reading['en']}"
    assert finding.verdict is not Verdict.EQUIVALENT, where
    for words in CLEARED:
        assert words not in finding.reading["zh"] + finding.reading["en"], where
    if finding.verdict is not Verdict.NOT_EVALUABLE and finding.ci is not None:
        low, high = finding.ci["low"], finding.ci["high"]
        assert low is None or high is None or low < high, where
    if finding.verdict is Verdict.DISPARITY and finding.test is not None:
        assert any(part in finding.test["name"] for part in sufficiency.EXACT), where
    if finding.verdict is not Verdict.NOT_EVALUABLE:
        assert finding.units is not None, where
    units = finding.units or {}
    if units.get("of") in {"accounts", "pairs"}:
        fewest = min(findings.sides(units), default=0)
        if fewest < POLICY.value("tested_accounts"):
            assert finding.p_value is None, where
        if fewest < POLICY.value("described_accounts"):
            assert finding.verdict is Verdict.NOT_EVALUABLE, where


# One finding, as a probe of ours or of a third party might make it


def made(**numbers: Any) -> Finding:
    values: dict[str, Any] = {
        "group": "a", "reference_group": "b", "n": 400, "n_reference": 400, "p_value": 0.8,
        "effect": {"kind": "ratio", "value": 1.0}, "p_adjusted": 0.8,
        "test": {"name": "chi_square", "statistic": 0.0},
        "ci": {"low": 0.95, "high": 1.05, "level": 0.95, "method": "koopman"}, **numbers,
    }  # fmt: skip
    return findings.draft(
        SelectionParity.spec, "selection_rate_ratio", slice_={"sex": "a"},
        reading=Text("已证明差别很小。", "The difference is shown to be small."),
        limit=Text("限", "limit"), **{"verdict": Verdict.EQUIVALENT, **values},
    )  # fmt: skip


def plan(**columns: Any) -> Plan:
    return Plan.parse({
        "title": "t", "probes": [{"id": "selection_parity"}],
        "columns": {"sensitive": ["sex"], "prediction": "got", "favourable": 1, **columns},
    })  # fmt: skip


SPEC: ProbeSpec = SelectionParity.spec


@pytest.mark.parametrize(
    ("units", "columns", "verdict"),
    [
        (findings.units("people", 30, 30), {}, Verdict.EQUIVALENT),
        (findings.units("people", 400, 29.9), {"weight": "w"}, Verdict.INCONCLUSIVE),
        (findings.units("people", 29, None), {}, Verdict.INCONCLUSIVE),
        (findings.units("lists", 12), {"unit": "id"}, Verdict.INCONCLUSIVE),
        (findings.units("accounts", 40, 40, second=6), {"unit": "id"}, Verdict.INCONCLUSIVE),
        (findings.units("accounts", 11, 40), {"unit": "id"}, Verdict.NOT_EVALUABLE),
        (None, {}, Verdict.EQUIVALENT),  # every row is a unit: 400 rows
        (None, {"unit": "id"}, Verdict.INCONCLUSIVE),  # a plugin that does not say how many
        (None, {"weight": "w"}, Verdict.INCONCLUSIVE),
    ],
)
def test_a_verdict_follows_its_units_whoever_says_it(
    units: Mapping[str, Any] | None, columns: dict[str, str], verdict: Verdict
) -> None:
    """statistics/3: n of the finding may be rows; what counts is the units it states."""
    finding = made(units=units)
    held = sufficiency.judged(finding, SPEC, plan(**columns), None)
    assert held.verdict is verdict
    assert (held.reading == finding.reading) is (verdict is Verdict.EQUIVALENT)
    if verdict is not Verdict.EQUIVALENT:
        assert "已证明" not in held.reading["zh"]
        assert "shown to be small" not in held.reading["en"]
    if units is not None and verdict is not Verdict.EQUIVALENT:
        fewest = str(int(min(findings.sides(units))))
        assert fewest in held.reading["zh"]
        assert fewest in held.reading["en"]


def test_a_disparity_of_few_units_needs_an_exact_or_a_permutation_test() -> None:
    """statistics/3: a normal approximation on 12 people does not carry a disparity."""
    far = {"low": 0.1, "high": 0.5, "level": 0.95, "method": "koopman"}
    few = {"units": findings.units("people", 12, 40), "verdict": Verdict.DISPARITY, "ci": far}
    asymptotic = made(**few, p_adjusted=0.001, severity="serious")
    held = sufficiency.judged(asymptotic, SPEC, plan(), None)
    assert (held.verdict, held.severity) == (Verdict.DIFFERENCE, None)
    weak = sufficiency.judged(replace(asymptotic, p_adjusted=0.2), SPEC, plan(), None)
    assert weak.verdict is Verdict.INCONCLUSIVE
    exact = made(**few, p_adjusted=0.001, test={"name": "fisher_exact", "statistic": None})
    kept = sufficiency.judged(exact, SPEC, plan(), None)
    assert kept.verdict is Verdict.DISPARITY
    assert kept.reading["zh"].endswith("背后只有 12 人对 40 人，少于 30 人。")
    assert "12 people against 40" in kept.reading["en"]


def test_a_report_says_no_difference_beside_an_interval_that_holds_none() -> None:
    """F7a/13: `difference` in what was signed, "inconclusive" on the pages, of one finding."""
    wide = {"low": 0.9, "high": 1.2, "level": 0.95, "method": "koopman", "simultaneous": True}
    by_a_hair = made(
        units=findings.units("people", 400, 400), verdict=Verdict.DIFFERENCE, p_adjusted=0.04,
        ci=wide, adjustment="holm", effect={"kind": "ratio", "value": 1.05},
    )  # fmt: skip
    held = sufficiency.judged(by_a_hair, SPEC, plan(), None)
    assert held.verdict is Verdict.INCONCLUSIVE
    assert "还不能下结论" in held.reading["zh"]
    assert "Holm" in held.reading["en"]
    assert "shown to be small" not in held.reading["en"]
    apart = replace(by_a_hair, ci={**wide, "low": 1.01})
    assert sufficiency.judged(apart, SPEC, plan(), None).verdict is Verdict.DIFFERENCE


@pytest.mark.parametrize(
    ("kind", "value", "ends", "near"),
    [("ratio", 1.0, (0.88, 1.05), (0.9, 1.11)), ("log_ratio", 0.0, (-0.009, 0.012), (-0.00995, 0.00995)),
     ("share", 0.0, (0.0, 0.088), (0.0, 0.001))],
)  # fmt: skip
def test_a_report_says_small_only_beside_an_interval_inside_the_margins(
    kind: str, value: float, ends: tuple[float, float], near: tuple[float, float]
) -> None:
    """Stranger, issue 7/16: "shown to be small" beside an upper bound of 8.8 % and a margin of 0.1 %."""
    ci = {"low": ends[0], "high": ends[1], "level": 0.95, "method": "m", "simultaneous": True}
    small = made(
        units=findings.units("people", 400, 400), verdict=Verdict.EQUIVALENT, ci=ci,
        effect={"kind": kind, "value": value}, equivalence={"low": near[0], "high": near[1], "p": 0.04},
    )  # fmt: skip
    held = sufficiency.judged(small, SPEC, plan(), None)
    assert held.verdict is Verdict.INCONCLUSIVE
    assert "还不能下结论" in held.reading["zh"]
    assert "beyond what counts as small" in held.reading["en"]
    signed = as_told(small.as_json())
    assert signed["verdict"] == Verdict.INCONCLUSIVE
    assert signed["reading"]["zh"].endswith(OVER.zh)
    inside = replace(small, ci={**ci, "low": near[0], "high": near[1]})
    assert sufficiency.judged(inside, SPEC, plan(), None).verdict is Verdict.EQUIVALENT
    assert told(replace(small, ci=None).as_json()) is Verdict.EQUIVALENT


@pytest.mark.parametrize("name", sorted({name for name, _ in cases()}))
def test_every_probe_gives_the_verdict_that_is_told(name: str) -> None:
    """F7a/13: over all probes, null and planted: what is signed is what every page says."""
    kind = installed.probe_class(name)
    for number, (design, draw) in enumerate({**kind.nulls(), **kind.planted()}.items()):
        case = draw(np.random.default_rng([number, len(design)]))
        found = engine.measure(Plan.parse(case.plan), case.table, scorer=case.scorer, nonce="n")
        for finding in found:
            assert told(finding.as_json()) is finding.verdict, finding.reading["en"]


def test_a_handful_of_accounts_is_described_and_nothing_is_claimed() -> None:
    """statistics/3: under 12 accounts no claim, under 6 no p-value either."""
    for accounts, tested in ((11, True), (5, False)):
        wild = made(
            units=findings.units("accounts", accounts, 40), verdict=Verdict.DISPARITY,
            test={"name": "accounts shuffled", "statistic": 9.0}, p_value=0.002, p_adjusted=0.004,
        )  # fmt: skip
        held = sufficiency.judged(wild, SPEC, plan(unit="id"), None)
        assert held.verdict is Verdict.NOT_EVALUABLE
        assert (held.p_value is not None) is tested
        assert (held.p_adjusted, held.ci, held.equivalence) == (None, None, None)
        assert held.effect["value"] == 1.0
        assert "只描述看到的情况" in held.reading["zh"]
        assert "this describes what was seen" in held.reading["en"]


# Everyone or nobody


def decided(yes: int, no: int, probe: str, **more: Any) -> list[Finding]:
    rows = yes + no
    table = pa.table({
        "sex": ["f", "m"] * (rows // 2), "got": [1] * yes + [0] * no,
        "due": ([1, 0, 0, 1] * rows)[:rows], "age": ["old", "old", "young", "young"] * (rows // 4),
    })  # fmt: skip
    columns = {"sensitive": ["sex"], "prediction": "got", "favourable": 1, "target": "due",
               "control": ["age"], **more.pop("columns", {})}  # fmt: skip
    plan_ = Plan.parse({"title": "t", "columns": columns, "probes": [{"id": probe, **more}]})
    return engine.measure(plan_, table, scorer=None, nonce="n")


@pytest.mark.parametrize("favoured", [True, False])
@pytest.mark.parametrize(
    "probe",
    ["selection_parity", "error_parity", "conditional_parity", "intersection_scan",
     "subgroup_search", "performance"],
)  # fmt: skip
def test_everyone_or_nobody_favourable_is_not_evaluable(probe: str, favoured: bool) -> None:
    """statistics/14: loudly, and never "shown to be small"."""
    found = decided(800 if favoured else 0, 0 if favoured else 800, probe)
    about = [f for f in found if probe != "performance" or f.metric.endswith("_by_group")]
    assert about
    for finding in about:
        assert finding.verdict is Verdict.NOT_EVALUABLE
        assert finding.effect["value"] is None
        word = "全部得到有利结果" if favoured else "没有一行得到有利结果"
        assert word in finding.reading["zh"]
        assert "cannot be evaluated" in finding.reading["en"]
        assert "800" in finding.reading["en"]


def test_one_group_at_nought_stays_evaluable() -> None:
    """statistics/14: a single group at 0 or 100 % is the gravest finding there is."""
    rows = 400
    table = pa.table({"sex": ["f", "m"] * rows, "got": [0, 1] * rows})
    plan_ = plan()
    (finding,) = engine.measure(plan_, table, scorer=None, nonce="n")
    assert finding.verdict is Verdict.DISPARITY


# What is published


def published(rows: pa.Table, **more: Any) -> engine.Outcome:
    columns = {"sensitive": ["sex"], "prediction": "got", "favourable": 1}
    plan_ = {"title": "t", "columns": columns, "probes": [{"id": "selection_parity"}], **more}
    return engine.run(Plan.parse(plan_), rows, scorer=None, nonce="n")


def test_of_withheld_units_only_what_the_verdict_says_stays() -> None:
    """statistics/3: a verdict is never read without n or its band, and the band gives nothing away."""
    rows = pa.table({"sex": ["f"] * 40 + ["m"] * 400, "got": [1] * 4 + [0] * 36 + [1, 0] * 200})
    made = published(rows)
    (finding,) = made.findings
    assert finding.suppressed
    assert (finding.n, finding.n_reference) == (None, None)
    assert finding.units == {"of": "people", "at_least": 30}
    assert finding.reading["zh"].endswith("每一边不少于 30 人。")
    assert finding.reading["en"].endswith("Each side has at least 30 people.")
    (full,) = made.evidence.full
    assert (full.units or {})["n"] == 40


def test_few_people_behind_many_rows_are_withheld() -> None:
    people = np.r_[np.repeat(np.arange(8), 20), 100 + np.arange(400)]
    rows = pa.table({"sex": ["f"] * 160 + ["m"] * 400, "got": [1, 0] * 280, "who": people})
    columns = {"sensitive": ["sex"], "prediction": "got", "favourable": 1, "unit": "who"}
    (finding,) = published(rows, columns=columns, min_n=3).findings
    assert finding.suppressed
    assert "8" not in finding.reading["zh"]
    assert (finding.units or {}).keys() <= {"of", "at_least"}


def test_what_is_recomputed_passes_the_same_rule() -> None:
    """statistics/3: verify computes the held verdict again, not the probe's own."""
    rows = pa.table({
        "sex": ["f"] * 25 + ["m"] * 4000, "got": [1] * 13 + [0] * 12 + [1, 0] * 2000,
    })  # fmt: skip
    plan_ = {"title": "t", "min_n": 10, "probes": [{"id": "selection_parity"}], "reference": {"sex": "m"},
             "columns": {"sensitive": ["sex"], "prediction": "got", "favourable": 1}}  # fmt: skip
    made = engine.run(Plan.parse(plan_), rows, scorer=None, nonce="n")
    (finding,) = made.findings
    assert finding.reading["zh"].endswith("背后只有 25 人对 4,000 人，少于 30 人。")
    predicate = {
        "plan": {"content": Plan.parse(plan_).as_json()}, "nonce": "n",
        "findings": [finding.as_json()], "evidence": {"public": {"content": made.public_evidence}},
    }  # fmt: skip
    again = recompute.recompute(predicate)
    assert again.mismatched == ()
    assert "verdict" in again.recomputed[0]["numbers"]


@pytest.mark.parametrize(("people", "verdict"), [(2000, "equivalent"), (400, "inconclusive")])
def test_a_report_signed_before_is_held_to_what_is_told_of_it(people: int, verdict: str) -> None:
    """Stranger, issue 7/16: as many on both sides was signed as small on any number of people."""
    half = [1] * (people // 2) + [0] * (people // 2)
    rows = pa.table({"sex": ["f"] * people + ["m"] * people, "got": half * 2})
    plan_ = {"title": "t", "probes": [{"id": "selection_parity"}], "reference": {"sex": "m"},
             "columns": {"sensitive": ["sex"], "prediction": "got", "favourable": 1}}  # fmt: skip
    made = engine.run(Plan.parse(plan_), rows, scorer=None, nonce="n")
    (finding,) = made.findings
    signed = {**finding.as_json(), "verdict": "equivalent"}
    assert (finding.verdict, told(signed)) == (verdict, verdict)
    predicate = {
        "plan": {"content": Plan.parse(plan_).as_json()}, "nonce": "n", "findings": [signed],
        "evidence": {"public": {"content": made.public_evidence}},
    }  # fmt: skip
    assert recompute.recompute(predicate).mismatched == ()
