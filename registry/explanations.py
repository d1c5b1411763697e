"""Explanations for the public: requested by the filer, made from a version, bound to its digest."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, String, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from registry import (
    approval,
    attestation,
    characters,
    class_names,
    evaluations,
    inbox,
    journal,
    lengths,
    reports,
    statements,
    submission,
    unread,
    worklist,
    yardsticks,
)
from registry.database import Identified, Record, new_id, now
from registry.datasets import Dataset, Use
from registry.errors import Conflict, Invalid, NotFound, Reason
from registry.inbox import Waiting, Waits
from registry.journal import Event
from registry.language import Text
from registry.organisations import Actor, Role
from registry.submission import Version
from registry.worklist import Claim

KIND = "explanation"
MOST_WORDS = 500
"""Characters of any one answer that the filer supplies for an explanation."""
MOST_NAME = {"zh": 30, "en": 90}
"""Characters of a name or a phrase, by its language: it stands within a sentence."""
NAMED = ("columns", "protected", "wording")
KEYS = (
    *("task", "cut", "favourable_above", "classes", "favourable", "columns", "protected"),
    *("wording", "declared", "sealed", "unit", "people", "k"),
)
"""What the plan of an explanation may say."""


class Explanation(Identified, Record):
    """A public explanation, bound to a version digest; `content` is what explainers made.

    `columns` is what the filer supplied for each column: plain name, unit, direction pair,
    whether the person can change it, whether it is protected.
    """

    __tablename__ = "explanation"

    version_id: Mapped[str] = mapped_column(ForeignKey("version.id"), index=True)
    dataset_id: Mapped[str] = mapped_column(ForeignKey("dataset.id"))
    report_id: Mapped[str | None] = mapped_column(ForeignKey("report.id"))
    organisation_id: Mapped[str] = mapped_column(ForeignKey("organisation.id"), index=True)
    requested_by: Mapped[str] = mapped_column(ForeignKey("person.id"))
    plan: Mapped[dict[str, Any]]
    plan_digest: Mapped[str] = mapped_column(String(64))
    nonce: Mapped[str | None] = mapped_column(String(64))
    model_digest: Mapped[str] = mapped_column(String(64), index=True)
    work_id: Mapped[str | None] = mapped_column(ForeignKey("work.id"))
    content: Mapped[dict[str, Any] | None]
    digest: Mapped[str | None] = mapped_column(String(64))
    envelope: Mapped[str | None]
    finished: Mapped[datetime | None]
    approved: Mapped[datetime | None]
    approved_by: Mapped[str | None] = mapped_column(ForeignKey("person.id"))
    overruled: Mapped[dict[str, Any] | None]
    """Hard words and contradictions that the filer kept, and why; everyone reads it beside the text."""


class ExplanationNotFound(NotFound):
    """No such explanation."""


class NotCountersigned(Invalid):
    """Numbers about groups come from a countersigned report on the same model."""


class KeyUnknown(Invalid):
    """The plan says something that no explanation reads: correct the key, or leave it out."""


class InputsUntold(Invalid):
    """The plan says nothing of some of the model's inputs: describe each of them."""


class InputUnknown(Invalid):
    """The plan describes inputs that the model does not have: correct or remove each."""


class SensitiveAdvised(Invalid):
    """The plan would advise a person to change a sensitive feature: take it out of what can be changed."""


class NotFinished(Conflict):
    """There is no text to approve yet."""


class NotDeidentified(Invalid):
    """Nothing says how persons were made unrecognisable in the data: say it and ask again."""


class OtherYardstick(Conflict):
    """The explanation goes by another cut, side or protected attribute than the report."""


def too_long(plan: Mapping[str, Any]) -> list[Reason]:
    """Why texts of a plan are refused: names and phrases stand within sentences, answers by themselves.

    Args:
        plan: as the filer wrote it.
    """
    found = lengths.within(plan, MOST_WORDS)
    told = {reason.item for reason in found}
    for key in NAMED:
        for place, text in characters.texts(plan.get(key) or (), key):
            within = (place.name, place.around.name if place.around else "")
            most = next((MOST_NAME[each] for each in within if each in MOST_NAME), MOST_WORDS)
            if len(text) > most and characters.shown(place) not in told:
                found += lengths.Limit(characters.shown(place), lengths.THIS, most).reasons(text)
    return found[: characters.MOST_REASONS]


def request(
    session: Session,
    *,
    by: Actor,
    version_id: str,
    dataset_id: str,
    plan: Mapping[str, Any],
    report_id: str | None = None,
) -> Explanation:
    """Ask for the explanation of a version; the same request while it stands is one.

    Args:
        session: the caller's transaction; work is requested in it.
        by: a filer of the enterprise that owns the version.
        version_id: what is explained.
        dataset_id: a data set that the enterprise registered for explanations.
        plan: columns with their plain names, wording and options, as explainers read them.
        report_id: the countersigned report that gives the numbers about groups; where one counts
            at the gate, the newest that does, also where none is named.

    What the newest report that counts settles is put into the plan where the plan is silent; its
    sensitive attributes are protected whatever the plan says.

    Raises:
        VersionNotFound, DatasetNotFound, ReportNotFound: when a record does not exist.
        KeyUnknown: when the plan has a key that no explanation reads; lists each.
        TextTooLong: when a text of the plan is longer than `too_long` allows; lists each.
        InputUnknown: when the plan has columns that the model is not given; lists each.
        InputsUntold: when the plan lacks columns that the model is given; lists each.
        WrongRole, NotYours, NotForThis: unless `by` may explain this version with these data.
        NotCountersigned: when the report is on another model or lacks the signature.
        NotDeidentified: when nothing says how persons were made unrecognisable in the data.
        OtherYardstick: when the plan contradicts the newest report that counts, or another report
            is named.
        SensitiveAdvised: when a sensitive feature is named as what a person can change; lists each.
        ClassesUnfit: when the classes that it names do not fit together.
    """
    by.require(Role.FILER)
    check_keys(plan)
    lengths.refuse(too_long(plan))
    version = evaluations.open_version(session, version_id)
    by.own(version.organisation_id)
    _check_inputs(plan, version)
    _check_deidentified(evaluations.own_dataset(session, by, dataset_id, Use.EXPLANATION))
    counting = yardsticks.counting(session, version_id, version.digest)
    if counting:
        plan = counting[0].applied(plan, [str(each["name"]) for each in version.inputs])
        _check_same(counting[0].differences(plan))
        report_id = report_id or counting[0].report_id
        _check_quoted(counting, report_id)
    _check_advised(plan)
    class_names.of_explanation(plan)
    if report_id is not None:
        _check_usable(reports.get(session, report_id), version)
    made = Explanation(
        id=new_id(),
        version_id=version_id,
        dataset_id=dataset_id,
        report_id=report_id,
        organisation_id=by.organisation_id,
        requested_by=by.person_id,
        plan=dict(plan),
        plan_digest=attestation.digest(plan),
        model_digest=version.digest,
    )
    same = attestation.digest([version_id, dataset_id, made.plan_digest, report_id])
    work = worklist.request(
        session,
        kind=KIND,
        subject_id=made.id,
        organisation_id=by.organisation_id,
        dedup=f"{KIND}:{same}",
    )
    if work.subject_id != made.id:
        return get(session, work.subject_id)
    made.work_id = work.id
    session.add(made)
    session.flush()
    _record(session, "explanation:run:requested", made, by)
    return made


def check_keys(plan: Mapping[str, Any]) -> None:
    """See that a plan says nothing that would be left unread.

    Args:
        plan: of an explanation.

    Raises:
        KeyUnknown: names each key that no explanation reads, and what may have been meant.
    """
    reasons = list(unread.reasons(plan, KEYS))
    if reasons:
        raise KeyUnknown(
            "说明的计划里有不认识的项，请改正或去掉。",
            "The plan of the explanation has keys that are not known; correct or remove them.",
            reasons=reasons,
        )


def _check_inputs(plan: Mapping[str, Any], version: Version) -> None:
    given = [str(each["name"]) for each in version.inputs]
    told = [str(column.get("name")) for column in plan.get("columns") or ()]
    if given and (strange := [each for each in told if each not in given]):
        known = "、".join(given), ", ".join(given)
        remedy = Text(
            f"请改正或去掉；模型的输入是：{known[0]}",
            f"Correct it or leave it out; it has: {known[1]}",
        )
        said = Text("模型没有这一项输入。", "The model has no such input.")
        raise InputUnknown(
            "计划里说明了模型没有的输入，请逐项改正。",
            "The plan describes inputs that the model does not have; correct each.",
            reasons=[Reason(f"columns.{each}", said, remedy) for each in strange],
        )
    untold = [each for each in given if each not in told]
    if untold:
        said = Text("计划里没有这一项输入。", "The plan lacks this input.")
        remedy = Text("请在 columns 里补上它的说明。", "Describe it under columns.")
        raise InputsUntold(
            "模型的每一项输入都要说明，计划里缺了几项，请补上。",
            "Every input of the model is described; the plan lacks some. Add them.",
            reasons=[Reason(f"columns.{each}", said, remedy) for each in untold],
        )


def _check_advised(plan: Mapping[str, Any]) -> None:
    if reasons := yardsticks.advised(plan):
        raise SensitiveAdvised(
            "计划把敏感特征列为本人可以改变的信息，请逐项改正。",
            "The plan lists sensitive features as what a person can change; correct each.",
            reasons=reasons,
        )


def _check_usable(report: reports.Report, version: Version) -> None:
    if report.model_digest != version.digest or not report.signed:
        raise NotCountersigned(
            "说明引用的报告必须针对同一模型，并已由评估机构签章确认，没有撤回。",
            "The report an explanation quotes must be about the same model, countersigned and not withdrawn.",
        )


def _check_deidentified(dataset: Dataset) -> None:
    if not dataset.deidentification.strip():
        raise NotDeidentified(
            f"数据“{dataset.called.zh}”没有说明怎样去标识化，不能用来生成公开的说明。"
            "请把同一个文件再登记一次，并写明怎样去标识化；没有个人的，写明没有。",
            f"Nothing says how persons were made unrecognisable in {dataset.called.en!r}, so no public "
            "explanation is made from it. Register the same file again and say how; if there are "
            "no persons in it, say so.",
        )


def check_yardstick(session: Session, made: Explanation) -> None:
    """Refuse an explanation that goes by something else than the newest report that counts.

    The report may have come in after the explanation was made.

    Raises:
        OtherYardstick: naming each difference, with both values.
    """
    counting = yardsticks.counting(session, made.version_id, made.model_digest)
    if counting:
        _check_same(counting[0].differences(made.plan))


def _check_same(reasons: Sequence[Reason]) -> None:
    if reasons:
        raise OtherYardstick(
            "说明和最新的有效评估报告不是按同一把尺子：分数线、有利的一边和敏感特征以报告为准。",
            "The explanation and the newest report that counts do not go by the same measure: "
            "cut, favourable side and sensitive attributes are the report's.",
            reasons=reasons,
        )


def _check_quoted(counting: Sequence[yardsticks.Yardstick], quoted: str | None) -> None:
    """Refuse a text that quotes another report, or none, where a newer one counts by now."""
    newest = counting[0].report_id if counting else quoted
    if quoted == newest:
        return
    if quoted is None:
        said = Text(
            f"说明里写着没有评估报告，但报告 {newest} 已经生效。",
            f"The text says that there is no report, but report {newest} counts.",
        )
    else:
        said = Text(
            f"说明引用的是报告 {quoted}，最新的有效报告是 {newest}。",
            f"The text quotes report {quoted}, but the newest that counts is {newest}.",
        )
    _check_same([Reason("report", said, yardsticks.FIX)])


def issue_nonce(session: Session, explanation_id: str) -> str:
    """The run's random number, drawn once; the caller commits before the run begins.

    Raises:
        ExplanationNotFound: when there is no such explanation.
    """
    made = get(session, explanation_id, lock=True)
    if made.nonce is None:
        made.nonce = evaluations.draw_nonce()
        session.flush()
        journal.record(session, "explanation:nonce:issued", made.id, nonce=made.nonce)
    return made.nonce


def on_record(
    session: Session, made: Explanation, content: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    """The part of an explanation's predicate that the register knows.

    Args:
        session: any session.
        made: the explanation.
        content: its text: a plan that names more levels than it stands in the statement by its
            digest alone, because fewer people than may be told of have them.
    """
    report = reports.get(session, made.report_id) if made.report_id else None
    return {
        "explanation": {"id": made.id, "owner": reports.party(session, made.organisation_id)},
        "plan": _stated(made, content or {}),
        "data": reports.data(session, session.get_one(Dataset, made.dataset_id)),
        "nonce": made.nonce,
        "report": {"digest": report.statement_digest} if report else None,
    }


def _stated(made: Explanation, content: Mapping[str, Any]) -> dict[str, Any]:
    items = [item for asked in content.get("questions", ()) for item in asked.get("items", ())]
    told = {item["name"]: item for item in items}
    for column in made.plan.get("columns") or ():
        for named in ("values", "phrases"):
            public = told.get(column.get("name"), {}).get(named) or ()
            if set(column.get(named) or ()) - set(public):
                return {"digest": made.plan_digest}
    return {"digest": made.plan_digest, "content": made.plan}


def public_envelope(made: Explanation) -> str | None:
    """The signed envelope as everybody may read it.

    Args:
        made: the explanation.

    Returns:
        None where there is none, and where an earlier release signed a plan that names levels which
        the text withholds (see `on_record`).
    """
    if made.envelope is None:
        return None
    signed = statements.read(attestation.payload(attestation.decode(made.envelope)))
    stated = _stated(made, made.content or {})
    return made.envelope if signed["predicate"]["plan"] == stated else None


def hand_in(session: Session, *, held: Claim, envelope_text: str) -> Explanation:
    """Record the finished explanation and end its work, in one transaction.

    Args:
        session: the transaction; nothing is kept unless the worker's claim still holds in it.
        held: the worker's claim.
        envelope_text: the canonical envelope with the platform's signature.

    Raises:
        ClaimLost, Cancelled: when the work is no longer this worker's.
        BadLayer: when envelope, signature or statement do not hold.
        OtherStatement: when the statement is about something else than the explanation.
    """
    work = worklist.finish(session, held)
    made = get(session, work.subject_id, lock=True)
    statement = reports.signed_statement(session, envelope_text)
    predicate = statement["predicate"]
    version = session.get_one(Version, made.version_id)
    reports.check_about(session, statement, version, statements.EXPLANATION)
    for part, recorded in on_record(session, made, predicate["content"]).items():
        reports.check_same(part, predicate[part], recorded)
    digest = attestation.digest(predicate["content"])
    reports.check_same("content_digest", predicate["content_digest"], digest)
    made.content, made.digest = predicate["content"], digest
    made.envelope, made.finished = envelope_text, now()
    session.flush()
    handed_in = _record(session, "explanation:run:handed_in", made, None)
    filer, place = made.organisation_id, f"/explanations/{made.id}"
    called = submission.named(session, version)
    inbox.turn(session, handed_in, Waits(filer, Waiting.READ_EXPLANATION, place, called))
    return made


def approve(
    session: Session,
    *,
    by: Actor,
    explanation_id: str,
    reason: Text = Text("", ""),
    differing: Mapping[str, Text] | None = None,
) -> Explanation:
    """The filer has read the text and lets it stand beside the filing.

    Args:
        session: the caller's transaction.
        by: a filer of the enterprise.
        explanation_id: which text.
        reason: why words that are hard to understand are kept, where there are any.
        differing: by the id of a contradiction, why what is declared differs from what was measured.

    Raises:
        ExplanationNotFound: when there is no such explanation.
        WrongRole, NotYours: unless `by` is a filer of the enterprise.
        NotFinished: while there is no text.
        OtherYardstick: when it goes by something else than the newest report that counts, or
            quotes another.
        QuestionEmpty, NotPlain, Contradicted, NoSuchContradiction, ReasonUnfit, TextTooLong: as `approval.overruled` has them.
    """
    by.require(Role.FILER)
    made = get(session, explanation_id, lock=True)
    by.own(made.organisation_id)
    if made.content is None:
        raise NotFinished(
            "说明还没有生成完，请等它完成后再确认。",
            "The explanation is not finished; confirm it when it is.",
        )
    check_yardstick(session, made)
    counting = yardsticks.counting(session, made.version_id, made.model_digest)
    _check_quoted(counting, made.report_id)
    if made.approved is None:
        made.overruled = approval.overruled(made.content, reason, differing)
        made.approved, made.approved_by = now(), by.person_id
        session.flush()
        inbox.turn(session, _record(session, "explanation:text:approved", made, by))
    return made


def get(session: Session, explanation_id: str, *, lock: bool = False) -> Explanation:
    """One explanation.

    Raises:
        ExplanationNotFound: when there is none.
    """
    made = session.get(Explanation, explanation_id, with_for_update=lock, populate_existing=lock)
    if made is None:
        raise ExplanationNotFound(
            "没有这份说明，请检查编号。", "No such explanation: check its identifier."
        )
    return made


def by_id(session: Session, explanation_ids: Sequence[str]) -> dict[str, Explanation]:
    """Some explanations by their identifiers; one that is not on record is left out."""
    found = select(Explanation).where(Explanation.id.in_(explanation_ids))
    return {each.id: each for each in session.scalars(found)}


def for_version(session: Session, version_id: str) -> list[Explanation]:
    """Every explanation of the bytes of a version, under whichever name, newest first."""
    mine = select(Explanation).where(Explanation.version_id.in_(submission.same_bytes(version_id)))
    return list(session.scalars(mine.order_by(Explanation.created.desc(), Explanation.id.desc())))


def for_model(session: Session, version: Version) -> list[Explanation]:
    """Every explanation of a model, newest first, those of a version's own bytes before the others.

    Args:
        session: any session.
        version: of the model.
    """
    own = for_version(session, version.id)
    others = select(Explanation).join(Version, Version.id == Explanation.version_id)
    others = others.where(Version.model_id == version.model_id)
    newest = others.order_by(Explanation.created.desc(), Explanation.id.desc())
    return own or list(session.scalars(newest))


def _record(session: Session, name: str, made: Explanation, by: Actor | None) -> Event:
    return journal.record(
        session,
        name,
        made.id,
        person_id=by.person_id if by else None,
        organisation_id=made.organisation_id,
        version=made.version_id,
        digest=made.digest,
    )
