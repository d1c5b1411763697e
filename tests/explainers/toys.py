"""Models whose true behaviour is known, and people to ask them about."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

Scores = npt.NDArray[np.float64]
Rule = Callable[[dict[str, npt.NDArray[Any]]], Scores]


class Toy:
    """A black box made of one function of the columns; it counts what it is asked."""

    def __init__(self, rule: Rule) -> None:
        self.rule = rule
        self.frames: list[pa.Table] = []

    def score(self, frames: Sequence[pa.Table]) -> list[Scores]:
        self.frames.extend(frames)
        return [self.rule(arrays(frame)) for frame in frames]

    @property
    def rows(self) -> int:
        return sum(frame.num_rows for frame in self.frames)


def arrays(frame: pa.Table) -> dict[str, npt.NDArray[Any]]:
    return {name: np.asarray(frame.column(name).to_pylist()) for name in frame.column_names}


def people(n: int = 2_000, seed: int = 0) -> pa.Table:
    """Income and spending are twins; age, job, sex and married stand alone; month never varies."""
    random = np.random.default_rng(seed)
    income = random.lognormal(8, 0.5, n).round()
    return pa.table(
        {
            "income": income,
            "spending": (income * 0.6 + random.normal(0, 50, n)).round(),
            "age": random.integers(18, 80, n),
            "job": random.choice(["clerk", "farmer", "teacher"], n, p=[0.5, 0.3, 0.2]),
            "sex": random.choice(["f", "m"], n),
            "married": random.integers(0, 2, n),
            "month": np.full(n, 6),
        }
    )


def apart(table: pa.Table) -> pa.Table:
    """The same with a number on each row that no program is given: everybody differs."""
    return table.append_column("record", pa.array(range(table.num_rows)))


def text(zh: str, en: str) -> dict[str, str]:
    return {"zh": zh, "en": en}


def columns(*names: str, **more: dict[str, Any]) -> list[dict[str, Any]]:
    """The descriptions of these columns; `more` overrides by column."""
    known: dict[str, dict[str, Any]] = {
        "income": {
            "plain": text("每月收入", "monthly income"),
            "unit": text("元", "yuan"),
            "actionable": 1,
        },
        "spending": {"plain": text("每月支出", "monthly spending")},
        "age": {
            "plain": text("年龄", "age"),
            "direction": {"zh": ["大", "小"], "en": ["higher", "lower"]},
        },
        "job": {"plain": text("工作", "job"), "actionable": "any"},
        "sex": {
            "plain": text("性别", "sex"),
            "protected": True,
            "values": {"f": text("女", "female"), "m": text("男", "male")},
        },
        "married": {
            "plain": text("婚姻", "marital status"),
            "values": {"0": text("未婚", "single"), "1": text("已婚", "married")},
        },
        "month": {"plain": text("月份", "month")},
    }
    return [{"name": name} | known[name] | more.get(name, {}) for name in names]
