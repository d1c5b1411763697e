"""Hard words and empty questions stop the confirmation of a text, unless a reason is on record."""

from typing import Any

import pytest

from registry import approval
from registry.approval import (
    Contradicted,
    NoSuchContradiction,
    NotPlain,
    QuestionEmpty,
    ReasonUnfit,
)
from registry.language import Text
from registry.lengths import TextTooLong

SAID = {"zh": "“阈值”不好懂。", "en": "“threshold” is a word of the trade."}
REASON = Text("合同里就是这样写的，换了别的词申请人反而找不到。", "The contract calls it so.")


def content(*quoted: tuple[str, str, str], empty: int | None = None) -> dict[str, Any]:
    """A text of six answered questions, with marks of (language, severity, words)."""
    questions = [
        {
            "title": {"zh": f"问题{number}", "en": f"question {number}"},
            "lead": [] if number == empty else [{"zh": "甲", "en": "A"}],
            "detail": [],
        }
        for number in range(6)
    ]
    marks: dict[str, Any] = {"zh": {"remarks": []}, "en": {"remarks": []}}
    for language, severity, words in quoted:
        marks[language]["remarks"].append({"severity": severity, "quoted": words, "said": SAID})
    return {"questions": questions, "readability": marks}


def test_a_plain_text_needs_no_reason_and_keeps_none() -> None:
    told = content(("zh", "warn", "进行"))
    assert approval.overruled(told, Text("", "")) is None
    assert approval.overruled(told, REASON) is None


def test_hard_words_are_named_once_each_with_both_ways_out() -> None:
    told = content(("zh", "block", "阈值"), ("zh", "block", "阈值"), ("en", "block", "Threshold"))
    with pytest.raises(NotPlain) as refused:
        approval.overruled(told, Text(" ", ""))
    assert [each.item for each in refused.value.reasons] == ["阈值", "Threshold"]
    assert all("保留" in each.remedy.zh for each in refused.value.reasons if each.remedy)


def test_a_reason_keeps_them_and_stands_beside_the_text() -> None:
    told = content(("zh", "block", "阈值"), ("en", "block", "Threshold"))
    assert approval.overruled(told, REASON) == {
        "reason": REASON.as_json(),
        "words": [
            {"language": "zh", "quoted": "阈值"},
            {"language": "en", "quoted": "Threshold"},
        ],
    }


@pytest.mark.parametrize(
    "given",
    [
        *("因为", "啊" * 200, "。" * 40, "asdf jkl qwer uiop", "The rule of the house says so."),
        *("这是一个理由" * 3, "没有理由，就是这样。" * 2),
    ],
)
def test_what_is_no_sentence_is_no_reason(given: str) -> None:
    with pytest.raises(ReasonUnfit):
        approval.overruled(content(("zh", "block", "阈值")), Text(given, ""))


def test_a_reason_too_long_is_refused_and_never_cut() -> None:
    with pytest.raises(TextTooLong):
        approval.overruled(content(("zh", "block", "阈值")), Text(REASON.zh * 20, ""))


def test_a_question_without_an_answer_is_named() -> None:
    with pytest.raises(QuestionEmpty) as refused:
        approval.overruled(content(empty=4), REASON)
    assert [each.item for each in refused.value.reasons] == ["问题4"]


def test_a_question_that_only_the_filer_can_answer_is_empty_without_its_words() -> None:
    """public, 5: a text was confirmed in which questions said “not stated”."""
    told = content()
    told["questions"][1]["id"], told["missing"] = "who", ["who"]
    with pytest.raises(QuestionEmpty) as refused:
        approval.overruled(told, REASON)
    assert [each.item for each in refused.value.reasons] == ["问题1"]


@pytest.mark.parametrize(
    ("zh", "en"), [("——", "-"), ("暂无", "n/a"), ("某银行。", "."), ("无", "A bank."), ("……", "…")]
)
def test_a_filler_is_no_answer(zh: str, en: str) -> None:
    """X12e/A1: “decided: —” and “who: 无” were confirmed."""
    told = content()
    said = {"kind": "declared", "zh": zh, "en": en}
    told["questions"][1]["lead"] = [said]
    told["questions"][2]["detail"] = [{"sentences": [said]}]
    with pytest.raises(QuestionEmpty) as refused:
        approval.overruled(told, REASON)
    assert [each.item for each in refused.value.reasons] == ["问题1", "问题2"]
    assert not approval.empty_questions(content())


def differing(*ids: str) -> dict[str, Any]:
    """A text whose plan declares these otherwise than they were measured."""
    said = {"zh": "写的是甲，测到的是乙。", "en": "Declared A, measured B."}
    return content() | {"contradictions": [{"id": each, "said": said} for each in ids]}


def test_what_is_declared_otherwise_than_measured_stops_the_text_until_each_has_a_reason() -> None:
    told = differing("direction:columns.age", "matters:columns.job")
    for given in (
        {},
        {"direction:columns.age": REASON},
        {"matters:columns.job": Text("", "only")},
    ):
        with pytest.raises(Contradicted) as refused:
            approval.overruled(told, REASON, given)
        names = [each.item for each in refused.value.reasons]
        assert "matters:columns.job" in names
        assert all("测到的是乙" in each.said.zh for each in refused.value.reasons)
    other = Text("那一条是制度的规定，模型还没有改好。", "")
    kept = approval.overruled(
        told, Text("", ""), {"direction:columns.age": REASON, "matters:columns.job": other}
    )
    assert kept is not None
    assert [each["reason"]["zh"] for each in kept["contradictions"]] == [REASON.zh, other.zh]
    assert set(kept) == {"contradictions"}


def test_a_reason_for_a_contradiction_that_is_not_there_is_refused_by_name() -> None:
    with pytest.raises(NoSuchContradiction) as refused:
        approval.overruled(differing(), REASON, {"direction:columns.age": REASON})
    assert [each.item for each in refused.value.reasons] == ["direction:columns.age"]


def test_a_reason_for_a_contradiction_is_a_sentence_that_fits() -> None:
    told = differing("direction:columns.age")
    with pytest.raises(ReasonUnfit) as unfit:
        approval.overruled(told, REASON, {"direction:columns.age": Text("因为", "")})
    assert unfit.value.reasons[0].item == "direction:columns.age"
    assert "不一样" in unfit.value.reasons[0].remedy.zh, "the remedy was that of hard words"
    assert "differ" in unfit.value.reasons[0].remedy.en
    with pytest.raises(TextTooLong):
        approval.overruled(told, REASON, {"direction:columns.age": Text(REASON.zh * 20, "")})
