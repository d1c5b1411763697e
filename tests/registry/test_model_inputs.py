"""Values that do not fit a model's signature are told by column, with one of them."""

import re
from typing import Any

import pyarrow as pa
import pytest

from registry import model_inputs


@pytest.mark.parametrize(
    ("values", "taken", "shown", "remedy"),
    [
        (["33.0", "33.0岁", "x"], "double", "33.0岁", "pd.to_numeric"),
        (["1", "1.5"], "long", "1.5", "pd.to_numeric"),
        ([1.0, 1.5], "long", "1.5", "pd.to_numeric"),
        ([1, 2**40], "integer", str(2**40), "pd.to_numeric"),
        (["2024-01-01", "gestern"], "datetime", "gestern", "store this column"),
        (["3", "3\u200b岁"], "double", "3‹U+200B›岁", "pd.to_numeric"),
    ],
)
def test_a_value_of_another_type_is_shown_with_what_to_do(
    values: Any, taken: str, shown: str, remedy: str
) -> None:
    """The column was told to be added, and the reason was English in the Chinese, too."""
    wanted = model_inputs.schema([{"name": "age", "type": taken}])
    with pytest.raises(model_inputs.WrongFrame) as refused:
        model_inputs.fitted(pa.table({"age": values}), wanted)
    (reason,) = refused.value.reasons
    assert f"“{shown}”" in reason.said.zh
    assert f"'{shown}'" in reason.said.en
    assert remedy in reason.remedy.en
    assert not re.search("[A-Za-z]{3,} [a-z]{3,}", reason.said.zh)
