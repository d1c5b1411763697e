"""The filer's page says what the reviewer will say: what the gate lacks, and why it came back."""

import html

from filing import dossier, review
from filing.dossier import Filing
from filing.lifecycle import Action
from registry import submission
from registry.database import transaction
from registry.organisations import Role
from registry.submission import Version
from tests import cast
from tests.portal.pages.shelf import Shelf
from tests.portal.pages.test_races import PAGE, carried, opened


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


def test_an_enterprise_finds_its_own_evaluation(shelf: Shelf) -> None:
    """N1: the self-check asked for one, and no page led there."""
    client, _ = shelf.browser(Role.FILER)
    filer = shelf.actor(Role.FILER)
    with transaction(shelf.site.state.factory) as session:
        version = cast.version(session, filer, name="to-be-evaluated")
        filing_id = dossier.open_filing(session, by=filer, version_id=version.id).id
    here = f"/zh/versions/{version.id}"
    own = f"{here}#own-evaluation"
    bare = client.get(here, headers=PAGE).text
    assert 'id="own-evaluation"' in bare
    assert f"/zh/datasets/new?next={here}" in bare
    assert own in client.get(f"/zh/filings/{filing_id}", headers=PAGE).text
    assert own in client.get("/zh/desk", headers=PAGE).text
    columns = [
        {"name": "income", "type": "double", "role": "input"},
        {"name": "paid", "type": "long", "role": "target"},
    ]
    with transaction(shelf.site.state.factory) as session:
        dataset = cast.dataset(session, filer, columns=columns)
    offered = client.get(here, headers=PAGE).text.partition('id="own-evaluation"')[2]
    assert '<form method="get" action="/zh/evaluations/new"' in offered
    assert f'<option value="{dataset.id}"' in offered
    asked = {"version": version.id, "dataset": dataset.id}
    assert client.get("/zh/evaluations/new", params=asked, headers=PAGE).status_code == 200


def test_a_fresh_draft_says_nothing_red_before_anything_was_typed(shelf: Shelf) -> None:
    """N3: the district was prefilled, so that the other parts of A3 stood there as faults."""
    filer = shelf.actor(Role.FILER)
    client, csrf = shelf.browser(Role.FILER)
    with transaction(shelf.site.state.factory) as session:
        version = cast.version(session, filer, name="fresh-draft")
        filing = dossier.open_filing(session, by=filer, version_id=version.id)
        filing_id = filing.id
        assert set(filing.answers["A3"]["value"]) == {"district"}
    here = f"/zh/filings/{filing_id}?group=A"
    fresh = client.get(here, headers=PAGE).text
    assert 'class="wrong"' not in fresh
    typed = {**carried(fresh), "csrf": csrf, "group": "A", "present/A3": "1"}
    client.post(f"/zh/filings/{filing_id}/answers", data=typed | {"a/A3/kind": "company"})
    assert "还没有填“备案城市”" in client.get(here, headers=PAGE).text.partition('id="A3"')[2]


def test_what_comes_from_the_record_shows_no_limit_and_no_example(shelf: Shelf) -> None:
    """N4: nobody can type there."""
    client, _ = shelf.browser(Role.FILER)
    told = client.get(f"/zh/filings/{opened(shelf)}?group=A", headers=PAGE).text
    card = told.partition('id="A1"')[2].partition('class="card"')[0]
    assert "最多" not in card
    assert "例：" not in card


def test_only_a_filing_that_can_be_moved_is_told_what_moving_does(shelf: Shelf) -> None:
    """N9"""
    filing_id, moving = opened(shelf), "换成新版本以后"
    with transaction(shelf.site.state.factory) as session:
        filing = session.get_one(Filing, filing_id)
        version = session.get_one(Version, filing.version_id)
        model = submission.model_of(session, version)
        cast.version(session, shelf.actor(Role.FILER), name=model.name)
    told = page(shelf, filing_id, "zh")
    assert "有更新的版本" in told
    assert moving in told
    with transaction(shelf.site.state.factory) as session:
        filing = session.get_one(Filing, filing_id)
        shelf.take(session, filing, Role.FILER, Action.CHECK, Action.SUBMIT)
    told = page(shelf, filing_id, "zh")
    assert "有更新的版本" in told
    assert moving not in told


def test_how_to_object_is_a_list_with_an_address_to_follow(shelf: Shelf) -> None:
    """N6: it was one line of field names, and the address could not be tapped."""
    with shelf.site.state.factory() as session:
        link = session.get_one(Filing, shelf.made["filing"]).answers["I2"]["value"]["link"]
    client, _ = shelf.browser(Role.FILER)
    for language, name in (("zh", "申诉入口"), ("en", "Appeal entry")):
        told = client.get(f"/{language}/f/{shelf.made['slug']}", headers=PAGE).text
        actions = told.partition('id="how-to-object"')[2].partition("</section>")[0]
        shown = link.removeprefix("https://")
        assert f'<a href="{link}" rel="nofollow noopener">{shown}</a>' in actions
        assert f"<dt>{name}" in actions
        until, none = (
            ("收到结果后30天内", "没有写") if language == "zh" else ("30 days", "states none")
        )
        assert (until in actions, none in actions) == (True, False)


def test_the_form_for_concerns_is_reached_from_wherever_a_reader_looks(shelf: Shelf) -> None:
    """On a telephone it stood eighteen thousand points down, and nothing above led to it."""
    client, _ = shelf.browser(Role.FILER)
    form = f'/f/{shelf.made["slug"]}/concern"'
    for language in ("zh", "en"):
        told = client.get(f"/{language}/f/{shelf.made['slug']}", headers=PAGE).text
        top, _, rest = told.partition('id="explanation"')
        actions = top.partition('id="how-to-object"')[2].partition("</section>")[0]
        answer = rest.partition('<li id="object">')[2].partition("</ol>")[0]
        assert [form in each for each in (actions, answer)] == [True, True]
        assert '<a href="#concerns">' in rest.partition('class="plain toc"')[2]


def test_on_a_telephone_the_filters_are_one_link_away(shelf: Shelf) -> None:
    client, _ = shelf.browser(Role.FILER)
    told = client.get("/zh/catalogue", headers=PAGE).text
    before, _, after = told.partition('<div class="filters" id="filters"')
    assert after
    assert '<p class="narrow-only"><a href="#filters">筛选条件</a></p>' in before
