"""What group H says in words that are hard to understand is put plainly, or kept with a reason that everyone reads."""

import tomllib
from pathlib import Path
from typing import Any

import pytest

import portal.demo
from filing import editions, plainness
from filing.dossier import Filing
from filing.fields import Answers
from filing.forms import current
from filing.lifecycle import Status
from filing.review import NotReady
from registry.approval import NoSuchContradiction, ReasonUnfit
from registry.language import Text
from tests.filing.papers import Scene

STORIES = Path(str(portal.demo.__file__)).parent / "stories"
REASON = Text("这个词是客户合同里的原文，旁边另有解释。", "The contract uses this very word.")
HARD = {"zh": "模型的特征有八项。", "en": "The model reads eight features."}
ID = "words:H4"


def told(**values: Any) -> Answers:
    return Answers(current(), {code: {"value": value} for code, value in values.items()})


def hard(**values: Any) -> list[tuple[str, list[str]]]:
    return [
        (each.place, [quoted for _, quoted in each.words])
        for each in plainness.hard(told(**values))
    ]


def test_hard_words_of_group_h_are_named_by_field_in_both_languages() -> None:
    assert hard(H4=HARD, H1={"zh": "它判断能不能批。"}) == [("H4", ["特征", "features"])]


def test_every_text_of_an_answer_is_read_whatever_holds_it() -> None:
    rows = [
        {"what": {"zh": "收入高"}, "effect": "better"},
        {"what": {"zh": "阈值高"}, "effect": "worse"},
    ]
    assert hard(H5=rows, H8={"how": {"zh": "关闭画像。"}}) == [("H5", ["阈值"]), ("H8", ["画像"])]


def test_a_sentence_of_over_eighty_characters_counts_as_hard_words() -> None:
    ((place, words),) = hard(H2={"zh": "我们用它帮人办事，" * 12 + "这样快。"})
    assert (place, len(words)) == ("H2", 1)


def test_other_groups_may_speak_of_the_trade_and_officialese_stops_nothing() -> None:
    assert hard(D1=HARD, H6={"zh": "审核员据此复核。"}) == []


def test_hard_words_are_told_by_the_language_in_which_they_stand() -> None:
    (each,) = plainness.hard(told(H4=HARD))
    assert each.said.zh.endswith("里有的话不好懂：“特征”；英文里“features”。")
    assert each.said.en.endswith(": “features”; in its Chinese text “特征”.")


def hard_filing(scene: Scene) -> Filing:
    return scene.file(scene.evaluated(H4=HARD), "check")


def test_a_filing_with_hard_words_is_submitted_with_a_reason_which_the_edition_carries(
    scene: Scene,
) -> None:
    filing = hard_filing(scene)
    with pytest.raises(NotReady) as refused:
        scene.file(filing, "submit")
    (reason,) = refused.value.reasons
    assert reason.item == ID
    assert "“特征”" in reason.said.zh
    assert "“features”" in reason.said.en
    with pytest.raises(ReasonUnfit):
        scene.file(filing, "submit", differing={ID: Text("因为", "")})
    with pytest.raises(NoSuchContradiction):
        scene.file(filing, "submit", differing={ID: REASON, "words:H1": REASON})
    assert filing.status == Status.SELF_CHECKED
    scene.file(filing, "submit", differing={ID: REASON})
    scene.rule(filing, "accept", "file", "publish")
    edition = editions.newest(scene.session, filing.id)
    assert edition is not None
    (kept,) = edition.read()["hard_words"]
    assert (kept["id"], kept["reason"]) == (ID, REASON.as_json())
    assert kept["words"] == [
        {"language": "zh", "quoted": "特征"},
        {"language": "en", "quoted": "features"},
    ]
    assert edition.read()["contradictions"] == []


def test_what_the_public_may_read_more_plainly_is_remarked_on_text_by_text() -> None:
    answers = {"D1": {"value": {"zh": "据此用回归推算。"}}, "H4": {"value": HARD}}
    found = plainness.remarks(current(), answers)
    assert [(each.path, each.language) for each in found["D1"]] == [("D1", "zh")]
    assert {each.quoted for each in found["D1"][0].remarks} >= {"据此", "回归"}
    assert [each.language for each in found["H4"]] == ["zh", "en"]


@pytest.mark.parametrize("story", ["credit", "pricing"])
def test_the_demo_speaks_as_plainly_as_the_form_asks(story: str) -> None:
    said = tomllib.loads((STORIES / f"{story}.toml").read_text(encoding="utf-8"))["answers"]
    assert hard(**{code: value for code, value in said.items() if code.startswith("H")}) == []
