"""Hostile models, each contained in tier A and in tier B, with the verdict that names its cause."""

import dataclasses
import fcntl
import shutil
import socket
import stat
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
import skops.io
from sklearn.tree import DecisionTreeClassifier

from registry.sandbox import Cause, Contained, pool_uids
from registry.scoring import SandboxScorer
from registry.settings import Settings
from tests import exhaustive
from tests.registry import hostile_models as hostile
from tests.registry.tiers import WAYS, in_turn, offered

pytestmark = pytest.mark.hostile

INPUTS = [{"name": "a", "type": "double"}]
FRAME = pa.table({"a": np.arange(100, dtype=float)})
SECONDS_TO_END = 20.0


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """`make hostile` tries everything in all four ways; `make test` each in one of them."""
    exhaustive.share(metafunc, "settings", WAYS)


@pytest.fixture
def settings(request: pytest.FixtureRequest) -> Settings:
    found: Settings = offered(request.param)
    return found


@pytest.fixture(autouse=True)
def nobody_left() -> Iterator[None]:
    """After each test no process runs under a pool uid that nobody holds.

    Other tests kill whoever holds one, whose sandbox the kernel then ends a moment later: what is
    looked for is what stays.
    """
    yield
    until = time.monotonic() + SECONDS_TO_END
    while (left := left_over()) and time.monotonic() < until:
        time.sleep(0.05)
    assert left == []


def left_over() -> list[int]:
    first = pool_uids.first()
    if first is None:
        return []
    found = []
    for lock in pool_uids.locks():
        with lock.open("rb") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                continue  # held: a sandbox of another process
            found += pool_uids.survivors(int(lock.name))
    return found


@pytest.fixture
def lair() -> Iterator[Path]:
    """A place that everybody may read and write, with a secret in it."""
    hostile.LAIR.mkdir(exist_ok=True)
    hostile.LAIR.chmod(0o777)
    (hostile.LAIR / "secret").write_text("the secret", encoding="utf-8")
    yield hostile.LAIR
    shutil.rmtree(hostile.LAIR)


def verdict(folder: Path, settings: Settings, frame: pa.Table = FRAME) -> Contained:
    with (
        SandboxScorer(folder, inputs=INPUTS, settings=settings, ahead=0) as scorer,
        pytest.raises(Contained) as contained,
    ):
        scorer.score([frame])
    return contained.value


@pytest.fixture
def listeners() -> Iterator[list[socket.socket]]:
    """Listening sockets that a hostile model would like to reach."""
    tcp, abstract = socket.create_server(("127.0.0.1", 0)), socket.socket(socket.AF_UNIX)
    abstract.bind(f"\0{hostile.LAIR.name}")
    abstract.listen()
    for listener in (tcp, abstract):
        listener.setblocking(False)
    yield [tcp, abstract]
    tcp.close()
    abstract.close()


@pytest.mark.usefixtures("bare")
@pytest.mark.parametrize(("settings", "name"), in_turn(WAYS, hostile.PLAN), indirect=["settings"])
def test_it_is_contained_and_its_cause_is_named(
    name: str,
    settings: Settings,
    lair: Path,
    listeners: list[socket.socket],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    monkeypatch.setenv(hostile.MARK, "a secret of the parent")
    function, cause = hostile.PLAN[name]
    if cause == Cause.WALL_CLOCK:
        settings = settings.model_copy(update={"sandbox_seconds": 1.5})
    model = hostile.write(tmp_path / "model", hostile.Model(function))

    contained = verdict(model, settings)

    assert contained.cause == cause, contained.log
    assert not (lair / "made").exists()
    for listener in listeners:
        with pytest.raises(BlockingIOError):
            listener.accept()


def test_code_in_the_pickle_itself_is_contained(settings: Settings, tmp_path: Path) -> None:
    model = hostile.write(
        tmp_path / "model", b"cos\nsystem\n(S'true'\ntR.", serialization="pickle"
    )

    assert verdict(model, settings).cause == Cause.FORBIDDEN_CALL


def test_a_skops_file_that_trusts_its_own_types_is_not_opened(
    settings: Settings, tmp_path: Path
) -> None:
    content = skops.io.dumps(hostile.Model(hostile.zeros))
    model = hostile.write(tmp_path / "model", content, serialization="skops")
    name = "tests.registry.hostile_models.Model"
    trusting = (model / "MLmodel").read_text(encoding="utf-8")
    trusting = trusting.replace(
        "    serialization_format: skops\n",
        f"    serialization_format: skops\n    skops_trusted_types: [{name}]\n",
    )
    (model / "MLmodel").write_text(trusting, encoding="utf-8")

    contained = verdict(model, settings)

    assert contained.cause == Cause.REFUSED_TYPES
    assert name in {reason.item for reason in contained.reasons}


def test_another_loader_module_is_not_followed(settings: Settings, tmp_path: Path) -> None:
    model = hostile.write(tmp_path / "model", hostile.Model(hostile.zeros), loader="antigravity")

    assert verdict(model, settings).cause == Cause.REFUSED_TYPES


def altered_tree() -> Any:
    """A decision tree whose root names a child far outside of the tree."""
    rows = np.arange(40, dtype=float).reshape(-1, 1)
    model = DecisionTreeClassifier(random_state=0).fit(rows, rows.ravel() > 20)
    state = model.tree_.__getstate__()
    state["nodes"]["left_child"][0] = state["nodes"]["right_child"][0] = 2_000_000_000
    model.tree_.__setstate__(state)
    return model


def test_a_tree_with_a_changed_child_index_crashes_only_its_sandbox(
    settings: Settings, tmp_path: Path
) -> None:
    content = skops.io.dumps(altered_tree())
    model = hostile.write(tmp_path / "model", content, serialization="skops")

    contained = verdict(model, settings)

    assert contained.cause == Cause.CRASHED
    assert "Segmentation fault" in contained.log


@pytest.mark.usefixtures("bare")
def test_without_control_groups_memory_is_limited_all_the_same(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = hostile.write(
        tmp_path / "model", hostile.Model(hostile.PLAN["takes_memory_in_small_pieces"][0])
    )
    with SandboxScorer(model, inputs=INPUTS, settings=settings, ahead=0) as scorer:
        scorer._ways = dataclasses.replace(scorer._ways, cgroup=False)
        scorer._supply = scorer._supplied()
        with pytest.raises(Contained) as contained:
            scorer.score([FRAME])

    assert contained.value.cause == Cause.MEMORY


@pytest.mark.usefixtures("bare")
def test_frames_never_meet_the_traces_of_one_another(settings: Settings, tmp_path: Path) -> None:
    model = hostile.write(tmp_path / "model", hostile.Model(hostile.counts_its_frames))

    with SandboxScorer(model, inputs=INPUTS, settings=settings, ahead=0) as scorer:
        answers = scorer.score([FRAME, FRAME, FRAME])

    assert [frame.max() for frame in answers] == [0.0, 0.0, 0.0]


@pytest.mark.usefixtures("bare")
def test_nothing_of_the_parents_environment_goes_in(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(hostile.MARK, "a secret of the parent")

    model = hostile.write(tmp_path / "model", hostile.Model(hostile.looks_at_its_environment))

    with SandboxScorer(model, inputs=INPUTS, settings=settings, ahead=0) as scorer:
        (answers,) = scorer.score([FRAME])

    assert not answers.any()


@pytest.mark.usefixtures("bare")
def test_a_contained_round_leaves_the_scorer_in_order(settings: Settings, tmp_path: Path) -> None:
    model = hostile.write(tmp_path / "model", hostile.Model(hostile.aborts_on_a_negative))
    bad = pa.table({"a": [-1.0, 2.0]})

    with SandboxScorer(model, inputs=INPUTS, settings=settings, ahead=0) as scorer:
        with pytest.raises(Contained) as contained:
            scorer.score([FRAME, bad])
        (answers,) = scorer.score([FRAME])

    assert contained.value.cause == Cause.CRASHED
    assert np.array_equal(answers, np.arange(100.0))


@pytest.mark.parametrize(
    ("settings", "name"),
    in_turn(WAYS[:2], ["reads_a_secret", "is_a_fork_bomb", "takes_100_gigabytes"]),
    indirect=["settings"],
)
def test_tier_a_holds_without_a_user_id_per_sandbox(
    settings: Settings, name: str, lair: Path, tmp_path: Path
) -> None:
    function, cause = hostile.PLAN[name]
    model = hostile.write(tmp_path / "model", hostile.Model(function))

    with SandboxScorer(model, inputs=INPUTS, settings=settings, ahead=0) as scorer:
        scorer._ways = dataclasses.replace(scorer._ways, pool_uid=False)
        scorer._supply = scorer._supplied()
        with pytest.raises(Contained) as contained:
            scorer.score([FRAME])

    assert contained.value.cause == cause


def test_every_cause_is_said_in_both_languages() -> None:
    for cause in Cause:
        said = Contained(cause).said
        assert said.zh
        assert said.en


def test_the_ground_is_not_writable_by_others() -> None:
    from registry.sandbox.ground import ground

    for path in (ground(), *ground().iterdir()):
        assert not path.lstat().st_mode & (stat.S_IWGRP | stat.S_IWOTH), path
