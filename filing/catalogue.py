"""The public catalogue: entries with their standing, their history, and a search over them."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from typing import Any

from sqlalchemy import and_, bindparam, func, or_, select
from sqlalchemy.orm import Session, aliased, defer

from filing import (
    basis,
    concerns,
    differences,
    editions,
    formal_grounds,
    gate,
    hits,
    numbers,
    standing,
    withdrawn,
)
from filing.concerns import Count
from filing.dossier import Filing
from filing.editions import Content, Edition
from filing.hits import Hit
from filing.lifecycle import CLOSED, EXITS, STATUS_NAMES, STEPS, Status
from filing.listings import Listing
from filing.search_hits import Asked, Filters
from filing.search_index import SearchIndex
from filing.standing import Next, Standing, Stated
from registry import journal, legal_day
from registry.database import now, rows
from registry.journal import Told
from registry.language import Text
from registry.settings import settings

MOST_SIZE = 100
PUBLISHED = "filing:review:published"
FIRST = frozenset({"filing:review:filed", PUBLISHED})
"""What the public is told of the time before the first publication."""
DECIDED = frozenset({PUBLISHED, "filing:review:change_refused", "filing:review:reinstated"})
"""What is told although the public status stays what it was."""
NUMBERED = (
    select(Filing).where(Filing.number == bindparam("number")).options(defer(Filing.answers))
)
STEPS_TAKEN = tuple(dict.fromkeys(each.event for each in STEPS))
ASKED = aliased(Filing)
WITH_EDITIONS = (
    select(
        *standing.TOLD_FROM,
        Edition.id.label("edition_id"),
        Edition.number.label("edition"),
        Edition.digest,
        Edition.published.label("issued"),
    )
    .select_from(ASKED)
    .join(Filing, Filing.model_id == ASKED.model_id)
    .outerjoin(Edition, and_(Edition.filing_id == Filing.id, Filing.id == ASKED.id))
    .where(
        ASKED.number == bindparam("number"),
        or_(Filing.id == ASKED.id, and_(Filing.submissions > 0, Filing.status.not_in(CLOSED))),
    )
    .order_by(Edition.number)
)
"""A filing with its editions, and the others of its model that its standing is told from.

Columns and no records, in one statement: a page is made anew for whoever asks after each change,
and to ask takes most of its time.
"""


@dataclass(frozen=True, slots=True)
class PublicEntry:
    """One filing as the public reads it: an edition, and what is true of it now.

    Args:
        content: the edition's JSON object.
        canonical: the same as the bytes that `digest` is of.
        digest: SHA-256 of the canonical content.
        standing: status and freshness now.
        newest: whether this is the newest edition.
        concerns: what is counted of appeals, complaints and reports.
        next: the next moment at which time alone changes what is said; None where none does, and
            for a day that is past.
    """

    content: Mapping[str, Any]
    canonical: bytes
    digest: str
    standing: Standing
    newest: bool
    concerns: tuple[Count, ...] = ()
    next: Next | None = None

    @property
    def number(self) -> str:
        """The filing number."""
        return str(self.content["number"])

    def as_json(self) -> dict[str, Any]:
        """The entry as its `.json` twin: the edition untouched, the standing beside it."""
        return {
            "edition": dict(self.content),
            "digest": self.digest,
            "standing": self.standing.as_json(),
            "concerns": concerns.counts_as_json(self.concerns),
            "next_change": self.next.as_json() if self.next else None,
        }


@dataclass(frozen=True, slots=True)
class Given:
    """A number that was given and under which nothing was published.

    Args:
        number: as it is written.
        filed: when it was given.
        ended: how the filing ended; None while it goes on.
        since: since when it stands so.
    """

    number: str
    filed: datetime
    ended: Status | None
    since: datetime

    @property
    def said(self) -> Text:
        """When the number was given and what became of it; who filed is not public."""
        given, since = legal_day.of(self.filed), legal_day.of(self.since)
        zh = f"编号 {self.number} 在{given}给出，用它备案的内容还没有公示过。"
        en = f"The number {self.number} was given on {given}; nothing was published under it yet."
        if self.ended is not None:
            name = STATUS_NAMES[self.ended]
            zh = (
                f"编号 {self.number} 在{given}给出，备案在{since}{name.zh}，从来没有公示过内容。"
                "编号不再给别人用。"
            )
            en = (
                f"The number {self.number} was given on {given}; the filing was {name.en} on "
                f"{since}, before anything was published. The number is not used again."
            )
        return Text(zh, en)


class NothingPublished(numbers.NumberNotFound):
    """The number was given and nothing was published under it: it says since when and why."""

    def __init__(self, given: Given) -> None:
        super().__init__(given.said.zh, given.said.en)
        self.given = given


@dataclass(frozen=True, slots=True)
class Turn:
    """One edition in an entry's history, with what changed in it."""

    edition: int
    published: datetime
    digest: str
    note: Mapping[str, str] | None
    differences: tuple[Text, ...]


@dataclass(frozen=True, slots=True)
class Happening:
    """One public event in an entry's life."""

    at: datetime
    name: str
    status: Status
    reason: Mapping[str, str] | None


@dataclass(frozen=True, slots=True)
class History:
    """An entry's editions and public events, newest first."""

    turns: tuple[Turn, ...]
    happenings: tuple[Happening, ...]


@dataclass(frozen=True, slots=True)
class Page:
    """One page of a result: what has the number, then what is named so, then the rest, newest first.

    Args:
        hits: the lines of the page.
        total: how many there are in all; where there are `more`, how many can be turned to.
        more: whether there are more than can be turned to.
        counts: per facet, how many hits each value has, the other facets applied.
        partial: whether the counts are of the newest hits only.
        near: what would be found, where nothing is.
        inside: how many would be found inside, where nothing is; up to one more than `NEWEST`.
        behind: whether the index could not be written: newer filings may be missing.
    """

    hits: tuple[Hit, ...]
    total: int
    number: int
    size: int
    more: bool = False
    counts: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    partial: bool = False
    near: str = ""
    inside: int = 0
    behind: bool = False

    @property
    def pages(self) -> int:
        """How many pages there are; at least one."""
        return max(1, -(-self.total // self.size))


def entry(
    session: Session, number: str, edition: int | None = None, *, at: datetime | None = None
) -> PublicEntry:
    """One filing as the public reads it.

    Args:
        session: any session.
        number: the filing number in either form.
        edition: which edition; None for the newest.
        at: for when the standing is told; None for now.

    Raises:
        NumberNotFound: when the number is malformed or nothing was published under it.
        EditionNotFound: when there is no such edition.
    """
    return told(session, number, edition, at=at)[0]


def history(session: Session, number: str) -> History:
    """The editions of a filing with what changed in each, and what happened to it.

    Raises:
        NumberNotFound: when the number is malformed or nothing was published under it.
    """
    return told(session, number)[1]


def told(
    session: Session, number: str, edition: int | None = None, *, at: datetime | None = None
) -> tuple[PublicEntry, History]:
    """`entry` and `history` of one filing, read at once.

    Args:
        session: any session.
        number: the filing number in either form.
        edition: which edition; None for the newest.
        at: for when the standing is told; None for now.

    Raises:
        NumberNotFound: when the number is malformed or nothing was published under it.
        EditionNotFound: when there is no such edition.
    """
    return _read(session, number, edition).told(session, at or now())


def _read(session: Session, number: str, edition: int | None) -> "_Read":
    wanted = str(numbers.parse(number))
    found = rows(session, WITH_EDITIONS, number=wanted)
    issued = [each for each in found if each.edition_id is not None]
    if not issued:
        raise _nothing(session, wanted)
    filing = issued[0]
    chosen = len(issued) if edition is None else edition
    if not 1 <= chosen <= len(issued):
        raise editions.not_found(chosen)
    return _Read(
        filing,
        beside=[each for each in found if each.id != filing.id],
        issued=[(each.edition, each.issued) for each in issued],
        contents=tuple(editions.content(session, each.edition_id, each.digest) for each in issued),
        chosen=chosen,
    )


@dataclass(frozen=True, slots=True)
class _Read:
    """What of a filing was read: its row, those beside it, its editions, and which is asked for."""

    filing: Stated
    beside: Sequence[Stated]
    issued: Sequence[tuple[int, datetime]]
    contents: tuple[Content, ...]
    chosen: int

    def told(self, session: Session, at: datetime) -> tuple[PublicEntry, History]:
        """The edition with its standing at a moment, and the filing's history."""
        return self._entry(session, at), self._history(session)

    def _entry(self, session: Session, at: datetime) -> PublicEntry:
        content = self.contents[self.chosen - 1]
        days = settings().evaluation_days
        bases = [_basis_of(self.contents[: self.chosen]), _basis_of(self.contents)]
        read, newest = withdrawn.marked(session, bases, at=at)
        stands = standing.of(
            session,
            self.filing,
            read,
            newest=newest,
            beside=self.beside,
            at=at,
            days=days,
        )
        return PublicEntry(
            content=content.read,
            canonical=content.canonical,
            digest=content.digest,
            standing=stands,
            newest=self.chosen == len(self.contents),
            concerns=concerns.counts(session, self.filing.id),
            next=standing.next_change(read, stands, at=at, days=days),
        )

    def _history(self, session: Session) -> History:
        earlier = (None, *self.contents[:-1])
        turns = [
            Turn(
                edition=number,
                published=published,
                digest=content.digest,
                note=content.read["change_note"],
                differences=_differences(before, content) if before else (),
            )
            for (number, published), content, before in zip(
                self.issued, self.contents, earlier, strict=True
            )
        ]
        happened = _happened(journal.told(session, self.filing.id, STEPS_TAKEN))
        return History(tuple(reversed(turns)), tuple(reversed(happened)))


@lru_cache(maxsize=256)
def _basis_of(contents: tuple[Content, ...]) -> Mapping[str, Any]:
    """The basis that the last of these editions gives, worked out once."""
    return basis.of([each.read for each in contents])


@lru_cache(maxsize=256)
def _differences(before: Content, after: Content) -> tuple[Text, ...]:
    return tuple(differences.between(before.read, after.read))


def contents(session: Session, number: str) -> list[Mapping[str, Any]]:
    """What every edition of a filing says, oldest first.

    Raises:
        NumberNotFound: when the number is malformed or nothing was published under it.
    """
    return [each.read for each in _read(session, number, None).contents]


def find(session: Session, number: str) -> Filing:
    """The published filing with this number, in either form.

    Raises:
        NumberNotFound: when the number is malformed or nothing was published under it.
    """
    wanted = str(numbers.parse(number))
    filing = session.scalars(NUMBERED, {"number": wanted}).first()
    if filing is None or not filing.editions:
        raise _nothing(session, wanted)
    return filing


def _nothing(session: Session, number: str) -> numbers.NumberNotFound:
    """Why nothing can be read under a number: it was never given, or nothing was published."""
    filing = session.scalars(NUMBERED, {"number": number}).first()
    if filing is not None and filing.filed is not None:
        status = Status(filing.status)
        ended = status if status in EXITS else None
        return NothingPublished(Given(number, filing.filed, ended, filing.since))
    return numbers.NumberNotFound(
        f"没有编号为“{number}”的公示内容。", f"Nothing is published under {number}."
    )


def _happened(events: Iterable[Told]) -> list[Happening]:
    """What the public is told of a filing's steps, oldest first.

    Steps on a draft change nothing that is public, and what a filer says when handing in a change
    is not public before it is decided.
    """
    told: list[Happening] = []
    public: Status | None = None
    for each in events:
        reached = Status(each.details["to"])
        seen = reached if public is None else standing.public_status(reached)
        moved = public is not None and seen is not public
        if moved or each.name in (FIRST if public is None else DECIDED):
            decided = each.name in DECIDED or seen in EXITS
            reason = formal_grounds.told(each.details.get("reason")) if decided else None
            told.append(Happening(each.at, each.name, seen, reason))
        if public is not None or each.name == PUBLISHED:
            public = seen
    return told


def search(
    session: Session,
    index: SearchIndex,
    query: str = "",
    filters: Filters = Filters(),
    page: int = 1,
    *,
    size: int = 20,
    inside: bool = False,
    at: datetime | None = None,
) -> Page:
    """The published filings that hold every word of `query`.

    Args:
        session: any session; the index is brought up to what it sees first.
        index: where the words are looked up.
        query: words between spaces; a Chinese phrase is found as it stands.
        filters: what to narrow it to.
        page: from 1; the last where there are fewer.
        size: lines on a page, at most 100.
        inside: whether answers, explanation and findings are searched too, or number, names,
            filer, summary and use alone.
        at: the moment against which evaluations expire; None for now.
    """
    moment, size, page = at or now(), min(max(size, 1), MOST_SIZE), max(page, 1)
    asked = Asked(
        query,
        filters,
        inside=inside,
        valid=gate.counting_since(moment, settings().evaluation_days),
    )
    found = index.find(session, asked, skip=(page - 1) * size, size=size)
    if not found.listings and page > 1:
        page = max(1, -(-found.total // size))
        found = index.find(session, asked, skip=(page - 1) * size, size=size)
    return Page(
        hits=hits.of(session, found.listings, at=moment),
        total=found.total,
        number=page,
        size=size,
        more=found.more,
        counts=found.counts,
        partial=found.partial,
        near=found.near,
        inside=found.inside,
        behind=found.behind,
    )


def published(session: Session) -> int:
    """How many filings were ever published."""
    return session.scalar(select(func.count()).select_from(Listing)) or 0
