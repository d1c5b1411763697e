"""The whole job from the command line: both organisations work in a terminal, nothing else."""

import json
import os
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pyarrow.csv
import pytest

from registry import attestation
from tests import models
from tests.filing import papers
from tests.journeys import test_api as api
from tests.journeys.house import House, open_house
from tests.portal import installation
from tests.portal.forked_commands import Commands
from tests.processes import environment

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]
PLAN = """
title = "贷款审批"
[data]
source = "合成数据"
deidentification = "合成数据，没有真人"
held_out = "随机三成"
[columns]
target = "repaid"
favourable = 1
sensitive = ["sex"]
cut = 0.5
[[probes]]
id = "selection_parity"
[[probes]]
id = "error_parity"
[[probes]]
id = "counterfactual_flip"
"""
EXPLANATION = """
[data]
source = "合成数据"
deidentification = "合成数据，没有真人"
[explanation]
task = "decision"
cut = 0.5
[explanation.declared]
decided = { zh = "是否放贷", en = "whether a loan is granted" }
who = { zh = "某银行", en = "a bank" }
object = { zh = "请打电话给信贷部。", en = "Call the loans department." }
[explanation.columns]
debt = { plain = { zh = "负债", en = "debt" }, actionable = -1, effect = "better" }
income = { plain = { zh = "收入", en = "income" }, actionable = 1 }
"""


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    with open_house(tmp_path_factory.mktemp("house")) as house:
        yield house


@dataclass(frozen=True)
class Terminal:
    """One person's terminal: a folder, an address, a token."""

    house: House
    folder: Path
    token: str
    commands: Commands

    def run(self, *words: str, code: int = 0) -> subprocess.CompletedProcess[str]:
        """Run a command as a process of its own; the exit code must be `code`."""
        mine = {
            "MINGSUAN_SERVER": self.house.url,
            "MINGSUAN_TOKEN": self.token,
        }
        surroundings = environment(self.house.settings) | mine
        done = self.commands.run(words, cwd=self.folder, env=surroundings)
        said = f"mingsuan {' '.join(words)}\n{done.stdout}\n{done.stderr}"
        assert done.returncode == code, said
        assert "Traceback" not in said, said
        return done

    def ask(self, *words: str) -> Any:
        """Run a command with --json and read what it prints."""
        return json.loads(self.run(*words, "--json").stdout)

    def refused(self, *words: str) -> dict[str, Any]:
        """The error that a command with --json prints."""
        stderr = self.run(*words, "--json", code=1).stderr
        said: dict[str, Any] = json.loads(stderr)
        assert said["zh"]
        assert said["en"]
        return said


@dataclass
class Job(api.Job):
    """The job of `test_api`, done by commands."""

    commands: Commands = field(kw_only=True)


def terminal(job: Job, name: str) -> Terminal:
    """The terminal of one of the people."""
    token = job.people[name].headers["Authorization"].removeprefix("Bearer ")
    return Terminal(job.house, job.folder, token, job.commands)


def toml(content: Any) -> str:
    """Answers as inline TOML; JSON text and lists are TOML already."""
    if isinstance(content, dict):
        return "{" + ", ".join(f"{json.dumps(k)} = {toml(v)}" for k, v in content.items()) + "}"
    if isinstance(content, list):
        return "[" + ", ".join(toml(each) for each in content) + "]"
    return json.dumps(content, ensure_ascii=False)


@pytest.fixture
def commands(tmp_path: Path) -> Iterator[Commands]:
    made = Commands(tmp_path / "said")
    yield made
    made.close()


def test_the_whole_job_goes_through_the_command_line(
    house: House, tmp_path: Path, commands: Commands
) -> None:
    job = Job(house, tmp_path, commands=commands)
    api.people_come_together(job)
    models.onnx_model(tmp_path / "model")
    pyarrow.csv.write_csv(installation.people(), tmp_path / "people.csv")
    (tmp_path / "plan.toml").write_text(PLAN, encoding="utf-8")
    (tmp_path / "explanation.toml").write_text(EXPLANATION, encoding="utf-8")
    filer, tester = terminal(job, "filer"), terminal(job, "tester")

    job.version = the_filer_submits(filer, tester)
    the_filer_tries_at_home(job, filer)
    the_tester_registers_a_key(job)
    api.the_tester_is_engaged(job)
    job.report_id = the_tester_evaluates(job, tester)
    the_tester_signs_and_hands_in(job, tester, filer)
    job.explanation_id = the_filer_explains(job, filer)
    filing = the_filer_files(job, filer)
    api.the_authority_reviews(job, filing)


def the_filer_submits(filer: Terminal, tester: Terminal) -> dict[str, Any]:
    """The same content twice is one version; faults come back with every reason."""
    made: dict[str, Any] = filer.ask("submit", "model", "--model", "credit", "--note", "第一版")
    assert filer.ask("submit", "model", "--model", "credit")["id"] == made["id"]
    assert made["id"] in filer.run("submit", "model", "--model", "credit").stdout
    bad = models.credit_model(filer.folder / "bad")
    (bad / "MLmodel").write_text("flavors: {}", encoding="utf-8")
    assert filer.refused("submit", "bad", "--model", "credit")["reasons"]
    assert tester.refused("submit", "model", "--model", "credit")["error"] == "Refused"
    stranger = replace(filer, token="no-such-token")
    assert stranger.refused("submit", "model", "--model", "credit")["error"] == "NoToken"
    (bad / "large.bin").write_bytes(os.urandom(20_000_000))  # refused while it is being sent
    assert stranger.refused("submit", "bad", "--model", "credit")["error"] == "NoToken"
    assert filer.refused("file", "show", "no-such-filing")["error"] == "NotFound"
    return made


def the_filer_tries_at_home(job: Job, filer: Terminal) -> None:
    """A run without the registry is handed in: registered, repeated, and the same."""
    tried = f"{PLAN.split('[[probes]]', maxsplit=1)[0]}[[probes]]\nid = 'selection_parity'\n"
    (job.folder / "home.toml").write_text(tried, encoding="utf-8")
    data = ("--data", "people.csv")
    alone = filer.run("evaluate", "home.toml", *data, "--model", "model", "--out", "home").stdout
    assert "探索性" in alone
    here = ("--version", job.version["id"])
    assert "与原来逐位相同" in filer.run("hand-in", "home", *data, *here).stdout
    names = {path.name.split("-")[0] for path in (job.folder / "home").iterdir()}
    assert names == {"report.json", "report.dsse.json", "report.html", "report", "sealed"}


def the_tester_registers_a_key(job: Job) -> None:
    """A pair is drawn at home; the administrator registers the public half."""
    boss = terminal(job, "boss-tester")
    made = boss.ask("keys", "new", "key.pem")
    assert boss.ask("keys", "register", "key.pem", "--label", "2027")["key_id"] == made["key_id"]
    assert boss.refused("keys", "register", "key.pem")["error"] == "Conflict"
    foreign = boss.ask("keys", "new", "other.pem", "--organisation", job.places["enterprise"])
    assert boss.refused("keys", "register", foreign["proof"])["error"] == "Invalid"


def the_tester_evaluates(job: Job, tester: Terminal) -> str:
    """Data and plan are registered, the run is watched, the envelope is kept."""
    engagement = job.people["tester"].get("/engagements")["items"][0]["id"]
    here = ("evaluate", "plan.toml", "--version", job.version["id"], "--engagement", engagement)
    bare = PLAN.replace('source = "合成数据"', "")
    (job.folder / "bare.toml").write_text(bare, encoding="utf-8")
    lacking = tester.refused("evaluate", "bare.toml", "--data", "people.csv", *here[2:])
    assert [reason["item"] for reason in lacking["reasons"]] == ["--source"]
    faulty = PLAN.replace("error_parity", "no_such_probe").replace('"sex"', '"no_such_column"')
    (job.folder / "faulty.toml").write_text(faulty, encoding="utf-8")
    assert tester.refused("evaluate", "faulty.toml", "--data", "people.csv", *here[2:])["reasons"]

    done = tester.run(*here, "--data", "people.csv", "--out", "out")
    assert "selection_parity" in done.stdout
    report = next((job.folder / "out").glob("report-*.dsse.json"))
    sealed = next((job.folder / "out").glob("sealed-*.json")).read_bytes()
    predicate = attestation.parse(attestation.payload(attestation.decode(report.read_bytes())))[
        "predicate"
    ]
    assert predicate["evidence"]["sealed"]["digest"] == attestation.sha256(sealed)
    return report.name.removeprefix("report-").removesuffix(".dsse.json")


def the_tester_signs_and_hands_in(job: Job, tester: Terminal, filer: Terminal) -> None:
    """The key stays at home; anyone verifies with the public keys alone."""
    report = f"out/report-{job.report_id}.dsse.json"
    assert tester.refused("sign", report, "--key", "other.pem", "--out", "wrong.json", "--hand-in")
    tester.run("sign", report, "--key", "key.pem", "--out", "signed.json", "--hand-in")
    assert job.people["filer"].get(f"/reports/{job.report_id}")["countersigned"]
    platform = job.public.get("/keys/platform")[0]["public_pem"]
    (job.folder / "platform.pem").write_text(platform, encoding="utf-8")
    trusted = ("--key", "platform.pem", "--tester-key", "key.pub.pem")
    checked = filer.ask(
        "verify", "signed.json", *trusted, "--model", "model", "--data", "people.csv"
    )
    assert checked["holds"]
    assert {layer["status"] for layer in checked["layers"]} == {"ok"}
    assert checked["recomputed"]
    assert "重算一致" in filer.run("verify", "signed.json", *trusted).stdout
    (job.folder / "people2.csv").write_text("income\n1\n", encoding="utf-8")
    other = filer.run("verify", "signed.json", *trusted, "--data", "people2.csv", "--json", code=1)
    assert json.loads(other.stdout)["failed"] == "data"
    raw = (job.folder / "signed.json").read_text(encoding="utf-8")
    (job.folder / "tampered.json").write_text(raw.replace('"payload":"e', '"payload":"f'), "utf-8")
    assert "对不上" in filer.run("verify", "tampered.json", *trusted, code=1).stdout


def the_filer_explains(job: Job, filer: Terminal) -> str:
    """Columns are described as tables, in any order; the six questions are printed."""
    here = ("explain", job.version["id"], "--data", "people.csv", "--plan", "explanation.toml")
    made: dict[str, Any] = filer.ask(*here, "--report", job.report_id)
    assert made["approved"] is None
    again = ("explain", job.version["id"], "--explanation", made["id"])
    assert "怎么办" in filer.run(*again).stdout
    other = "direction:columns.debt"
    assert "declared otherwise than measured" in filer.run(*again).stdout
    refused = filer.refused(*again, "--approve")
    assert [each["item"] for each in refused["reasons"]] == [other]
    why = ("--differing", f"{other}=写的是制度的本意，模型还没有改好。")
    approved = filer.ask(*again, "--approve", *why)
    assert approved["approved"]
    assert [each["id"] for each in approved["overruled"]["contradictions"]] == [other]
    assert [column["name"] for column in made["plan"]["columns"]] == ["income", "debt"]
    (job.folder / "gaps.toml").write_text(EXPLANATION.replace("plain =", "named ="), "utf-8")
    assert filer.refused(*here[:-1], "gaps.toml")["reasons"]
    return str(made["id"])


def the_filer_files(job: Job, filer: Terminal) -> str:
    """A dossier is opened, filled in from a file, completed and submitted."""
    filing = str(filer.ask("file", "open", job.version["id"])["id"])
    early = filer.refused("file", "check", filing, "--revision", "1")
    assert len(early["reasons"]) > 10
    assert "B1" in filer.run("file", "show", filing).stdout
    lines = [f"{json.dumps(code)} = {toml(said)}" for code, said in papers.answers().items()]
    (job.folder / "answers.toml").write_text("[answers]\n" + "\n".join(lines), encoding="utf-8")
    filer.run("file", "fill", filing, "answers.toml", "--revision", "1")
    old = filer.refused("file", "fill", filing, "answers.toml", "--revision", "1")
    assert old["error"] == "Conflict"
    assert "B1" in {reason["item"] for reason in old["reasons"]}
    given = ("--report", job.report_id, "--explanation", job.explanation_id)
    filled = filer.ask("file", "show", filing)["revision"]
    whole = filer.ask("file", "attach", filing, *given, "--revision", str(filled))
    assert whole["lacking"] == []
    checked = filer.ask("file", "check", filing, "--revision", str(whole["revision"]))
    sent = filer.ask("file", "submit", filing, "--revision", str(checked["revision"]))
    assert sent["status"] == "submitted"
    return filing
