"""Taking a report back, and what follows for the filings that rest on it.

The report and its envelope stay as they were signed. Nothing of a filing moves: its status, its
number and its editions stay; what is told of it now changes with the next reading (`filing.withdrawn`),
the gate counts the report no longer, and its filer finds on the desk that there is something to do.
"""

from collections.abc import Mapping

from sqlalchemy import select
from sqlalchemy.orm import Session

from filing import listings, waiting
from filing.dossier import Filing
from registry import inbox, reports
from registry.organisations import Actor
from registry.reports import Report
from registry.submission import Version


def withdraw(session: Session, *, by: Actor, report_id: str, reason: Mapping[str, str]) -> Report:
    """Take back a report that one's organisation made.

    Args:
        session: the caller's transaction.
        by: whoever may sign it.
        report_id: which report.
        reason: {zh, en?}, which everybody reads who reads the report.

    Raises:
        ReportNotFound, NotYours, WrongRole, ReportWithdrawn, WithdrawalInvalid, TextTooLong: as
            `registry.reports.withdraw` has them.
    """
    event = reports.withdraw(session, by=by, report_id=report_id, reason=reason)
    report = reports.get(session, report_id)
    listings.evaluate_anew(session, report)
    for filing in resting_on(session, report):
        inbox.turn(session, event, *waiting.on_filing(session, filing), about=filing.id)
    return report


def resting_on(session: Session, report: Report) -> list[Filing]:
    """The filings that a report is attached to.

    Args:
        session: any session.
        report: which.
    """
    models = select(Version.model_id).where(Version.digest == report.model_digest)
    own = select(Version.model_id).where(Version.id == report.version_id)
    found = session.scalars(select(Filing).where(Filing.model_id.in_(models.union(own))))
    return [each for each in found if report.id in each.report_ids]
