"""What matters most, said only where the intervals show it; else what is among the strongest."""

from collections.abc import Mapping, Sequence
from typing import Any

from explainers import effects, means
from explainers.asking import Tally
from explainers.effects import Sentence
from explainers.phrases import about
from explainers.plan import ExplanationPlan
from explainers.sentences import ONE_OF_A_HUNDRED, sentence
from registry.language import Text

MOST_TIED = 4  # names in one sentence
MORE = 1.1  # times the mean change of what changes a price most often: another is strongest (ours)


def told(
    plan: ExplanationPlan,
    tally: Tally,
    every: Sequence[Mapping[str, Any]],
    beyond: Sequence[Mapping[str, Any]],
) -> list[Sentence]:
    """The strongest thing, or the strongest few that the tests can't tell apart, or nothing.

    Args:
        plan: names the columns.
        tally: what was counted.
        every: all that was exchanged, strongest first, with intervals.
        beyond: those of them that do more than asking again.
    """
    certain = [row for row in beyond if row["low"] >= 100 * ONE_OF_A_HUNDRED]
    if not certain:
        return []
    first = certain[0]
    furthest = _furthest(plan, every)
    if furthest is not None and _by(furthest) > MORE * _by(first):
        return [_apart(plan, tally, first, furthest)]
    rivals = [row for row in every if row is not first and row["high"] >= first["low"]]
    tied = [first, *(row for row in certain[1:] if any(row is one for one in rivals))]
    if not rivals:
        return [_said(plan, tally, f"{plan.task}.importance", [first])]
    if len(tied) == 1:
        return [_said(plan, tally, "importance.one", tied)]
    return [_said(plan, tally, "importance.tie", tied)] if len(tied) <= MOST_TIED else []


def _furthest(
    plan: ExplanationPlan, every: Sequence[Mapping[str, Any]]
) -> Mapping[str, Any] | None:
    """What moves a price furthest on average, as far as that may be told."""
    told = [row for row in every if row["shift"] is not None]
    return max(told, key=_by) if told and plan.task == "price" else None


def _by(row: Mapping[str, Any]) -> float:
    return float(row["shift"] or 0.0)


def _shift(row: Mapping[str, Any], unit: Text) -> Text:
    """By how much a price moves on average, whether or not it does for everybody."""
    everyone = row["changed"] == row["n"]
    return means.apart(row["shift"], unit, of=None if everyone else means.UNCHANGED_TOO)


def _apart(
    plan: ExplanationPlan, tally: Tally, often: Mapping[str, Any], far: Mapping[str, Any]
) -> Sentence:
    """One thing changes a price most often, another furthest: neither is strongest by itself."""
    unit = plan.wording.unit
    x, y = (_called(plan, tally, row) for row in (often, far))
    places = effects.wording(plan) | {
        "X": x,
        "x": x,
        "Y": y,
        "y": y,
        "about": about(often["changed"] / often["n"]),
        "m": _shift(often, unit),
        "further": _shift(far, unit),
    }
    rows = [effects.rounded_row(each) for each in (often, far)]
    row = "price.importance.apart"
    said = sentence(row, evidence={"rows": rows}, places=places)
    return said | {"columns": [*often["columns"], *far["columns"]]}


def _called(plan: ExplanationPlan, tally: Tally, *rows: Mapping[str, Any]) -> Text:
    subjects = [next(s for s in plan.subjects if list(s.names) == e["columns"]) for e in rows]
    columns = [column for s in subjects for column in effects.acting(plan, tally, s)]
    return effects.some([column.subject for column in columns])


def _said(
    plan: ExplanationPlan, tally: Tally, row: str, rows: Sequence[Mapping[str, Any]]
) -> Sentence:
    names = [name for each in rows for name in each["columns"]]
    called = _called(plan, tally, *rows)
    places = effects.wording(plan) | {
        "X": called,
        "x": called,
        "about": about(rows[0]["changed"] / rows[0]["n"]),
        "m": _shift(rows[0], plan.wording.unit),
    }
    shown = {"rows": [effects.rounded_row(each) for each in rows]}
    return sentence(row, kind=row, evidence=shown, places=places) | {"columns": names}
