"""Filed pages that are nothing like the demo's keep their form on a telephone, in both languages.

Without a report, with one finding or two dozen, sealed, ended, overtaken, in Chinese alone, and with
every text as long as the form lets it be.
"""

from collections.abc import Iterator

import pytest
from fastapi.testclient import TestClient
from playwright.sync_api import Browser, Page

from registry.language import LANGUAGES, Language
from tests.journeys.test_browser_demo_pages import ANSWERS, BOTTOM, SCREEN, SITE, WIDTH, opened
from tests.portal.pages.conftest import records, shelf
from tests.portal.pages.records import Records

__all__ = ["records", "shelf"]  # the register that the pages' own tests read

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.timeout(600)]

EMPTY = """() => {
  const faults = [];
  const one = 'main :is(p, li, dd, dt, h2, h3, q, summary, .badge)';
  for (const each of document.querySelectorAll(one))
    if (!each.textContent.trim() && !each.querySelector('svg, input, select'))
      faults.push(`empty: ${each.outerHTML.slice(0, 80)}`);
  const all = [...document.querySelectorAll('main :is(h1, h2, h3, h4)')];
  all.forEach((each, place) => {
    const next = all[place + 1];
    if (next && next.tagName > each.tagName) return;  // its own headings follow
    const below = document.createRange();
    below.setStartAfter(each);
    if (next) below.setEndBefore(next); else below.setEndAfter(document.querySelector('main'));
    if (!below.toString().trim()) faults.push(`nothing under: ${each.textContent.trim()}`);
  });
  return faults;
}"""
WIDE = """size => {
  document.documentElement.style.fontSize = size;
  return document.documentElement.scrollWidth;
}"""


@pytest.fixture
def client(records: Records) -> Iterator[TestClient]:
    with TestClient(records.site) as client:
        yield client


@pytest.fixture
def telephone(chromium: Browser) -> Iterator[Page]:
    context = chromium.new_context(
        viewport={"width": WIDTH, "height": SCREEN}, base_url=SITE, java_script_enabled=True
    )
    yield context.new_page()
    context.close()


def filed(records: Records) -> dict[str, str]:
    """The addresses of filed pages by the name of their record."""
    return {name: each for name, each in records.pages.items() if each.startswith("f/")}


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_filed_page_is_short_and_nothing_on_it_is_empty(
    records: Records, client: TestClient, telephone: Page, language: Language
) -> None:
    """The first screen is one and a half, each answer at most one; what is longer opens."""
    faults: dict[str, object] = {}
    for name, address in filed(records).items():
        page = opened(telephone, (client, address), language)
        first = page.locator("section[aria-labelledby=how-to-object]").evaluate(BOTTOM)
        heights = page.locator(ANSWERS).evaluate_all("all => all.map(each => each.offsetHeight)")
        empty = page.evaluate(EMPTY)
        if first > 1.5 * SCREEN or len(heights) != 6 or max(heights) > SCREEN or empty:
            faults[name] = (first, heights, empty)
        for size in ("200%", "100%"):
            if (width := page.evaluate(WIDE, size)) > WIDTH:
                faults[f"{name} at {size}"] = width
    assert faults == {}


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_the_first_screen_has_no_room_for_stands_in_full_where_it_leads(
    records: Records, client: TestClient, telephone: Page, language: Language
) -> None:
    page = opened(telephone, (client, records.pages["lengthy"]), language)
    links = page.locator(".purpose dd a, .objecting dd a[href^='#']")
    assert links.count() >= 3
    for link in links.all():
        begun = link.locator("xpath=..").inner_text().partition("…")[0]
        whole = page.locator(str(link.get_attribute("href"))).text_content() or ""
        assert begun
        assert begun in whole
        link.click()
        assert page.locator(f"{link.get_attribute('href')} :is(p, dd)").first.is_visible()
