"""Prices rule by rule on a filed page: what was tested, what was measured, what was not tested.

The rows are those of the report (`evaluators.prices.price_rules`); what the filer declares as its
reason stands beside them. Neither table draws a legal conclusion.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from evaluators.judging import captions
from explainers import prices
from registry import findings
from registry.findings import VERDICT_NAMES, Verdict
from registry.language import Text

TESTED, COMPARED, NOT_TESTED = "tested", "compared", "not_tested"
NOTHING = Text("", "")
COST = "cost"
"""The declared reason that a plan can hold equal: its columns of that role."""
OTHERS = Text("其他理由没有测过。", " The other reasons were not tested.")
ASKED = Text("问这个算法本身，", "the algorithm itself: ")
RECORDED = Text("记录下来的价格，", "recorded prices: ")
AS_IT_STANDS = Text("什么条件都不算，", "as they stand, ")
JUDGED = frozenset(Verdict) - {Verdict.NOT_EVALUABLE}
"""Verdicts of a finding that measured something."""


@dataclass(frozen=True, slots=True)
class Row:
    """One rule.

    Args:
        title: by title and article.
        turns_on: what the rule asks.
        tested: the elements of it that were tested.
        measured: of each feature the largest difference of price that these tests found, of recorded
            prices and of the model itself.
        untested: the elements of it that were not tested; of features that were compared, whether
            they are those of the rule, which no report judges.
        like: the first rule above of which the same was measured, where there is one.
    """

    title: Text
    turns_on: Text
    tested: tuple[Text, ...]
    measured: tuple[Text, ...]
    untested: tuple[Text, ...]
    like: Text | None = None


def of(predicate: Mapping[str, Any], rules: Sequence[Mapping[str, Any]]) -> tuple[Row, ...]:
    """The table of a report; empty for one that is not about prices.

    Args:
        predicate: of the report, with its findings and its plan.
        rules: the same report's rules with their elements.
    """
    rows = [_row(rule, predicate) for rule in rules]
    first: dict[tuple[Text, ...], Text] = {}
    for row in rows:
        if row.measured:
            first.setdefault(row.measured, row.title)
    likes = (first.get(row.measured, row.title) for row in rows)
    return tuple(
        replace(row, like=None if like is row.title else like)
        for row, like in zip(rows, likes, strict=True)
    )


def _row(rule: Mapping[str, Any], predicate: Mapping[str, Any]) -> Row:
    elements = rule["elements"]
    numbers = {each["number"] for element in elements for each in element["findings"]}
    rested = [each for n, each in enumerate(predicate["findings"]) if n in numbers]
    return Row(
        title=Text(**rule["title"]),
        turns_on=Text(**rule["turns_on"]),
        tested=tuple(Text(**each["name"]) for each in elements if each["state"] == TESTED),
        measured=tuple(_largest(rested, predicate["plan"].get("content") or {})),
        untested=tuple(
            _left(each) for each in elements if each["state"] in (NOT_TESTED, COMPARED)
        ),
    )


def beside_reason(predicate: Mapping[str, Any], declared: Mapping[str, Any]) -> Text | None:
    """What a report measured with its costs held equal, where costs are the declared reason.

    Args:
        predicate: of the report.
        declared: what the filing says of differing prices: {differs, grounds: [{by, reason, told}]}.

    Returns:
        The sentences; None where no cost is declared as a reason, or no finding holds them all equal.
    """
    plan = predicate["plan"].get("content") or {}
    costs = (plan.get("columns") or {}).get("cost") or []
    reasons = [each.get("reason") for each in declared.get("grounds") or ()]
    if COST not in reasons or not costs:
        return None
    held = [
        each
        for each in predicate["findings"]
        if set(costs) <= set((each.get("details") or {}).get("factors") or ())
    ]
    told = _largest(held, plan)
    if not told:
        return None
    named = [captions.column(plan, name) for name in costs]
    others = OTHERS if set(reasons) != {COST} else NOTHING
    return Text(
        f"评估计划算作成本的是：{'、'.join(e.zh for e in named)}。这些相同时，测到的差别："
        f"{'；'.join(e.zh for e in told)}。成本是不是就是这些，理由成立不成立，报告没有判断。{others.zh}",
        f"The evaluation plan counts as costs: {', '.join(e.en for e in named)}. With these equal, the "
        f"differences measured: {'; '.join(e.en for e in told)}. Whether these are all the costs, and "
        f"whether the reason holds, the report does not judge.{others.en}",
    )


def _left(element: Mapping[str, Any]) -> Text:
    """An element that no finding decides: one that was compared is not said to be of users' habits."""
    name = Text(**element["name"])
    if element["state"] == NOT_TESTED:
        return name
    return Text(
        f"{name.zh}（比较过的特征算不算这些，没有判断）",
        f"{name.en} (whether what was compared is such was not judged)",
    )


def _largest(rested: Sequence[Mapping[str, Any]], plan: Mapping[str, Any]) -> list[Text]:
    """Of each feature the largest difference, with its verdict; the largest first.

    What the model itself was asked and what prices were recorded stand apart. What was compared as
    it stands gives way to what was compared with something held equal.
    """
    found: dict[tuple[str, bool], Mapping[str, Any]] = {}
    for each in rested:
        features, effect = list(each["slice"] or {}), each["effect"] or {}
        if len(features) != 1 or each["suppressed"] or each["verdict"] not in JUDGED:
            continue
        if effect.get("kind") != "log_ratio" or effect.get("value") is None:
            continue
        key = features[0], prices.asked(each)
        if key not in found or _weight(each) > _weight(found[key]):
            found[key] = each
    told = sorted(found.items(), key=lambda item: _weight(item[1]), reverse=True)
    return [_measured(captions.column(plan, name), each) for (name, _), each in told]


def _weight(finding: Mapping[str, Any]) -> tuple[bool, float]:
    return not prices.as_they_stand(finding), abs(float(finding["effect"]["value"]))


def _measured(name: Text, finding: Mapping[str, Any]) -> Text:
    much, verdict = prices.size(finding["effect"]["value"]), VERDICT_NAMES[findings.told(finding)]
    whose = ASKED if prices.asked(finding) else RECORDED
    raw = AS_IT_STANDS if prices.as_they_stand(finding) else NOTHING
    return Text(
        f"{name.zh}：{whose.zh}{raw.zh}{much.zh}（{verdict.zh}）",
        f"{name.en[:1].upper()}{name.en[1:]}: {whose.en}{raw.en}{much.en} ({verdict.en})",
    )
