import pytest

from portal import manual


@pytest.mark.parametrize("name", manual.PAGES)
def test_the_manual_says_what_the_code_says(name: str) -> None:
    written = (manual.DOCS / name).read_text(encoding="utf-8")

    assert written == manual.PAGES[name](), "run `make docs`"


def test_every_setting_is_documented() -> None:
    from registry.settings import Settings

    page = manual.settings_table()

    assert all(f"MINGSUAN_{name.upper()}" in page for name in Settings.model_fields)


def test_the_printed_settings_hide_a_password(monkeypatch: pytest.MonkeyPatch) -> None:
    from click.testing import CliRunner

    from portal.commands.house import config
    from registry.settings import settings

    monkeypatch.setenv("MINGSUAN_DATABASE", "postgresql://registrar:hush-hush@db/mingsuan")
    settings.cache_clear()
    try:
        printed = CliRunner().invoke(config, ["--json"]).output
    finally:
        settings.cache_clear()

    assert "registrar" in printed
    assert "hush-hush" not in printed
