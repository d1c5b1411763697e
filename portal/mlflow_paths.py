"""Paths of files as MLflow's own handlers check them, with their refusals in both languages.

Loads MLflow's server.
"""

from collections.abc import Callable
from functools import wraps
from typing import Any

from mlflow.exceptions import MlflowException
from mlflow.protos.databricks_pb2 import INVALID_PARAMETER_VALUE
from mlflow.server import artifact_router, handlers
from mlflow.utils.uri import validate_path_is_safe

from portal.mlflow_words import said

Check = Callable[[Any], Any]


def told_twice() -> None:
    """Put ours around the two checks that MLflow's routes for files share."""
    safe = _told(
        validate_path_is_safe,
        "路径不可用。请用“/”分隔各段；不要用“..”、“#”、反斜杠，也不要以“/”开头。",
        "Invalid path. Write it with “/” between its parts, without “..”, “#” or a backslash, and "
        "without “/” at its beginning.",
    )
    for module in (handlers, artifact_router):  # each has it under its own name
        vars(module)["validate_path_is_safe"] = safe
    vars(handlers)["_get_workspace_scoped_repo_path_if_enabled"] = _told(
        handlers._get_workspace_scoped_repo_path_if_enabled,  # noqa: SLF001
        "这个路径指向另一个单位的文件。请去掉 workspaces/… 这一段，或写本单位的。",
        "Artifact path targets another workspace than the token's. Leave workspaces/… out, or write "
        "that of your own organisation.",
    )


def _told(check: Check, zh: str, en: str) -> Check:
    @wraps(check)
    def checked(path: str | None) -> Any:
        try:
            return check(path)
        except MlflowException as refused:
            raise said(INVALID_PARAMETER_VALUE, zh, en) from refused

    return checked
