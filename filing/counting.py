"""By which of its reports an evaluation goes, as the gate rules: for its age, and for what changed since.

The age is that of a report with every probe that the policy requires, where there is one: a report
of a single probe a year would keep an evaluation young for ever. Without one, as where the grade asks
for none, it is that of the earliest that no later one replaces. A report is replaced only by one that
asks all that it asked: what changed since it was made holds of its findings while they are shown.
These rules are this platform's own.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from filing import withdrawn

Reports = Sequence[Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class Age:
    """By which moment an evaluation's age goes.

    Args:
        made: when the report was taken in.
        partly: whether another of the reports was taken in later, and counts longer.
    """

    made: datetime
    partly: bool = False


def third_party(read: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """The third-party reports of the edition's version that their testers countersigned and stand by.

    Args:
        read: the basis (`filing.basis`) of an edition, marked (`filing.withdrawn`).
    """
    return [each for each in stood(read) if not withdrawn.is_marked(each)]


def stood(read: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """The same with those that their testers withdrew since.

    Args:
        read: the basis of an edition.
    """
    return [
        each
        for each in read["reports"]
        if each["kind"] == "third_party"
        and each["countersigned"]
        and each["model_digest"] == read["model"]["sha256"]
    ]


def whole(report: Mapping[str, Any], task: str | None) -> bool:
    """Whether a report has the task and every probe that a high grade asks for.

    Args:
        report: as a basis tells it.
        task: of the filing (`filing.basis.task`); None where no task is asked for.
    """
    required = set(report["required"])
    asked = bool(required) and required <= set(report["probes"])
    return asked and task in (None, report["task"])


def unreplaced(reports: Reports) -> list[Mapping[str, Any]]:
    """The reports but for those of which a later one of the same task asks all that they asked.

    Args:
        reports: of one kind, on one version.
    """
    return [each for each in reports if not any(_replaces(other, each) for other in reports)]


def age(reports: Reports, task: str | None) -> Age | None:
    """By which moment the age of an evaluation goes; None where there is no report.

    Args:
        reports: of one kind, on one version.
        task: of the filing; None where no task is asked for.
    """
    asked = [_made(each) for each in reports if whole(each, task)]
    made = max(asked) if asked else min(map(_made, unreplaced(reports)), default=None)
    if made is None:
        return None
    return Age(made, partly=any(_made(each) > made for each in reports))


def _made(report: Mapping[str, Any]) -> datetime:
    return datetime.fromisoformat(report["made"])


def _replaces(later: Mapping[str, Any], report: Mapping[str, Any]) -> bool:
    return bool(
        _made(later) > _made(report)
        and later["task"] == report["task"]
        and set(later["probes"]) >= set(report["probes"])
    )
