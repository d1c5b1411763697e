"""Which of the findings beyond a line is the gravest, and which of several about one thing is told."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import inf, log, log1p
from typing import Any

from explainers import prices
from registry import findings

HARM, WINDFALL = "false_negative_rate", "false_positive_rate"
"""The error that is done to those it concerns, and the one that favours them."""
ERRORS = "error_parity"


@dataclass(frozen=True, slots=True)
class Grave:
    """One finding, with its report's summary and plan."""

    finding: Mapping[str, Any]
    summary: Mapping[str, Any]
    plan: Mapping[str, Any]

    @property
    def subject(self) -> tuple[Any, ...]:
        """What it is about: the question, the features, the report."""
        return self.finding["probe"], *sorted(self.finding["slice"] or {}), self.summary["id"]

    @property
    def features(self) -> tuple[Any, ...]:
        """The features it is about; of a finding about none, the question."""
        named = tuple(sorted(self.finding["slice"] or {}))
        return named or (None, *self.subject)

    @property
    def kind(self) -> str | None:
        """Of its effect: the scale of its figure."""
        return (self.finding["effect"] or {}).get("kind")

    @property
    def size(self) -> float:
        """How large its figure is: of a ratio by how much it differs from one."""
        if findings.of_none(self.finding):
            return inf
        value = float((self.finding["effect"] or {}).get("value") or 0.0)
        return abs(log(value)) if self.kind == "ratio" and value > 0 else abs(value)

    @property
    def held(self) -> int:
        """How much else was held equal; nothing where all were compared as they stand."""
        factors = (self.finding.get("details") or {}).get("factors") or ()
        return 0 if prices.as_they_stand(self.finding) else 1 + len(factors)

    @property
    def beyond(self) -> bool:
        """Whether its difference exceeds a line."""
        return bool(self.finding["verdict"] == findings.Verdict.DISPARITY)

    def measures(self, other: "Grave") -> bool:
        """Whether it compares the same two by the same features on the same scale, with a figure."""
        known = all((e.finding["effect"] or {}).get("value") is not None for e in (self, other))
        return (
            known
            and self.like(other)
            and prices.sides(self.finding) == prices.sides(other.finding)
        )

    def opposes(self, other: "Grave") -> bool:
        """Whether it says of the same two that the difference goes the other way."""
        none = findings.NO_EFFECT.get(str(self.kind), 0.0)
        return self.measures(other) and (
            (self.finding["effect"]["value"] - none) * (other.finding["effect"]["value"] - none)
            < 0
        )

    def beside(self, other: "Grave") -> bool:
        """Whether it is about the same features, as grave in kind and on the same scale."""
        return self.like(other) and self.gravity[:-1] == other.gravity[:-1]

    def like(self, other: "Grave") -> bool:
        """Whether it is about the same features and on the same scale."""
        return self.features == other.features and self.kind == other.kind

    @property
    def gravity(self) -> tuple[bool, bool, bool, float]:
        """The serious first; then what is about people by a sensitive feature; then by lines.

        That one side has none at all of what the other has is as serious as can be.
        """
        features = set(self.finding["slice"] or {})
        sensitive = set((self.plan.get("columns") or {}).get("sensitive") or ())
        return (
            self.finding["severity"] == "serious" or findings.of_none(self.finding),
            bool(features),
            bool(features & sensitive),
            times_the_line(self.finding),
        )

    @property
    def fullest(self) -> tuple[int, bool, tuple[bool, bool, bool, float]]:
        """Of several about one thing, the one with most else held equal; of errors the harm.

        Of several with as much held equal the one that is told in the words of the explanation.
        """
        first = self.finding["metric"] == HARM or self.finding["metric"] in prices.ROWS
        return self.held, first, self.gravity


def by(graves: Sequence[Grave], name: str) -> list[list[Grave]]:
    """The findings that agree in a property, together.

    Args:
        graves: in order.
        name: of the property.
    """
    found: dict[Any, list[Grave]] = {}
    for each in graves:
        found.setdefault(getattr(each, name), []).append(each)
    return list(found.values())


def times_the_line(finding: Mapping[str, Any]) -> float:
    """How many lines wide the effect is, on the scale on which it is symmetric.

    A ratio and its line are compared by their logarithms, and so is a mark-up, whose line is a
    share; a share or a difference by its size. Where one side has none, endlessly many; where the
    scale is unknown, one.

    Args:
        finding: as JSON.
    """
    if findings.of_none(finding):
        return inf
    effect, line = finding["effect"] or {}, (finding["threshold"] or {}).get("value")
    value = effect.get("value")
    if value is None or isinstance(line, bool) or not isinstance(line, int | float) or line <= 0:
        return 1.0
    match effect.get("kind"):
        case "ratio" if line != 1:
            return abs(log(value)) / abs(log(line))
        case "log_ratio":
            return abs(float(value)) / log1p(line)
        case "share" | "difference" | "mark_up":
            return abs(float(value)) / line
        case _:
            return 1.0
