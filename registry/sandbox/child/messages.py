"""What worker and zygote tell each other: messages of one fixed size, handles beside them.

Nothing is parsed but three numbers, and no message names a round: a zygote has one child at a
time and keeps nothing about those before. Standard library only.

Source: unix(7) on SCM_RIGHTS and SOCK_SEQPACKET.
"""

import array
import os
import socket
import struct
from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum

HANDLES = ("in", "out", "control", "go", "log")
"""What a round's handles are for, in the order in which they are sent."""
_MESSAGE = struct.Struct("<III")
_ROOM = socket.CMSG_SPACE((len(HANDLES) + 1) * struct.calcsize("i"))


class Word(IntEnum):
    """What a message says."""

    STARTED = 1
    """The zygote has imported its packages and found itself fit to fork."""
    ROUND = 2
    """The worker's handles for a round."""
    FORKED = 3
    """The handle of the child's process."""
    ENDED = 4
    """How the child ended: si_code and si_status of waitid(2)."""
    UNFIT = 5
    """The zygote has found in itself what a child could share: see `zygote.Fault`."""


_HANDLES_WITH = {Word.ROUND: len(HANDLES), Word.FORKED: 1}


class Garbled(RuntimeError):
    """A message that is none: the other side is not what it should be and is ended."""


@dataclass(frozen=True, slots=True)
class Message:
    """One message.

    Args:
        word: what it says.
        first: si_code, or a fault.
        second: si_status.
        handles: file handles that came with it; whoever receives them closes them.
    """

    word: Word
    first: int = 0
    second: int = 0
    handles: tuple[int, ...] = ()


def send(link: socket.socket, message: Message) -> None:
    """Send a message whole.

    Raises:
        OSError: when nobody is there, or it does not go through at once.
    """
    packed = _MESSAGE.pack(message.word, message.first, message.second)
    beside = [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", message.handles))]
    link.sendmsg([packed], beside if message.handles else [])


def receive(link: socket.socket) -> Message | None:
    """The next message; None when the other side is gone.

    Raises:
        Garbled: when it is of another size, says nothing known, or brings other handles.
        BlockingIOError: when there is none yet on a handle that does not wait.
    """
    content, beside, flags, _ = link.recvmsg(_MESSAGE.size, _ROOM, socket.MSG_CMSG_CLOEXEC)
    handles = [fd for level, kind, data in beside for fd in _taken(level, kind, data)]
    if not content and not handles:
        return None
    try:
        return _parsed(content, handles, cut=flags & (socket.MSG_TRUNC | socket.MSG_CTRUNC) != 0)
    except (ValueError, struct.error) as error:
        for fd in handles:
            os.close(fd)
        raise Garbled(str(error)) from error


def _taken(level: int, kind: int, data: bytes) -> Sequence[int]:
    if (level, kind) != (socket.SOL_SOCKET, socket.SCM_RIGHTS):
        return ()
    handles = array.array("i")
    handles.frombytes(data[: len(data) - len(data) % handles.itemsize])
    return handles


def _parsed(content: bytes, handles: Sequence[int], *, cut: bool) -> Message:
    number, first, second = _MESSAGE.unpack(content)
    word = Word(number)
    if cut or len(handles) != _HANDLES_WITH.get(word, 0):
        raise ValueError(f"{len(handles)} handles with {word.name}")
    return Message(word, first, second, tuple(handles))
