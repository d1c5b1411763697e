"""What is public of a tester organisation: who verified it, and its reports that editions carry.

It is told as the record has it: no rating, no order but the newest first.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from filing import withdrawn
from filing.dossier import Filing
from filing.editions import Edition
from filing.listings import Listing
from filing.withdrawn import Withdrawal
from registry import organisations, reports, verifications
from registry.findings import Verdict
from registry.language import Text
from registry.organisations import Kind, OrganisationNotFound
from registry.reports import Report
from registry.submission import Version

PAGE = 50
"""Reports on one page."""


@dataclass(frozen=True, slots=True)
class Reported:
    """One report of a tester that everybody may read.

    Args:
        id: of the report.
        made: when it was taken in.
        countersigned: when the tester signed it, if it did.
        number, slug, name: of the filing that carries it.
        beyond: how many of its findings are beyond a line.
        withdrawal: that the tester took it back, if it did.
    """

    id: str
    made: datetime
    countersigned: datetime | None
    number: str
    slug: str
    name: Text
    beyond: int
    withdrawal: Withdrawal | None


@dataclass(frozen=True, slots=True)
class Tester:
    """A tester organisation, as the public reads of it.

    Args:
        id, name: which.
        identity: what is on record of how its identity was verified.
        reports: of one page, newest first.
        page, pages: which page of how many.
    """

    id: str
    name: Text
    identity: Text
    reports: tuple[Reported, ...]
    page: int
    pages: int

    def as_json(self) -> dict[str, Any]:
        """The tester as a JSON object."""
        return {
            "id": self.id,
            "name": self.name.as_json(),
            "identity": self.identity.as_json(),
            "page": self.page,
            "pages": self.pages,
            "reports": [
                {
                    "id": each.id,
                    "made": each.made.isoformat(),
                    "countersigned": each.countersigned.isoformat()
                    if each.countersigned
                    else None,
                    "number": each.number,
                    "slug": each.slug,
                    "name": each.name.as_json(),
                    "beyond": each.beyond,
                    "withdrawal": each.withdrawal.as_json() if each.withdrawal else None,
                }
                for each in self.reports
            ],
        }


def of(session: Session, organisation_id: str, *, page: int = 1) -> Tester:
    """What is public of a tester.

    Args:
        session: any session.
        organisation_id: which.
        page: of its reports, from 1; the last where there are fewer.

    Raises:
        OrganisationNotFound: there is no such tester organisation.
    """
    tester = organisations.get(session, organisation_id)
    if tester.kind != Kind.TESTER:
        raise OrganisationNotFound(
            "没有这个测试机构，请检查编号。", "No such tester organisation; check the identifier."
        )
    carried = session.execute(
        select(Report, Listing.number, Listing.slug, Listing.card)
        .join(Version, Version.id == Report.version_id)
        .join(Filing, Filing.model_id == Version.model_id)
        .join(Listing, Listing.filing_id == Filing.id)
        .where(Report.organisation_id == tester.id, Report.third_party.is_(True))
        .where(
            select(Edition.id)
            .where(Edition.filing_id == Filing.id, Edition.content.contains(Report.id))
            .exists()
        )
        .order_by(Report.created.desc(), Report.id.desc(), Listing.number)
    ).all()
    pages = max(1, -(-len(carried) // PAGE))
    number = min(max(page, 1), pages)
    shown = carried[(number - 1) * PAGE : number * PAGE]
    found = withdrawn.found(session, [{"reports": [{"id": row[0].id} for row in shown]}])
    return Tester(
        tester.id,
        tester.name,
        verifications.said(session, tester),
        tuple(_reported(row[0], row[1], row[2], row[3], found) for row in shown),
        number,
        pages,
    )


def _reported(
    report: Report,
    number: str,
    slug: str,
    card: Mapping[str, Any],
    found: Mapping[str, Withdrawal],
) -> Reported:
    return Reported(
        id=report.id,
        made=report.created,
        countersigned=report.countersigned,
        number=number,
        slug=slug,
        name=Text(**card["name"]),
        beyond=_beyond(report, card),
        withdrawal=found.get(report.id),
    )


def _beyond(report: Report, card: Mapping[str, Any]) -> int:
    """How many findings are beyond a line, from the filing's line where that still tells of it."""
    for each in (card.get("basis") or {}).get("reports", ()):
        if each["id"] == report.id:
            return int(each["verdicts"].get(Verdict.DISPARITY.value, 0))
    return sum(each["verdict"] == Verdict.DISPARITY.value for each in reports.findings(report))
