"""filing/B1 in the browser's way: old tabs, two colleagues in one group, and no word that is lost."""

import html
import re
from collections.abc import Mapping
from typing import Any

import pytest
from fastapi.testclient import TestClient

from filing import dossier, review
from filing.dossier import Filing
from filing.lifecycle import Action, Status
from portal.web import unrevised
from registry.database import transaction
from registry.organisations import Role
from tests import cast
from tests.filing import papers
from tests.portal.pages.shelf import Shelf

PAGE = {"accept": "text/html"}
FIELD = re.compile(r'name="((?:was|over)/[A-Z0-9#]+|revision)" value="([0-9a-f]+)"')


def opened(shelf: Shelf, *actions: Action, **answers: Any) -> str:
    """A filing of its own with every answer, moved on by its filer."""
    with transaction(shelf.site.state.factory) as session:
        filer, tester = shelf.actor(Role.FILER), shelf.actor(Role.TESTER)
        version = cast.version(session, filer, name=f"raced-{len(shelf.made)}-{id(object())}")
        filing = dossier.open_filing(session, by=filer, version_id=version.id)
        made = papers.report(session, version, tester, run=())
        dossier.fill(
            session,
            by=filer,
            filing_id=filing.id,
            revision=filing.revision,
            answers=papers.answers(**({"B14": "informs"} if answers else {}) | answers),
        )
        dossier.attach(
            session, by=filer, filing_id=filing.id, revision=filing.revision, report_id=made.id
        )
        shelf.take(session, filing, Role.FILER, *actions)
        return filing.id


def carried(text: str) -> dict[str, str]:
    """What a form carries hidden: its revision and the marks of the answers it was opened with."""
    return dict(FIELD.findall(text))


def group_b(text: str, csrf: str, **changed: str) -> dict[str, Any]:
    """Group B as a browser sends it, opened at `text`, with some boxes typed over."""
    typed: dict[str, Any] = {
        "csrf": csrf,
        "group": "B",
        "a/B1/zh": "住房贷款审批算法",
        "a/B1/en": "Home loan approval",
        "a/B2/zh": "判断贷款能不能批。",
        "a/B2/en": "It judges whether a loan is approved.",
    }
    names = {name for name, _ in FIELD.findall(text)}
    marks = {name: value for name, value in carried(text).items() if name[-2:] in ("B1", "B2")}
    assert "was/B1" in names
    return typed | marks | {"revision": carried(text)["revision"]} | changed


def saved(shelf: Shelf, filing_id: str) -> Mapping[str, Any]:
    """The answers on record."""
    with shelf.site.state.factory() as session:
        answers: Mapping[str, Any] = session.get_one(Filing, filing_id).answers
        return answers


def test_two_colleagues_in_different_fields_lose_nothing(shelf: Shelf) -> None:
    """filing/B1, A7: the second is told; their words are kept, and the first's are not overwritten."""
    filing = opened(shelf)
    client, csrf = shelf.browser(Role.FILER)
    here = f"/zh/filings/{filing}"
    page = client.get(f"{here}?group=B", headers=PAGE).text
    first = group_b(page, csrf) | {"a/B1/zh": "甲写的名称"}
    second = group_b(page, csrf) | {"a/B2/zh": "乙写的说明"}
    assert client.post(f"{here}/answers", data=first, headers=PAGE).status_code == 303

    lost = client.post(f"{here}/answers", data=second, headers=PAGE)
    assert lost.status_code == 409
    text = html.unescape(lost.text)
    assert "您打开以后，这份备案又有了改动" in text
    assert "“算法名称”由" in text
    assert "乙写的说明</textarea>" in text
    assert 'value="甲写的名称"' in text  # untouched by the second: the first's words are shown
    assert saved(shelf, filing)["B2"]["value"]["zh"] == "判断贷款能不能批。"

    again = second | {
        "revision": carried(text)["revision"]
    }  # the second press, from the same form
    assert client.post(f"{here}/answers", data=again, headers=PAGE).status_code == 303
    assert saved(shelf, filing)["B1"]["value"]["zh"] == "甲写的名称"
    assert saved(shelf, filing)["B2"]["value"]["zh"] == "乙写的说明"


@pytest.mark.parametrize("language", ["zh", "en"])
def test_of_two_colleagues_in_one_field_the_second_decides_knowingly(
    shelf: Shelf, language: str
) -> None:
    """filing/B1, A7: a second press does not overwrite the other's words in silence."""
    filing = opened(shelf)
    client, csrf = shelf.browser(Role.FILER)
    here = f"/{language}/filings/{filing}"
    page = client.get(f"{here}?group=B", headers=PAGE).text
    first = group_b(page, csrf) | {"a/B1/zh": "甲写的名称", "a/B1/en": "Name of one"}
    second = group_b(page, csrf) | {"a/B1/zh": "乙写的名称", "a/B1/en": "Name of two"}
    assert client.post(f"{here}/answers", data=first, headers=PAGE).status_code == 303

    for _ in range(2):  # told, and at the second press told again: nothing is decided yet
        lost = client.post(f"{here}/answers", data=second, headers=PAGE)
        assert lost.status_code == 409
        text = html.unescape(lost.text)
        assert 'id="other-B1"' in text
        assert ("甲写的名称" if language == "zh" else "Name of one") in text
        assert 'value="乙写的名称"' in text
        assert saved(shelf, filing)["B1"]["value"]["zh"] == "甲写的名称"
        second |= {name: carried(text)[name] for name in ("revision", "was/B1")}

    second["over/B1"] = carried(text)["over/B1"]
    assert client.post(f"{here}/answers", data=second, headers=PAGE).status_code == 303
    assert saved(shelf, filing)["B1"]["value"]["zh"] == "乙写的名称"


def test_a_reviewer_in_an_old_tab_accepts_nothing(shelf: Shelf) -> None:
    """filing/B1: the trial of the finding, press by press."""
    filing_id = opened(shelf, Action.CHECK, Action.SUBMIT)
    client, csrf = shelf.browser(Role.REVIEWER)
    here = f"/zh/review/{filing_id}"
    old = carried(client.get(here, headers=PAGE).text)
    with transaction(shelf.site.state.factory) as session:
        filing = session.get_one(Filing, filing_id)
        remark = [{"code": "B1", "zh": "改名"}]
        review.take(
            session,
            by=shelf.actor(Role.REVIEWER),
            filing_id=filing_id,
            revision=filing.revision,
            action=Action.RETURN,
            remarks=remark,
        )
        dossier.fill(
            session,
            by=shelf.actor(Role.FILER),
            filing_id=filing_id,
            revision=filing.revision,
            answers={"B1": "新名称", "B7": {"purpose": "甲", "non_uses": "无"}},
        )
        shelf.take(session, filing, Role.FILER, Action.SUBMIT)

    typed = {"csrf": csrf, "revision": old["revision"], "reason": "看过了", "remark/B9": "日期"}
    answer = client.post(f"{here}/steps/accept", data=typed, headers=PAGE)
    assert answer.status_code == 409
    text = html.unescape(answer.text)
    for key in ("B1", "B7"):
        assert re.search(rf'<a href="#{key}">[^<]+</a> <code[^>]*>{key}</code>', text)
    assert "aria-invalid" not in text
    assert "目的意图与不适用情形" in text[: text.index("<h1>")]
    assert 'value="看过了"' in text
    assert 'value="日期"' in text
    with shelf.site.state.factory() as session:
        assert session.get_one(Filing, filing_id).status == Status.SUBMITTED


@pytest.mark.parametrize(
    ("address", "typed"),
    [
        ("attach", {"report_id": "x"}),
        ("move", {"version_id": "x"}),
        ("steps/check", {}),
        ("steps/withdraw", {"reason": "不办了"}),
        ("answers", {"group": "B", "a/B1/zh": "乙写的名称"}),
    ],
)
def test_every_form_of_a_filing_says_what_it_was_made_against(
    shelf: Shelf, address: str, typed: dict[str, str]
) -> None:
    """filing/B1: a form without, or with an older revision changes nothing and keeps its words."""
    filing = opened(shelf)
    client, csrf = shelf.browser(Role.FILER)
    before = saved(shelf, filing)
    for carried_revision, status in (("", 422), ("1", 409)):
        sent = typed | {"csrf": csrf, "revision": carried_revision}
        answer = client.post(f"/zh/filings/{filing}/{address}", data=sent, headers=PAGE)
        assert answer.status_code == status
        if "a/B1/zh" in typed or "reason" in typed:
            assert list(typed.values())[-1] in answer.text
        assert saved(shelf, filing) == before


def test_every_form_on_a_dossiers_pages_carries_its_revision(shelf: Shelf) -> None:
    """filing/B1: walks the forms, so that a new one cannot forget."""
    filing = opened(shelf)
    pages = [(Role.FILER, f"/zh/filings/{filing}?group=B"), (Role.FILER, "/zh/filings/{filing}")]
    pages.append((Role.REVIEWER, "/zh/review/{filing}"))
    for role, address in pages:
        client, _ = shelf.browser(role)
        text = client.get(address.format(**shelf.made), headers=PAGE).text
        forms = re.findall(r"<form method=\"post\".*?</form>", text, flags=re.DOTALL)
        own = [each for each in forms if "/filings/" in each or "/review/" in each]
        assert own
        assert all('name="revision"' in each for each in own)


KEPT_APART = {
    "POST /api/v1/filings/{filing_id}/files",
    "POST /api/v1/filings/{filing_id}/previews",
    "DELETE /api/v1/filings/{filing_id}/previews/{link_id}",
}
"""What changes no answer: of a file the answer that names it carries the revision, and a link shows the newest."""
OF_A_FILING = re.compile(r"/(filings/\{filing_id\}|remarks/\{remark_id\})")


def test_the_api_asks_for_the_revision(reader: TestClient) -> None:
    """filing/B1: required in OpenAPI by every operation that changes a filing; walks them all."""
    described = reader.get("/api/v1/openapi.json").json()
    shapes, walked = described["components"]["schemas"], 0
    for path, methods in described["paths"].items():
        for method, operation in methods.items():
            named = f"{method.upper()} {path}"
            if method == "get" or not OF_A_FILING.search(path) or named in KEPT_APART:
                continue
            asked = {each["name"] for each in operation["parameters"] if each["required"]}
            body = operation.get("requestBody", {}).get("content", {}).get("application/json", {})
            shape = body.get("schema", {}).get("$ref", "").rpartition("/")[2]
            asked |= set(shapes.get(shape, {}).get("required", ()))
            assert "revision" in asked, (method, path)
            walked += 1
    assert walked >= 11
    assert unrevised.API.keys() >= KEPT_APART
