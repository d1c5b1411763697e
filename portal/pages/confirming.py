"""What stands in the way of a text that a filer confirms, and the boxes in which it says why it stays."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from starlette.datastructures import FormData

from filing import plainness
from portal.pages import forms
from registry import approval
from registry.contradictions import KIND_NAMES, Kind
from registry.language import LANGUAGES, Language, Text

ANSWERS: Mapping[str, str] = {
    Kind.NOT_USED: "information",
    Kind.DIRECTION: "moves",
    Kind.MATTERS: "moves",
    Kind.IMPORTANCE: "moves",
    Kind.ALIKE: "checked",
    Kind.TERMS: "checked",
    Kind.PURPOSE: "decided",
    Kind.DECIDER: "decided",
    Kind.DATES: "object",
}
"""Under which of the six questions a reader reads that what is declared differs, by what it is about."""
KEPT_NAMES = {**{str(kind): name for kind, name in KIND_NAMES.items()}, "words": plainness.NAME}


@dataclass(frozen=True, slots=True)
class Differing:
    """What the filer declares otherwise than it was measured, or in hard words, as a page shows it.

    Args:
        id: what a reason names it by.
        about: direction, importance, hard words …
        said: both sides in one sentence.
        reason: why the filer keeps it; None while none was given.
        answer: the question of the explanation that it is about; empty for hard words.
    """

    id: str
    about: Text
    said: Text
    reason: Text | None = None
    answer: str = ""

    @classmethod
    def read(cls, given: Mapping[str, Any]) -> "Differing":
        """One as the record has it."""
        reason = given.get("reason")
        return cls(
            str(given["id"]),
            KEPT_NAMES[str(given["kind"])],
            Text(**given["said"]),
            Text(**reason) if reason else None,
            ANSWERS.get(str(given["kind"]), ""),
        )


def differing(content: Mapping[str, Any]) -> tuple[Differing, ...]:
    """What stops a text's confirmation because it is declared otherwise than it was measured."""
    return tuple(Differing.read(each) for each in approval.contradictions(content))


def reasons(form: FormData) -> dict[str, Text]:
    """By the id of a contradiction, why the filer keeps it.

    Args:
        form: names such as `differing/direction:columns.income` and `differing_en/…`.
    """
    ids = {
        name.partition("/")[2] for name in form if name.startswith(("differing/", "differing_en/"))
    }
    return {
        each: Text(forms.text(form, f"differing/{each}"), forms.text(form, f"differing_en/{each}"))
        for each in ids
    }


def reason_names(item: str) -> Iterable[str]:
    """The boxes in which a reason is typed, by the item of a refusal."""
    if item.endswith(".en"):
        yield f"differing_en/{item.removesuffix('.en')}"
    yield from (f"differing/{item}", item)


@dataclass(frozen=True, slots=True)
class Readable:
    """How easily a text is read in one language.

    Args:
        language: which.
        measures: what was measured, each with its number as it is written.
        remarks: places that could be plainer and stop nothing.
    """

    language: Language
    measures: tuple[tuple[Text, str], ...]
    remarks: tuple[Mapping[str, Any], ...]


MEASURES = {
    "sentence_mean": Text(
        "平均一句的长短（中文数字，英文数词）",
        "mean sentence (characters in Chinese, words in English)",
    ),
    "sentence_max": Text("最长的一句", "longest sentence"),
    "clause_mean": Text("平均一个分句的长短", "mean clause"),
    "grade": Text("要上几年学才好懂（估计）", "years of school needed (an estimate)"),
}


def readability(content: Mapping[str, Any]) -> tuple[Readable, ...]:
    """What the explainer measured of a text's readability, for who confirms it."""
    found = content.get("readability") or {}
    return tuple(
        Readable(
            language,
            tuple(
                (MEASURES[name], f"{value:.3g}")
                for name, value in found[language]["profile"].items()
                if name in MEASURES
            ),
            tuple(each for each in found[language]["remarks"] if each["severity"] != "block"),
        )
        for language in LANGUAGES
        if language in found
    )
