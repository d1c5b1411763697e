"""Settings and values that are none: every one is named, in both languages, before any work."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from pydantic import BaseModel, Field, ValidationError

from portal import cli
from portal.web.problems import reason_of
from registry import database, wrong_values
from registry.settings import Settings, SettingsInvalid, settings


@pytest.fixture
def environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[pytest.MonkeyPatch]:
    """An installation of nobody, whose settings are read anew."""
    monkeypatch.setenv("MINGSUAN_DATA", str(tmp_path))
    settings.cache_clear()
    yield monkeypatch
    settings.cache_clear()


WRONG = {
    "MINGSUAN_PORT": ("eighty", "应是整数。"),
    "MINGSUAN_TRUSTED_PROXIES": (
        "10.0.0.0/8, proxy.example",
        "应是地址或网段，用逗号分隔，例如 10.0.0.0/8。",
    ),
    "MINGSUAN_WORKERS": ("-1", "不能小于 0。"),
    "MINGSUAN_LEASE": ("0", "应大于 0.0。"),
    "MINGSUAN_SANDBOX_TIER": ("Z", "可选：auto, A, B, none。"),
    "MINGSUAN_LOG_LEVEL": ("loud", "可选：DEBUG, INFO, WARNING, ERROR, CRITICAL。"),
    "MINGSUAN_SECURE_COOKIES": ("perhaps", "应是 true 或 false。"),
}


def test_every_wrong_setting_is_named_at_once(environment: pytest.MonkeyPatch) -> None:
    for name, (value, _said) in WRONG.items():
        environment.setenv(name, value)
    with pytest.raises(SettingsInvalid) as refused:
        settings()
    assert {each.item: each.said.zh for each in refused.value.reasons} == {
        name: said for name, (_value, said) in WRONG.items()
    }


@pytest.mark.parametrize("command", ["config", "doctor", "serve", "demo"])
def test_a_command_says_which_setting_is_wrong(
    environment: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], command: str
) -> None:
    environment.setenv("MINGSUAN_PORT", "99999")
    with pytest.raises(SystemExit) as ended:
        cli.main([command])
    said = capsys.readouterr().err
    assert ended.value.code == 1
    assert said.startswith("设置有误")
    assert "MINGSUAN_PORT：不能大于 65535。" in said
    assert "It must be at most 65535." in said


def test_a_secret_is_never_repeated(environment: pytest.MonkeyPatch) -> None:
    environment.setenv("MINGSUAN_PORT", "my-password")
    with pytest.raises(SettingsInvalid) as refused:
        settings()
    assert "my-password" not in str(refused.value.reasons)


@pytest.mark.parametrize("address", ["nonsense", "oracle://somewhere/x", "no_such_kind://x/y"])
def test_an_address_of_no_database_is_refused_with_its_remedy(
    environment: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], address: str
) -> None:
    with pytest.raises(database.NoDatabaseAddress):
        database.connect(address)
    environment.setenv("MINGSUAN_DATABASE", address)
    with pytest.raises(SystemExit) as ended:
        cli.main(["doctor", "--json"])
    error = json.loads(capsys.readouterr().err)
    assert ended.value.code == 1
    assert "MINGSUAN_DATABASE 不是可用的数据库地址" in error["zh"]


@pytest.mark.parametrize("words", ["demo --port 99999", "serve --port 0", "serve --workers -1"])
def test_a_port_or_number_of_workers_out_of_range_is_a_usage_error(
    capsys: pytest.CaptureFixture[str], words: str
) -> None:
    with pytest.raises(SystemExit) as ended:
        cli.main(words.split())
    assert ended.value.code == 2
    assert "不在范围" in capsys.readouterr().err


def test_a_narrow_terminal_cuts_nothing_off(
    environment: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    environment.setenv("COLUMNS", "60")
    environment.setenv("FORCE_COLOR", "1")
    with pytest.raises(SystemExit) as ended:
        cli.main(["config"])
    shown = capsys.readouterr().out
    assert ended.value.code == 0
    assert "…" not in shown


class Wish(BaseModel):
    """A request with one rule of each kind."""

    many: int = Field(ge=1, le=10)
    name: str = Field(min_length=2, max_length=3)
    share: float
    parts: list[str] = Field(min_length=1)


def test_what_is_wrong_with_a_request_is_said_in_both_languages() -> None:
    with pytest.raises(ValidationError) as refused:
        Wish.model_validate({"many": 11, "name": "x", "share": "half", "parts": []})
    reasons = {each.item: each for each in map(reason_of, refused.value.errors())}  # type: ignore[arg-type]
    assert reasons["many"].said.zh == "不能大于 10。"
    assert reasons["name"].said.en == "At least 2 characters."
    assert reasons["share"].said.zh == "应是数。"
    assert reasons["parts"].said.zh == "至少 1 项。"


def test_an_unknown_fault_is_still_told() -> None:
    said = wrong_values.said({"type": "moon_phase", "msg": "The moon is new"})
    assert said.zh == "这一项不符合要求：The moon is new"


def test_the_defaults_are_settings() -> None:
    assert Settings.model_validate({"log_level": "warning"}).log_level == "WARNING"
    assert Settings(port=0).sandbox_tier in {"auto", "A", "B", "none"}
