"""What a report says of the rows that do not count: one clause per cause.

Apart from the counting, because a terminal that only prints a report needs no numerics.
"""

from collections.abc import Callable, Mapping
from typing import Any

from registry.language import Text

OF_THE_REST = Text("其余的行里，", "of the rest ")
UNTOLD = Text("若干行（行数不公开）", "some (how many is not published)")
_LACKS: Mapping[str, Text] = {
    "missing": Text("没有“{0}”", "lack '{0}'"),
    "decision": Text("没有决定（{0}）", "have no decision ({0})"),
    "score": Text("没有分数（{0}）", "have no score ({0})"),
    "outcome": Text("没有结果（{0}）", "have no outcome ({0})"),
    "neither": Text("的“{0}”既没有列为有利、也没有列为不利",
                    "have a '{0}' listed neither as favourable nor as unfavourable"),
    "not_positive": Text("的“{0}”不大于 0", "have a '{0}' that is not above 0"),
    "zero": Text("的权重（{0}）是 0", "have a weight ({0}) of 0"),
    "no_answer": Text("没有得到模型的回答", "got no answer from the model"),
}  # fmt: skip


BETWEEN = Text(
    "这些没有算进去的行，无论原本会怎样，这个比值都在 {low} 至 {high} 之间（最坏情形的界限）。",
    "Whatever these rows would have shown, the ratio lies between {low} and {high} (worst-case bounds).",
)
ABOVE = Text(
    "这些没有算进去的行，无论原本会怎样，这个比值都不低于 {low}，上面没有界限（最坏情形）。",
    "Whatever these rows would have shown, the ratio is {low} or more, with no upper bound (worst case).",
)
KEPT_BACK = Text(
    "这些行能使比值变动多少，已经算出，但不公开。",
    "How far these rows could move the ratio was worked out and is not published.",
)


def bounds(found: Mapping[str, Any] | None) -> Text:
    """Between which bounds a ratio lies, whatever those who are missing would have shown.

    Args:
        found: low and high; None where they are not published.
    """
    if found is None:
        return KEPT_BACK
    low, high = found["low"], found["high"]
    if high is None:
        return ABOVE.format(low=f"{low:.2f}")
    return BETWEEN.format(low=f"{low:.2f}", high=f"{high:.2f}")


def clauses(
    content: Mapping[str, Any], roles: Mapping[str, str | None], plain: Callable[[str], Text]
) -> list[Text]:
    """One clause per cause: how many rows lack what.

    Args:
        content: a list of causes with their rows under `without`, and `least`.
        roles: prediction, score and target of the plan.
        plain: what a column is called.
    """
    found = list[Text]()
    for each in content.get("without", ()):
        name, kind = each["column"], each["cause"]
        if kind == "missing" and name == roles.get("score"):
            kind = "score"
        elif kind == "missing" and name == roles.get("prediction"):
            kind = "decision"
        elif kind == "missing" and name == roles.get("target"):
            kind = "outcome"
        own, rows = plain(name), each["rows"]
        if rows == 0:  # whoever lacks it is told already
            continue
        many = UNTOLD if rows is None else Text(f"{rows:,} 行", f"{rows:,}")
        rest = OF_THE_REST if found else Text("", "")
        lacks = _LACKS[kind]
        found.append(Text(f"{rest.zh}{many.zh}{lacks.zh.format(own.zh)}",
                          f"{rest.en}{many.en} {lacks.en.format(own.en)}"))  # fmt: skip
    return found
