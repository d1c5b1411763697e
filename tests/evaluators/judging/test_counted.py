"""What a plan counts is said in its own word, in every sentence that counts."""

import re
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from evaluators.judging import counted
from evaluators.plan import Plan
from evaluators.running import engine
from portal.pages import beyond

NAMES = {"order": {"plain": {"zh": "订单", "en": "order"}}}
SAID = {"zh": re.compile("人(?!工)|账号"), "en": re.compile(r"\b(people|accounts)\b")}
"""Words for what is counted; 人工 is of those who decide."""
OWN = {"zh": "订单", "en": "order"}
PROBES = (
    ["selection_parity", "conditional_parity", "intersection_scan", "subgroup_search"],
    ["error_parity", "performance", "score_parity", "calibration_by_group", "proxy_leakage"],
)


def run(probes: list[str], few: int, **columns: Any) -> tuple[Plan, engine.Outcome]:
    """400 orders of three rows each, `few` of them from c; b is favoured less and pays more."""
    rng = np.random.default_rng(5)
    n = 400
    order = np.repeat(np.arange(n), 3)
    race = np.where(order < few, "c", np.where(order % 2 == 0, "b", "a"))
    sex = np.where(order % 3 == 0, "f", "m")
    score = np.clip(rng.normal(0.55, 0.2, 3 * n) - 0.3 * (race == "b"), 0, 1)
    table = pa.table({
        "order": order, "race": race, "sex": sex, "score": score,
        "due": (rng.random(3 * n) < score).astype(int), "got": (score > 0.5).astype(int),
        "region": np.where(order % 5 == 0, "north", "south"),
        "price": 10 * np.exp(0.1 * (race == "b") + rng.normal(0, 0.02, 3 * n)),
    })  # fmt: skip
    plan = Plan.parse({
        "title": "t", "probes": [{"id": each} for each in probes], "names": NAMES,
        "columns": {"sensitive": ["race", "sex"], "unit": "order", **columns},
    })  # fmt: skip
    return plan, engine.run(plan, table, scorer=None, nonce="n")


CASES: tuple[tuple[list[str], dict[str, Any]], ...] = (
    (PROBES[0], {"prediction": "got", "favourable": 1, "control": ["region"]}),
    (PROBES[1], {"score": "score", "cut": 0.5, "target": "due", "favourable": 1}),
    (["price_observational"], {"price": "price"}),
)


@pytest.mark.parametrize(("probes", "columns"), CASES, ids=["decisions", "scores", "prices"])
def test_orders_are_no_people(probes: list[str], columns: dict[str, Any]) -> None:
    """Findings 7, S5: “159 restaurants were tested … fewer than 10 people”."""
    said = 0
    for few in (4, 20):
        plan, made = run(probes, few, **columns)
        for finding in (*made.findings, *made.evidence.full):
            content = finding.as_json()
            first = beyond.sentence(content, plan.as_json()).as_json()
            for language, own in OWN.items():
                reading = content["reading"][language]
                for each in (reading, first[language]):
                    assert not SAID[language].search(each) or own in each, each
                assert not (finding.suppressed and SAID[language].search(reading)), reading
                said += own in reading
    assert said


def test_people_without_another_name_are_people() -> None:
    finding = run(*CASES[0][:1], 20, **CASES[0][1])[1].findings[0]
    assert counted.opened(finding, {"columns": {"unit": "order"}}) == finding
    assert counted.opened(finding, {"columns": {}, "names": NAMES}) == finding
