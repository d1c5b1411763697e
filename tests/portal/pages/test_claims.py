"""Item 5: one test walks every fixed statement of every public template against a false record."""

import html
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from filing import catalogue
from portal.app import create_app
from portal.pages import rendering
from registry import explanations, reports
from registry.database import Record, now
from registry.settings import Settings
from tests.portal.pages.claims import CLAIMS, GENERAL, PUBLIC_TEMPLATES, Claim
from tests.portal.pages.records import LATER, Records
from tests.portal.pages.shelf import Shelf

TEMPLATES = Path(rendering.__file__).parent / "templates"
PAIR = re.compile(r"""\bt\(\s*'((?:[^'\\]|\\.)*)',\s*'((?:[^'\\]|\\.)*)'\s*\)""", re.DOTALL)
COMMENT = re.compile(r"\{#.*?#\}", re.DOTALL)
LABEL = 8
"""A short piece without a word that denies, counts or judges is a label."""
TELLING = re.compile("[没不无已未是有就都过还]|第三方|自行|签章|针对|较早|变更中")
CJK = re.compile("[\u4e00-\u9fff]")
OUTSIDE = {"算", "已公开", "份备案。", "中文", "†"}
"""Chinese that stands in a template outside of a pair."""


@pytest.fixture(scope="module")
def records(shelf: Shelf, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Records]:
    """Filings of every kind, on a register of their own."""
    with shelf.site.state.factory() as session:
        predicate = reports.statement(reports.get(session, shelf.made["report"]))["predicate"]
        explained = explanations.get(session, shelf.made["explanation"])
    folder = tmp_path_factory.mktemp("records")
    app = create_app(Settings(data=folder / "data", sandbox_tier="none"))
    Record.metadata.create_all(app.state.engine)
    yield Records(app, predicate, explained)
    app.state.engine.dispose()


def page(records: Records, monkeypatch: pytest.MonkeyPatch, name: str, language: str) -> str:
    """The page of a record, or of its report, or its line in the catalogue; now or later."""
    kind, _, rest = name.rpartition(":")
    with monkeypatch.context() as patched:
        if kind.startswith("later"):
            moment = now() + LATER
            patched.setattr(catalogue, "now", lambda: moment)
        if kind.endswith("line"):
            address = f"catalogue?q={records.numbers[rest]}"
        elif kind == "report":
            address = f"reports/{records.reports[rest]}"
        else:
            address = records.pages.get(rest, rest) + ("/v1" if kind == "first" else "")
        with TestClient(records.site, headers={"accept": "text/html"}) as reader:
            answer = reader.get(f"/{language}/{address}")
    assert answer.status_code == 200, name
    return " ".join(html.unescape(answer.text).split())


def says(text: str, claim: str) -> bool:
    """Whether a page has a sentence; `%s` stands for what the record fills in."""
    pieces = (re.escape(" ".join(each.split())) for each in claim.strip().split("%s"))
    return re.search(r"[^<>]{1,40}?".join(pieces), text) is not None


@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize("claim", CLAIMS, ids=lambda each: f"{each.zh}-{each.false_in}")
def test_a_statement_stands_where_it_is_true_and_nowhere_else(
    records: Records, monkeypatch: pytest.MonkeyPatch, claim: Claim, language: str
) -> None:
    """filing/S8 S9 S10 B2 S15, public/P1 P3: a sentence is made from the record."""
    sentence = getattr(claim, language)
    assert says(page(records, monkeypatch, claim.true_in, language), sentence)
    assert not says(page(records, monkeypatch, claim.false_in, language), sentence)


def pairs(template: str) -> list[tuple[str, str]]:
    """What a template says in both languages, labels aside."""
    text = COMMENT.sub("", (TEMPLATES / f"{template}.html").read_text(encoding="utf-8"))
    return [(zh, en) for zh, en in PAIR.findall(text) if len(zh) > LABEL or TELLING.search(zh)]


@pytest.mark.parametrize("template", PUBLIC_TEMPLATES)
def test_every_sentence_of_a_public_template_is_in_a_table(template: str) -> None:
    """A new sentence goes into CLAIMS with a record of which it is false, or into GENERAL."""
    known = GENERAL | {re.sub("<[^>]*>", "", claim.zh) for claim in CLAIMS}
    assert [zh for zh, _ in pairs(template) if zh not in known] == []


@pytest.mark.parametrize("template", PUBLIC_TEMPLATES)
def test_no_public_template_says_anything_outside_of_a_pair(template: str) -> None:
    """Chinese outside of `t(…)` would escape the tables, and has no English."""
    text = COMMENT.sub("", (TEMPLATES / f"{template}.html").read_text(encoding="utf-8"))
    left = re.sub(r"\{%.*?%\}|\{\{.*?\}\}", " ", PAIR.sub("", text), flags=re.DOTALL)
    words = {each for each in re.split(r"[\s<>\"=]+", left) if CJK.search(each)}
    assert words <= OUTSIDE


def test_the_tables_hold_nothing_that_no_template_says() -> None:
    """What is no longer said is taken out of the tables."""
    said = {zh for template in PUBLIC_TEMPLATES for zh, _ in pairs(template)}
    assert [each for each in GENERAL if each not in said] == []


@pytest.mark.parametrize("language", ["zh", "en"])
def test_every_filing_says_what_the_start_page_promises_of_it(
    records: Records, monkeypatch: pytest.MonkeyPatch, language: str
) -> None:
    """public/P3: whether it was evaluated and by whom, and who wrote its explanation."""
    evaluated = {"zh": "第三方评估|自行评估|没有附评估报告", "en": "evaluation"}[language]
    explained = {
        "zh": "算法说明(讲的|由备案主体|没有写全)",
        "en": "the explanation (is|was|lacks)",
    }
    for name in records.pages:
        text = page(records, monkeypatch, name, language)
        assert re.search(evaluated, text), name
        assert re.search(explained[language], text), name


@pytest.mark.parametrize("language", ["zh", "en"])
def test_no_badge_praises(
    records: Records, monkeypatch: pytest.MonkeyPatch, language: str
) -> None:
    """public/P1, filing/A15: about whatever record, no label on filing or hit reads as passed."""
    for name in records.pages:
        for place in (name, f"line:{name}"):
            text = page(records, monkeypatch, place, language)
            shown = text if "line:" in place else text[: text.index('id="glance"')]
            assert 'class="badge good"' not in shown, place


def test_what_lies_beyond_a_line_stands_before_every_badge(
    records: Records, monkeypatch: pytest.MonkeyPatch
) -> None:
    """public/P1: on the page and on the line; at most three are named, the rest counted."""
    text = page(records, monkeypatch, "far beyond", "zh")
    assert text.index('id="beyond"') < text.index('class="badge')
    notice = text[text.index('id="beyond"') : text.index("</section>", text.index('id="beyond"'))]
    assert notice.count("<li>") == 4
    assert "还有 2 项" in notice
    assert notice.count("每100人约") == 6
    listed = page(records, monkeypatch, "line:far beyond", "zh")
    assert 'class="badge bad">评估发现：差异超过界线5项' in listed
    assert listed.index("badge bad") < listed.index('class="badge "')


def test_a_link_cannot_make_the_register_say_that_something_was_done(
    records: Records, monkeypatch: pytest.MonkeyPatch
) -> None:
    """public/P8: `?done=` is nothing; the word goes with the browser that made the change, once."""
    for address in (records.pages["clear"], "", "catalogue"):
        text = page(records, monkeypatch, f"{address}?done=approved", "zh")
        assert "notice good" not in text
    answer = rendering.go("/zh/desk", "approved")
    assert "done" not in answer.headers["location"]
    cookie = answer.headers["set-cookie"]
    assert "httponly" in cookie.lower()
    assert "samesite=strict" in cookie.lower()
    with TestClient(records.site, headers={"accept": "text/html"}) as reader:
        reader.cookies.set(rendering.DONE_COOKIE, "approved")
        first = reader.get("/zh/about")
        assert "说明已确认。" in first.text
        assert 'mingsuan-done=""' in first.headers["set-cookie"]
