"""The calibration table is about the probes that are installed, and its figures hold up."""

import pytest

from evaluators.guests import installed
from evaluators.policy import POLICY
from evaluators.running import calibration

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


def test_a_tally_counts_sets_rejections_and_intervals_and_parts_add_up() -> None:
    name, design = "selection_parity", "rows"
    whole = calibration.tally(name, design, range(12))
    first, rest = (
        calibration.tally(name, design, range(5)),
        calibration.tally(name, design, range(5, 12)),
    )
    first += rest
    assert first.as_json() == whole.as_json()
    assert (whole.sets, whole.disparities) == (12, 0)
    assert whole.worst()[2] == 12
    assert 0 < whole.covered <= whole.intervals


def test_the_page_is_the_one_the_table_makes() -> None:
    written = (calibration.DOCS / "calibration.md").read_text("utf-8")
    assert written == calibration.page(calibration.read())
