"""Control groups, where they may be written: memory and tasks of a whole sandbox.

Version 1 was exercised on the machines this was built on; version 2 follows
`Documentation/admin-guide/cgroup-v2.rst`.
"""

import os
import uuid
from pathlib import Path

from registry.sandbox.limits import Limits

_ROOT = Path("/sys/fs/cgroup")
_SLACK = 256 << 20  # what the sandbox's start-up files cost beside the model's own memory


class ControlGroup:
    """The control group of one sandbox.

    Args:
        limits: memory and threads.

    Raises:
        OSError: where control groups cannot be written.
    """

    def __init__(self, limits: Limits) -> None:
        name = f"mingsuan-{uuid.uuid4().hex[:12]}"
        self._v2 = (_ROOT / "cgroup.controllers").exists()
        parents = [_ROOT] if self._v2 else [_ROOT / "memory", _ROOT / "pids"]
        self._folders = [parent / name for parent in parents]
        memory = str(limits.memory + _SLACK)
        tasks = str(limits.threads + 4)
        try:
            for folder in self._folders:
                folder.mkdir()
            if self._v2:
                self._set(0, "memory.max", memory)
                self._set(0, "memory.swap.max", "0")
                self._set(0, "pids.max", tasks)
            else:
                self._set(0, "memory.limit_in_bytes", memory)
                self._set(1, "pids.max", tasks)
        except OSError:
            self.remove()
            raise

    def _set(self, place: int, name: str, value: str) -> None:
        (self._folders[place] / name).write_text(value, encoding="ascii")

    def add(self, pid: int) -> None:
        """Put a process, and all it will start, into the group."""
        for place in range(len(self._folders)):
            self._set(place, "cgroup.procs", str(pid))

    def out_of_memory(self) -> bool:
        """Whether the kernel killed something here for want of memory."""
        name = "memory.events" if self._v2 else "memory.oom_control"
        text = (self._folders[0] / name).read_text(encoding="ascii")
        counts = dict(line.split() for line in text.splitlines())
        return int(counts.get("oom_kill", "0")) > 0

    def remove(self) -> None:
        """Remove the group; it is empty once the sandbox is dead."""
        for folder in self._folders:
            try:
                os.rmdir(folder)  # noqa: PTH106  # not a tree of files
            except OSError:
                continue


def writable() -> bool:
    """Whether this process can make control groups."""
    try:
        ControlGroup(Limits()).remove()
    except OSError:
        return False
    return True
