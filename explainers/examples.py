"""The what-if examples in sentences."""

from collections.abc import Iterator

from explainers import numbers
from explainers.columns import Column
from explainers.counterfactual import Move, Search, WhatIf, changeable
from explainers.effects import Sentence, some, wording
from explainers.phrases import same
from explainers.plan import ExplanationPlan
from explainers.sentences import sentence
from registry.language import Text


def told(plan: ExplanationPlan, search: Search | None) -> list[Sentence]:
    """How often a change would help, and one or two examples.

    Args:
        plan: names the columns.
        search: what came of looking; None where the program contradicts itself.
    """
    if not any(column.actionable for column in plan.columns):
        return [sentence("whatif.none", evidence={"actionable": 0}, places={})]
    if plan.scored:
        return [sentence("whatif.scored", evidence={"scored": True}, places=wording(plan))]
    if not changeable(plan) and plan.sealed:
        return [sentence("whatif.sealed", evidence={"sealed": True}, places={"why": plan.sealed})]
    if not changeable(plan):
        return [sentence("whatif.joined", evidence={"actionable": 0}, places={})]
    if search is None or search.unsteady:
        return [sentence("whatif.noise", evidence={"steady": False}, places={})]
    if search.asked < plan.k:
        # How many were looked at is no count of who could do better: they were looked at as moved
        # to values that many share.
        return [sentence("whatif.few", evidence={"least": plan.k}, places={})]
    return list(_told(plan, search))


def _told(plan: ExplanationPlan, search: Search) -> Iterator[Sentence]:
    tried = changeable(plan)
    open_to_change = [column for column in plan.columns if column.actionable]
    names = [column.subject for column in open_to_change if column.name in tried]
    one, x, person = len(names) == 1, some(names), plan.wording.person
    helped = numbers.count(search.single)
    places = wording(plan) | {
        "n": same(numbers.count(search.asked)),
        "tried": _tried(plan, x, one=one, bounds=not search.single),
        "whose": Text(f"其中{helped}{person.zh}", f"{helped} of them")
        if search.single
        else Text(f"没有一{person.zh}", "none of them"),
    }
    shown = {
        "n": search.asked,
        "single": search.single,
        "paired": search.paired,
        "double": search.double,
    }
    yield sentence(f"{plan.task}.whatif.searched", evidence=shown, places=places)
    untried = [column for column in open_to_change if column.name not in tried]
    if untried:
        said = sentence(
            "whatif.untried",
            evidence={"untried": len(untried)},
            places={"X": some([column.subject for column in untried])},
        )
        yield said | {"columns": [column.name for column in untried]}
    for example in search.examples:
        yield _example(plan, example)


def _tried(plan: ExplanationPlan, x: Text, *, one: bool, bounds: bool) -> Text:
    """What was changed; where it helped nobody, up to which values: others may help."""
    if not one:
        some_values = Text("，都换成许多人有的", " to what many have,") if bounds else Text("", "")
        return Text(
            f"一次只改一项，试了{x.zh}{some_values.zh}",
            f"Changing one thing at a time, out of {x.en},{some_values.en}",
        )
    (name, values), *_ = changeable(plan).items()
    column, reach = plan.column(name), Text("", "")
    if bounds and name in plan.grids:
        low, high = (column.written(end) for end in (values[0], values[-1]))
        reach = {
            "1": Text(f"，最高试到{high.zh}", f", as far as {high.en},"),
            "-1": Text(f"，最低试到{low.zh}", f", as far down as {low.en},"),
        }.get(
            str(column.actionable),
            Text(f"，在{low.zh}到{high.zh}之间试", f", between {low.en} and {high.en},"),
        )
    elif bounds:
        reach = Text("，换成许多人有的情况", " to what many have,")
    return Text(f"只改{x.zh}{reach.zh}", f"Changing only {x.en}{reach.en}")


def _example(plan: ExplanationPlan, example: WhatIf) -> Sentence:
    places = wording(plan)
    for tail, move in zip(("", "2"), example.moves, strict=False):
        column = plan.column(move.name)
        places |= {
            f"X{tail}": column.subject,
            f"before{tail}": _value(plan, column, move.before),
            f"after{tail}": _value(plan, column, move.after),
        }
    if plan.task == "price":
        places |= {
            "bad": same(numbers.value(example.before)),
            "good": same(numbers.value(example.after)),
            "n": same(numbers.count(example.sharing)),
        }
    row = f"{plan.task}.whatif.{'one' if len(example.moves) == 1 else 'two'}"
    shown = {
        "moves": [_shown(plan, move) for move in example.moves],
        "cost": numbers.rounded(example.cost),
    }
    if plan.task == "price":
        shown |= {"people": example.sharing}
    said = sentence(row, evidence=shown, places=places)
    return said | {"columns": [move.name for move in example.moves]}


def _shown(plan: ExplanationPlan, move: Move) -> dict[str, object]:
    return {
        "column": move.name,
        "before": plan.donors.value(move.name, move.before),
        "after": plan.donors.value(move.name, move.after),
    }


def _value(plan: ExplanationPlan, column: Column, code: object) -> Text:
    raw = plan.donors.value(column.name, code)
    if isinstance(raw, str) or column.values:
        named = column.level(raw)
        return Text(f"“{named.zh}”", f"“{named.en}”")
    return column.written(raw)
