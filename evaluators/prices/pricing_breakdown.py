"""Quotes to accounts, broken down: registered groups, ranges item by item, the A/A share."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa

from evaluators.plan import Plan
from evaluators.policy import POLICY
from evaluators.prices import quotes
from evaluators.prices.price_family import within
from evaluators.prices.price_lines import EQUIVALENCE, log_line
from evaluators.prices.price_spread import Spread, describe
from evaluators.prices.quotes import Mask
from evaluators.statistics.regression import Codes, Floats, codes_of

MOST_ITEMS = 20  # items that are contrasts of their own


@dataclass(frozen=True, slots=True)
class Part:
    """One registered group's own comparison.

    Args:
        mean: the difference of its accounts' means, as a log-ratio.
        small: the p-value of the equivalence test.
        spread: its accounts against the mean of its reference accounts.
    """

    mean: float
    small: float
    spread: Spread

    def as_json(self) -> dict[str, Any]:
        """The numbers as they stand in a finding."""
        return {
            "pairs": self.spread.pairs,
            "mean": self.mean,
            "small_p": self.small,
            "beyond": self.spread.beyond,
            "beyond_upper": self.spread.beyond_upper,
        }


def account_means(
    relative: Floats, account: Codes, items: quotes.Levels | None
) -> tuple[Floats, tuple[str, ...]]:
    """Each account's mean over all its quotes, then over those of each item; and these items.

    Args:
        relative: one per quote.
        account: the account of each quote, from 0.
        items: the item of each quote; of many items none has a mean of its own.
    """
    counts = np.bincount(account)
    columns = [np.bincount(account, relative) / counts]
    named: list[str] = []
    if items is not None and 1 < len(items.names) <= MOST_ITEMS:
        for place, item in enumerate(items.names):
            mark = items.codes == place
            own = np.bincount(account[mark], minlength=len(counts))
            if mark.any() and own.all():
                columns.append(np.bincount(account[mark], relative[mark], len(counts)) / own)
                named.append(item)
    return np.stack(columns, axis=1), tuple(named)


def beyond_share(level: Mask, cell: Codes) -> Floats:
    """Whether a quote is of a level, less the level's share of the quotes in its cell."""
    own = level.astype(np.float64)
    return own - (np.bincount(cell, own) / np.bincount(cell))[cell]


def seen(apart: Floats, group: Mask, reference: Mask) -> Floats:
    """How much of a difference between two levels is seen in means relative to their cells.

    All of it where every account was quoted the same; less where cells are mostly of one level,
    since a cell's mean then moves with that level. Differences are divided by it.

    Args:
        apart: accounts × columns, see `beyond_share`.
        group: the accounts of the level.
        reference: those of the other one.
    """
    found: Floats = apart[group].mean(axis=0) - apart[reference].mean(axis=0)
    return found  # above 0, since only cells with both levels are used


def registered(rows: pa.Table, plan: Plan, first: Codes) -> dict[str, Mask]:
    """Registered attribute=level → the marks of its accounts.

    Args:
        rows: the quotes used.
        plan: its sensitive columns; a number of more than two values is no registered group.
        first: the first row of each account.
    """
    groups: dict[str, Mask] = {}
    for name in plan.columns.sensitive:
        column = rows.column(name)
        if quotes.is_number(column) and len(np.unique(quotes.numbers(column))) > 2:
            continue
        found = quotes.levels(column)
        for place, level in enumerate(found.names):
            groups[f"{name}={level}"] = np.asarray(found.codes[first] == place, dtype=np.bool_)
    return groups


def parts(
    values: Floats, labels: Codes, groups: Mapping[str, Mask], pair: tuple[int, int]
) -> dict[str, Part]:
    """The comparison in every registered group with enough accounts on both sides.

    Args:
        values: one per account.
        labels: the level of each account.
        groups: see `registered`.
        pair: the level and the reference.
    """
    least, found = int(POLICY.value("small_cell")), {}
    for name, mark in groups.items():
        own, other = values[mark & (labels == pair[0])], values[mark & (labels == pair[1])]
        if min(len(own), len(other)) < least:
            continue
        mean = float(own.mean() - other.mean())
        error = math.sqrt(own.var(ddof=1) / len(own) + other.var(ddof=1) / len(other))
        margin = log_line(EQUIVALENCE)
        freedom = min(len(own), len(other)) - 1
        small = within(mean, error, freedom, (-margin, margin), accounts=min(len(own), len(other)))
        spread = describe(own - other.mean())
        if spread is not None:
            found[name] = Part(mean, small, spread)
    return found


def ranges(y: Floats, cell: Codes, items: quotes.Levels | None) -> dict[str, dict[str, float]]:
    """Item → mean and largest ratio of the dearest to the cheapest quote at one moment.

    Args:
        y: log prices.
        cell: item and moment of each, from 0.
        items: the item of each.
    """
    if items is None or not len(y):
        return {}
    size = int(cell.max()) + 1
    low, high = np.full(size, np.inf), np.full(size, -np.inf)
    np.minimum.at(low, cell, y)
    np.maximum.at(high, cell, y)
    ratio = np.exp(high - low)
    owner = np.full(size, -1, dtype=np.int64)
    owner[cell] = items.codes
    return {
        name: {"mean_ratio": float(ratio[owner == place].mean()),
               "largest_ratio": float(ratio[owner == place].max())}
        for place, name in enumerate(items.names) if (owner == place).any()
    }  # fmt: skip


def differing(cell: Codes, code: Codes, y: Floats) -> tuple[float | None, float | None]:
    """Shares of pairs of quotes in one cell that differ: within a level, and between levels."""
    price = np.unique(np.round(y, 9), return_inverse=True)[1].reshape(-1)
    n_cell = np.bincount(cell)
    groups = codes_of(cell * (int(code.max()) + 1) + code)
    n_group = np.bincount(groups)
    equal_all = _pairs(np.bincount(codes_of(cell * (int(price.max()) + 1) + price)))
    equal_same = _pairs(np.bincount(codes_of(groups * (int(price.max()) + 1) + price)))
    same, every = _pairs(n_group), _pairs(n_cell)
    within = 1 - equal_same / same if same else None
    between = 1 - (equal_all - equal_same) / (every - same) if every > same else None
    return within, between


def _pairs(counts: Codes) -> float:
    return float((counts * (counts - 1) / 2).sum())
