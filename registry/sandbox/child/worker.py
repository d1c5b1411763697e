"""The process inside the sandbox: confine, import, say ready, wait, open the model, answer, say done.

Up to the opening of the model this is trusted code; afterwards nothing it says is believed by the
parent except a failure. Answers go into shared memory of a fixed size; the control pipe carries
single lines of JSON.
"""

import errno
import faulthandler
import gc
import importlib
import json
import mmap
import os
import signal
import socket
import sys
import traceback
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from registry.sandbox.child import confine

_CAUSE_OF_ERRNO = {
    errno.EPERM: "forbidden_call",
    errno.EACCES: "outside",
    errno.EROFS: "outside",
    errno.ENOENT: "outside",
    errno.ENOSPC: "outside",
    errno.EFBIG: "outside",
    errno.EDQUOT: "outside",
    errno.ENOMEM: "memory",
}


def main(argument: str) -> None:
    """Run one round as `argument` (JSON) says; see `registry.sandbox.cell`."""
    order: dict[str, Any] = json.loads(argument)
    faulthandler.enable()
    confine.as_told(order)
    sys.path.extend(order["site"])
    program = os.pread(order["inner"], 1 << 16, 0)
    with _told_when_it_fails(order):
        if order["trial"]:
            _wait_for_go(order)
            _try_the_walls(os.fork, socket.socket, _opening(order["secret"]))
            confine.seccomp(program)
            _say(order, event="done", rows=0)
        else:
            _answer_cold(order, program)
    os._exit(0)


def answer_warm(order: Mapping[str, Any], program: bytes, zygote: int) -> None:
    """Run one round in a process that was forked for it and has confined itself.

    Args:
        order: as for `main`.
        program: the inner seccomp filter.
        zygote: the number of the process that forked this one.
    """
    with _told_when_it_fails(order):
        _wait_for_go(order)
        if order["trial"]:
            memory = f"/proc/{zygote}/mem"
            _try_the_walls(socket.socket, _opening(order["secret"]), _opening(memory))
        confine.seccomp(program)
        if order["trial"]:
            _say(order, event="done", rows=0)
        else:
            _answer(order)
    while True:  # an exit code would pass through the zygote's memory, to be found there
        signal.pause()


@contextmanager
def _told_when_it_fails(order: Mapping[str, Any]) -> Iterator[None]:
    try:
        yield
    except BaseException as error:  # noqa: BLE001  # whatever a model raises ends the round
        traceback.print_exc()
        _say(order, event="failed", cause=cause_of(error), items=items_of(error))


def cause_of(error: BaseException) -> str:
    """The word of `registry.sandbox.verdict.Cause` for an exception."""
    if (cause := getattr(error, "cause", None)) and isinstance(cause, str):
        return cause
    if isinstance(error, MemoryError):
        return "memory"
    if isinstance(error, ModuleNotFoundError) and error.name:
        return "missing_package"
    if isinstance(error, OSError) and error.errno in _CAUSE_OF_ERRNO:
        return _CAUSE_OF_ERRNO[error.errno]
    if isinstance(error, RuntimeError) and "start new thread" in str(error):
        return "processes"
    return cause_of(error.__context__) if error.__context__ else "model_error"


def items_of(error: BaseException) -> list[str]:
    """What an exception names: types, outputs, columns; of a package that is missing its name."""
    if isinstance(error, ModuleNotFoundError) and error.name:
        return [error.name.partition(".")[0]]
    items = getattr(error, "items", ())
    if isinstance(items, tuple) and items:
        return [str(item) for item in items]
    return items_of(error.__context__) if error.__context__ else []


def _say(order: Mapping[str, Any], **words: Any) -> None:
    os.write(order["control"], (json.dumps(words)[:4000] + "\n").encode())


def _wait_for_go(order: Mapping[str, Any]) -> None:
    _say(order, event="ready")
    if os.read(order["go"], 1) != b"g":
        os._exit(0)


def _answer_cold(order: Mapping[str, Any], program: bytes) -> None:
    prepare(order["packages"])
    _wait_for_go(order)
    confine.seccomp(program)
    _answer(order)


def _answer(order: Mapping[str, Any]) -> None:
    """Open the model and answer the frame; every wall stands, as a submitter's code may run."""
    from registry.sandbox.child import asking, opening
    from registry.sandbox.child.classes import Classes
    from registry.sandbox.child.refusal import NotOpened

    described = opening.describe(Path(order["model"]))
    table, out = _frame(order), _answers(order)
    classes = Classes.told(order["classes"])
    try:
        ask = opening.open_model(described, classes)
    except Exception as error:
        if cause_of(error) != "model_error":
            raise
        raise NotOpened("unreadable", str(error)[:300]) from error
    for start, answers in asking.in_blocks(ask, table, classes):
        out[start : start + answers.size] = answers
    _say(order, event="done", rows=table.num_rows)


def prepare(packages: Sequence[str]) -> None:
    """Import packages, and what their functions import at their first call."""
    gc.disable()  # nothing that imports make is rubbish, and looking through it takes long
    import numpy as np
    import pandas as pd
    import pyarrow as pa

    from registry.sandbox.child import asking, opening  # noqa: F401  # imported once for all

    pa.set_cpu_count(1)  # and no thread for it: a process with threads is not forked
    for package in packages:
        importlib.import_module(package)
    # What is imported at the first call of a function is imported now, and once for all.
    pa.table({"a": np.zeros(1), "b": ["a"]}).to_pandas(use_threads=False)
    pd.DataFrame({"a": ["a"]}).isna()
    with asking.one_thread():
        pass
    if "sklearn" in packages:
        from sklearn.linear_model import LinearRegression

        frame = pd.DataFrame({"a": [0.0, 1.0]})
        LinearRegression().fit(frame, [0.0, 1.0]).predict(frame)
    gc.freeze()  # what stands now stays: opening a model need not look through it again
    gc.enable()


def _frame(order: Mapping[str, Any]) -> Any:
    import pyarrow as pa

    size = os.fstat(order["in"]).st_size
    flags = mmap.MAP_SHARED | mmap.MAP_POPULATE
    shared = mmap.mmap(order["in"], size, flags=flags, prot=mmap.PROT_READ)
    return pa.ipc.open_file(pa.py_buffer(shared)).read_all()


def _answers(order: Mapping[str, Any]) -> Any:
    import numpy as np

    shared = mmap.mmap(order["out"], os.fstat(order["out"]).st_size)
    return np.frombuffer(shared, dtype="<f8")


def _opening(path: str) -> Callable[[], object]:
    return lambda: Path(path).read_bytes()


def _try_the_walls(*attempts: Callable[[], object]) -> None:
    """Try what must be refused; a wall that gives way fails the trial."""
    for attempt in attempts:
        try:
            attempt()
        except OSError:
            continue
        raise RuntimeError("a wall of the sandbox gave way")
