"""A plugin from nothing: made, installed, tried out, run in a plan; broken ones are named alone."""

import json
import re
import subprocess
import sys
import tomllib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from evaluators.guests.installed import probe_class
from portal import cli
from portal.home import plugin_start
from portal.home.plugin_start import BadName, NameTaken
from portal.pages import plan_choices
from tests.evaluators import plugins

ROOT = Path(__file__).parents[3]
NAME = "night_shift"
RUDE = {"rude_raises": "rude_probes:Raises", "rude_counts": "rude_probes:Counts",
        "rude_broken": "rude_absent:Probe"}  # fmt: skip


Run = Callable[..., "Said"]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The package as it is created."""
    return plugin_start.create(NAME, tmp_path_factory.mktemp("made"))


@pytest.fixture(scope="module")
def site(made: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder into which pip has installed it, and beside it a package that misbehaves."""
    place = tmp_path_factory.mktemp("site")
    offline = ["--quiet", "--no-index", "--no-deps", "--no-build-isolation"]
    python(made, "-m", "pip", "install", *offline, "--target", str(place), str(made))
    plugins.lay(place, "rude_probes", RUDE)
    return place


@pytest.fixture
def installed(site: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    with plugins.on_path(site, monkeypatch):
        yield


def python(
    folder: Path, *words: str, path: tuple[Path, ...] = ()
) -> subprocess.CompletedProcess[str]:
    env = {"PATH": "/usr/bin:/bin", "PYTHONPATH": ":".join(map(str, (*path, ROOT)))}
    done = subprocess.run(
        [sys.executable, *words], cwd=folder, env=env, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    return done


class Said(NamedTuple):
    """How one command ended and what it printed."""

    code: int
    out: str
    err: str


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Run:
    """Call the command line in this process."""

    def call(*words: str) -> Said:
        capsys.readouterr()
        with pytest.raises(SystemExit) as ended:
            cli.main(words)
        code = ended.value.code
        return Said(code if isinstance(code, int) else int(bool(code)), *capsys.readouterr())

    return call


# Made


def test_its_tests_pass_as_created_and_installed(made: Path, site: Path) -> None:
    done = python(made, "-m", "pytest", "-q", "-rs", "-p", "no:cacheprovider", path=(site,))

    assert "passed" in done.stdout
    assert "skipped" not in done.stdout  # the one behind the walls too


def test_nothing_of_the_old_name_is_left(made: Path) -> None:
    for file in made.rglob("*"):
        assert plugin_start.NAME not in str(file)
        if file.is_file() and file.suffix in {".py", ".toml", ".md", ".csv"}:
            text = file.read_text("utf-8")
            assert not [w for w in ("incomplete_records", "incomplete-records", "IncompleteRecords")
                        if w in text]  # fmt: skip
    about = tomllib.loads((made / "pyproject.toml").read_text("utf-8"))
    assert about["project"]["entry-points"]["mingsuan.probes"] == {
        NAME: "night_shift.probe:NightShift"
    }


def test_nothing_is_overwritten_or_hidden_by_a_name(tmp_path: Path, made: Path) -> None:
    with pytest.raises(NameTaken, match="not overwritten"):
        plugin_start.create(NAME, made.parent)
    with pytest.raises(NameTaken, match="installed already"):
        plugin_start.create("selection_parity", tmp_path)
    with pytest.raises(NameTaken, match="module"):
        plugin_start.create("json", tmp_path)
    for name in ("Night", "night-shift", "1st", "class", "a__b", "x" * 41, "..", ""):
        with pytest.raises(BadName):
            plugin_start.create(name, tmp_path)
    assert not list(tmp_path.iterdir())


def test_the_example_of_the_manual_works_as_it_is_written(tmp_path: Path) -> None:
    folder = plugin_start.create("spare_fields", tmp_path)
    manual = (ROOT / "docs" / "plugins.md").read_text("utf-8")
    option, look, function, test = re.findall(r"```python\n(.*?)```", manual, re.DOTALL)
    probe, tests = (
        folder / each for each in ("src/spare_fields/probe.py", "tests/test_spare_fields.py")
    )
    code = probe.read_text("utf-8")
    for line, new in ((option.splitlines()[0], option.partition('    """')[0]),
                      (look.splitlines()[0], look),
                      ("    columns: tuple", option.splitlines()[-1] + "\n    columns: tuple")):  # fmt: skip
        assert code.count(line) >= 1
        code = code.replace(line, new.rstrip("\n"), 1)
    probe.write_text(f"{code}\n\n{function}", "utf-8")
    tests.write_text(f"{tests.read_text('utf-8')}\n\n{test}", "utf-8")

    done = python(folder, "-m", "pytest", "-q", "-k", "words or hand", path=(folder / "src",))
    assert "2 passed" in done.stdout


def test_the_command_says_what_to_do_next(tmp_path: Path, run: Run) -> None:
    done = run("plugin", "new", "late_answers", "--into", str(tmp_path))

    assert done.code == 0
    assert (tmp_path / "late_answers" / "src" / "late_answers" / "probe.py").is_file()
    for word in ("pip install", "pytest", "plugin check late_answers", "evaluate"):
        assert word in done.out


def test_every_file_of_the_template_goes_into_the_wheel() -> None:
    about = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    patterns = about["tool"]["setuptools"]["package-data"]["portal"]
    packed = {path for pattern in patterns for path in (ROOT / "portal").glob(pattern)}

    wanted = {p for p in plugin_start.TEMPLATE.rglob("*") if p.is_file()}
    assert len(wanted) >= 9
    assert wanted <= packed


# Listed and tried out


@pytest.mark.usefixtures("installed")
def test_the_list_says_whose_each_is_and_names_the_broken_one(run: Run) -> None:
    rows = {row["id"]: row for row in json.loads(run("plugin", "list", "--json").out)}

    ours, mine, broken = rows["selection_parity"], rows[NAME], rows["rude_broken"]
    assert mine["package"] == {
        "name": "mingsuan-night-shift", "version": "0.1.0", "third_party": True
    }  # fmt: skip
    assert (mine["ok"], mine["version"], mine["isolation"] in {"A", "B"}) == (True, "0.1.0", True)
    assert (ours["ok"], ours["package"]["third_party"], ours["isolation"]) == (True, False, None)
    assert not broken["ok"]
    assert "rude_absent" in broken["fault"]["en"]
    assert sum(not row["ok"] for row in rows.values()) == 1
    shown = run("plugin", "list", "--third-party").out
    assert "rude_broken" in shown
    assert "selection_parity" not in shown


@pytest.mark.usefixtures("installed")
def test_forms_say_what_its_options_do() -> None:
    shown = {c.name: c.said for c in plan_choices.choices(probe_class(NAME), {})}

    assert set(shown) == {"columns", "line", "margin"}
    assert "disparity" in shown["line"].en
    assert "界线" in shown["line"].zh


@pytest.mark.usefixtures("installed")
def test_it_is_tried_out_behind_the_walls(run: Run) -> None:
    tried = json.loads(run("plugin", "check", NAME, "--sets", "20", "--json").out)

    assert NAME not in sys.modules
    assert tried["ok"]
    names = [step["name"]["en"] for step in tried["steps"]]
    assert "the same on any number of shards" in names
    assert any("15_points_of_two_groups" in name for name in names)


@pytest.mark.usefixtures("installed")
def test_what_does_not_hold_is_said(run: Run) -> None:
    tried = run("plugin", "check", "rude_counts", "--json")

    assert tried.code == 1
    steps = {step["name"]["en"]: step for step in json.loads(tried.out)["steps"]}
    assert not steps["brings simulated data, without and with a difference"]["ok"]


# In a plan


@pytest.mark.usefixtures("installed")
def test_it_runs_in_a_plan_beside_one_that_fails(made: Path, tmp_path: Path, run: Run) -> None:
    plan = (made / "example" / "plan.toml").read_text("utf-8")
    (tmp_path / "plan.toml").write_text(plan + '\n[[probes]]\nid = "rude_raises"\n', "utf-8")
    done = run("evaluate", str(tmp_path / "plan.toml"), "--data",
               str(made / "example" / "people.csv"), "--out", str(tmp_path / "out"))  # fmt: skip

    assert done.code == 0, done.err
    report = json.loads((tmp_path / "out" / "report.json").read_text("utf-8"))
    probes = {each["id"]: each for each in report["probes"]}
    assert probes[NAME]["package"]["name"] == "mingsuan-night-shift"
    assert "failed" not in probes[NAME]
    assert "rude_probes 1.0" in probes["rude_raises"]["failed"]
    verdicts = {each["probe"]: each["verdict"] for each in report["findings"]}
    assert verdicts[NAME] == "disparity"
    assert verdicts["rude_raises"] == "not_evaluable"
    assert verdicts["selection_parity"] == "inconclusive"
    # Who ran stands on the screen and on the page.
    page = (tmp_path / "out" / "report.html").read_text("utf-8")
    for shown in (done.out, page):
        assert "mingsuan-night-shift 0.1.0" in shown
        assert "rude_probes 1.0" in shown
    # Its own counts cannot be audited, so they stay sealed.
    assert set(report["evidence"]["public"]["content"]["tables"]) == {"selection_parity"}


@pytest.mark.usefixtures("installed")
def test_a_broken_plugin_is_named_by_the_plan_that_wants_it(
    made: Path, tmp_path: Path, run: Run
) -> None:
    plan = (made / "example" / "plan.toml").read_text("utf-8")
    (tmp_path / "plan.toml").write_text(plan + '\n[[probes]]\nid = "rude_broken"\n', "utf-8")
    data = str(made / "example" / "people.csv")
    done = run("evaluate", str(tmp_path / "plan.toml"), "--data", data, "--json")
    refused = json.loads(done.err)

    assert done.code == 1
    assert [reason["item"] for reason in refused["reasons"]] == ["probes.rude_broken"]
