import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import Any

import httpx
import pytest

from portal.mlflow.door import ALLOWED
from registry import artifacts, database, journal, submission
from registry.settings import Settings
from registry.submission import Version
from tests.portal import doors
from tests.registry import bombs

HERE = Path(__file__).parents[1]
API = "/api/2.0/mlflow"
FILES = "/api/2.0/mlflow-artifacts/artifacts"

pytestmark = pytest.mark.slow


@dataclass(frozen=True)
class Door:
    """A running site, the tokens of three people, and what the journey of the first gave."""

    url: str
    tokens: Mapping[str, str]
    settings: Settings
    found: Mapping[str, Any]

    def ask(self, who: str, method: str, path: str, **more: Any) -> httpx.Response:
        """One request with somebody's token."""
        bearer = {"Authorization": f"Bearer {self.tokens.get(who, who)}"}
        headers = bearer | more.pop("headers", {})
        return httpx.request(method, self.url + path, headers=headers, timeout=60, **more)

    @property
    def workspace(self) -> str:
        """The enterprise's organisation."""
        engine = database.connect(self.settings.database_url)
        with database.sessions(engine)() as session:
            found = session.query(Version.organisation_id).first()
        engine.dispose()
        assert found is not None
        return str(found[0])

    @property
    def snapshot(self) -> str:
        """Where the first version's files are read through the door."""
        digest = self.found["source"].removeprefix("mingsuan://sha256/")
        return f"{FILES}/workspaces/{self.workspace}/snapshots/{digest}"

    @property
    def uploaded(self) -> str:
        """Where the files of the submitted model were uploaded to."""
        model = self.ask("ours", "GET", f"{API}/logged-models/{self.found['model_id']}").json()
        location: str = model["model"]["info"]["artifact_uri"]
        return f"{FILES}/{location.removeprefix('mlflow-artifacts:/')}"


def journey(url: str, token: str) -> dict[str, Any]:
    """Run the client in a process of its own, as an enterprise would."""
    environment = {key: value for key, value in os.environ.items() if "MLFLOW" not in key} | {
        "MLFLOW_TRACKING_URI": url,
        "MLFLOW_TRACKING_TOKEN": token,
        "MLFLOW_EXPERIMENT_NAME": "submissions",
        "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "1",
    }
    ran = subprocess.run(
        [sys.executable, HERE / "mlflow_client.py"],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=240,
    )
    assert ran.returncode == 0, ran.stderr[-4000:]
    found: dict[str, Any] = json.loads(ran.stdout.strip().splitlines()[-1])
    return found


@pytest.fixture(scope="module")
def door(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Door]:
    """A site in a process of its own; its first enterprise has been through the door."""
    folder = tmp_path_factory.mktemp("door")
    with doors.serving(folder) as site:
        url = f"{site.url}/mlflow"
        found = journey(url, site.tokens["ours"])
        yield Door(url, site.tokens, Settings(data=folder / "data"), found)


def test_what_was_logged_is_what_is_downloaded_byte_for_byte(door: Door) -> None:
    assert {"MLmodel", "model.skops"} <= set(door.found["uploaded"])
    assert door.found["downloaded"] == door.found["uploaded"]
    assert door.found["logged_again"] == door.found["uploaded"]
    assert door.found["one_file"] == door.found["uploaded"]["MLmodel"]


def test_a_downloaded_model_registered_again_is_the_same_version(door: Door) -> None:
    """The client writes into a copy what it was fetched as; that is no part of the model."""
    (numbered, first), (unnumbered, second) = door.found["registered_from_copies"]
    assert numbered == "model_name: 信用审批\nmodel_version: '1'\n"
    assert unnumbered == "model_name: null\nmodel_version: null\n"
    assert [first, second] == ["1", "1"]


def test_a_registered_version_is_a_submission_of_ours(door: Door) -> None:
    engine = database.connect(door.settings.database_url)
    store = artifacts.open_store(door.settings)
    with database.sessions(engine)() as session:
        version = session.query(Version).filter_by(number=1).one()
        assert door.found["source"] == f"mingsuan://sha256/{version.digest}"
        assert version.mlflow_version == "1"
        assert submission.model_of(session, version).name == "信用审批"
        assert [event.name for event in journal.history(session, version.id)] == [
            "model:version:submitted"
        ]
    engine.dispose()
    for entry in version.manifest:
        with store.open(entry["sha256"]) as stream:
            assert stream.read().hex() == door.found["uploaded"][entry["path"]]


def test_registering_the_same_bytes_again_is_the_same_version(door: Door) -> None:
    assert door.found["numbers"] == ["1", "1"]
    assert door.found["all"] == ["1", "2"]
    assert door.found["tags"]["quarter"] == "Q3"
    assert door.found["by_alias"] == "1"


def test_a_refused_model_is_an_mlflow_error_with_every_reason(door: Door) -> None:
    assert door.found["refusal"]["code"] == "INVALID_PARAMETER_VALUE"
    assert "Screening found faults" in door.found["refusal"]["message"]
    assert "signature" in door.found["refusal"]["message"]
    assert door.found["bad_name"] == "INVALID_PARAMETER_VALUE"


@pytest.mark.parametrize("body", ["[]", '"x"', "3", "null", "[" * 100_000, "{", '{"name": '])
@pytest.mark.parametrize(
    "path",
    ["registered-models/create", "experiments/create", "runs/create", "model-versions/create"],
)
def test_a_body_that_is_no_object_is_an_mlflow_error(door: Door, path: str, body: str) -> None:
    """security/A2: 500 on `[]`, `"x"` and 100,000 brackets."""
    answer = door.ask("ours", "POST", f"{API}/{path}", content=body)
    assert (answer.status_code, answer.json()["error_code"]) == (400, "INVALID_PARAMETER_VALUE")


@pytest.mark.parametrize("path", ["registered-models/create", "experiments/create"])
def test_a_key_that_stands_twice_is_an_mlflow_error(door: Door, path: str) -> None:
    """The last one won in silence; the key is named, and nothing is stored."""
    body = '{"name": "twice-1", "name": "twice-2"}'
    answer = door.ask("ours", "POST", f"{API}/{path}", content=body)
    assert (answer.status_code, answer.json()["error_code"]) == (400, "INVALID_PARAMETER_VALUE")
    assert "'name'" in answer.json()["message"]
    assert "“name”" in answer.json()["message"]
    for name in ("twice-1", "twice-2"):
        known = door.ask("ours", "GET", f"{API}/registered-models/get", params={"name": name})
        assert known.status_code == 404


HOSTILE = ["a\\u202eb", "a\\u200bb", "a\\u0000b", "a\\ud800b", "a\\u3164b"]


@pytest.mark.parametrize("text", HOSTILE)
@pytest.mark.parametrize(
    ("path", "method", "body"),
    [
        ("registered-models/create", "POST", '{"name": "TEXT"}'),
        ("registered-models/create", "POST", '{"name": "n1", "description": "TEXT"}'),
        (
            "registered-models/create",
            "POST",
            '{"name": "n2", "tags": [{"key":"k","value":"TEXT"}]}',
        ),
        ("registered-models/set-tag", "POST", '{"name": "信用审批", "key": "TEXT", "value": "v"}'),
        ("registered-models/update", "PATCH", '{"name": "信用审批", "description": "TEXT"}'),
        (
            "model-versions/update",
            "PATCH",
            '{"name":"信用审批","version":"1","description":"TEXT"}',
        ),
        ("experiments/create", "POST", '{"name": "TEXT"}'),
    ],
)
def test_texts_of_the_door_hold_what_a_reader_can_see(
    door: Door, path: str, method: str, body: str, text: str
) -> None:
    """security/A3, filing/S2: names, tags and descriptions; nothing is stored."""
    answer = door.ask("ours", method, f"{API}/{path}", content=body.replace("TEXT", text))
    assert (answer.status_code, answer.json()["error_code"]) == (400, "INVALID_PARAMETER_VALUE")
    assert "U+" in answer.json()["message"]
    for name in ("n1", "n2"):
        known = door.ask("ours", "GET", f"{API}/registered-models/get", params={"name": name})
        assert known.status_code == 404


def test_a_place_where_no_file_can_lie_is_an_mlflow_error(door: Door) -> None:
    """security/A2: PUT onto a folder, below a file, `./workspaces/…`, too long, unseen letters."""
    kept = f"{FILES}/x/kept.txt"
    assert door.ask("ours", "PUT", kept, content=b"1").status_code == 200
    answers = {}
    for path in (
        f"{FILES}/x",
        f"{kept}/below",
        f"{FILES}/x/{'n' * 300}",
        f"{FILES}/x/a%E2%80%AEb",
        f"{FILES}/x/",
        f"{FILES}/x/a%00b",  # MLflow itself keeps it as the text "%00"
        f"{FILES}/./workspaces/{door.workspace}/y",
        f"{FILES}/%2E/workspaces/{door.workspace}/x",
        f"{FILES}/workspaces",
        f"{FILES}/..%2F..%2Fy",
    ):
        answers[path] = door.ask("ours", "PUT", path, content=b"1").status_code
    assert list(answers.values())[:5] == [400] * 5, answers
    assert max(answers.values()) < 500, answers
    assert door.ask("ours", "GET", kept).content == b"1"


def test_an_unknown_route_is_an_mlflow_error(door: Door) -> None:
    """security/C: unknown routes of the door answered as a page."""
    answer = door.ask("ours", "GET", f"{API}/no/such/route")
    assert answer.status_code == 404
    assert answer.json()["error_code"]


def logged_answers(log: Path, ending: str) -> list[dict[str, Any]]:
    """The log's lines of answers 200 to a path, waited for: the server writes one after it answered."""
    patience = time.monotonic() + 30
    while time.monotonic() < patience:
        # The last line may be half written.
        lines = log.read_text().rpartition("\n")[0].splitlines()
        requests = [json.loads(line) for line in lines if line.startswith('{"method"')]
        answered = [r for r in requests if r["path"].endswith(ending) and r["status"] == 200]
        if answered:
            return answered
        time.sleep(0.05)
    return []


def test_the_log_says_who_came_through_the_door(door: Door) -> None:
    """security/A6: person and organisation were null for every request of the door."""
    door.ask("ours", "GET", f"{API}/registered-models/search")
    answered = logged_answers(door.settings.data.parent / "server.log", "registered-models/search")
    assert answered
    assert all(line["person"] and line["organisation"] for line in answered), answered[-3:]


@pytest.mark.parametrize("token", ["wrong", "ms_wrong"])
def test_a_wrong_token_is_refused(door: Door, token: str) -> None:
    answer = door.ask(token, "GET", f"{API}/registered-models/search")
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"] == 'Bearer realm="mingsuan"'
    assert answer.json()["error_code"] == "UNAUTHENTICATED"
    assert httpx.get(f"{door.url}{API}/registered-models/search").status_code == 401


def test_a_tester_has_no_business_at_this_door(door: Door) -> None:
    answer = door.ask("tester", "GET", f"{API}/registered-models/search")
    assert answer.status_code == 403
    assert "Only a filer" in answer.json()["message"]


def test_another_organisation_sees_nothing(door: Door) -> None:
    other = {"x-mlflow-workspace": door.workspace}
    seen = door.ask("theirs", "GET", f"{API}/registered-models/search", headers=other).json()
    assert seen.get("registered_models", []) == []
    for path in (
        f"{API}/model-versions/get?name=信用审批&version=1",
        f"{API}/model-versions/get-download-uri?name=信用审批&version=1",
        f"{API}/logged-models/{door.found['model_id']}",
    ):
        assert door.ask("theirs", "GET", path, headers=other).status_code == 404, path
    for path in (f"{door.snapshot}/MLmodel", f"{door.uploaded}/MLmodel"):
        assert door.ask("ours", "GET", path).status_code == 200
        assert door.ask("theirs", "GET", path, headers=other).status_code >= 400


def test_a_digest_alone_opens_nothing_in_another_workspace(door: Door) -> None:
    digest = door.snapshot.rpartition("/")[2]
    answer = door.ask("theirs", "GET", f"{FILES}/snapshots/{digest}/MLmodel")
    assert answer.status_code == 404
    listed = door.ask("theirs", "GET", FILES, params={"path": f"snapshots/{digest}"})
    assert listed.status_code == 404


def test_the_files_of_another_organisation_cannot_be_registered(door: Door) -> None:
    location = door.uploaded.removeprefix(f"{FILES}/")
    for source in (
        f"mlflow-artifacts:/{location}",
        f"mlflow-artifacts:/{door.snapshot.removeprefix(f'{FILES}/')}",
        f"models:/{door.found['model_id']}",
    ):
        body = {"name": "theft", "source": source}
        door.ask("theirs", "POST", f"{API}/registered-models/create", json={"name": "theft"})
        answer = door.ask("theirs", "POST", f"{API}/model-versions/create", json=body)
        assert answer.status_code in (403, 404), answer.text


@pytest.mark.parametrize(
    "source",
    [
        "s3://any-bucket/model",
        "file:///etc",
        "/etc",
        "http://127.0.0.1/x",
        "mlflow-artifacts://elsewhere/workspaces/x/y",
        "mlflow-artifacts:/workspaces/../../etc",
        "mingsuan://sha256/" + "0" * 64,
    ],
)
def test_only_files_uploaded_here_can_be_registered(door: Door, source: str) -> None:
    body = {"name": "信用审批", "source": source}
    answer = door.ask("ours", "POST", f"{API}/model-versions/create", json=body)
    assert answer.status_code in (400, 403, 404), answer.text
    assert "message" in answer.json()


def test_a_submitted_file_cannot_be_replaced_removed_or_joined(door: Door) -> None:
    for folder in (door.uploaded, door.snapshot):
        for name in ("MLmodel", "extra.py", "deep/er"):
            answer = door.ask("ours", "PUT", f"{folder}/{name}", content=b"overwritten")
            assert answer.status_code == 403, (name, answer.text)
            assert "are fixed" in answer.json()["message"]
        assert door.ask("ours", "PUT", folder, content=b"a file instead").status_code == 403
        assert door.ask("ours", "DELETE", f"{folder}/MLmodel").status_code == 403
        kept = door.ask("ours", "GET", f"{folder}/MLmodel").content
        assert kept.hex() == door.found["uploaded"]["MLmodel"]


def test_reopening_a_logged_model_does_not_reopen_its_files(door: Door) -> None:
    path = f"{API}/logged-models/{door.found['model_id']}"
    reopened = door.ask("ours", "PATCH", path, json={"status": "LOGGED_MODEL_PENDING"})
    assert reopened.status_code in (200, 400)
    answer = door.ask("ours", "PUT", f"{door.uploaded}/MLmodel", content=b"overwritten")
    assert answer.status_code == 403


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "/graphql", 501, "NOT_IMPLEMENTED"),
        ("POST", f"{API}/registered-models/rename", 403, "PERMISSION_DENIED"),
        ("DELETE", f"{API}/model-versions/delete", 403, "PERMISSION_DENIED"),
        ("POST", f"{API}/model-versions/transition-stage", 501, "NOT_IMPLEMENTED"),
        ("DELETE", f"{FILES}/some/file", 403, "PERMISSION_DENIED"),
        ("GET", f"{API}/artifacts/list", 501, "NOT_IMPLEMENTED"),
        ("POST", "/api/3.0/mlflow/traces", 501, "NOT_IMPLEMENTED"),
        ("GET", "/api/3.0/mlflow/workspaces", 403, "PERMISSION_DENIED"),
        ("POST", "/ajax-api/2.0/mlflow/runs/search", 501, "NOT_IMPLEMENTED"),
        ("GET", "/ajax-api/2.0/mlflow-artifacts/artifacts/x", 501, "NOT_IMPLEMENTED"),
        ("GET", "/model-versions/get-artifact?name=x", 404, "ENDPOINT_NOT_FOUND"),
        ("GET", "/", 404, "ENDPOINT_NOT_FOUND"),
        ("PUT", f"{API}/runs/create", 405, "ENDPOINT_NOT_FOUND"),
    ],
)
def test_what_is_not_offered_is_refused_in_mlflow_s_words(
    door: Door, method: str, path: str, status: int, code: str
) -> None:
    """mlflow/F6: 17 of 17 such routes answered with a page."""
    body: dict[str, str] | None = {} if method in ("POST", "PUT", "DELETE") else None
    answer = door.ask("ours", method, path, json=body)
    assert (answer.status_code, answer.json()["error_code"]) == (status, code), answer.text
    english, chinese = answer.json()["message"].split("\n")
    assert english.endswith(".")
    assert chinese.endswith("。")


def test_the_server_tells_what_it_is(door: Door) -> None:
    """mlflow/F14: `gateway: true` and presigned uploads were claimed, /health was a page."""
    told = door.ask("ours", "GET", "/api/3.0/mlflow/server-info").json()
    assert told == {
        "store_type": "SqlStore",
        "workspaces_enabled": False,
        "trace_archival_enabled": False,
        "multipart_uploads_enabled": True,
        "multipart_downloads_enabled": False,
        "presigned_upload_run_id_supported": False,
        "presigned_upload_model_id_supported": False,
        "features_enabled": {"gateway": False},
    }
    assert httpx.get(f"{door.url}/health").text == "OK"
    assert door.ask("ours", "GET", "/version").text == metadata.version("mlflow")
    assert httpx.get(f"{door.url}/version").status_code == 401


def test_a_run_without_an_experiment_gets_the_organisation_s_own(door: Door) -> None:
    """mlflow/F14: “No Experiment with id=0 exists”."""
    made = door.ask("theirs", "POST", f"{API}/runs/create", json={"experiment_id": "0"})
    assert made.status_code == 200, made.text
    number = made.json()["run"]["info"]["experiment_id"]
    asked = door.ask("theirs", "GET", f"{API}/experiments/get?experiment_id=0").json()
    assert "experiment" in asked, asked
    assert (asked["experiment"]["name"], asked["experiment"]["experiment_id"]) == (
        "Default",
        number,
    )
    found = door.ask("theirs", "POST", f"{API}/runs/search", json={"experiment_ids": ["0"]}).json()
    assert [run["info"]["run_id"] for run in found["runs"]] == [
        made.json()["run"]["info"]["run_id"]
    ]
    again = door.ask("theirs", "POST", f"{API}/runs/create", json={"experiment_id": "0"})
    assert again.json()["run"]["info"]["experiment_id"] == number
    ours = door.ask("ours", "GET", f"{API}/experiments/get?experiment_id=0").json()
    assert ours["experiment"]["experiment_id"] != number


def test_files_of_an_experiment_lie_nowhere_else(door: Door) -> None:
    body = {"name": "elsewhere", "artifact_location": "file:///etc"}
    answer = door.ask("ours", "POST", f"{API}/experiments/create", json=body)
    assert answer.status_code == 400


def test_a_body_above_the_limit_is_cut_off(door: Door) -> None:
    path = f"{FILES}/workspaces/{door.workspace}/1/large"
    answer = door.ask("ours", "PUT", path, content=b"x" * (41 * 1024 * 1024))
    assert answer.status_code == 413
    assert "MINGSUAN_MAX_SUBMISSION" in answer.json()["message"]
    assert door.ask("ours", "GET", path).status_code == 404


def test_importing_the_site_with_its_door_loads_nothing_that_no_page_needs() -> None:
    """A server's start was 2.6 processor seconds, a third of it for what most servers never ask."""
    program = "import sys, portal.app, portal.mlflow.door; print(*sys.modules)"
    ran = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    heavy = {"mlflow", "pandas", "scipy.stats", "scipy.optimize", "pypinyin"}
    assert not heavy & {*ran.stdout.split()}
    assert all(path.startswith("/api/") for path in ALLOWED)


def test_a_small_upload_that_stands_for_a_large_one_is_refused_here_too(
    door: Door, tmp_path: Path
) -> None:
    """security/S3: the schema of a skops file that becomes a billion bytes of small objects."""
    bombs.skops_of_brackets(tmp_path / "model.skops")
    kept = door.ask("ours", "GET", f"{door.snapshot}/MLmodel").text
    folder = f"workspaces/{door.workspace}/1/models/m-{'0' * 32}/artifacts"
    contents = {"MLmodel": kept.encode(), "model.skops": (tmp_path / "model.skops").read_bytes()}
    for name, content in contents.items():
        put = door.ask("ours", "PUT", f"{FILES}/{folder}/{name}", content=content)
        assert put.status_code == 200, put.text
    body = {"name": "信用审批", "source": f"mlflow-artifacts:/{folder}"}
    answer = door.ask("ours", "POST", f"{API}/model-versions/create", json=body)
    assert answer.status_code == 400, answer.text
    assert "schema.json unpacks to" in answer.json()["message"]
    assert "不是有效的 skops 文件" in answer.json()["message"]
