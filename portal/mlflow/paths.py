"""Paths of files as MLflow's own handlers check them, with their refusals in both languages.

Loads MLflow's server.
"""

from collections.abc import Callable
from functools import wraps
from typing import Any

from mlflow.exceptions import MlflowException
from mlflow.server import artifact_router, handlers
from mlflow.utils.uri import validate_path_is_safe

from portal.mlflow.words import refusal

Check = Callable[[Any], Any]


def told_twice() -> None:
    """Put ours around the two checks that MLflow's routes for files share."""
    safe = _told(validate_path_is_safe, "path-unsafe")
    for module in (handlers, artifact_router):  # each has it under its own name
        vars(module)["validate_path_is_safe"] = safe
    vars(handlers)["_get_workspace_scoped_repo_path_if_enabled"] = _told(
        handlers._get_workspace_scoped_repo_path_if_enabled,  # noqa: SLF001
        "path-of-others",
    )


def _told(check: Check, rule: str) -> Check:
    @wraps(check)
    def checked(path: str | None) -> Any:
        try:
            return check(path)
        except MlflowException as refused:
            raise refusal(rule) from refused

    return checked
