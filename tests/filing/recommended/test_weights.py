"""The weights of a catalogue: proposed by one, agreed by a second, and what nobody else learns before."""

import pytest
from sqlalchemy import delete

from filing import changes
from filing.recommended import keeping, weighing
from filing.recommended.people import SecondPerson
from filing.recommended.steps import Action
from filing.recommended.weighing import Answered, CatalogueMoved, NoProposal, Proposed
from filing.recommended.words import RecommendedInvalid
from filing.review import NotIndependent
from registry.database import now
from registry.organisations import Membership, WrongRole
from tests.filing.recommended.room import NO_TIES, SAID, Room, joins


def test_new_weights_are_on_record_with_what_they_were_and_why(room: Room) -> None:
    room.weigh(checks=50)
    row = room.told()["log"][0]
    assert row["what"]["id"] == "weighed"
    assert (row["before"]["checks"], row["weights"]["checks"]) == (20, 50)
    assert row["reason"] == SAID
    assert room.told()["order"]["weights"]["checks"] == 50
    assert room.told(weights={"checks": 7})["order"]["weights"]["checks"] == 7


def test_weights_are_in_force_once_a_second_person_agrees_and_nobody_else_learns_before(
    room: Room,
) -> None:
    room.entered()
    before, public, moment = room.told(at=now()), changes.latest(room.session), now()
    before = room.told(at=moment)
    room.propose(room.one, checks=50)
    assert room.told(at=moment) == before
    assert changes.latest(room.session) == public
    with pytest.raises(SecondPerson):
        room.answer(room.one, Action.CONFIRM)
    room.answer(room.two, Action.RETURN)
    with pytest.raises(NoProposal):
        room.answer(room.two, Action.CONFIRM)
    room.propose(room.two, checks=70)
    room.propose(room.one, checks=50)
    room.answer(room.two, Action.CONFIRM)
    told = room.told()
    assert told["order"]["weights"]["checks"] == 50
    assert (told["log"][0]["what"]["id"], told["log"][0]["ties"]) == ("weighed", [NO_TIES] * 2)
    assert told["catalogue"]["revision"] == before["catalogue"]["revision"] + 1
    assert changes.latest(room.session)[0] > public[0]
    assert [each["what"]["id"] for each in told["log"]] == ["weighed", "entered", "opened"]
    with pytest.raises(CatalogueMoved):
        weighing.answer(room.session, by=room.one, answered=Answered(Action.CONFIRM, 1, NO_TIES))


@pytest.mark.parametrize("party", ["filer", "tester"])
@pytest.mark.parametrize("who", ["one", "two"])
def test_whoever_belongs_to_the_filer_or_tester_of_an_entry_sets_no_weights(
    room: Room, party: str, who: str
) -> None:
    room.entered()
    room.propose(room.one, checks=50)
    other = getattr(room.scene, party).organisation_id
    joins(room.session, getattr(room, who).person_id, other)
    with pytest.raises(NotIndependent):
        room.answer(room.two, Action.CONFIRM)
    with pytest.raises(NotIndependent):
        room.propose(getattr(room, who), checks=60)
    assert room.told()["order"]["weights"]["checks"] == 20


def test_weights_that_two_people_did_not_set_are_told_as_whose_they_are(room: Room) -> None:
    assert room.kept.weights == keeping.BEGINNING
    assert "是本平台给的起始值" in room.told()["weights_set"]["zh"]
    room.kept.weights = keeping.BEGINNING | {"checks": 90}  # as an earlier release let one person
    assert "一个人定的" in room.told()["weights_set"]["zh"]
    room.weigh(checks=50)
    assert room.told()["weights_set"] is None


def test_proposed_weights_lack_neither_reason_nor_ties(room: Room) -> None:
    proposed = Proposed(room.kept.revision, {"checks": 1}, {}, {})
    with pytest.raises(RecommendedInvalid) as refused:
        weighing.propose(room.session, by=room.one, proposed=proposed)
    assert [each.item for each in refused.value.reasons] == ["reason", "ties"]
    for by in (room.scene.filer, room.scene.publisher):
        with pytest.raises(WrongRole):
            weighing.propose(room.session, by=by, proposed=proposed)
    room.propose(room.one, checks=50)
    room.session.execute(delete(Membership).where(Membership.person_id == room.one.person_id))
    with pytest.raises(SecondPerson):
        room.answer(room.two, Action.CONFIRM)
