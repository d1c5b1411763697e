"""The contract of a probe: one statistical question, folded over batches into a mergeable state.

A probe never holds a model. It yields requests for predictions; the engine collects the requests
of all probes, has them answered in the sandbox, and puts the answers beside the rows as columns:

- `SCORE`: the answer of the model to the row as it is (or the plan's score column), float64;
- `FAVOURED`: whether that answer is the favourable one (score against the cut, or the plan's
  prediction column), boolean;
- `CLASS`: the name of the class that was answered, where a classifier names one (or the plan's
  prediction column), string;
- `DESERVED`: whether the observed outcome is the favourable one, boolean;
- `UNIT`: the keyed 64-bit hash of the plan's unit, or of the row's content without one, uint64;
- `answer(key)`: the answers to a probe's own `ScoreRequest(key=…)`, float64;
- `WEIGHT`: the plan's weight of the row, 0 or more (`evaluators.accumulating.weights`), float64;
- `COUNT`: how many equal rows a row stands for, int64; only for probes that count (`Probe.counts`).

Everything else in a batch is the data as sent.
"""

import hashlib
import sys
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cache
from pathlib import Path
from typing import Any, ClassVar, Generic, Literal, Protocol, TypeVar

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from pydantic import BaseModel, ConfigDict

from evaluators.accumulating import tally
from evaluators.plan import Plan
from evaluators.sizes import Sizes
from registry import attestation
from registry.findings import Finding
from registry.language import Text

Acc = TypeVar("Acc")
Task = Literal["decision", "pricing"]

CERTIFICATES = Path(__file__).with_name("certificates")
COUNT = tally.COUNT
SCORE = "mingsuan:score"
CLASS = "mingsuan:class"
FAVOURED = "mingsuan:favoured"
DESERVED = "mingsuan:deserved"
UNIT = "mingsuan:unit"
WEIGHT = "mingsuan:weight"
ANSWERS = frozenset({SCORE, FAVOURED, CLASS})


def answer(key: str) -> str:
    """The name of the column that holds the answers to the request `key`."""
    return f"mingsuan:answer:{key}"


class Scorer(Protocol):
    """Who answers: `registry.scoring` has the real one, in the sandbox.

    One behind which somebody else serves the answers says `served = True`: what it answered twice
    alike it may answer otherwise the next time, so it is never taken for deterministic.
    """

    def score(self, frames: Sequence[pa.Table]) -> list[npt.NDArray[np.float64]]:
        """One array of answers per frame, each frame in its own single-use sandbox."""


class State(StrEnum):
    """What a probe keeps while rows go by; memory promises bind the first two only."""

    CELLS = "cells"
    BY_CLUSTER = "by_cluster"
    MULTI_PASS = "multi_pass"  # noqa: S105  # no password
    ROWS = "rows"


class Options(BaseModel):
    """What a plan may say to a probe; subclasses declare the fields. Unknown keys are refused."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Details(BaseModel):
    """The probe's own numbers in `Finding.details`; subclasses declare the fields."""

    model_config = ConfigDict(extra="forbid", frozen=True)


@dataclass(frozen=True, slots=True)
class ProbeSpec:
    """What a probe is, in data.

    Args:
        id, version: its name in plans, and its own version; both stand in every finding.
        task: decides which probes the policy requires beside it.
        state: what it keeps.
        roles: the plan's columns it needs ("sensitive", "target", "price", …); the engine refuses
            a plan that lacks one.
        derived: the engine's columns it needs (`SCORE`, `FAVOURED`, `DESERVED`, `UNIT`).
        optional: roles whose columns it reads when the plan names them.
        options: the schema of its options (pydantic; as JSON Schema 2020-12 for forms).
        details: the schema of `Finding.details`.
        legal_refs: article ids of law.md.
        question: what it asks, in plain words.
        welcome: derived columns it reads when they can be had; their lack is no fault of a plan.
        judges_steadiness: it measures how steady answers are, so that answers which depend on the
            batch do not make its findings not evaluable.
        asks_model: it can say nothing without the model; on answers that came with the data it
            gets no rows, and says so.
    """

    id: str
    version: str
    task: Task
    state: State
    roles: tuple[str, ...]
    derived: tuple[str, ...]
    options: type[Options]
    details: type[Details]
    legal_refs: tuple[str, ...]
    question: Text
    optional: tuple[str, ...] = ()
    welcome: tuple[str, ...] = ()
    judges_steadiness: bool = False
    asks_model: bool = False

    def options_schema(self) -> dict[str, Any]:
        """The JSON Schema (2020-12) of the options."""
        return self.options.model_json_schema()

    def details_schema(self) -> dict[str, Any]:
        """The JSON Schema (2020-12) of the details of a finding."""
        return self.details.model_json_schema(mode="serialization")


@dataclass(frozen=True, slots=True)
class Change:
    """How one input column of a row is altered before the model is asked.

    Args:
        kind: `set` gives every row `value`; `map` replaces the levels named in `value` (a mapping
            from level to level, others stay); `take` copies the column named `value`;
            `scale` multiplies a number by `value`; `shift` adds `value` to it; `swap` exchanges
            words of a text by the lists in `value` (see `evaluators.behaviour.wording`).
        value: see `kind`.
    """

    kind: Literal["set", "map", "take", "scale", "shift", "swap"]
    value: Any

    def as_json(self) -> dict[str, Any]:
        """The change as canonical JSON content."""
        return {"kind": self.kind, "value": self.value}


@dataclass(frozen=True, slots=True)
class ScoreRequest:
    """A copy of the rows, altered, that the model is to answer.

    No sandbox ever sees two copies of one row: the engine shuffles the rows, deals the copies of a
    row over different frames, and mixes copies of different requests in every frame, so that a
    model can't tell an audit frame from any other. The same request made by two probes is asked
    once. The row as it is needs no request: it is `SCORE`.

    Args:
        key: the answers come as the column `answer(key)`.
        changes: input column → change; empty means the row as it is (an A/A twin, with `copy`).
        copy: distinguishes requests that are meant to be asked again (A/A twins).
        sample: at most so many rows, chosen by the keyed hash of the unit; None means all.
            Rows that were not chosen have a null answer.
        risky: the model may break on it: it is asked in frames of its own, and a round that
            ends without answers leaves NaN and its cause (see `Oracle.broken`).
    """

    key: str
    changes: Mapping[str, Change] = field(default_factory=dict)
    copy: int = 0
    sample: int | None = None
    risky: bool = False

    def identity(self) -> str:
        """What makes two requests the same question to the model."""
        changes = {name: change.as_json() for name, change in self.changes.items()}
        return attestation.digest([changes, self.copy, self.sample, self.risky])


@dataclass(frozen=True, slots=True)
class Oracle:
    """What is known about the party that answered.

    Args:
        kind: `model` (scored in this run) or `column` (answers came with the data).
        inputs: the model's input columns; empty for `column`.
        deterministic: the model asked twice in one frame gave the same answers; None if it was not
            asked, or is a service that may change, of which that shows nothing.
        batch_stable: a re-batched sample agreed within the declared tolerance; None if not asked.
        largest_gap: the largest difference seen in those two checks.
        broken: identity of a risky request → why rounds of it ended without answers.
    """

    kind: Literal["model", "column"]
    inputs: tuple[str, ...] = ()
    deterministic: bool | None = None
    batch_stable: bool | None = None
    largest_gap: float | None = None
    broken: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Run:
    """The run a finding belongs to: who answered, and where random numbers come from.

    Args:
        nonce: issued by the registry after plan and data were sealed.
        oracle: who answered.
        rows: rows seen.
        plans: how many plans with the same probe and attribute are registered on this version,
            this one included: families span them all.
        tested: what was tested, in words, as it opens a sentence; None is told by the oracle.
        untold: sensitive feature → its groups that are hidden in the whole report; none of them is
            chosen for the one that all others are held against.
    """

    nonce: str
    oracle: Oracle
    rows: int
    plans: int = 1
    tested: Text | None = None
    untold: Mapping[str, frozenset[str]] = field(default_factory=dict)

    def rng(self, hypothesis: str) -> np.random.Generator:
        """A counter-based generator keyed by the hypothesis and the nonce (Philox-4x64)."""
        seed = hashlib.sha256(f"{self.nonce}\x00{hypothesis}".encode()).digest()
        return np.random.Generator(np.random.Philox(key=int.from_bytes(seed[:16], "big")))


@dataclass(frozen=True, slots=True)
class Share:
    """What a rate counts: of which kinds of rows it is the share of which.

    Kinds are decision and outcome together: tp (favourable, rightly), fp, fn (refused wrongly), tn.

    Args:
        top: what it counts.
        of: among which, `top` included.
        difference: the line of the difference of two such rates, beside that of their ratio.
    """

    top: frozenset[str]
    of: frozenset[str]
    difference: float | None = None


@dataclass(frozen=True, slots=True)
class NullCase:
    """One simulated data set on which a probe should find nothing.

    Args:
        plan: the plan, as a mapping.
        table: the data.
        scorer: a simulated service (see `registry.scoring.Scorer`), or None.
        truth: metric → the true effect, for coverage of the unadjusted intervals.
    """

    plan: Mapping[str, Any]
    table: pa.Table
    scorer: Scorer | None = None
    truth: Mapping[str, float] = field(default_factory=dict)


class Probe(ABC, Generic[Acc]):
    """One statistical question. Subclasses set `spec` and write the four abstract methods.

    `add_batch` and `merge` are pure: they return a state and leave their arguments alone, or
    build on the first argument only if nobody else holds it (the engine promises that). `merge`
    is associative and commutative, and the merged state is the same in every order.

    Args:
        options: what the plan says to this probe, already validated.
    """

    spec: ClassVar[ProbeSpec]
    counts: ClassVar[bool] = False
    """Whether it only counts: rows may come grouped by `keys` and by what it `derives`, each line
    with its `COUNT`, and its `add_batch` heeds that column where it is there."""
    holds: ClassVar[tuple[str, ...]] = ()
    """Roles that it holds fixed where the plan names their columns: a row must have them all."""
    package_digest: ClassVar[str | None] = None
    """Of the files of a third party's package, whose modules are never imported here."""

    def __init__(self, options: Options) -> None:
        self.options = options

    @abstractmethod
    def create_accumulator(self, plan: Plan) -> Acc:
        """The state before any row."""

    @abstractmethod
    def add_batch(self, acc: Acc, batch: pa.RecordBatch) -> Acc:
        """The state after the rows of `batch`."""

    @abstractmethod
    def merge(self, accs: Sequence[Acc]) -> Acc:
        """The state after the rows of all of `accs`."""

    @abstractmethod
    def extract_findings(self, acc: Acc, plan: Plan, run: Run) -> list[Finding]:
        """The findings, each with its verdict and reading."""

    def refine(self, acc: Acc, plan: Plan) -> "Probe[Any] | None":  # noqa: ARG002
        """The probe for another pass over the rows, or None when this state is the last."""
        return None

    def requests(self, acc: Acc, plan: Plan) -> Iterator[ScoreRequest]:  # noqa: ARG002
        """The copies of rows to be answered in the pass that begins with the state `acc`.

        The engine asks with the fresh state of every pass, so a refined probe can
        build its requests from what the pass before has shown.
        """
        return iter(())

    def columns(self, plan: Plan) -> tuple[str, ...]:  # noqa: ARG002
        """The columns of the data that the probe's options name, besides those of its roles."""
        return ()

    def keys(self, plan: Plan) -> tuple[str, ...]:  # noqa: ARG002
        """The columns of the data by whose levels a probe counts, if that is all it does."""
        return ()

    def derives(self, plan: Plan) -> tuple[str, ...]:  # noqa: ARG002
        """The engine's columns that it reads under this plan: those of its spec, or fewer."""
        return (*self.spec.derived, *self.spec.welcome)

    def needs(self, plan: Plan, metric: str, slice_: Mapping[str, str]) -> tuple[str, ...]:  # noqa: ARG002
        """What a row must have to count towards a finding: columns, and the engine's own.

        By default what the spec names (of the sensitive features those that the finding is
        about). A probe that reads less or more for some of its findings says so here.

        Args:
            plan: names the columns.
            metric: of the finding.
            slice_: of the finding.
        """
        spec, columns = self.spec, plan.columns
        roles = [
            r for r in (*spec.roles, *self.holds) if r not in {"sensitive", "profile", "inputs"}
        ]
        derived = [name for name in spec.derived if name != UNIT]
        if not ANSWERS & set(derived):
            derived += [name for name in spec.welcome if name in ANSWERS]
        if WEIGHT in spec.welcome and columns.weight is not None:
            derived.append(WEIGHT)
        known = {*columns.sensitive, *columns.profile, *self.columns(plan)}
        features = [name for name in slice_ if name in known]
        return (*derived, *(name for role in roles for name in columns.listed(role)), *features)

    def gathers(self, plan: Plan, metric: str, slice_: Mapping[str, str]) -> "Gathered | None":  # noqa: ARG002
        """What of a finding's numbers comes of more groups than its own and its reference.

        Strata, a declared model, draws over all crossings: such a number changes with every one of
        the groups behind it, and gives a hidden one away (see `evaluators.running.together`). None: nothing.

        Args:
            plan: names the columns.
            metric: of the finding.
            slice_: of the finding.
        """
        return None

    def share(self, plan: Plan, metric: str) -> Share | None:  # noqa: ARG002
        """What the rates of a metric count, where it compares the rates of two groups of rows.

        The engine then says between which bounds the comparison would lie if those who lack a
        decision, an outcome or their group were known (see `evaluators.running.unseen`).

        Args:
            plan: names the columns.
            metric: of the finding.
        """
        return None

    def answers_per_row(self, plan: Plan) -> int:  # noqa: ARG002
        """The most answers per row this probe will request, for the budget."""
        return 0

    def answers_in_all(self, plan: Plan, rows: int) -> int:
        """The most answers it will request on so many rows; fewer where it asks about a sample."""
        return rows * self.answers_per_row(plan)

    def sealed(self, acc: Acc) -> Any:
        """The full state as JSON content, for the authority and the assigned tester."""
        return acc

    def public(self, acc: Acc, plan: Plan) -> "Sequence[Table]":  # noqa: ARG002
        """Count tables that may be published once small cells are suppressed (see evidence)."""
        return ()

    def sizes(self, acc: Acc, plan: Plan) -> Sequence[Sizes]:  # noqa: ARG002
        """Groups of accounts that no table of people counts, for the audit; never published.

        A price probe that says nothing is judged by the sizes that its findings state.
        """
        return ()

    def recompute(self, tables: "Sequence[Table]", plan: Plan, run: Run) -> list[Finding]:  # noqa: ARG002
        """The findings that follow from the published tables alone.

        What the tables do not show is None in them; a finding that does not follow is left out.
        """
        return []

    @classmethod
    def nulls(cls) -> "Mapping[str, NullDesign]":
        """The simulated data on which this probe is calibrated: design name → generator."""
        return {}

    @classmethod
    def planted(cls) -> "Mapping[str, NullDesign]":
        """Simulated data with a difference that should be found: design name → generator.

        The name says how large it is and among how many; calibration counts how often the probe
        finds it (its power).
        """
        return {}


NullDesign = Callable[[np.random.Generator], NullCase]


@dataclass(frozen=True, slots=True)
class Gathered:
    """Numbers of a finding that several groups give together.

    Args:
        by: the columns by which these groups are told apart.
        since: with which words the part of its sentence begins that has such numbers; where none
            are named, no number of the finding is left without the groups.
        instead: what is said in place of that part; it says {why} (see `evaluators.judging.withholding`).
        bounds: whether its interval and tests are such numbers.
        details: which of its details are.
    """

    by: tuple[str, ...]
    since: tuple[Text, ...] = ()
    instead: Text | None = None
    bounds: bool = False
    details: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Table:
    """A table of counts.

    Args:
        name: the probe and what is counted.
        keys: the columns that name a row of the table.
        counts: the names of the counts.
        rows: levels and counts; a suppressed row has None for its counts.
        kind: `people` are counted, and small cells are suppressed; or what the model did in
            designed or altered `answers`, which says nothing about a person; or distinct `units`
            (people) that have such a row, each in every count to which one of its rows belongs.
        within: further columns that a row must have to be counted.
    """

    name: str
    keys: tuple[str, ...]
    counts: tuple[str, ...]
    rows: tuple[tuple[tuple[str, ...], tuple[int, ...] | None], ...]
    kind: Literal["people", "answers", "units"] = "people"
    within: tuple[str, ...] = ()

    def as_json(self) -> dict[str, Any]:
        """The table as canonical JSON content."""
        return {
            "name": self.name,
            "kind": self.kind,
            "keys": list(self.keys),
            "counts": list(self.counts),
            "rows": [[list(k), None if c is None else list(c)] for k, c in self.rows],
            **({"within": list(self.within)} if self.within else {}),
        }

    @classmethod
    def of_json(cls, content: Mapping[str, Any]) -> "Table":
        """The table that such content was made of."""
        return cls(
            content["name"],
            tuple(content["keys"]),
            tuple(content["counts"]),
            tuple((tuple(k), None if c is None else tuple(c)) for k, c in content["rows"]),
            content.get("kind", "people"),
            tuple(content.get("within", ())),
        )


@cache
def digest(probe: type[Probe[Any]]) -> str:
    """The digest of a probe: its name and version, and the numbers that certify it.

    A third party's probe goes by its package, and one that has no certificate by its source.
    """
    if probe.package_digest is not None:
        content = probe.package_digest
    else:
        certificate = CERTIFICATES / f"{probe.spec.id}.jsonl"
        ours = probe.__module__.startswith("evaluators.") and certificate.exists()
        content = attestation.sha256(
            certificate.read_bytes() if ours else _source(probe.__module__)
        )
    return attestation.digest([probe.spec.id, probe.spec.version, content])


def _source(module: str) -> bytes:
    path = getattr(sys.modules[module], "__file__", None)
    return Path(path).read_bytes() if path else b""


def keyed_hash(values: npt.NDArray[np.uint64], key: str) -> npt.NDArray[np.uint64]:
    """`values` mixed with a key: for folds, halves and samples."""
    return mixed(values ^ salt(key))


def salt(key: str) -> np.uint64:
    """What a key is to `keyed_hash`."""
    return np.uint64(int.from_bytes(hashlib.sha256(key.encode()).digest()[:8], "big"))


def mixed(values: npt.NDArray[np.uint64]) -> npt.NDArray[np.uint64]:
    """SplitMix64's finaliser (Steele, Lea, Flood, "Fast splittable pseudorandom number generators", 2014)."""
    for shift, factor in ((30, 0xBF58476D1CE4E5B9), (27, 0x94D049BB133111EB)):
        values = (values ^ (values >> np.uint64(shift))) * np.uint64(factor)
    return values ^ (values >> np.uint64(31))
