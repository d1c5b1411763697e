"""The grade in force, and the answers that count under it."""

from pathlib import Path

import pytest

from filing import grading, risk
from filing.fields import Answers
from filing.forms import current
from filing.risk import Level
from tests.filing import papers
from tests.filing.test_applicability import altered
from tests.filing.test_checks import stored

ONLY_HIGH = {"D4": 'when = { means = "grade", is = ["high"] }'}


def test_the_grade_decides_what_counts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    form = altered(tmp_path, monkeypatch, "design.toml", ONLY_HIGH)
    high, low = (Answers(form, stored(G1=each)) for each in (papers.HIGH, papers.LOW))
    assert "D4" in grading.counted(high, None).rows
    assert "D4" not in grading.counted(low, None).rows
    assert "D4" in low.rows


def test_the_reviewers_grade_decides_what_counts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    form = altered(tmp_path, monkeypatch, "design.toml", ONLY_HIGH)
    low = Answers(form, stored(G1=papers.LOW))
    change = {"level": "high", "from": "low", "answers": "", "confirmed": "2026-11-21T00:00:00Z"}
    assert "D4" in grading.counted(low, change).rows
    del change["confirmed"]
    assert "D4" not in grading.counted(low, change).rows


def test_without_a_grade_nothing_is_high(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    form = altered(tmp_path, monkeypatch, "design.toml", ONLY_HIGH)
    open_ = Answers(form, {key: each for key, each in stored().items() if key != "G1"})
    assert grading.grade(open_) is None
    assert "D4" not in grading.counted(open_, None).rows


@pytest.mark.parametrize("level", Level)
def test_the_grades_that_a_condition_may_name_are_those_of_the_method(level: Level) -> None:
    option = current().field("G2").value.option(level.value)
    assert option is not None
    assert option.name == risk.LEVEL_NAMES[level]
