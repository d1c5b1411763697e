"""How easily the rows of a table single someone out: k-anonymity and uniqueness, counted exactly.

Rows that agree in every quasi-identifier form one class. With k the size of the smallest class,
whoever knows these values of a person finds at least k candidates (Sweeney 2002, doi
10.1142/S0218488502001648; GB/T 42460—2023, annex D, judges de-identification by this model). The
highest chance of picking the right one is 1/k; the average chance over all rows is classes / rows.
A missing value is a value of its own. Where a column says who a row is about, persons are counted
and not their rows, for forty rows of one person hide nobody.
"""

import secrets
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

ROW, PERSON = "row", "person"
MERGE_AT = 500_000
"""Rows of unmerged counts that are held at most; memory follows the number of classes."""


@dataclass(frozen=True, slots=True)
class Alone:
    """How much one quasi-identifier gives away by itself.

    Args:
        column: its name.
        values: how many different values it has, a missing one included.
        unique: how many rows or persons have a value that nobody else has.
    """

    column: str
    values: int
    unique: int


@dataclass(frozen=True, slots=True)
class Exposure:
    """How far the named columns single people out.

    Args:
        columns: the quasi-identifiers.
        k: the size that a class should have at least.
        unit: what is counted, `row` or `person`.
        members: how many of them; a person whose values change counts once under each.
        classes: how many different combinations of values occur.
        smallest: members of the smallest class.
        unique: members who are alone in their class.
        small_classes: classes with fewer than k members.
        small_members: members in such classes.
        alone: each column by itself.
    """

    columns: tuple[str, ...]
    k: int
    unit: str
    members: int
    classes: int
    smallest: int
    unique: int
    small_classes: int
    small_members: int
    alone: tuple[Alone, ...]

    @property
    def enough(self) -> bool:
        """Whether every class has at least k members."""
        return self.smallest >= self.k

    def as_json(self) -> dict[str, Any]:
        """The figures, with the shares and chances that follow from them."""
        return {
            **asdict(self),
            "columns": list(self.columns),
            "alone": [asdict(each) for each in self.alone],
            "unique_share": self.unique / self.members,
            "small_share": self.small_members / self.members,
            "highest_risk": 1 / self.smallest,
            "average_risk": self.classes / self.members,
            "enough": self.enough,
        }


def measure(
    batches: Iterable[pa.RecordBatch],
    columns: Sequence[str],
    *,
    k: int,
    person: str | None = None,
) -> Exposure:
    """Count the classes of a table that is read piece by piece.

    Args:
        batches: the rows; only the named columns are looked at.
        columns: the quasi-identifiers, at least one.
        k: the size that a class should have at least.
        person: the column that says who a row is about; rows without a value there are taken
            as one unknown person, which can only make a class look smaller.

    Raises:
        ValueError: when no column is named or there are no rows.
    """
    if not columns:
        raise ValueError("name at least one quasi-identifier")
    keys = [f"q{place}" for place in range(len(columns))]
    wanted = [*columns] if person is None else [*columns, person]
    names = keys if person is None else [*keys, "who"]
    counted = _merged(_Partial(wanted, names).over(batches), names)
    if not counted.num_rows:
        raise ValueError("there are no rows")
    sizes = _sizes(counted, keys, by_person=person is not None)
    return Exposure(
        columns=tuple(columns),
        k=k,
        unit=ROW if person is None else PERSON,
        members=int(sizes.sum()),
        classes=len(sizes),
        smallest=int(sizes.min()),
        unique=int((sizes == 1).sum()),
        small_classes=int((sizes < k).sum()),
        small_members=int(sizes[sizes < k].sum()),
        alone=tuple(
            _alone(column, _sizes(counted, [key], by_person=person is not None))
            for column, key in zip(columns, keys, strict=True)
        ),
    )


@dataclass(slots=True)
class _Partial:
    """Counts of the pieces read so far, merged before they take more room than the classes do."""

    wanted: Sequence[str]
    names: Sequence[str]
    secret: int = field(default_factory=lambda: secrets.randbits(64))

    def over(self, batches: Iterable[pa.RecordBatch]) -> list[pa.Table]:
        """The counts of all batches, in a few tables."""
        held: list[pa.Table] = []
        rows, bound = 0, MERGE_AT
        for batch in batches:
            made = self._counted(batch)
            held.append(made)
            rows += made.num_rows
            if rows > bound:
                held = [_merged(held, self.names)]
                rows = held[0].num_rows
                bound = max(MERGE_AT, 2 * rows)
        return held

    def _counted(self, batch: pa.RecordBatch) -> pa.Table:
        arrays = [_scattered(batch.column(name), self.secret) for name in self.wanted]
        table = pa.table(dict(zip(self.names, arrays, strict=True)))
        return _grouped(table, self.names, ([], "count_all"))


def _scattered(values: pa.Array, secret: int) -> pa.Array:
    """Keys that are equal where the values are, spread over all 64-bit numbers.

    The hash that groups rows keeps low bits low: numbers whose last bits are all zero, such as whole
    numbers held as fractions, fall on one another and take quadratic time. So their bits are mixed
    first, one to one (the finaliser of SplitMix64, doi 10.1145/2714064.2660195), with a number that
    whoever makes a file cannot know.

    Args:
        values: of one column; texts and truths are left as they are.
        secret: below 2 to the 64.
    """
    if pa.types.is_floating(values.type):
        values = pc.add(values, 0.0)  # 0 and -0 are one value
    if not (pa.types.is_primitive(values.type) and values.type.bit_width == 64):
        return values
    missing = values.is_null().to_numpy(zero_copy_only=False)
    bits = pc.fill_null(values.view(pa.int64()), 0).to_numpy(zero_copy_only=False)
    mixed = bits.view(np.uint64) ^ np.uint64(secret)
    mixed = (mixed ^ (mixed >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    mixed = (mixed ^ (mixed >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    mixed ^= mixed >> np.uint64(31)
    return pa.array(mixed.view(np.int64), mask=missing)


def _merged(tables: Sequence[pa.Table], names: Sequence[str]) -> pa.Table:
    if not tables:
        return pa.table({name: [] for name in [*names, "n"]})
    return _grouped(pa.concat_tables(tables), names, ("n", "sum"))


def _sizes(counted: pa.Table, keys: Sequence[str], *, by_person: bool) -> npt.NDArray[np.int64]:
    """The size of every class of `keys`: distinct persons, or rows."""
    if by_person:
        counted = _grouped(counted, [*keys, "who"], ("n", "sum"))
        counted = _grouped(counted, keys, ([], "count_all"))
    else:
        counted = _grouped(counted, keys, ("n", "sum"))
    sizes: npt.NDArray[np.int64] = counted.column("n").to_numpy()
    return sizes


def _grouped(table: pa.Table, keys: Sequence[str], how: Any) -> pa.Table:
    made = table.group_by(list(keys), use_threads=False).aggregate([how])
    values: Mapping[str, Any] = {key: made.column(key) for key in keys}
    counted = next(name for name in made.column_names if name not in keys)
    return pa.table({**values, "n": pc.cast(made.column(counted), pa.int64())})


def _alone(column: str, sizes: npt.NDArray[np.int64]) -> Alone:
    return Alone(column, len(sizes), int((sizes == 1).sum()))
