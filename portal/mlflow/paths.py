"""Paths of files as a client may write them, with their refusals in both languages.

MLflow's own check lets a backslash pass on this system, and its routes for files drop empty parts, so
that a file lay at another address than was asked.
"""

import posixpath
import re
from collections.abc import Callable
from functools import wraps
from pathlib import PureWindowsPath
from typing import Any
from urllib.parse import unquote

from mlflow.exceptions import MlflowException
from mlflow.utils.uri import validate_path_is_safe

from portal.mlflow.words import refusal
from registry import characters

Check = Callable[[Any], Any]
ONE_FILE = re.compile(r"/mlflow-artifacts/(artifacts|mpu/[a-z]+)/.")
OF_RUN = re.compile(r"workspaces/[^/]+/\d+/([0-9a-f]{32})/artifacts/(.+)")
ON_WINDOWS = re.compile(r"[A-Za-z]:[\\/]|\\\\")


def told_twice() -> None:
    """Put ours in the place of the two checks that MLflow's routes for files share.

    Loads MLflow's server, which whoever only keeps files has no need of.
    """
    from mlflow.server import artifact_router, handlers

    for module in (handlers, artifact_router):  # each has it under its own name
        vars(module)["validate_path_is_safe"] = safe
    vars(handlers)["_get_workspace_scoped_repo_path_if_enabled"] = _told(
        handlers._get_workspace_scoped_repo_path_if_enabled,  # noqa: SLF001
        "path-of-others",
    )


def safe(path: str) -> str:
    """A path as it is kept, once it is seen to be one that MLflow keeps as it was asked.

    MLflow decodes a path again that was decoded on its way here: what is named `a%41` on the
    client's disk would lie under `aA`. No client of MLflow's sends a name so by itself.

    Args:
        path: as it was asked; one “/” at its end is the folder itself.

    Raises:
        MlflowException: by the rules `path-unsafe`, `path-unclean` and `path-encoded`.
    """
    decoded: str = _told(validate_path_is_safe, "path-unsafe")(path)
    require_parts(decoded)
    if decoded != path:
        raise _encoded(path)
    return decoded


def require_parts(path: str) -> None:
    """See that a path has neither a backslash, an empty part nor `%` with two digits after it.

    The first two are looked for in any number of encodings.

    Args:
        path: also one with a scheme, such as `mlflow-artifacts:/a/b`.

    Raises:
        MlflowException: when it has.
    """
    asked = path
    while (decoded := unquote(path)) != path:
        path = decoded
    if "\\" in path or ".." in path.split("/"):
        raise refusal("path-unsafe")
    if "//" in path:
        raise refusal("path-unclean", path=characters.visible(path))
    if path != asked:
        raise _encoded(asked)


def is_cut_off(path: str, query: bytes) -> bool:
    """Whether a client's name of a file was cut at a “?”, which its address begins a query with.

    Args:
        path: of a request.
        query: what stands behind “?” in its address.
    """
    return bool(query) and ONE_FILE.search(path) is not None


def name_of(local: str) -> str:
    r"""The name that a file is to have, of the place where it lies on the client's machine.

    Args:
        local: as MLflow's clients send it, such as `/home/me/big.bin` or `C:\big.bin`.
    """
    if ON_WINDOWS.match(local):
        return PureWindowsPath(local).name
    name = posixpath.basename(local)
    require_parts(name)
    return name


def _encoded(path: str) -> MlflowException:
    return refusal("path-encoded", path=characters.visible(path))


def _told(check: Check, rule: str) -> Check:
    @wraps(check)
    def checked(path: str | None) -> Any:
        try:
            return check(path)
        except (MlflowException, ValueError) as refused:  # not to be decoded, or no address
            raise refusal(rule) from refused

    return checked


def as_logged(path: str) -> str:
    """A path of a run's files as its user wrote it, `runs:/RUN/PATH`; another as it is.

    Args:
        path: in the artifact tree.
    """
    found = OF_RUN.fullmatch(path)
    return f"runs:/{found[1]}/{found[2]}" if found else path
