"""Data sets on record: digest, schema, roles of columns, owner; rows are the owner's alone.

A file is stored as it was sent. Everything on the record may be shown to those who may see the
record; the rows go to the owner, and to the worker that runs what the owner asked for.
"""

import hashlib
import secrets
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

import pyarrow as pa
from sqlalchemy import BigInteger, ForeignKey, Integer, String, UniqueConstraint, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from registry import journal, tables
from registry.artifacts import ArtifactStore, TooLarge
from registry.columns import declaration_faults, fault, missing, role_faults, role_of
from registry.database import Identified, Record
from registry.errors import Conflict, Invalid, NotFound, Reason
from registry.organisations import Actor, Role

MAX_BYTES = 2 * 1024**3


class Use(StrEnum):
    """What a data set was registered for."""

    EVALUATION = "evaluation"
    EXPLANATION = "explanation"


class Dataset(Identified, Record):
    """One registered data set.

    `digest` is the SHA-256 of the file as stored; `columns` is a list of
    {name, type, role, plain: {zh, en}, …} where type is one of boolean, long, double, datetime,
    string and role is one of input, target, sensitive, control, price, cost, profile, item, time,
    user, weight, other.
    """

    __tablename__ = "dataset"
    __table_args__ = (UniqueConstraint("organisation_id", "digest", "use"),)

    organisation_id: Mapped[str] = mapped_column(ForeignKey("organisation.id"), index=True)
    name: Mapped[str] = mapped_column(String(120))
    use: Mapped[Use] = mapped_column(String(20))
    digest: Mapped[str] = mapped_column(String(64), index=True)
    format: Mapped[str] = mapped_column(String(10))
    size: Mapped[int] = mapped_column(BigInteger().with_variant(Integer, "sqlite"))
    rows: Mapped[int] = mapped_column(BigInteger().with_variant(Integer, "sqlite"))
    columns: Mapped[list[Any]]
    source: Mapped[str] = mapped_column(String(1000))
    deidentification: Mapped[str] = mapped_column(String(1000), default="")
    held_out: Mapped[str] = mapped_column(String(500), default="")
    registered_by: Mapped[str] = mapped_column(ForeignKey("person.id"))


class DatasetNotFound(NotFound):
    """No such data set: check the identifier."""


class DatasetRefused(Invalid):
    """The data set breaks a rule: correct every item listed and register it again."""


class AlreadyRegistered(Conflict):
    """These bytes are on record with another description: use that record."""


@dataclass(frozen=True, slots=True)
class Stored:
    """A file that was inspected and stored, not yet on record.

    Args:
        digest: SHA-256 of the bytes as sent.
        format: csv, csv-gbk or parquet.
        size: bytes.
        rows: how many.
        columns: the file's columns in its order, with type and role.
    """

    digest: str
    format: str
    size: int
    rows: int
    columns: list[dict[str, Any]]


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


def register(
    session: Session,
    store: ArtifactStore,
    *,
    by: Actor,
    name: str,
    use: Use,
    path: Path,
    columns: Sequence[Mapping[str, Any]],
    source: str,
    deidentification: str = "",
    held_out: str = "",
    limit: int = MAX_BYTES,
) -> Dataset:
    """Inspect, store and record a data set.

    Args:
        session: the caller's transaction.
        store: where the bytes are kept.
        by: a tester, or a filer for data of the enterprise's own.
        name: what it is called.
        use: what for; explanations run on data that the filer registers.
        path: a CSV or Parquet file.
        columns: {name, role, type?, …} for the columns that have something to say; the rest are
            of role `other`. Further keys (plain, unit, direction, …) are kept.
        source: where the rows come from.
        deidentification: how persons were made unrecognisable.
        held_out: how it is known that the model was not trained on these rows.
        limit: the largest file taken, bytes.

    Raises:
        WrongRole: when the actor may not register for this use.
        DatasetRefused: with every reason.
        AlreadyRegistered: when the same bytes are on record otherwise described.
    """
    require(by, use)
    return record(
        session,
        keep(store, path, columns=columns, limit=limit),
        by=by,
        name=name,
        use=use,
        source=source,
        deidentification=deidentification,
        held_out=held_out,
    )


def keep(
    store: ArtifactStore,
    path: Path,
    *,
    columns: Sequence[Mapping[str, Any]],
    limit: int = MAX_BYTES,
) -> Stored:
    """Inspect a file and store it; needs no transaction, records nothing.

    Args:
        store: where the bytes are kept.
        path: a CSV or Parquet file.
        columns: as for `register`.
        limit: the largest file taken, bytes.

    Raises:
        TooLarge: when the file is larger than `limit`.
        DatasetRefused: with every reason.
    """
    size = path.stat().st_size
    if size > limit:
        raise TooLarge(
            f"数据文件超过上限 {limit:,} 字节。请减小后重新登记。",
            f"The file is larger than {limit:,} bytes. Register a smaller one.",
        )
    reasons = list(declaration_faults(columns))
    declared = {
        str(column.get("name")): str(column["type"]) for column in columns if "type" in column
    }
    try:
        found = tables.inspect(
            path, {name: kind for name, kind in declared.items() if kind in tables.TYPES}
        )
    except tables.TableRefused as refused:
        raise _refused([*reasons, *refused.reasons]) from refused
    described = {str(column.get("name", "")): column for column in columns}
    reasons += missing(described, found.columns)
    listed = [
        {
            **described.get(name, {}),
            "name": name,
            "type": kind,
            "role": role_of(described.get(name)),
        }
        for name, kind in found.columns.items()
    ]
    reasons += role_faults(listed)
    if reasons:
        raise _refused(reasons)
    return Stored(store.put(path), found.format, size, found.rows, listed)


def record(
    session: Session,
    stored: Stored,
    *,
    by: Actor,
    name: str,
    use: Use,
    source: str,
    deidentification: str = "",
    held_out: str = "",
) -> Dataset:
    """Put on record what `keep` stored; the same file for the same use is one record.

    Args:
        session: the caller's transaction.
        stored: what `keep` returned.
        by: as for `register`.
        name: as for `register`.
        use: as for `register`.
        source: as for `register`.
        deidentification: as for `register`.
        held_out: as for `register`.

    Raises:
        WrongRole, DatasetRefused, AlreadyRegistered: as for `register`.
    """
    require(by, use)
    texts = {"name": name, "source": source}
    if reasons := [_blank(item) for item, text in texts.items() if not text.strip()]:
        raise _refused(reasons)
    known = session.scalar(
        select(Dataset).where(
            Dataset.organisation_id == by.organisation_id,
            Dataset.digest == stored.digest,
            Dataset.use == use,
        )
    )
    if known is not None:
        return _same(known, name=name.strip(), columns=stored.columns)
    dataset = Dataset(
        organisation_id=by.organisation_id,
        name=name.strip()[:120],
        use=use,
        digest=stored.digest,
        format=stored.format,
        size=stored.size,
        rows=stored.rows,
        columns=stored.columns,
        source=source.strip()[:1000],
        deidentification=deidentification.strip()[:1000],
        held_out=held_out.strip()[:500],
        registered_by=by.person_id,
    )
    session.add(dataset)
    session.flush()
    journal.record(
        session,
        "dataset:file:registered",
        dataset.id,
        person_id=by.person_id,
        organisation_id=by.organisation_id,
        digest=dataset.digest,
        rows=dataset.rows,
        use=str(use),
    )
    return dataset


def require(by: Actor, use: Use) -> None:
    """Raise `WrongRole` unless the actor may register data for this use.

    Testers and filers evaluate (a filer only its own models); filers alone explain.
    """
    if use == Use.EXPLANATION or Role.TESTER not in by.roles:
        by.require(Role.FILER)


def get(session: Session, dataset_id: str) -> Dataset:
    """One data set.

    Raises:
        DatasetNotFound: when there is none.
    """
    dataset = session.get(Dataset, dataset_id)
    if dataset is None:
        raise DatasetNotFound(
            "没有这份数据，请检查编号。", "No such data set: check its identifier."
        )
    return dataset


def owned(
    session: Session,
    organisation_id: str,
    *,
    use: Use | None = None,
    limit: int = 50,
    before: str | None = None,
) -> Sequence[Dataset]:
    """An organisation's data sets, newest first, one page at a time.

    Args:
        session: any session.
        organisation_id: whose.
        use: only those registered for this use.
        limit: how many.
        before: the identifier at the end of the page before.
    """
    query = select(Dataset).where(Dataset.organisation_id == organisation_id)
    if use is not None:
        query = query.where(Dataset.use == use)
    if before is not None:
        query = query.where(Dataset.id < before)
    return session.scalars(query.order_by(Dataset.id.desc()).limit(limit)).all()


def about(dataset: Dataset) -> dict[str, Any]:
    """What may be said of a data set to whoever may see its record: never a row."""
    return {
        "id": dataset.id,
        "name": dataset.name,
        "use": str(dataset.use),
        "organisation_id": dataset.organisation_id,
        "digest": dataset.digest,
        "format": dataset.format,
        "size": dataset.size,
        "rows": dataset.rows,
        "columns": dataset.columns,
        "source": dataset.source,
        "deidentification": dataset.deidentification,
        "held_out": dataset.held_out,
        "created": dataset.created.isoformat(),
    }


def load(store: ArtifactStore, dataset: Dataset) -> pa.Table:
    """All rows, for the worker; whoever acts for a person calls `rows_for` instead.

    Args:
        store: where the bytes are.
        dataset: which.

    Raises:
        BlobNotFound, BlobDamaged: when the store has not the bytes that were registered.
    """
    return pa.Table.from_batches(list(batches(store, dataset)), schema=_schema(dataset))


def batches(store: ArtifactStore, dataset: Dataset) -> Iterator[pa.RecordBatch]:
    """The rows in pieces, in the order of the file; for the worker, like `load`.

    Args:
        store: where the bytes are.
        dataset: which.
    """
    columns = {str(column["name"]): str(column["type"]) for column in dataset.columns}
    with store.open(dataset.digest) as stream:
        yield from tables.batches(stream, dataset.format, columns)


def rows_for(by: Actor, store: ArtifactStore, dataset: Dataset) -> pa.Table:
    """All rows, for a person of the organisation that owns them.

    Args:
        by: who asks.
        store: where the bytes are.
        dataset: which.

    Raises:
        NotYours: when another organisation owns them.
    """
    by.own(dataset.organisation_id)
    return load(store, dataset)


def overlap(store: ArtifactStore, first: Dataset, second: Dataset) -> Overlap:
    """How many rows of `first` also occur in `second`, by the columns that both have.

    Rows are compared by a hash under a key that is forgotten afterwards, so that nothing which
    could identify a row is kept or leaves this function.

    Args:
        store: where the bytes are.
        first: whose rows are counted.
        second: where they are looked for.
    """
    names = sorted({c["name"] for c in first.columns} & {c["name"] for c in second.columns})
    if not names:
        return Overlap(first.rows, 0, ())
    key = secrets.token_bytes(32)
    known = {hashed for batch in batches(store, second) for hashed in _hashes(batch, names, key)}
    shared = sum(
        hashed in known for batch in batches(store, first) for hashed in _hashes(batch, names, key)
    )
    return Overlap(first.rows, shared, tuple(names))


def blobs(session: Session) -> set[str]:
    """The digests of every data set: what the store must hold."""
    return set(session.scalars(select(Dataset.digest)))


def _schema(dataset: Dataset) -> pa.Schema:
    return pa.schema([(c["name"], tables.TYPES[c["type"]]) for c in dataset.columns])


def _hashes(batch: pa.RecordBatch, names: Sequence[str], key: bytes) -> Iterator[bytes]:
    columns = [batch.column(name).to_pylist() for name in names]
    for row in zip(*columns, strict=True):
        # 1 and 1.0 are one value, whichever of the two files calls it whole.
        told = repr([float(v) if isinstance(v, int) else v for v in row]).encode()
        yield hashlib.blake2b(told, key=key, digest_size=16).digest()


def _same(known: Dataset, *, name: str, columns: list[dict[str, Any]]) -> Dataset:
    if known.columns != columns or known.name != name:
        raise AlreadyRegistered(
            f"同一个文件已登记为“{known.name}”，但名称或列的说明不同。请使用原有登记。",
            f"This file is on record as {known.name!r} with another name or other columns. "
            "Use that record.",
        )
    return known


def _blank(item: str) -> Reason:
    return fault(item, "不能为空。", "It must not be empty.")


def _refused(reasons: Sequence[Reason]) -> DatasetRefused:
    return DatasetRefused(
        "数据没有登记。请按所列原因逐项修改后重新登记。",
        "The data set was not registered. Correct every item listed and register it again.",
        reasons=reasons,
    )
