"""Data sets through the three doors: pages, API and command line say the same of one file."""

import csv
import html
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from portal import cli
from portal.app import create_app
from portal.commands import describing
from portal.commands.client import API, Client
from registry import datasets, journal
from registry.database import transaction
from registry.organisations import Role
from registry.settings import Settings, settings
from tests import tables
from tests.portal.world import Member, World

ROWS = 60
SECRET = "seventy-one-secret"
REASON = "数据是合成的，没有真人"
SAID = {"source": "合成", "deidentification": "没有真人"}
ROLES = [{"name": "sex", "role": "sensitive"}, {"name": "paid", "role": "target"}]
PAGE = {"accept": "text/html"}


@dataclass(frozen=True)
class Doors:
    """A site, a tester's API client and browser, and the folder of the files."""

    world: World
    tester: Member
    api: TestClient
    browser: TestClient
    csrf: str
    folder: Path

    def add(self, path: Path, **said: Any) -> Any:
        """Register a file by the API."""
        told = {"name": path.name, "use": "evaluation", "columns": ROLES, **SAID} | said
        with path.open("rb") as file:
            answer: Any = self.api.post(
                f"{API}/datasets",
                data={"metadata": json.dumps(told)},
                files={"file": (path.name, file)},
            )
        return answer

    def post(self, path: str, **body: Any) -> Any:
        """Post JSON to the API."""
        answer: Any = self.api.post(f"{API}{path}", json=body)
        return answer


@pytest.fixture
def doors(tmp_path: Path) -> Iterator[Doors]:
    """A site of its own."""
    app = create_app(Settings(data=tmp_path / "data", sandbox_tier="none", log_level="ERROR"))
    tables.make(app.state.engine)
    world = World(app)
    tester = world.member("tester-own", Role.TESTER)
    browser, csrf = world.browser(tester)
    api = TestClient(app, headers=tester.bearer)
    yield Doors(world, tester, api, browser, csrf, tmp_path)
    app.state.engine.dispose()


def people(folder: Path, name: str = "people.csv", *, first: int = 0) -> Path:
    """Sixty people of two sexes; one of them lives where nobody else does."""
    path = folder / name
    with path.open("w", encoding="utf-8", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(["sex", "place", "pay", "paid"])
        for each in range(first, first + ROWS):
            rows.writerow(
                ["女男"[each % 2], SECRET if each == 7 else "浦东", 1000 + each, each % 3 == 0]
            )
    return path


def test_the_api_refuses_what_falls_short_with_figures_and_takes_a_reason(doors: Doors) -> None:
    path = people(doors.folder)
    refused = doors.add(path, quasi_identifiers=["sex", "place"])
    assert refused.status_code == 422
    assert refused.headers["content-type"] == "application/problem+json"
    problem = refused.json()
    assert problem["type"] == "/problems/reidentifiable"
    assert [each["item"] for each in problem["reasons"]] == ["k", "sex、place"]
    assert SECRET not in refused.text
    assert doors.api.get(f"{API}/datasets").json()["items"] == []

    made = doors.add(path, quasi_identifiers=["sex", "place"], acknowledgement=REASON)
    assert made.status_code == 201
    check = made.json()["reidentification"]
    assert (check["state"], check["reason"], check["k"]) == ("acknowledged", REASON, 5)
    assert check["made_by"] == doors.tester.person.id
    exposure = check["exposure"]
    assert (exposure["smallest"], exposure["unique"], exposure["small_members"]) == (1, 1, 1)
    assert exposure["unique_share"] == pytest.approx(1 / ROWS)
    with doors.world.site.state.factory() as session:
        event = journal.history(session, made.json()["id"])[-1]
    assert (event.name, event.person_id) == (
        "dataset:reidentification:acknowledged",
        doors.tester.person.id,
    )


def test_the_api_shows_a_result_first_and_keeps_every_check(doors: Doors) -> None:
    made = doors.add(people(doors.folder)).json()
    own = f"/datasets/{made['id']}"
    assert made["reidentification"]["state"] == "passed"
    assert made["reidentification"]["named"] is False
    seen = doors.post(f"{own}/reidentification-preview", quasi_identifiers=["place"])
    assert (seen.status_code, seen.json()["enough"]) == (200, False)
    assert seen.json()["exposure"]["alone"] == [{"column": "place", "values": 2, "unique": 1}]
    checks = f"{own}/reidentification-checks"
    assert doors.post(checks, quasi_identifiers=["place"]).status_code == 422
    assert doors.post(checks, quasi_identifiers=["absent"]).status_code == 422
    assert doors.post(checks, quasi_identifiers=["place"], reason=REASON).status_code == 201
    first = doors.api.get(f"{API}{checks}?limit=1").json()
    assert [each["state"] for each in first["items"]] == ["acknowledged"]
    second = doors.api.get(first["next"]).json()
    assert [each["state"] for each in second["items"]] == ["passed"]
    assert second["next"] is None
    stranger = TestClient(
        doors.world.site, headers=doors.world.member("tester-other", Role.TESTER).bearer
    )
    for path in (checks, f"{own}/croissant", f"{own}/overlaps"):
        assert stranger.get(f"{API}{path}").status_code == 403


def test_the_operator_sets_k(doors: Doors) -> None:
    doors.world.site.state.settings.k_anonymity = 31
    refused = doors.add(people(doors.folder), quasi_identifiers=["sex"])
    assert refused.status_code == 422
    assert "the set k is 31" in refused.json()["reasons"][0]["said"]["en"]


def test_croissant_and_overlaps_hold_no_row(doors: Doors) -> None:
    made = doors.add(people(doors.folder)).json()
    other = doors.add(people(doors.folder, "later.csv", first=20)).json()
    told = doors.api.get(f"{API}/datasets/{made['id']}/croissant")
    assert told.headers["content-type"].startswith("application/ld+json")
    assert told.json()["distribution"][0]["sha256"] == made["digest"]
    shared = doors.api.get(f"{API}/datasets/{other['id']}/overlaps").json()["items"]
    assert shared == [
        {
            "dataset_id": made["id"],
            "name": "people.csv",
            "name_en": "",
            "rows": ROWS,
            "shared": ROWS - 20,
            "columns": ["paid", "pay", "place", "sex"],
        }
    ]
    page = doors.browser.get(f"/zh/datasets/{other['id']}?compare=1", headers=PAGE).text
    assert "40（66.7%）" in page
    for text in (told.text, json.dumps(shared), page, json.dumps(made)):
        assert SECRET not in text


NAMES = {"name": "贷款申请", "name_en": "Loan applications"}


def test_a_name_is_told_in_the_readers_language_and_one_name_in_both(doors: Doors) -> None:
    """It held “中文 / English” in one string, and either reader was shown the other's words."""
    two = doors.add(people(doors.folder), **NAMES).json()
    one = doors.add(people(doors.folder, "later.csv", first=20), name="还款记录").json()
    assert (two["name"], two["name_en"]) == (NAMES["name"], NAMES["name_en"])
    assert (one["name"], one["name_en"]) == ("还款记录", "")
    for language, own, other in (
        ("zh", NAMES["name"], NAMES["name_en"]),
        ("en", NAMES["name_en"], NAMES["name"]),
    ):
        for address in ("desk", f"datasets/{two['id']}", f"datasets/{one['id']}?compare=1"):
            page = doors.browser.get(f"/{language}/{address}", headers=PAGE)
            assert page.status_code == 200
            assert own in page.text
            assert other not in page.text
            assert ("还款记录" in page.text) == (two["id"] not in address)
    shared = doors.api.get(f"{API}/datasets/{one['id']}/overlaps").json()["items"]
    assert (shared[0]["name"], shared[0]["name_en"]) == (NAMES["name"], NAMES["name_en"])
    croissants = [
        doors.api.get(f"{API}/datasets/{each['id']}/croissant").json() for each in (two, one)
    ]
    assert [each["name"] for each in croissants] == [NAMES["name"], "还款记录"]
    assert croissants[0]["alternateName"] == NAMES["name_en"]
    assert "alternateName" not in croissants[1]


def test_an_english_name_is_added_once_and_a_form_takes_it(doors: Doors) -> None:
    path = people(doors.folder)
    made = doors.add(path, name="贷款申请").json()
    assert doors.add(path, **NAMES).json()["name_en"] == NAMES["name_en"]
    assert doors.add(path, name="贷款申请").json()["name_en"] == NAMES["name_en"]
    refused = doors.add(path, **NAMES | {"name_en": "Other"})
    assert refused.status_code == 409
    assert NAMES["name_en"] in refused.json()["detail_en"]
    with doors.world.site.state.factory() as session:
        names = [each.name for each in journal.history(session, made["id"])]
    assert names.count("dataset:name_en:said") == 1
    form = {"csrf": doors.csrf, "use": "evaluation", "roles": "sex: sensitive", **SAID, **NAMES}
    sent = doors.browser.post(
        "/zh/datasets/new",
        data=form,
        files={"file": ("later.csv", people(doors.folder, "later.csv", first=20).read_bytes())},
        headers=PAGE,
    )
    assert sent.status_code == 303
    listed = doors.api.get(f"{API}/datasets").json()["items"]
    assert [each["name_en"] for each in listed] == [NAMES["name_en"]] * 2


@pytest.mark.parametrize("language", ["zh", "en"])
def test_the_page_shows_the_result_before_it_is_final(doors: Doors, language: str) -> None:
    made = doors.add(people(doors.folder), columns=[]).json()
    own = f"/{language}/datasets/{made['id']}"
    assert made["reidentification"] is None
    desk = doors.browser.get(f"/{language}/desk", headers=PAGE).text
    assert f'href="{own}#check"' in desk
    sent: dict[str, Any] = {"csrf": doors.csrf, "quasi": ["sex", "place"], "next": "/zh/desk"}
    seen = html.unescape(doors.browser.post(f"{own}/check", data=sent, headers=PAGE).text)
    assert re.search(r"<strong>1</strong>", seen)
    assert '<textarea id="f-reason"' in seen
    assert SECRET not in seen
    assert doors.api.get(f"{API}/datasets/{made['id']}").json()["reidentification"] is None

    final = sent | {"final": "1", "reason": "好"}
    refused = doors.browser.post(f"{own}/check", data=final, headers=PAGE)
    assert refused.status_code == 422
    assert 'role="alert"' in refused.text
    kept = doors.browser.post(f"{own}/check", data=final | {"reason": REASON}, headers=PAGE)
    assert (kept.status_code, kept.headers["location"]) == (303, "/zh/desk")
    page = html.unescape(doors.browser.get(own, headers=PAGE).text)
    assert REASON in page
    assert doors.tester.person.name in page
    assert f'href="{own}#check"' not in doors.browser.get(f"/{language}/desk", headers=PAGE).text


def test_a_form_leads_to_the_check_while_it_is_open(doors: Doors) -> None:
    typed = {"csrf": doors.csrf, "name": "数据", "use": "evaluation", "next": "/zh/desk", **SAID}

    def send(roles: str, name: str) -> str:
        with people(doors.folder, name, first=len(name)).open("rb") as file:
            answer = doors.browser.post(
                "/zh/datasets/new", data={**typed, "roles": roles}, files={"file": file}
            )
        return str(answer.headers["location"])

    assert send("sex: sensitive", "one.csv") == "/zh/desk"
    assert re.fullmatch(r"/zh/datasets/\w{32}\?next=/zh/desk", send("", "three.csv"))


def test_an_evaluation_says_how_people_were_made_unrecognisable(doors: Doors) -> None:
    refused = doors.add(people(doors.folder), deidentification=" ")
    assert [each["item"] for each in refused.json()["reasons"]] == ["deidentification"]


@pytest.fixture
def filing_doors(doors: Doors) -> Doors:
    """The same site for somebody of the enterprise, who explains."""
    filer = doors.world.member("enterprise-own", Role.FILER)
    browser, csrf = doors.world.browser(filer)
    api = TestClient(doors.world.site, headers=filer.bearer)
    return replace(doors, tester=filer, api=api, browser=browser, csrf=csrf)


def test_an_explanation_says_it_too_by_api_and_page(filing_doors: Doors) -> None:
    """public/B1: explanation data are declared de-identified like evaluation data."""
    path = people(filing_doors.folder)
    refused = filing_doors.add(path, use="explanation", columns=[], deidentification="")
    assert refused.status_code == 422
    assert [each["item"] for each in refused.json()["reasons"]] == ["deidentification"]
    form = {"csrf": filing_doors.csrf, "name": "说明", "use": "explanation", "source": "合成"}
    with path.open("rb") as file:
        page = filing_doors.browser.post(
            "/zh/datasets/new", data=form, files={"file": ("p.csv", file)}, headers=PAGE
        )
    assert page.status_code == 422
    assert "去标识化" in page.text
    assert filing_doors.add(path, use="explanation", columns=[]).status_code == 201


def test_the_command_line_says_it_for_a_file_on_record_without_it(
    filing_doors: Doors, monkeypatch: pytest.MonkeyPatch
) -> None:
    """public/B1: the file is sent again once, with the statement, and the record gets it."""
    path = people(filing_doors.folder)
    made = filing_doors.add(path, use="explanation", columns=[]).json()
    with transaction(filing_doors.world.site.state.factory) as session:
        datasets.get(session, made["id"]).deidentification = ""
    client = Client("http://testserver", filing_doors.tester.token)
    inside: Any = TestClient(
        filing_doors.world.site,
        base_url=f"http://testserver{API}",
        headers=filing_doors.tester.bearer,
    )
    monkeypatch.setattr(client, "_http", inside)
    said = {"source": "合成", "deidentification": "没有真人", "name": path.name}
    given: dict[str, Any] = {"use": "explanation", "columns": [], "tell": lambda *_: None}
    other = path.with_name("others.csv")
    other.write_text("sex,pay\n女,1\n", encoding="utf-8")
    unsaid = describing.Description(other, None, {"source": "合成"})
    with pytest.raises(describing.DataUndescribed) as refused:
        unsaid.registered(client, **given)
    assert [reason.item for reason in refused.value.reasons] == ["--deidentification"]
    assert describing.Description(path, None, said).registered(client, **given) == made["id"]
    with filing_doors.world.site.state.factory() as session:
        assert datasets.get(session, made["id"]).deidentification == "没有真人"


@pytest.fixture
def terminal(doors: Doors, monkeypatch: pytest.MonkeyPatch) -> Iterator[Doors]:
    """The command line, talking to the site in this process."""

    def here(_settings: Settings) -> Client:
        client = Client("http://testserver", doors.tester.token)
        inside: Any = TestClient(
            doors.world.site, base_url=f"http://testserver{API}", headers=doors.tester.bearer
        )
        client._http = inside
        return client

    monkeypatch.setattr(Client, "of", here)
    monkeypatch.chdir(doors.folder)
    settings.cache_clear()
    yield doors
    settings.cache_clear()


def run(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str]:
    """The exit code and what was printed of `mingsuan data …`."""
    try:
        cli.main(["data", *words])
        code = 0
    except SystemExit as ended:
        code = int(ended.code or 0)
    printed = capsys.readouterr()
    return code, printed.out + printed.err


def test_the_command_line_does_the_same(
    terminal: Doors, capsys: pytest.CaptureFixture[str]
) -> None:
    people(terminal.folder)
    said = ("--source", "合成", "--deidentification", "没有真人", "--role", "sex=sensitive")
    code, told = run(capsys, "check", "people.csv", "--quasi", "place")
    assert (code, "最小的一组 / smallest class: 1" in told) == (1, True)
    code, told = run(capsys, "check", "people.csv", "--role", "sex=sensitive", "--json")
    assert (code, json.loads(told)["exposure"]["smallest"]) == (0, ROWS // 2)

    code, told = run(capsys, "add", "people.csv", "--source", "合成", "--json")
    assert (code, "--deidentification" in told) == (1, True)
    code, told = run(capsys, "add", "people.csv", *said, "--quasi", "place")
    assert code == 1
    code, told = run(capsys, "add", "people.csv", *said, "--json")
    made = json.loads(told)
    assert (code, made["reidentification"]["state"]) == (0, "passed")

    code, told = run(capsys, "list")
    assert made["id"] in told
    run(capsys, "add", "people.csv", *said, "--name", "people.csv", "--name-en", "People")
    assert "name: people.csv\n" in run(capsys, "show", made["id"])[1]
    people(terminal.folder, "later.csv", first=20)
    named = ("--name", "贷款申请", "--name-en", "Loan applications")
    assert run(capsys, "add", "later.csv", *said, *named)[0] == 0
    code, told = run(capsys, "overlaps", made["id"])
    assert "贷款申请 / Loan applications" in told
    assert SECRET not in told
    code, told = run(capsys, "check", made["id"], "--quasi", "place")
    assert (code, "没有达到要求" in told) == (1, True)
    recording = ("check", made["id"], "--quasi", "place", "--record")
    assert run(capsys, *recording)[0] == 1
    assert run(capsys, *recording, "--acknowledge", REASON)[0] == 0
    code, told = run(capsys, "show", made["id"])
    assert REASON in told
    code, told = run(capsys, "croissant", made["id"], "--out", "rows.json")
    written = json.loads((terminal.folder / "rows.json").read_text(encoding="utf-8"))
    assert written["@type"] == "sc:Dataset"
    code, told = run(capsys, "overlaps", made["id"], "--json")
    assert [each["name_en"] for each in json.loads(told)] == ["Loan applications"]
    for words in (("check", "."), ("add", ".", *said)):
        code, told = run(capsys, *words)  # statistics/24: one rule at every door, with the remedy
        assert (code, "Make one Parquet file of the folder" in told) == (1, True)
    assert run(capsys, "check", "people.csv", "--record")[0] == 2
    assert run(capsys, "check", "people.csv", "--role", "sex")[0] == 1
