"""A model that MLflow has opened in this process, asked as the sandbox asks it."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from threadpoolctl import threadpool_limits

from portal.mlflow.own_rows import OwnRows
from registry import model_inputs
from registry.errors import Invalid
from registry.sandbox.child import asking, flavours, opening
from registry.sandbox.child.classes import Classes, OtherClasses
from registry.sandbox.child.refusal import NotOpened
from registry.sandbox.verdict import Cause, Contained, reasons

T = TypeVar("T")


class ServedElsewhere(Invalid):
    """MLflow asks the model over a port, where only its `predict` answers."""


class InProcess:
    """Asks an open model, one block of rows at a time and on one thread.

    Its class is asked as the sandbox asks it, so that the same plan, rows and nonce give the same
    findings; a flavour that the sandbox does not open, or a function, by `predict`.

    Args:
        model: anything with `predict`, as MLflow opens it.
        classes: how the answers of a classifier of several classes are read.
        own: gives what is asked by `predict` the types of the user's own data.

    Raises:
        ServedElsewhere: when the saved class is out of reach.
        Contained: when MLflow passes parameters with every question.
    """

    def __init__(
        self, model: Any, classes: Classes | None = None, *, own: OwnRows | None = None
    ) -> None:
        self._classes = classes
        self._ask = _taken(lambda: _asker(model, classes, own))
        inputs = declared(model)
        self._schema = model_inputs.schema(inputs) if inputs else None

    def score(self, frames: Sequence[pa.Table]) -> list[npt.NDArray[np.float64]]:
        """One array of answers per frame.

        Raises:
            WrongFrame: when a frame does not carry the model's columns.
            Contained: when the answers are not one number per row; the cause says why.
        """
        with threadpool_limits(1):
            return [self._answers(frame) for frame in frames]

    def _answers(self, frame: pa.Table) -> npt.NDArray[np.float64]:
        given = frame if self._schema is None else model_inputs.fitted(frame, self._schema)
        found = _taken(lambda: list(asking.in_blocks(self._ask, given, self._classes)))
        return np.concatenate([*(block for _, block in found), np.empty(0)])


def _taken(asked: Callable[[], T]) -> T:
    """What asking gives; a refusal as the sandbox would tell it."""
    try:
        return asked()
    except (NotOpened, OtherClasses) as refused:
        cause = Cause(refused.cause)
        raise Contained(cause, reasons=reasons(cause, refused.items)) from refused


def flavour(model: Any) -> str | None:
    """The format of an open model as the register calls it; None for a function or another.

    Args:
        model: as MLflow opens it.
    """
    known = _known(model)
    return known[0].name if known else None


def declared(model: Any) -> list[dict[str, str]]:
    """The columns that a model's signature names, as {name, type}; none where it names none.

    Args:
        model: as MLflow opens it.
    """
    metadata = getattr(model, "metadata", None)
    schema = metadata.get_input_schema() if metadata is not None else None
    if schema is None or not schema.has_input_names():
        return []
    columns = [
        {"name": str(each.get("name")), "type": str(each["type"])} for each in schema.to_dict()
    ]
    return columns if all(each["type"] in model_inputs.ARROW for each in columns) else []


def _known(model: Any) -> tuple[flavours.Format, Mapping[str, Any]] | None:
    metadata = getattr(model, "metadata", None)
    named = getattr(metadata, "flavors", None)
    try:
        return flavours.of({"flavors": named})
    except flavours.UnknownFormat:
        return None


def _asker(model: Any, classes: Classes | None, own: OwnRows | None) -> asking.Answers:
    known = _known(model)
    if known is None:
        predict: asking.Answers = model.predict
        return predict if own is None else lambda frame: predict(own.of(frame))
    row, settings = known
    signature = getattr(model.metadata, "signature", None)
    opening.refuse_parameters(row.flavour, signature.to_dict() if signature else {})
    generic = model.metadata.flavors.get("python_function") or {}
    return asking.answers(row.flavour, _raw(model, row, settings), settings, generic, classes)


def _raw(model: Any, row: flavours.Format, settings: Mapping[str, Any]) -> Any:
    """The library's own object within MLflow's wrapper."""
    wrapper = getattr(model, "_model_impl", None)
    if row.flavour == "python_function" and wrapper is not None:
        return wrapper
    try:
        raw = wrapper.get_raw_model()  # type: ignore[union-attr]
    except (AttributeError, NotImplementedError) as error:
        raise ServedElsewhere(
            "MLflow 在另一个进程里打开了模型，这里只能得到它的 predict。请用 env_manager='local'。",
            "MLflow has opened the model in another process, where only its predict can be asked. "
            "Use env_manager='local'.",
        ) from error
    if row.flavour == "onnx":  # MLflow's session adds on as many threads as there are
        return opening.onnx_model(Path(raw._model_path), settings)  # noqa: SLF001
    return raw
