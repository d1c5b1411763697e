"""What was measured of each thing as typed facts, so that what a filer declares is held against them."""

from collections.abc import Mapping, Sequence
from typing import Any

from explainers import effects, scores
from explainers.asking import Tally
from explainers.columns import written_level
from explainers.effects import Sentence
from explainers.plan import ExplanationPlan
from explainers.sentences import Kind
from explainers.subjects import Subject
from registry.contradictions import Acts

ONE_WAY = frozenset({Kind.ALWAYS, Kind.USUALLY, Kind.STEPS, Kind.ONE_WAY, "step", "stairs"})
BOTH = frozenset({Kind.NO_SIMPLE_DIRECTION, "turn", "bands"})
CHANGES = frozenset({Kind.DIRECTION_OPEN, Kind.NOISY, Kind.ELSEWHERE, "parted", "matters"})
TURNED = frozenset({Acts.UP, Acts.DOWN})
COUNTS = ("n", "up", "down", "changed")


def facts(
    plan: ExplanationPlan,
    tally: Tally,
    told: Sequence[tuple[Subject, Sequence[Sentence]]],
    importance: Sequence[Mapping[str, Any]],
) -> list[dict[str, Any]]:
    """One fact for each thing that was tried, in the order given.

    Args:
        plan: by which it was asked.
        tally: what was counted.
        told: subjects with their sentences, of which the last files them.
        importance: the rows of `importance.ranked`, in per hundred, that do more than asking again.

    Returns:
        {columns, acts, n, up, down, changed, swapped?, between?, ordered?, scored?}: `acts` as
        `registry.contradictions.Acts`; `n` tests of which `up` were better (or dearer), `down` the
        opposite, and in `changed` the result was another; `swapped` {n, changed, low, high}, with
        another person's values; `between` the two levels from the first of which to the second it was
        changed, `ordered` where the second is the larger number; `scored` where it changes hardly a
        result and yet moves what the program answers, in `up` and `down`.
    """
    swapped = {tuple(row["columns"]): row for row in importance}
    found = []
    for subject, said in told:
        acting = tuple(column.name for column in effects.acting(plan, tally, subject))
        shown: Mapping[str, Any] = next(
            (s["evidence"] for s in reversed(said) if "changed_low" in s["evidence"]), {}
        )
        acts = _acts(str(shown.get("way", said[-1]["kind"])), shown, alone=len(acting) == 1)
        if "near" in shown:  # values far apart do not show the way that is counted here
            n, up, down = (shown["near"][what] for what in ("n", "gained", "lost"))
            shown = {"n": n, "up": up, "down": down, "changed": up + down}
        fact: dict[str, Any] = {"columns": list(acting), "acts": acts}
        fact |= {name: shown.get(name, 0) for name in COUNTS}
        if acts is Acts.LITTLE and len(acting) == 1:
            fact |= _of_the_score(tally, subject, certain=said[-1]["kind"] == Kind.SCORE)
        if subject.kind == "levels" and fact["up"] + fact["down"]:
            fact |= _between(plan, tally, subject, fact)
        if "between" in fact and acts in TURNED:
            fact["acts"] = Acts.UP if fact["up"] > fact["down"] else Acts.DOWN
        row = swapped.get(subject.names)
        if row is not None:
            fact["swapped"] = effects.rounded_row(
                {k: row[k] for k in ("n", "changed", "low", "high")}
            )
        found.append(fact)
        found += [
            {"columns": [name], "acts": Acts.NEVER, "n": effects.on_its_own(plan, tally, name)[1]}
            | dict.fromkeys(COUNTS[1:], 0)
            for name in subject.names
            if name not in acting
        ]
    return found


def _of_the_score(tally: Tally, subject: Subject, *, certain: bool) -> dict[str, Any]:
    """How often what changes hardly a result moved the answer, where asking again moves none."""
    own = scores.furthest(effects.contrasts(tally, subject))
    if own is None or not (certain or not effects.again(tally).moved):
        return {}
    counted = own[1]
    if not counted.up + counted.down:
        return {}
    told = {"n": counted.n, "up": counted.up, "down": counted.down, "changed": counted.changed}
    return told | {"scored": True}


def _between(
    plan: ExplanationPlan, tally: Tally, subject: Subject, fact: Mapping[str, Any]
) -> dict[str, Any]:
    """From which level to which a thing was changed in the tests of a fact, as people call them.

    The commoner level is tried first. Of numbers, "higher" is the larger one whichever is commoner, so
    the counts are turned round where they go from the larger to the smaller.
    """
    column = plan.column(subject.names[0])
    for i in range(1, len(subject.levels)):
        counted = effects.counts(tally, f"contrast:{subject.key}:{i}")
        if (counted.n, counted.up, counted.down) == (fact["n"], fact["up"], fact["down"]):
            values = [plan.donors.value(column.name, subject.levels[at]) for at in (0, i)]
            ends = [column.phrases.get(written_level(v)) or column.level(v) for v in values]
            told = {"between": [end.as_json() for end in ends]}
            one, two = values
            if column.kind == "category" or isinstance(one, str) or isinstance(two, str):
                return told
            if len(subject.levels) > 2:
                return told
            if one < two:
                return told | {"ordered": True}
            turned = {"up": fact["down"], "down": fact["up"]}
            return turned | {"between": told["between"][::-1], "ordered": True}
    return {}


def _acts(kind: str, shown: Mapping[str, Any], *, alone: bool) -> Acts:
    if kind in (Kind.LITTLE, Kind.SCORE):
        return Acts.LITTLE
    if kind == Kind.PARTLY:
        return Acts.PARTLY
    directed = alone and shown.get("up", 0) + shown.get("down", 0) > 0
    if kind in ONE_WAY and directed:
        return Acts.UP if shown["up"] > shown["down"] else Acts.DOWN
    if kind in BOTH and directed:
        return Acts.BOTH
    return Acts.CHANGES if kind in ONE_WAY | BOTH | CHANGES else Acts.UNKNOWN
