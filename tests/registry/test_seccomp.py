"""The seccomp filters, judged by a small interpreter of classic BPF, for both architectures."""

import errno
import struct

import pytest

from registry.sandbox import seccomp
from registry.sandbox.seccomp import Filter

ARCHITECTURES = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}
ALLOW, KILL = 0x7FFF0000, 0x80000000
EPERM, ENOSYS = 0x00050000 | errno.EPERM, 0x00050000 | errno.ENOSYS
CLONE = {"x86_64": 56, "aarch64": 220}
FCNTL = {"x86_64": 72, "aarch64": 25}
PRLIMIT = {"x86_64": 302, "aarch64": 261}
PRCTL = {"x86_64": 157, "aarch64": 167}
IOCTL = {"x86_64": 16, "aarch64": 29}


def run(program: bytes, number: int, *arguments: int, architecture: str) -> int:
    """What the filter answers for one system call."""
    padded = (*arguments, *([0] * 6))[:6]
    data = struct.pack("=IIQ6Q", number, ARCHITECTURES[architecture], 0, *padded)
    steps = list(struct.iter_unpack("=HBBI", program))
    place = accumulator = 0
    while True:
        code, if_true, if_false, value = steps[place]
        place += 1
        if code == 0x20:
            (accumulator,) = struct.unpack_from("=I", data, value)
        elif code == 0x54:
            accumulator &= value
        elif code == 0x15:
            place += if_true if accumulator == value else if_false
        elif code == 0x35:
            place += if_true if accumulator >= value else if_false
        else:
            assert code == 0x06
            return int(value)


@pytest.fixture(params=ARCHITECTURES)
def architecture(request: pytest.FixtureRequest) -> str:
    name: str = request.param
    return name


@pytest.fixture(params=Filter)
def purpose(request: pytest.FixtureRequest) -> Filter:
    return Filter(request.param)


def test_what_scoring_needs_is_allowed(architecture: str, purpose: Filter) -> None:
    program = seccomp.program(purpose, architecture=architecture)
    for number in seccomp.allowed(architecture).values():
        assert run(program, number, architecture=architecture) == ALLOW


def test_what_no_model_needs_ends_the_process(architecture: str) -> None:
    inner = seccomp.program(Filter.INNER, architecture=architecture)
    for name, number in seccomp.deadly(architecture).items():
        assert run(inner, number, architecture=architecture) == KILL, name


# What each filter allows of the calls that end a process with a model in it.
EXCEPTIONS = {
    Filter.OUTER: {"execve"},
    Filter.ZYGOTE: {"sendmsg", "recvmsg", "pidfd_open"},
    Filter.ZYGOTE_START: {"sendmsg", "recvmsg", "pidfd_open", "execve"},
}


@pytest.mark.parametrize("standing", EXCEPTIONS)
def test_before_a_model_is_opened_it_is_refused_with_few_exceptions(
    architecture: str, standing: Filter
) -> None:
    program = seccomp.program(standing, architecture=architecture)
    for name, number in seccomp.deadly(architecture).items():
        expected = ALLOW if name in EXCEPTIONS[standing] else EPERM
        assert run(program, number, architecture=architecture) == expected, name


def test_no_number_is_in_two_lists(architecture: str) -> None:
    allowed, deadly = seccomp.allowed(architecture), seccomp.deadly(architecture)
    assert not set(allowed.values()) & set(deadly.values())
    assert len(set(allowed.values())) == len(allowed)
    assert len(set(deadly.values())) == len(deadly)


def test_every_other_number_is_refused(architecture: str, purpose: Filter) -> None:
    program = seccomp.program(purpose, architecture=architecture)
    answers = {number: run(program, number, architecture=architecture) for number in range(600)}
    known = {ALLOW, KILL, EPERM, ENOSYS}
    assert set(answers.values()) <= known
    assert {number for number, answer in answers.items() if answer == ENOSYS} == {435}
    assert run(program, 10_000, architecture=architecture) == EPERM


def test_threads_may_be_made_and_processes_not(architecture: str) -> None:
    program = seccomp.program(Filter.INNER, architecture=architecture)
    thread = 0x3D0F00  # the flags glibc's pthread_create passes
    assert run(program, CLONE[architecture], thread, architecture=architecture) == ALLOW
    for flags in (0, 17, 0x4111, thread | 0x10000000, thread | 0x20000000, 0x40000000):
        assert run(program, CLONE[architecture], flags, architecture=architecture) == KILL


FORK = 0x01200011  # what glibc's fork passes: SIGCHLD, CHILD_SETTID, CHILD_CLEARTID


def test_only_a_zygote_forks_and_only_so(architecture: str, purpose: Filter) -> None:
    program = seccomp.program(purpose, architecture=architecture)
    zygote = purpose in {Filter.ZYGOTE, Filter.ZYGOTE_START}
    refusal = KILL if purpose is Filter.INNER else EPERM

    def answer(flags: int) -> int:
        return run(program, CLONE[architecture], flags, architecture=architecture)

    assert answer(FORK) == (ALLOW if zygote else refusal)
    for others in (0, 17, 0x4111, FORK | 0x10000000, FORK | 0x20000000, FORK | 0x100, FORK - 17):
        assert answer(others) == refusal, hex(others)


def test_only_a_zygote_sets_what_its_child_needs(architecture: str, purpose: Filter) -> None:
    program = seccomp.program(purpose, architecture=architecture)
    zygote = purpose in {Filter.ZYGOTE, Filter.ZYGOTE_START}
    for option in (1, 4):  # PR_SET_PDEATHSIG, PR_SET_DUMPABLE
        answer = run(program, PRCTL[architecture], option, architecture=architecture)
        assert answer == (ALLOW if zygote else EPERM), option
    for call in (444, 445, 446):  # landlock_*
        answer = run(program, call, architecture=architecture)
        assert answer == (ALLOW if zygote else EPERM), call


def test_arguments_are_looked_at(architecture: str, purpose: Filter) -> None:
    program = seccomp.program(purpose, architecture=architecture)

    def answer(number: int, *arguments: int) -> int:
        return run(program, number, *arguments, architecture=architecture)

    assert answer(FCNTL[architecture], 3, 3) == ALLOW  # F_GETFL
    assert answer(FCNTL[architecture], 3, 8) == EPERM  # F_SETOWN
    assert answer(PRLIMIT[architecture], 0) == ALLOW
    assert answer(PRLIMIT[architecture], 1) == EPERM
    assert answer(IOCTL[architecture], 0, 0x5401) == ALLOW
    assert answer(IOCTL[architecture], 0, 0x5412) == EPERM  # TIOCSTI types into a terminal


def test_another_architecture_or_numbering_ends_the_process() -> None:
    x86, arm = (seccomp.program(Filter.OUTER, architecture=name) for name in ARCHITECTURES)
    assert run(x86, 63, architecture="aarch64") == KILL
    assert run(arm, 0, architecture="x86_64") == KILL
    assert run(x86, 0x40000000, architecture="x86_64") == KILL


def test_a_machine_without_a_table_is_said_to_have_none() -> None:
    with pytest.raises(seccomp.UnknownMachine, match="riscv64"):
        seccomp.program(Filter.INNER, architecture="riscv64")
