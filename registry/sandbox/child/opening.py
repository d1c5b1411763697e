"""Opens a submitted model. Runs inside the sandbox only.

`MLmodel` is read by safe YAML; nothing it says chooses what is imported except a row of the table
in `flavours`. skops files are held against the published list, never against a list of their own.
Packages are imported where they are used: a model needs only those of its own format.
"""

import importlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from registry.sandbox.child import asking, flavours, plain_yaml
from registry.sandbox.child.classes import Classes
from registry.sandbox.child.onnx_graph import Graph
from registry.sandbox.child.refusal import NotOpened
from registry.sandbox.child.trusted_types import SKOPS_TYPES

LOADER_VERSION = "10"
MAX_MLMODEL = 256 * 1024


@dataclass(frozen=True, slots=True)
class Described:
    """A model before it is opened: its format and what `MLmodel` says about it.

    Args:
        root: its folder.
        row: its format.
        settings: what `MLmodel` says under the flavour.
        generic: what it says under `python_function`.
        signature: the declared inputs and outputs.
    """

    root: Path
    row: flavours.Format
    settings: Mapping[str, Any]
    generic: Mapping[str, Any]
    signature: Mapping[str, Any]

    def file(self, key: str) -> Path:
        """The file named under `key`, which must lie inside the model."""
        value = self.settings.get(key)
        path = (self.root / str(value)).resolve()
        if not isinstance(value, str) or not path.is_relative_to(self.root) or not path.is_file():
            raise NotOpened("unreadable", f"{key} names no file of the model: {value!r}")
        return path


def describe(root: Path) -> Described:
    """Read `MLmodel` and find the model's format, or refuse.

    Raises:
        NotOpened: when it is no format of the table, carries code, or names another loader.
    """
    root = root.resolve()
    text = (root / "MLmodel").read_text(encoding="utf-8")
    if len(text) > MAX_MLMODEL:
        raise NotOpened("unreadable", "MLmodel is too long")
    try:
        mlmodel = plain_yaml.read(text)
    except (yaml.YAMLError, ValueError) as error:
        raise NotOpened("unreadable", f"MLmodel is no plain YAML: {error}"[:300]) from error
    try:
        row, settings = flavours.of(mlmodel)
    except flavours.UnknownFormat as unknown:
        raise NotOpened("unreadable", f"unknown format: {unknown.found}") from unknown
    generic = mlmodel["flavors"].get("python_function") or {}
    loader = generic.get("loader_module", row.loader_module)
    if loader != row.loader_module:
        raise NotOpened("refused_types", f"loader_module is {loader!r}", (str(loader),))
    if any(named.get("code") for named in mlmodel["flavors"].values()) or mlmodel.get(
        "model_code_path"
    ):
        raise NotOpened("refused_types", "the model carries code", ("code",))
    if generic.get("predict_fn", "predict") not in row.answers:
        raise NotOpened("unreadable", f"predict_fn is {generic['predict_fn']!r}")
    signature = mlmodel.get("signature") or {}
    refuse_parameters(row.flavour, signature)
    return Described(root, row, settings, generic, signature)


def refuse_parameters(flavour: str, signature: Mapping[str, Any]) -> None:
    """Refuse a model that MLflow's own `predict` asks with parameters: the answers would differ.

    Args:
        flavour: of the model.
        signature: as `MLmodel` holds it.

    Raises:
        NotOpened: names the parameters that have a default (`parameters`).
    """
    names = flavours.parameters(flavour, signature)
    if names:
        raise NotOpened("parameters", f"parameters with defaults: {names}"[:300], names)


def open_model(described: Described, classes: Classes | None = None) -> asking.Answers:
    """Open the model; the submitter's code may run from here on.

    Args:
        described: what is opened.
        classes: how its answers will be read; a class is asked for where none is favourable.
    """
    model = _OPENERS[described.row.name](described)
    return asking.answers(
        described.row.flavour,
        model,
        described.settings,
        described.generic,
        classes,
    )


def _skops(described: Described) -> Any:
    import skops.io
    from skops.io.exceptions import UntrustedTypesFoundException

    path = described.file(described.row.path_key)
    try:
        return skops.io.load(path, trusted=list(SKOPS_TYPES))
    except UntrustedTypesFoundException as refused:
        unlisted = set(skops.io.get_untrusted_types(file=path)) - set(SKOPS_TYPES)
        names = tuple(sorted(unlisted))
        said = f"types outside of the published list: {names}"
        raise NotOpened("refused_types", said, names) from refused


def _pickle(described: Described) -> Any:
    import pickle

    with described.file(described.row.path_key).open("rb") as file:
        return pickle.load(file)  # noqa: S301  # what the sandbox is for


def _cloudpickle(described: Described) -> Any:
    import cloudpickle

    with described.file(described.row.path_key).open("rb") as file:
        return cloudpickle.load(file)


def _python_model(described: Described) -> Any:
    """The model in MLflow's own wrapper, which knows each way a `predict` may be declared."""
    from mlflow.models import ModelSignature
    from mlflow.pyfunc import model as pyfunc

    loaded: Any = _cloudpickle(described)
    listed = described.settings.get("artifacts") or {}
    artifacts = {
        str(name): str(described.root / str(entry.get("path"))) for name, entry in listed.items()
    }
    made: Any = pyfunc
    context = made.PythonModelContext(artifacts, described.settings.get("config"))
    loaded.load_context(context)
    signature = ModelSignature.from_dict(dict(described.signature))
    return made._PythonModelPyfuncWrapper(loaded, context, signature)  # noqa: SLF001


def _onnx(described: Described) -> Any:
    return onnx_model(described.file(described.row.path_key), described.settings)


def onnx_model(path: Path, settings: Mapping[str, Any]) -> tuple[Any, Graph]:
    """An ONNX model open on one thread of the processor, optimised as far as `MLmodel` says; and its graph.

    Args:
        path: the file.
        settings: what `MLmodel` says under the flavour.
    """
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    level = (settings.get("onnx_session_options") or {}).get("graph_optimization_level")
    if level is not None:
        options.graph_optimization_level = onnxruntime.GraphOptimizationLevel(level)
    providers = ["CPUExecutionProvider"]
    return onnxruntime.InferenceSession(str(path), options, providers=providers), Graph.read(path)


def _saved_class(described: Described) -> Any:
    """An empty object of the class that was saved; the table of formats lists which may be."""
    named = flavours.saved_class(described.row, described.settings)
    module, _, name = named.rpartition(".")
    return getattr(importlib.import_module(module), name)()


def _xgboost(described: Described) -> Any:
    model = _saved_class(described)
    model.load_model(str(described.file(described.row.path_key)))
    return model


def _lightgbm(described: Described) -> Any:
    import lightgbm

    return lightgbm.Booster(model_file=str(described.file(described.row.path_key)))


def _catboost(described: Described) -> Any:
    model = _saved_class(described)
    model.load_model(str(described.file(described.row.path_key)), format="cbm")
    return model


_OPENERS: dict[str, Callable[[Described], Any]] = {
    "onnx": _onnx,
    "xgboost": _xgboost,
    "lightgbm": _lightgbm,
    "lightgbm-skops": _skops,
    "lightgbm-pickle": _pickle,
    "lightgbm-cloudpickle": _cloudpickle,
    "catboost": _catboost,
    "sklearn-skops": _skops,
    "sklearn-pickle": _pickle,
    "sklearn-cloudpickle": _cloudpickle,
    "pyfunc": _python_model,
}
