"""Where nothing varies, what sums of floats leave behind is no difference, and none is real."""

from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from evaluators.plan import Plan
from evaluators.running import engine
from registry.findings import Finding, Verdict

N = 2000


def measured(content: dict[str, Any], table: pa.Table) -> list[Finding]:
    return list(
        engine.measure(Plan.parse({"title": "t", **content}), table, scorer=None, nonce="n")
    )


def alike(shift: float) -> pa.Table:
    """Predictions that are off by as much for everybody."""
    rng = np.random.Generator(np.random.Philox(key=1))
    due = rng.random(N)
    group = np.where(rng.random(N) < 0.5, "A", "B")
    return pa.table({"v": due, "score": due + shift, "g": group})


@pytest.mark.parametrize("probe", ["regression_parity", "performance"])
@pytest.mark.parametrize("shift", [0.1, 0.3, 1 / 3])
def test_a_constant_error_is_no_difference_of_groups(probe: str, shift: float) -> None:
    """mae_ratio read “1.00 times as much (interval 1.00–1.00). It is small but real.”, p 8e-59."""
    columns = {"target": "v", "score": "score", "sensitive": ["g"]}
    for one in measured({"columns": columns, "probes": [{"id": probe}]}, alike(shift)):
        if "mae" in one.metric or "rmse" in one.metric or "signed" in one.metric:
            assert one.p_value in {None, 1.0}, one
            assert one.verdict in {Verdict.NOT_EVALUABLE, Verdict.INCONCLUSIVE}, one
            assert "small but real" not in one.reading["en"]


def test_places_dealt_in_turn_are_even_and_not_really_different() -> None:
    """Exactly half of the first ten and half of the list in every list: p was 4e-72."""
    rows = [
        {"q": f"q{query}", "rank": place + 1, "rel": 1.0, "g": "AB"[(place + query) % 2]}
        for query in range(100) for place in range(20)
    ]  # fmt: skip
    columns = {"query": "q", "rank": "rank", "target": "rel", "sensitive": ["g"]}
    content = {"columns": columns, "probes": [{"id": "ranking_exposure"}]}
    found = [f for f in measured(content, pa.Table.from_pylist(rows)) if f.metric == "skew_at_k"]
    assert found
    for one in found:
        assert (one.verdict, one.p_value, one.ci) == (Verdict.NOT_EVALUABLE, None, None)
        assert "exactly the share that they should have" in one.reading["en"]
        assert "恰好是应有的份额" in one.reading["zh"]
