"""The rules that the product cites: whose they are, how they are shown, and how narrow they are told."""

import re

import pytest

from registry import law
from registry.law import FORCE_NAMES, OURS, RULES, City, Force


@pytest.mark.parametrize("rule", RULES.values(), ids=lambda each: each.id)
def test_a_rule_is_shown_with_title_article_place_and_force_and_never_as_its_id(
    rule: law.Rule,
) -> None:
    for language in ("zh", "en"):
        shown = getattr(rule.shown, language)
        assert getattr(rule.source, language) in shown
        assert getattr(rule.article, language) in shown
        assert getattr(rule.place, language) in shown
        assert getattr(FORCE_NAMES[rule.force], language) in shown
        assert not re.search(r"S[HZ]\d", shown)


def test_a_rule_stands_in_the_city_that_its_title_names() -> None:
    for rule in RULES.values():
        cities = {City.SHANGHAI: "上海", City.SHENZHEN: "深圳"}
        named = [city for city, name in cities.items() if name in rule.source.zh]
        assert named == ([rule.city] if rule.city else [])


def test_force_is_said_as_the_texts_say_it() -> None:
    assert FORCE_NAMES[Force.MUST].zh == "应当"
    assert FORCE_NAMES[Force.MUST_NOT].zh == "不得"


# law.md: paraphrases to keep as narrow as the text.
@pytest.mark.parametrize(
    ("rule_id", "zh", "en"),
    [
        ("SZ70", "人工智能伦理安全规范", "AI ethical-safety norms"),
        ("SH70", "智能化公共服务", "intelligent public services"),
        ("SH70", "必要时", "where necessary"),
        ("SZ33", "法律另有规定的除外", "unless law provides otherwise"),
        ("SH69", "劳动纪律管理", "labour-discipline management"),
        ("SZ72-5", "侵害消费者权益", "infringes consumers' rights"),
        ("SH16-report", "涉及公共利益", "touching the public interest"),
        ("SH16-explain", "涉及公共利益", "touching the public interest"),
        ("SZ44", "没有国家标准和地方标准", "no national or local standard"),
    ],
)
def test_a_paraphrase_is_as_narrow_as_its_text(rule_id: str, zh: str, en: str) -> None:
    assert zh in RULES[rule_id].about.zh
    assert en in RULES[rule_id].about.en


def test_the_platform_price_rule_has_its_number_and_says_that_its_text_was_not_read() -> None:
    rule = law.rule("平台价格规则")
    assert "发改价格规〔2025〕1607号" in rule.cited.zh
    assert "第8、15、20条" in rule.cited.zh
    assert "没有核对原文" in rule.cited.zh
    assert "arts. 8, 15, 20" in rule.cited.en
    assert "secondary sources" in rule.cited.en
    assert [each.id for each in RULES.values() if each.second_hand] == [rule.id]


def test_ours_is_no_rule() -> None:
    assert OURS not in {each.shown for each in RULES.values()}


@pytest.mark.parametrize(
    ("reference", "zh"),
    [
        ("SZ72-4、SH67-3", "深圳经济特区人工智能产业促进条例 第72条第（4）项、上海市促进人工智能产业发展条例 第67条第（3）项"),
        ("SH8、SZ68", "上海市促进人工智能产业发展条例 第8条、深圳经济特区人工智能产业促进条例 第68条"),
        ("算法推荐2、24", "互联网信息服务算法推荐管理规定 第2条、互联网信息服务算法推荐管理规定 第24条"),
        ("参见SZ72-5", "参见深圳经济特区人工智能产业促进条例 第72条第（5）项"),
        ("GB/T 37964—2019", "GB/T 37964—2019"),
        ("本产品用语", "本产品用语"),
    ],
)  # fmt: skip
def test_a_reference_is_spelled_out_by_title_and_article(reference: str, zh: str) -> None:
    assert law.cited(reference).zh == zh


def test_every_term_of_the_glossary_says_where_it_comes_from_without_ids() -> None:
    from portal.web.glossary import terms

    for term in terms():
        for said in (term.source.zh, term.source.en):
            assert not re.search(r"S[HZ]\d|算法推荐\d", said), term.name.zh


def test_an_article_against_discrimination_stands_for_no_feature_that_it_does_not_name() -> None:
    """Newcomer, issue 7: a district and marital status stood under articles that name neither."""
    said = law.features(["SH16-test", "SH67-3"])
    assert said is not None
    assert "评估计划选的" in said.zh
    assert "this plan’s choice" in said.en
    for rule in ("SZ72-4", "SH67-3"):
        named = re.split("因|等歧视", RULES[rule].about.zh)[1]
        assert named in said.zh
    assert law.features(["SZ72-5", "SH16-test"]) is None
