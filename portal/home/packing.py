"""A model directory as one archive that is the same, byte for byte, for the same content."""

import gzip
import hashlib
import tarfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from registry.errors import Invalid


class NotAModelDirectory(Invalid):
    """The folder is no MLflow model: it has no file MLmodel at its top."""


@contextmanager
def packed(directory: Path) -> Iterator[Path]:
    """The directory as a tar.gz in a temporary folder, removed at the end.

    Owners and times are left out, entries are in order, so that the same content is the same file.

    Args:
        directory: an MLflow model directory.

    Raises:
        NotAModelDirectory: when it has no MLmodel.
    """
    if not (directory / "MLmodel").is_file():
        raise NotAModelDirectory(
            f"{directory} 里没有 MLmodel 文件，不是 MLflow 模型目录。"
            "请用 mlflow 的 save_model 或 log_model 存好模型，再提交那个目录。",
            f"{directory} has no file MLmodel, so it is no MLflow model directory. "
            "Save the model with MLflow's save_model or log_model and submit that directory.",
        )
    with TemporaryDirectory(prefix="mingsuan-") as folder:
        archive = Path(folder) / "model.tar.gz"
        with (
            archive.open("wb") as file,
            # The fastest level: most of a model is numbers, and the archive lives for one upload.
            gzip.GzipFile(
                filename="", fileobj=file, mode="wb", compresslevel=1, mtime=0
            ) as zipped,
            tarfile.open(fileobj=zipped, mode="w", format=tarfile.PAX_FORMAT) as tar,
        ):
            for path in sorted(directory.rglob("*")):
                name = path.relative_to(directory).as_posix()
                tar.add(path, arcname=name, recursive=False, filter=_plain)
        yield archive


def key_of(archive: Path, *, model: str) -> str:
    """The idempotency key of a submission: the same for the same content under the same name."""
    with archive.open("rb") as file:
        content = hashlib.file_digest(file, "sha256").hexdigest()
    return hashlib.sha256(f"{model}\x00{content}".encode()).hexdigest()


def _plain(entry: tarfile.TarInfo) -> tarfile.TarInfo:
    entry.uid = entry.gid = 0
    entry.uname = entry.gname = ""
    entry.mtime = 0
    entry.mode = 0o755 if entry.isdir() else 0o644
    return entry
