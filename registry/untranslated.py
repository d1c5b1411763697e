"""Words that somebody typed in one language: marked for whoever reads the other.

The register translates nothing that others say. Where it has one text for both languages, each reader
is told in which it stands, so that it does not pose as their own; a name, a number or an address is
the same in both.
"""

import re

from registry.language import Text

IN_CHINESE = "(in Chinese, not translated)"
IN_ENGLISH = "（英文，未翻译）"
CHINESE = re.compile("[\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]")
SMALL = re.compile(r"(?<!\S)[(“\"']?[a-z]{2,}[)”\"',.;:]*(?!\S)")
"""A word in small letters by itself: two of them are English that says something."""
WORDS = 2


def once(said: str) -> Text:
    """A text that is there once, for both languages.

    Args:
        said: as it was typed, in whatever language.
    """
    if CHINESE.search(said):
        return Text(said, f"{said} {IN_CHINESE}")
    english = len(SMALL.findall(said)) >= WORDS
    return Text(f"{said}{IN_ENGLISH}" if english else said, said)
