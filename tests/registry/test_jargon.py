"""The lists of words: what ordinary sentences must not be blamed for, what short texts must be."""

from pathlib import Path

import pytest

from registry.language import LANGUAGES, Language
from registry.readability import blocking, lists, remarks

SENTENCES = Path(__file__).parent / "sentences"


def _sentences(name: str, language: Language) -> list[str]:
    return (SENTENCES / f"{name}.{language}.txt").read_text("utf-8").splitlines()


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
SHORT = {
    "zh": """申请人应当依约履行。不服者得申请复议。期限为三十日，自送达之日起计算。
对结构化字段做嵌入，再送入多层感知机。损失取焦点损失。
债务人届满未清偿的，债权人有权追偿。
特征分箱后入模，用交叉熵训练。
据此特征向量予以授信。
该决定系依职权作出，兹予告知。
模型的F1为0.9。
用XGBoost训练模型。
网络里加了Dropout。
用户画像每日更新。
样本按比例分层抽取，用于训练模型。
预测概率经过校准。
输入向量经过归一化。
损失函数收敛后停止训练。
申请人的信用特征存在异质性。
模型上线后持续迭代。
系统接口返回风险分数。
对缺失值做插补。
残差的方差不齐。
超过阈值即触发风控。
逾期未提出异议的，视为放弃。
对价未给付的，本行概不负责。
双方就管辖另有约定的，从其约定。
受让人承继前述义务。
诉讼时效届满，不予受理。
因不可抗力不能履行的，部分免责。
抵押物灭失的，质押权随之消灭。
前款所称情形，由相对人举证。
鉴于上述事由，酌情裁量。
贵方主张之债权，证据不足。""".splitlines(),
    "en": """The applicant shall perform the contract. Those aggrieved may seek review.
Each head dots a key with a query. We clip the grads.
The obligor shall indemnify the bank, without prejudice to Article 5.
Features are binned and fed to a perceptron with focal loss.
The model is an XGBoost ensemble.
Dropout is applied after each layer of the network.
F1 is 0.9.
The score is calibrated to a probability; calibration is annual.
Inputs are embedded by an embedding layer.
The variance of the residuals is large.
Missing values are handled by imputation in the data.
The classifier has high recall and precision.
Weights converge by gradient descent.
Income correlates with the outcome; correlation is 0.4.
The applicant's propensity is estimated from data.
Samples are stratified by sex.
The odds of default enter a logit.
Metadata of the user feed the model.
The loss function is cross-entropy.
The posterior is computed from the data.
The decision is made at its sole discretion.
Such determination is final and the said sum is due and payable.
Notwithstanding the foregoing, the lien survives.
The assignee takes subject to estoppel.
Any waiver must be in writing pursuant to clause 3.
The guarantors are jointly and severally liable.
This clause is subject to severability.
By virtue of statutory power the fee is payable forthwith.
The parties submit to the jurisdiction set forth herein.
Without prejudice, the insurer claims subrogation.""".splitlines(),
}


def _listed(text: str, language: Language) -> list[str]:
    told = remarks(text, language)
    return [each.quoted.lower() for each in told if each.rule in ("jargon", "officialese")]


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", ["ordinary", "everyday"])
def test_a_hundred_ordinary_sentences_stop_no_text_and_are_hardly_remarked_on(
    name: str, language: Language
) -> None:
    """The second hundred has letters, notices, news and talk, and a third has words of two meanings."""
    sentences = _sentences(name, language)
    assert len(set(sentences)) >= 100
    assert [text for text in sentences if blocking(text, language)] == []
    remarked = {text: each for text in sentences if (each := remarks(text, language))}
    assert len(remarked) <= 2, remarked


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_word_whose_meaning_is_left_open_stops_no_text(language: Language) -> None:
    """Written after the lists of neighbours were, and added to none of them."""
    doubtful = _sentences("doubtful", language)
    assert len(doubtful) >= 30
    assert [text for text in doubtful if blocking(text, language)] == []


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


@pytest.mark.parametrize(
    ("text", "language"), [(text, each) for each in LANGUAGES for text in SHORT[each]]
)
def test_a_text_of_a_court_or_a_laboratory_is_caught_however_short(
    text: str, language: Language
) -> None:
    assert _listed(text, language)


def test_a_term_that_holds_another_is_named_once() -> None:
    assert _listed("Feature importance is shown.", "en") == ["feature importance"]
