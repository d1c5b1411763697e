"""`mingsuan explain VERSION --init FILE`: writes a plan where nothing lies, and no other."""

import tomllib
from pathlib import Path
from typing import Any, Self

import pytest

from portal import cli
from portal.commands import client


class Asked:
    """A registry that knows one version with one input."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        return None

    def get(self, path: str) -> Any:
        """What is on record of the version."""
        assert path == "/versions/v"
        return {"inputs": [{"name": "age", "type": "double"}]}


def ended(plan: Path) -> Any:
    """With which code the command ends."""
    with pytest.raises(SystemExit) as exits:
        cli.main(("explain", "v", "--init", str(plan)))
    return exits.value.code or 0


def test_a_new_file_is_written_and_none_is_overwritten(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """N12/F29: the option took files alone that are there, and then wrote over none."""
    monkeypatch.setattr(client.Client, "of", lambda _: Asked())
    plan = tmp_path / "plan.toml"
    assert ended(plan) == 0
    assert "age" in str(tomllib.loads(plan.read_text()))
    before = plan.read_bytes()
    assert ended(plan) != 0
    assert plan.read_bytes() == before
    assert "不会覆盖" in capsys.readouterr().err
