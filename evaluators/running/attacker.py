"""The attacker who knows everything that is published: his equations, and what he can work out.

See `evaluators.running.audit` for the unknowns, and `evaluators.running.disclosure` for what is withheld.
"""

from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import product

import numpy as np

from evaluators.probe import Table
from evaluators.running import audit
from evaluators.running.audit import (
    KEPT,
    MEANS,
    ROWS,
    Fact,
    Known,
    Lines,
    Parts,
    Point,
    Reading,
    Space,
)
from evaluators.running.lacking import Cause, Lacking

Row = tuple[int, int]
"""Number of the table, number of the row in it."""
Band = tuple[int, int | None]
Group = frozenset[tuple[str, str]]
"""Levels by attribute."""
Hidden = AbstractSet[Row | Group]
"""What is not published: rows of tables, and groups in the whole report."""
MOST_BOUNDED = 100
"""Groups of which worst-case bounds are published at most: each adds equations to the audit."""
COUNTED = frozenset({"people", "units"})
"""Kinds of tables whose small cells are suppressed."""


@dataclass(frozen=True, slots=True)
class Earlier:
    """The count tables of an earlier report about the same people.

    Args:
        full: the tables with every count, as sealed.
        shown: the same as published; a suppressed row has None.
        answers: what the counts depend on besides the rows: who answered, and how an answer is
            read. Two reports that agree in it count the same thing.
        outcomes: how an observed outcome is read; reports that agree in it know the same outcomes.
        same_rows: whether it is about the very same rows, or about others that may overlap.
        rows: how many rows it says there are; None where it does not.
    """

    full: tuple[Table, ...]
    shown: tuple[Table, ...]
    answers: str
    outcomes: str
    same_rows: bool = True
    rows: int | None = None


@dataclass(frozen=True, slots=True)
class Claim:
    """How many rows stand behind a finding that no table is about.

    Args:
        probe: whose finding it is.
        levels: of its group, by feature.
        but_not: why rows of that group do not count.
        n: how many do.
    """

    probe: str
    levels: tuple[tuple[str, str], ...]
    but_not: frozenset[Cause]
    n: int

    @property
    def slice_(self) -> dict[str, str]:
        """Feature → level."""
        return dict(self.levels)

    @property
    def group(self) -> Group:
        """The same as a group."""
        return frozenset(self.levels)


@dataclass(frozen=True)
class Told:
    """What a report says beside its tables.

    Args:
        lacking: which rows lack what, exactly.
        facts: the numbers of rows that it would state.
        claims: the denominators of findings that no table is about.
        decision: the columns (empty for a model's answer) that decide whether a row has a decision.
        outcome: the column of outcomes, where they are told favourable or not.
        weight: the column of weights.
        leaving: tables of whose counts the audit knows only that they add up to the people of a
            group, by number → why people of that group are not in it.
        parts: what the worst-case bounds of its findings give away.
    """

    lacking: Lacking
    facts: Sequence[Fact] = ()
    claims: Sequence[Claim] = ()
    decision: frozenset[str] = frozenset()
    outcome: str | None = None
    weight: str | None = None
    leaving: Mapping[int, frozenset[Cause]] = field(default_factory=dict)
    parts: Sequence[Parts] = ()

    def few(self, gone: frozenset[Cause], least: int) -> bool:
        """Whether so few people lack exactly this."""
        units = self.lacking.units.get(gone)
        return 0 < (self.lacking.sets[gone] if units is None else units.size) < least

    def rare(self, fact: Fact, least: int) -> bool:
        """Whether so few people stand behind a number of rows that lack something."""
        if not self.lacking.units or fact.lacks is None:
            return 0 < self.value(fact) < least
        whose = [
            units
            for gone, units in self.lacking.units.items()
            if fact.lacks in gone and not fact.but_not & gone
        ]
        return bool(whose) and np.unique(np.concatenate(whose)).size < least

    def value(self, fact: Fact) -> int:
        """How many rows."""
        return self.lacking.number(fact.lacks, fact.but_not)

    @cached_property
    def complete(self) -> frozenset[str]:
        """The columns of which it is known that no row lacks a value."""
        looked = {c.column for c in self.lacking.watched if c.kind == "missing"}
        return frozenset(looked - {c.column for c in self.lacking.causes if c.kind == "missing"})

    def reading(self, attributes: Iterable[str]) -> Reading:
        """How rows may lack things that are no levels of these attributes."""
        levelled = frozenset(attributes)
        decision, outcome, others = list[Cause](), list[Cause](), dict[str, tuple[Cause, ...]]()
        for cause in sorted(self.lacking.causes):
            if cause.kind == "missing" and cause.column in levelled:
                continue
            if cause.column in self.decision:
                decision.append(cause)
            elif cause.column == self.outcome:
                outcome.append(cause)
            else:
                others[cause.column] = (*others.get(cause.column, ()), cause)
        zero = Cause("zero", self.weight or "")
        return Reading(
            decision=tuple(decision), outcome=tuple(outcome), others=others,
            complete=self.complete, judged=self.outcome is not None,
            weightless=zero if zero in self.lacking.causes else None,
        )  # fmt: skip

    def small(self, least: int) -> Iterator[frozenset[Cause]]:
        """The sets of causes that exactly so few rows lack."""
        yield from (gone for gone in self.lacking.sets if self.few(gone, least))


@dataclass(frozen=True, slots=True)
class Target:
    """Small counts that must stay unknown.

    Args:
        forms: the names of the linear forms that they are.
        keys: the attributes that they are about.
        table: the table of this report in whose row they stand; None where they stand in none.
    """

    forms: tuple[object, ...]
    keys: tuple[str, ...]
    table: int | None = None


@dataclass
class Audit:
    """The attacker's equations over the joint counts of this report and the earlier ones.

    Reports that count the same answers share their unknowns. Others have unknowns of their own,
    but of the same people: in each joint cell as many people, and as many with each outcome where
    outcomes are read alike. (Any two tables with equal margins can be coupled, so nothing more is
    known.)

    Args:
        reports: the full tables of this report, then of each earlier one.
        shown: as published, None for this report.
        told: what this report says beside its tables.
        lines: every linear form.
        base: what is known whatever is suppressed.
        small: the forms of small counts that stand in no row of this report: their attributes.
        claims: the denominators of findings that no table is about, by form.
        bounded: what bounds give away → its forms and what they are.
        missing: the same of counts of people without a level, small or not: nothing here counts
            them, so one is taken for small where what is known leaves it no other value.
        points: rows that were found to fit what somebody may know: where they lie far enough apart,
            no linear programme need be solved to see that a count is not pinned down.
    """

    reports: Sequence[Sequence[Table]]
    shown: Sequence[Sequence[Table] | None]
    told: Told | None
    lines: Lines
    base: list[tuple[object, float]]
    within: list[tuple[object, Band]]
    small: dict[object, tuple[str, ...]] = field(default_factory=dict)
    missing: dict[object, tuple[str, ...]] = field(default_factory=dict)
    claims: list[tuple[object, Claim]] = field(default_factory=list)
    bounded: dict[Parts, list[tuple[object, int]]] = field(default_factory=dict)
    points: deque[Point] = field(default_factory=lambda: deque(maxlen=KEPT))

    @classmethod
    def of(
        cls,
        tables: Sequence[Table],
        earlier: Sequence[Earlier] = (),
        *,
        least: int = 0,
        told: Told | None = None,
        bands: Mapping[Row, Band] | None = None,
        answers: str = "",
        outcomes: str = "",
        trusted: bool = True,
    ) -> "Audit | None":
        """The audit of all tables whose counts have a meaning here.

        None if there are too many cells, or no rows can have given the tables.
        """
        for blocks, alike in _sharings(earlier, answers, outcomes):
            for said in _fewer(told):
                made = _Equations(tables, earlier, blocks, alike, said, bands or {}, least).put()
                if made is not None and made.possible():
                    return made
            if not trusted:
                return None
        return None

    def targets(self, least: int) -> Iterator[Target]:
        """Small counts that stand in no row of this report, the coarsest first."""
        for report, shown in enumerate(self.shown):
            for t, table in enumerate(shown or ()):
                for r, (_, counts) in enumerate(table.rows):
                    full = self.reports[report][t].rows[r][1] or ()
                    small = tuple(
                        ("cell", report, t, r, c) for c, n in enumerate(full)
                        if n < least and ("cell", report, t, r, c) in self.lines
                    )  # fmt: skip
                    if counts is None and small:
                        yield Target(small, table.keys)
        unseen = {**self.small, **self.missing}
        for form, keys in sorted(unseen.items(), key=lambda each: len(each[1])):
            yield Target((form,), keys)

    def narrow(
        self, targets: Iterable[Target], hidden: Hidden, least: int,
        opened: Iterable[object] = (),
    ) -> bool:  # fmt: skip
        """Whether what is published pins a small count down to fewer than `least`."""
        known = self.known(hidden, opened)
        return any(self.pinned(target, known, least) for target in targets)

    def pinned(self, target: Target, known: "Known", least: int) -> bool:
        """Whether what is known pins a small count down to fewer than `least`."""
        for form in target.forms:
            narrow = known.range(self.lines[form], least) if form in self.lines else None
            if narrow is None:
                continue
            many = self.told is None or not self.told.lacking.units
            low, high = narrow
            if form not in self.missing or not (high < 1 or (many and low >= least)):
                return True
        return False

    def open(self, targets: Sequence[Target], hidden: Hidden, least: int) -> list[object]:
        """What is told beside the rows, as far as no small count is given away by it.

        Facts are themselves; the sums of a table are its number; everyone's counts are their row,
        which a rate of everybody gives away, however small they are.
        """
        wanted, found = list(self._wanted(least)), list[object]()
        if not self.narrow(targets, hidden, least, wanted):
            found, wanted = wanted, []
        for one in (*wanted, *self._bounded(least)):
            if not self.narrow(targets, hidden, least, [*found, one]):
                found.append(one)
        return found

    def _bounded(self, least: int) -> Iterator[Parts]:
        """What bounds give away, where it tells of no few rows."""
        for parts in self.told.parts if self.told else ():
            if parts in self.bounded and parts.least() >= least:
                yield parts

    def _wanted(self, least: int) -> Iterator[object]:
        """Zeros first, which nothing can hide; then what tells most."""
        told = self.told
        facts = [f for f in dict.fromkeys(told.facts) if f in self.lines] if told else []
        values = {fact: told.value(fact) for fact in facts} if told else {}
        yield from (fact for fact in facts if values[fact] == 0)
        for t, table in enumerate(self.reports[0]):
            sums = [sum(c[at] for _, c in table.rows if c) for at in range(len(table.counts))]
            known = ("sum", 0, t, 0) in self.lines
            if known and table.keys and table.rows and min(sums, default=0) >= least:
                yield t
        yield from (fact for fact in facts if values[fact] >= least)
        yield from (
            (t, 0) for t, table in enumerate(self.reports[0]) if not table.keys and table.rows
        )

    def known(self, hidden: Hidden, opened: Iterable[object] = ()) -> Known:
        """What everyone knows: the rows that are published, and what is told beside them."""
        known = Known(self.lines)
        for name, value in self.base:
            known.equal(name, value)
        for name, (low, high) in self.within:
            known.within(name, low, high)
        rest = set(opened)
        for report, tables in enumerate(self.reports):
            gone: Hidden = suppressed(self.shown[report] or ())
            gone = hidden - rest if report == 0 else gone
            for t, table in enumerate(tables):
                for c in range(len(table.counts)) if ("sum", report, t, 0) in self.lines else ():
                    cells = [("cell", report, t, r, c) for r in range(len(table.rows))]
                    for cell in cells:
                        if (t, cell[3]) not in gone:
                            known.equal(cell, self._count(cell))
                    if report > 0 or t in rest or self.told is None:
                        known.equal(("sum", report, t, c), sum(map(self._count, cells)))
        away = [one for one in hidden if isinstance(one, frozenset)]
        for name, claim in self.claims:
            if not any(one <= claim.group for one in away):
                known.equal(name, claim.n)
        for fact in rest:
            if isinstance(fact, Fact) and self.told is not None:
                known.equal(fact, self.told.value(fact))
            for name, value in self.bounded.get(fact, ()) if isinstance(fact, Parts) else ():
                known.equal(name, value)
        known.recall(self.points)
        return known

    def possible(self) -> bool:
        """Whether some rows could have given all the tables."""
        return self.known(set(), self._wanted(0)).possible()

    def _count(self, cell: tuple[str, int, int, int, int]) -> int:
        _, report, t, r, c = cell
        counts = self.reports[report][t].rows[r][1]
        return 0 if counts is None else counts[c]


@dataclass
class _Equations:
    """Puts what is known into linear forms."""

    tables: Sequence[Table]
    earlier: Sequence[Earlier]
    blocks: Sequence[int]
    alike: set[int]
    told: Told | None
    bands: Mapping[Row, Band]
    least: int

    def put(self) -> Audit | None:
        """The equations; None where there are too many unknowns."""
        reports = [self.tables, *(one.full for one in self.earlier)]
        every = [table for report in reports for table in report if known_table(table)]
        complete = self.told.complete if self.told else frozenset[str]()
        levels = audit.levels(every, complete)
        for claim in self.told.claims if self.told else ():
            for name, level in claim.levels:
                start: list[str | None] = [] if name in complete else [None]
                known = levels.setdefault(name, start)
                known += [level] if level not in known else []
        kinds = self._kinds(every, levels)
        joint = int(np.prod([len(each) for each in levels.values()], dtype=object))
        if not audit.fits([joint, sum(map(len, kinds))]):
            return None
        space, lines = Space(levels, kinds), Lines(joint * sum(map(len, kinds)))
        shown = [None, *(one.shown for one in self.earlier)]
        made = Audit(reports, shown, self.told, lines, [], [])
        self._rows(made, space)
        self._links(made, space)
        if self.told is not None and not any(table.kind == "units" for table in every):
            self._told(made, space, self.told)
        if self.told is not None:
            self._missing(made, space)
        return made if lines.settle() else None

    def _kinds(
        self, tables: Sequence[Table], levels: Mapping[str, Sequence[str | None]]
    ) -> list[list[audit.Kind]]:
        if any(table.kind == "units" for table in tables):
            own = audit.patterns(count for table in tables for count in table.counts)
            return [own] * (1 + max(self.blocks))
        reading = audit.ANYTHING if self.told is None else self.told.reading(levels)
        return [reading.kinds(), *([audit.ANYTHING.kinds()] * max(self.blocks))]

    def _rows(self, made: Audit, space: Space) -> None:
        for report, tables in enumerate(made.reports):
            block = self.blocks[report]
            for t, table in enumerate(tables):
                for c, count in enumerate(table.counts) if known_table(table) else ():
                    whole = np.zeros(space.size, dtype=np.int8)
                    for r, (key, _) in enumerate(table.rows):
                        slice_ = dict(zip(table.keys, key, strict=True))
                        line = space.count(block, slice_, count, within=table.within)
                        if report == 0 and self.told is not None and t in self.told.leaving:
                            line = line & space.fact(Fact(None, self.told.leaving[t]))
                        made.lines.add(("cell", report, t, r, c), line)
                        whole = whole + line
                    made.lines.add(("sum", report, t, c), whole)
        for (t, r), band in self.bands.items():
            if known_table(table := self.tables[t]):
                slice_ = dict(zip(table.keys, table.rows[r][0], strict=True))
                each = [space.count(0, slice_, n, within=table.within) for n in table.counts]
                made.lines.add(("band", t, r), np.sum(each, axis=0, dtype=np.int8))
                made.within.append((("band", t, r), band))

    def _links(self, made: Audit, space: Space) -> None:
        """Between the first block and each other one: as many people, and outcomes, in each cell."""
        margins = {0: audit.KINDS, 1: ("tp", "fn"), 2: ("fp", "tn")}
        for block in range(1, 1 + max(self.blocks)):
            for margin, answers in margins.items():
                if margin and block not in self.alike:
                    continue
                for cell in range(len(space.joint)):
                    line = space.people(cell, 0, answers) - space.people(cell, block, answers)
                    made.lines.add(("link", block, margin, cell), line)
                    made.base.append((("link", block, margin, cell), 0.0))

    def _told(self, made: Audit, space: Space, told: Told) -> None:
        every = told.lacking.causes
        if not all(space.knows(cause) for cause in every):
            return
        for fact in {*told.facts, ROWS, *(Fact(cause) for cause in every)}:
            made.lines.add(fact, space.fact(fact))
            value = told.value(fact)
            if told.rare(fact, self.least):
                made.small[fact] = self._about(space, {fact.lacks} if fact.lacks else set())
            if fact.lacks is not None and value and fact in told.facts:
                made.within.append((fact, (1, None)))
        for gone in told.small(self.least):
            made.lines.add(gone, space.exactly(gone, every))
            made.small[gone] = self._about(space, gone)
        for claim in told.claims:
            if set(claim.slice_) <= set(space.levels):
                inside = space.slice(0, claim.slice_)
                line = inside.astype(bool) & space.fact(Fact(None, claim.but_not)).astype(bool)
                name = ("claim", claim.levels, claim.but_not)
                made.lines.add(name, line.astype(np.int8))
                made.claims.append((name, claim))
                if 0 < claim.n < self.least:
                    made.small[name] = tuple(claim.slice_)
        for parts in told.parts:
            self._bounds(made, space, parts)
        if (rows := {one.rows for one in self.earlier} - {None}) and told.lacking.rows in rows:
            made.base.append((ROWS, told.lacking.rows))

    @staticmethod
    def _bounds(made: Audit, space: Space, parts: Parts) -> None:
        """What worst-case bounds give away, group by group."""
        known = dict(parts.counts)
        if not set(parts.features) <= set(space.levels):
            return
        groups = list(product(*(space.levels[name] for name in parts.features)))
        if len(groups) > MOST_BOUNDED or any(group not in groups for group, _ in known):
            return
        forms = made.bounded.setdefault(parts, [])
        for group in groups:
            for kinds in {*parts.free, *(own for at, own in known if at == group)}:
                name = (parts, group, kinds)
                slice_ = dict(zip(parts.features, group, strict=True))
                made.lines.add(name, space.kinds_of(slice_, kinds))
                forms.append((name, known.get((group, kinds), 0)))

    def _missing(self, made: Audit, space: Space) -> None:
        """Counts of people who lack a level, or an outcome, by which tables may differ."""
        known = [table for table in self.tables if known_table(table)]
        counts = sorted({count for table in known for count in table.counts} | {"people"})
        undecided = any("up" in kind.answers for kind in space.kinds[0])
        open_ = ("up", "down") if undecided else ()
        for keys in sorted({tuple(sorted({*t.keys, *t.within})) for t in known}):
            for key in product(*(space.levels[name] for name in keys)):
                slice_ = dict(zip(keys, key, strict=True))
                for count in (*counts, *open_) if None in key else open_:
                    name = ("missing", *sorted(slice_.items()), count)
                    made.lines.add(name, space.count(0, slice_, count))
                    made.missing[name] = keys

    @staticmethod
    def _about(space: Space, causes: Iterable[Cause]) -> tuple[str, ...]:
        return tuple(sorted({c.column for c in causes} & set(space.levels)))


def _fewer(told: Told | None) -> Iterator[Told | None]:
    """What is told beside the tables, and less of it where the audit of all would be too large."""
    if told is not None:
        yield told
        if told.parts:
            yield replace(told, parts=())
    yield None


def known_table(table: Table) -> bool:
    """Whether the audit knows what a table counts."""
    return table.kind in COUNTED and bool(table.rows) and set(table.counts) <= set(MEANS)


def suppressed(shown: Sequence[Table]) -> set[Row]:
    """The rows that a report has suppressed."""
    return {
        (t, r)
        for t, table in enumerate(shown)
        for r, (_, counts) in enumerate(table.rows)
        if counts is None
    }


def _sharings(
    earlier: Sequence[Earlier], answers: str, outcomes: str
) -> Iterator[tuple[list[int], set[int]]]:
    """What reports may share, most first: per report its block, and the blocks with outcomes alike.

    Less is shared where more would contradict the counts: a model that answers differently when
    asked again, or outcomes that are known for those alone who got an answer.
    """
    numbers: dict[str, int] = {answers: 0}
    together = [0, *(numbers.setdefault(one.answers, len(numbers)) for one in earlier)]
    apart = list(range(len(earlier) + 1))
    for blocks in (together, apart):
        pairs = zip(blocks[1:], earlier, strict=True)
        yield blocks, {block for block, one in pairs if one.outcomes == outcomes} - {0}
        yield blocks, set()
