"""The articles that a filing answers to, each with its force, and the two standing statements.

Source: `schema/law.toml`, our own paraphrase of the municipal texts in force since 2022; the
official texts govern.
"""

import tomllib
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from importlib import resources
from typing import Any

from registry.language import Text

FILING_STATEMENT = Text(
    "备案不等于批准，也不代表主管部门认可或推荐这个算法。",
    "A filing is not an approval, and does not mean that the authority endorses or "
    "recommends this algorithm.",
)
GRADE_STATEMENT = Text(
    "风险等级由本平台方法得出，不是主管部门的认定。",
    "The risk grade follows from this platform's method; it is not a finding of the authority.",
)


class Force(StrEnum):
    """How far an article binds; shown wherever the article is."""

    MUST = "must"
    MUST_NOT = "must_not"
    ENCOURAGED = "encouraged"
    EXPLORED = "explored"
    ALLOWED = "allowed"
    TASK = "task"


FORCE_NAMES: dict[Force, Text] = {
    Force.MUST: Text("必须", "must"),
    Force.MUST_NOT: Text("禁止", "must not"),
    Force.ENCOURAGED: Text("鼓励", "encouraged"),
    Force.EXPLORED: Text("探索", "explored"),
    Force.ALLOWED: Text("允许", "allowed"),
    Force.TASK: Text("政府职责", "city's task"),
}


@dataclass(frozen=True, slots=True)
class Article:
    """One article, or one limb of it, in our words.

    Args:
        id: the identifier used everywhere, `SZ71`.
        source: the official title and article number.
        force: how far it binds.
        says: what it says, in our words.
    """

    id: str
    source: Text
    force: Force
    says: Text

    def as_json(self) -> dict[str, Any]:
        """The article as a JSON object."""
        return {
            "id": self.id,
            "source": self.source.as_json(),
            "force": {"id": self.force.value, **FORCE_NAMES[self.force].as_json()},
            "says": self.says.as_json(),
        }


@cache
def articles() -> dict[str, Article]:
    """Every article by its identifier."""
    raw = tomllib.loads((resources.files("filing") / "schema" / "law.toml").read_text("utf-8"))
    return {row["id"]: _article(row, raw["texts"][row["text"]]) for row in raw["articles"]}


def _article(row: dict[str, Any], title: dict[str, str]) -> Article:
    source = Text(
        f"《{title['zh']}》第{row['article']}条", f"{title['en']}, article {row['article']}"
    )
    return Article(row["id"], source, Force(row["force"]), Text(row["zh"], row["en"]))
