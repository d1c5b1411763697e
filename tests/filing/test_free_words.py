"""What a filer says in free text is held against what was measured: sentence by sentence, in both languages.

The model of these sentences is known: income helps, debt hurts and weighs most, a bankruptcy hurts, marriage
helps a little; sex moves the score and no result, age nothing at all, and of districts none is higher.
"""

from typing import Any

import pytest

from filing import declared
from filing.fields import Answers
from filing.forms import current
from registry.contradictions import Contradiction
from registry.language import Text


def text(zh: str, en: str) -> dict[str, str]:
    return {"zh": zh, "en": en}


MARRIED = {"0": text("未婚的人", "single people"), "1": text("已婚的人", "married people")}
SEX = {"m": text("男性", "men"), "f": text("女性", "women")}
RECORD = {
    "0": text("没有破产过的人", "people without a past bankruptcy"),
    "1": text("破产过的人", "people with a past bankruptcy"),
}
COLUMNS: list[dict[str, Any]] = [
    {"name": "income", "plain": text("每月收入", "monthly income")},
    {"name": "debt", "plain": text("债务", "debt"), "direction": {"zh": ["多", "少"], "en": ["more", "less"]}},
    {"name": "age", "plain": text("年龄", "age"), "direction": {"zh": ["大", "小"], "en": ["higher", "lower"]}},
    {"name": "sex", "plain": text("性别", "sex"), "protected": True, "phrases": SEX},
    {"name": "married", "plain": text("是否已婚", "marital status"), "protected": True, "phrases": MARRIED},
    {"name": "pubrec", "plain": text("是否破产过", "a past bankruptcy"), "phrases": RECORD},
    {"name": "district", "plain": text("所在城区", "district")},
]  # fmt: skip


def fact(name: str, acts: str, up: int, down: int, changed: int, **more: Any) -> dict[str, Any]:
    share = changed / 9
    swapped = {"n": 900, "changed": changed, "low": share - 1, "high": share + 1}
    counted = {"n": 900, "up": up, "down": down, "changed": changed}
    return {"columns": [name], "acts": acts, "swapped": swapped, **counted, **more}


CONTENT: dict[str, Any] = {
    "task": "decision",
    "wording": {"favourable": text("通过", "approved"), "unfavourable": text("不通过", "refused")},
    "questions": [{"id": "information", "items": COLUMNS}],
    "measured": [
        fact("income", "up", 900, 0, 270),
        fact("debt", "down", 0, 900, 450),
        fact("age", "little", 0, 0, 0),
        fact("sex", "little", 0, 900, 0, between=[SEX["m"], SEX["f"]], scored=True),
        fact("married", "up", 800, 0, 40, between=[MARRIED["0"], MARRIED["1"]]),
        fact("pubrec", "down", 0, 880, 90, between=[RECORD["0"], RECORD["1"]]),
        fact("district", "changes", 0, 0, 60),
    ],
}
WRONG_ZH = [
    ("不看每月收入。", "not_used"),
    ("不使用债务和住址。", "not_used"),
    ("评分时不考虑您的每月收入。", "not_used"),
    ("每月收入不参与评分。", "not_used"),
    ("债务没有用到。", "not_used"),
    ("债务不是评分的依据。", "not_used"),
    ("不知道您的性别。", "not_used"),
    ("我们的算法不收集年龄。", "not_used"),
    ("不看性别。", "not_used"),
    ("评分与性别无关。", "not_used"),
    ("不分男性和女性。", "matters not_used"),
    ("结果与债务无关。", "matters"),
    ("债务对结果没有影响。", "matters"),
    ("债务不影响结果。", "matters"),
    ("结果不受每月收入的影响。", "matters"),
    ("不会因为是否破产过而区别对待。", "matters"),
    ("无论每月收入多少，标准都一样。", "matters"),
    ("已婚的人和未婚的人都一样。", "matters"),
    ("债务越多，越容易通过。", "direction"),
    ("每月收入越高越难获批。", "direction"),
    ("每月收入高的人更容易被拒。", "direction"),
    ("每月收入更高，结果更差。", "direction"),
    ("债务减少会降低您的分数。", "direction"),
    ("债务多有利于通过。", "direction"),
    ("每月收入高、债务多的人更容易通过。", "direction"),
    ("破产过的人更容易通过。", "direction"),
    ("没有破产过的人分数更低。", "direction"),
    ("一个人破产过，另一个人没有破产过，一般第一个人分数更高。", "direction"),
    ("已婚的人更难通过。", "direction"),
    ("未婚的人优先。", "direction"),
    ("女性的分数更高。", "direction"),
    ("年龄越大，越容易通过。", "matters"),
    ("主要看年龄。", "importance"),
    ("年龄非常重要。", "importance"),
    ("最重要的是每月收入。", "importance"),
    ("每月收入影响最大。", "importance"),
    ("债务的影响很小。", "matters"),
    ("债务几乎不影响结果。", "matters"),
    ("对所有人一视同仁。", "alike"),
    ("没有任何歧视。", "alike"),
    ("男女同等条件下得分相同。", "alike"),
    ("性别信息仅用于统计，不进入模型。", "not_used"),
    ("债务不作为评分变量。", "not_used"),
    ("评分模型里没有性别这一项。", "not_used"),
    ("我们已将性别从模型中剔除。", "not_used"),
    ("债务的权重为零。", "not_used"),
    ("模型不会读取债务字段。", "not_used"),
    ("债务和结果没什么关系。", "matters"),
    ("债务对评分毫无作用。", "matters"),
    ("债务基本可以忽略。", "matters"),
    ("已婚的人和未婚的人的通过机会完全相同。", "matters"),
    ("每月收入越高，被拒的可能性越大。", "direction"),
    ("债务越多，不被拒的可能性越大。", "direction"),
    ("债务越多，通过的机会越大。", "direction"),
    ("破产过的人更有可能通过。", "direction"),
]
RIGHT_ZH = [
    "不看年龄。",
    "年龄不影响结果。",
    "结果和年龄没有关系。",
    "每月收入越高，越容易通过。",
    "债务多的人更难通过。",
    "债务越少，分数越高。",
    "破产过的人更容易被拒。",
    "没有破产过的人比破产过的人更容易通过。",
    "一个人没有破产过，另一个人破产过，一般第一个人分数更高。",
    "不只看每月收入。",
    "不用提供债务证明。",
    "信贷员不看性别。",
    "训练时没有用性别。",
    "如果不看债务，结果会不一样。",
    "以前不看债务。",
    "不看债务以外的信息。",
    "不得不看债务。",
    "主要看债务。",
    "最重要的是债务。",
    "债务影响很大。",
    "性别不影响结果。",
    "年龄的影响很小。",
    "已婚的人更容易通过。",
    "女性的分数更低。",
    "尽量对所有人一视同仁。",
    "不能保证一视同仁。",
    "每个人用同一套标准。",
    "每月收入越高，审核越快。",
    "债务多的人更容易看懂这张表。",
    "债务多不一定更难通过。",
    "不是主要看年龄。",
    "最重要的不是年龄。",
    "债务是多少，请如实填写。",
    "每月收入和债务都看。",
    "有人以为不看每月收入。",
    "收入不看。",
    "每月收入高低不限。",
    "所在城区会影响结果。",
    "债务不可忽略。",
    "女性不比男性更容易通过。",
    "债务的权重是0.4。",
    "性别信息仅用于统计。",
    "债务记录已经删除。",
    "不用性别，换成别的信息，结果差不多。",
    "债务越多，被拒的概率越大。",
    "每月收入越高，被拒绝的可能性越小。",
    "债务越多，不通过的可能性越大。",
    "债务越多，违约的可能性越大，分数越低。",
    "债务越多，风险分数越高。",
    "债务越多，还不上的可能性越大。",
    "破产过的人也可能通过。",
    "破产过的人也有机会通过。",
    "没有破产过的人不难通过。",
    "我们不能做到对所有人一视同仁。",
    "不能说没有歧视。",
    "我们没有发现没有歧视的证据。",
    "一视同仁是基本要求。",
    "债务越多越容易通过，这种说法是错的。",
    "虽然不直接看性别，但别的信息会反映性别。",
    "没填债务时，不看债务。",
    "单看债务不会决定结果。",
    "配偶的每月收入不计入评分。",
    "亲友之间的债务不计入评分。",
    "已还清的债务不计入评分。",
]
WRONG_EN = [
    ("It does not look at monthly income.", "not_used"),
    ("It doesn’t use debt or address.", "not_used"),
    ("It never considers your debt.", "not_used"),
    ("Monthly income is not taken into account.", "not_used"),
    ("Monthly income is ignored.", "not_used"),
    ("Debt plays no part.", "not_used"),
    ("It scores each application without looking at debt.", "not_used"),
    ("It uses income; not debt.", "not_used"),
    ("It does not take debt into account.", "not_used"),
    ("The program does not know your sex.", "not_used"),
    ("It is not told your age.", "not_used"),
    ("It does not consider sex.", "not_used"),
    ("It decides regardless of monthly income.", "matters"),
    ("Whatever your debt, the line is the same.", "matters"),
    ("Debt has no effect on the result.", "matters"),
    ("Debt does not affect the result.", "matters"),
    ("Monthly income makes no difference.", "matters"),
    ("Nobody is refused because of a past bankruptcy.", "matters"),
    ("The more debt, the more likely you are to be approved.", "direction"),
    ("The higher the monthly income, the less likely it is approved.", "direction"),
    ("A higher monthly income lowers your chances.", "direction"),
    ("With a lower monthly income you are more likely to be approved.", "direction"),
    ("People with more debt score higher.", "direction"),
    ("A past bankruptcy helps.", "direction"),
    ("People without a past bankruptcy are more likely to be refused.", "direction"),
    ("You are more likely to be approved with more debt.", "direction"),
    ("Single people are more likely to be approved than married people.", "direction"),
    ("Married people are at a disadvantage.", "direction"),
    ("Single people are given priority.", "direction"),
    ("Women score higher than men.", "direction"),
    ("The higher the age, the more likely you are to be approved.", "matters"),
    ("It mainly looks at age.", "importance"),
    ("Age is very important.", "importance"),
    ("What matters most is monthly income.", "importance"),
    ("Monthly income matters most.", "importance"),
    ("Above all, it looks at monthly income.", "importance"),
    ("Debt matters very little.", "matters"),
    ("Debt hardly matters.", "matters"),
    ("It treats everyone alike.", "alike"),
    ("There is no discrimination.", "alike"),
    ("We do not discriminate.", "alike"),
    ("Everyone gets the same treatment.", "alike"),
    ("We removed sex from the model.", "not_used"),
    ("Sex isn't used.", "not_used"),
    ("Neither sex nor age is used.", "not_used"),
    ("Debt carries no weight.", "matters"),
    ("Debt counts for nothing.", "matters"),
    ("Debt is negligible.", "matters"),
    ("The larger the debt, the better.", "direction"),
    ("If your monthly income goes up, your score goes down.", "direction"),
    ("The higher the monthly income, the higher the chance of refusal.", "direction"),
    ("More debt lowers the chance of being refused.", "direction"),
    ("A higher monthly income lowers the likelihood of approval.", "direction"),
    ("Paying off debt lowers your score.", "direction"),
    ("People with no debt are less likely to be approved.", "direction"),
]
RIGHT_EN = [
    "It does not look at age.",
    "Age has no effect on the result.",
    "It decides regardless of age.",
    "The higher the monthly income, the more likely you are to be approved.",
    "People with more debt are less likely to be approved.",
    "The less debt, the higher the score.",
    "A past bankruptcy lowers your score.",
    "People without a past bankruptcy usually score higher than people with a past bankruptcy.",
    "Of two people, one without a past bankruptcy usually scores higher.",
    "It does not only look at monthly income.",
    "You do not need proof of debt.",
    "The officer does not look at sex.",
    "Sex was not used in training.",
    "If it did not look at debt, results would differ.",
    "It used to ignore debt.",
    "It considers nothing other than debt.",
    "It mainly looks at debt.",
    "What matters most is debt.",
    "Debt matters a lot.",
    "Sex does not change the result.",
    "Age matters very little.",
    "Married people are more likely to be approved.",
    "Women score lower than men.",
    "It aims to treat everyone alike.",
    "It cannot treat everyone alike.",
    "One standard is used for all.",
    "The higher the monthly income, the sooner you get an answer.",
    "More debt does not necessarily make it harder to be approved.",
    "It does not mainly look at age.",
    "What matters most is not age.",
    "Please state your debt.",
    "It looks at monthly income and debt.",
    "Some people think that it ignores monthly income.",
    "Income is ignored.",
    "Debt collectors do not matter here.",
    "The district matters.",
    "Debt isn't ignored.",
    "Lower debt increases your probability of approval.",
    "Without higher debt you score higher.",
    "We do not discriminate between channels.",
    "Debt is not negligible.",
    "The larger the debt, the better we must look.",
    "More debt means a higher chance of refusal.",
    "The more debt, the higher the chance of being refused.",
    "A higher monthly income reduces the chance of refusal.",
    "More debt increases the likelihood of default.",
    "More debt increases the chance that you are refused.",
    "More debt raises your risk score.",
    "People with a past bankruptcy can also be approved.",
    "It does not treat everyone alike.",
    "It is not free of bias.",
    "No model is unbiased.",
    "We found that it does not treat everyone equally.",
    "Paying off debt improves your chances.",
    "A lack of debt helps.",
    "Not having debt raises the score.",
    "People with no debt are more likely to be approved.",
    "Having no past bankruptcy helps.",
    "Declaring debt helps.",
    "You will not be refused solely because of debt.",
    "No one should be refused because of debt.",
    "It is wrong that more debt helps.",
    "We cannot claim that debt has no effect.",
    "When debt is blank, debt is not considered.",
    "Your partner's monthly income is not considered.",
]


def kinds(language: str, said: str) -> set[str]:
    answers = Answers(current(), {"H4": {"value": {language: said}}})
    return {each.kind.value for each in declared.found(answers, CONTENT)}


@pytest.mark.parametrize(
    ("language", "said", "expected"),
    [*(("zh", *each) for each in WRONG_ZH), *(("en", *each) for each in WRONG_EN)],
)
def test_a_sentence_that_was_measured_otherwise_is_a_contradiction(
    language: str, said: str, expected: str
) -> None:
    assert kinds(language, said) & set(expected.split()), said


@pytest.mark.parametrize(
    ("language", "said"),
    [*(("zh", each) for each in RIGHT_ZH), *(("en", each) for each in RIGHT_EN)],
)
def test_a_sentence_that_is_true_or_says_nothing_of_it_is_none(language: str, said: str) -> None:
    assert kinds(language, said) == set(), said


SAID = text(
    "女性每100人约31人通过，男性约52人。", "About 31 of 100 women are approved, 52 of men."
)
EVERY: dict[str, Any] = {
    "metric": "selection_rate_ratio", "slice": {"sex": "f"}, "verdict": "disparity", "reading": SAID,
    "p_adjusted": 0.001, "suppressed": False, "n": 480, "threshold": {"value": 0.8, "source": "ours"},
}  # fmt: skip
MILDER = EVERY | {
    "verdict": "difference",
    "reading": text("已婚的人略多。", "Slightly more of the married."),
}
ALIKE = [
    ("zh", "对所有人一视同仁。"),
    ("zh", "没有歧视。"),
    ("zh", "不会区别对待任何人。"),
    ("zh", "算法男女平等。"),
    ("en", "It treats everyone alike."),
    ("en", "All applicants are treated equally."),
    ("en", "The algorithm does not discriminate."),
    ("en", "It decides without bias."),
]


def held(field: str, language: str, said: str, *findings: dict[str, Any]) -> list[Contradiction]:
    answers = Answers(current(), {field: {"value": {language: said}}})
    return declared.found(answers, None, reported=lambda: findings)


@pytest.mark.parametrize(("language", "said"), ALIKE)
@pytest.mark.parametrize("field", ["D1", "H4"])
def test_that_all_are_treated_alike_is_held_against_the_reports_that_count(
    field: str, language: str, said: str
) -> None:
    (told,) = held(field, language, said, MILDER, EVERY)
    assert (told.id, told.columns, told.n) == (f"alike:{field}.0", ("sex",), 480)
    assert "2项，最重的一项是：女性每100人约31人通过，男性约52人。" in told.said.zh
    assert "the gravest: About 31 of 100 women are approved, 52 of men." in told.said.en


@pytest.mark.parametrize(
    "finding",
    [
        EVERY | {"verdict": "inconclusive"},
        EVERY | {"verdict": "equivalent"},
        EVERY | {"verdict": "not_evaluable"},
        EVERY | {"metric": "features_auc"},
        EVERY | {"metric": "auc", "slice": {}},
        EVERY | {"metric": "noise_change_share"},
        EVERY | {"threshold": {"source": "plan: performance.required", "value": 0.8}},
    ],
)
def test_a_report_without_a_difference_between_people_contradicts_nobody(
    finding: dict[str, Any],
) -> None:
    assert held("H4", "zh", "对所有人一视同仁。", finding) == []


@pytest.mark.parametrize(
    ("language", "said"),
    [
        ("zh", "尽量对所有人一视同仁。"),
        ("zh", "处理投诉一视同仁。"),
        ("zh", "训练数据没有偏见。"),
        ("en", "It should treat everyone alike."),
        ("en", "The training data are free of bias."),
    ],
)
def test_what_is_hoped_or_is_not_of_results_is_held_against_no_report(
    language: str, said: str
) -> None:
    assert held("H4", language, said, EVERY) == []


RACE: list[dict[str, Any]] = [
    {"name": "race", "plain": text("种族", "race")},
    {"name": "sex", "plain": text("性别", "sex")},  # which the model is given
]
OUTSIDE = declared.outside_of(CONTENT, {"protected": RACE})


@pytest.mark.parametrize(
    ("language", "said", "contradicted"),
    [
        ("zh", "算法会看您的种族。", True),
        ("zh", "主要看种族。", True),
        ("zh", "综合考虑每月收入和种族。", True),
        ("zh", "不看种族。", False),
        ("zh", "不会考虑种族。", False),
        ("zh", "不应该使用种族。", False),
        ("zh", "禁止使用种族。", False),
        ("zh", "不知道您的种族。", False),
        ("zh", "评估时按种族作了比较。", False),
        ("en", "It uses race.", True),
        ("en", "The algorithm looks at monthly income and race.", True),
        ("en", "It mainly looks at race.", True),
        ("en", "It does not use race.", False),
        ("en", "The law forbids it to use race.", False),
        ("en", "People are compared by race in the evaluation.", False),
    ],
)
def test_a_sensitive_feature_that_the_model_is_not_given_is_not_said_to_be_used(
    language: str, said: str, *, contradicted: bool
) -> None:
    answers = Answers(current(), {"H4": {"value": {language: said}}})
    found = [each.id for each in declared.found(answers, CONTENT, outside=OUTSIDE)]
    assert found == (["not_used:H4.race"] if contradicted else []), said


def test_a_row_does_not_list_as_a_factor_what_the_model_is_not_given() -> None:
    rows = [
        {"factor": text(*each), "influence": "weak"}
        for each in (("债务", "debt"), ("种族", "race"))
    ]
    left = [{"factor": text("种族", "race"), "why": text("法律不许。", "The law forbids it.")}]
    told = Answers(current(), {"D5": {"value": rows}, "D6": {"value": left}})
    (found,) = (
        each for each in declared.found(told, CONTENT, outside=OUTSIDE) if "race" in each.columns
    )
    assert found.id == "not_used:D5.2"
    assert "说明列出的信息里没有“种族”" in found.said.zh


@pytest.mark.parametrize(
    ("english", "quoted"),
    [
        ("Neither sex nor marital status.", "Neither sex nor marital status"),
        ("Marital status helps.", "不用性别，也不用是否已婚 (in Chinese; the same answer has English)"),
        ("", "不用性别，也不用是否已婚 (in Chinese, not translated)"),
    ],
)  # fmt: skip
def test_a_contradiction_quotes_the_filer_to_each_reader_in_their_language(
    english: str, quoted: str
) -> None:
    rows = {"H6": {"value": text("不用性别，也不用是否已婚。", english)}}
    told = declared.found(Answers(current(), rows), CONTENT)
    assert {each.declared for each in told} >= {Text("不用性别，也不用是否已婚", quoted)}
