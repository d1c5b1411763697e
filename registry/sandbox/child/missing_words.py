"""What is missing in a column of words: one kind for every model, and who takes it for another.

An Arrow table has one missing value; data frames have several, and libraries tell them apart: for
scikit-learn None, NaN and the empty word are three categories. A model is given NaN, as pandas'
`read_csv` gives it, whatever pandas is installed. Whether it learnt another is asked: a model that
tells None from NaN and from a word that nobody knows has met None, and then nobody can tell which
of the two a missing value is. So is whether a word that `read_csv` reads as missing is strange to a
model that knows what is missing.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from registry.sandbox.child.refusal import NotOpened

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt
    import pandas as pd

SAMPLE = 512
"""In how many rows of a table a column is tried; they are spread over all of its missing values."""
MOST = 8192
"""In how many rows all columns are."""
SPELT = (
    "#N/A", "#N/A N/A", "#NA", "-1.#IND", "-1.#QNAN", "-NaN", "-nan", "1.#IND", "1.#QNAN", "<NA>",
    "N/A", "NA", "NULL", "NaN", "None", "n/a", "nan", "null",
)  # fmt: skip
"""The words that `read_csv` takes for missing."""
STRANGERS = ("\ue000", "\ue001 \ue002 \ue003")
"""Words that no model knows: of private characters, and of different lengths."""

Numbers = Callable[["pd.DataFrame"], "npt.NDArray[np.float64]"]


def frame_of(table: Any) -> "pd.DataFrame":
    """A table as the data frame that a model is given: words and truths that are missing are NaN.

    Args:
        table: an Arrow table of the model's inputs.
    """
    import numpy as np
    from pandas.api.types import is_object_dtype

    frame: pd.DataFrame = table.to_pandas(use_threads=False)
    for name in frame.columns:
        if is_object_dtype(frame[name]) and (gone := frame[name].isna()).any():
            frame[name] = _filled(frame[name], gone, np.nan)
    return frame


def require_one_kind(numbers: Numbers, table: Any) -> None:
    """See that a model was told of what is missing in words as it is told here.

    Args:
        numbers: its answers to a frame.
        table: an Arrow table of the model's inputs, all of its rows.

    Raises:
        NotOpened: names the columns in which the model tells another kind of missing from NaN
            (`missing_words`), or knows NaN but not the word that stands for it (`missing_spelt`).
    """
    texts = [name for name, column in _columns(table) if _is_text(column)]
    if gone := _held(_missing(table)):
        trial = _Trial(numbers, table, gone)
        both = trial.told([*gone], None), trial.told([name for name in texts if name in gone], "")
        if names := [name for name in gone if any(name in each for each in both)]:
            raise _refused("missing_words", names)
    if spelt := _held(_spelt(table)):
        trial = _Trial(numbers, table, spelt)
        if names := [name for name in spelt if trial.strange(name)]:
            raise _refused("missing_spelt", names)


class _Trial:
    """A model asked with other values in some cells.

    Args:
        numbers: its answers to a frame.
        table: all rows.
        cells: column → the rows in which its value is exchanged.
    """

    def __init__(
        self, numbers: Numbers, table: Any, cells: "Mapping[str, npt.NDArray[Any]]"
    ) -> None:
        import numpy as np
        import pyarrow as pa

        self._numbers = numbers
        rows = _sampled(cells)
        # one type for all that is tried, so that nothing but the value is another
        self._frame = frame_of(table.take(pa.array(rows))).astype(dict.fromkeys(cells, object))
        self._cells = {name: at[rows] for name, at in cells.items()}
        self._nothing = np.nan

    def told(self, names: list[str], other: str | None) -> list[str]:
        """The columns in which the model tells a kind of missing from NaN.

        All at once are asked first: mostly it makes no difference. Where none does it alone,
        since the others keep the model from answering, all of them do.

        Args:
            names: of columns.
            other: a kind of missing: None, or an empty word.
        """
        if not names or (len(names) > 1 and not self._suspected(names, other)):
            return []
        found = [name for name in names if self._tells([name], other)]
        return found or (names if len(names) > 1 and self._tells(names, other) else [])

    def _suspected(self, names: list[str], other: str | None) -> bool:
        found = self._asked(names, other)
        alike = (self._asked(names, each) for each in (self._nothing, STRANGERS[0]))
        return found is None or not any(_same(found, each) for each in alike)

    def _tells(self, names: list[str], other: str | None) -> bool:
        """Whether what is asked with a kind of missing is neither NaN nor a word it never met.

        Where a model makes numbers of any word (its length, a hash) an empty one says nothing.
        """
        found, nothing = self._asked(names, other), self._asked(names, self._nothing)
        if found is None or _same(found, nothing):
            return False
        first, second = (self._asked(names, word) for word in STRANGERS)
        any_word = other is not None and not _same(first, second)
        if any_word or _same(found, first) or _same(found, second):
            return False
        return self._steady(names, other, found) and self._steady(names, self._nothing, nothing)

    def strange(self, name: str) -> bool:
        """Whether a word for what is missing is like any that it never met, and NaN is not."""
        found, nothing = self._asked([], None), self._asked([name], self._nothing)
        if nothing is None or _same(found, nothing):
            return False
        strangers = [self._asked([name], word) for word in STRANGERS]
        if not _same(*strangers) or not _same(found, strangers[0]):
            return False
        return self._steady([name], self._nothing, nothing) and self._steady([], None, found)

    def _steady(self, names: list[str], value: Any, before: Any) -> bool:
        """Whether the same question has the same answer: of chance nothing is learnt."""
        return _same(before, self._asked(names, value))

    def _asked(self, names: Iterable[str], value: Any) -> Any:
        """The answers with a value in the cells of some columns; None where there are none."""
        frame = self._frame.copy()
        for name in names:
            frame[name] = _filled(frame[name], self._cells[name], value)
        try:
            return self._numbers(frame)
        except Exception:  # noqa: BLE001  # whatever a model raises: it does not take this value
            return None


def _filled(column: "pd.Series[Any]", cells: Any, value: Any) -> "pd.Series[Any]":
    """A column with a value in some cells; pandas itself makes NaN of None, and numbers of NaN."""
    import numpy as np
    import pandas as pd

    values = column.to_numpy(dtype=object, copy=True)
    values[np.asarray(cells)] = value
    return pd.Series(values, index=column.index, dtype=object)


def _same(one: Any, other: Any) -> bool:
    """Whether two answers are equal to the last bit; that there is none is an answer, too."""
    if one is None or other is None:
        return one is other
    return bool(one.tobytes() == other.tobytes())


def _columns(table: Any) -> Iterator[tuple[str, Any]]:
    """The columns of words and of truths, which a frame holds as objects where one is missing."""
    import pyarrow as pa

    for name, column in zip(table.column_names, table.columns, strict=True):
        if _is_text(column) or pa.types.is_boolean(column.type):
            yield name, column


def _is_text(column: Any) -> bool:
    import pyarrow as pa

    return bool(pa.types.is_string(column.type) or pa.types.is_large_string(column.type))


def _missing(table: Any) -> "Iterator[tuple[str, npt.NDArray[Any]]]":
    for name, column in _columns(table):
        if column.null_count:
            yield name, column.is_null().to_numpy()


def _spelt(table: Any) -> "Iterator[tuple[str, npt.NDArray[Any]]]":
    import pyarrow as pa
    import pyarrow.compute as pc

    for name, column in _columns(table):
        if _is_text(column):
            yield name, pc.is_in(column, value_set=pa.array(SPELT, column.type)).to_numpy()


def _held(cells: "Iterable[tuple[str, npt.NDArray[Any]]]") -> "dict[str, npt.NDArray[Any]]":
    """The columns in which something is to be exchanged, and in which rows."""
    return {name: at for name, at in cells if at.any()}


def _sampled(cells: "Mapping[str, npt.NDArray[Any]]") -> "npt.NDArray[Any]":
    """Rows spread over those in which something is to be exchanged, column by column."""
    import numpy as np

    each, found = max(1, min(SAMPLE, MOST // len(cells))), []
    for at in cells.values():
        places = np.flatnonzero(at)
        found.append(places[np.linspace(0, places.size - 1, each).astype(np.int64)])
    return np.unique(np.concatenate(found))


def _refused(cause: str, names: list[str]) -> NotOpened:
    return NotOpened(cause, f"columns {names}"[:300], names[:20])
