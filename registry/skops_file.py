"""A skops file, read as a zip of JSON and arrays: which types it would build.

An early look for the submitter; the binding check against the published list is made by the
loader in the sandbox, by skops itself (`registry.sandbox.child.opening`).
"""

import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from registry import expansion, json_text
from registry.json_text import KeyTwice

PACKAGES = frozenset(
    {"sklearn", "lightgbm", "numpy", "scipy", "builtins", "collections", "datetime"}
)
_BUILTINS = frozenset(
    [
        "bool",
        "bytearray",
        "bytes",
        "complex",
        "dict",
        "float",
        "frozenset",
        "int",
        "list",
        "object",
        "range",
        "set",
        "slice",
        "str",
        "tuple",
        "type",
        "NoneType",
    ]
)
_CODE_NODES = frozenset({"MethodNode", "OperatorFuncNode", "PartialNode"})
MAX_SCHEMA = 256 * 1024**2
SMALL_SCHEMA = 8 * 1024**2
SCHEMA_RATIO = 20


def foreign_types(path: Path) -> list[str]:
    """The types a skops file names that belong to none of the packages on the list, sorted.

    Args:
        path: the file.

    Raises:
        ValueError: when it is no skops file, or a zip bomb.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            _refuse_bombs(archive, path.stat().st_size)
            schema = json_text.parse(archive.read("schema.json"))
    except (
        zipfile.BadZipFile,
        KeyError,
        KeyTwice,
        OSError,
        RuntimeError,
        RecursionError,
    ) as error:
        raise ValueError(" ".join(str(error).split())[:120]) from error
    return sorted({name for name, listed in _types(schema) if not listed})


def _refuse_bombs(archive: zipfile.ZipFile, size: int) -> None:
    """Raise ValueError for a file that unpacks to too much; a schema becomes many small objects."""
    total = sum(member.file_size for member in archive.infolist())
    if total > expansion.allowed(size, expansion.ARCHIVE_RATIO):
        raise ValueError(f"it unpacks to {total} bytes")
    schema = archive.getinfo("schema.json")
    if schema.file_size > min(MAX_SCHEMA, max(SMALL_SCHEMA, SCHEMA_RATIO * schema.compress_size)):
        raise ValueError(f"schema.json unpacks to {schema.file_size} bytes")


def _types(schema: Any) -> Iterator[tuple[str, bool]]:
    waiting = [schema]
    while waiting:
        node = waiting.pop()
        if isinstance(node, dict):
            if "__class__" in node:
                yield _judged(node)
            waiting.extend(node.values())
        elif isinstance(node, list):
            waiting.extend(node)


def _judged(node: dict[str, Any]) -> tuple[str, bool]:
    module, name = str(node.get("__module__")), str(node["__class__"])
    package = module.partition(".")[0]
    listed = package in PACKAGES and node.get("__loader__") not in _CODE_NODES
    if package == "builtins":
        listed = listed and name in _BUILTINS
    return f"{module}.{name}", listed
