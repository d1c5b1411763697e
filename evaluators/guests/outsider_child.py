"""What runs inside the child process of a third party's probe.

Confine, import what is ours, say so; take the last calls away; only then import the plugin and do
as asked until the process is ended. States and probes stay here under numbers; rows come in, JSON
goes out. Standard library only up to the confinement.
"""

import json
import os
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from registry.sandbox.child import confine, talking

if TYPE_CHECKING:
    from evaluators.plan import Plan
    from evaluators.probe import Probe

_TOLD = 1000


def main(argument: str) -> None:
    """Serve one plugin as `argument` (JSON) says; see `evaluators.guests.outsider`."""
    order: dict[str, Any] = json.loads(argument)
    confine.as_told(order)
    app = Path(sys.path[0])
    sys.path.extend([*order["site"], str(app / "site")])
    program = os.pread(order["inner"], 1 << 16, 0)
    _import_ours()
    _send(order, {"ready": True})
    confine.seccomp(program)
    sys.path.append(str(app / "plugin"))
    served = _Served()
    while (message := talking.heard(order)) is not None:
        _send(order, _answered(served, message))
    os._exit(0)


def _import_ours() -> None:
    """Import here what would otherwise be imported late, by code that is not ours."""
    import pyarrow as pa

    import evaluators.guests.outsider_wire as wire

    batch = pa.record_batch({"a": pa.array([0.0]), "b": pa.array(["a"])})
    wire.batch_in(wire.batch_out(batch)).column("b").to_numpy(zero_copy_only=False)


def _send(order: Mapping[str, Any], content: Any) -> None:
    from evaluators.guests import outsider_wire as wire

    talking.say(order, wire.written(content))


def _answered(served: "_Served", message: memoryview) -> dict[str, Any]:
    """The answer to one question, or which error came instead."""
    size = int.from_bytes(message[: talking.HEAD], "little")
    asked: dict[str, Any] = json.loads(bytes(message[talking.HEAD : talking.HEAD + size]))
    rows = message[talking.HEAD + size :]
    try:
        return {"answer": served.answer(asked, rows)}
    except BaseException as error:  # noqa: BLE001  # a plugin may raise anything
        return {"error": type(error).__name__[:100], "said": _said(error)}


def _said(error: BaseException) -> str:
    try:
        return str(error)[:_TOLD]
    except BaseException:  # noqa: BLE001  # even while it is being told
        return ""


class _Served:
    """The plugin's class, the plan, and everything made of them so far."""

    def __init__(self) -> None:
        self.kind: type[Probe[Any]] | None = None
        self.plan: Plan | None = None
        self.kept: dict[int, Any] = {}
        self.last = 0

    def answer(self, asked: Mapping[str, Any], rows: memoryview) -> Any:
        """Do one of the acts that are known by name."""
        for number in asked.get("free", ()):
            self.kept.pop(number, None)
        act: Callable[..., Any] = getattr(self, f"do_{asked['do']}")
        return act(asked, rows) if asked["do"] in {"add", "score"} else act(asked)

    def _keep(self, thing: Any) -> int:
        self.last += 1
        self.kept[self.last] = thing
        return self.last

    def do_open(self, asked: Mapping[str, Any]) -> Any:
        import importlib

        from evaluators.guests import outsider_wire as wire
        from evaluators.probe import Probe

        module, _, name = asked["entry"].partition(":")
        kind: Any = importlib.import_module(module)
        for part in name.split("."):
            kind = getattr(kind, part)
        if not (isinstance(kind, type) and issubclass(kind, Probe)):
            raise TypeError(f"{asked['entry']} is not a probe")
        self.kind = kind
        return wire.spec_out(kind)

    def do_check(self, asked: Mapping[str, Any]) -> Any:
        from evaluators.guests import outsider_wire as wire

        return wire.faults_out(self._class().spec, asked["options"])

    def do_make(self, asked: Mapping[str, Any]) -> Any:
        from evaluators.guests import outsider_wire as wire

        kind = self._class()
        self.plan = wire.plan_in(asked["plan"])
        return self._keep(kind(kind.spec.options.model_validate(asked["options"])))

    def _class(self) -> "type[Probe[Any]]":
        if self.kind is None:
            raise TypeError("nothing is open")
        return self.kind

    def do_new(self, asked: Mapping[str, Any]) -> Any:
        return self._keep(self.kept[asked["probe"]].create_accumulator(self.plan))

    def do_add(self, asked: Mapping[str, Any], rows: memoryview) -> Any:
        from evaluators.guests import outsider_wire as wire

        probe, acc = self.kept[asked["probe"]], self.kept.pop(asked["acc"])
        return self._keep(probe.add_batch(acc, wire.batch_in(rows)))

    def do_merge(self, asked: Mapping[str, Any]) -> Any:
        accs = [self.kept.pop(number) for number in asked["accs"]]
        return self._keep(self.kept[asked["probe"]].merge(accs))

    def do_refine(self, asked: Mapping[str, Any]) -> Any:
        refined = self.kept[asked["probe"]].refine(self.kept[asked["acc"]], self.plan)
        return None if refined is None else self._keep(refined)

    def do_requests(self, asked: Mapping[str, Any]) -> Any:
        from evaluators.guests import outsider_wire as wire

        made = self.kept[asked["probe"]].requests(self.kept[asked["acc"]], self.plan)
        return wire.requests_out(list(made))

    def do_columns(self, asked: Mapping[str, Any]) -> Any:
        return list(self.kept[asked["probe"]].columns(self.plan))

    def do_keys(self, asked: Mapping[str, Any]) -> Any:
        return list(self.kept[asked["probe"]].keys(self.plan))

    def do_derives(self, asked: Mapping[str, Any]) -> Any:
        return list(self.kept[asked["probe"]].derives(self.plan))

    def do_answers(self, asked: Mapping[str, Any]) -> Any:
        return self.kept[asked["probe"]].answers_in_all(self.plan, asked["total"])

    def do_findings(self, asked: Mapping[str, Any]) -> Any:
        from evaluators.guests import outsider_wire as wire

        probe, acc = self.kept[asked["probe"]], self.kept[asked["acc"]]
        made = probe.extract_findings(acc, self.plan, wire.run_in(asked["run"]))
        found = [finding.as_json() for finding in made]
        for finding in found:  # in whose name they are is for the other side to see
            if not finding["details"] or finding["probe"] != probe.spec.id:
                continue
            probe.spec.details.model_validate_json(wire.written(finding["details"]))
        return found

    def do_sealed(self, asked: Mapping[str, Any]) -> Any:
        return self.kept[asked["probe"]].sealed(self.kept[asked["acc"]])

    def do_public(self, asked: Mapping[str, Any]) -> Any:
        from evaluators.guests import outsider_wire as wire

        made = self.kept[asked["probe"]].public(self.kept[asked["acc"]], self.plan)
        return wire.tables_out(made)

    def do_recompute(self, asked: Mapping[str, Any]) -> Any:
        from evaluators.guests import outsider_wire as wire

        tables, run = wire.tables_in(asked["tables"]), wire.run_in(asked["run"])
        made = self.kept[asked["probe"]].recompute(tables, self.plan, run)
        return [finding.as_json() for finding in made]

    def do_case(self, asked: Mapping[str, Any]) -> Any:
        import numpy as np

        from evaluators.guests import outsider_wire as wire

        kind = self._class()
        designs = {"nulls": kind.nulls, "planted": kind.planted}[asked["which"]]()
        rng = np.random.Generator(np.random.Philox(key=int(asked["seed"])))
        case = designs[asked["name"]](rng)
        return wire.case_out(case, None if case.scorer is None else self._keep(case.scorer))

    def do_score(self, asked: Mapping[str, Any], rows: memoryview) -> Any:
        import pyarrow as pa

        from evaluators.guests import outsider_wire as wire

        frame = pa.Table.from_batches([wire.batch_in(rows)])
        (answers,) = self.kept[asked["scorer"]].score([frame])
        return answers.tolist()
