"""The limits of one sandbox."""

from dataclasses import asdict, dataclass
from typing import Any

from registry.settings import Settings

_MEBIBYTE = 1 << 20


@dataclass(frozen=True, slots=True)
class Limits:
    """What one round may use.

    Args:
        memory: bytes of private memory.
        seconds: wall-clock time from the handing over of a frame to the last answer.
        start_seconds: wall-clock time for starting and importing, which is trusted code.
        threads: threads, counted by the kernel where the sandbox has a user id of its own.
        files: open files.
        control: bytes on the control pipe.
        log: bytes printed.
    """

    memory: int = 2048 * _MEBIBYTE
    seconds: float = 120.0
    start_seconds: float = 120.0
    threads: int = 64
    files: int = 256
    control: int = 64 * 1024
    log: int = 256 * 1024

    @classmethod
    def of(cls, settings: Settings) -> "Limits":
        """The limits an installation has set."""
        return cls(memory=settings.sandbox_memory, seconds=settings.sandbox_seconds)

    def as_json(self) -> dict[str, Any]:
        """For provenance."""
        return asdict(self)

    def resources(self, *, count_threads: bool) -> dict[str, int]:
        """The limits the kernel keeps per process; no file may be written.

        RLIMIT_DATA bounds private writable memory. RLIMIT_AS, which also counts libraries, address
        space that is only reserved, and the shared frames, is set wider.
        """
        kept = {
            "RLIMIT_CORE": 0,
            "RLIMIT_NOFILE": self.files,
            "RLIMIT_FSIZE": 0,
            "RLIMIT_CPU": int(self.start_seconds + 2 * self.seconds) + 1,
            "RLIMIT_DATA": self.memory,
            "RLIMIT_AS": 2 * self.memory + 2048 * _MEBIBYTE,
            "RLIMIT_MEMLOCK": 0,
            "RLIMIT_MSGQUEUE": 0,
        }
        return kept | ({"RLIMIT_NPROC": self.threads} if count_threads else {})
