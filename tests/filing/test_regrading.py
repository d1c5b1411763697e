"""filing/B2: a grade is changed by two reviewers, for a reason, and never below a floor."""

from collections.abc import Callable
from typing import Any

import pytest

from filing import catalogue, computed, dossier, regrading, remarks, review
from filing.dossier import Filing
from filing.lifecycle import Action, Guard, Status, WrongStatus
from filing.regrading import NoProposal, NotASecondPerson, ProposalPending
from filing.review import NotIndependent, NotReady
from filing.revision import Moved
from filing.risk import Level
from registry import journal, passwords
from registry.organisations import Actor, Kind, Membership, Role, WrongRole
from registry.reports import Report
from tests import cast
from tests.filing import papers
from tests.filing.papers import Scene
from tests.filing.test_independence import join

REASON = {
    "zh": "看过分级问卷和附件，有人逐件复核，影响的人不多。",
    "en": "Every case is looked at.",
}
MEDIUM = papers.LOW | {"scene_public": "commerce"}
WIDER = papers.LOW | {
    "scope_people": "more", "scope_area": "country", "scope_groups": "mainly",
    "scope_choice": "no", "severity_money": "notable", "severity_undo": "weeks",
}  # fmt: skip
FLOORED = papers.LOW | {"severity_safety": "serious"}


def submitted(scene: Scene, answers: dict[str, str], **changed: Any) -> Filing:
    """A submitted filing with a third-party report and these answers to the questionnaire."""
    filing = scene.opened(G1=answers, **({"B6": "other", "B14": "informs"} | changed))
    scene.attach(filing, papers.report(scene.session, scene.version, scene.tester))
    return scene.file(filing, "check", "submit")


def propose(scene: Scene, filing: Filing, level: Level, **said: Any) -> Filing:
    given: dict[str, Any] = {
        "by": scene.reviewer, "revision": filing.revision, "reason": REASON, **said,
    }  # fmt: skip
    return regrading.propose(scene.session, filing_id=filing.id, level=level, **given)


def confirm(scene: Scene, filing: Filing, **said: Any) -> Filing:
    given: dict[str, Any] = {"by": scene.publisher, "revision": filing.revision, **said}
    return regrading.confirm(scene.session, filing_id=filing.id, **given)


def items(caught: pytest.ExceptionInfo[NotReady]) -> list[str]:
    return [each.item for each in caught.value.reasons]


def raised(scene: Scene) -> Filing:
    """A low-risk filing that two reviewers graded high."""
    filing = submitted(scene, papers.LOW)
    propose(scene, filing, Level.HIGH)
    return confirm(scene, filing)


def test_one_reviewer_alone_changes_no_grade(scene: Scene) -> None:
    """filing/B2: four eyes; the same person does not confirm, whatever door."""
    filing = submitted(scene, papers.LOW)
    propose(scene, filing, Level.HIGH)
    assert computed.level(filing) is Level.LOW
    with pytest.raises(NotASecondPerson):
        confirm(scene, filing, by=scene.reviewer)
    with pytest.raises(ProposalPending):
        propose(scene, filing, Level.MEDIUM, by=scene.publisher)

    confirm(scene, filing)
    assert computed.level(filing) is Level.HIGH
    assert filing.grade_proposal is None
    with pytest.raises(NoProposal):
        confirm(scene, filing)
    names = [each.name for each in journal.history(scene.session, filing.id)]
    assert names[-2:] == ["filing:review:grade_proposed", "filing:review:regraded"]


@pytest.mark.parametrize(
    "reason",
    ["", " ", "审核认为风险低", "低" * 40, "。，！" * 20, {"en": "No Chinese at all here"}],
)
def test_a_reason_is_at_least_a_sentence(scene: Scene, reason: Any) -> None:
    """filing/B2: the reason of the finding, seven signs, is not enough."""
    filing = submitted(scene, papers.LOW)
    with pytest.raises(NotReady) as caught:
        propose(scene, filing, Level.HIGH, reason=reason)
    assert items(caught) == ["reason"]
    assert all(each.said.zh and each.said.en for each in caught.value.reasons)
    assert filing.grade_proposal is None


@pytest.mark.parametrize(
    ("answers", "changed", "level"),
    [
        (FLOORED, {}, Level.LOW),
        (FLOORED, {}, Level.MEDIUM),
        (papers.HIGH, {}, Level.MEDIUM),
        (MEDIUM, {"B6": "public_interest"}, Level.LOW),
    ],
)
def test_no_change_goes_below_a_floor(
    scene: Scene, answers: dict[str, str], changed: dict[str, Any], level: Level
) -> None:
    """filing/B2: "whatever the points say" holds against a change, too, and says which answer."""
    filing = submitted(scene, answers, **changed) if answers != papers.HIGH else _high(scene)
    with pytest.raises(NotReady) as caught:
        propose(scene, filing, level)
    (reason,) = caught.value.reasons
    found = computed.grade(filing)
    assert found is not None
    assert found.floor_reasons[0].zh in reason.said.zh
    assert found.floor_reasons[0].en in reason.said.en


def _high(scene: Scene) -> Filing:
    return scene.file(scene.evaluated(), "check", "submit")


def test_the_trial_of_the_finding_is_refused(scene: Scene) -> None:
    """filing/B2: high by a floor, no third party: nobody files it as low and in service."""
    filing = scene.opened(G1=FLOORED, B6="other", B14="informs")
    scene.attach(filing, papers.report(scene.session, scene.version, scene.filer))
    scene.file(filing, "check", "submit")
    with pytest.raises(NotReady):
        propose(scene, filing, Level.LOW)
    with pytest.raises(NotReady) as caught:
        scene.rule(filing, "accept")
    assert "another_organisation" in items(caught)


def test_a_stricter_grade_brings_its_gate(scene: Scene) -> None:
    filing = scene.opened(G1=papers.LOW)
    scene.attach(filing, papers.report(scene.session, scene.version, scene.filer))
    scene.file(filing, "check", "submit")
    propose(scene, filing, Level.HIGH)
    confirm(scene, filing)
    with pytest.raises(NotReady) as caught:
        scene.rule(filing, "accept")
    assert "another_organisation" in items(caught)


def test_a_stricter_grade_stays_when_the_filer_changes_an_answer(scene: Scene) -> None:
    """filing/B2: nobody answers their way out of it."""
    filing = raised(scene)
    scene.rule(filing, "return", remarks=[{"code": "G1", "zh": "请核对"}])
    _fill(scene, filing, {"G1": papers.LOW | {"scope_people": "million"}})
    assert computed.level(filing) is Level.HIGH


def test_a_milder_grade_counts_for_the_answers_it_was_decided_on(scene: Scene) -> None:
    filing = submitted(scene, papers.LOW)
    found = computed.grade(filing)
    assert found is not None
    assert found.floor is Level.LOW
    propose(scene, filing, Level.MEDIUM)
    confirm(scene, filing)
    scene.rule(filing, "return", remarks=[{"code": "G1", "zh": "请核对"}])
    _fill(scene, filing, {"G1": FLOORED})
    assert computed.level(filing) is Level.HIGH  # the floor, above the change


def _fill(scene: Scene, filing: Filing, answers: dict[str, Any]) -> None:
    dossier.fill(
        scene.session,
        by=scene.filer,
        filing_id=filing.id,
        revision=filing.revision,
        answers=answers,
    )


def test_a_proposal_falls_with_the_answers_it_was_made_on(scene: Scene) -> None:
    filing = submitted(scene, papers.LOW)
    propose(scene, filing, Level.HIGH)
    scene.rule(filing, "return", remarks=[{"code": "G1", "zh": "请核对"}])
    _fill(scene, filing, {"G1": papers.LOW | {"scope_groups": "among"}})
    scene.file(filing, "submit")
    with pytest.raises(NotReady):
        confirm(scene, filing)
    regrading.dismiss(
        scene.session, by=scene.publisher, filing_id=filing.id, revision=filing.revision
    )
    assert filing.grade_proposal is None


def test_nothing_is_accepted_while_a_proposal_waits(scene: Scene) -> None:
    filing = submitted(scene, papers.LOW)
    propose(scene, filing, Level.MEDIUM)
    with pytest.raises(NotReady) as caught:
        scene.rule(filing, "accept")
    assert items(caught) == [Guard.GRADE_SETTLED]


def test_only_independent_reviewers_decide_on_a_grade_under_review(scene: Scene) -> None:
    filing = submitted(scene, papers.LOW)
    with pytest.raises(WrongRole):
        propose(scene, filing, Level.HIGH, by=scene.filer)
    read = filing.revision
    propose(scene, filing, Level.HIGH)
    with pytest.raises(Moved):
        confirm(scene, filing, revision=read)
    scene.session.add(
        Membership(
            person_id=scene.publisher.person_id,
            organisation_id=scene.filer.organisation_id,
            role=Role.FILER,
        )
    )
    scene.session.flush()
    with pytest.raises(NotIndependent):
        confirm(scene, filing)
    third = cast.actor(scene.session, Kind.AUTHORITY)
    confirm(scene, filing, by=third)
    scene.rule(filing, "return", remarks=[{"code": "B1", "zh": "改名"}])
    with pytest.raises(WrongStatus):
        propose(scene, filing, Level.MEDIUM)


@pytest.mark.parametrize(
    ("turn", "zh", "en"),
    [
        (
            lambda scene, filing: propose(scene, filing, Level.MEDIUM),
            "提出调整风险等级",
            "propose another risk grade",
        ),
        (confirm, "确认调整风险等级", "confirm another risk grade"),
        (
            lambda scene, filing: regrading.dismiss(
                scene.session, by=scene.reviewer, filing_id=filing.id, revision=filing.revision
            ),
            "撤下等级调整",
            "dismiss the change of the grade",
        ),
    ],
)
def test_a_grade_step_out_of_time_is_refused_by_its_own_name(
    scene: Scene, turn: Callable[[Scene, Filing], object], zh: str, en: str
) -> None:
    """Breaker on issue 7, G2: nobody tried to accept, so the refusal does not say so."""
    filing = submitted(scene, papers.LOW)
    scene.rule(filing, "return", remarks=[{"code": "B1", "zh": "改名"}])
    with pytest.raises(WrongStatus) as refused:
        turn(scene, filing)
    assert f"不能“{zh}”" in refused.value.said.zh
    assert f"one cannot {en}." in refused.value.said.en


def test_a_refused_step_names_no_step_that_the_filings_past_rules_out(scene: Scene) -> None:
    """Security stranger on issue 7, F7d/5: “cancel” and “revoke” were offered before a number was."""
    filing = submitted(scene, papers.LOW)
    with pytest.raises(WrongStatus) as refused:
        scene.rule(filing, "file")
    assert "不予变更" not in refused.value.said.zh
    for zh, en in (("注销", "cancel"), ("撤销备案", "revoke"), ("放弃变更", "abandon")):
        assert zh not in refused.value.said.zh
        assert en not in refused.value.said.en
    assert "受理" in refused.value.said.zh
    scene.rule(filing, "accept", "file", "publish")
    with pytest.raises(WrongStatus) as refused:
        scene.rule(filing, "accept")
    assert "注销" in refused.value.said.zh
    assert "revoke" in refused.value.said.en


def test_an_edition_says_who_set_the_grade_both_grades_and_why(scene: Scene) -> None:
    """filing/B2: what the public statement is made from; no person is named."""
    filing = submitted(scene, papers.LOW)
    propose(scene, filing, Level.MEDIUM)
    confirm(scene, filing)
    scene.rule(filing, "accept", "file", "publish")

    grade = catalogue.entry(scene.session, str(filing.number)).content["grade"]
    assert (grade["level"], grade["set_by"]) == ("medium", "reviewer")
    assert grade["computed"] == {
        "level": "low",
        "name": {"zh": "低风险", "en": "low risk"},
    }
    changed = grade["changed"]
    assert (changed["from"], changed["to"], changed["reason"]) == ("low", "medium", REASON)
    assert changed["proposed"] <= changed["at"]
    for person in (scene.reviewer, scene.publisher):
        assert person.person_id not in str(grade)
    assert any("公开算法说明" in duty["zh"] for duty in grade["duties"])


def test_a_change_by_one_reviewer_alone_on_an_old_record_does_not_count(scene: Scene) -> None:
    """filing/B2: what was stored before the rule, or comes back with an old edition's dossier."""
    filing = submitted(scene, papers.LOW)
    filing.grade_change = {"level": "high", "reason": {"zh": "影响面大"}, "at": "2026-11-21"}
    scene.session.flush()
    assert computed.level(filing) is Level.LOW


def test_for_high_risk_who_accepts_does_not_publish(scene: Scene) -> None:
    """filing/B2: person by person, whatever the organisation."""
    filing = _high(scene)
    scene.rule(filing, "accept", "file")
    with pytest.raises(NotReady) as caught:
        scene.step(filing, scene.reviewer, "publish")
    assert items(caught) == [Guard.SECOND_PERSON]
    assert scene.step(filing, scene.publisher, "publish").status == Status.PUBLISHED


def test_for_lower_grades_one_reviewer_may_do_both(scene: Scene) -> None:
    filing = submitted(scene, papers.LOW)
    scene.rule(filing, "accept", "file")
    assert scene.step(filing, scene.reviewer, "publish").status == Status.PUBLISHED


def test_an_evaluation_that_expires_before_publication_stops_it(scene: Scene) -> None:
    """filing/B2, item 7: the gate is asked again where an edition is published; it can go back."""
    filing = _high(scene)
    scene.rule(filing, "accept", "file")
    made = scene.session.get_one(Report, filing.report_ids[0])
    made.created = papers.at(2020, 1, 1)
    scene.session.flush()
    with pytest.raises(NotReady) as caught:
        scene.rule(filing, "publish")
    assert "unexpired" in items(caught)
    number = filing.number
    scene.rule(filing, "return", remarks=[{"code": "B8", "zh": "评估已过期"}])
    scene.attach(filing, papers.report(scene.session, scene.version, scene.tester))
    _fill(scene, filing, {"B2": "判断贷款能不能批准。"})
    _reply(scene, filing)
    scene.file(filing, "submit")
    scene.rule(filing, "accept", "file", "publish")
    assert (filing.status, filing.number) == (Status.PUBLISHED, number)


def _reply(scene: Scene, filing: Filing) -> None:
    for remark in remarks.on(scene.session, filing):
        remarks.reply(
            scene.session,
            by=scene.filer,
            remark_id=remark.id,
            revision=filing.revision,
            zh="已换评估",
        )


def test_an_expired_evaluation_does_not_keep_a_service_on_the_record(scene: Scene) -> None:
    """Item 7: no new edition in service; one that says it is suspended goes through, and shows it."""
    filing = scene.published()
    made = scene.session.get_one(Report, filing.report_ids[0])
    made.created = papers.at(2020, 1, 1)
    scene.file(filing, "amend")
    _fill(scene, filing, {"B2": "判断贷款能不能批准。"})
    scene.file(filing, "submit", reason="改说明")
    with pytest.raises(NotReady) as caught:
        scene.rule(filing, "accept")
    assert "unexpired" in items(caught)

    scene.rule(filing, "return", remarks=[{"code": "B8", "zh": "评估已过期"}])
    _fill(scene, filing, {"B8": "suspended"})
    scene.file(filing, "submit", reason="暂停服务")
    scene.rule(filing, "accept", "file", "publish")
    content = catalogue.entry(scene.session, str(filing.number)).content
    assert "unexpired" in [each["name"] for each in content["notices"]]


def test_a_numbered_filing_that_goes_back_keeps_its_number_and_cannot_vanish(
    scene: Scene,
) -> None:
    filing = _high(scene)
    scene.rule(filing, "accept", "file")
    scene.rule(filing, "return", remarks=[{"code": "B1", "zh": "改名"}])
    with pytest.raises(NotReady):
        scene.step(filing, scene.filer, "withdraw", reason="不办了")
    offered = {
        each.action for each in review.choices(scene.session, by=scene.filer, filing=filing)
    }
    assert Action.WITHDRAW not in offered


def published_low(scene: Scene) -> Filing:
    """A published filing of low risk."""
    filing = submitted(scene, papers.LOW)
    scene.rule(filing, "accept", "file")
    scene.step(filing, scene.reviewer, "publish")
    return filing


def changed(scene: Scene, filing: Filing, answers: dict[str, str] | None = None) -> None:
    """A change that was submitted, with other answers to the questionnaire where they are given."""
    scene.file(filing, "amend")
    _fill(scene, filing, {"G1": answers} if answers else {})
    scene.file(filing, "submit", reason={"zh": "改了说明", "en": ""})


@pytest.mark.parametrize("answers", [None, papers.LOW | {"scope_groups": "among"}])
def test_the_filer_does_not_abandon_a_grade_that_two_reviewers_set(
    scene: Scene, answers: dict[str, str] | None
) -> None:
    """It is the reviewers' decision on the model, not a part of the dossier."""
    filing = published_low(scene)
    changed(scene, filing, answers)
    propose(scene, filing, Level.HIGH)
    confirm(scene, filing)
    scene.file(filing, "abandon")
    assert computed.level(filing) is Level.HIGH
    changed(scene, filing)
    assert computed.level(filing) is Level.HIGH
    judged = computed.judgement(filing)
    assert judged is not None
    assert judged.change is not None


def test_a_milder_grade_for_answers_that_were_abandoned_goes_with_them(scene: Scene) -> None:
    """It was decided on other answers; what the edition was graded by counts again."""
    filing = submitted(scene, papers.LOW)
    propose(scene, filing, Level.MEDIUM)
    confirm(scene, filing)
    scene.rule(filing, "accept", "file")
    scene.step(filing, scene.reviewer, "publish")
    changed(scene, filing, WIDER)
    found = computed.grade(filing)
    assert found is not None
    assert found.level is Level.MEDIUM
    propose(scene, filing, Level.LOW)
    confirm(scene, filing)
    assert computed.level(filing) is Level.LOW
    scene.file(filing, "abandon")
    assert computed.level(filing) is Level.MEDIUM


def test_a_proposed_grade_waits_on_when_the_filer_abandons_the_change(scene: Scene) -> None:
    filing = published_low(scene)
    changed(scene, filing)
    propose(scene, filing, Level.HIGH)
    scene.file(filing, "abandon")
    changed(scene, filing)
    with pytest.raises(NotReady) as caught:
        scene.rule(filing, "accept")
    assert Guard.GRADE_SETTLED in items(caught)
    confirm(scene, filing)
    assert computed.level(filing) is Level.HIGH


def test_who_accepted_and_has_joined_the_filer_since_is_no_second_person(scene: Scene) -> None:
    """filing/B3: four eyes that belong to the filer are asked about again at publication."""
    filing = _high(scene)
    scene.rule(filing, "accept")
    join(scene.session, scene.reviewer, scene.filer, Role.FILER)
    third = cast.actor(scene.session, Kind.AUTHORITY)
    scene.step(filing, scene.publisher, "file")
    with pytest.raises(NotReady) as caught:
        scene.step(filing, third, "publish")
    assert items(caught) == [Guard.SECOND_PERSON]
    assert "受理" in caught.value.reasons[0].said.zh
    scene.step(filing, scene.publisher, "return", remarks=[{"code": "G1", "zh": "请核对"}])
    _reply(scene, filing)
    scene.file(filing, "submit")
    for action in ("accept", "file"):
        scene.step(filing, scene.publisher, action)
    assert scene.step(filing, third, "publish").status == Status.PUBLISHED


def test_a_grade_proposed_by_who_has_joined_the_filer_since_is_not_confirmed(
    scene: Scene,
) -> None:
    filing = submitted(scene, papers.LOW | {"scope_groups": "among"})
    propose(scene, filing, Level.MEDIUM)
    join(scene.session, scene.reviewer, scene.filer, Role.FILER)
    with pytest.raises(NotIndependent) as caught:
        confirm(scene, filing)
    assert [each.item for each in caught.value.reasons] == ["proposer"]
    assert "提出" in caught.value.said.zh
    regrading.dismiss(
        scene.session, by=scene.publisher, filing_id=filing.id, revision=filing.revision
    )
    assert filing.grade_proposal is None


def reset(scene: Scene, by: Actor, whose: Actor) -> None:
    """One reviewer, who is administrator as well, resets the other's password."""
    journal.record(scene.session, passwords.RESET, whose.person_id, person_id=by.person_id)


def test_who_reset_the_others_password_is_not_the_second_pair_of_eyes(scene: Scene) -> None:
    """One reviewer reset the second one's password, signed in as both and confirmed the grade."""
    filing = submitted(scene, papers.LOW)
    propose(scene, filing, Level.HIGH)
    reset(scene, scene.reviewer, scene.publisher)
    with pytest.raises(NotASecondPerson) as caught:
        confirm(scene, filing)
    assert "重设" in caught.value.said.zh
    third = cast.actor(scene.session, Kind.AUTHORITY)
    assert confirm(scene, filing, by=third).grade_proposal is None


@pytest.mark.parametrize("turned", [False, True])
def test_nor_does_it_publish_what_the_other_accepted(scene: Scene, turned: bool) -> None:
    filing = _high(scene)
    scene.rule(filing, "accept", "file")
    pair = (scene.reviewer, scene.publisher)
    reset(scene, *(reversed(pair) if turned else pair))
    with pytest.raises(NotReady) as refused:
        scene.step(filing, scene.publisher, "publish")
    assert items(refused) == [Guard.SECOND_PERSON]
    third = cast.actor(scene.session, Kind.AUTHORITY)
    assert scene.step(filing, third, "publish").status == Status.PUBLISHED
