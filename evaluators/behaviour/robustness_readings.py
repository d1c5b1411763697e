"""The plain sentences about shaken, missing and strange inputs."""

from collections.abc import Mapping

from evaluators.behaviour.alterations import Counts
from evaluators.judging import readings
from evaluators.plan import Plan
from evaluators.policy import POLICY
from evaluators.statistics.intervals import Interval
from registry.findings import Verdict
from registry.language import Text
from registry.sandbox.verdict import SAID, Cause

METRICS = {"noise": "noise_change_share", "missing": "missing_failure_share",
           "out_of_range": "out_of_range_failure_share"}  # fmt: skip
NOISE = Text(
    "把“{name}”上下各挪动 {moved}（很小的出入），其余不变：{people} 人里有 {changed} 人的结果变了（{share}）。",
    "'{name}' was moved up and down by {moved}, a slight inaccuracy, all else kept: the answer "
    "changed for {changed} of {people} people ({share}).",
)
DICE = Text(
    "原样再问一遍，也有 {twin} 行的结果变了，下面的判断已扣除这部分。",
    "Asked again unchanged, {twin} rows got another answer too; the judgement below allows for that.",
)
NOISE_ENDINGS: Mapping[Verdict, Text] = {
    Verdict.DISPARITY: Text("超过了 {line} 的界线：结果经不起输入里的小误差。", "This exceeds the line of {line}: answers hang on small inaccuracies."),
    Verdict.DIFFERENCE: Text("有人的结果会因此改变；没有证据说明超过 {line} 的界线。", "Some answers change; that it is beyond the line of {line} is not shown."),
    Verdict.EQUIVALENT: Text("问到的这些人的结果几乎不受影响。", "For the people asked about, answers hardly depend on it."),
    Verdict.INCONCLUSIVE: Text("还不能下结论。", "Inconclusive."),
}  # fmt: skip
UNSEEN = Text(
    "没有看到有人的结果改变，但这样的人里，会变的仍可能多到 {bound}；这个上限在 {margin} 以内，才说几乎不受影响。还不能下结论。",
    "Nobody's answer changed, yet up to {bound} of such people cannot be ruled out; it is called "
    "small where that is within {margin}. Inconclusive.",
)
DONE: Mapping[str, Text] = {
    "missing": Text("把“{name}”留空", "'{name}' was left out"),
    "out_of_range": Text("把“{name}”设成远超数据范围或从未见过的值", "'{name}' was set far outside of the data, or to a name nobody knows"),
}  # fmt: skip
FAILED = Text(
    "{done}：{people} 人里有 {silent} 人得不到结果（{share}）。",
    "{done}: {silent} of {people} people got no answer ({share}).",
)
WHY = Text("原因：{why}", "Why: {why}")
CHANGED = Text(
    "得到结果的 {answered} 人里，{changed} 人的结果与原来不同（{share}）；缺项或异常时结果改变不一定是错。",
    "Of the {answered} who got one, {changed} got another than before ({share}); with a missing or "
    "strange value that need not be wrong.",
)
FAILURE_ENDINGS: Mapping[Verdict, Text] = {
    Verdict.DISPARITY: Text("得不到结果的人超过了 {line} 的界线。", "More than the line of {line} get no answer."),
    Verdict.DIFFERENCE: Text("有人得不到结果，但没有超过 {line} 的界线。", "Some get no answer, but not beyond the line of {line}."),
    Verdict.EQUIVALENT: Text("问到的这些人几乎人人都能得到结果。", "Almost everyone asked about gets an answer."),
    Verdict.INCONCLUSIVE: Text("问到的人都得到了结果，但这样的人里，得不到的仍可能多到 {bound}；这个上限在 {margin} 以内，才说几乎人人都能得到。还不能下结论。", "Everyone asked about got an answer, yet up to {bound} of such people without one cannot be ruled out; that is called small where that is within {margin}. Inconclusive."),
}  # fmt: skip
SMALL = Text(
    "“{name}”只有 {people} 人可以这样试，少于 {least} 人，不作判断。",
    "With '{name}' only {people} people could be tried this way, fewer than {least}: nothing is said.",
)
UNTRIED: Mapping[str, Text] = {
    "noise": Text("没有这样试：{names}（不是数、几乎没有变化，或是很小的整数）。", "Not tried on: {names} (no numbers, hardly any variation, or small whole numbers)."),
    "missing": Text("没有这样试：{names}（不是模型的输入）。", "Not tried on: {names} (no inputs of the model)."),
    "out_of_range": Text("没有这样试：{names}（没有范围可超出，或不是模型的输入）。", "Not tried on: {names} (there is no range to leave, or it is no input of the model)."),
}  # fmt: skip
NO_MODEL = Text(
    "这项检验要向模型提问；这次没有模型。", "This probe asks the model; this run has none."
)
NO_CUT = Text(
    "计划没有写 cut，也没有写 classes，无法知道结果是否改变。",
    "The plan has neither a cut nor classes, so whether an answer turns can't be told.",
)
WRONG_FRAME = Text(
    "这样的值放不进模型声明的输入类型。",
    "Such a value does not fit the type of input that the model declares.",
)
LIMIT = Text(
    "这里一次只动一项，只试了抽出的一部分行；现实中的误差可能更大，也可能几项同时出现。",
    "One input at a time, on a sample of rows; real inaccuracies may be larger or come together.",
)


def noise(
    name: Text,
    moved: float,
    seen: Counts,
    verdict: Verdict,
    plan: Plan,
    ci: Interval | None = None,
) -> Text:
    """The sentence about a shaken input.

    Args:
        name: of the input.
        moved: by how much.
        seen: what was counted.
        verdict: of the finding.
        plan: for the least number of people.
        ci: of the share, where it is a fact about the rows asked.
    """
    people = seen.people - seen.silent
    lines = POLICY.value("noise_equivalence"), POLICY.value("noise_share")
    values: dict[str, object] = {
        "name": name, "moved": f"{moved:.3g}", "people": people, "changed": seen.changed,
        "share": readings.beside(seen.share, *lines), "twin": seen.twin_changed, "least": plan.min_n,
        "line": readings.percent(POLICY.value("noise_share")),
        "bound": readings.beside(ci.high if ci else 1.0, *lines),
        "margin": readings.small_share(POLICY.value("noise_equivalence")),
    }  # fmt: skip
    if verdict is Verdict.NOT_EVALUABLE:
        return SMALL.format(**values)
    unseen = ci is not None and verdict is Verdict.INCONCLUSIVE
    ending = UNSEEN if unseen else NOISE_ENDINGS[verdict]
    parts = (NOISE, *[DICE] * bool(seen.twin_changed), ending)
    return readings.joined(*(part.format(**values) for part in parts))


def failure(
    kind: str, name: Text, seen: Counts, verdict: Verdict, why: Mapping[str, str], plan: Plan,
    ci: Interval | None = None,
) -> Text:  # fmt: skip
    """The sentence about a missing or strange input.

    Args:
        kind: missing or out_of_range.
        name: of the input.
        seen: what was counted.
        verdict: of the finding.
        why: version → the cause of its failure.
        plan: for the least number of people.
        ci: of the share; None where a round ended altogether.
    """
    if verdict is Verdict.NOT_EVALUABLE:
        return SMALL.format(name=name, people=seen.people, least=plan.min_n)
    lines = POLICY.value("failure_equivalence"), POLICY.value("failure_share")
    share = readings.beside(seen.silent / seen.people, *lines)
    done = DONE[kind].format(name=name)
    parts = [FAILED.format(done=done, people=seen.people, silent=seen.silent, share=share)]
    parts += [WHY.format(why=said(cause)) for cause in sorted(set(why.values()))]
    answered = seen.people - seen.silent
    if answered > 0:
        parts.append(CHANGED.format(answered=answered, changed=seen.changed,
                                    share=readings.percent(seen.share)))  # fmt: skip
    line = readings.percent(POLICY.value("failure_share"))
    bound = readings.beside(ci.high if ci else 1.0, *lines)
    margin = readings.small_share(POLICY.value("failure_equivalence"))
    ending = FAILURE_ENDINGS[verdict].format(line=line, bound=bound, margin=margin)
    return readings.joined(*parts, ending)


def said(cause: str) -> Text:
    """Why a round ended without answers, in words."""
    return SAID[Cause(cause)] if cause in {c.value for c in Cause} else WRONG_FRAME
