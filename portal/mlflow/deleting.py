"""Deleting through the MLflow door: what holds nothing that was registered, by those who own it.

The check and the deletion follow each other while nobody else of the organisation can record a
version (`staging.alone`). MLflow itself only marks runs, experiments and logged models as deleted,
so they can be restored. Loads MLflow.
"""

import re
from collections.abc import Callable
from typing import Any

from flask import Response, request
from mlflow.entities import ViewType
from mlflow.server import handlers
from sqlalchemy.orm import Session, sessionmaker

from portal.mlflow.door import ACTOR
from portal.mlflow.rules import RULES
from portal.mlflow.uploads import SCHEME
from registry import staging, submission
from registry.database import transaction
from registry.errors import Refused
from registry.mlflow_store import MlflowRegistry
from registry.submission import ModelNotFound

Handler = Callable[[], Response]
RUN = re.compile(r"[0-9a-f]{32}")
PAGE, TOGETHER = 1000, 200
"""How many versions MLflow tells of at once, and how many runs are asked about at once."""


class StillNeeded(Refused):
    """Something registered or arriving refers to it: keep it, and withdraw the filing instead."""


class Deleting:
    """What answers MLflow's requests to delete.

    Args:
        factory: sessions on the register's database.
        mlflow_registry: where versions are filed in MLflow.
    """

    def __init__(self, factory: sessionmaker[Session], mlflow_registry: MlflowRegistry) -> None:
        self._factory = factory
        self._registry = mlflow_registry

    def registered_model(self, handler: Handler) -> Response:
        """Delete a registered model that has no version."""
        name, organisation_id = str(_asked("name")), ACTOR.get().organisation_id
        with transaction(self._factory) as session:
            staging.alone(session, organisation_id)
            if self._registry.sources(organisation_id, name) or _versions(
                session, organisation_id, name
            ):
                raise StillNeeded(*RULES["model-needed"].told(name=name))
            return handler()

    def run(self, handler: Handler) -> Response:
        """Delete a run from which no version was registered."""
        run_id = str(_asked("run_id"))
        tracking, registry = _stores()
        root = tracking.get_run(run_id).info.artifact_uri.removeprefix(SCHEME)
        with transaction(self._factory) as session:
            staging.alone(session, ACTOR.get().organisation_id)
            versions = registry.search_model_versions(f"run_id='{run_id}'", max_results=1)
            waiting = run_id in submission.runs_waited_for(session)
            if versions or waiting or staging.is_origin(session, run_id=run_id):
                raise StillNeeded(*RULES["run-needed"].told())
            self._check_below(session, root)
            return handler()

    def experiment(self, handler: Handler) -> Response:
        """Delete an experiment from whose runs no version was registered."""
        experiment_id = str(_asked("experiment_id"))
        organisation_id = ACTOR.get().organisation_id
        with transaction(self._factory) as session:
            staging.alone(session, organisation_id)
            self._check_below(session, f"workspaces/{organisation_id}/{experiment_id}")
            runs = staging.runs_of(session, organisation_id) | submission.runs_waited_for(session)
            if _any_within(experiment_id, runs | _runs_of_versions()):
                raise StillNeeded(*RULES["run-within-needed"].told())
            return handler()

    def logged_model(self, handler: Handler) -> Response:
        """Delete a logged model that was not registered."""
        model_id = str((request.view_args or {})["model_id"])
        tracking, _ = _stores()
        root = tracking.get_logged_model(model_id).artifact_location.removeprefix(SCHEME)
        with transaction(self._factory) as session:
            staging.alone(session, ACTOR.get().organisation_id)
            if staging.is_origin(session, logged_model_id=model_id):
                raise StillNeeded(*RULES["logged-model-needed"].told())
            self._check_below(session, root)
            return handler()

    def _check_below(self, session: Session, root: str) -> None:
        if staging.seals_below(session, root) or staging.seal_over(session, root):
            raise StillNeeded(*RULES["files-needed"].told())
        if staging.arriving(session, root) is not None:
            raise StillNeeded(*RULES["arriving"].told())


def _runs_of_versions() -> set[str]:
    """The runs that the versions of the sender's organisation name in MLflow."""
    _, registry = _stores()
    found: set[str] = set()
    token = None
    while True:
        page = registry.search_model_versions("", max_results=PAGE, page_token=token)
        found |= {str(version.run_id) for version in page if version.run_id}
        token = page.token
        if not token:
            return found


def _any_within(experiment_id: str, runs: set[str]) -> bool:
    """Whether one of these runs is in an experiment."""
    tracking, _ = _stores()
    known = sorted(run for run in runs if RUN.fullmatch(run))
    return any(
        tracking.search_runs(
            [experiment_id],
            "attributes.run_id IN ({})".format(
                ",".join(f"'{run}'" for run in known[start : start + TOGETHER])
            ),
            ViewType.ALL,
            max_results=1,
        )
        for start in range(0, len(known), TOGETHER)
    )


def _versions(session: Session, organisation_id: str, name: str) -> bool:
    """Whether our record has versions under a name, in MLflow yet or not."""
    try:
        model = submission.model(session, organisation_id, name)
    except ModelNotFound:
        return False
    return bool(submission.versions(session, organisation_id, model_id=model.id, limit=1))


def _stores() -> tuple[Any, Any]:
    return handlers._get_tracking_store(), handlers._get_model_registry_store()  # noqa: SLF001


def _asked(name: str) -> object:
    return (request.get_json(force=True, silent=True) or {}).get(name, request.args.get(name, ""))
