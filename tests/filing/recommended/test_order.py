"""The order: exact, the same for everybody, and never by a criterion that somebody lacks."""

import itertools
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from filing.recommended import order, recompute
from filing.recommended.criteria import IDS, Measured, Measures
from filing.recommended.order import MeasuresInvalid, WeightsInvalid, weights_of

FULL = dict.fromkeys(IDS, Measured(1, 2))

measurement = st.one_of(
    st.none(),
    st.integers(1, 60).flatmap(
        lambda of: st.integers(0, of).map(lambda count: Measured(count, of))
    ),
)
entries = st.dictionaries(
    st.sampled_from([f"N{each}" for each in range(8)]),
    st.fixed_dictionaries(dict.fromkeys(IDS, measurement)),
    max_size=8,
)
weights = st.fixed_dictionaries(dict.fromkeys(IDS, st.integers(0, 100)))


@given(entries, weights)
def test_a_criterion_that_one_entry_lacks_leaves_the_sum_of_all(
    every: dict[str, Measures], asked: dict[str, int]
) -> None:
    found = order.order(every, asked)
    lacking = {name for name in IDS if any(each[name] is None for each in every.values())}
    assert set(found.counted) == {name for name in IDS if asked[name]} - lacking
    assert set(found.left) == {name for name in IDS if asked[name]} & lacking
    for place in found.places:
        if not found.counted:
            assert place.score is None
            continue
        mine = every[place.number]
        total = sum(asked[name] for name in found.counted)
        expected = sum(
            (asked[name] * mine[name].share for name in found.counted),  # type: ignore[union-attr]
            start=Fraction(),
        )
        assert place.score == expected / total


@given(entries, weights)
def test_ranks_say_how_many_are_better_and_ties_are_told(
    every: dict[str, Measures], asked: dict[str, int]
) -> None:
    places = order.order(every, asked).places
    assert sorted(each.number for each in places) == sorted(every)
    for each in places:
        better = [one for one in places if (one.score or 0) > (each.score or 0)]
        same = [one for one in places if one.score == each.score]
        assert each.rank == len(better) + 1
        assert each.tied == (len(same) > 1)
    for one, two in itertools.pairwise(places):
        assert (-(one.score or 0), one.number) < (-(two.score or 0), two.number)


@given(entries, weights, st.integers(2, 9))
def test_only_the_proportions_of_weights_matter(
    every: dict[str, Measures], asked: dict[str, int], times: int
) -> None:
    once = order.order(every, asked)
    more = order.order(every, {name: times * weight for name, weight in asked.items()})
    assert once.places == more.places


def test_not_measured_is_no_zero() -> None:
    """An entry that nobody measured on a criterion is not put behind one that was measured as 0."""
    one = FULL | {"appeals": Measured(0, 3)}
    two = FULL | {"appeals": None}
    found = order.order({"A": one, "B": two}, dict.fromkeys(IDS, 20))
    assert [(each.number, each.rank, each.tied) for each in found.places] == [
        ("A", 1, True),
        ("B", 1, True),
    ]
    assert found.left == {"appeals": ("B",)}
    alone = order.order({"A": one}, dict.fromkeys(IDS, 20))
    assert alone.left == {}
    assert alone.places[0].score == Fraction(4, 10)


def test_scores_are_exact_where_rounded_numbers_would_be_equal() -> None:
    near = {"A": FULL | {"checks": Measured(333, 1000)}, "B": FULL | {"checks": Measured(1, 3)}}
    places = order.order(near, {"checks": 1}).places
    assert [each.number for each in places] == ["B", "A"]
    assert {each.points for each in places} == {"33.3"}
    assert not places[0].tied


def test_without_a_criterion_that_counts_nobody_has_a_score() -> None:
    places = order.order({"B": FULL, "A": FULL}, dict.fromkeys(IDS, 0)).places
    assert [(each.number, each.rank, each.score, each.points) for each in places] == [
        ("A", 1, None, ""),
        ("B", 1, None, ""),
    ]
    assert order.order({}, {"checks": 1}).places == ()


@pytest.mark.parametrize(
    "value", ["-1", "101", "1.5", "", "１", "x", "9" * 500, -1, 101, 1.5, True, None]
)
def test_what_is_no_weight_is_named(value: Any) -> None:
    with pytest.raises(WeightsInvalid) as refused:
        weights_of({"checks": value, "colour": "1"}, {})
    assert [each.item for each in refused.value.reasons] == ["colour", "checks"]
    assert len(str(refused.value)) < 500


def test_weights_that_are_not_named_stay() -> None:
    assert weights_of({"checks": " 7 "}, {"checks": 1, "findings": 2}) == dict.fromkeys(IDS, 0) | {
        "checks": 7,
        "findings": 2,
    }


@pytest.mark.parametrize(
    "changed",
    [
        {"at": "2026-11-29"},
        {"at": None},
        {"criteria": [{"id": []}]},
        {"criteria": [{"id": "checks", "weight": 500}]},
        {"entries": [{"number": "A", "measured": [], "ends": {"at": "2026-12-01T00:00Z"}}]},
        {"entries": [{"number": "A", "measured": {"checks": {"count": 3, "of": 2}}}]},
        {"entries": 7},
        {"order": "x"},
        {"order": None},
    ],
)
def test_a_file_that_holds_no_catalogue_is_refused(changed: dict[str, Any]) -> None:
    content = {"at": "2026-11-29T00:00:00+00:00", "criteria": [], "entries": [], "order": {}}
    assert recompute.recompute(content).agrees is None
    with pytest.raises((MeasuresInvalid, WeightsInvalid)):
        recompute.recompute(content | changed)


@given(entries, weights)
def test_a_file_computes_to_the_order_that_it_states(
    every: dict[str, Measures], asked: dict[str, int]
) -> None:
    content = {
        "at": "2026-11-29T00:00:00+00:00",
        "criteria": [{"id": name, "weight": asked[name]} for name in IDS],
        "entries": [
            {
                "number": number,
                "measured": {
                    name: each.as_json() if each else None for name, each in measures.items()
                },
                "ends": {"at": "2026-12-01T00:00:00+00:00"},
                "decided": "2026-11-28T00:00:00+00:00",
                "reports": [],
            }
            for number, measures in every.items()
        ],
        "order": order.order(every, asked).as_json(),
    }
    found = recompute.recompute(content)
    assert found.agrees is True
    assert found.lapsed == ()
    changed = recompute.recompute(content, weights={"checks": (asked["checks"] + 1) % 101})
    assert changed.agrees is None
