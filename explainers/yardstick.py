"""Who set the cut, the good side and the protected attributes: the filer, or reports that differ."""

from collections.abc import Sequence

from explainers import effects
from explainers.effects import Sentence
from explainers.phrases import same
from explainers.plan import ExplanationPlan
from explainers.sentences import sentence
from registry.language import Text
from registry.yardsticks import Yardstick


def told(plan: ExplanationPlan, yardsticks: Sequence[Yardstick]) -> list[Sentence]:
    """What the filer chose where no report did; where reports differ, in what.

    Args:
        plan: by which the explanation was made.
        yardsticks: of the reports that count, newest first.
    """
    if not yardsticks:
        return [_chosen(plan)]
    newest = yardsticks[0]
    called = {column.name: column.plain for column in plan.columns}
    called |= {outsider.name: outsider.plain for outsider in plan.outsiders}
    parts = [part for older in yardsticks[1:] for part in newest.beside(older, called=called)]
    parts = list({part.zh: part for part in parts}.values())
    said = [] if plan.task == "price" or newest.line is not None else [_cut_chosen(plan)]
    if parts:
        joined = Text("；".join(p.zh for p in parts), "; ".join(p.en for p in parts))
        places = {"n": same(len(yardsticks)), "parts": joined}
        shown = {"reports": [each.report_id for each in yardsticks]}
        said.append(sentence("reports.differ", evidence=shown, places=places))
    return said


def _cut_chosen(plan: ExplanationPlan) -> Sentence:
    """That the cut is the filer's, where the report that counts goes by none."""
    shown = {"chosen_by": "filer", "cut": plan.cut, "favourable_above": plan.favourable_above}
    return sentence("decision.chosen.cut", evidence=shown, places=_line(plan))


def _line(plan: ExplanationPlan) -> dict[str, Text]:
    above = plan.favourable_above
    side = Text("达到这条线", "from there on") if above else Text("低于这条线", "below it")
    return effects.wording(plan) | {"cut": _cut(plan), "side": side}


def _chosen(plan: ExplanationPlan) -> Sentence:
    names = [c.plain for c in plan.columns if c.protected]
    names += [outsider.plain for outsider in plan.outsiders]
    if names:
        listed = effects.listed(names)
        protected = Text(
            f"要单独检查的信息：{listed.zh}。", f"To be checked on their own: {listed.en}."
        )
    else:
        protected = Text(
            "没有列出要单独检查的信息。", "Nothing is listed to be checked on its own."
        )
    places = _line(plan) | {"protected": protected}
    shown = {
        "chosen_by": "filer",
        "cut": plan.cut,
        "favourable_above": plan.favourable_above,
        **({"classes": plan.classes.as_json()} if plan.classes else {}),
        "protected": [c.name for c in plan.columns if c.protected]
        + [outsider.name for outsider in plan.outsiders],
    }
    return sentence(f"{plan.task}.chosen", evidence=shown, places=places)


def _cut(plan: ExplanationPlan) -> Text:
    """The cut, and of which class the chance is held against it."""
    shown = "" if plan.cut is None else f"{plan.cut:g}"
    if plan.classes is None:
        return same(shown)
    good = plan.classes.favourable
    return Text(
        f"{shown}（这个算法算出的“{good}”的机会与它相比）",
        f"{shown} (the chance of “{good}” that the program gives is held against it)",
    )
