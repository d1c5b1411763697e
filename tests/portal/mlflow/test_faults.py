"""Requests that are wrong in form, and clients that change one thing at once: never a 500."""

import base64
import json
import re
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest

from portal.mlflow.door import ALLOWED
from portal.mlflow.rules import RULES
from tests import exhaustive
from tests.portal import doors
from tests.portal.doors import API, Door

pytestmark = pytest.mark.slow

DRIVER = re.compile(r"\[SQL|sqlite3\.|psycopg|sqlalchemy|object has no attribute|NoneType")
"""Words of a driver or of Python, which no answer may hold."""
NO_RECORD = {"<model_id>": f"m-{'0' * 32}", "<tag_key>": "k", "<path:artifact_path>": "fuzz/z"}


def by_rule(answer: httpx.Response, rule: str, /, **places: object) -> None:
    """See that an answer is the one that the door has under a rule, in both languages."""
    found = answer.json()
    assert (answer.status_code, found["error_code"]) == (
        {"RESOURCE_CONFLICT": 409}.get(RULES[rule].code, 400),
        RULES[rule].code,
    ), answer.text
    assert found["message"] == RULES[rule].message(**places)


WRONG: Mapping[str, tuple[str, str, dict[str, Any]]] = {
    "max_results": ("POST", "experiments/search", {"max_results": {"a": 1}}),
    "view_type": ("POST", "experiments/search", {"view_type": []}),
    "run_view_type": ("POST", "runs/search", {"run_view_type": {}}),
    "end_time": ("POST", "runs/update", {"end_time": []}),
    "start_time": ("POST", "runs/create", {"start_time": []}),
    "params": ("POST", "runs/log-batch", {"params": [None]}),
    "status": ("PATCH", f"logged-models/{NO_RECORD['<model_id>']}", {"status": []}),
    "experiment_ids": ("POST", "logged-models/search", {"experiment_ids": "1"}),
    "model_json": ("POST", "runs/log-model", {"run_id": "x", "model_json": "0"}),
}


@pytest.mark.parametrize("field", WRONG)
def test_a_field_of_a_wrong_form_is_named(door: Door, field: str) -> None:
    """It was a 500, which MLflow's clients send again for minutes."""
    method, path, body = WRONG[field]
    by_rule(door.ask(method, f"{API}/{path}", json=body), "wrong-shape", fields=field)


NULLS: Mapping[str, tuple[Any, ...]] = {
    "runs/search": ({"experiment_ids": ["1"]}, "max_results", "filter", "order_by", "page_token", "run_view_type"),
    "runs/log-batch": ({}, "metrics", "params", "tags"),
    "runs/create": ({}, "start_time", "tags", "run_name", "user_id"),
    "runs/update": ({}, "status", "end_time", "run_name"),
    "experiments/search": ({"max_results": 5}, "filter", "order_by", "view_type"),
    "experiments/create": ({"name": "nulls"}, "tags", "artifact_location"),
    "registered-models/create": ({"name": "nulls"}, "tags", "description"),
    "registered-models/alias": ({"name": "nulls", "version": "1"}, "alias"),
    "logged-models/search": ({"experiment_ids": ["1"]}, "max_results", "filter", "order_by", "datasets"),
}  # fmt: skip


@pytest.mark.parametrize("path", NULLS)
def test_a_field_that_is_null_is_read_as_one_that_is_not_there(door: Door, path: str) -> None:
    """It was a 500 beside fields that were in order."""
    given, *names = NULLS[path]
    whole: dict[str, object] = dict(given)
    if path == "runs/create":
        whole["experiment_id"] = door.experiment()
    if path in ("runs/log-batch", "runs/update"):
        made = door.post("runs/create", experiment_id=door.experiment())
        whole["run_id"] = made.json()["run"]["info"]["run_id"]
    for number, nulls in enumerate([{}, *({each: None} for each in names), dict.fromkeys(names)]):
        if path.endswith("create") and "name" in whole:
            whole["name"] = f"nulls{number}"
        answer = door.post(path, **whole, **nulls)
        expected = 400 if path.endswith("alias") else 200
        assert answer.status_code == expected, (nulls, answer.text)


def test_an_alias_that_looks_like_another_is_refused(door: Door) -> None:
    """A Cyrillic letter was taken in an alias, by which clients find the version in use."""
    door.post("registered-models/create", name="credit-alias")
    for alias in ("сhampion", "cham\u200bpion", "ｃhampion"):
        answer = door.post(
            "registered-models/alias", name="credit-alias", alias=alias, version="1"
        )
        assert (answer.status_code, answer.json()["error_code"]) == (
            400,
            "INVALID_PARAMETER_VALUE",
        )
        if "\u200b" not in alias:
            assert "别名“" in answer.json()["message"]
            assert "The alias “" in answer.json()["message"]
    plain = door.post("registered-models/alias", name="credit-alias", alias="冠军", version="1")
    assert "别名“" not in plain.json().get("message", "")


LISTS = (
    ("POST", "runs/search"), ("POST", "experiments/search"), ("GET", "experiments/search"),
    ("POST", "logged-models/search"), ("GET", "metrics/get-history"),
    ("GET", "model-versions/search"), ("GET", "registered-models/search"),
)  # fmt: skip
"""The lists of which a request may say how much a page holds."""


def listed(door: Door, method: str, path: str, **more: object) -> httpx.Response:
    """A page of a list."""
    sent = {"run_id": "0" * 32, "metric_key": "m", "experiment_ids": ["1"]} | more
    return door.ask(method, f"{API}/{path}", **{"params" if method == "GET" else "json": sent})


@pytest.mark.parametrize("wrong", ["1e3", "1e9", "1.0", "x", "", " 5", "²"])
def test_a_number_that_is_written_as_none_is_named(door: Door, wrong: str) -> None:
    """`1e3` was a 500, which MLflow's clients send again for minutes, or was taken for a number."""
    for method, path in LISTS:
        answer = listed(door, method, path, max_results=wrong)
        by_rule(answer, "wrong-shape", fields="max_results")


def test_every_whole_number_of_a_request_is_read_by_one_rule(door: Door) -> None:
    started = {"experiment_id": door.experiment(), "start_time": "1e9"}
    by_rule(door.post("runs/create", **started), "wrong-shape", fields="start_time")
    by_rule(door.post("runs/search", maxResults="1e3"), "wrong-shape", fields="maxResults")
    asked = [("max_results", "1e3"), ("max_results", "5")]
    twice = door.ask("GET", f"{API}/registered-models/search", params=asked)
    by_rule(twice, "wrong-shape", fields="max_results")
    started["start_time"] = "1000"
    assert door.post("runs/create", **started).status_code == 200, "as MLflow's clients write it"


@pytest.mark.parametrize("size", [0, -1])
def test_a_page_that_could_hold_nothing_is_refused(door: Door, size: int) -> None:
    """0 gave the token of the first page for ever, -1 one that was then refused."""
    for method, path in LISTS:
        by_rule(listed(door, method, path, max_results=size), "page-size", given=size)


@pytest.mark.parametrize(
    "found", [10, None, [], {}, {"offset": -1}, {"offset": "x"}, "ÿ", b"\xff"]
)
def test_a_page_token_that_no_page_gave_is_refused(door: Door, found: object) -> None:
    sent = found if found == "ÿ" else base64.b64encode(
        found if isinstance(found, bytes) else json.dumps(found).encode()
    ).decode()  # fmt: skip
    for method, path in LISTS:
        by_rule(listed(door, method, path, page_token=sent), "page-token")


def test_a_page_token_that_a_page_gave_is_taken(door: Door) -> None:
    own = [door.experiment(), door.experiment()]
    for each in own:
        assert door.post("logged-models", experiment_id=each).status_code == 200
    for path, more, listed in (
        ("experiments/search", {}, "experiments"),
        ("logged-models/search", {"experiment_ids": own}, "models"),
    ):
        first = door.post(path, max_results=1, **more).json()
        token = first["next_page_token"]
        second = door.post(path, max_results=1, page_token=token, **more).json()
        assert first[listed] != second[listed]


@pytest.mark.parametrize("wrong", ["run_id IN ()", "source_path='x'"])
def test_a_filter_that_mlflow_cannot_read_is_named(door: Door, wrong: str) -> None:
    answer = door.post("logged-models/search", experiment_ids=[door.experiment()], filter=wrong)
    by_rule(answer, "not-searched", fields="filter")


def test_a_name_that_is_taken_is_named_and_no_statement_of_the_database(door: Door) -> None:
    made = {name: door.post("experiments/create", name=name) for name in ("taken", "other")}
    number = made["other"].json()["experiment_id"]
    again = {
        "create": door.post("experiments/create", name="taken"),
        "rename": door.post("experiments/update", experiment_id=number, new_name="taken"),
    }
    for answer in again.values():
        by_rule(answer, "experiment-taken", name="taken")
    door.post("registered-models/create", name="taken")
    by_rule(door.post("registered-models/create", name="taken"), "model-taken", name="taken")


VALUES: tuple[Any, ...] = (
    None,
    [],
    {"a": 1},
    [None],
    [{}],
    "x",
    "",
    -1,
    1.5,
    "bnVsbA==",
    "a = ",
    "b IN ()",
)


@pytest.mark.parametrize("door", doors.ON_POSTGRES, indirect=True)
@pytest.mark.parametrize("half", [0, exhaustive.case(1, kept=False)])
def test_no_offered_route_tells_a_wrong_request_as_a_fault_of_the_server(
    door: Door, half: int
) -> None:
    """Every field of every offered route, each holding in turn what it may not.

    A route is sent every second of the wrong values, the next route the others.
    """
    from mlflow.protos import mlflow_artifacts_pb2, model_registry_pb2, service_pb2

    names = {
        field.name
        for module in (service_pb2, model_registry_pb2, mlflow_artifacts_pb2)
        for message in module.DESCRIPTOR.message_types_by_name.values()
        for field in message.fields
        if not re.search("trace|webhook|scorer|assessment|span|gateway|job|issue|queue", message.name.lower())
    }  # fmt: skip
    with httpx.Client(headers={"Authorization": f"Bearer {door.token}"}, timeout=120) as client:
        asked = 0
        for at, (path, methods) in enumerate(ALLOWED.items()):
            for mark, place in NO_RECORD.items():
                path = path.replace(mark, place)  # noqa: PLW2901
            for method in methods.split():
                for turn, value in list(enumerate(VALUES))[(at + half) % 2 :: 2]:
                    # All fields of a turn at once, and each by itself in one turn of all.
                    for sent in (
                        dict.fromkeys(names, value),
                        _one_of(sorted(names), asked, value),
                    ):
                        asked += 1
                        more = {"json": sent} if method != "GET" else {
                            "params": {k: v for k, v in sent.items() if isinstance(v, str | int | float)}
                        }  # fmt: skip
                        answer = client.request(method, door.url + path, **more)
                        told = (turn, method, path, sent if len(sent) == 1 else value, answer.text)
                        assert answer.status_code < 500 or answer.status_code == 501, told
                        assert not DRIVER.search(answer.text), told
    assert asked > 500


def _one_of(names: list[str], number: int, value: object) -> dict[str, object]:
    return {names[number % len(names)]: value}


def test_a_record_in_another_state_is_no_fault_of_the_server(door: Door) -> None:
    """MLflow's clients send a 500 again for minutes; its code is what it was."""
    experiment = door.experiment()
    door.post("experiments/delete", experiment_id=experiment)
    answer = door.post("experiments/update", experiment_id=experiment, new_name="gone")
    assert (answer.status_code, answer.json()["error_code"]) == (409, "INVALID_STATE")


@doors.ON_BOTH
def test_clients_that_change_or_delete_one_thing_at_once_are_told_so(door: Door) -> None:
    """One of two that deleted a model at once was told a fault of the server, with the statement."""
    for turn in range(5):
        name = f"at once {turn}"
        experiment = door.experiment()
        door.post("registered-models/create", name=name)
        door.post("registered-models/set-tag", name=name, key="k", value="v")
        model = f"{API}/registered-models"
        calls = [
            lambda: door.ask("DELETE", f"{model}/delete", json={"name": name}),  # noqa: B023
            lambda: door.ask("PATCH", f"{model}/update", json={"name": name, "description": "d"}),  # noqa: B023
            lambda: door.ask("DELETE", f"{model}/delete-tag", json={"name": name, "key": "k"}),  # noqa: B023
            lambda: door.post("registered-models/set-tag", name=name, key="k", value="w"),  # noqa: B023
            lambda: door.post("experiments/delete", experiment_id=experiment),  # noqa: B023
            lambda: door.post("experiments/update", experiment_id=experiment, new_name=f"{name} x"),  # noqa: B023
            lambda: door.post("experiments/restore", experiment_id=experiment),  # noqa: B023
        ]  # fmt: skip
        with ThreadPoolExecutor(14) as many:
            answers = [each.result() for each in [many.submit(call) for call in calls * 2]]
        for answer in answers:
            assert answer.status_code < 500, answer.text
            assert not DRIVER.search(answer.text)
