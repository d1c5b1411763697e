"""An evaluation without a registry: the same engine and sandbox, and a report that says so.

Nothing was registered before the run and nobody signed what came of it, so a report made here is
*exploratory*: whoever made it could have tried ten plans and shown the best. The same plan, data
and nonce give the same findings digest in a registry.
"""

import hashlib
import importlib.metadata
import platform
import secrets
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa

from evaluators import engine, policy
from evaluators.plan import Plan
from evaluators.probe import Scorer
from registry import attestation, tables
from registry.errors import Invalid
from registry.language import Text
from registry.sandbox.child.classes import Classes
from registry.settings import Settings

FORMAT = "urn:mingsuan:exploratory-report:v1"
STANDING = Text(
    "探索性：计划没有事先登记，随机数是本机抽的，没有人签名。不能作为备案证据；"
    "要作证据，请在登记系统里重做。",
    "Exploratory: the plan was not registered beforehand, the nonce was drawn here, nobody signed. "
    "It is no evidence for a filing; to make it evidence, repeat it in a registry.",
)
PACKAGES = ("mingsuan", "numpy", "scipy", "pyarrow", "scikit-learn")
NONCE = 64

Tell = Callable[[int, int, Text], None]


class NotATable(Invalid):
    """The data file cannot be read as a table: correct every listed item."""


class BadNonce(Invalid):
    """A nonce is 64 hexadecimal digits."""


@dataclass(frozen=True, slots=True)
class Explored:
    """What a run without a registry has made.

    Args:
        report: for anyone who may see it.
        sealed: every accumulator and full finding; it may hold what small groups must not show.
    """

    report: dict[str, Any]
    sealed: dict[str, Any]


class Rows:
    """The rows of a CSV or Parquet file, read again for every pass, in bounded memory.

    Args:
        path: the file.

    Raises:
        NotATable: with every reason.
    """

    def __init__(self, path: Path) -> None:
        try:
            self.found = tables.inspect(path, {})
        except tables.TableRefused as refused:
            raise NotATable(
                f"{path} 不能作为数据读取，请逐项改正。",
                f"{path} cannot be read as data; correct each item.",
                reasons=refused.reasons,
            ) from refused
        self.path = path

    def __iter__(self) -> Iterator[pa.RecordBatch]:
        with self.path.open("rb") as stream:
            yield from tables.batches(stream, self.found.format, self.found.columns)


def explore(
    written: Mapping[str, Any],
    data: Path,
    *,
    model: Path | None,
    settings: Settings,
    nonce: str | None = None,
    tell: Tell,
) -> Explored:
    """Run a plan on a data file here.

    Args:
        written: the plan as written; without `inputs` it takes those the model declares.
        data: a CSV or Parquet file.
        model: an MLflow model directory, scored in the sandbox; None when the answers stand in
            the data.
        settings: the sandbox's limits.
        nonce: of a run to be repeated; drawn by default.
        tell: hears of progress.

    Raises:
        PlanInvalid, NotATable, DataUnfit, ScreeningFailed, NoSandbox: with every reason.
        BadNonce: when `nonce` is none.
    """
    started = datetime.now(UTC)
    screened = _screened(model)
    plan = Plan.parse(_with_inputs(written, screened.inputs if screened else []))
    rows = Rows(data)
    digest = _digest(data)
    drawn = _checked(nonce) if nonce else secrets.token_hex(NONCE // 2)
    inputs = screened.inputs if screened else []
    with _asking(model, inputs, settings, plan.columns.reading) as scorer:
        outcome = engine.run(plan, rows, scorer=scorer, nonce=drawn, progress=tell)
    sealed = outcome.sealed_evidence
    report = {
        "format": FORMAT,
        "standing": {"id": "exploratory", **STANDING.as_json()},
        "task": plan.task,
        "required_probes": sorted(policy.required(plan.task)),
        "plan": _bound(plan.as_json()),
        "data": {
            "digest": digest,
            "name": data.name,
            "rows": outcome.rows,
            "columns": [{"name": n, "type": kind} for n, kind in rows.found.columns.items()],
        },
        "model": {"digest": screened.digest, "flavour": screened.flavour} if screened else None,
        "nonce": drawn,
        "nonce_origin": "given" if nonce else "local",
        "probes": [dict(probe) for probe in outcome.probes],
        "findings": [finding.as_json() for finding in outcome.findings],
        "findings_digest": outcome.findings_digest,
        "evidence": {
            "public": _bound(outcome.public_evidence),
            "sealed": {"digest": attestation.digest(sealed)},
        },
        "predictions": outcome.predictions,
        "provenance": _provenance(scorer, started),
    }
    return Explored(report, sealed)


def _screened(model: Path | None) -> Any:
    if model is None:
        return None
    from registry import screening

    return screening.screen(model)


def _with_inputs(written: Mapping[str, Any], inputs: Any) -> dict[str, Any]:
    """The plan with the model's own inputs where it names none."""
    columns = written.get("columns")
    if not inputs or not isinstance(columns, Mapping) or columns.get("inputs"):
        return dict(written)
    return {**written, "columns": {**columns, "inputs": [each["name"] for each in inputs]}}


@contextmanager
def _asking(
    model: Path | None, inputs: Any, settings: Settings, classes: Classes | None
) -> Iterator[Scorer | None]:
    if model is None:
        yield None
        return
    from registry.scoring import SandboxScorer

    with SandboxScorer(model, inputs=inputs, settings=settings, classes=classes) as scorer:
        yield scorer


def _checked(nonce: str) -> str:
    if len(nonce) != NONCE or set(nonce) - set("0123456789abcdef"):
        raise BadNonce(
            "随机数应是 64 位小写十六进制数字，见原报告的 nonce。",
            "A nonce is 64 lower-case hexadecimal digits; see `nonce` in the report to repeat.",
        )
    return nonce


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _bound(content: dict[str, Any]) -> dict[str, Any]:
    return {"digest": attestation.digest(content), "content": content}


def _provenance(scorer: Any, started: datetime) -> dict[str, Any]:
    return {
        "started": started.isoformat(),
        "finished": datetime.now(UTC).isoformat(),
        "engine": {"name": "mingsuan", "version": importlib.metadata.version("mingsuan")},
        "sandbox": dict(scorer.provenance) if scorer is not None else {"tier": "not_used"},
        "environment": {
            "python": platform.python_version(),
            "system": f"{platform.system()} {platform.machine()}",
            "packages": {name: importlib.metadata.version(name) for name in PACKAGES},
        },
    }
