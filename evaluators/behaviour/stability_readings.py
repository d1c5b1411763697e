"""The plain sentences about stability and drift."""

from collections.abc import Mapping

from evaluators.behaviour.alterations import Counts
from evaluators.judging import readings
from evaluators.plan import Plan
from evaluators.statistics.drift import Drift
from evaluators.statistics.intervals import Interval
from registry.findings import Verdict
from registry.language import Text

AGAIN = Text(
    "同样的内容再问一遍：{people} 人里有 {changed} 人的结果变了（{share}）。",
    "The same was asked again: of {people} people {changed} got another answer ({share}).",
)
FILED = Text(
    "与当时记录的结果对照（同样的行）：{people} 人里有 {changed} 人的结果变了（{share}）。",
    "Held against the answers recorded earlier for the same rows: of {people} people {changed} got "
    "another one ({share}).",
)
ENDINGS: Mapping[Verdict, Text] = {
    Verdict.DISPARITY: Text("超过了 {line} 的界线。", "This exceeds the line of {line}."),
    Verdict.DIFFERENCE: Text("有人的结果会变；没有证据说明超过 {line} 的界线。", "Some answers change; that it is beyond the line of {line} is not shown."),
    Verdict.EQUIVALENT: Text("结果是稳定的：会变的不超过 {bound}，在 {margin} 以内。", "Answers are stable: at most {bound} change, within {margin}."),
    Verdict.INCONCLUSIVE: Text("没有看到变化，但按这些人推算，会变的仍可能多到 {bound}；在 {margin} 以内才能说结果是稳定的，还不能下结论。", "No change was seen, but of people like these up to {bound} may change; answers are called stable within {margin}. Inconclusive."),
}  # fmt: skip
SMALL = Text(
    "只有 {people} 人可以这样对照，少于 {least} 人，不作判断。",
    "Only {people} people can be compared this way, fewer than {least}: nothing is said.",
)
BATCHED: Mapping[Verdict, Text] = {
    Verdict.EQUIVALENT: Text("抽 {n} 行换一种分批方式再问，结果在容差之内相同（最大相差 {gap}）；这只说问到的这些行。", "A sample of {n} rows asked in other batches got the same answers within the tolerance (largest gap {gap}); this is about the rows asked."),
    Verdict.INCONCLUSIVE: Text("抽 {n} 行换一种分批方式再问，结果在容差之内相同（最大相差 {gap}）；但答案来自网上的服务，它随时可以变，这样的行里仍可能有多到 {bound} 会不同。还不能下结论。", "A sample of {n} rows asked in other batches got the same answers within the tolerance (largest gap {gap}); but a service answered, which may change at any time, and up to {bound} of such rows cannot be ruled out to differ. Inconclusive."),
    Verdict.DISPARITY: Text("抽 {n} 行换一种分批方式再问，结果就不同（最大相差 {gap}），超过容差：谁和谁一起被问会影响结果。", "A sample of {n} rows asked in other batches got other answers (largest gap {gap}), beyond the tolerance: who is asked together matters."),
}  # fmt: skip
DICED = Text(
    "模型对同样的内容每次给的数就不一样，无法分辨是否与分批有关。",
    "The model gives another number each time, so whether the batch matters can't be told.",
)
NOTHING = Text(
    "没有模型可以再问，计划里也没有写 baseline 或 period，没有可比的内容。",
    "There is no model to ask again, and the plan names neither a baseline nor a period: nothing to compare.",
)
LIMIT = Text(
    "这里只看这些行、这一次；以后换了环境或版本，要重新评估。",
    "This is about these rows and this run; after a change of environment or version it has to be repeated.",
)
DRIFT_LIMIT = Text(
    "分布变了，可能是人群变了，也可能是模型变了，这里分不出来。",
    "Whether the people or the model have changed, a drift alone does not tell.",
)
THE_SCORE = Text("模型的分数", "the model's score")
DRIFT = Text(
    "前后两段时间“{name}”的分布：稳定性指数 PSI 为 {psi}{ks}。",
    "Between the two periods the distribution of {name} has a population stability index of {psi}{ks}.",
)
DRIFT_ENDINGS: Mapping[Verdict, Text] = {
    Verdict.DISPARITY: Text("变化很大，超过了 {line} 的惯例界线。", "That is a major shift, beyond the conventional line of {line}."),
    Verdict.DIFFERENCE: Text("有变化；没有证明超过 {line} 的惯例界线。", "There is a shift; it is not shown to pass the conventional line of {line}."),
    Verdict.EQUIVALENT: Text("已证明变化很小。", "The shift is shown to be small."),
    Verdict.INCONCLUSIVE: Text("还不能下结论。", "Inconclusive."),
}  # fmt: skip
FEW = Text(
    "“{name}”：后一段 {n} 人、前一段 {earlier} 人，有一段太少（至少 {least} 人才能比），不作判断。",
    "For {name} there are {n} people later and {earlier} earlier; one is too few (at least {least}): nothing is said.",
)


def few(name: Text, sizes: tuple[int, int], plan: Plan) -> Text:
    """Why two periods are not compared."""
    said = FEW.format(name=name, n=sizes[0], earlier=sizes[1], least=plan.min_n)
    return readings.few(said, plan)


def same(
    filed: bool, seen: Counts, verdict: Verdict, ci: Interval | None, plan: Plan, *,
    lines: tuple[float, float],
) -> Text:  # fmt: skip
    """The sentence about answers that should be the same.

    Args:
        filed: whether they were held against earlier answers.
        seen: what was counted.
        verdict: of the finding.
        ci: the interval of the share; None where there are too few.
        plan: for the least number of people.
        lines: the alert line, and up to where answers are stable.
    """
    people = seen.people - seen.silent
    if verdict is Verdict.NOT_EVALUABLE:
        return SMALL.format(people=people, least=plan.min_n)
    lead = (FILED if filed else AGAIN).format(
        people=people, changed=seen.changed, share=readings.beside(seen.share, *lines)
    )
    line, margin = map(readings.small_share, lines)
    bound = readings.beside(ci.high if ci else 1.0, *lines)
    return readings.joined(lead, ENDINGS[verdict].format(line=line, margin=margin, bound=bound))


def drifted(name: Text, one: Drift, verdict: Verdict, line: float, *, real: bool) -> Text:
    """The sentence about two periods.

    Args:
        name: of what may have drifted.
        one: the drift.
        verdict: of the finding.
        line: the alert line.
        real: whether the adjusted test rejects.
    """
    ks = Text("", "")
    if one.ks is not None:
        ks = Text(
            f"，KS 距离 {one.ks:.2f}", f", and a Kolmogorov-Smirnov distance of {one.ks:.2f}"
        )
    lead = DRIFT.format(name=name, psi=f"{one.psi:.3f}", ks=ks)
    small = [readings.REAL] * (verdict is Verdict.EQUIVALENT and real)
    return readings.joined(lead, DRIFT_ENDINGS[verdict].format(line=f"{line:g}"), *small)
