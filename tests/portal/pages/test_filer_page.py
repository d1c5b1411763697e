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


def test_a_group_s_rules_are_the_filer_s_city_s_on_the_form(shelf: Shelf) -> None:
    """B5 stood under Shenzhen 66 alone for a filer in Shanghai; B6 named Shanghai 16 twice."""
    client, _ = shelf.browser(Role.FILER)
    filing_id = opened(shelf)
    for language, shenzhen, shanghai, also in (
        ("zh", "深圳经济特区人工智能产业促进条例", "上海市促进人工智能产业发展条例", "如果也在那里服务："),
        ("en", "Shenzhen AI industry regulation", "Shanghai AI industry regulation", "If you also serve people there: "),
    ):  # fmt: skip
        told = client.get(f"/{language}/filings/{filing_id}?group=B", headers=PAGE).text
        cards = {
            key: html.unescape(told.partition(f'id="{key}"')[2].partition('class="card"')[0])
            for key in ("B5", "B6")
        }
        for card in cards.values():
            here, _, away = card.partition(also)
            assert shenzhen not in here
            assert shenzhen in away
        assert cards["B6"].count(shanghai) == 1


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
