"""Declared reasons for a price difference, tested where the data allow.

A reason is data in the plan (`[[defences]]`): a new-user offer with its window, cost drivers, a
random experiment, disclosure. It changes how a difference is read, never the difference: each test
is a finding of its own, and the price findings keep their numbers and verdicts. The reasons are
those of law.md (platform guidelines 17, Shenzhen data regulation 69).
"""

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import pyarrow as pa

from evaluators.judging import equivalence
from evaluators.judging.findings import sides
from evaluators.judging.findings import units as counted
from evaluators.plan import level_name
from evaluators.policy import POLICY
from evaluators.prices import quotes
from evaluators.prices.price_elements import DEFENCE_NAMES
from evaluators.prices.price_lines import (
    EQUIVALENCE,
    SAME,
    dearer,
    interval,
    log_line,
    share,
    texts,
)
from evaluators.prices.pricing_frame import Frame, Recipe, build, kish, repeated
from evaluators.prices.pricing_ladder import Step, fit_step
from evaluators.statistics import regression
from evaluators.statistics.intervals import clopper_pearson
from evaluators.statistics.regression import Coefficient, codes_of
from registry.findings import Finding, Verdict
from registry.language import Text

YES = frozenset({"true", "1", "yes", "是"})


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
        units: how many units of each side it was measured on (see `findings.units`).
    """

    kind: str
    group: str
    reference: str
    said: Text
    verdict: Verdict
    effect: float | None = None
    p: float | None = None
    numbers: Mapping[str, Any] = field(default_factory=dict)
    units: Mapping[str, Any] | None = None


def examine(
    rows: pa.Table,
    frame: Frame,
    recipe: Recipe,
    step: Step,
    *,
    defences: tuple[Mapping[str, Any], ...],
    reference: str | None,
    alpha: float,
    names: Callable[[str], Text] | None = None,
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
        names: what a column is called in sentences.
    """
    if frame.groups and frame.contrasts:  # the same two levels on every part of the rows
        reference = frame.contrasts[0].reference
    own = _Ladder(rows, frame, recipe, step, reference)
    pairs = tuple((contrast.group, contrast.reference) for contrast in frame.contrasts)
    unit = quotes.units(rows, recipe.unit) if recipe.unit else np.arange(rows.num_rows)
    case = Case(rows, frame.attribute, pairs, unit, alpha, own.gaps, own.membership,
                names or raw_name)  # fmt: skip
    return tested(case, defences)


def tested(case: "Case", defences: Sequence[Mapping[str, Any]]) -> list[Examined]:
    """Test every declared reason for one attribute of any price probe.

    Args:
        case: the attribute, and how its differences are measured.
        defences: as declared.
    """
    found: list[Examined] = []
    for defence in defences:
        kind, named = str(defence["kind"]), columns(defence)
        absent = [name for name in named if name not in case.rows.schema.names]
        if kind not in _TESTS or not named or absent:
            found.append(untested(kind))
            continue
        found += _TESTS[kind](case, defence, named)
    return found


def columns(defence: Mapping[str, Any]) -> list[str]:
    """The columns by which a declared reason can be checked."""
    return [str(n) for n in (defence.get("columns") or [defence.get("column")]) if n]


def named(defences: Sequence[Mapping[str, Any]]) -> tuple[str, ...]:
    """Every column that the declared reasons name."""
    found = [name for defence in defences for name in columns(defence)]
    offers = [str(defence["offer"]) for defence in defences if defence.get("offer")]
    return tuple(dict.fromkeys([*found, *offers]))


def beside(finding: Finding, examined: Sequence[Examined]) -> Finding:
    """The finding read beside the declared reasons; its numbers and verdict stay."""
    said = [entry.said for entry in examined if entry.group in {"", finding.group}]
    if not said or finding.verdict is Verdict.NOT_EVALUABLE:
        return finding
    reading = {
        "zh": finding.reading["zh"] + "".join(entry.zh for entry in said),
        "en": " ".join([finding.reading["en"], *(entry.en for entry in said)]),
    }
    return replace(finding, reading=reading)


def sizes(found: Iterable[Finding], entry: Examined) -> dict[str, Any]:
    """How many accounts a reason was examined on: those of the findings on the same group.

    A reason about all groups rests on the comparison that has the fewest.
    """
    every = [finding for finding in found if finding.units is not None]
    for finding in every:
        if entry.group and (finding.group, finding.reference_group) == (
            entry.group,
            entry.reference,
        ):
            units = entry.units or finding.units
            return {"n": finding.n, "n_reference": finding.n_reference, "units": units}
    fewest = min(every, key=lambda f: min(sides(f.units or {}), default=0.0), default=None)
    if fewest is None:
        return {"units": entry.units}
    return {"n": fewest.n, "n_reference": fewest.n_reference, "units": entry.units or fewest.units}


def untested(kind: str) -> Examined:
    """A reason that the data can't check."""
    name = DEFENCE_NAMES.get(kind, Text(kind, kind))
    said = Text(
        f"计划声明的理由“{name.zh}”：数据里没有可以核对它的列，没有检验。",
        f"The declared reason “{name.en}”: the data hold no column to check it by; not tested.",
    )
    return Examined(kind, "", "", said, Verdict.NOT_EVALUABLE)


def raw_name(column: str) -> Text:
    """A column by its name in the data."""
    return Text(column, column)


@dataclass(frozen=True, slots=True)
class Case:
    """One attribute and how a probe measures its differences.

    Args:
        rows: in canonical order.
        attribute: what is compared.
        pairs: the levels compared: group and reference.
        unit: the unit of each row.
        alpha: the level of each test.
        gaps: the differences by group on some rows, with further columns held fixed.
        membership: per row whether it is of the group (or its number), and whether it counts in a
            comparison of the two.
        names: what a column is called in sentences.
    """

    rows: pa.Table
    attribute: str
    pairs: tuple[tuple[str, str], ...]
    unit: regression.Codes
    alpha: float
    gaps: Callable[[pa.Table, tuple[str, ...]], Mapping[str, Coefficient]]
    membership: Callable[[str, str], tuple[regression.Floats, quotes.Mask]]
    names: Callable[[str], Text] = raw_name


@dataclass(frozen=True, slots=True)
class _Ladder:
    """How price_observational measures: the last step of its ladder."""

    rows: pa.Table
    frame: Frame
    recipe: Recipe
    step: Step
    reference: str | None

    def gaps(self, rows: pa.Table, extra: tuple[str, ...] = ()) -> dict[str, Coefficient]:
        """The last step's differences on some rows, with further factors held fixed."""
        new = tuple(n for n in extra if n not in self.step.factors and n != self.frame.attribute)
        factors = (*self.step.factors, *new)
        recipe = replace(self.recipe, factors=factors)
        made = repeated(build(rows, self.frame.attribute, recipe, self.reference))
        fitted = fit_step(made, replace(self.step, factors=factors))
        found = {}
        whole = self.frame.contrasts if not self.frame.groups else ()
        for contrast in whole or made.contrasts:  # a number is compared at the same two values
            own = fitted.of(contrast.column)
            if own is not None and contrast.span:
                scale = contrast.span * made.unit_effect
                found[contrast.group] = Coefficient(
                    own.value * scale, own.error * abs(scale), own.freedom
                )
        return found

    def membership(self, group: str, reference: str) -> tuple[regression.Floats, quotes.Mask]:
        """Whether each row is of the group; for a number, the number itself."""
        column = self.rows.column(self.frame.attribute)
        if not self.frame.groups:
            values = quotes.numbers(column)
            return np.nan_to_num(values), np.isfinite(values)
        found = quotes.levels(column)
        inside = np.isin(
            found.codes, [found.names.index(n) for n in (group, reference) if n in found.names]
        )
        return (found.codes == found.names.index(group)).astype(np.float64), inside


def _span(left: Coefficient, case: Case) -> Text:
    """The interval of what is left, over all pairs that could be called small."""
    low, high = left.interval(case.alpha / max(1, len(case.pairs)))
    return interval(low, high) if high - low > 2 * SAME else interval(None, None)


def _judged(left: Coefficient, case: Case, units: Mapping[str, Any]) -> Verdict:
    margin, alpha = log_line(EQUIVALENCE), case.alpha
    small = left.within(-margin, margin)
    span = left.interval(alpha / max(1, len(case.pairs)))
    if equivalence.shown(
        small, family=len(case.pairs), alpha=alpha, units=sides(units), interval=span,
        near=(-margin, margin),
    ):  # fmt: skip
        return Verdict.EQUIVALENT
    return Verdict.DIFFERENCE if left.p < alpha else Verdict.INCONCLUSIVE


def _standing(case: Case, pair: tuple[str, str], rows: quotes.Mask) -> dict[str, Any]:
    """How many units of each side of a pair the marked rows hold; of a number, on both."""
    members, compared = case.membership(*pair)
    kept = compared & rows
    grouped = bool(np.isin(members[compared], (0.0, 1.0)).all())
    parts = (kept & (members > 0), kept & (members <= 0)) if grouped else (kept, kept)
    one, other = (kish(codes_of(case.unit), part, None) for part in parts)
    return counted("accounts", one, other)


_LEFT: dict[Verdict, Text] = {
    Verdict.EQUIVALENT: Text("剩下的差异很小。", "what is left is small."),
    Verdict.DIFFERENCE: Text(
        "仍有差异，这个理由不能解释全部。",
        "a difference is left that the reason does not explain.",
    ),
    Verdict.INCONCLUSIVE: Text("剩下的差异还不能下结论。", "what is left is inconclusive."),
}


def _cost_drivers(
    case: Case,
    defence: Mapping[str, Any],  # noqa: ARG001
    named: list[str],
) -> list[Examined]:
    """Hold the declared drivers fixed as well: what is left of the difference?"""
    before, after = case.gaps(case.rows, ()), case.gaps(case.rows, tuple(named))
    everyone = np.ones(case.rows.num_rows, dtype=np.bool_)
    found = []
    for group, reference in case.pairs:
        left = after.get(group)
        if left is None or group not in before:
            continue
        units = _standing(case, (group, reference), everyone)
        verdict, size, span = _judged(left, case, units), dearer(left.value), _span(left, case)
        held = [case.names(name) for name in named]
        zh, en = "、".join(name.zh for name in held), ", ".join(name.en for name in held)
        said = Text(
            f"声明的理由“成本不同”：把{zh}也固定后，价格{size.zh}{span.zh}，{_LEFT[verdict].zh}",
            f"Declared reason “different costs”: with {en} held fixed too, the price is {size.en}{span.en}; {_LEFT[verdict].en}",
        )
        numbers = {"before": before[group].value, "after": left.value, "columns": named}
        found.append(Examined("cost_drivers", group, reference, said, verdict,
                              left.value, left.p, numbers, units))  # fmt: skip
    return found or [untested("cost_drivers")]


def _new_user_offer(case: Case, defence: Mapping[str, Any], named: list[str]) -> list[Examined]:
    """Leave out those inside the window: is there a difference among all others?

    The offer must also have reached those inside it; where a column says who got it, that is seen.
    """
    window = inside(case.rows, named[0], defence)
    outside = case.rows.filter(pa.array(~window))
    gaps = case.gaps(outside, ()) if outside.num_rows else {}
    reach = _reach(case, window, defence)
    found = []
    for group, reference in case.pairs:
        left = gaps.get(group)
        if left is None:
            continue
        units = _standing(case, (group, reference), ~window)
        verdict, size, span = _judged(left, case, units), dearer(left.value), _span(left, case)
        said = Text(
            f"声明的理由“新用户优惠”：只看优惠窗口之外的 {outside.num_rows} 行，价格{size.zh}{span.zh}，{_LEFT[verdict].zh}",
            f"Declared reason “new-user offer”: among the {outside.num_rows} rows outside its window the price is {size.en}{span.en}; {_LEFT[verdict].en}",
        )
        if reach is not None and reach.upper < POLICY.value("offer_reach"):
            verdict, said = Verdict.DIFFERENCE, texts(said, _missed(reach), gap=" ")
        numbers = {"inside": int(window.sum()), "outside": outside.num_rows, "after": left.value,
                   "reach": reach.share if reach else None}  # fmt: skip
        found.append(Examined("new_user_offer", group, reference, said, verdict,
                              left.value, left.p, numbers, units))  # fmt: skip
    return found or [untested("new_user_offer")]


def _missed(reach: "_Share") -> Text:
    got = share(reach.share)
    return Text(
        f"但窗口内只有 {got} 的新用户得到优惠，这个理由的前提不成立。",
        f"But only {got} of the new users inside it got the offer, so its own premise fails.",
    )


def inside(rows: pa.Table, column: str, defence: Mapping[str, Any]) -> quotes.Mask:
    """Rows within the window: at most `at_most`, or at the level `value`."""
    if "at_most" in defence:
        return np.asarray(
            quotes.numbers(rows.column(column)) <= float(defence["at_most"]), dtype=np.bool_
        )
    return _marked(rows, column, {level_name(defence.get("value", True))})


def _marked(rows: pa.Table, column: str, wanted: frozenset[str] | set[str]) -> quotes.Mask:
    found = quotes.levels(rows.column(column))
    hit = np.array([name in wanted for name in found.names] + [False], dtype=np.bool_)
    return np.asarray(hit[found.codes], dtype=np.bool_)


@dataclass(frozen=True, slots=True)
class _Share:
    """A share of units with its one-sided 95 % upper bound (Clopper and Pearson 1934)."""

    share: float
    upper: float


def _share_of_units(unit: regression.Codes, marked: quotes.Mask) -> _Share:
    """The share of units that are marked in any of their rows."""
    hits, units = len(np.unique(unit[marked])), len(np.unique(unit))
    bound = clopper_pearson(hits, units, 0.90)
    return _Share(hits / max(units, 1), bound.high if bound else 1.0)


def _reach(case: Case, window: quotes.Mask, defence: Mapping[str, Any]) -> _Share | None:
    """The share of units inside the window that got the offer, where a column says so."""
    column = defence.get("offer")
    if column not in case.rows.schema.names or not window.any():
        return None
    got = _marked(case.rows, str(column), YES)
    return _share_of_units(case.unit[window], got[window])


def _random_experiment(
    case: Case,
    defence: Mapping[str, Any],  # noqa: ARG001
    named: list[str],
) -> list[Examined]:
    """Is the assignment independent of the attribute?"""
    found = []
    arms = quotes.levels(case.rows.column(named[0]))
    for group, reference in case.pairs:
        members, compared = case.membership(group, reference)
        p = _independence(arms.codes, members, case.unit, compared)
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
        found.append(Examined("random_experiment", group, reference,
                              texts(head, said), verdict, None, p, {"arms": len(arms.names)}))  # fmt: skip
    return found or [untested("random_experiment")]


def _disclosure(
    case: Case,
    defence: Mapping[str, Any],  # noqa: ARG001
    named: list[str],
) -> list[Examined]:
    """Is everyone of both groups recorded as told?"""
    told = _marked(case.rows, named[0], YES)
    found = []
    for group, reference in case.pairs:
        members, compared = case.membership(group, reference)
        if not compared.any():
            continue
        everyone = float(told[compared].mean())
        own = told[compared & (members > 0)]
        verdict = Verdict.EQUIVALENT if everyone == 1 else Verdict.DIFFERENCE
        said = Text(
            f"声明的理由“已告知用户”：{share(everyone)} 的报价有告知记录；记录是否属实没有检验。",
            f"Declared reason “disclosure”: {share(everyone)} of quotes are recorded as told; whether the record is true was not tested.",
        )
        numbers = {"told": everyone, "told_in_group": float(own.mean()) if own.size else None}
        found.append(Examined("disclosure", group, reference, said, verdict, None, None, numbers))
    return found or [untested("disclosure")]


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
        arm = arms[first] == kind
        coefficient = regression.fit(
            regression.design(members[first], [("arm", arm.astype(np.float64))])
        ).of("arm")
        if coefficient is not None:
            p_values.append(coefficient.p)
        elif arm.any() and not arm.all() and members[first][arm].mean() != members[first].mean():
            p_values.append(min(1.0, 2 / math.comb(len(first), int(arm.sum()))))  # wholly apart
    return min(1.0, min(p_values) * len(p_values)) if p_values else None


_TESTS = {
    "cost_drivers": _cost_drivers,
    "new_user_offer": _new_user_offer,
    "random_experiment": _random_experiment,
    "disclosure": _disclosure,
}
