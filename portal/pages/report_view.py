"""How a report is shown: what a first screen says, then each question with picture and table."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from markupsafe import Markup

from portal.pages import charts
from portal.pages.rendering import in_language, number, percent
from registry.language import Language, Text
from registry.law import RULES, Rule

SHARES = ("difference", "share")
RATIOS = ("ratio",)
CHART_ROWS = 16
ORDER = ("disparity", "difference", "inconclusive", "not_evaluable", "equivalent")

PROBES: dict[str, Text] = {
    "selection_parity": Text(
        "各组得到有利结果的比例", "How often each group gets the favourable result"
    ),
    "error_parity": Text("各组被判错的比例", "How often each group is judged wrongly"),
    "counterfactual_flip": Text(
        "只改一项信息，结果会不会变", "Does changing one input alone change the result?"
    ),
    "proxy_leakage": Text("评分会不会泄露敏感特征", "Does the score tell the sensitive feature?"),
    "price_counterfactual": Text(
        "只改个人或地区信息，价格会不会变",
        "Does the price move when only profile or area features change?",
    ),
    "price_observational": Text(
        "同类条件下，实际价格是否因组而异", "Do observed prices differ under like conditions?"
    ),
    "loyalty_dose_response": Text(
        "老用户是不是付得更多", "Do regular customers pay more than new ones?"
    ),
    "price_steering": Text(
        "是不是给一些人看更贵的商品",
        "Are some people shown dearer goods, or the same ones dearer?",
    ),
    "offer_access": Text(
        "优惠、库存、费用和最后付的钱是否一样",
        "Same offers, stock and fees, and the same final price?",
    ),
}

KINDS: dict[str, Text] = {
    "difference": Text("差（百分点）", "difference (points)"),
    "ratio": Text("比值", "ratio"),
    "log_ratio": Text("对数比", "log ratio"),
    "mark_up": Text("加价", "mark-up"),
    "share": Text("占比", "share"),
    "auc": Text("AUC（0.5 = 看不出，1 = 完全看得出）", "AUC (0.5 = can't tell, 1 = tells fully)"),
    "coefficient": Text("系数", "coefficient"),
}


@dataclass(frozen=True, slots=True)
class Row:
    """One finding, in words and numbers ready to show."""

    label: str
    metric: str
    n: str
    estimate: str
    reference: str
    effect: str
    interval: str
    p_value: str
    p_adjusted: str
    threshold: str
    verdict: str
    reading: str
    limit: str
    suppressed: bool


@dataclass(frozen=True, slots=True)
class Picture:
    """A chart and what it shows."""

    svg: Markup
    caption: str


@dataclass(frozen=True, slots=True)
class Question:
    """One probe's part of the report."""

    id: str
    title: str
    counts: Mapping[str, int]
    rows: tuple[Row, ...]
    pictures: tuple[Picture, ...]
    rules: tuple[Rule, ...]


@dataclass(frozen=True, slots=True)
class ReportView:
    """The whole report in one language."""

    subject: str
    model_digest: str
    predicate: Mapping[str, Any]
    counts: Mapping[str, int]
    main: tuple[Row, ...]
    questions: tuple[Question, ...]
    untested: tuple[str, ...] = field(default=())


def view(statement: Mapping[str, Any], language: Language) -> ReportView:
    """Everything the report page shows, from the signed statement alone.

    Args:
        statement: the in-toto statement.
        language: of the page.
    """
    predicate = statement["predicate"]
    findings: list[Mapping[str, Any]] = predicate["findings"]
    probes = list(dict.fromkeys(finding["probe"] for finding in findings))
    serious = [f for f in findings if f["verdict"] in ("disparity", "difference")]
    return ReportView(
        subject=statement["subject"][0]["name"],
        model_digest=statement["subject"][0]["digest"]["sha256"],
        predicate=predicate,
        counts=_counts(findings),
        main=tuple(_row(finding, language) for finding in _foremost(serious or findings)),
        questions=tuple(
            _question(probe, [f for f in findings if f["probe"] == probe], language)
            for probe in probes
        ),
        untested=tuple(
            _untested(finding, language)
            for finding in findings
            if finding["verdict"] == "not_evaluable"
        ),
    )


def _counts(findings: Sequence[Mapping[str, Any]]) -> dict[str, int]:
    counted = Counter(finding["verdict"] for finding in findings)
    return {verdict: counted[verdict] for verdict in ORDER if counted[verdict]}


def _foremost(findings: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """The first of each probe, the gravest verdict before the others, six at most."""
    ranked = sorted(findings, key=lambda finding: ORDER.index(finding["verdict"]))
    first: dict[tuple[str, str], Mapping[str, Any]] = {}
    for finding in ranked:
        first.setdefault((finding["probe"], str(finding["group"])), finding)
    return list(first.values())[:6]


def _question(probe: str, findings: Sequence[Mapping[str, Any]], language: Language) -> Question:
    cited = dict.fromkeys(ref for finding in findings for ref in finding["legal_refs"])
    return Question(
        id=probe,
        title=in_language(PROBES.get(probe, Text(probe, probe)), language),
        counts=_counts(findings),
        rows=tuple(_row(finding, language) for finding in findings),
        pictures=tuple(_pictures(findings, language)),
        rules=tuple(RULES[ref] for ref in cited if ref in RULES),
    )


def _pictures(findings: Sequence[Mapping[str, Any]], language: Language) -> list[Picture]:
    """One chart per metric and kind of effect that has intervals to draw."""
    series: dict[tuple[str, str], list[Mapping[str, Any]]] = {}
    for finding in findings:
        effect, interval = finding["effect"], finding["ci"]
        if effect and effect.get("value") is not None and interval and _ends(interval):
            series.setdefault((finding["metric"], effect["kind"]), []).append(finding)
    return [
        _picture(metric, kind, drawn[:CHART_ROWS], language)
        for (metric, kind), drawn in series.items()
    ]


def _picture(
    metric: str, kind: str, drawn: Sequence[Mapping[str, Any]], language: Language
) -> Picture:
    rows = [
        charts.Bar(
            label=_group(finding, language),
            value=finding["effect"]["value"],
            low=finding["ci"]["low"],
            high=finding["ci"]["high"],
            shown=_amount(finding["effect"]["value"], kind),
        )
        for finding in drawn
    ]
    lines = sorted({value for finding in drawn for value in _lines(finding)})
    points = [x for row in rows for x in (row.value, row.low, row.high) if x is not None]
    low, high = min([*points, _neutral(kind), *lines]), max([*points, _neutral(kind), *lines])
    margin = (high - low or 1) * 0.08
    name = in_language(KINDS.get(kind, Text(kind, kind)), language)
    title = f"{metric}: {name}"
    told = (
        "点是估计值，横线是区间，红色虚线是界线。"
        if language == "zh"
        else "Dots are estimates, bars are intervals, dashed red lines are thresholds."
    )
    return Picture(
        svg=charts.intervals(
            rows,
            title=title,
            description="; ".join(f"{row.label} {row.shown}" for row in rows),
            axis=(low - margin, high + margin),
            unit="%" if kind in (*SHARES, "mark_up") else "",
            lines=lines,
        ),
        caption=f"{title}. {told}" if language == "en" else f"{title}。{told}",
    )


def _ends(interval: Mapping[str, Any]) -> bool:
    return interval.get("low") is not None and interval.get("high") is not None


def _neutral(kind: str) -> float:
    return {"ratio": 1.0, "auc": 0.5}.get(kind, 0.0)


def _lines(finding: Mapping[str, Any]) -> list[float]:
    threshold = finding["threshold"] or {}
    value = threshold.get("value")
    if isinstance(value, int | float):
        return [float(value)]
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [float(x) for x in value if isinstance(x, int | float)]
    return []


def _untested(finding: Mapping[str, Any], language: Language) -> str:
    """Which question, about whom, and why it has no answer."""
    question = in_language(PROBES.get(finding["probe"], Text("", "")), language)
    colon = "：" if language == "zh" else ": "
    about = f"{question}（{_group(finding, language)}）" if language == "zh" else (
        f"{question} ({_group(finding, language)})"
    )  # fmt: skip
    return f"{about}{colon}{in_language(finding['reading'], language)}"


def _row(finding: Mapping[str, Any], language: Language) -> Row:
    effect, interval = finding["effect"] or {}, finding["ci"] or {}
    kind = str(effect.get("kind", ""))
    threshold = finding["threshold"] or {}
    return Row(
        label=_group(finding, language),
        metric=finding["metric"],
        n=_people(finding),
        estimate=number(finding["estimate"]),
        reference=number(finding["reference_estimate"]),
        effect=_amount(effect.get("value"), kind),
        interval=(
            f"{_amount(interval['low'], kind)} – {_amount(interval['high'], kind)}"
            if interval and _ends(interval)
            else "—"
        ),
        p_value=_probability(finding["p_value"]),
        p_adjusted=_probability(finding["p_adjusted"]),
        threshold=str(threshold.get("rule") or threshold.get("value") or "—"),
        verdict=finding["verdict"],
        reading=in_language(finding["reading"], language),
        limit=in_language(finding["limit"], language),
        suppressed=bool(finding["suppressed"]),
    )


def _group(finding: Mapping[str, Any], language: Language) -> str:
    parts = [f"{name}={level}" for name, level in (finding["slice"] or {}).items()]
    if parts:
        return "，".join(parts) if language == "zh" else ", ".join(parts)
    return str(finding["group"] or ("全部" if language == "zh" else "all"))


def _people(finding: Mapping[str, Any]) -> str:
    if finding["n_reference"] is None:
        return number(finding["n"])
    return f"{number(finding['n'])} / {number(finding['n_reference'])}"


def _amount(value: float | None, kind: str) -> str:
    if value is None:
        return "—"
    if kind in (*SHARES, "mark_up"):
        return percent(value)
    return number(value)


def _probability(value: float | None) -> str:
    if value is None:
        return "—"
    return "< 0.001" if value < 0.001 else f"{value:.3f}"
