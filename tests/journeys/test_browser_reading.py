"""Every public page as somebody reads it who needs large letters, a narrow screen or the keyboard."""

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Page

from registry.language import LANGUAGES
from tests import public_pages
from tests.journeys import acts
from tests.journeys.story import Story

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.timeout(600)]

SCREENS = ((390, 1), (390, 2), (320, 1), (320, 2))
"""Widths in pixels, and how many times as large as usual the letters are (WCAG 1.4.4, 1.4.10)."""
SIDEWAYS = """() => document.documentElement.scrollWidth <= innerWidth ? [] :
  [...document.querySelectorAll('body *')]
    .filter(each => each.getBoundingClientRect().right > innerWidth + 1)
    .filter(each => !each.closest('.scroll')).slice(0, 5).map(each => each.outerHTML.slice(0, 90))
    .concat([document.documentElement.scrollWidth + ' px'])"""
BUILT = """() => {
  const faults = [], all = chosen => [...document.querySelectorAll(chosen)];
  const headings = all('h1, h2, h3, h4, h5, h6').filter(each => each.checkVisibility());
  if (headings.filter(each => each.tagName === 'H1').length !== 1) faults.push('not one h1');
  headings.map(each => Number(each.tagName[1])).reduce((above, level) => {
    if (level > above + 1) faults.push(`heading ${above} is followed by ${level}`);
    return level;
  }, 0);
  const named = each => [...(each.labels ?? [])].map(label => label.textContent).join('').trim()
    || each.getAttribute('aria-label') || each.textContent.trim();
  for (const each of all('input:not([type=hidden]), select, textarea'))
    if (![...each.labels].some(label => label.textContent.trim()) && !each.ariaLabel)
      faults.push(`no label: ${each.outerHTML.slice(0, 80)}`);
  for (const each of all('a[href], button, summary'))
    if (!named(each)) faults.push(`no name: ${each.outerHTML.slice(0, 80)}`);
  for (const each of all('svg:not([aria-hidden])'))
    if (!each.querySelector('title') && !each.ariaLabel) faults.push('a picture without a title');
  const ids = all('[id]').map(each => each.id);
  for (const id of ids) if (ids.indexOf(id) !== ids.lastIndexOf(id)) faults.push(`twice: ${id}`);
  const meant = all('[for], [aria-labelledby], [aria-describedby]').flatMap(each =>
    ['for', 'aria-labelledby', 'aria-describedby'].flatMap(name =>
      (each.getAttribute(name) ?? '').split(' ').filter(Boolean)));
  meant.push(...all('a[href^="#"]').map(each => decodeURIComponent(each.hash.slice(1))));
  for (const id of meant) if (id && !ids.includes(id)) faults.push(`points nowhere: ${id}`);
  for (const each of all('.scroll'))
    if (each.scrollWidth > each.clientWidth + 1 && each.tabIndex < 0 && !each.querySelector('[tabindex="0"]'))
      faults.push(`scrolls, but not by keyboard: ${each.textContent.trim().slice(0, 40)}`);
  if (!document.title.trim()) faults.push('no title');
  return [...new Set(faults)];
}"""
STOPS = """() => [...document.querySelectorAll(
    'a[href], button, input:not([type=hidden]), select, textarea, summary, [tabindex="0"]')]
  .filter(each => each.checkVisibility({contentVisibilityAuto: true, visibilityProperty: true}))
  .filter((each, place, all) => {  // choices of one question are one stop; arrows go between them
    if (each.type !== 'radio') return true;
    const group = all.filter(one => one.type === 'radio' && one.name === each.name && one.form === each.form);
    return each === (group.find(one => one.checked) || group[0]);
  })
  .map((each, place) => each.stop = place).length"""
FOCUSED = """() => {
  const each = document.activeElement, box = each.getBoundingClientRect();
  return each === document.body ? null : {
    stop: each.stop,
    html: each.outerHTML.slice(0, 90),
    outlined: getComputedStyle(each).outlineStyle === 'solid'
      && parseFloat(getComputedStyle(each).outlineWidth) >= 2,
    seen: box.bottom > 0 && box.top < innerHeight && box.right > 0 && box.left < innerWidth,
  };
}"""


@pytest.fixture(scope="module")
def pages(story: Story) -> list[str]:
    """An address for every public page, without its language."""
    story.told(*acts.PUBLISHED, acts.an_industry_body_opens_its_catalogue)
    made = story.made
    return [
        *public_pages.addresses(
            {
                "number": made["slug"],
                "edition": "1",
                "slug": "shanghai",
                "report_id": made["report"],
                "tester_id": story.organisations["tester"],
                "?reports/{report_id}/comparison": f"?earlier={made['report']}",
            }
        ),
        "catalogue?q=nothing-of-the-kind",
        "no-such-page",
    ]


@pytest.fixture
def page(story: Story) -> Iterator[Page]:
    """A visitor's page."""
    context = story.visitor()
    yield context.new_page()
    context.close()


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize(("width", "times"), SCREENS)
def test_no_public_page_reaches_beyond_the_screen(
    pages: list[str], page: Page, width: int, times: int, language: str
) -> None:
    page.set_viewport_size({"width": width, "height": 844})
    wide: dict[str, list[str]] = {}
    for address in pages:
        page.goto(f"/{language}/{address}")
        page.evaluate("size => { document.documentElement.style.fontSize = size }", f"{times}00%")
        wide[address] = page.evaluate(SIDEWAYS)
    assert {name: found for name, found in wide.items() if found} == {}


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_public_page_has_its_headings_labels_and_names_in_order(
    pages: list[str], page: Page, language: str
) -> None:
    page.set_viewport_size({"width": 390, "height": 844})
    faults: dict[str, list[str]] = {}
    for address in pages:
        page.goto(f"/{language}/{address}")
        assert page.get_attribute("html", "lang") == {"zh": "zh-CN", "en": "en"}[language]
        faults[address] = page.evaluate(BUILT)
    assert {name: found for name, found in faults.items() if found} == {}


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_keyboard_reaches_everything_in_order_and_is_always_seen(
    pages: list[str], page: Page, language: str
) -> None:
    page.set_viewport_size({"width": 1280, "height": 800})
    for address in pages:
        page.goto(f"/{language}/{address}")
        stops = page.evaluate(STOPS)
        walked = list(_walk(page, stops))
        assert [each["stop"] for each in walked] == list(range(stops)), address
        assert [each["html"] for each in walked if not (each["outlined"] and each["seen"])] == []
        assert walked[0]["html"].startswith('<a class="skip" href="#main"'), address


def _walk(page: Page, stops: int) -> Iterator[dict[str, Any]]:
    """What has the focus after each press of the tabulator, until it leaves the page or starts anew."""
    first = None
    for _ in range(stops + 2):
        page.keyboard.press("Tab")
        found = page.evaluate(FOCUSED)
        if found is None or found["stop"] == first:
            return
        first = found["stop"] if first is None else first
        yield found
