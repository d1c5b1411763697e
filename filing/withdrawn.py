"""Reports of editions that whoever made them took back since: marked wherever an edition is read.

An edition never changes, and a report can be withdrawn after it was published. Every reading that
counts a report, or says how it stands, is of marked reports. What a withdrawn report found stays
told, so that nothing unfavourable goes with it; only what it counted for is lost.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from registry import legal_day
from registry.database import now, rows
from registry.language import Text
from registry.organisations import Organisation
from registry.reports import Report

MARK = "withdrawn"
"""The member of a marked report: when, by whom and why it was taken back."""
WITHDRAWN = (
    select(
        Report.id, Report.withdrawn, Report.withdrawal, Organisation.name_zh, Organisation.name_en
    )
    .join(Organisation, Organisation.id == Report.organisation_id)
    .where(
        Report.id.in_(bindparam("reports", expanding=True)),
        Report.withdrawn <= bindparam("at"),
    )
)


@dataclass(frozen=True, slots=True)
class Withdrawal:
    """That a report was taken back.

    Args:
        at: when.
        by: who made it and took it back.
        reason: why, in their words: {zh, en?}.
    """

    at: datetime
    by: Text
    reason: Mapping[str, str]

    @property
    def said(self) -> Text:
        """Who took it back and when, without the reason."""
        day = legal_day.of(self.at).isoformat()
        return Text(
            f"{self.by.zh}在{day}撤回了这份报告，它不再算数",
            f"{self.by.en} withdrew this report on {day}; it counts no longer",
        )

    def as_json(self) -> dict[str, Any]:
        """The withdrawal as a JSON object."""
        return {"at": self.at.isoformat(), "by": self.by.as_json(), "reason": dict(self.reason)}


def of_report(session: Session, report_id: str) -> Withdrawal | None:
    """That a report was taken back; None where it stands.

    Args:
        session: any session.
        report_id: which.
    """
    return _found(session, [report_id], None).get(report_id)


def marked(
    session: Session, given: Sequence[Mapping[str, Any]], *, at: datetime | None = None
) -> list[Mapping[str, Any]]:
    """Bases or contents of editions, with the reports in them marked that were withdrawn.

    Args:
        session: any session.
        given: each with its `reports`; all are asked for at once.
        at: the moment for which they are read; None for now.
    """
    withdrawals = found(session, given, at=at)
    return [with_marks(read, withdrawals) for read in given]


def found(
    session: Session, given: Sequence[Mapping[str, Any]], *, at: datetime | None = None
) -> dict[str, Withdrawal]:
    """By identifier, those of the reports in some readings that were withdrawn.

    Args:
        session: any session.
        given: as for `marked`.
        at: as for `marked`.
    """
    return _found(session, {each["id"] for read in given for each in read["reports"]}, at)


def with_marks(
    read: Mapping[str, Any], withdrawals: Mapping[str, Withdrawal]
) -> Mapping[str, Any]:
    """One basis or content with its withdrawn reports marked.

    Args:
        read: with its `reports`.
        withdrawals: by identifier, at least those among them.
    """
    if not any(each["id"] in withdrawals for each in read["reports"]):
        return read
    return {
        **read,
        "reports": [
            {**each, MARK: withdrawals[each["id"]]} if each["id"] in withdrawals else each
            for each in read["reports"]
        ],
    }


def is_marked(report: Mapping[str, Any]) -> bool:
    """Whether a report of a marked reading was withdrawn.

    Args:
        report: one of its `reports`.
    """
    return MARK in report


def _found(session: Session, names: Iterable[str], at: datetime | None) -> dict[str, Withdrawal]:
    wanted = sorted(names)
    if not wanted:
        return {}
    return {
        row.id: Withdrawal(row.withdrawn, Text(row.name_zh, row.name_en), row.withdrawal or {})
        for row in rows(session, WITHDRAWN, reports=wanted, at=at or now())
        if row.withdrawn is not None
    }
