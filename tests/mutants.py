"""Would a wrong number be noticed? One number is changed in a copy of the evaluators, 60 times.

Each time a number of one module, chosen by a seed, is changed (an integer by one, a real by a
hundredth of it), and the certificates of the probes that import the module are held against what the
changed copy gives. Caught is a change that moves a certified number or breaks a run. Printed are the
share and every change that none noticed.

    python -m tests.mutants [--seed 1] [--changes 60] [--only MODULE …]
"""

import argparse
import ast
import os
import random
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from evaluators.guests import installed
from evaluators.running import certificate

HOUSE = Path(__file__).resolve().parent.parent
STATISTICS = (
    "evaluators.statistics.inference",
    "evaluators.statistics.intervals",
    "evaluators.judging.rates",
    "evaluators.scores.score_statistics",
    "evaluators.statistics.calibration_statistics",
    "evaluators.statistics.permutation",
    "evaluators.statistics.quantile_bootstrap",
    "evaluators.statistics.wild_bootstrap",
    "evaluators.statistics.fixed_effects",
    "evaluators.statistics.isotonic",
)
JUDGING = (
    "evaluators.judging.equivalence",
    "evaluators.statistics.multiplicity",
    "evaluators.judging.verdicts",
    "evaluators.running.sufficiency",
    "evaluators.judging.contrasts",
)
ACCUMULATING = (
    "evaluators.accumulating.accumulators",
    "evaluators.accumulating.exact_sums",
    "evaluators.accumulating.histogram",
    "evaluators.accumulating.tally",
    "evaluators.accumulating.unit_sums",
    "evaluators.accumulating.weights",
)
SECONDS = 600


@dataclass(frozen=True, slots=True)
class Change:
    """One number of one module, and what it becomes.

    Args:
        module: in dots.
        line, column, end: where it stands.
        old, new: as written.
    """

    module: str
    line: int
    column: int
    end: int
    old: str
    new: str

    def said(self) -> str:
        """One line for a reader."""
        return f"{_path(self.module)}:{self.line}: {self.old} → {self.new}"


def places(module: str) -> list[Change]:
    """Every number in the functions of a module, with what it would become.

    Args:
        module: in dots.
    """
    text = (HOUSE / _path(module)).read_text("utf-8")
    functions = [n for n in ast.walk(ast.parse(text)) if isinstance(n, ast.FunctionDef)]
    numbers = {
        (node.lineno, node.col_offset): node
        for function in functions
        for statement in function.body
        for node in ast.walk(statement)
        if isinstance(node, ast.Constant) and type(node.value) in (int, float)
    }
    return [
        Change(
            module, line, column, node.end_col_offset or column, str(node.value), _changed(node)
        )
        for (line, column), node in sorted(numbers.items())
    ]


def _path(module: str) -> Path:
    return Path(*module.split(".")).with_suffix(".py")


def _changed(node: ast.Constant) -> str:
    value = node.value
    if isinstance(value, int):
        return str(value + 1)
    return repr(float(str(value)) * 1.01 or 0.01)


def chosen(seed: int, count: int, only: Sequence[str] = ()) -> list[Change]:
    """So many changes: one or more of each probe's module, the rest of the three shared kinds.

    Args:
        seed: another seed, other changes.
        count: how many.
        only: modules to choose from, instead.
    """
    rng = random.Random(seed)  # a choice of places, no secret
    probes = sorted({installed.probe_class(n).__module__ for n in installed.names()})
    shared = [*STATISTICS, *JUDGING, *ACCUMULATING]
    order = list(only) or [m for pair in zip(probes, rng.sample(shared, len(shared)), strict=False)
                           for m in pair]  # fmt: skip
    left = {module: rng.sample(places(module), len(places(module))) for module in order}
    made: list[Change] = []
    while len(made) < count and any(left.values()):
        made += [left[module].pop() for module in order if left[module]][: count - len(made)]
    return made


def caught(change: Change) -> str:
    """By which probe's certificate a change is caught; empty where none notices.

    Args:
        change: made in a copy; the house stays as it is.
    """
    with tempfile.TemporaryDirectory() as place:
        copied(place)
        file = Path(place) / _path(change.module)
        lines = file.read_text("utf-8").splitlines(keepends=True)
        row = lines[change.line - 1].encode()
        lines[change.line - 1] = (
            row[: change.column] + change.new.encode() + row[change.end :]
        ).decode()
        file.write_text("".join(lines), "utf-8")
        for probe in installed.names():
            if change.module in certificate.behind(
                installed.probe_class(probe).__module__
            ) and moved(probe, place):
                return probe
    return ""


def copied(place: str) -> Path:
    """A copy of the evaluators.

    Args:
        place: the folder that it is put in.
    """
    copy = Path(place) / "evaluators"
    shutil.copytree(HOUSE / "evaluators", copy, ignore=shutil.ignore_patterns("__pycache__"))
    return copy


def moved(probe: str, place: str) -> bool:
    """Whether a probe gives other numbers where the copy in `place` is imported first.

    Args:
        probe: its id.
        place: the folder that holds the copy.
    """
    folder = HOUSE / "evaluators" / "certificates"
    command = ["-m", "evaluators.running.certificate", "--only", probe, "--folder", str(folder)]
    environment = {
        **os.environ,
        "PYTHONPATH": f"{place}{os.pathsep}{HOUSE}",
        "OMP_NUM_THREADS": "1",
    }
    try:
        ran = subprocess.run([sys.executable, *command], cwd=place, env=environment, check=False,
                             capture_output=True, timeout=SECONDS)  # fmt: skip
    except subprocess.TimeoutExpired:
        return True
    return ran.returncode != 0


def main(given: Sequence[str] | None = None) -> int:
    """Print what is caught; 1 where it is less than 95 of 100."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--changes", type=int, default=60)
    parser.add_argument("--only", nargs="+", default=[], metavar="MODULE")
    parser.add_argument("--processes", type=int, default=2)
    asked = parser.parse_args(given)
    changes = chosen(asked.seed, asked.changes, asked.only)
    with tempfile.TemporaryDirectory() as place:
        copied(place)
        stale = [probe for probe in installed.names() if moved(probe, place)]
    if stale:  # or every change would look as if it were caught
        sys.stdout.write(f"not certified as they are, with nothing changed: {', '.join(stale)}\n")
        return 1
    missed = 0
    with ThreadPoolExecutor(asked.processes) as pool:
        for change, by in zip(changes, pool.map(caught, changes), strict=True):
            missed += not by
            sys.stdout.write(f"{'caught by ' + by if by else 'MISSED'}: {change.said()}\n")
            sys.stdout.flush()
    sys.stdout.write(f"{len(changes) - missed} of {len(changes)} changes caught\n")
    return int(missed > 0.05 * len(changes))


if __name__ == "__main__":
    sys.exit(main())
