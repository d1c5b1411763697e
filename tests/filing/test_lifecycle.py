import ast
from pathlib import Path

import pytest

from filing import waiting
from filing.lifecycle import (
    ACTION_NAMES,
    AWAITED,
    EDITABLE,
    EVENT_NAMES,
    EXITS,
    GUARD_NAMES,
    STATUS_NAMES,
    STEPS,
    Action,
    Guard,
    NotYourStep,
    Status,
    WrongStatus,
    advance,
    steps_from,
)
from registry.organisations import ROLE_NAMES, Role

ROOT = Path(__file__).parents[2]
NUMBERED = "filed published change_pending submitted returned accepted"
ANY, NEW, NUMBER, PUBLISHED = "any", "new", "number", "published"
PROCEDURE = [
    ("check", Role.FILER, "draft", "self_checked", ANY),
    ("reopen", Role.FILER, "self_checked", "draft", ANY),
    ("submit", Role.FILER, "self_checked returned change_pending", "submitted", ANY),
    ("recall", Role.FILER, "submitted accepted", "draft", NEW),
    ("recall", Role.FILER, "submitted accepted filed", "returned", NUMBER),
    ("recall", Role.FILER, "submitted accepted filed", "change_pending", PUBLISHED),
    ("return", Role.REVIEWER, "submitted accepted filed", "returned", ANY),
    ("accept", Role.REVIEWER, "submitted", "accepted", ANY),
    ("take_back", Role.REVIEWER, "accepted filed", "submitted", ANY),
    ("decline", Role.REVIEWER, "submitted returned accepted", "declined", NEW),
    ("refuse_change", Role.REVIEWER, "submitted returned accepted filed", "published", PUBLISHED),
    ("file", Role.REVIEWER, "accepted", "filed", ANY),
    ("publish", Role.REVIEWER, "filed", "published", ANY),
    ("amend", Role.FILER, "published", "change_pending", ANY),
    (
        "abandon",
        Role.FILER,
        "change_pending submitted returned accepted filed",
        "published",
        PUBLISHED,
    ),
    ("withdraw", Role.FILER, "draft self_checked submitted returned accepted", "withdrawn", NEW),
    ("cancel", Role.FILER, NUMBERED, "cancelled", ANY),
    ("revoke", Role.REVIEWER, NUMBERED, "revoked", ANY),
    ("reinstate", Role.REVIEWER, "declined", "submitted", ANY),
    ("reinstate", Role.REVIEWER, "revoked", "submitted", NUMBER),
    ("reinstate", Role.REVIEWER, "revoked", "published", PUBLISHED),
    ("supersede", None, NUMBERED, "superseded", ANY),
]
CLOSED = {
    ANY: frozenset[Guard](),
    NEW: {Guard.PUBLISHED_BEFORE, Guard.NUMBERED, Guard.NUMBER_ONLY},
    NUMBER: {Guard.NEVER_PUBLISHED, Guard.PUBLISHED_BEFORE},
    PUBLISHED: {Guard.NEVER_PUBLISHED, Guard.NUMBER_ONLY},
}
"""What each past rules out: no number yet; a number and no edition; an edition."""
ROWS = [
    (Action(action), role, Status(source), Status(target), past)
    for action, role, sources, target, past in PROCEDURE
    for source in sources.split()
]


@pytest.mark.parametrize(("action", "role", "source", "target", "past"), ROWS)
def test_a_step_leads_where_the_procedure_says(
    action: Action, role: Role | None, source: Status, target: Status, past: str
) -> None:
    assert advance(source, action, {role}, CLOSED[past]) is target


@pytest.mark.parametrize(("action", "role", "source", "target", "past"), ROWS)
def test_a_step_belongs_to_one_role(
    action: Action, role: Role | None, source: Status, target: Status, past: str
) -> None:
    with pytest.raises(NotYourStep):
        advance(source, action, set(Role) - {role}, CLOSED[past])
    assert target in Status


def test_the_table_holds_these_steps_and_no_others() -> None:
    held = {
        (each.action, each.role, source, each.target) for each in STEPS for source in each.sources
    }
    assert held == {row[:4] for row in ROWS}


@pytest.mark.parametrize("action", Action)
@pytest.mark.parametrize("status", Status)
def test_every_other_step_is_refused_with_the_possible_ones(
    status: Status, action: Action
) -> None:
    if any(each.action is action and status in each.sources for each in STEPS):
        return
    with pytest.raises(WrongStatus) as caught:
        advance(status, action, {*Role, None})
    said = caught.value.said
    assert STATUS_NAMES[status].zh in said.zh
    for possible in steps_from(status):
        if possible.role is not None:
            who = ROLE_NAMES[possible.role]
            assert f"{ACTION_NAMES[possible.action].zh}（{who.zh}）" in said.zh
            assert f"{ACTION_NAMES[possible.action].en} ({who.en})" in said.en


@pytest.mark.parametrize("past", [NEW, NUMBER, PUBLISHED])
def test_an_action_from_a_status_is_one_row_whatever_the_past(past: str) -> None:
    open_rows = [each for each in STEPS if not {*each.guards} & CLOSED[past]]
    pairs = [(each.action, source) for each in open_rows for source in each.sources]
    assert len(pairs) == len(set(pairs))


def test_exits_lead_nowhere_but_where_the_authority_puts_its_own_decision_right() -> None:
    assert {status for status in Status if not steps_from(status)} == EXITS - {
        Status.DECLINED,
        Status.REVOKED,
    }
    for status in EXITS:
        assert {each.action for each in steps_from(status)} <= {Action.REINSTATE}


def test_every_status_can_be_reached_from_a_draft() -> None:
    reached, frontier = {Status.DRAFT}, {Status.DRAFT}
    while frontier:
        frontier = {each.target for status in frontier for each in steps_from(status)} - reached
        reached |= frontier
    assert reached == set(Status)


def test_a_reviewer_is_independent_in_every_step() -> None:
    for step in STEPS:
        assert (Guard.INDEPENDENT in step.guards) == (step.role is Role.REVIEWER)


def test_only_what_is_with_the_filer_can_be_edited() -> None:
    for status in EDITABLE:
        assert any(each.role is Role.FILER for each in steps_from(status))
        assert status not in EXITS


def test_every_name_is_there_in_both_languages() -> None:
    assert set(STATUS_NAMES) == set(Status)
    assert set(ACTION_NAMES) == set(Action)
    assert set(GUARD_NAMES) == set(Guard)
    for name in (*STATUS_NAMES.values(), *ACTION_NAMES.values(), *GUARD_NAMES.values()):
        assert name.zh
        assert name.en


def test_events_have_three_parts() -> None:
    assert all(each.event.count(":") == 2 for each in STEPS)


def test_every_event_of_the_procedure_has_a_name_for_readers() -> None:
    assert {each.event for each in STEPS} <= set(EVENT_NAMES)
    for name in EVENT_NAMES.values():
        assert name.zh
        assert name.en


def test_where_a_filing_can_stand_is_listed_in_one_file() -> None:
    """A new state is a row of `lifecycle`: no other module names several, to be forgotten there."""
    found = []
    for package in ("filing", "portal/api", "portal/pages", "portal/web", "portal/work"):
        for path in sorted((ROOT / package).glob("*.py")):
            told = path.read_text(encoding="utf-8")
            if path.name == "lifecycle.py" or "from filing.lifecycle import" not in told:
                continue
            for node in ast.walk(ast.parse(told)):
                if isinstance(node, ast.Set | ast.List | ast.Tuple | ast.Dict):
                    named = node.keys if isinstance(node, ast.Dict) else node.elts
                    states = [each for each in named if _is_status(each)]
                    found += [f"{path.name}:{node.lineno}"] * (len(states) > 1)
    assert found == []


def _is_status(node: ast.expr | None) -> bool:
    return (
        isinstance(node, ast.Attribute)
        and isinstance(node.value, ast.Name)
        and node.value.id == "Status"
    )


def test_whoever_waits_is_told_what_for_wherever_a_dossier_lies_with_the_authority() -> None:
    assert {*AWAITED.values()} <= waiting.REVIEWED.keys()
