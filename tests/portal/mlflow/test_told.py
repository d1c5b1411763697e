"""What the door tells about a wrong request: MLflow's code, and both languages in words of ours."""

import hashlib
import re
import sqlite3
import warnings
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from string import Formatter
from typing import Any
from unittest.mock import MagicMock
from urllib.parse import quote

import httpx
import pytest
from flask import Flask, Response
from mlflow.exceptions import MlflowException
from mlflow.protos.databricks_pb2 import TEMPORARILY_UNAVAILABLE
from sqlalchemy.exc import OperationalError
from starlette.exceptions import HTTPException

from portal.mlflow.rules import RULES
from registry.belonging import StoreUnreachable
from registry.environment import DiskFull
from registry.errors import Unavailable
from tests import models
from tests.portal import doors
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


def test_the_address_of_a_part_is_good_for_that_part_alone(door: Door) -> None:
    upload = begun(door, "own", 2)
    first = httpx.URL(upload["credentials"][0]["url"])
    for url in (
        first.copy_with(path=first.path.removesuffix("/1") + "/2"),
        first.copy_merge_params({"expires": "9999999999"}),
        first.copy_merge_params({"signature": "0" * 64}),
        first.copy_with(path=first.path.replace(upload["upload_id"], "0" * 32)),
    ):
        answer = httpx.put(url, content=b"x", timeout=60)
        assert answer.status_code in (403, 404), (url, answer.text)
        assert answer.json()["error_code"]


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
    for named in ("Production", "Staging", "archived"):
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


def by_rule(answer: httpx.Response, name: str) -> None:
    """See that an answer is the one that the manual has under a rule."""
    rule = RULES[name]
    told(answer, answer.status_code, rule.code)
    for text in (rule.said.zh, rule.said.en):
        pieces = [piece for piece, *_ in Formatter().parse(text)]
        assert re.search(".*".join(map(re.escape, pieces)), answer.json()["message"], re.DOTALL)


def test_what_offered_routes_refuse_is_what_the_manual_says(door: Door, tmp_path: Path) -> None:
    """Plain MLflow takes these; the list of refusals left them out."""
    run = door.run(models.credit_model(tmp_path / "model", seed=919))
    place = door.info(run)["artifact_uri"].removeprefix("mlflow-artifacts:/")
    assert door.register("ruled", f"runs:/{run}/model", run).status_code == 200
    other = door.run(models.credit_model(tmp_path / "other", seed=920))
    below = door.info(other)["artifact_uri"].removeprefix("mlflow-artifacts:/")
    parts = {"path": "f", "num_parts": 2}
    assert door.ask("POST", f"{MPU}/create/{below}", json=parts).status_code == 200
    prompt = [{"key": "mlflow.prompt.is_prompt", "value": "true"}]
    new, create = "registered-models/create", "experiments/create"
    gone = door.run(models.credit_model(tmp_path / "gone", seed=921))
    door.delete_run(gone)
    for name, answer in {
        "name": door.post(new, name="a@b"),
        "name-blanks": door.post(new, name=" a"),
        "name-in-pieces": door.post(new, name="e\u0301s"),
        "files-here": door.post(create, name="elsewhere", artifact_location="s3://bucket/x"),
        "no-prompts": door.post(new, name="greeting", tags=prompt),
        "platform-tags": door.post("runs/set-tag", run_id=run, key="mingsuan.x", value="y"),
        "no-model": door.post("model-versions/create", name="nobody", source=f"runs:/{run}/m"),
        "no-run": door.register("ruled", f"runs:/{'0' * 32}/model"),
        "run-deleted": door.register("ruled", f"runs:/{gone}/model", gone),
        "no-files": door.register("ruled", f"runs:/{run}/empty", run),
        "not-uploaded": door.register("ruled", "s3://bucket/model"),
        "no-version": door.register("ruled", "models:/ruled/99"),
        "no-model-named": door.register("ruled", "models:/没有/1"),
        "no-alias": door.ask(
            "GET", f"{API}/registered-models/alias", params={"name": "ruled", "alias": "nope"}
        ),
        "stage-as-source": door.register("ruled", "models:/ruled/Production"),
        "files-of-others": door.register("ruled", "mlflow-artifacts:/workspaces/others/1/x"),
        "model-needed": door.ask(
            "DELETE", f"{API}/registered-models/delete", json={"name": "ruled"}
        ),
        "run-needed": door.delete_run(run),
        "arriving": door.delete_run(other),
        "still-arriving": door.register("ruled", f"mlflow-artifacts:/{below}"),
        "files-needed": door.delete_experiment(run),
        "sealed": door.ask("PUT", f"{FILES}/{place}/model/x", content=b"1"),
        "path-unclean": door.ask("PUT", f"{FILES}/told/%2E/c", content=b"1"),
        "path-of-others": door.ask("GET", FILES, params={"path": "workspaces/others/x"}),
        "no-file": door.ask("GET", f"{FILES}/told/nothing"),
        "json-object": door.ask("POST", f"{API}/runs/create", content=b"[]"),
    }.items():
        assert answer.status_code >= 400, (name, answer.text)
        by_rule(answer, name)
    registered = door.post("registered-models/set-tag", name="ruled", **prompt[0])
    by_rule(registered, "no-prompts")
    assert door.post("registered-models/create", name="unused").status_code == 200
    for nowhere, rule in (("models:/unused/latest", "no-version"),
                          ("models:/nobody/latest", "no-model-named")):  # fmt: skip
        by_rule(door.register("ruled", nowhere), rule)
    source = {"name": "ruled", "source": "dummy-source", "tags": prompt}
    by_rule(door.post("model-versions/create", **source), "no-prompts")


def test_a_reference_typed_wrong_is_told_by_what_is_wrong_in_it(
    door: Door, tmp_path: Path
) -> None:
    """The Chinese said malformed of an alias that is not there; a path was told as none was written,
    a missing model as a missing number, and a run of the source as one of `run_id`."""
    run = door.run(models.credit_model(tmp_path / "model", seed=925))
    assert door.register("typed", f"runs:/{run}/model", run).status_code == 200
    asked = {"name": "typed", "version": "1"}
    assert door.post("registered-models/alias", **asked, alias="champion").status_code == 200
    path = f"{API}/registered-models/alias"
    nope = door.ask("GET", path, params={"name": "typed", "alias": "nope"})
    message = told(nope, 400, "INVALID_PARAMETER_VALUE")
    assert message.count("nope") == message.count("champion") == 2
    assert "没有别名" in message
    found = door.ask("GET", path, params={"name": "typed", "alias": "champion"})
    assert found.json()["model_version"]["version"] == "1"

    root = door.info(run)["artifact_uri"]
    for source in (f"runs:/{run}/modle", f"{root}/modle"):  # as clients of 3.x and of 2.22 send it
        message = told(door.register("typed", source, run), 404, "RESOURCE_DOES_NOT_EXIST")
        assert message.count(f"runs:/{run}/modle") == 2
        assert "there are: model." in message
        assert "旁边有：model。" in message
    empty = door.post("runs/create", experiment_id=door.experiment()).json()["run"]["info"]
    answer = door.register("typed", f"runs:/{empty['run_id']}/model")
    assert "there are: no files" in told(answer, 404, "RESOURCE_DOES_NOT_EXIST")

    message = told(
        door.register("typed", f"runs:/{'0' * 32}/model"), 404, "RESOURCE_DOES_NOT_EXIST"
    )
    assert "the source runs:/…" in message


def test_a_mistake_that_was_never_filed_is_not_told_to_be_withdrawn_alone(
    door: Door, tmp_path: Path
) -> None:
    """Of a version registered a minute ago: filings refer to it, withdraw its filing."""
    run = door.run(models.credit_model(tmp_path / "model", seed=926))
    assert door.register("mistaken", f"runs:/{run}/model", run).status_code == 200
    named = {"name": "mistaken"}
    for answer in (
        door.ask("DELETE", f"{API}/model-versions/delete", json={**named, "version": "1"}),
        door.ask("DELETE", f"{API}/registered-models/delete", json=named),
        door.delete_run(run),
        door.delete_experiment(run),
    ):
        message = told(answer, 403, "PERMISSION_DENIED")
        assert "filed or not" in message
        assert "needs nothing" in message
        assert "refer to" not in message


@pytest.mark.parametrize("act", ["complete", "abort"])
def test_a_version_is_registered_once_its_files_have_arrived(
    door: Door, tmp_path: Path, act: str
) -> None:
    """It was registered without the file that came in parts, and joining that was refused."""
    run = door.run(models.credit_model(tmp_path / "model", seed=923 + len(act)))
    place = door.info(run)["artifact_uri"].removeprefix("mlflow-artifacts:/") + "/model"
    late = {"path": "late.bin", "num_parts": 2}
    upload = door.ask("POST", f"{MPU}/create/{place}", json=late).json()
    parts = sent(upload)
    answer = door.register(f"late {act}", f"runs:/{run}/model", run)
    by_rule(answer, "still-arriving")
    assert answer.status_code == 409
    assert answer.json()["message"].count("late.bin") == 2
    body = {"path": "late.bin", "upload_id": upload["upload_id"], "parts": parts}
    assert door.ask("POST", f"{MPU}/{act}/{place}", json=body).status_code == 200
    answer = door.register(f"late {act}", f"runs:/{run}/model", run)
    assert answer.status_code == 200, answer.text
    asked = {"name": f"late {act}", "version": "1"}
    uri = door.ask("GET", f"{API}/model-versions/get-download-uri", params=asked).json()
    files = door.ask(
        "GET", FILES, params={"path": uri["artifact_uri"].removeprefix("mlflow-artifacts:/")}
    ).json()["files"]
    assert ("late.bin" in {each["path"] for each in files}) == (act == "complete")


WRONG: dict[str, tuple[str, str, dict[str, Any]]] = {
    "no body": ("POST", f"{API}/runs/create", {}),
    "no body to update": ("PATCH", f"{API}/registered-models/update", {}),
    "a form": ("POST", f"{API}/runs/create", {"data": {"experiment_id": "1"}}),
    "a text": ("POST", f"{API}/runs/search", {"content": b"{}", "headers": {"Content-Type": "text/plain"}}),
    "no JSON": ("POST", f"{API}/runs/create", {"content": b"{", "headers": {"Content-Type": "application/json"}}),
    "nothing to delete": ("DELETE", f"{API}/registered-models/delete", {}),
    "parts of a word": ("POST", f"{MPU}/create/x/y", {"json": {"path": "f", "num_parts": "x"}}),
    "parts of no path": ("POST", f"{MPU}/create/x/y", {"json": {"path": "", "num_parts": 1}}),
    "parts of a number": ("POST", f"{MPU}/create/x/y", {"json": {"path": 3, "num_parts": 1}}),
    "no parts": ("POST", f"{MPU}/create/x/y", {}),
    "a version that is a word": (
        "GET", f"{API}/model-versions/get", {"params": {"name": "told", "version": "x"}}
    ),
    "an alias of a word": (
        "POST", f"{API}/registered-models/alias", {"json": {"name": "told", "alias": "a", "version": "x"}}
    ),
    "a name that is a number": ("POST", f"{API}/registered-models/create", {"json": {"name": 3}}),
    "a run that is none": ("GET", f"{API}/runs/get", {"params": {"run_id": "x"}}),
    "no name": ("POST", f"{API}/registered-models/create", {"json": {}}),
    "a filter": ("GET", f"{API}/registered-models/search", {"params": {"filter": "x x"}}),
}  # fmt: skip


@pytest.mark.parametrize("what", WRONG)
def test_whatever_is_wrong_is_told_in_json_and_both_languages(door: Door, what: str) -> None:
    method, path, more = WRONG[what]
    answer = door.ask(method, path, **more)
    assert 400 <= answer.status_code < 500, answer.text
    message = told(answer, answer.status_code, answer.json()["error_code"])
    assert re.search("[A-Za-z]{4}", message)
    assert "browser" not in message


@pytest.mark.parametrize("method", ["PUT", "POST", "DELETE", "PATCH", "FOO"])
def test_health_is_only_read(door: Door, method: str) -> None:
    told(door.ask(method, "/health"), 405, "ENDPOINT_NOT_FOUND")


@pytest.mark.parametrize("method", ["GET", "POST", "PUT"])
@pytest.mark.parametrize(
    "path",
    [
        "/api/2.0/mlflow/experiments/get-by-name",
        "/api/3.0/mlflow/server-info",
        "/api/2.0/mlflow-artifacts/artifacts/x",
    ],
)
def test_an_address_without_mlflow_at_its_end_is_told_as_the_door_tells_it(
    door: Door, method: str, path: str
) -> None:
    """The client printed a problem document of the site as an INTERNAL_ERROR."""
    site = Door(door.url.removesuffix("/mlflow"), door.token)
    message = told(site.ask(method, path), 404, "ENDPOINT_NOT_FOUND")
    assert message.count("MLFLOW_TRACKING_URI") == 2
    assert message.count(path) == 2
    for language in ("zh", "en"):  # copied from a page: it read “not found” as an INTERNAL_ERROR
        page = Door(f"{site.url}/{language}/mlflow", door.token)
        message = told(page.ask(method, path), 404, "ENDPOINT_NOT_FOUND")
        assert ("https://HOST/mlflow" in message, "https://主机/mlflow" in message) == (True, True)
    found = site.ask("GET", "/api/v1/mlflow")
    assert found.headers["content-type"].startswith("application/problem+json")


@doors.ON_BOTH
def test_several_clients_set_the_same_alias_and_tags_at_once(door: Door, tmp_path: Path) -> None:
    """One of four was told BAD_REQUEST: it looked before the others had written, and wrote after."""
    run = door.run(models.credit_model(tmp_path / "model", seed=922))
    assert door.register("raced", f"runs:/{run}/model", run).status_code == 200
    version, value = {"name": "raced", "version": "1"}, {"value": "v"}
    for number in range(6):
        name = f"a{number}"
        calls: list[tuple[str, dict[str, str]]] = [
            ("registered-models/alias", {**version, "alias": name}),
            ("registered-models/set-tag", {"name": "raced", "key": name, **value}),
            ("model-versions/set-tag", {**version, "key": name, **value}),
            ("runs/set-tag", {"run_id": run, "key": name, **value}),
        ]
        for path, body in calls:
            with ThreadPoolExecutor(4) as four:
                answers = list(four.map(lambda _: door.post(path, **body), range(4)))  # noqa: B023
            assert [each.status_code for each in answers] == [200] * 4, [
                each.text for each in answers
            ]
    listed = door.ask("GET", f"{API}/registered-models/get", params={"name": "raced"}).json()
    assert len(listed["registered_model"]["aliases"]) == 6


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


def test_what_passes_by_itself_says_when_to_ask_again() -> None:
    """On a full disk each page said so; MLflow's own calls answered 503 without."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="The ``noload`` loader")
        from portal.mlflow import routes  # imports MLflow's server

    def full() -> Response:
        fault = sqlite3.OperationalError("database or disk is full")
        fault.sqlite_errorcode = sqlite3.SQLITE_FULL
        cause = OperationalError("INSERT", {}, fault)
        raise MlflowException(str(cause), TEMPORARILY_UNAVAILABLE) from cause

    app = Flask("full")
    app.after_request(routes._told_twice)
    app.add_url_rule("/full", view_func=routes._caught(lambda ask: ask(), full))
    app.add_url_rule("/busy", "busy", lambda: Response("", status=503))
    client = app.test_client()
    answer = client.get("/full")
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, str(DiskFull.retry_after))
    assert "磁盘" in answer.get_json()["message"]
    assert client.get("/busy").headers["Retry-After"] == str(Unavailable.retry_after)


@pytest.mark.parametrize("cause", [StoreUnreachable("不在", "away"), None])
def test_files_whose_store_is_away_say_when_to_ask_again(cause: StoreUnreachable | None) -> None:
    """Security stranger on issue 7, F7d/11: MLflow's routes for files make errors of their own."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="The ``noload`` loader")
        from portal.mlflow import routes  # imports MLflow's server
    error = HTTPException(503, "away")
    error.__cause__ = cause
    for status in (503, 404):
        error.status_code = status
        with pytest.raises(StopIteration) as ended:  # it waits for nothing, and needs no loop
            routes.Routes._of_files(MagicMock(), MagicMock(), error).send(None)
        answer = ended.value.value
        wait = str((cause or Unavailable).retry_after) if status == 503 else None
        assert answer.status_code == status
        assert answer.headers.get("Retry-After") == wait
