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
import socket
import sys
import traceback
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from registry.sandbox.child import confine

_CAUSE_OF_ERRNO = {
    errno.EPERM: "forbidden_call",
    errno.EACCES: "outside",
    errno.EROFS: "outside",
    errno.ENOENT: "outside",
    errno.ENOSPC: "disk",
    errno.EFBIG: "disk",
    errno.EDQUOT: "disk",
    errno.ENOMEM: "memory",
}


def main(argument: str) -> None:
    """Run one round as `argument` (JSON) says; see `registry.sandbox.cell`."""
    order: dict[str, Any] = json.loads(argument)
    faulthandler.enable()
    _confine(order)
    sys.path.extend(order["site"])
    program = os.pread(order["filter"], 1 << 16, 0)
    try:
        if order["trial"]:
            _try_the_walls(order, program)
        else:
            _answer(order, program)
    except BaseException as error:  # noqa: BLE001  # whatever a model raises ends the round
        traceback.print_exc()
        _say(order, event="failed", cause=cause_of(error), items=items_of(error))
    os._exit(0)


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


def _confine(order: Mapping[str, Any]) -> None:
    confine.limit(order["limits"])
    if order["landlock"] is not None:
        confine.die_with_parent(order["parent"])
        confine.give_up_privileges()
        confine.landlock(order["landlock"])
        confine.seccomp(os.pread(order["outer"], 1 << 16, 0))


def _say(order: Mapping[str, Any], **words: Any) -> None:
    os.write(order["control"], (json.dumps(words)[:4000] + "\n").encode())


def _wait_for_go(order: Mapping[str, Any]) -> None:
    _say(order, event="ready")
    if os.read(order["go"], 1) != b"g":
        os._exit(0)


def _answer(order: Mapping[str, Any], program: bytes) -> None:
    from registry.sandbox.child import asking, opening
    from registry.sandbox.child.classes import Classes
    from registry.sandbox.child.refusal import NotOpened

    described = opening.describe(Path(order["model"]))
    _import(described.row.packages)
    _wait_for_go(order)
    confine.seccomp(program)
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


def _import(packages: tuple[str, ...]) -> None:
    gc.disable()  # nothing that imports make is rubbish, and looking through it takes long
    import numpy as np
    import pandas as pd
    import pyarrow as pa

    for package in packages:
        importlib.import_module(package)
    # What is imported at the first call of a function is imported now, and once for all.
    pa.table({"a": np.zeros(1), "b": ["a"]}).to_pandas()
    pd.DataFrame({"a": ["a"]}).isna()
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


def _try_the_walls(order: Mapping[str, Any], program: bytes) -> None:
    """Try what must be refused; a wall that gives way fails the trial."""
    _wait_for_go(order)
    for attempt in (os.fork, socket.socket, lambda: Path(order["secret"]).read_bytes()):
        try:
            attempt()
        except OSError:
            continue
        raise RuntimeError("a wall of the sandbox gave way")
    confine.seccomp(program)
    _say(order, event="done", rows=0)
