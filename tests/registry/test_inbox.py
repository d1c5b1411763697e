"""Turns: who has to act next, whatever the order in which a worker applies them."""

import itertools
from collections.abc import Sequence

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from registry import inbox, journal, outbox
from registry.inbox import WAITING_NAMES, InboxItem, Waiting, Waits
from registry.organisations import Actor, Kind
from registry.outbox import Effect
from tests import cast


def waits_for(session: Session, by: Actor) -> list[Waiting]:
    return [Waiting(each.what) for each in inbox.waiting(session, by=by)]


def turns(session: Session, tester: Actor) -> Sequence[Effect]:
    """Taken on, then countersigned: two things wait one after the other, then nothing."""
    for waits in (
        [Waits(tester.organisation_id, Waiting.TAKE_ON, "/engagements/e")],
        [Waits(tester.organisation_id, Waiting.COUNTERSIGN, "/reports/r")],
        [],
    ):
        event = journal.record(session, "version:engagement:granted", "e")
        inbox.turn(session, event, *waits)
    return outbox.pending(session, kinds=[inbox.EFFECT])


@pytest.mark.parametrize("order", list(itertools.permutations(range(3))))
def test_the_last_turn_stands_in_whatever_order_they_are_applied(
    session: Session, order: tuple[int, ...]
) -> None:
    tester = cast.actor(session, Kind.TESTER)
    asked = turns(session, tester)
    for place in order:
        inbox.apply(session, asked[place].payload)
        session.flush()
    assert waits_for(session, tester) == []


def test_each_turn_ends_the_one_before_and_twice_is_once(session: Session) -> None:
    tester = cast.actor(session, Kind.TESTER)
    first, second, last = turns(session, tester)
    for each in (first, first):
        inbox.apply(session, each.payload)
        session.flush()
    assert waits_for(session, tester) == [Waiting.TAKE_ON]
    inbox.apply(session, second.payload)
    session.flush()
    assert waits_for(session, tester) == [Waiting.COUNTERSIGN]
    inbox.apply(session, first.payload)
    inbox.apply(session, last.payload)
    session.flush()
    assert waits_for(session, tester) == []
    assert len(session.scalars(select(InboxItem)).all()) == 2


def test_what_waits_for_one_waits_for_nobody_else(session: Session) -> None:
    tester, other = cast.actor(session, Kind.TESTER), cast.actor(session, Kind.TESTER)
    inbox.apply(session, turns(session, tester)[0].payload)
    session.flush()
    assert waits_for(session, other) == []


def test_everything_that_can_wait_has_a_name() -> None:
    assert set(WAITING_NAMES) == set(Waiting)
