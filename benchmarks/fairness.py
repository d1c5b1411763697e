"""Selection and error rates of a million people, their intersections, a thousand replicates.

One million rows from Arrow in memory; attributes of 5, 2 and 4 levels (40 joint cells, 78
intersections of two and three). Ours is a whole run: the fold, both probes, tests, intervals,
max-T over the intersections from 1,000 bootstrap draws, verdicts, readings in two languages,
suppression and the findings digest; and after it selection rate, TPR, FPR and accuracy of the 51
groups with their percentile intervals from 1,000 draws (`evaluators.decisions.group_rates`). The floor is what no program in NumPy can do without: the
joint code of five integer columns, one `bincount`, 1,000 multinomial draws, and from them
selection rate, TPR, FPR and accuracy of the 51 groups with their 95 % percentile intervals.
Fairlearn computes the same 204 point estimates, without intervals.
"""

from collections.abc import Iterator
from functools import partial
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from threadpoolctl import threadpool_limits

from benchmarks.measuring import Line, beside, cpu_seconds
from evaluators.decisions import group_rates
from evaluators.decisions.intersections import MOST_DRAWS
from evaluators.plan import Plan
from evaluators.running import engine, planning

ROWS = 1_000_000
SIZES = {"a": 5, "b": 2, "c": 4}
DRAWS = 1_000

Columns = dict[str, npt.NDArray[np.int64]]


def columns(rows: int = ROWS) -> Columns:
    """Simulated people: three attributes, the outcome and the decision."""
    rng = np.random.default_rng(7)
    found = {name: rng.integers(0, size, rows) for name, size in SIZES.items()}
    found["due"] = (rng.random(rows) < 0.4).astype(np.int64)
    found["granted"] = (rng.random(rows) < 0.2 + 0.3 * found["due"]).astype(np.int64)
    return found


def table(found: Columns, kind: str) -> pa.Table:
    """The same as Arrow, the attributes dictionary-encoded, as plain text or as integers."""
    made: dict[str, Any] = {}
    for name, values in found.items():
        made[name] = pa.array(values)
        if name in SIZES and kind != "integers":
            levels = pa.array([f"{name}{level}" for level in range(SIZES[name])])
            coded = pa.DictionaryArray.from_arrays(pa.array(values, pa.int32()), levels)
            made[name] = coded if kind == "dictionary" else coded.cast(pa.string())
    return pa.table(made)


def plan(draws: int | None) -> Plan:
    """Both cell probes on all three attributes."""
    replicates = {} if draws is None else {"replicates": draws}
    return planning.parse({
        "title": "benchmark",
        "columns": {"target": "due", "prediction": "granted", "favourable": 1,
                    "sensitive": list(SIZES)},
        "probes": [{"id": "selection_parity", **replicates}, {"id": "error_parity"}],
    })  # fmt: skip


def ours(rows: pa.Table, draws: int | None = DRAWS) -> Any:
    """A whole run, and every group's four rates with bootstrap intervals."""
    made = engine.run(plan(draws), rows, scorer=None, nonce="benchmark")
    return group_rates.bootstrapped(made.evidence.states, seed=1, replicates=draws or MOST_DRAWS)


def floor_of_text(rows: pa.Table, found: Columns) -> Any:
    """The floor where the attributes come as text: Arrow codes them first."""
    coded = [rows[name].combine_chunks().dictionary_encode().indices for name in SIZES]
    numbers = {n: c.to_numpy().astype(np.int64) for n, c in zip(SIZES, coded, strict=True)}
    return floor({**found, **numbers})


def floor(found: Columns, draws: int = DRAWS) -> Any:
    """Count once, draw, and reduce to the rates of every group with percentile intervals."""
    code = found["a"]
    for name, size in (("b", 2), ("c", 4), ("due", 2), ("granted", 2)):
        code = code * size + found[name]
    counts = np.bincount(code, minlength=160)
    rows = int(counts.sum())
    drawn = np.random.default_rng(1).multinomial(rows, counts / rows, size=draws)
    return np.quantile(_rates(drawn), (0.025, 0.975), axis=0)


def _rates(drawn: npt.NDArray[np.int64]) -> npt.NDArray[np.float64]:
    """Four rates of 51 groups: each attribute's levels and the joint cells."""
    joint = np.arange(40)
    member = [joint // 8 == level for level in range(5)]
    member += [joint // 4 % 2 == level for level in range(2)]
    member += [joint % 4 == level for level in range(4)]
    member += [joint == level for level in joint]
    groups = np.array(member, dtype=np.float64).T
    shaped = drawn.reshape(len(drawn), 40, 4).astype(np.float64)
    tn, fp, fn, tp = (shaped[:, :, at] @ groups for at in range(4))
    n = tn + fp + fn + tp
    return np.concatenate([(tp + fp) / n, tp / (tp + fn), fp / (fp + tn), (tp + tn) / n], axis=1)


def fairlearn(found: Columns) -> None:
    """The 204 point estimates by `MetricFrame`."""
    from fairlearn import metrics
    from sklearn.metrics import accuracy_score

    wanted = {
        "selection": metrics.selection_rate, "tpr": metrics.true_positive_rate,
        "fpr": metrics.false_positive_rate, "accuracy": accuracy_score,
    }  # fmt: skip
    for names in (["a"], ["b"], ["c"], ["a", "b", "c"]):
        features = {name: found[name] for name in names}
        frame = metrics.MetricFrame(
            metrics=wanted, y_true=found["due"], y_pred=found["granted"],
            sensitive_features=features,
        )  # fmt: skip
        _ = frame.by_group, frame.overall


def lines() -> Iterator[Line]:
    """Ours beside the floor and beside Fairlearn, matrices multiplied by one thread.

    With more, BLAS's idle threads spin on into the other's turn, and their CPU seconds with them.
    """
    with threadpool_limits(1, "blas"):
        yield from _lines()


def _lines() -> Iterator[Line]:
    found = columns()
    for kind in ("dictionary", "integers", "text"):
        rows = table(found, kind)
        least = partial(floor_of_text, rows, found) if kind == "text" else partial(floor, found)
        mine, theirs = beside(partial(ours, rows), least, runs=9)
        yield Line(
            f"both probes, 1,000 draws, attributes as {kind}", mine,
            "NumPy bincount + multinomial" + (" + Arrow's coding" if kind == "text" else ""), theirs,
            promise=("most", 3.0),
        )  # fmt: skip
    rows = table(found, "dictionary")
    most = partial(floor, found, MOST_DRAWS)
    mine, theirs = beside(partial(ours, rows, None), most, runs=3)
    yield Line("both probes, 20,000 draws (the default here)", mine,
               "the floor with as many draws", theirs)  # fmt: skip
    mine = cpu_seconds(partial(ours, rows), runs=9)
    theirs = cpu_seconds(partial(fairlearn, found), runs=1, warm=0)
    yield Line("both probes, 1,000 draws", mine, "Fairlearn, point estimates alone", theirs,
               promise=("least", 300.0))  # fmt: skip
