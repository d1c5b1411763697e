"""What a refused form holds goes on: without what nobody can see, and never with a secret."""

import html
import re

import pytest
from fastapi.testclient import TestClient

from filing.concerns import Concern
from registry import characters
from registry.database import transaction
from registry.organisations import Role
from tests.portal.published import Published
from tests.portal.world import World

TYPED = {
    "route": "appeal",
    "situation": "result",
    "words": "十一月二十日被拒绝\u200b贷款，\u202e没有说明理由。",
    "contact": "li\ufeffsi@example.org",
}


def again(page: str) -> tuple[str, dict[str, str]]:
    """The address and the fields of the form that sends it without those characters."""
    _, _, main = page.partition("<main")
    address = re.search(r'<form method="post" action="([^"]*)"', main)
    fields = re.findall(r'<input type="hidden" name="([^"]*)" value="([^"]*)">', main)
    return (address.group(1) if address else ""), {n: html.unescape(v) for n, v in fields}


@pytest.mark.parametrize("language", ["zh", "en"])
def test_pasted_characters_are_taken_out_by_one_press_and_nothing_is_typed_again(
    published: Published, language: str
) -> None:
    """Newcomer, issue 7: the public was thrown out of the form by what nobody can see or find."""
    place = f"/{language}/f/{published.slug}/concern"
    browser = TestClient(published.site, headers={"accept": "text/html"})
    refused = browser.post(place, data=TYPED)
    assert refused.status_code == 422
    assert "Breaks a rule" not in refused.text
    address, fields = again(refused.text)
    assert address == place
    assert fields == {name: characters.seen(value) for name, value in TYPED.items()}
    taken = browser.post(address, data=fields)
    assert taken.status_code < 400, taken.text
    with transaction(published.site.state.factory) as session:
        assert session.query(Concern).count() == 1


def test_a_form_with_a_secret_or_from_another_site_is_offered_to_nobody(
    published: Published, world: World
) -> None:
    browser = TestClient(published.site, headers={"accept": "text/html"})
    secret = browser.post(
        "/zh/sign-in", data={"email": "a\u200b@example.org", "password": "geheim"}
    )
    assert secret.status_code == 422
    assert again(secret.text) == ("", {})
    assert "geheim" not in secret.text
    foreign = browser.post(
        f"/zh/f/{published.slug}/concern", data=TYPED, headers={"origin": "https://evil.example"}
    )
    assert foreign.status_code in {403, 422}
    assert again(foreign.text) == ("", {})


def test_whoever_is_signed_in_sends_it_with_their_own_mark(world: World) -> None:
    filer = world.member("enterprise-own", Role.FILER)
    browser = TestClient(
        world.site, headers={"accept": "text/html"}, cookies={"mingsuan": filer.cookie}
    )
    typed = {"csrf": filer.csrf, "label": "我的\u200b令牌", "scopes": "read", "days": "7"}
    address, fields = again(browser.post("/zh/organisation/tokens", data=typed).text)
    assert address == "/zh/organisation/tokens"
    assert fields == typed | {"label": "我的令牌"}
