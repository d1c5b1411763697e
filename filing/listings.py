"""One filing's line in the catalogue, made from its newest edition when that is published."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Integer, String, select
from sqlalchemy import Text as LongText
from sqlalchemy.orm import Mapped, Session, mapped_column

from filing import basis, editions
from filing.dossier import Filing
from filing.editions import Edition
from registry.database import Identified, Record
from registry.findings import Verdict

NONE = "none"
"""The option of field C7 that stands alone: no personal information."""


class Listing(Identified, Record):
    """One filing's line in the catalogue, made anew with every edition.

    `words` is the public text; `change` is the number of the change (`filing.changes`) with which
    the line or its filing's status was last written; `kinds` and `sectors` are option ids
    between bars, `|ranking|push|`; `effect` is the option id of field B14; `evaluated` is the newest countersigned third-party report on
    the version that the edition is about.
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
    listing = session.scalars(select(Listing).where(Listing.filing_id == filing.id)).first()
    if listing is None:
        listing = Listing(filing_id=filing.id)
        session.add(listing)
    told = {row["key"]: row for row in content["answers"]}
    listing.number, listing.slug = content["number"], content["slug"]
    listing.organisation_id = filing.organisation_id
    listing.grade = content["grade"]["level"]
    listing.kinds = _barred(told["B4"]["value"])
    listing.sectors = _barred(told["B5"]["value"].get("sectors", ()))
    listing.effect = str((told.get("B14") or {}).get("value") or "")
    listing.evaluated = _evaluated(content)
    listing.published = edition.published
    listing.card = {
        "name": told["B1"]["said"],
        "summary": told["B2"]["said"],
        "filer": {name: content["filer"][name] for name in ("zh", "en")},
        "basis": basis.of(contents),
        "use": (told.get("H1") or {}).get("said"),
        "facets": facets(content),
    }
    listing.words = _words(content)
    session.flush()
    return listing


def facets(content: Mapping[str, Any]) -> dict[str, str]:
    """What a search narrows by beside the columns of the line, told from one edition.

    Args:
        content: the edition's JSON object.

    Nothing is said (an empty value) of what the edition does not tell: no data set described, no
    report attached, an answer withheld.
    """
    told = {row["key"]: row.get("value") for row in content["answers"]}
    # What is withheld is neither there nor not there.
    hidden = {
        row["key"] for row in content["answers"] if "withheld" in row or row.get("restricted")
    }
    asked_data = {key for key in told if key.startswith("C7#")}
    kinds = {kind for key, row in told.items() if key.startswith("C7#") for kind in row or ()}
    beyond = [bool(each["verdicts"].get(Verdict.DISPARITY)) for each in content["reports"]]
    place = told.get("A3") or {}
    return {
        "city": str(place.get("city") or ""),
        "district": _chinese(place.get("district") or ""),
        "personal": "yes" if kinds - {NONE} else "no" if kinds and not hidden & asked_data else "",
        "choice": "yes" if (told.get("H8") or {}).get("how") else "" if "H8" in hidden else "no",
        "beyond": "yes" if any(beyond) else "no" if beyond else "",
    }


def _chinese(said: Mapping[str, str] | str) -> str:
    return said if isinstance(said, str) else str(said.get("zh") or said.get("en") or "")


def _barred(ids: Sequence[str]) -> str:
    return f"|{'|'.join(ids)}|"


def _evaluated(content: Mapping[str, Any]) -> datetime | None:
    made = [
        datetime.fromisoformat(each["made"])
        for each in content["reports"]
        if each["kind"] == "third_party"
        and each["countersigned"]
        and each["model_digest"] == content["model"]["sha256"]
    ]
    return max(made, default=None)


def _words(content: Mapping[str, Any]) -> str:
    said = [row["said"] for row in content["answers"] if "said" in row]
    texts = [content["number"], content["slug"], content["filer"]["zh"], content["filer"]["en"]]
    return "\n".join([*texts, *(each["zh"] for each in said), *(each["en"] for each in said)])
