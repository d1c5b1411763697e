"""The sentences of score parity, and the names of its statistics."""

from evaluators.judging import contrast_readings, readings
from evaluators.judging.contrast_readings import Wording
from registry.language import Text

SCORING_RATE = "scoring_rate_ratio"
MEAN = "standardised_mean_difference"
DISTANCE = "kolmogorov_smirnov_distance"
RANKING = "auc_difference"

RATE_LEAD = Text(
    "{attribute}为“{group}”的 {n} 人里有 {k} 人的得分好过全体的中位数（{rate}），“{reference}”的 {n_reference} 人里有 {k_reference} 人（{rate_reference}）。",
    "{k} of {n} people with {attribute} '{group}' score better than the median of everyone ({rate}), "
    "and {k_reference} of {n_reference} with '{reference}' ({rate_reference}).",
)
ROWS_LEAD = Text(
    "{attribute}为“{group}”的 {n} 人有 {rows} 个得分，其中 {k} 个好过全体的中位数（{rate}）；“{reference}”的 {n_reference} 人有 {rows_reference} 个，其中 {k_reference} 个（{rate_reference}）。",
    "{n} people with {attribute} '{group}' have {rows} scores, of which {k} are better than the median of all ({rate}); "
    "{n_reference} with '{reference}' have {rows_reference}, of which {k_reference} ({rate_reference}).",
)
HIGHER_LEAD = Text(
    "{attribute}为“{group}”的 {n} 人里有 {k} 人的得分高于全体的中位数（{rate}），“{reference}”的 {n_reference} 人里有 {k_reference} 人（{rate_reference}）。",
    "{k} of {n} people with {attribute} '{group}' score above the median of everyone ({rate}), "
    "and {k_reference} of {n_reference} with '{reference}' ({rate_reference}).",
)
"""Where the plan does not say whether a high score is good for the person."""
HIGHER_ROWS_LEAD = Text(
    "{attribute}为“{group}”的 {n} 人有 {rows} 个得分，其中 {k} 个高于全体的中位数（{rate}）；“{reference}”的 {n_reference} 人有 {rows_reference} 个，其中 {k_reference} 个（{rate_reference}）。",
    "{n} people with {attribute} '{group}' have {rows} scores, of which {k} are above the median of all ({rate}); "
    "{n_reference} with '{reference}' have {rows_reference}, of which {k_reference} ({rate_reference}).",
)
WORDING = {
    MEAN: Wording(
        Text(
            "{attribute}为“{group}”的人，平均得分与“{reference}”相差 {size} 个标准差（区间 {low} 至 {high}；正数表示得分更有利，0 表示一样）。",
            "The average score of people with {attribute} '{group}' differs from that of '{reference}' by {size} standard deviations (interval {low} to {high}; above 0 is in their favour, 0 is the same).",
        ),
        Text("相差 {low} 至 {high} 个标准差", "{low} to {high} standard deviations"),
        Text("平均得分相差在 {low} 至 {high} 个标准差之间", "the averages are within {low} to {high} standard deviations"),
        contrast_readings.signed,
    ),
    DISTANCE: Wording(
        Text(
            "不论把线划在哪个分数，{attribute}为“{group}”和“{reference}”的人过线的比例在这些数据里相差最大的一处是 {size}（区间 {low}–{high}）。",
            "Wherever a line is drawn through the scores, the shares of people with {attribute} '{group}' and '{reference}' beyond it are {size} apart in these data where they are furthest apart (interval {low}–{high}).",
        ),
        Text("相差 {high}", "a gap of {high}"),
        Text("处处相差不到 {high}", "the gap is under {high} everywhere"),
        readings.percent,
    ),
    RANKING: Wording(
        Text(
            "在{attribute}为“{group}”的人里，随机取一个该得到有利结果的人和一个不该的人，分数把两人排对的机会是 {own}；在“{reference}”里是 {other}（0.5 等于瞎猜）。两者相差 {size}（区间 {low} 至 {high}）。",
            "Among people with {attribute} '{group}', of one who deserved the favourable result and one who did not, the score puts the two in the right order with chance {own}; with '{reference}' it is {other} (0.5 is a guess). They differ by {size} (interval {low} to {high}).",
        ),
        Text("相差 {low} 至 {high}", "{low} to {high}"),
        Text("相差在 {low} 至 {high} 之间", "their difference is between {low} and {high}"),
        contrast_readings.signed,
    ),
}  # fmt: skip
RANKED = Wording(
    Text(
        "在{attribute}为“{group}”的人里，随机取一个人工给了有利结果的和一个没有给的，前者分数更有利的机会是 {own}；在“{reference}”里是 {other}（0.5 等于看不出人的决定）。两者相差 {size}（区间 {low} 至 {high}）。",
        "Among people with {attribute} '{group}', of one whom a person favoured and one whom not, the first has the better score with chance {own}; with '{reference}' it is {other} (0.5 tells nothing of people's decisions). They differ by {size} (interval {low} to {high}).",
    ),
    WORDING[RANKING].line,
    WORDING[RANKING].near,
    contrast_readings.signed,
)
"""The ranking, where people decided what the score is held against."""
WHY = {
    "small": Text(
        "“{group}”或参照组“{reference}”有分数的人不足 {least} 人，不作判断。",
        "Fewer than {least} people of '{group}' or of the reference '{reference}' have a score: nothing is said.",
    ),
    "constant": Text(
        "“{group}”和“{reference}”的人得分全都一样，没有可比的高低。",
        "Everyone of '{group}' and '{reference}' has a score without any spread: there is nothing to compare.",
    ),
    "outcomes": Text(
        "“{group}”或“{reference}”里，该得到有利结果的人或不该的人不足 {least} 人，看不出分数排得准不准。",
        "In '{group}' or '{reference}' fewer than {least} people deserved the favourable result, or did not: how well the score ranks can't be told.",
    ),
    "perfect": Text(
        "在“{group}”或“{reference}”里，分数把人完全排对、完全排错或者全都打平，误差无从估计，不作判断。",
        "In '{group}' or '{reference}' the score ranks everyone rightly, wrongly or all alike, so the error can't be estimated: nothing is said.",
    ),
}  # fmt: skip
WHY_AGREEMENT = {
    **WHY,
    "outcomes": Text(
        "“{group}”或“{reference}”里，人工给了有利结果的人或没有给的人不足 {least} 人，看不出分数与人的决定合不合。",
        "In '{group}' or '{reference}' people favoured fewer than {least}, or all but fewer: how far the score goes with people's decisions can't be told.",
    ),
    "perfect": Text(
        "在“{group}”或“{reference}”里，分数把人的决定完全分开或者全都打平，有多不确定无从估计，不作判断。",
        "In '{group}' or '{reference}' the score splits people's decisions completely or is all alike, so how uncertain that is can't be estimated: nothing is said.",
    ),
}  # fmt: skip
RISK = Wording(
    Text(
        "{attribute}为“{group}”的人平均得分是 {own}，“{reference}”是 {other}，相差 {size} 个标准差（区间 {low} 至 {high}；正数表示得分更高，而得分越高对本人越不利；0 表示一样）。",
        "The average score of people with {attribute} '{group}' is {own} and that of '{reference}' {other}: {size} standard deviations apart (interval {low} to {high}; above 0 is a higher score, and a higher score is worse for the person; 0 is the same).",
    ),
    WORDING[MEAN].line,
    WORDING[MEAN].near,
    contrast_readings.signed,
)
"""The mean of a score that is the worse for the person the higher it is."""
HIGHER = Wording(
    Text(
        "{attribute}为“{group}”的人，平均得分与“{reference}”相差 {size} 个标准差（区间 {low} 至 {high}；正数表示平均得分更高，0 表示一样）。",
        "The average score of people with {attribute} '{group}' differs from that of '{reference}' by {size} standard deviations (interval {low} to {high}; above 0 is a higher average, 0 is the same).",
    ),
    WORDING[MEAN].line,
    WORDING[MEAN].near,
    contrast_readings.signed,
)
"""The mean of a score of which nobody said whether a high one is good."""
UNSIDED = Text(
    "计划没有写高分对本人有利还是不利（score_favourable），所以只说高低，不说对谁有利。",
    "The plan does not say whether a high score is good or bad for the person (score_favourable): what is "
    "told is higher or lower, not better or worse.",
)
HIGHER_IS_WORSE = Text(
    "这里的得分越高，对本人越不利。", "Here a higher score is worse for the person."
)
LIMIT = Text(
    "得分不同不等于受到不公平对待：两组人的条件可能不同；得分相同也不等于对每个人都公平。",
    "Different scores are not yet unfair treatment, since the groups' circumstances may differ; nor do alike scores mean that every single person is treated fairly.",
)
