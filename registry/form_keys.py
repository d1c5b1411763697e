"""The single-use keys of forms: one form makes one record, however often it is sent.

A page gives each form that makes something a key of its own. The first who sends it claims the key;
the answer is kept for a while, sealed with the key itself, so that the database alone tells
nothing of it, and whoever sends the same form again is shown that answer.

Whoever claims a key holds it: says every few seconds that it is still at work, and lets go of it in
the transaction of the change itself. A server that dies leaves a key that is held by nobody alive;
then nothing was recorded, so whoever sends the form again takes the key over. Had the first one only
been slow, its change finds its key taken and is rolled back: nothing is made twice.
"""

import base64
import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from cryptography.fernet import Fernet
from sqlalchemy import LargeBinary, Select, String, Update, delete, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Mapped, Session, mapped_column, sessionmaker

from registry.database import Record, now, transaction
from registry.errors import Conflict

KEPT = timedelta(hours=1)
"""How long a form that was sent is known."""
BEAT = timedelta(seconds=3)
SILENT = timedelta(seconds=10)
"""How often who holds a key says so, and after how long without a word it is taken for dead."""


class TakenOver(Conflict):
    """The form was sent again meanwhile and is dealt with there: look what became of that one."""


class FormKey(Record):
    """One form that was sent; `answer` is None until it is answered.

    `holder` is who is at work on it, None from its change on; `beat` when it last said so.
    """

    __tablename__ = "form_key"

    digest: Mapped[str] = mapped_column(String(64), primary_key=True)
    sent: Mapped[datetime] = mapped_column(default=now, index=True)
    answer: Mapped[bytes | None] = mapped_column(LargeBinary)
    holder: Mapped[str | None] = mapped_column(String(32))
    beat: Mapped[datetime] = mapped_column(default=now)


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


def claim(factory: sessionmaker[Session], form: Claim) -> str | None:
    """Who holds the form from now on, if it is sent for the first time or its holder fell silent.

    Args:
        factory: sessions on the register's database.
        form: which.

    Returns:
        A name for the holder; None where the form was sent before and is, or was, dealt with.
    """
    with factory() as session:  # whoever comes again, or waits for the first, holds up no writer
        known = session.scalar(_known(form))
    if known is not None:
        silent = known.holder is not None and known.beat < now() - SILENT
        return _taken_over(factory, form, known.holder) if silent and known.holder else None
    holder = secrets.token_hex(16)
    try:
        with transaction(factory) as session:
            session.execute(delete(FormKey).where(FormKey.sent < now() - KEPT))
            if session.scalar(_known(form)) is not None:
                return None
            session.add(FormKey(digest=form.digest, holder=holder))
    except IntegrityError:  # another came between the look and the row
        return None
    return holder


def _taken_over(factory: sessionmaker[Session], form: Claim, before: str) -> str | None:
    holder = secrets.token_hex(16)
    with transaction(factory) as session:
        silent = FormKey.beat < now() - SILENT
        taken = _held(form, before).where(silent).values(holder=holder, beat=now())
        changed: int = session.execute(taken).rowcount  # type: ignore[attr-defined]
    return holder if changed else None


def _known(form: Claim) -> Select[FormKey]:
    lately = FormKey.sent >= now() - KEPT
    return select(FormKey).where(FormKey.digest == form.digest, lately)


def beat(factory: sessionmaker[Session], form: Claim, holder: str) -> None:
    """Say that somebody is still at work on a form.

    Args:
        factory: sessions on the register's database.
        form: which.
        holder: who.
    """
    with transaction(factory) as session:
        session.execute(_held(form, holder).values(beat=now()))


def let_go(session: Session, form: Claim, holder: str) -> None:
    """Let go of a form in the transaction of its change, just before it is committed.

    Args:
        session: the transaction.
        form: which.
        holder: who holds it.

    Raises:
        TakenOver: somebody else holds it by now; the change must be rolled back.
    """
    done = session.execute(_held(form, holder).values(holder=None))
    if not done.rowcount:  # type: ignore[attr-defined]
        raise TakenOver(
            "这份内容在处理中又提交了一次，以后一次为准；这一次没有保存。",
            "This was sent again while it was dealt with, and the later one counts; nothing was "
            "saved of this one.",
        )


def answer(factory: sessionmaker[Session], form: Claim) -> bytes | None:
    """The answer to a form that was sent before; None while there is none.

    Args:
        factory: sessions on the register's database.
        form: which.
    """
    with factory() as session:
        sealed = session.scalar(select(FormKey.answer).where(FormKey.digest == form.digest))
    return None if sealed is None else Fernet(form.seal).decrypt(sealed)


def settle(
    factory: sessionmaker[Session], form: Claim, answered: bytes | None, *, holder: str
) -> None:
    """Keep the answer to a form; without one the form may be sent again.

    Args:
        factory: sessions on the register's database.
        form: which.
        holder: who held it; where somebody else does by now, theirs is the answer.
        answered: the answer; None where nothing was made.
    """
    with transaction(factory) as session:
        found = session.get(FormKey, form.digest)
        if found is None or found.holder not in {None, holder}:
            return
        if answered is None:
            session.delete(found)
        else:
            found.answer = Fernet(form.seal).encrypt(answered)


def _held(form: Claim, holder: str) -> Update:
    return update(FormKey).where(FormKey.digest == form.digest, FormKey.holder == holder)
