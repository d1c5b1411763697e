"""Whether a text says something: a dash, “n/a” and 暂无 fill a box, and answer no question."""

import re
import unicodedata

from registry.unknown_words import ALONE

FILLERS = ALONE | frozenset({
    *("略", "同上", "如上", "见上", "同前", "待补充", "待填", "待填写", "待完善", "待更新", "稍后补充", "以后再写", "测试", "暂时没有", "暂缺"),
    *("未填", "未填写", "未知", "不详", "不知道", "不清楚", "内容", "文字", "占位", "请填写", "省略", "没", "无内容", "无说明", "无可奉告"),
    *("unknown", "todo", "to do", "test", "testing", "same", "same as above", "see above", "as above", "ditto", "placeholder", "text", "nothing"),
    *("to be added", "to be done", "to be determined", "to be confirmed", "tbc", "pending", "coming soon", "later", "lorem ipsum", "no comment"),
})  # fmt: skip
"""What is written where nothing is said, in small letters and signs as blanks; ours, and never complete."""
LEAST = 2
"""Different letters or figures of what says something, one of them a letter."""


def says_something(text: str) -> bool:
    """Whether a text has a word of substance: letters, more than one, and no filler alone.

    Args:
        text: as it was written.
    """
    plain = unicodedata.normalize("NFKC", text).casefold()
    parts = [" ".join(part.split()) for part in re.split(r"[^\w\s]|_", plain)]
    whole = " ".join(" ".join(parts).split())
    said = [part for part in parts if part and part not in FILLERS]
    signs = {sign for part in said for sign in part if sign.isalnum()}
    return whole not in FILLERS and len(signs) >= LEAST and any(sign.isalpha() for sign in signs)


def unrepeated(text: str) -> str:
    """The letters and figures of a text, of what is said several times on end only once.

    Args:
        text: as it was written.
    """
    signs = "".join(sign for sign in text if sign.isalnum())
    return re.sub(r"(.{2,}?)\1+", r"\1", signs)


def han(text: str) -> set[str]:
    """The Chinese characters of a text, each once.

    Args:
        text: as it was written.
    """
    return {sign for sign in text if unicodedata.name(sign, "").startswith("CJK ")}
