"""What is wrong in a text in TOML is told in the line, with how it is written."""

import time
import tomllib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry import typed_toml
from registry.language import Text

PLAN = Text("计划", "The plan")


def _refused(text: str) -> typed_toml.NotToml:
    with pytest.raises(typed_toml.NotToml) as refused:
        typed_toml.read(text, PLAN)
    return refused.value


@pytest.mark.parametrize(
    ("text", "row", "quoted"),
    [
        ('title = "t"\n[names.sex]\nlevels = { 男 = { zh = "男", en = "m" } }', 3, "男"),
        ('levels = { "男" = 1, 未归还 = 2 }', 1, "未归还"),
        ("[names.性别]\n", 1, "性别"),
        ("favourable = 归还", 1, "归还"),
        ('性别 = "a"', 1, "性别"),
        ("names.年龄段.plain = 1", 1, "年龄段"),
        ("a男 = 1", 1, "a男"),
    ],
)
def test_words_that_need_quotes_are_shown_in_quotes(text: str, row: int, quoted: str) -> None:
    """F-n7/9: `Invalid initial character for a key part` told nobody what to write."""
    error = _refused(text)
    assert f'"{quoted}"' in error.said.zh
    assert f'"{quoted}"' in error.said.en
    assert f"第 {row} 行" in error.said.zh
    assert f"in line {row}," in error.said.en


@pytest.mark.parametrize(
    ("text", "sign"),
    [("x = “a”", "“"), ("a = 1，", "，"), ("a＝1", "＝"), ('l = ["a"，"b"]', "，")],
)
def test_signs_of_a_chinese_keyboard_are_named(text: str, sign: str) -> None:
    error = _refused(text)
    assert f"“{sign}”是中文标点" in error.said.zh
    assert f"'{sign}'" in error.said.en


def test_any_other_fault_is_told_as_the_parser_tells_it() -> None:
    assert "Invalid statement" in _refused("= 1").said.en
    with pytest.raises(typed_toml.NotToml) as refused:
        typed_toml.decoded("性别".encode("gbk"), PLAN)
    assert "UTF-8" in refused.value.said.zh
    assert typed_toml.decoded(b"\xef\xbb\xbfa = 1", PLAN) == "a = 1"


@given(st.text("男a1 =\n\"'[]{}.,#＝，“", max_size=40))
def test_what_is_toml_is_read_and_all_else_is_refused_in_words(text: str) -> None:
    try:
        expected = tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        assert _refused(text).said.zh
    else:
        assert typed_toml.read(text, PLAN) == expected


@pytest.mark.parametrize(
    "text",
    [
        "a = " + "9" * 5000,
        "a = " + "[" * 20_000,
        "a = " + "{b=" * 20_000,
        "a" + ".a" * 500_000 + " = 1",
        "a" + " . a" * 200_000 + " = 1",
        "'a'" + ".'a'" * 200_000 + " = 1",
        "[" + '"a".' * 200_000 + "a]",
        "x = {" + "a." * 200_000 + "a = 1}",
    ],
    ids=["digits", "lists", "tables", "dots", "blanks", "quotes", "a head", "within"],
)
def test_what_costs_too_much_is_refused_at_once(text: str) -> None:
    """Security stranger on issue 7, line 10: 40 kB of a dotted name took seconds, 5,000 digits a 500."""
    begun = time.process_time()
    with pytest.raises(typed_toml.NotToml) as refused:
        typed_toml.read(text, PLAN)
    assert time.process_time() - begun < 1
    assert len(refused.value.said.zh) < 200


@pytest.mark.parametrize(
    "text",
    [
        "a" + ".a" * 40 + " = 1",
        "x = '" + "w" * 1_000_000 + "'",
        "# " + "-" * 500_000,
        "x = '1.2.3.4 ... a.b'",
    ],
    ids=["forty names", "a long text", "a line", "a text with dots"],
)
def test_what_is_long_and_flat_is_read(text: str) -> None:
    begun = time.process_time()
    typed_toml.read(text, PLAN)
    assert time.process_time() - begun < 1
