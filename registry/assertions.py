"""What a sentence asserts of the inputs that it names, by a table of wordings that a person can read.

A text is taken sentence by sentence. Each name of an input (`registry.mentions`) becomes one character,
and each row of `RULES` is tried; `{X}` stands for one name or a list of them ("sex, age and income").
What no row fits asserts nothing here, however it may be meant: a wrong guess would accuse somebody of
a falsehood. So a rule reads a narrow wording, a doubt (`DOUBTS`) takes a sentence out, and who
decides is read by `registry.deciders`.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cache

from registry import directions, mentions, sentences
from registry.language import Language
from registry.mentions import Mention, Names


class Sort(StrEnum):
    """What is asserted of an input."""

    NOT_GIVEN = "not_given"
    NOT_USED = "not_used"
    NO_EFFECT = "no_effect"
    LITTLE = "little"
    MAIN = "main"
    MOST = "most"
    BETTER = "better"
    WORSE = "worse"
    ALIKE = "alike"
    USED = "used"
    """Of what the model is not given alone: that an input is used is no news."""


@dataclass(frozen=True, slots=True)
class Sentence:
    """One sentence of a text.

    Args:
        said: as it stands.
        language: of it.
        named: the inputs that it names.
        asserted: what it asserts of them; `ALIKE` may be of nobody by name.
    """

    said: str
    language: Language
    named: tuple[Mention, ...]
    asserted: tuple["Assertion", ...]


@dataclass(frozen=True, slots=True)
class Assertion:
    """What a sentence asserts.

    Args:
        sort: what.
        mention: of which input, and of which level; None where it is of all people.
    """

    sort: Sort
    mention: Mention | None = None


@dataclass(frozen=True, slots=True)
class Rule:
    """One wording.

    Args:
        sort: what it asserts.
        language: in which it is.
        pattern: a regular expression with `{X}` where the inputs stand.
        clerks: whether it is still said of the algorithm after a word for a person who works there.
    """

    sort: Sort
    language: Language
    pattern: str
    clerks: bool = False


FIRST, LAST = 0xE000, 0xF8FF
DIRECTIONS: dict[Language, tuple[str, str]] = {"zh": ("高", "低"), "en": ("higher", "lower")}
ONE = f"[{chr(FIRST)}-{chr(LAST)}]"
OTHER_ZH = rf"[^，。；,;:：、和或与及\s{chr(FIRST)}-{chr(LAST)}]{{1,10}}"
JOIN_ZH = "(?:、|以及|或者|和|与|及|或|跟)"
LIST_ZH = (
    r"(?:您|\u4f60|申请人|本人|个人|客户|顾客|用户|大家|任何人|一个人|每个人)?(?:自己)?的?"
    rf"(?:{OTHER_ZH}{JOIN_ZH})*{ONE}(?:{JOIN_ZH}(?:{ONE}|{OTHER_ZH}))*"
)
END_ZH = (
    r"(?=[，。；,;、！!：:）)”\s]|$|等|这|来|去|作|也|都|就|而|一?类|本身"
    r"|判断|打分|评分|审批|审核|决定(?!权)"
    r"|的?(?:信息|情况|因素|数据|资料|字段|高低|多少|大小|差别|差异|不同|长短))"
)
NOT_ZH = r"(?<![得是能会可非])(?:从不|绝不|并不|均不|都不|一律不|概不|无需|不|没有?|未|毫不)(?:会|曾|再|去|直接|专门|特别|需要)?"
ON_ZH = r"(?:最[后终]|您|\u4f60|本次)?的?(?=[，。；,;！!]|$|的?(?:结果|审批|审核|评分|打分|得分|分数|决定|判断|通过|批准|价格|定价))"
ON_EN = (
    r"(?=[.,;!]|$| (?:on |to )?(?:the |your |their |any |its )?(?:final )?"
    r"(?:results?|outcomes?|scores?|decisions?|chances?|approvals?|prices?|points|rating)\b)"
)
TAIL_ZH = r"等?(?:信息|情况|因素|数据|资料|高低|多少|大小|如何|怎样|这一?项)?"
DENIED_ZH = r"(?<![不非])(?<!不是)(?<!没有)(?<!不会)"
OTHER_EN = r"(?!(?:not|no|but|which|that|who|is|are|does|and|or)\b)[a-z’'-]+(?: (?!(?:not|no|but|is|are|does|and|or)\b)[a-z’'-]+){0,2}"
OWNER_EN = r"(?:(?:your|the|an?|any|their|his|her|its|somebody['’]s|anyone['’]s|people['’]s|an? (?:applicant|person|customer)['’]s|the (?:applicant|person|customer)['’]s|what your|whether you are|how (?:much|many)) )?"
JOIN_EN = r"(?:, (?:and |or |nor )?| and | or | nor )"
LIST_EN = rf"{OWNER_EN}(?:{OTHER_EN}{JOIN_EN})*{OWNER_EN}{ONE}(?:{JOIN_EN}{OWNER_EN}(?:{ONE}|{OTHER_EN}))*"
END_EN = (
    r"(?=[.,;:!)”]|$| (?:when|in|to|at|for|as|into|and|or|nor|but|whatsoever|either|here|anywhere|directly|itself|while|so|"
    r"because|by|during|with|the|you|all|on|from|of|even)\b)"
)
DO_NOT = r"(?:(?:do|does|did|will|would|is|are|was|can)(?: not|n['’]t)|cannot|never|neither)(?: ever| even| directly| itself| itself)?"
LOOK = (
    r"(?:use|look at|consider|weigh|rely on|depend on|take account of|take notice of|ask about|base \w+(?: \w+)? on|go by|include|count"
    r"|uses|looks at|considers|weighs|relies on|depends on|takes account of|goes by|includes|based on|using|looking at|considering)"
)
SUBJECT_EN = r"(?:is|are)"

_Z: Language = "zh"
_E: Language = "en"
RULES: tuple[Rule, ...] = (
    # The program is not given it.
    Rule(Sort.NOT_GIVEN, _Z, rf"{NOT_ZH}(?:知道|收集|采集|掌握|获取|读取|录入|输入|得到|拿到|看到|接触){{X}}{END_ZH}"),
    Rule(Sort.NOT_GIVEN, _Z, rf"(?:看不到|拿不到|得不到|读不到|看不见){{X}}{END_ZH}"),
    Rule(Sort.NOT_GIVEN, _Z, rf"(?:输入|信息|数据|资料)(?:里|中|里面)?(?:不含|不包括|不包含|没有){{X}}{END_ZH}"),
    Rule(Sort.NOT_GIVEN, _E, rf"{DO_NOT} (?:know|see|told|given|shown|collect|receive|learn|get){{X}}{END_EN}".replace("{X}", " {X}")),
    Rule(Sort.NOT_GIVEN, _E, rf"(?:has no access to|never (?:sees|learns|receives|gets)|knows nothing (?:of|about)) {{X}}{END_EN}"),
    # It is not used.
    Rule(Sort.NOT_USED, _Z, rf"{NOT_ZH}(?:使用|用到|用|看|考虑|采用|参考|涉及|纳入|依据|依靠|区分|按照?|根据|分|管|理会|在意|关心)(?:了|过|到)?{{X}}{END_ZH}"),
    Rule(Sort.NOT_USED, _Z, rf"{{X}}{TAIL_ZH}(?:一?律|都|也|则|并|均|从|绝|完全)?(?:不|没有?|未)(?:会|被|再)?(?:使用|用到|用上|用|看|考虑|采用|参考|参与(?:评分|计算|打分|判断|评估)?|纳入(?:计算|评分|考虑)?|计入(?:分数|评分|总分)?|进入(?:评分|计算|模型))(?=[，。；,;！!]|$)"),
    Rule(Sort.NOT_USED, _Z, rf"{{X}}{TAIL_ZH}(?:不是|并非|不算|不属于|不作为|不会作为|不当作)(?:评分|打分|判断|决定|审批|考虑)?的?(?:因素|依据|条件|标准|理由|变量|指标)"),
    Rule(Sort.NOT_USED, _Z, rf"{{X}}{TAIL_ZH}(?:只|仅仅?)用于统计，不(?:会)?(?:进入|用于|参与)(?:模型|评分|打分)"),
    Rule(Sort.NOT_USED, _Z, r"模型(?:里|中)?(?:没有|不含){X}(?:这一?项)?(?=[，。；,;！!]|$)"),
    Rule(Sort.NOT_USED, _Z, r"(?:(?:将|把){X}从模型(?:里|中)?|{X}已经?从模型(?:里|中)?|模型(?:已经?|主动)?)(?:剔除|删除|移除|去掉|屏蔽)了?(?:{X})?(?=[，。；,;！!]|$)"),
    Rule(Sort.NOT_USED, _Z, rf"{{X}}{TAIL_ZH}的?权重(?:为|是|等于)(?:零|0)(?![.点\d])"),
    Rule(Sort.NOT_USED, _Z, r"(?:评分|分数|打分|得分)[^，。；]{0,4}(?:与|和|跟|同){X}(?:都|完全|毫)?(?:无关|没有?关系|不相干)"),
    Rule(Sort.NOT_USED, _Z, rf"{NOT_ZH}(?:取决于|依赖于?|基于|把){{X}}(?:作为|当作|算作|当成|{END_ZH})"),
    Rule(Sort.NOT_USED, _E, rf"{DO_NOT} {LOOK} {{X}}{END_EN}"),
    Rule(Sort.NOT_USED, _E, rf"{DO_NOT} (?:take|takes|taking) {{X}} into (?:account|consideration)"),
    Rule(Sort.NOT_USED, _E, rf"\b(?:without (?:using|looking at|considering|regard to|taking account of)|makes no use of|ignores?|disregards?|blind to|excludes?|leaves out|no use is made of|pays no attention to) {{X}}{END_EN}"),
    Rule(Sort.NOT_USED, _E, r"{X} (?:(?:is|are) (?:not|never|nowhere)|isn['’]t|aren['’]t)(?: ever)? (?:used|considered|looked at|taken into account|weighed|counted|a factor|an input|part of|among)"),
    Rule(Sort.NOT_USED, _E, rf"\bneither {{X}} (?:is|are) (?:used|considered|looked at|taken into account|weighed|counted){END_EN}"),
    Rule(Sort.NOT_USED, _E, r"(?:\b(?:removed|deleted|dropped|excluded) {X}|{X} (?:has|have) been (?:removed|deleted|dropped|excluded)) from the (?:model|score|scoring|inputs)(?=[.,;]|$)"),
    Rule(Sort.NO_EFFECT, _E, rf"{{X}} (?:(?:carry|carries|has|have) no weight|counts? for nothing){END_EN}", clerks=True),
    Rule(Sort.NOT_USED, _E, rf"\bno account is taken of {{X}}{END_EN}"),
    Rule(Sort.NO_EFFECT, _E, r"{X} (?:are treated (?:alike|the same|equally)|(?:get|receive) the same (?:scores?|results?|chances?)(?=[.,;]|$))", clerks=True),
    Rule(Sort.NOT_USED, _E, r"{X} (?:is|are) (?:ignored|disregarded|left out|excluded)"),
    Rule(Sort.NOT_USED, _E, rf"(?:{{X}} (?:plays?|play|has|have) no (?:part|role)|no (?:part|role) (?:for|is played by) {{X}}{END_EN})"),
    Rule(Sort.NOT_USED, _E, r"(?:^|[,;:] ?)(?:but )?not {X}(?=[.;!]|$)"),
    # It changes nothing.
    Rule(Sort.NO_EFFECT, _Z, rf"不(?:会)?受(?:到)?{{X}}{TAIL_ZH}的?影响", clerks=True),
    Rule(Sort.NO_EFFECT, _Z, rf"{{X}}{TAIL_ZH}(?:对[^，。；]{{1,10}})?(?:都|也|并|完全|丝毫)?(?:不|不会|没有|无|毫无|没)(?:产生|构成|有)?(?:任何|什么|一点)?影响{ON_ZH}", clerks=True),
    Rule(Sort.NO_EFFECT, _Z, rf"{{X}}{TAIL_ZH}(?:都|也|并)?(?:不|不会|没有)(?:改变|左右|决定|起作用|起任何作用)", clerks=True),
    Rule(Sort.NO_EFFECT, _Z, rf"(?:与|和|跟|同){{X}}{TAIL_ZH}(?:都|完全|毫)?(?:无关|没有?(?:任何|什么)?关系|不相干)", clerks=True),
    Rule(Sort.NO_EFFECT, _Z, rf"不(?:会)?(?:因为?|由于){{X}}{TAIL_ZH}(?:的?(?:不同|差别|差异|高低))?(?:而|就|，|不同|有别|区别|受)", clerks=True),
    Rule(Sort.NO_EFFECT, _Z, rf"{{X}}{TAIL_ZH}(?:与|和|跟|同)(?:最终)?(?:结果|评分|分数|得分)(?:都|完全|毫)?(?:无关|没有?(?:任何|什么)?关系|不相干)", clerks=True),
    Rule(Sort.NO_EFFECT, _Z, rf"{{X}}{TAIL_ZH}对(?:最终)?(?:结果|评分|分数|得分)(?:都|完全)?(?:毫无|没有?|不起|没有任何|不起任何)作用", clerks=True),
    Rule(Sort.NO_EFFECT, _Z, r"(?:不论|无论|不管|不分){X}", clerks=True),
    Rule(Sort.NO_EFFECT, _Z, r"{X}(?:的?(?:通过)?(?:结果|待遇|标准|机会|概率|得分|分数|评分))?(?:都|全|完全|也)?(?:一样|相同|没有(?:差|区|分)别|没什么不同|一视同仁)", clerks=True),
    Rule(Sort.NO_EFFECT, _E, r"\b(?:regardless of|irrespective of|no matter (?:what )?|whatever|independent(?:ly)? of|unaffected by|not (?:affected|influenced|changed|moved) by|nothing to do with) ?{X}", clerks=True),
    Rule(Sort.NO_EFFECT, _E, rf"{{X}} (?:has|have|had|makes?) (?:absolutely )?(?:no|not any) (?:effect|influence|bearing|impact|difference){ON_EN}", clerks=True),
    Rule(Sort.NO_EFFECT, _E, rf"{{X}} (?:(?:do|does|will|can)(?: not|n['’]t)|cannot|never)(?: ever)? (?:affects?|influences?|changes?|matters?|alters?|counts?|moves?|makes? (?:a|any) difference){ON_EN}", clerks=True),
    Rule(Sort.NO_EFFECT, _E, rf"{{X}} (?:is|are) (?:entirely |quite )?irrelevant{ON_EN}", clerks=True),
    Rule(Sort.NO_EFFECT, _E, r"\b(?:nobody|no one|no applicant|not|never|nor)\b(?:(?!\b(?:only|solely|just|merely|simply|purely|alone)\b)[^.;,]){0,40} because of {X}", clerks=True),
    # It changes little.
    Rule(Sort.LITTLE, _Z, rf"{{X}}{TAIL_ZH}的?(?:对[^，。；]{{1,10}})?(?:影响|作用|权重|分量)(?:都|也)?(?:很小|较小|不大|有限|极小|非常小|十分小|小得多|微小|很低)"),
    Rule(Sort.LITTLE, _Z, rf"{{X}}{TAIL_ZH}(?:是)?(?:次要的?|不太重要|不重要|无关紧要)"),
    Rule(Sort.LITTLE, _Z, rf"{{X}}{TAIL_ZH}(?:的影响)?(?:基本上?|几乎)?可以?忽略(?:不计)?(?=[，。；,;！!]|$)"),
    Rule(Sort.LITTLE, _Z, rf"{{X}}{TAIL_ZH}(?:只|仅)?(?:起|有)着?(?:次要|辅助|很小|不大)的?(?:作用|影响)"),
    Rule(Sort.LITTLE, _Z, rf"{{X}}{TAIL_ZH}(?:几乎|基本上?)(?:不|没有)(?:会)?(?:影响|改变|起作用)"),
    Rule(Sort.LITTLE, _E, r"{X} (?:matters?|counts?|weighs?) (?:very little|little|only a little|only little)"),
    Rule(Sort.LITTLE, _E, r"{X} (?:is|are) negligible(?=[.,;]|$)"),
    Rule(Sort.LITTLE, _E, r"{X} (?:has|have) (?:only )?a (?:negligible|marginal) (?:effect|influence|impact|weight)"),
    Rule(Sort.LITTLE, _E, r"{X} (?:hardly|barely|scarcely) (?:matters?|counts?|affects?|changes?|weighs?)"),
    Rule(Sort.LITTLE, _E, r"{X} (?:has|have|plays?) (?:only )?(?:an? )?(?:very )?(?:little|minor|small|slight|limited|tiny) (?:effect|influence|part|role|weight|impact)"),
    Rule(Sort.LITTLE, _E, r"{X} (?:is|are) (?:of (?:little|minor) importance|unimportant|not (?:very |so )?important)"),
    # It matters most of all.
    Rule(Sort.MOST, _Z, rf"{DENIED_ZH}(?:最重要|最主要|最关键|最看重|影响最大|作用最大|权重最[高大]|首要)的?(?:因素|信息|依据|一?项|东西)?(?:就?是|当属|有)?{{X}}{END_ZH}"),
    Rule(Sort.MOST, _Z, rf"{{X}}{TAIL_ZH}(?:是|才是|就是)?的?(?:影响|权重|作用|分量)?(?:最重要|最主要|最关键|最大|最高|影响最大|作用最大)(?=[，。；,;！!]|$|的(?:因素|一项|信息|依据))"),
    Rule(Sort.MOST, _E, rf"(?<!not )(?:most important|strongest|biggest|largest|heaviest|most decisive|what matters most|what counts most|matters most|counts most)(?: \w+)?(?: of all)?(?: is| are|,)(?: always)? {{X}}{END_EN}"),
    Rule(Sort.MOST, _E, r"{X} (?:matters?|counts?|weighs?) (?:the )?most\b"),
    Rule(Sort.MOST, _E, r"{X} (?:is|are) (?:by far )?(?:the )?(?:single )?(?:most important|strongest|biggest|largest|heaviest|most decisive)"),
    Rule(Sort.MOST, _E, rf"\babove all(?: else)?,? (?:it (?:looks at|considers|weighs|depends on) |(?:at|on|by) )?{{X}}{END_EN}"),
    # It matters much.
    Rule(Sort.MAIN, _Z, rf"{DENIED_ZH}(?:主要|重点|着重|首先|优先|尤其|特别)(?:是)?(?:看|考虑|依据|根据|取决于|参考|靠|看重|按)(?:的是)?{{X}}{END_ZH}"),
    Rule(Sort.MAIN, _Z, rf"{DENIED_ZH}(?:主要|关键)(?:因素|依据|标准|信息)?(?:的)?(?:是|有|包括){{X}}{END_ZH}"),
    Rule(Sort.MAIN, _Z, rf"{{X}}{TAIL_ZH}(?:也|都|是)?(?:很|非常|十分|特别|相当|最为|比较)?(?:重要|关键)(?!性)(?:的)?"),
    Rule(Sort.MAIN, _Z, rf"{{X}}{TAIL_ZH}(?:的|对[^，。；]{{1,8}}的?)?(?:影响|作用|权重)(?:也|都)?(?:很|较|非常|十分|特别|相当|比较)大"),
    Rule(Sort.MAIN, _Z, rf"{{X}}{TAIL_ZH}(?:起|发挥)着?(?:主要|决定性?|关键|重要)的?作用"),
    Rule(Sort.MAIN, _E, rf"(?<!not )\b(?:mainly|mostly|chiefly|primarily|largely|first|especially)(?: (?:looks? at|considers?|weighs?|depends? on|relies on|goes by|uses?|checks?|on|by|at|from))? {{X}}{END_EN}"),
    Rule(Sort.MAIN, _E, rf"(?<!not )\b(?:looks?|depends?|relies|rests|goes|is based|based) (?:mainly|mostly|chiefly|primarily|first|largely|heavily|above all) (?:at|on|by|from) {{X}}{END_EN}"),
    Rule(Sort.MAIN, _E, rf"\b(?:main|decisive|key) (?:factors?|things?|grounds?|points?) (?:is|are) {{X}}{END_EN}"),
    Rule(Sort.MAIN, _E, r"{X} (?:is|are) (?:the main|the key|very important|important|decisive|highly important|key)\b"),
    Rule(Sort.MAIN, _E, r"{X} (?:matters?|counts?|weighs?) (?:a lot|much|heavily|greatly|a great deal)"),
    Rule(Sort.MAIN, _E, r"{X} (?:has|have|plays?) an? (?:big|large|strong|major|great|decisive|key) (?:effect|influence|part|role|weight|impact)"),
    # It is used: asked of what the model is not given, after all that denies it.
    Rule(Sort.USED, _Z, rf"(?:^|[，。；：])[^，。；：不没无未非别勿避禁防难拒]{{0,12}}(?:看|使用|用到|用|考虑|参考|依据|根据|结合|取决于)(?:了|过|到)?{{X}}{END_ZH}"),
    Rule(Sort.USED, _E, rf"(?:^|[,;:] ?)(?:it|we|the (?:algorithm|program|model|system))(?: also| always)? (?:uses?|looks? at|considers?|weighs?|relies on|takes account of|is given|knows) {{X}}{END_EN}"),
)  # fmt: skip
ALIKE = {
    "zh": re.compile(
        r"一视同仁(?!地(?:回|答|处理))|(?:同等|平等|公平|同样|一样|公正)(?:地)?对待|没有?(?:任何)?(?:歧视|偏见)|不(?:会|存在|带|搞)?(?:有|任何)*(?:歧视|偏见)"
        r"|无(?:歧视|偏见)|不(?:会)?(?:区别|差别)对待|对(?:所有|每个|每一?位|任何)(?:的)?(?:人|申请人|客户|顾客|用户)(?:都)?(?:一样|相同|公平|同样)|人人(?:平等|一样)|男女平等|男女同等条件下(?:得分|分数|结果)(?:都|也)?相同"
    ),
    "en": re.compile(
        r"treat(?:s|ed)? (?:everyone|everybody|all(?: \w+)?|people|each \w+) (?:alike|the same|equally|fairly)"
        r"|(?:everyone|everybody|all(?: \w+)?) (?:is|are) treated (?:alike|the same|equally|fairly)"
        r"|\b(?:no|without(?: any)?|free (?:of|from)) (?:discrimination|bias)|(?:do not|don['’]t|does not|doesn['’]t|never) discriminates?\b|\b(?:everyone|everybody) gets the same treatment|\bunbiased\b|non-discriminatory"
    ),
}  # fmt: skip
FRAMED = {
    "zh": re.compile(r"[不没未无非难]|说|称|认为|以为|证据|存在"),
    "en": re.compile(
        r"\b(?:not|no|never|nobody|none|nor|neither|without|hardly|rarely|claim\w*|found|find\w*|say\w*|said|believe\w*|think\w*|evidence)\b|n['’]t\b"
    ),
}
"""Before a claim that all are treated alike: it is denied, admitted or told of others."""
WHOLE: dict[Language, re.Pattern[str]] = {
    "zh": re.compile(
        r"^(?:地|的|了)?(?:对待|处理|评分|审批)?(?:任何|每一?个?)?(?:人|申请人|客户|用户|顾客)?(?=[，。；、,;！!]|$)"
    ),
    "en": re.compile(
        r"^(?=[.,;!]|$| (?:by|on|against|because|here|whatsoever|regardless|and|whatever|in (?:any way|its|our|the (?:decision|result|scor)\w*))\b)"
    ),
}
HOPED = re.compile(
    r"条例|法律|第[^，。]{1,8}条|不得|不许|不准|禁止|尽量|力求|争取|希望|目标|应当|应该|要求|承诺|努力|不能保证|难以|无法|做不到|并非|不一定|没有做到|能否|是否"
    r"|\b(?:aims?|tr(?:y|ies)|should|must|ought|hopes?|goal|cannot|can['’]t|no guarantee|not always|whether|wants?|meant|intended|law|article|regulations?|forbid\w*|may not)\b"
)
DOUBTS = re.compile(
    r"以前|过去|曾经?(?:不|没|用|使用|考虑)|原来|原先|旧版|上一版|之前的|将来|今后|未来|计划|打算|准备|正在研究|有时|偶尔|有人(?:以为|认为|说|担心)|误以为|不是说|并不是说"
    r"|考虑过|不一定|未必|不属实|不实|不等于|不代表|不意味|也许|或许|大概|[？?]|以外|之外|除了|除非|不保证"
    r"|换成|说法|谣言|误解|[是有]错|错误|不对|不成立|有误|不能说|不敢说|不能(?:声称|断言|认为)|不认为|谈不上|虽然|尽管|没填|未填|没有填|不填|缺失|空白|留空"
    rf"|(?:单|光|仅仅?|只)(?:看|凭|靠|从){ONE}[^，。；]{{0,6}}[不没无]"
    r"|\b(?:used to|formerly|previously|earlier|in the past|last version|in future|plan(?:s|ned)? to|will soon|sometimes|occasionally|some people|it is said"
    r"|might|could|perhaps|not necessarily|does not mean|not true|untrue|no guarantee|except|apart from|other than|besides|unless|instead of|rather than|not only|not just|not solely|(?:was|were) considered"
    r"|wrong|false|incorrect|mistaken|myth|(?:cannot|can['’]t|do not|don['’]t|does not) (?:claim|say|promise|believe|think|mean)|claims? that|should|ought|although|though"
    r"|blank|missing|empty|not (?:filled|given|provided|stated))\b"
)
"""Words after which nothing is taken as asserted of the algorithm as it is."""
LONGEST = 300
"""Characters of a sentence that the rules are tried on: a longer one says more than a rule can tell."""
SUPPOSED = re.compile(r"如果|假如|要是|假设|假使|若|的话|\b(?:if|suppose|were to|would)\b")
"""After these nothing is asserted but a direction."""
OF_OTHERS = {
    "zh": re.compile(
        r"(?:配偶|爱人|丈夫|妻子|家人|家属|家庭|亲友|亲属|朋友|父母|子女|孩子|他人|别人|其他人|第三人|担保人|保证人|共同借款人|单位|雇主|公司|之间|以内|以下|以上|还清|结清|过期|到期|核销)的?$"
    ),
    "en": re.compile(
        r"\b(?:partner|spouse|husband|wife|famil(?:y|ies)|friend|parent|child(?:ren)?|relative|guarantor|employer|household|company|colleague|others?|else|borrower)s?['’]s?(?: (?:own|past|former))? $"
        r"|\b(?:repaid|settled|paid-off|old|former|past|expired) $"
    ),
}
"""Before a name: something of somebody else, or a part of it alone."""
OTHERS = re.compile(
    r"训练|测试|评估|复核|抽查|申诉|投诉|展示|界面|\b(?:training|trained|testing|tested|evaluation|review|complaints?|objections?|shown on)\b"
)
"""What a sentence is about that is not how the algorithm reaches a result."""
CLERK = re.compile(
    r"(?:[员师长]|人员|人工|专人|员工|同事|经理)[^，。；,;]{0,12}$"
    r"|\b(?:officers?|staff|employees?|reviewers?|managers?|clerks?|person|colleagues?)\b[^.,;]{0,40}$"
)


def read(text: str, names: Names, *, results: Sequence[str] = ()) -> list[Sentence]:
    """The sentences of a text, with what each asserts of the inputs.

    Args:
        text: in one language.
        names: of the inputs, in its language.
        results: the names of the favourable and of the unfavourable result, in that order.
    """
    every = sentences.of(text, names.language)
    return [_sentence(said, names, results) for said in every]


def _sentence(said: str, names: Names, results: Sequence[str]) -> Sentence:
    named, language = names.found(said), names.language
    coded = _coded(said, named)
    asserted: list[Assertion] = []
    if len(coded) <= LONGEST and not DOUBTS.search(coded):
        unhoped = not HOPED.search(coded) and not OTHERS.search(coded)
        if unhoped and _alike(coded, language):
            asserted.append(Assertion(Sort.ALIKE))
        asserted += _by_rules(coded, named, language)
        known = {each.mention.start for each in asserted if each.mention}
        inputs = [_named(each, at, language) for at, each in enumerate(named)]
        asserted += [
            Assertion(Sort.BETTER if better else Sort.WORSE, named[at])
            for at, better in (directions.read(coded, inputs, language, results) if named else ())
            if named[at].start not in known and _own(coded, at, language)
        ]
    return Sentence(said, language, tuple(named), tuple(asserted))


def _own(coded: str, at: int, language: Language) -> bool:
    """Whether an input is named as the person's own and whole, and not another's or a part of it."""
    return not OF_OTHERS[language].search(coded[: coded.index(chr(FIRST + at))])


def _alike(coded: str, language: Language) -> bool:
    """Whether all are said to be treated alike, with nothing before or after that turns it."""
    return any(
        not FRAMED[language].search(coded[: fit.start()])
        and WHOLE[language].match(coded[fit.end() :])
        for fit in ALIKE[language].finditer(coded)
    )


def _named(each: Mention, at: int, language: Language) -> directions.Named:
    """One input at its place, with the filer's words for more and less of it."""
    more, less = (each.column.get("direction") or {}).get(language) or DIRECTIONS[language]
    sides = (str(more).lower(), str(less).lower())
    return directions.Named(chr(FIRST + at), each.name, each.level is not None, sides)


def _by_rules(coded: str, named: Sequence[Mention], language: Language) -> Iterator[Assertion]:
    if not named or OTHERS.search(coded):
        return
    supposed, taken = SUPPOSED.search(coded), set[int]()
    for rule in (each for each in RULES if each.language == language):
        for fit in _compiled(rule).finditer(coded):
            before = coded[: fit.start()]
            if supposed or (not rule.clerks and CLERK.search(before)):
                continue
            for letter in fit.group():
                at = ord(letter) - FIRST
                if not 0 <= at < len(named) or (
                    rule.sort is Sort.USED and not _unheard(named[at], coded)
                ):
                    continue
                if at not in taken and _own(coded, at, language):
                    taken.add(at)
                    yield Assertion(rule.sort, named[at])


def _unheard(each: Mention, coded: str) -> bool:
    """Whether the model is not given a thing that a sentence, hoping nothing, names."""
    return bool(each.column.get("outside")) and not HOPED.search(coded)


@cache
def _compiled(rule: Rule) -> re.Pattern[str]:
    listed = LIST_ZH if rule.language == "zh" else LIST_EN
    return re.compile(rule.pattern.replace("{X}", f"(?:{listed})"))


def _coded(said: str, named: Sequence[Mention]) -> str:
    """The sentence with one character for each name, in the order of the names."""
    parts, at, read = list[str](), 0, mentions.normal(said)
    for number, each in enumerate(named):
        parts += [read[at : each.start], chr(FIRST + number)]
        at = each.end
    return "".join([*parts, read[at:]])
