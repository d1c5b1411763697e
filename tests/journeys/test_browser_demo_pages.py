"""The demo's two filed pages as somebody with a telephone meets them, who was refused or paid more."""

from collections.abc import Iterator

import pytest
from fastapi.testclient import TestClient
from playwright.sync_api import Browser, Page, Route

from filing import hits
from portal.app import create_app
from registry.language import LANGUAGES, Language
from registry.settings import Settings
from tests import tables
from tests.portal.pages.shelf import Credit, Pricing, Shelf
from tests.portal.world import World

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.timeout(600)]

SITE = "http://demo.test"
WIDTH, SCREEN = 390, 844
"""Of a telephone, in pixels."""
MODELS: dict[str, type[Credit | Pricing]] = {"loans": Credit, "prices": Pricing}
ANSWERS = "ol.answers > li"
BOTTOM = "each => each.getBoundingClientRect().bottom + scrollY"


@pytest.fixture(scope="module")
def sites(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, tuple[TestClient, str]]]:
    """For each model a site with its filed page, and the page's address without a language."""
    found = {}
    for name, model in MODELS.items():
        folder = tmp_path_factory.mktemp(name)
        app = create_app(Settings(data=folder / "data", sandbox_tier="none"))
        tables.make(app.state.engine)
        Shelf(app, World(app), model)
        with app.state.factory() as session:
            found[name] = (TestClient(app), f"f/{hits.newest(session, 1)[0].slug}")
    yield found
    for client, _ in found.values():
        client.close()


@pytest.fixture
def telephone(chromium: Browser) -> Iterator[Page]:
    """A page as wide as a telephone."""
    context = chromium.new_context(viewport={"width": WIDTH, "height": SCREEN}, base_url=SITE)
    yield context.new_page()
    context.close()


def opened(page: Page, site: tuple[TestClient, str], language: Language) -> Page:
    """The filed page of a site that answers in this process."""
    client, address = site

    def answer(route: Route) -> None:
        accepted = {"accept": route.request.headers.get("accept", "*/*")}
        got = client.get(route.request.url.removeprefix(SITE), headers=accepted)
        route.fulfill(
            status=got.status_code, content_type=got.headers["content-type"], body=got.content
        )

    page.route("**/*", answer)
    page.goto(f"/{language}/{address}")
    return page


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", list(MODELS))
def test_a_filed_page_stays_as_short_as_it_was_promised(
    sites: dict[str, tuple[TestClient, str]], telephone: Page, name: str, language: Language
) -> None:
    """First screen at most one and a half, each answer at most one, all together at most six."""
    page = opened(telephone, sites[name], language)
    assert page.locator("section[aria-labelledby=how-to-object]").evaluate(BOTTOM) <= 1.5 * SCREEN
    heights = page.locator(ANSWERS).evaluate_all("all => all.map(each => each.offsetHeight)")
    assert len(heights) == 6
    assert max(heights) <= SCREEN, heights
    assert page.locator(ANSWERS).last.evaluate(BOTTOM) <= 6 * SCREEN


@pytest.mark.parametrize("name", list(MODELS))
def test_how_to_object_is_a_number_to_dial_a_link_and_a_time(
    sites: dict[str, tuple[TestClient, str]], telephone: Page, name: str
) -> None:
    """Each as large as a finger; what the form asks in I2, told there and nowhere else."""
    asked = MODELS[name].story["answers"]["I2"]
    page = opened(telephone, sites[name], "zh")
    card = page.locator("section[aria-labelledby=how-to-object]")
    links = card.locator("dd a").evaluate_all("all => all.map(each => each.getAttribute('href'))")
    assert links == [f"tel:{asked['phone']}", asked["link"]]
    sizes = card.locator("a").evaluate_all("all => all.map(each => each.offsetHeight)")
    assert min(sizes) >= 44
    said = card.inner_text()
    assert f"答复的期限：{asked['days']}天" in said.replace(" ", "").replace("\n", "")
    assert asked["place"]["zh"] in said


@pytest.mark.parametrize("name", list(MODELS))
def test_the_first_screen_tells_whose_words_are_whose(
    sites: dict[str, tuple[TestClient, str]], telephone: Page, name: str
) -> None:
    """Who files is on record; only what the filer said of purpose and people is the filer's word."""
    page = opened(telephone, sites[name], "zh")
    own = page.locator(".purpose dl + .limit")
    assert "备案主体自己说的" in own.inner_text()
    assert "备案主体" not in page.locator(".purpose dl").inner_text()
    assert page.locator(".purpose > p").first.inner_text().startswith("备案主体：")
    places = [
        page.locator(each).evaluate(BOTTOM)
        for each in (".lede", ".purpose", "section:has(#beyond)", "section:has(#how-to-object)")
    ]
    assert places == sorted(places)


def test_prices_stand_rule_by_rule_with_the_declared_reason_beside_what_was_measured(
    sites: dict[str, tuple[TestClient, str]], telephone: Page
) -> None:
    """On a telephone each rule is a card; the table reaches beyond no screen, at twice the size too."""
    reason = Pricing.story["answers"]["D10"]["grounds"][0]["by"]["zh"]
    page = opened(telephone, sites["prices"], "zh")
    heading = page.locator("h3:has-text('逐条对照价格规则')")
    assert heading.count() == 1
    assert reason in heading.locator("~ div").first.inner_text()
    table = page.locator("table.rules")
    rows = table.locator("tbody tr")
    assert rows.count() >= 2
    told = table.inner_text()
    assert "深圳经济特区人工智能产业促进条例 第72条" in told
    assert "%" in told
    for size in ("100%", "200%"):
        page.evaluate("size => { document.documentElement.style.fontSize = size }", size)
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
