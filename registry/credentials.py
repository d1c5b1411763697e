"""How someone proves who they are: passwords, sign-ins, API tokens, and the limit on guessing."""

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from registry.database import Identified, Record


class SignIn(Identified, Record):
    """One signed-in browser; only the digest of its cookie is kept."""

    __tablename__ = "sign_in"

    token_digest: Mapped[str] = mapped_column(String(64), unique=True)
    person_id: Mapped[str] = mapped_column(ForeignKey("person.id"), index=True)
    organisation_id: Mapped[str] = mapped_column(ForeignKey("organisation.id"))
    csrf: Mapped[str] = mapped_column(String(64))
    expires: Mapped[datetime]


class Token(Identified, Record):
    """An API token: its digest, scopes and expiry."""

    __tablename__ = "token"

    token_digest: Mapped[str] = mapped_column(String(64), unique=True)
    label: Mapped[str] = mapped_column(String(100))
    person_id: Mapped[str] = mapped_column(ForeignKey("person.id"), index=True)
    organisation_id: Mapped[str] = mapped_column(ForeignKey("organisation.id"), index=True)
    scopes: Mapped[list[Any]]
    expires: Mapped[datetime]
    revoked: Mapped[datetime | None]
    last_used: Mapped[datetime | None]


class SignInAttempt(Identified, Record):
    """One failed attempt, by e-mail digest and by address; old ones are deleted."""

    __tablename__ = "sign_in_attempt"

    key: Mapped[str] = mapped_column(String(64), index=True)
