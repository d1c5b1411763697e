"""What those who are missing could change: worst-case bounds, and what is not called small for them.

A row without a decision, an outcome or a group is left out of a comparison, and what it would show
nobody knows. Of rates it is worked out between which bounds the comparison would lie whatever it is
(Horowitz and Manski); what the missing of a known group could carry over the line is not *equivalent*,
nor what people of unknown group could carry there at twice or half the odds of the known of their
group. Of every other statistic nothing bounds what is missing: where more than so many of one side
are, nothing is called small.
"""

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import product
from typing import Any

from evaluators.judging import counted, readings
from evaluators.plan import Plan
from evaluators.policy import POLICY
from evaluators.probe import Probe, Share
from evaluators.running import left_out, sufficiency
from evaluators.running.audit import Parts
from evaluators.running.census import KIND_OF
from evaluators.running.lacking import Cause, Lacking, Part
from evaluators.statistics import missing_bounds
from evaluators.statistics.missing_bounds import OUT, REST, TOP, Free
from registry.findings import Finding, Verdict
from registry.language import Text

MOST = POLICY.value("unseen_share")
ODDS = POLICY.value("unseen_odds")
TURNED = Text(
    "在看得到的数据里差异很小；但没有算进去的行足以让它超过界线，所以不能说差异很小。还不能下结论。",
    "In the data seen the difference is small, but the rows left out are enough to take it beyond "
    "the line, so it is not shown to be small. Inconclusive.",
)
UNBOUNDED = Text(
    "在看得到的数据里差异很小；但至少有一边没有算进去的行超过 {most}，它们会是什么样无从知道，"
    "所以不能说差异很小。还不能下结论。",
    "In the data seen the difference is small, but of one side at least more than {most} of the rows "
    "are left out and what they would show is not known, so it is not shown to be small. Inconclusive.",
)


@dataclass(frozen=True)
class _Left:
    """The rows that one finding leaves out, by the side that they are of.

    Args:
        own, reference, unknown: what is known of them → how many; `unknown` could be of either.
    """

    own: Counter[Part]
    reference: Counter[Part]
    unknown: Counter[Part]

    def free(self, which: Counter[Part], share: Share, *, may_leave: bool = False) -> Free:
        """What such rows may be to a rate; those that it counts already are left away."""
        found = Counter[frozenset[str]]()
        for part, count in which.items():
            may = _may((part.got, part.due), share)
            if may_leave:
                found[may | {OUT}] += count
            elif len(may) > 1:
                found[may] += count
        return found


def _may(known: tuple[int, int], share: Share) -> frozenset[str]:
    """What a row may be to a rate, by what is known of its decision and its outcome."""
    gots, dues = ((0, 1) if each < 0 else (each,) for each in known)
    return frozenset(_place(KIND_OF[pair], share) for pair in product(gots, dues))


def _place(kind: str, share: Share) -> str:
    if kind in share.top:
        return TOP
    return REST if kind in share.of else OUT


@dataclass(frozen=True)
class Unseen:
    """What the missing could change, for the findings of one probe.

    Args:
        probe: whose.
        plan: names the columns.
        lacking: what rows lack.
        scored: whether a model answers.
    """

    probe: Probe[Any]
    plan: Plan
    lacking: Lacking
    scored: bool

    def held(self, finding: Finding) -> Finding:
        """The finding with its bounds, and with the verdict that what is missing allows.

        Args:
            finding: as judged by what is seen.
        """
        if finding.verdict is Verdict.NOT_EVALUABLE or not self.lacking.sets:
            return finding
        left = self._left(finding)
        if left is None:
            return finding
        share = self._share(finding)
        if share is None:
            return self._unbounded(finding, left)
        whole = _ratio(finding, share, left, unknown=True)
        if whole is None:
            return finding
        bounds = {"low": _down(whole[0]), "high": None if whole[1] is None else _up(whole[1])}
        told = replace(finding, left_out={**finding.left_out, "bounds": bounds})
        if finding.verdict is Verdict.EQUIVALENT and self._turns(finding, share, left):
            return self._open(told, TURNED)
        return told

    def parts(self, finding: Finding) -> Parts | None:
        """What its bounds give away of rows that lack something; None where they may not be told.

        Args:
            finding: as `held` made it.
        """
        if "bounds" not in finding.left_out or self.plan.columns.unit is not None:
            return None
        share, features = self._share(finding), self._features(finding)
        if share is None:
            return None
        same = {
            may: frozenset(kind for pair, kind in KIND_OF.items() if _may(pair, share) == may)
            for may in {_may(pair, share) for pair in KIND_OF}
        }
        free = frozenset(kinds for may, kinds in same.items() if len(may) > 1)
        counts = Counter[tuple[tuple[str | None, ...], frozenset[str]]]()
        for part, count in self.lacking.parts.items():
            levels = dict(part.levels)
            own = tuple(levels.get(name) for name in features)
            kinds = same[_may((part.got, part.due), share)]
            if None in own or kinds in free:
                counts[own, kinds] += count
        return Parts(features, share.top, share.of, free, frozenset(counts.items()))

    @cached_property
    def _known(self) -> frozenset[str]:
        columns = self.plan.columns
        return frozenset({*columns.sensitive, *columns.profile})

    def _features(self, finding: Finding) -> tuple[str, ...]:
        """The compared features that a row must have for it."""
        needs = self.probe.needs(self.plan, finding.metric, finding.slice)
        return tuple(dict.fromkeys(name for name in needs if name in self._known))

    def _share(self, finding: Finding) -> Share | None:
        """What its rates count; None where they are no rates of rows, each as good as any other."""
        rates = finding.estimate, finding.reference_estimate, finding.n, finding.n_reference
        one_to_one = len(finding.slice) == 1 or finding.reference_group == "*"
        if None in rates or self.plan.columns.weight is not None or not one_to_one:
            return None
        ratio = finding.effect["kind"] == "ratio" and finding.effect["value"] is not None
        return self.probe.share(self.plan, finding.metric) if ratio else None

    def _left(self, finding: Finding) -> _Left | None:
        """The rows it leaves out; None where there are none."""
        features = self._features(finding)
        causes = self._causes(finding)
        made = _Left(Counter(), Counter(), Counter())
        for part, count in self.lacking.parts.items():
            if not part.lacks & causes:
                continue
            side = _side(finding, dict(part.levels), features)
            if side is not None:
                getattr(made, side)[part] += count
        return made if made.own or made.reference or made.unknown else None

    def _causes(self, finding: Finding) -> frozenset[Cause]:
        """Why a row is left out of it, and might have counted: a weight of 0 never counts."""
        needs = self.probe.needs(self.plan, finding.metric, finding.slice)
        found = left_out.causes(needs, self.plan, scored=self.scored)
        return frozenset(c for c in found if c.kind not in {"zero", "not_positive"})

    def _turns(self, finding: Finding, share: Share, left: _Left) -> bool:
        """Whether what is missing could take its interval, or its difference, beyond a line."""
        low, high = _lines(finding)
        ends, value = finding.ci or {}, float(finding.effect["value"])
        missing = _ratio(finding, share, left, unknown=False)
        if missing is None or missing[1] is None or ends.get("high") is None or not value:
            return True
        gap = _gap(finding, share, left)
        if share.difference is not None and gap > share.difference:
            return True
        moved = _odds(finding, self.lacking.rows, left)
        return any(
            ends["low"] * down / value < low or ends["high"] * up / value > high
            for down, up in (missing, moved)
        )

    def _unbounded(self, finding: Finding, left: _Left) -> Finding:
        """Where nothing bounds what is missing: nothing is small of which much is."""
        if finding.verdict is not Verdict.EQUIVALENT:
            return finding
        of_side = [
            (left.own.total(), finding.n),
            (left.reference.total(), finding.n_reference),
        ]
        shares = [gone / (gone + n) for gone, n in of_side if n is not None and gone]
        if max(shares, default=0.0) <= MOST:
            return finding
        return self._open(finding, UNBOUNDED.format(most=readings.percent(MOST)))

    def _open(self, finding: Finding, why: Text) -> Finding:
        """The finding, which what is missing leaves open."""
        said = readings.joined(sufficiency.seen(finding, self.plan), why)
        told = {**finding.left_out, "turns": True}
        made = replace(
            finding, verdict=Verdict.INCONCLUSIVE, severity=None, left_out=told,
            reading=said.as_json(),
        )  # fmt: skip
        return counted.opened(made, self.plan.content)


def _side(finding: Finding, levels: Mapping[str, str], features: Iterable[str]) -> str | None:
    """Of which side of a finding a row is, by its levels; None of neither."""
    own = {
        name: level for name, level in finding.slice.items() if level != "*" and name in features
    }
    if any(levels.get(name, level) != level for name, level in own.items()):
        against = finding.reference_group
        if against == "*":
            known = all(name in levels for name in features)
            return "reference" if known else "unknown"
        same = (
            len(own) == 1
            and against is not None
            and levels == {**levels, **dict.fromkeys(own, against)}
        )
        return "reference" if same else None
    return "own" if all(name in levels for name in features) else "unknown"


def _extremes(
    finding: Finding, share: Share, left: _Left, *, unknown: bool
) -> list[tuple[float, float]] | None:
    """The least and the greatest rate of the group, and of its reference."""
    found = []
    sides = ((left.own, finding.n, finding.estimate),
             (left.reference, finding.n_reference, finding.reference_estimate))  # fmt: skip
    for which, n, rate in sides:
        free = Counter(left.free(which, share))
        if unknown:
            free += Counter(left.free(left.unknown, share, may_leave=True))
        ends = missing_bounds.extremes(round((n or 0) * (rate or 0.0)), n or 0, free)
        if ends is None:
            return None
        found.append(ends)
    return found


def _ratio(
    finding: Finding, share: Share, left: _Left, *, unknown: bool
) -> tuple[float, float | None] | None:
    """Between which bounds the ratio lies; without an upper one where the reference may have none."""
    ends = _extremes(finding, share, left, unknown=unknown)
    if ends is None or not ends[1][1]:
        return None
    own, other = ends
    return own[0] / other[1], own[1] / other[0] if other[0] else None


def _gap(finding: Finding, share: Share, left: _Left) -> float:
    """How far apart the two rates may be at most, by those who are missing of a known group."""
    ends = _extremes(finding, share, left, unknown=False)
    if ends is None:
        return math.inf
    own, other = ends
    return max(own[1] - other[0], other[1] - own[0])


def _odds(finding: Finding, rows: int, left: _Left) -> tuple[float, float]:
    """Between which ratios it would lie if the unknown had other odds than the known of their group.

    They are taken to be of every group in proportion to its size.
    """
    share = left.unknown.total() / rows if rows else 0.0
    own, other = finding.estimate or 0.0, finding.reference_estimate or 0.0
    ends = [missing_bounds.with_odds(rate, share, odds) for rate in (own, other)
            for odds in (1 / ODDS, ODDS)]  # fmt: skip
    return ends[0] / ends[3], ends[1] / ends[2] if ends[2] else math.inf


def _lines(finding: Finding) -> tuple[float, float]:
    """The lines of a ratio; one that is stated alone stands for its reciprocal as well."""
    value: Any = (finding.threshold or {}).get("value")
    if isinstance(value, Sequence):
        return float(value[0]), float(value[1])
    return min(float(value), 1 / float(value)), max(float(value), 1 / float(value))


def _down(value: float) -> float:
    return math.floor(round(value * 100, 9)) / 100


def _up(value: float) -> float:
    return math.ceil(round(value * 100, 9)) / 100
