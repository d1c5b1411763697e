"""Standing: what is true of a published filing now, beside an edition that never changes.

Status, whether evaluation and explanation are about the version in use, how long the evaluation
still counts. A page shows the edition and the standing; its ETag covers both, so that "about an
earlier version" shows in the same second and no cache hides a revocation.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from filing import gate
from filing.dossier import Filing
from filing.lifecycle import EXITS, STATUS_NAMES, UNDER_WAY, Status
from registry import attestation, legal_day
from registry.language import Text
from registry.submission import Version

CARRIED = ("C", "D", "E")  # data sets, design, training: what an evaluation rests on
NOT_YET_FILED = (Status.DRAFT, Status.SELF_CHECKED, Status.WITHDRAWN, Status.DECLINED)


class State(StrEnum):
    """How fresh an evaluation or an explanation is."""

    CURRENT = "current"
    EARLIER_VERSION = "earlier_version"
    EXPIRED = "expired"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Freshness:
    """How fresh one thing is, in words, and until when it counts."""

    state: State
    said: Text
    until: datetime | None = None

    def as_json(self) -> dict[str, Any]:
        """The freshness as a JSON object."""
        return {
            "state": self.state.value,
            **self.said.as_json(),
            "until": self.until.isoformat() if self.until else None,
        }


@dataclass(frozen=True, slots=True)
class Standing:
    """What is true of a published filing now.

    Args:
        status: the public status; every change under way reads "change pending".
        since: since when.
        editions: how many there are.
        evaluation, third_party: freshness of the evaluations; of those by other organisations.
        explanation: freshness of the explanation.
        changed: names of fields about data, design and training that changed since the
            evaluation was first published.
        open_reports: reports of breaches that are open.
        reason: why the filing ended, if it did.
        successor: the number of the filing that took its place.
    """

    status: Status
    since: datetime
    editions: int
    evaluation: Freshness
    third_party: Freshness
    explanation: Freshness
    changed: tuple[Text, ...] = ()
    open_reports: int = 0
    reason: Mapping[str, str] | None = None
    successor: str | None = None

    def as_json(self) -> dict[str, Any]:
        """The standing as a JSON object."""
        return {
            "status": {"id": self.status.value, **STATUS_NAMES[self.status].as_json()},
            "since": self.since.isoformat(),
            "editions": self.editions,
            "evaluation": self.evaluation.as_json(),
            "third_party_evaluation": self.third_party.as_json(),
            "explanation": self.explanation.as_json(),
            "changed_since_evaluation": [each.as_json() for each in self.changed],
            "open_reports": self.open_reports,
            "reason": dict(self.reason) if self.reason else None,
            "successor": self.successor,
        }

    @property
    def revision(self) -> str:
        """The digest of the standing, for ETags."""
        return attestation.digest(self.as_json())


def public_status(filing: Filing) -> Status:
    """The status that the public sees of a filing that has an edition."""
    return Status.CHANGE_PENDING if filing.status in UNDER_WAY else Status(filing.status)


def of(
    session: Session,
    filing: Filing,
    contents: Sequence[Mapping[str, Any]],
    *,
    at: datetime,
    days: int,
) -> Standing:
    """The standing of a published filing.

    Args:
        session: any session.
        filing: the filing as it is now.
        contents: its editions' contents up to the one that is read, oldest first.
        at: now.
        days: how long an evaluation counts.
    """
    content, reports = contents[-1], contents[-1]["reports"]
    newest, successor = _newest(session, filing)
    outside = [each for each in reports if each["kind"] == "third_party" and each["countersigned"]]
    return Standing(
        status=public_status(filing),
        since=filing.since,
        editions=filing.editions,
        evaluation=_evaluated(reports, newest, at, days),
        third_party=_evaluated(outside, newest, at, days),
        explanation=_explained(content, newest),
        changed=changed_since_evaluation(contents),
        reason=filing.exit_reason if filing.status in EXITS else None,
        successor=successor,
    )


def _newest(session: Session, filing: Filing) -> tuple[Version, str | None]:
    """The newest version of the model that was filed, here or in a filing of its own."""
    own = session.get_one(Version, filing.version_id)
    later = select(Filing, Version).join(Version, Version.id == Filing.version_id)
    later = later.where(
        Filing.model_id == filing.model_id,
        Filing.id != filing.id,
        Filing.status.not_in(NOT_YET_FILED),
        Version.number > own.number,
    )
    found = session.execute(later.order_by(Version.number.desc()).limit(1)).first()
    if found is None:
        return own, None
    other, version = found
    return version, other.number if other.replaces_id == filing.id and other.editions else None


def _evaluated(
    reports: Sequence[Mapping[str, Any]], newest: Version, at: datetime, days: int
) -> Freshness:
    if not reports:
        return Freshness(State.NONE, Text("没有评估报告", "no evaluation report"))
    about = [each for each in reports if each["model_digest"] == newest.digest]
    if not about:
        latest = max(each["version"] for each in reports)
        said = Text(
            f"评估的是较早的第{latest}版，现在是第{newest.number}版",
            f"about an earlier version: {latest}, while version {newest.number} is filed",
        )
        return Freshness(State.EARLIER_VERSION, said)
    until = max(gate.expires(datetime.fromisoformat(each["made"]), days) for each in about)
    day = legal_day.of(until).isoformat()
    if at >= until:
        said = Text(f"评估已在{day}过期", f"the evaluation expired on {day}")
        return Freshness(State.EXPIRED, said, until)
    said = Text(f"评估的就是这个版本，{day}前有效", f"about this version, counts until {day}")
    return Freshness(State.CURRENT, said, until)


def _explained(content: Mapping[str, Any], newest: Version) -> Freshness:
    attached = content["explanation"]
    digest = attached["model_digest"] if attached else content["model"]["sha256"]
    if digest != newest.digest:
        said = Text(
            f"算法说明讲的是较早的版本，现在是第{newest.number}版",
            f"the explanation is about an earlier version, while version {newest.number} is filed",
        )
        return Freshness(State.EARLIER_VERSION, said)
    if attached is None:
        said = Text("算法说明由备案主体填写", "the explanation was written by the filer")
        return Freshness(State.CURRENT, said)
    return Freshness(
        State.CURRENT, Text("算法说明讲的就是这个版本", "the explanation is about this version")
    )


def changed_since_evaluation(contents: Sequence[Mapping[str, Any]]) -> tuple[Text, ...]:
    """The fields about data, design and training that changed since the newest report came in.

    Args:
        contents: the editions' contents, oldest first.
    """
    present = contents[-1]
    if not present["reports"]:
        return ()
    newest = present["reports"][-1]["id"]
    first = next(each for each in contents if any(r["id"] == newest for r in each["reports"]))
    before, after = _carried(first), _carried(present)
    keys = [key for key in {**before, **after} if _told(before.get(key)) != _told(after.get(key))]
    names = ((before.get(key) or after[key])["name"] for key in keys)
    return tuple(dict.fromkeys(Text(**name) for name in names))


def _carried(content: Mapping[str, Any]) -> dict[str, Mapping[str, Any]]:
    return {row["key"]: row for row in content["answers"] if row["group"] in CARRIED}


def _told(row: Mapping[str, Any] | None) -> Any:
    kept = ("value", "not_applicable", "withheld")
    return row and {name: row[name] for name in kept if name in row}
