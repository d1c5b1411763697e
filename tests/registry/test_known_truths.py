"""Models of known truth, asked through the sandbox, are explained as they are in process."""

from pathlib import Path

import pytest

from registry.language import LANGUAGES
from tests.explainers.sandboxed import scorer
from tests.explainers.truth import CASES, Case, faults, lines, made

pytestmark = pytest.mark.usefixtures("bare")

FIVE = (
    "approved from 30 on",
    "three of twenty cities are refused, with names",
    "a fare of two a kilometre, and twenty more for an Apple",
    "three classes, granted from 30 on",
    "a lottery",
)
"""The others are asked through the sandbox by `make bench`."""


@pytest.mark.parametrize("case", [c for c in CASES if c.name in FIVE], ids=lambda case: case.name)
def test_through_the_sandbox_the_same_sentences_stand(case: Case, tmp_path: Path) -> None:
    with scorer(tmp_path / "model", case) as sandbox:
        assert faults(case, sandbox) == []
        if "lottery" in case.name:
            return  # its answers are others each time
        explained, here = made(case, sandbox), made(case)
    assert [lines(explained, lang) for lang in LANGUAGES] == [
        lines(here, lang) for lang in LANGUAGES
    ]


def test_five_are_asked() -> None:
    assert len([case for case in CASES if case.name in FIVE]) == 5
