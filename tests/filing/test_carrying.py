"""Answers taken from one version of the schema to the next."""

from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from filing import answers, carrying, forms
from filing.fields import Answers
from tests.filing import papers, schemas

TODAY = date(2026, 11, 30)
TEXT = {"zh": "写得清楚的内容", "en": "plain content"}


@pytest.fixture
def told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Answers:
    """A whole dossier under the newest version, with another declared after it."""
    schemas.second(tmp_path, monkeypatch)
    form = forms.schema(schemas.BEFORE)
    given = papers.ON_RECORD | papers.answers(**{"C1#2": {"name": TEXT, "version": "2"}})
    made = {key: answers.store(form, key, raw) for key, raw in given.items()}
    return Answers(form, {key: each for key, each in made.items() if each is not None})


def test_what_stands_in_both_versions_goes_along_and_what_was_split_goes_to_its_part(
    told: Answers,
) -> None:
    after = carrying.forward(told, forms.current())

    assert after["D1"] == {"value": {"idea": TEXT}}
    kept = {key: each for key, each in told.rows.items() if key not in {"D1", "E7"}}
    assert {key: each for key, each in after.items() if key != "D1"} == kept


def test_the_preview_says_what_is_added_changed_removed_and_asked_anew(told: Answers) -> None:
    found = carrying.preview(told, forms.current(), today=TODAY)

    assert [each.zh for each in found.changes] == [
        "新增“能耗”，必填。",
        "“基本原理”分成几部分：思路、步骤。",
        "不再有“训练停止与选择标准”。",
    ]
    assert [each.en for each in found.changes] == [
        "“Energy” is new and required.",
        "“Basic principle” is split into parts: Idea, Steps.",
        "“How this version was chosen” is no longer asked.",
    ]
    assert [each.zh for each in found.left_behind] == [
        "“训练停止与选择标准”写的是“写得清楚的内容”：其中有内容放不进新版，要重新填写，或者不再保留。"
    ]
    assert [each.item for each in found.asked] == ["D1.steps", "E14"]


def test_the_first_form_is_carried_to_the_second_with_its_way_to_object() -> None:
    """Link, steps and days stay in I2; what H9 promised twice is told of; the telephone is asked."""
    first, second = forms.schema("1"), forms.schema("2")
    appeal = {"link": "https://bank.example/appeal", "steps": TEXT, "days": 15}
    given = {"I2": {"value": appeal}, "H9": {"value": {"how": TEXT, "days": 30}}}
    after = carrying.forward(Answers(first, given), second)
    assert after == {"I2": {"value": appeal}, "H9": {"value": {"how": TEXT}}}

    found = carrying.preview(Answers(first, given), second, today=TODAY)
    assert "“申诉入口与时限”增加：电话、地址、提出申诉的期限（收到结果后几天内）。" in [
        each.zh for each in found.changes
    ]
    assert "“您可以怎样申诉”去掉：几天内答复。" in [each.zh for each in found.changes]
    assert ["您可以怎样申诉" in each.zh for each in found.left_behind] == [True]
    assert [each.item for each in found.asked] == ["I2.phone"]


def test_under_the_same_version_nothing_changes(told: Answers) -> None:
    found = carrying.preview(told, told.form, today=TODAY)
    assert carrying.forward(told, told.form) == told.rows
    assert (found.changes, found.left_behind, found.asked) == ([], [], [])


def test_what_was_withheld_stays_withheld(told: Answers) -> None:
    seal = {
        "reason": {"zh": "商业秘密"},
        "ground": "trade_secret",
        "review": "2027-06-01",
        "salt": "s",
    }
    sealed = {"D1": {"value": TEXT, "sealed": seal}}
    after = carrying.forward(Answers(told.form, {**told.rows, **sealed}), forms.current())
    assert after["D1"]["sealed"] == seal


def test_what_the_public_did_not_see_never_goes_where_it_would(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The name of the person responsible is restricted; a public field may not take it over."""
    since = f'since = "{schemas.AFTER}"\n'
    taking = schemas.PLAIN.replace(since, f'{since}was = "A6.person"\n')
    schemas.second(tmp_path, monkeypatch, plain=taking)
    first = forms.schema(schemas.BEFORE)
    person = {"A6": {"value": {"post": TEXT, "person": "王小明"}}}

    assert "E14" not in carrying.forward(Answers(first, person), forms.current())


def test_the_same_field_taken_over_where_it_is_restricted_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    since = f'since = "{schemas.AFTER}"\n'
    taking = schemas.PLAIN.replace(since, f'{since}was = "A6.person"\nshow = "restricted"\n')
    schemas.second(tmp_path, monkeypatch, plain=taking)
    person = {"A6": {"value": {"post": TEXT, "person": "王小明"}}}
    after = carrying.forward(Answers(forms.schema(schemas.BEFORE), person), forms.current())

    assert after["E14"] == {"value": "王小明"}


def test_a_chosen_option_that_is_no_more_is_asked_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    schemas.second(tmp_path, monkeypatch)
    file = forms.FOLDER / "training.toml"
    file.write_text(
        file.read_text().replace('{ id = "calls",', f'{{ last = "{schemas.BEFORE}", id = "calls",')
    )
    forms._toml.cache_clear()
    forms._schema.cache_clear()
    told = Answers(forms.schema(schemas.BEFORE), {"E1": {"value": "calls"}})
    found = carrying.preview(told, forms.current(), today=TODAY)

    assert carrying.forward(told, forms.current()) == {}
    assert "E1" in {each.item for each in found.asked}
    assert any("是否训练" in each.zh for each in found.left_behind)


def values(form: Any) -> st.SearchStrategy[dict[str, Any]]:
    """Some of a dossier's answers, well-formed."""
    whole = papers.answers(**{"C1#2": {"name": TEXT, "version": "2"}})
    return st.sets(st.sampled_from(sorted(whole))).map(
        lambda keys: {key: answers.store(form, key, whole[key]) for key in keys}
    )


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_whatever_was_answered_is_carried_told_of_or_both(
    told: Answers, data: st.DataObject
) -> None:
    """Nothing disappears in silence, and a carried answer has the shape of its new field."""
    given = Answers(told.form, data.draw(values(told.form)))
    to = forms.current()
    after = carrying.forward(given, to)
    left = " ".join(each.zh for each in carrying.preview(given, to, today=TODAY).left_behind)

    for key in given.rows:
        assert key in after or forms.called(key, told.form).zh in left
    for key, stored in after.items():
        assert answers.store(to, key, stored) == stored
