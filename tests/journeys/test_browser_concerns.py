"""A breach reported in a real browser without account, followed by code, put, answered, closed."""

import time
from typing import Any

import pytest
from playwright.sync_api import Page

from filing import routes
from registry import legal_day
from tests.journeys import acts
from tests.journeys.story import PATIENCE, Story, press, said

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.timeout(900)]
PHONE = {"width": 390, "height": 844}
WORDS = "内部文件写着：已婚的人另外加分，没有告诉申请人。"
ASKED = "请说明婚姻状况怎样影响分数。"
REPLY = "婚姻状况是输入之一，说明里写了。"
CLOSING = "已核实：说明里写明了。"


@pytest.fixture(scope="module")
def published(story: Story) -> Story:
    story.told(*acts.PUBLISHED)
    return story


def read(story: Story) -> dict[str, Any]:
    """What the public and the filer can read that could tell of it."""
    number = story.made["slug"]
    found = {}
    public, filer = story.visitor(), story.person("lender").context
    for context, name in ((public, "public"), (filer, "filer")):
        for address in (
            f"/zh/f/{number}",
            f"/f/{number}.json",
            f"/api/v1/catalogue/{number}/history",
            f"/api/v1/catalogue/{number}/concerns",
            "/zh/catalogue",
            "/zh/desk",
            "/zh/concerns",
            f"/zh/filings/{story.made['filing']}",
        ):
            answer = context.request.get(address, headers={"x-request-id": "a" * 16})
            headers = {
                key: value
                for key, value in answer.headers.items()
                if key not in ("x-request-id", "date")
            }
            found[f"{name} {address}"] = (answer.status, headers, answer.body())
    public.close()
    return found


def fits(page: Page) -> None:
    """Nothing has to be scrolled sideways."""
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]


def wait_on_desk(page: Page, words: str) -> None:
    """The worker writes to the desk in its own time."""
    deadline = time.monotonic() + PATIENCE
    while not page.locator(f"#waits ~ ul a:has-text('{words}')").count():
        assert time.monotonic() < deadline, page.inner_text("main")
        page.wait_for_timeout(500)
        page.reload()


def test_a_breach_is_reported_put_to_the_filer_answered_and_closed(published: Story) -> None:
    story, number = published, published.made["slug"]
    before = read(story)
    visitor = story.visitor(viewport=PHONE)
    page = visitor.new_page()
    page.goto(f"/zh/f/{number}")
    press(page, "a:has-text('我要申诉、投诉或举报')")
    fits(page)
    page.check("[name=situation][value=unequal]")
    page.check("[name=route][value=report]")
    page.fill("[name=words]", WORDS)
    press(page, "main form .btn")
    fits(page)
    case, code = page.inner_text("#case-number"), page.inner_text("#case-code")
    press(page, "a:has-text('用编号和查询码查询')")
    page.fill("[name=number]", case)
    page.fill("[name=code]", code)
    press(page, "main form .btn")
    assert "尚未核实" in page.inner_text("#case-status")
    assert WORDS in page.inner_text("main")
    fits(page)
    assert not visitor.cookies()

    authority = story.person("authority")
    wait_on_desk(authority, "有人来信")
    after = read(story)
    assert [name for name in before if before[name] != after[name]] == []

    press(authority, "#waits ~ ul a:has-text('有人来信')")
    assert WORDS in authority.inner_text("main")
    put = "form:has([name=action][value=put])"
    authority.fill(f"{put} [name=words]", ASKED)
    press(authority, f"{put} .btn")
    assert ASKED in authority.inner_text("#filer-reads")
    assert WORDS not in authority.inner_text("main")
    press(authority, "form:has([type=hidden][name=words]) .btn")
    said(authority, "已办理")

    filer = story.person("lender")
    wait_on_desk(filer, "询问")
    press(filer, "#waits ~ ul a:has-text('询问')")
    shown = filer.content()
    assert ASKED in shown
    for hidden in (WORDS, "举报</h1>", code, "因为性别"):
        assert hidden not in shown, hidden
    filer.fill("[name=words]", REPLY)
    press(filer, "main form.card .btn")
    said(filer, "已办理")

    authority.goto("/zh/desk")
    wait_on_desk(authority, "备案主体已答复")
    press(authority, "#waits ~ ul a:has-text('备案主体已答复')")
    assert REPLY in authority.inner_text("main")
    close = "form:has([name=action][value=close])"
    authority.select_option(f"{close} [name=outcome]", "not_upheld")
    authority.fill(f"{close} [name=words]", CLOSING)
    press(authority, f"{close} .btn")

    page.goto("/zh/follow")
    page.fill("[name=number]", case)
    page.fill("[name=code]", code)
    press(page, "main form .btn")
    assert page.inner_text("#case-status") == "已结案"
    assert CLOSING in page.inner_text("main")
    assert REPLY not in page.inner_text("main")
    page.goto(f"/zh/f/{number}")
    when = routes.quarter(legal_day.today())
    counted = f"{when[:4]}年第{when[-1]}季度收到举报1件，已结案1件，成立0件。"
    assert counted in page.inner_text("main")
    visitor.close()
