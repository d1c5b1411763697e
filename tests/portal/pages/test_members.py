"""An administrator changes who belongs to the organisation from its page, as by API and command."""

import re

from registry.organisations import Role
from tests.portal.pages.shelf import Shelf
from tests.portal.pages.test_races import PAGE
from tests.portal.world import World

HERE = "/zh/organisation"


def test_roles_removal_and_withdrawn_invitations(shelf: Shelf) -> None:
    """filing/A6: the API alone took a role back; nothing withdrew an invitation or removed anybody."""
    client, csrf = shelf.world.browser(shelf.world.member("enterprise-other", Role.ADMINISTRATOR))
    clerk = shelf.world.colleague("enterprise-other", Role.FILER).person

    def sent(path: str, **fields: str) -> str:
        client.post(f"{HERE}/{path}", data={"csrf": csrf, **fields}, headers=PAGE)
        text: str = client.get(HERE, headers=PAGE).text
        return text

    page = sent(f"members/{clerk.id}/roles", role="administrator")
    assert f"members/{clerk.id}/roles/administrator/withdraw" in page
    page = sent(f"members/{clerk.id}/roles/administrator/withdraw")
    assert f"members/{clerk.id}/roles/administrator/withdraw" not in page
    page = sent("invite", email="wrong@example.org", role="filer")
    path = re.search(r"invitations/(\w+)/withdraw", page)
    assert path is not None
    assert "wrong@example.org" in page
    assert "wrong@example.org" not in sent(path[0])
    assert clerk.email not in sent(f"members/{clerk.id}/remove")


def test_the_last_administrator_is_told_why_they_stay(shelf: Shelf) -> None:
    chief = shelf.world.member("tester-other", Role.ADMINISTRATOR)
    client, csrf = shelf.world.browser(chief)
    path = f"{HERE}/members/{chief.person.id}/roles/administrator/withdraw"
    answer = client.post(path, data={"csrf": csrf}, headers=PAGE)
    assert answer.status_code == 409
    assert "至少要有一名管理员" in answer.text


def test_nobody_is_removed_by_who_is_no_administrator(shelf: Shelf) -> None:
    world: World = shelf.world
    client, csrf = shelf.browser(Role.FILER)
    chief = world.member("enterprise-own", Role.ADMINISTRATOR).person
    path = f"{HERE}/members/{chief.id}/remove"
    assert client.post(path, data={"csrf": csrf}, headers=PAGE).status_code == 403
