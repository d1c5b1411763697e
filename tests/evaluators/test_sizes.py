"""Nobody subtracts the groups of a price probe, or its offers, down to a few accounts."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from evaluators import sizes
from evaluators.plan import Plan
from evaluators.prices.loyalty_nulls import shop
from evaluators.prices.offer_nulls import offers
from evaluators.running import engine
from evaluators.running.evidence import Before
from evaluators.sizes import Sizes
from registry.findings import Verdict

MIN_N = 20
OFFERS = {"offers": ["stock"], "list_price": "list", "coupons": ["coupon"], "fees": ["delivery"]}
PROBES: Sequence[Mapping[str, Any]] = (
    {"id": "offer_access", "attributes": ["kind"], **OFFERS},
    {"id": "price_observational", "attributes": ["kind"]},
)


def evaluated(
    table: pa.Table, probes: Sequence[Mapping[str, Any]] = PROBES, *, least_compared: int = MIN_N,
    **columns: Any,
) -> engine.Outcome:  # fmt: skip
    named = {"price": "price", "user": "account", "unit": "account", "item": "item",
             "profile": ["kind"], **columns}  # fmt: skip
    plan = {"title": "t", "columns": {k: v for k, v in named.items() if v}, "min_n": least_compared,
            "probes": [dict(one) for one in probes]}  # fmt: skip
    return engine.run(Plan.parse(plan), table, scorer=None, nonce="n" * 64)


def of_kinds(table: pa.Table, kinds: Sequence[str | None]) -> pa.Table:
    """The same quotes; the account at each place has this kind."""
    own = pa.array([kinds[a] for a in table["account"].to_pylist()], pa.string())
    at = table.schema.names.index("kind")
    return table.set_column(at, "kind", own)


def kinds(**many: int) -> list[str | None]:
    """So many accounts of each kind; `none` are those of whom it is not known."""
    return [None if name == "none" else name for name, n in many.items() for _ in range(n)]


def left(
    made: engine.Outcome, probe: str, accounts: int, truth: Mapping[str, int]
) -> Mapping[str, range]:
    """What an attacker who knows how many accounts there are makes of each small hidden group.

    He adds up the sides that the findings state, and knows of each hidden group whether it was
    compared.
    """
    stated: dict[str, int] = {}
    low: dict[str, int] = {}
    for each in made.findings:
        if each.probe != probe:
            continue
        for name, n in ((each.group, each.n), (each.reference_group, each.n_reference)):
            if name is not None and n is not None:
                stated[name] = max(n, stated.get(name, 0))
            if name is not None and each.verdict is not Verdict.NOT_EVALUABLE:
                low[name] = MIN_N
    hidden = {name: low.get(name, 0) for name in truth if name not in stated}
    free = accounts - sum(stated.values()) - sum(hidden.values())
    alone = len(hidden) == 1
    return {name: range(least + free if alone else least, least + free + 1)
            for name, least in hidden.items() if 0 < truth[name] < 10}  # fmt: skip


def test_three_accounts_are_not_what_two_groups_leave() -> None:
    """One group of three, two of 40 and 77: each finding said its sides, and three were left."""
    truth = {"odd": 3, "regular": 40, "new": 77}
    table = of_kinds(offers(np.random.default_rng(9), accounts=120), kinds(**truth))
    made = evaluated(table)
    for probe in ("offer_access", "price_observational"):
        (odd,) = left(made, probe, 120, truth).values()
        assert len(odd) > 10, (probe, odd)
        stated = [f.details["rows"] for f in made.findings
                  if f.probe == probe and f.details.get("rows")]  # fmt: skip
        assert not stated  # nor rows


def test_the_other_groups_stand_where_one_neighbour_is_enough() -> None:
    truth = {"odd": 3, "loyal": 40, "regular": 60, "new": 77}
    table = of_kinds(offers(np.random.default_rng(9), accounts=180), kinds(**truth))
    made = evaluated(table)
    told = {f.group for f in made.findings if not f.suppressed}
    assert told == {"regular"}
    assert {f.reference_group for f in made.findings} == {"new"}


@pytest.mark.parametrize("columns", [{}, {"unit": None}])
def test_nothing_is_withheld_where_all_groups_are_large(columns: dict[str, Any]) -> None:
    truth = {"loyal": 40, "regular": 60, "new": 77}
    table = of_kinds(offers(np.random.default_rng(9), accounts=177), kinds(**truth))
    made = evaluated(table, **columns)
    assert not any(f.suppressed for f in made.findings)
    assert [f.as_json() for f in made.findings] == [f.as_json() for f in made.evidence.full]


def test_a_shop_keeps_its_loyalty_numbers() -> None:
    table = shop(np.random.default_rng(21), accounts=400, effect=0.03)
    probes = [{"id": "loyalty_dose_response", "measures": ["orders"]},
              {"id": "offer_access", "attributes": ["orders"]}]  # fmt: skip
    made = evaluated(table, probes, profile=["orders"], time="moment", cost=["distance"])
    assert made.findings
    assert not any(f.suppressed for f in made.findings)
    assert [f.n for f in made.findings] == [f.n for f in made.evidence.full]


def test_accounts_of_no_group_are_not_what_the_groups_leave() -> None:
    """Of four accounts the kind is not known: they are what the others leave."""
    truth = {"regular": 40, "loyal": 60, "new": 77, "none": 4}
    table = of_kinds(offers(np.random.default_rng(9), accounts=181), kinds(**truth))
    made = evaluated(table, probes=PROBES[:1])
    stated = {f.group: f.n for f in made.findings if f.n} | {
        f.reference_group: f.n_reference for f in made.findings if f.n_reference}  # fmt: skip
    assert 181 - sum(n for n in stated.values() if n) >= 10 + 4
    assert set(stated) == {"loyal", "new"}


@pytest.mark.parametrize("few", [3, 97])
def test_an_offer_made_to_few_accounts_or_to_all_but_few_is_not_counted(few: int) -> None:
    """Its rate has ten digits, and times the rows it is a whole number."""
    truth = {"loyal": 100, "regular": 100, "new": 120}
    table = of_kinds(offers(np.random.default_rng(9), accounts=320), kinds(**truth))
    got = [a < few or (a >= 100 and a % 2 == 0) for a in table["account"].to_pylist()]
    at = table.schema.names.index("coupon")
    table = table.set_column(at, "coupon", pa.array([2.0 * one for one in got]))
    made = evaluated(table, probes=PROBES[:1])
    coupon = {f.group: f.suppressed for f in made.findings if f.slice.get("offer") == "coupon"}
    assert coupon == {"loyal": True, "regular": True}  # one alone would be what the rest leave
    others = [f for f in made.findings if f.slice.get("offer") != "coupon"]
    assert others
    assert not any(f.suppressed for f in others)


def test_an_offer_that_nobody_or_everybody_of_a_group_gets_stands() -> None:
    table = of_kinds(offers(np.random.default_rng(9), accounts=220), kinds(regular=100, new=120))
    got = [2.0 * (a >= 100) for a in table["account"].to_pylist()]
    table = table.set_column(table.schema.names.index("coupon"), "coupon", pa.array(got))
    made = evaluated(table, probes=PROBES[:1])
    assert not any(f.suppressed for f in made.findings)


@pytest.mark.parametrize("seed", range(12))
def test_no_shop_lets_anybody_subtract_a_few_accounts(seed: int) -> None:
    rng = np.random.default_rng([seed, 18])
    names = ["a", "b", "c", "d", "e"][: rng.integers(3, 6)]
    truth = {name: int(rng.choice([rng.integers(1, 10), rng.integers(10, 45)])) for name in names}
    accounts = sum(truth.values())
    table = of_kinds(offers(rng, accounts=accounts, times=3), kinds(**truth))
    made = evaluated(table)
    for probe in ("offer_access", "price_observational"):
        for name, values in left(made, probe, accounts, truth).items():
            assert len(values) > 10, (probe, name, truth, values)


def _ranges(one: Sizes, gone: Sequence[str], least: int) -> list[int]:
    """How many values each small hidden count may have, by trying all."""
    found = []
    for at in range(len(next(iter(one.counts.values())))):
        cells = [(one.counts[n][at], *one.bands.get(n, (0, None))) for n in gone]
        if at:
            cells = [(n, low, None) for n, low, _ in cells]
        cells += [(one.rest[at], 0, None)] if one.rest and one.rest[at] else []
        whole = sum(n for n, _, _ in cells)
        for place, (n, _, _) in enumerate(cells):
            if not 0 < n < least:
                continue
            able = {0: True}  # sums that the others may have
            for other, (_, low, high) in enumerate(cells):
                if other != place:
                    top = whole if high is None else high
                    able = {s + v: True for s in able for v in range(low, top + 1)
                            if s + v <= whole}  # fmt: skip
            low, high = cells[place][1], cells[place][2]
            top = whole if high is None else high
            found.append(sum(whole - v in able for v in range(low, min(top, whole) + 1)))
    return found


@pytest.mark.parametrize("seed", range(60))
def test_every_small_count_keeps_ten_values_by_trying_all(seed: int) -> None:
    rng = np.random.default_rng([seed, 7])
    least, fewest = 10, 15
    names = "abcdef"[: rng.integers(2, 7)]
    accounts = {n: int(rng.choice([rng.integers(1, 10), rng.integers(10, 40)])) for n in names}
    bands = {n: (fewest, None) if v >= fewest else (0, fewest - 1) for n, v in accounts.items()}
    one = Sizes("p", "x", {n: (v, v + int(rng.integers(0, 20))) for n, v in accounts.items()},
                rest=(few := int(rng.choice([0, 0, 4, 30])), 2 * few), bands=bands,
                reference=names[0])  # fmt: skip
    gone = one.gone(sizes.hidden([one], least))
    assert set(one.small(least)) <= set(gone)
    if set(gone) < set(names):  # something is told of
        assert all(many > least for many in _ranges(one, gone, least)), (one, gone)
    if not one.small(least) and not 0 < few < least:
        assert not gone


def test_what_one_probe_hides_is_hidden_in_all() -> None:
    first = Sizes("p", "x", {"a": (4,), "b": (30,), "c": (40,)})
    second = Sizes("q", "x", {"a": (12,), "b": (30,), "c": (40,), "d": (50,)})
    assert sizes.hidden([first, second], 10) == {
        frozenset({("x", "a")}), frozenset({("x", "b")})}  # fmt: skip


def test_a_finding_that_lists_a_hidden_level_between_its_sides_is_withheld() -> None:
    table = shop(np.random.default_rng(3), accounts=200)
    probes = [{"id": "loyalty_dose_response", "measures": ["orders"]}]
    made = evaluated(table, probes, profile=["orders"], time="moment")
    (first, *_) = made.findings
    assert not first.suppressed
    between = [name for name, _ in sizes.levels(first)
               if name not in (first.group, first.reference_group)]  # fmt: skip
    few = Sizes("other", "orders", {between[0]: (4,), "elsewhere": (50,)})
    again = replace(made.evidence, sizes=[few]).beside(Before())
    assert all(f.suppressed and not f.details for f in again.findings)
