"""A third party's package as tests install it: one probe that counts, others that misbehave."""

import ctypes
import math
import os
import socket
import subprocess
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from evaluators.judging.findings import draft
from evaluators.plan import Plan
from evaluators.probe import COUNT, FAVOURED, Details, Options, Probe, ProbeSpec, Run, State, Table
from registry.findings import Finding, Verdict
from registry.language import Text

SAID = Text("数了数。", "It counted.")


class Choice(Options):
    """What a plan may say."""

    factor: int = 1


class Numbers(Details):
    """What it says."""

    people: int


def spec(name: str) -> ProbeSpec:
    return ProbeSpec(
        id=name, version="1.2", task="decision", state=State.CELLS, roles=("sensitive",),
        derived=(FAVOURED,), options=Choice, details=Numbers, legal_refs=(),
        question=Text("有多少？", "How many?"),
    )  # fmt: skip


class Counts(Probe[dict[str, list[int]]]):
    """How many favourable answers each group has."""

    spec = spec("rude_counts")
    options: Choice

    def create_accumulator(self, plan: Plan) -> dict[str, list[int]]:
        self.name = plan.columns.sensitive[0]
        return {}

    def add_batch(self, acc: dict[str, list[int]], batch: pa.RecordBatch) -> dict[str, list[int]]:
        groups = pc.cast(batch.column(self.name), pa.string()).to_pylist()
        for group, high in zip(groups, batch.column(FAVOURED).to_pylist(), strict=True):
            cell = acc.setdefault(str(group), [0, 0])
            cell[0] += bool(high)
            cell[1] += 1
        return acc

    def merge(self, accs: Sequence[dict[str, list[int]]]) -> dict[str, list[int]]:
        whole: dict[str, list[int]] = {}
        for acc in accs:
            for group, (high, people) in acc.items():
                cell = whole.setdefault(group, [0, 0])
                cell[0] += high
                cell[1] += people
        return dict(sorted(whole.items()))

    def extract_findings(self, acc: dict[str, list[int]], plan: Plan, run: Run) -> list[Finding]:
        return [
            draft(
                self.spec, "share", slice_={plan.columns.sensitive[0]: group},
                verdict=Verdict.INCONCLUSIVE, reading=SAID, limit=SAID, group=group, n=people,
                estimate=high / people, effect={"kind": "share", "value": high / people},
                details={"people": people * self.options.factor},
            )
            for group, (high, people) in acc.items()
        ]  # fmt: skip

    def public(self, acc: dict[str, list[int]], plan: Plan) -> Sequence[Table]:
        rows = tuple(((g,), (high, people - high)) for g, (high, people) in acc.items())
        return [Table("counts", plan.columns.sensitive[:1], ("favoured", "refused"), rows)]


class _Rude(Counts):
    """Counts, until the findings are asked for."""

    def extract_findings(self, acc: Any, plan: Plan, run: Run) -> list[Finding]:
        self.act()
        return super().extract_findings(acc, plan, run)

    def act(self) -> None:
        raise ValueError("the secret of row 17 is kept")


class Raises(_Rude):
    spec = spec("rude_raises")


class Crashes(_Rude):
    spec = spec("rude_crashes")

    def act(self) -> None:
        ctypes.string_at(0)


class Hangs(_Rude):
    spec = spec("rude_hangs")

    def act(self) -> None:
        time.sleep(3600)


class Exits(_Rude):
    spec = spec("rude_exits")

    def act(self) -> None:
        os._exit(0)


class Floods(_Rude):
    spec = spec("rude_floods")

    def act(self) -> None:
        while True:
            os.write(1, b"x" * 65536)


class FloodsTheAnswer(Counts):
    spec = spec("rude_floods_the_answer")

    def sealed(self, acc: Any) -> Any:
        return ["x" * (1 << 20)] * 40


class Allocates(_Rude):
    spec = spec("rude_allocates")

    def act(self) -> None:
        kept = []
        while True:
            kept.append(bytearray(1 << 26))


class Connects(_Rude):
    spec = spec("rude_connects")

    def act(self) -> None:
        socket.create_connection(("192.0.2.1", 80), timeout=1)


class Starts(_Rude):
    spec = spec("rude_starts")

    def act(self) -> None:
        subprocess.run(["/usr/bin/id"], check=True)


class Babbles(_Rude):
    """Writes to every handle it has, hoping that one is the channel."""

    spec = spec("rude_babbles")

    def act(self) -> None:
        for handle in range(3, 400):
            try:
                os.write(handle, b"\x05\0\0\0\0\0\0\0hello" * 3)
            except OSError:
                continue


class Forges(Counts):
    """Speaks in the name of another probe."""

    spec = spec("rude_forges")

    def extract_findings(self, acc: Any, plan: Plan, run: Run) -> list[Finding]:
        return [
            draft(
                Counts.spec,
                "share",
                slice_={},
                verdict=Verdict.EQUIVALENT,
                reading=SAID,
                limit=SAID,
            )
        ]


class Clears(Counts):
    """Calls everything small, on twelve people or on as many as it makes up."""

    spec = spec("rude_clears")

    def extract_findings(self, acc: Any, plan: Plan, run: Run) -> list[Finding]:
        said = [(60, None), (12, None), (12, {"of": "people", "n": 1_000_000}),
                (12, {"of": "angels", "n": "many"}), (12, {"of": "people", "n": math.nan})]  # fmt: skip
        return [
            draft(self.spec, "share", slice_={}, verdict=Verdict.EQUIVALENT, reading=SAID, limit=SAID,
                  n=n, effect={"kind": "share", "value": 0.5}, units=units)
            for n, units in said
        ]  # fmt: skip


class Contradicts(Counts):
    """Publishes a table that no rows can have given."""

    spec = spec("rude_contradicts")

    def public(self, acc: Any, plan: Plan) -> Sequence[Table]:
        rows = tuple(((group,), (1_000_000, 500)) for group in acc)
        return [Table("made up", plan.columns.sensitive[:1], ("favoured", "refused"), rows)]


class Looks(Counts):
    """Tells what it can see of the machine, by failing with it."""

    spec = spec("rude_looks")

    def extract_findings(self, acc: Any, plan: Plan, run: Run) -> list[Finding]:
        seen = {name for name in os.environ if "MINGSUAN" in name or "SECRET" in name}
        for path in ("/etc/shadow", "/root", "/home", "/srv", "/mnt"):
            try:
                seen |= {path} if Path(path).is_dir() and list(Path(path).iterdir()) else set()
                seen |= {path} if Path(path).is_file() and Path(path).read_bytes() else set()
            except OSError:
                continue
        for path in ("/tmp/left", "/var/tmp/left", "left", __file__):
            try:
                Path(path).write_text("left")
                seen.add(f"wrote {path}")
            except OSError:
                continue
        if seen:
            raise RuntimeError(repr(sorted(seen)))
        return super().extract_findings(acc, plan, run)


class Reshapes(Counts):
    """Counts things that cannot be audited with anything else."""

    spec = spec("rude_reshapes")

    def public(self, acc: dict[str, list[int]], plan: Plan) -> Sequence[Table]:
        (table,) = super().public(acc, plan)
        return [replace(table, counts=("left", "right"))]


class Tallies(Counts):
    """Counts rows that come in groups, and fails where they do not."""

    spec = spec("rude_tallies")
    counts = True

    def keys(self, plan: Plan) -> tuple[str, ...]:
        return plan.columns.sensitive[:1]

    def add_batch(self, acc: dict[str, list[int]], batch: pa.RecordBatch) -> dict[str, list[int]]:
        groups = batch.column(self.name).to_pylist()
        marks, counts = batch.column(FAVOURED).to_pylist(), batch.column(COUNT).to_pylist()
        for group, high, count in zip(groups, marks, counts, strict=True):
            cell = acc.setdefault(str(group), [0, 0])
            cell[0] += count * bool(high)
            cell[1] += count
        return acc
