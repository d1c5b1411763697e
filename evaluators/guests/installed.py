"""The installed probes: ours and third parties', found in one entry-point group.

Ours are imported. A third party's never is: it runs in a process of its own, without database,
keys or network, and what stands here under its name only passes questions on (`outsider`).
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from functools import cache
from importlib.metadata import EntryPoint, PackageNotFoundError, entry_points, version
from typing import TYPE_CHECKING, Any

from registry.errors import Invalid
from registry.language import Text

if TYPE_CHECKING:
    from evaluators.probe import Probe

GROUP = "mingsuan.probes"
OURS = "mingsuan"

BUSY = ("not_started", "wall_clock")
"""Why a plugin's process may fail to start that says nothing about the plugin."""

_known: "dict[str, type[Probe[Any]] | ProbeMissing]" = {}
_in_place: ContextVar["dict[str, type[Probe[Any]]] | None"] = ContextVar("in_place", default=None)


class ProbeMissing(Invalid):
    """No such probe is installed, or its package is broken: install it or mend it."""


@dataclass(frozen=True, slots=True)
class Origin:
    """Which package a probe comes from.

    Args:
        package: the distribution's name.
        version: its version; empty when it is not known.
        ours: whether it is this one.
    """

    package: str
    version: str
    ours: bool

    def as_json(self) -> dict[str, Any]:
        """For the probes of a report."""
        return {"name": self.package, "version": self.version, "third_party": not self.ours}


@cache
def _entries() -> dict[str, tuple[EntryPoint, ...]]:
    """Every name with what claims it; ours alone where we claim it ourselves."""
    found: dict[str, dict[tuple[str, str], EntryPoint]] = {}
    for entry in entry_points(group=GROUP):
        found.setdefault(entry.name, {})[_package(entry), entry.value] = entry
    return {
        name: tuple(
            entry
            for (package, _), entry in sorted(claims.items())
            if package == OURS or not any(other == OURS for other, _ in claims)
        )
        for name, claims in found.items()
    }


def _package(entry: EntryPoint) -> str:
    return entry.dist.name.lower().replace("_", "-") if entry.dist is not None else ""


def names() -> tuple[str, ...]:
    """The names of the installed probes, broken ones included."""
    return tuple(sorted({*_entries(), *(_in_place.get() or ())}))


def origin(name: str) -> Origin:
    """The package that a probe comes from."""
    placed = (_in_place.get() or {}).get(name) is not None
    return Origin("", "", ours=False) if placed and name not in _entries() else _claimant(name)


@cache
def _claimant(name: str) -> Origin:
    """Whose entry point it is; reading a distribution's metadata takes a millisecond."""
    entry = next(iter(_entries().get(name, ())), None)
    if entry is None or entry.dist is None:
        return Origin(OURS, _own_version(), ours=entry is None)
    return Origin(entry.dist.name, entry.dist.version, ours=_package(entry) == OURS)


def _own_version() -> str:
    try:
        return version(OURS)
    except PackageNotFoundError:
        return ""


def probe_class(name: str) -> "type[Probe[Any]]":
    """The probe with this name.

    Raises:
        ProbeMissing: nothing is installed under the name, or the plugin can't be loaded.
    """
    placed = (_in_place.get() or {}).get(name)
    found = placed or _loaded(name)
    if isinstance(found, ProbeMissing):
        raise found
    return found


@contextmanager
def in_place(probe: "type[Probe[Any]]") -> "Iterator[None]":
    """Have this class run here, as it is: for a probe's own tests.

    Args:
        probe: a class whose code is trusted.
    """
    token = _in_place.set({**(_in_place.get() or {}), probe.spec.id: probe})
    try:
        yield
    finally:
        _in_place.reset(token)


def _loaded(name: str) -> "type[Probe[Any]] | ProbeMissing":
    """What was found under the name, once; what a busy machine prevented is tried again."""
    if name in _known:
        return _known[name]
    found = _load(name)
    if getattr(found.__cause__ if isinstance(found, ProbeMissing) else None, "cause", "") in BUSY:
        return found
    return _known.setdefault(name, found)


def _load(name: str) -> "type[Probe[Any]] | ProbeMissing":
    from evaluators.probe import Probe

    claims = _entries().get(name, ())
    if not claims:
        return ProbeMissing(
            f"没有安装名为 {name} 的检验。", f"No probe named {name} is installed."
        )
    if len(claims) > 1:
        packages = ", ".join(sorted(_package(entry) for entry in claims))
        return ProbeMissing(
            f"检验 {name} 由几个软件包同时提供：{packages}。请只保留一个。",
            f"Several packages offer the probe {name}: {packages}. Keep one of them.",
        )
    try:
        found = claims[0].load() if _package(claims[0]) == OURS else _outsider(claims[0])
    except ProbeMissing as missing:
        return missing
    except (
        ImportError,
        AttributeError,
        SyntaxError,
        ValueError,
        TypeError,
        LookupError,
    ) as broken:
        return ProbeMissing(
            f"检验 {name} 的插件装不起来：{broken}。请联系它的作者。",
            f"The plugin of the probe {name} can't be loaded: {broken}. Ask its author.",
        )
    if not (isinstance(found, type) and issubclass(found, Probe) and found.spec.id == name):
        return ProbeMissing(
            f"插件 {name} 不是一个检验。", f"The plugin {name} is not a probe of that name."
        )
    return found


def _outsider(entry: EntryPoint) -> "type[Probe[Any]]":
    from evaluators.guests import outsider

    return outsider.introduce(entry)


def broken() -> dict[str, Text]:
    """The probes that are installed but can't be loaded, each with what was said."""
    faults = {}
    for name in names():
        try:
            probe_class(name)
        except ProbeMissing as missing:
            faults[name] = missing.said
    return faults


def forget() -> None:
    """Look again at what is installed; for those who install while this process runs."""
    _entries.cache_clear()
    _known.clear()
