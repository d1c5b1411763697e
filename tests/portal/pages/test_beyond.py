"""The findings beyond a line, in words: about whom, how many of 100, the gravest first."""

import copy
from typing import Any

import pytest

from evaluators.judging import captions, readings
from evaluators.plan import Plan
from portal.pages import beyond, report_pictures, report_view
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
    "n": 106,
    "reading": {"zh": "读法。", "en": "A reading."},
    "limit": {"zh": "局限。", "en": "A limit."},
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
    "group": "p90 (62509)",
    "reference_group": "p50 (47012)",
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


def test_shares_have_their_own_words() -> None:
    """public/P2: about what, how many of 100, and between what that very likely lies."""
    assert beyond.sentence(MARRIED, PLAN).zh == "是否已婚：只改这一项，结果就变的，每100人约3人。"
    sure = beyond.sentence(MARRIED | {"ci": {"low": 0.021, "high": 0.042}}, PLAN)
    assert sure.zh.endswith("每100人约3人，很可能在2人和4人之间。")
    assert sure.en.endswith("about 3 of 100, very likely between 2 and 4.")


def test_a_filed_page_tells_prices_in_words_and_the_report_has_its_quantiles() -> None:
    """Under the evaluation of a filed page stood "p90 (0.252626)" and three lines in each paragraph."""
    own = PRICE | {"reading": {"zh": "p90 (62509) 时最贵。", "en": "Dearest at p90 (62509)."}}
    said = report_view.plainly(own, PLAN)
    assert "较高的水平时最贵" in said.zh
    assert "dearest on average at a high level" in said.en
    assert "p90" not in said.zh + said.en
    assert report_view.plainly(MARRIED, PLAN).zh == MARRIED["reading"]["zh"]
    assert report_view.plainly(own | {"suppressed": True}, PLAN).zh == own["reading"]["zh"]


def test_a_share_that_changes_says_in_whose_favour_where_the_explanation_measured_it() -> None:
    """Of marriage the first screen said "about 3 of 100" and not for whom."""
    way = Text(
        "都改成已婚的人，约有88人通过。", "If all were married, about 88 of 100 would be approved."
    )
    (line,) = beyond.of(given(MARRIED), "d", ways={"married": way}).brief
    assert line.zh.endswith("约3人。" + way.zh)
    assert line.en.endswith(way.en)
    (other,) = beyond.of(given(MARRIED), "d", ways={"race": way}).brief
    assert way.zh not in other.zh
    (priced,) = beyond.of(given(PRICE), "d", ways={"income": way}).brief
    assert way.zh not in priced.zh


@pytest.mark.parametrize("metric", sorted(set(captions.METRICS) - captions.OF_PEOPLE))
def test_what_only_lies_between_0_and_1_is_no_number_of_people(metric: str) -> None:
    """A slope of .56 was “about 56 people of 100”, and so were mean scores, AUCs and errors."""
    one = RACE | {"metric": metric, "probe": "score_parity", "estimate": 0.56}
    for other in (0.35, None):
        said = beyond.sentence(one | {"reference_estimate": other}, PLAN)
        assert "每100人" not in said.zh
        assert "of 100" not in said.en


def test_a_rate_says_how_sure_it_is() -> None:
    """How many times the other's it is, with the range of the estimate."""
    sure = beyond.sentence(RACE | {"ci": {"low": 1.5, "high": 4.4}}, PLAN)
    assert sure.zh.endswith("；前者是后者的2.6倍，很可能在1.5倍和4.4倍之间。")
    assert sure.en.endswith(
        "; the first is 2.6 times the second, very likely between 1.5 and 4.4 times."
    )


def test_a_line_says_what_was_found_and_leaves_how_sure_it_is_to_the_sentence_below() -> None:
    """The first screen of a telephone has room for three."""
    rate = {"ci": {"low": 1.5, "high": 4.4}}
    income = PRICE | {
        "details": {"spread": {"pairs": 191, "beyond": 0.97, "dearer": 0.98, "cheaper": 0.02}}
    }
    income["threshold"] = {"value": 0.02, "lines": {"equivalence": 0.01}}
    found = beyond.of(given(RACE | rate, MARRIED, income), "d")
    assert [each.zh for each in found.brief] == [
        "按种族比较，这个算法同意的人里，人工拒绝的：其他种族每100人约20人，白人每100人约8人。",
        "是否已婚：只改这一项，结果就变的，每100人约3人。",
        "只改所在地区的家庭收入：较高时最贵，中等时最便宜，前者平均比后者高4.5%（每100次里约有98次变贵）。",
    ]
    assert found.brief[2].en == (
        "Only the family income in the area changed: dearest when high, cheapest when middling; the "
        "price averages 4.5 % higher (in about 98 of 100 tests)."
    )
    assert "很可能在1.5倍和4.4倍之间" in found.said[0].zh
    assert found.fuller == (found.said[0], found.said[2])


def test_a_larger_figure_stands_in_the_line_of_its_feature_marked_as_its_report_is() -> None:
    """P4: 4.5 % is not all where 7.4 % stands below; and whose that is stands beside it."""
    seen = PRICE | {"effect": {"kind": "log_ratio", "value": 0.0714}}
    (one,) = given(PRICE | {"severity": "serious"})
    (other,) = given(seen, kind="own", id="o")
    found = beyond.of([one, other], "d")
    (line,) = found.brief
    assert "4.5%" in line.zh
    assert "7.4%。（自行评估）" in line.zh


JARGON = (
    "p10",
    "p50",
    "p90",
    "置信",
    "提示界线",
    "逐步排除",
    "（第",
    "行资料",
    "step 1",
    "alert line",
)
SPREAD = {"pairs": 191, "beyond": 0.97, "dearer": 0.98, "cheaper": 0.02}
LINES = {"alert": 0.02, "equivalence": 0.01, "serious": 0.05}
ASKED = {
    "details": {"design": "model", "spread": SPREAD},
    "threshold": {"value": 0.02, "lines": LINES},
}
HELD = {"details": {"factors": ["wage", "hours", "chain"]}, "ci": {"low": 0.0227, "high": 0.0655}}


@pytest.mark.parametrize(
    ("changed", "zh", "en"),
    [
        (
            PRICE | ASKED,
            "其他信息不变，只改所在地区的家庭收入：平均来说，较高的水平时最贵，中等的水平时最便宜，前者比后者高4.5%。试了191次，每100次里，约有98次变贵，约有2次变便宜。",
            ("All else equal, with only the family income in the area changed, it is dearest on average at a high level and "
            "cheapest at a middling level: the price is 4.5 % higher. Of 100 tests, about 98 came out dearer and about 2 cheaper (191 tests)."),
        ),
        (
            PRICE | ASKED | {"metric": "price_gap", "group": "p90 (62509)", "reference_group": "p10 (32635)"},
            ("其他信息不变，只把所在地区的家庭收入从较低的水平换成较高的水平，价格平均高4.5%。"
            "试了191次，每100次里，约有98次变贵，约有2次变便宜。"),
            ("All else equal, with only the family income in the area changed from a low level to a high level, the price is "
            "4.5 % higher on average. Of 100 tests, about 98 came out dearer and about 2 cheaper (191 tests)."),
        ),
        (
            PRICE | HELD | {"metric": "conditional_price_gap", "group": "p90 (62509)", "reference_group": "p10 (32635)",
                            "units": {"of": "rows", "n": 191.0}},
            "起始工资等3项条件相同时比较（191行数据）：所在地区的家庭收入从较低的水平到较高的水平，按记录，价格平均高4.5%，很可能高2.3%到6.8%。",
            ("With starting wage and 2 other conditions equal (191 rows of data): from a low level to a high level of the "
            "family income in the area, the recorded price is 4.5 % higher on average, very likely between 2.3 % and 6.8 % higher."),
        ),
        (
            PRICE | ASKED | {"metric": "clean_bill", "slice": {}, "n": 191, "effect": {"kind": "share", "value": 1.0},
                             "details": {"design": "model", "more": {"largest_mean": 0.0441739}}},
            "把试过的改变放在一起看：每100次里，有100次至少有一种改变让价格相差超过1%（试了191次）。平均相差最大的一种是4.5%。",
            ("All changes that were tried, taken together: for 100 of 100, at least one moved the price by more than 1 % "
            "(191 were tried). The largest mean difference was 4.5 %."),
        ),
        (
            PRICE | {"metric": "loyalty_gap", "ci": {"low": -0.01, "high": 0.09}, "group": None, "reference_group": None},
            "所在地区的家庭收入：最高一档与最低一档的差价，高4.5%，真实的差别很可能在低1%和高9.4%之间。",
            ("Family income in the area: price gap of the highest and the lowest step, 4.5 % higher; very likely it lies "
            "between 1 % lower and 9.4 % higher."),
        ),
    ],
)  # fmt: skip
def test_prices_are_told_in_percent_with_the_tests_behind_them(
    changed: dict[str, Any], zh: str, en: str
) -> None:
    """public/P9: what was changed, how much, in how many tests, how sure; no quantiles, no steps."""
    plan = PLAN | {
        "names": PLAN["names"] | {"wage": {"plain": {"zh": "起始工资", "en": "starting wage"}}}
    }
    said = beyond.sentence(changed, plan)
    assert (said.zh, said.en) == (zh, en)
    assert not [word for word in JARGON if word in said.zh + said.en]


def test_a_price_that_fell_is_said_to_be_lower() -> None:
    """The sign is a word, in both languages; and so is a difference that is none."""
    fallen = (
        PRICE | ASKED | {"metric": "price_gap", "effect": {"kind": "log_ratio", "value": -0.05}}
    )
    assert "平均低4.9%" in beyond.sentence(fallen, PLAN).zh
    assert "4.9 % lower" in beyond.sentence(fallen, PLAN).en
    none = fallen | {"effect": {"kind": "log_ratio", "value": 0.0}}
    assert "几乎一样" in beyond.sentence(none, PLAN).zh


def test_what_is_about_a_sensitive_feature_stands_before_what_is_larger() -> None:
    """A law names these; a difference without a feature comes last, however large."""
    larger = PRICE | {"effect": {"kind": "log_ratio", "value": 0.3}, "slice": {"hours": "*"}}
    bill = PRICE | {
        "slice": {},
        "effect": {"kind": "share", "value": 1.0},
        "threshold": {"value": 0.01},
    }
    plan = PLAN | {"columns": {"sensitive": ["income"]}}
    found = beyond.of(given(bill, larger, PRICE, plan=plan), "d")
    assert "收入" in found.said[0].zh
    assert "hours" in found.said[1].zh
    assert found.said[2].zh == "读法。"


def test_of_several_steps_the_one_with_most_held_equal_is_named() -> None:
    """What costs explain is no headline where the report also says what they do not, and is not hidden."""
    raw = PRICE | {"metric": "raw_price_gap", "effect": {"kind": "log_ratio", "value": 0.3}}
    held = PRICE | HELD | {"metric": "conditional_price_gap"}
    found = beyond.of(given(raw, held), "d")
    assert (found.total, len(found.said)) == (2, 2)
    assert "3项条件相同" in found.said[0].zh
    assert found.said[1].zh.startswith("比较时相同的条件较少，差得更多：")


def test_a_reader_who_counts_comes_to_the_number_in_the_heading() -> None:
    """11 beyond the line, three lines, “and 7 more”: one of the lines told of two."""
    lines = (Text("一", "one"), Text("二", "two"), Text("三", "three"))
    several = beyond.Beyond(total=11, brief=lines, said=lines, more=7).rest
    assert several == Text("还有7项（上面3条说的是4项）", "And 7 more (4 are told in the 3 above)")
    assert beyond.Beyond(10, lines, lines, more=7).rest == Text("还有7项", "And 7 more")


def test_of_several_questions_on_a_feature_the_largest_figure_is_told() -> None:
    """Findings 7c, P4: 4.5 % of a finer line stood for a feature whose prices differ by 7.4 %."""
    seen = PRICE | HELD | {
        "probe": "price_observational", "metric": "conditional_price_gap",
        "effect": {"kind": "log_ratio", "value": 0.0714}, "threshold": {"value": 0.05},
    }  # fmt: skip
    married = MARRIED | {"effect": {"kind": "share", "value": 0.5}}
    for order in ((PRICE, seen, married), (married, seen, PRICE)):
        found = beyond.of(given(*order), "d")
        assert (found.total, len(found.said), found.more) == (3, 2, 1)
        told = " ".join(each.zh for each in found.said)
        assert "7.4%" in told
        assert "4.5%" not in told
    smaller = seen | {"effect": {"kind": "log_ratio", "value": 0.03}}
    told = " ".join(each.zh for each in beyond.of(given(PRICE, smaller), "d").said)
    assert "4.5%" in told
    rate = RACE | {"slice": {"income": "*"}, "effect": {"kind": "ratio", "value": 1.3}}
    assert len(beyond.of(given(PRICE, seen, rate), "d").said) == 1, "one sentence on one feature"


def test_a_larger_figure_with_less_held_equal_is_said_to_be_that() -> None:
    """P4: 4.5 % with most held equal is not all where 7.4 % stands below with less of it."""
    held = PRICE | HELD | {
        "probe": "price_observational", "metric": "conditional_price_gap",
        "effect": {"kind": "log_ratio", "value": 0.0441739},
    }  # fmt: skip
    less = held | {
        "metric": "price_gap_step_1", "effect": {"kind": "log_ratio", "value": 0.0714},
        "details": held["details"] | {"factors": []},
    }  # fmt: skip
    for order in ((held, less), (less, held)):
        found = beyond.of(given(*order), "d")
        assert (found.total, found.more) == (2, 0)
        first, second = found.said
        assert "4.5%" in first.zh
        assert second.zh.startswith("比较时相同的条件较少，差得更多：")
        assert second.en.startswith("Larger with less held equal: ")
        assert "7.4%" in second.zh
    alike = less | {"effect": {"kind": "log_ratio", "value": 0.0445}}
    assert len(beyond.of(given(held, alike), "d").said) == 1
    assert len(beyond.of(given(held, less | {"verdict": "difference"}), "d").said) == 1


def test_what_the_sentences_do_not_show_and_on_what_they_rest_stand_beside_them() -> None:
    """Rules 6 and 7: the limit of each, once; the data in the plan's words."""
    plan = PLAN | {"frame": {"zh": "1992 年的快餐店", "en": "restaurants of 1992"}}
    seen = (
        PRICE
        | HELD
        | {
            "probe": "price_observational",
            "slice": {"hours": "*"},
            "limit": {
                "zh": "不是实验。数据来源：1992 年的快餐店。",
                "en": "No experiment. The rows come from: restaurants of 1992.",
            },
        }
    )
    found = beyond.of(given(PRICE | ASKED | {"n": 191}, seen, plan=plan), "d")
    assert len(found.limits) == 2
    assert any("191组资料问送来的模型文件" in each.zh for each in found.limits)
    assert any(each.en == "No experiment." for each in found.limits)
    assert [each.zh for each in found.data] == ["1992 年的快餐店"]


@pytest.mark.parametrize(
    ("frame", "zh", "en"),
    [
        ("1992 年的快餐店。", "1992 年的快餐店", "1992 年的快餐店 (in Chinese, not translated)"),
        ("Restaurants of the year 1992.", "Restaurants of the year 1992（英文，未翻译）", "Restaurants of the year 1992"),
    ],
)  # fmt: skip
def test_what_a_plan_says_in_one_language_does_not_pose_as_the_other(
    frame: str, zh: str, en: str
) -> None:
    """The page fell over such a plan, and a finding's limit had the other language's words in it."""
    plan = PLAN | {"frame": frame}
    told = readings.frame(
        Plan.parse(
            {"title": "t", "columns": {}, "probes": [{"id": "error_parity"}], "frame": frame}
        )
    )
    assert told == Text(f"数据来源：{zh}。", f"The rows come from: {en}.")
    limit = {"zh": f"局限。{told.zh}", "en": f"A limit. {told.en}"}
    found = beyond.of(given(RACE | {"limit": limit}, plan=plan), "d")
    assert found.data == (Text(zh, en),)
    assert found.limits == (Text("局限。", "A limit."),)


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

    many = [RACE | {"slice": {f"race{place}": "nonwhite"}} for place in range(7)]
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


def test_what_a_report_has_no_name_for_is_called_as_in_the_explanation_beside_it() -> None:
    """F13n/20: the first words of the page were “certificates：只改这一项…”."""
    bare = {**PLAN, "names": {"income": PLAN["names"]["income"]}}
    explained = {
        "columns": [{"name": "married", "plain": {"zh": "婚姻", "en": "marriage"}, "values": {}}],
        "protected": [
            {
                "name": "race",
                "plain": {"zh": "族裔", "en": "origin"},
                "values": {"nonwhite": {"zh": "少数", "en": "minority"}},
            },
            {"name": "income", "plain": {"zh": "别的叫法", "en": "another name"}},
        ],
    }
    found = beyond.of(given(RACE, MARRIED, PRICE, plan=bare), "d", explained)
    said = " ".join(each.zh for each in found.said)
    assert "按族裔比较" in said
    assert "少数每100人" in said
    assert "婚姻" in said
    assert "所在地区的家庭收入" in said, "the report's own name counts first"
    for raw in ("race", "married", "nonwhite", "别的叫法"):
        assert raw not in said
    assert "race" in " ".join(each.zh for each in beyond.of(given(RACE, plan=bare), "d").said)


SEVERAL_ROWS: dict[str, Any] = RACE | {
    "metric": "selection_rate_ratio", "probe": "selection_parity", "estimate": 0.6,
    "reference_estimate": 0.5, "n": 700, "n_reference": 700,
    "units": {"of": "people", "n": 128.9, "n_reference": 128.9},
    "reading": {"zh": "200 人的 700 项决定里有 420 项。", "en": "420 of 700 decisions on 200 people."},
    "limit": {"zh": "限。", "en": "Limit."},
}  # fmt: skip


def test_rates_of_decisions_are_not_told_as_people() -> None:
    """700 decisions on 200 people, 60 % of them favourable, and 35 of 100 people ever got one."""
    said = beyond.sentence(SEVERAL_ROWS, PLAN)
    assert "每100项决定约60项" in said.zh
    assert "约50项" in said.zh
    assert "每100人" not in said.zh
    assert "about 60 of 100 decisions" in said.en


@pytest.mark.parametrize("metric", sorted(captions.OF_PEOPLE))
def test_no_rate_over_several_rows_of_one_person_speaks_of_a_hundred_people(metric: str) -> None:
    for other in (0.5, None):
        said = beyond.sentence(
            SEVERAL_ROWS | {"metric": metric, "reference_estimate": other}, PLAN
        )
        assert "每100人" not in said.zh
        assert "of 100 " in f"{said.en} " or said.en == SEVERAL_ROWS["reading"]["en"]


@pytest.mark.parametrize("metric", sorted(captions.OF_PEOPLE))
def test_weighted_rates_are_told_in_the_words_of_the_finding(metric: str) -> None:
    """It says "by weight", or that the plan's weights were not used; so many of 100 says neither."""
    weighted = {**PLAN, "columns": {"weight": "w"}}
    said = beyond.sentence(SEVERAL_ROWS | {"metric": metric}, weighted)
    assert said == Text(**SEVERAL_ROWS["reading"])


SHOWN: dict[str, Any] = RACE | {
    "probe": "ranking_exposure", "metric": "exposure_ratio", "reference_group": "*",
    "estimate": 0.22, "reference_estimate": 0.16, "threshold": {"value": 0.2231},
    "effect": {"kind": "log_ratio", "value": 0.3056}, "ci": {"low": 0.2991, "high": 0.312},
    "details": {"k": 3},
}  # fmt: skip
NEVER: dict[str, Any] = SHOWN | {
    "metric": "skew_at_k", "estimate": 0.0, "p_adjusted": 1e-6,
    "effect": {"kind": "log_ratio", "value": None}, "ci": {"low": None, "high": -0.9398},
}  # fmt: skip


def test_none_of_the_first_places_is_the_gravest_there_is() -> None:
    """The page fell over such a finding alone, and told “36 % higher” where it stood beside one."""
    alone = beyond.of(given(NEVER), "d")
    assert [each.zh for each in alone.brief] == ["按种族比较，前3位里没有一位是“其他种族”。"]
    assert alone.said[0].en == (
        "By race, none of the first 3 places is held by “another race”; in such data very likely at "
        "most 0.39 times what would be due."
    )
    serious = PRICE | {"severity": "serious"}
    for order in ((SHOWN, NEVER, serious), (serious, NEVER, SHOWN)):
        found = beyond.of(given(*order), "d")
        assert "前3位里没有一位" in found.brief[0].zh
        assert "none of the first 3 places" in found.said[0].en
        assert not any("36%" in each.zh for each in found.brief)


@pytest.mark.parametrize("kind", ["ratio", "log_ratio", "share", "difference", "mark_up", "auc"])
@pytest.mark.parametrize("metric", sorted(captions.METRICS))
def test_no_finding_without_a_figure_fells_the_page(metric: str, kind: str) -> None:
    """A ratio of 0 has no logarithm, and one to 0 no value: the page answered 500."""
    for estimate in (0.0, 0.5, None):
        for other in (0.0, 0.5, None):
            one = RACE | {
                "metric": metric, "effect": {"kind": kind, "value": None}, "estimate": estimate,
                "reference_estimate": other, "ci": {"low": None, "high": -0.5},
            }  # fmt: skip
            found = beyond.of(given(one, SHOWN), "d")
            assert found.total == 2
            assert all(each.zh and each.en for each in (*found.brief, *found.said))


def test_a_group_of_whom_nobody_is_favoured_comes_first() -> None:
    """A ratio of 0 counted as no difference at all."""
    nobody = RACE | {"estimate": 0.0, "effect": {"kind": "ratio", "value": 0.0}}
    found = beyond.of(given(RACE | {"group": "white"}, nobody), "d")
    assert "每100人约0人" in found.brief[0].zh


TENURE = {
    "plain": {"zh": "账龄", "en": "tenure"},
    "levels": {"new": {"zh": "新客", "en": "new customers"}, "old": {"zh": "老客", "en": "regulars"}},
}  # fmt: skip
PLAN_OF_PRICES = PLAN | {"names": {**PLAN["names"], "tenure": TENURE}}
PAID: dict[str, Any] = PRICE | {
    "probe": "price_observational", "slice": {"tenure": "old"}, "group": "old",
    "reference_group": "new", "severity": "serious",
}  # fmt: skip


def figure(metric: str, value: float, **more: Any) -> dict[str, Any]:
    return PAID | {"metric": metric, "effect": {"kind": "log_ratio", "value": value}} | more


@pytest.mark.parametrize(
    "metric",
    [
        "total_cost_gap_same_goods",
        "loyalty_gap",
        "loyalty_rise",
        "same_item_gap",
        "unexplained_price_gap",
    ],
)
def test_every_gap_of_prices_says_between_whom(metric: str) -> None:
    """“Tenure: gap of what is paid in the end, 11 % lower” can be read of either side."""
    said = beyond.sentence(figure(metric, -0.1165), PLAN_OF_PRICES)
    assert "“老客”与“新客”相比，低11%" in said.zh
    assert "“regulars” against “new customers”: 11 % lower" in said.en
    banded = figure(
        metric, 0.1, slice={"income": "p90 (9)"}, group="p90 (9)", reference_group="p10 (1)"
    )
    said = beyond.sentence(banded, PLAN_OF_PRICES)
    assert "较高的水平与较低的水平相比" in said.zh
    assert "a high level against a low level" in said.en
    assert "p90" not in said.zh + said.en


def test_what_is_held_against_its_own_due_says_whose_it_is() -> None:
    """“Share of the first places, 56 % lower”: of the women, against what is due to them."""
    said = beyond.sentence(SHOWN, PLAN)
    assert said.zh.startswith("按种族比较，得到的曝光，与按相关程度应得的之比：“其他种族”高36%")
    assert "“another race”: 36 % higher" in said.en
    assert "everyone else" not in said.en


@pytest.mark.parametrize(
    ("raw", "held"),
    [
        ("raw_price_gap", "conditional_price_gap"),
        ("total_cost_gap", "total_cost_gap_same_goods"),
        ("raw_price_gap", "price_gap_step_1"),
    ],
)
def test_the_same_goods_stand_before_what_is_paid_as_it_stands(raw: str, held: str) -> None:
    """Regulars pay 10 % more for every item and buy cheaper ones: the page said “11 % lower”."""
    cell = {"factors": [], "cells": True}
    both = figure(raw, -0.1165), figure(held, 0.0953, details=cell)
    for order in (both, both[::-1]):
        found = beyond.of(given(*order, plan=PLAN_OF_PRICES), "d")
        (line,) = found.brief
        assert "高10%" in line.zh.split("。")[0]
        assert line.zh.endswith("什么条件都不算，方向相反：低11%。")
        assert line.en.endswith("The other way as they stand: 11 % lower.")
        assert (found.more, len(found.said)) == (0, 2)
        assert "10 % higher" in found.said[0].en
        assert found.said[1].zh.startswith("比较时相同的条件较少，方向相反：")
        assert "什么条件都不算" in found.said[1].zh
        assert "as they stand" in found.said[1].en


def test_goods_and_time_are_named_as_what_was_equal() -> None:
    """It said “the conditions that the report lists”."""
    for factors, zh, en in (
        ([], "商品和时间相同时", "goods and time"),
        (["married"], "商品等3项条件相同时", "goods and 2 other conditions"),
    ):
        details = {"factors": factors, "cells": True}
        said = beyond.sentence(
            figure("conditional_price_gap", 0.1, details=details), PLAN_OF_PRICES
        )
        assert zh in said.zh
        assert en in said.en


def test_what_more_held_equal_leaves_of_a_difference_stands_beside_it() -> None:
    """6.6 % with six conditions stood alone where eight leave 3.1 %, not shown to exceed the line."""
    six = figure("price_gap_step_2", 0.064, details={"factors": list("abcdef")})
    eight = figure(
        "conditional_price_gap", 0.0306, details={"factors": list("abcdefgh")},
        verdict="difference", severity=None,
    )  # fmt: skip
    found = beyond.of(given(six, eight, plan=PLAN_OF_PRICES), "d")
    assert (found.total, found.more) == (1, 0)
    assert found.said[1].zh.startswith("相同的条件更多时：")
    assert found.said[1].zh.endswith("（有差异，没有证明超过界线）。")
    assert found.said[1].en.startswith("With more held equal: ")
    assert found.said[1].en.endswith("(a difference, not shown to exceed the line).")


@pytest.mark.parametrize("verdict", ["equivalent", "inconclusive", "difference"])
def test_the_line_says_so_where_nothing_is_left_with_more_held_equal(verdict: str) -> None:
    """X7d/15: “70 % higher” in the line, and in the fold that the same goods cost the same."""
    raw = figure("raw_price_gap", 0.53)
    same = figure("conditional_price_gap", 0.0005, verdict=verdict, severity=None,
                  details={"factors": [], "cells": True})  # fmt: skip
    (line,) = beyond.of(given(raw, same, plan=PLAN_OF_PRICES), "d").brief
    left = verdict != "difference"
    assert ("相同的条件更多时：" in line.zh) is left
    assert ("With more held equal: " in line.en) is left


def test_what_is_found_of_every_group_is_not_told_of_one() -> None:
    """X7d/15: scores of men spread too little, and those of women as well."""
    alone = SHOWN | {"probe": "calibration_by_group", "metric": "calibration_slope",
                     "reference_group": None, "reference_estimate": None}  # fmt: skip
    white = alone | {
        "slice": {"race": "white"},
        "group": "white",
        "effect": alone["effect"] | {"value": 0.2},
    }
    (line,) = beyond.of(given(alone, white), "d").brief
    assert line.zh.endswith("“白人”也是这样。")
    assert line.en.endswith("The same was found of “white”.")
    (line,) = beyond.of(given(alone, white | {"verdict": "equivalent"}), "d").brief
    assert "也是这样" not in line.zh


def test_a_gap_of_what_lists_show_is_told_with_its_causes() -> None:
    """X7d/15: “49 % higher” where every item has one price, and only the order is turned round."""
    shown = figure(
        "exposed_price_gap",
        0.4,
        reading={
            "zh": "同一商品相同，别的商品使它高49%。",
            "en": "Other goods make it 49 % higher, the same goods the same.",
        },
    )
    (line,) = beyond.of(given(shown, plan=PLAN_OF_PRICES), "d").brief
    assert "同一商品相同" in line.zh
    assert "the same goods the same" in line.en


def test_the_harm_stands_before_the_other_kind_of_error_and_both_are_told() -> None:
    """57 against 29 of 100 women wrongly refused gave way to men wrongly granted."""
    refused = RACE | {"metric": "false_negative_rate", "estimate": 0.57, "reference_estimate": 0.29,
                      "effect": {"kind": "ratio", "value": 1.97}}  # fmt: skip
    granted = RACE | {"metric": "false_positive_rate", "group": "white", "slice": {"race": "white"},
                      "reference_group": "nonwhite", "estimate": 0.53, "reference_estimate": 0.23,
                      "effect": {"kind": "ratio", "value": 2.3}}  # fmt: skip
    for order in ((refused, granted), (granted, refused)):
        found = beyond.of(given(*order, plan=PLAN | {"target_kind": "outcome"}), "d")
        (line,) = found.brief
        assert line.zh.index("没有得到的：其他种族每100人约57人") < line.zh.index(
            "得到了的：白人每100人约53人"
        )
        assert line.en.index("about 57") < line.en.index("about 53")
        assert (found.more, len(found.said)) == (0, 2)
    alone = beyond.of(given(granted), "d")
    assert len(alone.said) == 1


BANDED = {"slice": {"income": "p90 (9)"}, "group": "p90 (9)", "reference_group": "p10 (1)"}


@pytest.mark.parametrize("metric", ["raw_price_gap", "conditional_price_gap", "price_gap_step_1"])
def test_recorded_prices_are_called_that_and_not_told_as_the_algorithms_doing(metric: str) -> None:
    """What restaurants charged in 1992 was told as what a model of today answers."""
    found = beyond.of(given(figure(metric, 0.064, **BANDED), plan=PLAN_OF_PRICES), "d")
    for said in (*found.brief, *found.said):
        assert "按记录，价格平均高6.6%" in said.zh
        assert "the recorded price" in said.en
    asked = PRICE | ASKED | {"metric": "price_gap"} | BANDED
    assert "记录下来" not in beyond.sentence(asked, PLAN_OF_PRICES).zh


@pytest.mark.parametrize(("value", "verdict"), [(-0.0122, "difference"), (0.011, "equivalent")])
def test_where_the_model_itself_says_otherwise_than_recorded_prices_both_stand(
    value: float, verdict: str
) -> None:
    """6.6 % in the records stood alone where the model itself goes 1.2 % the other way."""
    records = figure("conditional_price_gap", 0.064, **BANDED)
    itself = PRICE | ASKED | BANDED | {
        "metric": "price_gap", "effect": {"kind": "log_ratio", "value": value}, "verdict": verdict,
        "group": "p90 (8)", "reference_group": "p10 (2)",
    }  # fmt: skip
    (line,) = beyond.of(given(itself, records, plan=PLAN_OF_PRICES), "d").brief
    much = "低1.2%" if value < 0 else "高1.1%"
    assert line.zh.endswith(f"问这个算法本身，只改这一项：{much}。")
    assert "The algorithm itself: 1." in line.en
    assert beyond.of(given(itself, records, plan=PLAN_OF_PRICES), "d").more == 0

    graver = itself | {
        "verdict": "disparity",
        "severity": "serious",
        "effect": {"kind": "log_ratio", "value": -0.3},
    }
    (line,) = beyond.of(given(graver, records, plan=PLAN_OF_PRICES), "d").brief
    assert "低26%" in line.zh
    assert line.zh.endswith("记录下来的价格：高6.6%。")
