"""What an evaluation report on record means for a filing: who, which version, which probes."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from filing.dossier import Filing
from registry import independence, journal, legal_day, outcomes, reports
from registry.datasets import Dataset
from registry.engagements import Engagement
from registry.evaluations import Evaluation
from registry.explanations import Explanation
from registry.findings import Verdict, told
from registry.journal import Event
from registry.language import Text
from registry.organisations import Organisation
from registry.outcomes import OUTCOME_NAMES, OUTCOMES
from registry.reports import Report
from registry.submission import Version


@dataclass(frozen=True, slots=True)
class Evidence:
    """One report, as the gate and the public record read it.

    Args:
        report_id: which report.
        organisation_id, organisation: who ran it.
        third_party: whether that is another organisation than the model's owner.
        model_digest, version: what was evaluated.
        made: when the platform took the report in.
        countersigned: when the tester signed it, if it did.
        task: decision or pricing.
        required: the probes that the policy file requires for that task.
        run: the probes that were run.
        not_evaluable: those of them that could not measure anything.
        verdicts: how many findings have each verdict.
        shown: how many findings showed what (`registry.outcomes`), gravest first.
        differences: how many findings about differences have each verdict.
        statement_digest, findings_digest: what binds it.
        ties: what ties those who tested to those who file, where it is by another organisation.
        withdrawn: when whoever made it took it back, if they did.
    """

    report_id: str
    organisation_id: str
    organisation: Text
    third_party: bool
    model_digest: str
    version: int
    made: datetime
    countersigned: datetime | None
    task: str
    required: tuple[str, ...]
    run: tuple[str, ...]
    not_evaluable: tuple[str, ...]
    verdicts: Mapping[str, int]
    shown: Mapping[str, int]
    differences: Mapping[str, int]
    statement_digest: str
    findings_digest: str
    ties: tuple[Text, ...] = ()
    withdrawn: datetime | None = None

    @property
    def missing(self) -> tuple[str, ...]:
        """Required probes that were not run."""
        return tuple(each for each in self.required if each not in self.run)

    @property
    def beyond(self) -> int:
        """How many findings are beyond a line."""
        return self.verdicts.get(Verdict.DISPARITY.value, 0)

    def as_json(self) -> dict[str, Any]:
        """The public summary that an edition carries."""
        return {
            "id": self.report_id,
            "organisation": self.organisation.as_json(),
            "kind": "third_party" if self.third_party else "own",
            "model_digest": self.model_digest,
            "version": self.version,
            "made": self.made.isoformat(),
            "countersigned": self.countersigned.isoformat() if self.countersigned else None,
            "task": self.task,
            "required": list(self.required),
            "probes": list(self.run),
            "not_evaluable": list(self.not_evaluable),
            "verdicts": dict(self.verdicts),
            "shown": dict(self.shown),
            "differences": dict(self.differences),
            "statement_digest": self.statement_digest,
            "findings_digest": self.findings_digest,
        }

    @property
    def sentence(self) -> Text:
        """Who checked what with which result, for field H15."""
        who = Text("第三方机构", "third party") if self.third_party else Text("自评", "own report")
        counted = [
            (OUTCOME_NAMES[each], self.shown[each]) for each in OUTCOMES if self.shown.get(each)
        ]
        zh = "；".join(f"{name.zh}：{count}条" for name, count in counted) or "没有结果"
        en = "; ".join(f"{name.en}: {count}" for name, count in counted) or "no findings"
        day = legal_day.of(self.made).isoformat()
        checks = "1 check" if len(self.run) == 1 else f"{len(self.run)} checks"
        return Text(
            f"{self.organisation.zh}（{who.zh}）在{day}用{len(self.run)}项检查测了第{self.version}版：{zh}。",
            f"{self.organisation.en} ({who.en}) ran {checks} on version "
            f"{self.version} on {day}: {en}.",
        )


def attached(session: Session, filing: Filing) -> list[Evidence]:
    """The reports attached to a filing, in the order of attachment."""
    found = session.scalars(select(Report).where(Report.id.in_(filing.report_ids))).all()
    by_id = {report.id: report for report in found}
    every = (by_id[each] for each in filing.report_ids if each in by_id)
    return [replace(read(session, each), ties=ties(session, filing, each)) for each in every]


def ties(session: Session, filing: Filing, report: Report) -> tuple[Text, ...]:
    """What ties the people behind a third party's report to the filer, as of now.

    Args:
        session: any session.
        filing: whose filer.
        report: of this or another organisation.
    """
    if report.organisation_id == filing.organisation_id:
        return ()
    found = independence.ties(
        session,
        enterprise_id=filing.organisation_id,
        tester_id=report.organisation_id,
        filers=filers(session, filing),
        testers=_tested(session, report),
    )
    return tuple(each.said for each in found)


def filers(session: Session, filing: Filing) -> set[str]:
    """Everyone who acted for the filer: submitted, granted, explained, wrote in the dossier."""
    versions = select(Version.id).where(Version.model_id == filing.model_id)
    granted = select(Engagement.granted_by).where(Engagement.version_id.in_(versions))
    explained = select(Explanation.requested_by).where(Explanation.version_id.in_(versions))
    wrote = select(Event.person_id).where(
        Event.subject == filing.id,
        Event.organisation_id == filing.organisation_id,
        Event.person_id.is_not(None),
    )
    own = {filing.opened_by, *([filing.submitted_by] if filing.submitted_by else [])}
    acted = {person for found in (granted, explained, wrote) for person in session.scalars(found)}
    return (
        {each for each in acted if each} | own | independence.submitters(session, filing.model_id)
    )


def _tested(session: Session, report: Report) -> set[str]:
    """Everyone who acted for the tester: took on, registered data and plan, countersigned."""
    made = session.get_one(Evaluation, report.evaluation_id)
    people = {made.registered_by, session.get_one(Dataset, made.dataset_id).registered_by}
    if report.countersigned_by:
        people.add(report.countersigned_by)
    if made.engagement_id:
        taken = journal.history(session, made.engagement_id)
        ours = (each for each in taken if each.organisation_id == report.organisation_id)
        people |= {each.person_id for each in ours if each.person_id}
    return people


def read(session: Session, report: Report) -> Evidence:
    """What one report says about itself; its envelope was verified when it was handed in."""
    predicate = reports.statement(report)["predicate"]
    findings: Sequence[Mapping[str, Any]] = predicate["findings"]
    run = tuple(sorted({str(each["id"]) for each in predicate["probes"]}))
    tester = session.get_one(Organisation, report.organisation_id)
    return Evidence(
        report_id=report.id,
        organisation_id=report.organisation_id,
        organisation=tester.name,
        third_party=report.third_party,
        model_digest=report.model_digest,
        version=session.get_one(Version, report.version_id).number,
        made=report.created,
        countersigned=report.countersigned,
        task=predicate["task"],
        required=tuple(sorted(predicate["required_probes"])),
        run=run,
        not_evaluable=tuple(each for each in run if _says_nothing(findings, each)),
        verdicts=dict(sorted(Counter(told(each).value for each in findings).items())),
        shown=outcomes.counted(findings),
        differences=outcomes.differences(findings),
        statement_digest=report.statement_digest,
        findings_digest=report.findings_digest,
        withdrawn=report.withdrawn,
    )


def _says_nothing(findings: Sequence[Mapping[str, Any]], probe: str) -> bool:
    said = [each["verdict"] for each in findings if each["probe"] == probe]
    return all(verdict == Verdict.NOT_EVALUABLE.value for verdict in said)


def testers(session: Session, filing: Filing) -> tuple[set[str], set[str]]:
    """The organisations and the people that evaluated any version this filing rests on."""
    own = select(Evaluation).where(Evaluation.version_id == filing.version_id)
    tied = (
        select(Evaluation)
        .join(Report, Report.evaluation_id == Evaluation.id)
        .where(Report.id.in_(filing.report_ids))
    )
    ran = [*session.scalars(own), *session.scalars(tied)]
    signed = session.scalars(select(Report).where(Report.id.in_(filing.report_ids))).all()
    people = {each.registered_by for each in ran}
    people |= {person for each in signed for person in _tested(session, each)}
    return {each.organisation_id for each in ran}, people
