"""What people write in an application or a decision: Chinese with English beside it, and how long."""

import re
from collections.abc import Mapping, Sequence
from datetime import date

from registry import characters
from registry.errors import Invalid, Reason
from registry.language import Text
from registry.lengths import Limit

MOST = 500
DAY = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
LAST = date(2199, 12, 31)
"""The last day that may be written: whoever means no end leaves the day out."""
REQUIRED = Text("没有写。", "Nothing is written.")
WRITE = Text("请用中文写明；英文可以不写。", "Write it in Chinese; English may be left out.")


class RecommendedInvalid(Invalid):
    """What was written lacks something: correct each item."""


def require(reasons: Sequence[Reason]) -> None:
    """Raise `RecommendedInvalid`, with every reason, where there are any."""
    if reasons:
        raise RecommendedInvalid(
            "有的内容不对，没有保存。请逐项改正。",
            "Something is wrong; nothing was saved. Correct each item.",
            reasons=reasons,
        )


def worded(
    item: str, name: Text, given: Mapping[str, str] | None
) -> tuple[dict[str, str], list[Reason]]:
    """One text in its kept form, and what is wrong with it.

    Args:
        item: what the doors call it, before its language: `words_zh`.
        name: what people call it.
        given: {zh, en?}.
    """
    kept: dict[str, str] = {}
    reasons: list[Reason] = []
    for language, most in (("zh", MOST), ("en", 4 * MOST)):
        text = str((given or {}).get(language) or "").strip()
        place = f"{item}_{language}"
        reasons += characters.reasons(place, text) or Limit(place, name, most).reasons(text)
        if text:
            kept[language] = text
    if "zh" not in kept:
        said = Text(f"{name.zh}：{REQUIRED.zh}", f"{name.en}: {REQUIRED.en}")
        reasons.append(Reason(item, said, WRITE))
    return kept, reasons


def day(item: str, given: str) -> tuple[date | None, list[Reason]]:
    """A calendar day such as 2027-06-30, and what is wrong with it; None for a blank.

    Args:
        item: what the door calls it.
        given: as it was typed.
    """
    if not given:
        return None, []
    try:
        found = date.fromisoformat(given) if DAY.fullmatch(given) else None
    except ValueError:
        found = None
    if found is None:
        said = Text(f"“{given[:20]}”不是日期。", f"“{given[:20]}” is no day.")
        return None, [
            Reason(item, said, Text("请写成2027-06-30的样子。", "Write it like 2027-06-30."))
        ]
    if found > LAST:
        said = Text(f"{found}太远了。", f"{found} is too far away.")
        return None, [
            Reason(
                item,
                said,
                Text(
                    f"最晚写{LAST}；没有期限的不填。",
                    f"Give {LAST} at the latest, or nothing where there is no end.",
                ),
            )
        ]
    return found, []
