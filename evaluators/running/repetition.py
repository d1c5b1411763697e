"""A run and its repetition: do the same plan, data and model give the same findings again?

Counts, rates and effects must agree; numbers that rest on random draws (a bootstrap, max-T) or on
the size of the registered family may move, and are listed as such.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from evaluators.running import comparison
from registry.language import Text

FIXED = ("n", "n_reference", "estimate", "reference_estimate", "effect.value")
MOVING = ("ci.low", "ci.high", "p_value", "p_adjusted", "family.size", "mde")
CLOSE = 1e-9


@dataclass(frozen=True, slots=True)
class Deviation:
    """One number that differs between the two runs."""

    finding: str
    number: str
    first: Any
    again: Any

    def as_json(self) -> dict[str, Any]:
        """For a program."""
        return {
            "finding": self.finding,
            "number": self.number,
            "first": self.first,
            "again": self.again,
        }


@dataclass(frozen=True, slots=True)
class Repetition:
    """What became of a run when it was done again.

    Args:
        same_digest: whether the findings are the same to the last digit.
        findings: how many findings the first run has.
        deviations: fixed numbers and verdicts that differ, and findings that only one run has.
        moved: how many numbers moved that may: random draws, the family.
    """

    same_digest: bool
    findings: int
    deviations: tuple[Deviation, ...]
    moved: int

    @property
    def holds(self) -> bool:
        """Whether everything that must agree does."""
        return not self.deviations

    @property
    def said(self) -> Text:
        """The outcome in a sentence."""
        if self.same_digest:
            return Text(
                f"重做的 {self.findings} 项结果与原来逐位相同。",
                f"Every finding ({self.findings}) came out the same to the last digit.",
            )
        if self.holds and not self.moved:
            return Text(
                f"重做的 {self.findings} 项结果：人数、数值和结论全部一致。",
                f"{self.findings} findings repeated: counts, values and verdicts all agree.",
            )
        if self.holds:
            return Text(
                f"重做的 {self.findings} 项结果：人数、数值和结论全部一致；"
                f"{self.moved} 个数因随机数或登记的计划数而略有不同。",
                f"{self.findings} findings repeated: counts, values and verdicts all agree; "
                f"{self.moved} numbers moved with the random draws or the family of plans.",
            )
        return Text(
            f"重做的结果有 {len(self.deviations)} 处与原来不同，见下面逐条。",
            f"The repetition differs in {len(self.deviations)} places, listed below.",
        )

    def as_json(self) -> dict[str, Any]:
        """For a program."""
        return {
            "holds": self.holds,
            "same_digest": self.same_digest,
            "findings": self.findings,
            "moved": self.moved,
            "said": self.said.as_json(),
            "deviations": [each.as_json() for each in self.deviations],
        }


def repeated(first: Mapping[str, Any], again: Mapping[str, Any]) -> Repetition:
    """Hold the predicate of a run against that of its repetition.

    Args:
        first: predicate or exploratory report of the first run.
        again: of the second.
    """
    one = comparison.by_key(first["findings"])
    two = comparison.by_key(again["findings"])
    found: list[Deviation] = []
    moved = 0
    for key in dict.fromkeys([*one, *two]):
        before, after = one.get(key), two.get(key)
        if before is None or after is None:
            name = _name(before or after or {})
            found.append(Deviation(name, "finding", before is not None, after is not None))
            continue
        found += _deviations(before, after)
        moved += sum(not _same(_at(before, n), _at(after, n)) for n in MOVING)
    same = first["findings_digest"] == again["findings_digest"]
    return Repetition(same, len(first["findings"]), tuple(found), moved)


def _deviations(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[Deviation]:
    named = _name(before)
    found = [
        Deviation(named, number, _at(before, number), _at(after, number))
        for number in FIXED
        if not _same(_at(before, number), _at(after, number))
    ]
    if before["verdict"] != after["verdict"]:
        found.append(Deviation(named, "verdict", before["verdict"], after["verdict"]))
    return found


def _name(finding: Mapping[str, Any]) -> str:
    about = ", ".join(f"{name}={level}" for name, level in (finding["slice"] or {}).items())
    return f"{finding['probe']} {finding['metric']} {about}".strip()


def _at(finding: Mapping[str, Any], path: str) -> Any:
    value: Any = finding
    for part in path.split("."):
        value = value.get(part) if isinstance(value, Mapping) else None
    return value


def _same(one: Any, two: Any) -> bool:
    numbers = isinstance(one, int | float) and isinstance(two, int | float)
    if not numbers:
        return bool(one == two)
    return bool(abs(one - two) <= CLOSE * max(1.0, abs(one)))
