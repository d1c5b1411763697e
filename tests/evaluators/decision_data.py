"""Small data sets whose answers can be worked out on paper, and models that can be read."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

COLUMNS: dict[str, Any] = {
    "sensitive": ["race"], "target": "due", "prediction": "granted", "favourable": 1,
}  # fmt: skip


def counted(cells: Mapping[tuple[str, int, int], int]) -> pa.Table:
    """Rows from counts: (race, due, granted) → how many."""
    keys = [key for key, count in cells.items() for _ in range(count)]
    race, due, granted = zip(*keys, strict=True)
    return pa.table({"race": race, "due": due, "granted": granted})


def plan(*probes: str, **more: Any) -> dict[str, Any]:
    """A plan with these probes; `columns` are added to the usual ones."""
    columns = {**COLUMNS, **more.pop("columns", {})}
    ids = [{"id": probe} for probe in probes]
    return {"title": "test", "columns": columns, "probes": ids, **more}


class Reading:
    """A model written as a formula of its columns; it remembers every frame it was shown.

    Args:
        formula: frame → answers.
    """

    def __init__(self, formula: Any) -> None:
        self.formula, self.frames = formula, list[pa.Table]()

    def score(self, frames: Sequence[pa.Table]) -> list[npt.NDArray[np.float64]]:
        """One answer per row."""
        self.frames += frames
        return [np.asarray(self.formula(frame), dtype=np.float64) for frame in frames]


class Served(Reading):
    """The same behind a service: what it answers twice alike it may answer otherwise tomorrow."""

    served = True


def column(frame: pa.Table, name: str) -> npt.NDArray[Any]:
    """A column of a frame as an array."""
    return np.asarray(frame[name].to_pylist())
