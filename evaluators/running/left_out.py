"""What findings and reports say of the rows that lack what they need.

A row is told once in each list: by the first cause for which it does not count, so that the parts
add up to all rows less the usable ones. Which of these numbers are published is a matter of the
audit (`evaluators.running.disclosure`): a row that lacks a feature is in none of a report's tables and
would be what a table by another feature exceeds it by.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from evaluators.plan import Plan
from evaluators.policy import POLICY
from evaluators.probe import ANSWERS, DESERVED, SCORE, UNIT, WEIGHT, Probe
from evaluators.running import left_out_words
from evaluators.running.attacker import Claim
from evaluators.running.audit import ROWS, Fact
from evaluators.running.lacking import Cause, Lacking
from registry.findings import Finding, Verdict
from registry.language import Text

PRICED = ("item", "time", "cost", "control", "profile", "user")
"""Columns that price probes hold fixed, where the plan names them."""


def causes(needs: Iterable[str], plan: Plan, *, scored: bool) -> tuple[Cause, ...]:
    """Why a row may lack what is needed, decisions and outcomes first.

    Args:
        needs: columns of the data, and the engine's own.
        plan: says what the engine's own come from.
        scored: whether a model answers.
    """
    columns, wanted = plan.columns, list(dict.fromkeys(needs))
    found = list[Cause]()
    if ANSWERS & set(wanted):
        found += _answer(plan, wanted, scored=scored)
    if DESERVED in wanted and columns.target is not None:
        found += [Cause("missing", columns.target), Cause("neither", columns.target)]
    for name in wanted:
        if name == WEIGHT and columns.weight is not None:
            found.append(Cause("zero", columns.weight))
        elif not name.startswith("mingsuan:"):
            found.append(Cause("missing", name))
            if name == columns.price:
                found.append(Cause("not_positive", name))
    return tuple(dict.fromkeys(found))


def _answer(plan: Plan, wanted: Sequence[str], *, scored: bool) -> list[Cause]:
    columns = plan.columns
    if scored:
        return [Cause("no_answer", "")]
    if columns.score is not None and (columns.decides or SCORE in wanted):
        return [Cause("missing", columns.score)]
    if columns.prediction is not None:
        return [Cause("missing", columns.prediction), Cause("neither", columns.prediction)]
    return []


def watched(probes: Iterable[Probe[Any]], plan: Plan, *, scored: bool) -> tuple[Cause, ...]:
    """Every cause that a finding of these probes may tell of.

    Args:
        probes: at work.
        plan: names the columns.
        scored: whether a model answers.
    """
    needs = list[str]()
    for one in probes:
        spec = one.spec
        roles = {*spec.roles, *spec.optional} - {"inputs", "unit", "weight"}
        roles |= set(PRICED) if spec.task == "pricing" else set()
        needs += (name for role in sorted(roles) for name in plan.columns.listed(role))
        needs += [*one.derives(plan), *one.columns(plan)]
        if "target" in roles:
            needs.append(DESERVED)
    return causes((name for name in needs if name != UNIT), plan, scored=scored)


def content(lacking: Lacking, causes: Iterable[Cause]) -> dict[str, Any]:
    """How many rows lack any of these, each row by the first of them; empty where none does.

    Args:
        lacking: what rows lack.
        causes: of interest; those that were watched are told in that order.
    """
    wanted = frozenset(causes) & lacking.causes
    if not wanted:
        return {}
    told = [cause for cause in lacking.watched if cause in wanted]
    parts = [lacking.number(cause, told[:at]) for at, cause in enumerate(told)]
    return {
        "rows": lacking.rows,
        "used": lacking.rows - sum(parts),
        "without": [{**c.as_json(), "rows": n} for c, n in zip(told, parts, strict=True)],
        "least": int(POLICY.value("small_cell")),
    }


def overview(lacking: Lacking) -> dict[str, Any]:
    """All rows and every cause, for a report's first screen."""
    told = content(lacking, lacking.watched).get("without", [])
    return {"rows": lacking.rows, "without": told, "least": int(POLICY.value("small_cell"))}


@dataclass(frozen=True, slots=True)
class Facts:
    """What the numbers of a list are: of all rows, of the usable ones, and of each cause."""

    rows: Fact
    used: Fact
    parts: tuple[Fact, ...]


def facts(told: Mapping[str, Any]) -> Facts:
    """What each number of a list is.

    Args:
        told: as `content` or `overview` gives it.
    """
    causes = [Cause(each["cause"], each["column"]) for each in told.get("without", ())]
    parts = (Fact(cause, frozenset(causes[:at])) for at, cause in enumerate(causes))
    return Facts(ROWS, Fact(None, frozenset(causes)), tuple(parts))


def public(
    told: Mapping[str, Any], shown: frozenset[Fact], *, bounded: bool = False
) -> dict[str, Any]:
    """The list with the numbers that are published; the others are None.

    Args:
        told: with every number.
        shown: the facts that are published.
        bounded: whether its worst-case bounds are.
    """
    named = facts(told)
    whole = {"rows": named.rows, "used": named.used}
    held = {k: told[k] if fact in shown else None for k, fact in whole.items() if k in told}
    without = [
        {**each, "rows": each["rows"] if fact in shown else None}
        for each, fact in zip(told.get("without", ()), named.parts, strict=True)
    ]
    if "bounds" in told and not bounded:
        held["bounds"] = None
    return {**told, **held, **({"without": without} if "without" in told else {})}


def beside(
    found: Sequence[Finding], probe: Probe[Any], plan: Plan, lacking: Lacking, *, scored: bool
) -> list[Finding]:
    """The findings, each with what was left out of it, in its sentence and as data.

    Args:
        found: of one probe.
        probe: says what a row needs.
        plan: names columns and levels.
        lacking: what rows lack.
        scored: whether a model answers.
    """
    absent = _not_compared(found)
    made = []
    for one in found:
        needs = probe.needs(plan, one.metric, one.slice)
        told = {**one.left_out, **content(lacking, causes(needs, plan, scored=scored))}
        groups = absent.get(_family(one), 0)
        if one.verdict is not Verdict.NOT_EVALUABLE and groups:
            told = {**told, "not_compared": groups}
        made.append(_with(replace(one, left_out=told), Text("", ""), plan))
    return made


def claims(
    found: Sequence[Finding], probe: Probe[Any], plan: Plan, lacking: Lacking, *, scored: bool
) -> list[Claim]:
    """What the findings say of how many rows have all they need, by group.

    Args:
        found: of one probe.
        probe: says what a row needs.
        plan: names the columns.
        lacking: what rows lack.
        scored: whether a model answers.
    """
    made = list[Claim]()
    for one in found:
        about = frozenset(one.slice)
        if one.n is None or one.group is None or not about <= frozenset(plan.columns.sensitive):
            continue
        needs = probe.needs(plan, one.metric, one.slice)
        gone = frozenset(causes(needs, plan, scored=scored)) & lacking.causes
        sides = [(dict(one.slice), one.n)]
        if one.reference_group not in (None, "*") and len(about) == 1:
            sides.append((dict.fromkeys(about, str(one.reference_group)), one.n_reference or 0))
        made += [Claim(one.probe, tuple(sorted(s.items())), gone, n) for s, n in sides]
    return made


def published(
    finding: Finding, shown: frozenset[Fact], plan: Plan, *, bounded: bool = False
) -> Finding:
    """The finding with the numbers of rows that are published.

    Args:
        finding: with all of them, as `beside` made it.
        shown: the facts that are published.
        plan: names the columns.
        bounded: whether its worst-case bounds are published.
    """
    said = sentence(finding.left_out, plan)
    held = replace(finding, left_out=public(finding.left_out, shown, bounded=bounded))
    return _with(held, said, plan)


def spoken(finding: Finding, plan: Plan) -> Text:
    """The sentence of a finding without what it says of rows left out.

    Args:
        finding: as `beside` made it.
        plan: names the columns.
    """
    told = sentence(finding.left_out, plan) if finding.left_out else Text("", "")
    zh = finding.reading["zh"].removesuffix(told.zh)
    return Text(zh, finding.reading["en"].removesuffix(told.en).rstrip())


def spoken_anew(finding: Finding, said: Text, plan: Plan) -> Finding:
    """The finding with another sentence before what it says of rows left out.

    Args:
        finding: as `beside` made it.
        said: the other sentence.
        plan: names the columns.
    """
    return _with(replace(finding, reading=said.as_json()), Text("", ""), plan)


def _with(finding: Finding, before: Text, plan: Plan) -> Finding:
    """The finding with its sentence about rows, in place of the one before."""
    if not finding.left_out:
        return finding
    told = sentence(finding.left_out, plan)
    zh = finding.reading["zh"].removesuffix(before.zh)
    en = finding.reading["en"].removesuffix(before.en).rstrip()
    return replace(finding, reading={"zh": f"{zh}{told.zh}", "en": f"{en} {told.en}".strip()})


def _family(finding: Finding) -> tuple[str, frozenset[str]]:
    return finding.metric, frozenset(finding.slice)


def _not_compared(found: Sequence[Finding]) -> dict[tuple[str, frozenset[str]], int]:
    """How many groups of each question were compared with no other.

    The count is one of verdicts, which are published of hidden groups too. For which reason, and of
    how many rows, would tell of a hidden group what its verdict does not.
    """
    absent: dict[tuple[str, frozenset[str]], set[str]] = {}
    compared: dict[tuple[str, frozenset[str]], set[str | None]] = {}
    for one in found:
        if one.verdict is not Verdict.NOT_EVALUABLE:
            compared.setdefault(_family(one), set()).update((one.group, one.reference_group))
        elif one.group is not None:
            absent.setdefault(_family(one), set()).add(one.group)
    return {family: len(names - compared.get(family, set())) for family, names in absent.items()}


def sentence(content: Mapping[str, Any], plan: Plan) -> Text:
    """What a finding says of the rows that do not count.

    Args:
        content: as `content` gives it, with `not_compared` where groups were not compared.
        plan: names the columns.
    """
    parts_zh, parts_en = list[str](), list[str]()
    listed = clauses(content, plan)
    if listed:
        zh, en = "，".join(c.zh for c in listed), "; ".join(c.en for c in listed)
        lead = _lead(content["rows"], content["used"])
        parts_zh.append(lead.zh.format(zh))
        parts_en.append(lead.en.format(en))
    if "bounds" in content:
        bounds = left_out_words.bounds(content["bounds"])
        parts_zh.append(bounds.zh)
        parts_en.append(bounds.en)
    if groups := content.get("not_compared"):
        one = groups == 1
        parts_zh.append(f"另有 {groups:,} 组没有比较。")
        parts_en.append(f"{groups:,} more {'group was' if one else 'groups were'} not compared.")
    return Text("".join(parts_zh), " ".join(parts_en))


def _lead(rows: int | None, used: int | None) -> Text:
    """Of how many rows how many count, as far as that is published; `{}` is what is left out."""
    if rows is None and used is None:
        return Text("没有算进去的：{}。", "Left out: {}.")
    if used is None:
        return Text(
            f"数据共 {rows:,} 行，没有算进去的：{{}}。", f"Of {rows:,} rows, left out: {{}}."
        )
    if rows is None:
        return Text(f"{used:,} 行有这一项所需的内容；没有算进去的：{{}}。",
                    f"{used:,} rows have what this needs; left out: {{}}.")  # fmt: skip
    return Text(f"数据共 {rows:,} 行，{used:,} 行有这一项所需的内容：{{}}。",
                f"Of {rows:,} rows {used:,} have what this needs: {{}}.")  # fmt: skip


def clauses(content: Mapping[str, Any], plan: Plan) -> list[Text]:
    """One clause per cause: how many rows lack what.

    Args:
        content: see `sentence`.
        plan: names the columns.
    """
    columns = plan.columns
    roles = {"prediction": columns.prediction, "score": columns.score, "target": columns.target}
    return left_out_words.clauses(content, roles, plan.plain)
