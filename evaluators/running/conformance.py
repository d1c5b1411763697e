"""Checks that every probe must pass, ours and third parties', from its own tests.

from evaluators.running import conformance

def test_my_probe_conforms() -> None:
    conformance.check(MyProbe, plan, table)
"""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cached_property
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from pydantic import ValidationError

from evaluators.accumulating.accumulators import coded
from evaluators.guests import installed
from evaluators.judging import findings
from evaluators.plan import Plan
from evaluators.probe import Probe, Scorer, digest
from evaluators.running import engine, planning
from registry import attestation
from registry.findings import Finding, Verdict
from registry.language import Text


class NotConforming(AssertionError):
    """A probe breaks its contract; the message names the check."""


def check(
    probe: type[Probe[Any]],
    plan: Mapping[str, Any],
    table: pa.Table,
    *,
    scorer: Scorer | None = None,
) -> None:
    """Run every check.

    Args:
        probe: the class under test; it runs here, in this process.
        plan: a plan with this probe alone.
        table: data it has something to say about.
        scorer: a deterministic model, if the probe needs one.

    Raises:
        NotConforming: at the first check that fails.
    """
    for _, fault in checked(probe, plan, table, scorer=scorer):
        if fault is not None:
            raise fault


def checked(
    probe: type[Probe[Any]],
    plan: Mapping[str, Any],
    table: pa.Table,
    *,
    scorer: Scorer | None = None,
) -> Iterator[tuple[str, NotConforming | None]]:
    """Every check by its name, one after the other, with what it found wrong.

    Args:
        probe: the class under test; a third party's own class runs here, in this process.
        plan: a plan with this probe alone.
        table: data it has something to say about.
        scorer: a deterministic model, if the probe needs one.
    """
    with installed.in_place(probe):
        case = _Case(probe, planning.parse(plan), table, scorer)
        for one in CHECKS:
            yield one.__name__, _fault(one, case)


def _fault(one: "Callable[[_Case], None]", case: "_Case") -> NotConforming | None:
    try:
        one(case)
    except NotConforming as fault:
        return fault
    except Exception as error:  # noqa: BLE001  # a probe may raise anything
        broken = NotConforming(f"{case.probe.spec.id}: {one.__name__}: {error!r}")
        broken.__cause__ = error
        return broken
    return None


def check_isolated(
    probe: type[Probe[Any]],
    plan: Mapping[str, Any],
    table: pa.Table,
    *,
    scorer: Scorer | None = None,
) -> None:
    """Run the installed probe as a registry runs it, in a process of its own: the same findings.

    Args:
        probe: the class under test.
        plan: a plan with this probe alone.
        table: data it has something to say about.
        scorer: a deterministic model, if the probe needs one.

    Raises:
        NotConforming: when it is not installed, fails behind the walls, or finds something else.
        ProbeMissing: when there is no sandbox here, or the plugin can't be loaded in it.
    """
    name = probe.spec.id
    if installed.origin(name).ours or name not in installed.names():
        raise NotConforming(f"{name}: no third party's package offers it under {installed.GROUP}")
    with installed.in_place(probe):
        here = engine.measure(planning.parse(plan), table, scorer=scorer, nonce="check")
    made = engine.run(planning.parse(plan), table, scorer=scorer, nonce="check")
    failed = [entry["failed"] for entry in made.probes if "failed" in entry]
    if failed:
        raise NotConforming(f"{name}: it failed in its own process: {failed}")
    there = made.sealed_evidence["findings"]
    if there != findings.rounded([finding.as_json() for finding in here]):
        raise NotConforming(f"{name}: in its own process it finds something else")


class _Case:
    """One probe with its plan and data."""

    def __init__(
        self, probe: type[Probe[Any]], plan: Plan, table: pa.Table, scorer: Scorer | None
    ) -> None:
        self.probe, self.plan, self.table, self.scorer = probe, plan, table, scorer

    def run(self, table: pa.Table | None = None, *, shards: int = 1) -> engine.Outcome:
        given = self.table if table is None else table
        made = engine.run(self.plan, given, scorer=self.scorer, nonce="check", shards=shards)
        broken = [entry["failed"] for entry in made.probes if "failed" in entry]
        self.hold(not broken, f"the probe failed: {broken}")
        return made

    @cached_property
    def plain(self) -> engine.Outcome:
        """The data as they are, in one shard."""
        return self.run()

    def hold(self, fact: bool, said: str) -> None:
        if not fact:
            raise NotConforming(f"{self.probe.spec.id}: {said}")

    def groups(self) -> list[str]:
        columns = self.plan.columns
        return list(columns.sensitive) or [c for c in (*columns.profile, *columns.control) if c]


def same_on_any_number_of_shards(case: _Case) -> None:
    """One, two and seven shards give the same findings digest."""
    found = {made.findings_digest for made in (case.plain, case.run(shards=2), case.run(shards=7))}
    case.hold(len(found) == 1, "1, 2 and 7 shards give different findings")


def same_in_any_order(case: _Case) -> None:
    """Permuting the rows changes nothing."""
    rng = np.random.default_rng(0)
    shuffled = case.table.take(rng.permutation(case.table.num_rows))
    case.hold(
        case.plain.findings_digest == case.run(shuffled).findings_digest,
        "the findings depend on the order of the rows",
    )


def sorted_shards_miss_groups(case: _Case) -> None:
    """Shards that have not seen some group merge to the same state."""
    for name in case.groups()[:1]:
        order = np.argsort(coded(case.table[name]).codes, kind="stable")
        arranged = case.table.take(order)
        found = {case.run(arranged, shards=shards).findings_digest for shards in (1, 3)}
        case.hold(len(found) == 1, "shards without some group merge differently")


def findings_fit_their_schema(case: _Case) -> None:
    """Details follow the schema, both languages are there, and the JSON is canonical."""
    made = case.plain
    case.hold(bool(made.findings), "no finding at all")
    for finding in made.findings:
        attestation.canonical(finding.as_json())
        case.hold(all(finding.reading.get(k) for k in ("zh", "en")), "a reading lacks a language")
        case.hold(all(finding.limit.get(k) for k in ("zh", "en")), "a limit lacks a language")
        try:
            case.probe.spec.details.model_validate_json(json.dumps(dict(finding.details)))
        except ValidationError as error:
            raise NotConforming(f"{case.probe.spec.id}: details: {error}") from error


def verdicts_fit_their_numbers(case: _Case) -> None:
    """What is not evaluable has no effect or says why; what is evaluable has one."""
    for finding in case.plain.findings:
        if finding.verdict is not Verdict.NOT_EVALUABLE and not finding.suppressed:
            bare = finding.effect.get("value") is None and finding.ci is None
            case.hold(not bare, f"{finding.metric} has a verdict without a number")


def schemas_are_json_schema(case: _Case) -> None:
    """Options and details have JSON Schemas, and the digest covers real source."""
    spec = case.probe.spec
    case.hold(spec.options_schema().get("type") == "object", "the options have no schema")
    case.hold(spec.details_schema().get("type") == "object", "the details have no schema")
    case.hold(isinstance(spec.question, Text), "the question lacks a language")
    case.hold(len(digest(case.probe)) == 64, "there is no digest")


def hard_data_do_not_break_it(case: _Case) -> None:
    """A constant column, an absent group, one row, missing values, an unseen level."""
    for name in case.groups():
        first = coded(case.table[name]).names[0]
        text = pc.cast(case.table[name], pa.string())
        rows = case.table.num_rows
        constant = pa.array([first] * rows)
        missing = pc.if_else(pa.array(np.arange(rows) % 5 == 0), None, case.table[name])
        strange = pc.if_else(pa.array(np.arange(rows) == 1), "never seen", text)
        for column in (
            _like(constant, case.table[name]),
            missing,
            pa.nulls(rows, case.table[name].type),
        ):
            case.run(_with(case.table, name, column))
        if pa.types.is_string(case.table[name].type):
            case.run(_with(case.table, name, strange))
    case.run(case.table.slice(0, 1))
    case.run(case.table.slice(0, 3))


def nothing_is_found_in_one_row(case: _Case) -> None:
    """One row proves nothing: no finding may claim a disparity, a difference or equivalence."""
    quiet = {Verdict.NOT_EVALUABLE, Verdict.INCONCLUSIVE}
    for finding in case.run(case.table.slice(0, 1)).findings:
        case.hold(
            finding.verdict in quiet, f"{finding.metric} claims {finding.verdict} from one row"
        )


def rounding_is_settled(case: _Case) -> None:
    """Findings are rounded: settling them again changes nothing."""
    made: Sequence[Finding] = case.plain.findings
    case.hold(all(findings.settle(f) == f for f in made), "numbers are not rounded to ten digits")


def _with(table: pa.Table, name: str, column: pa.Array | pa.ChunkedArray) -> pa.Table:
    return table.set_column(table.schema.names.index(name), name, column)


def _like(column: pa.Array, other: pa.ChunkedArray) -> pa.Array:
    return column if pa.types.is_string(other.type) else column.cast(other.type)


CHECKS: tuple[Callable[[_Case], None], ...] = (
    schemas_are_json_schema,
    findings_fit_their_schema,
    verdicts_fit_their_numbers,
    rounding_is_settled,
    same_on_any_number_of_shards,
    same_in_any_order,
    sorted_shards_miss_groups,
    hard_data_do_not_break_it,
    nothing_is_found_in_one_row,
)
