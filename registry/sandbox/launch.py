"""How a sandbox is started in each tier: the command, its environment, the order it is given.

Tier A is bubblewrap: namespaces, a root of read-only binds, sized tmpfs. Tier B is the worker
confining itself by Landlock and seccomp before it imports anything; it may write no file at all.
Neither can start a process, so that killing one process ends a sandbox.
"""

import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from registry.sandbox.limits import Limits
from registry.sandbox.runtime import Runtime

_START = "import sys; sys.path.insert(0, sys.argv[1]); from {main} import main; main(sys.argv[2])"
_SINGLE = dict.fromkeys(
    (
        "OMP_NUM_THREADS",
        "OPENBLAS_NUM_THREADS",
        "MKL_NUM_THREADS",
        "NUMEXPR_NUM_THREADS",
        "ARROW_IO_THREADS",
        "LOKY_MAX_CPU_COUNT",
    ),
    "1",
)
# Where things lie inside tier A: below a name that no installation uses for itself.
_APP, _MODEL, _SCRATCH = "/.mingsuan/app", "/.mingsuan/model", "/.mingsuan/scratch"
_QUIET = {
    "JOBLIB_MULTIPROCESSING": "0",
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "DO_NOT_TRACK": "true",
    "GIT_PYTHON_REFRESH": "quiet",
    "ARROW_DEFAULT_MEMORY_POOL": "system",
    "PYTHONHASHSEED": "0",
    "PYTHONWARNINGS": "ignore",
    "LANG": "C.UTF-8",
    "PATH": "/usr/bin",
    "USER": "sandbox",
    "LOGNAME": "sandbox",
}


@dataclass(frozen=True, slots=True)
class Handles:
    """The file handles a sandbox inherits, by what they are for."""

    frame: int
    answers: int
    control: int
    go: int
    inner: int
    outer: int

    def all(self) -> tuple[int, ...]:
        """Every handle, for `pass_fds`."""
        return (self.frame, self.answers, self.control, self.go, self.inner, self.outer)


def environment(home: str, runtime: Runtime) -> dict[str, str]:
    """The whole environment of a sandbox; nothing of the parent's goes in."""
    return _SINGLE | _QUIET | runtime.environment | {"HOME": home, "TMPDIR": home}


def order(
    handles: Handles,
    *,
    model: str,
    limits: Mapping[str, int],
    site: Path,
    trial: str | None,
    classes: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """What the worker is told (JSON)."""
    return {
        "in": handles.frame,
        "out": handles.answers,
        "control": handles.control,
        "go": handles.go,
        "filter": handles.inner,
        "outer": handles.outer,
        "limits": dict(limits),
        "site": [str(site)],
        "model": model,
        "landlock": None,
        "parent": os.getpid(),
        "trial": trial is not None,
        "secret": trial or "",
        "classes": dict(classes) if classes else None,
    }


def by_landlock(runtime: Runtime, told: dict[str, Any], model: Path) -> list[str]:
    """The command of tier B."""
    readable = ["/usr", "/lib", "/lib64", "/etc/ld.so.cache", "/etc/localtime"]
    readable += ["/sys/devices/system/cpu", "/proc/cpuinfo", "/proc/meminfo"]
    readable += [str(path) for path in (runtime.prefix, runtime.site, runtime.child, model)]
    told = told | {"landlock": readable, "model": str(model)}
    return [*_python(runtime), str(runtime.child), json.dumps(told)]


def by_bubblewrap(
    runtime: Runtime,
    told: dict[str, Any],
    model: Path,
    *,
    limits: Limits,
    information: int,
    block: int | None,
) -> list[str]:
    """The command of tier A.

    Args:
        runtime: interpreter, packages and bubblewrap.
        told: the worker's order.
        model: the model's folder outside of the sandbox.
        limits: for the size of temporary storage.
        information: the handle on which bubblewrap names the sandbox's first process.
        block: the handle on which it waits before it goes on; None for not at all.
    """
    size = str(limits.scratch)
    command = [str(runtime.bwrap), *_NAMESPACES, "--clearenv"]
    for name, value in environment(_SCRATCH, runtime).items():
        command += ["--setenv", name, value]
    command += _system()
    for path in _apart((runtime.prefix, runtime.site)):
        command += ["--ro-bind", str(path), str(path)]
    command += ["--ro-bind", str(runtime.child), _APP, "--ro-bind", str(model), _MODEL]
    command += ["--dev", "/dev", "--size", size, "--tmpfs", "/dev/shm", "--proc", "/proc"]  # noqa: S108
    command += ["--size", size, "--tmpfs", _SCRATCH, "--chdir", _SCRATCH]
    command += ["--remount-ro", "/dev", "--remount-ro", "/"]
    command += ["--seccomp", str(told["outer"]), "--info-fd", str(information)]
    command += ["--block-fd", str(block)] if block is not None else []
    return [*command, "--", *_python(runtime), _APP, json.dumps(told | {"model": _MODEL})]


_NAMESPACES = (
    "--unshare-user",
    "--unshare-pid",
    "--unshare-net",
    "--unshare-ipc",
    "--unshare-uts",
    "--unshare-cgroup-try",
    "--disable-userns",
    "--die-with-parent",
    "--new-session",
    "--cap-drop",
    "ALL",
    "--uid",
    "65534",
    "--gid",
    "65534",
    "--hostname",
    "sandbox",
)


def _python(runtime: Runtime) -> list[str]:
    # -P -s -S -B: nothing on the path but what the order names, no site, no byte code written.
    start = _START.format(main=runtime.main)
    return [str(runtime.python), "-P", "-s", "-S", "-B", "-u", "-c", start]


def _system() -> list[str]:
    """The system's libraries, as links where the system has links."""
    command = ["--ro-bind", "/usr", "/usr"]
    for name in ("/lib", "/lib64", "/lib32", "/bin", "/sbin"):
        path = Path(name)
        if path.is_symlink():
            command += ["--symlink", str(path.readlink()), name]
        elif path.exists():
            command += ["--ro-bind", name, name]
    for name in ("/etc/ld.so.cache", "/etc/localtime", "/sys/devices/system/cpu"):
        command += ["--ro-bind-try", name, name]
    return command


def _apart(paths: Sequence[Path]) -> list[Path]:
    """The folders that are not below `/usr` or another of them already."""
    chosen: list[Path] = []
    for path in sorted({path.resolve() for path in paths}):
        if not any(path.is_relative_to(other) for other in (Path("/usr"), *chosen)):
            chosen.append(path)
    return chosen
