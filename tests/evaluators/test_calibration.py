"""The calibration table is about the probes that are installed, and its figures hold up."""

import pytest

from evaluators import calibration, installed
from evaluators.policy import POLICY

ALPHA = POLICY.value("alpha")
DESIGNS = [
    (name, design) for name in installed.names() for design in installed.probe_class(name).nulls()
]


def test_the_table_covers_every_installed_probe_as_it_is() -> None:
    assert calibration.stale(calibration.read()) == [], "run `make calibrate`"


@pytest.mark.parametrize(("name", "design"), DESIGNS)
def test_the_type_one_error_is_within_its_monte_carlo_error(name: str, design: str) -> None:
    row = calibration.read()["probes"][name]["designs"][design]
    assert row["sets"] >= 2000
    assert row["type_one_error"] <= ALPHA + row["monte_carlo_error"]
    if row["coverage"] is not None:
        assert row["coverage"] >= row["coverage_aimed"] - 0.02


@pytest.mark.parametrize(("name", "design"), DESIGNS)
def test_null_sets_run_again_reject_as_rarely(name: str, design: str) -> None:
    again = -(-50 // len(installed.probe_class(name).nulls()))  # 50 sets per probe
    found = calibration.tally(name, design, range(again))
    _, share, tested = found.worst()
    assert found.sets == again
    assert share <= ALPHA + 2 * calibration.allowance(tested, ALPHA)


def test_the_page_is_the_one_the_table_makes() -> None:
    written = (calibration.DOCS / "calibration.md").read_text("utf-8")
    assert written == calibration.page(calibration.read())
