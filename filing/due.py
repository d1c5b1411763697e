"""What falls due in a published filing: follow-ups that it announces, and what is withheld for a time.

A day that a filing names is over when the next legal day begins. That it has passed says nothing of
what was done: only that no later edition gives another day.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Any

from filing.fields import Answers, Part
from registry import legal_day
from registry.language import Text


class Kind(StrEnum):
    """What falls due on a day."""

    FOLLOW_UP = "follow_up"  # the next follow-up that the filer announces
    REVIEW = "review"  # a withholding is to be looked at again
    UNTIL = "until"  # a withholding ends


@dataclass(frozen=True, slots=True)
class Due:
    """One day that a published filing names.

    Args:
        kind: what falls due.
        name: of the field, or of the part that is withheld.
        day: the last day on which it is not overdue.
    """

    kind: Kind
    name: Text
    day: date

    @property
    def over(self) -> datetime:
        """The moment from which the day has passed."""
        return legal_day.begins(self.day + timedelta(days=1))

    @property
    def passed(self) -> Text:
        """What is said once the day has passed."""
        name, day = self.name, self.day
        match self.kind:
            case Kind.FOLLOW_UP:
                return Text(
                    f"“{name.zh}”写的下次日期{day}已过，备案还没有写新的日期。",
                    f"The next date given under “{name.en}” was {day}; the filing gives no later one "
                    "yet.",
                )
            case Kind.REVIEW:
                return Text(
                    f"“{name.zh}”没有公开，复查日期{day}已过。",
                    f"“{name.en}” is withheld; that was to be reviewed by {day}.",
                )
            case Kind.UNTIL:
                return Text(
                    f"“{name.zh}”说明不公开到{day}，现在已过，还没有公开。",
                    f"“{name.en}” was to be withheld until {day}; it is not published yet.",
                )

    @property
    def what(self) -> Text:
        """What falls due, before it has."""
        name = self.name
        match self.kind:
            case Kind.FOLLOW_UP:
                return Text(f"“{name.zh}”写的下次日期", f"the next date under “{name.en}”")
            case Kind.REVIEW:
                return Text(
                    f"“{name.zh}”不公开的复查日期", f"the review of withholding “{name.en}”"
                )
            case Kind.UNTIL:
                return Text(f"“{name.zh}”不公开的期限", f"the end of withholding “{name.en}”")

    def as_json(self) -> dict[str, Any]:
        """The day as a basis keeps it."""
        return {"kind": self.kind.value, "name": self.name.as_json(), "day": self.day.isoformat()}

    @classmethod
    def of(cls, row: Mapping[str, Any]) -> "Due":
        """The day as a basis keeps it, read back."""
        return cls(Kind(row["kind"]), Text(**row["name"]), date.fromisoformat(row["day"]))


def every(told: Answers) -> list[Due]:
    """Every day that an edition names, soonest first.

    Args:
        told: an edition's answers.
    """
    found = {each for key, row in told.rows.items() for each in _of(told, key, row)}
    return sorted(found, key=lambda each: (each.day, each.kind, each.name.zh))


def passed(days: Sequence[Mapping[str, Any]], at: datetime) -> tuple[Due, ...]:
    """Those of a basis that have passed.

    Args:
        days: as a basis keeps them.
        at: the moment.
    """
    return tuple(due for each in days if (due := Due.of(each)).over <= at)


def _of(told: Answers, key: str, row: Mapping[str, Any]) -> Iterator[Due]:
    name = Text(**row["name"])
    if "withheld" in row:
        yield from _withheld(name, row["withheld"])
    for each in row.get("withheld_parts", ()):
        part = each["name"]
        yield from _withheld(Text(f"{name.zh}·{part['zh']}", f"{name.en}, {part['en']}"), each)
    if "value" in row:
        for text in _dates(told.form.field(key).value, row["value"]):
            if day := _day(text):
                yield Due(Kind.FOLLOW_UP, name, day)


def _withheld(name: Text, seal: Mapping[str, Any]) -> Iterator[Due]:
    for kind, text in ((Kind.REVIEW, seal.get("review")), (Kind.UNTIL, seal.get("until"))):
        if day := _day(text):
            yield Due(kind, name, day)


def _dates(part: Part, value: Any) -> Iterator[object]:
    """The values of all parts on which something falls due."""
    for each in value if isinstance(value, list) else [value]:
        for inner in part.parts:
            given = each.get(inner.id) if isinstance(each, Mapping) else None
            if given is not None:
                yield from [given] if inner.due else _dates(inner, given)


def _day(text: object) -> date | None:
    try:
        return date.fromisoformat(text) if isinstance(text, str) and text else None
    except ValueError:
        return None
