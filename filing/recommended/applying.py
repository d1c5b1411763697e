"""A filer applies for its published filing to be entered, and says how the model can be had."""

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from filing import dossier, revision, waiting
from filing.dossier import Filing
from filing.recommended import reading, records
from filing.recommended.records import RecommendedApplication
from filing.recommended.steps import STATUS_NAMES, UNDER_WAY, Status
from filing.recommended.words import RecommendedInvalid, day, worded
from registry import inbox, journal, legal_day
from registry.database import now
from registry.errors import Conflict, Reason
from registry.language import Text
from registry.organisations import Actor, Role

SUBMITTED = "filing:recommended:submitted"
OFFERED: Mapping[str, Text] = {
    "licence": Text("使用许可", "the licence"),
    "obtaining": Text("怎样取得", "how to obtain it"),
    "contact": Text("联系方式", "the contact"),
    "ties": Text("与行业组织的利害关系", "ties to the industry body"),
}
"""What the public reads of an entry in the filer's words."""


class UnderWay(Conflict):
    """An application for this filing is not decided yet: wait for it, or withdraw it."""


@dataclass(frozen=True, slots=True)
class Offer:
    """What a filer says with its application.

    Args:
        words: for each of `OFFERED`, {zh, en?}.
        licence_until: the last day of the licence, such as 2027-06-30; empty for one without an end.
    """

    words: Mapping[str, Mapping[str, str]]
    licence_until: str = ""


def apply(
    session: Session,
    *,
    by: Actor,
    slug: str,
    filing_id: str,
    filing_revision: int,
    offer: Offer,
) -> RecommendedApplication:
    """Apply for a filing to be entered.

    Args:
        session: the caller's transaction.
        by: a filer of the organisation that filed it.
        slug: of the catalogue.
        filing_id: which filing.
        filing_revision: the filing's revision that they read.
        offer: what they say.

    Raises:
        WrongRole, NotYours, FilingNotFound: unless it is theirs.
        RecommendedNotFound: when there is no such catalogue.
        Moved: when the filing has another revision by now.
        UnderWay: when an application for it is not decided yet.
        RecommendedInvalid: with everything that is lacking.
    """
    by.require(Role.FILER)
    catalogue = records.by_slug(session, slug)
    filing = dossier.get(session, by=by, filing_id=filing_id, to_write=True)
    by.own(filing.organisation_id)
    revision.check(session, filing, filing_revision, reader=by)
    moment = now()
    kept = {name: worded(name, called, offer.words.get(name)) for name, called in OFFERED.items()}
    until, wrong = day("licence_until", offer.licence_until)
    reasons = [reason for _, found in kept.values() for reason in found] + wrong
    if until is not None and until < legal_day.of(moment):
        reasons.append(
            Reason(
                "licence_until",
                Text("许可期限已过。", "The licence ran out."),
                Text("请写今天或以后的日期。", "Give today or a later day."),
            )
        )
    reasons += reading.hindrances(session, filing, at=moment)
    if reasons:
        raise RecommendedInvalid(
            "还不能申请，请先处理下面的问题。",
            "One cannot apply yet; deal with the following first.",
            reasons=reasons,
        )
    _none_under_way(session, catalogue.id, filing)
    made = RecommendedApplication(
        catalogue_id=catalogue.id,
        filing_id=filing.id,
        filer_id=filing.organisation_id,
        applied_by=by.person_id,
        status=Status.SUBMITTED,
        since=moment,
        offer={name: text for name, (text, _) in kept.items()},
        licence_until=until,
    )
    session.add(made)
    session.flush()
    event = journal.record(
        session,
        SUBMITTED,
        made.id,
        person_id=by.person_id,
        organisation_id=by.organisation_id,
        filing=filing.id,
        revision=made.revision,
    )
    inbox.turn(session, event, *waiting.on_application(session, made, filing))
    return made


def _none_under_way(session: Session, catalogue_id: str, filing: Filing) -> None:
    mine = select(RecommendedApplication).where(
        RecommendedApplication.catalogue_id == catalogue_id,
        RecommendedApplication.filing_id == filing.id,
        RecommendedApplication.status.in_(sorted(UNDER_WAY)),
    )
    if session.scalars(mine).first() is not None:
        name = STATUS_NAMES[Status.SUBMITTED]
        raise UnderWay(
            f"这份备案的申请{name.zh}。请等决定，或者先撤回。",
            f"This filing is {name.en}. Wait for the decision, or withdraw the application first.",
        )
