"""What a report says that a finding follows from: only where it does."""

from typing import Any

import pyarrow as pa
import pytest

from evaluators.plan import Plan
from evaluators.running import engine
from portal.pages import report_method, report_view
from registry.language import LANGUAGES


@pytest.mark.parametrize("role", [None, "weight", "unit"])
def test_a_weighted_rate_and_one_of_repeated_people_do_not_follow_from_counts(
    role: str | None,
) -> None:
    """A weighted 50 % of 300 rows is no 150 of 300 people."""
    rows: dict[str, list[Any]] = {
        "race": ["A"] * 300 + ["B"] * 200, "got": [1, 0] * 250, "more": [1.0, 3.0] * 250,
    }  # fmt: skip
    rows["more"] = list(range(500)) if role == "unit" else rows["more"]
    columns = {"sensitive": ["race"], "prediction": "got", "favourable": 1}
    content = {"title": "t", "columns": {**columns, **({role: "more"} if role else {})},
               "probes": [{"id": "selection_parity"}]}  # fmt: skip
    plan = Plan.parse(content)
    made = engine.run(plan, pa.table(rows), scorer=None, nonce="n")
    predicate = {
        "plan": {"content": plan.as_json()},
        "evidence": {"public": {"content": made.public_evidence}},
    }
    (finding,) = [each.as_json() for each in made.findings if not each.suppressed]
    assert bool(report_method.counts(finding, predicate, "en")) == (role is None)


def test_what_is_said_of_few_accounts_fits_the_verdict_above_it() -> None:
    """A verdict on 20 accounts stood over "nothing is said of fewer than 30"."""
    bare = {"ci": None, "test": None, "family": None, "adjustment": None, "threshold": None}
    of_accounts = {**bare, "units": {"of": "accounts", "n": 20, "n_reference": 20, "at_least": 12}}
    told = {each: report_method.method(of_accounts, {"min_n": 30}, each) for each in LANGUAGES}
    assert told == {
        "zh": "少于 12 个账号不作判断，少于 30 个账号不说差异很小。",
        "en": "Nothing is said of fewer than 12 accounts, and of fewer than 30 accounts nothing is called small.",
    }
    people = {**bare, "units": {"of": "people", "n": 40, "n_reference": 50, "at_least": 30}}
    assert (
        report_method.method(people, {"min_n": 40}, "en")
        == "Nothing is said of fewer than 40 people."
    )


def test_what_was_changed_alone_is_among_the_features_compared() -> None:
    """N12/F15: a report that changes sex and marriage alone said that it compared race."""
    content = {
        "columns": {"sensitive": ["race"]},
        "names": {"married": {"plain": {"zh": "婚姻状况", "en": "marital status"}}},
        "probes": [{"id": "counterfactual_flip", "change": ["married", "race"]}],
    }
    predicate = {"plan": {"content": content}}
    told = [report_view.compared(predicate, language) for language in LANGUAGES]
    assert told == ["race、婚姻状况", "race, marital status"]
