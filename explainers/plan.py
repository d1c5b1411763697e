"""The plan of an explanation: fixed from a seed sample and digested before anything is asked."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Literal, Self

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from scipy.stats import rankdata

from explainers.bounds import Family
from explainers.columns import Column, Outsider, parse_columns, text_of
from explainers.draws import generator
from explainers.groups import association, correlated
from explainers.people import Array, People, missing
from registry import attestation
from registry.errors import Invalid
from registry.language import Text

Task = Literal["decision", "price"]

DONORS = 2_000  # real rows that lend their values
PEOPLE = 10_000  # distinct people who are asked about
BLOCK = 4_096  # people per frame: fixed, because the size of a batch can change a last digit
GAP = 0.25  # how far apart the two values of a contrast stand, in percentiles
MOST_LEVELS = 12  # of a column with names for values; rarer ones are said to be untested
MOST_BINS = 16  # of a picture
LEAST_PER_BIN = 40  # donors, so that no published bin is about a handful of people
PRICE_MARGIN = 0.01  # a price within 1 % counts as the same (evaluation.md, section 4)


class PlanImpossible(Invalid):
    """No explanation can be planned like this: correct what the sentence names."""


@dataclass(frozen=True, slots=True)
class Wording:
    """What the results are called.

    Args:
        favourable: the result that is good for the person (decision).
        unfavourable: the other one (decision).
        price: what the value is called (price).
        unit: the unit of the value (price).
        person: one of those the rows are about.
        people: several of them.
    """

    favourable: Text = field(default=Text("通过", "approved"))
    unfavourable: Text = field(default=Text("不通过", "not approved"))
    price: Text = field(default=Text("价格", "price"))
    unit: Text = field(default=Text("元", "yuan"))
    person: Text = field(default=Text("个人", "person"))
    people: Text = field(default=Text("人", "people"))

    @classmethod
    def parse(cls, given: "Mapping[str, Any] | Wording | None") -> Self:
        """Read {favourable, unfavourable, price, unit, person, people}, each {zh, en} or absent."""
        if isinstance(given, cls):
            return given
        assert given is None or isinstance(given, Mapping)  # noqa: S101  # narrows the type
        read = {name: text_of(text) for name, text in (given or {}).items()}
        known = {name: text for name, text in read.items() if text and name in cls.__slots__}
        return cls(**known)

    def as_json(self) -> dict[str, Any]:
        """All names."""
        return {name: getattr(self, name).as_json() for name in self.__slots__}


@dataclass(frozen=True, slots=True)
class Subject:
    """What is changed at one time: a column, or the columns that change together.

    Args:
        names: the columns.
        kind: "number", "levels", "group" (several columns at once) or "constant".
        levels: the values tried, the most common first ("levels" only).
        left_out: how many rarer levels are not tried.
        signs: whether each number rises (1) or falls (−1) with the first; 0 for texts.
    """

    names: tuple[str, ...]
    kind: Literal["number", "levels", "group", "constant"]
    levels: tuple[Any, ...] = ()
    left_out: int = 0
    signs: tuple[int, ...] = (1,)

    @property
    def key(self) -> str:
        """How tallies name this subject."""
        return "+".join(self.names)

    @property
    def claims(self) -> int:
        """One-sided bounds stated: direction, change and importance, each from both sides."""
        if self.kind == "constant":
            return 0
        directions = len(self.levels) - 1 if self.kind == "levels" else 1
        of_levels = 2 * directions if directions > 1 else 0
        return 2 * directions + of_levels + 2 + 2


@dataclass(frozen=True)
class ExplanationPlan:
    """Everything that is decided before the first question to the model.

    Args:
        columns: the model's inputs, in its order, as people call them.
        outsiders: protected attributes that are not among them.
        task: "decision" (a score held against a cut) or "price" (a value).
        cut: the score from which the decision changes (decision).
        favourable_above: whether reaching the cut is good for the person.
        wording: what the results are called.
        unit: the column that tells people apart, where a row is not a person.
        people: how many distinct people are asked about at most.
        donors: real rows that lend their values; sealed, never published.
        subjects: what is changed, one at a time.
        edges: the steps of each number's picture.
    """

    columns: tuple[Column, ...]
    outsiders: tuple[Outsider, ...]
    task: Task
    cut: float | None
    favourable_above: bool
    wording: Wording
    unit: str | None
    people: int
    donors: People
    subjects: tuple[Subject, ...]
    edges: Mapping[str, tuple[float, ...]]

    @classmethod
    def make(
        cls,
        table: pa.Table,
        columns: Sequence[Mapping[str, Any] | Column],
        *,
        cut: float | None,
        nonce: str = "",
        task: Task = "decision",
        favourable_above: bool = True,
        wording: Mapping[str, Any] | Wording | None = None,
        protected: Sequence[Mapping[str, Any] | Outsider] = (),
        unit: str | None = None,
        people: int = PEOPLE,
    ) -> Self:
        """Fix the plan from a seed sample of the table, drawn by the nonce.

        Raises:
            ColumnsInvalid: where the description of the columns has gaps.
            ColumnsMissing: where the table lacks one of them.
            PlanImpossible: without rows, or a decision without a cut.
        """
        described = parse_columns(columns)
        if task == "decision" and cut is None:
            raise PlanImpossible(
                "缺少分数线，请填写多少分起结果会变。",
                "The cut is missing: state the score from which the result changes.",
            )
        if table.num_rows < 2:
            raise PlanImpossible(
                "数据少于两行，无法测试，请换一份数据。",
                "The data have fewer than two rows, so nothing can be tested; hand in others.",
            )
        names = [column.name for column in described]
        everyone = People.read(table, names)
        drawn = generator(nonce, "donors").permutation(len(everyone))[:DONORS]
        donors = everyone.take(np.sort(drawn))
        named = {column.name for column in described if column.values}
        subjects = tuple(_subject(donors, group, named) for group in correlated(donors, names))
        numbers = [
            name
            for subject in subjects
            for name in subject.names
            if name not in donors.levels and _kind(donors, name, named) == "number"
        ]
        return cls(
            columns=described,
            outsiders=tuple(Outsider.parse(each) for each in protected),
            task=task,
            cut=cut if task == "decision" else None,
            favourable_above=favourable_above,
            wording=Wording.parse(wording),
            unit=unit,
            people=people,
            donors=donors,
            subjects=subjects,
            edges={name: _edges(donors.arrays[name]) for name in numbers},
        )

    def column(self, name: str) -> Column:
        """The description of one column."""
        return next(column for column in self.columns if column.name == name)

    @property
    def protected_inputs(self) -> tuple[Column, ...]:
        """Protected columns that the model is given and that vary."""
        constant = {s.names[0] for s in self.subjects if s.kind == "constant"}
        return tuple(c for c in self.columns if c.protected and c.name not in constant)

    @cached_property
    def family(self) -> Family:
        """All claims of the page, which hold together."""
        claims = sum(subject.claims for subject in self.subjects)
        return Family(claims + len(self.protected_inputs))

    def favourable(self, scores: npt.NDArray[np.float64]) -> npt.NDArray[np.bool_]:
        """Who gets the favourable result; in a pricing task nobody does."""
        if self.cut is None:
            return np.zeros(len(scores), bool)
        return scores >= self.cut if self.favourable_above else scores < self.cut

    def chosen(self, table: pa.Table, nonce: str) -> People:
        """The distinct people who are asked about, drawn by the nonce."""
        everyone = People.read(table, [column.name for column in self.columns])
        rows = np.arange(len(everyone))
        if self.unit is not None and self.unit in table.column_names:
            keys = np.asarray(table.column(self.unit).to_pylist(), dtype=str)
            rows = np.sort(np.unique(keys, return_index=True)[1])
        order = generator(nonce, "people").permutation(len(rows))[: self.people]
        return everyone.take(rows[np.sort(order)])

    def as_json(self) -> dict[str, Any]:
        """The plan without the donors' rows, of which only the digest stands here."""
        return {
            "format": "urn:mingsuan:explanation-plan:v1",
            "task": self.task,
            "cut": self.cut,
            "favourable_above": self.favourable_above,
            "wording": self.wording.as_json(),
            "columns": [column.as_json() for column in self.columns],
            "protected": [outsider.as_json() for outsider in self.outsiders],
            "unit": self.unit,
            "people": self.people,
            "block": BLOCK,
            "gap": GAP,
            "donors": {"rows": len(self.donors), "digest": _donors_digest(self.donors)},
            "subjects": [
                {
                    "columns": list(subject.names),
                    "kind": subject.kind,
                    "signs": list(subject.signs),
                }
                for subject in self.subjects
            ],
            "edges": {name: list(edges) for name, edges in self.edges.items()},
            "claims": self.family.claims,
            "alpha": self.family.alpha,
        }

    @cached_property
    def digest(self) -> str:
        """The plan's SHA-256."""
        return attestation.digest(self.as_json())


def mid_percentiles(values: Array) -> npt.NDArray[np.float64]:
    """Where each value stands among all, in (0, 1); equal values share their middle."""
    ranks: npt.NDArray[np.float64] = (rankdata(values) - 0.5) / len(values)
    return ranks


def _kind(donors: People, name: str, named: set[str]) -> Literal["number", "levels", "constant"]:
    array = donors.arrays[name]
    distinct = np.unique(array[~missing(array)])
    if len(distinct) < 2:
        return "constant"
    if name in donors.levels or len(distinct) == 2:
        return "levels"
    return "levels" if name in named and len(distinct) <= MOST_LEVELS else "number"


def _subject(donors: People, names: tuple[str, ...], named: set[str]) -> Subject:
    first = names[0]
    if len(names) > 1:
        signs = (1, *(_sign(donors, first, other) for other in names[1:]))
        return Subject(
            names, "group", signs=signs if first not in donors.levels else (0, *signs[1:])
        )
    kind = _kind(donors, first, named)
    if kind != "levels":
        return Subject(names, kind)
    array = donors.arrays[first]
    levels, counts = np.unique(array[~missing(array)], return_counts=True)
    by_frequency = levels[np.argsort(-counts, kind="stable")]
    kept = tuple(level.item() for level in by_frequency[:MOST_LEVELS])
    return Subject(names, kind, levels=kept, left_out=len(levels) - len(kept))


def _sign(donors: People, first: str, other: str) -> int:
    if first in donors.levels or other in donors.levels:
        return 0
    return 1 if association(donors, first, other) > 0 else -1


def _edges(array: Array) -> tuple[float, ...]:
    known = array[~missing(array)]
    bins = int(np.clip(len(known) // LEAST_PER_BIN, 2, MOST_BINS))
    # The ends are the 2.5th and 97.5th percentile: an extreme value is one person's own.
    steps = np.linspace(0.025, 0.975, bins + 1)
    edges = np.unique(np.quantile(known, steps, method="inverted_cdf"))
    return tuple(float(edge) for edge in edges)


def _donors_digest(donors: People) -> str:
    parts = [
        f"{name}:{array.dtype.str}:{attestation.sha256(np.ascontiguousarray(array).tobytes())}"
        for name, array in donors.arrays.items()
    ]
    return attestation.digest([*parts, {name: list(t) for name, t in donors.levels.items()}])
