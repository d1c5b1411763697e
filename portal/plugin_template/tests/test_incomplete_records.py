"""What the probe promises: a number worked out by hand, error rates, and the checks of every probe."""

from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from evaluators.guests import installed
from evaluators.plan import PlanInvalid
from evaluators.policy import POLICY
from evaluators.running import calibration, conformance, engine, planning
from evaluators.statistics.intervals import newcombe
from incomplete_records.designs import nulls, planted, records
from incomplete_records.probe import IncompleteRecords, missing
from registry.findings import Finding, Verdict

NAME = IncompleteRecords.spec.id
NULL_SETS, PLANTED_SETS = 200, 40


def people(a: tuple[int, int], b: tuple[int, int]) -> pa.Table:
    """So many people of two groups, of whom so many have no income."""
    income = [*[None] * a[1], *[1.0] * (a[0] - a[1]), *[None] * b[1], *[1.0] * (b[0] - b[1])]
    return pa.table({"origin": ["a"] * a[0] + ["b"] * b[0], "income": income})


def plan(**more: Any) -> dict[str, Any]:
    """A plan with this probe alone."""
    known = IncompleteRecords.spec.options.model_fields
    options = {name: more.pop(name) for name in list(more) if name in known}
    roles = {"sensitive": ["origin"], "inputs": ["income"], **more}
    return {"title": "t", "columns": roles, "probes": [{"id": NAME, **options}]}


def found(table: pa.Table, **more: Any) -> list[Finding]:
    """What the probe says, run here and not behind the walls of a sandbox."""
    with installed.in_place(IncompleteRecords):
        return engine.measure(planning.parse(plan(**more)), table, scorer=None, nonce="test")


def test_a_difference_worked_out_by_hand() -> None:
    (one,) = found(people((200, 20), (100, 40)))

    assert (one.group, one.n, one.n_reference) == ("b", 100, 200)
    assert (one.estimate, one.reference_estimate) == (0.4, 0.1)
    assert one.effect == {"kind": "difference", "value": pytest.approx(0.3)}
    by_formula = newcombe(40, 100, 20, 200)
    assert by_formula is not None
    assert one.ci is not None
    assert one.ci["low"] == pytest.approx(by_formula.low)
    # The four-field formula: 300 · (40·180 - 20·60)² / (100 · 200 · 60 · 240) = 37.5.
    assert one.test == {"name": "chi_square", "statistic": pytest.approx(37.5)}
    assert one.verdict is Verdict.DISPARITY
    assert "40.0%" in one.reading["zh"]
    assert "percentage points" in one.reading["en"]


def test_alike_needs_enough_people() -> None:
    (many,) = found(people((4000, 400), (4000, 400)))
    (few,) = found(people((100, 10), (100, 10)))

    assert (many.verdict, few.verdict) == (Verdict.EQUIVALENT, Verdict.INCONCLUSIVE)


@pytest.mark.parametrize(
    ("more", "said"),
    [({"inputs": []}, "no column"), ({"unit": "income"}, "several rows")],
)
def test_what_cannot_be_answered_is_said(more: dict[str, Any], said: str) -> None:
    (one,) = found(people((100, 10), (100, 10)), **more)

    assert one.verdict is Verdict.NOT_EVALUABLE
    assert said in one.reading["en"]


def test_small_groups_are_not_judged() -> None:
    (one,) = found(people((100, 10), (29, 20)))

    assert one.verdict is Verdict.NOT_EVALUABLE


def test_the_columns_may_be_named() -> None:
    table = people((100, 10), (100, 60)).append_column("other", pa.array(["x"] * 200))

    (one,) = found(table, columns=["other"])
    assert one.estimate == 0
    assert one.details["columns"] == ["other"]


def test_wrong_options_are_named() -> None:
    with installed.in_place(IncompleteRecords), pytest.raises(PlanInvalid) as refused:
        planning.parse(plan(line=0.1, margin=0.2))
    (reason,) = refused.value.reasons
    assert NAME in reason.item
    assert "larger" in reason.said.en


def test_every_way_to_be_missing_counts() -> None:
    for column in (
        pa.array(["x", "", "  ", None]),
        pa.array(["x", "", "  ", None]).dictionary_encode(),
        pa.array([1.0, float("nan"), None, None]),
    ):
        assert missing(column).tolist() == [False, True, True, True]
    assert missing(pa.array([1, None])).tolist() == [False, True]


@pytest.mark.parametrize("design", sorted(nulls(NAME)))
def test_it_seldom_finds_what_is_not_there(design: str) -> None:
    with installed.in_place(IncompleteRecords):
        counted = calibration.tally(NAME, design, range(NULL_SETS))

    _, share, sets = counted.worst()
    assert share <= POLICY.value("alpha") + calibration.allowance(sets, POLICY.value("alpha"))
    assert counted.disparities == 0


@pytest.mark.parametrize("design", sorted(planted(NAME)))
def test_it_finds_what_was_planted(design: str) -> None:
    with installed.in_place(IncompleteRecords):
        counted = calibration.tally(NAME, design, range(PLANTED_SETS))

    assert counted.detected / counted.sets >= 0.8


def test_it_passes_the_checks_of_every_probe() -> None:
    case = records(np.random.default_rng(1), NAME, groups=4, more=0.2)

    conformance.check(IncompleteRecords, case.plan, case.table)


@pytest.mark.skipif(NAME not in installed.names(), reason="install the package first")
def test_the_installed_package_finds_the_same_behind_the_walls() -> None:
    case = records(np.random.default_rng(1), NAME, groups=4, more=0.2)

    conformance.check_isolated(IncompleteRecords, case.plan, case.table)
