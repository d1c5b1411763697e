"""Carrying answers from one version of the schema to a later one, and saying what that changes.

Pure functions: a filing is taken along by `dossier.carry_forward`. A value goes where its field still
is, or where the schema says that it came from (`was`). What no longer has the shape asked is left
behind and asked anew; nothing is guessed, and what was withheld stays withheld.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import pairwise
from typing import Any

from filing import checks, grading, in_full
from filing.answers import Stored, WrongAnswer, shaped
from filing.fields import SHOW_NAMES, Answers, Field, Kind, Part, Schema, Show, sets, split
from filing.forms import schema, versions
from registry.errors import Reason
from registry.language import Text


def forward(told: Answers, to: Schema) -> dict[str, Stored]:
    """The answers under a later schema, taken through every version between.

    Args:
        told: stored answers, under their own schema.
        to: the schema to take them to; the same one changes nothing.
    """
    return {key: dict(stored) for key, stored in _steps(told, to)[-1].rows.items()}


def _steps(told: Answers, to: Schema) -> list[Answers]:
    """The answers under each version from their own to the later one."""
    order, made = versions(), [told]
    for version in order[order.index(told.form.version) + 1 : order.index(to.version) + 1]:
        made.append(Answers(schema(version), dict(_carried(made[-1], schema(version)))))
    return made


def _carried(told: Answers, to: Schema) -> Iterator[tuple[str, Stored]]:
    """One version on: each field of the later schema that takes an answer along."""
    for group in to.groups:
        for number in _sets(told, group.id) if group.repeats else (None,):
            for field in group.fields:
                stored = None if field.computed else _answer(told, field, number)
                if stored is not None:
                    yield _key(field, number), stored


def _sets(told: Answers, group_id: str) -> Sequence[int]:
    found = next((each for each in told.form.groups if each.id == group_id), None)
    return range(1, (sets(found, told.rows) if found and found.repeats else 1) + 1)


def _key(field: Field, number: int | None) -> str:
    return f"{field.code}#{number}" if number else field.code


@dataclass(frozen=True, slots=True)
class _Source:
    """Where a value comes from: the part that held it, and whether the public did not see it."""

    part: Part | None
    value: Any
    restricted: bool

    def inside(self, name: str) -> "_Source":
        """The part of that name."""
        parts = self.part.parts if self.part else ()
        part = next((each for each in parts if each.id == name), None)
        value = self.value.get(name) if isinstance(self.value, Mapping) else None
        hidden = part is not None and part.show is Show.RESTRICTED
        return _Source(part, value, self.restricted or hidden)


def _source(told: Answers, place: str, number: int | None) -> _Source:
    """What stands at a place of the earlier schema, `B7` or `B7.purpose`, in one set."""
    code, _, inside = place.partition(".")
    field = told.form.coded(code)
    if field is None:
        return _Source(None, None, restricted=False)
    value = _row(told, place, number).get("value")
    found = _Source(field.value, value, field.show is Show.RESTRICTED)
    return found.inside(inside) if inside else found


def _row(told: Answers, place: str, number: int | None) -> Mapping[str, Any]:
    """The stored answer in which a place of the earlier schema lies."""
    code = place.partition(".")[0]
    field = told.form.coded(code)
    if field is None:
        return {}
    if told.form.group(field.group).repeats:
        return told.rows.get(f"{code}#{number or 1}") or {}
    return (told.rows.get(code) or {}) if number in (None, 1) else {}


def _answer(told: Answers, field: Field, number: int | None) -> Stored | None:
    rows = [_row(told, place, number) for place in _places(field)]
    if "not_applicable" in rows[0]:
        return {"not_applicable": rows[0]["not_applicable"]} if field.may_be_na else None
    source = _source(told, _places(field)[0], number)
    value = _fit(field.value, source, told, number, restricted=False)
    if value is None:
        return None
    seal = next((each["sealed"] for each in rows if "sealed" in each), None)
    made: Stored = {"value": value, "sealed": seal} if seal else {"value": value}
    if parts := _seals(field, value, rows[0]):
        made["sealed_parts"] = parts
    whole = len(rows) == 1 and rows[0].get("value") == value
    return {**made, "source": rows[0]["source"]} if whole and "source" in rows[0] else made


def _seals(field: Field, value: Any, row: Mapping[str, Any]) -> dict[str, Any]:
    """The seals of an answer's parts that are still there; a part that lost one is not carried."""
    there = value[0] if isinstance(value, list) else value
    held = row.get("sealed_parts") or {}
    return {each.id: held[each.id] for each in field.value.parts if each.id in held and there}


def _places(field: Field) -> list[str]:
    """The places of the earlier schema that a field takes its value from; the whole one's first."""
    inner = [each.was for each in field.value.parts if each.was]
    return [field.value.was or field.code, *inner]


def _fit(
    part: Part, source: _Source, told: Answers, number: int | None, *, restricted: bool
) -> Any:
    """So much of a value as has the shape of the part; None where nothing has.

    What the public did not see never goes where it would.
    """
    restricted = restricted or part.show is Show.RESTRICTED
    if part.was:
        source = _source(told, part.was, number)

    def inside(held: _Source) -> dict[str, Any] | None:
        made = {
            each.id: _fit(each, held.inside(each.id), told, number, restricted=restricted)
            for each in part.parts
        }
        return {name: inner for name, inner in made.items() if inner is not None} or None

    if part.kind is Kind.PARTS:
        return inside(source)
    if part.kind is Kind.ROWS:
        rows = source.value if isinstance(source.value, list) else []
        made = (inside(_Source(source.part, row, source.restricted)) for row in rows)
        return [row for row in made if row is not None] or None
    if source.restricted and not restricted:
        return None
    try:
        return shaped(part, source.value, part.id)
    except WrongAnswer:
        return None


def changes(before: Schema, after: Schema) -> list[Text]:
    """What one version of the schema asks otherwise than another, in sentences.

    Args:
        before: the earlier version.
        after: the later one.
    """
    old = {field.code: field for field in before}
    new = {field.code: field for field in after}
    added = [_added(field) for code, field in new.items() if code not in old]
    changed = [
        said for code in new if code in old for said in _changed(old[code].value, new[code].value)
    ]
    removed = [
        Text(f"不再有“{field.name.zh}”。", f"“{field.name.en}” is no longer asked.")
        for code, field in old.items()
        if code not in new
    ]
    return [*added, *changed, *removed]


def _added(field: Field) -> Text:
    name = field.name
    if field.computed:
        return Text(
            f"新增“{name.zh}”，由平台填写。", f"“{name.en}” is new, filled in by the platform."
        )
    if field.value.optional:
        return Text(f"新增“{name.zh}”，可不填。", f"“{name.en}” is new and optional.")
    if not field.value.always:
        return Text(
            f"新增“{name.zh}”，适用时必填。", f"“{name.en}” is new, required where it applies."
        )
    return Text(f"新增“{name.zh}”，必填。", f"“{name.en}” is new and required.")


def _changed(old: Part, new: Part) -> Iterator[Text]:
    name = new.name
    if old.name != name:
        yield Text(
            f"“{old.name.zh}”改称“{name.zh}”。", f"“{old.name.en}” is now called “{name.en}”."
        )
    if old.kind is not new.kind and new.kind is Kind.PARTS:
        zh, en = _listed(new.parts)
        yield Text(f"“{name.zh}”分成几部分：{zh}。", f"“{name.en}” is split into parts: {en}.")
    elif old.kind is not new.kind:
        yield Text(f"“{name.zh}”的填法改了。", f"“{name.en}” is filled in another way.")
    else:
        yield from _changed_inside(old, new)
    if old.limit != new.limit and new.limit:
        yield Text(
            f"“{name.zh}”最多{new.limit}字。", f"“{name.en}” takes {new.limit} characters at most."
        )
    if (old.required, old.when) != (new.required, new.when):
        yield Text(
            f"“{name.zh}”什么时候要填改了。", f"When “{name.en}” is asked or required has changed."
        )
    if old.show is not new.show:
        shown = SHOW_NAMES[new.show]
        yield Text(f"“{name.zh}”改为：{shown.zh}。", f"“{name.en}” is now: {shown.en}.")


def _changed_inside(old: Part, new: Part) -> Iterator[Text]:
    """Parts and options that came, went or are asked otherwise."""
    was, now = ({each.id: each for each in part.parts} for part in (old, new))
    name = new.name
    more = [each for each in new.parts if each.id not in was]
    less = [each for each in old.parts if each.id not in now]
    if more:
        zh, en = _listed(more)
        yield Text(f"“{name.zh}”增加：{zh}。", f"“{name.en}” also asks: {en}.")
    if less:
        zh, en = _listed(less)
        yield Text(f"“{name.zh}”去掉：{zh}。", f"“{name.en}” no longer asks: {en}.")
    for each in new.parts:
        if each.id in was:
            yield from _changed(was[each.id], each)
    if {each.id for each in old.options} != {each.id for each in new.options}:
        yield Text(f"“{name.zh}”的选项改了。", f"The options of “{name.en}” have changed.")


def _listed(parts: Sequence[Part]) -> tuple[str, str]:
    return "、".join(each.name.zh for each in parts), ", ".join(each.name.en for each in parts)


@dataclass(frozen=True, slots=True)
class Preview:
    """What taking a filing to a later version of the schema would change.

    Args:
        version: which it is kept under.
        newest: which it would be taken to.
        changes: what the later one asks otherwise, in sentences.
        left_behind: what was answered and has no place any more, in sentences.
        asked: what has to be answered or mended there that is not asked now, with what to do.
    """

    version: str
    newest: str
    changes: Sequence[Text]
    left_behind: Sequence[Text]
    asked: Sequence[Reason]


def preview(
    told: Answers, to: Schema, *, change: Mapping[str, Any] | None = None, today: date
) -> Preview:
    """What taking answers to a later version would change; nothing is kept.

    Args:
        told: stored answers, under their own schema.
        to: the later schema.
        change: what reviewers decided on the grade, which some answers may hang on.
        today: against which dates are held.
    """
    steps = _steps(told, to)
    old, new = (
        checks.check_all(grading.counted(each, change), today=today) for each in (told, steps[-1])
    )
    now = {(each.item, each.said) for each in old}
    return Preview(
        version=told.form.version,
        newest=to.version,
        changes=changes(told.form, to),
        left_behind=[
            said
            for before, after in pairwise(steps)
            for key in before.form.keys(before.rows)
            if (said := _left(key, before, after)) is not None
        ],
        asked=[each for each in new if (each.item, each.said) not in now],
    )


def _left(key: str, before: Answers, after: Answers) -> Text | None:
    """A sentence on an answer of which something is left behind; None where all goes along."""
    stored, (code, number) = before.rows.get(key), split(key)
    if stored is None:
        return None
    kept = [
        leaf
        for field in after.form
        if code in {place.partition(".")[0] for place in _places(field)}
        for at in {_key(field, number), _key(field, None), _key(field, 1)}
        for leaf in _leaves(after.rows.get(at) or {})
    ]
    if all(leaf in kept for leaf in _leaves(stored)):
        return None
    field = before.form.field(key)
    said = in_full.stored(field, stored)
    return Text(
        f"“{field.name.zh}”写的是“{said.zh}”：其中有内容放不进新版，要重新填写，或者不再保留。",
        f"“{field.name.en}” says “{said.en}”: some of it has no place in the new version, and is "
        "asked anew or not kept.",
    )


def _leaves(value: Any) -> Iterator[Any]:
    """Every bare value inside an answer, without the salt of a seal."""
    if isinstance(value, Mapping):
        for name, inner in value.items():
            if name != "salt":
                yield from _leaves(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _leaves(inner)
    else:
        yield value
