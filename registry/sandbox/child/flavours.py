"""The formats a submitted model may have: one row each, read by screening and by the loader.

Nothing here opens anything. To admit a further library, add a row and, in `opening`, a function.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Format:
    """One way a model may be stored.

    Args:
        name: what the register calls it, `sklearn-skops`.
        flavour: the key under `flavors` in `MLmodel`.
        loader_module: the only value `python_function.loader_module` may have.
        path_key: the key, within the flavour, of the file with the model.
        serialization: the value `serialization_format` must have; None where there is no such key.
        trust: the trust class that screening starts from.
        packages: what must be imported before the model is opened.
        answers: the values `predict_fn` may have.
        begins: the first bytes of the file; empty where its content is looked at otherwise.
    """

    name: str
    flavour: str
    loader_module: str
    path_key: str
    serialization: str | None
    trust: str
    packages: tuple[str, ...]
    answers: tuple[str, ...] = ("predict",)
    begins: bytes = b""


_SKLEARN = ("pandas", "sklearn", "sklearn.ensemble", "sklearn.pipeline", "sklearn.compose")
_EITHER = ("predict", "predict_proba")


def _data(name: str, library: str, path_key: str, begins: bytes, package: str) -> Format:
    """A format that holds numbers and no code, opened by its library's own parser."""
    return Format(name, library, f"mlflow.{library}", path_key, None, "data_only",
                  ("pandas", package), begins=begins)  # fmt: skip


FORMATS: tuple[Format, ...] = (
    _data("onnx", "onnx", "data", b"\x08", "onnxruntime"),  # field 1 of ModelProto: ir_version
    _data("xgboost", "xgboost", "data", b"{", "xgboost"),  # JSON, or UBJSON's object
    _data("lightgbm", "lightgbm", "data", b"tree\n", "lightgbm"),  # its text format
    _data("catboost", "catboost", "data", b"CBM1", "catboost"),
    Format(
        "sklearn-skops",
        "sklearn",
        "mlflow.sklearn",
        "pickled_model",
        "skops",
        "listed_types",
        (*_SKLEARN, "skops.io"),
        _EITHER,
    ),
    Format(
        "sklearn-pickle",
        "sklearn",
        "mlflow.sklearn",
        "pickled_model",
        "pickle",
        "code",
        _SKLEARN,
        _EITHER,
    ),
    Format(
        "sklearn-cloudpickle",
        "sklearn",
        "mlflow.sklearn",
        "pickled_model",
        "cloudpickle",
        "code",
        (*_SKLEARN, "cloudpickle"),
        _EITHER,
    ),
    Format(
        "pyfunc",
        "python_function",
        "mlflow.pyfunc.model",
        "python_model",
        None,
        "code",
        ("pandas", "cloudpickle", "mlflow.pyfunc.model"),
    ),
)


class UnknownFormat(ValueError):
    """`MLmodel` names no format of the table; `found` says which flavours it has."""

    def __init__(self, found: str) -> None:
        super().__init__(found)
        self.found = found


def of(mlmodel: Mapping[str, Any]) -> tuple[Format, Mapping[str, Any]]:
    """The format of a model and the flavour's own settings, from its parsed `MLmodel`.

    Raises:
        UnknownFormat: when no row of the table fits.
    """
    flavours = mlmodel.get("flavors")
    if not isinstance(flavours, Mapping) or not flavours:
        raise UnknownFormat("flavors: {}")
    named = set(flavours) - {"python_function"} or {"python_function"}
    for row in FORMATS:
        settings = flavours.get(row.flavour)
        if named != {row.flavour} or not isinstance(settings, Mapping):
            continue
        if row.serialization in (None, settings.get("serialization_format", "pickle")):
            return row, settings
    raise UnknownFormat(
        ", ".join(
            f"{name} ({settings['serialization_format']})"
            if isinstance(settings, Mapping) and "serialization_format" in settings
            else str(name)
            for name, settings in flavours.items()
        )[:300]
    )
