"""Defects of popular tools beside our results on the same data, and the page that prints them."""

import functools
from collections.abc import Callable

import pytest

from registry.findings import Verdict
from tests.evaluators import popular_tools as tools
from tests.evaluators.popular_tools import Beside


@functools.cache
def _measured(defect: Callable[[], Beside]) -> Beside:
    return defect()


def test_fairlearn_gives_a_group_without_positives_a_rate_and_calls_the_odds_equal() -> None:
    facts = _measured(tools.no_positives).facts
    assert facts["rate"] == 0.0, "nobody of b deserved it: there is no such rate"
    assert facts["odds"] == 0.0, "perfect, it says"
    assert facts["refused"].verdict is Verdict.NOT_EVALUABLE
    assert facts["refused"].effect["value"] is None
    assert facts["equal"].verdict is Verdict.NOT_EVALUABLE


def test_aequitas_rejects_forty_fair_data_sets_of_forty() -> None:
    facts = _measured(tools.false_positives_of_whom).facts
    assert (facts["older"], facts["newer"]) == (40, 40)
    assert facts["ours"] <= 4
    assert all(facts["denominators"])


def test_aequitas_keeps_one_p_value_for_two_attributes_that_share_a_level() -> None:
    facts = _measured(tools.values_that_two_attributes_share).facts
    assert facts["theirs"]["yes"] > 0.01, "the difference by marriage is overwritten"
    assert facts["ours"]["married"] < 1e-10
    assert facts["ours"]["member"] > 0.01


def test_giskard_ranks_wrongly_and_finds_three_times_too_much() -> None:
    facts = _measured(tools.ranks_that_are_none).facts
    assert facts["theirs"] > 0.25
    assert facts["ours"] < 0.11
    assert facts["agrees"], "with scipy.stats.false_discovery_control"


def test_evidently_repeats_the_overall_rate_for_every_group() -> None:
    facts = _measured(tools.the_rate_of_everybody).facts
    assert facts["theirs"] == {"a": 0.65, "b": 0.65}
    assert facts["found"].estimate == pytest.approx(0.6)
    assert facts["found"].reference_estimate == pytest.approx(0.1)
    assert facts["found"].verdict is Verdict.DISPARITY


def test_ai_verify_gives_an_empty_denominator_the_rate_zero() -> None:
    facts = _measured(tools.nothing_to_divide_by).facts
    assert facts["theirs"] == 0
    assert facts["found"].verdict is Verdict.NOT_EVALUABLE
    assert facts["found"].effect["value"] is None


def test_ai_verify_divides_a_group_by_everybody() -> None:
    facts = _measured(tools.a_group_over_everybody).facts
    assert facts["theirs"]["a"] == pytest.approx(10 * facts["theirs"]["b"]), (
        "the larger group seems ten times better off"
    )
    found = facts["found"]
    assert found.estimate == found.reference_estimate == pytest.approx(0.2)


def test_ai_verify_runs_what_a_model_answers_as_code() -> None:
    facts = _measured(tools.answers_run_as_code).facts
    assert facts["theirs"], "its rule runs it"
    assert facts["ran"] == [], "ours does not"
    assert facts["found"].estimate == 0.0, "an answer that is not the favourable level"


def test_the_page_says_what_was_measured() -> None:
    written = tools.PAGE.read_text("utf-8")
    assert written == tools.page([_measured(defect) for defect in tools.DEFECTS])
    for named in ("Fairlearn", "Aequitas", "Giskard", "Evidently", "AI Verify"):
        assert named in written
