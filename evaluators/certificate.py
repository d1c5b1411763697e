"""A calibration is carried over to a changed source where its numbers have stayed the same.

A calibration counts what 2,000 simulated data sets of a design give. A change of words, or of what
no design touches, changes a probe's source and none of those numbers; measuring them again would
show nothing. So the numbers of the first sets of every design are written down by the tree whose
calibration stands, and held against those of the present tree: p-values, adjusted p-values,
intervals and the verdicts that count as found or not evaluable, for every finding, to eight digits.
Where they are all equal, the calibration is carried over and says so; where one differs, the probe
is calibrated anew.

    python -m evaluators.certificate write FILE --sets 60     # in the tree that was calibrated
    python -m evaluators.certificate carry FILE               # in the present tree
"""

import argparse
import json
import os
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any

from evaluators import calibration, installed
from evaluators.probe import digest
from registry.findings import Finding, Verdict

SETS = 60
COUNTED = frozenset({Verdict.DISPARITY, Verdict.DIFFERENCE, Verdict.NOT_EVALUABLE})
Row = list[Any]


def row(finding: Finding) -> Row:
    """What a calibration counts of a finding, as plain JSON."""
    family = (finding.family or {}).get("id", "")
    interval = finding.ci and [_rounded(finding.ci[name]) for name in ("low", "high", "level")]
    return [
        finding.metric,
        json.dumps(dict(finding.slice), sort_keys=True),
        str(finding.group),
        str(finding.reference_group),
        family,
        _rounded(finding.p_value),
        _rounded(finding.p_adjusted),
        interval,
        finding.verdict.value if finding.verdict in COUNTED else "other",
    ]


def _rounded(value: float | None) -> float | None:
    return None if value is None else float(f"{value:.8g}")


def rows(probe: str, design: str, sets: int) -> list[list[Row]]:
    """The rows of the first data sets of a design, in an order that hangs on nothing else.

    Args:
        probe: its id.
        design: one of its null or planted designs.
        sets: how many data sets.
    """
    return [
        sorted(
            (row(each) for each in calibration.simulated(probe, design, number)[0]), key=json.dumps
        )
        for number in range(sets)
    ]


def designs(name: str) -> list[str]:
    """The null and planted designs of a probe."""
    kind = installed.probe_class(name)
    return [*kind.nulls(), *kind.planted()]


def lines(names: Iterable[str], sets: int, processes: int) -> Iterator[dict[str, Any]]:
    """One entry for every design of the probes: {probe, digest, design, sets, rows}."""
    wanted = [(name, design) for name in names for design in designs(name)]
    with ProcessPoolExecutor(processes) as pool:
        made = pool.map(partial(_rows, sets=sets), wanted)
        for (name, design), found in zip(wanted, made, strict=True):
            yield {"probe": name, "digest": digest(installed.probe_class(name)),
                   "design": design, "sets": sets, "rows": found}  # fmt: skip


def _rows(wanted: tuple[str, str], sets: int) -> list[list[Row]]:
    return rows(*wanted, sets)


def differences(
    before: Sequence[Mapping[str, Any]], now: Callable[[str, int], Sequence[Sequence[Row]]]
) -> list[str]:
    """Where the numbers of one probe differ from those written down: nowhere, if empty.

    Args:
        before: the entries of the probe, as written.
        now: the rows of a design as they are now, of so many sets.
    """
    found = []
    for entry in before:
        present = now(entry["design"], entry["sets"])
        for number, (old, new) in enumerate(zip(entry["rows"], present, strict=True)):
            if list(old) != list(new):
                one = next(
                    (pair for pair in zip(old, new, strict=False) if pair[0] != pair[1]),
                    (old, new),
                )
                found.append(f"{entry['design']}, set {number}: {one[0]} is now {one[1]}")
                break
    return found


def carry(
    name: str, before: Sequence[Mapping[str, Any]], table: Mapping[str, Any]
) -> dict[str, Any]:
    """The calibration of a probe under its present digest, with what was compared.

    Args:
        name: the probe.
        before: its entries, which were found equal to the present numbers.
        table: its calibration as it stands.

    Raises:
        ValueError: when the entries are of another source than the calibration, or lack a design.
    """
    if {entry["digest"] for entry in before} != {table["digest"]}:
        raise ValueError(f"{name}: the numbers were written by another source than was calibrated")
    if {entry["design"] for entry in before} != {*table["designs"], *table.get("planted", {})}:
        raise ValueError(f"{name}: the numbers and the calibration are of different designs")
    measured = table.get("carried", {}).get("measured", table["digest"])
    compared = min(entry["sets"] for entry in before)
    present = digest(installed.probe_class(name))
    return {
        **table,
        "digest": present,
        "carried": {"measured": measured, "sets_compared": compared},
    }


def main(given: Sequence[str] | None = None) -> int:
    """Write or carry from the command line; 1 where a probe has to be calibrated anew."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("act", choices=("write", "carry"))
    parser.add_argument("file", type=Path)
    parser.add_argument("--sets", type=int, default=SETS)
    parser.add_argument("--only", nargs="+", metavar="PROBE")
    parser.add_argument("--processes", type=int, default=2)
    chosen = parser.parse_args(given)
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    if chosen.act == "write":
        with chosen.file.open("w", encoding="utf-8") as file:
            for entry in lines(chosen.only or installed.names(), chosen.sets, chosen.processes):
                file.write(json.dumps(entry, ensure_ascii=False) + "\n")
        return 0
    written = [json.loads(line) for line in chosen.file.read_text("utf-8").splitlines()]
    return int(bool(_carry_all(written, chosen.only)))


def _carry_all(written: Sequence[Mapping[str, Any]], only: Sequence[str] | None) -> list[str]:
    """Carry what can be; the names of the probes that have to be calibrated anew."""
    table, anew = calibration.read(), list[str]()
    for name in only or calibration.stale(table):
        before = [entry for entry in written if entry["probe"] == name]
        known = {entry["design"]: entry for entry in before}
        differing = sorted({*designs(name)} ^ {*known}) or differences(before, partial(rows, name))
        if differing:
            anew.append(name)
            sys.stdout.write(f"{name}: to be calibrated anew: {differing[0]}\n")
            continue
        made = carry(name, before, table["probes"][name])
        calibration.write(
            calibration.DOCS / "calibration" / f"{name}.json", calibration.pretty(made)
        )
        sys.stdout.write(f"{name}: carried over\n")
    calibration.write(calibration.DOCS / "calibration.md", calibration.page(calibration.read()))
    return anew


if __name__ == "__main__":
    sys.exit(main())
