"""What a filed page prints beside the filing's own answers: the texts in which a search looks inside.

They are the sentences of the published explanation with their limits, what the filer kept against
it, and the sentences of the findings that the page tells; in both languages, and all of them public.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from sqlalchemy.orm import Session

from registry import explanations, reports
from registry.findings import as_told, foremost

SILENT = "missing"
"""The kind of a sentence that says only that nothing was said; the filing's words stand in its place."""


def texts(session: Session, content: Mapping[str, Any]) -> list[str]:
    """The texts of one edition's page that are no answers, each once.

    Args:
        session: any session.
        content: the edition's JSON object.
    """
    kept = [*(content.get("contradictions") or ()), *(content.get("hard_words") or ())]
    said = [*_explained(session, content), *_differing(kept)]
    for each in content["reports"]:
        found = reports.statement(reports.get(session, each["id"]))["predicate"]["findings"]
        for finding in foremost([as_told(one) for one in found]):
            said += _both(finding.get("reading"), finding.get("limit"))
    return list(dict.fromkeys(each for each in said if each))


def _explained(session: Session, content: Mapping[str, Any]) -> Iterator[str]:
    if content["explanation"] is None:
        return
    made = explanations.get(session, content["explanation"]["id"])
    for question in (made.content or {}).get("questions", ()):
        yield from _both(question.get("title"))
        yield from _sentences(question.get("lead", ()))
        for part in question.get("detail", ()):
            yield from _both(part.get("title"))
            yield from _sentences(part["sentences"])
        for item in question.get("items", ()):
            yield from _both(item["plain"])
    kept = made.overruled or {}
    yield from _both(kept.get("reason"))
    yield from _differing(kept.get("contradictions") or ())


def _sentences(given: Iterable[Mapping[str, Any]]) -> Iterator[str]:
    for each in given:
        if each["kind"] != SILENT:
            yield from _both(each, each.get("limit"))


def _differing(given: Iterable[Mapping[str, Any]]) -> Iterator[str]:
    """What the filer declares otherwise than it was measured, or in hard words, and why."""
    for each in given:
        yield from _both(each["said"], each.get("reason"))


def _both(*told: Mapping[str, Any] | None) -> Iterator[str]:
    for each in told:
        yield from (str((each or {}).get(language) or "") for language in ("zh", "en"))
