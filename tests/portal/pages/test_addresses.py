"""Addresses that last: each answers, and says today's standing or the bytes of an edition."""

import hashlib
import html
import re
from base64 import b64encode
from xml.etree import ElementTree as ET

import pytest
from fastapi.testclient import TestClient

from filing.dossier import Filing
from portal.app import create_app
from portal.pages import addresses, public
from registry import attestation
from registry.database import transaction
from registry.settings import Settings
from tests.filing.papers import Scene
from tests.portal.published import Published, publish

PUBLIC = "https://register.example"
LOCATION = f".//{{{addresses.SITEMAP}}}loc"


@pytest.fixture
def known(published: Published) -> TestClient:
    """The same register, whose public address somebody has said."""
    settings = published.site.state.settings.model_copy(update={"base_url": f"{PUBLIC}/"})
    return TestClient(create_app(settings), follow_redirects=False)


def test_an_address_without_a_language_answers_in_the_readers_own(published: Published) -> None:
    server = published.servers[0]
    for rest in ("", "/v1"):
        for wanted, language in (("en-GB", "en"), ("zh-CN", "zh"), ("fr", "zh")):
            answer = server.get(
                f"/f/{published.slug}{rest}",
                headers={"accept-language": wanted},
                follow_redirects=False,
            )
            assert answer.status_code == 307
            assert answer.headers["location"] == f"/{language}/f/{published.slug}{rest}"
            assert "Accept-Language" in answer.headers["vary"]


def test_the_bytes_of_an_edition_are_those_of_its_digest_and_never_change(
    published: Published,
) -> None:
    server = published.servers[0]
    here = f"/f/{published.slug}/v1.json"
    before = server.get(here)
    assert attestation.sha256(before.content) == server.get(f"{here[:-8]}.json").json()["digest"]
    assert before.headers["cache-control"] == "public, max-age=31536000, immutable"
    with transaction(published.site.state.factory) as session:
        scene = Scene(session)
        scene.rule(session.get_one(Filing, published.filing_id), "revoke", reason="查出了问题")
    after = server.get(here)
    assert after.content == before.content
    assert after.headers["etag"] == before.headers["etag"]
    assert "撤销" in server.get(f"{published.page}/v1").text
    assert server.get(f"/f/{published.slug}.json").json()["standing"]["status"]["id"] == "revoked"


@pytest.mark.parametrize(
    "wrong",
    [
        "v2.json",
        "v0.json",
        "vx.json",
        "v01.json",
        "v01",
        "v١",
        "v1_0",
        f"v{10**30}.json",
        "v1.jsonx",
    ],
)
def test_an_edition_that_is_not_there_is_not_found(published: Published, wrong: str) -> None:
    answer = published.servers[0].get(f"/f/{published.slug}/{wrong}")
    assert answer.status_code in (404, 422)
    assert answer.json()["detail"]["zh"] if isinstance(answer.json()["detail"], dict) else True


def test_the_twin_names_where_the_rest_is_and_each_answers(published: Published) -> None:
    server = published.servers[0]
    twin = server.get(f"/f/{published.slug}.json").json()
    assert twin["explanation"] is None
    places = twin["addresses"]
    for address in (places["page"], places["edition"], places["history"], *places["reports"]):
        assert server.get(address).status_code == 200, address
    assert server.get(f"{published.page}.json").json() == twin


@pytest.mark.parametrize(
    ("page", "twin", "holds"),
    [
        ("/zh/words", "/zh/words.json", "words"),
        ("/en/about", "/en/about.json", "rules"),
        ("/zh/question", "/zh/question.json", "cases"),
        ("/zh/catalogue?q=x", "/zh/catalogue.json?q=x", "hits"),
    ],
)
def test_a_page_links_its_twin(published: Published, page: str, twin: str, holds: str) -> None:
    server = published.servers[0]
    assert f'rel="alternate" type="application/json" href="{twin}"' in server.get(page).text
    assert holds in server.get(twin).json()


def test_a_later_page_of_a_search_links_the_twin_of_that_page(
    published: Published, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Findings of a stranger, C10: from page 2 on the link led to page 1."""
    monkeypatch.setattr(public, "PAGE_SIZE", 1)
    with transaction(published.site.state.factory) as session:
        publish(Scene(session))
    server = published.servers[0]
    page = server.get("/zh/catalogue?q=%E8%B4%B7&page=2").text
    twin = html.unescape(re.findall(r'type="application/json" href="([^"]*)"', page)[0])
    told = server.get(twin).json()
    assert told["page"] == 2
    assert f"<code>{told['hits'][0]['number']}</code>" in page


def test_a_case_of_a_question_leads_to_the_filings_it_counts(published: Published) -> None:
    server = published.servers[0]
    for case in server.get("/zh/question.json").json()["cases"]:
        assert server.get(case["catalogue"]).json()["total"] == case["total"]


def test_the_qr_code_stands_only_where_the_public_address_is_known(
    published: Published, known: TestClient
) -> None:
    assert 'class="qr"' not in published.servers[0].get(published.page).text
    page = known.get(published.page).text
    assert f"<title>{PUBLIC}/f/{published.slug}</title>" in page
    assert 'class="qr"' in page
    assert page.count(f'<link rel="canonical" href="{PUBLIC}{published.page}">') == 1


LOCAL = (
    "http://127.0.0.1:8080", "http://localhost", "http://[::1]:80/", "http://0.0.0.0:8080",
    "http://127.9.9.9", "https://demo.localhost.", "",
)  # fmt: skip


@pytest.mark.parametrize("address", LOCAL)
def test_no_address_of_the_reader_s_own_machine_is_printed_as_the_public_one(
    published: Published, address: str
) -> None:
    """By whoever scans it, it leads to their own telephone."""
    settings = published.site.state.settings.model_copy(update={"base_url": address})
    local = TestClient(create_app(settings))
    page = local.get(published.page).text
    assert 'class="qr"' not in page
    assert 'rel="canonical"' not in page
    assert "所以这里没有二维码" in page
    assert "Sitemap" not in local.get("/robots.txt").text
    local.app.state.engine.dispose()  # type: ignore[attr-defined]


def test_an_address_of_one_s_own_network_is_printed() -> None:
    for address in ("http://10.0.0.5", "https://register.gov.example/", "http://registry:8080"):
        assert Settings(base_url=address).printed_url == address.rstrip("/")


def test_a_request_cannot_choose_the_address_that_is_printed(
    published: Published, known: TestClient
) -> None:
    for server in (known, published.servers[0]):
        page = server.get(published.page, headers={"host": "evil.example"}).text
        assert "evil.example" not in page


def test_search_engines_find_every_filing_in_both_languages(
    published: Published, known: TestClient
) -> None:
    assert f"Sitemap: {PUBLIC}/sitemap.xml" in known.get("/robots.txt").text
    assert "Sitemap" not in published.servers[0].get("/robots.txt").text
    index = ET.fromstring(known.get("/sitemap.xml").content)
    parts = [each.text or "" for each in index.findall(LOCATION)]
    assert parts == [f"{PUBLIC}/sitemap-1.xml"]
    urls = ET.fromstring(known.get("/sitemap-1.xml").content)
    named = [each.text or "" for each in urls.findall(LOCATION)]
    assert f"{PUBLIC}/zh/f/{published.slug}" in named
    assert f"{PUBLIC}/en/f/{published.slug}" in named
    for address in named:
        assert known.get(address.removeprefix(PUBLIC)).status_code == 200, address
    for wrong in ("0", "2", "x", "9" * 40):
        assert known.get(f"/sitemap-{wrong}.xml").status_code == 404


def test_a_part_of_the_sitemap_holds_what_a_sitemap_may(
    published: Published, known: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    room = len(addresses.FIXED) + addresses.MOST_CATALOGUES + 1
    monkeypatch.setattr(addresses, "MOST_IN_A_SITEMAP", 2 * room)
    with transaction(published.site.state.factory) as session:
        publish(Scene(session))
    index = ET.fromstring(known.get("/sitemap.xml").content)
    assert len(index.findall(LOCATION)) == 2
    counted = [
        len(ET.fromstring(known.get(f"/sitemap-{part}.xml").content).findall(LOCATION))
        for part in (1, 2)
    ]
    assert counted == [2 * (len(addresses.FIXED) + 1), 2]


def test_what_is_not_found_offers_the_search(published: Published) -> None:
    server = published.servers[0]
    for language, word in (("zh", "查找"), ("en", "Search")):
        answer = server.get(f"/{language}/no-such-page", headers={"accept": "text/html"})
        assert answer.status_code == 404
        assert 'role="search"' in answer.text
        assert word in answer.text


def test_the_settings_of_the_site_are_not_changed_by_a_trailing_slash(known: TestClient) -> None:
    assert "//sitemap" not in known.get("/robots.txt").text.replace("https://", "")


def test_a_digest_in_a_header_is_of_the_bytes_that_are_sent(published: Published) -> None:
    """RFC 9530: in base64, and of a packed answer it would be another."""
    server, address = published.servers[0], f"/api/v1/catalogue/{published.slug}/edition"
    for _ in range(2):  # made, and kept
        plain = server.get(address, headers={"accept-encoding": "identity"})
        digest = b64encode(hashlib.sha256(plain.content).digest()).decode()
        assert plain.headers["repr-digest"] == f"sha-256=:{digest}:"
        assert (
            "repr-digest" not in server.get(address, headers={"accept-encoding": "gzip"}).headers
        )


def test_a_part_of_the_sitemap_has_one_address(published: Published) -> None:
    server = published.servers[0]
    told = [server.get(f"/sitemap-{part}.xml").status_code for part in ("1", "01", "١", "0")]
    assert told == [200, 404, 404, 404]


def test_what_is_not_there_is_kept_by_nobody_and_told_by_what_was_asked_for(
    published: Published,
) -> None:
    for accept in ("text/html", "application/json"):
        answer = published.servers[0].get("/zh/nowhere", headers={"accept": accept})
        assert answer.status_code == 404
        assert answer.headers["cache-control"] == "no-store"
        assert answer.headers["vary"] == "Accept, Accept-Language"


def test_the_description_of_the_api_is_packed_and_has_a_tag(published: Published) -> None:
    server = published.servers[0]
    for address in ("/api/v1/openapi.json", "/api/v1/docs"):
        answer = server.get(address, headers={"accept-encoding": "gzip"})
        assert answer.headers["content-encoding"] == "gzip"
        known = {"if-none-match": answer.headers["etag"]}
        assert server.get(address, headers=known).status_code == 304
