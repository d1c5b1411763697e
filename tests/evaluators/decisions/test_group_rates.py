"""Rates of groups and crossings with bootstrap intervals, from one run's sealed counts."""

import json

import numpy as np
import pyarrow as pa
import pytest
from scipy import stats

from evaluators.decisions import group_rates
from evaluators.plan import Plan
from evaluators.running import engine
from tests.evaluators import decision_data as decisions

ROWS = 4000


def _rows(seed: int = 1) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(seed)
    due = rng.integers(0, 2, ROWS)
    return {
        "race": rng.integers(0, 3, ROWS).astype(str), "sex": rng.integers(0, 2, ROWS).astype(str),
        "due": due, "granted": (rng.random(ROWS) < 0.3 + 0.3 * due).astype(int),
    }  # fmt: skip


def _run(columns: dict[str, np.ndarray], **roles: object) -> engine.Outcome:
    content = decisions.plan("error_parity", columns={"sensitive": ["race", "sex"], **roles})
    return engine.run(Plan.parse(content), pa.table(columns), scorer=None, nonce="n")


def test_every_rate_is_that_of_the_rows_and_lies_in_its_interval() -> None:
    columns = _rows()
    found = group_rates.bootstrapped(_run(columns).evidence.states, seed=3)

    assert len(found) == 3 + 2 + 6
    for one in found:
        mine = np.all([columns[name] == level for name, level in one.slice_.items()], axis=0)
        due, granted = columns["due"][mine], columns["granted"][mine]
        wanted = {
            "selection_rate": granted.mean(), "true_positive_rate": granted[due == 1].mean(),
            "false_positive_rate": granted[due == 0].mean(), "accuracy": (due == granted).mean(),
        }  # fmt: skip
        assert one.n == mine.sum()
        assert one.estimate == pytest.approx(wanted)
        assert all(one.low[rate] <= one.estimate[rate] <= one.high[rate] for rate in wanted)


def test_intervals_are_as_wide_as_the_binomial_says() -> None:
    found = group_rates.bootstrapped(_run(_rows()).evidence.states, seed=3, replicates=4000)

    for one in found:
        rate = one.estimate["selection_rate"]
        width = 2 * stats.norm.ppf(0.975) * np.sqrt(rate * (1 - rate) / one.n)
        drawn = one.high["selection_rate"] - one.low["selection_rate"]
        assert drawn == pytest.approx(width, rel=0.1)


def test_a_rate_without_a_denominator_is_no_number() -> None:
    columns = _rows()
    columns["due"][columns["race"] == "2"] = 0
    found = group_rates.bootstrapped(_run(columns).evidence.states, seed=3, replicates=100)

    (group,) = [one for one in found if one.slice_ == {"race": "2"}]
    assert np.isnan([group.estimate["true_positive_rate"], group.low["true_positive_rate"]]).all()
    assert group.high["false_positive_rate"] > 0


def test_weighted_counts_and_repeated_people_are_refused() -> None:
    columns = _rows()
    columns["w"] = np.full(ROWS, 2.0)
    for role in ("weight", "unit"):
        states = _run(columns, **{role: "w"}).evidence.states
        with pytest.raises(group_rates.NotOnlyPeople):
            group_rates.bootstrapped(states, seed=1)


def test_sealed_evidence_that_was_kept_gives_the_same() -> None:
    made = _run(_rows())
    kept = json.loads(json.dumps(made.sealed_evidence))

    now = group_rates.bootstrapped(made.evidence.states, seed=3, replicates=50)
    assert group_rates.bootstrapped(kept["states"], seed=3, replicates=50) == now
