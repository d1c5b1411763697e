"""Declared reasons beside a model's answers to designed profiles.

Goods, moment, costs and bucket of a row stay as they are while its profile is changed, so neither
costs nor an experiment can explain what changes. An offer to new users can: values inside its
declared window are read as declared, and what is left among the values outside it is a fact.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from evaluators.plan import Plan, level_name
from evaluators.prices import price_defences
from evaluators.prices.price_defences import Examined
from evaluators.prices.price_lines import EQUIVALENCE, dearer, log_line, percent, texts
from registry.findings import Finding, Verdict
from registry.language import Text

INSIDE = Text(
    "比较的两个值里有一个在声明的新用户优惠窗口之内，这一项按声明的理由来读；数字和结论不变。",
    " One of the two values lies inside the declared new-user window and is read as declared; numbers and "
    "verdict stand.",
)
_LEFT = {
    Verdict.EQUIVALENT: Text("剩下的差异很小。", "what is left is small."),
    Verdict.DIFFERENCE: Text(
        "仍有差异，这个理由不能解释全部。",
        "a difference is left that the reason does not explain.",
    ),
}
_FOUND = (Verdict.DISPARITY, Verdict.DIFFERENCE)


def beside(
    found: Sequence[Finding], plan: Plan
) -> tuple[list[Finding], list[tuple[str, Examined]]]:
    """The findings read beside the declared reasons, and each reason as it was tested.

    Args:
        found: on one model's answers.
        plan: its declared reasons.

    Returns:
        The findings, numbers and verdicts unchanged; and feature (or "") with what was examined.
    """
    told, examined = list(found), []
    for defence in plan.defences:
        kind, named = str(defence["kind"]), price_defences.columns(defence)
        if kind == "new_user_offer" and named and named[0] in plan.columns.inputs:
            told = [_read(finding, defence, named[0]) for finding in told]
            examined.append((named[0], _outside(found, defence, named[0])))
        elif kind in _HELD:
            examined.append(("", _held(found, kind)))
        else:
            examined.append(("", price_defences.untested(kind)))
    return told, examined


def _read(finding: Finding, defence: Mapping[str, Any], column: str) -> Finding:
    """A comparison across the window's edge, read as declared."""
    tried = _tried(finding, column)
    if tried is None or _inside(tried[0], defence) == _inside(tried[1], defence):
        return finding
    said = finding.reading
    return replace(finding, reading={"zh": said["zh"] + INSIDE.zh, "en": said["en"] + INSIDE.en})


def _tried(finding: Finding, column: str) -> tuple[Any, Any] | None:
    """The value and the reference value of a one-at-a-time comparison of a feature."""
    if finding.metric != "price_gap" or set(finding.slice) != {column}:
        return None
    more = finding.details.get("more") or {}
    return (more["value"], more["reference_value"]) if "value" in more else None


def _inside(value: Any, defence: Mapping[str, Any]) -> bool:
    if "at_most" in defence:
        return isinstance(value, int | float) and value <= float(defence["at_most"])
    return level_name(value) == level_name(defence.get("value", True))


def _outside(found: Sequence[Finding], defence: Mapping[str, Any], column: str) -> Examined:
    """How far mean prices differ among the values outside the window."""
    effects: dict[str, float] = {}
    for finding in found:
        tried = _tried(finding, column)
        if tried is None or finding.effect.get("value") is None:
            continue
        for value, effect in ((tried[0], float(finding.effect["value"])), (tried[1], 0.0)):
            if not _inside(value, defence):
                effects[level_name(value)] = effect
    if len(effects) < 2 or any(
        f.verdict is Verdict.NOT_EVALUABLE for f in found if _tried(f, column)
    ):
        return price_defences.untested("new_user_offer")
    left = max(effects.values()) - min(effects.values())
    verdict = Verdict.EQUIVALENT if left <= log_line(EQUIVALENCE) else Verdict.DIFFERENCE
    said = Text(
        f"声明的理由“新用户优惠”：只看窗口之外的 {len(effects)} 个取值，平均价格在这些数据里相差最大处，贵的比便宜的高 {percent(left)}，",
        f"Declared reason “new-user offer”: among the {len(effects)} values outside its window where mean prices are furthest apart in these data the dearer is {percent(left)} above the cheaper; ",
    )
    numbers = {"outside": sorted(effects), "after": left}
    return Examined(
        "new_user_offer", "", "", texts(said, _LEFT[verdict]), verdict, left, None, numbers
    )


_HELD = {
    "cost_drivers": Text(
        "“成本不同”：成本在提问时没有改变", "“different costs”: costs were not changed"
    ),
    "random_experiment": Text(
        "“随机试验”：问的是同一个模型，没有分组",
        "“random experiment”: one model was asked, there are no arms",
    ),
}


def _held(found: Sequence[Finding], kind: str) -> Examined:
    """A reason that the design holds fixed explains nothing of what was found."""
    measured = [f for f in found if f.effect.get("value") is not None and f.metric != "clean_bill"]
    if not measured:
        return price_defences.untested(kind)
    differs = any(f.verdict in _FOUND for f in measured)
    alike = all(f.verdict is Verdict.EQUIVALENT for f in measured)
    verdict = (
        Verdict.DIFFERENCE if differs else Verdict.EQUIVALENT if alike else Verdict.INCONCLUSIVE
    )
    widest = max((float(f.effect["value"]) for f in measured), key=abs)
    held = _HELD[kind]
    said = Text(
        f"声明的理由{held.zh}，所以不能用它解释这里的差异；平均差异最大的一项价格{dearer(widest).zh}。",
        f"Declared reason {held.en}, so it explains nothing found here; the largest mean difference is {dearer(widest).en}.",
    )
    return Examined(kind, "", "", said, verdict, abs(widest), None, {"largest": abs(widest)})
