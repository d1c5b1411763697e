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
    "en": "lower|smaller|less|fewer|shorter|weaker|low|small|falls?|falling|drops?|dropping|decreases?|decreasing|shrinks?|goes down|down",
}
AFTER = {
    "zh": r"(?:水平|数额|总额|收入)?(?:的)?(?:越|更|变得?|较|比较|偏|很|太|过|会)*(?:{words})",
    "en": r"(?:,? (?:is|are|gets?|becomes?|being|that is|which is))?(?: (?:much|even|a lot|too|very))? (?:{words})\b",
}
BEFORE = {
    "zh": r"(?:{words})(?:的|了)?$",
    "en": r"\b(?:{words})(?: (?:the|your|a|an|of|of the|their))? $",
}
THAN = {
    "zh": (re.compile(r"(?:比起?|较之|不如|相比于?)(?:那些)?$"), re.compile(r"^(?:相比|比起来|比较起来)")),
    "en": (re.compile(r"\b(?:than|compared (?:to|with)|over|unlike)(?: (?:people|those|one|applicants|somebody|someone|the|a|an|with|who|are|is))* $"), re.compile(r"(?!)")),
}  # fmt: skip
FIRST_ONE = re.compile(r"第一[个位家]|前者|前一[个位]|\b(?:the first|the former)\b")
SECOND_ONE = re.compile(r"第二[个位家]|后者|后一[个位]|\b(?:the second|the latter|the other)\b")
BAD_WORDS = (
    r"拒|驳|不通过|不批|淘汰|落选|失败|扣分|拦下|加价|"
    r"\b(?:refus\w+|reject\w+|declin\w+|denied|turned (?:down|away)|fail\w*|blocked)"
)
GOOD_WORDS = (
    r"通过|批|成功|录取|获|入选|选中|中签|放款|贷到|借到|得到|拿到|过关|"
    r"\b(?:approv\w+|accept\w*|grant\w*|admitt?\w*|pass\w*|succe\w+|select\w*|loan|credit|offer\w*)"
)
ADVERBS_ZH = r"(?:就|也|会|都|通常|一般|往往|多半|相对|总是|可以|能|将)*"
PATTERNS: dict[Language, tuple[tuple[str, bool], ...]] = {
    "zh": (
        (r"(?P<not>不)?(?P<up>容易|可能|有可能|有机会)(?:地)?(?:被|会)?(?P<what>[^，。；、,;的]{0,8})", False),
        (r"(?P<down>难以?)(?:被)?(?P<what>[^，。；、,;的]{0,8})", False),
        (rf"(?:分数|评分|得分|总分|排名|名次|机会|可能性|概率|把握|额度|通过率)(?:的)?{ADVERBS_ZH}(?:越|更|较|比较|稍|变)?(?:(?P<up>高|大|靠前|好|多|提高|上升)|(?P<down>低|小|靠后|差|少|降低|下降))", False),
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
        (r"\b(?:scores?|chances?|odds|ranks?|points?)(?: (?:of \w+|is|are|gets?|becomes?|will be|usually|generally|always|often|then))*(?: (?:much|a little|slightly))? (?:(?P<up>higher|better|more|up|rises?)|(?P<down>lower|worse|less|smaller|down|falls?))\b", False),
        (r"\b(?:(?P<up>higher|better|more|larger)|(?P<down>lower|worse|fewer|less|smaller))(?: (?:the|your|a|an|their))? (?:scores?|points?|chances?|rank|odds)\b", False),
        (r"\b(?:(?P<up>better)|(?P<down>worse)) (?:the )?(?:result|outcome)s?\b|\b(?:result|outcome)s?(?: (?:is|are|gets?|becomes?|usually|then))* (?:(?P<up2>better)|(?P<down2>worse))\b", False),
        (r"\b(?:(?P<up>raises?|increases?|improves?|boosts?|lifts?|adds? to|adds?)|(?P<down>lowers?|reduces?|hurts?|harms?|cuts?|decreases?|worsens?|takes?))(?: (?:to|off|away|from|you|the|your|their|an?|somebody['’]s|people['’]s|applicant['’]s|person['’]s)){0,3} ?(?:score|chances?|result|likelihood|odds|points?|probability|rank)\b", True),
        (r"\b(?P<up>helps?)\b(?! (?:us|staff|officers|to (?:tell|judge|see|understand)))|\b(?P<up2>counts? for you|in (?:your|their|his|her|its) favou?r|speaks? for|works? for|is an advantage|at an advantage|are favou?red|is favou?red|are preferred|is preferred|(?:given|get|gets|have|has) priority)|\b(?P<down>counts? against|works? against|speaks? against|is a disadvantage|at a disadvantage|weighs? against)", True),
        (r"\b(?:(?P<down>dearer|more expensive|costlier)|(?P<up>cheaper|less expensive))\b", False),
        (r"\b(?:(?P<down>higher)|(?P<up>lower)) (?:the )?(?:price|fare|fee|premium)s?\b|\b(?:price|fare|fee|premium)s?(?: (?:is|are|gets?|usually|generally|then|will be))* (?:a little |slightly )?(?:(?P<down2>higher)|(?P<up2>lower))\b|\bpays? (?:(?P<down3>more)|(?P<up3>less))\b", False),
        (r"\b(?:(?P<down>raises?|increases?|pushes up)|(?P<up>lowers?|reduces?|cuts?)) (?:the |your )?(?:price|fare|fee|premium)s?\b", True),
    ),
}  # fmt: skip
DENIED = {
    "zh": re.compile(r"(?:不一定|未必|不会|并不|不见得|不是|不代表|没有)(?:[更就越会因此]|一定|因此)*$"),
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
            if head.sign or head.named.level or result.bare:
                yield head.at, result.good is (head.sign >= 0)


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
            if good is not None:
                denied = bool(DENIED[language].search(coded[: fit.start()]))
                end = fit.start("what") if "what" in fit.groupdict() else fit.end()
                found.append(Result(fit.start(), end, good, bare, denied))
    kept: list[Result] = []
    for each in sorted(found, key=lambda r: (r.start, -r.end)):
        if not kept or each.start >= kept[-1].end:
            kept.append(each)
    return kept


def _good(fit: re.Match[str], names: tuple[str, ...]) -> bool | None:
    """Whether words are good for the person; None where they are about no result."""
    groups = fit.groupdict()
    good = any(groups.get(name) for name in ("up", "up2", "up3"))
    if groups.get("not"):
        good = not good
    if "what" not in groups:
        return good
    what = (groups["what"] or "").strip()
    favourable, unfavourable = (*names, "", "")[:2]
    if unfavourable and unfavourable in what:
        return not good
    if favourable and favourable in what:
        return good
    if re.search(BAD_WORDS.rstrip("|"), what):
        return not good
    if not what or re.search(GOOD_WORDS.rstrip("|"), what):
        return good
    return None
