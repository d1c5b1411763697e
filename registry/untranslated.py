"""Words that somebody typed in one language: marked for whoever reads the other.

The register translates nothing that others say. Where it has one text for both languages, each reader
is told in which it stands, so that it does not pose as their own; a name, a number or an address is
the same in both.
"""

import re

from registry.language import LANGUAGES, Text

IN_CHINESE = "(in Chinese, not translated)"
IN_ENGLISH = "（英文，未翻译）"
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
