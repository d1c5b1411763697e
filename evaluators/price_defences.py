"""Declared reasons for a price difference, tested where the data allow.

A reason is data in the plan (`[[defences]]`): a new-user offer with its window, cost drivers, a
random experiment, disclosure. It changes how a difference is read, never the difference: each test
is a finding of its own, and the price findings keep their numbers and verdicts. The reasons are
those of law.md (platform guidelines 17, Shenzhen data regulation 69).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import pyarrow as pa

from evaluators import quotes, regression
from evaluators.plan import level_name
from evaluators.price_lines import EQUIVALENCE, dearer, log_line
from evaluators.price_rules import DEFENCE_NAMES
from evaluators.pricing_frame import Frame, Recipe, build
from evaluators.pricing_ladder import Step, fit_step
from evaluators.regression import Coefficient
from registry.language import Text
from registry.reports import Verdict


@dataclass(frozen=True, slots=True)
class Examined:
    """What the data say about one declared reason.

    Args:
        kind: the kind of reason.
        group: the group of the attribute it was examined for.
        reference: the group it is compared with.
        said: in words.
        verdict: *equivalent* where nothing of the difference is left, *difference* where some is
            (or where the reason's own premise fails), *inconclusive* else.
        effect: the log-ratio left, or None.
        p: of its own test.
        numbers: what was measured.
    """

    kind: str
    group: str
    reference: str
    said: Text
    verdict: Verdict
    effect: float | None = None
    p: float | None = None
    numbers: Mapping[str, Any] = field(default_factory=dict)


def examine(
    rows: pa.Table,
    frame: Frame,
    recipe: Recipe,
    step: Step,
    *,
    defences: tuple[Mapping[str, Any], ...],
    reference: str | None,
    alpha: float,
) -> list[Examined]:
    """Test every declared reason for one attribute.

    Args:
        rows: in canonical order.
        frame: the attribute's frame.
        recipe: how it was built.
        step: the last step of its ladder.
        defences: as declared.
        reference: the declared reference group.
        alpha: the level of each test.
    """
    found: list[Examined] = []
    for defence in defences:
        kind = str(defence["kind"])
        named = [str(n) for n in (defence.get("columns") or [defence.get("column")]) if n]
        absent = [name for name in named if name not in rows.schema.names]
        if kind not in _TESTS or not named or absent:
            found.append(_untested(kind))
            continue
        case = _Case(rows, frame, recipe, step, reference, alpha)
        found += _TESTS[kind](case, defence, named)
    return found


def _untested(kind: str) -> Examined:
    name = DEFENCE_NAMES.get(kind, Text(kind, kind))
    said = Text(
        f"计划声明的理由“{name.zh}”：数据里没有可以核对它的列，没有检验。",
        f"The declared reason “{name.en}”: the data hold no column to check it by; not tested.",
    )
    return Examined(kind, "", "", said, Verdict.NOT_EVALUABLE)


@dataclass(frozen=True, slots=True)
class _Case:
    rows: pa.Table
    frame: Frame
    recipe: Recipe
    step: Step
    reference: str | None
    alpha: float

    def gaps(self, rows: pa.Table, extra: tuple[str, ...] = ()) -> dict[str, Coefficient]:
        """The last step's differences on some rows, with further factors held fixed."""
        new = tuple(n for n in extra if n not in self.step.factors and n != self.frame.attribute)
        factors = (*self.step.factors, *new)
        made = build(
            rows, self.frame.attribute, replace(self.recipe, factors=factors), self.reference
        )
        fitted = fit_step(made, replace(self.step, factors=factors))
        found = {}
        for contrast in made.contrasts:
            own = fitted.of(contrast.column)
            if own is not None and contrast.span:
                scale = contrast.span * made.unit_effect
                found[contrast.group] = Coefficient(
                    own.value * scale, own.error * abs(scale), own.freedom
                )
        return found


def _judged(left: Coefficient, alpha: float) -> Verdict:
    margin = log_line(EQUIVALENCE)
    if left.within(-margin, margin) < alpha:
        return Verdict.EQUIVALENT
    return Verdict.DIFFERENCE if left.p < alpha else Verdict.INCONCLUSIVE


_LEFT: dict[Verdict, Text] = {
    Verdict.EQUIVALENT: Text("剩下的差异很小。", "what is left is small."),
    Verdict.DIFFERENCE: Text(
        "仍有差异，这个理由不能解释全部。",
        "a difference is left that the reason does not explain.",
    ),
    Verdict.INCONCLUSIVE: Text("剩下的差异还不能下结论。", "what is left is inconclusive."),
}


def _cost_drivers(
    case: _Case,
    defence: Mapping[str, Any],  # noqa: ARG001
    named: list[str],
) -> list[Examined]:
    """Hold the declared drivers fixed as well: what is left of the difference?"""
    before, after = case.gaps(case.rows), case.gaps(case.rows, tuple(named))
    found = []
    for contrast in case.frame.contrasts:
        left = after.get(contrast.group)
        if left is None or contrast.group not in before:
            continue
        verdict, size = _judged(left, case.alpha), dearer(left.value)
        said = Text(
            f"声明的理由“成本不同”：把{'、'.join(named)}也固定后，价格{size.zh}，{_LEFT[verdict].zh}",
            f"Declared reason “different costs”: with {', '.join(named)} held fixed too, the price is {size.en}; {_LEFT[verdict].en}",
        )
        numbers = {"before": before[contrast.group].value, "after": left.value, "columns": named}
        found.append(Examined("cost_drivers", contrast.group, contrast.reference, said, verdict,
                              left.value, left.p, numbers))  # fmt: skip
    return found or [_untested("cost_drivers")]


def _new_user_offer(case: _Case, defence: Mapping[str, Any], named: list[str]) -> list[Examined]:
    """Leave out those inside the window: is there a difference among all others?"""
    inside = _inside(case.rows, named[0], defence)
    outside = case.rows.filter(pa.array(~inside))
    gaps = case.gaps(outside) if outside.num_rows else {}
    found = []
    for contrast in case.frame.contrasts:
        left = gaps.get(contrast.group)
        if left is None:
            continue
        verdict, size = _judged(left, case.alpha), dearer(left.value)
        said = Text(
            f"声明的理由“新用户优惠”：只看优惠窗口之外的 {outside.num_rows} 行，价格{size.zh}，{_LEFT[verdict].zh}",
            f"Declared reason “new-user offer”: among the {outside.num_rows} rows outside its window the price is {size.en}; {_LEFT[verdict].en}",
        )
        numbers = {"inside": int(inside.sum()), "outside": outside.num_rows, "after": left.value,
                   "reach": _reach(case.rows, inside, defence)}  # fmt: skip
        found.append(Examined("new_user_offer", contrast.group, contrast.reference, said, verdict,
                              left.value, left.p, numbers))  # fmt: skip
    return found or [_untested("new_user_offer")]


def _inside(rows: pa.Table, column: str, defence: Mapping[str, Any]) -> quotes.Mask:
    """Rows within the window: at most `at_most`, or at the level `value`."""
    if "at_most" in defence:
        return np.asarray(
            quotes.numbers(rows.column(column)) <= float(defence["at_most"]), dtype=np.bool_
        )
    found = quotes.levels(rows.column(column))
    wanted = level_name(defence.get("value", True))
    return np.asarray(
        [code >= 0 and found.names[code] == wanted for code in found.codes], dtype=np.bool_
    )


def _reach(rows: pa.Table, inside: quotes.Mask, defence: Mapping[str, Any]) -> float | None:
    """The share of rows inside the window that got the offer, where a column says so."""
    column = defence.get("offer")
    if column not in rows.schema.names or not inside.any():
        return None
    found = quotes.levels(rows.column(str(column)))
    got = [code >= 0 and found.names[code] in {"true", "1", "yes"} for code in found.codes]
    return float(np.asarray(got)[inside].mean())


def _random_experiment(
    case: _Case,
    defence: Mapping[str, Any],  # noqa: ARG001
    named: list[str],
) -> list[Examined]:
    """Is the assignment independent of the attribute?"""
    found = []
    arms = quotes.levels(case.rows.column(named[0]))
    unit = (
        quotes.units(case.rows, case.recipe.unit)
        if case.recipe.unit
        else np.arange(case.rows.num_rows)
    )
    for contrast in case.frame.contrasts:
        members, compared = _membership(case, contrast.group, contrast.reference)
        p = _independence(arms.codes, members, unit, compared)
        if p is None:
            continue
        verdict = Verdict.DIFFERENCE if p < case.alpha else Verdict.INCONCLUSIVE
        said = (
            Text(
                "分组与这个特征有关，不是随机分配，这个理由不成立。",
                "assignment depends on the attribute, so it is not random and the reason fails.",
            )
            if verdict is Verdict.DIFFERENCE
            else Text(
                "没有看到分组与这个特征有关。", "assignment shows no dependence on the attribute."
            )
        )
        head = Text("声明的理由“随机试验”：", "Declared reason “random experiment”: ")
        found.append(Examined("random_experiment", contrast.group, contrast.reference,
                              Text(head.zh + said.zh, head.en + said.en), verdict, None, p,
                              {"arms": len(arms.names)}))  # fmt: skip
    return found or [_untested("random_experiment")]


def _membership(case: _Case, group: str, reference: str) -> tuple[regression.Floats, quotes.Mask]:
    column = case.rows.column(case.frame.attribute)
    if not case.frame.groups:
        values = quotes.numbers(column)
        return np.nan_to_num(values), np.isfinite(values)
    found = quotes.levels(column)
    inside = np.isin(
        found.codes, [found.names.index(n) for n in (group, reference) if n in found.names]
    )
    return (found.codes == found.names.index(group)).astype(np.float64), inside


def _independence(
    arms: regression.Codes,
    members: regression.Floats,
    unit: regression.Codes,
    compared: quotes.Mask,
) -> float | None:
    """The smallest p, Bonferroni over arms, of the attribute's mean by arm, one row per unit."""
    rows = np.flatnonzero(compared & (arms >= 0))
    first = rows[np.unique(unit[rows], return_index=True)[1]] if len(rows) else rows
    kinds = np.unique(arms[first])
    if len(kinds) < 2:
        return None
    p_values = []
    for kind in kinds[1:]:
        own = [("arm", (arms[first] == kind).astype(np.float64))]
        coefficient = regression.fit(regression.design(members[first], own)).of("arm")
        if coefficient is not None:
            p_values.append(coefficient.p)
    return min(1.0, min(p_values) * len(p_values)) if p_values else None


_TESTS = {
    "cost_drivers": _cost_drivers,
    "new_user_offer": _new_user_offer,
    "random_experiment": _random_experiment,
}
