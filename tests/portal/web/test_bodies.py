"""A body with a key that the route does not know is refused by name, and nothing is written."""

from typing import Any

import pytest
from fastapi.testclient import TestClient

from registry.organisations import Role
from tests.portal.world import World


@pytest.mark.parametrize("more", [{}, {"district": "徐汇区"}])
def test_a_correction_of_what_cannot_be_corrected_is_refused_whole(
    world: World, client: TestClient, more: dict[str, Any]
) -> None:
    """It was answered 200 and changed nothing."""
    chief = world.member("authority-own", Role.ADMINISTRATOR)
    place = world.member("enterprise-own", Role.FILER).organisation
    address = f"/api/v1/organisations/{place.id}"
    before = client.get(address, headers=chief.bearer).json()
    answered = client.patch(
        address,
        json={"name_en": "Other", "revision": before["revision"]} | more,
        headers=chief.bearer,
    )
    assert answered.status_code == 422
    (reason,) = answered.json()["reasons"]
    assert reason["item"] == "body.name_en"
    assert reason["said"]["zh"] == "没有这一项。"
    assert reason["said"]["en"] == "There is no such item."
    assert client.get(address, headers=chief.bearer).json() == before
    if more:
        told = more | {"revision": before["revision"]}
        assert client.patch(address, json=told, headers=chief.bearer).status_code == 200
