"""A version of the form as JSON, and the digests of those that are out."""

import json
from pathlib import Path

import pytest

from filing import described, forms
from filing.forms import current
from registry import attestation
from tests.filing import schemas
from tests.filing.test_applicability import altered

RELEASED: dict[str, str] = json.loads(Path(__file__).with_name("released_forms.json").read_text())
"""Version → digest. A version that is out is never edited: add a row with `since`, end one with `last`."""


@pytest.mark.parametrize("version", forms.versions())
def test_a_version_of_the_form_that_is_out_does_not_change(version: str) -> None:
    """Filings are kept under it. To ask something else, open a version; a new one is pinned here."""
    assert described.digest(forms.schema(version)) == RELEASED.get(version), (
        f"version {version} of the form asks otherwise than when it came out: open a new version "
        "(filing/schema/schema.toml) whose rows say `since`, and pin that one"
    )


def test_every_pinned_version_is_still_there() -> None:
    assert set(RELEASED) <= set(forms.versions())


@pytest.mark.parametrize(
    "row",
    [
        'when = { field = "B8", is = ["pilot"] }',
        "required = false",
        'show = "restricted"',
        "limit = 9",
    ],
)
def test_the_digest_moves_with_what_is_asked(
    row: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = described.digest(current())
    assert (
        described.digest(altered(tmp_path, monkeypatch, "algorithm.toml", {"B4": row})) != before
    )


def test_the_digest_does_not_move_with_an_instruction_or_with_a_later_version(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = described.digest(forms.schema("1"))
    schemas.second(tmp_path, monkeypatch)
    file = forms.FOLDER / "algorithm.toml"
    file.write_text(file.read_text().replace("写一个名称", "只写一个名称"))
    assert "只写一个名称" in forms.schema("1").field("B1").ask.zh
    assert described.digest(forms.schema("1")) == before


def test_the_form_as_json_says_where_a_part_is_asked() -> None:
    told = json.loads(attestation.canonical(described.form(current())))
    design = next(each for each in told["groups"] if each["topic"] == "design")
    prices = next(each for each in design["fields"] if each["code"] == "D10")
    differs, grounds = prices["value"]["parts"]
    assert (differs["when"], differs["required"]) == (None, True)
    assert grounds["when"] == {
        "holds": {"part": "differs", "is": ["yes"]},
        "zh": "“会不会因人而异”是“会”",
        "en": "“Can they differ” is “yes”",
    }
