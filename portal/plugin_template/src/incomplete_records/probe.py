"""Incomplete records: is something missing about one group's people more often than others'?

A model that learns from records, or decides by them, sees less of people whose records have gaps.
The gaps are there before any model is asked, so this probe reads the data and nothing else.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
from pydantic import Field, model_validator

from evaluators.accumulating.accumulators import Cells, coded, merge_cells
from evaluators.judging import verdicts
from evaluators.judging.findings import draft, not_evaluable
from evaluators.plan import Plan
from evaluators.policy import POLICY
from evaluators.probe import Details, NullDesign, Options, Probe, ProbeSpec, Run, State, Table
from evaluators.statistics import inference, intervals, multiplicity
from evaluators.statistics.intervals import Interval
from incomplete_records import designs, words
from registry.findings import Finding
from registry.language import Text

METRIC = "share_incomplete_difference"
MEASURES = ("people", "incomplete")


class IncompleteRecordsOptions(Options):
    """What a plan may say to this probe, under its `[[probes]]`.

    Args:
        columns: where to look for gaps; none are the plan's `inputs`, `control` and `target`.
        line: a gap between the shares beyond which the finding is a *disparity*.
        margin: a gap within which the shares count as alike.
    """

    columns: tuple[str, ...] = Field(
        default=(),
        json_schema_extra={"zh": "看哪些列有没有缺项；不写就看 inputs、control 和 target"},
    )
    line: float = Field(
        default=0.1, gt=0, lt=1, json_schema_extra={"zh": "比例相差多少以上算超过界线"}
    )
    margin: float = Field(
        default=0.05, gt=0, lt=1, json_schema_extra={"zh": "比例相差多少以内算相近"}
    )

    @model_validator(mode="after")
    def _in_order(self) -> "IncompleteRecordsOptions":
        if self.margin > self.line:
            raise ValueError("`margin` must not be larger than `line`")
        return self


class IncompleteRecordsDetails(Details):
    """What a finding says beside the numbers every finding has.

    Args:
        columns: the columns that were looked at.
        own_ci: 95 % interval of the group's share.
        reference_ci: 95 % interval of everyone else's.
    """

    columns: tuple[str, ...] = ()
    own_ci: dict[str, Any] | None = None
    reference_ci: dict[str, Any] | None = None


class IncompleteRecords(Probe[Cells]):
    """Is something missing about one group's people more often than about the rest's?

    The share of people about whom at least one of the columns is missing: null, not a number, or
    blank text. Each group is compared with everyone else who has a level of the same attribute:
    difference of shares with Newcombe's interval (1998, method 10) at the level α over the number
    of comparisons, so that all intervals of an attribute hold at once; Pearson's χ² or, where an
    expected count is under 5, Fisher's exact test; Holm (1979) over the comparisons. The shares
    count as alike where that interval lies within the margin.
    """

    spec = ProbeSpec(
        id="incomplete_records",
        version="0.1.0",
        task="decision",
        state=State.CELLS,
        roles=("sensitive",),
        optional=("inputs", "control", "target"),
        derived=(),
        options=IncompleteRecordsOptions,
        details=IncompleteRecordsDetails,
        legal_refs=("SH16-test", "SZ36"),
        question=Text(
            "有没有哪一组人的记录更常缺项？",
            "Is something missing about one group's people more often than about the rest?",
        ),
    )
    options: IncompleteRecordsOptions

    # What the engine asks before it reads a row.

    def columns(self, plan: Plan) -> tuple[str, ...]:
        """The columns that the options name; the engine refuses a plan whose data lack one."""
        return self.options.columns

    def watched(self, plan: Plan) -> tuple[str, ...]:
        """The columns that are looked at."""
        roles = plan.columns
        named = (*roles.inputs, *roles.control, *([roles.target] if roles.target else []))
        found = self.options.columns or tuple(dict.fromkeys(named))
        return tuple(name for name in found if name not in roles.sensitive)

    # Rows go by, in any order and any number of shares; a state is a table of counts.

    def create_accumulator(self, plan: Plan) -> Cells:
        self._groups, self._watched = plan.columns.sensitive, self.watched(plan)
        return Cells(self._groups, MEASURES)

    def add_batch(self, acc: Cells, batch: pa.RecordBatch) -> Cells:
        gap = np.zeros(batch.num_rows, dtype=bool)
        for name in self._watched:
            gap |= missing(batch.column(name))
        levels = [coded(batch.column(name)) for name in self._groups]
        return acc.add(levels, [None, gap.astype(np.int64)])

    def merge(self, accs: Sequence[Cells]) -> Cells:
        return merge_cells(accs)

    # What was found.

    def extract_findings(self, acc: Cells, plan: Plan, run: Run) -> list[Finding]:
        found = list[Finding]()
        for name in plan.columns.sensitive:
            if (why := self._unfit(plan)) is not None:
                found.append(
                    not_evaluable(
                        self.spec, METRIC, slice_={name: "*"}, why=why, limit=words.LIMIT
                    )
                )
            else:
                found += self._attribute(acc, name, plan, run)
        return found

    def _unfit(self, plan: Plan) -> Text | None:
        """Why this plan cannot be answered, or None."""
        if not self.watched(plan):
            return words.NO_COLUMNS
        return words.REPEATED if plan.columns.unit is not None else None

    def _attribute(self, acc: Cells, name: str, plan: Plan, run: Run) -> Iterator[Finding]:
        counts = {str(key[0]): (n, k) for key, (n, k) in acc.margin((name,)).table.items()}
        pairs = [Pair.of(group, counts) for group in sorted(counts)]
        if len(pairs) == 2:
            pairs = pairs[1:]  # two groups are one question
        able = [pair for pair in pairs if min(pair.n, pair.rest) >= plan.min_n]
        if len(counts) < 2 or not able:
            why = words.FEW.format(attribute=plan.plain(name), least=plan.min_n)
            yield not_evaluable(self.spec, METRIC, slice_={name: "*"}, why=why, limit=words.LIMIT)
            return
        # Every plan that asks the same question of this model makes the family larger.
        size = len(able) * run.plans
        tests = [inference.two_rates(p.k, p.n, p.others, p.rest) for p in able]
        adjusted = multiplicity.holm([test.p_value for test in tests])
        for pair, test, holm in zip(able, tests, adjusted, strict=True):
            p = min(1.0, float(holm) * run.plans)
            yield self._finding(pair, test, name, plan, p=p, size=size)

    def _finding(
        self, pair: "Pair", test: inference.Test, name: str, plan: Plan, *, p: float, size: int
    ) -> Finding:
        line, margin = self.options.line, self.options.margin
        ci = pair.difference_ci(1 - plan.alpha / size)
        verdict = verdicts.judge(
            evaluable=True,
            beyond=ci.low > line or ci.high < -line,
            equivalent=-margin < ci.low and ci.high < margin,
            p_adjusted=p,
            alpha=plan.alpha,
        )
        own, other = (
            intervals.wilson(*each) for each in ((pair.k, pair.n), (pair.others, pair.rest))
        )
        return draft(
            self.spec,
            METRIC,
            slice_={name: pair.group},
            verdict=verdict,
            reading=words.reading(
                pair, ci, verdict, name, plan, real=p < plan.alpha, line=line, margin=margin
            ),
            limit=words.LIMIT,
            group=pair.group,
            reference_group="*",
            n=pair.n,
            n_reference=pair.rest,
            estimate=pair.share,
            reference_estimate=pair.other_share,
            effect={"kind": "difference", "value": pair.share - pair.other_share},
            ci=ci.as_json(simultaneous=True),
            test={"name": test.name, "statistic": test.statistic},
            p_value=test.p_value,
            p_adjusted=p,
            adjustment="holm",
            family={"id": f"{self.spec.id}/{name}", "size": size},
            equivalence={"low": -margin, "high": margin, "p": None},
            mde=inference.detectable_difference(
                pair.n,
                pair.rest,
                rate=pair.pooled,
                alpha=plan.alpha / size,
                power=POLICY.value("power"),
            ),
            threshold={
                "value": line,
                "rule": f"|difference| > {line:g}",
                "source": f"plan: {self.spec.id}.line",
            },
            details={
                "columns": list(self.watched(plan)),
                "own_ci": own.as_json() if own else None,
                "reference_ci": other.as_json() if other else None,
            },
        )

    # Evidence and calibration.

    def sealed(self, acc: Cells) -> Any:
        """The whole state, for the authority and the assigned tester."""
        return acc.as_json()

    def public(self, acc: Cells, plan: Plan) -> Sequence[Table]:
        """Counts by group: by them, findings from which a small cell would follow are withheld."""
        tables = []
        for name in plan.columns.sensitive:
            table = sorted(acc.margin((name,)).table.items())
            rows = tuple(((str(key[0]),), (k, n - k)) for key, (n, k) in table)
            tables.append(Table(self.spec.id, (name,), ("incomplete", "complete"), rows))
        return tables

    @classmethod
    def nulls(cls) -> Mapping[str, NullDesign]:
        return designs.nulls(cls.spec.id)

    @classmethod
    def planted(cls) -> Mapping[str, NullDesign]:
        return designs.planted(cls.spec.id)


@dataclass(frozen=True, slots=True)
class Pair:
    """A group and everyone else: how many people, and how many of them with a gap.

    Args:
        group: its level.
        n, k: of the group.
        rest, others: of everyone else.
    """

    group: str
    n: int
    k: int
    rest: int
    others: int

    @classmethod
    def of(cls, group: str, counts: Mapping[str, tuple[int, int]]) -> "Pair":
        """One group, and the sum of the others."""
        n, k = counts[group]
        people, gaps = (sum(each[at] for each in counts.values()) for at in (0, 1))
        return cls(group, n, k, people - n, gaps - k)

    @property
    def share(self) -> float:
        """Of the group."""
        return self.k / self.n

    @property
    def other_share(self) -> float:
        """Of everyone else."""
        return self.others / self.rest

    @property
    def pooled(self) -> float:
        """Of all together."""
        return (self.k + self.others) / (self.n + self.rest)

    def difference_ci(self, level: float) -> Interval:
        """Newcombe's interval of the difference."""
        found = intervals.newcombe(self.k, self.n, self.others, self.rest, level)
        if found is None:
            raise ValueError("a group without people has no share")
        return found


def missing(column: pa.Array) -> npt.NDArray[np.bool_]:
    """Which values are null, not a number, or blank text."""
    if pa.types.is_dictionary(column.type):
        column = column.dictionary_decode()
    gap = column.is_null(nan_is_null=True)
    if pa.types.is_string(column.type) or pa.types.is_large_string(column.type):
        blank = pc.equal(pc.utf8_trim_whitespace(column), "")
        gap = pc.or_(gap, pc.fill_null(blank, fill_value=False))
    found: npt.NDArray[np.bool_] = gap.to_numpy(zero_copy_only=False)
    return found
