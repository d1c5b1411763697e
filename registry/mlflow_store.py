"""MLflow's model registry behind the register: the one module that knows its client.

It runs in this process, on a database of its own: `mlflow.db` in the data directory, or the schema
`mlflow` of the PostgreSQL server in use. A workspace is an organisation. A version in MLflow points
at `mingsuan://sha256/…`, so that its clients read back exactly what was filed. Tags, aliases and
descriptions stay its users' to write, but for the tags `mingsuan.…`, which tell them the state of
review (`portal.work.mlflow_tags`) and are no record: that is ours.

`import mlflow` takes seconds, so nothing here imports it before it is needed.
"""

import os
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property, partial
from typing import Any

import structlog
from sqlalchemy import create_engine, make_url
from sqlalchemy.exc import SADeprecationWarning, SQLAlchemyError
from sqlalchemy.orm import Session
from sqlalchemy.schema import CreateSchema

from registry import modes, races, submission
from registry.errors import RegisterError
from registry.settings import Settings

SCHEME = "mingsuan://sha256/"
SCHEMA = "mlflow"
FILING_TAG, NO_FILING = "mingsuan.filing", "none"
VERSION_TAG, TRUST_TAG = "mingsuan.version", "mingsuan.trust_class"

log = structlog.get_logger(__name__)


class MlflowFailed(RegisterError):
    """MLflow's registry refused or did not answer: run `mingsuan doctor --repair` later."""


def __getattr__(name: str) -> Any:
    """The artifact repository, made when MLflow asks for it (see `registry.mlflow_snapshots`)."""
    if name != "SnapshotRepository":
        raise AttributeError(name)
    import mlflow  # noqa: F401  # whole, or as far as it has come when it is MLflow that asks

    from registry.mlflow_snapshots import SnapshotRepository

    return SnapshotRepository


def source_of(digest: str) -> str:
    """The address under which MLflow finds a version's files."""
    return f"{SCHEME}{digest}"


def database_url(settings: Settings) -> str:
    """Where MLflow keeps its own tables."""
    url = make_url(settings.database_url)
    if url.get_backend_name() == "postgresql":
        own = url.update_query_dict({"options": f"-csearch_path={SCHEMA}"})
        return own.render_as_string(hide_password=False)
    return f"sqlite:///{settings.data.resolve() / 'mlflow.db'}"


def prepare(settings: Settings) -> None:
    """What must hold before MLflow is first imported: its environment, and a place for its tables."""
    os.environ["MLFLOW_ENABLE_WORKSPACES"] = "true"
    os.environ["MLFLOW_DISABLE_TELEMETRY"] = "true"
    # MLflow's own tables are mapped in a way that SQLAlchemy 2.1 deprecates; nothing of ours is.
    warnings.filterwarnings(
        "ignore", message="The ``noload`` loader", category=SADeprecationWarning
    )
    url = make_url(settings.database_url)
    if url.get_backend_name() == "postgresql":
        engine = create_engine(url)
        with engine.begin() as connection:
            connection.execute(CreateSchema(SCHEMA, if_not_exists=True))
        engine.dispose()
    else:
        modes.file(modes.folder(settings.data.resolve()) / "mlflow.db")


class MlflowRegistry:
    """Registered models and versions in MLflow.

    Args:
        settings: where its database is.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    def open(self) -> None:
        """Open the store, so that the first question does not have to wait for it."""
        _ = self._store

    def file(
        self,
        organisation_id: str,
        name: str,
        digest: str,
        *,
        run_id: str = "",
        run_link: str = "",
        tags: Mapping[str, str] | None = None,
    ) -> str:
        """Make sure that MLflow has a version of `name` with these bytes, and return its number.

        Args:
            organisation_id: the workspace.
            name: the registered model, made if MLflow has none.
            digest: the version's digest.
            run_id: the run that logged it, when it came through the MLflow door.
            run_link: where that run is to be seen, when its sender said so.
            tags: the platform's own tags that never change.

        Raises:
            MlflowFailed: when MLflow refuses or its database does not answer.
        """
        prepare(self._settings)
        from mlflow.entities.model_registry import ModelVersionTag

        with self._speaking(organisation_id):
            known = self._numbers(name).get(source_of(digest))
            if known is not None:
                return known
            self._make_model(name)
            written = {FILING_TAG: NO_FILING} | dict(tags or {})
            made = self._store.create_model_version(
                name,
                source_of(digest),
                run_id,
                tags=[ModelVersionTag(key, value) for key, value in written.items()],
                run_link=run_link,
                description="",
            )
            return str(made.version)

    def mark(
        self, organisation_id: str, name: str, number: str, tags: Mapping[str, str | None]
    ) -> None:
        """Write the platform's own tags on a version; None removes one.

        Args:
            organisation_id: the workspace.
            name: the registered model.
            number: the version's, in MLflow.
            tags: name → value.

        Raises:
            MlflowFailed: when MLflow has no such version, or its database does not answer.
        """
        prepare(self._settings)
        from mlflow.entities.model_registry import ModelVersionTag

        with self._speaking(organisation_id):
            for key, value in tags.items():
                if value is None:
                    write = partial(self._store.delete_model_version_tag, name, number, key)
                else:
                    tag = ModelVersionTag(key, value)
                    write = partial(self._store.set_model_version_tag, name, number, tag)
                races.again(write)

    def sources(self, organisation_id: str, name: str) -> Mapping[str, str]:
        """What each version of a model points at: number → source.

        Raises:
            MlflowFailed: when MLflow's database does not answer.
        """
        with self._speaking(organisation_id):
            return {number: source for source, number in self._numbers(name).items()}

    @cached_property
    def _store(self) -> Any:
        prepare(self._settings)
        from mlflow.store.model_registry.sqlalchemy_workspace_store import (
            WorkspaceAwareSqlAlchemyStore,
        )

        return WorkspaceAwareSqlAlchemyStore(database_url(self._settings))

    def _numbers(self, name: str) -> dict[str, str]:
        quoted = name.replace("'", "''")
        found: dict[str, str] = {}
        token = None
        while True:
            page = self._store.search_model_versions(f"name = '{quoted}'", page_token=token)
            for version in page:
                found[str(version.source)] = str(version.version)
            token = page.token
            if not token:
                return found

    def _make_model(self, name: str) -> None:
        from mlflow.exceptions import MlflowException

        try:
            self._store.create_registered_model(name)
        except MlflowException as refused:
            if refused.error_code != "RESOURCE_ALREADY_EXISTS":
                raise

    @contextmanager
    def _speaking(self, organisation_id: str) -> Iterator[None]:
        """In the workspace of one organisation, with MLflow's errors in the register's words."""
        prepare(self._settings)
        from mlflow.exceptions import MlflowException
        from mlflow.utils.workspace_context import ServerWorkspaceContext

        try:
            with ServerWorkspaceContext(organisation_id):
                yield
        except MlflowException as failed:
            of_database = isinstance(races.cause(failed), SQLAlchemyError)
            said = "" if of_database or failed.error_code == "INTERNAL_ERROR" else failed.message
            log.warning("mlflow_registry_failed", exc_info=True)
            raise _failed(said) from failed


def _failed(said: str) -> MlflowFailed:
    """What is told where MLflow's registry fails.

    Args:
        said: MLflow's own words of what was asked; empty where they are a database's.
    """
    zh, en = (f"：{said}", f": {said}") if said else ("", ".")
    return MlflowFailed(
        f"MLflow 登记处没有完成这一步{zh}。请稍后运行 mingsuan doctor --repair。",
        f"MLflow's registry did not do this{en} Run mingsuan doctor --repair later.",
    )


def file_version(
    session: Session,
    mlflow_registry: MlflowRegistry,
    version_id: str,
    *,
    made_by: submission.MadeBy | None = None,
) -> str:
    """Make sure that MLflow has one version for one of ours, and note its number on the record.

    The row is locked meanwhile, so that two who do this at once do not make two.

    Args:
        session: a writing transaction.
        mlflow_registry: where to file it.
        version_id: which of our versions.
        made_by: the run that it comes from; None names the one that was told when it was recorded.

    Raises:
        VersionNotFound: when there is none.
        MlflowFailed: when MLflow refuses or does not answer.
    """
    version = submission.get(session, version_id)
    session.refresh(version, with_for_update=True)
    if version.mlflow_version is None:
        name = submission.model_of(session, version).name
        run = made_by or submission.told_of(session, version_id)
        version.mlflow_version = mlflow_registry.file(
            version.organisation_id,
            name,
            version.digest,
            run_id=run.run_id,
            run_link=run.run_link,
            tags={VERSION_TAG: version.id, TRUST_TAG: str(version.trust_class)},
        )
        session.flush()
    return version.mlflow_version


@dataclass(frozen=True, slots=True)
class VersionFiler:
    """What applies the effect `mlflow_version`: one version in MLflow for one of ours."""

    mlflow_registry: MlflowRegistry

    def ready(self) -> None:
        """Import MLflow and open its tables, which takes seconds the first time."""
        self.mlflow_registry.open()

    def __call__(self, session: Session, payload: Mapping[str, Any]) -> None:
        file_version(session, self.mlflow_registry, str(payload["version_id"]))
