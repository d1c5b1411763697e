"""filing/B2 on the reviewer's page: both grades, who set it and why, and a change by two people."""

import html
from typing import Any

from filing import computed
from filing.dossier import Filing
from filing.lifecycle import Action
from filing.risk import Level
from registry.organisations import Role
from tests.filing import papers
from tests.portal.pages.shelf import Shelf
from tests.portal.pages.test_races import PAGE, carried, opened

LOW_BUT_MEDIUM = papers.LOW | {"scene_public": "commerce"}
REASON = "看过问卷和附件，影响的人比填写的多，应当按高风险办理。"


def press(shelf: Shelf, place: str, address: str, **typed: str) -> Any:
    """A reviewer of one of the two authorities opens the page and sends one of its forms."""
    client, csrf = shelf.browser(Role.REVIEWER, place)
    here = address.partition("/grade")[0].partition("/steps")[0]
    read = carried(client.get(here, headers=PAGE).text)["revision"]
    return client.post(address, data=typed | {"csrf": csrf, "revision": read}, headers=PAGE)


def page(shelf: Shelf, address: str, place: str = "own") -> str:
    return html.unescape(shelf.browser(Role.REVIEWER, place)[0].get(address, headers=PAGE).text)


def test_two_reviewers_change_a_grade_on_the_page(shelf: Shelf) -> None:
    """filing/B2, filing/S3: the head says the grade in force, and the answers can be read."""
    filing_id = opened(shelf, Action.CHECK, Action.SUBMIT, G1=LOW_BUT_MEDIUM)
    here = f"/zh/review/{filing_id}"
    assert "平台方法" in page(shelf, here)
    assert "它对个人做什么？" in page(shelf, here)

    short = press(shelf, "own", f"{here}/grade", level="high", grade_reason="风险高")
    assert short.status_code == 422
    assert "风险高</textarea>" in short.text
    low = press(shelf, "own", f"{here}/grade", level="low", grade_reason=REASON)
    assert "等级不能低于中风险" in html.unescape(low.text)

    made = press(shelf, "own", f"{here}/grade", level="high", grade_reason=REASON)
    assert made.status_code == 303
    assert "/grade/confirm" not in page(shelf, here)
    own = press(shelf, "own", f"{here}/grade/confirm")
    assert own.status_code == 403
    assert "请另一位审核人员" in own.text
    assert REASON in page(shelf, here, "other")
    name = shelf.world.member("authority-own", Role.REVIEWER).person.name
    assert f"提出人：{name}" in page(shelf, here, "other")
    assert f"Proposed by {name}" in page(shelf, here.replace("/zh/", "/en/"), "other")
    told = shelf.browser(Role.REVIEWER, "other")[0].get(f"/api/v1/filings/{filing_id}")
    assert told.json()["grade_proposal"]["by"] == name
    assert press(shelf, "other", f"{here}/grade/confirm").status_code == 303
    with shelf.site.state.factory() as session:
        assert computed.level(session.get_one(Filing, filing_id)) is Level.HIGH
    seen = page(shelf, here)
    assert "<strong>高风险</strong>" in seen
    assert "审核人员（一人提出，另一人确认）" in seen
    assert REASON in seen
    english = page(shelf, here.replace("/zh/", "/en/"))
    assert "reviewers: one proposed, another confirmed" in english


def test_a_proposal_can_be_taken_back(shelf: Shelf) -> None:
    filing_id = opened(shelf, Action.CHECK, Action.SUBMIT, G1=LOW_BUT_MEDIUM)
    here = f"/zh/review/{filing_id}"
    press(shelf, "own", f"{here}/grade", level="high", grade_reason=REASON)
    waiting = press(shelf, "other", f"{here}/steps/accept")
    assert "等级调整还没有确认" in waiting.text
    assert press(shelf, "own", f"{here}/grade/dismiss").status_code == 303
    assert 'id="proposal"' not in page(shelf, here)
