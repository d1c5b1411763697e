"""What a question to a filer repeats of a sender's words: telephone, e-mail, name, or a run of words.

The filer reads the question and may know the people that can have written. So a question may hold
no number, no address and no name that its sender gave, and no long run of the sender's own words,
however blanks, punctuation, width or case are changed. What is public of the filing may be said.
It is a plain rule of this platform: a name that nothing announces (我叫, 姓名, my name is) is not
known to be one, so that whoever asks still reads what they send.
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

from registry.language import Text
from registry.simplified import SIMPLIFIED

MOST_SHARED = 9
"""Of words in a row that both may use: a Chinese character counts one, any other word two."""
LEAST_DIGITS = 4
"""Digits in a row that a question may not share with a number of the sender's; a year may be said."""
LEAST_PUBLIC = 4
"""Characters that a public name must have to be told apart from what a sender wrote."""
WHOLE_WORD_BELOW = 5
"""A shorter value is looked for as a word: three letters stand within many others."""
DIGITS = dict(
    zip("〇○零一二三四五六七八九幺壹贰叁肆伍陆柒捌玖", "0001234567891123456789", strict=True)
)
HAN = "\u3400-\u9fff\U00020000-\U0003134f"
YEAR = re.compile(r"(?:19|20)\d\d")
MAILBOX = re.compile(r"([\w.+%-]{1,64})@[\w-]{1,63}(?:\.[\w-]{1,63}){1,8}")
_SURNAMES = (
    "王李张刘陈杨黄赵吴周徐孙马朱胡郭何高林罗郑梁谢宋唐许韩冯邓曹彭曾肖田董袁潘于蒋蔡余杜叶程"
    "苏魏吕丁任沈姚卢姜崔钟谭陆汪范金石廖贾夏韦付方白邹孟熊秦邱江尹薛闫段雷侯龙史陶黎贺顾毛"
    "郝龚邵万钱严覃武戴莫孔向汤"
)
_STOP = rf"(?=[^{HAN}]|$)"
NAMES = (
    re.compile(
        rf"(?:我叫|名叫|叫做|(?:我的|本人)?(?:姓名|名字|真名)(?:叫|是|为)?|本人叫|署名|联系人(?:是|为)?)"
        rf"[\s:：“”\"'‘’「」《》]*([{HAN}·]{{2,4}})"
    ),
    re.compile(rf"(?:我是|本人|此致|敬上|举报人|投诉人|申诉人|反映人)[\s:：]*([{_SURNAMES}][{HAN}]{{1,2}}){_STOP}"),
    re.compile(
        r"(?:my name is|my name's|i am called|i'm called|name[:：])\s*"
        r"([^\W\d_][\w'’.-]*(?:[^\S\n]+[A-Z][\w'’.-]*){0,3})",
        re.IGNORECASE,
    ),
)  # fmt: skip
CODES = re.compile(
    r"(?:工号|员工号|职工号|学号|证号|身份证|护照|账号|帐号|户号|卡号|编号|单号|订单号?|车牌号?|微信号?|"
    r"抖音号?|[qQ]{2}号?|昵称|用户名|网名|employee|staff|student|account|customer|order|passport|"
    r"wechat|user ?name|nickname|number|\bno\b|\bid\b)"
    r"(?:\s*(?:号码?|number|no\b|id\b|is|是|为|叫))*[\s.:：#“”\"']*([^\W_][\w@.\-]{1,40})",
    re.IGNORECASE,
)
TITLES = ("先生", "女士", "小姐", "同志", "师傅", "老师", "经理", "工程师", "某")
LABELS = re.compile(
    "电话|手机号?|号码|座机|微信号?|邮[箱件]|电邮|地址|联系|联系人|联系方式|姓名|名字|我|我的|请|先生|女士|小姐|是|或者?|和|转|"
    "工作日|白天|晚[上间]|[上下]午|周末|后|前|[以之][后前]|打|可以|tel|phone|mobile|cell|e?mail|wechat|weixin|qq|address|"
    "name|contact|or|and|the|after|before"
)  # fmt: skip


class Told(StrEnum):
    """Of what kind something is that a question repeats."""

    CONTACT = "contact"
    NUMBER = "number"
    NAME = "name"
    WORDS = "words"


TOLD_NAMES = {
    Told.CONTACT: Text("来信人留的联系方式", "the sender's address"),
    Told.NUMBER: Text("来信里的号码", "a number that the sender gave"),
    Told.NAME: Text("来信人写的姓名或者工号一类", "a name or code that the sender gave"),
    Told.WORDS: Text("来信的原话", "the sender's own words"),
}


@dataclass(frozen=True, slots=True)
class Echo:
    """One place where a question repeats its sender.

    Args:
        start: of the place, in characters of the question from 0.
        end: the character after it.
        told: what it repeats.
    """

    start: int
    end: int
    told: Told


@dataclass(frozen=True, slots=True)
class _Folded:
    """A text without blanks, punctuation, width, case, accents and traditional forms.

    Args:
        letters: what is left, one after another; a zero stands where something public was.
        places: where each stood in the text.
    """

    letters: str
    places: tuple[int, ...]

    def begins(self, at: int) -> bool:
        """Whether a word begins here."""
        return at == 0 or self._apart(at - 1, at)

    def ends(self, at: int) -> bool:
        """Whether a word ends before here."""
        return at == len(self.letters) or self._apart(at - 1, at)

    def _apart(self, one: int, two: int) -> bool:
        if self.places[two] > self.places[one] + 1:
            return True
        return any(_alone(self.letters[each]) for each in (one, two))

    def words(self) -> Iterator[tuple[int, int]]:
        """Each word's start and end: a Chinese character is one."""
        start = 0
        for at in range(1, len(self.letters) + 1):
            if self.ends(at):
                yield start, at
                start = at


def echoes(
    question: str, *, words: Sequence[str], contact: str, public: Iterable[str]
) -> tuple[Echo, ...]:
    """Every place where a question repeats what its sender gave, in the question's order.

    Args:
        question: what the filer is to read.
        words: what the sender wrote, each time.
        contact: where the sender can be reached; may be empty.
        public: what everybody knows of the filing: its number and names.
    """
    asked = _folded(question)
    known = sorted({_folded(each).letters for each in public}, key=len, reverse=True)
    given = [_without(_folded(each), known) for each in (*words, contact)]
    named = [value for each in words for value in _names(each)]
    mailboxes = [found for each in (*words, contact) for found in MAILBOX.finditer(each)]
    values = [
        *((each, Told.CONTACT) for each in _contacts(contact)),
        *((each[at], Told.CONTACT) for each in mailboxes for at in (0, 1)),
        *((each, Told.NAME) for each in named),
    ]
    found = [
        (start, end, told)
        for value, told in values
        if (letters := _folded(value).letters) and letters not in known
        for start, end in _places(asked, letters)
    ]
    found += [(start, end, Told.NUMBER) for start, end in _numbers(asked, given)]
    found += [(start, end, Told.WORDS) for start, end in _runs(asked, given)]
    return _joined(asked, found)


def marked(question: str, found: Sequence[Echo]) -> list[tuple[str, bool]]:
    """A question in pieces, each with whether it repeats its sender.

    Args:
        question: what the filer was to read.
        found: the places.
    """
    pieces, at = [], 0
    for each in found:
        if each.end > at:
            start = max(at, each.start)
            pieces += [(question[at:start], False), (question[start : each.end], True)]
            at = each.end
    return [(text, repeats) for text, repeats in (*pieces, (question[at:], False)) if text]


def _folded(text: str) -> _Folded:
    letters, places = [], []
    for place, character in enumerate(text):
        for each in unicodedata.normalize("NFKD", character).casefold().translate(SIMPLIFIED):
            if each.isalnum():
                letters.append(each)
                places.append(place)
    return _Folded("".join(letters), tuple(places))


def _without(text: _Folded, known: Sequence[str]) -> _Folded:
    letters = text.letters
    for each in known:
        if len(each) >= LEAST_PUBLIC:
            letters = letters.replace(each, "\0" * len(each))
    return _Folded(letters, text.places)


def _alone(letter: str) -> bool:
    """Whether a character is a word by itself: Chinese has no blanks between words."""
    return unicodedata.category(letter) == "Lo" or letter == "\0"


def _names(words: str) -> Iterator[str]:
    text = unicodedata.normalize("NFKC", words)
    for pattern in NAMES:
        for found in pattern.finditer(text):
            name = found[1].strip(" .·")
            yield name
            if not _alone(name[0]):
                yield from (part for part in name.split() if len(part) > 2)
                continue
            # Nothing marks where a name ends, so its first two characters count as well.
            yield name[:2]
            yield from (name[0] + title for title in TITLES)
    for found in CODES.finditer(text):
        if any(each.isdigit() for each in found[1]) or not found[0].isascii():
            yield found[1].strip(".-")


def _contacts(contact: str) -> Iterator[str]:
    if contact.strip():
        yield contact
    for part in re.split(
        rf"[\s,，;；、/|:：()（）]+|(?<=[{HAN}])(?![{HAN}])|(?<![{HAN}])(?=[{HAN}])", contact
    ):
        letters = _folded(part).letters
        if (
            letters
            and not LABELS.fullmatch(letters)
            and len(letters) >= (2 if _alone(letters[0]) else 3)
        ):
            yield part


def _places(asked: _Folded, value: str) -> Iterator[tuple[int, int]]:
    """Where a value stands in a question: a short one as a word, any other anywhere."""
    start = asked.letters.find(value)
    while start >= 0:
        end = start + len(value)
        free = _alone(value[0]) or len(value) >= WHOLE_WORD_BELOW
        if free or (asked.begins(start) and asked.ends(end)):
            yield start, end
        start = asked.letters.find(value, start + 1)


def _numbers(asked: _Folded, given: Sequence[_Folded]) -> Iterator[tuple[int, int]]:
    theirs = {window for each in given for window, _ in _windows(each)}
    return ((at, at + LEAST_DIGITS) for window, at in _windows(asked) if window in theirs)


def _windows(text: _Folded) -> Iterator[tuple[str, int]]:
    """Every few digits in a row, whatever stands between them; a year by itself is none."""
    digits = "".join(_digit(each) for each in text.letters)
    for run in re.finditer(r"\d+", digits):
        for at in range(run.start(), run.end() - LEAST_DIGITS + 1):
            window, end = digits[at : at + LEAST_DIGITS], at + LEAST_DIGITS
            first = at == run.start() or text.places[at] > text.places[at - 1] + 1
            last = end == run.end() or text.places[end] > text.places[end - 1] + 1
            if not (first and last and YEAR.fullmatch(window)):
                yield window, at


def _digit(letter: str) -> str:
    decimal = unicodedata.decimal(letter, None)
    return DIGITS.get(letter, "-") if decimal is None else str(decimal)


def _runs(asked: _Folded, given: Sequence[_Folded]) -> Iterator[tuple[int, int]]:
    theirs = {run for each in given for run, _ in _long(each) if "\0" not in run}
    return (place for run, place in _long(asked) if run in theirs)


def _long(text: _Folded) -> Iterator[tuple[tuple[str, ...], tuple[int, int]]]:
    """From each word on, as many as weigh more than both texts may share."""
    words = list(text.words())
    for first in range(len(words)):
        weight = 0
        for last in range(first, len(words)):
            start, end = words[last]
            weight += 1 if _alone(text.letters[start]) else 2
            if weight > MOST_SHARED:
                run = tuple(text.letters[one:two] for one, two in words[first : last + 1])
                yield run, (words[first][0], end)
                break


def _joined(asked: _Folded, found: Sequence[tuple[int, int, Told]]) -> tuple[Echo, ...]:
    """The places in the question itself; those of one kind that touch are one."""
    joined: list[Echo] = []
    for told in Told:
        for start, end in sorted((start, end) for start, end, kind in found if kind is told):
            first, after = asked.places[start], asked.places[end - 1] + 1
            before = joined[-1] if joined and joined[-1].told is told else None
            if before and first <= before.end:
                joined[-1] = Echo(before.start, max(before.end, after), told)
            else:
                joined.append(Echo(first, after, told))
    return tuple(sorted(joined, key=lambda each: (each.start, each.end)))
