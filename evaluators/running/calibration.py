"""Run every probe on data where there is nothing to find, and write down how often it finds it.

`python -m evaluators.running.calibration` simulates at least 2,000 null data sets per probe and design
and writes docs/calibration/PROBE.json and docs/calibration.md. The type-I error is counted per family
(the unit at which it is promised): the share of data sets in which a family rejects at all.
"""

import argparse
import json
import math
import os
import sys
import time
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Any, Self

import numpy as np

from evaluators.guests import installed
from evaluators.policy import POLICY
from evaluators.running import certificate, engine, planning
from registry.findings import Finding, Verdict

SETS = 2000
PLANTED_SETS = 200
CHUNK = 50
DOCS = Path(__file__).resolve().parents[2] / "docs"
FOUND = (Verdict.DISPARITY, Verdict.DIFFERENCE)
Z99 = 2.3263478740408408


@dataclass
class Tally:
    """What a number of null data sets has shown.

    Args:
        sets: how many.
        families: family → sets in which it was tested.
        rejected: family → sets in which it rejected.
        disparities: sets in which a finding was called a disparity.
        detected: sets in which a finding said difference or disparity.
        tests, small: unadjusted p-values, and those below α.
        intervals, covered, aimed: intervals with a known truth, those that hold it, summed levels.
    """

    sets: int = 0
    families: Counter[str] = field(default_factory=Counter)
    rejected: Counter[str] = field(default_factory=Counter)
    disparities: int = 0
    detected: int = 0
    tests: int = 0
    small: int = 0
    intervals: int = 0
    covered: int = 0
    aimed: float = 0.0

    def add(self, found: Sequence[Finding], truth: Mapping[str, float], alpha: float) -> None:
        """Count one data set."""
        self.sets += 1
        adjusted: dict[str, float] = {}
        for finding in found:
            self._count(finding, truth, alpha)
            if finding.p_adjusted is not None and finding.verdict is not Verdict.NOT_EVALUABLE:
                family = str((finding.family or {}).get("id", finding.metric))
                adjusted[family] = min(adjusted.get(family, 1.0), finding.p_adjusted)
        self.families.update(adjusted.keys())
        self.rejected.update(name for name, p in adjusted.items() if p < alpha)
        self.disparities += any(f.verdict is Verdict.DISPARITY for f in found)
        self.detected += any(f.verdict in FOUND for f in found)

    def _count(self, finding: Finding, truth: Mapping[str, float], alpha: float) -> None:
        if finding.p_value is not None:
            self.tests += 1
            self.small += finding.p_value < alpha
        true = truth.get(finding.metric, truth.get(str(finding.effect.get("kind"))))
        if true is None or finding.ci is None or finding.verdict is Verdict.NOT_EVALUABLE:
            return
        low, high = finding.ci["low"], finding.ci["high"]
        self.intervals += 1
        self.aimed += float(finding.ci["level"])
        self.covered += (low is None or low <= true) and (high is None or true <= high)

    def __iadd__(self, other: Self) -> Self:
        for name in (
            "sets",
            "disparities",
            "detected",
            "tests",
            "small",
            "intervals",
            "covered",
            "aimed",
        ):
            setattr(self, name, getattr(self, name) + getattr(other, name))
        self.families.update(other.families)
        self.rejected.update(other.rejected)
        return self

    def found_json(self) -> dict[str, Any]:
        """How often a planted difference was found, as it stands in docs/calibration/PROBE.json."""
        return {
            "sets": self.sets,
            "power": round(self.detected / self.sets, 4),
            "disparity": round(self.disparities / self.sets, 4),
        }

    def worst(self) -> tuple[str, float, int]:
        """The family that rejects most often: its name, its share, and of how many sets."""
        shares = [(self.rejected[f] / n, n, f) for f, n in self.families.items() if n]
        if not shares:
            return "–", 0.0, 0
        most = max(n for _, n, _ in shares)
        share, n, name = max(entry for entry in shares if entry[1] >= most / 10)
        return name, share, n

    def as_json(self) -> dict[str, Any]:
        """The tally as it stands in docs/calibration/PROBE.json."""
        name, share, tested = self.worst()
        return {
            "sets": self.sets,
            "families": len(self.families),
            "worst_family": name,
            "type_one_error": round(share, 5),
            "monte_carlo_error": round(allowance(tested, POLICY.value("alpha")), 5),
            "tested_sets": tested,
            "disparity_sets": self.disparities,
            "unadjusted_below_alpha": round(self.small / self.tests, 5) if self.tests else None,
            "coverage": round(self.covered / self.intervals, 5) if self.intervals else None,
            "coverage_aimed": round(self.aimed / self.intervals, 5) if self.intervals else None,
        }


def allowance(sets: int, alpha: float) -> float:
    """The Monte-Carlo error of a share α over so many sets: 99 %, one-sided."""
    return Z99 * math.sqrt(alpha * (1 - alpha) / max(1, sets))


def tally(probe: str, design: str, numbers: Iterable[int]) -> Tally:
    """Run a probe on the simulated data sets with these numbers.

    Args:
        probe: its id.
        design: one of its null or planted designs.
        numbers: which data sets; each has its own generator.
    """
    counted = Tally()
    for number in numbers:
        findings, truth, alpha = simulated(probe, design, number)
        counted.add(findings, truth, alpha)
    return counted


def simulated(
    probe: str, design: str, number: int
) -> tuple[list[Finding], Mapping[str, float], float]:
    """What a probe finds in one simulated data set, with the truth behind it and the plan's α.

    Args:
        probe: its id.
        design: one of its null or planted designs.
        number: which data set; each has its own generator.
    """
    kind, name = installed.probe_class(probe), f"{probe}/{design}/{number}"
    key = int.from_bytes(sha256(name.encode()).digest()[:16], "big")
    case = {**kind.nulls(), **kind.planted()}[design](
        np.random.Generator(np.random.Philox(key=key))
    )
    plan = planning.parse(case.plan)
    findings = engine.measure(plan, case.table, scorer=case.scorer, nonce=name)
    return findings, case.truth, plan.alpha


def _task(probe: str, design: str, first: int, last: int) -> Tally:
    return tally(probe, design, range(first, last))


def calibrate(name: str, *, sets: int, processes: int) -> dict[str, Any]:
    """Calibrate a probe.

    Args:
        name: its id.
        sets: null data sets per design.
        processes: how many to use side by side.
    """
    kind, started = installed.probe_class(name), time.monotonic()
    with ProcessPoolExecutor(processes) as pool:
        designs = {design: _spread(pool, name, design, sets).as_json() for design in kind.nulls()}
        planted = {
            design: _spread(pool, name, design, min(sets, PLANTED_SETS)).found_json()
            for design in kind.planted()
        }
    return {"version": kind.spec.version, "certificate": certificate.counted(name), "designs": designs,
            "planted": planted, "seconds": round(time.monotonic() - started, 1)}  # fmt: skip


def _spread(pool: ProcessPoolExecutor, name: str, design: str, sets: int) -> Tally:
    """The tally of a design, its sets dealt to the processes."""
    edges = range(0, sets, CHUNK)
    ends = [min(sets, edge + CHUNK) for edge in edges]
    whole = Tally()
    for part in pool.map(_task, [name] * len(ends), [design] * len(ends), edges, ends):
        whole += part
    sys.stdout.write(f"{name} {design}: {whole.as_json()}\n")
    sys.stdout.flush()
    return whole


def stale(content: Mapping[str, Any]) -> list[str]:
    """The installed probes whose certified numbers are not those that were calibrated."""
    known = {name: entry["certificate"] for name, entry in content.get("probes", {}).items()}
    return [name for name in installed.names() if known.get(name) != certificate.counted(name)]


def read() -> dict[str, Any]:
    """The committed table: one file per probe."""
    files = sorted((DOCS / "calibration").glob("*.json"))
    return {"probes": {file.stem: json.loads(file.read_text("utf-8")) for file in files}}


HEAD = """# Calibration: how often each probe finds what is not there

Written by `make calibrate`; the tests fail when a p-value, an interval or a verdict that certifies
a probe (`evaluators.running.certificate`), or a policy value that it names, has changed without it. Each design is a way to simulate data without any difference between groups (repeated
units included; for probes that ask a model, a simulated randomised service, since a deterministic
model has no error rate). *Type-I error* is the share of data sets in which the worst family of a
probe rejects at α = {alpha:g} after adjustment; it may exceed α by the Monte-Carlo error only
(99 %, one-sided). *Coverage* is the share of intervals that hold the true value, beside the mean
level aimed at. *Disparity* counts data sets in which some finding called nothing a disparity.

| probe | version | certificate | design | sets | type-I error | allowed | unadjusted p < α | coverage (aimed) | disparity |
|---|---|---|---|---|---|---|---|---|---|
"""


POWER = """
## Power: how often each probe finds what was planted

Each design plants a difference of a stated size. *Found* is the share of data sets in which the
probe says *difference* or *disparity*; *disparity* the share in which it says the line is passed.

| probe | design | sets | found | disparity |
|---|---|---|---|---|
"""


def page(content: Mapping[str, Any]) -> str:
    """The table as Markdown."""
    lines = []
    for name, entry in sorted(content["probes"].items()):
        for design, row in sorted(entry["designs"].items()):
            allowed = POLICY.value("alpha") + row["monte_carlo_error"]
            coverage = "–"
            if row["coverage"] is not None:
                coverage = f"{row['coverage']:.3f} ({row['coverage_aimed']:.3f})"
            raw = row["unadjusted_below_alpha"]
            lines.append(
                f"| {name} | {entry['version']} | `{entry['certificate'][:12]}` | {design} | {row['sets']} "
                f"| {row['type_one_error']:.4f} | {allowed:.4f} | {'–' if raw is None else f'{raw:.4f}'} "
                f"| {coverage} | {row['disparity_sets']} |"
            )
    found = [
        f"| {name} | {design} | {row['sets']} | {row['power']:.3f} | {row['disparity']:.3f} |"
        for name, entry in sorted(content["probes"].items())
        for design, row in sorted(entry.get("planted", {}).items())
    ]
    head = HEAD.format(alpha=POLICY.value("alpha"))
    return "\n".join([head.rstrip(), *lines, POWER.rstrip(), *found]) + "\n"


def main() -> None:
    """Calibrate from the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sets", type=int, default=SETS)
    parser.add_argument("--stale", action="store_true", help="only probes that have changed")
    parser.add_argument("--only", nargs="+", metavar="PROBE", help="only these probes")
    parser.add_argument("--page", action="store_true", help="only the page, from the files")
    parser.add_argument("--processes", type=int, default=2)
    given = parser.parse_args()
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    if not given.page:
        names = given.only or (stale(read()) if given.stale else list(installed.names()))
        for name in names:
            made = calibrate(name, sets=given.sets, processes=given.processes)
            write(DOCS / "calibration" / f"{name}.json", pretty(made))
    write(DOCS / "calibration.md", page(read()))


def pretty(made: Mapping[str, Any]) -> str:
    """A probe's calibration as its file holds it."""
    return json.dumps(made, ensure_ascii=False, indent=1, sort_keys=True) + "\n"


def write(path: Path, text: str) -> None:
    """Put a file of the docs in its place."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, "utf-8")


if __name__ == "__main__":
    main()
