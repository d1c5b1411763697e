from typing import Any

import pytest

from filing import computed, review, risk
from filing.risk import Level, Ungraded
from tests.filing.papers import HIGH, LOW, Scene


def answered(chosen: dict[str, Any]) -> dict[str, Any]:
    return {
        name: {"answer": answer} if isinstance(answer, str) else answer
        for name, answer in chosen.items()
    }


def level(**changed: Any) -> Level:
    return risk.grade(answered(LOW | changed)).level


GRAVEST = {
    question.id: max(question.options, key=lambda each: each.weight).id
    for question in risk.questionnaire().questions
}


def test_nothing_at_stake_is_low() -> None:
    grade = risk.grade(answered(LOW))

    assert (grade.level, grade.score) == (Level.LOW, 0)
    assert grade.shares == {"scene": 0, "scope": 0, "severity": 0}


def test_everything_at_stake_is_high() -> None:
    grade = risk.grade(answered(GRAVEST))

    assert (grade.level, grade.score) == (Level.HIGH, 100)


def test_the_score_is_the_mean_of_the_three_shares() -> None:
    # scope: 3 + 3 + 1 + 0 of 12 points = 58.33 %; the other two 0; mean 19.44
    grade = risk.grade(
        answered(LOW | {"scope_people": "more", "scope_area": "country", "scope_groups": "among"})
    )

    assert grade.shares["scope"] == 58
    assert grade.score == 19
    assert grade.level is Level.LOW


def test_a_line_belongs_to_the_graver_side() -> None:
    # scope 12 of 12 = 100 %; three shares: mean 33.3, over the line of 30
    all_scope = {name: answer for name, answer in GRAVEST.items() if name.startswith("scope")}
    assert level(**all_scope) is Level.MEDIUM


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        ({"severity_safety": "serious"}, Level.HIGH),
        ({"severity_safety": "slight"}, Level.LOW),
        ({"severity_order": "wide"}, Level.HIGH),
        ({"scene_public": "decision", "scene_effect": "decides"}, Level.HIGH),
        ({"scene_public": "decision", "scene_effect": "informs"}, Level.MEDIUM),
        ({"scene_public": "commerce", "scene_effect": "decides"}, Level.MEDIUM),
        (
            {"scene_public": "commerce", "scene_effect": "decides", "scene_sector": "livelihood"},
            Level.HIGH,
        ),
        ({"scene_effect": "prices"}, Level.MEDIUM),
        ({"scene_effect": "ranks"}, Level.LOW),
        ({"scene_information": "sensitive"}, Level.MEDIUM),
        ({"scene_information": "ordinary"}, Level.LOW),
    ],
)
def test_a_floor_lifts_the_grade(changed: dict[str, str], expected: Level) -> None:
    assert level(**changed) is expected


def test_the_deciding_reason_comes_first_and_the_points_are_told() -> None:
    reasons = risk.grade(answered(HIGH)).reasons

    assert "贷款" in reasons[0].zh
    assert "应用场景" in reasons[-1].zh
    assert "scope of influence" in reasons[-1].en


def test_every_skipped_question_is_listed() -> None:
    with pytest.raises(Ungraded) as caught:
        risk.grade(answered({"scope_area": "city"}))

    assert len(caught.value.reasons) == len(LOW) - 1


def test_not_applicable_needs_a_reason() -> None:
    excused = {"scope_people": {"not_applicable": {"zh": " "}}}
    assert [each.item for each in risk.check(answered(LOW | excused), item="G1")] == [
        "G1.scope_people"
    ]


def test_a_question_that_does_not_apply_is_left_out_of_what_could_be_reached() -> None:
    # scope_area 2 of 3, scope_people out: 2 of 9 points = 22.2 %
    excused = {"scope_people": {"not_applicable": {"zh": "内部使用"}}, "scope_area": "city"}
    assert risk.grade(answered(LOW | excused)).shares["scope"] == 22


def test_a_whole_dimension_cannot_be_left_out() -> None:
    excused = {
        name: {"not_applicable": {"zh": "不适用"}} for name in LOW if name.startswith("scope")
    }
    with pytest.raises(Ungraded):
        risk.grade(answered(LOW | excused))


def test_duties_follow_the_grade_and_carry_their_force() -> None:
    high = risk.grade(answered(HIGH), city="shenzhen").as_json()["duties"]
    low = risk.grade(answered(LOW), city="shenzhen").as_json()["duties"]

    assert any("别的单位" in duty["zh"] for duty in high)
    assert not any("别的单位" in duty["zh"] for duty in low)
    assert any("公开算法说明" in duty["zh"] for duty in low)
    cited = {article["id"]: article for duty in high for article in duty["articles"]}
    assert cited["SZ71"]["force"]["id"] == "must"


def test_a_duty_may_turn_on_the_sector() -> None:
    def cited(*sectors: str) -> set[str]:
        duties = risk.grade(answered(LOW), sectors=sectors, city="shanghai").duties
        return {article for duty in duties for article in duty.articles}

    assert "SH69" in cited("employment")
    assert "SH69" not in cited("retail")


def test_the_grade_says_that_it_is_ours() -> None:
    assert risk.grade(answered(LOW)).as_json()["statement"]["zh"] == (
        "风险等级由本平台方法得出，不是主管部门的认定。"
    )


def test_without_a_complete_questionnaire_there_is_no_grade_and_no_gate(scene: Scene) -> None:
    filing = scene.opened(G1=None, A4=None)
    made = computed.fields(scene.session, filing, [])

    assert computed.grade(filing) is None
    assert computed.level(filing) is None
    assert set(made) == {"B3", "H13"}  # the digest, and how the words read
    assert review.gate_of(scene.session, filing) is None


@pytest.mark.parametrize("answers", [LOW, HIGH, LOW | {"severity_safety": "serious"}])
def test_a_grade_above_its_points_says_why(answers: dict[str, str]) -> None:
    """X7d/19: “high risk (47/100)” stood beside “high from 60”."""
    grade = risk.grade(answered(answers))
    lines = risk.questionnaire().lines
    by_points = next((e for e, line in lines.items() if grade.score >= line), Level.LOW)
    said = grade.reasons[-1]
    assert ("不论多少分" in said.zh) is (grade.level is not by_points)
    assert ("whatever the points" in said.en) is (grade.level is not by_points)
