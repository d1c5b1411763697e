"""filing/S12: one legal day, in China time."""

from datetime import UTC, date, datetime, timedelta, timezone

import pytest

from registry import legal_day

BEFORE_MIDNIGHT = datetime(2026, 11, 28, 15, 59, 59, 999999, tzinfo=UTC)  # 23:59 in China
MIDNIGHT = datetime(2026, 11, 28, 16, tzinfo=UTC)
EIGHT = datetime(2026, 11, 29, 0, tzinfo=UTC)  # UTC's own day begins at 08:00 in China


@pytest.mark.parametrize(
    ("moment", "day"),
    [
        (BEFORE_MIDNIGHT, date(2026, 11, 28)),
        (MIDNIGHT, date(2026, 11, 29)),
        (EIGHT - timedelta(microseconds=1), date(2026, 11, 29)),
        (EIGHT, date(2026, 11, 29)),
        (datetime(2026, 12, 31, 15, 59, tzinfo=UTC), date(2026, 12, 31)),
        (datetime(2026, 12, 31, 16, 0, tzinfo=UTC), date(2027, 1, 1)),
        (datetime(2028, 2, 28, 16, 0, tzinfo=UTC), date(2028, 2, 29)),
    ],
)
def test_a_day_begins_at_midnight_in_china(moment: datetime, day: date) -> None:
    """filing/S12: between 00:00 and 08:00 in China it is already the next day."""
    assert legal_day.of(moment) == day


def test_a_summer_moment_of_years_with_daylight_saving_is_told_without_it() -> None:
    assert legal_day.of(datetime(1988, 7, 1, 15, 30, tzinfo=UTC)) == date(1988, 7, 1)


def test_the_zone_in_which_a_moment_is_written_does_not_matter() -> None:
    written = MIDNIGHT.astimezone(timezone(timedelta(hours=-5)))
    assert legal_day.of(written) == date(2026, 11, 29)


def test_a_day_begins_where_its_moments_begin() -> None:
    day = date(2026, 11, 29)
    assert legal_day.begins(day) == MIDNIGHT
    assert legal_day.of(legal_day.begins(day)) == day
    assert legal_day.of(legal_day.begins(day) - timedelta(microseconds=1)) == date(2026, 11, 28)


def test_today_is_the_day_of_now(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(legal_day, "now", lambda: MIDNIGHT)
    assert legal_day.today() == date(2026, 11, 29)


def test_a_moment_without_zone_has_no_day() -> None:
    with pytest.raises(ValueError, match="zone"):
        legal_day.of(MIDNIGHT.replace(tzinfo=None))
