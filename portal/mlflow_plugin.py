"""The probes inside MLflow: the plan stands in `evaluator_config`, the findings go into the run.

MLflow merges what evaluators return by `dict.update`, so every metric's name carries a prefix.
Metrics are scalars; the findings with intervals and verdicts are an artifact, the report another.
The model is asked in this very process, by whoever opened it: there is no sandbox here, and the
run is exploratory.
"""

import hashlib
import logging
import re
import secrets
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from difflib import get_close_matches
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import mlflow
import numpy as np
import pandas as pd
import pyarrow as pa
from mlflow.entities import Metric
from mlflow.models import EvaluationResult
from mlflow.models.evaluation.artifacts import JsonEvaluationArtifact, TextEvaluationArtifact

from evaluators.doors.arrays import arrow
from evaluators.plan import TOP, Columns
from evaluators.running import engine, planning
from evaluators.running.data import LACKING, DataUnfit, Source
from portal.commands import exploring
from portal.home import exploratory
from portal.mlflow.models import InProcess, declared, flavour
from portal.mlflow.own_rows import OwnRows
from portal.pages import report_file
from portal.work import predicates
from registry import attestation
from registry.errors import Invalid, Reason
from registry.language import Text

NAME = "mingsuan"
KEYS = ("plan", "nonce", "columns")
PLANNED = tuple(name for name in TOP if name not in KEYS)
"""The keys by which a plan is told: its `columns` may be meant for what lies beside the data."""
FINDINGS, REPORT, ENVELOPE = "mingsuan_findings.json", "mingsuan_report.html", "report.dsse.json"
FOREIGN = re.compile(r"[^/\w.\- :]")
LONGEST = 240
BATCH = 1000
"""Metrics that MLflow takes in one request."""
SHOWN = 8
"""Metrics without a value that are told by name."""

log = logging.getLogger(__name__)


class NoPlan(Invalid):
    """The evaluator was asked by its name, and given nothing to go by."""


class PlanOfWrongKind(Invalid):
    """What was given for a plan is neither a dictionary nor a path."""


class KeyUnknown(Invalid):
    """A key beside the plan is one of ours misspelt: it would be left unread."""


class ModelNotAsked(Invalid):
    """The plan tests answers that are recorded, and a model is given: its run would get their numbers."""


class ColumnsUnfit(Invalid):
    """The columns given beside the data do not lie beside its rows."""


@dataclass(frozen=True, slots=True)
class Given:
    """What the configuration says.

    Args:
        plan: as written.
        nonce: of a run that is to be repeated.
        columns: what is no feature, row by row beside the data.
    """

    plan: Mapping[str, Any]
    nonce: str | None = None
    columns: Any = None


def evaluate(
    config: Any, *, dataset: Any, run_id: str, model: Any, ignored: bool
) -> EvaluationResult:
    """Run a plan on MLflow's data set and log what it found.

    Args:
        config: our part of `evaluator_config`.
        dataset: MLflow's `EvaluationDataset`.
        run_id: the run that gets metrics and artifacts.
        model: as MLflow opened it; None where the answers stand in the data.
        ignored: whether the user gave metrics of their own, which we do not take.

    Raises:
        NoPlan, ColumnsUnfit, PlanInvalid, DataUnfit, BadNonce, OtherRows: with every reason.
        ModelNotAsked: when a model is given and the plan tests answers in the data.
        Contained: when the model's answers are not one number per row.
    """
    if ignored:
        log.warning(_IGNORED)
    given = read(config)
    started = datetime.now(UTC)
    answered = model is None or _answered(given.plan)
    inputs = [] if answered else declared(model) or _features(dataset)
    plan = planning.parse(exploratory.with_inputs(given.plan, inputs))
    nonce = exploratory.checked_nonce(given.nonce) if given.nonce else secrets.token_hex(32)
    asked = model is not None and bool(plan.columns.inputs)
    if model is not None and not asked:
        recorded = plan.columns.prediction or plan.columns.score
        raise ModelNotAsked(
            _NOT_ASKED.zh.format(column=recorded), _NOT_ASKED.en.format(column=recorded)
        )
    columns = columns_of(dataset, given.columns, plan.columns)
    table = arrow(columns)
    scorer = None
    if asked:
        own = _own_rows(model, {n: columns[n] for n in plan.columns.inputs if n in columns}, table)
        scorer = InProcess(model, plan.columns.reading, own=own)
    with _columns_told(table, plan.columns, nameless=_nameless(dataset)):
        Source(table).check_references(plan)
        outcome = engine.run(plan, table, scorer=scorer, nonce=nonce)
    made = exploratory.reported(
        plan,
        outcome,
        data=_described(dataset, table),
        model=_named(model) if asked else None,
        nonce=nonce,
        repeated=given.nonce is not None,
        provenance={
            "standing": "exploratory",
            "started": started.isoformat(),
            "finished": datetime.now(UTC).isoformat(),
            "tier": "not_used",
            "sandbox": {"tier": "not_used"},
            **predicates.program(),
        },
    )
    _tell_withheld(outcome)
    return _logged(run_id, made, outcome)


def _tell_withheld(outcome: engine.Outcome) -> None:
    """Say of which metrics the run gets no value because few people would show through it."""
    found = [each.as_json() for each in outcome.findings if each.suppressed]
    hidden = sorted({_metric(each) for each in found if each["effect"].get("value") is None})
    if hidden:
        more = f" … +{len(hidden) - SHOWN:,}" if len(hidden) > SHOWN else ""
        names = ", ".join(hidden[:SHOWN]) + more
        log.warning(_WITHHELD.format(names=names, count=len(hidden)))


def read(config: Any) -> Given:
    """What our part of the configuration asks.

    Args:
        config: a plan, as a mapping or as the path of a file (TOML, JSON, or a report that is to
            be repeated); or a mapping with `plan`, and `nonce` or `columns`.

    Raises:
        NoPlan: when there is none.
        PlanOfWrongKind: when it is neither a mapping nor a path.
        KeyUnknown: when a key is one of ours misspelt.
        NotToml, NotAPlan: when the file holds none.
    """
    apart = isinstance(config, Mapping) and "plan" in config
    if isinstance(config, Mapping):
        _check_keys(config, KEYS if apart else (*KEYS, *TOP))
    plan = config["plan"] if apart else config
    if isinstance(plan, Mapping) and not {*plan} & {*PLANNED}:
        plan = None  # what lies beside a plan, or another evaluator's keys, and no plan
    nonce, columns = (config.get("nonce"), config.get("columns")) if apart else (None, None)
    if isinstance(plan, str | Path):
        asking = exploring.read(_present(Path(plan)))
        return Given(asking.plan, nonce or asking.nonce, columns)
    if not isinstance(plan, Mapping | None):
        kind = type(plan).__name__
        raise PlanOfWrongKind(
            f"计划应是字典或计划文件的路径，现在是 {kind}。请写 evaluator_config={{'mingsuan': {{'plan': 计划}}}}。",
            f"A plan is a dictionary, or the path of a plan's file; here it is of type {kind}. Write "
            "evaluator_config={'mingsuan': {'plan': PLAN}}.",
        )
    if not plan:
        raise NoPlan(
            "没有评估计划。请写 evaluator_config={'mingsuan': {'plan': 计划}}，"
            "计划是一个字典，或计划文件的路径。",
            "There is no plan. Write evaluator_config={'mingsuan': {'plan': PLAN}}, where PLAN is "
            "a dictionary, or the path of a plan's file.",
        )
    return Given(plan, None if nonce is None else str(nonce), columns)


@contextmanager
def _columns_told(table: pa.Table, columns: Columns, *, nameless: bool) -> Iterator[None]:
    """Tell of a column that is not among the data how MLflow's users add it.

    Args:
        table: the rows.
        columns: what the plan says of them.
        nameless: whether the features came without names.
    """

    def remedy(reason: Reason) -> Text:
        if reason.item in table.schema.names or reason.said != LACKING:
            return reason.remedy
        if nameless and reason.item in columns.inputs:
            return _NAME_FEATURES
        if reason.item in columns.inputs:
            return reason.remedy
        return _GIVE_BESIDE.format(name=reason.item)

    try:
        yield
    except DataUnfit as unfit:
        reasons = [Reason(each.item, each.said, remedy(each)) for each in unfit.reasons]
        raise DataUnfit(unfit.said.zh, unfit.said.en, reasons=reasons) from unfit


def _nameless(dataset: Any) -> bool:
    """Whether the features are an array whose columns MLflow has named by their places."""
    if isinstance(dataset.features_data, pd.DataFrame):
        return False
    return all(re.fullmatch(r"feature_\d+", str(name)) for name in dataset.feature_names)


def _check_keys(config: Mapping[str, Any], known: Sequence[str]) -> None:
    """See that no key is one of ours misspelt; others may be another evaluator's.

    Args:
        config: what was given.
        known: the keys that may stand there.
    """
    reasons = []
    for key in sorted(str(each) for each in set(config) - set(known)):
        if near := get_close_matches(key.casefold(), KEYS, n=1):
            remedy = Text(f"是不是 {near[0]}", f"did you mean {near[0]}")
            reasons.append(Reason(key, Text("没有这一项", "there is no such key"), remedy))
    if reasons:
        raise KeyUnknown(
            "evaluator_config 里有不认识的项。",
            "evaluator_config has keys that are not known.",
            reasons=reasons,
        )


def _present(path: Path) -> Path:
    if not path.is_file():
        raise NoPlan(
            f"没有这个计划文件：{path}。请核对路径；相对路径从 {Path.cwd()} 算起。",
            f"There is no plan at {path}. Check the path; a relative one starts at {Path.cwd()}.",
        )
    return path


def _answered(plan: Mapping[str, Any]) -> bool:
    """Whether the plan names a column of answers, so that no model is asked for its inputs."""
    columns = plan.get("columns")
    return isinstance(columns, Mapping) and bool(columns.get("prediction") or columns.get("score"))


def _features(dataset: Any) -> list[dict[str, str]]:
    """The columns that MLflow hands to a model without a signature, such as a function: all features."""
    return [{"name": str(name)} for name in _frame(dataset).columns]


def _frame(dataset: Any) -> pd.DataFrame:
    features = dataset.features_data
    if isinstance(features, pd.DataFrame):
        return features
    return pd.DataFrame(np.asarray(features), columns=list(dataset.feature_names))


def _own_rows(model: Any, columns: Mapping[str, Any], table: pa.Table) -> OwnRows | None:
    """What gives a function its rows as they stand in the data; None for what has a signature."""
    saved = flavour(model) is not None or declared(model)
    return None if saved else OwnRows(columns, table)


def columns_of(dataset: Any, beside: Any, columns: Columns) -> dict[str, Any]:
    """The columns of MLflow's data set: features, target, predictions, and what is given beside it.

    Args:
        dataset: MLflow's `EvaluationDataset`.
        beside: a data frame (or a named series, or name → values) of what is no feature, row by
            row.
        columns: of the plan; what it calls the target and the answers, those are called that came
            without a name.

    Raises:
        ColumnsUnfit: with every column that has another length, order or a name that is taken.
    """
    features = _frame(dataset)
    held = {str(name): features[name] for name in features.columns}
    if dataset.has_targets:
        called = dataset.targets_name or columns.target or "target"
        held.setdefault(str(called), dataset.labels_data)
    if dataset.has_predictions:
        called = dataset.predictions_name or columns.prediction or columns.score or "prediction"
        held.setdefault(str(called), dataset.predictions_data)
    return {**held, **_beside(beside, held, features.index)}


def _beside(given: Any, taken: Mapping[str, Any], index: pd.Index) -> dict[str, Any]:
    if given is None:
        return {}
    if isinstance(given, pd.Series) and isinstance(given.name, str):
        given = given.to_frame()
    if not isinstance(given, pd.DataFrame | Mapping):
        raise ColumnsUnfit(
            'columns 应是 DataFrame、有名称的 Series，或从列名到取值的字典。请写 people[["sex"]] 或 '
            '{"sex": 取值}。',
            "`columns` should be a DataFrame, a Series with a name, or a dictionary from names to "
            'values. Write people[["sex"]] or {"sex": VALUES}.',
        )
    columns = {str(name): given[name] for name in given}
    reasons = []
    for name, values in columns.items():
        own = values.index if isinstance(values, pd.Series) else None
        if name in taken:
            reasons.append(Reason(name, _TAKEN, _RENAME))
        elif isinstance(values, str) or not hasattr(values, "__len__"):
            reasons.append(Reason(name, _NO_LIST, _SAME_ROWS))
        elif len(values) != len(index):
            said = _LENGTH.format(found=len(values), rows=len(index))
            reasons.append(Reason(name, said, _SAME_ROWS))
        elif own is not None and not _beside_each_other(own, index):
            reasons.append(Reason(name, _ORDER, _SAME_ROWS))
    if reasons:
        raise ColumnsUnfit(
            "另给的列与数据的行对不上。",
            "The columns given beside the data do not lie beside its rows.",
            reasons=reasons,
        )
    return columns


def _beside_each_other(own: pd.Index, index: pd.Index) -> bool:
    """Whether rows lie beside each other: by one index, or counted anew where the data's is no count."""
    counted = pd.RangeIndex(len(index))
    return own.equals(index) or (own.equals(counted) and not index.sort_values().equals(counted))


def _described(dataset: Any, table: pa.Table) -> dict[str, Any]:
    """What the report says of the rows; their digest is of the rows as Arrow writes them."""
    written = pa.BufferOutputStream()
    with pa.ipc.new_stream(written, table.schema) as stream:
        stream.write_table(table)
    return {
        "digest": hashlib.sha256(written.getvalue()).hexdigest(),
        "name": str(dataset.name or "dataset"),
        "columns": [{"name": each.name, "type": str(each.type)} for each in table.schema],
        "held_out": "",
    }


def _named(model: Any) -> dict[str, Any]:
    metadata = getattr(model, "metadata", None)
    name = getattr(model, "model_id", None) or getattr(metadata, "model_uuid", None) or "function"
    return {"name": str(name), "flavour": flavour(model) or "function"}


def metrics(found: Sequence[Mapping[str, Any]]) -> Iterator[tuple[str, float]]:
    """Every effect as a scalar under a name of our own, and how many findings of each verdict.

    Args:
        found: the findings as JSON.
    """
    counts: dict[str, int] = {}
    seen: dict[str, int] = {}
    for finding in found:
        verdict = str(finding["verdict"])
        counts[verdict] = counts.get(verdict, 0) + 1
        value = finding["effect"].get("value")
        if value is None:
            continue
        name = _metric(finding)
        seen[name] = seen.get(name, 0) + 1
        yield (name if seen[name] == 1 else f"{name}.{seen[name]}"), float(value)
    for verdict, count in counts.items():
        yield f"{NAME}/findings/{verdict}", float(count)


def _metric(finding: Mapping[str, Any]) -> str:
    """What the metric of a finding is called in MLflow."""
    about = ".".join(f"{name}:{level}" for name, level in finding["slice"].items())
    name = "/".join(part for part in (finding["probe"], finding["metric"], about) if part)
    return f"{NAME}/{FOREIGN.sub('_', name)}"[:LONGEST]


def _content(report: Mapping[str, Any]) -> dict[str, Any]:
    """The findings as a program reads them."""
    return {
        "standing": "exploratory",
        "plan": report["plan"],
        "nonce": report["nonce"],
        "rows": report["data"]["rows"],
        "rows_read": report["rows_read"],
        "predictions": report["predictions"],
        "probes": report["probes"],
        "findings": report["findings"],
        "findings_digest": report["findings_digest"],
        "evidence": report["evidence"]["public"]["content"],
    }


def _logged(run_id: str, made: exploratory.Explored, outcome: engine.Outcome) -> EvaluationResult:
    """Metrics and artifacts in the run; each in one request where MLflow takes it so."""
    named = dict(metrics([finding.as_json() for finding in outcome.findings]))
    content = _content(made.report)
    page = report_file.render(attestation.parse(made.statement()))
    client, now = mlflow.MlflowClient(), int(time.time() * 1000)
    values = [Metric(name, value, now, 0) for name, value in named.items()]
    for start in range(0, len(values), BATCH):
        client.log_batch(run_id, metrics=values[start : start + BATCH])
    with TemporaryDirectory() as folder:
        (Path(folder) / FINDINGS).write_bytes(attestation.canonical(content))
        (Path(folder) / REPORT).write_text(page, encoding="utf-8")
        # Under the name that the page's own commands give it.
        (Path(folder) / ENVELOPE).write_text(made.envelope(), encoding="utf-8")
        client.log_artifacts(run_id, folder)
    root = client.get_run(run_id).info.artifact_uri
    artifacts = {
        FINDINGS: JsonEvaluationArtifact(uri=f"{root}/{FINDINGS}", content=content),
        REPORT: TextEvaluationArtifact(uri=f"{root}/{REPORT}", content=page),
    }
    return EvaluationResult(metrics=named, artifacts=artifacts, run_id=run_id)


_NOT_ASKED = Text(
    "计划检验的是“{column}”这一列里已有的答案，不是这个模型；结果若记在模型的运行上，会被当成模型的。"
    "要检验模型，请在计划里去掉 prediction 和 score，写上 target，输出是分数的再写 cut；"
    '要检验已有的答案，请不要给模型，改用 predictions="{column}"。',
    "The plan tests the answers recorded in '{column}' and not this model, whose run would get their "
    "numbers. To test the model, remove prediction and score from the plan, name the target, and a cut "
    "where the model gives scores. To test the recorded answers, give no model and "
    'predictions="{column}".',
)
_NO_LIST = Text("不是一列取值", "it is no list of values")
_IGNORED = Text(
    "extra_metrics 由其他检验器计算，明算不用。",
    "extra_metrics are other evaluators' business; Mingsuan does not compute them.",
)
_GIVE_BESIDE = Text(
    '不是模型特征的列请另给：evaluator_config={{"mingsuan": {{"plan": …, "columns": people[["{name}"]]}}}}，people '
    "是行与数据相同的表；或改计划里的列名",
    'give a column that is no feature beside the data: evaluator_config={{"mingsuan": {{"plan": …, '
    '"columns": people[["{name}"]]}}}}, where people is a frame with the rows of the data; or '
    "correct the name in the plan",
)
_NAME_FEATURES = Text(
    "数据没有列名：请给 DataFrame，或按次序写 feature_names=[…]",
    "the data have no names of columns: give a DataFrame, or their names in order as "
    "feature_names=[…]",
)
_WITHHELD = Text(
    "{count} 项指标没有数值，也不写进运行：人数太少，写出来会让人看出个别人（每次运行可能不同）。结论仍在报告里：{names}",
    "{count} metrics have no value and are not logged: so few people stand behind them that a value "
    "would show single persons (which ones can differ from run to run). The report has their "
    "verdicts: {names}",
)
_TAKEN = Text("数据里已有这一列", "the data have a column of that name")
_RENAME = Text("请去掉，或改名", "leave it out, or rename it")
_LENGTH = Text("有 {found} 个值，数据有 {rows} 行", "it has {found} values, the data {rows} rows")
_ORDER = Text("行的索引与数据的不同", "its rows are indexed otherwise than those of the data")
_SAME_ROWS = Text(
    "请从同一张表里取，行数和次序与数据相同",
    "take it from the same frame: the rows of the data, in their order",
)
