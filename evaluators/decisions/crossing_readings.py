"""The sentences of the intersection scan."""

from collections.abc import Mapping

from evaluators.judging import readings
from evaluators.statistics.intervals import Interval
from registry.findings import Verdict
from registry.language import Text

LEADS: Mapping[str, Text] = {
    "selection": Text(
        "{who}：{attribute}为“{group}”的{of}得到有利结果（{rate}），{reference}{of_reference}（{rate_reference}）。",
        "{who}: {of} with {attribute} '{group}' got the favourable result ({rate}), "
        "and {of_reference} of {reference} ({rate_reference}).",
    ),
    "wrongly_refused": Text(
        "{who}：{attribute}为“{group}”、本应得到有利结果的{of}被拒（{rate}），{reference}{of_reference}（{rate_reference}）。",
        "{who}: {of} with {attribute} '{group}' who deserved the favourable result "
        "were refused ({rate}), and {of_reference} of {reference} ({rate_reference}).",
    ),
    "wrongly_granted": Text(
        "{who}：{attribute}为“{group}”、不应得到有利结果的{of}得到了（{rate}），{reference}{of_reference}（{rate_reference}）。",
        "{who}: {of} with {attribute} '{group}' who did not deserve the favourable result "
        "got it ({rate}), and {of_reference} of {reference} ({rate_reference}).",
    ),
}
AGREEMENT: Mapping[str, Text] = {
    "wrongly_refused": Text(
        "{who}：{attribute}为“{group}”、人工给了有利结果的{of}被模型拒绝（{rate}），{reference}{of_reference}（{rate_reference}）。",
        "{who}: {of} with {attribute} '{group}' whom a person favoured were refused by the model "
        "({rate}), and {of_reference} of {reference} ({rate_reference}).",
    ),
    "wrongly_granted": Text(
        "{who}：{attribute}为“{group}”、人工拒绝的{of}从模型得到有利结果（{rate}），{reference}{of_reference}（{rate_reference}）。",
        "{who}: {of} with {attribute} '{group}' whom a person refused got the favourable result "
        "from the model ({rate}), and {of_reference} of {reference} ({rate_reference}).",
    ),
}
"""Where people decided what results are held against."""
SHRUNK = Text(
    "把各组的偶然起伏考虑进去，对这一组比例的较稳的估计是 {rate}（其中本组数据占 {weight}）。",
    "Allowing for chance among the groups, a steadier estimate of this rate is {rate} (its own data "
    "weigh {weight}).",
)
LIMIT = Text(
    "这里同时检验了所有交叉组，并为此放宽了区间；只比较比例，没有看各组的条件是否相同。",
    "All crossings were tested at once and the intervals are widened for it; this compares rates "
    "only and does not ask whether the groups' circumstances are alike.",
)
NO_TARGET = Text(
    "计划没有写 target，算不出错误率；请写上观察到的结果，或从选项 rates 里去掉错误率。",
    "The plan names no target, so there are no error rates; name the observed outcome or leave "
    "them out of the option `rates`.",
)
SMALL = Text(
    "另有 {many} 个组或交叉组的人数太少（组内或组外不足 {least} 人，或没有人得到），不作判断。",
    "{many} further groups or crossings are too small (fewer than {least} people in or outside "
    "them, or nobody favoured): nothing is said.",
)
FEW = Text(
    "不足两个交叉组达到 {least} 人，没有差距可量。",
    "Fewer than two crossings have {least} people: there is no gap to measure.",
)
MIXED = Text(
    "有的人的不同行落在不同的交叉组里，无法整人随机分配，这一项不作判断。",
    "Some people's rows fall into different crossings, so whole people can't be dealt out at "
    "random; nothing is said.",
)
EPSILON = Text(
    "在 {groups} 个交叉组之间，最高的有利结果比例是最低的 {times} 倍（ε = {value}，区间 {low}–{high}）；若结果是随机分的，ε 也常会大到 {null}，所以不能只看这个数。",
    "Among {groups} crossings the highest favourable rate is {times} times the lowest (ε = {value}, "
    "interval {low}–{high}); dealt out at random, ε would often be as large as {null}, so the "
    "figure alone proves nothing.",
)
EPSILON_ENDINGS: Mapping[Verdict, Text] = {
    Verdict.DISPARITY: Text("整个区间都超过 {line}：差异超过界线。", "The whole interval exceeds {line}: beyond the line."),
    Verdict.DIFFERENCE: readings.DIFFERS,
    Verdict.EQUIVALENT: Text("已证明各组相差很小。", "The groups are shown to differ little."),
    Verdict.INCONCLUSIVE: Text("还不能下结论：这样的差距可以是偶然。", "Inconclusive: a gap like this may be chance."),
}  # fmt: skip
LEFT = Text(
    "人数不足的交叉组没有比较，差得最远的可能就在其中，所以这里说不出各组相差很小。",
    "Crossings with too few people were not compared; one of them may be the furthest apart, so nothing "
    "here shows that all differ little.",
)
EPSILON_LIMIT = Text(
    "ε 只看最高与最低两组，组越多越容易大；哪一组不同，看各交叉组的结论。",
    "ε looks at the highest and the lowest group only, and grows with the number of groups; which "
    "group differs, the findings of the crossings say.",
)


def epsilon(
    value: float,
    ci: Interval,
    null: float,
    verdict: Verdict,
    *,
    groups: int,
    line: float,
    left: bool,
    real: bool,
) -> Text:
    """The sentence about ε; `left`: crossings too small to be compared were left out."""
    names = {"groups": groups, "value": readings.number(value), "times": f"{2.718281828459045**value:.2f}",
             "low": readings.number(ci.low), "high": readings.number(ci.high),
             "null": readings.number(null), "line": readings.number(line)}  # fmt: skip
    said = readings.joined(EPSILON.format(**names), EPSILON_ENDINGS[verdict].format(**names))
    if left:
        said = readings.joined(said, LEFT)
    return readings.joined(said, readings.REAL) if verdict is Verdict.EQUIVALENT and real else said
