"""Which sentences of an explanation a test made."""

from typing import Any

import pytest

from explainers.explanation import sentences_of
from registry import grounds
from tests.explainers.test_checked import RATES
from tests.explainers.test_explanation import whole

NO_TEST = {
    "declared", "decision.chosen", "inputs", "actionable", "not_an_input", "not_tested",
    "whatif.untried", "groups.this_one", "overall.rows",
}  # fmt: skip
BY_TEST = {
    "decision.overall", "decision.importance", "always", "little", "decision.whatif.searched",
    "decision.whatif.one", "decision.flip.none", "decision.told_apart", "again.same", "parted",
}  # fmt: skip


def test_only_what_was_counted_or_found_by_asking_is_a_tests() -> None:
    told = [(said["kind"], grounds.tested(said["evidence"])) for said in sentences_of(whole())]
    assert {kind for kind, tested in told if tested} == BY_TEST
    assert {kind for kind, tested in told if not tested} == NO_TEST


@pytest.mark.parametrize(
    "evidence",
    [
        {"least": 10},
        {"n": 17},
        {"n": 0, "changed": 0},
        {"n": 3, "equivalent": 0, "not_evaluable": 3},
        {"reports": ["1", "2"]},
        {"something": "new"},
        RATES | {"verdict": "not_evaluable"},
        {},
    ],
)
def test_settings_counts_of_columns_and_checks_that_failed_are_no_tests(
    evidence: dict[str, Any],
) -> None:
    assert not grounds.tested(evidence)


@pytest.mark.parametrize(
    "evidence",
    [
        RATES,
        {"n": 3, "equivalent": 1, "not_evaluable": 2},
        {"n": 400, "columns": ["a", "b"]},
        {"steady": False},
        {"levels": [{"level": {}, "per_hundred": 3.0}]},
    ],
)
def test_findings_and_counts_are_a_tests(evidence: dict[str, Any]) -> None:
    assert grounds.tested(evidence)
