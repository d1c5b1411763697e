"""Which routes of MLflow the door refuses, and that the decision covers the MLflow installed."""

import ast
import re
from pathlib import Path
from string import Formatter

import pytest

from portal.manual import mlflow_routes
from portal.mlflow import refusals as mlflow_refusals
from portal.mlflow import rules as mlflow_rules
from portal.mlflow.door import ALLOWED
from portal.mlflow.refusals import POLICIES, Policy
from portal.mlflow.rules import RULES
from registry import model_names, staging


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


DOOR = Path(mlflow_rules.__file__).parent
DOORS = sorted(DOOR.glob("*.py"))
DOCS = DOOR.parents[1] / "docs"
ELSEWHERE = {  # told by the register, whichever door is used
    "name": model_names.NOT_ALLOWED,
    "alias": model_names.ALIAS_NOT_ALLOWED,
    "name-blanks": model_names.BLANKS_AROUND,
    "name-in-pieces": model_names.IN_PIECES,
    "sealed": staging.SEALED,
    "no-place": staging.NO_PLACE,
}

AT_HOME = frozenset({"models", "own_rows"})
"""What the evaluator in a user's own process asks: it is no door, and speaks in errors of ours."""


def raised(path: Path) -> list[ast.Call]:
    """The calls that make an error, in a module of the door."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    kinds = {node.name for node in ast.walk(tree) if isinstance(node, ast.ClassDef)}
    thrown = [node.exc for node in ast.walk(tree) if isinstance(node, ast.Raise)]
    return [
        node
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Name)
        and (node.func.id == "MlflowException" or (node.func.id in kinds and node in thrown))
    ]


@pytest.mark.parametrize(
    "path",
    [path for path in DOORS if path.stem not in AT_HOME],
    ids=lambda path: path.stem,
)
def test_the_door_words_no_refusal_outside_of_its_tables(path: Path) -> None:
    for call in raised(path):
        texts = [each for each in ast.walk(call) if isinstance(each, ast.JoinedStr)]
        words = [
            each.value
            for each in ast.walk(call)
            if isinstance(each, ast.Constant) and isinstance(each.value, str) and " " in each.value
        ]
        assert not texts, ast.unparse(call)
        assert not words, ast.unparse(call)


def test_every_rule_is_told_by_the_door_and_stands_in_the_manual() -> None:
    source = "\n".join(path.read_text(encoding="utf-8") for path in DOORS)
    named = set(re.findall(r'(?:RULES\[|refusal\(|told, |safe, |  )"([a-z-]+)"', source))
    assert set(RULES) - named - set(ELSEWHERE) == set(), "in the manual and never told"
    assert set(re.findall(r'(?:RULES\[|refusal\()"([a-z-]+)"', source)) <= set(RULES)
    for name, text in ELSEWHERE.items():
        assert RULES[name].said is text
    page = (DOCS / "mlflow-refusals.md").read_text(encoding="utf-8")
    for name, rule in RULES.items():
        assert f"- **{name}** (" in page
        assert rule.said.zh.split("{")[0] in page
        zh, en = ({p[1] for p in Formatter().parse(text)} for text in (rule.said.zh, rule.said.en))
        assert zh - {None} == en - {None}, name


def test_what_mlflow_tells_in_english_gets_a_line_in_chinese() -> None:
    told = mlflow_rules.with_chinese("RESOURCE_DOES_NOT_EXIST", "Run 'x' not found")
    assert told.startswith("Run 'x' not found\n没有所指的记录")
    assert mlflow_rules.with_chinese("X", "y") == f"y\n{mlflow_rules.UNTOLD}"
    assert mlflow_rules.with_chinese("X", "good\n好") == "good\n好"
    named = "Registered Model with name=信用 not found"
    assert mlflow_rules.with_chinese("X", named) == f"{named}\n{mlflow_rules.UNTOLD}"
