"""public/B3: models that contradict themselves, whose truth is known, in forbidden and required words."""

import re
from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pytest

from explainers.explanation import explain, sentences_of
from explainers.plan import ExplanationPlan
from registry.language import LANGUAGES
from tests.explainers.toys import Rule, Scores, Toy, columns, people, text

Columns = dict[str, npt.NDArray[Any]]

EXACT = {
    "zh": (r"影响很小", r"影响最大", r"影响较大", r"都没有变", r"[^\d,]0次结果", r"就会变成"),
    "en": (r"matters? little", r"matters most:", r"mong the strongest", r"never changed", r"\b0 of", r"would make it"),
}  # fmt: skip
"""What no page of a model that answers at random may say, as if it were exact."""


def rarely(share: float) -> Rule:
    """Income decides everything, but this share of the answers is random."""
    random = np.random.default_rng(5)

    def rule(x: Columns) -> Scores:
        own = np.where(x["income"] >= 3_000, 0.9, 0.1)
        return np.where(random.random(len(own)) < share, random.random(len(own)), own)

    return rule


def lottery(x: Columns) -> Scores:
    return LOTTERY.random(len(x["income"]))


def noisy(x: Columns) -> Scores:
    signal = 1 / (1 + np.exp(-(x["age"] - 45) / 8))
    return np.clip(signal + LOTTERY.normal(0, 0.05, len(signal)), 0, 1)


def lottery_of_some(x: Columns) -> Scores:
    """Who is married is drawn for, everyone else judged by age: noise for a part only."""
    own = np.where(x["age"] >= 45, 0.8, 0.2)
    return np.where(x["married"] == 1, LOTTERY.random(len(own)), own)


LOTTERY = np.random.default_rng(7)
MODELS: Mapping[str, Rule] = {
    "noisy": noisy,
    "rarely": rarely(0.01),
    "lottery": lottery,
    "rarely, ten times as often": rarely(0.10),
    "lottery of some": lottery_of_some,
}


def told(rule: Rule) -> dict[str, Any]:
    table = people(3_000)
    asked = columns("income", "age", "sex", "married", "job")
    return explain(ExplanationPlan.make(table, asked, cut=0.5), table, Toy(rule), nonce="n")


@pytest.fixture(scope="module")
def pages() -> dict[str, dict[str, Any]]:
    return {name: told(rule) for name, rule in MODELS.items()}


@pytest.mark.parametrize("name", MODELS)
def test_nothing_is_little_or_most_or_never_as_if_it_were_exact(
    pages: dict[str, dict[str, Any]], name: str
) -> None:
    """public/B3"""
    for said in sentences_of(pages[name]):
        for language in LANGUAGES:
            for forbidden in EXACT[language]:
                assert not re.search(forbidden, said[language]), said[language]


@pytest.mark.parametrize("name", MODELS)
def test_the_page_says_first_that_the_model_contradicts_itself(
    pages: dict[str, dict[str, Any]], name: str
) -> None:
    """public/B3"""
    first = pages[name]["questions"][3]["lead"][0]
    assert re.match(r"同样的信息问两次，每100次(约有\d+|不到1)次结果不一样。", first["zh"])
    share = r"(about \d+|fewer than 1) of 100 results differ"
    assert re.match(rf"Asked twice with the same information, {share}", first["en"])
    examples = pages[name]["questions"][3]["detail"][-1]["sentences"]
    assert [said["kind"] for said in examples] == ["whatif.noise"]
    assert pages[name]["pictures"] == []


@pytest.mark.parametrize("name", MODELS)
def test_what_moves_the_result_and_what_was_checked_never_contradict_each_other(
    pages: dict[str, dict[str, Any]], name: str
) -> None:
    """public/B3"""
    kinds = {s["kind"] for s in sentences_of(pages[name]) if s.get("columns") == ["sex"]}
    assert ("noise" in kinds) == ("decision.flip.noise" in kinds)
    assert ("noisy" in kinds) == ("decision.flip.some.noise" in kinds)


def test_a_lottery_is_called_one(pages: dict[str, dict[str, Any]]) -> None:
    """public/B3"""
    made = pages["lottery"]
    lead = made["questions"][3]["lead"]
    assert lead[0]["zh"].endswith("结果不一样。所以不能说哪一项影响了结果。")
    assert lead[0]["en"].endswith("So nothing can be said about what moves it.")
    assert len(lead) == 1
    assert made["importance"] == []
    of_columns = {s["kind"] for s in sentences_of(made) if len(s.get("columns", ())) == 1}
    assert of_columns == {"noise", "decision.flip.noise"}


def test_a_lottery_is_called_one_also_of_a_protected_number() -> None:
    """X12/24: two draws for a person were held against one repeat, and the age was said to act."""
    table = people(3_000)
    asked = columns("income", "age", "sex", "married", "job", age={"protected": True})
    made = explain(ExplanationPlan.make(table, asked, cut=0.5), table, Toy(lottery), nonce="n")
    lead = made["questions"][3]["lead"]
    assert lead[0]["zh"].endswith("所以不能说哪一项影响了结果。")
    kinds = {s["kind"] for s in sentences_of(made) if s.get("columns") == ["age"]}
    assert kinds == {"noise", "decision.flip.noise"}


@pytest.mark.parametrize("name", ["rarely", "rarely, ten times as often"])
def test_what_decides_stays_visible_however_the_answers_are_shaken(
    pages: dict[str, dict[str, Any]], name: str
) -> None:
    """public/B3: an enterprise cannot hide its rule behind a few random answers."""
    made = pages[name]
    assert made["importance"][0]["columns"] == ["income"]
    said = next(s for s in sentences_of(made) if s.get("columns") == ["income"])
    assert said["kind"] == "noisy"
    assert said["evidence"]["changed_low"] > 0.3
    assert "什么都不改、再问一次，" in said["zh"]
    assert "再问2,990次" in said["zh"]
    assert "Asked again with nothing changed" in said["en"]
    other = {s["kind"] for s in sentences_of(made) if s.get("columns") == ["job"]}
    assert other == {"noise"}


def test_a_strictly_rising_column_is_told_by_the_results_it_gained_and_lost(
    pages: dict[str, dict[str, Any]],
) -> None:
    """public/B3: nothing is said to "sometimes do nothing" because of noise."""
    said = next(s for s in sentences_of(pages["noisy"]) if s.get("columns") == ["age"])
    gained, lost = re.findall(r"（试了[\d,]+次，([\d,]+)次和([\d,]+)次；", said["zh"])[0]
    assert int(gained.replace(",", "")) > 20 * int(lost.replace(",", ""))


def test_a_tremor_far_from_the_cut_hides_no_result() -> None:
    """Scores that tremble without crossing the cut leave results that can be counted exactly."""
    shaken = np.random.default_rng(3)

    def rule(x: Columns) -> Scores:
        own = np.where(x["age"] >= 45, 0.9, 0.1)
        return own + shaken.normal(0, 1e-6, len(own))

    made = told(rule)
    kinds = {said["kind"] for said in sentences_of(made) if said.get("columns") == ["job"]}
    assert kinds == {"little"}
    assert not [said for said in sentences_of(made) if said["kind"].startswith("noise.")]


def test_prices_that_change_when_asked_again_are_told_so() -> None:
    """public/B3, for prices."""
    shaken = np.random.default_rng(4)

    def rule(x: Columns) -> Scores:
        return (100 + x["age"] * 2.0) * shaken.normal(1, 0.03, len(x["age"]))

    table = people(3_000)
    wording = {"price": text("票价", "fare"), "unit": text("元", "yuan")}
    plan = ExplanationPlan.make(
        table, columns("age", "sex", "job"), cut=None, task="price", wording=wording
    )
    made = explain(plan, table, Toy(rule), nonce="n")
    kinds = {name: {s["kind"] for s in sentences_of(made) if s.get("columns") == [name]} for name in ("age", "sex", "job")}  # fmt: skip
    assert "noisy" in kinds["age"]
    assert kinds["sex"] == {"noise", "price.flip.noise"}
    assert kinds["job"] == {"noise"}
    assert [row["columns"] for row in made["importance"]] == [["age"]]


def test_a_rare_level_in_noise_is_no_fact() -> None:
    """A rare level is named by nobody, and noise about it is not told as its effect."""
    table = people(3_000)
    town = np.where(np.arange(3_000) % 1_000 == 0, "hamlet", "town")
    town[::3] = "city"
    table = table.append_column("town", pa.array(town))
    asked = [*columns("age"), {"name": "town", "plain": text("城镇", "town")}]
    made = explain(ExplanationPlan.make(table, asked, cut=0.5), table, Toy(lambda x: LOTTERY.random(len(x["age"]))), nonce="n")  # fmt: skip
    assert "hamlet" not in repr(made)
    assert "noise" in {s["kind"] for s in sentences_of(made) if s.get("columns") == ["town"]}


def test_no_difference_is_said_to_be_left_out_where_all_are_counted() -> None:
    """public/B3: there is no least difference below which nothing counts."""
    for rule in (lottery, noisy):
        said = next(s for s in sentences_of(told(rule)) if s["kind"] == "again.differs")
        assert "不算" not in said["zh"]
        assert "not counted" not in said["en"]
