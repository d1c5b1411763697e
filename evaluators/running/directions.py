"""What altered answers say of few people: who fared better or worse, and by how much.

That a model answers so many altered rows otherwise is said of the model. But in which direction,
and what the rows of one level or with one kind of words gained on average, is said of them: of
three people it is theirs. So both go where they are few. And whose rows were altered at all is said
of people: where no finding states them, its row of the table goes.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from evaluators.judging import findings
from evaluators.probe import Table
from registry.findings import Finding

TURNED = ("to_favourable", "to_unfavourable")
SHIFT = "mean_shift"


def bared(finding: Finding, state: Any, least: int) -> Finding:
    """The finding without the directions in which few people's answers changed.

    Where units are named, a finding about groups that nobody counts is withheld whole, and so is
    one about all levels while one of them is hidden; so rows are counted here.

    Args:
        finding: as it would be published.
        state: the full state of its probe; the rows behind each mean change stand in `shifts`.
        least: the smallest count of people that is published.
    """
    told, away = finding.details, dict[str, Any]()
    if any(0 < (told.get(name) or 0) < least for name in TURNED):
        away |= {
            name: None for name in TURNED if name in told
        }  # one is the changes less the other
    if told.get(SHIFT):
        rows = _rows(finding, state)
        away[SHIFT] = {way: mean if rows[way] >= least else None
                       for way, mean in told[SHIFT].items()}  # fmt: skip
    return replace(finding, details={**told, **away}) if away else finding


def closed(
    tables: Sequence[tuple[str, Table]], found: Sequence[Finding]
) -> list[tuple[str, Table]]:
    """The tables without the rows of altered answers that no finding states.

    Args:
        tables: as they would be published, each with its probe.
        found: the findings as published.
    """

    def open_(probe: str, key: Sequence[str | None]) -> bool:
        about = [each for each in found if each.probe == probe and _names(each, key)]
        return any(map(findings.tells, about)) and not any(each.suppressed for each in about)

    return [
        (name, replace(table, rows=tuple(
            (key, counts if open_(name, key) else None) for key, counts in table.rows
        )) if table.kind == "answers" else table)
        for name, table in tables
    ]  # fmt: skip


def _names(finding: Finding, key: Sequence[str | None]) -> bool:
    """Whether a finding is about an alteration; one that names none is about all of them."""
    return not finding.slice or not {*finding.slice, *finding.slice.values()}.isdisjoint(key)


def _rows(finding: Finding, state: Any) -> Mapping[str, int]:
    """The rows by direction; the fewest of any alteration that has these, where several have."""
    ways, names = set(finding.details[SHIFT]), {*finding.slice, *finding.slice.values()}
    by: dict[str, dict[str, int]] = {}
    shifts = state.get("shifts", {}) if isinstance(state, Mapping) else {}
    if isinstance(state, Mapping) and not shifts:
        shifts = (state.get("trials") or {}).get("shifts", {})
    for (name, way), sums in shifts.get("rows", ()):
        by.setdefault(str(name), {})[str(way)] = int(sums[0])
    fitting = [own for own in by.values() if ways <= set(own)]
    exact = [own for name, own in by.items() if name in names and ways <= set(own)]
    known = exact or fitting
    return {way: min((own[way] for own in known), default=0) for way in ways}
