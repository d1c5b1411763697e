"""A dossier: what a filing holds, who may read and fill it, and how complete it is."""

import operator
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, cast

from sqlalchemy import ForeignKey, String, or_, select
from sqlalchemy.orm import Mapped, Session, mapped_column
from sqlalchemy.orm.attributes import flag_modified
from sqlalchemy.orm.exc import StaleDataError

from filing import answers as stored
from filing import carrying, evidence_files, grading, identity, sources
from filing import revision as revisions
from filing.evidence_files import EvidenceFile
from filing.fields import Answers, FieldNotFound, Schema
from filing.forms import current, schema
from filing.lifecycle import EDITABLE, EXITS, STATUS_NAMES, Action, Status, step
from registry import explanations, journal, reports, submission
from registry.artifacts import ArtifactStore
from registry.attachments import Looked, Sent
from registry.database import Identified, Record, now
from registry.engagements import Engagement
from registry.errors import Conflict, Invalid, NotFound, Reason, Refused
from registry.explanations import Explanation
from registry.journal import Event
from registry.organisations import Actor, Kind, Organisation, Role
from registry.reports import Report
from registry.submission import Version


class Filing(Identified, Record):
    """One filing of one model version, from draft to its last state.

    `revision` grows with every change; a writer that read an older one gets a Conflict.
    `schema_version` names the schema that it is filled in under (`renewing` takes it to a later one), and
    `answers` holds stored answers by key (`filing.answers`). `grade_proposal` and `grade_change` are
    the reviewers' change of the computed grade, before and after a second one has confirmed it
    (`filing.regrading`). `published_version_id` is the version that the newest edition is about.
    """

    __tablename__ = "filing"

    version_id: Mapped[str] = mapped_column(ForeignKey("version.id"), index=True)
    model_id: Mapped[str] = mapped_column(ForeignKey("model.id"), index=True)
    organisation_id: Mapped[str] = mapped_column(ForeignKey("organisation.id"), index=True)
    opened_by: Mapped[str] = mapped_column(ForeignKey("person.id"))
    schema_version: Mapped[str] = mapped_column(String(10))
    status: Mapped[Status] = mapped_column(String(20), default=Status.DRAFT, index=True)
    since: Mapped[datetime] = mapped_column(default=now)
    revision: Mapped[int] = mapped_column()
    answers: Mapped[dict[str, Any]] = mapped_column(default=dict)
    report_ids: Mapped[list[Any]] = mapped_column(default=list)
    explanation_id: Mapped[str | None] = mapped_column(ForeignKey("explanation.id"))
    submissions: Mapped[int] = mapped_column(default=0)
    submitted: Mapped[datetime | None]
    submitted_by: Mapped[str | None] = mapped_column(ForeignKey("person.id"))
    number: Mapped[str | None] = mapped_column(String(40), unique=True)
    filed: Mapped[datetime | None]
    editions: Mapped[int] = mapped_column(default=0)
    published: Mapped[datetime | None]
    published_version_id: Mapped[str | None] = mapped_column(String(32), index=True)
    grade_change: Mapped[dict[str, Any] | None]
    grade_proposal: Mapped[dict[str, Any] | None]
    change_note: Mapped[dict[str, Any] | None]
    exit_reason: Mapped[dict[str, Any] | None]
    replaces_id: Mapped[str | None] = mapped_column(ForeignKey("filing.id"))

    __mapper_args__ = {"version_id_col": revision}  # noqa: RUF012

    _counted = cast("tuple[tuple[Any, ...], Answers] | None", None)  # no column

    @property
    def form(self) -> Schema:
        """The schema that the filing is kept under: the one it was opened under or taken to."""
        return schema(self.schema_version)

    @property
    def told(self) -> Answers:
        """The answers that count, reached by what they mean.

        They are worked out once for what stands in the filing: whoever changes an answer or the grade
        puts another object in the place of the one that was there.
        """
        stands = (self.schema_version, self.answers, self.grade_change)
        if self._counted is None or any(map(operator.is_not, stands, self._counted[0])):
            self._counted = stands, grading.counted(self.typed, self.grade_change)
        return self._counted[1]

    @property
    def typed(self) -> Answers:
        """Every stored answer, also those that do not apply at present and do not count."""
        return Answers(self.form, self.answers)


class FilingNotFound(NotFound):
    """No such filing, or none that you may read: check the identifier."""


class AlreadyOpen(Conflict):
    """This version already has a filing under way: go on with that one."""


class NotEditable(Conflict):
    """The dossier cannot be changed in its present state: see which steps are possible."""


class NotOnRecord(Invalid):
    """The filer is told otherwise than on record: leave it out, or have the record corrected."""


class NotOfThisModel(Invalid):
    """The report, explanation or version belongs to another model: choose one of this model."""


class NotApproved(Conflict):
    """The explanation has not been read and approved: do that first, then attach it."""


class NotAssigned(Refused):
    """The filer and the assigned tester read a dossier; the authority does once it is submitted."""


def open_filing(session: Session, *, by: Actor, version_id: str) -> Filing:
    """Open a draft for a version, prefilled from the organisation and from an earlier filing.

    Args:
        session: the caller's transaction.
        by: a filer of the version's owner.
        version_id: which version.

    Raises:
        WrongRole: when the actor is not a filer.
        NotYours: when the version belongs to another organisation.
        AlreadyOpen: when the version has a filing that has not ended.
        FilingNotFound: when there is no such version.
    """
    by.require(Role.FILER)
    # Locked, so that two who open at once do not get two filings (PostgreSQL).
    version = session.get(Version, version_id, with_for_update=True)
    if version is None:
        raise FilingNotFound("没有这个模型版本。", "There is no such model version.")
    by.own(version.organisation_id)
    _unclaimed(session, version_id)
    earlier = _of_model(session, version.model_id)
    live = next((each for each in earlier if each.number and each.status not in EXITS), None)
    filing = Filing(
        version_id=version_id,
        model_id=version.model_id,
        organisation_id=version.organisation_id,
        opened_by=by.person_id,
        schema_version=current().version,
        status=Status.DRAFT,
        answers=_prefilled(session, version, earlier),
        report_ids=[],
        replaces_id=live.id if live else None,
    )
    session.add(filing)
    session.flush()
    note(session, "filing:dossier:opened", filing, by, version_id=version_id)
    return filing


def _unclaimed(session: Session, version_id: str, *, besides: Filing | None = None) -> None:
    """Raise `AlreadyOpen` when another live filing holds the version, in its dossier or in public.

    The version's row must be locked: two who ask at once must not both be told that it is free.
    """
    holds = or_(Filing.version_id == version_id, Filing.published_version_id == version_id)
    live = select(Filing).where(holds, Filing.status.not_in(EXITS))
    if besides is not None:
        live = live.where(Filing.id != besides.id)
    other = session.scalars(live.order_by(Filing.id.desc()).limit(1)).first()
    if other is not None:
        name = STATUS_NAMES[other.status]
        raise AlreadyOpen(
            f"这个版本已有一份备案（{name.zh}），请继续办理那一份：{other.id}",
            f"This version already has a filing ({name.en}): go on with {other.id}",
        )


def _of_model(session: Session, model_id: str) -> Sequence[Filing]:
    newest = select(Filing).where(Filing.model_id == model_id).order_by(Filing.id.desc())
    return session.scalars(newest).all()


def _prefilled(
    session: Session, version: Version, earlier: Sequence[Filing]
) -> dict[str, stored.Stored]:
    """The answers of the last filing of this model that still hold, and who files, from the record."""
    owner = session.get_one(Organisation, version.organisation_id)
    form = current()
    copied = carrying.forward(earlier[0].typed, form) if earlier else {}
    copied = {
        key: {"source": sources.earlier(each["value"]), **each} if "value" in each else each
        for key, each in copied.items()
    }
    return identity.taken(
        owner, Answers(form, {key: each for key, each in copied.items() if form.field(key).copied})
    )


def get(session: Session, *, by: Actor, filing_id: str, to_write: bool = False) -> Filing:
    """A filing that the actor may read: its filer, the authority, or a tester engaged for it.

    Args:
        session: the caller's transaction.
        by: who asks.
        filing_id: which filing.
        to_write: lock the row for the rest of the transaction (PostgreSQL).

    Raises:
        FilingNotFound: when there is no such filing.
        NotAssigned: when the actor may not read it.
    """
    filing = session.get(
        Filing, filing_id, with_for_update=to_write or None, populate_existing=to_write
    )
    if filing is None:
        raise FilingNotFound("没有这份备案。", "There is no such filing.")
    if by.organisation_id == filing.organisation_id or _authority(by, filing):
        return filing
    if by.kind == Kind.TESTER and _engaged(session, by, filing):
        return filing
    raise NotAssigned(
        "这份材料由备案主体看，受托测试机构在委托期间也能看；主管部门要到提交以后才能看。",
        "The filer may read this dossier, and the assigned tester while it is engaged; the "
        "authority may once it has been submitted.",
    )


def _authority(by: Actor, filing: Filing) -> bool:
    """The authority reads whatever has ever been submitted."""
    return by.kind == Kind.AUTHORITY and filing.submissions > 0


def _engaged(session: Session, by: Actor, filing: Filing) -> bool:
    found = select(Engagement.id).where(
        Engagement.version_id == filing.version_id,
        Engagement.tester_id == by.organisation_id,
        Engagement.accepted.is_not(None),
        Engagement.ended.is_(None),
    )
    return session.scalars(found.limit(1)).first() is not None


def of_organisation(session: Session, organisation_id: str) -> Sequence[Filing]:
    """The filings of an organisation, newest first."""
    own = select(Filing).where(Filing.organisation_id == organisation_id)
    return session.scalars(own.order_by(Filing.id.desc())).all()


def of_version(session: Session, version_id: str) -> Sequence[Filing]:
    """The filings of a version, newest first."""
    found = select(Filing).where(Filing.version_id == version_id)
    return session.scalars(found.order_by(Filing.id.desc())).all()


def fill(
    session: Session,
    *,
    by: Actor,
    filing_id: str,
    answers: Mapping[str, Any],
    revision: int,
) -> Filing:
    """Save answers; those not named stay as they are, None or a blank clears one.

    Args:
        session: the caller's transaction.
        by: a filer of the filing's organisation.
        filing_id: which filing.
        answers: key (`B1`, `C1#2`) → bare value or `{value | not_applicable, sealed?, source?}`.
        revision: the revision the writer read.

    Raises:
        Moved: when the filing has another revision by now.
        NotEditable: in a state where the dossier is closed.
        NotOnRecord: when the filer is told otherwise than on record.
        WrongAnswer: when a value has not the shape of its field; nothing is saved.
        FileNotHeld: when an answer names a file that was not uploaded to this filing.
        FieldNotFound: for an unknown key.
    """
    filing = editable(session, by, filing_id, revision)
    owner = session.get_one(Organisation, filing.organisation_id)
    changed = identity.taken(owner, Answers(filing.form, _merged(filing.typed, answers, owner)))
    keys = sorted(
        key
        for key in changed.keys() | filing.answers.keys()
        if changed.get(key) != filing.answers.get(key)
    )
    if keys:
        evidence_files.follow(session, filing.id, before=filing.answers, after=changed)
        filing.answers = changed
        save(session, filing, "filing:dossier:filled", by, keys=keys)
    return filing


def _merged(
    before: Answers, answers: Mapping[str, Any], owner: Organisation
) -> dict[str, stored.Stored]:
    form = before.form
    after: dict[str, stored.Stored] = {key: dict(each) for key, each in before.rows.items()}
    reasons, typed = list[Reason](), dict[str, stored.Stored]()
    for key, raw in answers.items():
        try:
            answer = stored.store(form, key, raw)
        except stored.WrongAnswer as error:
            reasons += error.reasons or (Reason(key, error.said, form.field(key).ask),)
            continue
        if answer is None:
            after.pop(key, None)
        else:
            after[key] = typed[key] = stored.kept(after.get(key), answer)
    if differing := identity.refusals(owner, Answers(form, typed)):
        raise NotOnRecord(
            "备案主体的名称、代码和所在区取自单位登记资料，不能另写，什么都没有保存。",
            "The filer's name, code and district come from the organisation's record and are not "
            "typed otherwise; nothing was saved.",
            reasons=[*reasons, *differing],
        )
    if reasons:
        raise stored.WrongAnswer(
            "有些内容的形式不对，什么都没有保存。",
            "Some answers have the wrong form; nothing was saved.",
            reasons=reasons,
        )
    return after


def open_to(session: Session, *, by: Actor, filing_id: str) -> Filing:
    """A filing whose dossier the actor may change now, unlocked: before a file is looked at.

    Raises:
        WrongRole, NotYours, NotEditable: as `editable` has them.
    """
    by.require(Role.FILER)
    filing = get(session, by=by, filing_id=filing_id)
    by.own(filing.organisation_id)
    _check_open(filing)
    return filing


def keep_file(
    session: Session,
    store: ArtifactStore,
    *,
    by: Actor,
    filing_id: str,
    sent: Sent,
    looked: Looked,
) -> EvidenceFile:
    """Keep an evidence file of a filing, to be named by an answer.

    Args:
        session: the caller's transaction.
        store: where the bytes go.
        by: a filer of the filing's organisation.
        filing_id: which filing.
        sent: the file as it came.
        looked: what a confined child saw in it (`registry.attachments.look`).

    Raises:
        WrongRole, NotYours, NotEditable: as `editable` has them.
    """
    filing = open_to(session, by=by, filing_id=filing_id)
    made = evidence_files.add(
        session, store, filing_id=filing.id, person_id=by.person_id, sent=sent, looked=looked
    )
    note(session, "filing:dossier:file_added", filing, by, file=made.name)
    return made


def drop_set(
    session: Session, *, by: Actor, filing_id: str, group: str, number: int, revision: int
) -> Filing:
    """Take one set of answers out of a repeated group; the later ones move up.

    Args:
        session: the caller's transaction.
        by: a filer of the filing's organisation.
        filing_id: which filing.
        group: the group's letter.
        number: of the set, from 1.
        revision: the revision the writer read.

    Raises:
        FieldNotFound: when there is no such group, or it does not repeat.
        Moved: when the filing has another revision by now.
        NotEditable: in a state where the dossier is closed.
    """
    filing = editable(session, by, filing_id, revision)
    form = filing.form
    repeated = [each for each in form.groups if each.repeats and not each.computed]
    found = next((each for each in repeated if each.id == group), None)
    if found is None:
        named = repeated
        zh = "、".join(f"{each.id}（{each.name.zh}）" for each in named)
        en = ", ".join(f"{each.id} ({each.name.en})" for each in named)
        raise FieldNotFound(
            f"“{group}”不是可以填多组的一组。可以填多组的：{zh}。",
            f"“{group}” is no group with several sets. Those with several: {en}.",
        )
    filing.answers = stored.drop_set(form, found, number, filing.answers)
    save(session, filing, "filing:dossier:filled", by, dropped=f"{found.id}#{number}")
    return filing


def attach(
    session: Session,
    *,
    by: Actor,
    filing_id: str,
    revision: int,
    report_id: str | None = None,
    explanation_id: str | None = None,
) -> Filing:
    """Attach a report or an explanation of this model; attaching twice changes nothing.

    One of a copy of this version, under another name of the same organisation, counts as this
    model's: it is bound to the digest.

    Raises:
        NotOfThisModel: when it is about another model, or there is none.
        ReportWithdrawn: when whoever made the report took it back.
        NotApproved: when nobody has approved the explanation yet.
        OtherYardstick: when it goes by another cut, side or protected attribute than the newest
            report that counts.
        Moved: when the filing has another revision by now.
        NotEditable: in a state where the dossier is closed.
    """
    filing = editable(session, by, filing_id, revision)
    if report_id is not None and report_id not in filing.report_ids:
        report = session.get(Report, report_id)
        _same_model(session, filing, report)
        if report is not None:
            reports.check_stands(report)
        filing.report_ids = [*filing.report_ids, report_id]
        save(session, filing, "filing:dossier:report_attached", by, report_id=report_id)
    if explanation_id is not None and explanation_id != filing.explanation_id:
        explained = session.get(Explanation, explanation_id)
        _same_model(session, filing, explained)
        if explained is not None and explained.approved is None:
            raise NotApproved(
                "这份说明还没有人读过并确认，请先确认再附上。",
                "Nobody has read and confirmed this explanation; confirm it, then attach it.",
            )
        if explained is not None:
            explanations.check_yardstick(session, explained)
        filing.explanation_id = explanation_id
        save(
            session,
            filing,
            "filing:dossier:explanation_attached",
            by,
            explanation_id=explanation_id,
        )
    return filing


def detach(
    session: Session, *, by: Actor, filing_id: str, revision: int, report_id: str
) -> Filing:
    """Take a report off the dossier; it stays on record, and one that is not attached is no fault.

    Raises:
        Moved: when the filing has another revision by now.
        NotEditable: in a state where the dossier is closed.
    """
    filing = editable(session, by, filing_id, revision)
    if report_id in filing.report_ids:
        filing.report_ids = [each for each in filing.report_ids if each != report_id]
        save(session, filing, "filing:dossier:report_detached", by, report_id=report_id)
    return filing


def _same_model(session: Session, filing: Filing, found: Report | Explanation | None) -> None:
    version = session.get(Version, found.version_id) if found else None
    same = session.scalars(submission.same_bytes(filing.version_id))
    if version is None or not (version.model_id == filing.model_id or version.id in set(same)):
        raise NotOfThisModel(
            "这份报告或说明不属于这个模型，请选这个模型的。",
            "That report or explanation is not about this model; choose one that is.",
        )


def move(session: Session, *, by: Actor, filing_id: str, version_id: str, revision: int) -> Filing:
    """Point the filing at another version of the same model.

    What is attached stays on record and is at once about an earlier version.

    Raises:
        NotOfThisModel: when the version belongs to another model.
        AlreadyOpen: when another live filing holds the version.
        Moved: when the filing has another revision by now.
        NotEditable: in a state where the dossier is closed.
    """
    filing = editable(session, by, filing_id, revision)
    version = session.get(Version, version_id, with_for_update=True)
    if version is None or version.model_id != filing.model_id:
        raise NotOfThisModel(
            "这个版本不属于这个模型，请选同一个模型的版本。",
            "That version belongs to another model; choose one of the same model.",
        )
    if filing.version_id != version_id:
        _unclaimed(session, version_id, besides=filing)
        before, filing.version_id = filing.version_id, version_id
        save(session, filing, "filing:dossier:moved", by, version_id=version_id, before=before)
        submission.tell_mlflow(session, before, f"{filing.id}:moved:{filing.revision}")
    return filing


def editable(session: Session, by: Actor, filing_id: str, revision: int) -> Filing:
    """The filing, locked, for a filer who may change its dossier now.

    Raises:
        WrongRole, NotYours: when the actor is not a filer of its organisation.
        Moved: when it has another revision than the one read.
        NotEditable: in a state where the dossier is closed.
    """
    by.require(Role.FILER)
    filing = get(session, by=by, filing_id=filing_id, to_write=True)
    by.own(filing.organisation_id)
    revisions.check(session, filing, revision, reader=by)
    _check_open(filing)
    return filing


def _check_open(filing: Filing) -> None:
    if filing.status not in EDITABLE:
        name = STATUS_NAMES[filing.status]
        raise NotEditable(
            f"备案现在的状态是“{name.zh}”，不能修改材料。",
            f"The filing is at “{name.en}”; the dossier cannot be changed now.",
        )


def save(session: Session, filing: Filing, event: str, by: Actor, **details: Any) -> None:
    """Flush a change of the dossier and note it; a self-checked filing goes back to draft."""
    if filing.status == Status.SELF_CHECKED:
        filing.status = step(filing.status, Action.REOPEN).target
        filing.since = now()
    flush(session, filing)
    note(session, event, filing, by, **details)


def touch(session: Session, filing: Filing) -> None:
    """Raise the revision for a change beside the filing's own row, such as a reply to a remark."""
    flag_modified(filing, "answers")
    flush(session, filing)


def flush(session: Session, filing: Filing) -> None:
    """Write the filing; a concurrent writer's loss is a Conflict that names the revision."""
    read = filing.revision
    try:
        session.flush()
    except StaleDataError as error:
        raise revisions.moved(read, None) from error


def note(session: Session, event: str, filing: Filing, by: Actor, **details: Any) -> Event:
    """Write one event about a filing into the journal, and have MLflow told of a new state."""
    state = f"{filing.id}:{filing.status}:{filing.since:%Y%m%d%H%M%S}"
    submission.tell_mlflow(session, filing.version_id, state)
    return journal.record(
        session,
        event,
        filing.id,
        person_id=by.person_id,
        organisation_id=by.organisation_id,
        revision=filing.revision,
        **details,
    )


def sent_with(session: Session, filing: Filing) -> Mapping[str, Any]:
    """What the journal keeps of the last submission of a filing; empty before the first.

    Args:
        session: any session.
        filing: which filing.
    """
    events = journal.history(session, filing.id)
    sent = (each for each in reversed(events) if each.name == "filing:dossier:submitted")
    last = next(sent, None)
    return last.details if last else {}
