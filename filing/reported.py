"""What the form says of each attached report: read from its signed statement, never typed.

Group F has one set for each report, in the order of attachment. A row of the schema names what it is
made from (`made`), and nothing else of a field stands here. Which findings are about what is told by
the articles that each finding names.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy.orm import Session

from filing import gate
from filing.evidence import Evidence
from registry import law, legal_day, outcomes, reports, untranslated
from registry.language import Text
from registry.outcomes import OUTCOME_NAMES, OUTCOMES

GROUPS = frozenset({"SZ72-4", "SH67-3"})
PRICES = frozenset({"SZ72-5", "SH67-4"})
RELIABILITY = frozenset({"SZ36"})
"""The articles that findings of each kind name."""


@dataclass(frozen=True, slots=True)
class Reported:
    """One report, as the form reads it.

    Args:
        evidence: what it means for the filing.
        predicate: what it says, as it was signed.
        days: how long an evaluation counts (settings.evaluation_days; ours).
    """

    evidence: Evidence
    predicate: Mapping[str, Any]
    days: int


def read(session: Session, evidence: Sequence[Evidence], days: int) -> list[Reported]:
    """The reports of a filing with what they say.

    Args:
        session: any session.
        evidence: of the reports attached, in their order.
        days: how long an evaluation counts.
    """
    return [
        Reported(each, reports.statement(reports.get(session, each.report_id))["predicate"], days)
        for each in evidence
    ]


def said(made: str, of: Reported) -> Text | None:
    """What a field of group F says of one report; None where the report says nothing of it.

    Args:
        made: what the field is made from, as its row in the schema names it.
        of: the report.
    """
    return MADE[made](of)


def _number(of: Reported) -> Text:
    kind = Text("第三方评估", "third-party evaluation")
    if not of.evidence.third_party:
        kind = Text("备案主体自行评估", "the filer's own evaluation")
    who, day = of.evidence.organisation, legal_day.of(of.evidence.made).isoformat()
    return Text(
        f"{of.evidence.report_id}，{kind.zh}，{who.zh}，{day}",
        f"{of.evidence.report_id}, {kind.en}, {who.en}, {day}",
    )


def _ties(of: Reported) -> Text | None:
    declared = of.predicate["report"].get("engagement")
    if not declared:
        return None
    filer, tester, paid = (
        untranslated.once(declared.get(name) or "—")
        for name in ("conflict_filer", "conflict_tester", "paid_by")
    )
    return Text(
        f"备案主体说：{filer.zh}；测试机构说：{tester.zh}；付费方：{paid.zh}",
        f"The filer says: {filer.en}; the tester says: {tester.en}; paid by: {paid.en}",
    )


def _version(of: Reported) -> Text:
    number, digest = of.evidence.version, of.evidence.model_digest
    return Text(
        f"第{number}版，校验值 sha256:{digest}", f"version {number}, digest sha256:{digest}"
    )


UNTOLD = Text("行数不公开", "how many rows is not public")
"""Of data of which it would tell how few people lack something."""


def _data(of: Reported) -> Text:
    data = of.predicate["data"]
    apart, digest, rows = data.get("held_out"), data["digest"], data["rows"]
    many = UNTOLD if rows is None else Text(f"{rows:,}行", f"{rows:,} rows")
    told = Text(f"{many.zh}，校验值 sha256:{digest}", f"{many.en}, digest sha256:{digest}")
    if not apart:
        return told
    how = untranslated.once(apart)
    return Text(
        f"{told.zh}；和训练数据怎样分开，测试机构说：{how.zh}",
        f"{told.en}; how they were kept from training, says the tester: {how.en}",
    )


def _counted(findings: Sequence[Mapping[str, Any]]) -> Text | None:
    """How many of some findings showed what, gravest first; None where there are none."""
    found = outcomes.counted(findings)
    told = [(OUTCOME_NAMES[each], found[each]) for each in OUTCOMES if each in found]
    if not told:
        return None
    return Text(
        "，".join(f"{name.zh}{count}条" for name, count in told),
        ", ".join(f"{name.en}: {count}" for name, count in told),
    )


def _results(of: Reported) -> Text | None:
    return _counted(of.predicate["findings"])


def _about(articles: frozenset[str]) -> Callable[[Reported], Text | None]:
    """The findings that name one of some articles: how many probes ran, and what they showed."""
    cited = [law.rule(each).cited for each in sorted(articles)]
    named = Text("或者".join(each.zh for each in cited), " or ".join(each.en for each in cited))

    def made(of: Reported) -> Text | None:
        found = [
            each for each in of.predicate["findings"] if articles & set(each.get("legal_refs", ()))
        ]
        counted, probes = _counted(found), len({each["probe"] for each in found})
        if counted is None:  # what bears on no article may have been compared all the same
            return Text(
                f"报告里没有引用{named.zh}的检查。",
                f"No probe in the report refers to {named.en}.",
            )
        one = "probe" if probes == 1 else "probes"
        return Text(f"{probes}项检查：{counted.zh}", f"{probes} {one}: {counted.en}")

    return made


def _understanding(_of: Reported) -> Text:
    return Text("报告里没有请读者测试的结果。", "The report holds no test with readers.")


def _until(of: Reported) -> Text:
    if of.evidence.withdrawn is not None:
        withdrawn = legal_day.of(of.evidence.withdrawn).isoformat()
        return Text(
            f"做评估的单位已在{withdrawn}撤回，不再算数。",
            f"Whoever made it withdrew it on {withdrawn}; it counts no longer.",
        )
    day = legal_day.of(gate.expires(of.evidence.made, of.days)).isoformat()
    return Text(
        f"在本平台算到{day}（不含当天）；模型换了文件，就不再是这个版本的评估。",
        f"It counts here until {day}, that day left out; once the model's files change, it is about "
        "another version.",
    )


def _file(of: Reported) -> Text:
    signed = of.evidence.countersigned
    zh = en = f"sha256:{of.evidence.statement_digest}"
    if signed is None:
        return Text(
            f"{zh}；由平台签名，做评估的单位没有签章确认", f"{en}; signed by the platform alone"
        )
    day = legal_day.of(signed).isoformat()
    return Text(
        f"{zh}；由平台签名，做评估的单位{day}签章确认",
        f"{en}; signed by the platform, and on {day} by whoever evaluated",
    )


MADE: Mapping[str, Callable[[Reported], Text | None]] = {
    "number": _number,
    "ties": _ties,
    "version": _version,
    "data": _data,
    "results": _results,
    "groups": _about(GROUPS),
    "understanding": _understanding,
    "prices": _about(PRICES),
    "until": _until,
    "file": _file,
    "reliability": _about(RELIABILITY),
}
"""What a row of the schema may be made from."""
