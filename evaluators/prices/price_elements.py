"""What the rules on prices ask, element by element, and what a report shows of each.

An element is judged from findings alone: tested, with the findings it rests on, not tested, or not
applicable; never what it means in law.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from evaluators.judging import captions
from registry.findings import VERDICT_NAMES, Verdict
from registry.language import Text

State = Literal["tested", "compared", "not_tested", "not_applicable"]
PRICE_PROBES = (
    "price_counterfactual",
    "price_observational",
    "loyalty_dose_response",
    "price_steering",
    "offer_access",
)
OTHER_TERMS = ("offer_access", "price_steering")
MOST_NAMED = 3  # findings named beside an element; all are in its list

STATE_NAMES: dict[State, Text] = {
    "tested": Text("已检验", "tested"),
    "compared": Text("比较过，未判断", "compared, not judged"),
    "not_tested": Text("未检验", "not tested"),
    "not_applicable": Text("不适用", "not applicable"),
}


@dataclass(frozen=True, slots=True)
class Seen:
    """What a report shows, as far as the rules ask.

    Args:
        columns, defences, names: of the plan.
        findings: of the price probes: their number in the report, and the finding.
    """

    columns: Mapping[str, Any]
    defences: Sequence[Mapping[str, Any]]
    findings: Sequence[tuple[int, Mapping[str, Any]]]
    names: Mapping[str, Any] = field(default_factory=dict)

    @property
    def evaluable(self) -> list[tuple[int, Mapping[str, Any]]]:
        """Findings that say something about a price or an offer."""
        return [
            (number, f)
            for number, f in self.findings
            if f["verdict"] != Verdict.NOT_EVALUABLE and not f["metric"].startswith("defence_")
        ]

    @property
    def prices(self) -> list[tuple[int, Mapping[str, Any]]]:
        """Findings about a price."""
        return [(n, f) for n, f in self.evaluable if not f["metric"].startswith(_NO_PRICE)]

    def reasons(self, kind: str = "") -> list[tuple[int, Mapping[str, Any]]]:
        """Findings on declared reasons that could be checked."""
        head = f"defence_{kind}"
        return [(n, f) for n, f in self.findings
                if f["metric"].startswith(head) and f["verdict"] != Verdict.NOT_EVALUABLE]  # fmt: skip

    def plain(self, column: str) -> Text:
        """What a column is called in sentences."""
        said = (self.names.get(column) or {}).get("plain")
        return Text(said["zh"], said["en"]) if said else Text(column, column)

    def listed(self, columns: Sequence[str]) -> Text:
        """Columns in words."""
        said = [self.plain(name) for name in columns]
        return Text("、".join(n.zh for n in said), ", ".join(n.en for n in said))


_NO_PRICE = ("offer_rate", "list_overlap", "list_order")


@dataclass(frozen=True, slots=True)
class Judged:
    """What a report shows of one element.

    Args:
        state: whether it was tested.
        said: in words.
        findings: the findings it rests on, each with its number in the report.
    """

    state: State
    said: Text
    findings: Sequence[tuple[int, Mapping[str, Any]]] = ()

    def as_json(self) -> dict[str, Any]:
        """The state, the sentence and the findings as JSON content."""
        return {
            "state": self.state,
            "state_name": STATE_NAMES[self.state].as_json(),
            "said": self._sentence().as_json(),
            "findings": [
                {
                    "number": number,
                    "probe": f["probe"],
                    "metric": f["metric"],
                    "slice": dict(f["slice"]),
                }
                for number, f in self.findings
            ],
        }

    def _sentence(self) -> Text:
        """The sentence, with the findings it rests on."""
        if not self.findings:
            return self.said
        named = list(dict.fromkeys(captions.measured(f) for _, f in self.findings))
        zh = "、".join(f"“{each.zh}”" for each in named[:MOST_NAMED])
        en = ", ".join(f"'{each.en}'" for each in named[:MOST_NAMED])
        more, count = len(named) > MOST_NAMED, len(self.findings)
        return Text(
            f"{self.said.zh}依据：{zh}{'等' if more else ''}（{count} 项）。",
            f"{self.said.en} From: {en}{' and others' if more else ''} ({count} finding{'s' if count > 1 else ''}).",
        )


@dataclass(frozen=True, slots=True)
class Element:
    """One thing a rule asks.

    Args:
        name: in words.
        judge: what a report shows of it.
    """

    name: Text
    judge: Callable[[Seen], Judged]


def _goods(seen: Seen) -> Judged:
    return _held(seen, "item", Text("同一商品", "the same goods"))


def _moment(seen: Seen) -> Judged:
    return _held(seen, "time", Text("同一时间", "the same moment"))


def _held(seen: Seen, role: str, said: Text) -> Judged:
    asked = [(n, f) for n, f in seen.prices if f["details"].get("design") == "model"]
    if asked:
        changed = Text(
            f"同一条输入只改画像，{said.zh}自然成立。",
            f"Only the profile of one input was changed, so {said.en} holds by design.",
        )
        return Judged("tested", changed, asked)
    held = [(n, f) for n, f in seen.prices if seen.columns.get(role) and _holds(f, role)]
    if held:
        return Judged("tested", Text(f"按{said.zh}比较。", f"Compared at {said.en}."), held)
    if seen.columns.get(role):
        return Judged("not_tested", Text("没有一项可评估的结果固定了它。",
                                         "No finding that could be evaluated holds it fixed."))  # fmt: skip
    return Judged("not_tested", Text("数据里没有这一列。", "The data do not say."))


def _holds(finding: Mapping[str, Any], role: str) -> bool:
    """Whether a finding compares at the same good or moment; withheld details are not known."""
    details = finding["details"]
    if finding["probe"] == "price_steering":
        return role == "time" or finding["metric"].endswith("same_item_gap")
    return bool(details.get("same", True)) and bool(details.get("cells", True))


def _conditions(seen: Seen) -> Judged:
    costs = list(seen.columns.get("cost") or [])
    held = [(n, f) for n, f in seen.prices if set(costs) & set(f["details"].get("factors") or ())]
    if held:
        named = seen.listed(costs)
        said = Text(f"固定了成本因素：{named.zh}。", f"Cost factors held fixed: {named.en}.")
        return Judged("tested", said, held)
    asked = [(n, f) for n, f in seen.prices if f["details"].get("design") == "model"]
    if asked:
        return Judged("tested", Text("其余输入不变。", "All other inputs were unchanged."), asked)
    if costs:
        return Judged("not_tested", Text("声明了成本因素，但没有一项可评估的结果固定了它们。",
                                         "Cost factors are declared, but no finding holds them fixed."))  # fmt: skip
    return Judged("not_tested", Text("没有声明成本因素。", "No cost factors were declared."))


def _feature(seen: Seen) -> Judged:
    """Habits, preferences and ability to pay; an attribute such as sex is none of them."""
    other = {*(seen.columns.get("sensitive") or ()), "bundle", "offer"}
    found = [(n, f) for n, f in seen.evaluable if _about(f) - other]
    named = sorted({name for _, f in found for name in _about(f) - other})
    if found:
        said = seen.listed(named)
        told = Text(
            f"改变或比较了：{said.zh}。是不是用户的习惯、偏好或支付能力，本报告不作判断。",
            f"Varied or compared: {said.en}. Whether these are habits, preferences or the ability to "
            "pay of users, this report does not judge.",
        )
        return Judged("compared", told, found)
    if seen.evaluable:
        return Judged("not_tested", Text("比较过的都不是习惯、偏好或支付能力。",
                                         "Nothing compared is a habit, a preference or ability to pay."))  # fmt: skip
    return Judged(
        "not_tested", Text("没有可评估的用户特征。", "No user feature could be evaluated.")
    )


def _about(finding: Mapping[str, Any]) -> set[str]:
    """What a finding compares; a bundle is what its profiles name."""
    if "bundle" in finding["slice"]:
        more = finding["details"].get("more") or {}
        return {*(more.get("profile") or {"bundle": 0}), *(more.get("against") or ())}
    return set(finding["slice"])


def _difference(seen: Seen) -> Judged:
    return _strongest(
        seen.prices, Text("没有得到可评估的价格结果。", "No price finding could be evaluated.")
    )


def _other_terms(seen: Seen) -> Judged:
    found = [(n, f) for n, f in seen.evaluable if f["probe"] in OTHER_TERMS]
    none = Text(
        "优惠、库存、费用和展示没有可评估的结果。",
        "Offers, stock, fees and what is shown have no finding that could be evaluated.",
    )
    return _strongest(found, none)


def _strongest(found: Sequence[tuple[int, Mapping[str, Any]]], none: Text) -> Judged:
    for verdict in (
        Verdict.DISPARITY,
        Verdict.DIFFERENCE,
        Verdict.INCONCLUSIVE,
        Verdict.EQUIVALENT,
    ):
        matching = [(n, f) for n, f in found if f["verdict"] == verdict]
        if matching:
            name, total = VERDICT_NAMES[verdict], len(found)
            said = Text(
                f"{total} 项结果中有 {len(matching)} 项为“{name.zh}”，见各项数字。",
                f"{len(matching)} of {total} findings say “{name.en}”; see their numbers.",
            )
            return Judged("tested", said, matching)
    return Judged("not_tested", none)


def _knowledge(seen: Seen) -> Judged:
    checked = seen.reasons("disclosure")
    if checked:
        said = Text(
            "数据里有告知记录，按记录核对过；记录是否属实没有检验。",
            "The data record who was told and were checked by it; whether the record is true was not.",
        )
        return Judged("tested", said, checked)
    if any(defence["kind"] == "disclosure" for defence in seen.defences):
        said = Text("计划声明已告知用户；是否真的告知没有检验。",
                    "The plan declares disclosure; whether people were told was not tested.")  # fmt: skip
        return Judged("not_tested", said)
    return Judged(
        "not_tested", Text("用户是否知情没有检验。", "Whether people knew was not tested.")
    )


def _reason(seen: Seen) -> Judged:
    kinds = [
        DEFENCE_NAMES.get(k, Text(k, k))
        for k in dict.fromkeys(str(d["kind"]) for d in seen.defences)
    ]
    if not kinds:
        return Judged("not_applicable", Text("没有声明理由。", "No reason was declared."))
    named = Text("、".join(k.zh for k in kinds), ", ".join(k.en for k in kinds))
    examined = seen.reasons()
    if examined:
        said = Text(
            f"声明的理由：{named.zh}；用数据核对过，见“理由”各项。",
            f"Declared: {named.en}; checked against the data, see the findings on reasons.",
        )
        return Judged("tested", said, examined)
    said = Text(
        f"声明的理由：{named.zh}；数据不足以核对。",
        f"Declared: {named.en}; the data can't check them.",
    )
    return Judged("not_tested", said)


def _untested(zh: str, en: str) -> Callable[[Seen], Judged]:
    return lambda _: Judged("not_tested", Text(zh, en))


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
    "other_terms": Element(
        Text(
            "优惠、库存、费用等其他条件有差异",
            "a difference in offers, stock, fees, what is shown",
        ),
        _other_terms,
    ),
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
