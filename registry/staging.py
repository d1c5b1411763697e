"""What an enterprise uploads before it registers it: rows here, the bytes in the store.

Any server on the same database and store answers for what another one took. A path lies in a
*folder*, that of one run or one logged model; whoever changes what lies in it holds its row, so two
changes follow each other. Registering *seals* a path: a snapshot takes the place of the rows below
it, and nothing there is written again.
"""

import posixpath
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import PurePosixPath

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    ForeignKey,
    Integer,
    String,
    delete,
    func,
    or_,
    select,
)
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Mapped, Session, mapped_column

from registry import submission
from registry.database import Identified, Record, now
from registry.errors import Conflict, Invalid, NotFound, Refused
from registry.language import Text
from registry.organisations import Organisation
from registry.submission import VersionNotFound

LONGEST_PATH = 1000
NEAR, FEW = 1000, 8
"""How many files are looked at for what lies beside a path, and how many names are told."""
SEALED = Text(
    "已登记模型的文件不能改动。请另记一个模型再登记。",
    "The files of a submitted model are fixed. Log a new model and register it.",
)
NO_PLACE = Text(
    "这个路径放不下文件：{name}。请换一个名称：不与文件夹同名，不在另一个文件之下，不超过 {most} 字节。",
    "No file can lie at this path: {name}. Give a file a name that is no folder, not below "
    "another file, and of at most {most} bytes.",
)
STILL_ARRIVING = Text(
    "文件 {name} 正在分块上传到这里，版本里会缺少它，没有登记。请等上传完成或中止它（mpu/complete、mpu/abort），"
    "然后重新登记；上传的程序已不在的，请另记一个模型再登记。",
    "The file {name} is arriving here in parts; a version would lack it, so none was registered. "
    "Complete or abort its upload (mpu/complete, mpu/abort), then register again; where what sent "
    "it is gone, log the model anew and register that.",
)
SEALED_WITHIN = Text(
    "其中的文件夹 {name} 登记过，但记录里找不到它的版本，所以不能连同它一起登记，没有登记。请把整个模型另记一次再登记。",
    "The folder {name} in it was registered, and its version is not on record, so nothing that "
    "holds it can be registered, and nothing was. Log the whole model anew and register that.",
)
LONGEST_NAME = 255
Size = BigInteger().with_variant(Integer, "sqlite")


class StagedFolder(Identified, Record):
    """Where the files of one run or one logged model are uploaded; `touched` when last written."""

    __tablename__ = "staged_folder"

    organisation_id: Mapped[str] = mapped_column(ForeignKey("organisation.id"), index=True)
    path: Mapped[str] = mapped_column(String(LONGEST_PATH), unique=True)
    touched: Mapped[datetime] = mapped_column(default=now, index=True)


class StagedFile(Identified, Record):
    """One uploaded file: its path in the artifact tree, the digest of its bytes and their number."""

    __tablename__ = "staged_file"

    folder_id: Mapped[str] = mapped_column(ForeignKey("staged_folder.id"), index=True)
    path: Mapped[str] = mapped_column(String(LONGEST_PATH), unique=True)
    digest: Mapped[str] = mapped_column(String(64))
    size: Mapped[int] = mapped_column(Size)


class Seal(Identified, Record):
    """A path whose files were registered: the digest of the version that took their place."""

    __tablename__ = "seal"

    folder_id: Mapped[str] = mapped_column(ForeignKey("staged_folder.id"), index=True)
    path: Mapped[str] = mapped_column(String(LONGEST_PATH), unique=True)
    digest: Mapped[str] = mapped_column(String(64))
    run_id: Mapped[str] = mapped_column(String(40), default="", index=True)
    logged_model_id: Mapped[str] = mapped_column(String(40), default="", index=True)


class PartUpload(Identified, Record):
    """A file that arrives in parts; `secret` signs their addresses, `digest` stands once it is whole.

    `parts` is how many were announced; None where an earlier release began it.
    """

    __tablename__ = "part_upload"

    folder_id: Mapped[str] = mapped_column(ForeignKey("staged_folder.id"), index=True)
    path: Mapped[str] = mapped_column(String(LONGEST_PATH))
    secret: Mapped[str] = mapped_column(String(64))
    token: Mapped[str] = mapped_column(String(1000), default="")
    digest: Mapped[str | None] = mapped_column(String(64))
    parts: Mapped[int | None]


class Part(Identified, Record):
    """A part that came through this server: its number from 1, digest and size."""

    __tablename__ = "part"

    upload_id: Mapped[str] = mapped_column(ForeignKey("part_upload.id"), index=True)
    number: Mapped[int]
    digest: Mapped[str] = mapped_column(String(64))
    size: Mapped[int] = mapped_column(Size)


class Sealed(Refused):
    """The files of a registered model are fixed: log a new model and register it."""


class NoPlace(Invalid):
    """No file can lie at this path: choose another name."""


class ChangedMeanwhile(Conflict):
    """A file was uploaded while the folder was registered: register again."""


class SealedMeanwhile(ChangedMeanwhile):
    """The same files were sealed with a folder above: read them where they are now."""


class StillArriving(Conflict):
    """A file of the folder is arriving in parts: complete or abort it, and register again."""


class SealedWithin(Conflict):
    """A sealed folder within has no version on record: log the whole model anew."""


class NoUpload(NotFound):
    """No upload in parts is under way under this number: begin it again."""


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a registered version was logged; empty where nothing is known.

    Args:
        run_id: MLflow's run.
        logged_model_id: MLflow's logged model.
    """

    run_id: str = ""
    logged_model_id: str = ""


def root_of(path: str) -> str:
    """The folder of the run or logged model that a path belongs to: up to the first `artifacts`."""
    parts = PurePosixPath(path).parts
    depth = parts.index("artifacts") + 1 if "artifacts" in parts else min(3, len(parts))
    return "/".join(parts[:depth])


def hold(session: Session, organisation_id: str, path: str) -> StagedFolder:
    """The folder that a path belongs to, made if it is new, and locked where rows are locked.

    It waits for whoever is `alone`, so nothing arrives between a check and a deletion.

    Args:
        session: a writing transaction.
        organisation_id: whose files lie there.
        path: of a file or folder in the artifact tree.
    """
    present(session, organisation_id)
    root = root_of(path)
    query = select(StagedFolder).where(StagedFolder.path == root).with_for_update()
    kept = session.scalar(query)
    if kept is None:
        fresh = StagedFolder(organisation_id=organisation_id, path=root)
        try:
            with session.begin_nested():
                session.add(fresh)
        except IntegrityError:  # somebody made it in the meantime
            fresh = session.scalars(query).one()
        kept = fresh
    kept.touched = now()
    return kept


def put(
    session: Session, organisation_id: str, path: str, *, digest: str, size: int
) -> StagedFile:
    """Note an uploaded file whose bytes are in the store; one at the same path is replaced.

    Args:
        session: a writing transaction.
        organisation_id: whose.
        path: where it lies in the artifact tree.
        digest: of its bytes.
        size: how many.

    Raises:
        Sealed: when the path is registered, or lies below one that is.
        NoPlace: when no file can lie there.
    """
    folder = hold(session, organisation_id, path)
    require_open(session, path)
    kept = file_at(session, path)
    if kept is None:
        kept = StagedFile(folder_id=folder.id, path=path, digest=digest, size=size)
        session.add(kept)
    else:
        kept.digest, kept.size = digest, size
    session.flush()
    return kept


def require_open(session: Session, path: str) -> None:
    """See that a file may be written at a path.

    Raises:
        Sealed: when the path is registered, or lies below one that is.
        NoPlace: when it is too long, a folder, or below a file.
    """
    if seal_over(session, path) is not None:
        raise sealed()
    if len(path) > LONGEST_PATH or any(
        len(part.encode()) > LONGEST_NAME for part in path.split("/")
    ):
        raise _no_place(path)
    above = _above(path)[:-1]
    occupied = select(StagedFile.id).where(StagedFile.path.in_(above))
    if session.scalar(occupied.limit(1)) is not None or below(session, path, limit=1):
        raise _no_place(path)
    if session.scalar(select(Seal.id).where(_inside(Seal.path, path)).limit(1)) is not None:
        raise _no_place(path)


def seal_over(session: Session, path: str) -> Seal | None:
    """The nearest seal of a path or of what lies above it; None where it is open."""
    query = select(Seal).where(Seal.path.in_(_above(path)))
    return session.scalar(query.order_by(func.length(Seal.path).desc()).limit(1))


def file_at(session: Session, path: str) -> StagedFile | None:
    """The uploaded file at a path; None where there is none."""
    return session.scalar(select(StagedFile).where(StagedFile.path == path))


def below(session: Session, path: str, *, limit: int | None = None) -> Sequence[StagedFile]:
    """The uploaded files below a path, in the order of their paths.

    Args:
        session: any session.
        path: a folder in the artifact tree.
        limit: how many at most.
    """
    query = select(StagedFile).where(_inside(StagedFile.path, path)).order_by(StagedFile.path)
    return session.scalars(query.limit(limit)).all()


def beside(session: Session, path: str) -> list[str]:
    """What lies beside a path, as far as a few names tell: uploaded files and folders, sealed ones too.

    Args:
        session: any session.
        path: where nothing lies.
    """
    folder = posixpath.dirname(path)
    paths = [each.path for each in below(session, folder, limit=NEAR)]
    paths += [each.path for each in seals_below(session, folder)]
    return sorted({each.removeprefix(f"{folder}/").partition("/")[0] for each in paths})[:FEW]


def seals_below(session: Session, path: str) -> Sequence[Seal]:
    """The seals strictly below a path."""
    query = select(Seal).where(_inside(Seal.path, path)).order_by(Seal.path)
    return session.scalars(query).all()


def contents(session: Session, organisation_id: str, path: str) -> dict[str, str]:
    """All that was uploaded below a path, path → digest: what lies open, and what is sealed.

    The files of a sealed folder are those of the version that took their place; they could not
    change since, so a folder above holds the same whether it is registered before or after.

    Args:
        session: any session.
        organisation_id: whose.
        path: a folder that is not sealed itself.

    Raises:
        SealedWithin: when a sealed folder's version is not on record.
    """
    found = {each.path: each.digest for each in below(session, path)}
    for each in seals_below(session, path):
        found |= _of_seal(session, organisation_id, each)
    return found


def _of_seal(session: Session, organisation_id: str, seal: Seal) -> dict[str, str]:
    """What a sealed folder holds, path → digest.

    Raises:
        SealedWithin: when its version is not on record.
    """
    try:
        version = submission.with_digest(session, organisation_id, seal.digest)
    except VersionNotFound as missing:
        raise _sealed_within(seal.path) from missing
    return {f"{seal.path}/{each['path']}": str(each["sha256"]) for each in version.manifest}


def seal(
    session: Session,
    organisation_id: str,
    path: str,
    *,
    digest: str,
    taken: Mapping[str, str],
    origin: Origin,
    left_out: Collection[str] = (),
) -> Seal:
    """Let a version take the place of the files below a path; sealing twice changes nothing.

    Args:
        session: the transaction that records the version.
        organisation_id: whose.
        path: the folder that was registered.
        digest: of the version.
        taken: path → digest of the files that the version was made from, as `contents` told them.
        origin: the run and the logged model, for `origins`.
        left_out: the paths of those that are no part of the version; their rows stay, so that a
            folder above holds them whichever of the two is registered first.

    Raises:
        StillArriving: as `require_whole`.
        ChangedMeanwhile: when other files lie there now; nothing must be recorded then.
        SealedMeanwhile: when the same files do, and a folder above was registered.
    """
    folder = hold(session, organisation_id, path)
    kept = seal_over(session, path)
    if kept is not None:
        if kept.path == path and kept.digest == digest:
            return kept
        held = _of_seal(session, organisation_id, kept)
        same = {each: found for each, found in held.items() if each.startswith(f"{path}/")}
        same = {each: found for each, found in same.items() if each not in left_out}
        alike = same == {each: found for each, found in taken.items() if each not in left_out}
        raise _changed(path, SealedMeanwhile if alike else ChangedMeanwhile)
    require_whole(session, path)
    if not taken or contents(session, organisation_id, path) != dict(taken):
        raise _changed(path)
    fresh = Seal(
        folder_id=folder.id,
        path=path,
        digest=digest,
        run_id=origin.run_id,
        logged_model_id=origin.logged_model_id,
    )
    session.add(fresh)
    for each in below(session, path):
        if each.path not in left_out:
            session.delete(each)
    session.flush()
    return fresh


def present(session: Session, organisation_id: str) -> None:
    """Keep everybody else from being `alone` until the transaction ends; many may be present.

    Args:
        session: a writing transaction.
        organisation_id: whose files or versions it adds to.
    """
    owner = select(Organisation.id).where(Organisation.id == organisation_id)
    session.execute(owner.with_for_update(read=True, key_share=True))


def alone(session: Session, organisation_id: str) -> None:
    """Keep everybody else from uploading or registering for an organisation.

    It waits until nobody is `present`, and then they wait until the transaction ends. On SQLite a
    writer is alone anyway.

    Args:
        session: a writing transaction.
        organisation_id: whose.
    """
    owner = select(Organisation.id).where(Organisation.id == organisation_id)
    session.execute(owner.with_for_update())


def arriving(session: Session, path: str) -> str | None:
    """The path of a file that is arriving in parts below a path; None where none is."""
    query = select(PartUpload.path).where(
        PartUpload.digest.is_(None), _inside(PartUpload.path, path)
    )
    return session.scalar(query.order_by(PartUpload.path).limit(1))


def require_whole(session: Session, path: str) -> None:
    """See that no file is arriving in parts below a path.

    Args:
        session: any session.
        path: the folder that is to be registered.

    Raises:
        StillArriving: names the first that is.
    """
    found = arriving(session, path)
    if found is not None:
        said = STILL_ARRIVING.format(name=found.removeprefix(f"{path}/"))
        raise StillArriving(said.zh, said.en)


def is_origin(session: Session, *, run_id: str = "", logged_model_id: str = "") -> bool:
    """Whether a version was registered from a run or a logged model."""
    asked = [
        column == value
        for column, value in ((Seal.run_id, run_id), (Seal.logged_model_id, logged_model_id))
        if value
    ]
    return bool(asked) and session.scalar(select(Seal.id).where(or_(*asked)).limit(1)) is not None


def runs_of(session: Session, organisation_id: str) -> set[str]:
    """The runs from which an organisation's versions were registered."""
    query = select(Seal.run_id).join(StagedFolder, Seal.folder_id == StagedFolder.id)
    query = query.where(StagedFolder.organisation_id == organisation_id, Seal.run_id != "")
    return set(session.scalars(query.distinct()))


def begin(
    session: Session, organisation_id: str, path: str, *, secret: str, parts: int
) -> PartUpload:
    """Note that a file begins to arrive in parts.

    Args:
        session: a writing transaction.
        organisation_id: whose.
        path: where the file will lie in the artifact tree.
        secret: signs the addresses of the parts.
        parts: how many are announced.

    Raises:
        Sealed, NoPlace: as for `put`.
    """
    folder = hold(session, organisation_id, path)
    require_open(session, path)
    upload = PartUpload(folder_id=folder.id, path=path, secret=secret, parts=parts)
    session.add(upload)
    session.flush()
    return upload


def part_upload(session: Session, upload_id: str, *, path: str | None = None) -> PartUpload:
    """An upload in parts.

    Args:
        session: any session.
        upload_id: its number.
        path: where it is said to go, as a check.

    Raises:
        NoUpload: when there is none.
    """
    upload = session.get(PartUpload, upload_id)
    if upload is None or path not in (None, upload.path):
        raise NoUpload(
            "没有这次分块上传，或者它已经中止、过期。请重新上传这个文件。",
            "There is no such upload in parts; it was aborted or has expired. "
            "Upload the file again.",
        )
    return upload


def put_part(
    session: Session, upload: PartUpload, number: int, *, digest: str, size: int, limit: int
) -> None:
    """Note a part whose bytes were kept; one that comes again replaces the first.

    Raises:
        NoPlace: when all parts come to more than `limit` bytes.
    """
    session.refresh(upload, with_for_update=True)
    parts = {part.number: part for part in parts_of(session, upload)}
    together = sum(part.size for part in parts.values() if part.number != number) + size
    if together > limit:
        raise NoPlace(
            f"各块合计超过上限 {limit:,} 字节。请减小，或请管理员调高 MINGSUAN_MAX_SUBMISSION。",
            f"The parts come to more than {limit:,} bytes. Send less, or ask the operator for a "
            "higher MINGSUAN_MAX_SUBMISSION.",
        )
    if number in parts:
        parts[number].digest, parts[number].size = digest, size
    else:
        session.add(Part(upload_id=upload.id, number=number, digest=digest, size=size))
    session.flush()


def parts_of(session: Session, upload: PartUpload) -> Sequence[Part]:
    """The parts that came through this server, by number."""
    query = select(Part).where(Part.upload_id == upload.id).order_by(Part.number)
    return session.scalars(query).all()


def forget(session: Session, upload: PartUpload) -> None:
    """Drop what is noted of an upload in parts."""
    session.execute(delete(Part).where(Part.upload_id == upload.id))
    session.delete(upload)
    session.flush()


def untouched(session: Session, before: datetime) -> Sequence[StagedFolder]:
    """Folders with unregistered files or parts, to which nothing was added since `before`."""
    query = select(StagedFolder).where(
        StagedFolder.touched < before,
        or_(
            StagedFolder.id.in_(select(StagedFile.folder_id)),
            StagedFolder.id.in_(select(PartUpload.folder_id)),
        ),
    )
    return session.scalars(query.order_by(StagedFolder.path)).all()


def clear(session: Session, folder: StagedFolder) -> Sequence[PartUpload]:
    """Drop a folder's unregistered files and its uploads in parts; seals stay.

    Returns:
        The uploads in parts that were dropped, whose bytes the caller discards.
    """
    uploads = session.scalars(select(PartUpload).where(PartUpload.folder_id == folder.id)).all()
    for upload in uploads:
        forget(session, upload)
    session.execute(delete(StagedFile).where(StagedFile.folder_id == folder.id))
    return uploads


def sealed() -> Sealed:
    """What to raise where a registered model's files would be changed."""
    return Sealed(SEALED.zh, SEALED.en)


def _inside(column: Mapped[str], path: str) -> ColumnElement[bool]:
    """Whether a path lies strictly below another (LIKE would take A for a on SQLite)."""
    prefix = f"{path}/"
    return func.substr(column, 1, len(prefix)) == prefix


def _above(path: str) -> list[str]:
    """A path and every path above it."""
    parts = path.split("/")
    return ["/".join(parts[: depth + 1]) for depth in range(len(parts))]


def _no_place(path: str) -> NoPlace:
    name = posixpath.basename(path)[:80]
    said = NO_PLACE.format(name=name, most=LONGEST_NAME)
    return NoPlace(said.zh, said.en)


def _sealed_within(path: str) -> SealedWithin:
    said = SEALED_WITHIN.format(name=posixpath.basename(path))
    return SealedWithin(said.zh, said.en)


def _changed(path: str, kind: type[ChangedMeanwhile] = ChangedMeanwhile) -> ChangedMeanwhile:
    shown = "/".join(PurePosixPath(path).parts[2:])  # whose it is they know
    return kind(
        f"登记期间 {shown} 里的文件有变动。请等上传结束后重新登记。",
        f"Files in {shown} changed while it was registered. Register again once all is uploaded.",
    )
