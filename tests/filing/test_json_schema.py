"""Every field of every version is named in the API's description, with type, limits and both titles."""

import re
from collections.abc import Iterator
from typing import Any

import pytest

from filing import answers, conditions, forms, json_schema
from filing.fields import Field, Kind, Part, Schema
from filing.forms import current
from tests.filing import papers

MADE = json_schema.components()
FIELDS = [
    pytest.param(forms.schema(version), field, id=f"{version}-{field.code}")
    for version in forms.versions()
    for field in forms.schema(version)
]


def fits(shape: dict[str, Any], value: Any) -> bool:
    """Whether a value has a shape: of JSON Schema so much as `json_schema` uses."""
    if "$ref" in shape:
        shape = MADE[shape["$ref"].rpartition("/")[2]]
    if "anyOf" in shape and not any(fits(each, value) for each in shape["anyOf"]):
        return False
    if "enum" in shape:
        return value in shape["enum"]
    kinds: dict[str, Any] = {
        "object": dict, "array": list, "string": str, "integer": int, "null": type(None),
    }  # fmt: skip
    if "type" in shape and not isinstance(value, kinds[shape["type"]]):
        return False
    if isinstance(value, str):
        return len(value) <= shape.get("maxLength", len(value)) and bool(
            re.search(shape.get("pattern", ""), value)
        )
    if isinstance(value, int):
        return bool(shape.get("minimum", value) <= value <= shape.get("maximum", value))
    if isinstance(value, list) and "items" in shape:
        return len(value) <= shape.get("maxItems", len(value)) and all(
            fits(shape["items"], each) for each in value
        )
    return not isinstance(value, dict) or "properties" not in shape or _object(shape, value)


def _object(shape: dict[str, Any], value: dict[str, Any]) -> bool:
    def of(name: str) -> dict[str, Any] | None:
        found: dict[str, Any] | None = shape["properties"].get(name)
        patterns = shape.get("patternProperties", {}).items()
        return found or next((each for at, each in patterns if re.search(at, name)), None)

    return set(shape.get("required", ())) <= set(value) and all(
        (inner := of(name)) is not None and fits(inner, each) for name, each in value.items()
    )


def named(form: Schema, key: str) -> dict[str, Any]:
    shape = MADE[json_schema.name(form.version)]
    found = shape["properties"].get(key) or next(
        each for at, each in shape["patternProperties"].items() if re.search(at, key)
    )
    return MADE[found["$ref"].rpartition("/")[2]]


def key(form: Schema, field: Field) -> str:
    return f"{field.code}#1" if form.group(field.group).repeats else field.code


def inner(part: Part) -> Iterator[Part]:
    yield part
    for each in part.parts:
        yield from inner(each)


@pytest.mark.parametrize(("form", "field"), FIELDS)
def test_every_field_is_named_in_both_languages_with_its_parts_and_limits(
    form: Schema, field: Field
) -> None:
    told = named(form, key(form, field))
    assert field.name.zh in told["title"]
    assert field.name.en in told["title"]
    assert field.ask.en in told["description"]
    assert told == json_schema.of(form, field)
    whole = str(told)
    for part in inner(field.value):
        assert part.name.zh in whole
        assert part.name.en in whole
        assert field.computed or all(
            each.id in whole and each.name.en in whole for each in part.options
        )
        if part.kind in {Kind.TEXT, Kind.PLAIN, Kind.CODE}:
            assert f"'maxLength': {part.limit}" in whole
        if part.kind is Kind.NUMBER:
            assert f"'minimum': {part.least}, 'maximum': {part.most}" in whole
        if part.when != conditions.ALWAYS:
            assert "only asked where" in whole


def test_whole_papers_fit_as_they_are_sent_and_as_they_are_stored() -> None:
    form, shape = current(), MADE[json_schema.name(current().version)]
    sent = papers.answers(D7={"value": [{"rule": "六十分", "effect": "批准"}], "sealed": {
        "reason": "商业秘密", "ground": "trade_secret", "review": "2027-06-01"}},
        D6={"not_applicable": "没有排除任何信息"})  # fmt: skip
    assert fits(shape, sent)
    kept = {key: answers.store(form, key, raw) for key, raw in sent.items()}
    assert fits(shape, kept)
    assert fits(json_schema.typed(), sent)


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("B1", 7), ("B1", {"zh": "名", "fr": "nom"}), ("B1", "名" * 61), ("B4", ["magic"]),
        ("B8", "sold"), ("B9", {"begin": "2026-11-21"}), ("C7#21", ["none"]), ("C7", ["none"]),
        ("D5", [{"factor": "甲", "influence": "huge"}]), ("G1", {"scene_public": "perhaps"}),
        ("Q1", "x"), ("B2", {"not_applicable": "不适用"}), ("I2", {"days": 0}),
    ],
)  # fmt: skip
def test_what_the_form_does_not_ask_does_not_fit(key: str, value: Any) -> None:
    assert not fits(MADE[json_schema.name(current().version)], {key: value})
