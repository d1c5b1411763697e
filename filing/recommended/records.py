"""What is kept: the catalogue of one industry body, and each application with what came of it."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy import ForeignKey, String, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from filing import editions
from filing.dossier import Filing
from filing.forms import told_by
from filing.meanings import Meaning
from filing.recommended.steps import EVER_ENTERED, STANDING, UNDER_WAY, Side, Status, seen_outside
from registry.database import Identified, Record, now
from registry.errors import NotFound
from registry.language import Text
from registry.law import City
from registry.organisations import Actor, Kind, Organisation

CITY_NAMES: dict[str, Text] = {
    City.SHANGHAI: Text("上海", "Shanghai"),
    City.SHENZHEN: Text("深圳", "Shenzhen"),
    "other": Text("其他城市", "another city"),
}


class RecommendedCatalogue(Identified, Record):
    """The catalogue that one industry body keeps: by which criteria, under whose guidance.

    `proposal` is the weights that one person proposed, until another agrees or disagrees.
    `public_revision` moves with what everybody reads alone: `revision` tells of proposals.
    """

    __tablename__ = "recommended_catalogue"

    organisation_id: Mapped[str] = mapped_column(ForeignKey("organisation.id"), unique=True)
    slug: Mapped[str] = mapped_column(String(30), unique=True)
    city: Mapped[str] = mapped_column(String(20))
    guidance: Mapped[dict[str, Any]]
    weights: Mapped[dict[str, Any]]
    proposal: Mapped[dict[str, Any] | None]
    public_revision: Mapped[int] = mapped_column(default=1, server_default="1")
    revision: Mapped[int] = mapped_column()

    __mapper_args__ = {"version_id_col": revision}  # noqa: RUF012


class RecommendedApplication(Identified, Record):
    """One application of a filer, its decision, and the entry that came of it.

    `offer` is what the filer says of licence, obtaining, contact and its ties; `proposal` is what
    one person of the industry body proposed, until another agrees or disagrees; `said` is the reason of
    the decision in force, and `ties` what both who decided said of theirs. `model_digest` and
    `evaluated` are what was decided on. `refusals` counts, since a refusal may be replied to.
    `filer_revision` moves with what the applicant learns alone: `revision` tells of proposals.
    """

    __tablename__ = "recommended_application"

    catalogue_id: Mapped[str] = mapped_column(ForeignKey("recommended_catalogue.id"), index=True)
    filing_id: Mapped[str] = mapped_column(ForeignKey("filing.id"), index=True)
    filer_id: Mapped[str] = mapped_column(ForeignKey("organisation.id"), index=True)
    applied_by: Mapped[str] = mapped_column(ForeignKey("person.id"))
    status: Mapped[Status] = mapped_column(String(20))
    since: Mapped[datetime] = mapped_column(default=now)
    revision: Mapped[int] = mapped_column()
    filer_revision: Mapped[int] = mapped_column(default=1)
    offer: Mapped[dict[str, Any]]
    licence_until: Mapped[date | None]
    proposal: Mapped[dict[str, Any] | None]
    proposed_by: Mapped[str | None] = mapped_column(ForeignKey("person.id"))
    confirmed_by: Mapped[str | None] = mapped_column(ForeignKey("person.id"))
    said: Mapped[dict[str, Any] | None]
    ties: Mapped[list[Any] | None]
    decided: Mapped[datetime | None]
    until: Mapped[date | None]
    model_digest: Mapped[str | None] = mapped_column(String(64))
    evaluated: Mapped[datetime | None]
    refusals: Mapped[int] = mapped_column(default=0)
    reply: Mapped[dict[str, Any] | None]
    replied: Mapped[datetime | None]
    ended: Mapped[datetime | None]
    end_reason: Mapped[dict[str, Any] | None]

    __mapper_args__ = {"version_id_col": revision}  # noqa: RUF012

    def revision_of(self, side: Side) -> int:
        """The revision that one side reads, and writes against."""
        return self.revision if side is Side.BODY else self.filer_revision

    def move(self, status: Status, at: datetime) -> None:
        """Stand elsewhere from a moment on; the applicant's revision moves if they learn of it."""
        if seen_outside(Status(self.status)) is not seen_outside(status):
            self.filer_revision += 1
        self.status, self.since = status, at


class RecommendedNotFound(NotFound):
    """No such catalogue, or no such application of yours: check the identifier."""


def published_name(session: Session, filing: Filing) -> dict[str, Any]:
    """What a filing is called in its newest edition; a draft's name is nobody else's to read.

    Args:
        session: any session.
        filing: which.

    Returns:
        {zh, en}; empty for a filing that was never published.
    """
    edition = editions.newest(session, filing.id)
    return dict(told_by(edition.read()).of(Meaning.NAME)["said"]) if edition else {}


def catalogues(session: Session) -> Sequence[tuple[RecommendedCatalogue, Organisation]]:
    """Every catalogue with the body that keeps it, by name."""
    every = select(RecommendedCatalogue, Organisation).join(
        Organisation, Organisation.id == RecommendedCatalogue.organisation_id
    )
    rows = session.execute(every.order_by(Organisation.name_zh)).all()
    return [(catalogue, body) for catalogue, body in rows]


def by_slug(session: Session, slug: str) -> RecommendedCatalogue:
    """The catalogue at an address.

    Raises:
        RecommendedNotFound: when there is none.
    """
    found = session.scalar(select(RecommendedCatalogue).where(RecommendedCatalogue.slug == slug))
    if found is None:
        raise RecommendedNotFound(
            "没有这份推荐目录，请检查网址。", "There is no such catalogue: check the address."
        )
    return found


def own_catalogue(session: Session, by: Actor) -> RecommendedCatalogue | None:
    """The catalogue that the actor's organisation keeps, if it keeps one."""
    return session.scalar(
        select(RecommendedCatalogue).where(
            RecommendedCatalogue.organisation_id == by.organisation_id
        )
    )


def application(
    session: Session, *, by: Actor, application_id: str, to_write: bool = False
) -> tuple[RecommendedApplication, Side]:
    """An application that an actor may see, and on which side they stand.

    Args:
        session: the caller's transaction.
        by: who asks.
        application_id: which.
        to_write: lock the row for the rest of the transaction (PostgreSQL).

    Raises:
        RecommendedNotFound: when there is none, or it is none of theirs.
    """
    query = select(RecommendedApplication).where(RecommendedApplication.id == application_id)
    if to_write:
        query = query.with_for_update().execution_options(populate_existing=True)
    found = session.scalar(query)
    if found is not None and found.filer_id == by.organisation_id:
        return found, Side.FILER
    if found is not None and by.kind is Kind.INDUSTRY_BODY:
        kept = session.get_one(RecommendedCatalogue, found.catalogue_id)
        if kept.organisation_id == by.organisation_id:
            return found, Side.BODY
    raise RecommendedNotFound(
        "没有这份申请，或者不归本单位。请检查编号。",
        "There is no such application, or none of your organisation's. Check its identifier.",
    )


def applications(session: Session, *, by: Actor) -> Sequence[RecommendedApplication]:
    """The applications of the actor's organisation: those it made, or those made to it; newest first."""
    query = select(RecommendedApplication)
    if by.kind is Kind.INDUSTRY_BODY:
        kept = own_catalogue(session, by)
        query = query.where(RecommendedApplication.catalogue_id == (kept.id if kept else ""))
    else:
        query = query.where(RecommendedApplication.filer_id == by.organisation_id)
    return session.scalars(query.order_by(RecommendedApplication.id.desc())).all()


def ever_entered(
    session: Session, catalogue: RecommendedCatalogue
) -> Sequence[tuple[RecommendedApplication, Filing]]:
    """Every entry that a catalogue has or had, with its filing; the newest decision first."""
    query = select(RecommendedApplication, Filing).join(
        Filing, Filing.id == RecommendedApplication.filing_id
    )
    rows = session.execute(
        query.where(
            RecommendedApplication.catalogue_id == catalogue.id,
            RecommendedApplication.status.in_(sorted(EVER_ENTERED)),
        ).order_by(RecommendedApplication.decided.desc(), RecommendedApplication.id.desc())
    ).all()
    return [(each, filing) for each, filing in rows]


def affected(session: Session, catalogue: RecommendedCatalogue) -> Sequence[Filing]:
    """The filings that are in a catalogue or applied for: those whose place its weights decide."""
    mine = select(RecommendedApplication.filing_id).where(
        RecommendedApplication.catalogue_id == catalogue.id,
        RecommendedApplication.status.in_(sorted(STANDING | UNDER_WAY)),
    )
    return session.scalars(select(Filing).where(Filing.id.in_(mine)).order_by(Filing.id)).all()


def standing_of(
    session: Session, catalogue_id: str, filing_id: str
) -> Sequence[RecommendedApplication]:
    """The entries of a filing that nobody has ended; whether one has lapsed, `lapse` tells."""
    return session.scalars(
        select(RecommendedApplication).where(
            RecommendedApplication.catalogue_id == catalogue_id,
            RecommendedApplication.filing_id == filing_id,
            RecommendedApplication.status.in_(sorted(STANDING)),
        )
    ).all()
