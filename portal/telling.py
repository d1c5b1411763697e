"""Which findings are shown where there are too many to show: a column may have thousands of levels."""

from collections.abc import Mapping, Sequence
from typing import Any

ORDER = ("disparity", "difference", "inconclusive", "not_evaluable", "equivalent")
"""The gravest verdict first."""


def most(findings: Sequence[Mapping[str, Any]], limit: int) -> list[Mapping[str, Any]]:
    """All in their own order where they are few; else the gravest and least likely by chance.

    Args:
        findings: of one probe.
        limit: how many are shown at most.
    """
    if len(findings) <= limit:
        return list(findings)
    return sorted(findings, key=_rank)[:limit]


def _rank(finding: Mapping[str, Any]) -> tuple[int, float]:
    p_value = finding["p_adjusted"]
    return ORDER.index(finding["verdict"]), 1.0 if p_value is None else float(p_value)
