"""One filing's line in the catalogue, made from its newest edition when that is published."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Integer, String, select
from sqlalchemy import Text as LongText
from sqlalchemy.orm import Mapped, Session, mapped_column

from filing import basis, claims, counting, editions, printed, withdrawn
from filing.dossier import Filing
from filing.editions import Edition
from filing.forms import told_by
from filing.meanings import Meaning
from registry.database import Identified, Record
from registry.findings import Verdict
from registry.reports import Report
from registry.submission import Version

UNTOLD = dict.fromkeys(("city", "district", "personal", "choice", "beyond"), "")
"""What a search narrows by, of a line of which no edition tells anything."""
NONE = "none"
"""The option that stands alone: no personal information."""


class Listing(Identified, Record):
    """One filing's line in the catalogue, made anew with every edition.

    `words` is the public text, a text on each line; `change` is the number of the change (`filing.changes`) with which
    the line or its filing's status was last written; `kinds` and `sectors` are option ids
    between bars, `|ranking|push|`; `effect` is the option id of the effect on a person; `evaluated`
    is the moment by which the age of the third-party evaluation of the edition's version goes
    (`filing.counting`).
    """

    __tablename__ = "listing"

    filing_id: Mapped[str] = mapped_column(ForeignKey("filing.id"), unique=True)
    number: Mapped[str] = mapped_column(String(40), unique=True)
    slug: Mapped[str] = mapped_column(String(30), unique=True)
    organisation_id: Mapped[str] = mapped_column(ForeignKey("organisation.id"), index=True)
    grade: Mapped[str] = mapped_column(String(10), index=True)
    kinds: Mapped[str] = mapped_column(String(200))
    sectors: Mapped[str] = mapped_column(String(300))
    effect: Mapped[str] = mapped_column(String(20), default="", server_default="", index=True)
    evaluated: Mapped[datetime | None]
    published: Mapped[datetime] = mapped_column(index=True)
    card: Mapped[dict[str, Any]]
    words: Mapped[str] = mapped_column(LongText)
    change: Mapped[int] = mapped_column(Integer, default=0, server_default="0", index=True)


def list_edition(session: Session, filing: Filing, edition: Edition) -> Listing:
    """Make the filing's line in the catalogue from its newest edition."""
    contents = [each.read() for each in editions.every(session, filing)]
    content = contents[-1]
    read = basis.of(contents)
    inside, evaluated = words(session, content), _evaluated(session, read)
    listing = session.scalars(select(Listing).where(Listing.filing_id == filing.id)).first()
    if listing is None:
        listing = Listing(filing_id=filing.id)
        session.add(listing)
    told = told_by(content)
    listing.number, listing.slug = content["number"], content["slug"]
    listing.organisation_id = filing.organisation_id
    listing.grade = content["grade"]["level"]
    listing.kinds = _barred(told.value(Meaning.KINDS))
    listing.sectors = _barred(told.value(Meaning.SECTORS) or ())
    listing.effect = str(told.value(Meaning.EFFECT) or "")
    listing.evaluated = evaluated
    listing.published = edition.published
    listing.card = {
        "name": told.of(Meaning.NAME)["said"],
        "summary": told.of(Meaning.SUMMARY)["said"],
        "filer": {name: content["filer"][name] for name in ("zh", "en")},
        "basis": read,
        "use": told.of(Meaning.DOES).get("said"),
        "facets": facets(content),
        "printed": True,
    }
    listing.words = inside
    session.flush()
    return listing


def evaluate_anew(session: Session, report: Report) -> None:
    """Have the lines of editions that carry a report tell its loss, once it was withdrawn.

    Args:
        session: the transaction in which it was.
        report: which.
    """
    models = select(Version.model_id).where(Version.digest == report.model_digest)
    lines = (
        select(Listing, Filing)
        .join(Filing, Filing.id == Listing.filing_id)
        .where(Filing.model_id.in_(models))
    )
    for line, filing in session.execute(lines).all():
        contents = [each.read() for each in editions.every(session, filing)]
        line.evaluated = _evaluated(session, basis.of(contents))
    session.flush()


def _evaluated(session: Session, read: Mapping[str, Any]) -> datetime | None:
    """By which moment the age of the third-party evaluation of an edition's version goes."""
    (marked,) = withdrawn.marked(session, [read])
    age = counting.age(counting.third_party(marked), marked["task"])
    return age.made if age else None


def claimed(card: Mapping[str, Any]) -> list[str]:
    """The words that claim an approval in what a line shows of the filer's own.

    Args:
        card: the line's.
    """
    return claims.words(*(card[each] for each in ("name", "filer", "summary")))


def facets(content: Mapping[str, Any]) -> dict[str, str]:
    """What a search narrows by beside the columns of the line, told from one edition.

    Args:
        content: the edition's JSON object.

    Nothing is said (an empty value) of what the edition does not tell: no data set described, no
    report attached, an answer withheld.
    """
    told = told_by(content)
    data = told.every(Meaning.PERSONAL_INFORMATION)
    kinds = {kind for row in data for kind in row.get("value") or ()}
    beyond = [bool(each["verdicts"].get(Verdict.DISPARITY)) for each in content["reports"]]
    return {
        "city": str(told.value(Meaning.CITY) or ""),
        "district": _chinese(told.value(Meaning.DISTRICT) or ""),
        "personal": "yes"
        if kinds - {NONE}
        else "no"
        if kinds and not any(map(_hidden, data))
        else "",
        "choice": "yes"
        if told.value(Meaning.CHOICES)
        else ""
        if _hidden(told.of(Meaning.CHOICES))
        else "no",
        "beyond": "yes" if any(beyond) else "no" if beyond else "",
    }


def _hidden(row: Mapping[str, Any]) -> bool:
    """Whether an answer is withheld, and so neither there nor not there."""
    return "withheld" in row or bool(row.get("restricted"))


def _chinese(said: Mapping[str, str] | str) -> str:
    return said if isinstance(said, str) else str(said.get("zh") or said.get("en") or "")


def _barred(ids: Sequence[str]) -> str:
    return f"|{'|'.join(ids)}|"


def words(session: Session, content: Mapping[str, Any]) -> str:
    """What is looked for inside: the answers, and what the page prints of explanation and reports.

    Args:
        session: any session.
        content: the edition's JSON object.
    """
    said = [row["said"] for row in content["answers"] if "said" in row]
    texts = [content["number"], content["slug"], content["filer"]["zh"], content["filer"]["en"]]
    texts += [*(each["zh"] for each in said), *(each["en"] for each in said)]
    return "\n".join([*texts, *printed.texts(session, content)])
