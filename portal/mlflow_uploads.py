"""Where files that arrive through the MLflow door lie until they are submitted, and afterwards.

A folder that was submitted is *sealed*: its files are dropped, a note in a tree of our own says
which snapshot took their place, reading goes to the snapshot, and nothing below the folder can be
written again. Loads MLflow: imported by the door once it is wanted.
"""

import errno
import posixpath
import shutil
import tempfile
from collections.abc import AsyncIterable, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import Any, BinaryIO, NoReturn

from mlflow.entities import FileInfo
from mlflow.exceptions import MlflowException
from mlflow.protos.databricks_pb2 import (
    INVALID_PARAMETER_VALUE,
    PERMISSION_DENIED,
    RESOURCE_DOES_NOT_EXIST,
)
from mlflow.store.artifact.local_artifact_repo import LocalArtifactRepository
from mlflow.utils.uri import validate_path_is_safe

from registry import characters, mlflow_store, modes
from registry.artifacts import ArtifactStore
from registry.database import new_id

SNAPSHOTS = "snapshots"
SCHEME = "mlflow-artifacts:/"

Owns = Callable[[str, str], bool]


def snapshot_uri(organisation_id: str, digest: str) -> str:
    """Where an ordinary MLflow client finds the files of a version, through the door."""
    return f"{SCHEME}workspaces/{organisation_id}/{SNAPSHOTS}/{digest}"


@contextmanager
def _told(name: str) -> Iterator[None]:
    """Tell a place where no file can lie (a folder, below a file, too long) as the sender's to mend."""
    try:
        yield
    except (IsADirectoryError, NotADirectoryError, FileExistsError, ValueError) as error:
        raise _no_place(name) from error
    except OSError as error:
        if error.errno not in {errno.ENAMETOOLONG, errno.EINVAL, errno.EILSEQ}:
            raise
        raise _no_place(name) from error


def _no_place(name: str) -> MlflowException:
    return MlflowException(
        f"No file can lie at this path: {name}. Give a file a name that is no folder, and not "
        "below another file.",
        error_code=INVALID_PARAMETER_VALUE,
    )


class Uploads(LocalArtifactRepository):
    """The door's artifact repository.

    Args:
        root: the folder for what arrives; notes about sealed folders go beside it.
        store: where snapshots are read.
        owns: whether an organisation has a version with a digest.
    """

    def __init__(self, root: Path, store: ArtifactStore, owns: Owns) -> None:
        super().__init__(str(modes.folder(root)))
        self._root = root
        self._notes = root.with_name("sealed")
        self._store = store
        self._owns = owns

    def get_local_path(self, artifact_path: str) -> str | None:  # type: ignore[override]
        """A file on disk; None for what must be read from a snapshot."""
        if self._snapshot(artifact_path):
            return None
        return str(super().get_local_path(artifact_path))

    def list_artifacts(self, path: str | None = None) -> list[FileInfo]:
        """What lies directly below `path`."""
        found = self._snapshot(path or "")
        if found is None:
            return list(super().list_artifacts(path))  # type: ignore[no-untyped-call]
        digest, inside = found
        return [
            FileInfo(
                posixpath.join(path or "", posixpath.basename(entry.path)), entry.is_dir, size
            )
            for entry in self._read(digest).list_artifacts(inside)
            for size in [entry.file_size]
        ]

    def download_artifacts(self, artifact_path: str, dst_path: str | None = None) -> str:
        """A copy of a file or folder, checked where it comes from a snapshot."""
        found = self._snapshot(artifact_path)
        if found is None:
            return str(super().download_artifacts(artifact_path, dst_path))  # type: ignore[no-untyped-call]
        digest, inside = found
        return str(self._read(digest).download_artifacts(inside, dst_path))

    def log_artifact(self, local_file: str, artifact_path: str | None = None) -> None:
        """Take a file, unless its place is sealed."""
        self._check_open(artifact_path, Path(local_file).name)
        super().log_artifact(local_file, artifact_path)  # type: ignore[no-untyped-call]

    def log_artifact_from_stream(
        self, stream: BinaryIO, artifact_file_name: str, artifact_path: str | None = None
    ) -> None:
        """Take a stream, unless its place is sealed."""
        self._check_open(artifact_path, artifact_file_name)
        with _told(artifact_file_name):
            super().log_artifact_from_stream(stream, artifact_file_name, artifact_path)

    async def log_artifact_from_async_stream(
        self,
        chunks: AsyncIterable[bytes],
        artifact_file_name: str,
        artifact_path: str | None = None,
    ) -> None:
        """Take a body as it arrives, unless its place is sealed; what breaks off is dropped."""
        self._check_open(artifact_path, artifact_file_name)
        with _told(artifact_file_name):
            await super().log_artifact_from_async_stream(chunks, artifact_file_name, artifact_path)

    def delete_artifacts(self, artifact_path: str | None = None) -> NoReturn:  # noqa: ARG002
        """Refused."""
        raise MlflowException("Uploaded files are kept.", error_code=PERMISSION_DENIED)

    @contextmanager
    def folder(self, path: str) -> Iterator[Path]:
        """The files below `path` as a folder to screen: the upload itself, or its snapshot.

        Args:
            path: within the repository.

        Raises:
            MlflowException: when there is no such folder.
        """
        found = self._snapshot(path)
        if found is None:
            yield self._existing(path)
            return
        with tempfile.TemporaryDirectory(dir=self._root.parent) as copy:
            digest, inside = found
            yield Path(self._read(digest).download_artifacts(inside, copy))

    def seal(self, path: str, digest: str) -> None:
        """Let the snapshot take the place of an uploaded folder; sealing twice changes nothing.

        Args:
            path: within the repository.
            digest: of the version that holds these files.
        """
        if self._snapshot(path):
            return
        note = self._notes / path / ".digest"
        modes.folder(note.parent)
        fresh = note.with_name(f".{new_id()}")
        fresh.write_text(digest, encoding="ascii")
        fresh.replace(note)
        # From here on nothing below is read or written; the files themselves are only in the way.
        shutil.rmtree(self._root / path, ignore_errors=True)

    def path_of(self, location: str, organisation_id: str) -> str:
        """The path behind an `mlflow-artifacts:` address of this organisation.

        Raises:
            MlflowException: when it leads anywhere else.
        """
        path = location.removeprefix(SCHEME).strip("/")
        if not location.startswith(SCHEME) or location.startswith(f"{SCHEME}/"):
            raise MlflowException(
                f"Only files uploaded to this server can be registered, not {location}",
                error_code=INVALID_PARAMETER_VALUE,
            )
        clean = PurePosixPath(validate_path_is_safe(path))
        if clean.parts[:2] != ("workspaces", organisation_id) or len(clean.parts) < 3:
            raise MlflowException(
                "These files belong to another workspace.", error_code=PERMISSION_DENIED
            )
        return clean.as_posix()

    def _existing(self, path: str) -> Path:
        folder = self._root / path
        if not folder.is_dir():
            raise MlflowException(
                f"No files were uploaded to {path}", error_code=RESOURCE_DOES_NOT_EXIST
            )
        return folder

    def _snapshot(self, path: str) -> tuple[str, str] | None:
        """The digest behind a path and the rest of the path; None where uploads lie open."""
        parts = PurePosixPath(posixpath.normpath(path or ".")).parts
        if len(parts) >= 3 and parts[0] == "workspaces" and parts[2] == SNAPSHOTS:
            digest = parts[3] if len(parts) > 3 else ""
            if not self._owns(parts[1], digest):
                raise MlflowException(
                    "No such snapshot in this workspace.", error_code=RESOURCE_DOES_NOT_EXIST
                )
            return digest, "/".join(parts[4:])
        for depth in range(1, len(parts) + 1):
            note = self._notes.joinpath(*parts[:depth]) / ".digest"
            if note.is_file():
                return note.read_text(encoding="ascii"), "/".join(parts[depth:])
        return None

    def _check_open(self, folder: str | None, name: str) -> None:
        sent = posixpath.join(folder or "", name)
        path = posixpath.normpath(sent)
        if path != sent:
            raise MlflowException(
                f"Write the path without “.” and without empty parts: {characters.visible(sent)}",
                error_code=INVALID_PARAMETER_VALUE,
            )
        parts = PurePosixPath(path).parts
        for unwanted in characters.unwanted(path, lines=False):
            raise MlflowException(
                f"{characters.visible(path)}: character {unwanted.place} is "
                f"{characters.named(unwanted.character)}: {unwanted.why.en}. Rename the file.",
                error_code=INVALID_PARAMETER_VALUE,
            )
        reserved = len(parts) >= 3 and parts[2] == SNAPSHOTS
        if reserved or self._snapshot(path):
            raise MlflowException(
                "The files of a submitted model are fixed. Log a new model and register it.",
                error_code=PERMISSION_DENIED,
            )

    def _read(self, digest: str) -> Any:
        return mlflow_store.SnapshotRepository(mlflow_store.source_of(digest), store=self._store)
