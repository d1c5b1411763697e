"""An attacker who has a whole publishable report and nothing else, written apart from the product.

The unknowns are how many people there are of each race and sex (or of none on record), with each
decision and outcome (or none on record). Every number that a report states is a linear equation
in them; linear programming gives the narrowest range of any other count.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from scipy.optimize import linprog

from evaluators.plan import Plan
from evaluators.running import engine

Row = tuple[str | None, str | None, int | None, int | None]
"""Race, sex, decision, outcome."""
Counts = Mapping[Row, int]
FEATURES = ("race", "sex")
MEANING: dict[str, Any] = {
    "favoured": lambda got, due: got == 1,
    "refused": lambda got, due: got == 0,
    "tp": lambda got, due: got == due == 1,
    "fp": lambda got, due: (got, due) == (1, 0),
    "fn": lambda got, due: (got, due) == (0, 1),
    "tn": lambda got, due: got == due == 0,
    "up": lambda got, due: got == 1 and due is None,
    "down": lambda got, due: got == 0 and due is None,
    "deserved": lambda got, due: got is not None and due == 1,
    "undeserved": lambda got, due: got is not None and due == 0,
}  # fmt: skip
RATES = {  # metric → the count above the line of the fraction, and those under it
    "selection_rate_ratio": ("favoured", ("favoured", "refused")),
    "false_negative_rate": ("fn", ("tp", "fn")),
    "false_positive_rate": ("fp", ("fp", "tn")),
    "false_discovery_rate": ("fp", ("tp", "fp")),
    "false_omission_rate": ("fn", ("fn", "tn")),
}
COLUMNS = {"race": 0, "sex": 1, "got": 2, "due": 3}


def table(counts: Counts) -> pa.Table:
    """The rows behind the counts."""
    rows = [key for key, count in counts.items() for _ in range(count)]
    kinds = (pa.string(), pa.string(), pa.int64(), pa.int64())
    names = ("race", "sex", "got", "due")
    return pa.table({
        name: pa.array([row[at] for row in rows], kind)
        for at, (name, kind) in enumerate(zip(names, kinds, strict=True))
    })  # fmt: skip


def report(counts: Counts, probes: Sequence[str], sensitive: Sequence[str] = FEATURES) -> Any:
    """What is published of a run on such rows: findings, tables, and which rows were read."""
    columns = {"sensitive": list(sensitive), "prediction": "got", "target": "due", "favourable": 1}
    plan = {"title": "t", "columns": columns, "probes": [{"id": each} for each in probes]}
    made = engine.run(Plan.parse(plan), table(counts), scorer=None, nonce="n")
    return {
        "findings": [each.as_json() for each in made.findings],
        "tables": made.public_evidence["tables"],
        "rows_read": dict(made.left_out),
    }


@dataclass
class Attacker:
    """Everything that a report says, as equations.

    Args:
        counts: the truth; the attacker uses none of it but which levels there are, and of what
            bounds are made.
        report: what is published.
    """

    counts: Counts
    report: Mapping[str, Any]
    sensitive: Sequence[str] = FEATURES

    def __post_init__(self) -> None:
        levels = [sorted({str(row[at]) for row in self.counts if row[at] is not None})
                  for at in (0, 1)]  # fmt: skip
        self.atoms: list[Row] = list(
            product((*levels[0], None), (*levels[1], None), (1, 0, None), (1, 0, None))
        )
        self.equations, self.values = list[Any](), list[float]()
        self.fitting: list[npt.NDArray[np.float64]] = []  # counts that fit what he read
        for line, value in self._read():
            self.equations.append(line)
            self.values.append(value)

    def line(self, slice_: Mapping[str, str | None], kinds: Sequence[str] = ()) -> Any:
        """Which atoms are of a slice, and of one of the kinds of answers."""
        return np.array([
            all(atom[COLUMNS[name]] == level for name, level in slice_.items())
            and (not kinds or any(MEANING[kind](*atom[2:]) for kind in kinds))
            for atom in self.atoms
        ], dtype=float)  # fmt: skip

    def _read(self) -> Iterator[tuple[npt.NDArray[np.float64], float]]:
        read = self.report["rows_read"]
        told = {each["column"] for each in read["without"]}
        for name in {"race", "sex", "got", "due"} - told:  # nothing is said: every row has it
            if self._watched(name):
                yield self._lacks([name]), 0
        yield from self._left_out(read)
        for tables in self.report["tables"].values():
            for each in tables:
                for key, counts in each["rows"]:
                    slice_ = dict(zip(each["keys"], key, strict=True))
                    has = 1 - self._lacks(each.get("within", ()))
                    for count, name in zip(counts or (), each["counts"], strict=False):
                        if name in MEANING:
                            yield self.line(slice_, [name]) * has, count
        for finding in self.report["findings"]:
            yield from self._left_out(finding["left_out"])
            scan = finding["probe"] == "intersection_scan"  # it needs every feature of a row
            has = 1 - self._lacks(self.sensitive) if scan else 1
            yield from ((line * has, value) for line, value in self._of(finding))

    def _watched(self, name: str) -> bool:
        probes = {each["probe"] for each in self.report["findings"]}
        return name != "due" or bool(probes & {"error_parity", "performance"})

    def _lacks(self, names: Sequence[str], before: Sequence[str] = ()) -> Any:
        return np.array([
            any(atom[COLUMNS[n]] is None for n in names)
            and not any(atom[COLUMNS[n]] is None for n in before)
            for atom in self.atoms
        ], dtype=float)  # fmt: skip

    def _left_out(self, said: Mapping[str, Any]) -> Iterator[tuple[Any, float]]:
        everyone = np.ones(len(self.atoms))
        if said.get("rows") is not None:
            yield everyone, said["rows"]
        names = [each["column"] for each in said.get("without", ())]
        for at, each in enumerate(said.get("without", ())):
            if each["rows"] is not None:
                yield self._lacks([each["column"]], names[:at]), each["rows"]
        if said.get("used") is not None:
            yield everyone - self._lacks(names), said["used"]

    def _of(self, finding: Mapping[str, Any]) -> Iterator[tuple[Any, float]]:
        slice_, details = finding["slice"], finding["details"]
        if finding["probe"] == "performance" and not slice_ and finding["n"]:
            yield self.line({}, ["tp", "fp", "fn", "tn"]), finding["n"]
            if finding["metric"] == "accuracy" and finding["estimate"] is not None:
                yield self.line({}, ["tp", "tn"]), round(finding["estimate"] * finding["n"])
        if finding["metric"] not in RATES or "*" in slice_.values() or not slice_:
            return
        top, under = RATES[finding["metric"]]
        known = self._any_of(slice_, under)
        sides = [(self.line(slice_, under), finding["n"], finding["estimate"], slice_)]
        against = finding["reference_group"]
        if against not in (None, "*"):
            other = dict.fromkeys(slice_, against)
            sides.append((self.line(other, under), finding["n_reference"], finding["reference_estimate"], other))  # fmt: skip
        for line, n, share, of in sides:
            if n is not None:
                yield line, n
            if n is not None and share is not None:
                yield self.line(of, [top]), round(share * n)
        if against == "*" and finding["n_reference"] is not None:
            yield known - self.line(slice_, under), finding["n_reference"]
            if finding["reference_estimate"] is not None:
                yield (self._any_of(slice_, [top]) - self.line(slice_, [top]),
                       round(finding["reference_estimate"] * finding["n_reference"]))  # fmt: skip
        if finding["left_out"].get("bounds") and len(slice_) == 1:
            yield from self._bounded(next(iter(slice_)), top, under)
        if overall := details.get("overall"):
            yield known, overall["n"]
            if overall["rate"] is not None:
                yield self._any_of(slice_, [top]), round(overall["rate"] * overall["n"])
        if share := details.get("missing_share"):  # of all with an answer (and an outcome)
            counted = ("tp", "fp", "fn", "tn") if finding["probe"] == "error_parity" else under
            (name,) = slice_
            yield self.line({name: None}, counted) - share * self.line({}, counted), 0.0

    def _bounded(self, name: str, top: str, under: Sequence[str]) -> Iterator[tuple[Any, float]]:
        """What worst-case bounds are made of, taken to be read off them exactly.

        Of each group how many rows could count in more than one way, and of those of no group how
        many in each.
        """
        at = COLUMNS[name]
        ways: dict[tuple[str | int | None, frozenset[str]], list[int]] = {}
        for place, atom in enumerate(self.atoms):
            fates = frozenset(
                "top" if MEANING[top](got, due)
                else "rest" if any(MEANING[kind](got, due) for kind in under) else "out"
                for got in ((1, 0) if atom[2] is None else (atom[2],))
                for due in ((1, 0) if atom[3] is None else (atom[3],))
            )  # fmt: skip
            if atom[at] is None or len(fates) > 1:
                ways.setdefault((atom[at], fates), []).append(place)
        for places in ways.values():
            line = np.zeros(len(self.atoms))
            line[places] = 1
            yield line, float(sum(self.counts.get(self.atoms[place], 0) for place in places))

    def _any_of(self, slice_: Mapping[str, str], kinds: Sequence[str]) -> Any:
        """Everybody of whom all features of the slice are known."""
        gone = self._lacks(list(slice_))
        return self.line({}, kinds) * (1 - gone)

    def range(self, slice_: Mapping[str, str | None], kinds: Sequence[str] = ()) -> Any:
        """The narrowest range of a count; nothing where counts that fit lie ten apart."""
        aim = self.line(slice_, kinds)
        if not self.equations:
            return None
        ends = []
        for sign in (1, -1):
            found = [float(aim @ each) for each in self.fitting]
            if max(found, default=0) - min(found, default=0) >= 10:
                return None
            told = linprog(sign * aim, A_eq=np.array(self.equations), b_eq=self.values,
                           method="highs")  # fmt: skip
            assert told.status in (0, 3), "what the report says does not fit together"
            if told.status == 0:
                self.fitting.append(told.x)
            ends.append(np.inf * -sign if told.status == 3 else sign * told.fun)
        return ends[0], ends[1]

    def small(self) -> Iterator[tuple[dict[str, str | None], str, int]]:
        """Every count of 1 to 9 people: of a slice, missing levels too, by kind of answer."""
        for names in (("race",), ("sex",), FEATURES):
            places = [COLUMNS[name] for name in names]
            for key in {tuple(row[at] for at in places) for row in self.counts}:
                slice_ = {
                    n: None if v is None else str(v) for n, v in zip(names, key, strict=True)
                }
                for kind in (None, *MEANING):
                    true = sum(
                        count for row, count in self.counts.items()
                        if tuple(row[at] for at in places) == key
                        and (kind is None or MEANING[kind](*row[2:]))
                    )  # fmt: skip
                    if 0 < true < 10:
                        yield slice_, kind or "", true

    def pinned(self) -> list[Any]:
        """The small counts that the report gives away: known to less than ten."""
        found = []
        self._check_truth()
        for slice_, kind, true in self.small():
            narrow = self.range(slice_, [kind] if kind else ())
            if narrow is None:
                continue
            low, high = narrow
            assert low - 1e-6 <= true <= high + 1e-6, (slice_, kind, true, low, high)
            if high - low < 10 - 1e-6:
                found.append((slice_, kind, true, round(low, 3), round(high, 3)))
        return found

    def _check_truth(self) -> None:
        """Nothing that he reads is other than it is: he could be misled, and pin down nothing."""
        true = np.array([float(self.counts.get(atom, 0)) for atom in self.atoms])
        for line, value in zip(self.equations, self.values, strict=True):
            assert abs(line @ true - value) < 0.01, (line @ true, value)


@dataclass(frozen=True)
class Totals:
    """An attacker who knows only groups of one attribute: every row counts, or every person.

    He reads each number about a group, of whichever probe, as so many rows of that group (or as
    so many people, in a table), subtracts what he knows, and holds two numbers of one group that
    differ against one another.

    Args:
        report: what is published.
        truth: group → its rows.
        name: the attribute.
    """

    report: Mapping[str, Any]
    truth: Mapping[str, int]
    name: str = "race"

    def rows(self) -> dict[str, set[int]]:
        """Group → the numbers of its rows that are stated."""
        found: dict[str, set[int]] = {group: set() for group in self.truth}
        for each in self.report["findings"]:
            if list(each["slice"]) != [self.name] or each["probe"] == "subgroup_search":
                continue
            sides = [(each["slice"][self.name], each["n"])]
            sides.append((each["reference_group"], each["n_reference"]))
            for group, n in sides if each["metric"] in WHOLE else ():
                if group in found and n is not None:
                    found[group].add(n)
        for tables in self.report["tables"].values():
            for table_ in tables if not self.report["units"] else ():
                for (group, *_), counts in table_["rows"] if table_["keys"] == [self.name] else ():
                    if counts is not None:
                        found[group].add(sum(counts))
        return found

    def everyone(self) -> set[int]:
        """The numbers of all rows that are stated, or follow."""
        found = {n for n in (self.report["rows_read"]["rows"],) if n is not None}
        for each in self.report["findings"]:
            if each["metric"] in WHOLE and each["reference_group"] == "*" and each["n_reference"]:
                found.add(each["n"] + each["n_reference"])
            if overall := (each["details"] or {}).get("overall"):
                found |= {overall["n"]} if each["metric"] in WHOLE else set()
            if not each["slice"] and each["metric"] == "accuracy" and each["n"]:
                found.add(each["n"])
        return found

    def pinned(self, small: Mapping[str, int]) -> list[str]:
        """The groups of few people whose rows follow, and those with two numbers that differ.

        Args:
            small: the groups of few people: group → its rows.
        """
        told = self.rows()
        twice = [group for group, each in told.items() if 0 < max(each, default=0) - min(each, default=0) < 10]  # fmt: skip
        hidden = [group for group, each in told.items() if not each]
        alone = [g for g in hidden if g in small and len(hidden) == 1 and self.everyone()]
        return [*twice, *(g for g in small if told[g]), *alone]


WHOLE = frozenset({
    "selection_rate_ratio", "scoring_rate_ratio", "standardised_mean_difference", "accuracy_by_group",
    "kolmogorov_smirnov_distance", "success_rate_ratio",
})  # fmt: skip
"""Metrics for which every row with an answer counts."""


def grouped(
    sizes: Mapping[str, int], probes: Sequence[str], *, seed: int, most: int = 1, idle: int = 0
) -> tuple[Any, dict[str, int]]:
    """A report on groups of people, and how many rows each group has.

    Args:
        sizes: group → its people.
        probes: to run.
        seed: of the rows.
        most: rows per person at most.
        idle: so many rows of the first group weigh nothing; without any there are no weights.
    """
    rng = np.random.default_rng(seed)
    rows = [
        (f"{group}{at}", group, *map(int, rng.random(2) < 0.5), float(rng.random()), str(rng.choice(["f", "m"])))
        for group, size in sizes.items() for at in range(size)
        for _ in range(int(rng.integers(1, most + 1)))
    ]  # fmt: skip
    names = ("id", "race", "got", "due", "score", "sex")
    data: dict[str, list[Any]] = {name: [row[at] for row in rows] for at, name in enumerate(names)}
    columns: dict[str, Any] = {"sensitive": ["race"], "prediction": "got", "target": "due",
               "favourable": 1, "score": "score", "control": ["sex"]}  # fmt: skip
    if "regression_parity" in probes:
        data["due"] = [float(x) for x in rng.random(len(rows))]
        columns |= {"prediction": None, "favourable": None}
    if most > 1:
        columns["unit"] = "id"
    if idle:
        data["w"] = [0.0] * idle + [1.0] * (len(rows) - idle)
        columns["weight"] = "w"
    kept = {name: value for name, value in columns.items() if value is not None}
    plan = {"title": "t", "columns": kept, "probes": [{"id": each} for each in probes]}
    made = engine.run(Plan.parse(plan), pa.table(data), scorer=None, nonce="n")
    told = {
        "findings": [each.as_json() for each in made.findings],
        "tables": made.public_evidence["tables"],
        "rows_read": dict(made.left_out),
        "units": most > 1,
    }
    return told, {group: data["race"].count(group) for group in sizes}
