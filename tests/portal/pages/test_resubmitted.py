"""Old and new text on the reviewer's page: what changed since the submission before, and who sees it."""

import html
from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from sqlalchemy import delete

from filing import dossier
from filing.dossier import Filing
from filing.remarks import reply, unsettled
from filing.submissions import Submission
from portal.app import create_app
from registry import explanations, reports
from registry.explanations import Explanation
from registry.organisations import Role
from registry.settings import Settings
from tests import cast, tables
from tests.filing import papers
from tests.portal.pages.records import SEAL, Records
from tests.portal.pages.shelf import Shelf
from tests.portal.world import World

RULE = {"rule": "六十分", "effect": "批准"}
BEFORE: dict[str, Any] = {
    "B2": {"zh": "判断贷款能不能批。", "en": "It judges whether a loan is approved."},
    "B7": {"purpose": "<b>估算</b>", "non_uses": "不用于招聘"},
    "D7": {"value": [RULE], "sealed": SEAL},
}
AFTER: dict[str, Any] = {
    "B2": {"zh": "判断住房贷款能不能批。", "en": "It judges whether a home loan is approved."},
    "B7": {"purpose": "<i>估算</i>", "non_uses": "长" * 300},
    "D7": {"value": [RULE | {"effect": "先由人看"}], "sealed": SEAL},
    **papers.another(C1={"name": {"zh": "还款记录", "en": "Repayments"}, "version": "1"}),
}


class Resubmitted(Records):
    """Filings submitted once, twice and twice alike, whose people have accounts on the register."""

    def __init__(
        self, site: FastAPI, predicate: Mapping[str, Any], explained: Explanation
    ) -> None:
        self.world, self.ids = World(site), dict[str, str]()
        super().__init__(site, predicate, explained)

    def _make(self) -> None:
        scene, world = self.scene, self.world
        scene.filer = world.member("enterprise-own", Role.FILER).actor
        scene.tester = world.member("tester-own", Role.TESTER).actor
        scene.reviewer = world.member("authority-own", Role.REVIEWER).actor
        self._kept("first", self._submitted("first"))
        self._kept("alike", self._again(self._submitted("alike")))
        changed = self._returned(self._submitted("changed", **BEFORE))
        cast.engaged(self.session, scene.version, filer=scene.filer, tester=scene.tester)
        self._fill(changed, **AFTER)
        self._fill(changed, H3={"zh": "别的"})
        self._fill(changed, H3={"zh": "写得清楚的内容", "en": "plain content"})
        scene.attach(changed, self.report(scene.tester))
        self._kept("changed", scene.file(changed, "submit"))
        unknown = self._again(self._submitted("not kept"))
        first = Submission.filing_id == unknown.id, Submission.number == 1
        self.session.execute(delete(Submission).where(*first))
        self._kept("not kept", unknown)
        self._kept("restated", self._restated(E7="换了一个标准"))
        ended = self._again(self._submitted("withdrawn"))
        self._kept("withdrawn", scene.file(ended, "withdraw", reason="不再使用"))
        self._kept("after withdrawing", self._submitted("withdrawn", new=False))

    def _submitted(self, name: str, *, new: bool = True, **answers: Any) -> Filing:
        filing = self._opened(name, **answers) if new else self.scene.opened(**answers)
        self.scene.attach(filing, self.report(self.scene.tester))
        return self.scene.file(filing, "check", "submit")

    def _restated(self, **answers: Any) -> Filing:
        """Published, and with a change that lies with the authority."""
        filing = self.scene.rule(self._submitted("restated"), "accept", "file", "publish")
        self.scene.file(filing, "amend")
        self._fill(filing, **answers)
        return self.scene.file(filing, "submit", reason={"zh": "更新"})

    def _returned(self, filing: Filing) -> Filing:
        return self.scene.rule(filing, "return", remarks=[{"code": "B2", "zh": "请写明。"}])

    def _again(self, filing: Filing) -> Filing:
        """Returned and submitted as it was, with a reply to what was asked."""
        self._returned(filing)
        for each in unsettled(self.session, filing):
            reply(
                self.session,
                by=self.scene.filer,
                remark_id=each.id,
                zh="已在说明里写明。",
                revision=filing.revision,
            )
        return self.scene.file(filing, "submit")

    def _fill(self, filing: Filing, **answers: Any) -> None:
        dossier.fill(
            self.session,
            by=self.scene.filer,
            filing_id=filing.id,
            revision=filing.revision,
            answers=answers,
        )

    def _kept(self, name: str, filing: Filing) -> None:
        self.ids[name] = filing.id


@pytest.fixture(scope="module")
def register(shelf: Shelf, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Resubmitted]:
    with shelf.site.state.factory() as session:
        predicate = reports.statement(reports.get(session, shelf.made["report"]))["predicate"]
        explained = explanations.get(session, shelf.made["explanation"])
    folder = tmp_path_factory.mktemp("resubmitted")
    app = create_app(Settings(data=folder / "data", sandbox_tier="none"))
    tables.make(app.state.engine)
    yield Resubmitted(app, predicate, explained)
    app.state.engine.dispose()


def whole(register: Resubmitted, name: str, language: str) -> str:
    """The reviewer's page."""
    reviewer = register.world.member("authority-own", Role.REVIEWER)
    with TestClient(register.site, headers={"accept": "text/html"}) as client:
        page = client.get(f"/{language}/review/{register.ids[name]}", headers=reviewer.bearer)
    assert page.status_code == 200, page.text
    return page.text


def card(register: Resubmitted, name: str, language: str) -> str:
    """That part of the reviewer's page, of which every other part is there as well."""
    _, found, rest = whole(register, name, language).partition('id="resubmitted"')
    assert found
    return rest.partition("</section>")[0]


@pytest.mark.parametrize("language", ["zh", "en"])
def test_old_and_new_text_stand_side_by_side(register: Resubmitted, language: str) -> None:
    """Both in full, of single fields, sets that came and withheld answers; what was put back is not."""
    found = card(register, "changed", language)
    was, now = BEFORE["B2"][language], AFTER["B2"][language]
    assert f'<del class="said">{was}</del>' in found
    assert f'<ins class="said">{now}</ins>' in found
    assert "H3" not in found
    assert "<b>" not in found
    assert "&lt;b&gt;估算&lt;/b&gt;" in found
    assert "长" * 300 in found
    assert {"zh": "还款记录", "en": "Repayments"}[language] in found
    assert {"zh": "数据集2·", "en": " 2, "}[language] in found
    assert "批准" in found
    assert "先由人看" in found
    assert {"zh": "商业秘密", "en": "trade secret"}[language] in found
    said = {"zh": "有19处不同", "en": "in 19 places"}[language]
    assert said in found, "B2, B7, fifteen of the second set, D7 and the reports"
    assert {"zh": "附上的评估报告", "en": "attached reports"}[language] in found


@pytest.mark.parametrize("language", ["zh", "en"])
def test_a_reviewer_reads_what_the_public_will_read_of_the_evaluation(
    register: Resubmitted, language: str
) -> None:
    """G8: a tick for the evaluation, and not a word of the field that was changed since."""
    said = {
        "zh": "评估以后改过：“训练停止与选择标准”",
        "en": "changed since the third-party evaluation",
    }
    assert said[language] in html.unescape(whole(register, "restated", language))
    assert said[language] not in html.unescape(whole(register, "first", language))


SENTENCES = {
    "first": ("这是这份备案的第一次提交", "This is the filing’s first submission"),
    "alike": ("第2次提交和第1次相比，没有不同。", "Submission 2 does not differ from submission 1."),
    "not kept": ("第1次提交的内容没有保存下来", "What submission 1 said was not kept"),
    "withdrawn": ("第2次提交和第1次相比，没有不同。", "Submission 2 does not differ from submission 1."),
    "after withdrawing": ("这是这份备案的第一次提交", "This is the filing’s first submission"),
}  # fmt: skip


@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize("name", SENTENCES)
def test_where_nothing_is_compared_the_page_says_why(
    register: Resubmitted, name: str, language: str
) -> None:
    found = html.unescape(card(register, name, language))
    assert SENTENCES[name][language == "en"] in found
    assert "<del" not in found
    others = {said[language == "en"] for said in SENTENCES.values()} - {
        SENTENCES[name][language == "en"]
    }
    assert not [each for each in others if each in found]


def test_nobody_else_is_shown_what_an_earlier_submission_said(register: Resubmitted) -> None:
    """The filer and the authority are; the engaged tester, other enterprises and the public are not."""
    address = f"/api/v1/filings/{register.ids['changed']}"
    secret = "六十分"
    seen = {}
    with TestClient(register.site) as client:
        for name, role in (
            ("enterprise-own", Role.FILER),
            ("authority-other", Role.REVIEWER),
            ("tester-own", Role.TESTER),
            ("enterprise-other", Role.FILER),
            ("tester-other", Role.TESTER),
        ):
            member = register.world.member(name, role)
            answer = client.get(address, headers=member.bearer)
            compared = answer.json().get("resubmitted") or {}
            seen[name] = (answer.status_code, secret in str(compared))
        assert client.get(address).status_code == 401
    assert seen == {
        "enterprise-own": (200, True),
        "authority-other": (200, True),
        "tester-own": (200, False),
        "enterprise-other": (403, False),
        "tester-other": (403, False),
    }
