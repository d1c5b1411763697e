"""The rules the product cites, by one id each, with their force, in our own words.

The official texts are 上海市促进人工智能产业发展条例 (in force since 2022-10-01, ids `SH…`) and
深圳经济特区人工智能产业促进条例 (in force since 2022-11-01, ids `SZ…`). National rules are cited
by short title and article. The statute governs; no sentence here is a translation of it.
"""

from dataclasses import dataclass
from enum import StrEnum

from registry.language import Text

SHANGHAI = Text("上海市促进人工智能产业发展条例", "Shanghai AI industry regulation")
SHENZHEN = Text("深圳经济特区人工智能产业促进条例", "Shenzhen AI industry regulation")


class Force(StrEnum):
    """With what force a rule speaks."""

    MUST = "must"
    MUST_NOT = "must_not"
    ENCOURAGED = "encouraged"
    EXPLORED = "explored"
    CITY_TASK = "city_task"
    ALLOWED = "allowed"


FORCE_NAMES: dict[Force, Text] = {
    Force.MUST: Text("必须", "must"),
    Force.MUST_NOT: Text("不得", "must not"),
    Force.ENCOURAGED: Text("鼓励", "encouraged"),
    Force.EXPLORED: Text("由市探索", "explored by the city"),
    Force.CITY_TASK: Text("市的职责", "the city's task"),
    Force.ALLOWED: Text("允许", "allowed"),
}


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule that the product cites.

    Args:
        id: how code, reports and pages cite it.
        source: the title of the text.
        article: the article within it.
        force: with what force it speaks; None for a national rule cited beside.
        about: what it asks, in our words.
    """

    id: str
    source: Text
    article: Text
    force: Force | None
    about: Text

    @property
    def cited(self) -> Text:
        """Title and article."""
        return Text(f"{self.source.zh} {self.article.zh}", f"{self.source.en}, {self.article.en}")


def _city(
    id_: str, number: str, force: Force, zh: str, en: str, *, part: str = ""
) -> tuple[str, Rule]:
    source = SHANGHAI if id_.startswith("SH") else SHENZHEN
    article = Text(
        f"第{number}条" + (f"第（{part}）项" if part else ""),
        f"art. {number}" + (f"({part})" if part else ""),
    )
    return id_, Rule(id_, source, article, force, Text(zh, en))


def _national(id_: str, zh: str, en: str, number: str, about: Text) -> tuple[str, Rule]:
    return id_, Rule(id_, Text(zh, en), Text(f"第{number}条", f"art. {number}"), None, about)


RULES: dict[str, Rule] = dict(
    (
        _city("SH16-test", "16", Force.ENCOURAGED, "测试、评估算法模型", "test and evaluate algorithm models"),
        _city("SH16-report", "16", Force.ENCOURAGED, "把评估报告交给主管部门", "hand the evaluation report to the authority"),
        _city("SH16-explain", "16", Force.ENCOURAGED, "用公众能懂的话说明原理和目的", "explain principle and purpose so that the public understands"),
        _city("SH16-filing", "16", Force.EXPLORED, "先测试评估、再备案的做法", "a filing of models already tested and evaluated"),
        _city("SH16-catalogue", "16", Force.CITY_TASK, "算法模型推荐目录", "a catalogue of recommended algorithm models"),
        _city("SH16-protect", "16", Force.CITY_TASK, "保护算法模型", "protect algorithm models"),
        _city("SZ71", "71", Force.MUST, "公共决策和涉及公共利益的商业领域，算法要讲到公众能懂", "algorithms in public decisions and public-interest commerce are explained so that the public understands"),
        _city("SZ66", "66", Force.CITY_TASK, "按风险等级、应用场景和影响范围监管", "supervise by risk, scene and scope of influence"),
        _city("SH65", "65", Force.CITY_TASK, "高风险产品按清单管理并做合规审查", "manage high-risk products by list, with a compliance review"),
        _city("SZ72-review", "72", Force.MUST, "伦理安全规范审查和不利影响的风险评估", "review against ethical-safety norms and assess adverse effects"),
        _city("SZ72-4", "72", Force.MUST_NOT, "因种族、性别、国籍、民族、宗教信仰等歧视用户", "discriminate against users by race, gender, nationality, ethnicity or belief", part="4"),
        _city("SH67-3", "67", Force.MUST_NOT, "因民族、种族、性别、年龄、职业、宗教信仰等歧视用户", "discriminate against users by ethnicity, race, gender, age, occupation or belief", part="3"),
        _city("SZ72-5", "72", Force.MUST_NOT, "按习惯、偏好、支付能力搞价格歧视或消费欺诈", "price discrimination or fraud by habit, preference or ability to pay", part="5"),
        _city("SH67-4", "67", Force.MUST_NOT, "用算法搞价格歧视、消费欺诈或不正当竞争", "price discrimination, fraud or unfair competition by algorithm", part="4"),
        _city("SH68", "68", Force.MUST, "生物识别要有安全可控的保障措施和算法管理制度", "biometric services have secure, controllable safeguards and an algorithm management system"),
        _city("SH69", "69", Force.MUST, "招聘、排班、奖惩、晋升不设歧视条件", "no discriminatory conditions at work"),
        _city("SH70", "70", Force.MUST, "顾及老年人、残疾人、妇女、未成年人", "heed the elderly, the disabled, women and minors"),
        _city("SZ42", "42", Force.ENCOURAGED, "支持顾及特殊群体的产品和服务", "products and services for special groups are supported"),
        _city("SZ70", "70", Force.ENCOURAGED, "任何人可以举报违法违规行为", "anyone may report a breach"),
        _city("SZ33", "33", Force.MUST, "把个人数据交给他人前要去标识化", "de-identify personal data before handing it on"),
        _city("SZ36", "36", Force.CITY_TASK, "建设测试和认证平台", "a platform for testing and certification"),
        _city("SZ44", "44", Force.ALLOWED, "符合条件的低风险产品先行先试", "pilots of low-risk products under conditions"),
        _national("算法推荐21", "互联网信息服务算法推荐管理规定", "Provisions on algorithm recommendation", "21", Text("不得按偏好、交易习惯等实施不合理的差别待遇", "no unreasonable difference in terms by preference or trading habit")),
        _national("个人信息保护法24", "个人信息保护法", "Personal Information Protection Law", "24", Text("自动化决策不得在价格等条件上实行不合理的差别待遇", "no unreasonable difference in price or terms by automated decision")),
        _national("消费者权益保护法实施条例9", "消费者权益保护法实施条例", "Regulation implementing the Consumer Protection Law", "9", Text("消费者不知情时，同样条件下的同样商品不得不同价", "no different price under the same conditions without the consumer's knowledge")),
        _national("反垄断法22", "反垄断法", "Anti-Monopoly Law", "22", Text("有支配地位的经营者不得无正当理由差别对待", "a dominant firm may not treat like counterparties differently without reason")),
        _national("SZDATA69", "深圳经济特区数据条例", "Shenzhen data regulation", "69", Text("不得用数据分析对同等条件的交易相对人实行不合理的差别待遇", "no unreasonable difference by data analysis under the same conditions")),
    )
)  # fmt: skip


def rule(id_: str) -> Rule:
    """The rule called `id_`.

    Raises:
        KeyError: when the product cites no such rule.
    """
    return RULES[id_]
