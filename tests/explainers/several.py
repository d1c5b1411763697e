"""The bench of what acts at several places: numbers with several thresholds, and groups of categories.

Each threshold is told, and whom it concerns by how many; no category that is treated otherwise than
another goes without a word; and of values that nobody has nothing is told.
"""

from collections.abc import Sequence
from functools import cache

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from tests.explainers.toys import columns, text
from tests.explainers.truth import (
    FARE,
    KM,
    LATE,
    PHONE,
    SAVINGS,
    Case,
    Columns,
    N,
    Rule,
    adults,
    even,
    overdue,
    shared_out,
    trips,
    with_column,
    yes,
)

AREA = {"name": "area", "plain": text("片区", "area")}
LOAN = {
    "name": "loan",
    "plain": text("贷款占房价的比例", "loan as a share of the price"),
    "kind": "share",
    "actionable": -1,
}
NO_MORE = ("要测试得更多", "would have to be tested")
ONE_OF_MANY = (
    "另有1种.*(逐一|合在一起)",
    "\\b1 (further|rare) cases|\\b1 pieces|in each of 1 groups",
)


@cache
def areas(names: str) -> pa.Table:
    """Areas of equal sizes, as many as there are letters."""
    return with_column("area", np.random.default_rng(3).choice(list(names), N))


@cache
def apart() -> pa.Table:
    """Most women live in the south and most men in the north."""
    table = adults()
    random, woman = np.random.default_rng(5).random(N), np.asarray(table["sex"]) == "f"
    return with_column("area", np.where(woman == (random < 0.9), "south", "north"))


@cache
def not_saving() -> pa.Table:
    """Of a fifth nobody knows the savings: they are written as −1."""
    random = np.random.default_rng(3)
    return with_column("savings", np.where(random.random(N) < 0.2, -1, random.gamma(2, 9_000, N).round()))  # fmt: skip


@cache
def one_rare(n: int) -> pa.Table:
    """So many people live in one area of their own."""
    own = np.random.default_rng(6).choice([f"t{i:02d}" for i in range(12)], N)
    return with_column("area", np.where(np.arange(N) < n, "rare", own))


@cache
def loans() -> pa.Table:
    return with_column("loan", np.random.default_rng(2).uniform(0.4, 0.99, N).round(3))


def stairs(x: Columns) -> npt.NDArray[np.float64]:
    """Approved from 60; from 30 with an income above 3,000."""
    return yes((x["age"] >= 60) | ((x["age"] >= 30) & (x["income"] > 3_000)))


def of_areas(*shares: float) -> Rule:
    """In each area, by the alphabet, who is this far from the youngest is approved."""

    def model(x: Columns) -> npt.NDArray[np.float64]:
        at = np.searchsorted(np.unique(list("abcdefghijkl")), x["area"].astype(str))
        return yes(even(x, "age", 18, 80) >= 1 - np.asarray(shares)[at])

    return model


def in_the_south(x: Columns) -> npt.NDArray[np.float64]:
    return yes(x["area"] == "south")


PARTS: Sequence[Case] = (
    Case(
        "approved from 60, and from 30 with enough income",
        adults,
        stairs,
        columns("age", "income", "job"),
        must=[
            (
                "^年龄有两道分界，在(29|30|31)和(59|60|61)左右。.*年龄不到(29|30|31)，每100人里，有0人的结果是“通过”；.*约有[45]\\d人；.*有100人",
                "^There are two steps for the age, at about (29|30|31) and (59|60|61): all else equal, below (29|30|31), 0 of 100 people .*; .* about [45]\\d; .* 100\\.",
            )
        ],
        must_not=[("年龄变大，有时更容易得到“通过”，有时没有影响", "age higher, the person is sometimes more likely")],
        marks={"age": (28, 62)},
    ),
    Case(
        "the same, the ages sealed",
        adults,
        stairs,
        columns("age", "income", "job", age={"actionable": "any"}),
        plan={"sealed": text("商业秘密", "trade secret")},
        must=[("^年龄有两道分界，具体数值未公开（商业秘密）.*从最低的一段往上，.*依次.*0人.*人.*100人", "^There are two steps for the age; their values are not published \\(trade secret\\): .* from the lowest up, 0, about [45]\\d and 100 of 100")],
        must_not=[("年龄.{0,6}\\d\\d(到|左右|以上|及)|不到[36]\\d", "at about \\d|below \\d|from \\d")],
    ),
    Case(
        "two late payments cost some, four the rest",
        overdue,
        shared_out("late", [0.95, 0.5, 0.5, 0.05, 0.05, 0.05]),
        [LATE, *columns("age", "income")],
        must=[("^晚还次数有两道分界，在1次和3次左右", "^There are two steps for the times paid late, at about 1 time and 3 times")],
        marks={"late": (1, 3)},
    ),
    Case(
        "a fare that rises at ten and at twenty kilometres",
        trips,
        lambda x: np.select([x["km"] >= 20, x["km"] >= 10], [30.0, 20.0], 15.0),
        [KM, PHONE],
        plan=FARE,
        must=[("^路程有两道分界，在(9\\.?\\d*|10\\.?\\d*)公里和(19\\.?\\d*|20\\.?\\d*)公里左右。.*车费平均是15元.*20元.*30元", "^There are two steps for the distance, at about (9|10)\\.?\\d* km and (19|20)\\.?\\d* km: .* mean fare is 15 yuan; .* 20 yuan; .* 30 yuan")],
        marks={"km": (9, 21)},
    ),
    Case(
        "ever more likely has no steps",
        adults,
        lambda x: yes(even(x, "age", 18, 80) + even(x, "income", 0, 9_000) > 0.9),
        columns("age", "income"),
        must_not=[("道分界", "steps? for the|a step")],
    ),
    Case(
        "areas a and b are approved, c and d refused",
        lambda: areas("abcd"),
        of_areas(1, 1, 0, 0),
        [AREA, *columns("age")],
        must=[("^其他信息都一样时，片区是“a”或“b”的，每100人里，有100人的结果是“通过”；是“c”或“d”的，有0人", "^All else equal, with “a” or “b” for the area, 100 of 100 people would get “approved”; with “c” or “d”, 0\\.")],
        must_not=[("比片区是“[ab]”的更容易", "more likely to get “approved” than people with “[ab]”")],
    ),
    Case(
        "area d alone is refused",
        lambda: areas("abcd"),
        of_areas(1, 1, 1, 0),
        [AREA, *columns("age")],
        must=[("片区是“a”、“b”或“c”的，每100人里，有100人的结果是“通过”；是“d”的，有0人", "with “a”, “b” or “c” for the area, 100 of 100 people .*; with “d”, 0\\.")],
    ),
    Case(
        "each of four areas has a line of its own",
        lambda: areas("abcd"),
        of_areas(0.95, 0.7, 0.4, 0.1),
        [AREA, *columns("age")],
        must=[("片区是“a”的，每100人里，约有9\\d人的结果是“通过”；是“b”的，约有[67]\\d人；是“c”的，约有[34]\\d人；是“d”的，约有(\\d|1\\d)人", "with “a” for the area, about 9\\d of 100 .*; with “b”, about [67]\\d; with “c”, about [34]\\d; with “d”, about ")],
    ),
    Case(
        "twelve areas, each a little worse than the one before",
        lambda: areas("abcdefghijkl"),
        of_areas(*np.linspace(0.95, 0.05, 12)),
        [AREA, *columns("age")],
        must=[("片区是“a”的，每100人里，约有9\\d人的结果是“通过”，最多；是“l”的，约有\\d人，最少；试过的另外10种情况在两者之间", "with “a” for the area, about 9\\d of 100 .*, the most; with “l”, about \\d, the fewest; the other 10 that were tested lie between")],
        must_not=[("“g”", "“g”")],
    ),
    Case(
        "prices by area",
        lambda: areas("abcd"),
        lambda x: np.select([x["area"] == k for k in "abcd"], [100.0, 100, 120, 130]),
        [AREA, *columns("age")],
        plan={"task": "price"},
        must=[("片区是“a”或“b”的，价格平均是100元；是“c”的，120元；是“d”的，130元", "with “a” or “b” for the area, the mean price is 100 yuan; with “c”, 120 yuan; with “d”, 130 yuan")],
    ),
    Case(
        "the south is approved, where most women live",
        apart,
        in_the_south,
        [AREA, *columns("age", "sex")],
        must=[("片区是“south”的，每100人里，有100人的结果是“通过”；是“north”的，有0人", "with “south” for the area, 100 of 100 people would get “approved”; with “north”, 0\\.")],
        must_not=[("性别是“.”的，每100人", "with “(fe)?male” for the sex, ")],
    ),
    Case(
        "women of the south are approved",
        apart,
        lambda x: yes((x["area"] == "south") & (x["sex"] == "f")),
        [AREA, *columns("age", "sex")],
        must=[
            ("片区是“south”的，每100人里，约有[45]\\d人的结果是“通过”；是“north”的，有0人", "with “south” for the area, about [45]\\d of 100 people would get “approved”; with “north”, 0\\."),
            ("性别是“女”的，每100人里，约有[45]\\d人的结果是“通过”；是“男”的，有0人", "with “female” for the sex, about [45]\\d of 100 people would get “approved”; with “male”, 0\\."),
        ],
    ),
    Case(
        "approved where the savings are not known or above 15,000",
        not_saving,
        lambda x: yes((x["savings"] < 0) | (x["savings"] > 15_000)),
        [SAVINGS, *columns("age")],
        must=[("^存款大约在.*之间最难得到“通过”，在这之间差别不大；再高，或者是-1元的，都更容易得到“通过”", "least likely to get “approved” between .* for the savings, with little difference there; with higher, and with -1 yuan, more likely")],
        must_not=[("再低都", "both higher and lower")],
    ),
    Case(
        "refused where the savings are not known",
        not_saving,
        lambda x: yes(x["savings"] >= 0),
        [SAVINGS, *columns("age")],
        must=[("^存款是-1元的，和其余的不同。.*是-1元的，每100人里，有0人.*；其余的，有100人", "^For the savings, -1 yuan differs from the rest: all else equal, with -1 yuan, 0 of 100 people .*; with the rest, 100\\.")],
        must_not=[("存款不到\\d", "below (it|\\d)|step at about")],
    ),
    Case(
        "one case too rare to be tested",
        lambda: one_rare(9),
        lambda x: yes(x["age"] >= 30),
        [AREA, *columns("age")],
        must=[("片区另有1种情况太少见，没有测试", "The area: 1 further case was not tested, because it is too rare")],
        must_not=[ONE_OF_MANY],
    ),
    Case(
        "one rare case decides",
        lambda: one_rare(12),
        lambda x: yes(x["area"] != "rare"),
        [AREA, *columns("age")],
        must=[("片区另有1种情况（“rare”）：换成它，每100人里，约有99人的结果会变", "The area: 1 further case \\(“rare”\\)\\. With it, about 99 of 100 results change")],
        must_not=[ONE_OF_MANY],
    ),
    Case(
        "one thing alone",
        adults,
        lambda x: yes(x["age"] >= 30),
        columns("age"),
        must=[("这个算法看1项信息，列在下面", "looks at 1 piece of information, listed below")],
        must_not=[ONE_OF_MANY],
    ),
    Case(
        "nearly all lose, so that no more need be tested",
        adults,
        lambda x: yes(np.where(x["income"] < 1_100, x["age"] >= 40, even(x, "age", 18, 80) < np.tanh(x["income"] / 6_000))),
        columns("age", "income"),
        must_not=[NO_MORE],
    ),
    Case(
        "a share is told in per cent",
        loans,
        lambda x: yes(x["loan"] < 0.8),
        [LOAN, *columns("age")],
        must=[
            ("^贷款占房价的比例以(79|80|81)\\.?\\d*%左右为界", "step at about (79|80|81)\\.?\\d* % for the loan"),
            ("把贷款占房价的比例从\\d\\d\\.?\\d*%变成\\d\\d\\.?\\d*%", "loan as a share of the price from \\d\\d\\.?\\d* % to \\d\\d\\.?\\d* %"),
        ],
        must_not=[("贷款.*\\b0\\.\\d", "loan.*\\b0\\.\\d")],
    ),
)  # fmt: skip
