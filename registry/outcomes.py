"""What findings showed, for counts and lists: a kept requirement and answers that are got are no small difference.

A verdict is one of five for every metric; what it means is the metric's. Where findings are counted
without their sentences, those that ask for something else than a difference are counted under a name
of their own. The words of a single finding stand in `evaluators.judging.conclusions`.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

from registry.findings import ORDER, VERDICT_NAMES, Verdict, required, told
from registry.language import Text

OUTSIDE = "_outside"
OF_EVERYBODY = frozenset({"accuracy", "balanced_accuracy", "auc", "macro_f1", "mae", "rmse", "r2", "ndcg"})  # fmt: skip
"""How well a model does, over everybody: held against what its plan requires, or measured only."""
STABLE = frozenset({"repeat_change_share", "replay_change_share", "rebatch_gap"})
ANSWERED = frozenset({"missing_failure_share", "out_of_range_failure_share"})
NOISE = frozenset({"noise_change_share", "noise_change_share_beyond_twin"})
SWAPPED = frozenset({
    "counterfactual_flip_share", "counterfactual_flip_share_beyond_twin",
    "text_swap_share", "text_swap_share_beyond_twin",
})  # fmt: skip
SHIFT = frozenset({"population_stability_index"})
RECORDED = frozenset({"defence_disclosure"})
DEALT = frozenset({"ndkl"})
"""Held against chance alone, for there is no line."""
TELLS = frozenset({"score_auc", "features_auc"})
NO_DIFFERENCE = OF_EVERYBODY | STABLE | ANSWERED | NOISE | SHIFT | RECORDED
"""Metrics that compare neither groups, nor people who are alike but for a protected feature."""

_SHOWN: tuple[tuple[frozenset[str], Verdict, str, Text], ...] = (
    (OF_EVERYBODY, Verdict.DISPARITY, "missed", Text("没有达到申报的要求", "a declared requirement is not kept")),
    (OF_EVERYBODY, Verdict.EQUIVALENT, "kept", Text("达到申报的要求", "a declared requirement is kept")),
    (STABLE, Verdict.EQUIVALENT, "stable", Text("结果是稳定的", "answers are stable")),
    (ANSWERED, Verdict.EQUIVALENT, "answered", Text("问到的人几乎都能得到结果", "almost everyone asked about gets an answer")),
    (NOISE | SWAPPED, Verdict.EQUIVALENT, "unmoved", Text("对问到的人几乎没有影响", "for the people asked about it hardly matters")),
    (SHIFT, Verdict.EQUIVALENT, "unshifted", Text("已证明变化很小", "the shift is shown to be small")),
    (OF_EVERYBODY, Verdict.INCONCLUSIVE, "measured", Text("只是测量值，不作判断", "measured, nothing is judged")),
    (DEALT, Verdict.DIFFERENCE, "dealt", Text("超出偶然所及，没有界线可对", "more than chance, and no line applies")),
    (TELLS, Verdict.EQUIVALENT, "indistinct", Text("已证明几乎看不出", "shown to tell next to nothing")),
    (RECORDED, Verdict.EQUIVALENT, "recorded", Text("每条报价都有告知记录", "every quote is recorded as told")),
)  # fmt: skip
"""Metrics, verdict, outcome, and what it is called where no finding stands beside it."""
OUTCOME_NAMES: Mapping[str, Text] = {
    **{each.value: name for each, name in VERDICT_NAMES.items()},
    **{outcome: name for _, _, outcome, name in _SHOWN},
}
OUTCOMES = tuple(
    name
    for verdict in ORDER
    for name in (verdict, *(outcome for _, of, outcome, _ in _SHOWN if of.value == verdict))
)
"""The gravest first."""


def metric(finding: Mapping[str, Any]) -> str:
    """What a finding measured, whether or not it was asked outside of the data's range.

    Args:
        finding: as JSON.
    """
    return str(finding.get("metric", "")).removesuffix(OUTSIDE)


def of(finding: Mapping[str, Any]) -> str:
    """What a finding showed: its verdict, or the outcome of its metric that has another name.

    Args:
        finding: as JSON.
    """
    verdict = told(finding)
    for metrics, of_verdict, outcome, _ in _SHOWN:
        if verdict is of_verdict and _asks(finding, metrics, verdict):
            return outcome
    return verdict.value


def _asks(finding: Mapping[str, Any], metrics: frozenset[str], verdict: Verdict) -> bool:
    """Whether a finding asks what the outcomes of these metrics answer."""
    if metrics is not OF_EVERYBODY:
        return metric(finding) in metrics
    if verdict is Verdict.INCONCLUSIVE:  # a requirement that stays open is no mere measurement
        return metric(finding) in metrics and not lined(finding)
    return metric(finding) in metrics or required(finding)


def lined(finding: Mapping[str, Any]) -> bool:
    """Whether a finding is held against a line at all.

    Args:
        finding: as JSON.
    """
    return (finding.get("threshold") or {}).get("value") is not None


def counted(findings: Iterable[Mapping[str, Any]]) -> dict[str, int]:
    """How many findings have each outcome, gravest first.

    Args:
        findings: as JSON.
    """
    found = Counter(map(of, findings))
    return {each: found[each] for each in OUTCOMES if found[each]}


def unlike(finding: Mapping[str, Any]) -> bool:
    """Whether a finding shows that the algorithm answers groups, or people who are alike, differently.

    What is inconclusive shows nothing of the kind; nor does that other information tells a group.

    Args:
        finding: as JSON.
    """
    return (
        told(finding) in (Verdict.DISPARITY, Verdict.DIFFERENCE)
        and metric(finding) not in NO_DIFFERENCE | TELLS
        and not required(finding)
        and bool(finding.get("slice"))
    )


def differences(findings: Iterable[Mapping[str, Any]]) -> dict[str, int]:
    """How many findings about differences have each verdict.

    Args:
        findings: as JSON.
    """
    asked = (e for e in findings if metric(e) not in NO_DIFFERENCE and not required(e))
    found = Counter(told(each).value for each in asked)
    return dict(sorted(found.items()))
