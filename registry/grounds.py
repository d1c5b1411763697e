"""What a sentence of an explanation rests on, told by its evidence: a test, or what was set or stated.

A test made it where it rests on answers that were counted, on an example that was found by asking, or
on a finding of an evaluation. What the filer states or marks, how many columns there are, what the
plan sets and that something was not tested are no test's.
"""

from collections.abc import Mapping
from typing import Any

from registry.findings import Verdict

COUNTED = frozenset({"changed", "favourable", "single", "columns", "graded"})
"""What is told beside the number of people asked where their answers were counted."""
FOUND = frozenset({"moves", "rows", "steady"})
"""An example's moves, the strongest information, whether asking twice gave one answer."""
SAID = frozenset(Verdict) - {Verdict.NOT_EVALUABLE}
"""The verdicts that say something: a check that could not be made made no sentence."""


def tested(evidence: Mapping[str, Any]) -> bool:
    """Whether a test made the sentence that rests on this; what is not known here made none.

    Args:
        evidence: of the sentence, as the explanation carries it.
    """
    if "probe" in evidence:
        return evidence.get("verdict") in SAID
    if not FOUND.isdisjoint(evidence):
        return True
    if set(evidence) == {"levels"}:
        return bool(evidence["levels"])
    if not evidence.get("n"):
        return False
    findings = sum(evidence.get(verdict) or 0 for verdict in SAID)
    return bool(findings) or not COUNTED.isdisjoint(evidence)
