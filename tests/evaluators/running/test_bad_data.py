"""Data that go wrong, through every installed probe: refused with reasons, or answered in words."""

from collections.abc import Callable, Iterator
from itertools import islice
from typing import Any

import numpy as np
import pytest

from evaluators.guests import installed
from evaluators.plan import Plan
from evaluators.probe import Probe
from evaluators.running import engine
from registry.errors import Invalid
from registry.findings import Verdict
from tests import exhaustive
from tests.evaluators.damages import Checksum, Damaged, damages, many_levels

QUIET = {Verdict.NOT_EVALUABLE, Verdict.INCONCLUSIVE}
PARTS = 5


# A fifth of the damages to each probe's data, turn and turn about; `make exhaustive` does the others.
@pytest.mark.parametrize(
    ("name", "part"),
    [
        exhaustive.case(name, part, kept=part == at % PARTS, name=f"{name}-{part}")
        for at, name in enumerate(installed.names())
        for part in range(PARTS)
    ],
)
@pytest.mark.filterwarnings(
    "ignore:overflow encountered:RuntimeWarning"
)  # 1e308 is among the data
def test_bad_data_are_refused_with_reasons_or_answered_in_words(name: str, part: int) -> None:
    assert _all_wrong(name, damages, part, PARTS) == []


def test_every_damage_is_tried_in_make_test() -> None:
    """A part of one probe's holds what is left out of another's."""
    every, kept = set[str](), set[str]()
    for at, name in enumerate(installed.names()):
        kinds = [_kind(one) for one in damages(installed.probe_class(name))]
        every |= {*kinds}
        kept |= {*kinds[at % PARTS :: PARTS]}
    assert len(every) > 20
    assert kept == every


# One of each kind of reading; the other probes count and tell thousands of groups by the same code.
@pytest.mark.parametrize(
    "name",
    [
        exhaustive.case(
            name, kept=name in {"error_parity", "score_parity", "price_observational"}, name=name
        )
        for name in installed.names()
    ],
)
def test_thousands_of_levels_are_refused_with_reasons_or_answered_in_words(name: str) -> None:
    assert _all_wrong(name, many_levels) == []


def _kind(one: Damaged) -> str:
    """A damage, whichever column it is done to."""
    columns = one.plan["columns"].values()
    names = {name for each in columns for name in (each if isinstance(each, list) else [each])}
    column, _, said = one.what.removeprefix("a group of ").partition(" ")
    return said if column in names else one.what


def _all_wrong(
    name: str,
    ways: Callable[[type[Probe[Any]]], Iterator[Damaged]],
    first: int = 0,
    step: int = 1,
) -> list[str]:
    probe = installed.probe_class(name)
    case = next(iter(probe.nulls().values()))(np.random.default_rng(11))
    model = Checksum() if case.scorer is not None else None
    walked = islice(ways(probe), first, None, step)
    return [said for one in walked if (said := _wrong(one, model)) is not None]


def _wrong(one: Damaged, model: Checksum | None) -> str | None:
    """What is not as it should be."""
    try:
        made = engine.run(Plan.parse(one.plan), one.table, scorer=model, nonce="n")
    except Invalid as error:
        told = all(r.item and r.said.zh and r.said.en and r.remedy.en for r in error.reasons)
        if one.refused is False or not error.reasons or not told:
            return f"{one.what}: refused: {error} {error.reasons}"
        return None
    if one.refused:
        return f"{one.what}: not refused"
    broken = [entry["failed"] for entry in made.probes if "failed" in entry]
    if broken or not made.findings:
        return f"{one.what}: {broken or 'nothing said'}"
    if not all(f.reading["zh"] and f.reading["en"] for f in made.findings):
        return f"{one.what}: a reading lacks a language"
    claims = [f.metric for f in made.findings if one.quiet and f.verdict not in QUIET]
    return f"{one.what}: claims {claims}" if claims else None
