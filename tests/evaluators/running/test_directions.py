"""Of few people nobody is told which way their answers turn, or by how much."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from evaluators.plan import Plan
from evaluators.running import engine
from tests.evaluators.decision_data import Reading, column

ROWS = 400


def run(probe: str, table: pa.Table, model: Reading, **columns: Any) -> engine.Outcome:
    """A run of one probe."""
    plan = {"title": "t", "probes": [{"id": probe}],
            "columns": {"cut": 0.5, "favourable": 1, **columns}}  # fmt: skip
    return engine.run(Plan.parse(plan), table, scorer=model, nonce="n")


def published(
    probe: str, table: pa.Table, model: Reading, **columns: Any
) -> Mapping[str, Mapping[str, Any]]:
    """Metric → details, as published."""
    made = run(probe, table, model, **columns)
    assert [f.details for f in made.evidence.full if f.probe == probe]
    return {str(dict(f.slice)): f.details for f in made.findings}


def _flips(up: int, of_b: int) -> Mapping[str, Any]:
    """So many rows of b fare better as a; all of a but 50 fare the same as b."""
    race = np.array(["a"] * (ROWS - of_b) + ["b"] * of_b)
    at = np.arange(ROWS)
    x = np.where(race == "a", (at < 50) * 1.0, (at >= ROWS - up) * 1.0)
    table = pa.table({"x": x, "race": race})

    def answer(frame: Any) -> Any:
        return 0.4 + 0.2 * frame["x"].to_numpy() * (column(frame, "race") == "a")

    found = published("counterfactual_flip", table, Reading(answer), inputs=["x", "race"],
                      sensitive=["race"])  # fmt: skip
    return found["{'race': '*'}"]


@pytest.mark.parametrize(("up", "told"), [(3, None), (12, 12), (0, 0)])
def test_how_many_few_would_fare_better_is_not_told(up: int, told: int | None) -> None:
    details = _flips(up, of_b=100)
    assert details["to_favourable"] == told
    assert details["to_unfavourable"] == (None if told is None else 50)
    assert details["changed"] == 50 + up  # of the model: so many altered rows, whoever they are


def test_what_few_rows_gain_on_average_is_not_told() -> None:
    details = _flips(0, of_b=4)
    assert details["mean_shift"]["b→a"] is None
    assert "b→a" in details["mean_shift"]


def test_what_many_rows_gain_is() -> None:
    details = _flips(12, of_b=100)
    assert details["mean_shift"] == {
        "a→b": pytest.approx(-0.2 * 50 / 300), "b→a": pytest.approx(0.2 * 12 / 100)}  # fmt: skip


TEXTS = [f"他有稳定收入，编号 {i}" for i in range(80)] + [
    f"她有稳定收入，编号 {i}" for i in range(4)
]
MEN = Reading(lambda f: [0.9 if "他" in text else 0.4 for text in column(f, "text")])


def test_three_texts_of_women_do_not_tell_what_they_gain() -> None:
    found = published("text_swap", pa.table({"text": TEXTS}), MEN, inputs=["text"])
    details = found["{'words': 'gender'}"]
    assert details["mean_shift"] == {"male→female": pytest.approx(-0.5), "female→male": None}
    assert (details["to_favourable"], details["to_unfavourable"]) == (None, None)


def test_many_texts_of_few_people_do_not_either() -> None:
    texts = TEXTS[:80] + [f"她有稳定收入，编号 {i}" for i in range(80)]
    table = pa.table({"text": texts, "who": [*range(80), *(80 + i % 4 for i in range(80))]})
    found = published("text_swap", table, MEN, inputs=["text"], unit="who")
    assert not any(found["{'words': 'gender'}"].get("mean_shift", {}).values())


def test_many_rows_of_few_people_of_a_level_do_not_tell_what_they_gain() -> None:
    race = ["a"] * 200 + ["b"] * 200
    who = [*range(200), *(200 + i % 4 for i in range(200))]
    table = pa.table({"x": np.arange(400) % 2 * 1.0, "race": race, "who": who})

    def answer(frame: Any) -> Any:
        return 0.4 + 0.2 * frame["x"].to_numpy() * (column(frame, "race") == "a")

    found = published("counterfactual_flip", table, Reading(answer), inputs=["x", "race"],
                      sensitive=["race"], unit="who")  # fmt: skip
    assert not any(found["{'race': '*'}"].get("mean_shift", {}).values())


def _texts(men: int, women: int, others: int) -> pa.Table:
    words = [*["他"] * men, *["她"] * women, *["其人"] * others]
    return pa.table({"text": [f"{who}有稳定收入，编号 {at}" for at, who in enumerate(words)]})


@pytest.mark.parametrize(
    ("texts", "told"),
    [
        (_texts(3, 1, 80), None),  # four people's texts hold such words
        (_texts(80, 0, 4), None),  # four people's texts hold none
        (_texts(40, 20, 25), 60),
        (_texts(60, 20, 0), 80),
    ],
)
def test_how_few_texts_hold_a_word_stands_in_no_table(texts: pa.Table, told: int | None) -> None:
    made = run("text_swap", texts, MEN, inputs=["text"])
    (about,) = [f for f in made.findings if f.slice["words"] == "gender"]
    assert about.n == told
    (table,) = made.public_evidence["tables"]["text_swap"]
    (row,) = [counts for key, counts in table["rows"] if key == ["gender"]]
    assert (row and row[0]) == told
    sealed = made.sealed_evidence["tables"]["text_swap"][0]["rows"]
    assert sealed[0][1] is not None


def test_answers_of_few_in_one_list_do_not_follow_from_another() -> None:
    """Of 80 texts four hold a region: neither the finding nor its row counts them."""
    words = ["他在上海" if at < 4 else "他" for at in range(80)]
    table = pa.table({"text": [f"{who}有稳定收入，编号 {at}" for at, who in enumerate(words)]})
    made = run("text_swap", table, MEN, inputs=["text"])
    (shown,) = made.public_evidence["tables"]["text_swap"]
    rows = {key[0]: counts for key, counts in shown["rows"]}
    assert rows["regions"] is None
    assert rows["gender"] is not None
