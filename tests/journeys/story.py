"""One model's story in a real browser: who takes part, and how far it has come."""

import re
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from playwright.sync_api import Browser, BrowserContext, Page

from filing.fields import Kind, Part
from portal.demo import cast
from registry import database
from registry.database import transaction
from tests.filing.typed import places
from tests.journeys.house import House

PASSWORD = "a long enough password"
PATIENCE = 180.0
LANGUAGES = {
    "lender": "zh",
    "tester": "en",
    "authority": "zh",
    "publisher": "zh",
    "association": "zh",
    "colleague": "zh",
}
NUMBERED = re.compile(r"明算备")

Act = Callable[["Story"], None]


@dataclass
class Story:
    """The people with their browsers, and what has been made so far.

    Args:
        house: the running installation.
        browser: Chromium.
        folder: for the files that people hold at home.
        made: identifiers by name: version, engagement, report, explanation, filing, number.
    """

    house: House
    browser: Browser
    folder: Path
    made: dict[str, str] = field(default_factory=dict)
    key: Ed25519PrivateKey = field(default_factory=Ed25519PrivateKey.generate)
    organisations: dict[str, str] = field(default_factory=dict)
    contexts: dict[str, BrowserContext] = field(default_factory=dict)
    done: list[Act] = field(default_factory=list)

    def __post_init__(self) -> None:
        engine = database.connect(self.house.settings.database_url)
        with transaction(database.sessions(engine)) as session:
            for name in LANGUAGES:
                actor = cast.enter(session, name, PASSWORD)
                self.organisations[name] = actor.organisation_id
        engine.dispose()

    def told(self, *acts: Act) -> None:
        """Every act in order; what has happened is not repeated."""
        for act in acts:
            if act not in self.done:
                act(self)
                self.done.append(act)

    def person(self, name: str) -> Page:
        """A new tab of one of the people, signed in with the form."""
        if name not in self.contexts:
            context = self.visitor()
            page = context.new_page()
            page.goto(f"/{LANGUAGES[name]}/desk")
            press(page, "main a.btn")
            page.fill("[name=email]", cast.PARTS[name].email)
            page.fill("[name=password]", "not the password")
            press(page, "main form .btn")
            assert page.locator("[role=alert]").is_visible()
            assert page.input_value("[name=email]") == cast.PARTS[name].email
            page.fill("[name=password]", PASSWORD)
            press(page, "main form .btn")
            assert page.url.endswith("/desk")
            page.close()
            self.contexts[name] = context
        page = self.contexts[name].new_page()
        page.goto(f"/{LANGUAGES[name]}/desk")
        return page

    def visitor(self, **options: Any) -> BrowserContext:
        """A browser that nobody is signed in with."""
        context = self.browser.new_context(base_url=self.house.url, **options)
        context.set_default_timeout(30_000)
        return context

    def close(self) -> None:
        """Close every browser window."""
        for context in self.contexts.values():
            context.close()


def press(page: Page, what: str) -> None:
    """Press a button or follow a link, and wait for the page that comes of it."""
    with page.expect_navigation():
        page.locator(what).first.click()


def identifier(page: Page) -> str:
    """The last part of the page's address."""
    return page.url.partition("?")[0].partition("#")[0].rsplit("/", 1)[-1]


def said(page: Page, words: str) -> None:
    """The page must confirm what was done with these words."""
    notice = page.locator(".notice.good[role=status]")
    assert words in notice.inner_text(), notice.inner_text()


def refused(page: Page, words: str) -> None:
    """The page must show the form again with this reason."""
    alert = page.locator("[role=alert]").first
    assert words in alert.inner_text(), alert.inner_text()


def wait_for_work(page: Page, finished: str) -> None:
    """Watch the progress page, which renews itself, until `finished` is to be seen."""
    deadline = time.monotonic() + PATIENCE
    while not page.locator(finished).count():
        assert time.monotonic() < deadline, page.inner_text("main")
        assert not page.locator(".card .wrong").count(), page.inner_text("main")
        page.wait_for_timeout(500)
        page.reload()


def type_answers(page: Page, answers: Mapping[str, Any], part_of: Callable[[str], Part]) -> None:
    """Fill in what the form on the page asks for, by the names of its inputs."""
    for key, value in answers.items():
        _add_rows(page, f"a/{key}", part_of(key), value)
        for name, typed in places(f"a/{key}", part_of(key), value):
            box = page.locator(f'[name="{name}"]')
            if not box.count():
                continue
            kind = box.first.evaluate("each => each.type || each.tagName")
            if kind == "hidden":
                continue  # of what a row is, stands there already
            if kind in ("checkbox", "radio"):
                page.check(f'[name="{name}"][value="{typed}"]')
            elif kind.startswith("select"):
                box.select_option(typed)
            else:
                box.fill(typed)


def _add_rows(page: Page, place: str, part: Part, value: Any) -> None:
    """Ask for as many rows as are to be typed: none stands there in advance."""
    if part.kind is Kind.PARTS:
        for each in part.parts:
            if each.id in value:
                _add_rows(page, f"{place}/{each.id}", each, value[each.id])
    if part.kind is not Kind.ROWS or part.each:
        return
    for number, _ in enumerate(value, 1):
        button = f'button[name=more][value="{place}"]'
        if (
            page.locator(button).count()
            and not page.locator(f'[name^="{place}/{number}/"]').count()
        ):
            press(page, button)
