"""How a sandbox is started in each tier: the command, its environment, the order it is given.

Tier A is bubblewrap: namespaces and a root of read-only binds. Tier B is the worker confining
itself by Landlock and seccomp before it imports anything. In neither can a file be written or,
once a model is opened, a process be started, so that killing one process ends a round.
"""

import json
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from registry.sandbox.model import Model
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
_APP, _MODEL = "/.mingsuan/app", "/.mingsuan/model"
_FIRST = 1  # bubblewrap's own process in the pid namespace of tier A, parent of the one it starts
_NOWHERE = "/nowhere"
_QUIET = {
    "JOBLIB_MULTIPROCESSING": "0",
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "DO_NOT_TRACK": "true",
    "GIT_PYTHON_REFRESH": "quiet",
    "ARROW_DEFAULT_MEMORY_POOL": "system",
    # Both start a thread when they are imported, and a process with threads is not forked.
    "JE_ARROW_MALLOC_CONF": "background_thread:false",
    "ORT_DISABLE_TELEMETRY": "1",
    "PYTHONHASHSEED": "0",
    "PYTHONWARNINGS": "ignore",
    "LANG": "C.UTF-8",
    "PATH": "/usr/bin",
    "USER": "sandbox",
    "LOGNAME": "sandbox",
}


def environment(runtime: Runtime) -> dict[str, str]:
    """The whole environment of a sandbox; nothing of the parent's goes in."""
    return _SINGLE | _QUIET | runtime.environment | {"HOME": _NOWHERE, "TMPDIR": _NOWHERE}


def order(
    handles: Mapping[str, int],
    *,
    limits: Mapping[str, int],
    site: Path,
    model: Model,
) -> dict[str, Any]:
    """What the program inside is told (JSON); by_landlock and by_bubblewrap add where things lie."""
    return {
        **handles,
        "limits": dict(limits),
        "site": [str(site)],
        "parent": os.getpid(),
        "trial": model.trial is not None,
        "secret": str(model.trial or ""),
        "packages": model.packages,
        "classes": model.classes.as_json() if model.classes else None,
    }


def by_landlock(runtime: Runtime, told: dict[str, Any], model: Path) -> list[str]:
    """The command of tier B: the program confines itself."""
    readable = _readable(runtime, str(runtime.child), str(model))
    told = told | {"confine": True, "readable": readable, "model": str(model)}
    return [*_python(runtime), str(runtime.child), json.dumps(told)]


def by_bubblewrap(
    runtime: Runtime,
    told: dict[str, Any],
    model: Path,
    *,
    outer: int,
    information: int,
    block: int,
) -> list[str]:
    """The command of tier A.

    Args:
        runtime: interpreter, packages and bubblewrap.
        told: the program's order.
        model: the model's folder outside of the sandbox.
        outer: the handle of the seccomp filter it is started under.
        information: the handle on which bubblewrap names the sandbox's first process.
        block: the handle on which it waits before it goes on.
    """
    command = [str(runtime.bwrap), *_NAMESPACES, "--clearenv"]
    for name, value in environment(runtime).items():
        command += ["--setenv", name, value]
    command += _system()
    for path in _apart((runtime.prefix, runtime.site)):
        command += ["--ro-bind", str(path), str(path)]
    command += ["--ro-bind", str(runtime.child), _APP, "--ro-bind", str(model), _MODEL]
    command += ["--dev", "/dev", "--proc", "/proc", "--chdir", "/"]
    command += ["--remount-ro", "/dev", "--remount-ro", "/"]
    command += ["--seccomp", str(outer), "--info-fd", str(information), "--block-fd", str(block)]
    readable = _readable(runtime, _APP, _MODEL)
    told = told | {"confine": False, "readable": readable, "model": _MODEL, "parent": _FIRST}
    return [*command, "--", *_python(runtime), _APP, json.dumps(told)]


def _readable(runtime: Runtime, app: str, model: str) -> list[str]:
    """What a process may read that Landlock confines."""
    system = ["/usr", "/lib", "/lib64", "/etc/ld.so.cache", "/etc/localtime"]
    system += ["/sys/devices/system/cpu", "/proc/cpuinfo", "/proc/meminfo"]
    return [*system, str(runtime.prefix), str(runtime.site), app, model]


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
