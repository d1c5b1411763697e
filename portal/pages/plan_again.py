"""A plan that was written before, taken up again: as TOML, and as the fields of the form."""

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

UNWRITTEN = ("policy",)
"""What a plan is given where it is registered, and nobody writes."""
SECTIONS = ("columns", "reference")
LISTS = ("probes", "defences")


def as_toml(plan: Mapping[str, Any]) -> str:
    """The plan as somebody would have written it: what it leaves open is left out.

    Args:
        plan: as it stands on record.
    """
    apart = (*SECTIONS, *LISTS, "names", *UNWRITTEN)
    lines = [*_lines({name: value for name, value in plan.items() if name not in apart})]
    for name in SECTIONS:
        if own := [*_lines(plan.get(name) or {})]:
            lines += ["", f"[{name}]", *own]
    for column, told in (plan.get("names") or {}).items():
        lines += ["", f"[names.{_key(column)}]", *_lines(told)]
    for name in LISTS:
        for entry in plan.get(name) or ():
            lines += ["", f"[[{name}]]", *_lines(entry)]
    return "\n".join(lines)


def _lines(table: Mapping[str, Any]) -> Iterator[str]:
    for name, value in table.items():
        if value not in (None, "", [], {}):
            yield f"{_key(name)} = {_value(value)}"


def _key(name: str) -> str:
    """A key of TOML; all but plain letters, digits, _ and - stand in quotes."""
    return name if re.fullmatch(r"[A-Za-z0-9_-]+", name) else _value(name)


def _value(value: Any) -> str:
    if isinstance(value, Mapping):
        held = [
            f"{_key(name)} = {_value(each)}" for name, each in value.items() if each is not None
        ]
        return f"{{ {', '.join(held)} }}"
    if isinstance(value, list):
        return f"[{', '.join(map(_value, value))}]"
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")


def fields(plan: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """What the form holds by which the plan would be drafted, name by name.

    Args:
        plan: as it stands on record, or as it was typed.
    """
    columns = _table(plan, "columns")
    for name in ("title", "frame", "target_kind"):
        said = plan.get(name) or ""
        yield name, str(said.get("zh", "") if isinstance(said, Mapping) else said)
    for name in ("favourable", "score_favourable", "cut"):
        if columns.get(name) is not None:
            yield name, _typed(columns[name])
    yield from (("unfavourable", _typed(value)) for value in columns.get("unfavourable") or ())
    if columns.get("classes") and columns.get("score_favourable") is None:
        yield "score_favourable", "names"
    for name, level in _table(plan, "reference").items():
        yield f"reference.{name}", _typed(level)
    for name, told in _table(plan, "names").items():
        for side, word in (_table(told, "plain") if isinstance(told, Mapping) else {}).items():
            yield f"name.{name}.{side}", str(word)
    for entry in plan.get("probes") or ():
        if isinstance(entry, Mapping) and "id" in entry:
            yield "probe", str(entry["id"])
            for name, value in entry.items():
                if name != "id" and value not in (None, [], {}):
                    yield f"o.{entry['id']}.{name}", _typed(value)


def _table(plan: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    """A table of the plan; what somebody wrote in its place is none."""
    held = plan.get(name)
    return held if isinstance(held, Mapping) else {}


def _typed(value: Any) -> str:
    """A value as it is typed into a box of the form."""
    if isinstance(value, str):
        return value
    if isinstance(value, list) and all(isinstance(each, str) for each in value):
        return "、".join(value)
    return _value(value)
