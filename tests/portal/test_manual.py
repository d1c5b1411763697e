import pytest

from portal import manual


@pytest.mark.parametrize("name", manual.PAGES)
def test_the_manual_says_what_the_code_says(name: str) -> None:
    written = (manual.DOCS / name).read_text(encoding="utf-8")

    assert written == manual.PAGES[name](), "run `make docs`"


def test_an_option_that_is_a_table_is_described_field_by_field() -> None:
    page = manual.probes()

    assert "| `period.column` | must be given |" in page
    assert "| `bundles[].versions` | must be given |" in page
    assert "One of `ols`, `logit`." in page
    rows = [line for line in page.splitlines() if line.startswith("| `")]
    assert [row for row in rows if not all(cell.strip() for cell in row.split("|")[1:-1])] == []


def test_the_manual_has_every_field_and_part_of_the_form() -> None:
    from filing.fields import Part
    from filing.forms import current

    page = manual.filing_form()

    def named(part: Part) -> None:
        assert f" {part.name.zh} · {part.name.en}" in page
        for each in part.parts:
            named(each)

    for field in current():
        assert field.ask.zh in page
        named(field.value)
    assert "“会不会因人而异”是“会” · where “Can they differ” is “yes”" in page


def test_every_probe_says_how_it_measures() -> None:
    page = manual.probes()

    for part in page.split("\n## ")[1:]:
        told = part.partition("**")[2].partition("Columns: ")[0]
        assert len(told) > 300, part[:40]


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
