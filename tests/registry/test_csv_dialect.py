"""A table of text is read as what it is written as, or refused as what it is (statistics/25)."""

from pathlib import Path

import pytest

from evaluators.running.files import FileUnfit, open_rows
from portal.home import plan_start
from registry import csv_dialect, tables

ROWS = [("a", "5520", "1840.0"), ("b", "1078", "359.5"), ("c", "7", "0.25")]
PLAIN = "grp,income,due\n" + "".join(",".join(row) + "\n" for row in ROWS)


def _read(path: Path, text: str, encoding: str = "utf-8") -> list[dict[str, object]]:
    path.write_text(text, encoding=encoding)
    rows = open_rows(path)
    return [row for batch in rows.read() for row in batch.to_pylist()]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (PLAIN.replace(",", ";"), "semicolons"),
        (PLAIN.replace(",", ";").replace(".", ","), "decimal commas are read as points"),
        (PLAIN.replace(",", "\t"), "tabs"),
        (PLAIN.replace(",", "|"), "bars"),
        ("sep=,\n" + PLAIN, ""),
        ('"sep=;"\r\n' + PLAIN.replace(",", ";").replace("\n", "\r\n"), "semicolons"),
        (PLAIN.replace("income", " income "), "blanks about names dropped: income"),
        (PLAIN.replace("\n", ",\n"), "for want of a name: 1"),
        ("".join(f"{n or ''},{line}\n" for n, line in enumerate(PLAIN.split())), "for want"),
    ],
)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
def test_the_same_table_written_otherwise_holds_the_same_rows(
    tmp_path: Path, text: str, said: str, encoding: str
) -> None:
    path = tmp_path / "rows.csv"
    plain = _read(path, PLAIN)
    text = text.replace("grp", "组别") if encoding == "gb18030" else text
    plain = [{"组别" if encoding == "gb18030" else "grp": r.pop("grp"), **r} for r in plain]
    assert _read(path, text, encoding) == plain
    notes = " ".join(note.en for note in open_rows(path).remarks())
    assert said in notes
    assert bool(notes) == bool(said)
    assert said.split(":", maxsplit=1)[0] in plan_start.draft(path)


def test_the_record_reads_the_same_rows_as_the_look(tmp_path: Path) -> None:
    path = tmp_path / "rows.csv"
    path.write_text("sep=;\n" + PLAIN.replace(",", ";").replace(".", ","), encoding="utf-8")
    found = tables.inspect(path, {})
    assert found.columns == {"grp": "string", "income": "long", "due": "double"}
    with path.open("rb") as stream:
        batches = list(tables.batches(stream, found.format, dict(found.columns)))
    assert [row["due"] for batch in batches for row in batch.to_pylist()] == [1840.0, 359.5, 0.25]


@pytest.mark.parametrize(
    ("due", "word"), [(("1,234", "1,500", "2,000"), "1,234"), (("1,5", "2.5", "3"), "1,5")]
)
def test_a_comma_that_may_be_two_things_is_asked_about_where_the_column_is_read(
    tmp_path: Path, due: tuple[str, ...], word: str
) -> None:
    path = tmp_path / "rows.csv"
    path.write_text("g;due\n" + "".join(f"a;{each}\n" for each in due), encoding="utf-8")
    (reason,) = open_rows(path).unfit["due"]
    assert f"Row 1 holds '{word}'" in reason.said.en
    assert "千分位" in reason.said.zh
    with pytest.raises(tables.TableRefused):
        tables.inspect(path, {})


def test_zero_thousands_are_decimals(tmp_path: Path) -> None:
    rows = _read(tmp_path / "rows.csv", "g;due\na;0,125\nb;1,250\n")
    assert [row["due"] for row in rows] == [0.125, 1.25]


def test_a_comma_in_a_comma_separated_file_is_no_decimal_comma(tmp_path: Path) -> None:
    rows = _read(tmp_path / "rows.csv", 'g,due\na,"1,5"\nb,"2,5"\n')
    assert [row["due"] for row in rows] == ["1,5", "2,5"]


@pytest.mark.parametrize("text", ["a;b,c\n1,2\n", "only\n1\n2\n", "a,b;c\n1,2;3\n"])
def test_commas_and_a_single_plain_column_are_read(tmp_path: Path, text: str) -> None:
    assert len(_read(tmp_path / "rows.csv", text)) >= 1


@pytest.mark.parametrize(
    ("content", "zh", "en"),
    [
        (b'[{"a": 1}]', "JSON", "JSON"),
        (b'\xef\xbb\xbf\n{"a": 1}', "JSON", "JSON"),
        (b"<!doctype html><table>", "网页", "web page"),
        (b"PK\x03\x04" + b"\0" * 20, "Excel", "Excel"),
        (b"\xd0\xcf\x11\xe0" + b"\0" * 20, "Excel", "Excel"),
        (b"\x1f\x8b" + b"\0" * 20, "gzip", "gzip"),
    ],
)
def test_what_is_no_table_is_named(tmp_path: Path, content: bytes, zh: str, en: str) -> None:
    path = tmp_path / "rows.csv"
    path.write_bytes(content)
    with pytest.raises(FileUnfit) as unfit:
        plan_start.draft(path)
    (reason,) = unfit.value.reasons
    assert zh in reason.said.zh
    assert en in reason.said.en
    assert "to_csv" in reason.remedy.en


def test_a_nameless_column_amid_others_is_a_mistake(tmp_path: Path) -> None:
    path = tmp_path / "rows.csv"
    path.write_text("a,,b\n1,2,3\n", encoding="utf-8")
    with pytest.raises(FileUnfit, match="read as data"):
        open_rows(path)


def test_names_alike_but_for_blanks_are_one_name_twice(tmp_path: Path) -> None:
    path = tmp_path / "rows.csv"
    path.write_text("a,a \n1,2\n", encoding="utf-8")
    with pytest.raises(FileUnfit) as unfit:
        open_rows(path)
    assert "same name" in unfit.value.reasons[0].said.en


def test_a_first_line_without_end_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "rows.csv"
    path.write_text("a" * (csv_dialect.MAX_FIRST_LINE + 2), encoding="utf-8")
    with pytest.raises(tables.TableRefused):
        tables.inspect(path, {})
