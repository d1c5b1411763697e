"""The parts of the manual that are made from the code, so that they stay true (`make docs`)."""

import sys
from collections.abc import Callable
from pathlib import Path

DOCS = Path(__file__).parent.parent / "docs"


def glossary() -> str:
    """docs/glossary.md, from the terms that the site explains."""
    from portal.pages.glossary import terms

    lines = [
        "# Glossary",
        "",
        "Made by `make docs` from `portal/pages/glossary.toml`. Our own words; the statute governs.",
        "† The Chinese wording is still to be compared with the official text of Shanghai.",
        "",
        "| 中文 | English | 一句话解释 | Plain meaning | Article |",
        "|---|---|---|---|---|",
    ]
    lines += [
        f"| {term.name.zh}{'' if term.official else '†'} | {term.name.en} | {term.meaning.zh} "
        f"| {term.meaning.en} | {term.article} |"
        for term in terms()
    ]
    return "\n".join(lines) + "\n"


def settings_table() -> str:
    """docs/configuration.md, from the declared settings."""
    from registry.settings import Settings

    lines = [
        "# Configuration",
        "",
        "Made by `make docs`. Every setting is an environment variable; `mingsuan config` prints",
        "the values in force and where each comes from.",
        "",
        "| variable | default | what it is |",
        "|---|---|---|",
    ]
    for name, field in Settings.model_fields.items():
        default = field.get_default()
        shown = "(empty)" if str(default) in ("", "**********") else f"`{default}`"
        lines.append(f"| `MINGSUAN_{name.upper()}` | {shown} | {field.description} |")
    return "\n".join(lines) + "\n"


PAGES: dict[str, Callable[[], str]] = {
    "glossary.md": glossary,
    "configuration.md": settings_table,
}


def main() -> int:
    """Write every generated page."""
    for name, make in PAGES.items():
        (DOCS / name).write_text(make(), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
