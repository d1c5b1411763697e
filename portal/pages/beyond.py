"""What the reports of a filing found beyond a line: about whom and how many of 100, gravest first.

Every sentence is made from one finding of a signed report, so that a page cannot say it of a record
that does not carry it. People's decisions are not the truth: where the plan says that the results
were decided by people, the words compare the algorithm with them and judge neither.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import log, log1p
from typing import Any

from evaluators import captions
from registry.language import Text

NAMED = 3
HUMAN = "human_decision"
ERRORS: Mapping[str, tuple[Text, Text]] = {
    "false_negative_rate": (
        Text("人工同意的人里，这个算法没有同意的", "not favoured by the algorithm, of those a person favoured"),
        Text("应当得到有利结果的人里，没有得到的", "denied, of those who should have got the favourable result"),
    ),
    "false_positive_rate": (
        Text("人工拒绝的人里，这个算法同意的", "favoured by the algorithm, of those a person refused"),
        Text("不应得到有利结果的人里，得到了的", "granted, of those who should not have got the favourable result"),
    ),
    "false_discovery_rate": (
        Text("这个算法同意的人里，人工拒绝的", "refused by a person, of those the algorithm favoured"),
        Text("得到有利结果的人里，不应得到的", "not deserving, of those who got the favourable result"),
    ),
    "false_omission_rate": (
        Text("这个算法没有同意的人里，人工同意的", "favoured by a person, of those the algorithm did not favour"),
        Text("没有得到有利结果的人里，应当得到的", "deserving, of those who did not get the favourable result"),
    ),
    "selection_rate_ratio": (
        Text("得到有利结果的", "got the favourable result"),
        Text("得到有利结果的", "got the favourable result"),
    ),
}  # fmt: skip
"""Of whom a rate is: where people decided, and where what happened is known."""
OF_PEOPLE = frozenset({"ratio", "difference", "share"})


@dataclass(frozen=True, slots=True)
class Beyond:
    """The findings beyond a line, in words.

    Args:
        total: how many there are in all reports.
        said: the gravest of them, at most `NAMED`, each about another question or feature.
    """

    total: int
    said: tuple[Text, ...]

    @property
    def more(self) -> int:
        """How many are not among those said."""
        return self.total - len(self.said)


def of(given: Sequence[tuple[Mapping[str, Any], Mapping[str, Any]]], digest: str) -> Beyond:
    """What the attached reports found beyond a line.

    Args:
        given: each report's summary in the edition, and its predicate.
        digest: of the model version that is filed.
    """
    grave = [
        (finding, summary, predicate["plan"].get("content") or {})
        for summary, predicate in given
        for finding in predicate["findings"]
        if finding["verdict"] == "disparity"
    ]
    grave.sort(key=lambda each: _gravity(each[0]), reverse=True)
    named: dict[tuple[Any, ...], Text] = {}
    for finding, summary, plan in grave:
        about = (finding["probe"], *sorted(finding["slice"] or {}), summary["id"])
        if about not in named and len(named) < NAMED:
            named[about] = _marked(sentence(finding, plan), summary, digest)
    return Beyond(len(grave), tuple(named.values()))


def sentence(finding: Mapping[str, Any], plan: Mapping[str, Any]) -> Text:
    """One finding in a sentence: by what people were compared, and how many of 100.

    Args:
        finding: of a report.
        plan: the plan's content, for plain names and for what the results are.
    """
    kind = (finding["effect"] or {}).get("kind")
    value, against = finding["estimate"], finding["reference_estimate"]
    shares = kind in OF_PEOPLE and value is not None and 0 <= value <= 1
    if not finding["slice"] or finding["suppressed"]:
        return Text(**finding["reading"])
    if shares and against is not None and 0 <= against <= 1:
        return _rates(finding, plan)
    about, measured = _about(finding, plan), captions.metric(finding["metric"])
    if shares:
        many = _hundred(value)
        return Text(
            f"{about.zh}：{measured.zh}，每100人约{many}人。",
            f"{_begun(about.en)}: {measured.en}, about {many} of 100.",
        )
    if kind == "log_ratio":
        amount = captions.amount(finding["effect"]["value"], captions.scale(finding))
        return Text(
            f"{about.zh}：{measured.zh}，{amount}。",
            f"{_begun(about.en)}: {measured.en}, {amount}.",
        )
    return Text(**finding["reading"])


def _rates(finding: Mapping[str, Any], plan: Mapping[str, Any]) -> Text:
    """One group's rate beside another's, out of a hundred."""
    about, whom = _about(finding, plan), _whom(str(finding["metric"]), plan)
    group, other = captions.group(finding, plan), captions.reference(finding, plan)
    digits = 0 if _hundred(finding["estimate"]) != _hundred(finding["reference_estimate"]) else 1
    one, two = (_hundred(finding[name], digits) for name in ("estimate", "reference_estimate"))
    return Text(
        f"按{about.zh}比较，{whom.zh}：{group.zh}每100人约{one}人，{other.zh}每100人约{two}人。",
        f"By {about.en}, {whom.en}: {group.en}: about {one} of 100; {other.en}: about {two}.",
    )


def _whom(metric: str, plan: Mapping[str, Any]) -> Text:
    """Of whom a rate is, by what the plan says the results are."""
    decided, happened = ERRORS.get(metric.removesuffix("_ratio"), (None, None))
    if metric in ERRORS:
        decided, happened = ERRORS[metric]
    said = decided if plan.get("target_kind") == HUMAN else happened
    return said or captions.metric(metric)


def _about(finding: Mapping[str, Any], plan: Mapping[str, Any]) -> Text:
    """The features by which people were compared, in plain words."""
    names = [captions.column(plan, name) for name in finding["slice"]]
    return Text("、".join(each.zh for each in names), " and ".join(each.en for each in names))


def _begun(english: str) -> str:
    return english[:1].upper() + english[1:]


def _hundred(share: float, digits: int = 0) -> str:
    """How many of a hundred; fewer than one in words of its own would break the comparison."""
    return f"{100 * share:.{digits or (0 if share >= 0.005 else 1)}f}"


def _marked(said: Text, summary: Mapping[str, Any], digest: str) -> Text:
    """The sentence, with what sets its report apart from a third party's on this version."""
    marks = []
    if summary["kind"] != "third_party":
        marks.append(Text("自行评估", "own evaluation"))
    elif not summary["countersigned"]:
        marks.append(Text("评估机构还没有签章确认", "not yet countersigned by its tester"))
    if summary["model_digest"] != digest:
        number = summary["version"]
        marks.append(Text(f"针对第{number}版", f"about version {number}"))
    if not marks:
        return said
    zh, en = "，".join(each.zh for each in marks), ", ".join(each.en for each in marks)
    return Text(f"{said.zh}（{zh}）", f"{said.en} ({en})")


def _gravity(finding: Mapping[str, Any]) -> tuple[bool, float]:
    """The serious first, then by how many times over its line a finding lies."""
    return finding["severity"] == "serious", _times_the_line(finding)


def _times_the_line(finding: Mapping[str, Any]) -> float:
    """How many lines wide the effect is, on the scale on which it is symmetric.

    A ratio and its line are compared by their logarithms, and so is a mark-up, whose line is a
    share; a share or a difference by its size. Where the scale is unknown, one line.
    """
    effect, line = finding["effect"] or {}, (finding["threshold"] or {}).get("value")
    value = effect.get("value")
    if value is None or isinstance(line, bool) or not isinstance(line, int | float) or line <= 0:
        return 1.0
    match effect.get("kind"):
        case "ratio" if value > 0 and line != 1:
            return abs(log(value)) / abs(log(line))
        case "log_ratio":
            return abs(float(value)) / log1p(line)
        case "share" | "difference" | "mark_up":
            return abs(float(value)) / line
        case _:
            return 1.0
