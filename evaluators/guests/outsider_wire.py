"""How a third party's probe and the engine speak: rows as Arrow, everything else as plain JSON.

Nothing that comes back is ever unpickled. It is parsed under a size limit, held against the
schema of what was asked for, and only then believed as far as a probe is believed.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, fields
from typing import Annotated, Any, Literal, TypeVar

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from evaluators.plan import Plan
from evaluators.probe import NullCase, Probe, ProbeSpec, Run, ScoreRequest, State, Table
from registry.findings import Finding

MEBIBYTE = 1 << 20
SMALL, LARGE = MEBIBYTE, 32 * MEBIBYTE
KINDS = ("bool", "int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64", "float",
         "double", "string", "large_string")  # fmt: skip
TIMES = ("timestamp[s]", "timestamp[ms]", "timestamp[us]", "timestamp[ns]")
"""The types of columns that cross the wall outwards."""
MOST_FINDINGS, MOST_ROWS, MOST_REQUESTS = 5000, 5000, 1000
Made = TypeVar("Made")
Name = Annotated[str, Field(max_length=200)]


class Nonsense(ValueError):
    """What came back is not what was asked for."""


class Words(BaseModel):
    """A sentence in both languages."""

    model_config = ConfigDict(extra="forbid")
    zh: Annotated[str, Field(min_length=1, max_length=4000)]
    en: Annotated[str, Field(min_length=1, max_length=4000)]


class Fault(BaseModel):
    """One thing wrong with the options of a plan."""

    loc: tuple[str | int, ...]
    msg: Annotated[str, Field(max_length=500)]


class Described(BaseModel):
    """A probe's spec as it crosses the wall; `bare` is what is wrong with no options at all."""

    model_config = ConfigDict(extra="forbid")
    id: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,59}$")]
    version: Annotated[str, Field(min_length=1, max_length=40)]
    task: Literal["decision", "pricing"]
    state: State
    roles: tuple[Name, ...]
    derived: tuple[Name, ...]
    optional: tuple[Name, ...]
    welcome: tuple[Name, ...]
    legal_refs: tuple[Name, ...]
    question: Words
    asks_model: bool
    judges_steadiness: bool
    counts: bool
    refines: bool
    options_schema: dict[str, Any]
    details_schema: dict[str, Any]
    bare: Annotated[tuple[Fault, ...], Field(max_length=200)]
    nulls: Annotated[tuple[Name, ...], Field(max_length=100)]
    planted: Annotated[tuple[Name, ...], Field(max_length=100)]


class _Table(BaseModel):
    model_config = ConfigDict(extra="forbid")
    name: Name
    kind: Literal["people", "answers"]
    keys: tuple[Name, ...]
    counts: tuple[Name, ...]
    rows: Annotated[
        list[tuple[tuple[Name, ...], tuple[Annotated[int, Field(ge=0)], ...] | None]],
        Field(max_length=MOST_ROWS),
    ]


class _Case(BaseModel):
    model_config = ConfigDict(extra="forbid")
    plan: dict[str, Any]
    table: Annotated[dict[Name, tuple[Name, list[Any]]], Field(max_length=1000)]
    truth: dict[str, float]
    scorer: int | None


_FINDINGS: TypeAdapter[list[Finding]] = TypeAdapter(
    Annotated[list[Finding], Field(max_length=MOST_FINDINGS)]
)
_TABLES: TypeAdapter[list[_Table]] = TypeAdapter(Annotated[list[_Table], Field(max_length=100)])
_REQUESTS: TypeAdapter[list[ScoreRequest]] = TypeAdapter(
    Annotated[list[ScoreRequest], Field(max_length=MOST_REQUESTS)]
)
_FAULTS: TypeAdapter[list[Fault]] = TypeAdapter(Annotated[list[Fault], Field(max_length=200)])
_COUNT: TypeAdapter[int] = TypeAdapter(Annotated[int, Field(ge=0, le=1 << 40, strict=True)])
_NUMBERS: TypeAdapter[list[float]] = TypeAdapter(list[float])
_NAMES: TypeAdapter[tuple[str, ...]] = TypeAdapter(
    Annotated[tuple[Name, ...], Field(max_length=1000)]
)


def written(content: Any) -> bytes:
    """JSON bytes; NumPy scalars become numbers."""
    return json.dumps(content, ensure_ascii=False, default=_plain).encode()


def read(content: bytes) -> Any:
    """The JSON value in `content`.

    Raises:
        Nonsense: when it is none.
    """
    try:
        return json.loads(content)
    except (ValueError, RecursionError) as error:
        raise Nonsense("not JSON") from error


def _plain(value: Any) -> Any:
    if hasattr(value, "item"):
        return value.item()
    if hasattr(value, "tolist"):
        return value.tolist()
    if isinstance(value, Mapping):
        return dict(value)
    raise TypeError(f"{type(value).__name__} is no JSON content")


def spec_out(probe: type[Probe[Any]]) -> dict[str, Any]:
    """What a probe is, its schemas instead of its classes."""
    spec = probe.spec
    said = {entry.name: getattr(spec, entry.name) for entry in fields(ProbeSpec)}
    for name in ("options", "details"):
        said.pop(name)
    schemas = {"options_schema": spec.options_schema(), "details_schema": spec.details_schema()}
    bare = faults_out(spec, {})
    return {
        **said,
        "question": spec.question.as_json(),
        **schemas,
        "bare": bare,
        "counts": probe.counts,
        "refines": probe.refine is not Probe.refine,
        "nulls": list(probe.nulls()),
        "planted": list(probe.planted()),
    }


def faults_out(spec: ProbeSpec, options: Mapping[str, Any]) -> list[dict[str, Any]]:
    """What is wrong with options."""
    try:
        spec.options.model_validate(options)
    except ValidationError as wrong:
        return [{"loc": list(e["loc"]), "msg": e["msg"][:500]} for e in wrong.errors()[:200]]
    return []


def described(content: Any) -> Described:
    """A spec as it came.

    Raises:
        Nonsense: when it is none.
    """
    return _held(TypeAdapter(Described), content)


def faults(content: Any) -> list[Fault]:
    """What is wrong with options, as it came."""
    return _held(_FAULTS, content)


def count(content: Any) -> int:
    """A whole number that is not negative, as it came."""
    return _held(_COUNT, content)


def names(content: Any) -> tuple[str, ...]:
    """Column names, as they came."""
    return _held(_NAMES, content)


def plan_in(content: Mapping[str, Any]) -> Plan:
    """A plan that was checked on the other side."""
    return Plan.parse(content)


def run_out(run: Run) -> dict[str, Any]:
    """A run."""
    return asdict(run)


def run_in(content: Any) -> Run:
    """A run, as it was."""
    return TypeAdapter(Run).validate_python(content)


def requests_out(requests: Sequence[ScoreRequest]) -> list[dict[str, Any]]:
    """What is to be asked of the model."""
    return [asdict(request) for request in requests]


def requests_in(content: Any) -> list[ScoreRequest]:
    """What is to be asked of the model, as it came."""
    return _held(_REQUESTS, content)


def tables_out(tables: Sequence[Table]) -> list[dict[str, Any]]:
    """Count tables."""
    return [table.as_json() for table in tables]


def tables_in(content: Any) -> list[Table]:
    """Count tables as they came, each row as long as its table's head, none twice."""
    made = []
    for each in _held(_TABLES, content):
        keys = [key for key, _ in each.rows]
        widths = {(len(key), len(each.counts if n is None else n)) for key, n in each.rows}
        if widths - {(len(each.keys), len(each.counts))} or len(set(keys)) < len(keys):
            raise Nonsense(f"the table {each.name!r} is not in order")
        made.append(Table(each.name, each.keys, each.counts, tuple(each.rows), each.kind))
    return made


def findings_in(content: Any, *, probe: str, version: str) -> list[Finding]:
    """Findings as they came: of this probe, in its version, readable in both languages.

    Raises:
        Nonsense: when one breaks the schema or speaks for another probe.
    """
    found = _held(_FINDINGS, content)
    for each in found:
        if (each.probe, each.version) != (probe, version):
            raise Nonsense(f"a finding in the name of {each.probe!r} {each.version!r}")
        for words in (each.reading, each.limit):
            _held(TypeAdapter(Words), dict(words))
        if each.suppressed:
            raise Nonsense("what is suppressed is not for a probe to say")
    return found


def case_out(case: NullCase, scorer: int | None) -> dict[str, Any]:
    """A simulated data set; `scorer` is the number under which its service is kept."""
    table = {name: _column_out(case.table[name]) for name in case.table.column_names}
    return {
        "plan": dict(case.plan),
        "table": table,
        "truth": dict(case.truth),
        "scorer": scorer,
    }


def case_in(content: Any) -> tuple[NullCase, int | None]:
    """A simulated data set as it came, and the number of its service.

    Raises:
        Nonsense: when it is none.
    """
    said = _held(TypeAdapter(_Case), content)
    try:
        table = pa.table({name: _column_in(*each) for name, each in said.table.items()})
    except (pa.ArrowException, TypeError, ValueError, OverflowError) as error:
        raise Nonsense(f"table: {error}"[:300]) from error
    return NullCase(said.plan, table, truth=said.truth), said.scorer


def _column_out(column: pa.ChunkedArray) -> tuple[str, list[Any]]:
    kind = str(column.type)
    if kind.startswith("timestamp"):
        return kind, column.cast(pa.int64()).to_pylist()
    if kind not in KINDS:
        kind, column = "string", column.cast(pa.string())
    return kind, column.to_pylist()


def _column_in(kind: str, values: list[Any]) -> pa.Array:
    if kind in TIMES:
        return pa.array(values, pa.int64()).cast(pa.type_for_alias(kind))
    if kind not in KINDS:
        raise Nonsense(f"a column of the type {kind!r}")
    return pa.array(values, pa.type_for_alias(kind))


def answers_in(content: Any, *, rows: int) -> npt.NDArray[np.float64]:
    """The answers of a simulated service, as they came: one per row."""
    found = np.array(_held(_NUMBERS, content), dtype=np.float64)
    if found.size != rows:
        raise Nonsense(f"{found.size} answers to {rows} rows")
    return found


def batch_out(batch: pa.RecordBatch) -> memoryview:
    """Rows as an Arrow stream."""
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, batch.schema) as writer:
        writer.write_batch(batch)
    return memoryview(sink.getvalue())


def batch_in(content: bytes | memoryview) -> pa.RecordBatch:
    """The rows of an Arrow stream of one batch."""
    with pa.ipc.open_stream(pa.py_buffer(content)) as reader:
        return reader.read_next_batch()


def _held(schema: TypeAdapter[Made], content: Any) -> Made:
    try:
        return schema.validate_python(content)
    except ValidationError as wrong:
        first = wrong.errors(include_url=False, include_input=False)[0]
        place = ".".join(str(part) for part in first["loc"])
        raise Nonsense(f"{place}: {first['msg']}"[:300]) from wrong
