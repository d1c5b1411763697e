"""What a reader may not know of is not read for them: rows are counted here, so no time can tell."""

from collections.abc import Iterator
from contextlib import contextmanager
from itertools import product
from typing import Any

import pytest
from sqlalchemy import event, func, select, text
from sqlalchemy.orm import Session

from filing import concerns
from filing.concern_steps import Action, Side, Status
from filing.concerns import COUNTABLE, KNOWN, OF_ONE, Concern
from filing.routes import Route
from registry import database, inbox, organisations, outbox
from registry.inbox import InboxItem
from registry.organisations import Organisation, Role
from tests.filing.cases import ASKED, Filed


@contextmanager
def rows_read(session: Session, kind: type[Any]) -> Iterator[list[Any]]:
    """The rows of a table that are made into objects meanwhile."""
    session.flush()
    session.expunge_all()
    found: list[Any] = []

    def loaded(row: Any, _context: Any) -> None:
        found.append(row)

    event.listen(kind, "load", loaded)
    yield found
    event.remove(kind, "load", loaded)


def more_hidden(filed: Filed, many: int = 30) -> None:
    """Reports, complaints without consent, and appeals that are held: nothing for the filer."""
    for place in range(many):
        filed.send(address=f"198.51.{place}.1")
        filed.send(Route.COMPLAINT, address=f"198.51.{place}.1")
    for _ in range(5):
        filed.send(Route.APPEAL, address="192.0.2.9")


def test_the_filers_list_and_the_counts_read_no_hidden_row(filed: Filed) -> None:
    filer, filing = filed.scene.filer, filed.filing.id
    asked = filed.send()
    filed.take(filed.authority, asked.concern, Action.PUT, words=ASKED)
    filed.send(Route.APPEAL)
    more_hidden(filed)
    known = 1 + 1 + 3

    with rows_read(filed.session, Concern) as found:
        assert len(concerns.waiting(filed.session, by=filer)) == known
    assert len(found) == known
    assert len(filed.session.execute(OF_ONE, {"filing": filing}).all()) == known


def test_of_a_filer_s_own_people_nothing_is_read_on_the_authoritys_desk(filed: Filed) -> None:
    filer = filed.session.get_one(Organisation, filed.filing.organisation_id)
    more_hidden(filed)
    for effect in outbox.pending(filed.session, kinds=[inbox.EFFECT]):
        inbox.apply(filed.session, effect.payload)
        filed.session.flush()
    before = inbox.waiting(filed.session, by=filed.authority)
    assert len(before) >= 62
    assert len(filed.seen(filed.authority)) == 62
    organisations.give_role(
        filed.session,
        person_id=filed.authority.person_id,
        organisation=filer,
        role=Role.FILER,
        by=None,
    )
    for kind, read in ((Concern, concerns.waiting), (InboxItem, inbox.waiting)):
        with rows_read(filed.session, kind) as found:
            seen = read(filed.session, by=filed.authority)
        assert len(found) == len(seen) < 10, kind


def test_the_authority_reads_no_appeal_that_is_the_filers_alone(filed: Filed) -> None:
    filed.send(Route.APPEAL)
    filed.send()
    with rows_read(filed.session, Concern) as found:
        assert filed.seen(filed.authority) == [Side.HANDLER]
    assert len(found) == 1


def test_the_database_hides_what_the_record_hides(filed: Filed) -> None:
    row = filed.send().concern

    def holds(where: str) -> bool:
        one = select(func.count()).select_from(Concern).where(Concern.id == row.id, text(where))
        return bool(filed.session.scalar(one))

    for state in product(Status, (True, False), (True, False)):
        status, by_filer, put = state
        row.status, row.by_filer, row.put = status, by_filer, database.now() if put else None
        filed.session.flush()
        assert holds(KNOWN) == row.known_to_filer, state
        assert holds(COUNTABLE) == row.counted, state
        for reader in (filed.scene.filer, filed.authority):
            side = concerns.side_of(filed.session, row, reader)
            assert filed.seen(reader) == ([] if side is None else [side]), state


@pytest.mark.parametrize(
    ("where", "index"),
    [
        (f"filer_id = 'x' AND {KNOWN}", "ix_concern_known"),
        (f"filing_id IN ('x', 'y') AND {COUNTABLE}", "ix_concern_countable"),
    ],
)
def test_hidden_rows_are_not_in_the_index_that_answers(
    session: Session, where: str, index: str
) -> None:
    if session.get_bind().dialect.name != "sqlite":
        pytest.skip("a planner that counts rows takes no index for none")
    plan = session.execute(text(f"EXPLAIN QUERY PLAN SELECT * FROM concern WHERE {where}"))
    assert index in str(plan.all())
