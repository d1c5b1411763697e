"""filing/S14 by its doors: uploaded by API and page, opened by those who may, run by nothing."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from sqlalchemy import select

from filing import dossier, review
from filing.dossier import Filing
from filing.evidence_files import EvidenceFile
from filing.lifecycle import Action
from portal.app import create_app
from registry.database import transaction
from registry.organisations import Role
from registry.settings import Settings
from tests import cast, tables
from tests.filing import papers
from tests.portal.world import World
from tests.registry.test_looked_at import pdf

NAME = "承诺书 1.pdf"
PAGE = {"accept": "text/html"}


class Place:
    """A site with a place to look at files in, and a draft without a file."""

    def __init__(self, site: FastAPI) -> None:
        self.site, self.world = site, World(site)
        self.client = TestClient(site, follow_redirects=False)
        self.filer = self.world.member("enterprise-own", Role.FILER)
        with transaction(site.state.factory) as session:
            version = cast.version(session, self.filer.actor)
            filing = dossier.open_filing(session, by=self.filer.actor, version_id=version.id)
            dossier.fill(
                session,
                by=self.filer.actor,
                filing_id=filing.id,
                revision=filing.revision,
                answers=papers.answers(G1=papers.LOW),
            )
            made = papers.report(session, version, self.filer.actor, run=())
            dossier.attach(
                session,
                by=self.filer.actor,
                filing_id=filing.id,
                revision=filing.revision,
                report_id=made.id,
            )
            self.filing = filing.id

    def upload(self, content: bytes, name: str = NAME) -> Any:
        return self.client.post(
            f"/api/v1/filings/{self.filing}/files",
            params={"name": name},
            content=content,
            headers=self.filer.bearer | {"content-type": "application/pdf"},
        )

    def submit(self) -> None:
        with transaction(self.site.state.factory) as session:
            for action in (Action.CHECK, Action.SUBMIT):
                filing = session.get_one(Filing, self.filing)
                review.take(
                    session,
                    by=self.filer.actor,
                    filing_id=self.filing,
                    action=action,
                    revision=filing.revision,
                )

    def held(self) -> list[tuple[str, str]]:
        with self.site.state.factory() as session:
            found = session.scalars(select(EvidenceFile)).all()
            return [(each.name, each.kind) for each in found]


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    site = create_app(Settings(data=tmp_path / "data", sandbox_tier="auto", log_level="ERROR"))
    tables.make(site.state.engine)
    yield Place(site)
    site.state.engine.dispose()


def test_a_file_sent_by_the_api_is_named_submitted_and_opened_by_those_who_may(
    place: Place,
) -> None:
    made = place.upload(pdf())
    assert made.status_code == 201, made.text
    told = made.json()
    assert (told["kind"], told["pages"], told["name"]) == ("pdf", 2, NAME)
    here = f"/filings/{place.filing}"
    read = place.client.get(f"/api/v1{here}", headers=place.filer.bearer).json()
    named = {each: told[each] for each in ("name", "sha256", "size")} | {"page": 1}
    answer = {"statement": "true", "post": "总经理", "date": "2026-11-01", "file": named}
    filled = place.client.patch(
        f"/api/v1{here}/answers",
        json={"answers": {"A9": answer}, "revision": read["revision"]},
        headers=place.filer.bearer,
    )
    assert filled.status_code == 200, filled.text
    reviewer = place.world.member("authority-own", Role.REVIEWER)
    file = f"{here}/files/{told['sha256']}"
    early = place.client.get(f"/api/v1{file}", headers=reviewer.bearer)
    assert early.status_code == 403  # the authority reads what was submitted
    place.submit()
    for member in (place.filer, reviewer):
        for address in (f"/api/v1{file}", f"/zh{file}"):
            headers = member.browser if address.startswith("/zh") else member.bearer
            opened = place.client.get(address, headers=headers)
            assert opened.status_code == 200, (address, opened.text)
            assert opened.content == pdf()
            assert opened.headers["content-disposition"].startswith("attachment;")
            assert opened.headers["x-content-type-options"] == "nosniff"
            assert "sandbox" in opened.headers["content-security-policy"]
            assert opened.headers["cache-control"] == "no-store"
    stranger = place.world.member("enterprise-other", Role.FILER)
    idle = place.world.member("tester-own", Role.TESTER)  # nobody engaged it
    for member in (stranger, idle):
        refused = place.client.get(f"/api/v1{file}", headers=member.bearer)
        assert refused.status_code == 403
    assert place.client.get(f"/api/v1{file}").status_code == 401
    text = place.client.get(f"/zh/review/{place.filing}", headers=reviewer.browser | PAGE).text
    assert f"/zh{file}" in text


def test_what_is_no_document_is_refused_and_nothing_is_kept(place: Place) -> None:
    refused = place.upload(b"MZ a program", name="x.pdf")
    assert refused.status_code == 422
    assert "x.pdf" in refused.text
    assert place.held() == []


def _typed(place: Place, csrf: str) -> dict[str, str]:
    with place.site.state.factory() as session:
        revision = session.get_one(Filing, place.filing).revision
    return {
        "csrf": csrf,
        "group": "A",
        "revision": str(revision),
        "present/A9": "1",
        "a/A9/statement": "true",
        "a/A9/post": "总经理二",
        "a/A9/date": "2026-11-01",
        "a/A9/file/page": "2",
    }


def test_a_file_sent_by_the_page_is_kept_and_taken_off_again(place: Place) -> None:
    client, csrf = place.world.browser(place.filer)
    here = f"/zh/filings/{place.filing}/answers"
    sent = {"a/A9/file": (NAME, pdf(), "application/pdf")}
    taken = client.post(here, data=_typed(place, csrf), files=sent, headers=PAGE)
    assert taken.status_code == 303, taken.text
    assert place.held() == [(NAME, "pdf")]
    with place.site.state.factory() as session:
        file = session.get_one(Filing, place.filing).answers["A9"]["value"]["file"]
    assert file["page"] == 2
    page = client.get(f"/zh/filings/{place.filing}?group=A", headers=PAGE).text
    assert f"/files/{file['sha256']}" in page
    inputs = re.findall(r"<input[^>]* accept=[^>]*>", page)
    assert {tuple(re.findall(r'type="(\w+)"', each)) for each in inputs} == {("file",)}
    assert page.count('name="a/A9/file/page"') == page.count('name="a/A9/file/expires"') == 1
    assert page.count('/page"') == len(inputs)  # beside each file, and in no other box
    was = {f"a/A9/file/{each}": str(file[each]) for each in ("name", "sha256", "size")}
    off = _typed(place, csrf) | was | {"a/A9/file/off": "1"}
    taken = client.post(here, data=off, headers=PAGE)
    assert taken.status_code == 303, taken.text
    assert place.held() == []


def test_a_refused_file_leaves_what_was_typed_in_its_box(place: Place) -> None:
    client, csrf = place.world.browser(place.filer)
    sent = {"a/A9/file": ("x.pdf", b"MZ a program", "application/pdf")}
    answer = client.post(
        f"/zh/filings/{place.filing}/answers",
        data=_typed(place, csrf),
        files=sent,
        headers=PAGE,
    )
    assert answer.status_code == 422
    assert "总经理二" in answer.text
    assert "不是 PDF" in answer.text
    assert place.held() == []
