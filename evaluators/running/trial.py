"""An installed probe tried out as it stands: the checks of every probe, error rates and power.

A third party's probe is tried behind the walls, as a registry runs it, on simulated data that it
brings itself. A trial shows that a probe keeps to its contract and does what its author says; it
does not show that the question is the right one, nor that the author means well.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from evaluators.guests import installed, outsider, outsider_visit
from evaluators.policy import POLICY
from evaluators.probe import NullDesign, Probe
from evaluators.running import calibration, conformance
from registry.errors import Invalid
from registry.language import Text

SETS, PLANTED_SETS = 200, 50
LEAST_POWER = 0.5
"""Of planted differences at least so many must be found: a probe that finds fewer is of little use."""

NAMES: Mapping[str, Text] = {
    "schemas_are_json_schema": Text("选项和明细有格式说明", "options and details have schemas"),
    "findings_fit_their_schema": Text(
        "结果合乎格式，中英文都有", "findings fit their schema, in both languages"
    ),
    "verdicts_fit_their_numbers": Text("结论都有数字支持", "verdicts stand on numbers"),
    "rounding_is_settled": Text("数字已按规定取整", "numbers are rounded"),
    "same_on_any_number_of_shards": Text("数据分成几份都一样", "the same on any number of shards"),
    "same_in_any_order": Text("行的顺序不影响结果", "the same in any order of rows"),
    "sorted_shards_miss_groups": Text(
        "某一份里缺了某组也一样", "the same where a shard lacks a group"
    ),
    "hard_data_do_not_break_it": Text("坏数据不会让它出错", "hard data do not break it"),
    "nothing_is_found_in_one_row": Text("只有一行时不下结论", "one row proves nothing"),
}


@dataclass(frozen=True, slots=True)
class Step:
    """One thing that was tried.

    Args:
        name: what.
        ok: whether it went well.
        told: numbers, or what went wrong.
    """

    name: Text
    ok: bool
    told: str = ""

    def as_json(self) -> dict[str, Any]:
        """For a program."""
        return {"name": self.name.as_json(), "ok": self.ok, "told": self.told}


def trial(name: str, *, sets: int = SETS, planted: int = PLANTED_SETS) -> Iterator[Step]:
    """Try out an installed probe, step by step.

    Args:
        name: its id.
        sets: simulated data sets without a difference, per design.
        planted: simulated data sets with one, per design.

    Raises:
        ProbeMissing: nothing is installed under the name, or it cannot be loaded.
    """
    kind = installed.probe_class(name)
    with outsider_visit.staying():
        yield _walls(kind)
        nulls, found = kind.nulls(), kind.planted()
        yield _designs(nulls, found)
        for make in list({**nulls, **found}.values())[-1:]:
            yield from _contract(kind, make)
        for design in nulls:
            yield _null(name, design, sets)
        for design in found:
            yield _planted(name, design, planted)


def _walls(kind: type[Probe[Any]]) -> Step:
    where = Text("在本进程里运行（本软件自带）", "runs in this process (it is ours)")
    if issubclass(kind, outsider.Outsider):
        where = Text("在沙箱里装载", "loads behind the walls of a sandbox")
    tier = f"tier {kind.plugin.tier.name}" if issubclass(kind, outsider.Outsider) else ""
    return Step(where, ok=True, told=tier)


def _designs(nulls: Mapping[str, Any], planted: Mapping[str, Any]) -> Step:
    told = ", ".join([*nulls, *planted]) or "nulls() and planted() are empty"
    name = Text(
        "带有模拟数据：无差别的和有差别的", "brings simulated data, without and with a difference"
    )
    return Step(name, ok=bool(nulls and planted), told=told)


def _contract(kind: type[Probe[Any]], make: NullDesign) -> Iterator[Step]:
    case = make(np.random.Generator(np.random.Philox(key=1)))
    scorer = None if case.scorer is None else _Steady()
    for name, fault in conformance.checked(kind, case.plan, case.table, scorer=scorer):
        yield Step(NAMES[name], ok=fault is None, told="" if fault is None else str(fault))


def _null(name: str, design: str, sets: int) -> Step:
    said = Text("没有差别时很少误报：{design}", "seldom finds what is not there: {design}")
    counted = _tally(name, design, sets)
    if isinstance(counted, str):
        return Step(said.format(design=design), ok=False, told=counted)
    _, share, tested = counted.worst()
    if not tested:  # a probe without p-values: how often it called nothing a disparity
        share, tested = counted.disparities / max(1, counted.sets), counted.sets
    allowed = POLICY.value("alpha") + calibration.allowance(tested, POLICY.value("alpha"))
    told = f"{share:.3f} ≤ {allowed:.3f} ({counted.sets})"
    return Step(said.format(design=design), ok=share <= allowed, told=told)


def _planted(name: str, design: str, sets: int) -> Step:
    said = Text("有差别时找得到：{design}", "finds what was planted: {design}")
    counted = _tally(name, design, sets)
    if isinstance(counted, str):
        return Step(said.format(design=design), ok=False, told=counted)
    power = counted.detected / max(1, counted.sets)
    told = f"{power:.2f} ≥ {LEAST_POWER:g} ({counted.sets})"
    return Step(said.format(design=design), ok=power >= LEAST_POWER, told=told)


def _tally(name: str, design: str, sets: int) -> calibration.Tally | str:
    """What so many data sets have shown, or why they could not be made."""
    try:
        return calibration.tally(name, design, range(sets))
    except Invalid as error:
        return str(error)


class _Steady:
    """A deterministic model: the mean of its numeric inputs, squeezed between 0 and 1."""

    def score(self, frames: Sequence[pa.Table]) -> list[npt.NDArray[np.float64]]:
        """One answer per row."""
        return [self._answers(frame) for frame in frames]

    def _answers(self, frame: pa.Table) -> npt.NDArray[np.float64]:
        total = np.zeros(frame.num_rows)
        for column in frame.columns:
            if pa.types.is_integer(column.type) or pa.types.is_floating(column.type):
                total += np.nan_to_num(column.cast(pa.float64()).to_numpy())
        return np.asarray(1 / (1 + np.exp(-np.clip(total, -50, 50))), dtype=np.float64)
