"""The form that asks for an explanation, filled with what is on record: a plan of before, the report, the data.

What a plan of before says counts first; then the names of the data and of the report that counts.
The values that the data hold are listed with room for their names, as `mingsuan explain --init` does.
Everything stands in its box, to be corrected: nothing is asked for by it.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import pyarrow as pa
from starlette.datastructures import FormData

from explainers.columns import written_level
from portal.home.plan_start import FEW, ROWS
from portal.pages import explaining
from portal.pages.explaining import CALLED, GROUPS, OF_FEATURE, PLACES, SIDES
from registry.language import LANGUAGES
from registry.yardsticks import Yardstick

Boxes = dict[str, str]
USUAL = {"0": {"zh": "高", "en": "higher"}, "1": {"zh": "低", "en": "lower"}}
"""Words for more and less that the form takes where none are typed."""


def boxes(
    inputs: Sequence[Mapping[str, Any]],
    *,
    plan: Mapping[str, Any] | None = None,
    columns: Iterable[Mapping[str, Any]] = (),
    yardstick: Yardstick | None = None,
    levels: Mapping[str, Sequence[str]] | None = None,
) -> Boxes:
    """What stands in the boxes of the form before anybody types.

    Args:
        inputs: of the model: {name, type}.
        plan: of the newest explanation of this model; None where there was none.
        columns: of the data set that is chosen.
        yardstick: of the report that counts.
        levels: by column, the values that its first rows hold, where they are few.
    """
    names = [str(each["name"]) for each in inputs]
    held = dict(_of_report(names, yardstick)) if yardstick else {}
    held |= dict(_of_data(names, columns))
    held |= {name: said for name, said in _of_plan(plan or {}, names) if said}
    for name, found in (levels or {}).items():
        for key in ("values", "phrases"):
            box = f"c/{name}/{key}"
            if name in names:
                held[box] = _with_room(held.get(box, ""), found)
    return held


def few_levels(batches: Iterable[pa.RecordBatch], names: Sequence[str]) -> dict[str, list[str]]:
    """By column, the values of the first rows as a plan names them, where there are a few.

    Args:
        batches: rows of the data set.
        names: the columns that the model is given.
    """
    found: dict[str, set[str]] = {name: set() for name in names}
    looked = 0
    for batch in batches:
        for name in [each for each in found if each in batch.schema.names]:
            values = batch[name].unique().drop_null()
            if len(values) > FEW:
                del found[name]
                continue
            found[name] |= {written_level(value) for value in values.to_pylist()}
        looked += batch.num_rows
        if looked >= ROWS:
            break
    return {name: sorted(levels) for name, levels in found.items() if 2 <= len(levels) <= FEW}


def _of_plan(plan: Mapping[str, Any], names: Sequence[str]) -> Iterator[tuple[str, str]]:
    """The boxes from which a plan would be read again; of columns that the model still has."""
    if not plan:
        return
    yield "task", str(plan.get("task", ""))
    if plan.get("cut") is not None:
        yield "cut", f"{plan['cut']:g}"
    if "favourable_above" in plan:
        yield "favourable_above", "yes" if plan["favourable_above"] else "no"
    yield "classes", ", ".join(map(str, plan.get("classes") or ()))
    yield CALLED["favourable"], str(plan.get("favourable") or "")
    yield from _pair(PLACES["sealed"], plan.get("sealed"))
    for part in ("wording", "declared"):
        for name, said in (plan.get(part) or {}).items():
            yield from _pair(f"{PLACES[part]}/{name}", said)
    for column in plan.get("columns") or ():
        if column["name"] in names:
            yield from _column(column)
    for key in ("unit", "people"):
        yield key, str(plan.get(key) or "")
    yield "protected", "\n".join(_outsiders(plan.get("protected") or ()))
    for key in GROUPS:
        lines = [
            f"{each['name']}{OF_FEATURE}{group} = {said.get('zh', '')} = {said.get('en', '')}"
            for each in plan.get("protected") or ()
            for group, said in (each.get(key) or {}).items()
        ]
        yield f"protected_{key}", "\n".join(lines)


def dropped(plan: Mapping[str, Any], inputs: Sequence[Mapping[str, Any]]) -> list[str]:
    """What a plan of before says and the form has no box for, by the names of the plan.

    Args:
        plan: of the newest explanation of this model.
        inputs: of the model that it is made of now.
    """
    names = [str(each["name"]) for each in inputs]
    again = explaining.plan(FormData(dict(_of_plan(plan, names))), names)
    return [*_unlike(plan, again, "")]


def _unlike(before: Any, again: Any, place: str) -> Iterator[str]:
    """The places of what was said before and is not said again; what is empty says nothing."""
    if before in (None, "", [], {}, False, 0) or before == again:
        return
    if isinstance(before, Mapping) and isinstance(again, Mapping):
        for key, said in before.items():
            yield from _unlike(said, again.get(key), f"{place}.{key}" if place else str(key))
    elif isinstance(before, list) and any(isinstance(each, Mapping) for each in before):
        known = {str(each["name"]): each for each in again or ()}
        for each in before:
            yield from _unlike(each, known.get(str(each["name"])), f"{place}.{each['name']}")
    else:
        yield place


def _column(column: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    place = f"c/{column['name']}"
    for key in ("plain", "unit"):
        yield from _pair(f"{place}/{key}", column.get(key))
    direction = column.get("direction") or {}
    for at, side in SIDES.items():
        words = {
            each: held[int(at)] for each, held in direction.items() if len(held) == len(SIDES)
        }
        if words != USUAL[at]:
            yield from _pair(f"{place}/{side}", words)
    for key in ("values", "phrases"):
        lines = [
            f"{level} = {said.get('zh', '')} = {said.get('en', '')}"
            for level, said in (column.get(key) or {}).items()
        ]
        yield f"{place}/{key}", "\n".join(lines)
    yield f"{place}/actionable", str(column.get("actionable") or 0)
    yield f"{place}/protected", "1" if column.get("protected") else ""
    yield f"{place}/kind", "category" if column.get("kind") == "category" else ""
    for key in ("effect", "influence"):
        yield f"{place}/{key}", str(column.get(key) or "")


def _of_data(
    names: Sequence[str], columns: Iterable[Mapping[str, Any]]
) -> Iterator[tuple[str, str]]:
    for column in columns:
        if column["name"] in names and column.get("plain"):
            yield from _pair(f"c/{column['name']}/plain", column["plain"])


def _of_report(names: Sequence[str], yardstick: Yardstick) -> Iterator[tuple[str, str]]:
    """What the report calls columns and levels, and what it compares people by."""
    outside = []
    for name in dict.fromkeys([*yardstick.sensitive, *yardstick.names]):
        told = yardstick.names.get(name) or {}
        if name in names:
            yield from _column(
                {"name": name, "plain": told.get("plain"), "values": told.get("levels")}
            )
            yield f"c/{name}/protected", "1" if name in yardstick.sensitive else ""
        elif name in yardstick.sensitive:
            outside.append({"name": name, "plain": told.get("plain") or {}})
    yield "protected", "\n".join(_outsiders(outside))


def _outsiders(given: Iterable[Mapping[str, Any]]) -> Iterator[str]:
    for each in given:
        plain = each.get("plain") or {}
        yield f"{each['name']} = {plain.get('zh') or each['name']} = {plain.get('en') or each['name']}"


def _pair(place: str, said: Mapping[str, Any] | None) -> Iterator[tuple[str, str]]:
    for language in LANGUAGES:
        if (said or {}).get(language):
            yield f"{place}/{language}", str((said or {})[language])


def _with_room(lines: str, levels: Sequence[str]) -> str:
    """The lines of a box, and one for each further level that the data hold, without its names."""
    named = {line.partition("=")[0].strip() for line in lines.splitlines()}
    room = [f"{level} =  = " for level in levels if level not in named]
    return "\n".join([*lines.splitlines(), *room])
