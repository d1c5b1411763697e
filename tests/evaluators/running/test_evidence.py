"""What is published gives no small cell away, and what is sealed is all there."""

import json

import pyarrow as pa
import pytest
from scipy.optimize import linprog

from evaluators.plan import Plan
from evaluators.probe import Table
from evaluators.running import engine, recompute
from evaluators.running.disclosure import suppress
from registry import attestation
from registry.findings import Verdict
from tests.evaluators.decision_data import counted, plan

# Group c has 35 people, 4 of them favoured: evaluable, but not publishable.
CELLS = {
    ("a", 1, 1): 200, ("a", 1, 0): 60, ("a", 0, 1): 40, ("a", 0, 0): 100,
    ("b", 1, 1): 150, ("b", 1, 0): 50, ("b", 0, 1): 30, ("b", 0, 0): 70,
    ("c", 1, 1): 4, ("c", 1, 0): 16, ("c", 0, 0): 15,
}  # fmt: skip


def _made(cells: dict[tuple[str, int, int], int] = CELLS) -> tuple[Plan, engine.Outcome]:
    content = Plan.parse(plan("selection_parity", "error_parity"))
    return content, engine.run(content, counted(cells), scorer=None, nonce="n")


def _predicate(content: Plan, made: engine.Outcome) -> dict[str, object]:
    return {
        "plan": {"digest": content.digest, "content": content.as_json()}, "nonce": "n",
        "findings": [finding.as_json() for finding in made.findings],
        "evidence": {"public": {"content": made.public_evidence}},
    }  # fmt: skip


def test_a_suppressed_group_keeps_its_verdict_and_loses_its_numbers() -> None:
    _, made = _made()
    (found,) = [f for f in made.findings if f.probe == "selection_parity" and f.group == "c"]
    assert found.suppressed
    assert found.verdict is Verdict.DISPARITY
    assert (found.n, found.estimate, found.effect["value"], found.ci) == (None, None, None, None)
    assert "4" not in found.reading["en"].replace("10", "")
    (sealed,) = [
        f for f in made.sealed_evidence["findings"]
        if f["probe"] == "selection_parity" and f["slice"] == {"race": "c"}
    ]  # fmt: skip
    assert sealed["estimate"] == pytest.approx(4 / 35)


def test_no_published_table_has_a_cell_under_ten() -> None:
    _, made = _made()
    for tables in made.public_evidence["tables"].values():
        for table in tables:
            assert all(min(c) >= 10 for _, c in table["rows"] if c is not None)


def test_a_suppressed_row_is_not_alone_so_that_subtraction_fails() -> None:
    _, made = _made()
    (table,) = made.public_evidence["tables"]["selection_parity"]
    hidden = [key for key, counts in table["rows"] if counts is None]
    assert ["c"] in hidden
    assert len(hidden) >= 2


def test_an_attacker_with_all_tables_and_totals_cannot_pin_a_small_cell() -> None:
    table = Table("t", ("g",), ("tp", "fp", "fn", "tn"), (
        (("a",), (100, 90, 80, 70)), (("b",), (60, 50, 40, 30)), (("c",), (20, 3, 20, 20)),
    ))  # fmt: skip
    other = Table("s", ("g",), ("favoured", "refused"), (
        (("a",), (190, 150)), (("b",), (110, 70)), (("c",), (23, 40)),
    ))  # fmt: skip
    shown, also = suppress([table, other], 10)
    open_rows = {key[0]: counts for key, counts in shown.rows if counts is not None}
    unknown = [g for g in "abc" if g not in open_rows]
    assert "c" in unknown
    # Unknown fp of every hidden group and tp beside it; totals and the other table are known.
    total = 90 + 50 + 3 - sum(counts[1] for counts in open_rows.values())
    both = dict(also.rows)
    places = {g: i for i, g in enumerate(unknown)}
    equations, values = [[1.0] * len(unknown)], [float(total)]
    favoured = {g: both[(g,)] for g in unknown}
    bounds = [(0, None if (most := favoured[g]) is None else most[0]) for g in unknown]
    target = [1.0 if places[g] == places["c"] else 0.0 for g in unknown]
    low = linprog(target, A_eq=equations, b_eq=values, bounds=bounds).fun
    high = -linprog([-t for t in target], A_eq=equations, b_eq=values, bounds=bounds).fun
    assert high - low >= 10


def test_the_crossings_of_groups_are_withheld_before_the_groups() -> None:
    def table(
        name: str, keys: tuple[str, ...], rows: dict[tuple[str, ...], tuple[int, int]]
    ) -> Table:
        return Table(name, keys, ("favoured", "refused"), tuple(rows.items()))

    race = table("s", ("race",), {("x",): (106, 29), ("y",): (742, 92)})
    sex = table("s", ("sex",), {("0",): (162, 24), ("1",): (686, 97)})
    both = table("s", ("race", "sex"), {
        ("x", "0"): (29, 8), ("x", "1"): (77, 21), ("y", "0"): (133, 16), ("y", "1"): (609, 76),
    })  # fmt: skip
    shown = suppress([race, sex, both], 10)
    assert shown[:2] == [race, sex]
    assert all(counts is None for _, counts in shown[2].rows)


def test_model_answers_are_not_people_and_stay() -> None:
    table = Table("t", ("changed",), ("different", "dearer"), ((("x",), (3, 0)),), "answers")
    assert suppress([table], 10) == [table]


def test_commitments_open_with_the_sealed_salt() -> None:
    _, made = _made()
    sealed, public = made.sealed_evidence, made.public_evidence
    for name, state in sealed["states"].items():
        assert public["commitments"][name] == attestation.digest([sealed["salt"], state])
    assert sealed["salt"] not in json.dumps(public)


def test_published_findings_are_recomputed_and_the_rest_named() -> None:
    content, made = _made()
    found = recompute.recompute(_predicate(content, made))
    assert not found.mismatched
    assert len(found.recomputed) + len(found.signature_only) == len(made.findings)
    assert all("race=c" not in entry["finding"] for entry in found.recomputed)
    assert any("race=c" in entry["finding"] for entry in found.signature_only)


def test_without_small_cells_everything_is_recomputed() -> None:
    big = {key: 10 * count for key, count in CELLS.items()} | {("c", 0, 1): 40}
    content, made = _made(big)
    found = recompute.recompute(_predicate(content, made))
    assert (found.mismatched, found.signature_only) == ((), ())
    assert "verdict" in found.recomputed[0]["numbers"]


def test_an_altered_number_is_found() -> None:
    content, made = _made({key: 10 * count for key, count in CELLS.items()} | {("c", 0, 1): 40})
    predicate = _predicate(content, made)
    findings = [dict(finding.as_json()) for finding in made.findings]
    changed = next(f for f in findings if not f["suppressed"] and f["estimate"] is not None)
    changed["estimate"] += 0.01
    found = recompute.recompute({**predicate, "findings": findings})
    assert [entry["number"] for entry in found.mismatched] == ["estimate"]


def test_a_statement_without_evidence_is_said_to_be_unfit() -> None:
    with pytest.raises(recompute.StatementUnfit):
        recompute.recompute({"findings": []})


def test_no_row_of_the_data_is_in_the_public_evidence() -> None:
    table = counted(CELLS)
    secret = pa.array([f"person-{i}" for i in range(table.num_rows)])
    content = Plan.parse(plan("selection_parity", columns={"unit": "who"}))
    made = engine.run(content, table.append_column("who", secret), scorer=None, nonce="n")
    assert "person-" not in json.dumps(made.public_evidence)
