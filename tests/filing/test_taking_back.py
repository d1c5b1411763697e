"""filing/S5, filing/S6: a mistake found late is put right by whoever made it, and stays on record."""

from collections.abc import Callable
from typing import Any

import pytest

from filing import catalogue, dossier, formal_grounds, numbers, remarks, review
from filing.dossier import Filing
from filing.lifecycle import Action, Status
from filing.numbers import NumberNotFound
from filing.review import NotReady
from registry import journal
from registry.errors import RegisterError
from registry.organisations import Actor
from tests import cast
from tests.filing.papers import Scene

REMARK = {"code": "B1", "zh": "请写全名"}
SLIP = {"reason": "选错了，应当办理另一份"}


def numbered(scene: Scene) -> Filing:
    """A filing with a number that was never published."""
    return scene.rule(scene.submitted(), "accept", "file")


def changed(scene: Scene, name: str = "新名称") -> Filing:
    """A published filing whose change was submitted."""
    filing = scene.file(scene.published(), "amend")
    _fill(scene, filing, name)
    return scene.file(filing, "submit", reason="改名")


def _fill(scene: Scene, filing: Filing, name: str) -> None:
    dossier.fill(
        scene.session,
        by=scene.filer,
        filing_id=filing.id,
        revision=filing.revision,
        answers={"B1": name},
    )


def test_a_filer_takes_back_what_was_submitted_and_submits_it_anew(scene: Scene) -> None:
    filing = scene.file(scene.submitted(), "recall")
    assert filing.status == Status.DRAFT
    _fill(scene, filing, "改过的名称")
    scene.rule(scene.file(filing, "check", "submit"), "accept")
    assert (filing.status, filing.submissions) == (Status.ACCEPTED, 2)


def test_a_recalled_resubmission_with_a_number_waits_to_be_corrected(scene: Scene) -> None:
    filing = scene.file(numbered(scene), "recall")
    assert filing.status == Status.RETURNED
    assert remarks.returned_for(scene.session, filing) is None
    _fill(scene, filing, "改过的名称")
    after = scene.rule(scene.file(filing, "submit"), "accept", "file", "publish")
    assert after.status == Status.PUBLISHED


def test_a_recalled_change_is_a_draft_again_and_the_public_reads_no_pending_change(
    scene: Scene,
) -> None:
    filing = changed(scene)
    number = str(filing.number)
    assert catalogue.entry(scene.session, number).standing.status is Status.CHANGE_PENDING
    scene.file(filing, "recall")
    assert filing.answers["B1"]["value"]["zh"] == "新名称"
    assert catalogue.entry(scene.session, number).standing.status is Status.PUBLISHED


def test_an_acceptance_that_was_a_mistake_is_taken_back_with_a_reason(scene: Scene) -> None:
    filing = scene.rule(scene.submitted(), "accept")
    with pytest.raises(NotReady):
        scene.rule(filing, "take_back")
    scene.rule(filing, "take_back", **SLIP)
    assert (filing.status, filing.number) == (Status.SUBMITTED, None)
    event = journal.history(scene.session, filing.id)[-1]
    assert (event.name, event.details["reason"]["zh"]) == (
        "filing:review:taken_back",
        SLIP["reason"],
    )


def test_a_filing_declined_by_mistake_goes_on_where_it_was(scene: Scene) -> None:
    filing = scene.rule(scene.submitted(), "decline", reason="重复", ground="filed_already")
    scene.rule(filing, "reinstate", **SLIP)
    assert (filing.status, filing.exit_reason) == (Status.SUBMITTED, None)
    scene.rule(filing, "accept", "file", "publish")
    assert filing.status == Status.PUBLISHED


def test_a_filing_revoked_by_mistake_is_in_force_again_and_both_are_told(scene: Scene) -> None:
    filing = changed(scene)
    number = str(filing.number)
    scene.rule(filing, "revoke", reason="查出了问题")
    scene.rule(filing, "reinstate", **SLIP)
    entry, past = catalogue.told(scene.session, number)
    assert entry.standing.status is Status.PUBLISHED
    assert entry.standing.reason is None
    told = [(each.status, (each.reason or {}).get("zh")) for each in past.happenings[:2]]
    assert told == [(Status.PUBLISHED, SLIP["reason"]), (Status.REVOKED, "查出了问题")]
    assert (
        filing.answers["B1"]["value"]["zh"] != "新名称"
    )  # what nobody decided on is not in force


def test_nothing_comes_back_where_the_model_is_filed_anew(scene: Scene) -> None:
    filing = scene.rule(scene.published(), "revoke", reason="查出了问题")
    newer = scene.opened(cast.version(scene.session, scene.filer))
    with pytest.raises(NotReady) as caught:
        scene.rule(filing, "reinstate", **SLIP)
    assert [each.item for each in caught.value.reasons] == ["still_free"]
    assert newer.id in caught.value.reasons[0].said.zh


def test_a_decline_after_acceptance_gives_no_number(scene: Scene) -> None:
    """filing/S5: a mistake found after acceptance forced a number."""
    filing = scene.rule(scene.submitted(), "accept")
    scene.rule(filing, "decline", reason="不是算法模型", ground="out_of_scope")
    assert (filing.status, filing.number) == (Status.DECLINED, None)


@pytest.mark.parametrize("ground", [None, "", "dislike"])
def test_a_filing_is_declined_on_a_formal_ground_and_no_other(
    scene: Scene, ground: str | None
) -> None:
    filing = scene.submitted()
    with pytest.raises(NotReady) as caught:
        scene.rule(filing, "decline", reason="算法不好", ground=ground)
    assert [each.item for each in caught.value.reasons] == ["ground_given"]
    assert all(name in caught.value.reasons[0].remedy.zh for name in formal_grounds.GROUNDS)


def test_a_ground_with_another_step_is_refused_and_not_dropped(scene: Scene) -> None:
    filing = scene.submitted()
    with pytest.raises(NotReady) as caught:
        scene.rule(filing, "accept", ground="incomplete")
    assert [each.item for each in caught.value.reasons] == ["ground"]


def test_the_public_reads_the_ground_of_a_refused_change(scene: Scene) -> None:
    filing = changed(scene)
    scene.rule(filing, "accept")
    scene.rule(filing, "refuse_change", reason="名称和执照不一致", ground="inconsistent")
    (newest, *_) = catalogue.history(scene.session, str(filing.number)).happenings
    ground = formal_grounds.GROUNDS["inconsistent"]
    assert newest.reason == {"zh": f"{ground.zh}。名称和执照不一致"}


@pytest.mark.parametrize("end", ["cancel", "revoke", None])
def test_a_number_that_was_given_is_told_although_nothing_was_published(
    scene: Scene, end: str | None
) -> None:
    """filing/S6: a number vanished; now it says when it was given and how it ended."""
    filing = numbered(scene)
    number = str(filing.number)
    if end == "cancel":
        scene.file(filing, "cancel", reason="不办了")
    elif end == "revoke":
        scene.rule(filing, "revoke", reason="查出了问题")
    with pytest.raises(catalogue.NothingPublished) as caught:
        catalogue.entry(scene.session, number)
    given = caught.value.given
    assert (given.number, given.ended) == (number, filing.status if end else None)
    assert given.filed == filing.filed
    said = caught.value.said
    assert number in said.zh
    assert ("已注销" in said.zh, "已撤销" in said.zh) == (end == "cancel", end == "revoke")
    assert "示例" not in said.zh  # who filed is not public before anything is published
    assert isinstance(caught.value, NumberNotFound)


def test_a_number_that_was_never_given_is_no_gap(scene: Scene) -> None:
    filing = numbered(scene)
    other = numbers.Number("SH", 1999, 1)
    with pytest.raises(NumberNotFound) as caught:
        catalogue.entry(scene.session, str(other))
    assert not isinstance(caught.value, catalogue.NothingPublished)
    assert filing.number != str(other)


MAKING: dict[str, Callable[[Scene], Filing]] = {
    "a draft without an evaluation": lambda scene: scene.opened(),
    "a draft": lambda scene: scene.evaluated(),
    "self-checked": lambda scene: scene.file(scene.evaluated(), "check"),
    "submitted": lambda scene: scene.submitted(),
    "returned": lambda scene: scene.rule(scene.submitted(), "return", remarks=[REMARK]),
    "accepted": lambda scene: scene.rule(scene.submitted(), "accept"),
    "numbered": numbered,
    "numbered and returned": lambda scene: scene.rule(numbered(scene), "return", remarks=[REMARK]),
    "published": lambda scene: scene.published(),
    "a change begun": lambda scene: scene.file(scene.published(), "amend"),
    "a change submitted": changed,
    "a change returned": lambda scene: scene.rule(changed(scene), "return", remarks=[REMARK]),
    "declined": lambda scene: scene.rule(
        scene.submitted(), "decline", reason="重复", ground="filed_already"
    ),
    "revoked": lambda scene: scene.rule(scene.published(), "revoke", reason="查出了问题"),
    "cancelled": lambda scene: scene.file(numbered(scene), "cancel", reason="不办了"),
}


@pytest.mark.parametrize("state", MAKING)
def test_the_offered_steps_are_those_that_succeed(scene: Scene, state: str) -> None:
    """What is offered as possible succeeds with everything said; what is not is refused."""
    filing = MAKING[state](scene)
    for by in (scene.filer, scene.tester, scene.reviewer, scene.publisher):
        choices = review.choices(scene.session, by=by, filing=filing)
        offered = {each.action for each in choices if each.ready}
        assert {each for each in Action if succeeds(scene, by, filing, each)} == offered


def succeeds(scene: Scene, by: Actor, filing: Filing, action: Action) -> bool:
    """Whether a step is taken with everything said that goes with it; what it did is undone."""
    said: dict[str, Any] = {"reason": "写明理由的一句话"}
    if action is Action.RETURN:
        said["remarks"] = [REMARK]
    if action in {Action.DECLINE, Action.REFUSE_CHANGE}:
        said["ground"] = "incomplete"
    kept = scene.session.begin_nested()
    try:
        scene.step(filing, by, action.value, **said)
    except RegisterError:
        return False
    finally:
        kept.rollback()
        scene.session.expire_all()
    return True
