"""One interval gives all verdicts: beside every test stands an interval that says the same."""

import math
from collections.abc import Iterator

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from evaluators.guests import installed
from evaluators.judging import verdicts
from evaluators.plan import Plan
from evaluators.running import engine
from evaluators.statistics.intervals import Interval
from registry.findings import NO_EFFECT, Finding, Verdict

ENDS = st.floats(-5, 5)


def designs() -> Iterator[tuple[str, str]]:
    for name in installed.names():
        kind = installed.probe_class(name)
        for design in (*kind.nulls(), *kind.planted()):
            yield name, design


def _excludes_none(finding: Finding) -> bool:
    ci = finding.ci or {}
    low = -math.inf if ci.get("low") is None else float(ci["low"])
    high = math.inf if ci.get("high") is None else float(ci["high"])
    none = NO_EFFECT.get(str(finding.effect["kind"]), 0.0)
    return not low <= none <= high


def _agrees(finding: Finding, alpha: float) -> None:
    """An interval without "no difference" stands beside a test that finds one."""
    tested = finding.p_adjusted is not None and finding.ci is not None
    if not tested or finding.verdict is Verdict.NOT_EVALUABLE or not _excludes_none(finding):
        return
    where = f"{finding.probe} {finding.metric}: {finding.reading['en']}"
    assert finding.p_adjusted is not None
    assert finding.p_adjusted < alpha, where
    assert finding.verdict is not Verdict.INCONCLUSIVE, where


@pytest.mark.parametrize(("name", "design"), [*designs()])
def test_nothing_is_inconclusive_beside_an_interval_without_no_difference(
    name: str, design: str
) -> None:
    """statistics/10: "inconclusive" stood beside +0.4 % to +3.1 %, by a rank test of something else."""
    kind = installed.probe_class(name)
    make = {**kind.nulls(), **kind.planted()}[design]
    for seed in (1, 2, 4, 5):
        case = make(np.random.default_rng(seed))
        plan = Plan.parse(case.plan)
        for one in engine.measure(plan, case.table, scorer=case.scorer, nonce=f"n{seed}"):
            _agrees(one, plan.alpha)


@given(low=ENDS, width=st.floats(0, 5), p=st.floats(0, 1), none=st.sampled_from((0.0, 1.0, 0.5)))
def test_an_interval_reaches_as_far_as_its_test(
    low: float, width: float, p: float, none: float
) -> None:
    """It grows to "no difference" and no further, and only where the test does not exclude that."""
    given_ = Interval(low, low + width, 0.95, "koopman")
    made = verdicts.reaching(given_, p, 0.05, none)
    assert made is not None
    if p < 0.05:
        assert made == given_
    else:
        assert verdicts.spans(made, none)
        assert (made.low, made.high) == (min(low, none), max(low + width, none))
    assert verdicts.reaching(None, p, 0.05, none) is None
    assert verdicts.reached((low, low + width), None, 0.05, none) == (low, low + width)
