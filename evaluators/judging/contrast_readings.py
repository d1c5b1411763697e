"""The plain sentences of estimates held against lines: what was seen, and what follows from it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from evaluators.judging import equivalence, readings, verdicts
from evaluators.judging.contrasts import Judged
from evaluators.plan import Plan
from registry.findings import Verdict
from registry.language import Text


@dataclass(frozen=True, slots=True)
class Wording:
    """How one statistic is put into words.

    Args:
        opening: what was seen; it may use {attribute}, {group}, {reference}, {own}, {other},
            {size}, {low} and {high}, and the words given with the sentence.
        line: what counts as beyond the line; it may use {low} and {high}.
        near: what counts as small; likewise.
        show: how an effect is written.
        own: how the estimates of the two groups are written.
    """

    opening: Text
    line: Text
    near: Text
    show: Callable[[float | None], str]
    own: Callable[[float | None], str] = readings.number


def sentence(
    found: Judged,
    wording: Wording,
    plan: Plan,
    attribute: str,
    why: Mapping[str, Text],
    **words: object,
) -> Text:
    """The reading of a finding.

    Args:
        found: the judged effect.
        wording: how to say it.
        plan: for the plain names and the least denominator.
        attribute: the sensitive feature.
        why: the sentences for what can't be judged.
        words: what else the sentences mention.
    """
    one = found.effect
    reference = plan.plain_level(attribute, one.reference) if one.reference else Text("", "")
    names = {"attribute": plan.plain(attribute), "group": plan.plain_level(attribute, one.group),
             "reference": reference, "least": plan.min_n, "n": one.n,
             "n_reference": one.n_reference, **words}  # fmt: skip
    if one.why is not None or found.interval is None:
        said = why[one.why or "small"].format(**names)
        return readings.few(said, plan) if one.why == "small" else said
    interval = found.interval
    opening = wording.opening.format(
        **names, own=wording.own(one.estimate), other=wording.own(one.reference_estimate),
        size=wording.show(found.line.back(one.value)), low=wording.show(interval.low),
        high=wording.show(interval.high),
    )  # fmt: skip
    return readings.joined(opening, ending(found, wording, plan))


def ending(found: Judged, wording: Wording, plan: Plan) -> Text:
    """What the verdict says; a difference that stays short of the line is said to do so."""
    mde = found.mde
    said = ENDINGS[found.verdict]
    if found.verdict is Verdict.DIFFERENCE and _short(found):
        said = readings.SHORT
    line, show = found.line, wording.show
    said = said.format(
        line=wording.line.format(low=show(line.low), high=show(line.high)),
        near=wording.near.format(low=show(line.near[0]), high=show(line.near[1])),
        mde="–" if mde is None else _detectable(found, wording),
    )
    rung = next((size for size, name in line.ladder if name == found.severity), None)
    if rung is not None and found.severity in PASSED:
        said = readings.joined(said, PASSED[found.severity].format(size=show(rung)))
    real = found.p_adjusted is not None and found.p_adjusted < plan.alpha
    real = real and not verdicts.spans(found.interval, found.line.back(0.0))
    return (
        readings.joined(said, readings.REAL)
        if found.verdict is Verdict.EQUIVALENT and real
        else said
    )


def _short(found: Judged) -> bool:
    """Whether the whole interval lies between the lines."""
    ci, line = found.interval, found.line
    enough = equivalence.enough(found.effect.sides)  # on a few people that is not known either
    return enough and ci is not None and line.low <= ci.low and ci.high <= line.high


def _detectable(found: Judged, wording: Wording) -> str:
    """The size of the smallest difference that would show, without a sign."""
    if found.line.kind == "ratio" or wording.show is readings.percent:
        return readings.percent(found.mde)
    return readings.number(found.mde)


def signed(value: float | None) -> str:
    """A difference with its sign and two decimals."""
    return "–" if value is None else f"{value:+.2f}"


PASSED: dict[str, Text] = {
    "medium": Text(
        "也超过中等的界线（{size}）。", "It also exceeds the line for medium ({size})."
    ),
    "large": Text("也超过很大的界线（{size}）。", "It also exceeds the line for large ({size})."),
}
"""What is added where an interval lies beyond a further line, by its name."""
ENDINGS: dict[Verdict, Text] = {
    Verdict.DISPARITY: Text(
        "整个区间都在界线之外（{line}）：差异超过界线。",
        "The whole interval lies beyond the line ({line}): the difference exceeds it.",
    ),
    Verdict.DIFFERENCE: readings.DIFFERS,
    Verdict.EQUIVALENT: Text(
        "已证明差别很小：{near}。", "The difference is shown to be small: {near}."
    ),
    Verdict.INCONCLUSIVE: Text(
        "还不能下结论：按计划的人数，差别要到 {mde} 左右才看得出来。",
        "Inconclusive: with the planned numbers only a difference of about {mde} would show.",
    ),
}
