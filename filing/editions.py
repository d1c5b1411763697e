"""Editions: what the public reads of a filing, frozen at each publication as canonical JSON.

An edition never changes. What it withholds is named with reason, ground, review date and a salted
digest, so that it can be shown later what was on file; the full record behind it is kept apart.
"""

import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import (
    Connection,
    ForeignKey,
    String,
    Table,
    UniqueConstraint,
    bindparam,
    event,
    select,
    text,
)
from sqlalchemy.orm import Mapped, Session, defer, mapped_column

from filing import (
    computed,
    declared,
    grading,
    numbers,
    plainness,
    risk,
    tested_acts,
    withholding,
    wording,
)
from filing.answers import part_of
from filing.dossier import Filing
from filing.evidence import Evidence
from filing.fields import Answers, Field, Show, split
from filing.forms import told_by
from filing.gate import Gate
from filing.law import FILING_STATEMENT
from filing.meanings import Meaning
from registry import attestation, explanations, json_text, verifications
from registry.database import Identified, Record
from registry.errors import NotFound
from registry.json_text import KeyTwice
from registry.language import Text
from registry.memo import Memo
from registry.organisations import Actor, Organisation
from registry.reports import Report
from registry.submission import Version

TYPE = "urn:mingsuan:filing-edition:v1"


class Edition(Identified, Record):
    """One published edition.

    `content` is the canonical JSON that the public reads and `digest` its SHA-256; `record` is the
    canonical JSON of everything on file, whose digest the content carries.
    """

    __tablename__ = "edition"
    __table_args__ = (UniqueConstraint("filing_id", "number"),)

    filing_id: Mapped[str] = mapped_column(ForeignKey("filing.id"), index=True)
    number: Mapped[int]
    content: Mapped[str]
    digest: Mapped[str] = mapped_column(String(64))
    record: Mapped[str]
    published: Mapped[datetime]
    published_by: Mapped[str] = mapped_column(ForeignKey("person.id"))

    def read(self) -> Mapping[str, Any]:
        """What the public reads, as a JSON object; it is one for all who read it."""
        return content_of(self.digest, lambda: self.content).read

    def on_file(self) -> dict[str, Any]:
        """Everything that was on file, as a JSON object."""
        record: dict[str, Any] = attestation.parse(self.record.encode())
        return record

    def on_file_told(self) -> Answers:
        """The answers that counted of those on file, under the schema they were published under."""
        content = self.read()
        typed = Answers(told_by(content).form, self.on_file()["dossier"]["answers"])
        return grading.under(typed, risk.Level(content["grade"]["level"]))


UNCHANGED = "an edition never changes"
FREEZING: Mapping[str, Sequence[str]] = {
    "sqlite": (
        (
            "CREATE TRIGGER edition_frozen BEFORE UPDATE OF content, digest, record, number, filing_id "
            f"ON edition BEGIN SELECT RAISE(ABORT, '{UNCHANGED}'); END"
        ),
        (
            "CREATE TRIGGER edition_kept BEFORE DELETE ON edition "
            f"BEGIN SELECT RAISE(ABORT, '{UNCHANGED}'); END"
        ),
    ),
    "postgresql": (
        (
            "CREATE OR REPLACE FUNCTION edition_frozen() RETURNS trigger LANGUAGE plpgsql AS "
            f"'BEGIN RAISE EXCEPTION ''{UNCHANGED}''; END'"
        ),
        (
            "CREATE TRIGGER edition_frozen BEFORE UPDATE OF content, digest, record, number, filing_id "
            "ON edition FOR EACH ROW EXECUTE FUNCTION edition_frozen()"
        ),
        (
            "CREATE TRIGGER edition_kept BEFORE DELETE ON edition "
            "FOR EACH ROW EXECUTE FUNCTION edition_frozen()"
        ),
    ),
}
"""By dialect, what makes the database itself refuse to change or delete what was published."""


@event.listens_for(Edition.__table__, "after_create")
def freeze(_table: Table | None, connection: Connection, **_how: Any) -> None:
    """Have the database refuse any change of an edition's bytes, also by whoever bypasses this code.

    Args:
        _table: the table that was made.
        connection: to the database.
    """
    for statement in FREEZING[connection.dialect.name]:
        connection.execute(text(statement))


EVERY = (
    select(Edition)
    .where(Edition.filing_id == bindparam("filing_id"))
    .options(defer(Edition.record))
    .order_by(Edition.number)
)


CONTENT = select(Edition.content).where(Edition.id == bindparam("edition_id"))


@dataclass(frozen=True, slots=True)
class Content:
    """What an edition says; it never changes, and one is the same as another of the same digest.

    Args:
        digest: SHA-256 of the canonical bytes.
        canonical: what the public reads, as bytes.
        read: the same as a JSON object.
    """

    digest: str
    canonical: bytes = field(compare=False, repr=False)
    read: Mapping[str, Any] = field(compare=False, repr=False)


CONTENTS: Memo[Content] = Memo(256)
"""Each about 80 kB, and three times as much where it has been read."""


def content_of(digest: str, fetch: Callable[[], str]) -> Content:
    """What the edition of a digest says, read once for all who ask.

    Args:
        digest: of the edition.
        fetch: gives its content, where nobody has asked before.
    """

    def made() -> Content:
        canonical = fetch().encode()
        return Content(digest, canonical, attestation.parse(canonical))

    return CONTENTS.get(digest, made)


def content(session: Session, edition_id: str, digest: str) -> Content:
    """What an edition says of which only the row's name is known.

    Args:
        session: any session.
        edition_id: which edition.
        digest: its digest.
    """
    return content_of(
        digest, lambda: session.execute(CONTENT, {"edition_id": edition_id}).scalar_one()
    )


class EditionNotFound(NotFound):
    """The filing has no such edition: see its history for those it has."""


@dataclass(frozen=True, slots=True)
class Making:
    """What goes into an edition beside the filing itself."""

    evidence: Sequence[Evidence]
    gate: Gate
    at: datetime


def make(session: Session, filing: Filing, *, by: Actor, making: Making) -> Edition:
    """Freeze the filing as its next edition.

    Args:
        session: the caller's transaction.
        filing: a filing with a number.
        by: the reviewer who publishes it.
        making: the evidence, the gate as it stood, the moment.
    """
    before = newest(session, filing.id)
    if filing.number is None:
        raise EditionNotFound(
            "没有编号的备案不能公示。", "A filing without number has no edition."
        )
    record = attestation.canonical(_record(filing))
    content = attestation.canonical(
        {
            **_content(session, filing, making),
            "previous": before.digest if before else None,
            "record_digest": attestation.sha256(record),
        }
    )
    filing.editions += 1
    edition = Edition(
        filing_id=filing.id,
        number=filing.editions,
        content=content.decode(),
        digest=attestation.sha256(content),
        record=record.decode(),
        published=making.at,
        published_by=by.person_id,
    )
    session.add(edition)
    return edition


def proposed(session: Session, filing: Filing, making: Making) -> Mapping[str, Any]:
    """What the public would read if a filing were published now; nothing is kept.

    Args:
        session: any session.
        filing: which filing; without a number yet, number and address are left open.
        making: the evidence, the gate, the moment.
    """
    return _content(session, filing, making)


def newest(session: Session, filing_id: str, *, at: datetime | None = None) -> Edition | None:
    """The newest edition, if the filing was ever published.

    Args:
        session: any session.
        filing_id: of which filing.
        at: the moment until which editions count; None for all.
    """
    found = select(Edition).where(Edition.filing_id == filing_id)
    if at is not None:
        found = found.where(Edition.published <= at)
    return session.scalars(found.order_by(Edition.number.desc()).limit(1)).first()


def first(session: Session, filing: Filing) -> Edition | None:
    """The first edition, if the filing was ever published."""
    found = select(Edition).where(Edition.filing_id == filing.id)
    return session.scalars(found.order_by(Edition.number).limit(1)).first()


def every(session: Session, filing: Filing) -> Sequence[Edition]:
    """Every edition, oldest first; what is on file behind it is read where it is asked for."""
    return session.scalars(EVERY, {"filing_id": filing.id}).all()


def of_filings(session: Session, filing_ids: Sequence[str]) -> dict[str, list[Edition]]:
    """Every edition of some filings, by filing, oldest first; one that has none is left out."""
    found = (
        select(Edition)
        .where(Edition.filing_id.in_(filing_ids))
        .options(defer(Edition.record))
        .order_by(Edition.filing_id, Edition.number)
    )
    every: dict[str, list[Edition]] = {}
    for each in session.scalars(found):
        every.setdefault(each.filing_id, []).append(each)
    return every


def not_found(number: int) -> EditionNotFound:
    """The error that a filing has no edition of this number."""
    return EditionNotFound(
        f"这份备案没有第{number}次公示的内容。", f"The filing has no edition {number}."
    )


def carries(session: Session, report: Report) -> bool:
    """Whether a published edition carries this report, so that everyone may read it."""
    about = (
        select(Edition)
        .join(Filing, Filing.id == Edition.filing_id)
        .join(Version, Version.model_id == Filing.model_id)
        .where(Version.id == report.version_id)
    )
    return any(
        report.id in {each["id"] for each in edition.read()["reports"]}
        for edition in session.scalars(about)
    )


def restore(session: Session, filing: Filing) -> None:
    """Take the dossier back to what its newest edition was made from.

    What two reviewers decided on the grade since is no part of the dossier: it stays, unless it is
    a milder grade for other answers than those that are back.
    """
    edition = newest(session, filing.id)
    if edition is None:
        raise EditionNotFound("这份备案还没有公示过。", "The filing was never published.")
    decided = filing.grade_change
    for name, value in edition.on_file()["dossier"].items():
        setattr(filing, name, value)
    filing.schema_version = told_by(edition.read()).form.version
    if computed.kept_change(filing, decided):
        filing.grade_change = decided


def _record(filing: Filing) -> dict[str, Any]:
    # Salted like a withheld answer: the public digest must not let anyone guess what is behind it.
    return {
        "salt": secrets.token_hex(16),
        "dossier": {
            "answers": filing.answers,
            "version_id": filing.version_id,
            "report_ids": filing.report_ids,
            "explanation_id": filing.explanation_id,
            "grade_change": filing.grade_change,
        },
    }


def _content(session: Session, filing: Filing, making: Making) -> dict[str, Any]:
    made = computed.fields(session, filing, making.evidence)
    owner = session.get_one(Organisation, filing.organisation_id)
    told = Answers(filing.form, {**filing.told.rows, **made})
    grade = told.value(Meaning.GRADE)
    shown = answers(told)
    return {
        "type": TYPE,
        "schema": {"filing": filing.schema_version, "grading": risk.questionnaire().version},
        "number": filing.number,
        "slug": numbers.parse(filing.number).slug if filing.number else None,
        "edition": filing.editions + 1,
        "filed": filing.filed.isoformat() if filing.filed else None,
        "published": making.at.isoformat(),
        "filer": {
            "id": owner.id,
            **owner.name.as_json(),
            "identity": verifications.said(session, owner).as_json(),
        },
        "model": {
            "id": filing.model_id,
            "version_id": filing.version_id,
            **told.value(Meaning.VERSION),
        },
        "grade": _graded(grade),
        "answers": shown,
        "reports": [each.as_json() for each in making.evidence],
        "explanation": _explanation(session, filing.explanation_id),
        "tested_acts": tested_acts.published(session, told, making.evidence),
        "contradictions": declared.published(session, filing),
        "hard_words": plainness.published(session, filing),
        "notices": [
            {"name": each.name, **each.said.as_json()}
            for each in making.gate.hurdles
            if not each.passed
        ],
        "change_note": filing.change_note,
        "statements": [
            FILING_STATEMENT.as_json(),
            wording.graded(grade).as_json(),
        ],
    }


def _graded(grade: Mapping[str, Any]) -> dict[str, Any]:
    """The grade, with the statement that is true of who set it."""
    return {**grade, "statement": wording.graded(grade).as_json()}


def _explanation(session: Session, explanation_id: str | None) -> dict[str, Any] | None:
    if explanation_id is None:
        return None
    found = explanations.get(session, explanation_id)
    return {
        "id": found.id,
        "digest": found.digest,
        "model_digest": found.model_digest,
        "version": session.get_one(Version, found.version_id).number,
        "report_id": found.report_id,
        "approved": found.approved.isoformat() if found.approved else None,
        "overruled": found.overruled,
    }


def answers(told: Answers) -> list[dict[str, Any]]:
    """Stored answers as the public reads them, in the order of the form.

    Args:
        told: the stored answers, computed ones included.
    """
    return [
        answer(told.form.field(key), key, told.rows[key])
        for key in told.form.keys(told.rows)
        if key in told.rows
    ]


def answer(field: Field, key: str, given: Mapping[str, Any]) -> dict[str, Any]:
    """One answer as the public reads it; never the value of what is restricted or withheld.

    Args:
        field: the field.
        key: its key, with the number of the set in a repeated group.
        given: the stored answer.
    """
    row: dict[str, Any] = {
        "key": key,
        "code": field.code,
        "group": field.group,
        "set": split(key)[1],
        "name": field.name.as_json(),
    }
    if field.show is Show.RESTRICTED:
        return {**row, "restricted": True}
    if "not_applicable" in given:
        return {**row, "not_applicable": given["not_applicable"]}
    if "sealed" in given:
        return {**row, "withheld": withheld(given)}
    seals = given.get("sealed_parts") or {}
    value = wording.public(field.value, given["value"], seals)
    if seals:
        row["withheld_parts"] = [
            {"part": part.id, "name": part.name.as_json(), **seal}
            for part in field.value.parts
            if part.id in seals
            for seal in (withholding.told(seals[part.id], part_of(given["value"], part.id)),)
        ]
    if value is None:
        return {**row, "restricted": True}
    told = {**row, "value": value, "said": wording.of(field, value).as_json()}
    # The digest of an answer with a part that is not shown would let that part be guessed.
    whole = "source" in given and value == given["value"]
    return {**told, "source": given["source"]} if whole else told


def withheld(given: Mapping[str, Any]) -> dict[str, Any]:
    """What the public is told about a withheld answer instead of its value."""
    return withholding.told(given["sealed"], given["value"])


def check(session: Session) -> tuple[int, list[Text]]:
    """Hold every edition against its digests and the edition before.

    Args:
        session: any session.

    Returns:
        How many there are, and what is wrong with some, as sentences without a full stop.
    """
    count, faults, before = 0, list[Text](), ("", "")
    every = select(Edition).order_by(Edition.filing_id, Edition.number)
    for each in session.scalars(every.execution_options(yield_per=50)):
        count += 1
        previous = before[1] if before[0] == each.filing_id else None
        wrong = _fault(each, previous)
        if wrong is not None:
            place = Text(
                f"备案 {each.filing_id} 第 {each.number} 次公示：",
                f"edition {each.number} of filing {each.filing_id}: ",
            )
            faults.append(Text(place.zh + wrong.zh, place.en + wrong.en))
        before = (each.filing_id, each.digest)
    return count, faults


def _fault(edition: Edition, previous: str | None) -> Text | None:
    """What is wrong with an edition; None for nothing."""
    try:
        content = json_text.parse(edition.content)
        json_text.parse(edition.record)
        fits = (
            attestation.sha256(edition.content.encode()) == edition.digest
            and attestation.sha256(edition.record.encode()) == content["record_digest"]
            and content["previous"] == previous
        )
    except KeyTwice as twice:
        keys = "、".join(each.item for each in twice.reasons)
        return Text(f"同一个键写了两次（{keys}）", f"a key stands twice ({keys})")
    except (ValueError, KeyError, TypeError, RecursionError):
        return Text("已读不出来", "it cannot be read any more")
    if fits:
        return None
    return Text("与校验值或前一次公示不符", "it does not fit its digest or the edition before")
