"""Who has to act next on a filing, a concern or an application to be recommended."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from sqlalchemy import select
from sqlalchemy.orm import Session

from filing import follow_codes
from filing.concern_steps import Status as ConcernStatus
from filing.concerns import Concern
from filing.dossier import Filing
from filing.lifecycle import AWAITED, WITH_THE_FILER, Action, Status
from filing.meanings import Meaning
from filing.recommended import steps
from filing.recommended.records import (
    RecommendedApplication,
    RecommendedCatalogue,
    published_name,
)
from registry import inbox, organisations
from registry.inbox import InboxItem, Waiting, Waits
from registry.language import Text
from registry.organisations import Actor, Kind
from registry.reports import Report

REVIEWED: Mapping[Action, Waiting] = {
    Action.ACCEPT: Waiting.ACCEPT_FILING,
    Action.FILE: Waiting.FILE_FILING,
    Action.PUBLISH: Waiting.PUBLISH_FILING,
}
TO_BE_ENDED = frozenset({ConcernStatus.RECEIVED, ConcernStatus.ACCEPTED})


def on_filing(session: Session, filing: Filing) -> list[Waits]:
    """Who has to act on a filing: the authorities while it lies with them, else its filer.

    The filer has to once it was returned, or a report of what is published was withdrawn.

    Args:
        session: any session.
        filing: as it stands.
    """
    told = filing.told.value(Meaning.NAME) or {}
    label = str(told.get("zh", ""))
    if filing.status == Status.RETURNED:
        place = f"/filings/{filing.id}"
        return [Waits(filing.organisation_id, Waiting.MEND_FILING, place, label)]
    if filing.status in WITH_THE_FILER and _rests_on_withdrawn(session, filing):
        place = f"/filings/{filing.id}"
        return [Waits(filing.organisation_id, Waiting.REPLACE_REPORT, place, label)]
    awaited = AWAITED.get(Status(filing.status))
    if awaited is None:
        return []
    asked = [REVIEWED[awaited]]
    if filing.grade_proposal is not None and filing.status == Status.SUBMITTED:
        asked.append(Waiting.CONFIRM_GRADE)
    place = f"/review/{filing.id}"
    authorities = organisations.listing(session, kind=Kind.AUTHORITY)
    return [Waits(each.id, what, place, label) for each in authorities for what in asked]


def _rests_on_withdrawn(session: Session, filing: Filing) -> bool:
    """Whether a report is attached that whoever made it took back."""
    withdrawn = select(Report.id).where(
        Report.id.in_(filing.report_ids), Report.withdrawn.is_not(None)
    )
    return session.scalar(withdrawn.limit(1)) is not None


def on_concern(concern: Concern) -> list[Waits]:
    """Who has to act on a concern; the filer only where it may know of it.

    Args:
        concern: as it stands.
    """
    label = follow_codes.shown(concern.number)
    place, status = f"/concerns/{label}", ConcernStatus(concern.status)
    filer, watch = concern.filer_id, concern.watch_id
    if status is ConcernStatus.PUT:
        return [Waits(filer, Waiting.QUESTION, place, label)]
    if concern.by_filer and status in TO_BE_ENDED:
        return [Waits(filer, Waiting.CONCERN, place, label)]
    watching: Mapping[ConcernStatus, Waiting] = {
        ConcernStatus.HELD: Waiting.MODERATE,
        ConcernStatus.RECEIVED: Waiting.CONCERN,
        ConcernStatus.ACCEPTED: Waiting.CONCERN,
        ConcernStatus.REPLIED: Waiting.REPLIED,
    }
    if watch is None or status not in watching:
        return []
    return [Waits(watch, watching[status], place, label, not_for_id=filer)]


DECIDED: Mapping[steps.Status, Waiting] = {
    steps.Status.SUBMITTED: Waiting.DECIDE_RECOMMENDED,
    **dict.fromkeys(steps.PROPOSED, Waiting.CONFIRM_RECOMMENDED),
}


def on_application(session: Session, made: RecommendedApplication, filing: Filing) -> list[Waits]:
    """Who has to act on an application: the industry body until it is decided, the filer once refused.

    Args:
        session: any session.
        made: as it stands.
        filing: that it is about.
    """
    place, status = f"/recommending/{made.id}", steps.Status(made.status)
    label = str(published_name(session, filing).get("zh", ""))
    if status is steps.Status.REFUSED and made.replied is None:
        return [Waits(made.filer_id, Waiting.READ_REFUSAL, place, label)]
    if status not in DECIDED:
        return []
    body = session.get_one(RecommendedCatalogue, made.catalogue_id).organisation_id
    # Whoever is of the filer learns of no proposal, on whosever desk they sit.
    return [Waits(body, DECIDED[status], place, label, not_for_id=made.filer_id)]


def on_weights(catalogue: RecommendedCatalogue) -> list[Waits]:
    """Who has to act on a catalogue's weights: its industry body, while some are proposed.

    Args:
        catalogue: as it stands.
    """
    if catalogue.proposal is None:
        return []
    body = catalogue.organisation_id
    return [Waits(body, Waiting.CONFIRM_WEIGHTS, "/recommending/catalogue", catalogue.slug)]


SECOND = frozenset({Waiting.CONFIRM_GRADE, Waiting.CONFIRM_RECOMMENDED, Waiting.CONFIRM_WEIGHTS})
"""What another person than the one who proposed it has to do."""


@dataclass(frozen=True, slots=True)
class OnDesk:
    """One thing that waits for a reader, and what it is called in both languages."""

    item: InboxItem
    label: Text


def on_desk(session: Session, by: Actor) -> list[OnDesk]:
    """What waits for a reader, oldest first, without what they proposed themselves.

    Args:
        session: any session.
        by: who reads.
    """
    found = inbox.waiting(session, by=by)
    subjects = [each.subject for each in found]
    applications = _by_id(session, RecommendedApplication, subjects)
    catalogues = _by_id(session, RecommendedCatalogue, subjects)
    filings = _by_id(session, Filing, subjects)
    proposers = {
        **{name: each.proposed_by for name, each in applications.items()},
        **{name: (each.proposal or {}).get("by") for name, each in catalogues.items()},
        **{name: (each.grade_proposal or {}).get("proposed_by") for name, each in filings.items()},
    }

    def called(item: InboxItem) -> Text:
        named: Mapping[str, Any] = {}
        if item.subject in filings:
            named = filings[item.subject].told.value(Meaning.NAME) or {}
        elif item.subject in applications:
            of = session.get_one(Filing, applications[item.subject].filing_id)
            named = published_name(session, of)
        # The name as it was when it began to wait: a draft may have another one since.
        same = named.get("zh") == item.label
        return Text(item.label, str(named.get("en") or item.label) if same else item.label)

    return [
        OnDesk(each, called(each))
        for each in found
        if each.what not in SECOND or proposers.get(each.subject) != by.person_id
    ]


Kept = TypeVar("Kept", Filing, RecommendedApplication, RecommendedCatalogue)


def _by_id(session: Session, kind: type[Kept], names: Sequence[str]) -> dict[str, Kept]:
    return {each.id: each for each in session.scalars(select(kind).where(kind.id.in_(names)))}
