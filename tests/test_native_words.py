"""Chinese as a native reader writes it, wherever the product speaks: 您, full-width marks, the house's terms."""

import ast
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[1]
PACKAGES = ("registry", "evaluators", "explainers", "filing", "portal")
HAN = r"[\u4e00-\u9fff]"
PAIR = re.compile(rf"\bt\('([^']*{HAN}[^']*)'")
ADDRESS = re.compile(r"\S+://\S+")
PATTERN = "(?:"
"""By which a pattern of what filers write is told from what the product says."""
ELSEWHERE = {
    "evaluators/judging/counted.py": "patterns of what is counted",
    "filing/claims.py": "patterns of what filers claim",
    "registry/assertions.py": "patterns of what filers write of inputs",
    "registry/deciders.py": "patterns of what filers write of who decides",
    "registry/directions.py": "patterns of what filers write of results",
    "filing/echoes.py": "patterns of what names somebody",
    "registry/jargon.toml": "words that a reader need not know",
}
KINDS = {
    "你，不是您": r"你",
    "重复的字": r"的的|是是|了了(?!解)",
    "半角的逗号、分号、冒号、问号、叹号": rf"{HAN}[,;:?!]{HAN}",
    "半角的括号": rf"{HAN} ?\({HAN}|{HAN}\){HAN}",
    "备案主体，不是备案单位": r"备案单位",
    "已签章确认，不是已会签": r"会签",
    "数过的几家是主语，不是价格的主人": r"(?<!其余各)\{people\}的\{price\}|次\{price\}变了",
}


def spoken() -> Iterator[tuple[str, str]]:
    """Every text with Chinese in it of code, templates and tables, with the file that says it."""
    for package in PACKAGES:
        for path in sorted((ROOT / package).rglob("*")):
            name = path.relative_to(ROOT).as_posix()
            if name in ELSEWHERE or "__pycache__" in name or not path.is_file():
                continue
            if path.suffix == ".py":
                yield from ((name, each) for each in _constants(path))
            elif path.suffix == ".html":
                yield from ((name, each) for each in PAIR.findall(path.read_text("utf-8")))
            elif path.suffix == ".toml":
                table = tomllib.loads(path.read_text("utf-8"))
                yield from ((name, each) for each in _texts(table))


def _constants(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        said = node.value if isinstance(node, ast.Constant) else None
        if isinstance(said, str) and re.search(HAN, said) and PATTERN not in said:
            yield ADDRESS.sub("", said)


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield from [value] if re.search(HAN, value) else []
    elif isinstance(value, dict):
        for each in value.values():
            yield from _texts(each)
    elif isinstance(value, list):
        for each in value:
            yield from _texts(each)


@pytest.mark.parametrize("kind", KINDS)
def test_no_text_of_the_product_falls_into_a_known_kind_of_bad_chinese(kind: str) -> None:
    wrong = re.compile(KINDS[kind])
    assert [(file, said) for file, said in spoken() if wrong.search(said)] == []


def test_every_place_that_speaks_is_read() -> None:
    files = {file for file, _ in spoken()}
    assert {
        "portal/pages/templates/start.html",
        "explainers/table.py",
        "filing/schema/explanation.toml",
    } <= files


@pytest.mark.parametrize(
    ("kind", "said"),
    [
        ("你，不是您", "不保证你的结果"),
        ("半角的括号", "白人(得到有利结果)"),
        ("半角的逗号、分号、冒号、问号、叹号", "通过,不通过"),
        ("备案主体，不是备案单位", "备案单位（演示）"),
    ],
)
def test_each_kind_is_known_when_it_is_met(kind: str, said: str) -> None:
    assert re.search(KINDS[kind], said)
