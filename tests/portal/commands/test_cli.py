"""The command line at home: help that costs nothing, keys, signatures, runs without a server."""

import json
import os
import resource
import shutil
import socket
import stat
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from evaluators.plan import PlanInvalid
from evaluators.running import planning
from evaluators.running.files import FileUnfit
from portal import cli
from portal.commands import describing, filer, places
from portal.commands.client import Client, NoToken
from portal.home import exploratory, packing, plan_start
from registry import attestation, keys
from registry.sandbox import verdict
from registry.settings import Settings, settings
from tests import models
from tests.portal import installation

ROOT = Path(__file__).parents[3]
HEAVY = {"mlflow", "sqlalchemy", "numpy", "pandas", "pyarrow", "fastapi", "sklearn", "httpx",
         "pydantic", "cryptography", "rich.table"}  # fmt: skip
ANSWERS = """
title = "贷款审批"
[columns]
target = "repaid"
prediction = "granted"
favourable = 1
sensitive = ["sex"]
[[probes]]
id = "selection_parity"
[[probes]]
id = "error_parity"
"""


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder of someone's own, with no token and no registry behind it."""
    monkeypatch.chdir(tmp_path)
    for name in [name for name in os.environ if name.startswith("MINGSUAN_")]:
        monkeypatch.delenv(name)
    settings.cache_clear()
    yield tmp_path
    settings.cache_clear()


class Said:
    """What one command printed and how it ended."""

    def __init__(self, code: int, out: str, err: str) -> None:
        self.code, self.out, self.err = code, out, err

    @property
    def json(self) -> Any:
        return json.loads(self.out)

    @property
    def error(self) -> dict[str, Any]:
        said: dict[str, Any] = json.loads(self.err)
        return said


@pytest.fixture
def run(home: Path, capsys: pytest.CaptureFixture[str]) -> Any:
    """Call the command line in this process."""

    def call(*words: str) -> Said:
        capsys.readouterr()
        with pytest.raises(SystemExit) as ended:
            cli.main(words)
        code = ended.value.code
        return Said(code if isinstance(code, int) else int(bool(code)), *capsys.readouterr())

    return call


@pytest.fixture
def people(home: Path) -> Path:
    """Synthetic applicants with answers in the data."""
    table = installation.people()
    granted = pa.array([int(value > 0) for value in table["income"].to_pylist()])
    pyarrow.csv.write_csv(table.append_column("granted", granted), home / "people.csv")
    return home / "people.csv"


# Help


def python(code: str, *words: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-c", code, *words],
        cwd=ROOT,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )


ALL_HELP = """
import json, sys
import click
from click.testing import CliRunner
from portal import cli
def walk(command, words):
    yield words
    if isinstance(command, click.Group):
        context = click.Context(command)
        for name in command.list_commands(context):
            yield from walk(command.get_command(context, name), [*words, name])
shown = {}
for words in walk(cli.app, []):
    done = CliRunner().invoke(cli.app, [*words, "--help"])
    assert done.exit_code == 0, (words, done.output)
    shown[" ".join(words)] = done.output
print(json.dumps({"help": shown, "modules": sorted(sys.modules)}))
"""


@pytest.fixture(scope="module")
def helps() -> dict[str, Any]:
    """The help of every command, and what had to be imported for it."""
    found: dict[str, Any] = json.loads(python(ALL_HELP).stdout)
    return found


def test_no_help_imports_a_heavy_module(helps: dict[str, Any]) -> None:
    assert not HEAVY & set(helps["modules"])


def test_every_command_of_the_issue_has_help_in_both_languages(helps: dict[str, Any]) -> None:
    promised = "demo serve worker signer submit evaluate explain file sign verify config doctor users keys"
    assert set(promised.split()) <= set(helps["help"])
    for words, shown in helps["help"].items():
        text = shown.partition("选项 / Options")[0].partition("用法 / Usage:")[2]
        assert any("\u4e00" <= letter <= "\u9fff" for letter in text), words
        unwrapped = " ".join(text.split())  # where a line ends says nothing
        assert "/ " in unwrapped or words == "", words


def test_help_takes_less_than_three_tenths_of_a_second() -> None:
    took = []
    for _ in range(5):  # processor time, because this machine may be busy with other tests
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        python("from portal.cli import main; main(['--help'])")
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        took.append(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
    assert min(took) < 0.3, took


def test_an_unknown_command_is_a_usage_error(run: Any) -> None:
    assert run("no-such-command").code == 2
    assert run("evaluate").code == 2
    assert "不存在" in run("evaluate", "no-such-plan.toml").err
    assert "不存在" in run("submit", "no-such-folder", "--model", "x").err
    assert run("verify", "no-such-file").code == 2


# Keys, signing, verifying


def test_a_new_key_is_private_and_never_overwritten(run: Any, home: Path) -> None:
    made = run("keys", "new", "key.pem", "--organisation", "an-organisation", "--json").json
    assert stat.S_IMODE((home / "key.pem").stat().st_mode) == 0o600
    before = (home / "key.pem").read_bytes()
    again = run("keys", "new", "key.pem", "--json")
    assert (again.code, again.error["error"]) == (1, "AlreadyThere")
    assert (home / "key.pem").read_bytes() == before
    for name in ("key.pem", "key.pub.pem"):
        assert run("keys", "show", name, "--json").json["key_id"] == made["key_id"]
    assert "PRIVATE" not in run("keys", "show", "key.pem").out


def test_the_proof_registers_the_key_for_that_organisation_only(run: Any, home: Path) -> None:
    run("keys", "new", "key.pem")
    shown = run("keys", "proof", "key.pem", "--organisation", "ours").out.strip()
    private = attestation.load_private((home / "key.pem").read_bytes())
    assert shown == keys.proof(private, "ours")
    assert shown != keys.proof(private, "theirs")


def test_what_is_no_key_is_said_to_be_none(run: Any, people: Path) -> None:
    assert run("keys", "show", "people.csv", "--json").error["error"] == "BadKey"
    assert run("verify", "people.csv", "--key", "people.csv", "--json").error["error"] == "BadKey"


def test_only_a_statement_of_ours_is_signed(run: Any, people: Path, home: Path) -> None:
    run("keys", "new", "key.pem")
    refused = run("sign", "people.csv", "--key", "key.pem", "--json")
    assert (refused.code, refused.error["error"]) == (1, "BadLayer")
    assert not (home / "people.signed.json").exists()
    foreign = attestation.sign(b'{"anything":1}', Ed25519PrivateKey.generate())
    (home / "foreign.json").write_text(attestation.encode(foreign), encoding="utf-8")
    assert run("sign", "foreign.json", "--key", "key.pem", "--json").error["error"] == "BadLayer"


def test_a_tampered_file_names_the_layer_that_fails(run: Any, home: Path) -> None:
    run("keys", "new", "key.pem")
    run("keys", "new", "other.pem")
    private = attestation.load_private((home / "key.pem").read_bytes())
    text = attestation.encode(attestation.sign(b'{"a":1}', private))
    (home / "spaced.json").write_text(text.replace(":", ": ", 1), encoding="utf-8")
    (home / "whole.json").write_text(text, encoding="utf-8")
    spaced = run("verify", "spaced.json", "--key", "key.pub.pem", "--json")
    assert (spaced.code, spaced.json["failed"]) == (1, "envelope")
    stranger = run("verify", "whole.json", "--key", "other.pub.pem", "--json")
    assert (stranger.code, stranger.json["failed"]) == (1, "platform_signature")
    assert "平台签名" in run("verify", "whole.json", "--key", "other.pub.pem").out
    assert run("verify", "whole.json").code == 1  # no key at all: nothing is taken on trust


# Runs without a server


def test_answers_in_the_data_are_evaluated_without_server_or_model(
    run: Any, people: Path, home: Path
) -> None:
    (home / "plan.toml").write_text(ANSWERS, encoding="utf-8")
    done = run("evaluate", "plan.toml", "--data", "people.csv", "--out", "out")
    assert done.code == 0
    assert "探索性" in done.out
    report = attestation.parse((home / "out" / "report.json").read_bytes())
    assert report["standing"]["id"] == "exploratory"
    assert report["nonce_origin"] == "local"
    assert report["model"] is None
    assert {each["probe"] for each in report["findings"]} == {"selection_parity", "error_parity"}
    assert attestation.digest(report["plan"]["content"]) == report["plan"]["digest"]
    sealed = home / "out" / "sealed-evidence.json"
    assert stat.S_IMODE(sealed.stat().st_mode) == 0o600
    assert attestation.sha256(sealed.read_bytes()) == report["evidence"]["sealed"]["digest"]


def test_numbers_of_small_groups_are_on_the_screen_and_not_in_the_report(
    run: Any, people: Path, home: Path
) -> None:
    (home / "plan.toml").write_text(ANSWERS, encoding="utf-8")
    rows = people.read_text(encoding="utf-8").splitlines()
    of_women = [row for row in rows if "女" in row][:12]
    few = "\n".join([rows[0], *of_women, *[row for row in rows if "男" in row]])
    (home / "few.csv").write_text(few, encoding="utf-8")
    done = run("evaluate", "plan.toml", "--data", "few.csv", "--out", "out")
    report = attestation.parse((home / "out" / "report.json").read_bytes())
    assert any(each["suppressed"] for each in report["findings"])
    assert "不公开这些数字" in done.out
    assert "12 ↔" in done.out


def test_the_same_nonce_gives_the_same_findings(run: Any, people: Path, home: Path) -> None:
    (home / "plan.toml").write_text(ANSWERS, encoding="utf-8")
    here = ("evaluate", "plan.toml", "--data", "people.csv", "--json")
    first = run(*here).json
    again = run(*here, "--nonce", first["nonce"]).json
    assert again["findings_digest"] == first["findings_digest"]
    assert again["nonce_origin"] == "given"
    assert run(*here, "--nonce", "short").error["error"] == "BadNonce"


def test_results_are_never_overwritten_and_that_is_said_before_the_run(
    run: Any, people: Path, home: Path
) -> None:
    (home / "plan.toml").write_text(ANSWERS, encoding="utf-8")
    (home / "out").mkdir()
    (home / "out" / "report.json").write_text("mine", encoding="utf-8")
    refused = run("evaluate", "plan.toml", "--data", "people.csv", "--out", "out", "--json")
    assert (refused.code, refused.error["error"]) == (1, "FileThere")
    assert (home / "out" / "report.json").read_text(encoding="utf-8") == "mine"


def test_a_model_is_asked_in_the_sandbox(run: Any, people: Path, home: Path) -> None:
    models.onnx_model(home / "model")
    plan = ANSWERS.replace('prediction = "granted"', "cut = 0.5")
    (home / "plan.toml").write_text(plan, encoding="utf-8")
    done = run("evaluate", "plan.toml", "--data", "people.csv", "--model", "model", "--json")
    assert done.code == 0, done.err
    assert done.json["predictions"] > installation.ROWS
    assert done.json["provenance"]["sandbox"]["tier"] in {"A", "B"}
    assert done.json["plan"]["content"]["columns"]["inputs"] == ["income", "debt"]


@pytest.mark.parametrize(
    ("plan", "error"),
    [
        ("= not toml", "NotToml"),
        ("title = 1", "PlanInvalid"),
        (ANSWERS.replace('"sex"', '"no_such_column"'), "DataUnfit"),
        (ANSWERS.replace("error_parity", "no_such_probe"), "PlanInvalid"),
    ],
)
def test_a_plan_that_cannot_run_is_refused_with_its_faults(
    run: Any, people: Path, home: Path, plan: str, error: str
) -> None:
    (home / "plan.toml").write_text(plan, encoding="utf-8")
    refused = run("evaluate", "plan.toml", "--data", "people.csv", "--json")
    assert (refused.code, refused.error["error"]) == (1, error)
    assert error == "NotToml" or refused.error["reasons"]


def test_data_that_are_no_table_are_refused_with_reasons(run: Any, home: Path) -> None:
    (home / "plan.toml").write_text(ANSWERS, encoding="utf-8")
    (home / "noise.csv").write_bytes(b"\x00\x01\x02")
    refused = run("evaluate", "plan.toml", "--data", "noise.csv", "--json")
    assert (refused.code, refused.error["error"]) == (1, "FileUnfit")
    assert refused.error["reasons"]
    (home / "header.csv").write_text("sex,repaid,granted\n", encoding="utf-8")
    empty = run("evaluate", "plan.toml", "--data", "header.csv", "--json")
    assert (empty.code, empty.error["error"]) == (1, "FileUnfit")


def test_options_of_the_registry_and_of_home_do_not_mix(
    run: Any, people: Path, home: Path
) -> None:
    (home / "plan.toml").write_text(ANSWERS, encoding="utf-8")
    here = ("evaluate", "plan.toml", "--data", "people.csv")
    assert run(*here, "--engagement", "x").code == 2
    assert run(*here, "--version", "x", "--nonce", "0" * 64).code == 2
    assert run("evaluate", "plan.toml").code == 2


# Plans to start from


def test_a_drafted_plan_runs_as_it_is(run: Any, people: Path, home: Path) -> None:
    assert run("evaluate", "--init", "people.csv", "plan.toml").code == 0
    drafted = tomllib.loads((home / "plan.toml").read_text(encoding="utf-8"))
    assert drafted["columns"]["sensitive"] == ["sex"]
    assert drafted["columns"]["target"] == "repaid"
    assert drafted["columns"]["prediction"] == "granted"
    assert run("evaluate", "--init", "people.csv", "plan.toml", "--json").code == 1
    assert tomllib.loads(run("evaluate", "--init", "people.csv").out) == drafted
    assert run("evaluate", "plan.toml", "--data", "people.csv").code == 0


def test_a_draft_with_a_model_takes_its_inputs(people: Path, home: Path) -> None:
    model = models.credit_model(home / "model")
    plan = planning.parse(tomllib.loads(plan_start.draft(people, model=model)))
    assert plan.columns.inputs == ("income", "debt")
    assert "counterfactual_flip" in {probe.id for probe in plan.probes}


def test_quotes_get_a_pricing_plan(home: Path) -> None:
    quotes = home / "quotes.csv"
    quotes.write_text(
        "price,user_id,item,race\n"
        + "".join(f"{n}.5,u{n % 7},i{n % 3},{n % 2}\n" for n in range(60)),
        encoding="utf-8",
    )
    drafted = tomllib.loads(plan_start.draft(quotes))
    assert drafted["columns"]["price"] == "price"
    assert drafted["probes"][0]["id"] == "price_observational"


def test_the_price_that_is_paid_and_the_moment_are_found(home: Path) -> None:
    quotes = home / "quotes.csv"
    quotes.write_text(
        "list_price,user_id,item_id,hour,membership,price\n"
        + "".join(
            f"{n + 5}.5,u{n % 7},i{n % 3},{n % 24},{'ab'[n % 2]},{n}.5\n" for n in range(60)
        ),
        encoding="utf-8",
    )
    columns = tomllib.loads(plan_start.draft(quotes))["columns"]
    assert (columns["price"], columns["time"], columns["profile"]) == (
        "price",
        "hour",
        ["membership"],
    )


def test_ranked_lists_get_a_plan_that_runs_though_no_name_says_by_what_to_compare(
    run: Any, home: Path
) -> None:
    lines = [
        f"q{query},s{(query * 7 + rank) % 90},{'big' if (query + rank) % 3 else 'small'},{rank},{1 / rank:.3f}"
        for query in range(40)
        for rank in range(1, 11)
    ]
    rows = "\n".join(["query_id,item_id,seller_size,rank,relevance", *lines])
    (home / "lists.csv").write_text(rows, encoding="utf-8")
    assert run("evaluate", "--init", "lists.csv", "lists.toml").code == 0
    drafted = tomllib.loads((home / "lists.toml").read_text(encoding="utf-8"))
    assert drafted["columns"] == {
        "target": "relevance", "query": "query_id", "rank": "rank", "item": "item_id",
        "sensitive": ["seller_size"],
    }  # fmt: skip
    assert [each["id"] for each in drafted["probes"]] == ["ranking_exposure"]
    assert run("evaluate", "lists.toml", "--data", "lists.csv").code == 0


def test_hostile_names_cannot_break_out_of_a_draft(home: Path) -> None:
    table = pa.table({'a"] sex = 1 #': [1, 2], 'sex"[evil]': ["男", 'x"y'], "label": [0, 1]})
    pyarrow.parquet.write_table(table, home / "odd.parquet")
    drafted = tomllib.loads(plan_start.draft(home / "odd.parquet"))
    assert set(drafted) <= {"title", "columns", "reference", "probes"}

    broken = pa.table({"sex\n[evil]": ["男", "女"], "label": [0, 1]})
    pyarrow.parquet.write_table(broken, home / "broken.parquet")
    with pytest.raises(FileUnfit):
        plan_start.draft(home / "broken.parquet")


# Towards a registry


def test_without_a_token_the_first_step_is_said(run: Any, home: Path) -> None:
    models.credit_model(home / "model")
    refused = run("submit", "model", "--model", "credit")
    assert refused.code == 1
    assert "MINGSUAN_TOKEN" in refused.err
    assert run("file", "show", "x", "--json").error["error"] == "NoToken"


WRITES = (
    ("file", "fill", "f", "answers.toml"),
    ("file", "attach", "f", "--report", "r"),
    ("file", "detach", "f", "r"),
    ("file", "check", "f"),
    ("file", "submit", "f"),
    ("review", "step", "f", "accept"),
    ("review", "grade", "f", "high"),
    ("review", "confirm-grade", "f"),
    ("review", "dismiss-grade", "f"),
)


@pytest.mark.parametrize("given", WRITES, ids=" ".join)
def test_nobody_writes_over_what_they_have_not_read(
    run: Any, home: Path, given: tuple[str, ...]
) -> None:
    """filing/B1: without --revision the present one was read in silence, so no race was lost."""
    (home / "answers.toml").write_text("B1 = '甲'\n", encoding="utf-8")
    told = run(*given)
    assert told.code == 2
    assert "mingsuan file show" in told.err
    assert "您看过的修订次数" in told.err
    assert "the revision you read" in told.err


def test_a_registry_that_does_not_answer_is_named(
    run: Any, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    models.credit_model(home / "model")
    monkeypatch.setenv("MINGSUAN_TOKEN", "anything")
    with socket.socket() as taken:  # bound, never listening: the connection is refused
        taken.bind(("127.0.0.1", 0))
        monkeypatch.setenv("MINGSUAN_SERVER", f"http://127.0.0.1:{taken.getsockname()[1]}")
        settings.cache_clear()
        refused = run("submit", "model", "--model", "credit", "--json")
    assert refused.error["error"] == "ServerUnreachable"
    assert "mingsuan serve" in refused.error["en"]
    monkeypatch.setenv("MINGSUAN_SERVER", "registry.example")
    settings.cache_clear()
    assert run("file", "show", "x", "--json").error["error"] == "StrangeAnswer"


def test_a_folder_that_is_no_model_is_refused_before_it_is_sent(
    run: Any, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MINGSUAN_TOKEN", "anything")
    settings.cache_clear()
    (home / "empty").mkdir()
    refused = run("submit", "empty", "--model", "credit", "--json")
    assert (refused.code, refused.error["error"]) == (1, "NotAModelDirectory")


def test_the_same_content_is_the_same_archive_and_key(home: Path) -> None:
    one = models.credit_model(home / "one")
    two = shutil.copytree(one, home / "two")
    os.utime(two / "MLmodel", (1, 1))
    with packing.packed(one) as first, packing.packed(two) as second:
        assert first.read_bytes() == second.read_bytes()
        key = packing.key_of(first, model="credit")
        assert key == packing.key_of(second, model="credit")
        assert key != packing.key_of(first, model="pricing")
        assert len(key) <= 80


def test_the_token_is_never_shown(run: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MINGSUAN_TOKEN", "very-secret")
    settings.cache_clear()
    shown = run("config", "--json")
    assert "MINGSUAN_TOKEN" in shown.out
    assert "very-secret" not in shown.out
    with pytest.raises(NoToken):
        Client.of(Settings(token="", _env_file=None))


def test_columns_of_an_explanation_come_in_the_models_order() -> None:
    written = {"b": {"plain": 1}, "z": {}, "a": {}}
    names = [each["name"] for each in filer.listed(written, ["a", "b"])]
    assert names == ["a", "b", "z"]
    assert filer.listed([{"name": "z"}], ["a"]) == [{"name": "z"}]


def test_days_in_answers_become_text() -> None:
    given = tomllib.loads("A9 = { date = 2026-11-20, parts = [1, 07:30:00] }")
    assert filer.plain(given) == {"A9": {"date": "2026-11-20", "parts": [1, "07:30:00"]}}


def test_the_roles_of_a_plan_describe_the_data() -> None:
    columns = {"target": "y", "sensitive": ["race", "sex"], "inputs": ["income", "sex"]}
    assert describing.roles(columns) == [
        {"name": "y", "role": "target"},
        {"name": "race", "role": "sensitive"},
        {"name": "sex", "role": "sensitive"},
        {"name": "income", "role": "input"},
    ]
    assert places.section({"plan": {"title": "x"}}, "plan") == {"title": "x"}
    with pytest.raises(PlanInvalid):
        exploratory.explore(
            {}, Path("none"), asked=exploratory.Asked(), settings=Settings(), tell=lambda *_: None
        )


def test_what_a_model_printed_is_shown_where_the_message_points_to_it(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """issue 9: "see the log", and there was none to see."""
    log = "Traceback\n\n  File x\n\x1b[31mValueError: no such column\n"
    failed = verdict.Contained(verdict.Cause.MODEL_ERROR, log=log)
    cli._tell_person(failed)
    told = capsys.readouterr().err
    assert "ValueError: no such column" in told
    assert "\x1b" not in told
    cli._tell_program(failed)
    assert json.loads(capsys.readouterr().err)["log"][0] == "Traceback"
    quiet = verdict.Contained(verdict.Cause.WALL_CLOCK)
    absent = verdict.Contained(
        verdict.Cause.MISSING_PACKAGE,
        log=log,
        reasons=verdict.reasons(verdict.Cause.MISSING_PACKAGE, ["catboost"]),
    )
    cli._tell_person(absent)  # the reason says it all, and the traceback pushed it off the screen
    told = capsys.readouterr().err
    assert 'pip install "mingsuan[boosting]"' in told
    assert "Traceback" not in told
    cli._tell_person(quiet)
    cli._tell_program(quiet)
    assert "log" not in capsys.readouterr().err
