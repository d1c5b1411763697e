import json
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from explainers.explanation import explain, predictions_needed, sentences_of
from explainers.plan import ExplanationPlan
from registry.language import LANGUAGES
from registry.readability import blocking, remarks
from tests.explainers.toys import Scores, Toy, columns, people, text

DECLARED = {
    "decided": text("银行借不借钱给你。", "Whether the bank lends to you."),
    "who": text("某某银行。", "A bank."),
    "object": text("打电话给银行。", "Call the bank."),
}


def rising(x: dict[str, npt.NDArray[Any]]) -> Scores:
    scores: Scores = np.tanh(x["income"] / 6000) * (1 + (x["job"] == "teacher") * 0.1)
    return scores


@pytest.mark.parametrize("shards", [2, 7])
def test_the_content_is_the_same_on_any_number_of_shards(shards: int) -> None:
    table = people(9_000)
    plan = ExplanationPlan.make(table, columns("income", "job", "sex"), cut=0.5, nonce="seed")
    one = explain(plan, table, Toy(rising), nonce="n", declared=DECLARED)
    many = explain(plan, table, Toy(rising), nonce="n", declared=DECLARED, shards=shards)
    assert one == many
    assert json.loads(json.dumps(one)) == one


def test_the_six_questions_stand_in_their_order_and_gaps_are_visible() -> None:
    table = people(500)
    plan = ExplanationPlan.make(table, columns("income"), cut=0.5)
    made = explain(plan, table, Toy(rising_alone), nonce="n")
    assert [q["id"] for q in made["questions"]] == [
        "decided", "who", "information", "moves", "checked", "object",
    ]  # fmt: skip
    assert made["missing"] == ["decided", "who", "object"]
    assert made["questions"][1]["lead"][0]["zh"] == "没有填写。"


def rising_alone(x: dict[str, npt.NDArray[Any]]) -> Scores:
    scores: Scores = np.tanh(x["income"] / 6000)
    return scores


def test_every_sentence_carries_its_evidence_and_its_limit() -> None:
    made = whole()
    for said in sentences_of(made):
        assert said["zh"]
        assert said["en"]
        assert said["limit"]["zh"]
        assert said["limit"]["en"]
        assert said["evidence"]


def test_no_place_of_a_sentence_stays_empty() -> None:
    for said in sentences_of(whole()):
        for language in LANGUAGES:
            assert not set("{}") & set(said[language])
            assert blocking(said[language], language) == [], said[language]


def test_nothing_but_few_big_frames_is_asked() -> None:
    table, toy = people(9_000), Toy(rising)
    plan = ExplanationPlan.make(table, columns("income", "job", "sex"), cut=0.5)
    explain(plan, table, toy, nonce="n")
    assert len(toy.frames) <= 2 + 2 * 3 + 3
    assert toy.rows <= predictions_needed(plan, table.num_rows)


def test_another_nonce_draws_other_tests() -> None:
    table = people(500)
    plan = ExplanationPlan.make(table, columns("income"), cut=0.5)
    one, other = (explain(plan, table, Toy(rising_alone), nonce=n) for n in "ab")
    assert one["digest"] != other["digest"]


def test_a_model_that_contradicts_itself_is_found_out_and_its_noise_is_not_counted() -> None:
    table, random = people(2_000), np.random.default_rng(1)

    def restless(x: dict[str, npt.NDArray[Any]]) -> Scores:
        return random.random(len(x["income"]))

    plan = ExplanationPlan.make(table, columns("income", "sex"), cut=0.5)
    made = explain(plan, table, Toy(restless), nonce="n")
    kinds = {said["kind"] for said in sentences_of(made)}
    assert "again.differs" in kinds
    assert "noise.all" in kinds
    assert "decision.flip.noise" in kinds
    assert not kinds & {"always", "usually", "steps", "little", "decision.flip.some"}


def test_a_price_is_spoken_of_as_a_price() -> None:
    table = people()

    def price(x: dict[str, npt.NDArray[Any]]) -> Scores:
        scores: Scores = 100 + x["age"] * 2.0
        return scores

    wording = {"price": text("价格", "price"), "unit": text("元", "yuan")}
    plan = ExplanationPlan.make(
        table, columns("age", "job", "sex"), cut=None, task="price", wording=wording
    )
    made = explain(plan, table, Toy(price), nonce="n")
    said = {s["kind"]: s for s in sentences_of(made)}
    assert "年龄越大，价格越高" in said["always"]["zh"]
    assert "with the age higher, there is nearly always a higher price" in said["always"]["en"]
    assert said["price.flip.none"]["evidence"]["changed"] == 0
    assert made["importance"][0]["columns"] == ["age"]


def test_rows_of_donors_are_not_in_the_public_text() -> None:
    table = people(3_000)
    plan = ExplanationPlan.make(table, columns("income", "spending"), cut=0.5)
    edges = {edge for line in plan.edges.values() for edge in line}
    assert float(np.max(table["income"].to_numpy())) not in edges
    assert set(plan.as_json()["donors"]) == {"rows", "digest"}


def whole() -> dict[str, Any]:
    table = people()
    every = columns("income", "spending", "age", "job", "sex", "married", "month")
    outsider = {"name": "race", "plain": text("种族", "race")}
    plan = ExplanationPlan.make(table, every, cut=0.5, protected=[outsider])
    return explain(plan, table, Toy(rising), nonce="n", declared=DECLARED, report_findings=[])


def test_a_filer_is_remarked_on_what_it_wrote_and_on_nothing_else() -> None:
    """X12/27: ten things that can be changed made a sentence of ours that the filer had to keep."""
    names = [f"x{i}" for i in range(10)]
    table = people(400)
    for name in names:
        table = table.append_column(name, table["income"])
    told = [
        {
            "name": name,
            "plain": text(f"第{i}项很长的名字{i}", f"the long item no. {i}"),
            "actionable": 1,
        }
        for i, name in enumerate(names)
    ]
    plan = ExplanationPlan.make(table, [*columns("income"), *told], cut=0.5)
    long = "我们用它帮人办事，" * 6 + "这样快。"
    declared = DECLARED | {"who": text(long, "The bank."), "decided": text("看阈值。", "A line.")}
    made = explain(plan, table, Toy(rising_alone), nonce="n", declared=declared)
    marks = made["readability"]["zh"]["remarks"]
    assert {each["quoted"] for each in marks if each["rule"] == "long_sentence"} == {long[:-1]}
    assert "阈值" in {each["quoted"] for each in marks if each["severity"] == "block"}
    for said in sentences_of(made):
        if said["kind"] != "declared":
            for language in LANGUAGES:
                found = remarks(said[language], language)
                assert [r for r in found if r.rule in ("long_sentence", "jargon")] == []
