"""public/S5, breaker, issue 7, F8 and F9: people's decisions are not the truth, in any words of ours."""

import re
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from evaluators.behaviour import performance_readings, stability_readings
from evaluators.decisions import crossing_readings, error_parity
from evaluators.judging import captions, contrast_readings, readings
from evaluators.plan import Plan
from evaluators.prices import offer_readings, price_readings
from evaluators.running import engine, questions
from evaluators.scores import proxy_leakage, ranking_readings
from evaluators.statistics.intervals import Interval
from portal.pages import report_method
from registry.findings import VERDICT_NAMES, Verdict

TRUTH = re.compile(
    r"判错|错误拒绝|错误给予|不该得|不应得|该得到|应得到|答对|误拒|误准"
    r"|wrong|undeserv|deserv|right answer|rightly|\berr(?:or|s)?\b"
)
JUDGES = re.compile(
    TRUTH.pattern
    + r"|该有利|判断正确|排对|准不准|应验|came true|should have had|the right order|about being right"
)
OURS = re.compile(
    r"not about error|not about being right|不是对不对|不是分数对不对"
)  # a limit says what it is not
HUMAN = {"target_kind": "human_decision"}
NAMES = ["error_parity", "intersection_scan"]


def findings(kind: str) -> list[dict[str, Any]]:
    """Of two probes on people's decisions, with enough people and with too few."""
    rng = np.random.default_rng(7)
    many = 1200
    table = pa.table(
        {
            "target": pa.array(rng.integers(0, 2, many)),
            "decision": pa.array(rng.integers(0, 2, many)),
            "sex": pa.array(np.where(rng.random(many) < 0.4, "f", "m")),
            "age": pa.array(np.where(np.arange(many) < 20, "old", "young")),
        }
    )
    plan = Plan.parse(
        {
            "title": "t",
            "target_kind": kind,
            "columns": {
                "target": "target",
                "prediction": "decision",
                "favourable": 1,
                "sensitive": ["sex", "age"],
            },
            "probes": [
                {"id": "error_parity"},
                {
                    "id": "intersection_scan",
                    "rates": ["selection", "wrongly_refused", "wrongly_granted"],
                },
            ],
        }
    )
    found = engine.run(plan, table, scorer=None, nonce="0" * 64).findings
    return [each.as_json() for each in found]


def judged(kind: str, *, people: int = 1200, odd: str = "") -> list[dict[str, Any]]:
    """Of every other probe that holds answers against the outcome, sentence and limit."""
    rng = np.random.default_rng(7)
    sex = np.where(np.arange(people) % 5 < 2, "f", "m")
    score = rng.uniform(0.02, 0.98, people)
    target = (rng.random(people) < np.where(sex == "f", score**2, score)).astype(int)
    if odd == "certain":
        score = target.astype(float)
    elif odd == "outside":
        score = score * 100
    table = pa.table({
        "target": target, "score": score, "sex": sex, "decision": np.where(sex == "f", rng.integers(0, 2, people), score > 0.5).astype(int),
        "age": np.where(np.arange(people) < 20, "old", "young"),
    })  # fmt: skip
    made = []
    for probe, columns in (
        ("performance", {"prediction": "decision"}), ("performance", {"score": "score"}),
        ("calibration_by_group", {"score": "score"}), ("score_parity", {"score": "score"}),
        ("subgroup_search", {"prediction": "decision"}),
    ):  # fmt: skip
        plan = Plan.parse({
            "title": "t", "target_kind": kind,
            "probes": [{"id": probe, **({"rate": "correct"} if probe == "subgroup_search" else {})}],
            "columns": {"target": "target", "favourable": 1, "sensitive": ["sex", "age"], **columns},
        })  # fmt: skip
        made += engine.measure(plan, table, scorer=None, nonce="0" * 64)
    return [{"metric": each.metric, "verdict": each.verdict.value,
             "texts": [*each.reading.values(), *each.limit.values()]} for each in made]  # fmt: skip


def told(finding: dict[str, Any], plan: dict[str, Any]) -> list[str]:
    """Every word of ours about a finding: heading, caption, sentence."""
    said = [questions.caption(finding["probe"], plan), captions.metric(finding["metric"], plan)]
    reading = finding["reading"]
    return [text for each in said for text in (each.zh, each.en)] + [reading["zh"], reading["en"]]


def test_where_people_decided_nothing_is_called_wrong_or_deserved() -> None:
    made = findings("human_decision")
    assert {each["probe"] for each in made} == set(NAMES)
    assert any(each["metric"] == "equalized_odds_difference" for each in made)
    assert any(each["verdict"] == "not_evaluable" for each in made)
    for finding in made:
        for text in told(finding, HUMAN):
            assert not TRUTH.search(OURS.sub("", text)), (finding["metric"], text)


@pytest.mark.parametrize(
    ("people", "odd"), [(1200, ""), (70, ""), (1200, "certain"), (1200, "outside")]
)
def test_no_probe_calls_peoples_decisions_right(people: int, odd: str) -> None:
    """Scores, search and performance: every sentence and every limit."""
    made = judged("human_decision", people=people, odd=odd)
    assert made
    for finding in made:
        for text in finding["texts"]:
            assert not JUDGES.search(OURS.sub("", text)), (finding["metric"], text)


def test_of_outcomes_scores_and_answers_are_called_right_or_wrong() -> None:
    """The case in which the words of agreement would be false."""
    texts = [text for each in judged("outcome") for text in each["texts"]]
    assert any("判断正确" in text for text in texts)
    assert any("排对" in text for text in texts)
    assert any("answered rightly" in t or "right answers" in t for t in texts)
    assert not any("人的决定" in text or "people decided" in text for text in texts)


def test_where_the_outcome_is_known_errors_are_called_errors() -> None:
    """The case in which the words of agreement would be false."""
    words = [
        text for each in findings("outcome") for text in told(each, {"target_kind": "outcome"})
    ]
    assert any("错误拒绝" in text for text in words)
    assert any("wrongly" in text for text in words)
    assert not any("人工" in text for text in words)


def test_every_caption_that_judges_has_one_that_does_not() -> None:
    for name, said in (questions.PROBES | captions.METRICS).items():
        plain = questions.PROBES.get(name) and questions.caption(name, HUMAN)
        shown = plain or captions.metric(name, HUMAN)
        if name in captions.AGREEMENT or TRUTH.search(said.zh + said.en):
            assert name in captions.AGREEMENT or name in ESTIMATES, name
            assert name in ESTIMATES or not TRUTH.search(shown.zh + shown.en), name


ESTIMATES = {"rmse", "rmse_by_group", "rmse_ratio", "mae_ratio", "mean_signed_error_difference",
             "expected_calibration_error", "observed_expected_ratio", "offer_access", "exposure_ratio"}  # fmt: skip
"""Names of statistics ("root mean square error"), and words about something else than a decision."""


def test_the_counts_of_a_table_judge_nobody_either() -> None:
    for name in ("tp", "fp", "fn", "tn"):
        said = report_method.COUNTS_BY_PEOPLE[name]
        assert not TRUTH.search(said.zh + said.en)


def test_the_name_of_a_difference_is_true_below_its_line_and_across_it() -> None:
    """F8: "whether it exceeds the line is open" stood where the sentence said that it does not."""
    name = VERDICT_NAMES[Verdict.DIFFERENCE]
    assert not re.search("未定|不能确定", name.zh)
    assert "open" not in name.en


DIFFERENCES = [
    readings.ENDINGS, contrast_readings.ENDINGS, crossing_readings.EPSILON_ENDINGS, error_parity.ODDS_END,
    offer_readings._RATES, performance_readings.ENDINGS, ranking_readings.ENDINGS,
    stability_readings.DRIFT_ENDINGS, price_readings.VERDICTS,
]  # fmt: skip


@pytest.mark.parametrize("endings", DIFFERENCES)
def test_a_difference_is_told_so_that_it_is_true_below_the_line_and_across_it(
    endings: Any,
) -> None:
    """ "Whether it exceeds the line is open" is false where the interval already tells."""
    said = endings[Verdict.DIFFERENCE]
    assert "没有证明超过" in said.zh
    assert "not shown to" in said.en
    assert not re.search("不能确定|是否超过", said.zh)
    assert not re.search(r"\bopen\b", said.en)


@pytest.mark.parametrize(
    ("low", "high", "units", "below"),
    [(0.001, 0.015, 400, True), (-0.015, -0.001, 400, True), (0.001, 0.3, 400, False),
     (-0.3, -0.001, 400, False), (0.001, 0.015, 12, False), (None, None, 400, False)],
)  # fmt: skip
def test_a_price_difference_below_the_line_is_told_as_such(
    low: float | None, high: float | None, units: int, below: bool
) -> None:
    sides = {"of": "accounts", "n": units, "n_reference": units}
    said = price_readings.concluded(Verdict.DIFFERENCE, low, high, sides, None)
    assert (said == price_readings.BELOW) is below
    assert (said == price_readings.VERDICTS[Verdict.DIFFERENCE]) is not below


@pytest.mark.parametrize(
    ("rates", "said"), [((0.50, 0.57), "没有超过界线"), ((0.50, 0.60), "没有证明超过界线")]
)
def test_a_difference_of_rates_below_the_line_is_told_as_such(
    rates: tuple[float, float], said: str
) -> None:
    many = 8000 if rates[1] == 0.57 else 400
    granted = [int(at < rate * many) for rate in rates for at in range(many)]
    table = pa.table({"sex": ["f"] * many + ["m"] * many, "decision": granted})
    plan = Plan.parse({
        "title": "t", "probes": [{"id": "selection_parity"}],
        "columns": {"prediction": "decision", "favourable": 1, "sensitive": ["sex"]},
    })  # fmt: skip
    (found,) = engine.measure(plan, table, scorer=None, nonce="n")
    assert found.verdict is Verdict.DIFFERENCE
    assert said in found.reading["zh"]


@pytest.mark.parametrize(
    ("low", "high", "below"),
    [(0.55, 0.65, True), (0.55, 0.75, False), (0.35, 0.45, True), (0.25, 0.45, False)],
)
def test_a_leak_below_the_line_is_told_as_such(low: float, high: float, below: bool) -> None:
    """F8: "not certain, or not beyond" where it is known which of the two."""
    said = proxy_leakage._ending(Verdict.DIFFERENCE, Interval(low, high, 0.95, "delong"))
    assert ("没有超过" in said.zh) is below
    assert ("does not pass" in said.en) is below
    assert ("不能确定" in said.zh) is not below
    assert ("is open" in said.en) is not below
