"""Engagements: an enterprise lets one tester organisation score one version, so many times."""

from datetime import datetime

from sqlalchemy import BigInteger, ForeignKey, Integer, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from registry.database import Identified, Record

WIDE = BigInteger().with_variant(Integer, "sqlite")


class Engagement(Identified, Record):
    """The grant: version, tester, budget of predictions, conflicts declared by both sides.

    `conflict_filer` and `conflict_tester` are statements ("none" is one); `accepted` is when the
    tester took the engagement on, which is when its own statement became part of the record.
    """

    __tablename__ = "engagement"

    version_id: Mapped[str] = mapped_column(ForeignKey("version.id"), index=True)
    enterprise_id: Mapped[str] = mapped_column(ForeignKey("organisation.id"), index=True)
    tester_id: Mapped[str] = mapped_column(ForeignKey("organisation.id"), index=True)
    query_budget: Mapped[int] = mapped_column(WIDE)
    conflict_filer: Mapped[str] = mapped_column(String(1000))
    conflict_tester: Mapped[str] = mapped_column(String(1000), default="")
    paid_by: Mapped[str] = mapped_column(String(200), default="")
    accepted: Mapped[datetime | None]
    ended: Mapped[datetime | None]
    granted_by: Mapped[str] = mapped_column(ForeignKey("person.id"))


class Round(Identified, Record):
    """One scoring round charged to an evaluation or an explanation, counted once however often it ran."""

    __tablename__ = "round"
    __table_args__ = (UniqueConstraint("subject_id", "digest"),)

    subject_id: Mapped[str] = mapped_column(String(32), index=True)
    engagement_id: Mapped[str | None] = mapped_column(ForeignKey("engagement.id"), index=True)
    digest: Mapped[str] = mapped_column(String(64))
    predictions: Mapped[int] = mapped_column(WIDE)
