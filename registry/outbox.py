"""Outside effects that a change asks for, written with the change and applied at least once."""

from datetime import datetime
from typing import Any

from sqlalchemy import Integer, String
from sqlalchemy.orm import Mapped, mapped_column

from registry.database import Identified, Record


class Effect(Identified, Record):
    """One outside effect: what to do, keyed so that doing it twice changes nothing."""

    __tablename__ = "effect"

    kind: Mapped[str] = mapped_column(String(40))
    key: Mapped[str] = mapped_column(String(120), unique=True)
    payload: Mapped[dict[str, Any]]
    attempts: Mapped[int] = mapped_column(Integer, default=0)
    applied: Mapped[datetime | None]
    error: Mapped[str | None] = mapped_column(String(1000))
