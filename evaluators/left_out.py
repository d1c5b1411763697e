"""Rows that lack what a finding needs: counted by cause once, for all probes.

A cause is a column without a value, a decision that is neither favourable nor unfavourable, a price
that is not above 0, a weight of 0, or a model that gave no number. What is kept is how many rows
lack which set of things, so that every finding's number of usable rows is exact, on any number of
shards and in any order of the rows.

What is published of it: a count of fewer people than the smallest that is published is no number,
one cause has one number in all findings, and the number of usable rows stands there only where it
gives no such count away (see `_tells`).
"""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from evaluators.missing import Told
from evaluators.plan import Plan
from evaluators.policy import POLICY
from evaluators.probe import ANSWERS, DESERVED, SCORE, UNIT, WEIGHT, Probe
from registry.findings import Finding, Verdict
from registry.language import Text

Kind = Literal["missing", "neither", "not_positive", "zero", "no_answer"]
Mask = npt.NDArray[np.bool_]

TWO = 2
PRICED = ("item", "time", "cost", "control", "profile", "user")
"""Columns that price probes hold fixed, where the plan names them."""


@dataclass(frozen=True, slots=True, order=True)
class Cause:
    """Why a row does not count.

    Args:
        kind: what it lacks.
        column: in which column; empty for a model's answer.
    """

    kind: Kind
    column: str

    def as_json(self) -> dict[str, str]:
        """The cause as it stands in a report."""
        return {"cause": self.kind, "column": self.column}


@dataclass
class Lacking:
    """How many rows there are, and how many lack which set of things.

    Args:
        rows: all rows.
        sets: set of causes → rows that lack exactly these; rows that lack nothing are not in it.
    """

    rows: int = 0
    sets: Counter[frozenset[Cause]] = field(default_factory=Counter)

    def add(
        self,
        watched: Sequence[Cause],
        told: Told,
        answers: Mask | None = None,
        times: npt.NDArray[np.int64] | None = None,
    ) -> None:
        """Count more rows.

        Args:
            watched: the causes to look for; those about columns that are not there are passed over.
            told: the rows.
            answers: which rows the model gave no number for; None without a model.
            times: how many rows each stands for; None for one.
        """
        size = told.rows.num_rows
        self.rows += size if times is None else int(times.sum())
        masks = [(cause, _lacks(cause, told, answers)) for cause in watched]
        found = [(cause, mask) for cause, mask in masks if mask is not None and mask.any()]
        if not found:
            return
        matrix = np.column_stack([mask for _, mask in found])
        some = matrix.any(axis=1)
        packed = np.packbits(matrix[some], axis=1)
        keys = np.ascontiguousarray(packed).view(f"V{packed.shape[1]}").ravel()
        _, first, inverse = np.unique(keys, return_index=True, return_inverse=True)
        weights = None if times is None else times[some]
        counts = np.bincount(inverse, weights=weights, minlength=len(first)).astype(np.int64)
        for place, count in zip(first.tolist(), counts.tolist(), strict=True):
            lacking = matrix[some][place]
            self.sets[frozenset(c for (c, _), gone in zip(found, lacking, strict=True) if gone)] += count  # fmt: skip

    def plus(self, other: "Lacking") -> "Lacking":
        """Both together."""
        return Lacking(self.rows + other.rows, self.sets + other.sets)

    def by(self, cause: Cause) -> int:
        """How many rows lack this."""
        return sum(count for lacking, count in self.sets.items() if cause in lacking)

    def without(self, causes: Iterable[Cause]) -> int:
        """How many rows lack any of these."""
        these = frozenset(causes)
        return sum(count for lacking, count in self.sets.items() if these & lacking)

    def published(self, causes: Sequence[Cause]) -> dict[str, Any]:
        """What a report says of the rows that lack any of these; empty where none does.

        Args:
            causes: in the order in which they are told.
        """
        least = int(POLICY.value("small_cell"))
        counts = {cause: count for cause in causes if (count := self.by(cause))}
        if not counts:
            return {}
        gone = self.without(counts)
        return {
            "rows": self.rows,
            "used": None if _tells(list(counts.values()), gone, least) else self.rows - gone,
            "without": [
                {**cause.as_json(), "rows": count if count >= least else None}
                for cause, count in counts.items()
            ],
            "least": least,
        }

    def overview(self) -> dict[str, Any]:
        """All rows and every cause by itself, for a report's first screen."""
        causes = sorted({cause for lacking in self.sets for cause in lacking}, key=_order)
        found = self.published(causes)
        least = int(POLICY.value("small_cell"))
        return {"rows": self.rows, "without": found.get("without", []), "least": least}


def _tells(counts: Sequence[int], gone: int, least: int) -> bool:
    """Whether the number of usable rows gives a small count away, beside the counts by cause.

    Of two causes it tells how many rows lack both, and so how many lack only one. Of more it is
    told where no row lacks two.
    """
    twice = sum(counts) - gone
    if len(counts) > TWO and twice:
        return True
    cells = [*counts, twice, *(count - twice for count in counts)]
    return any(0 < cell < least for cell in cells)


def _order(cause: Cause) -> tuple[bool, str, str]:
    return cause.kind not in ("no_answer", "neither"), cause.column, cause.kind


def _lacks(cause: Cause, told: Told, answers: Mask | None) -> Mask | None:
    """Which rows lack what a cause names; None where nobody can say, or none does."""
    if cause.kind == "no_answer":
        return answers
    if cause.column not in told.rows.schema.names:
        return None
    if cause.kind == "neither":
        other = told.neither.get(cause.column)
        return None if other is None else _array(other)
    column = told.rows[cause.column]
    if cause.kind == "missing":
        return _missing(column, told.neither.get(cause.column))
    if not (pa.types.is_integer(column.type) or pa.types.is_floating(column.type)):
        return None
    zero = pa.scalar(0, column.type)
    bad = pc.less_equal(column, zero) if cause.kind == "not_positive" else pc.equal(column, zero)
    return _array(pc.fill_null(bad, False))


def _missing(column: Any, neither: Any) -> Mask | None:
    real = pa.types.is_floating(column.type)
    if not real and not column.null_count:
        return None
    gone = _array(pc.is_null(column, nan_is_null=real))
    return gone if neither is None else gone & ~_array(neither)


def _array(mask: Any) -> Mask:
    found: Mask = np.asarray(mask.to_numpy(zero_copy_only=False)
                             if isinstance(mask, pa.Array) else mask.to_numpy(), dtype=np.bool_)  # fmt: skip
    return found


def causes(needs: Iterable[str], plan: Plan, *, scored: bool) -> tuple[Cause, ...]:
    """Why a row may lack what is needed, decisions and outcomes first.

    Args:
        needs: columns of the data, and the engine's own.
        plan: says what the engine's own come from.
        scored: whether a model answers.
    """
    columns, wanted = plan.columns, list(dict.fromkeys(needs))
    found = list[Cause]()
    if ANSWERS & set(wanted):
        found += _answer(plan, wanted, scored=scored)
    if DESERVED in wanted and columns.target is not None:
        found += [Cause("missing", columns.target), Cause("neither", columns.target)]
    for name in wanted:
        if name == WEIGHT and columns.weight is not None:
            found.append(Cause("zero", columns.weight))
        elif not name.startswith("mingsuan:"):
            found.append(Cause("missing", name))
            if name == columns.price:
                found.append(Cause("not_positive", name))
    return tuple(dict.fromkeys(found))


def _answer(plan: Plan, wanted: Sequence[str], *, scored: bool) -> list[Cause]:
    columns = plan.columns
    if scored:
        return [Cause("no_answer", "")]
    if columns.score is not None and (columns.decides or SCORE in wanted):
        return [Cause("missing", columns.score)]
    if columns.prediction is not None:
        return [Cause("missing", columns.prediction), Cause("neither", columns.prediction)]
    return []


def watched(probes: Iterable[Probe[Any]], plan: Plan, *, scored: bool) -> tuple[Cause, ...]:
    """Every cause that a finding of these probes may tell of.

    Args:
        probes: at work.
        plan: names the columns.
        scored: whether a model answers.
    """
    needs = list[str]()
    for one in probes:
        spec = one.spec
        roles = {*spec.roles, *spec.optional} - {"inputs", "unit", "weight"}
        roles |= set(PRICED) if spec.task == "pricing" else set()
        needs += (name for role in sorted(roles) for name in plan.columns.listed(role))
        needs += [*one.derives(plan), *one.columns(plan)]
        if "target" in roles:
            needs.append(DESERVED)
    return causes((name for name in needs if name != UNIT), plan, scored=scored)


def beside(
    found: Sequence[Finding], probe: Probe[Any], plan: Plan, lacking: Lacking, *, scored: bool
) -> list[Finding]:
    """The findings, each with what was left out of it, in its sentence and as data.

    Args:
        found: of one probe.
        probe: says what a row needs.
        plan: names columns and levels.
        lacking: what rows lack.
        scored: whether a model answers.
    """
    small = _small(found, plan)
    return [_with(one, probe, plan, lacking, small, scored=scored) for one in found]


def _with(
    finding: Finding,
    probe: Probe[Any],
    plan: Plan,
    lacking: Lacking,
    small: Mapping[Any, int],
    *,
    scored: bool,
) -> Finding:
    needs = probe.needs(plan, finding.metric, finding.slice)
    content = lacking.published(causes(needs, plan, scored=scored))
    groups = small.get(_family(finding), 0)
    if finding.verdict is not Verdict.NOT_EVALUABLE and groups:
        content = {**(content or {"rows": lacking.rows}), "small_groups": groups}
    if not content:
        return finding
    told = sentence(content, plan)
    reading = {
        "zh": f"{finding.reading['zh']}{told.zh}", "en": f"{finding.reading['en']} {told.en}".strip()
    }  # fmt: skip
    return replace(finding, left_out=content, reading=reading)


def _family(finding: Finding) -> tuple[str, frozenset[str]]:
    return finding.metric, frozenset(finding.slice)


def _small(found: Sequence[Finding], plan: Plan) -> dict[tuple[str, frozenset[str]], int]:
    """How many groups of each question were too small to be compared."""
    groups: dict[tuple[str, frozenset[str]], set[str]] = {}
    for one in found:
        few = one.n is not None and 0 < one.n < plan.min_n
        if one.verdict is Verdict.NOT_EVALUABLE and few and one.group is not None:
            groups.setdefault(_family(one), set()).add(one.group)
    return {family: len(names) for family, names in groups.items()}


_LACKS: Mapping[str, Text] = {
    "missing": Text("没有“{0}”", "lack '{0}'"),
    "decision": Text("没有决定（{0}）", "have no decision ({0})"),
    "outcome": Text("没有结果（{0}）", "have no outcome ({0})"),
    "neither": Text("的“{0}”既没有列为有利、也没有列为不利",
                    "have a '{0}' listed neither as favourable nor as unfavourable"),
    "not_positive": Text("的“{0}”不大于 0", "have a '{0}' that is not above 0"),
    "zero": Text("的权重（{0}）是 0", "have a weight ({0}) of 0"),
    "no_answer": Text("没有得到模型的回答", "got no answer from the model"),
}  # fmt: skip


def sentence(content: Mapping[str, Any], plan: Plan) -> Text:
    """What a finding says of the rows that do not count.

    Args:
        content: as `Lacking.published` gives it, with `small_groups` where groups were too small.
        plan: names the columns.
    """
    parts_zh, parts_en = list[str](), list[str]()
    listed = clauses(content, plan)
    if listed:
        zh, en = "，".join(c.zh for c in listed), "; ".join(c.en for c in listed)
        rows, used = content["rows"], content["used"]
        if used is None:
            parts_zh.append(f"数据共 {rows:,} 行，没有算进去的：{zh}。")
            parts_en.append(f"Of {rows:,} rows, left out: {en}.")
        else:
            parts_zh.append(f"数据共 {rows:,} 行，{used:,} 行有这一项所需的内容：{zh}。")
            parts_en.append(f"Of {rows:,} rows {used:,} have what this needs: {en}.")
    if groups := content.get("small_groups"):
        one = groups == 1
        parts_zh.append(f"另有 {groups:,} 组不足 {plan.min_n} 人，没有比较。")
        parts_en.append(
            f"{groups:,} more {'group' if one else 'groups'} of fewer than {plan.min_n} people "
            f"{'was' if one else 'were'} not compared."
        )
    return Text("".join(parts_zh), " ".join(parts_en))


def clauses(content: Mapping[str, Any], plan: Plan) -> list[Text]:
    """One clause per cause: how many rows lack what.

    Args:
        content: see `sentence`.
        plan: names the columns.
    """
    columns = plan.columns
    roles = {"prediction": columns.prediction, "score": columns.score, "target": columns.target}
    return said(content, roles, plan.plain)


def said(
    content: Mapping[str, Any], roles: Mapping[str, str | None], plain: Callable[[str], Text]
) -> list[Text]:
    """One clause per cause: how many rows lack what.

    Args:
        content: a list of causes with their rows under `without`, and `least`.
        roles: prediction, score and target of the plan.
        plain: what a column is called.
    """
    found = []
    for each in content.get("without", ()):
        name, kind = each["column"], each["cause"]
        if kind == "missing" and name in (roles.get("prediction"), roles.get("score")):
            kind = "decision"
        elif kind == "missing" and name == roles.get("target"):
            kind = "outcome"
        own, rows, least = plain(name), each["rows"], content["least"]
        many = Text(f"不足 {least} 行", f"fewer than {least}")
        if rows is not None:
            many = Text(f"{rows:,} 行", f"{rows:,}")
        lacks = _LACKS[kind]
        found.append(Text(f"{many.zh}{lacks.zh.format(own.zh)}",
                          f"{many.en} {lacks.en.format(own.en)}"))  # fmt: skip
    return found
