"""The single-use keys of forms: one form makes one record, however often it is sent.

A page gives each form that makes something a key of its own. The first who sends it claims the key;
the answer is kept for a while, sealed with the key itself, so that the database alone tells
nothing of it, and whoever sends the same form again is shown that answer.
"""

import base64
import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta

from cryptography.fernet import Fernet
from sqlalchemy import LargeBinary, Select, String, delete, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Mapped, Session, mapped_column, sessionmaker

from registry.database import Record, now, transaction

KEPT = timedelta(hours=1)
"""How long a form that was sent is known."""


class FormKey(Record):
    """One form that was sent; `answer` is None until it is answered."""

    __tablename__ = "form_key"

    digest: Mapped[str] = mapped_column(String(64), primary_key=True)
    sent: Mapped[datetime] = mapped_column(default=now, index=True)
    answer: Mapped[bytes | None] = mapped_column(LargeBinary)


@dataclass(frozen=True, slots=True)
class Claim:
    """One form as one sender sends it.

    Args:
        digest: under which it is known; of key, sender, address and content together.
        seal: what its answer is sealed with.
    """

    digest: str
    seal: bytes

    @classmethod
    def of(cls, key: str, *, sender: str, address: str, content: str) -> "Claim":
        """The claim that a form makes.

        Args:
            key: of the form.
            sender: the person; empty for the public.
            address: where it was sent.
            content: what was typed in it.
        """
        whole = f"{key}\0{sender}\0{address}\0{content}".encode("utf-8", "surrogatepass")
        seal = base64.urlsafe_b64encode(hashlib.sha256(b"answer\0" + whole).digest())
        return cls(hashlib.sha256(b"form\0" + whole).hexdigest(), seal)


def claim(factory: sessionmaker[Session], form: Claim) -> bool:
    """Whether this is the first time that the form is sent; then it is on record, unanswered.

    Args:
        factory: sessions on the register's database.
        form: which.
    """
    with factory() as session:  # whoever comes again, or waits for the first, holds up no writer
        if session.scalar(_known(form)) is not None:
            return False
    try:
        with transaction(factory) as session:
            session.execute(delete(FormKey).where(FormKey.sent < now() - KEPT))
            if session.scalar(_known(form)) is not None:
                return False
            session.add(FormKey(digest=form.digest))
    except IntegrityError:  # another came between the look and the row
        return False
    return True


def _known(form: Claim) -> Select[str]:
    lately = FormKey.sent >= now() - KEPT
    return select(FormKey.digest).where(FormKey.digest == form.digest, lately)


def answer(factory: sessionmaker[Session], form: Claim) -> bytes | None:
    """The answer to a form that was sent before; None while there is none.

    Args:
        factory: sessions on the register's database.
        form: which.
    """
    with factory() as session:
        sealed = session.scalar(select(FormKey.answer).where(FormKey.digest == form.digest))
    return None if sealed is None else Fernet(form.seal).decrypt(sealed)


def settle(factory: sessionmaker[Session], form: Claim, answered: bytes | None) -> None:
    """Keep the answer to a form; without one the form may be sent again.

    Args:
        factory: sessions on the register's database.
        form: which.
        answered: the answer; None where nothing was made.
    """
    with transaction(factory) as session:
        found = session.get(FormKey, form.digest)
        if found is None:
            return
        if answered is None:
            session.delete(found)
        else:
            found.answer = Fernet(form.seal).encrypt(answered)
