"""One run of a plan: batches to probes, requests to the model, findings and evidence out."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property, partial
from typing import Any, TypeAlias, TypeVar

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from evaluators import probe, sizes
from evaluators.accumulating import weights
from evaluators.accumulating.accumulators import Cells, merge_cells
from evaluators.guests import installed, outsider
from evaluators.guests.outsider_visit import visiting
from evaluators.judging import counted, findings, readings
from evaluators.plan import Plan, ProbePlan
from evaluators.policy import POLICY
from evaluators.probe import Oracle, Probe, ProbeSpec, Run, Scorer, ScoreRequest, Table
from evaluators.running import (
    census,
    citing,
    cost,
    evidence,
    left_out,
    passes,
    sufficiency,
    together,
)
from evaluators.running.attacker import Claim, Told
from evaluators.running.audit import Parts
from evaluators.running.data import Source
from evaluators.running.evidence import Before, Evidence
from evaluators.running.lacking import Cause, Lacking
from evaluators.running.rounds import Questioner
from evaluators.running.tellable import OVER_GROUPS
from evaluators.running.unseen import Unseen
from registry import attestation
from registry.findings import Finding, Verdict
from registry.language import Text

Progress = Callable[[int, int, Text], None]
Floats = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]
Given = TypeVar("Given")
Data: TypeAlias = pa.Table | Iterable[pa.RecordBatch] | Source

NO_MODEL = Text(
    "这项检验要向模型提问；这次只有数据里的结果，没有模型。",
    "This probe asks the model; this run has only answers in the data, no model.",
)
UNSTEADY = Text(
    "同样的行换一批来问，结果就不同，所以任何差异都可能是分批造成的。",
    "The same rows, asked in another batch, got other answers, so any difference may come from "
    "the batching.",
)
UNWEIGHTED = Text(
    "这项检验把每一行都算作一个，没有用计划里的权重。",
    " This probe counts every row as one; the weights of the plan are not used.",
)
NOTHING_SAID = Text(
    "这说明不了模型有没有差别对待。", "This says nothing about how the model treats groups."
)


def silent(done: int, total: int, said: Text) -> None:
    """The progress callback of a caller who does not watch."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a run has found.

    Args:
        findings: as published; suppressed groups keep the verdict and lose the numbers.
        findings_digest: the same for the same plan, data, nonce and earlier evidence (`beside`),
            wherever it ran.
        evidence: what may be published of it, and what is sealed.
        probes: {id, version, digest, package}, with `isolation` for a third party's and `failed`
            where one broke.
        predictions: how often the model was asked.
        rows: how many rows were read.
    """

    findings: tuple[Finding, ...]
    findings_digest: str
    evidence: Evidence
    probes: tuple[dict[str, Any], ...]
    predictions: int
    rows: int

    @property
    def left_out(self) -> dict[str, Any]:
        """How many rows lack what, as published: {rows, without, least}."""
        return self.evidence.rows_read

    def beside(self, before: Before) -> "Outcome":
        """The same, published so that nothing follows from what is public already.

        Args:
            before: the earlier reports about the same people.
        """
        made = self.evidence.beside(before)
        return replace(
            self,
            findings=made.findings,
            findings_digest=findings.digest(made.findings),
            evidence=made,
        )

    @property
    def public_evidence(self) -> dict[str, Any]:
        """Tables without small cells, and commitments to the rest."""
        return self.evidence.public

    @property
    def sealed_evidence(self) -> dict[str, Any]:
        """Every accumulator and full finding, for the authority and the assigned tester."""
        return self.evidence.sealed


@dataclass
class _Entry:
    """One planned probe while it runs; `active` until its last pass or its failure.

    `told` is what a third party's probe printed when it failed; it may quote rows, so it is sealed.
    """

    probe: Probe[Any]
    active: bool = True
    state: Any = None
    shards: list[Any] = field(default_factory=list)
    requests: dict[str, ScoreRequest] = field(default_factory=dict)
    said: Text | None = None
    failed: str | None = None
    told: str = ""


def run(
    plan: Plan,
    table: Data,
    *,
    scorer: Scorer | None,
    nonce: str,
    progress: Progress = silent,
    shards: int = 1,
    registered: Sequence[Plan] = (),
    through: passes.Reader | None = None,
) -> Outcome:
    """Run a plan on data.

    Args:
        plan: what to test.
        table: the rows; an iterable is read once per pass, a one-shot iterator is kept; a file is
            opened by `files.open_source`.
        scorer: the model in its sandbox; None when the answers stand in the data.
        nonce: issued after plan and data were sealed.
        progress: told what is done, of how much, in words.
        shards: how many states to fold side by side; the findings do not depend on it.
        registered: the other plans registered on this model version before the nonce.
        through: who reads the rows in place of this process (see `cell_query`, `dask_workers`).

    Raises:
        DataUnfit: the data or the model lack what the plan needs; every reason is listed.
    """
    with visiting():
        going = _measured(
            plan, table, scorer, nonce, progress=progress, shards=shards, through=through
        )
        return going.concluded(registered)


def measure(
    plan: Plan,
    table: Data,
    *,
    scorer: Scorer | None,
    nonce: str,
) -> list[Finding]:
    """The full findings alone, without evidence: for calibration and for a probe's own tests.

    Args:
        plan: what to test.
        table: the rows.
        scorer: the model, or None.
        nonce: keys the random numbers.
    """
    with visiting():
        going = _measured(plan, table, scorer, nonce)
        return [f for entry in going.entries for f in going.findings(entry, ())]


def _measured(
    plan: Plan,
    table: Data,
    scorer: Scorer | None,
    nonce: str,
    *,
    progress: Progress = silent,
    shards: int = 1,
    through: passes.Reader | None = None,
) -> "_Going":
    """A run whose passes are done."""
    entries = [_Entry(bound(planned)) for planned in plan.probes]
    source = table if isinstance(table, Source) else Source(table)
    _check(plan, source, [entry.probe for entry in entries], scored=scorer is not None)
    going = _Going(
        plan, source, nonce, entries, shards=max(1, shards), progress=progress, through=through
    )
    for entry in entries:
        going.guarded(entry, partial(going.announce, entry, scored=scorer is not None))
    if scorer is not None:
        going.question(scorer)
    else:
        going.go_without()
    while going.active():
        going.one_pass()
    return going


def check(plan: Plan, source: Source, *, scored: bool) -> None:
    """See before a run whether data and model have what the plan needs.

    Args:
        plan: what to test.
        source: the rows.
        scored: whether a model answers.

    Raises:
        DataUnfit: with every reason.
    """
    with visiting():
        _check(plan, source, [bound(planned) for planned in plan.probes], scored=scored)


def _check(plan: Plan, source: Source, probes: Sequence[Probe[Any]], *, scored: bool) -> None:
    working = [probe for probe in probes if scored or not probe.spec.asks_model]
    source.check(plan, working, scored=scored)


def bound(planned: ProbePlan) -> Probe[Any]:
    """The probe of a plan with its options."""
    kind = installed.probe_class(planned.id)
    return kind(kind.spec.options.model_validate(dict(planned.options)))


def costs(plan: Plan, rows: int, *, scored: bool) -> list[cost.Cost]:
    """What every probe of a plan will take on so many rows, before anything runs."""
    with visiting():
        return [cost.of(plan, bound(planned), rows, scored=scored) for planned in plan.probes]


def predictions_needed(plan: Plan, rows: int) -> int:
    """The most predictions that a run of this plan on so many rows will ask for."""
    with visiting():
        asked = sum(bound(planned).answers_in_all(plan, rows) for planned in plan.probes)
    return rows + asked + 3 * min(rows, int(POLICY.value("rebatch_sample")))


class _Going:
    """A run under way."""

    def __init__(
        self,
        plan: Plan,
        source: Source,
        nonce: str,
        entries: list[_Entry],
        *,
        shards: int,
        progress: Progress,
        through: passes.Reader | None,
    ) -> None:
        self.plan, self.source, self.nonce, self.entries = plan, source, nonce, entries
        self.shards, self.progress = shards, progress
        self.seed = attestation.digest([plan.digest, nonce])
        self.asker: Questioner | None = None
        self.oracle = Oracle("column")
        self.through = through
        self.here = passes.Here(source)
        self.predictions, self.broken = 0, dict[str, str]()
        self.decided: tuple[int, int] | None = None
        self.passes = 0
        self.lacking: Lacking | None = None
        self.census: Cells | None = None

    def announce(self, entry: _Entry, *, scored: bool) -> None:
        """Say what a probe will take, where it is worth saying and the probe will run."""
        takes = cost.of(self.plan, entry.probe, self.source.rows, scored=scored)
        if takes.notable and (scored or not entry.probe.spec.asks_model):
            self.progress(0, self.source.rows, takes.said)

    def question(self, scorer: Scorer) -> None:
        """Have a model answer, and see first whether it is steady."""
        self.asker = Questioner(scorer, self.plan.columns.inputs, self.seed)
        self.progress(
            0, self.source.rows, Text("检查模型是否稳定", "checking that the model is steady")
        )
        self.oracle = self.asker.check(self.source.first())
        self.predictions = self.asker.asked
        self.here = passes.Here(self.source, self.asker)

    def go_without(self) -> None:
        """Stand down the probes that can say nothing without a model."""
        for entry in self.entries:
            if entry.probe.spec.asks_model:
                make = partial(entry.probe.create_accumulator, self.plan)
                entry.active, entry.state = False, self.guarded(entry, make)

    def active(self) -> list[_Entry]:
        """The probes that still have a pass to go."""
        return [entry for entry in self.entries if entry.active]

    def one_pass(self) -> None:
        """Read all rows once, for every active probe."""
        for entry in self.active():
            self.guarded(entry, partial(self._open, entry))
        self.passes += 1
        entries = self.active()
        # What a third party's process holds cannot travel: its rows are read here.
        stay = [self.through is None or isinstance(e.probe, outsider.Outsider) for e in entries]
        self._read(self.here, [e for e, stays in zip(entries, stay, strict=True) if stays])
        self._read(
            self.through or self.here, [e for e, s in zip(entries, stay, strict=True) if not s]
        )
        for entry in self.active():
            self.guarded(entry, partial(self._close, entry))

    def _read(self, reader: passes.Reader, entries: list[_Entry]) -> None:
        if not entries:
            return
        work = passes.Pass(
            self.plan, self.nonce, self.seed,
            tuple(passes.Reading(e.probe, e.requests) for e in entries),
            tuple(self.source.schema.names), self.scored, self.shards, self._watched(),
            first=self.lacking is None,
        )  # fmt: skip
        said = Text(f"读数据，第 {self.passes} 遍", f"reading the data, pass {self.passes}")
        weighing, lacking = None, Lacking()
        decided = self.decided  # every pass counts the same decisions: once is enough
        for folded in reader.fold(work, lambda done: self.progress(done, self.source.rows, said)):
            self.predictions += folded.asked
            self.broken |= folded.broken
            if folded.weighing is not None:
                weighing = folded.weighing + (weighing or 0)
            if decided is None and folded.decided is not None:
                before = self.decided or (0, 0)
                self.decided = before[0] + folded.decided[0], before[1] + folded.decided[1]
            lacking = lacking.plus(folded.lacking)
            if folded.census is not None:
                parts = [each for each in (self.census, folded.census) if each is not None]
                self.census = merge_cells(parts)
            for at, entry in enumerate(entries):
                entry.shards += folded.states[at]
                if at in folded.failed:
                    self._fail(entry, *folded.failed[at])
        if self.lacking is None:
            self.lacking = replace(lacking, rows=self.source.rows, watched=work.watched)
        if weighing is not None:
            weights.check_some(weighing, str(self.plan.columns.weight))

    def _watched(self) -> tuple[Cause, ...]:
        """What rows may lack: counted as they are read for the first time, and never again."""
        if self.lacking is not None:
            return ()
        working = [entry.probe for entry in self.active()]
        return left_out.watched(working, self.plan, scored=self.scored)

    @property
    def scored(self) -> bool:
        """Whether a model answers."""
        return self.asker is not None

    def _open(self, entry: _Entry) -> None:
        entry.shards = []
        requests = entry.probe.requests(entry.probe.create_accumulator(self.plan), self.plan)
        entry.requests = {request.key: request for request in requests}
        if entry.requests and self.asker is None:
            entry.active, entry.said = False, NO_MODEL

    def _close(self, entry: _Entry) -> None:
        entry.state = entry.probe.merge(entry.shards)
        refined = entry.probe.refine(entry.state, self.plan)
        entry.active = refined is not None
        entry.probe = refined or entry.probe

    def guarded(self, entry: _Entry, call: Callable[[], Given]) -> Given | None:
        """Run a plugin's code; its failure is recorded, named, and takes no other probe down."""
        try:
            return call()
        except Exception as error:  # noqa: BLE001  # the one broad except: a plugin may do anything
            self._fail(entry, type(error).__name__, str(error))
            return None

    @staticmethod
    def _fail(entry: _Entry, kind: str, said: str) -> None:
        entry.active, entry.failed = False, f"{kind}: {said}"[:500]
        entry.said, entry.told = _why(entry.probe, kind)

    def concluded(self, registered: Sequence[Plan]) -> Outcome:
        """What was found, with no group for the one held against whose numbers are hidden.

        Which groups are hidden follows from the findings; where one of them was chosen for the
        reference, the findings are made again without it.

        Args:
            registered: the other plans registered on this model version.
        """
        untold: dict[str, frozenset[str]] = {}
        found = {entry.probe.spec.id: self.findings(entry, registered) for entry in self.entries}
        while True:
            made = self.outcome([each for own in found.values() for each in own])
            chosen = {
                (each.probe, name, each.reference_group)
                for each in made.evidence.full
                for name in each.slice
                if name not in self.plan.reference
                and each.reference_group not in (None, *untold.get(name, ()))
                and frozenset({(name, each.reference_group)}) in made.evidence.hidden
            }
            if not chosen:
                return made
            for group in made.evidence.hidden:
                for name, level in group if len(group) == 1 else ():
                    untold[name] = untold.get(name, frozenset()) | {str(level)}
            again = {probe for probe, _, _ in chosen}
            found |= {
                entry.probe.spec.id: self.findings(entry, registered, untold)
                for entry in self.entries
                if entry.probe.spec.id in again
            }

    def findings(
        self,
        entry: _Entry,
        registered: Sequence[Plan],
        untold: Mapping[str, frozenset[str]] | None = None,
    ) -> list[Finding]:
        """What one probe has found, or why it has not, rounded.

        Args:
            entry: the probe with what it has counted.
            registered: the other plans registered on this model version.
            untold: sensitive feature → the groups that are hidden.
        """
        found = self._found(entry, registered, untold or {})
        return [findings.settle(citing.cited(f, entry.probe.spec, self.plan)) for f in found]

    def _found(
        self, entry: _Entry, registered: Sequence[Plan], untold: Mapping[str, frozenset[str]]
    ) -> list[Finding]:
        spec = entry.probe.spec
        plans = 1 + sum(_same_family(self.plan, other, spec.id) for other in registered)
        oracle = replace(self.oracle, broken=self.broken)
        said = readings.tested(self.plan.columns, self.plan.plain, scored=self.scored)
        going = Run(self.nonce, oracle, self.source.rows, plans, said, untold)
        found: list[Finding] | None = None
        if entry.said is None:
            found = self.guarded(
                entry, partial(entry.probe.extract_findings, entry.state, self.plan, going)
            )
        if found is None:
            why = entry.said or NOTHING_SAID
            return [findings.not_evaluable(spec, spec.id, slice_={}, why=why, limit=NOTHING_SAID)]
        asks = entry.requests or {*spec.derived, *spec.welcome} - {probe.UNIT}
        if self.oracle.batch_stable is False and asks and not spec.judges_steadiness:
            return [_unsteady(finding) for finding in found]
        found = [sufficiency.judged(f, spec, self.plan, self.decided) for f in found]
        if self.lacking is not None:
            unseen = Unseen(entry.probe, self.plan, self.lacking, self.scored)
            found = [unseen.held(each) for each in found]
        found = [self._in_several(each) for each in found]
        if self.lacking is not None:
            found = left_out.beside(
                found, entry.probe, self.plan, self.lacking, scored=self.scored
            )
        if self.plan.columns.weight is not None and not _heeds_weight(spec):
            return [_unweighted(finding) for finding in found]
        return found

    def _in_several(self, finding: Finding) -> Finding:
        """The finding, which says so where units stand in several of the groups that it compares."""
        of_all = finding.metric in OVER_GROUPS and not finding.slice
        about = self.plan.columns.sensitive if of_all else finding.slice
        named = [self.plan.plain(name) for name in about if name in self.varying]
        return counted.in_several(finding, named, self.plan.content)

    @cached_property
    def varying(self) -> frozenset[str]:
        """The compared features that vary among the rows of one unit; known after the first pass."""
        return frozenset() if self.census is None else census.varying(self.census)

    def outcome(self, settled: list[Finding]) -> Outcome:
        """Publish what may be published, and seal the rest."""
        tables = {
            entry.probe.spec.id: (
                *self._own(entry),
                *self._units(entry, settled),
            )
            for entry in self.entries
            if entry.said is None
        }
        states = {
            entry.probe.spec.id: self.guarded(entry, partial(entry.probe.sealed, entry.state))
            for entry in self.entries
            if entry.said is None
        }
        told = {entry.probe.spec.id: entry.told for entry in self.entries if entry.told}
        foreign = [e.probe.spec.id for e in self.entries if isinstance(e.probe, outsider.Outsider)]
        made = evidence.make(
            self.plan,
            settled,
            tables,
            states,
            said=self._said(settled),
            told=told,
            foreign=foreign,
            bare=self._bare(settled),
            behind=self._behind(tables),
            unweighted=self._unheeding(),
            gathered=together.of(
                settled, {e.probe.spec.id: e.probe for e in self.entries}, self.plan
            ),
            counted=None if self.census is None else frozenset(self.census.keys[:-1]),
            groups=self._sizes(settled),
            parts=self._parts(settled),
        )
        return Outcome(
            findings=made.findings,
            findings_digest=findings.digest(made.findings),
            evidence=made,
            probes=tuple(_named(entry) for entry in self.entries),
            predictions=self.predictions,
            rows=self.source.rows,
        )

    def _parts(self, settled: Sequence[Finding]) -> dict[int, Parts]:
        """Which findings have worst-case bounds, and what these give away."""
        if self.lacking is None:
            return {}
        made = {
            entry.probe.spec.id: Unseen(entry.probe, self.plan, self.lacking, self.scored)
            for entry in self.entries
        }
        told = {number: made[each.probe].parts(each) for number, each in enumerate(settled)}
        return {number: parts for number, parts in told.items() if parts is not None}

    def _sizes(self, settled: Sequence[Finding]) -> list[sizes.Sizes]:
        """How many accounts are in the groups that price probes compare, as they were quoted."""
        columns, accounts = self.plan.columns, None
        priced = [e for e in self.entries if e.probe.spec.task == "pricing" and e.said is None
                  and not e.requests]  # fmt: skip
        if priced and self.census is not None:
            accounts = len({key[-1] for key in self.census.table})
        elif columns.user is None:
            accounts = self.source.rows
        own = {e.probe.spec.id: self.guarded(e, partial(e.probe.sizes, e.state, self.plan)) or ()
               for e in priced}  # fmt: skip
        found = [each for each in settled if each.probe in own]
        stated = {name: made for name, made in own.items() if made}
        return sizes.of(found, stated, accounts=accounts, min_n=self.plan.min_n)

    def _own(self, entry: _Entry) -> list[Table]:
        """A probe's own tables; where units are counted, none of ours takes rows for people."""
        made = self.guarded(entry, partial(entry.probe.public, entry.state, self.plan)) or ()
        theirs = self.census is None or isinstance(entry.probe, outsider.Outsider)
        return [table for table in made if theirs or table.kind != "people"]

    def _behind(self, tables: Mapping[str, Sequence[Table]]) -> dict[str, list[Table]]:
        """Per probe its tables of distinct units, in rows."""
        census_ = self.census
        if census_ is None:
            return {}
        ours = {
            e.probe.spec.id for e in self.entries if not isinstance(e.probe, outsider.Outsider)
        }
        return {
            name: census.behind(census_, [each for each in own if each.kind == "units"])
            for name, own in tables.items()
            if name in ours
        }

    def _unheeding(self) -> list[str]:
        """The probes that count rows of no weight, where there are such rows.

        Beside the others' tables theirs would tell how few these rows are.
        """
        lacking, weight = self.lacking, self.plan.columns.weight
        if lacking is None or Cause("zero", weight or "") not in lacking.causes:
            return []
        return [e.probe.spec.id for e in self.entries if not _heeds_weight(e.probe.spec)]

    def _units(self, entry: _Entry, settled: Sequence[Finding]) -> list[Table]:
        """The tables of distinct units behind a probe's findings, where units repeat."""
        if self.census is None:
            return []
        name = entry.probe.spec.id
        found = [each for each in settled if each.probe == name]
        needs = [entry.probe.needs(self.plan, f.metric, f.slice) for f in found]
        return census.tables(self.census, name, found, needs, self.plan)

    def _bare(self, settled: Sequence[Finding]) -> frozenset[int]:
        """The findings, by number, whose numbers are of units that nobody counted."""
        probes = {entry.probe.spec.id: entry.probe for entry in self.entries}
        return frozenset(
            number
            for number, each in enumerate(settled)
            if self.census is not None
            and findings.tells(each)
            and census.uncounted(
                self.census,
                each,
                probes[each.probe].needs(self.plan, each.metric, each.slice),
                self.plan,
            )
        )

    def _said(self, settled: Sequence[Finding]) -> Told:
        """What is told beside the tables."""
        columns, lacking = self.plan.columns, self.lacking or Lacking(self.source.rows)
        decided = columns.score if columns.score is not None and columns.decides else None
        claims = list[Claim]()
        for entry in self.entries:
            found = [each for each in settled if each.probe == entry.probe.spec.id]
            if columns.unit is None:
                claims += left_out.claims(
                    found, entry.probe, self.plan, lacking, scored=self.scored
                )
        return Told(
            lacking,
            claims=tuple(dict.fromkeys(claims)),
            decision=frozenset({"" if self.scored else decided or columns.prediction or ""}),
            outcome=columns.target if columns.favourable is not None else None,
            weight=columns.weight,
        )


def _same_family(plan: Plan, other: Plan, name: str) -> bool:
    """Whether another plan tests the same question about one of the same attributes."""
    if name not in {planned.id for planned in other.probes}:
        return False
    mine, theirs = set(plan.columns.sensitive), set(other.columns.sensitive)
    return bool(mine & theirs) or not mine


def _heeds_weight(spec: ProbeSpec) -> bool:
    return "weight" in {*spec.roles, *spec.optional}


def _unweighted(finding: Finding) -> Finding:
    said = {name: finding.limit[name] + getattr(UNWEIGHTED, name) for name in ("zh", "en")}
    return replace(counted.row_by_row(finding), limit=said)


def _unsteady(finding: Finding) -> Finding:
    return replace(
        finding, verdict=Verdict.NOT_EVALUABLE, reading=UNSTEADY.as_json(), severity=None
    )


def _why(failed: Probe[Any], kind: str) -> tuple[Text, str]:
    """What a finding says of a probe that failed, and what the probe itself said."""
    if isinstance(failed, outsider.Outsider) and failed.failure is not None:
        return failed.failure.said, failed.failure.told
    said = Text(
        f"检验程序出错（{kind}），没有得出结果。", f"The probe failed ({kind}) and gave no result."
    )
    return said, ""


def _named(entry: _Entry) -> dict[str, Any]:
    spec = entry.probe.spec
    named = {
        "id": spec.id,
        "version": spec.version,
        "digest": probe.digest(type(entry.probe)),
        "package": installed.origin(spec.id).as_json(),
    }
    if isinstance(entry.probe, outsider.Outsider):
        named["isolation"] = entry.probe.plugin.tier.name
    return {**named, "failed": entry.failed} if entry.failed else named
