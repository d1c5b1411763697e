"""Reports of a filed version that count and that the filer did not attach.

Which report is shown must not be the filer's choice among those that count: every third party's
report of the version that is countersigned, not withdrawn and not expired is attached before a filing is
accepted and published, and one that came in later is told beside the edition (decision 45).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, or_, select
from sqlalchemy.orm import Session

from filing import evidence as attached_evidence
from filing import gate
from filing.dossier import Filing
from filing.evidence import Evidence
from registry import reports
from registry.database import rows
from registry.findings import Verdict
from registry.language import Text
from registry.reports import Report
from registry.submission import Version

COUNTING = (
    select(Report.id, Version.organisation_id, Report.model_digest)
    .join(Version, Version.id == Report.version_id)
    .where(
        Report.model_digest.in_(bindparam("digests", expanding=True)),
        Report.third_party.is_(True),
        Report.countersigned <= bindparam("at"),
        or_(Report.withdrawn.is_(None), Report.withdrawn > bindparam("at")),
        Report.created >= bindparam("since"),
    )
    .order_by(Report.created, Report.id)
)
"""The reports on versions of these bytes that counted at a moment, oldest first."""


@dataclass(frozen=True, slots=True)
class Asked:
    """Of which version, and what is attached already.

    Args:
        owner_id: the organisation whose version it is.
        model_digest: of the version.
        attached: identifiers of the reports that are attached.
    """

    owner_id: str
    model_digest: str
    attached: frozenset[str]


@dataclass(frozen=True, slots=True)
class Unattached:
    """What everybody is told of the reports that were left out: how many, and how grave.

    Args:
        count: of the reports.
        beyond: findings beyond a line in them.
        made: when each was taken in.
    """

    count: int
    beyond: int
    made: tuple[datetime, ...] = ()

    @property
    def said(self) -> Text:
        """The sentence beside what is told of the attached reports."""
        one = self.count == 1
        return Text(
            f"这个版本还有{self.count}份有效的第三方评估报告，备案主体没有附上；"
            f"{'这份报告' if one else '这些报告'}里差异超过界线的有{self.beyond}项。",
            f"{self.count} more third-party evaluation {'report' if one else 'reports'} of this "
            f"version {'counts' if one else 'count'}, and the filer did not attach "
            f"{'it' if one else 'them'}; findings beyond a line there: {self.beyond}.",
        )

    def as_json(self) -> dict[str, Any]:
        """What was left out as a JSON object."""
        return {"count": self.count, "beyond": self.beyond, **self.said.as_json()}


def of(
    session: Session, asked: Mapping[str, Asked], *, at: datetime, days: int
) -> dict[str, Unattached]:
    """By the caller's own key, what was left out; a key of which nothing was is not there.

    Args:
        session: any session.
        asked: by key, of which version.
        at: now.
        days: how long an evaluation counts.
    """
    ids = _ids(session, asked, at, days)
    every = {report_id for found in ids.values() for report_id in found}
    if not every:
        return {}
    counting = {
        each.id: each for each in session.scalars(select(Report).where(Report.id.in_(every)))
    }
    beyond = {each.id: _beyond(each) for each in counting.values()}
    return {
        key: Unattached(
            len(found),
            sum(beyond[each] for each in found),
            tuple(counting[each].created for each in found),
        )
        for key, found in ids.items()
        if found
    }


def evidence(session: Session, filing: Filing, *, at: datetime, days: int) -> list[Evidence]:
    """The reports on a filing's version that count and are not attached, as the gate reads them.

    Args:
        session: any session.
        filing: whose dossier.
        at: the moment of the decision.
        days: how long an evaluation counts.
    """
    digest = session.get_one(Version, filing.version_id).digest
    asked = Asked(filing.organisation_id, digest, frozenset(filing.report_ids))
    found = [session.get_one(Report, each) for each in _ids(session, {"": asked}, at, days)[""]]
    return [
        replace(
            attached_evidence.read(session, each),
            ties=attached_evidence.ties(session, filing, each),
        )
        for each in found
    ]


def _ids(
    session: Session, asked: Mapping[str, Asked], at: datetime, days: int
) -> dict[str, Sequence[str]]:
    """By key, the reports that count and are not attached, oldest first; all asked for at once."""
    digests = {each.model_digest for each in asked.values()}
    if not digests:
        return {}
    since = gate.counting_since(at, days)
    found = rows(session, COUNTING, digests=sorted(digests), since=since, at=at)
    return {
        key: [
            row.id
            for row in found
            if (row.organisation_id, row.model_digest) == (each.owner_id, each.model_digest)
            and row.id not in each.attached
        ]
        for key, each in asked.items()
    }


def _beyond(report: Report) -> int:
    found = reports.findings(report)
    return sum(each["verdict"] == Verdict.DISPARITY.value for each in found)
