"""The filer's page says what the reviewer will say: what the gate lacks, and why it came back."""

import html

from filing import review
from filing.dossier import Filing
from filing.lifecycle import Action
from registry.database import transaction
from registry.organisations import Role
from tests.portal.pages.shelf import Shelf
from tests.portal.pages.test_races import PAGE, opened


def page(shelf: Shelf, filing_id: str, language: str) -> str:
    client, _ = shelf.browser(Role.FILER)
    return html.unescape(client.get(f"/{language}/filings/{filing_id}", headers=PAGE).text)


def test_what_the_gate_lacks_stands_on_the_filers_page(shelf: Shelf) -> None:
    """filing/S21: 100 % complete is not accepted while a required probe was not run."""
    filing_id = opened(shelf)
    assert "受理以前还缺" in page(shelf, filing_id, "zh")
    assert "要求的检查项都做了" in page(shelf, filing_id, "zh")
    assert "Before it can be accepted, still lacking" in page(shelf, filing_id, "en")
    assert "受理以前还缺" not in page(shelf, shelf.made["filing"], "zh")


def test_the_reason_for_a_return_is_read_by_the_filer(shelf: Shelf) -> None:
    filing_id, why = opened(shelf, Action.CHECK, Action.SUBMIT), "整份材料的版本号写得不一致。"
    with transaction(shelf.site.state.factory) as session:
        filing = session.get_one(Filing, filing_id)
        review.take(
            session,
            by=shelf.actor(Role.REVIEWER),
            filing_id=filing_id,
            revision=filing.revision,
            action=Action.RETURN,
            reason=why,
            remarks=[{"code": "B1", "zh": "请核对。"}],
        )
    for language in ("zh", "en"):
        assert why in page(shelf, filing_id, language)
