"""Two reports beside each other: better, worse, and nothing claimed that the intervals do not bear."""

from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from evaluators.plan import Plan
from evaluators.running import comparison, engine, repetition
from evaluators.running.comparison import Change, Compared

NONCE = "2" * 64
PLAN = {
    "title": "t",
    "columns": {"sensitive": ["g"], "prediction": "p", "target": "y", "favourable": 1},
    "reference": {"g": "a"},
    "names": {"g": {"plain": {"zh": "地区", "en": "area"},
                    "levels": {"b": {"zh": "乙地", "en": "area B"}}}},
    "probes": [{"id": "selection_parity"}],
}  # fmt: skip


def statement(granted: dict[str, tuple[int, int]], **changed: Any) -> dict[str, Any]:
    """A report on groups with so many people and so many granted."""
    rows = [(g, int(k < yes)) for g, (people, yes) in granted.items() for k in range(people)]
    table = pa.table({"g": [g for g, _ in rows], "p": [p for _, p in rows], "y": [1] * len(rows)})
    plan = Plan.parse({**PLAN, **changed})
    outcome = engine.run(plan, table, scorer=None, nonce=NONCE)
    return {
        "subject": [{"name": "m", "digest": {"sha256": "0" * 64}}],
        "predicate": {
            "plan": {"digest": plan.digest, "content": plan.as_json()},
            "data": {"digest": str(sorted(granted.items()))},
            "nonce": NONCE,
            "probes": [dict(each) for each in outcome.probes],
            "findings": [each.as_json() for each in outcome.findings],
            "findings_digest": outcome.findings_digest,
        },
    }


def changed(first: dict[str, Any], second: dict[str, Any]) -> Compared:
    (found,) = comparison.compare(first, second).compared
    return found


WIDE = {"a": (4000, 3000), "b": (4000, 1800)}
NARROW = {"a": (4000, 3000), "b": (4000, 2800)}
REVERSED = {"a": (4000, 1900), "b": (4000, 3000)}


def test_a_gap_that_narrows_is_better_and_the_way_back_is_worse() -> None:
    forth, back = changed(statement(WIDE), statement(NARROW)), changed(
        statement(NARROW), statement(WIDE)
    )  # fmt: skip
    assert (forth.change, back.change) == (Change.BETTER, Change.WORSE)
    assert forth.size == pytest.approx(np.log(0.6 / (2800 / 3000)))
    assert forth.size == pytest.approx(-float(back.size or 0))
    assert forth.high is not None
    assert forth.high < 0
    assert "乙地" in forth.reading.zh
    assert "更近了" in forth.reading.zh
    assert "area B" in forth.reading.en


def test_the_same_report_twice_shows_no_change() -> None:
    found = comparison.compare(statement(WIDE), statement(WIDE))
    assert found.counts == {"unchanged": 1}
    assert all(found.same.values())
    assert found.compared[0].size == 0


def test_few_people_bear_no_claim() -> None:
    found = changed(
        statement({"a": (60, 45), "b": (60, 30)}), statement({"a": (60, 45), "b": (60, 36)})
    )
    assert found.change is Change.UNCHANGED
    assert found.low is not None
    assert found.high is not None
    assert found.low < 0 < found.high
    assert "看不出变化" in found.reading.zh


def test_a_disparity_turned_round_is_judged_by_its_size() -> None:
    assert changed(statement(NARROW), statement(REVERSED)).change is Change.WORSE
    assert changed(statement(REVERSED), statement(NARROW)).change is Change.BETTER


def test_findings_of_one_report_only_are_listed() -> None:
    more = statement({**WIDE, "c": (4000, 2000)})
    found = comparison.compare(statement(WIDE), more)
    assert found.counts == {"unchanged": 1, "only_second": 1}
    assert comparison.compare(more, statement(WIDE)).counts["only_first"] == 1
    assert all(each["reading"]["en"] for each in found.as_json()["findings"])


@pytest.mark.parametrize(
    ("part", "value", "why"),
    [
        ("suppressed", True, "withheld"),
        ("version", "9.0.0", "version differs"),
        ("effect", {"kind": "difference", "value": 0.1}, "another kind"),
        ("effect", {"kind": "ratio", "value": None}, "no number"),
        ("effect", {"kind": "ratio", "value": 0.0}, "no number"),
        ("ci", None, "no interval"),
    ],
)
def test_what_cannot_be_compared_says_why(part: str, value: Any, why: str) -> None:
    second = statement(WIDE)
    second["predicate"]["findings"][0][part] = value
    found = changed(statement(WIDE), second)
    assert found.change is Change.NOT_COMPARABLE
    assert why in found.reading.en


def test_exact_facts_about_the_same_rows_are_compared_as_facts() -> None:
    first, second = statement(WIDE), statement(WIDE)
    for side, value in ((first, 0.02), (second, 0.01)):
        finding = side["predicate"]["findings"][0]
        finding["ci"], finding["effect"] = None, {"kind": "share", "value": value}
    found = changed(first, second)
    assert (found.change, found.low, found.p_value) == (Change.BETTER, None, None)


def test_an_open_interval_bears_no_claim_on_its_side() -> None:
    first = statement(WIDE)
    first["predicate"]["findings"][0]["ci"]["high"] = None
    found = changed(first, statement(NARROW))
    assert found.change is Change.UNCHANGED
    assert found.low is None
    assert found.as_json()["size"]["low"] is None


@pytest.mark.parametrize("rate", [0.9, 0.6, 0.3])
def test_without_a_change_fewer_than_one_in_twenty_is_called_one(rate: float) -> None:
    rng, called, tries = np.random.default_rng(5), 0, 600
    for _ in range(tries):
        pair = []
        for _side in range(2):
            a, b = rng.binomial(400, 0.5, 2) if rate == 0.9 else (
                rng.binomial(400, 0.6), rng.binomial(400, 0.6 * rate / 0.9)
            )  # fmt: skip
            ratio = (b / 400) / (a / 400)
            error = np.sqrt(1 / b - 1 / 400 + 1 / a - 1 / 400)
            ends = np.exp(np.log(ratio) + np.array([-1.96, 1.96]) * error)
            pair.append(_finding(ratio, *ends))
        called += comparison._judged([comparison._pair(*pair, same_rows=False)])[0].change in (
            Change.BETTER, Change.WORSE
        )  # fmt: skip
    assert called / tries < 0.05 + 3 * np.sqrt(0.05 * 0.95 / tries)


def _finding(ratio: float, low: float, high: float) -> dict[str, Any]:
    return {
        "probe": "p", "version": "1", "metric": "m", "slice": {}, "group": "b", "suppressed": False,
        "reference_group": "a", "effect": {"kind": "ratio", "value": ratio}, "verdict": "difference",
        "ci": {"low": low, "high": high, "level": 0.95},
    }  # fmt: skip


def test_a_repetition_agrees_to_the_last_digit() -> None:
    one = statement(WIDE)["predicate"]
    found = repetition.repeated(one, statement(WIDE)["predicate"])
    assert found.holds
    assert found.same_digest
    assert "逐位相同" in found.said.zh


def test_a_repetition_names_every_number_that_differs() -> None:
    one, two = statement(WIDE)["predicate"], statement(NARROW)["predicate"]
    found = repetition.repeated(one, two)
    assert not found.holds
    numbers = {each.number for each in found.deviations}
    assert {"estimate", "effect.value"} <= numbers
    assert "reference_estimate" not in numbers
    missing = repetition.repeated(one, {**two, "findings": []})
    assert [each.number for each in missing.deviations] == ["finding"]


def test_numbers_of_random_draws_may_move() -> None:
    one, two = statement(WIDE)["predicate"], statement(WIDE)["predicate"]
    two["findings"][0]["p_adjusted"] = 0.5
    two["findings_digest"] = "other"
    found = repetition.repeated(one, two)
    assert found.holds
    assert (found.same_digest, found.moved) == (False, 1)
    assert found.as_json()["said"]["en"].startswith("1 findings")
