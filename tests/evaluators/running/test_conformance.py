"""Our probes pass the checks that third parties' probes must pass; broken ones do not."""

from collections.abc import Sequence

import numpy as np
import pyarrow as pa
import pytest

from evaluators.accumulating.accumulators import Cells
from evaluators.decisions import selection_parity
from evaluators.guests.installed import probe_class
from evaluators.running import conformance
from tests.evaluators.decision_data import Reading, column, plan

ROWS = 300
RNG = np.random.default_rng(8)
TABLE = pa.table({
    "race": RNG.choice(["a", "b", "c"], ROWS), "x": RNG.standard_normal(ROWS),
    "due": RNG.integers(0, 2, ROWS), "granted": RNG.integers(0, 2, ROWS),
})  # fmt: skip


@pytest.mark.parametrize(
    "name", ["selection_parity", "error_parity", "counterfactual_flip", "proxy_leakage"]
)
def test_the_probe_conforms(name: str) -> None:
    model = Reading(lambda f: f["x"].to_numpy() + 0.1 * (column(f, "race") == "a"))
    content = plan(name, columns={"inputs": ["x", "race"], "cut": 0.0})
    conformance.check(probe_class(name), content, TABLE, scorer=model)


def test_a_probe_that_depends_on_the_order_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    def first_only(_: object, accs: Sequence[Cells]) -> Cells:
        return accs[0]

    monkeypatch.setattr(selection_parity.SelectionParity, "merge", first_only)
    with pytest.raises(conformance.NotConforming, match="shards"):
        conformance.check(selection_parity.SelectionParity, plan("selection_parity"), TABLE)
