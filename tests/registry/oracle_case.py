"""The rows of the oracle, and what one of its cases is.

A case saves one model by MLflow and says what answers beside it: `pyfunc`, MLflow's own reading of
the folder, or `scores`, `predict_proba` of the saved class as MLflow loads it.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import mlflow
import numpy as np
import pandas as pd
from mlflow.models import infer_signature

from registry.sandbox.child import asking
from registry.sandbox.child.classes import Classes
from tests.registry import oracle_onnx

ROWS = 8300  # a block of 8,192 and a rest
TRAINED = 400
RNG = np.random.default_rng(11)
FRAME = pd.DataFrame(
    {
        "amount": RNG.normal(size=ROWS),
        "children": RNG.integers(0, 5, ROWS).astype(float),
        "debt": RNG.gamma(2.0, size=ROWS),
    }
)
SCORE = FRAME["amount"] - 0.4 * FRAME["debt"] + 0.2 * FRAME["children"]
NOISY = SCORE + RNG.normal(size=ROWS)
DUE = (NOISY > 0).astype(int)
GRADE = np.digitize(NOISY, [-0.7, 0.4])
WORD = np.array(["high", "low", "middle"])[GRADE]  # in the order of their letters
COUNT = RNG.poisson(np.exp(SCORE / 3))
AMOUNT = np.exp(NOISY / 2)
OF_WORDS = np.random.default_rng(12)
WORDED = FRAME.assign(
    home=np.where(
        OF_WORDS.random(ROWS) < 0.2,
        np.nan,
        OF_WORDS.choice(["rented", "owned"], ROWS).astype(object),
    ),
    owner=np.where(
        OF_WORDS.random(ROWS) < 0.2, np.nan, OF_WORDS.choice([True, False], ROWS).astype(object)
    ),
    children=FRAME["children"].where(OF_WORDS.random(ROWS) > 0.2),
).astype({"home": "str"})
"""With words, truths and numbers of which some are missing, as pandas' reader gives them."""
X, V = FRAME[:TRAINED], FRAME[TRAINED : 2 * TRAINED]
GROUPS = [20] * (TRAINED // 20)
RANKS = GRADE[:TRAINED]
THREE = ("0", "1", "2")
NAMED = ("low", "middle", "high")

Read = Callable[[pd.DataFrame], Any]


@dataclass(frozen=True, slots=True)
class Case:
    """A model, how it is saved, and whose answers are right.

    Args:
        name: of the case.
        flavour: the module of MLflow that saves and loads it.
        fit: makes the model.
        right: `pyfunc`, or `scores` where a score is asked of a saved class.
        classes: how a classifier's answers become numbers.
        options: for `save_model`.
        frame: the rows it is asked about.
    """

    name: str
    flavour: str
    fit: Callable[[], Any]
    right: str = "pyfunc"
    classes: Classes | None = None
    options: tuple[tuple[str, Any], ...] = ()
    frame: pd.DataFrame = field(default_factory=lambda: FRAME, compare=False)

    def save(self, folder: Path) -> Any:
        """The fitted model, saved."""
        with asking.one_thread():  # searches would start processes for a hundred rows
            model = self.fit()
        saver = getattr(mlflow, self.flavour).save_model
        options = {
            "signature": infer_signature(self.frame[:TRAINED], np.zeros(2)),
            **dict(self.options),
        }
        key = "python_model" if self.flavour == "pyfunc" else None
        if key:
            saver(folder, python_model=model, pip_requirements=["x"], **options)
        else:
            saver(model, folder, pip_requirements=["x"], **options)
        return model

    def oracle(self, folder: Path) -> Read:
        """Who is right, opened by MLflow and asked on one thread."""
        if self.right in {"pyfunc", "label"}:
            opened: Any = mlflow.pyfunc.load_model(str(folder))
            return opened.predict  # type: ignore[no-any-return]
        if self.flavour == "onnx":
            return oracle_onnx.outputs(folder)
        opened = getattr(mlflow, self.flavour).load_model(str(folder))
        return opened.predict_proba  # type: ignore[no-any-return]
