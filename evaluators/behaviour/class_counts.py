"""Right and wrong answers where a model tells several classes, counted by group and by class."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from evaluators.probe import Table

CLASS = "mingsuan:class"
"""Names a table's column of classes; no column of the data may be called so."""
ANSWERED = ("answered_right", "answered_wrong")
"""Not the audit's right and wrong answers: those are of the favourable result and all others."""
OF_CLASS = ("found", "overlooked", "claimed_wrongly")
"""Of a class: told rightly, told otherwise, and told of other people."""


def tables(
    name: str, rows: Mapping[str, npt.NDArray[Any]], sensitive: Sequence[str]
) -> Iterator[Table]:
    """Per group the right and the wrong answers; of everybody and per group those of each class.

    An accuracy gives the first away; a mean over the classes, with ten digits, the others.

    Args:
        name: of the probe.
        rows: what was due and what was answered, and the groups.
        sensitive: the features.
    """
    due, told = rows["due"], rows["answered"]
    everybody = np.ones(due.size, dtype=bool)
    yield Table(name, (CLASS,), OF_CLASS, tuple(_by_class((), everybody, due, told)))
    for feature in sensitive:
        levels = rows[f"sensitive:{feature}"]
        marks = {level: levels == level for level in sorted({*levels.tolist()} - {""})}
        yield Table(name, (feature,), ANSWERED, tuple(
            ((level,), (int((mark & (due == told)).sum()), int((mark & (due != told)).sum())))
            for level, mark in marks.items()
        ))  # fmt: skip
        each = (
            row for level, mark in marks.items() for row in _by_class((level,), mark, due, told)
        )
        yield Table(name, (feature, CLASS), OF_CLASS, tuple(each))


def _by_class(
    key: tuple[str, ...],
    inside: npt.NDArray[np.bool_],
    due: npt.NDArray[Any],
    told: npt.NDArray[Any],
) -> Iterator[tuple[tuple[str, ...], tuple[int, ...]]]:
    for one in sorted({*due.tolist(), *told.tolist()}):
        mine, said = inside & (due == one), inside & (told == one)
        found = int((mine & said).sum())
        yield (*key, one), (found, int(mine.sum()) - found, int(said.sum()) - found)
