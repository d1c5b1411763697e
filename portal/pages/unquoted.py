"""What attached reports found that the explanation on the same page does not quote.

An explanation quotes one report. Another that counts may have been attached since, or beside it, and
what it found beyond a line stands under what was checked as well.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from portal.pages import beyond
from registry import legal_day
from registry.findings import Verdict
from registry.language import Text
from registry.yardsticks import Yardstick

NOTHING = Text("", "")


@dataclass(frozen=True, slots=True)
class Unquoted:
    """A sentence on a report that an explanation does not quote.

    Args:
        said: the sentence.
        limit: what it does not show.
        finding: beyond a line, which it tells, with the number of findings of which it is true
            (`alike`); None where it tells of the report itself.
    """

    said: Text
    limit: Text = NOTHING
    finding: Mapping[str, Any] | None = None


def of(
    given: Sequence[tuple[Mapping[str, Any], Mapping[str, Any]]],
    explanation: Mapping[str, Any],
    plan: Mapping[str, Any],
) -> list[Unquoted]:
    """What attached reports found beyond a line that the explanation beside them does not quote.

    An explanation quotes one report; another that counts may have been attached since, or beside it.

    Args:
        given: each report's summary in the edition, and its predicate.
        explanation: as the edition names it: its digest and the report that it quotes.
        plan: by which it was made; where a report went by another measure, that is told.

    Returns:
        Sentences; none where every report is quoted or has no finding beyond a line.
    """
    told: list[Unquoted] = []
    for summary, predicate in given:
        third = summary["kind"] == "third_party" and summary["countersigned"]
        about_it = summary["model_digest"] == explanation["model_digest"]
        if third and about_it and summary["id"] != explanation["report_id"]:
            told += _unquoted(summary, predicate, plan)
    return told


def _unquoted(
    summary: Mapping[str, Any], predicate: Mapping[str, Any], plan: Mapping[str, Any]
) -> list[Unquoted]:
    own = predicate["plan"].get("content") or {}
    measures = Yardstick.by(summary["id"], own).differences(plan)
    graves = [each for each in predicate["findings"] if each["verdict"] == Verdict.DISPARITY]
    if not graves and not measures:
        return []
    who = summary["organisation"]
    day = legal_day.of(datetime.fromisoformat(summary["made"])).isoformat()
    lead = Text(
        f"附上的报告里，这一份这里的说明没有引用：{who['zh']}，{day}。"
        f"其中差异超过界线的有{len(graves)}项。",
        f"One of the attached reports is not quoted in this explanation: {who['en']}, {day}. "
        f"Findings beyond a line in it: {len(graves)}.",
    )
    said = [Unquoted(lead), *(Unquoted(each.said) for each in measures)]
    alike: dict[tuple[Text, Text], Mapping[str, Any]] = {}
    for each in graves:
        told = beyond.sentence(each, own), beyond.limit(each, own)
        alike[told] = each | {"alike": 1 + alike.get(told, {"alike": 0})["alike"]}
    return said + [Unquoted(*told, finding) for told, finding in alike.items()]
