"""The work list under any order of what may happen to it: a state machine on SQLite."""

import hypothesis
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule
from sqlalchemy import select, update

from registry import database, worklist
from registry.database import transaction
from registry.errors import Invalid, Unavailable
from registry.worklist import Cancelled, Claim, ClaimLost, State, Work
from tests import cast, tables
from tests.registry.worklist.work import ask, take


class Machine(RuleBasedStateMachine):
    """Any order of asking, taking, dying, beating, ending and cancelling keeps the promises."""

    def __init__(self) -> None:
        super().__init__()
        self.engine = database.connect("sqlite://")
        tables.make(self.engine)
        self.factory = database.sessions(self.engine)
        with transaction(self.factory) as session:
            self.by = cast.actor(session)
        self.claims: list[Claim] = []
        self.ended: dict[str, State] = {}

    def teardown(self) -> None:
        self.engine.dispose()

    @rule(dedup=st.sampled_from("ab"))
    def ask(self, dedup: str) -> None:
        assert ask(self.factory, self.by.organisation_id, dedup) not in self.ended

    @rule()
    def take(self) -> None:
        if (held := take(self.factory)) is not None:
            assert held.work_id not in self.ended
            self.claims.append(held)

    @precondition(lambda self: self.claims)
    @rule(data=st.data())
    def fall_silent(self, data: st.DataObject) -> None:
        held = data.draw(st.sampled_from(self.claims))
        with transaction(self.factory) as session:
            session.execute(
                update(Work)
                .where(
                    Work.id == held.work_id,
                    Work.claim == held.token,
                    Work.state == State.RUNNING,
                )
                .values(lease_until=0.0)
            )

    @precondition(lambda self: self.claims)
    @rule(data=st.data(), well=st.booleans())
    def end(self, data: st.DataObject, well: bool) -> None:
        held = data.draw(st.sampled_from(self.claims))
        newest = max(each.token for each in self.claims if each.work_id == held.work_id)
        try:
            with transaction(self.factory) as session:
                if well:
                    worklist.finish(session, held)
                else:
                    worklist.fail(session, held, Invalid("坏", "bad"))
        except (ClaimLost, Cancelled):
            return
        assert held.token == newest
        assert held.work_id not in self.ended

    @precondition(lambda self: self.claims)
    @rule(data=st.data(), park=st.booleans())
    def put_off(self, data: st.DataObject, park: bool) -> None:
        held = data.draw(st.sampled_from(self.claims))
        newest = max(each.token for each in self.claims if each.work_id == held.work_id)
        cause = Unavailable("不在", "away")
        late = 0.0 if park else 1e9
        try:
            with transaction(self.factory) as session:
                work = worklist.put_off(session, held, cause, first=0.0, park_after=late)
                assert (work.state == State.PARKED) == park
        except ClaimLost:
            with transaction(self.factory) as session:
                worklist.excuse(session, held)
            return
        except Cancelled:
            return
        assert held.token == newest
        assert held.work_id not in self.ended

    @rule()
    def go_on(self) -> None:
        with transaction(self.factory) as session:
            worklist.resume_all(session)

    @precondition(lambda self: self.claims)
    @rule(data=st.data())
    def cancel(self, data: st.DataObject) -> None:
        held = data.draw(st.sampled_from(self.claims))
        with transaction(self.factory) as session:
            worklist.cancel(session, by=self.by, work_id=held.work_id)
        if data.draw(st.booleans()):
            with transaction(self.factory) as session:
                worklist.stop(session, held)

    @invariant()
    def what_has_ended_stays_as_it_ended(self) -> None:
        with self.factory() as session:
            for work in session.scalars(select(Work)):
                if work.id in self.ended:
                    assert work.state == self.ended[work.id]
                if work.state not in worklist.LIVE:
                    self.ended[work.id] = work.state
                    assert work.dedup == work.id
                    assert work.finished is not None
                else:
                    assert 0 <= work.attempts <= worklist.MAX_ATTEMPTS
                    assert work.finished is None
                    assert (work.state == State.PARKED) == (work.error is not None)
                    assert (work.state == State.RUNNING) == (work.lease_until is not None)


Machine.TestCase.settings = hypothesis.settings(max_examples=25, stateful_step_count=25)
TestAnyOrder = Machine.TestCase
