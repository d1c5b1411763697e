"""What a filer answers to findings, as pages show it: beside the finding, as the filer's own words."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from filing import claims, wording
from registry import finding_answers
from registry.language import Text

Answers = Mapping[int, Sequence["Answer"]]
"""By the number of the finding."""


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer.

    Args:
        finding: the number of the finding in its report, from 1.
        at: when.
        said: the words, for each reader.
        claimed: what is said beside words that claim an approval; None where none does.
    """

    finding: int
    at: datetime
    said: Text
    claimed: Text | None


def of(session: Session, report_ids: Sequence[str]) -> dict[str, Answers]:
    """By report and finding, the answers, oldest first.

    Args:
        session: any session.
        report_ids: which reports.
    """
    return {
        report: {
            number: tuple(
                Answer(
                    number,
                    each.created,
                    wording.own_words(each.said),
                    claims.published(each.said),
                )
                for each in given
            )
            for number, given in found.items()
        }
        for report, found in finding_answers.of_reports(session, report_ids).items()
    }
