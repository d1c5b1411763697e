"""The installed probes: ours and third parties', found in one entry-point group."""

from functools import cache
from importlib.metadata import EntryPoint, entry_points
from typing import TYPE_CHECKING, Any

from registry.errors import Invalid
from registry.language import Text

if TYPE_CHECKING:
    from evaluators.probe import Probe

GROUP = "mingsuan.probes"


class ProbeMissing(Invalid):
    """No such probe is installed, or its package is broken: install it or mend it."""


@cache
def _entries() -> dict[str, EntryPoint]:
    return {entry.name: entry for entry in sorted(entry_points(group=GROUP))}


def names() -> tuple[str, ...]:
    """The names of the installed probes, broken ones included."""
    return tuple(sorted(_entries()))


@cache
def probe_class(name: str) -> "type[Probe[Any]]":
    """The probe with this name.

    Raises:
        ProbeMissing: nothing is installed under the name, or the plugin can't be imported.
    """
    from evaluators.probe import Probe

    if name not in _entries():
        raise ProbeMissing(f"没有安装名为 {name} 的检验。", f"No probe named {name} is installed.")
    try:
        found = _entries()[name].load()
    except (ImportError, AttributeError, SyntaxError, ValueError, TypeError) as broken:
        raise ProbeMissing(
            f"检验 {name} 的插件装不起来：{broken}。请联系它的作者。",
            f"The plugin of the probe {name} can't be loaded: {broken}. Ask its author.",
        ) from broken
    if not (isinstance(found, type) and issubclass(found, Probe) and found.spec.id == name):
        raise ProbeMissing(
            f"插件 {name} 不是一个检验。", f"The plugin {name} is not a probe of that name."
        )
    return found


def broken() -> dict[str, Text]:
    """The probes that are installed but can't be loaded, each with what was said."""
    faults = {}
    for name in names():
        try:
            probe_class(name)
        except ProbeMissing as missing:
            faults[name] = missing.said
    return faults
