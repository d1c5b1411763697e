"""Runs at home as files: signed, repeated, compared, read as one page that needs nothing else."""

import html.parser
import json
import re
import subprocess
import sys
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pyarrow as pa
import pyarrow.csv
import pyarrow.feather
import pyarrow.parquet
import pytest

from evaluators.judging import captions
from evaluators.plan import Plan
from evaluators.running import comparison, engine
from portal import cli
from portal.commands import comparing, describing, exploring, repeating, showing
from portal.home import verify
from portal.pages import comparison_view, report_file, report_view
from registry import attestation, findings, statements
from registry.errors import RegisterError
from registry.settings import settings
from tests.portal import installation

ANSWERS = """
title = { zh = "贷款审批", en = "Loans" }
[columns]
target = "repaid"
prediction = "granted"
favourable = 1
sensitive = ["sex"]
[names.sex]
plain = { zh = "性别", en = "sex" }
levels = { "女" = { zh = "女性", en = "women" }, "男" = { zh = "男性", en = "men" } }
[[probes]]
id = "selection_parity"
[[probes]]
id = "error_parity"
"""
LISTED = ("probe", "version", "metric", "slice", "group", "reference_group", "n", "n_reference",
          "estimate", "reference_estimate", "effect", "ci", "p_value", "p_adjusted", "adjustment",
          "family", "threshold", "verdict", "legal_refs", "reading")  # fmt: skip


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder with a plan and synthetic applicants whose answers stand in the data."""
    monkeypatch.chdir(tmp_path)
    settings.cache_clear()
    table = installation.people()
    granted = pa.array([int(value > 0) for value in table["income"].to_pylist()])
    pyarrow.csv.write_csv(table.append_column("granted", granted), "people.csv")
    Path("plan.toml").write_text(ANSWERS, encoding="utf-8")
    yield tmp_path
    settings.cache_clear()


def call(*words: str) -> int:
    """The exit code of one command in this process."""
    with pytest.raises(SystemExit) as ended:
        cli.main(words)
    return int(ended.value.code or 0)


def evaluated(*more: str, out: str = "out", plan: str = "plan.toml") -> Path:
    assert call("evaluate", plan, "--data", "people.csv", "--out", out, *more) == 0
    return Path(out)


def stated(envelope: Path) -> dict[str, Any]:
    sealed = attestation.decode(envelope.read_bytes(), unsigned=True)
    return statements.read(attestation.payload(sealed))


class Page(html.parser.HTMLParser):
    """What a page refers to, and its text in each language."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.references: list[str] = []
        self.ids: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        self.references += [str(given[name]) for name in ("href", "src") if given.get(name)]
        self.ids += [str(given["id"])] if given.get("id") else []


def test_a_run_writes_three_files_that_agree(home: Path, capsys: Any) -> None:
    out = evaluated()
    report = attestation.parse((out / "report.json").read_bytes())
    statement = stated(out / "report.dsse.json")
    assert statement["predicate"] == report
    assert statement["predicateType"] == statements.EXPLORATORY
    assert report["report"]["kind"] == report["provenance"]["standing"] == "exploratory"
    assert statement["subject"][0] == {
        "name": "data/people.csv", "digest": {"sha256": report["data"]["digest"]}
    }  # fmt: skip
    assert all(set(LISTED) <= set(finding) for finding in report["findings"])
    said = capsys.readouterr().out
    assert "得到有利结果的比例" in said
    assert "女性 / women" in said
    assert "selection_rate_ratio" not in said


def test_the_page_needs_nothing_else_and_speaks_both_languages_chinese_first(home: Path) -> None:
    text = (evaluated() / "report.html").read_text(encoding="utf-8")
    page = Page(text)
    assert [each for each in page.references if not each.startswith("#")] == []
    assert "<script" not in text
    assert re.search(r"url\(|@import", text) is None
    assert {each.removeprefix("#") for each in page.references} <= set(page.ids)
    assert 0 < text.index("一眼看懂") < text.index("At a glance")
    assert text.count('class="notice warn"') == 2
    for words in ("没有测什么", "What was not tested", "mingsuan verify report.dsse.json"):
        assert words in text
    shown = re.sub(r"<pre.*?</pre>|<code.*?</code>|<style.*?</style>", "", text, flags=re.DOTALL)
    for code in ("selection_rate_ratio", "false_negative_rate", "koopman", "sex=女"):
        assert code not in shown


def test_the_same_report_is_the_same_page(home: Path) -> None:
    out = evaluated()
    again = report_file.render(stated(out / "report.dsse.json"))
    assert again == (out / "report.html").read_text(encoding="utf-8")


def test_a_title_cannot_break_out_of_the_page(home: Path) -> None:
    Path("odd.toml").write_text(
        ANSWERS.replace("贷款审批", "</title><script>alert(1)</script>").replace(
            "女性", "<b>女</b>"
        ),
        encoding="utf-8",
    )
    text = (evaluated(plan="odd.toml") / "report.html").read_text(encoding="utf-8")
    assert "<script" not in text
    assert "<b>女" not in text


def test_an_exploratory_report_is_verified_as_what_it_is(home: Path) -> None:
    envelope = (evaluated() / "report.dsse.json").read_bytes()
    result = verify.verify(envelope, platform={}, dataset=Path("people.csv"))
    assert result.failed is None
    assert not result.holds
    assert result.recomputed
    by_layer = {check.layer.value: check for check in result.checks}
    assert "探索性" in by_layer["platform_signature"].said.zh
    assert by_layer["data"].status == verify.Status.OK
    changed = envelope.replace(b"payload", b"payloaD", 1)
    assert verify.verify(changed, platform={}).failed == "envelope"


def test_an_exploratory_report_ends_neither_as_forged_nor_as_signed(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:  # statistics/26
    assert call("keys", "new", "key.pem") == 0
    report = evaluated("--key", "key.pem") / "report.dsse.json"
    asked = ("verify", str(report), "--tester-key", "key.pub.pem")
    capsys.readouterr()
    assert call(*asked) == 3
    told = capsys.readouterr().out
    assert "探索性报告：所给公钥的签名、校验值、能重算的数字都对得上" in told.replace("\n", "")
    assert "--key" not in told
    assert call(*asked, "--exploratory") == 0
    assert call("verify", str(report)) == 3
    assert "the signature by" not in capsys.readouterr().out.split("Exploratory:")[-1]
    other = report.with_name("other.json")
    other.write_bytes(report.read_bytes().replace(b"payload", b"payloaD", 1))
    assert call("verify", str(other), "--exploratory") == 1
    assert call("keys", "new", "stranger.pem") == 0
    assert call("verify", str(report), "--tester-key", "stranger.pub.pem", "--exploratory") == 1


def test_its_maker_may_sign_it_and_the_platform_never_does(home: Path) -> None:
    assert call("keys", "new", "key.pem") == 0
    envelope = evaluated("--key", "key.pem") / "report.dsse.json"
    public = verify.load_keys(["key.pub.pem"])
    result = verify.verify(envelope.read_bytes(), platform={}, testers=public)
    by_layer = {check.layer.value: check.status for check in result.checks}
    assert by_layer["tester_signature"] == verify.Status.OK
    assert not verify.verify(envelope.read_bytes(), platform=public).holds
    unsigned = evaluated(out="later") / "report.dsse.json"
    assert call("sign", str(unsigned), "--key", "key.pem") == 0
    assert statements.EXPLORATORY not in statements.PLATFORMS_OWN


def test_a_signature_taken_off_a_registered_report_still_fails(home: Path) -> None:
    content = {"anything": 1}
    bare = attestation.encode(attestation.envelope(attestation.canonical(content), {}))
    with pytest.raises(RegisterError):
        attestation.decode(bare)
    key = verify.load_keys([_key(home)])
    assert verify.verify(bare.encode(), platform=key).failed == "platform_signature"


def _key(home: Path) -> Path:
    assert call("keys", "new", "platform.pem") == 0
    return home / "platform.pub.pem"


@pytest.mark.parametrize("name", ["report.json", "report.dsse.json"])
def test_a_report_is_repeated_by_naming_it(home: Path, capsys: Any, name: str) -> None:
    out = evaluated()
    capsys.readouterr()
    assert call("evaluate", str(out / name), "--data", "people.csv") == 0
    assert "逐位相同" in capsys.readouterr().out


def test_other_rows_are_no_repetition(home: Path, capsys: Any) -> None:
    out = evaluated()
    rows = Path("people.csv").read_text(encoding="utf-8").splitlines()
    Path("fewer.csv").write_text("\n".join(rows[:-100]), encoding="utf-8")
    capsys.readouterr()
    assert call("evaluate", str(out / "report.json"), "--data", "fewer.csv") == 1
    assert "处与原来不同" in capsys.readouterr().out
    Path("none.json").write_text("{]", encoding="utf-8")
    assert call("evaluate", "none.json", "--data", "people.csv") == 1


def test_parquet_arrow_and_a_folder_give_the_findings_of_the_csv(home: Path) -> None:
    nonce = ("--nonce", "3" * 64)
    table = pyarrow.csv.read_csv("people.csv")
    pyarrow.parquet.write_table(table, "people.parquet")
    pyarrow.feather.write_feather(table, "people.arrow", compression="uncompressed")
    Path("folder").mkdir()
    pyarrow.parquet.write_table(table.slice(0, 300), "folder/1.parquet")
    pyarrow.parquet.write_table(table.slice(300), "folder/2.parquet")
    digests = set()
    for data in ("people.csv", "people.parquet", "people.arrow", "folder"):
        assert call("evaluate", "plan.toml", "--data", data, "--out", f"of-{data}", *nonce) == 0
        report = json.loads(Path(f"of-{data}", "report.json").read_bytes())
        digests.add(report["findings_digest"])
    assert len(digests) == 1


def test_doubts_about_the_data_stand_in_the_terminal_and_on_the_first_screen(
    home: Path, capsys: Any
) -> None:
    """statistics/17: every row stood twice, intervals were halved, and nothing said so."""
    head, *rows = Path("people.csv").read_text(encoding="utf-8").splitlines()
    numbered = [f"{at},{row}" for at, row in enumerate(rows)]
    text = "\n".join([f'"id",{head}', *numbered, *numbered]) + "\n"
    Path("people.csv").write_text(text, encoding="utf-8")
    out = evaluated()
    told = capsys.readouterr()
    assert f"有 {len(rows):,} 行与别的行每一列都相同" in told.err.replace("\n", "")
    zh = "数据里有每一列都相同的行；如果是重复，区间过窄。"
    en = (
        "some rows equal another in every column; where they are copies, intervals are too narrow."
    )
    page = (out / "report.html").read_text(encoding="utf-8")
    for words in (zh, en):
        assert words in told.out
        assert (
            page.index("glance")
            < page.index(words)
            < page.index('class="facts"', page.index(words))
        )
    report = json.loads((out / "report.json").read_bytes())
    assert [each["kind"] for each in report["data_doubts"]] == ["repeated"]
    assert call("verify", str(out / "report.dsse.json"), "--exploratory") == 0


def _with_gaps() -> None:
    rows = Path("people.csv").read_text(encoding="utf-8").splitlines()
    head = rows[0].replace('"', "").split(",")
    place = head.index("granted")
    for at in range(1, 61):  # as R writes what it does not know
        values = rows[at].split(",")
        values[place] = "NA"
        rows[at] = ",".join(values)
    Path("people.csv").write_text("\n".join(rows) + "\n", encoding="utf-8")


def test_rows_left_out_stand_on_the_first_screen_and_in_the_terminal(
    home: Path, capsys: Any
) -> None:
    """statistics/13: 30 % of decisions empty, and no word of it anywhere."""
    _with_gaps()
    out = evaluated()
    told = capsys.readouterr().out
    rows = len(Path("people.csv").read_text(encoding="utf-8").splitlines()) - 1
    zh, en = (
        f"{rows:,} 行中：60 行没有决定（granted）。",
        f"Of {rows:,} rows: 60 have no decision (granted).",
    )
    text = (out / "report.html").read_text(encoding="utf-8")
    for words in (zh, en):
        assert words in told
        assert (
            text.index("glance")
            < text.index(words)
            < text.index('class="facts"', text.index(words))
        )
    report = json.loads((out / "report.json").read_bytes())
    assert report["rows_read"]["without"] == [
        {"cause": "missing", "column": "granted", "rows": 60}
    ]
    assert all(f["left_out"] for f in report["findings"] if not f["suppressed"])
    result = verify.verify((out / "report.dsse.json").read_bytes(), platform={})
    assert result.failed is None
    assert result.recomputed


def test_a_report_without_gaps_says_so_and_an_older_one_says_nothing(home: Path) -> None:
    """statistics/13: no claim about rows that nobody counted."""
    statement = stated(evaluated() / "report.dsse.json")
    assert report_view.view(statement, "zh").left_out.startswith("没有：")
    assert report_view.view(statement, "en").left_out.startswith("Nothing: every row")
    del statement["predicate"]["rows_read"]
    assert report_view.view(statement, "zh").left_out == ""
    assert "哪些行没有算进去" not in report_file.render(statement)


def test_two_reports_are_compared_offline(home: Path, capsys: Any) -> None:
    evaluated(out="one")
    evaluated(out="two")
    capsys.readouterr()
    assert call("compare", "one", "two/report.dsse.json", "--json") == 0
    found = json.loads(capsys.readouterr().out)
    assert set(found["counts"]) <= {"unchanged", "not_comparable"}
    assert found["same"] == {
        "subject": True, "plan": True, "data": True, "nonce": False, "probes": True
    }  # fmt: skip
    assert call("compare", "one", "two") == 0
    assert "看不出变化" in capsys.readouterr().out
    assert call("compare", "one", ".") == 1


def test_handing_in_is_refused_for_other_rows_or_another_model(home: Path) -> None:
    report = json.loads((evaluated() / "report.json").read_bytes())
    Path("other.csv").write_text("a\n1\n", encoding="utf-8")
    described = describing.Description(Path("other.csv"), None)
    with pytest.raises(repeating.OtherData):
        repeating.hand_in(report, described, version="v", engagement=None, quiet=True)
    with pytest.raises(repeating.OtherModel):
        repeating._same_model({"model": {"digest": "a"}}, {"digest": "b"})
    assert call("hand-in", "people.csv", "--version", "v", "--data", "people.csv") == 1


def test_what_the_plan_said_of_the_data_need_not_be_said_again(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    said = '[data]\nsource = "合成数据"\ndeidentification = "没有真人"\nheld_out = "随机三成"\n'
    Path("said.toml").write_text(ANSWERS.replace("[columns]", f"{said}[columns]"), "utf-8")
    report = json.loads((evaluated(plan="said.toml") / "report.json").read_bytes())
    told = {"source": "合成数据", "deidentification": "没有真人", "held_out": "随机三成"}
    assert {name: report["data"][name] for name in told} == told
    page = Path("out/report.html").read_text(encoding="utf-8")
    assert all(page.count(each) == 2 for each in told.values())  # in either language
    evaluated(plan="out/report.json", out="again")
    heard: list[dict[str, Any]] = []

    def hand_in(stated: Any, data: describing.Description, **_: Any) -> None:
        heard.append(data.stated)
        raise SystemExit(0)

    monkeypatch.setattr(repeating, "hand_in", hand_in)
    here = ("--version", "v", "--data", "people.csv")
    for out, more in (("out", ()), ("again", ()), ("out", ("--source", "另一处"))):
        assert call("hand-in", out, *here, *more) == 0
    assert heard == [told, told, told | {"source": "另一处"}]


ORDERS: list[tuple[str, list[str], bool]] = [
    ("xgboost", ["low", "middle", "high"], True),
    ("lightgbm", ["denied", "approved"], True),
    ("onnx", ["low", "high"], True),
    ("xgboost", ["2", "0", "1"], False),  # taken by their number
    ("xgboost", [], False),
    ("sklearn-skops", ["low", "high"], False),  # it names its classes
]


@pytest.mark.parametrize(("flavour", "classes", "told"), ORDERS)
def test_a_report_says_where_the_order_of_the_classes_is_the_plans(
    home: Path, flavour: str, classes: list[str], told: bool, capsys: Any
) -> None:
    """issue 9: columns without names were read in the plan's order, and nothing said so."""
    del home
    made = stated(evaluated() / "report.dsse.json")
    capsys.readouterr()
    made["predicate"]["plan"]["content"]["columns"]["classes"] = classes
    made["predicate"]["model"] = {"name": "m", "flavour": flavour}
    said = report_view.view(made, "en").limits
    assert any("cannot be checked" in each and flavour in each for each in said) == told
    assert ("无法核对" in "".join(report_view.view(made, "zh").limits)) == told


def test_a_report_on_thousands_of_groups_shows_the_most_telling_and_says_so(
    home: Path, capsys: Any
) -> None:
    made = stated(evaluated() / "report.dsse.json")
    found = made["predicate"]["findings"]
    one = next(each for each in found if each["probe"] == "selection_parity")
    level = "level-{:04d}".format
    made["predicate"]["findings"] = [
        one | {"group": level(i), "slice": {"sex": level(i)}, "verdict": "not_evaluable"}
        for i in range(3000)
    ] + [one | {"group": "last", "slice": {"sex": "last"}, "verdict": "disparity"}]
    text = report_file.render(made)
    assert "另外 2,801 项在 report.json 里" in text
    assert "2,801 more stand in report.json" in text
    question = report_view.view(made, "zh").questions[0]
    assert len(question.rows) == findings.SHOWN
    assert question.rows[0].label.endswith("last")
    assert question.counts == {"disparity": 1, "not_evaluable": 3000}
    assert level(2900) not in text
    assert len(text) < 3_000_000
    showing.findings(made["predicate"]["findings"])
    said = capsys.readouterr().out
    assert "2,901" in said
    assert "last" in said
    assert level(2000) not in said
    made["predicate"]["findings"] = found
    assert not any(each.more for each in report_view.view(made, "en").questions)


def test_a_comparison_of_thousands_shows_the_first_and_says_so(home: Path, capsys: Any) -> None:
    made = stated(evaluated() / "report.dsse.json")
    one = made["predicate"]["findings"][0]
    made["predicate"]["findings"] = [
        one | {"group": f"level-{i}", "slice": {"sex": f"level-{i}"}} for i in range(3000)
    ]
    (part,) = comparison_view.view(made, made, "en").parts
    assert (part.count, len(part.lines)) == (3000, comparison_view.SHOWN)
    assert "2,800 more" in part.more
    capsys.readouterr()
    comparing._show(comparison.compare(made, made))
    said = capsys.readouterr().out
    assert "2,900 more" in said
    assert "(3000)" in said


class _Service(BaseHTTPRequestHandler):
    """MLflow's scoring protocol: the probability rises with the income."""

    def do_POST(self) -> None:
        asked = json.loads(self.rfile.read(int(self.headers["content-length"])))
        rows = asked["dataframe_split"]
        place = rows["columns"].index("income")
        body = json.dumps(
            {"predictions": [float(row[place] > 0) for row in rows["data"]]}
        ).encode()
        self.send_response(200)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        """Quiet."""


def test_a_service_is_asked_over_http(home: Path, capsys: Any) -> None:
    plan = ANSWERS.replace('prediction = "granted"', 'cut = 0.5\ninputs = ["income", "debt"]')
    Path("asked.toml").write_text(plan, encoding="utf-8")
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Service)
    Thread(target=server.serve_forever, daemon=True).start()
    try:
        address = f"http://127.0.0.1:{server.server_port}"
        out = evaluated("--endpoint", address, plan="asked.toml")
    finally:
        server.shutdown()
        server.server_close()
    report = json.loads((out / "report.json").read_bytes())
    assert report["model"] == {"endpoint": address}
    assert report["predictions"] >= report["data"]["rows"]
    assert f"--endpoint {address}" in (out / "report.html").read_text(encoding="utf-8")
    rate = next(f for f in report["findings"] if f["metric"] == "selection_rate_ratio")
    assert rate["verdict"] != "not_evaluable"
    here = ("evaluate", "plan.toml", "--data", "people.csv", "--endpoint", address)
    assert call(*here) == 1  # this plan names no inputs
    assert call(*here, "--model", ".") == 2


def test_the_command_works_in_a_process_of_its_own(home: Path) -> None:
    words = ["evaluate", "plan.toml", "--data", "people.csv", "--out", "own"]
    done = subprocess.run([sys.executable, "-m", "portal", *words], capture_output=True, text=True,
                          env={"PYTHONPATH": str(Path(__file__).parents[3])}, check=True, timeout=120)  # fmt: skip
    assert "已写出 / written" in done.stdout
    assert "读数据" in done.stderr


def test_a_plan_in_which_a_key_stands_twice_is_refused_by_name(tmp_path: Path) -> None:
    """A JSON plan at home, as at the API: which value counts is nobody's to guess."""
    (tmp_path / "plan.json").write_text('{"plan": {"columns": {"target": "y", "target": "z"}}}')
    with pytest.raises(RegisterError) as told:
        exploring.read(tmp_path / "plan.json")
    assert told.value.reasons[0].item == "plan.columns.target"


def test_what_lies_beyond_its_line_is_named_by_what_was_measured(home: Path) -> None:
    """X7d/1: in like circumstances nobody has less; "in like circumstances: beyond the line" was said.

    Half of both sexes get in at the easy school, a tenth at the hard one; women apply there. So few
    are admitted at the hard school that the ratio in like circumstances stays open.
    """
    del home
    rows: dict[str, list[Any]] = {"sex": [], "school": [], "got": []}
    for sex, school, people, admitted in (
        ("m", "easy", 800, 400), ("f", "easy", 200, 100),
        ("m", "hard", 200, 20), ("f", "hard", 800, 80),
    ):  # fmt: skip
        rows["sex"] += [sex] * people
        rows["school"] += [school] * people
        rows["got"] += [1] * admitted + [0] * (people - admitted)
    plan = Plan.parse({
        "title": "t", "reference": {"sex": "m"}, "probes": [{"id": "conditional_parity"}],
        "columns": {"sensitive": ["sex"], "prediction": "got", "favourable": 1, "control": ["school"]},
    })  # fmt: skip
    made = engine.run(plan, pa.table(rows), scorer=None, nonce="n")
    found = [each.as_json() for each in made.findings]
    whole, alike = "selection_rate_ratio", "conditional_rate_ratio"
    verdicts = {each["metric"]: each["verdict"] for each in found}
    assert (verdicts[whole], verdicts[alike]) == ("disparity", "inconclusive")
    stood = stated(evaluated() / "report.dsse.json")
    stood["predicate"]["findings"] = found
    stood["predicate"]["plan"]["content"] = plan.content
    view = report_view.view(stood, "zh")
    assert captions.metric(whole).zh in view.beyond
    assert captions.metric(alike).zh not in view.beyond
    (question,) = view.questions
    assert question.title not in view.beyond
    assert question.measures[captions.metric(alike).zh] == {"inconclusive": 1}
