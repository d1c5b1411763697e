"""A folder of ours outside every home: where sandboxes find interpreter, packages and models.

Sandboxes started by root run under user ids that cannot pass through `/root` and the like. What
they need is put once below one folder that everybody may pass and only its owner may change; the
owner is checked before anything in it is trusted.
"""

import fcntl
import os
import shutil
import stat
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

UNUSED_SECONDS = 7 * 24 * 3600
"""How long a stage lies unused before it is removed: an earlier version may be gone back to."""
_held: dict[Path, int] = {}


class GroundNotOurs(RuntimeError):
    """The folder belongs to somebody else or others may write to it: remove it, or its owner."""


def ground() -> Path:
    """The folder, made if missing, trusted only when it is ours alone.

    Raises:
        GroundNotOurs: when it is a link, another's, or writable by others.
    """
    root = Path("/var/tmp")  # noqa: S108  # outlives reboots; the folder below is checked
    root = root if os.access(root, os.W_OK) else Path(tempfile.gettempdir())
    return owned(root / f"mingsuan-{os.geteuid()}")


def owned(folder: Path, mode: int = 0o755) -> Path:
    """Make `folder` if it is missing and check that it is a real folder of ours alone.

    Raises:
        GroundNotOurs: when it is not.
    """
    try:
        folder.mkdir(mode=mode)
        folder.chmod(mode)
    except FileExistsError:
        pass
    status = folder.lstat()
    ours = stat.S_ISDIR(status.st_mode) and status.st_uid == os.geteuid()
    if not ours or status.st_mode & 0o022:
        raise GroundNotOurs(f"{folder} is not a folder of ours alone")
    return folder


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Hold an exclusive lock on a file of the ground."""
    fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(fd, fcntl.LOCK_EX)
        yield
    finally:
        os.close(fd)


def hold(stage: Path) -> bool:
    """Keep a stage from being swept as long as this process lives; False where there is none.

    Args:
        stage: a folder of the ground.
    """
    if stage in _held:
        return stage.exists()
    try:
        fd = os.open(stage, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
    except FileNotFoundError:
        return False
    fcntl.flock(fd, fcntl.LOCK_SH)
    if not stage.exists():  # swept between the two lines above
        os.close(fd)
        return False
    _held[stage] = fd
    with suppress(OSError):
        os.utime(fd)
    return True


def sweep(base: Path, kind: str, *, older: float = UNUSED_SECONDS) -> list[str]:
    """Remove the stages of a kind, finished or not, that no process holds and none has for long.

    Called under the lock of the kind, so that nobody is making one.

    Args:
        base: the ground.
        kind: what they hold: the first word of their names.
        older: seconds since a process last began to use it.

    Returns:
        The names of those removed.
    """
    gone = []
    for stage in [*base.glob(f"{kind}-*"), *base.glob(f"making-{kind}-*")]:
        status = stage.lstat()
        unused = stat.S_ISDIR(status.st_mode) and time.time() - status.st_mtime > older
        if unused and _sweep(stage):
            gone.append(stage.name)
    return gone


def _sweep(stage: Path) -> bool:
    fd = os.open(stage, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        shutil.rmtree(stage, ignore_errors=True)
    except BlockingIOError:
        return False
    finally:
        os.close(fd)
    return not stage.exists()


def open_to_others(path: Path) -> bool:
    """Whether any user may reach `path` and read it: every folder above lets others through."""
    path = path.resolve()
    if not all(parent.stat().st_mode & 0o001 for parent in path.parents):
        return False
    needed = 0o005 if path.is_dir() else 0o004
    return path.stat().st_mode & needed == needed
