"""Data files before they are on record: looked at, checked, and stored as they were sent."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from registry import reidentification, spellings, tables
from registry.artifacts import ArtifactStore, TooLarge
from registry.columns import declaration_faults, fault, missing, role_faults, role_of
from registry.errors import Invalid, Reason
from registry.reidentification import Looked, Wish

GROUPING = frozenset({"sensitive", "profile"})
"""Roles of columns by whose values people are grouped."""


class DatasetRefused(Invalid):
    """The data set breaks a rule: correct every item listed and register it again."""


@dataclass(frozen=True, slots=True)
class Stored:
    """A file that was inspected and stored, not yet on record.

    Args:
        digest: SHA-256 of the bytes as sent.
        format: csv, csv-gbk or parquet.
        size: bytes.
        rows: how many.
        columns: the file's columns in its order, with type and role.
        looked: the re-identification check; None where none was wished for.
    """

    digest: str
    format: str
    size: int
    rows: int
    columns: list[dict[str, Any]]
    looked: Looked | None = None


def keep(
    store: ArtifactStore,
    path: Path,
    *,
    columns: Sequence[Mapping[str, Any]],
    wish: Wish | None = None,
    limit: int | None = None,
) -> Stored:
    """Inspect a file and store it; needs no transaction, records nothing.

    Args:
        store: where the bytes are kept.
        path: a CSV or Parquet file.
        columns: as for `register`.
        wish: the re-identification check; None for none.
        limit: the largest file taken, bytes, as the doors set it (`MINGSUAN_MAX_DATASET`); None for
            a file of one's own.

    Raises:
        TooLarge: when the file is larger than `limit`.
        DatasetRefused: with every reason.
        QuasiIdentifiersUnknown, Reidentifiable: as for `register`.
    """
    found, listed, size = _inspected(path, columns, limit)
    looked = None if wish is None else _admitted(path, found.format, listed, wish)
    return Stored(store.put(path), found.format, size, found.rows, listed, looked)


def look_at_file(path: Path, columns: Sequence[Mapping[str, Any]], wish: Wish) -> Looked:
    """Look at a file that is not registered, as a wish says.

    Args:
        path: a CSV, Parquet or Arrow file.
        columns: as for `register`.
        wish: what to look at.

    Raises:
        TooLarge, DatasetRefused, QuasiIdentifiersUnknown: as for `register`.
    """
    found, listed, _ = _inspected(path, columns, None)
    return _seen(path, found.format, listed, wish)


def require_said(texts: Mapping[str, str]) -> None:
    """Raise `DatasetRefused` for every item of which nothing is said."""
    if reasons := [_blank(item) for item, text in texts.items() if not text.strip()]:
        raise _refused(reasons)


def _inspected(
    path: Path, columns: Sequence[Mapping[str, Any]], limit: int | None
) -> tuple[tables.Inspected, list[dict[str, Any]], int]:
    """What a file holds, its columns as declared, and its size."""
    size = path.stat().st_size
    if limit is not None and size > limit:
        raise TooLarge(
            f"数据文件超过上限 {limit:,} 字节。请减小后重新登记。",
            f"The file is larger than {limit:,} bytes. Register a smaller one.",
        )
    reasons = list(declaration_faults(columns))
    declared = {
        str(column.get("name")): str(column["type"]) for column in columns if "type" in column
    }
    try:
        found = tables.inspect(
            path, {name: kind for name, kind in declared.items() if kind in tables.TYPES}
        )
    except tables.TableRefused as refused:
        raise _refused([*reasons, *refused.reasons]) from refused
    described = {str(column.get("name", "")): column for column in columns}
    reasons += missing(described, found.columns)
    listed = [
        {
            **described.get(name, {}),
            "name": name,
            "type": kind,
            "role": role_of(described.get(name)),
        }
        for name, kind in found.columns.items()
    ]
    reasons += role_faults(listed)
    reasons += [
        spellings.reason(str(column["name"]), found.spelt[str(column["name"])])
        for column in listed
        if column["role"] in GROUPING and column["name"] in found.spelt
    ]
    if reasons:
        raise _refused(reasons)
    return found, listed, size


def _admitted(path: Path, form: str, columns: Sequence[Mapping[str, Any]], wish: Wish) -> Looked:
    """Look at a file; what was named must be enough, before a byte is stored."""
    looked = _seen(path, form, columns, wish)
    if looked.named or wish.reason.strip():
        reidentification.admit(looked)
    return looked


def _seen(path: Path, form: str, columns: Sequence[Mapping[str, Any]], wish: Wish) -> Looked:
    types = {str(column["name"]): str(column["type"]) for column in columns}
    with path.open("rb") as stream:
        return reidentification.look(tables.batches(stream, form, types), columns, wish)


def _blank(item: str) -> Reason:
    return fault(item, "不能为空。", "It must not be empty.")


def _refused(reasons: Sequence[Reason]) -> DatasetRefused:
    return DatasetRefused(
        "这份数据不能用，没有登记。请按所列原因逐项修改后再试。",
        "These data cannot be used and were not registered. Correct every item listed and try again.",
        reasons=reasons,
    )
