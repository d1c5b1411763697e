"""A command that was not understood: Chinese first, English beside it."""

import json
from typing import Any

import click
import pytest

from portal import cli
from portal.commands import usage


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Any:
    """Call the command line in this process; how it ended and what it printed."""

    def call(*words: str) -> tuple[int, str, str]:
        with pytest.raises(SystemExit) as ended:
            cli.main(words)
        code = ended.value.code
        return code if isinstance(code, int) else 1, *capsys.readouterr()

    return call


MISUNDERSTOOD = {
    "no-such-command": ("没有命令 'no-such-command'。", "No such command 'no-such-command'."),
    "demo --prot 3": ("没有选项 '--prot'。是不是 '--port'？", "No such option '--prot'. Did you mean"),
    "demo --port": ("选项 '--port' 后面要写一个值。", "Option '--port' requires an argument."),
    "demo --no-serve=1": ("选项 '--no-serve' 后面不写值。", "does not take a value."),
    "demo --port x": ("'--port'：'x' 不是整数。", "'--port': 'x' is not a valid integer"),
    "demo one two": ("多写了：one two。", "Got unexpected extra arguments (one two)"),
    "verify": ("缺少参数 'FILE'。", "Missing argument 'FILE'."),
    "verify none": ("'FILE'：“none”不存在，请检查路径。", "'FILE': There is no 'none'; check"),
    "users organisation": ("缺少参数", "可选：enterprise, tester, authority, industry_body。"),
    "users organisation bank 甲": ("'bank' 不在可选的值之中：", "'bank' is not one of 'enterprise'"),
    "users invite": ("缺少", "Missing "),
    "submit .": ("缺少选项 '--model'。", "Missing option '--model'."),
    "plugin new": ("缺少", "Missing "),
    "evaluate": ("请给出计划文件；", "Name a plan file;"),
}  # fmt: skip


@pytest.mark.parametrize("words", MISUNDERSTOOD)
def test_what_was_not_understood_is_said_in_chinese_first(run: Any, words: str) -> None:
    code, out, err = run(*words.split())
    first, second, *_ = err.splitlines()
    assert (code, out) == (2, "")
    assert any("\u4e00" <= letter <= "\u9fff" for letter in first)
    assert not any("\u4e00" <= letter <= "\u9fff" for letter in second.replace("甲", ""))
    for part in MISUNDERSTOOD[words]:
        assert part in err


def test_what_was_not_understood_is_json_where_a_program_reads_it(run: Any) -> None:
    _, _, err = run("verify", "--json", "--no-such")
    error = json.loads(err)
    assert error["error"] == "NoSuchOption"
    assert (error["zh"], error["en"]) == ("没有选项 '--no-such'。", "No such option '--no-such'.")


def test_an_unknown_wording_still_begins_in_chinese() -> None:
    said = usage.said(click.UsageError("The moon is in the wrong house."))
    assert said.zh == "命令没有看懂（The moon is in the wrong house.）。"
    assert said.en == "The moon is in the wrong house."
