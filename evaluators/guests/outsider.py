"""A third party's probe, run in a child process that has rows and the plan, and nothing else.

Here stands what the engine holds in its place: a class made from what the child says of itself,
whose methods pass each question on (`outsider_visit`) and check what comes back (`outsider_wire`).
States never leave the child, the engine holds their numbers. Where this machine offers no sandbox,
third parties' probes are refused.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import lru_cache, partial
from importlib.metadata import EntryPoint
from pathlib import Path
from typing import Any, ClassVar, TypeVar

import numpy as np
import pyarrow as pa
from pydantic import ConfigDict, ValidationError
from pydantic_core import InitErrorDetails, PydanticCustomError

import evaluators
import registry
from evaluators.guests import outsider_wire as wire
from evaluators.guests.installed import ProbeMissing
from evaluators.guests.outsider_failures import PluginFailed
from evaluators.guests.outsider_visit import Held, Plugin, Service, Visit, visiting
from evaluators.guests.outsider_wire import LARGE, SMALL, Nonsense
from evaluators.judging import findings
from evaluators.plan import Plan
from evaluators.probe import (
    Details,
    NullCase,
    NullDesign,
    Options,
    Probe,
    ProbeSpec,
    Run,
    ScoreRequest,
    Table,
)
from registry import attestation
from registry.errors import Invalid
from registry.findings import Finding
from registry.language import Text
from registry.sandbox import Tier, probe_tier
from registry.sandbox.runtime import runtime
from registry.sandbox.stage import NotStaged, found, staged
from registry.settings import settings

Made = TypeVar("Made")


class Outsider(Probe[Held]):
    """A third party's probe as the engine sees it; see the subclasses `introduce` makes."""

    plugin: ClassVar[Plugin]
    designs: ClassVar[Mapping[str, tuple[str, ...]]]

    def __init__(self, options: Options) -> None:
        super().__init__(options)
        self._visit: Visit | None = None
        self._number = 0
        self._names: dict[str, tuple[str, ...]] = {}
        self._failure: PluginFailed | None = None

    @property
    def failure(self) -> PluginFailed | None:
        """Why it gives no answers any more."""
        return self._visit.failure if self._visit is not None else self._failure

    def _at(self, plan: Plan) -> Visit:
        """The child, started with the first question about a plan."""
        if self._visit is None:
            try:
                self._visit = self.plugin.begin()
            except PluginFailed as failed:
                self._failure = failed
                raise
            self._number = self._visit.ask(
                wire.count, SMALL, do="make", options=_as_given(self.options), plan=plan.as_json()
            )
        return self._visit

    def _ask(
        self, check: Callable[[Any], Made], do: str, *, most: int = SMALL, **words: Any
    ) -> Made:
        if self._visit is None:
            raise PluginFailed(self.plugin.name, "nonsense", "asked before it was begun")
        return self._visit.ask(check, most, do=do, probe=self._number, **words)

    def _held(self, answer: Any) -> Held:
        if self._visit is None:
            raise Nonsense("nobody keeps it")
        return Held(self._visit, wire.count(answer))

    def __reduce__(self) -> Any:
        raise TypeError(f"{self.plugin.name} runs in one process and cannot be sent to another")

    def create_accumulator(self, plan: Plan) -> Held:
        """A new state in the child."""
        self._at(plan)
        return self._ask(self._held, "new")

    def add_batch(self, acc: Held, batch: pa.RecordBatch) -> Held:
        """The state with these rows, in the child."""
        return self._ask(self._held, "add", acc=acc.number, rows=wire.batch_out(batch))

    def merge(self, accs: Sequence[Held]) -> Held:
        """The state with the rows of all, in the child."""
        return self._ask(self._held, "merge", accs=[acc.number for acc in accs])

    def refine(self, acc: Held, plan: Plan) -> "Probe[Any] | None":  # noqa: ARG002
        """The same child, asked through its refined probe."""

        def known(answer: Any) -> int | None:
            return None if answer is None else wire.count(answer)

        if (number := self._ask(known, "refine", acc=acc.number)) is None:
            return None
        refined = type(self)(self.options)
        refined._visit, refined._number = self._visit, number  # noqa: SLF001  # its own kind
        return refined

    def requests(self, acc: Held, plan: Plan) -> Iterator[ScoreRequest]:  # noqa: ARG002
        """What the child wants to ask of the model."""
        return iter(self._ask(wire.requests_in, "requests", acc=acc.number))

    def columns(self, plan: Plan) -> tuple[str, ...]:
        """The columns its options name."""
        return self._told("columns", plan, ())

    def keys(self, plan: Plan) -> tuple[str, ...]:
        """The columns by whose levels it counts."""
        return self._told("keys", plan, ())

    def derives(self, plan: Plan) -> tuple[str, ...]:
        """The engine's columns it reads under this plan."""
        return self._told("derives", plan, super().derives(plan))

    def _told(self, do: str, plan: Plan, otherwise: tuple[str, ...]) -> tuple[str, ...]:
        """Names that it says once; `otherwise` from a child that fails, as the run will show."""
        if do not in self._names:
            try:
                self._at(plan)
                self._names[do] = self._ask(wire.names, do)
            except PluginFailed:
                self._names[do] = otherwise
        return self._names[do]

    def answers_in_all(self, plan: Plan, rows: int) -> int:
        """The most answers it will want on so many rows."""
        self._at(plan)
        return self._ask(wire.count, "answers", total=rows)

    def extract_findings(self, acc: Held, plan: Plan, run: Run) -> list[Finding]:  # noqa: ARG002
        """Its findings, each in its own name and fit for canonical JSON."""
        return self._ask(
            self._findings, "findings", most=LARGE, acc=acc.number, run=wire.run_out(run)
        )

    def _findings(self, answer: Any) -> list[Finding]:
        found = wire.findings_in(answer, probe=self.spec.id, version=self.spec.version)
        try:
            settled = [findings.settle(finding) for finding in found]
            attestation.canonical([finding.as_json() for finding in settled])
        except (TypeError, ValueError, AttributeError, Invalid) as error:
            raise Nonsense(f"findings: {error}") from error
        return settled

    def sealed(self, acc: Held) -> Any:
        """The state as JSON content."""

        def canonical(answer: Any) -> Any:
            try:
                attestation.canonical(findings.rounded(answer))
            except (TypeError, ValueError, AttributeError, Invalid) as error:
                raise Nonsense(f"state: {error}") from error
            return answer

        return self._ask(canonical, "sealed", most=LARGE, acc=acc.number)

    def public(self, acc: Held, plan: Plan) -> Sequence[Table]:  # noqa: ARG002
        """Its count tables; whatever it calls them, people are counted in them."""
        tables = self._ask(wire.tables_in, "public", most=LARGE, acc=acc.number)
        return [replace(table, kind="people") for table in tables]

    def recompute(self, tables: Sequence[Table], plan: Plan, run: Run) -> list[Finding]:
        """The findings that follow from the published tables."""
        self._at(plan)
        given = wire.tables_out(tables)
        return self._ask(
            self._findings, "recompute", most=LARGE, tables=given, run=wire.run_out(run)
        )

    @classmethod
    def nulls(cls) -> Mapping[str, NullDesign]:
        """Its simulated data without a difference, made in the child."""
        return {name: partial(cls._case, "nulls", name) for name in cls.designs["nulls"]}

    @classmethod
    def planted(cls) -> Mapping[str, NullDesign]:
        """Its simulated data with a difference, made in the child."""
        return {name: partial(cls._case, "planted", name) for name in cls.designs["planted"]}

    @classmethod
    def _case(cls, which: str, name: str, rng: np.random.Generator) -> NullCase:
        visit, seed = cls.plugin.begin(), str(rng.integers(2**63))
        case, scorer = visit.ask(wire.case_in, LARGE, do="case", which=which, name=name, seed=seed)
        return case if scorer is None else replace(case, scorer=Service(visit, scorer))


def introduce(entry: EntryPoint) -> type[Outsider]:
    """The class that stands for a third party's probe.

    Args:
        entry: where it is.

    Raises:
        ProbeMissing: when it can't be imported, is no probe, or there is no sandbox.
    """
    tier = probe_tier(settings())
    if tier.name == "none" or entry.dist is None:
        why = tier.describe()
        raise ProbeMissing(
            f"第三方检验 {entry.name} 只在沙箱里运行，这台机器没有可用的沙箱，所以不运行它。{why.zh}",
            f"The third party's probe {entry.name} runs in a sandbox only, and this machine "
            f"offers none, so it is not run. {why.en}",
        )
    try:
        plugin = _plugin(entry, tier)
        with visiting():
            said = plugin.begin().spec
    except (PluginFailed, NotStaged) as failed:
        told = " ".join(getattr(failed, "told", "").split())[-300:]
        raise ProbeMissing(
            f"检验 {entry.name} 的插件装不起来：{failed.said.zh}{told and f'（{told}）'}请联系它的作者。",
            f"The plugin of the probe {entry.name} can't be loaded: {failed.said.en} "
            f"{told and f'({told}) '}Ask its author.",
        ) from failed
    if said is None or said.id != entry.name:
        raise ProbeMissing(
            f"插件 {entry.name} 不是一个检验。",
            f"The plugin {entry.name} is not a probe of that name.",
        )
    named: dict[str, Any] = {
        "plugin": plugin,
        "spec": _spec(plugin, said),
        "package_digest": plugin.foreign.digest,
        "counts": said.counts,
        "designs": {"nulls": said.nulls, "planted": said.planted},
    }
    if not said.refines:  # it reads the rows once, and nobody needs to ask
        named["refine"] = Probe.refine
    return type("Outsider", (Outsider,), named)


def _plugin(entry: EntryPoint, tier: Tier) -> Plugin:
    if entry.dist is None:
        raise NotStaged(f"{entry.name} 不属于任何软件包。", f"{entry.name} belongs to no package.")
    foreign = found(entry.dist, entry.module)
    ours = [Path(str(package.__file__)).parent for package in (registry, evaluators)]
    stage = staged(foreign, ours, runtime(for_others=tier.pool_uid))
    return Plugin(entry, foreign, stage, tier)


def _spec(plugin: Plugin, said: wire.Described) -> ProbeSpec:
    return ProbeSpec(
        id=said.id,
        version=said.version,
        task=said.task,
        state=said.state,
        roles=said.roles,
        derived=said.derived,
        options=_options(plugin, said),
        details=_details(said.details_schema),
        legal_refs=said.legal_refs,
        question=Text(said.question.zh, said.question.en),
        optional=said.optional,
        welcome=said.welcome,
        judges_steadiness=said.judges_steadiness,
        asks_model=said.asks_model,
    )


def _options(plugin: Plugin, said: wire.Described) -> type[Options]:
    """Options that only the plugin itself can check, in a process of its own."""

    @lru_cache(maxsize=64)
    def faults(given: bytes) -> tuple[wire.Fault, ...]:
        with visiting():
            visit = plugin.begin()
            return tuple(visit.ask(wire.faults, SMALL, do="check", options=wire.read(given)))

    class Given(Options):
        model_config = ConfigDict(extra="allow", frozen=True)

        @classmethod
        def model_json_schema(cls, *_: Any, **__: Any) -> dict[str, Any]:
            return said.options_schema

        @classmethod
        def model_validate(cls, obj: Any, **_: Any) -> "Given":
            wrong = faults(wire.written(dict(obj))) if obj else said.bare
            if wrong:
                lines: list[InitErrorDetails] = [
                    {
                        "type": PydanticCustomError("plugin", "{said}", {"said": fault.msg}),
                        "loc": fault.loc,
                        "input": None,
                    }
                    for fault in wrong
                ]
                raise ValidationError.from_exception_data(plugin.name, lines)
            return cls(**dict(obj))

    # Forms read from here what each option does, as they do of ours.
    Given.__doc__ = str(said.options_schema.get("description", ""))
    return Given


def _as_given(options: Options) -> dict[str, Any]:
    return dict(options.model_extra or {})


def _details(schema: dict[str, Any]) -> type[Details]:
    class Told(Details):
        model_config = ConfigDict(extra="allow", frozen=True)

        @classmethod
        def model_json_schema(cls, *_: Any, **__: Any) -> dict[str, Any]:
            return schema

    return Told
