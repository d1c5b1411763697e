"""Pictures say the numbers that they draw."""

import re

from portal.pages import charts
from portal.pages.charts import Bar


def labels(drawn: str) -> list[str]:
    """What stands at the axis below a picture."""
    return re.findall(r'text-anchor="middle">([^<]*)<', drawn)


def test_a_column_in_per_cent_is_not_multiplied_by_a_hundred() -> None:
    """N12/F2: the share of housing costs, 9 to 36 %, stood over 1000 %, 2000 %, 3000 %."""
    drawn = charts.line([(9.0, 0.1), (36.0, 0.9)], marks=[], title="t", description="d", unit="%")
    assert labels(drawn) == ["10", "20", "30 %"]


def test_shares_of_one_are_shown_in_per_cent() -> None:
    row = Bar("a", 0.2, 0.1, 0.3, "20%")
    drawn = charts.intervals(
        [row], title="t", description="d", axis=(0.0, 0.5), unit=charts.SHARES
    )
    assert labels(drawn) == ["0%", "10%", "20%", "30%", "40%", "50%"]
