"""statistics/2: one sentence has one denominator, and no more are favoured than there are.

Random plans with repeated units and weights; the numbers are read back out of the sentences.
"""

import re
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from evaluators.plan import Plan
from evaluators.running import engine
from registry.findings import Finding

ROWS = 1200
PROBES = (
    {"id": "selection_parity"}, {"id": "error_parity"}, {"id": "conditional_parity"},
    {"id": "intersection_scan", "rates": ["selection", "wrongly_refused", "wrongly_granted"]},
    {"id": "subgroup_search"}, {"id": "score_parity"},
    {"id": "regression_parity"},
)  # fmt: skip
EN = re.compile(r"(\d+) of (\d+)(?: decisions on (\d+))?")
ZH = re.compile(r"(?:(\d+) 人的 )?(\d+) (?:人|项决定)(?:里有|中) (\d+) (?:人|项)")
SCORES_EN = re.compile(
    r"(\d+) (?:people )?with [^.;]*? have (\d+)(?: scores| predictions)?, of which (\d+)"
)
UNITS = {"of": "people", "n": 300.0, "n_reference": 300.0, "at_least": 30}
SHARE = re.compile(r"(\d+\.\d)%")


def table(rng: np.random.Generator, *, repeated: bool) -> pa.Table:
    unit = rng.integers(0, ROWS // 5, ROWS) if repeated else np.arange(ROWS)
    sex = np.where(unit % 3 == 0, "f", "m")
    score = np.clip(rng.normal(0.5, 0.2, ROWS) - 0.1 * (sex == "f"), 0, 1)
    return pa.table({
        "who": unit, "sex": sex, "age": np.where(unit % 2 == 0, "old", "young"), "score": score,
        "due": (rng.random(ROWS) < score).astype(int), "mass": rng.exponential(2.0, ROWS) + 0.05,
        "region": np.where(unit % 5 == 0, "north", "south"),
    })  # fmt: skip


def measured(seed: int, probe: dict[str, Any], *, repeated: bool, weighted: bool) -> list[Finding]:
    columns: dict[str, Any] = {
        "sensitive": ["sex", "age"], "score": "score", "cut": 0.5, "target": "due",
        "favourable": 1, "control": ["region"],
    }  # fmt: skip
    if repeated:
        columns["unit"] = "who"
    if weighted:
        columns["weight"] = "mass"
    plan = Plan.parse({"title": "t", "columns": columns, "probes": [probe]})
    rng = np.random.default_rng(seed)
    return engine.measure(plan, table(rng, repeated=repeated), scorer=None, nonce=f"n{seed}")


@pytest.mark.parametrize("probe", PROBES, ids=lambda probe: str(probe["id"]))
@pytest.mark.parametrize(("repeated", "weighted"), [(True, False), (False, True), (True, True), (False, False)])  # fmt: skip
def test_nobody_is_favoured_more_often_than_there_are_people(
    probe: dict[str, Any], repeated: bool, weighted: bool
) -> None:
    heeded = probe["id"] in {"selection_parity", "error_parity"}
    seen = 0
    for seed in range(2):
        for finding in measured(seed, probe, repeated=repeated, weighted=weighted):
            by_weight = weighted and heeded
            for language in ("zh", "en"):
                seen += _checked(finding.reading[language], language, repeated=repeated)
                if by_weight and finding.p_value is not None and finding.effect["kind"] == "ratio":
                    said = finding.reading[language]
                    assert ("按权重" if language == "zh" else "weight") in said, said
                    assert not (EN if language == "en" else ZH).search(said), said
    assert seen or (weighted and heeded)


def _checked(said: str, language: str, *, repeated: bool) -> int:
    """How many counts a sentence states, each of which holds."""
    if language == "en":
        counts = [(int(k), int(n), people) for k, n, people in EN.findall(said)]
        counts += [(int(k), int(n), people) for people, n, k in SCORES_EN.findall(said)]
    else:
        counts = [(int(k), int(n), people) for people, n, k in ZH.findall(said)]
    for k, n, people in counts:
        assert k <= n, said
        assert not people or int(people) <= n, said
        assert bool(people) is repeated, said
        shares = {float(share) for share in SHARE.findall(said)}
        assert any(abs(100 * k / n - share) <= 0.051 for share in shares), said
    return len(counts)


def test_decisions_and_people_are_told_apart() -> None:
    """statistics/2: "1740 of 600 people got the favourable result (29.0%)"."""
    people = np.repeat(np.arange(600), 10)
    sex = np.where(people < 300, "f", "m")
    got = np.where(sex == "f", np.arange(6000) % 100 < 29, np.arange(6000) % 100 < 40)
    rows = pa.table({"who": people, "sex": sex, "got": got.astype(int)})
    plan = Plan.parse({
        "title": "t", "probes": [{"id": "selection_parity"}],
        "columns": {"sensitive": ["sex"], "prediction": "got", "favourable": 1, "unit": "who"},
    })  # fmt: skip
    (found,) = engine.measure(plan, rows, scorer=None, nonce="n")
    assert "300 人的 3000 项决定里有 870 项得到有利结果（29.0%）" in found.reading["zh"]
    assert "870 of 3000 decisions on 300 people with sex 'f'" in found.reading["en"]
    assert "1200 of 3000 decisions on 300 with 'm' (40.0%)" in found.reading["en"]
    assert (found.n, found.units) == (3000, UNITS)


def test_a_weighted_share_stands_over_no_count() -> None:
    """statistics/2: "174 of 600 people (31.9%)"; the share is weighted, the people are not."""
    (found,) = [f for f in measured(1, {"id": "selection_parity"}, repeated=False, weighted=True)
                if f.slice == {"sex": "f"}]  # fmt: skip
    share = f"{100 * (found.estimate or 0):.1f}%"
    assert f"sex为“f”的人按权重计算有 {share}（依据 400 人）得到有利结果" in found.reading["zh"]
    assert f"{share} (by weight, from 400 people) with sex 'f' got" in found.reading["en"]
