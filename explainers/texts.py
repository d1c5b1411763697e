"""Texts of a plan, each in both languages: read, or what it lacks and what to do."""

from collections.abc import Mapping
from typing import Any

from registry.errors import Reason
from registry.language import LANGUAGES, Text

NOTHING = Text("", "")
BOTH = Text("请中文和英文都写上。", "Say it in Chinese and in English.")


def text_of(given: object) -> Text | None:
    """Read {zh, en} or a Text; None when either language is empty."""
    if isinstance(given, Text):
        return given if given.zh.strip() and given.en.strip() else None
    if isinstance(given, Mapping):
        zh, en = str(given.get("zh") or "").strip(), str(given.get("en") or "").strip()
        return Text(zh, en) if zh and en else None
    return None


def pair(item: str, given: object) -> tuple[Text, list[Reason]]:
    """Read a text, or say in which language it lacks.

    Args:
        item: where the text stands in the plan.
        given: {zh, en} or a Text.
    """
    read = text_of(given)
    if read is not None:
        return read, []
    held: Mapping[str, Any] = given if isinstance(given, Mapping) else {}
    names = (
        Text("缺中文。", "the Chinese is missing."),
        Text("缺英文。", "the English is missing."),
    )
    lacks = [
        Reason(f"{item}.{language}", said, BOTH)
        for language, said in zip(LANGUAGES, names, strict=True)
        if not str(held.get(language) or "").strip()
    ]
    return NOTHING, lacks
