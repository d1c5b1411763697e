"""User ids for sandboxes: one each, taken under a lock, swept clean before and after use.

Only root can hand them out. They belong to nobody, so that a sandbox shares its id with no other
process, and whatever it leaves behind is known by it.
"""

import fcntl
import os
import signal
import time
from dataclasses import dataclass
from pathlib import Path

from registry.sandbox.ground import ground, owned

COUNT = 24
_FIRST_CHOICES = (231_000, 64_100)  # the second lies within the 65536 ids of a mapped container
_WAIT = 30.0


class NoFreeUid(RuntimeError):
    """Every pool uid is in use: other sandboxes must end first."""


@dataclass(frozen=True, slots=True)
class PoolUid:
    """A user id held for one sandbox.

    Args:
        uid: the id.
        gid: the group all sandboxes have, which may read staged models.
        lock: the open file that holds it.
    """

    uid: int
    gid: int
    lock: int

    def release(self) -> None:
        """Kill what the id still owns, then let it go."""
        sweep(self.uid)
        os.close(self.lock)


def first() -> int | None:
    """The first id of the pool; None where this process may not take on other ids."""
    if os.geteuid() != 0:
        return None
    for choice in _FIRST_CHOICES:
        if all(_mapped(kind, choice, COUNT + 1) for kind in ("uid", "gid")):
            return choice
    return None


def _mapped(kind: str, start: int, count: int) -> bool:
    rows = Path(f"/proc/self/{kind}_map").read_text(encoding="ascii").split()
    ranges = zip(map(int, rows[::3]), map(int, rows[2::3]), strict=True)
    return any(low <= start and start + count <= low + length for low, length in ranges)


def take() -> PoolUid:
    """Take a free id, waiting for one if need be.

    Raises:
        NoFreeUid: when none becomes free in time, or there is no pool.
    """
    base = first()
    if base is None:
        raise NoFreeUid("no pool uids without root")
    folder = owned(ground() / "uids", 0o700)
    deadline = time.monotonic() + _WAIT
    while True:
        for uid in range(base + 1, base + 1 + COUNT):
            if (held := _try(folder / str(uid), uid, base)) is not None:
                return held
        if time.monotonic() > deadline:
            raise NoFreeUid(f"all {COUNT} pool uids are in use")
        time.sleep(0.1)


def _try(path: Path, uid: int, gid: int) -> PoolUid | None:
    fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(fd)
        return None
    sweep(uid)
    return PoolUid(uid, gid, fd)


def locks() -> list[Path]:
    """The lock files of the pool, each named after its id."""
    folder = ground() / "uids"
    return sorted(folder.iterdir()) if folder.exists() else []


def survivors(uid: int) -> list[int]:
    """The processes that run under `uid`, zombies aside."""
    found = []
    for entry in os.scandir("/proc"):
        if entry.name.isdigit():
            try:
                if entry.stat().st_uid != uid and real_uid(entry.name) != uid:
                    continue
                state = Path(entry.path, "stat").read_text(encoding="latin-1").rpartition(")")[2]
            except (FileNotFoundError, ProcessLookupError):
                continue
            if state.split()[0] not in "ZX":
                found.append(int(entry.name))
    return found


def real_uid(process: int | str) -> int:
    """The uid in `status`: a process that is not dumpable shows root as the owner of its folder.

    Args:
        process: its number.

    Raises:
        FileNotFoundError, ProcessLookupError: when it is gone.
    """
    for line in Path(f"/proc/{process}/status").read_text(encoding="latin-1").splitlines():
        if line.startswith("Uid:"):
            return int(line.split()[1])
    return -1


def sweep(uid: int) -> int:
    """Kill everything `uid` still owns; how many processes there were."""
    killed = 0
    for _ in range(200):
        left = survivors(uid)
        if not left:
            break
        for pid in left:
            try:
                os.kill(pid, signal.SIGKILL)
                killed += 1
            except ProcessLookupError:
                continue
        time.sleep(0.005)
    return killed
