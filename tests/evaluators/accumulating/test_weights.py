"""Weights: rates are weighted, counts are not, variances are linearised, bad columns are named."""

import math
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from evaluators.accumulating import weights
from evaluators.plan import Plan
from evaluators.running import engine, recompute
from registry.findings import Finding
from tests.evaluators import decision_data as decisions

ROWS = 1200
RNG = np.random.default_rng(4)
RACE = RNG.integers(0, 2, ROWS)
DUE = RNG.integers(0, 2, ROWS)
GRANTED = (RNG.random(ROWS) < 0.3 + 0.2 * RACE).astype(int)
WEIGHTS = np.round(RNG.gamma(2.0, 1.5, ROWS), 3)
UNITS = RNG.integers(0, 300, ROWS)
WEIGHTED = {"weight": "w", "sensitive": ["race"]}


def _table(own: Any = WEIGHTS) -> pa.Table:
    return pa.table({"race": RACE, "due": DUE, "granted": GRANTED, "w": own, "person": UNITS})


def _run(table: pa.Table, *, shards: int = 1, **columns: Any) -> engine.Outcome:
    content = decisions.plan(
        "selection_parity", "error_parity",
        columns={**WEIGHTED, **columns}, reference={"race": "0"},
    )  # fmt: skip
    return engine.run(Plan.parse(content), table, scorer=None, nonce="n", shards=shards)


def _selection(made: engine.Outcome) -> Finding:
    return next(f for f in made.findings if f.metric == "selection_rate_ratio" and f.group == "1")


def test_rates_are_weighted_and_people_are_not() -> None:
    found = _selection(_run(_table()))

    mine = RACE == 1
    assert found.n == mine.sum()
    assert found.estimate == pytest.approx(np.average(GRANTED[mine], weights=WEIGHTS[mine]))
    assert "加权" in found.limit["zh"]
    assert "weighted" in found.limit["en"]


def test_equal_weights_change_nothing_but_the_words() -> None:
    plain = _selection(_run(_table(np.ones(ROWS)), weight=None))
    equal = _selection(_run(_table(np.full(ROWS, 7.5))))

    assert equal.estimate == plain.estimate
    assert equal.effect == plain.effect
    assert equal.ci is not None
    assert plain.ci is not None
    # The variance of a sample divides by n - 1 where the binomial divides by n.
    assert equal.ci["low"] == pytest.approx(plain.ci["low"], rel=2e-3)
    assert equal.ci["high"] == pytest.approx(plain.ci["high"], rel=2e-3)


def test_a_unit_of_many_weighted_rows_counts_once() -> None:
    rows = np.repeat(np.arange(ROWS), 5)
    many = _table().take(rows).set_column(4, "person", pa.array(rows))
    once = _selection(
        _run(_table().set_column(4, "person", pa.array(np.arange(ROWS))), unit="person")
    )
    found = _selection(_run(many, unit="person"))

    assert found.estimate == pytest.approx(once.estimate)
    assert found.ci is not None
    assert once.ci is not None
    assert found.ci["low"] == pytest.approx(once.ci["low"], rel=1e-6)


@pytest.mark.parametrize("unit", [None, "person"])
def test_shards_and_order_leave_no_trace(unit: str | None) -> None:
    shuffled = _table().take(np.random.default_rng(1).permutation(ROWS))
    found = {
        _run(table, shards=shards, unit=unit).findings_digest
        for table in (_table(), shuffled)
        for shards in (1, 2, 7)
    }
    assert len(found) == 1


def test_rows_without_weight_are_nobody() -> None:
    silent = WEIGHTS.copy()
    silent[::3] = 0
    found = _selection(_run(_table(silent)))
    kept = _selection(_run(_table().filter(pa.array(silent > 0))))

    assert found.n == kept.n
    assert found.estimate == kept.estimate


def _with(value: float | None) -> list[float | None]:
    own: list[float | None] = list(WEIGHTS)
    own[5] = value
    return own


@pytest.mark.parametrize(
    ("own", "said"),
    [
        (_with(-1.0), "Row 6 has the weight -1"),
        (_with(math.nan), "Row 6 has the weight nan"),
        (_with(None), "Row 6 has the weight nan"),
        (_with(math.inf), "Row 6 has the weight inf"),
        (_with(1e31), "Row 6 has the weight 1e+31"),
        (_with(1e-31), "between 1e-30 and 1e+30"),
        ([0.0] * ROWS, "All weights are 0"),
    ],
)
def test_weights_that_cannot_be_are_named(own: list[float | None], said: str) -> None:
    with pytest.raises(weights.WeightsUnfit) as caught:
        _run(_table(pa.array(own, pa.float64())))
    (reason,) = caught.value.reasons
    assert reason.item == "w"
    assert said in reason.said.en


def test_a_probe_that_ignores_weights_says_so() -> None:
    content = decisions.plan("proxy_leakage", columns={**WEIGHTED, "score": "w"})
    made = engine.run(Plan.parse(content), _table(), scorer=None, nonce="n")
    assert all("not used" in finding.limit["en"] for finding in made.findings)


def test_published_counts_recompute_no_weighted_rate() -> None:
    made = _run(_table())
    content = Plan.parse(
        decisions.plan(
            "selection_parity", "error_parity", columns=WEIGHTED, reference={"race": "0"}
        )
    ).as_json()
    predicate = {
        "plan": {"content": content}, "nonce": "n",
        "findings": [finding.as_json() for finding in made.findings],
        "evidence": {"public": {"content": made.public_evidence}},
    }  # fmt: skip
    again = recompute.recompute(predicate)
    assert not again.mismatched
    assert not again.recomputed


def test_the_interval_covers_the_weighted_truth() -> None:
    """Weights that go with the outcome: the weighted interval covers, the plain one does not."""
    rng, hits, plain_hits, sets = np.random.default_rng(8), 0, 0, 60
    for _ in range(sets):
        n = 800
        race, granted = rng.integers(0, 2, n), rng.integers(0, 2, n)
        own = np.where(
            (granted == 1) & (race == 1), 3.0, 1.0
        )  # the frame: 3/4 of group 1 favoured
        table = pa.table({"race": race, "due": granted, "granted": granted, "w": own})
        for weight in ("w", None):
            content = decisions.plan(
                "selection_parity", columns={"weight": weight}, reference={"race": "0"}
            )
            (found,) = engine.measure(Plan.parse(content), table, scorer=None, nonce="n")
            assert found.ci is not None
            hit = found.ci["low"] <= 0.75 / 0.5 <= found.ci["high"]
            hits, plain_hits = hits + (hit if weight else 0), plain_hits + (0 if weight else hit)
    assert hits >= 0.87 * sets
    assert plain_hits < 0.1 * sets
