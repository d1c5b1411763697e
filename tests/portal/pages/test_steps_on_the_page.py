"""filing/S5, filing/S6 on the pages: what is offered succeeds, and a number never vanishes."""

import html
import re

import pytest

from filing import review
from filing.dossier import Filing
from filing.lifecycle import Action
from registry.database import transaction
from registry.organisations import Role
from tests.filing import papers
from tests.portal.pages.shelf import Shelf
from tests.portal.pages.test_grades import page, press
from tests.portal.pages.test_races import PAGE, opened


def standing(shelf: Shelf, *actions: Action) -> str:
    """A filing some steps on, the reviewer's included."""
    filing_id = opened(shelf, *actions[:2], G1=papers.LOW)
    with transaction(shelf.site.state.factory) as session:
        shelf.take(session, session.get_one(Filing, filing_id), Role.REVIEWER, *actions[2:])
    return filing_id


def buttons(text: str) -> set[str]:
    """The steps that a page offers as a button."""
    return set(re.findall(r'steps/([a-z_]+)"', text))


@pytest.mark.parametrize(
    "taken",
    [
        (),
        (Action.CHECK,),
        (Action.CHECK, Action.SUBMIT),
        (Action.CHECK, Action.SUBMIT, Action.ACCEPT),
    ],
)
def test_a_page_offers_what_succeeds_and_says_of_the_rest_why_not(
    shelf: Shelf, taken: tuple[Action, ...]
) -> None:
    filing_id = standing(shelf, *taken)
    readers = [(Role.FILER, f"/zh/filings/{filing_id}")]
    if Action.SUBMIT in taken:
        readers.append((Role.REVIEWER, f"/zh/review/{filing_id}"))
    for role, address in readers:
        client, _ = shelf.browser(role)
        text = html.unescape(client.get(address, headers=PAGE).text)
        with shelf.site.state.factory() as session:
            by = shelf.actor(role)
            filing = session.get_one(Filing, filing_id)
            choices = review.choices(session, by=by, filing=filing)
        assert buttons(text) == {each.action.value for each in choices if each.ready}
        for each in choices:
            for reason in each.reasons:
                assert reason.said.zh in text


def test_a_reviewer_declines_on_a_formal_ground_and_both_read_why(shelf: Shelf) -> None:
    filing_id = opened(shelf, Action.CHECK, Action.SUBMIT)
    here = f"/zh/review/{filing_id}"
    blind = press(shelf, "own", f"{here}/steps/decline", reason="重复提交")
    assert blind.status_code == 422
    assert "重复提交" in blind.text  # nothing typed is lost
    made = press(shelf, "own", f"{here}/steps/decline", reason="重复提交", ground="filed_already")
    assert made.status_code == 303
    said = "同一个模型已有备案。重复提交"
    assert said in page(shelf, here)
    client, _ = shelf.browser(Role.FILER)
    assert said in client.get(f"/zh/filings/{filing_id}", headers=PAGE).text


def test_the_page_of_a_number_says_that_nothing_was_published_and_why(shelf: Shelf) -> None:
    """filing/S6: the number answered 404."""
    filing_id = standing(shelf, Action.CHECK, Action.SUBMIT, Action.ACCEPT, Action.FILE)
    with transaction(shelf.site.state.factory) as session:
        filing = session.get_one(Filing, filing_id)
        slug = str(filing.number)
        by = shelf.actor(Role.FILER)
        review.take(
            session,
            by=by,
            filing_id=filing_id,
            action=Action.CANCEL,
            revision=filing.revision,
            reason="不办了",
        )
    client, _ = shelf.browser(Role.TESTER)
    for language, said in (("zh", "从来没有公示过内容"), ("en", "before anything was published")):
        answer = client.get(f"/{language}/f/{slug}", headers=PAGE)
        assert answer.status_code == 200
        assert said in answer.text
        assert "不办了" not in answer.text
    told = client.get(f"/api/v1/catalogue/{slug}")
    assert told.status_code == 404
    assert "从来没有公示过内容" in told.text


def test_a_reviewer_finds_a_filing_and_reads_points_and_who_changed_what(shelf: Shelf) -> None:
    """filing/S3, filing/S4, filing/S7."""
    filing_id = standing(shelf, Action.CHECK, Action.SUBMIT, Action.ACCEPT, Action.FILE)
    for narrowed, there in (("status=filed&grade=low", True), ("status=revoked", False)):
        text = page(shelf, f"/zh/reviews?{narrowed}")
        assert (f'href="/zh/review/{filing_id}"' in text) is there
    assert "0 in all" in page(shelf, "/en/reviews?q=nothing-of-that-name")
    read = page(shelf, f"/zh/review/{filing_id}")
    assert "分，最高" in read
    assert "填写材料 · " in read
    client, _ = shelf.browser(Role.FILER)
    assert client.get("/zh/reviews", headers=PAGE).status_code == 403
