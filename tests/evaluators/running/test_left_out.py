"""Every finding tells which rows do not count, and gives no small count away by it."""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evaluators.guests import installed
from evaluators.plan import Plan
from evaluators.running import cell_query, engine, files, left_out, recompute
from evaluators.running.lacking import Cause, Lacking
from registry.findings import Finding, Verdict
from tests.evaluators import decision_data as decisions

ROWS = 600


def _table(**missing: int) -> pa.Table:
    """Rows of two groups; of each named column so many values are missing, the first ones."""
    rng = np.random.default_rng(8)
    table = pa.table({
        "race": pa.array(["a", "b"]).take(pa.array(rng.integers(0, 2, ROWS))),
        "sex": pa.array(["f", "m"]).take(pa.array(rng.integers(0, 2, ROWS))),
        "due": rng.integers(0, 2, ROWS), "granted": rng.integers(0, 2, ROWS),
        "price": rng.integers(50, 90, ROWS).astype(float), "mass": np.ones(ROWS),
    })  # fmt: skip
    for name, count in missing.items():
        gone = pa.array(np.arange(ROWS) < count)
        held = pa.compute.if_else(gone, pa.scalar(None, table[name].type), table[name])
        table = table.set_column(table.schema.get_field_index(name), name, held)
    return table


def _run(table: Any, *probes: str, shards: int = 1, **more: Any) -> engine.Outcome:
    plan = Plan.parse(decisions.plan(*probes, **more))
    return engine.run(plan, table, scorer=None, nonce="n", shards=shards)


def _one(made: engine.Outcome, probe: str = "selection_parity") -> Finding:
    return next(f for f in made.findings if f.probe == probe and f.group is not None)


def test_a_finding_says_which_rows_it_leaves_out() -> None:
    """statistics/13: 30 % of decisions empty, 40 % of the sensitive column empty: told nowhere."""
    made = _run(_table(granted=180, race=240), "selection_parity", "error_parity")

    one = _one(made)
    assert one.left_out == {
        "rows": 600, "used": 360, "least": 10,
        "without": [{"cause": "missing", "column": "granted", "rows": 180},
                    {"cause": "missing", "column": "race", "rows": 60}],
        "bounds": {"low": 0.29, "high": 3.39},
    }  # fmt: skip
    assert (one.n or 0) + (one.n_reference or 0) == 360
    assert one.reading["zh"].endswith(
        "数据共 600 行，360 行有这一项所需的内容：180 行没有决定（granted），其余的行里，60 行没有“race”。"
        "这些没有算进去的行，无论原本会怎样，这个比值都在 0.29 至 3.39 之间（最坏情形的界限）。"
    )
    assert one.reading["en"].endswith(
        "Of 600 rows 360 have what this needs: 180 have no decision (granted); of the rest 60 lack 'race'. "
        "Whatever these rows would have shown, the ratio lies between 0.29 and 3.39 (worst-case bounds)."
    )
    assert made.left_out["without"] == one.left_out["without"]
    assert made.left_out["rows"] == 600


def test_where_nothing_is_left_out_nothing_is_said() -> None:
    """statistics/13: short, and only where there is something to tell."""
    made = _run(_table(), "selection_parity")
    assert _one(made).left_out == {}
    assert "600" not in _one(made).reading["en"]
    assert made.left_out == {"rows": 600, "without": [], "least": 10}


def _all_ways(table: pa.Table, tmp_path: Path) -> Iterator[Any]:
    path = tmp_path / "rows.parquet"
    pq.write_table(table, path)
    yield from (table, table.take(pa.array(np.arange(ROWS)[::-1])), table.to_batches(70))
    yield files.open_source(path)


@pytest.mark.parametrize(
    "more", [{}, {"columns": {"unit": "price"}}, {"columns": {"weight": "mass"}}]
)
def test_the_tally_depends_neither_on_shards_nor_on_order(
    tmp_path: Path, more: dict[str, Any]
) -> None:
    """statistics/13: mergeable, and exact in every reading of the rows."""
    table = _table(granted=180, race=240, due=15)
    made = [
        _run(way, "selection_parity", "error_parity", shards=shards, **more)
        for way in _all_ways(table, tmp_path)
        for shards in (1, 2, 7)
    ]
    assert len({each.findings_digest for each in made}) == 1
    assert all(each.left_out == made[0].left_out for each in made)
    told = made[0].left_out["without"]
    assert [each["rows"] for each in told] == [180, 0, 60]  # no due: all have no decision either


def test_duckdb_counts_the_same(tmp_path: Path) -> None:
    """statistics/13: the same rule by every reader."""
    pytest.importorskip("duckdb")
    table = _table(granted=180, race=240, due=15)
    pq.write_table(table, tmp_path / "rows.parquet")
    plan = Plan.parse(decisions.plan("selection_parity", "error_parity"))

    made = cell_query.run(plan, tmp_path / "rows.parquet", nonce="n")

    streamed = engine.run(plan, table, scorer=None, nonce="n")
    assert made.left_out == streamed.left_out
    assert made.findings_digest == streamed.findings_digest


def test_prices_that_are_none_are_told_apart() -> None:
    """statistics/13: prices at or below 0 stood in a JSON detail only."""
    table = _table(price=20)
    zero = pa.array(np.arange(ROWS) >= ROWS - 30)
    price = pa.compute.if_else(zero, 0.0, table["price"])
    table = table.set_column(table.schema.get_field_index("price"), "price", price)
    roles = {"sensitive": ["sex"], "price": "price", "target": None, "prediction": None}
    made = _run(table, "price_observational", columns={**roles, "favourable": None})

    told = [f for f in made.findings if f.slice]
    assert told
    assert (
        "20 lack 'price'; of the rest 30 have a 'price' that is not above 0"
        in told[0].reading["en"]
    )
    assert told[0].left_out["used"] == 550


def test_weights_of_nothing_words_between_and_answers_that_failed_are_told_apart() -> None:
    """statistics/13: every way in which a row drops out of the numbers."""
    table = _table()
    mass = pa.array((np.arange(ROWS) >= 40).astype(float))
    table = table.set_column(table.schema.get_field_index("mass"), "mass", mass)
    words = pa.array(
        np.where(np.arange(ROWS) % 3 == 2, "pending", np.where(np.arange(ROWS) % 3, "no", "yes"))
    )
    table = table.append_column("said", words)
    roles = {"prediction": "said", "favourable": "yes", "target": None, "weight": "mass"}

    made = _run(table, "selection_parity", columns={**roles, "unfavourable": ["no"]})

    causes = {(e["cause"], e["column"]): e["rows"] for e in made.left_out["without"]}
    assert causes == {("neither", "said"): 200, ("zero", "mass"): 27}  # 13 lack both
    assert "200 have a 'said' listed neither as favourable" in _one(made).reading["en"]

    model = decisions.Reading(
        lambda frame: np.where(decisions.column(frame, "price") < 60, np.nan, 1)
    )
    content = decisions.plan(
        "selection_parity", columns={"prediction": None, "inputs": ["price"], "cut": 0.5}
    )
    asked = engine.run(Plan.parse(content), table, scorer=model, nonce="n")
    silent = sum(value < 60 for value in table["price"].to_pylist())
    (one,) = asked.sealed_evidence["findings"]
    assert asked.left_out["without"] == [{"cause": "no_answer", "column": "", "rows": silent}]
    assert f"{silent} got no answer from the model" in one["reading"]["en"]


@pytest.mark.parametrize("probe", ["performance", "error_parity"])
def test_an_outcome_that_is_neither_word_is_told_by_every_probe_that_asks_who_was_right(
    probe: str,
) -> None:
    """3,915 rows “had what this needs” where 204 of them were pending and not looked at."""
    words = np.where(
        np.arange(ROWS) % 3 == 2, "pending", np.where(np.arange(ROWS) % 3, "no", "yes")
    )
    table = (
        _table()
        .append_column("human", pa.array(words))
        .append_column("risk", pa.array(np.arange(ROWS) / ROWS))
    )
    roles = {"target": "human", "favourable": "yes", "unfavourable": ["no"], "prediction": None,
             "score": "risk", "cut": 0.5, "score_favourable": 1}  # fmt: skip

    made = _run(table, probe, columns=roles)

    found = [f for f in made.findings if f.probe == probe and f.left_out]
    assert found
    for one in found:
        assert {e["column"]: e["rows"] for e in one.left_out["without"]} == {"human": 200}
        assert one.left_out["used"] == 400
        assert "200 have a 'human' listed neither as favourable" in one.reading["en"]


def test_a_count_under_the_least_is_no_number() -> None:
    """statistics/13: a small count must not become a leak, nor the number it is taken from."""
    gone = pa.array(np.arange(ROWS) >= ROWS - 7)
    table = _table(granted=180)
    race = pa.compute.if_else(gone, pa.scalar(None, pa.string()), table["race"])
    table = table.set_column(table.schema.get_field_index("race"), "race", race)
    made = _run(table, "selection_parity")

    one = _one(made)
    assert (one.n or 0) + (one.n_reference or 0) == 413
    assert [each["rows"] for each in one.left_out["without"]] == [None, None]
    assert one.left_out["rows"] == 600
    assert one.left_out["used"] == 413  # the sum of its two groups
    assert made.left_out["without"] == one.left_out["without"]
    assert one.reading["en"].endswith(
        "Of 600 rows 413 have what this needs: some (how many is not published) have no decision "
        "(granted); of the rest some (how many is not published) lack 'race'. How far these rows could "
        "move the ratio was worked out and is not published."
    )
    assert "其余的行里，若干行（行数不公开）没有“race”" in one.reading["zh"]
    (full,) = [f for f in made.evidence.full if f.group is not None]
    assert [each["rows"] for each in full.left_out["without"]] == [180, 7]


@settings(max_examples=200, deadline=None)
@given(
    sets=st.dictionaries(st.frozensets(st.sampled_from("abcd"), min_size=1), st.integers(1, 50)),
    asked=st.permutations("abcd").flatmap(lambda p: st.integers(1, 4).map(lambda n: p[:n])),
    rest=st.integers(0, 500),
)
def test_the_parts_add_up_to_what_is_left_out(
    sets: dict[frozenset[str], int], asked: list[str], rest: int
) -> None:
    """A row that lacks two things is told once: by the first for which it does not count."""
    named = {frozenset(Cause("missing", n) for n in names): k for names, k in sets.items()}
    watched = tuple(Cause("missing", name) for name in "abcd")
    lacking = Lacking(sum(sets.values()) + rest, Counter(named), watched)
    told = left_out.content(lacking, [Cause("missing", name) for name in asked])
    gone = sum(count for names, count in sets.items() if names & set(asked))
    if not told:
        assert gone == 0
        return
    assert sum(each["rows"] for each in told["without"]) == told["rows"] - told["used"] == gone


def test_groups_not_compared_are_counted_and_a_withheld_finding_says_nothing() -> None:
    """statistics/13: numbers that are suppressed stay suppressed."""
    cells = {("a", 1, 1): 200, ("a", 1, 0): 200, ("b", 1, 1): 150, ("b", 1, 0): 150,
             ("c", 1, 1): 12, ("c", 1, 0): 12, ("d", 1, 1): 3, ("d", 1, 0): 9}  # fmt: skip
    table = pa.concat_tables([
        decisions.counted(cells),
        pa.table({"race": pa.array([None] * 40, pa.string()), "due": [1] * 40, "granted": [1] * 40}),
    ])  # fmt: skip
    found = {f.group: f for f in _run(table, "selection_parity").findings}

    assert found["b"].left_out["not_compared"] == 2
    assert found["b"].reading["en"].endswith("2 more groups were not compared.")
    assert found["d"].suppressed
    assert found["d"].left_out == {}
    assert "40" not in found["d"].reading["en"]


def test_verify_sees_a_finding_that_hides_what_it_leaves_out() -> None:
    """statistics/13: what a finding leaves out is held against the report as a whole."""
    content = Plan.parse(decisions.plan("selection_parity"))
    made = engine.run(content, _table(granted=180), scorer=None, nonce="n")
    predicate = {
        "plan": {"digest": content.digest, "content": content.as_json()}, "nonce": "n",
        "rows_read": dict(made.left_out),
        "findings": [finding.as_json() for finding in made.findings],
        "evidence": {"public": {"content": made.public_evidence}},
    }  # fmt: skip
    assert recompute.recompute(predicate).mismatched == ()
    findings: Any = predicate["findings"]
    own = findings[0]["left_out"]
    own["without"][0]["rows"], own["used"] = 18, 582
    wrong = {each["number"] for each in recompute.recompute(predicate).mismatched}
    assert wrong == {"left_out missing granted", "left_out used"}


def _blanked(table: pa.Table, name: str) -> pa.Table:
    gone = pa.array(np.random.default_rng(4).random(table.num_rows) < 0.2)
    at = table.schema.get_field_index(name)
    held = pa.compute.if_else(gone, pa.scalar(None, table[name].type), table[name])
    return table.set_column(at, name, held)


@pytest.mark.parametrize("name", installed.names())
def test_no_probe_counts_more_rows_than_it_says_are_left(name: str) -> None:
    """statistics/13: through every probe, each column it reads blanked in turn."""
    probe = installed.probe_class(name)
    case = next(iter(probe.nulls().values()))(np.random.default_rng(11))
    plan = Plan.parse(case.plan)
    columns = plan.columns
    read = [n for role in (*probe.spec.roles, "prediction", "score") for n in columns.listed(role)
            if role not in {"inputs", "weight"} and n in case.table.schema.names]  # fmt: skip
    for column in dict.fromkeys(read):
        made = engine.run(plan, _blanked(case.table, column), scorer=case.scorer, nonce="n")
        told = {each["column"] for each in made.left_out["without"]}
        assert column in told
        for one in made.findings:
            used, reference = one.left_out.get("used"), one.reference_group not in {None, "*"}
            if used is not None and not columns.unit and not one.suppressed:
                counted = [one.n or 0, one.n_reference or 0]
                assert (sum if reference else max)(counted) <= used, (column, one.metric)
            about = column in one.slice and name not in {"subgroup_search", "counterfactual_flip"}
            if one.verdict is not Verdict.NOT_EVALUABLE and about and not one.suppressed:
                assert one.left_out, (column, one.metric)
