"""Words that were meant as numbers: thousands signs, currencies, percents, decimal commas, infinity.

None of them is read as a number, because each may mean two things; what it seems to be is told
with the row and the word, and how it is written so that nobody has to guess.
"""

import re
import unicodedata

from registry.errors import Reason
from registry.language import Text

INFINITE = r"(?i)[+-]?(inf|infinity|∞)"
SHOWN = 40
_NUMBER = r"[+-]?\d+(\.\d+)?"
_THOUSANDS = r"[+-]?\d{1,3}([,'’ \u00a0\u202f]\d{3})+(\.\d+)?"
_CURRENCY = r"[¥￥$€£₩₽₹]|[A-Z]{3}\$?|HK\$|US\$|RMB|元|圆|人民币"
_AMOUNT = rf"(?:{_THOUSANDS}|{_NUMBER})"
_KINDS: tuple[tuple[str, Text, Text], ...] = (
    (
        INFINITE,
        Text("是无穷大", "infinite"),
        Text("不知道的请留空", "leave it empty where it is not known"),
    ),
    (
        _THOUSANDS,
        Text("有千分位", "with a thousands sign"),
        Text("请去掉千分位，写成 1234.5 这样", "drop thousands signs and write 1234.5"),
    ),
    (
        r"[+-]?\d{1,3}(\.\d{3})*,\d+",
        Text("有小数逗号", "with a decimal comma"),
        Text("请用点作小数点，写成 1234.5 这样", "write decimals with a point: 1234.5"),
    ),
    (
        rf"(?:{_CURRENCY})\s*{_AMOUNT}|{_AMOUNT}\s*(?:{_CURRENCY})",
        Text("带货币", "with a currency"),
        Text(
            "请先折算成同一种货币，再去掉货币符号，写成 1234.5 这样",
            "convert all to one currency, then drop its sign and write 1234.5",
        ),
    ),
    (
        rf"{_AMOUNT}\s*[%％]",
        Text("是百分数", "a percentage"),
        Text("请写成数，例如 12.5% 写成 0.125", "write a number: 0.125 for 12.5%"),
    ),
    (
        rf"{_AMOUNT}\s*\D{{1,12}}",
        Text("带单位", "with a unit"),
        Text("请换成同一单位，再去掉单位", "convert all to one unit, then drop it"),
    ),
)
_WORDS = (
    Text("不是数", "no number"),
    Text("请改正，不知道的留空", "correct it, or leave it empty where it is not known"),
)


def meant(word: str) -> tuple[Text, Text] | None:
    """What a word seems to be that stands for a number, and how it should be written; None for others.

    Args:
        word: no number as it stands.
    """
    plain = unicodedata.normalize("NFKC", word).strip()
    for pattern, said, remedy in _KINDS:
        if re.fullmatch(pattern, plain) or re.fullmatch(pattern, word.strip()):
            return said, remedy
    return None


def reason(name: str, row: int, word: str) -> Reason:
    """Why a column is no column of numbers, by its first word that is none.

    Args:
        name: of the column.
        row: counted from 1.
        word: as it stands in the data.
    """
    said, remedy = meant(word) or _WORDS
    shown = word[:SHOWN] + ("…" if len(word) > SHOWN else "")
    return Reason(
        name,
        Text(
            f"这一列应当是数，第 {row:,} 行却是“{shown}”，{said.zh}。",
            f"This column must hold numbers; row {row:,} holds '{shown}', {said.en}.",
        ),
        Text(f"{remedy.zh}。", f"{remedy.en}."),
    )
