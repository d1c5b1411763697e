import time
from collections import Counter, defaultdict
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from registry import anonymity

VALUES = {
    "zone": st.sampled_from(["东", "西", "", None]),
    "age": st.one_of(st.none(), st.integers(0, 3)),
    "pay": st.one_of(st.none(), st.sampled_from([0.0, -0.0, 1.5])),
    "who": st.one_of(st.none(), st.integers(0, 4)),
}
TYPES = {"zone": pa.string(), "age": pa.int64(), "pay": pa.float64(), "who": pa.int64()}
ROWS = st.lists(st.fixed_dictionaries(VALUES), min_size=1, max_size=40)
KEYS = st.lists(st.sampled_from(["zone", "age", "pay"]), min_size=1, max_size=3, unique=True)


def pieces(rows: list[dict[str, Any]], size: int) -> list[pa.RecordBatch]:
    """The rows in batches of `size`."""
    schema = pa.schema(list(TYPES.items()))
    return [
        pa.RecordBatch.from_pylist(rows[at : at + size], schema=schema)
        for at in range(0, len(rows), size)
    ]


def naive(rows: list[dict[str, Any]], keys: list[str], person: str | None) -> list[int]:
    """The sizes of the classes, counted as one would by hand."""
    if person is None:
        return list(Counter(tuple(row[key] for key in keys) for row in rows).values())
    members = defaultdict(set)
    for row in rows:
        members[tuple(row[key] for key in keys)].add(row[person])
    return [len(each) for each in members.values()]


@settings(max_examples=120, deadline=None)
@given(
    rows=ROWS,
    keys=KEYS,
    size=st.integers(1, 50),
    k=st.integers(1, 6),
    person=st.sampled_from([None, "who"]),
    merge=st.sampled_from([1, 5, anonymity.MERGE_AT]),
)
def test_the_classes_are_those_of_a_naive_count(
    rows: list[dict[str, Any]], keys: list[str], size: int, k: int, person: str | None, merge: int
) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(anonymity, "MERGE_AT", merge)
        found = anonymity.measure(pieces(rows, size), keys, k=k, person=person)
    sizes = naive(rows, keys, person)
    assert (found.classes, found.smallest, found.members) == (len(sizes), min(sizes), sum(sizes))
    assert found.unique == sizes.count(1)
    assert found.small_classes == sum(each < k for each in sizes)
    assert found.small_members == sum(each for each in sizes if each < k)
    assert found.enough == (min(sizes) >= k)
    for each in found.alone:
        alone = naive(rows, [each.column], person)
        assert (each.values, each.unique) == (len(alone), alone.count(1))


def test_more_columns_never_hide_anybody_better() -> None:
    rows = [{"zone": z, "age": a, "pay": 1.0, "who": 1} for z in ("东", "西") for a in (1, 2, 2)]
    one = anonymity.measure(pieces(rows, 4), ["zone"], k=2)
    two = anonymity.measure(pieces(rows, 4), ["zone", "age"], k=2)
    assert (one.smallest, one.enough) == (3, True)
    assert (two.smallest, two.unique, two.enough) == (1, 2, False)
    said = two.as_json()
    assert said["unique_share"] == pytest.approx(1 / 3)
    assert (said["highest_risk"], said["average_risk"]) == (1.0, pytest.approx(4 / 6))


def test_forty_rows_of_one_person_hide_nobody() -> None:
    rows = [{"zone": "东", "age": 1, "pay": 1.0, "who": 7}] * 40
    assert anonymity.measure(pieces(rows, 9), ["zone"], k=5).smallest == 40
    assert anonymity.measure(pieces(rows, 9), ["zone"], k=5, person="who").smallest == 1


def test_nothing_to_count_is_said() -> None:
    with pytest.raises(ValueError, match="no rows"):
        anonymity.measure([], ["zone"], k=5)
    with pytest.raises(ValueError, match="at least one"):
        anonymity.measure([], [], k=5)


NUMBERS = np.arange(40_000)
ALIKE = {
    "whole numbers held as fractions": pa.array(NUMBERS.astype(float)),
    "numbers with zeros at their end": pa.array(NUMBERS << 40),
    "moments": pa.array(NUMBERS << 40).view(pa.timestamp("us")),
    "fractions, most of them missing": pa.array(NUMBERS.astype(float), mask=NUMBERS % 2 == 0),
}


@pytest.mark.parametrize("values", ALIKE.values(), ids=ALIKE)
def test_numbers_whose_bits_are_alike_are_counted_as_fast_as_others(values: pa.Array) -> None:
    """Security stranger on issue 7, F7d/14: quadratic in the rows, minutes for 8 MB."""
    rows = [pa.record_batch([values], names=["a"])]
    begun = time.process_time()
    found = anonymity.measure(rows, ["a"], k=5)
    assert time.process_time() - begun < 0.3
    assert found.classes == len(values) - values.null_count + bool(values.null_count)
    assert found.members == len(values)


@pytest.mark.parametrize("secret", [0, 1, 2**64 - 1])
def test_mixing_bits_makes_no_two_values_one(secret: int) -> None:
    """One to one, whatever number it is mixed with; missing stays missing, and 0 is -0."""
    values = pa.array([0.0, -0.0, 1.0, None, -1.0, 5e-324, 1.7976931348623157e308])
    mixed = anonymity._scattered(values, secret).to_pylist()
    assert mixed[0] == mixed[1]
    assert mixed[3] is None
    assert len(set(mixed)) == 6
