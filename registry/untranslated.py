"""Words that somebody typed in one language: marked for whoever reads the other.

The register translates nothing that others say. Where it has one text for both languages, each reader
is told in which it stands, so that it does not pose as their own; a name, a number or an address is
the same in both.
"""

import re
from collections.abc import Mapping
from typing import Any

from registry import sentences
from registry.language import LANGUAGES, Language, Text

IN_CHINESE = "(in Chinese, not translated)"
IN_ENGLISH = "（英文，未翻译）"
ALSO_ENGLISH = "(in Chinese; the same answer has English)"
ALSO_CHINESE = "（英文；同一处有中文）"
CHINESE = re.compile("[\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]")
SMALL = re.compile(r"(?<!\S)[(“\"']?[a-z]{2,}[)”\"',.;:]*(?!\S)")
"""A word in small letters by itself: two of them are English that says something."""
WORDS = 2
STROKE = re.compile(r"\s*/\s+")


def once(said: str) -> Text:
    """A text that is there once, for both languages.

    Args:
        said: as it was typed, in whatever language.
    """
    if both := _in_both(said):
        return both
    if CHINESE.search(said):
        return Text(said, f"{said} {IN_CHINESE}")
    return Text(f"{said}{IN_ENGLISH}" if _is_english(said) else said, said)


def counterpart(said: str, language: Language, value: Mapping[str, Any]) -> str | None:
    """What stands in a text's other language in the place of a sentence, or of words from one.

    Args:
        said: the sentence, or words from it, as they stand.
        language: of it.
        value: the text by language.

    Returns:
        The sentence at its place; empty where the two languages have not as many sentences; None
        where the text is there in one language alone.
    """
    other = _other(language)
    whole = str(value.get(other) or "").strip()
    if not whole:
        return None
    own = list(sentences.of(str(value.get(language) or ""), language))
    theirs = list(sentences.of(whole, other))
    at = next((number for number, each in enumerate(own) if said in each), None)
    return theirs[at] if at is not None and len(own) == len(theirs) else ""


def quoted(said: str, language: Language, beside: str | None) -> Text:
    """Words of a text that may be there in both languages, for the readers of each.

    Args:
        said: the words.
        language: of them.
        beside: what stands in their place in the other language, as `counterpart` has it.
    """
    if beside is None:
        return once(said)
    if language == "zh":
        return Text(said, beside or f"{said} {ALSO_ENGLISH}")
    return Text(beside or f"{said}{ALSO_CHINESE}", said)


def _other(language: Language) -> Language:
    return next(each for each in LANGUAGES if each != language)


def _is_english(said: str) -> bool:
    return len(SMALL.findall(said)) >= WORDS and not CHINESE.search(said)


def _in_both(said: str) -> Text | None:
    """A text of two halves about a stroke, one in Chinese and one in English: each is its language's."""
    halves = STROKE.split(said)
    if len(halves) != len(LANGUAGES):
        return None
    for zh, en in (halves, halves[::-1]):
        if CHINESE.search(zh) and _is_english(en):
            return Text(zh, en)
    return None
