"""The MLflow door behind a round-robin over two servers with one database and one store."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from itertools import cycle
from multiprocessing.context import ForkServerProcess
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests import exhaustive, servers
from tests.portal import doors
from tests.portal.round_robin import proxy

HERE = Path(__file__).parents[1]
API = "/api/2.0/mlflow"
FILES = "/api/2.0/mlflow-artifacts/artifacts"
MPU = "/api/2.0/mlflow-artifacts/mpu"
MEBI = 1024 * 1024
# A client of 2.22 has an environment of its own (`make clients`).
OLD_CLIENT = os.environ.get("MINGSUAN_TEST_OLD_CLIENT", "")

pytestmark = [pytest.mark.slow, pytest.mark.postgres]


@dataclass(frozen=True)
class Pair:
    """Two running servers, and the tokens of people of two enterprises."""

    urls: tuple[str, str]
    tokens: Mapping[str, str]
    folder: Path
    processes: tuple[ForkServerProcess, ...]

    def ask(self, server: int, method: str, path: str, **more: Any) -> httpx.Response:
        """One request to one of the servers."""
        headers = {"Authorization": f"Bearer {self.tokens[more.pop('who', 'ours')]}"}
        url = self.urls[server] + "/mlflow" + path
        return httpx.request(method, url, headers=headers, timeout=600, **more)


@contextmanager
def pair(folder: Path, environment: Mapping[str, str]) -> Iterator[Pair]:
    """Two servers with data directories of their own."""
    with ExitStack() as stack:
        sites = []
        for number in range(2):
            own = folder / str(number)
            own.mkdir()
            site = doors.serving(own, environment, first=not number)
            sites.append(stack.enter_context(site))
        first, second = sites
        yield Pair((first.url, second.url), first.tokens, folder, (first.process, second.process))


# Of the two stores the one that a client sends its parts to itself.
@pytest.fixture(scope="module", params=[exhaustive.case("files", kept=False), "s3"])
def both(
    request: pytest.FixtureRequest,
    postgres_server: str,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Pair]:
    """On PostgreSQL; the store is a folder that both mount, or S3."""
    folder = tmp_path_factory.mktemp(f"servers-{request.param}")
    with servers.fresh_database(postgres_server) as database:
        environment = {"MINGSUAN_DATABASE": database, "MINGSUAN_STORE": str(folder / "shared")}
        if request.param == "s3":
            s3: servers.S3Server = request.getfixturevalue("s3_server")
            environment |= {
                "MINGSUAN_STORE": "s3://door/two",
                "MINGSUAN_S3_ENDPOINT": s3.endpoint,
                "MINGSUAN_S3_KEY": s3.key,
                "MINGSUAN_S3_SECRET": s3.secret,
            }
        with pair(folder, environment) as running:
            yield running


def journey(both: Pair, python: str, large: int) -> dict[str, Any]:
    """The whole journey of a client, each request at the other server than the one before."""
    with proxy(both.urls) as url:
        environment = {key: value for key, value in os.environ.items() if "MLFLOW" not in key} | {
            "MLFLOW_TRACKING_URI": f"{url}/mlflow",
            "MLFLOW_TRACKING_TOKEN": both.tokens["ours"],
            "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "1",
            "MLFLOW_ENABLE_PROXY_MULTIPART_UPLOAD": "true",
            "MLFLOW_MULTIPART_UPLOAD_MINIMUM_FILE_SIZE": str(5 * MEBI),
            "MLFLOW_MULTIPART_UPLOAD_CHUNK_SIZE": str(6 * MEBI),
            "LARGE_BYTES": str(large),
        }
        ran = subprocess.run(
            [python, HERE / "journey_client.py"],
            env=environment, capture_output=True, text=True, check=False, timeout=900,
        )  # fmt: skip
    assert ran.returncode == 0, ran.stderr[-4000:]
    found: dict[str, Any] = json.loads(ran.stdout.strip().splitlines()[-1])
    return found


@pytest.fixture(params=[sys.executable, *([OLD_CLIENT] if OLD_CLIENT else [])])
def client(request: pytest.FixtureRequest) -> str:
    """The interpreter of a client's environment."""
    python: str = request.param
    return python


def test_a_client_notices_nothing_of_two_servers(both: Pair, client: str) -> None:
    """scale/2, mlflow/F4, F5, F7, F13."""
    found = journey(both, client, int(os.environ.get("LARGE_BYTES", 20 * MEBI)))

    assert found["by_run"] == ["1", True]
    assert found["by_model"] == ["1", True, ""]
    assert found["by_name"] == [True]
    assert len(found["search"]) == 2
    assert found["alias"] == "1"
    number, same_run, source, tags = found["copied"]
    assert (number, same_run) == ("1", True)
    assert source.startswith("mingsuan://sha256/")
    assert tags["mingsuan.filing"] == "none"
    assert tags["mingsuan.copy_of"].endswith(" 1")
    assert "evaluations and explanations of these bytes count here too" in found["copied_says"]
    assert "备案不随之转移" in found["copied_says"]
    assert found["promoted"] == ["1", True]
    note, same_source = found["downloaded and registered"]
    assert note.startswith("model_name: 生产 ")
    assert same_source
    assert found["loaded 生产"] == found["loaded 随记随登"]
    assert found["large"] == [int(os.environ.get("LARGE_BYTES", 20 * MEBI)), True]
    assert found["deleted"] == "deleted"
    for what, told in found["messages"].items():
        assert told["code"], what
        if what != "registering nothing":  # which 3.17 finds out by itself
            assert any("一" <= letter <= "鿿" for letter in told["text"]), what
            assert "\n" in told["text"], what
    assert "extra.pkl" in found["messages"]["a pickle beside the model"]["text"]
    assert "posix.system" in found["messages"]["a pickle that starts a program"]["text"]
    assert "withdraw its filing" in found["messages"]["deleting a version"]["text"]
    if "a prompt" in found["messages"]:  # 2.22 has none
        assert "Prompts are not kept here" in found["messages"]["a prompt"]["text"]


def begun(both: Pair, name: str, parts: int) -> tuple[dict[str, Any], str]:
    """An upload in parts that has begun at the first server."""
    folder = f"x/{name}"
    answer = both.ask(0, "POST", f"{MPU}/create/{folder}", json={"path": "f", "num_parts": parts})
    assert answer.status_code == 200, answer.text
    return answer.json(), folder


def sent(credentials: list[dict[str, Any]], size: int = 6 * MEBI) -> list[dict[str, Any]]:
    """Every part, sent where it is to go, without a token."""
    done = []
    for each in credentials:
        number = int(each["part_number"])
        answer = httpx.put(each["url"], content=bytes([number % 256]) * size, timeout=60)
        assert answer.status_code == 200, answer.text
        done.append({"part_number": number, "etag": answer.headers["ETag"], "url": each["url"]})
    return done


def test_parts_that_one_server_took_are_joined_by_the_other(both: Pair) -> None:
    upload, folder = begun(both, "joined", 3)
    body = {"path": "f", "upload_id": upload["upload_id"], "parts": sent(upload["credentials"])}
    for _ in range(2):  # a client that lost the answer asks again
        answer = both.ask(1, "POST", f"{MPU}/complete/{folder}", json=body)
        assert answer.status_code == 200, answer.text
    read = both.ask(0, "GET", f"{FILES}/{folder}/f")
    assert read.content == b"".join(bytes([n]) * 6 * MEBI for n in (1, 2, 3))


def test_parts_that_are_missing_are_told(both: Pair) -> None:
    upload, folder = begun(both, "missing", 2)
    one = sent(upload["credentials"][:1])
    two = [{"part_number": 2, "etag": '"00000000000000000000000000000000"', "url": "x"}]
    body = {"path": "f", "upload_id": upload["upload_id"], "parts": one + two}
    answer = both.ask(1, "POST", f"{MPU}/complete/{folder}", json=body)
    assert (answer.status_code, answer.json()["error_code"]) == (409, "RESOURCE_CONFLICT")
    assert "Upload the file again" in answer.json()["message"]
    assert both.ask(0, "GET", f"{FILES}/{folder}/f").status_code == 404
    body["parts"] = one + sent(upload["credentials"][1:])
    assert both.ask(0, "POST", f"{MPU}/complete/{folder}", json=body).status_code == 200
    read = both.ask(1, "GET", f"{FILES}/{folder}/f")
    assert read.content == b"".join(bytes([n]) * 6 * MEBI for n in (1, 2))


def test_a_file_is_made_of_as_many_parts_as_were_announced(both: Pair) -> None:
    """A file cut off at a part was whole for the door: the list ran from 1 without a gap."""
    upload, folder = begun(both, "announced", 3)
    two = sent(upload["credentials"][:2])
    body = {"path": "f", "upload_id": upload["upload_id"], "parts": two}
    short = both.ask(1, "POST", f"{MPU}/complete/{folder}", json=body)
    third = sent(upload["credentials"][2:])
    long = both.ask(
        0,
        "POST",
        f"{MPU}/complete/{folder}",
        json=body | {"parts": [*two, *third, {"part_number": 4, "etag": "x", "url": "x"}]},
    )
    for refused, listed in ((short, 2), (long, 4)):
        assert (refused.status_code, refused.json()["error_code"]) == (
            400,
            "INVALID_PARAMETER_VALUE",
        )
        assert f"begun with 3 parts, and {listed} are listed" in refused.json()["message"]
        assert f"开始时说是 3 块，现在列出 {listed} 块" in refused.json()["message"]
    assert both.ask(0, "GET", f"{FILES}/{folder}/f").status_code == 404

    whole = both.ask(1, "POST", f"{MPU}/complete/{folder}", json=body | {"parts": [*two, *third]})
    assert whole.status_code == 200, whole.text
    read = both.ask(0, "GET", f"{FILES}/{folder}/f")
    assert read.content == b"".join(bytes([n]) * 6 * MEBI for n in (1, 2, 3))


def test_an_aborted_upload_is_gone(both: Pair) -> None:
    upload, folder = begun(both, "aborted", 1)
    sent(upload["credentials"])
    body = {"path": "f", "upload_id": upload["upload_id"]}
    assert both.ask(1, "POST", f"{MPU}/abort/{folder}", json=body).status_code == 200
    late = httpx.put(upload["credentials"][0]["url"], content=b"late", timeout=60)
    assert late.status_code in (403, 404), late.text
    body |= {"parts": [{"part_number": 1, "etag": "x", "url": "x"}]}
    answer = both.ask(0, "POST", f"{MPU}/complete/{folder}", json=body)
    assert answer.status_code == 404
    left = both.folder / "shared" / "parts" / str(upload["upload_id"])
    assert not left.exists()


def test_an_upload_in_parts_belongs_to_its_organisation(both: Pair) -> None:
    upload, folder = begun(both, "theirs", 1)
    body = {"path": "f", "upload_id": upload["upload_id"], "parts": sent(upload["credentials"])}
    for act in ("complete", "abort"):
        answer = both.ask(0, "POST", f"{MPU}/{act}/{folder}", json=body, who="theirs")
        assert answer.status_code == 404, answer.text


def test_more_parts_than_the_limit_allows_are_refused(both: Pair) -> None:
    """scale/5: the limit is the setting's, for the whole and not for one part."""
    upload, folder = begun(both, "beyond", 3)
    answers = [
        httpx.put(each["url"], content=b"x" * (15 * MEBI), timeout=60)
        for each in upload["credentials"]
    ]
    parts = [
        {"part_number": number + 1, "etag": answer.headers.get("ETag", "x"), "url": "x"}
        for number, answer in enumerate(answers)
    ]
    body = {"path": "f", "upload_id": upload["upload_id"], "parts": parts}
    answer = both.ask(1, "POST", f"{MPU}/complete/{folder}", json=body)
    refused = [each for each in (*answers, answer) if each.status_code >= 400]
    assert refused
    assert "MINGSUAN_MAX_SUBMISSION" in refused[0].json()["message"]
    assert both.ask(0, "GET", f"{FILES}/{folder}/f").status_code == 404


def test_a_file_of_any_size_takes_constant_memory(both: Pair) -> None:
    """mlflow/F4: what the servers hold in memory grows by 19 MB at most, also for LARGE_BYTES of 5 GB."""
    number_of_parts = max(3, int(os.environ.get("LARGE_BYTES", "0")) // (12 * MEBI))
    for number in range(2):  # everything is loaded by then
        both.ask(number, "PUT", f"{FILES}/x/warm/{number}", content=b"x" * MEBI)
    before = [peak(process) for process in both.processes]
    upload, folder = begun(both, "large", number_of_parts)
    done = sent(in_turns(both, upload["credentials"]), 12 * MEBI)
    body = {"path": "f", "upload_id": upload["upload_id"], "parts": done}
    assert both.ask(1, "POST", f"{MPU}/complete/{folder}", json=body).status_code == 200
    with httpx.stream(
        "GET", f"{both.urls[0]}/mlflow{FILES}/{folder}/f",
        headers={"Authorization": f"Bearer {both.tokens['ours']}"}, timeout=600,
    ) as read:  # fmt: skip
        assert sum(len(chunk) for chunk in read.iter_bytes()) == number_of_parts * 12 * MEBI
    grown = [peak(process) - was for process, was in zip(both.processes, before, strict=True)]
    assert max(grown) < 24 * MEBI, grown


def in_turns(both: Pair, credentials: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The addresses of parts, every second one at the other server; those of S3 as they are."""
    first, second = both.urls
    return [
        each
        | {"url": each["url"].replace(first, second if int(each["part_number"]) % 2 else first)}
        for each in credentials
    ]


def peak(process: ForkServerProcess) -> int:
    """The most memory that a process has held, in bytes."""
    status = Path(f"/proc/{process.pid}/status").read_text()
    line = next(line for line in status.splitlines() if line.startswith("VmHWM"))
    return int(line.split()[1]) * 1024


def test_what_one_server_took_the_other_lists_and_a_refusal_seals_nothing(both: Pair) -> None:
    run = both.ask(0, "POST", f"{API}/runs/create", json={"experiment_id": "0"}).json()["run"]
    place = run["info"]["artifact_uri"].removeprefix("mlflow-artifacts:/")
    assert both.ask(0, "PUT", f"{FILES}/{place}/model/MLmodel", content=b"flavors: {}").is_success
    listed = both.ask(1, "GET", FILES, params={"path": f"{place}/model"}).json()["files"]
    assert [each["path"] for each in listed] == ["MLmodel"]
    turns = cycle((1, 0))
    named = both.ask(0, "POST", f"{API}/registered-models/create", json={"name": "空"})
    assert named.is_success, named.text
    refused = both.ask(
        next(turns), "POST", f"{API}/model-versions/create",
        json={"name": "空", "source": f"mlflow-artifacts:/{place}/model"},
    )  # fmt: skip
    assert refused.status_code == 400
    # A refused version seals nothing: the sender may add what was missing.
    assert both.ask(next(turns), "PUT", f"{FILES}/{place}/model/more", content=b"x").is_success
