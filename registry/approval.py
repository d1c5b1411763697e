"""Whether the text of an explanation may be confirmed: answered, plain, and no other than declared.

The marks are those that the explainer wrote into the text (`registry.readability`), and so are the
contradictions (`registry.contradictions`). Words of the trade, sentences too long to read and
what the filer declares otherwise than it was measured stop a confirmation, unless the filer
keeps them for a reason that everyone reads beside the text.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from registry import lengths, substance
from registry.errors import Conflict, Invalid, Reason
from registry.language import LANGUAGES, Text
from registry.lengths import Limit

DECLARED = "declared"
"""The kind of a sentence that is the filer's own answer."""
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
WHY_DIFFERENT = Text(
    "请用中文写一句话，说明为什么不一样；公众会看到。",
    "Say in a sentence, in Chinese, why they differ; the public reads it.",
)
EITHER = Text(
    "请改正其中一个；或者用中文写明为什么不一样，公众会看到。",
    "Correct one of the two, or say in Chinese why they differ; the public reads it.",
)
AGAIN = Text("请补齐计划，再生成一次。", "Complete the plan and make the text again.")


class QuestionEmpty(Conflict):
    """A question of the explanation has no answer: make the text again with what is missing."""


class NotPlain(Conflict):
    """Words of the text are hard to understand: change them, or say why they are kept."""


class Contradicted(Conflict):
    """The filer declares otherwise than it was measured: correct one, or say why they differ."""


class NoSuchContradiction(Invalid):
    """A reason names a contradiction that the text does not have: see which it has."""


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
    """The titles of the questions under which nothing is said, or not what only the filer knows.

    A dash or “n/a” in the filer's words says nothing, in whichever of the two languages it stands.

    Args:
        content: what explainers made.
    """
    return [
        Text(asked["title"]["zh"], asked["title"]["en"])
        for asked in content.get("questions", ())
        if asked.get("id") in content.get("missing", ())
        or not (asked.get("items") or list(_said(asked)))
        or any(not _answers(each) for each in _said(asked))
    ]


def _said(asked: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    yield from asked["lead"]
    for part in asked["detail"]:
        yield from part["sentences"]


def _answers(said: Mapping[str, Any]) -> bool:
    """Whether a sentence is not a filler of the filer's in one of the languages."""
    return said.get("kind") != DECLARED or all(
        substance.says_something(said[language]) for language in LANGUAGES
    )


def contradictions(content: Mapping[str, Any]) -> list[dict[str, Any]]:
    """What the filer's plan declares otherwise than it was measured, each with its id.

    Args:
        content: what explainers made; a text of an earlier release has none.
    """
    return [dict(each) for each in content.get("contradictions", ())]


def overruled(
    content: Mapping[str, Any], reason: Text, differing: Mapping[str, Text] | None = None
) -> dict[str, Any] | None:
    """What stands beside a confirmed text whose hard words or contradictions were kept.

    Args:
        content: what explainers made.
        reason: why hard words are kept; empty where none is given.
        differing: by the id of a contradiction, why what is declared differs from what was measured.

    Returns:
        {reason, words} of hard words that are kept, {contradictions} of those that are, each with its
        reason; None where nothing stops the text.

    Raises:
        QuestionEmpty: naming each question without an answer.
        NotPlain: naming each place, where no reason is given.
        Contradicted: naming each contradiction for which no reason is given.
        NoSuchContradiction: naming each reason that belongs to none.
        ReasonUnfit: when a reason is not a sentence.
        TextTooLong: when one is longer than its field takes.
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
    differed = kept(contradictions(content), differing or {})
    every = {**_plain(content, reason), **({"contradictions": differed} if differed else {})}
    return every or None


def _plain(content: Mapping[str, Any], reason: Text) -> dict[str, Any]:
    words = hard_words(content)
    if not words:
        return {}
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


def kept(
    found: Sequence[Mapping[str, Any]], differing: Mapping[str, Text]
) -> list[dict[str, Any]]:
    """The contradictions with their reasons; nothing is kept unless each has one.

    Args:
        found: each with its id and `said`.
        differing: by id, why what is declared differs from what was measured.

    Raises:
        Contradicted: naming each contradiction for which no reason is given.
        NoSuchContradiction: naming each reason that belongs to none.
        ReasonUnfit: when a reason is not a sentence.
        TextTooLong: when one is longer than its field takes.
    """
    given = {
        name: Text(said.zh.strip(), said.en.strip())
        for name, said in differing.items()
        if said.zh.strip() or said.en.strip()
    }
    known = {each["id"] for each in found}
    if unknown := sorted(set(given) - known):
        there = "、".join(sorted(known)) or "没有", ", ".join(sorted(known)) or "none"
        raise NoSuchContradiction(
            "没有要写理由的这一处。",
            "No reason is asked for there.",
            reasons=[
                Reason(
                    name,
                    Text("没有这一处", "there is none of this name"),
                    Text(f"有的是：{there[0]}", f"there are: {there[1]}"),
                )
                for name in unknown
            ],
        )
    if open_ := [each for each in found if not given.get(each["id"], Text("", "")).zh]:
        raise Contradicted(
            "备案主体写的和测到的不一样，或者前后不一样。请改正，或者写明理由。",
            "What the filer declares is not what was measured, or not what it says elsewhere. Correct it, or give a reason.",
            reasons=[Reason(each["id"], Text(**each["said"]), EITHER) for each in open_],
        )
    for name in known:
        _check(given[name], name)
    return [{**each, "reason": given[each["id"]].as_json()} for each in found]


def _check(given: Text, item: str = REASON.item) -> None:
    in_english = REASON_EN.item if item == REASON.item else f"{item}.en"
    lengths.refuse(
        [*REASON.reasons(given.zh, item=item), *REASON_EN.reasons(given.en, item=in_english)]
    )
    if not lengths.is_sentence(given.zh):
        raise ReasonUnfit(
            "理由不够一句话。",
            "The reason is not a sentence.",
            reasons=[
                Reason(item, lengths.NO_SENTENCE, WHY if item == REASON.item else WHY_DIFFERENT)
            ],
        )
