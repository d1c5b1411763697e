"""How the demo's two models get through: trained beside the rest, walked side by side."""

import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import CancelledError
from pathlib import Path
from typing import Any, cast

import click
import pytest

from portal.commands import demo
from portal.demo import models
from portal.demo.journey import Journey, WorkFailed
from registry.language import Text

STEP = Text("一步", "a step")


class Walker:
    """What `_walk` needs of a journey, with one step of the test's own."""

    def __init__(self, step: Callable[["Walker"], None]) -> None:
        self._step = step
        self.story = {"answers": {"B1": {"zh": "示例公司"}}, "model": "example"}
        self.tell: Callable[[int, int, Text], None] = lambda *_: None

    def steps(self) -> Iterator[tuple[Text, Callable[[], None]]]:
        yield STEP, lambda: self._step(self)


def walk(*walkers: Walker) -> None:
    demo._walk(cast("list[Journey]", list(walkers)))


def test_one_enterprise_does_not_wait_for_the_other(capsys: pytest.CaptureFixture[str]) -> None:
    meeting = threading.Barrier(2)

    def meet(_: Walker) -> None:
        meeting.wait(10)

    walk(Walker(meet), Walker(meet))
    assert capsys.readouterr().out.count("✓ 示例公司 · example：一步 / a step") == 2


def test_what_stops_one_is_said_and_stops_the_other() -> None:
    begun, stopped = threading.Event(), list[Any]()

    def fail(_: Walker) -> None:
        assert begun.wait(10)
        raise WorkFailed("没有完成。", "No result.")

    def wait(me: Walker) -> None:
        begun.set()
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline:
            try:
                me.tell(0, 1, Text("", ""))
            except CancelledError as told:
                stopped.append(told)
                raise
            time.sleep(0.01)

    with pytest.raises(WorkFailed, match="No result"):
        walk(Walker(wait), Walker(fail))
    assert len(stopped) == 1


@pytest.mark.slow
def test_both_models_are_trained_by_a_process_of_its_own(tmp_path: Path) -> None:
    with demo._training(tmp_path) as trained:
        trained()
    made = [tmp_path / name / models.DONE for name in ("credit-approval", "area-pricing")]
    assert all(each.exists() for each in made)
    before = [each.stat().st_mtime_ns for each in made]
    assert models.credit(tmp_path).directory == made[0].parent  # taken as it is
    assert [each.stat().st_mtime_ns for each in made] == before


@pytest.mark.slow
def test_a_training_that_fails_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with (
        demo._training(tmp_path / "file") as trained,
        pytest.raises(click.ClickException, match="mingsuan demo"),
    ):
        trained()
