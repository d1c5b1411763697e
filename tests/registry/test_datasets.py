from datetime import datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy.orm import Session

from registry import (
    attestation,
    cells,
    characters,
    datasets,
    expansion,
    journal,
    overlaps,
    periods,
    reports,
    tables,
)
from registry.artifacts import ArtifactStore, TooLarge
from registry.datafiles import DatasetRefused
from registry.datasets import Use
from registry.organisations import Actor, Kind, NotYours, WrongRole
from tests import cast

CSV = """收入,approved,race,when,ok,code,note
1200.5,1,b,2024-01-02,true,007,x
,0,a,2024-01-03,FALSE,011,""
 900 ,1,,2024-02-01,true,012,"two
lines, one value"
"""


@pytest.fixture
def by(session: Session) -> Actor:
    """A tester."""
    return cast.actor(session, Kind.TESTER)


def write(tmp_path: Path, text: str, encoding: str = "utf-8") -> Path:
    path = tmp_path / "data.csv"
    path.write_bytes(text.encode(encoding))
    return path


def register(
    session: Session,
    store: ArtifactStore,
    by: Actor,
    path: Path,
    columns: list[dict[str, Any]] | None = None,
    **more: Any,
) -> datasets.Dataset:
    given: dict[str, Any] = {"name": "留出集", "use": Use.EVALUATION, "source": "合成"}
    given |= {"deidentification": "没有真人"} | more
    return datasets.register(session, store, by=by, path=path, columns=columns or [], **given)


def refusals(
    session: Session,
    store: ArtifactStore,
    by: Actor,
    path: Path,
    columns: list[dict[str, Any]] | None = None,
    **more: Any,
) -> dict[str, str]:
    """What is said of each offending item."""
    with pytest.raises(DatasetRefused) as refused:
        register(session, store, by, path, columns, **more)
    assert list(store.digests()) == []
    return {reason.item: reason.said.en for reason in refused.value.reasons}


def test_when_data_are_from_is_on_record_and_can_be_said_later(
    session: Session, store: ArtifactStore, by: Actor, tmp_path: Path
) -> None:
    path = write(tmp_path, CSV)
    with pytest.raises(periods.PeriodUnreadable):
        register(session, store, by, path, period="去年")
    made = register(session, store, by, path)
    assert made.period == ""
    assert register(session, store, by, path, period=" 2024/2025 ") is made
    assert made.period == "2024/2025"
    register(session, store, by, path, period="1990")
    assert made.period == "2024/2025"  # what was said stays
    assert datasets.about(made)["period"] == "2024/2025"
    assert reports.data(session, made)["period"] == "2024/2025"


def test_a_csv_file_is_stored_as_sent_with_its_schema(
    session: Session, store: ArtifactStore, by: Actor, tmp_path: Path
) -> None:
    path = write(tmp_path, CSV)
    made = register(
        session,
        store,
        by,
        path,
        [{"name": "approved", "role": "target"}, {"name": "race", "role": "sensitive"}],
    )
    assert made.digest == attestation.sha256(path.read_bytes())
    assert (made.format, made.rows, made.size) == ("csv", 3, path.stat().st_size)
    assert {c["name"]: (c["type"], c["role"]) for c in made.columns} == {
        "收入": ("double", "other"),
        "approved": ("long", "target"),
        "race": ("string", "sensitive"),
        "when": ("datetime", "other"),
        "ok": ("boolean", "other"),
        "code": ("string", "other"),
        "note": ("string", "other"),
    }
    table = datasets.load(store, made)
    assert table.to_pydict() == {
        "收入": [1200.5, None, 900.0],
        "approved": [1, 0, 1],
        "race": ["b", "a", None],
        "when": [datetime(2024, 1, 2), datetime(2024, 1, 3), datetime(2024, 2, 1)],  # noqa: DTZ001
        "ok": [True, False, True],
        "code": ["007", "011", "012"],
        "note": ["x", None, "two\nlines, one value"],
    }
    (event,) = journal.history(session, made.id)
    assert event.name == "dataset:file:registered"


@pytest.mark.parametrize("form", ["csv", "parquet", "dictionary"])
def test_columns_and_levels_hold_what_a_reader_can_see(
    session: Session, store: ArtifactStore, by: Actor, tmp_path: Path, form: str
) -> None:
    """security/A3: `g` beside `g`+U+200B, and a name with U+202E: the column is named."""

    def said(columns: dict[str, list[str]]) -> dict[str, str]:
        if form == "csv":
            lines = [",".join(columns), *map(",".join, zip(*columns.values(), strict=True))]
            return refusals(session, store, by, write(tmp_path, "\n".join(lines) + "\n"))
        table = pa.table(columns)
        if form == "dictionary":
            table = pa.table(
                {n: c.dictionary_encode() for n, c in zip(columns, table.columns, strict=True)}
            )
        pq.write_table(table, tmp_path / "made.parquet")
        return refusals(session, store, by, tmp_path / "made.parquet")

    names = said({"g": ["a", "b"], "g\u200b": ["a", "b"], "x\u202ey": ["a", "b"]})
    assert set(names) == {"g‹U+200B›", "x‹U+202E›y"}
    levels = said({"g": ["w", "w\u200b"] * 5, "t": ["u", "v\u3164"] * 5, "ok": ["男", "女"] * 5})
    assert set(levels) == {"g", "t"}
    assert "“w‹U+200B›”" in levels["g"]
    assert "Row 10 holds" in levels["g"]
    # Issue 7, D1: what did not repeat was free text, stored, and refused when it was evaluated.
    once = said({"a": ["1", "2", "3"], "b": ["y", "\u202ex", "z"], "c": ["t", "u", "v\x07"]})
    assert once == {
        "b": "Row 2 holds “‹U+202E›x”: Character 1 is U+202E (RIGHT-TO-LEFT OVERRIDE): it turns the "
        "direction of the writing.",
        "c": "Row 3 holds “v‹U+0007›”: Character 2 is U+0007: it is a control character.",
    }


@pytest.mark.parametrize("form", ["csv", "parquet"])
def test_cells_that_nobody_sees_are_named_by_row_wherever_they_lie(
    session: Session, store: ArtifactStore, by: Actor, tmp_path: Path, form: str
) -> None:
    """A few cells are named, of a column and of a file, and where they are in a large one."""
    rows = 300_000  # several blocks
    texts = [f"评论 {row}，每人各写各的一句话" for row in range(rows)]
    for row in (7, 123_456, 299_999):
        texts[row] += "\u2066 甲\u200d乙"
    wide = {f"c{n}": ["\u200b"] * 9 for n in range(20)}
    for columns, told in ((texts, [8, 123_457, 300_000]), (["\u200b"] * 9, [1, 2, 3, 4, 5])):
        path = tmp_path / "made"
        table = pa.table({"text": columns, "y": [1] * len(columns)})
        (pq.write_table if form == "parquet" else pa.csv.write_csv)(table, path)
        with pytest.raises(DatasetRefused) as refused:
            register(session, store, by, path)
        said = [reason.said.en.split(" holds")[0] for reason in refused.value.reasons]
        assert said == [f"Row {row}" for row in told]
        assert all("第" in reason.said.zh for reason in refused.value.reasons)
        assert all("register them again" in r.remedy.en for r in refused.value.reasons)
    (pq.write_table if form == "parquet" else pa.csv.write_csv)(pa.table(wide), path)
    with pytest.raises(DatasetRefused) as refused:
        register(session, store, by, path)
    assert len(refused.value.reasons) == characters.MOST_REASONS
    assert list(store.digests()) == []


def test_cells_may_hold_every_text_that_a_reader_can_see(
    session: Session, store: ArtifactStore, by: Actor, tmp_path: Path
) -> None:
    """Lines, tabs and an emoji with its variation selector are seen; what is right is kept."""
    lines = ["text,y"] + [f'"评论 {row} ❤\ufe0f\t两\r\n行 é 𠮷 Ж",1' for row in range(40)]
    made = register(session, store, by, write(tmp_path, "\n".join(lines) + "\n"), [])
    assert made.rows == 40


def test_arrow_and_python_find_the_same_characters() -> None:
    """Each character alone, and between two others."""
    every = [chr(n) for n in range(1, 0x110000) if not 0xD800 <= n < 0xE000]
    for around in ("", "a", "❤"):
        texts = [around + each + around for each in every]
        found = pc.match_substring_regex(pa.array(texts), cells._UNWANTED).to_pylist()
        wanted = [characters.ANY.search(each) is not None for each in texts]
        assert found == wanted


@given(
    st.text(
        st.sampled_from("a \n\r\t\u3000\x1c\xa0\u200d\u200b\ufe0f\ufe00❤👩💻🏽\U0001f3fb中𠮷⬛↔"),
        max_size=8,
    )
)
@settings(max_examples=2000)
def test_arrow_and_python_find_the_same_texts(text: str) -> None:
    """A joiner, a form and a line break are judged by what stands beside them."""
    (found,) = pc.match_substring_regex(pa.array([text]), cells._UNWANTED).to_pylist()
    assert found == (next(characters.unwanted(text), None) is not None)


def test_a_parquet_file_keeps_its_types(
    session: Session, store: ArtifactStore, by: Actor, tmp_path: Path
) -> None:
    table = pa.table(
        {
            "a": pa.array([1, 2, None], pa.int32()),
            "b": pa.array([1.5, float("nan"), None], pa.float32()),
            "c": pa.array(["x", "y", "x"]).dictionary_encode(),
            "d": pa.array([True, False, None]),
        }
    )
    pq.write_table(table, tmp_path / "data.parquet")
    made = register(session, store, by, tmp_path / "data.parquet")
    assert [c["type"] for c in made.columns] == ["long", "double", "string", "boolean"]
    assert datasets.load(store, made).to_pydict() == {
        "a": [1, 2, None],
        "b": [1.5, None, None],
        "c": ["x", "y", "x"],
        "d": [True, False, None],
    }


def test_further_words_about_a_column_are_kept(
    session: Session, store: ArtifactStore, by: Actor, tmp_path: Path
) -> None:
    plain = {"zh": "是否通过", "en": "approved"}
    column = {"name": "approved", "role": "target", "plain": plain, "actionable": 0}
    made = register(session, store, by, write(tmp_path, CSV), [column])
    (kept,) = [c for c in made.columns if c["name"] == "approved"]
    assert (kept["plain"], kept["actionable"], kept["type"]) == (plain, 0, "long")


def test_text_in_a_column_of_numbers_is_named_with_its_row(
    session: Session, store: ArtifactStore, by: Actor, tmp_path: Path
) -> None:
    rows = "".join(f"{number},1\n" for number in range(40))
    path = write(tmp_path, f"income,y\n{rows}about 12,1\n")
    said = refusals(session, store, by, path)
    assert said == {"income": "Text in a column of numbers: row 41 holds 'about 12'."}
    made = register(session, store, by, path, [{"name": "income", "type": "string"}])
    assert datasets.load(store, made)["income"].to_pylist()[-1] == "about 12"


def test_a_declared_type_must_hold(
    session: Session, store: ArtifactStore, by: Actor, tmp_path: Path
) -> None:
    path = write(tmp_path, "a,b\nx,1.5\n2,2\n")
    declared = [{"name": "a", "type": "double"}, {"name": "b", "type": "long"}]
    said = refusals(session, store, by, path, declared)
    assert said["a"] == "Text in a column of numbers: row 1 holds 'x'."
    assert "b" in said


@pytest.mark.parametrize("role", ["sensitive", "profile"])
def test_two_words_of_a_group_are_never_made_one_number_by_a_guess(
    session: Session, store: ArtifactStore, by: Actor, tmp_path: Path, role: str
) -> None:
    path = write(tmp_path, "step,approved\n1.10,1\n1.1,0\n2,1\n 2 ,0\n")
    column = {"name": "step", "role": role}
    said = refusals(session, store, by, path, [column])
    assert "'1.1' 1 row, '1.10' 1 row" in said["step"]
    words = register(session, store, by, path, [column | {"type": "string"}])
    assert datasets.load(store, words)["step"].to_pylist()[:2] == ["1.10", "1.1"]


def test_who_declares_numbers_has_numbers_in_any_spelling(
    session: Session, store: ArtifactStore, by: Actor, tmp_path: Path
) -> None:
    path = write(tmp_path, "step,paid\n1.10,1.50\n1.1,1.5\n2,1\n")
    column = {"name": "step", "role": "sensitive", "type": "double"}
    made = register(session, store, by, path, [column, {"name": "paid", "role": "price"}])
    assert datasets.load(store, made)["step"].to_pylist() == [1.1, 1.1, 2.0]


def test_whole_numbers_may_be_declared_as_measured_ones(
    session: Session, store: ArtifactStore, by: Actor, tmp_path: Path
) -> None:
    made = register(
        session, store, by, write(tmp_path, "a\n1\n+2\n"), [{"name": "a", "type": "double"}]
    )
    assert datasets.load(store, made)["a"].to_pylist() == [1.0, 2.0]


@pytest.mark.parametrize(
    ("text", "item", "said"),
    [
        ("", "文件", "The file is empty."),
        ("a,b\n", "行", "The file has no rows of data."),
        ("a,b,a\n1,2,3\n", "a", "Columns 1 and 3 have the same name."),
        ("a,,b\n1,2,3\n", "#2", "Column 2 has no name."),
        ("a,b\n1,2\n1,2,3\n", "3", "Line 3 has 3 values instead of 2."),
        ("a\x00b\n", "文件", "The file is neither Parquet, nor Arrow, nor readable text."),
        ("PAR1 is no Parquet file", "Parquet", "no whole Parquet file"),
    ],
)
def test_a_file_that_is_no_table_is_refused_with_the_place(
    session: Session,
    store: ArtifactStore,
    by: Actor,
    tmp_path: Path,
    text: str,
    item: str,
    said: str,
) -> None:
    assert said in refusals(session, store, by, write(tmp_path, text))[item]


@pytest.mark.parametrize(
    "text",
    ["a,b\n1," + "z" * 9_000_000, 'a,b\n1,"x\n' + "2,y\n" * 3_000_000],
    ids=["a cell", "a quote not closed"],
)
def test_a_line_that_cannot_be_held_is_told_by_its_causes(
    session: Session, store: ArtifactStore, by: Actor, tmp_path: Path, text: str
) -> None:
    """Breaker on issue 7, G4: no words of a library, and a remedy that helps."""
    with pytest.raises(DatasetRefused) as refused:
        register(session, store, by, write(tmp_path, text))
    (reason,) = refused.value.reasons
    for words in (reason.said.zh, reason.said.en, reason.remedy.zh, reason.remedy.en):
        assert "straddl" not in words
        assert "UTF-8" not in words
    assert "双引号没有成对" in reason.said.zh
    assert "a cell is too long" in reason.said.en
    assert f"{expansion.MAX_CELL:,}" in reason.remedy.en


@pytest.mark.parametrize("wrong", [1, 9, 10, 11, 30_000])
def test_the_first_lines_of_a_wrong_length_are_named_and_the_rest_is_not_read(
    session: Session, store: ArtifactStore, by: Actor, tmp_path: Path, wrong: int
) -> None:
    """Security stranger on issue 7, F7d/1: ten are named, each with its line, however many follow."""
    with pytest.raises(DatasetRefused) as refused:
        register(session, store, by, write(tmp_path, "a,b\n1,2\n" + "1\n" * wrong + "3,4\n"))
    assert [each.item for each in refused.value.reasons] == [
        str(line) for line in range(3, 3 + min(wrong, tables.MOST_RAGGED))
    ]


def test_a_line_too_long_behind_one_too_short_is_told_beside_it(
    session: Session, store: ArtifactStore, by: Actor, tmp_path: Path
) -> None:
    path = write(tmp_path, "a,b\n1\n1," + "z" * 9_000_000)
    assert list(refusals(session, store, by, path)) == ["2", "CSV"]


def test_every_wrong_role_is_named_with_its_column(
    session: Session, store: ArtifactStore, by: Actor, tmp_path: Path
) -> None:
    columns = [
        {"name": "race", "role": "colour"},
        {"name": "absent", "role": "input"},
        {"name": "note", "role": "price"},
        {"name": "approved", "role": "target"},
        {"name": "ok", "role": "target"},
        {"name": "ok", "role": "input"},
        {"name": "when", "role": "time", "type": "moment"},
    ]
    said = refusals(session, store, by, write(tmp_path, CSV), columns)
    assert "no role 'colour'" in said["race"]
    assert said["absent"].startswith("The file has no such column. It has: 收入, approved")
    assert said["note"] == "The role price needs numbers; the column is of type string."
    assert said["ok"] == "The column is declared twice."
    assert "no type 'moment'" in said["when"]


def test_one_role_for_one_column(
    session: Session, store: ArtifactStore, by: Actor, tmp_path: Path
) -> None:
    columns = [{"name": "approved", "role": "target"}, {"name": "ok", "role": "target"}]
    said = refusals(session, store, by, write(tmp_path, CSV), columns)
    assert said == {"ok": "Only one column may have the role target; 'approved' has it."}


def test_infinite_values_and_foreign_types_are_refused(
    session: Session, store: ArtifactStore, by: Actor, tmp_path: Path
) -> None:
    table = pa.table(
        {"a": [1.0, float("inf")], "b": [[1], [2]], "c": pa.array([2**64 - 1] * 2, pa.uint64())}
    )
    pq.write_table(table, tmp_path / "x.parquet")
    said = refusals(session, store, by, tmp_path / "x.parquet")
    assert said["b"].startswith("A column of type list")
    pq.write_table(table.drop_columns(["b"]), tmp_path / "x.parquet")
    said = refusals(session, store, by, tmp_path / "x.parquet")
    assert said["a"] == "Row 2 is infinite."
    assert said["c"].startswith("Not readable as long")


def test_a_chinese_spreadsheet_encoding_is_read(
    session: Session, store: ArtifactStore, by: Actor, tmp_path: Path
) -> None:
    made = register(session, store, by, write(tmp_path, CSV, "gb18030"))
    assert made.format == "csv-gbk"
    assert datasets.load(store, made)["收入"].to_pylist() == [1200.5, None, 900.0]


def test_a_byte_order_mark_is_no_part_of_a_name(
    session: Session, store: ArtifactStore, by: Actor, tmp_path: Path
) -> None:
    made = register(session, store, by, write(tmp_path, CSV, "utf-8-sig"))
    assert made.columns[0]["name"] == "收入"
    assert datasets.load(store, made).num_rows == 3


def test_types_are_found_over_the_whole_file_not_its_first_block(
    session: Session,
    store: ArtifactStore,
    by: Actor,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(tables, "BLOCK", 256)
    lines = [f"{number},{number}" for number in range(500)]
    path = write(tmp_path, "\n".join(["a,b", *lines, "0.5,"]) + "\n")
    made = register(session, store, by, path)
    assert [c["type"] for c in made.columns] == ["double", "long"]
    table = datasets.load(store, made)
    assert table["a"].to_pylist()[-1] == 0.5
    assert table["b"].null_count == 1
    assert sum(batch.num_rows for batch in datasets.batches(store, made)) == 501


def test_a_file_above_the_limit_is_refused(
    session: Session, store: ArtifactStore, by: Actor, tmp_path: Path
) -> None:
    with pytest.raises(TooLarge):
        register(session, store, by, write(tmp_path, CSV), limit=10)


def test_name_source_and_deidentification_must_be_said(
    session: Session, store: ArtifactStore, by: Actor, tmp_path: Path
) -> None:
    with pytest.raises(DatasetRefused) as refused:
        register(
            session, store, by, write(tmp_path, CSV), name=" ", source="", deidentification=""
        )
    assert [reason.item for reason in refused.value.reasons] == [
        "name",
        "source",
        "deidentification",
    ]


def test_the_same_file_is_one_record_and_never_two_descriptions(
    session: Session, store: ArtifactStore, by: Actor, tmp_path: Path
) -> None:
    path = write(tmp_path, CSV)
    first = register(session, store, by, path)
    assert register(session, store, by, path).id == first.id
    with pytest.raises(datasets.AlreadyRegistered, match="留出集"):
        register(session, store, by, path, [{"name": "race", "role": "sensitive"}])
    assert register(session, store, cast.actor(session, Kind.TESTER), path).id != first.id


def test_a_file_registered_before_it_had_to_be_said_is_described_by_registering_it_again(
    session: Session, store: ArtifactStore, tmp_path: Path
) -> None:
    """public/B1: the remedy for explanation data without a statement, once and on record."""
    filer, path = cast.actor(session), write(tmp_path, CSV)
    made = register(session, store, filer, path, use=Use.EXPLANATION)
    made.deidentification = ""
    session.flush()
    again = register(session, store, filer, path, use=Use.EXPLANATION, deidentification="删去姓名")
    assert (again.id, again.deidentification) == (made.id, "删去姓名")
    names = [event.name for event in journal.history(session, made.id)]
    assert names == ["dataset:file:registered", "dataset:deidentification:said"]
    register(session, store, filer, path, use=Use.EXPLANATION, deidentification="别的话")
    assert made.deidentification == "删去姓名"


def test_rows_go_to_the_owner_alone_and_the_record_holds_none(
    session: Session, store: ArtifactStore, by: Actor, tmp_path: Path
) -> None:
    made = register(session, store, by, write(tmp_path, "name,y\nsecret-wang,1\n"))
    assert datasets.rows_for(by, store, made).num_rows == 1
    with pytest.raises(NotYours):
        datasets.rows_for(cast.actor(session), store, made)
    assert "secret-wang" not in attestation.canonical(datasets.about(made)).decode()
    (event,) = journal.history(session, made.id)
    assert "secret-wang" not in str(event.details)


def test_filers_explain_testers_evaluate_and_reviewers_register_nothing(
    session: Session, store: ArtifactStore, by: Actor, tmp_path: Path
) -> None:
    path = write(tmp_path, CSV)
    with pytest.raises(WrongRole):
        register(session, store, by, path, use=Use.EXPLANATION)
    with pytest.raises(WrongRole):
        register(session, store, cast.actor(session, Kind.AUTHORITY), path)
    filer = cast.actor(session)
    register(session, store, filer, path, use=Use.EXPLANATION)
    register(session, store, filer, path, use=Use.EVALUATION)
    assert len(datasets.owned(session, filer.organisation_id)) == 2
    assert len(datasets.owned(session, filer.organisation_id, use=Use.EXPLANATION)) == 1
    assert datasets.blobs(session) == set(store.digests())


def test_shared_rows_are_counted_whatever_the_file_format(
    session: Session, store: ArtifactStore, by: Actor, tmp_path: Path
) -> None:
    first = register(session, store, by, write(tmp_path, "a,b\n1,x\n2,y\n3,z\n4,\n"))
    table = pa.table({"b": ["x", "q", None], "a": [1.0, 2.0, 4.0], "c": [1, 2, 3]})
    pq.write_table(table, tmp_path / "x.parquet")
    second = register(session, store, by, tmp_path / "x.parquet", name="训练集")
    found = overlaps.overlap(store, first, second)
    assert (found.rows, found.shared, found.share) == (4, 2, 0.5)
    assert found.columns == ("a", "b")
    pq.write_table(pa.table({"other": [1]}), tmp_path / "y.parquet")
    third = register(session, store, by, tmp_path / "y.parquet", name="别的")
    assert overlaps.overlap(store, first, third).share == 0


@pytest.mark.parametrize(
    "words",
    [
        ["1e-99999999999999999999", "1"],
        ["0e99999999999999999999", "0"],
        ["0.0", "-0e9999999"],
        ["1e-9999999", "1.5"],
    ],
)
def test_an_exponent_that_no_decimal_has_is_read_as_the_number_that_is_held(
    session: Session, store: ArtifactStore, by: Actor, tmp_path: Path, words: list[str]
) -> None:
    """Security stranger on issue 7, line 12: a fault of the server, from a cell of 24 bytes."""
    made = register(session, store, by, write(tmp_path, "a\n" + "\n".join(words) + "\n"))
    assert datasets.load(store, made)["a"].to_pylist() == [float(word) for word in words]
