"""The findings beyond a line, in words: about whom, how many of 100, the gravest first."""

import copy
from typing import Any

import pytest

from portal.pages import beyond, report_pictures
from portal.pages.report_pictures import Picture
from registry.language import Text

PLAN: dict[str, Any] = {
    "target_kind": "human_decision",
    "columns": {"sensitive": ["race"]},
    "names": {
        "race": {
            "plain": {"zh": "种族", "en": "race"},
            "levels": {
                "nonwhite": {"zh": "其他种族", "en": "another race"},
                "white": {"zh": "白人", "en": "white"},
            },
        },
        "married": {"plain": {"zh": "是否已婚", "en": "marital status"}, "levels": {}},
        "income": {"plain": {"zh": "所在地区的家庭收入", "en": "family income in the area"}},
    },
}
RACE: dict[str, Any] = {
    "probe": "error_parity",
    "metric": "false_discovery_rate",
    "slice": {"race": "nonwhite"},
    "group": "nonwhite",
    "reference_group": "white",
    "estimate": 21 / 106,
    "reference_estimate": 57 / 742,
    "effect": {"kind": "ratio", "value": 2.58},
    "threshold": {"value": 0.8},
    "severity": None,
    "verdict": "disparity",
    "suppressed": False,
    "reading": {"zh": "读法。", "en": "A reading."},
}
MARRIED: dict[str, Any] = RACE | {
    "probe": "counterfactual_flip",
    "metric": "counterfactual_flip_share",
    "slice": {"married": "*"},
    "group": None,
    "reference_group": None,
    "estimate": 0.03,
    "reference_estimate": None,
    "effect": {"kind": "share", "value": 0.03},
    "threshold": {"value": 0.01},
}
PRICE: dict[str, Any] = MARRIED | {
    "probe": "price_counterfactual",
    "metric": "price_range",
    "slice": {"income": "*"},
    "estimate": None,
    "effect": {"kind": "log_ratio", "value": 0.0441739},
    "threshold": {"value": 0.02},
}
SUMMARY: dict[str, Any] = {
    "id": "r", "kind": "third_party", "countersigned": "2026-11-28", "model_digest": "d", "version": 1,
}  # fmt: skip


def given(*findings: dict[str, Any], plan: dict[str, Any] = PLAN, **summary: Any) -> Any:
    return [(SUMMARY | summary, {"plan": {"content": plan}, "findings": list(findings)})]


def test_people_who_decided_are_not_the_truth() -> None:
    """public/S5: of what people decided the words say who refused and who favoured."""
    assert beyond.sentence(RACE, PLAN) == Text(
        "按种族比较，这个算法同意的人里，人工拒绝的：其他种族每100人约20人，白人每100人约8人。",
        "By race, refused by a person, of those the algorithm favoured: another race: about 20 of "
        "100; white: about 8.",
    )


def test_where_what_happened_is_known_the_words_say_so() -> None:
    """public/S5: an outcome is something else than a decision."""
    said = beyond.sentence(RACE, PLAN | {"target_kind": "outcome"})
    assert "人工" not in said.zh
    assert "不应得到的" in said.zh
    assert "person" not in said.en


@pytest.mark.parametrize("metric", list(beyond.ERRORS))
def test_no_rate_of_decisions_speaks_of_what_people_should_have_got(metric: str) -> None:
    """public/S5, in both languages, for every error rate and its ratio."""
    for name in {metric, metric if metric.endswith("_ratio") else f"{metric}_ratio"}:
        said = beyond.sentence(RACE | {"metric": name}, PLAN)
        assert not any(word in said.zh for word in ("应当", "不应", "错误", "本该"))
        assert not any(word in said.en for word in ("should", "deserv", "wrong"))


def test_rates_that_round_alike_are_told_apart() -> None:
    """About 20 against about 20 of 100 would say that there is no difference."""
    said = beyond.sentence(RACE | {"estimate": 0.204, "reference_estimate": 0.196}, PLAN)
    assert "约20.4人" in said.zh
    assert "约19.6人" in said.zh


def test_shares_and_prices_have_their_own_words() -> None:
    """public/P2: about what, and how many of 100 or by how much."""
    assert beyond.sentence(MARRIED, PLAN).zh == "是否已婚：改了这一项结果就变的人，每100人约3人。"
    assert "+4.52%" in beyond.sentence(PRICE, PLAN).zh
    assert beyond.sentence(PRICE, PLAN).en.startswith("Family income in the area: ")


@pytest.mark.parametrize(
    "changed",
    [{"slice": None}, {"suppressed": True}, {"estimate": None, "effect": {"kind": "amount"}}],
)
def test_what_has_no_words_is_told_in_the_findings_own(changed: dict[str, Any]) -> None:
    """Nothing is left out for want of a phrase."""
    assert beyond.sentence(RACE | changed, PLAN) == Text("读法。", "A reading.")


def test_the_gravest_is_named_first_and_the_rest_counted() -> None:
    """public/S6, P1: by how many lines wide an effect is; the serious before the others."""
    found = beyond.of(given(MARRIED, RACE), "d")
    assert [("种族" in each.zh) for each in found.said] == [True, False]
    assert (found.total, found.more) == (2, 0)

    serious = copy.deepcopy(PRICE) | {"severity": "serious"}
    assert "收入" in beyond.of(given(MARRIED, RACE, serious), "d").said[0].zh

    many = [RACE | {"probe": f"p{place}"} for place in range(7)]
    found = beyond.of(given(*many, RACE | {"probe": "q", "verdict": "difference"}), "d")
    assert (found.total, len(found.said), found.more) == (7, beyond.NAMED, 4)


def test_a_finding_carries_what_sets_its_report_apart() -> None:
    """filing/S9: of an own report, an unsigned one, one about another version."""
    assert "（自行评估）" in beyond.of(given(RACE, kind="own"), "d").said[0].zh
    assert "还没有签章确认" in beyond.of(given(RACE, countersigned=None), "d").said[0].zh
    assert "（针对第1版）" in beyond.of(given(RACE), "e").said[0].zh
    assert beyond.of(given(RACE), "d").said[0].zh.endswith("人。")


def test_the_one_picture_that_is_shown_is_the_gravest() -> None:
    """public/S6: on the filed page under a question."""
    drawn = [Picture(svg=None, caption=each, verdict=each) for each in  # type: ignore[arg-type]
             ("equivalent", "inconclusive", "disparity", "difference")]  # fmt: skip
    assert report_pictures.gravest(drawn)[0].verdict == "disparity"
