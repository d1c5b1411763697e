"""Cells: what at least k people share, and so may be named, tried by name and printed.

A level is named where k people have it. A number is printed as a round one from the middle of a
cell of people: the cell holds at least twice k, the number lies within its inner half, and its
last digit is worth about a fourth of that half. So no printed number is one person's, and where a
number stands out exactly, at least k people have it. There is no least and no largest value.
"""

import math
import re

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from explainers.people import Array, missing

LEAST = 10  # k: nothing that fewer people share leaves the engine (ours)
MOST_LETTERS = 40  # of a level's name; a longer one is a text that somebody wrote
MOSTLY = 0.5  # of the people: the share that named levels of a column must cover (ours)
TAIL = 0.025  # of the people at either end, whose values stand in no inner cell

_YEAR, _DAY = r"(19|20)\d{2}", r"(0?[1-9]|[12]\d|3[01])"
_NAMED = r"(jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*\.?"
_DATED = re.compile(
    r"\s*("
    r"\d{4}\s*[-/.年]\s*\d{1,2}"
    r"|\d{1,2}[-/.]\d{1,2}[-/.]\d{2}(\d{2})?\b"
    rf"|{_YEAR}(0[1-9]|1[0-2])(0[1-9]|[12]\d|3[01])(?!\d)"
    rf"|{_DAY}[\s-]{_NAMED}[\s,-]+(\d{{4}}|\d{{2}})\b"
    rf"|{_NAMED}\s+{_DAY},?\s+(\d{{4}}|\d{{2}})\b"
    r")",
    re.IGNORECASE,
)


def one_row_each(table: pa.Table, unit: str | None) -> npt.NDArray[np.int64]:
    """The first row of each person, in the order of the table.

    Args:
        table: all columns of the data, whatever the model is given.
        unit: the column that tells people apart; None where there is none. Then rows that are
            equal in every column are one person, because k copies of a row are not k people.
    """
    if unit is None:
        return _distinct(table)
    keys = np.asarray(table.column(unit).to_pylist(), dtype=str)
    return np.sort(np.unique(keys, return_index=True)[1])


def _distinct(table: pa.Table) -> npt.NDArray[np.int64]:
    """The first of all rows that are equal in every column; blank equals blank."""
    keys = np.zeros(table.num_rows, np.int64)
    for column in table.columns:
        codes = _codes(column.combine_chunks())
        # Both factors number at most the rows, so that the product stays within 64 bits.
        keys = np.unique(keys * (len(codes) + 1) + codes, return_inverse=True)[1]
        if len(keys) and int(keys.max()) + 1 == len(keys):
            break  # all differ already
    return np.sort(np.unique(keys, return_index=True)[1])


def _codes(array: pa.Array) -> npt.NDArray[np.int64]:
    """A number for each value, the same for the same value."""
    if pa.types.is_dictionary(array.type):
        array = array.dictionary_decode()
    if pa.types.is_nested(array.type):  # Arrow encodes no lists
        array = pa.array([repr(value) for value in array.to_pylist()], pa.string())
    coded = array.dictionary_encode(null_encoding="encode").indices
    codes: npt.NDArray[np.int64] = coded.to_numpy(zero_copy_only=False).astype(np.int64)
    return codes


def shared(array: Array, k: int) -> tuple[list[int | float], list[int | float]]:
    """The levels that at least k people have, the most common first, and all others.

    Args:
        array: one value per person.
        k: how many people make a level nameable.
    """
    levels, counts = np.unique(array[~missing(array)], return_counts=True)
    order = np.argsort(-counts, kind="stable")
    enough = [levels[i].item() for i in order if counts[i] >= k]
    return enough, [levels[i].item() for i in order if counts[i] < k]


def is_written(table: pa.Table, name: str, array: Array, texts: tuple[str, ...], k: int) -> bool:
    """Whether a column of texts holds what people wrote, or days: no levels to be named.

    Args:
        table: the data, for the column's type.
        name: the column.
        array: its codes, one per person.
        texts: what the codes stand for.
        k: how many people make a level nameable.
    """
    kind = table.schema.field(name).type
    if pa.types.is_temporal(kind) or (texts and all(_DATED.match(text) for text in texts)):
        return True
    known = array[~missing(array)]
    named, _ = shared(array, k)
    if any(len(texts[int(code)]) > MOST_LETTERS for code in named):
        return True
    return bool(np.count_nonzero(np.isin(known, named)) < MOSTLY * len(known))


def edges(array: Array, k: int, *, most: int, least: int) -> tuple[float, ...]:
    """Round numbers that part the people into steps of at least k, with a step at either end.

    What a number does to the few highest or lowest may be all that it does, so the steps reach as
    far as k people have values.

    Args:
        array: one value per person.
        k: how many people every step holds.
        most: how many steps at most between the two ends.
        least: how many people a step should hold.
    """
    known = np.sort(array[~missing(array)])
    inner = _inner(known, k, most=most, least=least)
    return _drawn(known, k, np.concatenate([[0.0], inner, [1.0]]), least) if len(inner) else ()


def _inner(known: Array, k: int, *, most: int, least: int) -> Array:
    """The shares of the people at which even steps begin and end, without either tail."""
    steps = min(len(known) // max(least, 2 * k), most)
    return np.linspace(TAIL, 1 - TAIL, steps + 1) if steps else np.empty(0)


def _drawn(known: Array, k: int, at: Array, least: int) -> tuple[float, ...]:
    """Round numbers about these shares of the people, without those that leave a step thin."""
    half = max(k, max(least, 2 * k) // 2)
    starts = np.clip(np.rint(at * (len(known) - 1)).astype(int) - half // 2, 0, len(known) - half)
    drawn = sorted({_round_one(known[start : start + half]) for start in starts})
    while len(drawn) > 2:
        step = np.clip(np.searchsorted(drawn, known, side="left") - 1, 0, len(drawn) - 2)
        counts = np.bincount(step, minlength=len(drawn) - 1)
        if counts.min() >= k:
            break
        thin = int(counts.argmin())
        del drawn[thin + 1 if thin < len(drawn) - 2 else thin]
    return tuple(drawn)


def stops(array: Array, k: int, *, most: int) -> tuple[float, ...]:
    """Round numbers with at least k people between each two, and beyond the first and the last.

    Args:
        array: one value per person.
        k: how many people every cell holds.
        most: how many cells at most.
    """
    known = np.sort(array[~missing(array)])
    inner = _inner(known, k, most=most, least=2 * k)
    drawn = _drawn(known, k, inner, 2 * k) if len(inner) else ()
    return tuple(
        stop for stop in drawn if k <= int(np.count_nonzero(known < stop)) <= len(known) - k
    )


def middles(array: Array, k: int, *, most: int) -> tuple[float, ...]:
    """Round numbers from the middles of cells of people, the lowest first.

    Args:
        array: one value per person.
        k: half of what a cell holds at least.
        most: how many cells at most.
    """
    known = np.sort(array[~missing(array)])
    inner = known[round(TAIL * len(known)) : len(known) - round(TAIL * len(known))]
    cells = min(len(inner) // (2 * k), most)
    if cells < 1:
        return ()
    found = set()
    for cell in np.array_split(inner, cells):
        quarter = (len(cell) - max(k, len(cell) // 2)) // 2
        found.add(_round_one(cell[quarter : len(cell) - quarter]))
    return tuple(sorted(found))


def _round_one(cell: Array) -> float:
    """A round number among these values; the value itself where all are one."""
    low, high, near = (float(cell[i]) for i in (0, -1, len(cell) // 2))
    if low == high:
        return low
    step = _step((high - low) / 2)
    if bool((cell == np.rint(cell)).all()):
        step = max(step, 1.0)
    at = min(max(round(near / step), math.ceil(low / step)), math.floor(high / step))
    return float(f"{at * step:.12g}")


def _step(width: float) -> float:
    """The largest of 1, 2 and 5 times a power of ten that is no wider than this."""
    power = 10.0 ** math.floor(math.log10(width))
    return float(next(m * power for m in (5.0, 2.0, 1.0) if m * power <= width or m == 1.0))
