"""What the owner of a model answers to a finding of a report on it: beside the finding, never in it.

The report is signed and stays as it is. Answers are only added: a later one stands under those before.
"""

from collections.abc import Iterable, Mapping, Sequence

from sqlalchemy import ForeignKey, String, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from registry import journal, lengths, reports
from registry.database import Identified, Record
from registry.errors import Conflict, Invalid, NotFound
from registry.language import Text
from registry.lengths import Limit
from registry.organisations import Actor, Role
from registry.reports import Report
from registry.submission import Version

SAID = {
    "zh": Limit("said", Text("回应", "answer"), 600),
    "en": Limit("said.en", Text("回应（英文）", "answer in English"), 2400),
}
MOST = 10
"""Answers to one finding: whoever has more to say says it in the filing."""


class FindingAnswer(Identified, Record):
    """One answer to one finding, by its place among the findings of the signed report, from 1."""

    __tablename__ = "finding_answer"

    report_id: Mapped[str] = mapped_column(ForeignKey("report.id"), index=True)
    finding: Mapped[int]
    organisation_id: Mapped[str] = mapped_column(ForeignKey("organisation.id"))
    written_by: Mapped[str] = mapped_column(ForeignKey("person.id"))
    zh: Mapped[str] = mapped_column(String(600))
    en: Mapped[str] = mapped_column(String(2400), default="")

    @property
    def said(self) -> dict[str, str]:
        """The words: {zh, en?}."""
        return {"zh": self.zh, **({"en": self.en} if self.en else {})}


class FindingNotFound(NotFound):
    """The report has no such finding: count those of the report from 1."""


class AnswerInvalid(Invalid):
    """An answer says something, in Chinese."""


class AnsweredEnough(Conflict):
    """The finding has as many answers as it may have: say the rest in the filing."""


def answer(
    session: Session, *, by: Actor, report_id: str, finding: int, said: Mapping[str, str]
) -> FindingAnswer:
    """Put an answer beside a finding; everybody reads it who reads the report.

    Args:
        session: the caller's transaction.
        by: a filer of the organisation whose version was evaluated.
        report_id: which report.
        finding: its place among the findings of the report, from 1.
        said: {zh, en?}.

    Raises:
        ReportNotFound: when there is no such report.
        WrongRole, NotYours: unless `by` is a filer of the version's owner.
        FindingNotFound: when the report has fewer findings.
        AnswerInvalid: when nothing is said in Chinese.
        TextTooLong: when it is too long.
        AnsweredEnough: when the finding has its most answers.
    """
    by.require(Role.FILER)
    report = reports.get(session, report_id, lock=True)
    by.own(session.get_one(Version, report.version_id).organisation_id)
    count = len(reports.findings(report))
    if not 1 <= finding <= count:
        raise FindingNotFound(
            f"这份报告有{count}条结果，没有第{finding}条。",
            f"The report has {count} findings and none with the number {finding}.",
        )
    words = {name: str(said.get(name) or "").strip() for name in SAID}
    lengths.check((SAID[name], text) for name, text in words.items())
    if not words["zh"]:
        raise AnswerInvalid("请用中文写下回应。", "Write the answer in Chinese.")
    if len(of_reports(session, [report_id]).get(report_id, {}).get(finding, ())) >= MOST:
        raise AnsweredEnough(
            f"这一条结果已有{MOST}条回应，不能再加；其余的请写在备案材料里。",
            f"This finding has {MOST} answers and takes no more; say the rest in the filing.",
        )
    made = FindingAnswer(
        report_id=report_id,
        finding=finding,
        organisation_id=by.organisation_id,
        written_by=by.person_id,
        **words,
    )
    session.add(made)
    session.flush()
    journal.record(
        session,
        "report:finding:answered",
        report_id,
        person_id=by.person_id,
        organisation_id=by.organisation_id,
        finding=finding,
        said=made.said,
    )
    return made


def of_reports(
    session: Session, report_ids: Iterable[str]
) -> dict[str, dict[int, Sequence[FindingAnswer]]]:
    """By report and finding, the answers, oldest first; what was not answered is not there.

    Args:
        session: any session.
        report_ids: which reports, asked for at once.
    """
    wanted = select(FindingAnswer).where(FindingAnswer.report_id.in_(list(report_ids)))
    found: dict[str, dict[int, list[FindingAnswer]]] = {}
    for each in session.scalars(wanted.order_by(FindingAnswer.created, FindingAnswer.id)):
        found.setdefault(each.report_id, {}).setdefault(each.finding, []).append(each)
    return {name: dict(each) for name, each in found.items()}


def owner(session: Session, report: Report) -> str:
    """The organisation that may answer: the owner of the version that was evaluated.

    Args:
        session: any session.
        report: which.
    """
    return session.get_one(Version, report.version_id).organisation_id
