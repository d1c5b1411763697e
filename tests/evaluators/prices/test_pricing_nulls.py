"""Error rates on simulated data, and the trap of taking quotes for independent trials."""

import numpy as np
import pytest
from scipy import stats

from evaluators.guests import installed
from evaluators.plan import Plan
from evaluators.prices.price_elements import PRICE_PROBES
from evaluators.prices.price_nulls import account_nulls, audit_table, quote_nulls, quote_table
from evaluators.probe import NullDesign
from evaluators.running import calibration, engine
from evaluators.statistics.permutation import shuffle_accounts
from evaluators.statistics.regression import codes_of

SETS = 40
FEW = 12


def rejected(design: NullDesign, seed: int) -> bool:
    case = design(np.random.default_rng([seed, 11]))
    outcome = engine.run(Plan.parse(case.plan), case.table, scorer=None, nonce=f"{seed:064d}")
    assert all("failed" not in probe for probe in outcome.probes)
    found = [f.p_adjusted for f in outcome.findings if f.verdict.value != "not_evaluable"]
    return any(p is not None and p < 0.05 for p in found)


@pytest.mark.parametrize("name", sorted(account_nulls()))
def test_sticky_buckets_without_personalisation_are_rarely_called_a_difference(name: str) -> None:
    count = sum(rejected(account_nulls()[name], seed) for seed in range(SETS))
    assert count <= stats.binom.ppf(0.9999, SETS, 0.05)


@pytest.mark.parametrize("name", sorted(quote_nulls()))
def test_quotes_that_ignore_the_attribute_are_rarely_called_a_difference(name: str) -> None:
    count = sum(rejected(quote_nulls()[name], seed) for seed in range(FEW))
    assert count <= stats.binom.ppf(0.9999, FEW, 0.05)


def test_item_level_tests_reject_most_null_audits_and_whole_accounts_five_percent() -> None:
    sets, item_level, whole = 400, 0, 0
    for seed in range(sets):
        rng = np.random.default_rng([seed, 3])
        table = audit_table(rng, accounts=40)
        log = np.log(table["price"].to_numpy())
        regular = np.array(table["history"].to_pylist()) == "regular"
        cell = codes_of(np.array([a + b for a, b in zip(table["item"].to_pylist(), table["moment"].to_pylist(), strict=True)]))  # fmt: skip
        relative = log - (np.bincount(cell, log) / np.bincount(cell))[cell]
        item_level += stats.ttest_ind(relative[regular], relative[~regular]).pvalue < 0.05
        account = table["account"].to_numpy()
        means = np.bincount(account, relative) / np.bincount(account)
        labels = np.bincount(account, regular) > 0
        found = shuffle_accounts(
            means[:, None], labels.astype(np.int64), [(1, 0)], rng=rng, alpha=0.05, replicates=199
        )
        whole += found.p[0] <= 0.05
    assert item_level / sets > 0.5
    assert whole / sets == pytest.approx(0.05, abs=0.033)


PLANTED = [(p, d) for p in PRICE_PROBES for d in installed.probe_class(p).planted()]


@pytest.mark.parametrize(("probe", "design"), PLANTED)
def test_every_planted_difference_is_found_in_most_of_a_handful_of_sets(
    probe: str, design: str
) -> None:
    assert calibration.tally(probe, design, range(6)).detected >= 4


def test_every_price_probe_has_a_planted_difference_whose_name_says_its_size() -> None:
    assert {probe for probe, _ in PLANTED} == set(PRICE_PROBES)
    assert all("percent" in design or "half" in design for _, design in PLANTED)


def test_a_planted_three_percent_is_found_in_nearly_every_audit() -> None:
    found = 0
    for seed in range(SETS):
        case = account_nulls()["sticky_bucket"](np.random.default_rng(seed))
        table = audit_table(np.random.default_rng([seed, 5]), accounts=120, effect=0.03)
        outcome = engine.run(Plan.parse(case.plan), table, scorer=None, nonce=f"{seed:064d}")
        found += outcome.findings[0].verdict.value in {"difference", "disparity"}
    assert found / SETS > 0.9


def test_a_planted_three_percent_is_found_in_nearly_every_set_of_quotes() -> None:
    found = 0
    for seed in range(FEW):
        case = quote_nulls()["clustered_groups"](np.random.default_rng(seed))
        table = quote_table(np.random.default_rng([seed, 6]), users=300, times=4, effect=0.03)
        outcome = engine.run(Plan.parse(case.plan), table, scorer=None, nonce=f"{seed:064d}")
        (last,) = [f for f in outcome.findings if f.metric == "conditional_price_gap"]
        found += last.verdict.value in {"difference", "disparity", "not_evaluable"}
        assert last.verdict.value != "equivalent"
    assert found / FEW > 0.9
