"""Words of a column that a model declares as text reach it as they stand in the file."""

import csv
import string
import tempfile
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import mlflow
import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from mlflow.models import infer_signature
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder

from evaluators.running import engine, files
from portal.home import exploratory, plan_start
from registry import model_inputs, tables
from registry.sandbox.child import asking, opening
from registry.settings import Settings

LOOKALIKES = [
    "True", "TRUE", "true", "False", "1.10", "1.1", "1.0", "1", "+1", "-0", "1e5", "100000", "007", "NA",
    "None", "nan", " a ", "a", "2024-01-01", "2024-01-01 00:00:00", "20240101", "0x10", "1_000", "١", "是",
]  # fmt: skip
PLAIN = st.text(string.digits + string.ascii_letters + string.punctuation + " 女是é", max_size=8)
WORDS = st.lists(st.sampled_from(LOOKALIKES), min_size=1, max_size=8) | st.lists(
    PLAIN, min_size=1, max_size=8
)
TEXT = [{"name": "c", "type": "string"}]
PAIRS = [
    ("True", "False"),
    ("TRUE", "true"),
    ("1.10", "1.1"),
    ("+1", "1"),
    ("2024-01-01", "2024-02-01"),
    ("007", "7"),
]


@pytest.fixture(autouse=True)
def libraries_are_quiet() -> Iterator[None]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def written(path: Path, words: list[str]) -> Path:
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file, quoting=csv.QUOTE_ALL).writerows([["c", "n"], *([w, "1"] for w in words)])
    return path


@settings(max_examples=200, deadline=None)
@given(WORDS)
def test_a_model_gets_the_words_of_the_file(words: list[str]) -> None:
    """issue 9: True came as true, 1.10 as 1.1, a day with the hour of midnight."""
    with tempfile.TemporaryDirectory() as folder:
        path = written(Path(folder) / "d.csv", words)
        at_home = pa.Table.from_batches(files.open_rows(path, model_inputs.words(TEXT)).read())
        found = tables.inspect(path, {})  # as a registry that knows no model yet
        kinds = tables.worded(found.format, found.columns, model_inputs.words(TEXT))
        with path.open("rb") as stream:
            registered = pa.Table.from_batches(tables.batches(stream, found.format, kinds))
    for table in (at_home, registered):
        got = model_inputs.fitted(table, model_inputs.schema(TEXT)).to_pandas()["c"]
        assert got.where(got.notna(), "").tolist() == words
        assert table["n"].type == pa.int64()


def learnt(folder: Path, pair: tuple[str, str]) -> tuple[Path, pd.DataFrame]:
    """A model that learnt what each of two words means, and rows of them."""
    words = np.array(pair, dtype=object)[np.random.default_rng(3).integers(0, 2, 400)]
    frame = pd.DataFrame({"c": words})
    net = make_pipeline(OneHotEncoder(handle_unknown="ignore"), LogisticRegression(C=1e6))
    net.fit(frame, words == pair[0])
    saved = folder / "model"
    signature = infer_signature(frame, net.predict(frame))
    mlflow.sklearn.save_model(
        net, saved, signature=signature, pip_requirements=["x"],
        pyfunc_predict_fn="predict_proba", serialization_format="cloudpickle",
    )  # fmt: skip
    frame["y"] = (words == pair[0]).astype(int)
    frame["sex"] = np.where(np.arange(400) % 2, "女", "男")
    frame.to_csv(folder / "d.csv", index=False)
    return saved, frame


@pytest.mark.parametrize("pair", PAIRS)
def test_the_answers_are_those_of_mlflow_on_the_words(
    pair: tuple[str, str], tmp_path: Path
) -> None:
    saved, frame = learnt(tmp_path, pair)
    rows = files.open_rows(tmp_path / "d.csv", model_inputs.words(TEXT))
    table = model_inputs.fitted(pa.Table.from_batches(rows.read()), model_inputs.schema(TEXT))
    ask = opening.open_model(opening.describe(saved), None)
    got = np.concatenate([found for _, found in asking.in_blocks(ask, table)])
    pyfunc = mlflow.pyfunc.load_model(str(saved))
    right = pyfunc.predict(pd.read_csv(tmp_path / "d.csv", dtype={"c": str})[["c"]])
    assert np.array_equal(got, right[:, 1])
    assert np.array_equal(got > 0.5, frame["y"] == 1)


@pytest.mark.slow
@pytest.mark.parametrize("pair", [("True", "False"), ("1.10", "1.1")])
def test_a_model_that_is_always_right_on_words_is_found_so(
    pair: tuple[str, str], tmp_path: Path
) -> None:
    """The share of right answers was 0.54, without a word."""
    saved, _ = learnt(tmp_path, pair)
    columns = {"target": "y", "favourable": 1, "cut": 0.5, "sensitive": ["sex"]}
    plan = {"title": "t", "columns": columns, "probes": [{"id": "performance"}]}
    made = exploratory.explore(
        plan,
        tmp_path / "d.csv",
        asked=exploratory.Asked(saved),
        settings=Settings(data=tmp_path / "data"),
        tell=engine.silent,
    )
    right = {f["estimate"] for f in made.sealed["findings"] if f["metric"] == "accuracy"}
    assert right == {1.0}
    assert pair[0] in plan_start.draft(tmp_path / "d.csv", model=saved)


OTHER: dict[str, tuple[pa.Array, str]] = {
    "numbers for words": (pa.array([1.1, None]), "string"),
    "truths for words": (pa.array([True, False]), "string"),
    "days for words": (pa.array([0, 1], pa.timestamp("us")), "string"),
    "numbers for truths": (pa.array([0, 2]), "boolean"),
    "words for truths": (pa.array(["true", "false"]), "boolean"),
    "numbers for days": (pa.array([0, 1]), "datetime"),
    "days for numbers": (pa.array([0, 1], pa.timestamp("us")), "long"),
    "categories of numbers for words": (pa.array([1, 2]).dictionary_encode(), "string"),
}


@pytest.mark.parametrize("name", OTHER)
def test_a_column_that_would_become_other_values_is_refused_by_name(name: str) -> None:
    """A Parquet file of numbers tells nobody whether the model learnt 1.10 or 1.1."""
    column, kind = OTHER[name]
    with pytest.raises(model_inputs.WrongFrame) as refused:
        model_inputs.fitted(
            pa.table({"c": column}), model_inputs.schema([{"name": "c", "type": kind}])
        )
    (reason,) = refused.value.reasons
    assert reason.item == "c"
    assert str(model_inputs.ARROW[kind]) in reason.said.zh
    assert "store this column" in reason.remedy.en


SAME: list[tuple[pa.Array, str]] = [
    (pa.array(["a", None]), "string"),
    (pa.array(["a", "b"], pa.large_string()), "string"),
    (pa.array(["a", "b"]).dictionary_encode(), "string"),
    (pa.array([None, None]), "string"),
    (pa.array([None, None], pa.string()), "boolean"),
    (pa.array([True, None]), "boolean"),
    (pa.array([1, 2]), "double"),
    (pa.array([1.0, 2.0]), "long"),
    (pa.array(["2024-01-01"]), "datetime"),
]


@pytest.mark.parametrize(("column", "kind"), SAME)
def test_what_stays_what_it_is_is_given(column: Any, kind: str) -> None:
    wanted = model_inputs.schema([{"name": "c", "type": kind}])
    assert model_inputs.fitted(pa.table({"c": column}), wanted).schema == wanted
