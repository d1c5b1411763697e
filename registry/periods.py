"""The time that data are from, as its owner writes it: a year, a month or a day, or from one to another.

Source of the form: ISO 8601, dates of reduced precision and intervals written with "/".
"""

import re

from registry.errors import Invalid, Reason
from registry.language import Text

DATE = r"\d{4}(?:-(?:0[1-9]|1[0-2])(?:-(?:0[1-9]|[12]\d|3[01]))?)?"
PERIOD = re.compile(rf"({DATE})(?:/({DATE}))?")


class PeriodUnreadable(Invalid):
    """Nobody can tell from when the data are: write a year, a month or a day, or two with / between."""


def checked(given: str) -> str:
    """The period without blanks around it; empty where nothing is said.

    Args:
        given: such as 1990, 2025-03 or 2024/2025-06.

    Raises:
        PeriodUnreadable: for anything else, and where the end comes before the beginning.
    """
    period = given.strip()
    found = PERIOD.fullmatch(period) if period else None
    if period and (
        found is None or (found[2] is not None and found[2] < found[1][: len(found[2])])
    ):
        raise PeriodUnreadable(
            "看不懂数据是什么时候的。",
            "Nobody can tell from when the data are.",
            reasons=[
                Reason(
                    "period",
                    Text(
                        "不是年、月、日，也不是从一个到另一个。",
                        "This is no year, month or day, nor from one to another.",
                    ),
                    Text(
                        "例如 1990、2025-03，或者 2024/2025-06。",
                        "Such as 1990, 2025-03, or 2024/2025-06.",
                    ),
                )
            ],
        )
    return period


def said(period: str) -> Text:
    """A period as people read it; empty where none is on record."""
    first, _, last = period.partition("/")
    return Text(f"{first}至{last}", f"{first} to {last}") if last else Text(first, first)
