"""public/B1: no mean, times the number of people, is what one of them pays.

Whoever reads that all pay 100 yuan and the mean of 1,000 is 149.90 knows that one pays 50,000.
"""

import json
import re
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from explainers import counterfactual, means
from explainers.explanation import explain, sentences_of
from explainers.plan import ExplanationPlan
from registry.language import Text
from tests.explainers.toys import Rule, Scores, Toy, text

N = 1_000
LONE = 97  # the shoe size of one person
ASKED: list[dict[str, Any]] = [
    {"name": "shoe", "plain": text("鞋码", "shoe size")},
    {"name": "age", "plain": text("年龄", "age")},
    {"name": "sex", "plain": text("性别", "sex"), "protected": True},
    {"name": "fare", "plain": text("票种", "kind of fare"), "actionable": "any"},
]
WORDING = {"price": text("票价", "fare"), "unit": text("元", "yuan")}
Columns = Mapping[str, npt.NDArray[Any]]


def table() -> pa.Table:
    random = np.random.default_rng(6)
    shoe = random.integers(30, 50, N)
    age = random.integers(18, 80, N)
    shoe[7], age[7] = LONE, 50
    fare = random.choice(["full", "half"], N)
    fare[7] = "full"
    return pa.table({"shoe": shoe, "age": age, "sex": random.choice(["f", "m"], N), "fare": fare})


def made(rule: Rule, **more: Any) -> dict[str, Any]:
    plan = ExplanationPlan.make(
        table(), ASKED, cut=None, task="price", wording=WORDING, nonce="n", **more
    )
    return explain(plan, table(), Toy(rule), nonce="n")


def half(x: Columns) -> Scores:
    return np.where(x["fare"] == "half", 50.0, 100.0)


ALONE: Mapping[str, Callable[[Columns], npt.NDArray[np.bool_]]] = {
    "as things are": lambda x: x["shoe"] == LONE,
    "when sex is changed": lambda x: (x["shoe"] == LONE) & (x["sex"] == "f"),
    "when age is changed": lambda x: (x["shoe"] == LONE) & (x["age"] > 52),
    "when the fare is changed": lambda x: (x["shoe"] == LONE) & (x["fare"] == "full"),
}


@pytest.mark.parametrize("when", ALONE)
def test_no_number_of_the_page_depends_on_how_much_one_person_pays(when: str) -> None:
    """public/B1: two programs, to one of which one person pays 3,000 yuan more."""

    def paid(amount: float) -> dict[str, Any]:
        return made(lambda x: half(x) + amount * ALONE[when](x))

    one, other = (json.dumps(paid(amount), sort_keys=True) for amount in (36_000.0, 39_000.0))
    assert one == other


def test_a_mean_that_few_could_move_is_said_to_be_untold_and_why() -> None:
    """public/B1: both languages."""
    content = made(lambda x: half(x) + 40_000.0 * (x["shoe"] == LONE))
    said = next(s for s in sentences_of(content) if s["kind"] == "price.overall")
    assert said["zh"].endswith("票价平均是多少，不公布（少数几个就能左右它）。")
    assert said["en"].endswith(
        "The mean fare is an amount that is not told, as a few could move it."
    )
    assert said["evidence"]["mean"] is None


def test_a_mean_that_many_share_is_told() -> None:
    """The other way round: every tenth pays more, and the page says how much that is."""
    told = {s["kind"]: s for s in sentences_of(made(lambda x: half(x) + x["age"]))}
    truth = float(
        (half({"fare": np.asarray(table()["fare"])}) + np.asarray(table()["age"])).mean()
    )
    assert told["price.overall"]["evidence"]["mean"] == pytest.approx(truth, abs=1)
    assert told["price.whatif.one"]["evidence"]["people"] > 400
    assert "平均从" in told["price.whatif.one"]["zh"]


@given(
    st.lists(st.floats(-1e6, 1e6), min_size=20, max_size=60),
    st.integers(10, 20),
)
def test_what_fewer_than_k_add_moves_a_mean_less_than_its_step(
    amounts: list[float], k: int
) -> None:
    """public/B1, over random amounts."""
    array = np.asarray(amounts)
    tally = means.summed("a", array)
    told = means.told(tally, "a", len(array), k)
    width = (tally["a.high"] + tally["a.low"]) / means.SCALE
    step = means.step(width, len(array), k)
    assert (k - 1) * width / len(array) <= step
    if told is not None:
        assert abs(told - array.mean()) <= step / 2 + 1e-6 * max(1, abs(told))
        assert not step or abs(told / step - round(told / step)) < 1e-6
    else:
        assert abs(array.mean()) < step * (1 + 1e-9)


# b7/F3: a level has its sign; only of a difference does the sentence say the way in words.


def test_a_mean_below_nothing_is_told_with_its_sign() -> None:
    content = made(lambda x: -50 - x["age"])
    said = next(s for s in sentences_of(content) if s["kind"] == "price.overall")
    mean = round(-50 - float(np.asarray(table()["age"]).mean()))
    assert said["evidence"]["mean"] == pytest.approx(mean, abs=1)
    assert re.search(r"票价平均是-9\d(\.\d)?元", said["zh"])
    assert re.search(r"The mean fare is -9\d(\.\d)? yuan", said["en"])


def test_two_opposite_means_are_two_numbers() -> None:
    """On either side of a step, and of levels that fall into two."""
    content = made(lambda x: np.where(x["age"] > 48, -50.0, 50.0))
    step = next(s for s in sentences_of(content) if s["kind"] == "step")
    assert "平均是50元" in step["zh"]
    assert "平均是-50元" in step["zh"]
    assert "is 50 yuan" in step["en"]
    assert "is -50 yuan" in step["en"]


def test_a_blank_below_nothing_is_told_with_its_sign() -> None:
    age = np.asarray(table()["age"]).astype(float)
    age[::10] = np.nan
    data = table().set_column(1, "age", pa.array(age, from_pandas=True))
    plan = ExplanationPlan.make(data, ASKED, cut=None, task="price", wording=WORDING, nonce="n")
    content = explain(
        plan, data, Toy(lambda x: np.where(_blank(x["age"]), -80.0, -20.0)), nonce="n"
    )
    said = next(s for s in sentences_of(content) if s["kind"] == "price.blank")
    assert re.search(
        r"假如都没有填年龄，票价平均是-80元。照实际填写的，平均是-2\d元。", said["zh"]
    )
    assert re.search(r"would be -80 yuan\. As filled in, it is -2\d yuan\.", said["en"])


def _blank(values: npt.NDArray[Any]) -> npt.NDArray[np.bool_]:
    missing: npt.NDArray[np.bool_] = np.isnan(values.astype(float))
    return missing


def test_a_mean_difference_against_the_way_that_most_tests_went_says_so() -> None:
    """Most pay a little more with a higher shoe size, one in twenty much less."""

    def rule(x: Columns) -> Scores:
        shoe = x["shoe"].astype(float) - 30
        price: Scores = 5_000 + np.where(x["age"] < 21, -400 * shoe, 2 * shoe)
        return price

    said = [s for s in sentences_of(made(rule)) if s["kind"] == "usually"]
    assert said, "the way that most went is told"
    assert all(s["evidence"]["mean_difference"] < 0 for s in said)
    assert all("越高" in s["zh"] and "平均下来方向相反" in s["zh"] for s in said)
    assert all("the other way on average" in s["en"] for s in said)


@given(st.floats(-1e6, 1e6).filter(lambda mean: abs(mean) > 1e-6))
def test_opposite_means_are_written_apart_and_differences_by_size(mean: float) -> None:
    unit = Text(**WORDING["unit"])
    assert means.written(mean, unit) != means.written(-mean, unit)
    assert ("-" in means.written(mean, unit).zh) == (mean < 0)
    assert means.apart(mean, unit) == means.apart(-mean, unit)


@pytest.mark.parametrize(
    ("before", "after", "cheaper"),
    [
        (100.0, 95.0, True),
        (100.0, 96.0, False),
        (-100.0, -105.0, True),
        (-100.0, -104.0, False),
        (-100.0, -96.0, False),
        (-100.0, -50.0, False),
        (5.0, -5.0, True),
        (0.0, 0.0, False),
        (0.0, -1.0, True),
    ],
)
def test_five_percent_lower_is_lower_whatever_the_sign(
    before: float, after: float, cheaper: bool
) -> None:
    """Minus 96 was called 5 % lower than minus 100."""
    plan = ExplanationPlan.make(table(), ASKED, cut=None, task="price", nonce="n")
    assert counterfactual.better(plan, np.asarray([before]), np.asarray([after])).item() is cheaper


@pytest.mark.parametrize("moved", [0.05, 0.3])
def test_a_mean_difference_is_of_those_tests_that_changed(moved: float) -> None:
    """30 yuan for one in twenty read as 2 yuan: the mean was over all that paid the same."""

    def surcharge(x: Columns) -> Scores:
        return np.where((x["sex"] == "f") & (x["age"] >= 80 - 62 * moved), 130.0, 100.0)

    told = [s["evidence"] for s in sentences_of(made(surcharge)) if "mean_of" in s["evidence"]]
    assert told
    for each in told:
        one_way = each["mean_of"] == each["up"] + each["down"]
        expected = 30 if one_way else 30 * (each["up"] - each["down"]) / each["n"]
        assert abs(each["mean_difference"]) == pytest.approx(abs(expected), abs=1.5)
    assert any(each["mean_of"] < each["n"] for each in told)
