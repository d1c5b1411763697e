"""The bench: models of known truth, and what their explanation must and must not say.

One case is one row of the table: who is asked about, the model, what its filer says of it, and
patterns in both languages. A pattern is looked for in each sentence and each limit on its own.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from scipy.special import ndtr

from explainers import numbers
from explainers.explanation import explain, sentences_of
from explainers.people import Scorer
from explainers.plan import ExplanationPlan, PlanImpossible
from registry import readability
from registry.class_names import of_explanation
from registry.errors import RegisterError
from registry.language import LANGUAGES, Language
from registry.sandbox.child.classes import Classes
from tests.explainers.toys import arrays, columns, people, text

Columns = Mapping[str, npt.NDArray[Any]]
Rule = Callable[[Columns], Any]
Pair = tuple[str, str]
"""A pattern for the Chinese and one for the English sentence."""

N = 1_500


@dataclass(frozen=True)
class Case:
    """One model of known truth.

    Args:
        name: the truth, in words.
        data: who is asked about.
        model: answers with a number a row, or as a classifier does.
        told: what the filer says of each column.
        must: what has to stand on the page.
        must_not: what must not.
        plan: the rest of the filer's plan.
        marks: by column, between which two values the picture marks what the text says.
        refused: whether no explanation is made; `must` is then held against the refusal.
        of: the findings of which kind it is, by id.
    """

    name: str
    data: Callable[[], pa.Table]
    model: Rule
    told: Sequence[Mapping[str, Any]]
    must: Sequence[Pair] = ()
    must_not: Sequence[Pair] = ()
    plan: Mapping[str, Any] = field(default_factory=dict)
    marks: Mapping[str, tuple[float, float]] = field(default_factory=dict)
    refused: bool = False
    of: str = ""

    @property
    def classes(self) -> Classes | None:
        """How the answers of a classifier are read."""
        return of_explanation(self.plan)


@dataclass(frozen=True)
class InProcess:
    """A scorer that calls the model here."""

    case: Case

    def score(self, frames: Sequence[pa.Table]) -> list[npt.NDArray[np.float64]]:
        return [self._one(frame) for frame in frames]

    def _one(self, frame: pa.Table) -> npt.NDArray[np.float64]:
        answer = self.case.model(arrays(frame))
        if self.case.classes is not None:
            return self.case.classes.read(answer, frame.num_rows)
        return np.asarray(answer, dtype=np.float64)


def made(case: Case, scorer: Scorer | None = None) -> dict[str, Any]:
    """The explanation of a case, asked in process where no scorer is given."""
    table, more = case.data(), {"cut": 0.5, **case.plan, "classes": case.classes}
    more.pop("favourable", None)
    if more.get("task", "decision") != "decision":
        more["cut"] = None
    plan = ExplanationPlan.make(table, case.told, nonce="n", **more)
    return explain(plan, table, scorer or InProcess(case), nonce="n")


def lines(content: Mapping[str, Any], language: Language) -> str:
    """Every sentence and every limit of an explanation, one a line."""
    every = [text for said in sentences_of(content) for text in (said, said["limit"])]
    return "\n".join(dict.fromkeys(each[language] for each in every))


# ---------------------------------------------------------------------------------------- people


@cache
def adults(n: int = N) -> pa.Table:
    """Everybody differs; age is even from 18 to 79, sex and marriage are halves, three jobs."""
    return people(n, seed=4).append_column("record", pa.array(range(n)))


def with_column(name: str, values: Sequence[Any] | npt.NDArray[Any], n: int = N) -> pa.Table:
    return adults(n).append_column(name, pa.array(list(values)))


@cache
def towns() -> pa.Table:
    """Fifteen towns; of the two last are 20 people each."""
    town = np.resize(np.asarray([f"t{i:02d}" for i in range(13)], dtype=object), N)
    town[:20], town[20:40] = "rare1", "rare2"
    return with_column("town", town)


@cache
def cities() -> pa.Table:
    """Twenty cities, as codes."""
    return with_column("city", np.random.default_rng(6).integers(1, 21, N))


@cache
def shoes() -> pa.Table:
    """Sizes from 35 to 47; three in a hundred have 46 or more."""
    return with_column("shoe", np.clip(np.random.default_rng(8).normal(41, 2.4, 3_000), 35, 47).round(), 3_000)  # fmt: skip


@cache
def overdue() -> pa.Table:
    """How often somebody paid late: 0 to 5, mostly 0 to 2."""
    late = np.minimum(np.random.default_rng(12).poisson(1.2, N), 5)
    return with_column("late", late)


@cache
def rich() -> pa.Table:
    """One in a hundred earns 9,500 and more."""
    income = np.random.default_rng(9).uniform(1_000, 6_000, 3_000).round()
    income[:30] = 9_500 + np.arange(30)
    return adults(3_000).drop_columns("income").append_column("income", pa.array(income))


@cache
def housed() -> pa.Table:
    """What share of the income goes to housing: mostly 13 to 36; two in a hundred have over 37."""
    burden = np.clip(np.random.default_rng(15).normal(25, 6, 3_000), 2, 60).round(1)
    return with_column("burden", burden, 3_000)


@cache
def islanders() -> pa.Table:
    """One in twenty lives on the island."""
    place = np.where(np.arange(3_000) % 20 == 0, "island", "mainland")
    return with_column("place", place, 3_000)


@cache
def unfilled() -> pa.Table:
    """One in ten left savings blank."""
    random = np.random.default_rng(3)
    savings = random.gamma(2, 9_000, N).round()
    savings[random.random(N) < 0.1] = np.nan
    return adults().append_column("savings", pa.array(savings, from_pandas=True))


@cache
def trips() -> pa.Table:
    """Kilometres of a ride and the kind of telephone."""
    random = np.random.default_rng(9)
    phone = random.choice(["Android", "Apple"], N)
    return pa.table({"km": random.uniform(1, 30, N).round(1), "phone": phone, "age": adults()["age"]})  # fmt: skip


@cache
def comments() -> pa.Table:
    random = np.random.default_rng(5)
    words = ["退款", "谢谢", "很好", "太慢"]
    return with_column("note", [f"{random.choice(words)}，第{i}单" for i in range(N)])


@cache
def dates() -> pa.Table:
    random = np.random.default_rng(5)
    return with_column("day", [f"2025-{m:02d}-{d:02d}" for m, d in random.integers(1, 28, (N, 2)) % 12 + 1])  # fmt: skip


@cache
def pictures() -> pa.Table:
    """Each row is a small picture: four grey values."""
    grey = np.random.default_rng(2).integers(0, 255, (N, 4)).tolist()
    return adults().append_column("photo", pa.array(grey, pa.list_(pa.int64())))


# ---------------------------------------------------------------------------------------- models


def even(x: Columns, name: str, low: float, high: float) -> npt.NDArray[np.float64]:
    return np.clip((x[name].astype(float) - low) / (high - low), 0, 1)


def within(x: Columns, low: float, high: float) -> npt.NDArray[np.bool_]:
    inside: npt.NDArray[np.bool_] = (x["age"] >= low) & (x["age"] < high)
    return inside


def yes(where: npt.NDArray[Any]) -> npt.NDArray[np.float64]:
    return np.where(where, 0.9, 0.1)


def slope(x: Columns) -> npt.NDArray[np.float64]:
    """Age and income add up: neither has a line of its own."""
    return 0.5 * even(x, "age", 18, 80) + 0.5 * np.tanh(x["income"] / 3_000)


def hill(x: Columns) -> npt.NDArray[np.float64]:
    height: npt.NDArray[np.float64] = 1 - np.abs(x["age"] - 45) / 40
    return height


def hill_with_a_gap(x: Columns) -> npt.NDArray[np.float64]:
    return np.where(within(x, 27, 32), 0.2, hill(x))


def married_women_of_30(x: Columns) -> npt.NDArray[Any]:
    here: npt.NDArray[Any] = (x["sex"] == "f") & (x["married"] == 1) & within(x, 30, 34)
    return here


def dear_for_old_women_on_farms(x: Columns) -> npt.NDArray[np.float64]:
    dear = (x["sex"] == "f") & (x["job"] == "farmer") & (x["age"] > 70)
    return np.where(dear, 130.0, 100.0)


def women_of_large_shoes(x: Columns) -> npt.NDArray[np.float64]:
    refused = (x["sex"] == "f") & (x["shoe"] >= 46)
    return np.where(refused, 0.1, 0.2 + 0.7 * (x["age"] >= 30))


def the_island_looks_at_marriage(x: Columns) -> npt.NDArray[np.float64]:
    refused = (x["place"] == "island") & (x["married"] == 0) & (x["age"] < 22)
    return np.where(refused, 0.1, 0.8)


def missing_is_refused(x: Columns) -> npt.NDArray[np.float64]:
    return yes(~np.isnan(x["savings"].astype(float)))


RANDOM = np.random.default_rng(7)
HISS = np.random.default_rng(8)


def hiss(x: Columns) -> npt.NDArray[np.float64]:
    """Approved from 45 on, by a score that is never twice the same and never near the cut."""
    return np.where(x["age"] >= 45, 0.8, 0.2) + HISS.uniform(-0.01, 0.01, len(x["age"]))


def shaken(x: Columns) -> npt.NDArray[np.float64]:
    signal = 1 / (1 + np.exp(-(x["age"] - 45) / 8))
    return np.clip(signal + RANDOM.normal(0, 0.05, len(signal)), 0, 1)


def at_random_at_times(x: Columns) -> npt.NDArray[np.float64]:
    own = yes(x["income"] >= 3_000)
    return np.where(RANDOM.random(len(own)) < 0.02, RANDOM.random(len(own)), own)


def lottery(x: Columns) -> npt.NDArray[np.float64]:
    return RANDOM.random(len(x["age"]))


def fare(x: Columns) -> npt.NDArray[np.float64]:
    price: npt.NDArray[np.float64] = 10 + 2 * x["km"] + 20 * (x["phone"] == "Apple")
    return price


def fee(x: Columns) -> npt.NDArray[np.float64]:
    return np.where(x["km"] >= 12, 30.0, 15.0)


def shared_out(name: str, shares: Sequence[float]) -> Rule:
    """With everybody's number the same, exactly this share of all people is approved."""

    def model(x: Columns) -> npt.NDArray[np.float64]:
        rank = ndtr((np.log(x["income"].astype(float)) - 8) / 0.5)
        return yes(rank < np.asarray(shares)[x[name].astype(int)])

    return model


def best_at_28_to_30_with_a_cliff_at_37(x: Columns) -> npt.NDArray[np.float64]:
    """As a filed model of trees was: hardly anything up to 36, and then hardly anybody."""
    at = [20, 25, 27.5, 30, 31, 36.5, 37.5, 40, 44]
    share = [0.865, 0.876, 0.883, 0.883, 0.880, 0.880, 0.743, 0.168, 0.21]
    rank = ndtr((np.log(x["income"].astype(float)) - 8) / 0.5)
    score: npt.NDArray[np.float64] = np.interp(x["burden"].astype(float), at, share) - rank
    return np.clip(0.5 + score / 2, 0, 1)


def dearer_bit_by_bit(x: Columns) -> npt.NDArray[np.float64]:
    price: npt.NDArray[np.float64] = np.asarray([10.0, 16, 31, 42, 47, 49])[x["late"].astype(int)]
    return price


def paid_first(x: Columns) -> npt.NDArray[np.float64]:
    score: npt.NDArray[np.float64] = 40 * (x["married"] == 1) + even(x, "age", 18, 80)
    return score


def three_shares(x: Columns) -> npt.NDArray[np.float64]:
    good = np.where(x["age"] >= 30, 0.8, 0.2)
    return np.column_stack([good, 0.5 * (1 - good), 0.5 * (1 - good)])


def names_a_class(x: Columns) -> npt.NDArray[Any]:
    return np.where(x["age"] >= 30, "yes", "no")


# --------------------------------------------------------------------------------------- columns

TOWN = {"name": "town", "plain": text("所在镇", "town")}
CITY = {"name": "city", "plain": text("城市", "city")}
CITIES = {str(i): text(f"{i}号城", f"City {i}") for i in range(1, 21)}
SHOE = {
    "name": "shoe",
    "plain": text("鞋码", "shoe size"),
    "direction": {"zh": ["大", "小"], "en": ["larger", "smaller"]},
}
LATE = {"name": "late", "plain": text("晚还次数", "times paid late"), "unit": text("次", "times")}
BURDEN = {
    "name": "burden",
    "plain": text("住房支出占收入的比例", "share of income going to housing"),
    "unit": text("%", "%"),
}
PLACE = {
    "name": "place",
    "plain": text("住处", "home"),
    "values": {"island": text("海岛", "island"), "mainland": text("陆地", "mainland")},
}
SAVINGS = {"name": "savings", "plain": text("存款", "savings"), "unit": text("元", "yuan")}
KM = {
    "name": "km",
    "plain": text("路程", "distance"),
    "unit": text("公里", "km"),
    "direction": {"zh": ["长", "短"], "en": ["longer", "shorter"]},
}
PHONE = {
    "name": "phone",
    "plain": text("手机", "phone"),
    "values": {"Apple": text("苹果", "Apple"), "Android": text("安卓", "Android")},
}
NOTE = {"name": "note", "plain": text("留言", "comment")}
DAY = {"name": "day", "plain": text("日期", "date")}
PHOTO = {"name": "photo", "plain": text("照片", "photo")}
FARE = {
    "task": "price",
    "wording": {"price": text("车费", "fare"), "person": text("次行程", "ride"), "people": text("次行程", "rides")},
}  # fmt: skip
SCORE = {"task": "score", "wording": {"person": text("件商品", "item"), "people": text("件商品", "items")}}  # fmt: skip
OUTSIDER = {"protected": [{"name": "race", "plain": text("民族", "ethnicity")}]}
NAMED = {"classes": ["no", "yes"], "favourable": "yes"}
SEVERAL = {"classes": ["grant", "review", "refuse"], "favourable": "grant"}

OWN_WORDS = ("H1.*H9", "H1.*H9")
"""The way of what no test explains: in the filer's own words, marked as not tested."""
NO_STEP = ("左右为界|分界", "step at about|step between")
NO_LATE_STEP = ("晚还次数(以|在).*界", "step (at about|between) .* times paid late")
NEVER_WORSE = (
    "越大|[^1-9]0次更难。|都是更容易",
    "the higher the age|0 less likely\\.|always more likely",
)
NEVER_LOWER = ("越大|0次相反|都是更高", "the higher the age|0 went the other way|always higher")
NO_TURN = ("最容易|最难", "is most likely|is least likely")

# ----------------------------------------------------------------------------------------- bench

CASES = (
    Case(
        "an ignored column",
        adults,
        slope,
        columns("age", "income", "job"),
        must=[("^工作的影响很小", "^Job made little difference")],
        must_not=[("影响.*的[是有].*工作", "(matters most|strongest).*job"), NO_STEP, NO_TURN],
    ),
    Case(
        "rises with every step of the age",
        adults,
        slope,
        columns("age", "income"),
        must=[("年龄越大，.*越容易.*“通过”", "with the age higher, the person is nearly always more likely to get “approved”")],
        must_not=[("影响很小", "little difference"), ("年龄.*不通过", "age.*not approved"), NO_STEP],
    ),
    Case(
        "approved from 30 on",
        adults,
        lambda x: yes(x["age"] >= 30),
        columns("age", "job"),
        must=[
            (
                "^年龄以(29|30|31)左右为界。.*每100人里，有0人的结果是“通过”.*，有100人",
                "^There is a step at about (29|30|31) for the age: .* 0 of 100 people .*“approved”.* 100",
            )
        ],
        must_not=[NO_TURN, ("未公开", "not published")],
        marks={"age": (28, 32)},
        of="public/S11",
    ),
    Case(
        "approved from 30 on, the line sealed",
        adults,
        lambda x: yes(x["age"] >= 30),
        columns("age", "job", age={"actionable": "any"}),
        plan={"sealed": text("商业秘密", "trade secret")},
        must=[("^年龄有一道分界.*具体数值未公开.*商业秘密", "^There is a step for the age.*value is not published.*trade secret")],
        must_not=[("年龄不到\\d|\\d及以上|左右为界", r"step at about|below \d|from \d"), ("年龄从", "age from")],
    ),
    Case(
        "approved below 30, low scores are good",
        adults,
        lambda x: yes(x["age"] >= 30),
        columns("age", "job"),
        plan={"favourable_above": False},
        must=[("^年龄以(29|30|31)左右为界。.*不到.*有100人.*及以上.*有0人", "step at about (29|30|31).*100 of 100 .* 0")],
    ),
    Case(
        "a line for some: teachers from 50 on, others always",
        adults,
        lambda x: yes((x["job"] != "teacher") | (x["age"] >= 50)),
        columns("age", "job"),
        must=[("^年龄以(49|50|51)左右为界", "step at about (49|50|51) for the age")],
        must_not=[NO_TURN],
        marks={"age": (48, 52)},
    ),
    Case(
        "best at 45",
        adults,
        hill,
        columns("age", "job"),
        must=[("^年龄在4[2-8]左右最容易.*再大或再小都更难", "most likely to get “approved” at about 4[2-8].*both higher and lower, less")],
        must_not=[NO_STEP, ("年龄越", "with the age higher, the person is (nearly|usually|sometimes)")],
        marks={"age": (42, 48)},
        of="public/S11",
    ),
    Case(
        "worst at 45",
        adults,
        lambda x: 1.2 - hill(x),
        columns("age", "job"),
        must=[("^年龄在4[2-8]左右最难.*再大或再小都更容易", "least likely to get “approved” at about 4[2-8].*both higher and lower, more")],
        must_not=[NO_STEP, ("年龄越", "with the age higher, the person is (nearly|usually|sometimes)")],
        marks={"age": (42, 48)},
    ),
    Case(
        "approved from 35 to 60 only",
        adults,
        lambda x: yes((x["age"] >= 35) & (x["age"] < 60)),
        columns("age", "job"),
        must=[("^年龄大约在3[4-7]到(5[7-9]|60)之间最容易", "most likely to get “approved” between about 3[4-7] and (5[7-9]|60)")],
        must_not=[NO_STEP, ("年龄越", "with the age higher, the person is (nearly|usually|sometimes)")],
        marks={"age": (34, 61)},
    ),
    Case(
        "refused from 24 to 32, so that the youngest lose by age",
        adults,
        lambda x: yes(~within(x, 24, 33)),
        columns("age", "sex", "income"),
        must=[("年龄变大，有时更容易得到“通过”，有时更难得到“通过”。从22到26，本来就在这一段的\\d+人里，每100人有100人变成“不通过”；从29到34.*有100人变成“通过”",
               "the age higher, .*sometimes more likely to get “approved”; sometimes less likely to get “approved”: from 22 to 26, “not approved” instead for 100 of 100 .of the \\d+ people there.; from 29 to 34, “approved”")],
        must_not=[NEVER_WORSE, NO_STEP, NO_TURN],
    ),
    Case(
        "refused one by one from 18 to 28, and approved again one by one until 36",
        adults,
        lambda x: yes(ndtr(2 * np.log(x["income"]) - 16) < np.interp(x["age"], [18, 28, 36], [1, 0, 1])),
        columns("age", "sex", "income"),
        must=[("从18到29，本来就在这一段的314人里，每100人约有88人变成“不通过”；从29到37，本来就在这一段的169人里，每100人约有88人变成“通过”",
               "from 18 to 29, “not approved” instead for about 88 of 100 .of the 314 people there.; from 29 to 37, “approved” instead for about 88 of 100 .of the 169 people there")],
        must_not=[("每100人约有[1-7]?\\d人变成", "instead for about [1-7]?\\d of 100")],
    ),
    Case(
        "refused from 24 to 32, the values sealed",
        adults,
        lambda x: yes(~within(x, 24, 33)),
        columns("age", "sex", "income"),
        plan={"sealed": text("商业秘密", "trade secret")},
        must=[("有时更难得到“通过”。有一段（具体数值未公开：商业秘密）", "sometimes less likely to get “approved”: over one stretch .its values are not published: trade secret")],
        must_not=[NEVER_WORSE, ("从\\d+到\\d+", "from \\d+ to \\d+")],
    ),
    Case(
        "approved from 66 to 74, so that the oldest lose by age",
        adults,
        lambda x: yes(within(x, 66, 75)),
        columns("age", "sex", "income"),
        must=[("有时更难得到“通过”。从64到68.*变成“通过”；从72到75.*变成“不通过”", "sometimes less likely to get “approved”: from 64 to 68, “approved” .*; from 72 to 75, “not approved”")],
        must_not=[NEVER_WORSE, NO_STEP, NO_TURN],
    ),
    Case(
        "a dip of a few years near the end",
        adults,
        lambda x: yes(~within(x, 20, 23)),
        columns("age", "sex"),
        must=[("有时更容易得到“通过”，有时更难得到“通过”", "sometimes more likely to get “approved”; sometimes less likely to get “approved”")],
        must_not=[NEVER_WORSE, NO_STEP],
    ),
    Case(
        "married women from 30 to 33 alone are refused",
        adults,
        lambda x: yes(~married_women_of_30(x)),
        columns("sex", "married", "age", "job"),
        must=[("年龄变大，有时更容易得到“通过”，有时更难得到“通过”。相差不大的两个数值之间，每100次里，结果约1次变好，约1次变差.*近的试了1,490次：\\d+次和[1-9]\\d+次",
               "tests between near values, the result became better in about 1 and worse in about 1.*1,490 near tests: \\d+ and [1-9]\\d+")],
        must_not=[("年龄.*没有一次相反", "age.*never the opposite")],
    ),
    Case(
        "the sex moves the score of everybody and no result",
        adults,
        lambda x: yes(x["age"] >= 30) - 0.02 * (x["sex"] == "f"),
        columns("age", "sex", "job", sex={"protected": True}),
        must=[
            ("^只改性别，.*结果都没有变。.*但是评分会变：.*每100次里，(0次更容易得到“通过”，100次更难|100次更容易得到“通过”，0次更难).*评分平均[高低]0\\.02", "^Changing only the sex never changed the result .*But the score moves\\. With .* (100|0) of 100 tests; less likely .* on average it is 0\\.02 (lower|higher)"),
            ("^性别：只改这一项，.*但是评分会变：性别从“(男|女)”改成“(男|女)”.*评分平均[高低]0\\.02", "^Sex: changing only this .*But the score moves\\. .*on average it is 0\\.02 (lower|higher)"),
            ("^工作的影响很小", "^Job made little difference"),
        ],
        must_not=[("性别的影响很小", "sex made little"), ("工作.*评分会变", "job.*score moves")],
    ),
    Case(
        "who is older than sixty is refused, and age is protected",
        adults,
        lambda x: yes(x["age"] < 60),
        columns("age", "sex", "job", age={"protected": True}),
        must=[("只改年龄，其他信息不变，每100次里，约4\\d次结果变了（试了1,\\d+次", "Changing only the age changed the result in about 4\\d of 100 tests")],
        must_not=[("只改年龄.*约[56]\\d次结果变了", "only the age .*about [56]\\d of 100 tests")],
    ),
    Case(
        "farmers are refused, and the job is protected",
        adults,
        lambda x: yes(x["job"] != "farmer"),
        columns("age", "job", job={"protected": True}),
        must=[("另外\\d种各试一次：每100人里，100人至少有一次结果变了", "others in turn, changed the result at least once for 100 of 100 people")],
        must_not=[("只改.*每100次里，100次结果变了", "Changing only .* in 100 of 100 tests")],
    ),
    Case(
        "best at 28 to 30 by a hair, with a cliff at 37",
        housed,
        best_at_28_to_30_with_a_cliff_at_37,
        [BURDEN, *columns("age", "income")],
        must=[("比例变高，有时更容易得到“通过”，有时更难得到“通过”。.*从3[67].*%，本来就在这一段的\\d+人里，每100人约有[5-9]\\d人变成“不通过”", "from 3[67].* %, “not approved” instead for about [5-9]\\d of 100 .of the \\d+ people there")],
        must_not=[NO_TURN, ("比例越高", "housing higher, the person is (nearly|usually) ")],
    ),
    Case(
        "best at 45, with a gap below",
        adults,
        hill_with_a_gap,
        columns("age", "job"),
        must=[("从26到29.*变成“不通过”", "from 26 to 29, “not approved”")],
        must_not=[NO_TURN, ("年龄越", "the higher the age")],
    ),
    Case(
        "cheaper from 24 to 32",
        adults,
        lambda x: np.where(within(x, 24, 33), 90.0, 100.0),
        columns("age", "sex"),
        plan={"task": "price"},
        must=[("有时价格更高，有时价格更低。从22到26，.*价格更低（1%以上）；从29到34，.*价格更高（1%以上）", "sometimes a higher price; sometimes a lower price: from 22 to 26, a lower price by over 1 % for 100 of 100 .of the \\d+ people there.; from 29 to 34, a higher price by over 1 %")],
        must_not=[NEVER_LOWER, NO_STEP],
    ),
    Case(
        "dear only for a few: by 30 yuan for each of them",
        adults,
        dear_for_old_women_on_farms,
        columns("age", "sex", "job"),
        plan={"task": "price"},
        must=[("年龄变大.*变了的，都是价格更高，平均相差30元", "the age higher.*a change was always to a higher price, on average by 30 yuan"),
              ("把性别是“男”的改成性别是“女”的.*平均相差30元（只算变了的）", "“male” for the sex changed to .*“female”.*mean difference is 30 yuan where it changed")],
        must_not=[("平均(相差|变)(1.5|2|2.5)元(?!（没变的也算在内）)", "by (1.5|2|2.5) yuan(?!, those unchanged)")],
    ),
    Case(
        "women of the largest shoes are refused",
        shoes,
        women_of_large_shoes,
        [*columns("sex", "age"), SHOE],
        must=[
            ("性别是“女”的，和性别是“男”的相比，多数时候难易不变；变了的，都是更难", "people with “female” for the sex compared with people with “male” for the sex: mostly nothing changes; where it does, they are always less likely"),
            ("只改性别.*每100次里，约3次结果变了（试了", "Changing only the sex changed the result in about 3 of 100 tests"),
        ],
        must_not=[("性别的影响很小", "sex made little"), ("^.*性别是“男”的，.*比性别是“女”的.*更容易", "people with “male” .* more likely .* than")],
        of="public/S1",
    ),
    Case(
        "only the island looks at marriage",
        islanders,
        the_island_looks_at_marriage,
        [*columns("married", "age"), PLACE],
        must=[("^对大多数人，婚姻的影响很小.*但是，住处是“海岛”的人", "For most people marital status.*But of people with “island”")],
        must_not=[("^婚姻的影响很小", "^Marital status made little")],
    ),
    Case(
        "ever less likely with each late payment, as the filed logistic model was",
        overdue,
        shared_out("late", [0.96, 0.70, 0.32, 0.13, 0.05, 0.02]),
        [LATE, *columns("age", "income")],
        must=[("晚还次数(越|变)", "with the times paid late")],
        must_not=[NO_LATE_STEP, NO_TURN],
    ),
    Case(
        "ever more likely with each late payment",
        overdue,
        shared_out("late", [0.04, 0.30, 0.68, 0.87, 0.95, 0.98]),
        [LATE, *columns("age", "income")],
        must_not=[NO_LATE_STEP, NO_TURN],
    ),
    Case(
        "evenly less likely with each late payment",
        overdue,
        shared_out("late", [0.9, 0.72, 0.54, 0.36, 0.18, 0.02]),
        [LATE, *columns("age", "income")],
        must_not=[NO_LATE_STEP, NO_TURN],
    ),
    Case(
        "two late payments are too many, for nine in ten",
        overdue,
        shared_out("late", [0.95, 0.95, 0.05, 0.05, 0.05, 0.05]),
        [LATE, *columns("age", "income")],
        must=[
            (
                "^晚还次数以2次左右为界。.*不到2次，每100人里，约有9[3-7]人.*2次及以上，约有[3-7]人",
                "step at about 2 times .* below it, about 9[3-7] of 100 .* from it on, about [3-7]\\.",
            )
        ],
        marks={"late": (2, 2)},
    ),
    Case(
        "one late payment is too many",
        overdue,
        shared_out("late", [0.9, 0.1, 0.1, 0.1, 0.1, 0.1]),
        [LATE, *columns("age", "income")],
        must=[("^晚还次数以1次左右为界", "step at about 1 time")],
        marks={"late": (1, 1)},
    ),
    Case(
        "two steps are not one",
        overdue,
        shared_out("late", [0.95, 0.5, 0.5, 0.05, 0.05, 0.05]),
        [LATE, *columns("age", "income")],
        must_not=[NO_LATE_STEP, NO_TURN],
    ),
    Case(
        "dearer with each late payment",
        overdue,
        dearer_bit_by_bit,
        [LATE, *columns("age", "income")],
        plan={"task": "price"},
        must_not=[NO_LATE_STEP, NO_TURN],
    ),
    Case(
        "sixty rows, ever less likely with each late payment",
        lambda: overdue().slice(0, 60),
        shared_out("late", [0.96, 0.70, 0.32, 0.13, 0.05, 0.02]),
        [LATE, *columns("age", "income")],
        must_not=[NO_LATE_STEP, NO_TURN],
    ),
    Case(
        "age and marriage, equally",
        adults,
        lambda x: ((x["age"] >= 49) ^ (x["married"] == 1)).astype(float),
        columns("age", "married", "job"),
        must=[("^影响较大的有.*(年龄和婚姻|婚姻和年龄).*分不出谁更大", "can’t tell which is stronger")],
        must_not=[("影响最大的是", "matters most")],
        of="public/S4",
    ),
    Case(
        "twins of which one is used",
        adults,
        lambda x: np.tanh(x["spending"] / 2_500),
        columns("income", "spending", "age"),
        plan={"cut": 0.6},
        must=[("只改每月收入.*结果都没有变", "Changing only the monthly income never changed the result")],
        must_not=[
            ("哪一项起作用，不知道", "which of them acts is not known"),
            ("每月收入.{0,4}越|收入和每月支出(越|会影响)", "with the monthly income higher, the person is (nearly|usually)"),
            ("把每月收入从", "only the monthly income from"),
        ],
        of="public/S7",
    ),
    Case(
        "twins of which both are used",
        adults,
        lambda x: np.tanh(x["spending"] / 5_000) + np.tanh(x["income"] / 8_000),
        columns("income", "spending", "age"),
        plan={"cut": 0.8},
        must=[("只改每月收入，.*次结果变了.*只改每月支出，.*次结果变了", "only the monthly income.*only the monthly spending")],
        must_not=[("哪一项起作用，不知道", "which of them acts is not known"), ("收入.*都没有变", "never changed")],
    ),
    Case(
        "age turns round with marriage",
        adults,
        lambda x: np.where(x["married"] == 1, even(x, "age", 18, 80), 1 - even(x, "age", 18, 80)),
        columns("age", "married"),
        must=[("年龄变大：每100次里，约[1-9]\\d次更容易得到“通过”；约[1-9]\\d次更难", "with the age higher: more likely to get “approved” in about [1-9]\\d of 100 tests; less likely .* in about [1-9]\\d;")],
        must_not=[("年龄越大", "with the age higher, the person is (nearly|usually|sometimes)"), NO_STEP, NO_TURN, ("没有一次", "never the")],
    ),
    Case(
        "the two rarest of fifteen towns are refused",
        towns,
        lambda x: 1.0 - np.char.startswith(x["town"].astype(str), "rare"),
        [TOWN, *columns("age")],
        must=[("所在镇另有.*“rare1”.*结果会变", "further cases .*“rare1”.* results change")],
        must_not=[("所在镇的影响很小", "town made little"), ("不到10人才有", "fewer than 10 people have")],
        of="public/S2",
    ),
    Case(
        "three of twenty cities are refused, with names",
        cities,
        lambda x: yes(~np.isin(x["city"], [3, 11, 17])),
        [CITY | {"values": CITIES}, *columns("age")],
        must=[("城市是“3号城”、“11号城”或“17号城”的，每100人里，有0人.*另外17种情况的，有100人", "“City 3”, “City 11” or “City 17” .* 0 of 100 .* other 17 .* 100")],
        must_not=[("城市.{0,3}(越|变)高", "higher (the )?city|city higher"), ("影响很小.*城市|^城市的影响很小", "city made little"), NO_STEP],
        of="public/S8",
    ),
    Case(
        "three of twenty cities are refused, as codes",
        cities,
        lambda x: yes(~np.isin(x["city"], [3, 11, 17])),
        [CITY | {"kind": "category"}, *columns("age")],
        must=[("城市是.*“3”.*“11”.*“17”.*有0人", "“3”.*“11”.*“17”.* 0 of 100")],
        must_not=[("城市.{0,3}(越|变)高", "higher (the )?city|city higher"), NO_STEP],
        of="public/S8",
    ),
    Case(
        "who leaves savings blank is refused",
        unfilled,
        missing_is_refused,
        [SAVINGS, *columns("age")],
        must=[("假如都没有填存款.*有0人的结果是“通过”", "If the savings were never filled in, 0 of 100")],
        must_not=[("存款的影响很小", "savings made little"), ("存款越", "with the savings higher, the person is (nearly|usually)"), NO_STEP],
        of="public/S3",
    ),
    Case(
        "sixty rows, approved from 45 on",
        lambda: adults(60),
        lambda x: yes(x["age"] >= 45),
        columns("age", "job"),
        must=[("^年龄在\\d+到\\d+之间有一道分界", "There is a step between \\d+ and \\d+ for the age")],
        must_not=[("影响很小", "little difference"), ("不能简单", "can’t simply"), ("左右为界", "step at about")],
        marks={"age": (30, 65)},
        of="public/S1",
    ),
    Case(
        "two hundred rows, approved from 45 on",
        lambda: adults(200),
        lambda x: yes(x["age"] >= 45),
        columns("age", "job"),
        must=[("^年龄.*分界|^年龄以4[2-8]左右为界", "There is a step .* for the age")],
        must_not=[("年龄的影响很小", "age made little"), ("不能简单", "can’t simply")],
        marks={"age": (38, 52)},
        of="public/S1",
    ),
    Case(
        "noise around a slope",
        adults,
        shaken,
        columns("age", "sex", "job"),
        must=[("^同样的信息问两次，", "^Asked twice with the same information")],
        must_not=[("影响很小", "little difference"), ("影响最大", "matters most"), ("都没有变", "never changed"), NO_STEP, NO_TURN],
        of="public/B3",
    ),
    Case(
        "two of a hundred answers are drawn",
        adults,
        at_random_at_times,
        columns("income", "sex", "job"),
        must=[("每月收入变高.*再问一次", "With the monthly income higher.*Asked again")],
        must_not=[("收入的影响很小", "income made little"), ("都没有变", "never changed"), NO_STEP],
        of="public/B3",
    ),
    Case(
        "a lottery",
        adults,
        lottery,
        columns("age", "sex", "job"),
        must=[("不能说哪一项影响了结果", "nothing can be said about what moves it")],
        must_not=[("影响很小", "little difference"), ("影响(最|较)大", "matters most|strongest"), NO_STEP, NO_TURN],
        of="public/B3",
    ),
    Case(
        "a stand-in for what it is not given",
        islanders,
        lambda x: yes(x["place"] == "mainland"),
        [PLACE, *columns("age")],
        plan=OUTSIDER,
        must=[("这个算法不知道民族。其他信息仍可能间接反映民族", "is not given the ethnicity. Other information may still reflect it")],
        must_not=[("住处变|住处越", "home higher"), ("只改民族", "only the ethnicity")],
    ),
    Case(
        "a fare of two a kilometre, and twenty more for an Apple",
        trips,
        fare,
        [KM, PHONE],
        plan=FARE,
        must=[
            ("(苹果.*比.*安卓.*更高|安卓.*比.*苹果.*更低)，平均相差20元", "on average by 20 yuan"),
            ("路程越长，车费越高.*平均相差\\d+\\.?\\d*元", "with the distance longer, there is nearly always a higher fare, on average by \\d+\\.?\\d* yuan"),
        ],
        must_not=[("结果会变", "the result"), NO_STEP, NO_TURN],
    ),
    Case(
        "a fare that is five more for an Apple below fifteen kilometres, and five less above",
        trips,
        lambda x: 30 + np.where(x["phone"] == "Apple", np.where(x["km"] < 15, 5.0, -5.0), 0.0),
        [KM, PHONE],
        plan=FARE,
        must=[("车费更高；.*车费更低；.*平均相差5元（变高的）和5元（变低的）", "a higher fare, about \\d+ a lower fare .*on average by 5 yuan .where higher. and 5 yuan .where lower.")],
        must_not=[("平均相差[0-4](\\.\\d+)?元", "no change: on average by [0-4](\\.\\d+)? yuan")],
    ),
    Case(
        "one in a hundred has what helps everybody, and nobody was tried with it",
        rich,
        lambda x: yes(x["income"] >= 9_500),
        [{**columns("income")[0], "actionable": 1}, *columns("age")],
        must=[("只改每月收入，最高试到[\\d,]+元。没有一个人的结果会变好", "Changing only the monthly income, as far as [\\d,]+ yuan, would help none of them")],
        must_not=[("只改每月收入。没有", "income would help none")],
    ),
    Case(
        "a noise of the score that changes no result",
        adults,
        hiss,
        columns("age", "sex"),
        must=[
            ("什么都不改、再问一次，没有一次结果变了", "Asked again with nothing changed, no result changed"),
            ("^年龄以4[45]左右为界", "step at about 4[45] for the age"),
        ],
        must_not=[("前后不一致", "contradicting itself"), ("同样的信息，可能得到不同的结果", "same information may get different results")],
    ),
    Case(
        "a fee that doubles from twelve kilometres on",
        trips,
        fee,
        [KM, PHONE],
        plan=FARE,
        must=[("^路程以1[12]\\.?\\d?公里左右为界.*不到.*车费平均是15元.*及以上.*30元", "step at about 1[12]\\.?\\d? km for the distance.*15 yuan.*30 yuan")],
        must_not=[NO_TURN],
        marks={"km": (11, 13)},
    ),
    Case(
        "a ranking score that looks at payment first",
        adults,
        paid_first,
        columns("married", "age"),
        plan=SCORE,
        must=[
            ("^这里说明的是这个算法给出的评分，不是名次", "^This explains the score that the program gives, not the place"),
            ("变动幅度最大的是因为婚姻，平均变(19|20|21)", "moves furthest with the marital status, on average by (19|20|21)"),
            ("“已婚”.*评分更高，平均相差40分|“未婚”.*评分更低，平均相差40分", "“(married|single)”.* (higher|lower) score than .* on average by 40 points"),
        ],
        must_not=[("价格|元|贵", "price|yuan|dear"), ("排第|名次(变|会|靠)", "place (moves|rises|falls)|ranks? (first|higher)"), ("影响最大的是年龄", "matters most: the age")],
        of="public/S10",
    ),
    Case(
        "three classes, granted from 30 on",
        adults,
        three_shares,
        columns("age", "job"),
        plan=SEVERAL,
        must=[("年龄以(29|30|31)左右为界", "step at about (29|30|31)"), ("“grant”的机会", "the chance of “grant”")],
        of="public/S10",
    ),
    Case(
        "classes by name, yes from 30 on",
        adults,
        names_a_class,
        columns("age", "job"),
        plan=NAMED,
        must=[("年龄以(29|30|31)左右为界", "step at about (29|30|31)"), ("“yes”的机会", "the chance of “yes”")],
        of="public/S10",
    ),
    Case(
        "a text among other things",
        comments,
        lambda x: yes(np.char.startswith(x["note"].astype(str), "退款") | (x["age"] >= 60)),
        [NOTE, *columns("age")],
        must=[("^留言：.*不能一种一种地说明", "^The comment: .*can’t be explained case by case"), OWN_WORDS],
        must_not=[("退款|第\\d+单", "退款"), ("留言的影响很小", "comment made little")],
    ),
    Case(
        "texts alone",
        comments,
        lambda x: yes(np.char.startswith(x["note"].astype(str), "退款")),
        [NOTE],
        must=[OWN_WORDS, ("没有测过", "not tested"), ("留言", "comment")],
        refused=True,
        of="public/S10",
    ),
    Case(
        "days that have no order",
        dates,
        lambda x: yes(np.char.endswith(x["day"].astype(str), "5")),
        [DAY],
        must=[OWN_WORDS, ("没有测过", "not tested"), ("日期", "date")],
        refused=True,
        of="public/S10",
    ),
    Case(
        "pictures",
        pictures,
        lambda x: yes(x["age"] >= 30),
        [PHOTO, *columns("age")],
        must=[OWN_WORDS, ("没有测过", "not tested"), ("照片", "photo")],
        refused=True,
        of="public/S10",
    ),
)  # fmt: skip

NEVER: Sequence[Pair] = (
    ("不能简单地?说", "can’t simply say"),
    ("nan|None|inf", r"\bnan\b|None|\binf\b"),
)
"""What no page says: a denial in place of counts, and what is no word."""


def faults(case: Case, scorer: Scorer | None = None) -> list[str]:
    """What is wrong with a case's explanation: nothing, where every sentence is as it must be."""
    try:
        content = made(case, scorer)
    except PlanImpossible as refusal:
        said = {language: said_by(refusal, language) for language in LANGUAGES}
        return [*([] if case.refused else ["refused"]), *_unlike(case, said)]
    said = {language: lines(content, language) for language in LANGUAGES}
    found = [*(["not refused"] if case.refused else []), *_unlike(case, said)]
    found += [f"contradicts itself: {name}" for name in contradictions(content)]
    found += [f"hard to read: {hard}" for hard in hard_to_read(content)]
    found += [
        f"no picture marks {name}" for name in case.marks if not _marked(case, content, name)
    ]
    return found


def hard_to_read(content: Mapping[str, Any]) -> list[str]:
    """The sentences and limits of the explainer that a filer would be asked to put more plainly."""
    return [
        remark.quoted
        for said in sentences_of(content)
        for language in LANGUAGES
        for text in (said[language], (said.get("limit") or {}).get(language, ""))
        for remark in readability.remarks(text, language)
        if remark.severity == "block" or remark.rule == "long_sentence"
    ]


def said_by(refusal: RegisterError, language: Language) -> str:
    """A refusal as its reader sees it: the sentence, and each reason with its remedy."""
    each = [text.in_(language) for r in refusal.reasons for text in (r.said, r.remedy)]
    return "\n".join([refusal.said.in_(language), *each])


def _unlike(case: Case, said: Mapping[Language, str]) -> list[str]:
    found = []
    for at, language in enumerate(LANGUAGES):
        for pair in case.must:
            if not re.search(pair[at], said[language], re.MULTILINE):
                found.append(f"{language} lacks {pair[at]}")
        for pair in (*case.must_not, *NEVER):
            for one in re.finditer(f"^.*({pair[at]}).*$", said[language], re.MULTILINE):
                found.append(f"{language} has {pair[at]}: {one[0]}")
    return found


def _marked(case: Case, content: Mapping[str, Any], name: str) -> bool:
    """Whether the picture marks what the text says, and the evidence has it, near the truth."""
    low, high = case.marks[name]
    drawn = [p.get("marks") for p in content["pictures"] if p["column"] == name]
    found: list[float] = drawn[0] or [] if drawn else []
    told = [s for s in sentences_of(content) if s.get("columns") == [name]]
    in_words = [
        all(numbers.value(each) in s[language] for each in found for language in LANGUAGES)
        for s in told
        if s["evidence"].get("at") == found
    ]
    return any(in_words) and all(low <= each <= high for each in found)


def contradictions(content: Mapping[str, Any]) -> list[str]:
    """Columns that are called small and strong at once."""
    of = {tuple(s["columns"]): set[str]() for s in sentences_of(content) if s.get("columns")}
    for said in sentences_of(content):
        if said.get("columns"):
            of[tuple(said["columns"])].add(str(said["kind"]).rpartition(".")[2])
    return [
        "+".join(names)
        for names, kinds in of.items()
        if "little" in kinds
        and kinds & {"importance", "tie", "one", "always", "steps", "step", "stairs"}
    ]
