"""The criteria of the catalogue: what each measures, and from what of the public record.

A measurement is a count out of a total, so that nothing is rounded before it is added. Where the
record holds nothing to count, there is no measurement (未测): that is None and never 0.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction
from typing import Any

from filing import gate, withdrawn
from filing.concerns import Appeal
from registry import grounds, legal_day
from registry.findings import Verdict
from registry.language import Text

NOT_MEASURED = Text("未测", "not measured")
MOST_WEIGHT = 100


@dataclass(frozen=True, slots=True)
class Measured:
    """A measurement: `count` out of `of`, which is at least 1."""

    count: int
    of: int

    @property
    def share(self) -> Fraction:
        """The measurement as a share, from 0 to 1."""
        return Fraction(self.count, self.of)

    def as_json(self) -> dict[str, int]:
        """The measurement as a JSON object."""
        return {"count": self.count, "of": self.of}


@dataclass(frozen=True, slots=True)
class Published:
    """What the public record says of one filing at a moment.

    Args:
        content: its newest edition's JSON object.
        explanation: the content of the explanation that it carries; None where it carries none.
        appeals: those that the public record counts.
        at: the moment.
        days: how long an evaluation counts (settings.evaluation_days; ours).
    """

    content: Mapping[str, Any]
    explanation: Mapping[str, Any] | None
    appeals: Sequence[Appeal]
    at: datetime
    days: int

    def expires(self, report: Mapping[str, Any]) -> datetime:
        """The moment from which one of its reports no longer counts."""
        return gate.expires(datetime.fromisoformat(report["made"]), self.days)

    @property
    def counted_reports(self) -> list[Mapping[str, Any]]:
        """The third-party reports on the published version, countersigned, not withdrawn, not expired."""
        return [
            each
            for each in self.content["reports"]
            if each["kind"] == "third_party"
            and each["countersigned"]
            and not withdrawn.is_marked(each)
            and each["model_digest"] == self.content["model"]["sha256"]
            and self.at < self.expires(each)
        ]


def _checks(read: Published) -> Measured | None:
    required = {probe for each in read.counted_reports for probe in each["required"]}
    said = {
        probe
        for each in read.counted_reports
        for probe in each["probes"]
        if probe not in each["not_evaluable"]
    }
    return _out_of(len(required & said), len(required))


def _findings(read: Published) -> Measured | None:
    # An edition of an earlier release does not tell which of its findings are about differences.
    verdicts = [each.get("differences", {}) for each in read.counted_reports]
    total = sum(
        number
        for each in verdicts
        for name, number in each.items()
        if name != Verdict.NOT_EVALUABLE
    )
    return _out_of(sum(each.get(Verdict.EQUIVALENT, 0) for each in verdicts), total)


def _explanation(read: Published) -> Measured | None:
    if read.explanation is None:
        return None
    if read.content["explanation"]["model_digest"] != read.content["model"]["sha256"]:
        return None
    sentences = list(_sentences(read.explanation))
    tested = [each for each in sentences if grounds.tested(each["evidence"])]
    return _out_of(len(tested), len(sentences))


def _sentences(value: Any) -> Iterator[Mapping[str, Any]]:
    """Every sentence of an explanation, however deep it stands; each carries its evidence."""
    if isinstance(value, Mapping):
        if isinstance(value.get("evidence"), Mapping) and "limit" in value:
            yield value
        for each in value.values():
            yield from _sentences(each)
    elif isinstance(value, Sequence) and not isinstance(value, str):
        for each in value:
            yield from _sentences(each)


def _openness(read: Published) -> Measured | None:
    answers = read.content["answers"]
    told = sum("value" in row for row in answers)
    return _out_of(told, told + sum("withheld" in row for row in answers))


def _appeals(read: Published) -> Measured | None:
    today = legal_day.of(read.at)
    due = [each for each in read.appeals if each.is_due(today)]
    return _out_of(sum(each.in_time for each in due), len(due))


def _out_of(count: int, of: int) -> Measured | None:
    return Measured(count, of) if of else None


@dataclass(frozen=True, slots=True)
class Criterion:
    """One criterion.

    Args:
        id: how it is kept, and called in addresses and on the command line.
        name: what it is called.
        told: what is counted out of what, and when there is nothing to count.
        measure: the measurement; None where the record holds nothing to count.
    """

    id: str
    name: Text
    told: Text
    measure: Callable[[Published], Measured | None]


CRITERIA = (
    Criterion(
        "checks",
        Text("要求的检查", "Required checks"),
        Text(
            "评估政策要求的检查里，第三方评估测出结果的有几项。",
            "How many of the checks that the policy requires gave a result in a third-party evaluation.",
        ),
        _checks,
    ),
    Criterion(
        "findings",
        Text("差异很小的结果", "Differences shown to be small"),
        Text(
            "第三方评估里关于差异的结果，已证明差异很小的有几项；是否达到要求、能否得到结果、结果是否稳定这类结果不算在内，"
            "无法评估的不算在内，还不能下结论的算在内。",
            "Of the results of third-party evaluations on differences, how many are shown to be small; "
            "whether a requirement is kept, answers are got or stay the same is left out, so are those "
            "that cannot be evaluated; inconclusive ones are in.",
        ),
        _findings,
    ),
    Criterion(
        "explanation",
        Text("测出来的说明", "Explanation by tests"),
        Text(
            "算法说明的句子里，有几句来自测试：数过程序的回答，或者引自评估报告。其余的是备案主体写的，"
            "或者只说明设定了什么、没有测什么。没有对应现在这个版本的说明，记为未测。",
            "How many sentences of the explanation come from tests: answers of the program that were "
            "counted, or findings of a report. The others are the filer's words, or tell what was set "
            "or not tested. Without an explanation of this version it counts as not measured.",
        ),
        _explanation,
    ),
    Criterion(
        "openness",
        Text("公开的内容", "Published answers"),
        Text(
            "可以公开的备案内容里，公开的有几项，其余的写明理由后没有公开；按规定不公开的和不适用的不算在内。",
            "How many of the answers that may be public are published, the others being withheld with a "
            "reason; those that the rules keep from the public, or that do not apply, are not counted.",
        ),
        _openness,
    ),
    Criterion(
        "appeals",
        Text("按期办结的申诉", "Appeals closed in time"),
        Text(
            "已经办结的和过了答复期限还没有办结的申诉里，按期办结的有几件。还在期限以内、没有办结的不算在内，"
            "所以新收到、尚未核实的申诉不改变得分；一件也没有的记为未测。",
            "Of the appeals that are closed, or whose last day to answer is over, how many were closed in "
            "time. Open ones within their days are in neither number, so an appeal that has just come in, "
            "not verified, changes no score; where there is none, it counts as not measured.",
        ),
        _appeals,
    ),
)
IDS = tuple(each.id for each in CRITERIA)

Measures = Mapping[str, Measured | None]
Weights = Mapping[str, int]


def measured(read: Published) -> dict[str, Measured | None]:
    """Every criterion's measurement of one filing; None where there is nothing to count.

    Args:
        read: what the public record says of it.
    """
    return {each.id: each.measure(read) for each in CRITERIA}
