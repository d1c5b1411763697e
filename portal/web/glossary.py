"""The words that a reader may not know, each with the official term and a plain meaning."""

import tomllib
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from registry import law
from registry.language import Text


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
