"""The sentences on where a number has a step, or turns round; sealed values are told without it."""

from collections.abc import Mapping
from typing import Any

from explainers import means, numbers, shapes, stages
from explainers.columns import Column
from explainers.phrases import about, same
from explainers.plan import ExplanationPlan
from explainers.sentences import sentence
from explainers.shapes import Step, Turn
from explainers.wording import most
from registry.language import Text

Places = Mapping[str, Text]


def told(
    plan: ExplanationPlan, tally: Mapping[str, int], name: str, places: Places
) -> dict[str, Any] | None:
    """The sentence on the step or the turning point of one number; None where it has neither.

    Args:
        plan: with the column, and whether its values are sealed.
        tally: what was counted.
        name: the number.
        places: what the places of the column's sentences hold.
    """
    turn = shapes.turn(plan, tally, name)
    if turn is not None:
        return _turn(plan, turn, name, places)
    return steps(plan, tally, name, places)


def steps(
    plan: ExplanationPlan, tally: Mapping[str, int], name: str, places: Places
) -> dict[str, Any] | None:
    """The sentence on the step of one number, or on its several; None where it has none.

    Args:
        plan: with the column, and whether its values are sealed.
        tally: what was counted; of a decision only results count.
        name: the number.
        places: what the places of the column's sentences hold.
    """
    several = stages.told(plan, tally, name, places)
    if several is not None:
        return several
    step = shapes.step(plan, tally, name)
    if step is None:
        return None
    return _of_one_value(plan, tally, step, name, places) or _step(plan, step, name, places)


def _own(plan: ExplanationPlan, tally: Mapping[str, int], key: str) -> float | None:
    """What came of a value that stands apart: the share of good results, or the mean price."""
    n = tally.get(f"{key}:n", 0)
    if n < plan.k:
        return None
    if plan.task == "decision":
        return tally[f"{key}:good"] / n
    return means.told(tally, f"{key}:sum", n, plan.k)


def _of_one_value(
    plan: ExplanationPlan, tally: Mapping[str, int], step: Step, name: str, places: Places
) -> dict[str, Any] | None:
    """A step of which one side is one value, apart from all others: no threshold."""
    apart = shapes.heaps(plan, name)
    for end, above, rest in (("lowest", False, step.above), ("highest", True, step.below)):
        value = shapes.heap(plan, name, step.at[-1 if above else 0], above=above)
        own = _own(plan, tally, f"shape:{name}:{end}")
        if value is None or value != apart.get(end) or own is None or step.between is not None:
            continue
        if plan.sealed is not None:
            return None
        column, decided = plan.column(name), plan.task == "decision"
        amounts = [
            about(n) if decided else means.written(n, plan.wording.unit) for n in (own, rest)
        ]
        filled = {"v": column.written(value), "p": amounts[0], "q": amounts[1]}
        shown = {"at": [value], **{
            side: round(n, 2) if decided else n for side, n in (("own", own), ("rest", rest))
        }}  # fmt: skip
        return sentence(f"{plan.task}.heap", kind="step", evidence=shown, places={**places, **filled})  # fmt: skip
    return None


def _step(plan: ExplanationPlan, step: Step, name: str, places: Places) -> dict[str, Any]:
    column, sealed = plan.column(name), plan.sealed
    low, high = (column.written(step.at[end]) for end in (0, -1))
    inside = Text("", "")
    if sealed is not None:
        where = Text(
            f"有一道分界，具体数值未公开（{sealed.zh}）",
            f"There is a step for {column.subject.en}; its value is not published ({sealed.en})",
        )
        below, above = Text("没到分界的", "below it"), Text("到了分界的", "from it on")
        inside = Text("在分界附近的", "about it")
    elif len(step.at) == 1:
        where = Text(
            f"以{low.zh}左右为界", f"There is a step at about {low.en} for {column.subject.en}"
        )
        below = Text(f"{column.plain.zh}不到{low.zh}", "below it")
        above = Text(f"{low.zh}及以上", "from it on")
    else:
        where = Text(
            f"在{low.zh}到{high.zh}之间有一道分界，或者在这之间逐渐变化",
            f"There is a step between {low.en} and {high.en} for {column.subject.en}, or a gradual "
            "change there",
        )
        below = Text(f"{column.plain.zh}不到{low.zh}", f"below {low.en}")
        above = Text(f"{high.zh}及以上", f"from {high.en} on")
        inside = Text(f"{low.zh}及以上、不到{high.zh}", f"from {low.en} to below {high.en}")
    decided = plan.task == "decision"
    sides = {"below": step.below, "between": step.between, "above": step.above}
    known = {side: n for side, n in sides.items() if n is not None}
    amounts = {
        side: about(n) if decided else means.written(n, plan.wording.unit)
        for side, n in known.items()
    }
    filled = {"where": where, "below": below, "above": above, "inside": Text("", "")}
    filled |= {"p": amounts["below"], "q": amounts["above"]}
    if "between" in amounts:
        many = places["people"].zh if decided else ""
        mean = "" if decided else "平均是"
        amount = amounts["between"]
        filled["inside"] = Text(
            f"{inside.zh}，{mean}{amount.zh}{many}；", f"{inside.en}, {amount.en}; "
        )
    shown: dict[str, Any] = {
        side: round(n, 2) if decided else n  # shares per hundred, means as they may be told
        for side, n in known.items()
    }
    shown |= {} if sealed is not None else {"at": list(step.at)}
    row = f"{plan.task}.step"
    return sentence(row, kind="step", evidence=shown, places={**places, **filled})


def _turn(plan: ExplanationPlan, turn: Turn, name: str, places: Places) -> dict[str, Any]:
    column, sealed = plan.column(name), plan.sealed
    low, high = (column.written(turn.at[end]) for end in (0, -1))
    point = len(turn.at) == 1
    if sealed is not None:
        where = Text(
            f"在某一{'处' if point else '段'}（具体数值未公开：{sealed.zh}）",
            f"at one point (its value is not published: {sealed.en})"
            if point
            else f"over one stretch (its values are not published: {sealed.en})",
        )
    elif point:
        where = Text(f"在{low.zh}左右", f"at about {low.en}")
    else:
        where = Text(f"大约在{low.zh}到{high.zh}之间", f"between about {low.en} and {high.en}")
    decided = plan.task == "decision"
    top, away = (plan.wording.way(up=up, priced=not decided) for up in (turn.top, not turn.top))
    superlative = most(top)
    if not decided:
        superlative = Text(superlative.zh, "highest" if turn.top else "lowest")
    filled = {
        "where": where,
        "most": superlative,
        "beyond": away,
        "aside": _aside(plan, turn, name),
        **(_point(column) if point else STRETCH),
        **{
            f"{side}_{what}": same(numbers.count(n))
            for side, counts in (("left", turn.left), ("right", turn.right))
            for what, n in zip(("n", "up", "down"), counts, strict=True)
        },
    }
    shown: dict[str, Any] = {
        side: dict(zip(("n", "up", "down"), counts, strict=True))
        for side, counts in (("lower", turn.left), ("higher", turn.right))
    }
    shown["top"] = turn.top
    shown |= {} if sealed is not None else {"at": list(turn.at)}
    row = f"{plan.task}.turn"
    return sentence(row, kind="turn", evidence=shown, places={**places, **filled}, test=row)


STRETCH = {
    "there": Text("，在这之间差别不大；", ", with little difference there"),
    "left_values": Text("没有超出这一段上端", "no higher than the upper end of that stretch"),
    "right_values": Text("没有低于这一段下端", "no lower than its lower end"),
}


def _point(column: Column) -> dict[str, Text]:
    """What stands in place of the words on a stretch where one number is told."""
    return {
        "there": Text("，", ""),
        "left_values": Text(f"更{column.direction.less.zh}", "below"),
        "right_values": Text(f"更{column.direction.more.zh}", "above"),
    }


def _aside(plan: ExplanationPlan, turn: Turn, name: str) -> Text:
    """What lies beside a turning point: higher and lower values, or one that stands apart."""
    column = plan.column(name)
    less, more = column.direction.less, column.direction.more
    ends = ((turn.at[-1], True, more), (turn.at[0], False, less))
    apart = [shapes.heap(plan, name, at, above=above) for at, above, _ in ends]
    if apart == [None, None] or plan.sealed is not None:
        return Text(f"再{more.zh}或再{less.zh}", f"both {more.en} and {less.en}")
    ways = [
        (Text(f"再{word.zh}", word.en), value)
        for (_, _, word), value in zip(ends, apart, strict=True)
    ]
    values = [column.written(value) for _, value in ways if value is not None]
    words = [word for word, value in ways if value is None]
    own = Text("或".join(f"是{v.zh}" for v in values) + "的", " or ".join(v.en for v in values))
    if not words:
        return Text(f"{own.zh}，", own.en)
    return Text(f"{words[0].zh}，或者{own.zh}，", f"{words[0].en}, and with {own.en}")
