"""One clause per cause of rows that do not count, by the part that the column plays."""

from evaluators.running.left_out_words import clauses
from registry.language import Text


def plain(column: str) -> Text:
    return Text(f"列{column}", f"column {column}")


def cause(column: str, rows: int | None, kind: str = "missing") -> dict[str, object]:
    return {"column": column, "cause": kind, "rows": rows}


def test_a_missing_value_is_called_by_the_part_of_its_column() -> None:
    roles = {"prediction": "p", "score": "s", "target": "t"}
    content = {"without": [cause("s", 3), cause("p", 2), cause("t", 1), cause("x", 4)]}

    said = clauses(content, roles, plain)

    assert [each.zh for each in said] == [
        "3 行没有分数（列s）",
        "其余的行里，2 行没有决定（列p）",
        "其余的行里，1 行没有结果（列t）",
        "其余的行里，4 行没有“列x”",
    ]
    assert said[1].en == "of the rest 2 have no decision (column p)"


def test_no_row_is_no_clause_and_an_unpublished_number_is_no_number() -> None:
    content = {"without": [cause("x", 0), cause("w", None, "zero")]}

    (said,) = clauses(content, {}, plain)

    assert said.zh == "若干行（行数不公开）的权重（列w）是 0"
    assert said.en == "some (how many is not published) have a weight (column w) of 0"


def test_nothing_left_out_is_nothing_said() -> None:
    assert clauses({}, {}, plain) == []
