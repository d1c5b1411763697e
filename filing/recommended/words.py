"""What people write in an application or a decision: Chinese with English beside it, and how long."""

from collections.abc import Mapping
from datetime import date

from registry.errors import Invalid, Reason
from registry.language import Text
from registry.lengths import Limit

MOST = 500
REQUIRED = Text("没有写。", "Nothing is written.")
WRITE = Text("请用中文写明；英文可以不写。", "Write it in Chinese; English may be left out.")


class RecommendedInvalid(Invalid):
    """What was written lacks something: correct each item."""


def worded(
    item: str, name: Text, given: Mapping[str, str] | None
) -> tuple[dict[str, str], list[Reason]]:
    """One text in its kept form, and what is wrong with it.

    Args:
        item: what the door calls it.
        name: what people call it.
        given: {zh, en?}.
    """
    kept = {language: str((given or {}).get(language) or "").strip() for language in ("zh", "en")}
    kept = {language: text for language, text in kept.items() if text}
    reasons = [
        reason
        for language, text in kept.items()
        for reason in Limit(
            f"{item}.{language}", name, MOST * (1 if language == "zh" else 4)
        ).reasons(text)
    ]
    if "zh" not in kept:
        reasons.append(
            Reason(item, Text(f"{name.zh}：{REQUIRED.zh}", f"{name.en}: {REQUIRED.en}"), WRITE)
        )
    return kept, reasons


def day(item: str, given: str) -> tuple[date | None, list[Reason]]:
    """A calendar day such as 2027-06-30, and what is wrong with it; None for a blank.

    Args:
        item: what the door calls it.
        given: as it was typed.
    """
    if not given.strip():
        return None, []
    try:
        return date.fromisoformat(given.strip()), []
    except ValueError:
        said = Text(f"“{given[:20]}”不是日期。", f"“{given[:20]}” is no day.")
        return None, [
            Reason(item, said, Text("请写成2027-06-30的样子。", "Write it like 2027-06-30."))
        ]
