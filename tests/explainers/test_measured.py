"""What the filer declares of a column is held against what was measured, on models of known truth."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from explainers.explanation import explain
from explainers.plan import ExplanationPlan
from registry.contradictions import Acts
from tests.explainers.toys import Rule, Toy, apart, columns, people, text

N = 1_500


def told(rule: Rule, declared: Mapping[str, dict[str, Any]], **more: Any) -> dict[str, Any]:
    """The explanation of a rule whose filer declares this of its columns."""
    table = apart(people(N))
    described = columns("income", "age", "job", "married", **declared)
    plan = ExplanationPlan.make(table, described, nonce="n", **{"cut": 0.5, **more})
    return explain(plan, table, Toy(rule), nonce="n")


def found(content: Mapping[str, Any]) -> list[tuple[str, tuple[str, ...]]]:
    return [(each["kind"], tuple(each["columns"])) for each in content["contradictions"]]


def older(x: Any) -> Any:
    """The older, the better; nothing else counts."""
    return x["age"] / 100


def middle(x: Any) -> Any:
    """Best in the middle of life."""
    return 1 - np.abs(x["age"] - 48) / 40


def dip(x: Any) -> Any:
    """Refused from 24 to 32: the youngest lose by age."""
    return np.where((x["age"] >= 24) & (x["age"] <= 32), 0.1, 0.9)


def weighs(x: Any) -> Any:
    """Age decides, marriage a little."""
    return x["age"] / 80 - 0.15 + 0.05 * x["married"]


@pytest.mark.parametrize(
    ("rule", "declared", "kinds"),
    [
        (older, {"age": {"effect": "better"}}, []),
        (older, {"age": {"effect": "worse"}}, [("direction", ("age",))]),
        (older, {"age": {"effect": "mixed"}}, [("direction", ("age",))]),
        (older, {"age": {"effect": "none"}}, [("matters", ("age",))]),
        (older, {"age": {"effect": "not_used"}}, [("not_used", ("age",))]),
        (middle, {"age": {"effect": "better"}}, [("direction", ("age",))]),
        (middle, {"age": {"effect": "mixed"}}, []),
        (dip, {"age": {"effect": "better"}}, [("direction", ("age",))]),
        (dip, {"age": {"effect": "mixed"}}, []),
        (older, {"income": {"effect": "better"}}, [("matters", ("income",))]),
        (older, {"income": {"effect": "none"}}, []),
        (older, {"income": {"effect": "not_used"}, "job": {"effect": "not_used"}}, []),
        (older, {"income": {"influence": "strong"}}, [("importance", ("income",))]),
        (older, {"income": {"influence": "weak"}, "age": {"influence": "strong"}}, []),
        (
            weighs,
            {"married": {"influence": "strong"}, "age": {"influence": "medium"}},
            [("importance", ("married", "age"))],
        ),
        (weighs, {"married": {"influence": "medium"}, "age": {"influence": "strong"}}, []),
    ],
)
def test_a_declaration_is_held_against_the_truth(
    rule: Rule, declared: dict[str, dict[str, Any]], kinds: list[tuple[str, tuple[str, ...]]]
) -> None:
    assert found(told(rule, declared)) == kinds


def test_a_dearer_price_is_worse() -> None:
    def fare(x: Any) -> Any:
        return 10 + x["age"]

    for effect, kinds in (("worse", []), ("better", [("direction", ("age",))])):
        said = told(fare, {"age": {"effect": effect}}, task="price", cut=None)
        assert found(said) == kinds


def test_what_noise_drowns_contradicts_nothing() -> None:
    """What the tests leave open is no ground against anybody's word."""
    random = np.random.default_rng(1)

    def lottery(x: Any) -> Any:
        return random.random(len(x["age"]))

    declared = {"age": {"effect": "none"}, "income": {"effect": "better", "influence": "strong"}}
    said = told(lottery, declared)
    assert {fact["acts"] for fact in said["measured"]} == {Acts.UNKNOWN}
    assert found(said) == []


def test_both_sides_stand_in_the_sentence_with_the_counts() -> None:
    (one,) = told(older, {"age": {"effect": "worse"}})["contradictions"]
    assert one["id"] == "direction:columns.age"
    assert one["n"] > 1_000
    assert one["said"]["zh"].startswith(
        "说明的计划里，年龄，备案主体写的是“大的时候，结果更差”；测到的是：试了"
    )
    assert f"of {one['n']} tests, {one['n']} better, 0 worse" in one["said"]["en"]


def test_of_twins_the_idle_one_is_known_to_do_nothing() -> None:
    table = apart(people(N))
    described = columns(
        "income", "spending", "age", income={"effect": "better"}, spending={"effect": "worse"}
    )
    plan = ExplanationPlan.make(table, described, nonce="n", cut=0.6)
    said = explain(plan, table, Toy(lambda x: np.tanh(x["spending"] / 2_500)), nonce="n")
    assert found(said) == [("matters", ("income",)), ("direction", ("spending",))]


def test_a_fact_of_levels_names_both_ends_in_the_direction_of_its_counts() -> None:
    phrases = {
        "0": {"zh": "未婚的人", "en": "single people"},
        "1": {"zh": "已婚的人", "en": "married people"},
    }
    made = told(
        lambda x: 0.2 + 0.6 * x["married"], {"married": {"effect": "not_used", "phrases": phrases}}
    )
    (fact,) = [each for each in made["measured"] if each["columns"] == ["married"]]
    ends = [end["en"] for end in fact["between"]]
    assert ends == (
        ["single people", "married people"] if fact["up"] else ["married people", "single people"]
    )
    (wrong,) = made["contradictions"]
    assert f"“{ends[0]}” changed to “{ends[1]}”" in wrong["said"]["en"]


@pytest.mark.parametrize("common", [0.2, 0.8])
@pytest.mark.parametrize(("effect", "kinds"), [("better", []), ("worse", ["direction"])])
def test_more_of_a_yes_or_no_is_yes_whichever_is_commoner(
    effect: str, kinds: list[str], common: float
) -> None:
    """X12/16: of a good record that 80 of 100 have, “better” was contradicted and “worse” was not."""
    good = (np.random.default_rng(3).random(N) < common).astype(int)
    table = apart(people(N)).append_column("good", pa.array(good))
    described = [
        *columns("age"),
        {"name": "good", "plain": text("好记录", "good record"), "effect": effect},
    ]
    plan = ExplanationPlan.make(table, described, nonce="n", cut=0.5)
    said = explain(plan, table, Toy(lambda x: 0.2 + 0.6 * x["good"]), nonce="n")
    assert [kind for kind, _ in found(said)] == kinds


def test_what_moves_the_score_alone_is_used() -> None:
    """Sex lowers every woman's score and changes no result: “not used” is not true."""
    table = apart(people(N))
    described = columns(
        "age", "sex", "job", sex={"effect": "not_used"}, job={"effect": "not_used"}
    )
    plan = ExplanationPlan.make(table, described, nonce="n", cut=0.5)
    rule = Toy(lambda x: np.where(x["age"] >= 30, 0.9, 0.1) - 0.02 * (x["sex"] == "f"))
    said = explain(plan, table, rule, nonce="n")
    assert found(said) == [("not_used", ("sex",))]
    (fact,) = [each for each in said["measured"] if each["columns"] == ["sex"]]
    assert (fact["acts"], fact["changed"], fact["scored"]) == (Acts.LITTLE, 0, True)
    assert max(fact["up"], fact["down"]) == fact["n"]
