"""A report as one HTML file that needs nothing else: both languages, Chinese first, made to print."""

import re
from collections.abc import Mapping
from typing import Any

from markupsafe import Markup

from portal.pages import report_view
from portal.pages.rendering import STATIC, environment, in_language, named
from registry.language import Language, Text

LANGUAGES: tuple[tuple[Language, str], ...] = (("zh", "zh-CN"), ("en", "en"))
PRINTED = """
article + article { border-top: 3px solid var(--accent); margin-top: 3rem; padding-top: 1rem; }
@media print {
  article + article { break-before: page; border: 0; margin: 0; }
  figure, tr, .notice, pre { break-inside: avoid; } h2, h3 { break-after: avoid; }
  pre { white-space: pre-wrap; } .scroll { overflow: visible; } table { font-size: .8rem; }
  a { color: inherit; text-decoration: none; }
}
@page { size: A4; margin: 15mm; }
"""


def render(statement: Mapping[str, Any]) -> str:
    """The whole file.

    Args:
        statement: the in-toto statement of the report.
    """
    predicate = statement["predicate"]
    parts = []
    for language, tag in LANGUAGES:
        at = f"{language}-"
        body = (
            environment(language)
            .get_template("_report_file_part.html")
            .render(
                view=report_view.view(statement, language),
                at=at,
                subject_name=statement["subject"][0]["name"],
                standing=in_language(predicate.get("standing") or {}, language),
            )
        )
        # Rendered by the same environment, which has escaped every value in it.
        parts.append({"lang": tag, "at": at, "body": Markup(body)})  # noqa: S704
    title = predicate["plan"]["content"]["title"]
    names = Text(named(title, "zh"), named(title, "en"))
    title = names.zh if names.zh == names.en else str(names)
    return (
        environment("zh")
        .get_template("report_file.html")
        .render(title=title, parts=parts, style=_style())
    )


def _style() -> Markup:
    """The site's own style sheet, which names no other file."""
    sheet = (STATIC / "site.css").read_text(encoding="utf-8")
    return Markup(re.sub(r"/\*.*?\*/\s*", "", sheet + PRINTED))  # noqa: S704  # our own file
