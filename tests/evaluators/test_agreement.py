"""public/S5, breaker, issue 7, F8 and F9: people's decisions are not the truth, in any words of ours."""

import re
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from evaluators import captions, engine, leakage
from evaluators.intervals import Interval
from evaluators.plan import Plan
from portal.pages import report_method
from registry.findings import VERDICT_NAMES, Verdict

TRUTH = re.compile(
    r"判错|错误拒绝|错误给予|不该得|不应得|该得到|应得到|答对|误拒|误准"
    r"|wrong|undeserv|deserv|right answer|rightly|\berr(?:or|s)?\b"
)
OURS = re.compile(r"not about error")  # a limit says what it is not
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


def told(finding: dict[str, Any], plan: dict[str, Any]) -> list[str]:
    """Every word of ours about a finding: heading, caption, sentence."""
    said = [captions.probe(finding["probe"], plan), captions.metric(finding["metric"], plan)]
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


def test_where_the_outcome_is_known_errors_are_called_errors() -> None:
    """The case in which the words of agreement would be false."""
    words = [
        text for each in findings("outcome") for text in told(each, {"target_kind": "outcome"})
    ]
    assert any("错误拒绝" in text for text in words)
    assert any("wrongly" in text for text in words)
    assert not any("人工" in text for text in words)


def test_every_caption_that_judges_has_one_that_does_not() -> None:
    for name, said in (captions.PROBES | captions.METRICS).items():
        plain = captions.PROBES.get(name) and captions.probe(name, HUMAN)
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


@pytest.mark.parametrize(
    ("low", "high", "below"),
    [(0.55, 0.65, True), (0.55, 0.75, False), (0.35, 0.45, True), (0.25, 0.45, False)],
)
def test_a_leak_below_the_line_is_told_as_such(low: float, high: float, below: bool) -> None:
    """F8: "not certain, or not beyond" where it is known which of the two."""
    said = leakage._ending(Verdict.DIFFERENCE, Interval(low, high, 0.95, "delong"))
    assert ("没有超过" in said.zh) is below
    assert ("does not pass" in said.en) is below
    assert ("不能确定" in said.zh) is not below
    assert ("is open" in said.en) is not below
