"""What each rule on prices asks, element by element, and what a report has tested of it.

The rules differ in what they forbid and what they turn on (law.md, price rules). A report therefore
never says one word about all of them; it says per rule which elements were tested, what was
measured, and what was not tested. Whether a rule was broken is for those who apply it.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from evaluators.plan import Plan
from registry.language import Text
from registry.reports import VERDICT_NAMES, Finding, Verdict

State = Literal["tested", "not_tested", "not_applicable"]
PRICE_PROBES = ("price_counterfactual", "price_observational")

STATE_NAMES: dict[State, Text] = {
    "tested": Text("已检验", "tested"),
    "not_tested": Text("未检验", "not tested"),
    "not_applicable": Text("不适用", "not applicable"),
}


@dataclass(frozen=True, slots=True)
class Seen:
    """What a report shows, as far as the rules ask."""

    columns: Mapping[str, Any]
    defences: Sequence[Mapping[str, Any]]
    findings: Sequence[Mapping[str, Any]]

    @property
    def evaluable(self) -> list[Mapping[str, Any]]:
        """Findings that say something about a price."""
        return [
            f
            for f in self.findings
            if f["verdict"] != Verdict.NOT_EVALUABLE and not f["metric"].startswith("defence_")
        ]

    @property
    def features(self) -> list[str]:
        """The user features that were varied or compared."""
        named = {name for f in self.evaluable for name in f["slice"] if name != "bundle"}
        return sorted(named)

    @property
    def model_asked(self) -> bool:
        """Whether a model was asked with everything else held fixed."""
        return any(f["details"].get("design") == "model" for f in self.evaluable)


Judged = tuple[State, Text]


@dataclass(frozen=True, slots=True)
class Element:
    """One thing a rule asks.

    Args:
        name: in words.
        judge: what a report shows of it.
    """

    name: Text
    judge: Callable[[Seen], Judged]


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule on prices.

    Args:
        id: as in law.md.
        title: the official text and article.
        forbids: what it is about, in our words.
        turns_on: what decides, in our words.
        elements: ids of what it asks.
    """

    id: str
    title: Text
    forbids: Text
    turns_on: Text
    elements: tuple[str, ...]


def _goods(seen: Seen) -> Judged:
    return _held(seen, "item", Text("同一商品", "the same goods"))


def _moment(seen: Seen) -> Judged:
    return _held(seen, "time", Text("同一时间", "the same moment"))


def _held(seen: Seen, role: str, said: Text) -> Judged:
    if seen.model_asked:
        return "tested", Text(
            f"同一条输入只改画像，{said.zh}自然成立。",
            f"Only the profile of one input was changed, so {said.en} holds by design.",
        )
    if seen.columns.get(role) and seen.evaluable:
        return "tested", Text(f"按{said.zh}比较。", f"Compared at {said.en}.")
    return "not_tested", Text("数据里没有这一列。", "The data do not say.")


def _conditions(seen: Seen) -> Judged:
    held = list(seen.columns.get("cost") or [])
    named = "、".join(held)
    if held and seen.evaluable:
        return "tested", Text(
            f"固定了成本因素：{named}。", f"Cost factors held fixed: {', '.join(held)}."
        )
    if seen.model_asked:
        return "tested", Text("其余输入不变。", "All other inputs were unchanged.")
    return "not_tested", Text("没有声明成本因素。", "No cost factors were declared.")


def _feature(seen: Seen) -> Judged:
    if not seen.features:
        return "not_tested", Text("没有可评估的用户特征。", "No user feature could be evaluated.")
    return "tested", Text(
        f"改变或比较了：{'、'.join(seen.features)}。",
        f"Varied or compared: {', '.join(seen.features)}.",
    )


def _difference(seen: Seen) -> Judged:
    order = [Verdict.DISPARITY, Verdict.DIFFERENCE, Verdict.INCONCLUSIVE, Verdict.EQUIVALENT]
    for verdict in order:
        matching = [f for f in seen.evaluable if f["verdict"] == verdict]
        if matching:
            name = VERDICT_NAMES[verdict]
            return "tested", Text(
                f"{len(matching)} 项结果为“{name.zh}”，见各项数字。",
                f"{len(matching)} findings say “{name.en}”; see their numbers.",
            )
    return "not_tested", Text("没有得到可评估的价格结果。", "No price finding could be evaluated.")


def _knowledge(seen: Seen) -> Judged:
    if any(defence["kind"] == "disclosure" for defence in seen.defences):
        return "not_tested", Text(
            "计划声明已告知用户；是否真的告知没有检验。",
            "The plan declares disclosure; whether people were told was not tested.",
        )
    return "not_tested", Text("用户是否知情没有检验。", "Whether people knew was not tested.")


def _reason(seen: Seen) -> Judged:
    kinds = [
        DEFENCE_NAMES.get(str(d["kind"]), Text(str(d["kind"]), str(d["kind"])))
        for d in seen.defences
    ]
    if not kinds:
        return "not_applicable", Text("没有声明理由。", "No reason was declared.")
    examined = [f for f in seen.findings if f["metric"].startswith("defence_")]
    named = Text("、".join(k.zh for k in kinds), ", ".join(k.en for k in kinds))
    if any(f["verdict"] != Verdict.NOT_EVALUABLE for f in examined):
        return "tested", Text(
            f"声明的理由：{named.zh}；用数据核对过，见“理由”各项。",
            f"Declared: {named.en}; checked against the data, see the findings on reasons.",
        )
    return "not_tested", Text(
        f"声明的理由：{named.zh}；数据不足以核对。",
        f"Declared: {named.en}; the data can't check them.",
    )


def _untested(zh: str, en: str) -> Callable[[Seen], Judged]:
    return lambda _: ("not_tested", Text(zh, en))


DEFENCE_NAMES: dict[str, Text] = {
    "new_user_offer": Text("新用户优惠", "an offer for new users"),
    "cost_drivers": Text("成本不同", "different costs"),
    "random_experiment": Text("随机试验", "a random experiment"),
    "disclosure": Text("已告知用户", "disclosure"),
}

ELEMENTS: dict[str, Element] = {
    "same_goods": Element(Text("同样的商品或服务", "same goods or services"), _goods),
    "same_moment": Element(Text("同样的时间", "same moment"), _moment),
    "same_conditions": Element(Text("同样的交易条件", "same conditions"), _conditions),
    "user_feature": Element(
        Text(
            "按用户的习惯、偏好、支付能力等特征", "by users' habits, preferences, ability to pay"
        ),
        _feature,
    ),
    "difference": Element(Text("价格有差异", "a difference in price"), _difference),
    "knowledge": Element(Text("消费者不知情", "consumers did not know"), _knowledge),
    "reason": Element(Text("声明的理由是否成立", "whether a declared reason holds"), _reason),
    "consumer_rights": Element(
        Text("侵害消费者权益", "consumers' rights infringed"),
        _untested("这是法律判断，本报告不作。", "A legal judgement this report does not make."),
    ),
    "transparency": Element(
        Text("决策透明、可说明、可拒绝", "transparency, explanation, refusal"),
        _untested("见算法说明与备案材料。", "See the explanation and the filing."),
    ),
    "dominance": Element(
        Text("具有市场支配地位", "a dominant position"),
        _untested("市场地位不在检验范围内。", "Market position is outside this test."),
    ),
    "subsidy_rules": Element(
        Text("补贴规则已公布", "subsidy rules published"),
        _untested("是否公布没有检验。", "Publication was not tested."),
    ),
}

_SAME = ("same_goods", "same_moment", "same_conditions")

RULES: tuple[Rule, ...] = (
    Rule(
        "SZ72-5",
        Text(
            "深圳经济特区人工智能产业促进条例 第72条第5项",
            "Shenzhen AI industry regulation, art. 72(5)",
        ),
        Text(
            "按用户习惯、偏好、支付能力在价格上区别对待",
            "price differences by habit, preference, ability to pay",
        ),
        Text("是否侵害消费者权益", "whether consumers' rights are infringed"),
        ("user_feature", *_SAME, "difference", "reason", "consumer_rights"),
    ),
    Rule(
        "SH67-4",
        Text(
            "上海市促进人工智能产业发展条例 第67条第4项",
            "Shanghai AI industry regulation, art. 67(4)",
        ),
        Text("用算法在价格上区别对待", "price differences made by algorithm"),
        Text("是否侵害消费者权益", "whether consumers' rights are infringed"),
        (*_SAME, "difference", "reason", "consumer_rights"),
    ),
    Rule(
        "算法推荐21",
        Text(
            "互联网信息服务算法推荐管理规定 第21条", "algorithm-recommendation provisions, art. 21"
        ),
        Text(
            "按偏好、交易习惯在价格等条件上不合理地区别对待",
            "unreasonable difference by preference or trading habit",
        ),
        Text("是否合理", "whether it is reasonable"),
        ("user_feature", *_SAME, "difference", "reason"),
    ),
    Rule(
        "PIPL24",
        Text("个人信息保护法 第24条", "Personal Information Protection Law, art. 24"),
        Text(
            "用自动化决策在价格等条件上不合理地区别对待",
            "unreasonable difference by automated decision",
        ),
        Text(
            "透明、公平；可要求说明、可拒绝", "transparency and fairness; explanation and refusal"
        ),
        ("user_feature", "difference", "reason", "transparency"),
    ),
    Rule(
        "消保条例9",
        Text(
            "消费者权益保护法实施条例 第9条", "consumer-protection implementing regulation, art. 9"
        ),
        Text(
            "同等条件下对同样的商品或服务设不同价格",
            "different prices for the same goods under the same conditions",
        ),
        Text("条件是否相同，消费者是否知情", "whether conditions are the same and consumers know"),
        (*_SAME, "difference", "knowledge"),
    ),
    Rule(
        "SZDATA69",
        Text("深圳经济特区数据条例 第69条", "Shenzhen data regulation, art. 69"),
        Text(
            "用数据分析对交易条件相同的对象不合理地区别对待",
            "unreasonable difference for like trading partners",
        ),
        Text(
            "交易安全、成本、信用、阶段、时长是否相同",
            "whether safety, cost, credit, stage, duration are alike",
        ),
        (*_SAME, "difference", "reason"),
    ),
    Rule(
        "平台价格规则",
        Text(
            "互联网平台价格行为规则（据报道2026年4月10日）",
            "platform price rules (2026-04-10, per press)",
        ),
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
            "反垄断法 第22条、平台经济反垄断指南 第17条",
            "Anti-Monopoly Law, art. 22; platform guidelines, art. 17",
        ),
        Text(
            "具有支配地位的经营者没有正当理由区别对待",
            "different treatment by a dominant firm without proper reason",
        ),
        Text("支配地位和正当理由", "dominance and proper reason"),
        ("dominance", *_SAME, "difference", "reason"),
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
        One entry per rule: {rule, title, forbids, turns_on, elements: [{element, name, state,
        state_name, said}]}.
    """
    plain = [f.as_json() if isinstance(f, Finding) else f for f in findings]
    content = plan.as_json() if isinstance(plan, Plan) else plan
    seen = Seen(
        columns=content.get("columns", {}),
        defences=content.get("defences", ()),
        findings=[f for f in plain if f["probe"] in PRICE_PROBES],
    )
    return [_row(rule, seen) for rule in RULES]


def _row(rule: Rule, seen: Seen) -> dict[str, Any]:
    elements = []
    for name in rule.elements:
        state, said = ELEMENTS[name].judge(seen)
        elements.append(
            {
                "element": name,
                "name": ELEMENTS[name].name.as_json(),
                "state": state,
                "state_name": STATE_NAMES[state].as_json(),
                "said": said.as_json(),
            }
        )
    return {
        "rule": rule.id,
        "title": rule.title.as_json(),
        "forbids": rule.forbids.as_json(),
        "turns_on": rule.turns_on.as_json(),
        "elements": elements,
    }
