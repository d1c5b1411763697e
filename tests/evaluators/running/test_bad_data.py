"""Data that go wrong, through every installed probe: refused with reasons, or answered in words."""

import numpy as np
import pytest

from evaluators.guests import installed
from evaluators.plan import Plan
from evaluators.running import engine
from registry.errors import Invalid
from registry.reports import Verdict
from tests.evaluators.damages import Checksum, Damaged, damages

QUIET = {Verdict.NOT_EVALUABLE, Verdict.INCONCLUSIVE}


@pytest.mark.parametrize("name", installed.names())
@pytest.mark.filterwarnings(
    "ignore:overflow encountered:RuntimeWarning"
)  # 1e308 is among the data
def test_bad_data_are_refused_with_reasons_or_answered_in_words(name: str) -> None:
    probe = installed.probe_class(name)
    case = next(iter(probe.nulls().values()))(np.random.default_rng(11))
    model = Checksum() if case.scorer is not None else None
    wrong = [said for one in damages(probe) if (said := _wrong(one, model)) is not None]
    assert wrong == []


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
