"""A function in MLflow is asked with the rows of its user's own frame, or not at all."""

import warnings
from collections.abc import Iterator
from datetime import date
from typing import Any

import numpy as np
import pandas as pd
import pytest

from evaluators.doors.arrays import NotForATable, arrow

with warnings.catch_warnings():  # MLflow warns of its own type hints when it is imported
    warnings.simplefilter("ignore")
    from portal.mlflow.own_rows import OtherRows, OwnRows
    from portal.mlflow_plugin import FINDINGS
    from registry.sandbox.child.missing_words import frame_of
    from tests.portal import evaluating
    from tests.portal.evaluating import judged

ROWS = 1000
AT = np.arange(ROWS)
OWN: dict[str, Any] = {
    "amount": AT % 97 / 10,
    "kids": pd.array([None if i % 9 == 0 else i % 4 for i in AT], dtype="Int64"),
    "small": (AT % 13 / 7).astype("float32"),
    "owner": pd.array([None if i % 7 == 0 else i % 2 == 0 for i in AT], dtype="boolean"),
    "level": pd.Categorical([["a", "b", "c"][i % 3] for i in AT], ["c", "b", "a"], ordered=True),
    "opened": pd.date_range("2020-01-01", periods=ROWS, freq="D").as_unit("ns"),
    "wraps": (AT % 5).astype("uint8"),
    "word": pd.array([None if i % 5 == 0 else f"w{i % 3}" for i in AT], dtype="string"),
    "said": pd.Series([None if i % 5 == 0 else f"w{i % 3}" for i in AT], dtype=object),
}
PLAN: dict[str, Any] = {
    "title": "t",
    "columns": {"target": "y", "favourable": "1", "sensitive": ["sex"], "cut": 0.5},
    "probes": [{"id": "selection_parity"}],
}


@pytest.fixture(scope="module", autouse=True)
def tracking(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """A tracking server of this test's own."""
    with evaluating.tracking(tmp_path_factory.mktemp("mlflow")):
        yield


def asked(function: Any, frame: pd.DataFrame) -> Any:
    """What the plugin finds for a function."""
    given = {"plan": PLAN, "nonce": "0" * 64, "columns": {"sex": np.where(AT % 2, "m", "f")}}
    return judged(
        function,
        data=frame.assign(y=(AT % 3 == 0).astype(int)),
        targets="y",
        model_type="regressor",
        evaluators="mingsuan",
        evaluator_config={"mingsuan": given},
    )


def test_a_function_is_asked_with_the_rows_of_the_frame() -> None:
    """`(wraps - 3) / 300` was -0.01 where MLflow, and whoever deploys it, gets 0.84."""
    own, seen = pd.DataFrame(OWN), []

    def score(rows: pd.DataFrame) -> Any:
        seen.append(rows)
        codes = rows["level"].cat.codes / 10
        return codes + (rows["wraps"] - 3) / 300 * rows["owner"].isna()

    found = asked(score, own)
    assert found.artifacts[FINDINGS].content["rows"] == ROWS
    for rows in seen:
        assert dict(rows.dtypes) == dict(own.dtypes)
        assert {type(each) for each in rows["said"]} <= {str, type(None)}
    whole = next(rows for rows in seen if len(rows) == ROWS)
    whole = whole.sort_values("opened", ignore_index=True)
    pd.testing.assert_frame_equal(whole, own, check_exact=True)


def test_columns_that_would_be_others_are_refused_by_name() -> None:
    unfit = {
        "large": pd.array([None, *[2**60 + 1] * (ROWS - 1)], dtype="Int64"),
        "mixed": pd.Series([None, np.nan, *["x"] * (ROWS - 2)], dtype=object),
        "blank": pd.Series(["", None, *["x"] * (ROWS - 2)], dtype=object),
        "day": pd.Series([date(2020, 1, 1)] * ROWS, dtype=object),
    }
    for name, column in unfit.items():
        frame = pd.DataFrame({"amount": AT % 97 / 10, name: column})
        with pytest.raises(OtherRows) as refused:
            asked(lambda rows: rows["amount"] / 10, frame)
        assert [each.item for each in refused.value.reasons] == [name]
        assert refused.value.reasons[0].remedy.zh


def test_a_value_that_no_table_takes_is_refused_by_name() -> None:
    """It was an error of Arrow's."""
    fine = pd.Series(pd.date_range("2020", periods=3).as_unit("ns") + pd.Timedelta(1, "ns"))
    for column in (fine, np.array([2**63 + 1, 0, 0], dtype="uint64")):
        with pytest.raises(NotForATable, match="'moment' holds values that no table takes"):
            arrow({"moment": column})


def test_what_is_asked_of_other_values_has_the_columns_type_or_is_refused() -> None:
    own = OwnRows(OWN, arrow(OWN))
    frame = frame_of(arrow(OWN).slice(0, 10))
    frame["kids"], frame["small"], frame["level"] = 7, 0.1, "c"
    changed = own.of(frame)
    assert dict(changed.dtypes) == dict(pd.DataFrame(OWN).dtypes)
    assert changed["small"][0] == np.float32(0.1)
    for name, value in (("wraps", 256), ("wraps", -1), ("kids", 1.5), ("level", "d")):
        with pytest.raises(OtherRows) as refused:
            own.of(frame.assign(**{name: value}))
        assert [each.item for each in refused.value.reasons] == [name]
