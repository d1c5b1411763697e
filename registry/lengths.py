"""How long a text of the record may be, and how short a reason: nothing is ever cut.

What is cut in silence says something else than its author wrote, and is signed for all the same.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from registry import characters, substance
from registry.errors import Invalid, Reason
from registry.language import Text

LEAST_SIGNS = 15
"""Letters and figures of a reason, blanks, marks and repeats not counted: the least of a sentence; ours."""
LEAST_DIFFERENT = 8
"""How many Chinese characters differ at least: no key held down, and no keys struck at random; ours."""
NO_SENTENCE = Text(
    f"理由不够一句中文的话（标点和重复的不算，至少{LEAST_SIGNS}个字，其中至少{LEAST_DIFFERENT}个不同的汉字）。",
    f"The reason is not a sentence in Chinese (at least {LEAST_SIGNS} signs, marks and repeats not "
    f"counted, with {LEAST_DIFFERENT} different Chinese characters).",
)


THIS = Text("文字", "text")
"""What a text is called that its item names already."""


class TextTooLong(Invalid):
    """Texts are longer than their fields take: shorten each that is listed."""


@dataclass(frozen=True, slots=True)
class Limit:
    """How long one text may be.

    Args:
        item: what the door calls it.
        name: what people call it.
        most: characters at most, without blanks around them.
    """

    item: str
    name: Text
    most: int

    def reasons(self, text: str, *, item: str = "") -> list[Reason]:
        """Why a text is refused; empty for one that fits.

        Args:
            text: as it was sent.
            item: what the door calls it, where that is not the same for all.
        """
        length, most = len(text.strip()), self.most
        if length <= most:
            return []
        return [
            Reason(
                item or self.item,
                Text(
                    f"“{self.name.zh}”有 {length:,} 个字，最多 {most:,} 个。",
                    f"The {self.name.en} has {length:,} characters; it takes at most {most:,}.",
                ),
                Text("请写短一些，再重新提交。", "Shorten it and send it again."),
            )
        ]


def within(value: object, most: int) -> list[Reason]:
    """Why texts of a JSON value are refused, each under its path; empty where all fit.

    Args:
        value: texts, numbers, lists and objects, as deep as they come.
        most: characters that each text may have.
    """
    found: list[Reason] = []
    for place, text in characters.texts(value):
        if len(text) > most:
            found += Limit(characters.shown(place), THIS, most).reasons(text)
        if len(found) == characters.MOST_REASONS:
            break
    return found


def check(given: Iterable[tuple[Limit, str]]) -> None:
    """Raise unless every text fits.

    Args:
        given: each text with its limit.

    Raises:
        TextTooLong: lists every one that does not.
    """
    refuse([reason for limit, text in given for reason in limit.reasons(text)])


def is_sentence(text: str) -> bool:
    """Whether a reason that everyone reads is at least a sentence in Chinese, and no noise of keys.

    Args:
        text: the Chinese reason.
    """
    signs = substance.unrepeated(text)
    return len(signs) >= LEAST_SIGNS and len(substance.han(signs)) >= LEAST_DIFFERENT


def refuse(reasons: Sequence[Reason]) -> None:
    """Raise `TextTooLong` where there are reasons to."""
    if reasons:
        raise TextTooLong(
            "有的内容太长，没有保存任何内容。请逐项写短一些。",
            "Some texts are too long; nothing was stored. Shorten each.",
            reasons=reasons,
        )
