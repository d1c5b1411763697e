"""Asks an open model as its flavour does, and reads one number per row out of what it answers.

One reader for the sandbox, the command line and the MLflow plugin: what a flavour calls is asked
(pyfunc's `predict`, or `predict_proba` of the saved class where a score is asked), in blocks of
`ROW_BLOCK` rows, on one thread. A model's last bits depend on both. The model may have been opened
by `opening` or by MLflow; nothing here opens a file.
"""

import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from registry.sandbox.child import missing_words, onnx_outputs
from registry.sandbox.child.answer import floats, require_finite, shares_of_one, table_of
from registry.sandbox.child.classes import Classes, named, whose
from registry.sandbox.child.refusal import NotOpened

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt
    import pandas as pd

# Frames are answered in blocks of this many rows: a model's last bits may depend on how many rows
# it sees at once, so the size is fixed here and named in every report's provenance.
ROW_BLOCK = 8192

Answers = Callable[["pd.DataFrame"], Any]


def answers(
    flavour: str,
    model: Any,
    settings: Mapping[str, Any],
    generic: Mapping[str, Any],
    classes: Classes | None = None,
) -> Answers:
    """The function that answers a frame as the flavour does.

    Args:
        flavour: the key under `flavors` in `MLmodel`, one of the table in `flavours`.
        model: the open model: the library's own object; for `python_function` MLflow's wrapper.
        settings: what `MLmodel` says under the flavour.
        generic: what it says under `python_function`.
        classes: how the answers will be read; where none is favourable a classifier is asked for
            the class it names, not for probabilities.
    """
    return _ASKING[flavour](model, settings, generic, classes)


def in_blocks(
    ask: Answers, table: Any, classes: Classes | None = None
) -> Iterator[tuple[int, "npt.NDArray[np.float64]"]]:
    """The answers to a table, block by block: the place of the first row, and one float64 per row.

    Args:
        ask: answers one frame.
        table: an Arrow table of the model's inputs.
        classes: how a classifier's answers become numbers; None takes numbers only.

    Raises:
        NotOpened, OtherClasses: when an answer is not one number per row, or there is none; or,
            after the last block, when it rests on how missing words are told to the model.
    """
    read = classes.read if classes else one_number_per_row

    def numbers_of(frame: "pd.DataFrame") -> "npt.NDArray[np.float64]":
        return read(ask(frame), len(frame))

    with one_thread():
        for start in range(0, table.num_rows, ROW_BLOCK):
            with _missing_named(numbers_of, table):
                numbers = numbers_of(missing_words.frame_of(table.slice(start, ROW_BLOCK)))
            require_finite(numbers, start)
            yield start, numbers
        missing_words.require_one_kind(numbers_of, table)


@contextmanager
def _missing_named(numbers_of: missing_words.Numbers, table: Any) -> Iterator[None]:
    """Tell a model's failure over missing words as what it is, where it takes other ones."""
    try:
        yield
    except (NotOpened, MemoryError):
        raise
    except Exception:
        missing_words.require_one_kind(numbers_of, table)
        raise


@contextmanager
def one_thread() -> Iterator[None]:
    """Sums are made in one order: a forest's threads add its trees as they come.

    The threads of the arithmetic libraries are one by the sandbox's environment, and by
    `threadpoolctl` elsewhere.
    """
    try:
        from joblib import parallel_config
    except ImportError:  # it comes with scikit-learn, and only that asks it
        yield
        return
    with parallel_config(backend="sequential"):
        yield


def one_number_per_row(answer: Any, rows: int) -> "npt.NDArray[np.float64]":
    """The answer as float64, one per row, NaN where there is none; of two probabilities that of class 1 or true.

    Columns without names are taken for no and yes. Numbers of different things are not classes: taken for them, one would be explained and
    evaluated as if it were the model's answer.

    Raises:
        NotOpened: when it has another shape or is a word (`wrong_shape`), or is no real number
            (`no_numbers`), or holds several numbers that are no probabilities
            (`several_outputs`), or the probabilities of two classes of other names
            (`whose_probability`).
    """
    values, names = table_of(answer)
    if values.ndim == 2 and values.shape[1] > 1 and len(values) == rows:
        if not shares_of_one(values):
            raise several(values.shape[1], names)
        values = values[:, _yes(names)] if values.shape[1] == 2 else values
    elif values.ndim == 2 and values.shape[1] == 1:
        values = values[:, 0]
    if values.shape != (rows,):
        raise NotOpened("wrong_shape", f"{values.shape} for {rows} rows")
    return floats(values)


def _yes(names: Any) -> int:
    """Which of two columns is the score: by a library's order it is that of any class."""
    if names is None:
        return 1
    words = [named(label).casefold() for label in names]
    for yes, no in (("1", "0"), ("true", "false")):
        if sorted(words) == sorted((no, yes)):
            return words.index(yes)
    raise whose([named(label) for label in names])


def several(columns: int, named: Any = None, *, of: str = "") -> NotOpened:
    """The refusal of an answer of several numbers, which names them."""
    names = [f"output {place + 1}" for place in range(columns)] if named is None else named
    items = [f"{of}: {name}" if of else str(name) for name in names]
    return NotOpened("several_outputs", f"{columns} numbers per row: {items}"[:300], items[:20])


def _one_column(answer: Any, of: str) -> Any:
    """What `predict` answers: its columns are never the classes of anything, whatever they add up to."""
    values, names = table_of(answer)
    if values.ndim == 2 and values.shape[1] > 1:
        raise several(values.shape[1], names, of=of)
    return answer


def _one_decision(model: Any, predict: Answers, **options: Any) -> Answers:
    """Probabilities of a classifier that names one class per row; of several they are several outputs.

    It is asked once, with all of the first rows: some models answer no single row.
    """
    told = not hasattr(model, "predict")

    def ask(frame: "pd.DataFrame") -> Any:
        nonlocal told
        if not told:
            _one_column(model.predict(frame, **options), type(model).__name__)
            told = True
        return predict(frame)

    return ask


def _sklearn(
    model: Any, _settings: Mapping[str, Any], generic: Mapping[str, Any], _classes: Classes | None
) -> Answers:
    """The estimator's function that `predict_fn` names; probabilities carry their classes' names.

    A text vectoriser takes texts, not a table: it gets the only column of its model.
    """
    function = str(generic.get("predict_fn", "predict"))
    predict: Answers = getattr(model, function)
    texts, own = _takes_texts(model), _is_estimator(model)
    if function == "predict_proba":
        predict = _one_decision(model, predict)

    def ask(frame: "pd.DataFrame") -> Any:
        with _order_named(frame, getattr(model, "feature_names_in_", None)):
            found = predict(frame.iloc[:, 0] if texts and frame.shape[1] == 1 else frame)
        if function == "predict_proba":
            return _with_classes(found, model)
        return _one_column(found, type(model).__name__) if own else found

    return ask


def _with_classes(found: Any, model: Any) -> Any:
    import numpy as np
    import pandas as pd

    labels: Any = getattr(model, "classes_", None)
    if getattr(labels, "ndim", 0) != 1:
        return found
    values = np.asarray(found)
    if values.ndim != 2 or values.shape[1] != len(
        labels
    ):  # LightGBM's with an objective of its own
        kind = type(model).__name__
        said = f"{values.shape} for {len(labels)} classes of {kind}"
        raise NotOpened("no_probabilities", said[:300], (kind,))
    return pd.DataFrame(values, columns=list(labels))


def _is_estimator(model: Any) -> bool:
    """Whether it is one of scikit-learn's; what was opened has imported what it is made of."""
    base = sys.modules.get("sklearn.base")
    return base is not None and isinstance(model, base.BaseEstimator)


def _takes_texts(estimator: Any) -> bool:
    """Whether what comes first in the estimator is one of scikit-learn's text vectorisers."""
    text = sys.modules.get("sklearn.feature_extraction.text")
    if text and isinstance(estimator, text.CountVectorizer | text.HashingVectorizer):
        return True
    if parts := getattr(estimator, "transformer_list", None):
        return all(_takes_texts(part) for _, part in parts)
    steps = getattr(estimator, "steps", None) or [("", None)]
    return len(steps) > 1 and _takes_texts(steps[0][1])


def _python_model(
    model: Any, _settings: Mapping[str, Any], _generic: Mapping[str, Any], _classes: Classes | None
) -> Answers:
    def ask(frame: "pd.DataFrame") -> Any:
        return model.predict(frame)

    return ask


def _xgboost(
    model: Any, _settings: Mapping[str, Any], _generic: Mapping[str, Any], _classes: Classes | None
) -> Answers:
    """A classifier's probabilities, a regressor's or ranker's number; a bare booster's own answer.

    The wrapper stops at its best round where it was stopped early, the bare booster does not.
    """
    import xgboost

    predict: Any
    if isinstance(model, xgboost.Booster):
        booster = model
        model.set_param({"nthread": 1})

        def predict(frame: "pd.DataFrame") -> Any:
            return model.predict(xgboost.DMatrix(frame, enable_categorical=True, nthread=1))

    else:
        booster = model.get_booster()
        model.set_params(n_jobs=1)
        booster.set_param({"nthread": 1})
        chances = hasattr(model, "predict_proba")
        predict = _one_decision(model, model.predict_proba) if chances else _regression(model)

    coded = [name for name, kind in zip(*_kinds_of(booster), strict=True) if kind == "c"]

    def ask(frame: "pd.DataFrame") -> Any:
        if words := [name for name in _words(frame) if frame[name].notna().any()]:
            _require_levels(booster, words)
        with _order_named(frame, booster.feature_names), _numbers_named(frame, coded):
            return predict(_categories(frame))

    return ask


def _require_levels(booster: Any, words: list[Any]) -> None:
    """See that the categories of columns of words are saved with the booster, and are words."""
    saved = booster.get_categories(export_to_arrow=True).to_arrow()  # a linear one has none to ask
    listed = {name: _worded(levels.to_pylist()) for name, levels in saved if levels is not None}
    if unlisted := [name for name in words if name not in listed]:
        # XGBoost would number the words that this block happens to hold
        raise NotOpened("levels_unknown", f"categories of {unlisted}"[:300], unlisted[:20])
    if other := [name for name in words if not listed[name]]:
        raise _of_numbers(other)


def _kinds_of(booster: Any) -> tuple[list[Any], list[Any]]:
    """The names of a booster's features and their types, where it knows them."""
    if booster.feature_names is None or booster.feature_types is None:
        return [], []
    return list(booster.feature_names), list(booster.feature_types)


def _regression(model: Any, **options: Any) -> Answers:
    return lambda frame: _one_column(model.predict(frame, **options), type(model).__name__)


def _lightgbm(
    model: Any, _settings: Mapping[str, Any], _generic: Mapping[str, Any], _classes: Classes | None
) -> Answers:
    """A classifier's probabilities, named by its classes; else the number it predicts.

    LightGBM reads columns by their place; a signature that lists them otherwise is refused.
    """
    import lightgbm

    booster = model if isinstance(model, lightgbm.Booster) else model.booster_
    names = list(booster.feature_name())
    levels = list(booster.pandas_categorical or [])
    coded = _coded(booster) if levels else []

    def predict(frame: "pd.DataFrame") -> Any:
        if hasattr(model, "predict_proba"):
            return _with_classes(model.predict_proba(frame, num_threads=1), model)
        if model is booster:
            return model.predict(frame, num_threads=1)
        return _one_column(model.predict(frame, num_threads=1), type(model).__name__)

    def ask(frame: "pd.DataFrame") -> Any:
        if _moved(frame, names):
            raise _out_of_order(frame, names)
        # LightGBM tells columns of categories by their order, and wants as many as it learnt
        own = dict(zip(_words(frame), levels, strict=False))
        if other := [name for name, learnt in own.items() if not _worded(learnt)]:
            raise _of_numbers(other)
        with _numbers_named(frame, coded):
            return predict(_categories(frame))

    return ask


def _coded(booster: Any) -> list[str]:
    """The features that LightGBM learnt as categories: it lists their codes, of numbers a range."""
    text = booster.model_to_string(num_iteration=1).splitlines()
    (told,) = [line.partition("=")[2] for line in text if line.startswith("feature_infos=")]
    infos = zip(booster.feature_name(), told.split(), strict=True)
    return [name for name, info in infos if info != "none" and not info.startswith("[")]


def _worded(levels: Any) -> bool:
    return all(isinstance(level, str) for level in levels)


@contextmanager
def _numbers_named(frame: "pd.DataFrame", coded: list[Any]) -> Iterator[None]:
    """Tell a library's refusal of numbers where it learnt categories as what it is."""
    try:
        yield
    except Exception as failed:
        words = _words(frame)
        if numbers := [name for name in coded if name in frame.columns and name not in words]:
            raise _of_numbers(numbers) from failed
        raise


def _of_numbers(names: list[Any]) -> NotOpened:
    items = [str(name) for name in names]
    return NotOpened("number_categories", f"categories of numbers: {items}"[:300], items[:20])


def _catboost(
    model: Any, _settings: Mapping[str, Any], _generic: Mapping[str, Any], classes: Classes | None
) -> Answers:
    """A classifier's probabilities, named by its classes; else the class's own `predict`.

    A regressor's `predict` undoes the link of its objective (Poisson, Tweedie: the exponential).
    CatBoost puts columns in order by their names.
    """
    label = classes is not None and classes.favourable is None
    loss = str(model.get_all_params().get("loss_function", type(model).__name__))

    def predict(frame: "pd.DataFrame") -> Any:
        with _order_named(frame, model.feature_names_):  # categories may be known by their place
            return answer(frame)

    def answer(frame: "pd.DataFrame") -> Any:
        if label or not hasattr(model, "predict_proba"):
            return _one_column(model.predict(frame, thread_count=1), loss)
        return _with_classes(chances(frame), model)

    def likely(frame: "pd.DataFrame") -> Any:
        return model.predict_proba(frame, thread_count=1)

    chances = _one_decision(model, likely, thread_count=1)

    return predict


@contextmanager
def _order_named(frame: "pd.DataFrame", names: Any) -> Iterator[None]:
    """Tell a library's refusal of columns in another order than it learnt as what it is.

    The library is asked as MLflow asks it, with the columns as the signature has them.
    """
    try:
        yield
    except Exception as failed:
        if _moved(frame, names):
            raise _out_of_order(frame, names) from failed
        raise


def _moved(frame: "pd.DataFrame", names: Any) -> list[str]:
    """The columns of a frame that stand elsewhere than where they were learnt; none where others are there."""
    given, learnt = [str(name) for name in frame.columns], [str(name) for name in _listed(names)]
    if sorted(given) != sorted(learnt):
        return []
    return [name for name, place in zip(given, learnt, strict=True) if name != place]


def _listed(names: Any) -> list[Any]:
    return [] if names is None else list(names)


def _out_of_order(frame: "pd.DataFrame", names: Any) -> NotOpened:
    said = f"{list(frame.columns)} for {list(names)}"
    return NotOpened("column_order", said[:300], _moved(frame, names)[:20])


def _categories(frame: "pd.DataFrame") -> "pd.DataFrame":
    """Words as categories, which is how both libraries take them."""
    words = _words(frame)
    return frame.astype(dict.fromkeys(words, "category")) if words else frame


def _words(frame: "pd.DataFrame") -> list[Any]:
    """The columns of words."""
    return list(frame.select_dtypes(include=["object", "string"]).columns)


def _onnx(
    model: Any, _settings: Mapping[str, Any], _generic: Mapping[str, Any], classes: Classes | None
) -> Answers:
    """The tensors of a frame; of several outputs the one that can be told to be the answer."""
    session, graph = model
    wanted, outputs = session.get_inputs(), [each.name for each in session.get_outputs()]

    def ask(frame: "pd.DataFrame") -> Any:
        found = session.run(outputs, onnx_outputs.tensors(wanted, frame))
        answer = dict(zip(outputs, found, strict=True))
        return onnx_outputs.chosen(answer, graph, len(frame), classes)

    return ask


_ASKING: dict[
    str, Callable[[Any, Mapping[str, Any], Mapping[str, Any], Classes | None], Answers]
] = {
    "onnx": _onnx,
    "xgboost": _xgboost,
    "lightgbm": _lightgbm,
    "catboost": _catboost,
    "sklearn": _sklearn,
    "python_function": _python_model,
}
