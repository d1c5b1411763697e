"""The plan of an explanation: fixed from a seed sample and digested before anything is asked."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal, Self

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import scipy

from explainers import cells, few, subgroups
from explainers.bounds import Family
from explainers.columns import MORE, Column, Outsider, parse_columns, written_level
from explainers.draws import generator
from explainers.people import Array, People, missing
from explainers.shaped import LEAST_PEOPLE
from explainers.subgroups import Subgroup
from explainers.subjects import Nature, Subject, nature, of_asked, subjects
from explainers.texts import text_of
from explainers.wording import Wording
from registry import attestation
from registry.errors import Invalid, Reason
from registry.language import Text
from registry.sandbox.child.classes import Classes

Task = Literal["decision", "price", "score"]

DONORS = 2_000  # real rows that lend their values
PEOPLE = 10_000  # distinct people who are asked about
BLOCK = 4_096  # people per frame: fixed, because the size of a batch can change a last digit
GAP = 0.25  # how far apart the two values of a contrast stand, in percentiles
MOST_BINS = 16  # of a picture
LEAST_PER_BIN = 40  # people on a step of a picture, where there are so many
MOST_STOPS = 64  # round numbers among which a step or a turning point is looked for
GRID = 15  # values per number of a what-if example
MOST_OUTSIDE = 0.1  # of the values of a share that may be no part of one (ours)
PRICE_MARGIN = 0.01  # a price within 1 % counts as the same (evaluation.md, section 4)


class PlanImpossible(Invalid):
    """No explanation can be planned like this: correct what the sentence names."""


class LevelsUnmatched(PlanImpossible):
    """Names or phrases are for levels that no row has: write each level as the data have it."""


class SharesUnfit(PlanImpossible):
    """Columns called shares hold values that are no parts of one: give them a unit instead."""


class Unexplainable(PlanImpossible):
    """No test can tell what these data do: the filer says it in its own words, marked as untested."""


@dataclass(frozen=True)
class ExplanationPlan:
    """Everything that is decided before the first question to the model.

    Args:
        columns: the model's inputs, in its order, as people call them.
        outsiders: protected attributes that are not among them.
        task: "decision" (a score held against a cut) or "price" (a value).
        scored: whether the value is the score of a ranking: told as a value, without any place.
        cut: the score from which the decision changes (decision).
        favourable_above: whether reaching the cut is good for the person.
        classes: of a classifier, and which of them has the probability that is the score; None
            where the answer is a number by itself.
        wording: what the results are called.
        sealed: why the values of steps are not published; None where they are.
        unit: the column that tells people apart; without one, rows that differ are people.
        folded: how many rows were not counted, because an equal one was; 0 with a unit.
        people: how many distinct people are asked about at most, never fewer than the platform's least.
        k: how many people must share what is named, tried by name or printed.
        rows: of the table, one for each person who may be asked about; never published.
        left_out: whether people are left out because too few share what they have.
        donors: real rows that lend their values; sealed, never published.
        natures: what each column is.
        subjects: what is changed, one at a time.
        edges: the steps of each number's picture, round numbers.
        stops: round numbers among which the step or the turning point of each number is looked for.
        grids: the values of each number that a what-if example may use, round numbers.
        subgroups: groups in which what little does on average is looked at once more.
    """

    columns: tuple[Column, ...]
    outsiders: tuple[Outsider, ...]
    task: Literal["decision", "price"]
    scored: bool
    cut: float | None
    favourable_above: bool
    classes: Classes | None
    wording: Wording
    sealed: Text | None
    unit: str | None
    folded: int
    people: int
    k: int
    rows: npt.NDArray[np.int64]
    left_out: bool
    donors: People
    natures: Mapping[str, Nature]
    subjects: tuple[Subject, ...]
    edges: Mapping[str, tuple[float, ...]]
    stops: Mapping[str, tuple[float, ...]]
    grids: Mapping[str, tuple[float, ...]]
    subgroups: tuple[Subgroup, ...]

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
        classes: Classes | None = None,
        wording: Mapping[str, Any] | Wording | None = None,
        protected: Sequence[Mapping[str, Any] | Outsider] = (),
        sealed: Mapping[str, Any] | Text | None = None,
        unit: str | None = None,
        people: int = PEOPLE,
        k: int = cells.LEAST,
    ) -> Self:
        """Fix the plan from the table and a seed sample of it, drawn by the nonce.

        Raises:
            ColumnsInvalid, WordingInvalid: where what the filer says has gaps.
            ColumnsMissing: where the table lacks one of them.
            LevelsUnmatched: where a name or phrase is for a level that no row has.
            SharesUnfit: where more than a few values of a share are not between 0 and 1.
            PlanImpossible: with fewer than k people to ask about, without the column that tells them apart,
                a decision without a cut, or values kept back without a reason in both languages.
            Unexplainable: where a column holds pictures, lists or the like, or all hold texts or days.
        """
        described = parse_columns(columns)
        if task == "decision" and cut is None:
            raise PlanImpossible(
                "缺少分数线，请填写多少分起结果会变。",
                "The cut is missing: state the score from which the result changes.",
            )
        if unit is not None and unit not in table.column_names:
            raise PlanImpossible(
                f"数据里没有“{unit}”这一列，分不清谁是谁，请改正列名。",
                f"The data have no column {unit!r} to tell people apart by; correct its name.",
            )
        kept_back = text_of(sealed)
        if sealed is not None and kept_back is None:
            raise PlanImpossible(
                "sealed 要用中文和英文写明，分界的数值为什么不公开。",
                "Under sealed, say in Chinese and in English why the values of steps are kept back.",
            )
        k = max(k, cells.LEAST)
        names = [column.name for column in described]
        _refuse_unknown(table, described)
        rows = cells.one_row_each(table, unit)
        everyone = People.read(table, names)
        _refuse_unmatched(everyone, described)
        _refuse_no_shares(everyone, described)
        apart = everyone.take(rows)
        if len(apart) < k:
            raise PlanImpossible(
                f"数据里不到{k}个人，说明会透露个别人的情况，请换一份人数更多的数据。",
                f"The data hold fewer than {k} people, so an explanation would tell of single "
                "persons; hand in data about more.",
            )
        natures = {column.name: nature(table, apart, column, k=k) for column in described}
        _refuse_unsorted(described, natures)
        asked = few.many(apart, natures, k, generator(nonce, "left out"))
        if len(asked) < k:
            raise PlanImpossible(
                f"除去情况少见的人以后，剩下不到{k}个人，说明会透露个别人的情况，"
                "请换一份人数更多的数据。",
                f"Without those who have what few people have, fewer than {k} people are left, so "
                "an explanation would tell of single persons; hand in data about more.",
            )
        natures = {name: of_asked(natures[name], apart.arrays[name][asked]) for name in names}
        drawn = generator(nonce, "donors").permutation(len(asked))[:DONORS]
        donors = apart.take(asked[np.sort(drawn)])
        numbers = {n: apart.arrays[n] for n in names if natures[n].kind == "number"}
        edges = {
            name: cells.edges(array, k, most=MOST_BINS, least=LEAST_PER_BIN)
            for name, array in numbers.items()
        }
        return cls(
            columns=described,
            outsiders=tuple(Outsider.parse(each) for each in protected),
            task="decision" if task == "decision" else "price",
            scored=task == "score",
            cut=cut if task == "decision" else None,
            favourable_above=favourable_above,
            classes=classes,
            wording=Wording.parse(wording, scored=task == "score"),
            sealed=kept_back,
            unit=unit,
            folded=0 if unit else table.num_rows - len(rows),
            people=max(people, k, LEAST_PEOPLE),
            k=k,
            rows=rows[asked],
            left_out=len(asked) < len(rows),
            donors=donors,
            natures=natures,
            subjects=subjects(donors, natures),
            edges=edges,
            stops={
                name: cells.stops(array, k, most=MOST_STOPS) for name, array in numbers.items()
            },
            grids={name: cells.middles(array, k, most=GRID) for name, array in numbers.items()},
            subgroups=subgroups.of(natures, edges),
        )

    @property
    def told_task(self) -> Task:
        """The task as it is written down."""
        return "score" if self.scored else self.task

    def column(self, name: str) -> Column:
        """The description of one column."""
        return next(column for column in self.columns if column.name == name)

    @property
    def protected_inputs(self) -> tuple[Column, ...]:
        """Protected columns that the model is given and that vary."""
        untested = {s.names[0] for s in self.subjects if not s.tested}
        return tuple(c for c in self.columns if c.protected and c.name not in untested)

    @property
    def blanks(self) -> tuple[str, ...]:
        """Columns that at least k people left blank, so that leaving them blank is tried."""
        return tuple(name for name, each in self.natures.items() if each.blank)

    @cached_property
    def family(self) -> Family:
        """All claims of the page, which hold together."""
        claims = sum(subject.claims for subject in self.subjects) + 2 * len(self.blanks)
        return Family(claims + 2 * len(self.protected_inputs) + 2)  # and of asking twice

    def favourable(self, scores: npt.NDArray[np.float64]) -> npt.NDArray[np.bool_]:
        """Who gets the favourable result; in a pricing task nobody does."""
        if self.cut is None:
            return np.zeros(len(scores), bool)
        return scores >= self.cut if self.favourable_above else scores < self.cut

    def chosen(self, table: pa.Table, nonce: str) -> People:
        """The distinct people who are asked about, drawn by the nonce from the plan's table.

        Never everybody: of two explanations, from data that differ by one person, the counts of one
        less those of the other would be that person's result (record 0030).
        """
        everyone = People.read(table, [column.name for column in self.columns])
        most = min(self.people, max(self.k, len(self.rows) - self.k))
        order = generator(nonce, "people").permutation(len(self.rows))[:most]
        return everyone.take(self.rows[np.sort(order)])

    def as_json(self) -> dict[str, Any]:
        """The plan without the donors' rows, of which only the digest stands here."""
        return {
            "format": "urn:mingsuan:explanation-plan:v1",
            "task": self.told_task,
            "cut": self.cut,
            "favourable_above": self.favourable_above,
            **({"classes": self.classes.as_json()} if self.classes else {}),
            "wording": self.wording.as_json(),
            "columns": [column.as_json() for column in self.columns],
            "protected": [outsider.as_json() for outsider in self.outsiders],
            **({"sealed": self.sealed.as_json()} if self.sealed else {}),
            "unit": self.unit,
            "people": self.people,
            "k": self.k,
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
            "stops": {name: list(stops) for name, stops in self.stops.items()},
            "grids": {name: list(grid) for name, grid in self.grids.items()},
            "subgroups": len(self.subgroups),
            "claims": self.family.claims,
            "alpha": self.family.alpha,
        }

    @cached_property
    def digest(self) -> str:
        """The plan's SHA-256."""
        return attestation.digest(self.as_json())


NO_LEVEL = Text("数据里没有这一种情况。", "No row of the data has this level.")
AS_WRITTEN = Text(
    "请照数据里的写法写，是和否写 1 和 0；数据里没有的，请去掉。",
    "Write it as the data have it, 1 and 0 for true and false; leave out what they do not have.",
)
NO_SHARE = Text(
    "占比要在0和1之间，数据里不在其中的超过一成，或者不是数。",
    "A share lies between 0 and 1; in the data more than one in ten does not, or it is no number.",
)
AS_PER_CENT = Text(
    "请去掉 kind；数据本来就是百分数的，unit 写“%”。",
    "Leave kind out; where the data are in per cent already, write % as unit.",
)
_OWN_WORDS = Text(
    "请在备案的“给公众的算法说明”（H1–H9）里用自己的话说明，页面会标明“没有测过”",
    "say it in your own words in the filing's “explanation for the public” (H1–H9); the page marks "
    "them as not tested",
)
_SORT = Text("；或者把它归成几类，再来生成", "; or sort it into a few classes and ask again")
_UNKNOWN = Text(
    "是图片、列表一类的内容，不能一项一项地换着试",
    "it holds pictures, lists or the like, which can't be exchanged one by one",
)
_UNSORTED = Text(
    "是几乎各不相同的文字，或者是日期，不能一种一种地试",
    "it holds texts that nearly all differ, or days, which can't be tried case by case",
)


def _refuse_unmatched(everyone: People, columns: Sequence[Column]) -> None:
    """Refuse names for levels that no row has, which would stand nowhere without a word."""
    reasons = []
    for column in columns:
        named = [("values", each) for each in column.values]
        named += [("phrases", each) for each in column.phrases if each != MORE]
        if named:
            array = everyone.arrays[column.name]
            held = np.unique(array[~missing(array)])
            levels = {written_level(everyone.value(column.name, code)) for code in held}
            reasons += [
                Reason(f"columns.{column.name}.{key}.{level}", NO_LEVEL, AS_WRITTEN)
                for key, level in named
                if level not in levels
            ]
    if reasons:
        raise LevelsUnmatched(
            "计划里给几种情况起了名称，但数据里没有这几种情况，请逐项改正。",
            "The plan names levels that the data do not have; correct each.",
            reasons=reasons,
        )


def _refuse_no_shares(everyone: People, columns: Sequence[Column]) -> None:
    """Refuse shares that are not parts of one: told in per cent, 36 % would be 3,600 %.

    A few may be above: who borrows more than the price of the house, borrows 110 % of it.
    """
    reasons = []
    for column in columns:
        if column.kind == "share":
            array = everyone.arrays[column.name]
            values = array[~missing(array)]
            texts = column.name in everyone.levels
            if texts or (len(values) and np.mean((values < 0) | (values > 1)) > MOST_OUTSIDE):
                reasons.append(Reason(f"columns.{column.name}.kind", NO_SHARE, AS_PER_CENT))
    if reasons:
        raise SharesUnfit(
            "计划里写作占比的几列，数据里的数不是占比，请逐项改正。",
            "The plan calls columns shares whose values are not parts of one; correct each.",
            reasons=reasons,
        )


def _refuse_unknown(table: pa.Table, columns: Sequence[Column]) -> None:
    """Refuse what is neither number nor text: nobody can change one thing of it at a time."""
    held = {field.name: field.type for field in table.schema}
    strange = [c for c in columns if c.name in held and _unknown(held[c.name])]
    if strange:
        _refuse([Reason(c.name, _called(c, _UNKNOWN), _OWN_WORDS) for c in strange])


def _unknown(kind: pa.DataType) -> bool:
    kinds = pa.types
    return bool(
        kinds.is_nested(kind)
        or kinds.is_binary(kind)
        or kinds.is_large_binary(kind)
        or kinds.is_fixed_size_binary(kind)
    )


def _refuse_unsorted(columns: Sequence[Column], natures: Mapping[str, Nature]) -> None:
    """Refuse data in which nothing can be tried but exchanging a text or a day as a whole."""
    kinds = {nature.kind for nature in natures.values()}
    if "text" not in kinds or kinds & {"number", "levels"}:
        return
    remedy = Text(_OWN_WORDS.zh + _SORT.zh, _OWN_WORDS.en + _SORT.en)
    unsorted = [c for c in columns if natures[c.name].kind == "text"]
    _refuse([Reason(c.name, _called(c, _UNSORTED), remedy) for c in unsorted])


def _called(column: Column, said: Text) -> Text:
    return Text(f"{column.plain.zh}{said.zh}", f"{column.plain.en}: {said.en}")


def _refuse(reasons: Sequence[Reason]) -> None:
    raise Unexplainable(
        "这些信息的作用，本平台的测试说明不了，所以不生成说明。",
        "What this information does can't be told by the tests of this platform, so no explanation "
        "is made.",
        reasons=reasons,
    )


def mid_percentiles(values: Array) -> npt.NDArray[np.float64]:
    """Where each value stands among all, in (0, 1); equal values share their middle."""
    ranks: npt.NDArray[np.float64] = (scipy.stats.rankdata(values) - 0.5) / len(values)
    return ranks


def _donors_digest(donors: People) -> str:
    parts = [
        f"{name}:{array.dtype.str}:{attestation.sha256(np.ascontiguousarray(array).tobytes())}"
        for name, array in donors.arrays.items()
    ]
    return attestation.digest([*parts, {name: list(t) for name, t in donors.levels.items()}])
