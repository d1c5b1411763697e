"""Words that claim an approval are remarked on, and no name that holds them is a heading in silence."""

import pytest

from filing import claims, review
from filing.lifecycle import Guard, Status
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
