"""Which of the findings beyond a line is the gravest."""

from math import inf, isclose

from portal.pages import gravest
from portal.pages.gravest import Grave
from tests.portal.pages.test_beyond import MARRIED, NEVER, PLAN, PRICE, RACE, SHOWN, SUMMARY


def test_by_how_many_lines() -> None:
    """By the logarithm of a ratio, the size of a share; endless where one side has none."""
    assert isclose(gravest.times_the_line(MARRIED), 3.0)
    assert isclose(gravest.times_the_line(RACE | {"effect": {"kind": "ratio", "value": 0.8}}), 1.0)
    assert isclose(gravest.times_the_line(PRICE), 2.23, rel_tol=1e-2)
    assert gravest.times_the_line(NEVER) == inf
    assert gravest.times_the_line(RACE | {"effect": {"kind": "ratio", "value": 0.0}}) == inf
    assert gravest.times_the_line(RACE | {"threshold": {"value": None}}) == 1.0


def test_that_one_side_has_none_is_the_gravest() -> None:
    graves = [Grave(each, SUMMARY, PLAN) for each in (SHOWN, NEVER, PRICE)]
    assert max(graves, key=lambda each: each.gravity).finding is NEVER
    assert [len(each) for each in gravest.by(graves, "features")] == [2, 1]


def test_a_number_that_is_withheld_is_not_none_at_all() -> None:
    """Its value is missing because few are behind it; ahead of all others it would tell on them."""
    withheld = NEVER | {"suppressed": True, "estimate": None, "ci": None}
    assert gravest.times_the_line(withheld) == 1.0
    assert Grave(withheld, SUMMARY, PLAN).size == 0.0
    graves = [Grave(each, SUMMARY, PLAN) for each in (withheld, SHOWN)]
    assert max(graves, key=lambda each: each.gravity).finding is SHOWN
