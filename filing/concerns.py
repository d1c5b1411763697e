"""Concerns: appeals, complaints and reports of breaches about a published filing, and who sees which.

A concern that is not for the filer is nobody's but its sender's and its handler's until the handler
puts a question to the filer: no count, no page, no list, no feed tells before that it is there, and
what they take to be made does not grow with it: such rows are not read at all.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, String, bindparam, not_, or_, select, text
from sqlalchemy import Text as LongText
from sqlalchemy.orm import Mapped, Session, mapped_column

from filing import routes
from filing.concern_steps import HIDDEN_FROM_ALL, OPEN, Outcome, Side, Status
from filing.routes import ROUTE_NAMES, Route
from registry import independence, legal_day
from registry.database import Identified, Record, now, rows
from registry.errors import NotFound
from registry.language import Text
from registry.organisations import Actor

COUNTED = Text(
    "收到不等于核实。不交给备案主体的，在向它询问或结案以后才计入，按收到的季度计。",
    "Received is not verified. What is not for the filer is counted once it was put to the filer or "
    "closed, under the quarter of its receipt.",
)

KNOWN = "CASE WHEN by_filer THEN status NOT IN ('held', 'set_aside') ELSE put IS NOT NULL END"
COUNTABLE = (
    "CASE WHEN status IN ('held', 'set_aside') THEN false "
    "ELSE by_filer OR put IS NOT NULL OR status = 'closed' END"
)
"""`Concern.known_to_filer` and `Concern.counted` for the database, as written in its partial indexes.

A query with the very same words is answered from the index, which holds no hidden row.
"""


class Concern(Identified, Record):
    """One concern; what a person wrote is in its messages and in `contact`, and is deleted in time.

    `by_filer` says whether the filer deals with it; `watch_id` is the authority or industry body
    that deals with it otherwise, or looks at it first where it was held. `put` is when the filer was
    asked, `released` when what was looked at first was let through. What a person wrote is read by `contact` and `messages` alone, which tell nothing from
    `delete_on` on, whenever a worker deletes it.
    """

    __tablename__ = "concern"
    __table_args__ = tuple(
        Index(name, column, sqlite_where=text(where), postgresql_where=text(where))
        for name, column, where in (
            ("ix_concern_known", "filer_id", KNOWN),
            ("ix_concern_countable", "filing_id", COUNTABLE),
        )
    )

    number: Mapped[str] = mapped_column(String(20), unique=True)
    code_digest: Mapped[str | None] = mapped_column(String(64))
    filing_id: Mapped[str] = mapped_column(ForeignKey("filing.id"))
    filer_id: Mapped[str] = mapped_column(ForeignKey("organisation.id"))
    watch_id: Mapped[str | None] = mapped_column(ForeignKey("organisation.id"), index=True)
    by_filer: Mapped[bool]
    route: Mapped[Route] = mapped_column(String(20))
    situation: Mapped[str] = mapped_column(String(20))
    status: Mapped[Status] = mapped_column(String(20))
    since: Mapped[datetime] = mapped_column(default=now)
    revision: Mapped[int] = mapped_column()
    kept_contact: Mapped[str | None] = mapped_column("contact", String(200))
    promised_days: Mapped[int | None]
    acknowledge_by: Mapped[date]
    answer_by: Mapped[date | None]
    reply_by: Mapped[date | None]
    put: Mapped[datetime | None]
    released: Mapped[datetime | None]
    closed: Mapped[datetime | None]
    outcome: Mapped[Outcome | None] = mapped_column(String(20))
    ground: Mapped[str | None] = mapped_column(String(20))
    delete_on: Mapped[date] = mapped_column(index=True)
    forgotten: Mapped[datetime | None]

    __mapper_args__ = {"version_id_col": revision}  # noqa: RUF012

    @property
    def gone(self) -> bool:
        """Whether the day has come from which on nobody reads what was written."""
        return self.forgotten is not None or legal_day.today() >= self.delete_on

    @property
    def reached(self) -> date:
        """The legal day since when whoever must answer could read it: their days run from it."""
        let_through = self.released if self.by_filer else None
        return legal_day.of(let_through or self.created)

    @property
    def contact(self) -> str | None:
        """Where the sender can be reached, as long as it may be read."""
        return None if self.gone else self.kept_contact

    @property
    def counted(self) -> bool:
        """Whether the public record counts it: a filer's own at receipt, others once put or closed."""
        if self.status in HIDDEN_FROM_ALL:
            return False
        return self.by_filer or self.put is not None or self.status == Status.CLOSED

    @property
    def known_to_filer(self) -> bool:
        """Whether the filer may know that it is there."""
        if self.by_filer:
            return self.status not in HIDDEN_FROM_ALL
        return self.put is not None


class ConcernMessage(Identified, Record):
    """Something that was said in a concern, read by `messages` alone; None once it is deleted."""

    __tablename__ = "concern_message"

    concern_id: Mapped[str] = mapped_column(ForeignKey("concern.id"), index=True)
    side: Mapped[Side] = mapped_column(String(20))
    to: Mapped[Side] = mapped_column(String(20))
    kept: Mapped[str | None] = mapped_column("said", LongText)
    person_id: Mapped[str | None] = mapped_column(ForeignKey("person.id"))


@dataclass(frozen=True, slots=True)
class Said:
    """Something that was said, as it may be read today.

    Args:
        side: who said it.
        to: to whom.
        at: when.
        said: the words; None from the day of deletion on.
    """

    side: Side
    to: Side
    at: datetime
    said: str | None


class ConcernNotFound(NotFound):
    """No such case, or none that you may see: check the number."""


def not_found() -> ConcernNotFound:
    """The one answer for a case that is not there and for one that is somebody else's."""
    return ConcernNotFound(
        "没有这个编号的事项，或者不归本单位处理。请检查编号。",
        "There is no case of this number, or none of your organisation's. Check the number.",
    )


def get(
    session: Session, *, by: Actor, number: str, to_write: bool = False
) -> tuple[Concern, Side]:
    """A concern that an actor may see, and in what part they meet it.

    Args:
        session: the caller's transaction.
        by: who asks.
        number: the case number as it is kept.
        to_write: lock the row for the rest of the transaction (PostgreSQL).

    Raises:
        ConcernNotFound: when there is none, or none that they may see.
    """
    query = select(Concern).where(Concern.number == number)
    if to_write:
        query = query.with_for_update().execution_options(populate_existing=True)
    found = session.scalar(query)
    side = None if found is None else side_of(session, found, by)
    if found is None or side is None:
        raise not_found()
    return found, side


def side_of(session: Session, concern: Concern, by: Actor) -> Side | None:
    """In what part an actor meets a concern; None where they may not know of it."""
    if by.organisation_id == concern.filer_id:
        return _of_filer(concern) if concern.known_to_filer else None
    if by.organisation_id != concern.watch_id:
        return None
    if concern.by_filer and concern.status not in HIDDEN_FROM_ALL:
        return None
    tied = by.person_id in independence.belonged(session, concern.filer_id)
    return None if tied else _of_watch(concern)


def _of_filer(concern: Concern) -> Side:
    return Side.HANDLER if concern.by_filer else Side.FILER


def _of_watch(concern: Concern) -> Side:
    held = concern.status == Status.HELD
    return Side.MODERATOR if held or concern.by_filer else Side.HANDLER


def waiting(session: Session, *, by: Actor) -> Sequence[tuple[Concern, Side]]:
    """The concerns of the actor's organisation that it may see: open ones first, oldest first.

    What was put to a filer stands where it was put, since when it came in is not told to it. What
    the actor may not see (`side_of`) is not read: the time that a list takes would tell of it.
    """
    own = select(Concern).where(Concern.filer_id == by.organisation_id, text(KNOWN))
    watched = select(Concern).where(
        Concern.watch_id == by.organisation_id,
        Concern.filer_id != by.organisation_id,
        or_(not_(Concern.by_filer), Concern.status.in_(HIDDEN_FROM_ALL)),
        Concern.filer_id.not_in(independence.belongings(by.person_id)),
    )
    seen = [(each, _of_filer(each)) for each in session.scalars(own)]
    seen += [(each, _of_watch(each)) for each in session.scalars(watched)]
    return sorted(
        seen,
        key=lambda row: (
            row[0].status not in OPEN | {Status.HELD},
            row[0].put if row[1] is Side.FILER else row[0].created,
            row[0].number,
        ),
    )


def due(concern: Concern) -> Text:
    """When an answer is due, who set the day, and since when it runs."""
    reached = concern.reached if concern.by_filer and concern.released else None
    route = Route(concern.route)
    return routes.answered_by(route, concern.answer_by, concern.promised_days, reached=reached)


def messages(session: Session, concern: Concern, side: Side) -> Sequence[Said]:
    """What was said in a concern, as far as one side reads it, oldest first."""
    said = select(ConcernMessage).where(ConcernMessage.concern_id == concern.id)
    if side is Side.MODERATOR:
        side = Side.HANDLER  # a moderator reads what the handler would
    seen = said.where(or_(ConcernMessage.side == side, ConcernMessage.to == side))
    gone = concern.gone
    return [
        Said(Side(each.side), Side(each.to), each.created, None if gone else each.kept)
        for each in session.scalars(seen.order_by(ConcernMessage.id))
    ]


def revision(session: Session, concern: Concern, side: Side) -> int:
    """The revision that one side reads, and writes against.

    A filer's counts what that filer may read alone: what was said to it and by it, and where the
    case stands. The stored one moves with everything, and would tell of the rest.

    Args:
        session: any session.
        concern: which one.
        side: in what part it is met.
    """
    if side is Side.MODERATOR or (side is Side.HANDLER and not concern.by_filer):
        return concern.revision
    return len(messages(session, concern, side)) + _STANDING.get(Status(concern.status), 0)


_STANDING = {Status.ACCEPTED: 1, Status.CLOSED: 2}
"""Steps that a filer learns of without a word in the case that it reads."""


def say(
    session: Session, concern: Concern, side: Side, to: Side, said: str, *, by: Actor | None
) -> None:
    """Add something that was said; from the day of deletion on its words are not kept."""
    session.add(
        ConcernMessage(
            concern_id=concern.id,
            side=side,
            to=to,
            kept=None if concern.gone else said,
            person_id=by.person_id if by else None,
        )
    )


@dataclass(frozen=True, slots=True)
class Count:
    """How many concerns of one route came in a quarter, as far as they are public.

    Args:
        route: which of the three.
        quarter: of their receipt, on the legal day: `2026Q4`.
        received: how many came in; not verified.
        closed: how many of them are closed.
        upheld: how many of those were upheld.
    """

    route: Route
    quarter: str
    received: int
    closed: int
    upheld: int

    def as_json(self) -> dict[str, Any]:
        """The count as a JSON object."""
        return {
            "route": {"id": self.route.value, **ROUTE_NAMES[self.route].as_json()},
            "quarter": self.quarter,
            "received": self.received,
            "closed": self.closed,
            "upheld": self.upheld,
        }

    @property
    def said(self) -> Text:
        """The count in a sentence."""
        name, year, part = ROUTE_NAMES[self.route], self.quarter[:4], self.quarter[-1]
        open_ = self.received - self.closed
        zh = f"{year}年第{part}季度收到{name.zh}{self.received}件"
        en = f"{self.quarter}: {name.en}, {self.received} received"
        if open_:
            zh, en = f"{zh}，其中{open_}件尚未核实", f"{en}, {open_} of them not yet verified"
        if self.closed:
            zh = f"{zh}，已结案{self.closed}件，成立{self.upheld}件"
            en = f"{en}, {self.closed} closed, {self.upheld} upheld"
        return Text(f"{zh}。", f"{en}.")


@dataclass(frozen=True, slots=True)
class Appeal:
    """When a counted appeal had to be answered, and when it was closed.

    Args:
        answer_by: the last day to answer it; None where the filing promised none.
        closed: when it was closed; None where it is open.
    """

    answer_by: date | None
    closed: datetime | None

    def is_due(self, day: date) -> bool:
        """Whether it is closed, or its last day is over before a legal day."""
        return self.closed is not None or (self.answer_by is not None and self.answer_by < day)

    @property
    def in_time(self) -> bool:
        """Whether it was closed by its last day; without one it is never late."""
        if self.closed is None:
            return False
        return self.answer_by is None or legal_day.of(self.closed) <= self.answer_by


TO_COUNT = select(
    Concern.filing_id, Concern.created, Concern.route, Concern.status, Concern.outcome
).where(text(COUNTABLE))
"""The rows that are counted, and no others: what a count takes would tell of them."""
OF_ONE = TO_COUNT.where(Concern.filing_id == bindparam("filing"))
APPEALS = (
    select(Concern.filing_id, Concern.answer_by, Concern.closed)
    .where(text(COUNTABLE), Concern.route == Route.APPEAL)
    .where(Concern.filing_id.in_(bindparam("filings", expanding=True)))
    .order_by(Concern.id)
)


def counts(session: Session, filing_id: str) -> tuple[Count, ...]:
    """What the public record counts of a filing, newest quarter first.

    Args:
        session: any session.
        filing_id: which filing.
    """
    return _counted(rows(session, OF_ONE, filing=filing_id)).get(filing_id, ())


def appeals_of(session: Session, filing_ids: Sequence[str]) -> dict[str, list[Appeal]]:
    """The appeals that are counted of several filings, by filing; one without any is left out.

    Args:
        session: any session.
        filing_ids: which.
    """
    found: dict[str, list[Appeal]] = {}
    for each in rows(session, APPEALS, filings=list(filing_ids)):
        found.setdefault(each.filing_id, []).append(Appeal(each.answer_by, each.closed))
    return found


def _counted(found: Iterable[Any]) -> dict[str, tuple[Count, ...]]:
    sums: dict[str, dict[tuple[str, Route], list[int]]] = {}
    for each in found:
        row = sums.setdefault(each.filing_id, {}).setdefault(
            (routes.quarter(legal_day.of(each.created)), Route(each.route)), [0, 0, 0]
        )
        row[0] += 1
        row[1] += each.status == Status.CLOSED
        row[2] += each.outcome == Outcome.UPHELD
    return {name: _in_order(of_one) for name, of_one in sums.items()}


def _in_order(sums: Mapping[tuple[str, Route], Sequence[int]]) -> tuple[Count, ...]:
    """The newest quarter first."""
    order = list(Route)
    ordered = sorted(sums.items(), key=lambda item: (item[0][0], -order.index(item[0][1])))
    return tuple(Count(route, when, *row) for (when, route), row in reversed(ordered))


def counts_as_json(given: Sequence[Count]) -> Mapping[str, Any]:
    """The counts as a JSON object, with what they do not say."""
    return {
        "note": COUNTED.as_json(),
        "counts": [each.as_json() for each in given],
    }
