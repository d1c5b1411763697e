"""Submissions: what a filing said each time it was submitted, and what changed between two of them."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ForeignKey, String, UniqueConstraint, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from filing import answers as stored_answers
from filing import differences, evidence_files, grading, in_full
from filing.dossier import Filing
from filing.fields import Answers, Schema, split
from filing.forms import called, grouped, schema
from filing.meanings import Meaning
from registry import legal_day
from registry.database import Identified, Record
from registry.explanations import Explanation
from registry.language import Text
from registry.organisations import Organisation
from registry.reports import Report
from registry.submission import Version


class Submission(Identified, Record):
    """What a filing said and carried as one submission had it; written once, never changed."""

    __tablename__ = "submission"
    __table_args__ = (UniqueConstraint("filing_id", "number"),)

    filing_id: Mapped[str] = mapped_column(ForeignKey("filing.id"), index=True)
    number: Mapped[int]
    version_id: Mapped[str] = mapped_column(ForeignKey("version.id"))
    schema_version: Mapped[str] = mapped_column(String(10))
    answers: Mapped[dict[str, Any]]
    report_ids: Mapped[list[Any]]
    explanation_id: Mapped[str | None] = mapped_column(ForeignKey("explanation.id"))

    def told(self, change: Mapping[str, Any] | None) -> Answers:
        """The answers that counted, under the schema that they were submitted under.

        Args:
            change: what reviewers decided on the grade, which some answers may hang on.
        """
        return grading.counted(Answers(schema(self.schema_version), self.answers), change)


@dataclass(frozen=True, slots=True)
class Change:
    """One thing that two submissions have differently.

    Args:
        key: `B1`, `C1#2`; that of the computed version, too; empty for other attachments.
        name: of the field or of what is attached.
        before: what the earlier one said; None where it said nothing.
        after: what the later one says; None where it says nothing.
    """

    key: str
    name: Text
    before: Text | None
    after: Text | None


@dataclass(frozen=True, slots=True)
class Comparison:
    """The last submission beside the one before.

    Args:
        number: of the last submission, from 1.
        changes: in the order of the form; None where there is nothing to compare with.
    """

    number: int
    changes: Sequence[Change] | None

    @property
    def said(self) -> Text:
        """What the comparison comes to, in a sentence."""
        if self.number == 1:
            return Text(
                "这是这份备案的第一次提交，没有上一次可以比较。",
                "This is the filing’s first submission: there is none before to compare it with.",
            )
        now, before = self.number, self.number - 1
        if self.changes is None:
            return Text(
                f"第{before}次提交的内容没有保存下来，第{now}次提交没有可以比较的。",
                f"What submission {before} said was not kept: there is nothing to compare "
                f"submission {now} with.",
            )
        if not self.changes:
            return Text(
                f"第{now}次提交和第{before}次相比，没有不同。",
                f"Submission {now} does not differ from submission {before}.",
            )
        count = len(self.changes)
        places = "place" if count == 1 else "places"
        return Text(
            f"第{now}次提交和第{before}次相比，有{count}处不同。",
            f"Submission {now} differs from submission {before} in {count} {places}.",
        )


def keep(session: Session, filing: Filing) -> None:
    """Write down what the filing says and carries, as its present submission.

    Args:
        session: the caller's transaction.
        filing: has been counted as submitted.
    """
    evidence_files.hand_in(session, filing.id, filing.answers)
    session.add(
        Submission(
            filing_id=filing.id,
            number=filing.submissions,
            version_id=filing.version_id,
            schema_version=filing.schema_version,
            answers=dict(filing.answers),
            report_ids=list(filing.report_ids),
            explanation_id=filing.explanation_id,
        )
    )


def compared(session: Session, filing: Filing) -> Comparison | None:
    """The last submission of a filing beside the one before; None for one never submitted.

    Withheld and restricted answers are told in full: for the filer and the authority alone.

    Args:
        session: any session.
        filing: which filing.
    """
    last = filing.submissions
    if not last:
        return None
    mine = select(Submission).where(
        Submission.filing_id == filing.id, Submission.number.in_((last - 1, last))
    )
    kept = {each.number: each for each in session.scalars(mine)}
    if len(kept) < 2:
        return Comparison(last, None)
    return Comparison(last, between(session, filing, kept[last - 1], kept[last]))


def between(
    session: Session, filing: Filing, before: Submission, after: Submission
) -> Sequence[Change]:
    """What two submissions of a filing have differently, in the order of the form.

    Args:
        session: any session.
        filing: whose they are.
        before: the earlier one.
        after: the later one.
    """
    answers = (each.told(filing.grade_change) for each in (before, after))
    return [*_answers(*answers), *_attached(session, before, after)]


def _answers(before: Answers, after: Answers) -> list[Change]:
    # A set that the later one leaves out has its keys in the earlier one's order alone.
    keys = dict.fromkeys([*after.form.keys(after.rows), *before.form.keys(before.rows)])
    return [
        Change(key, _name(key, after.form), _said(key, before), _said(key, after))
        for key in keys
        if _unsalted(before.rows.get(key)) != _unsalted(after.rows.get(key))
    ]


def _unsalted(stored: Mapping[str, Any] | None) -> Mapping[str, Any] | None:
    """The answer without the salt of its seal, which nobody wrote, and without its source."""
    if stored is None:
        return None
    told = {name: each for name, each in stored.items() if name != "source"}
    return stored_answers.unsalted(told)


def _name(key: str, form: Schema) -> Text:
    return differences.in_its_set(called(key, form), grouped(key, form), split(key)[1])


def _said(key: str, given: Answers) -> Text | None:
    stored = given.rows.get(key)
    return None if stored is None else in_full.stored(given.form.field(key), stored)


def _attached(session: Session, before: Submission, after: Submission) -> Iterable[Change]:
    """The version, the reports and the explanation, where they are not the same."""
    version = schema(after.schema_version).meant(Meaning.VERSION)
    rows: tuple[tuple[str, Text, Callable[[Submission], Text | None]], ...] = (
        (version.code, version.name, lambda each: _version(session, each.version_id)),
        ("", Text("附上的评估报告", "attached reports"), lambda each: _reports(session, each)),
        ("", Text("附上的说明", "attached explanation"), lambda each: _explained(session, each)),
    )
    for key, name, said in rows:
        was, now = said(before), said(after)
        if was != now:
            yield Change(key, name, was, now)


def _version(session: Session, version_id: str) -> Text:
    version = session.get_one(Version, version_id)
    return Text(
        f"第{version.number}版，校验值 sha256:{version.digest}",
        f"version {version.number}, digest sha256:{version.digest}",
    )


def _reports(session: Session, kept: Submission) -> Text | None:
    told = [_report(session, session.get_one(Report, each)) for each in kept.report_ids]
    if not told:
        return None
    return Text("\n".join(each.zh for each in told), "\n".join(each.en for each in told))


def _report(session: Session, report: Report) -> Text:
    by = session.get_one(Organisation, report.organisation_id).name
    number = session.get_one(Version, report.version_id).number
    day = legal_day.of(report.created).isoformat()
    return Text(
        f"{by.zh}在{day}对第{number}版的评估报告 {report.id}",
        f"report {report.id} by {by.en} on version {number}, {day}",
    )


def _explained(session: Session, kept: Submission) -> Text | None:
    if kept.explanation_id is None:
        return None
    made = session.get_one(Explanation, kept.explanation_id)
    day = legal_day.of(made.created).isoformat()
    return Text(f"{day}的说明 {made.id}", f"explanation {made.id} of {day}")
