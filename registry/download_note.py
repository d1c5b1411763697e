"""MLflow's note in a downloaded model: the name and number under which its client fetched it.

`ModelsArtifactRepository.download_artifacts` writes a file `registered_model_meta` beside `MLmodel`
into every copy that a client makes (as 2.22.5 and 3.17.2 do, and nothing else). It is no part of
the model: the same model fetched under two names would have two digests. Only what the client
itself writes is left out, to the byte, and only where nothing in `MLmodel` leads to it.
"""

import posixpath
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml

from registry.sandbox.child import plain_yaml

NAME = "registered_model_meta"
LONGEST = 4096
_KEYS = {"model_name", "model_version"}


def is_only_a_note(path: Path, mlmodel: Mapping[str, Any]) -> bool:
    """Whether a file of that name is what MLflow's client writes, and nothing that is opened.

    Args:
        path: the file.
        mlmodel: the parsed `MLmodel` beside it.
    """
    if path.stat().st_size > LONGEST or any(_leads_here(text) for text in _texts(mlmodel)):
        return False
    try:
        text = path.read_bytes().decode("utf-8")
        told = plain_yaml.read(text)
    except (UnicodeDecodeError, yaml.YAMLError, ValueError, RecursionError):
        return False
    return (
        isinstance(told, dict) and set(told) == _KEYS and _named(told) and text == _written(told)
    )


def _named(told: Mapping[str, Any]) -> bool:
    """A registered model's version, or neither: a logged model has no number."""
    name, number = told["model_name"], told["model_version"]
    if name is None:
        return number is None
    return isinstance(name, str) and isinstance(number, str) and number.isdecimal()


def _written(told: Mapping[str, Any]) -> str:
    """As MLflow's `write_yaml` writes it."""
    written: str = yaml.safe_dump(
        dict(told), default_flow_style=False, allow_unicode=True, sort_keys=True
    )
    return written


def _texts(value: Any) -> Iterator[str]:
    """Every text of `MLmodel`, wherever it stands."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for inner in value.values():
            yield from _texts(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _texts(inner)


def _leads_here(text: str) -> bool:
    """Whether a text, read as a path, is the file's or the whole folder's."""
    return posixpath.normpath(text) in (NAME, ".")
