"""The lists of words: what ordinary sentences must not be blamed for, what short texts must be."""

import pytest

from explainers.readability import remarks
from registry.language import Language

ORDINARY_ZH = """
今年人均收入比去年高了一点。
三分之一的居民住在河边。
这是他迟到的原因之一。
总而言之，大家都平安到家了。
医疗体系一天比一天好。
她在中文系念书。
银河系里有很多星星。
他极其认真地写完了信。
孩子们其乐融融地吃饭。
其余的人明天再来。
胡须要每天刮。
老师说必须写完作业。
雨立即停了，随即出了太阳。
列车即将到站。
他买了若干本书。
倘若下雨，我们就不去。
你应该早点睡觉。
有朋自远方来，不亦乐乎。
两边的力量很均衡。
糖要搅拌均匀。
比赛正在进行。
乐队奏起了婚礼进行曲。
香港回归那年我十岁。
他回归家庭，开了一家小店。
湖边分布着许多村子。
大象分布在亚洲和非洲。
请说出这个人的面部特征。
每种鸟都有自己的身体特征。
师傅来校准时间了。
水管的接口漏水了。
画家替老人画像。
消防队在山下部署人手。
图书逾期要交罚款吗？
警察推断他是从窗户进来的。
小路的曲线很美。
草原一望无边无际。
他把责任归因于天气。
平均每天有三百人来借书。
商店里的均价不高。
这一系列的故事很好看。
爷爷的收音机没有声音了。
关系好的邻居送来了菜。
他假若知道，一定会来。
每次之间隔两个小时。
她尤其喜欢喝茶。
即使很晚，灯也亮着。
上海的纬度比北京低。
新的校长对学生很好。
我们坐高铁回了老家。
晚上八点以后请不要打电话。
""".strip().splitlines()
ORDINARY_EN = """
There was a product recall.
I recall that day very well.
Do you recall her name?
The insurance premium is low.
He bought a premium ticket.
We watched a feature film.
The weather is variable today.
She stood on the threshold of the house.
In all probability it will rain.
The distribution of food parcels began at noon.
It is a day of great significance for the town.
He won against all the odds.
The drawer is full of odds and ends.
She voted by proxy.
The watch is made with great precision.
Firefighters were deployed to the hill.
The median strip is planted with trees.
Default on the kettle is 90 degrees.
Her sister sings in the choir.
The bus leaves at nine.
Please close the window when you leave.
My neighbour keeps bees.
The library is shut on Mondays.
We paid the rent on time.
The baker sells bread and milk.
He wrote a letter to his aunt.
The children played by the river.
Our dog is afraid of thunder.
She lost her keys on the train.
The doctor saw me at once.
The soup was too hot.
They moved to a small flat.
I pay for gas every month.
The shop takes cash and cards.
You can call us until six.
The train to Suzhou was late.
He grows beans in his garden.
The road is closed for a week.
We met at the school gate.
Rain is likely in the north.
The price of rice went up.
A friend lent me her car.
The bank sent me a letter.
My loan was turned down.
The taxi came after ten minutes.
I could not log in today.
Someone else used my number.
The parcel went to the wrong door.
Ask at the desk for the form.
The app told me to wait.
""".strip().splitlines()
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


def _listed(text: str, language: Language) -> list[str]:
    told = remarks(text, language)
    return [each.quoted.lower() for each in told if each.rule in ("jargon", "officialese")]


@pytest.mark.parametrize(
    ("text", "language"), [(t, "zh") for t in ORDINARY_ZH] + [(t, "en") for t in ORDINARY_EN]
)
def test_an_ordinary_sentence_is_blamed_for_no_word(text: str, language: Language) -> None:
    assert _listed(text, language) == []


@pytest.mark.parametrize(
    ("text", "word", "language"),
    [(*each, "zh") for each in CAUGHT_ZH] + [(*each, "en") for each in CAUGHT_EN],
)
def test_a_short_technical_or_legal_text_is_caught(
    text: str, word: str, language: Language
) -> None:
    assert any(word in each for each in _listed(text, language))
