"""The ladder of a price difference: raw first, then under one condition after another.

Each step is a regression of (log) price on the attribute, the step's cost factors and the cells of
item and moment; the raw difference is always the first finding and conditioning never erases it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from evaluators.policy import POLICY
from evaluators.prices.pricing_frame import Contrast, Frame
from evaluators.statistics import regression
from evaluators.statistics.decomposition import decompose
from evaluators.statistics.fixed_effects import FixedEffects
from evaluators.statistics.quantile_bootstrap import quantile_gaps
from evaluators.statistics.regression import Coefficient, Fit, Floats, critical, tail
from evaluators.statistics.sensitivity import robustness
from evaluators.statistics.wild_bootstrap import wild_cluster_bootstrap

FEW = int(POLICY.value("small_clusters"))


@dataclass(frozen=True, slots=True)
class Step:
    """One rung: what is held fixed.

    Args:
        name: "raw", or what this step adds.
        factors: covariates held fixed, all steps before included.
        cells: whether item and moment are held fixed.
    """

    name: str
    factors: tuple[str, ...] = ()
    cells: bool = False


@dataclass(frozen=True, slots=True)
class Estimate:
    """One estimate of one contrast, before multiplicity and verdict.

    Args:
        metric: the finding's metric.
        step: what was held fixed.
        contrast: what is compared.
        value: the effect as a log-ratio (log scale) or a share of the mean price (level).
        error: its standard error.
        freedom: of its t distribution.
        p: unadjusted.
        test: the name of the test, and its statistic.
        coefficient: the regression coefficient itself, in its own units; None where there is none.
        problem: why there is no estimate, or None.
        details: further numbers.
        quantile_of: critical value by tail probability where it is not Student's t.
    """

    metric: str
    step: Step
    contrast: Contrast
    value: float | None
    error: float | None
    freedom: int
    p: float | None
    test: tuple[str, float] | None
    coefficient: tuple[float, float] | None = None
    problem: str | None = None
    details: Mapping[str, Any] = field(default_factory=dict)
    critical: float | None = None

    def interval(self, alpha: float) -> tuple[float, float] | None:
        """The two-sided interval of level 1 - alpha."""
        if self.value is None or self.error is None:
            return None
        t = self.critical
        if t is None:
            t = critical(1 - alpha / 2, self.freedom)
        return self.value - t * self.error, self.value + t * self.error

    def detectable(self, alpha: float) -> float | None:
        """The difference that this error and level find with the policy's power."""
        if self.error is None or self.freedom < 1:
            return None
        level = critical(1 - alpha / 2, self.freedom)
        return (level + critical(POLICY.value("power"), self.freedom)) * self.error

    def within(self, margin: float) -> float | None:
        """The p-value of the two one-sided tests against ±margin."""
        if self.value is None or self.error is None:
            return None
        return Coefficient(self.value, self.error, self.freedom).within(-margin, margin)


class Ladder:
    """The regressions of one attribute; columns are cleared of their fixed effects once.

    Args:
        frame: the rows.
    """

    def __init__(self, frame: Frame) -> None:
        self.frame = frame
        self._taken: dict[bool, FixedEffects] = {}
        self._fits: dict[Step, Fit] = {}

    def taken(self, *, cells: bool) -> FixedEffects:
        """The fixed effects of a step."""
        if cells not in self._taken:
            frame = self.frame
            effects = frame.effects if cells else ()
            self._taken[cells] = regression.fixed(frame.rows, effects, frame.weights)
        return self._taken[cells]

    def fit(self, step: Step) -> Fit:
        """The regression of one step, the attribute's columns last."""
        if step not in self._fits:
            frame = self.frame
            columns = [column for name in step.factors for column in frame.factors[name]]
            made = regression.design(
                frame.outcome,
                [*columns, *frame.treatment],
                weights=frame.weights,
                taken=self.taken(cells=step.cells),
            )
            self._fits[step] = regression.fit(made, clusters=frame.clusters)
        return self._fits[step]


def fit_step(frame: Frame, step: Step) -> Fit:
    """The regression of one step alone."""
    return Ladder(frame).fit(step)


def estimates(
    ladder: Ladder, step: Step, metric: str, *, size: int, alpha: float, rng: np.random.Generator
) -> list[Estimate]:
    """One estimate per contrast of the attribute.

    Args:
        ladder: the regressions.
        step: what is held fixed.
        metric: the name of the findings.
        size: how many tests the family has, for the bootstrap's critical value.
        alpha: the family-wise level.
        rng: for the wild cluster bootstrap.
    """
    frame, fitted = ladder.frame, ladder.fit(step)
    unit = frame.unit_effect
    found = []
    for contrast in frame.contrasts:
        own = fitted.of(contrast.column)
        problem = _problem(fitted, contrast, own)
        if own is None or problem:
            found.append(_missing(metric, step, contrast, problem or "determined"))
            continue
        factor = contrast.span * unit
        few = frame.clustered and frame.second is None and fitted.clusters < FEW
        wild = (
            wild_cluster_bootstrap(
                fitted, contrast.column, frame.unit, alpha=alpha / size, rng=rng,
                replicates=max(1999, int(20 * size / alpha)),
            )
            if few
            else None
        )  # fmt: skip
        found.append(
            Estimate(
                metric=metric,
                step=step,
                contrast=contrast,
                value=own.value * factor,
                error=own.error * abs(factor),
                freedom=own.freedom,
                p=wild.p if wild else own.p,
                test=("wild cluster bootstrap" if wild else f"t, {fitted.method}", own.t),
                coefficient=(own.value, own.error),
                details=_details(frame, step, fitted, contrast, alpha),
                critical=wild.critical if wild else None,
            )
        )
    return found


def _problem(fitted: Fit, contrast: Contrast, own: Coefficient | None) -> str | None:
    if contrast.column in fitted.design.dropped:
        return "determined"
    if contrast.span == 0:
        return "no_span"
    if not fitted.semidefinite:
        return "not_semidefinite"
    return "no_variance" if own is None else None


def _missing(metric: str, step: Step, contrast: Contrast, problem: str) -> Estimate:
    return Estimate(metric, step, contrast, None, None, 0, None, None, None, problem)


def _details(
    frame: Frame, step: Step, fitted: Fit, contrast: Contrast, alpha: float
) -> dict[str, Any]:
    own = fitted.of(contrast.column)
    covariates = [name for factor in step.factors for name, _ in frame.factors[factor]]
    strength = robustness(fitted, contrast.column, covariates, alpha=alpha)
    return {
        "standard_error": own.error if own else None,
        "covariance": fitted.method,
        "clusters": fitted.clusters,
        "few_clusters": frame.clustered and fitted.clusters < FEW,
        "dropped_columns": list(fitted.design.dropped),
        "r2_within": _r2(fitted),
        "robustness": None
        if strength is None
        else {
            "partial_r2": strength.partial_r2,
            "value": strength.value,
            "value_alpha": strength.value_alpha,
            "benchmarks": strength.benchmarks,
        },
    }


def _r2(fitted: Fit) -> float | None:
    """The share of the variance within cells that the columns explain."""
    total = float(fitted.design.outcome @ fitted.design.outcome)
    if total <= 0:
        return None
    return 1 - float(fitted.residuals @ fitted.residuals) / total


def unexplained(ladder: Ladder, step: Step) -> list[Estimate]:
    """Kitagawa-Oaxaca-Blinder at the reference group's coefficients, for each group.

    Item and moment are taken out first, estimated together with the group.
    """
    frame, found = ladder.frame, list[Estimate]()
    columns = [frame.outcome]
    columns += [values for name in step.factors for _, values in frame.factors[name]]
    unit = frame.unit_effect
    for contrast in frame.contrasts:
        if not (contrast.n and contrast.n_reference):  # all of one side are compared with no other
            found.append(_missing("unexplained_price_gap", step, contrast, "determined"))
            continue
        used, flag = contrast.members | contrast.others, contrast.members.astype(np.float64)
        if used.all() and frame.weights is None:
            own, taken = columns, ladder.taken(cells=True) if step.cells else None
            flag = dict(frame.treatment).get(contrast.column, flag)
        else:
            own, flag = [column[used] for column in columns], flag[used]
            effects = [codes[used] for codes in frame.effects]
            taken = FixedEffects(effects) if step.cells else None
        cleared = _without_cells(own, flag, taken)
        split = decompose(cleared[:, 0], cleared[:, 1:], flag.astype(np.int64), frame.unit[used])
        if split is None or not split.error > 0:
            found.append(_missing("unexplained_price_gap", step, contrast, "too_few_rows"))
            continue
        t = split.unexplained / split.error
        found.append(
            Estimate(
                metric="unexplained_price_gap",
                step=step,
                contrast=contrast,
                value=split.unexplained * unit,
                error=split.error * unit,
                freedom=split.freedom,
                p=2 * tail(abs(t), split.freedom),
                test=("t, influence values by unit", t),
                details={
                    "difference": split.difference * unit,
                    "explained": split.explained * unit,
                    "unexplained_at_group_coefficients": split.unexplained_at_group * unit,
                    "unexplained_pooled": split.unexplained_pooled * unit,
                },
            )
        )
    return found


def _without_cells(columns: Sequence[Floats], flag: Floats, taken: FixedEffects | None) -> Floats:
    """Columns less their cell's effect, where group and cells are estimated together."""
    found = np.column_stack(columns)
    within = flag if taken is None else taken.held(flag)[0]
    power = float(within @ within)
    if taken is None or power <= 0:
        return found
    between = flag - within
    for place, column in enumerate(columns):
        swept = taken.held(column)[0]
        found[:, place] = swept + between * float(within @ swept / power)
    return found


def residual_quantiles(
    ladder: Ladder,
    step: Step,
    probabilities: Sequence[float],
    *,
    rng: np.random.Generator,
    alpha: float,
) -> list[Estimate]:
    """Differences of the quantiles of what is left of the price, users resampled.

    What is left is the residual plus the group's own coefficient, so that the cells were
    estimated across groups. The gap with the largest studentised size is the estimate, and the
    bootstrap's largest deviation over all quantiles its null distribution.
    """
    frame, fitted = ladder.frame, ladder.fit(step)
    left = fitted.residuals.copy()
    for name, values in frame.treatment:
        if name in fitted.design.names:
            left += values * fitted.coefficients[fitted.design.names.index(name)]
    unit = frame.unit_effect
    found = []
    for contrast in frame.contrasts:
        if contrast.column in fitted.design.dropped or min(contrast.n, contrast.n_reference) < 2:
            found.append(_missing("residual_quantile_gap", step, contrast, "determined"))
            continue
        most = max(999, min(int(20 / alpha), 9999))
        gaps, draws = quantile_gaps(
            left * unit, frame.unit, (contrast.members, contrast.others), probabilities,
            rng=rng, replicates=int(np.clip(4e7 / max(frame.rows, 1), 99, most)),
        )  # fmt: skip
        found.append(_quantile_estimate(step, contrast, probabilities, gaps, draws, alpha=alpha))
    return found


def _quantile_estimate(
    step: Step,
    contrast: Contrast,
    probabilities: Sequence[float],
    gaps: Floats,
    draws: Floats,
    *,
    alpha: float,
) -> Estimate:
    draws = draws[np.isfinite(draws).all(axis=1)]
    errors = draws.std(axis=0, ddof=1) if len(draws) > 1 else np.zeros(len(gaps))
    if not np.all(errors > 0):
        return _missing("residual_quantile_gap", step, contrast, "no_variance")
    largest = np.abs((draws - gaps) / errors).max(axis=1)
    sizes = np.abs(gaps / errors)
    worst = int(np.argmax(sizes))
    edge = float(np.quantile(largest, 1 - alpha, method="higher"))
    table = [
        {
            "q": q,
            "gap": float(gap),
            "low": float(gap - edge * e),
            "high": float(gap + edge * e),
        }
        for q, gap, e in zip(probabilities, gaps, errors, strict=True)
    ]
    return Estimate(
        metric="residual_quantile_gap",
        step=step,
        contrast=contrast,
        value=float(gaps[worst]),
        error=float(errors[worst]),
        freedom=max(len(draws) - 1, 1),
        p=float((1 + np.count_nonzero(largest >= sizes[worst])) / (len(draws) + 1)),
        test=("largest studentised quantile gap, units resampled", float(sizes[worst])),
        details={"quantiles": table, "worst_quantile": probabilities[worst], "level": 1 - alpha},
        critical=edge,
    )
