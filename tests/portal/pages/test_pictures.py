"""Beside every picture stand the data from which it is drawn, with their source and year as told."""

import html
import re
from urllib.parse import urlencode

import pytest
from fastapi.testclient import TestClient

from registry.language import LANGUAGES, Language
from registry.organisations import Role
from tests.portal.pages.shelf import STORY, Shelf

FIGURE = re.compile(r'<figure><svg class="chart".*?</figure>', re.DOTALL)
DATA = {"zh": "数据", "en": "Data"}


def captions(page: str) -> list[str]:
    """What stands under each chart of a page."""
    return [html.unescape(each.partition("<figcaption>")[2]) for each in FIGURE.findall(page)]


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_data_stand_beside_every_picture_of_a_public_page(
    shelf: Shelf, reader: TestClient, language: Language
) -> None:
    """public/S13: neither 1990 nor where they come from stood in the explanation."""
    year = "1990"
    for address in ("f/{slug}", "reports/{report}"):
        told = captions(reader.get(f"/{language}/{address.format(**shelf.made)}").text)
        assert told
        assert [each for each in told if DATA[language] not in each] == []
        assert [each for each in told if year not in each] == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_data_stand_beside_the_pictures_that_a_filer_confirms(
    shelf: Shelf, language: Language
) -> None:
    client, _ = shelf.browser(Role.FILER)
    told = captions(client.get(f"/{language}/explanations/{shelf.made['explanation']}").text)
    assert told
    assert [each for each in told if DATA[language] not in each or "1990" not in each] == []


def test_a_comparison_says_on_which_data_both_rest(shelf: Shelf, reader: TestClient) -> None:
    query = urlencode({"earlier": shelf.made["report"]})
    page = reader.get(f"/zh/reports/{shelf.made['report']}/comparison?{query}").text
    for each in captions(page):
        assert STORY["plan"]["frame"]["zh"] in each
