"""Two reports beside each other: what got better, worse, or did not change within the interval.

The size of a disparity is its distance from "no difference" (1 for a ratio, 0.5 for an AUC, 0
otherwise; ratios on the log scale). The interval of the change of that distance is built from the
two stated intervals by the method of variance estimates recovery (Zou and Donner 2008, Statistics
in Medicine 27:1693), which assumes independent samples. Two versions tested on the same rows are
positively correlated, so there the interval is wider than it need be: it errs towards "no change
shown". What is called better or worse has passed Holm's correction over everything compared.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

from scipy.special import ndtr, ndtri

from evaluators.judging import captions, conclusions
from evaluators.statistics.multiplicity import holm
from registry import attestation
from registry.findings import NO_EFFECT
from registry.language import Text

ALPHA, LEVEL = 0.05, 0.95
Z95 = float(ndtri(0.5 + LEVEL / 2))
NOTHING = Text("", "")
KIND_OF_SIZE = {"ratio": "log_ratio", "auc": "auc"}


class Change(StrEnum):
    """What became of a finding between two reports; worst first."""

    WORSE = "worse"
    BETTER = "better"
    UNCHANGED = "unchanged"
    NOT_COMPARABLE = "not_comparable"
    ONLY_FIRST = "only_first"
    ONLY_SECOND = "only_second"


CHANGE_NAMES: dict[Change, Text] = {
    Change.WORSE: Text("变差", "worse"),
    Change.BETTER: Text("变好", "better"),
    Change.UNCHANGED: Text("看不出变化", "no change shown"),
    Change.NOT_COMPARABLE: Text("不能比较", "not comparable"),
    Change.ONLY_FIRST: Text("只在第一份里", "in the first only"),
    Change.ONLY_SECOND: Text("只在第二份里", "in the second only"),
}
METHOD = Text(
    "变化的区间由两份报告各自的区间推得（Zou 和 Donner 2008），按两组数据互相独立计算；"
    "同一份数据上的两个版本会让区间偏宽，也就是宁可说“看不出变化”。"
    "“变好”“变差”都已按 Holm 方法校正（共同错误率 5%）。“看不出变化”不等于“没有变化”。",
    "The interval of a change follows from the two stated intervals (Zou and Donner 2008) as if "
    "the samples were independent; for two versions on the same rows it is wider than it need be, "
    "so it errs towards 'no change shown'. 'Better' and 'worse' have passed Holm's correction "
    "(family-wise 5%). 'No change shown' does not mean that nothing changed.",
)
SAME_NAMES: dict[tuple[str, bool], Text] = {
    ("subject", True): Text("同一个模型版本", "the same model version"),
    ("subject", False): Text("不同的模型或版本", "another model or version"),
    ("plan", True): Text("同一份计划", "the same plan"),
    ("plan", False): Text("计划不同", "another plan"),
    ("data", True): Text("同一份数据", "the same rows"),
    ("data", False): Text("数据不同", "other rows"),
    ("nonce", True): Text("同一个随机数", "the same nonce"),
    ("nonce", False): Text("随机数不同", "another nonce"),
    ("probes", True): Text("同样的检验程序", "the same programs"),
    ("probes", False): Text("检验程序不同", "other programs"),
}
WHY: dict[str, Text] = {
    "suppressed": Text("人数太少，数字不公开", "its numbers are withheld for a small group"),
    "probe": Text("两次检验的程序版本不同", "the probe's version differs"),
    "measure": Text("两次量的不是同一种数", "the effect is of another kind"),
    "no_number": Text("至少一份没有得出数", "at least one report has no number for it"),
    "no_interval": Text("没有区间，数据也不同", "there is no interval, and the data differ"),
}


@dataclass(frozen=True, slots=True)
class Compared:
    """One finding in two reports.

    Args:
        change: what became of it.
        before, after: the finding in each report; None where it is missing.
        size: how much the distance from "no difference" grew, on the scale of `kind`.
        low, high: the interval of `size`; None where the numbers are exact facts.
        p_value, p_adjusted: of "no change", alone and after Holm.
        kind: on which scale: log_ratio, auc, difference, share, …
        reading: the plain sentence.
    """

    change: Change
    before: Mapping[str, Any] | None
    after: Mapping[str, Any] | None
    size: float | None = None
    low: float | None = None
    high: float | None = None
    p_value: float | None = None
    p_adjusted: float | None = None
    kind: str = ""
    reading: Text = NOTHING

    @property
    def finding(self) -> Mapping[str, Any]:
        """The finding, as the later report has it where it has it."""
        found = self.after if self.after is not None else self.before
        return found or {}

    def as_json(self) -> dict[str, Any]:
        """For a program."""
        about = self.finding
        return {
            **{name: about[name] for name in ("probe", "metric", "slice", "reference_group")},
            "change": self.change.value,
            "before": _numbers(self.before),
            "after": _numbers(self.after),
            "size": {"kind": self.kind, "value": self.size, "low": self.low, "high": self.high},
            "p_value": self.p_value,
            "p_adjusted": self.p_adjusted,
            "reading": self.reading.as_json(),
        }


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two reports beside each other.

    Args:
        compared: every finding of either, worst first.
        same: part → whether it is the same in both: subject, plan, data, nonce, probes.
    """

    compared: tuple[Compared, ...]
    same: Mapping[str, bool]

    @property
    def counts(self) -> dict[str, int]:
        """How many findings changed how."""
        return {
            change.value: count
            for change in Change
            if (count := sum(each.change is change for each in self.compared))
        }

    def as_json(self) -> dict[str, Any]:
        """For a program."""
        return {
            "counts": self.counts,
            "same": dict(self.same),
            "method": METHOD.as_json(),
            "findings": [each.as_json() for each in self.compared],
        }


def compare(first: Mapping[str, Any], second: Mapping[str, Any]) -> Comparison:
    """Hold the statement of one report against that of another.

    Args:
        first: the in-toto statement of the earlier report.
        second: of the later one.
    """
    one, two = first["predicate"], second["predicate"]
    before, after = by_key(one["findings"]), by_key(two["findings"])
    same_rows = one["data"]["digest"] == two["data"]["digest"]
    found = [
        _pair(before.get(key), after.get(key), same_rows=same_rows)
        for key in dict.fromkeys([*before, *after])
    ]
    plan = two["plan"].get("content") or {}
    judged = [replace(each, reading=_said(each, plan)) for each in _judged(found)]
    order = list(Change)
    return Comparison(
        tuple(sorted(judged, key=lambda each: order.index(each.change))),
        {
            "subject": first["subject"] == second["subject"],
            "plan": one["plan"]["digest"] == two["plan"]["digest"],
            "data": same_rows,
            "nonce": one["nonce"] == two["nonce"],
            "probes": _programs(one) == _programs(two),
        },
    )


def key(finding: Mapping[str, Any]) -> str:
    """What makes findings of two reports the same question about the same group."""
    about = [finding["probe"], finding["metric"], dict(finding["slice"] or {})]
    return attestation.digest([*about, finding["group"], finding["reference_group"]])


def by_key(findings: Sequence[Mapping[str, Any]]) -> dict[str, Mapping[str, Any]]:
    """The findings of a report by their keys."""
    found: dict[str, Mapping[str, Any]] = {}
    for finding in findings:
        name, more = key(finding), 1
        while name in found:  # a probe may say several things under one name: by their order
            more += 1
            name = f"{key(finding)}/{more}"
        found[name] = finding
    return found


def _programs(predicate: Mapping[str, Any]) -> list[tuple[str, str]]:
    return sorted((str(each["id"]), str(each["digest"])) for each in predicate["probes"])


def _pair(
    before: Mapping[str, Any] | None, after: Mapping[str, Any] | None, *, same_rows: bool
) -> Compared:
    if before is None or after is None:
        return Compared(Change.ONLY_SECOND if before is None else Change.ONLY_FIRST, before, after)
    if why := _obstacle(before, after, same_rows=same_rows):
        return Compared(Change.NOT_COMPARABLE, before, after, reading=WHY[why])
    kind = str(before["effect"]["kind"])
    scale = KIND_OF_SIZE.get(kind, kind)
    one, two = _distance(before, kind), _distance(after, kind)
    size = two.value - one.value
    if before["ci"] is None or after["ci"] is None:  # facts about the same rows
        change = Change.WORSE if size > 0 else Change.BETTER if size < 0 else Change.UNCHANGED
        return Compared(change, before, after, size=size, kind=scale)
    low = size - math.hypot(two.value - two.low, one.high - one.value)
    high = size + math.hypot(two.high - two.value, one.value - one.low)
    p = _p_value(size, low=low, high=high)
    return Compared(
        Change.UNCHANGED, before, after, size=size, low=_finite(low), high=_finite(high),
        p_value=p, kind=scale,
    )  # fmt: skip


def _obstacle(
    before: Mapping[str, Any], after: Mapping[str, Any], *, same_rows: bool
) -> str | None:
    pair = (before, after)
    if any(each["suppressed"] for each in pair):
        return "suppressed"
    if before["version"] != after["version"]:
        return "probe"
    if any(each["effect"].get("value") is None for each in pair):
        return "no_number"
    if before["effect"]["kind"] != after["effect"]["kind"]:
        return "measure"
    if any(not _usable(each) for each in pair):
        return "no_number"
    intervals = [each["ci"] for each in pair]
    if None in intervals:
        return None if same_rows and intervals == [None, None] else "no_interval"
    return None


def _usable(finding: Mapping[str, Any]) -> bool:
    """Whether the effect has a distance from "no difference"."""
    return finding["effect"]["kind"] != "ratio" or float(finding["effect"]["value"]) > 0


@dataclass(frozen=True, slots=True)
class _Distance:
    """How far from "no difference" an effect is, with its interval."""

    value: float
    low: float
    high: float


def _distance(finding: Mapping[str, Any], kind: str) -> _Distance:
    value = _placed(finding["effect"]["value"], kind)
    ci = finding["ci"]
    if ci is None:
        return _Distance(abs(value), abs(value), abs(value))
    # An open end of an interval is no number in a report: it lies at infinity. Simultaneous
    # intervals have levels of their own: the reach is brought to that of 95 %.
    usual = Z95 / float(ndtri(0.5 + float(ci.get("level") or LEVEL) / 2))
    low = -math.inf if ci["low"] is None else value - (value - _placed(ci["low"], kind)) * usual
    high = math.inf if ci["high"] is None else value + (_placed(ci["high"], kind) - value) * usual
    ends = sorted((abs(low), abs(high)))
    return _Distance(abs(value), 0.0 if low <= 0 <= high else ends[0], ends[1])


def _placed(value: float, kind: str) -> float:
    """An effect with "no difference" at zero."""
    if kind == "ratio":
        return math.log(value) if value > 0 else -math.inf
    return float(value) - NO_EFFECT.get(kind, 0.0)


def _p_value(size: float, *, low: float, high: float) -> float:
    """Two-sided p of "no change", from the side of the interval that faces zero."""
    reach = size - low if size > 0 else high - size
    if size == 0 or math.isinf(reach) or math.isnan(reach):
        return 1.0
    if reach == 0:
        return 0.0
    z = abs(size) / reach * Z95
    return float(2 * ndtr(-z))


def _judged(found: Sequence[Compared]) -> list[Compared]:
    """Better and worse, after Holm over everything that has a p-value."""
    tested = [place for place, each in enumerate(found) if each.p_value is not None]
    adjusted = holm([float(found[place].p_value or 0.0) for place in tested])
    judged = list(found)
    for place, p in zip(tested, adjusted, strict=True):
        each = found[place]
        moved = Change.WORSE if (each.size or 0.0) > 0 else Change.BETTER
        change = moved if p < ALPHA else Change.UNCHANGED
        judged[place] = replace(each, change=change, p_adjusted=float(p))
    return judged


def _said(each: Compared, plan: Mapping[str, Any]) -> Text:
    """The change in a sentence."""
    about = captions.group(each.finding, plan)
    measured = captions.measured(each.finding, plan)
    lead = Text(f"{measured.zh}（{about.zh}）：", f"{measured.en} ({about.en}): ")
    if each.before is None or each.after is None:
        return Text(f"{lead.zh}{CHANGE_NAMES[each.change].zh}。",
                    f"{lead.en}{CHANGE_NAMES[each.change].en}.")  # fmt: skip
    one, two = map(conclusions.of, (each.before, each.after))
    turned = Text(
        f"结论从“{one.zh}”变为“{two.zh}”。", f"The verdict went from '{one.en}' to '{two.en}'."
    )
    if one == two:
        turned = Text(f"结论仍是“{one.zh}”。", f"The verdict stays '{one.en}'.")
    if each.change is Change.NOT_COMPARABLE:
        said = Text(f"不能比较：{each.reading.zh}。", f"not comparable: {each.reading.en}.")
        return Text(lead.zh + said.zh + turned.zh, f"{lead.en}{said.en} {turned.en}")
    scale = captions.scale(each.before)
    values = [
        captions.amount(side["effect"]["value"], scale) for side in (each.before, each.after)
    ]
    said = Text(
        f"从 {values[0]} 到 {values[1]}，离“没有差别”{_NEARER[each.change].zh}。",
        f"from {values[0]} to {values[1]}, {_NEARER[each.change].en} 'no difference'.",
    )
    return Text(lead.zh + said.zh + turned.zh, f"{lead.en}{said.en} {turned.en}")


_NEARER: dict[Change, Text] = {
    Change.WORSE: Text("更远了", "further from"),
    Change.BETTER: Text("更近了", "nearer to"),
    Change.UNCHANGED: Text("是近是远，看不出变化", "no change shown in the distance from"),
}


def _numbers(finding: Mapping[str, Any] | None) -> dict[str, Any] | None:
    if finding is None:
        return None
    names = ("n", "n_reference", "estimate", "reference_estimate", "effect", "ci", "verdict")
    return {name: finding[name] for name in names}


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None
