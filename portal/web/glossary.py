"""The words that a reader may not know, each with the official term and a plain meaning."""

import re
import tomllib
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from registry import law
from registry.language import Language, Text


@dataclass(frozen=True, slots=True)
class Term:
    """One word of the field.

    Args:
        name: the official Chinese term and the English beside it.
        meaning: what it means, in a sentence.
        article: where it comes from, in the short form of `registry.law.cited`.
        official: False where the Chinese wording is still to be compared with the official text.
    """

    name: Text
    meaning: Text
    article: str
    official: bool

    @property
    def source(self) -> Text:
        """Where it comes from, by title and article."""
        return law.cited(self.article)


@lru_cache
def terms() -> tuple[Term, ...]:
    """Every term, in the order of the manual."""
    table = tomllib.loads((Path(__file__).parent / "glossary.toml").read_text(encoding="utf-8"))
    return tuple(
        Term(
            name=Text(row["zh"], row["en"]),
            meaning=Text(row["meaning_zh"], row["meaning_en"]),
            article=row["article"],
            official=row["official"],
        )
        for row in table["term"]
    )


def used(text: str, language: Language) -> tuple[Term, ...]:
    """The terms that stand in a text, in the order of the manual.

    Of names that hold one another the longest that stands there is meant: who reads of a third-party
    evaluation is told of that, and of an evaluation only where the word stands by itself.

    Args:
        text: what is read, without markup.
        language: of the text.
    """
    left, found = text.lower() if language == "en" else text, set[Term]()
    for term in sorted(terms(), key=lambda each: -len(each.name.in_(language))):
        name = re.escape(term.name.in_(language))
        pattern = rf"\b{name.lower()}s?\b" if language == "en" else name
        left, count = re.subn(pattern, " ", left)
        if count:
            found.add(term)
    return tuple(each for each in terms() if each in found)
