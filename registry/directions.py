"""Which way a sentence says that more of an input, or one of its levels, moves the result.

A sentence is read from left to right: an input that is said to be more or less, or a level, waits for
the next words about a result, which are good or bad for the person. What is compared with ("than", 比)
waits for nothing; of two people in an example "the first one" is the first input.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache

from registry.language import Language

Sides = Sequence[tuple[str, str]]
"""By input, the filer's words for more and for less of it."""


@dataclass(frozen=True, slots=True)
class Named:
    """An input at its place in a sentence.

    Args:
        letter: by which it stands there.
        column: which one.
        level: whether one of its levels is named.
        sides: the words for more and for less of it.
    """

    letter: str
    column: str
    level: bool
    sides: tuple[str, str]


@dataclass(frozen=True, slots=True)
class Waiting:
    """An input that is said to be more (1), less (−1), or just there (0: a level where it is one)."""

    at: int
    named: Named
    sign: int


@dataclass(frozen=True, slots=True)
class Result:
    """Words about a result: good for the person or bad, and whether an input alone may precede them."""

    start: int
    end: int
    good: bool
    bare: bool
    denied: bool


MORE = {
    "zh": "高(?!低)|大(?!小)|多(?!少)|长(?!短)|强|久|增加|提高|上升|增长|变大|变多|变高",
    "en": "higher|larger|greater|more|bigger|longer|stronger|high|large|rises?|rising|rose|increases?|increasing|grows?|growing|goes up|up",
}
LESS = {
    "zh": "低|小|少|短|弱|减少|降低|下降|变小|变少|变低",
    "en": "(?:pay|clear)ing (?:off|down)|repaying|settling|clearing|reducing|lowering|cutting|without(?: having)?|(?:not )?having (?:no|few|fewer|less)|not having|having no|no|few|"
    "(?:an? )?(?:lack|absence) of|(?:freedom|free) (?:of|from)|lower|smaller|less|fewer|shorter|weaker|low|small|falls?|falling|drops?|dropping|decreases?|decreasing|shrinks?|goes down|down",
}
AFTER = {
    "zh": r"(?:水平|数额|总额|收入)?(?:的)?(?:越|更|变得?|较|比较|偏|很|太|过|会)*(?:{words})",
    "en": r"(?:,? (?:is|are|gets?|becomes?|being|that is|which is))?(?: (?:much|even|a lot|too|very))? (?:{words})\b(?! (?:un)?(?:likely|often|easily|probable|readily|rarely|seldom|difficult|expensive)\b| (?:the|your|their|an?)\b)",
}
BEFORE = {
    "zh": r"(?:{words})(?:的|了)?$",
    "en": r"\b(?:{words})(?: (?:the|your|a|an|of|of the|their))? $",
}
WITHOUT = r"\b(?:without|no|not|never)(?: having)?(?: an?| any)? (?:{words}) $"
"""Not more of it is not yet less of it."""
THAN = {
    "zh": (re.compile(r"(?:比起?|较之|不如|相比于?)(?:那些)?$"), re.compile(r"^(?:相比|比起来|比较起来)")),
    "en": (re.compile(r"\b(?:than|compared (?:to|with)|over|unlike)(?: (?:people|those|one|applicants|somebody|someone|the|a|an|with|who|are|is))* $"), re.compile(r"(?!)")),
}  # fmt: skip
FIRST_ONE = re.compile(r"第一[个位家]|前者|前一[个位]|\b(?:the first|the former)\b")
SECOND_ONE = re.compile(r"第二[个位家]|后者|后一[个位]|\b(?:the second|the latter|the other)\b")
BAD_WORDS = (
    r"拒|驳|[不没未](?:能|会|被|有|获)?(?:得|到)?(?:通过|批|录取|获批|放款)|淘汰|落选|失败|扣分|拦下|加价|"
    r"\b(?:refus\w+|reject\w+|declin\w+|denied|denial|turned (?:down|away)|fail\w*|blocked|not (?:being |be |getting |get )?(?:approv|accept|grant|admit|select)\w*)"
)
SPARED_WORDS = r"[不没未免](?:会|有|于|再)?被?(?:拒|驳|淘汰|拦下)|\b(?:not|never|without|avoid\w*|escap\w*)(?: \w+){0,2}? (?:refus|reject|declin|denied|denial|fail)\w*"
"""A bad result that does not come about."""
GOOD_WORDS = (
    r"通过|批|成功|录取|获|入选|选中|中签|放款|贷到|借到|得到|拿到|过关|"
    r"\b(?:approv\w+|accept\w*|grant\w*|admitt?\w*|pass\w*|succe\w+|select\w*|loan|credit|offer\w*)"
)
ADVERBS_ZH = r"(?:就|也|会|都|通常|一般|往往|多半|相对|总是|可以|能|将)*"
PATTERNS: dict[Language, tuple[tuple[str, bool], ...]] = {
    "zh": (
        (r"(?:越|更|较|比较|最)(?:加|为|是)?(?P<not>不(?:太|大)?)?(?P<up>容易|可能|有可能|有机会)(?:地)?(?:被|会)?(?P<what>[^，。；、,;的]{0,8})", False),
        (r"(?<![也仍还都不])(?P<not>不)?(?P<up>容易)(?:地)?(?:被|会)?(?P<what>[^，。；、,;的]{0,8})", False),
        (r"(?<![也仍还都不困])(?P<down>难以?)(?:被)?(?P<what>[^，。；、,;的]{0,8})", False),
        (rf"(?P<noun>分数|评分|得分|总分|排名|名次|机会|可能性|概率|把握|额度|通过率)(?:的)?{ADVERBS_ZH}(?:越|更|较|比较|稍|变)?(?:(?P<up>高|大|靠前|好|多|提高|上升)|(?P<down>低|小|靠后|差|少|降低|下降))", False),
        (rf"结果{ADVERBS_ZH}(?:越|更|变|较)?(?:得)?(?:(?P<up>好|有利)|(?P<down>差|坏|不利))", False),
        (r"(?P<up>加分|有利|占优|有优势|有帮助|有好处|优先)|(?P<down>扣分|减分|不利|吃亏|处于劣势|有坏处)", True),
        (r"(?:(?P<up>提高|提升|增加|拉高|抬高|增大)|(?P<down>降低|减少|拉低|减小|削弱))了?(?:您|\u4f60|申请人|本人)?的?(?:通过|获批|批准|录取|成功)?的?(?:分数|评分|得分|总分|机会|可能性?|概率|把握|额度|通过率)", True),
        (rf"(?:价格|价钱|费用|票价|收费|保费|要?付(?:的钱)?){ADVERBS_ZH}(?:越|更|较|比较|稍|变)?(?:(?P<down>贵|高|多|上涨)|(?P<up>便宜|低|少|下降))", False),
        (r"(?:越|更|较|比较)(?:(?P<down>贵)|(?P<up>便宜|划算))", False),
        (r"(?:(?P<down>提高|抬高|推高|增加|拉高)|(?P<up>降低|拉低|减少))了?(?:价格|价钱|费用|票价|收费|保费)", True),
    ),
    "en": (
        (r"\b(?:(?P<up>more)|(?P<down>less)) (?P<not>unlikely|rarely|seldom|difficult)(?: (?:you|they|it|he|she|one|people|somebody)(?: are| is)?)?(?: to)?(?P<what>(?: (?:be|is|are|get|receive|have|win|obtain|an?|the)\b)*(?: [a-z]+){0,2})", False),
        (r"\b(?:(?P<up>more)|(?P<down>less)) (?:likely|often|easily|probable|readily)(?: (?:you|they|it|he|she|one|people|somebody)(?: are| is)?)?(?: to)?(?P<what>(?: (?:be|is|are|get|receive|have|win|obtain|an?|the)\b)*(?: [a-z]+){0,2})", False),
        (r"\b(?:(?P<up>easier)|(?P<down>harder))(?: it is)?(?: (?:you|they|it|he|she|one|people|somebody)(?: are| is)?)?(?: to)?(?P<what>(?: (?:be|is|are|get|receive|have|win|obtain|an?|the)\b)*(?: [a-z]+){0,2})", False),
        (r"\b(?P<noun>scores?|chances?|odds|ranks?|points?|likelihood|probability|risk)(?: (?:of (?:being |a |an )?\w+|is|are|gets?|goes|go|becomes?|will be|usually|generally|always|often|then))*(?: (?:much|a little|slightly))? (?:(?P<up>higher|better|more|up|rises?)|(?P<down>lower|worse|less|smaller|down|falls?))\b", False),
        (r"\b(?:(?P<up>higher|better|more|larger)|(?P<down>lower|worse|fewer|less|smaller))(?: (?:the|your|a|an|their))? (?P<noun>scores?|points?|chances?|rank|odds|likelihood|probability)\b", False),
        (r"\b(?:(?P<up>better)|(?P<down>worse)) (?:the )?(?:result|outcome)s?\b|\b(?:result|outcome)s?(?: (?:is|are|gets?|becomes?|usually|then))* (?:(?P<up2>better)|(?P<down2>worse))\b", False),
        (r"\b(?:(?P<up>raises?|increases?|improves?|boosts?|lifts?|adds? to|adds?)|(?P<down>lowers?|reduces?|hurts?|harms?|cuts?|decreases?|worsens?|takes?))(?: (?:to|off|away|from|you|the|your|their|an?|somebody['’]s|people['’]s|applicant['’]s|person['’]s)){0,3} ?(?P<noun>score|chances?|result|likelihood|odds|points?|probability|rank)\b", True),
        (r"\b(?P<up>helps?)\b(?! (?:us|staff|officers|to (?:tell|judge|see|understand)))|\b(?P<up2>counts? for you|in (?:your|their|his|her|its) favou?r|speaks? for|works? for|is an advantage|at an advantage|are favou?red|is favou?red|are preferred|is preferred|(?:given|get|gets|have|has) priority)|\b(?P<down>counts? against|works? against|speaks? against|is a disadvantage|at a disadvantage|weighs? against)", True),
        (r"(?<=, )the (?:(?P<up>better)|(?P<down>worse))(?=[.;]|$)", False),
        (r"\b(?:(?P<down>dearer|more expensive|costlier)|(?P<up>cheaper|less expensive))\b", False),
        (r"\b(?:(?P<down>higher)|(?P<up>lower)) (?:the )?(?:price|fare|fee|premium)s?\b|\b(?:price|fare|fee|premium)s?(?: (?:is|are|gets?|usually|generally|then|will be))* (?:a little |slightly )?(?:(?P<down2>higher)|(?P<up2>lower))\b|\bpays? (?:(?P<down3>more)|(?P<up3>less))\b", False),
        (r"\b(?:(?P<down>raises?|increases?|pushes up)|(?P<up>lowers?|reduces?|cuts?)) (?:the |your )?(?:price|fare|fee|premium)s?\b", True),
    ),
}  # fmt: skip
DENIED = {
    "zh": re.compile(r"(?:不一定|未必|不会|并不|不见得|不是|不代表|没有)(?:[更就越会因此]|一定|因此)*$|不比[^，。；]{0,8}$"),
    "en": re.compile(r"\b(?:not|no|never|hardly|nor|neither)(?: (?:necessarily|always|be|make|makes|made|you|it|them|any))* $|n['’]t(?: \w+)? $"),
}  # fmt: skip
LINKED = {
    "zh": re.compile(r"^[^，。；]{0,2}的?(?:是|人是|有|包括)"),
    "en": re.compile(r"^[^.;,]{0,24}\b(?:if|when|with|for|where|by|the|are|is)\b"),
}


def read(
    coded: str, named: Sequence[Named], language: Language, results: Sequence[str] = ()
) -> Iterator[tuple[int, bool]]:
    """Which inputs are said to move the result, and whether more of each, or its level, is good.

    Args:
        coded: the sentence in small letters, each input as its letter.
        named: the inputs, in the order of the sentence.
        language: of the sentence.
        results: the names of the favourable and of the unfavourable result.
    """
    found = _results(coded, language, tuple(each.lower() for each in results))
    if not found or any(each.denied for each in found):
        return
    heads = [
        head for head in (_head(coded, n, one, language) for n, one in enumerate(named)) if head
    ]
    at = {number: coded.index(one.letter) for number, one in enumerate(named)}
    before = 0
    for number, result in enumerate(found):
        waiting = [head for head in heads if before <= at[head.at] < result.start]
        if waiting:
            waiting = _meant(coded[at[waiting[-1].at] : result.start], waiting)
        else:
            until = found[number + 1].start if number + 1 < len(found) else len(coded)
            after = [head for head in heads if result.end <= at[head.at] < until]
            linked = after and LINKED[language].match(
                coded[result.end : at[after[0].at]] + coded[at[after[0].at]]
            )
            waiting = after if linked else []
        before = result.end
        for head in waiting:
            alone = result.bare and _whole(coded, at[head.at], result.start, language)
            if head.sign or head.named.level or alone:
                yield head.at, result.good is (head.sign >= 0)


WHOLE = {
    "zh": (
        re.compile(r"(?:^|[，。；：、])(?:您|\u4f60|申请人|本人|个人)?(?:自己)?的?$"),
        re.compile(r"^(?:就|也|会|都|能|可以|通常|一般|往往|总是|很|非常|更|较|比较)*(?:对(?:您|结果|评分|通过|申请人?))?(?:很|更|较|会|是)*$"),
    ),
    "en": (
        re.compile(r"(?:^|[.;:,] ?|\b(?:and|but|so|because|that|then) )(?:having )?(?:(?:an?|the|your|any|one['’]s) )?$"),
        re.compile(r"^ ?(?:(?:always|usually|generally|often|also|clearly|normally|will|can|alone) ?)*$"),
    ),
}  # fmt: skip
"""Before and after an input that alone, with nothing more or less of it, moves the result."""


def _whole(coded: str, at: int, until: int, language: Language) -> bool:
    """Whether an input by itself is what is said to move the result, and not something of it."""
    before, between = WHOLE[language]
    return bool(before.search(coded[:at]) and between.match(coded[at + 1 : until]))


def _meant(between: str, waiting: list[Waiting]) -> list[Waiting]:
    """Of two people in an example the one who is meant; of two levels of one thing else neither."""
    if len(waiting) > 1 and FIRST_ONE.search(between):
        return waiting[:1]
    if len(waiting) > 1 and SECOND_ONE.search(between):
        return waiting[-1:]
    columns = [head.named.column for head in waiting if head.named.level]
    return [head for head in waiting if columns.count(head.named.column) < 2]


def _head(coded: str, number: int, named: Named, language: Language) -> Waiting | None:
    place = coded.index(named.letter)
    before, after = coded[:place], coded[place + 1 :]
    than, beside = THAN[language]
    if than.search(before) or beside.match(after):
        return None
    if named.level:
        return Waiting(number, named, 0)
    if _word(WITHOUT, f"{MORE['en']}|{re.escape(named.sides[0])}").search(before):
        return None
    for sign, words in ((1, MORE), (-1, LESS)):
        own = re.escape(named.sides[0 if sign > 0 else 1])
        every = f"{words[language]}|{own}"
        if _word(AFTER[language], every).match(after) or _word(BEFORE[language], every).search(
            before
        ):
            return Waiting(number, named, sign)
    return Waiting(number, named, 0)


@cache
def _word(pattern: str, words: str) -> re.Pattern[str]:
    return re.compile(pattern.replace("{words}", words))


def _results(coded: str, language: Language, names: tuple[str, ...]) -> list[Result]:
    """The words about a result, in order; of those that overlap the first."""
    found: list[Result] = []
    for pattern, bare in PATTERNS[language]:
        for fit in re.finditer(pattern, coded):
            good = _good(fit, names)
            of = True if good is None else _of_good(fit, coded, language, names)
            if good is not None and of is not None:
                good = good is of
                denied = bool(DENIED[language].search(coded[: fit.start()]))
                end = fit.start("what") if "what" in fit.groupdict() else fit.end()
                found.append(Result(fit.start(), end, good, bare, denied))
    kept: list[Result] = []
    for each in sorted(found, key=lambda r: (r.start, -r.end)):
        if not kept or each.start >= kept[-1].end:
            kept.append(each)
    return kept


PEOPLE_ZH = r"第[一二]|个|前者|后者|您|\u4f60|他们?|她们?|我们?|自己|本人|最[后终]|平均|的|人|者|申请|则|那么|通常|一般|往往|也|就|会|反而|而且|并且|而|且|所以|其|结果|信用|综合|模型|系统|评估|比|越|高|低|多|少|大|小|长|短|很|较|更|有"
"""What may stand before a chance or a score that is the person's own to a good result."""
ABOUT = {
    "zh": re.compile(r"([^，。；、,;：:\s\ue000-\uf8ff]*)$"),
    "en": re.compile(r"^ (?:of|that|to|for|against|in) ([^.;,\ue000-\uf8ff]{0,40})"),
}
OTHER_NOUNS_EN = re.compile(
    r"\b(?:risk|fraud|default|delinquency|loss|refusal|rejection|denial|failure)[ -]$"
)
RISK = re.compile(r"风险|违约|欺诈|逾期|坏账|\brisk\b|\bfraud|\bdefault|\bdelinquen")
OWN_EN = re.compile(
    r"^(?:(?:the|your|an?|each|every|any) )?(?:people|person|applicants?|you|result|application)\b|^success"
)


def _of_good(
    fit: re.Match[str], coded: str, language: Language, names: tuple[str, ...]
) -> bool | None:
    """Whether a chance or a score is one of a good result, of a bad one (False) or of something else (None)."""
    if not fit.groupdict().get("noun"):
        return True
    at, end = fit.span("noun")
    if language == "zh":
        said = ABOUT["zh"].search(coded[:at])
        what = said.group(1) if said else ""
        side = _side(what, names)
        return True if side is None and not re.sub(PEOPLE_ZH, "", what) else side
    if fit["noun"] == "risk" or OTHER_NOUNS_EN.search(coded[:at]):
        return None
    said = ABOUT["en"].match(coded[end:])
    what = said.group(1) if said else ""
    side = _side(what, names)
    return True if side is None and (not what or OWN_EN.match(what)) else side


def _side(what: str, names: tuple[str, ...]) -> bool | None:
    """Whether words name a good result (True) or a bad one; None where they name neither for certain."""
    favourable, unfavourable = (*names, "", "")[:2]
    if RISK.search(what):
        return None
    if re.search(SPARED_WORDS, what):
        return True
    if (unfavourable and unfavourable in what) or re.search(BAD_WORDS, what):
        return False
    if (favourable and favourable in what) or re.search(GOOD_WORDS, what):
        return True
    return None


def _good(fit: re.Match[str], names: tuple[str, ...]) -> bool | None:
    """Whether words are good for the person; None where they are about no result."""
    groups = fit.groupdict()
    good = any(groups.get(name) for name in ("up", "up2", "up3"))
    if groups.get("not"):
        good = not good
    what = (groups.get("what") or "").strip()
    side = _side(what, names) if what else True
    return None if side is None else good is side
