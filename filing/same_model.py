"""Which other live filings hold the same bytes: what is filed is a model, whatever it is called.

One organisation files a model once: a second filing under another name would have one system with
two numbers, two grades and two answers. Another organisation may file the same bytes, such as an
open model, for it answers for its own use of them; the reviewer is told of the others.
"""

from collections.abc import Sequence

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from filing.dossier import Filing
from filing.lifecycle import EXITS, STATUS_NAMES, Guard, Status
from registry.errors import Reason
from registry.language import Text
from registry.organisations import Organisation
from registry.submission import Version


def hold(session: Session, filing: Filing) -> None:
    """Lock the versions with these bytes, so that of two who file them at once one comes second.

    Args:
        session: a transaction that is about to take a step.
        filing: whose model.
    """
    digest = select(Version.digest).where(Version.id == filing.version_id).scalar_subquery()
    rows = select(Version.id).where(Version.digest == digest)
    session.execute(rows.order_by(Version.id).with_for_update()).all()


def others(session: Session, filing: Filing) -> Sequence[Filing]:
    """The other live filings that hold the same bytes, in their dossier or in public, oldest first.

    A draft that was never submitted holds nothing yet, nor does one that this filing is to replace.

    Args:
        session: any session.
        filing: whose model.
    """
    digest = select(Version.digest).where(Version.id == filing.version_id).scalar_subquery()
    same = select(Version.id).where(Version.digest == digest)
    found = select(Filing).where(
        or_(Filing.version_id.in_(same), Filing.published_version_id.in_(same)),
        Filing.status.not_in(EXITS),
        Filing.submissions > 0,
        Filing.id.not_in([filing.id, filing.replaces_id or ""]),
    )
    return session.scalars(found.order_by(Filing.id)).all()


def refusals(session: Session, filing: Filing) -> list[Reason]:
    """Why this filing cannot go on: its organisation holds the same model in another live one."""
    own = [
        each for each in others(session, filing) if each.organisation_id == filing.organisation_id
    ]
    return [Reason(Guard.ONE_FILING, _held(each), REMEDY) for each in own]


def told(session: Session, filing: Filing) -> list[Text]:
    """What the reviewer is told of other organisations' filings of the same bytes."""
    return [
        _told(each, session.get_one(Organisation, each.organisation_id).name)
        for each in others(session, filing)
        if each.organisation_id != filing.organisation_id
    ]


REMEDY = Text(
    "同一个模型只备一次：请撤回这一份，在那一份里办变更；或者先撤回、注销那一份。",
    "A model is filed once: withdraw this filing and file the change in the other one; or withdraw "
    "or cancel the other one first.",
)


def _held(other: Filing) -> Text:
    called, status = _called(other), STATUS_NAMES[Status(other.status)]
    return Text(
        f"贵单位的另一份备案已经包含同一个模型（文件完全相同）：{called.zh}，{status.zh}。",
        f"Another filing of yours holds the same model, byte for byte: {called.en}, {status.en}.",
    )


def _told(other: Filing, organisation: Text) -> Text:
    called, status = _called(other), STATUS_NAMES[Status(other.status)]
    return Text(
        f"{organisation.zh}：{called.zh}，{status.zh}",
        f"{organisation.en}: {called.en}, {status.en}",
    )


def _called(other: Filing) -> Text:
    if other.number:
        return Text(f"编号 {other.number}", f"number {other.number}")
    return Text(f"还没有编号，备案标识 {other.id}", f"no number yet, filing {other.id}")
