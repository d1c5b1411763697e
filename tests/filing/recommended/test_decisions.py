"""Applications and decisions: two people without ties, reasons on record, and what nobody outside sees."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import delete, select

from filing import changes, waiting
from filing.recommended import applying, deciding, keeping, records, telling, weighing
from filing.recommended.applying import OFFERED, Offer, UnderWay
from filing.recommended.deciding import ApplicationMoved
from filing.recommended.keeping import Opening
from filing.recommended.lapse import WHY_COMING, Why
from filing.recommended.people import SecondPerson
from filing.recommended.records import RecommendedApplication, RecommendedNotFound
from filing.recommended.steps import (
    STATUS_NAMES,
    STEPS,
    Action,
    NotYourSide,
    Side,
    Status,
    StepRefused,
)
from filing.recommended.weighing import CatalogueMoved, Proposed
from filing.recommended.words import RecommendedInvalid
from filing.review import NotIndependent
from filing.revision import Moved
from registry import inbox, journal, legal_day, outbox, passwords
from registry.database import now
from registry.organisations import Actor, Kind, Membership, Organisation, Role, WrongRole
from registry.outbox import Effect
from tests import cast
from tests.filing.recommended.room import NO_TIES, OFFER, SAID, Room, joins, moment_before


def test_a_filing_is_entered_by_two_people_with_its_evidence(room: Room) -> None:
    made = room.entered()

    assert made.status == Status.ENTERED
    assert made.proposal is None
    told = room.told()
    (entry,) = told["entries"]
    assert entry["number"] == room.filing.number
    assert entry["offer"]["licence"] == {"zh": "使用许可写在这里"}
    assert entry["said"] == SAID
    assert entry["ties"] == [NO_TIES, NO_TIES]
    assert entry["measured"]["checks"] == {"count": 3, "of": 3}
    assert entry["measured"]["findings"] == {"count": 3, "of": 3}
    assert entry["measured"]["appeals"] is None
    assert entry["measured"]["explanation"] is None
    assert [each["what"]["id"] for each in told["log"]] == ["entered", "opened"]
    assert told["order"]["left_out"] == [
        {"criterion": name, "not_measured": [room.filing.number]}
        for name in ("explanation", "appeals")
    ]
    assert told["catalogue"]["statement"]["zh"].endswith("编制，不是行政许可或认定。")
    body = room.session.get_one(Organisation, room.one.organisation_id)
    assert body.name_zh in told["catalogue"]["statement"]["zh"]
    people = {room.one.person_id, room.two.person_id, room.scene.filer.person_id}
    assert not [each for each in people if each in str(told)], "organisations, never people"


def test_before_the_decision_nothing_of_it_is_public(room: Room) -> None:
    before, told = changes.latest(room.session), room.told(at=now())
    made = room.apply()
    room.take(room.one, made, Action.PROPOSE_ENTRY)
    assert changes.latest(room.session) == before
    assert room.told(at=now())["entries"] == told["entries"] == []
    room.take(room.two, made, Action.CONFIRM)
    entered = changes.latest(room.session)
    assert entered[0] > before[0]
    room.take(room.one, made, Action.PROPOSE_REMOVAL)
    assert changes.latest(room.session) == entered, "a proposal leaves no trace"
    assert room.listed() == [room.filing.number]
    room.take(room.two, made, Action.CONFIRM)
    assert changes.latest(room.session)[0] > entered[0]
    assert room.listed() == []
    row = room.told()["log"][0]
    assert (row["what"]["id"], row["reason"]) == ("removed", SAID)


def test_who_proposed_does_not_agree_as_well(room: Room) -> None:
    made = room.take(room.one, room.apply(), Action.PROPOSE_ENTRY)
    with pytest.raises(SecondPerson):
        room.take(room.one, made, Action.CONFIRM)
    assert made.status == Status.ENTRY_PROPOSED


@pytest.mark.parametrize("party", ["filer", "tester"])
@pytest.mark.parametrize("who", ["one", "two"])
def test_whoever_belongs_to_the_filer_or_a_tester_decides_nothing(
    room: Room, party: str, who: str
) -> None:
    """Whichever of the two it is, and also where they joined after they proposed."""
    made = room.take(room.one, room.apply(), Action.PROPOSE_ENTRY)
    other = getattr(room.scene, party).organisation_id
    joins(room.session, getattr(room, who).person_id, other)
    with pytest.raises(NotIndependent) as refused:
        room.take(room.two, made, Action.CONFIRM)
    assert {each.item for each in refused.value.reasons} == {"membership"}
    assert made.status == Status.ENTRY_PROPOSED


def test_a_member_of_the_filer_proposes_nothing_either(room: Room) -> None:
    made = room.apply()
    joins(room.session, room.one.person_id, room.scene.filer.organisation_id)
    with pytest.raises(NotIndependent):
        room.take(room.one, made, Action.PROPOSE_REFUSAL)


def test_a_refusal_goes_to_the_applicant_and_the_public_sees_its_number(room: Room) -> None:
    made = room.take(room.one, room.apply(), Action.PROPOSE_REFUSAL, words={"zh": "许可不清楚。"})
    room.take(room.two, made, Action.CONFIRM)

    told = room.told()
    assert told["refused"] == 1
    assert "许可不清楚" not in str(told)
    assert str(room.filing.number) not in str(told)
    seen = telling.told(room.session, made, Side.FILER)
    assert seen["said"] == {"zh": "许可不清楚。"}
    assert [each["action"] for each in seen["steps"]] == ["reply"]
    public = changes.latest(room.session)
    room.take(room.scene.filer, made, Action.REPLY, words={"zh": "许可已经写清楚。"})
    assert made.status == Status.SUBMITTED
    assert changes.latest(room.session) == public
    room.take(room.one, made, Action.PROPOSE_REFUSAL)
    room.take(room.two, made, Action.CONFIRM)
    assert room.told()["refused"] == 2
    with pytest.raises(RecommendedInvalid):
        room.take(room.scene.filer, made, Action.REPLY)
    assert telling.told(room.session, made, Side.FILER)["steps"] == []
    assert room.apply().status == Status.SUBMITTED, "it can be applied for again"


def test_who_was_refused_is_told_when_and_that_they_may_reply_once(room: Room) -> None:
    def told(side: Side = Side.FILER) -> Any:
        return telling.told(room.session, made, side)

    made = room.take(room.one, room.apply(), Action.PROPOSE_REFUSAL)
    assert told()["reply_right"] is None
    room.take(room.two, made, Action.CONFIRM)
    assert (told()["decided"], told()["said"]) == (made.since.isoformat(), SAID)
    assert "答复一次" in told()["reply_right"]["zh"]
    assert told(Side.BODY)["reply_right"] is None
    room.take(room.scene.filer, made, Action.REPLY)
    assert told()["reply_right"] is None
    room.take(room.one, made, Action.PROPOSE_REFUSAL)
    room.take(room.two, made, Action.CONFIRM)
    assert legal_day.today().isoformat() in told()["reply_right"]["zh"]
    assert "不能再答复" in told()["reply_right"]["zh"]
    assert not [each for each in told()["steps"] if each["action"] == Action.REPLY]


def test_the_filer_learns_of_no_proposal(room: Room) -> None:
    made = room.take(room.one, room.apply(), Action.PROPOSE_REFUSAL, words={"zh": "不清楚。"})
    seen = telling.told(room.session, made, Side.FILER)
    assert seen["status"]["id"] == "submitted"
    assert "不清楚" not in str(seen)
    assert "不清楚" in str(telling.told(room.session, made, Side.BODY))
    with pytest.raises(StepRefused) as refused:
        room.take(room.scene.filer, made, Action.LEAVE)
    assert "提议" not in str(refused.value)
    with pytest.raises(NotYourSide):
        room.take(room.scene.filer, made, Action.CONFIRM)
    chief = frozenset({Role.ADMINISTRATOR})
    assert telling.told(room.session, made, Side.FILER, roles=chief)["steps"] == []


def test_the_industry_body_reads_the_name_that_is_published_and_no_drafts(room: Room) -> None:
    made = room.apply()
    room.scene.file(room.filing, "amend")
    room.filing.answers = {**room.filing.answers, "B1": {"value": {"zh": "草稿里的名字"}}}
    room.take(room.one, made, Action.PROPOSE_REFUSAL)
    seen = telling.told(room.session, made, Side.BODY)
    assert seen["filing"]["name"]["zh"] == "住房贷款审批算法"
    rows = room.session.scalars(select(Effect)).all()
    assert "草稿里的名字" not in str([each.payload for each in rows])


def test_a_disagreement_brings_it_back(room: Room) -> None:
    made = room.take(room.one, room.apply(), Action.PROPOSE_ENTRY)
    back = room.take(room.two, made, Action.RETURN).status
    assert back == Status.SUBMITTED
    assert made.proposal is None
    room.take(room.two, made, Action.PROPOSE_ENTRY)
    room.take(room.one, made, Action.CONFIRM)
    room.take(room.one, made, Action.PROPOSE_REMOVAL)
    room.take(room.two, made, Action.RETURN)
    assert made.status == Status.ENTERED
    assert room.listed() == [room.filing.number]


def test_what_is_written_against_an_older_revision_changes_nothing(room: Room) -> None:
    made = room.apply()
    room.take(room.one, made, Action.PROPOSE_ENTRY)
    with pytest.raises(ApplicationMoved):
        room.take(room.two, made, Action.CONFIRM, revision=made.revision - 1)
    proposed = Proposed(99, {}, SAID, NO_TIES)
    with pytest.raises(CatalogueMoved):
        weighing.propose(room.session, by=room.one, proposed=proposed)
    with pytest.raises(Moved):
        room.apply(filing_revision=room.filing.revision - 1)


def test_no_part_of_what_the_applicant_reads_moves_with_a_proposal(room: Room) -> None:
    made = room.apply()

    def read() -> dict[str, Any]:
        return telling.told(room.session, made, Side.FILER)

    before = read()
    for action in (Action.PROPOSE_REFUSAL, Action.RETURN, Action.PROPOSE_ENTRY):
        room.take(room.two if action is Action.RETURN else room.one, made, action)
        assert read() == before
    left = room.take(room.scene.filer, made, Action.WITHDRAW, revision=before["revision"])
    assert read()["revision"] == before["revision"] + 1
    assert left.status == Status.WITHDRAWN


def test_one_who_reset_the_others_password_decides_alone_and_so_not_at_all(room: Room) -> None:
    made = room.take(room.one, room.apply(), Action.PROPOSE_ENTRY)
    journal.record(room.session, passwords.RESET, room.two.person_id, person_id=room.one.person_id)
    with pytest.raises(SecondPerson):
        room.take(room.two, made, Action.CONFIRM)


def test_who_proposed_and_left_decides_nothing(room: Room) -> None:
    made = room.take(room.one, room.apply(), Action.PROPOSE_ENTRY)
    room.session.execute(delete(Membership).where(Membership.person_id == room.one.person_id))
    with pytest.raises(SecondPerson):
        room.take(room.two, made, Action.CONFIRM)
    assert room.listed() == []


@pytest.mark.parametrize(
    "given", ["9999-12-31", "2200-01-01", "20270101", "2099-W01-1", " 2099-01-01", "2099-02-30"]
)
def test_a_licence_ends_on_a_day_that_can_be_reckoned_with(room: Room, given: str) -> None:
    """One until 9999-12-31 was entered, and the catalogue could not be read any more."""
    with pytest.raises(RecommendedInvalid) as refused:
        room.apply(replace(OFFER, licence_until=given))
    assert [each.item for each in refused.value.reasons] == ["licence_until"]
    room.entered(replace(OFFER, licence_until="2199-12-31"))
    assert room.listed() == [room.filing.number]


def test_what_is_to_come_is_not_told_as_over(room: Room) -> None:
    room.entered()
    said = room.told()["entries"][0]["ends"]["why"]
    assert said in [{"id": why.value, **WHY_COMING[why].as_json()} for why in Why]
    assert not any(word in str(said) for word in ("已", "ran out", "expired"))


def test_one_application_at_a_time(room: Room) -> None:
    made = room.apply()
    with pytest.raises(UnderWay):
        room.apply()
    room.take(room.scene.filer, made, Action.WITHDRAW)
    assert room.apply().id != made.id


@pytest.mark.parametrize("missing", [*OFFERED, "licence_until"])
def test_an_application_says_how_the_model_can_be_had(room: Room, missing: str) -> None:
    words = {name: text for name, text in OFFER.words.items() if name != missing}
    until = "2020-01-01" if missing == "licence_until" else ""
    with pytest.raises(RecommendedInvalid) as refused:
        room.apply(Offer(words, until))
    assert [each.item for each in refused.value.reasons] == [missing]
    assert room.session.scalars(select(RecommendedApplication)).all() == []


def test_what_is_not_evaluated_by_a_third_party_is_not_applied_for(
    room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    later = now() + timedelta(days=400)
    monkeypatch.setattr(applying, "now", lambda: later)
    with pytest.raises(RecommendedInvalid) as refused:
        room.apply()
    assert [each.item for each in refused.value.reasons] == ["evaluation"]


def test_a_filing_that_ended_is_neither_applied_for_nor_entered(room: Room) -> None:
    made = room.take(room.one, room.apply(), Action.PROPOSE_ENTRY)
    room.scene.rule(room.filing, "revoke", reason="查出了问题")
    with pytest.raises(RecommendedInvalid):
        room.take(room.two, made, Action.CONFIRM)
    room.take(room.scene.filer, made, Action.WITHDRAW)
    with pytest.raises(RecommendedInvalid):
        room.apply()


def test_a_step_lacks_what_the_table_asks_for(room: Room) -> None:
    made = room.apply()
    with pytest.raises(RecommendedInvalid) as refused:
        room.take(room.one, made, Action.PROPOSE_ENTRY, words={}, ties={}, until="2020-01-01")
    assert [each.item for each in refused.value.reasons] == ["words", "ties", "until"]
    assert made.status == Status.SUBMITTED


def test_others_see_nothing(room: Room) -> None:
    made = room.apply()
    stranger = cast.actor(room.session, Kind.INDUSTRY_BODY)
    for by in (stranger, cast.actor(room.session), room.scene.publisher):
        with pytest.raises(RecommendedNotFound):
            records.application(room.session, by=by, application_id=made.id)
        assert records.applications(room.session, by=by) == []
    for by in (room.one, room.scene.filer):
        assert records.applications(room.session, by=by) == [made]


def test_only_an_industry_body_keeps_a_catalogue(room: Room) -> None:
    opening = Opening("other", "shanghai", SAID)
    for by in (room.scene.publisher, room.scene.filer):
        with pytest.raises(WrongRole):
            keeping.open_catalogue(room.session, by=by, opening=opening)
    narrow = replace(cast.actor(room.session, Kind.INDUSTRY_BODY), roles=frozenset[Role]())
    with pytest.raises(WrongRole):
        keeping.open_catalogue(room.session, by=narrow, opening=opening)
    with pytest.raises(keeping.AlreadyOpen):
        keeping.open_catalogue(room.session, by=room.one, opening=opening)


def test_a_new_decision_takes_the_place_of_the_earlier(room: Room) -> None:
    earlier = room.entered()
    later = room.entered()
    assert (earlier.status, later.status) == (Status.RENEWED, Status.ENTERED)
    assert room.listed() == [room.filing.number]
    assert sorted(each["what"]["id"] for each in room.told()["log"]) == [
        "entered",
        "entered",
        "opened",
        "renewed",
    ]


def test_the_filer_leaves_with_a_reason(room: Room) -> None:
    made = room.entered()
    room.take(room.scene.filer, made, Action.LEAVE, words={"zh": "不再对外许可。"})
    assert room.listed() == []
    row = room.told()["log"][0]
    assert (row["what"]["id"], row["reason"]) == ("left", {"zh": "不再对外许可。"})


@pytest.mark.parametrize("over", ["until", "licence_until"])
def test_a_proposal_whose_days_have_run_out_is_not_agreed_to(
    room: Room, monkeypatch: pytest.MonkeyPatch, over: str
) -> None:
    """It was entered weeks after it had ended, and the public read that it ever was."""
    today = legal_day.today()
    last = today.isoformat()
    offer = replace(OFFER, licence_until=last) if over == "licence_until" else OFFER
    term = {"until": last} if over == "until" else {}
    made = room.take(room.one, room.apply(offer), Action.PROPOSE_ENTRY, **term)
    tomorrow = legal_day.begins(today + timedelta(days=1))
    monkeypatch.setattr(deciding, "now", lambda: tomorrow)
    with pytest.raises(RecommendedInvalid) as refused:
        room.take(room.two, made, Action.CONFIRM)
    assert [each.item for each in refused.value.reasons] == [over]
    assert made.status == Status.ENTRY_PROPOSED
    monkeypatch.setattr(deciding, "now", lambda: moment_before(tomorrow))
    assert room.take(room.two, made, Action.CONFIRM).status == Status.ENTERED


def test_words_that_sound_official_are_remarked_to_who_decides_and_to_nobody_else(
    room: Room,
) -> None:
    offer = Offer(dict(OFFER.words) | {"licence": {"zh": "已获市政府认定，官方认证，一级推荐"}})
    made = room.apply(offer)
    (remark,) = telling.told(room.session, made, Side.BODY)["remarks"]
    assert remark["words"] == ["政府", "认定", "官方", "认证", "推荐"]
    assert "“使用许可”里有“政府”“认定”“官方”" in remark["zh"]
    assert "under “the licence”" in remark["en"]
    assert telling.told(room.session, made, Side.FILER)["remarks"] == []
    room.take(room.scene.filer, made, Action.WITHDRAW)
    assert telling.told(room.session, room.apply(), Side.BODY)["remarks"] == []


def test_desks_get_what_waits(room: Room) -> None:
    def waits(made: RecommendedApplication) -> list[tuple[str, str]]:
        rows = room.session.scalars(select(Effect).order_by(Effect.id)).all()
        mine = [each.payload for each in rows if each.payload.get("subject") == made.id]
        return [(each["organisation_id"], each["what"]) for each in mine[-1]["waits"]]

    body, filer = room.one.organisation_id, room.filing.organisation_id
    made = room.apply()
    assert waits(made) == [(body, "decide_recommended")]
    room.take(room.one, made, Action.PROPOSE_REFUSAL)
    assert waits(made) == [(body, "confirm_recommended")]
    room.take(room.two, made, Action.CONFIRM)
    assert waits(made) == [(filer, "read_refusal")]
    room.take(room.scene.filer, made, Action.REPLY)
    assert waits(made) == [(body, "decide_recommended")]
    room.take(room.scene.filer, made, Action.WITHDRAW)
    assert waits(made) == []


def test_every_status_is_named_and_every_row_leads_somewhere() -> None:
    assert set(STATUS_NAMES) == set(Status)
    assert len({(each.source, each.action) for each in STEPS}) == len(STEPS)
    decisions = [each for each in STEPS if each.action is Action.CONFIRM]
    assert all(each.second and each.ties for each in decisions)


def test_what_both_said_of_their_ties_is_kept_at_every_decision_and_read_of_ended_entries(
    room: Room,
) -> None:
    entry = [{"zh": f"列入时{name}"} for name in "甲乙"]
    removal = [{"zh": f"移出时{name}"} for name in "甲乙"]
    made = room.take(room.one, room.apply(), Action.PROPOSE_ENTRY, ties=entry[0])
    room.take(room.two, made, Action.CONFIRM, ties=entry[1])
    room.take(room.two, made, Action.PROPOSE_REMOVAL, ties=removal[0])
    assert [each["ties"] for each in room.told()["log"]][:1] == [entry]
    assert removal[0]["zh"] not in str(room.told())  # a proposal is nobody's outside
    assert removal[0]["zh"] not in str(telling.told(room.session, made, Side.FILER))
    room.take(room.one, made, Action.CONFIRM, ties=removal[1])
    log = {each["what"]["id"]: each["ties"] for each in room.told()["log"]}
    assert (log["removed"], log["entered"]) == (removal, entry)
    for side in Side:
        told = telling.told(room.session, made, side)
        assert (told["ties"], told["end_ties"]) == (entry, removal)


def test_the_ties_of_a_refusal_are_told_to_the_applicant_and_kept_when_it_is_decided_anew(
    room: Room,
) -> None:
    refusal = [{"zh": f"不列入时{name}"} for name in "甲乙"]
    made = room.take(room.one, room.apply(), Action.PROPOSE_REFUSAL, ties=refusal[0])
    room.take(room.two, made, Action.CONFIRM, ties=refusal[1])
    assert telling.told(room.session, made, Side.FILER)["ties"] == refusal
    assert "不列入时" not in str(room.told())
    room.take(room.scene.filer, made, Action.REPLY)
    made = room.take(room.one, made, Action.PROPOSE_ENTRY)
    room.take(room.two, made, Action.CONFIRM)
    assert telling.told(room.session, made, Side.FILER)["ties"] == [NO_TIES, NO_TIES]
    kept = [event.details.get("ties") for event in journal.history(room.session, made.id)]
    assert [each for each in kept if each] == [refusal, [NO_TIES, NO_TIES]]


def test_who_decides_is_told_who_reads_their_ties(room: Room) -> None:
    def asked(made: RecommendedApplication) -> dict[str, str]:
        told = telling.told(room.session, made, Side.BODY)["steps"]
        return {each["action"]: each["ties"]["zh"] for each in told if each["ties"]}

    made = room.apply()
    assert "（决定以后公开）" in asked(made)["propose_entry"]
    assert "不公开" in asked(made)["propose_refusal"]
    room.take(room.one, made, Action.PROPOSE_REFUSAL)
    assert "不公开" in asked(made)["confirm"]
    room.take(room.two, made, Action.RETURN)
    room.take(room.one, made, Action.PROPOSE_ENTRY)
    assert "（决定以后公开）" in asked(made)["confirm"]


def on_desk(room: Room, by: Actor) -> list[tuple[str, str]]:
    for each in outbox.pending(room.session, kinds=[inbox.EFFECT]):
        inbox.apply(room.session, each.payload)
        each.applied = now()
        room.session.flush()
    return [(each.item.what, each.label.en) for each in waiting.on_desk(room.session, by)]


def test_a_proposal_waits_for_the_second_person_and_not_for_who_proposed(room: Room) -> None:
    made = room.take(room.one, room.apply(), Action.PROPOSE_ENTRY)
    name = recommended_name(room)
    assert on_desk(room, room.one) == []
    assert on_desk(room, room.two) == [("confirm_recommended", name["en"])]
    assert name["en"] != name["zh"]
    room.take(room.two, made, Action.RETURN)
    assert on_desk(room, room.one) == [("decide_recommended", name["en"])]
    room.take(room.scene.filer, made, Action.WITHDRAW)
    room.propose(room.two, checks=40)
    assert on_desk(room, room.two) == []
    assert on_desk(room, room.one) == [("confirm_weights", room.kept.slug)]
    assert weighing.answers(room.kept, room.two) == (Action.RETURN,)
    assert weighing.answers(room.kept, room.one) == weighing.ANSWERS


def test_who_proposed_is_not_offered_to_agree(room: Room) -> None:
    made = room.take(room.one, room.apply(), Action.PROPOSE_ENTRY)

    def offered(by: Actor) -> list[str]:
        told = telling.told(room.session, made, Side.BODY, reader=by.person_id)
        return [each["action"] for each in told["steps"]]

    assert offered(room.one) == ["return"]
    assert offered(room.two) == ["confirm", "return"]


def recommended_name(room: Room) -> dict[str, Any]:
    return records.published_name(room.session, room.filing)
