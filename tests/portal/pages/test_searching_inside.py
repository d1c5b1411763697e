"""A reader who copies a sentence from a filed page finds the filing by it."""

import html
import re
from collections.abc import Iterator
from typing import Any

from fastapi.testclient import TestClient

from filing.search_words import MOST_WORDS
from registry import explanations, reports
from registry.language import LANGUAGES
from tests.portal.pages.shelf import Shelf


def test_every_sentence_of_explanation_and_findings_is_found_inside(
    reader: TestClient, shelf: Shelf
) -> None:
    told = list(_told(shelf))
    for language in LANGUAGES:
        page = html.unescape(reader.get(f"/{language}/f/{shelf.made['slug']}").text)
        shown = {each[language] for each in told if each[language] in page}
        assert len(shown) > 20
        assert [each for each in shown if not _found(reader, _part(each))] == []


def test_a_page_without_hits_leads_to_those_inside(reader: TestClient, shelf: Shelf) -> None:
    said = next(_told(shelf))["zh"][:12]
    page = reader.get("/zh/catalogue", params={"q": said, "grade": "high"})
    offered = html.unescape(page.text).partition('id="inside-found"')[2].partition("</p>")[0]
    assert "找到 1 份" in offered
    (address,) = re.findall(r'href="([^"]*)"', offered)
    assert "共 1 份" in reader.get(f"/zh/catalogue{address}").text
    assert reader.get("/zh/catalogue.json", params={"q": said}).json()["inside"] == 1
    assert reader.get("/api/v1/catalogue", params={"q": said}).json()["inside"] == 1
    assert 'id="inside-found"' not in reader.get("/zh/catalogue", params={"q": "猫狗"}).text


def _told(shelf: Shelf) -> Iterator[dict[str, str]]:
    """Every sentence and limit of the explanation and of the report, as they are kept."""
    with shelf.site.state.factory() as session:
        content = explanations.get(session, shelf.made["explanation"]).content or {}
        found = reports.findings(reports.get(session, shelf.made["report"]))
    for question in content["questions"]:
        for part in ({"sentences": question["lead"]}, *question["detail"]):
            yield from _texts(part["sentences"])
    for each in found:
        yield from (each["reading"], each["limit"])


def _texts(sentences: list[dict[str, Any]]) -> Iterator[dict[str, str]]:
    for each in sentences:
        yield each
        if each.get("limit"):
            yield each["limit"]


def _part(sentence: str) -> str:
    """As much of a sentence as a search takes."""
    return " ".join(sentence[:40].split()[:MOST_WORDS])


def _found(reader: TestClient, query: str) -> int:
    answer = reader.get("/zh/catalogue.json", params={"q": query, "inside": "1"})
    assert answer.status_code == 200, (query, answer.text)
    total: int = answer.json()["total"]
    return total
