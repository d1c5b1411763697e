"""A real installation in a folder: database, store, signer, a model, its filer and its tester."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import Engine
from sqlalchemy.orm import Session, sessionmaker

from evaluators.plan import Plan
from evaluators.running import engine as evaluation_engine
from portal.work import enrolment
from registry import (
    artifacts,
    attestation,
    database,
    datasets,
    evaluations,
    explanations,
    reports,
    submission,
    worklist,
)
from registry.artifacts import ArtifactStore
from registry.database import transaction
from registry.datasets import Dataset, Use
from registry.engagements import Engagement
from registry.evaluations import Evaluation
from registry.explanations import Explanation
from registry.organisations import Actor, Kind
from registry.reports import Report
from registry.settings import Settings
from registry.submission import Version
from registry.worklist import Work
from tests import cast, models, tables
from tests.processes import signer_process

ROWS = 400
COLUMNS = [
    {"name": "income", "role": "input", "plain": {"zh": "收入", "en": "income"}},
    {"name": "debt", "role": "input", "plain": {"zh": "负债", "en": "debt"}},
    {"name": "sex", "role": "sensitive", "plain": {"zh": "性别", "en": "sex"}},
    {"name": "repaid", "role": "target", "plain": {"zh": "已还清", "en": "repaid"}},
]
PLAN: dict[str, Any] = {
    "title": "贷款审批",
    "columns": {
        "target": "repaid",
        "favourable": 1,
        "sensitive": ["sex"],
        "inputs": ["income", "debt"],
        "cut": 0.5,
    },
    "probes": [{"id": "selection_parity"}, {"id": "error_parity"}],
}
EXPLANATION: dict[str, Any] = {
    "task": "decision",
    "cut": 0.5,
    "columns": [
        {
            "name": name,
            "plain": {"zh": zh, "en": name},
            "unit": None,
            "direction": {"zh": ["高", "低"], "en": ["higher", "lower"]},
            "actionable": way,
            "protected": False,
        }
        for name, zh, way in (("income", "收入", 1), ("debt", "负债", -1))
    ],
    "declared": {
        "decided": {"zh": "是否放贷", "en": "whether a loan is granted"},
        "who": {"zh": "某银行", "en": "a bank"},
        "object": {"zh": "请打电话给信贷部。", "en": "Call the loans department."},
    },
}


def people(rows: int = ROWS, seed: int = 1) -> pa.Table:
    """Synthetic applicants; nothing about real people follows from them."""
    numbers = np.random.default_rng(seed)
    income, debt = numbers.normal(size=rows), numbers.normal(size=rows)
    return pa.table(
        {
            "income": income,
            "debt": debt,
            "sex": numbers.choice(["女", "男"], size=rows),
            "repaid": (income - debt + numbers.normal(size=rows) > 0).astype(np.int64),
        }
    )


@dataclass
class Installation:
    """Everything a third-party evaluation needs, on record and in the store."""

    settings: Settings
    engine: Engine
    factory: sessionmaker[Session]
    store: ArtifactStore
    filer: Actor
    tester: Actor
    key: Ed25519PrivateKey
    version: Version
    dataset: Dataset
    engagement: Engagement

    def register(self, plan: dict[str, Any] | None = None) -> Evaluation:
        """Register a plan of the tester's."""
        checked = Plan.parse(plan or PLAN)
        with transaction(self.factory) as session:
            return evaluations.register_plan(
                session,
                by=self.tester,
                version_id=self.version.id,
                dataset_id=self.dataset.id,
                plan=checked.as_json(),
                predictions=evaluation_engine.predictions_needed(checked, self.dataset.rows),
                engagement_id=self.engagement.id,
            )

    def explain(
        self, plan: dict[str, Any] | None = None, *, version: Version | None = None
    ) -> Explanation:
        """Ask for an explanation on the enterprise's own copy of the data."""
        with transaction(self.factory) as session:
            own = datasets.register(
                session,
                self.store,
                by=self.filer,
                name="说明用数据",
                use=Use.EXPLANATION,
                path=self.settings.data.parent / "people.parquet",
                columns=COLUMNS,
                source="合成数据",
                deidentification="合成数据，没有真人",
                held_out="未用于训练",
            )
            return explanations.request(
                session,
                by=self.filer,
                version_id=(version or self.version).id,
                dataset_id=own.id,
                plan=plan or EXPLANATION,
            )

    def work(self, made: Evaluation | Explanation) -> Work:
        """The work of an evaluation or an explanation as it stands."""
        with self.factory() as session:
            return worklist.get(session, str(made.work_id))

    def report(self, made: Evaluation) -> Report:
        """The report of an evaluation."""
        with self.factory() as session:
            return reports.get(session, made.id)

    def countersigned(self, report: Report) -> str:
        """The report's envelope with the tester's signature."""
        sealed = attestation.decode(report.envelope)
        return attestation.encode(attestation.add_signature(sealed, self.key))


@contextmanager
def installed(folder: Path, *, rows: int = ROWS, **changed: Any) -> Iterator[Installation]:
    """An installation whose signer runs."""
    settings = Settings(data=folder / "data", **changed)
    settings.data.mkdir(parents=True)
    engine = database.connect(settings.database_url)
    tables.make(engine)
    try:
        with signer_process(settings):
            enrolment.set_up(settings, database.sessions(engine))
            yield _settle(folder, settings, engine, rows)
    finally:
        engine.dispose()


def _settle(folder: Path, settings: Settings, engine: Engine, rows: int) -> Installation:
    factory, store = database.sessions(engine), artifacts.open_store(settings)
    pq.write_table(people(rows), folder / "people.parquet")
    with transaction(factory) as session:
        filer, tester = cast.actor(session), cast.actor(session, Kind.TESTER)
        key = cast.own_key(session, tester)
        screened = submission.keep(store, models.onnx_model(folder / "model"))
        submitted = submission.record(  # with its number, so that MLflow need not be started
            session, screened, by=filer, model_name="credit", mlflow_version="1"
        )
        dataset = datasets.register(
            session,
            store,
            by=tester,
            name="留出集",
            use=Use.EVALUATION,
            path=folder / "people.parquet",
            columns=COLUMNS,
            source="合成数据",
            deidentification="合成数据，没有真人",
            held_out="未用于训练",
        )
        engagement = cast.engaged(
            session, submitted.version, filer=filer, tester=tester, budget=10**7
        )
    return Installation(
        settings,
        engine,
        factory,
        store,
        filer,
        tester,
        key,
        submitted.version,
        dataset,
        engagement,
    )
