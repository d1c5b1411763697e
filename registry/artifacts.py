"""Blobs kept by the SHA-256 of their bytes: in files, or on an S3 server, under one contract.

Putting the same bytes twice keeps one blob, renews its age and heals it if it was damaged.
`open` checks every byte before it hands out the first, so nothing downstream reads bytes that
are not what was filed. No part of this relies on conditional writes, which S3 servers differ in.
"""

import hashlib
import os
import shutil
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path, PurePosixPath
from typing import IO, Any, BinaryIO, Protocol

from registry import environment, modes
from registry.belonging import StoreUnreachable, away, require_mark, unmarked
from registry.database import new_id, now
from registry.errors import Conflict, Invalid, NotFound
from registry.language import Text
from registry.settings import Settings

CHUNK = 1024 * 1024
GRACE = timedelta(hours=24)
HEXADECIMAL = frozenset("0123456789abcdef")


class BlobNotFound(NotFound):
    """The store has no such bytes: run `mingsuan doctor` to see what else is missing."""


class BlobDamaged(Conflict):
    """The stored bytes are not the bytes that were filed: restore them from a backup."""


class TooLarge(Invalid):
    """More bytes arrived than the limit allows: send less, or ask for a higher limit."""


class UnsafePath(Invalid):
    """A path in a manifest leads outside of its folder: submit the model again."""


@dataclass(frozen=True, slots=True)
class Blob:
    """One stored blob.

    Args:
        digest: the SHA-256 of its bytes, in hexadecimal.
        size: how many bytes.
        written: when it was last put.
    """

    digest: str
    size: int
    written: datetime


class Readable(Protocol):
    """What is read from its present place on, to its end."""

    def read(self, size: int = ..., /) -> bytes:
        """The next bytes, at most `size`; empty at the end."""


class ArtifactStore(Protocol):
    """What every store of blobs can do.

    `expected` gives the mark that the record knows the store by, empty where it knows none
    (see `registry.store_mark`). A store that has another, or none, was lost: nothing is written to
    it, nothing is deleted, and what it lacks is not missing.
    """

    expected: Callable[[], str]

    def put(self, source: Path | Readable) -> str:
        """Keep the bytes of a file or a stream for good and return their SHA-256."""

    def open(self, digest: str) -> BinaryIO:
        """The bytes, checked, as a seekable stream.

        Raises:
            BlobNotFound: when there are none under `digest`.
            StoreUnreachable: when the whole store is away or lost.
            BlobDamaged: when they are not the bytes that were put.
        """

    def has(self, digest: str) -> bool:
        """Whether there are bytes under `digest` (unchecked)."""

    def size(self, digest: str) -> int:
        """How many bytes.

        Raises:
            BlobNotFound: when there are none under `digest`.
        """

    def delete(self, digest: str) -> None:
        """Forget the bytes; a digest that is not there is no error."""

    def blobs(self) -> Iterator[Blob]:
        """Everything stored, in the order of the digests."""

    def digests(self) -> Iterator[str]:
        """The digests of everything stored, in order."""

    def check(self) -> None:
        """Write a little, as a store that works would let us; answers soon, either way.

        Raises:
            Unavailable: when the store is away, full, read-only or refuses our key.
        """

    def read_mark(self) -> str:
        """What `write_mark` wrote; empty where nothing did (see `registry.store_mark`)."""

    def write_mark(self, mark: str) -> None:
        """Mark the store as the one of a database."""

    def require_ours(self) -> None:
        """See that the store is the one that the record knows, where it knows one.

        Raises:
            StoreLost, AnotherStore: when it is not.
        """


def open_store(settings: Settings) -> ArtifactStore:
    """The store that the settings name: files in a folder, or S3.

    Args:
        settings: `store` is empty for files in the data directory, a folder from the root
            (`/mnt/shared/mingsuan`), or `s3://bucket/prefix`.

    Raises:
        Invalid: when `store` names none of them.
    """
    if not settings.store:
        return FileStore(settings.data / "store")
    if Path(settings.store).is_absolute():
        return FileStore(Path(settings.store))
    if settings.store.startswith("s3://"):
        from registry.s3_store import S3Store  # boto3 takes a third of a second

        return S3Store(settings)
    raise Invalid(
        f"不认识的存储位置 {settings.store}。MINGSUAN_STORE 应为空、以 / 开头的目录，或 s3://存储桶/前缀。",
        f"Unknown store {settings.store}. Leave MINGSUAN_STORE empty, or write a folder that begins "
        "with / or s3://bucket/prefix.",
    )


class FileStore:
    """Blobs as read-only files of our account alone, two folders deep: `sha256/ab/cd/abcd…`.

    Args:
        root: the folder that holds them; made when the first blob comes, unless the record knows
            the store already.
    """

    def __init__(self, root: Path) -> None:
        self.root = root
        self.expected: Callable[[], str] = unmarked

    def put(self, source: Path | Readable) -> str:
        """Write beside, flush to disk, rename: a reader never sees half a blob."""
        descriptor, name = tempfile.mkstemp(dir=self.folder("incoming"))
        try:
            with os.fdopen(descriptor, "wb") as target, reading(source) as stream:
                digest = copy(stream, target)
                target.flush()
                os.fchmod(target.fileno(), modes.SEALED_FILE)
                os.fsync(target.fileno())
            place = self._place(digest)
            modes.folder(place.parent, within=self.root)
            Path(name).replace(place)
            self.require_ours()  # it may have gone since we began
        except BaseException as failed:
            Path(name).unlink(missing_ok=True)
            if isinstance(failed, FileNotFoundError):
                self.require_ours()
            raise
        for folder in (place.parent, place.parent.parent, place.parent.parent.parent):
            _flush_folder(folder)
        return digest

    def open(self, digest: str) -> BinaryIO:
        try:
            stream = self._place(digest).open("rb")
        except FileNotFoundError as missing:
            raise self._missing(digest) from missing
        if hashlib.file_digest(stream, "sha256").hexdigest() != digest:
            stream.close()
            raise damaged(digest)
        stream.seek(0)
        return stream

    def has(self, digest: str) -> bool:
        try:
            self.size(digest)
        except BlobNotFound:
            return False
        return True

    def size(self, digest: str) -> int:
        try:
            return self._place(digest).stat().st_size
        except FileNotFoundError as missing:
            raise self._missing(digest) from missing

    def _missing(self, digest: str) -> BlobNotFound | StoreUnreachable:
        """One blob is gone, or the whole folder is, as when its disk is not mounted."""
        self.require_ours()
        if (self.root / "sha256").is_dir():
            return not_found(digest)
        return away(
            Text(
                f"存放文件的目录 {self.root} 不在或是空的，可能没有挂载。请管理员恢复后再试。",
                f"The folder that holds the artifacts, {self.root}, is gone or empty; perhaps it is "
                "not mounted. Try again once the operator has brought it back.",
            )
        )

    def delete(self, digest: str) -> None:
        self.require_ours()
        self._place(digest).unlink(missing_ok=True)

    def blobs(self) -> Iterator[Blob]:
        self.require_ours()
        for path in sorted((self.root / "sha256").glob("??/??/*")):
            with suppress(FileNotFoundError):  # collected in the meantime
                seen = path.stat()
                yield Blob(path.name, seen.st_size, datetime.fromtimestamp(seen.st_mtime, UTC))

    def digests(self) -> Iterator[str]:
        return (blob.digest for blob in self.blobs())

    def check(self) -> None:
        environment.check_writing(self.folder("incoming"))

    def read_mark(self) -> str:
        try:
            return (self.root / "mark").read_text(encoding="ascii")
        except FileNotFoundError:
            return ""

    def write_mark(self, mark: str) -> None:
        place = modes.file(modes.folder(self.root) / "mark")
        place.write_text(mark, encoding="ascii")

    def require_ours(self) -> None:
        if known := self.expected():
            require_mark(known, self.read_mark())

    def folder(self, *names: str) -> Path:
        """A folder of the store, made if it is not there; the store itself is not made anew.

        Args:
            names: of the folder and of those above it, from the root.

        Raises:
            StoreLost, AnotherStore: as for `require_ours`.
        """
        self.require_ours()
        within = self.root if self.expected() else None
        try:
            return modes.folder(self.root.joinpath(*names), within=within)
        except FileNotFoundError:
            self.require_ours()
            raise

    def _place(self, digest: str) -> Path:
        checked(digest)
        return self.root / "sha256" / digest[:2] / digest[2:4] / digest


@contextmanager
def spooled(
    source: BinaryIO | Iterable[bytes], *, settings: Settings, limit: int
) -> Iterator[Path]:
    """What arrives, in a file of its own below `data/spool`, gone at the end.

    Args:
        source: a stream, or chunks as a server receives them.
        settings: for the data directory.
        limit: the largest number of bytes taken.

    Raises:
        TooLarge: as soon as more bytes have come.
    """
    folder = modes.folder(settings.data / "spool" / "incoming")
    descriptor, name = tempfile.mkstemp(dir=folder)
    try:
        with os.fdopen(descriptor, "wb") as target:
            for chunk in _chunks(source):
                if target.tell() + len(chunk) > limit:
                    raise TooLarge(
                        f"内容超过上限 {limit:,} 字节。请减小后重新提交，或请管理员提高上限。",
                        f"More than {limit:,} bytes arrived. Send less, or ask for a higher limit.",
                    )
                target.write(chunk)
        yield Path(name)
    finally:
        Path(name).unlink(missing_ok=True)


def materialise(store: ArtifactStore, manifest: Sequence[Mapping[str, Any]], target: Path) -> None:
    """Lay the files of a manifest out below `target`, for our account alone to read.

    Args:
        store: where the bytes are.
        manifest: a list of {path, sha256, size}.
        target: a folder, made if it is not there; made unwritable at the end.

    Raises:
        UnsafePath: when a path leads outside of `target`; nothing is written then.
        BlobNotFound: when the store lacks one of the files.
    """
    files = [(_inside(str(entry["path"])), str(entry["sha256"])) for entry in manifest]
    folders = [modes.folder(target)]
    for path, digest in files:
        for parent in reversed(path.parents[:-1]):
            folders.append(modes.folder(target / parent))
        place = target / path
        with store.open(digest) as source, place.open("xb") as copy:
            shutil.copyfileobj(source, copy, CHUNK)
        place.chmod(modes.SEALED_FILE)
    for folder in reversed(folders):
        folder.chmod(modes.SEALED_FOLDER)


class Kept(Protocol):
    """A version, as far as its files are concerned."""

    @property
    def digest(self) -> str:
        """The SHA-256 of the canonical manifest."""

    @property
    def manifest(self) -> Sequence[Mapping[str, Any]]:
        """A list of {path, sha256, size}."""


def cached_directory(store: ArtifactStore, version: Kept, settings: Settings) -> Path:
    """A checked, read-only copy of a model below `data/spool/models`, shared by all workers.

    Every call checks the copy against the manifest, file by file; a damaged copy is made anew.

    Args:
        store: where the bytes are.
        version: a model version; its digest names the folder.
        settings: for the data directory.
    """
    folder = modes.folder(settings.data.resolve() / "spool" / "models")
    place = folder / checked(version.digest)
    if place.is_dir() and _agrees(place, version.manifest):
        return place
    fresh = folder / f".{version.digest}.{new_id()}"
    try:
        materialise(store, version.manifest, fresh)
        if place.is_dir() and not _agrees(place, version.manifest):
            place.rename(folder / f".{version.digest}.{new_id()}.damaged")
        with suppress(OSError):  # another worker was first: its copy is as good
            fresh.rename(place)
    finally:
        discard(fresh)
    return place


def discard(folder: Path) -> None:
    """Remove a folder and everything in it, write-protected folders too; none is no error.

    Args:
        folder: what to remove.
    """
    if not folder.is_dir():
        return
    for inner in (folder, *(path for path in folder.rglob("*") if path.is_dir())):
        inner.chmod(modes.FOLDER)
    shutil.rmtree(folder, ignore_errors=True)


def collect(
    store: ArtifactStore, referenced: Callable[[], set[str]], *, grace: timedelta = GRACE
) -> list[Blob]:
    """Delete what nothing refers to and nobody has put within the grace period.

    The references are read after the list of blobs, so a record committed in between keeps its
    blobs; one put in between has a new age.

    Args:
        store: where the blobs are.
        referenced: reads the digests that records refer to.
        grace: how old a blob must be; longer than the longest submission.

    Returns:
        The blobs that were deleted.
    """
    before = now() - grace
    old = [blob for blob in store.blobs() if blob.written < before]
    kept = referenced() if old else set()
    unused = [blob for blob in old if blob.digest not in kept]
    for blob in unused:
        store.delete(blob.digest)
    return unused


@contextmanager
def reading(source: Path | Readable) -> Iterator[Readable]:
    """A file opened for as long as it is read, or the stream as it is."""
    if isinstance(source, Path):
        with source.open("rb") as stream:
            yield stream
    else:
        yield source


def copy(source: Any, target: IO[bytes]) -> str:
    """Copy a stream to its end and return the SHA-256 of what went by."""
    hashed = hashlib.sha256()
    for chunk in iter(lambda: source.read(CHUNK), b""):
        hashed.update(chunk)
        target.write(chunk)
    return hashed.hexdigest()


def _chunks(source: BinaryIO | Iterable[bytes]) -> Iterator[bytes]:
    if hasattr(source, "read"):
        yield from iter(lambda: source.read(CHUNK), b"")
    else:
        yield from source


def _flush_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _inside(path: str) -> PurePosixPath:
    pure = PurePosixPath(path)
    if pure.is_absolute() or not pure.parts or ".." in pure.parts or "\\" in path or "\0" in path:
        raise UnsafePath(
            f"清单中的路径 {path!r} 超出模型目录。请重新提交模型。",
            f"The path {path!r} in the manifest leads outside. Submit the model again.",
        )
    return pure


def _agrees(folder: Path, manifest: Sequence[Mapping[str, Any]]) -> bool:
    found = {
        path.relative_to(folder).as_posix(): path
        for path in folder.rglob("*")
        if not path.is_dir()
    }
    if set(found) != {str(entry["path"]) for entry in manifest}:
        return False
    return all(
        found[entry["path"]].is_file()
        and not found[entry["path"]].is_symlink()
        and _digest_of(found[entry["path"]]) == entry["sha256"]
        for entry in manifest
    )


def _digest_of(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def checked(digest: str) -> str:
    """The digest itself; nothing is stored under what is not 64 hexadecimal digits."""
    if len(digest) != 64 or not set(digest) <= HEXADECIMAL:
        raise not_found(digest)
    return digest


def not_found(digest: str) -> BlobNotFound:
    """What to raise when the store has no such bytes."""
    return BlobNotFound(
        f"存储中没有摘要为 {digest[:12]}… 的内容。请运行 mingsuan doctor 检查。",
        f"The store holds nothing under {digest[:12]}…. Run mingsuan doctor to check it.",
    )


def damaged(digest: str) -> BlobDamaged:
    """What to raise when the bytes are others than those that were put."""
    return BlobDamaged(
        f"存储中 {digest[:12]}… 的内容与登记时不同，未予使用。请从备份恢复，再运行 mingsuan doctor。",
        f"The bytes stored under {digest[:12]}… are not those that were filed and were not used. "
        "Restore them from a backup, then run mingsuan doctor.",
    )
