"""What the findings say, in Chinese and in English: full sentences for people without statistics."""

from typing import TYPE_CHECKING

from evaluators.plan import Plan
from evaluators.statistics.intervals import Interval
from registry.findings import Verdict
from registry.language import Text

if TYPE_CHECKING:
    from incomplete_records.probe import Pair

LIMIT = Text(
    "这里只看记录有没有缺项，没有看缺项怎样影响模型的结果，也没有看缺项的原因。",
    "This sees whether something is missing, neither what that does to the model's answers nor why "
    "it is missing.",
)
NO_COLUMNS = Text(
    "没有可看的列。请在计划里写 inputs，或者在这项检验下写 columns。",
    "There is no column to look at: write `inputs` in the plan, or `columns` under this probe.",
)
REPEATED = Text(
    "计划写明同一个人可以有好几行，而这项检验把每一行当作一个人，所以不作判断。",
    "The plan says that one person may have several rows; this probe takes every row for a person, "
    "so nothing is said.",
)
FEW = Text(
    "“{attribute}”没有两组各 {least} 人以上的人可以比较，不作判断。",
    "'{attribute}' has no two groups of at least {least} people to compare: nothing is said.",
)
LEAD = Text(
    "{attribute}为“{group}”的 {n} 人里有 {k} 人的记录缺项（{share}），其他 {rest} 人里有 {others} 人（{other_share}），"
    "相差 {gap} 个百分点（区间 {low} 至 {high}）。",
    "{k} of {n} people with {attribute} '{group}' have an incomplete record ({share}), and {others} "
    "of the {rest} others ({other_share}): {gap} percentage points apart (interval {low} to {high}).",
)
ENDINGS: dict[Verdict, Text] = {
    Verdict.DISPARITY: Text(
        "整个区间都超过 {line} 个百分点的界线。",
        "The whole interval lies beyond the line of {line} points.",
    ),
    Verdict.DIFFERENCE: Text(
        "确有差别；是否超过 {line} 个百分点的界线，这些数据还不能确定。",
        "There is a difference; whether it passes the line of {line} points these data leave open.",
    ),
    Verdict.EQUIVALENT: Text(
        "整个区间都在 {margin} 个百分点以内：已证明差别很小。",
        "The whole interval lies within {margin} points: the difference is shown to be small.",
    ),
    Verdict.INCONCLUSIVE: Text("还不能下结论。", "Inconclusive."),
}
REAL = Text("差别虽小，但确实存在。", " It is small but real.")


def reading(
    pair: "Pair",
    ci: Interval,
    verdict: Verdict,
    name: str,
    plan: Plan,
    *,
    real: bool,
    line: float,
    margin: float,
) -> Text:
    """The sentence of one comparison, with the plan's plain names.

    Args:
        pair: the group and everyone else.
        ci: of the difference.
        verdict: what follows from it.
        name: the attribute.
        plan: gives the plain names.
        real: whether "no difference" is rejected.
        line: beyond it lies a disparity.
        margin: within it the shares count as alike.
    """
    said = LEAD.format(
        attribute=plan.plain(name), group=plan.plain_level(name, pair.group),
        n=pair.n, k=pair.k, rest=pair.rest, others=pair.others,
        share=percent(pair.share), other_share=percent(pair.other_share),
        gap=points(pair.share - pair.other_share), low=points(ci.low), high=points(ci.high),
    )  # fmt: skip
    ending = ENDINGS[verdict].format(line=f"{100 * line:g}", margin=f"{100 * margin:g}")
    more = REAL if verdict is Verdict.EQUIVALENT and real else Text("", "")
    return Text(said.zh + ending.zh + more.zh, f"{said.en} {ending.en}{more.en}")


def percent(share: float) -> str:
    """A share with one decimal."""
    return f"{100 * share:.1f}%"


def points(difference: float) -> str:
    """A difference of shares in percentage points, with its sign."""
    return f"{100 * difference:+.1f}"
