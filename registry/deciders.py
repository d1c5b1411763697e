"""Whether a text says that a person decides on each result, that none does, or that one looks on request only.

A text is read sentence by sentence by a table of wordings in both languages. What no row fits says nothing
of it here: words that a person looks when somebody objects say nothing of the other cases.
"""

import re
from dataclasses import dataclass
from enum import StrEnum
from functools import cache

from registry import sentences, simplified
from registry.language import Language


class Decides(StrEnum):
    """Who decides, in the words of a sentence."""

    PERSON = "person"
    PROGRAM = "program"
    NOBODY = "nobody"
    REQUEST = "request"


@dataclass(frozen=True, slots=True)
class Rule:
    """One wording: who decides by it, in which language, and its regular expression."""

    decides: Decides
    language: Language
    pattern: str


STAFF = "(?:工作人员|人工(?!智能)|专人|人员|员工|[员师长理])"
MACHINE = "(?:程序|算法|系统|模型|电脑|计算机|机器|AI|ai)"
LOOKS = "(?:看|参与|审核|审批|干预|过问|决定|复核|把关|介入|审)"
ENDS = r"(?=过?[，。；、,;！!.]|过?$|就|便|而|直接|结果|每|任何|这)"
NONE = "(?:没有|无|不经过?|无需|不需要|不用|不必|不再)"
HUMAN = r"(?:officers?|persons?|people|staff(?: members?)?|humans?|reviewers?|managers?|clerks?|employees?|underwriters?|somebody|someone|auditors?|editors?)"
COMPUTER = r"(?:machine|computer|program|system|algorithm|model|software|ai)"
RESULT_ZH = r"(?:批准|拒绝|通过|驳回|审批|放款|决定)"
REFUSES = r"(?:approv|refus|reject|declin|accept|grant)"
ENDED = r"(?=[.,;:!]|$| (?:before|when|until|at|in|any|each|every|the|it|on|so|and|or)\b)"
_Z: Language = "zh"
_E: Language = "en"
RULES = (
    Rule(Decides.REQUEST, _Z, r"只(?:有|是)?(?:在|当)?[^，。；]{0,8}(?:投诉|申诉|要求|异议|不服|提出)[^，。；]{0,6}(?:才|时|后|的)[^。；]{0,10}(?:看|审|复核|处理|介入)"),
    Rule(Decides.NOBODY, _Z, rf"{NONE}[^，。；,;的由]{{0,6}}(?:人|{STAFF}){{1,2}}(?:来|再|去|会)?{LOOKS}{ENDS}"),
    Rule(Decides.NOBODY, _Z, rf"{STAFF}(?:都|均|也|完全|一律|并)?不(?:会|再)?{LOOKS}{ENDS}"),
    Rule(Decides.NOBODY, _Z, rf"(?:{NONE})(?:任何)?(?:人工)?(?:复核|审核|干预)(?=[，。；,;！]|$)"),
    Rule(Decides.NOBODY, _Z, r"(?:没有|无)(?:任何)?人(?:会|再|来|去)?(?:看|审核?|审阅)(?:过)?(?:您|\u4f60|每份|任何)的?(?:这份)?(?:申请|材料|资料)?(?=[，。；、,;！!]|$)"),
    Rule(Decides.NOBODY, _Z, r"(?:全程)?无人工?(?:参与|介入|干预)(?=[，。；、,;！!]|$)"),
    Rule(Decides.PROGRAM, _Z, rf"{STAFF}(?:也|都|均)?(?:不能|不可以?|无法|不得|无权)(?:改变|更改|修改|推翻){MACHINE}的?(?:决定|结果|判断)"),
    Rule(Decides.NOBODY, _Z, r"(?:不(?:需要|用|经过?)|无需|没有)人工(?=[，。；,;！]|$)"),
    Rule(Decides.PROGRAM, _Z, rf"(?:全部|完全|直接|一律|全程|都)?(?:自动|由{MACHINE}(?:最终|直接|自动|全权|独立|来)*)(?:作出|做出)?(?:决定|判定|判断|审批|生效|执行|拍板)"),
    Rule(Decides.PROGRAM, _Z, rf"{MACHINE}(?:直接|自动|最终|全权|独立)+(?:就)?(?:出结果|给出结果|作出|做出|决定|判定|审批|说了算|定下)"),
    Rule(Decides.PROGRAM, _Z, rf"{MACHINE}(?:直接|自动)+(?:就)?(?:地)?{RESULT_ZH}(?:或者?{RESULT_ZH})*(?=[，。；,;！!]|$|您的?|申请|不符)"),
    Rule(Decides.PROGRAM, _Z, rf"由{MACHINE}(?:直接|自动)+{RESULT_ZH}(?:或者?|和)?{RESULT_ZH}?(?=[，。；,;！!]|$)"),
    Rule(Decides.PROGRAM, _Z, r"审批(?:过程)?(?:是)?(?:完全|全部|全)自动(?:完成|进行|化)?(?:的)?(?=[，。；,;！!]|$)"),
    Rule(Decides.PROGRAM, _Z, rf"{MACHINE}说了算"),
    Rule(Decides.PERSON, _Z, rf"(?:{STAFF})[^，。；,;.]{{0,12}}(?:决定|审批|拍板|定夺|逐份看|再决定|说了算|把关)"),
    Rule(Decides.PERSON, _Z, r"(?:由|请)人(?:来)?(?:决定|判断|审核)"),
    Rule(Decides.PERSON, _Z, rf"每(?:一)?(?:份|笔|个|件)[^，。；]{{0,8}}(?:由|有|经|让)?[^，。；]{{0,4}}{STAFF}[^，。；]{{0,6}}(?:看|审|复核|核对)"),
    Rule(Decides.REQUEST, _E, rf"\b(?:only (?:if|when|after|on)[^.;]{{0,40}}{HUMAN}|{HUMAN}[^.;]{{0,30}}\bonly (?:if|when|after|on)\b)"),
    Rule(Decides.NOBODY, _E, rf"\b(?:no|without(?: any)?) (?:human|manual|{HUMAN})(?: (?:review|involvement|intervention|check|oversight|approval)\b|(?: ever)? (?:decides?|looks?|checks?|sees|reads?|reviews?|takes part|is involved|are involved){ENDED})"),
    Rule(Decides.NOBODY, _E, r"\b(?:no|without an?y?) (?:human|person|officer)(?: being)? (?:in the loop|looking at|involved)\b|\bno (?:human|person|officer) is (?:ever )?involved\b"),
    Rule(Decides.PROGRAM, _E, rf"{HUMAN} (?:cannot|can['’]t|may not|can never|are not allowed to|is not allowed to) (?:change|alter|overrule|override|decide otherwise than) (?:what )?the {COMPUTER}"),
    Rule(Decides.NOBODY, _E, rf"\b(?:nobody|no one|not a single person)(?: ever)? (?:looks?|reviews?|checks?|decides?|reads?|sees){ENDED}"),
    Rule(Decides.NOBODY, _E, rf"{HUMAN} (?:do not|does not|don['’]t|doesn['’]t|never) (?:look|review|check|decide|read|see|take part|intervene)"),
    Rule(Decides.PROGRAM, _E, r"\b(?:fully|entirely|completely|purely|wholly) automat(?:ic|ed)"),
    Rule(Decides.PROGRAM, _E, rf"\b{COMPUTER} (?:alone )?(?:decides(?: alone| itself| by itself| on its own)?(?=[.,;]|$)|makes (?:the|every|each)(?: final)? decision|has the (?:last|final) word)"),
    Rule(Decides.PROGRAM, _E, rf"\bdecided (?:automatically|by (?:the |a |an )?{COMPUTER})|\b(?:takes? effect|decides|decided|approved or refused) (?:automatically|alone|on its own|by itself)|\bautomatically (?:decide[sd]?|approve[sd]?|refuse[sd]?|takes? effect)"),
    Rule(Decides.PROGRAM, _E, rf"\b(?:is|are|gets?) (?:{REFUSES}\w* or )?{REFUSES}\w* (?:automatically|by (?:the |a |an )?{COMPUTER} (?:alone|itself))\b|\b{COMPUTER} automatically {REFUSES}\w*"),
    Rule(Decides.PROGRAM, _E, r"\b(?:refusals|rejections|approvals|decisions|results)(?: (?:and|or) (?:refusals|rejections|approvals))? are (?:all |always )?automatic(?=[.,;]|$)"),
    Rule(Decides.PROGRAM, _E, rf"\bdecisions? (?:is|are) (?:made|taken) (?:entirely|solely|only|wholly|purely)? ?by (?:the |a |an )?{COMPUTER}(?: alone)?(?=[.,;]|$)"),
    Rule(Decides.PERSON, _E, rf"\b{HUMAN}\b(?:,? (?!not\b|never\b)[a-z-]+){{0,7}}? (?:decides?|has the (?:last|final) (?:word|say)|takes the decision|deciding)\b|\b{HUMAN}\b(?: [a-z-]+){{0,4}}? makes? (?:the|each|every)(?: final)? decisions?"),
    Rule(Decides.PERSON, _E, rf"\b{HUMAN} (?:looks? at|reads?|reviews?|sees?|checks?) (?:each|every|all)\b|\bdecided by (?:a |an |our |the )?(?:\w+ )?{HUMAN}"),
)  # fmt: skip
DENIED = re.compile(
    rf"(?:不由|不是由|并非由|{NONE}|不会|非)[^，。；,;]{{0,3}}$|\b(?:no|not|never|nobody|nor|without|neither)\b(?: (?:a|an|any|by|the))*(?: \w+)? $"
)
UNSETTLED = re.compile(
    r"[？?]|吗|如果|假如|以前|过去|将来|计划|\b(?:(?<!only )if|whether|used to|formerly|in future|plan(?:s|ned)? to)\b"
)
"""A question or a condition tells nobody who decides."""
PROGRAM_DENIED = re.compile(
    r"(?:不|非|没有|未|从不|绝不)[^，。；,;]{0,6}$|(?:\bno|\bnot|\bnever|\bnobody|\bnor|\bneither|\bwithout|n['’]t)\b(?:(?!\b(?:and|but|so)\b)[^.;,]){0,60}$"
)
NEVER_ALONE = re.compile(rf"{COMPUTER}[^.;,]*\b(?:not|never|cannot)\b|{COMPUTER}[^.;,]*n['’]t\b")
"""Inside the words for a program that decides: it does not."""
NOT_EVERY = re.compile(
    r"(?:不|未|非|没有|不是)[^，。；,;]{0,8}$|\b(?:not|no|never|hardly|rarely)\b[^.;]{0,40}$"
)
OTHER_DECISION = {
    "zh": re.compile(
        r"^(?:的)?(?:什么时候|何时|哪|怎么|怎样|如何|要不要|是否|利率|期限|额度|先后|顺序|由谁|补|打|联系|权限)|^(?:不|未|没有)"
    ),
    "en": re.compile(
        r"^ (?:(?:which|when|how|where|who|what|whether to|about|on complaints?|for (?:themselves|himself|herself)|otherwise|faster|slower|later|sooner|quickly|to)\b|the (?:rate|interest|price|order))"
    ),
}
"""After a word that decides: it is another thing that is decided."""
OWN_LOANS = re.compile(
    r"(?:员工|人员|[员师长理])的[^，。；]{0,8}由|不(?:能|可以?|得|会)?决定|(?:不能|无法|不得|无权)改变"
)
EARNERS = re.compile(
    r"\b(?:people|persons?|somebody|someone)(?: (?:who|with|that)\b| decides? for)|\b(?:cannot|can['’]t|may not|do not|don['’]t|does not|never)\b"
)
ASKED = re.compile(
    r"要求|申请复核|投诉|申诉|不服|异议|不同意|\b(?:if you (?:ask|object|wish|want)|on request|at your request|when you object|you (?:may|can) ask|objections?|complaints?)\b"
)
"""A person who looks when somebody asks says nothing of who decides on the others."""


@dataclass(frozen=True, slots=True)
class Said:
    """Who decides by the words of a sentence, and the words."""

    decides: Decides
    words: str


def read(text: str, language: Language) -> list[Said]:
    """What the sentences of a text say of who decides, in their order.

    Args:
        text: in one language.
        language: of the text.
    """
    every = (_sentence(each, language) for each in sentences.of(text, language))
    return [each for each in every if each is not None]


def _sentence(said: str, language: Language) -> Said | None:
    plain = simplified.simplified(said)
    lower = plain.lower() if len(plain) == len(said) else said
    if UNSETTLED.search(lower):
        return None
    found = dict[Decides, str]()
    for rule in RULES:
        if rule.language != language or rule.decides in found:
            continue
        for fit in _compiled(rule.pattern).finditer(lower):
            if _turned(rule, fit, lower):
                continue
            found[rule.decides] = said[fit.start() : fit.end()]
            break
    if Decides.PERSON in found and ASKED.search(lower):
        found.pop(Decides.PERSON)
    for each in (Decides.REQUEST, Decides.NOBODY, Decides.PERSON, Decides.PROGRAM):
        if each in found:
            return Said(each, found[each])
    return None


def _turned(rule: Rule, fit: re.Match[str], lower: str) -> bool:
    """Whether what stands around the words, or in them, takes back who decides."""
    before, words, after = lower[: fit.start()], fit.group(), lower[fit.end() :]
    if rule.decides is Decides.PROGRAM:
        other = OTHER_DECISION[rule.language].match(after)
        return bool(other or PROGRAM_DENIED.search(before) or NEVER_ALONE.search(words))
    if rule.decides is not Decides.PERSON:
        return False
    return bool(
        DENIED.search(before)
        or NOT_EVERY.search(before)
        or OTHER_DECISION[rule.language].match(after)
        or OWN_LOANS.search(words)
        or EARNERS.search(words)
    )


@cache
def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern)
