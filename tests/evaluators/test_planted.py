"""What is planted is found: a handful of sets per design (calibration counts 200 of each)."""

import pytest

from evaluators.guests import installed
from evaluators.running import calibration

PROBES = (
    "selection_parity",
    "error_parity",
    "counterfactual_flip",
    "proxy_leakage",
    "conditional_parity",
    "intersection_scan",
    "subgroup_search",
    "ranking_exposure",
)
DESIGNS = [(name, design) for name in PROBES for design in installed.probe_class(name).planted()]
SETS = 7


@pytest.mark.parametrize("name", PROBES)
def test_every_probe_has_something_planted(name: str) -> None:
    kind = installed.probe_class(name)
    assert kind.planted()
    assert not set(kind.planted()) & set(kind.nulls())


@pytest.mark.parametrize(("name", "design"), DESIGNS)
def test_in_most_sets_the_planted_difference_is_found(name: str, design: str) -> None:
    found = calibration.tally(name, design, range(SETS))
    assert found.detected > SETS / 2
    assert not found.intervals, (
        "nothing is true of planted sets that coverage could be held against"
    )
