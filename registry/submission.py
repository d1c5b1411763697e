"""Models and their versions: what an enterprise submits, once, unchangeable.

A submission is screened first (bytes and lists only), then stored by digest, then recorded. The
first two need no transaction, so that a large upload never holds the database's write lock:
`keep` does them, `record` does the rest, and `submit` is both.
"""

import io
import tempfile
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import (
    BigInteger,
    ForeignKey,
    Integer,
    Select,
    String,
    UniqueConstraint,
    func,
    select,
)
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Mapped, Session, mapped_column

from registry import attestation, journal, lengths, model_names, outbox, screening
from registry.artifacts import ArtifactStore
from registry.database import Identified, Record
from registry.errors import Conflict, Invalid, NotFound
from registry.language import Text
from registry.lengths import Limit
from registry.organisations import Actor, Role
from registry.screening import Screening, TrustClass

NOTE = Limit("note", Text("这一版的说明", "note on this version"), 500)
MLFLOW_VERSION, MLFLOW_TAGS = "mlflow_version", "mlflow_tags"


class Model(Identified, Record):
    """A registered model: a name in an enterprise's workspace, and the versions under it."""

    __tablename__ = "model"
    __table_args__ = (UniqueConstraint("organisation_id", "name"),)

    organisation_id: Mapped[str] = mapped_column(ForeignKey("organisation.id"), index=True)
    name: Mapped[str] = mapped_column(String(120))


class Version(Identified, Record):
    """One model version: a manifest digest that never changes.

    `manifest` is a list of {path, sha256, size}; `digest` is the SHA-256 of its canonical JSON.
    `inputs` is the declared signature: a list of {name, type}. `screening` is what was found.
    """

    __tablename__ = "version"
    __table_args__ = (
        UniqueConstraint("model_id", "digest"),
        UniqueConstraint("model_id", "number"),
    )

    model_id: Mapped[str] = mapped_column(ForeignKey("model.id"), index=True)
    organisation_id: Mapped[str] = mapped_column(ForeignKey("organisation.id"), index=True)
    number: Mapped[int]
    digest: Mapped[str] = mapped_column(String(64), index=True)
    size: Mapped[int] = mapped_column(BigInteger().with_variant(Integer, "sqlite"))
    manifest: Mapped[list[Any]]
    flavour: Mapped[str] = mapped_column(String(40))
    trust_class: Mapped[TrustClass] = mapped_column(String(20))
    inputs: Mapped[list[Any]]
    screening: Mapped[dict[str, Any]]
    note: Mapped[str] = mapped_column(String(500), default="")
    submitted_by: Mapped[str] = mapped_column(ForeignKey("person.id"))
    mlflow_version: Mapped[str | None] = mapped_column(String(20))
    withdrawn: Mapped[datetime | None]


class Receipt(Identified, Record):
    """The answer given to one idempotency key, so that the same request gets it again."""

    __tablename__ = "receipt"
    __table_args__ = (UniqueConstraint("organisation_id", "key"),)

    organisation_id: Mapped[str] = mapped_column(ForeignKey("organisation.id"), index=True)
    key: Mapped[str] = mapped_column(String(80))
    version_id: Mapped[str] = mapped_column(ForeignKey("version.id"), index=True)
    made: Mapped[bool]


class VersionNotFound(NotFound):
    """No such version: check the identifier, or the model's name and number."""


class ModelNotFound(NotFound):
    """No such model in this organisation: check its name."""


class KeyAlreadyUsed(Conflict):
    """The idempotency key belongs to another submission: send a new key with new bytes."""


class ChangedWhileRead(Conflict):
    """A file changed between screening and storing: submit again when nothing writes to it."""


@dataclass(frozen=True, slots=True)
class MadeBy:
    """The run of MLflow that a version comes from, told with the wish for a version in MLflow.

    Whoever fulfils it, the request or a worker, names the same run; until then the run is kept.

    Args:
        run_id: the run; empty where nothing is known.
        run_link: where it is to be seen, when its sender said so.
    """

    run_id: str = ""
    run_link: str = ""

    def as_json(self) -> dict[str, str]:
        """What is known, and nothing else."""
        found = {"run_id": self.run_id, "run_link": self.run_link}
        return {name: value for name, value in found.items() if value}


NOBODY = MadeBy()


@dataclass(frozen=True, slots=True)
class Submitted:
    """The answer to a submission.

    Args:
        version: the version with these bytes.
        created: whether this request made it; False when the same bytes were on record already.
    """

    version: Version
    created: bool


def submit(
    session: Session,
    store: ArtifactStore,
    *,
    by: Actor,
    model_name: str,
    directory: Path,
    note: str = "",
    idempotency_key: str | None = None,
) -> Submitted:
    """Screen, store and record an MLflow model directory.

    Args:
        session: the caller's transaction.
        store: where the bytes are kept.
        by: a filer of the enterprise that owns the model.
        model_name: an existing model of that enterprise, or a new one.
        directory: the folder with `MLmodel` in it.
        note: what the filer says of this version.
        idempotency_key: the same key with the same bytes gets the same answer.

    Raises:
        WrongRole: when the actor is no filer.
        NameNotAllowed: when the name cannot stand.
        ScreeningFailed: with every reason, when the directory is refused.
        TextTooLong: when the note is.
        KeyAlreadyUsed: when the key came with another model or other bytes.
    """
    by.require(Role.FILER)
    name = model_names.checked(model_name)
    lengths.check([(NOTE, note)])
    return record(
        session,
        keep(store, directory),
        by=by,
        model_name=name,
        note=note,
        idempotency_key=idempotency_key,
    )


def submit_archive(
    session: Session,
    store: ArtifactStore,
    *,
    by: Actor,
    model_name: str,
    archive: Path,
    limit: int,
    note: str = "",
    idempotency_key: str | None = None,
) -> Submitted:
    """Unpack a zip or tar(.gz) archive, then `submit` what was in it.

    Args:
        session: the caller's transaction.
        store: where the bytes are kept.
        by: a filer of the enterprise that owns the model.
        model_name: an existing model of that enterprise, or a new one.
        archive: the file, as `artifacts.spooled` leaves it.
        limit: how many bytes it may unpack to.
        note: what the filer says of this version.
        idempotency_key: the same key with the same bytes gets the same answer.

    Raises:
        ArchiveRefused: when the archive cannot be unpacked safely, with every reason.
        ScreeningFailed: when what was in it is refused, with every reason.
    """
    by.require(Role.FILER)
    name = model_names.checked(model_name)
    lengths.check([(NOTE, note)])
    return record(
        session,
        keep_archive(store, archive, limit=limit),
        by=by,
        model_name=name,
        note=note,
        idempotency_key=idempotency_key,
    )


def keep(
    store: ArtifactStore, directory: Path, *, limit: int | None = None, sent: int | None = None
) -> Screening:
    """Screen a directory and store its files; needs no transaction, records nothing.

    Args:
        store: where the bytes are kept.
        directory: the folder with `MLmodel` in it.
        limit: the most bytes all files may have together; None where nobody sends them.
        sent: how many bytes came through the door, packed; None where each file came as it is.

    Raises:
        ScreeningFailed: with every reason.
        ChangedWhileRead: when a file is not what was screened.
    """
    screened = screening.screen(directory, limit=limit, sent=sent)
    for entry in screened.manifest:
        if store.put(directory / entry["path"]) != entry["sha256"]:
            raise ChangedWhileRead(
                f"文件 {entry['path']} 在提交过程中被改动。请在没有程序写入该目录时重新提交。",
                f"{entry['path']} changed while it was being submitted. "
                "Submit again when nothing writes to the folder.",
            )
    # The manifest is a blob under the version's own digest: whoever has the digest can read all.
    store.put(io.BytesIO(attestation.canonical(screened.manifest)))
    return screened


def keep_archive(store: ArtifactStore, archive: Path, *, limit: int) -> Screening:
    """Unpack an archive beside itself and `keep` the model in it.

    The model may lie in the archive's root or in its only folder.

    Args:
        store: where the bytes are kept.
        archive: a zip or tar(.gz) file.
        limit: how many bytes it may unpack to.

    Raises:
        ArchiveRefused: when the archive cannot be unpacked safely, with every reason.
        ScreeningFailed: when what was in it is refused, with every reason.
    """
    with tempfile.TemporaryDirectory(dir=archive.parent, prefix="unpacked-") as folder:
        model = screening.unpack(archive, Path(folder), limit=limit)
        return keep(store, model, limit=limit, sent=archive.stat().st_size)


def record(
    session: Session,
    screened: Screening,
    *,
    by: Actor,
    model_name: str,
    note: str = "",
    idempotency_key: str | None = None,
    mlflow_version: str | None = None,
    made_by: MadeBy = NOBODY,
) -> Submitted:
    """Record what `keep` stored as a version, once.

    Args:
        session: the caller's transaction.
        screened: what `keep` returned.
        by: a filer of the enterprise that owns the model.
        model_name: an existing model of that enterprise, or a new one.
        note: what the filer says of this version.
        idempotency_key: the same key with the same bytes gets the same answer.
        mlflow_version: the number MLflow gave it already; None asks for one through the outbox.
        made_by: the run that it comes from, when it came through the MLflow door.

    Raises:
        WrongRole, NameNotAllowed, KeyAlreadyUsed: as for `submit`.
    """
    by.require(Role.FILER)
    model = _model(session, by.organisation_id, model_names.checked(model_name))
    receipt = _receipt(session, by.organisation_id, idempotency_key)
    if receipt is not None:
        version = session.get_one(Version, receipt.version_id)
        if (version.model_id, version.digest) != (model.id, screened.digest):
            raise _key_already_used()
        return Submitted(version, receipt.made)
    known = _by_digest(session, model.id, screened.digest)
    version = known or _new_version(session, model, screened, by=by, note=note.strip())
    if known is None:
        version.mlflow_version = mlflow_version
        _announce(session, model, version, by=by, made_by=made_by)
    if idempotency_key:
        _keep_receipt(session, version, idempotency_key, made=known is None)
    session.flush()
    return Submitted(version, known is None)


def tell_mlflow(session: Session, version_id: str, cause: str) -> None:
    """Ask, through the outbox, that MLflow's tags tell the present state of a version's review.

    Args:
        session: the transaction of the change.
        version_id: which version.
        cause: what changed, so that the same change asks once; at most 70 characters.
    """
    key = f"{MLFLOW_TAGS}:{version_id}:{cause}"
    outbox.add(session, MLFLOW_TAGS, key, {"version_id": version_id})


def with_digest(session: Session, organisation_id: str, digest: str) -> Version:
    """The first version of an organisation that has these bytes.

    Raises:
        VersionNotFound: when there is none.
    """
    query = select(Version).where(
        Version.organisation_id == organisation_id, Version.digest == digest
    )
    version = session.scalar(query.order_by(Version.id).limit(1))
    if version is None:
        raise _version_not_found()
    return version


def alike(session: Session, version: Version) -> list[tuple[Version, str]]:
    """The organisation's other versions with the same bytes, each with its model's name.

    Args:
        session: any session.
        version: one of them.
    """
    query = (
        select(Version, Model.name)
        .join(Model, Model.id == Version.model_id)
        .where(Version.id.in_(same_bytes(version.id)), Version.id != version.id)
        .order_by(Model.name, Version.number)
    )
    return [(other, name) for other, name in session.execute(query)]


def same_bytes(version_id: str) -> Select[str]:
    """The identifiers of a version and of every one of its organisation with the same digest.

    Args:
        version_id: what reports and explanations, bound to the digest, are asked about.
    """
    of = select(Version.organisation_id, Version.digest).where(Version.id == version_id).subquery()
    return select(Version.id).where(
        Version.organisation_id == of.c.organisation_id, Version.digest == of.c.digest
    )


def copy(
    session: Session,
    version: Version,
    *,
    by: Actor,
    model_name: str,
    note: str = "",
    made_by: MadeBy = NOBODY,
) -> Submitted:
    """Record the bytes of a version under another model of the same organisation, once.

    Evaluations and explanations are bound to the digest and count for the copy; a filing is bound
    to its model and does not move.

    Args:
        session: the caller's transaction.
        version: what is copied.
        by: a filer of the enterprise that owns it.
        model_name: an existing model of that enterprise, or a new one.
        note: what the filer says of the copy.
        made_by: the run that the sender names for it.

    Raises:
        WrongRole, NameNotAllowed: as for `submit`.
        VersionNotFound: when the version is another organisation's.
    """
    if version.organisation_id != by.organisation_id:
        raise _version_not_found()
    screened = Screening(
        flavour=version.flavour,
        trust_class=TrustClass(version.trust_class),
        inputs=version.inputs,
        manifest=version.manifest,
        digest=version.digest,
        remarks=tuple(Text(**remark) for remark in version.screening.get("remarks", ())),
    )
    return record(session, screened, by=by, model_name=model_name, note=note, made_by=made_by)


def get(session: Session, version_id: str) -> Version:
    """One version.

    Raises:
        VersionNotFound: when there is none.
    """
    version = session.get(Version, version_id)
    if version is None:
        raise _version_not_found()
    return version


def model(session: Session, organisation_id: str, name: str) -> Model:
    """The model of that name in an organisation.

    Raises:
        ModelNotFound: when there is none.
    """
    found = session.scalar(
        select(Model).where(
            Model.organisation_id == organisation_id,
            Model.name == unicodedata.normalize("NFC", name.strip()),
        )
    )
    if found is None:
        raise ModelNotFound(
            f"本单位没有名为“{name}”的模型。请检查名称。",
            f"This organisation has no model named {name}. Check the name.",
        )
    return found


def named(session: Session, version: Version) -> str:
    """A version by its model's name and its number: `credit@2`."""
    return f"{model_of(session, version).name}@{version.number}"


def model_of(session: Session, version: Version) -> Model:
    """The model that a version belongs to."""
    return session.get_one(Model, version.model_id)


def models(
    session: Session, organisation_id: str, *, limit: int = 50, after: str | None = None
) -> Sequence[Model]:
    """An organisation's models by name, one page at a time.

    Args:
        session: any session.
        organisation_id: whose.
        limit: how many.
        after: the name at the end of the page before.
    """
    query = select(Model).where(Model.organisation_id == organisation_id)
    if after is not None:
        query = query.where(Model.name > after)
    return session.scalars(query.order_by(Model.name).limit(limit)).all()


def versions(
    session: Session,
    organisation_id: str,
    *,
    model_id: str | None = None,
    limit: int = 50,
    before: str | None = None,
) -> Sequence[Version]:
    """An organisation's versions, newest first, one page at a time.

    Args:
        session: any session.
        organisation_id: whose.
        model_id: only those of one model.
        limit: how many.
        before: the identifier at the end of the page before (identifiers follow the clock).
    """
    query = select(Version).where(Version.organisation_id == organisation_id)
    if model_id is not None:
        query = query.where(Version.model_id == model_id)
    if before is not None:
        query = query.where(Version.id < before)
    return session.scalars(query.order_by(Version.id.desc()).limit(limit)).all()


def latest(session: Session, model_id: str) -> Version | None:
    """The newest version of a model that was not withdrawn."""
    query = select(Version).where(Version.model_id == model_id, Version.withdrawn.is_(None))
    return session.scalar(query.order_by(Version.number.desc()).limit(1))


def numbered(session: Session, model_id: str, number: int) -> Version:
    """One version of a model by its number.

    Raises:
        VersionNotFound: when there is none.
    """
    version = session.scalar(
        select(Version).where(Version.model_id == model_id, Version.number == number)
    )
    if version is None:
        raise _version_not_found()
    return version


def blobs(session: Session) -> set[str]:
    """The digests of every file and manifest of every version: what the store must hold."""
    found: set[str] = set()
    for digest, manifest in session.execute(select(Version.digest, Version.manifest)):
        found.add(digest)
        found.update(str(entry["sha256"]) for entry in manifest)
    return found


def _model(session: Session, organisation_id: str, name: str) -> Model:
    """The model, made if it is new, and locked where the database locks rows."""
    query = select(Model).where(Model.organisation_id == organisation_id, Model.name == name)
    found = session.scalar(query.with_for_update())
    if found is not None:
        return found
    fresh = Model(organisation_id=organisation_id, name=name)
    try:
        with session.begin_nested():
            session.add(fresh)
    except IntegrityError:  # someone made it in the meantime
        return session.scalars(query.with_for_update()).one()
    return fresh


def _receipt(session: Session, organisation_id: str, key: str | None) -> Receipt | None:
    if not key:
        return None
    if len(key) > 80:
        raise Invalid("幂等键最长 80 个字符。", "An idempotency key has at most 80 characters.")
    return session.scalar(
        select(Receipt).where(Receipt.organisation_id == organisation_id, Receipt.key == key)
    )


def _keep_receipt(session: Session, version: Version, key: str, *, made: bool) -> None:
    receipt = Receipt(
        organisation_id=version.organisation_id, key=key, version_id=version.id, made=made
    )
    try:
        with session.begin_nested():
            session.add(receipt)
    except IntegrityError as taken:  # in the same moment, for another model
        raise _key_already_used() from taken


def _key_already_used() -> KeyAlreadyUsed:
    return KeyAlreadyUsed(
        "这个幂等键已经用于另一次提交。内容不同时请换一个新的键。",
        "This idempotency key was used for another submission. Send a new key.",
    )


def _by_digest(session: Session, model_id: str, digest: str) -> Version | None:
    return session.scalar(
        select(Version).where(Version.model_id == model_id, Version.digest == digest)
    )


def _new_version(
    session: Session, model: Model, screened: Screening, *, by: Actor, note: str
) -> Version:
    highest = session.scalar(select(func.max(Version.number)).where(Version.model_id == model.id))
    version = Version(
        model_id=model.id,
        organisation_id=model.organisation_id,
        number=(highest or 0) + 1,
        digest=screened.digest,
        size=sum(int(entry["size"]) for entry in screened.manifest),
        manifest=[dict(entry) for entry in screened.manifest],
        flavour=screened.flavour,
        trust_class=screened.trust_class,
        inputs=[dict(column) for column in screened.inputs],
        screening=screened.as_json(),
        note=note[: NOTE.most],  # of a description in MLflow, which keeps the whole
        submitted_by=by.person_id,
    )
    session.add(version)
    session.flush()
    return version


def told_of(session: Session, version_id: str) -> MadeBy:
    """The run that was told with the wish for a version in MLflow."""
    payload = outbox.payload(session, f"{MLFLOW_VERSION}:{version_id}")
    return MadeBy(str(payload.get("run_id", "")), str(payload.get("run_link", "")))


def runs_waited_for(session: Session) -> set[str]:
    """The runs of versions that are on record and may not be in MLflow yet."""
    waiting = outbox.pending(session, kinds=[MLFLOW_VERSION])
    return {str(each.payload["run_id"]) for each in waiting if "run_id" in each.payload}


def _announce(
    session: Session, model: Model, version: Version, *, by: Actor, made_by: MadeBy
) -> None:
    journal.record(
        session,
        "model:version:submitted",
        version.id,
        person_id=by.person_id,
        organisation_id=by.organisation_id,
        model=model.name,
        number=version.number,
        digest=version.digest,
        trust_class=str(version.trust_class),
    )
    if version.mlflow_version is None:
        outbox.add(
            session,
            MLFLOW_VERSION,
            f"{MLFLOW_VERSION}:{version.id}",
            {"version_id": version.id, "digest": version.digest, **made_by.as_json()},
        )


def _version_not_found() -> VersionNotFound:
    return VersionNotFound(
        "没有这个模型版本。请检查编号。", "No such model version. Check the identifier."
    )
