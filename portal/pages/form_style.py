"""The style sheet that shows and hides fields of the dossier's form while somebody fills it in.

Made from the conditions of the schema, so that nothing has to be saved, and no script to run, before
a field appears that a choice beside it asks for. What a field of the same group says is read from
its boxes; what another group says, and the grade, from the marks that the page carries (`marks`). A
browser that does not know `:has` shows every field, each with the words of its condition.
"""

from collections.abc import Iterator
from functools import cache

from filing import applicability, conditions
from filing.conditions import ALWAYS, Condition, Every, Is, Not, Some
from filing.fields import Answers, Field, Group, Part, Schema
from filing.forms import schema, versions

NAME = "form.css"


@cache
def sheet() -> bytes:
    """The rules of every version of the schema."""
    return "\n".join(rule for each in versions() for rule in _rules(schema(each))).encode()


def marks(told: Answers, group: Group) -> list[str]:
    """What the conditions of a group ask of elsewhere and is so, as the style sheet names it.

    Args:
        told: the stored answers.
        group: the group that the page shows.
    """
    asked = {
        leaf: field.code
        for field in group.fields
        for condition in _conditions(told.form, field.value)
        for leaf in conditions.leaves(condition)
        if _elsewhere(told.form, group, leaf)
    }
    key = f"{group.fields[0].code}#1" if group.repeats else group.fields[0].code
    return sorted({_mark(leaf) for leaf in asked if applicability.holds(told, key, leaf)})


def decided_here(form: Schema, group: Group, field: Field) -> bool:
    """Whether a choice in the same group may make a field apply, so that the page carries its boxes.

    Args:
        form: the schema.
        group: the group that the page shows.
        field: one of its fields.
    """
    condition = applicability.spelled_out(form, field.value.when)
    return any(not _elsewhere(form, group, leaf) for leaf in conditions.leaves(condition))


def _conditions(form: Schema, part: Part) -> Iterator[Condition]:
    yield applicability.spelled_out(form, part.when)
    for inner in part.parts:
        yield from _conditions(form, inner)


def _elsewhere(form: Schema, group: Group, leaf: Is) -> bool:
    if leaf.means is not None:
        return True
    return bool(leaf.field) and form.coded(leaf.field) not in group.fields


def _mark(leaf: Is) -> str:
    place = leaf.means or ".".join(each for each in (leaf.field, leaf.part) if each)
    return f"{place}={'|'.join(sorted(leaf.values))}"


def _rules(form: Schema) -> Iterator[str]:
    for group in form.groups:
        for field in group.fields:
            for number in range(1, group.most + 1) if group.repeats else (0,):
                card = f'[data-field="{field.code}{f"#{number}" if number else ""}"]'
                yield from _hidden(form, group, field.value, card, number)


def _hidden(form: Schema, group: Group, part: Part, place: str, number: int) -> Iterator[str]:
    """The rules of a field's card or a part's box, and of all inside it."""
    root = f'form[data-form="{form.version}"]'
    if part.when != ALWAYS:
        condition = applicability.spelled_out(form, part.when)
        holder, _, box = place.rpartition(" > ")
        holds = _selector(form, group, condition, number)
        hidden = f"{holder}:not({holds}) > {box}" if holder else f"{place}:not({holds})"
        yield f"{root} {hidden} {{ display: none }}"
    for inner in part.parts:
        at = f'{place} [data-parts="{part.id}"] > [data-part="{inner.id}"]'
        yield from _hidden(form, group, inner, at, number)


def _selector(form: Schema, group: Group, condition: Condition, number: int) -> str:
    """What an element matches where a condition holds: a field's card, or what holds the parts."""
    match condition:
        case Is():
            return _leaf(form, group, condition, number)
        case Not():
            return f":not({_selector(form, group, condition.of, number)})"
        case Every():
            return "".join(_selector(form, group, each, number) for each in condition.of)
        case Some():
            inner = [_selector(form, group, each, number) for each in condition.of]
            return f":is({', '.join(inner)})" if inner else ":not(*)"


def _leaf(form: Schema, group: Group, leaf: Is, number: int) -> str:
    root = f'form[data-form="{form.version}"]'
    if _elsewhere(form, group, leaf):
        return f':is({root}:has(data[value="{_mark(leaf)}"]) *)'
    if not leaf.field:
        return _chosen("", f'> [data-part="{leaf.part}"]', leaf)
    card = f'[data-field="{leaf.field}{f"#{number}" if number else ""}"]'
    inside = f'{card} [data-part="{leaf.part}"]' if leaf.part else card
    return f":is({_chosen(root, inside, leaf)} *)"


def _chosen(root: str, place: str, leaf: Is) -> str:
    boxes = [
        f'{place} {box}[value="{value}"]:checked'
        for value in sorted(leaf.values)
        for box in ("option", "input")
    ]
    return f"{root}:has({', '.join(boxes)})"
