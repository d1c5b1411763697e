"""The lists of words: what ordinary sentences must not be blamed for, what short texts must be."""

from pathlib import Path

import pytest

from registry.language import LANGUAGES, Language
from registry.readability import lists, remarks

SENTENCES = Path(__file__).parent / "sentences"
ORDINARY: dict[Language, list[str]] = {
    language: (SENTENCES / f"ordinary.{language}.txt").read_text("utf-8").splitlines()
    for language in LANGUAGES
}
CAUGHT_ZH = [
    ("模型的召回率高。", "召回率"),
    ("按阈值分两类。", "阈值"),
    ("采用梯度提升。", "梯度提升"),
    ("用独热编码处理职业。", "独热编码"),
    ("本系统用逻辑回归打分。", "逻辑回归"),
    ("参数每月更新。", "参数"),
    ("数据已脱敏。", "脱敏"),
    ("风控部门复核。", "风控"),
    ("依据征信评分。", "征信"),
    ("去掉离群值。", "离群值"),
    ("特征重要性见附件。", "特征重要性"),
    ("回归系数为正。", "回归"),
    ("申请人的特征有八项。", "特征"),
    ("年龄的分布不均。", "分布"),
    ("你方可申请。", "方可"),
    ("据此予以拒绝。", "据此"),
    ("兹通知申请主体。", "兹"),
    ("逾期视为放弃。", "逾期视为"),
    ("前述材料须齐全。", "前述"),
    ("对申请进行审核。", "进行"),
]
CAUGHT_EN = [
    ("The model uses ten features.", "feature"),
    ("Recall is high.", "recall"),
    ("Its recall and precision are good.", "precision"),
    ("We used logistic regression.", "logistic regression"),
    ("Outliers were removed.", "outlier"),
    ("The threshold is 0.5.", "threshold"),
    ("The p-value is small.", "p-value"),
    ("Income is a proxy for age.", "proxy"),
    ("The probability is given.", "probability"),
    ("Pursuant to Article 5, you may object.", "pursuant to"),
    ("The data are pseudonymised.", "pseudonymised"),
    ("Parameters change monthly.", "parameter"),
    ("It shows no disparate impact.", "disparate impact"),
    ("Notwithstanding the above, we decide.", "notwithstanding"),
    ("It is a gradient-boosted ensemble.", "gradient-boosted"),
    ("Variables are standardised.", "variable"),
    ("The distribution is skewed.", "distribution"),
    ("The default rate is 2 %.", "default rate"),
    ("The underwriting engine decides.", "underwriting"),
    ("You are hereby informed.", "hereby"),
]
SHORT = [
    ("申请人应当依约履行。不服者得申请复议。期限为三十日，自送达之日起计算。", "zh"),
    ("对结构化字段做嵌入，再送入多层感知机。损失取焦点损失。", "zh"),
    ("债务人届满未清偿的，债权人有权追偿。", "zh"),
    ("特征分箱后入模，用交叉熵训练。", "zh"),
    ("The applicant shall perform the contract. Those aggrieved may seek review.", "en"),
    ("Each head dots a key with a query. We clip the grads.", "en"),
    ("The obligor shall indemnify the bank, without prejudice to Article 5.", "en"),
    ("Features are binned and fed to a perceptron with focal loss.", "en"),
]


def _listed(text: str, language: Language) -> list[str]:
    told = remarks(text, language)
    return [each.quoted.lower() for each in told if each.rule in ("jargon", "officialese")]


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_hundred_ordinary_sentences_are_blamed_for_no_word(language: Language) -> None:
    sentences = ORDINARY[language]
    assert len(set(sentences)) >= 100
    assert {text: found for text in sentences if (found := _listed(text, language))} == {}


@pytest.mark.parametrize("language", LANGUAGES)
def test_each_language_lists_at_least_a_hundred_and_fifty_words_with_plain_ones(
    language: Language,
) -> None:
    known = lists(language)
    assert len(known) >= 150
    assert all(plain.strip() and plain != word for word, plain in known.items())


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_is_proposed_instead_of_a_word_of_the_trade_is_none_itself(
    language: Language,
) -> None:
    proposed = set(lists(language).values())
    assert {plain: found for plain in proposed if (found := _listed(plain, language))} == {}


@pytest.mark.parametrize(
    ("text", "word", "language"),
    [(*each, "zh") for each in CAUGHT_ZH] + [(*each, "en") for each in CAUGHT_EN],
)
def test_a_short_technical_or_legal_text_is_caught(
    text: str, word: str, language: Language
) -> None:
    assert any(word in each for each in _listed(text, language))


@pytest.mark.parametrize(("text", "language"), SHORT)
def test_a_text_of_a_court_or_a_laboratory_is_caught_however_short(
    text: str, language: Language
) -> None:
    assert _listed(text, language)


def test_a_term_that_holds_another_is_named_once() -> None:
    assert _listed("Feature importance is shown.", "en") == ["feature importance"]
