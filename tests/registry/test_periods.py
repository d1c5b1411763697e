import pytest

from registry import periods
from registry.language import Text


@pytest.mark.parametrize(
    "given", ["1990", " 2025-03 ", "2024/2025-06", "2025-01-31/2025-02-01", ""]
)
def test_a_year_a_month_a_day_and_a_span_are_read(given: str) -> None:
    assert periods.checked(given) == given.strip()


@pytest.mark.parametrize(
    "given", ["去年", "2025-13", "1990年", "2025/2024", "25", "1990/", "/1990"]
)
def test_what_names_no_time_is_refused_with_an_example(given: str) -> None:
    with pytest.raises(periods.PeriodUnreadable) as refused:
        periods.checked(given)
    (reason,) = refused.value.reasons
    assert reason.item == "period"
    assert "1990" in reason.remedy.zh


def test_a_span_is_read_in_either_language() -> None:
    assert periods.said("2024/2025-06") == Text("2024至2025-06", "2024 to 2025-06")
    assert periods.said("1990") == Text("1990", "1990")
