"""The plain sentences about exchanged words."""

from evaluators.behaviour.alterations import Counts
from evaluators.behaviour.wording import WordList
from evaluators.judging import readings
from evaluators.plan import Plan
from evaluators.policy import POLICY
from evaluators.statistics.intervals import Interval, clopper_pearson
from registry.findings import Verdict
from registry.language import Text

ASKED = Text(
    "把文字里的{list}换成对应的词（{left}与{right}互换），其余一字不动：{people} 人的文字里有这类词，其中 {changed} 人的结果变了（{share}）；"
    "按这些人推算，有 95% 的把握，这个比例不超过 {bound}。",
    "The {list} in the texts were exchanged for their counterparts ({left} and {right}), nothing else: "
    "of {people} people whose texts hold such words the answer changed for {changed} ({share}); "
    "at most {bound} of such people, with 95% confidence.",
)
WITHOUT = Text(
    "另有 {without} 行文字里没有可换的词，不计在内。",
    "A further {without} rows hold no such word and are not counted.",
)
NOISE = Text(
    "原样再问一遍，也有 {twin} 行的结果变了，下面的判断已扣除这部分。",
    "Asked again unchanged, {twin} rows got another answer too; the judgement below allows for that.",
)
ENDINGS: dict[Verdict, Text] = {
    Verdict.DISPARITY: Text("超过了 {line} 的界线。", "This exceeds the line of {line}."),
    Verdict.DIFFERENCE: Text(
        "有人的结果会因此改变，但没有证据说明超过 {line} 的界线。",
        "Some people's answers depend on these words; that it is beyond the line of {line} is not shown.",
    ),
    Verdict.EQUIVALENT: Text(
        "对问到的这些人几乎没有影响。", "For the people asked about it hardly matters."
    ),
    Verdict.INCONCLUSIVE: Text("还不能下结论。", "Inconclusive."),
}
UNSEEN = Text(
    "没有看到有人的结果改变，但这样的人里，会变的仍可能多到 {bound}；这个上限在 {margin} 以内，才说几乎没有影响。还不能下结论。",
    "Nobody's answer changed, yet up to {bound} of such people cannot be ruled out; it is called "
    "small where that is within {margin}. Inconclusive.",
)
SMALL = Text(
    "只有 {people} 人的文字里有可换的{list}，少于 {least} 人，不作判断；另有 {without} 行没有。",
    "Only {people} people's texts hold {list} to exchange, fewer than {least}: nothing is said; "
    "a further {without} rows hold none.",
)
NOTHING = Text(
    "所有文字里都没有可换的{list}，这一项没有检验。",
    "No text holds {list} to exchange: this was not tested.",
)
NO_TEXT = Text(
    "模型的输入里没有文字列（或计划所写的文字列不是模型的输入），没有可换的内容。",
    "No input of the model is a text (or the text named in the plan is no input): there is nothing to exchange.",
)
NO_MODEL = Text(
    "换词须向模型提问；这次没有模型。",
    "Exchanging words means asking the model; this run has none.",
)
NO_CUT = Text(
    "计划没有写 cut，也没有写 classes，无法知道换词后结果是否有利。",
    "The plan has neither a cut nor classes, so whether an answer turns can't be told.",
)
LIMIT = Text(
    "这里只换词表里的词；没有列入的说法、方言、语气和经历没有换，所以没有变化不等于没有差别对待。",
    "Only listed words are exchanged; other wordings, dialect, tone and life stories are not, so no "
    "change does not mean equal treatment.",
)


def reading(
    one: WordList, seen: Counts, verdict: Verdict, plan: Plan, ci: Interval | None = None
) -> Text:
    """The sentence about one list.

    Args:
        one: the list.
        seen: what was counted.
        verdict: of the finding.
        plan: for the least number of people.
        ci: of the share, where it is a fact about the rows asked.
    """
    answered = seen.people - seen.silent
    bound = ci or clopper_pearson(seen.changed, answered, 0.9)
    lines = POLICY.value("flip_equivalence"), POLICY.value("flip_share")
    values: dict[str, object] = {
        "list": one.plain, "left": one.sides[0], "right": one.sides[1], "people": answered,
        "changed": seen.changed, "share": readings.beside(seen.share, *lines), "without": seen.without,
        "bound": readings.beside(bound.high if bound else None, *lines), "twin": seen.twin_changed,
        "line": readings.percent(POLICY.value("flip_share")), "least": plan.min_n,
        "margin": readings.small_share(POLICY.value("flip_equivalence")),
    }  # fmt: skip
    if verdict is Verdict.NOT_EVALUABLE:
        return SMALL.format(**values)
    without, noise = [WITHOUT] * bool(seen.without), [NOISE] * bool(seen.twin_changed)
    unseen = ci is not None and verdict is Verdict.INCONCLUSIVE
    parts = (ASKED, *without, *noise, UNSEEN if unseen else ENDINGS[verdict])
    return readings.joined(*(part.format(**values) for part in parts))
