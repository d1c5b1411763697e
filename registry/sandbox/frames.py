"""Shared memory between the registry and a sandbox: a sealed frame in, fixed-size answers out.

Both exist before the sandbox knows its frame, so that it can be started ahead of time; they are
filled, sized and sealed before the sandbox is let go, that is before untrusted code runs in it.

Source: memfd_create(2), fcntl(2) on file seals.
"""

import fcntl
import os
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa

_ADD_SEALS = 1033
_SEAL, _SHRINK, _GROW, _WRITE = 1, 2, 4, 8
# A quiet NaN with a payload of our own: a row that still holds it was never answered.
UNANSWERED = np.uint64(0x7FF84D494E475355)


class FrameIn:
    """The frame that goes in: written once, then sealed; the sandbox holds a read-only handle."""

    def __init__(self) -> None:
        self._fd = os.memfd_create("frame", os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING)
        os.fchmod(self._fd, 0o444)
        self.reader = os.open(f"/proc/self/fd/{self._fd}", os.O_RDONLY | os.O_CLOEXEC)

    def fill(self, table: pa.Table) -> None:
        """Write the frame as an Arrow IPC file and seal it."""
        with (
            os.fdopen(os.dup(self._fd), "wb") as file,
            pa.ipc.new_file(file, table.schema) as writer,
        ):
            writer.write_table(table)
        fcntl.fcntl(self._fd, _ADD_SEALS, _WRITE | _SHRINK | _GROW | _SEAL)

    def close(self) -> None:
        """Let go of both handles."""
        for fd in (self._fd, self.reader):
            os.close(fd)


class AnswersOut:
    """One float64 per row, in shared memory that can neither grow nor shrink."""

    def __init__(self) -> None:
        self.fd = os.memfd_create("answers", os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING)
        os.fchmod(self.fd, 0o600)
        self._rows = 0

    def size(self, rows: int) -> None:
        """Make room for `rows` answers, mark each as unanswered, and fix the size."""
        self._rows = rows
        with os.fdopen(os.dup(self.fd), "wb") as file:
            np.full(rows, UNANSWERED, dtype="<u8").tofile(file)
        fcntl.fcntl(self.fd, _ADD_SEALS, _SHRINK | _GROW | _SEAL)

    def read(self) -> npt.NDArray[np.float64] | None:
        """The answers, copied; None when the size is not what it was. Only after the kill."""
        size = self._rows * 8
        if os.fstat(self.fd).st_size != size:
            return None
        return np.fromfile(Path(f"/proc/self/fd/{self.fd}"), dtype="<f8", count=self._rows)

    def close(self) -> None:
        """Let go of the handle."""
        os.close(self.fd)


def unanswered(answers: npt.NDArray[np.float64]) -> bool:
    """Whether some row still holds its mark."""
    return bool((answers.view(np.uint64) == UNANSWERED).any())


def sealed(content: bytes, name: str) -> int:
    """A read-only handle on `content` in memory; the caller closes it."""
    fd = os.memfd_create(name, os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING)
    os.write(fd, content)
    os.lseek(fd, 0, os.SEEK_SET)
    fcntl.fcntl(fd, _ADD_SEALS, _WRITE | _SHRINK | _GROW | _SEAL)
    return fd
