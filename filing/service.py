"""The state of a service: what its filer says of it, and what time made of the condition for it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from filing import gate
from filing.risk import Level
from registry import legal_day
from registry.language import Text


@dataclass(frozen=True, slots=True)
class Service:
    """The state of the service: the filer's own word, and what time made of its condition.

    Args:
        said: what field B8 says, marked as the filer's; None where it is not public.
        lapsed: since when the evaluation that the grade asks for has expired, if it has.
    """

    said: Text | None
    lapsed: datetime | None = None

    @property
    def lapse(self) -> Text | None:
        """The sentence on the expired evaluation, if it has expired."""
        if self.lapsed is None:
            return None
        day = legal_day.of(self.lapsed).isoformat()
        return Text(
            f"评估已过期：这个风险等级要求的第三方评估，从{day}起不再计入。",
            f"Evaluation expired: the third-party evaluation that this risk grade asks for has "
            f"not counted since {day}.",
        )

    def as_json(self) -> dict[str, Any]:
        """The state of the service as a JSON object."""
        return {
            "declared": self.said.as_json() if self.said else None,
            "declared_by": "filer",
            "evaluation_expired": self.lapse.as_json() if self.lapse else None,
            "evaluation_expired_since": self.lapsed.isoformat() if self.lapsed else None,
        }


def expiry(reports: Sequence[Mapping[str, Any]], days: int) -> datetime:
    """The moment from which none of these reports counts any more.

    Args:
        reports: one or more, as a basis tells them.
        days: how long an evaluation counts.
    """
    return max(gate.expires(datetime.fromisoformat(each["made"]), days) for each in reports)


def of(read: Mapping[str, Any], at: datetime, days: int) -> Service:
    """The filer's word on the service, and whether what a high grade asks for has expired.

    Args:
        read: the basis (`filing.basis`) of the edition that is read.
        at: now.
        days: how long an evaluation counts.
    """
    declared = Text(**read["service"]) if read["service"] else None
    said = declared and Text(f"{declared.zh}（备案主体填写）", f"{declared.en} (the filer's word)")
    asked = [each for each in read["reports"] if _asked_for(each, read)]
    if read["grade"]["level"] != Level.HIGH or not asked:
        return Service(said)
    until = expiry(asked, days)
    return Service(said, until if at >= until else None)


def _asked_for(report: Mapping[str, Any], read: Mapping[str, Any]) -> bool:
    """Whether a report is one that opened the gate of a high grade, apart from its age."""
    third_party = report["kind"] == "third_party" and report["countersigned"]
    task = read["task"] is None or report["task"] == read["task"]
    whole = set(report["required"]) <= set(report["probes"])
    same = report["model_digest"] == read["model"]["sha256"]
    return bool(third_party and task and whole and same)
