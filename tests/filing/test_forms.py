"""The declared schema, version by version."""

from pathlib import Path

import pytest

from filing import applicability, carrying, checks, forms, json_schema
from filing.fields import Answers, Kind, Schema
from filing.forms import SchemaNotFound
from filing.meanings import BEGUN, ENDED, Meaning
from registry.language import Text
from tests.filing import papers, schemas


@pytest.mark.parametrize("version", forms.versions())
def test_each_meaning_stands_in_one_place_of_every_version(version: str) -> None:
    form = forms.schema(version)
    meant = [
        part.means
        for field in form
        for part in (field.value, *field.value.parts)
        if part.means is not None
    ]
    order = forms.versions()
    asked = [
        meaning
        for meaning in Meaning
        if order.index(BEGUN.get(meaning, order[0]))
        <= order.index(version)
        <= order.index(ENDED.get(meaning, order[-1]))
    ]
    assert sorted(meant) == sorted(asked)


@pytest.mark.parametrize("version", forms.versions())
def test_a_field_stands_once_in_a_version(version: str) -> None:
    codes = [field.code for field in forms.schema(version)]
    assert len(codes) == len(set(codes))


def test_an_unknown_version_is_refused_by_its_name() -> None:
    with pytest.raises(SchemaNotFound, match="9"):
        forms.schema("9")


def codes(form: Schema) -> list[str]:
    return [field.code for field in form]


def test_a_second_version_leaves_the_first_as_it_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = forms.current()
    schemas.second(tmp_path, monkeypatch)

    assert forms.versions()[-2:] == (schemas.BEFORE, schemas.AFTER)
    assert forms.schema(schemas.BEFORE) == before
    assert set(codes(forms.current())) == {*codes(before), "E14"} - {"E7"}
    assert forms.current().field("D1").kind is Kind.PARTS


def test_a_new_plain_field_is_one_row_in_one_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Form, shape, limit, completeness and words follow from the row; nothing else names it."""
    schemas.second(tmp_path, monkeypatch, split="")
    form = forms.current()

    assert form.field("E14").name == Text("能耗", "Energy")
    assert "E14" in applicability.missing(Answers(form, {"E1": {"value": "trained"}}))
    long = {"E14": {"value": "长" * 41}}
    assert [each.item for each in checks.check(Answers(form, long), "E14", today=papers.at(2027, 1, 1).date())] == ["E14"]  # fmt: skip


def test_a_name_is_found_though_its_field_is_no_more(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = forms.current().field("E7").name
    schemas.second(tmp_path, monkeypatch)
    assert forms.called("E7", forms.current()) == name
    assert forms.called("Z9", forms.current()) == Text("Z9", "Z9")


def test_a_new_part_is_one_row_in_one_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Asked, checked, told to programs and in the log: all follow from the row."""
    schemas.second(tmp_path, monkeypatch, split="")
    part = (
        f'\n[[fields.parts]]\nid = "hours"\nsince = "{schemas.AFTER}"\nkind = "plain"\nlimit = 40\n'
        'name = { zh = "接听时间", en = "Hours" }\n'
    )
    contact = forms.FOLDER / "contact.toml"
    before, after = contact.read_text().split('[[fields]]\ncode = "I3"')
    contact.write_text(f'{before}{part}\n[[fields]]\ncode = "I3"{after}')
    form, given = forms.current(), papers.answers()
    told = Answers(form, {"I2": {"value": given["I2"]}})
    today = papers.at(2027, 1, 1).date()

    assert [each.item for each in checks.check(told, "I2", today=today)] == ["I2.hours"]
    assert "接听时间 · Hours" in str(json_schema.of(form, form.field("I2")))
    changed = carrying.changes(forms.schema(schemas.BEFORE), form)
    assert any("接听时间" in each.zh for each in changed)
