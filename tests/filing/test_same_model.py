"""filing/S19, F14: one organisation files one model once, whatever it is called; others may too."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from sqlalchemy.orm import Session, sessionmaker

from filing import dossier, review, same_model
from filing.dossier import Filing
from filing.lifecycle import Action, Guard, Status
from filing.review import NotReady
from registry import database
from registry.errors import RegisterError
from registry.organisations import Actor, Kind
from registry.reports import Report
from registry.submission import Version
from tests import cast
from tests.filing import papers
from tests.filing.papers import LOW, Scene


def under_another_name(session: Session, version: Version, by: Actor) -> Version:
    """The same bytes as a model of another name."""
    made = cast.version(session, by, name="another-name")
    made.digest = version.digest
    session.flush()
    return made


def ready(scene: Scene, version: Version, by: Actor) -> Filing:
    """A filing with all that it needs, one press before it is checked."""
    session = scene.session
    made = dossier.open_filing(session, by=by, version_id=version.id)
    told = papers.answers(G1=LOW)
    dossier.fill(session, by=by, filing_id=made.id, revision=made.revision, answers=told)
    report = papers.report(session, version, scene.tester, run=())
    dossier.attach(session, by=by, filing_id=made.id, revision=made.revision, report_id=report.id)
    return made


def submit(scene: Scene, filing: Filing, by: Actor) -> list[str]:
    """What is said against checking and submitting a filing; empty when it is submitted."""
    told: list[str] = []
    try:
        if filing.status == Status.DRAFT:
            scene.step(filing, by, "check")
        scene.step(filing, by, "submit")
    except NotReady as error:
        told = [f"{each.item}: {each.said.zh}{each.remedy.zh}" for each in error.reasons]
    return told


def test_the_same_bytes_under_another_name_are_not_filed_twice(scene: Scene) -> None:
    first = scene.published(G1=LOW)
    second = ready(
        scene, under_another_name(scene.session, scene.version, scene.filer), scene.filer
    )
    (said,) = submit(scene, second, scene.filer)
    assert said.startswith(Guard.ONE_FILING)
    assert str(first.number) in said
    assert "撤回这一份" in said
    assert second.status == Status.DRAFT  # the self-check says it, before anything is handed in
    scene.file(first, "cancel", reason="不办了")
    assert submit(scene, second, scene.filer) == []


def test_a_draft_of_the_same_bytes_holds_nothing_until_it_is_submitted(scene: Scene) -> None:
    first = ready(scene, scene.version, scene.filer)
    second = ready(
        scene, under_another_name(scene.session, scene.version, scene.filer), scene.filer
    )
    scene.file(second, "check")  # nothing is handed in yet
    assert submit(scene, first, scene.filer) == []
    (said,) = submit(scene, second, scene.filer)
    assert first.id in said  # it has no number yet
    assert second.status == Status.SELF_CHECKED
    scene.file(first, "withdraw", reason="不办了")
    assert submit(scene, second, scene.filer) == []


def test_publishing_looks_again(scene: Scene) -> None:
    """Two that came under review before there was the rule: one of them is published."""
    other = cast.version(scene.session, scene.filer, name="another-name")
    first = scene.submitted(G1=LOW)
    second = ready(scene, other, scene.filer)
    scene.file(second, "check", "submit")
    for filing in (first, second):
        scene.rule(filing, "accept", "file")
    other.digest = scene.version.digest
    scene.session.flush()
    for report_id in second.report_ids:
        scene.session.get_one(Report, report_id).model_digest = other.digest
    with pytest.raises(NotReady) as caught:
        scene.rule(second, "publish")
    # The first one's report is about the same bytes, and is not attached.
    assert [each.item for each in caught.value.reasons] == ["every_report", Guard.ONE_FILING]
    assert str(first.number) in caught.value.reasons[-1].said.zh
    assert second.status == Status.FILED


def test_another_organisation_files_the_same_bytes_and_the_reviewer_is_told(scene: Scene) -> None:
    first = scene.published(G1=LOW)
    other = cast.actor(scene.session, Kind.ENTERPRISE)
    second = ready(scene, under_another_name(scene.session, scene.version, other), other)
    assert same_model.told(scene.session, second)  # of the published one, before it is submitted
    assert same_model.told(scene.session, first) == []
    assert submit(scene, second, other) == []
    (said,) = same_model.told(scene.session, first)
    assert second.id in said.zh
    (told,) = same_model.told(scene.session, second)
    assert str(first.number) in told.zh
    assert "Example Credit Co." in told.en


def test_of_two_who_submit_the_same_bytes_at_once_one_wins(
    register: sessionmaker[Session],
) -> None:
    with database.transaction(register) as session:
        scene = Scene(session)
        twin = under_another_name(session, scene.version, scene.filer)
        filings = [ready(scene, each, scene.filer) for each in (scene.version, twin)]
        for each in filings:
            scene.file(each, "check")
        asked = [(each.id, each.revision) for each in filings]
    start = Barrier(2)

    def press(filing_id: str, read: int) -> RegisterError | None:
        start.wait(30)
        try:
            with database.transaction(register) as session:
                review.take(
                    session,
                    by=scene.filer,
                    filing_id=filing_id,
                    revision=read,
                    action=Action.SUBMIT,
                )
        except RegisterError as error:
            return error
        return None

    with ThreadPoolExecutor(2) as pool:
        told = list(pool.map(lambda each: press(*each), asked))
    lost = [each for each in told if each is not None]
    assert [type(each) for each in lost] == [NotReady]
    with register() as session:
        states = sorted(session.get_one(Filing, each).status for each, _ in asked)
    assert states == [Status.SELF_CHECKED, Status.SUBMITTED]
