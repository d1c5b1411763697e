"""What a run may publish, and what it seals.

Accumulators are personal data: cells of one, sums per user. Published are tables without small
cells (see `evaluators.disclosure`), the findings of groups that are not suppressed, the verdict
alone of those that are, and salted commitments to everything sealed. The salt is sealed: without
it small tables could be guessed and compared.
"""

import secrets
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property, partial
from typing import Any

from evaluators import disclosure, findings, left_out
from evaluators.attacker import Band, Claim, Earlier, Group, Row, Told
from evaluators.audit import MEANS, ROWS, Fact
from evaluators.disclosure import Cut
from evaluators.lacking import Cause, Lacking
from evaluators.plan import Plan
from evaluators.policy import POLICY
from evaluators.probe import Table
from registry import attestation
from registry.findings import Finding, Verdict

CONTRADICTION = "its tables cannot be audited with ours, or contradict them; they stay sealed"


OVER_GROUPS = frozenset({"differential_fairness"})
"""Metrics of all groups at once that name no group: with two groups, the ratio between them."""
OF_PEOPLE = frozenset({"people", "accounts", "pairs"})
"""Units that are people, whatever a finding is about."""
OF_ROWS = frozenset({"missing_share", "left_out", "unanswered", "unpriced", "dropped"})
"""Details that count rows which do not count; `left_out` says of them what may be said."""
OF_SUMS = frozenset({"overall"})
"""Details that follow from a table's sums over its rows."""


@dataclass(frozen=True)
class Before:
    """What is public already about the same people when a run's evidence is divided.

    It is an input of the run like plan, data and nonce: the same inputs give the same findings as
    published, and the same digest of them.

    Args:
        reports: the earlier reports' tables.
        named: {report, evidence, sealed, same_rows} of each, for the statement.
        answers: what this run's counts depend on besides the rows (see `Earlier`).
        outcomes: how this run reads outcomes.
    """

    reports: Sequence[Earlier] = ()
    named: Sequence[Mapping[str, Any]] = ()
    answers: str = ""
    outcomes: str = ""


@dataclass(frozen=True)
class Evidence:
    """The evidence of one run; what has to be written out at length is written when it is read.

    Args:
        findings: the findings as published.
        full: the findings with all numbers.
        tables: every count table and its probe.
        shown: the same as published.
        states: per probe the full state.
        plan: the plan that ran.
        least: the smallest count of people that is published.
        told: what a third party's probe printed as it failed, and whose tables were not taken.
        kept: the tables of third parties that are not published; they stay sealed, and findings
            about their small rows are withheld all the same.
        bare: findings, by number, whose numbers are of people whom no table counts.
        said: what is told beside the tables.
        behind: where units are counted, the tables in rows, which findings count; never published.
        unweighted: the probes that count rows of no weight, as others do not; of them no number is
            published.
        facts: the numbers of rows that are published.
        before: what was public already.
        salt: without it the commitments could be guessed.
    """

    findings: tuple[Finding, ...]
    full: Sequence[Finding]
    tables: Sequence[tuple[str, Table]]
    shown: Sequence[tuple[str, Table]]
    states: Mapping[str, Any]
    plan: Plan
    least: int
    told: Mapping[str, str] = field(default_factory=dict)
    kept: Sequence[tuple[str, Table]] = ()
    bare: frozenset[int] = frozenset()
    said: Told = field(default_factory=lambda: Told(Lacking()))
    behind: Sequence[Table] = ()
    unweighted: frozenset[str] = frozenset()
    facts: frozenset[Fact] = frozenset()
    before: Before = field(default_factory=Before)
    salt: str = field(default_factory=partial(secrets.token_hex, 32))

    @cached_property
    def sealed(self) -> dict[str, Any]:
        """What the authority and the assigned tester may read."""
        content = findings.rounded({
            "states": dict(self.states),
            "tables": _by_probe([*self.tables, *self.kept]),
        })  # fmt: skip
        content["findings"] = [finding.as_json() for finding in self.full]  # settled: rounded
        return {"salt": self.salt, **content, **({"told": dict(self.told)} if self.told else {})}

    @cached_property
    def public(self) -> dict[str, Any]:
        """What everyone may read."""
        states = self.sealed["states"]
        return {
            "plan": self.plan.digest,
            "least": self.least,
            "tables": _by_probe(self.shown),
            "commitments": {n: attestation.digest([self.salt, states[n]]) for n in self.states},
            "suppressed_findings": sum(finding.suppressed for finding in self.findings),
            **({"earlier": [dict(one) for one in named]} if (named := self.before.named) else {}),
        }

    def beside(self, before: Before) -> "Evidence":
        """The same evidence, divided so that nothing follows from what is public already.

        Args:
            before: the earlier reports.
        """
        cut = disclosure.divide(
            [table for _, table in self.tables],
            self.least,
            told=self.said,
            behind=self.behind,
            bands=self._bands(),
            earlier=before.reports,
            answers=before.answers,
            outcomes=before.outcomes,
        )
        shown = [(name, table) for (name, _), table in zip(self.tables, cut.tables, strict=True)]
        alone = disclosure.suppress([table for _, table in self.kept], self.least)
        heeded = [*shown, *zip((name for name, _ in self.kept), alone, strict=True)]
        told = _Told(self.said, cut, _gone(heeded), self._sums(cut), self._open(cut), self.least,
                     self._everybody(cut) | _apart(self.full, self.least))  # fmt: skip
        published = tuple(
            self._published(number, each, told) for number, each in enumerate(self.full)
        )
        return replace(self, findings=published, shown=shown, facts=cut.facts, before=before)

    def _published(self, number: int, finding: Finding, told: "_Told") -> Finding:
        if finding.probe in self.unweighted and findings.tells(finding):
            return findings.withheld(finding, self.least, findings.UNWEIGHTED)
        if number in self.bare or not told.may_tell(finding):
            return findings.withheld(finding, self.least)
        return left_out.published(told.bared(finding), told.cut.facts, self.plan)

    @property
    def rows_read(self) -> dict[str, Any]:
        """All rows, and how many lack what, as far as that is published."""
        return left_out.public(left_out.overview(self.said.lacking), self.facts)

    @property
    def rows(self) -> int | None:
        """How many rows there are, where that is published."""
        return self.said.lacking.rows if ROWS in self.facts else None

    def _bands(self) -> dict[Row, Band]:
        """How many people a row has at least or at most, by the mere verdict about it."""
        people, places = self.plan.min_n, dict[tuple[Any, ...], list[tuple[Row, int]]]()
        for t, (name, table) in enumerate(self.tables):
            for r, (key, counts) in enumerate(table.rows if table.kind == "people" else ()):
                named = (name, frozenset(zip(table.keys, key, strict=True)))
                places.setdefault(named, []).append(((t, r), sum(counts or ())))
        bands: dict[Row, Band] = {}
        for each in self.full:
            small = each.verdict is Verdict.NOT_EVALUABLE
            for row, size in places.get((each.probe, frozenset(each.slice.items())), ()):
                if small and each.n == size < people:
                    bands[row] = (0, people - 1)
                elif not small and each.n == size >= people:
                    bands[row] = (people, None)
        return bands

    def _everybody(self, cut: Cut) -> frozenset[tuple[str, str]]:
        """The findings about everybody that give counts away which may not follow.

        An accuracy gives the right answers away; any other rate of everybody is taken to give away
        every count that its probe has of them.
        """
        closed = [
            (name, table.counts)
            for t, (name, table) in enumerate(self.tables)
            if not table.keys and t not in cut.everyone
        ]
        return frozenset(
            (each.probe, each.metric)
            for each in self.full
            for name, counts in closed
            if not each.slice and each.probe == name
            and (each.metric not in OF_EVERYBODY or counts == RIGHT)
        )  # fmt: skip

    def _open(self, cut: Cut) -> frozenset[tuple[str, frozenset[str]]]:
        """Of which tables the sums are published: probe and keys."""
        every = [(name, frozenset(table.keys)) for name, table in self.tables]
        return frozenset(every[t] for t in cut.sums)

    def _sums(self, cut: Cut) -> frozenset[tuple[str, frozenset[str]]]:
        """Of which tables with a suppressed row the sums are not published: probe and keys."""
        return frozenset(
            (name, frozenset(table.keys))
            for t, ((name, table), shown) in enumerate(zip(self.tables, cut.tables, strict=True))
            if t not in cut.sums and any(counts is None for _, counts in shown.rows)
        )


def make(
    plan: Plan,
    found: Sequence[Finding],
    tables: Mapping[str, Sequence[Table]],
    states: Mapping[str, Any],
    *,
    said: Told,
    told: Mapping[str, str] | None = None,
    foreign: Sequence[str] = (),
    bare: frozenset[int] = frozenset(),
    behind: Mapping[str, Sequence[Table]] | None = None,
    unweighted: Sequence[str] = (),
) -> Evidence:
    """Divide a run's evidence into public and sealed.

    Args:
        plan: the plan that ran.
        found: the full findings.
        tables: per probe the count tables it offers.
        states: per probe the full state.
        said: what is told beside the tables.
        told: what third parties' probes printed as they failed.
        bare: findings, by number, whose numbers are of people whom no table counts.
        foreign: the probes of third parties; their tables are published only where they can be
            audited with ours and do not contradict them.
        behind: where units are counted, per probe its tables in rows.
        unweighted: the probes that count rows of no weight, as others do not; of them nothing is
            published.
    """
    least = int(POLICY.value("small_cell"))
    flat = [(name, table) for name, offered in tables.items() for table in offered]
    printed, kept = dict(told or {}), list[tuple[str, Table]]()
    for name in foreign:
        mine = [table for owner, table in flat if owner == name]
        if mine and not disclosure.agree([t for n, t in flat if n not in foreign], mine):
            flat = [(owner, table) for owner, table in flat if owner != name]
            kept += [(name, table) for table in mine]
            printed[name] = f"{printed.get(name, '')}\n{CONTRADICTION}".strip()
    kept += [(owner, table) for owner, table in flat if owner in unweighted]
    flat = [(owner, table) for owner, table in flat if owner not in unweighted]
    claims = [claim for claim in said.claims if claim.probe not in unweighted]
    said = replace(
        said, claims=_unstated(claims, flat), facts=_facts(said.lacking, found),
        leaving=_leaving(claims, flat),
    )  # fmt: skip
    rows = _in_order(behind, flat) if behind else []
    divided = Evidence(
        (), found, flat, flat, states, plan, least, printed, kept, bare, said, rows,
        frozenset(unweighted),
    )  # fmt: skip
    return divided.beside(Before())


def _in_order(
    behind: Mapping[str, Sequence[Table]], tables: Sequence[tuple[str, Table]]
) -> list[Table]:
    """For each table the same in rows; one without rows where nobody knows them."""
    known = {(name, t.keys, t.counts): t for name, own in behind.items() for t in own}
    return [
        known.get((name, table.keys, table.counts), replace(table, rows=()))
        for name, table in tables
    ]


def _leaving(
    claims: Sequence[Claim], tables: Sequence[tuple[str, Table]]
) -> dict[int, frozenset[Cause]]:
    """The tables whose counts mean nothing to the audit but add up to the people of a group.

    By number, with the causes for which people of the group are not in them: those of the findings
    whose denominators the table's rows are.
    """
    own: dict[tuple[str, Group], dict[frozenset[Cause], int]] = {}
    for claim in claims:
        own.setdefault((claim.probe, claim.group), {})[claim.but_not] = claim.n
    found: dict[int, frozenset[Cause]] = {}
    for t, (name, table) in enumerate(tables):
        if table.kind != "people" or set(table.counts) <= set(MEANS):
            continue
        rows = [(own.get((name, frozenset(zip(table.keys, key, strict=True)))), sum(counts or ()))
                for key, counts in table.rows]  # fmt: skip
        causes = {gone for each, _ in rows for gone in each or ()}
        fitting = [
            gone
            for gone in sorted(causes, key=lambda one: (len(one), sorted(one)))
            if all(each is None or each.get(gone, n) == n for each, n in rows)
        ]
        if fitting:
            found[t] = fitting[0]
    return found


def _unstated(claims: Sequence[Claim], tables: Sequence[tuple[str, Table]]) -> tuple[Claim, ...]:
    """The denominators of findings that no table of their probe is about."""
    known = {(name, frozenset(table.keys)) for name, table in tables}
    return tuple(c for c in claims if (c.probe, frozenset(c.slice_)) not in known)


def _facts(lacking: Lacking, found: Sequence[Finding]) -> tuple[Fact, ...]:
    """Every number of rows that the report would state, in the order of their weight."""
    lists = [left_out.facts(left_out.overview(lacking))]
    lists += [left_out.facts(each.left_out) for each in found if each.left_out]
    parts = [fact for each in lists for fact in each.parts]
    return tuple(dict.fromkeys([ROWS, *parts, *(each.used for each in lists[1:])]))


def _by_probe(tables: Sequence[tuple[str, Table]]) -> dict[str, list[dict[str, Any]]]:
    content: dict[str, list[dict[str, Any]]] = {}
    for name, table in tables:
        content.setdefault(name, []).append(table.as_json())
    return content


OF_EVERYBODY = {"accuracy": "accuracy_by_group"}
"""Shares of everybody that are right answers, and the metric of the same share of a group."""
RIGHT = ("right", "wrong")
Gone = Mapping[tuple[str, frozenset[str]], set[frozenset[tuple[str, str | None]]]]
"""Probe and features → the suppressed rows, each as its levels by feature."""


def _gone(tables: Sequence[tuple[str, Table]]) -> Gone:
    found: dict[tuple[str, frozenset[str]], set[frozenset[tuple[str, str | None]]]] = {}
    for name, table in tables:
        if not table.keys:  # see `_everybody`
            continue
        rows = found.setdefault((name, frozenset(table.keys)), set())
        rows.update(
            frozenset(zip(table.keys, key, strict=True))
            for key, counts in table.rows
            if counts is None
        )
    return found


@dataclass(frozen=True)
class _Told:
    """What findings may say.

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

    def may_tell(self, finding: Finding) -> bool:
        """Whether no number of it would give a small count away."""
        if not findings.tells(finding):
            return True
        units = finding.units or {}  # fewer people than rows; a second kind of unit is no people
        stated = [units.get(name) for name in ("n", "n_reference")]
        sizes = [n for n in (finding.n, finding.n_reference, *stated) if n is not None]
        people = finding.group is not None or units.get("of") in OF_PEOPLE
        small = people and any(0 < n < self.least for n in sizes)
        about = (finding.probe, frozenset(finding.slice))
        rest = finding.reference_group in (None, "*") and finding.n_reference is not None
        held = any({name for name, _ in group} <= about[1] for group in self.cut.hidden)
        return not (
            small
            or _about(finding, self.gone.get(about, set()))
            or _of_hidden(finding, self.cut.hidden)
            or _over_hidden(finding, self.gone)
            or (rest and (about in self.sums or (held and about not in self.open)))
            or self._whole(finding)
            or (not finding.slice and (finding.probe, finding.metric) in self.apart)
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


def _apart(found: Sequence[Finding], least: int) -> frozenset[tuple[str, str]]:
    """The shares of everybody from which those of all groups leave few people of no group.

    A probe without tables of counts (as of several classes) states an accuracy of everybody and
    one per group: so many right answers each. What is left are the right, and the wrong, answers
    about those who lack the feature.
    """
    gone = set[tuple[str, str]]()
    for whole in found:
        if whole.slice or whole.metric not in OF_EVERYBODY or whole.n is None:
            continue
        for rows, right in _of_groups(found, whole.probe, OF_EVERYBODY[whole.metric]):
            left = round(whole.n * (whole.estimate or 0)) - right
            if 0 < left < least or 0 < whole.n - rows - left < least:
                gone |= {(whole.probe, other.metric) for other in found if not other.slice}
    return frozenset(gone)


def _of_groups(found: Sequence[Finding], probe: str, metric: str) -> Iterator[tuple[int, int]]:
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
    for each in groups.values():
        yield sum(n for n, _ in each.values()), sum(round(n * x) for n, x in each.values())


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
