"""Who is asked about: nobody whose level or blank fewer than k people share."""

from collections import Counter

import numpy as np
import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from explainers import few
from explainers.columns import Column
from explainers.people import People
from explainers.subjects import nature
from registry.language import Text


@given(
    st.lists(st.tuples(st.sampled_from([None, *"abcdef"]), st.sampled_from([None, *"xyz"])), min_size=20, max_size=300),
    st.integers(10, 25),
    st.integers(0, 5),
)  # fmt: skip
def test_so_many_are_left_out_as_is_a_multiple_of_k_and_nobody_stands_alone(
    drawn: list[tuple[str | None, str | None]], k: int, seed: int
) -> None:
    """Levels and blanks of fewer than k together are gone, also those that became so few."""
    table = pa.table(
        {name: pa.array([each[i] for each in drawn], pa.string()) for i, name in enumerate("mn")}
    )
    apart = People.read(table, ["m", "n"])
    natures = {
        name: nature(table, apart, Column(name, Text(name, name)), k=k) for name in ("m", "n")
    }
    rows = few.many(apart, natures, k, np.random.default_rng(seed))
    assert rows.tolist() == sorted(set(rows.tolist()))
    assert len(rows) == 0 or (len(drawn) - len(rows)) % k == 0
    for i, name in enumerate("mn"):
        counts = Counter(drawn[row][i] for row in rows.tolist())
        blank = counts.pop(None, 0)
        assert blank == 0 or blank >= k
        rare = sum(count for count in counts.values() if count < k)
        if natures[name].kind in ("levels", "rare"):
            assert rare == 0 or rare >= k


def test_where_everything_is_shared_nobody_is_left_out() -> None:
    table = pa.table({"m": ["a"] * 10 + ["b"] * 10 + [None] * 10})
    apart = People.read(table, ["m"])
    natures = {"m": nature(table, apart, Column("m", Text("m", "m")), k=10)}
    assert few.many(apart, natures, 10, np.random.default_rng(0)).tolist() == list(range(30))
