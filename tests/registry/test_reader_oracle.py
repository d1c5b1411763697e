"""The reader answers as the saved class does, to the last bit: one case for each kind of model."""

import warnings
from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import catboost
import mlflow
import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pytest
import xgboost
from mlflow.models import infer_signature
from sklearn.linear_model import LinearRegression
from threadpoolctl import threadpool_limits

from evaluators.doors.arrays import arrow
from portal.mlflow.models import InProcess
from registry import screening
from registry.sandbox import verdict
from registry.sandbox.child import asking, opening
from registry.sandbox.child.classes import Classes, named
from registry.sandbox.child.refusal import NotOpened
from tests.registry import oracle, oracle_onnx, python_models
from tests.registry.oracle_case import AMOUNT, COUNT, DUE, FRAME, NOISY, ROWS, TRAINED, Case, X

with warnings.catch_warnings():  # MLflow warns of its own type hints when it is imported
    warnings.simplefilter("ignore")
    CASES = {case.name: case for case in oracle.cases()}
TABLE = pa.Table.from_pandas(FRAME, preserve_index=False)


@pytest.fixture(autouse=True)
def libraries_are_quiet() -> Iterator[None]:
    with warnings.catch_warnings(), threadpool_limits(1):  # as the sandbox's environment does
        warnings.simplefilter("ignore")
        yield


def answered(
    folder: Path, classes: Classes | None, table: pa.Table = TABLE
) -> npt.NDArray[np.float64]:
    """What the reader of the sandbox and the command line makes of a folder, here."""
    ask = opening.open_model(opening.describe(folder), classes)
    blocks = [block for _, block in asking.in_blocks(ask, table, classes)]
    return np.concatenate(blocks)


def right(case: Case, folder: Path) -> npt.NDArray[np.float64]:
    """What MLflow's loading of the saved class answers, in the same blocks, on one thread."""
    ask, found = case.oracle(folder), []
    with asking.one_thread():
        for start in range(0, ROWS, asking.ROW_BLOCK):
            block = case.frame.iloc[start : start + asking.ROW_BLOCK].reset_index(drop=True)
            found.append(_numbers(case, ask(block), len(block)))
    return np.concatenate(found)


def _numbers(case: Case, answer: Any, rows: int) -> npt.NDArray[np.float64]:
    if case.right == "label" or (case.flavour == "onnx" and isinstance(answer, pd.DataFrame)):
        answer = answer.iloc[:, 0]
    values = np.asarray(answer)
    if values.size == rows:
        return _places(case, values.ravel())
    assert values.shape[0] == rows
    if case.classes is None:
        return values[:, 1].astype(np.float64)
    assert case.classes.favourable is not None
    order = sorted(case.classes.names)  # scikit-learn's and the boosters' order of classes
    return values[:, order.index(case.classes.favourable)].astype(np.float64)


def _places(case: Case, values: npt.NDArray[Any]) -> npt.NDArray[np.float64]:
    if case.classes is None:
        return values.astype(np.float64)
    labels = [named(value) for value in values]
    if case.classes.favourable is not None:
        return np.array([label == case.classes.favourable for label in labels], np.float64)
    return np.array([case.classes.names.index(label) for label in labels], np.float64)


def test_there_are_ninety_cases_and_more() -> None:
    assert len(CASES) >= 90


@pytest.mark.parametrize("name", CASES)
def test_the_reader_answers_as_the_saved_class_to_the_last_bit(name: str, tmp_path: Path) -> None:
    case, folder = CASES[name], tmp_path / "model"
    case.save(folder)

    expected = right(case, folder)

    assert len(np.unique(expected)) > 1
    table = TABLE
    if case.frame is not FRAME:
        table = arrow({str(column): case.frame[column] for column in case.frame.columns})
    np.testing.assert_array_equal(answered(folder, case.classes, table), expected)
    opened = mlflow.pyfunc.load_model(str(folder))  # as the plugin gets it
    (inside,) = InProcess(opened, case.classes).score([table])
    np.testing.assert_array_equal(inside, expected)


def _targets(*columns: npt.NDArray[Any]) -> npt.NDArray[Any]:
    return np.stack(columns, axis=1)[:TRAINED]


TWO = _targets(AMOUNT, COUNT)
SHARED = _targets(DUE, 1 - DUE).astype(float)  # two numbers that add up to one


def _uncertain(loss: str, target: Any) -> Any:
    quiet = {"iterations": 5, "verbose": 0, "thread_count": 1, "allow_writing_files": False}
    return catboost.CatBoostRegressor(loss_function=loss, **quiet).fit(X, target)


PICKLED = (("serialization_format", "cloudpickle"),)
UNTOLD = {
    "two targets of a linear regression": Case(
        "", "sklearn", lambda: LinearRegression().fit(X, TWO), options=PICKLED
    ),
    "two targets that add up to one": Case(
        "", "sklearn", lambda: LinearRegression().fit(X, SHARED), options=PICKLED
    ),
    "two targets of trees": Case(
        "", "xgboost", lambda: xgboost.XGBRegressor(n_estimators=3).fit(X, TWO)
    ),
    "a mean and a variance": Case(
        "", "catboost", lambda: _uncertain("RMSEWithUncertainty", NOISY[: TRAINED])
    ),
    "two targets of CatBoost": Case("", "catboost", lambda: _uncertain("MultiRMSE", TWO)),
    "two quantiles": Case(
        "", "catboost",
        lambda: _uncertain("MultiQuantile:alpha=0.2,0.8", NOISY[: TRAINED]),
    ),
    "savings and a shoe size": Case("", "pyfunc", python_models.SavingsAndShoe),
    "two outputs of ONNX": Case(
        "", "onnx", lambda: oracle_onnx.two_outputs(likely=False)
    ),
    "two probabilities of ONNX": Case(
        "", "onnx", lambda: oracle_onnx.two_outputs(likely=True)
    ),
}  # fmt: skip
NAMES = {
    "savings and a shoe size": "savings",
    "two outputs of ONNX": "savings",
    "two probabilities of ONNX": "savings",
    "a mean and a variance": "RMSEWithUncertainty",
    "two quantiles": "MultiQuantile",
    "two targets of CatBoost": "MultiRMSE",
}


@pytest.mark.parametrize("name", UNTOLD)
def test_outputs_that_cannot_be_told_apart_are_refused_by_name(name: str, tmp_path: Path) -> None:
    UNTOLD[name].save(tmp_path / "model")

    with pytest.raises(NotOpened) as refused:
        answered(tmp_path / "model", None)

    opened = mlflow.pyfunc.load_model(str(tmp_path / "model"))
    with pytest.raises(verdict.Contained) as inside:
        InProcess(opened).score([TABLE])
    assert inside.value.cause == "several_outputs"
    assert [why.item for why in inside.value.reasons] == list(refused.value.items)
    assert refused.value.cause == "several_outputs"
    assert len(refused.value.items) == 2
    assert NAMES.get(name, "output 1") in refused.value.items[0]
    for reason in verdict.reasons(verdict.Cause.SEVERAL_OUTPUTS, refused.value.items):
        assert "PythonModel" in reason.remedy.zh
        assert "PythonModel" in reason.remedy.en


def test_columns_in_another_order_than_lightgbm_learnt_them_are_refused(tmp_path: Path) -> None:
    """MLflow's own reading takes them by their place: the deployed model answers nonsense."""
    turned = infer_signature(X[["debt", "children", "amount"]][:2], np.zeros(2))
    case = CASES["lightgbm.train binary"]
    replace(case, options=(("signature", turned),)).save(tmp_path / "model")
    ask = opening.open_model(opening.describe(tmp_path / "model"))

    with pytest.raises(NotOpened) as refused:
        ask(FRAME[["debt", "children", "amount"]])

    assert (refused.value.cause, refused.value.items) == ("column_order", ("debt", "amount"))


OTHER_ORDER = (
    "xgboost.train binary:logistic",
    "XGBClassifier json",
    "sklearn logistic",
    "sklearn skops logistic",
)


@pytest.mark.parametrize("name", OTHER_ORDER)
def test_columns_in_another_order_than_learnt_are_refused_where_pyfunc_gives_no_answer(
    name: str, tmp_path: Path
) -> None:
    """XGBoost's columns were put in order by their names, and answered."""
    turned = infer_signature(X[["debt", "children", "amount"]][:2], np.zeros(2))
    replace(CASES[name], options=(("signature", turned),)).save(tmp_path / "model")
    frame = FRAME[["debt", "children", "amount"]]
    with pytest.raises(Exception, match=r"(?i)feature.?names"):
        mlflow.pyfunc.load_model(str(tmp_path / "model")).predict(frame)

    with pytest.raises(NotOpened) as refused:
        opening.open_model(opening.describe(tmp_path / "model"))(frame)
    assert (refused.value.cause, refused.value.items) == ("column_order", ("debt", "amount"))


@pytest.mark.parametrize("name", ["CatBoostRegressor RMSE", "CatBoostRegressor Poisson"])
def test_catboost_puts_columns_in_order_by_their_names_as_pyfunc_does(
    name: str, tmp_path: Path
) -> None:
    turned = infer_signature(X[["debt", "children", "amount"]][:2], np.zeros(2))
    replace(CASES[name], options=(("signature", turned),)).save(tmp_path / "model")
    frame = FRAME[["debt", "children", "amount"]]
    ask = opening.open_model(opening.describe(tmp_path / "model"))
    right = mlflow.pyfunc.load_model(str(tmp_path / "model")).predict(frame)
    assert np.array_equal(ask(frame), right)


def test_catboost_that_knows_categories_by_their_place_names_the_order(tmp_path: Path) -> None:
    """It said "Invalid type for cat_feature", which was told as the model's own failure."""
    frame = FRAME[["amount", "debt"]].assign(home=np.where(FRAME["debt"] > 1, "owned", "rented"))
    quiet = {"iterations": 5, "verbose": 0, "thread_count": 1, "allow_writing_files": False}
    model = catboost.CatBoostClassifier(cat_features=[2], **quiet)
    turned = frame[["home", "debt", "amount"]]
    case = Case(
        "", "catboost", lambda: model.fit(frame[:TRAINED], DUE[:TRAINED]),
        options=(("signature", infer_signature(turned[:2], np.zeros(2))),),
    )  # fmt: skip
    case.save(tmp_path / "model")
    with pytest.raises(NotOpened) as refused:
        opening.open_model(opening.describe(tmp_path / "model"))(turned)
    assert (refused.value.cause, refused.value.items) == ("column_order", ("home", "amount"))


def test_a_class_that_the_table_does_not_list_is_never_imported(tmp_path: Path) -> None:
    CASES["XGBClassifier json"].save(tmp_path / "model")
    path = tmp_path / "model" / "MLmodel"
    told = path.read_text(encoding="utf-8")
    path.write_text(
        told.replace("xgboost.sklearn.XGBClassifier", "xgboost.dask.DaskXGBClassifier")
    )

    with pytest.raises(NotOpened, match=r"xgboost \(xgboost\.dask\.DaskXGBClassifier\)"):
        opening.describe(tmp_path / "model")


NO_NUMBERS = {
    "complex": (lambda n: np.full(n, 1 + 2j), "no_numbers", "complex128"),
    "two complex columns": (lambda n: np.full((n, 2), 0.5 + 1j), "no_numbers", "complex128"),
    "dates": (lambda n: np.full(n, np.datetime64("2020-01-01")), "no_numbers", "datetime64[D]"),
    "spans": (lambda n: np.full(n, np.timedelta64(3, "D")), "no_numbers", "timedelta64[D]"),
    "dates in a series": (
        lambda n: pd.Series([pd.Timestamp("2020-01-01")] * n, dtype=object),
        "no_numbers",
        "Timestamp",
    ),
    "a date among numbers": (
        lambda n: np.array([0.5] * (n - 1) + [np.datetime64("2020-01-01")], dtype=object),
        "no_numbers",
        "datetime64",
    ),
    "a span among numbers": (
        lambda n: np.array([0.5] * (n - 1) + [np.timedelta64(3, "D")], dtype=object),
        "no_numbers",
        "timedelta64",
    ),
    "nothing at all": (lambda n: [None] * n, "non_finite", "row 1"),
    "nothing for one": (lambda n: [0.25, None, *[0.5] * (n - 2)], "non_finite", "row 2"),
    "pandas' NA": (
        lambda n: pd.Series([0.25, 0.5, None, *[0.5] * (n - 3)], dtype="Float64"),
        "non_finite",
        "row 3",
    ),
    "masked": (
        lambda n: np.ma.masked_array(np.full(n, 0.5), mask=np.arange(n) == 1),
        "non_finite",
        "row 2",
    ),
    "masked whole numbers": (
        lambda n: np.ma.masked_array(np.ones((n, 1), int), mask=[[k == 2] for k in range(n)]),
        "non_finite",
        "row 3",
    ),
    "infinite": (lambda n: np.full(n, np.inf), "non_finite", "row 1"),
}


def _raw(answer: Any) -> asking.Answers:
    return lambda frame: answer(len(frame))


@pytest.mark.parametrize("name", NO_NUMBERS)
def test_what_is_no_number_is_refused_by_name_and_never_read_as_one(
    name: str,
) -> None:
    """1+2j was read as 1, a date as its days since 1970, None as an answer."""
    answer, cause, item = NO_NUMBERS[name]
    with pytest.raises(NotOpened) as refused:
        list(asking.in_blocks(_raw(answer), TABLE))
    assert (refused.value.cause, refused.value.items[0]) == (cause, item)

    with pytest.raises(verdict.Contained) as inside:  # a function, as the plugin asks it
        InProcess(SimpleNamespace(predict=_raw(answer))).score([TABLE])
    assert inside.value.cause == cause
    assert inside.value.reasons[0].item == item
    assert {reason.said for reason in inside.value.reasons} != {verdict._UNLISTED}


PARAMETERS: dict[str, dict[str, Any]] = {
    "PythonModel": {"factor": 10.0},
    "xgboost.train binary:logistic": {"output_margin": True},
}


@pytest.mark.parametrize("name", PARAMETERS)
def test_a_model_that_mlflow_asks_with_parameters_is_refused_by_name(
    name: str, tmp_path: Path
) -> None:
    """issue 9, 1: where pyfunc gave margins, probabilities were read without a word."""
    given, folder = PARAMETERS[name], tmp_path / "model"
    signature = infer_signature(X[:2], np.zeros(2), params=given)
    if name == "PythonModel":
        mlflow.pyfunc.save_model(
            folder, python_model=python_models.WithParameters(), signature=signature
        )
    else:
        replace(CASES[name], options=(("signature", signature),)).save(folder)
    with pytest.raises(NotOpened) as refused:
        opening.describe(folder)
    assert (refused.value.cause, refused.value.items) == ("parameters", (*given,))
    with pytest.raises(verdict.Contained) as inside:
        InProcess(mlflow.pyfunc.load_model(str(folder)))
    assert inside.value.cause == "parameters"
    assert [each.item for each in inside.value.reasons] == [*given]
    with pytest.raises(screening.ScreeningFailed) as screened:
        screening.screen(folder)
    items = [each.item for each in screened.value.reasons]
    assert {f"MLmodel: signature.params.{each}" for each in given} <= {*items}


def test_a_row_without_an_answer_is_counted_from_the_first_row_of_all() -> None:
    late = iter([np.full(asking.ROW_BLOCK, 0.5), np.full(ROWS - asking.ROW_BLOCK, np.nan)])
    with pytest.raises(NotOpened) as refused:
        list(asking.in_blocks(lambda _: next(late), TABLE))
    assert refused.value.items[0] == f"row {asking.ROW_BLOCK + 1}"


@pytest.mark.parametrize("numbers", [["0.5"], [Decimal("0.5")], [Fraction(1, 2)], [b"0.5"]])
def test_what_means_a_number_is_read_as_one(numbers: list[Any]) -> None:
    ask = _raw(lambda rows: np.array(numbers * rows, dtype=object))
    blocks = [found for _, found in asking.in_blocks(ask, TABLE)]
    np.testing.assert_array_equal(np.concatenate(blocks), np.full(ROWS, 0.5))


@pytest.mark.parametrize("favourable", ["yes", None])
@pytest.mark.parametrize(
    "answer",
    [
        ["yes", None],
        ["yes", np.nan],
        pd.DataFrame({"no": [0.1, np.nan], "yes": [0.9, np.nan]}),
        [{"no": 0.1, "yes": 0.9}, {"no": None, "yes": None}],
    ],
)
def test_a_row_for_which_no_class_is_named_has_no_answer(
    answer: Any, favourable: str | None
) -> None:
    """Probabilities that are missing named the first class."""
    if isinstance(answer, list) and not isinstance(answer[0], dict):
        answer = np.array(answer, dtype=object)
    table = TABLE.slice(0, 2)
    with pytest.raises(NotOpened) as refused:
        list(asking.in_blocks(lambda _: answer, table, Classes(("no", "yes"), favourable)))
    assert (refused.value.cause, refused.value.items) == ("non_finite", ("row 2",))
