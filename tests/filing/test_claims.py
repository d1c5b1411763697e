"""Words that claim an approval are remarked on, and no name that holds them is a heading in silence."""

import re

import pytest
from sqlalchemy import select, update

from filing import catalogue, claims, review, search_index
from filing.lifecycle import Guard, Status
from filing.listings import Listing
from filing.search_index import SearchIndex
from tests import cast
from tests.filing.papers import Scene
from tests.filing.test_review import refused

CLAIMS = [
    "国家认证的公平算法", "国 家 认 证", "國家認證", "获政府批准的信用评分", "官方认可模型", "本算法备案通过", "已通过备案",
    "公平认证", "认证公平的评分", "由主管部门核准使用", "网信办推荐", "权威机构检测合格", "安全认证算法", "国家级认定",
    "Government approved scoring", "government-certified", "officially endorsed", "Certified fair",
    "certified as unbiased", "approved by the authority", "Approved by the Shanghai authority",
    "recommended by the government", "fairness certified", "The filing was approved", "passed the filing",
    "ｇｏｖｅｒｎｍｅｎｔ ａｐｐｒｏｖｅｄ", "state\u00a0approved", "“国家认证”贷款算法",
]  # fmt: skip
NONE = [
    "住房贷款审批算法", "贷款通过的人", "客户身份认证算法", "合格投资者评分", "推荐算法", "没有经过国家认证", "不代表官方认可",
    "Home loan approval algorithm", "Applicants who were approved", "not government approved",
    "a product recommender", "recommended items", "it is not certified fair", "由第三方评估", "国家标准", "政府采购",
    "national statistics", "the authority reads complaints", "国家统计局公布的认可度", "上海市质量认证中心",
]  # fmt: skip


@pytest.mark.parametrize("said", CLAIMS)
def test_a_claim_of_an_approval_is_seen(said: str) -> None:
    assert claims.found(said)


@pytest.mark.parametrize("said", NONE)
def test_what_an_algorithm_decides_or_a_text_denies_is_no_claim(said: str) -> None:
    assert claims.found(said) == []


def test_filer_and_reviewer_are_told_and_a_name_needs_a_reason_of_each(scene: Scene) -> None:
    said = "国家认证的公平信贷算法"
    filing = scene.evaluated(B1=said, B2="获政府批准，用来决定是否放贷。")
    told = claims.remarks(filing.told)
    assert set(told) == {"B1", "B2"}
    assert "国家认证" in told["B1"].zh
    scene.file(filing, "check")
    assert refused(scene, filing, "submit", scene.filer) == [Guard.NAME_CLAIMS]
    scene.file(filing, "submit", reason="“国家认证”是本单位注册商标的一部分。")
    kept = review.submitted_with(scene.session, filing)
    assert kept == {"zh": "“国家认证”是本单位注册商标的一部分。"}
    scene.rule(filing, "accept", "file")
    assert refused(scene, filing, "publish", scene.publisher) == [Guard.NAME_CLAIMS]
    scene.rule(filing, "publish", reason="已核对商标注册证。")
    assert filing.status == Status.PUBLISHED


def test_words_in_free_text_alone_stand_in_nobodys_way(scene: Scene) -> None:
    filing = scene.file(scene.evaluated(B2="获政府批准，用来决定是否放贷。"), "check", "submit")
    assert filing.status == Status.SUBMITTED
    assert claims.named(filing.told) is None


def test_a_heading_that_claims_an_approval_says_whose_words_they_are() -> None:
    said = claims.published({"zh": "国家认证算法", "en": "Government approved"}, {"zh": "甲公司"})
    assert said is not None
    assert "国家认证" in said.zh
    assert "neither" in said.en
    assert claims.published({"zh": "住房贷款审批算法"}, {"zh": "甲公司", "en": "A"}) is None


def test_a_line_of_a_list_says_it_too_of_the_name_and_of_what_the_algorithm_decides(
    scene: Scene,
) -> None:
    plain = scene.published()
    scene.version = cast.version(scene.session, scene.filer, name="other")
    told = scene.published(B2="获政府批准，用来决定是否放贷。")
    lines = {each.number: each for each in scene.search("").hits}
    assert lines[str(plain.number)].claimed is None
    claimed = lines[str(told.number)].claimed
    assert claimed is not None
    assert "获政府批准" in claimed.zh


def test_a_page_of_a_search_judges_no_text_and_says_it_beside_a_claiming_name(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Twenty hits have a hundred texts: they are judged when they are indexed."""
    told = scene.published(B2="获政府批准，用来决定是否放贷。")
    index = SearchIndex()
    before = catalogue.search(scene.session, index).hits
    judged: list[str] = []

    def judge(text: str) -> list[str]:
        judged.append(text)
        return []

    monkeypatch.setattr(claims, "found", judge)
    assert catalogue.search(scene.session, index).hits == before
    assert not judged
    (hit,) = before
    assert hit.number == str(told.number)
    assert hit.claimed is not None
    assert "获政府批准" in hit.claimed.zh


def test_a_line_that_was_indexed_as_it_no_longer_is_is_judged_as_it_is(scene: Scene) -> None:
    """An index may be ahead of who searches: another has read more of the record."""
    scene.published(B2="获政府批准，用来决定是否放贷。")
    index = SearchIndex()
    catalogue.search(scene.session, index)
    line = scene.session.scalars(select(Listing)).one()
    card = {**line.card, "summary": {"zh": "网信办推荐", "en": ""}}
    scene.session.execute(update(Listing).values(card=card, change=line.change + 1))
    (hit,) = catalogue.search(scene.session, index).hits
    assert hit.claimed is not None
    assert "网信办推荐" in hit.claimed.zh
    assert "获政府批准" not in hit.claimed.zh


def test_a_line_whose_claim_was_taken_back_says_nothing_any_more(scene: Scene) -> None:
    filing = scene.published(B2="获政府批准，用来决定是否放贷。")
    index = SearchIndex()
    catalogue.search(scene.session, index)
    line = scene.session.scalars(select(Listing)).one()
    line.card = {**line.card, "summary": {"zh": "用来决定是否放贷。", "en": ""}}
    scene.rule(filing, "revoke", reason="撤销")
    (hit,) = catalogue.search(scene.session, index).hits
    assert hit.claimed is None


def test_an_index_that_another_rule_judged_is_of_another_form() -> None:
    assert claims.RULE in search_index.FORM
    other = re.compile(claims.CLAIM.pattern + "|免审")
    assert claims.rule(other) != claims.RULE
    assert claims.rule() == claims.RULE


def test_claims_are_found_in_every_answer_of_a_page() -> None:
    """X12/13: H4 said “certified by the authority”, and the page said nothing beside it."""
    answers = {
        "H4": {"value": {"zh": "本算法已通过政府认证。"}},
        "H1": {"value": {"zh": "没有经过政府认证。"}},
    }
    assert claims.anywhere({"zh": "名称"}, answers) == ["政府认证"]
    assert claims.anywhere({"zh": "名称"}, {"H1": answers["H1"]}) == []
