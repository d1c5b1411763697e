"""What the public meets in a real browser: reading, searching, any width, keyboard, no scripts."""

import json
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

from filing.law import FILING_STATEMENT, GRADE_STATEMENT, GRADING_STATEMENT
from portal.home import verify
from registry import attestation
from tests.journeys import acts
from tests.journeys.story import Story, press

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.timeout(600)]
PUBLIC = ("/zh/", "/en/question", "/zh/catalogue", "/en/words", "/zh/sign-in")


@pytest.fixture(scope="module")
def published(story: Story) -> Story:
    story.told(*acts.PUBLISHED)
    return story


def test_a_reader_starts_from_a_question_and_finds_what_was_checked(published: Story) -> None:
    context = published.visitor()
    page = context.new_page()
    page.goto("/")
    page.goto("/zh/")
    press(page, "text=从我的问题开始")
    press(page, "main a.btn")
    assert page.locator(".hits h2").count() == 1
    page.fill("#q", "没有这样的算法")
    press(page, "[role=search] .search button, .search[role=search] button")
    assert page.locator("text=没有找到").count()
    page.goto("/zh/catalogue")
    page.fill("#q", "贷款 审批")
    press(page, "[role=search] .search button, .search[role=search] button")
    page.check("[name=grade][value=high]")
    press(page, ".filters button")
    assert page.input_value("#q") == "贷款 审批"
    assert GRADING_STATEMENT.zh in page.inner_text(".filters")
    press(page, ".hits h2 a")
    _reads_the_filed_page(page)
    _reads_the_report(published, page)
    assert not context.cookies()
    context.close()


def _reads_the_filed_page(page: Page) -> None:
    text = page.inner_text("body")
    assert FILING_STATEMENT.zh in text
    assert GRADE_STATEMENT.zh in text
    questions = page.locator("ol.answers h2").all_inner_texts()
    assert len(questions) == 6
    assert page.locator("ol.answers > li .limit").count() >= 6
    entry = _twin(page)
    shown = page.locator("#evaluation ~ .card .badge, aside .badge").all_inner_texts()
    assert shown
    press(page, "nav a[hreflang=en]")
    assert page.get_attribute("html", "lang") == "en"
    assert FILING_STATEMENT.en in page.inner_text("body")
    assert GRADE_STATEMENT.en in page.inner_text("body")
    assert _twin(page)["digest"] == entry["digest"]
    press(page, "nav a[hreflang=zh-CN]")
    page.click("summary:has-text('B ')")
    assert page.locator("#B7").is_visible()
    press(page, "a[href$='/v1']")
    assert page.locator("h1:has-text('住房贷款审批算法')").count()


def _reads_the_report(story: Story, page: Page) -> None:
    press(page, "main a:has-text('读完整报告')")
    assert page.locator("#countersign").count() == 0
    statement = _twin(page, page.url.partition("?")[0] + ".json")
    counted = len(statement["predicate"]["findings"])
    assert page.locator("table.stack tbody tr").count() == counted
    with page.expect_download() as arriving:
        page.click("a:has-text('下载报告文件')")
    data = arriving.value.path().read_bytes()
    platform = page.request.get(f"{story.house.url}/api/v1/keys/platform").json()
    listed = platform if isinstance(platform, list) else platform["items"]
    loaded = {each["key_id"]: attestation.load_public(each["public_pem"]) for each in listed}
    own = story.key.public_key()
    found = verify.verify(data, platform=loaded, testers={attestation.key_id(own): own})
    assert found.holds, [check.as_json() for check in found.checks]


def _twin(page: Page, address: str = "") -> dict[str, Any]:
    place = address or str(page.get_attribute("link[type='application/json']", "href"))
    answer = page.request.get(place)
    assert answer.ok
    found: dict[str, Any] = json.loads(answer.text())
    return found


@pytest.mark.parametrize("address", [*PUBLIC, "filed", "report"])
def test_axe_finds_nothing_serious_on_public_pages(published: Story, address: str) -> None:
    context = published.visitor()
    page = context.new_page()
    page.goto(_address(published, address))
    assert serious(page) == []
    context.close()


@pytest.mark.parametrize(("who", "where"), [("lender", "filings"), ("authority", "review")])
def test_axe_finds_nothing_serious_on_signed_in_pages(
    published: Story, who: str, where: str
) -> None:
    page = published.person(who)
    assert serious(page) == []
    page.goto(f"/zh/{where}/{published.made['filing']}")
    assert serious(page) == []
    page.close()


def serious(page: Page) -> list[str]:
    """What axe holds against the page under WCAG 2 A and AA, where it is serious or worse."""
    rules = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]}
    found = Axe().run(page, options={**rules, "resultTypes": ["violations"]})
    return [
        f"{each['id']}: {each['help']} {[node['target'] for node in each['nodes'][:3]]}"
        for each in found.response["violations"]
        if each["impact"] in ("serious", "critical")
    ]


def test_without_scripts_it_reads_and_searches(published: Story) -> None:
    context = published.visitor(java_script_enabled=False)
    page = context.new_page()
    page.goto("/en/")
    page.fill("#q", "home loan")
    press(page, "[role=search] .search button, .search[role=search] button")
    press(page, ".hits h2 a")
    assert page.locator("ol.answers > li").count() == 6
    page.click("summary:has-text('the numbers')")
    assert page.locator("ol.answers details table").is_visible()
    context.close()


@pytest.mark.parametrize("size", [(1280, 800), (390, 844)])
@pytest.mark.parametrize("language", ["zh", "en"])
def test_the_first_screen_of_a_filing_says_what_was_found_before_any_badge(
    published: Story, size: tuple[int, int], language: str
) -> None:
    """public/P1, S6: without scrolling, whatever was found, and the gravest of it in words."""
    context = published.visitor(viewport={"width": size[0], "height": size[1]})
    page = context.new_page()
    page.goto(f"/{language}/f/{published.made['slug']}")
    first = page.locator("section:has(#beyond) li, section:has(#beyond) p").first.bounding_box()
    badge = page.locator("main .badge").first.bounding_box()
    assert first
    assert badge
    assert first["y"] + first["height"] <= size[1]
    assert first["y"] < badge["y"]
    context.close()


SCREEN = 844
"""Of a telephone 390 pixels wide."""


def test_the_first_screen_and_the_six_answers_are_at_most_six_screens(published: Story) -> None:
    """In Chinese, from the top of the page; each answer is at most one screen."""
    context = published.visitor(viewport={"width": 390, "height": SCREEN})
    page = context.new_page()
    page.goto(f"/zh/f/{published.made['slug']}")
    ends = "each => each.map(one => one.getBoundingClientRect().bottom + scrollY)"
    assert max(page.locator("ol.answers > li").evaluate_all(ends)) <= 6 * SCREEN
    high = page.locator("ol.answers > li").evaluate_all("all => all.map(one => one.offsetHeight)")
    assert [each for each in high if each > SCREEN] == []
    context.close()


def test_what_is_folded_is_printed(published: Story) -> None:
    """public/P5: the filing and the detail of an answer are folded; on paper they are open."""
    context = published.visitor()
    page = context.new_page()
    page.goto(f"/zh/f/{published.made['slug']}")
    drawn = "each => each.checkVisibility({contentVisibilityAuto: true}) && each.offsetHeight > 0"
    for folded in ("#A2", "#H4", "#moves figure >> nth=0"):
        page.emulate_media(media="screen")
        assert not page.locator(folded).evaluate(drawn)
        page.emulate_media(media="print")
        assert page.locator(folded).evaluate(drawn)
    context.close()


def test_at_320_pixels_nothing_scrolls_sideways(published: Story) -> None:
    context = published.visitor(viewport={"width": 320, "height": 700})
    page = context.new_page()
    for address in (*PUBLIC, "/zh/about", "/zh/platform-keys", "filed", "report"):
        page.goto(_address(published, address))
        assert _sideways(page) == [], address
    context.close()
    page = published.person("lender")
    page.set_viewport_size({"width": 320, "height": 700})
    for address in ("desk", f"versions/{published.made['version']}", "organisation"):
        page.goto(f"/zh/{address}")
        assert _sideways(page) == [], address
    for group in "BDG":
        page.goto(f"/zh/filings/{published.made['filing']}?group={group}")
        assert _sideways(page) == [], group
    page.close()


def _sideways(page: Page) -> list[str]:
    script = """() => document.documentElement.scrollWidth <= innerWidth ? [] :
      [document.documentElement.scrollWidth + ' px'].concat([...document.querySelectorAll('body *')]
        .filter(each => each.getBoundingClientRect().right > innerWidth + 1)
        .filter(each => !each.closest('.scroll')).slice(0, 5).map(each => each.outerHTML.slice(0, 90)))"""
    found: list[str] = page.evaluate(script)
    return found


def test_the_keyboard_skips_to_the_content_and_focus_is_seen(published: Story) -> None:
    context = published.visitor()
    page = context.new_page()
    page.goto(f"/zh/f/{published.made['slug']}")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    box = page.locator(".skip").bounding_box()
    assert box
    assert box["x"] >= 0
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "main"
    page.keyboard.press("Tab")
    outline = page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
    assert outline == "solid"
    small = page.evaluate(
        """() => [...document.querySelectorAll('summary, .btn, nav a')]
          .filter(each => each.offsetParent && each.getBoundingClientRect().height < 43.5)
          .map(each => each.textContent.trim())"""
    )
    assert small == []
    context.close()


def _address(story: Story, name: str) -> str:
    return {
        "filed": f"/zh/f/{story.made['slug']}",
        "report": f"/en/reports/{story.made['report']}",
    }.get(name, name)
