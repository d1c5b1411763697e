"""Seccomp filters, assembled here as classic BPF for x86_64 and aarch64; no library at run time.

Filters stand one behind the other. The *outer* one is in force while a sandbox starts and imports
its packages: an allow-list, everything else answers EPERM. The *inner* one is added right before a
submitted model is opened: it also takes away execve, and calls that no scoring model has a reason
to make end the process at once, so that the verdict can name its cause. A *zygote* stands under a
filter of its own: it may fork, confine what it forked, and hand handles over; it may run no program.

Sources: seccomp(2), bpf in the kernel's `Documentation/networking/filter.rst`, and the system call
tables `arch/x86/entry/syscalls/syscall_64.tbl` and `include/uapi/asm-generic/unistd.h`.
"""

import errno
import platform
import struct
from collections.abc import Iterator
from enum import StrEnum

_ARCHITECTURES = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}
_COLUMNS = {"x86_64": 0, "aarch64": 1}
_X32 = 0x40000000

_ALLOW = 0x7FFF0000
_ERRNO = 0x00050000
_KILL = 0x80000000
_REFUSE = _ERRNO | errno.EPERM

_LOAD, _AND, _EQUAL, _ABOVE, _RETURN = 0x20, 0x54, 0x15, 0x35, 0x06
_NUMBER, _ARCHITECTURE, _ARGUMENTS = 0, 4, 16  # offsets in struct seccomp_data

CLONE_THREAD = 0x00010000
FORK = 0x01200011
"""The flags of glibc's fork: SIGCHLD, and the child's number set and cleared in its own memory."""
_CLONE_NEW = 0x7E020000  # every CLONE_NEW* flag that clone(2) knows

# name: x86_64 number, aarch64 number (- where the architecture has none)
_ALLOWED_TABLE = """
read 0 63, write 1 64, open 2 -, close 3 57, stat 4 -, fstat 5 80, lstat 6 -, poll 7 -,
lseek 8 62, mmap 9 222, mprotect 10 226, munmap 11 215, brk 12 214, rt_sigaction 13 134,
rt_sigprocmask 14 135, rt_sigreturn 15 139, pread64 17 67, pwrite64 18 68, readv 19 65,
writev 20 66, access 21 -, pipe 22 -, select 23 -, sched_yield 24 124, mremap 25 216,
msync 26 227, mincore 27 232, madvise 28 233, dup 32 23, dup2 33 -, pause 34 -,
nanosleep 35 101, getitimer 36 102, alarm 37 -, setitimer 38 103, getpid 39 172,
sendfile 40 71, exit 60 93, wait4 61 260, uname 63 160, flock 73 32, fsync 74 82,
fdatasync 75 83, ftruncate 77 46, getdents 78 -, getdents64 217 61, getcwd 79 17, chdir 80 49,
fchdir 81 50, rename 82 -, mkdir 83 -, rmdir 84 -, creat 85 -, unlink 87 -, readlink 89 -,
umask 95 166, gettimeofday 96 169, getrlimit 97 163, getrusage 98 165, sysinfo 99 179,
times 100 153, getuid 102 174, getgid 104 176, geteuid 107 175, getegid 108 177,
getppid 110 173, getpgrp 111 -, getgroups 115 158, getresuid 118 148, getresgid 120 150,
getpgid 121 155, getsid 124 156, capget 125 90, rt_sigpending 127 136, rt_sigtimedwait 128 137,
rt_sigsuspend 130 133, sigaltstack 131 132, statfs 137 43, fstatfs 138 44, getpriority 140 141,
sched_getparam 143 121, sched_getscheduler 145 120, sched_get_priority_max 146 125,
sched_get_priority_min 147 126, arch_prctl 158 -, setrlimit 160 164, gettid 186 178, time 201 -,
futex 202 98, sched_getaffinity 204 123, set_tid_address 218 96, restart_syscall 219 128,
fadvise64 221 223, clock_gettime 228 113, clock_getres 229 114, clock_nanosleep 230 115,
exit_group 231 94, epoll_wait 232 -, epoll_ctl 233 21, get_mempolicy 239 236, waitid 247 95,
openat 257 56, mkdirat 258 34, newfstatat 262 79, unlinkat 263 35, renameat 264 38,
readlinkat 267 78, faccessat 269 48, pselect6 270 72, ppoll 271 73, set_robust_list 273 99,
get_robust_list 274 100, epoll_pwait 281 22, fallocate 285 47, eventfd2 290 19,
epoll_create1 291 20, dup3 292 24, pipe2 293 59, preadv 295 69, pwritev 296 70, getcpu 309 168,
renameat2 316 276, getrandom 318 278, membarrier 324 283, copy_file_range 326 285,
preadv2 327 286, pwritev2 328 287, statx 332 291, rseq 334 293, close_range 436 436,
openat2 437 437, faccessat2 439 439
"""

# What only the start needs: exec by bubblewrap, and putting the inner filter in place.
_EXECUTING_TABLE = "execve 59 221"
_STARTING_TABLE = f"{_EXECUTING_TABLE}, seccomp 317 277"

# What a zygote does beside importing: confine its child, name it, take and hand over handles.
_ZYGOTE_TABLE = """
sendmsg 46 211, recvmsg 47 212, seccomp 317 277, pidfd_open 434 434, landlock_create_ruleset 444 444,
landlock_add_rule 445 445, landlock_restrict_self 446 446
"""

# No scoring model has a reason to make these: the inner filter ends the process.
_DEADLY_TABLE = """
socket 41 198, connect 42 203, accept 43 202, sendto 44 206, recvfrom 45 207, sendmsg 46 211,
recvmsg 47 212, bind 49 200, listen 50 201, socketpair 53 199, accept4 288 242,
recvmmsg 299 243, sendmmsg 307 269, fork 57 -, vfork 58 -, execve 59 221, execveat 322 281,
ptrace 101 117, process_vm_readv 310 270, process_vm_writev 311 271, kcmp 312 272,
pidfd_send_signal 424 424, pidfd_open 434 434, pidfd_getfd 438 438, process_madvise 440 440,
unshare 272 97, setns 308 268, mount 165 40, umount2 166 39, pivot_root 155 41, chroot 161 51,
open_tree 428 428, move_mount 429 429, fsopen 430 430, fsconfig 431 431, fsmount 432 432,
fspick 433 433, mount_setattr 442 442, bpf 321 280, perf_event_open 298 241,
userfaultfd 323 282, io_uring_setup 425 425, io_uring_enter 426 426, io_uring_register 427 427,
add_key 248 217, request_key 249 218, keyctl 250 219, name_to_handle_at 303 264,
open_by_handle_at 304 265, init_module 175 105, finit_module 313 273, delete_module 176 106,
kexec_load 246 104, kexec_file_load 320 294, reboot 169 142, swapon 167 224, swapoff 168 225,
setuid 105 146, setgid 106 144, setreuid 113 145, setregid 114 143, setresuid 117 147,
setresgid 119 149, setgroups 116 159, capset 126 91, mknod 133 -, mknodat 259 33,
personality 135 92, acct 163 89, quotactl 179 60, syslog 103 116, settimeofday 170 170,
clock_settime 227 112, iopl 172 -, ioperm 173 -, modify_ldt 154 -, memfd_secret 447 447
"""

_CLONE, _CLONE3 = (56, 220), (435, 435)
_FCNTL, _IOCTL, _PRCTL, _PRLIMIT = (72, 25), (16, 29), (157, 167), (302, 261)

# The values an argument may have. fcntl: no F_SETOWN or F_SETSIG, which send signals to others.
_FCNTL_COMMANDS = (0, 1, 2, 3, 4, 5, 6, 7, 36, 37, 38, 1030, 1032, 1033, 1034)
_IOCTL_COMMANDS = (0x5401, 0x5413, 0x541B, 0x5421, 0x5450, 0x5451)  # TCGETS … FIOCLEX
_PRCTL_OPTIONS = (3, 15, 16, 23, 38, 0x53564D41)  # dumpable? name, capability? privileges, VMA
_ZYGOTE_PRCTL_OPTIONS = (1, 4)  # die with the parent, not dumpable


class Filter(StrEnum):
    """What a filter is for; see the module."""

    OUTER = "outer"
    INNER = "inner"
    ZYGOTE = "zygote"
    ZYGOTE_START = "zygote_start"
    """As `ZYGOTE`, and execve: what bubblewrap starts the zygote under."""


_ZYGOTES = frozenset({Filter.ZYGOTE, Filter.ZYGOTE_START})


class UnknownMachine(RuntimeError):
    """There is no system call table for this kind of machine."""


def machine() -> str:
    """This machine's architecture, as the tables call it."""
    name = platform.machine()
    return {"arm64": "aarch64", "AMD64": "x86_64"}.get(name, name)


def numbers(table: str, architecture: str) -> dict[str, int]:
    """The system call numbers of one architecture in a table."""
    column = _COLUMNS[architecture]
    rows = (entry.split() for entry in table.replace("\n", " ").split(","))
    return {row[0]: int(row[1 + column]) for row in rows if row[1 + column] != "-"}


def allowed(architecture: str) -> dict[str, int]:
    """The calls the inner filter lets through whatever their arguments."""
    return numbers(_ALLOWED_TABLE, architecture)


def deadly(architecture: str) -> dict[str, int]:
    """The calls that end the process under the inner filter."""
    return numbers(_DEADLY_TABLE, architecture)


def added(purpose: Filter, architecture: str) -> dict[str, int]:
    """The calls that a filter lets through beside `allowed`, whatever their arguments."""
    tables = {
        Filter.INNER: "",
        Filter.OUTER: _STARTING_TABLE,
        Filter.ZYGOTE: _ZYGOTE_TABLE,
        Filter.ZYGOTE_START: f"{_ZYGOTE_TABLE}, {_EXECUTING_TABLE}",
    }
    return numbers(tables[purpose], architecture) if tables[purpose] else {}


def program(purpose: Filter, *, architecture: str | None = None) -> bytes:
    """A filter as the kernel takes it: an array of `struct sock_filter`.

    Args:
        purpose: what it is for.
        architecture: x86_64 or aarch64; this machine's if not given.

    Raises:
        UnknownMachine: for any other architecture.
    """
    architecture = architecture or machine()
    if architecture not in _ARCHITECTURES:
        raise UnknownMachine(f"no system call table for {architecture}")
    code = b"".join(_instructions(architecture, purpose))
    if len(code) > 4096 * 8:
        raise ValueError("the kernel takes at most 4096 instructions")
    return code


def _instructions(architecture: str, purpose: Filter) -> Iterator[bytes]:
    column = _COLUMNS[architecture]
    yield _op(_LOAD, _ARCHITECTURE)
    yield from _unless_equal(_ARCHITECTURES[architecture], _KILL)
    yield _op(_LOAD, _NUMBER)
    if architecture == "x86_64":
        yield from _if_at_least(_X32, _KILL)  # the x32 numbering would slip past the list
    calls = allowed(architecture) | added(purpose, architecture)
    for number in sorted(calls.values()):
        yield from _if_equal(number, _ALLOW)
    yield from _if_equal(_CLONE3[column], _ERRNO | errno.ENOSYS)  # glibc falls back to clone
    inner = purpose is Filter.INNER
    yield from _clone(_CLONE[column], _KILL if inner else _REFUSE, fork=purpose in _ZYGOTES)
    yield from _by_argument(_FCNTL[column], 1, _FCNTL_COMMANDS)
    yield from _by_argument(_IOCTL[column], 1, _IOCTL_COMMANDS)
    options = _PRCTL_OPTIONS + (_ZYGOTE_PRCTL_OPTIONS if purpose in _ZYGOTES else ())
    yield from _by_argument(_PRCTL[column], 0, options)
    yield from _by_argument(_PRLIMIT[column], 0, (0,))  # one's own limits only
    if inner:
        for number in sorted(deadly(architecture).values()):
            yield from _if_equal(number, _KILL)
    yield _op(_RETURN, _REFUSE)


def _op(code: int, value: int, if_true: int = 0, if_false: int = 0) -> bytes:
    return struct.pack("=HBBI", code, if_true, if_false, value)


def _if_equal(value: int, action: int) -> Iterator[bytes]:
    yield _op(_EQUAL, value, 0, 1)
    yield _op(_RETURN, action)


def _unless_equal(value: int, action: int) -> Iterator[bytes]:
    yield _op(_EQUAL, value, 1, 0)
    yield _op(_RETURN, action)


def _if_at_least(value: int, action: int) -> Iterator[bytes]:
    yield _op(_ABOVE, value, 0, 1)
    yield _op(_RETURN, action)


def _clone(number: int, refusal: int, *, fork: bool) -> Iterator[bytes]:
    """Threads yes; namespaces no; processes only by the fork of glibc, and only with `fork`."""
    forking = list(_if_equal(FORK, _ALLOW)) if fork else []
    yield _op(_EQUAL, number, 0, 5 + len(forking))
    yield _op(_LOAD, _ARGUMENTS)
    yield from forking
    yield _op(_AND, _CLONE_NEW | CLONE_THREAD)
    yield _op(_EQUAL, CLONE_THREAD, 0, 1)
    yield _op(_RETURN, _ALLOW)
    yield _op(_RETURN, refusal)


def _by_argument(number: int, place: int, values: tuple[int, ...]) -> Iterator[bytes]:
    """Let `number` through where the low word of one argument has one of `values`."""
    yield _op(_EQUAL, number, 0, 2 + 2 * len(values))
    yield _op(_LOAD, _ARGUMENTS + 8 * place)
    for value in values:
        yield from _if_equal(value, _ALLOW)
    yield _op(_RETURN, _REFUSE)
