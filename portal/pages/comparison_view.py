"""How two reports are shown beside each other."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import expm1
from typing import Any

from evaluators.judging import captions
from evaluators.running import comparison, questions
from evaluators.running.comparison import CHANGE_NAMES, METHOD, SAME_NAMES, Change, Compared
from portal.pages import charts
from portal.pages.report_pictures import Picture
from registry.findings import told
from registry.language import Language, Text

BADGES = {Change.WORSE: "bad", Change.BETTER: "good"}
DRAWN = 16
SHOWN = 200
"""Findings of one kind of change that are shown."""


@dataclass(frozen=True, slots=True)
class Line:
    """One finding in both reports, ready to show."""

    question: str
    label: str
    metric: str
    before: str
    after: str
    change: str
    interval: str
    verdicts: tuple[str, str]
    reading: str


@dataclass(frozen=True, slots=True)
class Part:
    """What changed in one way.

    Args:
        id, name, badge: of the change.
        count: how many findings changed so.
        lines: the first `SHOWN` of them.
        more: that not all are shown; empty where all are.
    """

    id: str
    name: str
    badge: str
    count: int
    lines: tuple[Line, ...]
    more: str


@dataclass(frozen=True, slots=True)
class ComparisonView:
    """A comparison in one language; `plans` say on which data its two reports rest."""

    headline: str
    conditions: tuple[str, ...]
    method: str
    parts: tuple[Part, ...]
    picture: Picture | None
    plans: tuple[Mapping[str, Any], ...] = ()


def view(
    first: Mapping[str, Any], second: Mapping[str, Any], language: Language
) -> ComparisonView:
    """Everything the page of a comparison shows.

    Args:
        first: the statement of the earlier report.
        second: of the later one.
        language: of the page.
    """
    found = comparison.compare(first, second)
    plan = second["predicate"]["plan"].get("content") or {}
    parts = tuple(
        _part(change, [e for e in found.compared if e.change is change], plan, language)
        for change in Change
        if found.counts.get(change.value)
    )
    said = [(CHANGE_NAMES[Change(name)], count) for name, count in found.counts.items()]
    headline = Text(
        "，".join(f"{count} 项{name.zh}" for name, count in said) + "。",
        ", ".join(f"{count} {name.en}" for name, count in said) + ".",
    )
    return ComparisonView(
        headline=headline.in_(language),
        conditions=tuple(SAME_NAMES[each].in_(language) for each in found.same.items()),
        method=METHOD.in_(language),
        parts=parts,
        picture=_picture([e for e in found.compared if e.low is not None], plan, language),
        plans=_plans(first, second),
    )


def _plans(*statements: Mapping[str, Any]) -> tuple[Mapping[str, Any], ...]:
    """The plans that say on which data the two rest; one where both say the same."""
    first, second = (each["predicate"]["plan"].get("content") or {} for each in statements)
    return (first,) if first.get("frame") == second.get("frame") else (first, second)


def _part(
    change: Change, compared: Sequence[Compared], plan: Mapping[str, Any], language: Language
) -> Part:
    hidden = len(compared) - SHOWN
    said = Text(
        f"这里只列出前 {SHOWN} 项；另外 {hidden:,} 项见 mingsuan compare --json。",
        f"Only the first {SHOWN} are listed here; for {hidden:,} more: mingsuan compare --json.",
    )
    return Part(
        change.value,
        CHANGE_NAMES[change].in_(language),
        BADGES.get(change, ""),
        len(compared),
        tuple(_line(each, plan, language) for each in compared[:SHOWN]),
        said.in_(language) if hidden > 0 else "",
    )


def _line(each: Compared, plan: Mapping[str, Any], language: Language) -> Line:
    about = each.finding
    size, interval = "—", "—"
    scale = each.kind if each.kind == "log_ratio" else captions.scale(about)
    if each.size is not None:
        size = _signed(each.size, scale)
    if each.low is not None and each.high is not None:
        interval = f"{_signed(each.low, scale)} – {_signed(each.high, scale)}"
    sides = [told(side).value if side else "" for side in (each.before, each.after)]
    return Line(
        question=questions.caption(str(about["probe"]), plan).in_(language),
        label=captions.group(about, plan).in_(language),
        metric=captions.measured(about, plan).in_(language),
        before=_value(each.before),
        after=_value(each.after),
        change=size,
        interval=interval,
        verdicts=(sides[0], sides[1]),
        reading=each.reading.in_(language),
    )


def _value(finding: Mapping[str, Any] | None) -> str:
    if finding is None:
        return "—"
    effect = finding["effect"] or {}
    return captions.amount(effect.get("value"), captions.scale(finding))


def _signed(value: float, kind: str) -> str:
    """By how much the distance from "no difference" grew."""
    if kind == "log_ratio":
        return f"{100 * expm1(value):+.1f}%"
    return f"{100 * value:+.1f}" if kind in captions.SHARES else f"{value:+.3f}"


def _picture(moved: list[Compared], plan: Mapping[str, Any], language: Language) -> Picture | None:
    """The changes measured in ratios, the worst first; left of zero is better."""
    drawn = [e for e in moved if e.kind == "log_ratio" and e.high is not None][:DRAWN]
    if not drawn:
        return None
    rows = [
        charts.Bar(
            label=captions.group(e.finding, plan).in_(language)
            + " · " + captions.measured(e.finding, plan).in_(language),
            value=expm1(e.size or 0.0), low=expm1(e.low or 0.0), high=expm1(e.high or 0.0),
            shown=_signed(e.size or 0.0, e.kind),
        )
        for e in drawn
    ]  # fmt: skip
    points = [x for row in rows for x in (row.low, row.high, 0.0) if x is not None]
    low, high = min(points), max(points)
    margin = (high - low or 1) * 0.08
    title = Text("离“没有差别”远了多少", "How much further from 'no difference'").in_(language)
    told = Text(
        "零的左边是变好，右边是变差；横线是变化的区间，跨过零就看不出变化。",
        "Left of zero is better, right is worse; a bar that crosses zero shows no change.",
    ).in_(language)
    svg = charts.intervals(
        rows, title=title, description="; ".join(f"{r.label} {r.shown}" for r in rows),
        axis=(low - margin, high + margin), unit=charts.SHARES, lines=(0.0,),
    )  # fmt: skip
    return Picture(svg, f"{title}{'。' if language == 'zh' else '. '}{told}")
