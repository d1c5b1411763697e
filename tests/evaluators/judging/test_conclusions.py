"""A verdict is told in the words of what its metric asks."""

from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from evaluators.judging import captions, conclusions
from evaluators.plan import Plan
from evaluators.running import engine
from registry.findings import VERDICT_NAMES, Finding, Verdict
from registry.outcomes import OF_EVERYBODY


def published(rows: dict[str, list[Any]], *probes: Any, **columns: Any) -> tuple[Finding, ...]:
    named = {"sensitive": ["race"], "prediction": "got", "favourable": 1, **columns}
    plan = {"title": "t", "columns": named, "probes": list(probes)}
    return engine.run(Plan.parse(plan), pa.table(rows), scorer=None, nonce="n").findings


def finding(metric: str, verdict: Verdict, line: float | None = None) -> dict[str, Any]:
    threshold = None if line is None else {"value": line}
    return {"metric": metric, "verdict": verdict.value, "threshold": threshold, "slice": {}}


@pytest.mark.parametrize("metric", sorted(OF_EVERYBODY))
def test_a_requirement_is_kept_or_missed_and_never_small(metric: str) -> None:
    """Issue 7, F7a/3: 100 % right answers, required 60 %: "share of right answers: shown to be small"."""
    said = {
        verdict: conclusions.of(finding(metric, verdict, 0.6))
        for verdict in (Verdict.DISPARITY, Verdict.EQUIVALENT, Verdict.INCONCLUSIVE)
    }
    assert said[Verdict.EQUIVALENT].en.startswith("keeps the declared requirement")
    assert said[Verdict.DISPARITY].en.startswith("falls short of the declared requirement")
    assert not any("small" in each.en or "difference" in each.en for each in said.values())
    assert not any("差异" in each.zh for each in said.values())
    line = "60%" if metric in conclusions.SHARES else "0.6"
    assert all(line in each.zh and line in each.en for each in said.values())
    assert "measurement" in conclusions.of(finding(metric, Verdict.INCONCLUSIVE)).en


@pytest.mark.parametrize("metric", sorted(conclusions.WORDS))
def test_what_is_no_difference_of_groups_is_not_called_one(metric: str) -> None:
    for verdict in conclusions.WORDS[metric]:
        said = conclusions.of(finding(metric, verdict))
        assert said != VERDICT_NAMES[verdict]
        assert "difference" not in said.en
        assert captions.metric(metric).zh != captions.metric(metric).en
    assert conclusions.of(finding(metric, Verdict.NOT_EVALUABLE)) == VERDICT_NAMES[Verdict.NOT_EVALUABLE]  # fmt: skip


def test_every_other_metric_keeps_the_names_of_the_verdicts() -> None:
    for metric in set(captions.METRICS) - set(conclusions.WORDS) - OF_EVERYBODY:
        for verdict in Verdict:
            assert conclusions.of(finding(metric, verdict)) == VERDICT_NAMES[verdict]


def test_a_withheld_share_that_keeps_its_requirement_is_told_to_keep_it() -> None:
    """All but two of 400 answers are right; the two are few, the number goes, the verdict stays."""
    due = [1, 0] * 200
    got = [1 - each if at < 2 else each for at, each in enumerate(due)]
    rows: dict[str, list[Any]] = {"race": ["A", "B"] * 200, "got": got, "due": due}
    probe = {"id": "performance", "required": {"accuracy": 0.6}}
    whole = {f.metric: f for f in published(rows, probe, target="due") if not f.slice}
    accuracy = whole["accuracy"]
    assert accuracy.suppressed
    assert accuracy.verdict is Verdict.EQUIVALENT
    assert (
        "share of right answers: keeps the declared requirement (60%)."
        in accuracy.reading["en"].lower()
    )
    assert "答对的比例：达到申报的要求（60%）。" in accuracy.reading["zh"]


@pytest.mark.parametrize("got", [0, 1])
def test_one_decision_for_everyone_is_no_performance(got: int) -> None:
    """statistics/14 holds of the accuracy too: it is the share of that outcome, whatever the model."""
    due = np.random.default_rng(1).random(1000) < 0.5
    rows: dict[str, list[Any]] = {
        "race": ["A", "B"] * 500,
        "got": [got] * 1000,
        "due": due.astype(int).tolist(),
    }
    probe = {"id": "performance", "required": {"accuracy": 0.3}}
    for each in published(rows, probe, target="due"):
        assert each.verdict is Verdict.NOT_EVALUABLE
        if each.metric in {"accuracy", "balanced_accuracy"}:
            assert "tells cases apart" in each.reading["en"]
            assert "分不分得清" in each.reading["zh"]


def test_what_has_no_line_is_not_said_to_stay_within_one() -> None:
    """“Not shown to exceed the line” of the make-up of a list's top, for which there is no line."""
    said = conclusions.of(finding("ndkl", Verdict.DIFFERENCE))
    assert said.zh == "超出偶然所及：名次与它有关"
    assert "line" not in said.en
