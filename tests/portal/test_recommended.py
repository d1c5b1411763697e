"""The recommended catalogue on its page, by the API, in a signed file and at home: one order."""

import html
import json
import random
import re
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from filing.dossier import Filing
from filing.recommended import publication, recompute
from filing.recommended.criteria import IDS
from portal import cli
from portal.app import create_app
from portal.home import verify
from portal.web import page_cache
from portal.work import signer
from portal.work.enrolment import set_up
from registry import attestation, statements
from registry.attestation import LAYER_NAMES, Layer
from registry.database import Record, transaction
from registry.settings import Settings
from tests.filing.papers import Scene
from tests.portal.recommended import Recommended
from tests.processes import signer_process

PAGE, DATA = "/zh/recommended/example", "/api/v1/recommended/example"


@pytest.fixture(scope="module")
def signing(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FastAPI]:
    """A site whose signer runs."""
    settings = Settings(data=tmp_path_factory.mktemp("signed") / "data", sandbox_tier="none")
    app = create_app(settings)
    Record.metadata.create_all(app.state.engine)
    with signer_process(settings):
        set_up(settings, app.state.factory)
        yield app
    app.state.engine.dispose()


@pytest.fixture(scope="module")
def shown(signing: FastAPI) -> Recommended:
    return Recommended(signing, entered=6)


@pytest.fixture(scope="module")
def reader(signing: FastAPI) -> Iterator[TestClient]:
    with TestClient(signing, headers={"accept": "text/html"}) as client:
        yield client


@pytest.fixture
def key(signing: FastAPI, tmp_path: Path) -> Path:
    place = tmp_path / "platform.pem"
    place.write_text(signer.health(signing.state.settings).public_pem)
    return place


def on_page(text: str) -> list[tuple[str, str]]:
    """The rows of the page's table of the order: place and name."""
    table = text.partition('id="order"')[2].partition("</tbody>")[0]
    rows = re.findall(r'data-label="名次">([^<]*)</td>\s*<th[^>]*><a[^>]*>([^<]*)</a>', table)
    return [(place, html.unescape(name)) for place, name in rows]


def told_as_rows(told: dict[str, Any]) -> list[tuple[str, str]]:
    names = {each["number"]: each["name"]["zh"] for each in told["entries"]}
    return [
        (
            f"{'并列' if each['tied'] else ''}第{each['rank']}名" if each["score"] else "—",
            names[each["number"]],
        )
        for each in told["order"]["places"]
    ]


def downloaded(reader: TestClient) -> dict[str, Any]:
    sealed = attestation.decode(reader.get(f"{DATA}/statement").text)
    content: dict[str, Any] = statements.read(attestation.payload(sealed))["predicate"]["content"]
    return content


def test_page_twin_api_and_recomputation_have_one_order_whatever_the_weights(
    shown: Recommended, reader: TestClient
) -> None:
    content, seen = downloaded(reader), set()
    draw = random.Random(13)  # weights, no secrets
    every = [{}, dict.fromkeys(IDS, 0), {"findings": 100}]
    every += [{name: draw.choice((0, 1, 7, 50, 100)) for name in IDS} for _ in range(25)]
    for weights in every:
        query = "&".join(f"w.{name}={weight}" for name, weight in weights.items())
        told = reader.get(f"{DATA}?{query}").json()
        twin = reader.get(f"{PAGE}.json?{query}").json()
        page = reader.get(f"{PAGE}?{query}")
        again = recompute.recompute(content, weights=weights)
        assert told["order"] == twin["order"] == again.order.as_json()
        assert on_page(page.text) == told_as_rows(told)
        assert ("不是行业组织的顺序" in page.text) == (
            told["order"]["weights"] != dict.fromkeys(IDS, 20)
        )
        seen.add(json.dumps(told["order"]["places"]))
    assert len(seen) > 1
    assert recompute.recompute(content).agrees is True


def test_other_weights_change_the_order_that_a_reader_sees(
    shown: Recommended, reader: TestClient
) -> None:
    by_findings = on_page(reader.get(f"{PAGE}?w.findings=100&w.checks=0").text)
    assert [place for place, _ in by_findings] == ["并列第1名"] * 2 + ["并列第3名"] * 2 + [
        "并列第5名"
    ] * 2
    by_checks = on_page(reader.get(f"{PAGE}?w.findings=0&w.openness=0").text)
    assert {place for place, _ in by_checks} == {"并列第1名"}


def test_what_is_not_measured_leaves_the_sum_and_the_page_says_whose(
    shown: Recommended, reader: TestClient
) -> None:
    page = html.unescape(reader.get(PAGE).text)
    assert re.search("“按期办结的申诉”没有计入：.*是未测。", page)
    assert "“要求的检查”没有计入" not in page
    assert re.search(r'data-label="按期办结的申诉">未测<', page)
    nothing = html.unescape(reader.get(f"{PAGE}?w.checks=0&w.findings=0&w.openness=0").text)
    assert "没有总分，也没有先后" in nothing
    assert "没有总分，也没有先后" not in page


def test_where_every_weight_is_0_that_is_said_and_nobody_has_a_place(
    shown: Recommended, reader: TestClient
) -> None:
    none = "&".join(f"w.{name}=0" for name in IDS)
    page = html.unescape(reader.get(f"{PAGE}?{none}").text)
    assert "每项标准的权重都是0，所以没有总分，也没有先后。" in page
    assert "是所有条目都测过的" not in page
    assert {place for place, _ in on_page(page)} == {"—"}
    assert "第1名" not in page


def test_what_was_found_beyond_a_line_stands_beside_the_place(
    shown: Recommended, reader: TestClient
) -> None:
    """A place alone would praise; how many differences are beyond a line is said in words with it."""
    page, told = html.unescape(reader.get(PAGE).text), reader.get(DATA).json()
    said = {each["number"]: each["beyond"] for each in told["entries"]}
    assert sorted(each["count"] for each in said.values() if each) == [2, 2]
    assert page.count("附上的评估发现：差异超过界线2项") == 4
    table = page.partition('id="order"')[2].partition("</tbody>")[0]
    assert table.count("差异超过界线2项") == 2


def test_an_entry_names_its_model_with_the_version(shown: Recommended, reader: TestClient) -> None:
    told, page = reader.get(DATA).json()["entries"], html.unescape(reader.get(PAGE).text)
    for each in told:
        assert each["model"]["model"]
        assert f"<dd>{each['model']['model']} @{each['model']['version']}</dd>" in page


def test_each_page_says_whose_it_is_and_what_it_is_not(
    shown: Recommended, reader: TestClient
) -> None:
    for address in ("recommended", "recommended/example"):
        chinese, english = (
            html.unescape(reader.get(f"/{language}/{address}").text) for language in ("zh", "en")
        )
        assert f"由{shown.body}编制，不是行政许可或认定。" in chinese
        assert "not an administrative licence or finding." in english
    for language in ("zh", "en"):
        start = reader.get(f"/{language}/").text
        assert f'href="/{language}/recommended"' in start
    assert "/zh/recommended/example" in reader.get("/sitemap-1.xml").text


def test_a_weight_that_is_none_is_refused_by_name(shown: Recommended, reader: TestClient) -> None:
    for address in (PAGE, f"{PAGE}.json", DATA):
        answer = reader.get(f"{address}?w.checks=1e9&w.colour=1")
        assert answer.status_code == 422, address
        assert "colour" in answer.text
    assert reader.get("/zh/recommended/none").status_code == 404


def test_a_refused_weight_is_called_as_on_the_page_and_leads_back(
    shown: Recommended, reader: TestClient
) -> None:
    for query in ("w.checks=101", "w.checks=5&w.checks=90"):
        page = html.unescape(reader.get(f"{PAGE}?{query}").text)
        assert "“要求的检查”" in page
        assert f'<a href="{PAGE}">' in page


@pytest.mark.parametrize(
    ("query", "item"),
    [
        ("w.checks=5&w.checks=90", "w.checks"),
        ("w.checks=abc&w.checks=5", "checks"),
        ("W.checks=5", "W.checks"),
        ("checks=5", "checks"),
        ("weights.checks=5", "weights.checks"),
        ("w-checks=5", "w-checks"),
        ("w[checks]=5", "w[checks]"),
        ("weights=checks=5", "weights"),
        ("ｗ.checks=5", "ｗ.checks"),
    ],
)
def test_a_weight_that_is_there_twice_or_misspelt_is_refused_by_name(
    shown: Recommended, reader: TestClient, query: str, item: str
) -> None:
    """The last of two counted, and under a misspelt name the published order was shown as asked for."""
    for address in (PAGE, f"{PAGE}.json", DATA):
        answer = reader.get(f"{address}?{query}", headers={"accept": "application/json"})
        assert answer.status_code == 422, address
        if address == DATA:
            assert item in [each["item"] for each in answer.json()["reasons"]]
    assert reader.get(f"{DATA}/statement?{query}").status_code == 422
    for alone in (PAGE, DATA, f"{DATA}/statement"):
        assert reader.get(f"{alone}?from=timeline&utm_source=x").status_code == 200


def test_the_exit_code_tells_a_false_order_from_a_file_that_cannot_be_checked(
    shown: Recommended,
    reader: TestClient,
    signing: FastAPI,
    key: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    file = tmp_path / "signed.json"

    def ended(*words: str) -> int:
        with pytest.raises(SystemExit) as ended:
            cli.main(("recommended", "recompute", *words))
        return int(ended.value.code or 0)

    content = downloaded(reader)
    content["order"]["places"].reverse()
    digest = attestation.digest(content)
    predicate = {"content": content, "content_digest": digest, "statements": []}
    payload = statements.make(
        statements.RECOMMENDED, subject="recommended/x", digest=digest, predicate=predicate
    )
    made = signer.sign_with(signing.state.settings, payload)
    sealed = attestation.envelope(payload, {made.key_id: made.value})
    file.write_text(attestation.encode(sealed), encoding="utf-8")
    assert ended(str(file), "--key", str(key)) == 3
    assert ended(str(file)) == 1
    file.write_text("{}", encoding="utf-8")
    assert ended(str(file), "--key", str(key)) == 1
    assert ended(str(tmp_path / "none.json")) == 2
    capsys.readouterr()
    assert ended("--help") == 0
    said = capsys.readouterr().out
    for code in ("0 一致", "1 没能核对", "3 顺序与文件写的不同"):
        assert code in said


def test_the_signed_file_is_verified_and_computed_again_at_home(
    shown: Recommended, reader: TestClient, key: Path, tmp_path: Path
) -> None:
    data = reader.get(f"{DATA}/statement").content
    keys = verify.load_keys([key])
    found = verify.verify(data, platform=keys)
    assert found.holds
    assert found.failed is None
    absent = {each.layer for each in found.checks if each.said.zh == "推荐目录没有这一层"}
    assert absent == {Layer.TESTER_SIGNATURE, Layer.PLAN, Layer.EVIDENCE, Layer.MODEL, Layer.DATA}
    assert LAYER_NAMES[Layer.FINDINGS].zh == "结果或内容摘要"
    sealed = attestation.decode(data)
    forged = json.loads(attestation.payload(sealed))
    forged["predicate"]["content"]["entries"][0]["measured"]["checks"] = None
    changed = attestation.envelope(attestation.canonical(forged), attestation.signatures(sealed))
    assert not verify.verify(attestation.encode(changed).encode(), platform=keys).holds


@pytest.mark.parametrize("query", ["", "?w.findings=100&w.checks=0"])
def test_the_command_on_the_page_works_as_it_is_written(
    shown: Recommended,
    reader: TestClient,
    key: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    query: str,
) -> None:
    page = reader.get(f"{PAGE}{query}").text
    command, file = (re.findall(p, page)[0] for p in (r"<code>(ming.*?)</code>", r'load="(.*?)"'))
    (tmp_path / file).write_bytes(reader.get(f"{DATA}/statement").content)
    (tmp_path / "platform.pem").write_bytes(key.read_bytes())
    monkeypatch.chdir(tmp_path)
    capsys.readouterr()
    with pytest.raises(SystemExit) as ended:
        cli.main((*command.split()[1:], "--json"))
    assert not ended.value.code
    told = reader.get(f"{DATA}{query}").json()["order"]
    assert json.loads(capsys.readouterr().out)["places"] == told["places"]


def test_the_command_line_computes_the_same_and_refuses_what_nobody_signed(
    shown: Recommended,
    reader: TestClient,
    key: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    file = tmp_path / "signed.json"
    file.write_bytes(reader.get(f"{DATA}/statement").content)

    def computed(*words: str) -> tuple[int, str]:
        capsys.readouterr()
        with pytest.raises(SystemExit) as ended:
            cli.main(("recommended", "recompute", str(file), *words))
        return int(ended.value.code or 0), capsys.readouterr().out

    same = computed("--key", str(key), "--json")
    assert same[0] == 0
    assert json.loads(same[1])["agrees"] is True
    other = json.loads(
        computed("--key", str(key), "--json", "--weights", "findings=100,checks=0")[1]
    )
    told = reader.get(f"{DATA}?w.findings=100&w.checks=0").json()
    assert other["places"] == told["order"]["places"]
    assert other["agrees"] is None
    later = json.loads(computed("--key", str(key), "--json", "--at", "2099-01-01")[1])
    assert sorted(later["lapsed"]) == sorted(shown.numbers)
    assert later["places"] == []
    assert computed()[0] != 0
    assert computed("--key", str(key), "--weights", "colour=1")[0] != 0
    apart = ("--weights", "findings=100", "--weights", "checks=0")
    twice = json.loads(computed("--key", str(key), "--json", *apart)[1])["weights"]
    assert (twice["findings"], twice["checks"]) == (100, 0)
    assert computed("--key", str(key), "--weights", "checks=1", "--weights", "checks=2")[0] != 0


def test_an_entry_lapses_on_kept_pages_of_both_servers_to_the_second(
    site: FastAPI, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = Recommended(site, entered=1)
    other = create_app(site.state.settings)
    with TestClient(site) as one, TestClient(other) as two:
        over = datetime.fromisoformat(one.get(DATA).json()["entries"][0]["ends"]["at"])

        def listed(moment: datetime) -> list[list[str]]:
            for module in (page_cache, publication):
                monkeypatch.setattr(module, "now", lambda: moment)
            return [
                [each["number"] for each in server.get(f"{PAGE}.json").json()["entries"]]
                for server in (one, two)
            ]

        stands = [made.numbers, made.numbers]
        for seconds, expected in ((-2, stands), (-0.001, stands), (0, [[], []]), (1, [[], []])):
            assert listed(over + timedelta(seconds=seconds)) == expected, seconds
        page = two.get(PAGE).text
        assert "已自动失效" in page
        assert "列入期限已过" in page or "第三方评估已过期" in page
    other.state.engine.dispose()


def test_a_revoked_filing_is_gone_from_kept_pages_at_the_next_request(site: FastAPI) -> None:
    made = Recommended(site, entered=2)
    other = create_app(site.state.settings)
    with TestClient(site) as one, TestClient(other) as two:
        for server in (one, two):
            assert len(server.get(DATA).json()["entries"]) == 2
        with transaction(site.state.factory) as session:
            filing = session.get_one(Filing, made.filings[0])
            Scene(session).rule(filing, "revoke", reason="查出了问题")
        for server in (one, two):
            numbers = [each["number"] for each in server.get(f"{PAGE}.json").json()["entries"]]
            assert numbers == made.numbers[1:]
            assert "备案已经结束" in server.get(PAGE).text
    other.state.engine.dispose()
