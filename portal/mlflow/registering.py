"""Registering a version through the MLflow door: ours in place of MLflow's handler.

The files behind a source are screened and stored like any submission; recording the version and
sealing what it was made from are one transaction. A source that names a version copies it: the same
digest under another name. Loads MLflow.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

from flask import Response
from mlflow.entities import LifecycleStage
from mlflow.entities.model_registry import ModelVersion
from mlflow.exceptions import MlflowException
from mlflow.protos.model_registry_pb2 import CreateModelVersion
from mlflow.server import handlers
from mlflow.store.artifact.utils.models import get_model_name_and_version
from sqlalchemy.orm import Session, sessionmaker

from portal.mlflow import own_tags as mlflow_own_tags
from portal.mlflow.adoption import origin_of
from portal.mlflow.door import ACTOR
from portal.mlflow.rules import RULES
from portal.mlflow.sources import Source, read, require_version, shown
from portal.mlflow.uploads import SNAPSHOTS, Uploads
from registry import characters, mlflow_store, races, staging, submission
from registry.artifacts import ArtifactStore
from registry.database import transaction
from registry.errors import Conflict, NotFound
from registry.language import Text
from registry.mlflow_store import SCHEME, MlflowRegistry
from registry.screening import TrustClass
from registry.staging import Origin
from registry.submission import MadeBy, Submitted, Version

SCHEMA = {
    "name": [handlers._assert_string, handlers._assert_required],  # noqa: SLF001
    "source": [handlers._assert_string, handlers._assert_required],  # noqa: SLF001
    "run_id": [handlers._assert_string],  # noqa: SLF001
    "run_link": [handlers._assert_string],  # noqa: SLF001
    "tags": [handlers._assert_array],  # noqa: SLF001
    "description": [handlers._assert_string],  # noqa: SLF001
    "model_id": [handlers._assert_string],  # noqa: SLF001
}
"""What MLflow's own handler asks of a request."""
NO_SUCH_VERSION = frozenset(
    {"INTERNAL_ERROR", "RESOURCE_DOES_NOT_EXIST", "INVALID_PARAMETER_VALUE"}
)
"""What MLflow tells of a number, an alias (invalid) or `latest` (a fault of the server) of nothing."""
SOURCE, COPY_OF = "mingsuan.source", "mingsuan.copy_of"


class RunDeleted(Conflict):
    """The run that a request names was deleted: restore it, or log the model in another run."""


class ExperimentDeleted(Conflict):
    """The experiment in which a model lies was deleted: restore it, or log the model in another."""


class NoSuchModel(NotFound):
    """Nobody made the registered model: make it first."""


class NoRun(NotFound):
    """No run is what a request names: check it, or leave it out."""


class NoVersion(NotFound):
    """No version is what a source names: name one by its number or an alias."""


@dataclass(frozen=True, slots=True)
class Registered:
    """What a request to register led to.

    Args:
        submitted: the version of ours.
        origin: where it was logged.
        copy_of: the version that was copied, as `NAME NUMBER`; empty for new files.
    """

    submitted: Submitted
    origin: Origin
    copy_of: str = ""


class Registering:
    """What answers `model-versions/create`.

    Args:
        factory: sessions on the register's database.
        store: where submissions are kept.
        mlflow_registry: where versions are filed in MLflow.
        uploads: where the files of a source lie.
        limit: the most bytes that one version may have.
    """

    def __init__(
        self,
        factory: sessionmaker[Session],
        store: ArtifactStore,
        mlflow_registry: MlflowRegistry,
        uploads: Uploads,
        *,
        limit: int,
    ) -> None:
        self._factory = factory
        self._store = store
        self._registry = mlflow_registry
        self._uploads = uploads
        self._limit = limit

    def answer(self, _handler: Callable[[], Response]) -> Response:
        """Register what the request names, and describe the version as MLflow does."""
        asked = handlers._get_request_message(CreateModelVersion(), schema=SCHEMA)  # noqa: SLF001
        source = read(asked.source)
        digest, made_in = self._behind(source)
        mlflow_own_tags.refuse_prompts(tag.key for tag in asked.tags)
        if not digest:  # a client that copies a version sends all of its tags, ours too
            mlflow_own_tags.refuse(tag.key for tag in asked.tags)
        if digest:
            done = self._copied(asked, digest, made_in)
        else:  # a folder above that was registered meanwhile holds the same files
            filed = partial(self._filed, asked, source)
            done = races.again(filed, (staging.SealedMeanwhile,))
        version = done.submitted.version
        with transaction(self._factory) as session:
            _hold(session, done.origin, asked.name)
            number = mlflow_store.file_version(
                session,
                self._registry,
                version.id,
                made_by=MadeBy(done.origin.run_id, asked.run_link),
            )
        described = races.again(partial(self._described, asked, number, done))
        response: Response = handlers._wrap_response(  # noqa: SLF001
            CreateModelVersion.Response(model_version=described.to_proto())
        )
        return response

    def _filed(self, asked: Any, source: Source) -> Registered:
        """Screen, store and record the uploaded files, and seal where they lay."""
        by = ACTOR.get()
        location, origin = _located(asked, source)
        path = self._uploads.path_of(location, by.organisation_id)
        _require(origin, asked.name, path)  # before anything is read; again when it is recorded
        with self._uploads.folder(path) as taken:
            screened = submission.keep(self._store, taken.folder, limit=self._limit)
        with transaction(self._factory) as session:
            _hold(session, origin, asked.name, path)
            submitted = submission.record(
                session,
                screened,
                by=by,
                model_name=asked.name,
                note=asked.description,
                made_by=MadeBy(origin.run_id, asked.run_link),
            )
            if taken.files is not None:
                held = {f"{path}/{entry['path']}" for entry in screened.manifest}
                staging.seal(
                    session,
                    by.organisation_id,
                    path,
                    digest=screened.digest,
                    taken=taken.files,
                    origin=origin,
                    left_out=taken.files.keys() - held,
                )
        return Registered(submitted, origin)

    def _copied(self, asked: Any, digest: str, made_in: str) -> Registered:
        """Record a version with the same bytes as one that is on record, and its run where none is named."""
        by, origin = ACTOR.get(), Origin(asked.run_id or made_in, asked.model_id)
        with transaction(self._factory) as session:
            _hold(session, origin, asked.name)
            kept = submission.with_digest(session, by.organisation_id, digest)
            name = submission.model_of(session, kept).name
            submitted = submission.copy(
                session,
                kept,
                by=by,
                model_name=asked.name,
                note=asked.description,
                made_by=MadeBy(origin.run_id, asked.run_link),
            )
        return Registered(submitted, origin, f"{name} {kept.mlflow_version or kept.number}")

    def _behind(self, source: Source) -> tuple[str, str]:
        """Digest and run of the version that a source names; empty where it names uploaded files."""
        if source.text.startswith(SCHEME):
            return source.text.removeprefix(SCHEME), ""
        parts = source.parts
        if source.text.startswith("mlflow-artifacts:/") and parts[2:3] == [SNAPSHOTS]:
            own = parts[0] == "workspaces" and parts[1] == ACTOR.get().organisation_id
            return (parts[3] if own and len(parts) == 4 else ""), ""
        if not source.is_version:
            return "", ""
        require_version(source)
        registry = handlers._get_model_registry_store()  # noqa: SLF001
        try:
            name, number = get_model_name_and_version(registry, source.text)
            kept = registry.get_model_version(name, number)
        except MlflowException as missing:
            if missing.error_code not in NO_SUCH_VERSION:
                raise
            named = shown(source.text.removeprefix("models:/").partition("/")[0].partition("@")[0])
            rule = "no-version" if _is_registered(named) else "no-model-named"
            raise NoVersion(*RULES[rule].told(source=shown(source.text), name=named)) from missing
        return str(kept.source).removeprefix(SCHEME), str(kept.run_id or "")

    def _described(self, asked: Any, number: str, done: Registered) -> ModelVersion:
        """MLflow's version with what came with the request, as MLflow's own handler answers."""
        store = handlers._get_model_registry_store()  # noqa: SLF001
        for tag in asked.tags:
            if not mlflow_own_tags.is_ours(tag.key):
                store.set_model_version_tag(asked.name, number, tag)
        itself = done.copy_of == f"{asked.name} {number}"
        if not itself and SOURCE not in store.get_model_version(asked.name, number).tags:
            marks = {SOURCE: asked.source} | ({COPY_OF: done.copy_of} if done.copy_of else {})
            self._registry.mark(ACTOR.get().organisation_id, asked.name, number, marks)
        kept = store.get_model_version(asked.name, number).description
        if not kept and (asked.description or done.submitted.created):
            store.update_model_version(asked.name, number, asked.description)
        if done.origin.logged_model_id:
            handlers._get_tracking_store().set_model_versions_tags(  # noqa: SLF001
                name=asked.name, version=number, model_id=done.origin.logged_model_id
            )
        described: ModelVersion = store.get_model_version(asked.name, number)
        if itself:
            described._status_message = _told_of_itself(done.copy_of)  # noqa: SLF001
        elif done.copy_of:
            described._status_message = _told_of_copy(done.submitted.version, done.copy_of)  # noqa: SLF001
        elif done.submitted.version.trust_class == TrustClass.CODE:
            described._status_message = _told_of_code(done.submitted.version)  # noqa: SLF001
        return described


def _located(asked: Any, source: Source) -> tuple[str, Origin]:
    """The address of the uploaded files behind a source, and where they were logged."""
    tracking = handlers._get_tracking_store()  # noqa: SLF001
    if source.is_logged_model:
        logged = tracking.get_logged_model("/".join(source.parts))
        run_id = asked.run_id or logged.source_run_id or ""
        return str(logged.artifact_location), Origin(run_id, logged.model_id)
    if source.address.scheme == "runs" and not source.address.netloc:
        run_id, *below = source.parts
        inside = "/".join(below)
        return f"{_run(run_id).artifact_uri}/{inside}", Origin(run_id, "")
    told = origin_of(source.text)
    model_id, run_id = asked.model_id or told.logged_model_id, asked.run_id or told.run_id
    if model_id:
        try:
            logged = tracking.get_logged_model(model_id)
            run_id = run_id or logged.source_run_id or ""
        except MlflowException:
            if asked.model_id:  # named by the sender; else only the address looks like one
                raise
            model_id = ""
    return source.text, Origin(run_id, model_id)


def _hold(session: Session, origin: Origin, name: str, path: str = "") -> None:
    """See that what a version comes from is there, and keep it from being deleted meanwhile.

    Raises:
        RunDeleted, ExperimentDeleted, NoSuchModel: as for `_require`.
        MlflowException: when there is no such run or logged model of this organisation.
    """
    staging.present(session, ACTOR.get().organisation_id)
    _require(origin, name, path)


def _require(origin: Origin, name: str, path: str = "") -> None:
    """See that a registered model is there, and what its version is to come from.

    Args:
        origin: the run and the logged model.
        name: of the registered model.
        path: of the uploaded files; empty for a copy.

    Raises:
        NoSuchModel: when nobody made the registered model.
        RunDeleted: when the run was deleted.
        ExperimentDeleted: when the experiment was, in which the model or its files lie.
    """
    _require_model(name)
    tracking = handlers._get_tracking_store()  # noqa: SLF001
    experiment = path.split("/")[2] if path else ""
    if origin.logged_model_id:  # none that was deleted
        experiment = str(tracking.get_logged_model(origin.logged_model_id).experiment_id)
    if origin.run_id:
        info = _run(origin.run_id)
        if info.lifecycle_stage != LifecycleStage.ACTIVE:
            raise RunDeleted(*RULES["run-deleted"].told(run=origin.run_id))
    if experiment.isdecimal() and _deleted(experiment):
        raise ExperimentDeleted(*RULES["experiment-deleted"].told(experiment=experiment))


def _run(run_id: str) -> Any:
    """What MLflow knows of a run.

    Raises:
        NoRun: when there is none of this organisation.
    """
    try:
        return handlers._get_tracking_store().get_run(run_id).info  # noqa: SLF001
    except MlflowException as missing:
        if missing.error_code not in {"RESOURCE_DOES_NOT_EXIST", "INVALID_PARAMETER_VALUE"}:
            raise
        shown = characters.visible(run_id)
        raise NoRun(*RULES["no-run"].told(run=shown)) from missing


def _require_model(name: str) -> None:
    if not _is_registered(name):
        raise NoSuchModel(*RULES["no-model"].told(name=name))


def _is_registered(name: str) -> bool:
    """Whether the organisation has a registered model of this name."""
    try:
        handlers._get_model_registry_store().get_registered_model(name)  # noqa: SLF001
    except MlflowException as missing:
        if missing.error_code != "RESOURCE_DOES_NOT_EXIST":
            raise
        return False
    return True


def _deleted(experiment: str) -> bool:
    """Whether an experiment of this organisation was deleted; one that is not there was not."""
    tracking = handlers._get_tracking_store()  # noqa: SLF001
    try:
        found = tracking.get_experiment(experiment)
    except MlflowException:  # a folder that a client chose, and no experiment
        return False
    return bool(found.lifecycle_stage != LifecycleStage.ACTIVE)


def _told_of_itself(name: str) -> str:
    return (
        f"{name} is already registered under this name: nothing was copied, and its filing stands.\n"
        f"{name} 已在这个名称下登记：没有复制任何内容，备案不变。"
    )


def _told_of_code(version: Version) -> str:
    """What screening remarked of a format that runs code of its own when it is opened."""
    remarks = [Text(**remark) for remark in version.screening.get("remarks", ())]
    warning = Text(
        "打开这个模型会运行文件自带的代码（信任等级：code）；本平台只在沙箱里打开它。在别处请只打开可信来源的模型。",
        "Whoever opens this model runs code that its files bring (trust class: code); here it is "
        "opened in the sandbox only. Open it elsewhere only where you trust who made it.",
    )
    told = [warning, *remarks]
    return "\n".join([*(each.en for each in told), *(each.zh for each in told)])


def _told_of_copy(version: Version, copy_of: str) -> str:
    return (
        f"Same bytes as {copy_of} (sha256 {version.digest[:12]}…): evaluations and explanations of "
        "these bytes count here too. Its filing stays with it: file this model anew.\n"
        f"与 {copy_of} 内容相同（摘要 {version.digest[:12]}…）：对这份内容的评估和说明在此同样算数；"
        "备案不随之转移，请为本模型另行备案。"
    )
