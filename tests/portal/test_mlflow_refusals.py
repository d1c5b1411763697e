"""Which routes of MLflow the door refuses, and that the decision covers the MLflow installed."""

import re

import pytest

from portal import mlflow_refusals
from portal.manual import mlflow_routes
from portal.mlflow_door import ALLOWED
from portal.mlflow_refusals import POLICIES, Policy


@pytest.fixture(scope="module")
def routes() -> list[tuple[str, str]]:
    """Every route of the handlers of the installed MLflow."""
    return mlflow_routes()


@pytest.mark.slow
def test_every_route_of_mlflow_is_offered_or_refused_by_a_policy(
    routes: list[tuple[str, str]],
) -> None:
    by_policy = mlflow_refusals.refused(routes, ALLOWED)

    assert len(set(routes)) > 300
    assert [name for name, refused in by_policy.items() if not refused] == []
    offered = {(path, method) for path, methods in ALLOWED.items() for method in methods.split()}
    assert offered - set(routes) == set()


@pytest.mark.slow
def test_a_route_that_is_new_in_mlflow_has_to_be_decided(routes: list[tuple[str, str]]) -> None:
    for new in ("/api/2.0/mlflow/model-versions/promote", "/api/4.0/mlflow/agents"):
        with pytest.raises(LookupError, match="neither offered nor refused"):
            mlflow_refusals.refused([*routes, (new, "POST")], ALLOWED)


@pytest.mark.parametrize("name", POLICIES)
def test_a_refusal_says_why_and_what_to_do_in_both_languages(name: str) -> None:
    policy = POLICIES[name]
    message = policy.message()

    for text in (policy.why, policy.instead):
        assert text.zh.endswith("。")
        assert text.en.endswith(".")
        assert text.zh in message
        assert text.en in message
    assert policy.why.zh.count("。") == 1, "one sentence"


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("/api/2.0/mlflow/model-versions/delete", "versions-kept"),
        ("/ajax-api/2.0/mlflow/model-versions/delete", "no-pages"),
        ("/api/3.0/mlflow/traces/<trace_id>", "no-traces"),
        ("/api/2.0/mlflow/traces", "no-traces"),
        ("/api/3.0/mlflow/workspaces", "one-workspace"),
        ("/api/2.0/mlflow/experiments/search", None),
    ],
)
def test_the_policy_of_a_route(path: str, name: str | None) -> None:
    assert mlflow_refusals.policy_of(path) == name


def test_an_unknown_address_is_named() -> None:
    policy = mlflow_refusals.unknown("GET", "/api/9.9/x")

    assert isinstance(policy, Policy)
    assert policy.code == "ENDPOINT_NOT_FOUND"
    assert policy.message().count("GET /api/9.9/x") == 2
    assert re.search("MLFLOW_TRACKING_URI", policy.message())
