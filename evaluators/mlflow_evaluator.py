"""The probes as an MLflow evaluator: the plan stands in `evaluator_config`, the findings go out as JSON.

MLflow asks every installed evaluator and merges what they return by `dict.update`, so this one
answers only when its own plan is there, and every metric's name carries a prefix. Metrics are
scalars; the findings with intervals and verdicts are an artifact. The model is asked in this very
process, by whoever opened it: there is no sandbox here, and the run is exploratory.
"""

import re
import secrets
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import mlflow
import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
from mlflow.models import EvaluationResult
from mlflow.models.evaluation.artifacts import JsonEvaluationArtifact
from mlflow.models.evaluation.base import ModelEvaluator
from mlflow.types import DataType

from evaluators import engine
from evaluators.arrays import arrow
from evaluators.plan import Plan
from registry import attestation
from registry.sandbox.child.asking import ROW_BLOCK, one_number_per_row
from registry.sandbox.child.classes import Classes

NAME = "mingsuan"
ARTIFACT = "mingsuan_findings.json"
REALS = (DataType.float, DataType.double)
PLANS_OWN = frozenset({"columns", "probes"})
FOREIGN = re.compile(r"[^/\w.\- :]")
LONGEST = 240


class MingsuanEvaluator(ModelEvaluator):
    """`mlflow.models.evaluate(..., evaluators="mingsuan", evaluator_config={"mingsuan": plan})`.

    The plan is a mapping as in TOML, or `{"plan": …, "nonce": …}` to repeat a run.
    """

    @classmethod
    def can_evaluate(
        cls,
        *,
        model_type: str | None,  # noqa: ARG003  # a plan says what is tested
        evaluator_config: Mapping[str, Any] | None,
        **_: Any,
    ) -> bool:
        """Whether a plan of ours is there: MLflow asks every installed evaluator."""
        return _given(evaluator_config) is not None

    def evaluate(
        self,
        *,
        model_type: str | None,  # noqa: ARG002
        dataset: Any,
        run_id: str,
        evaluator_config: Mapping[str, Any] | None,
        model: Any = None,
        **_: Any,
    ) -> EvaluationResult:
        """Run the plan on MLflow's data set, log what it found, and return it.

        Raises:
            PlanInvalid, DataUnfit: with every reason.
        """
        given = _given(evaluator_config) or {}
        written = dict(given["plan"]) if "plan" in given else dict(given)
        nonce = str(given.get("nonce") or secrets.token_hex(32))
        plan = Plan.parse(written)
        asked = model is not None and bool(plan.columns.inputs)
        scorer = InProcess(model, plan.columns.reading) if asked else None
        outcome = engine.run(plan, table_of(dataset), scorer=scorer, nonce=nonce)
        found = [finding.as_json() for finding in outcome.findings]
        content = {
            "standing": "exploratory",
            "plan": {"digest": plan.digest, "content": plan.as_json()},
            "nonce": nonce,
            "rows": outcome.evidence.rows,
            "rows_read": dict(outcome.left_out),
            "predictions": None if outcome.evidence.rows is None else outcome.predictions,
            "probes": [dict(probe) for probe in outcome.probes],
            "findings": found,
            "findings_digest": outcome.findings_digest,
            "evidence": outcome.public_evidence,
        }
        return _logged(run_id, dict(_metrics(found)), content)


@dataclass(frozen=True, slots=True)
class InProcess:
    """Asks a model that is open in this process; one block of rows at a time, as the sandbox does.

    Args:
        model: anything with `predict`, as MLflow opens it.
        classes: how the answers of a classifier of several classes are read.
    """

    model: Any
    classes: Classes | None = None

    def score(self, frames: Sequence[pa.Table]) -> list[npt.NDArray[np.float64]]:
        """One array of answers per frame."""
        return [np.concatenate([*self._blocks(frame), np.empty(0)]) for frame in frames]

    def _blocks(self, frame: pa.Table) -> Iterator[npt.NDArray[np.float64]]:
        for start in range(0, frame.num_rows, ROW_BLOCK):
            block = self._fitted(frame.slice(start, ROW_BLOCK).to_pandas())
            answer = self.model.predict(block)
            if self.classes is not None:
                yield self.classes.read(answer, len(block))
            else:
                yield one_number_per_row(answer, len(block))

    def _fitted(self, block: pd.DataFrame) -> pd.DataFrame:
        """Whole numbers as the real ones that a signature asks for: MLflow refuses them, we do not."""
        metadata = getattr(self.model, "metadata", None)
        schema = metadata.get_input_schema() if metadata is not None else None
        if schema is None or not schema.has_input_names():
            return block
        asked = dict(zip(schema.input_names(), schema.input_types(), strict=True))
        wide = {
            name: str(asked[name].to_pandas())
            for name in block.columns
            if asked.get(name) in REALS and pd.api.types.is_integer_dtype(block[name])
        }
        return block.astype(wide)


def table_of(dataset: Any) -> pa.Table:
    """The rows of MLflow's data set, targets and predictions beside the features.

    Args:
        dataset: MLflow's `EvaluationDataset`.
    """
    features = dataset.features_data
    if not isinstance(features, pd.DataFrame):
        features = pd.DataFrame(np.asarray(features), columns=list(dataset.feature_names))
    columns = {str(name): features[name] for name in features.columns}
    if dataset.has_targets:
        columns.setdefault(str(dataset.targets_name or "target"), dataset.labels_data)
    if dataset.has_predictions:
        columns.setdefault(str(dataset.predictions_name or "prediction"), dataset.predictions_data)
    return arrow(columns)


def _given(config: Mapping[str, Any] | None) -> Mapping[str, Any] | None:
    """Our own part of the configuration; None where there is none.

    Asked by one name MLflow hands over the whole configuration, asked by a list only our part.
    """
    if not isinstance(config, Mapping):
        return None
    own = config.get(NAME, config)
    if not isinstance(own, Mapping):
        return None
    plan = own.get("plan", own)
    return own if isinstance(plan, Mapping) and set(plan) >= PLANS_OWN else None


def _metrics(found: Sequence[Mapping[str, Any]]) -> Iterator[tuple[str, float]]:
    """Every effect as a scalar under a name of our own, and how many findings of each verdict."""
    counts: dict[str, int] = {}
    seen: dict[str, int] = {}
    for finding in found:
        verdict = str(finding["verdict"])
        counts[verdict] = counts.get(verdict, 0) + 1
        value = finding["effect"].get("value")
        if value is None:
            continue
        about = ".".join(f"{name}:{level}" for name, level in finding["slice"].items())
        name = "/".join(part for part in (finding["probe"], finding["metric"], about) if part)
        name = f"{NAME}/{FOREIGN.sub('_', name)}"[:LONGEST]
        seen[name] = seen.get(name, 0) + 1
        yield (name if seen[name] == 1 else f"{name}.{seen[name]}"), float(value)
    for verdict, count in counts.items():
        yield f"{NAME}/findings/{verdict}", float(count)


def _logged(
    run_id: str, metrics: dict[str, float], content: Mapping[str, Any]
) -> EvaluationResult:
    """Metrics and artifact in the run."""
    client = mlflow.MlflowClient()
    for name, value in metrics.items():
        client.log_metric(run_id, name, value)
    with TemporaryDirectory() as folder:
        path = Path(folder) / ARTIFACT
        path.write_bytes(attestation.canonical(content))
        client.log_artifact(run_id, str(path))
    artifact = JsonEvaluationArtifact(
        uri=f"{client.get_run(run_id).info.artifact_uri}/{ARTIFACT}", content=dict(content)
    )
    return EvaluationResult(metrics=metrics, artifacts={ARTIFACT: artifact}, run_id=run_id)
