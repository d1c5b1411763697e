"""The page on which an authority verifies organisations, and what the public reads of it."""

import pytest
from fastapi.testclient import TestClient

from registry import corrections, organisations, verifications
from registry.database import transaction
from registry.organisations import Kind, Organisation, Role
from tests.portal.world import World

CODE = "91350100M000100Y43"


@pytest.fixture
def firm(world: World) -> str:
    """An enterprise that nobody has verified; its identifier."""
    with transaction(world.site.state.factory) as session:
        made = organisations.found(
            session, kind=Kind.ENTERPRISE, name_zh="明德公司", name_en="Mingde", credit_code=CODE
        )
        return made.id


@pytest.fixture
def chief(world: World) -> tuple[TestClient, str]:
    """A browser of an authority's administrator, and its CSRF token."""
    return world.browser(world.member("authority-own", Role.ADMINISTRATOR))


def said(world: World, firm: str) -> str:
    with transaction(world.site.state.factory) as session:
        return verifications.said(session, organisations.get(session, firm)).zh


def sent(world: World, firm: str, csrf: str, **changed: str) -> dict[str, str]:
    with transaction(world.site.state.factory) as session:
        revision = corrections.revision_of(organisations.get(session, firm))
    given = {"document": "business_licence", "seen": "2026-11-21", "record": revision}
    return {**given, "csrf": csrf, **changed}


@pytest.mark.parametrize("language", ["zh", "en"])
def test_who_is_not_verified_stands_first(
    chief: tuple[TestClient, str], firm: str, language: str
) -> None:
    page = chief[0].get(f"/{language}/organisations").text
    assert page.index(f'id="{firm}"') < page.index("/verification/end")


def test_a_document_that_was_seen_is_recorded_and_taken_back(
    world: World, chief: tuple[TestClient, str], firm: str
) -> None:
    browser, csrf = chief
    place = f"/zh/organisations/{firm}/verification"
    answer = browser.post(place, data=sent(world, firm, csrf))
    assert answer.status_code == 303
    assert "核验已登记" in browser.get(answer.headers["location"]).text
    assert "2026-11-21由单位authority-own凭营业执照核验。" in said(world, firm)
    refused = browser.post(f"{place}/end", data={"csrf": csrf, "reason": " "})
    assert refused.status_code == 422
    assert "请写明为什么" in refused.text
    answer = browser.post(f"{place}/end", data={"csrf": csrf, "reason": "看错了证件"})
    assert answer.status_code == 303
    assert said(world, firm) == "身份没有核验记录。"


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"seen": "yesterday"}, "2026-11-30 这样"),
        ({"seen": "2999-01-01"}, "在今天以后"),
        ({"document": "driving_licence"}, "证件"),
        ({"record": "0" * 16}, "重新对照证件"),
    ],
)
def test_what_cannot_be_recorded_says_why_and_keeps_what_was_typed(
    world: World, chief: tuple[TestClient, str], firm: str, changed: dict[str, str], told: str
) -> None:
    browser, csrf = chief
    place = f"/zh/organisations/{firm}/verification"
    answer = browser.post(place, data=sent(world, firm, csrf, **changed))
    assert answer.status_code in {409, 422}
    assert told in answer.text
    assert said(world, firm) == "身份没有核验记录。"


@pytest.mark.parametrize(
    ("name", "role"),
    [("authority-own", Role.REVIEWER), ("enterprise-own", Role.ADMINISTRATOR)],
)
def test_others_neither_read_nor_verify(world: World, firm: str, name: str, role: Role) -> None:
    browser, csrf = world.browser(world.member(name, role))
    assert browser.get("/zh/organisations").status_code == 403
    answer = browser.post(f"/zh/organisations/{firm}/verification", data=sent(world, firm, csrf))
    assert answer.status_code == 403
    assert said(world, firm) == "身份没有核验记录。"


def test_thousands_of_organisations_stand_on_pages_and_are_searched(
    world: World, chief: tuple[TestClient, str], firm: str
) -> None:
    """All of them stood on one page, at three questions of the record for each."""
    with transaction(world.site.state.factory) as session:
        session.add_all(
            Organisation(
                kind=Kind.ENTERPRISE, name_zh=f"第{each:04}号公司", name_en=f"Firm {each}"
            )
            for each in range(120)
        )
    first = chief[0].get("/zh/organisations").text
    assert first.count("<tr id=") == 50
    assert "page=2" in first
    assert chief[0].get("/zh/organisations?page=2").text.count("<tr id=") == 50
    found = chief[0].get("/zh/organisations?q=第0007号").text  # digits alone may be in a code
    assert found.count("<tr id=") == 1
    assert "第0007号公司" in found
