"""A filer answers a finding of a report on its model: added beside it, never changed, never removed."""

import pytest
from sqlalchemy.orm import Session

from registry import finding_answers, journal
from registry.errors import RegisterError
from registry.finding_answers import AnsweredEnough, AnswerInvalid, FindingNotFound
from registry.lengths import TextTooLong
from registry.organisations import Actor, Kind, NotYours, WrongRole
from registry.reports import Report
from tests import cast
from tests.filing import papers

SAID = {"zh": "这批数据里有测试账户", "en": "Test accounts were among the data"}


@pytest.fixture
def filer(session: Session) -> Actor:
    return cast.actor(session, Kind.ENTERPRISE)


@pytest.fixture
def report(session: Session, filer: Actor) -> Report:
    """A report by a tester with three findings."""
    return papers.report(session, cast.version(session, filer), cast.actor(session, Kind.TESTER))


def answer(session: Session, by: Actor, report: Report, finding: int = 2, **said: str) -> None:
    finding_answers.answer(session, by=by, report_id=report.id, finding=finding, said=said or SAID)


def test_answers_stand_beside_their_finding_in_order_and_the_report_stays(
    session: Session, filer: Actor, report: Report
) -> None:
    envelope = report.envelope
    answer(session, filer, report)
    answer(session, filer, report, zh="已更正")
    found = finding_answers.of_reports(session, [report.id])[report.id]
    assert [each.said for each in found[2]] == [SAID, {"zh": "已更正"}]
    assert set(found) == {2}
    assert report.envelope == envelope
    event = journal.history(session, report.id)[-1]
    assert (event.name, event.person_id) == ("report:finding:answered", filer.person_id)


def test_only_a_filer_of_the_evaluated_model_answers(session: Session, report: Report) -> None:
    with pytest.raises(NotYours):
        answer(session, cast.actor(session, Kind.ENTERPRISE), report)
    for kind in (Kind.TESTER, Kind.AUTHORITY):
        with pytest.raises(WrongRole):
            answer(session, cast.actor(session, kind), report)


@pytest.mark.parametrize(
    ("finding", "said", "error"),
    [
        (0, SAID, FindingNotFound),
        (4, SAID, FindingNotFound),
        (1, {"zh": " ", "en": "x"}, AnswerInvalid),
        (1, {"zh": "长" * 601}, TextTooLong),
    ],
)
def test_an_answer_says_something_of_a_finding_that_is_there(
    session: Session,
    filer: Actor,
    report: Report,
    finding: int,
    said: dict[str, str],
    error: type[RegisterError],
) -> None:
    with pytest.raises(error):
        answer(session, filer, report, finding, **said)
    assert finding_answers.of_reports(session, [report.id]) == {}


def test_a_finding_takes_so_many_answers(session: Session, filer: Actor, report: Report) -> None:
    for _ in range(finding_answers.MOST):
        answer(session, filer, report)
    with pytest.raises(AnsweredEnough):
        answer(session, filer, report)
    answer(session, filer, report, 3)
