"""A real browser: an industry body opens its catalogue, a filer applies, two decide, a reader weighs anew."""

from datetime import timedelta

import pytest
from playwright.sync_api import Page

from registry import legal_day
from tests.journeys import acts
from tests.journeys.story import Story, press, refused, said
from tests.journeys.test_browser_concerns import PHONE, fits, wait_on_desk

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.timeout(900)]
WHY = "要求的检查都测了。"
OUT = "备案主体不再提供许可。"


@pytest.fixture(scope="module")
def published(story: Story) -> Story:
    story.told(*acts.PUBLISHED, acts.an_industry_body_opens_its_catalogue)
    return story


def decide(page: Page, action: str, **typed: str) -> None:
    """Fill in one step's form and send it."""
    form = f"form:has([name=action][value={action}])"
    for name, text in typed.items():
        page.fill(f"{form} [name={name}]", text)
    press(page, f"{form} .btn")


def test_a_filing_is_recommended_by_two_people_and_a_reader_orders_it_anew(
    published: Story,
) -> None:
    story = published
    body = story.person("association")

    filer = story.person("lender")
    filer.goto(f"/zh/filings/{story.made['filing']}")
    press(filer, "a:has-text('申请列入推荐目录')")
    for name in ("licence", "obtaining", "contact"):
        filer.fill(f"[name={name}_zh]", f"写明了{name}")
    filer.evaluate("document.querySelector('[name=ties_zh]').required = false")
    press(filer, "main form .btn")
    refused(filer, "还不能申请")
    assert filer.input_value("[name=licence_zh]") == "写明了licence"
    filer.fill("[name=ties_zh]", "没有")
    press(filer, "main form .btn")
    said(filer, "已提交")

    body.goto("/zh/desk")
    wait_on_desk(body, "等待决定")
    press(body, "#waits ~ ul a:has-text('等待决定')")
    address = body.url
    until = (legal_day.today() + timedelta(days=200)).isoformat()
    decide(body, "propose_entry", words_zh=WHY, until=until, ties_zh="没有")
    body.goto(address)
    agreeing = "form:has([name=action][value=confirm])"
    assert not body.locator(agreeing).count(), "who proposed is not asked to agree"
    filer.goto(address)
    assert WHY not in filer.inner_text("main"), "the applicant learns of no proposal"

    second = story.person("colleague")
    wait_on_desk(second, "另一人决定")
    press(second, "#waits ~ ul a:has-text('另一人决定')")
    decide(second, "confirm", ties_zh="没有")
    said(second, "已")

    visitor = story.visitor(viewport=PHONE)
    page = visitor.new_page()
    page.goto("/zh/")
    press(page, "main a:has-text('推荐目录')")
    press(page, "main h2 a")
    fits(page)
    shown = page.inner_text("main")
    for expected in ("编制，不是行政许可或认定", "第1名", WHY, "写明了licence", "未测"):
        assert expected in shown, expected
    before = page.inner_text("#order ~ .scroll td:nth-of-type(2)")
    page.fill("[name='w.findings']", "0")
    press(page, "form:has([name='w.findings']) .btn")
    assert "w.findings=0" in page.url
    assert "不是行业组织的顺序" in page.inner_text("main")
    assert page.inner_text("#order ~ .scroll td:nth-of-type(2)") != before
    fits(page)
    assert not visitor.cookies()

    body.goto(address)
    decide(body, "propose_removal", words_zh=OUT, ties_zh="没有")
    second.goto(address)
    decide(second, "confirm", ties_zh="没有")
    page.goto("/zh/recommended/shanghai")
    assert "现在没有条目" in page.inner_text("main")
    assert OUT in page.inner_text("main")
    visitor.close()
