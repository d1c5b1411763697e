"""From what happened to somebody to the algorithms of whose record it is a case; never by a word."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from filing import search_options
from filing.forms import current
from portal.app import create_app
from portal.pages.public import QUESTIONS
from registry.database import transaction
from registry.settings import Settings
from tests import cast, tables
from tests.filing import papers
from tests.filing.papers import Scene
from tests.portal.pages.shelf import Shelf

ABOUT = {
    "decides": "不看价格，也不写价格",
    "prices": "给汽水定一个数",
    "ranks": "排先后",
}
"""A filing for each effect; the word for a price stands in the one that is not about prices."""


@pytest.fixture(scope="module")
def reader(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    """A register on which every effect is filed once."""
    folder: Path = tmp_path_factory.mktemp("questions")
    app = create_app(Settings(data=folder / "data", sandbox_tier="none"))
    tables.make(app.state.engine)
    with transaction(app.state.factory) as session:
        scene = Scene(session)
        for effect, said in ABOUT.items():
            scene.version = cast.version(session, scene.filer, name=effect)
            asked = papers.LOW | {"scene_effect": effect}
            filing = scene.opened(B1={"zh": said, "en": effect}, B6="other", B14=effect, G1=asked)
            scene.attach(filing, papers.report(session, scene.version, scene.filer))
            scene.file(filing, "check", "submit")
            scene.rule(filing, "accept", "file", "publish")
    with TestClient(app, headers={"accept": "text/html"}) as client:
        yield client
    app.state.engine.dispose()


def names(reader: TestClient, query: str) -> list[str]:
    """The algorithms that a link of the question page leads to."""
    found = reader.get(f"/zh/catalogue.json?{query}").json()["hits"]
    return [hit["name"]["en"] for hit in found]


@pytest.mark.parametrize("effect", list(ABOUT))
def test_a_case_leads_to_the_filings_whose_record_has_it(reader: TestClient, effect: str) -> None:
    """public/P4: the price case finds what sets a price, and not what only speaks of one."""
    (case,) = (each for each in QUESTIONS if each.asked == {"effect": effect})
    assert names(reader, case.query) == [effect]
    for language in ("zh", "en"):
        page = reader.get(f"/{language}/question").text
        assert f'href="/{language}/catalogue?{case.query}"' in page


def test_a_case_of_which_nothing_is_filed_says_so_and_leads_nowhere(reader: TestClient) -> None:
    """In both languages; a button that finds nothing would promise something."""
    for language, said in (
        ("zh", "还没有这类算法备案。"),
        ("en", "No such algorithm is filed yet."),
    ):
        page = reader.get(f"/{language}/question").text
        assert page.count(said) == len(QUESTIONS) - len(ABOUT)
        assert len(re.findall(r"catalogue\?(effect|kind)=", page)) == len(ABOUT)


def test_every_case_goes_by_a_filter_that_the_catalogue_knows() -> None:
    """By typed options of the record, so that a case cannot silently narrow nothing."""
    known = {name: set(values) for name, values in search_options.options().items()}
    for case in QUESTIONS:
        assert case.asked
        for name, value in case.asked.items():
            assert value in known[name], case.name.zh
    effects = {option.id for option in current().field("B14").value.options}
    assert known["effect"] == effects


SITUATIONS = ("没有批", "价格", "排在后面", "挡住", "时段")
"""Refused, dearer, ranked lower, blocked, scheduled."""


def test_every_situation_that_people_come_with_is_a_case() -> None:
    for word in SITUATIONS:
        assert [each for each in QUESTIONS if word in each.name.zh], word


@pytest.mark.parametrize("language", ["zh", "en"])
def test_the_page_names_only_headings_that_a_filed_page_has(
    reader: TestClient, shelf: Shelf, language: str
) -> None:
    """Somebody looks for the word that was named; one that stands nowhere sends them in circles."""
    steps = reader.get(f"/{language}/question").text.partition('<ol class="steps">')[2]
    named = re.findall("“(.+?)”", steps.partition("</ol>")[0])
    with TestClient(shelf.site, headers={"accept": "text/html"}) as public:
        page = public.get(f"/{language}/f/{shelf.made['slug']}").text
    headings = [
        re.sub("<[^>]+>", "", each).strip() for each in re.findall(r"<h2[^>]*>(.*?)</h2>", page)
    ]
    assert len(named) == 3
    assert [each for each in named if each not in headings] == []
