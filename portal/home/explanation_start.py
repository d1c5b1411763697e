"""A commented plan of an explanation to start from, with every input of the model.

What only the filer knows stands empty and is asked for by name when the plan is handed in; what is
optional stands as a comment with its meaning.
"""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from explainers import asked
from explainers.asked import NEEDED, PAIR, Key
from portal.home import plan_start
from portal.home.plan_start import FEW, Seen

EMPTY = '{ zh = "", en = "" }'
FIRST = ("task", "cut", "favourable_above")
"""Keys of the plan that the draft sets; the others have a table, or stand as a comment."""
TABLES = frozenset({"columns", "protected", "wording", "declared"})
NUMBERS = frozenset({"double", "float", "integer", "long"})


def draft(inputs: Sequence[Mapping[str, Any]], data: Path | None = None) -> str:
    """A commented plan in TOML.

    Args:
        inputs: of the model: {name, type}.
        data: a file whose columns name their levels; None where none is at hand.

    Raises:
        FileUnfit: where the file cannot be read, with every reason.
    """
    words = {str(each["name"]) for each in inputs}
    seen = (
        {} if data is None else {each.name: each for each in _looked(data) if each.name in words}
    )
    lines = [*_head(), *_wording(), *_declared(), *_protected()]
    for each in inputs:
        lines += ["", *_column(each, seen.get(str(each["name"])))]
    return "\n".join(lines) + "\n"


def _looked(data: Path) -> Sequence[Seen]:
    from evaluators.running.files import open_rows

    return plan_start.look(open_rows(data))


def _head() -> Iterator[str]:
    yield "# 说明的计划。空着的要填写，带 # 的可以不写。"
    yield "# The plan of an explanation. Fill in what is empty; a line with # may be left out."
    yield "[explanation]"
    set_to = {"task": '"decision"', "cut": "0.5", "favourable_above": "true"}
    for key in asked.PLAN:
        if key.name in FIRST:
            yield from _said(key, f"{key.name} = {set_to[key.name]}")
        elif key.name not in TABLES:
            yield from _said(key, f"# {key.name} = …")


def _wording() -> Iterator[str]:
    yield from ("", "[explanation.wording]")
    for key in asked.WORDING:
        yield from _said(key, f"# {key.name} = {EMPTY}")


def _declared() -> Iterator[str]:
    yield from ("", "[explanation.declared]")
    for key in asked.DECLARED:
        mark = "" if key.default == NEEDED else "# "
        yield from _said(key, f"{mark}{key.name} = {EMPTY}")


def _protected() -> Iterator[str]:
    protected = next(key for key in asked.PLAN if key.name == "protected")
    yield from (
        "",
        f"# {protected.meaning.zh} {protected.meaning.en}",
        "# [[explanation.protected]]",
    )
    for key in asked.PROTECTED:
        yield f"# {key.name} = {EMPTY if key.kind == PAIR else '…'}   # {key.meaning.zh}"


def _column(each: Mapping[str, Any], seen: Seen | None) -> Iterator[str]:
    """One input: its name, and what may be said of it."""
    name, kind = str(each["name"]), str(each.get("type", ""))
    levels = () if seen is None or seen.range or len(seen.levels) > FEW else seen.groups
    yield f"[explanation.columns.{plan_start.written(name)}]"
    yield f"plain = {EMPTY}   # {_key('plain').meaning.zh} {_key('plain').meaning.en}"
    if levels:
        yield from _levels("values", levels)
        yield from _levels("phrases", levels)
        if kind in NUMBERS:
            yield f'# kind = "category"   # {_key("kind").meaning.zh} {_key("kind").meaning.en}'
    elif kind in NUMBERS or not kind:
        yield f"# unit = {EMPTY}"
        yield '# direction = { zh = ["高", "低"], en = ["higher", "lower"] }'
        yield f"# phrases = {{ more = {EMPTY} }}   # 变大是什么情形 / what it is that it is raised"
    else:
        yield f'# values = {{ "…" = {EMPTY} }}'
        yield f'# phrases = {{ "…" = {EMPTY} }}'
    yield f"# actionable = 0   # {_key('actionable').meaning.zh}"
    yield f"# protected = false   # {_key('protected').meaning.zh}"


def _levels(key: str, levels: Sequence[str]) -> Iterator[str]:
    each = ", ".join(f"{plan_start.written(level)} = {EMPTY}" for level in levels)
    yield f"# {key} = {{ {each} }}"


def _key(name: str) -> Key:
    return next(key for key in asked.COLUMN if key.name == name)


def _said(key: Key, line: str) -> Iterator[str]:
    """A line under what it means."""
    yield f"# {key.meaning.zh} {key.meaning.en}"
    yield line
