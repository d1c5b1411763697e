"""Articles stand beside findings about what they name, in JSON and on pages alike."""

import numpy as np
import pyarrow as pa
import pytest

from evaluators.guests import installed
from evaluators.plan import Plan
from evaluators.running import engine
from registry import law
from registry.findings import Finding

BOTH = ("SZ72-4", "SH67-3")
PRICES = ("SH67-4", "PIPL24", "消保条例9", "SZDATA69")


@pytest.mark.parametrize(
    ("words", "articles"),
    [
        (["race"], BOTH), (["derived_race"], BOTH), (["g", "性别", "sex"], BOTH), (["x", "申请人的性别", "x"], BOTH),
        (["age"], BOTH[1:]), (["age_group"], BOTH[1:]), (["y", "职业", "occupation"], BOTH[1:]),
        (["nationality"], BOTH[:1]), (["religion"], BOTH), (["民族"], BOTH),
        (["g"], ()), (["married"], ()), (["account_age"], ()), (["area", "地区", "area"], ()),
        (["prpblck", "黑人居民的比例", "share of black residents"], ()), (["usage"], ()), (["trace"], ()),
    ],
)  # fmt: skip
def test_an_article_names_its_features_and_no_other(
    words: list[str], articles: tuple[str, ...]
) -> None:
    assert law.naming(words) == frozenset(articles)


def found(probe: str, *, priced: bool = False, **columns: object) -> list[Finding]:
    rng, n = np.random.default_rng(1), 400
    table = pa.table({
        "sex": np.where(np.arange(n) % 2, "f", "m"), "g": np.where(np.arange(n) % 4 < 2, "a", "b"),
        "age": rng.choice(["young", "old"], n), "yes": rng.integers(0, 2, n), "due": rng.integers(0, 2, n),
        "who": np.arange(n), "price": rng.lognormal(2, 0.1, n), "orders": rng.choice(["few", "many"], n),
    })  # fmt: skip
    given = (
        {"price": "price", "user": "who"}
        if priced
        else {"prediction": "yes", "favourable": 1, "target": "due"}
    )
    plan = Plan.parse({"title": "t", "columns": {**given, **columns}, "probes": [{"id": probe}]})
    return engine.measure(plan, table, scorer=None, nonce="n")


def test_a_comparison_cites_the_articles_that_name_its_feature() -> None:
    """Stranger, issue 7/17: a column `g` carried both articles against discrimination."""
    told = found("selection_parity", sensitive=["sex", "g", "age"])
    cited = {next(iter(f.slice)): f.legal_refs for f in told if len(f.slice) == 1}
    assert cited == {"sex": BOTH, "g": (), "age": BOTH[1:]}
    assert not any("SZ72" in str((f.family or {}).get("id")) for f in told)


def test_how_well_a_model_does_over_all_is_no_discrimination() -> None:
    told = found("performance", sensitive=["sex"])
    for finding in told:
        assert bool(set(BOTH) & set(finding.legal_refs)) is bool(finding.slice), finding.metric
        assert {"SH16-test", "SZ36"} <= set(finding.legal_refs)


def test_a_price_by_sex_is_no_price_by_habit() -> None:
    """Stranger, issue 7/17: women paid 5 % more, and only articles on prices by habits were cited."""
    told = found("price_observational", priced=True, sensitive=["sex"], profile=["orders"])
    by = {next(iter(f.slice)): f.legal_refs for f in told}
    assert by["sex"] == (*PRICES, *BOTH)
    assert "SZ72-5" in by["orders"]
    assert not set(BOTH) & set(by["orders"])


def test_no_probe_cites_what_departments_have_to_do() -> None:
    """law.md: SZ66 speaks to departments; our lines for repeated answers stand under no article."""
    for name in installed.names():
        assert "SZ66" not in installed.probe_class(name).spec.legal_refs, name
