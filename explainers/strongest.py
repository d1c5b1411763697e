"""What matters most, said only where the intervals show it; else what is among the strongest."""

from collections.abc import Mapping, Sequence
from typing import Any

from explainers import effects, means
from explainers.asking import Tally
from explainers.effects import Sentence
from explainers.phrases import about
from explainers.plan import ExplanationPlan
from explainers.sentences import ONE_OF_A_HUNDRED, sentence

MOST_TIED = 4  # names in one sentence


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
    rivals = [row for row in every if row is not first and row["high"] >= first["low"]]
    tied = [first, *(row for row in certain[1:] if any(row is one for one in rivals))]
    if not rivals:
        return [_said(plan, tally, f"{plan.task}.importance", [first])]
    if len(tied) == 1:
        return [_said(plan, tally, "importance.one", tied)]
    return [_said(plan, tally, "importance.tie", tied)] if len(tied) <= MOST_TIED else []


def _said(
    plan: ExplanationPlan, tally: Tally, row: str, rows: Sequence[Mapping[str, Any]]
) -> Sentence:
    names = [name for each in rows for name in each["columns"]]
    subjects = [next(s for s in plan.subjects if list(s.names) == e["columns"]) for e in rows]
    columns = [column for s in subjects for column in effects.acting(plan, tally, s)]
    called = effects.listed([column.subject for column in columns])
    places = effects.wording(plan) | {
        "X": called,
        "x": called,
        "about": about(rows[0]["changed"] / rows[0]["n"]),
        "m": means.written(rows[0]["shift"], plan.wording.unit),
    }
    shown = {"rows": [effects.rounded_row(each) for each in rows]}
    return sentence(row, kind=row, evidence=shown, places=places) | {"columns": names}
