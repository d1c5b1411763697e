"""The people a model is tested on: their rows as arrays, and frames made from them for scoring."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, Self

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from registry.errors import Invalid, Reason
from registry.language import Text

Array = npt.NDArray[Any]


class Scorer(Protocol):
    """What this package needs of `registry.scoring`: frames in, one float per row out."""

    def score(self, frames: Sequence[pa.Table]) -> list[npt.NDArray[np.float64]]:
        """Score each frame on its own."""
        ...


class ColumnsMissing(Invalid):
    """The data lack columns that the model needs: hand in data with all of them."""


class AnswersMissing(Invalid):
    """The scorer gave back a wrong number of answers: look at the model's output."""


@dataclass(frozen=True, slots=True)
class People:
    """Rows by column: numbers as they are, text as codes into a sorted list of levels.

    Args:
        arrays: one array per column; −1 codes a missing text, NaN a missing number.
        levels: the texts that the codes stand for.
    """

    arrays: Mapping[str, Array]
    levels: Mapping[str, tuple[str, ...]]

    def __len__(self) -> int:
        return len(next(iter(self.arrays.values())))

    @classmethod
    def read(cls, table: pa.Table, names: Sequence[str]) -> Self:
        """Take the named columns out of a table.

        Raises:
            ColumnsMissing: naming every column that is not there.
        """
        missing = [name for name in names if name not in table.column_names]
        if missing:
            said = Text("数据里没有这一列。", "The data have no such column.")
            remedy = Text("请补上这一列，或改正列名。", "Add the column or correct its name.")
            raise ColumnsMissing(
                "数据缺少算法需要的列，请补齐后再试。",
                "The data lack columns that the model needs; add them and try again.",
                reasons=[Reason(item=name, said=said, remedy=remedy) for name in missing],
            )
        arrays, levels = dict[str, Array](), dict[str, tuple[str, ...]]()
        for name in names:
            arrays[name], texts = _column(table.column(name).combine_chunks())
            if texts is not None:
                levels[name] = texts
        return cls(arrays=arrays, levels=levels)

    def take(self, rows: npt.NDArray[np.int64]) -> "People":
        """The people in these rows, in this order."""
        return People({name: array[rows] for name, array in self.arrays.items()}, self.levels)

    def value(self, name: str, code: Any) -> str | float | int:
        """One value as it stands in the data, whatever codes it here."""
        if name in self.levels:
            return self.levels[name][int(code)]
        number = code.item() if hasattr(code, "item") else code
        return int(number) if float(number).is_integer() else float(number)

    def frame(self, variants: Sequence[Mapping[str, Array]]) -> pa.Table:
        """One table with these people once per variant, each with its replaced columns."""
        columns = {}
        for name, own in self.arrays.items():
            whole = np.concatenate([variant.get(name, own) for variant in variants])
            columns[name] = self._arrow(name, whole)
        return pa.table(columns)

    def _arrow(self, name: str, array: Array) -> pa.Array:
        if name not in self.levels:
            return pa.array(array, from_pandas=False)
        codes = pa.array(array.astype(np.int32), mask=array < 0)
        texts = pa.array(self.levels[name], pa.string())
        return pa.DictionaryArray.from_arrays(codes, texts).cast(pa.string())


def missing(array: Array) -> npt.NDArray[np.bool_]:
    """Where a column has no value."""
    if array.dtype.kind == "f":
        return np.isnan(array)
    # Codes of texts are 32 bits wide, numbers 64, so that −1 stays a number among numbers.
    return array < 0 if array.dtype == np.int32 else np.zeros(len(array), bool)


def score(scorer: Scorer, frames: Sequence[pa.Table]) -> list[npt.NDArray[np.float64]]:
    """Score the frames and check that every row got its answer.

    Raises:
        AnswersMissing: when a frame came back with another number of answers than rows.
    """
    answers = scorer.score(frames)
    expected = [frame.num_rows for frame in frames]
    if [len(answer) for answer in answers] != expected:
        raise AnswersMissing(
            "算法返回的结果数目不对，请检查算法的输出。",
            "The model gave back a wrong number of answers; check its output.",
        )
    return [np.asarray(answer, dtype=np.float64) for answer in answers]


def _column(array: pa.Array) -> tuple[Array, tuple[str, ...] | None]:
    kind = array.type
    if pa.types.is_dictionary(kind):
        array, kind = array.dictionary_decode(), kind.value_type
    if pa.types.is_boolean(kind):
        array, kind = array.cast(pa.int64()), pa.int64()
    if pa.types.is_integer(kind) and array.null_count == 0:
        return array.cast(pa.int64()).to_numpy(zero_copy_only=False), None
    if pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind):
        numbers = pc.fill_null(array.cast(pa.float64()), float("nan"))
        return numbers.to_numpy(zero_copy_only=False), None
    texts = array.cast(pa.string())
    levels = tuple(sorted(pc.unique(texts.drop_null()).to_pylist()))
    codes = pc.index_in(texts, pa.array(levels, pa.string()))
    return pc.fill_null(codes, -1).to_numpy(zero_copy_only=False).astype(np.int32), levels
