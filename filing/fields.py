"""The declared schema of a filing: groups, fields, their parts, and when each is required.

The rows live in `schema/*.toml`; the form, the validation, the completeness meter, the public page
and the manual are all made from what `schema()` returns.
"""

import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from importlib import resources
from typing import Any

from registry import law
from registry.errors import NotFound
from registry.language import Text

NEAR = 3
"""Fields named to someone who asked for one that is none."""
KEY = re.compile(r"^([A-Z]\d{1,2})(?:#([1-9]\d?))?$")


class Kind(StrEnum):
    """What an answer is made of."""

    TEXT = "text"  # {zh, en?}, read by the public
    PLAIN = "plain"  # one short string that needs no translation
    CODE = "code"  # a string in a checked format
    CHOICE = "choice"  # one option's id
    MULTI = "multi"  # a list of option ids
    DATE = "date"  # YYYY-MM-DD
    NUMBER = "number"  # a whole number
    LINK = "link"  # an http(s) address
    FILE = "file"  # {name, sha256, size}
    PARTS = "parts"  # an object with one value per part
    ROWS = "rows"  # a list of such objects
    QUESTIONNAIRE = "questionnaire"  # {question id: {answer} | {not_applicable}}
    COMPUTED = "computed"  # made by the platform, never typed


class Show(StrEnum):
    """Who sees an answer."""

    PUBLIC = "public"
    RESTRICTED = "restricted"
    SEALABLE = "sealable"


SHOW_NAMES: dict[Show, Text] = {
    Show.PUBLIC: Text("公开", "public"),
    Show.RESTRICTED: Text(
        "只给主管部门和受托测试机构看", "only for the authority and the assigned tester"
    ),
    Show.SEALABLE: Text(
        "公开；可以写明理由后不公开", "public; may be withheld with a published reason"
    ),
}


@dataclass(frozen=True, slots=True)
class Option:
    """One answer to choose; `alone` means that it excludes every other."""

    id: str
    name: Text
    alone: bool = False


@dataclass(frozen=True, slots=True)
class Condition:
    """A condition as data: the named answer is one of `values`.

    Args:
        field: a field code; empty for a sibling part of the same answer.
        part: the part that holds the value; empty for the whole answer.
        values: the option ids that satisfy it.
    """

    field: str
    part: str
    values: frozenset[str]

    def met_by(self, value: Any) -> bool:
        """Whether an answer's bare value satisfies the condition."""
        if self.part:
            value = value.get(self.part) if isinstance(value, Mapping) else None
        if isinstance(value, list):
            return any(isinstance(each, str) and each in self.values for each in value)
        return isinstance(value, str) and value in self.values


@dataclass(frozen=True, slots=True)
class Part:
    """One value: a whole field, a part of one, or a column of rows.

    Args:
        id: its name inside the answer; empty for a whole field.
        name: what the reader sees.
        kind: what the value is made of.
        required: whether it must be there (where `when` holds).
        when: conditions under which it is required; all must hold.
        show: who sees it.
        limit: most characters of the Chinese wording.
        least, most: bounds of a number; `most` also bounds the rows.
        format: a named format that `formats` checks.
        after: a sibling date that this one may not precede.
        until: "today" when a date may not lie in the future.
        options: what may be chosen.
        parts: the values inside.
        record: the particular of the filer's organisation that it is taken from (`identity`).
    """

    id: str
    name: Text
    kind: Kind
    required: bool = True
    when: tuple[Condition, ...] = ()
    show: Show = Show.PUBLIC
    limit: int = 0
    least: int = 0
    most: int = 0
    format: str = ""
    after: str = ""
    until: str = ""
    options: tuple[Option, ...] = ()
    parts: tuple["Part", ...] = ()
    record: str = ""

    @property
    def is_name(self) -> bool:
        """Whether it is what something is called, which must not be read as another name."""
        return self.format == "name"

    def option(self, option_id: str) -> Option | None:
        """The option with that id, if any."""
        return next((each for each in self.options if each.id == option_id), None)


@dataclass(frozen=True, slots=True)
class Field:
    """One field of a filing.

    Args:
        code: `B5`.
        group: the group's letter.
        ask: one sentence of instruction to the writer.
        example: an answer to learn from, where one helps.
        legal: rules the field answers to (`registry.law`); none where it is this platform's own.
        may_be_na: whether "not applicable", with a reason, is an answer.
        copied: whether a new filing of the same model starts with the earlier answer.
        value: what the answer is made of.
    """

    code: str
    group: str
    ask: Text
    example: Text | None
    legal: tuple[str, ...]
    may_be_na: bool
    copied: bool
    value: Part

    @property
    def name(self) -> Text:
        """What the reader sees."""
        return self.value.name

    @property
    def kind(self) -> Kind:
        """What the answer is made of."""
        return self.value.kind

    @property
    def show(self) -> Show:
        """Who sees the answer."""
        return self.value.show

    def grounds(self, city: str) -> law.Grounds:
        """The rules that the field answers to, as a filer of that city is shown them.

        Args:
            city: part `city` of field A3.
        """
        return law.grounds(self.legal, city)

    @property
    def computed(self) -> bool:
        """Whether the platform makes the answer."""
        return self.kind is Kind.COMPUTED


@dataclass(frozen=True, slots=True)
class Group:
    """A group of fields; `repeats` means one set of answers for each thing named `one`."""

    id: str
    name: Text
    intro: Text
    fields: tuple[Field, ...]
    repeats: bool = False
    one: Text | None = None
    most: int = 1


@dataclass(frozen=True, slots=True)
class Schema:
    """One version of the declared schema."""

    version: str
    english_factor: int
    changes: tuple[Mapping[str, str], ...]
    groups: tuple[Group, ...]

    def __iter__(self) -> Iterator[Field]:
        return (each for group in self.groups for each in group.fields)

    def group(self, group_id: str) -> Group:
        """The group with that letter."""
        return next(each for each in self.groups if each.id == group_id)

    def field(self, key: str) -> Field:
        """The field that an answer's key names.

        Args:
            key: `B1`, or `C1#2` in the second set of a repeated group.

        Raises:
            FieldNotFound: when there is no such field or set.
        """
        code, number = split(key)
        found = next((each for each in self if each.code == code), None)
        if found is None or (number is not None) != self.group(found.group).repeats:
            raise _unknown(key)
        if number is not None and number > self.group(found.group).most:
            raise _unknown(key)
        return found

    def keys(self, answers: Mapping[str, Any]) -> list[str]:
        """Every key a filing with these answers has, in the order of the form."""
        return [
            f"{each.code}#{number}" if number else each.code
            for group in self.groups
            for number in (range(1, sets(group, answers) + 1) if group.repeats else (0,))
            for each in group.fields
        ]


class FieldNotFound(NotFound):
    """The schema has no such field: look at the list of fields."""


def _unknown(key: str) -> FieldNotFound:
    near = _near(key)
    zh = "、".join(f"{each.code}（{each.name.zh}）" for each in near)
    en = ", ".join(f"{each.code} ({each.name.en})" for each in near)
    return FieldNotFound(
        f"没有“{key}”这个字段。相近的：{zh}。", f"There is no field “{key}”. Near it: {en}."
    )


def _near(key: str) -> list[Field]:
    """Fields that someone may have meant: of the same group by number, else by their codes."""
    wanted = re.match(r"\s*([A-Za-z])\D*(\d{0,3})", key)
    fields = list(schema())
    if wanted is None or wanted[1].upper() not in {each.group for each in fields}:
        return fields[:NEAR]
    own = [each for each in fields if each.group == wanted[1].upper()]
    number = int(wanted[2] or 1)
    return sorted(own, key=lambda each: abs(int(each.code[1:]) - number))[:NEAR]


def split(key: str) -> tuple[str, int | None]:
    """The code and the number of the set in an answer's key.

    Raises:
        FieldNotFound: when `key` is not `B1` or `C1#2`.
    """
    match = KEY.match(key)
    if match is None:
        raise _unknown(key)
    return match[1], int(match[2]) if match[2] else None


def sets(group: Group, answers: Mapping[str, Any]) -> int:
    """How many sets of answers a repeated group has; never fewer than one."""
    numbers = (split(key)[1] or 0 for key in answers if key.startswith(group.id))
    return max(1, *numbers, 1)


@cache
def schema() -> Schema:
    """The schema in force."""
    top = _toml("schema.toml")
    return Schema(
        version=top["version"],
        english_factor=top["english_factor"],
        changes=tuple(top["changes"]),
        groups=tuple(_group(row) for row in top["groups"]),
    )


def _toml(name: str) -> dict[str, Any]:
    return tomllib.loads((resources.files("filing") / "schema" / name).read_text("utf-8"))


def _group(row: dict[str, Any]) -> Group:
    rows = _toml(row["file"])["fields"]
    return Group(
        id=row["id"],
        name=Text(**row["name"]),
        intro=Text(**row["intro"]),
        fields=tuple(_field(each, row["id"]) for each in rows),
        repeats=row.get("repeats", False),
        one=Text(**row["one"]) if "one" in row else None,
        most=row.get("most", 1),
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
        required=row.get("required", True),
        when=tuple(
            Condition(each.get("field", ""), each.get("part", ""), frozenset(each["is"]))
            for each in row.get("when", ())
        ),
        show=Show(row.get("show", "public")),
        **{
            name: row[name]
            for name in ("limit", "least", "most", "format", "after", "until", "record")
            if name in row
        },
        options=tuple(
            Option(each["id"], Text(each["zh"], each["en"]), each.get("alone", False))
            for each in row.get("options", ())
        ),
        parts=tuple(_part(each) for each in row.get("parts", ())),
    )
