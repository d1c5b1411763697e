"""A filer, a tester and two reviewers who all act at the same moment, on both databases.

Whatever they do: who loses is told, and what was written before stays; a number is given once and
every one that was given can be explained; nothing of high risk is public in service that was
published without another organisation's report.
"""

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import Phase, settings, strategies
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    rule,
    run_state_machine_as_test,
)
from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker

from filing import catalogue, dossier, editions, numbers, review
from filing.dossier import Filing
from filing.lifecycle import Action, Status
from registry import database, journal
from registry.submission import Version
from tests.filing import papers
from tests.filing.papers import Scene
from tests.filing.test_races import Act, at_once

REMARK = {"code": "B1", "zh": "请改"}
ACTIONS = strategies.sampled_from(
    [each for each in Action if each not in {Action.WITHDRAW, Action.SUPERSEDE}]
)
BEGINNINGS = ((), ("accept",), ("accept", "file"), ("accept", "file", "publish"))
ENDING = {Action.WITHDRAW, Action.DECLINE, Action.CANCEL, Action.REVOKE}
ANSWERS = strategies.fixed_dictionaries(
    {},
    optional={
        "B1": strategies.sampled_from(["甲", "乙", "丙"]),
        "B8": strategies.sampled_from(["in_service", "in_development", "pilot"]),
        "G1": strategies.sampled_from([papers.LOW, papers.HIGH]),
    },
)


class AtOnce(RuleBasedStateMachine):
    """Two filings, four people, and pairs of acts that begin together."""

    register: sessionmaker[Session]

    @initialize(
        grade=strategies.sampled_from([papers.LOW, papers.HIGH]),
        steps=strategies.sampled_from(BEGINNINGS),
    )
    def begin(self, grade: dict[str, str], steps: tuple[str, ...]) -> None:
        with database.transaction(self.register) as session:
            scene = Scene(session)
            self.people = {
                "filer": scene.filer,
                "tester": scene.tester,
                "reviewer": scene.reviewer,
                "publisher": scene.publisher,
            }
            filing = scene.rule(scene.submitted(G1=grade), *steps)
            self.filing, self.version = filing.id, scene.version.id

    def step(self, who: str, action: Action, read: int) -> Act:
        said: dict[str, Any] = {"reason": "写明理由的一句话"}
        if action is Action.RETURN:
            said["remarks"] = [REMARK]
        if action in {Action.DECLINE, Action.REFUSE_CHANGE}:
            said["ground"] = "incomplete"
        return lambda session: review.take(
            session,
            by=self.people[who],
            filing_id=self.filing,
            action=action,
            revision=read,
            **said,
        )

    def fill(self, given: dict[str, Any], read: int) -> Act:
        return lambda session: dossier.fill(
            session,
            by=self.people["filer"],
            filing_id=self.filing,
            answers=given,
            revision=read,
        )

    def report(self, read: int) -> Act:
        """The tester's report is taken in, and the filer attaches it."""

        def act(session: Session) -> None:
            made = papers.report(
                session, session.get_one(Version, self.version), self.people["tester"]
            )
            dossier.attach(
                session,
                by=self.people["filer"],
                filing_id=self.filing,
                revision=read,
                report_id=made.id,
            )

        return act

    @rule(first=ACTIONS, second=ACTIONS, filer=strategies.booleans())
    def decide_at_once(self, first: Action, second: Action, filer: bool) -> None:
        self.all_at_once(
            lambda read: self.step("reviewer", first, read),
            lambda read: self.step("filer" if filer else "publisher", second, read),
        )

    @rule(drawn=strategies.lists(strategies.integers(0, 11), min_size=1, max_size=3))
    def go_on_at_once(self, drawn: list[int]) -> None:
        """Those who can go on do, and somebody else writes in the dossier.

        Who wins a race is nobody's to say, so nothing that is drawn hangs on how far the filing is.
        """
        with self.register() as session:
            filing = session.get_one(Filing, self.filing)
            possible = [
                (who, each.action)
                for who, by in self.people.items()
                for each in review.choices(session, by=by, filing=filing)
                if each.ready and each.action not in ENDING
            ]
        if possible:
            self.all_at_once(
                *(self._stepping(*possible[each % len(possible)]) for each in drawn),
                lambda read: self.fill({"B1": "丁"}, read),
            )

    def _stepping(self, who: str, action: Action) -> Callable[[int], Act]:
        return lambda read: self.step(who, action, read)

    @rule(given=ANSWERS, other=ANSWERS)
    def write_at_once(self, given: dict[str, Any], other: dict[str, Any]) -> None:
        self.all_at_once(
            lambda read: self.fill(given, read),
            lambda read: self.fill(other, read),
            self.report,
        )

    def all_at_once(self, *making: Callable[[int], Act]) -> None:
        with self.register() as session:
            filing = session.get_one(Filing, self.filing)
            before, status = filing.revision, Status(filing.status)
            written = len(journal.history(session, self.filing))
        told = at_once(self.register, *(make(before) for make in making))
        won = [each for each in told if each is None]
        with self.register() as session:
            after = session.get_one(Filing, self.filing)
            events = journal.history(session, self.filing)[written:]
            # All read the same revision, so one of them wrote at most, and the rest were told.
            assert len(events) <= min(1, len(won))
            assert (after.revision > before) == bool(events)
            if not events:
                assert after.status == status

    @invariant()
    def every_number_is_one_filings_and_is_explained(self) -> None:
        with self.register() as session:
            given = [each for each in session.scalars(select(Filing.number)) if each]
            in_order = sorted(numbers.parse(each).sequence for each in given)
            assert in_order == list(range(1, len(given) + 1))
            mine = session.get_one(Filing, self.filing)
            if mine.editions:
                assert catalogue.entry(session, str(mine.number)).number == mine.number
            elif mine.number:
                with pytest.raises(catalogue.NothingPublished):
                    catalogue.entry(session, mine.number)

    @invariant()
    def nothing_of_high_risk_is_in_service_without_its_report(self) -> None:
        with self.register() as session:
            filing = session.get_one(Filing, self.filing)
            for edition in editions.every(session, filing):
                content = edition.read()
                if content["grade"]["level"] == "high":
                    said = {row["key"]: row.get("value") for row in content["answers"]}
                    assert said["B8"] != "pilot"
                    kinds = {
                        each["kind"]
                        for each in content["reports"]
                        if each["countersigned"]
                        and each["model_digest"] == content["model"]["sha256"]
                    }
                    assert "third_party" in kinds


def test_whoever_acts_at_once_nothing_is_lost_doubled_or_let_through(
    register: sessionmaker[Session],
) -> None:
    made = type("Made", (AtOnce,), {"register": register})
    run_state_machine_as_test(
        made,
        settings=settings(
            max_examples=12,
            stateful_step_count=12,
            deadline=None,
            derandomize=True,
            phases=[Phase.generate],  # a race is not drawn, so there is nothing to shrink by
        ),
    )
