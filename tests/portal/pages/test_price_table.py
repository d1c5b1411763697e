"""Prices rule by rule: every element of a rule is tested, not tested, or does not apply."""

from typing import Any

from portal.pages import price_table
from registry.language import Text

RULE: dict[str, Any] = {
    "title": {"zh": "条例 第1条", "en": "Regulation, art. 1"},
    "turns_on": {"zh": "是否合理", "en": "whether it is reasonable"},
    "elements": [
        {
            "name": {"zh": "同样的商品", "en": "same goods"},
            "state": "tested",
            "state_name": {"zh": "已检验", "en": "tested"},
            "findings": [{"number": 0}, {"number": 1}, {"number": 2}],
        },
        {
            "name": {"zh": "按习惯", "en": "by habits"},
            "state": "compared",
            "state_name": {"zh": "比较过，未判断", "en": "compared, not judged"},
            "findings": [{"number": 2}],
        },
        {
            "name": {"zh": "知情", "en": "consumers know"},
            "state": "not_tested",
            "state_name": {"zh": "未检验", "en": "not tested"},
            "findings": [],
        },
    ],
}


def finding(
    feature: str, value: float | None, verdict: str = "disparity", **more: Any
) -> dict[str, Any]:
    effect = {"kind": "log_ratio", "value": value}
    more = {"metric": "conditional_price_gap", **more}
    return {
        "slice": {feature: "*"},
        "effect": effect,
        "verdict": verdict,
        "suppressed": False,
    } | more


PLAN = {"content": {"names": {"income": {"plain": {"zh": "收入", "en": "income"}}}}}


def predicate(*findings: dict[str, Any]) -> dict[str, Any]:
    return {"plan": PLAN, "findings": list(findings)}


def test_a_rule_tells_what_was_tested_what_was_measured_and_what_was_not() -> None:
    given = predicate(finding("income", 0.02, "difference"), finding("income", 0.0714))
    (row,) = price_table.of(given, [RULE])
    assert row.tested == (Text("同样的商品", "same goods"),)
    assert row.untested == (
        Text(
            "按习惯（比较过的特征算不算这些，没有判断）",
            "by habits (whether what was compared is such was not judged)",
        ),
        Text("知情", "consumers know"),
    )
    assert [each.zh for each in row.measured] == ["收入：记录下来的价格，高7.4%（差异超过界线）"]
    assert row.measured[0].en.startswith("Income: recorded prices: 7.4 % higher (")


def test_the_same_differences_are_told_once_and_pointed_to_by_the_rule_above() -> None:
    second = RULE | {"title": {"zh": "条例 第2条", "en": "Regulation, art. 2"}}
    rows = price_table.of(predicate(finding("income", 0.0714)), [RULE, second])
    assert [row.like for row in rows] == [None, Text("条例 第1条", "Regulation, art. 1")]
    rows = price_table.of(predicate(finding("income", None)), [RULE, second])
    assert [row.like for row in rows] == [None, None], "where nothing was measured"


def test_what_gave_no_answer_is_no_amount() -> None:
    none = finding("income", 0.5, "not_evaluable")
    hidden = finding("income", 0.5) | {"suppressed": True}
    (row,) = price_table.of(predicate(none, hidden, finding("income", None)), [RULE])
    assert row.measured == ()


def test_findings_of_other_rules_are_not_told_here() -> None:
    others = [finding("income", 0.01, "equivalent")] * 3
    (row,) = price_table.of(predicate(*others, finding("income", 0.9)), [RULE])
    assert [each.zh for each in row.measured] == ["收入：记录下来的价格，高1%（已证明差异很小）"]


def test_a_report_without_rules_has_no_table() -> None:
    assert price_table.of(predicate(), []) == ()


def test_recorded_prices_and_the_algorithm_itself_stand_apart() -> None:
    """What restaurants charged, 6.6 % more, was told as the algorithm's, which goes 1.2 % down."""
    itself = finding(
        "income", -0.0122, "difference", metric="price_gap", details={"design": "model"}
    )
    (row,) = price_table.of(predicate(finding("income", 0.064), itself), [RULE])
    assert [each.zh for each in row.measured] == [
        "收入：记录下来的价格，高6.6%（差异超过界线）",
        "收入：问这个算法本身，低1.2%（有差异，没有证明超过界线）",
    ]
    assert row.measured[1].en.startswith("Income: the algorithm itself: 1.2 % lower")


def test_what_is_compared_as_it_stands_is_named_so_and_gives_way() -> None:
    """Regulars pay 10 % more for the same goods; cheaper goods made that 11 % less."""
    raw = finding("income", -0.1165, metric="raw_price_gap")
    (row,) = price_table.of(predicate(raw, finding("income", 0.0953)), [RULE])
    assert [each.zh for each in row.measured] == ["收入：记录下来的价格，高10%（差异超过界线）"]
    (row,) = price_table.of(predicate(raw), [RULE])
    assert "什么条件都不算，低11%" in row.measured[0].zh
    assert "as they stand, 11 % lower" in row.measured[0].en


COST = {
    "content": {
        "names": {"wage": {"plain": {"zh": "工资", "en": "wages"}}} | PLAN["content"]["names"],
        "columns": {"cost": ["wage"]},
    }
}


def beside(reasons: list[str], factors: list[str], value: float | None = 0.0714) -> Text | None:
    held = finding("income", value, details={"factors": factors})
    grounds = [{"reason": each} for each in reasons]
    given = {"plan": COST, "findings": [finding("income", 0.2), held]}
    return price_table.beside_reason(given, {"differs": "yes", "grounds": grounds})


def test_costs_as_the_declared_reason_stand_beside_what_was_measured_with_costs_equal() -> None:
    """Who paid more read “not tested” of a reason that the report had held equal."""
    told = beside(["cost"], ["wage", "chain"])
    assert told is not None
    assert "算作成本的是：工资。这些相同时，测到的差别：收入：记录下来的价格，高7.4%（" in told.zh
    assert "as costs: wages. With these equal" in told.en
    assert told.en.endswith("whether the reason holds, the report does not judge.")
    more = beside(["cost", "credit"], ["wage"])
    assert more is not None
    assert more.zh.endswith("其他理由没有测过。")


def test_a_reason_that_no_finding_holds_equal_is_not_tested() -> None:
    assert beside(["cost"], ["chain"]) is None
    assert beside(["credit"], ["wage"]) is None
    assert beside([], ["wage"]) is None
    assert beside(["cost"], ["wage"], None) is None
