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
    rf"(?:(?P<many>\d{{1,3}}|{'|'.join(ENGLISH)})(?:[ -](?P<working>working|business))?"
    r"[ -](?P<unit>day|week|hour)s?|a (?P<fortnight>fortnight))\b"
)
_WITHIN = rf"(?:with)?in (?:up to |at most )?{_EN}"
_TO_YOU = (
    r"\b(?:(?<!if )(?<!when )(?<!after )(?:we|they|it|the \w+|our \w+)(?: (?:will|shall|usually|always|normally|also|then))* (?:answer|repl(?:y|ies)|respond)s?"
    r"|(?:you|people)(?: (?:will|shall|usually|always|normally|then))* (?:get|receive|have|hear)\b(?: [^.;,]{0,25}?\b(?:answer|reply|response))?(?: from us| back)?"
    r"|(?<!not )(?:answered|replied to|responded to))\b"
)
_YOURS = r"(?!\b(?:object|complain|appeal|you (?:may|can|must)|ask|disagree|content|with)\b)"
PROMISES = (
    re.compile(
        rf"(?<![\d零〇一二两三四五六七八九十]){_ZH}[之以]?内?(?P<gap>[^，。；\d]{{0,6}}?)(?:答复|回复|回答)(?!问卷|问题|给(?!您|\u4f60)|的?[，,]?[^，。；]{{0,4}}(?:可以|可)|[^，。；]{{0,2}}后)"
    ),
    re.compile(
        rf"{_ZH}[之以]?内，?(?:我们|我行|本行|本公司|客服|工作人员)(?P<gap>[^，。；\d]{{0,4}}?)(?:答复|回复)(?!后)"
    ),
    re.compile(rf"{_TO_YOU}(?:{_YOURS}[^.;,]){{0,40}}?\b{_WITHIN}", re.IGNORECASE),
    re.compile(
        rf"\bwithin {_EN}(?:{_YOURS}[^.;,]){{0,25}}?,? {_TO_YOU}(?![^.;,]{{0,20}}\bwithin\b)",
        re.IGNORECASE,
    ),
    re.compile(
        rf"\b(?:reply|answer|response) time(?: is|:) (?:up to )?{_EN}|\b(?:an|the|our) (?:answer|reply|response) (?:takes|comes|is given|is sent|follows)(?: within| in| up to| at most)* {_EN.replace('?P<', '?P<late_')}",
        re.IGNORECASE,
    ),
)
TURNED = re.compile(r"[没未不对]|可以")
"""Between the days and the answer: no answer, or one of something else."""
ASKED_OF_YOU = re.compile(
    r"(?:请|您(?:可以?|应|须|需|要|必须)|\u4f60(?:可以?|应|须|需|要))[^，。；]{0,12}$"
)
"""Before the days: it is the person who is to answer."""


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
        if not _of_another(found, text) and (days := _days(found)) is not None
    ]


def _of_another(found: re.Match[str], text: str) -> bool:
    """Whether the days are those of another step: when no answer came, or for the person's own."""
    gap = found.groupdict().get("gap") or ""
    return bool(TURNED.search(gap) or ASKED_OF_YOU.search(text[: found.start()]))


def _days(found: re.Match[str]) -> int | None:
    groups = {name.removeprefix("late_"): said for name, said in found.groupdict().items() if said}
    if "fortnight" in groups:
        return 14
    if "working" in groups or "many" not in groups:
        return None
    many, unit = _number(groups["many"].lower()), groups["unit"].lower()
    if many is None:
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
