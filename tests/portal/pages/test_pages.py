"""Every page, in both languages, for everyone who may open it."""

import html
import json
import re

import pytest
from fastapi.testclient import TestClient

from evaluators.plan import Plan
from evaluators.running import engine
from filing.forms import current
from filing.law import FILING_STATEMENT, GRADE_STATEMENT, GRADING_STATEMENT, METHOD_STATEMENT
from filing.lifecycle import EVENT_NAMES
from portal.pages import report_view
from portal.pages.rendering import once_told
from registry import findings, journal, reports, untranslated, worklist
from registry.database import transaction
from registry.datasets import Dataset
from registry.engagements import Engagement
from registry.errors import Unavailable
from registry.evaluations import Evaluation
from registry.language import Language
from registry.organisations import Role
from registry.worklist import State
from tests.portal.pages.shelf import Shelf

PUBLIC = (
    "", "question", "catalogue", "catalogue?q=贷款&grade=high&page=2", "words", "about",
    "accessibility", "sign-in", "f/{slug}", "f/{slug}/v1", "reports/{report}",
)  # fmt: skip
SIGNED_IN = {
    Role.FILER: (
        "desk", "organisation", "submit", "versions/{version}", "versions/{version}/explain",
        "datasets/new", "explanations/{explanation}", "filings/{filing}",
        "engagements/{engagement}", "reports/{report}",
        *(f"filings/{{filing}}?group={group.id}" for group in current().groups),
    ),
    Role.TESTER: (
        "desk", "organisation", "engagements/{engagement}", "datasets/new", "datasets/{dataset}",
        "evaluations/{evaluation}", "reports/{report}",
        "evaluations/new?version={version}&dataset={dataset}&engagement={engagement}",
    ),
    Role.REVIEWER: ("desk", "organisation", "review/{filing}", "reports/{report}"),
}  # fmt: skip
FOLLOWED = re.compile(r'<a href="https?://[^"]*" rel="nofollow noopener">')
"""A link that somebody may follow: the page itself loads nothing from elsewhere."""
WITH_GRADE = ("f/{slug}", "f/{slug}/v1")
WITH_GRADES = ("catalogue", "about")
UNRENDERED = re.compile(r"\{\{|\}\}|\{%|%\}")
CJK = re.compile(r"[\u4e00-\u9fff]")


@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize("page", PUBLIC)
def test_a_public_page_renders_with_the_filing_statement_and_no_cookie(
    shelf: Shelf, reader: TestClient, language: str, page: str
) -> None:
    answer = reader.get(f"/{language}/{page.format(**shelf.made)}")
    assert answer.status_code == 200
    text = html.unescape(answer.text)
    assert getattr(FILING_STATEMENT, language) in text
    assert "set-cookie" not in answer.headers
    assert "<script" not in text
    assert not UNRENDERED.search(text)
    assert not re.search(r"(src|href)=\"(https?:)?//", FOLLOWED.sub("", text))
    if page in WITH_GRADE:
        assert getattr(GRADE_STATEMENT, language) in text
        assert getattr(METHOD_STATEMENT, language) in text
    if page in WITH_GRADES:
        assert getattr(GRADING_STATEMENT, language) in text


@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize(
    ("role", "page"), [(role, page) for role, pages in SIGNED_IN.items() for page in pages]
)
def test_a_signed_in_page_renders_with_the_filing_statement(
    shelf: Shelf, language: str, role: Role, page: str
) -> None:
    client, csrf = shelf.browser(role)
    answer = client.get(
        f"/{language}/{page.format(**shelf.made)}", headers={"accept": "text/html"}
    )
    assert answer.status_code == 200, answer.text
    assert getattr(FILING_STATEMENT, language) in html.unescape(answer.text)
    for form in re.findall(r'<form[^>]*method="post".*?</form>', answer.text, re.DOTALL):
        assert f'name="csrf" value="{csrf}"' in form


def test_a_report_says_what_is_declared_of_its_data(shelf: Shelf, reader: TestClient) -> None:
    text = html.unescape(reader.get(f"/zh/reports/{shelf.made['report']}").text)
    facts = dict(re.findall(r"<dt>([^<]*)</dt><dd>(.*?)</dd>", text))
    assert facts["数据来源"] == "合成数据"
    assert facts["怎样去标识化"] == "合成数据，没有真人"
    assert facts["重标识检查"].startswith("每一组都不少于 k")


@pytest.mark.parametrize(
    ("language", "said"),
    [
        ("zh", ("利害关系，备案主体说：", "谁付费：")),
        ("en", ("Ties, says the filer: ", "Who pays: ")),
    ],
)
def test_the_reviewer_reads_who_is_tied_to_whom_and_who_pays(
    shelf: Shelf, language: Language, said: tuple[str, str]
) -> None:
    """filing/S15: both were asked for with "this is published", and stood on no page."""
    client, _ = shelf.browser(Role.REVIEWER)
    address = f"/{language}/review/{shelf.made['filing']}"
    text = html.unescape(client.get(address, headers={"accept": "text/html"}).text)
    with shelf.site.state.factory() as session:
        engaged = session.get_one(Engagement, shelf.made["engagement"])
    ties, payer = said
    marked = once_told(engaged.conflict_filer, language)
    assert (untranslated.IN_CHINESE in marked) is (language == "en")
    assert f"{ties}<q>{marked}</q>" in text
    assert payer in text


def test_english_pages_are_in_english(shelf: Shelf, reader: TestClient) -> None:
    for page in ("", "question", "catalogue", "accessibility", "sign-in", "f/{slug}"):
        text = reader.get(f"/en/{page.format(**shelf.made)}").text
        main = text[text.index("<main") : text.index("</main>")]
        main = re.sub(r'<[^>]*lang="zh-CN"[^>]*>[^<]*<|<q>[^<]*</q>', "<", main)
        main = re.sub(r"[^;:<>]+\(in Chinese, not translated\)", "", main)
        words = [part.strip() for part in re.split(r"<[^>]*>", main) if CJK.search(part)]
        number = shelf.made["slug"].removeprefix("SH-")
        assert [part for part in words if number not in part] == [], page


@pytest.mark.parametrize("address", ["/zh/nowhere", "/zh/f/SH-2020-999999-X", "/en/reports/none"])
def test_what_is_not_there_is_a_404_page_in_the_readers_language(
    reader: TestClient, address: str
) -> None:
    answer = reader.get(address)
    assert answer.status_code == 404
    assert "<html" in answer.text


def test_the_printed_number_leads_to_the_address(shelf: Shelf, reader: TestClient) -> None:
    number = reader.get(f"/zh/f/{shelf.made['slug']}.json").json()["edition"]["number"]
    answer = reader.get(f"/zh/f/{number}")
    assert answer.status_code == 307
    assert answer.headers["location"] == f"/zh/f/{shelf.made['slug']}"


@pytest.mark.parametrize("language", ["zh", "en"])
def test_the_page_of_an_evaluation_says_what_the_run_takes(shelf: Shelf, language: str) -> None:
    with shelf.site.state.factory() as session:
        made = session.get_one(Evaluation, shelf.made["evaluation"])
        plan, rows = (
            Plan.parse(json.loads(made.plan)),
            session.get_one(Dataset, made.dataset_id).rows,
        )
    costs = [cost for cost in engine.costs(plan, rows, scored=True) if cost.notable]
    client, _ = shelf.browser(Role.TESTER)
    text = html.unescape(client.get(f"/{language}/evaluations/{made.id}").text)

    assert costs
    assert all(getattr(cost.said, language) in text for cost in costs)


@pytest.mark.parametrize(("language", "button"), [("zh", "继续"), ("en", "Let it go on")])
def test_the_page_of_a_parked_evaluation_says_why_and_has_the_button(
    shelf: Shelf, language: str, button: str
) -> None:
    """scale/1: parked and told, with the true cause."""
    why = worklist.error_as_json(Unavailable("存储拒绝了密钥。", "The store refuses the key."))
    with transaction(shelf.site.state.factory) as session:
        work = worklist.get(
            session, str(session.get_one(Evaluation, shelf.made["evaluation"]).work_id)
        )
        before, work.state, work.error = work.state, State.PARKED, why
    client, _ = shelf.browser(Role.TESTER)
    text = html.unescape(client.get(f"/{language}/evaluations/{shelf.made['evaluation']}").text)
    with transaction(shelf.site.state.factory) as session:
        again = worklist.get(session, work.id)
        again.state, again.error = before, None

    assert why[language] in text
    assert f"/{language}/worklist/{work.id}/resume" in text
    assert button in text


def test_the_start_page_counts_in_whole_sentences(reader: TestClient, shelf: Shelf) -> None:
    assert shelf.made["slug"]
    assert "1 filing on record." in reader.get("/en/").text
    assert "已公开 1 份备案。" in reader.get("/zh/").text


def test_where_a_page_shows_some_findings_it_shows_the_gravest(shelf: Shelf) -> None:
    with shelf.site.state.factory() as session:
        seen = report_view.view(
            reports.statement(reports.get(session, shelf.made["report"])), "zh"
        )
    for question in seen.questions:
        rows = report_view.gravest(question.rows[::-1])
        ranks = [findings.ORDER.index(row.verdict) for row in rows]
        assert ranks == sorted(ranks)
        assert len(rows) == len(question.rows)


def test_the_history_a_reviewer_reads_is_in_words(shelf: Shelf) -> None:
    client, _ = shelf.browser(Role.REVIEWER)
    text = client.get(f"/zh/review/{shelf.made['filing']}").text
    with shelf.site.state.factory() as session:
        names = {event.name for event in journal.history(session, shelf.made["filing"])}
    assert names
    for name in names:
        assert name not in text
        assert EVENT_NAMES[name].zh in text


@pytest.mark.parametrize("page", ["review/{filing}", "filings/{filing}?group=B"])
def test_what_the_platform_filled_in_reads_as_a_sentence(shelf: Shelf, page: str) -> None:
    role = Role.REVIEWER if page.startswith("review") else Role.FILER
    text = shelf.browser(role)[0].get(f"/zh/{page.format(**shelf.made)}").text
    assert "credit-approval 第1版，校验值 sha256:" in html.unescape(text)


def test_an_address_without_a_language_leads_to_the_page_in_the_readers(
    shelf: Shelf, reader: TestClient
) -> None:
    slug = shelf.made["slug"]
    for asked, language in (("en", "en"), ("zh-CN", "zh"), ("", "zh")):
        found = reader.get(f"/f/{slug}", headers={"accept-language": asked})
        assert (found.status_code, found.headers["location"]) == (307, f"/{language}/f/{slug}")
    assert reader.get("/f/SH-2026-999999-X").status_code == 404
