"""What a sandboxed process does to itself: limits, Landlock, seccomp. Standard library only.

Sources: landlock(7), `Documentation/userspace-api/landlock.rst`, seccomp(2), prctl(2).
"""

import ctypes
import os
import platform
import resource
import signal
import struct
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

MINIMUM_LANDLOCK = 3  # from this version on, truncating a file counts as writing it

_SET_PDEATHSIG, _SET_DUMPABLE, _NO_NEW_PRIVS = 1, 4, 38
_CREATE_RULESET, _ADD_RULE, _RESTRICT_SELF = 444, 445, 446
_SECCOMP = {"x86_64": 317, "aarch64": 277}
_SET_MODE_FILTER, _ALL_THREADS = 1, 1
_READ_FILE, _READ_DIR, _WRITE_FILE = 1 << 2, 1 << 3, 1 << 1
_FILE_RIGHTS = {3: (1 << 15) - 1, 4: (1 << 15) - 1}  # version 5 adds ioctl on devices
_LIBC = ctypes.CDLL(None, use_errno=True)


class _Filter(ctypes.Structure):
    _fields_ = (("length", ctypes.c_ushort), ("instructions", ctypes.c_void_p))


def as_told(order: Mapping[str, Any]) -> None:
    """Set the limits and, where nobody else has put up the walls, the walls of a start.

    Args:
        order: what the process was told: limits, and under `confine` whether the rest is its own
            to do (tier B).
    """
    limit(order["limits"])
    if order["confine"]:
        die_with_parent(order["parent"])
        give_up_privileges()
        landlock(order["readable"])
        seccomp(os.pread(order["outer"], 1 << 16, 0))


def limit(limits: Mapping[str, int]) -> None:
    """Set resource limits by name (`RLIMIT_AS`), soft and hard alike.

    The processor's hard limit is a second later: at the soft one the kernel sends a signal of its
    own, at the hard one the signal by which an operator or a machine short of memory ends a process.
    """
    for name, value in limits.items():
        hard = value + 1 if name == "RLIMIT_CPU" else value
        resource.setrlimit(getattr(resource, name), (value, hard))


def die_with_parent(parent: int) -> None:
    """Have the kernel kill this process when the process (thread) that started it ends."""
    _check(_LIBC.prctl(_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0))
    if os.getppid() != parent:
        os._exit(1)


def give_up_privileges() -> None:
    """Never gain privileges by exec; no core dumps, no tracing."""
    _check(_LIBC.prctl(_NO_NEW_PRIVS, 1, 0, 0, 0))
    _check(_LIBC.prctl(_SET_DUMPABLE, 0, 0, 0, 0))


def landlock_version() -> int:
    """The kernel's Landlock version; 0 where there is none."""
    version: int = _LIBC.syscall(_CREATE_RULESET, None, ctypes.c_size_t(0), 1)
    return max(version, 0)


def landlock(readable: Sequence[str]) -> None:
    """Close every file but those below `readable` (read only) and the harmless devices.

    Raises:
        OSError: when the kernel's Landlock is missing or too old, or refuses.
    """
    version = landlock_version()
    if version < MINIMUM_LANDLOCK:
        raise OSError(f"Landlock version {version} is below {MINIMUM_LANDLOCK}")
    files = _FILE_RIGHTS.get(version, (1 << 16) - 1)
    network, scopes = 3 if version >= 4 else 0, 3 if version >= 6 else 0
    attributes = struct.pack("QQQ", files, network, scopes)
    attributes = attributes[: 8 if version < 4 else 16 if version < 6 else 24]
    ruleset = _check(
        _LIBC.syscall(_CREATE_RULESET, attributes, ctypes.c_size_t(len(attributes)), 0)
    )
    for path in readable:
        _add_rule(ruleset, path, _READ_FILE | _READ_DIR)
    for device in ("/dev/null", "/dev/zero", "/dev/urandom", "/dev/random"):
        _add_rule(ruleset, device, _READ_FILE | _WRITE_FILE)
    _check(_LIBC.syscall(_RESTRICT_SELF, ruleset, 0))
    os.close(ruleset)


def _add_rule(ruleset: int, path: str, rights: int) -> None:
    if not Path(path).exists():
        return
    place = os.open(path, os.O_PATH | os.O_CLOEXEC)
    if not Path(path).is_dir():
        rights &= ~_READ_DIR
    _check(_LIBC.syscall(_ADD_RULE, ruleset, 1, struct.pack("=Qi", rights, place), 0))
    os.close(place)


def seccomp(program: bytes) -> None:
    """Put a seccomp filter on every thread of this process.

    Raises:
        OSError: when the kernel refuses it.
    """
    instructions = ctypes.create_string_buffer(program, len(program))
    wrapped = _Filter(len(program) // 8, ctypes.addressof(instructions))
    number = _SECCOMP[{"arm64": "aarch64"}.get(platform.machine(), platform.machine())]
    failed = _check(_LIBC.syscall(number, _SET_MODE_FILTER, _ALL_THREADS, ctypes.byref(wrapped)))
    if failed:
        raise OSError(f"thread {failed} could not be filtered")


def _check(result: int) -> int:
    if result < 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
    return result
