"""What becomes of a case: who reads and asks whom, in which words, and how it ends."""

from datetime import timedelta
from typing import Any

import pytest

from filing import concerns, handling, receiving, routes
from filing.concern_steps import STEPS, Action, Ground, Outcome, Side, Status, StepRefused
from filing.concerns import ConcernNotFound
from filing.handling import ConcernMoved, QuestionRepeats, Taken
from filing.receiving import ConcernInvalid
from filing.routes import ROUTES_TOLD, Route
from registry import legal_day, organisations
from registry.organisations import Kind, Organisation, Role
from registry.settings import Settings
from tests import cast
from tests.filing.cases import ASKED, WORDS, Filed


def test_whoever_belongs_to_the_filer_sees_no_report_from_the_authoritys_side(
    filed: Filed,
) -> None:
    sent = filed.send()
    filer = filed.session.get_one(Organisation, filed.filing.organisation_id)
    organisations.give_role(
        filed.session,
        person_id=filed.authority.person_id,
        organisation=filer,
        role=Role.FILER,
        by=None,
    )
    assert filed.seen(filed.authority) == []
    with pytest.raises(ConcernNotFound):
        concerns.get(filed.session, by=filed.authority, number=sent.concern.number)


def test_another_authority_sees_nothing(filed: Filed) -> None:
    filed.send()
    assert filed.seen(cast.actor(filed.session, Kind.AUTHORITY)) == []
    assert filed.seen(filed.scene.tester) == []


def test_the_filer_answers_a_question_in_the_authoritys_words_and_never_reads_the_original(
    filed: Filed,
) -> None:
    sent = filed.send(contact="13800000000", situation="unequal")
    filed.take(filed.authority, sent.concern, Action.PUT, words=ASKED)

    concern, side = concerns.get(filed.session, by=filed.scene.filer, number=sent.concern.number)
    told = handling.told(filed.session, concern, side)
    assert side is Side.FILER
    assert [each["said"] for each in told["messages"]] == [ASKED]
    for secret in (WORDS, "13800000000", "unequal", "report", "举报", "created", "acknowledge_by"):
        assert secret not in str(told), secret
    assert filed.counts() == [("report", 1, 0, 0)]

    with pytest.raises(ConcernInvalid, match="机会"):
        filed.take(filed.authority, concern, Action.CLOSE, words="成立。", outcome=Outcome.UPHELD)
    filed.take(filed.scene.filer, concern, Action.REPLY, words="年龄不用来决定。")
    filed.take(filed.authority, concern, Action.CLOSE, words="已核实。", outcome=Outcome.UPHELD)
    assert filed.counts() == [("report", 1, 1, 1)]
    sender = receiving.told(filed.session, concern)
    assert [each["said"] for each in sender["messages"]] == [WORDS, "已核实。"]
    assert sender["outcome"]["id"] == "upheld"


def test_a_question_that_copies_the_original_is_refused(filed: Filed) -> None:
    sent = filed.send(contact="lisi-numbat@example.org")
    for said in (
        f"有人说：{WORDS[5:20]}",
        f"有人说：{WORDS[5:11]} \n{WORDS[11:20]}",
        "问 lisi-numbat@example.org",
    ):
        with pytest.raises(QuestionRepeats, match="照抄") as refused:
            filed.take(filed.authority, sent.concern, Action.PUT, words=said)
        assert "".join(piece for piece, _ in refused.value.pieces) == said
        assert any(repeats for _, repeats in refused.value.pieces)
    assert sent.concern.put is None
    filed.take(filed.authority, sent.concern, Action.PUT, words=f"请说明：{WORDS[:8]}")


def test_the_authority_reads_exactly_what_the_filer_will_read_and_nothing_is_saved(
    filed: Filed,
) -> None:
    sent = filed.send()
    receiving.add(
        filed.session, Settings(), number=sent.concern.number, code=sent.code, words=WORDS
    )
    filed.session.commit()
    number, read = sent.concern.number, sent.concern.revision
    asked = {"by": filed.authority, "number": number, "revision": read, "words": ASKED}
    shown = handling.preview(filed.session, **asked)  # type: ignore[arg-type]
    assert (sent.concern.put, sent.concern.status) == (None, Status.RECEIVED)
    assert concerns.revision(filed.session, sent.concern, Side.HANDLER) == read
    with pytest.raises(QuestionRepeats):
        handling.preview(filed.session, **asked | {"words": WORDS})  # type: ignore[arg-type]
    with pytest.raises(ConcernNotFound):
        handling.preview(filed.session, **asked | {"by": filed.scene.filer})  # type: ignore[arg-type]

    filed.take(filed.authority, sent.concern, Action.PUT, words=ASKED)
    told = handling.told(
        filed.session, *concerns.get(filed.session, by=filed.scene.filer, number=number)
    )
    for each in (shown, told):  # the moment of asking is the one thing that is later
        each["messages"][0].pop("at")
        each.pop("put")
    assert shown == told


def test_a_question_may_say_what_is_public_of_the_filing(filed: Filed) -> None:
    filer = filed.session.get_one(Organisation, filed.filing.organisation_id)
    public = f"{filer.name.zh}的{filed.filing.number}"
    sent = filed.send(words=f"{public}把我拒绝了，没有说明理由。")
    filed.take(filed.authority, sent.concern, Action.PUT, words=f"请说明{public}用了哪些列。")
    assert sent.concern.put is not None


def test_the_asked_filer_reads_one_revision_whatever_happened_before_and_after(
    filed: Filed,
) -> None:
    def read() -> dict[str, Any]:
        found = concerns.get(filed.session, by=filed.scene.filer, number=busy.concern.number)
        return handling.told(filed.session, *found)

    def add() -> None:
        receiving.add(
            filed.session, Settings(), number=busy.concern.number, code=busy.code, words=WORDS
        )

    quick, busy = filed.send(), filed.send(address="198.51.100.1")
    filed.take(filed.authority, quick.concern, Action.PUT, words=ASKED)
    for _ in range(2):
        add()
    filed.take(filed.authority, busy.concern, Action.ACKNOWLEDGE)
    filed.take(filed.authority, busy.concern, Action.PUT, words=ASKED)
    seen = [
        handling.told(
            filed.session, *concerns.get(filed.session, by=filed.scene.filer, number=each)
        )["revision"]
        for each in (quick.concern.number, busy.concern.number)
    ]
    assert seen[0] == seen[1]

    before = read()
    add()
    assert read() == before, "an addition is the authority's to read"
    reply = Taken(Action.REPLY, before["revision"], "年龄不用来决定。")
    handling.take(filed.session, by=filed.scene.filer, number=busy.concern.number, taken=reply)
    replied = read()
    assert replied["revision"] > before["revision"]
    with pytest.raises(ConcernMoved):
        handling.take(filed.session, by=filed.scene.filer, number=busy.concern.number, taken=reply)
    add()
    assert read() == replied
    filed.take(filed.authority, busy.concern, Action.CLOSE, words="查了。", outcome=Outcome.UPHELD)
    assert read()["revision"] > replied["revision"]


def test_a_filers_own_case_moves_with_every_word_that_it_reads(filed: Filed) -> None:
    sent = filed.send(Route.APPEAL)
    read = [concerns.revision(filed.session, sent.concern, Side.HANDLER)]
    receiving.add(
        filed.session, Settings(), number=sent.concern.number, code=sent.code, words=WORDS
    )
    read.append(concerns.revision(filed.session, sent.concern, Side.HANDLER))
    with pytest.raises(ConcernMoved):
        filed.take(filed.scene.filer, sent.concern, Action.ACKNOWLEDGE, revision=read[0])
    for action, said in (
        (Action.ACKNOWLEDGE, {}),
        (Action.CLOSE, {"words": "改了。", "outcome": Outcome.UPHELD}),
    ):
        filed.take(filed.scene.filer, sent.concern, action, revision=read[-1], **said)
        read.append(concerns.revision(filed.session, sent.concern, Side.HANDLER))
    assert read == sorted(set(read))


def test_a_report_that_is_closed_without_a_question_is_counted_and_stays_unseen(
    filed: Filed,
) -> None:
    sent = filed.send()
    filed.take(
        filed.authority,
        sent.concern,
        Action.CLOSE,
        words="查过，没有这回事。",
        outcome=Outcome.NOT_UPHELD,
    )
    assert filed.counts() == [("report", 1, 1, 0)]
    assert filed.seen(filed.scene.filer) == []
    # The count tells everybody that there was one: no sentence promises otherwise.
    told = ROUTES_TOLD[Route.REPORT]
    assert "询问或结案以前" in told.zh
    assert "before they ask the filer or close it" in told.en


def test_whoever_lets_the_day_of_reply_pass_was_heard(filed: Filed) -> None:
    sent = filed.send()
    filed.take(filed.authority, sent.concern, Action.PUT, words=ASKED)
    last = sent.concern.reply_by
    assert last == legal_day.today() + timedelta(days=routes.REPLY_WITHIN)
    assert not handling.heard(sent.concern, last)
    assert handling.heard(sent.concern, last + timedelta(days=1))


def test_a_question_needs_words_and_a_closing_its_outcome(filed: Filed) -> None:
    sent = filed.send()
    with pytest.raises(ConcernInvalid):
        filed.take(filed.authority, sent.concern, Action.PUT)
    with pytest.raises(ConcernInvalid) as refused:
        filed.take(filed.authority, sent.concern, Action.CLOSE)
    assert {each.item for each in refused.value.reasons} == {"words", "outcome"}
    with pytest.raises(StepRefused):
        filed.take(filed.authority, sent.concern, Action.REPLY, words="不该由我说")


def test_a_filer_can_neither_ask_itself_nor_set_aside_what_it_was_sent(filed: Filed) -> None:
    sent = filed.send(Route.APPEAL)
    for action in (Action.PUT, Action.SET_ASIDE):
        with pytest.raises(StepRefused):
            filed.take(
                filed.scene.filer, sent.concern, action, words="不看", ground=Ground.UNRELATED
            )
    filed.take(
        filed.scene.filer, sent.concern, Action.CLOSE, words="改了。", outcome=Outcome.UPHELD
    )
    assert filed.counts() == [("appeal", 1, 1, 1)]


def test_a_step_against_an_older_revision_changes_nothing(filed: Filed) -> None:
    sent = filed.send()
    read = sent.concern.revision
    filed.take(filed.authority, sent.concern, Action.ACKNOWLEDGE)
    with pytest.raises(ConcernMoved):
        filed.take(filed.authority, sent.concern, Action.PUT, words=ASKED, revision=read)
    assert sent.concern.put is None


def test_what_is_past_its_day_is_late_and_what_is_closed_is_not(filed: Filed) -> None:
    concern = filed.send(Route.APPEAL).concern
    assert not handling.late(concern, concern.acknowledge_by)
    assert handling.late(concern, concern.acknowledge_by + timedelta(days=1))
    filed.take(filed.scene.filer, concern, Action.ACKNOWLEDGE)
    assert concern.answer_by is not None
    assert not handling.late(concern, concern.answer_by)
    assert handling.late(concern, concern.answer_by + timedelta(days=1))
    filed.take(filed.scene.filer, concern, Action.CLOSE, words="改了。", outcome=Outcome.UPHELD)
    assert not handling.late(concern, concern.answer_by + timedelta(days=1))


def test_every_step_that_ends_a_case_tells_its_sender() -> None:
    for each in STEPS:
        if each.target in {Status.CLOSED, Status.SET_ASIDE}:
            assert each.to is Side.SENDER, each


def _held(filed: Filed, route: Route, **said: Any) -> Any:
    """Sent 22 days ago, and held since then."""
    for _ in range(4):
        sent = filed.send(route, **said)
    concern, back = sent.concern, timedelta(days=22)
    assert concern.status == Status.HELD
    concern.created -= back
    concern.acknowledge_by -= back
    concern.delete_on -= back
    if concern.answer_by:
        concern.answer_by -= back
    filed.session.flush()
    return sent


@pytest.mark.parametrize(
    ("route", "days"), [(Route.APPEAL, 15), (Route.COMPLAINT, routes.ANSWERED_WITHIN)]
)
def test_the_filers_days_run_from_when_it_can_read_what_was_held(
    filed: Filed, route: Route, days: int
) -> None:
    sent = _held(filed, route, consent=True)
    before, deleted, today = sent.concern.answer_by, sent.concern.delete_on, legal_day.today()
    filed.take(filed.authority, sent.concern, Action.RELEASE)

    told = handling.told(
        filed.session,
        *concerns.get(filed.session, by=filed.scene.filer, number=sent.concern.number),
    )
    assert told["late"] is False
    assert told["answer_by"] == (today + timedelta(days=days)).isoformat()
    assert told["acknowledge_by"] == (today + timedelta(days=7)).isoformat()
    assert told["reached"] == today.isoformat()
    sender = receiving.told(filed.session, sent.concern)
    assert sender["received"] == (today - timedelta(days=22)).isoformat()
    assert f"{today}交到备案主体" in sender["answer"]["zh"]
    assert told["answer_by"] in sender["answer"]["zh"]
    assert before is not None
    assert before.isoformat() not in str(sender)
    assert sent.concern.delete_on == deleted, "the day of deletion was promised"


def test_the_days_of_the_authority_run_from_receipt_whether_it_looked_at_it_first_or_not(
    filed: Filed,
) -> None:
    sent = _held(filed, Route.REPORT)
    before = receiving.told(filed.session, sent.concern)
    answer_by = sent.concern.answer_by
    filed.take(filed.authority, sent.concern, Action.RELEASE)
    assert sent.concern.answer_by == answer_by
    # Who follows their own learns nothing of what others on the same network sent.
    assert receiving.told(filed.session, sent.concern) == before


def test_before_a_release_a_held_one_and_another_are_told_the_same(filed: Filed) -> None:
    told = []
    for _ in range(4):
        sent = filed.send(Route.APPEAL)
        told.append(receiving.told(filed.session, sent.concern))
    assert sent.concern.status == Status.HELD
    assert len({str({**each, "number": ""}) for each in told}) == 1
    assert routes.DAYS_OF_HELD.zh in told[0]["answer"]["zh"]
    report = receiving.told(filed.session, filed.send().concern)
    assert routes.DAYS_OF_HELD.zh not in report["answer"]["zh"]


@pytest.mark.parametrize(
    ("action", "said", "then"),
    [
        (Action.RELEASE, {}, Status.RECEIVED),
        (Action.SET_ASIDE, {"words": "是广告。", "ground": Ground.ADVERTISING}, Status.SET_ASIDE),
    ],
)
@pytest.mark.parametrize("route", [Route.REPORT, Route.COMPLAINT, Route.APPEAL])
def test_what_is_held_can_be_let_through_or_set_aside_on_every_route(
    filed: Filed, route: Route, action: Action, said: dict[str, Any], then: Status
) -> None:
    sent = _held(filed, route)
    assert concerns.side_of(filed.session, sent.concern, filed.authority) is Side.MODERATOR
    filed.take(filed.authority, sent.concern, action, **said)
    assert sent.concern.status == then
    if then is Status.RECEIVED and not sent.concern.by_filer:
        filed.take(filed.authority, sent.concern, Action.ACKNOWLEDGE)


def test_a_closed_case_promises_no_answer_and_says_whose_conclusion_it_is(filed: Filed) -> None:
    """It went on saying by when an answer was due, and the filer's own conclusion led nowhere."""
    sent = filed.send(Route.APPEAL)
    filed.take(
        filed.scene.filer, sent.concern, Action.CLOSE, words="没有错。", outcome=Outcome.NOT_UPHELD
    )
    told = receiving.told(filed.session, sent.concern)
    assert told["answer"] == receiving.FILERS_OWN.as_json()
    assert "最迟" not in told["answer"]["zh"]
    report = filed.send(Route.REPORT)
    assert "最迟" in receiving.told(filed.session, report.concern)["answer"]["zh"]
