"""Answers in words: one reading of any value in both languages, without what is restricted."""

import re
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from filing import formats, risk, withholding
from filing.fields import Field, FieldNotFound, Kind, Part, Schema, Show
from filing.law import GRADE_STATEMENT
from filing.meanings import Meaning
from registry import legal_day
from registry.language import Text
from registry.untranslated import CHINESE, IN_CHINESE

TWO_REVIEWERS = Text(
    "两名审核人员（一人提出，另一人确认）", "Two reviewers, one proposing and another confirming,"
)
NAME = "name"
"""The part of an answer that is a name: called in English as in Chinese, unmarked, as a field is."""


def beyond(many: int) -> Text | None:
    """How many findings of what is attached are beyond a line; None where none is.

    Args:
        many: how many.
    """
    if not many:
        return None
    return Text(
        f"附上的评估发现：差异超过界线{many}项",
        f"Found in the attached evaluation: {many} beyond the line",
    )


def public(part: Part, value: Any, withheld: Collection[str] = ()) -> Any:
    """The value without its restricted parts; None when nothing is left.

    Args:
        part: what it is made of.
        value: the bare value.
        withheld: names of its parts that are withheld as well.
    """
    if part.show is Show.RESTRICTED or value is None:
        return None
    left = [each for each in part.parts if each.id not in withheld]
    if part.kind is Kind.PARTS:
        shown = {each.id: public(each, value.get(each.id)) for each in left}
        return {name: inner for name, inner in shown.items() if inner is not None} or None
    if part.kind is Kind.ROWS:
        rows = [{each.id: public(each, row.get(each.id)) for each in left} for row in value]
        said = ({name: inner for name, inner in row.items() if inner is not None} for row in rows)
        return [row for row in said if row]
    return value


def of(field: Field, value: Any, *, marked: bool = False) -> Text:
    """What an answer says, as one text per language.

    Args:
        field: the field that was answered.
        value: its bare value, or the part of it that may be shown.
        marked: tell a reader of English where words are there in Chinese alone; names are not.
    """
    if field.value.made:
        return pair(value)
    if field.computed:
        return _COMPUTED[field.value.means](value)
    return _said(field.value, value, marked=marked and not field.value.is_name)


def answered(row: Mapping[str, Any], form: Schema) -> Text:
    """What a reader sees of an edition's answer: its words as published, Chinese alone marked.

    The published words themselves stay as they are; where its schema would say them otherwise today,
    they are shown unmarked but for a text that is the Chinese over again.

    Args:
        row: a public answer of an edition, with `said`.
        form: the schema that the edition was published under.
    """
    published = Text(**row["said"])
    try:
        field = form.field(row["key"])
    except FieldNotFound:
        return repeated(published)
    if field.value.is_name or field.computed:
        return published
    if of(field, row["value"]) != published:
        return repeated(published)
    return of(field, row["value"], marked=True)


@dataclass(frozen=True, slots=True)
class Cell:
    """What one column says in one row.

    Args:
        name: what the column is called.
        said: what it says; None where it says nothing.
        address: what it is to follow or to dial; empty for anything else.
    """

    name: Text
    said: Text | None
    address: str = ""


@dataclass(frozen=True, slots=True)
class Table:
    """Rows under their columns; a column in which nothing stands is left out."""

    columns: tuple[Text, ...]
    rows: tuple[tuple[Cell, ...], ...]


@dataclass(frozen=True, slots=True)
class Line:
    """One part of an answer.

    Args:
        name: what the part is called.
        said: what it says.
        address: what it is to follow or to dial; empty for anything else.
        table: the same as rows, where it is made of rows.
    """

    name: Text
    said: Text
    address: str
    table: Table | None = None


def parts(row: Mapping[str, Any], form: Schema) -> tuple[Line, ...]:
    """An edition's answer part by part; none where its schema would not say today the published words.

    Args:
        row: a public answer of an edition, with `said`.
        form: the schema that the edition was published under.
    """
    part = _as_published(row, form)
    if part is None or part.kind is not Kind.PARTS:
        return ()
    value = row["value"]
    return tuple(
        Line(
            *_named(each, value[each.id]),
            _address(each, value[each.id]),
            _tabled(each, value[each.id]) if each.kind is Kind.ROWS else None,
        )
        for each in part.parts
        if each.id in value
    )


def table(row: Mapping[str, Any], form: Schema) -> Table | None:
    """An edition's rows as a table; None of another answer, and where `parts` would say nothing.

    Args:
        row: a public answer of an edition.
        form: the schema that the edition was published under.
    """
    part = _as_published(row, form)
    return _tabled(part, row["value"]) if part is not None and part.kind is Kind.ROWS else None


def follow(row: Mapping[str, Any], form: Schema) -> str:
    """The address that an answer is, to follow or to dial; empty where it is none.

    Args:
        row: a public answer of an edition.
        form: the schema that the edition was published under.
    """
    part = _as_published(row, form)
    return _address(part, row["value"]) if part is not None else ""


def _as_published(row: Mapping[str, Any], form: Schema) -> Part | None:
    """What an edition's answer is made of; None where its schema would not say the published words."""
    try:
        field = form.field(row["key"])
    except FieldNotFound:
        return None
    alike = "said" in row and not field.computed and of(field, row["value"]) == Text(**row["said"])
    return field.value if alike else None


def _tabled(part: Part, rows: Sequence[Mapping[str, Any]]) -> Table:
    shown = [each for each in part.parts if any(each.id in row for row in rows)]
    return Table(
        tuple(each.name for each in shown),
        tuple(
            tuple(
                Cell(
                    each.name, _said(each, row[each.id], marked=True), _address(each, row[each.id])
                )
                if each.id in row
                else Cell(each.name, None)
                for each in shown
            )
            for row in rows
        ),
    )


UNIT_ZH, UNIT_EN = re.compile(r"^(.+)（(.+)）$"), re.compile(r"^(.+) \((.+)\)$")


def _named(part: Part, value: Any) -> tuple[Text, Text]:
    """A part's name and what it says; the unit that a number's name gives in brackets goes with the number."""
    said = _said(part, value, marked=True)
    zh, en = UNIT_ZH.match(part.name.zh), UNIT_EN.match(part.name.en)
    if part.kind is not Kind.NUMBER or zh is None or en is None:
        return part.name, said
    unit_zh = zh[2].replace("几", said.zh) if "几" in zh[2] else f"{said.zh}{zh[2]}"
    unit_en = re.sub(r"^days\b", "day", en[2]) if said.en == "1" else en[2]
    return Text(zh[1], en[1]), Text(unit_zh, f"{said.en} {unit_en}")


def pieces(row: Mapping[str, Any], form: Schema) -> tuple[Text, ...]:
    """An answer in the pieces that change by themselves: its parts, its rows, or the whole of it.

    Args:
        row: an answer with `key`, `value` and `said`.
        form: the schema that it was given under.
    """
    try:
        part = form.field(row["key"]).value
    except FieldNotFound:
        return (answered(row, form),)
    value = row["value"]
    if part.kind not in (Kind.PARTS, Kind.ROWS) or _said(part, value, marked=False) != Text(
        **row["said"]
    ):
        return (answered(row, form),)
    if part.kind is Kind.PARTS:
        return tuple(_unended(_inner(part, value, marked=True)))
    return tuple(_row(part, each, marked=True) for each in value)


def _row(part: Part, value: Mapping[str, Any], *, marked: bool) -> Text:
    return _join(_unended(_inner(part, value, marked=marked)), "；", "; ")


def _address(part: Part, value: Any) -> str:
    if part.format == "telephone":
        return formats.dialled(str(value))
    return str(value) if part.kind is Kind.LINK and not formats.link(str(value)) else ""


def repeated(said: Text) -> Text:
    """A text whose English may be the Chinese over again, then marked for a reader of English."""
    return own_words({"zh": said.zh}) if said.zh == said.en else said


def pair(value: Mapping[str, str]) -> Text:
    """A stored {zh, en?}; the Chinese stands in where there is no English."""
    zh = value.get("zh", "")
    return Text(zh, value.get("en") or zh)


def own_words(value: Mapping[str, str]) -> Text:
    """Somebody's own words, stored as {zh, en?}; an English reader is told where only Chinese is there.

    An address or a number is none: it says the same to both.
    """
    said = pair(value)
    if value.get("en") or not CHINESE.search(said.zh):
        return said
    return Text(said.zh, f"{said.en} {IN_CHINESE}")


def graded(grade: Mapping[str, Any]) -> Text:
    """The statement beside a grade: who set it; after a change both grades, the day and the reason.

    Args:
        grade: the grade as an edition carries it.
    """
    change = grade["changed"]
    if not change:
        return GRADE_STATEMENT
    was = risk.LEVEL_NAMES[risk.Level(change["from"])]
    now = risk.LEVEL_NAMES[risk.Level(grade["level"])]
    day = legal_day.of(datetime.fromisoformat(change["at"])).isoformat()
    reason = own_words(change["reason"])
    two = "proposed" in change  # editions of an earlier release: one reviewer alone
    who = Text("审核人员", "Reviewers") if not two else TWO_REVIEWERS
    return Text(
        f"这个风险等级由{who.zh}在{day}改定：{now.zh}。按本平台的方法得出的是{was.zh}。理由：{reason.zh}",
        f"{who.en} set this risk grade on {day}: {now.en}. By this platform's method it is "
        f"{was.en}. Reason: {reason.en}",
    )


def _said(part: Part, value: Any, *, marked: bool) -> Text:
    match part.kind:
        case Kind.TEXT:
            return own_words(value) if marked and part.id != NAME else pair(value)
        case Kind.CHOICE | Kind.MULTI:
            return _join([_option(part, each) for each in _listed(value)], "、", ", ")
        case Kind.FILE:
            return _same(f"{value['name']} (sha256:{value['sha256']})")
        case Kind.PARTS:
            return _join(_unended(_inner(part, value, marked=marked)), "；", "; ")
        case Kind.ROWS:
            return _join([_row(part, each, marked=marked) for each in value], "\n", "\n")
        case _:
            return _same(str(value))


def _inner(part: Part, value: Mapping[str, Any], *, marked: bool) -> list[Text]:
    return [
        Text(f"{each.name.zh}：{said.zh}", f"{each.name.en}: {said.en}")
        for each in part.parts
        if each.id in value
        for said in (_said(each, value[each.id], marked=marked),)
    ]


def _unended(texts: list[Text]) -> list[Text]:
    """The same; what a joint follows ends without a full stop of its own."""
    return [
        Text(each.zh.rstrip("。；.;"), each.en.rstrip("。；.;")) for each in texts[:-1]
    ] + texts[-1:]


def _listed(value: str | list[str]) -> list[str]:
    return [value] if isinstance(value, str) else value


def _option(part: Part, option_id: str) -> Text:
    option = part.option(option_id)
    return option.name if option else _same(option_id)


def _join(texts: list[Text], zh: str, en: str) -> Text:
    return Text(zh.join(each.zh for each in texts), en.join(each.en for each in texts))


def _same(text: str) -> Text:
    return Text(text, text)


def _version(value: Mapping[str, Any]) -> Text:
    name, number, digest = value["model"], value["version"], value["sha256"]
    return Text(
        f"{name} 第{number}版，校验值 sha256:{digest}",
        f"{name}, version {number}, digest sha256:{digest}",
    )


def _grade(value: Mapping[str, Any]) -> Text:
    name = risk.LEVEL_NAMES[risk.Level(value["level"])]
    if value["changed"]:
        return graded(value)
    said = pair(value["reasons"][0])
    return Text(f"{name.zh}：{said.zh}", f"{name.en}: {said.en}")


def _withheld(value: list[Mapping[str, Any]]) -> Text:
    """Each thing that is withheld, with why and until when that is looked at again."""
    told = []
    for each in value:
        name, reason, ground = (pair(each[part]) for part in ("name", "reason", "ground"))
        until = withholding.until(each)
        told.append(
            Text(
                f"{name.zh}：{reason.zh}（{ground.zh}，{until.zh}）",
                f"{name.en}: {reason.en} ({ground.en}, {until.en})",
            )
        )
    return _join(told, "\n", "\n")


_COMPUTED: Mapping[Meaning | None, Callable[[Any], Text]] = {
    Meaning.VERSION: _version,
    Meaning.GRADE: _grade,
    Meaning.WHO_USES: pair,
    Meaning.WHAT_WAS_CHECKED: pair,
    Meaning.WITHHELD: _withheld,
    Meaning.READABILITY: pair,
}
