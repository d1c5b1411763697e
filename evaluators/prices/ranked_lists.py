"""Ranked lists of goods: what each shows, at what price, and how alike two of them are.

Per list: nDCG with the price as gain (Järvelin and Kekäläinen 2002, as Hannak et al. 2014 use it
for price steering) and the log price weighted by exposure 1 / log2(1 + rank), which divides exactly
into the goods shown (each at its mean price in the same query) and the same goods dearer. Per pair:
Jaccard's index, Kendall's tau-b over the goods both show, and rank-biased overlap (Webber, Moffat
and Zobel 2010, extrapolated).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import pyarrow as pa

from evaluators.plan import Plan
from evaluators.prices import quotes
from evaluators.prices.quotes import Mask
from evaluators.statistics.regression import Codes, Floats, codes_of

STATISTICS = ("exposed_price", "items_shown", "same_item", "price_ndcg")
SIMILARITIES = ("jaccard", "rbo", "tau")


@dataclass(frozen=True, slots=True)
class Lists:
    """Lists shown to accounts.

    Args:
        cell: the query and moment of each list.
        account: its account.
        variant: the place of its variant among `variants`; -1 without one.
        variants: their names.
        values: lists × `STATISTICS`.
        owner, item, place: per shown item its list, its good and its rank from 1.
        first: the first row of the data that belongs to each list.
        dropped: rows without query, rank, good or price.
        unpriced: which rows of the data have no price above 0.
        kind: the variant of each row, as a place among `variants`; -1 without one.
    """

    cell: Codes
    account: Codes
    variant: Codes
    variants: tuple[str, ...]
    values: Floats
    owner: Codes
    item: Codes
    place: Codes
    first: Codes
    dropped: int
    unpriced: Mask
    kind: Codes

    def those(self, mask: Mask) -> Codes:
        """The places of the marked lists."""
        found: Codes = np.flatnonzero(mask).astype(np.int64)
        return found


def read(rows: pa.Table, plan: Plan, account: Codes, *, depth: int, variant: str | None) -> Lists:
    """The lists in the data, cut at a depth.

    Args:
        rows: one per shown item, in canonical order.
        plan: for query, moment, rank, good and price.
        account: the account of each row.
        depth: how many ranks count.
        variant: the column that tells the variants of a list apart.
    """
    columns = plan.columns
    price, rank = (quotes.numbers(rows.column(str(n))) for n in (columns.price, columns.rank))
    item = quotes.levels(rows.column(str(columns.item))).codes
    query = quotes.levels(rows.column(str(columns.query))).codes
    kinds = quotes.levels(rows.column(variant)) if variant else None
    sound = np.isfinite(price) & (price > 0) & np.isfinite(rank) & (item >= 0) & (query >= 0)
    kept = np.flatnonzero(sound)
    cell = quotes.cell_codes(rows, [str(n) for n in (columns.query, columns.time) if n])
    kind = kinds.codes if kinds else np.full(rows.num_rows, -1, dtype=np.int64)
    whole = _joint(cell, account, kind)
    order = kept[np.lexsort((item[kept], rank[kept], whole[kept]))]
    order = order[_first_shown(whole[order], item[order])]
    place = _places(whole[order])
    order, place = order[place <= depth], place[place <= depth]
    owner = codes_of(whole[order])
    first = order[np.unique(owner, return_index=True)[1]] if len(order) else order
    values = _values(np.log(price[order]), owner, item[order], place, cell[order])
    return Lists(
        codes_of(cell[first]), account[first], kind[first], kinds.names if kinds else (), values,
        owner, item[order], place, first.astype(np.int64), int((~sound).sum()),
        ~(np.isfinite(price) & (price > 0)), kind,
    )  # fmt: skip


def _joint(*parts: Codes) -> Codes:
    joint = np.zeros(len(parts[0]), dtype=np.int64)
    for part in parts:
        joint = codes_of(joint * (int(part.max(initial=0)) + 2) + part + 1)
    return joint


def _first_shown(whole: Codes, item: Codes) -> Codes:
    """The places of goods not shown before in the same list."""
    first = np.unique(_joint(whole, item), return_index=True)[1] if len(whole) else whole
    return np.sort(first)


def _places(whole: Codes) -> Codes:
    """Ranks from 1 within each list."""
    if not len(whole):
        return whole
    starts = np.flatnonzero(np.r_[True, whole[1:] != whole[:-1]])
    sizes = np.diff(np.r_[starts, len(whole)])
    found: Codes = (np.arange(len(whole)) - np.repeat(starts, sizes) + 1).astype(np.int64)
    return found


def _values(log: Floats, owner: Codes, item: Codes, place: Codes, cell: Codes) -> Floats:
    exposure = 1 / np.log2(place + 1.0)
    total = np.bincount(owner, exposure)
    good = _joint(cell, item)
    usual = (np.bincount(good, log) / np.maximum(np.bincount(good), 1))[good] if len(good) else log
    shown = np.bincount(owner, exposure * log) / total
    items = np.bincount(owner, exposure * usual) / total
    price = np.exp(log)
    gained = np.bincount(owner, exposure * price)
    best = np.lexsort((-price, owner))
    ideal = np.bincount(owner[best], exposure * price[best])
    return np.column_stack([shown, items, shown - items, gained / ideal])


@dataclass(frozen=True, slots=True)
class Alike:
    """How alike the lists of every two accounts are, summed over the queries both saw.

    Args:
        sums: similarity × accounts × accounts.
        counts: how many queries stand behind each.
    """

    sums: Floats
    counts: Floats


def alike(lists: Lists, chosen: Codes, member: Codes, members: int, persistence: float) -> Alike:
    """Compare lists of the same query pairwise.

    Args:
        lists: all lists.
        chosen: the places of the lists compared.
        member: the number of each chosen list's account.
        members: how many accounts there are.
        persistence: of rank-biased overlap.
    """
    sums = np.zeros((len(SIMILARITIES), members, members))
    counts = np.zeros_like(sums)
    shown = _shown(lists)
    cells = lists.cell[chosen]
    for cell in np.unique(cells):
        here = np.flatnonzero(cells == cell)
        for which, values in enumerate(_pairwise([shown[i] for i in chosen[here]], persistence)):
            who = member[here]
            known = np.isfinite(values)
            np.fill_diagonal(known, val=False)
            at = np.ix_(who, who)
            np.add.at(sums[which], at, np.where(known, np.nan_to_num(values), 0.0))
            np.add.at(counts[which], at, known.astype(np.float64))
    return Alike(sums, counts)


def _shown(lists: Lists) -> list[Codes]:
    """The goods of each list in their order."""
    edges = np.searchsorted(lists.owner, np.arange(len(lists.cell) + 1))
    return [lists.item[a:b] for a, b in pairwise(edges.tolist())]


def _pairwise(shown: Sequence[Codes], persistence: float) -> tuple[Floats, Floats, Floats]:
    """Jaccard, rank-biased overlap and tau-b for all pairs of lists of one query."""
    goods = np.unique(np.concatenate(list(shown)))
    place = np.full((len(shown), len(goods)), np.inf)
    for row, items in enumerate(shown):
        place[row, np.searchsorted(goods, items)] = np.arange(1, len(items) + 1)
    present = np.isfinite(place).astype(np.float64)
    common, sizes = present @ present.T, present.sum(axis=1)
    jaccard = common / (sizes[:, None] + sizes[None, :] - common)
    return jaccard, _overlap(place, int(sizes.min()), persistence), _tau(place)


def _overlap(place: Floats, depth: int, persistence: float) -> Floats:
    """Rank-biased overlap down to the shortest list, extrapolated."""
    found = np.zeros((len(place), len(place)))
    agreement = found
    for rank in range(1, depth + 1):
        above = (place <= rank).astype(np.float64)
        agreement = above @ above.T / rank
        found = found + agreement * persistence**rank
    return agreement * persistence**depth + (1 - persistence) / persistence * found


def _tau(place: Floats) -> Floats:
    """Kendall's tau-b over the goods that both lists show; nan with fewer than two."""
    often = place[:, np.isfinite(place).sum(axis=0) > 1]
    present = np.isfinite(often)
    known = np.where(present, often, 0.0)
    agree = np.zeros((len(place), len(place)))
    pairs = np.zeros_like(agree)
    for good in range(often.shape[1] - 1):
        both = (present[:, good, None] & present[:, good + 1 :]).astype(np.float64)
        sign = np.sign(known[:, good, None] - known[:, good + 1 :]) * both
        agree += sign @ sign.T
        pairs += both @ both.T
    return np.where(pairs > 0, agree / np.maximum(pairs, 1.0), np.nan)


def matched(lists: Lists, shown: Codes, variant: str | None) -> Codes:
    """Pairs of lists of one account and query: as shown, and the variant."""
    if variant not in lists.variants:
        return np.empty((0, 2), dtype=np.int64)
    other = lists.those(lists.variant == lists.variants.index(variant))
    key = {(int(lists.cell[i]), int(lists.account[i])): int(i) for i in other}
    found = [
        (int(i), key[at])
        for i in shown
        if (at := (int(lists.cell[i]), int(lists.account[i]))) in key
    ]
    return np.array(found, dtype=np.int64).reshape(-1, 2)


def content(lists: Lists, place: int) -> tuple[object, ...]:
    """What a list shows: goods in order, and its exposed price."""
    start, stop = np.searchsorted(lists.owner, [place, place + 1])
    return (*lists.item[start:stop].tolist(), round(float(lists.values[place, 0]), 9))


def by_account(values: Floats, owner: Codes) -> Floats:
    """The mean over each account's lists."""
    member = np.unique(owner, return_inverse=True)[1].reshape(-1)
    counts = np.bincount(member)
    return np.column_stack([np.bincount(member, column) / counts for column in values.T])
