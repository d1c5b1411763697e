"""Models that try to leave something to the next round, or to reach the process that forked them.

Pickled by value, so that they run in the sandbox. A function of `TRACES` answers how much it has
found of an earlier round; one of `REACHES` must be ended.
"""

import ctypes
import fcntl
import mmap
import os
import signal
import socket
import stat
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cloudpickle
import numpy as np

from tests.registry import hostile_models as hostile
from tests.registry.hostile_models import memory_handles, pipes, takes_shared_memory


def write(folder: Path, function: Callable[[Any], Any]) -> Path:
    """A model directory around a function of this module or of `hostile_models`."""
    cloudpickle.register_pickle_by_value(sys.modules[__name__])
    return hostile.write(folder, hostile.Model(function))


def answers(frame: Any) -> Any:
    return frame["a"]


def answers_slowly(frame: Any) -> Any:
    time.sleep(0.5)
    return frame["a"]


def dices(frame: Any) -> Any:
    return np.random.rand(len(frame))  # noqa: NPY002  # the global generator is the point


def handles() -> list[int]:
    """Every handle that is open."""
    found = []
    for fd in range(256):
        try:
            os.fstat(fd)
        except OSError:
            continue
        found.append(fd)
    return found


def counted(frame: Any, found: int) -> Any:
    return np.full(len(frame), float(found))


def leaves_files(frame: Any) -> Any:
    folders = [os.environ["TMPDIR"], os.environ["HOME"], "/tmp", "/var/tmp", "/dev/shm", "/", "."]
    folders += ["/run", "/dev", "/.mingsuan", "/.mingsuan/model", sys.prefix]
    found = 0
    for folder in folders:
        path = Path(folder, "mingsuan-left")
        try:
            found += path.exists()
            path.write_text("left")
        except OSError:
            continue
        found += 1  # written, although nothing may be
    return counted(frame, found)


def leaves_flags_and_offsets(frame: Any) -> Any:
    """A file description that both had would keep its flags and its offset."""
    found = 0
    for fd in handles():
        found += bool(fcntl.fcntl(fd, fcntl.F_GETFL) & (os.O_APPEND | os.O_NONBLOCK))
        try:
            found += os.lseek(fd, 0, os.SEEK_CUR) == 7
        except OSError:
            continue
    for fd in handles():
        flags = fcntl.fcntl(fd, fcntl.F_GETFL)
        fcntl.fcntl(fd, fcntl.F_SETFL, flags | os.O_APPEND | os.O_NONBLOCK)
        try:
            os.lseek(fd, 7, os.SEEK_SET)
        except OSError:
            continue
    return counted(frame, found)


def leaves_locks(frame: Any) -> Any:
    """A lock on a file description that the zygote had too would outlive the child."""
    probe = os.open("/dev/null", os.O_RDONLY)
    try:
        fcntl.flock(probe, fcntl.LOCK_EX | fcntl.LOCK_NB)
        found = 0
        fcntl.flock(probe, fcntl.LOCK_UN)
    except BlockingIOError:
        found = 1
    for fd in handles():
        if fd != probe:
            try:
                fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                continue
    return counted(frame, found)


def looks_for_other_handles(frame: Any) -> Any:
    """Sockets, folders, more than one round's pipes and memory: none of it is the round's."""
    states = {(os.fstat(fd).st_dev, os.fstat(fd).st_ino): os.fstat(fd) for fd in handles()}
    modes = [state.st_mode for state in states.values()]
    pipes = sum(stat.S_ISFIFO(mode) for mode in modes)  # control, go, log
    memory = sum(stat.S_ISREG(mode) for mode in modes)  # frame and answers
    odd = sum(stat.S_ISSOCK(mode) or stat.S_ISDIR(mode) for mode in modes)
    null = sum(stat.S_ISCHR(mode) for mode in modes)
    return counted(frame, odd + (pipes != 3) + (memory != 2) + (null != 1))


def leaves_words_in_memory(frame: Any) -> Any:
    earlier: int = getattr(sys, "mingsuan_seen", 0) + len(os.environ.get("MINGSUAN_SEEN", ""))
    sys.mingsuan_seen = earlier + 1  # type: ignore[attr-defined]
    os.environ["MINGSUAN_SEEN"] = "x"
    return counted(frame, earlier)


def waits_for_a_signal(frame: Any) -> Any:
    """A timer or an alarm of an earlier round must not ring here."""
    left = signal.getitimer(signal.ITIMER_REAL)[0] > 0
    signal.setitimer(signal.ITIMER_REAL, 1000)
    return counted(frame, int(left))


TRACES: dict[str, Callable[[Any], Any]] = {
    function.__name__: function
    for function in (
        leaves_files,
        leaves_flags_and_offsets,
        leaves_locks,
        looks_for_other_handles,
        leaves_words_in_memory,
        waits_for_a_signal,
    )
}


def opens(name: str, flags: int) -> Callable[[Any], Any]:
    """A model that opens a file of the process that forked it."""

    def predict(frame: Any) -> Any:
        os.open(f"/proc/{os.getppid()}/{name}", flags)
        return frame["a"]

    return predict


def lists_its_zygotes_handles(frame: Any) -> Any:
    list(Path(f"/proc/{os.getppid()}/fd").iterdir())
    return frame["a"]


def signals_its_zygote(frame: Any) -> Any:
    os.kill(os.getppid(), signal.SIGTERM)
    return frame["a"]


def reads_its_zygotes_memory(frame: Any) -> Any:
    ctypes.CDLL(None).syscall(310, os.getppid(), 0, 0, 0, 0, 0)  # process_vm_readv
    return frame["a"]


def takes_a_handle_of_its_zygote(frame: Any) -> Any:
    os.pidfd_open(os.getppid())
    return frame["a"]


def sends_on_its_zygotes_socket(frame: Any) -> Any:
    for fd in handles():
        if stat.S_ISSOCK(os.fstat(fd).st_mode):
            os.write(fd, b"x" * 12)
    socket.socketpair()
    return frame["a"]


def forks_as_its_zygote_does(frame: Any) -> Any:
    os.fork()
    return frame["a"]


REACHES: dict[str, Callable[[Any], Any]] = {
    "writes_its_zygotes_memory": opens("mem", os.O_RDWR),
    "reads_its_zygotes_map": opens("maps", os.O_RDONLY),
    "reads_its_zygotes_environment": opens("environ", os.O_RDONLY),
    "reads_its_zygotes_order": opens("cmdline", os.O_RDONLY),
} | {
    function.__name__: function
    for function in (
        lists_its_zygotes_handles,
        signals_its_zygote,
        reads_its_zygotes_memory,
        takes_a_handle_of_its_zygote,
        sends_on_its_zygotes_socket,
        forks_as_its_zygote_does,
    )
}


def takes_memory_on_a_negative(frame: Any) -> Any:
    """On a nought it kills itself as the kernel kills for want of memory, and says nothing."""
    if frame["a"].iloc[0] < 0:
        takes_shared_memory(frame)
    if frame["a"].iloc[0] == 0:
        os._exit(128 + 9)
    return frame["a"]


def says_done_and_leaves_with_a_word(frame: Any) -> Any:
    """An exit code is a word of eight bits that would pass through the zygote's memory."""
    for fd in memory_handles():
        answers = mmap.mmap(fd, os.fstat(fd).st_size)
        answers[:] = np.asarray(frame["a"], dtype="<f8").tobytes()
    for fd in pipes():
        os.write(fd, b'{"event": "done"}\n')
        os._exit(77)


def raises_on_a_negative(frame: Any) -> Any:
    """An error like any other: its round says so."""
    if frame["a"].iloc[0] < 0:
        raise ValueError("a negative")
    return frame["a"]


def says_failed_and_leaves_with_a_word(_frame: Any) -> Any:
    """It says itself that it failed, so that its zygote may stay, and leaves a word behind."""
    for fd in pipes():
        os.write(fd, b'{"event": "failed", "cause": "model_error"}\n')
        os._exit(77)


def leaves_with(code: int) -> Callable[[Any], Any]:
    """A model that ends its process with an exit code."""

    def predict(frame: Any) -> Any:
        os._exit(code)

    return predict
