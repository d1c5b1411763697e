"""Each step of a filing, an engagement and a concern leaves on the right desks what is to be done next."""

from collections.abc import Callable

import pytest
from sqlalchemy.orm import Session

from filing import concerns, handling, receiving, regrading
from filing.concern_steps import Action, Outcome
from filing.concerns import Concern
from filing.dossier import Filing
from filing.handling import Taken
from filing.receiving import Given
from filing.risk import Level
from filing.routes import Route
from registry import engagements, inbox, organisations, outbox, submission
from registry.database import now
from registry.inbox import InboxItem, Waiting
from registry.organisations import Actor, Kind, Organisation, Role
from tests import cast
from tests.filing import papers
from tests.filing.papers import Scene

WORDS = "十一月二十日被拒绝贷款，没有说明理由，请重新看。"


def desk(session: Session, by: Actor) -> list[Waiting]:
    """What waits for somebody once everything that is due was applied."""
    for each in outbox.pending(session, kinds=[inbox.EFFECT]):
        inbox.apply(session, each.payload)
        each.applied = now()
        session.flush()
    return [Waiting(each.what) for each in inbox.waiting(session, by=by)]


def test_a_filing_goes_from_desk_to_desk(scene: Scene) -> None:
    filing = scene.submitted()
    for action, waits in (
        ("accept", Waiting.ACCEPT_FILING),
        ("file", Waiting.FILE_FILING),
        ("publish", Waiting.PUBLISH_FILING),
    ):
        assert desk(scene.session, scene.reviewer) == [waits]
        assert desk(scene.session, scene.publisher) == [waits]
        assert desk(scene.session, scene.filer) == []
        scene.rule(filing, action)
    for each in (scene.reviewer, scene.publisher, scene.filer):
        assert desk(scene.session, each) == []


def test_what_is_returned_waits_for_its_filer_with_its_name(scene: Scene) -> None:
    filing = scene.submitted()
    scene.rule(filing, "return", remarks=[{"code": "B2", "zh": "请写清楚"}])
    assert desk(scene.session, scene.filer) == [Waiting.MEND_FILING]
    assert desk(scene.session, scene.reviewer) == []
    (item,) = inbox.waiting(scene.session, by=scene.filer)
    assert item.label == "住房贷款审批算法"
    assert item.place == f"/filings/{filing.id}"


def test_an_engagement_waits_for_its_tester(scene: Scene) -> None:
    granted = engagements.grant(
        scene.session,
        by=scene.filer,
        version_id=scene.version.id,
        tester_id=scene.tester.organisation_id,
        query_budget=10,
        conflict_filer="无",
    )
    assert desk(scene.session, scene.tester) == [Waiting.TAKE_ON]
    (item,) = inbox.waiting(scene.session, by=scene.tester)
    assert item.label == submission.named(scene.session, scene.version)
    assert item.label.endswith(f"@{scene.version.number}")
    engagements.take_on(
        scene.session, by=scene.tester, engagement_id=granted.id, conflict_tester="无"
    )
    assert desk(scene.session, scene.tester) == []


@pytest.fixture
def reported(scene: Scene) -> Concern:
    """A report of a breach about a published filing."""
    filing = scene.published()
    return receiving.receive(
        scene.session,
        number=str(filing.number),
        given=Given(Route.REPORT, "unequal", WORDS),
        address="203.0.113.7",
    ).concern


def take(scene: Scene, by: Actor, concern: Concern, action: Action, **said: object) -> None:
    _, side = concerns.get(scene.session, by=by, number=concern.number)
    revision = concerns.revision(scene.session, concern, side)
    taken = Taken(action, revision, **said)  # type: ignore[arg-type]
    handling.take(scene.session, by=by, number=concern.number, taken=taken)


def test_a_report_is_on_the_authoritys_desk_alone_until_it_asks(
    scene: Scene, reported: Concern
) -> None:
    body = cast.actor(scene.session, Kind.INDUSTRY_BODY)
    others = (scene.filer, scene.tester, scene.reviewer, body)
    for action in (None, Action.ACKNOWLEDGE):
        if action:
            take(scene, scene.publisher, reported, action)
        assert desk(scene.session, scene.publisher) == [Waiting.CONCERN]
        assert [desk(scene.session, each) for each in others] == [[]] * 4
    take(scene, scene.publisher, reported, Action.PUT, words="请说明年龄怎样用。")
    assert desk(scene.session, scene.filer) == [Waiting.QUESTION]
    assert desk(scene.session, scene.publisher) == []
    take(scene, scene.filer, reported, Action.REPLY, words="不用年龄。")
    assert desk(scene.session, scene.filer) == []
    assert desk(scene.session, scene.publisher) == [Waiting.REPLIED]
    take(
        scene,
        scene.publisher,
        reported,
        Action.CLOSE,
        words="查过了。",
        outcome=Outcome.NOT_UPHELD,
    )
    assert desk(scene.session, scene.publisher) == []


@pytest.mark.usefixtures("reported")
def test_whoever_belongs_to_the_filer_sees_no_report_on_the_authoritys_desk(
    scene: Scene,
) -> None:
    assert desk(scene.session, scene.publisher) == [Waiting.CONCERN]
    organisations.give_role(
        scene.session,
        person_id=scene.publisher.person_id,
        organisation=scene.session.get_one(Organisation, scene.filer.organisation_id),
        role=Role.FILER,
        by=None,
    )
    assert desk(scene.session, scene.publisher) == []


@pytest.mark.parametrize("decided", [regrading.confirm, regrading.dismiss])
def test_a_proposed_grade_waits_for_a_second_reviewer_until_it_is_decided(
    scene: Scene, decided: Callable[..., Filing]
) -> None:
    filing = _with_a_low_grade(scene)
    (before,) = _items(scene, scene.publisher)
    _propose(scene, filing)
    assert desk(scene.session, scene.publisher) == [Waiting.ACCEPT_FILING, Waiting.CONFIRM_GRADE]
    decided(scene.session, by=scene.publisher, filing_id=filing.id, revision=filing.revision)
    (still,) = _items(scene, scene.publisher)
    assert (still.id, still.what, still.created) == (before.id, before.what, before.created)


def test_what_ends_the_review_ends_the_wait_for_a_second_reviewer(scene: Scene) -> None:
    filing = _with_a_low_grade(scene)
    _propose(scene, filing)
    scene.rule(filing, "return", remarks=[{"code": "B2", "zh": "请写清楚"}])
    assert desk(scene.session, scene.reviewer) == []


def _with_a_low_grade(scene: Scene) -> Filing:
    filing = scene.opened(G1=papers.LOW, B6="other", B14="informs")
    scene.attach(filing, papers.report(scene.session, scene.version, scene.tester))
    return scene.file(filing, "check", "submit")


def _propose(scene: Scene, filing: Filing) -> None:
    regrading.propose(
        scene.session,
        by=scene.reviewer,
        filing_id=filing.id,
        revision=filing.revision,
        level=Level.HIGH,
        reason="它用在招聘的初筛里，结果很难改回来，所以等级应当更高。",
    )


def _items(scene: Scene, by: Actor) -> list[InboxItem]:
    desk(scene.session, by)
    return list(inbox.waiting(scene.session, by=by))
