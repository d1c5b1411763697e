"""Item 5: one test walks every fixed statement of every public template against a false record."""

import html
import re
from collections.abc import Callable, Iterator
from functools import cache, partial
from typing import Any

import pytest
from fastapi.testclient import TestClient
from jinja2 import Environment
from sqlalchemy import select

from filing import catalogue
from portal.pages import rendering
from portal.web import page_cache
from registry import legal_day, untranslated
from registry.database import now, transaction
from registry.datasets import Dataset
from tests import public_pages
from tests.portal.pages import sentences
from tests.portal.pages.claims import CLAIMS, GENERAL, PUBLIC_TEMPLATES, Claim
from tests.portal.pages.records import LATER, Records
from tests.portal.pages.sentences import TEMPLATES
from tests.portal.pages.wording import IN_CODE, IN_TEMPLATES

LABEL = 8
"""A short piece without a word that denies, counts or judges is a label."""
TELLING = re.compile("[没不无已未是有就都过还]|第三方|自行|签章|针对|较早|变更中")
OUTSIDE = {
    "noindex, nofollow",
    "算", "中文", "English", "JSON", "k =", "p", "/f/", "/f//v",
    "zh-CN", "en", "width=device-width, initial-scale=1", "bad", "none",
    "mingsuan sign report.dsse.json --key tester.pem",
    "mingsuan compare report-1.dsse.json report-2.dsse.json",
    "export MLFLOW_TRACKING_URI=/mlflow", "export MLFLOW_TRACKING_TOKEN=",
    "export MLFLOW_EXPERIMENT_NAME=submissions",
}  # fmt: skip
"""What stands in a template outside of a pair: the seal, names of languages and classes, commands."""


def page(records: Records, monkeypatch: pytest.MonkeyPatch, name: str, language: str) -> str:
    """The page of a record, or of its report, or its line in the catalogue; now or later."""
    kind, _, rest = name.rpartition(":")
    with monkeypatch.context() as patched:
        if kind.startswith("later"):
            moment = now() + LATER
            for clock in (catalogue, page_cache):
                patched.setattr(clock, "now", lambda: moment)
        if kind.endswith("line"):
            address = f"catalogue?q={records.numbers[rest]}"
        elif kind == "form":
            address = f"{records.pages[rest]}/concern"
        elif kind == "report":
            address = f"reports/{records.reports[rest]}"
        else:
            at = {"first": "/v1", "withheld": "/withheld", "today": f"/on/{legal_day.today()}"}
            address = records.pages.get(rest, rest) + at.get(kind, "")
        with TestClient(records.site, headers={"accept": "text/html"}) as reader:
            answer = reader.get(f"/{language}/{address}")
    assert answer.status_code == 200, name
    return " ".join(html.unescape(answer.text).split())


def says(text: str, claim: str) -> bool:
    """Whether a page has a sentence; `%s` stands for what the record fills in."""
    pieces = (re.escape(" ".join(each.split())) for each in claim.strip().split("%s"))
    return re.search(r"[^<>]{1,40}?".join(pieces), text) is not None


@pytest.fixture(scope="module")
def read(records: Records) -> Iterator[Callable[[str, str], str]]:
    """The page of a record in a language, asked for once for all that is held against it."""
    with pytest.MonkeyPatch.context() as patched:
        yield cache(partial(page, records, patched))


@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize("claim", CLAIMS, ids=lambda each: f"{each.zh}-{each.false_in}")
def test_a_statement_stands_where_it_is_true_and_nowhere_else(
    read: Callable[[str, str], str], claim: Claim, language: str
) -> None:
    """filing/S8 S9 S10 B2 S15, public/P1 P3: a sentence is made from the record."""
    sentence = getattr(claim, language)
    assert says(read(claim.true_in, language), sentence)
    assert not says(read(claim.false_in, language), sentence)


def source(template: str) -> str:
    return (TEMPLATES / f"{template}.html").read_text(encoding="utf-8")


@pytest.mark.parametrize("template", PUBLIC_TEMPLATES)
def test_every_sentence_of_a_public_template_is_in_a_table(template: str) -> None:
    """A new pair is entered in `wording`, whole in both languages; a claim in CLAIMS too."""
    said = list(sentences.pairs(source(template)))
    assert [(zh, en) for zh, en in said if en not in IN_TEMPLATES.get(zh, ())] == []
    known = GENERAL | {re.sub("<[^>]*>", "", claim.zh) for claim in CLAIMS}
    telling = [zh for zh, _ in said if len(zh) > LABEL or TELLING.search(zh)]
    assert [zh for zh in telling if zh not in known] == []


@pytest.mark.parametrize("template", PUBLIC_TEMPLATES)
def test_no_public_template_says_anything_outside_of_a_pair(template: str) -> None:
    """Bare text, what a reader's program reads out, an expression: none escapes the tables."""
    assert set(sentences.strays(source(template))) <= OUTSIDE


def test_the_style_sheet_and_the_static_files_say_nothing() -> None:
    """On the screen or in print: counters and the labels of cells, no words; and no scripts."""
    css = (sentences.STATIC / "site.css").read_text(encoding="utf-8")
    assert sentences.drawn(css) == []
    assert {each.suffix for each in sentences.STATIC.iterdir()} == {".css", ".svg", ".js"}
    script = (sentences.STATIC / "plain_words.js").read_text(encoding="utf-8")  # a filer's alone
    assert not re.search(r"textContent|innerText|alert\(|[\u4e00-\u9fff]", script)
    for picture in sentences.STATIC.glob("*.svg"):
        bare = re.sub(r"<[^>]*>", "", picture.read_text(encoding="utf-8"))
        assert set(bare.split()) <= OUTSIDE
    for template in PUBLIC_TEMPLATES:
        assert not re.search(r"<script|<iframe|\son[a-z]+=", source(template)), template


@pytest.mark.parametrize("place", sentences.SPEAKING)
def test_every_sentence_of_the_code_that_speaks_on_public_pages_is_in_the_table(
    place: str,
) -> None:
    """What stands, in which words, on the page, in the list and in the JSON twin."""
    said = sentences.in_code((sentences.ROOT / place).read_text(encoding="utf-8"))
    assert [(zh, en) for zh, en in said if en not in IN_CODE.get(zh, ())] == []


def test_the_tables_hold_nothing_that_is_no_longer_said() -> None:
    """What is no longer said is taken out of the tables."""
    said = {pair for each in PUBLIC_TEMPLATES for pair in sentences.pairs(source(each))}
    assert [each for each in GENERAL if each not in {zh for zh, _ in said}] == []
    assert {(zh, en) for zh, every in IN_TEMPLATES.items() for en in every} == said
    spoken = {
        pair
        for place in sentences.SPEAKING
        for pair in sentences.in_code((sentences.ROOT / place).read_text(encoding="utf-8"))
    }
    assert {(zh, en) for zh, every in IN_CODE.items() for en in every} == spoken


def test_every_template_that_the_public_meets_is_walked(
    records: Records, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By the routes: each public page, a page that is not there, a form that is turned down."""
    seen: set[str] = set()
    real = Environment.get_template

    def noted(self: Environment, name: Any, *args: Any, **more: Any) -> Any:
        seen.add(str(name))
        return real(self, name, *args, **more)

    monkeypatch.setattr(Environment, "get_template", noted)
    known = {
        "number": records.numbers["explained"],
        "edition": "1",
        "slug": "many",
        "report_id": records.reports["explained"],
        "link_id": "0" * 32,
        "tester_id": records.scene.tester.organisation_id,
        "?reports/{report_id}/comparison": f"?earlier={records.reports['clear']}",
    }
    with TestClient(records.site, headers={"accept": "text/html"}) as reader:
        for language in ("zh", "en"):
            for address in (*public_pages.addresses(known), "no-such-page"):
                reader.get(f"/{language}/{address}")
            reader.post(f"/{language}/sign-in", data={"email": "a@b.example", "password": "x"})
    assert {each.removesuffix(".html") for each in seen} <= set(PUBLIC_TEMPLATES)


@pytest.mark.parametrize("language", ["zh", "en"])
def test_the_json_twin_says_nothing_that_the_page_does_not(
    records: Records, monkeypatch: pytest.MonkeyPatch, language: str
) -> None:
    """Every sentence of the standing stands on the page of the same record, or denies there is any."""
    silent = re.compile("没有附自行评估|no own evaluation|没有评估报告|no evaluation report")
    for name, address in records.pages.items():
        text = page(records, monkeypatch, name, language)
        with TestClient(records.site) as reader:
            standing = reader.get(f"/{language}/{address}.json").json()["standing"]
        del standing["evaluation"]  # the page tells those of others and the filer's own apart
        left = [said for said in told_in(standing, language) if said not in text]
        assert [said for said in left if not silent.search(said)] == [], name


def told_in(value: Any, language: str) -> Iterator[str]:
    """The texts in one language of a JSON value."""
    if isinstance(value, dict):
        if isinstance(value.get("zh"), str):
            yield " ".join(html.unescape(str(value.get(language) or value["zh"])).split())
        for each in value.values():
            yield from told_in(each, language)
    elif isinstance(value, list):
        for each in value:
            yield from told_in(each, language)


@pytest.mark.parametrize(
    "smuggled",
    [
        "<p>这个算法是安全的。</p>",
        "<p>Certified safe by the authority.</p>",
        '<img alt="安全的算法">',
        '<nav aria-label="A safe algorithm">',
        '<meta name="description" content="A register of safe algorithms">',
        '<p title="政府推荐">x</p>',
        "{% macro badge() %}<b>推荐</b>{% endmacro %}",
        "{{ '推荐' if lang == 'zh' else 'Recommended' }}",
        '{{ "Recommended" }}',
        "{% set word = '政府推荐的算法' %}{{ word }}",
    ],
)
def test_the_walk_sees_a_sentence_wherever_it_is_smuggled_in(smuggled: str) -> None:
    """The walk itself: bare, in attributes, in a macro, in an expression, in a variable."""
    assert set(sentences.strays(smuggled)) - OUTSIDE


@pytest.mark.parametrize(
    "smuggled",
    ["{{ t('很好', 'Fine') }}", '{{ t("很好", "Fine") }}', "{{ t('很好' if x else '好', 'Fine') }}",
     "{% macro m() %}{{ t('很好', 'Fine') }}{% endmacro %}", "{{ t('备案编号', 'Number of the safe') }}"],
)  # fmt: skip
def test_the_walk_sees_a_pair_however_it_is_written(smuggled: str) -> None:
    """The walk itself: any quotes, a condition, a macro; and an English that was changed alone."""
    said = list(sentences.pairs(smuggled))
    assert [zh for zh, en in said if en not in IN_TEMPLATES.get(zh, ())]


def test_the_walk_sees_words_in_a_style_sheet() -> None:
    """The walk itself: a sentence that only a print would show."""
    assert sentences.drawn('@media print { h1::after { content: " 已认证"; } }')
    assert sentences.drawn("h2::before { content: counter(q) '. '; }") == []


@pytest.mark.parametrize("language", ["zh", "en"])
def test_every_filing_says_what_the_start_page_promises_of_it(
    records: Records, monkeypatch: pytest.MonkeyPatch, language: str
) -> None:
    """public/P3: whether it was evaluated and by whom, and who wrote its explanation."""
    evaluated = {"zh": "第三方评估|自行评估|没有附评估报告", "en": "evaluation"}[language]
    explained = {
        "zh": "算法说明(讲的|由备案主体|没有写全|确认以后改过)",
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
    assert notice.count("<li>") == 3 + 3, "in a line each, and in full where asked for"
    assert "还有2项" in notice
    assert notice.partition("<details>")[0].count("每100人约") == 6
    listed = page(records, monkeypatch, "line:far beyond", "zh")
    assert 'class="badge bad">附上的评估发现：差异超过界线5项' in listed
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


def test_the_data_explained_on_are_named_in_the_readers_language(
    records: Records, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One name stands for both; two names are told each to its readers."""
    assert "留出集" in page(records, monkeypatch, "explained", "en")
    try:
        with transaction(records.site.state.factory) as session:
            for each in session.scalars(select(Dataset)):
                each.name_en = "Held-out set"
        english = page(records, monkeypatch, "explained", "en")
        assert "Held-out set" in english
        assert "留出集" not in english
        chinese = page(records, monkeypatch, "explained", "zh")
        assert "留出集" in chinese
        assert "Held-out set" not in chinese
    finally:
        with transaction(records.site.state.factory) as session:
            for each in session.scalars(select(Dataset)):
                each.name_en = ""


def test_an_answer_in_chinese_alone_is_marked_for_a_reader_of_english(
    records: Records, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The filer’s E7 stood in Chinese among English answers, as if it had been translated."""
    mark = untranslated.IN_CHINESE
    english = page(records, monkeypatch, "changed", "en")
    assert f"换了一个标准 {mark}" in english
    assert "plain content" in english
    assert f"plain content {mark}" not in english
    chinese = page(records, monkeypatch, "changed", "zh")
    assert "换了一个标准" in chinese
    assert mark not in chinese


def test_an_older_edition_links_its_own_twin(records: Records) -> None:
    """The page of an earlier edition names that edition's JSON, the newest one's page the filing's."""
    address = records.pages["changed"]
    with TestClient(records.site) as reader:
        for page_address, edition in ((f"{address}/v1", 1), (address, 2)):
            shown = reader.get(f"/zh/{page_address}").text
            twin = re.findall(r'type="application/json" href="([^"]+)"', shown)[0]
            assert reader.get(html.unescape(twin)).json()["edition"]["edition"] == edition
