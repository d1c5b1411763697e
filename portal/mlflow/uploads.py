"""The door's artifact repository: uploads and seals are rows, their bytes lie in the store.

Every server on the same database and store answers alike. A folder that was registered is *sealed*:
reading goes to the snapshot that took its place, and nothing below it can be written again. Loads
MLflow: imported by the door once it is wanted.
"""

import asyncio
import os
import posixpath
import shutil
import tempfile
import time
from collections.abc import AsyncIterable, Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path, PurePosixPath
from secrets import token_hex
from typing import Any, BinaryIO, NoReturn

from mlflow.entities import FileInfo
from mlflow.entities.multipart_upload import (
    CreateMultipartUploadResponse,
    MultipartUploadCredential,
    MultipartUploadPart,
)
from mlflow.exceptions import MlflowException
from mlflow.protos.databricks_pb2 import ErrorCode
from mlflow.store.artifact.artifact_repo import (
    ArtifactRepository,
    MultipartUploadMixin,
    StreamUploadMixin,
)
from sqlalchemy.orm import Session, sessionmaker

from portal.mlflow import parts as mlflow_parts
from portal.mlflow.paths import as_logged, name_of, safe
from portal.mlflow.refusals import POLICIES
from portal.mlflow.sources import shown
from portal.mlflow.words import in_mlflow_words, refusal
from registry import artifacts, characters, mlflow_store, modes, part_store, staging
from registry.artifacts import ArtifactStore
from registry.database import transaction
from registry.language import Text

SNAPSHOTS = "snapshots"
SCHEME = "mlflow-artifacts:/"
ADDRESS_SECONDS = 3600
"""How long the address of a part is good."""

Owns = Callable[[str, str], bool]


def snapshot_uri(organisation_id: str, digest: str) -> str:
    """Where an ordinary MLflow client finds the files of a version, through the door."""
    return f"{SCHEME}workspaces/{organisation_id}/{SNAPSHOTS}/{digest}"


@dataclass(frozen=True, slots=True)
class Taken:
    """The files of a folder to be registered.

    Args:
        folder: where they lie for as long as they are looked at.
        files: path → digest of what was uploaded below it, sealed folders in it included; None for
            a folder of a snapshot.
    """

    folder: Path
    files: Mapping[str, str] | None


class Uploads(ArtifactRepository, StreamUploadMixin, MultipartUploadMixin):
    """What arrives through the door, and the snapshots of what was registered.

    Args:
        spool: a folder for bytes on their way to the store, of this server alone.
        factory: sessions on the register's database.
        store: where the bytes are.
        owns: whether an organisation has a version with a digest.
        limit: the most bytes that one file may have.
        part_address: path below the door → the address under which a client reaches it.
    """

    def __init__(
        self,
        spool: Path,
        factory: sessionmaker[Session],
        store: ArtifactStore,
        owns: Owns,
        *,
        limit: int,
        part_address: Callable[[str], str],
    ) -> None:
        super().__init__(f"{SCHEME}workspaces")
        self._spool = spool
        self._factory = factory
        self._store = store
        self._parts = part_store.beside(store)
        self._owns = owns
        self._limit = limit
        self._part_address = part_address

    def get_local_path(self, artifact_path: str) -> None:  # noqa: ARG002
        """Nothing is read past the store."""
        return

    def list_artifacts(self, path: str | None = None) -> list[FileInfo]:
        """What lies directly below `path`."""
        below = path or ""
        snapshot = self._snapshot(below)
        if snapshot is not None:
            digest, inside = snapshot
            return [
                FileInfo(posixpath.join(below, posixpath.basename(entry.path)), entry.is_dir, size)
                for entry in self._read(digest).list_artifacts(inside)
                for size in [entry.file_size]
            ]
        listed: dict[str, FileInfo] = {}
        with self._factory() as session:
            paths: list[tuple[str, int | None]] = [
                (each.path, each.size) for each in staging.below(session, below)
            ]
            paths += [(f"{each.path}/", None) for each in staging.seals_below(session, below)]
        for each, size in paths:
            first, deeper, _ = each[len(below) + 1 :].partition("/")
            name = f"{below}/{first}"
            listed[name] = FileInfo(name, bool(deeper), None if deeper else size)
        return [listed[name] for name in sorted(listed)]

    def download_artifacts(self, artifact_path: str, dst_path: str | None = None) -> str:
        """A checked copy of one file, below `dst_path`."""
        if dst_path is None:
            raise ValueError("files are read from the store into a folder of the caller's")
        snapshot = self._snapshot(artifact_path)
        if snapshot is not None:
            digest, inside = snapshot
            repository = self._read(digest)
            if repository.list_artifacts(inside):
                raise _a_folder(artifact_path)
            return str(repository.download_artifacts(inside, dst_path))
        with self._factory() as session:
            kept = staging.file_at(session, artifact_path)
            if kept is None and staging.below(session, artifact_path, limit=1):
                raise _a_folder(artifact_path)
        if kept is None:
            raise refusal("no-file", path=characters.visible(artifact_path))
        place = Path(dst_path) / "artifact"
        with in_mlflow_words():
            self._copy(kept.digest, place)
        return str(place)

    def _download_file(self, remote_file_path: str, local_path: str) -> None:
        """One file to a place of the caller's; MLflow's own way of asking."""
        copy = self.download_artifacts(remote_file_path, str(Path(local_path).parent))
        Path(copy).replace(local_path)

    def log_artifact(self, local_file: str, artifact_path: str | None = None) -> None:
        """Take a file, unless its place is sealed."""
        path = self._checked(artifact_path, Path(local_file).name)
        self._take(path, Path(local_file))

    def log_artifacts(self, local_dir: str, artifact_path: str | None = None) -> NoReturn:  # noqa: ARG002
        """Refused: through the door every file comes by itself."""
        raise _kept()

    def log_artifact_from_stream(
        self, stream: BinaryIO, artifact_file_name: str, artifact_path: str | None = None
    ) -> None:
        """Take a stream, unless its place is sealed."""
        path = self._checked(artifact_path, artifact_file_name)
        with self._spooled() as spool:
            with spool.open("wb") as target:
                shutil.copyfileobj(stream, target, artifacts.CHUNK)
            self._take(path, spool)

    async def log_artifact_from_async_stream(
        self,
        chunks: AsyncIterable[bytes],
        artifact_file_name: str,
        artifact_path: str | None = None,
    ) -> None:
        """Take a body as it arrives, unless its place is sealed; what breaks off is dropped."""
        path = await asyncio.to_thread(self._checked, artifact_path, artifact_file_name)
        with self._spooled() as spool:
            await received(chunks, spool)
            await asyncio.to_thread(self._take, path, spool)

    def delete_artifacts(self, artifact_path: str | None = None) -> NoReturn:  # noqa: ARG002
        """Refused."""
        raise _kept()

    def create_multipart_upload(
        self, local_file: str, num_parts: int = 1, artifact_path: str | None = None
    ) -> CreateMultipartUploadResponse:
        """Begin a file that arrives in parts; the address of each is good for an hour."""
        path = self._checked(artifact_path, name_of(local_file))
        mlflow_parts.check_count(num_parts)
        with in_mlflow_words():
            with transaction(self._factory) as session:
                upload = staging.begin(
                    session, _organisation(path), path, secret=token_hex(32), parts=num_parts
                )
            token = self._parts.begin(upload.id)
            with transaction(self._factory) as session:
                upload = staging.part_upload(session, upload.id)
                upload.token = token
            credentials = [
                MultipartUploadCredential(self._address(upload, number), number, {})
                for number in range(1, num_parts + 1)
            ]
        return CreateMultipartUploadResponse(upload.id, credentials)

    def complete_multipart_upload(
        self,
        local_file: str,
        upload_id: str,
        parts: list[MultipartUploadPart],
        artifact_path: str | None = None,
    ) -> None:
        """Join the parts to one file; doing so twice changes nothing."""
        path = self._checked(artifact_path, name_of(local_file), writing=False)
        listed = mlflow_parts.in_order(parts)
        with in_mlflow_words():
            with self._factory() as session:
                upload = staging.part_upload(session, upload_id, path=path)
                kept = {p.number: p.digest for p in staging.parts_of(session, upload)}
            mlflow_parts.check_announced(len(listed), upload.parts)
            if upload.digest is not None:
                return
            told = {number: tag.strip('"') for number, tag in listed}
            other = sorted(n for n in kept | told if kept.get(n) != told.get(n))
            if kept and other:
                raise part_store.parts_missing(other)
            try:
                digest, size = self._parts.join(upload.id, upload.token, listed, limit=self._limit)
            except part_store.PartsMissing:
                if self._joined(upload_id):  # a client that waited too long asked twice at once
                    return
                raise
            with transaction(self._factory) as session:
                staging.put(session, _organisation(path), path, digest=digest, size=size)
                staging.part_upload(session, upload_id).digest = digest
            self._parts.discard(upload.id, upload.token)

    def _joined(self, upload_id: str) -> bool:
        """Whether another request has made one file of the parts and dropped them."""
        with self._factory() as session:
            return staging.part_upload(session, upload_id).digest is not None

    def abort_multipart_upload(
        self, local_file: str, upload_id: str, artifact_path: str | None = None
    ) -> None:
        """Drop the parts that have arrived."""
        path = self._checked(artifact_path, name_of(local_file), writing=False)
        with in_mlflow_words():
            with transaction(self._factory) as session:
                upload = staging.part_upload(session, upload_id, path=path)
                staging.forget(session, upload)
            self._parts.discard(upload.id, upload.token)

    def check_part(self, upload_id: str, number: int, *, expires: int, signature: str) -> None:
        """See that a part may come now.

        Raises:
            MlflowException: when its address was not made here, or its hour is over.
        """
        with in_mlflow_words(), self._factory() as session:
            upload = staging.part_upload(session, upload_id)
        if not mlflow_parts.is_signed(upload, number, expires, signature):
            raise mlflow_parts.address_refused()

    async def take_part(self, upload_id: str, number: int, chunks: AsyncIterable[bytes]) -> str:
        """Keep a part as it arrives; its entity tag, the SHA-256 of its bytes."""
        with self._spooled() as spool:
            size, digest = await received(chunks, spool)
            await asyncio.to_thread(self._keep_part, upload_id, number, spool, size, digest)
        return digest

    def _keep_part(self, upload_id: str, number: int, spool: Path, size: int, digest: str) -> None:
        with in_mlflow_words():
            with transaction(self._factory) as session:
                upload = staging.part_upload(session, upload_id)
                staging.put_part(
                    session, upload, number, digest=digest, size=size, limit=self._limit
                )
            self._parts.put(upload_id, number, spool)

    def _address(self, upload: staging.PartUpload, number: int) -> str:
        own = self._parts.address(upload.id, upload.token, number, ADDRESS_SECONDS)
        if own is not None:
            return own
        expires = int(time.time()) + ADDRESS_SECONDS
        signature = mlflow_parts.signature(upload, number, expires)
        return self._part_address(
            f"/parts/{upload.id}/{number}?expires={expires}&signature={signature}"
        )

    @contextmanager
    def folder(self, path: str) -> Iterator[Taken]:
        """The files below `path` as a folder to screen: the upload itself, or its snapshot.

        Args:
            path: within the repository.

        Raises:
            MlflowException: when there is no such folder.
            StillArriving: when a file in it is arriving in parts.
        """
        with tempfile.TemporaryDirectory(dir=modes.folder(self._spool), prefix="form-") as copy:
            if (snapshot := self._snapshot(path)) is not None:
                yield self._sealed(path, snapshot, copy)
                return
            with self._factory() as session:
                staging.require_whole(session, path)
                one_file = staging.file_at(session, path) is not None
                with in_mlflow_words():
                    files = staging.contents(session, _organisation(path), path)
                near = [] if files else staging.beside(session, path)
            # What was sealed while it was read is not where it was looked for.
            if (snapshot := self._snapshot(path)) is not None:
                yield self._sealed(path, snapshot, copy)
                return
            if one_file:
                raise refusal("one-file", path=characters.visible(path))
            if not files:
                listed = Text("、".join(near) or "没有文件", ", ".join(near) or "no files")
                raise refusal("no-files", path=characters.visible(as_logged(path)), near=listed)
            for name, digest in files.items():
                place = Path(copy) / PurePosixPath(name).relative_to(path)
                modes.folder(place.parent)
                with in_mlflow_words():
                    self._copy(digest, place)
            yield Taken(Path(copy), files)

    def _sealed(self, path: str, snapshot: tuple[str, str], copy: str) -> Taken:
        """A folder out of a snapshot, in a folder of our own."""
        digest, inside = snapshot
        found = Path(self._read(digest).download_artifacts(inside, copy))
        if found.is_file():
            raise refusal("one-file", path=characters.visible(path))
        return Taken(found, None)

    def path_of(self, location: str, organisation_id: str) -> str:
        """The path behind an `mlflow-artifacts:` address of this organisation.

        Raises:
            MlflowException: when it leads anywhere else.
        """
        path = location.removeprefix(SCHEME).strip("/")
        if not location.startswith(SCHEME) or location.startswith(f"{SCHEME}/"):
            raise refusal("not-uploaded", source=shown(location))
        clean = PurePosixPath(safe(path))
        if clean.parts[:2] != ("workspaces", organisation_id) or len(clean.parts) < 3:
            raise refusal("files-of-others")
        return clean.as_posix()

    def _snapshot(self, path: str) -> tuple[str, str] | None:
        """The digest behind a path and the rest of the path; None where uploads lie open."""
        parts = PurePosixPath(posixpath.normpath(path or ".")).parts
        if len(parts) >= 3 and parts[0] == "workspaces" and parts[2] == SNAPSHOTS:
            digest = parts[3] if len(parts) > 3 else ""
            if not self._owns(parts[1], digest):
                raise refusal("no-snapshot")
            return digest, "/".join(parts[4:])
        with self._factory() as session:
            seal = staging.seal_over(session, "/".join(parts))
        return None if seal is None else (seal.digest, "/".join(parts)[len(seal.path) + 1 :])

    def _checked(self, folder: str | None, name: str, *, writing: bool = True) -> str:
        """The path of a file that is sent, where it may be written."""
        sent = posixpath.join(folder or "", name)
        path = posixpath.normpath(sent)
        if path != sent or len(PurePosixPath(path).parts) < 3:
            raise refusal("path-unclean", path=characters.visible(sent))
        with in_mlflow_words():
            characters.check(characters.visible(path), path, lines=False)
            if PurePosixPath(path).parts[2] == SNAPSHOTS:
                raise staging.sealed()
            if writing:
                with self._factory() as session:
                    staging.require_open(session, path)
        return path

    def _take(self, path: str, file: Path) -> None:
        """Put a file into the store, then note it; a seal that came meanwhile refuses it."""
        with in_mlflow_words():
            digest = self._store.put(file)
            with transaction(self._factory) as session:
                staging.put(
                    session, _organisation(path), path, digest=digest, size=file.stat().st_size
                )

    def _copy(self, digest: str, place: Path) -> None:
        with self._store.open(digest) as source, place.open("xb") as target:
            shutil.copyfileobj(source, target, artifacts.CHUNK)

    @contextmanager
    def _spooled(self) -> Iterator[Path]:
        """A file of our own for bytes on their way to the store, gone at the end."""
        descriptor, name = tempfile.mkstemp(dir=modes.folder(self._spool / "incoming"))
        os.close(descriptor)
        try:
            yield Path(name)
        finally:
            Path(name).unlink(missing_ok=True)

    def _read(self, digest: str) -> Any:
        return mlflow_store.SnapshotRepository(mlflow_store.source_of(digest), store=self._store)


async def received(chunks: AsyncIterable[bytes], file: Path) -> tuple[int, str]:
    """Write a body to a file as it arrives; how many bytes, and their SHA-256."""
    hashed, size = sha256(), 0
    with file.open("wb") as target:
        async for chunk in chunks:
            hashed.update(chunk)
            size += len(chunk)
            await asyncio.to_thread(target.write, chunk)
    return size, hashed.hexdigest()


def _organisation(path: str) -> str:
    """Whose a path is: the second part of `workspaces/ORGANISATION/…`."""
    return PurePosixPath(path).parts[1]


def _a_folder(path: str) -> MlflowException:
    return refusal("a-folder", path=characters.visible(path))


def _kept() -> MlflowException:
    policy = POLICIES["artifacts-kept"]
    return MlflowException(policy.message(), error_code=ErrorCode.Value(policy.code))
