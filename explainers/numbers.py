"""Numbers as people read them: 1,234; 5.2; rounded so that nothing sounds surer than it is."""

import math
from typing import Any


def count(n: int) -> str:
    """A whole number with its thousands set apart."""
    return f"{n:,}"


def value(number: Any) -> str:
    """One value of a column: whole numbers whole, others in three digits that count."""
    number = float(number)
    if number.is_integer():
        return f"{int(number):,}"
    if abs(number) >= 1000:
        return f"{number:,.0f}"
    digits = max(0, 2 - math.floor(math.log10(abs(number))))
    text = f"{number:,.{digits}f}"
    # Only zeros behind a point may go: 149.9 is about 150, not 15.
    return text.rstrip("0").rstrip(".") if digits else text


def per_hundred(share: float) -> str:
    """People out of a hundred: never 0 or 100 unless it is so."""
    if 0 < share < 0.01:
        return "不到1"
    if 0.99 < share < 1:
        return "99"
    return str(round(100 * share))


def per_hundred_en(share: float) -> str:
    """The same for an English sentence."""
    return "fewer than 1" if 0 < share < 0.01 else per_hundred(share)


def bound(share: float) -> str:
    """An upper bound in percent, rounded up to two digits that count."""
    percent = 100 * share
    if percent <= 0:
        return "0"
    places = 1 - math.floor(math.log10(percent))
    up = math.ceil(percent * 10**places - 1e-9) / 10**places
    return f"{up:.{max(places, 0)}f}".rstrip("0").rstrip(".") if places > 0 else f"{up:.0f}"


def rounded(number: float) -> float:
    """A number for the record: ten digits that count."""
    return float(f"{number:.10g}")
