"""The evaluation data as a run reads them: checked against the plan, in plan-fixed blocks."""

import hashlib
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from evaluators.plan import Columns, Plan, level_name
from evaluators.plan_columns import SIDES
from evaluators.probe import DESERVED, FAVOURED, SCORE, Probe, ProbeSpec, keyed_hash
from evaluators.running import (
    alike_levels,
    decision_words,
    missing,
    reference_levels,
    score_side,
    unknown_levels,
)
from registry import amounts, characters, spellings, tables
from registry.cells import Cells
from registry.errors import Invalid, Reason
from registry.language import Text

BLOCK = 65_536
"""Rows per scoring block, whatever batches the data arrive in: a model's last bits depend on it."""
LACKING = Text("数据里没有这一列", "not a column of the data")
ADD = Text(
    "模型要用这一列（计划的 inputs 或模型的签名里有它）：请在数据里补上",
    "the model takes it (by the plan's inputs, or its signature): add it to the data",
)
"""What to do where the column that is lacking is one of the model's."""

Hashes = npt.NDArray[np.uint64]


class DataUnfit(Invalid):
    """Data or model lack what the plan needs: correct every listed item."""


class Readable(Protocol):
    """Rows that are kept elsewhere and read in pieces (see `evaluators.running.files`)."""

    schema: pa.Schema
    rows: int

    def read(
        self,
        columns: Sequence[str] | None = None,
        *,
        start: int = 0,
        stop: int | None = None,
        coded: Collection[str] = (),
    ) -> Iterator[pa.RecordBatch]:
        """Rows `start` to `stop` in order; text columns of `coded` may be dictionary-encoded."""


class Source:
    """Rows that can be read once per pass.

    Args:
        table: a table, a collection of batches that can be read again, a one-shot iterator
            (which is kept in memory), or rows that are kept elsewhere.
    """

    def __init__(self, table: pa.Table | Iterable[pa.RecordBatch] | Readable) -> None:
        if isinstance(table, Iterator):
            table = pa.Table.from_batches(list(table))
        self._table: Any = table
        kept: Any = table if hasattr(table, "read") else None
        self.stored: Readable | None = kept

    @cached_property
    def schema(self) -> pa.Schema:
        """The columns of the data."""
        if isinstance(self._table, pa.Table) or self.stored is not None:
            return self._table.schema
        return next(iter(self._table)).schema

    @cached_property
    def rows(self) -> int:
        """How many rows there are."""
        if isinstance(self._table, pa.Table):
            return int(self._table.num_rows)
        if self.stored is not None:
            return int(self.stored.rows)
        return sum(batch.num_rows for batch in self._table)

    def blocks(
        self,
        columns: Sequence[str] | None = None,
        *,
        start: int = 0,
        stop: int | None = None,
        coded: Collection[str] = (),
    ) -> Iterator[pa.Table]:
        """Blocks of `BLOCK` rows, independent of the batches they arrive in.

        Args:
            columns: the columns that are needed; what is kept elsewhere is read no further.
            start: the number of the first block.
            stop: the number after the last; None reads to the end.
            coded: text columns that may come dictionary-encoded.
        """
        first, last = start * BLOCK, self.rows if stop is None else min(stop * BLOCK, self.rows)
        if isinstance(self._table, pa.Table):
            for at in range(first, last, BLOCK):
                yield self._table.slice(at, BLOCK)
        elif self.stored is not None:
            yield from _blocks(self.stored.read(columns, start=first, stop=last, coded=coded))
        else:
            for at, block in enumerate(_blocks(self._table)):
                if start <= at and at * BLOCK < last:
                    yield block

    def first(self) -> pa.Table:
        """The first block; without rows if there are none."""
        return next(self.blocks(stop=1), self.schema.empty_table())

    def units(self, plan: Plan, nonce: str) -> Iterator[Hashes]:
        """Per block the keyed hash of each row's unit, or of its content where none is named.

        It never depends on a row's position, so that folds, halves and samples survive a
        permutation of the rows.
        """
        for block in self.blocks():
            yield unit_hashes(
                missing.told(block, plan.columns).rows, plan, nonce, self.schema.names
            )

    def check(self, plan: Plan, probes: Sequence[Probe[Any]], *, scored: bool) -> None:
        """See whether data and model have what the plan needs.

        Raises:
            DataUnfit: with every reason.
        """
        named = plan.columns.named().union(*(probe.columns(plan) for probe in probes))
        specs = [probe.spec for probe in probes]
        reasons = [*self._lacking(plan, named), *_underived(plan, specs, scored=scored)]
        if not reasons:
            reasons += self._unseen(named)
        if not reasons:
            reasons += self._unsaid(plan, specs, scored=scored)
        if self.rows == 0:
            reasons.append(
                _reason(
                    "rows",
                    "数据里没有一行",
                    "there is not one row",
                    "换一份数据",
                    "use other data",
                )
            )
        if reasons:
            raise _unfit(reasons)

    def check_references(self, plan: Plan) -> None:
        """See whether the data have the reference groups that somebody declared.

        A probe says of one that is absent that nothing can be compared; whoever asks for a run
        hears of it before, with the groups that there are.

        Raises:
            DataUnfit: with every group that is absent.
        """
        names = [
            name
            for name, level in plan.reference.items()
            if self.schema.names.count(name) == 1 and level not in self._only(name)
        ]
        levels: dict[str, decision_words.Counts] = {name: {} for name in names}
        for block in self.blocks(names, coded=names) if names else ():
            for name, held in levels.items():
                decision_words.add(held, block[name])
        if reasons := reference_levels.faults(levels, plan):
            raise _unfit(reasons)

    def _unseen(self, named: frozenset[str]) -> list[Reason]:
        """Cells of files that hold what nobody sees; a table of the register was looked at before.

        A CSV file is read word by word when it is opened, and refused then.
        """
        if self.stored is None:
            return []
        text = [n for n in sorted(named) if unknown_levels.worded(self.schema.field(n).type)]
        looked = {name: Cells() for name in text}
        for block in self.blocks(text, coded=text) if text else ():
            for name, held in looked.items():
                for piece in block[name].chunks:
                    held.see(piece)
        found = [reason for name, held in looked.items() for reason in held.reasons(name)]
        return found[: characters.MOST_REASONS]

    def _lacking(self, plan: Plan, named: frozenset[str]) -> list[Reason]:
        found, unfit = list[Reason](), getattr(self.stored, "unfit", {})
        for name in sorted(named & {*unfit}):
            found += unfit[name]
        for name in sorted(named - {*unfit}):
            count, asked = self.schema.names.count(name), name in plan.columns.inputs
            if count != 1:
                zh, en = LACKING.zh, LACKING.en
                if count:
                    zh, en = ("数据里有同名的列", "several columns have this name")
                found.append(Reason(name, Text(zh, en), ADD if asked and not count else _CORRECT))
        for role in ("score", "price", "weight"):
            name = plan.columns.role(role)
            once = name is not None and name not in unfit and self.schema.names.count(name) == 1
            if once and name is not None and not _numeric(self.schema.field(name).type):
                found.append(self._unnumbered(name))
        return found

    def _unnumbered(self, name: str) -> Reason:
        """Why a column is no column of numbers, by the first word in it that is none."""
        before = 0
        for block in (
            self.blocks([name]) if unknown_levels.worded(self.schema.field(name).type) else ()
        ):
            words = tables.trimmed(block[name])
            place = pc.index(pc.fill_null(tables.are_numbers(words), True), False).as_py()
            if place >= 0:
                return amounts.reason(name, before + place + 1, str(words[place]))
            before += block.num_rows
        return _reason(
            name,
            "这一列应当是数",
            "this column must hold numbers",
            "改正数据的类型",
            "correct its type",
        )

    def _only(self, name: str) -> tuple[str, ...]:
        """The one or two levels that a column can have, where its bounds tell; else none."""
        kind = self.schema.field(name).type
        if pa.types.is_boolean(kind):
            return ("false", "true")
        if not pa.types.is_integer(kind):
            return ()
        low: int | None
        high: int | None
        if isinstance(self._table, pa.Table):
            ends = pc.min_max(self._table[name]).as_py()
            low, high = ends["min"], ends["max"]
        else:
            low, high = getattr(self.stored, "bounds", lambda _: (None, None))(name)
        near = low is not None and high is not None and high - low <= 1
        return (level_name(low), level_name(high)) if near else ()

    def _unsaid(self, plan: Plan, specs: Sequence[ProbeSpec], *, scored: bool) -> list[Reason]:
        """Words of which the plan has to say what they mean: of decisions, and of groups."""
        columns, read = plan.columns, list[str]()
        if columns.favourable is not None:
            read = sorted(decision_words.read_by(plan, specs, scored=scored))
        decided = [name for name in read if not self._divided(name, columns)]
        grouped, merged = unknown_levels.asked_of(columns, self.schema), self._merged(columns)
        sided = score_side.asked(columns, specs, scored=scored)
        outcome = [columns.target] if sided and self._may_misname(columns) else []
        counted = list(dict.fromkeys([*decided, *filter(None, outcome)]))
        names = list(dict.fromkeys([*counted, *grouped]))
        words: dict[str, decision_words.Counts] = {name: {} for name in counted}
        levels: dict[str, decision_words.Counts] = {name: {} for name in grouped}
        for block in self.blocks(names, coded=names) if names else ():
            for name, held in words.items():
                decision_words.add(held, missing.without_missing(block[name], name, columns))
            for name, held in levels.items():
                decision_words.add(held, block[name])
        kinds = {name: self.schema.field(name).type for name in decided}
        divided = {name: words[name] for name in decided}
        side = None
        if sided:
            side = score_side.fault(columns, words.get(columns.target or "", {}), scored=scored)
        return [
            *([side] if side is not None else []),
            *decision_words.faults(divided, columns, kinds, read),
            *unknown_levels.faults(levels, columns),
            *alike_levels.faults(levels, plan),
            *merged,
        ]

    def _may_misname(self, columns: Columns) -> bool:
        """Whether the outcomes hold what is no class: their bounds may tell that they are 0 and 1."""
        if columns.target is None:
            return False
        only = {*self._only(columns.target), level_name(columns.favourable)}
        return len(only) == 1 or not only <= {*(columns.classes or SIDES)}

    def _merged(self, columns: Columns) -> list[Reason]:
        """Columns of groups in which the guess that they hold numbers makes one group of two words."""
        spelt = getattr(self.stored, "spelt", {})
        names = dict.fromkeys((*columns.sensitive, *columns.profile))
        return [spellings.reason(n, spelt[n], spellings.REWRITE) for n in names if n in spelt]

    def _divided(self, name: str, columns: Columns) -> bool:
        """Whether a column's bounds tell that it holds the favourable value and one refusal."""
        only, good = self._only(name), level_name(columns.good(name))
        listed = not columns.unfavourable or bool({*only} & {*columns.unfavourable})
        return good in only and listed


def _unfit(reasons: Sequence[Reason]) -> DataUnfit:
    return DataUnfit(
        f"数据或模型不合评估计划，有 {len(reasons)} 处要改。",
        f"Data or model do not fit the plan; to correct: {len(reasons)}.",
        reasons=reasons,
    )


def _blocks(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.Table]:
    """The batches, cut anew into blocks of `BLOCK` rows."""
    held, waiting = 0, list[pa.RecordBatch]()
    for batch in batches:
        waiting.append(batch)
        held += batch.num_rows
        while held >= BLOCK:
            joined = pa.Table.from_batches(waiting)
            yield joined.slice(0, BLOCK)
            waiting = joined.slice(BLOCK).to_batches()
            held -= BLOCK
    if held:
        yield pa.Table.from_batches(waiting)


def _underived(plan: Plan, specs: Sequence[ProbeSpec], *, scored: bool) -> list[Reason]:
    columns, found = plan.columns, []
    needs = {name for spec in specs for name in spec.derived}
    answered = scored or columns.score is not None
    if scored and not columns.inputs:
        found.append(
            _reason(
                "columns.inputs",
                "要写模型的输入列",
                "the model's input columns are needed",
                "列出全部输入列",
                "list them all",
            )
        )
    if SCORE in needs and not answered:
        found.append(
            _reason(
                "columns.score",
                "既没有模型也没有分数列",
                "there is neither a model nor a score",
                "给出模型，或写 score",
                "give a model, or name a score",
            )
        )
    chosen = columns.cut is not None or (scored and columns.decides)
    decided = (answered and chosen) or columns.prediction is not None
    if FAVOURED in needs and not decided:
        found.append(
            _reason(
                "columns.cut",
                "不知道怎样算有利的结果",
                "nothing says which answers are favourable",
                _decision(columns.target).zh,
                _decision(columns.target).en,
            )
        )
    named = columns.favourable is not None
    own = answered and chosen and columns.sided  # score_favourable says it of a score with a cut
    if (FAVOURED in needs and not named and not own) or (DESERVED in needs and not named):
        found.append(
            _reason(
                "columns.favourable",
                "没有写哪个结果对当事人有利",
                "nothing says which outcome is favourable",
                "数据里有这个结果的，例如 favourable = 1；只有分数的，写 score_favourable：高分有利是 1，低分有利是 0",
                "where the data hold it, for instance favourable = 1; of a score alone, score_favourable: 1 "
                "where a high one is good, 0 where a low one is",
            )
        )
    if DESERVED in needs and columns.target is None:
        found.append(
            _reason(
                "columns.target",
                "没有写观察到的结果",
                "the observed outcome is not named",
                "写 target",
                "name a target",
            )
        )
    return found


_CORRECT = Text("改计划里的列名，或补上这一列", "correct the plan or the data")


def _decision(target: str | None) -> Text:
    """How to say which answers are favourable; people's decisions often stand as the outcome."""
    own = Text("", "")
    if target is not None:
        own = Text(
            f'（“{target}”这一列本身就是要检验的决定时，写 prediction = "{target}"）',
            f' (where "{target}" is itself the decision to be tested: prediction = "{target}")',
        )
    return Text(
        f"有分数就写 cut，有决定就写 prediction{own.zh}",
        f"give a cut for a score, or name the column of decisions as prediction{own.en}",
    )


def _reason(item: str, zh: str, en: str, do_zh: str, do_en: str) -> Reason:
    return Reason(item, Text(zh, en), Text(do_zh, do_en))


def _numeric(kind: pa.DataType) -> bool:
    return bool(
        pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind)
    )


def unit_hashes(block: pa.Table, plan: Plan, nonce: str, names: Sequence[str]) -> Hashes:
    """The keyed hash of each row's unit, or of its content where the plan names none.

    Args:
        block: the rows.
        plan: may name the unit.
        nonce: keys the hash.
        names: the columns that make up a row's content.
    """
    return content_hashes(block, nonce, [plan.columns.unit] if plan.columns.unit else names).whole


@dataclass(frozen=True, slots=True)
class Content:
    """The hash of each row, and of each of its cells by column."""

    whole: Hashes
    by_column: Mapping[str, Hashes]


def content_hashes(block: pa.Table, nonce: str, names: Sequence[str]) -> Content:
    """The keyed hash of each row's content.

    Args:
        block: the rows.
        nonce: keys the hash.
        names: the columns that make it up.
    """
    mixed, own = np.zeros(block.num_rows, dtype=np.uint64), dict[str, Hashes]()
    for name in sorted(names):
        own[name] = _hashes(block[name])
        mixed = keyed_hash(mixed ^ own[name], f"{nonce}\x00{name}")
    return Content(mixed, own)


def _hashes(column: pa.ChunkedArray) -> Hashes:
    """A 64-bit hash per value; equal values of one column have equal hashes in every block."""
    kind = column.type
    if pa.types.is_integer(kind) or pa.types.is_floating(kind):
        plain = pc.fill_null(column.cast(pa.float64(), safe=False), float("nan"))
        values = plain.combine_chunks().to_numpy(zero_copy_only=False) + 0.0
        bits: Hashes = np.where(np.isnan(values), np.nan, values).view(np.uint64)
        return bits
    encoded = column.combine_chunks()
    if isinstance(encoded, pa.ChunkedArray):
        return np.empty(0, dtype=np.uint64)
    if not pa.types.is_dictionary(encoded.type):
        encoded = encoded.dictionary_encode()
    table = _level_hashes(encoded.dictionary)
    lookup = np.array([*table, _NO_LEVEL], dtype=np.uint64)
    places = pc.fill_null(encoded.indices.cast(pa.int64()), len(table))
    found: Hashes = np.take(lookup, places.to_numpy(zero_copy_only=False))
    return found


_NO_LEVEL = 1
_SEEN_AT_MOST = 1 << 18
_seen: dict[str, int] = {}  # blocks have most names in common


def _level_hashes(levels: pa.Array) -> list[int]:
    """The hashes of levels' names."""
    values = levels.to_pylist()
    if not pa.types.is_string(levels.type):
        return [_level_hash(level) for level in values]
    if len(_seen) > _SEEN_AT_MOST:
        _seen.clear()
    table = list(map(_seen.get, values))
    for place, found in enumerate(table):
        if found is None:
            _seen[values[place]] = _level_hash(values[place])
    return [_seen[values[place]] if found is None else found for place, found in enumerate(table)]


def _level_hash(level: Any) -> int:
    if level is None or level != level:  # noqa: PLR0124  # NaN
        return _NO_LEVEL
    return int.from_bytes(
        hashlib.blake2b(level_name(level).encode(), digest_size=8).digest(), "big"
    )
