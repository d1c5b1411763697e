"""What MLflow's users wrote about a version and its run: theirs to change, and no record.

Read from MLflow's own tables: to open its store, a server would import all of MLflow for one page.
The server's MLflow is pinned, and a test holds what is read here against what MLflow's store tells.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property
from typing import Any

from sqlalchemy import Engine, TableClause, column, create_engine, make_url, select, table
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.pool import NullPool

from registry import attestation, mlflow_store
from registry.settings import Settings

SOURCE_TAG, COPY_TAG = "mingsuan.source", "mingsuan.copy_of"
OURS = "mingsuan."
LONGEST = 500
"""How much of one text a page shows."""


@dataclass(frozen=True, slots=True)
class Notes:
    """What stands in MLflow beside a version.

    Args:
        description: of the version.
        run_id: the run that it comes from.
        source: what it was registered from.
        copy_of: the version that was copied, as `NAME NUMBER`.
        aliases: that point at it.
        tags: its users' own, by name.
    """

    description: str = ""
    run_id: str = ""
    source: str = ""
    copy_of: str = ""
    aliases: tuple[str, ...] = ()
    tags: Mapping[str, str] = field(default_factory=dict)

    def __bool__(self) -> bool:
        """Whether anything stands there."""
        return any((self.description, self.run_id, self.source, self.aliases, self.tags))


@dataclass(frozen=True, slots=True)
class Run:
    """What MLflow keeps of the run that a version comes from.

    Args:
        run_id: the run.
        start, end: when it began and ended; None where that is not told.
        parameters: name → value, in the order of the names.
    """

    run_id: str
    start: datetime | None
    end: datetime | None
    parameters: Mapping[str, str]

    @property
    def digest(self) -> str:
        """SHA-256 of the canonical JSON of all this: another where a client changed the run since."""
        moments = (each and each.isoformat() for each in (self.start, self.end))
        return attestation.digest(
            {
                "run_id": self.run_id,
                **dict(zip(("start", "end"), moments, strict=True)),
                "parameters": dict(self.parameters),
            }
        )


class MlflowNotes:
    """Reads what users wrote.

    Args:
        settings: where MLflow's database is.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    def of(self, organisation_id: str, name: str, number: str | None) -> Notes:
        """What stands beside a version; nothing where it is not in MLflow yet, or that is away.

        Args:
            organisation_id: the workspace.
            name: the registered model.
            number: the version's, in MLflow.
        """
        if number is None or not self._there():
            return Notes()
        place = {"workspace": organisation_id, "name": name, "version": int(number)}
        try:
            with self._engine.connect() as connection:
                version = connection.execute(select(_VERSIONS).filter_by(**place)).one_or_none()
                tagged = connection.execute(select(_TAGS).filter_by(**place)).all()
                pointing = connection.execute(select(_ALIASES).filter_by(**place)).all()
        except SQLAlchemyError:
            return Notes()
        if version is None:
            return Notes()
        tags = {str(each.key): _cut(each.value) for each in tagged}
        return Notes(
            description=_cut(version.description),
            run_id=version.run_id or "",
            source=tags.get(SOURCE_TAG, ""),
            copy_of=tags.get(COPY_TAG, ""),
            aliases=tuple(sorted(each.alias for each in pointing)),
            tags={key: tags[key] for key in sorted(tags) if not key.startswith(OURS)},
        )

    def run(self, organisation_id: str, name: str, number: str | None) -> Run | None:
        """The run that a version comes from; None where none is told, it was deleted, or MLflow is away.

        Args:
            organisation_id: the workspace, of which a run must be.
            name: the registered model.
            number: the version's, in MLflow.
        """
        run_id = self.of(organisation_id, name, number).run_id
        if not run_id:
            return None
        of_workspace = select(_EXPERIMENTS.c.experiment_id).filter_by(workspace=organisation_id)
        active = select(_RUNS).filter_by(run_uuid=run_id, lifecycle_stage="active")
        try:
            with self._engine.connect() as connection:
                run = connection.execute(
                    active.where(_RUNS.c.experiment_id.in_(of_workspace))
                ).one_or_none()
                given = connection.execute(select(_PARAMETERS).filter_by(run_uuid=run_id)).all()
        except SQLAlchemyError:
            return None
        if run is None:
            return None
        return Run(
            run_id=run_id,
            start=_moment(run.start_time),
            end=_moment(run.end_time),
            parameters={str(each.key): str(each.value) for each in sorted(given)},
        )

    def _there(self) -> bool:
        """Whether MLflow's database was made; a file that is not there would be made by looking."""
        url = make_url(mlflow_store.database_url(self._settings))
        return url.get_backend_name() != "sqlite" or (self._settings.data / "mlflow.db").exists()

    @cached_property
    def _engine(self) -> Engine:
        return create_engine(mlflow_store.database_url(self._settings), poolclass=NullPool)


def _cut(value: Any) -> str:
    written = str(value or "")
    return written if len(written) <= LONGEST else f"{written[:LONGEST]}…"


def _table(name: str, *columns: str) -> TableClause:
    return table(name, *map(column, ("workspace", "name", "version", *columns)))


def _moment(milliseconds: int | None) -> datetime | None:
    """A moment as MLflow keeps it; none for what no calendar holds, which a client may have sent."""
    try:
        return datetime.fromtimestamp(milliseconds / 1000, UTC) if milliseconds else None
    except (OverflowError, ValueError, OSError):
        return None


_VERSIONS = _table("model_versions", "description", "run_id")
_TAGS = _table("model_version_tags", "key", "value")
_ALIASES = _table("registered_model_aliases", "alias")
_RUNS = table("runs", *map(column, ("run_uuid", "experiment_id", "lifecycle_stage", "start_time", "end_time")))  # fmt: skip
_EXPERIMENTS = table("experiments", column("experiment_id"), column("workspace"))
_PARAMETERS = table("params", *map(column, ("key", "value", "run_uuid")))
