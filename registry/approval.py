"""Whether the text of an explanation may be confirmed: every question answered, every word plain.

The marks are those that the explainer wrote into the text (`explainers.readability`). Words of the
trade and sentences too long to read stop a confirmation, unless the filer keeps them for a reason
that everyone reads beside the text.
"""

from collections.abc import Mapping
from typing import Any

from registry import lengths
from registry.errors import Conflict, Invalid, Reason
from registry.language import LANGUAGES, Text
from registry.lengths import Limit

REASON = Limit("reason", Text("保留的理由", "reason for keeping the words"), 300)
REASON_EN = Limit("reason_en", Text("保留的理由（英文）", "reason in English"), 1000)
PLAINER = Text(
    "请在计划里换成平实的话，再生成一次；或者写明为什么保留。",
    "Say it plainly in the plan and make the text again, or say why the words are kept.",
)
WHY = Text(
    "请用中文写明为什么保留这些话；公众会看到。",
    "Say in Chinese why the words are kept; the public reads it.",
)
AGAIN = Text("请补齐计划，再生成一次。", "Complete the plan and make the text again.")


class QuestionEmpty(Conflict):
    """A question of the explanation has no answer: make the text again with what is missing."""


class NotPlain(Conflict):
    """Words of the text are hard to understand: change them, or say why they are kept."""


class ReasonUnfit(Invalid):
    """What is given as a reason is not a sentence: write one."""


def hard_words(content: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The places of a text that stop its confirmation.

    Args:
        content: what explainers made.

    Returns:
        Each with language, quoted words and what is said of them; the same words once.
    """
    told: dict[tuple[str, str], dict[str, Any]] = {}
    for language in LANGUAGES:
        for mark in content.get("readability", {}).get(language, {}).get("remarks", ()):
            if mark["severity"] == "block":
                one = {"language": language, "quoted": mark["quoted"], "said": mark["said"]}
                told.setdefault((language, mark["quoted"].casefold()), one)
    return list(told.values())


def empty_questions(content: Mapping[str, Any]) -> list[Text]:
    """The titles of the questions under which nothing is said.

    Args:
        content: what explainers made.
    """
    return [
        Text(asked["title"]["zh"], asked["title"]["en"])
        for asked in content.get("questions", ())
        if not (
            asked["lead"] or asked.get("items") or any(p["sentences"] for p in asked["detail"])
        )
    ]


def overruled(content: Mapping[str, Any], reason: Text) -> dict[str, Any] | None:
    """What stands beside a confirmed text whose hard words were kept.

    Args:
        content: what explainers made.
        reason: why they are kept; empty where none is given.

    Returns:
        The words and the reason; None where no word stops the text.

    Raises:
        QuestionEmpty: naming each question without an answer.
        NotPlain: naming each place, where no reason is given.
        ReasonUnfit: when the reason is not a sentence.
        TextTooLong: when it is longer than its field takes.
    """
    if empty := empty_questions(content):
        raise QuestionEmpty(
            "说明里有的问题没有回答，不能确认。请补齐计划，再生成一次。",
            "A question has no answer, so the text cannot be confirmed. Complete the plan and make "
            "it again.",
            reasons=[
                Reason(each.zh, Text("下面没有话", "nothing is said under it"), AGAIN)
                for each in empty
            ],
        )
    words = hard_words(content)
    if not words:
        return None
    given = Text(reason.zh.strip(), reason.en.strip())
    if not given.zh:
        raise NotPlain(
            "有的话不好懂，还不能确认。",
            "Some words are hard to understand; the text cannot be confirmed yet.",
            reasons=[Reason(each["quoted"], Text(**each["said"]), PLAINER) for each in words],
        )
    _check(given)
    kept = [{"language": each["language"], "quoted": each["quoted"]} for each in words]
    return {"reason": given.as_json(), "words": kept}


def _check(given: Text) -> None:
    lengths.refuse([*REASON.reasons(given.zh), *REASON_EN.reasons(given.en)])
    if not lengths.is_sentence(given.zh):
        raise ReasonUnfit(
            "理由不够一句话。",
            "The reason is not a sentence.",
            reasons=[Reason(REASON.item, lengths.NO_SENTENCE, WHY)],
        )
