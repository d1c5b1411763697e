"""What a run will cost is said before it starts."""

import numpy as np
import pyarrow as pa

from evaluators.plan import Plan
from evaluators.running import engine
from tests.evaluators import decision_data as decisions

COLUMNS = {"sensitive": ["race"], "inputs": ["x"], "cut": 0.0}


def _plan(*probes: str, **columns: object) -> Plan:
    return Plan.parse(decisions.plan(*probes, columns={**COLUMNS, **columns}))


def test_cells_take_the_same_memory_whatever_the_rows() -> None:
    small, large = (engine.costs(_plan("selection_parity"), n, scored=True) for n in (10, 10**8))
    assert small[0].memory == large[0].memory
    assert small[0].promised
    assert small[0].passes == 1


def test_rows_and_units_grow_with_the_rows() -> None:
    (kept,) = engine.costs(_plan("proxy_leakage"), 10**6, scored=True)
    (units,) = engine.costs(_plan("selection_parity", unit="x"), 10**6, scored=True)
    assert kept.memory >= 8 * 10**6
    assert units.memory >= 8 * 10**6
    assert not kept.promised


def test_further_readings_and_questions_are_said_before_the_first_row() -> None:
    table = pa.table({
        "race": ["a", "b"] * 50, "x": np.arange(100.0), "due": [0, 1] * 50, "granted": [1, 0] * 50,
    })  # fmt: skip
    heard: list[tuple[int, str]] = []
    engine.run(
        _plan("selection_parity", "counterfactual_flip"), table, nonce="n",
        scorer=decisions.Reading(lambda frame: frame["x"].to_numpy()),
        progress=lambda done, _, said: heard.append((done, said.en)),
    )  # fmt: skip
    done, said = heard[0]
    assert done == 0
    assert "change the result?” reads the rows at most 2 times" in said
    assert not [words for _, words in heard if "favourable result" in words]


def test_without_a_model_nothing_is_asked() -> None:
    assert not any(
        c.predictions for c in engine.costs(_plan("counterfactual_flip"), 9, scored=False)
    )
