"""What is remarked of an answer and stops nobody: claims of an approval, national numbers that look mistyped.

The check digit of a national filing number is published nowhere: it was inferred from 7,985 official
numbers and holds for all but one of them. So a number that does not fit is remarked, never refused.
"""

from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any

from filing import claims, formats
from filing.fields import Answers
from filing.meanings import Meaning
from registry import characters
from registry.language import Text

KINDS: Mapping[str, tuple[str, Text]] = {
    "01": ("synthesis", Text("生成合成", "generation and synthesis")),
    "02": ("push", Text("个性化推送", "personalised push")),
    "03": ("ranking", Text("排序精选", "ranking and selection")),
    "04": ("retrieval", Text("检索", "retrieval")),
    "05": ("retrieval", Text("过滤", "filtering")),
    "06": ("dispatch", Text("调度决策", "dispatch and decision")),
}
"""Digits 14 and 15 of a national number → the kind of algorithm that they stand for."""


def remarks(told: Answers) -> dict[str, Text]:
    """Key → what is remarked of an answer.

    Args:
        told: the stored answers.
    """
    found = {key: [said] for key, said in claims.remarks(told).items()}
    for key in told.form.keys(told.rows):
        numbers = list(_numbers(told.rows.get(key) or {}))
        said = [each for number in numbers for each in _misread(number)]
        if Meaning.OTHER_FILINGS in told.form.places and key == told.form.key(
            Meaning.OTHER_FILINGS
        ):
            said += [each for number in numbers for each in _differs(told, number)]
        if said:
            found.setdefault(key, []).extend(said)
    return {
        key: Text("".join(each.zh for each in said), " ".join(each.en for each in said))
        for key, said in found.items()
    }


def _numbers(stored: Mapping[str, Any]) -> Iterator[str]:
    """The digits of every national number that is quoted in an answer, each once."""
    texts = (text for _, text in characters.texts(stored))
    yield from dict.fromkeys(number for text in texts for number in formats.quoted(text))


def _misread(digits: str) -> Iterator[Text]:
    if formats.national_check(digits[:-1]) != digits[-1]:
        yield Text(
            f"国家备案号“网信算备{digits}号”的最后一位和前面的数字对不上，可能抄错了，请核对。",
            f"The last digit of the national filing number “网信算备{digits}号” does not fit those before "
            "it; it may have been copied wrongly, please check it.",
        )


def _differs(told: Answers, digits: str) -> Iterator[Text]:
    """What a number of this algorithm says of its kind and year, and the filing does not."""
    kind, kinds = KINDS.get(digits[13:15]), told.value(Meaning.KINDS) or []
    if kind and kinds and kind[0] not in kinds:
        named = told.form.meant(Meaning.KINDS).name
        yield Text(
            f"国家备案号“网信算备{digits}号”里写的类型是“{kind[1].zh}”，“{named.zh}”里没有选它，请核对。",
            f"The national filing number “网信算备{digits}号” says “{kind[1].en}”, which “{named.en}” "
            "does not name; please check it.",
        )
    start, year = told.value(Meaning.SERVICE_START), 2000 + int(digits[15:17])
    if _day(start) and year < date.fromisoformat(start).year:
        yield Text(
            f"国家备案号“网信算备{digits}号”是{year}年的，早于上线日期{start}，请核对。",
            f"The national filing number “网信算备{digits}号” is of {year}, before service starts on "
            f"{start}; please check it.",
        )


def _day(text: object) -> bool:
    try:
        return isinstance(text, str) and bool(date.fromisoformat(text))
    except ValueError:
        return False
