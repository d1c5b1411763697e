"""Whatever a probe finds is shown in plain words, on a scale that fits it."""

from typing import Any

import numpy as np
import pytest

from evaluators.guests import installed
from evaluators.judging import captions, conclusions
from evaluators.plan import Plan
from evaluators.running import engine, questions
from explainers import checked, prices
from explainers.checked import Quoted
from portal.pages import beyond, report_pictures
from registry import readability
from registry.findings import VERDICT_NAMES
from registry.language import LANGUAGES, Language


def found(name: str) -> list[dict[str, Any]]:
    """The findings of a probe on one of its own simulated data sets."""
    kind = installed.probe_class(name)
    case = next(iter(kind.nulls().values()))(np.random.default_rng(1))
    plan = Plan.parse(case.plan)
    outcome = engine.run(plan, case.table, scorer=case.scorer, nonce="0" * 64)
    return [finding.as_json() for finding in outcome.findings]


@pytest.mark.parametrize("name", sorted(questions.PROBES))
def test_every_metric_and_scale_has_a_name_in_both_languages(name: str) -> None:
    for finding in found(name):
        said = captions.metric(finding["metric"])
        assert said.zh != said.en, finding["metric"]
        assert captions.scale(finding) in captions.KINDS


def test_what_nobody_captioned_is_said_in_words() -> None:
    assert captions.metric("odd_metric").en == "odd metric"
    assert "个性化" in captions.metric("personalised_exposed_price_gap").zh


@pytest.mark.parametrize(
    ("metric", "kind", "value", "shown", "lines"),
    [
        ("standardised_mean_difference", "difference", -0.509, "-0.51", [-0.2, 0.2]),
        ("accuracy_by_group", "difference", -0.168, "-16.8%", [-0.2, 0.2]),
        ("exposure_ratio", "log_ratio", np.log(0.5), "0.50", [np.exp(-0.2), np.exp(0.2)]),
        ("raw_price_gap", "log_ratio", np.log(1.1), "+10.00%", [-1 / 6, 0.2]),
        ("selection_rate_ratio", "ratio", 0.861, "0.86", [0.2, 5.0]),
    ],
)
def test_an_effect_and_its_line_stand_on_the_scale_of_the_metric(
    metric: str, kind: str, value: float, shown: str, lines: list[float]
) -> None:
    finding = {
        "metric": metric,
        "effect": {"kind": kind, "value": value},
        "threshold": {"value": 0.2},
    }
    assert captions.amount(value, captions.scale(finding)) == shown
    assert report_pictures.lines_of(finding) == pytest.approx(lines)


def test_the_reference_is_called_by_its_plain_name_within_conditions_too() -> None:
    plan = {
        "columns": {"sensitive": ["race"], "control": ["dept"]},
        "names": {"race": {"plain": {"zh": "族", "en": "race"},
                           "levels": {"w": {"zh": "白人", "en": "white"}}}},
    }  # fmt: skip
    finding = {"slice": {"race": "b", "dept": "A"}, "group": "b", "reference_group": "w"}
    assert captions.reference(finding, plan).zh == "白人"


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_caption_needs_a_word_that_the_platform_asks_filers_to_leave_out(
    language: Language,
) -> None:
    """n7/7: what an explanation says of a finding goes by the captions; nobody else can change them."""
    pairs = [*captions.METRICS.values(), *captions.AGREEMENT.values(), *captions.ABOUT.values(),
             *VERDICT_NAMES.values(), *(said for _, said in captions.PATTERNS),
             *conclusions.REQUIRED.values(), *conclusions.MEASURED.values(),
             *(said for words in conclusions.WORDS.values() for said in words.values())]  # fmt: skip
    told = [each.in_(language) for each in pairs]
    assert [each for each in told if readability.blocking(each, language)] == []


@pytest.mark.parametrize("probe", sorted(questions.PROBES))
def test_what_a_probe_says_is_told_to_everybody_in_plain_words(probe: str) -> None:
    """n7/7, n7/8: 均衡准确率, which the clerk was asked to replace; slopes and gaps by tenths, four times."""
    quoted = Quoted(caption=lambda finding: captions.concluded(finding, {}))
    for finding in found(probe):
        own = {"kind": f"finding.{probe}", **finding["reading"], "evidence": finding}
        said, first = quoted.plainly(own), beyond.sentence(finding, {}).as_json()
        for language in LANGUAGES:
            for each in (said[language], first[language]):
                assert readability.blocking(each, language) == [], each
                assert "斜率" not in each
                assert "十档" not in each
        if not checked.plain(finding):
            assert conclusions.of(finding).zh in said["zh"]
            assert prices.FIGURES.en in said["en"]


@pytest.mark.parametrize("name", ["conditional_price_gap", "unexplained_price_gap"])
@pytest.mark.parametrize("before", ["", "personalised_"])
@pytest.mark.parametrize("after", ["", "_outside"])
def test_a_price_gap_speaks_of_costs_only_where_the_plan_names_some(
    name: str, before: str, after: str
) -> None:
    """No cost column, and the first screen said "price gap that costs do not explain"."""
    for plan in (None, {}, {"columns": {"cost": [], "item": "i", "time": "t"}}):
        said = captions.metric(before + name + after, plan)
        assert "成本" not in said.zh
        assert "cost" not in said.en
    said = captions.metric(before + name + after, {"columns": {"cost": ["km"]}})
    assert "成本" in said.zh
    assert "cost" in said.en


def test_a_ladder_without_the_costs_holds_none_of_them() -> None:
    """F7e/S7, its sibling: a plan names costs, and its own ladder leaves them out."""
    plan = {"columns": {"cost": ["km"]}, "probes": [{"id": "price_observational", "ladder": [["city"]]}]}  # fmt: skip
    said = captions.metric("conditional_price_gap", plan)
    assert "成本" not in said.zh
    assert "cost" not in said.en
    plan["probes"] = [{"id": "price_observational", "ladder": [["city"], ["km"]]}]
    assert "costs" in captions.metric("conditional_price_gap", plan).en


@pytest.mark.parametrize("metric", sorted(captions.OF_ACCOUNTS))
def test_of_different_accounts_no_caption_says_that_something_was_changed(metric: str) -> None:
    """“Price gap when only this changes” stood over quotes to different accounts."""
    found = {
        "metric": metric, "verdict": "disparity", "threshold": None, "slice": {},
        "details": {"design": "accounts"},
    }  # fmt: skip
    for said in (captions.measured(found), captions.concluded(found, {})):
        assert "不同账号之间" in said.zh
        assert "different accounts" in said.en
        assert "只改" not in said.zh
        assert "change" not in said.en
    asked = found | {"details": {"design": "model"}}
    assert captions.measured(asked) == captions.metric(metric)


@pytest.mark.parametrize("metric", sorted(prices.AS_THEY_STAND - {"raw_price_gap"}))
def test_what_is_compared_as_it_stands_says_so_in_its_caption(metric: str) -> None:
    """“Gap of what is paid in the end: 11 % lower”, where the same goods cost 10 % more."""
    said = captions.metric(metric)
    assert said.zh.startswith("什么条件都不算")
    assert "as they stand" in said.en


def test_everyone_else_is_not_everyone_where_some_are_of_unknown_group() -> None:
    """Rows without the feature stand on neither side."""
    lacks = {"without": [{"cause": "missing", "column": "race", "rows": 40},
                         {"cause": "missing", "column": "granted", "rows": 12}]}  # fmt: skip
    one = {"metric": "selection_rate_ratio", "reference_group": "*", "slice": {"race": "a"}}
    plan = {"names": {"race": {"plain": {"zh": "族裔", "en": "ethnicity"}}}}
    assert captions.reference({**one, "left_out": {}}, plan).en == "everyone else"
    told = captions.reference({**one, "left_out": lacks}, plan)
    assert (told.zh, told.en) == ("其余已知族裔的人", "everyone else of known ethnicity")
