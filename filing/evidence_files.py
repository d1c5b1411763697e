"""Evidence files of a filing: kept as they were sent, named in answers by their digest.

A digest stands in an answer only while the file that it is of is held. Until it was submitted a file
can be taken back: it goes when no answer names it any more. What was submitted stays, for it is
what somebody decided on.
"""

import io
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, String, UniqueConstraint, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from registry.artifacts import ArtifactStore
from registry.attachments import MEDIA, Kind, Looked, Sent
from registry.database import Identified, Record, now
from registry.errors import Invalid, NotFound, Reason
from registry.language import Text

UNREAD = "unread"
"""What was taken in before files were looked at; it is handed out as bytes of no known kind."""


class EvidenceFile(Identified, Record):
    """One file of one filing; `handed_in` says when a submission first carried it."""

    __tablename__ = "evidence_file"
    __table_args__ = (UniqueConstraint("filing_id", "sha256"),)

    filing_id: Mapped[str] = mapped_column(ForeignKey("filing.id"), index=True)
    sha256: Mapped[str] = mapped_column(String(64))
    name: Mapped[str] = mapped_column(String(200))
    kind: Mapped[str] = mapped_column(String(20))
    size: Mapped[int]
    pages: Mapped[int | None]
    added_by: Mapped[str | None] = mapped_column(ForeignKey("person.id"))
    handed_in: Mapped[datetime | None]

    @property
    def named(self) -> dict[str, Any]:
        """How an answer names it."""
        return {"name": self.name, "sha256": self.sha256, "size": self.size}


@dataclass(frozen=True, slots=True)
class Opened:
    """A file as it is handed out: its name, the type of its content, its bytes."""

    name: str
    media_type: str
    content: bytes


class FileNotFound(NotFound):
    """The filing has no such file: see its answers for those it has."""


class FileNotHeld(Invalid):
    """An answer names a file that was not uploaded to this filing: upload it first."""


def add(
    session: Session,
    store: ArtifactStore,
    *,
    filing_id: str,
    person_id: str,
    sent: Sent,
    looked: Looked,
) -> EvidenceFile:
    """Keep a file of a filing; the same bytes once more are the same file.

    Args:
        session: the caller's transaction.
        store: where the bytes go.
        filing_id: of a filing whose dossier the person may change.
        person_id: who sent it.
        sent: the file as it came.
        looked: what a confined child saw in it.
    """
    digest = store.put(io.BytesIO(sent.content))
    found = _held(session, filing_id).get(digest)
    if found is None:
        found = EvidenceFile(
            filing_id=filing_id,
            sha256=digest,
            name=sent.shown,
            kind=looked.kind.value,
            size=len(sent.content),
            pages=looked.pages,
            added_by=person_id,
        )
        session.add(found)
        session.flush()
    return found


def opened(session: Session, store: ArtifactStore, filing_id: str, digest: str) -> Opened:
    """One file of a filing with its bytes, for who may read the dossier.

    Raises:
        FileNotFound: when the filing has none with this digest.
    """
    found = _held(session, filing_id).get(digest)
    if found is None:
        raise FileNotFound("这份备案没有这个文件。", "The filing has no such file.")
    media = "application/octet-stream"
    if found.kind != UNREAD:
        media = MEDIA[Kind(found.kind)][0]
    with store.open(digest) as kept:
        return Opened(found.name, media, kept.read())


def follow(
    session: Session,
    filing_id: str,
    *,
    before: Mapping[str, Any],
    after: Mapping[str, Any],
) -> None:
    """See that what answers newly name is held, and let go what none names any more.

    Args:
        session: the caller's transaction.
        filing_id: which filing.
        before: its stored answers until now.
        after: those to come.

    Raises:
        FileNotHeld: with each file that was not uploaded, or has fewer pages.
    """
    held, was, becomes = _held(session, filing_id), _named(before), _named(after)
    reasons = [
        reason
        for key, each in _places(after)
        if each not in was.values() and (reason := _wrong(key, each, held.get(each["sha256"])))
    ]
    if reasons:
        raise FileNotHeld(
            "有的文件没有收到，什么都没有保存。",
            "Some files were not received; nothing was saved.",
            reasons=reasons,
        )
    for digest in was.keys() - becomes.keys():
        gone = held.get(digest)
        if gone is not None and gone.handed_in is None:
            session.delete(gone)


def hand_in(session: Session, filing_id: str, answers: Mapping[str, Any]) -> None:
    """Note which files a submission carries: they stay.

    Args:
        session: the caller's transaction.
        filing_id: of the filing that is submitted.
        answers: its stored answers.
    """
    held = _held(session, filing_id)
    for digest in _named(answers):
        if digest in held and held[digest].handed_in is None:
            held[digest].handed_in = now()


def _wrong(key: str, named: Mapping[str, Any], held: EvidenceFile | None) -> Reason | None:
    remedy = Text("请先上传这个文件，再填写。", "Upload the file first, then name it.")
    if held is None or held.size != named["size"]:
        said = Text(f"没有收到“{named['name']}”。", f"“{named['name']}” was not received.")
        return Reason(key, said, remedy)
    page, pages = named.get("page"), held.pages
    if page is not None and pages is not None and page > pages:
        said = Text(f"“{held.name}”只有{pages}页。", f"“{held.name}” has {pages} pages only.")
        return Reason(f"{key}.page", said, Text("请改页码。", "Correct the page."))
    return None


def _held(session: Session, filing_id: str) -> dict[str, EvidenceFile]:
    mine = select(EvidenceFile).where(EvidenceFile.filing_id == filing_id)
    return {each.sha256: each for each in session.scalars(mine)}


def _named(answers: Mapping[str, Any]) -> dict[str, Mapping[str, Any]]:
    return {each["sha256"]: each for _, each in _places(answers)}


def _places(answers: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Every file that answers name, with where: `A9.file`, `C4#1.proof`."""
    for key, stored in answers.items():
        yield from _inside(key, stored.get("value"))


def _inside(path: str, value: Any) -> Iterator[tuple[str, Mapping[str, Any]]]:
    if isinstance(value, Mapping):
        if isinstance(value.get("sha256"), str) and "name" in value and "size" in value:
            yield path, value
        else:
            for name, each in value.items():
                yield from _inside(f"{path}.{name}", each)
    elif isinstance(value, list):
        for position, each in enumerate(value, start=1):
            yield from _inside(f"{path}.{position}", each)
