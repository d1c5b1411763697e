"""A register with one of the demo's models on it: evaluated, explained, filed, and published."""

import tomllib
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from fastapi import FastAPI
from fastapi.testclient import TestClient
from sklearn.compose import make_column_transformer
from sklearn.ensemble import GradientBoostingClassifier, GradientBoostingRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder
from sqlalchemy.orm import Session

from evaluators.plan import Plan
from evaluators.running import engine
from explainers import explanation
from explainers.plan import ExplanationPlan
from filing import dossier, review
from filing.dossier import Filing
from filing.lifecycle import Action
from portal.demo import data
from portal.work import runs
from registry import attestation, evaluations, reports
from registry.database import now, transaction
from registry.evaluations import Evaluation
from registry.explanations import Explanation
from registry.organisations import Actor, Role
from registry.reports import Report
from registry.submission import Version
from registry.yardsticks import Yardstick
from tests import cast
from tests.filing import papers
from tests.portal.world import World

PEOPLE = 150
PLACES = {Role.FILER: "enterprise", Role.TESTER: "tester", Role.REVIEWER: "authority"}


def story(name: str) -> dict[str, Any]:
    """What enterprise and tester of the demo say of one model."""
    path = Path(data.__file__).parent / "stories" / f"{name}.toml"
    return tomllib.loads(path.read_text(encoding="utf-8"))


STORY = story("credit")
INPUTS = list(data.CREDIT_INPUTS)


class Credit:
    """The credit model, asked in this process: no sandbox is needed to look at pages."""

    provenance: dict[str, Any] = {"tier": "A"}  # noqa: RUF012
    story, inputs = STORY, INPUTS

    def __init__(self) -> None:
        self.split = data.loanapp()
        self.model = GradientBoostingClassifier(n_estimators=20, max_depth=2, random_state=0)
        self.model.fit(self.split.train[INPUTS].astype(float), self.split.train["approve"])

    def score(self, frames: Sequence[pa.Table]) -> list[npt.NDArray[np.float64]]:
        """The probability of approval, for each row of each frame."""
        return [self.model.predict_proba(each.to_pandas().astype(float))[:, 1] for each in frames]


class Pricing:
    """The pricing model, asked in this process."""

    provenance: dict[str, Any] = {"tier": "A"}  # noqa: RUF012
    story, inputs = story("pricing"), list(data.PRICE_INPUTS)

    def __init__(self) -> None:
        self.split = data.discrim()
        columns = make_column_transformer(
            (OneHotEncoder(handle_unknown="ignore"), ["chain", "state"]), remainder="passthrough"
        )
        self.model = make_pipeline(
            columns, GradientBoostingRegressor(n_estimators=80, max_depth=2, random_state=0)
        )
        self.model.fit(self.split.train[self.inputs], self.split.train["psoda"])

    def score(self, frames: Sequence[pa.Table]) -> list[npt.NDArray[np.float64]]:
        """The price, for each row of each frame."""
        return [self.model.predict(each.to_pandas()) for each in frames]


@dataclass
class Shelf:
    """The site, its people, and where each record is.

    Args:
        site: the application.
        world: people of every kind.
        model: which of the demo's two.
        made: identifiers by name.
    """

    site: FastAPI
    world: World
    model: type[Credit | Pricing] = Credit
    made: dict[str, str] = field(default_factory=dict)
    clients: dict[str, tuple[TestClient, str]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        model = self.model()
        with transaction(self.site.state.factory) as session:
            version = self._version(session)
            made, dataset = self._planned(session, version)
            report = self._report(session, made, dataset, model)
            explained = self._explained(session, version, report, model)
            filing = self._filed(session, version, report, explained)
            self.made |= {
                "version": version.id,
                "dataset": dataset.id,
                "evaluation": made.id,
                "engagement": str(made.engagement_id),
                "report": report.id,
                "explanation": explained.id,
                "filing": filing.id,
            }

    def actor(self, role: Role) -> Actor:
        """The one who does the work of a role."""
        return self.world.member(f"{PLACES[role]}-own", role).actor

    def browser(self, role: Role, place: str = "own") -> tuple[TestClient, str]:
        """The client of the one who does the work of a role, signed in once, and the CSRF token."""
        name = f"{PLACES[role]}-{place}"
        if name not in self.clients:
            self.clients[name] = self.world.browser(self.world.member(name, role))
        return self.clients[name]

    def filing(self, session: Session) -> Filing:
        """The published filing."""
        return session.get_one(Filing, self.made["filing"])

    def take(self, session: Session, filing: Filing, role: Role, *actions: Action) -> None:
        """Steps of the procedure."""
        for action in actions:
            second = role is Role.REVIEWER and action is Action.PUBLISH
            by = self.world.member("authority-other", role).actor if second else self.actor(role)
            review.take(
                session,
                by=by,
                filing_id=filing.id,
                revision=filing.revision,
                action=action,
            )

    def _version(self, session: Session) -> Version:
        version = cast.version(session, self.actor(Role.FILER), name=self.model.story["model"])
        version.inputs = [{"name": name, "type": "double"} for name in self.model.inputs]
        return version

    def _planned(self, session: Session, version: Version) -> tuple[Evaluation, Any]:
        filer, tester = self.actor(Role.FILER), self.actor(Role.TESTER)
        chief = self.world.member("tester-own", Role.ADMINISTRATOR).actor
        self.key = cast.own_key(session, chief)
        engagement = cast.engaged(session, version, filer=filer, tester=tester, budget=10**7)
        inputs, told = self.model.inputs, self.model.story
        roles = dict.fromkeys(inputs, "input") | told["roles"]
        columns = [{"name": name, "type": "double", "role": role} for name, role in roles.items()]
        dataset = cast.dataset(session, tester, columns=columns)
        written = told["plan"]
        self.plan = Plan.parse({**written, "columns": {**written["columns"], "inputs": inputs}})
        made = evaluations.register_plan(
            session,
            by=tester,
            version_id=version.id,
            dataset_id=dataset.id,
            plan=self.plan.as_json(),
            predictions=1,
            engagement_id=engagement.id,
        )
        evaluations.issue_nonce(session, made.id)
        return made, dataset

    def _report(
        self, session: Session, made: Evaluation, dataset: Any, model: Credit | Pricing
    ) -> Report:
        rows = pa.Table.from_pandas(model.split.held_out, preserve_index=False)
        outcome = engine.run(self.plan, rows, scorer=model, nonce=str(made.nonce))
        public = outcome.public_evidence
        measured = runs._measured(self.plan, made, dataset, outcome) | {
            "evidence": {
                "public": {"digest": attestation.digest(public), "content": public},
                "sealed": {"digest": attestation.digest(outcome.sealed_evidence)},
            },
            "provenance": {"tier": "A", "finished": now().isoformat()},
        }
        payload = cast.report_statement(session, made, **measured)
        sealed = attestation.sign(payload, cast.platform_key(session))
        report = Report(
            id=made.id,
            evaluation_id=made.id,
            version_id=made.version_id,
            organisation_id=made.organisation_id,
            third_party=True,
            model_digest=session.get_one(Version, made.version_id).digest,
            envelope=attestation.encode(sealed),
            statement_digest=attestation.sha256(payload),
            findings_digest=outcome.findings_digest,
            sealed_digest=attestation.digest(outcome.sealed_evidence),
        )
        session.add(report)
        session.flush()
        signed = attestation.add_signature(sealed, self.key)
        return reports.countersign(
            session,
            by=self.actor(Role.TESTER),
            report_id=report.id,
            envelope_text=attestation.encode(signed),
        )

    def _explained(
        self, session: Session, version: Version, report: Report, model: Credit | Pricing
    ) -> Explanation:
        asked = dict(model.story["explanation"])
        described = [{"name": name, **asked["columns"][name]} for name in model.inputs]
        table = pa.Table.from_pandas(model.split.train[model.inputs], preserve_index=False)
        plan = ExplanationPlan.make(
            table,
            described,
            cut=asked.get("cut"),
            task=asked["task"],
            nonce="n",
            wording=asked["wording"],
            protected=asked.get("protected", ()),
            people=PEOPLE,
        )
        made = papers.explanation(session, version, self.actor(Role.FILER))
        made.plan, made.report_id = {**asked, "columns": described}, report.id
        made.content = explanation.explain(
            plan,
            table,
            model,
            nonce="n",
            report_findings=reports.findings(report),
            yardsticks=[Yardstick.of(report)],
            target_kind=Yardstick.of(report).target_kind,
            declared=asked["declared"],
        )
        return made

    def _filed(
        self, session: Session, version: Version, report: Report, explained: Explanation
    ) -> Filing:
        filer = self.actor(Role.FILER)
        filing = dossier.open_filing(session, by=filer, version_id=version.id)
        answers = self.model.story["answers"]
        kind = answers["A3"]  # the district is the organisation's own, which is another one here
        dossier.fill(
            session,
            by=filer,
            filing_id=filing.id,
            revision=filing.revision,
            answers=papers.answers()
            | answers
            | {"A3": {"kind": kind["kind"], "city": kind["city"]}},
        )
        dossier.attach(
            session,
            by=filer,
            filing_id=filing.id,
            revision=filing.revision,
            report_id=report.id,
            explanation_id=explained.id,
        )
        self.take(session, filing, Role.FILER, Action.CHECK, Action.SUBMIT)
        self.take(session, filing, Role.REVIEWER, Action.ACCEPT, Action.FILE, Action.PUBLISH)
        return filing
