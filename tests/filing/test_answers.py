from typing import Any

import pytest

from filing import answers
from filing.answers import WrongAnswer
from filing.fields import FieldNotFound
from filing.forms import current


@pytest.mark.parametrize(
    ("key", "raw", "value"),
    [
        ("B1", "名称", {"zh": "名称"}),
        ("B1", {"zh": " 名称 ", "en": ""}, {"zh": "名称"}),
        ("B1", {"en": "Name"}, {"en": "Name"}),
        ("A2", " 91350100M000100Y43\n", "91350100M000100Y43"),
        ("B8", "pilot", "pilot"),
        ("B4", ["ranking", "push", "push"], ["push", "ranking"]),
        ("B4", "push", ["push"]),
        ("B9", {"start": "2026-12-01", "end": ""}, {"start": "2026-12-01"}),
        ("I2", {"steps": "写信", "days": "15"}, {"steps": {"zh": "写信"}, "days": 15}),
        ("I2", {"days": "soon"}, {"days": "soon"}),
        ("D5", [{"factor": "收入"}, {}, {"factor": ""}], [{"factor": {"zh": "收入"}}]),
        ("G1", {"scope_area": "city"}, {"scope_area": {"answer": "city"}}),
        (
            "G1",
            {"scope_area": {"not_applicable": "没有范围"}},
            {"scope_area": {"not_applicable": {"zh": "没有范围"}}},
        ),
        (
            "D10",
            {"differs": "yes", "grounds": [{"by": "新用户", "reason": "new_user"}]},
            {"differs": "yes", "grounds": [{"by": {"zh": "新用户"}, "reason": "new_user"}]},
        ),
        (
            "A9",
            {"file": {"name": "a.pdf", "sha256": "0" * 64, "size": 3}},
            {"file": {"name": "a.pdf", "sha256": "0" * 64, "size": 3}},
        ),
    ],
)
def test_every_kind_of_value_has_one_stored_form(key: str, raw: Any, value: Any) -> None:
    assert answers.store(current(), key, raw) == {"value": value}
    assert answers.store(current(), key, {"value": raw}) == {"value": value}


@pytest.mark.parametrize("raw", [None, "", [], {}, {"value": None}, {"zh": "", "en": " "}])
def test_a_blank_is_no_answer(raw: Any) -> None:
    assert answers.store(current(), "B1", raw) is None


@pytest.mark.parametrize(
    ("key", "raw"),
    [
        ("B1", 3),
        ("B1", {"fr": "nom"}),
        ("B1", "字" * 20_001),
        ("B8", ["pilot"]),
        ("B4", [1]),
        ("B7", {"aim": "x"}),
        ("B7", "x"),
        ("D5", {"factor": "x"}),
        ("D5", ["x"]),
        ("D5", [{"factor": "x"}] * 201),
        ("I2", {"days": 1.5}),
        ("I2", {"days": True}),
        ("G1", {"unknown": "x"}),
        ("G1", ["x"]),
        ("G1", {"scope_area": 1}),
        ("A9", {"file": "a.pdf"}),
        ("A9", {"file": {"name": "a", "sha256": "0", "size": "3"}}),
        ("B3", "1"),
        ("D7", {"value": [{"rule": "x"}], "sealed": "yes"}),
    ],
)
def test_a_value_of_another_shape_is_refused(key: str, raw: Any) -> None:
    with pytest.raises(WrongAnswer):
        answers.store(current(), key, raw)


def test_an_unknown_field_is_refused() -> None:
    with pytest.raises(FieldNotFound):
        answers.store(current(), "Z1", "x")


def test_not_applicable_is_kept_with_its_reason_only() -> None:
    assert answers.store(current(), "D6", {"not_applicable": "没有排除"}) == {
        "not_applicable": {"zh": "没有排除"}
    }


def test_the_salt_of_a_withheld_answer_changes_only_with_its_value() -> None:
    seal = {"reason": "商业秘密", "ground": "trade_secret", "review": "2027-01-01"}
    first = answers.store(current(), "D7", {"value": [{"rule": "一"}], "sealed": seal})
    again = answers.store(current(), "D7", {"value": [{"rule": "一"}], "sealed": seal})
    other = answers.store(current(), "D7", {"value": [{"rule": "二"}], "sealed": seal})
    assert first is not None
    assert again is not None
    assert other is not None
    salt = first["sealed"]["salt"]

    assert len(salt) == 32
    assert answers.kept(first, again)["sealed"]["salt"] == salt
    assert answers.kept(first, other)["sealed"]["salt"] != salt
    assert answers.kept(None, again) == again


def test_dropping_a_data_set_moves_the_later_ones_up() -> None:
    given = {key: {"value": key} for key in ("B1", "C1#1", "C1#2", "C1#3", "C2#3")}

    kept = answers.drop_set(current(), current().group("C"), 2, given)

    assert kept == {
        "B1": {"value": "B1"},
        "C1#1": {"value": "C1#1"},
        "C1#2": {"value": "C1#3"},
        "C2#2": {"value": "C2#3"},
    }


@pytest.mark.parametrize(
    ("key", "raw", "item", "named"),
    [
        ("B6", "neither", "B6", "public_interest"),
        ("B4", ["push", "magic"], "B4", "synthesis"),
        ("G1", {"scene_public": "neither"}, "G1.scene_public", "commerce"),
        ("A3", {"kind": "club"}, "A3.kind", "company"),
        ("D5", [{"factor": "收入", "influence": "huge"}], "D5.1.influence", "strong"),
    ],
)
def test_an_unknown_option_is_refused_with_field_and_options(
    key: str, raw: Any, item: str, named: str
) -> None:
    with pytest.raises(WrongAnswer) as refused:
        answers.store(current(), key, raw)
    (reason,) = refused.value.reasons
    assert reason.item == item
    assert named in reason.remedy.zh
    assert named in reason.remedy.en


NAMES = [
    (field.code, part.id)
    for group in current().groups
    for field in group.fields
    for part in (field.value, *field.value.parts)
    if part.format == "name"
]


def test_the_names_of_a_filing_are_known() -> None:
    """So that the test of names below asks about some."""
    assert {("B1", ""), ("C1", "name")} <= set(NAMES)


@pytest.mark.parametrize(("code", "part"), NAMES)
@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize(
    ("name", "sign"),
    [
        ("\u0415\u0445\u0430mple", "U+0415"),
        ("给\ufe0f房", "U+FE0F"),
        ("a" + "\u0301" * 60, "U+0301"),
        ("Ｂank", "U+FF22"),
        ("两\n行", "U+000A"),
    ],
)
def test_a_name_that_is_read_as_another_is_not_even_kept(
    code: str, part: str, language: str, name: str, sign: str
) -> None:
    """Breaker on issue 7, G1: each name of a filing, in each language, in a draft too."""
    called = {"zh": "名称", language: name}
    key = f"{code}#1" if code[0] == "C" else code
    with pytest.raises(WrongAnswer) as refused:
        answers.store(current(), key, {part: called} if part else called)
    reason = refused.value.reasons[0]
    assert reason.item.endswith(f"{part}.{language}" if part else f"{code}.{language}")
    assert sign in reason.said.zh
    assert sign in reason.said.en
    assert reason.remedy.zh
    assert reason.remedy.en


def test_a_text_that_no_draft_keeps_is_told_to_be_too_long() -> None:
    """filing/A18: of 30,000 characters it was said that they have not the form of the field."""
    with pytest.raises(WrongAnswer) as refused:
        answers.store(current(), "B2", {"zh": "长" * 30_000})
    (reason,) = refused.value.reasons
    assert reason.item == "B2.zh"
    assert "30,000" in reason.said.zh
    assert "20,000" in reason.said.en
