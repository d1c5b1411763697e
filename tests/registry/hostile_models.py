"""Models that mean harm, one function each; pickled by value, so that they run in the sandbox.

Every function takes a frame and may return answers; `PLAN` names what must become of it.
"""

import ctypes
import errno
import fcntl
import json
import mmap
import os
import signal
import socket
import stat
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cloudpickle
import numpy as np

from registry.sandbox import seccomp

MARK = "MINGSUAN_TEST_MARK"
LAIR = Path(f"/var/tmp/mingsuan-hostile-{os.getpid()}")  # a place everybody may read and write
PARENT = os.getpid()
CALLS = seccomp.deadly(seccomp.machine())
MLMODEL = """\
flavors:
  python_function:
    loader_module: {loader}
    model_path: model.pkl
    predict_fn: predict
  sklearn:
    code: null
    pickled_model: model.pkl
    serialization_format: {serialization}
signature:
  inputs: '[{{"type": "double", "name": "a", "required": true}}]'
"""


class Model:
    """What is unpickled: an object whose `predict` is one of the functions below."""

    def __init__(self, function: Callable[[Any], Any]) -> None:
        self.predict = function


def write(
    folder: Path,
    model: Any,
    *,
    serialization: str = "cloudpickle",
    loader: str = "mlflow.sklearn",
) -> Path:
    """An MLflow model directory around `model` (an object, or the bytes of its file)."""
    folder.mkdir()
    text = MLMODEL.format(loader=loader, serialization=serialization)
    (folder / "MLmodel").write_text(text, encoding="utf-8")
    cloudpickle.register_pickle_by_value(sys.modules[__name__])
    content = model if isinstance(model, bytes) else cloudpickle.dumps(model)
    (folder / "model.pkl").write_bytes(content)
    return folder


def zeros(frame: Any) -> Any:
    return np.zeros(len(frame))


def runs_a_program(frame: Any) -> Any:
    os.system(f"touch {LAIR}/made")
    return zeros(frame)


def writes_a_file(frame: Any) -> Any:
    (LAIR / "made").write_text("was here")
    return zeros(frame)


def writes_over_the_interpreter(frame: Any) -> Any:
    with Path(os.__file__).open("r+b") as file:
        file.write(b"x")
    return zeros(frame)


def connects_to_loopback(frame: Any) -> Any:
    port = int((LAIR / "port").read_text()) if (LAIR / "port").exists() else 9
    socket.create_connection(("127.0.0.1", port), timeout=1)
    return zeros(frame)


def connects_to_an_abstract_socket(frame: Any) -> Any:
    socket.socket(socket.AF_UNIX).connect(f"\0{LAIR.name}")
    return zeros(frame)


def reads_a_secret(frame: Any) -> Any:
    return np.full(len(frame), len((LAIR / "secret").read_text()))


def reads_the_password_file(frame: Any) -> Any:
    return np.full(len(frame), len(Path("/etc/passwd").read_text()))


def reads_the_parents_environment(frame: Any) -> Any:
    found = MARK in Path(f"/proc/{PARENT}/environ").read_text()
    return np.full(len(frame), float(found))


def is_a_fork_bomb(frame: Any) -> Any:
    while True:
        os.fork()


def is_a_thread_bomb(frame: Any) -> Any:
    threads = [threading.Thread(target=time.sleep, args=(60,), daemon=True) for _ in range(10_000)]
    for thread in threads:
        thread.start()
    return zeros(frame)


def takes_100_gigabytes(frame: Any) -> Any:
    return np.ones(100 * 1024**3 // 8)[: len(frame)]


def takes_memory_in_small_pieces(frame: Any) -> Any:
    kept = []
    while True:
        kept.append(bytearray(b"x") * (16 << 20))


def takes_shared_memory(frame: Any) -> Any:
    kept = []
    while True:
        piece = mmap.mmap(-1, 64 << 20)
        piece[:] = b"x" * (64 << 20)
        kept.append(piece)


def sleeps(frame: Any) -> Any:
    time.sleep(3600)


def spins(frame: Any) -> Any:
    while True:
        pass


def leaves_a_daemon(frame: Any) -> Any:
    if os.fork() == 0:
        os.setsid()
        if os.fork() == 0:
            time.sleep(3600)
        os._exit(0)
    return zeros(frame)


def writes_junk_to_every_handle(frame: Any) -> Any:
    for fd in range(3, 256):
        try:
            os.write(fd, b'{"event":\xff junk}\n' * 10)
        except OSError:
            continue
    return zeros(frame)


def floods_the_control_pipe(frame: Any) -> Any:
    for fd in pipes():
        while True:
            os.write(fd, b"x" * 65536)


def pipes() -> list[int]:
    found = []
    for fd in range(3, 256):
        try:
            if stat.S_ISFIFO(os.fstat(fd).st_mode) and fcntl.fcntl(fd, fcntl.F_GETFL) & 3:
                found.append(fd)
        except OSError:
            continue
    return found


def forges_done(frame: Any) -> Any:
    words = json.dumps({"event": "done", "rows": len(frame)}).encode() + b"\n"
    for fd in pipes():
        os.write(fd, words)
    time.sleep(3600)


def answers_nan(frame: Any) -> Any:
    return np.full(len(frame), np.nan)


def answers_infinity(frame: Any) -> Any:
    return np.where(np.arange(len(frame)) == 1, np.inf, 0.0)


def answers_nothing(frame: Any) -> Any:
    return [None] * len(frame)


def answers_complex(frame: Any) -> Any:
    return np.full(len(frame), 1 + 2j)


def answers_too_few(frame: Any) -> Any:
    return zeros(frame)[1:]


def answers_with_words(frame: Any) -> Any:
    return np.full(len(frame), "yes", dtype=object)


def memory_handles() -> list[int]:
    found = []
    for fd in range(3, 256):
        try:
            if stat.S_ISREG(os.fstat(fd).st_mode) and fcntl.fcntl(fd, fcntl.F_GETFL) & 3 == 2:
                found.append(fd)
        except OSError:
            continue
    return found


def shrinks_the_shared_memory(frame: Any) -> Any:
    for fd in memory_handles():
        os.ftruncate(fd, 0)
    return zeros(frame)


def grows_the_shared_memory(frame: Any) -> Any:
    for fd in memory_handles():
        os.ftruncate(fd, os.fstat(fd).st_size + 4096)
    return zeros(frame)


def writes_to_the_sealed_frame(frame: Any) -> Any:
    for fd in range(3, 64):
        try:
            regular = stat.S_ISREG(os.fstat(fd).st_mode)
        except OSError:
            continue
        if regular and fcntl.fcntl(fd, fcntl.F_GETFL) & 3 == 0:
            os.write(os.open(f"/proc/self/fd/{fd}", os.O_RDWR), b"changed")
    return zeros(frame)


def floods_its_output(frame: Any) -> Any:
    while True:
        print("x" * 10_000)


def fills_the_disk(frame: Any) -> Any:
    number = 0
    while True:
        number += 1
        with Path(tempfile.gettempdir(), f"fill-{number}").open("wb") as file:
            file.write(b"x" * (16 << 20))


def fills_the_disk_with_one_file(frame: Any) -> Any:
    with Path(os.environ["TMPDIR"], "fill").open("wb") as file:
        while True:
            file.write(b"x" * (16 << 20))


def fills_anonymous_files(frame: Any) -> Any:
    while True:
        os.write(os.memfd_create("fill"), b"x" * (16 << 20))


def signals_the_parent(frame: Any) -> Any:
    os.kill(PARENT, signal.SIGTERM)
    return zeros(frame)


def signals_through_a_pipe(frame: Any) -> Any:
    reader, writer = os.pipe()
    fcntl.fcntl(reader, 8, PARENT)  # F_SETOWN: to whom SIGIO goes
    fcntl.fcntl(reader, fcntl.F_SETFL, os.O_ASYNC)
    os.write(writer, b"x")
    return zeros(frame)


def crashes(frame: Any) -> Any:
    ctypes.string_at(0)


def leaves_quietly(frame: Any) -> Any:
    os._exit(0)


def calls(name: str, *, x32: bool = False) -> Callable[[Any], Any]:
    """A model that makes one system call, by number, past every wrapper."""
    number = CALLS[name] | (0x40000000 if x32 else 0)

    def predict(frame: Any) -> Any:
        libc = ctypes.CDLL(None, use_errno=True)
        if libc.syscall(ctypes.c_long(number), 0, 0, 0, 0, 0) < 0:
            raise OSError(ctypes.get_errno() or errno.EPERM, "refused")
        return zeros(frame)

    return predict


def escapes_by_a_thread(frame: Any) -> Any:
    """The filter must stand on every thread, those of the libraries included."""
    thread = threading.Thread(target=socket.socket)
    thread.start()
    thread.join()
    return zeros(frame)


def counts_its_frames(frame: Any) -> Any:
    """Answers how many frames this process and its temporary folder have seen before."""
    seen, home = 0, Path(os.environ["HOME"])
    if home.exists():
        seen = len(list(home.glob("seen-*")))
        (home / f"seen-{seen}").touch()
    earlier: int = getattr(sys, "mingsuan_seen", 0)
    sys.mingsuan_seen = earlier + 1  # type: ignore[attr-defined]
    return np.full(len(frame), float(seen + earlier))


def looks_at_its_environment(frame: Any) -> Any:
    return np.full(len(frame), float(MARK in os.environ))


def aborts_on_a_negative(frame: Any) -> Any:
    if frame["a"].iloc[0] < 0:
        os.abort()
    return frame["a"]


PLAN: dict[str, tuple[Callable[[Any], Any], str]] = {
    function.__name__: (function, cause)
    for function, cause in (
        (runs_a_program, "forbidden_call"),
        (writes_a_file, "outside"),
        (writes_over_the_interpreter, "outside"),
        (connects_to_loopback, "forbidden_call"),
        (connects_to_an_abstract_socket, "forbidden_call"),
        (escapes_by_a_thread, "forbidden_call"),
        (reads_a_secret, "outside"),
        (reads_the_password_file, "outside"),
        (reads_the_parents_environment, "outside"),
        (is_a_fork_bomb, "forbidden_call"),
        (is_a_thread_bomb, "processes"),
        (takes_100_gigabytes, "memory"),
        (takes_memory_in_small_pieces, "memory"),
        (takes_shared_memory, "memory"),
        (sleeps, "wall_clock"),
        (spins, "wall_clock"),
        (leaves_a_daemon, "forbidden_call"),
        (writes_junk_to_every_handle, "protocol"),
        (floods_the_control_pipe, "protocol"),
        (forges_done, "truncated"),
        (answers_nan, "non_finite"),
        (answers_infinity, "non_finite"),
        (answers_nothing, "non_finite"),
        (answers_complex, "no_numbers"),
        (answers_too_few, "wrong_shape"),
        (answers_with_words, "wrong_shape"),
        (shrinks_the_shared_memory, "forbidden_call"),
        (grows_the_shared_memory, "outside"),
        (writes_to_the_sealed_frame, "outside"),
        (floods_its_output, "output_flood"),
        (fills_the_disk, "outside"),
        (fills_the_disk_with_one_file, "outside"),
        (fills_anonymous_files, "forbidden_call"),
        (signals_the_parent, "forbidden_call"),
        (signals_through_a_pipe, "forbidden_call"),
        (crashes, "crashed"),
        (leaves_quietly, "crashed"),
    )
}
SYSTEM_CALLS = (
    "unshare",
    "setns",
    "mount",
    "ptrace",
    "bpf",
    "io_uring_setup",
    "keyctl",
    "userfaultfd",
    "perf_event_open",
    "process_vm_readv",
    "open_by_handle_at",
    "execveat",
)
PLAN |= {f"calls_{name}": (calls(name), "forbidden_call") for name in SYSTEM_CALLS}
if seccomp.machine() == "x86_64":
    PLAN["calls_by_the_x32_numbers"] = (calls("ptrace", x32=True), "forbidden_call")
