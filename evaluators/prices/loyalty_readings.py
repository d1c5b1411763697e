"""The plain sentences of loyalty_dose_response."""

from collections.abc import Mapping

from evaluators.plan import Plan
from evaluators.policy import POLICY
from evaluators.prices.dose_response import Response
from evaluators.prices.price_family import Judged, Result
from evaluators.prices.price_lines import (
    EQUIVALENCE,
    LINE_TEXT,
    SERIOUS,
    cells,
    dearer,
    interval,
    percent,
    share,
    texts,
)
from evaluators.prices.price_readings import PROBLEMS as PRICE_PROBLEMS
from evaluators.prices.price_readings import SMALL_BUT_REAL, VERDICTS, concluded
from registry.findings import Verdict
from registry.language import Text

_RISE = share(POLICY.value("price_rise"))
RISE_LINE = Text(
    f"界线是随档位上升 {_RISE}，严重界线是 {share(SERIOUS)}，在 {share(EQUIVALENCE)} 以内为很小（均为本平台设定）。",
    f"The line is a rise of {_RISE} along the levels, the serious line {share(SERIOUS)}, and small means within "
    f"{share(EQUIVALENCE)} (all set by this platform).",
)
PROBLEMS: Mapping[str, Text] = {
    **PRICE_PROBLEMS,
    "unordered": Text(
        "这个特征的各档是文字，计划没有写明从低到高的顺序，所以无法评估；请在 order 里写明。",
        "The levels of this measure are words and the plan gives no order from low to high; name "
        "it under order.",
    ),
    "one_level": Text(
        "所有账号在这个特征上都一样（或都没有记录），没有高低可比，所以无法评估。",
        "All accounts are alike in this measure, or it is missing; there is nothing to compare.",
    ),
    "too_few_units": Text(
        "账号太少，分不出两档各有足够的账号，所以无法评估。",
        "There are too few accounts for two levels of the plan's minimum; not evaluable.",
    ),
    "absent": Text(
        "数据里没有这一列，所以无法评估。", "The data have no such column; not evaluable."
    ),
    "no_rows": Text(
        "窗口之内或之外没有可比的报价，所以无法评估。",
        "No quotes to compare inside or outside the window; not evaluable.",
    ),
}
OUTSIDE = Text("只看声明的新用户优惠窗口之外：", "Outside the declared new-user window only: ")
WINDOW_SIDES: Mapping[str, Text] = {
    "inside": Text("优惠窗口之内", "accounts inside the window"),
    "outside": Text("优惠窗口之外", "accounts outside the window"),
}
NOTHING = Text(
    "计划没有指明要看的忠诚度特征（例如注册时长、订单数、消费额、设备档次）。",
    "The plan names no measure of loyalty, such as tenure, orders, spend or device tier.",
)


def problem(measure: Text, word: str) -> Text:
    """Why a measure can't be evaluated."""
    why = PROBLEMS[word]
    return Text(f"“{measure.zh}”：{why.zh}", f"“{measure.en}”: {why.en}")


def reading(
    judged: Judged, response: Response, plan: Plan, measure: str, *, outside: bool
) -> Text:
    """What one finding says.

    Args:
        judged: the finding.
        response: the prices along the levels.
        plan: for the plain names.
        measure: the column.
        outside: whether those inside the declared window are left out.
    """
    said = _SENTENCES[judged.result.metric.removesuffix("_outside")](
        judged, response, plan, measure
    )
    head = (OUTSIDE,) if outside else ()
    if judged.result.problem == NOT_THROUGHOUT:
        return texts(*head, said, UNRISEN)
    line = RISE_LINE if judged.result.metric.startswith("loyalty_rise") else LINE_TEXT
    return texts(*head, said, ending(judged), line)


def ending(judged: Judged) -> Text:
    """What the verdict says; an inconclusive one says what would have been seen."""
    if falls(judged) and judged.verdict is Verdict.INCONCLUSIVE:
        return texts(FALLS, _GAP)
    if judged.small_but_real:
        return texts(SMALL_BUT_REAL, _GAP)
    if judged.verdict is Verdict.INCONCLUSIVE and judged.result.mde is not None:
        size = percent(judged.result.mde)
        return texts(
            VERDICTS[judged.verdict],
            Text(f"按这批数据的误差，差异要到 {size} 左右才看得出来。",
                 f" With errors like these a difference of about {size} would show. "),
        )  # fmt: skip
    found = judged.result
    passed = found.line.severity(found.low, found.high)
    return texts(concluded(judged.verdict, found.low, found.high, found.units, passed), _GAP)


_GAP = Text("", " ")
NOT_THROUGHOUT = "not_throughout"
"""The problem of a rise along levels that are shown to be in another order."""
UNRISEN = Text(
    "所以“随档位上升多少”这一条无法评估；最高一档与最低一档相比、以及趋势，另有结论。",
    "How far it rises along the levels is therefore not evaluable; the highest level against the lowest, and "
    "the trend, are concluded on their own.",
)
FALLS = Text(
    "这一条只问价格是否上升：没有上升，价格是下降的；下降多少，见最高一档与最低一档的比较和趋势。",
    "This asks only whether the price rises: it does not rise, it falls; how far, the comparison of the "
    "highest with the lowest level and the trend say.",
)


def falls(judged: Judged) -> bool:
    """Whether a rise was asked for and every bound of it lies below 0."""
    return falling(judged.result)


def falling(found: Result) -> bool:
    """The same of a result that is not judged yet."""
    return found.metric.startswith("loyalty_rise") and found.low < 0 >= found.high


def _rise(judged: Judged, response: Response, plan: Plan, measure: str) -> Text:
    name, levels = plan.plain(measure), _levels(response, plan, measure)
    found = judged.result
    held = _held(response, plan)
    size = percent(found.value or 0.0)
    span = interval(found.low, found.high)
    rise = Text(
        f"价格随档位上升 {size}{span.zh}", f"the price rises by {size} along the levels{span.en}"
    )
    if falls(judged):
        rise = Text("价格不随档位上升", "the price does not rise along the levels")
    elif found.problem == NOT_THROUGHOUT:
        rise = _not_throughout(response, plan, measure)
    return Text(
        f"账号按“{name.zh}”从低到高分为 {len(response.labels)} 档（{levels.zh}）。{held.zh}，{rise.zh}。",
        f"Accounts fall into {len(response.labels)} levels of “{name.en}” from low to high ({levels.en}). "
        f"{held.en}, {rise.en}. ",
    )


def _not_throughout(response: Response, plan: Plan, measure: str) -> Text:
    """Which level is dearest and which cheapest, where the price does not rise along them."""
    top, bottom = response.extremes
    high, low = (plan.plain_level(measure, response.labels[at]) for at in (top, bottom))
    apart = percent(float(response.effects[top] - response.effects[bottom]))
    return Text(
        f"价格并不是一路上升：“{high.zh}”这一档最高，比最低的“{low.zh}”高 {apart}",
        f"the price does not rise throughout: it is highest at {high.en}, {apart} above {low.en}, where it is lowest",
    )


def _contrast(judged: Judged, response: Response, plan: Plan, measure: str) -> Text:
    name, found = plan.plain(measure), judged.result
    high, low = (plan.plain_level(measure, v) for v in (found.group, found.reference))
    size, span, held = (
        dearer(found.value or 0.0),
        interval(found.low, found.high),
        _held(response, plan),
    )
    raw = Text("", "")
    if response.raw is not None:
        before = dearer(response.raw)
        raw = Text(f"（什么都不固定时{before.zh}）", f" (with nothing held fixed: {before.en})")
    return Text(
        f"{held.zh}，“{name.zh}”最高一档（{high.zh}，{found.n} 个账号）与最低一档（{low.zh}，{found.n_reference} 个账号）"
        f"相比，价格{size.zh}{span.zh}{raw.zh}。",
        f"{held.en}, accounts at the highest level of “{name.en}” ({high.en}, {found.n} accounts) against the lowest "
        f"({low.en}, {found.n_reference}): the price is {size.en}{span.en}{raw.en}. ",
    )


def _trend(judged: Judged, response: Response, plan: Plan, measure: str) -> Text:
    name, found = plan.plain(measure), judged.result
    chance, size = share(response.trend.superiority), dearer(found.value or 0.0)
    span = interval(found.low, found.high)
    return Text(
        f"任取“{name.zh}”不同档的两个账号，{chance} 的时候是档位高的价格高（50% 表示没有趋势）；"
        f"沿直线从最低档到最高档，价格{size.zh}{span.zh}。",
        f"Of two accounts at different levels of “{name.en}” the higher one is quoted more {chance} of the time "
        f"(50% is no trend); along a straight line from lowest to highest the price is {size.en}{span.en}. ",
    )


_SENTENCES = {"loyalty_rise": _rise, "loyalty_gap": _contrast, "loyalty_trend": _trend}


def _levels(response: Response, plan: Plan, measure: str) -> Text:
    named = [plan.plain_level(measure, label) for label in response.labels]
    return Text("、".join(n.zh for n in named), ", ".join(n.en for n in named))


def _held(response: Response, plan: Plan) -> Text:
    frame = response.frame
    parts: list[Text] = []
    if frame.effects:
        parts.append(cells(plan))
    if frame.factors:
        named = [plan.plain(name) for name in frame.factors]
        parts.append(Text("、".join(n.zh for n in named), ", ".join(n.en for n in named)))
    if not parts:
        return Text("没有固定任何条件", "With nothing held fixed")
    return Text(
        f"在{'、'.join(p.zh for p in parts)}相同时",
        f"With equal {' and '.join(p.en for p in parts)}",
    )


def window(judged: Judged, *, units: tuple[int, int]) -> Text:
    """What the declared new-user window itself shows: measured, and read as declared."""
    found = judged.result
    size, span = dearer(found.value or 0.0), interval(found.low, found.high)
    return texts(
        Text(
            f"声明的新用户优惠窗口之内的 {units[0]} 个账号与之外的 {units[1]} 个账号相比，价格{size.zh}{span.zh}。",
            f"The {units[0]} accounts inside the declared new-user window against the {units[1]} outside: the price is "
            f"{size.en}{span.en}. ",
        ),
        ending(judged),
        Text(
            "计划声明这是新用户优惠，这里按声明的理由来读；数字和结论照实列出，不因声明而改变。",
            "The plan declares this as a new-user offer and it is read as such; the numbers and the verdict "
            "stand as measured.",
        ),
    )  # fmt: skip


def limit(kind: str, *, clustered: bool) -> Text:
    """What a finding does not show."""
    parts = [
        Text(
            "这是观察到的差别，不是实验：没有记录的因素可能造成它，也可能掩盖它。以账号为单位，同一账号的报价不算独立。",
            "Observed, no experiment: what was not recorded may cause or hide it. The account is the unit; quotes "
            "to one account are not independent. ",
        )
    ]
    if kind == "purchases":
        parts.append(
            Text(
                "数据只有成交价：嫌贵没买的人不在其中，所以不能据此说差异很小。",
                "Only purchases are seen: those who found it too dear are missing, so it can't show that a "
                "difference is small. ",
            )
        )
    if not clustered:
        parts.append(Text("计划没有写明账号，每一行当作一个账号。",
                          "The plan names no account; every row is taken as one. "))  # fmt: skip
    return texts(*parts)
