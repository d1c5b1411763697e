"""A report that its maker takes back counts nowhere, at once, and nothing unfavourable goes with it."""

from collections.abc import Mapping
from datetime import timedelta

import pytest

from filing import catalogue, changes, dossier, guards, listings, numbers, waiting, withdrawing
from filing.dossier import Filing
from filing.recommended import reading
from filing.search_hits import Filters
from filing.standing import Standing, State
from registry import journal, reports
from registry.database import now
from registry.errors import RegisterError
from registry.inbox import Waiting
from registry.lengths import TextTooLong
from registry.organisations import Actor, Kind, NotYours, WrongRole
from registry.reports import Report, ReportWithdrawn, WithdrawalInvalid
from tests import cast
from tests.filing import papers
from tests.filing.papers import Scene, report

WHY = {"zh": "数据用错了一列", "en": "A wrong column was used"}


def withdraw(
    scene: Scene, made: Report, by: Actor | None = None, reason: Mapping[str, str] = WHY
) -> None:
    withdrawing.withdraw(scene.session, by=by or scene.tester, report_id=made.id, reason=reason)


def attached(scene: Scene, filing: Filing) -> Report:
    return reports.get(scene.session, filing.report_ids[0])


def standing(scene: Scene, filing: Filing) -> Standing:
    scene.session.flush()
    return catalogue.entry(scene.session, str(filing.number)).standing


def test_a_withdrawn_report_keeps_its_bytes_and_tells_when_and_why(scene: Scene) -> None:
    made = report(scene.session, scene.version, scene.tester)
    before = made.envelope, made.statement_digest, made.countersigned
    withdraw(scene, made)
    assert (made.envelope, made.statement_digest, made.countersigned) == before
    assert made.withdrawal == WHY
    assert made.withdrawn is not None
    event = journal.history(scene.session, made.id)[-1]
    assert (event.name, event.person_id) == ("report:statement:withdrawn", scene.tester.person_id)


def test_only_whoever_made_it_takes_a_report_back(scene: Scene) -> None:
    made = report(scene.session, scene.version, scene.tester)
    for other in (scene.filer, scene.reviewer, cast.actor(scene.session, Kind.TESTER)):
        with pytest.raises(NotYours):
            withdraw(scene, made, other)
    own = report(scene.session, scene.version, scene.filer)
    withdraw(scene, own, scene.filer)
    assert own.withdrawn is not None
    assert made.withdrawn is None


def test_an_administrator_of_the_tester_alone_takes_nothing_back(scene: Scene) -> None:
    made = report(scene.session, scene.version, scene.tester)
    chief = Actor(scene.tester.person_id, scene.tester.organisation_id, Kind.TESTER, frozenset())
    with pytest.raises(WrongRole):
        withdraw(scene, made, chief)


@pytest.mark.parametrize(
    ("reason", "error"),
    [
        ({"zh": "  "}, WithdrawalInvalid),
        ({"en": "why"}, WithdrawalInvalid),
        ({"zh": "长" * 1001}, TextTooLong),
    ],
)
def test_a_withdrawal_needs_a_reason(
    scene: Scene, reason: dict[str, str], error: type[RegisterError]
) -> None:
    made = report(scene.session, scene.version, scene.tester)
    with pytest.raises(error):
        withdraw(scene, made, reason=reason)
    assert made.withdrawn is None


def test_what_is_withdrawn_is_neither_withdrawn_again_nor_attached(scene: Scene) -> None:
    made = report(scene.session, scene.version, scene.tester)
    withdraw(scene, made)
    with pytest.raises(ReportWithdrawn):
        withdraw(scene, made)
    with pytest.raises(ReportWithdrawn):
        scene.attach(scene.opened(), made)


@pytest.mark.parametrize(("taken", "following"), [((), "accept"), (("accept", "file"), "publish")])
def test_the_gate_asks_again_wherever_it_is_asked(
    scene: Scene, taken: tuple[str, ...], following: str
) -> None:
    filing = scene.rule(scene.submitted(), *taken)
    withdraw(scene, attached(scene, filing))
    gate = guards.gate_of(scene.session, filing)
    assert gate is not None
    failed = [each.name for each in gate.hurdles if not each.passed]
    assert {"not_withdrawn", "another_organisation"} <= set(failed)
    with pytest.raises(RegisterError) as refused:
        scene.rule(filing, following)
    assert "not_withdrawn" in [each.item for each in refused.value.reasons]


def test_at_low_risk_a_withdrawn_report_stops_the_filing_until_it_is_detached(
    scene: Scene,
) -> None:
    filing = scene.opened(G1=papers.LOW)
    scene.attach(filing, report(scene.session, scene.version, scene.filer))
    made = report(scene.session, scene.version, scene.tester)
    scene.attach(filing, made)
    withdraw(scene, made)
    scene.file(filing, "check", "submit")
    with pytest.raises(RegisterError) as refused:
        scene.rule(filing, "accept")
    assert [each.item for each in refused.value.reasons] == ["not_withdrawn"]
    scene.file(filing, "recall")
    dossier.detach(
        scene.session,
        by=scene.filer,
        filing_id=filing.id,
        revision=filing.revision,
        report_id=made.id,
    )
    scene.rule(scene.file(filing, "check", "submit"), "accept", "file", "publish")


def test_an_evaluation_of_this_version_that_was_withdrawn_is_none(scene: Scene) -> None:
    filing = scene.evaluated(G1=papers.LOW)
    withdraw(scene, attached(scene, filing))
    with pytest.raises(RegisterError) as refused:
        scene.file(filing, "check")
    assert [each.item for each in refused.value.reasons] == ["evaluated"]


def test_a_report_that_was_withdrawn_need_not_be_attached(scene: Scene) -> None:
    filing = scene.published()
    late = report(
        scene.session, scene.version, scene.tester, verdicts={"error_parity": "disparity"}
    )
    assert standing(scene, filing).unattached is not None
    withdraw(scene, late)
    assert standing(scene, filing).unattached is None


def test_the_public_record_says_so_at_once(scene: Scene) -> None:
    """The edition stays byte for byte; what is told beside it is another thing from now on."""
    filing = scene.published()
    before = catalogue.entry(scene.session, str(filing.number))
    slug = numbers.parse(str(filing.number)).slug
    seen = changes.revision(scene.session, slug)
    made = attached(scene, filing)
    withdraw(scene, made)

    after = catalogue.entry(scene.session, str(filing.number))

    assert after.canonical == before.canonical
    assert changes.revision(scene.session, slug) != seen
    now_told = after.standing
    assert now_told.third_party.state is State.WITHDRAWN
    assert now_told.service.lapse is not None
    assert "撤回" in now_told.service.lapse.zh
    assert "withdrawn" in now_told.service.lapse.en
    assert now_told.as_json()["service"]["evaluation_expired"] is None
    (told,) = now_told.as_json()["reports"]
    assert told["withdrawal"]["reason"] == WHY
    (hit,) = scene.search().hits
    assert hit.standing == now_told
    assert not hit.evaluated
    assert hit.found


def test_a_search_by_evaluation_loses_it_at_once(scene: Scene) -> None:
    filing = scene.published()
    assert scene.search("", Filters(evaluated=True)).total == 1
    withdraw(scene, attached(scene, filing))
    assert scene.search("", Filters(evaluated=True)).total == 0
    line = scene.session.query(listings.Listing).one()
    assert line.evaluated is None


def test_of_two_reports_the_one_that_stands_counts_on(scene: Scene) -> None:
    filing = scene.evaluated()
    second = report(scene.session, scene.version, scene.tester, age=timedelta(days=20))
    scene.attach(filing, second)
    scene.rule(scene.file(filing, "check", "submit"), "accept", "file", "publish")
    withdraw(scene, attached(scene, filing))
    told = standing(scene, filing)
    assert told.third_party.state is State.CURRENT
    assert told.service.lapse is None
    states = {name: each.state for name, each in told.evaluations.reports.items()}
    assert states == {filing.report_ids[0]: State.WITHDRAWN, second.id: State.CURRENT}


def test_the_filer_finds_on_the_desk_that_a_published_report_was_withdrawn(scene: Scene) -> None:
    filing = scene.published()
    assert waiting.on_filing(scene.session, filing) == []
    withdraw(scene, attached(scene, filing))
    (waits,) = waiting.on_filing(scene.session, filing)
    assert (waits.organisation_id, waits.what) == (
        scene.filer.organisation_id,
        Waiting.REPLACE_REPORT,
    )


def test_what_a_recommendation_counts_is_lost_with_the_report(scene: Scene) -> None:
    filing = scene.published()
    read = reading.of_filing(scene.session, filing).published(now())
    assert read is not None
    assert reading.evaluated(read) is not None
    withdraw(scene, attached(scene, filing))
    read = reading.of_filing(scene.session, filing).published(now())
    assert read is not None
    assert reading.evaluated(read) is None
    (reason,) = reading.hindrances(scene.session, filing, at=now())
    assert reason.item == "evaluation"


def test_a_day_before_the_withdrawal_is_told_as_it_was(scene: Scene) -> None:
    filing = scene.published()
    before = now()
    withdraw(scene, attached(scene, filing))
    then = catalogue.entry(scene.session, str(filing.number), at=before).standing
    assert then.third_party.state is State.CURRENT
    assert then.service.lapse is None
