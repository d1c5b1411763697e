"""How the search compares words: one form of every character, and Chinese in pairs.

Chinese has no spaces, so a text is indexed as every pair of neighbouring characters (and the last
one of a run alone): a phrase of pairs is then found exactly where the phrase stands, of whatever
length. A single character is asked for as the beginning of a pair. Other scripts are whole words,
found by their beginning. A sign (`+`, `#`, `.`) is a word of its own, so that `c++` is found where
it stands. Characters are compared one by one (NFKC, case folded, traditional as simplified, Latin
letters without accents), never by dictionary, for a phrase must read the same inside a longer one.
"""

import re
import unicodedata
from collections.abc import Iterable
from functools import lru_cache
from operator import add

from registry.simplified import simplified

MOST_WORDS = 10
MOST_CHARACTERS = 200
HAN = "\u3007\u3400-\u9fff\uf900-\ufaff"
RUN = re.compile(rf"[{HAN}]+|[^\W_{HAN}]+|[^\w\s]|_")
EITHER = re.compile(rf"([{HAN}]+)|([^\W_{HAN}]+)|([^\w\s]|_)")
HAN_RUN = re.compile(rf"[{HAN}]")
SPOKEN = re.compile(r"[a-z]{2,}")
ACCENTED = re.compile("[\u00c0-\u024f\u1e00-\u1eff\u0300-\u036f]")
ACCENTS = re.compile("(?<=[a-z])[\u0300-\u036f]+")
UMLAUT = re.compile("(?<=[ln])(?:u\u0308[\u0300-\u036f]*|u:)")
"""The ü of lü and nü, which keyboards write as v and others as u with a colon."""
SAME_SIGNS = str.maketrans("‐‑‒–—―−“”‘’、。", "-------\"\"'',.")
"""Dashes, quotation marks and stops are looked for in one form each."""
NO_APOSTROPHES = str.maketrans("", "", "'‘’")
SIGN = 0xF0000
"""Added to a sign, it gives a character of private use, which FTS5 takes for a letter."""
END = chr(0x100000)
"""The token between two texts, of private use too: nobody can ask for it, and no phrase reaches over it."""
READ_ALOUD = 40
"""Characters of one name that can be found by how they are read."""


def plain(text: str) -> str:
    """Text as the search compares it: width, case, spacing, accents, traditional forms do not matter."""
    folded = simplified(unicodedata.normalize("NFKC", text).casefold()).translate(SAME_SIGNS)
    return " ".join(_unaccented(folded).split())


def _unaccented(text: str) -> str:
    if not ACCENTED.search(text):
        return text
    return unicodedata.normalize("NFC", ACCENTS.sub("", unicodedata.normalize("NFD", text)))


def tokens(text: str) -> list[str]:
    """The tokens of a text as it is indexed.

    Args:
        text: any text.
    """
    found: list[str] = []
    for chinese, word, sign in EITHER.findall(plain(text)):
        if chinese:
            found += map(add, chinese, chinese[1:])
            found.append(chinese[-1])
        else:
            found.append(word or _sign(sign))
    return found


def apart(texts: Iterable[str]) -> list[str]:
    """The tokens of texts that are indexed together; no phrase is found that stands in none of them.

    Args:
        texts: some; every line of one is a text.
    """
    lines = (line for text in texts for line in text.split("\n"))
    every = [found for line in lines if (found := tokens(line))]
    return [each for found in every for each in (*found, END)]


def _sign(sign: str) -> str:
    return chr(SIGN + ord(sign) % 0x10000)


def _pairs(run: str, *, closed: bool) -> list[str]:
    """A run's tokens; a `closed` run also gives its last character alone."""
    if not run.isalnum():
        return [_sign(run)]
    if not HAN_RUN.match(run):
        return [run]
    pairs = [run[place : place + 2] for place in range(len(run) - 1)]
    return [*pairs, run[-1]] if closed or len(run) == 1 else pairs


def is_cut(query: str) -> bool:
    """Whether a query is longer than what is looked for of it.

    Args:
        query: as a reader wrote it.
    """
    return len(query.strip()) > MOST_CHARACTERS or len(query.split()) > MOST_WORDS


def cut(query: str) -> str:
    """What is looked for of a query.

    Args:
        query: as a reader wrote it.
    """
    return (
        " ".join(query.strip()[:MOST_CHARACTERS].split()[:MOST_WORDS]) if is_cut(query) else query
    )


def words(query: str) -> list[str]:
    """The words of a query that are looked for, as they are compared.

    Args:
        query: as a reader wrote it.
    """
    return [plain(each) for each in _written(query)]


def _written(query: str) -> list[str]:
    return unicodedata.normalize("NFKC", query[:MOST_CHARACTERS]).split()[:MOST_WORDS]


def match(query: str) -> str:
    """What FTS5 is asked for every word of a query; empty where no word is left.

    Args:
        query: as a reader wrote it.
    """
    return " AND ".join(asked for word in _written(query) if (asked := _either(word)))


def _either(word: str) -> str:
    """A word as it stands or, where that is another, as pinyin is indexed."""
    ways = dict.fromkeys((_phrase(plain(word)), _phrase(_pinyin(word))))
    asked = [each for each in ways if each]
    return f"({' OR '.join(asked)})" if len(asked) > 1 else "".join(asked)


def _pinyin(word: str) -> str:
    """A word as somebody writes pinyin: ü as v, without tones and apostrophes."""
    apart = unicodedata.normalize("NFD", word.casefold())
    return plain(UMLAUT.sub("v", apart).translate(NO_APOSTROPHES))


def _phrase(word: str) -> str:
    runs = RUN.findall(word)
    if not runs:
        return ""
    *before, last = runs
    asked = [each for run in before for each in _pairs(run, closed=True)]
    asked += _pairs(last, closed=False)
    open_ended = last.isalnum() and (len(last) == 1 or not HAN_RUN.match(last))
    return f'"{" ".join(asked)}"{"*" if open_ended else ""}'


@lru_cache(maxsize=10_000)
def spoken(name: str) -> tuple[str, ...]:
    """A Chinese name by pinyin and by initials, from each of its characters on.

    Args:
        name: as it is written.
    """
    syllables = syllables_of(name)[:READ_ALOUD]
    whole = ["".join(syllables[place:]) for place in range(len(syllables))]
    initials = "".join(each[0] for each in syllables)
    return (*whole, *(initials[place:] for place in range(len(initials) - 1)))


def syllables_of(text: str) -> list[str]:
    """The pinyin of the Chinese characters of a text, without tones.

    Args:
        text: any text.
    """
    # Reading it in is a sixth of a start: whoever reads nothing aloud needs none of it.
    from pypinyin.seg.simpleseg import seg

    return [each for word in seg(plain(text)) for each in _read(word)]


@lru_cache(maxsize=50_000)
def _read(word: str) -> tuple[str, ...]:
    """How one word of the dictionary is read; names are made of the same words over and over."""
    from pypinyin import lazy_pinyin  # as above

    read: Iterable[str] = lazy_pinyin(word, errors="ignore")
    return tuple(each for each in read if each)


def digits(query: str) -> str:
    """The part of a filing number that a query is, without signs between; empty for other words.

    Args:
        query: as a reader wrote it.
    """
    kept = re.sub(r"[\s\-—–()（）]", "", plain(query))
    for sign, place in (("明算备", ""), ("沪", "sh"), ("深", "sz"), ("外", "qt")):
        kept = kept.replace(sign, place)
    kept = kept.removeprefix("ms")
    is_part = len(kept) >= 3 and kept.isascii() and kept.isalnum()
    return kept if is_part and any(each.isdigit() for each in kept) else ""
