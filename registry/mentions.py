"""Which inputs of a model a text names, and which of their levels: by the filer's own names alone.

A name is the plain name, the phrase or the name of a level in the plan of the explanation, or the column's own;
of names that hold each other the longest is meant. Words that only resemble a name name nothing.
"""

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from registry import simplified
from registry.language import Language, Text

Column = Mapping[str, Any]

LOOSE = frozenset(
    [
        "有",
        "没有",
        "无",
        "是",
        "否",
        "不是",
        "其他",
        "其它",
        "未知",
        "不详",
        "普通",
        "一般",
        "正常",
        "较高",
        "较低",
        "yes",
        "no",
        "none",
        "not",
        "other",
        "others",
        "unknown",
        "normal",
        "true",
        "false",
        "high",
        "low",
        "good",
        "bad",
        "some",
        "any",
    ]
)
"""Names of levels that stand in any sentence and mean nothing by themselves."""
SHORTEST = {"zh": 2, "en": 3}
WHOEVER_ZH = re.compile(r"的[^的]{1,4}$")
WHETHER_ZH = re.compile(r"^(?:是否|有没有|是不是|有无)")
WHOEVER_EN = re.compile(
    r"^\w+ (?:who (?:are|have|had|is|has)|that (?:are|have)|with|in|whose|who)(?= )|^\w+ (?=without )"
)
ARTICLE = re.compile(r"^(?:the|a|an) ")
NEGATED = re.compile(
    r"(?:没有?|未曾?|从未|从不|无|不是?|非|并非|不算)$|\b(?:not|no|never|without|nor|isn['’]t|aren['’]t|lack(?:s|ing)?(?:\s+of)?)\s+(?:having\s+|have\s+|being\s+)?(?:an?\s+|any\s+|been\s+)?$"
)
"""Before the name of a level: then another one is meant, and which is not said."""
MARKED = re.compile(r"[\d_]")


@dataclass(frozen=True, slots=True)
class Mention:
    """An input named in a text.

    Args:
        start: where its name begins.
        end: where it ends.
        column: {name, plain, values?, phrases?} as the filer described it.
        level: the level that is named, as people call it; None where none is.
    """

    start: int
    end: int
    column: Column
    level: Text | None = None

    @property
    def name(self) -> str:
        """The column."""
        return str(self.column["name"])

    @property
    def plain(self) -> Text:
        """What people call it."""
        return Text(**self.column["plain"])


class Names:
    """The names of a model's inputs and of their levels in one language.

    Args:
        columns: the inputs as the filer described them.
        language: of the texts that name them.
    """

    def __init__(self, columns: Sequence[Column], language: Language) -> None:
        self.language = language
        self._meant = _names(columns, language)
        longest = sorted(self._meant, key=len, reverse=True)
        every = "|".join(_pattern(name, language) for name in longest)
        self._pattern = re.compile(every or "(?!)")

    def found(self, text: str) -> list[Mention]:
        """The inputs that a text names, in its order.

        Args:
            text: in the language of the names.
        """
        read, found = normal(text), list[Mention]()
        for at in self._pattern.finditer(read):
            said = at.group()
            name = said if said in self._meant else PLURAL.sub("", said, count=1)
            name = name if name in self._meant else said.removesuffix("s")
            column, level = self._meant[name]
            found.append(_denied(read, Mention(at.start(), at.end(), column, level)))
        return found


PLURAL = re.compile("es$")


def found(text: str, columns: Sequence[Column], language: Language) -> list[Mention]:
    """The inputs that a text names, in its order.

    Args:
        text: in one language.
        columns: the inputs.
        language: of the text.
    """
    return Names(columns, language).found(text)


def normal(text: str) -> str:
    """A text as names are looked for in it: simplified characters, small letters, as many as before."""
    read = simplified.simplified(text).lower()
    return read if len(read) == len(text) else text


def _denied(read: str, each: Mention) -> Mention:
    if each.level is None or not NEGATED.search(read[: each.start]):
        return each
    return Mention(each.start, each.end, each.column)


def _names(columns: Sequence[Column], language: Language) -> dict[str, tuple[Column, Text | None]]:
    """Each name and what it means; one that means two things means nothing."""
    meant = defaultdict[str, dict[tuple[str, str | None], tuple[Column, Text | None]]](dict)
    for column in columns:
        for name, level in _of(column, language):
            key = (str(column["name"]), level.zh if level else None)
            meant[normal(name)][key] = (column, level)
    found = {}
    for name, every in meant.items():
        of = {column for column, _ in every}
        levels = [each for each in every.values() if each[1] is not None]
        if len(of) == 1 and len(levels) < 2:  # a level says more than its column
            found[name] = levels[0] if levels else next(iter(every.values()))
    return found


def _of(column: Column, language: Language) -> Iterator[tuple[str, Text | None]]:
    """The names of one column and of its levels."""
    own = str(column["name"])
    if len(own) >= SHORTEST["en"] and (language == "zh" or MARKED.search(own)):
        yield own, None
    plain = str(column["plain"][language])
    yield plain, None
    bare = WHETHER_ZH.sub("", ARTICLE.sub("", plain))
    if len(bare) >= SHORTEST[language]:
        yield bare, None
    phrases, values = column.get("phrases") or {}, column.get("values") or {}
    for level in dict.fromkeys([*phrases, *values]):
        if level == "more":
            continue
        called = Text(**(phrases.get(level) or values[level]))
        for said in (phrases.get(level), values.get(level)):
            for name in _stems(said[language], language) if said else ():
                long_enough = len(name) >= SHORTEST[language]
                if long_enough and name.lower() not in LOOSE:
                    yield name, called


def _stems(said: str, language: Language) -> Iterator[str]:
    """A phrase as it stands, and without the word for whoever has it: 破产过的人, 破产过."""
    yield said
    if language == "zh":
        yield WHOEVER_ZH.sub("", said)
        return
    rest = WHOEVER_EN.sub("", said.lower()).strip()
    yield rest
    yield ARTICLE.sub("", rest)


def _pattern(name: str, language: Language) -> str:
    bare = re.escape(name)
    if language == "zh" and not name.isascii():
        return bare
    return rf"(?<![A-Za-z0-9_]){bare}(?:e?s)?(?![A-Za-z0-9_])"
