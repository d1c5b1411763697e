"""Which attached reports bear on each of the forbidden acts, beside what the filer says of it.

A filer says act by act whether an attached evaluation tested it. Whether a report has a probe that
refers to that act is read from its signed statement, never typed; where the two differ it is told:
to filer and reviewer beside the field, to the public beside the answer.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy.orm import Session

from filing import reported
from filing.evidence import Evidence
from filing.fields import Answers
from filing.meanings import Meaning
from filing.reported import Reported
from registry.language import Text
from registry.settings import settings

ACT, TESTED = "act", "tested"
BY_REPORT, NOT_TESTED = "report", "not_tested"
"""Parts of the answer, and what it may say of an act."""


@dataclass(frozen=True, slots=True)
class Act:
    """One act, as its filer and the attached reports have it.

    Args:
        id: the rule that forbids it.
        name: what it is called.
        declared: what the filer says of it.
        reports: the attached reports with a probe that refers to it, in their order.
    """

    id: str
    name: Text
    declared: str
    reports: tuple[str, ...]

    @property
    def differs(self) -> bool:
        """Whether filer and reports say otherwise of one another."""
        return self.declared == (NOT_TESTED if self.reports else BY_REPORT)

    @property
    def said(self) -> Text | None:
        """What is told beside the answer; None where no report and no claim of one is there."""
        name, reports = self.name, "、".join(self.reports)
        if self.reports:
            return Text(
                f"{name.zh}：附上的评估报告里有检查引用这一条（{reports}）。",
                f"{name.en}: probes in the attached reports refer to it ({reports}).",
            )
        if self.declared == BY_REPORT:
            return Text(
                f"{name.zh}：备案主体写附上的评估测过，附上的评估报告里没有检查引用这一条。",
                f"{name.en}: the filer says that an attached evaluation tested it; no probe in the "
                "attached reports refers to it.",
            )
        return None

    def as_json(self) -> dict[str, Any]:
        """The act as an edition carries it."""
        said = self.said.as_json() if self.said else {}
        return {"act": self.id, "declared": self.declared, "reports": list(self.reports), **said}


def acts(told: Answers, reports: Sequence[Reported]) -> list[Act]:
    """Every act that the answer names, with the reports that bear on it.

    Args:
        told: the answers that count.
        reports: those attached.
    """
    rows = told.value(Meaning.FORBIDDEN_ACTS) or ()
    if not rows:
        return []
    bearing: dict[str, list[str]] = {}
    for each in reports:
        named = {
            ref for found in each.predicate["findings"] for ref in found.get("legal_refs", ())
        }
        for ref in named:
            bearing.setdefault(ref, []).append(each.evidence.report_id)
    names = {
        option.id: option.name
        for part in told.form.meant(Meaning.FORBIDDEN_ACTS).value.parts
        if part.id == ACT
        for option in part.options
    }
    return [
        Act(row[ACT], names[row[ACT]], row.get(TESTED, ""), tuple(bearing.get(row[ACT], ())))
        for row in rows
        if row.get(ACT) in names
    ]


def published(
    session: Session, told: Answers, evidence: Sequence[Evidence]
) -> list[dict[str, Any]]:
    """What an edition carries of the acts: of each that a report bears on or is said to.

    Args:
        session: any session.
        told: the answers that count.
        evidence: of the attached reports.
    """
    return [each.as_json() for each in _acts(session, told, evidence) if each.said]


def beside(
    session: Session, told: Answers, evidence: Sequence[Evidence], remarks: Mapping[str, Text]
) -> dict[str, Text]:
    """The remarks beside fields, with what differs between the filer's word and the reports.

    Args:
        session: any session.
        told: the answers that count.
        evidence: of the attached reports.
        remarks: what is remarked otherwise (`filing.cautions`).
    """
    differing = [each for each in _acts(session, told, evidence) if each.differs]
    said = [each.said for each in differing if each.said]
    if not said:
        return dict(remarks)
    key = told.form.key(Meaning.FORBIDDEN_ACTS)
    every = [*([remarks[key]] if key in remarks else ()), *said]
    joined = Text("".join(each.zh for each in every), " ".join(each.en for each in every))
    return {**remarks, key: joined}


def _acts(session: Session, told: Answers, evidence: Sequence[Evidence]) -> list[Act]:
    if not told.value(Meaning.FORBIDDEN_ACTS):
        return []
    return acts(told, reported.read(session, evidence, settings().evaluation_days))
