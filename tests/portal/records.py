"""One record of every kind, owned as the matrix of access needs them."""

from dataclasses import dataclass, field
from datetime import timedelta

from sqlalchemy.orm import Session

from filing import dossier, enclosures, evidence_files
from filing.concern_steps import Status
from filing.concerns import Concern
from filing.previews import PreviewLink
from filing.recommended import steps
from filing.recommended.applying import OFFERED
from filing.recommended.criteria import IDS
from filing.recommended.records import RecommendedApplication, RecommendedCatalogue
from filing.remarks import Remark
from filing.routes import Route
from registry import (
    attachments,
    attestation,
    invitations,
    legal_day,
    organisations,
    tokens,
    worklist,
)
from registry.attachments import Attachment, Looked, Sent
from registry.database import now, transaction
from registry.datasets import Dataset, Use
from registry.engagements import Engagement
from registry.evaluations import Evaluation
from registry.explanations import Explanation
from registry.organisations import Kind, OrganisationKey, Role
from registry.reports import Report
from registry.submission import Model, Version
from tests import cast
from tests.portal.world import Member, World

DIGEST = "a" * 64
KIND_OF = {Role.FILER: Kind.ENTERPRISE, Role.TESTER: Kind.TESTER, Role.REVIEWER: Kind.AUTHORITY}


@dataclass
class Records:
    """Records of enterprise-own and tester-own; the others have none.

    `ids` maps (parameter, kind of the organisation that owns it) to an identifier.
    """

    world: World
    ids: dict[tuple[str, Kind], str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        with transaction(self.world.site.state.factory) as session:
            self._submit(session)
            self._credentials(session)

    def of(self, parameter: str, kind: Kind, role: Role) -> str:
        """The identifier that someone in this role, in an organisation of this kind, would use."""
        parameter = f"token_id of {role}" if parameter == "token_id" else parameter
        found = self.ids.get((parameter, kind)) or self.ids.get((parameter, Kind.ENTERPRISE))
        assert found is not None, f"tell tests/portal/records.py what {{{parameter}}} is"
        return found

    def _keep(self, parameter: str, kind: Kind, identifier: str) -> None:
        self.ids[parameter, kind] = identifier

    def _submit(self, session: Session) -> None:
        filer = self.world.member("enterprise-own", Role.FILER)
        tester = self.world.member("tester-own", Role.TESTER)
        model = Model(organisation_id=filer.organisation.id, name="credit")
        session.add(model)
        session.flush()
        version = Version(
            model_id=model.id,
            organisation_id=filer.organisation.id,
            number=1,
            digest=DIGEST,
            size=1,
            manifest=[],
            flavour="onnx",
            trust_class="data_only",
            inputs=[],
            screening={},
            submitted_by=filer.person.id,
        )
        session.add(version)
        session.flush()
        engagement = Engagement(
            version_id=version.id,
            enterprise_id=filer.organisation.id,
            tester_id=tester.organisation.id,
            query_budget=1000,
            conflict_filer="无",
            granted_by=filer.person.id,
            accepted=now(),
        )
        session.add(engagement)
        session.flush()
        self._keep("version_id", Kind.ENTERPRISE, version.id)
        self._keep("tester_id", Kind.ENTERPRISE, tester.organisation.id)
        self._keep("engagement_id", Kind.ENTERPRISE, engagement.id)
        for member in (filer, tester):
            self._evaluate(session, member, version)
        self._explain(session, filer, version)
        self._file(session, filer, version)

    def _evaluate(self, session: Session, member: Member, version: Version) -> None:
        kind = Kind(member.organisation.kind)
        uses = [Use.EVALUATION] + ([Use.EXPLANATION] if kind is Kind.ENTERPRISE else [])
        for use in uses:
            dataset = Dataset(
                organisation_id=member.organisation.id,
                name="rows",
                use=use,
                digest=DIGEST,
                format="csv",
                size=1,
                rows=10,
                columns=[],
                source="made up",
                registered_by=member.person.id,
            )
            session.add(dataset)
            session.flush()
            cast.checked(session, dataset)
            self._keep("dataset_id", kind, dataset.id)
        work = worklist.request(
            session,
            kind="evaluation",
            subject_id="-",
            organisation_id=member.organisation.id,
            dedup=f"evaluation:{kind}",
        )
        session.flush()
        evaluation = Evaluation(
            version_id=version.id,
            dataset_id=dataset.id,
            organisation_id=member.organisation.id,
            registered_by=member.person.id,
            plan="{}",
            plan_digest=DIGEST,
            work_id=work.id,
        )
        session.add(evaluation)
        session.flush()
        report = Report(
            evaluation_id=evaluation.id,
            version_id=version.id,
            organisation_id=member.organisation.id,
            third_party=kind is Kind.TESTER,
            model_digest=DIGEST,
            envelope="{}",
            statement_digest=attestation.sha256(kind.encode()),
            findings_digest=DIGEST,
            sealed_digest=self.world.sealed,
        )
        session.add(report)
        session.flush()
        self._keep("work_id", kind, work.id)
        self._keep("evaluation_id", kind, evaluation.id)
        self._keep("report_id", kind, report.id)

    def _explain(self, session: Session, filer: Member, version: Version) -> None:
        explanation = Explanation(
            version_id=version.id,
            dataset_id=self.ids["dataset_id", Kind.ENTERPRISE],
            organisation_id=filer.organisation.id,
            requested_by=filer.person.id,
            plan={},
            plan_digest=DIGEST,
            model_digest=DIGEST,
            content={},
            finished=now(),
        )
        session.add(explanation)
        session.flush()
        self._keep("explanation_id", Kind.ENTERPRISE, explanation.id)

    def _file(self, session: Session, filer: Member, version: Version) -> None:
        filing = dossier.open_filing(session, by=filer.actor, version_id=version.id)
        filing.submissions = 1
        remark = Remark(
            filing_id=filing.id,
            submission=1,
            key="B1",
            zh="改",
            written_by=self.world.member("authority-own", Role.REVIEWER).person.id,
            digest=DIGEST,
        )
        session.add(remark)
        session.flush()
        self._keep("filing_id", Kind.ENTERPRISE, filing.id)
        file = evidence_files.add(
            session,
            self.world.site.state.store,
            filing_id=filing.id,
            person_id=filer.person.id,
            sent=Sent("承诺书.pdf", b"%PDF-1.7"),
            looked=Looked(attachments.Kind.PDF, 1),
        )
        self._keep("sha256", Kind.ENTERPRISE, file.sha256)
        self._keep("remark_id", Kind.ENTERPRISE, remark.id)
        link = PreviewLink(
            filing_id=filing.id,
            made_by=filer.person.id,
            token_digest=DIGEST,
            expires=now() + timedelta(days=1),
        )
        session.add(link)
        session.flush()
        self._keep("link_id", Kind.ENTERPRISE, link.id)
        for kind in (Kind.ENTERPRISE, Kind.AUTHORITY, Kind.INDUSTRY_BODY):
            self._concern(session, filing.id, filer, kind)
        self._recommend(session, filing.id, filer)

    def _concern(self, session: Session, filing_id: str, filer: Member, kind: Kind) -> None:
        """An appeal for the filer, and a report for each that watches."""
        watch = Kind.AUTHORITY if kind is Kind.ENTERPRISE else kind
        concern = Concern(
            number=f"0000{len(self.ids):06}",
            code_digest=DIGEST,
            filing_id=filing_id,
            filer_id=filer.organisation.id,
            watch_id=self.world.member(f"{watch}-own", Role.ADMINISTRATOR).organisation.id,
            by_filer=kind is Kind.ENTERPRISE,
            route=Route.APPEAL if kind is Kind.ENTERPRISE else Route.REPORT,
            situation="other",
            status=Status.RECEIVED,
            acknowledge_by=legal_day.today(),
            delete_on=legal_day.today() + timedelta(days=30),
        )
        session.add(concern)
        session.flush()
        read = [Attachment(attachments.Kind.TEXT, "我的申请".encode())]
        enclosures.attach(session, concern, enclosures.put(self.world.site.state.store, read))
        self._keep("concern_number", kind, concern.number)

    def _recommend(self, session: Session, filing_id: str, filer: Member) -> None:
        """An application of the filer, to the catalogue of the industry body."""
        body = self.world.member("industry_body-own", Role.ADMINISTRATOR)
        catalogue = RecommendedCatalogue(
            organisation_id=body.organisation.id,
            slug="example",
            city="shanghai",
            guidance={"zh": "按主管部门的意见"},
            weights=dict.fromkeys(IDS, 20),
        )
        session.add(catalogue)
        session.flush()
        made = RecommendedApplication(
            catalogue_id=catalogue.id,
            filing_id=filing_id,
            filer_id=filer.organisation.id,
            applied_by=filer.person.id,
            status=steps.Status.SUBMITTED,
            offer={name: {"zh": "有"} for name in OFFERED},
        )
        session.add(made)
        session.flush()
        self._keep("application_id", Kind.ENTERPRISE, made.id)

    def _credentials(self, session: Session) -> None:
        for (name, role), member in self.world.members.items():
            kind, _, place = name.partition("-")
            if place != "own":
                continue
            issued = tokens.issue(
                session, by=member.actor, label="victim", scopes=["read"], days=1
            )
            session.flush()
            self._keep(f"token_id of {role}", Kind(kind), issued.record.id)
            if role is not Role.ADMINISTRATOR:
                continue
            key = OrganisationKey(
                organisation_id=member.organisation.id,
                key_id=attestation.sha256(kind.encode()),
                public_pem="-",
            )
            session.add(key)
            session.flush()
            self._keep("key_id", Kind(kind), key.key_id)
            invited = invitations.invite(
                session,
                by=member.actor,
                organisation_id=member.organisation.id,
                email="invited@example.org",
                role=Role.ADMINISTRATOR,
            )
            self._keep("invitation_id", Kind(kind), invited.record.id)
            self._keep("person_id", Kind(kind), member.person.id)
            self._keep("organisation_id", Kind(kind), member.organisation.id)
            assert organisations.has_administrator(session, member.organisation.id)
