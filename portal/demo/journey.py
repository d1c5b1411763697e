"""The demo's main job: one model from submission to its public page, step by step.

Every step first looks for what an earlier run left, so that a second run reuses it and a run that
was killed goes on where it stopped.
"""

import time
import tomllib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from functools import cached_property
from pathlib import Path
from typing import Any

import pandas as pd
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker

from filing import concern_steps, concerns, dossier, handling, receiving, review
from filing.dossier import Filing
from filing.handling import Taken
from filing.lifecycle import EDITABLE, EXITS, Action, Status
from filing.receiving import Given
from filing.recommended import applying, deciding, records, steps
from filing.recommended.applying import Offer
from filing.routes import Route
from portal.demo.cast import CATALOGUE
from portal.demo.models import Trained
from registry import (
    attestation,
    datasets,
    engagements,
    evaluations,
    explanations,
    keys,
    legal_day,
    reports,
    submission,
    worklist,
)
from registry.artifacts import ArtifactStore
from registry.database import transaction
from registry.datasets import Dataset, Use
from registry.engagements import Engagement
from registry.errors import Conflict
from registry.evaluations import Evaluation
from registry.explanations import Explanation
from registry.language import Text
from registry.organisations import Actor
from registry.reidentification import Wish
from registry.reports import Report
from registry.worklist import State

STORIES = Path(__file__).parent / "stories"
POLL_SECONDS = 0.1
BUDGET = 2_000_000
WAIT_SECONDS = 600

Tell = Callable[[int, int, Text], None]


class WorkFailed(Conflict):
    """A piece of the demo's work ended without a result; the message says why."""


@dataclass(frozen=True)
class Place:
    """Where the demo runs: data folder, database, store, the cast and the tester's own key."""

    folder: Path
    factory: sessionmaker[Session]
    store: ArtifactStore
    cast: Mapping[str, Actor]
    tester_key: Ed25519PrivateKey


@dataclass
class Journey:
    """One model on its way.

    Args:
        name: the story under `stories/`.
        trained: the model directory and the rows it never saw.
        place: where it happens.
        tell: hears of progress within a long step: done, total, what is being done.
    """

    name: str
    trained: Trained
    place: Place
    tell: Tell
    version_id: str = field(default="")
    engagement_id: str = field(default="")
    dataset_id: str = field(default="")
    report_id: str = field(default="")
    explanation_id: str = field(default="")
    filing_id: str = field(default="")
    number: str = field(default="")

    @cached_property
    def story(self) -> dict[str, Any]:
        """What the enterprise and the tester say."""
        return tomllib.loads((STORIES / f"{self.name}.toml").read_text(encoding="utf-8"))

    def steps(self) -> Iterator[tuple[Text, Callable[[], None]]]:
        """Every step with its name, in order."""
        yield Text("提交模型", "submit the model"), self.submit
        yield Text("委托测试机构", "engage the tester"), self.engage
        yield Text("登记测试数据", "register the test data"), self.register_data
        yield (
            Text("登记计划并在沙箱里评估", "register the plan, evaluate in the sandbox"),
            self.evaluate,
        )
        yield Text("评估机构签章确认", "the tester countersigns"), self.countersign
        yield Text("生成给公众的说明", "make the explanation"), self.explain
        yield Text("填写并提交备案", "fill in and submit the filing"), self.file
        yield Text("审核、给编号、公示", "review, number, publish"), self.review
        yield Text("有人申诉，有人举报", "somebody appeals, somebody reports"), self.hear
        yield Text("申请列入推荐目录", "apply to be recommended"), self.recommend

    @property
    def _filer(self) -> Actor:
        return self.place.cast[self.story["enterprise"]]

    @property
    def _tester(self) -> Actor:
        return self.place.cast["tester"]

    @property
    def _reviewer(self) -> Actor:
        return self.place.cast["authority"]

    @property
    def _publisher(self) -> Actor:
        return self.place.cast["publisher"]

    def submit(self) -> None:
        """The enterprise submits; the same bytes again are the same version."""
        with transaction(self.place.factory) as session:
            made = submission.submit(
                session,
                self.place.store,
                by=self._filer,
                model_name=self.story["model"],
                directory=self.trained.directory,
                note=self.story["note"],
            )
            self.version_id = made.version.id

    def engage(self) -> None:
        """The enterprise grants, the tester takes on; both declare their ties."""
        with transaction(self.place.factory) as session:
            standing = [
                each
                for each in engagements.of_version(session, self.version_id)
                if each.tester_id == self._tester.organisation_id and each.ended is None
            ]
            engagement = standing[0] if standing else self._granted(session)
            if engagement.accepted is None:
                engagements.take_on(
                    session,
                    by=self._tester,
                    engagement_id=engagement.id,
                    conflict_tester="无（演示）/ none (demonstration)",
                )
            self.engagement_id = engagement.id

    def _granted(self, session: Session) -> Engagement:
        return engagements.grant(
            session,
            by=self._filer,
            version_id=self.version_id,
            tester_id=self._tester.organisation_id,
            query_budget=BUDGET,
            conflict_filer="无（演示）/ none (demonstration)",
            paid_by="备案主体（演示）/ the filer (demonstration)",
        )

    def register_data(self) -> None:
        """The tester registers the held-out rows; the filer never sees them."""
        self.dataset_id = self._registered(
            self.trained.split.held_out, self._tester, Use.EVALUATION, self.story["dataset"]
        ).id

    def evaluate(self) -> None:
        """The plan is sealed, a worker runs it, the platform signs what ran."""
        from evaluators.running import engine, planning

        written = self.story["plan"]
        columns = {**written["columns"], "inputs": list(self.trained.inputs)}
        plan = planning.parse({**written, "columns": columns, "names": self._names()})
        with transaction(self.place.factory) as session:
            done = self._reports(session)
            if done:
                self.report_id = done[0].id
                return
            running = session.scalar(
                select(Evaluation)
                .join(worklist.Work, worklist.Work.id == Evaluation.work_id)
                .where(
                    Evaluation.version_id == self.version_id,
                    Evaluation.plan_digest == attestation.digest(plan.as_json()),
                    worklist.Work.state.in_([State.QUEUED, State.RUNNING]),  # parked: asked again
                )
            )
            made = running or evaluations.register_plan(
                session,
                by=self._tester,
                version_id=self.version_id,
                dataset_id=self.dataset_id,
                plan=plan.as_json(),
                predictions=engine.predictions_needed(plan, len(self.trained.split.held_out)),
                engagement_id=self.engagement_id,
            )
            work_id = made.work_id
        self._wait(work_id)
        with self.place.factory() as session:
            self.report_id = self._reports(session)[0].id

    def _names(self) -> dict[str, Any]:
        """What people call the columns, as the enterprise told the tester."""
        told = self.story["explanation"]
        named = {**told["columns"], **{each["name"]: each for each in told.get("protected", [])}}
        return {
            name: {"plain": each["plain"], "levels": each.get("values", {})}
            for name, each in named.items()
        }

    def _reports(self, session: Session) -> list[Report]:
        return [
            each
            for each in reports.for_version(session, self.version_id)
            if each.organisation_id == self._tester.organisation_id
        ]

    def countersign(self) -> None:
        """The tester signs at home, with a key the platform never holds."""
        with transaction(self.place.factory) as session:
            self._register_key(session)
            report = reports.get(session, self.report_id)
            if report.countersigned is None:
                signed = attestation.add_signature(
                    attestation.decode(report.envelope), self.place.tester_key
                )
                reports.countersign(
                    session,
                    by=self._tester,
                    report_id=report.id,
                    envelope_text=attestation.encode(signed),
                )

    def _register_key(self, session: Session) -> None:
        own = attestation.key_id(self.place.tester_key.public_key())
        organisation = self._tester.organisation_id
        if own not in {each.key_id for each in keys.of_organisation(session, organisation)}:
            proof = keys.proof(self.place.tester_key, organisation)
            keys.register(session, by=self._tester, proof_text=proof, label="演示 / demonstration")

    def explain(self) -> None:
        """The explanation is made from tests on the enterprise's own rows, then approved."""
        rows = self.trained.split.train[list(self.trained.inputs)]
        own = self._registered(
            rows, self._filer, Use.EXPLANATION, self.story["explanation_dataset"]
        )
        with transaction(self.place.factory) as session:
            standing = [
                each
                for each in explanations.for_version(session, self.version_id)
                if each.content is not None or self._underway(session, each)
            ]
            made = (
                standing[0]
                if standing
                else explanations.request(
                    session,
                    by=self._filer,
                    version_id=self.version_id,
                    dataset_id=own.id,
                    plan=self._explanation_plan(),
                    report_id=self.report_id,
                )
            )
            self.explanation_id, work_id = made.id, made.work_id
        self._wait(work_id)
        with transaction(self.place.factory) as session:
            if explanations.get(session, self.explanation_id).approved is None:
                explanations.approve(session, by=self._filer, explanation_id=self.explanation_id)

    def _underway(self, session: Session, made: Explanation) -> bool:
        live = (State.QUEUED, State.RUNNING)
        return made.work_id is not None and worklist.get(session, made.work_id).state in live

    def _explanation_plan(self) -> dict[str, Any]:
        told = self.story["explanation"]
        columns = [{"name": name, **told["columns"][name]} for name in self.trained.inputs]
        return {**told, "columns": columns}

    def file(self) -> None:
        """The enterprise fills the dossier, attaches report and explanation, checks, submits."""
        with transaction(self.place.factory) as session:
            filing = self._filing(session)
            self.filing_id = filing.id
            if filing.status in EDITABLE:
                self._fill(session, filing)
            if filing.status == Status.DRAFT:
                self._step(session, self._filer, Action.CHECK)
            if filing.status in (Status.SELF_CHECKED, Status.RETURNED):
                self._step(session, self._filer, Action.SUBMIT)

    def _fill(self, session: Session, filing: Filing) -> None:
        by = self._filer
        dossier.fill(
            session,
            by=by,
            filing_id=filing.id,
            revision=filing.revision,
            answers=self.story["answers"],
        )
        dossier.attach(
            session,
            by=by,
            filing_id=filing.id,
            revision=filing.revision,
            report_id=self.report_id,
            explanation_id=self.explanation_id,
        )

    def _filing(self, session: Session) -> Filing:
        standing = [
            each
            for each in dossier.of_version(session, self.version_id)
            if each.status not in EXITS
        ]
        return (
            standing[0]
            if standing
            else dossier.open_filing(session, by=self._filer, version_id=self.version_id)
        )

    def review(self) -> None:
        """The authority reviews what it neither filed nor tested; a second person publishes."""
        following = {
            Status.SUBMITTED: Action.ACCEPT,
            Status.ACCEPTED: Action.FILE,
            Status.FILED: Action.PUBLISH,
        }
        with transaction(self.place.factory) as session:
            filing = dossier.get(session, by=self._reviewer, filing_id=self.filing_id)
            while filing.status in following:
                action = following[filing.status]
                by = self._publisher if action is Action.PUBLISH else self._reviewer
                self._step(session, by, action)
            self.number = filing.number or ""

    def hear(self) -> None:
        """Somebody appeals and is answered; somebody reports a breach, which waits for the authority."""
        with transaction(self.place.factory) as session:
            if concerns.counts(session, self.filing_id):
                return
            for told in self.story["concerns"]:
                given = Given(Route(told["route"]), told["situation"], told["words"])
                sent = receiving.receive(
                    session, number=self.number, given=given, address="demo"
                ).concern
                if "answer" in told:
                    closing = concern_steps.Action.CLOSE
                    outcome = concern_steps.Outcome.NOT_UPHELD
                    taken = Taken(closing, sent.revision, told["answer"], outcome)
                    handling.take(session, by=self._filer, number=sent.number, taken=taken)

    def recommend(self) -> None:
        """The enterprise applies to the industry body's catalogue; two of its people decide."""
        told = self.story["recommended"]
        with transaction(self.place.factory) as session:
            filing = dossier.get(session, by=self._filer, filing_id=self.filing_id)
            made = records.applications(session, by=self._filer)
            if any(each.filing_id == filing.id for each in made):
                return
            applied = applying.apply(
                session,
                by=self._filer,
                slug=CATALOGUE,
                filing_id=filing.id,
                filing_revision=filing.revision,
                offer=Offer(told["offer"]),
            )
            until = legal_day.today() + timedelta(days=told.get("days", 0))
            for who, action in (("association", told["decision"]), ("colleague", "confirm")):
                taken = deciding.Taken(
                    steps.Action(action),
                    applied.revision,
                    words=told["words"],
                    ties=told["ties"],
                    until=until.isoformat(),
                )
                deciding.take(
                    session, by=self.place.cast[who], application_id=applied.id, taken=taken
                )

    def _step(self, session: Session, by: Actor, action: Action) -> None:
        filing = dossier.get(session, by=by, filing_id=self.filing_id)
        review.take(session, by=by, filing_id=filing.id, action=action, revision=filing.revision)

    def _registered(
        self, rows: pd.DataFrame, by: Actor, use: Use, name: Mapping[str, str]
    ) -> Dataset:
        """The data set on record: the same rows are the same file and the same record."""
        path = self.place.folder / f"{self.name}-{use}.csv"
        rows.to_csv(path, index=False)
        digest = attestation.sha256(path.read_bytes())
        with transaction(self.place.factory) as session:
            for each in datasets.owned(session, by.organisation_id, use=use):
                if each.digest == digest:
                    return each
            roles = dict.fromkeys(self.trained.inputs, "input") | self.story["roles"]
            return datasets.register(
                session,
                self.place.store,
                by=by,
                name=name["zh"],
                name_en=name["en"],
                use=use,
                path=path,
                columns=[
                    {"name": column, "role": roles.get(column, "other")} for column in rows.columns
                ],
                source=self.story["source"],
                period=self.story["period"],
                deidentification=self.story["deidentification"],
                held_out=self.trained.split.rule if use is Use.EVALUATION else "",
                wish=self._wish() if use is Use.EVALUATION else None,
            )

    def _wish(self) -> Wish:
        """What the tester says about recognising people in these data."""
        said = self.story["reidentification"]
        return Wish(tuple(said["quasi_identifiers"]), said["reason"])

    def _wait(self, work_id: str | None) -> None:
        """Wait for a worker, showing its progress.

        Raises:
            WorkFailed: when it ends without a result.
        """
        deadline = time.monotonic() + WAIT_SECONDS
        while work_id is not None:
            with self.place.factory() as session:
                work = worklist.get(session, work_id)
            self.tell(work.done, work.total, Text(work.said_zh, work.said_en))
            if work.state == State.DONE:
                return
            if (
                work.state in (State.FAILED, State.CANCELLED, State.PARKED)
                or time.monotonic() > deadline
            ):
                said = work.error or {}
                raise WorkFailed(
                    f"工作没有完成：{said.get('zh', work.state)}"
                    "已经做好的都留着，再运行一次 mingsuan demo 就接着做。",
                    f"The work ended without a result: {said.get('en', work.state)} What was done "
                    "is kept; run `mingsuan demo` again, and it goes on from there.",
                )
            time.sleep(POLL_SECONDS)
