"""The declared schema of a filing, version by version, read from `schema/*.toml`.

The form, the validation, the completeness meter, the public page and the manual are all made from
what `schema(version)` returns. A filing keeps the version it was opened under; `carrying` takes it
to a later one. A row of a field, a part or an option may say from which version on it stands
(`since`) and which is the `last` that has it; without either it stands in all.
"""

import tomllib
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from filing import applicability
from filing.conditions import ALWAYS, NEVER, Condition, Every, Is, Not, Some
from filing.fields import (
    Answers,
    Field,
    FieldNotFound,
    Group,
    Kind,
    Option,
    Part,
    Schema,
    Show,
)  # fmt: skip
from filing.meanings import Meaning, Topic
from registry.errors import NotFound
from registry.language import Text

FOLDER = Path(__file__).with_name("schema")


class SchemaNotFound(NotFound):
    """There is no such version of the form: look at the list of versions."""


def versions() -> tuple[str, ...]:
    """The versions of the schema, oldest first."""
    return tuple(row["version"] for row in _toml(FOLDER, "schema.toml")["versions"])


def current() -> Schema:
    """The newest version, under which filings are opened."""
    return schema(versions()[-1])


def schema(version: str) -> Schema:
    """One version of the schema.

    Args:
        version: as a filing or an edition names it.

    Raises:
        SchemaNotFound: when there is no such version.
    """
    return _schema(FOLDER, version)


def told_by(content: Mapping[str, Any]) -> Answers:
    """An edition's answers by what they mean, under the schema that it was published under.

    Args:
        content: the edition's JSON object.
    """
    form, level = schema(content["schema"]["filing"]), content.get("grade", {}).get("level")
    derived = {Meaning.GRADE: level} if level else {}
    return Answers(form, {row["key"]: row for row in content["answers"]}, derived)


def called(key: str, form: Schema) -> Text:
    """What the field of a key is called, there or in the newest version that has it; else the key.

    Args:
        key: `B1` or `C1#2`, perhaps of a field that is no more.
        form: the schema to ask first.
    """
    for each in (form, *(schema(version) for version in reversed(versions()))):
        try:
            return each.field(key).name
        except FieldNotFound:
            continue
    return Text(key, key)


def grouped(key: str, form: Schema) -> Group:
    """The group of a key's field, there or in the newest version that has it.

    Args:
        key: `B1` or `C1#2`, perhaps of a field that is no more.
        form: the schema to ask first.

    Raises:
        FieldNotFound: when no version has the field.
    """
    for each in (form, *(schema(version) for version in reversed(versions()))):
        try:
            return each.group_of(key)
        except FieldNotFound:
            continue
    return form.group_of(key)


def group(group_id: str) -> Group:
    """The group with that letter, in the newest version that has it."""
    every = (each for version in reversed(versions()) for each in schema(version).groups)
    return next(each for each in every if each.id == group_id)


@cache
def _schema(folder: Path, version: str) -> Schema:
    top = _toml(folder, "schema.toml")
    row = next((each for each in top["versions"] if each["version"] == version), None)
    if row is None:
        raise SchemaNotFound(
            f"没有第{version}版备案表。", f"There is no version {version} of the form."
        )
    order = [each["version"] for each in top["versions"]]
    groups = tuple(
        _group(each, _standing(_toml(folder, each["file"])["fields"], order, version))
        for each in _standing(top["groups"], order, version)
    )
    every = [field for group in groups for field in group.fields]
    made = Schema(
        version=version,
        date=row["date"],
        note=Text(row["zh"], row["en"]),
        groups=groups,
        places={
            part.means: (field, part.id)
            for field in every
            for part in (field.value, *field.value.parts)
            if part.means is not None
        },
    )
    applicability.order(made)
    return made


def _standing(
    rows: list[Any], order: list[str], version: str, born: str | None = None
) -> list[Any]:
    """The rows that stand in a version, and in each of them the parts and options that do.

    `was` says where a value comes from on the way into the version in which the row first stands;
    what is inside stands from then on, too (`born`).
    """
    kept = []
    for row in rows:
        since, last = row.get("since", born or order[0]), row.get("last", order[-1])
        if not order.index(since) <= order.index(version) <= order.index(last):
            continue
        inner = {
            name: _standing(row[name], order, version, since)
            for name in ("parts", "options")
            if name in row
        }
        was = row.get("was", "") if since == version else ""
        kept.append({**row, **inner, "was": was})
    return kept


@cache
def _toml(folder: Path, name: str) -> dict[str, Any]:
    return tomllib.loads((folder / name).read_text("utf-8"))


def _group(row: dict[str, Any], rows: list[Any]) -> Group:
    return Group(
        id=row["id"],
        name=Text(**row["name"]),
        intro=Text(**row["intro"]),
        fields=tuple(_field(each, row["id"]) for each in rows),
        topic=Topic(row["topic"]) if "topic" in row else None,
        repeats=row.get("repeats", False),
        one=Text(**row["one"]) if "one" in row else None,
        most=row.get("most", 1),
        public=Text(**row["public"]) if "public" in row else None,
    )


def _field(row: dict[str, Any], group: str) -> Field:
    return Field(
        code=row["code"],
        group=group,
        ask=Text(**row["ask"]),
        example=Text(**row["example"]) if "example" in row else None,
        legal=tuple(row["legal"]),
        may_be_na=row.get("may_be_na", False),
        copied=row.get("copied", True),
        value=_part(row),
    )


def _part(row: dict[str, Any]) -> Part:
    return Part(
        id=row.get("id", ""),
        name=Text(**row["name"]),
        kind=Kind(row["kind"]),
        when=_condition(row.get("when", True)),
        required=_condition(row.get("required", True)),
        show=Show(row.get("show", "public")),
        means=Meaning(row["means"]) if "means" in row else None,
        **{
            name: row[name]
            for name in (
                "limit",
                "least",
                "most",
                "format",
                "after",
                "until",
                "due",
                "each",
                "made",
                "record",
                "was",
            )
            if name in row
        },
        options=tuple(
            Option(each["id"], Text(each["zh"], each["en"]), each.get("alone", False))
            for each in row.get("options", ())
        ),
        parts=tuple(_part(each) for each in row.get("parts", ())),
    )


def _condition(row: Any) -> Condition:
    """A condition from its row: true, false, a list of which all hold, a leaf, or what stands above.

    `{ field, part, is }`, `{ part, is }` for a sibling, `{ means, is }`; `{ not }`, `{ any }`.
    """
    if isinstance(row, bool):
        return ALWAYS if row else NEVER
    if isinstance(row, list):
        every = tuple(_condition(each) for each in row)
        return every[0] if len(every) == 1 else Every(every)
    if "not" in row:
        return Not(_condition(row["not"]))
    if "any" in row:
        return Some(tuple(_condition(each) for each in row["any"]))
    return Is(
        frozenset(row["is"]),
        row.get("field", ""),
        row.get("part", ""),
        Meaning(row["means"]) if "means" in row else None,
    )
