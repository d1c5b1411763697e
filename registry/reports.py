"""Reports: findings about one version, signed by the platform, countersigned by the tester."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from sqlalchemy import ForeignKey, String, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from registry import (
    attestation,
    engagements,
    evaluations,
    inbox,
    journal,
    keys,
    legal_day,
    lengths,
    reidentification,
    statements,
    submission,
    worklist,
)
from registry.artifacts import ArtifactStore
from registry.attestation import BadLayer, Layer
from registry.database import Identified, Record, now
from registry.datasets import Dataset
from registry.errors import Conflict, Invalid, NotFound, Refused
from registry.evaluations import Evaluation
from registry.inbox import Waiting, Waits
from registry.journal import Event
from registry.language import Text
from registry.lengths import Limit
from registry.organisations import Actor, Kind, Organisation, Role
from registry.submission import Version
from registry.worklist import Claim, Work

REASONS = {
    "zh": Limit("reason", Text("撤回的理由", "reason for withdrawing"), 1000),
    "en": Limit(
        "reason.en", Text("撤回的理由（英文）", "reason for withdrawing, in English"), 4000
    ),
}


class Report(Identified, Record):
    """An evaluation report: the signed envelope, its digests, and the countersignature if any.

    `envelope` is the DSSE envelope as canonical JSON text; `statement_digest` the SHA-256 of its
    payload. `third_party` is True when the organisation that ran it is not the model's owner.
    `withdrawn` is when whoever made it took it back, `withdrawal` why, as {zh, en?}: the report and
    its envelope stay as they were signed.
    """

    __tablename__ = "report"

    evaluation_id: Mapped[str] = mapped_column(ForeignKey("evaluation.id"), unique=True)
    version_id: Mapped[str] = mapped_column(ForeignKey("version.id"), index=True)
    organisation_id: Mapped[str] = mapped_column(ForeignKey("organisation.id"), index=True)
    third_party: Mapped[bool]
    model_digest: Mapped[str] = mapped_column(String(64), index=True)
    envelope: Mapped[str]
    statement_digest: Mapped[str] = mapped_column(String(64), unique=True)
    findings_digest: Mapped[str] = mapped_column(String(64))
    sealed_digest: Mapped[str] = mapped_column(String(64))
    countersigned: Mapped[datetime | None]
    countersigned_key_id: Mapped[str | None] = mapped_column(String(64))
    countersigned_by: Mapped[str | None] = mapped_column(ForeignKey("person.id"))
    withdrawn: Mapped[datetime | None]
    withdrawal: Mapped[dict[str, Any] | None]

    @property
    def signed(self) -> bool:
        """Whether its maker countersigned it and stands by it still."""
        return self.countersigned is not None and self.withdrawn is None


@dataclass(frozen=True, slots=True)
class Run:
    """One registered evaluation and what became of it."""

    evaluation: Evaluation
    work: Work
    report: Report | None


class ReportNotFound(NotFound):
    """No such report."""


class ReportWithdrawn(Conflict):
    """Whoever made the report took it back: it is used for nothing new."""


class WithdrawalInvalid(Invalid):
    """A report is taken back with a reason, which everybody reads."""


class AlreadyCountersigned(Conflict):
    """The report carries the evaluator's signature already."""


class OtherStatement(Invalid):
    """What was handed in is not about the work it was handed in for."""


class Sealed(Refused):
    """Sealed evidence is for the authority and for those who ran the evaluation."""


def subject(session: Session, version: Version) -> str:
    """How statements name a version: `model/<organisation>/<name>@<number>`."""
    return f"model/{version.organisation_id}/{submission.named(session, version)}"


def party(session: Session, organisation_id: str) -> dict[str, Any]:
    """How statements name an organisation."""
    organisation = session.get_one(Organisation, organisation_id)
    return {"id": organisation.id, **organisation.name.as_json()}


def data(session: Session, dataset: Dataset) -> dict[str, Any]:
    """How statements bind a data set: digest, schema and what is declared, never rows."""
    return {
        "digest": dataset.digest,
        "name": dataset.name,
        "rows": dataset.rows,
        "columns": dataset.columns,
        "held_out": dataset.held_out,
        "source": dataset.source,
        "deidentification": dataset.deidentification,
        **({"period": dataset.period} if dataset.period else {}),
        "reidentification": reidentification.stated(session, dataset.id),
    }


def on_record(session: Session, made: Evaluation) -> dict[str, Any]:
    """The part of a report's predicate that the register knows; the worker adds what it measured.

    Args:
        session: any session.
        made: an evaluation whose nonce was issued.
    """
    version = session.get_one(Version, made.version_id)
    return {
        "report": {
            "id": made.id,
            "evaluation": made.id,
            "kind": "own" if made.organisation_id == version.organisation_id else "third_party",
            "evaluator": party(session, made.organisation_id),
            "owner": party(session, version.organisation_id),
            "engagement": _engagement(session, made.engagement_id),
            "registered": [_listed(run) for run in registered(session, version.id)],
        },
        "plan": {"digest": made.plan_digest, "content": attestation.parse(made.plan.encode())},
        "data": data(session, session.get_one(Dataset, made.dataset_id)),
        "nonce": made.nonce,
    }


def _engagement(session: Session, engagement_id: str | None) -> dict[str, Any] | None:
    if engagement_id is None:
        return None
    engagement = engagements.get(session, engagement_id)
    return {
        "id": engagement.id,
        "query_budget": engagement.query_budget,
        "conflict_filer": engagement.conflict_filer,
        "conflict_tester": engagement.conflict_tester,
        "paid_by": engagement.paid_by,
    }


def _listed(run: Run) -> dict[str, Any]:
    return {
        "evaluation": run.evaluation.id,
        "organisation": run.evaluation.organisation_id,
        "plan": run.evaluation.plan_digest,
        "registered": run.evaluation.created.isoformat(),
        "report": run.report.id if run.report else None,
    }


def registered(session: Session, version_id: str) -> list[Run]:
    """Every evaluation registered on a version, oldest first, run or not."""
    rows = session.execute(
        select(Evaluation, Work, Report)
        .join(Work, Work.id == Evaluation.work_id)
        .outerjoin(Report, Report.evaluation_id == Evaluation.id)
        .where(Evaluation.version_id == version_id)
        .order_by(Evaluation.created, Evaluation.id)
    )
    return [Run(*row) for row in rows]


def hand_in(session: Session, *, held: Claim, envelope_text: str) -> Report:
    """Record the report of an evaluation and end its work, in one transaction.

    Args:
        session: the transaction; nothing is kept unless the worker's claim still holds in it.
        held: the worker's claim.
        envelope_text: the canonical envelope with the platform's signature.

    Raises:
        ClaimLost, Cancelled: when the work is no longer this worker's.
        BadLayer: when envelope, signature or statement do not hold.
        OtherStatement: when the statement is about something else than the evaluation.
    """
    work = worklist.finish(session, held)
    made = evaluations.get(session, work.subject_id)
    version = session.get_one(Version, made.version_id)
    statement = signed_statement(session, envelope_text)
    predicate = statement["predicate"]
    check_about(session, statement, version, statements.REPORT)
    recorded = on_record(session, made)
    if predicate["data"]["rows"] is None:  # withheld: see evaluators.running.disclosure
        recorded["data"]["rows"] = None
    for part in ("plan", "data", "nonce"):
        check_same(part, predicate[part], recorded[part])
    check_same("report", predicate["report"]["id"], made.id)
    report = Report(
        id=made.id,
        evaluation_id=made.id,
        version_id=version.id,
        organisation_id=made.organisation_id,
        third_party=made.organisation_id != version.organisation_id,
        model_digest=version.digest,
        envelope=envelope_text,
        statement_digest=attestation.digest(statement),
        findings_digest=predicate["findings_digest"],
        sealed_digest=predicate["evidence"]["sealed"]["digest"],
    )
    session.add(report)
    session.flush()
    submission.tell_mlflow(session, version.id, f"report:{report.id}")
    handed_in = journal.record(
        session,
        "report:statement:handed_in",
        report.id,
        organisation_id=report.organisation_id,
        version=version.id,
        statement=report.statement_digest,
        findings=report.findings_digest,
    )
    if report.third_party:
        tester, place = report.organisation_id, f"/reports/{report.id}"
        called = submission.named(session, version)
        inbox.turn(session, handed_in, Waits(tester, Waiting.COUNTERSIGN, place, called))
    return report


def signed_statement(session: Session, envelope_text: str) -> dict[str, Any]:
    """The statement in an envelope that carries the platform's signature and no other.

    Raises:
        BadLayer: naming the layer that fails.
    """
    sealed = attestation.decode(envelope_text)
    if not attestation.verify(sealed, keys.platform(session)) or len(sealed["signatures"]) != 1:
        raise _not_ours()
    return statements.read(attestation.payload(sealed))


def check_about(
    session: Session, statement: Mapping[str, Any], version: Version, predicate_type: str
) -> None:
    """Raise `OtherStatement` unless the statement is of this type and about this version."""
    check_same("predicateType", statement["predicateType"], predicate_type)
    named = {"name": subject(session, version), "digest": {"sha256": version.digest}}
    check_same("subject", statement["subject"], [named])


def check_same(part: str, stated: object, recorded: object) -> None:
    """Raise `OtherStatement` when a part of a statement differs from what is on record."""
    if stated != recorded:
        raise OtherStatement(
            f"声明中的 {part} 与登记的不一致，结果未被接收。请重新请求这项工作。",
            f"The statement's {part} differs from the record; it was not taken. "
            "Request the work again.",
        )


def countersign(session: Session, *, by: Actor, report_id: str, envelope_text: str) -> Report:
    """Take the envelope to which the evaluator's organisation added its signature, at home.

    Args:
        session: the caller's transaction.
        by: a tester of the organisation that ran the evaluation (a filer, for its own version).
        report_id: which report.
        envelope_text: what `mingsuan sign` wrote.

    Raises:
        ReportNotFound: when there is no such report.
        NotYours, WrongRole: unless `by` may sign it.
        NotIndependent: when the person who signs is tied to the enterprise.
        AlreadyCountersigned: when it carries the signature already.
        ReportWithdrawn: when it was taken back.
        BadLayer: naming the layer that fails.
    """
    report = _of_maker(session, by, report_id)
    check_stands(report)
    made = session.get_one(Evaluation, report.evaluation_id)
    if made.engagement_id is not None:
        engagements.check_tester(session, by, engagements.get(session, made.engagement_id))
    if report.countersigned is not None:
        raise AlreadyCountersigned(
            "这份报告已签章确认，无须再签。",
            "This report is countersigned already; nothing to do.",
        )
    sealed = attestation.decode(envelope_text)
    if attestation.payload(sealed) != attestation.payload(attestation.decode(report.envelope)):
        raise BadLayer(
            Layer.PAYLOAD,
            "正文不是这份报告的正文。请下载本报告后再签。",
            "not the payload of this report. Download this report and sign that.",
        )
    if not attestation.verify(sealed, keys.platform(session)):
        raise _not_ours()
    signer = _signer(sealed, keys.platform(session), keys.standing(session, by.organisation_id))
    report.envelope = attestation.encode(sealed)
    report.countersigned, report.countersigned_by = now(), by.person_id
    report.countersigned_key_id = signer
    session.flush()
    signed = journal.record(
        session,
        "report:statement:countersigned",
        report.id,
        person_id=by.person_id,
        organisation_id=by.organisation_id,
        key=signer,
        statement=report.statement_digest,
    )
    inbox.turn(session, signed)
    return report


def withdraw(session: Session, *, by: Actor, report_id: str, reason: Mapping[str, str]) -> Event:
    """Take back a report that one's organisation made; it stays readable, with the reason.

    Args:
        session: the caller's transaction.
        by: as for `countersign`.
        report_id: which report.
        reason: {zh, en?}, which everybody reads who reads the report.

    Returns:
        The row of the journal.

    Raises:
        ReportNotFound: when there is no such report.
        NotYours, WrongRole: unless `by` may sign it.
        ReportWithdrawn: when it was taken back already.
        WithdrawalInvalid: when no reason is given in Chinese.
        TextTooLong: when the reason is too long.
    """
    report = _of_maker(session, by, report_id)
    check_stands(report)
    said = {name: str(reason.get(name) or "").strip() for name in REASONS}
    lengths.check((REASONS[name], text) for name, text in said.items())
    if not said["zh"]:
        raise WithdrawalInvalid(
            "请用中文写明为什么撤回，公众会看到。",
            "Say in Chinese why it is withdrawn; the public reads it.",
        )
    report.withdrawn, report.withdrawal = (
        now(),
        {name: text for name, text in said.items() if text},
    )
    session.flush()
    submission.tell_mlflow(session, report.version_id, f"withdrawn:{report.id}")
    event = journal.record(
        session,
        "report:statement:withdrawn",
        report.id,
        person_id=by.person_id,
        organisation_id=by.organisation_id,
        reason=report.withdrawal,
        statement=report.statement_digest,
    )
    inbox.turn(session, event)
    return event


def check_stands(report: Report) -> None:
    """Raise `ReportWithdrawn` when whoever made a report took it back."""
    if report.withdrawn is not None:
        day = legal_day.of(report.withdrawn)
        raise ReportWithdrawn(
            f"这份报告已在{day}由做评估的单位撤回，不能再用。请用另一份报告。",
            f"Whoever made this report withdrew it on {day}; it is used for nothing new. Use another.",
        )


def _of_maker(session: Session, by: Actor, report_id: str) -> Report:
    """The report, locked, for those of the organisation that made it who may speak for it."""
    report = get(session, report_id, lock=True)
    by.own(report.organisation_id)
    by.require(Role.TESTER if report.third_party else Role.FILER)
    return report


def _signer(
    sealed: Mapping[str, Any],
    platform: Mapping[str, Ed25519PublicKey],
    own: Mapping[str, Ed25519PublicKey],
) -> str:
    """The key with which the organisation signed: one signature beside the platform's."""
    others = set(attestation.signatures(sealed)) - set(platform)
    if not others:
        raise BadLayer(
            Layer.TESTER_SIGNATURE,
            "还没有本单位的签名。请先运行 mingsuan sign。",
            "there is no signature of your organisation yet. Run `mingsuan sign` first.",
        )
    if len(others) > 1 or not others <= set(own):
        raise BadLayer(
            Layer.TESTER_SIGNATURE,
            "签名所用的密钥未由本单位登记，或已撤销。请登记公钥，或换用已登记的密钥。",
            "signed with a key that your organisation did not register, or has revoked. "
            "Register it, or sign with one that is registered.",
        )
    if not attestation.verify(sealed, own):
        raise BadLayer(
            Layer.TESTER_SIGNATURE,
            "签名与正文不符。请对原始文件重新签名。",
            "the signature does not fit the payload. Sign the original file again.",
        )
    return others.pop()


def _not_ours() -> BadLayer:
    return BadLayer(
        Layer.PLATFORM_SIGNATURE,
        "没有平台的有效签名。请使用平台给出的原始文件。",
        "no valid signature of the platform. Use the file the platform gave out.",
    )


def get(session: Session, report_id: str, *, lock: bool = False) -> Report:
    """One report.

    Raises:
        ReportNotFound: when there is none.
    """
    report = session.get(Report, report_id, with_for_update=lock, populate_existing=lock)
    if report is None:
        raise ReportNotFound("没有这份报告，请检查编号。", "No such report: check its identifier.")
    return report


def statement(report: Report) -> dict[str, Any]:
    """The in-toto statement that the report's envelope carries."""
    return statements.read(attestation.payload(attestation.decode(report.envelope)))


def findings(report: Report) -> list[dict[str, Any]]:
    """What was found, as signed."""
    found: list[dict[str, Any]] = statement(report)["predicate"]["findings"]
    return found


def for_version(session: Session, version_id: str) -> list[Report]:
    """Every report on the bytes of a version, under whichever name of its owner, newest first."""
    mine = select(Report).where(Report.version_id.in_(submission.same_bytes(version_id)))
    return list(session.scalars(mine.order_by(Report.created.desc(), Report.id.desc())))


def about_earlier_version(model_digest: str, current: Version) -> bool:
    """Whether what is bound to `model_digest` is about another version than `current`."""
    return model_digest != current.digest


def sealed_evidence(
    session: Session, store: ArtifactStore, *, by: Actor, report_id: str
) -> dict[str, Any]:
    """The full accumulators behind a report.

    Raises:
        ReportNotFound: when there is no such report.
        Sealed: unless `by` is a reviewer of an authority, or belongs to those who ran it.
    """
    report = get(session, report_id)
    reviewer = by.kind == Kind.AUTHORITY and Role.REVIEWER in by.roles
    if not reviewer and by.organisation_id != report.organisation_id:
        raise Sealed(
            "完整证据只供主管部门和评估方查看。公开证据在报告里。",
            "Sealed evidence is for the authority and those who ran the evaluation. "
            "The public evidence stands in the report.",
        )
    with store.open(report.sealed_digest) as blob:
        content: dict[str, Any] = attestation.parse(blob.read())
    return content


def blobs(session: Session) -> set[str]:
    """The digests of all sealed evidence: what the store must hold."""
    return set(session.scalars(select(Report.sealed_digest)))
