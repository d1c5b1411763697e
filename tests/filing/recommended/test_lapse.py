"""An entry ends by itself, to the second, and what ended stays ended."""

from datetime import UTC, date, datetime, timedelta

import pytest

from filing.recommended.lapse import End, Since, Terms, Why, end
from registry import legal_day

DECIDED = datetime(2026, 11, 29, 4, tzinfo=UTC)
TERMS = Terms(
    decided=DECIDED,
    model_digest="a",
    evaluated=datetime(2026, 11, 1, 23, tzinfo=UTC),  # in China it is the second
    licence_until=None,
    until=date(2028, 1, 1),
)
STANDS = Since(None, [(DECIDED - timedelta(days=1), "a")])


def test_an_evaluation_ends_an_entry_as_the_legal_day_begins() -> None:
    found = end(TERMS, STANDS, days=365)
    assert found == End(legal_day.begins(date(2027, 11, 2)), Why.EVALUATION)
    assert found.at == datetime(2027, 11, 1, 16, tzinfo=UTC)


@pytest.mark.parametrize(
    ("terms", "why", "at"),
    [
        ({"licence_until": date(2026, 12, 31)}, Why.LICENCE, date(2027, 1, 1)),
        ({"until": date(2026, 12, 31)}, Why.TERM, date(2027, 1, 1)),
        (
            {"until": date(2026, 12, 31), "licence_until": date(2026, 12, 30)},
            Why.LICENCE,
            date(2026, 12, 31),
        ),
    ],
)
def test_a_last_day_is_whole(terms: dict[str, date], why: Why, at: date) -> None:
    from dataclasses import replace

    assert end(replace(TERMS, **terms), STANDS, days=365) == End(legal_day.begins(at), why)  # type: ignore[arg-type]


def test_a_filing_that_ended_ends_it_at_that_moment() -> None:
    moment = DECIDED + timedelta(seconds=1)
    assert end(TERMS, Since(moment, STANDS.editions), days=365) == End(moment, Why.FILING)


def test_another_version_ends_it_for_good_and_another_edition_of_the_same_does_not() -> None:
    same, other, back = (DECIDED + timedelta(days=each) for each in (1, 2, 3))
    editions = [*STANDS.editions, (same, "a")]
    assert end(TERMS, Since(None, editions), days=365).why is Why.EVALUATION
    editions += [(other, "b"), (back, "a")]
    assert end(TERMS, Since(None, editions), days=365) == End(other, Why.VERSION)


def test_a_report_that_was_withdrawn_ends_it_at_that_moment() -> None:
    moment = DECIDED + timedelta(days=5)
    assert end(TERMS, Since(None, STANDS.editions, moment), days=365) == End(moment, Why.WITHDRAWN)
