"""A refusal names each box by the label that stands beside it, for every form of every page."""

import html
import re
from collections.abc import Mapping
from html.parser import HTMLParser

import pytest
from fastapi.testclient import TestClient

from portal.pages import boxes
from tests import exhaustive
from tests.portal.pages import every_form
from tests.portal.pages.every_form import Form
from tests.portal.pages.stage import Stage
from tests.portal.pages.test_every_form import FILE_FIRST, LANGUAGES, TOO_LONG, once, some, sound

LENGTH = f"{len(TOO_LONG):,}"
FIELD_CODE = re.compile(r"[A-I]\d{1,2}(#\d+)?")
ASIDE = re.compile(r'<span class="(?:quiet|tag)[^"]*">.*?</span>', re.DOTALL)
TAG = re.compile(r"<[^>]+>")
SUMMARY = re.compile(r'<div class="notice bad" role="alert">(.*?)</div>', re.DOTALL)
LINE = re.compile(r"<li[^>]*>(.*?)</li>", re.DOTALL)
LINK = re.compile(r'<a href="#([^"]+)">(.*?)</a>', re.DOTALL)
FEW, MANY = 8, 40
"""Boxes of a form beyond which only the first and the last are sent: one macro makes the others."""
WRONG = ("", "-1")
"""What may be wrong in a box besides its length."""
CASES = [
    exhaustive.case(language, half, whole, kept=half == first and not whole)
    for first, language in enumerate(LANGUAGES)
    for half in (0, 1)
    for whole in ((False, True) if half == first else (True,))
]
"""As the halves of `test_every_form`; in `make test` fewer boxes, each empty or negative, turn and turn about."""


def plain(markup: str) -> str:
    """The text of a piece of a page, without what stands beside a label in small print."""
    return " ".join(html.unescape(TAG.sub("", ASIDE.sub("", markup))).split())


class Names(HTMLParser):
    """The id of every element with a name, and what stands in its tag."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: dict[str, dict[str, str]] = {}
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if given.get("id"):
            assert given["id"] not in self.tags or tag == "div", given["id"]
            self.tags[given["id"]] = {"": tag, **given}


def labels(page: str) -> set[str]:
    """Everything on a page that can be the label of a box, or a part of one."""
    found = re.findall(r"<(?:label|legend)\b[^>]*>(.*?)</(?:label|legend)>", page, re.DOTALL)
    found += re.findall(
        r'<span (?:id="n-[^"]*"|class="called"[^>]*)>(.*?)</span>', page, re.DOTALL
    )
    given = re.findall(r'aria-label="([^"]*)"', page)
    return {plain(re.sub(r"<select.*", "", each, flags=re.DOTALL)) for each in [*found, *given]}


def check(form: Form, page: str, sent: str) -> int:
    """How many boxes the page's refusal names; asserts that each is named by its label.

    Args:
        form: which was sent.
        page: the answer.
        sent: the box that was filled in wrongly.
    """
    told = SUMMARY.search(page)
    if told is None:
        return 0
    named, tags, known = 0, Names(page).tags, labels(page)
    own = {each.name for each in form.controls}
    for line in LINE.findall(told.group(1)):
        where, link = (form.route, sent, line[:300]), LINK.search(line)
        if LENGTH in line:
            assert link is not None, where
        codes = re.findall(r"<code[^>]*>(.*?)</code>", line)
        if link is None:
            assert not own & {
                each for code in codes for each in (code, f"{code}_zh", f"a/{code}")
            }, where
            continue
        target, label = html.unescape(link.group(1)).replace("%23", "#"), plain(link.group(2))
        assert target in tags or "%" in target, where
        assert set(label.split(boxes.JOINT)) <= known, where
        assert all(FIELD_CODE.fullmatch(code) for code in codes), where
        assert not codes or "/filings/" in form.route or "/review/" in form.route, where
        tag = tags.get(target, {})
        if LENGTH in line:
            assert tag.get("name") == sent, where
            by = tag.get("aria-labelledby", "").rpartition(" ")[2]
            at = f'id="{re.escape(by)}"' if by else f'for="{re.escape(target)}"'
            mine = re.search(rf"<(label|span)[^>]* {at}[^>]*>(.*?)</\1>", page, re.DOTALL)
            last = tag.get("aria-label") or (mine and plain(mine.group(2)))
            assert label.split(boxes.JOINT)[-1] == html.unescape(last or ""), where
        if tag.get("name"):
            assert tag["aria-invalid"] == "true", where
            assert set(tag["aria-describedby"].split()) <= set(tags), where
        named += 1
    return named


@pytest.mark.timeout(900)  # every box of every form is posted
@pytest.mark.parametrize(("language", "half", "whole"), CASES)
def test_every_refusal_names_a_box_by_the_label_on_the_page(
    stage: Stage,
    forms: Mapping[str, list[Form]],
    on_stage: TestClient,
    language: str,
    half: int,
    whole: bool,
) -> None:
    named: dict[str, int] = {}
    for form in once(forms[language])[half::2]:
        texts = form.texts if len(form.texts) <= (MANY if whole else FEW) else some(form)
        others = [each.name for each in form.controls if each.kind in ("number", "email", "date")]
        if form.route in FILE_FIRST:
            continue
        for at, name in enumerate([*texts, *others]):
            for wrong in (TOO_LONG, *(WRONG if whole else WRONG[at % 2 :][:1])):
                changed = {**sound(form), name: wrong}
                answer = every_form.send(on_stage, form, member=form.sender, changed=changed)
                assert answer.status_code < 500, (form.route, name)
                if answer.status_code < 400:
                    stage.restore()
                    continue
                named[form.route] = named.get(form.route, 0) + check(form, answer.text, name)
    print({route: count for route, count in named.items() if count})
    assert sum(count > 0 for count in named.values()) >= 10
