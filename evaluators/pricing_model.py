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

from evaluators import price_readings, quotes
from evaluators.findings import draft, not_evaluable
from evaluators.plan import Plan
from evaluators.policy import POLICY
from evaluators.price_lines import ALERT, EQUIVALENCE, log_line, severity, threshold
from evaluators.price_spread import SAME, Spread, describe, pairs_needed
from evaluators.pricing_design import (
    BASE,
    TWIN,
    CounterfactualDetails,
    Design,
    Feature,
    corner,
    one,
)
from evaluators.probe import ProbeSpec, Run, Table, answer
from evaluators.regression import Floats
from evaluators.verdicts import judge
from registry.reports import Finding, Verdict

TABLE = "price_counterfactual:pairs"
COUNTS = ("pairs", "different", "dearer", "cheaper", "beyond")


@dataclass(frozen=True, slots=True)
class Gap:
    """One comparison of two profiles, over all rows.

    Args:
        metric: the finding's metric.
        slice: what was changed.
        group, reference: how the two profiles are called.
        ratios: one log-ratio per row.
        more: further numbers.
    """

    metric: str
    slice: Mapping[str, str]
    group: str
    reference: str
    ratios: Floats
    more: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Answers:
    """The log prices a model gave.

    Args:
        logs: question → one log price per row.
        units: how many units the rows belong to.
        groups: registered attribute=level → the marks of its rows.
        twin: the share of A/A twins with any difference.
        unpriced: rows with a price of zero or below in any answer.
        sampled: whether only a sample of the rows was asked about.
    """

    logs: Mapping[str, Floats]
    units: int
    groups: Mapping[str, quotes.Mask]
    twin: float
    unpriced: int
    sampled: bool


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
    answers = _answers(rows, design, plan, run)
    problem = _problem(answers, run)
    gaps = list(_gaps(answers.logs, design))
    found += [_finding(spec, gap, answers, plan=plan, run=run, problem=problem) for gap in gaps]
    return [*found, _clean_bill(spec, gaps, answers, plan=plan, run=run, problem=problem)]


def _unasked(name: str, design: Design) -> bool:
    return name not in {feature.name for feature in design.features}


def _not_an_input(spec: ProbeSpec, name: str, plan: Plan) -> Finding:
    why = (
        price_readings.NOT_AN_INPUT
        if name not in plan.columns.inputs
        else price_readings.ONE_VALUE
    )
    return not_evaluable(
        spec, "price_gap", slice_={name: ""}, why=why.format(name=name),
        limit=price_readings.OTHER_WAYS,
        details=_details(
            spread=None, answers=None, run=None, groups={}, problem="not_an_input", more={}
        ),
    )  # fmt: skip


def _answers(rows: pa.Table, design: Design, plan: Plan, run: Run) -> Answers:
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
    return Answers(
        logs=logs,
        units=int(quotes.units(kept, "mingsuan:unit").max(initial=-1)) + 1,
        groups=groups,
        twin=float(twin.mean()) if len(twin) else 0.0,
        unpriced=int((~sound).sum()),
        sampled=rows.num_rows < run.rows,
    )


def _problem(answers: Answers, run: Run) -> str | None:
    if answers.unpriced:
        return "unpriced"
    if run.oracle.deterministic is False or answers.twin > 0:
        return "not_deterministic"
    return "batch" if run.oracle.batch_stable is False else None


def _gaps(logs: Mapping[str, Floats], design: Design) -> list[Gap]:
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
    span = tried.max(axis=0) - tried.min(axis=0)
    more = {
        "values": list(feature.values),
        "mean_ratio": float(np.exp(span).mean()) if span.size else None,
    }
    return [*found, Gap("price_range", {feature.name: "*"}, "dearest", "cheapest", span, more)]


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


def _by_group(gap: Gap, answers: Answers) -> dict[str, Spread]:
    spreads = {name: describe(gap.ratios[mark]) for name, mark in answers.groups.items()}
    return {name: spread for name, spread in spreads.items() if spread is not None}


def _shown(groups: Mapping[str, Spread]) -> dict[str, dict[str, Any]]:
    """Groups of at least as many rows as may be published."""
    least = int(POLICY.value("small_cell"))
    return {
        name: {
            "pairs": s.pairs,
            "mean": s.mean,
            "beyond": s.beyond,
            "beyond_upper": s.beyond_upper,
        }
        for name, s in groups.items()
        if s.pairs >= least
    }


def _finding(
    spec: ProbeSpec, gap: Gap, answers: Answers, *, plan: Plan, run: Run, problem: str | None
) -> Finding:
    spread, groups = describe(gap.ratios), _by_group(gap, answers)
    if spread is None or answers.units < plan.min_n:
        problem = problem or "too_few_units"
    mean = spread.mean if spread else 0.0
    small = spread is not None and all(
        (s.clean if answers.sampled else s.small) for s in (spread, *groups.values())
    )
    verdict = judge(
        evaluable=problem is None,
        beyond=abs(mean) > log_line(ALERT),
        equivalent=small,
        p_adjusted=None,
        alpha=plan.alpha,
        exact=True,
    )
    return draft(
        spec,
        gap.metric,
        slice_=gap.slice,
        group=gap.group,
        reference_group=gap.reference,
        n=answers.units,
        n_reference=answers.units,
        effect={"kind": "log_ratio", "value": spread.mean if spread else None},
        threshold=threshold(),
        verdict=verdict,
        severity=severity(mean, mean) if verdict is Verdict.DISPARITY else None,
        defences=tuple(str(defence["kind"]) for defence in plan.defences),
        details=_details(
            spread=spread, answers=answers, run=run, groups=groups, problem=problem, more=gap.more
        ),
        reading=price_readings.model_gap(
            gap.metric, gap.slice, gap.group, gap.reference, spread=spread, aa=answers.twin,
            verdict=verdict, problem=problem,
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


def _clean_bill(
    spec: ProbeSpec, gaps: Sequence[Gap], answers: Answers, *, plan: Plan, run: Run,
    problem: str | None,
) -> Finding:  # fmt: skip
    pairwise = [gap for gap in gaps if gap.metric in {"price_gap", "bundle_gap"}]
    worst = np.max([np.abs(gap.ratios) for gap in pairwise], axis=0)
    share = describe(worst)
    parts = [
        s
        for gap in pairwise
        for s in (describe(gap.ratios), *_by_group(gap, answers).values())
        if s
    ]
    means = max((abs(s.mean) for s in parts), default=0.0)
    shares = [
        describe(worst[mark])
        for mark in (np.ones(len(worst), dtype=bool), *answers.groups.values())
    ]
    known = [s for s in shares if s is not None]
    if share is None or answers.units < plan.min_n:
        problem = problem or "too_few_units"
    within = means <= log_line(EQUIVALENCE)
    measured = within and all(
        s.small or s.beyond <= POLICY.value("price_share_beyond") for s in known
    )
    bounded = all(s.beyond_upper <= POLICY.value("price_share_beyond") for s in known)
    verdict = Verdict.INCONCLUSIVE if measured and not bounded and problem is None else judge(
        evaluable=problem is None,
        beyond=means > log_line(ALERT),
        equivalent=measured and bounded,
        p_adjusted=None,
        alpha=plan.alpha,
        exact=True,
    )  # fmt: skip
    more = {
        "largest_mean": means, "means_within": within, "share_bounded": bounded,
        "groups_bounded": all(s.beyond_upper <= POLICY.value("price_share_beyond") for s in known[1:]),
        "pairs_needed": pairs_needed(),
    }  # fmt: skip
    return draft(
        spec,
        "clean_bill",
        slice_={},
        n=answers.units,
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
            spread=share, answers=answers, run=run, groups={}, problem=problem, more=more
        ),
        reading=price_readings.clean_bill(share, means, verdict, problem, needed=pairs_needed()),
        limit=price_readings.model_limit(len(worst), sampled=answers.sampled),
    )  # fmt: skip


def tables(rows: pa.Table, design: Design) -> list[Table]:
    """Counts of pairs by comparison, for the public evidence."""
    if not rows.num_rows or answer(BASE) not in rows.schema.names:
        return []
    plain = {key: quotes.numbers(rows.column(answer(key))) for key in design.profiles()}
    sound = np.all([np.isfinite(p) & (p > 0) for p in plain.values()], axis=0)
    logs = {key: np.log(price[sound]) for key, price in plain.items()}
    counted = []
    for gap in _gaps(logs, design):
        spread = describe(gap.ratios)
        if spread is None:
            continue
        n = spread.pairs
        shares = (spread.different, spread.dearer, spread.cheaper, spread.beyond)
        counted.append((_key(gap.metric, gap.slice), (n, *(round(s * n) for s in shares))))
    return [Table(TABLE, ("metric", "changed", "to"), COUNTS, tuple(counted), "answers")]


def _key(metric: str, slice_: Mapping[str, str]) -> tuple[str, str, str]:
    return metric, " × ".join(slice_), " × ".join(slice_.values())
