"""What a plan counts is said in its own word, in every sentence that counts."""

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from evaluators.judging import counted
from evaluators.plan import Plan
from evaluators.running import engine
from portal.pages import beyond
from portal.pages.report_method import method
from registry.language import LANGUAGES, Text

NAMES = {"order": {"plain": {"zh": "订单", "en": "order"}}}
SAID = {"zh": re.compile("人(?!工)|账号"), "en": re.compile(r"\b(people|accounts)\b")}
"""Words for what is counted; 人工 is of those who decide."""
PEOPLE = {"zh": "试了 40 人。", "en": "40 people were tried."}
OWN = {"zh": "订单", "en": "order"}
PROBES = (
    ["selection_parity", "conditional_parity", "intersection_scan", "subgroup_search"],
    ["error_parity", "performance", "score_parity", "calibration_by_group", "proxy_leakage"],
)


def run(
    probes: list[str], few: int, names: Mapping[str, Any] = NAMES, **columns: Any
) -> tuple[Plan, engine.Outcome]:
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
        "title": "t", "probes": [{"id": each} for each in probes], "names": names,
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
                said += own in reading
    assert said


def test_rows_and_users_are_what_they_were_taken_for() -> None:
    finding = replace(run(*CASES[0][:1], 20, **CASES[0][1])[1].findings[0], reading=PEOPLE)
    people = {"order": {"plain": {"zh": "人", "en": "person"}}}
    for plan in (
        {"columns": {}, "names": NAMES},
        {"columns": {"unit": "order", "user": "order"}},
        {"columns": {"unit": "order"}, "names": people},
    ):
        assert counted.opened(finding, plan) == finding


@pytest.mark.parametrize(("probes", "columns"), CASES, ids=["decisions", "scores", "prices"])
def test_units_of_which_nobody_said_what_they_are_are_no_people(
    probes: list[str], columns: dict[str, Any]
) -> None:
    """A column `shop` or `household_id` without a name: no sentence says that it holds people."""
    said = 0
    for few in (4, 20):
        plan, made = run(probes, few, names={}, **columns)
        for finding in (*made.findings, *made.evidence.full):
            content = finding.as_json()
            first = beyond.sentence(content, plan.as_json()).as_json()
            for language, counting in SAID.items():
                for each in (content["reading"][language], first[language]):
                    assert not counting.search(each) or "order" in each, each
            how = {each: method(content, plan.as_json(), each) for each in LANGUAGES}
            assert not any(SAID[language].search(each) for language, each in how.items()), how
            said += "列“order”" in content["reading"]["zh"]
    assert said


def test_who_decides_is_not_counted() -> None:
    """“与人的决定一致” and "people's decisions" say nothing of what the rows are."""
    said = Text("与人的决定一致的比例是 90%，人工复核。", "90% agree with people's decisions.")
    assert counted.told(said, "people", {"columns": {"unit": "order"}}) == said
