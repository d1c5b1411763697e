"""The sentences of conditional parity: over all first, then within strata, both in one reading."""

from collections.abc import Mapping, Sequence

from evaluators.accumulating.accumulators import Key
from evaluators.decisions.conditions import Pooled
from evaluators.judging import readings
from evaluators.judging.rates import Comparison, Lines
from evaluators.plan import Plan
from registry.findings import Verdict
from registry.language import Text

MOST_NAMED = 6

OVERALL = Text(
    "{who}，先看总体：{attribute}为“{group}”的{of}得到有利结果（{rate}），“{reference}”的{of_reference}（{rate_reference}）。",
    "{who}, first over all: {of} with {attribute} '{group}' got the favourable result "
    "({rate}), and {of_reference} with '{reference}' ({rate_reference}).",
)
WITHIN = Text(
    "再比较{controls}相同的人（共 {strata} 层，各层按两组人数合并）：比例是 {rate} 对 {rate_reference}，前者是后者的 {ratio} 倍（{interval}）。",
    "Next, people alike in {controls} ({strata} strata, weighted by both groups' numbers): {rate} "
    "against {rate_reference}, {ratio} times as often ({interval}).",
)
WITHIN_OPEN = Text(
    "再比较{controls}相同的人（共 {strata} 层）：“{reference}”没有人得到有利结果，倍数没有上限（{interval}）。",
    "Next, people alike in {controls} ({strata} strata): nobody with '{reference}' got the "
    "favourable result, so the ratio is unbounded ({interval}).",
)
APART = Text(
    "再比较{controls}相同的人（共 {strata} 层）：各层的倍数并不一样（检验 p = {p}），合成一个数会掩盖这一点，所以分层来说：{each}。",
    "Next, people alike in {controls} ({strata} strata): the ratio is not the same in every stratum "
    "(test p = {p}) and one number would hide that, so stratum by stratum: {each}.",
)
NO_OVERLAP = Text(
    "再比较{controls}相同的人：两组同在一层的不足 {least} 人，没有条件相同的人可比，不作判断。",
    "Next, people alike in {controls}: fewer than {least} people of the two groups meet in a "
    "stratum, so there is nobody alike to compare and nothing is said.",
)
UNDEFINED = Text(
    "再比较{controls}相同的人：两组都没有人得到有利结果，倍数没有定义，不作判断。",
    "Next, people alike in {controls}: nobody in either group got the favourable result, so the "
    "ratio is not defined and nothing is said.",
)
NEXT = Text("再比较", "Next, people alike in")
"""How what holds within strata begins."""
NOT_WITHIN = Text(
    "再比较条件相同的人：{why}",
    "Next, people alike in the conditions: {why}",
)
MANY_LEVELS = Text(
    "“{control}”有 {many} 个不同的值，不能直接分层；请在这项检验的选项 edges 里写明分段的界线，再登记一次。",
    "'{control}' has {many} different values and makes no strata as it is; name cut points for it "
    "in this probe's option `edges` and register the plan again.",
)
EDGES_ASTRAY = Text(
    "选项 edges 里的“{control}”不在计划的 control 之列，请改正后再登记。",
    "`edges` names '{control}', which is not among the plan's control columns; correct it and "
    "register the plan again.",
)
STRATUM = Text(
    "{who}，只看{conditions}的人：{attribute}为“{group}”的{of}得到有利结果（{rate}），“{reference}”的{of_reference}（{rate_reference}）。",
    "{who}, among people with {conditions}: {of} with {attribute} '{group}' got the favourable "
    "result ({rate}), and {of_reference} with '{reference}' ({rate_reference}).",
)
CONDITION = Text("{control}为“{level}”", "{control} '{level}'")
ONE_STRATUM = Text(
    "这是分层比较中的一层；总体的差异另列，不因分层而取消。",
    "This is one stratum of several; the difference over all stands beside it and is not undone by it.",
)
LIMIT = Text(
    "分层之后差异变小或消失，不等于总体的差异不存在：分层所用的条件本身是否公平，这里没有检验；没有列入的条件，这里也看不到。",
    "A difference that shrinks or vanishes within strata still exists over all: whether the "
    "conditions are themselves fair is not tested here, and conditions that are not named are not seen.",
)
KINDS: Sequence[tuple[str, Text]] = (
    ("disparity_less", Text("较少得到且超过界线的有{names}", "less often, beyond the line: {names}")),
    ("disparity_more", Text("反而较多得到且超过界线的有{names}", "the other way round, more often, beyond the line: {names}")),
    ("difference_less", Text("确实较少得到的有{names}", "less often: {names}")),
    ("difference_more", Text("方向相反、确实较多得到的有{names}", "the other way round, more often: {names}")),
    ("equivalent", Text("已证明差别很小的有{names}", "shown to differ little: {names}")),
    ("inconclusive", Text("没有显出差别的有{names}", "no difference shown: {names}")),
)  # fmt: skip
FEW = Text("人数不足、不单独判断的有 {many} 层", "{many} strata too small to judge alone")
COUNTED = Text("{many} 层", "{many} strata")


def over_all(
    found: Comparison, lines: Lines, plan: Plan, *, slice_: Mapping[str, str], who: Text
) -> Text:
    """What holds over all rows."""
    return readings.comparison(found, lines, plan, OVERALL, slice_=slice_, who=who)


def within(
    found: Pooled,
    strata: Mapping[Key, Comparison],
    lines: Lines,
    plan: Plan,
    attribute: str,
) -> Text:
    """What holds among people alike in the controls."""
    one = found.comparison
    named = [name for name in plan.columns.control if name != attribute]
    controls = readings.listed([plan.plain(name) for name in named])
    values = {
        "controls": controls, "least": plan.min_n, "strata": found.strata,
        "reference": plan.plain_level(attribute, one.reference.name),
    }  # fmt: skip
    if one.why == "strata_differ" and found.heterogeneity is not None:
        p = f"{found.heterogeneity.p_value:.2g}"
        return APART.format(**values, p=p, each=_each(strata, found.strata, plan, named))
    if one.why is not None:
        said = (UNDEFINED if one.why == "undefined" else NO_OVERLAP).format(**values)
        return said if one.why == "undefined" else readings.few(said, plan)
    interval = readings.span(one.ratio_ci)
    if one.ratio is None or found.standardised is None:
        said = WITHIN_OPEN.format(**values, interval=interval)
    else:
        group, reference = found.standardised
        said = WITHIN.format(
            **values, interval=interval, ratio=readings.number(one.ratio),
            rate=readings.percent(group), rate_reference=readings.percent(reference),
        )  # fmt: skip
    return readings.joined(said, readings.ending(one, lines, plan))


def _each(
    strata: Mapping[Key, Comparison], many: int, plan: Plan, controls: Sequence[str]
) -> Text:
    """The strata by what they show; named where they are few, and never with their numbers.

    Their numbers stand in their own findings, which are withheld where cells are small.
    """
    kinds: dict[str, list[Text]] = {}
    for key, one in strata.items():
        kinds.setdefault(_kind(one), []).append(_stratum(key, plan, controls))
    said = []
    for kind, words in KINDS:
        names = kinds.get(kind, [])
        if names:
            few = len(names) <= MOST_NAMED
            said.append(
                words.format(
                    names=readings.listed(names) if few else COUNTED.format(many=len(names))
                )
            )
    if many > len(strata):
        said.append(FEW.format(many=many - len(strata)))
    return Text("；".join(s.zh for s in said), "; ".join(s.en for s in said))


def _kind(one: Comparison) -> str:
    if one.verdict in {Verdict.DISPARITY, Verdict.DIFFERENCE}:
        less = one.ratio is not None and one.ratio < 1
        return f"{one.verdict.value}_{'less' if less else 'more'}"
    return one.verdict.value


def _stratum(key: Key, plan: Plan, controls: Sequence[str]) -> Text:
    pairs = zip(controls, key, strict=True)
    named = [plan.plain_level(control, str(level)) for control, level in pairs]
    return Text("·".join(n.zh for n in named), " / ".join(n.en for n in named))


def in_stratum(
    found: Comparison, key: Key, lines: Lines, plan: Plan, *, slice_: Mapping[str, str], who: Text
) -> Text:
    """What holds in one stratum."""
    pairs = zip([n for n in plan.columns.control if n not in slice_], key, strict=True)
    conditions = readings.listed([
        CONDITION.format(control=plan.plain(control), level=plan.plain_level(control, str(level)))
        for control, level in pairs
    ])  # fmt: skip
    return readings.comparison(
        found, lines, plan, STRATUM, slice_=slice_, who=who, conditions=conditions
    )
