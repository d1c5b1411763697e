"""What is missing reaches a model as pandas' own reader gives it, or the column is refused by name."""

import io
import warnings
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import catboost
import lightgbm
import mlflow
import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pytest
import xgboost
from mlflow.models import infer_signature
from pandas._libs.parsers import STR_NA_VALUES
from sklearn.compose import make_column_transformer
from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestClassifier
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import (
    FunctionTransformer,
    OneHotEncoder,
    OrdinalEncoder,
    TargetEncoder,
)
from threadpoolctl import threadpool_limits

from evaluators.doors.arrays import arrow
from portal.mlflow.models import InProcess
from registry import model_inputs
from registry.sandbox import verdict
from registry.sandbox.child import asking, missing_words, opening
from registry.sandbox.child.refusal import NotOpened
from tests.registry import python_models

ROWS = 8300  # a block of 8,192 and a rest
TRAINED = 600
RNG = np.random.default_rng(9)
GONE = RNG.random(ROWS) < 0.25
WRITTEN = pd.DataFrame(
    {
        "amount": RNG.normal(size=ROWS),
        "debtor": np.where(GONE, "", RNG.choice(["none", "one", "both"], ROWS, p=[0.6, 0.2, 0.2])),
        "home": RNG.choice(["rented", "owned"], ROWS),
        "owner": np.where(RNG.random(ROWS) < 0.25, "", RNG.choice(["True", "False"], ROWS)),
        "children": np.where(RNG.random(ROWS) < 0.25, "", RNG.integers(0, 4, ROWS).astype(str)),
    }
)
READ = pd.read_csv(io.StringIO(WRITTEN.to_csv(index=False)))
"""The rows as pandas' reader gives them: every missing value is NaN."""
DUE = (READ["amount"] + 2.5 * GONE + READ["owner"].isna() + RNG.normal(size=ROWS) > 1).astype(int)
KINDS: dict[str, Any] = {"NaN": np.nan, "None": None, "an empty word": ""}
PICKLED = {"serialization_format": "cloudpickle", "pyfunc_predict_fn": "predict_proba"}


@pytest.fixture(autouse=True)
def libraries_are_quiet() -> Iterator[None]:
    with warnings.catch_warnings(), threadpool_limits(1):
        warnings.simplefilter("ignore")
        yield


def held(kind: str, *columns: str) -> pd.DataFrame:
    """The rows with what is missing told as another kind."""
    frame = READ.copy()
    for name in columns:
        values = frame[name].to_numpy(dtype=object, copy=True)
        values[frame[name].isna()] = KINDS[kind]
        frame[name] = pd.Series(values, dtype=object)
    return frame


def encoded(encoder: Any, *columns: str) -> Any:
    rest = ("passthrough", ["amount"])
    return make_pipeline(
        make_column_transformer((encoder, [*columns]), rest), LogisticRegression()
    )


def one_hot(**options: Any) -> Any:
    return OneHotEncoder(handle_unknown="ignore", **options)


def imputed(**options: Any) -> Any:
    return make_pipeline(SimpleImputer(strategy="most_frequent", **options), one_hot())


ENCODERS: dict[str, Callable[[], Any]] = {
    "one hot": one_hot,
    "one hot, strict": OneHotEncoder,
    "one hot, rare ones together": partial(one_hot, min_frequency=5),
    "ordinal": partial(
        OrdinalEncoder, handle_unknown="use_encoded_value", unknown_value=-1, encoded_missing_value=-2
    ),
    "target": TargetEncoder,
    "imputed": imputed,
}  # fmt: skip


def saved(model: Any, frame: pd.DataFrame, folder: Path, flavour: str = "sklearn") -> Path:
    """A fitted model as a folder, with the signature of its columns."""
    options = PICKLED if flavour == "sklearn" else {}
    signature = infer_signature(frame[:TRAINED], np.zeros(2))
    saver = getattr(mlflow, flavour).save_model
    if flavour == "pyfunc":
        saver(folder, python_model=model, signature=signature, pip_requirements=["x"])
    else:
        saver(model, folder, signature=signature, pip_requirements=["x"], **options)
    return folder


def on_its_way(frame: pd.DataFrame) -> pa.Table:
    """Rows as every door of ours takes them in: what is missing in words is one thing."""
    return arrow({str(name): frame[name] for name in frame.columns})


def answered(folder: Path, frame: pd.DataFrame) -> npt.NDArray[np.float64]:
    """What the reader makes of rows, as the sandbox asks it; the plugin must say the same."""
    opened = mlflow.pyfunc.load_model(str(folder))
    wanted = model_inputs.schema(opened.metadata.get_input_schema().to_dict())
    table = model_inputs.fitted(on_its_way(frame), wanted)
    ask = opening.open_model(opening.describe(folder))
    found = np.concatenate([block for _, block in asking.in_blocks(ask, table)])
    (inside,) = InProcess(opened).score([table])
    np.testing.assert_array_equal(inside, found)
    return found


def pyfunc(folder: Path, frame: pd.DataFrame) -> npt.NDArray[np.float64]:
    opened, found = mlflow.pyfunc.load_model(str(folder)), []
    for start in range(0, len(frame), asking.ROW_BLOCK):
        block = frame[start : start + asking.ROW_BLOCK].reset_index(drop=True)
        answer = np.asarray(opened.predict(block), np.float64)
        found.append(answer[:, 1] if answer.ndim == 2 else answer)
    return np.concatenate(found)


def refusal(folder: Path, frame: pd.DataFrame) -> NotOpened:
    with pytest.raises(NotOpened) as refused:
        answered(folder, frame)
    with pytest.raises(verdict.Contained) as inside:
        InProcess(mlflow.pyfunc.load_model(str(folder))).score([on_its_way(frame)])
    assert inside.value.cause == refused.value.cause
    assert [why.item for why in inside.value.reasons] == [*refused.value.items]
    return refused.value


@pytest.mark.parametrize("column", ["debtor", "owner"])
@pytest.mark.parametrize("name", ENCODERS)
def test_a_model_that_learnt_nan_answers_as_pyfunc_on_the_frame_of_pandas(
    name: str, column: str, tmp_path: Path
) -> None:
    """issue 9: under pandas 2 words came as None, truths under every pandas: 0.26 for 0.41."""
    frame = READ[[column, "amount"]]
    model = encoded(ENCODERS[name](), column).fit(frame[:TRAINED], DUE[:TRAINED])
    folder = saved(model, frame, tmp_path / "model")
    np.testing.assert_array_equal(answered(folder, frame), pyfunc(folder, frame))


LEARNT = [
    (name, column, kind)
    for name in ENCODERS
    for column, kind in (("debtor", "None"), ("owner", "None"), ("debtor", "an empty word"))
]


@pytest.mark.parametrize(("name", "column", "kind"), LEARNT)
def test_a_model_that_learnt_another_kind_is_refused_by_the_column(
    name: str, column: str, kind: str, tmp_path: Path
) -> None:
    """2,224 of 9,000 probabilities were another's, by up to 0.71, without a word."""
    frame = held(kind, column)[[column, "home", "amount"]]
    model = encoded(ENCODERS[name](), column, "home").fit(frame[:TRAINED], DUE[:TRAINED])
    folder = saved(model, READ[[column, "home", "amount"]], tmp_path / "model")

    refused = refusal(folder, frame)

    assert (refused.cause, refused.items) == ("missing_words", (column,))
    (why,) = verdict.reasons(verdict.Cause.MISSING_WORDS, refused.items)
    for said in (why.remedy, verdict.SAID[verdict.Cause.MISSING_WORDS]):
        assert "NaN" in said.zh
        assert "NaN" in said.en
    for told in (
        verdict.SAID[verdict.Cause.MISSING_WORDS].zh,
        verdict.SAID[verdict.Cause.MISSING_WORDS].en,
    ):
        assert "read_parquet" in told
        assert NAN_FOR_NONE in told


NAN_FOR_NONE = "frame[c].astype(object).where(frame[c].notna(), float('nan'))"


def test_the_line_that_the_refusal_gives_mends_a_frame_of_parquet(tmp_path: Path) -> None:
    """`read_parquet` gives None in truths: every model trained on such a column is refused."""
    READ[["owner", "amount"]].to_parquet(tmp_path / "rows.parquet")
    frame = pd.read_parquet(tmp_path / "rows.parquet")
    first = encoded(OneHotEncoder(), "owner").fit(frame[:TRAINED], DUE[:TRAINED])
    folder = saved(first, READ[["owner", "amount"]], tmp_path / "met None")
    assert refusal(folder, frame).items == ("owner",)

    c = "owner"
    frame[c] = frame[c].astype(object).where(frame[c].notna(), float("nan"))

    mended = encoded(OneHotEncoder(), "owner").fit(frame[:TRAINED], DUE[:TRAINED])
    folder = saved(mended, READ[["owner", "amount"]], tmp_path / "met NaN")
    np.testing.assert_array_equal(answered(folder, frame), pyfunc(folder, frame))


@pytest.mark.parametrize("kind", [pa.string(), pa.large_string()])
def test_words_of_either_width_are_looked_at(kind: pa.DataType, tmp_path: Path) -> None:
    frame = held("None", "debtor")[["debtor", "amount"]]
    model = encoded(OneHotEncoder(), "debtor").fit(frame[:TRAINED], DUE[:TRAINED])
    folder = saved(model, READ[["debtor", "amount"]], tmp_path / "model")
    table = on_its_way(frame)
    table = table.set_column(0, "debtor", table["debtor"].cast(kind))

    with pytest.raises(NotOpened) as refused:
        list(asking.in_blocks(opening.open_model(opening.describe(folder)), table))

    assert refused.value.cause == "missing_words"


def test_the_one_of_two_columns_is_named_that_was_learnt_so(tmp_path: Path) -> None:
    frame = held("None", "owner")[["debtor", "owner", "amount"]]
    model = encoded(OneHotEncoder(), "debtor", "owner").fit(frame[:TRAINED], DUE[:TRAINED])
    folder = saved(model, READ[["debtor", "owner", "amount"]], tmp_path / "model")
    assert refusal(folder, frame).items == ("owner",)


def test_two_columns_that_were_learnt_so_are_both_named(tmp_path: Path) -> None:
    """By themselves neither helps: the model answers no NaN in either."""
    frame = held("None", "debtor", "owner")[["debtor", "owner", "amount"]]
    model = encoded(OneHotEncoder(), "debtor", "owner").fit(frame[:TRAINED], DUE[:TRAINED])
    folder = saved(model, READ[["debtor", "owner", "amount"]], tmp_path / "model")
    assert refusal(folder, frame).items == ("debtor", "owner")


def _isna(frame: pd.DataFrame) -> pd.DataFrame:
    return frame[["amount"]].assign(gone=frame["debtor"].isna())


def _dropped(frame: pd.DataFrame) -> pd.DataFrame:
    return frame[["amount"]]


def _length(frame: pd.DataFrame) -> pd.DataFrame:
    return frame[["amount"]].assign(length=frame["debtor"].str.len().fillna(-1.0))


ALIKE: dict[str, Callable[[], Any]] = {
    "what is missing is one thing": lambda: make_pipeline(
        FunctionTransformer(_isna), LogisticRegression()
    ),
    "the column is not looked at": lambda: make_pipeline(
        FunctionTransformer(_dropped), LogisticRegression()
    ),
    "the length of a word": lambda: make_pipeline(
        FunctionTransformer(_length), LogisticRegression()
    ),
    "a forest on codes": lambda: make_pipeline(
        make_column_transformer((one_hot(), ["debtor"]), remainder="passthrough"),
        RandomForestClassifier(5, random_state=0),
    ),
}


@pytest.mark.parametrize("kind", ["NaN", "None"])
@pytest.mark.parametrize("name", [*ALIKE][:3])
def test_a_model_to_which_all_that_is_missing_is_one_is_answered(
    name: str, kind: str, tmp_path: Path
) -> None:
    frame = held(kind, "debtor")[["debtor", "amount"]]
    folder = saved(ALIKE[name]().fit(frame[:TRAINED], DUE[:TRAINED]), frame, tmp_path / "model")
    np.testing.assert_array_equal(
        answered(folder, frame), pyfunc(folder, READ[["debtor", "amount"]])
    )


def test_a_forest_that_learnt_nan_is_answered(tmp_path: Path) -> None:
    frame = READ[["debtor", "amount"]]
    model = ALIKE["a forest on codes"]().fit(frame[:TRAINED], DUE[:TRAINED])
    folder = saved(model, frame, tmp_path / "model")
    np.testing.assert_array_equal(answered(folder, frame), pyfunc(folder, frame))


def test_a_model_that_answers_by_chance_is_not_refused(tmp_path: Path) -> None:
    folder = saved(
        python_models.Chance(), READ[["debtor", "amount"]], tmp_path / "model", "pyfunc"
    )
    table = on_its_way(READ[["debtor", "amount"]])
    ask = opening.open_model(opening.describe(folder))
    assert sum(len(block) for _, block in asking.in_blocks(ask, table)) == ROWS


BOOSTED: dict[str, tuple[str, Callable[[pd.DataFrame], Any]]] = {
    "XGBoost": ("xgboost", lambda frame: xgboost.XGBClassifier(
        n_estimators=5, n_jobs=1, enable_categorical=True).fit(frame, DUE[:TRAINED])),
    "LightGBM": ("lightgbm", lambda frame: lightgbm.LGBMClassifier(
        n_estimators=5, verbose=-1, n_jobs=1).fit(frame, DUE[:TRAINED])),
    "by histogram": ("sklearn", lambda frame: encoded_histogram().fit(frame, DUE[:TRAINED])),
}  # fmt: skip


def encoded_histogram() -> Any:
    codes = OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=np.nan)
    coded = make_column_transformer((codes, ["debtor"]), remainder="passthrough")
    return make_pipeline(
        coded, HistGradientBoostingClassifier(max_iter=5, categorical_features=[0])
    )


@pytest.mark.parametrize("kind", ["NaN", "None"])
@pytest.mark.parametrize("name", BOOSTED)
def test_boosted_categories_answer_as_their_class_where_words_are_missing(
    name: str, kind: str, tmp_path: Path
) -> None:
    flavour, fit = BOOSTED[name]
    frame = held(kind, "debtor")[["debtor", "amount"]]
    typed = frame.astype({"debtor": "category"}) if flavour != "sklearn" else frame
    model = fit(typed[:TRAINED])
    folder = saved(model, READ[["debtor", "amount"]], tmp_path / "model", flavour)
    if (name, kind) == ("by histogram", "None"):
        assert refusal(folder, frame).items == ("debtor",)
        return
    right = [
        model.predict_proba(typed[at : at + asking.ROW_BLOCK])[:, 1]
        for at in range(0, ROWS, asking.ROW_BLOCK)
    ]
    np.testing.assert_array_equal(
        answered(folder, frame), np.concatenate(right).astype(np.float64)
    )


def test_catboost_that_learnt_an_empty_word_is_refused_by_name(tmp_path: Path) -> None:
    """It takes no NaN at all: its own error said nothing of what to do."""
    frame = held("an empty word", "debtor")[["debtor", "amount"]]
    model = catboost.CatBoostClassifier(
        iterations=5, verbose=0, thread_count=1, cat_features=["debtor"], allow_writing_files=False
    ).fit(frame[:TRAINED], DUE[:TRAINED])
    folder = saved(model, READ[["debtor", "amount"]], tmp_path / "model", "catboost")
    with pytest.raises(NotOpened) as refused:
        answered(folder, READ[["debtor", "amount"]])
    assert (refused.value.cause, refused.value.items) == ("missing_words", ("debtor",))


def test_numbers_and_days_that_are_missing_are_those_of_pandas() -> None:
    table = pa.table(
        {
            "whole": pa.array([1, None]),
            "number": pa.array([1.5, None]),
            "day": pa.array([0, None], pa.timestamp("ns")),
            "truth": pa.array([True, None]),
            "word": pa.array(["a", None]),
            "nothing": pa.array([None, None], pa.string()),
        }
    )
    frame = missing_words.frame_of(table)
    assert frame["whole"].dtype == frame["number"].dtype == np.float64
    assert frame["day"].dtype == "datetime64[ns]"
    gone = frame.iloc[1]
    assert gone["day"] is pd.NaT
    assert all(isinstance(gone[name], float) for name in ("truth", "word", "nothing", "whole"))
    assert frame["truth"][0] is True


def test_the_words_for_missing_are_those_of_pandas() -> None:
    assert {*missing_words.SPELT} == STR_NA_VALUES - {""}


@pytest.mark.parametrize("word", ["NA", "None", "null"])
def test_a_word_that_pandas_reads_as_missing_is_refused_where_the_model_knows_only_nan(
    word: str, tmp_path: Path
) -> None:
    """The reader gives the word of the file; `read_csv`, on which it was trained, gave NaN."""
    frame = READ[["debtor", "home", "amount"]]
    model = encoded(one_hot(), "debtor", "home").fit(frame[:TRAINED], DUE[:TRAINED])
    folder = saved(model, frame, tmp_path / "model")
    refused = refusal(folder, frame.fillna({"debtor": word}))
    assert (refused.cause, refused.items) == ("missing_spelt", ("debtor",))


@pytest.mark.parametrize("trained", ["on the word", "on neither"])
def test_a_word_of_the_file_is_given_where_the_model_learnt_it_or_nothing_is_lost(
    trained: str, tmp_path: Path
) -> None:
    frame = READ[["debtor", "home", "amount"]]
    told = frame.fillna({"debtor": "NA"})
    learnt = told if trained == "on the word" else frame.fillna({"debtor": "both"})
    model = encoded(one_hot(), "debtor", "home").fit(learnt[:TRAINED], DUE[:TRAINED])
    folder = saved(model, frame, tmp_path / "model")
    np.testing.assert_array_equal(answered(folder, told), pyfunc(folder, told))
