from datetime import timedelta
from typing import Any

import pytest

from filing import catalogue, dossier, editions, guards, remarks, review
from filing.dossier import Filing
from filing.lifecycle import Action, Guard, Status
from filing.review import NotReady
from filing.revision import Moved
from registry import journal
from registry.lengths import TextTooLong
from registry.organisations import Actor, Kind, WrongRole
from tests import cast
from tests.filing import papers
from tests.filing.papers import Scene


def refused(scene: Scene, filing: Filing, action: str, by: Actor, **said: Any) -> list[str]:
    """The items that stand in the way of a step."""
    with pytest.raises(NotReady) as caught:
        review.take(
            scene.session,
            by=by,
            filing_id=filing.id,
            revision=filing.revision,
            action=Action(action),
            **said,
        )
    return [each.item for each in caught.value.reasons]


def test_an_incomplete_dossier_fails_the_self_check_with_every_reason(scene: Scene) -> None:
    filing = scene.evaluated(B1=None, H4=None)
    assert refused(scene, filing, "check", scene.filer) == ["B1", "H4"]


def test_a_filing_needs_an_evaluation_of_this_version(scene: Scene) -> None:
    filing = scene.opened()
    assert refused(scene, filing, "check", scene.filer) == ["evaluated"]

    other = cast.version(scene.session, scene.filer)
    scene.attach(filing, papers.report(scene.session, other, scene.tester))
    assert refused(scene, filing, "check", scene.filer) == ["evaluated"]

    scene.attach(filing, papers.report(scene.session, scene.version, scene.filer))
    assert scene.file(filing, "check").status == Status.SELF_CHECKED


def test_an_edit_takes_a_self_checked_filing_back_to_draft(scene: Scene) -> None:
    filing = scene.file(scene.evaluated(), "check")
    dossier.fill(
        scene.session,
        by=scene.filer,
        filing_id=filing.id,
        revision=filing.revision,
        answers={"B1": "新名称"},
    )
    assert filing.status == Status.DRAFT


def test_the_gate_stops_a_high_risk_filing_without_a_third_party(scene: Scene) -> None:
    filing = scene.opened()
    scene.attach(filing, papers.report(scene.session, scene.version, scene.filer))
    scene.file(filing, "check", "submit")

    assert "another_organisation" in refused(scene, filing, "accept", scene.reviewer)


@pytest.mark.parametrize(
    ("made", "item"),
    [
        ({"signed": False}, "countersigned"),
        ({"age": timedelta(days=365)}, "unexpired"),
        ({"run": ("selection_parity",)}, "required_probes"),
        ({"task": "pricing", "run": papers.PRICING}, "task"),
    ],
)
def test_the_gate_reads_the_reports_on_record(
    scene: Scene, made: dict[str, Any], item: str
) -> None:
    filing = scene.opened()
    scene.attach(filing, papers.report(scene.session, scene.version, scene.tester, **made))
    scene.file(filing, "check", "submit")

    assert refused(scene, filing, "accept", scene.reviewer)[0] == item


def test_the_gate_stops_a_report_on_an_older_version(scene: Scene) -> None:
    filing = scene.evaluated()
    newer = cast.version(scene.session, scene.filer)
    dossier.move(
        scene.session,
        by=scene.filer,
        filing_id=filing.id,
        revision=filing.revision,
        version_id=newer.id,
    )
    scene.attach(filing, papers.report(scene.session, newer, scene.filer))
    scene.file(filing, "check", "submit")

    assert refused(scene, filing, "accept", scene.reviewer)[0] == "this_version"


def test_turning_to_in_service_by_a_change_meets_the_gate_again(scene: Scene) -> None:
    filing = scene.published(G1=papers.LOW, B8="in_development")
    scene.file(filing, "amend")
    filing.report_ids = []
    scene.attach(filing, papers.report(scene.session, scene.version, scene.filer))
    changed = papers.answers()
    dossier.fill(
        scene.session,
        by=scene.filer,
        filing_id=filing.id,
        revision=filing.revision,
        answers={key: changed[key] for key in ("B6", "B8", "B14", "G1")},
    )
    scene.file(filing, "submit", reason="开始服务")

    assert "another_organisation" in refused(scene, filing, "accept", scene.reviewer)


def test_a_probe_that_could_not_measure_counts_and_is_published(scene: Scene) -> None:
    filing = scene.opened()
    verdicts = {"counterfactual_flip": "not_evaluable"}
    scene.attach(
        filing, papers.report(scene.session, scene.version, scene.tester, verdicts=verdicts)
    )
    scene.file(filing, "check", "submit")
    scene.rule(filing, "accept", "file", "publish")

    content = catalogue.entry(scene.session, str(filing.number)).content
    assert content["reports"][0]["not_evaluable"] == ["counterfactual_flip"]
    assert [each["name"] for each in content["notices"]] == ["not_evaluable"]


def test_a_low_risk_filing_passes_with_an_own_report(scene: Scene) -> None:
    filing = scene.opened(G1=papers.LOW)
    scene.attach(filing, papers.report(scene.session, scene.version, scene.filer))
    scene.file(filing, "check", "submit")
    assert scene.rule(filing, "accept").status == Status.ACCEPTED


def test_a_return_needs_reasons_field_by_field(scene: Scene) -> None:
    filing = scene.submitted()
    assert refused(scene, filing, "return", scene.reviewer) == ["remarks_given"]


def test_a_returned_filing_comes_back_when_every_remark_is_dealt_with(scene: Scene) -> None:
    filing = scene.submitted()
    given = [{"code": "B1", "zh": "名称不一致"}, {"code": "H4", "zh": "看不懂", "en": "Not clear"}]
    scene.rule(filing, "return", remarks=given)
    assert refused(scene, filing, "submit", scene.filer) == ["B1", "H4"]

    dossier.fill(
        scene.session,
        by=scene.filer,
        filing_id=filing.id,
        revision=filing.revision,
        answers={"B1": "新名称"},
    )
    assert refused(scene, filing, "submit", scene.filer) == ["H4"]

    waiting = remarks.on(scene.session, filing)[1]
    remarks.reply(
        scene.session,
        by=scene.filer,
        revision=filing.revision,
        remark_id=waiting.id,
        zh="例子已经写明",
    )
    scene.file(filing, "submit")
    assert filing.submissions == 2
    assert [each.settled_in(filing) for each in remarks.on(scene.session, filing)] == [True, True]


def test_a_remark_names_a_field_and_says_something(scene: Scene) -> None:
    filing = scene.submitted()
    given = [{"code": "Z9", "zh": "x"}, {"code": "B1", "zh": " "}, {"code": "B2", "zh": "x"}]
    assert refused(scene, filing, "return", scene.reviewer, remarks=given) == ["Z9", "B1"]
    assert filing.status == Status.SUBMITTED


@pytest.mark.parametrize("action", ["decline", "withdraw"])
def test_an_exit_needs_a_reason_and_stays_readable(scene: Scene, action: str) -> None:
    filing = scene.submitted()
    by = scene.reviewer if action == "decline" else scene.filer
    wanted = ["reason_given"] if action == "withdraw" else ["ground_given", "reason_given"]
    assert refused(scene, filing, action, by) == wanted
    said = {"ground": "incomplete"} if action == "decline" else {}
    scene.step(filing, by, action, reason="材料不齐", **said)

    assert filing.exit_reason == {"zh": "材料不齐", **said}
    for reader in (scene.filer, scene.reviewer):
        assert dossier.get(scene.session, by=reader, filing_id=filing.id) is filing


@pytest.mark.parametrize("action", ["cancel", "revoke"])
def test_a_published_filing_that_ends_stays_on_the_public_record(
    scene: Scene, action: str
) -> None:
    filing = scene.published()
    by = scene.filer if action == "cancel" else scene.reviewer
    review.take(
        scene.session,
        by=by,
        filing_id=filing.id,
        revision=filing.revision,
        action=Action(action),
        reason={"zh": "服务结束", "en": "Service ended"},
    )

    standing = catalogue.entry(scene.session, str(filing.number)).standing
    assert standing.status == filing.status
    assert standing.reason == {"zh": "服务结束", "en": "Service ended"}


def test_what_was_published_can_be_neither_withdrawn_nor_declined(scene: Scene) -> None:
    filing = scene.published()
    scene.file(filing, "amend")
    dossier.fill(
        scene.session,
        by=scene.filer,
        filing_id=filing.id,
        revision=filing.revision,
        answers={"B1": "新名称"},
    )
    scene.file(filing, "submit", reason="改名")

    assert refused(scene, filing, "withdraw", scene.filer, reason="x") == ["never_published"]
    given = {"reason": "x", "ground": "incomplete"}
    assert refused(scene, filing, "decline", scene.reviewer, **given) == ["never_published"]


def test_a_change_needs_a_note_and_ends_in_a_new_edition(scene: Scene) -> None:
    filing = scene.published()
    number = filing.number
    scene.file(filing, "amend")
    dossier.fill(
        scene.session,
        by=scene.filer,
        filing_id=filing.id,
        revision=filing.revision,
        answers={"B1": "新名称"},
    )
    assert refused(scene, filing, "submit", scene.filer) == ["change_note"]
    scene.file(filing, "submit", reason="改名")
    scene.rule(filing, "accept", "file", "publish")

    assert (filing.number, filing.editions) == (number, 2)
    turns = catalogue.history(scene.session, str(number)).turns
    assert turns[0].note == {"zh": "改名"}
    assert turns[0].differences[0].zh == "“算法名称”由“住房贷款审批算法”改为“新名称”。"


@pytest.mark.parametrize(
    ("actor", "action"), [("filer", "abandon"), ("reviewer", "refuse_change")]
)
def test_a_change_that_fails_leaves_the_last_edition_in_force(
    scene: Scene, actor: str, action: str
) -> None:
    filing = scene.published()
    before = dict(filing.answers)
    scene.file(filing, "amend")
    newer = cast.version(scene.session, scene.filer)
    dossier.move(
        scene.session,
        by=scene.filer,
        filing_id=filing.id,
        revision=filing.revision,
        version_id=newer.id,
    )
    scene.attach(filing, papers.report(scene.session, newer, scene.tester))
    dossier.fill(
        scene.session,
        by=scene.filer,
        filing_id=filing.id,
        revision=filing.revision,
        answers={"B1": "新名称"},
    )
    scene.file(filing, "submit", reason="改名")
    by = getattr(scene, actor)
    said = {"ground": "incomplete"} if action == "refuse_change" else {}
    scene.step(filing, by, action, reason="不改了", **said)

    assert filing.status == Status.PUBLISHED
    assert filing.answers == before
    assert filing.version_id == scene.version.id
    assert len(filing.report_ids) == 1


def test_the_next_version_takes_the_place_of_the_one_before(scene: Scene) -> None:
    first = scene.published()
    newer = cast.version(scene.session, scene.filer)
    second = scene.opened(newer)
    assert second.replaces_id == first.id
    scene.attach(second, papers.report(scene.session, newer, scene.tester))
    scene.file(second, "check", "submit")
    scene.rule(second, "accept", "file", "publish")

    assert first.status == Status.SUPERSEDED
    standing = catalogue.entry(scene.session, str(first.number)).standing
    assert standing.status is Status.SUPERSEDED
    assert standing.successor == second.number


def test_an_edition_says_that_nobody_changed_the_grade(scene: Scene) -> None:
    """filing/B2: the facts behind the statement on the grade."""
    grade = catalogue.entry(scene.session, str(scene.published().number)).content["grade"]
    assert (grade["set_by"], grade["changed"]) == ("method", None)
    assert grade["computed"] == {"level": grade["level"], "name": grade["name"]}


def test_steps_are_in_the_journal_with_what_was_said(scene: Scene) -> None:
    filing = scene.published()
    names = [each.name for each in journal.history(scene.session, filing.id)]

    assert names[-5:] == [
        "filing:dossier:checked",
        "filing:dossier:submitted",
        "filing:review:accepted",
        "filing:review:filed",
        "filing:review:published",
    ]


def test_the_choices_say_what_stands_in_the_way(scene: Scene) -> None:
    filing = scene.opened(B1=None)
    found = {
        each.action: each for each in review.choices(scene.session, by=scene.filer, filing=filing)
    }

    assert set(found) == {Action.CHECK, Action.WITHDRAW}
    assert [each.item for each in found[Action.CHECK].reasons] == ["B1", "evaluated"]
    assert found[Action.WITHDRAW].ready


def test_the_choices_of_a_reviewer_leave_out_what_cannot_be(scene: Scene) -> None:
    filing = scene.submitted()
    found = {
        each.action: each
        for each in review.choices(scene.session, by=scene.reviewer, filing=filing)
    }
    assert set(found) == {Action.RETURN, Action.ACCEPT, Action.DECLINE}
    scene.rule(filing, "accept")
    after = review.choices(scene.session, by=scene.reviewer, filing=filing)
    assert {each.action for each in after} == {
        Action.RETURN,
        Action.TAKE_BACK,
        Action.DECLINE,
        Action.FILE,
    }
    assert found[Action.ACCEPT].ready

    assert (
        review.choices(scene.session, by=cast.actor(scene.session, Kind.ENTERPRISE), filing=filing)
        == []
    )


def test_the_queue_holds_what_waits_for_the_authority(scene: Scene) -> None:
    filing = scene.submitted()
    assert list(review.queue(scene.session, by=scene.reviewer)) == [filing]
    scene.rule(filing, "return", remarks=[{"code": "B1", "zh": "x"}])
    assert list(review.queue(scene.session, by=scene.reviewer)) == []
    with pytest.raises(WrongRole):
        review.queue(scene.session, by=scene.filer)


def test_a_step_on_an_older_revision_is_a_conflict_that_names_it(scene: Scene) -> None:
    filing = scene.evaluated()
    read = filing.revision
    dossier.fill(
        scene.session,
        by=scene.filer,
        filing_id=filing.id,
        revision=filing.revision,
        answers={"B1": "新名称"},
    )
    with pytest.raises(Moved, match=f"revision {read}, it is now at {filing.revision}"):
        scene.file(filing, "check", revision=read)


def test_an_edition_of_an_unpublished_filing_cannot_be_restored(scene: Scene) -> None:
    with pytest.raises(editions.EditionNotFound):
        editions.restore(scene.session, scene.opened())


def test_every_guard_is_tested_by_a_function() -> None:
    assert set(guards.GUARDS) == set(Guard)


def test_remarks_with_a_step_that_returns_nothing_are_refused_and_not_dropped(
    scene: Scene,
) -> None:
    filing = scene.submitted()
    with pytest.raises(NotReady) as caught:
        scene.rule(filing, "accept", remarks=[{"code": "B1", "zh": "请写全名"}])
    assert [each.item for each in caught.value.reasons] == ["B1"]
    assert filing.status == Status.SUBMITTED


@pytest.mark.parametrize(("language", "item"), [("zh", "reason"), ("en", "reason.en")])
def test_a_reason_that_is_too_long_is_refused_and_not_cut(
    scene: Scene, language: str, item: str
) -> None:
    filing = scene.submitted()
    said = {"zh": "理由", language: "长" * 4001}
    with pytest.raises(TextTooLong) as caught:
        scene.rule(filing, "decline", reason=said)
    assert [each.item for each in caught.value.reasons] == [item]
    assert filing.status == Status.SUBMITTED
