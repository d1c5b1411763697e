"""How a report is shown: what a first screen says, then each question with picture and table.

The same view is rendered by the report page and by the `report.html` that a run at home writes.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from evaluators.judging import captions, conclusions
from evaluators.prices import price_rules
from evaluators.running import questions
from explainers import prices
from portal.home import telling
from portal.pages import beyond
from portal.pages.rendering import in_language, number
from portal.pages.report_method import CountRow, commands, counts, method
from portal.pages.report_pictures import Picture, pictures
from registry import findings, law, outcomes
from registry.findings import ORDER, SHOWN, as_told, most
from registry.language import Language, Text
from registry.law import RULES, Rule
from registry.outcomes import OUTCOME_NAMES
from registry.yardsticks import Yardstick

PROBES = questions.PROBES
UNASKED = 2
FOREMOST = 6
NAMED = 3
LISTED = 12
"""Groups that are named beside one reason."""
COUNTED = ("_rate", "_rate_ratio", "_share", "_same_goods", "accuracy_by_group")
OF_A_HUNDRED = frozenset({"exposure_ratio", "skew_at_k", "expected_calibration_error", "false_negative_rate",
                          "equalized_odds_difference", "list_overlap_gap"})  # fmt: skip
"""Metrics whose own numbers, besides the effect, are shares of a hundred."""
PRICING = frozenset({"price_counterfactual", "price_observational", "loyalty_dose_response",
                     "price_steering", "offer_access"})  # fmt: skip


@dataclass(frozen=True, slots=True)
class Row:
    """One finding, in words and numbers ready to show; `number` is its place in the report, from 1."""

    label: str
    against: str
    metric: str
    n: str
    estimate: str
    reference: str
    effect: str
    interval: str
    p_value: str
    p_adjusted: str
    verdict: str
    concluded: str
    reading: str
    plainly: str
    limit: str
    method: str
    counts: tuple[CountRow, ...]
    suppressed: bool
    number: int


@dataclass(frozen=True, slots=True)
class Question:
    """One probe's part of the report.

    Args:
        id, title: of the probe.
        counts: how many of its findings showed what (`registry.outcomes`), gravest first.
        measures: the same for each thing that it measured, in plain words: a question about like
            circumstances measures the whole as well, and one is not the other.
        rows: its findings, or the most telling `SHOWN` of them.
        more: that not all are shown, and where the others stand; empty where all are.
        pictures: one chart per measure.
        rules: which it bears on.
        features: which features those name, where they are against discrimination; else None.
    """

    id: str
    title: str
    counts: Mapping[str, int]
    measures: Mapping[str, Mapping[str, int]]
    rows: tuple[Row, ...]
    more: str
    pictures: tuple[Picture, ...]
    rules: tuple[Rule, ...]
    features: Text | None


@dataclass(frozen=True, slots=True)
class ReportView:
    """The whole report in one language.

    Args:
        subject, model_digest: what the statement is about.
        predicate: the statement's content.
        counts: how many findings showed what (`registry.outcomes`), gravest first.
        headline: what was found, in one sentence.
        beyond: of what was measured, where and for whom a difference exceeds its line.
        rows: how many rows the data have, or why that is not told.
        left_out: which rows do not count, and why; empty where the report does not say.
        doubts: what about the data makes the numbers doubtful.
        omitted: what was not tested, in short.
        main: the gravest findings.
        limits: what the gravest findings do not say, each once.
        questions: one per probe.
        compared: by which features groups were compared, in plain words.
        untested: what could not be tested, and why.
        unplanned: what a reader might think was tested, and was not.
        unasked: the questions that the plan leaves out.
        commands: how to make the findings again.
        tier: the walls behind which the model was asked, in words.
        rules: for prices, what of each rule was tested (`evaluators.prices.price_rules`).
        recorded: what was looked at where no model was asked.
        exploratory: whether nobody registered the run.
    """

    subject: str
    model_digest: str
    predicate: Mapping[str, Any]
    counts: Mapping[str, int]
    headline: str
    beyond: str
    rows: str
    left_out: str
    doubts: tuple[str, ...]
    omitted: tuple[str, ...]
    main: tuple[Row, ...]
    limits: tuple[str, ...]
    questions: tuple[Question, ...]
    compared: str
    untested: tuple[str, ...]
    unplanned: tuple[str, ...]
    unasked: tuple[str, ...]
    commands: tuple[tuple[str, str], ...]
    tier: str
    rules: tuple[Mapping[str, Any], ...]
    recorded: Text
    exploratory: bool


def view(statement: Mapping[str, Any], language: Language) -> ReportView:
    """Everything a report shows, from the statement alone.

    Args:
        statement: the in-toto statement.
        language: of the page.
    """
    signed = statement["predicate"]
    findings = [as_told(each) for each in signed["findings"]]
    predicate = {**signed, "findings": findings}
    probes = list(dict.fromkeys(finding["probe"] for finding in findings))
    serious = [f for f in findings if f["verdict"] in ("disparity", "difference")]
    main = tuple(_row(f, predicate, language) for f in _foremost(serious or findings))
    unplanned, unasked = _unplanned(predicate), _unasked(predicate)
    plan = predicate["plan"].get("content") or {}
    order = [told.in_(language)] if (told := telling.classes_in_order(predicate)) else []
    return ReportView(
        subject=statement["subject"][0]["name"],
        tier=_tier(str((predicate.get("provenance") or {}).get("tier", "")), language),
        model_digest=statement["subject"][0]["digest"]["sha256"],
        predicate=predicate,
        counts=_counts(findings),
        headline=_headline(findings, language),
        beyond=_beyond(predicate, language),
        rows=telling.rows_number(predicate["data"]["rows"]).in_(language),
        left_out=said.in_(language) if (said := telling.rows_counted(predicate)) else "",
        doubts=tuple(said.in_(language) for said in telling.data_doubts(predicate)),
        omitted=tuple(s.in_(language) for s in _omitted(predicate, unplanned, unasked)),
        main=main,
        limits=tuple(dict.fromkeys([*order, *(row.limit for row in main)])),
        questions=tuple(
            _question(probe, [f for f in findings if f["probe"] == probe], predicate, language)
            for probe in probes
        ),
        compared=compared(predicate, language),
        untested=_untested(predicate, language),
        unplanned=tuple(said.in_(language) for said in unplanned),
        unasked=tuple(questions.caption(n, plan).in_(language) for n in unasked),
        commands=tuple((said.in_(language), typed) for said, typed in commands(predicate)),
        rules=_price_rules(predicate),
        recorded=recorded(plan),
        exploratory=predicate["report"]["kind"] == "exploratory",
    )


def _price_rules(predicate: Mapping[str, Any]) -> tuple[Mapping[str, Any], ...]:
    """The table by rule, for a report on prices."""
    return tuple(price_rules.of(predicate))


def _counts(findings: Sequence[Mapping[str, Any]]) -> dict[str, int]:
    return outcomes.counted(findings)


def _headline(findings: Sequence[Mapping[str, Any]], language: Language) -> str:
    """How many comparisons there were, and what came of them."""
    parts = _counts(findings)
    zh = "；".join(f"{OUTCOME_NAMES[v].zh} {n} 项" for v, n in parts.items())
    en = "; ".join(f"{n}: {OUTCOME_NAMES[v].en}" for v, n in parts.items())
    total = len(findings)
    plural = "comparison was" if total == 1 else "comparisons were"
    said = Text(f"一共比较了 {total} 项：{zh}。", f"{total} {plural} made. {en}.")
    return said.in_(language)


def _beyond(predicate: Mapping[str, Any], language: Language) -> str:
    """What was measured beyond its line, and the groups concerned; no question asks for one thing."""
    plan = predicate["plan"].get("content") or {}
    groups: dict[str, dict[str, None]] = {}
    for finding in predicate["findings"]:
        if finding["verdict"] == "disparity":
            about = captions.group(finding, plan).in_(language)
            measured = captions.measured(finding, plan).in_(language)
            groups.setdefault(measured, {})[about] = None
    if not groups:
        return Text(
            "没有一项差异被证明超过界线；这不等于证明没有差异。",
            "No difference was shown to exceed its line; that does not prove there is none.",
        ).in_(language)
    lines = []
    for measured, found in groups.items():
        named, more = list(found)[:NAMED], len(found) - NAMED
        shown = ("；" if language == "zh" else "; ").join(named)
        if more > 0:
            shown += Text(f" 等 {len(found)} 组", f" and {more} more").in_(language)
        lines.append(f"{measured}（{shown}）" if language == "zh" else f"{measured} ({shown})")
    said = Text("差异超过界线的：{0}。", "Beyond the line: {0}.").in_(language)
    return said.format(("；" if language == "zh" else "; ").join(lines))


def _omitted(
    predicate: Mapping[str, Any], unplanned: Sequence[Text], unasked: Sequence[str]
) -> list[Text]:
    """What was not tested, for the first screen; the last of `unplanned` stands further down."""
    said, failed = list(unplanned[:-1]), _counts(predicate["findings"]).get("not_evaluable", 0)
    if unasked:
        said.append(_not_asked(unasked, predicate["plan"].get("content") or {}))
    if failed:
        said.append(
            Text(f"{failed} 项想测而没有测成。", f"Comparisons without an answer: {failed}.")
        )
    return said


def _not_asked(probes: Sequence[str], plan: Mapping[str, Any]) -> Text:
    """The questions that the plan does not ask, the first of them by name."""
    named = [questions.caption(each, plan) for each in probes[:UNASKED]]
    zh = "".join(f"“{each.zh}”" for each in named)
    en = ", ".join(f"“{each.en}”" for each in named)
    if len(probes) <= UNASKED:
        return Text(f"这份计划没有问：{zh}。", f"This plan does not ask: {en}.")
    return Text(
        f"这份计划没有问的有 {len(probes)} 个问题，例如{zh}。",
        f"This plan leaves {len(probes)} questions unasked, such as {en}.",
    )


def gravest(rows: Sequence[Row]) -> list[Row]:
    """The same rows, the gravest verdict before the others, for a page that shows only some.

    Args:
        rows: of one question.
    """
    return sorted(rows, key=lambda row: ORDER.index(row.verdict))


def _foremost(findings: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """The first of each probe and group, the gravest verdict before the others."""
    ranked = sorted(findings, key=lambda finding: ORDER.index(finding["verdict"]))
    first: dict[tuple[str, str], Mapping[str, Any]] = {}
    for finding in ranked:
        first.setdefault((finding["probe"], str(finding["group"])), finding)
    return list(first.values())[:FOREMOST]


def _question(
    probe: str,
    findings: Sequence[Mapping[str, Any]],
    predicate: Mapping[str, Any],
    language: Language,
) -> Question:
    cited = dict.fromkeys(ref for finding in findings for ref in finding["legal_refs"])
    plan = predicate["plan"].get("content") or {}
    told, hidden = most(findings, SHOWN), len(findings) - SHOWN
    return Question(
        id=probe,
        title=questions.caption(probe, plan).in_(language),
        counts=_counts(findings),
        measures=_measures(findings, plan, language),
        rows=tuple(_row(finding, predicate, language) for finding in told),
        more=_more(hidden).in_(language) if hidden > 0 else "",
        pictures=tuple(pictures(told, plan, language)),
        rules=tuple(RULES[ref] for ref in cited if ref in RULES),
        features=law.features(cited),
    )


def _measures(
    findings: Sequence[Mapping[str, Any]], plan: Mapping[str, Any], language: Language
) -> dict[str, Mapping[str, int]]:
    """How many findings showed what, by what each of them measured."""
    by: dict[str, list[Mapping[str, Any]]] = {}
    for finding in findings:
        by.setdefault(captions.measured(finding, plan).in_(language), []).append(finding)
    return {measured: _counts(each) for measured, each in by.items()}


def _more(hidden: int) -> Text:
    one = hidden == 1
    return Text(
        f"这里只列出最要紧的 {SHOWN} 项；另外 {hidden:,} 项在 report.json 里。",
        f"Only the {SHOWN} most telling findings are listed here; {hidden:,} more "
        f"{'stands' if one else 'stand'} in report.json.",
    )


def compared(predicate: Mapping[str, Any], language: Language) -> str:
    """By which features people were compared, or which alone were changed.

    Args:
        predicate: of the report's statement.
        language: of the page.
    """
    plan = predicate["plan"].get("content") or {}
    columns = plan.get("columns", {})
    by = [*(columns.get("sensitive") or []), *Yardstick.by("", plan).sensitive]
    named = [captions.column(plan, name).in_(language) for name in by]
    more = [captions.column(plan, name).in_(language) for name in columns.get("profile") or []]
    return ("、" if language == "zh" else ", ").join(dict.fromkeys([*named, *more]))


def _untested(predicate: Mapping[str, Any], language: Language) -> tuple[str, ...]:
    """What has no answer and why; the same reason about many groups is said once."""
    plan = predicate["plan"].get("content") or {}
    said: dict[tuple[str, str], list[str]] = {}
    for finding in predicate["findings"]:
        if finding["verdict"] == "not_evaluable":
            why = in_language(findings.reading(finding), language)
            about = captions.group(finding, plan).in_(language)
            said.setdefault((finding["probe"], why), []).append(about)
    colon, joint = ("：", "；") if language == "zh" else (": ", "; ")
    lines = []
    for (probe, why), groups in said.items():
        about = _listed(list(dict.fromkeys(groups)), joint, language)
        named = f"（{about}）" if language == "zh" else f" ({about})"
        lines.append(f"{questions.caption(probe, plan).in_(language)}{named}{colon}{why}")
    return tuple(lines)


def _listed(groups: Sequence[str], joint: str, language: Language) -> str:
    """The first groups by name, and how many more there are."""
    named, more = joint.join(groups[:LISTED]), len(groups) - LISTED
    if more <= 0:
        return named
    return named + Text(f" 等 {len(groups):,} 组", f" and {more:,} more").in_(language)


def recorded(plan: Mapping[str, Any]) -> Text:
    """What was looked at where no model was asked: results on record, scores, or prices.

    Args:
        plan: the content of a report's plan.
    """
    roles = {role for role, name in (plan.get("columns") or {}).items() if name}
    if "prediction" in roles or not roles & {"score", "price"}:
        return Text("数据里记录的结果", "the results recorded in the data")
    if "price" in roles:
        return Text("数据里的报价", "the prices in the data")
    return Text("数据里的分数", "the scores in the data")


def _unplanned(predicate: Mapping[str, Any]) -> list[Text]:
    """What a reader might think was tested, and was not."""
    plan = predicate["plan"].get("content") or {}
    run, found = {each["id"] for each in predicate["probes"]}, []
    lacking = [name for name in predicate["required_probes"] if name not in run]
    if lacking:
        zh = "、".join(f"“{questions.caption(name, plan).zh}”" for name in lacking)
        en = "; ".join(f"'{questions.caption(name, plan).en}'" for name in lacking)
        found.append(Text(f"按平台的规定应当测、这次没有测：{zh}。",
                          f"Required by this platform and not tested here: {en}."))  # fmt: skip
    if not (plan.get("columns") or {}).get("inputs"):
        read = recorded(plan)
        found.append(Text(
            f"模型本身没有被提问，看的只是{read.zh}。",
            f"The model itself was not asked; only {read.en} were looked at.",
        ))  # fmt: skip
    if not plan.get("frame"):
        found.append(Text(
            "计划没有写明数据怎样取得，所以结论只说这些行。",
            "The plan does not say how the rows were drawn: the findings speak for these rows only.",
        ))  # fmt: skip
    found.append(Text(
        "没有列在上面的特征和人群，这份报告什么也没有说。是否违法由执法和司法机关判断。",
        "Of features and groups not listed above, this report says nothing. Whether a law was "
        "broken is for those who apply it.",
    ))  # fmt: skip
    return found


def _unasked(predicate: Mapping[str, Any]) -> list[str]:
    """Probes for the same kind of decision that neither ran nor are required."""
    known = {each["id"] for each in predicate["probes"]} | set(predicate["required_probes"])
    same = [name for name in PROBES if (name in PRICING) == (predicate["task"] == "pricing")]
    return [name for name in same if name not in known]


def _row(finding: Mapping[str, Any], predicate: Mapping[str, Any], language: Language) -> Row:
    effect, interval = finding["effect"] or {}, finding["ci"] or {}
    kind, plan = captions.scale(finding), predicate["plan"].get("content") or {}
    return Row(
        label=captions.group(finding, plan).in_(language),
        against=captions.reference(finding, plan).in_(language),
        metric=captions.measured(finding, plan).in_(language),
        n=_people(finding),
        estimate=_estimate(finding["estimate"], finding),
        reference=_estimate(finding["reference_estimate"], finding),
        effect=captions.amount(effect.get("value"), kind),
        interval=_interval(interval, kind, language),
        p_value=_probability(finding["p_value"]),
        p_adjusted=_probability(finding["p_adjusted"]),
        verdict=finding["verdict"],
        concluded=conclusions.of(finding).in_(language),
        reading=in_language(finding["reading"], language),
        plainly=in_language(plainly(finding, plan).as_json(), language),
        limit=in_language(finding["limit"], language),
        method=method(finding, plan, language),
        counts=counts(finding, predicate, language),
        suppressed=bool(finding["suppressed"]) and not _says_of_whom(finding, plan),
        number=_number(finding, predicate),
    )


def plainly(finding: Mapping[str, Any], plan: Mapping[str, Any]) -> Text:
    """What a finding says on a filed page: of prices, in words, without quantiles and lines.

    Args:
        finding: of a report.
        plan: the plan's content.
    """
    if finding["metric"] in prices.ROWS and not finding["suppressed"]:
        return beyond.sentence(finding, plan)
    return Text(finding["reading"]["zh"], finding["reading"]["en"])


def _number(finding: Mapping[str, Any], predicate: Mapping[str, Any]) -> int:
    """The place of a finding in its report, from 1: by it is it answered."""
    places = (n for n, each in enumerate(predicate["findings"], 1) if each is finding)
    return next(places, 0)


def _says_of_whom(finding: Mapping[str, Any], plan: Mapping[str, Any]) -> bool:
    """Whether a withheld finding's sentence names its group; in older reports it does not."""
    about = captions.about(finding, plan).zh
    return bool(about) and str(finding["reading"]["zh"]).startswith(about)


def _interval(interval: Mapping[str, Any], kind: str, language: Language) -> str:
    if not interval or (interval.get("low") is None and interval.get("high") is None):
        return "—"
    low, high = interval.get("low"), interval.get("high")
    if high is None:
        said = Text("{0} 以上", "{0} upwards")
        return said.in_(language).format(captions.amount(low, kind))
    if low is None:
        said = Text("{0} 以下", "up to {0}")
        return said.in_(language).format(captions.amount(high, kind))
    return f"{captions.amount(low, kind)} – {captions.amount(high, kind)}"


def _estimate(value: float | None, finding: Mapping[str, Any]) -> str:
    """A rate in percent where the probe measures rates; else the number."""
    kind, metric = (finding["effect"] or {}).get("kind"), str(finding["metric"])
    counted = kind == "share" or metric in OF_A_HUNDRED or metric.endswith(COUNTED)
    if value is not None and counted and 0 <= value <= 1:
        return f"{100 * value:.1f}%"
    return number(value)


TIERS = {
    "A": Text("A（独立的命名空间，bubblewrap）", "A (namespaces of its own, bubblewrap)"),
    "B": Text("B（Landlock 与 seccomp，与主机共用进程号）", "B (Landlock and seccomp, sharing the host’s process numbers)"),
    "none": Text("没有隔离", "none: nothing was walled off"),
    "not_used": Text("没有用到：没有向模型提问", "not used: no model was asked"),
}  # fmt: skip


def _tier(name: str, language: Language) -> str:
    """The walls behind which a model was asked, in words; a tier unknown here by its own name."""
    said = TIERS.get(name)
    return said.in_(language) if said else name


def _people(finding: Mapping[str, Any]) -> str:
    band = (finding.get("units") or {}).get("at_least")
    if finding["n"] is None and band is not None:  # withheld: what the verdict says anyway
        return f"≥ {number(band)}"
    if finding["n_reference"] is None:
        return number(finding["n"])
    return f"{number(finding['n'])} / {number(finding['n_reference'])}"


def _probability(value: float | None) -> str:
    if value is None:
        return "—"
    return "< 0.001" if value < 0.001 else f"{value:.3f}"
