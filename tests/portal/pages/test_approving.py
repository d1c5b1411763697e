"""The page on which a filer confirms an explanation: the public's text, and what stands against it."""

import html
from typing import Any

import pytest

from filing import dossier
from filing.dossier import Filing
from filing.lifecycle import Action
from registry.contradictions import Contradiction, Kind
from registry.database import transaction
from registry.explanations import Explanation
from registry.language import Text
from registry.organisations import Role
from registry.submission import Version
from tests import cast
from tests.filing import papers
from tests.filing.test_declared import CONTENT, fact
from tests.portal.pages.shelf import Shelf

PAGE = {"accept": "text/html"}
INCOME = Contradiction(
    Kind.DIRECTION,
    "columns.atotinc",
    Text("说明的计划里，每月收入", "In the plan of the explanation, monthly income"),
    ("atotinc",),
    Text("高的时候，结果更差", "when higher, the result gets worse"),
    Text("试了900次，900次更容易得到有利的结果，0次更难", "of 900 tests, 900 better, 0 worse"),
    900,
)
BOX = f"differing/{INCOME.id}"
WHY = "写的是单位制度的本意，模型还没有照着改好。"


@pytest.fixture
def waiting(shelf: Shelf) -> str:
    """An explanation that nobody has confirmed, with one contradiction and nothing else amiss."""
    return _made(shelf, contradictions=[INCOME.as_json()])


def _made(shelf: Shelf, **changed: Any) -> str:
    with transaction(shelf.site.state.factory) as session:
        told = session.get_one(Explanation, shelf.made["explanation"])
        version = session.get_one(Version, shelf.made["version"])
        made = papers.explanation(session, version, shelf.actor(Role.FILER))
        made.approved, made.plan, made.report_id = None, told.plan, shelf.made["report"]
        written: dict[str, Any] = told.content or {}
        read = {lang: {**written["readability"][lang]} for lang in ("zh", "en")}
        for each in read.values():
            each["remarks"] = [one for one in each["remarks"] if one["severity"] != "block"]
        made.content = {**written, "readability": read, **changed}
        return made.id


def confirm(shelf: Shelf, made: str, **typed: str) -> Any:
    client, csrf = shelf.browser(Role.FILER)
    return client.post(
        f"/zh/explanations/{made}/approve", data={"csrf": csrf, **typed}, headers=PAGE
    )


def test_a_contradiction_stands_beside_the_text_and_stops_it(shelf: Shelf, waiting: str) -> None:
    client, _ = shelf.browser(Role.FILER)
    page = html.unescape(client.get(f"/zh/explanations/{waiting}", headers=PAGE).text)
    assert INCOME.said.zh in page
    assert f'name="{BOX}"' in page
    assert "好不好读" in page
    refused = confirm(shelf, waiting)
    assert refused.status_code == 409
    assert f'<a href="#f-{BOX}">' in refused.text.replace("%3A", ":")
    with transaction(shelf.site.state.factory) as session:
        assert session.get_one(Explanation, waiting).approved is None
    unfit = confirm(shelf, waiting, **{BOX: "因为"})
    assert unfit.status_code == 422
    assert ">因为</textarea>" in unfit.text


def test_a_contradiction_that_is_kept_is_read_with_its_reason(shelf: Shelf, waiting: str) -> None:
    assert confirm(shelf, waiting, **{BOX: WHY}).status_code == 303
    client, _ = shelf.browser(Role.FILER)
    for language, note in (("zh", ""), ("en", "not translated")):
        page = html.unescape(client.get(f"/{language}/explanations/{waiting}", headers=PAGE).text)
        assert INCOME.said.zh in page if language == "zh" else INCOME.said.en in page
        assert WHY in page
        assert note in page
    api = client.get(f"/api/v1/explanations/{waiting}").json()
    (kept,) = api["overruled"]["contradictions"]
    assert kept["reason"]["zh"] == WHY
    assert kept["n"] == 900


def test_a_question_without_an_answer_leaves_no_button_to_confirm(shelf: Shelf) -> None:
    made = _made(shelf, missing=["who"])
    client, _ = shelf.browser(Role.FILER)
    page = client.get(f"/zh/explanations/{made}", headers=PAGE).text
    assert "还不能确认。请补齐计划，再生成一次：谁在用它？" in page
    assert f"/explanations/{made}/approve" not in page
    assert confirm(shelf, made).status_code == 409


def test_the_reviewer_reads_what_is_kept(shelf: Shelf) -> None:
    kept = {"contradictions": [INCOME.as_json() | {"reason": {"zh": WHY, "en": ""}}]}
    with transaction(shelf.site.state.factory) as session:
        told = session.get_one(Explanation, shelf.made["explanation"])
        before, told.overruled = told.overruled, kept
    client, _ = shelf.browser(Role.REVIEWER)
    page = html.unescape(client.get(f"/zh/review/{shelf.made['filing']}", headers=PAGE).text)
    with transaction(shelf.site.state.factory) as session:
        session.get_one(Explanation, shelf.made["explanation"]).overruled = before
    assert INCOME.said.zh in page
    assert WHY in page


def test_the_form_says_what_a_column_is_said_to_do(shelf: Shelf) -> None:
    client, _ = shelf.browser(Role.FILER)
    page = client.get(f"/zh/versions/{shelf.made['version']}/explain", headers=PAGE).text
    for value in ("better", "worse", "mixed", "none", "not_used", "strong", "medium", "weak"):
        assert f'<option value="{value}">' in page


def test_a_filing_is_submitted_on_its_page_with_a_reason_for_each_contradiction(
    shelf: Shelf,
) -> None:
    """What H5 declares otherwise than it was measured: boxes for the filer, the reason for the reviewer."""
    by = shelf.actor(Role.FILER)
    with transaction(shelf.site.state.factory) as session:
        version = cast.version(session, by, name="declared-otherwise")
        worse = [{"what": {"zh": "收入越高", "en": "higher income"}, "effect": "worse"}]
        filing = dossier.open_filing(session, by=by, version_id=version.id)
        change: dict[str, Any] = {"session": session, "by": by, "filing_id": filing.id}
        uses = {
            "zh": "收入怎么算，另有说明。不看天气。",
            "en": "How income is counted is told elsewhere.",
        }
        answers = papers.answers(H5=worse, H4=uses)
        dossier.fill(**change, revision=filing.revision, answers=answers)
        made = papers.explanation(session, version, by)
        made.content = CONTENT
        report = papers.report(session, version, shelf.actor(Role.TESTER))
        dossier.attach(
            **change, revision=filing.revision, report_id=report.id, explanation_id=made.id
        )
        shelf.take(session, filing, Role.FILER, Action.CHECK)
        filing_id, revision = filing.id, filing.revision
    client, csrf = shelf.browser(Role.FILER)
    box = "differing/direction:H5.1"
    page = html.unescape(client.get(f"/zh/filings/{filing_id}", headers=PAGE).text)
    assert "H5（什么会改变结果）第1行，备案主体写的是“收入越高：结果更差”" in page
    assert f'name="{box}"' in page
    assert "提到测过的信息、没有对照的：1句。" in page  # and not that it agrees
    assert "<q>收入怎么算，另有说明。</q><ul><li>收入：试了900次" in page
    address = f"/zh/filings/{filing_id}/steps/submit"
    sent = {"csrf": csrf, "revision": str(revision)}
    refused = client.post(address, data=sent, headers=PAGE)
    assert refused.status_code in (409, 422)
    assert f'<a href="#f-{box}">' in refused.text.replace("%3A", ":")
    done = client.post(address, data={**sent, box: WHY}, headers=PAGE)
    assert done.status_code == 303, done.text
    with transaction(shelf.site.state.factory) as session:  # their texts are sketches
        kept = session.get_one(Filing, filing_id)
        kept.report_ids, kept.explanation_id = [], None
    read, _ = shelf.browser(Role.REVIEWER)
    review = html.unescape(read.get(f"/zh/review/{filing_id}", headers=PAGE).text)
    assert WHY in review
    assert "试了900次" in review


WORDS = {
    "decided": {"zh": "给申请打分。每月收入怎么算，另有说明。", "en": "It scores applications."},
    "who": {"zh": "贷款部门在用，不看每月收入。", "en": "The loan office."},
    "object": {
        "zh": "写信来。每月收入多少都可以申请重审。",
        "en": "Write to us; it treats everyone alike.",
    },
}


def test_the_filer_reads_beside_the_tests_what_it_wrote_for_the_explanation(shelf: Shelf) -> None:
    """All three texts: what differs is named before it is filed, and the rest is left to be compared."""
    made = _made(shelf, contradictions=[], measured=[fact("atotinc", "up", 900, 0, 300, 30)])
    with transaction(shelf.site.state.factory) as session:
        row = session.get_one(Explanation, made)
        row.plan = {**row.plan, "declared": WORDS}
    client, _ = shelf.browser(Role.FILER)
    page = html.unescape(client.get(f"/zh/explanations/{made}", headers=PAGE).text)
    part = page[page.index('id="to-compare"') :].partition("</section>")[0]
    assert "您为说明写的话里，有1句话" in part
    assert "不一样的，备案时要改正，或者写明理由" in part
    assert "说明里的“谁在用它”，备案主体写的是“贷款部门在用，不看每月收入”" in part
    assert "说明里的“它决定我的什么事？” <q>每月收入怎么算，另有说明。</q>" in part
    assert "说明里的“我不同意，怎么办？” <q>每月收入多少都可以申请重审。</q>" in part
    with transaction(shelf.site.state.factory) as session:
        session.get_one(Explanation, made).plan = row.plan | {"declared": {}}
    assert 'id="to-compare"' not in client.get(f"/zh/explanations/{made}", headers=PAGE).text
