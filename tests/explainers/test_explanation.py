import json
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from explainers.explanation import explain
from explainers.plan import ExplanationPlan
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
