"""What a third party's code runs on: copies of its own package and of ours, in one folder.

A sandbox sees this folder, the interpreter and the installed packages that the code requires, and
nothing else of the machine. Nothing here is imported to be staged. The folder is named after the
digest of what it holds, so a package that changes gets another.
"""

import compileall
import hashlib
import importlib.metadata
import importlib.util
import shutil
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from importlib.metadata import Distribution
from pathlib import Path

from packaging.requirements import Requirement

from registry.errors import Invalid
from registry.sandbox import runtime as runtimes
from registry.sandbox.runtime import Runtime

ROOTS = ("numpy", "scipy", "pandas", "pyarrow", "pydantic", "pydantic-settings", "cryptography",
         "sqlalchemy", "pyyaml", "packaging", "cloudpickle")  # fmt: skip
"""What our own modules need, beside what the third party's package requires."""
SITE, PLUGIN = "site", "plugin"
"""Where, in a stage, our own modules' needs lie, and the third party's modules with theirs: those
come onto the path last, and only once no call is left that they must not make."""
_KEPT = frozenset({".py", ".toml", ".json", ".txt", ".csv"})
_MOST = 256 << 20


class NotStaged(Invalid):
    """The package of a third party's code cannot be found or is too large."""


@dataclass(frozen=True, slots=True)
class Foreign:
    """A third party's package before anything of it was run.

    Args:
        name: of the distribution.
        version: of the distribution.
        sources: the files of its own modules, path within the package → where it lies.
        digest: SHA-256 over those files.
        requires: the installed distributions it needs.
    """

    name: str
    version: str
    sources: dict[str, Path]
    digest: str
    requires: tuple[str, ...]


def found(distribution: Distribution, module: str) -> Foreign:
    """Look at a package without importing it.

    Args:
        distribution: which.
        module: the module that its entry point names.

    Raises:
        NotStaged: when its files are not to be found, or too large.
    """
    sources = dict(_modules(module.partition(".")[0]))
    sources |= {name: path for name, path in _recorded(distribution) if name not in sources}
    if not sources:
        raise NotStaged(
            f"找不到插件 {distribution.name} 的文件，请重新安装。",
            f"The files of the plugin {distribution.name} are not found; install it again.",
        )
    if sum(path.stat().st_size for path in sources.values()) > _MOST:
        raise NotStaged(
            f"插件 {distribution.name} 的文件超过 {_MOST >> 20} MiB。请减小后再装。",
            f"The files of the plugin {distribution.name} exceed {_MOST >> 20} MiB; make it smaller.",
        )
    digest = hashlib.sha256()
    for name in sorted(sources):
        digest.update(
            f"{name}\0{hashlib.sha256(sources[name].read_bytes()).hexdigest()}\n".encode()
        )
    return Foreign(
        distribution.name,
        distribution.version,
        sources,
        digest.hexdigest(),
        tuple(sorted(_closure(_names(distribution)))),
    )


def staged(foreign: Foreign, ours: Sequence[Path], base: Runtime) -> Path:
    """The folder in which the package, our modules and what both need lie; made if missing.

    Args:
        foreign: the package.
        ours: the folders of our packages that it may import.
        base: the interpreter and packages the sandbox has anyway.
    """
    own = {f"{folder.name}/{name}": path for folder in ours for name, path in _below(folder)}
    needed = dict(_elsewhere(_closure(ROOTS), base))
    extra = {n: d for n, d in _elsewhere(foreign.requires, base) if n not in needed}
    what = [foreign.digest, *sorted(f"{n}=={d.version}" for n, d in (needed | extra).items())]
    what += [f"{n} {hashlib.sha256(path.read_bytes()).hexdigest()}" for n, path in own.items()]
    digest = hashlib.sha256("\n".join(what).encode()).hexdigest()

    def put(target: Path) -> None:
        for distribution in needed.values():
            _link(distribution, target / SITE)
        _copy(own, target)
        # Inside, the package that starts sandboxes is a bare folder.
        (target / "registry" / "sandbox" / "__init__.py").write_text("", encoding="utf-8")
        compileall.compile_dir(target, quiet=2)  # ours and ours' needs; a plugin's are not read
        for distribution in extra.values():
            _link(distribution, target / PLUGIN)
        _copy(foreign.sources, target / PLUGIN)
        (target / PLUGIN).mkdir(exist_ok=True)

    return runtimes._stage("plugin", digest, put)  # noqa: SLF001  # one folder, one way to make it


def _modules(top: str) -> Iterator[tuple[str, Path]]:
    """The files of a top-level module, found without importing it."""
    try:
        spec = importlib.util.find_spec(top)
    except (ImportError, ValueError):
        return
    if spec is None:
        return
    for folder in spec.submodule_search_locations or ():
        for name, path in _below(Path(folder)):
            yield f"{top}/{name}", path
    if not spec.submodule_search_locations and spec.origin and spec.origin.endswith(".py"):
        yield f"{top}.py", Path(spec.origin)


def _recorded(distribution: Distribution) -> Iterator[tuple[str, Path]]:
    """The files the installation has recorded, its metadata included."""
    for file in distribution.files or ():
        path = Path(str(file.locate()))
        inside = ".." not in file.parts and file.suffix not in {".pth", ".pyc"}
        if inside and path.is_file() and not path.is_symlink():
            yield str(file), path


def _below(folder: Path) -> Iterator[tuple[str, Path]]:
    """The files of a package that its code may read; links are not followed."""
    for path in sorted(folder.rglob("*")):
        inside = path.relative_to(folder)
        hidden = any(part.startswith(".") or part == "__pycache__" for part in inside.parts)
        if path.is_file() and not path.is_symlink() and not hidden and _wanted(path):
            yield str(inside), path


def _wanted(path: Path) -> bool:
    return path.suffix in _KEPT or ".so" in path.suffixes


def _closure(names: Iterable[str]) -> set[str]:
    """The names of the installed distributions that these need, themselves included."""
    known, waiting = set[str](), list(names)
    while waiting:
        name = waiting.pop().lower().replace("_", "-")
        if name in known or name == "mingsuan":
            continue
        try:
            waiting += _names(importlib.metadata.distribution(name))
        except importlib.metadata.PackageNotFoundError:
            continue
        known.add(name)
    return known


def _names(distribution: Distribution) -> Iterator[str]:
    for line in distribution.requires or ():
        requirement = Requirement(line)
        if requirement.marker is None or requirement.marker.evaluate({"extra": ""}):
            yield requirement.name


def _elsewhere(names: Iterable[str], base: Runtime) -> Iterator[tuple[str, Distribution]]:
    """The distributions that the sandbox does not have anyway."""
    there = set(runtimes.packages()) if base.staged else set[str]()
    for name in sorted(names):
        distribution = importlib.metadata.distribution(name)
        at_hand = Path(str(distribution.locate_file(""))).resolve() == base.site
        if name not in there and not (at_hand and not base.staged):
            yield name, distribution


def _link(distribution: Distribution, target: Path) -> None:
    for name, path in _recorded(distribution):
        runtimes._put_file(path, target / name)  # noqa: SLF001  # links where that is safe


def _copy(files: dict[str, Path], target: Path) -> None:
    """Copies, not links: an editable file that changes later must not change here."""
    for name, path in files.items():
        (target / name).parent.mkdir(parents=True, exist_ok=True)
        if not (target / name).exists():
            shutil.copyfile(path, target / name)
