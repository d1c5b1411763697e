"""Rows that two data sets of one organisation share, found without keeping or showing any row."""

import secrets
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from hashlib import blake2b

import pyarrow as pa
from sqlalchemy.orm import Session

from registry import datasets
from registry.artifacts import ArtifactStore
from registry.datasets import Dataset

MOST_ROWS = 500_000
"""Rows that are read while somebody waits for a page; what goes beyond is not compared."""
MOST_SETS = 20
FEWEST_COLUMNS = 2


@dataclass(frozen=True, slots=True)
class Overlap:
    """How much of one data set occurs in another.

    Args:
        rows: rows of the first.
        shared: how many of them occur in the second.
        columns: the columns by which they were compared.
    """

    rows: int
    shared: int
    columns: tuple[str, ...]

    @property
    def share(self) -> float:
        """`shared` as a fraction of one."""
        return self.shared / self.rows


@dataclass(frozen=True, slots=True)
class Beside:
    """A data set beside another of the same organisation.

    Args:
        other: the other one.
        overlap: None where they were not compared: too large, or with too few columns in common.
    """

    other: Dataset
    overlap: Overlap | None


def overlap(store: ArtifactStore, first: Dataset, second: Dataset) -> Overlap:
    """How many rows of `first` also occur in `second`, by the columns that both have.

    Rows are compared by a hash under a key that is forgotten afterwards, so that nothing which
    could identify a row is kept or leaves this function.

    Args:
        store: where the bytes are.
        first: whose rows are counted.
        second: where they are looked for.
    """
    names = _common(first, second)
    if not names:
        return Overlap(first.rows, 0, ())
    if first.digest == second.digest:
        return Overlap(first.rows, first.rows, tuple(names))
    key = secrets.token_bytes(32)
    known = {
        hashed
        for batch in datasets.batches(store, second)
        for hashed in _hashes(batch, names, key)
    }
    shared = sum(
        hashed in known
        for batch in datasets.batches(store, first)
        for hashed in _hashes(batch, names, key)
    )
    return Overlap(first.rows, shared, tuple(names))


def beside(session: Session, store: ArtifactStore, dataset: Dataset) -> list[Beside]:
    """A data set beside the newest others of its own organisation, never of another one.

    Args:
        session: any session.
        store: where the bytes are.
        dataset: whose rows are looked for in the others.
    """
    others = [
        other
        for other in datasets.owned(session, dataset.organisation_id, limit=MOST_SETS + 1)
        if other.id != dataset.id
    ]
    found, left = [], MOST_ROWS
    for other in others[:MOST_SETS]:
        cost = _cost(dataset, other)
        compared = cost is not None and cost <= left
        left -= (cost or 0) if compared else 0
        found.append(Beside(other, overlap(store, dataset, other) if compared else None))
    return found


def _cost(first: Dataset, second: Dataset) -> int | None:
    """The rows that a comparison reads; None where too few columns are in common."""
    if first.digest == second.digest:
        return 0
    few = min(FEWEST_COLUMNS, len(first.columns), len(second.columns))
    return first.rows + second.rows if len(_common(first, second)) >= few > 0 else None


def _common(first: Dataset, second: Dataset) -> list[str]:
    return sorted({c["name"] for c in first.columns} & {c["name"] for c in second.columns})


def _hashes(batch: pa.RecordBatch, names: Sequence[str], key: bytes) -> Iterator[bytes]:
    columns = [batch.column(name).to_pylist() for name in names]
    for row in zip(*columns, strict=True):
        # 1 and 1.0 are one value, whichever of the two files calls it whole.
        told = repr([float(v) if isinstance(v, int) else v for v in row]).encode()
        yield blake2b(told, key=key, digest_size=16).digest()
