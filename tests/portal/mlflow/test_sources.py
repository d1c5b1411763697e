"""Sources of versions, however they are written: a version, or a refusal that says what to do."""

import re
from collections.abc import Mapping

import httpx
import pytest
from hypothesis import given, settings, strategies

from tests import models
from tests.portal.doors import API, FILES, Door
from tests.portal.mlflow.test_told import by_rule

pytestmark = pytest.mark.slow

NAME = "sources"


@pytest.fixture(scope="module")
def made(door: Door, tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, str]:
    """A run with one sealed model and one that lies open, and the name of the version."""
    files = models.credit_model(tmp_path_factory.mktemp("model") / "model", seed=961)
    run = door.run(files)
    root = door.info(run)["artifact_uri"].removeprefix("mlflow-artifacts:/")
    for file in files.iterdir():
        answer = door.ask("PUT", f"{FILES}/{root}/open/{file.name}", content=file.read_bytes())
        assert answer.status_code == 200, answer.text
    assert door.register(NAME, f"runs:/{run}/model", run).status_code == 200
    return {"run": run, "root": root, "org": root.split("/")[1]}


def registered(door: Door, source: str) -> httpx.Response:
    """The answer to a source, under a name that is there."""
    return door.post("model-versions/create", name=NAME, source=source)


RULED = {
    "models:/sources": "no-version",
    "models:/sources/": "no-version",
    "models:/sources/1/": "no-version",
    "models:/sources/-1": "no-version",
    "models:/sources/1/2": "no-version",
    "models:/sources/x": "no-version",
    "models:/sources/7": "no-version",
    "models:/sources@nope": "no-version",
    "models:/sources@": "no-version",
    "models:/@a": "no-version",
    "models:/nobody/latest": "no-model-named",
    "models:/[": "no-version",
    "models:/sources/" + "9" * 5000: "not-uploaded",
    "models:/sources/99999999999999999999": "no-version",
    "models:/sources/Production": "stage-as-source",
    "models:/sources/none": "stage-as-source",
    "models:/sources/1?x": "source-unclear",
    "models:q/1": "not-uploaded",
    "http://[": "not-uploaded",
    "mingsuan://[": "not-uploaded",
    "[": "not-uploaded",
    "s3://bucket/" + "x" * 5000: "not-uploaded",
    "runs:/RUN/model?x=1": "source-unclear",
    "runs:/RUN/model#x": "source-unclear",
    "runs:/RUN/model/MLmodel": "one-file",
    "runs:/RUN/open/MLmodel": "one-file",
    "mlflow-artifacts:/ROOT/model/MLmodel": "one-file",
    "mlflow-artifacts:/ROOT/open/MLmodel/": "one-file",
    "runs:/RUN/nothing": "no-files",
    "runs:/RUN/mo%64el": "path-encoded",
    "runs:/RUN/[x]": "no-files",
    "runs:/RUN/[": "no-files",
    "runs:/no/model": "no-run",
    "runs:/": "no-run",
}


@pytest.mark.parametrize("source", RULED)
def test_a_source_is_refused_by_a_rule_of_the_manual(
    door: Door, made: Mapping[str, str], source: str
) -> None:
    """Several were a fault of the server, or registered another folder than was named."""
    sent = source.replace("RUN", made["run"]).replace("ROOT", made["root"])
    answer = registered(door, sent)
    by_rule(answer, RULED[source])
    assert len(answer.json()["message"]) < 2000


def test_a_slash_at_the_end_of_a_folder_is_the_folder(door: Door, made: Mapping[str, str]) -> None:
    for source in ("runs:/RUN/model/", "mlflow-artifacts:/ROOT/model/", "models:/sources/1"):
        sent = source.replace("RUN", made["run"]).replace("ROOT", made["root"])
        answer = registered(door, sent)
        assert answer.status_code == 200, answer.text
        assert answer.json()["model_version"]["version"] == "1"


PIECES = strategies.sampled_from(
    [
        "models:/", "models:", "models://", "runs:/", "runs:", "mlflow-artifacts:/", "mingsuan://sha256/",
        "mingsuan://", "http://", "m-", "m-" + "0" * 32, NAME, "RUN", "ROOT", "workspaces/ORG",
        "snapshots", "/", "//", "model", "open", "MLmodel", "1", "latest", "@", "@a", "?", "#", "%2e", "%",
        "[", "]", "..", ".", " ", ":", ";", "\\", "信贷", "\u0301", "\U0001f469", "0" * 64, "x" * 300, "-1",
        "²", "٣", "9" * 30, "Production",
    ]
)  # fmt: skip
SOURCES = strategies.lists(PIECES | strategies.text(max_size=3), max_size=8).map("".join)


@settings(max_examples=150, deadline=None)
@given(source=SOURCES)
def test_whatever_the_source_is_the_answer_says_what_to_do(
    door: Door, made: Mapping[str, str], source: str
) -> None:
    for place, text in {"RUN": made["run"], "ROOT": made["root"], "ORG": made["org"]}.items():
        source = source.replace(place, text)
    answer = registered(door, source)
    assert answer.headers["content-type"].startswith("application/json"), source
    if answer.status_code == 200:
        return
    assert 400 <= answer.status_code < 500 or answer.status_code == 501, (source, answer.text)
    told = answer.json()
    assert told["error_code"] not in ("INTERNAL_ERROR", ""), (source, told)
    assert re.search("[A-Za-z]{4}", told["message"])
    assert re.search("[一-鿿]{4}", told["message"]), (source, told)


def test_what_is_sent_to_no_part_s_address_is_told_so(door: Door) -> None:
    """It was told to send a JSON object."""
    for path in ("/parts/x%2f../1?expires=1&signature=x", "/parts/x", "/parts/a/b/c"):
        by_rule(door.ask("PUT", path, content=b"x"), "part-address")


def test_a_name_that_would_be_kept_under_another_is_refused(
    door: Door, made: Mapping[str, str]
) -> None:
    """`a%41.txt` lay under `aA.txt`, and `a?b.txt` under `a`."""
    root = made["root"]
    for sent, rule in {
        "a%2541.txt": "path-encoded",
        "a%2520b.txt": "path-encoded",
        "a?b.txt": "path-cut-off",
        "a?b/c.txt": "path-cut-off",
    }.items():
        by_rule(door.ask("PUT", f"{FILES}/{root}/names/{sent}", content=b"1"), rule)
        by_rule(door.ask("GET", f"{FILES}/{root}/names/{sent}"), rule)
    mpu = f"/api/2.0/mlflow-artifacts/mpu/create/{root}/names"
    parts = {"path": "/home/me/a%41.txt", "num_parts": 1}
    by_rule(door.ask("POST", mpu, json=parts), "path-encoded")
    by_rule(door.ask("POST", f"{mpu}?b", json={**parts, "path": "f"}), "path-cut-off")
    assert door.ask("PUT", f"{FILES}/{root}/names/100%AB.txt", content=b"1").status_code == 400
    kept = {
        "a%20b.txt": "a b.txt",
        "100%25.txt": "100%.txt",
        "信贷.txt": "信贷.txt",
        "a;b.txt": "a;b.txt",
        "A:b.txt": "A:b.txt",
    }
    for sent in kept:
        assert door.ask("PUT", f"{FILES}/{root}/names/{sent}", content=b"1").status_code == 200
    listed = door.ask("GET", FILES, params={"path": f"{root}/names"}).json()["files"]
    assert {each["path"] for each in listed} == set(kept.values())
    assert door.ask("GET", f"{API}/runs/get?run_id={made['run']}").status_code == 200
