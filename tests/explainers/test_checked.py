from typing import Any

from explainers import checked
from explainers.checked import Quoted
from explainers.columns import Outsider
from explainers.plan import ExplanationPlan
from registry.language import Text
from registry.reports import Finding, Verdict
from tests.explainers.toys import columns, people

RACE = Outsider(
    "race", Text("种族", "race"), {"b": Text("少数", "minority"), "a": Text("多数", "majority")}
)


def finding(probe: str, metric: str, **more: Any) -> dict[str, Any]:
    blank = dict.fromkeys(
        ("effect", "ci", "test", "p_value", "p_adjusted", "adjustment", "family", "equivalence",
         "mde", "threshold", "estimate", "reference_estimate", "n_reference"),
    )  # fmt: skip
    given: dict[str, Any] = {
        "slice": {"race": "b"}, "group": "b", "reference_group": "a", "n": 155,
        "verdict": Verdict.DIFFERENCE, "legal_refs": (),
        "reading": {"zh": "原话。", "en": "As said."}, "limit": {"zh": "限。", "en": "Limit."},
    }  # fmt: skip
    return Finding(probe=probe, version="1", metric=metric, **{**blank, **given, **more}).as_json()


def plan() -> ExplanationPlan:
    return ExplanationPlan.make(people(200), columns("age"), cut=0.5, protected=[RACE])


RATES = finding(
    "selection_parity",
    "selection_rate_ratio",
    estimate=0.716,
    reference_estimate=0.906,
    effect={"kind": "ratio", "value": 0.791},
    ci={"low": 0.706, "high": 0.865},
    threshold={"value": 0.8, "rule": "", "source": ""},
)


def test_groups_are_compared_per_hundred_with_interval_verdict_and_line() -> None:
    (said,) = checked.by_group(plan(), RACE, Quoted([RATES]))
    assert "种族是“少数”的人，每100人里，约有72人的结果是“通过”" in said["zh"]
    assert "种族是“多数”的人，约有91人" in said["zh"]
    assert "在71%和86%之间" in said["zh"]
    assert "有差异，是否超过界线未定" in said["zh"]
    assert "前者不到后者的80%" in said["test"]["zh"]
    assert said["evidence"]["estimate"] == RATES["estimate"]
    assert said["limit"]["zh"]


def test_a_difference_is_told_in_people_and_may_go_either_way() -> None:
    more = {
        **RATES,
        "effect": {"kind": "difference", "value": -0.02},
        "ci": {"low": -0.05, "high": 0.01},
    }
    (said,) = checked.by_group(plan(), RACE, Quoted([more]))
    assert "可能是每100人少5人，也可能是多1人" in said["zh"]


def test_a_score_that_tells_a_group_is_said_to_beside_blind_guessing() -> None:
    leak = finding(
        "proxy_leakage", "score_auc", estimate=0.658, reference_estimate=0.5, reference_group="*",
        details={"features_auc": 0.74},
    )  # fmt: skip
    score, features = checked.by_group(plan(), RACE, Quoted([leak]))
    assert "约能猜对66次。乱猜是50次" in score["zh"]
    assert "约能猜对74次" in features["zh"]


def test_errors_are_named_for_the_person() -> None:
    wrong = finding(
        "error_parity", "false_negative_rate", estimate=0.114, reference_estimate=0.052
    )
    wrong |= {"effect": {"kind": "ratio", "value": 2.195}, "ci": {"low": 1.03, "high": 4.51}}
    (said,) = checked.by_group(plan(), RACE, Quoted([wrong]))
    assert said["test"]["zh"] == "前者是后者的2.2倍，很可能在1.0倍和4.5倍之间。"
    assert said["zh"].startswith("本该得到“通过”却没有得到的：种族是“少数”的人，每100人里约有11人")


def test_a_suppressed_group_keeps_the_words_of_its_probe() -> None:
    hidden = {**RATES, "estimate": None, "reference_estimate": None, "suppressed": True}
    (said,) = checked.by_group(plan(), RACE, Quoted([hidden]))
    assert said["zh"] == "原话。"


def test_an_attribute_that_the_report_leaves_out_is_said_to_be_untested() -> None:
    other = {**RATES, "slice": {"sex": "f"}}
    (said,) = checked.by_group(plan(), RACE, Quoted([other]))
    assert said["zh"] == "评估报告没有按种族比较结果。"
    (left,) = checked.rest([other], [said])
    assert left["evidence"] == {
        "n": 1, "disparity": 0, "difference": 1, "equivalent": 0, "inconclusive": 0, "not_evaluable": 0,
    }  # fmt: skip
    assert "1项有差异，是否超过界线未定" in left["zh"]
