"""Paths of files that a client may not write, on every route that takes one."""

import json
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from portal.mlflow.rules import RULES
from tests import exhaustive, models, servers
from tests.portal import doors
from tests.portal.doors import FILES, MPU, Door

pytestmark = pytest.mark.slow

MARKS = ("\\", "%5C", "%5c", "%255C", "%25255c")
"""A backslash as it may stand in an address, however often it was encoded."""
UNSAFE = (*(f"q/{mark}..{mark}b" for mark in MARKS), "q/a%5Cb", "q/%5Cb", "q%5C/b")
UNCLEAN = ("q//b", "q%2F%2Fb", "q%2F/b", "q/%252Fb", "q//b/c", "q///b")
ALL = [(path, "path-unsafe") for path in UNSAFE] + [(path, "path-unclean") for path in UNCLEAN]
PARTS = {"path": "f", "num_parts": 1}


@pytest.fixture(scope="module", params=["files", exhaustive.case("s3", kept=False)])
def door(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Door]:
    """A site on each kind of store."""
    more = {}
    if request.param == "s3":
        s3: servers.S3Server = request.getfixturevalue("s3_server")
        more = {
            "MINGSUAN_STORE": "s3://paths/door",
            "MINGSUAN_S3_ENDPOINT": s3.endpoint,
            "MINGSUAN_S3_KEY": s3.key,
            "MINGSUAN_S3_SECRET": s3.secret,
        }
    with doors.opened(tmp_path_factory.mktemp("door"), **more) as opened:
        yield opened


def refused(answer: httpx.Response, rule: str) -> None:
    """See that an answer is the refusal by a rule of the manual."""
    assert answer.status_code == 400, (rule, answer.url, answer.text)
    found = answer.json()
    assert found["error_code"] == RULES[rule].code
    begins = RULES[rule].said.en.partition("{")[0], RULES[rule].said.zh.partition("{")[0]
    assert all(text in found["message"] for text in begins), found


def test_no_route_takes_a_path_with_a_backslash_or_an_empty_part(
    door: Door, tmp_path: Path
) -> None:
    """`\\..\\b` was kept as it was, and `q//b` at another address than asked."""
    run = door.run(models.credit_model(tmp_path / "model", seed=931))
    root = door.info(run)["artifact_uri"].removeprefix("mlflow-artifacts:/")
    for path, rule in ALL:
        there = f"{root}/{path}"
        refused(door.ask("PUT", f"{FILES}/{there}", content=b"1"), rule)
        refused(door.ask("GET", f"{FILES}/{there}"), rule)
        refused(door.ask("GET", f"{FILES}?path={there}"), rule)
        refused(door.ask("POST", f"{MPU}/create/{there}", json=PARTS), rule)
        for act in ("complete", "abort"):
            body = PARTS | {"upload_id": "0" * 32, "parts": []}
            refused(door.ask("POST", f"{MPU}/{act}/{there}", json=body), rule)
        refused(door.register("paths", f"runs:/{run}/{path}"), rule)
        refused(door.register("paths", f"mlflow-artifacts:/{there}"), rule)
        noted = {"artifact_path": path, "flavors": {}, "utc_time_created": "x", "run_id": run}
        refused(door.post("runs/log-model", run_id=run, model_json=json.dumps(noted)), rule)
    listed = door.ask("GET", FILES, params={"path": root}).json()["files"]
    assert [each["path"] for each in listed] == ["model"]
    answer = door.register("paths", f"runs:/{run}/model/", run)
    assert answer.status_code == 200, answer.text


@pytest.mark.parametrize(
    ("local", "name"),
    [("/home/me/big.bin", "big.bin"), ("C:\\Users\\me\\big.bin", "big.bin"), ("a\\b", None)],
)
def test_a_file_in_parts_has_the_name_that_it_has_on_the_clients_machine(
    door: Door, local: str, name: str | None
) -> None:
    """A client on Windows sends the whole place of the file, which became its name."""
    answer = door.ask("POST", f"{MPU}/create/parts/x", json={"path": local, "num_parts": 1})
    if name is None:
        refused(answer, "path-unsafe")
        return
    upload = answer.json()
    content = httpx.put(upload["credentials"][0]["url"], content=b"big", timeout=60)
    assert content.status_code == 200, content.text
    tag = content.headers["etag"].strip('"')
    parts = [{"part_number": 1, "etag": tag, "url": "x"}]
    body = {"path": local, "upload_id": upload["upload_id"], "parts": parts}
    answer = door.ask("POST", f"{MPU}/complete/parts/x", json=body)
    assert answer.status_code == 200, answer.text
    assert door.ask("GET", f"{FILES}/parts/x/{name}").content == b"big"


def test_a_model_is_logged_at_the_address_that_a_server_gives(door: Door, tmp_path: Path) -> None:
    run = door.run(models.credit_model(tmp_path / "model", seed=932))
    for path in ("model", "a/模型", f"{door.info(run)['artifact_uri']}/model"):
        noted = {"artifact_path": path, "flavors": {}, "utc_time_created": "x", "run_id": run}
        answer = door.post("runs/log-model", run_id=run, model_json=json.dumps(noted))
        assert answer.status_code == 200, answer.text
