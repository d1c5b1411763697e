"""How many distinct units (people) stand behind the groups, where a unit may have several rows.

Rows are no people there: a count of rows may be large and of one person. So what is published, and
what is audited, are tables of distinct units: of each group how many have a row with such an answer.
A probe says by what a row needs for a finding (`Probe.needs`) whether it counts decisions,
outcomes, or only people; it need do nothing else.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from evaluators.accumulating.accumulators import Cells, Key, coded, truth
from evaluators.plan import Plan
from evaluators.probe import CLASS, DESERVED, FAVOURED, UNIT, Table
from evaluators.running.audit import KINDS, MEANS
from registry.findings import Finding

View = tuple[str, ...]
DECISIONS: View = ("favoured", "refused")
ERRORS: View = ("tp", "fp", "fn", "tn")
OUTCOMES: View = ("due", "undue")
PEOPLE: View = ("people",)
KIND_OF = {
    (1, 1): "tp", (1, 0): "fp", (0, 1): "fn", (0, 0): "tn", (1, -1): "up", (0, -1): "down",
    (-1, 1): "silent_due", (-1, 0): "silent_undue", (-1, -1): "silent",
}  # fmt: skip
"""Decision and outcome, −1 where there is none → the kind of answer."""


def empty(plan: Plan) -> Cells | None:
    """The census before any row; None where every row is a unit."""
    if plan.columns.unit is None:
        return None
    return Cells((*plan.columns.sensitive, UNIT), KINDS)


def add(
    before: Cells,
    block: pa.Table,
    units: npt.NDArray[np.uint64],
    derived: Mapping[str, pa.Array],
    weight: str | None,
) -> Cells:
    """The census with more rows.

    Args:
        before: without them.
        block: the rows.
        units: the unit of each.
        derived: the engine's own columns: decisions and outcomes, where there are any.
        weight: the column of weights; a row of no weight counts for nothing.
    """
    none = np.full(block.num_rows, -1, dtype=np.int64)
    got, due = (truth(derived[name]) if name in derived else none for name in (FAVOURED, DESERVED))
    counts = np.ones(block.num_rows, dtype=np.int64)
    if weight is not None:
        own = block[weight].cast(pa.float64()).combine_chunks().fill_null(0.0)
        counts = (own.to_numpy(zero_copy_only=False) > 0).astype(np.int64)
    by_kind = {kind: pair for pair, kind in KIND_OF.items()}
    marks = [counts * (got == by_kind[k][0]) * (due == by_kind[k][1]) for k in before.measures]
    columns = [coded(block[name]) for name in before.keys[:-1]]
    return before.add([*columns, coded(pa.array(units))], marks)


def view(needs: Iterable[str], plan: Plan) -> View:
    """What a finding counts, by what a row needs for it.

    Args:
        needs: columns of the data, and the engine's own.
        plan: names the outcome.
    """
    wanted, columns = frozenset(needs), plan.columns
    decides = bool({FAVOURED, CLASS} & wanted) and columns.favourable is not None
    if DESERVED in wanted or (columns.target in wanted and columns.favourable is not None):
        return ERRORS if decides else OUTCOMES
    return DECISIONS if decides else PEOPLE


def tables(
    census: Cells,
    name: str,
    found: Sequence[Finding],
    needs: Sequence[Iterable[str]],
    plan: Plan,
) -> list[Table]:
    """The tables of distinct units behind the findings of one probe.

    Args:
        census: of all rows.
        name: of the probe.
        found: its findings.
        needs: what a row needs for each.
        plan: names the outcome.
    """
    features = census.keys[:-1]
    wanted: dict[tuple[tuple[str, ...], View], None] = {}
    for finding, own in zip(found, needs, strict=True):
        counted = view(own, plan)
        if set(finding.slice) <= set(features) and (finding.slice or counted != PEOPLE):
            keys = tuple(feature for feature in features if feature in finding.slice)
            wanted[keys, counted] = None
    return [Table(name, keys, counted, tuple(_rows(census, keys, counted)), "units")
            for keys, counted in wanted]  # fmt: skip


def behind(census: Cells, tables: Sequence[Table]) -> list[Table]:
    """The same tables in rows, which is what the numbers of findings count.

    Args:
        census: of all rows.
        tables: of distinct units.
    """
    return [replace(table, kind="people", rows=tuple(_sums(census, table))) for table in tables]


def _sums(census: Cells, table: Table) -> Iterator[tuple[tuple[str, ...], tuple[int, ...]]]:
    """Per group of a table the rows of each kind, in the order of the table."""
    places = [census.keys.index(name) for name in table.keys]
    marks = np.array([[kind in MEANS[count] for kind in KINDS] for count in table.counts])
    found = {key: np.zeros(len(KINDS), dtype=np.int64) for key, _ in table.rows}
    for key, counts in census.table.items():
        levels = tuple(key[place] for place in places)
        if None not in levels:
            found[tuple(map(str, levels))] += np.array(counts, dtype=np.int64)
    for key, own in found.items():
        yield key, tuple(int(n) for n in marks @ own)


def uncounted(census: Cells, finding: Finding, needs: Iterable[str], plan: Plan) -> bool:
    """Whether a finding counts decisions or outcomes of groups that the census does not know."""
    return view(needs, plan) != PEOPLE and not set(finding.slice) <= set(census.keys[:-1])


def varying(census: Cells) -> frozenset[str]:
    """The compared features of which some unit has rows of several levels.

    Args:
        census: of all rows; a row without a level is of none.
    """
    seen = [dict[str | None, str]() for _ in census.keys[:-1]]
    found = set[str]()
    for key in census.table:
        for name, level, first in zip(census.keys, key[:-1], seen, strict=False):
            if level is not None and first.setdefault(key[-1], level) != level:
                found.add(name)
    return frozenset(found)


def _rows(
    census: Cells, keys: tuple[str, ...], counted: View
) -> Iterator[tuple[tuple[str, ...], tuple[int, ...]]]:
    """Per group the distinct units that have a row of each kind."""
    places = [census.keys.index(name) for name in keys]
    found: dict[Key, dict[str | None, int]] = {}
    for key, counts in census.table.items():
        levels = tuple(key[place] for place in places)
        if None in levels:
            continue
        own = found.setdefault(levels, {})
        own[key[-1]] = own.get(key[-1], 0) | sum(1 << at for at, n in enumerate(counts) if n)
    bits = [sum(1 << KINDS.index(kind) for kind in MEANS[count]) for count in counted]
    for levels in sorted(found, key=str):
        units = found[levels].values()
        yield tuple(map(str, levels)), tuple(sum(bool(u & bit) for u in units) for bit in bits)
