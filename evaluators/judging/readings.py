"""The plain sentences of the fairness probes, filled from the numbers and the plan's names."""

from collections.abc import Callable, Mapping, Sequence

from evaluators.judging import equivalence, verdicts
from evaluators.judging.rates import Comparison, Group, Lines
from evaluators.plan import Columns, Plan, level_name
from evaluators.probe import Run
from evaluators.statistics.intervals import Interval
from registry import untranslated
from registry.findings import Verdict
from registry.language import Text

WHY: dict[str, Text] = {
    "group_small": Text(
        "“{group}”只有 {n} 人可以用来算这个比例，少于 {least} 人，不作判断。",
        "Only {n} people of '{group}' count towards this rate, fewer than {least}: nothing is said.",
    ),
    "reference_small": Text(
        "参照组“{reference}”只有 {n_reference} 人可以用来算这个比例，少于 {least} 人，不作判断。",
        "Only {n_reference} people of the reference '{reference}' count towards this rate, fewer "
        "than {least}: nothing is said.",
    ),
    "group_uneven": Text(
        "“{group}”有 {n} 人可以用来算这个比例，但权重或每人的行数相差太大，只相当于 {effective} 个份量"
        "相同的人，少于 {least} 人，不作判断。",
        "{n} people of '{group}' count towards this rate, but their weights or numbers of rows are so "
        "uneven that they tell as much as {effective} people of equal weight, fewer than {least}: "
        "nothing is said.",
    ),
    "reference_uneven": Text(
        "参照组“{reference}”有 {n_reference} 人可以用来算这个比例，但权重或每人的行数相差太大，只相当于 "
        "{effective_reference} 个份量相同的人，少于 {least} 人，不作判断。",
        "{n_reference} people of the reference '{reference}' count towards this rate, but their "
        "weights or numbers of rows are so uneven that they tell as much as {effective_reference} "
        "people of equal weight, fewer than {least}: nothing is said.",
    ),
    "undefined": Text(
        "“{group}”和参照组“{reference}”的比例都是 0，两者之比没有定义，不作判断。",
        "Both '{group}' and the reference '{reference}' have a rate of 0; their ratio is not "
        "defined and nothing is said.",
    ),
}

DIFFERS = Text(
    "确有差异；没有证明超过界线（{line}）。",
    "There is a difference; it is not shown to exceed the line ({line}).",
)
"""Of a difference whose interval may reach beyond the line: true wherever in it the truth lies."""
SHORT = Text(
    "确有差异，但没有超过界线（{line}）。",
    "There is a difference, but it does not pass the line ({line}).",
)
"""Of a difference whose whole interval stays short of the line."""
ENDINGS: dict[Verdict, Text] = {
    Verdict.DISPARITY: Text(
        "整个区间都在界线（{line}）之外：差异超过界线。",
        "The whole interval lies beyond the line ({line}): the difference exceeds it.",
    ),
    Verdict.DIFFERENCE: DIFFERS,
    Verdict.EQUIVALENT: Text(
        "已证明差别很小：两者之比在 {low} 与 {high} 之间。",
        "The difference is shown to be small: the ratio lies between {low} and {high}.",
    ),
    Verdict.INCONCLUSIVE: Text(
        "还不能下结论：按计划的人数，相对差别要到 {mde} 左右才看得出来。",
        "Inconclusive: with the planned numbers only a relative difference of about {mde} would show.",
    ),
}
REAL = Text("差别虽小，但确实存在。", "It is small but real.")
UNCERTAIN = Text("", "")


def small_share(value: float) -> str:
    """A share in percent; a small one keeps two digits.

    Args:
        value: the share, of one.
    """
    return percent(value) if value >= 0.01 else f"{100 * value:.2g}%"


def beside(value: float | None, *lines: float) -> str:
    """A share in percent with as many digits as tell it from the lines that it is held against.

    Args:
        value: the share, of one.
        lines: shares that stand in the same sentence; what equals one of them may read as it does.
    """
    if value is None:
        return "–"
    told = {small_share(line) for line in lines if line != value}
    shown, digits = small_share(value) if value else percent(value), 2
    while shown in told and digits < 9:
        shown, digits = f"{100 * value:.{digits}f}%", digits + 1
    return shown


def percent(value: float | None) -> str:
    """A share in percent with one decimal."""
    return "–" if value is None else f"{100 * value:.1f}%"


def number(value: float | None) -> str:
    """A number with two decimals."""
    return "–" if value is None else f"{value:.2f}"


def margin(value: float) -> str:
    """A line or margin with at most three significant digits: 1/0.95 is 1.05."""
    return f"{value:.3g}"


def span(ci: Interval | None) -> Text:
    """An interval of a ratio in words; an open side is said to be open."""
    if ci is None:
        return Text("区间无法计算", "no interval can be given")
    if ci.high == float("inf"):
        return Text(f"区间从 {ci.low:.2f} 起，没有上限", f"interval from {ci.low:.2f} upwards")
    return Text(f"区间 {ci.low:.2f}–{ci.high:.2f}", f"interval {ci.low:.2f}–{ci.high:.2f}")


MODEL = Text("模型", "the model")
RECORDED = Text("数据里记录的决定", "the decisions recorded in the data")


def who(run: Run) -> Text:
    """Whose answers were looked at."""
    if run.tested is not None:
        return run.tested
    return MODEL if run.oracle.kind == "model" else RECORDED


def tested(columns: Columns, plain: Callable[[str], Text], *, scored: bool) -> Text:
    """What a plan tests, as it opens a sentence: a score with its cut is no recorded decision.

    Args:
        columns: the roles of the plan.
        plain: what a column is called.
        scored: whether a model answered.
    """
    score = None if scored or columns.score is None else plain(columns.score)
    if columns.names_class if scored else not (score and columns.decides):
        return MODEL if scored else RECORDED
    if columns.cut is None and not columns.classes:
        return MODEL
    whose = MODEL
    if score is not None:
        whose = Text(f"数据里的分数“{score.zh}”", f"the score '{score.en}' in the data")
    of = Text("", "")
    if columns.classes:
        good = level_name(columns.good_answer)
        of = Text(f"“{good}”的概率", f"a probability of '{good}' ") if scored else of
    cut = f"{0.5 if columns.cut is None else columns.cut:.12g}"
    side = Text(f"达到 {cut}", f"at or above {cut}")
    if columns.falls:
        side = Text(f"低于 {cut}", f"below {cut}")
    return Text(
        f"{whose.zh}（{of.zh}{side.zh} 算有利）", f"{whose.en} ({of.en}{side.en} is favourable)"
    )


AGAINST = Text(
    "分数与{due}排得相反：要么模型排反了，要么计划把有利的一边写反了。先核对，再看其他结论。",
    "The score runs against {due}: either the model ranks the wrong way round, or the plan names the wrong "
    "side as favourable. See to that before other findings are read.",
)
OUTCOMES, DECISIONS = Text("实际结果", "the outcomes"), Text("人的决定", "people's decisions")


def against(plan: Plan) -> Text:
    """That a score orders people the wrong way round, where its whole interval says so."""
    return AGAINST.format(due=OUTCOMES if plan.target_kind == "outcome" else DECISIONS)


REST = Text("其他人", "everyone else")


def slice_name(slice_: Mapping[str, str], plan: Plan) -> tuple[Text, Text]:
    """What the features of a slice are called, and what their levels are called.

    Args:
        slice_: sensitive feature → level.
        plan: gives the plain names.
    """
    features = [plan.plain(name) for name in slice_]
    levels = [plan.plain_level(name, level) for name, level in slice_.items()]
    return _crossed(features), _crossed(levels)


def _crossed(parts: Sequence[Text]) -> Text:
    return Text(" × ".join(p.zh for p in parts), " × ".join(p.en for p in parts))


def listed(parts: Sequence[Text]) -> Text:
    """Several names in a row."""
    return Text("、".join(p.zh for p in parts), ", ".join(p.en for p in parts))


def comparison(
    found: Comparison,
    lines: Lines,
    plan: Plan,
    lead: Text,
    *,
    slice_: Mapping[str, str],
    **values: object,
) -> Text:
    """The sentence of a comparison: `lead`, then the ratio and what follows from it.

    Args:
        found: the comparison; the reference "*" is everyone else.
        lines: what it was held against.
        plan: for the least denominator, and the plain names.
        lead: the opening, naming what was counted.
        slice_: sensitive feature → level of the group.
        values: what else the opening mentions.
    """
    attribute, group = slice_name(slice_, plan)
    other = found.reference.name
    reference = REST if other == "*" else plan.plain_level(next(iter(slice_)), other)
    names = {"attribute": attribute, "group": group, "reference": reference,
             "n": found.group.people, "n_reference": found.reference.people,
             "least": plan.min_n, "effective": f"{found.group.effective_people:.1f}",
             "effective_reference": f"{found.reference.effective_people:.1f}", **values}  # fmt: skip
    if found.why is not None:
        return WHY[found.why].format(**names)
    weighted = found.group.mass is not None  # its rate is not the share of anything counted
    rate, rate_reference = (
        WEIGHTED if weighted and "{of}" in lead.zh else percent(side.rate)
        for side in (found.group, found.reference)
    )
    opening = lead.format(
        **names, k=found.group.k, rate=rate, k_reference=found.reference.k,
        rate_reference=rate_reference, of=_of(found.group), counted=_counted(found.group),
        of_reference=_of(found.reference, again=True), counted_reference=_counted(found.reference),
    )  # fmt: skip
    interval = span(found.ratio_ci)
    times, without = RATIO
    ratio = Text(
        f"{times.zh} {number(found.ratio)} 倍（{interval.zh}）。",
        f"{times.en} {number(found.ratio)} times as often ({interval.en}).",
    )
    if found.ratio is None:
        ratio = Text(f"{without.zh}（{interval.zh}）。", f"{without.en} ({interval.en}).")
    return joined(opening, ratio, ending(found, lines, plan))


RATIO = (
    Text("前者是后者的", "That is"),
    Text("参照组为 0，倍数没有上限", "The reference has none, so the ratio is unbounded"),
)
"""How the part of the sentence after the two rates begins."""
OF_ALL = Text(
    "区间和检验由所有交叉组一起算出：{why}",
    "Interval and test come of all crossings together: {why}",
)
WEIGHTED = Text("加权", "weighted")


def _of(group: Group, *, again: bool = False) -> Text:
    """How many of how many: people, or decisions on people; of weighted rows the share alone.

    Args:
        group: one side of a comparison.
        again: whether the sentence has named what is counted before.
    """
    people = "" if again else " people"
    if group.units is None:
        whole = Text(f"{group.n} 人", f"{group.n}{people}")
        said = Text(f" {whole.zh}里有 {group.k} 人", f"{group.k} of {whole.en}")
    else:
        zh, en = (
            f"{group.units} 人的 {group.n} 项决定",
            f"{group.n} decisions on {group.units}{people}",
        )
        whole = Text(zh, en)
        said = Text(f" {zh}里有 {group.k} 项", f"{group.k} of {en}")
    if group.mass is None:
        return said
    rate, who = percent(group.rate), "" if again else "人"
    return Text(
        f"{who}按权重计算有 {rate}（依据 {whole.zh}）", f"{rate} (by weight, from {whole.en})"
    )


def _counted(group: Group) -> Text:
    """What a share rests on, in brackets after it."""
    if group.units is None:
        whole, zh = Text(f"{group.n} 人", f"{group.n} people"), f"{group.n} 人中 {group.k} 人"
        en = f"{group.k} of {group.n}"
    else:
        en = f"{group.n} decisions on {group.units} people"
        whole = Text(f"{group.units} 人的 {group.n} 项决定", en)
        zh, en = f"{whole.zh}中 {group.k} 项", f"{group.k} of {en}"
    if group.mass is not None:
        return Text(f"按权重计算，依据 {whole.zh}", f"weighted, from {whole.en}")
    return Text(zh, en)


def ending(found: Comparison, lines: Lines, plan: Plan) -> Text:
    """What the verdict says."""
    said = SHORT if _short(found, lines) else ENDINGS[found.verdict]
    said = said.format(
        line=_line(lines), low=margin(lines.equivalence[0]), high=margin(lines.equivalence[1]),
        mde=percent(found.mde),
    )  # fmt: skip
    real = found.p_adjusted is not None and found.p_adjusted < plan.alpha
    real = real and not verdicts.spans(found.ratio_ci, 1.0)
    return joined(said, REAL) if found.verdict is Verdict.EQUIVALENT and real else said


def _short(found: Comparison, lines: Lines) -> bool:
    """Whether a difference is known to stay short of the lines."""
    ratio, gap = found.ratio_ci, found.difference_ci
    if found.verdict is not Verdict.DIFFERENCE or ratio is None:
        return False
    if not equivalence.enough((found.group.effective_people, found.reference.effective_people)):
        return False  # on a few people that is not known either
    inside = lines.ratio[0] <= ratio.low and ratio.high <= lines.ratio[1]
    if lines.difference is None or not inside:
        return inside
    return gap is not None and -lines.difference <= gap.low and gap.high <= lines.difference


def _line(lines: Lines) -> Text:
    low, high = map(margin, lines.ratio)
    if lines.difference is None:
        return Text(f"{low} 至 {high} 倍", f"{low} to {high} times")
    gap = percent(lines.difference)
    return Text(f"{low} 至 {high} 倍，或相差 {gap}", f"{low} to {high} times, or a gap of {gap}")


def joined(*parts: Text) -> Text:
    """Sentences one after the other: Chinese without, English with a space."""
    return Text("".join(p.zh for p in parts), " ".join(p.en for p in parts if p.en))


def attached(*parts: Text) -> Text:
    """Parts of one sentence, without a space between them."""
    return Text("".join(p.zh for p in parts), "".join(p.en for p in parts))


def few(said: Text, plan: Plan) -> Text:
    """That too few people were there, and how they are counted where they do not count alike."""
    if plan.columns.unit is None and plan.columns.weight is None:
        return said
    return joined(said, ALIKE)


ALIKE = Text(
    "行数或权重不等的人，折算成份量相同的人来数。",
    "People of unequal numbers of rows or weights count as so many of equal weight.",
)


def weighted(plan: Plan) -> Text:
    """That rates are weighted, where they are; nothing otherwise."""
    name = plan.columns.weight
    if name is None:
        return Text("", "")
    return Text(
        f"比例按“{name}”这一列加权，人数没有加权。",
        f"Rates are weighted by the column '{name}'; numbers of people are not.",
    )


ROWS_FROM = Text("数据来源：{frame}。", "The rows come from: {frame}.")


def framed(said: Mapping[str, str] | str) -> Text:
    """What a plan says of its data, to stand in a sentence; marked where it is in one language.

    Args:
        said: the plan's `frame`.
    """
    if isinstance(said, str):
        return untranslated.once(said.rstrip("。."))
    return Text(said["zh"].rstrip("。."), said["en"].rstrip("。."))


def frame(plan: Plan) -> Text:
    """Whom the numbers speak for."""
    if plan.frame:
        return ROWS_FROM.format(frame=framed(plan.frame))
    return Text("计划没有写明数据怎样取得，结论只说这些行。",
                "The plan does not say how the rows were drawn, so this speaks for these rows only.")  # fmt: skip
