"""After a step the page says which step was taken, and not that anything was decided."""

import html
import re
from datetime import timedelta

import pytest

from filing import concern_steps, lifecycle
from filing.recommended import steps
from portal.pages import done
from registry import legal_day
from tests.portal.recommended import Staffed
from tests.portal.world import Member, World

TYPED = {"words_zh": "要求的检查都测了。", "ties_zh": "没有"}


@pytest.fixture
def staffed(world: World) -> Staffed:
    return Staffed(world)


def said(world: World, member: Member, address: str, action: str, **typed: str) -> str:
    """What the page that follows a step says was done."""
    client, csrf = world.browser(member)
    page = client.get(address.rpartition("/")[0]).text
    label = "（中文）" if "/zh/" in address else " (Chinese)"
    assert (label in page) == ('_zh"' in page)
    revision = re.findall(r'name="revision" value="(\d+)"', page)[0]
    typed = TYPED | typed | {"action": action, "revision": revision, "csrf": csrf}
    sent = client.post(address, data=typed)
    assert sent.status_code == 303, sent.text
    text = client.get(sent.headers["location"]).text
    found = re.search(r'notice good" role="status">(.*?)</', text)
    return html.unescape(found[1]).strip() if found else ""


def test_a_mere_proposal_is_not_called_a_decision(world: World, staffed: Staffed) -> None:
    made = staffed.applied()
    until = (legal_day.today() + timedelta(days=200)).isoformat()
    for language, member, action, expected in (
        ("zh", staffed.one, "propose_entry", "已办理：提议列入。"),
        ("en", staffed.two, "return", "Done: disagree."),
        ("en", staffed.one, "propose_refusal", "Done: propose to refuse it."),
        ("zh", staffed.two, "confirm", "已办理：同意提议，作出决定。"),
    ):
        address = f"/{language}/recommending/{made}/decisions"
        assert said(world, member, address, action, until=until) == expected
    told = said(world, staffed.filer, f"/zh/recommending/{made}/steps", "reply")
    assert told == "已办理：答复，请重新决定。"


@pytest.mark.parametrize(
    ("procedure", "actions"),
    [
        ("filing", lifecycle.Action),
        ("recommended", steps.Action),
        ("concern", concern_steps.Action),
    ],
)
def test_every_step_of_every_procedure_is_named_by_what_was_done(
    procedure: str, actions: type[lifecycle.Action]
) -> None:
    told = [done.DONE[done.step(procedure, each)] for each in actions]
    assert len({each.zh for each in told}) == len({each.en for each in told}) == len(actions)
    assert not [each for each in told if each == done.DONE["decided"]]
    assert done.step(procedure, "no such step\r\n") == ""
