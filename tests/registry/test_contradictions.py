"""A claim is contradicted exactly where the tests can tell that it is otherwise."""

from itertools import product
from typing import Any

import pytest

from registry import contradictions
from registry.contradictions import MOVES, SMALL, Acts, Claim, Effect, Influence, Kind
from registry.language import Text

X = Text("甲", "A")


def claim(effect: Effect | None = None, **more: Any) -> Claim:
    given: dict[str, Any] = {
        "place": "H5.1",
        "where": X,
        "said": X,
        "column": "a",
        "plain": X,
    } | more
    return Claim(effect=effect, **given)


def fact(acts: Acts, column: str = "a", **more: Any) -> dict[str, Any]:
    up, down = {Acts.UP: (90, 0), Acts.DOWN: (0, 90), Acts.BOTH: (50, 40)}.get(acts, (0, 0))
    changed = {Acts.LITTLE: 0, Acts.NEVER: 0}.get(acts, 9)
    counted = {"n": 100, "up": up, "down": down, "changed": changed}
    return {"columns": [column], "acts": acts.value, **counted, **more}


@pytest.mark.parametrize(("effect", "acts"), [*product(Effect, Acts)])
def test_every_claim_beside_every_fact(effect: Effect, acts: Acts) -> None:
    expected = {
        Effect.BETTER: {Acts.DOWN, Acts.BOTH} | SMALL,
        Effect.WORSE: {Acts.UP, Acts.BOTH} | SMALL,
        Effect.MIXED: {Acts.UP, Acts.DOWN} | SMALL,
        Effect.NONE: MOVES,
        Effect.NOT_USED: MOVES,
        Effect.SOME: SMALL,
        Effect.NOT_GIVEN: set(Acts),  # an input is given, whatever it does
        Effect.LITTLE: set(),  # nothing tells how much it changes
    }[effect]
    found = contradictions.against([claim(effect)], [fact(acts)], task="decision")
    assert bool(found) is (acts in expected)
    turned = contradictions.against([claim(effect)], [fact(acts)], task="price")
    other = {Acts.UP: Acts.DOWN, Acts.DOWN: Acts.UP}.get(acts, acts)
    assert bool(turned) is (other in expected)
    assert len(found) <= 1


@pytest.mark.parametrize(("up", "contradicted"), [(26, False), (156, True)])
def test_a_few_tests_the_other_way_do_not_contradict_a_direction(
    up: int, contradicted: bool
) -> None:
    """The demonstration's loan by price (857 harder, 26 easier) and debts by income (828, 156)."""
    measured = fact(Acts.BOTH, n=1_002, up=up, down=857)
    found = contradictions.against([claim(Effect.WORSE)], [measured], task="decision")
    assert bool(found) is contradicted


def test_what_was_not_tried_or_stays_open_contradicts_nothing() -> None:
    claims = [claim(e, influence=Influence.STRONG) for e in Effect if e is not Effect.NOT_GIVEN]
    assert not contradictions.against(claims, [], task="decision")
    assert not contradictions.against(claims, [fact(Acts.UNKNOWN)], task="decision")


def swapped(column: str, low: float, high: float) -> dict[str, Any]:
    row = {"n": 100, "changed": int(low), "low": low, "high": high}
    return fact(Acts.CHANGES, column, swapped=row)


@pytest.mark.parametrize(
    ("first", "second", "contradicted"),
    [((10, 20), (30, 40), True), ((10, 30), (20, 40), False), ((30, 40), (10, 20), False)],
)
def test_an_order_is_contradicted_only_where_intervals_do_not_meet(
    first: tuple[float, float], second: tuple[float, float], contradicted: bool
) -> None:
    facts = [swapped("a", *first), swapped("b", *second)]
    listed = [claim(rank=1), claim(rank=2, column="b", place="H5.2")]
    weighed = [
        claim(influence=Influence.STRONG),
        claim(influence=Influence.WEAK, column="b", place="H5.2"),
    ]
    for claims in (listed, weighed):
        found = contradictions.against(claims, facts, task="decision")
        assert [each.kind for each in found] == [Kind.IMPORTANCE] * contradicted
    assert not contradictions.against([claim(), claim(column="b")], facts, task="decision")


@pytest.mark.parametrize(
    ("up", "down", "contradicted"), [(18, 852, True), (300, 500, False), (1, 90, False)]
)
def test_a_change_that_clearly_goes_one_way_contradicts_the_other(
    up: int, down: int, contradicted: bool
) -> None:
    """The demonstration's loan by price, declared better: 852 harder, 18 easier of 972, and no word."""
    measured = fact(Acts.CHANGES, n=972, up=up, down=down)
    found = contradictions.against([claim(Effect.BETTER)], [measured], task="decision")
    assert bool(found) is contradicted
    assert not contradictions.against([claim(Effect.WORSE)], [measured], task="decision")


def test_of_levels_the_text_says_what_was_changed_to_what() -> None:
    """“No overdue account: 972 harder” was read as the opposite of what was measured."""
    ends = [{"zh": "没有拖欠的人", "en": "none overdue"}, {"zh": "有拖欠的人", "en": "overdue"}]
    measured = fact(Acts.DOWN, between=ends)
    (found,) = contradictions.against([claim(Effect.NOT_USED)], [measured], task="decision")
    assert found.measured.zh.startswith("从“没有拖欠的人”改成“有拖欠的人”，试了100次，0次更容易")
    assert found.measured.en.startswith("with “none overdue” changed to “overdue”, of 100 tests")


@pytest.mark.parametrize(
    ("effect", "contradicted"), [(Effect.NOT_USED, True), (Effect.NONE, False)]
)
def test_what_moves_the_score_and_no_result_is_used_and_is_said_so(
    effect: Effect, contradicted: bool
) -> None:
    """X12/12: every woman's score lower, no result changed, and “not used” passed."""
    measured = fact(Acts.LITTLE, n=972, up=0, down=972, scored=True)
    found = contradictions.against([claim(effect)], [measured], task="decision")
    assert bool(found) is contradicted
    for each in found:
        assert each.measured.zh.endswith("它几乎不改变结果，但答案跟着它变，说明用到了它")
        assert "so it is used" in each.measured.en
    assert not contradictions.against([claim(effect)], [fact(Acts.LITTLE)], task="decision")


ENDS = [{"zh": "南区", "en": "south"}, {"zh": "北区", "en": "north"}]


@pytest.mark.parametrize(
    ("level", "effect", "more", "kinds"),
    [
        (None, Effect.BETTER, {}, []),  # of places none is higher
        (None, Effect.BETTER, {"ordered": True}, [Kind.DIRECTION]),
        (Text("北区", "north"), Effect.BETTER, {}, [Kind.DIRECTION]),
        (Text("北区", "north"), Effect.WORSE, {"ordered": True}, []),
        (Text("南区", "south"), Effect.BETTER, {}, []),
        (Text("南区", "south"), Effect.WORSE, {}, [Kind.DIRECTION]),
        (Text("东区", "east"), Effect.BETTER, {}, []),  # was not counted
    ],
)
def test_a_claim_about_a_level_is_about_the_change_that_was_counted(
    level: Text | None, effect: Effect, more: dict[str, Any], kinds: list[Kind]
) -> None:
    measured = fact(Acts.DOWN, between=ENDS, **more)
    found = contradictions.against([claim(effect, level=level)], [measured], task="decision")
    assert [each.kind for each in found] == kinds
