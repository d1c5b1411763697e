"""A third party's probe, run in a child process that has rows and the plan, and nothing else.

Here stands what the engine holds in its place: a class made from what the child says of itself,
whose methods pass each question on and check what comes back. The child lives behind the walls
of a sandbox (no network, no writable disk, no environment, limits on memory and time) from the
first question to the end of the run; states never leave it, the engine holds their numbers.
Where this machine offers no sandbox, third parties' probes are refused.
"""

import weakref
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field, replace
from functools import lru_cache
from importlib.metadata import EntryPoint
from pathlib import Path
from typing import Any, ClassVar, TypeVar

import pyarrow as pa
from pydantic import ConfigDict, ValidationError
from pydantic_core import InitErrorDetails, PydanticCustomError

import evaluators
import registry
from evaluators import findings
from evaluators import outsider_wire as wire
from evaluators.installed import ProbeMissing
from evaluators.outsider_wire import LARGE, SMALL, Nonsense
from evaluators.plan import Plan
from evaluators.probe import Details, Options, Probe, ProbeSpec, Run, ScoreRequest, Table
from registry import attestation
from registry.errors import Invalid
from registry.findings import Finding
from registry.language import Text
from registry.sandbox import Cause, Tier, probe_tier
from registry.sandbox.ground import GroundNotOurs
from registry.sandbox.limits import Limits
from registry.sandbox.pool_uids import NoFreeUid
from registry.sandbox.runtime import runtime
from registry.sandbox.stage import Foreign, NotStaged, found, staged
from registry.sandbox.talk import Ended, Talk
from registry.settings import settings

MAIN = "evaluators.outsider_child"
Made = TypeVar("Made")


class PluginFailed(Invalid):
    """A third party's probe failed or was ended: ask its author; the others' results stand.

    Args:
        plugin: which package, and its version.
        cause: a word: of `registry.sandbox.Cause`, `nonsense`, or the type of its own error.
        told: what it said or printed itself; never to be published, for it may quote rows.
    """

    def __init__(self, plugin: str, cause: str, told: str = "") -> None:
        said = _CAUSES.get(cause, _OWN_ERROR).format(plugin=plugin, cause=cause)
        super().__init__(said.zh, said.en)
        self.cause = cause
        self.told = told

    def __str__(self) -> str:
        return f"{self.said.en} ({self.cause})"


@dataclass(frozen=True)
class Plugin:
    """An installed package with a probe, before anything of it has run.

    Args:
        entry: the entry point.
        foreign: its files.
        stage: the folder it runs from.
        tier: the walls.
    """

    entry: EntryPoint
    foreign: Foreign
    stage: Path
    tier: Tier

    @property
    def name(self) -> str:
        """The package and its version, for sentences."""
        return f"{self.foreign.name} {self.foreign.version}"

    def begin(self) -> "_Visit":
        """A process of its own, with the plugin imported.

        Raises:
            PluginFailed: when it does not come that far.
        """
        limits = replace(Limits.of(settings()), scratch=1 << 20)
        ways = self.tier.ways(limits)
        try:
            talk = Talk.of(self.tier, ways, stage=self.stage, main=MAIN)
        except (OSError, NoFreeUid, GroundNotOurs) as error:
            raise PluginFailed(self.name, Cause.NOT_STARTED, str(error)) from error
        visit = _Visit(self, talk, limits.seconds)
        visit.hear(limits.start_seconds)
        visit.spec = visit.ask(wire.described, SMALL, do="open", entry=self.entry.value)
        return visit


@dataclass(eq=False)
class _Visit:
    """One process of a plugin, from its start to its end."""

    plugin: Plugin
    talk: Talk
    seconds: float
    spec: wire.Described | None = None
    unused: list[int] = field(default_factory=list)
    failure: PluginFailed | None = None

    def __post_init__(self) -> None:
        weakref.finalize(self, self.talk.end)
        if (guests := _guests.get()) is not None:
            guests.append(self)

    def hear(self, seconds: float) -> None:
        """Wait until the process is ready."""
        self._reply((), SMALL, seconds)

    def ask(
        self,
        check: Callable[[Any], Made],
        most: int,
        *,
        rows: memoryview | None = None,
        **words: Any,
    ) -> Made:
        """The answer to one question, checked.

        Raises:
            PluginFailed: when there is none, or it makes no sense; the process is gone then.
        """
        free, self.unused[:] = list(self.unused), ()
        head = wire.written({**words, "free": free})
        parts: list[bytes | memoryview] = [len(head).to_bytes(8, "little"), head]
        content = self._reply(parts + ([] if rows is None else [rows]), most, self.seconds)
        try:
            return check(self._answer(wire.read(content)))
        except Nonsense as error:
            raise self._failed("nonsense", str(error)) from error

    def _answer(self, reply: Any) -> Any:
        if not isinstance(reply, Mapping) or not {"answer", "error"} & set(reply):
            raise Nonsense("no answer")
        if "error" in reply:
            raise self._failed(_word(reply["error"]), str(reply.get("said", "")))
        return reply["answer"]

    def _reply(self, parts: Sequence[bytes | memoryview], most: int, seconds: float) -> bytes:
        try:
            return self.talk.ask(parts, seconds=seconds, most=most)
        except Ended as ended:
            raise self._failed(str(ended.cause), ended.log) from ended

    def _failed(self, cause: str, told: str) -> PluginFailed:
        self.talk.end()
        self.failure = self.failure or PluginFailed(self.plugin.name, cause, told[:16_384])
        return self.failure


_guests: ContextVar[list[_Visit] | None] = ContextVar("guests", default=None)


@contextmanager
def visiting() -> Iterator[None]:
    """Whatever process of a plugin is started inside ends with it."""
    guests: list[_Visit] = []
    token = _guests.set(guests)
    try:
        yield
    finally:
        _guests.reset(token)
        for visit in guests:
            visit.talk.end()


class Held:
    """The number of a state that the child keeps; the child may forget it with this object."""

    def __init__(self, visit: _Visit, number: int) -> None:
        self.number = number
        weakref.finalize(self, visit.unused.append, number)


class Outsider(Probe[Held]):
    """A third party's probe as the engine sees it; see the subclasses `introduce` makes."""

    plugin: ClassVar[Plugin]

    def __init__(self, options: Options) -> None:
        super().__init__(options)
        self._visit: _Visit | None = None
        self._number = 0
        self._names: dict[str, tuple[str, ...]] = {}
        self._failure: PluginFailed | None = None

    @property
    def failure(self) -> PluginFailed | None:
        """Why it gives no answers any more."""
        return self._visit.failure if self._visit is not None else self._failure

    def _at(self, plan: Plan) -> _Visit:
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
    named = {
        "plugin": plugin,
        "spec": _spec(plugin, said),
        "package_digest": plugin.foreign.digest,
    }
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
        built_on=(),
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


def _word(name: Any) -> str:
    """The type of an error as one word, whatever was sent."""
    word = "".join(sign for sign in str(name)[:60] if sign.isalnum() or sign in "_.")
    return word or "Exception"


_OWN_ERROR = Text(
    "插件 {plugin} 自身出错（{cause}），没有得出结果。",
    "The plugin {plugin} raised an error of its own ({cause}) and gave no result.",
)
_CAUSES: dict[str, Text] = {
    Cause.WALL_CLOCK: Text(
        "插件 {plugin} 没有在限定时间内答复，已终止。",
        "The plugin {plugin} did not answer within the time limit and was ended.",
    ),
    Cause.MEMORY: Text(
        "插件 {plugin} 用的内存超过上限，已终止。",
        "The plugin {plugin} used more memory than it may and was ended.",
    ),
    Cause.FORBIDDEN_CALL: Text(
        "插件 {plugin} 试图联网、启动程序或使用检验不需要的系统功能，已终止。",
        "The plugin {plugin} tried to use the network, start a program or make a system call that "
        "a probe does not need, and was ended.",
    ),
    Cause.OUTPUT_FLOOD: Text(
        "插件 {plugin} 送出的内容超过上限，已终止。",
        "The plugin {plugin} sent more than it may and was ended.",
    ),
    Cause.CRASHED: Text(
        "插件 {plugin} 的进程自己结束了，没有得出结果。",
        "The process of the plugin {plugin} ended by itself and gave no result.",
    ),
    Cause.NOT_STARTED: Text(
        "插件 {plugin} 的进程没有启动成功，请运行 mingsuan doctor。",
        "The process of the plugin {plugin} did not start; run `mingsuan doctor`.",
    ),
    Cause.PROTOCOL: Text(
        "插件 {plugin} 扰乱了与平台的通信，已终止。",
        "The plugin {plugin} disturbed the channel to the platform and was ended.",
    ),
    "nonsense": Text(
        "插件 {plugin} 的答复不合格式，不予采用，已终止。",
        "What the plugin {plugin} answered is not what was asked for; it was not taken and the "
        "plugin was ended.",
    ),
}
