"""Rows of offers as offer_access reads them: who, under which conditions, got what, at what cost."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pyarrow as pa

from evaluators.plan import Plan, Scalar
from evaluators.prices import quotes
from evaluators.prices.dose import doses
from evaluators.prices.price_defences import YES
from evaluators.prices.quotes import Mask
from evaluators.statistics.regression import Codes, Floats

GROUP = "mingsuan:group"
BINS = 5  # of a number that is held the same


@dataclass(frozen=True, slots=True)
class Amounts:
    """The columns that make up what is paid: list - coupons + fees."""

    list_price: str | None
    coupons: tuple[str, ...]
    fees: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Paid:
    """What is paid.

    Args:
        log: the log of the final price; nan where it is unknown or not positive.
        parts: list, coupons and fees as they add up to it on the log scale; empty without a list.
        unpriced: rows without a final price.
        mismatch: the share of rows whose logged price is another; None where only one is known.
    """

    log: Floats
    parts: tuple[tuple[str, Floats], ...]
    unpriced: int
    mismatch: float | None


@dataclass(frozen=True, slots=True)
class Groups:
    """One attribute's groups of accounts.

    Args:
        labels: their names; numbers rise.
        codes: the group of each row; -1 where it is not known or the account has several.
        reference: the place of the reference.
        left_out: rows of no group.
        problem: why there is nothing to compare, or None.
        several: accounts left out because they have several levels.
    """

    labels: tuple[str, ...]
    codes: Codes
    reference: int
    left_out: int
    problem: str | None = None
    several: int = 0

    def of(self, place: int) -> Mask:
        """The rows of a group."""
        return np.asarray(self.codes == place, dtype=np.bool_)


def marked(rows: pa.Table, found: Groups) -> pa.Table:
    """The rows with their group, so that parts of them can be compared by the same groups."""
    return rows.append_column(GROUP, pa.array(found.codes))


def kept(part: pa.Table, found: Groups) -> Groups:
    """The groups on a part of marked rows."""
    return replace(found, codes=part.column(GROUP).to_numpy())


def offered(rows: pa.Table, column: str) -> Floats:
    """1 where the offer was made, 0 where not, nan where unknown; an amount is an offer above 0."""
    values = rows.column(column)
    if quotes.is_number(values):
        found = quotes.numbers(values)
        return np.where(np.isnan(found), np.nan, (found > 0).astype(np.float64))
    levels = quotes.levels(values)
    made = np.array([float(name.lower() in YES) for name in levels.names] + [np.nan])
    return np.asarray(made[levels.codes], dtype=np.float64)


def paid(rows: pa.Table, amounts: Amounts, price: str | None) -> Paid | None:
    """The final price of every row; None where neither a list price nor a price is named."""
    logged = quotes.numbers(rows.column(price)) if price else None
    if amounts.list_price is None:
        return None if logged is None else Paid(_log(logged), (), _unknown(logged), None)
    listed = quotes.numbers(rows.column(amounts.list_price))
    reduced = listed - _sum(rows, amounts.coupons)
    final = reduced + _sum(rows, amounts.fees)
    parts = (
        ("list", _log(listed)),
        ("coupons", _log(reduced) - _log(listed)),
        ("fees", _log(final) - _log(reduced)),
    )
    mismatch = None
    if logged is not None and len(logged):
        gap = np.abs(logged - final) > 0.005 + 1e-9 * np.abs(final)
        mismatch = (
            float(gap[np.isfinite(logged - final)].mean())
            if np.isfinite(logged - final).any()
            else None
        )
    return Paid(_log(final), parts, _unknown(final), mismatch)


def _sum(rows: pa.Table, columns: Sequence[str]) -> Floats:
    found = np.zeros(rows.num_rows)
    for name in columns:
        found = found + quotes.numbers(rows.column(name))
    return found


def _log(values: Floats) -> Floats:
    positive = np.isfinite(values) & (values > 0)
    return np.where(positive, np.log(np.where(positive, values, 1.0)), np.nan)


def _unknown(values: Floats) -> int:
    return int((~(np.isfinite(values) & (values > 0))).sum())


def cells(rows: pa.Table, plan: Plan, more: Sequence[str]) -> Codes | None:
    """The cells of goods, moment and further columns; None where none is named.

    Numbers among the further columns are cut at quintiles.
    """
    named = [name for name in (plan.columns.item, plan.columns.time) if name]
    if not named and not more:
        return None
    held = rows.select(named)
    for name in dict.fromkeys(more):
        column = rows.column(name)
        if quotes.is_number(column):
            values = quotes.numbers(column)
            edges = (
                np.unique(np.nanquantile(values, np.linspace(0, 1, BINS + 1)[1:-1]))
                if np.isfinite(values).any()
                else np.empty(0)
            )
            column = pa.chunked_array(
                [np.where(np.isnan(values), -1.0, np.searchsorted(edges, values))]
            )
        if name not in held.schema.names:
            held = held.append_column(name, column)
    return quotes.cell_codes(held, held.schema.names)


def groups(
    rows: pa.Table, attribute: str, plan: Plan, *, account: Codes, order: Sequence[Scalar],
    most: int, least: int | None = None,
) -> Groups:  # fmt: skip
    """The groups of an attribute: texts by their levels, numbers cut into ordered levels."""
    column = rows.column(attribute)
    if order or (quotes.is_number(column) and len(np.unique(quotes.numbers(column))) > 2):
        levels = doses(
            column, account, order=order, least=plan.min_n if least is None else least, most=most
        )
        place = 0
        if plan.reference.get(attribute) in levels.labels:
            place = levels.labels.index(plan.reference[attribute])
        return Groups(
            levels.labels, levels.codes, place, int((levels.codes < 0).sum()), levels.problem
        )
    found = quotes.levels(column)
    torn = np.zeros(len(account), dtype=np.bool_)
    if len(account):
        torn = _torn(account, found.codes)[account] & (found.codes >= 0)
    codes = np.where(torn, -1, found.codes)
    if len(np.unique(codes[codes >= 0])) < 2:
        return Groups(found.names, codes, 0, int((codes < 0).sum()), "one_level")
    first = np.unique(account, return_index=True)[1]
    counts = np.bincount(codes[first][codes[first] >= 0], minlength=len(found.names))
    declared = plan.reference.get(attribute)
    place = found.names.index(declared) if declared in found.names else int(np.argmax(counts))
    return Groups(
        found.names, codes, place, int((codes < 0).sum()), several=len(np.unique(account[torn]))
    )


def _torn(account: Codes, codes: Codes) -> Mask:
    """Accounts that have more than one level."""
    size, most = int(account.max(initial=0)) + 1, np.iinfo(np.int64).max
    low, high = np.full(size, most), np.full(size, -1)
    np.minimum.at(low, account, np.where(codes >= 0, codes, most))
    np.maximum.at(high, account, codes)
    return np.asarray((high >= 0) & (low != high), dtype=np.bool_)
