"""Appeals, complaints and reports as they come in: who gets them, what is counted, and their deletion."""

import contextlib
import hashlib
import hmac
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import func, select, text

from filing import (
    catalogue,
    changes,
    concerns,
    follow_codes,
    forgetting,
    handling,
    receiving,
    routes,
    senders,
)
from filing.concern_steps import Action, Ground, Outcome, Side, Status, StepRefused
from filing.concerns import Concern, ConcernMessage, ConcernNotFound
from filing.receiving import ConcernInvalid, NobodyWatches
from filing.routes import Route
from registry import guesses, journal, legal_day
from registry.characters import TextRefused
from registry.database import now
from registry.organisations import Actor, Kind, Organisation
from registry.settings import Settings
from tests import cast
from tests.filing.cases import ASKED, WORDS, Filed


def test_an_appeal_goes_to_the_filer_with_the_days_that_its_filing_promises(filed: Filed) -> None:
    sent = filed.send(Route.APPEAL)

    today = legal_day.today()
    assert sent.handler == filed.session.get_one(Organisation, filed.filing.organisation_id).name
    assert sent.concern.promised_days == 15
    assert sent.concern.answer_by == today + timedelta(days=15)
    told = receiving.told(filed.session, sent.concern)
    assert "15天" in told["answer"]["zh"]
    assert (today + timedelta(days=15)).isoformat() in told["answer"]["en"]
    assert filed.seen(filed.scene.filer) == [Side.HANDLER]
    assert filed.seen(filed.authority) == []


def test_the_days_are_those_stored_at_receipt_whatever_is_published_later(filed: Filed) -> None:
    sent = filed.send(Route.APPEAL)
    content = catalogue.entry(filed.session, str(filed.filing.number)).content
    assert routes.promised_days(content) == sent.concern.promised_days
    without = {**content, "answers": [row for row in content["answers"] if row["key"] != "I2"]}
    assert routes.promised_days(without) is None
    silent = routes.clock(Route.APPEAL, date(2026, 11, 29), None)
    assert silent.answer_by is None
    assert "没有写" in routes.answered_by(Route.APPEAL, None, None).zh


def test_a_day_is_the_legal_one() -> None:
    late = datetime(2026, 12, 31, 16, 30, tzinfo=UTC)  # in China it is New Year's Day
    assert routes.quarter(legal_day.of(late)) == "2027Q1"
    assert routes.clock(Route.APPEAL, legal_day.of(late), 15).answer_by == date(2027, 1, 16)
    assert [routes.quarter(date(2026, month, 1)) for month in (3, 4, 9, 10)] == [
        "2026Q1",
        "2026Q2",
        "2026Q3",
        "2026Q4",
    ]


@pytest.mark.parametrize(
    ("route", "consent", "for_the_filer"),
    [
        (Route.APPEAL, False, True),
        (Route.APPEAL, True, True),
        (Route.COMPLAINT, False, False),
        (Route.COMPLAINT, True, True),
        (Route.REPORT, False, False),
        (Route.REPORT, True, False),
    ],
)
def test_who_gets_it(filed: Filed, route: Route, consent: bool, for_the_filer: bool) -> None:
    sent = filed.send(route, consent=consent)

    assert sent.concern.by_filer is for_the_filer
    assert filed.seen(filed.scene.filer) == ([Side.HANDLER] if for_the_filer else [])
    assert filed.seen(filed.authority) == ([] if for_the_filer else [Side.HANDLER])
    assert filed.counts() == ([(route.value, 1, 0, 0)] if for_the_filer else [])


def test_only_shenzhen_has_an_article_and_ours_is_called_ours() -> None:
    assert "70" in routes.ground(Route.REPORT, "shenzhen").zh
    for route in Route:
        told = routes.ground(route, "shanghai")
        assert "第" not in told.zh, "no article"
    assert "上海的条例没有" in routes.ground(Route.REPORT, "shanghai").zh
    assert "本平台的要求" in routes.answered_by(Route.REPORT, date(2026, 12, 1), None).zh
    assert "本平台" not in routes.answered_by(Route.APPEAL, date(2026, 12, 1), 15).zh


def test_a_report_leaves_no_trace_that_leads_to_the_filing(filed: Filed) -> None:
    before = (changes.latest(filed.session), _public_rows(filed))
    events = len(journal.history(filed.session, filed.filing.id))

    sent = filed.send()
    filed.take(filed.authority, sent.concern, Action.ACKNOWLEDGE)

    assert (changes.latest(filed.session), _public_rows(filed)) == before
    assert len(journal.history(filed.session, filed.filing.id)) == events
    for each in journal.history(filed.session, sent.concern.id):
        told = str(each.details)
        assert filed.filing.id not in told
        assert str(filed.filing.number) not in told
        assert each.organisation_id != filed.filing.organisation_id
    with pytest.raises(ConcernNotFound) as hidden:
        concerns.get(filed.session, by=filed.scene.filer, number=sent.concern.number)
    with pytest.raises(ConcernNotFound) as absent:
        concerns.get(filed.session, by=filed.scene.filer, number="0000000000")
    assert str(hidden.value) == str(absent.value)


def _public_rows(filed: Filed) -> list[object]:
    tables = ("listing", "filing", "edition")
    return [filed.session.execute(text(f"SELECT * FROM {each}")).all() for each in tables]


def test_the_change_is_counted_for_what_is_public_at_once(filed: Filed) -> None:
    before = changes.latest(filed.session)[0]
    sent = filed.send(Route.APPEAL)
    received = changes.latest(filed.session)[0]
    assert received > before
    receiving.add(
        filed.session, Settings(), number=sent.concern.number, code=sent.code, words=WORDS
    )
    assert changes.latest(filed.session)[0] == received, "nothing that is counted changed"


def test_a_sender_can_choose_an_industry_body(filed: Filed) -> None:
    body = cast.actor(filed.session, Kind.INDUSTRY_BODY)
    filed.send(watch_id=body.organisation_id)
    assert filed.seen(body) == [Side.HANDLER]
    assert filed.seen(filed.authority) == []
    with pytest.raises(ConcernInvalid):
        filed.send(watch_id=filed.filing.organisation_id)


def test_from_the_day_of_deletion_on_nobody_reads_it_though_no_worker_came(
    filed: Filed, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent = filed.send(contact="lisi-numbat@example.org")
    filed.take(filed.authority, sent.concern, Action.PUT, words=ASKED)
    number, last = sent.concern.number, sent.concern.delete_on

    def told(by: Actor) -> dict[str, Any]:
        return handling.told(filed.session, *concerns.get(filed.session, by=by, number=number))

    monkeypatch.setattr(legal_day, "today", lambda: last - timedelta(days=1))
    assert WORDS in str(told(filed.authority))
    assert receiving.follow(filed.session, number=number, code=sent.code) is sent.concern
    monkeypatch.setattr(legal_day, "today", lambda: last)
    for by in (filed.authority, filed.scene.filer):
        shown = told(by)
        assert shown["gone"] is True
        for secret in (WORDS, ASKED, "lisi-numbat"):
            assert secret not in str(shown)
    with pytest.raises(ConcernNotFound):
        receiving.follow(filed.session, number=number, code=sent.code)
    with pytest.raises(ConcernNotFound):
        receiving.add(filed.session, Settings(), number=number, code=sent.code, words=WORDS)
    with pytest.raises(StepRefused):
        filed.take(filed.scene.filer, sent.concern, Action.REPLY, words="晚了。", revision=1)
    # It can still be ended, so that the count is right, and what is said with it is not kept.
    closing = {"words": "查不下去了。", "outcome": Outcome.NOT_UPHELD}
    filed.take(filed.authority, sent.concern, Action.CLOSE, **closing)
    assert filed.counts() == [("report", 1, 1, 0)]
    assert "查不下去了。" not in set(filed.session.scalars(select(ConcernMessage.kept)))


def test_more_from_one_network_is_looked_at_first_and_the_first_is_never_refused(
    filed: Filed,
) -> None:
    many = [filed.send(Route.APPEAL, address=f"203.0.113.{at}") for at in range(6)]
    elsewhere = filed.send(Route.APPEAL, address="198.51.100.1")
    other_route = filed.send(Route.REPORT, address="203.0.113.9")

    assert [each.concern.status for each in many] == [Status.RECEIVED] * 3 + [Status.HELD] * 3
    assert elsewhere.concern.status == other_route.concern.status == Status.RECEIVED
    assert filed.counts() == [("appeal", 4, 0, 0)]
    assert len(filed.seen(filed.scene.filer)) == 4
    assert filed.seen(filed.authority).count(Side.MODERATOR) == 3
    receipts = {frozenset(receiving.told(filed.session, each.concern)) for each in many}
    assert len(receipts) == 1

    held = many[3].concern
    filed.take(filed.authority, held, Action.RELEASE)
    assert filed.counts() == [("appeal", 5, 0, 0)]
    with pytest.raises(ConcernNotFound):
        concerns.get(filed.session, by=filed.authority, number=held.number)
    set_aside = many[4].concern
    with pytest.raises(ConcernInvalid):
        filed.take(filed.authority, set_aside, Action.SET_ASIDE, words="是广告。")
    filed.take(
        filed.authority,
        set_aside,
        Action.SET_ASIDE,
        words="是广告。",
        ground=Ground.ADVERTISING,
    )
    assert filed.counts() == [("appeal", 5, 0, 0)]
    told = receiving.told(filed.session, set_aside)
    # The filer never got it: it neither deals with it nor owes an answer.
    watch = filed.session.get_one(Organisation, filed.authority.organisation_id)
    assert told["handler"] == watch.name.as_json()
    assert told["answer"] == receiving.NOT_PASSED_ON.as_json()
    assert told["ground"]["id"] == "advertising"
    assert told["messages"][-1]["said"] == "是广告。"


@pytest.fixture
def few(monkeypatch: pytest.MonkeyPatch) -> None:
    """The clock of a count begins after five."""
    monkeypatch.setattr(senders, "LEAST_BEFORE_CLOCK", 5)
    monkeypatch.setattr(senders, "MOST_BEFORE_CLOCK", 6)


def at(monkeypatch: pytest.MonkeyPatch, moment: datetime) -> None:
    """It is this moment for whoever counts."""
    for module in (senders, legal_day):
        monkeypatch.setattr(module, "now", lambda: moment)


def test_very_much_from_one_network_goes_by_the_clock_and_others_do_not(
    filed: Filed, monkeypatch: pytest.MonkeyPatch, few: None
) -> None:
    for _ in range(5):
        filed.send(address="203.0.113.1")
    moment, key = now(), _busiest(filed)
    closed = next(
        later
        for later in (moment + timedelta(seconds=each) for each in range(senders.ROUND))
        if senders.closed_for(key, later)
    )
    at(monkeypatch, closed)
    with pytest.raises(senders.TooManySent) as paused:
        filed.send(address="203.0.113.2")
    assert 0 < paused.value.retry_after <= senders.ROUND - senders.OPEN
    at(monkeypatch, closed + timedelta(seconds=paused.value.retry_after))
    filed.send(address="203.0.113.2")
    at(monkeypatch, closed)
    filed.send(address="198.51.100.1")
    filed.send(Route.APPEAL, address="203.0.113.2")
    rows = filed.session.scalars(select(senders.Sender)).all()
    assert not any("203.0.113" in str(vars(each)) for each in rows)
    later = now() + timedelta(days=2)
    at(monkeypatch, later)
    filed.send(address="203.0.113.2")
    kept = filed.session.scalars(select(senders.Sender.day)).all()
    assert set(kept) == {legal_day.of(later)}


def _busiest(filed: Filed) -> str:
    """The key of the largest count."""
    order = senders.Sender.count.desc()
    return filed.session.scalars(select(senders.Sender.key).order_by(order)).first() or ""


def test_what_the_filer_reads_is_held_by_what_the_filer_reads_alone(filed: Filed) -> None:
    """Breaker, issue 13: three complaints of the filer's own told it of one it may not know of."""
    for _ in range(senders.FREE):
        filed.send(Route.COMPLAINT, consent=False)
    for _ in range(senders.FREE):
        filed.send(Route.COMPLAINT, consent=True)
    assert len(filed.seen(filed.scene.filer)) == senders.FREE


def test_what_a_network_sent_on_one_route_lets_nobody_wait_on_another(
    filed: Filed, few: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Breaker, issue 13: a filer's two hundred appeals refused a colleague's first report."""
    for _ in range(7):
        with contextlib.suppress(senders.TooManySent):
            filed.send(Route.APPEAL)
    monkeypatch.setattr(senders, "closed_for", lambda key, at: 17)
    assert filed.send(Route.REPORT).concern.status == Status.RECEIVED


@given(key=st.text("0123456789abcdef", min_size=64, max_size=64), offset=st.integers(0, 200))
def test_when_a_clock_opens_depends_on_nothing_that_anybody_sent(key: str, offset: int) -> None:
    """Breaker, issue 13: the seconds to wait told when somebody else had sent a report."""
    moment = datetime(2026, 11, 30, tzinfo=UTC) + timedelta(seconds=offset)
    seconds = senders.closed_for(key, moment)
    assert 0 <= seconds <= senders.ROUND - senders.OPEN
    assert senders.closed_for(key, moment + timedelta(seconds=seconds)) == 0
    assert senders.closed_for(key, moment + timedelta(seconds=senders.ROUND)) == seconds


def test_the_wait_is_the_same_whether_or_not_somebody_else_has_sent(
    filed: Filed, few: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(5):
        filed.send(address="203.0.113.1")
    key = _busiest(filed)
    start = now()
    every = [start + timedelta(seconds=each) for each in range(senders.ROUND)]
    open_ = next(each for each in every if senders.closed_for(key, each) == 0)
    closed = next(each for each in every if senders.closed_for(key, each))
    waits = []
    for others in (0, 1, 3):
        at(monkeypatch, open_)
        for _ in range(others):
            filed.send(address="203.0.113.9")
        at(monkeypatch, closed)
        with pytest.raises(senders.TooManySent) as paused:
            filed.send(address="203.0.113.2")
        waits.append(paused.value.retry_after)
    assert len(set(waits)) == 1


def test_numbers_say_nothing_of_each_other() -> None:
    drawn = [follow_codes.draw() for _ in range(200)]
    assert len({each.number for each in drawn}) == 200
    assert sorted(each.number for each in drawn) != [each.number for each in drawn]
    assert len({each.number[0] for each in drawn}) > 10


def test_only_number_and_code_together_open_a_case(filed: Filed) -> None:
    sent = filed.send()
    number = sent.concern.number
    typed = follow_codes.shown(sent.code).lower().replace("0", "o").replace("1", "l")
    assert receiving.follow(filed.session, number=f" {number} ", code=typed) is sent.concern
    told = set()
    for wrong in ((number, "A" * 16), ("0" * 10, sent.code), ("", "")):
        with pytest.raises(ConcernNotFound) as refused:
            receiving.follow(filed.session, number=wrong[0], code=wrong[1])
        told.add(str(refused.value))
    assert len(told) == 1
    assert sent.code not in str(vars(sent.concern))


@pytest.mark.parametrize(
    ("said", "item"),
    [
        ({"words": "太短"}, "words"),
        ({"words": "长" * 4001}, "words"),
        ({"contact": "长" * 201}, "contact"),
        ({"contact": "两行\n地址"}, "contact"),
        ({"situation": "nowhere"}, "situation"),
        ({"situation": ""}, "situation"),
        ({"route": None}, "route"),
        ({"words": WORDS + "\u202e"}, "words"),
    ],
)
def test_what_breaks_a_rule_is_named_and_nothing_is_kept(
    filed: Filed, said: dict[str, Any], item: str
) -> None:
    with pytest.raises((ConcernInvalid, TextRefused)) as refused:
        filed.send(**{"route": Route.REPORT} | said)
    assert {each.item for each in refused.value.reasons} == {item}
    assert filed.session.scalars(select(Concern)).all() == []


def test_where_nobody_watches_a_report_is_sent_elsewhere_and_an_appeal_is_taken(
    filed: Filed, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(receiving, "WATCHING", ())
    with pytest.raises(NobodyWatches):
        filed.send()
    assert filed.send(Route.APPEAL).concern.watch_id is None


def test_on_its_day_what_people_wrote_is_gone_and_the_counts_stay(
    filed: Filed, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent = filed.send(Route.APPEAL, contact="13800000000")
    closed = filed.take(
        filed.scene.filer, sent.concern, Action.CLOSE, words="改了。", outcome=Outcome.UPHELD
    )
    today = legal_day.today()
    assert closed.delete_on == today + timedelta(days=routes.KEPT_AFTER_CLOSING)
    counted = filed.counts()
    assert forgetting.due(filed.session) == 0

    def on(day: date) -> Callable[[], date]:
        return lambda: day

    monkeypatch.setattr(legal_day, "today", on(closed.delete_on - timedelta(days=1)))
    assert forgetting.due(filed.session) == 0
    monkeypatch.setattr(legal_day, "today", on(closed.delete_on))
    assert forgetting.due(filed.session) == 1
    assert forgetting.due(filed.session) == 0

    row = filed.session.scalars(select(Concern).execution_options(populate_existing=True)).one()
    assert row.kept_contact is None
    assert row.code_digest is None
    filed.session.expire_all()
    assert set(filed.session.scalars(select(ConcernMessage.kept))) == {None}
    assert filed.counts() == counted
    with pytest.raises(ConcernNotFound):
        receiving.follow(filed.session, number=row.number, code=sent.code)


def test_a_sender_is_told_the_rule_of_deletion_and_the_day_only_once_it_is_set(
    filed: Filed, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An open case has no day of deletion yet: closing sets it, the last possible one stands beside."""
    sent = filed.send(Route.APPEAL)
    told = receiving.told(filed.session, sent.concern)
    assert told["deletion"]["zh"] == f"结案180天后删除，最迟在{told['delete_on']}删除。"
    assert told["name"] == {"zh": "住房贷款审批算法", "en": "Home loan approval"}
    assert told["overdue"] is None
    over = sent.concern.answer_by
    assert over is not None
    monkeypatch.setattr(legal_day, "today", lambda: over)
    assert receiving.told(filed.session, sent.concern)["overdue"] is None
    monkeypatch.setattr(legal_day, "today", lambda: over + timedelta(days=1))
    assert "投诉或举报" in receiving.told(filed.session, sent.concern)["overdue"]["zh"]
    filed.take(
        filed.scene.filer,
        sent.concern,
        Action.CLOSE,
        words="已经重新看过，结果不变。",
        outcome=Outcome.NOT_UPHELD,
    )
    told = receiving.told(filed.session, sent.concern)
    assert told["deletion"]["zh"] == f"在{told['delete_on']}删除。"
    assert told["overdue"] is None


def test_no_case_is_kept_longer_than_it_was_said(filed: Filed) -> None:
    sent = filed.send()
    day = legal_day.today() + timedelta(days=routes.KEPT_AT_MOST)
    assert sent.concern.delete_on == day
    assert day.isoformat() in receiving.notice().zh
    assert routes.deleted_after_closing(day - timedelta(days=1), day) == day


def test_no_key_of_a_count_is_guessed_and_a_day_that_is_over_is_forgotten_by_the_worker(
    filed: Filed, monkeypatch: pytest.MonkeyPatch
) -> None:
    session = filed.session
    filed.send(address="203.0.113.7")
    filed.send(address="203.0.113.9")
    (row,) = session.scalars(select(senders.Sender))
    (secret,) = session.scalars(select(senders.SenderSecret))
    assert row.count == 2
    known = f"{filed.filing.id}\n{Route.REPORT}\n{False}"
    name = f"{row.day}\n{guesses.place_of('203.0.113.7')}\n{known}".encode()
    assert row.key != hashlib.sha256(name).hexdigest(), "2^24 networks are tried in seconds"
    assert row.key == hmac.new(secret.secret.encode(), name, hashlib.sha256).hexdigest()

    assert not senders.any_over(session)
    tomorrow = legal_day.today() + timedelta(days=1)
    monkeypatch.setattr(legal_day, "today", lambda: tomorrow)
    assert senders.any_over(session)
    senders.forget(session)
    for kind in (senders.Sender, senders.SenderSecret):
        assert session.scalar(select(func.count()).select_from(kind)) == 0
    assert not senders.any_over(session)
