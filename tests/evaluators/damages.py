"""Plans with data that go wrong: every way in which a table may not be what a plan expects."""

import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from evaluators.probe import Probe

MANY = 10_000


@dataclass(frozen=True)
class Damaged:
    """A plan with its data, one thing of which is wrong.

    Args:
        what: is wrong, and where.
        plan: as JSON content.
        table: the data.
        refused: whether the engine has to refuse them; None where it may, with reasons.
        quiet: whether nothing may be claimed.
    """

    what: str
    plan: Mapping[str, Any]
    table: pa.Table
    refused: bool | None = None
    quiet: bool = False


class Checksum:
    """A deterministic model that takes anything: its answer is a checksum of the row."""

    def score(self, frames: Sequence[pa.Table]) -> list[npt.NDArray[np.float64]]:
        """Per row a number from 0 to 1."""
        return [
            np.array([zlib.crc32(repr(row).encode()) / 2**32 for row in frame.to_pylist()])
            for frame in frames
        ]


def named(plan: Mapping[str, Any], table: pa.Table) -> list[str]:
    """The columns of the data that a plan names."""
    found: list[str] = []
    for value in plan["columns"].values():
        names = value if isinstance(value, list) else [value]
        found += [n for n in names if n in table.schema.names and n not in found]
    return found


def damages(probe: type[Probe[Any]]) -> Iterator[Damaged]:
    """Every damage to the first simulated data set of a probe."""
    make = next(iter(probe.nulls().values()))
    case = make(np.random.default_rng(11))
    plan, table = deepcopy(dict(case.plan)), case.table
    yield Damaged("nothing", plan, table, refused=False)
    for name in named(plan, table):
        yield Damaged(f"{name} is not there", plan, table.drop_columns([name]), refused=True)
        twice = table.append_column(name, table[name])
        yield Damaged(f"{name} is there twice", plan, twice, refused=True)
        for said, damage in COLUMNS.items():
            column = damage(table[name])
            if column is not None:
                yield Damaged(f"{name} {said}", plan, _with(table, name, column))
    yield Damaged("no row", plan, table.slice(0, 0), refused=True)
    yield Damaged("one row", plan, table.slice(0, 1), refused=False, quiet=True)
    yield Damaged("two rows", plan, table.slice(0, 2), refused=False)
    yield from _silent_groups(plan, table)
    yield from _outcomes(plan, table)
    yield from _weights(plan, table)


def _silent_groups(plan: Mapping[str, Any], table: pa.Table) -> Iterator[Damaged]:
    """Groups with nothing known about them."""
    columns = plan["columns"]
    answers = [columns[r] for r in ("target", "prediction", "score", "price") if r in columns]
    for name in [*columns.get("sensitive", []), *columns.get("profile", [])]:
        first = pc.equal(table[name], table[name][0])
        damaged = table
        for answer in answers:
            damaged = _with(damaged, answer, pc.if_else(first, None, table[answer]))
        yield Damaged(f"a group of {name} lacks its answers", plan, damaged, refused=False)


def many_levels(probe: type[Probe[Any]]) -> Iterator[Damaged]:
    """Columns of the first simulated data set of a probe that have thousands of levels."""
    case = next(iter(probe.nulls().values()))(np.random.default_rng(11))
    plan, table = dict(case.plan), case.table
    columns = plan["columns"]
    many = pa.concat_tables([table] * -(-MANY // table.num_rows)).slice(0, MANY)
    levels = pa.array([f"level {at}" for at in range(MANY)])
    grouped = [*columns.get("sensitive", []), *columns.get("profile", [])][:1]
    for name in [*grouped, *columns.get("control", [])]:
        yield Damaged(
            f"{name} has {MANY:,} levels", plan, _with(many, name, levels), refused=False
        )


def _outcomes(plan: Mapping[str, Any], table: pa.Table) -> Iterator[Damaged]:
    """Nobody gets or deserves the favourable result; everybody does."""
    for role in ("target", "prediction"):
        name = plan["columns"].get(role)
        if name is not None:
            for value in (0, 1):
                constant = pa.array([value] * table.num_rows, pa.int64())
                yield Damaged(
                    f"{name} is always {value}", plan, _with(table, name, constant), refused=False
                )


def _weights(plan: Mapping[str, Any], table: pa.Table) -> Iterator[Damaged]:
    """Weights that are none."""
    rows = np.arange(table.num_rows)
    weighed = {**plan, "columns": {**plan["columns"], "weight": "w"}}
    for said, values in {
        "negative": np.where(rows == 2, -1.0, 1.0),
        "missing": np.where(rows == 2, np.nan, 1.0),
        "infinite": np.where(rows == 2, np.inf, 1.0),
        "all zero": np.zeros(rows.size),
        "huge": np.where(rows == 2, 1e9, 1.0),
        "good": 1.0 + rows % 3,
    }.items():
        given = table.append_column("w", pa.array(values))
        yield Damaged(
            f"weights: {said}", weighed, given, refused=False if said == "good" else None
        )
    words = pa.array(["heavy"] * rows.size)
    yield Damaged("weights: words", weighed, table.append_column("w", words), refused=True)


def _with(table: pa.Table, name: str, column: Any) -> pa.Table:
    return table.set_column(table.schema.names.index(name), name, column)


def _text(column: pa.ChunkedArray) -> pa.Array:
    """As words; of numbers with a fraction the whole ones, or every row is a level of its own."""
    few = pc.round(column) if pa.types.is_floating(column.type) else column
    return pc.cast(few, pa.string())


def _strange(column: pa.ChunkedArray) -> pa.Array:
    rows = np.arange(len(column))
    return pc.if_else(pa.array(rows == 1), "never seen", _text(column))


def _extreme(column: pa.ChunkedArray) -> pa.Array | None:
    if not pa.types.is_floating(column.type):
        return None
    values = np.array(column.to_numpy(), dtype=np.float64)
    values[:4] = [np.nan, np.inf, -np.inf, 1e308]
    return pa.array(values)


def _now_and_then(column: pa.ChunkedArray) -> pa.Array:
    return pc.if_else(pa.array(np.arange(len(column)) % 7 == 0), None, column)


COLUMNS: dict[str, Callable[[pa.ChunkedArray], pa.Array | None]] = {
    "has an unseen level": _strange,
    "is text": _text,
    "is nowhere known": lambda column: pa.nulls(len(column), column.type),
    "is null": lambda column: pa.nulls(len(column)),
    "is sometimes missing": _now_and_then,
    "is constant": lambda column: pa.array([column[0].as_py()] * len(column), column.type),
    "has infinite values": _extreme,
    "is true or false": lambda column: pa.array(np.arange(len(column)) % 2 == 0),
}
