"""Ordered levels of what an account has: how long it has been a customer, how much it has bought.

A number is cut between values that occur, so that every level has enough accounts; levels that are
texts are ordered by the plan, never by the alphabet, and neighbours too small are joined.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from evaluators.plan import Scalar, level_name
from evaluators.prices import quotes
from evaluators.statistics.regression import Codes, Floats

_TRUTH = ("false", "true")


@dataclass(frozen=True, slots=True)
class Doses:
    """Ordered levels.

    Args:
        labels: what each level is called, the lowest first.
        codes: the level of each row's account; -1 where it is not known.
        accounts: how many accounts each level has.
        problem: why there are fewer than two levels, or None.
    """

    labels: tuple[str, ...]
    codes: Codes
    accounts: tuple[int, ...]
    problem: str | None = None


def doses(
    column: pa.ChunkedArray, account: Codes, *, order: Sequence[Scalar], least: int, most: int
) -> Doses:
    """The level of every row's account.

    Args:
        column: the measure, a number or a text.
        account: the account of each row.
        order: the levels of a text from the lowest to the highest; numbers and yes/no need none.
        least: the fewest accounts a level may have.
        most: the most levels.
    """
    none = np.full(len(account), -1, dtype=np.int64)
    values, names = _values(column, order)
    if values is None:
        return Doses((), none, (), "unordered")
    own = _medians(values, account)
    known = np.isfinite(own)
    distinct, place, counts = np.unique(own[known], return_inverse=True, return_counts=True)
    if len(distinct) < 2:
        return Doses((), none, (), "one_level")
    if counts.sum() < 2 * least:
        return Doses((), none, (), "too_few_units")
    level = _cut(counts, max(least, -(-int(counts.sum()) // most)), least)
    if level[-1] < 1:
        return Doses((), none, (), "too_few_units")
    per_account = np.full(len(own), -1, dtype=np.int64)
    per_account[known] = level[place.reshape(-1)]
    labels = tuple(_label(distinct[level == code], names) for code in range(level[-1] + 1))
    return Doses(
        labels, per_account[account], tuple(np.bincount(level, counts).astype(int).tolist())
    )


def _values(
    column: pa.ChunkedArray, order: Sequence[Scalar]
) -> tuple[Floats | None, tuple[str, ...]]:
    """Numbers, or the places of texts in their order."""
    named = tuple(dict.fromkeys(level_name(level) for level in order))
    if quotes.is_number(column) and not named:
        return quotes.numbers(column), ()
    found = quotes.levels(column)
    if not named and found.names and set(found.names) <= set(_TRUTH):
        named = _TRUTH
    if not named:
        return (None, ()) if found.names else (np.full(len(column), np.nan), ())
    ranks = np.array([named.index(n) if n in named else np.nan for n in found.names] + [np.nan])
    return ranks[found.codes], named


def _medians(values: Floats, account: Codes) -> Floats:
    """The lower median of each account's known values."""
    size = int(account.max(initial=-1)) + 1
    own = np.full(size, np.nan)
    known = np.flatnonzero(np.isfinite(values))
    order = known[np.lexsort((values[known], account[known]))]
    held, first, counts = np.unique(account[order], return_index=True, return_counts=True)
    own[held] = values[order[first + (counts - 1) // 2]]
    return own


def _cut(counts: Codes, target: int, least: int) -> Codes:
    """A level for each distinct value: full levels from below, a small rest joins the last."""
    level, held, codes = 0, 0, []
    for count in counts.tolist():
        if held >= target:
            level, held = level + 1, 0
        held += count
        codes.append(level)
    found = np.array(codes, dtype=np.int64)
    if held < least and level > 0:
        found[found == level] = level - 1
    return found


def _label(values: Floats, names: tuple[str, ...]) -> str:
    ends = [
        names[int(v)] if names else level_name(float(f"{v:.6g}")) for v in (values[0], values[-1])
    ]
    return ends[0] if ends[0] == ends[1] else f"{ends[0]}–{ends[1]}"
