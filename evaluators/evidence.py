"""What a run may publish, and what it seals.

Accumulators are personal data: cells of one, sums per user. Published are tables without small
cells (see `evaluators.disclosure`), the findings of groups that are not suppressed, the verdict
alone of those that are, and salted commitments to everything sealed. The salt is sealed: without
it small tables could be guessed and compared.
"""

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property, partial
from typing import Any

from evaluators import disclosure, findings
from evaluators.plan import Plan
from evaluators.policy import POLICY
from evaluators.probe import Table
from registry import attestation
from registry.reports import Finding

CONTRADICTION = "its tables cannot be audited with ours, or contradict them; they stay sealed"


COUNT_DECISIONS = frozenset(
    {"selection_parity", "error_parity", "intersection_scan", "performance", "subgroup_search"}
)
"""The probes whose findings are counts of decisions by group."""
OVER_GROUPS = frozenset({"differential_fairness"})
"""Metrics of all groups at once that name no group: with two groups, the ratio between them."""


@dataclass(frozen=True)
class Before:
    """What is public already about the same people when a run's evidence is divided.

    It is an input of the run like plan, data and nonce: the same inputs give the same findings as
    published, and the same digest of them.

    Args:
        reports: the earlier reports' tables.
        named: {report, evidence, sealed, same_rows} of each, for the statement.
        answers: what this run's counts depend on besides the rows (see `disclosure.Earlier`).
        outcomes: how this run reads outcomes.
    """

    reports: Sequence[disclosure.Earlier] = ()
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
        plan: the digest of the plan that ran.
        least: the smallest count of people that is published.
        told: what a third party's probe printed as it failed, and whose tables were not taken.
        kept: the tables of third parties that are not published; they stay sealed, and findings
            about their small rows are withheld all the same.
        before: what was public already.
        salt: without it the commitments could be guessed.
    """

    findings: tuple[Finding, ...]
    full: Sequence[Finding]
    tables: Sequence[tuple[str, Table]]
    shown: Sequence[tuple[str, Table]]
    states: Mapping[str, Any]
    plan: str
    least: int
    told: Mapping[str, str] = field(default_factory=dict)
    kept: Sequence[tuple[str, Table]] = ()
    unaudited: frozenset[str] = frozenset()
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
            "plan": self.plan,
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
        cut = disclosure.suppress(
            [table for _, table in self.tables],
            self.least,
            earlier=before.reports,
            answers=before.answers,
            outcomes=before.outcomes,
        )
        shown = [(name, table) for (name, _), table in zip(self.tables, cut, strict=True)]
        alone = disclosure.suppress([table for _, table in self.kept], self.least)
        heeded = [*shown, *zip((name for name, _ in self.kept), alone, strict=True)]
        gone = _gone(heeded)
        published = tuple(
            findings.withheld(finding, self.least)
            if finding.probe in self.unaudited and findings.tells(finding)
            else _published(finding, gone, self.least)
            for finding in self.full
        )
        return replace(self, findings=published, shown=shown, before=before)


def make(
    plan: Plan,
    found: Sequence[Finding],
    tables: Mapping[str, Sequence[Table]],
    states: Mapping[str, Any],
    *,
    told: Mapping[str, str] | None = None,
    foreign: Sequence[str] = (),
) -> Evidence:
    """Divide a run's evidence into public and sealed.

    Args:
        plan: the plan that ran.
        found: the full findings.
        tables: per probe the count tables it offers.
        states: per probe the full state.
        told: what third parties' probes printed as they failed.
        foreign: the probes of third parties; their tables are published only where they can be
            audited with ours and do not contradict them.
    """
    least = int(POLICY.value("small_cell"))
    flat = [(name, table) for name, offered in tables.items() for table in offered]
    said, kept = dict(told or {}), list[tuple[str, Table]]()
    for name in foreign:
        mine = [table for owner, table in flat if owner == name]
        if mine and not disclosure.agree([t for n, t in flat if n not in foreign], mine):
            flat = [(owner, table) for owner, table in flat if owner != name]
            kept += [(name, table) for table in mine]
            said[name] = f"{said.get(name, '')}\n{CONTRADICTION}".strip()
    alone = _unaudited(plan, found, least) - set(foreign)
    bare = Evidence((), found, flat, flat, states, plan.digest, least, said, kept, alone)
    return bare.beside(Before())


def _unaudited(plan: Plan, found: Sequence[Finding], least: int) -> frozenset[str]:
    """The probes that count decisions, where a unit is named and a count is small.

    Decisions of repeated units hand in no tables of people, so nothing can be audited: one small
    count, of the favoured or of the others, could be worked out from the rest. All are withheld.
    """
    if plan.columns.unit is None:
        return frozenset()
    counting = {each.probe for each in found if each.probe in COUNT_DECISIONS}
    small = any(_small_share(each, least) for each in found if each.probe in counting)
    return frozenset(counting) if small else frozenset()


def _small_share(finding: Finding, least: int) -> bool:
    sides = (
        (finding.estimate, finding.n),
        (finding.reference_estimate, finding.n_reference),
    )
    return finding.group is not None and any(
        min(share * n, n - share * n) < least - 0.5
        for share, n in sides
        if share is not None and n is not None and 0 <= share <= 1
    )


def _by_probe(tables: Sequence[tuple[str, Table]]) -> dict[str, list[dict[str, Any]]]:
    content: dict[str, list[dict[str, Any]]] = {}
    for name, table in tables:
        content.setdefault(name, []).append(table.as_json())
    return content


Gone = Mapping[tuple[str, frozenset[str]], set[frozenset[tuple[str, str | None]]]]
"""Probe and features → the suppressed rows, each as its levels by feature."""


def _gone(tables: Sequence[tuple[str, Table]]) -> Gone:
    found: dict[tuple[str, frozenset[str]], set[frozenset[tuple[str, str | None]]]] = {}
    for name, table in tables:
        rows = found.setdefault((name, frozenset(table.keys)), set())
        rows.update(
            frozenset(zip(table.keys, key, strict=True))
            for key, counts in table.rows
            if counts is None
        )
    return found


def _published(finding: Finding, gone: Gone, least: int) -> Finding:
    """The finding, or its verdict alone where a number would give a small cell away."""
    if not findings.tells(finding):
        return finding
    units = finding.units or {}  # fewer people than rows; a second kind of unit is no people
    stated = [units.get(name) for name in ("n", "n_reference")]
    sizes = [n for n in (finding.n, finding.n_reference, *stated) if n is not None]
    small = finding.group is not None and any(0 < n < least for n in sizes)
    rows = gone.get((finding.probe, frozenset(finding.slice)), set())
    given = small or _about(finding, rows) or _over_hidden(finding, gone)
    return findings.withheld(finding, least) if given else finding


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
