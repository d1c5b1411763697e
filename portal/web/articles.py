"""Every article of the two regulations, and every rule cited here: where it is served, or why it is outside."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from filing.fields import Field
from filing.forms import current
from registry.language import Text
from registry.law import CITY_NAMES, RULES, SHANGHAI, SHENZHEN, City, Rule

FIELD = "field "
"""Before the code of a field of the form, where an article is served by one."""
TITLES = {City.SHANGHAI: SHANGHAI, City.SHENZHEN: SHENZHEN}


@dataclass(frozen=True, slots=True)
class Article:
    """One line of the table.

    Args:
        cited: the titles and articles, with place and force where a page cites them.
        about: what they are about, in our words.
        served: how this platform serves them; None for what is outside.
        outside: why they are outside; None for what is served.
        at: where they are served: addresses below the language, or `field CODE`.
        rules: ids of the rules that the product cites of them.
    """

    cited: tuple[Text, ...]
    about: tuple[Text, ...]
    served: Text | None
    outside: Text | None
    at: tuple[str, ...]
    rules: tuple[str, ...] = ()

    @property
    def fields(self) -> tuple[Field, ...]:
        """The fields of the form by which it is served: those that name it, and those named here."""
        named = {each.removeprefix(FIELD) for each in self.at if each.startswith(FIELD)}
        return tuple(
            each for each in current() if each.code in named or {*each.legal} & {*self.rules}
        )

    @property
    def pages(self) -> tuple[str, ...]:
        """Addresses below the language where it is served."""
        return tuple(each for each in self.at if not each.startswith(FIELD))

    def as_json(self) -> dict[str, Any]:
        """The line as a JSON object."""
        return {
            "cited": [each.as_json() for each in self.cited],
            "about": [each.as_json() for each in self.about],
            "served": self.served.as_json() if self.served else None,
            "outside": self.outside.as_json() if self.outside else None,
            "pages": list(self.pages),
            "fields": [each.code for each in self.fields],
            "rules": list(self.rules),
        }


@lru_cache
def articles() -> tuple[Article, ...]:
    """Every line: what is cited first, then what no page cites."""
    told = tomllib.loads((Path(__file__).parent / "articles.toml").read_text(encoding="utf-8"))
    return tuple(_article(row) for row in told["articles"])


def _article(row: Mapping[str, Any]) -> Article:
    rules = tuple(RULES[each] for each in row.get("rules", ()))
    return Article(
        cited=_cited(row, rules),
        about=tuple(each.about for each in rules) or (Text(row["about_zh"], row["about_en"]),),
        served=Text(row["zh"], row["en"]) if "zh" in row else None,
        outside=Text(row["outside_zh"], row["outside_en"]) if "outside_zh" in row else None,
        at=tuple(row.get("at", ())),
        rules=tuple(each.id for each in rules),
    )


def _cited(row: Mapping[str, Any], rules: tuple[Rule, ...]) -> tuple[Text, ...]:
    if rules:
        return tuple(dict.fromkeys(each.shown for each in rules))
    city, number = City(row["city"]), str(row["number"])
    title, name = TITLES[city], CITY_NAMES[city]
    several = "s" if "、" in number else ""
    return (
        Text(
            f"{title.zh} 第{number}条（{name.zh}）",
            f"{title.en}, art{several}. {number.replace('、', ', ')} ({name.en})",
        ),
    )
