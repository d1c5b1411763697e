"""filing/S5: every state that the table and the gate let a filing reach, and where each leads on.

A state is where a filing stands (status), whether it has a number or an edition, its grade, what B8
says, which report it carries, and the same of its newest edition. Nobody's name, no clock, no store:
what people say with a step is taken as said, and everything else is asked of `STEPS` and the gate.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import cache

import pytest

from filing import lifecycle
from filing.guards import HISTORY
from filing.lifecycle import EDITABLE, EXITS, STEPS, Action, Guard, Status, Step
from filing.risk import Level
from registry.organisations import Role
from tests.filing.test_gate import GOOD, NOW, check

SERVICES = ("in_development", "pilot", "in_service")
REPORTS = {
    "none": (),
    "own": (replace(GOOD, third_party=False, organisation_id="enterprise"),),
    "third": (GOOD,),
    "expired": (replace(GOOD, made=NOW - timedelta(days=366)),),
}
GRADES = (Level.LOW, Level.HIGH)


@dataclass(frozen=True)
class Held:
    """What a dossier says and carries, as far as the procedure turns on it."""

    grade: Level = Level.LOW
    service: str = "in_development"
    report: str = "none"

    @property
    def gate_open(self) -> bool:
        return _gate_open(self)

    @property
    def evaluated(self) -> bool:
        return self.report != "none"


@cache
def _gate_open(held: Held) -> bool:
    reports = REPORTS[held.report]
    return check(*reports, level=held.grade, B8=held.service).open


@dataclass(frozen=True)
class State:
    """One filing as the table sees it; `editions` and `number` are what the history guards read."""

    status: Status = Status.DRAFT
    number: str | None = None
    dossier: Held = Held()
    edition: Held | None = None

    @property
    def editions(self) -> int:
        return int(self.edition is not None)


SAID: dict[Guard, Callable[[State], bool]] = {
    Guard.EVALUATED: lambda state: state.dossier.evaluated,
    Guard.GATE: lambda state: state.dossier.gate_open,
    **HISTORY,
}
"""What can stand in the way; of every other guard the remedy is in somebody's hands at once."""


def steps(state: State, *roles: Role) -> Iterator[tuple[Step, State]]:
    """The steps that succeed from a state, with where each leads."""
    for step in lifecycle.steps_from(state.status, roles or (Role.FILER, Role.REVIEWER)):
        if all(SAID[guard](state) for guard in step.guards if guard in SAID):
            after = replace(state, status=step.target)
            yield step, EFFECTS[step.action](after) if step.action in EFFECTS else after


def _published(state: State) -> State:
    return replace(state, edition=state.dossier)


def _restored(state: State) -> State:
    return replace(state, dossier=state.edition) if state.edition else state


EFFECTS: dict[Action, Callable[[State], State]] = {
    Action.FILE: lambda state: replace(state, number="1"),
    Action.PUBLISH: _published,
    Action.ABANDON: _restored,
    Action.REFUSE_CHANGE: _restored,
    Action.REINSTATE: _restored,
}


def edits(state: State) -> Iterator[State]:
    """What the filer can do to the dossier where it is open, an evaluation included."""
    if state.status not in EDITABLE:
        return
    status = Status.DRAFT if state.status is Status.SELF_CHECKED else state.status
    for grade in GRADES:
        for service in SERVICES:
            for report in ("none", "own", "third"):
                yield replace(state, status=status, dossier=Held(grade, service, report))


def time_passes(state: State) -> Iterator[State]:
    """An evaluation runs out, in the dossier and in public."""
    dossier, edition = (
        replace(each, report="expired") if each and each.report == "third" else each
        for each in (state.dossier, state.edition)
    )
    assert dossier is not None
    yield replace(state, dossier=dossier, edition=edition)


def following(state: State) -> set[State]:
    by_steps = (after for _, after in steps(state))
    return {*by_steps, *edits(state), *time_passes(state)}


def walk(beginning: State, next_to: Callable[[State], Iterable[State]]) -> set[State]:
    """Every state that can be reached, breadth first."""
    reached, frontier = {beginning}, {beginning}
    while frontier:
        frontier = {after for state in frontier for after in next_to(state)} - reached
        reached |= frontier
    return reached


REACHED = walk(State(), following)
LIVE = [state for state in REACHED if state.status not in EXITS]
PUNISHING = {Action.DECLINE, Action.REVOKE, Action.REINSTATE, Action.REFUSE_CHANGE}


def arrives(
    goal: Callable[[State], bool], next_to: Callable[[State], Iterable[State]]
) -> set[State]:
    """The live states from which the goal can be reached by these moves."""
    before: dict[State, set[State]] = {}
    for state in LIVE:
        for after in next_to(state):
            before.setdefault(after, set()).add(state)
    found = {state for state in REACHED if goal(state)}
    frontier = set(found)
    while frontier:
        frontier = {each for state in frontier for each in before.get(state, ())} - found
        found |= frontier
    return found


def by(*roles: Role) -> Callable[[State], set[State]]:
    """What people in these roles can bring about, with no decision against the filer."""

    def moves(state: State) -> set[State]:
        taken = {after for step, after in steps(state, *roles) if step.action not in PUNISHING}
        return taken | (set(edits(state)) if Role.FILER in roles else set())

    return moves


def test_every_status_is_reached_but_the_one_that_another_filing_brings() -> None:
    assert {state.status for state in REACHED} == set(Status) - {Status.SUPERSEDED}


def test_from_every_live_state_a_filing_can_still_be_published() -> None:
    there = arrives(lambda state: state.status is Status.PUBLISHED, by(Role.FILER, Role.REVIEWER))
    assert not set(LIVE) - there


def test_a_filer_can_end_every_live_filing_alone() -> None:
    there = arrives(lambda state: state.status in EXITS, by(Role.FILER))
    assert not set(LIVE) - there


def test_a_filer_who_sees_a_slip_can_always_open_the_dossier_again_alone() -> None:
    there = arrives(lambda state: state.status in EDITABLE, by(Role.FILER))
    assert not set(LIVE) - there


WITH_REVIEWERS = [
    state
    for state in LIVE
    if state.status in {Status.SUBMITTED, Status.ACCEPTED, Status.FILED, Status.RETURNED}
]


def _one_step(state: State, *roles: Role) -> dict[Action, State]:
    return {step.action: after for step, after in steps(state, *roles)}


def test_no_mistake_found_after_acceptance_forces_a_number() -> None:
    """filing/S5: what has none can be returned or declined without being given one."""
    for state in WITH_REVIEWERS:
        if state.number is None:
            offered = _one_step(state, Role.REVIEWER)
            assert offered[Action.DECLINE].number is None, state


def test_a_change_that_lies_with_the_reviewers_can_always_be_refused() -> None:
    for state in WITH_REVIEWERS:
        if state.edition:
            after = _one_step(state, Role.REVIEWER)[Action.REFUSE_CHANGE]
            assert (after.status, after.dossier) == (Status.PUBLISHED, state.edition)


def test_a_reviewer_takes_back_every_decision_of_his_own() -> None:
    undoing = {
        Status.ACCEPTED: Action.TAKE_BACK,
        Status.FILED: Action.TAKE_BACK,
        Status.DECLINED: Action.REINSTATE,
        Status.REVOKED: Action.REINSTATE,
    }
    for state in REACHED:
        if state.status in undoing:
            after = _one_step(state, Role.REVIEWER)[undoing[state.status]]
            assert after.status not in EXITS
            assert after.number == state.number


def test_what_ended_leads_nowhere_but_by_the_authority_that_ended_it() -> None:
    for state in REACHED:
        if state.status in EXITS:
            found = {(step.action, step.role) for step, _ in steps(state)}
            decided = state.status in {Status.DECLINED, Status.REVOKED}
            assert found == ({(Action.REINSTATE, Role.REVIEWER)} if decided else set()), state


def test_no_two_rows_of_one_action_are_open_at_once() -> None:
    for state in REACHED:
        actions = [step.action for step, _ in steps(state)]
        assert len(actions) == len(set(actions)), state


@pytest.mark.parametrize("action", [Action.PUBLISH, Action.ACCEPT])
def test_high_risk_comes_into_service_with_a_report_of_another_and_never_as_a_pilot(
    action: Action,
) -> None:
    for state in REACHED:
        for step, _ in steps(state):
            if step.action is action and state.dossier.grade is Level.HIGH:
                assert state.dossier.service != "pilot"
                assert state.dossier.report == "third" or (
                    state.dossier == replace(state.dossier, service="in_development")
                )


def test_nothing_published_is_high_risk_in_service_that_never_had_its_report() -> None:
    """Whatever was restored or reinstated: an edition was published through the gate."""
    for state in REACHED:
        if state.edition and state.edition.grade is Level.HIGH:
            assert state.edition.service != "pilot"
            if state.edition.service == "in_service":
                assert state.edition.report in {"third", "expired"}


def test_the_walk_knows_every_guard_of_the_table() -> None:
    """A guard that is added is either asked of the state or said with the step; somebody decides."""
    said = {
        Guard.COMPLETE, Guard.INDEPENDENT, Guard.REMARKS_GIVEN, Guard.REMARKS_ANSWERED,
        Guard.REASON_GIVEN, Guard.GROUND_GIVEN, Guard.CHANGE_NOTE, Guard.GRADE_SETTLED,
        Guard.IDENTITY, Guard.SECOND_PERSON, Guard.ONE_FILING, Guard.STILL_FREE,
        Guard.NAME_CLAIMS, Guard.CONTRADICTIONS, Guard.HARD_WORDS, Guard.VERIFIED,
    }  # fmt: skip
    assert {guard for step in STEPS for guard in step.guards} == said | set(SAID)
