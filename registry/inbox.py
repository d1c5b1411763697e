"""What waits for an organisation: written by every step that leaves something to do, through the outbox.

A *turn* of a record says who has to act next; it ends what waited about the same record before.
Turns are numbered by their rows in the journal, so that one applied late, or twice, changes nothing.
An item names what waits and where; it repeats nothing of what the record says.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import BigInteger, ForeignKey, Integer, String, or_, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from registry import independence, outbox
from registry.database import Identified, Record, now
from registry.journal import Event
from registry.language import Text
from registry.organisations import Actor

EFFECT = "inbox"


class Waiting(StrEnum):
    """What there is to do."""

    ACCEPT_FILING = "accept_filing"
    FILE_FILING = "file_filing"
    PUBLISH_FILING = "publish_filing"
    MEND_FILING = "mend_filing"
    REPLACE_REPORT = "replace_report"
    TAKE_ON = "take_on"
    COUNTERSIGN = "countersign"
    READ_EXPLANATION = "read_explanation"
    CONCERN = "concern"
    QUESTION = "question"
    REPLIED = "replied"
    MODERATE = "moderate"
    CONFIRM_GRADE = "confirm_grade"
    PARKED_WORK = "parked_work"
    DECIDE_RECOMMENDED = "decide_recommended"
    CONFIRM_RECOMMENDED = "confirm_recommended"
    CONFIRM_WEIGHTS = "confirm_weights"
    READ_REFUSAL = "read_refusal"


WAITING_NAMES: Mapping[Waiting, Text] = {
    Waiting.ACCEPT_FILING: Text("备案等待受理", "a filing waits to be accepted"),
    Waiting.FILE_FILING: Text("备案等待编号", "a filing waits for its number"),
    Waiting.PUBLISH_FILING: Text("备案等待公示", "a filing waits to be published"),
    Waiting.MEND_FILING: Text("备案被退回，等待修改", "a filing was returned and waits for its filer"),
    Waiting.REPLACE_REPORT: Text("公示的备案附的评估报告被撤回，等待处理", "a report attached to a published filing was withdrawn"),
    Waiting.TAKE_ON: Text("委托等待接受", "an engagement waits to be taken on"),
    Waiting.COUNTERSIGN: Text("报告等待签章确认", "a report waits for its countersignature"),
    Waiting.READ_EXPLANATION: Text("算法说明等待确认", "an explanation waits to be confirmed"),
    Waiting.CONCERN: Text("有人来信，等待办理", "somebody wrote, and it waits to be dealt with"),
    Waiting.QUESTION: Text("主管部门或行业组织有询问，等待答复", "an authority or body asks and waits for a reply"),
    Waiting.REPLIED: Text("备案主体已答复，等待结案", "the filer replied; the case waits to be closed"),
    Waiting.MODERATE: Text("收到的内容等待初步查看", "something that came in waits to be looked at first"),
    Waiting.CONFIRM_GRADE: Text("等级调整等待另一位审核人员确认", "a change of the grade waits for a second reviewer"),
    Waiting.PARKED_WORK: Text("工作已搁置，等待决定是否继续", "work is parked and waits to be let go on or cancelled"),
    Waiting.DECIDE_RECOMMENDED: Text("列入推荐目录的申请等待决定", "an application to be recommended waits for a decision"),
    Waiting.CONFIRM_RECOMMENDED: Text("推荐目录的提议等另一人决定", "a proposal on a recommendation waits for a second person"),
    Waiting.CONFIRM_WEIGHTS: Text("推荐目录的权重有提议，等另一人决定", "proposed weights of the recommended catalogue wait for a second person"),
    Waiting.READ_REFUSAL: Text("推荐目录没有列入，可以答复", "an application to be recommended was refused; you may reply"),
}  # fmt: skip


class InboxItem(Identified, Record):
    """One thing that waits, or waited, for an organisation.

    `not_for_id` is an organisation whose people may not learn of it, whoever they act for.
    """

    __tablename__ = "inbox_item"

    organisation_id: Mapped[str] = mapped_column(ForeignKey("organisation.id"), index=True)
    subject: Mapped[str] = mapped_column(String(64), index=True)
    what: Mapped[Waiting] = mapped_column(String(30))
    label: Mapped[str] = mapped_column(String(200), default="")
    place: Mapped[str] = mapped_column(String(200))
    not_for_id: Mapped[str | None] = mapped_column(ForeignKey("organisation.id"))
    done: Mapped[datetime | None]


class InboxTurn(Record):
    """The newest turn of a record that was applied."""

    __tablename__ = "inbox_turn"

    subject: Mapped[str] = mapped_column(String(64), primary_key=True)
    number: Mapped[int] = mapped_column(BigInteger().with_variant(Integer, "sqlite"))


@dataclass(frozen=True, slots=True)
class Waits:
    """Who has to act next, on what, and where.

    Args:
        organisation_id: who.
        what: what there is to do.
        place: the page, without the language: `/review/…`.
        label: what it is called, if it has a name that its readers may know.
        not_for_id: an organisation whose people may not learn of it.
    """

    organisation_id: str
    what: Waiting
    place: str
    label: str = ""
    not_for_id: str | None = None


def turn(session: Session, event: Event, *waits: Waits, about: str = "") -> None:
    """Ask for a turn: what waited about the record ends, and this waits instead.

    Args:
        session: the transaction of the change.
        event: the change's row in the journal; its number is the turn's.
        waits: who has to act next; none where nobody has.
        about: the record, where it is not the event's subject.
    """
    subject = about or event.subject
    told = [{**asdict(each), "label": each.label[:200]} for each in waits]
    payload = {
        "subject": subject,
        "number": event.seq,
        "since": event.at.isoformat(),
        "waits": told,
    }
    outbox.add(session, EFFECT, f"inbox:{subject}:{event.seq}", payload)


def apply(session: Session, payload: Mapping[str, Any]) -> None:
    """Apply a turn, unless a later one of the same record was applied.

    Args:
        session: the worker's transaction.
        payload: what `turn` wrote.
    """
    subject, number = str(payload["subject"]), int(payload["number"])
    query = select(InboxTurn).where(InboxTurn.subject == subject).with_for_update()
    newest = session.scalar(query)
    if newest is not None and newest.number >= number:
        return
    if newest is None:
        session.add(InboxTurn(subject=subject, number=number))
    else:
        newest.number = number
    waited = {
        (each.organisation_id, str(each.what)): each
        for each in session.scalars(
            select(InboxItem).where(InboxItem.subject == subject, InboxItem.done.is_(None))
        )
    }
    # Since the change, not since a worker came to it: that would tell what else there was to do.
    since = datetime.fromisoformat(payload["since"]) if "since" in payload else now()
    for each in payload["waits"]:
        item = waited.pop((each["organisation_id"], str(each["what"])), None)
        if item is None:
            session.add(InboxItem(subject=subject, created=since, **each))
        else:  # what waits on has waited since it began to
            item.label, item.place = each["label"], each["place"]
    for item in waited.values():
        item.done = now()


def waiting(session: Session, *, by: Actor) -> Sequence[InboxItem]:
    """What waits for the actor's organisation, oldest first.

    Args:
        session: any session.
        by: who asks; what is not for people of another organisation is not even read for those.
    """
    own = select(InboxItem).where(
        InboxItem.organisation_id == by.organisation_id,
        InboxItem.done.is_(None),
        or_(
            InboxItem.not_for_id.is_(None),
            InboxItem.not_for_id.not_in(independence.belongings(by.person_id)),
        ),
    )
    return session.scalars(own.order_by(InboxItem.created, InboxItem.id)).all()
