"""What the plan of an explanation says: every key with its meaning, and what is wrong with one.

The manual's page and a draft are written from this table, and a key that it does not have is refused.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from explainers import distinct, shaped
from explainers.columns import Outsider, parse_columns
from explainers.texts import pair
from explainers.wording import Wording
from registry import substance, unread, yardsticks
from registry.errors import Invalid, Reason
from registry.language import LANGUAGES, Text

NEEDED = "needed"
PAIR = "{zh, en}"


class PlanHasGaps(Invalid):
    """The plan of an explanation has gaps: correct what each reason names."""


@dataclass(frozen=True, slots=True)
class Key:
    """One key of the plan.

    Args:
        name: as it is written.
        kind: what stands under it.
        default: what holds where it is left out; `NEEDED` where it may not be.
        meaning: what it says.
    """

    name: str
    kind: str
    default: str
    meaning: Text


PLAN = (
    Key("task", "decision, price, score", "decision", Text("给出决定、价格，还是排序用的评分。", "Whether the model decides, gives a price, or gives a score for a ranking.")),
    Key("cut", "number", "needed for a decision", Text("分数线：从多少分起，结果是另一种。有有效的评估报告时，以报告为准，可以不写。", "The score from which the result is the other one. Where a report counts, it is the report's and may be left out.")),
    Key("favourable_above", "true, false", "true", Text("达到分数线对本人是不是好事。", "Whether reaching the cut is good for the person.")),
    Key("classes", "list of words", "–", Text("用词语作答的分类模型：全部类别。", "All classes of a classifier that answers with words.")),
    Key("favourable", "word", "–", Text("其中对本人有利的一类，它的概率就是分数。", "The class that is good for the person; its probability is the score.")),
    Key("columns", "tables by name; by API a list of tables, each with its name", NEEDED, Text("模型的每一项输入，一列一张表；用API时是一个列表，每张表有 name。", "Every input of the model, a table each: by name in a file, a list of tables with name by API.")),
    Key("protected", "list of tables", "–", Text("模型不知道、但要说明的特征。", "Attributes that the model is not given and that are to be told of.")),
    Key("wording", "table", "–", Text("结果、价格和对象的叫法。", "What the results, the value and those it is about are called.")),
    Key("declared", "table", "–", Text("由备案主体回答的几个问题。", "The questions that only the filer can answer.")),
    Key("sealed", PAIR, "published", Text("为什么不公开分界的具体数值；不写就公开。", "Why the values of steps are kept back; they are published without it.")),
    Key("unit", "column", "a row is a person", Text("哪一列分得清谁是谁；一个人有几行时要写。", "The column that tells people apart, where one has several rows.")),
    Key("people", f"whole number from {shaped.LEAST_PEOPLE}", "10000", Text("最多问多少个不同的人；数据里没有这么多的，都会问到。", "How many distinct people are asked about at most; of fewer in the data all are.")),
)  # fmt: skip

COLUMN = (
    Key("plain", PAIR, NEEDED, Text("大家怎么叫它。", "What people call it.")),
    Key("unit", PAIR, "–", Text("数值的单位。", "The unit of its values.")),
    Key("direction", '{zh = ["高", "低"], en = ["higher", "lower"]}', "高/低, higher/lower", Text("大的一头和小的一头叫什么。", "The words for more and for less of it.")),
    Key("values", "{level = {zh, en}}", "the level itself", Text("每一种情况的名称，会加引号。", "The name of each level, which is quoted.")),
    Key("phrases", "{level = {zh, en}}; more = {zh, en}", "made of the names", Text("有这种情况的人在句子里怎么说（“没有破产过的人”）；数值写在 more 下面，说它变大是什么情形（“更多的收入用来还款”）。", "Whoever has a level, as the subject of a sentence (“people without a past bankruptcy”); for a number, under more, what it is that it is raised, after “with” (“more of the income going to debts”).")),
    Key("kind", "number, category, share", "number", Text("category：数字是编号，没有高低。share：数字是占比，0.92按92%说。", "category: its numbers are codes, with no more and less. share: they are parts of one; 0.92 is told as 92 %.")),
    Key("actionable", '0, 1, -1, "any"', "0", Text("本人能不能改变：不能、只能增加、只能减少、都能。敏感特征只能写不能。", "Whether a person can change it: not, only upwards, only downwards, either way. Of a sensitive feature: not.")),
    Key("protected", "true, false", "false", Text("敏感特征，要单独检查。", "A sensitive feature, checked on its own.")),
    Key("effect", "better, worse, mixed, none, not_used", "–", Text("您说它变大时结果会怎样；和测到的对照。", "What you say that more of it does to the result; held against what is measured.")),
    Key("influence", "strong, medium, weak", "–", Text("您说它的影响有多大；和测到的对照。", "How much you say that it weighs; held against what is measured.")),
)  # fmt: skip

WORDING = (
    Key("favourable", PAIR, "通过, approved", Text("对本人有利的结果叫什么。", "The name of the result that is good for the person.")),
    Key("unfavourable", PAIR, "不通过, not approved", Text("另一种结果叫什么。", "The name of the other one.")),
    Key("got", PAIR, "的结果是“…”, get “…”", Text("得到有利的结果，接在人数后面：“88人被录取”。", "To get the good result, after “88 of 100 people would”: “be admitted”.")),
    Key("easier", PAIR, "更容易得到“…”, more likely to get “…”", Text("更容易得到有利的结果，要有一个“更”字。", "The good result being likelier; begins with more or less.")),
    Key("harder", PAIR, "更难得到“…”, less likely to get “…”", Text("更难得到有利的结果，例如“更容易被拒”。", "The good result being less likely, such as “more often refused”.")),
    Key("price", PAIR, "价格, price; 评分, score", Text("价格或评分叫什么。", "The name of the price or score.")),
    Key("unit", PAIR, "元, yuan; 分, points", Text("它的单位。", "Its unit.")),
    Key("higher", PAIR, "价格更高, a higher price", Text("数值更大怎么说，要有一个“更”字。", "A larger value, after “there is”.")),
    Key("lower", PAIR, "价格更低, a lower price", Text("数值更小怎么说。", "A smaller value.")),
    Key("person", PAIR, "个人, person", Text("一个对象叫什么，中文带量词：家门店。", "One of those the rows are about.")),
    Key("people", PAIR, "人, people", Text("数字后面怎么叫：100家门店。", "Several of them.")),
)  # fmt: skip

PROTECTED = (
    Key("name", "column", NEEDED, Text("评估数据里的列名。", "The column of the evaluation data.")),
    Key("plain", PAIR, "the column's name", Text("大家怎么叫它。", "What people call it.")),
    Key("values", "{group = {zh, en}}", "the group itself", Text("各组的名称。", "The name of each group.")),
    Key("phrases", "{group = {zh, en}}", "made of the names", Text("各组的人在句子里怎么说。", "Whoever is in a group, as the subject of a sentence.")),
)  # fmt: skip

DECLARED = (
    Key("decided", PAIR, NEEDED, Text("它决定本人的什么事。", "What it decides about a person.")),
    Key("who", PAIR, NEEDED, Text("谁在用它。", "Who uses it.")),
    Key("decider", PAIR, "–", Text("最后由谁决定。", "Who decides in the end.")),
    Key("object", PAIR, NEEDED, Text("本人不同意怎么办。", "How a person objects.")),
)  # fmt: skip
"""A text can be asked for without these three, and not confirmed."""

NOTHING_SAID = Text("这不是回答，等于没有写。", "This answers nothing.")
SAY_IT = Text(
    "请写一句话；现在还不知道，就先去掉这一项。",
    "Answer in a sentence, or leave the key out until you know.",
)


def check(plan: Mapping[str, Any]) -> None:
    """Find every gap of a plan before anything is asked.

    Args:
        plan: as the filer wrote it, its columns as a list.

    Raises:
        PlanHasGaps: naming each gap and what to do.
    """
    reasons = [*unread.reasons(plan, names(PLAN)), *shaped.faults(plan)]
    _refuse(reasons)
    parts: list[tuple[Callable[[Any], object], Any]] = [
        (parse_columns, plan.get("columns") or ()),
        (Wording.parse, plan.get("wording")),
        *((Outsider.parse, each) for each in plan.get("protected") or ()),
    ]
    for read, given in parts:
        try:
            read(given)
        except Invalid as invalid:
            reasons += invalid.reasons
    declared: Mapping[str, Any] = plan.get("declared") or {}
    reasons += unread.reasons(declared, names(DECLARED), "declared")
    texts = {f"declared.{name}": said for name, said in declared.items()}
    texts |= {"sealed": plan["sealed"]} if plan.get("sealed") else {}
    reasons += [gap for item, said in texts.items() if said for gap in pair(item, said)[1]]
    reasons += [
        Reason(f"declared.{name}.{language}", NOTHING_SAID, SAY_IT)
        for name in names(DECLARED)
        for language in LANGUAGES
        if (said := str((declared.get(name) or {}).get(language) or "").strip())
        and not substance.says_something(said)
    ]
    _refuse(reasons)
    _refuse([*_outsiders(plan), *yardsticks.advised(plan)])


def _outsiders(plan: Mapping[str, Any]) -> Iterator[Reason]:
    """What people could not tell apart of the attributes that the model is not given."""
    told = [Outsider.parse(each) for each in plan.get("protected") or ()]
    for each in told:
        yield from distinct.of_levels(f"protected.{each.name}", each.values, each.phrases)
        yield from distinct.of_groups(f"protected.{each.name}", each.values)
    inputs = parse_columns(plan.get("columns") or ())
    yield from distinct.of_outsiders([each.name for each in inputs], [each.name for each in told])
    called = [(f"columns.{each.name}", each.name, each.plain) for each in inputs]
    called += [(f"protected.{each.name}", each.name, each.plain) for each in told]
    yield from distinct.of_names(called)


def _refuse(reasons: Sequence[Reason]) -> None:
    if reasons:
        raise PlanHasGaps(
            "说明的计划有几处没有写好，请按原因逐项改正。",
            "The plan of the explanation has gaps; correct what each reason names.",
            reasons=reasons,
        )


def names(keys: Sequence[Key]) -> tuple[str, ...]:
    """The names of keys, in order."""
    return tuple(key.name for key in keys)
