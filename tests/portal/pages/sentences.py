"""Everything that public pages can say, found in their templates, style sheet and code."""

import ast
import re
from collections.abc import Iterator
from itertools import product
from pathlib import Path

from jinja2 import Environment, nodes

from portal.pages import rendering

ROOT = Path(rendering.__file__).parents[2]
TEMPLATES = ROOT / "portal" / "pages" / "templates"
STATIC = ROOT / "portal" / "pages" / "static"
SPEAKING = (
    "portal/pages/public.py", "portal/pages/facets.py", "filing/search_options.py", "portal/pages/filed_view.py", "portal/pages/beyond.py", "portal/pages/unquoted.py",
    "portal/pages/report_view.py", "portal/home/telling.py", "filing/service.py", "filing/standing.py", "filing/unattached.py", "filing/withdrawn.py", "filing/as_of.py", "filing/due.py", "filing/withholding.py", "filing/recorded.py", "filing/tested_acts.py",
    "filing/wording.py", "filing/reported.py", "filing/computed.py",
    "filing/law.py", "filing/routes.py", "filing/concerns.py", "filing/concern_steps.py",
    "filing/recommended/criteria.py", "filing/recommended/order.py", "filing/recommended/lapse.py",
    "filing/recommended/publication.py", "filing/recommended/steps.py", "filing/recommended/log.py",
)  # fmt: skip
"""The code that says something of a record on the filed page, its list and its JSON twin."""
READ_OUT = re.compile(
    r"\b(?:alt|title|aria-label|aria-description|aria-roledescription|aria-valuetext|placeholder"
    r'|content|value|label|summary)="([^"]*)"'
)
WORD = re.compile("[A-Za-z\u4e00-\u9fff]")
SENTENCE = re.compile("[\u4e00-\u9fff]|[A-Za-z]+[ ,][ A-Za-z]+")
CONTENT = re.compile(r"(?<![-\w])content:\s*([^;}]+)")


def pairs(source: str) -> Iterator[tuple[str, str]]:
    """What a template says in both languages: every `t(zh, en)`, however it is quoted."""
    for call in _calls(source):
        yield from product(_texts(call.args[0]), _texts(call.args[1]))


def strays(source: str) -> list[str]:
    """What a template says outside of a pair: bare text, what is read out of a tag, expressions."""
    tree = _tree(source)
    inside = {id(each) for call in _calls(source, tree) for each in call.find_all(nodes.Const)}
    found = [
        each.value
        for each in tree.find_all(nodes.Const)
        if id(each) not in inside and isinstance(each.value, str) and SENTENCE.search(each.value)
    ]
    shown = [each for output in tree.find_all(nodes.Output) for each in output.nodes]
    found += [said for each in shown for said in _shown(each)]
    text = "".join(each.data for each in tree.find_all(nodes.TemplateData))
    found += READ_OUT.findall(text)
    found += re.sub(r"<[^<>]*>", "\n", text).split("\n")
    return [" ".join(each.split()) for each in found if WORD.search(each)]


def drawn(css: str) -> list[str]:
    """What a style sheet writes onto a page or a print, apart from counters and attributes."""
    return [
        said
        for said in CONTENT.findall(css)
        if WORD.search(re.sub(r"(attr|counter)\([^)]*\)", "", said))
    ]


def in_code(source: str) -> Iterator[tuple[str, str]]:
    """Every `Text(zh, en)` of a module; what is filled in stands as `{}`."""
    for each in ast.walk(ast.parse(source)):
        if (
            isinstance(each, ast.Call)
            and isinstance(each.func, ast.Name)
            and each.func.id == "Text"
        ):
            said = [_written(argument) for argument in each.args]
            if len(said) == 2 and any(WORD.search(part) for part in said):
                yield said[0], said[1]


def _written(node: ast.expr) -> str:
    if isinstance(node, ast.Constant):
        return str(node.value)
    if isinstance(node, ast.JoinedStr):
        return "".join(_written(each) for each in node.values)
    if isinstance(node, ast.BinOp):
        return _written(node.left) + _written(node.right)
    if isinstance(node, ast.IfExp):
        return f"{_written(node.body)}|{_written(node.orelse)}"
    return "{}"


def _shown(node: nodes.Node) -> list[str]:
    """The texts that an expression puts onto the page as they stand."""
    if isinstance(node, nodes.Const) and isinstance(node.value, str):
        return [node.value]
    if isinstance(node, nodes.CondExpr):
        return _shown(node.expr1) + (_shown(node.expr2) if node.expr2 else [])
    return []


def _tree(source: str) -> nodes.Template:
    return Environment(autoescape=True).parse(source)


def _calls(source: str, tree: nodes.Template | None = None) -> Iterator[nodes.Call]:
    for call in (tree or _tree(source)).find_all(nodes.Call):
        if isinstance(call.node, nodes.Name) and call.node.name == "t":
            yield call


def _texts(node: nodes.Node) -> list[str]:
    """The texts that one side of a pair can be; several where it depends on a condition."""
    found = [node] if isinstance(node, nodes.Const) else list(node.find_all(nodes.Const))
    return [each.value for each in found if isinstance(each.value, str)]
