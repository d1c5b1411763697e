"""The rules the product cites, by one id each, with their force, in our own words.

The official texts are 上海市促进人工智能产业发展条例 (in force since 2022-10-01, ids `SH…`) and
深圳经济特区人工智能产业促进条例 (in force since 2022-11-01, ids `SZ…`). National rules are cited
by short title and article. The statute governs; no sentence here is a translation of it, and each
is kept as narrow as its text. What the product asks on its own account stands under no rule here:
it is `OURS`.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from registry.language import Text

SHANGHAI = Text("上海市促进人工智能产业发展条例", "Shanghai AI industry regulation")
SHENZHEN = Text("深圳经济特区人工智能产业促进条例", "Shenzhen AI industry regulation")


class City(StrEnum):
    """Whose regulation a rule stands in."""

    SHANGHAI = "shanghai"
    SHENZHEN = "shenzhen"


CITY_NAMES: dict[City, Text] = {
    City.SHANGHAI: Text("上海", "Shanghai"),
    City.SHENZHEN: Text("深圳", "Shenzhen"),
}
NATIONAL = Text("全国", "national")
OURS = Text("本平台的要求", "this platform's own rule")
SECOND_HAND = Text(
    "据二手资料，没有核对原文", "read in secondary sources, not held against the text itself"
)


class Force(StrEnum):
    """With what force a rule speaks."""

    MUST = "must"
    MUST_NOT = "must_not"
    ENCOURAGED = "encouraged"
    SUPPORTED = "supported"
    EXPLORED = "explored"
    CITY_TASK = "city_task"
    ALLOWED = "allowed"
    FORBIDDEN = "forbidden"
    EXPLAINS = "explains"
    LIABILITY = "liability"


FORCE_NAMES: dict[Force, Text] = {
    Force.MUST: Text("应当", "must"),
    Force.MUST_NOT: Text("不得", "must not"),
    Force.ENCOURAGED: Text("鼓励", "encouraged"),
    Force.SUPPORTED: Text("支持", "supported"),
    Force.EXPLORED: Text("由市探索", "explored by the city"),
    Force.CITY_TASK: Text("市的职责", "the city's task"),
    Force.ALLOWED: Text("可以", "allowed"),
    Force.FORBIDDEN: Text("禁止", "forbidden"),
    Force.EXPLAINS: Text("指南，作说明", "guidance"),
    Force.LIABILITY: Text("责任", "liability"),
}


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule that the product cites.

    Args:
        id: how code and reports cite it; a reader is shown `cited`, `place` and the force instead.
        source: the title of the text.
        article: the article within it.
        force: with what force it speaks.
        about: what it asks, in our words.
        city: whose regulation it stands in; None for a national rule.
        second_hand: whether we know it from secondary sources only.
    """

    id: str
    source: Text
    article: Text
    force: Force
    about: Text
    city: City | None = None
    second_hand: bool = False

    @property
    def cited(self) -> Text:
        """Title and article, and that the text was not read where it was not."""
        told = Text(f"{self.source.zh} {self.article.zh}", f"{self.source.en}, {self.article.en}")
        if not self.second_hand:
            return told
        return Text(f"{told.zh}（{SECOND_HAND.zh}）", f"{told.en} ({SECOND_HAND.en})")

    @property
    def place(self) -> Text:
        """The city, or that it is national."""
        return CITY_NAMES[self.city] if self.city else NATIONAL

    @property
    def shown(self) -> Text:
        """The rule as a reader is shown it: title, article, place and force."""
        place, force = self.place, FORCE_NAMES[self.force]
        return Text(
            f"{self.cited.zh}（{place.zh}，{force.zh}）",
            f"{self.cited.en} ({place.en}, {force.en})",
        )


@dataclass(frozen=True, slots=True)
class Grounds:
    """What a reader is shown of the rules behind a question or a duty, told apart by city.

    Args:
        here: rules of the filer's city and national ones; `OURS` where there are none.
        away: rules of the other city, which bind whoever also serves people there.
    """

    here: tuple[Text, ...]
    away: tuple[Text, ...] = ()


def by_city(ids: Iterable[str], city: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The rules of a city and national ones, and those of the other city.

    Args:
        ids: of the rules.
        city: part `city` of field A3; where it is neither, both regulations are the other city's.
    """
    named = tuple(ids)
    here = tuple(each for each in named if rule(each).city in {None, city})
    return here, tuple(each for each in named if each not in here)


def shown(ids: Iterable[str]) -> tuple[Text, ...]:
    """The rules as a reader is shown them; two ids of one article stand there once."""
    return tuple(dict.fromkeys(rule(each).shown for each in ids))


def grounds(ids: Iterable[str], city: str) -> Grounds:
    """The rules behind something that is asked of every filer, as one of that city is shown them.

    Args:
        ids: of the rules; none where this platform asks on its own account.
        city: part `city` of field A3.
    """
    here, away = by_city(ids, city)
    return Grounds(shown(here) or (OURS,), shown(away))


def _city(
    id_: str, number: str, force: Force, zh: str, en: str, *, part: str = "", last: bool = False
) -> tuple[str, Rule]:
    city = City.SHANGHAI if id_.startswith("SH") else City.SHENZHEN
    source = SHANGHAI if city is City.SHANGHAI else SHENZHEN
    items = part.split("、") if part else []
    ending = Text("最后一款", ", last part") if last else Text("", "")
    article = Text(
        f"第{number}条" + (f"第{'、'.join(f'（{each}）' for each in items)}项" if items else ""),
        f"art. {number}" + "".join(f"({each})" for each in items),
    )
    article = Text(article.zh + ending.zh, article.en + ending.en)
    return id_, Rule(id_, source, article, force, Text(zh, en), city)


def _national(
    id_: str,
    zh: str,
    en: str,
    number: str,
    about: Text,
    *,
    force: Force = Force.MUST_NOT,
    second_hand: bool = False,
) -> tuple[str, Rule]:
    article = Text(
        f"第{number}条", f"art{'s' if '、' in number else ''}. {number.replace('、', ', ')}"
    )
    return id_, Rule(id_, Text(zh, en), article, force, about, second_hand=second_hand)


RULES: dict[str, Rule] = dict(
    (
        _city("SH16-test", "16", Force.ENCOURAGED, "测试、评估算法模型", "test and evaluate algorithm models"),
        _city("SH16-report", "16", Force.ENCOURAGED, "算法模型涉及公共利益的，把评估报告交给主管部门", "hand the evaluation report of a model touching the public interest to the authority"),
        _city("SH16-explain", "16", Force.ENCOURAGED, "算法模型涉及公共利益的，用公众能懂的话说明基本原理和目的意图", "explain basic principle and intended purpose of a model touching the public interest so that the public understands"),
        _city("SH16-filing", "16", Force.EXPLORED, "已经测试、评估的算法模型的备案，侧重数据集、算法设计和模型训练", "a filing of models already tested and evaluated, with weight on data sets, algorithm design and model training"),
        _city("SH16-catalogue", "16", Force.CITY_TASK, "人工智能算法模型推荐目录，由行业组织在主管部门指导下编制", "a catalogue of recommended algorithm models, made by industry bodies under the authority's guidance"),
        _city("SH16-protect", "16", Force.CITY_TASK, "加强算法模型保护", "protect algorithm models"),
        _city("SZ71", "71", Force.MUST, "公共决策领域和涉及公共利益的商业领域，算法要向公众讲到能懂", "algorithms in public decision-making and in commerce touching the public interest are explained so that the public understands"),
        _city("SZ66", "66", Force.CITY_TASK, "按风险等级、应用场景和影响范围监管：高风险的事前评估和风险预警，中低风险的事前披露和事后跟踪", "supervise by risk level, scene and scope of influence: assessment beforehand and risk warning for high risk, disclosure beforehand and follow-up for medium and low"),
        _city("SH65", "65", Force.CITY_TASK, "高风险产品列入清单管理并做合规审查；中低风险的事前披露和事后控制；先行先试", "manage high-risk products by list, with a compliance review; disclosure beforehand and control afterwards for medium and low risk; pilots"),
        _city("SZ72-review", "72", Force.MUST, "伦理安全规范审查和对国家利益、公共安全、商业秩序、个人权益等不利影响的风险评估", "review against ethical-safety norms, and assess adverse effects on national interest, public safety, commercial order, personal rights and the like"),
        _city("SZ72-4", "72", Force.MUST_NOT, "因种族、性别、国籍、民族、宗教信仰等歧视用户", "discriminate against users by race, gender, nationality, ethnicity or belief", part="4"),
        _city("SH67-3", "67", Force.MUST_NOT, "因民族、种族、性别、年龄、职业、宗教信仰等歧视用户", "discriminate against users by ethnicity, race, gender, age, occupation or belief", part="3"),
        _city("SZ72-5", "72", Force.MUST_NOT, "按习惯、偏好、支付能力等搞价格歧视或消费欺诈，侵害消费者权益", "price discrimination or consumer fraud by habit, preference or ability to pay that infringes consumers' rights", part="5"),
        _city("SH67-4", "67", Force.MUST_NOT, "用算法搞价格歧视、消费欺诈，或者垄断、不正当竞争", "price discrimination or consumption fraud by algorithm, or monopolistic or unfairly competitive conduct", part="4"),
        _city("SZ72-other", "72", Force.MUST_NOT, "危害国家安全、公共利益，侵害个人信息和隐私，危害身心健康，禁止的深度合成，其他违法行为", "endanger national security or the public interest, infringe personal information or privacy, harm body or mind, prohibited deep synthesis, other breaches", part="1、2、3、6、7"),
        _city("SH67-other", "67", Force.MUST_NOT, "危害国家安全、公共利益，侵害人身、财产安全和个人隐私，禁止的深度合成，其他违法行为", "endanger national security or the public interest, infringe personal safety, property or privacy, prohibited deep synthesis, other breaches", part="1、2、5、6"),
        _city("SZ72-liability", "72", Force.LIABILITY, "违反这些禁止的，提供者依照有关法律承担责任", "for breaches of these prohibitions the provider is liable under the laws that apply", last=True),
        _city("SH68", "68", Force.MUST, "生物识别服务的提供者和技术支持者有安全可控的保障措施和算法管理制度", "biometric service providers and their technical supporters have secure, controllable safeguards and an algorithm management system"),
        _city("SH69", "69", Force.MUST, "用人单位在劳动纪律管理、排班、招聘、晋升中不设歧视条件", "employers set no discriminatory conditions in labour-discipline management, scheduling, recruitment or promotion"),
        _city("SH70", "70", Force.MUST, "智能化公共服务顾及老年人、残疾人、妇女、未成年人的需要，必要时有替代办法", "intelligent public services heed the needs of the elderly, the disabled, women and minors, with alternatives where necessary"),
        _city("SZ42", "42", Force.SUPPORTED, "顾及特殊群体的产品和服务", "products and services for special groups"),
        _city("SZ70", "70", Force.ENCOURAGED, "任何组织和个人可以向主管部门或行业组织举报违反条例和人工智能伦理安全规范的行为", "anyone may report breaches of the regulation and of AI ethical-safety norms to the authority or industry bodies"),
        _city("SZ33", "33", Force.MUST, "合法取得的个人数据提供给他人前要去标识化，法律另有规定的除外", "lawfully obtained personal data handed to others is de-identified, unless law provides otherwise"),
        _city("SZ36", "36", Force.CITY_TASK, "建设测试和认证平台", "a platform for testing and certification"),
        _city("SZ44", "44", Force.ALLOWED, "低风险、没有国家标准和地方标准、符合国际先进标准的产品，在国家安全、公共利益、人身安全以外先行先试", "pilots of low-risk products that have no national or local standard and meet advanced international ones, outside national security, the public interest and personal safety"),
        _city("SZ69", "69", Force.MUST, "人工智能企业把伦理要求写进职业规范，放进从业人员培训", "AI enterprises put ethics into professional norms and staff training"),
        _city("SZ9", "9", Force.CITY_TASK, "产业分类和统计", "classification and statistics of the industry"),
        _city("SH38", "38", Force.CITY_TASK, "产业分类和统计", "classification and statistics of the industry"),
        _national("PIPL55", "个人信息保护法", "Personal Information Protection Law", "55", Text("处理敏感个人信息、用个人信息作自动化决策等情形，事前做个人信息保护影响评估", "a personal-information impact assessment beforehand, among others for sensitive information and automated decisions"), force=Force.MUST),
        _national("标识办法", "人工智能生成合成内容标识办法", "Measures on labelling AI-generated content", "4、5、12", Text("生成合成内容加显式标识和隐式标识，办理算法备案时提交标识的材料", "generated content carries visible and hidden labels, and material on them is handed in with an algorithm filing"), force=Force.MUST),
        _national("算法推荐21", "互联网信息服务算法推荐管理规定", "Provisions on algorithm recommendation", "21", Text("不得按偏好、交易习惯等实施不合理的差别待遇", "no unreasonable difference in terms by preference or trading habit")),
        _national("PIPL24", "个人信息保护法", "Personal Information Protection Law", "24", Text("自动化决策不得在价格等条件上实行不合理的差别待遇", "no unreasonable difference in price or terms by automated decision")),
        _national("消保条例9", "消费者权益保护法实施条例", "Regulation implementing the Consumer Protection Law", "9", Text("消费者不知情时，同样条件下的同样商品或服务不得不同价", "no different price for the same goods or services under the same conditions without the consumer's knowledge")),
        _national("平台价格规则", "互联网平台价格行为规则（发改价格规〔2025〕1607号）", "Rules on price conduct of internet platforms (NDRC 2025 No. 1607)", "8、15、20", Text("不得按支付意愿、支付能力、偏好、习惯对同样的商品不同价而不让人知道；补贴规则要公布", "no undisclosed difference for the same goods by willingness or ability to pay, preference or habit; subsidy rules are published"), second_hand=True),
        _national("反垄断22", "反垄断法", "Anti-Monopoly Law", "22", Text("有支配地位的经营者不得没有正当理由而差别对待条件相同的交易对象", "a dominant firm may not treat like counterparties differently without proper reason"), force=Force.FORBIDDEN),
        _national("平台指南17", "国务院反垄断委员会关于平台经济领域的反垄断指南", "Anti-monopoly guidelines for the platform economy", "17", Text("说明平台的差别待遇怎样认定，哪些是正当理由", "says how different treatment by platforms is judged, and which reasons are proper"), force=Force.EXPLAINS),
        ("SZDATA69", Rule("SZDATA69", Text("深圳经济特区数据条例", "Shenzhen data regulation"), Text("第69条", "art. 69"), Force.MUST_NOT, Text("用数据分析对交易条件相同的交易相对人实行不合理的差别待遇", "unreasonable difference by data analysis for trading partners under the same conditions"), City.SHENZHEN)),
    )
)  # fmt: skip


def rule(id_: str) -> Rule:
    """The rule called `id_`.

    Raises:
        KeyError: when the product cites no such rule.
    """
    return RULES[id_]


TITLES: dict[str, Text] = {
    "SH": SHANGHAI,
    "SZ": SHENZHEN,
    "算法推荐": RULES["算法推荐21"].source,
    "个人信息保护法": RULES["PIPL24"].source,
    "消费者权益保护法": Text("消费者权益保护法", "Consumer Protection Law"),
    "深度合成": Text("互联网信息服务深度合成管理规定", "Provisions on deep synthesis"),
    "科技伦理审查办法": Text("科技伦理审查办法（试行）", "Measures for ethics review of science"),
}
_CITATION = re.compile(rf"(?P<title>{'|'.join(TITLES)})?(?P<number>\d+)(?P<more>（.*）)?")


def cited(reference: str) -> Text:
    """A reference in short form, spelled out: titles and articles instead of ids.

    Args:
        reference: ids of rules, or short titles with article numbers, joined by 、; what is neither
            (a standard, "this product's own word") stays as it is.
    """
    told, title = list[Text](), None
    for piece in reference.split("、"):
        see, name = piece.startswith("参见"), piece.removeprefix("参见")
        found = _CITATION.fullmatch(name)
        if name in RULES:
            spelled = RULES[name].cited
        elif found and (title := TITLES.get(found["title"] or "", title)):
            spelled = Text(
                f"{title.zh} 第{found['number']}条", f"{title.en}, art. {found['number']}"
            )
        else:
            spelled = Text(name, OTHER_SOURCES.get(name, name))
        told.append(Text(f"参见{spelled.zh}", f"see {spelled.en}") if see else spelled)
    return Text("、".join(each.zh for each in told), "; ".join(each.en for each in told))


OTHER_SOURCES = {
    "国家备案系统用语": "word of the national filing system",
    "本产品用语": "this product's own word",
    "程序用语": "word of the procedure",
    "GB/T 42460—2023附录D": "GB/T 42460—2023, annex D",
}


AGAINST_DISCRIMINATION: Mapping[str, frozenset[str]] = {
    "SZ72-4": frozenset({"race", "gender", "nationality", "ethnicity", "belief"}),
    "SH67-3": frozenset({"ethnicity", "race", "gender", "age", "occupation", "belief"}),
}
"""What each article against discrimination names."""
_NAMED: Mapping[str, tuple[re.Pattern[str], tuple[str, ...]]] = {
    "race": (re.compile(r"\b(race|racial)\b"), ("种族", "族裔")),
    "ethnicity": (re.compile(r"\b(ethnic|ethnicity|ethnic group)\b"), ("民族", "族裔")),
    "gender": (re.compile(r"\b(sex|gender)\b"), ("性别",)),
    "nationality": (re.compile(r"\b(nationality|citizenship)\b"), ("国籍",)),
    "belief": (re.compile(r"\b(religion|religious belief|belief)\b"), ("宗教信仰", "宗教", "信仰")),
    "age": (re.compile(r"^(the )?(applicant'?s? |person'?s? |customer'?s? )?ages?( group| band| class)?$"), ("年龄", "年龄段", "年龄组")),
    "occupation": (re.compile(r"\b(occupation|profession)\b"), ("职业",)),
}  # fmt: skip


def naming(words: Iterable[str]) -> frozenset[str]:
    """The articles against discrimination that name a feature, by what it is called.

    Whether a column is such a feature nobody records; its name and its plain names say so or do not.
    What only speaks of an area ("share of black residents") is none of a person's.

    Args:
        words: the name of the column and its plain names, in either language.
    """
    told = [each.replace("_", " ").strip().lower() for each in words]
    meant = {
        feature
        for feature, (english, chinese) in _NAMED.items()
        for each in told
        if english.search(each) or each.endswith(chinese)
    }
    return frozenset(id_ for id_, names in AGAINST_DISCRIMINATION.items() if names & meant)


def features(ids: Iterable[str]) -> Text | None:
    """Which features the articles against discrimination name, and who chose any other; or None.

    A plan compares people by what it likes; an article stands for no feature that it does not name.

    Args:
        ids: of rules; nothing is said where neither city's article is among them.
    """
    if not {"SZ72-4", "SH67-3"} & set(ids):
        return None
    return Text(
        "条文写明的特征：深圳第72条第（4）项是种族、性别、国籍、民族、宗教信仰，上海第67条第（3）项是民族、种族、性别、年龄、职业、"
        "宗教信仰。按别的特征的比较，是这次的评估计划选的。",
        "What the articles name: Shenzhen’s 72(4) race, gender, nationality, ethnicity and belief; Shanghai’s "
        "67(3) ethnicity, race, gender, age, occupation and belief. Any other comparison is this plan’s choice.",
    )
