from datetime import date
from typing import Any

import pytest

from filing import answers, applicability, checks
from filing.fields import Answers
from filing.forms import current
from tests.filing import papers

TODAY = date(2026, 11, 21)
SEAL = {"reason": "商业秘密", "ground": "trade_secret", "review": "2027-06-01"}
ROW = {"rule": "六十分", "effect": "建议批准"}


def stored(**changed: Any) -> dict[str, answers.Stored]:
    given = papers.answers(**papers.ON_RECORD | changed)
    made = {key: answers.store(current(), key, raw) for key, raw in given.items()}
    return {key: answer for key, answer in made.items() if answer is not None}


APPEAL = {"phone": "021-00000000", "link": "https://bank.example/", "steps": "填表", "days": 15}


def told(rows: dict[str, answers.Stored]) -> Answers:
    return applicability.counting(Answers(current(), rows))


def items(**changed: Any) -> list[str]:
    return [each.item for each in checks.check_all(told(stored(**changed)), today=TODAY)]


def test_complete_papers_leave_nothing_to_do() -> None:
    assert items() == []
    assert items(G1=papers.LOW) == []


@pytest.mark.parametrize(
    ("key", "raw", "item"),
    [
        ("B1", "名" * 61, "B1.zh"),
        ("B1", {"zh": "名", "en": "n" * 241}, "B1.en"),
        ("B1", {"en": "Name"}, "B1.zh"),
        ("B2", "名\x07称", "B2.zh"),
        ("B2", "名\u202e称", "B2.zh"),  # filing/S2
        ("B2", {"zh": "名", "en": "na\u200bme"}, "B2.en"),
        ("B2", "\u3164", "B2.zh"),
        ("B2", "备案号网信算备123号", "B2.zh"),
        ("A2", "91350100M000100Y44", "A2"),
        ("A6", {"post": "首席风险官"}, "A6.person"),
        ("A6", {"post": "首席风险官", "person": "王" * 61}, "A6.person"),
        ("A9", {"statement": "true", "post": "总经理", "date": "2026-11-22"}, "A9.date"),
        ("A9", {"statement": "true", "post": "总经理"}, "A9.date"),
        ("B9", {"start": "2026-13-01"}, "B9.start"),
        ("B9", {"start": "20261201"}, "B9.start"),
        ("B9", {"start": "0026-12-01"}, "B9.start"),
        ("B9", {"start": "2026-11-20", "end": "2026-11-19"}, "B9.end"),
        ("B9", {"start": "2027-01-10"}, "B9.start"),  # in service, from a day to come
        ("C7#1", ["none", "sensitive"], "C7#1"),
        ("C3#1", {"source": "own"}, "C3#1.how"),
        ("D5", [{"factor": "甲", "influence": "strong"}, {"factor": "乙"}], "D5.2.influence"),
        ("D5", [{"factor": "甲", "influence": "strong"}] * 31, "D5"),
        ("D10", {"differs": "yes"}, "D10.grounds"),
        (
            "D10",
            {"differs": "yes", "grounds": [{"by": "新用户", "reason": "new_user"}]},
            "D10.grounds.1.told",
        ),
        ("I2", {**APPEAL, "days": 0}, "I2.days"),
        ("I2", {**APPEAL, "days": 91}, "I2.days"),
        ("I2", {**APPEAL, "days": "soon"}, "I2.days"),
        ("I2", {**APPEAL, "phone": "打给王小明"}, "I2.phone"),
        ("I2", {**APPEAL, "within": 0}, "I2.within"),
        ("I1", {"online": "a@qq.com", "offline": "网点"}, "I1.online.zh"),
        ("I2", {**APPEAL, "link": "bank.example"}, "I2.link"),
        ("I2", {**APPEAL, "link": "https://bank.example/" + "a" * 2000}, "I2.link"),
        ("A1", {"not_applicable": "没有"}, "A1"),
        ("D6", {"not_applicable": {"en": "none"}}, "D6.not_applicable.zh"),
        ("D6", {"not_applicable": "无" * 201}, "D6.not_applicable.zh"),
        ("B1", None, "B1"),
        ("C1#1", None, "C1#1"),
        ("G1", None, "G1"),
    ],
)
def test_what_is_wrong_is_said_at_its_place(key: str, raw: Any, item: str) -> None:
    assert items(**{key: raw}) == [item]


@pytest.mark.parametrize(
    ("key", "value", "item"),
    [
        ("B1", {"zh": "Ехample Bаnk"}, "B1.zh"),  # Cyrillic among Latin (breaker, issue 7, F5)
        ("B1", {"zh": "贷款审批", "en": "l\u0301\u0301oan"}, "B1.en"),
        ("B1", {"zh": "贷款\ue000"}, "B1.zh"),
        ("C1#1", {"name": {"zh": "申请记录⻔"}, "version": "1"}, "C1#1.name.zh"),
    ],
)
def test_a_name_on_an_old_record_is_held_against_the_same_rule(
    key: str, value: Any, item: str
) -> None:
    """No draft takes it any more; one that was saved before is stopped at the self-check."""
    found = checks.check_all(told({**stored(), key: {"value": value}}), today=TODAY)
    assert [each.item for each in found] == [item]


@pytest.mark.parametrize(
    ("key", "raw"),
    [
        ("B1", "名" * 60),
        ("B1", {"zh": "名", "en": "n" * 240}),
        ("B9", {"start": "2026-11-21", "end": "2026-12-01"}),
        ("D6", {"not_applicable": "没有排除任何信息"}),
        ("D7", [ROW]),
        ("D7", {"value": [ROW], "sealed": SEAL}),
        ("C7#1", ["none"]),
        (
            "D10",
            {
                "differs": "yes",
                "grounds": [{"by": "新用户", "reason": "new_user", "told": "页面"}],
            },
        ),
        (
            "A9",
            {
                "statement": "true",
                "post": "总经理",
                "date": "2026-11-21",
                "file": {"name": "a", "sha256": "a" * 64, "size": 1},
            },
        ),
    ],
)
def test_what_is_sound_is_let_through(key: str, raw: Any) -> None:
    assert items(**{key: raw}) == []


def test_a_file_with_a_malformed_digest_is_named() -> None:
    signed = {"statement": "true", "post": "总经理", "date": "2026-11-21"}
    file = {"name": "a", "sha256": "A" * 64, "size": 1}
    assert items(A9=signed | {"file": file}) == ["A9.file"]


def test_a_credit_code_is_asked_of_organisations_only() -> None:
    person = {"kind": "individual", "city": "shenzhen", "district": "南山区"}
    assert items(A2=None) == ["A2"]
    assert items(A2=None, A3=person) == []


def test_service_dates_are_asked_once_there_is_service() -> None:
    assert items(B9=None) == ["B9"]
    assert items(B8="suspended", B9=None) == ["B9"]
    assert items(B8="in_development", B9=None) == []


def test_how_the_version_was_chosen_is_asked_of_trained_models() -> None:
    assert items(E7=None) == ["E7"]
    assert items(E1="tuned", E7=None, **papers.OTHERS_MODEL) == ["E7"]
    assert items(E1="no_learning", E7=None) == []


def test_each_data_set_is_asked_everything() -> None:
    assert items(**{"C1#2": {"name": "验证数据", "version": "1"}}) == [
        f"C{number}#2" for number in (2, 3, 4, 5, 6, 7, 9, 11, 12, 13, 14)
    ]


def test_a_skipped_question_is_open_and_never_a_no() -> None:
    skipped = {name: answer for name, answer in papers.HIGH.items() if name != "scope_area"}
    assert items(G1=skipped) == ["G1.scope_area"]


def test_the_questionnaire_may_not_contradict_the_filing() -> None:
    assert items(B14="informs") == ["G1.scene_effect"]
    assert items(B6="other") == ["G1.scene_public"]


@pytest.mark.parametrize(
    ("changed", "item"),
    [
        ({"reason": ""}, "D7.sealed.reason"),
        ({"ground": "because"}, "D7.sealed.ground"),
        ({"review": "2026-11-21"}, "D7.sealed.review"),
        ({"review": "2029-01-01"}, "D7.sealed.review"),
        ({"review": "soon"}, "D7.sealed.review"),
    ],
)
def test_withholding_needs_reason_ground_and_review_date(
    changed: dict[str, str], item: str
) -> None:
    assert items(D7={"value": [ROW], "sealed": SEAL | changed}) == [item]


def test_a_public_field_cannot_be_withheld() -> None:
    assert items(B1={"value": "名称", "sealed": SEAL}) == ["B1.sealed"]


def test_every_reason_says_what_to_do_in_both_languages() -> None:
    for reason in checks.check_all(told({}), today=TODAY):
        assert reason.said.zh
        assert reason.said.en
        assert reason.remedy.zh
        assert reason.remedy.en


@pytest.mark.parametrize("state", ["pilot", "in_service", "suspended", "ended", "in_development"])
def test_no_service_is_in_a_state_that_it_has_only_once_it_started(state: str) -> None:
    """B8 said 服务中 with a start in 2027; what is planned is in development."""
    found = checks.check(told(stored(B8=state, B9={"start": "2026-11-22"})), "B9", today=TODAY)
    assert [each.item for each in found] == ([] if state == "in_development" else ["B9.start"])
    assert not checks.check(told(stored(B8=state, B9={"start": "2026-11-21"})), "B9", today=TODAY)


def test_an_option_of_an_earlier_schema_is_found() -> None:
    held = stored() | {"A4": {"value": "owner"}, "B4": {"value": ["other", "magic"]}}
    assert [each.item for each in checks.check_all(told(held), today=TODAY)] == ["A4", "B4"]
