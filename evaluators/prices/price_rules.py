"""What each rule on prices asks, element by element, and what a report has tested of it.

The rules differ in what they forbid and what they turn on (law.md, price rules). A report therefore
never says one word about all of them; it says per rule which elements were tested, what was
measured, and what was not tested. Whether a rule was broken is for those who apply it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from evaluators.plan import Plan
from evaluators.prices.price_elements import ELEMENTS, PRICE_PROBES, STATE_NAMES, Seen
from registry import law
from registry.findings import Finding
from registry.language import Text


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule on prices.

    Args:
        id: as in `registry.law`, which has its title and article.
        forbids: what it is about, in our words.
        turns_on: what decides, in our words.
        elements: ids of what it asks.
        beside: ids of rules that are read with it.
    """

    id: str
    forbids: Text
    turns_on: Text
    elements: tuple[str, ...]
    beside: tuple[str, ...] = ()

    @property
    def title(self) -> Text:
        """Title, article, place and force, those of the rules that are read with it included."""
        told = [law.rule(each).shown for each in (self.id, *self.beside)]
        return Text("、".join(each.zh for each in told), "; ".join(each.en for each in told))


_SAME = ("same_goods", "same_moment", "same_conditions")

RULES: tuple[Rule, ...] = (
    Rule(
        "SZ72-5",
        Text(
            "按用户习惯、偏好、支付能力在价格上区别对待",
            "price differences by habit, preference, ability to pay",
        ),
        Text("是否侵害消费者权益", "whether consumers' rights are infringed"),
        ("user_feature", *_SAME, "difference", "reason", "consumer_rights"),
    ),
    Rule(
        "SH67-4",
        Text("用算法在价格上区别对待", "price differences made by algorithm"),
        Text("是否侵害消费者权益", "whether consumers' rights are infringed"),
        (*_SAME, "difference", "reason", "consumer_rights"),
    ),
    Rule(
        "算法推荐21",
        Text(
            "按偏好、交易习惯在价格等条件上不合理地区别对待",
            "unreasonable difference by preference or trading habit",
        ),
        Text("是否合理", "whether it is reasonable"),
        ("user_feature", *_SAME, "difference", "other_terms", "reason"),
    ),
    Rule(
        "PIPL24",
        Text(
            "用自动化决策在价格等条件上不合理地区别对待",
            "unreasonable difference by automated decision",
        ),
        Text(
            "透明、公平；可要求说明、可拒绝", "transparency and fairness; explanation and refusal"
        ),
        ("user_feature", "difference", "other_terms", "reason", "transparency"),
    ),
    Rule(
        "消保条例9",
        Text(
            "同等条件下对同样的商品或服务设不同价格",
            "different prices for the same goods under the same conditions",
        ),
        Text("条件是否相同，消费者是否知情", "whether conditions are the same and consumers know"),
        (*_SAME, "difference", "knowledge"),
    ),
    Rule(
        "SZDATA69",
        Text(
            "用数据分析对交易条件相同的对象不合理地区别对待",
            "unreasonable difference for like trading partners",
        ),
        Text(
            "交易安全、成本、信用、阶段、时长是否相同",
            "whether safety, cost, credit, stage, duration are alike",
        ),
        (*_SAME, "difference", "other_terms", "reason"),
    ),
    Rule(
        "平台价格规则",
        Text(
            "按支付意愿和能力、偏好、习惯区别定价",
            "prices by willingness or ability to pay, preference, habit",
        ),
        Text("是否公开；补贴规则是否公布", "disclosure; publication of subsidy rules"),
        ("user_feature", *_SAME, "difference", "knowledge", "subsidy_rules"),
    ),
    Rule(
        "反垄断22",
        Text(
            "具有支配地位的经营者没有正当理由区别对待",
            "different treatment by a dominant firm without proper reason",
        ),
        Text("支配地位和正当理由", "dominance and proper reason"),
        ("dominance", *_SAME, "difference", "reason"),
        ("平台指南17",),
    ),
)


def rules_table(
    findings: Sequence[Finding | Mapping[str, Any]], plan: Plan | Mapping[str, Any]
) -> list[dict[str, Any]]:
    """Per rule, what was tested of each element, as JSON content for the report page.

    Args:
        findings: of one report; those of other probes are left aside.
        plan: the plan they belong to.

    Returns:
        One entry per rule: {rule, title, forbids, turns_on, counts: {state: how many elements},
        elements: [{element, name, state, state_name, said, findings: [{number, probe, metric,
        slice}]}]}; `number` is the finding's place in `findings`, from 0.
    """
    plain = [f.as_json() if isinstance(f, Finding) else f for f in findings]
    content = plan.as_json() if isinstance(plan, Plan) else plan
    seen = Seen(
        columns=content.get("columns", {}),
        defences=content.get("defences", ()),
        findings=[(n, f) for n, f in enumerate(plain) if f["probe"] in PRICE_PROBES],
        names=content.get("names") or {},
    )
    return [_row(rule, seen) for rule in RULES]


def of(predicate: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The table for a report's statement; empty where the plan has no price probe.

    Args:
        predicate: with `task`, `findings` and `plan.content`.
    """
    if predicate["task"] != "pricing":
        return []
    return rules_table(predicate["findings"], predicate["plan"]["content"])


def _row(rule: Rule, seen: Seen) -> dict[str, Any]:
    judged = {name: ELEMENTS[name].judge(seen) for name in rule.elements}
    states = [one.state for one in judged.values()]
    return {
        "rule": rule.id,
        "title": rule.title.as_json(),
        "forbids": rule.forbids.as_json(),
        "turns_on": rule.turns_on.as_json(),
        "counts": {state: states.count(state) for state in STATE_NAMES},
        "elements": [
            {"element": name, "name": ELEMENTS[name].name.as_json(), **one.as_json()}
            for name, one in judged.items()
        ],
    }
