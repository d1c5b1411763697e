"""Tiers, limits, user ids and the ground that sandboxes stand on."""

import os
import subprocess
import sys
import time
from contextlib import ExitStack
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from registry.sandbox import Cause, Contained, Tier, ground, launch, pool_uids, probe_tier, runtime
from registry.sandbox.cell import Cell
from registry.sandbox.child import confine
from registry.sandbox.frames import AnswersOut, FrameIn, unanswered
from registry.sandbox.limits import Limits
from registry.sandbox.listening import listen
from registry.sandbox.model import Model
from registry.settings import Settings

needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="pool uids need root")


def test_a_demanded_tier_is_that_tier_or_none() -> None:
    for wanted in ("A", "B", "none"):
        assert probe_tier(Settings(sandbox_tier=wanted)).name in {wanted, "none"}


def test_the_best_tier_is_taken_by_itself() -> None:
    found = probe_tier(Settings())
    offered = [name for name in "AB" if probe_tier(Settings(sandbox_tier=name)).name == name]
    assert found.name == (offered[0] if offered else "none")


@pytest.mark.parametrize("name", ["A", "B", "none"])
@pytest.mark.parametrize("pool_uid", [True, False])
def test_a_tier_says_what_it_offers_with_its_limits(name: str, *, pool_uid: bool) -> None:
    said = Tier(name, pool_uid, cgroup=False, why_not=("because",)).describe(Limits())

    assert said.zh
    if name == "none":
        assert "because" in said.en
    else:
        assert "2048 MiB" in said.en
        assert ("user id of its own" in said.en) is pool_uid


def test_no_tier_says_what_can_be_done_instead() -> None:
    assert "prediction files" in Tier("none").describe().en


def test_without_root_tier_b_is_offered_with_a_uid_or_not_at_all() -> None:
    if os.geteuid() == 0:
        assert probe_tier(Settings(sandbox_tier="B")).pool_uid


def test_a_cell_that_waits_is_killed_with_all_it_started() -> None:
    tier = probe_tier(Settings())
    if tier.name == "none":
        pytest.skip("no tier")
    cell = Cell(tier.ways(Limits()), Model(Path("/usr"), None, trial=Path("/etc/hostname")))
    own = set(pool_uids.survivors(cell.confined.uid.uid)) if cell.confined.uid else set[int]()

    cell.end()
    cell.end()

    assert cell.confined.code() is not None
    assert _alive(own) == set()


def test_sandboxes_end_with_the_process_that_started_them(tmp_path: Path) -> None:
    if probe_tier(Settings()).name == "none":
        pytest.skip("no tier")
    program = (
        "import sys, time\n"
        "from pathlib import Path\n"
        "from registry.sandbox import probe_tier\n"
        "from registry.sandbox.cell import Cell\n"
        "from registry.sandbox.limits import Limits\n"
        "from registry.sandbox.model import Model\n"
        "from registry.settings import Settings\n"
        "ways = probe_tier(Settings()).ways(Limits())\n"
        "cell = Cell(ways, Model(Path('/usr'), None, trial=Path('/etc/hostname')))\n"
        "held = cell.confined\n"
        "print(held.pid, held.uid.uid if held.uid else 0, flush=True)\n"
        "time.sleep(600)\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", program], stdout=subprocess.PIPE, text=True
    ) as parent:
        assert parent.stdout is not None
        pid, uid = map(int, parent.stdout.readline().split())
        # Named before: once it is free, another test's sandbox may take the same id.
        own = {pid, *(pool_uids.survivors(uid) if uid else ())}
        parent.kill()
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline and _alive(own):
        time.sleep(0.05)
    assert _alive(own) == set()


def _alive(processes: set[int]) -> set[int]:
    """Those that still run; what has ended may wait for its parent to notice."""
    found = set[int]()
    for pid in processes:
        try:
            state = (
                Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[0]
            )
        except (FileNotFoundError, ProcessLookupError):
            continue
        found |= set() if state in {"Z", "X"} else {pid}
    return found


@needs_root
def test_two_sandboxes_never_share_a_user_id() -> None:
    first, second = pool_uids.take(), pool_uids.take()

    assert first.uid != second.uid
    first.release()
    second.release()


@needs_root
def test_what_a_user_id_owns_is_swept() -> None:
    held = pool_uids.take()
    with subprocess.Popen(["/bin/sleep", "600"], user=held.uid, group=held.gid) as left:
        assert pool_uids.survivors(held.uid) == [left.pid]
        assert pool_uids.sweep(held.uid) == 1
        assert left.wait() == -9
    held.release()


@needs_root
def test_the_runtime_is_staged_where_others_can_reach_it() -> None:
    found = runtime.runtime(for_others=True)

    for path in (found.python, found.site / "numpy", found.site / "sklearn", found.child):
        assert ground.open_to_others(path), path
    held = pool_uids.take()
    program = f"import sys; sys.path.append({str(found.site)!r}); import numpy; print(1)"
    done = subprocess.run(
        [str(found.python), "-P", "-s", "-S", "-B", "-c", program],
        user=held.uid,
        group=held.gid,
        extra_groups=[],
        env=found.environment,
        cwd="/",
        capture_output=True,
        check=False,
    )
    held.release()
    assert done.stdout == b"1\n", done.stderr


def test_the_runtime_holds_what_models_need_and_nothing_of_ours() -> None:
    assert {"numpy", "scikit-learn", "skops", "onnxruntime", "pandas"} <= set(runtime.packages())
    assert "mingsuan" not in runtime.packages()
    child = runtime.runtime(for_others=False).child
    found = {path.name for path in (child / "registry").iterdir()} - {"__pycache__"}
    assert found == {"__init__.py", "sandbox"}
    assert (child / "registry" / "__init__.py").read_bytes() == b""


PREPARING = """
import sys
sys.path[:0], sys.path[len(sys.path):] = [sys.argv[1]], [sys.argv[2]]
from registry.sandbox.child import flavours, worker, zygote
for row in flavours.FORMATS:
    worker.prepare(row.packages)
"""


@needs_root
def test_no_sandbox_makes_byte_code_anew_whatever_its_format() -> None:
    """It may write none, so what is not there is compiled again by every sandbox."""
    found = runtime.runtime(for_others=True)
    if not found.staged:
        pytest.skip("the interpreter is not staged: its installer keeps its byte code")
    command = [str(found.python), "-P", "-s", "-S", "-B", "-v", "-c", PREPARING]
    done = subprocess.run(
        [*command, str(found.child), str(found.site)],
        env=launch.environment(found),
        cwd="/",
        capture_output=True,
        text=True,
        check=True,
    )
    taken = [line for line in done.stderr.splitlines() if line.startswith("# code object from")]

    assert len(taken) > 1000
    assert [line for line in taken if ".pyc" not in line] == []


def test_a_cell_is_ready_before_a_byte_of_the_model_is_read(tmp_path: Path) -> None:
    """What it imports is told by the table of formats; what is no model is found out behind the walls."""
    tier = probe_tier(Settings())
    if tier.name == "none":
        pytest.skip("no tier")
    (tmp_path / "model").mkdir()
    (tmp_path / "model" / "MLmodel").write_text("no: [model", encoding="utf-8")
    group, model = pool_uids.first() if tier.pool_uid else None, tmp_path / "model"
    with ExitStack() as left_behind:
        if group is not None:
            model, remove = runtime.reachable_model(model, group)
            left_behind.callback(remove)
        cell = Cell(tier.ways(Limits(memory=512 << 20, seconds=15)), Model(model, "onnx"))
        left_behind.callback(cell.end)
        while not cell.ready and not cell.over:
            listen([cell])
        assert cell.ready
        cell.give(pa.table({"a": [1.0]}))
        while not cell.over:
            listen([cell])
        with pytest.raises(Contained) as contained:
            cell.finish()

    assert contained.value.cause == Cause.UNREADABLE


@needs_root
def test_a_closed_model_is_staged_for_the_group_and_removed(tmp_path: Path) -> None:
    model = tmp_path / "model"
    model.mkdir(mode=0o700)
    (model / "MLmodel").write_text("x", encoding="utf-8")

    staged, remove = runtime.reachable_model(model, 231_000)

    assert staged != model
    assert (staged / "MLmodel").read_text(encoding="utf-8") == "x"
    assert (staged / "MLmodel").stat().st_gid == 231_000
    assert not (staged / "MLmodel").stat().st_mode & 0o007
    remove()
    assert not staged.exists()


def test_a_folder_that_is_not_ours_is_not_trusted(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(tmp_path)
    (tmp_path / "open").mkdir()
    (tmp_path / "open").chmod(0o777)
    for name in ("link", "open"):
        with pytest.raises(ground.GroundNotOurs):
            ground.owned(tmp_path / name)
    assert ground.owned(tmp_path / "new").stat().st_mode & 0o777 == 0o755


def test_a_frame_cannot_be_changed_once_it_is_sealed() -> None:
    frame = FrameIn()
    frame.fill(pa.table({"a": [1.0]}))

    with pytest.raises(PermissionError):
        os.truncate(frame._fd, 0)
    with pytest.raises(PermissionError):
        os.pwrite(frame._fd, b"x", 0)
    frame.close()


def test_answers_have_a_fixed_size_and_start_unanswered() -> None:
    out = AnswersOut()
    out.size(3)

    for size in (0, 1 << 20):
        with pytest.raises(PermissionError):
            os.truncate(out.fd, size)
    answers = out.read()
    assert answers is not None
    assert unanswered(answers)
    os.pwrite(out.fd, np.array([1.0, np.nan, 2.0]).tobytes(), 0)
    answers = out.read()
    assert answers is not None
    assert not unanswered(answers)
    out.close()


def test_landlock_too_old_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(confine, "landlock_version", lambda: 2)

    with pytest.raises(OSError, match="below"):
        confine.landlock([])
