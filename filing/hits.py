"""The lines of lists: what stands beside a filing's name on a page of many, true when it is read.

A page has many lines and texts and dossiers are large: columns are read and no records, and what a
standing is told from is asked for all lines at once.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from filing import basis, claims, editions, listings, service, standing, withdrawn
from filing.dossier import Filing
from filing.lifecycle import Status
from filing.listings import Listing
from filing.risk import LEVEL_NAMES, Level
from filing.search_hits import Listed
from filing.standing import Standing, Stated
from registry.database import now, rows
from registry.findings import Verdict
from registry.language import Text
from registry.settings import settings

LINE = select(
    *standing.TOLD_FROM,
    Listing.id.label("listing_id"),
    Listing.slug,
    Listing.grade,
    Listing.published,
    Listing.card,
    Listing.change,
).join(Listing, Listing.filing_id == Filing.id)
"""What a line shows, and no more."""
LINES = LINE.where(Listing.id.in_(bindparam("listings", expanding=True)))
NEWEST = LINE.order_by(Listing.published.desc(), Listing.number.desc()).limit(bindparam("size"))


class _Line(Stated, Protocol):
    """A row of `LINE`."""

    @property
    def listing_id(self) -> str: ...
    @property
    def slug(self) -> str: ...
    @property
    def grade(self) -> str: ...
    @property
    def published(self) -> datetime: ...
    @property
    def card(self) -> Mapping[str, Any]: ...
    @property
    def change(self) -> int: ...


@dataclass(frozen=True, slots=True)
class Hit:
    """One line of a result, true at the moment of reading.

    Args:
        number, slug, name, summary, filer, published: from the newest edition.
        grade, graded: the grade's id; in words, with who set it.
        status: the public status.
        evaluated: whether a third-party evaluation of the edition's version has not expired.
        found: how many findings of its reports showed what (`registry.outcomes`).
        standing: what is true of the filing now.
        claimed: what is said beside names that claim an approval; None where none does.
    """

    number: str
    slug: str
    name: Text
    summary: Text
    filer: Text
    grade: str
    graded: Text
    status: Status
    published: datetime
    evaluated: bool
    found: Mapping[str, int]
    standing: Standing
    claimed: Text | None


def of(session: Session, listed: Sequence[Listed], *, at: datetime) -> tuple[Hit, ...]:
    """The lines that a search found, in its order.

    Args:
        session: any session.
        listed: what the index says of each; one that the session does not see is left out.
        at: the moment for which they are told.
    """
    known = {each.listing: each for each in listed}
    read: Sequence[_Line] = rows(session, LINES, listings=list(known)) if known else ()
    by_id = {each.listing_id: each for each in read}
    return _told(session, [by_id[each] for each in known if each in by_id], at, known)


def newest(session: Session, size: int) -> tuple[Hit, ...]:
    """The lines of the filings that were published last.

    Args:
        session: any session.
        size: how many.
    """
    return _told(session, rows(session, NEWEST, size=size), now(), {})


def _told(
    session: Session, lines: Sequence[_Line], at: datetime, known: Mapping[str, Listed]
) -> tuple[Hit, ...]:
    beside = standing.others(session, lines)
    days = settings().evaluation_days
    bases = withdrawn.marked(session, [_basis(session, line) for line in lines], at=at)
    told = list(zip(lines, bases, strict=True))
    left = standing.left_out(session, told, at=at, days=days)

    def stands(line: _Line, read: Mapping[str, Any]) -> Standing:
        return standing.of(
            session, line, read, beside=beside[line.id], left=left, at=at, days=days
        )

    return tuple(
        Hit(
            number=str(line.number),
            slug=line.slug,
            name=Text(**line.card["name"]),
            summary=Text(**line.card["summary"]),
            filer=Text(**line.card["filer"]),
            grade=line.grade,
            graded=_graded(read["grade"]),
            status=(stood := stands(line, read)).status,
            published=line.published,
            evaluated=service.counts(read, at, days),
            found=_found(read["reports"]),
            standing=stood,
            claimed=claims.beside(_claims(line, known)),
        )
        for line, read in told
    )


def _claims(line: _Line, known: Mapping[str, Listed]) -> Sequence[str]:
    """The line's words that claim an approval, from the index where that has it as it is."""
    indexed = known.get(line.listing_id)
    if indexed is not None and indexed.change == line.change:
        return indexed.claims
    return listings.claimed(line.card)


def _basis(session: Session, line: _Line) -> Mapping[str, Any]:
    """The basis as it lies in the line; lines of an earlier release have none, or less of it."""
    kept: Mapping[str, Any] = line.card.get("basis") or {}
    if {"changed_explanation", "task", "due"} <= kept.keys():
        return kept
    return basis.of([each.read() for each in editions.of_filings(session, [line.id])[line.id]])


def _graded(grade: Mapping[str, Any]) -> Text:
    """The grade in words, and that reviewers set it where they did."""
    name = LEVEL_NAMES[Level(grade["level"])]
    if not grade["changed"]:
        return name
    return Text(f"{name.zh}（审核人员改定）", f"{name.en} (set by reviewers)")


def _found(reports: Sequence[Mapping[str, Any]]) -> dict[str, int]:
    """How many findings of all attached reports showed what; of an earlier release's, what is known."""
    counted = Counter[str]()
    for each in reports:
        counted.update(each.get("shown") or {**each["verdicts"], Verdict.EQUIVALENT.value: 0})
    return {name: count for name, count in sorted(counted.items()) if count}
