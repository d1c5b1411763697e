"""MLflow's way to read our store: `mingsuan://sha256/…` as a read-only artifact repository.

Found by MLflow through the entry point that names `registry.mlflow_store`; import it from there,
never directly, because MLflow loads its entry points in the middle of its own import.
"""

import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NoReturn

from mlflow.entities import FileInfo
from mlflow.exceptions import MlflowException
from mlflow.protos.databricks_pb2 import PERMISSION_DENIED, RESOURCE_DOES_NOT_EXIST
from mlflow.store.artifact.artifact_repo import ArtifactRepository

from registry import attestation
from registry.artifacts import ArtifactStore, open_store
from registry.errors import RegisterError
from registry.settings import settings

SCHEME = "mingsuan://sha256"


class SnapshotRepository(ArtifactRepository):
    """The files of one version, as they were filed; whatever would change them is refused.

    Args:
        artifact_uri: `mingsuan://sha256/` and the digest of the manifest.
        tracking_uri: MLflow passes its own; not used.
        registry_uri: MLflow passes its own; not used.
        store: where the bytes are; None for the store that the settings name.
    """

    def __init__(
        self,
        artifact_uri: str,
        tracking_uri: str | None = None,
        registry_uri: str | None = None,
        *,
        store: ArtifactStore | None = None,
    ) -> None:
        super().__init__(artifact_uri, tracking_uri, registry_uri)
        self._store = store or open_store(settings())
        self._below = artifact_uri.removeprefix(SCHEME).strip("/")
        self._manifests: dict[str, dict[str, Mapping[str, Any]]] = {}

    def list_artifacts(self, path: str | None = None) -> list[FileInfo]:
        """What lies directly below `path`."""
        files, inside = self._files(path or "")
        above = f"{path.strip('/')}/" if path and path.strip("/") else ""
        prefix = f"{inside}/" if inside else ""
        listed: dict[str, FileInfo] = {}
        for name, entry in files.items():
            if name.startswith(prefix):
                first, deeper, _ = name[len(prefix) :].partition("/")
                listed[first] = FileInfo(
                    above + first, bool(deeper), None if deeper else int(entry["size"])
                )
        return [listed[first] for first in sorted(listed)]

    def _download_file(self, remote_file_path: str, local_path: str) -> None:
        files, inside = self._files(remote_file_path)
        if inside not in files:
            raise MlflowException(
                f"No such file in the submitted model: {remote_file_path}. List its files.\n"
                f"已登记的模型里没有这个文件：{remote_file_path}。请先列出文件。",
                error_code=RESOURCE_DOES_NOT_EXIST,
            )
        try:
            digest = str(files[inside]["sha256"])
            with self._store.open(digest) as source, Path(local_path).open("wb") as target:
                shutil.copyfileobj(source, target)
        except RegisterError as failed:
            raise MlflowException(_both(failed)) from failed

    def log_artifact(self, local_file: str, artifact_path: str | None = None) -> NoReturn:  # noqa: ARG002
        """Refused."""
        self._refuse()

    def log_artifacts(self, local_dir: str, artifact_path: str | None = None) -> NoReturn:  # noqa: ARG002
        """Refused."""
        self._refuse()

    def delete_artifacts(self, artifact_path: str | None = None) -> NoReturn:  # noqa: ARG002
        """Refused."""
        self._refuse()

    def _refuse(self) -> NoReturn:
        raise MlflowException(
            "The files of a submitted model are fixed. Submit a new version instead.\n"
            "已登记模型的文件不能改动。请登记新版本。",
            error_code=PERMISSION_DENIED,
        )

    def _files(self, path: str) -> tuple[Mapping[str, Mapping[str, Any]], str]:
        """The files of the version that `path` leads into, and the rest of the path inside it.

        MLflow cuts an address wherever it likes: the digest may stand in the address or the path.
        """
        digest, _, inside = f"{self._below}/{path}".strip("/").partition("/")
        if digest not in self._manifests:
            try:
                with self._store.open(digest) as stream:
                    manifest = attestation.parse(stream.read())
            except RegisterError as failed:
                raise MlflowException(
                    _both(failed), error_code=RESOURCE_DOES_NOT_EXIST
                ) from failed
            self._manifests[digest] = {str(entry["path"]): entry for entry in manifest}
        return self._manifests[digest], inside.strip("/")


def _both(failed: RegisterError) -> str:
    """An error of the register as MLflow's clients print it."""
    return f"{failed.said.en}\n{failed.said.zh}"
