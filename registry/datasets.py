"""Data sets on record: digest, schema, roles of columns, owner; rows are the owner's alone.

A file is stored as it was sent. Everything on the record may be shown to those who may see the
record; the rows go to the owner, and to the worker that runs what the owner asked for.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from enum import StrEnum
from pathlib import Path
from typing import Any

import pyarrow as pa
from sqlalchemy import BigInteger, ForeignKey, Integer, String, UniqueConstraint, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from registry import journal, lengths, periods, reidentification, tables
from registry.artifacts import ArtifactStore
from registry.database import Identified, Record
from registry.datafiles import Stored, keep, require_said
from registry.errors import Conflict, NotFound
from registry.language import Text
from registry.lengths import Limit
from registry.organisations import Actor, Role
from registry.reidentification import Looked, ReidentificationCheck, Wish

NAME = Limit("name", Text("名称", "name"), 120)
NAME_EN = Limit("name_en", Text("英文名称", "name in English"), 120)
SOURCE = Limit("source", Text("来源", "source"), 1000)
DEIDENTIFICATION = Limit(
    "deidentification", Text("去标识化说明", "statement of de-identification"), 1000
)
HELD_OUT = Limit("held_out", Text("与训练数据怎样分开", "statement of what was held out"), 500)


class Use(StrEnum):
    """What a data set was registered for."""

    EVALUATION = "evaluation"
    EXPLANATION = "explanation"


class Dataset(Identified, Record):
    """One registered data set.

    `name_en` is empty where there is no English name; the other stands in for it then.
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
    name_en: Mapped[str] = mapped_column(String(120), default="", server_default="")
    period: Mapped[str] = mapped_column(String(30), default="", server_default="")
    """The time that the rows are from (`registry.periods`); empty where nobody said it."""

    @property
    def called(self) -> Text:
        """What it is called in either language."""
        return called(self.name, self.name_en)


def called(name: str, name_en: str) -> Text:
    """What data are called in either language; those in Chinese alone are called the same in English.

    Args:
        name: as their record has it.
        name_en: in English; empty where nobody gave one.
    """
    return Text(name, name_en or name)


class DatasetNotFound(NotFound):
    """No such data set: check the identifier."""


class AlreadyRegistered(Conflict):
    """These bytes are on record with another description: use that record."""


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
    deidentification: str,
    held_out: str = "",
    name_en: str = "",
    period: str = "",
    wish: Wish | None = None,
    limit: int | None = None,
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
        name_en: what it is called in English, where it has a name in English.
        period: the time that the rows are from (`registry.periods`).
        wish: the re-identification check; data for an evaluation are always checked, by their
            sensitive columns where nothing is named.
        limit: the largest file taken, bytes.

    Raises:
        WrongRole: when the actor may not register for this use.
        DatasetRefused: with every reason.
        PeriodUnreadable: where the period is none.
        QuasiIdentifiersUnknown, Reidentifiable: when what was named cannot be checked, or falls
            short of the set k and is not acknowledged.
        AlreadyRegistered: when the same bytes are on record otherwise described.
    """
    require(by, use)
    if wish is None and use == Use.EVALUATION:
        wish = Wish()
    return record(
        session,
        keep(store, path, columns=columns, wish=wish, limit=limit),
        by=by,
        name=name,
        use=use,
        source=source,
        deidentification=deidentification,
        held_out=held_out,
        name_en=name_en,
        period=period,
    )


def record(
    session: Session,
    stored: Stored,
    *,
    by: Actor,
    name: str,
    use: Use,
    source: str,
    deidentification: str,
    held_out: str = "",
    name_en: str = "",
    period: str = "",
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
        name_en: as for `register`.
        period: as for `register`.

    Raises:
        WrongRole, DatasetRefused, PeriodUnreadable, AlreadyRegistered: as for `register`.
    """
    require(by, use)
    period = periods.checked(period)
    require_said({"name": name, "source": source, "deidentification": deidentification})
    given = (name, name_en, source, deidentification, held_out)
    limits = (NAME, NAME_EN, SOURCE, DEIDENTIFICATION, HELD_OUT)
    lengths.check(zip(limits, given, strict=True))
    known = session.scalar(
        select(Dataset).where(
            Dataset.organisation_id == by.organisation_id,
            Dataset.digest == stored.digest,
            Dataset.use == use,
        )
    )
    if known is not None:
        _same(known, name=name.strip(), name_en=name_en.strip(), columns=stored.columns)
        later = {"deidentification": deidentification, "name_en": name_en, "period": period}
        _complete(session, known, later, by=by)
        if reidentification.latest(session, known.id) is None:
            _check(session, known.id, stored.looked, by=by)
        return known
    dataset = Dataset(
        organisation_id=by.organisation_id,
        name=name.strip(),
        name_en=name_en.strip(),
        period=period,
        use=use,
        digest=stored.digest,
        format=stored.format,
        size=stored.size,
        rows=stored.rows,
        columns=stored.columns,
        source=source.strip(),
        deidentification=deidentification.strip(),
        held_out=held_out.strip(),
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
    _check(session, dataset.id, stored.looked, by=by)
    return dataset


def _complete(session: Session, known: Dataset, later: Mapping[str, str], *, by: Actor) -> None:
    """Add what was not said when the file was registered; what was said stays."""
    said: list[str] = []
    for name, text in later.items():
        if not getattr(known, name) and text.strip():
            setattr(known, name, text.strip())
            said.append(f"dataset:{name}:said")
    session.flush()
    for event in said:
        journal.record(
            session,
            event,
            known.id,
            person_id=by.person_id,
            organisation_id=by.organisation_id,
            digest=known.digest,
        )


def look(store: ArtifactStore, dataset: Dataset, wish: Wish) -> Looked:
    """Look at a registered data set as a wish says, before anything is final.

    Args:
        store: where the bytes are.
        dataset: which.
        wish: what to look at.

    Raises:
        QuasiIdentifiersUnknown: with every name that cannot be checked.
    """
    return reidentification.look(batches(store, dataset), dataset.columns, wish)


def check(
    session: Session, store: ArtifactStore, *, by: Actor, dataset: Dataset, wish: Wish
) -> ReidentificationCheck:
    """Check a registered data set again, or for the first time, and put the result on record.

    Args:
        session: the caller's transaction.
        store: where the bytes are.
        by: someone of the organisation that owns the data.
        dataset: which.
        wish: what to look at, and the reason where it falls short.

    Raises:
        WrongRole, NotYours: when the actor may not register data for its use, or does not own it.
        QuasiIdentifiersUnknown, Reidentifiable: as for `register`.
    """
    return record_check(session, by=by, dataset=dataset, looked=look(store, dataset, wish))


def record_check(
    session: Session, *, by: Actor, dataset: Dataset, looked: Looked
) -> ReidentificationCheck:
    """Put on record what `look` showed.

    Args:
        session: the caller's transaction.
        by: as for `check`.
        dataset: as for `check`.
        looked: what `look` returned.

    Raises:
        WrongRole, NotYours, Reidentifiable: as for `check`.
    """
    require(by, dataset.use)
    by.own(dataset.organisation_id)
    return reidentification.record(session, dataset.id, looked, by=by)


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
        "name_en": dataset.name_en,
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
        "period": dataset.period,
        "created": dataset.created.isoformat(),
    }


def load(store: ArtifactStore, dataset: Dataset, words: Collection[str] = ()) -> pa.Table:
    """All rows, for the worker; whoever acts for a person calls `rows_for` instead.

    Args:
        store: where the bytes are.
        dataset: which.
        words: the columns of a CSV file that are read as the words that stand in it.

    Raises:
        BlobNotFound, BlobDamaged: when the store has not the bytes that were registered.
    """
    schema = pa.schema([(n, tables.TYPES[kind]) for n, kind in _kinds(dataset, words).items()])
    return pa.Table.from_batches(list(batches(store, dataset, words)), schema=schema)


def batches(
    store: ArtifactStore, dataset: Dataset, words: Collection[str] = ()
) -> Iterator[pa.RecordBatch]:
    """The rows in pieces, in the order of the file; for the worker, like `load`.

    Args:
        store: where the bytes are.
        dataset: which.
        words: as for `load`.
    """
    columns = _kinds(dataset, words)
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


def blobs(session: Session) -> set[str]:
    """The digests of every data set: what the store must hold."""
    return set(session.scalars(select(Dataset.digest)))


def _kinds(dataset: Dataset, words: Collection[str]) -> dict[str, str]:
    """Column → the type in which it is read."""
    kinds = {str(column["name"]): str(column["type"]) for column in dataset.columns}
    return tables.worded(dataset.format, kinds, words)


def _check(session: Session, dataset_id: str, looked: Looked | None, *, by: Actor) -> None:
    """Record a check that ended; columns that nobody named and fall short leave it open."""
    if looked is not None and looked.state is not None:
        reidentification.record(session, dataset_id, looked, by=by)


def _same(known: Dataset, *, name: str, name_en: str, columns: list[dict[str, Any]]) -> None:
    other = known.name_en and name_en and known.name_en != name_en
    if known.columns != columns or known.name != name or other:
        raise AlreadyRegistered(
            f"同一个文件已登记为“{known.called.zh}”，但名称或列的说明不同。请使用原有登记。",
            f"This file is on record as {known.called.en!r} with another name or other columns. "
            "Use that record.",
        )
