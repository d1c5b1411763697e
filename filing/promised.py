"""Within how many days a text promises an answer, in Chinese or in English; in digits or in words.

Only whole calendar days can be held against the days of a form: working days and months cannot, and
a text that promises them is compared with nothing.
"""

import re
from dataclasses import dataclass

CHINESE = {each: n for n, each in enumerate("零一二三四五六七八九")} | {"两": 2, "〇": 0}
ENGLISH = {
    each: n
    for n, each in enumerate(
        [
            "zero",
            "one",
            "two",
            "three",
            "four",
            "five",
            "six",
            "seven",
            "eight",
            "nine",
            "ten",
            "eleven",
            "twelve",
            "thirteen",
            "fourteen",
            "fifteen",
            "sixteen",
            "seventeen",
            "eighteen",
            "nineteen",
            "twenty",
        ]
    )
} | {"thirty": 30, "forty": 40, "fifty": 50, "sixty": 60, "ninety": 90}
DAYS = {"天": 1, "日": 1, "周": 7, "星期": 7, "day": 1, "week": 7}
HOURS = {"小时": 24, "hour": 24}

_ZH = r"(?P<many>\d{1,3}|[零〇一二两三四五六七八九十]{1,3})个?(?P<working>工作)?(?P<unit>天|日|周|星期|小时)"
_EN = (
    rf"(?P<many>\d{{1,3}}|{'|'.join(ENGLISH)})(?:[ -](?P<working>working|business))?"
    r"[ -](?P<unit>day|week|hour)s?"
)
PROMISES = (
    re.compile(rf"{_ZH}[之以]?内?[^，。；\d]{{0,6}}(?:答复|回复|回答)"),
    re.compile(rf"(?:answer|repl|respon|hear)\w*[^.;,]{{0,40}}?\bwithin {_EN}", re.IGNORECASE),
    re.compile(rf"\bwithin {_EN}[^.;,]{{0,40}}?\b(?:answer|repl|respon)", re.IGNORECASE),
)


@dataclass(frozen=True, slots=True)
class Promise:
    """A promise of an answer.

    Args:
        said: the words that make it.
        days: within how many calendar days.
    """

    said: str
    days: int


def of(text: str) -> list[Promise]:
    """What a text promises in calendar days, each time that it does.

    Args:
        text: in Chinese or in English.
    """
    return [
        Promise(found.group(), days)
        for promise in PROMISES
        for found in promise.finditer(text)
        if (days := _days(found)) is not None
    ]


def _days(found: re.Match[str]) -> int | None:
    many, unit = _number(found["many"].lower()), found["unit"].lower()
    if found["working"] or many is None:
        return None
    if unit in HOURS:
        whole, rest = divmod(many, HOURS[unit])
        return whole + (rest > 0)
    return many * DAYS[unit]


def _number(said: str) -> int | None:
    """A number in digits or words; None where the characters are none."""
    if said.isdecimal():
        return int(said)
    if said in ENGLISH:
        return ENGLISH[said]
    tens, ten, ones = said.rpartition("十")
    if len(tens) > 1 or len(ones) > 1 or "十" in tens:
        return None
    return (CHINESE[tens] if tens else 1) * 10 * bool(ten) + (CHINESE[ones] if ones else 0)
