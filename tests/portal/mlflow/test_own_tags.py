"""The tags that only the platform writes: no client writes one, whatever it hangs on."""

import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from portal.mlflow.own_tags import is_ours
from tests import models
from tests.portal.doors import API, Door

FORGED = "mingsuan.filing"
DISGUISES = [
    FORGED,
    "mingsuan.evaluation.by",
    " mingsuan.filing",
    "MINGSUAN.filing",
    "m\u0456ngsuan.filing",  # Cyrillic
    "ｍｉｎｇｓｕａｎ．filing",
    "míngsuan.filing",
    "mi\u0301ngsuan.filing",
    "mıngsuan.filing",  # without the dot
    "minɡsuan.filing",  # script g
    "𝐦𝐢𝐧𝐠𝐬𝐮𝐚𝐧.filing",
    "ming suan.filing",
    ".mingsuan.filing",
    "mingsuan․filing",  # one dot leader
    "mingsuan_filing",
    "ꮇingsuan.filing",  # Cherokee small letters are folded to capitals
    "mingꮪuꭺn.filing",
    "rningsuan.filing",
    "nningsuan.filing",
    "minqsuan.filing",
    "mingsvan.filing",
    "NNINQSVAN",
    "mlngsuan.filing",
    "m1ngsuan.filing",
    "\u00b9mingsuan.filing",  # a raised one
    "0mingsuan.filing",
    "\u2460mingsuan",  # a circled one
    "m\u2460ngsuan",
    "\u0640mingsuan.filing",  # the Arabic tatweel
    "\ua4f8mingsuan.filing",  # a Lisu letter that is drawn as a full stop
    "mingsu\u02bban.filing",
    "mi\u02d0ngsuan.filing",
    "mi\u207fgsu\u02bban.filing",  # a raised n, and a mark
]
FREE = [
    "stadt",
    "my.mingsuan",
    "mlflow.user",
    "明算",
    "ming",
    "mings",
    "",
    "审批",
    "a mingsuan.filing",
    "nnn",
    "2024",
    "1",
]


@pytest.mark.parametrize("key", DISGUISES)
def test_a_name_that_reads_as_the_platform_s_is_the_platform_s(key: str) -> None:
    assert is_ours(key)


@pytest.mark.parametrize("key", FREE)
def test_other_names_are_the_client_s(key: str) -> None:
    assert not is_ours(key)


def fresh() -> str:
    """A name that nobody has."""
    return os.urandom(8).hex()


def tag(key: str) -> dict[str, str]:
    """What a forger writes."""
    return {"key": key, "value": "published"}


@pytest.fixture(scope="module")
def made(door: Door, tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, str]:
    """One of everything that can carry a tag."""
    experiment = door.experiment()
    run = door.run(models.credit_model(tmp_path_factory.mktemp("m") / "model", seed=301))
    answer = door.register("tagged", f"runs:/{run}/model")
    assert answer.status_code == 200, answer.text
    logged = door.post("logged-models", experiment_id=experiment, name="l").json()
    return {
        "experiment_id": experiment,
        "run_id": run,
        "model_id": logged["model"]["info"]["model_id"],
        "source": f"runs:/{run}/model",
    }


WRITES: Mapping[str, tuple[str, str, Any]] = {
    "an experiment, made": ("POST", "experiments/create", lambda m, t: {"name": fresh(), "tags": [t]}),
    "an experiment": (
        "POST", "experiments/set-experiment-tag",
        lambda m, t: {"experiment_id": m["experiment_id"], **t},
    ),
    "a run, made": (
        "POST", "runs/create", lambda m, t: {"experiment_id": m["experiment_id"], "tags": [t]},
    ),
    "a run": ("POST", "runs/set-tag", lambda m, t: {"run_id": m["run_id"], **t}),
    "a run, many": ("POST", "runs/log-batch", lambda m, t: {"run_id": m["run_id"], "tags": [t]}),
    "an input": (
        "POST", "runs/log-inputs",
        lambda m, t: {"run_id": m["run_id"], "datasets": [{"tags": [t], "dataset": {
            "name": "d", "digest": "1", "source_type": "local", "source": "{}"}}]},
    ),
    "a logged model, made": (
        "POST", "logged-models",
        lambda m, t: {"experiment_id": m["experiment_id"], "name": "x", "tags": [t]},
    ),
    "a logged model": ("PATCH", "logged-models/{model_id}/tags", lambda m, t: {"tags": [t]}),
    "a registered model, made": (
        "POST", "registered-models/create", lambda m, t: {"name": fresh(), "tags": [t]},
    ),
    "a registered model": (
        "POST", "registered-models/set-tag", lambda m, t: {"name": "tagged", **t},
    ),
    "a version, made": (
        "POST", "model-versions/create",
        lambda m, t: {"name": "tagged", "source": m["source"], "tags": [t]},
    ),
    "a version": (
        "POST", "model-versions/set-tag", lambda m, t: {"name": "tagged", "version": "1", **t},
    ),
}  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize("key", [FORGED, "  m\u0456ngsuan.filing"])
@pytest.mark.parametrize("what", WRITES)
def test_nobody_writes_the_state_of_a_filing(
    door: Door, made: Mapping[str, str], what: str, key: str
) -> None:
    """A search for published models found one that never had a filing."""
    method, path, body = WRITES[what]
    path = f"{API}/{path.format(**made)}"
    answer = door.ask(method, path, json=body(made, tag(key)))
    assert (answer.status_code, answer.json()["error_code"]) == (400, "INVALID_PARAMETER_VALUE")
    english, chinese = answer.json()["message"].split("\n")
    assert "mingsuan" in english
    assert chinese.endswith("。")
    free = door.ask(method, path, json=body(made, tag("stadt")))
    assert free.status_code == 200, free.text


@pytest.mark.slow
def test_no_forged_tag_is_found(door: Door, made: Mapping[str, str]) -> None:
    asked = {"filter": f"tags.`{FORGED}` = 'published'"}
    for what in ("registered-models", "model-versions"):
        found = door.ask("GET", f"{API}/{what}/search", params=asked).json()
        assert found.get(what.replace("-", "_"), []) == []
    runs = door.post("runs/search", experiment_ids=[made["experiment_id"]], **asked)
    assert runs.json().get("runs", []) == []


@pytest.mark.slow
def test_no_client_takes_a_tag_of_the_platform_away(door: Door, made: Mapping[str, str]) -> None:
    asked = {"name": "tagged", "version": "1", "key": FORGED}
    answer = door.ask("DELETE", f"{API}/model-versions/delete-tag", json=asked)
    assert answer.status_code == 400
    path = f"{API}/logged-models/{made['model_id']}/tags/{FORGED}"
    assert door.ask("DELETE", path).json()["error_code"] == "INVALID_PARAMETER_VALUE"
    assert door.version("tagged")["tags"][FORGED] == "none"


@pytest.mark.slow
def test_a_copy_brings_the_client_s_tags_and_not_the_platform_s(
    door: Door, made: Mapping[str, str]
) -> None:
    """`copy_model_version` sends every tag of the version that it copies."""
    tags = [tag(FORGED), {"key": "mingsuan.source", "value": "x"}, {"key": "k", "value": "v"}]
    answer = door.register("copied", "models:/tagged/1", tags=tags)
    assert answer.status_code == 200, answer.text
    found = door.version("copied")["tags"]
    assert (found[FORGED], found["mingsuan.source"]) == ("none", "models:/tagged/1")
    assert (found["mingsuan.copy_of"], found["k"]) == ("tagged 1", "v")
    assert made


@pytest.mark.slow
def test_where_a_version_came_from_is_written_once(door: Door, tmp_path: Path) -> None:
    """A copy onto its own name, and the same bytes from another run, rewrote the source."""
    files = models.credit_model(tmp_path / "model", seed=302)
    first, second = door.run(files), door.run(files)
    source = f"runs:/{first}/model"
    assert door.register("once", source).status_code == 200
    before = door.version("once")
    assert before["tags"]["mingsuan.source"] == source

    for again in ("models:/once/1", f"runs:/{second}/model"):
        answer = door.register("once", again)
        assert answer.status_code == 200, answer.text
        told = answer.json()["model_version"]
        assert (told["version"], told["run_id"]) == ("1", first)
        found = door.version("once")
        assert found["tags"] == before["tags"], again
        assert found["run_id"] == first
    onto_itself = door.register("once", "models:/once/1").json()["model_version"]
    assert "already" in onto_itself["status_message"]
    assert "file this model anew" not in onto_itself["status_message"]


@pytest.mark.slow
def test_a_version_names_itself_and_how_far_its_format_can_be_trusted(
    door: Door, made: Mapping[str, str], tmp_path: Path
) -> None:
    """Whoever hands a report in needs the version's identifier; a pickle was registered in silence."""
    tags = door.version("tagged")["tags"]
    assert re.fullmatch("[0-9a-f]{32}", tags["mingsuan.version"])
    assert tags["mingsuan.trust_class"] in ("data_only", "listed_types")
    folder = models.pickled_model(tmp_path / "model")
    answer = door.register("pickled", f"runs:/{door.run(folder)}/model")
    assert answer.status_code == 200, answer.text
    message = answer.json()["model_version"]["status_message"]
    assert "runs code that its files bring" in message
    assert "only objects on the list" in message
    assert "沙箱" in message
    assert door.version("pickled")["tags"]["mingsuan.trust_class"] == "code"
    assert made


@pytest.mark.slow
def test_a_pickle_that_starts_a_program_is_refused_with_the_way_out(
    door: Door, made: Mapping[str, str], tmp_path: Path
) -> None:
    folder = models.pickled_model(tmp_path / "model", calling=True)
    answer = door.register("calling", f"runs:/{door.run(folder)}/model")

    assert (answer.status_code, answer.json()["error_code"]) == (400, "INVALID_PARAMETER_VALUE")
    message = answer.json()["message"]
    assert "posix.system, which starts programs or changes the system" in message
    assert "posix.system（启动别的程序或改动系统）" in message
    assert "skops" in message
    assert "PythonModel" in message
    assert made
