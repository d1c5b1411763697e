"""Numbers that several groups give together, and what of them is published while one is hidden.

Bounds from draws over all crossings, a ratio pooled over strata, a model's coefficient: each is a
real number with ten digits that changes with every group behind it. Where one of these groups is
hidden, whoever tries all whole numbers that it may have finds the ones that give those digits: ten
digits tell a hundred million tries apart. A range of whole numbers, which is what the audit keeps
open, does not see that. So such numbers go while any group behind them is hidden.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from evaluators.judging import counted, withholding
from evaluators.judging.withholding import Why
from evaluators.plan import Plan
from evaluators.probe import Gathered, Probe
from evaluators.running import left_out
from registry.findings import Finding
from registry.language import Text

BOUNDS = ("ci", "test", "p_value", "p_adjusted", "adjustment", "equivalence", "mde")
CLOSE = 1e-8
"""Two numbers of ten digits that differ by no more are one."""


def of(
    found: Sequence[Finding], probes: Mapping[str, Probe[Any]], plan: Plan
) -> dict[int, Gathered]:
    """Which findings, by number, state such numbers.

    Args:
        found: the full findings.
        probes: by their id.
        plan: names the columns.
    """
    made = {n: probes[f.probe].gathers(plan, f.metric, f.slice) for n, f in enumerate(found)}
    return {number: one for number, one in made.items() if one is not None}


def apart(
    finding: Finding, gathered: Gathered, plan: Plan, least: int, why: Why = Why.SMALL
) -> Finding | None:
    """The finding without the numbers that its group and its reference alone do not give.

    None where that leaves nothing.

    Args:
        finding: with every number.
        gathered: which they are.
        plan: names the columns of what was left out.
        least: the smallest count of people that is published.
        why: the others go.
    """
    if not gathered.since:
        return None
    before = left_out.spoken(finding, plan)
    said = Text(_until(before.zh, [each.zh for each in gathered.since]),
                _until(before.en, [each.en for each in gathered.since]))  # fmt: skip
    if said == before and gathered.bounds:
        return None  # nobody knows where its numbers stand
    if said != before and gathered.instead is not None:
        few = counted.so_many(finding, plan.content, least, cells=True)
        also = gathered.instead.format(why=withholding.WITHIN[why].format(few=few), few=few)
        said = Text(said.zh + also.zh, f"{said.en.rstrip()} {also.en}")
    blank: dict[str, Any] = dict.fromkeys(BOUNDS) if gathered.bounds else {}
    kept = {n: v for n, v in finding.details.items() if n not in gathered.details}
    return left_out.spoken_anew(replace(finding, details=kept, **blank), said, plan)


def _until(said: str, words: Sequence[str]) -> str:
    ends = [said.index(each) for each in words if each in said]
    return said[: min(ends)] if ends else said


def own(full: Sequence[Finding], shown: Sequence[Finding]) -> tuple[Finding, ...]:
    """The findings as published, without adjusted p-values that are those of withheld ones.

    In a stepwise adjustment a test takes over the adjusted p-value of the one before it, where its
    own multiple is smaller. If that one is withheld, its p-value would be published all the same.

    Args:
        full: with every number.
        shown: the same as they would be published.
    """
    away: dict[str, list[float]] = defaultdict(list)
    for each, public in zip(full, shown, strict=True):
        if each.p_adjusted is not None and public.p_adjusted is None:
            away[_family(each)].append(each.p_adjusted)
    return tuple(
        replace(each, p_adjusted=None)
        if each.p_adjusted is not None and _taken(each, each.p_adjusted, away[_family(each)])
        else each
        for each in shown
    )


def _family(finding: Finding) -> str:
    return str((finding.family or {}).get("id", finding.probe))


def _taken(finding: Finding, adjusted: float, others: Sequence[float]) -> bool:
    """Whether an adjusted p-value is one of the others', and no whole multiple of its own."""
    if adjusted >= 1 or all(abs(adjusted - one) > CLOSE * adjusted for one in others):
        return False
    times = adjusted / finding.p_value if finding.p_value else 0.0
    return round(times) < 1 or abs(times - round(times)) > CLOSE * times
