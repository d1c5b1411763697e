"""filing/B1, filing/S19: two people at the same moment; one wins, the other is told."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from threading import Barrier, BrokenBarrierError
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker

from filing import dossier, remarks, review, revision
from filing.dossier import AlreadyOpen, Filing
from filing.lifecycle import Action, Status
from filing.revision import CHANGE, Moved
from registry import database, journal
from registry.errors import RegisterError
from registry.organisations import Actor, Kind, Person
from tests import cast
from tests.filing.papers import Scene

Act = Callable[[Session], object]


def at_once(register: sessionmaker[Session], *acts: Act) -> list[RegisterError | None]:
    """Each act in a transaction of its own, all at the same moment; what each was told."""
    start = Barrier(len(acts))

    def run(act: Act) -> RegisterError | None:
        start.wait(30)
        try:
            with database.transaction(register) as session:
                act(session)
        except RegisterError as error:
            return error
        return None

    with ThreadPoolExecutor(len(acts)) as pool:
        return list(pool.map(run, acts))


def settled(
    register: sessionmaker[Session], made: Callable[[Scene], Filing]
) -> tuple[Scene, str, int]:
    """A filing on record, with its people, its identifier and its revision."""
    with database.transaction(register) as session:
        scene = Scene(session)
        filing = made(scene)
        return scene, filing.id, filing.revision


def test_of_two_who_save_at_once_one_wins_and_the_other_is_told(
    register: sessionmaker[Session],
) -> None:
    """filing/B1: nothing is overwritten in silence."""
    scene, filing_id, read = settled(register, lambda scene: scene.opened())

    def saying(name: str) -> Act:
        return lambda session: dossier.fill(
            session, by=scene.filer, filing_id=filing_id, revision=read, answers={"B1": name}
        )

    told = at_once(register, saying("甲"), saying("乙"))
    losers = [each for each in told if each is not None]
    assert [type(each) for each in losers] == [Moved]
    (lost,) = losers
    assert [each.item for each in lost.reasons] == ["B1"]
    with register() as session:
        filing = session.get_one(Filing, filing_id)
        winner = "甲" if told[0] is None else "乙"
        assert filing.answers["B1"]["value"]["zh"] == winner
        assert filing.revision == read + 1


@pytest.mark.parametrize("second", [Action.ACCEPT, Action.DECLINE])
def test_of_two_decisions_at_once_one_stands(
    register: sessionmaker[Session], second: Action
) -> None:
    """filing/B1: two reviewers press at the same moment."""
    scene, filing_id, read = settled(
        register, lambda scene: scene.file(scene.evaluated(), "check", "submit")
    )
    with database.transaction(register) as session:
        other = cast.actor(session, Kind.AUTHORITY)

    def deciding(by: Actor, action: Action) -> Act:
        return lambda session: review.take(
            session,
            by=by,
            filing_id=filing_id,
            revision=read,
            action=action,
            reason="理由",
            ground="incomplete" if action is Action.DECLINE else None,
        )

    told = at_once(register, deciding(scene.reviewer, Action.ACCEPT), deciding(other, second))
    losers = [each for each in told if each is not None]
    assert [type(each) for each in losers] == [Moved]
    (lost,) = losers
    assert [each.item for each in lost.reasons] == [CHANGE]
    with register() as session:
        events = journal.history(session, filing_id)
        assert len([each for each in events if each.name.startswith("filing:review:")]) == 1


def test_a_reviewer_in_an_old_tab_is_told_which_fields_changed(scene: Scene) -> None:
    """filing/B1: returned, changed and submitted again, B7 too; the old page accepts nothing."""
    filing = scene.file(scene.evaluated(), "check", "submit")
    opened = filing.revision
    scene.rule(filing, "return", remarks=[{"code": "B1", "zh": "改名"}])
    changed = {"B1": "新名称", "B7": {"purpose": "别的目的", "non_uses": "无"}}
    dossier.fill(
        scene.session,
        by=scene.filer,
        filing_id=filing.id,
        revision=filing.revision,
        answers=changed,
    )
    scene.file(filing, "submit")
    with pytest.raises(Moved) as caught:
        scene.rule(filing, "accept", revision=opened)
    assert filing.status == Status.SUBMITTED
    told = {each.item: each.said for each in caught.value.reasons}
    assert set(told) == {"B1", "B7", CHANGE}
    assert "目的" in told["B7"].zh
    assert "示例信贷公司" in told["B7"].zh
    assert "Purpose" in told["B7"].en
    name = scene.session.get_one(Person, scene.filer.person_id).name
    assert name not in told["B7"].zh  # a filer's people are not named to others


def test_a_colleague_is_named_to_colleagues(scene: Scene) -> None:
    filing = scene.opened()
    (told, *_) = revision.since(scene.session, filing, 1, reader=scene.filer)
    assert scene.session.get_one(Person, scene.filer.person_id).name in told.said.zh


def test_a_reply_is_made_against_a_revision_and_is_one(scene: Scene) -> None:
    """filing/B1: of two who answer one remark, the second is told."""
    filing = scene.file(scene.evaluated(), "check", "submit")
    scene.rule(filing, "return", remarks=[{"code": "B1", "zh": "改名"}])
    (remark,), read = remarks.on(scene.session, filing), filing.revision
    given: dict[str, Any] = {"by": scene.filer, "remark_id": remark.id, "revision": read}
    remarks.reply(scene.session, **given, zh="已改")
    assert filing.revision == read + 1
    with pytest.raises(Moved):
        remarks.reply(scene.session, **given, zh="不改")
    assert remark.reply == {"zh": "已改"}


def test_every_event_says_at_which_revision_it_happened(scene: Scene) -> None:
    filing = scene.published()
    events = journal.history(scene.session, filing.id)
    read = [each.details["revision"] for each in events]
    assert read == sorted(read)
    assert read[-1] == filing.revision


def test_a_filing_does_not_move_onto_a_version_that_another_holds(scene: Scene) -> None:
    """filing/S19: `move` has the test of `open_filing`."""
    first = scene.published()
    newer = cast.version(scene.session, scene.filer)
    second = scene.opened(newer)
    with pytest.raises(AlreadyOpen, match=first.id):
        _move(scene, second, scene.version.id)
    scene.file(first, "cancel", reason="不办了")
    _move(scene, second, scene.version.id)
    assert second.version_id == scene.version.id


def test_the_version_of_an_edition_is_held_while_its_change_is_under_way(scene: Scene) -> None:
    """filing/S19: a change that moved on may be abandoned, and is then back at its version."""
    filing = scene.published()
    newer = cast.version(scene.session, scene.filer)
    scene.file(filing, "amend")
    _move(scene, filing, newer.id)
    for version in (scene.version, newer):
        with pytest.raises(AlreadyOpen, match=filing.id):
            dossier.open_filing(scene.session, by=scene.filer, version_id=version.id)
    other = cast.version(scene.session, scene.filer)
    third = scene.opened(other)
    with pytest.raises(AlreadyOpen, match=filing.id):
        _move(scene, third, scene.version.id)
    scene.file(filing, "abandon")
    assert filing.version_id == scene.version.id
    _move(scene, third, newer.id)  # free again


def _move(scene: Scene, filing: Filing, version_id: str) -> None:
    dossier.move(
        scene.session,
        by=scene.filer,
        filing_id=filing.id,
        revision=filing.revision,
        version_id=version_id,
    )


def test_of_two_that_take_one_version_at_once_one_holds_it(
    register: sessionmaker[Session], monkeypatch: pytest.MonkeyPatch
) -> None:
    """filing/S19: a move and an opening at the same moment; each has looked before the other acts."""
    with database.transaction(register) as session:
        scene = Scene(session)
        newer = cast.version(session, scene.filer)
        filing = scene.opened()
        free, moving, read = newer.id, filing.id, filing.revision
    both_looked, look = Barrier(2), dossier._unclaimed

    def looking(*given: Any, **how: Any) -> None:
        look(*given, **how)
        with suppress(BrokenBarrierError):  # the other is kept from looking, as it should be
            both_looked.wait(1.0)

    monkeypatch.setattr(dossier, "_unclaimed", looking)
    told = at_once(
        register,
        lambda session: dossier.open_filing(session, by=scene.filer, version_id=free),
        lambda session: dossier.move(
            session, by=scene.filer, filing_id=moving, revision=read, version_id=free
        ),
    )
    lost = [each for each in told if each is not None]
    assert [type(each) for each in lost] == [AlreadyOpen]
    with register() as session:
        holding = session.scalars(select(Filing).where(Filing.version_id == free)).all()
        assert len(holding) == 1
