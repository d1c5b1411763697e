"""Weights are relative: multiplied by one number they say the same, however small or large."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pytest

from evaluators.accumulating import weights
from evaluators.guests import installed
from evaluators.plan import Plan
from evaluators.prices.loyalty_nulls import shop
from evaluators.running import engine
from registry.findings import Finding, Verdict

Floats = npt.NDArray[np.float64]
SCALES = (1e-9, 1e-4, 2.0**-40, 1e3, 1e9)
PEOPLE = 900
DECIDED = {"sensitive": ["race"], "prediction": "granted", "target": "due", "favourable": 1}
PRICED = {"price": "price", "user": "account", "item": "item", "time": "moment"}
PROBES: dict[str, dict[str, Any]] = {
    "selection_parity": DECIDED,
    "selection_parity/unit": {**DECIDED, "unit": "person"},
    "error_parity": DECIDED,
    "error_parity/unit": {**DECIDED, "unit": "person"},
    "price_observational": {**PRICED, "profile": ["tier"], "cost": ["distance"]},
    "loyalty_dose_response": {**PRICED, "profile": ["orders"], "cost": ["distance"]},
}


def _people() -> pa.Table:
    rng = np.random.default_rng(12)
    race, due = rng.integers(0, 2, PEOPLE), rng.integers(0, 2, PEOPLE)
    return pa.table({
        "race": race, "due": due, "person": rng.integers(0, 400, PEOPLE),
        "granted": (rng.random(PEOPLE) < 0.35 + 0.1 * race + 0.3 * due).astype(int),
    })  # fmt: skip


def _table(case: str) -> pa.Table:
    return (
        _people()
        if "parity" in case
        else shop(np.random.default_rng(3), accounts=200, effect=0.02)
    )


def _own(rows: int) -> Floats:
    """Weights of a survey: three decimals, a few thousandths among them, some zero."""
    own = np.round(np.random.default_rng(4).gamma(1.2, 1.5, rows), 3)
    own[::17] = 0.0
    own[1::41] = 0.003
    return own


def _plan(case: str, columns: Mapping[str, Any]) -> Plan:
    return Plan.parse({
        "title": "t", "columns": {**columns, "weight": "w"}, "probes": [{"id": case.split("/", maxsplit=1)[0]}]
    })  # fmt: skip


def _run(case: str, own: Floats, *, shards: int = 1) -> engine.Outcome:
    table = _table(case).append_column("w", pa.array(own))
    return engine.run(_plan(case, PROBES[case]), table, scorer=None, nonce="n", shards=shards)


def _alike(one: Any, other: Any, where: str = "") -> None:
    """Equal in every word and integer, and in reals to nine digits."""
    if isinstance(one, Mapping):
        assert one.keys() == other.keys(), where
        for name in one:
            _alike(one[name], other[name], f"{where}.{name}")
    elif isinstance(one, list | tuple):
        assert len(one) == len(other), where
        for place, (mine, theirs) in enumerate(zip(one, other, strict=True)):
            _alike(mine, theirs, f"{where}[{place}]")
    elif isinstance(one, float):
        assert one == pytest.approx(other, rel=1e-9, abs=1e-12), where
    else:
        assert one == other, where


@pytest.mark.parametrize("case", PROBES)
def test_the_scale_of_the_weights_leaves_no_trace(case: str) -> None:
    own = _own(_table(case).num_rows)
    plain = _run(case, own)
    assert any(each.verdict is not Verdict.NOT_EVALUABLE for each in plain.findings)
    for scale in SCALES:
        made = _run(case, own * scale)
        for one, other in zip(plain.findings, made.findings, strict=True):
            _alike(one.as_json(), other.as_json(), f"{scale:g}")
        _alike(plain.evidence.full[0].as_json(), made.evidence.full[0].as_json())
        assert plain.public_evidence["tables"] == made.public_evidence["tables"]


@pytest.mark.parametrize("case", [each for each in PROBES if "parity" in each])
def test_a_power_of_two_changes_no_digit_and_shards_leave_no_trace(case: str) -> None:
    own = _own(PEOPLE)
    made = {
        _run(case, own * scale, shards=shards).findings_digest
        for scale in (1.0, 2.0**-30, 2.0**30) for shards in (1, 5)
    }  # fmt: skip
    assert len(made) == 1


def test_every_probe_that_takes_weights_is_held_here() -> None:
    taking = {
        name for name in installed.names()
        if "weight" in {*(spec := installed.probe_class(name).spec).roles, *spec.optional}
    }  # fmt: skip
    assert taking == {case.split("/")[0] for case in PROBES}


def _first(own: Floats, case: str = "selection_parity") -> Finding:
    return _run(case, own).evidence.full[0]


@pytest.mark.parametrize("own", [1e-12, 0.0005, 0.001, 1 / 3, 1e6, 1e25])
@pytest.mark.parametrize("case", PROBES)
def test_equal_weights_are_those_of_one(case: str, own: float) -> None:
    rows = _table(case).num_rows
    for one, other in zip(
        _run(case, np.ones(rows)).findings, _run(case, np.full(rows, own)).findings, strict=True
    ):
        _alike(one.as_json(), other.as_json())


@pytest.mark.parametrize("tiny", [1e-12, 1e-29])
@pytest.mark.parametrize("case", PROBES)
def test_a_row_of_next_to_no_weight_changes_next_to_nothing(case: str, tiny: float) -> None:
    rows = _table(case).num_rows
    own = np.ones(rows)
    own[0] = tiny
    kept, gone = _first(own, case), _first(np.where(own < 1, 0.0, own), case)
    assert kept.verdict is gone.verdict
    assert kept.effect["value"] == pytest.approx(gone.effect["value"], rel=1e-2)
    assert kept.ci is not None
    assert gone.ci is not None
    assert kept.ci["low"] == pytest.approx(gone.ci["low"], rel=2e-2, abs=2e-3)


@pytest.mark.parametrize("case", [each for each in PROBES if "parity" in each])
def test_a_group_of_small_weights_among_large_ones_counts_as_many_people(case: str) -> None:
    """Whom a sample holds too many of weighs little: beside the others, not among themselves."""
    race = _people()["race"].to_numpy()
    wide = _first(np.where(race == 1, 1e-9, 1.0), case)
    even = _first(np.ones(PEOPLE), case)
    for name in ("n", "n_reference"):
        assert (wide.units or {})[name] == pytest.approx((even.units or {})[name], rel=1e-9)
    assert wide.effect["value"] == pytest.approx(even.effect["value"], rel=1e-9)


@pytest.mark.parametrize("case", PROBES)
def test_one_huge_weight_is_one_person(case: str) -> None:
    """Half of all weight on one row: its group has one person, and nothing is told of it."""
    own = np.ones(_table(case).num_rows)
    own[0] = 1e12
    told = {Verdict.DIFFERENCE, Verdict.DISPARITY, Verdict.EQUIVALENT}
    for each in _run(case, own).findings:
        if each.verdict in told:
            units = each.units or {}
            assert min(units[k] for k in ("n", "n_reference") if units.get(k) is not None) >= 30


def _sums(own: Floats) -> tuple[int, ...]:
    powers, rows = weights.parts(own)
    each = [
        weights.joined(p, row)
        for p, *row in zip(powers.tolist(), *(r.tolist() for r in rows), strict=True)
    ]
    return tuple(map(sum, zip(*each, strict=True)))


def test_kish_and_the_variance_are_the_textbooks_at_any_scale() -> None:
    own = np.random.default_rng(2).gamma(2.0, 1.5, 500)
    k = np.random.default_rng(3).integers(0, 2, 500)
    rate = np.average(k, weights=own)
    wanted = 500 / 499 * float(((own * (k - rate)) ** 2).sum()) / own.sum() ** 2
    for scale in (1e-25, 1e-9, 1.0, 1e9, 1e25):
        mine = own * scale
        (mass, square) = zip(_sums(mine * k), _sums(mine), strict=True)
        assert weights.row_variance(mass, square, 500) == pytest.approx(wanted, rel=1e-12)
        effective = float(own.sum() ** 2 / (own**2).sum())
        assert weights.row_kish(mass[1], square[1]) == pytest.approx(effective, rel=1e-12)
