"""Prices along ordered levels of accounts: level effects, their largest rise, and a rank trend.

Log price on item and moment, cost factors and the levels, by least squares with errors clustered
by account (CRV1). Tests and intervals of all monotone contrasts are simultaneous over the joint t
distribution of the level effects (multiple-contrast tests: Bretz, Genz and Hothorn 2001).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pyarrow as pa
import scipy

from evaluators.prices.dose import Doses
from evaluators.prices.price_family import within
from evaluators.prices.price_lines import EQUIVALENCE, SAME, log_line
from evaluators.prices.pricing_frame import Frame, Recipe, build, repeated
from evaluators.prices.pricing_ladder import Step, fit_step
from evaluators.statistics import isotonic
from evaluators.statistics.regression import Coefficient, Floats, codes_of

DOSE = "mingsuan:dose"
STILL = 1e-12  # a standard error up to this is none
DRAWS = 4999


@dataclass(frozen=True, slots=True)
class Effect:
    """One contrast of the levels.

    Args:
        value, low, high: the log-ratio and its simultaneous interval.
        t, p: studentised, and unadjusted.
        small: the p-value of the equivalence test.
        error: its standard error.
    """

    value: float
    low: float
    high: float
    t: float
    p: float
    small: float
    error: float


@dataclass(frozen=True, slots=True)
class Response:
    """Prices along the levels.

    Args:
        labels, accounts: the levels, the lowest first, and how many accounts each has.
        effects: each level's log-ratio to the lowest.
        fitted: the isotonic fit.
        rise: the isotonic fit's rise; one-sided.
        gap: the highest level against the lowest.
        line: the change along the straight line through the levels.
        trend: the rank test on what item, moment and costs leave of each account's prices.
        raw: the highest level against the lowest with nothing held fixed.
        frame: the rows.
        freedom: of the t distributions: the smallest level's accounts, less one.
        critical: the simultaneous critical value.
        draws: from the joint distribution.
        broken: whether the price does not rise along the levels: some level is shown to be cheaper
            than a lower one, or there is a rise by the fit alone, and the highest level pays no
            more than the lowest.
    """

    labels: tuple[str, ...]
    accounts: tuple[int, ...]
    effects: Floats
    fitted: Floats
    rise: Effect
    gap: Effect
    line: Effect
    trend: isotonic.Jonckheere
    raw: float | None
    frame: Frame
    freedom: int
    critical: float
    draws: int
    broken: bool

    @property
    def extremes(self) -> tuple[int, int]:
        """The dearest and the cheapest level."""
        return int(self.effects.argmax()), int(self.effects.argmin())


@dataclass(frozen=True, slots=True)
class Question:
    """What is held fixed, and how strictly it is judged.

    Args:
        recipe: which columns play which part.
        least: the fewest accounts per level.
        alpha: the level of the simultaneous intervals.
    """

    recipe: Recipe
    least: int
    alpha: float


def respond(
    rows: pa.Table, doses: Doses, question: Question, rng: np.random.Generator
) -> Response | str:
    """Measure prices along levels; a word for what is wrong where it can't be done.

    Args:
        rows: in canonical order.
        doses: the level of each row.
        question: what is held fixed.
        rng: draws from the joint distribution.
    """
    if doses.problem is not None:
        return doses.problem
    frame = _frame(rows, doses, question.recipe)
    if len(frame.contrasts) != len(doses.labels) - 1:
        return "too_few_units"
    accounts = (frame.contrasts[0].n_reference, *(c.n for c in frame.contrasts))
    if min(accounts) < question.least:
        return "too_few_units"
    levels = _levels(frame, question.recipe)
    if levels is None:
        return "determined"
    trend = _trend(frame, question.recipe)
    if trend is None:
        return "no_variance"
    effects, covariance = levels
    sizes = np.asarray(accounts, dtype=np.float64)
    contrasts = np.vstack([isotonic.rise_contrasts(sizes), isotonic.line_contrast(sizes)])
    freedom = max(min(accounts) - 1, 1)
    joint = _Joint.of(contrasts, effects, covariance, freedom, question.alpha, rng)
    fitted = isotonic.pava(effects, sizes)
    raw = _frame(rows, doses, replace(question.recipe, factors=(), cells=()))
    rise = joint.rise(float(fitted[-1] - fitted[0]))
    broken = falls_between(effects, covariance, freedom, question.alpha)
    broken |= rise.low > SAME and float(effects[-1]) <= SAME
    return Response(
        labels=doses.labels,
        accounts=accounts,
        effects=effects,
        fitted=fitted,
        rise=rise,
        gap=joint.one(len(contrasts) - 2),
        line=joint.one(len(contrasts) - 1),
        trend=trend,
        raw=_gap(raw, replace(question.recipe, factors=(), cells=())),
        frame=frame,
        freedom=freedom,
        critical=joint.critical,
        draws=joint.draws,
        broken=broken,
    )


def falls_between(effects: Floats, covariance: Floats, freedom: int, alpha: float) -> bool:
    """Whether some level is shown to be cheaper than a lower one: t tests of all pairs, Bonferroni.

    Args:
        effects: of the levels, the lowest first.
        covariance: of these.
        freedom: degrees of freedom behind it.
        alpha: over all pairs.
    """
    low, high = np.triu_indices(len(effects), 1)
    fall, own = effects[low] - effects[high], np.diag(covariance)
    error = np.sqrt(np.maximum(own[low] + own[high] - 2 * covariance[low, high], 0))
    bound = float(scipy.stats.t.ppf(1 - alpha / len(low), freedom)) * error
    return bool((fall > np.maximum(bound, SAME)).any())


def gap(rows: pa.Table, doses: Doses, recipe: Recipe) -> Coefficient | None:
    """The highest level against the lowest alone."""
    if doses.problem is not None:
        return None
    frame = _frame(rows, doses, recipe)
    fitted = fit_step(frame, _step(recipe))
    return fitted.of(frame.contrasts[-1].column) if frame.contrasts else None


def _step(recipe: Recipe) -> Step:
    return Step("held", recipe.factors, cells=bool(recipe.cells))


def level_names(labels: Sequence[str]) -> tuple[str, ...]:
    """What levels are called in a frame, from the lowest: names that sort as the levels do."""
    width = len(str(len(labels)))
    return tuple(f"{place:0{width}d}" for place in range(len(labels)))


def _frame(rows: pa.Table, doses: Doses, recipe: Recipe) -> Frame:
    names = np.array([*level_names(doses.labels), None], object)
    marked = rows.append_column(DOSE, pa.array(names[doses.codes].tolist(), pa.string()))
    return repeated(build(marked, DOSE, recipe, names[0]))


def _levels(frame: Frame, recipe: Recipe) -> tuple[Floats, Floats] | None:
    """Level effects with their covariance, the lowest level as zero."""
    fitted = fit_step(frame, _step(recipe))
    names = [contrast.column for contrast in frame.contrasts]
    if not set(names) <= set(fitted.design.names):
        return None
    places = [fitted.design.names.index(name) for name in names]
    covariance = np.zeros((len(names) + 1, len(names) + 1))
    covariance[1:, 1:] = fitted.covariance[np.ix_(places, places)]
    return np.concatenate([[0.0], fitted.coefficients[places]]), covariance


def _gap(frame: Frame, recipe: Recipe) -> float | None:
    levels = _levels(frame, recipe)
    return None if levels is None else float(levels[0][-1])


def _trend(frame: Frame, recipe: Recipe) -> isotonic.Jonckheere | None:
    """Jonckheere and Terpstra's test on account means of what the conditions leave."""
    bare = fit_step(replace(frame, treatment=()), _step(recipe))
    unit = codes_of(frame.unit)
    means = np.bincount(unit, bare.residuals) / np.bincount(unit)
    level = np.zeros(len(frame.outcome), dtype=np.int64)
    for place, (_, marks) in enumerate(frame.treatment, start=1):
        level[marks > 0] = place
    first = np.unique(unit, return_index=True)[1]
    return isotonic.jonckheere(means, level[first])


@dataclass(frozen=True, slots=True)
class _Joint:
    """Contrasts with their joint t distribution; the last is the straight line."""

    values: Floats
    errors: Floats
    freedom: int
    critical: float
    largest: Floats
    draws: int

    @classmethod
    def of(
        cls, contrasts: Floats, effects: Floats, covariance: Floats, freedom: int, alpha: float,
        rng: np.random.Generator,
    ) -> "_Joint":  # fmt: skip
        values = contrasts @ effects
        errors = np.sqrt(np.maximum(np.einsum("ck,kl,cl->c", contrasts, covariance, contrasts), 0))
        draws = max(DRAWS, int(20 / alpha))
        lowest, vectors = np.linalg.eigh(covariance)
        root = vectors * np.sqrt(np.maximum(lowest, 0.0))
        normal = rng.standard_normal((draws, len(effects))) @ root.T @ contrasts.T
        chi = np.sqrt(rng.chisquare(freedom, (draws, 1)) / freedom)
        studentised = np.where(
            errors > STILL, normal / np.where(errors > STILL, errors, 1) / chi, 0
        )
        critical = float(np.quantile(np.abs(studentised).max(axis=1), 1 - alpha, method="higher"))
        return cls(values, errors, freedom, critical, studentised[:, :-1].max(axis=1), draws)

    def one(self, place: int) -> Effect:
        """One contrast, two-sided."""
        value, error = float(self.values[place]), float(self.errors[place])
        t = self._t(value, error)
        p = float(2 * scipy.stats.t.sf(abs(t), self.freedom))
        half, small = self.critical * error, self._small(value, error)
        return Effect(value, value - half, value + half, t, max(p, 1e-300), small, error)

    def rise(self, value: float) -> Effect:
        """The largest of the monotone contrasts: bounded by the bounds of all of them."""
        values, errors = self.values[:-1], self.errors[:-1]
        lows, highs = values - self.critical * errors, values + self.critical * errors
        t = [self._t(float(v), float(e)) for v, e in zip(values, errors, strict=True)]
        best = int(np.argmax(t))
        p = (1 + int((self.largest >= t[best] * (1 - 1e-9)).sum())) / (self.draws + 1)
        small = max(self._small(float(v), float(e)) for v, e in zip(values, errors, strict=True))
        # Where each of them falls there is no rise, and what is bounded is how far they fall.
        falls = float(highs.max()) < -STILL
        low = float(lows.min()) if falls else max(0.0, float(lows.max()))
        high = max(0.0, float(highs.max()))
        return Effect(value, low, high, t[best], min(1.0, p), small, float(errors[best]))

    def _t(self, value: float, error: float) -> float:
        if error > STILL:
            return value / error
        return 0.0 if abs(value) <= STILL else float(np.copysign(np.inf, value))

    def _small(self, value: float, error: float) -> float:
        """The p-value of a change that is small both ways: a fall is no small difference."""
        margin = log_line(EQUIVALENCE)
        return within(value, error, self.freedom, (-margin, margin), accounts=self.freedom + 1)


def levels_json(response: Response) -> list[Mapping[str, object]]:
    """The levels as they stand in a finding."""
    return [
        {"level": label, "accounts": accounts, "log_ratio": float(effect), "fitted": float(fit)}
        for label, accounts, effect, fit in zip(
            response.labels, response.accounts, response.effects,
            response.fitted - response.fitted[0], strict=True,
        )
    ]  # fmt: skip
