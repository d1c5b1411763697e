"""The declared model of conditional parity: its rows, its estimates, and what they amount to."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from pydantic import Field
from scipy.special import stdtrit

from evaluators.accumulating import weights
from evaluators.accumulating.accumulators import numbers, truth
from evaluators.accumulating.columns import is_number, names, real
from evaluators.judging.rates import Lines
from evaluators.plan import Plan, level_name
from evaluators.probe import FAVOURED, UNIT, Options
from evaluators.statistics import declared_model, inference
from evaluators.statistics.declared_model import Declared, Fit, ModelUnfit, Standardised
from evaluators.statistics.intervals import Interval

Array = npt.NDArray[Any]
OUTCOME = "outcome"


class ModelOptions(Options):
    """A regression to run beside the strata.

    Args:
        kind: least squares or logit.
        outcome: a numeric column to explain; empty means the favourable decision (1 or 0).
        categorical: control columns of numbers that are names (a year, a code).
        numeric: sensitive columns that are numbers (a share); they have no groups to compare.
        interactions: pairs of columns whose products are terms too.
    """

    kind: Literal["ols", "logit"] = "ols"
    outcome: str = ""
    categorical: tuple[str, ...] = ()
    numeric: tuple[str, ...] = ()
    interactions: tuple[tuple[str, str], ...] = Field(default=())

    def decides(self, plan: Plan) -> bool:
        """Whether the outcome is the plan's favourable decision, and no other or opposite column."""
        columns = plan.columns
        favourable = level_name(columns.favourable) in {"1", "true"}
        return not self.outcome or (
            favourable and columns.score is None and not columns.inputs
            and self.outcome == columns.prediction
        )  # fmt: skip

    def named(self) -> set[str]:
        """Every feature that these options name."""
        return {
            *self.categorical,
            *self.numeric,
            *(name for pair in self.interactions for name in pair),
        }


@dataclass(frozen=True, slots=True)
class Left:
    """The rows of the data that the model did not use, and why.

    Args:
        rows: all rows.
        outcome: without the outcome.
        condition: with it, but without the attribute or a condition.
        small: of groups that are too small.
    """

    rows: int
    outcome: int
    condition: int
    small: int = 0

    @property
    def used(self) -> int:
        """How many rows the model used."""
        return self.rows - self.outcome - self.condition - self.small


@dataclass(frozen=True)
class Estimate:
    """One level's coefficient, or why there is none.

    Args:
        level: the level; empty where the attribute is a number.
        n, n_reference: complete rows of the level and of the reference.
        why: a key of the readings.
        left: which rows the model could not use.
        people: how many independent units stand on each side.
        fit: the model.
        place: of the level's own term.
        p_value, statistic: of all terms that carry the level.
        rates: both groups' rates with everything else left as it is; None where no ratio applies.
    """

    level: str
    n: int = 0
    n_reference: int = 0
    why: str | None = None
    left: "Left | None" = None
    people: tuple[float, float] | None = None
    fit: Fit | None = None
    place: int = 0
    p_value: float = 1.0
    statistic: float | None = None
    rates: Standardised | None = None

    @property
    def coefficient(self) -> float | None:
        """The level's own coefficient."""
        return None if self.fit is None else float(self.fit.coefficients[self.place])

    def interval(self, level: float) -> Interval | None:
        """Of the ratio of rates, or of the coefficient where no ratio applies."""
        if self.fit is None:
            return None
        t = float(stdtrit(self.fit.df, 1 - (1 - level) / 2))
        if self.rates is not None:
            if self.rates.log_ratio is None or self.rates.error is None:
                return None
            half = t * self.rates.error
            low, high = (math.exp(self.rates.log_ratio + sign * half) for sign in (-1, 1))
            return Interval(low, high, level, "standardised_log")
        half, centre = t * self.fit.error(self.place), self.coefficient or 0.0
        return Interval(centre - half, centre + half, level, "sandwich")

    def equivalence(self, lines: Lines) -> float | None:
        """Two one-sided tests that the ratio of rates is within the margins."""
        if self.rates is None or self.rates.log_ratio is None or self.rates.error is None:
            return None
        low, high = (math.log(bound) for bound in lines.equivalence)
        return inference.two_one_sided(self.rates.log_ratio, self.rates.error, low=low, high=high)

    def as_json(self) -> dict[str, Any]:
        """What stands in the details of a finding."""
        if self.fit is None:
            return {}
        terms, at = self.fit.design.terms, self.place
        error, plain = self.fit.error(at), self.fit.error(at, classical=True)
        crossed = [i for i, term in enumerate(terms) if ":" in term]
        return {
            "kind": self.fit.kind, "term": terms[at], "coefficient": self.coefficient,
            "error": error, "classical_error": plain,
            "classical_t": (self.coefficient or 0.0) / plain if plain else None,
            "intercept": float(self.fit.coefficients[0]), "r_squared": self.fit.r_squared,
            "df": self.fit.df, "rows": len(self.fit.design.matrix),
            "left": asdict(self.left) if self.left else None,
            "residual_df": len(self.fit.design.matrix) - len(terms),
            "others": {terms[i]: float(self.fit.coefficients[i]) for i in range(1, len(terms))
                       if i != at and i not in crossed},
            "interactions": {terms[i]: float(self.fit.coefficients[i]) for i in crossed},
        }  # fmt: skip


def kept(batch: pa.RecordBatch, plan: Plan, options: ModelOptions) -> dict[str, Array]:
    """What the model needs of a batch: outcome, unit, features; text or real columns."""
    if options.outcome:
        outcome = real(batch[options.outcome])
    else:
        marks = truth(batch[FAVOURED])
        outcome = np.where(marks < 0, np.nan, marks.astype(np.float64))
    columns: dict[str, Array] = {OUTCOME: outcome}
    columns[UNIT] = batch[UNIT].to_numpy(zero_copy_only=False).astype(np.uint64)
    for name in plan.columns.control:
        text = name in options.categorical or not is_number(batch[name])
        columns[f"x:{name}"] = names(batch[name]) if text else numbers(batch[name])
    for name in plan.columns.sensitive:
        number = name in options.numeric
        columns[f"x:{name}"] = real(batch[name]) if number else names(batch[name])
    return columns


def estimate(
    columns: Mapping[str, Array], attribute: str, reference: str, plan: Plan, options: ModelOptions
) -> list[Estimate]:
    """The coefficient of every level of an attribute.

    Args:
        columns: the rows (see `kept`).
        attribute: the sensitive feature.
        reference: its reference group; ignored where the attribute is a number.
        plan: names the controls, the unit and the least denominator.
        options: the model.
    """
    covariates = tuple(n for n in plan.columns.control if n != attribute)
    known = {*plan.columns.sensitive, *plan.columns.control}
    if not known.issuperset(options.named()):
        return [Estimate("", why="astray")]
    crossed = tuple(p for p in options.interactions if set(p) <= {attribute, *covariates})
    whole = {name: columns[f"x:{name}"] for name in (attribute, *covariates)}
    there = ~np.isnan(columns[OUTCOME])
    complete = there.copy()
    for values in whole.values():
        complete &= (values != "") if values.dtype.kind == "U" else ~np.isnan(values)
    left = Left(there.size, int((~there).sum()), int((there & ~complete).sum()))
    x = {name: values[complete] for name, values in whole.items()}
    y, unit = columns[OUTCOME][complete], columns[UNIT][complete]
    units = unit if plan.columns.unit else None
    declared = Declared(options.kind, attribute, covariates, crossed, reference)
    if attribute in options.numeric:
        if not weights.enough([_kish(np.ones(len(y), dtype=np.bool_), units)], plan.min_n):
            return [Estimate("", n=len(y), why="small_all", left=left)]
        return [_one(_fit(x, declared, [], y, units), "", x, declared, y, units=units, left=left)]
    sizes = {v: _people(x[attribute] == v, units) for v in np.unique(x[attribute]).tolist()}
    levels = [v for v in sizes if v != reference]
    alike = {v: _kish(x[attribute] == v, units) for v in (*levels, reference)}
    small = [Estimate(v, n=sizes[v], why="small", left=left) for v in levels
             if not weights.enough([alike[v], alike[reference]], plan.min_n)]  # fmt: skip
    able = [v for v in levels if v not in {one.level for one in small}]
    if not able:
        return small
    keep = np.isin(x[attribute], [*able, reference])
    left = replace(left, small=int((~keep).sum()))
    x = {name: values[keep] for name, values in x.items()}
    y, units = y[keep], None if units is None else units[keep]
    fitted = _fit(x, declared, able, y, units)
    made = (_one(fitted, level, x, declared, y, units=units, left=left) for level in able)
    return [*made, *small]


def _people(mine: npt.NDArray[np.bool_], units: Array | None) -> int:
    return int(mine.sum()) if units is None else int(np.unique(units[mine]).size)


def _fit(
    x: Mapping[str, Array],
    declared: Declared,
    levels: Sequence[str],
    y: Array,
    units: Array | None,
) -> Fit | str:
    try:
        if not len(y):
            return "few_rows"
        return declared_model.fit(
            declared_model.design(x, declared, levels), y, declared.kind, units
        )
    except ModelUnfit as unfit:
        return str(unfit)
    except np.linalg.LinAlgError:
        return "collinear"


def _one(
    fitted: Fit | str,
    level: str,
    x: Mapping[str, Array],
    declared: Declared,
    y: Array,
    *,
    units: Array | None,
    left: Left,
) -> Estimate:
    name = declared.attribute
    mine, others = x[name] == level, x[name] == declared.reference
    n, rest = (int(mine.sum()), int(others.sum())) if level else (len(y), 0)
    people = (
        (_kish(mine, units), _kish(others, units))
        if level
        else (_kish(np.ones(len(y), dtype=np.bool_), units),) * 2
    )
    blank = Estimate(level, n, rest, left=left, people=people)
    if isinstance(fitted, str):
        return replace(blank, why=fitted)
    carrier = f"{name}={level}" if level else name
    place = fitted.design.terms.index(carrier)
    try:
        statistic, p = fitted.wald(fitted.design.touched[level or name])
    except np.linalg.LinAlgError:
        return replace(blank, why="collinear")
    if not math.isfinite(statistic):
        return replace(blank, why="collinear")
    rates = None
    if level and set(np.unique(y).tolist()) <= {0.0, 1.0}:
        able = list(fitted.design.touched)

        def rebuild(value: str) -> declared_model.Design:
            return declared_model.design({**x, name: np.full(len(y), value)}, declared, able)

        rates = declared_model.standardised(fitted, rebuild, level, declared.reference)
        rates = rates if rates.log_ratio is not None else None
    return replace(blank, fit=fitted, place=place, p_value=p, statistic=statistic, rates=rates)


def _kish(mine: npt.NDArray[np.bool_], units: Array | None) -> float:
    """Kish's (1965) effective number of the units that the marked rows belong to."""
    if units is None:
        return float(mine.sum())
    return weights.kish(np.unique(units[mine], return_counts=True)[1].astype(np.float64))
