"""Boosted trees of three libraries: objectives, links, early stopping, wrappers and bare boosters."""

from collections.abc import Iterator
from functools import partial
from typing import Any

import catboost
import lightgbm
import numpy as np
import xgboost

from registry.sandbox.child.classes import Classes
from registry.sandbox.child.trusted_types import SKOPS_TYPES
from tests.registry.oracle_case import (
    AMOUNT,
    COUNT,
    DUE,
    GRADE,
    GROUPS,
    NAMED,
    NOISY,
    RANKS,
    THREE,
    TRAINED,
    WORD,
    Case,
    V,
    X,
)


def cases() -> Iterator[Case]:
    """Every case."""
    yield from _xgboost()
    yield from _lightgbm()
    yield from _catboost()


def _xgboost() -> Iterator[Case]:
    def wrapper(kind: Any, target: Any, *, early: bool = False, **settings: Any) -> Any:
        stop = {"early_stopping_rounds": 2} if early else {}
        model = kind(
            **{
                "n_estimators": 30,
                "max_depth": 4,
                "learning_rate": 0.9,
                "n_jobs": 1,
                **settings,
                **stop,
            }
        )
        watched = (
            {"eval_set": [(V, target[TRAINED : 2 * TRAINED])], "verbose": False} if early else {}
        )
        fitted = model.fit(X, target[:TRAINED], **watched)
        assert not early or fitted.best_iteration < fitted.get_booster().num_boosted_rounds() - 1
        return fitted

    def native(objective: str, target: Any, **settings: Any) -> Any:
        return xgboost.train({"objective": objective, "nthread": 1, **settings},
                             xgboost.DMatrix(X, target[:TRAINED]), 12)  # fmt: skip

    def native_early() -> Any:
        held = [(xgboost.DMatrix(V, DUE[TRAINED : 2 * TRAINED]), "v")]
        return xgboost.train({"objective": "binary:logistic", "eta": 0.9, "nthread": 1}, xgboost.DMatrix(X, DUE[:TRAINED]), 30,
                             evals=held, early_stopping_rounds=2, verbose_eval=False)  # fmt: skip

    regressor, classifier = xgboost.XGBRegressor, xgboost.XGBClassifier
    for objective, target in {
        "reg:squarederror": NOISY, "reg:absoluteerror": NOISY, "reg:pseudohubererror": NOISY, "reg:squaredlogerror": AMOUNT,
        "reg:gamma": AMOUNT, "reg:tweedie": AMOUNT, "count:poisson": COUNT, "reg:logistic": DUE,
    }.items():  # fmt: skip
        yield Case(f"XGBRegressor {objective}", "xgboost",
                   partial(wrapper, regressor, target, objective=objective))  # fmt: skip
    yield Case(
        "XGBRegressor a quantile",
        "xgboost",
        lambda: wrapper(regressor, NOISY, objective="reg:quantileerror", quantile_alpha=0.5),
    )
    for objective, target in {
        "reg:squarederror": NOISY,
        "count:poisson": COUNT,
        "reg:tweedie": AMOUNT,
    }.items():
        yield Case(f"XGBRegressor {objective}, stopped early", "xgboost",
                   partial(wrapper, regressor, target, early=True, objective=objective))  # fmt: skip
    yield Case(
        "XGBRFRegressor",
        "xgboost",
        lambda: wrapper(xgboost.XGBRFRegressor, NOISY, learning_rate=1.0),
    )
    yield Case(
        "XGBRegressor dart",
        "xgboost",
        lambda: wrapper(regressor, NOISY, booster="dart", rate_drop=0.3),
    )
    yield Case(
        "XGBRegressor linear",
        "xgboost",
        lambda: wrapper(regressor, NOISY, booster="gblinear", max_depth=None),
    )
    yield Case(
        "XGBRanker",
        "xgboost",
        lambda: xgboost.XGBRanker(n_estimators=5, n_jobs=1).fit(X, RANKS, group=GROUPS),
    )
    for form in ("ubj", "json"):
        yield Case(
            f"XGBClassifier {form}",
            "xgboost",
            lambda: wrapper(classifier, DUE),
            "scores",
            None,
            (("model_format", form),),
        )
    yield Case(
        "XGBClassifier, stopped early",
        "xgboost",
        lambda: wrapper(classifier, DUE, early=True),
        "scores",
    )
    yield Case(
        "XGBRFClassifier",
        "xgboost",
        lambda: wrapper(xgboost.XGBRFClassifier, DUE, learning_rate=1.0),
        "scores",
    )
    yield Case(
        "XGBClassifier dart",
        "xgboost",
        lambda: wrapper(classifier, DUE, booster="dart", rate_drop=0.3),
        "scores",
    )
    yield Case(
        "XGBClassifier, its class",
        "xgboost",
        lambda: wrapper(classifier, DUE),
        "pyfunc",
        Classes(("0", "1")),
    )
    for early in (False, True):
        yield Case(f"XGBClassifier of three, early {early}", "xgboost",
                   partial(wrapper, classifier, GRADE, early=early), "scores", Classes(THREE, "1"))  # fmt: skip
    yield Case(
        "XGBClassifier of three, its class",
        "xgboost",
        lambda: wrapper(classifier, GRADE),
        "pyfunc",
        Classes(THREE),
    )
    for objective, target in {
        "reg:squarederror": NOISY, "binary:logistic": DUE, "binary:logitraw": DUE, "count:poisson": COUNT,
        "reg:tweedie": AMOUNT, "reg:gamma": AMOUNT,
    }.items():  # fmt: skip
        yield Case(f"xgboost.train {objective}", "xgboost", partial(native, objective, target))
    yield Case("xgboost.train, stopped early", "xgboost", native_early)
    yield Case(
        "xgboost.train softprob",
        "xgboost",
        lambda: native("multi:softprob", GRADE, num_class=3),
        "pyfunc",
        Classes(THREE, "2"),
    )
    yield Case(
        "xgboost.train softmax",
        "xgboost",
        lambda: native("multi:softmax", GRADE, num_class=3),
        "pyfunc",
        Classes(THREE),
    )


def _lightgbm() -> Iterator[Case]:
    quiet = {"verbose": -1, "num_threads": 1, "min_child_samples": 5, "seed": 0}

    def native(objective: str, target: Any, *, early: bool = False, **settings: Any) -> Any:
        given = {"objective": objective, **quiet, **settings}
        data = lightgbm.Dataset(X, target[:TRAINED], group=GROUPS if "rank" in objective else None)
        if not early:
            return lightgbm.train(given, data, 10)
        held = [lightgbm.Dataset(V, target[TRAINED : 2 * TRAINED], reference=data)]
        stop: list[Any] = [lightgbm.early_stopping(2, verbose=False)]
        return lightgbm.train(
            {**given, "learning_rate": 0.9}, data, 40, valid_sets=held, callbacks=stop
        )

    def wrapper(kind: Any, target: Any, *, early: bool = False, **settings: Any) -> Any:
        model = kind(**{"n_estimators": 40 if early else 10, "learning_rate": 0.9 if early else 0.1, "verbose": -1,
                        "n_jobs": 1, "min_child_samples": 5, **settings})  # fmt: skip
        if not early:
            return model.fit(
                X, target[:TRAINED], **({"group": GROUPS} if kind is lightgbm.LGBMRanker else {})
            )
        held = [(V, target[TRAINED : 2 * TRAINED])]
        return model.fit(
            X,
            target[:TRAINED],
            eval_set=held,
            callbacks=[lightgbm.early_stopping(2, verbose=False)],
        )

    for objective, target in {
        "regression": NOISY, "regression_l1": NOISY, "huber": NOISY, "quantile": NOISY, "mape": AMOUNT,
        "poisson": COUNT, "tweedie": AMOUNT, "gamma": AMOUNT, "binary": DUE, "cross_entropy": DUE,
    }.items():  # fmt: skip
        yield Case(f"lightgbm.train {objective}", "lightgbm", partial(native, objective, target))
    yield Case(
        "lightgbm.train, stopped early", "lightgbm", lambda: native("binary", DUE, early=True)
    )
    yield Case("lightgbm.train lambdarank", "lightgbm", lambda: native("lambdarank", RANKS))
    yield Case(
        "lightgbm.train multiclass",
        "lightgbm",
        lambda: native("multiclass", GRADE, num_class=3),
        "pyfunc",
        Classes(THREE, "2"),
    )

    classifier, regressor = lightgbm.LGBMClassifier, lightgbm.LGBMRegressor
    trusted = ("skops_trusted_types", list(SKOPS_TYPES))
    for how in ("skops", "cloudpickle", "pickle"):
        saved = (("serialization_format", how), *([trusted] if how == "skops" else []))
        yield Case(
            f"LGBMClassifier {how}",
            "lightgbm",
            lambda: wrapper(classifier, DUE),
            "scores",
            None,
            saved,
        )
        yield Case(
            f"LGBMRegressor {how}, Poisson",
            "lightgbm",
            lambda: wrapper(regressor, COUNT, objective="poisson"),
            "pyfunc",
            None,
            saved,
        )
    yield Case(
        "LGBMClassifier, stopped early",
        "lightgbm",
        lambda: wrapper(classifier, DUE, early=True),
        "scores",
    )
    yield Case(
        "LGBMClassifier, its class",
        "lightgbm",
        lambda: wrapper(classifier, DUE),
        "pyfunc",
        Classes(("0", "1")),
    )
    yield Case(
        "LGBMClassifier of three by name",
        "lightgbm",
        lambda: wrapper(classifier, WORD),
        "scores",
        Classes(NAMED, "middle"),
    )
    yield Case(
        "LGBMClassifier of three, its class",
        "lightgbm",
        lambda: wrapper(classifier, WORD),
        "pyfunc",
        Classes(NAMED),
    )
    yield Case(
        "LGBMRegressor, stopped early", "lightgbm", lambda: wrapper(regressor, NOISY, early=True)
    )
    yield Case(
        "LGBMRegressor Tweedie",
        "lightgbm",
        lambda: wrapper(regressor, AMOUNT, objective="tweedie"),
    )
    yield Case(
        "LGBMRegressor dart", "lightgbm", lambda: wrapper(regressor, NOISY, boosting_type="dart")
    )
    yield Case(
        "LGBMModel",
        "lightgbm",
        lambda: wrapper(lightgbm.LGBMModel, DUE, objective="binary"),
        "pyfunc",
        None,
        (("serialization_format", "cloudpickle"),),
    )
    yield Case(
        "LGBMRanker",
        "lightgbm",
        lambda: wrapper(lightgbm.LGBMRanker, RANKS),
        "pyfunc",
        None,
        (("serialization_format", "skops"), trusted),
    )


def _catboost() -> Iterator[Case]:
    quiet = {
        "iterations": 15,
        "verbose": 0,
        "thread_count": 1,
        "allow_writing_files": False,
        "random_seed": 0,
    }

    def model(kind: Any, target: Any, *, early: bool = False, **settings: Any) -> Any:
        held = (
            {"eval_set": (V, target[TRAINED : 2 * TRAINED]), "use_best_model": True}
            if early
            else {}
        )
        given = {**quiet, **settings}
        made = kind(given) if kind is bare else kind(**given)
        return made.fit(X, target[:TRAINED], **held)

    def thresholded() -> Any:
        made = model(catboost.CatBoostClassifier, DUE)
        made.set_probability_threshold(0.3)
        return made

    def ranker() -> Any:
        groups = np.repeat(np.arange(len(GROUPS)), 20)
        return catboost.CatBoostRanker(**{**quiet, "loss_function": "YetiRank"}).fit(
            catboost.Pool(X, RANKS, group_id=groups)
        )

    classifier, regressor, bare = (
        catboost.CatBoostClassifier,
        catboost.CatBoostRegressor,
        catboost.CatBoost,
    )
    for loss, target in {
        "RMSE": NOISY, "MAE": NOISY, "Quantile:alpha=0.7": NOISY, "Huber:delta=1": NOISY, "LogCosh": NOISY,
        "Poisson": COUNT, "Tweedie:variance_power=1.5": AMOUNT, "MAPE": AMOUNT,
    }.items():  # fmt: skip
        yield Case(
            f"CatBoostRegressor {loss}",
            "catboost",
            partial(model, regressor, target, loss_function=loss),
        )
    for loss, target in {"Poisson": COUNT, "RMSE": NOISY}.items():
        yield Case(f"CatBoostRegressor {loss}, stopped early", "catboost",
                   partial(model, regressor, target, early=True, loss_function=loss, learning_rate=0.9))  # fmt: skip
    yield Case("CatBoostClassifier", "catboost", lambda: model(classifier, DUE), "scores")
    yield Case(
        "CatBoostClassifier, stopped early",
        "catboost",
        lambda: model(classifier, DUE, early=True, learning_rate=0.9),
        "scores",
    )
    yield Case(
        "CatBoostClassifier CrossEntropy",
        "catboost",
        lambda: model(classifier, DUE, loss_function="CrossEntropy"),
        "scores",
    )
    yield Case(
        "CatBoostClassifier, its class by its own threshold",
        "catboost",
        thresholded,
        "pyfunc",
        Classes(("0", "1")),
    )
    yield Case(
        "CatBoostClassifier of three by name",
        "catboost",
        lambda: model(classifier, WORD),
        "scores",
        Classes(NAMED, "high"),
    )
    yield Case(
        "CatBoostClassifier of three, its class",
        "catboost",
        lambda: model(classifier, WORD),
        "pyfunc",
        Classes(NAMED),
    )
    yield Case("CatBoostRanker", "catboost", ranker)
    for loss, target in {"RMSE": NOISY, "Logloss": DUE, "Poisson": COUNT}.items():
        yield Case(
            f"CatBoost {loss}",
            "catboost",
            partial(model, bare, target, loss_function=loss),
        )
