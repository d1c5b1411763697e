"""The formats a submitted model may have: one row each, read by screening and by the loader.

Nothing here opens anything. To admit a further library, add a row and, in `opening`, a function.
"""

import json
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
        saved: the values the key that names the saved class may have, the one it stands for where
            it is absent first; empty where any class may have been saved.
        class_key: the key, within the flavour, that names the saved class.
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
    saved: tuple[str, ...] = ()
    class_key: str = "model_class"


_SKLEARN = ("pandas", "sklearn", "sklearn.ensemble", "sklearn.pipeline", "sklearn.compose")
_EITHER = ("predict", "predict_proba")
_BOOSTER = ("lightgbm.basic.Booster",)
_LIGHTGBM = tuple(
    f"lightgbm.sklearn.{name}"
    for name in ("LGBMClassifier", "LGBMRegressor", "LGBMRanker", "LGBMModel")
)
_XGBOOST = (
    "xgboost.core.Booster",
    "xgboost.sklearn.XGBClassifier",
    "xgboost.sklearn.XGBRegressor",
    "xgboost.sklearn.XGBRanker",
    "xgboost.sklearn.XGBRFClassifier",
    "xgboost.sklearn.XGBRFRegressor",
)
_CATBOOST = ("CatBoost", "CatBoostClassifier", "CatBoostRegressor", "CatBoostRanker")
# What MLflow takes where a model saved by an older version does not say.
HEEDING = frozenset({"python_function", "xgboost"})
"""Flavours whose `predict` heeds the parameters that MLflow passes."""
_UNSAID = {"sklearn": "pickle", "lightgbm": "cloudpickle"}


def _data(
    name: str,
    path_key: str,
    begins: bytes,
    package: str,
    saved: tuple[str, ...] = (),
    class_key: str = "model_class",
) -> Format:
    """A format that holds numbers and no code, opened by its library's own parser."""
    return Format(
        name=name,
        flavour=name,
        loader_module=f"mlflow.{name}",
        path_key=path_key,
        serialization=None,
        trust="data_only",
        packages=("pandas", package),
        begins=begins,
        saved=saved,
        class_key=class_key,
    )


def _serialised(
    library: str,
    how: str,
    path_key: str,
    packages: tuple[str, ...],
    answers: tuple[str, ...],
    saved: tuple[str, ...] = (),
) -> Format:
    """A format in which scikit-learn's way of saving is used: skops by our list, or a pickle."""
    reader = {"skops": ("skops.io",), "cloudpickle": ("cloudpickle",)}.get(how, ())
    return Format(
        name=f"{library}-{how}",
        flavour=library,
        loader_module=f"mlflow.{library}",
        path_key=path_key,
        serialization=how,
        trust="listed_types" if how == "skops" else "code",
        packages=(*packages, *reader),
        answers=answers,
        saved=saved,
    )


FORMATS: tuple[Format, ...] = (
    _data("onnx", "data", b"\x08", "onnxruntime"),  # field 1 of ModelProto: ir_version
    _data("xgboost", "data", b"{", "xgboost", _XGBOOST),  # JSON, or UBJSON's object
    _data("lightgbm", "data", b"tree\n", "lightgbm", _BOOSTER),  # its text format
    _data("catboost", "data", b"CBM1", "catboost", _CATBOOST, "model_type"),
    *(
        _serialised("lightgbm", how, "data", ("pandas", "lightgbm"), ("predict",), _LIGHTGBM)
        for how in ("skops", "pickle", "cloudpickle")
    ),
    *(
        _serialised("sklearn", how, "pickled_model", _SKLEARN, _EITHER)
        for how in ("skops", "pickle", "cloudpickle")
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
        how = settings.get("serialization_format", _UNSAID.get(row.flavour))
        if row.serialization in (None, how) and _class_fits(row, settings):
            return row, settings
    raise UnknownFormat(
        ", ".join(_told(str(name), settings) for name, settings in flavours.items())[:300]
    )


def parameters(flavour: str, signature: object) -> list[str]:
    """The parameters that MLflow passes with every question, since the signature has defaults of them.

    Args:
        flavour: of the model; most leave parameters alone.
        signature: as `MLmodel` holds it: `params` is JSON text, a list of {name, default, …}.

    Returns:
        Their names; `params` itself where it is no such list.
    """
    told = signature.get("params") if isinstance(signature, Mapping) else None
    if flavour not in HEEDING or not told:
        return []
    try:
        listed = [(str(each["name"]), each["default"]) for each in json.loads(told)]
    except (ValueError, TypeError, KeyError, RecursionError):
        return ["params"]
    return sorted(name for name, default in listed if default is not None)


def _told(name: str, settings: Any) -> str:
    """A flavour as it is called in a refusal: with its class and how it was saved."""
    keys = ("model_class", "model_type", "serialization_format")
    said = [
        str(settings[key]) for key in keys if isinstance(settings, Mapping) and key in settings
    ]
    return f"{name} ({', '.join(said)})" if said else name


def saved_class(row: Format, settings: Mapping[str, Any]) -> str:
    """The class that was saved, with its module; one that the table lists.

    Args:
        row: the format, with a list of classes.
        settings: what `MLmodel` says under the flavour.
    """
    named = str(settings.get(row.class_key, row.saved[0]))
    return named if "." in named else f"{row.flavour}.{named}"


def _class_fits(row: Format, settings: Mapping[str, Any]) -> bool:
    return not row.saved or settings.get(row.class_key, row.saved[0]) in row.saved
