"""Which findings a report may tell, once it is known which rows and groups are hidden."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from evaluators import sizes
from evaluators.judging import findings
from evaluators.judging.withholding import Why
from evaluators.probe import Table
from evaluators.running.attacker import Group, Told
from evaluators.running.audit import ROWS
from evaluators.running.disclosure import Cut
from registry.findings import Finding
from registry.language import Text

OVER_GROUPS = frozenset({"differential_fairness"})
"""Metrics of all groups at once that name no group: with two groups, the ratio between them."""
OF_PEOPLE = frozenset({"people", "accounts", "pairs"})
"""Units that are people, whatever a finding is about."""
OF_ROWS = frozenset({"missing_share", "left_out", "unanswered", "unpriced", "dropped"})
"""Details that count rows which do not count; `left_out` says of them what may be said."""
OF_SUMS = frozenset({"overall"})
"""Details that follow from a table's sums over its rows."""
OF_EVERYBODY = {"accuracy": "accuracy_by_group"}
"""Shares of everybody that are right answers, and the metric of the same share of a group."""
RIGHT = ("right", "wrong")
TOO_SMALL = frozenset({"cells_too_small", "crossings_too_small"})
"""Details that count the crossings that somebody is of and that are too small to be compared."""
SOME_TOO_SMALL = Text(
    "有的交叉组太小，没有比较；有几个不公开，因为由此可以推出不足 {few}的组；主管部门和受托测试机构可以看到。",
    "Some intersections are too small to be compared; how many is not published, as it would tell of "
    "groups of fewer than {few}; the authority and the assigned tester can see it.",
)
Gone = Mapping[tuple[str, frozenset[str]], set[frozenset[tuple[str, str | None]]]]
"""Probe and features → the suppressed rows, each as its levels by feature."""


def gone(tables: Sequence[tuple[str, Table]]) -> Gone:
    """The suppressed rows of all tables.

    Args:
        tables: as published, each with its probe.
    """
    found: dict[tuple[str, frozenset[str]], set[frozenset[tuple[str, str | None]]]] = {}
    for name, table in tables:
        if not table.keys:  # see `Evidence`
            continue
        rows = found.setdefault((name, frozenset(table.keys)), set())
        rows.update(
            frozenset(zip(table.keys, key, strict=True))
            for key, counts in table.rows
            if counts is None
        )
    return found


@dataclass(frozen=True)
class Tellable:
    """What findings may say, where only some groups are told of.

    Args:
        said: what is told beside the tables, with every number.
        cut: what is published.
        gone: the suppressed rows.
        sums: tables whose sums are not published: probe and keys.
        open: tables whose sums are.
        least: the smallest count of people that is published.
        apart: findings about everybody that tell of few people of no group, by probe and metric.
    """

    said: Told
    cut: Cut
    gone: Gone
    sums: frozenset[tuple[str, frozenset[str]]]
    open: frozenset[tuple[str, frozenset[str]]]
    least: int
    apart: frozenset[tuple[str, str]] = frozenset()

    @property
    def closed(self) -> Why:
        """Why what is hidden is."""
        return Why.SMALL if self.cut.audited else Why.UNAUDITED

    def why_not(self, finding: Finding) -> Why | None:
        """Why a number of it would give a small count away; None where none would."""
        if not findings.tells(finding):
            return None
        units = finding.units or {}  # fewer people than rows; a second kind of unit is no people
        people = finding.group is not None or units.get("of") in OF_PEOPLE
        counts = finding.n, finding.n_reference
        stated = [units.get(name) for name in ("n", "n_reference")]
        if people and any(0 < n < self.least for n in counts if n is not None):
            return Why.SMALL
        if self._tells_of_hidden(finding):
            return self.closed
        if people and any(0 < n < self.least for n in stated if n is not None):
            return Why.EFFECTIVE
        return None

    def _tells_of_hidden(self, finding: Finding) -> bool:
        """Whether a number of it is one of a hidden group, or tells of one."""
        about = (finding.probe, frozenset(finding.slice))
        rest = finding.reference_group in (None, "*") and finding.n_reference is not None
        held = any({name for name, _ in group} <= about[1] for group in self.cut.hidden)
        return (
            self._others(finding.details)
            or _about(finding, self.gone.get(about, set()))
            or _of_hidden(finding, self.cut.hidden)
            or self._lists(finding)
            or _over_hidden(finding, self.gone)
            or (rest and (about in self.sums or (held and about not in self.open)))
            or self._whole(finding)
            or (not finding.slice and (finding.probe, finding.metric) in self.apart)
        )

    def _others(self, details: Mapping[str, Any]) -> bool:
        """Whether it counts few rows that it is not about: it says how many."""
        left = (details.get("model") or {}).get("left") or {}
        reasons = [n for name, n in left.items() if name != "rows"]
        few = any(0 < n < self.least for n in (details.get("without") or 0, *reasons))
        return few or bool(left and ROWS not in self.cut.facts)

    def counts_small(self, finding: Finding) -> bool:
        """Whether it counts crossings that are too small while some crossing or group is hidden."""
        counted = any(finding.details.get(name) for name in TOO_SMALL)
        return counted and any(
            away for (name, _), away in self.gone.items() if name == finding.probe
        )

    def _lists(self, finding: Finding) -> bool:
        """Whether it lists a hidden level, or one of few accounts, beside its two sides."""
        listed = sizes.levels(finding)
        names = [frozenset({(by, level)}) for by in finding.slice for level, _ in listed]
        return any(0 < n < self.least for _, n in listed) or any(
            one in self.cut.hidden for one in names
        )

    def hides(self, probe: str, by: frozenset[str]) -> bool:
        """Whether a group is hidden that some of these columns tell apart."""
        rows = (names for (name, names), away in self.gone.items() if name == probe and away)
        return any(names <= by for names in rows) or any(
            {name for name, _ in group} <= by for group in self.cut.hidden
        )

    def _whole(self, finding: Finding) -> bool:
        """Whether it is about everybody, and how many rows that is may not be told."""
        lacking = self.said.lacking
        hidden = {self.said.value(f) for f in {*self.said.facts, ROWS} - self.cut.facts}
        return not finding.slice and bool(lacking.sets) and finding.n in hidden

    def bared(self, finding: Finding) -> Finding:
        """The finding without details that count rows, or add a suppressed group to others."""
        away = {name for name in OF_ROWS if finding.details.get(name)}
        if (finding.probe, frozenset(finding.slice)) in self.sums:
            away |= OF_SUMS & set(finding.details)
        if not away:
            return finding
        return replace(finding, details={**finding.details, **dict.fromkeys(away)})


def apart(
    full: Sequence[Finding], shown: Sequence[Finding], audited: Collection[str], least: int
) -> frozenset[tuple[str, str]]:
    """The shares of everybody from which those of all groups leave too few people.

    A probe without tables of counts (as of several classes) states an accuracy of everybody and
    one per group: so many right answers each. What is left are the right, and the wrong, answers
    about those who lack the feature, and about the groups that are hidden; of these each must have
    room for `least` of either.

    Args:
        full: the findings with every number.
        shown: the same as they would be published.
        audited: the probes whose right answers the audit counts.
        least: the smallest count of people that is published.
    """
    gone = set[tuple[str, str]]()
    for whole in full:
        if whole.slice or whole.metric not in OF_EVERYBODY or whole.n is None:
            continue
        right_of_all = round(whole.n * (whole.estimate or 0))
        metric = OF_EVERYBODY[whole.metric]
        parts = [(each, 1) for each in _of_groups(full, whole.probe, metric)]
        if whole.probe not in audited:
            known = dict(_of_groups_by(shown, whole.probe, metric))
            parts += [(known.get(by, (0, 0)), least) for by, each in _of_groups_by(full, whole.probe, metric)
                      if known.get(by) != each]  # fmt: skip
        for (rows, right), fewest in parts:
            left = (right_of_all - right, whole.n - rows - right_of_all + right)
            if any(0 < n < least or n < fewest - 1 for n in left):
                gone |= {(whole.probe, other.metric) for other in full if not other.slice}
    return frozenset(gone)


def _of_groups(found: Sequence[Finding], probe: str, metric: str) -> Iterator[tuple[int, int]]:
    yield from (each for _, each in _of_groups_by(found, probe, metric))


def _of_groups_by(
    found: Sequence[Finding], probe: str, metric: str
) -> Iterator[tuple[tuple[str, ...], tuple[int, int]]]:
    """Per feature: the rows of all groups together, and those that a share of them counts."""
    groups: dict[tuple[str, ...], dict[str, tuple[int, float]]] = {}
    for one in found:
        if (one.probe, one.metric) != (probe, metric):
            continue
        sides = {one.group: (one.n, one.estimate),
                 one.reference_group: (one.n_reference, one.reference_estimate)}  # fmt: skip
        known = {name or "": (n, share) for name, (n, share) in sides.items()
                 if n is not None and share is not None}  # fmt: skip
        every = "*" in known and len(known) > 1  # a group and all the others are everyone
        own = {} if every else groups.get(tuple(one.slice), {})
        groups[tuple(one.slice)] = own | known
    for by, each in groups.items():
        rows = sum(n for n, _ in each.values())
        yield by, (rows, sum(round(n * share) for n, share in each.values()))


def _of_hidden(finding: Finding, hidden: frozenset[Group]) -> bool:
    """Whether its group, its reference or one of all its groups is part of a hidden one."""
    own = {name: level for name, level in finding.slice.items() if level != "*"}
    if len(own) < len(finding.slice):
        return any(
            {name for name, _ in group} <= set(finding.slice)
            and all(own.get(name, level) == level for name, level in group)
            for group in hidden
        )
    against = finding.reference_group
    sides = [own]
    if against is not None:
        sides += [dict.fromkeys(own, against)] if len(own) == 1 else []
        sides += [{n: against if level == finding.group else level for n, level in own.items()}]
    return any(group <= side.items() for group in hidden for side in sides)


def _over_hidden(finding: Finding, gone: Gone) -> bool:
    """Whether a finding compares all groups' rates while a group of its probe is hidden."""
    hidden = (rows for (probe, _), rows in gone.items() if probe == finding.probe)
    return finding.metric in OVER_GROUPS and any(hidden)


def _about(finding: Finding, rows: set[frozenset[tuple[str, str | None]]]) -> bool:
    """Whether a suppressed row is the finding's group, its reference, or one of all groups."""
    whole: set[tuple[str, str | None]] = {
        (name, level) for name, level in finding.slice.items() if level != "*"
    }
    if len(whole) < len(finding.slice):
        return any(whole <= row for row in rows)
    against = finding.reference_group
    beside: set[tuple[str, str | None]] = {  # the reference in its stratum
        (name, against if level == finding.group else level) for name, level in whole
    }
    return not rows.isdisjoint({frozenset(whole), frozenset(beside)}) or (
        len(whole) == 1 and frozenset((name, against) for name in finding.slice) in rows
    )
