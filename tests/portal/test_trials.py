"""scale/1: another's trouble fails nobody's evaluation, with short times (`tests.portal.trials`)."""

from collections.abc import Iterator

import pytest
from structlog.testing import capture_logs

from registry import journal
from registry.worklist import State
from tests.portal import trials
from tests.portal.trials import SHORT, Ground, Outcome

pytestmark = [pytest.mark.slow, pytest.mark.postgres, pytest.mark.s3, pytest.mark.timeout(600)]


@pytest.fixture(scope="module")
def ground(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ground]:
    """PostgreSQL, S3 and an installation on them, shared by the trials."""
    with trials.ground(tmp_path_factory.mktemp("trials"), SHORT) as made:
        yield made


def all_done(outcome: Outcome) -> None:
    """No evaluation failed or was parked, and nobody's attempt was counted."""
    assert [(row.state, row.error) for row in outcome.rows] == [(State.DONE, None)] * len(
        outcome.rows
    )
    assert outcome.attempts == 0


def test_a_worker_with_a_wrong_secret_claims_nothing_and_says_so(ground: Ground) -> None:
    """scale/1a: 4 of 10 evaluations had failed for it."""
    with capture_logs() as logs:
        outcome = trials.wrong_secret(ground)
    all_done(outcome)
    waiting = [each for each in logs if each["event"] == "waiting"]
    assert waiting
    assert all("拒绝了本机的密钥" in each["zh"] for each in waiting)
    assert all("refuses this machine's key" in each["en"] for each in waiting)
    assert {row.worker for row in outcome.rows} <= {"first", "second"}
    assert outcome.returned == 0


def test_a_store_that_is_away_for_long_fails_nothing(ground: Ground) -> None:
    """scale/1b: all six evaluations had failed before the store was back."""
    all_done(trials.lost_store(ground))


def test_a_restart_of_the_database_and_one_of_the_store_count_no_attempt(ground: Ground) -> None:
    """scale/1c: three of nine had lost two of their three attempts."""
    outcome = trials.two_restarts(ground)
    all_done(outcome)
    with ground.place.factory() as session:
        events = [e.name for row in outcome.rows for e in journal.history(session, row.id)]
    assert "work:evaluation:put_off" in events, "no run met the outage, so nothing was shown"
