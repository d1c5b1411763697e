"""Requested work: leased rows of our own database, claimed with the database's clock."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import Float, ForeignKey, Integer, String
from sqlalchemy.orm import Mapped, mapped_column

from registry.database import Identified, Record


class State(StrEnum):
    """Where a piece of work stands."""

    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"


class Work(Identified, Record):
    """One requested piece of work; the request row is the job.

    `claim` is the fencing token: it grows with every claim, and a result commits only while the
    worker's claim is still the row's. `lease_until` is in seconds of the database's clock.
    """

    __tablename__ = "work"

    kind: Mapped[str] = mapped_column(String(30))
    subject_id: Mapped[str] = mapped_column(String(32), index=True)
    organisation_id: Mapped[str] = mapped_column(ForeignKey("organisation.id"), index=True)
    dedup: Mapped[str] = mapped_column(String(200), unique=True)
    state: Mapped[State] = mapped_column(String(12), default=State.QUEUED, index=True)
    claim: Mapped[int] = mapped_column(Integer, default=0)
    attempts: Mapped[int] = mapped_column(Integer, default=0)
    worker: Mapped[str | None] = mapped_column(String(80))
    lease_until: Mapped[float | None] = mapped_column(Float)
    done: Mapped[int] = mapped_column(Integer, default=0)
    total: Mapped[int] = mapped_column(Integer, default=0)
    said_zh: Mapped[str] = mapped_column(String(400), default="")
    said_en: Mapped[str] = mapped_column(String(400), default="")
    cancel: Mapped[bool] = mapped_column(default=False)
    error: Mapped[dict[str, Any] | None]
    finished: Mapped[datetime | None]
