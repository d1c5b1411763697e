"""G8: a form that is sent after its sign-in lapsed is kept in the page, for its own account alone."""

import html
import re
from datetime import timedelta
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import update

from portal.web.lapsed import MOST_BYTES
from registry.credentials import SignIn
from registry.database import now, transaction
from registry.organisations import Role
from registry.tokens import Token
from tests.portal.world import PASSWORD, Member, World

TOKENS = "/zh/organisation/tokens"


@pytest.fixture
def filer(world: World) -> Member:
    return world.member("enterprise-own", Role.FILER)


@pytest.fixture
def browser(world: World, filer: Member) -> TestClient:
    """A browser whose sign-in lapsed a minute ago."""
    with transaction(world.site.state.factory) as session:
        session.execute(update(SignIn).values(expires=now() - timedelta(minutes=1)))
    return TestClient(
        world.site, follow_redirects=False, headers={"accept": "text/html"},
        cookies={"mingsuan": filer.cookie},
    )  # fmt: skip


def typed(filer: Member, **more: Any) -> dict[str, Any]:
    return {"csrf": filer.csrf, "label": "我的令牌", "scopes": "read", "days": "7"} | more


def hidden(page: Any) -> dict[str, str]:
    """The hidden fields of the page's own form."""
    main = page.text.partition("<main")[2]
    found = re.findall(r'<input type="hidden" name="([^"]*)" value="([^"]*)">', main)
    return {name: html.unescape(value) for name, value in found}


def sign_in(browser: TestClient, member: Member, kept: str, password: str = PASSWORD) -> Any:
    email = member.person.email
    return browser.post("/zh/sign-in", data={"email": email, "password": password, "lapsed": kept})


def tokens(world: World) -> int:
    with world.site.state.factory() as session:
        return int(session.query(Token).filter_by(label="我的令牌").count())


def test_it_is_sent_after_the_sign_in(world: World, filer: Member, browser: TestClient) -> None:
    asked = browser.post(TOKENS, data=typed(filer, password="geheim"))
    assert asked.status_code == 401
    assert asked.headers["cache-control"] == "no-store"
    assert "geheim" not in asked.text
    again = sign_in(browser, filer, hidden(asked)["lapsed"], "a wrong password")
    assert again.status_code == 403
    carried = sign_in(browser, filer, hidden(again)["lapsed"])
    assert carried.status_code == 200
    assert tokens(world) == 0, "nothing is sent before the person says so"
    named = re.findall(r"<summary>(.*?)</summary>", carried.text.partition("<main")[2])
    assert named[0].startswith("名称 ")
    assert not any(each.startswith(("csrf", "next")) for each in named)
    fields = hidden(carried)
    assert fields["csrf"] != filer.csrf
    assert f'action="{TOKENS}"' in carried.text
    assert browser.post(TOKENS, data=fields).status_code == 200
    assert tokens(world) == 1


def test_another_account_is_shown_nothing_of_it(
    world: World, filer: Member, browser: TestClient
) -> None:
    kept = hidden(browser.post(TOKENS, data=typed(filer)))["lapsed"]
    other = world.member("tester-own", Role.TESTER)
    answer = sign_in(browser, other, kept)
    assert answer.status_code == 303
    told = browser.get(answer.headers["location"])
    assert "属于另一个账号" in told.text
    assert "我的令牌" not in told.text


@pytest.mark.parametrize(
    "how",
    [
        {"data": {"label": "我的令牌" * (MOST_BYTES // 12)}},
        {"headers": {"sec-fetch-site": "cross-site"}},
        {"headers": {"origin": "https://elsewhere.example"}},
        {"data": {"csrf": ""}},
        {"headers": {"accept": "application/json"}},
    ],
)
def test_what_is_too_long_or_from_elsewhere_is_not_carried(
    filer: Member, browser: TestClient, how: dict[str, Any]
) -> None:
    sent = {"data": typed(filer, **how.get("data", {})), "headers": how.get("headers", {})}
    answer = browser.post(TOKENS, **sent)
    assert answer.status_code == 401
    assert "lapsed" not in answer.text


@pytest.mark.parametrize(
    "kept", ["[", "[1,2,3]", '["//a.example","x",[]]', '["/zh/x","x",[["a","b"]]]']
)
def test_what_no_page_of_ours_wrote_is_not_carried(
    filer: Member, browser: TestClient, kept: str
) -> None:
    answer = sign_in(browser, filer, kept)
    assert answer.status_code == 303
    assert answer.headers["location"] == "/zh/desk"
