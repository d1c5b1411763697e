"""Words that say "not known", as people write them into a column of levels.

Unlike the codes of `tables.EMPTY`, which programs write, such a word may also be a real level: 无
as a religion, "-" as a Rhesus factor. So nobody but the owner of the data knows, and is asked.
"""

import re
import unicodedata

ALONE = frozenset({
    *("无", "空", "空值", "空白", "暂无", "没有", "缺", "缺失", "待定", "待补", "其他未知", "无数据", "无记录", "無", "不适用"),
    *("na", "n a", "nan", "null", "nil", "none", "void", "blank", "empty", "unk", "unkn", "unknow", "dk", "tbd"),
    *("missing", "no answer", "no data", "no response", "no value", "not known", "not stated", "not given"),
    *("not specified", "not available", "not reported", "not recorded", "not provided", "not disclosed"),
    *("not applicable", "not answered", "not sure", "unsure", "refused", "declined", "dont know", "don t know", "do not know"),
})  # fmt: skip
"""Whole levels, in small letters, signs as blanks."""
WITHIN = (
    *("未知", "不详", "不詳", "不明", "未详", "未詳", "未说明", "未說明", "未填", "未录", "未登记", "未提供", "未报告", "未注明"),
    *("未标明", "未回答", "不清楚", "不知道", "不确定", "不愿", "拒答", "拒绝回答", "保密", "无法识别", "无法确定", "无法判断"),
)  # fmt: skip
"""Parts of a Chinese level."""
ENGLISH = re.compile(
    r"\b(unknown|unspecified|undisclosed|unreported|unrecorded|undetermined|undefined|unidentified"
    r"|unanswered|prefers? not|rather not|decline[sd]? to|refused to|did not (answer|say))\b"
)
LONGEST = 60
"""Characters of a level that is still read as a word; ours."""


def means_unknown(level: str) -> bool:
    """Whether a level reads as "not known": by its word, or because it holds signs alone.

    Args:
        level: as it stands in the data.
    """
    if len(level) > LONGEST:
        return False
    plain = unicodedata.normalize("NFKC", level).casefold()
    words = " ".join(re.sub(r"[\W_]+", " ", plain).split())
    if not words:
        return bool(level.strip())
    return words in ALONE or any(part in words for part in WITHIN) or bool(ENGLISH.search(words))
