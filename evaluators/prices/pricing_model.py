"""A submitted model's answers to designed profiles, read as facts about that file.

Nothing here is random: the exact sizes are held against the lines, and shares are described over
the rows the plan names. The clean bill needs three things at once (evaluation.md, section 3,
rule 7): means within the margin, the upper bound of the share of pairs beyond it, and both again
in every registered group.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import combinations, product
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from evaluators.judging.findings import draft, not_evaluable, units
from evaluators.plan import Plan
from evaluators.policy import POLICY
from evaluators.prices import price_readings, quotes
from evaluators.prices.price_lines import EQUIVALENCE, SAME, severity, threshold
from evaluators.prices.price_spread import (
    Spread,
    bill,
    describe,
    exact_verdict,
    pairs_needed,
)
from evaluators.prices.pricing_design import (
    BASE,
    TWIN,
    CounterfactualDetails,
    Design,
    Feature,
    corner,
    one,
)
from evaluators.probe import ProbeSpec, Run, answer
from evaluators.statistics.permutation import Codes
from evaluators.statistics.regression import Floats
from registry.findings import Finding, Verdict
from registry.language import Text

MOST_ITEMS = 20  # of the items, those that differ most are listed
PAIRWISE = ("price_gap", "bundle_gap")  # two whole profiles are compared


@dataclass(frozen=True, slots=True)
class Gap:
    """One comparison of two profiles, over all rows.

    Args:
        metric: the finding's metric.
        slice: what was changed.
        group, reference: how the two profiles are called.
        ratios: one log-ratio per row.
        more: further numbers.
        span: of a range, per row its dearest against its cheapest quote: never below 0, so it is
            described and held against no line.
    """

    metric: str
    slice: Mapping[str, str]
    group: str
    reference: str
    ratios: Floats
    more: Mapping[str, Any] = field(default_factory=dict)
    span: Floats | None = None


@dataclass(frozen=True, slots=True)
class Answers:
    """The log prices a model gave.

    Args:
        logs: question → one log price per row.
        unit: the unit that each row belongs to, and how many there are.
        groups: registered attribute=level → the marks of its rows.
        twin: the share of A/A twins with any difference.
        unpriced: rows with a price of zero or below in any answer.
        sampled: whether only a sample of the rows was asked about.
        items: the item of each row, where the plan names one.
    """

    logs: Mapping[str, Floats]
    unit: Codes
    units: int
    groups: Mapping[str, quotes.Mask]
    twin: float
    unpriced: int
    sampled: bool
    items: quotes.Levels | None = None


def findings(
    spec: ProbeSpec, rows: pa.Table, design: Design, *, plan: Plan, run: Run, named: Sequence[str]
) -> list[Finding]:
    """All findings on a model's answers.

    Args:
        spec: the probe's.
        rows: the rows with their answers, in canonical order.
        design: the profiles asked about.
        plan: the plan.
        run: the run.
        named: every feature the plan wants varied, those that are no inputs included.
    """
    found = [_not_an_input(spec, name, plan) for name in named if _unasked(name, design)]
    if not design.features or not rows.num_rows or answer(BASE) not in rows.schema.names:
        return [*found, price_readings.nothing_varied(spec)]
    answers = read(rows, design, plan)
    problem = _problem(answers, run)
    gaps = gaps_of(answers.logs, design)
    found += [_finding(spec, gap, answers, plan=plan, run=run, problem=problem) for gap in gaps]
    return [*found, _clean_bill(spec, gaps, answers, plan=plan, run=run, problem=problem)]


def _unasked(name: str, design: Design) -> bool:
    return name not in {feature.name for feature in design.features}


def _not_an_input(spec: ProbeSpec, name: str, plan: Plan) -> Finding:
    why = price_readings.unvaried(plan.plain(name), is_input=name in plan.columns.inputs)
    return not_evaluable(
        spec, "price_gap", slice_={name: ""}, why=why,
        limit=price_readings.OTHER_WAYS,
        details=_details(
            spread=None, answers=None, run=None, groups={}, problem="not_an_input", more={}
        ),
    )  # fmt: skip


def read(rows: pa.Table, design: Design, plan: Plan) -> Answers:
    """The answers to a design, and the registered groups of the rows that were asked about."""
    everyone = rows.num_rows
    rows = rows.filter(pc.is_valid(rows.column(answer(BASE))))
    prices = {
        key: quotes.numbers(rows.column(answer(key)))
        for key in design.profiles()
        if answer(key) in rows.schema.names
    }
    sound = np.all([np.isfinite(p) & (p > 0) for p in prices.values()], axis=0)
    logs = {key: np.log(price[sound]) for key, price in prices.items()}
    kept = rows.filter(pa.array(sound))
    groups: dict[str, quotes.Mask] = {}
    for name in plan.columns.sensitive:
        if (
            quotes.is_number(kept.column(name))
            and len(np.unique(quotes.numbers(kept.column(name)))) > 2
        ):
            continue  # a number is not a registered group
        found = quotes.levels(kept.column(name))
        for place, level in enumerate(found.names):
            groups[f"{name}={level}"] = found.codes == place
    twin = np.abs(logs[TWIN] - logs[BASE]) > SAME
    unit = quotes.units(kept, "mingsuan:unit")
    return Answers(
        logs=logs,
        unit=unit,
        units=int(unit.max(initial=-1)) + 1,
        groups=groups,
        twin=float(twin.mean()) if len(twin) else 0.0,
        unpriced=int((~sound).sum()),
        sampled=rows.num_rows < everyone,
        items=quotes.levels(kept.column(plan.columns.item)) if plan.columns.item else None,
    )


def _problem(answers: Answers, run: Run) -> str | None:
    if answers.unpriced:
        return "unpriced"
    if run.oracle.deterministic is False or answers.twin > 0:
        return "not_deterministic"
    return "batch" if run.oracle.batch_stable is False else None


def gaps_of(logs: Mapping[str, Floats], design: Design) -> list[Gap]:
    """Every comparison of the design: one at a time, bundles, factorial."""
    found: list[Gap] = []
    for feature in design.features:
        found += _one_at_a_time(logs, feature)
    for bundle in design.bundles:
        ratios = logs[f"bundle:{bundle.name}:profile"] - logs[f"bundle:{bundle.name}:against"]
        more = {"profile": dict(bundle.profile), "against": dict(bundle.against)}
        found.append(
            Gap("bundle_gap", {"bundle": bundle.name}, bundle.name, "against", ratios, more)
        )
    if len(design.factors) > 1:
        found += _factorial(logs, design.factors)
    return found


def _one_at_a_time(logs: Mapping[str, Floats], feature: Feature) -> list[Gap]:
    tried = np.stack([logs[one(feature.name, i)] for i in range(len(feature.values))])
    found = [
        Gap(
            "price_gap",
            {feature.name: feature.labels[place]},
            feature.labels[place],
            feature.labels[0],
            tried[place] - tried[0],
            {"value": feature.values[place], "reference_value": feature.values[0],
             "levels_left_out": feature.left_out},
        )
        for place in range(1, len(feature.values))
    ]  # fmt: skip
    return [*found, _range(tried, feature)]


def _range(tried: Floats, feature: Feature) -> Gap:
    """The two values that are furthest apart on average: every row's quotes for these two."""
    means = tried.mean(axis=1) if tried.size else np.zeros(len(tried))
    high, low = int(means.argmax()), int(means.argmin())
    if high == low:
        high, low = 1, 0
    span = tried.max(axis=0) - tried.min(axis=0)
    more = {
        "values": list(feature.values),
        "value": feature.values[high],
        "reference_value": feature.values[low],
        "mean_ratio": float(np.exp(span).mean()) if span.size else None,
    }
    return Gap("price_range", {feature.name: "*"}, feature.labels[high], feature.labels[low],
               tried[high] - tried[low], more, span)  # fmt: skip


def _factorial(logs: Mapping[str, Floats], factors: Sequence[Feature]) -> list[Gap]:
    """Main effects and the interactions of pairs, averaged over all other settings."""
    corners = list(product((0, 1), repeat=len(factors)))
    table = np.stack([logs[corner(bits)] for bits in corners])
    signs = np.array(corners) * 2 - 1
    found = []
    for place, factor in enumerate(factors):
        ratios = 2 * (signs[:, place, None] * table).mean(axis=0)
        labels = factor.labels[-1], factor.labels[0]
        found.append(Gap("main_effect", {factor.name: labels[0]}, labels[0], labels[1], ratios))
    for a, b in combinations(range(len(factors)), 2):
        ratios = 4 * ((signs[:, a] * signs[:, b])[:, None] * table).mean(axis=0)
        names = {factors[a].name: factors[a].labels[-1], factors[b].name: factors[b].labels[-1]}
        found.append(Gap("pair_effect", names, "together", "one by one", ratios))
    return found


def by_group(ratios: Floats, answers: Answers) -> dict[str, Spread]:
    """The comparison in every registered group that is large enough to be published."""
    least = int(POLICY.value("small_cell"))
    spreads = {name: describe(ratios[mark]) for name, mark in answers.groups.items()}
    return {name: s for name, s in spreads.items() if s is not None and s.pairs >= least}


def worst_of(gaps: Sequence[Gap]) -> Floats:
    """Each row's largest difference between two profiles."""
    pairwise = [gap.ratios for gap in gaps if gap.metric in PAIRWISE]
    return np.asarray(np.max(np.abs(pairwise), axis=0), dtype=np.float64)


def _by_item(gap: Gap, answers: Answers) -> dict[str, Any]:
    """Mean and largest ratio of dearest to cheapest, for the items that differ most."""
    if gap.span is None or answers.items is None:
        return {}
    found: list[dict[str, Any]] = []
    for place, item in enumerate(answers.items.names):
        own = gap.span[answers.items.codes == place]
        if len(own):
            ratio = np.exp(own)
            found.append({"item": item, "rows": len(own), "mean_ratio": float(ratio.mean()),
                          "largest_ratio": float(ratio.max())})  # fmt: skip
    found.sort(key=lambda entry: (-entry["mean_ratio"], entry["item"]))
    return {"items": found[:MOST_ITEMS]}


def _shown(groups: Mapping[str, Spread]) -> dict[str, dict[str, Any]]:
    return {
        name: {
            "pairs": s.pairs,
            "mean": s.mean,
            "beyond": s.beyond,
            "beyond_upper": s.beyond_upper,
        }
        for name, s in groups.items()
    }


def _finding(
    spec: ProbeSpec, gap: Gap, answers: Answers, *, plan: Plan, run: Run, problem: str | None
) -> Finding:
    spread, groups = describe(gap.ratios), by_group(gap.ratios, answers)
    if spread is None or answers.units < plan.min_n:
        problem = problem or "too_few_units"
    mean = spread.mean if spread else 0.0
    verdict = Verdict.NOT_EVALUABLE
    if spread is not None:
        verdict = exact_verdict(
            spread, list(groups.values()), evaluable=problem is None,
            sampled=answers.sampled or run.oracle.deterministic is not True,
        )  # fmt: skip
    return draft(
        spec,
        gap.metric,
        slice_=gap.slice,
        group=gap.group,
        reference_group=gap.reference,
        n=answers.units,
        n_reference=answers.units,
        units=units("profiles", answers.units, answers.units),
        effect={"kind": "log_ratio", "value": spread.mean if spread else None},
        threshold=threshold(),
        verdict=verdict,
        severity=severity(mean, mean) if verdict is Verdict.DISPARITY else None,
        defences=tuple(str(defence["kind"]) for defence in plan.defences),
        details=_details(
            spread=spread, answers=answers, run=run, groups=groups, problem=problem,
            more={**gap.more, **_by_item(gap, answers)},
        ),
        reading=price_readings.model_gap(
            gap.metric, gap.slice, gap.group, gap.reference, spread=spread, aa=answers.twin,
            verdict=verdict, problem=problem, plan=plan, within=gap.more.get("mean_ratio"),
        ),
        limit=price_readings.model_limit(len(gap.ratios), sampled=answers.sampled),
    )  # fmt: skip


def _details(
    *,
    spread: Spread | None, answers: Answers | None, run: Run | None,
    groups: Mapping[str, Spread], problem: str | None, more: Mapping[str, Any],
) -> dict[str, Any]:  # fmt: skip
    return CounterfactualDetails(
        design="model",
        spread=spread.as_json() if spread else None,
        aa_different=answers.twin if answers else None,
        deterministic=run.oracle.deterministic if run else None,
        groups=_shown(groups),
        problem=problem,
        more=dict(more),
    ).model_dump(mode="json")


def _widest(
    everyone: Spread | None, groups: Mapping[str, Spread], plan: Plan
) -> tuple[Spread, Text] | None:
    """The rows with the highest upper bound, and which group they are, in words; all where it is theirs."""
    if everyone is None:
        return None
    spreads = [(everyone, ""), *((spread, name) for name, spread in groups.items())]
    widest, name = max(spreads, key=lambda each: each[0].beyond_upper)
    if not name:
        return widest, Text("", "")
    column, _, level = name.partition("=")
    own, at = plan.plain(column), plan.plain_level(column, level)
    return widest, Text(f"只看“{own.zh}”为“{at.zh}”的：", f"With “{own.en}” {at.en} only: ")


def _fewest(answers: Answers, groups: Mapping[str, Spread]) -> int:
    """How many units stand behind the rows, of all and of each group: the fewest.

    A row that is written twice is answered twice alike, and is no further trial of anything.
    """
    marks = [answers.groups[name] for name in groups]
    return min([answers.units, *(len(np.unique(answers.unit[mark])) for mark in marks)])


def _clean_bill(
    spec: ProbeSpec, gaps: Sequence[Gap], answers: Answers, *, plan: Plan, run: Run,
    problem: str | None,
) -> Finding:  # fmt: skip
    worst = worst_of(gaps)
    share, groups = describe(worst), by_group(worst, answers)
    if share is None or answers.units < plan.min_n:
        problem = problem or "too_few_units"
    parts = [
        spread
        for gap in gaps
        if gap.metric in PAIRWISE
        for spread in (describe(gap.ratios), *by_group(gap.ratios, answers).values())
        if spread is not None
    ]
    made = bill(parts, [s for s in (share, *groups.values()) if s is not None])
    verdict = made.verdict(evaluable=problem is None)
    untried = any(gap.more.get("levels_left_out") for gap in gaps)
    barred = price_readings.LEVELS_LEFT if untried else None
    if verdict is Verdict.EQUIVALENT and (few := _fewest(answers, groups)) < pairs_needed():
        barred = barred or price_readings.WRITTEN_AGAIN.format(n=few, needed=pairs_needed())
    if barred is not None and verdict is Verdict.EQUIVALENT:
        verdict = Verdict.INCONCLUSIVE
    more = {
        "largest_mean": made.largest, "means_within": made.within, "share_small": made.few,
        "share_bounded": made.bounded, "pairs_needed": pairs_needed(),
    }  # fmt: skip
    return draft(
        spec,
        "clean_bill",
        slice_={},
        n=answers.units,
        units=units("profiles", answers.units),
        effect={"kind": "share", "value": share.beyond if share else None},
        ci=None
        if share is None
        else {"low": None, "high": share.beyond_upper, "level": 0.95,
              "method": "clopper_pearson, one-sided", "simultaneous": False},
        threshold={"value": POLICY.value("price_share_beyond"),
                   "rule": "largest mean within 1 %; upper bound of the share of rows with any pair "
                           "beyond 1 % at most 1 %; the same in every registered group",
                   "source": POLICY.source("price_share_beyond"), "lines": {"equivalence": EQUIVALENCE}},
        verdict=verdict,
        details=_details(
            spread=share, answers=answers, run=run, groups=groups, problem=problem, more=more
        ),
        reading=price_readings.clean_bill(share, made.widest, verdict, problem, needed=pairs_needed(), of=price_readings.ROWS,
                                          barred=barred,
                                          widest=_widest(share, groups, plan)),
        limit=price_readings.model_limit(len(worst), sampled=answers.sampled),
    )  # fmt: skip
