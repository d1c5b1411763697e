"""A version of the form as a JSON object: for programs, for the manual, and to be held against a digest."""

from collections.abc import Mapping
from typing import Any

from filing import applicability
from filing.conditions import ALWAYS, NEVER, Condition, Every, Is, Not, Some
from filing.fields import Field, Group, Part, Schema
from registry import attestation

INSTRUCTIONS = frozenset({"ask", "example", "intro", "note"})
"""What helps the writer and binds nobody: it may be put better in a version that is out."""
HANDLES = frozenset({"means", "topic"})
"""By which code reaches a field, a part or a group: no filer is asked otherwise by one."""

CITATIONS = frozenset({"legal"})
"""What we read behind a question: a citation that was wrong is taken back in every version."""


def form(schema: Schema) -> dict[str, Any]:
    """Everything that a version asks, in the order of the form.

    Args:
        schema: the version.
    """
    return {
        "version": schema.version,
        "date": schema.date,
        "note": schema.note.as_json(),
        "groups": [_group(schema, each) for each in schema.groups],
    }


def digest(schema: Schema) -> str:
    """The SHA-256 of what a version asks; it changes with every field, part, limit and condition.

    Args:
        schema: the version.
    """
    return attestation.digest(_bound(form(schema)))


def _bound(told: Any) -> Any:
    """What is told, without instructions, handles and citations."""
    if isinstance(told, Mapping):
        free = INSTRUCTIONS | HANDLES | CITATIONS
        return {name: _bound(each) for name, each in told.items() if name not in free}
    return [_bound(each) for each in told] if isinstance(told, list) else told


def _group(schema: Schema, group: Group) -> dict[str, Any]:
    return {
        "id": group.id,
        "name": group.name.as_json(),
        "intro": group.intro.as_json(),
        "topic": group.topic,
        "repeats": group.repeats,
        "one": group.one.as_json() if group.one else None,
        "most": group.most,
        "fields": [_field(schema, each) for each in group.fields],
    }


def _field(schema: Schema, field: Field) -> dict[str, Any]:
    return {
        "code": field.code,
        "group": field.group,
        "ask": field.ask.as_json(),
        "example": field.example.as_json() if field.example else None,
        "legal": list(field.legal),
        "may_be_na": field.may_be_na,
        "copied": field.copied,
        "value": _part(schema, field.value, ()),
    }


def _part(schema: Schema, part: Part, beside: tuple[Part, ...]) -> dict[str, Any]:
    words = applicability.in_words(schema, part, beside)
    told = {
        "id": part.id,
        "name": part.name.as_json(),
        "kind": part.kind.value,
        "when": {"holds": condition(part.when), **words.as_json()} if words else None,
        "required": condition(part.required),
        "show": part.show.value,
        "limit": part.limit,
        "least": part.least,
        "most": part.most,
        "format": part.format,
        "after": part.after,
        "until": part.until,
        "options": [
            {"id": each.id, "name": each.name.as_json(), "alone": each.alone}
            for each in part.options
        ],
        "parts": [_part(schema, each, part.parts) for each in part.parts],
        "record": part.record,
        "means": part.means,
        "was": part.was,
    }
    # Said where it is so alone: versions that are out know nothing of it, and keep their digests.
    more = {"each": part.each, "made": part.made}
    return told | {name: each for name, each in more.items() if each}


def condition(given: Condition) -> Any:
    """A condition as the schema's rows write it: true, false, a leaf, `not`, `all` or `any`.

    Args:
        given: any.
    """
    if given in (ALWAYS, NEVER):
        return given == ALWAYS
    match given:
        case Is():
            place = {"field": given.field, "part": given.part, "means": given.means}
            told = {name: each for name, each in place.items() if each}
            return {**told, "is": sorted(given.values)}
        case Not():
            return {"not": condition(given.of)}
        case Every():
            return {"all": [condition(each) for each in given.of]}
        case Some():
            return {"any": [condition(each) for each in given.of]}
