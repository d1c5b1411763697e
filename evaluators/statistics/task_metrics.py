"""How well a model does its task, as estimates with the influence of every row.

The influence of the rows on an estimate (Hampel 1974; for the AUC the components of DeLong 1988)
gives its variance under any sampling of units: sum the influences per unit, square, add up.
"""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import scipy
from scipy.special import expit, logit

from evaluators.statistics import inference
from evaluators.statistics.intervals import Interval, wilson

Floats = npt.NDArray[np.float64]
Units = npt.NDArray[np.uint64]
Task = Literal["binary", "multiclass", "regression", "ranking"]

METRICS: Mapping[Task, tuple[str, ...]] = {
    "binary": ("accuracy", "balanced_accuracy", "auc"),
    "multiclass": ("accuracy", "balanced_accuracy", "macro_f1"),
    "regression": ("mae", "rmse", "r2"),
    "ranking": ("ndcg",),
}
ERRORS = ("mae", "rmse")
"""Smaller is better, and groups are compared by the ratio."""
COMPARED: Mapping[Task, tuple[str, ...]] = {
    "binary": ("accuracy", "balanced_accuracy"),
    "multiclass": ("accuracy", "balanced_accuracy", "macro_f1"),
    "regression": ERRORS,
    "ranking": ("ndcg",),
}
"""Compared between groups: the AUC is score_parity's, and R² depends on the group's own spread."""


@dataclass(frozen=True, slots=True)
class Estimate:
    """A metric of some rows.

    Args:
        metric: its name.
        value: the estimate.
        parts: the influence of each row; they sum to zero.
        units: whose row it is, equal numbers for equal units.
    """

    metric: str
    value: float
    parts: Floats
    units: Units

    @property
    def sums(self) -> Floats:
        """The influence of each unit."""
        _, codes = np.unique(self.units, return_inverse=True)
        return np.bincount(codes, weights=self.parts).astype(np.float64)

    @property
    def size(self) -> int:
        """How many units there are."""
        return int(np.unique(self.units).size)

    @property
    def effective(self) -> float:
        """Kish's (1965) effective number of units, by their rows."""
        rows = np.unique(self.units, return_counts=True)[1].astype(np.float64)
        squared = float((rows**2).sum())
        return float(rows.sum()) ** 2 / squared if squared else 0.0

    @property
    def error(self) -> float:
        """The standard error, with units as the sampled things."""
        sums = self.sums
        return math.sqrt(sums.size / max(1, sums.size - 1) * float(np.sort(sums**2).sum()))

    @property
    def floor(self) -> float:
        """What a share of 0 or 1 is still unsure of: Agresti and Caffo's (2000) two more people.

        The rows themselves show no spread there, and an interval of no width would claim too much.
        """
        if self.metric in {*ERRORS, "r2"} or 0 < self.value < 1:
            return 0.0
        n = self.size + 2
        return math.sqrt((1 / n) * (1 - 1 / n) / n)

    def interval(self, level: float) -> Interval:
        """The interval: Wilson's for a share, logit or log scale where the metric is bounded.

        Args:
            level: the coverage aimed at.
        """
        half = self.error * float(scipy.stats.t.ppf(1 - (1 - level) / 2, max(1, self.size - 1)))
        if self.metric == "r2":
            return Interval(self.value - half, min(1.0, self.value + half), level, "influence")
        if self.metric in ERRORS:
            if self.value <= 0:
                return Interval(0.0, 0.0, level, "influence_log")
            spread = math.exp(half / self.value)
            return Interval(self.value / spread, self.value * spread, level, "influence_log")
        if not 0 < self.value < 1 or half == 0:
            found = wilson(round(self.value * self.size), self.size, level)
            return found or Interval(0.0, 1.0, level, "wilson")
        if self.metric == "accuracy":
            worth = self.value * (1 - self.value) / self.error**2
            found = wilson(self.value * worth, worth, level)
            return found or Interval(0.0, 1.0, level, "wilson")
        centre, spread = float(logit(self.value)), half / (self.value * (1 - self.value))
        return Interval(
            float(expit(centre - spread)), float(expit(centre + spread)), level, "influence_logit"
        )


@dataclass(frozen=True, slots=True)
class Gap:
    """How two groups differ: the difference of a metric, or the log of the ratio of two errors.

    Args:
        value: the difference or log-ratio.
        error: its standard error.
        freedom: Satterthwaite's degrees of freedom.
    """

    value: float
    error: float
    freedom: float

    def quantile(self, level: float) -> float:
        """Student's two-sided quantile."""
        return float(scipy.stats.t.ppf(1 - (1 - level) / 2, self.freedom))

    @property
    def p_value(self) -> float:
        """Two-sided p of "no difference" (Welch 1947)."""
        if self.error <= 0:
            return 1.0
        return float(2 * scipy.stats.t.sf(abs(self.value) / self.error, self.freedom))

    def within(self, low: float, high: float) -> float:
        """The larger p of two one-sided tests that the value lies within (Schuirmann 1987)."""
        return inference.two_one_sided(self.value, self.error, low=low, high=high, df=self.freedom)


def gap(first: Estimate, second: Estimate) -> Gap | None:
    """The difference first − second, or the log-ratio of errors; None where it is undefined.

    A unit with rows on both sides counts once, with both its influences.
    """
    scale = (1.0, 1.0)
    value = first.value - second.value
    if first.metric in ERRORS:
        if min(first.value, second.value) <= 0:
            return None
        value, scale = math.log(first.value / second.value), (1 / first.value, 1 / second.value)
    parts = np.concatenate([first.parts * scale[0], -second.parts * scale[1]])
    both = Estimate(first.metric, value, parts, np.concatenate([first.units, second.units]))
    floor = first.floor**2 + second.floor**2
    spread = [
        (one.error * s) ** 2 + one.floor**2 for one, s in zip((first, second), scale, strict=True)
    ]
    sizes = [max(1, one.size - 1) for one in (first, second)]
    weight = sum(v**2 / n for v, n in zip(spread, sizes, strict=True))
    freedom = sum(spread) ** 2 / weight if weight > 0 else float(min(sizes))
    error = math.sqrt(both.error**2 + floor)
    return None if error <= inference.NOISE else Gap(value, error, freedom)


def estimate(metric: str, rows: Mapping[str, npt.NDArray[Any]]) -> Estimate | None:
    """A metric of some rows; None where it is undefined (one class only, no spread).

    Args:
        metric: its name.
        rows: `due`, `answered` and `score` by row, and `unit`.
    """
    if not rows["unit"].size:
        return None
    made = _FORMULAS[metric](rows)
    return None if made is None else Estimate(metric, *made, rows["unit"])


Rows = Mapping[str, npt.NDArray[Any]]
Made = tuple[float, Floats] | None


def _accuracy(rows: Rows) -> Made:
    right = (rows["due"] == rows["answered"]).astype(np.float64)
    value = float(right.mean())
    return value, (right - value) / right.size


def _balanced(rows: Rows) -> Made:
    """The mean over classes of the share of each class that was answered rightly."""
    right = rows["due"] == rows["answered"]
    classes, codes = np.unique(rows["due"], return_inverse=True)
    if classes.size < 2:
        return None
    sizes = np.bincount(codes)
    rates = np.bincount(codes, weights=right) / sizes
    parts = (right - rates[codes]) / sizes[codes] / classes.size
    return float(rates.mean()), parts


def _macro_f1(rows: Rows) -> Made:
    """The mean over the classes that occur of F1 = 2 TP / (due + answered)."""
    classes = np.unique(rows["due"])
    if classes.size < 2:
        return None
    values, parts = [], np.zeros(rows["due"].size)
    for one in classes:
        due, answered = rows["due"] == one, rows["answered"] == one
        total = int(due.sum() + answered.sum())
        value = 2 * float((due & answered).sum()) / total
        own = 2.0 * (due & answered) - value * (due.astype(np.float64) + answered)
        parts += own / total / classes.size
        values.append(value)
    return float(np.mean(values)), parts


def _auc(rows: Rows) -> Made:
    """The probability that a favourable case scores above another, ties counting one half."""
    due, score = rows["due"] == 1, rows["score"]
    m, n = int(due.sum()), int((~due).sum())
    if not m or not n:
        return None
    ranks, parts = scipy.stats.rankdata(score), np.empty(due.size)
    above = (ranks[due] - scipy.stats.rankdata(score[due])) / n
    below = 1 - (ranks[~due] - scipy.stats.rankdata(score[~due])) / m
    value = float(above.mean())
    parts[due], parts[~due] = (above - value) / m, (below - value) / n
    return value, parts


def _mae(rows: Rows) -> Made:
    gaps = np.abs(rows["score"] - rows["due"])
    value = float(gaps.mean())
    return value, (gaps - value) / gaps.size


def _rmse(rows: Rows) -> Made:
    squares = (rows["score"] - rows["due"]) ** 2
    mean = float(squares.mean())
    value = math.sqrt(mean)
    return value, (squares - mean) / squares.size / (2 * value) if value else np.zeros(
        squares.size
    )


def _r2(rows: Rows) -> Made:
    """1 − SSE / SST."""
    squares = (rows["score"] - rows["due"]) ** 2
    spread = (rows["due"] - rows["due"].mean()) ** 2
    if spread.sum() <= 0:
        return None
    share = float(squares.sum() / spread.sum())
    return 1 - share, -(squares - share * spread) / float(spread.sum())


def _mean(rows: Rows) -> Made:
    """The mean over queries of the NDCG that `ndcg` gave each."""
    value = float(rows["score"].mean())
    return value, (rows["score"] - value) / rows["score"].size


_FORMULAS: Mapping[str, Callable[[Rows], Made]] = {
    "accuracy": _accuracy, "balanced_accuracy": _balanced, "macro_f1": _macro_f1, "auc": _auc,
    "mae": _mae, "rmse": _rmse, "r2": _r2, "ndcg": _mean,
}  # fmt: skip


def ndcg(query: npt.NDArray[Any], score: Floats, relevance: Floats, depth: int) -> Rows:
    """NDCG at a depth for each query (Järvelin and Kekäläinen 2002): gain = relevance.

    The discount is 1 / log2(1 + rank); tied scores share their mean gain (McSherry and Najork
    2008). Queries without any relevant item have none and are left out.

    Args:
        query: of each row.
        score: by which the model ranks, higher first.
        relevance: at least 0.
        depth: ranks that count.
    """
    names, codes = np.unique(query, return_inverse=True)
    got = _gain(codes, score, relevance, depth, names.size)
    best = _gain(codes, relevance, relevance, depth, names.size)
    known = best > 0
    return {"query": names[known], "score": got[known] / best[known]}


def _gain(
    codes: npt.NDArray[np.int64], by: Floats, relevance: Floats, depth: int, queries: int
) -> Floats:
    order = np.lexsort([-by, codes])
    place, value, gains = codes[order], by[order], relevance[order]
    first = np.r_[True, place[1:] != place[:-1]]
    rank = np.arange(order.size) - np.flatnonzero(first)[np.cumsum(first) - 1]
    tie = np.cumsum(first | np.r_[True, value[1:] != value[:-1]]) - 1
    shared = np.bincount(tie, weights=gains) / np.bincount(tie)
    discount = np.where(rank < depth, 1 / np.log2(rank + 2), 0.0)
    found = np.bincount(place, weights=shared[tie] * discount, minlength=queries)
    return found.astype(np.float64)
