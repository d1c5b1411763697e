"""Error parity: does the model err against every group about as often, and in the same way?"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import pyarrow as pa

from evaluators.accumulating.accumulators import Cells, truth
from evaluators.designs.nulls import decision_nulls, error_planted
from evaluators.judging import findings, rates, readings, verdicts
from evaluators.judging.findings import draft, not_evaluable
from evaluators.judging.parity import (
    ARTICLES,
    Counting,
    NoOptions,
    RateDetails,
    declared,
    details,
    groups,
    missing_share,
    no_reference,
    published,
    unpublished,
)
from evaluators.judging.rates import Comparison, Group, Lines
from evaluators.plan import Plan
from evaluators.policy import POLICY
from evaluators.probe import (
    DESERVED,
    FAVOURED,
    UNIT,
    WEIGHT,
    NullDesign,
    ProbeSpec,
    Run,
    Share,
    State,
    Table,
)
from evaluators.statistics import intervals
from evaluators.statistics.intervals import Interval
from registry.findings import Finding, Verdict
from registry.language import Text

PEOPLE = ("tp", "fp", "fn", "tn")
ODDS_OF = frozenset({"false_negative_rate", "false_positive_rate"})
MOST_PAIRED = 200
"""Groups that are compared in pairs: 19,900 pairs take seconds, those of thousands take hours."""


@dataclass(frozen=True, slots=True)
class ErrorRate:
    """One conditional rate of errors.

    Args:
        metric: Fairlearn's and the field's name.
        wrong: the count of errors.
        among: the counts that make up its denominator, and no others.
        complement: the rate that says the same the other way round; it is not tested again.
        outcome: how to say it when the target is an outcome.
        agreement: how to say it when the target is a human decision.
    """

    metric: str
    wrong: str
    among: tuple[str, str]
    complement: str
    outcome: Text
    agreement: Text


ERROR_RATES = (
    ErrorRate(
        "false_negative_rate", "fn", ("fn", "tp"), "true_positive_rate",
        Text("该得到有利结果的人里，被拒绝（错误拒绝）", "were refused, among those who deserved the favourable result (wrongly refused)"),
        Text("人工给了有利结果的人里，模型拒绝", "were refused by the model, among those whom a person favoured"),
    ),
    ErrorRate(
        "false_positive_rate", "fp", ("fp", "tn"), "true_negative_rate",
        Text("不该得到有利结果的人里，得到了有利结果（错误给予）", "got the favourable result, among those who did not deserve it (wrongly granted)"),
        Text("人工拒绝的人里，模型给了有利结果", "got the favourable result from the model, among those whom a person refused"),
    ),
    ErrorRate(
        "false_discovery_rate", "fp", ("tp", "fp"), "positive_predictive_value",
        Text("得到有利结果的人里，其实不该得到", "got the favourable result without deserving it, among those who got it"),
        Text("模型给了有利结果的人里，人工拒绝", "were refused by a person, among those the model favoured"),
    ),
    ErrorRate(
        "false_omission_rate", "fn", ("fn", "tn"), "negative_predictive_value",
        Text("被拒绝的人里，其实该得到有利结果", "deserved the favourable result, among those who were refused"),
        Text("模型拒绝的人里，人工给了有利结果", "had the favourable result from a person, among those the model refused"),
    ),
)  # fmt: skip


def error_lines() -> Lines:
    """The lines of error rates, from the policy file: either breach is reported."""
    value = POLICY.value
    return Lines(
        ratio=(value("error_ratio_low"), value("error_ratio_high")),
        difference=value("error_difference"),
        equivalence=(value("rate_equivalence_low"), value("rate_equivalence_high")),
        source=POLICY.source("error_difference"),
    )


def share(rate: ErrorRate) -> Share:
    """What an error rate counts."""
    return Share(frozenset({rate.wrong}), frozenset(rate.among), POLICY.value("error_difference"))


class ErrorParity(Counting):
    """Does the model err against every group about as often, and in the same way?

    Errors are named for the person: wrongly refused (deserved, denied; FNR), wrongly granted
    (FPR), and seen from the decision FDR and FOR. Every rate has its own denominator: FNR counts
    only those who deserved, FPR only those who did not. Complements (TPR, TNR, PPV, NPV) say the
    same and are not tested again. A rate without a denominator does not exist; it is never 0.
    Equalised odds (Hardt, Price, Srebro 2016) is the larger gap of FNR and FPR over all pairs.
    """

    measures = PEOPLE
    counts = True
    spec = ProbeSpec(
        id="error_parity",
        version="1.0.0",
        task="decision",
        state=State.CELLS,
        roles=("sensitive", "target"),
        optional=("unit", "weight"),
        welcome=(WEIGHT,),
        derived=(FAVOURED, DESERVED, UNIT),
        options=NoOptions,
        details=RateDetails,
        legal_refs=ARTICLES,
        question=Text(
            "模型对各组人出错的比例相近吗？",
            "Does the model err against every group about as often?",
        ),
    )

    def marks(self, batch: pa.RecordBatch) -> list[Any]:
        granted, due = truth(batch[FAVOURED]), truth(batch[DESERVED])
        return [
            (granted == 1) & (due == 1),
            (granted == 1) & (due == 0),
            (granted == 0) & (due == 1),
            (granted == 0) & (due == 0),
        ]

    def share(self, plan: Plan, metric: str) -> Share | None:  # noqa: ARG002
        """The errors of a kind among those who could have met it; of several rates there is none."""
        for rate in ERROR_RATES:
            if rate.metric == metric:
                return share(rate)
        return None

    def extract_findings(self, acc: Cells, plan: Plan, run: Run) -> list[Finding]:
        return [
            f for name in plan.columns.sensitive for f in self._attribute(acc, name, plan, run)
        ]

    def _attribute(self, acc: Cells, attribute: str, plan: Plan, run: Run) -> Iterator[Finding]:
        named = declared(plan, attribute)
        every = [groups(acc, attribute, rate.wrong, rate.among) for rate in ERROR_RATES]
        crowded = any(len(_enough(each, plan)) > MOST_PAIRED for each in every)
        # Equalised odds are a matter of all pairs, whatever group the rates are held against.
        against_one = [
            named if crowded or rate.metric not in ODDS_OF else None for rate in ERROR_RATES
        ]
        families = list(zip(every, against_one, strict=True))
        size = sum(rates.family_size(found, one, plan) for found, one in families) * run.plans
        pairs = rates.adjusted(families, plan, run.plans)
        say = _Sayer(self.spec, attribute, plan, run, missing_share(acc, attribute, PEOPLE))
        untold = run.untold.get(attribute, ())
        odds: list[_Gap] = []
        silent, small = crowded, set[str]()
        for rate, found, adjusted in zip(ERROR_RATES, every, pairs, strict=True):
            if rate.metric in ODDS_OF and not crowded:
                gaps = _all_pairs(found, plan, size, adjusted)
                odds, silent = odds + gaps, silent or not gaps
                small |= {group.name for group in found if not group.enough(plan)}
            against = rates.reference(found, named, plan, high=False, untold=untold)
            if against is None or len(found) < 2:
                yield no_reference(self.spec, rate.metric, attribute, plan, say.limit)
                continue
            made = rates.compare(found, against, error_lines(), plan, family=size, pairs=adjusted)
            everyone = rates.together(found)
            yield from (say.one(rate, comparison, everyone) for comparison in made)
        why = TOO_MANY if crowded else say.no_odds
        yield say.odds([] if silent else odds, size, why=why, small=len(small))

    def public(self, acc: Cells, plan: Plan) -> Sequence[Table]:
        return published(acc, plan, self.spec.id, counts=PEOPLE, people=lambda row: row)

    def recompute(self, tables: Sequence[Table], plan: Plan, run: Run) -> list[Finding]:
        found: list[Finding] = []
        for table in () if plan.columns.weight else tables:  # published counts have no weights
            if len(table.keys) == 1:
                acc = unpublished(table, PEOPLE, lambda row: row)
                found += self._attribute(acc, table.keys[0], plan, run)
        return found

    @classmethod
    def nulls(cls) -> Mapping[str, NullDesign]:
        return decision_nulls(cls.spec.id)

    @classmethod
    def planted(cls) -> Mapping[str, NullDesign]:
        return error_planted()


def _enough(found: Sequence[Group], plan: Plan) -> list[Group]:
    """The groups with a sufficient denominator."""
    return [group for group in found if group.enough(plan)]


@dataclass(frozen=True, slots=True)
class _Gap:
    """How far one rate of two groups is apart.

    Args:
        first, second: the groups.
        value: first less second.
        ci: of the difference, simultaneous over the family.
        p_value, p_adjusted: that both rates are equal.
    """

    first: Group
    second: Group
    value: float
    ci: Interval
    p_value: float
    p_adjusted: float


def _all_pairs(
    found: Sequence[Group], plan: Plan, size: int, adjusted: Mapping[tuple[str, str], float]
) -> list[_Gap]:
    """Every pair of groups with sufficient denominators, each once; two rates of 0 are 0 apart."""
    level, made = 1 - plan.alpha / max(1, size), list[_Gap]()
    for second, first in combinations(_enough(found, plan), 2):
        ci = intervals.newcombe(*first.effective(), *second.effective(), level)
        if ci is None:
            continue
        made.append(
            _Gap(
                first,
                second,
                (first.rate or 0.0) - (second.rate or 0.0),
                ci,
                rates.two_groups(first, second).p_value,
                adjusted[rates.pair(first.name, second.name)],
            )
        )
    return made


@dataclass(frozen=True, slots=True)
class _Sayer:
    """Puts the comparisons of one attribute into findings."""

    spec: ProbeSpec
    attribute: str
    plan: Plan
    run: Run
    missing: float | None

    @property
    def limit(self) -> Text:
        """What the numbers do not show."""
        said = LIMIT if self.plan.target_kind == "outcome" else LIMIT_AGREEMENT
        return readings.joined(said, readings.frame(self.plan), readings.weighted(self.plan))

    @property
    def family(self) -> str:
        """The family's id."""
        return f"{self.spec.id}/{self.attribute}"

    def one(self, rate: ErrorRate, found: Comparison, everyone: Group) -> Finding:
        """The finding of one error rate of one group."""
        what = rate.outcome if self.plan.target_kind == "outcome" else rate.agreement
        lead = Text(LEAD.zh.replace("{what}", what.zh), LEAD.en.replace("{what}", what.en))
        extra = details(found, everyone, chosen=self.chosen(), missing=self.missing)
        return draft(
            self.spec,
            rate.metric,
            slice_={self.attribute: found.group.name},
            verdict=found.verdict,
            reading=readings.comparison(
                found, error_lines(), self.plan, lead, slice_={self.attribute: found.group.name}
            ),
            limit=self.limit,
            details={**extra, **_complement(rate, found), "wording": self.wording()},
            **rates.numbers(found, lines=error_lines(), family=self.family),
        )

    @property
    def no_odds(self) -> Text:
        """Why nothing is said of both error rates together."""
        return NO_ODDS if self.plan.target_kind == "outcome" else NO_ODDS_AGREEMENT

    def chosen(self) -> str:
        """How the reference came about."""
        return "declared" if declared(self.plan, self.attribute) else "fewest_errors"

    def wording(self) -> str:
        """Errors against an outcome; agreement with a human decision."""
        return "error" if self.plan.target_kind == "outcome" else "agreement"

    def odds(self, able: Sequence[_Gap], size: int, *, why: Text, small: int) -> Finding:
        """The finding of equalised odds: the larger gap, and simultaneous bounds on it.

        Args:
            able: every pair of both rates; empty where one of them has none.
            size: of the family.
            why: nothing is said, where there is no pair.
            small: groups without enough people for one of the rates.
        """
        metrics = "equalized_odds_difference"
        kinds = {gap.first.name for gap in able} | {gap.second.name for gap in able}
        if not able:
            return not_evaluable(
                self.spec, metrics, slice_={self.attribute: "*"}, why=why, limit=self.limit
            )
        gap = max(abs(each.value) for each in able)
        ends = max(_inner(each.ci) for each in able), max(_outer(each.ci) for each in able)
        p = min(each.p_adjusted for each in able)
        low, high = verdicts.reached(ends, p, self.plan.alpha)
        raw = min(each.p_value for each in able)
        line = POLICY.value("error_difference")
        verdict = verdicts.judge(
            evaluable=True, beyond=low > line, equivalent=False, p_adjusted=p,
            alpha=self.plan.alpha, spanned=verdicts.spans((low, high)),
        )  # fmt: skip
        values = {"groups": len(kinds), "gap": readings.percent(gap), "line": readings.percent(line),
                  "low": readings.percent(low), "high": readings.percent(high)}  # fmt: skip
        ci = Interval(low, high, able[0].ci.level, "max_of_newcombe")
        left = NOT_COUNTED if small else Text("", "")
        said = ODDS if self.plan.target_kind == "outcome" else ODDS_AGREEMENT
        return draft(
            self.spec,
            metrics,
            slice_={self.attribute: "*"},
            verdict=verdict,
            reading=readings.joined(
                said.format(**values), ODDS_END[verdict].format(**values), left.format(small=small)
            ),
            limit=self.limit,
            n=sum(each.first.n for each in able),
            units=findings.units(
                "people", min(min(rates.sides(each.first, each.second)) for each in able)
            ),
            estimate=gap,
            effect={"kind": "difference", "value": gap},
            ci=ci.as_json(simultaneous=True),
            p_value=raw,
            p_adjusted=p,
            adjustment="holm_minimum",
            family={"id": self.family, "size": size},
            threshold={
                "value": line,
                "rule": f"difference > {line:g}",
                "source": POLICY.source("error_difference"),
            },
            details={"wording": self.wording(), "reference_chosen": self.chosen()},
        )


def _complement(rate: ErrorRate, found: Comparison) -> dict[str, Any]:
    own, other = found.group.rate, found.reference.rate
    return {
        "complement": {
            "metric": rate.complement,
            "estimate": None if own is None else 1 - own,
            "reference_estimate": None if other is None else 1 - other,
        }
    }


def _inner(ci: Interval) -> float:
    """The least size of a difference that the interval leaves possible."""
    return max(0.0, ci.low, -ci.high)


def _outer(ci: Interval) -> float:
    """The greatest."""
    return max(abs(ci.low), abs(ci.high))


LEAD = Text(
    "{attribute}为“{group}”的人：{what}的占 {rate}（{counted}）；“{reference}”占 "
    "{rate_reference}（{counted_reference}）。",
    "People with {attribute} '{group}': {rate} ({counted}) {what}; "
    "with '{reference}' {rate_reference} ({counted_reference}).",
)
LIMIT = Text(
    "对错以数据里的结果为准；如果那些结果本身受过不公平的影响，这里看不出来。",
    "Right and wrong follow the outcomes in the data; unfairness that shaped those outcomes does "
    "not show here.",
)
LIMIT_AGREEMENT = Text(
    "数据里的“结果”是人作的决定，所以这里说的是模型与人是否一致，不是模型对不对。",
    "The target is a human decision, so this is about agreement with people, not about error.",
)
TOO_MANY = Text(
    f"组数超过 {MOST_PAIRED}，没有逐对比较；请把小组合并成另一列再比。",
    f"There are more than {MOST_PAIRED} groups, too many to compare in pairs; join small ones in "
    "another column.",
)
NOT_COUNTED = Text(
    "另有 {small} 组的人不够算其中一种比例，没有算进去；它们可能相差更大。",
    "Groups with too few people for one of the rates, not counted: {small}; they may be further apart.",
)
NO_ODDS_AGREEMENT = Text(
    "有的组没有足够的人来算模型与人工不一致的两种比例，或比例没有定义，这一项不作判断。",
    "Some group's rate of one of the two disagreements of the model with people rests on too few "
    "people or has no defined ratio; nothing is said about both together.",
)
NO_ODDS = Text(
    "有的组没有足够的人来算错误拒绝率或错误给予率，或比例没有定义，这一项不作判断。",
    "Some group's rate of wrongly refused or wrongly granted rests on too few people or has no "
    "defined ratio; nothing is "
    "said about both together.",
)
ODDS = Text(
    "{groups} 组相比，错误拒绝率和错误给予率在这些数据里相差最大的一处是 {gap}（区间 {low}–{high}）。",
    "Over {groups} groups, the rates of wrongly refused and wrongly granted are {gap} "
    "apart in these data where they are furthest apart (interval {low}–{high}).",
)
ODDS_AGREEMENT = Text(
    "{groups} 组相比，模型与人工不一致的两种比例（人工同意而模型拒绝的，人工拒绝而模型同意的）在这些数据里相差最大的一处是 {gap}（区间 {low}–{high}）。",
    "Over {groups} groups, the two rates of disagreement with people (favoured by a person and "
    "refused by the model; refused by a person and favoured by the model) are {gap} apart in these "
    "data where they are furthest apart (interval {low}–{high}).",
)
ODDS_END: dict[Verdict, Text] = {
    Verdict.DISPARITY: Text(
        "整个区间都超过 {line}：差异超过界线。",
        "The whole interval exceeds {line}: beyond the line.",
    ),
    Verdict.DIFFERENCE: readings.DIFFERS,
    Verdict.INCONCLUSIVE: Text("还不能下结论。", "Inconclusive."),
}
