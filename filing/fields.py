"""What a schema of a filing is made of: groups, fields, their parts, and when each is required.

Which fields there are is declared in `schema/*.toml` (`declared`). The code reaches them by what
they mean (`meanings`), never by their letter codes.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from dataclasses import field as dataclass_field
from enum import StrEnum
from functools import cached_property
from graphlib import TopologicalSorter
from typing import Any

from filing import conditions
from filing.conditions import ALWAYS, NEVER, Condition, Is
from filing.meanings import Meaning, Topic
from registry import law
from registry.errors import NotFound
from registry.language import Text

NEAR = 3
"""Fields named to someone who asked for one that is none."""
ENGLISH_FACTOR = 4
"""Ours: limits count Chinese characters, and an English wording may be so many times as long."""
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


@dataclass(frozen=True)  # without slots, to keep what is worked out once
class Part:
    """One value: a whole field, a part of one, or a column of rows.

    Args:
        id: its name inside the answer; empty for a whole field.
        name: what the reader sees.
        kind: what the value is made of.
        when: where it applies; elsewhere it is not asked, and what was answered does not count.
        required: where it must be there, if it applies.
        show: who sees it.
        limit: most characters of the Chinese wording.
        least, most: bounds of a number; `most` also bounds the rows.
        format: a named format that `formats` checks.
        after: a sibling date that this one may not precede.
        until: "today" when a date may not lie in the future.
        due: whether something falls due on this date (`filing.due`).
        options: what may be chosen.
        parts: the values inside.
        each: the column of rows whose every option has a row of its own; empty where rows are free.
        made: what the platform makes it from, of each report (`reported`); empty for all else.
        record: the particular of the filer's organisation that it is taken from (`identity`).
        means: what the product knows it as; None for what it only keeps and shows.
        was: the place of its value in the version before, `B7` or `B7.purpose`; empty for its own.
    """

    id: str
    name: Text
    kind: Kind
    when: Condition = ALWAYS
    required: Condition = ALWAYS
    show: Show = Show.PUBLIC
    limit: int = 0
    least: int = 0
    most: int = 0
    format: str = ""
    after: str = ""
    until: str = ""
    due: bool = False
    options: tuple[Option, ...] = ()
    parts: tuple["Part", ...] = ()
    each: str = ""
    made: str = ""
    record: str = ""
    means: Meaning | None = None
    was: str = ""

    @property
    def optional(self) -> bool:
        """Whether it need never be there."""
        return self.required == NEVER

    @property
    def always(self) -> bool:
        """Whether it applies and must be there, whatever else was answered."""
        return (self.when, self.required) == (ALWAYS, ALWAYS)

    @property
    def is_name(self) -> bool:
        """Whether it is what something is called, which must not be read as another name."""
        return self.format == "name"

    @property
    def listed(self) -> tuple[Option, ...]:
        """What has a row of its own, one for each; none where rows are free."""
        return next((inner.options for inner in self.parts if inner.id == self.each), ())

    def option(self, option_id: str) -> Option | None:
        """The option with that id, if any."""
        return next((each for each in self.options if each.id == option_id), None)

    @cached_property
    def leaves(self) -> tuple[Is, ...]:
        """Every place that its conditions, and those of all inside it, ask about."""
        own = (*conditions.leaves(self.when), *conditions.leaves(self.required))
        return (*own, *(leaf for inner in self.parts for leaf in inner.leaves))

    @cached_property
    def conditional(self) -> bool:
        """Whether it, or anything inside it, may not apply."""
        return self.when != ALWAYS or any(each.conditional for each in self.parts)

    @cached_property
    def in_order(self) -> tuple["Part", ...]:
        """The parts inside, each behind those that its condition asks.

        Raises:
            graphlib.CycleError: where they ask each other in a circle.
        """
        beside = {each.id: each for each in self.parts}
        after = {
            each.id: {leaf.part for leaf in conditions.leaves(each.when) if leaf.part in beside}
            for each in self.parts
        }
        return tuple(beside[name] for name in TopologicalSorter(after).static_order())


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


@dataclass(frozen=True)  # without slots, to keep what is worked out once
class Group:
    """A group of fields.

    Args:
        id: its letter.
        name: what the reader sees.
        intro: a sentence to the writer.
        fields: in the order of the form.
        topic: what the product knows it as; None for a group that it only keeps and shows.
        repeats: whether it holds one set of answers for each thing of a kind.
        one: what one such thing is called.
        most: how many sets there may be.
        public: why nothing in it may ever be withheld; None where single fields say what may.
    """

    id: str
    name: Text
    intro: Text
    fields: tuple[Field, ...]
    topic: Topic | None = None
    repeats: bool = False
    one: Text | None = None
    most: int = 1
    public: Text | None = None

    @property
    def computed(self) -> bool:
        """Whether the platform makes every answer in it."""
        return all(each.computed for each in self.fields)

    def has(self, key: str) -> bool:
        """Whether an answer's key is of one of its fields."""
        return split(key)[0] in self._codes

    @cached_property
    def _codes(self) -> frozenset[str]:
        return frozenset(each.code for each in self.fields)


@dataclass(frozen=True)  # without slots, to keep what is worked out once
class Schema:
    """One version of the declared schema.

    Args:
        version: what filings and editions name it by.
        date: the day from which filings are opened under it.
        note: what it brought, in a sentence.
        groups: in the order of the form.
        places: meaning → the field it stands in, and the part of that field, empty for the whole.
    """

    version: str
    date: str
    note: Text
    groups: tuple[Group, ...]
    places: Mapping[Meaning, tuple[Field, str]]

    def __iter__(self) -> Iterator[Field]:
        return (each for group in self.groups for each in group.fields)

    def meant(self, meaning: Meaning) -> Field:
        """The field in which something stands."""
        return self.places[meaning][0]

    def part(self, meaning: Meaning) -> Part:
        """What an answer of that meaning is made of: the whole field or a part of it."""
        field, part = self.places[meaning]
        return next((each for each in field.value.parts if each.id == part), field.value)

    def key(self, meaning: Meaning) -> str:
        """The key of an answer, for a reason or a link; the first set's in a repeated group."""
        field = self.meant(meaning)
        return f"{field.code}#1" if self.group(field.group).repeats else field.code

    def group(self, group_id: str) -> Group:
        """The group with that letter."""
        return self._groups[group_id]

    def about(self, topic: Topic) -> Group:
        """The group in which something is told."""
        return next(each for each in self.groups if each.topic is topic)

    def coded(self, code: str) -> Field | None:
        """The field of a code, without the number of a set; None where there is none."""
        return self._fields.get(code)

    @cached_property
    def _fields(self) -> Mapping[str, Field]:
        return {each.code: each for each in self}

    @cached_property
    def _groups(self) -> Mapping[str, Group]:
        return {each.id: each for each in self.groups}

    @cached_property
    def asked(self) -> frozenset[Meaning | None]:
        """Every meaning that a condition of any field asks for."""
        return frozenset(leaf.means for field in self for leaf in field.value.leaves)

    def group_of(self, item: str) -> Group:
        """The group in which an answer, or a place inside one, stands: of `C1#2.name` the data sets."""
        return self.group(self.field(item.partition(".")[0]).group)

    def field(self, key: str) -> Field:
        """The field that an answer's key names.

        Args:
            key: `B1`, or `C1#2` in the second set of a repeated group.

        Raises:
            FieldNotFound: when there is no such field or set.
        """
        match = KEY.match(key)
        if match is None:
            raise _unknown(key, self)
        code, number = match[1], int(match[2]) if match[2] else None
        found = self.coded(code)
        if found is None or (number is not None) != self.group(found.group).repeats:
            raise _unknown(key, self)
        if number is not None and number > self.group(found.group).most:
            raise _unknown(key, self)
        return found

    def keys(self, answers: Mapping[str, Any]) -> list[str]:
        """Every key a filing with these answers has, in the order of the form."""
        return [
            f"{each.code}#{number}" if number else each.code
            for group in self.groups
            for number in (range(1, sets(group, answers) + 1) if group.repeats else (0,))
            for each in group.fields
        ]


@dataclass(frozen=True, slots=True)
class Answers:
    """Answers with the schema they were given under, reached by what they mean.

    Args:
        form: the schema.
        rows: key → stored answer, or a public one of an edition.
        derived: what the platform has worked out and conditions may ask (`meanings.DERIVED`), as
            an option's id; what is not known yet is not there.
    """

    form: Schema
    rows: Mapping[str, Mapping[str, Any]]
    derived: Mapping[Meaning, str] = dataclass_field(default_factory=dict)

    def of(self, meaning: Meaning) -> Mapping[str, Any]:
        """The whole answer in which something stands; empty where there is none."""
        if meaning not in self.form.places:
            return {}  # this version does not ask it
        return self.rows.get(self.form.key(meaning)) or {}

    def value(self, meaning: Meaning) -> Any:
        """The bare value of what is meant; None where it is not told or not asked."""
        if meaning not in self.form.places:
            return None  # this version does not ask it
        value, part = self.of(meaning).get("value"), self.form.places[meaning][1]
        return _inside(value, part) if part else value

    def every(self, meaning: Meaning) -> list[Mapping[str, Any]]:
        """The whole answers of every set of a repeated group, in the order of the rows."""
        code = self.form.meant(meaning).code
        return [row for key, row in self.rows.items() if split(key)[0] == code]


def _inside(value: Any, part: str) -> Any:
    return value.get(part) if isinstance(value, Mapping) else None


class FieldNotFound(NotFound):
    """The schema has no such field: look at the list of fields."""


def _unknown(key: str, known: Iterable[Field]) -> FieldNotFound:
    near = _near(key, list(known))
    if not near:
        return FieldNotFound(f"没有“{key}”这个字段。", f"There is no field “{key}”.")
    zh = "、".join(f"{each.code}（{each.name.zh}）" for each in near)
    en = ", ".join(f"{each.code} ({each.name.en})" for each in near)
    return FieldNotFound(
        f"没有“{key}”这个字段。相近的：{zh}。", f"There is no field “{key}”. Near it: {en}."
    )


def _near(key: str, fields: list[Field]) -> list[Field]:
    """Fields that someone may have meant: with the same letter by number, else the first ones."""
    wanted = re.match(r"\s*([A-Za-z])\D*(\d{0,3})", key)
    own = [each for each in fields if wanted and each.code[0] == wanted[1].upper()]
    if wanted is None or not own:
        return fields[:NEAR]
    number = int(wanted[2] or 1)
    return sorted(own, key=lambda each: abs(int(each.code[1:]) - number))[:NEAR]


def split(key: str) -> tuple[str, int | None]:
    """The code and the number of the set in an answer's key.

    Raises:
        FieldNotFound: when `key` is not `B1` or `C1#2`.
    """
    match = KEY.match(key)
    if match is None:
        raise _unknown(key, ())
    return match[1], int(match[2]) if match[2] else None


def sets(group: Group, answers: Mapping[str, Any]) -> int:
    """How many sets of answers a repeated group has; never fewer than one."""
    numbers = (split(key)[1] or 0 for key in answers if group.has(key))
    return max(1, *numbers, 1)
