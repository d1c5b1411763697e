from typing import Any

import pyarrow as pa
import pytest

from registry.identifiers import Search

# Made up; the check digits are right.
NUMBER = "11010519491231002X"


def found(**columns: list[Any]) -> dict[str, tuple[str, int]]:
    """What is found in columns of texts and whole numbers, in batches of two rows."""
    table = pa.table(columns)
    kinds = {pa.string(): "string", pa.int64(): "long", pa.float64(): "double"}
    described = [{"name": each.name, "type": kinds[each.type]} for each in table.schema]
    search = Search(described)
    passed = sum(batch.num_rows for batch in search.over(table.to_batches(max_chunksize=2)))
    assert passed == table.num_rows
    return {each.column: (each.form, each.values) for each in search.found()}


@pytest.mark.parametrize(
    ("value", "form"),
    [
        (NUMBER, "identity_number"),
        (NUMBER.lower(), "identity_number"),
        ("13800138000", "mobile_number"),
        (" +86 13800138000 ", "mobile_number"),
        (13800138000, "mobile_number"),
        ("wang@example.cn", "email"),
    ],
)
def test_a_value_that_names_a_person_is_found(value: str | int, form: str) -> None:
    assert found(a=[value, value, None]) == {"a": (form, 2)}


@pytest.mark.parametrize(
    "value",
    ["110105194912310021", "110105194913310021", "12800138000", "1380013800", 900, "a@b", "浦东"],
)
def test_what_only_resembles_one_is_not(value: str | int) -> None:
    assert found(a=[value]) == {}


def test_a_stray_value_among_many_names_no_column() -> None:
    assert found(a=["浦东"] * 30 + ["13800138000"]) == {}
    assert found(a=["浦东"] * 19 + ["13800138000"]) == {"a": ("mobile_number", 1)}


def test_other_columns_are_left_alone() -> None:
    assert found(a=[13800138000.5], b=["wang@example.cn"]) == {"b": ("email", 1)}
