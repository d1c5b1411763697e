"""The models of known truth as submissions: pickled by value, asked through the sandbox."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import cloudpickle
import pyarrow as pa

from registry.scoring import SandboxScorer
from registry.settings import Settings
from tests.explainers import plateaus, truth
from tests.explainers.truth import Case
from tests.registry import hostile_models

TYPES = {"int64": "long", "double": "double", "string": "string"}


@contextmanager
def scorer(folder: Path, case: Case) -> Iterator[SandboxScorer]:
    """A scorer that opens the case's model in sandboxes.

    Args:
        folder: made for the model.
        case: which.
    """
    for module in (truth, plateaus, sys.modules[__name__]):
        cloudpickle.register_pickle_by_value(module)
    model = hostile_models.write(folder, hostile_models.Model(_answering(case.model)))
    schema = case.data().schema
    inputs = [
        {"name": told["name"], "type": TYPES[str(schema.field(told["name"]).type)]}
        for told in case.told
    ]
    with SandboxScorer(
        model, inputs=inputs, settings=Settings(), ahead=0, classes=case.classes, nonce="n"
    ) as asked:
        yield asked


def _answering(rule: Callable[[Any], Any]) -> Callable[[Any], Any]:
    def answer(frame: Any) -> Any:
        return rule({name: frame[name].to_numpy() for name in frame.columns})

    return answer


def asked(case: Case) -> bool:
    """Whether the model is asked at all: what is refused beforehand meets no sandbox."""
    return not case.refused and not any(
        pa.types.is_nested(case.data().schema.field(told["name"]).type) for told in case.told
    )
