"""What the criteria count, against records in which the sentence would be false otherwise."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

from filing.concerns import Appeal
from filing.recommended.criteria import Measured, Published, measured
from registry import legal_day
from registry.database import now

DIGEST = "d" * 64


def published(*sentences: dict[str, Any], answers: tuple[dict[str, Any], ...] = ()) -> Published:
    content = {
        "answers": answers,
        "reports": [],
        "model": {"sha256": DIGEST},
        "explanation": {"model_digest": DIGEST},
    }
    lead = [{"zh": "句", "limit": {}, "evidence": each} for each in sentences]
    return Published(content, {"questions": [{"lead": lead, "detail": []}]}, (), now(), 365)


def test_a_column_that_the_filer_marks_and_a_setting_add_no_tested_sentence() -> None:
    counted, stated = {"n": 400, "changed": 3}, {"declared": True}
    plain = measured(published(counted, stated))["explanation"]
    assert plain == Measured(1, 2)
    marked = published(counted, stated, {"n": 17}, {"k": 6}, {"input": False}, {"least": 10})
    assert measured(marked)["explanation"] == Measured(1, 6)


def test_what_the_rules_keep_from_the_public_and_does_not_apply_is_in_neither_number() -> None:
    row = {"key": "A1"}
    told: tuple[dict[str, Any], ...] = (
        {"value": 1},
        {"withheld": {}},
        {"restricted": True},
        {"not_applicable": "x"},
    )
    rows = tuple(row | each for each in told)
    assert measured(published(answers=rows))["openness"] == Measured(1, 2)


def test_an_appeal_within_its_days_is_in_neither_number() -> None:
    """Anybody can send one without an account: until its day is over it says nothing of the filer."""
    today = legal_day.today()
    past, coming = today - timedelta(days=1), today + timedelta(days=1)
    noon = legal_day.begins(today) + timedelta(hours=12)

    def of(*appeals: Appeal) -> Measured | None:
        return measured(replace(published(), appeals=appeals, at=noon))["appeals"]

    in_time, late = Appeal(coming, noon), Appeal(past, noon)
    overdue, running = Appeal(past, None), Appeal(coming, None)
    assert of() is None
    assert of(running, running, Appeal(today, None), Appeal(None, None)) is None
    assert of(in_time, running, running) == Measured(1, 1)
    assert of(in_time, late, overdue, running) == Measured(1, 3)
    assert of(Appeal(None, noon)) == Measured(1, 1)
