"""Sandboxes kept started ahead of time: ready before they are asked, used once, and gone."""

from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pytest
import skops.io
from hypothesis import given
from hypothesis import strategies as st

from registry.sandbox import Contained, probe_tier
from registry.sandbox.cell import Cell
from registry.sandbox.round import Round
from registry.scoring import SandboxScorer, drawn_order
from registry.settings import Settings
from tests import exhaustive
from tests.models import INPUTS, credit_model, onnx_model
from tests.registry.tiers import WAYS, Way, offered

FRAME = pa.table({"income": [1.0, -1.0, 0.5], "debt": [0.0, 1.0, 0.5]})


def scorer_of(way: Way, model: Path) -> SandboxScorer:
    settings = offered(way).model_copy(update={"sandbox_ahead": 1})
    return SandboxScorer(model, inputs=INPUTS, settings=settings)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """A pool is the same in every way."""
    exhaustive.share(metafunc, "scorer", WAYS)


@pytest.fixture
def scorer(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[SandboxScorer]:
    with scorer_of(request.param, onnx_model(tmp_path / "model")) as found:
        yield found


@pytest.mark.parametrize("tier", ["A", "B"])
def test_a_cell_that_waits_takes_the_next_frame_and_no_other(tier: str, tmp_path: Path) -> None:
    seen: list[Cell] = []
    with scorer_of(Way(tier, warm=False), onnx_model(tmp_path / "model")) as scorer:
        for _ in range(2):
            scorer.await_warm()
            (waiting,) = scorer._supply._spare
            assert isinstance(waiting, Cell)
            assert waiting.ready
            assert not waiting.over

            scorer.score([FRAME])

            assert waiting.over
            assert waiting.confined.code() is not None
            assert waiting not in scorer._supply._spare
            seen.append(waiting)
    assert seen[0] is not seen[1]
    assert seen[0].confined.pid != seen[1].confined.pid


def test_every_frame_of_a_round_has_a_sandbox_of_its_own(
    scorer: SandboxScorer, monkeypatch: pytest.MonkeyPatch
) -> None:
    given: list[Round] = []
    give = Round.give

    def counted(round_: Round, table: pa.Table) -> None:
        given.append(round_)
        give(round_, table)

    monkeypatch.setattr(Round, "give", counted)

    answers = scorer.score([FRAME, FRAME, FRAME])

    assert len({id(round_) for round_ in given}) == len(given) == 3
    assert all((answer == answers[0]).all() for answer in answers)


@given(key=st.text(), call=st.integers(0, 1000), frames=st.integers(0, 40))
def test_every_frame_has_one_place_in_an_order_fixed_by_nonce_and_call(
    key: str, call: int, frames: int
) -> None:
    order = drawn_order(key, call, frames)

    assert sorted(order) == list(range(frames))
    assert order == drawn_order(key, call, frames)


def test_where_two_frames_of_a_kind_stand_does_not_follow_from_their_place() -> None:
    """A steadiness check asks the first two frames of four alike; any two places are theirs."""
    seen = set()
    for run in range(200):
        order = drawn_order(f"nonce {run}", 0, 4)
        seen.add(tuple(sorted((order.index(0), order.index(1)))))
    assert seen == {(a, b) for a in range(4) for b in range(a + 1, 4)}
    assert len({tuple(drawn_order("nonce", call, 4)) for call in range(200)}) == 24


def test_frames_are_asked_in_the_drawn_order_and_answered_in_their_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[float] = []
    give = Round.give

    def noted(round_: Round, table: pa.Table) -> None:
        asked.append(table["income"][0].as_py())
        give(round_, table)

    monkeypatch.setattr(Round, "give", noted)
    frames = [pa.table({"income": [float(n)], "debt": [0.0]}) for n in range(5)]
    settings = offered(Way("B", warm=True))
    folder = onnx_model(tmp_path / "model")
    with SandboxScorer(folder, inputs=INPUTS, settings=settings, ahead=0, nonce="ab") as scorer:
        answers = [scorer.score(frames), scorer.score(frames)]

    order = [drawn_order("ab", call, 5) for call in (0, 1)]
    assert order[0] != order[1]
    assert asked == [float(place) for call in order for place in call]
    for found in answers:
        values = [float(each[0]) for each in found]
        assert values == sorted(values)  # more income, a higher answer
        assert len(set(values)) == 5


def test_a_stranger_in_a_file_is_named_though_the_file_is_read_once(tmp_path: Path) -> None:
    """Opening in one reading names the same strangers as looking first did."""
    settings = Settings()
    if probe_tier(settings).name == "none":
        pytest.skip("this machine offers no sandbox")
    model = credit_model(tmp_path / "model")
    (model / "model.skops").write_bytes(skops.io.dumps(tmp_path.joinpath))

    with (
        SandboxScorer(model, inputs=INPUTS, settings=settings, ahead=0) as scorer,
        pytest.raises(Contained) as refused,
    ):
        scorer.score([FRAME])

    assert refused.value.cause == "refused_types"
    assert refused.value.reasons
