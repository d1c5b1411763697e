"""Answers as JSON Schema (2020-12): what the API's description names of every field.

Made from the same parts as form and validation. What the server holds an answer against stays
`answers` (its shape, refused at once) and `checks` (limits, refused when it is submitted): a draft
keeps a text that is too long.
"""

from collections.abc import Mapping
from typing import Any

from filing import applicability, risk, sources
from filing.answers import MOST_ROWS
from filing.checks import DIGEST_LENGTH
from filing.fields import ENGLISH_FACTOR, SHOW_NAMES, Field, Group, Kind, Part, Schema, Show
from filing.forms import schema, versions
from filing.withholding import GROUNDS
from registry.language import Text

PLACE = "#/components/schemas/"
REASON_LIMIT = 200
"""Characters of the reason why a field does not apply or is withheld, in Chinese."""

Shape = dict[str, Any]


def name(version: str) -> str:
    """What the shape of a version's answers is called.

    Args:
        version: of the form.
    """
    return f"AnswersOfForm{version}"


def typed() -> Shape:
    """The answers of whichever version a filing is kept under; the newest first."""
    return {"anyOf": [{"$ref": PLACE + name(each)} for each in reversed(versions())]}


def components() -> dict[str, Shape]:
    """Every version's answers, and every field's, by name; a field that did not change stands once."""
    made: dict[str, Shape] = {}
    for version in reversed(versions()):
        form = schema(version)
        properties, patterns = dict[str, Shape](), dict[str, Shape]()
        for group in form.groups:
            for field in group.fields:
                place = f"Answer{field.code}"
                shape = of(form, field)
                if made.get(place, shape) != shape:
                    place = f"{place}OfForm{version}"
                made[place] = shape
                if group.repeats:
                    patterns[f"^{field.code}#{_numbers(group)}$"] = {"$ref": PLACE + place}
                else:
                    properties[field.code] = {"$ref": PLACE + place}
        made[name(version)] = {
            "type": "object",
            "title": f"备案表第{version}版的内容 · answers under version {version} of the form",
            "description": form.note.en,
            "properties": properties,
            "patternProperties": patterns,
            "additionalProperties": False,
        }
    return made


def _numbers(group: Group) -> str:
    """A pattern for the number of a set."""
    tens, ones = divmod(group.most, 10)
    if not tens:
        return f"[1-{ones}]"
    full = f"|[1-{tens - 1}][0-9]" if tens > 1 else ""
    return f"([1-9]{full}|{tens}[0-{ones}])"


def of(form: Schema, field: Field) -> Shape:
    """The shape of one field's answer: its bare value, or that with what is said of it.

    Args:
        form: the schema.
        field: one of its fields.
    """
    value = part(form, field.value)
    if field.computed:
        return {**_titled(form, field.value, field), "readOnly": True}
    told: Shape = {"value": value, "source": _source()}
    if field.show is Show.SEALABLE:
        told["sealed"] = _seal()
    if sealable := [each for each in field.value.parts if each.show is Show.SEALABLE]:
        told["sealed_parts"] = _object({each.id: _seal() for each in sealable}, [])
    ways = [value, _object(told, ["value"])]
    if field.may_be_na:
        ways.append(_object({"not_applicable": _text(REASON_LIMIT)}, ["not_applicable"]))
    return {**_titled(form, field.value, field), "anyOf": [*ways, {"type": "null"}]}


def _seal() -> Shape:
    return _object(
        {
            "reason": _text(REASON_LIMIT),
            "ground": {"enum": list(GROUNDS)},
            "review": {"type": "string", "format": "date"},
            "until": {"type": "string", "format": "date"},
            "salt": {"type": "string", "readOnly": True},
        },
        ["reason", "ground", "review"],
    )


def _titled(form: Schema, part: Part, field: Field) -> Shape:
    told = [_line(field.ask), _line(SHOW_NAMES[field.show])]
    if (when := applicability.in_words(form, part)) is not None:
        told.append(f"只在这种情况下填：{when.zh} · only asked where {when.en}")
    shape: Shape = {"title": _line(part.name), "description": "\n".join(told)}
    return shape | ({"examples": [_line(field.example)]} if field.example else {})


def _line(said: Text) -> str:
    return said.zh if said.zh == said.en else f"{said.zh} · {said.en}"


def part(form: Schema, given: Part) -> Shape:
    """The shape of one bare value.

    Args:
        form: the schema.
        given: what it is made of.
    """
    match given.kind:
        case Kind.TEXT:
            return _text(given.limit)
        case Kind.PLAIN | Kind.CODE:
            return {"type": "string", "maxLength": given.limit}
        case Kind.CHOICE:
            return _options(given)
        case Kind.MULTI:
            return {"type": "array", "uniqueItems": True, "items": _options(given)}
        case Kind.DATE:
            return {"type": "string", "format": "date"}
        case Kind.NUMBER:
            return {"type": "integer", "minimum": given.least, "maximum": given.most}
        case Kind.LINK:
            return {"type": "string", "format": "uri"}
        case Kind.FILE:
            return _file()
        case Kind.PARTS:
            return _parts(form, given)
        case Kind.ROWS:
            most = min(given.most, MOST_ROWS)
            return {"type": "array", "maxItems": most, "items": _parts(form, given)}
        case Kind.QUESTIONNAIRE:
            return _questionnaire()
        case Kind.COMPUTED:
            return {"readOnly": True}


def _text(limit: int) -> Shape:
    zh = {"type": "string", "maxLength": limit}
    pair = _object(
        {"zh": zh, "en": {"type": "string", "maxLength": limit * ENGLISH_FACTOR}}, ["zh"]
    )
    return {"anyOf": [zh, pair]}


def _options(given: Part) -> Shape:
    told = "\n".join(f"{each.id}: {_line(each.name)}" for each in given.options)
    return {"enum": [each.id for each in given.options], "description": told}


def _source() -> Shape:
    digest = {"type": "string", "pattern": f"^[0-9a-f]{{{DIGEST_LENGTH}}}$"}
    place = {"type": "string", "maxLength": sources.LONGEST_PLACE}
    kind = {
        "enum": [each.value for each in sources.Origin],
        "description": "\n".join(f"{id_}: {_line(name)}" for id_, name in sources.NAMES.items()),
    }
    return _object({"kind": kind, "sha256": digest, "place": place}, ["kind"])


def _file() -> Shape:
    digest = {"type": "string", "pattern": f"^[0-9a-f]{{{DIGEST_LENGTH}}}$"}
    size = {"type": "integer", "minimum": 0}
    shape: dict[str, Shape] = {
        "name": {"type": "string", "maxLength": 200},
        "sha256": digest,
        "size": size,
    }
    pointed: dict[str, Shape] = {
        "page": {"type": "integer", "minimum": 1},
        "expires": {"type": "string", "format": "date"},
    }
    return _object(shape | pointed, list(shape))


def _parts(form: Schema, given: Part) -> Shape:
    return _object(
        {each.id: _named(form, given, each) for each in given.parts},
        [each.id for each in given.parts if each.always and not each.record],
    )


def _named(form: Schema, whole: Part, given: Part) -> Shape:
    shape = {**part(form, given), "title": _line(given.name)}
    when = applicability.in_words(form, given, whole.parts)
    if when is not None:
        told = f"只在这种情况下填：{when.zh} · only asked where {when.en}"
        shape["description"] = "\n".join(each for each in (shape.get("description"), told) if each)
    return shape


def _questionnaire() -> Shape:
    def asked(question: risk.Question) -> Shape:
        ids = [each.id for each in question.options]
        told = "\n".join(f"{each.id}: {_line(each.name)}" for each in question.options)
        return {
            "title": _line(question.ask),
            "description": told,
            "anyOf": [
                {"enum": ids},
                _object({"answer": {"enum": ids}}, ["answer"]),
                _object({"not_applicable": _text(REASON_LIMIT)}, ["not_applicable"]),
            ],
        }

    return _object({each.id: asked(each) for each in risk.questionnaire().questions}, [])


def _object(properties: Mapping[str, Shape], required: list[str]) -> Shape:
    shape: Shape = {
        "type": "object",
        "properties": dict(properties),
        "additionalProperties": False,
    }
    return shape | ({"required": required} if required else {})
