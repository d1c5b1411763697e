"""TOML that a person typed, read with an error that says what is wrong in the line and how to write it."""

import re
import tomllib
from typing import Any

from registry.errors import Invalid
from registry.language import Text

MARKS = "“”‘’，、：；＝＃［］｛｝【】（）　．。"
"""Signs that a Chinese keyboard gives in place of those of TOML."""
MOST_PARTS = 50
"""Names that a dotted name may have; the parser takes quadratic time in them."""
_DEEP = re.compile(
    r"""(?<![\w-])(?:(?:[\w-]++|"[^"\n]*+"|'[^'\n]*+')[ \t]*+\.[ \t]*+)"""
    rf"{{{MOST_PARTS}}}"
)
_TOO_DEEP = Text("有的项套得太深", "something in it is nested too deeply")
_TOO_LONG = Text("有一个数太长", "a number in it has too many digits")
_AT = re.compile(r"\(at line (\d+), column (\d+)\)")
_QUOTE = Text(
    '“{word}”要写在英文双引号里："{word}"。TOML 里不带引号的名称只能用英文字母、数字、_ 和 -，文字的值都要带引号',
    "'{word}' needs quotes: \"{word}\". A name without quotes has only the letters a to z, digits, _ and -, "
    "and a value that is text always stands in quotes",
)
_MARK = Text(
    "“{word}”是中文标点，请改用英文（半角）的",
    "'{word}' is a sign of a Chinese keyboard; write that of a Western one",
)


class NotToml(Invalid):
    """The text is no TOML: correct the line that the message names."""


def read(text: str, what: Text) -> dict[str, Any]:
    """The content of a text in TOML.

    Args:
        text: as it was typed.
        what: what the text is, as the subject of a sentence.

    Raises:
        NotToml: naming the line, and what in it has to be written otherwise.
    """
    if _DEEP.search(text):
        raise _refused(what, _TOO_DEEP)
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise _refused(what, Text(*_said(text, str(error)))) from error
    except RecursionError as error:
        raise _refused(what, _TOO_DEEP) from error
    except ValueError as error:  # the one fault of the parser's own that is none of TOML
        raise _refused(what, _TOO_LONG) from error


def decoded(raw: bytes, what: Text) -> str:
    """The text of a file.

    Raises:
        NotToml: it is not in UTF-8.
    """
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        said = Text(f"不是 UTF-8 编码（{error.reason}）", f"it is not in UTF-8 ({error.reason})")
        raise _refused(what, said) from error


def _refused(what: Text, said: Text) -> NotToml:
    return NotToml(
        f"{what.zh}不是有效的 TOML：{said.zh}。请改正后存为 UTF-8。",
        f"{what.en} is not valid TOML: {said.en}. Correct it and save it as UTF-8.",
    )


def _said(text: str, error: str) -> tuple[str, str]:
    """What is wrong, and where: the sign or the word at the place that the parser names."""
    place = _AT.search(error)
    if place is None:
        return error, error
    row, column = int(place[1]), int(place[2])
    line = text.split("\n")[row - 1]
    hint = _hint(line, column - 1)
    if hint is None:
        return error, error
    return f"第 {row} 行第 {column} 列，{hint.zh}", f"in line {row}, column {column}, {hint.en}"


def _hint(line: str, at: int) -> Text | None:
    """How the word or sign at a place is written; None where it is plain."""
    sign = line[at : at + 1]
    if sign in MARKS and sign:
        return _MARK.format(word=sign)
    edge = r"\s\"'=.,\[\]{}#" + re.escape(MARKS)
    before, after = re.search(rf"[^{edge}]*$", line[:at]), re.match(rf"[^{edge}]*", line[at:])
    word = (before[0] if before else "") + (after[0] if after else "")
    return _QUOTE.format(word=word) if word and not word.isascii() else None
