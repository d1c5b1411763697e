"""Findings: one measured fact each, with its verdict; plain values that need no database."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from registry.language import Text


class Verdict(StrEnum):
    """What a finding says, exhaustive and exclusive (evaluation.md, section 2)."""

    DISPARITY = "disparity"
    DIFFERENCE = "difference"
    EQUIVALENT = "equivalent"
    INCONCLUSIVE = "inconclusive"
    NOT_EVALUABLE = "not_evaluable"


VERDICT_NAMES: dict[Verdict, Text] = {
    Verdict.DISPARITY: Text("差异超过界线", "the difference exceeds the line"),
    # True of both: the interval reaches over the line, or lies wholly below it.
    Verdict.DIFFERENCE: Text(
        "有差异，没有证明超过界线", "a difference, not shown to exceed the line"
    ),
    Verdict.EQUIVALENT: Text("已证明差异很小", "shown to be small"),
    Verdict.INCONCLUSIVE: Text("还不能下结论", "inconclusive"),
    Verdict.NOT_EVALUABLE: Text("无法评估", "not evaluable"),
}


def row_by_row(finding: Mapping[str, Any]) -> bool:
    """Whether each row that a finding counts is a unit of its own, and weighs as much as any other.

    Where units have several rows, or weigh unequally, fewer units stand behind a finding than rows:
    its rates are of decisions, or of a weighted population, and not so many of a hundred people.

    Args:
        finding: as JSON.
    """
    units: Mapping[str, Any] = finding.get("units") or {}
    sides = [(finding.get(name), units.get(name)) for name in ("n", "n_reference")]
    return all(rows is None or own is None or own >= rows - HALF_A_ROW for rows, own in sides)


def of_none(finding: Mapping[str, Any]) -> bool:
    """Whether one side has none at all of what the other has: no difference is larger.

    Its ratio is 0, or has no value where the side it is held against has none, and a ratio of 0 has
    no logarithm. Of verdicts, one that found a difference alone says so of a value that is missing;
    of a finding whose numbers are withheld nothing of the kind is known.

    Args:
        finding: as JSON.
    """
    effect: Mapping[str, Any] = finding.get("effect") or {}
    kind, value = effect.get("kind"), effect.get("value")
    found = finding["verdict"] in (Verdict.DISPARITY, Verdict.DIFFERENCE)
    return (found and not finding["suppressed"]) and (
        (kind == "ratio" and (value is None or value <= 0))
        or (kind == "log_ratio" and value is None)
    )


HALF_A_ROW = 0.5
"""By so much an effective number may fall short of the rows by rounding."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One measured fact about one model version, ready for canonical JSON.

    Rates and shares are fractions of one; prices are in the plan's unit. A value that does not
    exist is None, never 0. `reading` is the plain sentence, `limit` what it does not show.

    Args:
        probe, version: which probe said it.
        metric: what was measured, Fairlearn's word where it has one.
        slice: attribute → level, the group the finding is about.
        group, reference_group: the levels compared.
        n, n_reference: denominators (people, unless the plan names another unit).
        estimate, reference_estimate: the statistic in the group and in the reference group.
        effect: {kind: difference | ratio | log_ratio | mark_up | share | auc | amount, value}.
        ci: {low, high, level, method, simultaneous}, of the effect.
        test: {name, statistic}.
        p_value, p_adjusted, adjustment: unadjusted beside adjusted, with the method.
        family: {id, size}.
        equivalence: {low, high, p}.
        mde: the planned minimum detectable effect.
        threshold: {value, rule, source}; several lines stand under `lines`.
        verdict, severity: see `Verdict`; severity names the higher line passed, if any.
        legal_refs: article ids of law.md.
        defences: declared defences that bear on the reading.
        suppressed: True when the public evidence leaves this cell out.
        units: {of, n, n_reference}: how many independent units stand on each side, and of what
            (people, accounts, pairs, items, lists, profiles, rows); Kish's effective number where
            they weigh unequally; `second` of another kind, `at_least` so many as the verdict
            itself implies. A suppressed finding has {of, at_least} alone. None where the probe
            does not say.
        left_out: the rows that do not count: {rows, used, without, least, not_compared}, see
            `evaluators.running.left_out`, with {bounds, turns}, see `evaluators.running.unseen`, and
            of prices {unpriced, uneven, alone, apart}, see `evaluators.prices.uncompared`; empty
            where every row does.
        details: further numbers of the probe's own findings schema.
        reading, limit: {zh, en}.
    """

    probe: str
    version: str
    metric: str
    slice: Mapping[str, str]
    group: str | None
    reference_group: str | None
    n: int | None
    n_reference: int | None
    estimate: float | None
    reference_estimate: float | None
    effect: Mapping[str, Any]
    ci: Mapping[str, Any] | None
    test: Mapping[str, Any] | None
    p_value: float | None
    p_adjusted: float | None
    adjustment: str | None
    family: Mapping[str, Any] | None
    equivalence: Mapping[str, Any] | None
    mde: float | None
    threshold: Mapping[str, Any] | None
    verdict: Verdict
    legal_refs: tuple[str, ...]
    reading: Mapping[str, str]
    limit: Mapping[str, str]
    severity: str | None = None
    defences: tuple[str, ...] = ()
    suppressed: bool = False
    units: Mapping[str, Any] | None = None
    details: Mapping[str, Any] = field(default_factory=dict)
    left_out: Mapping[str, Any] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        """The finding as a JSON object."""
        content = {name: _plain(getattr(self, name)) for name in self.__slots__}
        return {**content, "verdict": self.verdict.value}


NO_EFFECT: Mapping[str, float] = {"ratio": 1.0, "auc": 0.5}
"""The value of an effect where there is none, by its kind; 0 for every other kind."""
STEP_DOWN = Text(
    "检验得出有差别，区间里却还含“没有差别”：检验逐步校正（霍尔姆法），区间对全部比较一次校正，更宽。",
    "The test finds a difference though the interval still holds none: the test is adjusted step "
    "by step (Holm), the interval for all comparisons at once, which makes it wider.",
)
OTHERWISE = Text(
    "检验得出有差别，区间里却还含“没有差别”：两者用的方法不同，区间更保守。",
    "The test finds a difference though the interval still holds none: the two are made by "
    "different methods, and the interval is the more cautious.",
)
OVER = Text(
    "只看检验可以说差异很小，但这里给出的区间伸到了“很小”的范围之外，所以不能这样下结论。",
    "By its test alone this would be small; the interval reaches beyond what counts as small, so "
    "that is not shown.",
)


ORDER = tuple(
    each.value
    for each in (
        Verdict.DISPARITY,
        Verdict.DIFFERENCE,
        Verdict.INCONCLUSIVE,
        Verdict.NOT_EVALUABLE,
        Verdict.EQUIVALENT,
    )
)
"""The gravest verdict first."""
REQUIREMENT = "plan: performance.required"
"""The source of a line that is a declared requirement: kept or missed, and no difference."""
SHOWN = 200
"""Findings of one probe that a page shows; a column of thousands of levels has thousands."""
FOREMOST = 4
"""Findings of one probe that a filed page tells; the others stand in the report."""


def most(findings: Sequence[Mapping[str, Any]], limit: int) -> list[Mapping[str, Any]]:
    """All in their own order where they are few; else the gravest and least likely by chance.

    Args:
        findings: of one probe.
        limit: how many are shown at most.
    """
    if len(findings) <= limit:
        return list(findings)
    return by_gravity(findings)[:limit]


def by_gravity(findings: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """The gravest and least likely by chance first.

    Args:
        findings: as JSON.
    """
    return sorted(findings, key=_rank)


def _rank(finding: Mapping[str, Any]) -> tuple[int, float]:
    p_value = finding["p_adjusted"]
    return ORDER.index(finding["verdict"]), 1.0 if p_value is None else float(p_value)


def foremost(findings: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """Those of one report that a filed page tells: of each probe the gravest, at most `FOREMOST`.

    Args:
        findings: of the report, as they are told (`as_told`).
    """
    by_probe: dict[str, list[Mapping[str, Any]]] = {}
    for each in findings:
        by_probe.setdefault(str(each["probe"]), []).append(each)
    return [
        each
        for own in by_probe.values()
        for each in sorted(most(own, SHOWN), key=lambda one: ORDER.index(one["verdict"]))[
            :FOREMOST
        ]
    ]


def required(finding: Mapping[str, Any]) -> bool:
    """Whether a finding holds a measurement against a requirement that the plan declares.

    Args:
        finding: as JSON.
    """
    return (finding.get("threshold") or {}).get("source") == REQUIREMENT


def holds_none(finding: Mapping[str, Any]) -> bool:
    """Whether a finding says that there is a difference beside an interval that holds none.

    Args:
        finding: as JSON.
    """
    ci, effect = finding.get("ci") or {}, finding.get("effect") or {}
    low: Any = ci.get("low")
    high: Any = ci.get("high")
    if finding["verdict"] not in (Verdict.DIFFERENCE, Verdict.DISPARITY) or None in (low, high):
        return False
    return bool(low <= NO_EFFECT.get(effect.get("kind", ""), 0.0) <= high)


def reaches_over(finding: Mapping[str, Any]) -> bool:
    """Whether a finding says that a difference is small beside an interval not inside its margins.

    Where no interval is printed, or no margin is stated, there is nothing to hold it against.

    Args:
        finding: as JSON.
    """
    ci, near = finding.get("ci"), finding.get("equivalence")
    if finding["verdict"] != Verdict.EQUIVALENT or not ci or not near:
        return False
    least, low = (-math.inf if each.get("low") is None else each["low"] for each in (near, ci))
    most, high = (math.inf if each.get("high") is None else each["high"] for each in (near, ci))
    return bool(low < least or most < high)


def why(finding: Mapping[str, Any]) -> Text | None:
    """Why a finding's test and its interval say different things; None where they do not.

    Args:
        finding: as JSON.
    """
    if reaches_over(finding):
        return OVER
    if not holds_none(finding):
        return None
    step_down = str(finding.get("adjustment") or "").lower().startswith("holm")
    return STEP_DOWN if step_down and finding["ci"].get("simultaneous") else OTHERWISE


def told(finding: Mapping[str, Any]) -> Verdict:
    """The verdict as every reader is told it: the one that the printed interval gives.

    A report signed earlier may go by the test, which finds a difference by a hair where the interval
    that is printed beside it still holds none, or calls small what its interval does not; one
    interval gives all verdicts that are told.

    Args:
        finding: as JSON.
    """
    verdict = Verdict(finding["verdict"])
    unsettled = verdict is Verdict.DIFFERENCE and holds_none(finding)
    unsettled = unsettled or reaches_over(finding)
    return Verdict.INCONCLUSIVE if unsettled else verdict


def as_told(finding: Mapping[str, Any]) -> Mapping[str, Any]:
    """The finding with the verdict that readers are told, and why it is not the signed one.

    Args:
        finding: as JSON.
    """
    verdict = told(finding)
    if verdict == finding["verdict"]:
        return finding
    return {**finding, "reading": reading(finding), "verdict": verdict.value}


def reading(finding: Mapping[str, Any]) -> Mapping[str, str]:
    """What a finding says; where verdict and interval seem to contradict each other, also why.

    A report that was made before this was said is read the same way.

    Args:
        finding: as JSON.
    """
    said: Mapping[str, str] = finding["reading"]
    added = why(finding)
    if added is None or said["zh"].endswith(added.zh):
        return said
    return {"zh": said["zh"] + added.zh, "en": f"{said['en']} {added.en}"}


_LISTS = (list, tuple)  # a union of types would be made anew at every call


def _plain(value: Any) -> Any:
    """The value in fresh dictionaries and lists; `dataclasses.asdict` takes twelve times as long."""
    if isinstance(value, dict):
        return {key: _plain(inner) for key, inner in value.items()}
    if isinstance(value, _LISTS):
        return [_plain(inner) for inner in value]
    return value
