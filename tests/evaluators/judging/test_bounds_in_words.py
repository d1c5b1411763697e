"""“At most” is said of a bound alone: of the end of an interval or a line, never of an estimate."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
BOUND = re.compile(r"最多|不超过|至多|\bat most\b|\bup to\b|\bno more than\b")
PLACE = re.compile(r"{([a-z_.]+)[^}]*}")
BOUNDS = frozenset({"bound", "b", "ends"})
"""The ends of intervals that sentences put after such a word."""
ELSEWHERE = frozenset(
    {"evaluators/running/cost.py", "evaluators/option_faults.py", "explainers/asked.py"}
)
"""What a run may cost, and what an option may be: limits, not findings."""


def sentences() -> Iterator[tuple[str, str]]:
    """Every text of the code that makes findings and explanations, with its file."""
    for package in ("evaluators", "explainers"):
        for path in sorted((ROOT / package).rglob("*.py")):
            tree = ast.parse(path.read_text(encoding="utf-8"))
            for call in ast.walk(tree):
                if isinstance(call, ast.Call) and getattr(call.func, "id", "") == "Text":
                    for each in call.args:
                        yield str(path.relative_to(ROOT)), _text(each)


def _text(node: ast.expr) -> str:
    if isinstance(node, ast.Constant):
        return str(node.value)
    if isinstance(node, ast.JoinedStr):
        return "".join(
            "{" + ast.unparse(each.value) + "}"
            if isinstance(each, ast.FormattedValue)
            else str(each.value)
            if isinstance(each, ast.Constant)
            else ""
            for each in node.values
        )
    return ""


def claims(said: str) -> list[str]:
    """What stands nearest after each such word, else before it."""
    found = []
    for word in BOUND.finditer(said):
        after = PLACE.search(said, word.end())
        before = [each for each in PLACE.finditer(said) if each.end() <= word.start()]
        nearest = after or (before[-1] if before else None)
        found.append(nearest.group(1) if nearest else "")
    return found


def test_at_most_is_said_of_bounds_alone() -> None:
    """The near text of the difference of AUCs: “they differ by {low} to {high} at most”."""
    seen = 0
    for file, said in sentences():
        if file in ELSEWHERE or BOUND.fullmatch(
            said
        ):  # alone it is a superlative: of levels, the most
            continue
        for claimed in claims(said):
            seen += 1
            assert claimed in BOUNDS, f"{file}: {said}"
    assert seen


@pytest.mark.parametrize(
    ("said", "named"),
    [
        ("differ by up to {size} in these data (interval {low}–{high})", ["size"]),
        ("at most {bound} of such people", ["bound"]),
        ("they differ by {low} to {high} at most", ["high"]),
        ("相差最多 {gap}。", ["gap"]),
    ],
)
def test_the_walk_sees_what_is_claimed(said: str, named: list[str]) -> None:
    assert claims(said) == named
