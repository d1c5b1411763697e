"""What worker and zygote tell each other: one fixed size, known words, the handles that belong."""

import os
import socket
import struct
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry.sandbox.child import messages
from registry.sandbox.child.messages import HANDLES, Garbled, Message, Word

NUMBERS = st.integers(0, 2**32 - 1)


@pytest.fixture
def ends() -> Iterator[tuple[socket.socket, socket.socket]]:
    here, there = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    with here, there:
        yield here, there


@given(word=st.sampled_from([Word.STARTED, Word.ENDED, Word.UNFIT]), first=NUMBERS, second=NUMBERS)
def test_what_is_sent_arrives(word: Word, first: int, second: int) -> None:
    here, there = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    with here, there:
        messages.send(here, Message(word, first, second))

        assert messages.receive(there) == Message(word, first, second)


@given(content=st.binary(min_size=1, max_size=40))
def test_anything_else_is_garbled_or_a_message_without_handles(content: bytes) -> None:
    here, there = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    with here, there:
        here.send(content)
        try:
            message = messages.receive(there)
        except Garbled:
            return
    assert message is not None
    assert message.word in {Word.STARTED, Word.ENDED, Word.UNFIT}
    assert content == struct.pack("<III", message.word, message.first, message.second)


def test_the_handles_of_a_round_arrive_in_their_order_and_end_with_a_program(
    ends: tuple[socket.socket, socket.socket],
) -> None:
    here, there = ends
    pipes = [os.pipe() for _ in HANDLES]
    messages.send(here, Message(Word.ROUND, handles=tuple(writer for _, writer in pipes)))

    message = messages.receive(there)

    assert message is not None
    for fd, (reader, _) in zip(message.handles, pipes, strict=True):
        assert not os.get_inheritable(fd)
        os.write(fd, b"x")
        assert os.read(reader, 1) == b"x"
    for fd in (*message.handles, *(end for pipe in pipes for end in pipe)):
        os.close(fd)


@pytest.mark.parametrize("word", Word)
@pytest.mark.parametrize("count", [2, len(HANDLES) + 4])
def test_other_handles_than_belong_to_a_word_are_closed_and_refused(
    word: Word, count: int, ends: tuple[socket.socket, socket.socket]
) -> None:
    here, there = ends
    reader, writer = os.pipe()
    messages.send(here, Message(word, handles=(writer,) * count))
    os.close(writer)

    with pytest.raises(Garbled):
        messages.receive(there)

    assert os.read(reader, 1) == b""  # every copy of the other end is closed
    os.close(reader)


def test_a_closed_end_is_told(ends: tuple[socket.socket, socket.socket]) -> None:
    here, there = ends
    here.close()

    assert messages.receive(there) is None


def test_a_handle_that_does_not_wait_says_that_there_is_none(
    ends: tuple[socket.socket, socket.socket],
) -> None:
    ends[1].setblocking(False)

    with pytest.raises(BlockingIOError):
        messages.receive(ends[1])
