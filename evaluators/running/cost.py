"""What a run will cost before it starts: readings of the rows, memory, questions to the model.

Probes whose state is cells or sums by cluster promise their memory; those that keep rows or read
more than once only say what they take, here, before the run.
"""

from dataclasses import dataclass
from typing import Any

from evaluators.plan import Plan
from evaluators.probe import Probe, State
from evaluators.running import questions
from registry.language import Text

VALUE = 8
BY_UNIT = 160
"""Bytes that one unit takes in a sum by cluster, names and Python's own included."""
CELLS = 1024 * 1024
NOTABLE = 256 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Cost:
    """What one probe takes.

    Args:
        probe: its id.
        state: what it keeps.
        passes: how often it reads the rows at most.
        memory: about the most bytes its state takes, as far as the plan tells.
        predictions: the most answers it asks of the model, those to the rows as they are aside.
    """

    probe: str
    state: State
    passes: int
    memory: int
    predictions: int

    @property
    def notable(self) -> bool:
        """Whether a person should hear of it: further readings, questions, or much memory."""
        return self.passes > 1 or self.predictions > 0 or self.memory >= NOTABLE

    @property
    def promised(self) -> bool:
        """Whether its memory does not grow with the rows."""
        return self.state is State.CELLS

    def as_json(self) -> dict[str, Any]:
        """The cost as JSON content."""
        return {
            "probe": self.probe, "state": self.state.value, "passes": self.passes,
            "memory": self.memory, "predictions": self.predictions,
        }  # fmt: skip

    @property
    def said(self) -> Text:
        """The cost in one sentence."""
        size, name = self.memory / 2**20, questions.caption(self.probe)
        return Text(
            f"“{name.zh}”：最多读数据 {self.passes} 遍，内存最多约 {size:,.0f} MB，"
            f"最多另向模型提问 {self.predictions:,} 次。",
            f"“{name.en}” reads the rows at most {_times(self.passes)}, keeps at most about "
            f"{size:,.0f} MB, and asks the model at most {self.predictions:,} more questions.",
        )


def _times(count: int) -> str:
    return "once" if count == 1 else f"{count} times"


def of(plan: Plan, one: Probe[Any], rows: int, *, scored: bool) -> Cost:
    """What a probe of a plan will take.

    Args:
        plan: the plan.
        one: the probe, with its options.
        rows: how many rows there are.
        scored: whether a model answers; without one nothing is asked.
    """
    return Cost(
        one.spec.id, one.spec.state, 1 if type(one).refine is Probe.refine else 2,
        _memory(plan, one, rows), one.answers_in_all(plan, rows) if scored else 0,
    )  # fmt: skip


def _memory(plan: Plan, one: Probe[Any], rows: int) -> int:
    """The most bytes of a state: rows keep every column they read, sums one line per unit."""
    spec = one.spec
    if spec.state is State.CELLS and plan.columns.unit is None:
        return CELLS
    if spec.state in {State.CELLS, State.BY_CLUSTER}:
        return CELLS if plan.columns.unit is None else rows * BY_UNIT
    roles = [plan.columns.role(role) for role in (*spec.roles, *spec.optional)]
    named = sum(len(role) if isinstance(role, tuple) else role is not None for role in roles)
    columns = named + len(one.columns(plan)) + len(one.derives(plan)) + one.answers_per_row(plan)
    return rows * columns * VALUE
