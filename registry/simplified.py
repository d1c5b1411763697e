"""Traditional Chinese characters as the simplified ones that stand for them.

Characters are turned one by one and never by a dictionary of words, so that a phrase reads the same
wherever it stands. Source: the table of characters of OpenCC, from traditional to simplified.
"""

import re
from collections.abc import Mapping

import opencc


def _table() -> dict[int, str]:
    letters = [chr(code) for code in range(0x3400, 0xA000)]
    same = opencc.OpenCC("t2s").convert("\n".join(letters)).split("\n")
    return {ord(old): new for old, new in zip(letters, same, strict=True) if old != new}


SIMPLIFIED: Mapping[int, str] = _table()
TRADITIONAL = re.compile(f"[{''.join(map(chr, SIMPLIFIED))}]")
"""Most texts have none, and to look for one takes a tenth of writing every character anew."""


def simplified(text: str) -> str:
    """The text with every traditional character written as the simplified one.

    Args:
        text: any text.
    """
    return text.translate(SIMPLIFIED) if TRADITIONAL.search(text) else text
