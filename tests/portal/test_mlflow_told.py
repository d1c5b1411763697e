"""What the door tells about a wrong request: MLflow's code, and both languages in words of ours."""

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx
import pytest

from tests import models
from tests.portal.doors import API, FILES, MPU, Door

HUGE = "1" + "0" * 30
LARGE = str(2**31)

pytestmark = pytest.mark.slow


def told(answer: httpx.Response, status: int, code: str) -> str:
    """The message, once it is seen to be MLflow's in form and ours in words."""
    assert answer.headers["content-type"].startswith("application/json"), answer.text
    assert (answer.status_code, answer.json().get("error_code")) == (status, code), answer.text
    message: str = answer.json()["message"]
    assert any("一" <= letter <= "鿿" for letter in message), message
    return message


def begun(door: Door, name: str, parts: int) -> Mapping[str, Any]:
    """An upload in parts."""
    answer = door.ask("POST", f"{MPU}/create/x/{name}", json={"path": "f", "num_parts": parts})
    assert answer.status_code == 200, answer.text
    found: Mapping[str, Any] = answer.json()
    return found


def sent(upload: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Its parts, each of another hundred bytes."""
    parts = []
    for each in upload["credentials"]:
        content = bytes([each["part_number"]]) * 100
        assert httpx.put(each["url"], content=content, timeout=60).status_code == 200
        tag = hashlib.sha256(content).hexdigest()
        parts.append({"part_number": each["part_number"], "etag": tag, "url": "x"})
    return parts


@pytest.mark.parametrize("listed", [[0, 0, 1], [0, 1, 1], [], [0, 2], [1, 2]])
def test_a_file_is_joined_of_each_part_once(door: Door, listed: list[int]) -> None:
    """A part listed twice was joined twice, and an empty list made an empty file."""
    name = "".join(map(str, listed)) or "none"
    upload = begun(door, name, 3)
    parts = sent(upload)
    body = {"path": "f", "upload_id": upload["upload_id"], "parts": [parts[n] for n in listed]}
    answer = door.ask("POST", f"{MPU}/complete/x/{name}", json=body)
    assert answer.status_code == 400, answer.text
    if listed:  # MLflow itself says that nothing is listed
        assert "each part once" in told(answer, 400, "INVALID_PARAMETER_VALUE")
    assert door.ask("GET", f"{FILES}/x/{name}/f").status_code == 404
    body["parts"] = list(reversed(parts))  # as threads finish
    assert door.ask("POST", f"{MPU}/complete/x/{name}", json=body).status_code == 200
    assert len(door.ask("GET", f"{FILES}/x/{name}/f").content) == 300


@pytest.mark.parametrize("number", [0, -1, 1.5, None, 10_001])
def test_the_number_of_parts_is_told_with_its_own_remedy(door: Door, number: object) -> None:
    body = {"path": "f", "num_parts": number}
    answer = door.ask("POST", f"{MPU}/create/x/counted", json=body)
    message = told(answer, 400, "INVALID_PARAMETER_VALUE")
    assert ("CHUNK_SIZE" in message) == (number == 10_001)
    assert "10000" in message


def test_the_address_of_a_part_is_refused_in_mlflow_s_words(door: Door) -> None:
    """A signature with a letter beyond ASCII was a 500, and one left out FastAPI's own 422."""
    first = begun(door, "signed", 1)["credentials"][0]["url"]
    address, _, query = first.partition("?")
    expires = query.partition("&")[0]
    for changed in (
        f"{first}é",
        f"{first}%ff",
        f"{address}?{expires}",
        f"{address}?{query.partition('&')[2]}",
        address,
        f"{address}?expires=soon&signature=x",
        f"{address}?expires={HUGE}&signature=x",
        f"{address.removesuffix('1')}x?{query}",
        f"{address.removesuffix('1')}{HUGE}?{query}",
        f"{address.removesuffix('1')}-1?{query}",
    ):
        assert "not valid" in told(httpx.put(changed, content=b"x"), 403, "PERMISSION_DENIED")


def test_files_and_paths_are_refused_in_both_languages(door: Door, tmp_path: Path) -> None:
    assert door.ask("PUT", f"{FILES}/told/a/b", content=b"1").status_code == 200
    for path in ("a%0ab", "a%09b", "a%00b", "a%E2%80%AEb"):
        for method in ("PUT", "GET"):
            answer = door.ask(method, f"{FILES}/{path}", content=b"1")
            assert "U+" in told(answer, 400, "INVALID_PARAMETER_VALUE"), path
    assert "list" in told(door.ask("GET", f"{FILES}/told/c"), 404, "RESOURCE_DOES_NOT_EXIST")
    assert "directory" in told(door.ask("GET", f"{FILES}/told/a"), 400, "INVALID_PARAMETER_VALUE")
    for path in ("workspaces/other/x", "a%23b", "..%2Fb"):
        for method in ("PUT", "GET"):
            answer = door.ask(method, f"{FILES}/{path}", content=b"1")
            assert "Leave" in (said := told(answer, 400, "INVALID_PARAMETER_VALUE")) or (
                "Invalid path" in said
            )
    listed = door.ask("GET", FILES, params={"path": "workspaces/other/x"})
    told(listed, 400, "INVALID_PARAMETER_VALUE")
    told(door.ask("PUT", f"{FILES}/told/%2E/c", content=b"1"), 400, "INVALID_PARAMETER_VALUE")
    (tmp_path / "none").mkdir()
    own = door.info(door.run(tmp_path / "none"))["artifact_uri"]
    workspace = own.split("/")[2]
    digest = f"workspaces/{workspace}/snapshots/{'0' * 64}"
    told(door.ask("GET", f"{FILES}/{digest}/x"), 404, "RESOURCE_DOES_NOT_EXIST")
    answer = door.register("told", f"{own}/m")
    assert "models:/m-" in told(answer, 404, "RESOURCE_DOES_NOT_EXIST")


@pytest.mark.parametrize(
    ("name", "why"),
    [(" told", "blanks"), ("e\u0301s", "composed form"), ("a@b", "cannot be used")],
)
def test_a_name_is_refused_for_what_is_wrong_with_it(door: Door, name: str, why: str) -> None:
    answer = door.post("registered-models/create", name=name)
    assert why in told(answer, 400, "INVALID_PARAMETER_VALUE")


@pytest.mark.parametrize("number", [LARGE, HUGE])
def test_a_number_that_no_column_holds_is_named(door: Door, number: str, tmp_path: Path) -> None:
    """It was a 500 in the words of SQLite, or PostgreSQL's with the statement."""
    run = door.run(models.credit_model(tmp_path / "model", seed=311))
    assert door.register("numbers", f"runs:/{run}/model").status_code == 200
    version = {"name": "numbers", "version": number}
    tag = {"key": "k", "value": "v"}
    asked = {
        "get": door.ask("GET", f"{API}/model-versions/get", params=version),
        "uri": door.ask("GET", f"{API}/model-versions/get-download-uri", params=version),
        "tag": door.post("model-versions/set-tag", **version, **tag),
        "untag": door.ask(
            "DELETE", f"{API}/model-versions/delete-tag", json=version | {"key": "k"}
        ),
        "describe": door.ask("PATCH", f"{API}/model-versions/update", json=version),
        "alias": door.post("registered-models/alias", **version, alias="a"),
        "copy": door.register("numbers", f"models:/numbers/{number}"),
        "experiment": door.ask("GET", f"{API}/experiments/get", params={"experiment_id": number}),
        "delete": door.post("experiments/delete", experiment_id=number),
        "run": door.post("runs/create", experiment_id=number),
        "search": door.post("runs/search", experiment_ids=[number]),
        "filter": door.ask(
            "GET", f"{API}/model-versions/search", params={"filter": f"version_number = {number}"}
        ),
    }
    for what, answer in asked.items():
        assert answer.status_code in (200, 400, 404), (what, answer.text)
        assert "SQL" not in answer.text, what
        if answer.status_code == 400 and number == HUGE:
            assert "smaller" in answer.text or "version_number" in answer.text, (what, answer.text)
    if number == HUGE:
        assert "version" in told(asked["get"], 400, "INVALID_PARAMETER_VALUE")


def test_what_is_not_offered_is_not_announced(door: Door) -> None:
    """OPTIONS named the methods of routes that are refused."""
    for path, code in (
        (f"{API}/model-versions/delete", "PERMISSION_DENIED"),
        ("/ajax-api/2.0/mlflow/runs/search", "NOT_IMPLEMENTED"),
        ("/graphql", "NOT_IMPLEMENTED"),
        (f"{API}/no/such", "ENDPOINT_NOT_FOUND"),
    ):
        answer = door.ask("OPTIONS", path)
        told(answer, answer.status_code, code)
        assert answer.status_code >= 400
        assert "allow" not in answer.headers
    offered = door.ask("OPTIONS", f"{API}/runs/create")
    assert (offered.status_code, offered.headers["allow"]) == (204, "POST, OPTIONS")
    files = door.ask("OPTIONS", f"{FILES}/a/{quote('模型')}")
    assert "DELETE" not in files.headers.get("allow", "")


def test_bytes_registered_again_keep_the_description_they_have(door: Door, tmp_path: Path) -> None:
    files = models.credit_model(tmp_path / "model", seed=917)
    first, second = door.run(files), door.run(files)
    door.register("nightly", f"runs:/{first}/model", first, description="FIRST")
    again = door.register("nightly", f"runs:/{second}/model", second, description="SECOND")
    assert again.json()["model_version"]["version"] == "1"
    version = door.version("nightly")
    assert (version["description"], version["run_id"]) == ("FIRST", first)


def test_a_source_that_names_a_stage_is_refused_by_its_policy(door: Door, tmp_path: Path) -> None:
    """It was a 500, which the client asks again for minutes."""
    run = door.run(models.credit_model(tmp_path / "model", seed=918))
    assert door.register("staged", f"runs:/{run}/model").status_code == 200
    for named in ("Production", "Staging", "x", "-1"):
        answer = door.register("other", f"models:/staged/{named}")
        assert "set_registered_model_alias" in told(answer, 501, "NOT_IMPLEMENTED")
    assert door.register("other", "models:/staged/latest").status_code == 200
    door.post("registered-models/create", name="empty")
    answer = door.register("other", "models:/empty/latest")
    assert "number" in told(answer, 404, "RESOURCE_DOES_NOT_EXIST")


def test_a_run_without_an_experiment_is_told_what_to_do_once_default_was_deleted(
    door: Door,
) -> None:
    own = door.post("runs/create", experiment_id="0").json()["run"]["info"]["experiment_id"]
    assert door.post("experiments/delete", experiment_id=own).status_code == 200
    try:
        message = told(door.post("runs/create", experiment_id="0"), 400, "INVALID_PARAMETER_VALUE")
        assert message.count("MLFLOW_EXPERIMENT_NAME") == 2
        assert message.count(f"restore_experiment('{own}')") == 2
    finally:
        assert door.post("experiments/restore", experiment_id=own).status_code == 200
    assert door.post("runs/create", experiment_id="0").status_code == 200


def test_a_doubled_slash_and_another_method_are_told_in_both_languages(
    door: Door,
) -> None:
    told(door.ask("GET", f"{API}//runs/get"), 404, "ENDPOINT_NOT_FOUND")
    told(door.ask("PUT", "/health"), 405, "ENDPOINT_NOT_FOUND")
    assert door.ask("GET", "/health").text == "OK"


@pytest.mark.parametrize("address", ["", "/"])
def test_a_browser_that_follows_a_printed_address_is_led_to_the_site(
    door: Door, address: str
) -> None:
    """MLflow's client prints `…/mlflow/#/experiments/3/runs/…`; a person read raw JSON there."""
    pages = {"Accept": "text/html,application/xhtml+xml"}
    answer = httpx.get(f"{door.url}{address}", headers=pages, timeout=60, follow_redirects=True)
    assert answer.history
    assert answer.headers["content-type"].startswith("text/html")
    assert answer.url.path.startswith("/zh/")  # whoever is not signed in is asked to
    assert "登录" in answer.text
    english = pages | {"Accept-Language": "en"}
    there = httpx.get(f"{door.url}{address}", headers=english, timeout=60).headers["location"]
    assert there == "/en/desk" or address == ""
    assert httpx.get(f"{door.url}/", timeout=60).status_code == 401
