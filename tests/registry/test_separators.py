"""A table that is not separated by commas is refused by its separator, never read as one column."""

from pathlib import Path

import pytest

from evaluators.running.files import FileUnfit
from portal.home import plan_start
from registry import tables


@pytest.mark.parametrize(
    ("text", "zh", "en"),
    [
        ("grp;due;income\na;0;1840,0\nb;1;359,5\n", "分号", "a semicolon"),
        ("grp\tdue\na\t0\nb\t1\n", "制表符", "a tab"),
        ("grp|due\na|0\nb|1\n", "竖线", "a bar"),
        ("sep=,\ngrp,due\na,0\nb,1\n", "sep=", "sep="),
        ("sep=;\ngrp;due\na;0\nb;1\n", "sep=", "sep="),
    ],
)
def test_another_separator_is_named(tmp_path: Path, text: str, zh: str, en: str) -> None:
    path = tmp_path / "rows.csv"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(tables.TableRefused) as refused:
        tables.inspect(path, {})
    (reason,) = refused.value.reasons
    assert zh in reason.said.zh
    assert en in reason.said.en
    assert "commas" in reason.remedy.en
    with pytest.raises(FileUnfit):
        plan_start.draft(path)


@pytest.mark.parametrize("text", ["a;b,c\n1,2\n", "only\n1\n2\n"])
def test_commas_and_a_single_plain_column_are_read(tmp_path: Path, text: str) -> None:
    path = tmp_path / "rows.csv"
    path.write_text(text, encoding="utf-8")
    assert tables.inspect(path, {}).rows >= 1
