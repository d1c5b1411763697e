"""One attribute's regression frame: complete rows, coded factors, cells, clusters."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal

import numpy as np
import pyarrow as pa

from evaluators.judging import findings
from evaluators.prices import quotes
from evaluators.statistics.regression import Codes, Floats, codes_of

Scale = Literal["log", "level"]


@dataclass(frozen=True, slots=True)
class Contrast:
    """One comparison that an attribute gives rise to.

    Args:
        column: the regression column whose coefficient it is.
        group, reference: the levels compared; for a number the two quantiles.
        span: what the coefficient is multiplied by (1 for groups).
        members, others: marks of the rows of the group and of the reference.
        n, n_reference: their units.
    """

    column: str
    group: str
    reference: str
    span: float
    members: quotes.Mask
    others: quotes.Mask
    n: int
    n_reference: int


@dataclass(frozen=True, slots=True)
class Frame:
    """Complete rows for one attribute.

    Args:
        attribute: its name.
        log: whether the outcome is the log price.
        outcome: log price or price.
        price: the price.
        treatment: the attribute's columns.
        contrasts: what is compared.
        factors: covariate → its columns (several for groups).
        effects: cells of the item, the moment or both; empty without.
        unit: the cluster of each row.
        second: a second clustering, if the plan asks for two.
        clustered: False where every row is a unit of its own.
        weights: one per row, 1 on average, or None.
        dropped: rows left out because a named column is missing.
        unpriced: rows left out because the price is no positive number.
        alone: rows left out because no other row has their item, or their moment.
        free: of an attribute of groups, level → its rows without a price above 0, and all its rows.
    """

    attribute: str
    log: bool
    outcome: Floats
    price: Floats
    treatment: tuple[tuple[str, Floats], ...]
    contrasts: tuple[Contrast, ...]
    factors: Mapping[str, tuple[tuple[str, Floats], ...]]
    effects: tuple[Codes, ...]
    unit: Codes
    second: Codes | None
    clustered: bool
    weights: Floats | None
    dropped: int
    unpriced: int
    alone: int = 0
    free: Mapping[str, tuple[int, int]] = field(default_factory=dict)

    @property
    def unit_effect(self) -> float:
        """What turns a coefficient into a share of the price."""
        return 1.0 if self.log else 1.0 / float(self.price.mean())

    @property
    def groups(self) -> bool:
        """Whether the attribute is one of groups; a number has no groups to decompose between."""
        return all(contrast.column != self.attribute for contrast in self.contrasts)

    @property
    def rows(self) -> int:
        """How many rows are complete."""
        return len(self.outcome)

    @property
    def clusters(self) -> tuple[Codes, ...]:
        """The clusterings of the covariance; none where rows are units."""
        if not self.clustered:
            return ()
        return (self.unit,) if self.second is None else (self.unit, self.second)

    def standing(self, contrast: Contrast, *, tails: bool = False) -> dict[str, Any]:
        """How many units stand on each side of a comparison, and how many of a second kind.

        Args:
            contrast: the comparison; of a number everyone stands on both sides.
            tails: whether only the rows at both ends of a number are compared.
        """
        whole = not tails and contrast.column == self.attribute
        every = np.ones(self.rows, dtype=np.bool_)
        marks = (every, every) if whole else (contrast.members, contrast.others)
        one, other = (kish(self.unit, mark, self.weights) for mark in marks)
        of, second = "accounts" if self.clustered else "rows", self.second
        if second is None:
            return findings.units(of, one, other)
        fewest = min(kish(second, mark, self.weights) for mark in marks)
        return findings.units(of, one, other, fewest)

    def shared(self, contrast: Contrast) -> bool:
        """Whether some unit has rows on both sides of a comparison of groups.

        Args:
            contrast: the comparison; of a number everyone stands on both sides, which its words say.
        """
        if not self.clustered or contrast.column == self.attribute:
            return False
        return bool(np.intersect1d(self.unit[contrast.members], self.unit[contrast.others]).size)

    @property
    def units(self) -> int:
        """How many units there are."""
        return int(self.unit.max(initial=-1)) + 1


def taken(frame: Frame, places: Codes) -> Frame:
    """The frame of some of its rows, in the given order; contrasts are left out."""
    return replace(
        frame,
        outcome=frame.outcome[places],
        price=frame.price[places],
        treatment=tuple((name, values[places]) for name, values in frame.treatment),
        contrasts=(),
        factors={
            factor: tuple((name, values[places]) for name, values in columns)
            for factor, columns in frame.factors.items()
        },
        effects=tuple(codes_of(codes[places]) for codes in frame.effects),
        unit=codes_of(frame.unit[places]),
        second=None,
        weights=None if frame.weights is None else frame.weights[places],
    )


def repeated(frame: Frame) -> Frame:
    """The frame without rows that are compared with no other: the only ones of their item or moment.

    A fixed effect fits such a row exactly, so it says nothing of a price and has no residual, while
    errors and quantiles would count it (Correia 2015, "Singletons, cluster-robust standard errors and
    fixed effects"). Leaving one out may leave another alone, so it is done until none is. Where
    nothing would be left the frame stays as it is, and its differences are not determined.

    Args:
        frame: with the cells that are held fixed; without cells no row is alone.
    """
    kept = np.ones(frame.rows, dtype=np.bool_)
    while True:
        before = int(kept.sum())
        for codes in frame.effects:
            kept &= np.bincount(codes[kept], minlength=int(codes.max(initial=-1)) + 1)[codes] > 1
        if int(kept.sum()) == before:
            break
    if kept.all() or not kept.any():
        return frame
    places = np.flatnonzero(kept)
    made = taken(frame, places)
    everyone = made.units
    contrasts = []
    for each in frame.contrasts:
        members, others = each.members[places], each.others[places]
        sides = distinct(made.unit, members), distinct(made.unit, others)
        n, n_reference = (everyone, everyone) if each.column == frame.attribute else sides
        contrasts.append(
            replace(each, members=members, others=others, n=n, n_reference=n_reference)
        )
    return replace(
        made,
        contrasts=tuple(contrasts),
        second=None if frame.second is None else codes_of(frame.second[places]),
        weights=None if made.weights is None else _relative(made.weights),
        alone=frame.rows - len(places),
    )


@dataclass(frozen=True, slots=True)
class Recipe:
    """Which columns of the rows play which part in the frame.

    Args:
        price: the amount paid.
        scale: log price or price.
        factors: covariates in the order of the ladder.
        logs: those that enter as logarithms.
        categorical: number columns to be read as groups.
        cells: fixed effects: each entry is a tuple of columns crossed with each other.
        unit: the cluster column; None where rows are units.
        second: the second cluster column.
        weight: the weight column.
        tails: the two quantiles at which a number attribute is compared.
    """

    price: str
    scale: Scale
    factors: tuple[str, ...] = ()
    logs: frozenset[str] = frozenset()
    categorical: frozenset[str] = frozenset()
    cells: tuple[tuple[str, ...], ...] = ()
    unit: str | None = None
    second: str | None = None
    weight: str | None = None
    tails: tuple[float, float] = (0.1, 0.9)


def build(rows: pa.Table, attribute: str, recipe: Recipe, reference: str | None) -> Frame:
    """The frame of one attribute from rows in their canonical order.

    Args:
        rows: see `quotes.ordered`.
        attribute: a column of groups or numbers.
        recipe: the parts of the other columns.
        reference: the declared reference group; else the group with the most rows.
    """
    price = quotes.numbers(rows.column(recipe.price))
    priced = np.isfinite(price) & ((price > 0) | (recipe.scale == "level"))
    complete = priced & _known(rows, attribute, recipe)
    used = rows if complete.all() else rows.filter(pa.array(complete))
    kept = price[complete]
    unit = quotes.units(used, recipe.unit) if recipe.unit else np.arange(len(kept))
    treatment, contrasts = _treatment(used, attribute, recipe, reference, unit)
    return Frame(
        attribute=attribute,
        log=recipe.scale == "log",
        outcome=np.log(kept) if recipe.scale == "log" else kept,
        price=kept,
        treatment=treatment,
        contrasts=contrasts,
        factors={name: _factor(used, name, recipe) for name in recipe.factors},
        effects=tuple(quotes.cell_codes(used, cell) for cell in recipe.cells),
        unit=unit,
        second=quotes.units(used, recipe.second) if recipe.second else None,
        clustered=recipe.unit is not None,
        weights=_relative(quotes.numbers(used.column(recipe.weight))) if recipe.weight else None,
        dropped=int((priced & ~complete).sum()),
        unpriced=int((~priced).sum()),
        free=_free(rows.column(attribute), priced)
        if treatment and treatment[0][0] != attribute
        else {},
    )


def _free(column: pa.ChunkedArray, priced: quotes.Mask) -> dict[str, tuple[int, int]]:
    """Level → its rows without a price above 0, and all its rows."""
    found = quotes.levels(column)
    return {
        level: (int((~priced & (found.codes == place)).sum()), int((found.codes == place).sum()))
        for place, level in enumerate(found.names)
    }


def _known(rows: pa.Table, attribute: str, recipe: Recipe) -> quotes.Mask:
    known = np.ones(rows.num_rows, dtype=np.bool_)
    for name in dict.fromkeys((attribute, *recipe.factors)):
        column = rows.column(name)
        if quotes.is_number(column):
            values = quotes.numbers(column)
            known &= np.isfinite(values) & ((values > 0) | (name not in recipe.logs))
        else:
            known &= quotes.known(column)
    present = {column for cell in recipe.cells for column in cell}
    if recipe.unit:
        present.add(recipe.unit)
    for name in sorted(present):
        known &= quotes.known(rows.column(name))
    if recipe.weight:
        weights = quotes.numbers(rows.column(recipe.weight))
        known &= np.isfinite(weights) & (weights > 0)
    return known


def _relative(weights: Floats) -> Floats:
    """Weights over their mean, of which no scale is left."""
    return weights / (math.fsum(weights) / len(weights)) if len(weights) else weights


def _is_groups(column: pa.ChunkedArray, name: str, recipe: Recipe) -> bool:
    return name in recipe.categorical or not quotes.is_number(column)


def _two_valued(column: pa.ChunkedArray) -> bool:
    values = quotes.numbers(column)
    return not len(values) or bool(np.all((values == values.min()) | (values == values.max())))


def _factor(used: pa.Table, name: str, recipe: Recipe) -> tuple[tuple[str, Floats], ...]:
    column = used.column(name)
    if not _is_groups(column, name, recipe):
        values = quotes.numbers(column)
        return ((name, np.log(values) if name in recipe.logs else values),)
    found = quotes.levels(column)
    if not found.names:
        return ()
    base = found.names.index(found.most_common())
    return tuple(
        (f"{name}={level}", (found.codes == place).astype(np.float64))
        for place, level in enumerate(found.names)
        if place != base
    )


def _treatment(
    used: pa.Table, attribute: str, recipe: Recipe, reference: str | None, unit: Codes
) -> tuple[tuple[tuple[str, Floats], ...], tuple[Contrast, ...]]:
    column = used.column(attribute)
    if not _is_groups(column, attribute, recipe) and not _two_valued(column):
        values = quotes.numbers(column)
        entered = np.log(values) if attribute in recipe.logs else values
        return ((attribute, entered),), _tails(attribute, values, entered, recipe.tails, unit)
    found = quotes.levels(column)
    if len(found.names) < 2:
        return (), ()
    base = reference if reference in found.names else found.most_common()
    others = found.codes == found.names.index(base)
    columns, contrasts = [], []
    for place, level in enumerate(found.names):
        if level == base:
            continue
        members = found.codes == place
        name = f"{attribute}={level}"
        columns.append((name, members.astype(np.float64)))
        contrasts.append(
            Contrast(
                name,
                level,
                base,
                1.0,
                members,
                others,
                distinct(unit, members),
                distinct(unit, others),
            )
        )
    return tuple(columns), tuple(contrasts)


def _tails(
    attribute: str, values: Floats, entered: Floats, tails: Sequence[float], unit: Codes
) -> tuple[Contrast, ...]:
    """A number is compared between two quantiles that occur in the data."""
    if not len(values):
        return ()
    low, high = (float(np.quantile(values, q, method="inverted_cdf")) for q in tails)
    span = float(np.quantile(entered, tails[1], method="inverted_cdf"))
    span -= float(np.quantile(entered, tails[0], method="inverted_cdf"))
    members, others = values >= high, values <= low
    label = [f"p{q * 100:g} ({value:.6g})" for q, value in zip(tails, (low, high), strict=True)]
    everyone = int(codes_of(unit).max(initial=-1)) + 1
    return (Contrast(attribute, label[1], label[0], span, members, others, everyone, everyone),)


def kish(unit: Codes, rows: quotes.Mask, weights: Floats | None) -> float:
    """Kish's (1965) effective number of the units that the marked rows belong to."""
    own = None if weights is None else weights[rows]
    sizes = np.bincount(unit[rows], own).astype(np.float64)
    squared = float(np.sort(sizes**2).sum())
    return float(np.sort(sizes).sum()) ** 2 / squared if squared else 0.0


def distinct(unit: Codes, rows: quotes.Mask) -> int:
    """How many units the marked rows belong to."""
    return int(np.count_nonzero(np.bincount(unit[rows])))
