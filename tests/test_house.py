import ast
import importlib
import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from tests.clients import __main__ as clients

ROOT = Path(__file__).parent.parent
PACKAGES = ("registry", "evaluators", "explainers", "filing", "portal")


@pytest.mark.parametrize("name", PACKAGES)
def test_each_package_is_imported_from_this_tree(name: str) -> None:
    module = importlib.import_module(name)

    assert module.__file__ is not None
    assert Path(module.__file__).parent == ROOT / name


@pytest.mark.parametrize("name", PACKAGES)
def test_each_package_tells_its_story_in_one_sentence(name: str) -> None:
    told = (importlib.import_module(name).__doc__ or "").strip()

    assert told.endswith(".")
    assert "\n" not in told


def test_whoever_reads_is_addressed_with_respect() -> None:
    """Everything that a user reads says 您."""
    sources = [
        each
        for name in PACKAGES
        for kind in ("*.py", "*.html", "*.toml")
        for each in (ROOT / name).rglob(kind)
    ]

    assert sources
    assert not [each for each in sources if "你" in each.read_text(encoding="utf-8")]


CODE = re.compile(r"(?<![A-Za-z0-9_#+-])[A-I]\d{1,2}(?![A-Za-z0-9_-])")
"""The letter code of a field of the filing."""


@pytest.mark.parametrize("name", ["filing", "portal"])
def test_no_code_names_a_field_by_its_letter_code(name: str) -> None:
    """Only the schema knows codes; the code asks for what a field means (`filing.meanings`)."""
    found = [
        f"{each.relative_to(ROOT)}: {text}"
        for each in (*(ROOT / name).rglob("*.py"), *(ROOT / name).rglob("*.html"))
        if "migrations" not in each.parts
        and each.name != "report_file.py"  # its h1 to h3 are HTML
        for text in _texts(each)
        if CODE.search(text)
    ]
    assert found == []


@pytest.mark.parametrize("name", ["filing", "portal"])
def test_no_code_names_a_group_by_its_letter(name: str) -> None:
    """Nor the letter of a group: it asks for its topic (`meanings.Topic`)."""
    asked = re.compile(
        r"""(?:\.group\(|\bgroup(?:\.id|_id)? *(?:==|!=|in) *\(?|startswith\()["'][A-I]["']"""
    )
    found = [
        f"{each.relative_to(ROOT)}: {line.strip()}"
        for each in (*(ROOT / name).rglob("*.py"), *(ROOT / name).rglob("*.html"))
        if "migrations" not in each.parts
        for line in each.read_text(encoding="utf-8").splitlines()
        if asked.search(line)
    ]
    assert found == []


def _texts(file: Path) -> list[str]:
    """The strings of a module but its docstrings, or the lines of a template."""
    whole = file.read_text(encoding="utf-8")
    if file.suffix == ".html":
        return whole.splitlines()
    tree = ast.parse(whole)
    told = {id(each.value) for each in ast.walk(tree) if isinstance(each, ast.Expr)}
    return [
        each.value
        for each in ast.walk(tree)
        if isinstance(each, ast.Constant) and isinstance(each.value, str) and id(each) not in told
    ]


def test_the_readme_verifies_the_file_that_signing_writes() -> None:
    told = (ROOT / "README.md").read_text(encoding="utf-8")

    assert "mingsuan sign report.dsse.json" in told
    assert "mingsuan verify report.dsse.signed.json" in told


def test_help_imports_nothing_heavy() -> None:
    listed = subprocess.run(
        [sys.executable, "-X", "importtime", "-m", "portal", "--help"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "COLUMNS": "80"},
    )

    imported = {line.rpartition("|")[2].strip() for line in listed.stderr.splitlines()}
    assert "portal.cli" in imported
    assert not imported & {
        "mlflow",
        "sqlalchemy",
        "numpy",
        "pandas",
        "fastapi",
        "pydantic",
        "rich",
    }


def test_a_command_that_asks_a_server_imports_no_numerics_and_neither_does_its_refusal() -> None:
    """Half of the time of such a command would be imports that only an evaluation needs."""
    program = """
import sys, portal.commands.client, portal.commands.showing, portal.commands.work, portal.cli
try:
    portal.cli.main(["file", "show", "x", "--json"])
except SystemExit:
    print(*sys.modules)
"""
    nobody = {"MINGSUAN_SERVER": "http://127.0.0.1:9", "MINGSUAN_TOKEN": "x"}

    listed = subprocess.run(
        [sys.executable, "-c", program],
        cwd=ROOT, capture_output=True, text=True, check=True, env=os.environ | nobody,
    )  # fmt: skip

    assert "ServerUnreachable" in listed.stderr
    assert not {"numpy", "scipy", "pandas", "sqlalchemy", "mlflow"} & {*listed.stdout.split()}


@pytest.mark.parametrize(
    "module",
    ["evaluators.running.engine", "evaluators.guests.outsider_wire", "portal.home.exploratory"],
)
def test_what_evaluates_without_a_registry_imports_no_database(module: str) -> None:
    """A third of what a guest's process or a run at home took to start was SQLAlchemy."""
    program = f"import sys, {module}; print(*sys.modules)"
    listed = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True
    )

    assert module in listed.stdout.split()
    assert not {"sqlalchemy", "alembic", "pandas", "scipy.stats"} & {*listed.stdout.split()}


def test_every_command_of_the_table_can_be_called_for_help() -> None:
    from click.testing import CliRunner

    from portal.cli import COMMANDS, app

    for name in COMMANDS:
        asked = CliRunner().invoke(app, [name, "--help"])
        assert asked.exit_code == 0, (name, asked.output, asked.exception)
        assert "/" in asked.output


def test_no_file_names_a_package_index_or_this_machine() -> None:
    tracked = subprocess.run(
        ["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout.split("\0")
    words = ["pythonhosted", "index-" + "url", "/tmp/bash_" + "jobs"]

    for name in filter(None, tracked):
        if name == "tests/test_house.py":
            continue
        text = (ROOT / name).read_bytes().decode("utf-8", errors="ignore")
        assert not [word for word in words if word in text], name


def test_the_lock_pins_every_requirement_with_hashes() -> None:
    stanzas = [
        line
        for line in (ROOT / "requirements.lock").read_text().splitlines()
        if line and not line.startswith((" ", "#"))
    ]

    assert stanzas
    assert all("==" in line and line.endswith("\\") for line in stanzas)


def test_the_lock_has_a_part_for_the_server_the_boosters_and_the_tests() -> None:
    """`make setup`, `make boosting` and the image cut the file at these marks."""
    whole = (ROOT / "requirements.lock").read_text()
    server, rest = whole.split("# boosting extra")
    boosting, tests = rest.split("# test extra")

    assert "\nmlflow==" in server
    assert "\nmlflow-skinny==" in server
    assert "\nlightgbm==" in boosting
    assert "\npytest==" in tests
    for name in ("Makefile", "docker/Dockerfile"):
        assert "/^# boosting extra/" in (ROOT / name).read_text()


def test_the_core_takes_the_client_its_user_has_and_the_server_one_version() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    core = [each for each in project["dependencies"] if each.startswith("mlflow")]

    assert core == ["mlflow-skinny>=2.22,<4"]
    assert project["optional-dependencies"]["server"] == ["mlflow==3.17.2"]


def test_every_place_lists_the_same_tested_clients() -> None:
    *others, last = (version.rpartition(".")[0] for version in clients.VERSIONS)
    listed = f"{', '.join(others)} and {last}"
    for path in ("docs/mlflow.md", "docs/evaluating.md", "CONTRIBUTING.md", "Makefile"):
        assert listed in (ROOT / path).read_text(encoding="utf-8"), path
    server = tomllib.loads((ROOT / "pyproject.toml").read_text())
    assert server["project"]["optional-dependencies"]["server"] == [
        f"mlflow=={clients.VERSIONS[-1]}"
    ]
