"""Remarks: why a field was returned, and what the filer replied or changed."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, String, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from filing import dossier, prepared
from filing.dossier import Filing
from filing.fields import FieldNotFound, Schema
from filing.lifecycle import Status
from registry import attestation, journal, lengths
from registry.database import Identified, Record, now
from registry.errors import Invalid, NotFound, Reason
from registry.language import Text
from registry.lengths import Limit
from registry.organisations import Actor

REMARK = Limit("remarks", Text("退回意见", "remark"), 1000)
REMARK_EN = Limit("remarks", Text("退回意见（英文）", "remark in English"), 4000)
REPLY = Limit("reply", Text("答复", "reply"), 1000)
REPLY_EN = Limit("reply", Text("答复（英文）", "reply in English"), 4000)


RETURNED = "filing:review:returned"
"""A filing also stands returned once its filer took back what was submitted again."""


class Remark(Identified, Record):
    """Why one field was returned, and the filer's reply.

    `digest` is of the answer as it was when the field was returned.
    """

    __tablename__ = "remark"

    filing_id: Mapped[str] = mapped_column(ForeignKey("filing.id"), index=True)
    submission: Mapped[int]
    key: Mapped[str] = mapped_column(String(10))
    zh: Mapped[str] = mapped_column(String(1000))
    en: Mapped[str] = mapped_column(String(4000), default="")
    written_by: Mapped[str] = mapped_column(ForeignKey("person.id"))
    reply: Mapped[dict[str, Any] | None]
    replied: Mapped[datetime | None]
    replied_by: Mapped[str | None] = mapped_column(ForeignKey("person.id"))
    digest: Mapped[str] = mapped_column(String(64))

    def changed_in(self, filing: Filing) -> bool:
        """Whether the field has been changed since it was returned."""
        return self.digest != attestation.digest(filing.answers.get(self.key))

    def settled_in(self, filing: Filing) -> bool:
        """Whether the filer has replied or changed the field."""
        return self.reply is not None or self.changed_in(filing)


class RemarkNotFound(NotFound):
    """No such remark on this filing: check the identifier."""


def on(session: Session, filing: Filing, *, submission: int | None = None) -> Sequence[Remark]:
    """The remarks on a filing, oldest first; with `submission`, those of that round."""
    found = select(Remark).where(Remark.filing_id == filing.id)
    if submission is not None:
        found = found.where(Remark.submission == submission)
    return session.scalars(found.order_by(Remark.id)).all()


def unsettled(session: Session, filing: Filing) -> Sequence[Remark]:
    """The remarks on a returned filing that the filer has neither answered nor acted on."""
    if filing.status != Status.RETURNED:
        return []
    this_round = on(session, filing, submission=filing.submissions)
    return [each for each in this_round if not each.settled_in(filing)]


def returned_for(session: Session, filing: Filing) -> Mapping[str, str] | None:
    """The reason that the reviewer gave for the whole filing, if it stands returned with one."""
    if filing.status != Status.RETURNED:
        return None
    events = journal.history(session, filing.id)
    came = next(each for each in reversed(events) if each.details.get("to") == Status.RETURNED)
    reason: Mapping[str, str] | None = came.details.get("reason")
    return reason if came.name == RETURNED else None


def reply(
    session: Session, *, by: Actor, remark_id: str, revision: int, zh: str, en: str = ""
) -> Remark:
    """Answer a remark of the present round; the reply is a revision of the filing.

    Args:
        session: the caller's transaction.
        by: a filer of the filing's organisation.
        remark_id: which remark.
        revision: the filing's revision that the writer read.
        zh: the reply.
        en: the same in English, where there is one.

    Raises:
        Moved: when the filing has another revision by now.
        RemarkNotFound: when there is none.
        NotEditable: when the filing is not with the filer.
        Invalid: when the reply is blank.
    """
    remark = session.get(Remark, remark_id)
    if remark is None:
        raise RemarkNotFound("没有这条退回意见。", "There is no such remark.")
    filing = dossier.editable(session, by, remark.filing_id, revision)
    if not zh.strip():
        raise Invalid("请写答复。", "Write the reply.")
    lengths.check([(REPLY, zh), (REPLY_EN, en)])
    remark.reply = {"zh": zh.strip(), **({"en": en.strip()} if en.strip() else {})}
    remark.replied, remark.replied_by = now(), by.person_id
    dossier.touch(session, filing)
    dossier.note(
        session,
        "filing:dossier:replied",
        filing,
        by,
        key=remark.key,
        remark=remark.id,
        said=remark.reply,
    )
    return remark


def check(form: Schema, given: Sequence[Mapping[str, str]]) -> list[Reason]:
    """What is wrong with a reviewer's remarks: each names a field and says why.

    Args:
        form: the schema that the filing is kept under.
        given: rows of {code, zh, en?}; `code` is a field's key.
    """
    reasons = []
    for row in given:
        key = str(row.get("code", ""))
        try:
            name = form.field(key).name
        except FieldNotFound as error:
            reasons.append(Reason(key, error.said, _REMEDY))
            continue
        if not str(row.get("zh", "")).strip():
            said = Text(f"没有写“{name.zh}”为什么退回。", f"No reason is given for “{name.en}”.")
            reasons.append(Reason(key, said, _REMEDY))
        reasons += REMARK.reasons(str(row.get("zh", "")), item=key)
        reasons += REMARK_EN.reasons(str(row.get("en", "")), item=key)
    return reasons


_REMEDY = Text("请选一个字段，写明原因。", "Choose a field and give the reason.")


def write(
    session: Session, filing: Filing, given: Sequence[Mapping[str, str]], *, by: Actor
) -> None:
    """Put a reviewer's remarks, which `check` found sound, on record.

    Args:
        session: the caller's transaction.
        filing: the filing that goes back.
        given: rows of {code, zh, en?}.
        by: the reviewer.
    """
    session.add_all(
        Remark(
            filing_id=filing.id,
            submission=filing.submissions,
            key=row["code"],
            zh=row["zh"].strip(),
            en=row.get("en", "").strip() or prepared.english(row["zh"]),
            written_by=by.person_id,
            digest=attestation.digest(filing.answers.get(row["code"])),
        )
        for row in given
    )
    session.flush()
