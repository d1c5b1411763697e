"""The certificate of a probe: the numbers that it gives on fixed data, kept in its own file.

Every probe is run on sets of each of its simulated designs, null and planted, and on the same
designs damaged in the ways of `DAMAGES`. What it gives, every number of every finding and every
published table, stands in certificates/PROBE.jsonl, with the policy values that its code names. A
change of words, comments, names of files or places moves none of them; a change of a statistic is
reviewed by the numbers that it moves, old beside new. A probe's calibration holds for the numbers
that it was measured with (`counted`).

    python -m evaluators.running.certificate            # which numbers moved against the certificates
    python -m evaluators.running.certificate --write    # keep what is found now
"""

import argparse
import ast
import importlib.util
import json
import math
import os
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np

from evaluators.designs.damages import DAMAGES
from evaluators.guests import installed
from evaluators.plan import Plan
from evaluators.policy import POLICY
from evaluators.probe import CERTIFICATES, NullCase, Table
from evaluators.running import engine, moves, planning
from registry import attestation
from registry.errors import RegisterError
from registry.findings import Finding, Verdict

SETS = 4  # of every design, beside the one that the damages befall
NEAR = 1e-3  # a p so near to α decides otherwise for the last bit of a sum
DIGITS = 10  # more than the tolerance asks for, fewer than a double has
WHOLE = "none"  # a design's first set, undamaged
# Words, and what is made of the numbers that are kept.
WORDS = frozenset({"probe", "version", "metric", "slice", "group", "reference_group", "reading",
                   "limit", "legal_refs", "severity", "family", "verdict"})  # fmt: skip
REJECTS = frozenset(
    {Verdict.DISPARITY.value, Verdict.DIFFERENCE.value, Verdict.NOT_EVALUABLE.value}
)
Entry = dict[str, Any]


def names(probe: str) -> list[str]:
    """What data a probe is certified on: `design/none`, `design/1`, …, and `design/damage`.

    Args:
        probe: its id.
    """
    designs = list(_designs(probe))
    sets = [f"{design}/{number}" for design in designs for number in (WHOLE, *range(1, SETS + 1))]
    return sets + [f"{designs[i % len(designs)]}/{damage}" for i, damage in enumerate(DAMAGES)]


def case(probe: str, name: str) -> NullCase | None:
    """The plan with its data of that name; None where there is nothing for the damage to befall.

    Args:
        probe: its id.
        name: see `names`.
    """
    design, _, damage = name.rpartition("/")
    key = int.from_bytes(sha256(f"corpus/{probe}/{name}".encode()).digest()[:16], "big")
    rng = np.random.Generator(np.random.Philox(key=key))
    made: NullCase = _designs(probe)[design](rng)
    if damage not in DAMAGES:
        return made
    damaged = DAMAGES[damage](made, rng)
    return None if damaged is None else replace(made, table=damaged)


def cases(probe: str) -> Iterator[tuple[str, NullCase]]:
    """Every plan with its data that a probe is certified on, by name.

    Args:
        probe: its id.
    """
    for name in names(probe):
        made = case(probe, name)
        if made is not None:
            yield name, made


def _designs(probe: str) -> Mapping[str, Any]:
    kind = installed.probe_class(probe)
    return {**kind.nulls(), **kind.planted()}


def numbers(name: str, given: NullCase) -> Entry:
    """What is found in a case: its findings and tables, or the error by which it is refused.

    Args:
        name: of the case; it keys the random numbers.
        given: the plan with its data.

    Returns:
        {case, refused, findings, tables}: a finding's and a table's numbers by what they are about.
    """
    try:
        found, shown = _ran(name, planning.parse(given.plan), given)
    except RegisterError as refused:
        return {"case": name, "refused": type(refused).__name__, "findings": {}, "tables": {}}
    return {
        "case": name,
        "refused": None,
        "findings": findings_of(found),
        "tables": _numbered((table.name, _leaves(table.as_json()["rows"])) for table in shown),
    }


def _ran(name: str, plan: Plan, given: NullCase) -> tuple[Sequence[Finding], Sequence[Table]]:
    """All findings, and the tables as published: the audit costs too much for further sets."""
    if is_further(name):
        return engine.measure(plan, given.table, scorer=given.scorer, nonce=name), ()
    ran = engine.run(plan, given.table, scorer=given.scorer, nonce=name)
    return ran.evidence.full, [table for _, table in ran.evidence.shown]


def is_further(name: str) -> bool:
    """Whether a case is one more set of a design: its findings are certified, its tables are not.

    Args:
        name: see `names`.
    """
    return name.rpartition("/")[2].isdecimal()


def findings_of(found: Sequence[Finding]) -> dict[str, dict[str, Any]]:
    """The verdict and every number of findings, by what each is about: no words among them.

    Args:
        found: of one run.
    """
    return _numbered((_about(each), _numbers_of(each)) for each in found)


def _numbered(told: Iterable[tuple[str, dict[str, Any]]]) -> dict[str, dict[str, Any]]:
    """By what they are about, sorted; a second about the same thing is `#2`."""
    made: dict[str, dict[str, Any]] = {}
    for about, content in sorted(told, key=json.dumps):
        number, name = 1, about
        while name in made:
            number += 1
            name = f"{about} #{number}"
        made[name] = content
    return made


def _about(finding: Finding) -> str:
    slice_ = json.dumps(dict(finding.slice), sort_keys=True, ensure_ascii=False)
    return f"{finding.metric} {slice_} {finding.group} : {finding.reference_group}"


def _numbers_of(finding: Finding) -> dict[str, Any]:
    content = {k: v for k, v in finding.as_json().items() if k not in WORDS}
    family = finding.family or {}
    told = {"verdict": finding.verdict.value, **_leaves(content)}
    return {**told, "family.size": family["size"]} if "size" in family else told


def _leaves(content: Any, path: str = "") -> dict[str, Any]:
    """Every number, and whether, under its path; words and what is not there are left out."""
    if isinstance(content, Mapping):
        parts = [(str(key), value) for key, value in content.items()]
    elif isinstance(content, list | tuple):
        parts = [(_key(value, place), value) for place, value in enumerate(content)]
    elif isinstance(content, bool | int | float):
        return {path: _real(content) if isinstance(content, float) else content}
    else:
        return {}
    told: dict[str, Any] = {}
    for key, value in parts:
        told |= _leaves(value, f"{path}.{key}" if path else key)
    return told


def _key(row: Any, place: int) -> str:
    """A table's row [keys, counts] goes by its keys."""
    if isinstance(row, list) and len(row) == 2 and isinstance(row[0], list):
        return f"{place}:{'|'.join(map(str, row[0]))}"
    return str(place)


def _real(value: float) -> float | str:
    number = float(f"{value:.{DIGITS}g}")
    return number if math.isfinite(number) else str(number)  # JSON knows no infinity


def certified(probe: str, folder: Path = CERTIFICATES) -> list[Entry]:
    """The entries of a probe's certificate: the policy values first; none where it has none."""
    file = folder / f"{probe}.jsonl"
    if not file.exists():
        return []
    return [json.loads(line) for line in file.read_text("utf-8").splitlines()]


def present(probe: str, chosen: Sequence[str] | None = None) -> list[Entry]:
    """What the probe gives now.

    Args:
        probe: its id.
        chosen: the cases to run; None runs all and leaves out sets with a p too near to α.
    """
    made: list[Entry] = [{"policy": policy(installed.probe_class(probe).__module__)}]
    for name in names(probe):
        given = case(probe, name) if chosen is None or name in chosen else None
        if given is None:
            continue
        entry = numbers(name, given)
        if chosen is None and is_further(name) and _near(entry, given):
            continue
        made.append(entry)
    return made


def _near(entry: Entry, given: NullCase) -> bool:
    alpha = planning.parse(given.plan).alpha
    return any(
        isinstance(told.get(name), float) and abs(told[name] - alpha) < NEAR
        for told in entry["findings"].values()
        for name in ("p_value", "p_adjusted")
    )


def policy(module: str) -> dict[str, float]:
    """The policy values that a module names, or one that it or the engine imports.

    Args:
        module: in dots, of `evaluators`.
    """
    return {
        name: value["value"]
        for each in sorted(behind(module))
        for name, value in POLICY.named_in(_source(each)).items()
    }


def behind(module: str) -> frozenset[str]:
    """The modules of ours that a probe's numbers may hang on: its own imports and the engine's.

    Args:
        module: the probe's, in dots.
    """
    return imported(module) | imported(engine.__name__)


@cache
def imported(module: str) -> frozenset[str]:
    """A module with all of ours that it imports, and so on."""
    seen, waiting = set[str](), [module]
    while waiting:
        name = waiting.pop()
        if name in seen or not name.startswith("evaluators.") or not _source(name):
            continue
        seen.add(name)
        for node in ast.walk(ast.parse(_source(name))):
            if isinstance(node, ast.ImportFrom) and node.module:
                waiting += [node.module, *(f"{node.module}.{each.name}" for each in node.names)]
    return frozenset(seen)


@cache
def _source(module: str) -> str:
    try:
        spec = importlib.util.find_spec(module)
    except ModuleNotFoundError:  # a name in a module is no module
        return ""
    return Path(spec.origin).read_text("utf-8") if spec is not None and spec.origin else ""


def counted(probe: str, folder: Path = CERTIFICATES) -> str:
    """The digest of what a calibration counts: p-values, intervals and verdicts of undamaged sets.

    It is taken of the numbers as they are written, so it is the same wherever it is read.

    Args:
        probe: its id.
        folder: where the certificates lie.
    """
    told: list[Any] = []
    for entry in certified(probe, folder):
        if "policy" in entry:
            told.append(entry["policy"])
        elif is_further(entry["case"]) or entry["case"].endswith(f"/{WHOLE}"):
            told += [
                [entry["case"], about, *map(each.get, ("p_value", "p_adjusted", "ci.low", "ci.high",
                 "ci.level")), each["verdict"] if each["verdict"] in REJECTS else "other"]
                for about, each in entry["findings"].items()
            ]  # fmt: skip
    return attestation.digest(json.dumps(told, sort_keys=True, ensure_ascii=False))


def write(probe: str, now: Sequence[Entry], folder: Path = CERTIFICATES) -> None:
    """Certify what is found now; a number that did not move stays as it was written.

    Args:
        probe: its id.
        now: see `present`.
        folder: where the certificates lie.
    """
    before = {each.get("case"): each for each in certified(probe, folder)}
    kept = [moves.kept(before.get(each.get("case")), each) for each in now]
    lines = [json.dumps(each, ensure_ascii=False, separators=(",", ":")) for each in kept]
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{probe}.jsonl").write_text("\n".join(lines) + "\n", "utf-8")


def main(given: Sequence[str] | None = None) -> int:
    """Compare, or certify anew, from the command line; 1 where something moved and is not certified."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--write", action="store_true", help="keep what is found now")
    parser.add_argument("--only", nargs="+", metavar="PROBE", choices=installed.names())
    parser.add_argument("--folder", type=Path, default=CERTIFICATES, help="where they lie")
    chosen = parser.parse_args(given)
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    moved, compared = list[moves.Moved](), 0
    for probe in chosen.only or installed.names():
        before = certified(probe, chosen.folder)
        cases_ = None if chosen.write or not before else [each.get("case", "") for each in before]
        now = present(probe, cases_)
        moved += moves.between(probe, before, now)
        compared += len(now) - 1
        if chosen.write:
            write(probe, now, chosen.folder)
    sys.stdout.write(moves.table(moved, compared))
    return int(bool(moved) and not chosen.write)


if __name__ == "__main__":
    sys.exit(main())
