"""price_observational on 1,000,000 quotes, beside pyfixest

2,000 items at 24 hours, 50,000 users, clustered by user. Both sides start from the same rows with
items, hours and users as text, in memory.
"""

import importlib.util
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from benchmarks.measuring import Line, beside
from evaluators.prices.pricing_frame import Recipe, build
from evaluators.prices.pricing_ladder import Ladder, Step
from evaluators.prices.quotes import keep, ordered
from evaluators.running import engine, planning

ROWS, ITEMS, HOURS, USERS = 1_000_000, 2_000, 24, 50_000
STEPS = (
    Step("raw"),
    Step("item and moment", (), cells=True),
    Step("cost", ("cost",), cells=True),
)
FORMULAS = ("y ~ regular", "y ~ regular | item^hour", "y ~ cost + regular | item^hour")
PLAN = {
    "title": "quotes",
    "columns": {"price": "price", "item": "item", "time": "hour", "user": "user", "unit": "user",
                "cost": ["cost"], "profile": ["customer"]},
    "probes": [{"id": "price_observational"}],
}  # fmt: skip


def quotes(rows: int = ROWS) -> pa.Table:
    """Users who are quoted items at hours, regulars 2 % more."""
    rng = np.random.default_rng(1)
    user, item = rng.integers(0, USERS, rows), rng.integers(0, ITEMS, rows)
    hour, regular = rng.integers(0, HOURS, rows), rng.random(USERS) < 0.4
    cost = rng.normal(0, 0.1, rows) + 0.05 * regular[user]
    log = rng.normal(3, 0.5, ITEMS)[item] + rng.normal(0, 0.05, (ITEMS, HOURS))[item, hour]
    log += 0.3 * cost + 0.02 * regular[user]
    log += 0.03 * rng.normal(size=USERS)[user] + 0.02 * rng.normal(size=rows)
    return pa.table(
        {
            "price": np.exp(log),
            "item": _words("item", item, ITEMS),
            "hour": _words("hour", hour, HOURS),
            "user": _words("user", user, USERS),
            "customer": _words("customer", regular[user].astype(np.int64), 2),
            "cost": cost,
        }
    )


def _words(prefix: str, codes: Any, levels: int) -> pa.Array:
    names = pa.array([f"{prefix} {number}" for number in range(levels)])
    return pa.DictionaryArray.from_arrays(pa.array(codes), names).dictionary_decode()


def lines() -> Iterator[Line]:
    """The whole probe and its regressions alone, each beside pyfixest's three regressions."""
    if importlib.util.find_spec("pyfixest") is None:
        print("  pyfixest is not installed: there is nothing to measure beside")
        return
    table, plan = quotes(), planning.parse(PLAN)
    theirs = _peer(table.to_pandas())
    said = _agreement(_ladder(table), theirs())
    for what, call in (
        (
            "whole run: units hashed, three steps, decomposition, quantile bootstrap, 500 placebos, evidence",
            lambda: engine.run(plan, table, scorer=None, nonce="n" * 64),
        ),
        ("the three regressions alone, from text to standard errors", lambda: _ladder(table)),
    ):
        own, other = beside(call, theirs, runs=3)
        yield Line(
            what=what,
            ours=own,
            beside="pyfixest, the three regressions",
            theirs=other,
            promise=("most", 1.0),
            note=said,
        )


def _ladder(table: pa.Table) -> list[tuple[float, float]]:
    batch = table.combine_chunks().to_batches()[0]
    recipe = Recipe("price", "log", ("cost",), cells=(("item", "hour"),), unit="user")
    frame = build(ordered(keep(batch, table.schema.names)), "customer", recipe, "customer 0")
    ladder = Ladder(frame)
    found = [ladder.fit(step).of("customer=customer 1") for step in STEPS]
    return [(own.value, own.error) for own in found if own is not None]


def _peer(frame: pd.DataFrame) -> Callable[[], list[tuple[float, float]]]:
    import pyfixest

    def fit() -> list[tuple[float, float]]:
        used = frame.assign(
            y=np.log(frame["price"]), regular=(frame["customer"] == "customer 1").astype(float)
        )
        made = [pyfixest.feols(formula, used, vcov={"CRV1": "user"}) for formula in FORMULAS]
        return [(float(one.coef()["regular"]), float(one.se()["regular"])) for one in made]

    return fit


def _agreement(ours: list[tuple[float, float]], theirs: list[tuple[float, float]]) -> str:
    pairs = list(zip(ours, theirs, strict=True))
    value = max(abs(own[0] / other[0] - 1) for own, other in pairs)
    error = max(abs(own[1] / other[1] - 1) for own, other in pairs)
    return f"coefficients agree to {value:.0e}, standard errors to {error:.0e}"
