"""A package that is missing is named with the extra that brings it and the command that adds it."""

import tomllib
from pathlib import Path

import pytest

from registry import extras

ROOT = Path(__file__).parents[2]


def test_what_is_installed_is_no_matter() -> None:
    extras.require("flask", "xgboost")


def test_what_is_missing_is_named_with_its_command(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None if name == "flask" else 1)
    with pytest.raises(extras.PackageMissing) as refused:
        extras.require("xgboost", "flask")
    assert 'run make setup (in the sources) or pip install "mingsuan[server]"' in str(
        refused.value
    )
    assert "附加项 server" in str(refused.value)


def test_a_package_of_nobodys_extra_has_another_way_out() -> None:
    assert "ONNX" in extras.missing("their_own").remedy.zh
    assert "ONNX" in extras.missing("their_own").remedy.en


def test_every_extra_and_verb_that_is_named_exists() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    verbs = (ROOT / "Makefile").read_text(encoding="utf-8")

    assert set(extras.EXTRAS.values()) <= set(project["optional-dependencies"])
    for extra, verb in extras.VERBS.items():
        assert extra in project["optional-dependencies"]
        assert f"\n{verb.removeprefix('make ')}: " in verbs
