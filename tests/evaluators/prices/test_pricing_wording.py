"""Readings of the price probes call columns and levels as the plan does, in both languages."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pytest

from evaluators.guests import installed
from evaluators.plan import Plan
from evaluators.prices import price_family, price_lines
from evaluators.prices.price_elements import PRICE_PROBES
from evaluators.running import engine
from registry.findings import Finding

FIXED = ("id", "kind")
RAW = "zz_"  # every name of the data begins with it, and no sentence does
DEFENCES = [
    {"kind": "cost_drivers", "columns": ["spare"]},
    {"kind": "random_experiment", "column": "arm"},
    {"kind": "new_user_offer", "column": "fresh", "value": "yes"},
    {"kind": "disclosure", "column": "told"},
]


def disguised(content: Any, columns: Sequence[str]) -> Any:
    """Plan content with every column called by its raw name."""
    if isinstance(content, Mapping):
        return {
            RAW + k if k in columns and k not in FIXED else k: disguised(v, columns)
            if k not in FIXED
            else v
            for k, v in content.items()
        }
    if isinstance(content, list | tuple):
        return [disguised(entry, columns) for entry in content]
    return RAW + content if content in columns else content


def raw_table(table: pa.Table) -> pa.Table:
    """The table with raw names of columns and of levels."""
    made = {}
    for name in table.column_names:
        column = table[name]
        if pa.types.is_string(column.type) and name not in {"stock", "option"}:
            column = pa.chunked_array([[RAW + value for value in column.to_pylist()]])
        made[RAW + name] = column
    return pa.table(made)


def names_of(table: pa.Table) -> dict[str, Any]:
    """A plain name for every column and level."""
    found = {}
    for name in table.column_names:
        texts = pa.types.is_string(table[name].type)
        levels = sorted(set(table[name].to_pylist())) if texts else []
        plain = name.removeprefix(RAW)
        found[name] = {
            "plain": {"zh": f"列{plain}", "en": f"the {plain}"},
            "levels": {v: {"zh": f"级{v.removeprefix(RAW)}", "en": f"level {v.removeprefix(RAW)}"} for v in levels},
        }  # fmt: skip
    return found


def examined(table: pa.Table) -> pa.Table:
    """The table with columns by which reasons can be checked."""
    rng = np.random.default_rng(9)
    account = table["account"].to_numpy()
    arm, fresh = rng.integers(0, 2, account.max() + 1), rng.random(account.max() + 1) < 0.2
    table = table.append_column("spare", pa.array(rng.standard_normal(len(table))))
    table = table.append_column("arm", pa.array(np.array(["a", "b"])[arm[account]]))
    table = table.append_column("fresh", pa.array(np.array(["no", "yes"])[fresh[account] * 1]))
    return table.append_column("told", pa.array(["yes"] * len(table)))


def plan_of(plan: Mapping[str, Any], table: pa.Table, raw: pa.Table) -> Plan:
    own = {**plan, "defences": DEFENCES if "arm" in table.column_names else []}
    made = disguised(own, table.column_names)
    made["columns"] = {
        role: disguised(named, table.column_names) for role, named in plan["columns"].items()
    }
    for entry in made["defences"]:
        if "value" in entry:
            entry["value"] = RAW + entry["value"]
    return Plan.parse({**made, "names": names_of(raw)})


def sentences(found: Sequence[Finding]) -> Iterator[str]:
    for finding in found:
        for said in (finding.reading, finding.limit):
            yield from said.values()


DESIGNS = [
    (probe, design)
    for probe in PRICE_PROBES
    for kind in [installed.probe_class(probe)]
    for design in [next(iter(kind.planted())), list(kind.nulls())[-1]]
]


@pytest.mark.parametrize(("probe", "design"), DESIGNS)
def test_sentences_use_the_plans_names_never_those_of_the_data(probe: str, design: str) -> None:
    kind = installed.probe_class(probe)
    case = {**kind.nulls(), **kind.planted()}[design](np.random.default_rng(3))
    table = examined(case.table)
    raw = raw_table(table)
    plan = plan_of(case.plan, table, raw)
    found = engine.measure(plan, raw, scorer=None, nonce="n" * 64)
    said = list(sentences(found))
    assert not [text for text in said if RAW in text]
    (attribute, *_) = plan.columns.profile
    assert any(plan.plain(attribute).zh in text for text in said)
    assert any(plan.plain(attribute).en in text for text in said)
    assert {f.metric for f in found} >= {"defence_cost_drivers", "defence_disclosure"}


def test_a_price_that_nothing_can_be_compared_of_is_named_plainly_too() -> None:
    table = pa.table({
        "price": [1.0, 2.0] * 30, "account": list(range(60)), "item": ["tea"] * 60,
        "history": ["new"] * 60, "moment": ["day"] * 60,
    })  # fmt: skip
    columns = {"price": "price", "user": "account", "unit": "account", "item": "item",
               "time": "moment", "profile": ["history"]}  # fmt: skip
    probes = [{"id": "price_counterfactual"}, {"id": "price_observational"},
              {"id": "loyalty_dose_response"}, {"id": "offer_access"}]  # fmt: skip
    raw = raw_table(table)
    plan = plan_of({"title": "t", "columns": columns, "probes": probes}, table, raw)
    found = engine.run(plan, raw, scorer=None, nonce="n" * 64).findings
    assert len(found) >= 4
    assert not [text for text in sentences(found) if RAW in text]


class Quoter:
    """A model that asks regulars for more."""

    provenance: Mapping[str, Any] = {}

    def score(self, frames: Sequence[pa.Table]) -> list[npt.NDArray[np.float64]]:
        made = []
        for frame in frames:
            dear = np.array([value == "zz_regular" for value in frame["zz_history"].to_pylist()])
            made.append(frame["zz_cost"].to_numpy() * (1 + 0.05 * dear + 0.03 * (frame["zz_tenure"].to_numpy() > 5)))  # fmt: skip
        return made


def test_designed_profiles_are_called_by_the_plans_names() -> None:
    rng = np.random.default_rng(1)
    table = pa.table({
        "cost": rng.uniform(5, 9, 80), "history": rng.choice(["new", "regular"], 80),
        "tenure": rng.integers(0, 20, 80), "age": rng.integers(20, 60, 80), "still": ["same"] * 80,
    })  # fmt: skip
    columns = {"inputs": ["cost", "history", "tenure", "still"], "cost": ["cost"],
               "profile": ["history", "tenure", "age", "still"]}  # fmt: skip
    probe = {"id": "price_counterfactual", "bundles": [
        {"name": "old friends", "profile": {"history": "zz_regular"}, "against": {"history": "zz_new"}}]}  # fmt: skip
    raw = raw_table(table)
    plan = plan_of({"title": "t", "columns": columns, "probes": [probe]}, table, raw)
    found = engine.run(plan, raw, scorer=Quoter(), nonce="n" * 64).findings
    assert {f.metric for f in found} == {
        "price_gap", "price_range", "bundle_gap", "main_effect", "pair_effect", "clean_bill"
    }  # fmt: skip
    said = list(sentences(found))
    assert not [text for text in said if RAW in text]
    assert any("只把“列history”从 级new 改为 级regular" in text for text in said)
    assert any(
        "only “the history” changed from level new to level regular" in text for text in said
    )


@pytest.mark.parametrize(
    ("roles", "zh", "en"),
    [
        ({"item": "item"}, "商品相同", "the same item:"),
        ({"time": "hour"}, "时间相同", "the same moment:"),
        ({"item": "item", "time": "hour"}, "商品和时间相同", "the same item and moment:"),
    ],
)
def test_a_condition_is_named_only_where_the_plan_has_its_column(
    roles: dict[str, str], zh: str, en: str
) -> None:
    rng = np.random.default_rng(3)
    table = pa.table({
        "price": rng.lognormal(3, 0.1, 400), "group": rng.choice(["a", "b"], 400),
        "item": rng.choice(["x", "y"], 400), "hour": rng.integers(0, 4, 400),
        "who": [f"u{n}" for n in range(400)],
    })  # fmt: skip
    plan = Plan.parse({
        "title": "t", "probes": [{"id": "price_observational"}],
        "columns": {"price": "price", "sensitive": ["group"], "user": "who", **roles},
    })  # fmt: skip
    said = [f.reading for f in engine.measure(plan, table, scorer=None, nonce="n")]

    assert any(zh in reading["zh"] and en in reading["en"] for reading in said)
    if "time" not in roles:
        assert not any("moment" in reading["en"] for reading in said)


def test_an_interval_never_prints_one_number_twice() -> None:
    """Issue 7, F7a/18: "8.0% … 8.0%", of an interval that has a width."""
    assert (
        price_lines.interval(np.log1p(0.07996), np.log1p(0.08004)).en
        == " (interval 7.996% … 8.004%)"
    )
    assert (
        price_lines.interval(np.log1p(0.0797), np.log1p(0.0803)).en == " (interval 7.97% … 8.03%)"
    )
    assert price_lines.interval(np.log1p(0.06), np.log1p(0.1)).en == " (interval 6.0% … 10.0%)"


def test_the_last_bits_of_a_sum_are_no_error_to_plan_by() -> None:
    """ "A difference of about 2.4e-14% would show": nothing varied."""
    assert price_family.detectable(1e-16, 3.0, 40) is None
    assert price_family.detectable(0.01, 3.0, 40) == pytest.approx(0.0385, abs=1e-3)
