"""What the filer says about each column: its plain name, unit, direction words and who can change it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal, Self, get_args

from explainers import distinct, numbers
from explainers.texts import pair, text_of
from registry import unread, untranslated
from registry.contradictions import EFFECTS, INFLUENCES, Effect, Influence
from registry.errors import Invalid, Reason
from registry.language import Text

Actionable = Literal[-1, 0, 1, "any"]
ColumnSort = Literal["number", "category", "share"]
HIGHER, LOWER = Text("高", "higher"), Text("低", "lower")
MORE = "more"
PLURALS = ("times", "years", "months", "weeks", "days", "hours", "minutes", "dollars", "points")
"""English units of which one lacks its last letter."""
"""The phrase of a number that is raised stands under this key; those of levels under the level."""
BARE_COMPARATIVES = frozenset({"more", "fewer", "less"})
OWN_DETERMINERS = frozenset(
    {"the", "a", "an", "your", "his", "her", "their", "whether", "how", "what", "where", "which"}
    | {
        "no",
        "not",
        "any",
        "all",
        "some",
        "many",
        "few",
        "more",
        "fewer",
        "less",
        "most",
        "several",
    }
    | {"at", "over", "under", "up", "one", "two", "three", "four", "five", "six", "seven", "eight"}
    | {"nine", "ten", "eleven", "twelve", "being", "having"}
)


class ColumnsInvalid(Invalid):
    """The description of the columns has gaps: fill in what each reason names."""


@dataclass(frozen=True, slots=True)
class Direction:
    """The pair of words for more and for less of something, such as 高/低 and higher/lower.

    Args:
        more: the word for a larger value.
        less: the word for a smaller value.
    """

    more: Text = HIGHER
    less: Text = LOWER


@dataclass(frozen=True, slots=True)
class Column:
    """One input of the model as people would speak of it.

    Args:
        name: the column as the model knows it.
        plain: what people call it.
        unit: the unit of its values, if any.
        direction: the words for more and less of it.
        actionable: whether a person can raise it (1), lower it (-1), both ("any") or neither (0).
        protected: whether it is a sensitive feature, which is checked on its own; no word of the law.
        values: plain names of its levels, by the level written as text.
        phrases: by level, whoever has it, as the subject of a sentence ("people without a past
            bankruptcy"); of a number, under "more", what it is that it is raised ("more of the income
            going to debts").
        kind: "category" where its numbers stand for levels and have no higher and lower; "share" where
            they are parts of one, told in per cent (0.92 as 92 %).
        effect: what the filer says that more of it does to the result, held against the tests.
        influence: how much the filer says that it weighs, held against the tests.
    """

    name: str
    plain: Text
    unit: Text | None = None
    direction: Direction = field(default_factory=Direction)
    actionable: Actionable = 0
    protected: bool = False
    values: Mapping[str, Text] = field(default_factory=dict)
    phrases: Mapping[str, Text] = field(default_factory=dict)
    kind: ColumnSort = "number"
    effect: Effect | None = None
    influence: Influence | None = None

    def level(self, value: object) -> Text:
        """What people call one level of this column."""
        return _called(self, value)

    def written(self, value: float) -> Text:
        """One value with its unit; a share in per cent."""
        if self.kind == "share":
            percent = numbers.value(100 * value)
            return Text(f"{percent}%", f"{percent} %")
        unit = self.unit or Text("", "")
        en = unit.en.removesuffix("s") if value == 1 and unit.en.endswith(PLURALS) else unit.en
        return Text(numbers.value(value) + unit.zh, f"{numbers.value(value)} {en}".strip())

    def who(self, value: object, people: Text) -> Text:
        """Whoever has one level of this column, as the subject of a sentence."""
        return who(self, value, people)

    @property
    def raised(self) -> Text:
        """More of it, as a condition: 年龄变大, "the age higher"."""
        more = self.direction.more
        default = Text(f"{self.plain.zh}变{more.zh}", raised(more.en, self.plain.en))
        return self.phrases.get(MORE, default)

    @property
    def subject(self) -> Text:
        """The plain name as it stands at the head of a sentence's clause."""
        return Text(self.plain.zh, with_article(self.plain.en))

    def as_json(self) -> dict[str, Any]:
        """The column as the filer gave it."""
        return {
            "name": self.name,
            "plain": self.plain.as_json(),
            "unit": self.unit.as_json() if self.unit else None,
            "direction": {
                "zh": [self.direction.more.zh, self.direction.less.zh],
                "en": [self.direction.more.en, self.direction.less.en],
            },
            "actionable": self.actionable,
            "protected": self.protected,
            "values": {level: text.as_json() for level, text in self.values.items()},
            "phrases": {level: text.as_json() for level, text in self.phrases.items()},
            **({"kind": self.kind} if self.kind != "number" else {}),
            **({"effect": self.effect.value} if self.effect else {}),
            **({"influence": self.influence.value} if self.influence else {}),
        }

    @classmethod
    def parse(cls, given: "Mapping[str, Any] | Column") -> Self:
        """Read one column's description.

        Raises:
            ColumnsInvalid: with every gap and what to fill in.
        """
        if isinstance(given, cls):
            return given
        assert isinstance(given, Mapping)  # noqa: S101  # narrows the type, the caller is typed
        name = str(given.get("name", ""))
        reasons = list(unread.reasons(given, cls.__slots__, f"columns.{name or '?'}"))
        plain = text_of(given.get("plain"))
        if not name:
            reasons.append(_reason("?", Text("这一列没有列名。", "This column has no name.")))
        if plain is None:
            said = Text("没有填写大家能懂的名称。", "It has no plain name in both languages.")
            reasons.append(_reason(name, said))
        unit, gaps = (
            pair(f"columns.{name}.unit", given["unit"]) if given.get("unit") else (None, [])
        )
        values, unnamed = _texts(f"columns.{name}.values", given.get("values"))
        phrases, unsaid = _texts(f"columns.{name}.phrases", given.get("phrases"))
        reasons += [*gaps, *unnamed, *unsaid]
        direction = _direction(given.get("direction"))
        if not unnamed and not unsaid:
            place = f"columns.{name}"
            reasons += distinct.of_levels(place, values, phrases)
            reasons += distinct.of_groups(place, values) if given.get("protected") else ()
            more, less = direction.more, direction.less
            reasons += distinct.of_sides(
                place, more, less, phrases.get(MORE), plain or Text("", "")
            )
        actionable: Any = given.get("actionable") or 0
        if actionable not in (-1, 0, 1, "any"):
            said = Text("“本人能否改变”填写有误。", "“Can be changed” is none of -1, 0, 1, any.")
            reasons.append(_reason(name, said))
        kind: Any = given.get("kind") or "number"
        if kind not in get_args(ColumnSort):
            said = Text(
                "kind 只能写 number（数值）、category（类别）或 share（占比）。",
                "kind is none of number, category, share.",
            )
            reasons.append(_reason(name, said))
        claimed: dict[str, list[str]] = {"effect": [*EFFECTS], "influence": [*INFLUENCES]}
        for key, known in claimed.items():
            if given.get(key) and given[key] not in known:
                may = "、".join(known), ", ".join(known)
                said = Text(f"{key} 只能写 {may[0]}。", f"{key} is none of {may[1]}.")
                reasons.append(_reason(name, said))
        if reasons or plain is None:
            raise ColumnsInvalid(
                "这一列的说明不完整，请补上。",
                "The description of this column has gaps; fill them in.",
                reasons=reasons,
            )
        return cls(
            name=name,
            plain=plain,
            unit=unit,
            direction=direction,
            actionable=actionable,
            protected=bool(given.get("protected")),
            values=values,
            phrases=phrases,
            kind=kind,
            effect=Effect(given["effect"]) if given.get("effect") else None,
            influence=Influence(given["influence"]) if given.get("influence") else None,
        )


@dataclass(frozen=True, slots=True)
class Outsider:
    """A protected attribute that the model is not given.

    Args:
        name: the attribute as the evaluation data name it.
        plain: what people call it.
        values: plain names of its groups.
        phrases: by group, whoever is in it, as the subject of a sentence.
    """

    name: str
    plain: Text
    values: Mapping[str, Text] = field(default_factory=dict)
    phrases: Mapping[str, Text] = field(default_factory=dict)

    @classmethod
    def parse(cls, given: "Mapping[str, Any] | Outsider") -> Self:
        """Read one protected attribute from {name, plain, values, phrases}.

        Raises:
            ColumnsInvalid: with every gap and what to fill in.
        """
        if isinstance(given, cls):
            return given
        assert isinstance(given, Mapping)  # noqa: S101  # narrows the type
        name = str(given.get("name", ""))
        place = f"protected.{name or '?'}"
        reasons = list(unread.reasons(given, cls.__slots__, place))
        values, unnamed = _texts(f"{place}.values", given.get("values"))
        phrases, unsaid = _texts(f"{place}.phrases", given.get("phrases"))
        if reasons := [*reasons, *unnamed, *unsaid]:
            raise ColumnsInvalid(
                "“这个算法不知道的特征”的说明不完整，请补上。",
                "The description of what the program is not given has gaps; fill them in.",
                reasons=reasons,
            )
        plain = text_of(given.get("plain")) or Text(name, name)
        return cls(name=name, plain=plain, values=values, phrases=phrases)

    def as_json(self) -> dict[str, Any]:
        """The attribute as the filer gave it."""
        named, said = (
            {level: text.as_json() for level, text in each.items()}
            for each in (self.values, self.phrases)
        )
        return {"name": self.name, "plain": self.plain.as_json(), "values": named, "phrases": said}


def parse_columns(given: Sequence[Mapping[str, Any] | Column]) -> tuple[Column, ...]:
    """Read all columns.

    Raises:
        ColumnsInvalid: with every gap of every column.
    """
    columns, reasons = list[Column](), list[Reason]()
    for each in given:
        try:
            columns.append(Column.parse(each))
        except ColumnsInvalid as invalid:
            reasons.extend(invalid.reasons)
    names = [column.name for column in columns]
    for name in sorted({name for name in names if names.count(name) > 1}):
        reasons.append(_reason(name, Text("这一列写了两次。", "This column is given twice.")))
    reasons += distinct.of_names([(f"columns.{c.name}", c.name, c.plain) for c in columns])
    if not given:
        reasons.append(_reason("*", Text("一列也没有。", "There are no columns.")))
    if reasons:
        raise ColumnsInvalid(
            "列的说明不完整，请按原因逐项补上。",
            "The description of the columns has gaps; fill in what each reason names.",
            reasons=reasons,
        )
    return tuple(columns)


def who(attribute: Column | Outsider, value: object, people: Text) -> Text:
    """Whoever has one level of an attribute, as the subject of a sentence.

    Args:
        attribute: with its phrases.
        value: the level.
        people: what those are called whom the rows are about.
    """
    said = attribute.phrases.get(written_level(value))
    if said is not None:
        return said
    level, plain = _called(attribute, value), attribute.plain
    return Text(
        f"{plain.zh}是“{level.zh}”的",
        f"{people.en} with “{level.en}” for {with_article(plain.en)}",
    )


def _called(attribute: Column | Outsider, value: object) -> Text:
    written = written_level(value)
    return attribute.values.get(written) or untranslated.once(written)


def written_level(value: object) -> str:
    """One level as text, so that 1, 1.0 and True key the same plain name."""
    if isinstance(value, bool):
        return str(int(value))
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)


def with_article(name: str) -> str:
    """The English name with an article where it has no determiner of its own."""
    first = name.split(maxsplit=1)[0].lower() if name.strip() else ""
    return name if first in OWN_DETERMINERS or first[:1].isdigit() else f"the {name}"


def comparative(word: str, name: str) -> str:
    """The English head of "the …, the more likely": "higher the income", "more debts"."""
    return f"{word} {name}" if word in BARE_COMPARATIVES else f"{word} {with_article(name)}"


def raised(word: str, name: str) -> str:
    """The English for a thing changed one way, after "with": "the crime rate higher", "more debts"."""
    return f"{word} {name}" if word in BARE_COMPARATIVES else f"{with_article(name)} {word}"


def _direction(given: object) -> Direction:
    if isinstance(given, Direction):
        return given
    if not isinstance(given, Mapping):
        return Direction()
    default = Direction()
    zh = list(given.get("zh") or (default.more.zh, default.less.zh))
    en = list(given.get("en") or (default.more.en, default.less.en))
    return Direction(Text(zh[0], en[0]), Text(zh[-1], en[-1]))


def _texts(place: str, given: object) -> tuple[dict[str, Text], list[Reason]]:
    """Texts by level, and which of them lacks a language."""
    read, reasons = dict[str, Text](), list[Reason]()
    for level, said in (given if isinstance(given, Mapping) else {}).items():
        text, gaps = pair(f"{place}.{level}", said)
        of = Text(f"“{level}”：", f"“{level}”: ")
        reasons += [
            replace(gap, said=Text(of.zh + gap.said.zh, of.en + gap.said.en)) for gap in gaps
        ]
        read[str(level)] = text
    return read, reasons


def _reason(item: str, said: Text) -> Reason:
    remedy = Text("请在列的说明里补上这一项。", "Add it to the description of this column.")
    return Reason(item=item, said=said, remedy=remedy)
