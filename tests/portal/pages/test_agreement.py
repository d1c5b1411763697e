"""Page, report and verdict agree; validators follow the standing; every record has a twin."""

import html
import re
from collections import Counter
from typing import Any

import pytest
from fastapi.testclient import TestClient

from evaluators.judging import conclusions
from filing import review
from filing.lifecycle import Action
from portal.pages import report_view
from portal.pages.rendering import environment
from registry import datasets, reports
from registry.database import transaction
from registry.explanations import Explanation
from registry.findings import Verdict
from registry.language import LANGUAGES, Language
from registry.organisations import Role
from registry.submission import Version
from tests import cast
from tests.portal.pages.shelf import Shelf


def findings(shelf: Shelf) -> list[dict[str, Any]]:
    """What the signed statement holds."""
    with shelf.site.state.factory() as session:
        return reports.findings(reports.get(session, shelf.made["report"]))


def words(verdict: str, language: Language) -> str:
    """The verdict as the pages say it."""
    macros = environment(language).get_template("macros.html").module
    return re.sub(r"<[^>]*>", "", macros.verdict(verdict)).strip()  # type: ignore[attr-defined]


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_report_page_shows_exactly_the_signed_verdicts(
    shelf: Shelf, reader: TestClient, language: Language
) -> None:
    text = html.unescape(reader.get(f"/{language}/reports/{shelf.made['report']}").text)
    tables = "".join(re.findall(r'<table class="stack">.*?</table>', text, re.DOTALL))
    shown = Counter(re.findall(r'<span class="badge [a-z]*">([^<]*)</span>', tables))
    signed = Counter(conclusions.of(each).in_(language) for each in findings(shelf))
    assert shown == signed


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_filed_page_shows_exactly_the_signed_verdicts(
    shelf: Shelf, reader: TestClient, language: Language
) -> None:
    text = html.unescape(reader.get(f"/{language}/f/{shelf.made['slug']}").text)
    part = text[text.index('id="evaluation"') : text.index('id="filing"')]
    counted = re.findall(r'<span class="badge [a-z]*">([^<]*)</span>\s*× (\d+)', part)
    signed = Counter(words(each["verdict"], language) for each in findings(shelf))
    assert {name: int(count) for name, count in counted} == signed
    for each in findings(shelf)[:4]:
        assert each["reading"][language] in part
        assert each["limit"][language] in part


def test_every_verdict_and_probe_has_words_in_both_languages() -> None:
    for verdict in Verdict:
        assert words(verdict.value, "zh") != words(verdict.value, "en")
    for probe in ("selection_parity", "error_parity", "counterfactual_flip", "proxy_leakage",
                  "price_counterfactual", "price_observational"):  # fmt: skip
        assert report_view.PROBES[probe].en


def test_the_filed_page_has_a_strong_validator_that_follows_the_standing(
    shelf: Shelf, reader: TestClient
) -> None:
    address = f"/zh/f/{shelf.made['slug']}"
    before = reader.get(address).headers["etag"]
    assert re.fullmatch(r'W/"[0-9a-f]{32}"', before)
    assert reader.get(address, headers={"if-none-match": before}).status_code == 304
    assert reader.get(f"/en/f/{shelf.made['slug']}").headers["etag"] != before
    with transaction(shelf.site.state.factory) as session:
        newer = cast.version(session, shelf.actor(Role.FILER), name="credit-approval", mark="2")
        newer_id = newer.id
    with transaction(shelf.site.state.factory) as session:
        filing = shelf.filing(session)
        shelf.take(session, filing, Role.FILER, Action.AMEND)
    # filing/S11: what is only drafted changes nothing in public; what is submitted does.
    assert reader.get(address, headers={"if-none-match": before}).status_code == 304
    with transaction(shelf.site.state.factory) as session:
        filing = shelf.filing(session)
        review.take(
            session,
            by=shelf.actor(Role.FILER),
            filing_id=filing.id,
            revision=filing.revision,
            action=Action.SUBMIT,
            reason={"zh": "改了说明"},
        )
    after = reader.get(address, headers={"if-none-match": before})
    assert after.status_code == 200
    assert after.headers["etag"] != before
    with transaction(shelf.site.state.factory) as session:
        shelf.take(session, shelf.filing(session), Role.FILER, Action.ABANDON)
        session.delete(session.get_one(Version, newer_id))


@pytest.mark.parametrize(
    "twin",
    ["f/{slug}.json", "f/{slug}/v1.json", "reports/{report}.json", "catalogue.json?q=房贷"],
)
def test_a_public_record_has_a_json_twin(shelf: Shelf, reader: TestClient, twin: str) -> None:
    answer = reader.get(f"/zh/{twin.format(**shelf.made)}")
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("application/json")
    assert answer.json()


@pytest.mark.parametrize(
    ("role", "twin"),
    [
        (Role.FILER, "versions/{version}.json"),
        (Role.FILER, "explanations/{explanation}.json"),
        (Role.FILER, "filings/{filing}.json"),
        (Role.TESTER, "datasets/{dataset}.json"),
        (Role.TESTER, "evaluations/{evaluation}.json"),
        (Role.TESTER, "engagements/{engagement}.json"),
    ],
)
def test_a_working_record_has_a_json_twin_for_those_who_may_read_it(
    shelf: Shelf, reader: TestClient, role: Role, twin: str
) -> None:
    address = f"/zh/{twin.format(**shelf.made)}"
    for place, status in (("own", 200), ("other", 403)):
        client, _ = shelf.browser(role, place)
        answer = client.get(address, follow_redirects=True)
        assert answer.status_code == status, answer.text
        assert "json" in answer.headers["content-type"]
    assert reader.get(address, follow_redirects=True).status_code == 401


@pytest.mark.parametrize(
    ("language", "said"),
    [("zh", "评估用的是另一份数据"), ("en", "evaluation below used other data")],
)
def test_the_filed_page_says_when_report_and_explanation_rest_on_other_data(
    shelf: Shelf, reader: TestClient, language: Language, said: str
) -> None:
    with shelf.site.state.factory() as session:
        report = reports.get(session, shelf.made["report"])
        tested = reports.statement(report)["predicate"]["data"]["digest"]
        explained = session.get_one(Explanation, shelf.made["explanation"])
        told = datasets.get(session, explained.dataset_id).digest
    page = html.unescape(reader.get(f"/{language}/f/{shelf.made['slug']}").text)

    assert (said in page) == (tested != told)
