"""The results of price_steering, judged: four price statistics and two of how alike lists are."""

import math
from collections.abc import Mapping
from dataclasses import replace

from evaluators.plan import Plan
from evaluators.policy import POLICY
from evaluators.prices import price_family, steering_tests
from evaluators.prices.price_family import PRICE, Judged, Line, Result
from evaluators.prices.price_lines import SAME
from evaluators.prices.ranked_lists import STATISTICS
from evaluators.prices.steering_tests import Likeness, Means
from evaluators.statistics.permutation import MaxT
from evaluators.statistics.regression import Coefficient, Floats

_NDCG = POLICY.value("steering_ndcg")
NDCG = Line(
    -_NDCG, _NDCG, (-_NDCG / 2, _NDCG / 2),
    {"value": _NDCG, "source": POLICY.source("steering_ndcg"),
     "rule": "|difference| of nDCG with the price as gain, beyond the A/A band"},
    lambda _low, _high: None,
)  # fmt: skip
ALIKE = Line(-math.inf, math.inf, (-math.inf, _NDCG), None, lambda _low, _high: None)
LINES = {"price_ndcg": NDCG}


def prices(
    blank: Result, found: MaxT, at: int, bands: Floats, plan: Plan, families: int,
    *, size: int, freedom: int | None = None,
) -> list[Judged]:  # fmt: skip
    """The four price statistics of one comparison."""
    judged, start = [], at * len(STATISTICS)
    degrees = freedom if freedom is not None else blank.n + blank.n_reference - 2
    parts = {
        name: float(found.effects[start + i]) for i, name in enumerate(STATISTICS) if i in {1, 2}
    }
    for offset, name in enumerate(STATISTICS):
        place, line = start + offset, LINES.get(name, PRICE)
        value, error = float(found.effects[place]), float(found.errors[place])
        low, high = found.interval(place) if error > SAME else (value, value)
        band = float(bands[offset])
        details = {
            **blank.details,
            "aa_band": band,
            "parts": parts if name == "exposed_price" else {},
        }
        result = replace(
            blank, metric=f"{name}_gap", line=line, value=value, low=low, high=high,
            kind="difference" if name == "price_ndcg" else "log_ratio", p=float(found.p[place]),
            test=("whole accounts shuffled", value / error if error > 0 else 0.0),
            method=f"max-T over {len(found.effects)} contrasts, {families} families",
            small=price_family.within(value, error, degrees, line.margins, accounts=min(blank.n, blank.n_reference or blank.n)),
            mde=price_family.detectable(error, found.critical, max(degrees, 1)) if math.isfinite(found.critical) else None,
            told=abs(value) > band, shuffled=True, details=details,
        )  # fmt: skip
        adjusted = min(1.0, float(found.adjusted[place]) * families)
        judged.append(price_family.decide(result, adjusted, plan.alpha, size=size))
    return judged


def lists(
    blank: Result, alike: Mapping[str, Likeness | None], plan: Plan, families: int, *, size: int
) -> list[Judged]:
    """Whether lists of two groups are less alike than lists within a group."""
    judged = []
    for name, metric in (("jaccard", "list_overlap_gap"), ("rbo", "list_order_gap")):
        one = alike[name]
        if one is None:
            details = {**blank.details, "problem": "not_alike"}
            missing = replace(
                blank, metric=metric, line=ALIKE, problem="not_alike", details=details
            )
            judged.append(price_family.decide(missing, None, plan.alpha, size=size))
            continue
        half = steering_tests.half_width(one.error, one.freedom, plan.alpha / families)
        result = replace(
            blank, metric=metric, line=ALIKE, kind="difference", value=one.gap, low=one.gap - half,
            high=one.gap + half, p=one.p, test=("whole accounts shuffled, one-sided", one.gap),
            method="jackknife over accounts, t", shuffled=True, estimate=one.between, reference_estimate=one.within,
            small=price_family.within(one.gap, one.error, one.freedom, ALIKE.margins, accounts=min(blank.n, blank.n_reference or blank.n)),
        )  # fmt: skip
        p = min(1.0, one.p * families)
        judged.append(price_family.decide(result, p, plan.alpha, size=size))
    return judged


def renamed(judged: Judged) -> Judged:
    """The result as one of the comparison with the non-personalised option."""
    return replace(
        judged, result=replace(judged.result, metric=f"personalised_{judged.result.metric}")
    )


def welch(means: Means, labels: tuple[str, ...], reference: int) -> dict[str, Coefficient]:
    """The price shown to each group against the reference, by Welch's t over accounts."""
    gaps: dict[str, Coefficient] = {}
    for place, label in enumerate(labels):
        own, other = (
            means.values[means.labels == place, 0],
            means.values[means.labels == reference, 0],
        )
        if place != reference and min(len(own), len(other)) > 1:
            error = math.sqrt(own.var(ddof=1) / len(own) + other.var(ddof=1) / len(other))
            if error > 0:
                freedom = min(len(own), len(other)) - 1
                gaps[label] = Coefficient(float(own.mean() - other.mean()), error, freedom)
    return gaps
