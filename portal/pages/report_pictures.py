"""The pictures of a report: one chart per measure, dots with intervals beside the lines."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import exp, expm1, log1p
from typing import Any

from markupsafe import Markup

from evaluators.judging import captions
from portal.pages import charts
from registry import findings
from registry.language import Language, Text

CHART_ROWS = 16
SIDES = frozenset({"difference", "mark_up", *captions.SIGNED})
PERCENT = frozenset({"difference", "share", "mark_up", "log_ratio"})
TOLD = Text(
    "点是估计值，横线是区间，红色虚线是界线。",
    "Dots are estimates, bars their intervals, dashed red lines the thresholds.",
)
MORE = Text("只画了前 {0} 项，其余见表。", "The first {0} are drawn; the rest stand in the table.")


@dataclass(frozen=True, slots=True)
class Picture:
    """A chart, what it shows, and the gravest verdict drawn in it; empty where it draws none."""

    svg: Markup
    caption: str
    verdict: str = ""


def pictures(
    findings: Sequence[Mapping[str, Any]], plan: Mapping[str, Any], language: Language
) -> list[Picture]:
    """One chart per measure and kind of effect that has intervals to draw.

    Args:
        findings: of one probe.
        plan: the plan's content, for plain names.
        language: of the words.
    """
    series: dict[tuple[str, str], list[Mapping[str, Any]]] = {}
    for finding in findings:
        effect, interval = finding["effect"], finding["ci"]
        if effect and effect.get("value") is not None and interval and _ends(interval):
            series.setdefault((finding["metric"], captions.scale(finding)), []).append(finding)
    return [_picture(kind, drawn, plan, language) for (_, kind), drawn in series.items()]


def gravest(drawn: Sequence[Picture]) -> list[Picture]:
    """The pictures with the gravest verdict first, for a page that shows only one.

    Args:
        drawn: of one question.
    """
    return sorted(drawn, key=lambda each: (*findings.ORDER, "").index(each.verdict))


def _picture(
    kind: str,
    drawn: Sequence[Mapping[str, Any]],
    plan: Mapping[str, Any],
    language: Language,
) -> Picture:
    rows = [
        charts.Bar(
            label=captions.group(finding, plan).in_(language),
            value=place(finding["effect"]["value"], kind),
            low=place(finding["ci"]["low"], kind),
            high=place(finding["ci"]["high"], kind),
            shown=captions.amount(finding["effect"]["value"], kind),
        )
        for finding in drawn[:CHART_ROWS]
    ]
    lines = sorted({line for finding in drawn[:CHART_ROWS] for line in lines_of(finding)})
    points = [x for row in rows for x in (row.value, row.low, row.high) if x is not None]
    near = [line for line in lines if min(points) <= line <= max(points)] or lines[:1]
    low, high = min([*points, neutral(kind), *near]), max([*points, neutral(kind), *near])
    margin = (high - low or 1) * 0.08
    measured, scale = captions.measured(drawn[0], plan), captions.KINDS.get(kind, Text(kind, kind))
    named = Text(f"{measured.zh}（{scale.zh}）", f"{measured.en} ({scale.en})").in_(language)
    if not scale.zh:
        named = measured.in_(language)
    told = TOLD if len(drawn) <= CHART_ROWS else Text(
        TOLD.zh + MORE.zh.format(CHART_ROWS), f"{TOLD.en} {MORE.en.format(CHART_ROWS)}"
    )  # fmt: skip
    return Picture(
        svg=charts.intervals(
            rows,
            title=named,
            description="; ".join(f"{row.label} {row.shown}" for row in rows),
            axis=(low - margin, high + margin),
            unit=charts.SHARES if kind in PERCENT else "",
            lines=lines,
        ),
        caption=Text(f"{named}。{told.zh}", f"{named[:1].upper()}{named[1:]}. {told.en}").in_(
            language
        ),
        verdict=min((str(each["verdict"]) for each in drawn), key=findings.ORDER.index),
    )


def place(value: float, kind: str) -> float:
    """Where an effect stands on its axis: log ratios as the share or the ratio they stand for."""
    if kind == "times":
        return exp(value)
    return expm1(value) if kind == "log_ratio" else float(value)


def neutral(kind: str) -> float:
    """Where "no difference" stands."""
    return {"ratio": 1.0, "times": 1.0, "auc": 0.5}.get(kind, 0.0)


def lines_of(finding: Mapping[str, Any]) -> list[float]:
    """The thresholds of a finding on its axis, on both sides of "no difference"."""
    value = (finding["threshold"] or {}).get("value")
    kind = captions.scale(finding)
    given = value if isinstance(value, Sequence) and not isinstance(value, str) else [value]
    numbers = [float(x) for x in given if isinstance(x, int | float)]
    if len(numbers) != 1:
        return numbers
    one = numbers[0]
    if kind == "ratio" and one > 0:
        return [one, 1 / one]
    if kind == "log_ratio":
        return [expm1(-log1p(one)), one] if one > 0 else numbers
    if kind == "times":
        return [exp(-one), exp(one)]
    return [-one, one] if kind in SIDES else numbers


def _ends(interval: Mapping[str, Any]) -> bool:
    return interval.get("low") is not None and interval.get("high") is not None
