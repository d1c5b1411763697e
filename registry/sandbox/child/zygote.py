"""The process that has imported a format's packages and forks one single-use child per round.

It is trusted code throughout: it opens no file of a model, keeps nothing about a round, and ends
itself rather than fork while a child could share something with the next one. The order of the
walls of a child is in `_child`; all of them stand before one byte of the model is read.
"""

import faulthandler
import json
import os
import select
import socket
import sys
import traceback
from collections.abc import Mapping, Sequence
from contextlib import suppress
from enum import IntEnum
from typing import Any, NoReturn

from registry.sandbox.child import confine, messages, worker
from registry.sandbox.child.messages import HANDLES, Message, Word


class Fault(IntEnum):
    """What a child could share with the next one."""

    SHARED_MEMORY = 1
    THREADS = 2
    FILES = 3


def main(argument: str) -> None:
    """Import what the order (JSON) names, then fork a child for every round asked for."""
    order: dict[str, Any] = json.loads(argument)
    faulthandler.enable()
    link = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET, 0, fileno=order["link"])
    itself = Itself(order["link"])
    inner = _program(order["inner"])
    confine.limit(order["limits"])
    confine.die_with_parent(order["parent"])
    confine.give_up_privileges()
    confine.landlock(order["readable"])
    confine.seccomp(_program(order["zygote"]))
    sys.path.extend(order["site"])
    if not order["trial"]:
        with suppress(ImportError):  # a child that needs what is missing says so
            worker.prepare(order["packages"])
    _stop_if_unfit(link, itself)
    messages.send(link, Message(Word.STARTED))
    while select.select([link], [], [], order["idle"])[0]:
        asked = messages.receive(link)
        if asked is None or asked.word is not Word.ROUND:
            return
        _stop_if_unfit(link, itself, asked.handles)
        _round(order, link, inner, asked.handles)


def _program(handle: int) -> bytes:
    program = os.pread(handle, 1 << 16, 0)
    os.close(handle)
    return program


class Itself:
    """What this process can see of itself, from before Landlock closed `/proc`.

    Args:
        link: the handle of the socket to the worker.
    """

    def __init__(self, link: int) -> None:
        self._maps = os.open("/proc/self/maps", os.O_RDONLY | os.O_CLOEXEC)
        flags = os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC
        self._tasks = os.open("/proc/self/task", flags)
        self._files = os.open("/proc/self/fd", flags)
        self._known = {0, 1, 2, link, self._maps, self._tasks, self._files}

    def fault(self, expected: Sequence[int] = ()) -> Fault | None:
        """Why this process must not fork; None when nothing speaks against it.

        Args:
            expected: the handles of the round to come.
        """
        if any(line.split()[1].endswith(b"s") for line in self._mappings() if b" rw" in line):
            return Fault.SHARED_MEMORY
        if len(_listed(self._tasks)) != 1:
            return Fault.THREADS
        if self._open_files() != self._known | set(expected):
            return Fault.FILES
        return None

    def _mappings(self) -> list[bytes]:
        os.lseek(self._maps, 0, os.SEEK_SET)
        content = b""
        while piece := os.read(self._maps, 1 << 16):
            content += piece
        return content.splitlines()

    def _open_files(self) -> set[int]:
        """The open handles, without the one that looking takes."""
        return {fd for fd in _listed(self._files) if _is_open(fd)}


def _listed(folder: int) -> list[int]:
    return [int(name) for name in os.listdir(folder)]  # a handle, no path


def _is_open(handle: int) -> bool:
    try:
        os.fstat(handle)
    except OSError:
        return False
    return True


def _stop_if_unfit(link: socket.socket, itself: Itself, expected: Sequence[int] = ()) -> None:
    if (fault := itself.fault(expected)) is not None:
        messages.send(link, Message(Word.UNFIT, fault))
        os._exit(1)


def _round(
    order: Mapping[str, Any], link: socket.socket, inner: bytes, handles: Sequence[int]
) -> None:
    """Fork, hand over the child's process, and say how it ended."""
    itself = os.getpid()
    child = os.fork()
    if child == 0:
        _child(order, itself, inner, dict(zip(HANDLES, handles, strict=True)))
    for fd in handles:
        os.close(fd)
    process = os.pidfd_open(child)
    messages.send(link, Message(Word.FORKED, handles=(process,)))
    os.close(process)
    ended = os.waitid(os.P_PID, child, os.WEXITED)
    if ended is not None:
        messages.send(link, Message(Word.ENDED, ended.si_code, ended.si_status))


def _child(
    order: Mapping[str, Any], parent: int, inner: bytes, handles: Mapping[str, int]
) -> NoReturn:
    """One round behind walls of its own, from the fork to the last answer."""
    try:
        confine.die_with_parent(parent)
        _keep(handles)
        confine.limit(order["limits"])
        confine.landlock(order["readable"])
        _dice_anew()
        worker.answer_warm({**order, **handles}, inner, parent)
    except BaseException:  # noqa: BLE001  # whatever it is, this process never returns
        traceback.print_exc()
    finally:
        os._exit(0)


def _keep(handles: Mapping[str, int]) -> None:
    """Print to the round's log, and close every handle that is not the round's.

    What the zygote had open is one file description for all its children: its offset, its flags
    and its locks would carry words from one round to the next.
    """
    null = os.open("/dev/null", os.O_RDONLY)
    os.dup2(null, 0)
    for printed in (1, 2):
        os.dup2(handles["log"], printed)
    kept = sorted(fd for name, fd in handles.items() if name != "log")
    for low, high in zip([2, *kept], [*kept, 1 << 16], strict=True):
        os.closerange(low + 1, high)


def _dice_anew() -> None:
    """Seed NumPy's global generator, which a fork copies; Python's own seeds itself anew."""
    if (numpy := sys.modules.get("numpy")) is not None:
        numpy.random.seed(None)
