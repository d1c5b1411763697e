"""What a filer types is remarked on: while typing, when it is saved, and before an explanation is made."""

import html
from typing import Any

import pytest

from filing import dossier
from filing.dossier import Filing
from filing.lifecycle import Action
from portal.pages import plain_words
from portal.pages.plain_words import Pace, TooManyLooks
from registry.database import transaction
from registry.organisations import Role
from tests import cast
from tests.filing import papers
from tests.portal.pages.shelf import Shelf

PAGE = {"accept": "text/html"}
HARD = "模型的特征有八项。"
BOX = "differing/words:H4"
WHY = "这个词是客户合同里的原文，旁边另有解释。"


def look(shelf: Shelf, text: str, *, language: str = "zh", of: str = "zh") -> Any:
    client, csrf = shelf.browser(Role.FILER)
    sent = {"csrf": csrf, "text": text, "of": of}
    return client.post(f"/{language}/plain-words", data=sent, headers=PAGE)


def drafted(shelf: Shelf, name: str, *steps: Action) -> tuple[str, int]:
    """A filing of its own whose H4 has hard words."""
    by = shelf.actor(Role.FILER)
    with transaction(shelf.site.state.factory) as session:
        version = cast.version(session, by, name=name)
        filing = dossier.open_filing(session, by=by, version_id=version.id)
        change: dict[str, Any] = {"session": session, "by": by, "filing_id": filing.id}
        answers = papers.answers(H4={"zh": HARD, "en": "Sums add up."})
        dossier.fill(**change, revision=filing.revision, answers=answers)
        report = papers.report(session, version, shelf.actor(Role.TESTER))
        dossier.attach(**change, revision=filing.revision, report_id=report.id)
        shelf.take(session, filing, Role.FILER, *steps)
        return filing.id, filing.revision


def test_a_text_is_looked_at_in_either_language(shelf: Shelf) -> None:
    told = html.unescape(look(shelf, HARD).text)
    assert "<li>“特征”不好懂：换成“信息”，或在旁边解释。</li>" in told
    assert "write “piece of information”" in html.unescape(
        look(shelf, "Eight features.", language="en", of="en").text
    )
    plain = look(shelf, "它判断能不能借钱给您。")
    assert (plain.status_code, plain.text.strip()) == (200, "")


def test_what_is_typed_is_shown_as_text_alone(shelf: Shelf) -> None:
    assert "<script>" not in look(shelf, "<script>x</script>" + "长" * 90).text


def test_a_text_that_no_box_takes_is_refused(shelf: Shelf) -> None:
    assert look(shelf, "长" * (plain_words.LONGEST.most + 1)).status_code == 422


def test_only_a_filer_who_is_signed_in_is_answered(shelf: Shelf) -> None:
    for role in (Role.TESTER, Role.REVIEWER):
        client, csrf = shelf.browser(role)
        sent = {"csrf": csrf, "text": HARD}
        assert client.post("/zh/plain-words", data=sent, headers=PAGE).status_code == 403
    client, _ = shelf.browser(Role.FILER)
    assert client.post("/zh/plain-words", data={"text": HARD}, headers=PAGE).status_code == 403


def test_who_asks_too_often_waits_and_nobody_else_does() -> None:
    now = [0.0]
    pace = Pace(3, 60.0, lambda: now[0])
    for _ in range(3):
        pace.take("a")
    now[0] = 20.0
    with pytest.raises(TooManyLooks) as refused:
        pace.take("a")
    assert refused.value.retry_after == 40
    pace.take("b")
    now[0] = 61.0
    pace.take("a")


def test_too_many_looks_are_told_when_to_try_again(
    shelf: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(plain_words, "_pace", Pace(1, 60.0))
    assert look(shelf, HARD).status_code == 200
    refused = look(shelf, HARD)
    assert refused.status_code == 429
    assert int(refused.headers["retry-after"]) > 0


def test_what_was_saved_is_remarked_on_beside_its_box_without_a_script(shelf: Shelf) -> None:
    filing_id, _ = drafted(shelf, "remarked-on")
    client, _ = shelf.browser(Role.FILER)
    for language, said in (("zh", "换成“信息”"), ("en", "write “信息”")):
        address = f"/{language}/filings/{filing_id}?group=H"
        page = html.unescape(client.get(address, headers=PAGE).text)
        beside = page.partition('data-beside="a/H4/zh"')[2].partition("</div>")[0]
        assert said in beside
        other = page.partition('data-beside="a/H2/zh"')[2].partition("</div>")[0]
        assert "<li>" not in other


def test_the_request_for_an_explanation_is_looked_through_and_nothing_is_asked_for(
    shelf: Shelf,
) -> None:
    client, csrf = shelf.browser(Role.FILER)
    address = f"/zh/versions/{shelf.made['version']}/explain"
    assert f'formaction="{address}/look"' in client.get(address, headers=PAGE).text
    typed = {"d/decided/zh": "按阈值决定贷款。"}
    page = client.post(f"{address}/look", data={"csrf": csrf, **typed}, headers=PAGE)
    assert page.status_code == 404, "no data set is chosen, which is told as when it is asked for"
    told = html.unescape(page.text)
    assert "检查过了，还没有生成。" in told
    assert 'value="按阈值决定贷款。"' in told
    assert "换成“分数线”" in told.partition('data-beside="d/decided/zh"')[2].partition("</div>")[0]


def test_hard_words_are_submitted_with_a_reason_that_reviewer_and_public_read(
    shelf: Shelf,
) -> None:
    filing_id, revision = drafted(shelf, "hard-words", Action.CHECK)
    client, csrf = shelf.browser(Role.FILER)
    page = html.unescape(client.get(f"/zh/filings/{filing_id}", headers=PAGE).text)
    assert "H4（它怎样得出结果）里有的话不好懂：“特征”。" in page
    assert f'name="{BOX}"' in page
    address = f"/zh/filings/{filing_id}/steps/submit"
    sent = {"csrf": csrf, "revision": str(revision)}
    refused = client.post(address, data=sent, headers=PAGE)
    assert refused.status_code in (409, 422)
    assert f'<a href="#f-{BOX}">' in refused.text.replace("%3A", ":")
    done = client.post(address, data={**sent, BOX: WHY}, headers=PAGE)
    assert done.status_code == 303, done.text
    with transaction(shelf.site.state.factory) as session:  # its text is a sketch
        session.get_one(Filing, filing_id).report_ids = []
    reader, _ = shelf.browser(Role.REVIEWER)
    review = html.unescape(reader.get(f"/zh/review/{filing_id}", headers=PAGE).text)
    assert "说明里有的话不好懂，备案主体保留了它们：" in review
    assert WHY in review
