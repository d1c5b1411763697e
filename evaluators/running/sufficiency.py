"""What a finding may claim on so many units: the one rule that every probe's findings pass.

A probe measures and judges; before its findings leave the engine (or are computed again from
published tables) each is held against the interval that is printed beside it, and against the least
number of units. Beside an interval that holds none nothing is a *difference*, and beside one that is
not wholly inside the margins nothing is *equivalent*: one interval gives all verdicts. Under the least number nothing is *equivalent*, whoever says so, and *disparity* stands only
on an exact or a permutation test; on a handful of accounts nothing is claimed at all, and what was
seen is described. Where everyone or nobody has the favourable decision, nothing that judges
decisions is evaluable. A plugin's findings pass here as ours do.
"""

import math
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from evaluators.judging import captions, counted, equivalence, findings, readings
from evaluators.plan import Plan
from evaluators.policy import POLICY
from evaluators.probe import FAVOURED, ProbeSpec
from registry.findings import Finding, Verdict, told, why
from registry.language import Text

DESCRIBED = int(POLICY.value("described_accounts"))
TESTED = int(POLICY.value("tested_accounts"))
ACCOUNTS = frozenset({"accounts", "pairs"})
EXACT = ("exact", "shuffled", "flipped", "permut", "random_assignment", "dealt_at_random")
"""Parts of the names of tests that hold their level on any number of units."""
OF_DECISIONS = frozenset({
    "noise_change_share", "noise_change_share_beyond_twin", "repeat_change_share", "replay_change_share",
})  # fmt: skip
"""Metrics about decisions, of probes that read them only where there are any."""
OF_TURNING = frozenset({
    "noise_change_share", "repeat_change_share", "replay_change_share", "text_swap_share",
    "text_swap", "robustness", "stability",
})  # fmt: skip
"""Metrics that ask whether a decision turns, and compare no groups."""
RIGHT = ("accuracy", "balanced_accuracy", "macro_f1")

UNITS: dict[str, tuple[Text, Text]] = {
    "people": (Text("{n} 人", "{n} people"), Text("{n} 人对 {n_reference} 人", "{n} people against {n_reference}")),
    "accounts": (Text("{n} 个账号", "{n} accounts"), Text("{n} 个账号对 {n_reference} 个账号", "{n} accounts against {n_reference}")),
    "pairs": (Text("{n} 对账号", "{n} pairs of accounts"), Text("{n} 对账号", "{n} pairs of accounts")),
    "items": (Text("{n} 件商品", "{n} items"), Text("{n} 件对 {n_reference} 件商品", "{n} items against {n_reference}")),
    "lists": (Text("{n} 份列表", "{n} lists"), Text("{n} 份对 {n_reference} 份列表", "{n} lists against {n_reference}")),
    "profiles": (Text("{n} 个试问的对象", "{n} profiles asked about"), Text("{n} 个试问的对象", "{n} profiles asked about")),
    "rows": (Text("{n} 行", "{n} rows"), Text("{n} 行对 {n_reference} 行", "{n} rows against {n_reference}")),
}  # fmt: skip
"""What units are called: on one side, and on both."""
PLAIN = Text(
    "{metric}：在这些数据里是 {value}{interval}。",
    "Over all, {metric}: {value} in these data{interval}.",
)
SEEN = Text(
    "按{feature}看，{metric}（{group}{against}）：在这些数据里是 {value}{interval}。",
    "By {feature}, {metric} ({group}{against}): {value} in these data{interval}.",
)
SEEN_AS: dict[str, Text] = {
    "clean_bill": Text(
        "价格差异超过“很小”的账号所占的比例",
        "the share of accounts with a price difference beyond what counts as small",
    ),
}
"""What the number of a metric is, where its name is a question that a verdict answers."""
AGAINST = Text("，与{reference}相比", " against {reference}")
BETWEEN = Text("（区间 {low} 至 {high}）", " (interval {low} to {high})")
COUNT = Text("这里只有 {units}", "There are only {units}")
EFFECTIVE = Text("（各自的行数或权重不等，折合成等权的数）", " (of equal weight: rows or weights are uneven)")  # fmt: skip
SECOND = Text("，第二种单位（如商品）{n} 个", ", and {n} units of the second kind (such as items)")
UNKNOWN = Text(
    "这项检验没有说明背后有多少个互相独立的对象",
    "The probe does not say how many independent units stand behind this",
)
NOT_SMALL = Text(
    "，少于 {least}：不能据此说差异很小，还不能下结论。",
    ", fewer than {least}: that does not show that the difference is small. Inconclusive.",
)
NOT_BEYOND = Text(
    "，少于 {least}：这样少的数目，只有精确检验或置换检验才能说明差异超过界线。",
    ", fewer than {least}: on so few only an exact or a permutation test shows that a difference "
    "exceeds the line.",
)
ONLY_DIFFERENCE = Text(
    "，少于 {least}。数据显出有差异；不能据此说它大于或小于界线。",
    ", fewer than {least}. The data show a difference; they do not show on which side of the line.",
)
FEW = Text(
    "背后只有 {units}，少于 {least}。", "Behind this stand only {units}, fewer than {least}."
)
DESCRIPTION = Text(
    "，少于 {least}：只描述看到的情况，不就这一特征下结论。",
    ", fewer than {least}: this describes what was seen; nothing is concluded about the feature.",
)
EVERYONE = Text(
    "在这份数据里，有决定的 {rows} 行全部得到有利结果，没有一行例外，所以这项检验无法评估：人人相同的决定说明不了{what}。请先核对计划里的 favourable 和 cut。",
    "All {rows} rows with a decision got the favourable result, without exception, so this cannot "
    "be evaluated: a decision that is the same for everyone does not show {what}. "
    "Check `favourable` and `cut` in the plan first.",
)
NOBODY = Text(
    "在这份数据里，有决定的 {rows} 行没有一行得到有利结果，所以这项检验无法评估：人人相同的决定说明不了{what}。请先核对计划里的 favourable 和 cut。",
    "None of the {rows} rows with a decision got the favourable result, so this cannot be "
    "evaluated: a decision that is the same for everyone does not show {what}. "
    "Check `favourable` and `cut` in the plan first.",
)
OF_GROUPS = Text("各组是否受到同样对待", "how groups are treated")
OF_SKILL = Text(
    "模型分不分得清（答对的比例就是这种结果在数据里的比例）",
    "whether the model tells cases apart (it is right as often as that outcome occurs in the data)",
)
OF_CHANGE = Text(
    "结果会不会随这样的改动或再问一遍而变",
    "whether an answer turns with such a change, or when asked again",
)
OPEN = Text("还不能下结论。", "Inconclusive.")
BARE: dict[str, Any] = {
    "ci": None, "test": None, "p_value": None, "p_adjusted": None, "adjustment": None,
    "equivalence": None, "mde": None, "severity": None,
}  # fmt: skip


def judged(
    finding: Finding, spec: ProbeSpec, plan: Plan, decided: tuple[int, int] | None
) -> Finding:
    """The finding with the verdict that its units allow, and with what they are.

    Args:
        finding: as the probe made it.
        spec: of the probe.
        plan: for plain names, and whether rows are units.
        decided: rows with another decision and with the favourable one; None where unknown.
    """
    held = _by_interval(_allowed(finding, spec, plan, decided), plan)
    return counted.opened(held, plan.content)


def _by_interval(finding: Finding, plan: Plan) -> Finding:
    """The finding with the verdict of its interval.

    Beside one that holds none there is no difference, beside one that reaches over a margin nothing
    is small. A probe judges by `verdicts.judge`, which says so itself; whoever does not is held to it here, so
    that a report carries from the first the verdict that every reader is told.
    """
    content = finding.as_json()
    verdict, apart = told(content), why(content)
    if verdict is finding.verdict or apart is None:
        return finding
    said = readings.joined(seen(finding, plan), OPEN, apart)
    return replace(finding, verdict=verdict, severity=None, reading=said.as_json())


def _allowed(
    finding: Finding, spec: ProbeSpec, plan: Plan, decided: tuple[int, int] | None
) -> Finding:
    if decided is not None and 0 in decided and _of_decisions(finding, spec):
        return _constant(finding, *decided)
    if finding.verdict is Verdict.NOT_EVALUABLE:
        return finding
    units = _sound(finding) if finding.units is not None else _default(finding, plan)
    if units is None:
        finding = replace(finding, units=None)
        if finding.verdict is Verdict.EQUIVALENT:
            said = readings.joined(seen(finding, plan), _ended(UNKNOWN, NOT_SMALL, "people"))
            return replace(finding, verdict=Verdict.INCONCLUSIVE, reading=said.as_json())
        return finding
    finding = replace(finding, units=units)
    ends = [float(units[side]) for side in ("n", "n_reference") if units.get(side) is not None]
    accounts = min(ends, default=0.0)
    if units["of"] in ACCOUNTS and accounts < DESCRIBED:
        return _described(finding, plan, accounts)
    if not equivalence.enough(findings.sides(units)):
        finding = _on_few(finding, plan)
    band = _band(finding, plan)
    return replace(finding, units={**units, **({} if band is None else {"at_least": band})})


def _sound(finding: Finding) -> dict[str, Any] | None:
    """The units a probe states, never more than its denominators; None where it makes no sense."""
    stated: Mapping[str, Any] = finding.units or {}
    numbers = [stated[name] for name in findings.SIDES if stated.get(name) is not None]
    fit = all(isinstance(n, int | float) and math.isfinite(n) and n >= 0 for n in numbers)
    if not fit or stated.get("n") is None or stated.get("of") not in UNITS:
        return None
    most = {"n": finding.n, "n_reference": finding.n_reference}
    return {name: min(each, most[name]) if most.get(name) is not None and each is not None else each
            for name, each in stated.items()}  # fmt: skip


def _band(finding: Finding, plan: Plan) -> int | None:
    """So many units the verdict itself says there are; stating them gives nothing away.

    None where the smaller side does not reach them: rows in plenty may stand for few units.
    """
    units: Mapping[str, Any] = finding.units or {}
    implied = DESCRIBED if str(units["of"]) in ACCOUNTS else plan.min_n
    if finding.verdict is Verdict.EQUIVALENT:
        implied = equivalence.MIN_UNITS
    return implied if min(findings.sides(units), default=0) >= implied else None


def _default(finding: Finding, plan: Plan) -> dict[str, Any] | None:
    """Of a probe that does not say: its denominators, where every row is a unit of its own."""
    columns = plan.columns
    if columns.unit or columns.user or columns.weight or finding.n is None:
        return None
    return findings.units("rows", finding.n, finding.n_reference)


def _of_decisions(finding: Finding, spec: ProbeSpec) -> bool:
    """Whether a finding judges the plan's decisions, and not only some other outcome."""
    if finding.details.get("changed"):  # it does vary, with what was changed
        return False
    if finding.metric in OF_DECISIONS:
        return True
    if FAVOURED in spec.welcome and finding.metric.removesuffix("_by_group") in RIGHT:
        return finding.details.get("task") == "binary"
    model = finding.details.get("model") or {}
    return FAVOURED in spec.derived and not model.get("outcome")


def _constant(finding: Finding, refused: int, favoured: int) -> Finding:
    """What can be said where everyone or nobody has the favourable decision.

    No number of a group stays, so that the sentence need not be withheld with them.
    """
    what = OF_SKILL if finding.metric in RIGHT else OF_GROUPS
    if finding.metric.removesuffix("_beyond_twin") in OF_TURNING:
        what = OF_CHANGE
    said = (EVERYONE if favoured else NOBODY).format(rows=f"{refused + favoured:,}", what=what)
    return replace(
        finding, **BARE, verdict=Verdict.NOT_EVALUABLE, estimate=None, reference_estimate=None,
        n=None, n_reference=None, units=None, details={},
        effect={"kind": finding.effect.get("kind", "none"), "value": None},
        reading=said.as_json(),
    )  # fmt: skip


def _described(finding: Finding, plan: Plan, fewest: float) -> Finding:
    """A handful of accounts: what was seen, and no claim; of still fewer no p either."""
    bare = {**BARE}
    if fewest >= TESTED:
        del bare["p_value"], bare["test"]
    said = readings.joined(
        seen(replace(finding, ci=None), plan),
        _ended(_count(finding), DESCRIPTION, str((finding.units or {})["of"]), DESCRIBED),
    )
    return replace(finding, **bare, verdict=Verdict.NOT_EVALUABLE, reading=said.as_json())


def _on_few(finding: Finding, plan: Plan) -> Finding:
    """Under the least number of units."""
    of = str((finding.units or {})["of"])
    if finding.ci is not None and _flat(finding):
        finding = replace(finding, ci=None)  # no spread was seen, which is no precision
    if finding.verdict is not Verdict.EQUIVALENT and (
        finding.verdict is not Verdict.DISPARITY or _exact(finding)
    ):
        also = FEW.format(
            units=_units(finding), least=counted.UNITS[of].format(n=equivalence.MIN_UNITS)
        )
        return replace(finding, reading=readings.joined(_read(finding), also).as_json())
    if finding.verdict is Verdict.EQUIVALENT:
        verdict, ending = Verdict.INCONCLUSIVE, NOT_SMALL
    elif finding.p_adjusted is not None and finding.p_adjusted < plan.alpha:
        verdict, ending = Verdict.DIFFERENCE, ONLY_DIFFERENCE
    else:
        verdict, ending = Verdict.INCONCLUSIVE, NOT_BEYOND
    said = readings.joined(seen(finding, plan), _ended(_count(finding), ending, of))
    return replace(finding, verdict=verdict, severity=None, reading=said.as_json())


def _read(finding: Finding) -> Text:
    return Text(finding.reading["zh"], finding.reading["en"])


def _exact(finding: Finding) -> bool:
    """Whether its test holds its level on any number of units, or its value is a plain fact."""
    if finding.test is None:
        return finding.p_value is None
    name = str(finding.test.get("name"))
    return any(part in name for part in EXACT)


def _flat(finding: Finding) -> bool:
    """Whether an interval has no width."""
    low, high = _ends(finding)
    return math.isfinite(high - low) and high - low <= 1e-12 * max(1.0, abs(low))


def _ends(finding: Finding) -> tuple[float, float]:
    """The ends of its interval; infinite where they are open or there is none."""
    ci = finding.ci or {}
    low, high = ci.get("low"), ci.get("high")
    return -math.inf if low is None else float(low), math.inf if high is None else float(high)


def seen(finding: Finding, plan: Plan) -> Text:
    """The measured number, without a judgement.

    Args:
        finding: any with a value.
        plan: for plain names.
    """
    content, about = finding.as_json(), plan.content
    value, kind = finding.effect.get("value"), captions.scale(content)
    if value is None:
        return Text("", "")
    against, interval = captions.reference(content, about), Text("", "")
    ends = _ends(finding)
    if all(map(math.isfinite, ends)):
        low, high = (captions.amount(end, kind) for end in ends)
        interval = BETWEEN.format(low=low, high=high)
    features = readings.listed([captions.column(about, name) for name in finding.slice])
    return (SEEN if finding.slice else PLAIN).format(
        feature=features, metric=SEEN_AS.get(finding.metric) or captions.measured(content, about), group=captions.group(content, about),
        against=AGAINST.format(reference=against) if against.zh else Text("", ""),
        value=captions.amount(float(value), kind), interval=interval,
    )  # fmt: skip


def _ended(opening: Text, ending: Text, of: str, least: int = equivalence.MIN_UNITS) -> Text:
    return readings.attached(opening, ending.format(least=counted.UNITS[of].format(n=least)))


def _count(finding: Finding) -> Text:
    """How many there are."""
    return COUNT.format(units=_units(finding))


def _units(finding: Finding) -> Text:
    """How many units there are on each side, in words; effective numbers are said to be so."""
    units: Mapping[str, Any] = finding.units or {}
    both = units.get("n_reference") is not None
    shown = {name: f"{math.floor(float(units[name])):,}" for name in ("n", "n_reference")
             if units.get(name) is not None}  # fmt: skip
    said = UNITS[str(units["of"])][both].format(**shown)
    if units.get("second") is not None:
        said = readings.attached(said, SECOND.format(n=f"{math.floor(units['second']):,}"))
    uneven = any(float(n) % 1 for n in findings.sides(units))
    return readings.attached(said, EFFECTIVE) if uneven else said
