"""Explanations of models of known truth: every sentence through the sandbox, and what the bench costs.

Each row of `tests/explainers/truth.py`, `plateaus.py` and `several.py` is a model whose truth is known, with the sentences that must
and must not stand, in both languages. Here all of them are asked through the sandbox. The second line
is the processor time of the same bench in process, which `make test` holds to a minute.
"""

import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from benchmarks.measuring import Line
from tests.explainers.plateaus import PLATEAUS
from tests.explainers.sandboxed import asked, scorer
from tests.explainers.several import PARTS
from tests.explainers.truth import CASES, Case, faults

MINUTE = 60.0
BENCH = (*CASES, *PLATEAUS, *PARTS)


def lines() -> Iterator[Line]:
    """How many are explained wrongly through the sandbox; what all cost in process."""
    through = [case for case in BENCH if asked(case)]
    wrong = {case.name: found for case in through if (found := _faults(case))}
    yield Line(
        "models of known truth with a wrong or missing sentence, asked through the sandbox",
        ours=len(wrong),
        beside="models asked",
        theirs=len(through),
        unit="models",
        promise=("most", 0.0),
        note="; ".join(f"{name}: {found[0]}" for name, found in wrong.items()),
    )
    before = time.process_time()
    for case in BENCH:
        faults(case)
    yield Line(
        f"the bench of {len(BENCH)} models in process",
        ours=time.process_time() - before,
        beside="a minute",
        theirs=MINUTE,
        promise=("most", 1.0),
    )


def _faults(case: Case) -> list[str]:
    with tempfile.TemporaryDirectory() as folder, scorer(Path(folder) / "model", case) as sandbox:
        return faults(case, sandbox)
