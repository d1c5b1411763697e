"""One table says of every article of the seeds where it is served, or why it is outside."""

import html
import re

import pytest
from fastapi.testclient import TestClient

from filing import law as filing_law
from filing.meanings import Meaning
from portal.web.articles import Article, articles
from registry.law import RULES, City
from registry.organisations import Role
from tests import public_pages
from tests.portal.pages.shelf import Shelf

SEEDS = {
    City.SHANGHAI: {6, 8, 9, 10, 15, 16, 17, 36, 37, 38, 64, 65, 66, 67, 68, 69, 70, 71},
    City.SHENZHEN: {6, 9, 10, 33, 36, 42, 44, 46, 56, 63, 65, 66, 67, 68, 69, 70, 71, 72},
}
"""The articles that the founders read, by city."""
EACH = pytest.mark.parametrize("line", articles(), ids=lambda each: each.cited[0].en)


def test_every_article_of_the_seeds_stands_in_the_table() -> None:
    told = " ".join(cited.zh for line in articles() for cited in line.cited)
    for city, title in (
        (City.SHANGHAI, "上海市促进人工智能产业发展条例"),
        (City.SHENZHEN, "深圳经济特区人工智能产业促进条例"),
    ):
        numbers = re.findall(rf"{title} 第([\d、]+)条", told)
        found = {int(each) for number in numbers for each in number.split("、")}
        assert found == SEEDS[city]


def test_every_rule_that_the_product_cites_stands_there_once() -> None:
    told = [each for line in articles() for each in line.rules]
    assert sorted(told) == sorted(RULES)


@EACH
def test_a_line_is_served_or_outside_with_its_reason(line: Article) -> None:
    assert (line.served is None) is (line.outside is not None)
    assert line.outside is None or not (line.pages or line.fields)
    assert line.served is None or line.pages or line.fields
    assert {*line.pages} <= {*public_pages.templates()}


@pytest.mark.parametrize("language", ["zh", "en"])
def test_the_page_shows_every_line_and_no_id(shelf: Shelf, language: str) -> None:
    with TestClient(shelf.site) as client:
        page = html.unescape(client.get(f"/{language}/law").text)
        twin = client.get(f"/{language}/law.json").json()["articles"]
    assert page.count("<tr>") == len(articles()) + 1 == len(twin) + 1
    assert not re.search(r"S[HZ]\d", page)
    assert getattr(filing_law.CITY_STATEMENTS[City.SHENZHEN], language) in page


def test_the_filed_page_of_high_risk_tells_its_risk_warning_and_who_is_liable(
    shelf: Shelf,
) -> None:
    """SZ66, and the last part of SZ72: they stood in the duties of the filer's form alone."""
    with shelf.site.state.factory() as session:
        filing = shelf.filing(session)
        slug = str(filing.number).lower()
        warning = filing.told.value(Meaning.WARNING)["trigger"]["zh"]
    client, _ = shelf.browser(Role.FILER)
    page = client.get(f"/zh/f/{slug}", follow_redirects=True).text
    told = page.partition('id="risk-warning"')[2].partition("<nav")[0]
    assert warning in told
    assert "深圳经济特区人工智能产业促进条例 第66条" in told
    assert "提供者依照有关法律承担责任" in page
