"""Real models of every kind that the reader opens, each with what its own class answers."""

from collections.abc import Iterator
from functools import partial
from typing import Any

import lightgbm
import numpy as np
from sklearn import (
    calibration,
    compose,
    ensemble,
    impute,
    linear_model,
    model_selection,
    naive_bayes,
    neighbors,
    neural_network,
    pipeline,
    preprocessing,
    tree,
)

from registry.sandbox.child.classes import Classes
from registry.sandbox.child.trusted_types import SKOPS_TYPES
from tests.registry import oracle_boosting, oracle_onnx, python_models
from tests.registry.oracle_case import (
    AMOUNT,
    COUNT,
    DUE,
    GRADE,
    NAMED,
    NOISY,
    TRAINED,
    WORD,
    WORDED,
    Case,
    X,
)


def cases() -> Iterator[Case]:
    """Every case."""
    yield from oracle_boosting.cases()
    yield from _sklearn()
    for kind in python_models.NUMBERS:
        yield Case(f"PythonModel {kind.__name__}", "pyfunc", kind)
    config = (("model_config", {"factor": 2.5}),)
    yield Case("PythonModel Configured", "pyfunc", python_models.Configured, options=config)
    words = python_models.Words
    yield Case("PythonModel Words", "pyfunc", words, "pyfunc", Classes(NAMED, "high"))
    for name, model, right, classes in oracle_onnx.models(
        X, DUE[:TRAINED], GRADE[:TRAINED], AMOUNT[:TRAINED]
    ):
        options = (("onnx_session_options", oracle_onnx.ONE_THREAD),)
        yield Case(f"onnx {name}", "onnx", model, right, classes, options)


def _sklearn() -> Iterator[Case]:
    def fitted(model: Any, target: Any = DUE) -> Any:
        return model.fit(X, target[:TRAINED])

    logistic = linear_model.LogisticRegression
    forest = ensemble.RandomForestClassifier(10, n_jobs=2, random_state=0)
    small = tree.DecisionTreeClassifier(max_depth=3, random_state=0)
    search = {"C": [0.1, 1.0]}
    scaled = pipeline.make_pipeline(compose.make_column_transformer((preprocessing.KBinsDiscretizer(4, quantile_method="averaged_inverted_cdf"), ["debt"]),
                                                                   remainder=preprocessing.StandardScaler()), logistic())  # fmt: skip
    scores: dict[str, Any] = {
        "logistic": logistic(), "pipeline": scaled, "forest on threads": forest, "a tree": small,
        "extra trees": ensemble.ExtraTreesClassifier(10, random_state=0, n_jobs=2),
        "boosted": ensemble.GradientBoostingClassifier(n_estimators=8, random_state=0),
        "boosted by histogram": ensemble.HistGradientBoostingClassifier(max_iter=8, early_stopping=True, random_state=0),
        "AdaBoost": ensemble.AdaBoostClassifier(n_estimators=5, random_state=0),
        "bagged": ensemble.BaggingClassifier(small, n_estimators=5, random_state=0, n_jobs=2),
        "voting": ensemble.VotingClassifier([("l", logistic()), ("t", small)], voting="soft"),
        "stacked": ensemble.StackingClassifier([("l", logistic()), ("t", small)]),
        "network": neural_network.MLPClassifier((5,), max_iter=2000, random_state=0),
        "neighbours": neighbors.KNeighborsClassifier(5), "naive Bayes": naive_bayes.GaussianNB(),
        "calibrated, sigmoid": calibration.CalibratedClassifierCV(small, method="sigmoid"),
        "calibrated, isotonic": calibration.CalibratedClassifierCV(small, method="isotonic"),
        "grid search": model_selection.GridSearchCV(logistic(), search, n_jobs=2),
        "random search": model_selection.RandomizedSearchCV(logistic(), search, n_iter=2, random_state=0),
        "grid of a calibrated pipeline": model_selection.GridSearchCV(
            pipeline.make_pipeline(preprocessing.StandardScaler(), calibration.CalibratedClassifierCV(logistic())),
            {"calibratedclassifiercv__estimator__C": [0.1, 1.0]}),
        "tuned threshold": model_selection.TunedThresholdClassifierCV(logistic(), random_state=0),
        "LightGBM in a pipeline": pipeline.make_pipeline(preprocessing.StandardScaler().set_output(transform="pandas"),
                                                         lightgbm.LGBMClassifier(n_estimators=5, verbose=-1, n_jobs=1)),
    }  # fmt: skip
    answer = ("pyfunc_predict_fn", "predict_proba")
    pickled = ("serialization_format", "cloudpickle")
    for name, model in scores.items():
        yield Case(
            f"sklearn {name}",
            "sklearn",
            partial(fitted, model),
            "scores",
            None,
            (answer, pickled),
        )
    worded = WORDED[:TRAINED]
    encoders: dict[str, Any] = {
        "one hot": preprocessing.OneHotEncoder(handle_unknown="ignore"),
        "imputed": pipeline.make_pipeline(impute.SimpleImputer(strategy="most_frequent"), preprocessing.OneHotEncoder(handle_unknown="ignore")),
        "ordinal": preprocessing.OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-1),
    }  # fmt: skip
    for name, encoder in encoders.items():
        table = compose.make_column_transformer(
            (encoder, ["home", "owner"]), remainder="passthrough", sparse_threshold=0
        )
        trees = ensemble.HistGradientBoostingClassifier(max_iter=8, random_state=0)
        model = pipeline.Pipeline([("table", table), ("trees", trees)])
        yield Case(
            f"sklearn words, {name}",
            "sklearn",
            partial(model.fit, worded, DUE[:TRAINED]),
            "scores",
            None,
            (answer, pickled),
            WORDED,
        )
    decisions: dict[str, Any] = {
        "logistic": logistic(),
        "tuned threshold": model_selection.TunedThresholdClassifierCV(logistic(), random_state=0),
        "fixed threshold": model_selection.FixedThresholdClassifier(logistic(), threshold=0.3),
        "grid of thresholds": model_selection.GridSearchCV(model_selection.FixedThresholdClassifier(logistic()), {"threshold": [0.2, 0.7]}),
    }  # fmt: skip
    for name, model in decisions.items():
        yield Case(
            f"sklearn decisions, {name}",
            "sklearn",
            partial(fitted, model),
            "pyfunc",
            None,
            (pickled,),
        )
    numbers: dict[str, tuple[Any, Any]] = {
        "linear": (linear_model.LinearRegression(), NOISY), "Poisson": (linear_model.PoissonRegressor(), COUNT),
        "gamma": (linear_model.GammaRegressor(), AMOUNT), "Tweedie": (linear_model.TweedieRegressor(power=1.5), AMOUNT),
        "quantile": (linear_model.QuantileRegressor(alpha=0.1), NOISY),
        "boosted Poisson": (ensemble.HistGradientBoostingRegressor(loss="poisson", max_iter=8), COUNT),
        "boosted gamma": (ensemble.HistGradientBoostingRegressor(loss="gamma", max_iter=8), AMOUNT),
        "forest on threads": (ensemble.RandomForestRegressor(10, n_jobs=2, random_state=0), NOISY),
        "the logarithm undone": (compose.TransformedTargetRegressor(linear_model.LinearRegression(), func=np.log, inverse_func=np.exp), AMOUNT),
        "searched ridge": (model_selection.GridSearchCV(linear_model.Ridge(), {"alpha": [0.1, 1.0]}), NOISY),
    }  # fmt: skip
    for name, (model, target) in numbers.items():
        yield Case(
            f"sklearn regression, {name}",
            "sklearn",
            partial(fitted, model, target),
            "pyfunc",
            None,
            (pickled,),
        )
    skops = (("serialization_format", "skops"), ("skops_trusted_types", list(SKOPS_TYPES)))
    for name in (
        "logistic",
        "forest on threads",
        "calibrated, sigmoid",
        "boosted by histogram",
        "LightGBM in a pipeline",
    ):
        yield Case(
            f"sklearn skops {name}",
            "sklearn",
            partial(fitted, scores[name]),
            "scores",
            None,
            (answer, *skops),
        )
    yield Case(
        "sklearn of three by name",
        "sklearn",
        lambda: fitted(logistic(), WORD),
        "scores",
        Classes(NAMED, "low"),
        (answer, *skops),
    )
    yield Case(
        "sklearn of three, its class",
        "sklearn",
        lambda: fitted(logistic(), WORD),
        "pyfunc",
        Classes(NAMED),
        skops,
    )
