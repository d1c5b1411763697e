"""What a round can leave behind for the next one of the same version: nothing.

Each round is a child of one warmed interpreter. Every channel that a fork would open between two
children, or from a child to the interpreter, is tried by a model that means harm.
"""

import math
import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from evaluators.running.rounds import Questioner
from registry import environment
from registry.sandbox import Cause, Contained, zygote
from registry.sandbox.cgroups import ControlGroup
from registry.sandbox.round import Round
from registry.sandbox.supply import Cells, Zygotes
from registry.sandbox.zygote import WarmRound, Zygote
from registry.scoring import SandboxScorer
from registry.settings import Settings
from tests import exhaustive
from tests.registry import hostile_models as hostile
from tests.registry import leaving_models as leaving
from tests.registry.tiers import WARM, WAYS, in_turn, offered

pytestmark = [pytest.mark.hostile, pytest.mark.usefixtures("bare")]

INPUTS = [{"name": "a", "type": "double"}]
FRAME = pa.table({"a": np.arange(1.0, 6.0)})
BAD = pa.table({"a": [-1.0]})


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """A zygote forks in both tiers alike: `make hostile` asks in both, `make test` in one."""
    exhaustive.share(metafunc, "settings", WARM)


@pytest.fixture
def settings(request: pytest.FixtureRequest) -> Settings:
    return offered(request.param)


@pytest.fixture
def asking(
    settings: Settings, tmp_path: Path
) -> Iterator[Callable[[Callable[[Any], Any]], SandboxScorer]]:
    """Sandboxes of a model that is one of the functions."""
    opened: list[SandboxScorer] = []

    def scorer(function: Callable[[Any], Any]) -> SandboxScorer:
        model = leaving.write(tmp_path / f"model-{len(opened)}", function)
        opened.append(SandboxScorer(model, inputs=INPUTS, settings=settings, ahead=0))
        return opened[-1]

    yield scorer
    for each in opened:
        each.close()


Asking = Callable[[Callable[[Any], Any]], SandboxScorer]


def zygotes(scorer: SandboxScorer) -> list[Zygote]:
    supply = scorer._supply
    assert isinstance(supply, Zygotes)
    return supply._zygotes


@pytest.mark.parametrize(
    ("settings", "name"), in_turn(WARM, leaving.TRACES), indirect=["settings"]
)
def test_the_second_child_finds_nothing_of_the_first(name: str, asking: Asking) -> None:
    scorer = asking(leaving.TRACES[name])

    answers = [scorer.score([FRAME])[0] for _ in range(3)]

    assert [found.tolist() for found in answers] == [[0.0] * 5] * 3
    assert [each.rounds for each in zygotes(scorer)] == [3]


@pytest.mark.parametrize(
    ("settings", "name"), in_turn(WARM, leaving.REACHES), indirect=["settings"]
)
def test_a_child_does_not_reach_its_zygote(name: str, asking: Asking) -> None:
    scorer = asking(leaving.REACHES[name])

    with pytest.raises(Contained) as contained:
        scorer.score([FRAME])

    assert contained.value.cause in {Cause.OUTSIDE, Cause.FORBIDDEN_CALL}, contained.value.log


@pytest.mark.parametrize(
    "settings",
    [exhaustive.case(way, kept=way in WARM, name=str(way)) for way in WAYS],
    indirect=True,
)
def test_a_model_that_dices_is_found_not_deterministic(settings: Settings, tmp_path: Path) -> None:
    model = leaving.write(tmp_path / "model", leaving.dices)

    with SandboxScorer(model, inputs=INPUTS, settings=settings, ahead=0) as scorer:
        found = Questioner(scorer, ("a",), "seed").check(FRAME)

    assert not found.deterministic


def test_a_round_out_of_memory_says_so_and_the_next_one_not(asking: Asking) -> None:
    scorer = asking(leaving.takes_memory_on_a_negative)
    causes: list[Cause | None] = []
    for frame in (BAD, FRAME, BAD, pa.table({"a": [0.0]})):
        try:
            scorer.score([frame])
        except Contained as contained:
            causes.append(contained.cause)
        else:
            causes.append(None)

    assert causes == [Cause.MEMORY, None, Cause.MEMORY, Cause.CRASHED]


@pytest.mark.parametrize("code", [128 + 9, 128 + 24, 128 + 31])
def test_an_exit_code_is_no_signal(code: int, asking: Asking) -> None:
    scorer = asking(leaving.leaves_with(code))

    with pytest.raises(Contained) as contained:
        scorer.score([FRAME])

    assert contained.value.cause == Cause.CRASHED


def test_a_child_that_ends_badly_ends_its_zygote(asking: Asking) -> None:
    scorer = asking(hostile.aborts_on_a_negative)
    scorer.score([FRAME])
    (before,) = zygotes(scorer)

    with pytest.raises(Contained):
        scorer.score([BAD])

    assert before.over
    assert np.array_equal(scorer.score([FRAME])[0], FRAME["a"].to_numpy())
    assert zygotes(scorer)[0] is not before


def test_a_round_that_says_why_it_failed_and_waits_keeps_its_zygote(asking: Asking) -> None:
    """What the zygote learns of it is what it learns of every round: that we killed it."""
    scorer = asking(leaving.raises_on_a_negative)
    scorer.score([FRAME])
    (before,) = zygotes(scorer)

    for _ in range(3):
        with pytest.raises(Contained) as contained:
            scorer.score([BAD])
        assert contained.value.cause == Cause.MODEL_ERROR
        assert np.array_equal(scorer.score([FRAME])[0], FRAME["a"].to_numpy())

    assert zygotes(scorer) == [before]
    assert not before.over
    assert before.rounds == 7


def test_a_round_that_says_it_failed_and_leaves_with_a_word_ends_its_zygote(
    asking: Asking, monkeypatch: pytest.MonkeyPatch
) -> None:
    kill = WarmRound.kill_child

    def late(round_: WarmRound) -> None:
        time.sleep(1)
        kill(round_)

    monkeypatch.setattr(WarmRound, "kill_child", late)
    scorer = asking(leaving.says_failed_and_leaves_with_a_word)

    with pytest.raises(Contained) as contained:
        scorer.score([FRAME])

    assert contained.value.cause == Cause.MODEL_ERROR
    assert all(each.over for each in zygotes(scorer))


def test_a_round_that_ends_by_a_word_of_its_own_ends_its_zygote_too(
    asking: Asking, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It said that it was done, and its answers are whole; its exit code was not ours."""
    kill = WarmRound.kill_child

    def late(round_: WarmRound) -> None:
        time.sleep(1)
        kill(round_)

    monkeypatch.setattr(WarmRound, "kill_child", late)
    scorer = asking(leaving.says_done_and_leaves_with_a_word)

    answers = scorer.score([FRAME])[0]

    assert np.array_equal(answers, FRAME["a"].to_numpy())
    assert all(each.over for each in zygotes(scorer))


def test_a_child_that_cannot_be_put_into_its_control_group_gets_no_frame(
    asking: Asking, monkeypatch: pytest.MonkeyPatch
) -> None:
    scorer = asking(leaving.answers)
    if not scorer._ways.cgroup:
        pytest.skip("control groups cannot be written here")
    add = ControlGroup.add

    def give(_round: Round, _table: pa.Table) -> None:
        pytest.fail("a frame went to a child outside of its control group")

    monkeypatch.setattr(Round, "give", give)

    def refuse(group: ControlGroup, pid: int) -> None:
        if any(each.round is not None and each.round.group is group for each in zygotes(scorer)):
            raise FileNotFoundError(group)
        add(group, pid)

    monkeypatch.setattr(ControlGroup, "add", refuse)

    with pytest.raises(FileNotFoundError):
        scorer.score([FRAME])


def test_rounds_of_a_supply_that_was_closed_are_asked_again(
    asking: Asking, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A zygote was found unfit while another one's round was at work."""
    give = Round.give
    scorer = asking(leaving.answers_slowly)

    def then_unfit(round_: Round, table: pa.Table) -> None:
        give(round_, table)
        if isinstance(round_, WarmRound):
            zygotes(scorer)[0].unfit = True

    monkeypatch.setattr(Round, "give", then_unfit)

    answers = scorer.score([FRAME, FRAME])

    assert all(np.array_equal(found, FRAME["a"].to_numpy()) for found in answers)
    assert isinstance(scorer._supply, Cells)


def test_a_zygote_forks_so_many_rounds_and_no_more(
    asking: Asking, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(zygote, "ROUNDS", 2)
    scorer = asking(leaving.answers)
    seen: set[int] = set()
    for _ in range(5):
        scorer.score([FRAME])
        seen |= {each.confined.pid for each in zygotes(scorer)}

    assert len(seen) == 3


def test_a_zygote_that_nobody_asks_ends_and_another_takes_its_place(
    asking: Asking, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(zygote, "IDLE", 0.3)
    scorer = asking(leaving.answers)
    scorer.score([FRAME])
    (before,) = zygotes(scorer)
    assert before.confined._process is not None
    before.confined._process.wait(20)

    answers = scorer.score([FRAME])[0]

    assert np.array_equal(answers, FRAME["a"].to_numpy())
    assert before.over


def gone(process: int, seconds: float = 10.0) -> bool:
    """Whether a process ends: the kernel clears a namespace whose first process was killed by and by."""
    deadline = time.monotonic() + seconds
    while Path(f"/proc/{process}").exists():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.05)
    return True


def killing(
    monkeypatch: pytest.MonkeyPatch, victim: Callable[[int], int], times: float = math.inf
) -> list[int]:
    """Kill somebody from outside whenever a round's child has been given its rows.

    Args:
        monkeypatch: takes it back.
        victim: whom, by the child's number.
        times: how often.

    Returns:
        The children, filled as they come.
    """
    children: list[int] = []
    give = Round.give

    def then_kill(round_: Round, table: pa.Table) -> None:
        give(round_, table)
        assert isinstance(round_, WarmRound)
        assert round_._child is not None
        children.append(zygote._number(round_._child))
        if len(children) <= times:
            os.kill(victim(children[-1]), 9)

    monkeypatch.setattr(Round, "give", then_kill)
    return children


def itself(pid: int) -> int:
    """The child."""
    return pid


def test_a_zygote_killed_in_mid_round_takes_its_child_along_and_work_goes_on(
    asking: Asking, monkeypatch: pytest.MonkeyPatch
) -> None:
    children = killing(monkeypatch, parent, times=1)
    scorer = asking(leaving.answers_slowly)

    answers = scorer.score([FRAME])[0]

    assert np.array_equal(answers, FRAME["a"].to_numpy())
    assert len(children) == 2
    assert gone(children[0])


def test_a_child_killed_from_outside_is_asked_again(
    asking: Asking, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Security stranger on issue 7, F7d/9: a machine short of memory is not the model's fault."""
    children = killing(monkeypatch, itself, times=1)

    answers = asking(leaving.answers_slowly).score([FRAME])[0]

    assert np.array_equal(answers, FRAME["a"].to_numpy())
    assert len(children) == 2


def test_a_child_killed_again_and_again_is_the_machines_trouble(
    asking: Asking, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Work that it ends is given back and tried again, and the model is not blamed."""
    killing(monkeypatch, itself)

    with pytest.raises(Contained) as contained:
        asking(leaving.answers_slowly).score([FRAME])

    assert contained.value.cause == Cause.KILLED
    assert environment.unavailable(contained.value) is not None
    for words in (contained.value.said.zh, contained.value.said.en):
        assert "模型文件" not in words
        assert "damaged" not in words


def test_a_zygote_lost_again_and_again_is_the_machines_trouble_too(
    asking: Asking, monkeypatch: pytest.MonkeyPatch
) -> None:
    killing(monkeypatch, parent)

    with pytest.raises(Contained) as contained:
        asking(leaving.answers_slowly).score([FRAME])

    assert contained.value.cause == Cause.KILLED
    assert environment.unavailable(contained.value) is not None


def parent(pid: int) -> int:
    lines = Path(f"/proc/{pid}/status").read_text(encoding="utf-8").splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("PPid:"))


def test_two_zygotes_share_the_work_where_that_pays(
    asking: Asking, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Zygotes, "_pays", lambda *_: True)
    scorer = asking(leaving.answers_slowly)

    answers = scorer.score([FRAME] * 6)

    assert all(np.array_equal(found, FRAME["a"].to_numpy()) for found in answers)
    assert len(zygotes(scorer)) == 2
    assert all(each.rounds for each in zygotes(scorer))
    assert len({each.confined.pid for each in zygotes(scorer)}) == 2
