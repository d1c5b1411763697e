"""An evaluation without a registry: the same engine and sandbox, and a report that says so.

Nothing was registered before the run, so a report made here is *exploratory*: whoever made it
could have tried ten plans and shown the best. The same plan, data and nonce give the same findings
digest in a registry.
"""

import hashlib
import secrets
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from evaluators.plan import Plan
from evaluators.probe import Scorer
from evaluators.running import data_doubts, engine, parquet_folders, planning
from evaluators.running.data import Source
from evaluators.running.data_doubts import Doubt
from evaluators.running.files import Stored, open_rows
from portal.work import predicates
from registry import attestation, model_inputs, scoring, statements
from registry.errors import Invalid
from registry.language import Text
from registry.sandbox.child.classes import Classes
from registry.scoring import Answers, Failure
from registry.settings import Settings

STANDING = Text(
    "探索性：计划没有事先登记，随机数是{nonce}，平台没有签名。不能作为备案证据；要作证据，请在登记系统里重做。",
    "Exploratory: the plan was not registered beforehand, the nonce was {nonce}, no platform "
    "signed. It is no evidence for a filing; to make it evidence, repeat it in a registry.",
)
DRAWN, GIVEN = Text("本机抽的", "drawn here"), Text("运行的人给的", "given by whoever ran it")
NAME = Text("探索性评估", "exploratory evaluation")
NONCE = 64
SECONDS = 3.0
"""Between two lines about the questions asked."""

Tell = Callable[[int, int, Text], None]


class BadNonce(Invalid):
    """A nonce is 64 hexadecimal digits."""


class EndpointUntyped(Invalid):
    """An endpoint says nothing of its inputs: the plan names them, and the data hold them."""


@dataclass(frozen=True, slots=True)
class Asked:
    """Who answers, besides the data.

    Args:
        model: an MLflow model directory, scored in the sandbox.
        endpoint: the address of an HTTP scorer that speaks MLflow's `/invocations`.
    """

    model: Path | None = None
    endpoint: str | None = None


@dataclass(frozen=True, slots=True)
class Explored:
    """What a run without a registry has made.

    Args:
        report: for anyone who may see it; the predicate of the statement.
        sealed: every accumulator and full finding; it may hold what small groups must not show.
    """

    report: dict[str, Any]
    sealed: dict[str, Any]

    def statement(self) -> bytes:
        """The in-toto statement: about the model, or the data where the answers stand in them."""
        model, data = self.report["model"], self.report["data"]
        name, digest = f"data/{data['name']}", data["digest"]
        if model and "digest" in model:
            name, digest = f"model/{model['name']}", model["digest"]
        return statements.make(
            statements.EXPLORATORY, subject=name, digest=digest, predicate=self.report
        )

    def envelope(self, key: Ed25519PrivateKey | None = None) -> str:
        """The DSSE envelope around the statement, signed by its maker where there is a key."""
        payload = self.statement()
        made = attestation.sign(payload, key) if key else attestation.envelope(payload, {})
        return attestation.encode(made)


def explore(
    written: Mapping[str, Any],
    data: Path,
    *,
    asked: Asked,
    settings: Settings,
    nonce: str | None = None,
    said: Mapping[str, str] | None = None,
    tell: Tell,
) -> Explored:
    """Run a plan on a data file here.

    Args:
        written: the plan as written; without `inputs` it takes those the model declares.
        data: a CSV, Parquet or Arrow file, or a folder of Parquet files.
        asked: who answers; nobody when the answers stand in the data.
        settings: the sandbox's limits.
        nonce: of a run to be repeated; drawn by default.
        said: source, deidentification and held_out of the data, where they are stated.
        tell: hears of progress.

    Raises:
        PlanInvalid, FileUnfit, DataUnfit, ScreeningFailed, NoSandbox: with every reason.
        BadNonce: when `nonce` is none.
    """
    started = datetime.now(UTC)
    screened = _screened(asked.model)
    plan = planning.parse(with_inputs(written, screened.inputs if screened else []))
    rows = open_rows(data, model_inputs.words(screened.inputs) if screened else ())
    for note in rows.remarks():
        tell(0, 0, note)
    source = Source(rows)
    source.check_references(plan)
    doubts = data_doubts.of(plan, source)
    for doubt in doubts:
        tell(0, 0, doubt.told)
    digest = digest_of(data)
    drawn = checked_nonce(nonce) if nonce else secrets.token_hex(NONCE // 2)
    inputs = screened.inputs if screened else _typed_inputs(plan, rows)
    with _asking(asked, inputs, settings, plan.columns.reading, tell) as scorer:
        asking = None if scorer is None else _Watched(scorer, tell)
        outcome = engine.run(plan, rows, scorer=asking, nonce=drawn, progress=tell)
    described = {
        "digest": digest,
        "name": data.name,
        "columns": [{"name": n, "type": kind} for n, kind in rows.kinds.items()],
        "held_out": "",
        **(said or {}),
    }
    return reported(
        plan,
        outcome,
        data=described,
        model=_model(asked, screened),
        nonce=drawn,
        repeated=nonce is not None,
        provenance=_provenance(scorer, started),
        doubts=doubts,
    )


def reported(
    plan: Plan,
    outcome: engine.Outcome,
    *,
    data: Mapping[str, Any],
    model: Mapping[str, Any] | None,
    nonce: str,
    repeated: bool,
    provenance: Mapping[str, Any],
    doubts: Sequence[Doubt] = (),
) -> Explored:
    """The report of a run that no registry has made.

    Args:
        plan: what was tested.
        outcome: what was found.
        data: name, digest and columns of the data; how many rows, the run says.
        model: name of the model, its digest where there is one; None where the data held the answers.
        nonce: what the run was drawn with.
        repeated: whether the nonce was given.
        provenance: where, when and with what it ran.
        doubts: what about the data makes the numbers doubtful.
    """
    sealed = outcome.sealed_evidence
    standing = STANDING.format(nonce=GIVEN if repeated else DRAWN)
    given = {"plan.json": plan.digest, f"data/{data['name']}": str(data["digest"])}
    report = predicates.measured(plan, outcome, given, doubts) | {
        "format": statements.EXPLORATORY,
        "standing": {"id": "exploratory", **standing.as_json()},
        "report": {
            "id": digest_id(plan, str(data["digest"]), nonce),
            "kind": "exploratory",
            **NAME.as_json(),
        },
        "plan": predicates.digested(plan.as_json()),
        "data": {**data, "rows": outcome.evidence.rows},
        "model": None if model is None else dict(model),
        "nonce": nonce,
        "nonce_origin": "given" if repeated else "local",
        "evidence": {
            "public": predicates.digested(outcome.public_evidence),
            "sealed": {"digest": attestation.digest(sealed)},
        },
        "predictions": None if outcome.evidence.rows is None else outcome.predictions,
        "provenance": dict(provenance),
    }
    return Explored(report, sealed)


def digest_of(path: Path) -> str:
    """The SHA-256 of a file; of a folder, of the names and digests of its Parquet files.

    A name is the path within the folder: folders' names may be columns.
    """
    if path.is_dir():
        found, _, _ = parquet_folders.pieces(path)
        return attestation.digest([[piece.name, digest_of(piece.path)] for piece in found])
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def digest_id(plan: Plan, data: str, nonce: str) -> str:
    """What a run outside a registry is called: the same plan, data and nonce, the same name."""
    return "exploratory-" + attestation.digest([plan.digest, data, nonce])[:16]


def _screened(model: Path | None) -> Any:
    if model is None:
        return None
    from registry import screening

    return screening.screen(model)


def _model(asked: Asked, screened: Any) -> dict[str, Any] | None:
    if screened is not None and asked.model is not None:
        name = asked.model.resolve().name
        return {"name": name, "digest": screened.digest, "flavour": screened.flavour}
    return {"endpoint": asked.endpoint} if asked.endpoint else None


def with_inputs(written: Mapping[str, Any], inputs: Any) -> dict[str, Any]:
    """The plan with the model's own inputs where it names none.

    Args:
        written: the plan as written.
        inputs: the declared columns, a list of {name, type}.
    """
    columns = written.get("columns")
    if not inputs or not isinstance(columns, Mapping) or columns.get("inputs"):
        return dict(written)
    return {**written, "columns": {**columns, "inputs": [each["name"] for each in inputs]}}


def _typed_inputs(plan: Plan, rows: Stored) -> list[dict[str, str]]:
    """The plan's inputs with the types that the data give them."""
    kinds = rows.kinds
    return [{"name": n, "type": kinds[n]} for n in plan.columns.inputs if n in kinds]


class _Watched:
    """A scorer whose questions are counted aloud: rounds in a sandbox take time.

    Args:
        scorer: who answers.
        tell: told how many answers there are, every few seconds.
    """

    def __init__(self, scorer: Scorer, tell: Tell) -> None:
        self._scorer, self._tell = scorer, tell
        self._answers, self._told = 0, time.monotonic()

    def score(self, frames: Sequence[pa.Table]) -> list[npt.NDArray[np.float64]]:
        """One array of answers per frame."""
        found = self._scorer.score(frames)
        self._count(found)
        return found

    def apart(self, frames: Sequence[pa.Table]) -> list[Answers | Failure]:
        """Per frame its answers or why there are none."""
        found = scoring.apart(self._scorer, frames)
        self._count([each for each in found if isinstance(each, np.ndarray)])
        return found

    def _count(self, found: Sequence[Answers]) -> None:
        self._answers += sum(answers.size for answers in found)
        if time.monotonic() - self._told > SECONDS:
            self._told = time.monotonic()
            said = Text(
                f"模型已回答 {self._answers:,} 次", f"{self._answers:,} answers of the model"
            )
            self._tell(self._answers, 0, said)


@contextmanager
def _asking(
    asked: Asked,
    inputs: Sequence[Mapping[str, Any]],
    settings: Settings,
    classes: Classes | None,
    tell: Tell,
) -> Iterator[Scorer | None]:
    if asked.model is None and asked.endpoint is None:
        yield None
        return
    with _opened(asked, inputs, settings, classes, tell) as scorer:
        yield scorer


def _opened(
    asked: Asked,
    inputs: Sequence[Mapping[str, Any]],
    settings: Settings,
    classes: Classes | None,
    tell: Tell,
) -> AbstractContextManager[Any]:
    if asked.model is not None:
        from registry.scoring import SandboxScorer

        return SandboxScorer(asked.model, inputs=inputs, settings=settings, classes=classes)
    if not inputs:
        raise EndpointUntyped(
            "向接口提问要知道输入列。请在计划的 [columns] 里写 inputs，列名要在数据里。",
            "An endpoint must be told its inputs: write `inputs` under [columns] of the plan, "
            "columns of the data.",
        )
    from registry.invocations import EndpointScorer

    names = [str(each["name"]) for each in inputs]
    token = settings.endpoint_token.get_secret_value()
    return EndpointScorer(
        str(asked.endpoint),
        inputs=names,
        classes=classes,
        token=token,
        tell=lambda said: tell(0, 0, said),
    )


def checked_nonce(nonce: str) -> str:
    """The nonce of a run that is repeated.

    Args:
        nonce: as given.

    Raises:
        BadNonce: when it is none.
    """
    if len(nonce) != NONCE or set(nonce) - set("0123456789abcdef"):
        raise BadNonce(
            "随机数应是 64 位小写十六进制数字，见原报告的 nonce。",
            "A nonce is 64 lower-case hexadecimal digits; see `nonce` in the report to repeat.",
        )
    return nonce


def _provenance(scorer: Any, started: datetime) -> dict[str, Any]:
    sandbox = dict(scorer.provenance) if scorer is not None else {"tier": "not_used"}
    return {
        "standing": "exploratory",
        "started": started.isoformat(),
        "finished": datetime.now(UTC).isoformat(),
        "tier": sandbox.get("tier", "not_used"),
        "sandbox": sandbox,
        **predicates.program(),
    }
