"""What a run may publish, and what it seals.

Accumulators are personal data: cells of one, sums per user. Published are tables without small
cells (see `evaluators.running.disclosure`), the findings of groups that are not suppressed, the verdict
alone of those that are, and salted commitments to everything sealed. The salt is sealed: without
it small tables could be guessed and compared. Where a few rows lack what one probe needs and another does
not, one probe is given up so that all others can stand: the one by which the fewest findings lose numbers.
"""

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property, partial
from itertools import product
from typing import Any

from evaluators import sizes
from evaluators.judging import findings
from evaluators.judging.withholding import ALONE, BESIDE_OTHERS, TOGETHER, Why
from evaluators.plan import Plan
from evaluators.policy import POLICY
from evaluators.probe import Gathered, Table
from evaluators.running import audit, directions, disclosure, left_out, together
from evaluators.running.attacker import Band, Claim, Earlier, Group, Row, Told
from evaluators.running.audit import MEANS, ROWS, Fact, Parts
from evaluators.running.disclosure import Cut
from evaluators.running.lacking import Cause, Lacking
from evaluators.running.tellable import OF_EVERYBODY, RIGHT, SOME_TOO_SMALL, Tellable, apart, gone
from evaluators.sizes import Sizes
from registry import attestation
from registry.findings import Finding, Verdict
from registry.language import Text

CONTRADICTION = "its tables cannot be audited with ours, or contradict them; they stay sealed"


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
        closed: the probes of which no number is published, and why: those that count rows of no
            weight, as others do not, and one that is given up so that all others' can stand.
        gathered: which findings, by number, state what several groups give together.
        counted: the features by which people are counted; None where rows are people.
        sizes: groups of accounts that only findings count.
        parts: which findings, by number, have worst-case bounds, and what these give away.
        facts: the numbers of rows that are published.
        hidden: the groups that are hidden in the whole report.
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
    closed: Mapping[str, Text] = field(default_factory=dict)
    gathered: Mapping[int, Gathered] = field(default_factory=dict)
    counted: frozenset[str] | None = None
    sizes: Sequence[Sizes] = ()
    parts: Mapping[int, Parts] = field(default_factory=dict)
    facts: frozenset[Fact] = frozenset()
    hidden: frozenset[Group] = frozenset()
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
            "tables": _by_probe([(name, _every_row(table)) for name, table in self.shown]),
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
        cut = cut.without(sizes.hidden(self.sizes, self.least, cut.hidden))
        shown = [(name, table) for (name, _), table in zip(self.tables, cut.tables, strict=True)]
        alone = disclosure.suppress([table for _, table in self.kept], self.least)
        heeded = [*shown, *zip((name for name, _ in self.kept), alone, strict=True)]
        told = Tellable(self.said, cut, gone(heeded), self._sums(cut), self._open(cut), self.least,
                        self._everybody(cut))  # fmt: skip
        first = self._all_published(told)
        audited = {name for name, table in self.tables if table.counts == RIGHT}
        left = apart(self.full, first, audited, self.least)
        published = self._all_published(replace(told, apart=told.apart | left)) if left else first
        shown = directions.closed(shown, published)
        return replace(self, findings=together.own(self.full, published), shown=shown,
                       facts=cut.facts, hidden=cut.hidden, before=before)  # fmt: skip

    @property
    def lost(self) -> int:
        """How many findings lose numbers that they would state."""
        pairs = zip(self.full, self.findings, strict=True)
        return sum(shown.suppressed and findings.tells(full) for full, shown in pairs)

    def _all_published(self, told: Tellable) -> tuple[Finding, ...]:
        return tuple(self._published(number, each, told) for number, each in enumerate(self.full))

    def _published(self, number: int, finding: Finding, told: Tellable) -> Finding:
        if finding.probe in self.closed and findings.tells(finding):
            return self._withheld(finding, self.closed[finding.probe])
        if told.counts_small(finding):
            return self._withheld(finding, SOME_TOO_SMALL)
        why = Why.UNCOUNTED if number in self.bare else told.why_not(finding)
        if why is not None:
            return self._withheld(finding, ALONE[why])
        gathered = self.gathered.get(number)
        if gathered is not None and findings.tells(finding):
            why = self._mixed(finding, gathered, told)
            if why is not None:
                alone = together.apart(finding, gathered, self.plan, self.least, why)
                if alone is None:
                    return self._withheld(finding, TOGETHER[why])
                finding = alone
        state = self.states.get(finding.probe)
        finding = directions.bared(told.bared(finding), state, self.least)
        bounded = self.parts.get(number) in told.cut.parts
        return left_out.published(finding, told.cut.facts, self.plan, bounded=bounded)

    def _withheld(self, finding: Finding, why: Text) -> Finding:
        return findings.withheld(finding, self.least, self.plan.content, why)

    def _mixed(self, finding: Finding, gathered: Gathered, told: Tellable) -> Why | None:
        """Why its numbers go, where one of the groups behind them is hidden, or counted nowhere."""
        by = frozenset(gathered.by)
        if self.counted is not None and not by <= self.counted:
            return Why.UNCOUNTED
        return told.closed if told.hides(finding.probe, by) else None

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
    gathered: Mapping[int, Gathered] | None = None,
    counted: frozenset[str] | None = None,
    groups: Sequence[Sizes] = (),
    parts: Mapping[int, Parts] | None = None,
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
        gathered: which findings, by number, state what several groups give together.
        counted: the features by which people are counted; None where rows are people.
        groups: groups of accounts that only findings count.
        parts: which findings, by number, have worst-case bounds, and what these give away.
    """
    closed = dict.fromkeys(unweighted, findings.UNWEIGHTED)
    divide = partial(
        _divided, plan, found, tables, states, said=said, told=told or {}, foreign=foreign,
        bare=bare, behind=behind, gathered=gathered or {}, counted=counted, groups=groups,
        parts=parts or {},
    )  # fmt: skip
    best = divide(closed)
    few = any(said.few(gone, best.least) for gone in said.lacking.sets)
    rivals = [name for name, own in tables.items() if own and name not in closed]
    if not few or not 1 < len(rivals) <= MOST_RIVALS or not best.lost:
        return best
    # Where a few rows lack what one probe needs, what each group gives up serves no other purpose.
    for name in sorted(rivals):
        tried = divide({**closed, name: BESIDE_OTHERS})
        best = min(best, tried, key=lambda one: one.lost)
    return best


MOST_RIVALS = 8
"""So many probes are tried in turn: each is an audit of its own."""


def _divided(
    plan: Plan,
    found: Sequence[Finding],
    tables: Mapping[str, Sequence[Table]],
    states: Mapping[str, Any],
    closed: Mapping[str, Text],
    *,
    said: Told,
    told: Mapping[str, str],
    foreign: Sequence[str],
    bare: frozenset[int],
    behind: Mapping[str, Sequence[Table]] | None,
    gathered: Mapping[int, Gathered],
    counted: frozenset[str] | None,
    groups: Sequence[Sizes],
    parts: Mapping[int, Parts],
) -> Evidence:
    """The evidence with no number of some probes published; the rest as in `make`."""
    least = int(POLICY.value("small_cell"))
    flat = [(name, table) for name, offered in tables.items() for table in offered]
    printed, kept = dict(told), list[tuple[str, Table]]()
    for name in foreign:
        mine = [table for owner, table in flat if owner == name]
        if mine and not disclosure.agree([t for n, t in flat if n not in foreign], mine):
            flat = [(owner, table) for owner, table in flat if owner != name]
            kept += [(name, table) for table in mine]
            printed[name] = f"{printed.get(name, '')}\n{CONTRADICTION}".strip()
    kept += [(owner, table) for owner, table in flat if owner in closed]
    flat = [(owner, table) for owner, table in flat if owner not in closed]
    claims = [claim for claim in said.claims if claim.probe not in closed]
    said = replace(
        said, claims=_unstated(claims, flat), facts=_facts(said.lacking, found),
        leaving=_leaving(claims, flat), parts=tuple(dict.fromkeys((parts or {}).values())),
    )  # fmt: skip
    rows = _in_order(behind, flat) if behind else []
    divided = Evidence(
        (), found, flat, flat, states, plan, least, printed, kept, bare, said, rows,
        dict(closed), dict(gathered), counted, groups, dict(parts),
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


def _every_row(table: Table) -> Table:
    """A table of crossings of which some are suppressed, with a row for every crossing there is.

    Where only those stood there that somebody is of, the missing rows would say of whole groups of
    few people that none of them has a level of another feature.
    """
    if len(table.keys) < 2 or all(counts is not None for _, counts in table.rows):
        return table
    levels = [
        list(dict.fromkeys(key[at] for key, _ in table.rows)) for at in range(len(table.keys))
    ]
    if not audit.fits(map(len, levels)):
        return table  # nothing of such a table is published
    known = dict(table.rows)
    keys = sorted({*product(*levels)})
    return replace(table, rows=tuple((key, known.get(key)) for key in keys))


def _by_probe(tables: Sequence[tuple[str, Table]]) -> dict[str, list[dict[str, Any]]]:
    content: dict[str, list[dict[str, Any]]] = {}
    for name, table in tables:
        content.setdefault(name, []).append(table.as_json())
    return content
