"""The frozen corpus: what every probe finds in kind, unkind and degenerate data, number by number.

Every probe is run on one data set of each of its simulated designs, and on the same designs damaged
in the ways of `DAMAGES`. What it finds stands in docs/corpus/PROBE.jsonl. A change of a statistic is
reviewed by the findings that it moves, old beside new; a change of words moves none.

    python -m evaluators.corpus            # which findings moved against the frozen ones
    python -m evaluators.corpus --write    # freeze what is found now
"""

import argparse
import json
import math
import os
import sys
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np

from evaluators import calibration, engine, installed
from evaluators.damages import DAMAGES
from evaluators.plan import Plan
from evaluators.probe import NullCase
from registry.errors import RegisterError
from registry.findings import Finding

FOLDER = calibration.DOCS / "corpus"
TOLERANCE = 1e-7
# Beside an exact 0 the last bits of a sum are no change.
NOISE = 1e-12
DIGITS = 12  # more than the tolerance asks for, fewer than a double has
NAMES = (
    "metric",
    "slice",
    "group",
    "reference",
    "n",
    "estimate",
    "value",
    "low",
    "high",
    "p",
    "p_adj",
    "verdict",
)
KEY = NAMES.index("n")
Row = list[Any]


@dataclass(frozen=True, slots=True)
class Moved:
    """One thing that is not as it was frozen.

    Args:
        probe: its id.
        case: the design and the damage.
        about: the finding; empty where the whole case came, went or is answered otherwise.
        what: the number or word that moved.
        old, new: before and now; None where there was or is none.
    """

    probe: str
    case: str
    about: str
    what: str
    old: Any
    new: Any

    def line(self) -> str:
        """One line of the table, in Markdown."""
        return (
            f"| {self.probe} | {self.case} | {self.about or '–'} | {self.what} "
            f"| {_shown(self.old)} → {_shown(self.new)} |"
        )


def cases(probe: str) -> Iterator[tuple[str, NullCase]]:
    """The plans with data of a probe, by name: every design as it is, and one of them per damage.

    Args:
        probe: its id.
    """
    kind = installed.probe_class(probe)
    designs = {**kind.nulls(), **kind.planted()}
    names = list(designs)
    given = [(name, "none") for name in names]
    given += [(names[i % len(names)], damage) for i, damage in enumerate(DAMAGES)]
    for design, damage in given:
        name = f"{design}/{damage}"
        key = int.from_bytes(sha256(f"corpus/{probe}/{name}".encode()).digest()[:16], "big")
        rng = np.random.Generator(np.random.Philox(key=key))
        case = designs[design](rng)
        damaged = case.table if damage == "none" else DAMAGES[damage](case, rng)
        if damaged is not None:
            yield name, replace(case, table=damaged)


def found(name: str, case: NullCase) -> dict[str, Any]:
    """What is found in a case: its rows, or the error by which it is refused.

    Args:
        name: of the case; it keys the random numbers.
        case: the plan with its data.
    """
    try:
        made = engine.measure(Plan.parse(case.plan), case.table, scorer=case.scorer, nonce=name)
    except RegisterError as refused:
        return {"case": name, "refused": type(refused).__name__, "rows": []}
    return {"case": name, "refused": None, "rows": projection(made)}


def projection(findings: Sequence[Finding]) -> list[Row]:
    """What certifies findings, sorted: no sentence, family id, severity or details among it.

    Args:
        findings: of one run.

    Returns:
        One row per finding, its entries as in `NAMES`; reals to twelve digits.
    """
    return sorted((_row(each) for each in findings), key=json.dumps)


def _row(finding: Finding) -> Row:
    interval = finding.ci or {}
    reals = (finding.estimate, finding.effect.get("value"), interval.get("low"),
             interval.get("high"), finding.p_value, finding.p_adjusted)  # fmt: skip
    return [
        finding.metric,
        json.dumps(dict(finding.slice), sort_keys=True, ensure_ascii=False),
        finding.group,
        finding.reference_group,
        finding.n,
        *map(_real, reals),
        finding.verdict.value,
    ]


def _real(value: float | None) -> float | str | None:
    if value is None:
        return None
    number = float(f"{float(value):.{DIGITS}g}")
    return number if math.isfinite(number) else str(number)  # JSON knows no infinity


def moved(
    probe: str, before: Sequence[Mapping[str, Any]], now: Sequence[Mapping[str, Any]]
) -> list[Moved]:
    """What differs between the frozen cases of a probe and the present ones.

    Args:
        probe: its id.
        before: as frozen, see `found`.
        now: as found now.
    """
    old, new = ({entry["case"]: entry for entry in each} for each in (before, now))
    differing = []
    for name in [*old, *(name for name in new if name not in old)]:
        if name not in new or name not in old:
            told = ("frozen", None) if name in old else (None, "found")
            differing.append(Moved(probe, name, "", "case", *told))
            continue
        was, is_now = old[name], new[name]
        if was["refused"] != is_now["refused"]:
            differing.append(Moved(probe, name, "", "refused", was["refused"], is_now["refused"]))
        differing += _rows_moved(probe, name, was["rows"], is_now["rows"])
    return differing


def _rows_moved(
    probe: str, case: str, before: Sequence[Row], now: Sequence[Row]
) -> Iterator[Moved]:
    old, new = _by_finding(before), _by_finding(now)
    for about in [*old, *(about for about in new if about not in old)]:
        if about not in new or about not in old:
            told = [(each[about][-1] if about in each else None) for each in (old, new)]
            yield Moved(probe, case, about, "finding", *told)
            continue
        for name, was, is_now in zip(NAMES[KEY:], old[about], new[about], strict=True):
            if not same(was, is_now):
                yield Moved(probe, case, about, name, was, is_now)


def _by_finding(rows: Sequence[Row]) -> dict[str, Row]:
    """The numbers of every finding by what it is about; a second about the same thing is `#2`."""
    seen, told = Counter[str](), {}
    for row in rows:
        metric, slice_, group, reference = row[:KEY]
        about = f"{metric} {slice_} {group} : {reference}"
        seen[about] += 1
        told[about if seen[about] == 1 else f"{about} #{seen[about]}"] = row[KEY:]
    return told


def same(old: Any, new: Any) -> bool:
    """Whether two entries are equal: words and integers exactly, reals to 1e-7 of their size."""
    if isinstance(old, float) and isinstance(new, float):
        return math.isclose(old, new, rel_tol=TOLERANCE, abs_tol=NOISE)
    return type(old) is type(new) and bool(old == new)


def _shown(value: Any) -> str:
    if value is None:
        return "nothing"
    return f"{value:.9g}" if isinstance(value, float) else str(value)


def table(differing: Sequence[Moved], compared: int) -> str:
    """What moved, as a reviewer reads it; the verdicts first.

    Args:
        differing: what moved.
        compared: how many plans were run.
    """
    if not differing:
        return f"{compared} plans: nothing moved\n"
    first = sorted(differing, key=lambda each: each.what not in {"verdict", "finding", "refused"})
    touched = len({(each.probe, each.case) for each in differing})
    kinds = Counter(each.what for each in differing)
    counts = ", ".join(f"{name} {count}" for name, count in kinds.most_common())
    head = "| probe | case | finding | what | old → new |\n|---|---|---|---|---|"
    told = f"{compared} plans, {touched} of them moved: {counts}"
    return "\n".join([head, *(each.line() for each in first), "", told]) + "\n"


def frozen(probe: str, folder: Path = FOLDER) -> list[dict[str, Any]]:
    """The frozen cases of a probe; none where it was never frozen."""
    file = folder / f"{probe}.jsonl"
    if not file.exists():
        return []
    return [json.loads(line) for line in file.read_text("utf-8").splitlines()]


def freeze(probe: str, now: Sequence[Mapping[str, Any]], folder: Path = FOLDER) -> None:
    """Write the cases of a probe, one a line."""
    lines = [json.dumps(each, ensure_ascii=False, separators=(",", ":")) for each in now]
    calibration.write(folder / f"{probe}.jsonl", "\n".join(lines) + "\n")


def main(given: Sequence[str] | None = None) -> int:
    """Compare, or freeze anew, from the command line; 1 where something moved and is not frozen."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--write", action="store_true", help="freeze what is found now")
    parser.add_argument("--only", nargs="+", metavar="PROBE", choices=installed.names())
    parser.add_argument("--folder", type=Path, default=FOLDER, help="where the frozen cases lie")
    chosen = parser.parse_args(given)
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    differing, compared = list[Moved](), 0
    for probe in chosen.only or installed.names():
        now = [found(*each) for each in cases(probe)]
        differing += moved(probe, frozen(probe, chosen.folder), now)
        compared += len(now)
        if chosen.write:
            freeze(probe, now, chosen.folder)
    sys.stdout.write(table(differing, compared))
    return int(bool(differing) and not chosen.write)


if __name__ == "__main__":
    sys.exit(main())
