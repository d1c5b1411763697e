"""Simulated records: with gaps that know nothing of the groups, and with planted differences.

The first show how often the probe finds what is not there, the second how often it finds what is.
Nothing about real people follows from them.
"""

from collections.abc import Mapping

import numpy as np
import pyarrow as pa

from evaluators.probe import NullCase, NullDesign

PEOPLE = 800


def nulls(probe: str) -> Mapping[str, NullDesign]:
    """Gaps without regard to the groups: of one kind of people, of several, and hardly any."""
    return {
        "two_groups": lambda rng: records(rng, probe, groups=2),
        "several_groups": lambda rng: records(rng, probe, groups=4),
        "few_gaps": lambda rng: records(rng, probe, groups=2, share=0.02),
    }


def planted(probe: str) -> Mapping[str, NullDesign]:
    """The last group's records have more gaps; the name says by how many points."""
    return {
        "15_points_of_two_groups": lambda rng: records(rng, probe, groups=2, more=0.15),
        "25_points_of_four_groups": lambda rng: records(rng, probe, groups=4, more=0.25),
    }


def records(
    rng: np.random.Generator, probe: str, *, groups: int, share: float = 0.1, more: float = 0.0
) -> NullCase:
    """People with an income and an address, either of which may be missing.

    Args:
        rng: the dice.
        probe: the id of the probe to plan.
        groups: how many groups; the last is smaller.
        share: of people with a gap.
        more: how much larger that share is in the last group.
    """
    names = np.array(["a", "b", "c", "d"][:groups])
    weights = np.array([3.0] * (groups - 1) + [2.0])
    origin = rng.choice(names, PEOPLE, p=weights / weights.sum())
    gap = rng.random(PEOPLE) < share + more * (origin == names[-1])
    of_income = gap & (rng.random(PEOPLE) < 0.5)
    income = np.where(of_income, np.nan, rng.normal(50, 10, PEOPLE).round(1))
    address = np.where(gap & ~of_income, "", rng.choice(["north", "south"], PEOPLE))
    table = pa.table({
        "origin": origin,
        "income": pa.array(income, from_pandas=True),
        "address": address,
    })  # fmt: skip
    plan = {
        "title": "simulated records",
        "columns": {"sensitive": ["origin"], "inputs": ["income", "address"]},
        "probes": [{"id": probe}],
    }
    return NullCase(plan, table, truth={} if more else {METRIC: 0.0})


METRIC = "share_incomplete_difference"
