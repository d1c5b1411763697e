"""What every finding states of its line."""

from evaluators.guests import installed
from evaluators.judging import findings
from registry.findings import Verdict
from registry.language import Text


def test_a_threshold_with_two_lines_has_a_value_as_well() -> None:
    spec = installed.probe_class("performance").spec
    made = findings.draft(
        spec, "accuracy_by_group", slice_={}, verdict=Verdict.INCONCLUSIVE, reading=Text("读", "r"),
        limit=Text("限", "l"), threshold={"low": -0.1, "high": 0.1, "rule": "|gap| > 0.1", "source": "ours"},
    )  # fmt: skip
    assert made.threshold is not None
    assert made.threshold["value"] == [-0.1, 0.1]
    assert {"rule", "source"} <= set(made.threshold)
