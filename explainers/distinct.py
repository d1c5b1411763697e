"""Whether the words of a plan say what they stand for: no two things in one word, none turned round.

A sentence is made of the filer's phrases. Where "easier" holds the words for harder, every sentence of
the page would say the opposite of what was measured.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import combinations

from registry import group_names
from registry.errors import Reason
from registry.language import LANGUAGES, Language, Text

OPPOSITES = (("favourable", "unfavourable"), ("easier", "harder"), ("higher", "lower"))
REFUSALS = re.compile(
    r"不|未|没有|无法|拒|驳|否决|落选|落榜|淘汰|失败|取消|失去|退件|坏"
    r"|\b(?:not|refus\w+|reject\w+|declin\w+|den(?:y|ied)|turned (?:down|away)|fail\w*|sent back"
    r"|los(?:e|t|ing)|bad|unsuccessful\w*)\b"
)
"""By which a result that goes by neither name is known as the one that is bad for the person."""
NEGATED = re.compile(r"无|免|\b(?:no|without)\b")
FEWER_ZH = re.compile(r"更(?:难|不|少|低|小|没|无|罕见)")
FEWER_EN = re.compile(
    r"^less\b(?! (?:difficult|hard|rarely|seldom)\b)"
    r"|^more (?:rarely|seldom|difficult|hard|hardly|unlikely)\b"
)
DEGREE_ZH = re.compile(r"更(?:不容易|不可能|不常|不|难|容易|可能|常|多|少)?")
DEGREE_EN = re.compile(r"^(?:more|less) (?:unlikely|likely|often|rarely|seldom)?")
LOW = re.compile(
    r"更(?:低|少|小|便宜|差|实惠|划算)|\b(?:lower|less|fewer|smaller|cheaper|reduced)\b"
)
HIGH = re.compile(
    r"更(?:高|多|大|贵|好)|\b(?:higher|larger|bigger|greater|dearer|more expensive|costlier|pricier)\b"
)
BAD = re.compile(
    r"拒|驳|否决|落选|落榜|淘汰|失败|退件|坏"
    r"|\b(?:refus\w+|reject\w+|declined|den(?:y|ied)|turned (?:down|away)|fail\w*|sent back|bad)\b"
)
"""Results that are bad for a person whatever they are about, unless they are denied."""
DENIED = {
    "zh": re.compile(r"(?:没有?|未能?|不|无法|非|难以|免于)(?:会|能|被|获|得到|获得){0,2}$"),
    "en": re.compile(
        r"(?:\b(?:not|never|no|without|fail\w*)|n['’]t)\s+(?:to\s+)?(?:be\s+|get\s+)?$"
    ),
}
"""By language, what before the name of a result turns it into the other one."""
DISCOUNT = re.compile(r"优惠|折扣|减免|便宜|\b(?:discount|rebate|saving|reduction)s?\b")
FEWER_OFF = re.compile(r"更(?:少|小|低|不)|\b(?:less|fewer|smaller|lower|no)\b")
LESSENED = {
    "zh": re.compile(
        r"[变更较越偏][少低小短轻弱慢浅近差]|减[少小低轻弱]|[降调放压]低|下[降跌滑]|缩[小短减]|削减|^少(?!数|年|儿)|^[减降]"
        r"|[少低小短轻弱]的|[少低小短轻弱](?:一[点些]|[点些])|[少低小短轻弱减降]$"
        r"|(?:不|没有?|未|并非)(?:[太很够再]|那么)?(?:[大高多长重强]|增|升|变)"
    ),
    "en": re.compile(
        r"\b(?:less(?:er|en\w*)?|fewer|lower(?:ed|ing)?|smaller|shorter|lighter|weaker|younger|decreas\w*|reduc\w*"
        r"|cuts?|cutting|drop\w*|fall\w*|fell|declin\w*|shr[aiu]nk\w*|diminish\w*|least|lowest|smallest)\b"
        r"|^(?:(?!\b(?:more|larger|higher|longer|greater|bigger|older|later|heavier|stronger)\b).)*"
        r"\b(?:low|small|short|little|few|lack\w*|no|not|never|without|hardly|barely)\b"
    ),
}
"""By language, what tells of less: of more, only where a word for more comes before it (“more low incomes”)."""
TURNED = Text(
    "这句话说的是相反的一边，说明里的方向会全部颠倒。",
    "It says the opposite, so that every direction in the text would be turned round.",
)
NAMED = Text(
    "请按表里的意思改正；说到结果时，用 wording.favourable 或 wording.unfavourable 里的叫法，"
    "例如 easier 写“更容易被录取”，harder 写“更难被录取”。",
    "Say what the key stands for, naming the result as wording.favourable or wording.unfavourable has "
    "it: “more likely to be admitted” under easier, “less likely to be admitted” under harder.",
)
APART = Text("请用两个不同的说法。", "Use two different words.")
MORE = frozenset(
    {
        "高",
        "大",
        "多",
        "长",
        "重",
        "强",
        "厚",
        "深",
        "远",
        "higher",
        "larger",
        "more",
        "longer",
        "older",
    }
    | {"greater", "bigger", "heavier", "stronger", "thicker", "deeper", "farther", "high", "large"}
)
LESS = frozenset(
    {
        "低",
        "小",
        "少",
        "短",
        "轻",
        "弱",
        "薄",
        "浅",
        "近",
        "lower",
        "smaller",
        "less",
        "fewer",
        "shorter",
    }
    | {"younger", "lighter", "weaker", "thinner", "shallower", "nearer", "low", "small", "few"}
)


def of_results(words: Mapping[str, Text]) -> list[Reason]:
    """What is wrong with the names and phrases of results.

    Args:
        words: all of them, by name.
    """
    reasons = []
    for one, two in OPPOSITES:
        if same := _shared(words[one], words[two]):
            said = Text(f"和 wording.{one} 一样。", f"It is the same as wording.{one}.")
            reasons.append(Reason(f"wording.{two}.{same}", said, APART))
    if reasons:
        return reasons
    for name, better in (("easier", True), ("harder", False)):
        for language in LANGUAGES:
            if _better(words, name, language) is not better:
                reasons.append(Reason(f"wording.{name}.{language}", TURNED, NAMED))
    for language in LANGUAGES:
        if _refused(words, words["got"].in_(language), language):
            reasons.append(Reason(f"wording.got.{language}", TURNED, NAMED))
        good, bad = (words[each].in_(language).casefold() for each in OPPOSITES[0])
        if BAD.search(good) and not _negated(good, BAD, language) and not REFUSALS.search(bad):
            reasons.append(Reason(f"wording.favourable.{language}", TURNED, NAMED))
        for name, wrong, right in (("higher", LOW, HIGH), ("lower", HIGH, LOW)):
            phrase = _less_price(words, name, language)
            if DISCOUNT.search(phrase):  # more of a discount is a lower price
                turned = bool(FEWER_OFF.search(phrase)) is not (name == "higher")
            else:
                turned = bool(wrong.search(phrase)) and not right.search(phrase)
            if turned:
                reasons.append(Reason(f"wording.{name}.{language}", TURNED, NAMED))
    return reasons


def of_levels(
    place: str, values: Mapping[str, Text], phrases: Mapping[str, Text]
) -> Iterator[Reason]:
    """Levels of one attribute that cannot be told apart, or whose phrases have the name of another.

    Args:
        place: where the attribute stands in the plan.
        values: the name of each level.
        phrases: whoever has each level.
    """
    for key, texts in (("values", values), ("phrases", phrases)):
        for one, two in combinations((level for level in texts if level != "more"), 2):
            if same := _shared(texts[one], texts[two]):
                said = Text(f"和“{one}”的叫法一样。", f"It is called the same as “{one}”.")
                yield Reason(f"{place}.{key}.{two}.{same}", said, APART)
    yield from group_names.faults(place, "phrases", values, phrases)


def of_groups(place: str, values: Mapping[str, Text]) -> Iterator[Reason]:
    """Groups of a sensitive attribute that bear the name by which the data know another.

    Args:
        place: where the attribute stands in the plan.
        values: the name of each level.
    """
    yield from group_names.faults(place, "values", group_names.by_level(values), values)


def of_sides(
    place: str, more: Text, less: Text, raised: Text | None, plain: Text
) -> Iterator[Reason]:
    """Words for more and less that are exchanged, and a phrase for more that says less.

    Args:
        place: where the column stands in the plan.
        more: the word for a larger value.
        less: the word for a smaller one.
        raised: the phrase for more of it, where there is one.
        plain: what the column is called, which may itself hold such a word (“minimum wage”).
    """
    for language in LANGUAGES:
        big, small = more.in_(language).casefold(), less.in_(language).casefold()
        if big in LESS or small in MORE:
            remedy = Text("先写大的一头，再写小的一头。", "Write the word for more first.")
            said = Text("大小两个词写反了。", "The words for more and less are exchanged.")
            yield Reason(f"{place}.direction.{language}.0", said, remedy)
        elif raised is not None and _lessens(
            raised.in_(language).casefold(), small, plain.in_(language).casefold(), language
        ):
            remedy = Text("请写它变大是什么情形。", "Say what it is that it is raised.")
            said = Text("说的是变小，不是变大。", "It tells of less, not of more.")
            yield Reason(f"{place}.phrases.more.{language}", said, remedy)


def of_names(called: Sequence[tuple[str, str, Text]]) -> Iterator[Reason]:
    """Each thing that people would know by the name of another.

    Args:
        called: the place, the column and its plain name.
    """
    for (_, one, first), (place, two, second) in combinations(called, 2):
        if one != two and (same := _shared(first, second)):
            said = Text(f"和“{one}”的名称一样。", f"It has the plain name of “{one}”.")
            yield Reason(f"{place}.plain.{same}", said, APART)


def _shared(one: Text, two: Text) -> Language | None:
    """The language in which two texts are the same."""
    for language in LANGUAGES:
        said = one.in_(language).strip().casefold()
        if said and said == two.in_(language).strip().casefold():
            return language
    return None


def _better(words: Mapping[str, Text], name: str, language: Language) -> bool:
    """Whether a phrase says that what is good for the person becomes likelier."""
    said = words[name].in_(language).casefold()
    fewer, degree = (FEWER_ZH, DEGREE_ZH) if language == "zh" else (FEWER_EN, DEGREE_EN)
    return _refused(words, degree.sub("", said, count=1), language) is bool(fewer.search(said))


def _refused(words: Mapping[str, Text], said: str, language: Language) -> bool:
    """Whether words are about the result that is bad for the person."""
    said = said.casefold()
    good, bad = (words[name].in_(language).casefold() for name in ("favourable", "unfavourable"))
    named = max((each for each in (good, bad) if each in said), key=len, default=None)
    if named is not None:
        turned = DENIED[language].search(said[: said.rfind(named)])
        return (named == bad) is not bool(turned)
    # Of a good result that is itself a refusal ("no surcharge") such a word tells nothing.
    return not (NEGATED.search(good) or REFUSALS.search(good)) and bool(REFUSALS.search(said))


def _negated(said: str, word: re.Pattern[str], language: Language) -> bool:
    """Whether each such word of a text is denied in it."""
    return all(DENIED[language].search(said[: each.start()]) for each in word.finditer(said))


def _less_price(words: Mapping[str, Text], name: str, language: Language) -> str:
    """A phrase without what the value itself is called, which may hold such a word."""
    said = words[name].in_(language).casefold()
    return said.replace(words["price"].in_(language).casefold(), "")


def _lessens(said: str, small: str, plain: str, language: Language) -> bool:
    """Whether a phrase tells of less: by the column's own word for it, or by any that says so."""
    said = said.replace(plain, "\0") if plain else said
    word = re.escape(small)
    own = re.search(rf"[变更]{word}|^(?:an? |the )?{word}\b|\b{word}$", said)
    return bool(own or LESSENED[language].search(said))


def of_outsiders(inputs: Sequence[str], outside: Sequence[str]) -> Iterator[Reason]:
    """What is called not given to the model and is, or is named twice.

    Args:
        inputs: the model's columns.
        outside: the attributes that the plan says it is not given.
    """
    for place, name in enumerate(outside):
        if name in inputs:
            yield Reason(f"protected.{name}", GIVEN, AMONG_COLUMNS)
        elif name in outside[:place]:
            yield Reason(f"protected.{name}", TWICE, ONCE)


GIVEN = Text(
    "它是模型的一列，说明不能说模型不知道它。",
    "It is a column of the model, so the text may not say that the model is not given it.",
)
AMONG_COLUMNS = Text(
    "请从 protected 里删去，在 columns 的这一列写 protected = true。",
    "Take it out of protected, and write protected = true at this column.",
)
TWICE = Text("它写了两次。", "It stands there twice.")
ONCE = Text("请只写一次。", "Name it once.")
