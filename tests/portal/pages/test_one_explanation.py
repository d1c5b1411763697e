"""filing/S8: group H and what was measured are one explanation, in one place, each marked as whose it is."""

import html
import re
from dataclasses import replace

import pytest
from fastapi.testclient import TestClient

from explainers.questions import QUESTIONS
from filing.fields import Answers
from filing.forms import current
from portal.pages import explaining
from portal.pages.confirming import Differing
from portal.pages.filed_view import ABOUT, WHERE, WHO, Words, purposes
from registry.language import LANGUAGES, Language, Text
from tests.portal.pages.records import Records
from tests.portal.pages.shelf import STORY

MARK = {"zh": "备案主体自己写的，没有测过", "en": "the filer’s own words, not tested"}
OWN = [
    current().meant(each).code
    for meanings in WHERE.values()
    for each in meanings
    if not current().meant(each).computed
]


def filed(records: Records, name: str, language: Language = "zh") -> str:
    with TestClient(records.site, headers={"accept": "text/html"}) as reader:
        answer = reader.get(f"/{language}/{records.pages[name]}")
    assert answer.status_code == 200
    return html.unescape(answer.text)


def answers(page: str) -> dict[str, str]:
    """The markup of each of the six answers."""
    ids = "|".join(QUESTIONS)
    parts = re.split(rf'<li id="({ids})"><h2>', page)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


def test_every_field_of_group_h_has_one_question_or_is_about_the_explanation() -> None:
    placed = [
        current().meant(each).code
        for where in (WHERE, WHO, {"about": ABOUT})
        for meanings in where.values()
        for each in meanings
    ]
    assert sorted(placed) == sorted(each.code for each in current().group("H").fields)
    assert set(WHERE) | set(WHO) == set(QUESTIONS)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", ["explained", "own"])
def test_what_the_filer_wrote_stands_once_under_its_question_and_is_marked(
    records: Records, name: str, language: Language
) -> None:
    page = filed(records, name, language)
    told = answers(page)
    assert list(told) == list(QUESTIONS)
    for question, meanings in WHERE.items():
        for code in (current().meant(each).code for each in meanings):
            assert page.count(f'<div id="{code}">') == 1, code
            assert f'<div id="{code}">' in told[question], code
    assert page.count(MARK[language]) == len(OWN)
    assert 'id="H"' not in page, "a second explanation"


def test_an_explanation_from_tests_stands_before_the_filers_words(records: Records) -> None:
    told = answers(filed(records, "explained"))
    moves = told["moves"]
    assert moves.index('class="limit"') < moves.index('<div id="H4">')
    decided = told["decided"]
    said = STORY["explanation"]["declared"]["decided"]["zh"]
    assert decided.index(said) < decided.index("确认说明时写的，没有测过。") < decided.index("H1")
    assert "和备案不一样的，以备案为准" in decided


def test_without_tests_the_six_questions_have_the_filers_words_alone(records: Records) -> None:
    page = filed(records, "own")
    told = answers(page)
    assert "下面的话由备案主体自己写，本平台没有测过。" in page
    assert '<div id="H14">' in told["who"]
    assert (
        "<figure>" not in "".join(told.values()).split('<section aria-labelledby="evaluation"')[0]
    )


def test_what_the_filer_left_open_is_said(records: Records) -> None:
    page = filed(records, "bare")
    assert '<div id="H5">' not in page
    assert "备案主体没有写：" in page


def unfolded(answer: str) -> str:
    """What stands in sight of an answer: without what its headings open."""
    return re.sub(r"<details>.*?</details>", "", answer, flags=re.DOTALL)


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_sentence_stands_once_and_every_limit_with_it(
    records: Records, language: Language
) -> None:
    """An answer is short by headings that open, never by leaving out."""
    page = filed(records, "explained", language)
    content = records.explained.content
    assert content is not None
    for question in content["questions"]:
        answer = answers(page)[question["id"]]
        told = [*question["lead"], *(s for part in question["detail"] for s in part["sentences"])]
        for each in told:
            if each["kind"] != "missing":
                assert f"<p>{each[language]}" in answer, each[language]
        for part in question["detail"]:
            assert f"<h3>{part['title'][language]}</h3>" in answer
    for question, answer in answers(page).items():
        shown = unfolded(answer.partition("</ol>")[0])
        assert shown.count('class="limit"') <= 1, question
        numbers = set(re.findall(rf'href="#({question}-limit-\d+)"', shown))
        assert numbers == set(re.findall(rf'id="({question}-limit-\d+)"', answer)), question


def test_what_a_person_acts_on_stands_before_the_explanation(records: Records) -> None:
    """What for and who decides, what was found, how to object; then that a filing is no permit."""
    page = filed(records, "explained")
    places = [
        page.index(each)
        for each in (
            'class="lede"', "为什么用它", "谁做决定", 'id="beyond"', 'id="how-to-object"', 'class="statement"',
            'id="explanation"', 'id="glance"', 'id="evaluation"',
        )
    ]  # fmt: skip
    assert places == sorted(places)


def test_the_first_screen_says_who_decides_as_it_is_done(records: Records) -> None:
    """It told who looks, “case by case”, and kept “as a rule as advised” folded under an answer."""
    first, _, _ = filed(records, "explained").partition('id="beyond"')
    assert records.explained.plan["declared"]["decider"]["zh"] in first
    assert "谁在把关" not in first
    first, _, _ = filed(records, "own").partition('id="beyond"')
    assert "谁在把关" in first


def test_that_two_lines_are_drawn_is_said_where_something_matters_little(records: Records) -> None:
    assert ("说明和评估各有界线" in filed(records, "explained")) == (
        "影响很小" in str(records.explained.content)
    )
    assert "说明和评估各有界线" not in filed(records, "own")


def test_the_filers_words_are_folded_only_beside_what_was_measured(records: Records) -> None:
    assert '<div id="H4">' not in unfolded(answers(filed(records, "explained"))["moves"])
    assert '<div id="H4">' in unfolded(answers(filed(records, "own"))["moves"])


@pytest.mark.parametrize(
    ("kept", "marked"),
    [
        ("decider:declared.decider", ["", "decided"]),
        ("decider:H6", ["", "decided"]),
        ("purpose:H2", ["decided", ""]),
        ("direction:H5.1", ["", ""]),
    ],
)
def test_the_first_screen_marks_what_the_filing_tells_otherwise_elsewhere(
    kept: str, marked: list[str]
) -> None:
    """“Nobody takes part” stood there unmarked, and what contradicts it a screen and a half below."""
    form, said = current(), {"zh": "为了快。", "en": "To be quick."}
    row = {"code": "H2", "key": "H2", "name": said, "said": said, "value": said}
    differing = Differing(kept, Text("", ""), Text("", ""), None, "decided")
    explained = replace(explaining.untested("zh", {}), differing=(differing,))
    words = Words(explained, True, None, None, other_rows=False, unexplained=(), decider=said)
    told = purposes(Answers(form, {"H2": row}), words)
    assert [each.differs for each in told] == marked
