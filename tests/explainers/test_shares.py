"""Shares as they may be told: fewer than k people, and all but fewer than k, are a bound."""

import re
from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from explainers import shares
from explainers.explanation import explain, sentences_of
from explainers.plan import ExplanationPlan
from tests.explainers.toys import Rule, Toy, apart, columns, people, text

K = 10


@given(st.integers(2, 40), st.data())
def test_no_count_of_fewer_than_k_is_told_and_none_that_leaves_fewer(
    k: int, data: st.DataObject
) -> None:
    n = data.draw(st.integers(k, 5_000))  # fewer people than k are not explained at all
    count = data.draw(st.integers(0, n))
    few = 0 < count < k or 0 < n - count < k
    assert (shares.told(count, n, k) is None) == few
    assert (shares.per_hundred(count, n, k) is None) == few
    words = shares.about(count, n, k)
    [number] = re.findall(r"\d+", words.zh)
    assert re.findall(r"\d+", words.en) == [number]
    if words.zh.startswith("不到"):
        assert 100 * count / n < int(number)
    elif words.zh.startswith("超过"):
        assert 100 * count / n > int(number)
    else:
        assert abs(100 * count / n - int(number)) < 1
    if few:  # the words are the same for every count that is hidden on this side
        assert words in (shares.about(1, n, k), shares.about(n - 1, n, k))


@given(st.integers(2 * K, 5_000), st.data())
def test_what_the_record_says_is_what_the_words_say(n: int, data: st.DataObject) -> None:
    count = data.draw(st.integers(K, n - K))
    words, recorded = shares.about(count, n, K).zh, shares.per_hundred(count, n, K)
    assert words == f"约有{recorded}" or (words == "不到1" and recorded == 1)


def explained(rule: Rule, wording: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """Two thousand people with a number each, all of whom are asked about."""
    table = apart(people(2_010))
    plan = ExplanationPlan.make(
        table,
        [*columns("income", "sex"), {"name": "record", "plain": text("编号", "number")}],
        cut=0.5,
        k=K,
        people=2_010,
        wording=wording,
    )
    return explain(plan, table, Toy(rule), nonce="n")


@pytest.mark.parametrize(
    ("refused", "zh", "en"),
    [
        (1, "超过99人的结果", "More than 99 of 100"),
        (9, "超过99人的结果", "More than 99 of 100"),
        (10, "约有99人的结果", "About 99 of 100"),
        (0, "有100人的结果", "100 of 100"),
        (1_991, "不到1人的结果", "Fewer than 1 of 100"),
    ],
)
def test_the_one_who_was_refused_is_not_told_of(refused: int, zh: str, en: str) -> None:
    content = explained(lambda x: (x["record"] >= refused).astype(float))
    [said] = [each for each in sentences_of(content) if each["kind"] == "decision.overall"]
    n = said["evidence"]["n"]
    assert zh in said["zh"]
    assert en in said["en"]
    good = said["evidence"]["favourable"]
    assert good is None or good in (0, n) or K <= good <= n - K


def test_the_first_share_says_the_good_result_as_the_plan_says_it() -> None:
    """N12/F31: “的结果是“录取”” although the plan gives “被录取”."""
    said = {"favourable": text("录取", "admitted"), "got": text("被录取", "be admitted")}
    content = explained(lambda x: (x["record"] >= 10).astype(float), said)
    [told] = [each for each in sentences_of(content) if each["kind"] == "decision.overall"]
    assert "每100人里，约有99人被录取。" in told["zh"]


def test_no_share_of_a_level_counts_fewer_than_k_people() -> None:
    content = explained(lambda x: ((x["record"] >= 5) & (x["sex"] == "f")).astype(float))
    rows = [
        row
        for said in sentences_of(content)
        for row in (*said.get("levels", ()), *(said["evidence"].get("levels") or ()))
        if isinstance(row, dict)
    ]
    assert {row["per_hundred"] for row in rows} == {0, None}
    [between] = [said for said in sentences_of(content) if said["kind"] == "decision.flip.levels"]
    assert "more than 99" in between["en"]
