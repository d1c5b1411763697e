"""A later version of the schema beside the newest, made in a test: one that no release has."""

import shutil
from pathlib import Path

import pytest

from filing import forms

BEFORE = forms.versions()[-1]
"""The newest version that the product has."""
AFTER = str(int(BEFORE) + 1)
"""The version that a test declares beside it."""
VERSION = f"""
[[versions]]
version = "{AFTER}"
date = "2027-01-01"
zh = "再一版。"
en = "Another version."
"""
PLAIN = f"""
[[fields]]
code = "E14"
since = "{AFTER}"
kind = "plain"
limit = 40
name = {{ zh = "能耗", en = "Energy" }}
ask = {{ zh = "写估计的能耗。", en = "Give an estimate of the energy used." }}
legal = []
"""
SPLIT = f"""
[[fields]]
code = "D1"
since = "{AFTER}"
kind = "parts"
name = {{ zh = "基本原理", en = "Basic principle" }}
ask = {{ zh = "分两部分写。", en = "Write it in two parts." }}
legal = []
[[fields.parts]]
id = "idea"
kind = "text"
was = "D1"
limit = 800
name = {{ zh = "思路", en = "Idea" }}
[[fields.parts]]
id = "steps"
kind = "text"
limit = 200
name = {{ zh = "步骤", en = "Steps" }}
"""


def second(
    folder: Path, monkeypatch: pytest.MonkeyPatch, *, plain: str = PLAIN, split: str = SPLIT
) -> None:
    """Declare a version after the newest: E14 is added, D1 is split into parts, E7 is dropped.

    Args:
        folder: an empty place for the rows.
        monkeypatch: which points the product at them.
        plain: the row that is added to the group on training.
        split: the row that stands in D1's place; empty to leave D1 alone.
    """
    made = folder / "schema"
    shutil.copytree(forms.FOLDER, made)
    add(made / "schema.toml", VERSION)
    add(made / "training.toml", plain)
    ended(made / "training.toml", "E7")
    if split:
        ended(made / "design.toml", "D1")
        add(made / "design.toml", split)
    monkeypatch.setattr(forms, "FOLDER", made)


def add(file: Path, rows: str) -> None:
    """Put rows at the end of a file."""
    file.write_text(file.read_text() + rows)


def ended(file: Path, code: str) -> None:
    """Let a field stand in the newest version of the product for the last time."""
    line = f'code = "{code}"\n'
    assert line in file.read_text()
    file.write_text(file.read_text().replace(line, f'{line}last = "{BEFORE}"\n'))
