"""A form that is turned down says every reason and keeps what was typed."""

import html
import re
from typing import Any

import pytest
from fastapi.testclient import TestClient
from starlette.datastructures import FormData

from explainers.asked import PlanHasGaps
from portal.pages import explaining
from registry.database import transaction
from registry.datasets import Use
from registry.organisations import Role
from tests import cast
from tests.portal.pages.shelf import Shelf

PAGE = {"accept": "text/html"}
FILE = {"archive": ("model.zip", b"no archive"), "file": ("rows.csv", b"\x00\x01")}


def test_a_wrong_password_keeps_the_address_and_not_the_password(reader: TestClient) -> None:
    typed = {"email": "nobody@example.org", "password": "wrong-secret", "next": "/zh/desk"}
    answer = reader.post("/zh/sign-in", data=typed)
    assert answer.status_code == 403
    assert 'role="alert"' in answer.text
    assert 'value="nobody@example.org"' in answer.text
    assert "wrong-secret" not in answer.text


def send(shelf: Shelf, role: Role, address: str, typed: dict[str, Any], file: str = "") -> Any:
    """Send a form as the one who does the work of a role."""
    client, csrf = shelf.browser(role)
    files = {file: FILE[file]} if file else None
    data = {**typed, "csrf": csrf}
    return client.post(address.format(**shelf.made), data=data, files=files, headers=PAGE)


@pytest.mark.parametrize(
    ("role", "address", "file", "typed"),
    [
        (Role.FILER, "/zh/submit", "archive", {"model_name": "模型甲", "note": "改了门槛"}),
        (
            Role.FILER,
            "/en/versions/{version}/engagements",
            "",
            {"tester_id": "x", "query_budget": "-7", "conflict": "a cousin", "paid_by": "us"},
        ),
        (
            Role.TESTER,
            "/zh/datasets/new",
            "file",
            {"name": "留出集二", "use": "evaluation", "roles": "a: b", "source": "来源", "next": ""},
        ),
        (Role.FILER, "/zh/datasets/new", "file", {"name": "数据", "use": "nonsense", "source": "x"}),
        (
            Role.FILER,
            "/en/versions/{version}/explain",
            "",
            {"dataset_id": "none", "cut": "0.7", "w/favourable/zh": "通过", "protected": "race = 种族"},
        ),
        (
            Role.TESTER,
            "/zh/evaluations/new",
            "",
            {"version": "{version}", "dataset": "{dataset}", "engagement": "{engagement}",
             "plan": 'title = "未完成'},
        ),
        (Role.FILER, "/zh/organisation/tokens", "", {"label": "甲", "days": "9999", "scopes": "read"}),
        (Role.FILER, "/zh/organisation/tokens", "", {"label": "乙", "days": "30", "scopes": "all"}),
    ],
)  # fmt: skip
def test_a_rejected_form_says_why_and_keeps_what_was_typed(
    shelf: Shelf, role: Role, address: str, file: str, typed: dict[str, str]
) -> None:
    typed = {name: value.format(**shelf.made) for name, value in typed.items()}
    answer = send(shelf, role, address, typed, file)
    assert answer.status_code in (403, 404, 422), answer.text  # as the API has it
    text = html.unescape(answer.text)
    assert 'role="alert"' in text
    for name, value in typed.items():
        if name not in ("tester_id", "dataset_id", "use", "scopes", "next"):
            assert value in text, name


def test_every_gap_of_an_explanation_is_named_at_once(shelf: Shelf) -> None:
    with transaction(shelf.site.state.factory) as session:
        own = cast.dataset(session, shelf.actor(Role.FILER), use=Use.EXPLANATION)
        own_id = own.id
    typed = {"dataset_id": own_id, "task": "decision", "cut": "", "d/who/zh": "某银行"}
    answer = send(shelf, Role.FILER, "/zh/versions/{version}/explain", typed)
    assert answer.status_code == 422
    for place in ("f-c/hrat", "f-c/married", "f-c/vr", "f-d/who/en"):
        assert f'<a href="#{place}">' in answer.text
    assert "谁在用它 English</a>" in answer.text
    assert 'value="某银行"' in answer.text


def test_the_reason_to_keep_the_values_of_steps_has_a_box_in_both_languages(shelf: Shelf) -> None:
    """issue 12, 2: the plan's key `sealed` had no box, so that only API and CLI could say it."""
    form = FormData({"sealed/zh": " 规则是商业秘密 ", "sealed/en": "a trade secret", "cut": "0.5"})
    asked = explaining.plan(form, [])
    assert asked["sealed"] == {"zh": "规则是商业秘密", "en": "a trade secret"}
    assert "sealed" not in explaining.plan(FormData({"sealed/zh": " ", "cut": "0.5"}), [])
    with transaction(shelf.site.state.factory) as session:
        own_id = cast.dataset(session, shelf.actor(Role.FILER), use=Use.EXPLANATION).id
    typed = {"dataset_id": own_id, "task": "decision", "cut": "0.8", "sealed/zh": "商业秘密"}
    answer = send(shelf, Role.FILER, "/zh/versions/{version}/explain", typed)
    assert answer.status_code == 422
    assert '<a href="#f-sealed/en">' in answer.text
    assert "<details open><summary>不公开分界的具体数值" in answer.text
    assert 'value="商业秘密"' in answer.text


def test_a_missing_cut_is_a_gap_unless_a_report_gives_it(shelf: Shelf) -> None:
    """public/B2: where a report counts, its cut stands in the form and may be left out."""
    column = {"name": "a", "plain": {"zh": "一", "en": "one"}, "unit": None}
    asked: dict[str, Any] = {"task": "decision", "cut": None, "columns": [column]}
    asked |= {"wording": {}, "declared": {}}
    with pytest.raises(PlanHasGaps) as refused:
        explaining.check(asked, ["a"])
    assert [reason.item for reason in refused.value.reasons] == ["cut", "favourable_above"]
    explaining.check(asked, ["a"], settled=True)
    client, _ = shelf.browser(Role.FILER)
    form = client.get("/zh/versions/{version}/explain".format(**shelf.made), headers=PAGE).text
    assert 'value="0.8"' in form
    assert "以最新的有效评估报告为准" in form
    assert "不引用" not in form


def test_a_wrong_dossier_answer_is_kept_with_the_reason_beside_it(shelf: Shelf) -> None:
    with transaction(shelf.site.state.factory) as session:
        version = cast.version(session, shelf.actor(Role.FILER), name="another")
        version_id = version.id
    client, csrf = shelf.browser(Role.FILER)
    opened = client.post(f"/zh/versions/{version_id}/filing", data={"csrf": csrf}, headers=PAGE)
    filing = opened.headers["location"]
    typed = {
        "csrf": csrf,
        "revision": "1",
        "group": "B",
        "a/B1/zh": "一个算法",
        "a/B2/zh": "长" * 81,
        "a/B9/start": "someday",
    }
    for language, said in (("zh", "没有“no-such-kind”这个选项"), ("en", "There is no option")):
        page = filing.replace("/zh/", f"/{language}/")
        unknown = client.post(
            f"{page}/answers", data=typed | {"a/B4": "no-such-kind"}, headers=PAGE
        )
        assert unknown.status_code == 422
        assert said in unknown.text
        assert "synthesis" in unknown.text
        assert 'value="一个算法"' in unknown.text
    saved = client.post(f"{filing}/answers", data=typed, headers=PAGE)
    text = client.get(saved.headers["location"], headers=PAGE).text
    assert 'value="一个算法"' in text
    assert 'value="someday"' in text
    for key in ("B2", "B9"):
        card = text[text.index(f'id="{key}"') :]
        assert 'class="wrong"' in card[: card.index('class="card"')]
    early = client.post(
        f"{filing}/steps/check", data={"csrf": csrf, "revision": "2"}, headers=PAGE
    )
    assert early.status_code == 422
    named = re.findall(
        r'<a href="/zh/filings/[^"?]+\?group=(.)#([^"]+)">[^<]+</a> <code', early.text
    )
    assert len(named) > 10
    assert not re.search(r'<li id="why-\d+">\s*<code', early.text)
    assert all(key.startswith(group) for group, key in named)


def test_a_form_without_its_token_is_refused(shelf: Shelf) -> None:
    client, _ = shelf.browser(Role.FILER)
    answer = client.post("/zh/organisation/tokens", data={"label": "x"}, headers=PAGE)
    assert answer.status_code == 403


def test_a_budget_beyond_any_database_is_refused_on_the_page(shelf: Shelf) -> None:
    for budget, said in {
        "9" * 30: "查询次数是",
        "9" * 5000: "查询次数是",
        str(10**12 + 1): "查询次数是",
        "5.5": "要填整数",
    }.items():
        tester = shelf.world.member("tester-own", Role.TESTER).organisation.id
        typed = {"tester_id": tester, "query_budget": budget, "conflict": "无"}
        answer = send(shelf, Role.FILER, "/zh/versions/{version}/engagements", typed, "")
        assert answer.status_code == 422
        assert said in answer.text, budget


def test_a_reason_is_not_headed_by_a_name_out_of_the_program(shelf: Shelf) -> None:
    with transaction(shelf.site.state.factory) as session:
        typed = {"reason": "", "revision": str(shelf.filing(session).revision)}
    answer = send(shelf, Role.FILER, "/zh/filings/{filing}/steps/cancel", typed, "")
    assert answer.status_code == 422
    assert "没有写理由。" in answer.text
    assert "reason_given" not in answer.text


def test_a_form_in_which_nothing_was_chosen_names_the_question(shelf: Shelf) -> None:
    """It said that “” is not among the choices."""
    address = "/{language}/f/{slug}/concern"
    for language, said in (
        ("zh", ">走哪条途径</a>：没有选“走哪条途径”。"),
        ("en", ">Which route</a>: “Which route” was not chosen."),
    ):
        page = TestClient(shelf.site)
        answer = page.post(address.format(language=language, **shelf.made), data={}, headers=PAGE)
        assert answer.status_code == 422
        assert said in html.unescape(answer.text)
