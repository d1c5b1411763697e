"""The one legal day: dates, number years and expiry are told in China time (UTC+8, no daylight saving).

Moments are kept in UTC; a *day* is what the filer, the reviewer and the public read on a calendar in
Shanghai or Shenzhen. Whatever turns a moment into a day does it here, so that a page and the rule
behind it never name different days.
"""

from datetime import date, datetime, time, timedelta, timezone

from registry.database import now

CHINA = timezone(timedelta(hours=8), "UTC+8")


def of(moment: datetime) -> date:
    """The legal day on which a moment falls.

    Args:
        moment: a point in time with its zone.

    Raises:
        ValueError: for a moment without a zone, whose day nobody can tell.
    """
    return in_china(moment).date()


def today() -> date:
    """The legal day of the present moment."""
    return of(now())


def begins(day: date) -> datetime:
    """The moment at which a legal day begins: midnight in China."""
    return datetime.combine(day, time(), CHINA)


def after(moment: datetime, days: int) -> datetime:
    """The moment at which the legal day begins that comes so many days after another's."""
    return begins(of(moment) + timedelta(days=days))


def in_china(moment: datetime) -> datetime:
    """A moment as clocks in China show it.

    Raises:
        ValueError: for a moment without a zone.
    """
    if moment.tzinfo is None:
        raise ValueError("a moment without a zone has no legal day")
    return moment.astimezone(CHINA)
