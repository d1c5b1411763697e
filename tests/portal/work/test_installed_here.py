"""F7: an operator's command says which installation it is about, and a listing makes none."""

from pathlib import Path

import pytest

from portal import cli
from portal.work import doctor
from registry import organisations
from registry.settings import Settings, settings

OTHER = "https://registry.example"


def ended(*words: str) -> int:
    with pytest.raises(SystemExit) as stopped:
        cli.main(words)
    return int(stopped.value.code or 0)


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder, in which the command line is called."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("MINGSUAN_DATA", raising=False)
    monkeypatch.delenv("MINGSUAN_SERVER", raising=False)
    settings.cache_clear()
    return tmp_path


COMMANDS = (
    ("list",),
    ("invite", "x", "a@b.example", "filer"),
    ("correct", "x", "--district", "黄浦区"),
)


@pytest.mark.parametrize("words", COMMANDS, ids=lambda words: words[0])
def test_nothing_is_made_in_an_empty_folder(
    here: Path, words: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    assert ended("users", *words) == 1
    told = capsys.readouterr().err
    assert f"{here / '.data'} 里还没有登记系统" in told
    assert f"no installation in {here / '.data'}" in told
    assert list(here.iterdir()) == []


@pytest.mark.parametrize(
    "words",
    [
        *COMMANDS,
        ("organisation", "tester", "甲", "--name-en", "A"),
        ("reset-password", "a@b.example"),
    ],
    ids=lambda words: words[0],
)
def test_a_server_that_is_named_is_not_ignored(
    here: Path,
    words: tuple[str, ...],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """It is asked as somebody, and without a token nothing is done here in its stead."""
    monkeypatch.setenv("MINGSUAN_SERVER", OTHER)
    monkeypatch.delenv("MINGSUAN_TOKEN", raising=False)
    settings.cache_clear()
    assert ended("users", *words) == 1
    told = capsys.readouterr().err
    assert f"没有令牌。请在 {OTHER}" in told
    assert f"There is no token. Make one at {OTHER}" in told
    assert list(here.iterdir()) == []


def test_the_first_organisation_begins_an_installation_that_is_listed(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert ended("users", "organisation", "tester", "甲测试机构", "--name-en", "Tester A") == 0
    made = capsys.readouterr().out.strip()
    assert (here / ".data").is_dir()
    assert ended("users", "list") == 0
    listed = capsys.readouterr().out
    assert made in listed
    assert str(organisations.Kind.TESTER) in listed


def test_doctor_names_what_it_looked_at_and_a_missing_database(tmp_path: Path) -> None:
    checks = {
        each.name.en: each
        for each in doctor.examine(
            Settings(data=tmp_path / "data", sandbox_tier="none", server=OTHER)
        )
    }
    where, base = checks["installation examined"].said, checks["database"].said
    for said in (where.zh, where.en):
        assert str(tmp_path / "data") in said
        assert OTHER in said
    assert "还没有数据库" in base.zh
    assert "There is no database yet" in base.en
    assert "None" not in base.zh + base.en
