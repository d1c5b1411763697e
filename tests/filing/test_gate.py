from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest

from filing import gate
from filing.answers import Stored, store
from filing.evidence import Evidence
from filing.fields import Answers
from filing.forms import current
from filing.gate import Gate, Subject
from filing.risk import Level
from registry.language import Text
from tests.filing import papers

NOW = papers.at(2026, 11, 21)
GOOD = Evidence(
    report_id="r",
    organisation_id="tester",
    organisation=Text("示例测评中心", "Example Testing Centre"),
    third_party=True,
    model_digest="d1",
    version=1,
    made=NOW - timedelta(days=10),
    countersigned=NOW - timedelta(days=9),
    task="decision",
    required=papers.DECISION,
    run=papers.DECISION,
    not_evaluable=(),
    verdicts={"equivalent": 3},
    shown={},
    differences={},
    statement_digest="s",
    findings_digest="f",
)


def subject(**changed: Any) -> Subject:
    made = {key: store(current(), key, raw) for key, raw in papers.answers(**changed).items()}
    answers: dict[str, Stored] = {key: each for key, each in made.items() if each is not None}
    return Subject("d1", "enterprise", Answers(current(), answers))


def check(*evidence: Evidence, level: Level = Level.HIGH, **changed: Any) -> Gate:
    return gate.check(subject(**changed), level, evidence, at=NOW, days=365)


def blocked(found: Gate) -> list[str]:
    return [each.item for each in found.reasons]


def test_a_report_by_another_organisation_on_this_version_opens_the_gate() -> None:
    assert check(GOOD).open


@pytest.mark.parametrize(
    ("evidence", "first"),
    [
        ([], "another_organisation"),
        ([replace(GOOD, third_party=False, organisation_id="enterprise")], "another_organisation"),
        ([replace(GOOD, organisation_id="enterprise")], "another_organisation"),
        ([replace(GOOD, model_digest="d0")], "this_version"),
        ([replace(GOOD, countersigned=None)], "countersigned"),
        ([replace(GOOD, made=NOW - timedelta(days=365))], "unexpired"),
        ([replace(GOOD, task="pricing")], "task"),
        ([replace(GOOD, run=("selection_parity", "error_parity"))], "required_probes"),
        ([replace(GOOD, required=())], "required_probes"),
        (
            [replace(GOOD, model_digest="d0"), replace(GOOD, countersigned=None)],
            "countersigned",
        ),
    ],
)
def test_what_is_missing_first_is_named_first(evidence: list[Evidence], first: str) -> None:
    found = check(*evidence)

    assert not found.open
    assert blocked(found)[0] == first


@pytest.mark.parametrize(
    ("evidence", "causes"),
    [
        (replace(GOOD, made=NOW - timedelta(days=365)), ["unexpired"]),
        (replace(GOOD, model_digest="d0"), ["this_version"]),
        (replace(GOOD, countersigned=None), ["countersigned"]),
        (
            replace(GOOD, countersigned=None, made=NOW - timedelta(days=365)),
            ["countersigned", "unexpired"],
        ),
        (replace(GOOD, task="pricing"), ["task", "required_probes"]),
    ],
)
def test_a_report_is_refused_for_what_is_wrong_with_it_and_nothing_else(
    evidence: Evidence, causes: list[str]
) -> None:
    """An expired evaluation about decisions was also told to be about something else."""
    assert blocked(check(evidence)) == causes


def test_where_the_report_is_there_and_only_not_attached_the_remedy_is_to_attach_it() -> None:
    """A filer was told to engage a tester, who had long countersigned."""
    found = gate.check(subject(), Level.HIGH, [], beside=[GOOD], at=NOW, days=365)
    told = {each.item: each.remedy for each in found.reasons}
    met = ["another_organisation", "this_version", "countersigned", "unexpired", "task"]
    assert {told[name] for name in met} == {gate.ATTACH_IT}
    tied = replace(GOOD, ties=(Text("有关联", "tied"),))
    found = gate.check(subject(), Level.HIGH, [], beside=[tied], at=NOW, days=365)
    assert gate.ATTACH_IT not in [each.remedy for each in found.reasons]


def test_without_a_report_nothing_is_said_to_have_expired() -> None:
    """The remedy said 评估已过期 where there was no evaluation at all."""
    for hurdle in check().hurdles:
        assert "已过期" not in hurdle.remedy.zh
        assert "has expired" not in hurdle.remedy.en


def test_a_day_before_it_expires_an_evaluation_still_counts() -> None:
    assert check(replace(GOOD, made=NOW - timedelta(days=364))).open


def test_two_halves_do_not_make_a_whole_report() -> None:
    first = replace(GOOD, run=("selection_parity",))
    second = replace(GOOD, run=("error_parity", "counterfactual_flip"))
    assert blocked(check(first, second)) == ["required_probes"]


def test_one_good_report_among_bad_ones_is_enough() -> None:
    assert check(replace(GOOD, model_digest="d0"), replace(GOOD, countersigned=None), GOOD).open


def test_the_missing_probes_are_named() -> None:
    found = check(replace(GOOD, run=("selection_parity",)))
    assert "counterfactual_flip, error_parity" in found.reasons[0].said.zh


def test_not_evaluable_counts_as_run_and_is_shown() -> None:
    found = check(replace(GOOD, not_evaluable=("counterfactual_flip",)))

    assert found.open
    (shown,) = [each for each in found.hurdles if not each.passed]
    assert shown.name == "not_evaluable"
    assert "counterfactual_flip" in shown.said.en


def test_a_price_setting_algorithm_needs_a_pricing_evaluation() -> None:
    pricing = replace(GOOD, task="pricing", required=papers.PRICING, run=papers.PRICING)

    assert blocked(check(GOOD, B14="prices")) == ["task", "required_probes"]
    assert check(pricing, B14="prices").open


def test_an_algorithm_that_only_informs_may_be_evaluated_either_way() -> None:
    pricing = replace(GOOD, task="pricing", required=papers.PRICING, run=papers.PRICING)

    assert check(GOOD, B14="informs").open
    assert check(pricing, B14="informs").open


@pytest.mark.parametrize("level", Level)
def test_every_grade_asks_for_the_explanation(level: Level) -> None:
    found = check(GOOD, level=level, H4=None, H6=None)

    assert blocked(found) == ["explanation"]
    assert "H4, H6" in found.reasons[0].said.en


@pytest.mark.parametrize("level", [Level.LOW, Level.MEDIUM])
def test_lower_grades_need_no_report(level: Level) -> None:
    assert check(level=level).open


@pytest.mark.parametrize("service", ["pilot", "in_service"])
def test_a_late_explanation_is_shown_and_does_not_block(service: str) -> None:
    late = check(level=Level.LOW, B8=service, B9={"start": "2026-11-20"})
    timely = check(level=Level.LOW, B8=service, B9={"start": "2026-11-21"})

    assert late.open
    assert [each.name for each in late.hurdles if not each.passed] == ["explanation_in_time"]
    assert all(each.passed for each in timely.hurdles)


def test_an_algorithm_not_in_service_cannot_be_late() -> None:
    found = check(level=Level.LOW, B8="ended", B9={"start": "2020-01-01"})
    assert all(each.passed for each in found.hurdles)


def test_what_was_published_before_service_started_is_not_late() -> None:
    """Filed in development, in service later: an edition has carried the explanation since."""
    late = {"B8": "in_service", "B9": {"start": "2026-11-10"}}
    for since, passed in ((date(2026, 11, 10), True), (date(2026, 11, 11), False), (None, False)):
        filed = replace(subject(**late), explained_since=since)
        found = gate.check(filed, Level.LOW, [], at=NOW, days=365)
        (timely,) = [each for each in found.hurdles if each.name == "explanation_in_time"]
        assert timely.passed is passed


SEAL = {"reason": {"zh": "商业秘密", "en": "trade secret"}, "ground": "trade_secret"}
RULE = [{"rule": {"zh": "60分", "en": "60"}, "effect": {"zh": "通过", "en": "approved"}}]


@pytest.mark.parametrize(
    ("seal", "changed", "stops"),
    [
        (SEAL, {}, False),
        (None, {}, True),
        (SEAL, {"A3": {"kind": "company", "city": "shenzhen"}}, True),
    ],
)
def test_values_of_steps_are_kept_back_only_with_d7_and_nowhere_that_a_law_wants_them(
    seal: dict[str, object] | None, changed: dict[str, object], stops: bool
) -> None:
    rules = {"value": RULE} | ({"sealed": seal} if seal else {})
    filed = subject(D7=rules, **changed)
    found = gate.check(replace(filed, steps_sealed=True), Level.LOW, [], at=NOW, days=365)
    assert ("steps_told" in blocked(found)) is stops
    assert not [h for h in gate.check(filed, Level.LOW, [], at=NOW, days=365).hurdles if h.name == "steps_told"]  # fmt: skip


@pytest.mark.parametrize(
    ("city", "interest", "stops"),
    [
        ("shenzhen", "public_interest", True),
        ("shenzhen", "public_decision", True),
        ("shenzhen", "other", False),
        ("shanghai", "public_interest", False),
    ],
)
@pytest.mark.parametrize("level", Level)
def test_an_explanation_of_an_earlier_version_stops_a_filing_where_one_must_be_given(
    city: str, interest: str, level: Level, *, stops: bool
) -> None:
    """issue 12, 3: of this very version where Shenzhen 71 binds; elsewhere it is shown as older."""
    name = "explanation_of_this_version"
    filed = subject(A3={"kind": "company", "city": city}, B6=interest)
    for digest, passed in (("d1", True), ("d0", False)):
        told = replace(filed, explained_digest=digest)
        found = gate.check(told, level, [GOOD], at=NOW, days=365)
        hurdle = next(each for each in found.hurdles if each.name == name)
        assert hurdle.passed is passed
        assert hurdle.legal == (), "that it be of this version is our condition"
        assert (name in blocked(found)) is (stops and not passed)
    bare = gate.check(filed, level, [GOOD], at=NOW, days=365)
    assert name not in {each.name for each in bare.hurdles}
