"""What the results of an explanation are called: names, and phrases that stand whole in a sentence.

A name is quoted ("the result is “approved”"); a phrase is said ("more likely to be admitted"). Where
the filer gives no phrase, one is made of the name.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Self

from explainers import distinct
from explainers.texts import pair, text_of
from registry import unread
from registry.errors import Invalid, Reason
from registry.language import Text

SCORE, POINTS = Text("评分", "score"), Text("分", "points")
MORE_ZH = "更"
"""The word by which a Chinese phrase compares: 更容易被录取, and so 越容易被录取 and 最容易被录取."""
SUPERLATIVES = {"more": "most", "less": "least"}
"""By the word with which an English phrase on a result begins, the one of its superlative."""


class WordingInvalid(Invalid):
    """What the results are called has gaps: correct what each reason names."""


@dataclass(frozen=True, slots=True)
class Wording:
    """What the results are called.

    Args:
        favourable: the result that is good for the person (decision).
        unfavourable: the other one (decision).
        price: what the value is called (price, score).
        unit: the unit of the value (price, score).
        person: one of those the rows are about.
        people: several of them.
        got: what it is to get the good result, after a number of people (decision).
        easier: the good result being likelier (decision).
        harder: the good result being less likely (decision).
        higher: a larger value (price, score).
        lower: a smaller value (price, score).
    """

    favourable: Text = field(default=Text("通过", "approved"))
    unfavourable: Text = field(default=Text("不通过", "not approved"))
    price: Text = field(default=Text("价格", "price"))
    unit: Text = field(default=Text("元", "yuan"))
    person: Text = field(default=Text("个人", "person"))
    people: Text = field(default=Text("人", "people"))
    got: Text = field(default=Text("", ""))
    easier: Text = field(default=Text("", ""))
    harder: Text = field(default=Text("", ""))
    higher: Text = field(default=Text("", ""))
    lower: Text = field(default=Text("", ""))

    def __post_init__(self) -> None:
        """Make each phrase that is not given of the names."""
        good, price = self.favourable, self.price
        made = {
            "got": Text(f"的结果是“{good.zh}”", f"get “{good.en}”"),
            "easier": Text(f"更容易得到“{good.zh}”", f"more likely to get “{good.en}”"),
            "harder": Text(f"更难得到“{good.zh}”", f"less likely to get “{good.en}”"),
            "higher": Text(f"{price.zh}更高", f"a higher {price.en}"),
            "lower": Text(f"{price.zh}更低", f"a lower {price.en}"),
        }
        for name, phrase in made.items():
            if not getattr(self, name).zh:
                object.__setattr__(self, name, phrase)

    @classmethod
    def parse(cls, given: "Mapping[str, Any] | Wording | None", *, scored: bool = False) -> Self:
        """Read names and phrases, each {zh, en} or absent.

        Args:
            given: as the filer says.
            scored: whether the value is a score, which is called so where the filer says nothing.

        Raises:
            WordingInvalid: naming each that is not known, said in one language, no comparison, the same
                as its opposite or turned round.
        """
        if isinstance(given, cls):
            return given
        assert given is None or isinstance(given, Mapping)  # noqa: S101  # narrows the type
        reasons = list(unread.reasons(given or {}, cls.__slots__, "wording"))
        read = {"price": SCORE, "unit": POINTS} if scored else {}
        for name in (name for name in cls.__slots__ if (given or {}).get(name)):
            text, gaps = pair(f"wording.{name}", (given or {})[name])
            reasons += gaps or _unfit(name, text)
            read[name] = text
        made = None if reasons else cls(**read)
        if made is not None:
            reasons += distinct.of_results({name: getattr(made, name) for name in cls.__slots__})
        if made is None or reasons:
            raise WordingInvalid(
                "结果的叫法有几处要改正，请按原因逐项修改。",
                "What the results are called has faults; correct what each reason names.",
                reasons=reasons,
            )
        return made

    @classmethod
    def recorded(cls, held: Mapping[str, Any] | None) -> Self:
        """The names and phrases of a text on record, which an earlier release may have let stand.

        Args:
            held: as the text has them.
        """
        known = {name: (held or {}).get(name) for name in cls.__slots__}
        return cls(**{name: text for name, each in known.items() if (text := text_of(each))})

    def as_json(self) -> dict[str, Any]:
        """All names and phrases."""
        return {name: getattr(self, name).as_json() for name in self.__slots__}

    def way(self, *, up: bool, priced: bool) -> Text:
        """The phrase for one way that an answer moves.

        Args:
            up: better for the person, or a larger value.
            priced: whether it is a value.
        """
        if priced:
            return self.higher if up else self.lower
        return self.easier if up else self.harder


def ever(phrase: Text) -> str:
    """A Chinese phrase after 越…，: 越容易被录取."""
    return phrase.zh.replace(MORE_ZH, "越", 1)


def most(phrase: Text) -> Text:
    """The superlative of a phrase on a result: 最容易被录取, most likely to be approved."""
    first, _, rest = phrase.en.partition(" ")
    return Text(phrase.zh.replace(MORE_ZH, "最", 1), f"{SUPERLATIVES.get(first, first)} {rest}")


def _unfit(name: str, phrase: Text) -> list[Reason]:
    """Why a phrase cannot stand in a sentence; empty where it can."""
    if name not in {"easier", "harder", "higher", "lower"}:
        return []
    faults = []
    if phrase.zh.count(MORE_ZH) != 1:
        faults.append(
            Reason(
                f"wording.{name}.zh",
                Text("中文里要有一个“更”字。", "The Chinese needs the word 更, once."),
                Text("例如“更容易被录取”“价格更高”。", "Such as 更容易被录取 or 价格更高."),
            )
        )
    if name in {"easier", "harder"} and phrase.en.split(" ")[0] not in SUPERLATIVES:
        faults.append(
            Reason(
                f"wording.{name}.en",
                Text("英文要以 more 或 less 开头。", "The English begins with more or less."),
                Text(
                    "例如“more likely to be admitted”。", "Such as “more likely to be admitted”."
                ),
            )
        )
    return faults
