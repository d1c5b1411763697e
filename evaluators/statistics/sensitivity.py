"""Sensitivity of a coefficient to what was not observed (Cinelli and Hazlett 2020)."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from evaluators.statistics.regression import Fit, critical


@dataclass(frozen=True, slots=True)
class Robustness:
    """How strong an unseen confounder would have to be (Cinelli and Hazlett 2020).

    Args:
        partial_r2: of the column with the outcome.
        value: the robustness value: the partial R² with both that would bring the estimate to 0.
        value_alpha: the same to bring it to the edge of significance.
        benchmarks: by covariate: its partial R² with the column and with the outcome, and the
            estimate left if an unseen confounder were as strong as it.
    """

    partial_r2: float
    value: float
    value_alpha: float
    benchmarks: dict[str, dict[str, float]]


def robustness(
    fitted: Fit, name: str, covariates: Sequence[str], *, alpha: float
) -> Robustness | None:
    """Robustness values of one coefficient, benchmarked to observed covariates.

    The t statistic is the homoskedastic one, as the derivation has it.
    """
    made = fitted.design
    if name not in made.names or fitted.classical < 2:
        return None
    place = made.names.index(name)
    t = _classical_t(fitted, place)
    freedom = fitted.classical
    benchmarks = {
        other: _benchmark(fitted, place, made.names.index(other))
        for other in covariates
        if other in made.names and other != name
    }
    return Robustness(
        partial_r2=float(t**2 / (t**2 + freedom)),
        value=robustness_value(t, freedom),
        value_alpha=robustness_value(t, freedom, alpha=alpha),
        benchmarks=benchmarks,
    )


def robustness_value(t: float, freedom: int, *, alpha: float | None = None) -> float:
    """The partial R² with both column and outcome that brings the estimate to zero.

    With `alpha`, that which brings it to the edge of significance at that level.
    """
    strength = abs(t) / float(np.sqrt(freedom))
    if alpha is not None:
        edge = abs(critical(alpha / 2, freedom - 1)) / float(np.sqrt(freedom - 1))
        strength = max(strength - edge, 0.0)
    return 0.5 * (float(np.sqrt(strength**4 + 4 * strength**2)) - strength**2)


def _squares(fitted: Fit) -> float:
    left, weights = fitted.residuals, fitted.design.weights
    return float(left @ (left if weights is None else weights * left))


def _classical_t(fitted: Fit, place: int) -> float:
    variance = _squares(fitted) / fitted.classical * float(fitted.bread[place, place])
    return float(fitted.coefficients[place]) / float(np.sqrt(variance)) if variance > 0 else 0.0


def _benchmark(fitted: Fit, place: int, other: int) -> dict[str, float]:
    """A confounder as strong as an observed covariate (their section 4.4, k = 1).

    The partial R² of the covariate with the column, given all others, stands in the inverse of the
    cross products: no second regression is run.
    """
    freedom, bread = fitted.classical, fitted.bread
    t_outcome = _classical_t(fitted, other)
    r2_outcome = t_outcome**2 / (t_outcome**2 + freedom)
    r2_column = float(bread[place, other] ** 2 / (bread[place, place] * bread[other, other]))
    odds_column = r2_column / max(1 - r2_column, 1e-12)
    hidden_column = min(odds_column, 0.999)
    between = min(odds_column**2, 0.999)
    hidden_outcome = min(
        ((1 + np.sqrt(between)) / np.sqrt(1 - between)) ** 2
        * r2_outcome
        / max(1 - r2_outcome, 1e-12),
        1.0,
    )
    error = float(np.sqrt(_squares(fitted) / freedom * bread[place, place]))
    bias = error * np.sqrt(hidden_outcome * hidden_column / (1 - hidden_column) * freedom)
    value = float(fitted.coefficients[place])
    return {
        "r2_with_attribute": float(r2_column),
        "r2_with_price": float(r2_outcome),
        "estimate_left": float(np.sign(value) * (abs(value) - bias)),
    }
