"""The words of the field are explained on the filed page on which they stand, without a script."""

import html
import re

import pytest
from fastapi.testclient import TestClient

from portal.web.glossary import terms, used
from registry.language import LANGUAGES, Language
from tests.portal.pages.shelf import Shelf


def names(text: str, language: Language) -> list[str]:
    return [each.name.in_(language) for each in used(text, language)]


def test_the_longest_term_that_stands_there_is_meant() -> None:
    """Whoever reads “filing number” is not told what a filing is, unless that stands there, too."""
    assert names("The filing number is given.", "en") == ["filing number"]
    assert names("A filing has a filing number.", "en") == ["filing", "filing number"]
    assert names("备案编号", "zh") == ["备案编号"]


def test_a_part_of_another_word_is_no_term() -> None:
    assert names("They profiled and compiled it.", "en") == []


def test_every_term_is_found_by_its_own_name() -> None:
    for language in LANGUAGES:
        for each in terms():
            assert each in used(f"“{each.name.in_(language)}”", language)


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_filed_page_explains_its_words_before_the_evaluation(
    shelf: Shelf, reader: TestClient, language: Language
) -> None:
    page = html.unescape(reader.get(f"/{language}/f/{shelf.made['slug']}").text)
    lead = {"zh": "这一页用到的词：", "en": "Words on this page: "}[language]
    told = page.partition(lead)[2].partition("</details>")[0]
    explained = re.findall(r"<dt>(.+?)</dt><dd>(.+?)</dd>", told)
    assert explained
    known = {each.name.in_(language): each.meaning.in_(language) for each in terms()}
    assert [each for each in explained if known[each[0]] != each[1]] == []
    assert page.index(lead) < page.index('<h2 id="evaluation">')
