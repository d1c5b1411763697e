"""The coefficient of an attribute in a declared least-squares or logit model, interactions included.

Errors hold under unequal variances and repeated units: White's (1980) sandwich with the factor of
MacKinnon and White (HC1), by unit where units repeat (Liang and Zeger 1986). Classical errors stand
beside them, because textbooks print those.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
from scipy.special import expit, fdtrc

Floats = npt.NDArray[np.float64]
Kind = Literal["ols", "logit"]
Columns = Mapping[str, npt.NDArray[Any]]

MOST_STEPS = 60
SEPARATED = 25.0
RANK = 1e-9


class ModelUnfit(Exception):
    """The declared model can't be estimated on these rows; the argument is a key of the readings."""


@dataclass(frozen=True)
class Declared:
    """A model as the plan declares it.

    Args:
        kind: least squares or logit.
        attribute: the sensitive feature.
        covariates: the other features, in order.
        interactions: pairs of features whose products are terms too.
        reference: the attribute's base level; other factors start from their first level.
    """

    kind: Kind
    attribute: str
    covariates: tuple[str, ...]
    interactions: tuple[tuple[str, str], ...] = ()
    reference: str = ""


@dataclass(frozen=True)
class Design:
    """The model matrix.

    Args:
        matrix: rows × terms.
        terms: their names; `column=level` for a level, `a:b` for a product.
        touched: level of the attribute → the terms that carry it.
    """

    matrix: Floats
    terms: tuple[str, ...]
    touched: Mapping[str, tuple[int, ...]] = field(default_factory=dict)


def design(columns: Columns, declared: Declared, levels: Sequence[str]) -> Design:
    """The model matrix of the rows.

    Args:
        columns: text columns are factors, real ones are numbers.
        declared: the model.
        levels: the attribute's levels besides the reference; none where it is a number.
    """
    rows = len(next(iter(columns.values())))
    blocks = {n: _factor(columns[n], n) for n in declared.covariates}
    own = columns[declared.attribute]
    name = declared.attribute
    blocks[name] = [(f"{name}={v}", (own == v).astype(np.float64)) for v in levels]
    if not levels:
        blocks[name] = [(name, own.astype(np.float64))]
    named: list[tuple[str, Floats]] = [("intercept", np.ones(rows))]
    for one in (name, *declared.covariates):
        named += blocks[one]
    for first, second in declared.interactions:
        named += [(f"{a}:{b}", x * y) for a, x in blocks[first] for b, y in blocks[second]]
    terms = tuple(term for term, _ in named)
    carriers = [f"{name}={v}" for v in levels] or [name]
    touched = {
        key: tuple(i for i, term in enumerate(terms) if carrier in term.split(":"))
        for key, carrier in zip(levels or [name], carriers, strict=True)
    }
    return Design(np.column_stack([column for _, column in named]), terms, touched)


def _factor(values: npt.NDArray[Any], name: str) -> list[tuple[str, Floats]]:
    if values.dtype.kind == "f":
        return [(name, values.astype(np.float64))]
    levels = np.unique(values).tolist()[1:]
    return [(f"{name}={level}", (values == level).astype(np.float64)) for level in levels]


@dataclass(frozen=True)
class Fit:
    """A fitted model.

    Args:
        kind: least squares or logit.
        design: its matrix.
        coefficients: one per term.
        robust, classical: two covariance matrices of the coefficients.
        df: degrees of freedom of robust tests: units − 1, or rows − terms.
        r_squared: of least squares.
    """

    kind: Kind
    design: Design
    coefficients: Floats
    robust: Floats
    classical: Floats
    df: int
    r_squared: float | None

    def wald(self, places: Sequence[int]) -> tuple[float, float]:
        """The robust F test that these coefficients are all 0: statistic and p-value."""
        at = list(places)
        b = self.coefficients[at]
        f = float(b @ np.linalg.solve(self.robust[np.ix_(at, at)], b)) / len(at)
        return f, float(fdtrc(len(at), self.df, max(0.0, f)))

    def error(self, place: int, *, classical: bool = False) -> float:
        """The standard error of one coefficient."""
        return math.sqrt(float((self.classical if classical else self.robust)[place, place]))


def fit(made: Design, outcome: Floats, kind: Kind, units: npt.NDArray[Any] | None) -> Fit:
    """Estimate the model.

    Args:
        made: the matrix.
        outcome: what is explained; 0 and 1 for logit.
        kind: least squares or logit.
        units: the repeated unit of each row, or None.

    Raises:
        ModelUnfit: too few rows, terms that repeat each other, or a perfectly told outcome.
    """
    x, (rows, terms) = made.matrix, made.matrix.shape
    if rows <= terms + 1:
        raise ModelUnfit("few_rows")
    scale = np.sqrt((x**2).sum(axis=0))
    if (scale == 0).any() or np.linalg.svd(x / scale, compute_uv=False)[-1] < RANK:
        raise ModelUnfit("collinear")
    scaled = x / scale
    beta, weight = _least_squares(scaled, outcome) if kind == "ols" else _logit(scaled, outcome)
    fitted = scaled @ beta
    gap = outcome - (fitted if kind == "ols" else expit(fitted))
    bread = np.linalg.inv((scaled * weight[:, None]).T @ scaled)
    scores = scaled * gap[:, None]
    robust, df = _sandwich(bread, scores, units, rows=rows, terms=terms)
    residual = float(gap @ gap)
    classical = bread * (residual / (rows - terms)) if kind == "ols" else bread
    spread = float(((outcome - outcome.mean()) ** 2).sum())
    back = np.outer(scale, scale)
    return Fit(
        kind, made, beta / scale, robust / back, classical / back, df,
        1 - residual / spread if kind == "ols" and spread > 0 else None,
    )  # fmt: skip


def _least_squares(x: Floats, y: Floats) -> tuple[Floats, Floats]:
    beta = np.asarray(np.linalg.lstsq(x, y, rcond=None)[0], dtype=np.float64)
    return beta, np.ones(len(y))


def _logit(x: Floats, y: Floats) -> tuple[Floats, Floats]:
    """Newton's method (iteratively reweighted least squares)."""
    if set(np.unique(y).tolist()) != {0.0, 1.0}:
        raise ModelUnfit("not_binary")
    beta = np.zeros(x.shape[1])
    for _ in range(MOST_STEPS):
        p = expit(x @ beta)
        weight = np.maximum(p * (1 - p), 1e-12)
        step = np.linalg.lstsq((x * weight[:, None]).T @ x, x.T @ (y - p), rcond=None)[0]
        beta = beta + step
        if np.abs(x @ beta).max() > SEPARATED:
            break
        if np.abs(x @ step).max() < 1e-10:
            return beta, weight
    raise ModelUnfit("separated")


def _sandwich(
    bread: Floats, scores: Floats, units: npt.NDArray[Any] | None, *, rows: int, terms: int
) -> tuple[Floats, int]:
    if units is None:
        return rows / (rows - terms) * bread @ (scores.T @ scores) @ bread, rows - terms
    codes = np.unique(units, return_inverse=True)[1]
    sums = np.zeros((int(codes.max()) + 1, scores.shape[1]))
    np.add.at(sums, codes, scores)
    many = len(sums)
    if many <= terms:
        raise ModelUnfit("few_rows")
    factor = many / (many - 1) * (rows - 1) / (rows - terms)
    return factor * bread @ (sums.T @ sums) @ bread, many - 1


@dataclass(frozen=True, slots=True)
class Standardised:
    """What the model says of everyone, once with the level and once with the reference.

    Args:
        group, reference: the mean predictions over all rows.
        log_ratio, error: of their ratio, with its standard error by the delta method; None where
            a mean prediction is not positive.
    """

    group: float
    reference: float
    log_ratio: float | None
    error: float | None


def standardised(
    fitted: Fit, rebuild: Callable[[str], Design], level: str, base: str
) -> Standardised:
    """Both groups' rates if everyone else about them were the same (g-computation, Robins 1986).

    Args:
        fitted: the model.
        rebuild: the matrix with every row's attribute set to a level.
        level: the group.
        base: the reference.
    """
    rates, gradients = [], []
    for one in (level, base):
        x = rebuild(one).matrix
        eta = x @ fitted.coefficients
        p = eta if fitted.kind == "ols" else expit(eta)
        slope = np.ones(len(p)) if fitted.kind == "ols" else p * (1 - p)
        rates.append(float(p.mean()))
        gradients.append((x * slope[:, None]).mean(axis=0))
    if min(rates) <= 0:
        return Standardised(rates[0], rates[1], None, None)
    gradient = gradients[0] / rates[0] - gradients[1] / rates[1]
    variance = float(gradient @ fitted.robust @ gradient)
    return Standardised(
        rates[0], rates[1], math.log(rates[0] / rates[1]), math.sqrt(max(0.0, variance))
    )
