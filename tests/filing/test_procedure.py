"""Whatever anyone does, in whatever order: a filing moves by the table and stays readable."""

from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import settings, strategies
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from sqlalchemy.orm import Session

from filing import (
    as_of,
    catalogue,
    changes,
    dossier,
    guards,
    lifecycle,
    numbers,
    remarks,
    review,
)
from filing.catalogue import PublicEntry
from filing.lifecycle import EDITABLE, EXITS, Action, Guard, Status
from registry import database, journal, legal_day
from registry.errors import RegisterError
from registry.organisations import Actor
from tests import tables
from tests.filing.papers import Scene

NEEDS_GROUND = {each.action for each in lifecycle.STEPS if Guard.GROUND_GIVEN in each.guards}
ACTORS = strategies.sampled_from(["filer", "reviewer", "publisher", "tester"])


def editions_of(session: Session, number: str) -> list[PublicEntry]:
    """Every edition of a filing, as the public reads it."""
    count = catalogue.find(session, number).editions
    return [catalogue.entry(session, number, each) for each in range(1, count + 1)]


class Procedure(RuleBasedStateMachine):
    """One filing among people who try everything."""

    @initialize()
    def open(self) -> None:
        self.directory = TemporaryDirectory()
        self.engine = database.connect(f"sqlite:///{Path(self.directory.name) / 'test.db'}")
        tables.make(self.engine)
        self.session = database.sessions(self.engine)()
        self.scene = Scene(self.session)
        self.filing = self.scene.evaluated()
        self.reached = self.filing.status
        self.public: tuple[object, int] = (None, 0)
        self.issued: list[bytes] = []
        self.session.commit()

    def teardown(self) -> None:
        self.session.close()
        self.engine.dispose()
        self.directory.cleanup()

    def attempt(self, by: Actor, action: Action, *, reason: str | None, remark: bool) -> bool:
        before, closed = Status(self.filing.status), guards.closed(self.filing)
        said = remark and action is Action.RETURN  # with another step it would be lost
        given = [{"code": "B1", "zh": "请改"}] if said else []
        try:
            review.take(
                self.session,
                by=by,
                filing_id=self.filing.id,
                revision=self.filing.revision,
                action=action,
                reason=reason,
                remarks=given,
                ground="incomplete" if action in NEEDS_GROUND else None,
            )
        except RegisterError:
            self.session.rollback()
            self.session.refresh(self.filing)
            assert self.filing.status == before
            return False
        self.session.commit()
        step = lifecycle.step(before, action, closed)
        assert step.role in by.roles
        assert self.filing.status == step.target
        assert journal.history(self.session, self.filing.id)[-1].name == step.event
        self.reached = self.filing.status
        return True

    @rule(who=ACTORS, action=strategies.sampled_from(Action), said=strategies.booleans())
    def try_anything(self, who: str, action: Action, said: bool) -> None:
        reason = "理由" if said else None
        self.attempt(getattr(self.scene, who), action, reason=reason, remark=said)

    @precondition(lambda self: self.filing.status not in EXITS)
    @rule(data=strategies.data())
    def go_on(self, data: strategies.DataObject) -> None:
        both = {self.scene.filer, self.scene.reviewer, self.scene.publisher}
        possible = [
            (by, choice.action)
            for by in sorted(both, key=lambda each: (each.kind, each.person_id))
            for choice in review.choices(self.session, by=by, filing=self.filing)
            if choice.ready and choice.action not in {Action.WITHDRAW, Action.DECLINE}
        ]
        if possible:
            by, action = data.draw(strategies.sampled_from(possible))
            assert self.attempt(by, action, reason="理由", remark=True)

    @precondition(lambda self: self.filing.status in EDITABLE)
    @rule(name=strategies.sampled_from(["甲", "乙", "丙"]))
    def edit(self, name: str) -> None:
        dossier.fill(
            self.session,
            by=self.scene.filer,
            filing_id=self.filing.id,
            revision=self.filing.revision,
            answers={"B1": name},
        )
        self.session.commit()
        if self.reached == Status.SELF_CHECKED and self.filing.status != self.reached:
            self.reached = Status.DRAFT

    @precondition(lambda self: self.filing.status == Status.RETURNED)
    @rule()
    def answer(self) -> None:
        for remark in remarks.on(self.session, self.filing):
            remarks.reply(
                self.session,
                by=self.scene.filer,
                revision=self.filing.revision,
                remark_id=remark.id,
                zh="已改",
            )
        self.session.commit()

    @invariant()
    def nothing_moves_by_itself(self) -> None:
        self.session.expire_all()
        assert self.filing.status == self.reached

    @invariant()
    def it_stays_readable(self) -> None:
        filing = self.filing
        assert dossier.get(self.session, by=self.scene.filer, filing_id=filing.id) is filing
        if filing.submissions:
            assert dossier.get(self.session, by=self.scene.reviewer, filing_id=filing.id) is filing
        if filing.editions:
            found = catalogue.entry(self.session, str(filing.number))
            assert found.content["edition"] == filing.editions
            assert found.standing.status in {
                Status.PUBLISHED,
                Status.CHANGE_PENDING,
                *EXITS,
            }

    @invariant()
    def whatever_changes_what_the_public_reads_raises_its_revision(self) -> None:
        """In the same transaction; and what was published stays, byte for byte."""
        if not self.filing.editions:
            return
        number = str(self.filing.number)
        told = catalogue.entry(self.session, number).as_json()
        revision = changes.revision(self.session, numbers.parse(number).slug)[0]
        assert told == self.public[0] or revision > self.public[1]
        self.public = (told, revision)
        issued = [each.canonical for each in editions_of(self.session, number)]
        assert issued[: len(self.issued)] == self.issued
        self.issued = issued

    @invariant()
    def today_is_told_as_it_stands(self) -> None:
        if not self.filing.editions:
            return
        number = str(self.filing.number)
        now, today = (
            catalogue.entry(self.session, number).standing,
            as_of.on(self.session, number, legal_day.today()).entry,
        )
        assert today is not None
        assert (today.standing.status, today.standing.reason) == (now.status, now.reason)
        assert today.standing.editions == now.editions

    @invariant()
    def a_number_comes_with_filing_and_stays(self) -> None:
        if self.filing.status in {Status.FILED, Status.PUBLISHED}:
            assert self.filing.number is not None
        if self.filing.editions:
            assert self.filing.number is not None
            assert self.filing.status not in {Status.DRAFT, Status.SELF_CHECKED, Status.WITHDRAWN}

    @invariant()
    def an_exit_has_its_reason(self) -> None:
        if self.filing.status in EXITS:
            assert self.filing.exit_reason


TestProcedure = Procedure.TestCase
TestProcedure.settings = settings(
    max_examples=15, stateful_step_count=20, deadline=None, derandomize=True
)
