"""The sentences about the coefficient of an attribute in a declared model."""

from collections.abc import Sequence

from evaluators.decisions.conditional_model import Left
from evaluators.judging import readings
from evaluators.plan import Plan
from evaluators.policy import POLICY
from registry.findings import Verdict
from registry.language import Text

KINDS = {
    "ols": Text("线性回归", "least-squares regression"),
    "logit": Text("逻辑回归", "logit model"),
}
RATIO = Text(
    "按计划声明的{kind}（控制{covariates}；{used}），假如其他条件都不变，所有人的{attribute}都是“{group}”时预计有 {rate} 得到有利结果，都是“{reference}”时有 {rate_reference}，前者是后者的 {ratio} 倍（{interval}）；“{group}”的系数是 {coefficient}（标准误 {error}）。",
    "By the declared {kind} (holding {covariates} fixed; {used}): were nothing else changed, "
    "{rate} would get the favourable result if everyone's {attribute} were '{group}', and "
    "{rate_reference} if it were '{reference}', {ratio} times as often ({interval}); the "
    "coefficient of '{group}' is {coefficient} (standard error {error}).",
)
RATIO_OF_OUTCOME = Text(
    "按计划声明的{kind}（控制{covariates}；{used}），假如其他条件都不变，所有人的{attribute}都是“{group}”时，“{outcome}”为 1 的预计占 {rate}，都是“{reference}”时占 {rate_reference}，前者是后者的 {ratio} 倍（{interval}）；“{group}”的系数是 {coefficient}（标准误 {error}）。",
    "By the declared {kind} (holding {covariates} fixed; {used}): were nothing else changed, "
    "'{outcome}' would be 1 for {rate} if everyone's {attribute} were '{group}', and for "
    "{rate_reference} if it were '{reference}', {ratio} times as often ({interval}); the "
    "coefficient of '{group}' is {coefficient} (standard error {error}).",
)
SLOPE_OF_OUTCOME = Text(
    "按计划声明的{kind}（解释“{outcome}”，控制{covariates}；{used}），{attribute}{level}的系数是 {coefficient}（标准误 {error}，{interval}）。",
    "By the declared {kind} of '{outcome}' (holding {covariates} fixed; {used}), the coefficient of "
    "{attribute}{level} is {coefficient} (standard error {error}, {interval}).",
)
SLOPE = Text(
    "按计划声明的{kind}（控制{covariates}；{used}），{attribute}{level}的系数是 {coefficient}（标准误 {error}，{interval}）。",
    "By the declared {kind} (holding {covariates} fixed; {used}), the coefficient of {attribute}"
    "{level} is {coefficient} (standard error {error}, {interval}).",
)
LEVEL = Text("“{group}”（相对于“{reference}”）", " '{group}' (against '{reference}')")
SHOWN = Text("这一系数确实不为零；它不是比例之比，所以没有界线可对。",
             "The coefficient differs from zero; it is no ratio of rates, so no line applies.")  # fmt: skip
NOT_SHOWN = Text("还不能下结论：这些数据没有显出它不为零。",
                 "Inconclusive: these data do not show that it differs from zero.")  # fmt: skip
OUTCOME_SHOWN = Text(
    "“{outcome}”确实有差异。它不是计划里的有利结果，所以没有界线可对：多与少是好是坏，这里不说。",
    "There is a difference in '{outcome}'. It is not the favourable result of the plan, so no line "
    "applies: whether more of it is good or bad is not said here.",
)
OUTCOME_NOT_SHOWN = Text(
    "还不能下结论：这些数据没有显出“{outcome}”有差异。它不是计划里的有利结果，所以也没有界线可对。",
    "Inconclusive: these data show no difference in '{outcome}'. It is not the favourable result "
    "of the plan, so no line applies.",
)
USED = Text("共 {rows} 行，用了 {used} 行{why}", "{used} of {rows} rows used{why}")
LEFT: Sequence[tuple[str, Text]] = (
    ("outcome", Text("没有这一结果的 {many} 行", "{many} without the outcome")),
    ("condition", Text("缺少特征或条件的 {many} 行", "{many} without the feature or a condition")),
    ("small", Text("所在组太小的 {many} 行", "{many} of groups that are too small")),
)
FEW_LEFT = Text(
    "没有这一结果、缺少特征或条件、或所在组太小的共 {many} 行",
    "{many} without the outcome, the feature or a condition, or of groups that are too small",
)
"""Where a reason alone would give a cell away that is too small to publish."""
CROSSED = Text(
    "模型里有它与{others}的交互项，所以这个系数只是在其余各项取基准值时的数；检验是对它的全部各项一起作的。",
    "The model crosses it with {others}, so this coefficient holds at their base values only; the "
    "test is of all its terms together.",
)
LIMIT = Text(
    "系数说的是所声明的模型；换一组控制条件或换一种写法，数字会不同，没有列入的条件也看不到。总体的差异另列，不因此取消。",
    "The coefficient speaks for the model as declared: other controls or another form give other "
    "numbers, and what is not named is not seen. The difference over all stands beside it.",
)
NOTHING = Text("（没有其他条件）", "nothing else")
WHY: dict[str, Text] = {
    "astray": Text(
        "模型选项里写了既不是敏感特征也不在 control 之列的列名，没有估计；请改正后再登记。",
        "The model's options name a column that is neither a sensitive feature nor a control, so "
        "nothing was estimated; correct it and register the plan again.",
    ),
    "few_rows": Text(
        "声明的模型有太多项，完整的行（或单位）不够，无法估计。",
        "The declared model has too many terms for the complete rows (or units) there are.",
    ),
    "collinear": Text(
        "声明的模型里有的项可由其他项推出（或始终不变），无法分开估计；请从模型里去掉一项。",
        "A term of the declared model follows from the others (or never varies), so they can't be "
        "told apart; leave one out of the model.",
    ),
    "not_binary": Text(
        "逻辑回归要求结果只有 0 和 1 两个值，这里不是；请改用线性回归或改正结果列。",
        "A logit model needs an outcome of 0 and 1, and has another here; declare least squares or "
        "correct the outcome.",
    ),
    "separated": Text(
        "某些条件完全决定了结果，逻辑回归没有确定的解；请改用线性回归或去掉那一项。",
        "Some condition tells the outcome perfectly and the logit model has no finite solution; "
        "declare least squares or leave that term out.",
    ),
    "small": Text(
        "声明的模型里，“{group}”或“{reference}”数据完整的不足 {least} 人，不作判断。",
        "The declared model has fewer than {least} people of '{group}' or of '{reference}' whose "
        "rows are complete: nothing is said.",
    ),
    "small_all": Text(
        "声明的模型里，数据完整的不足 {least} 人，不作判断。",
        "The declared model has fewer than {least} people whose rows are complete: nothing is said.",
    ),
}  # fmt: skip


def covariates(names: Sequence[str], plan: Plan) -> Text:
    """What is held fixed."""
    return readings.listed([plan.plain(name) for name in names]) if names else NOTHING


def used(left: Left) -> Text:
    """How many rows the model used, and why it did not use the others."""
    counts = {name: getattr(left, name) for name, _ in LEFT}
    said = [words.format(many=f"{counts[name]:,}") for name, words in LEFT if counts[name]]
    if 0 < counts["small"] < POLICY.value("small_cell"):
        said = [FEW_LEFT.format(many=f"{sum(counts.values()):,}")]
    why = Text("", "")
    if said:
        listed = readings.listed(said)
        why = Text(f"，没有用的是：{listed.zh}", f"; left out: {listed.en}")
    return USED.format(rows=f"{left.rows:,}", used=f"{left.used:,}", why=why)


def verdict_of_outcome(verdict: Verdict, outcome: Text) -> Text:
    """What follows for a ratio of an outcome that is not the favourable decision."""
    said = OUTCOME_SHOWN if verdict is Verdict.DIFFERENCE else OUTCOME_NOT_SHOWN
    return said.format(outcome=outcome)


def verdict_of_slope(verdict: Verdict) -> Text:
    """What follows for a coefficient that no line applies to."""
    return SHOWN if verdict is Verdict.DIFFERENCE else NOT_SHOWN
