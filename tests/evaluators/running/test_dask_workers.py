"""Dask workers: the digest of one process, on any number of shards, and after a worker's death."""

import contextlib
import os
import signal
import threading
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import skops.io

from evaluators.plan import Plan
from evaluators.running import dask_workers, data, engine, files
from registry.errors import Reason
from registry.language import Text
from registry.sandbox import Cause, Contained, probe_tier
from registry.sandbox.verdict import SAID
from registry.settings import Settings
from tests.evaluators import decision_data as decisions
from tests.models import INPUTS, credit_model

distributed = pytest.importorskip("distributed")
pytestmark = pytest.mark.filterwarnings("ignore")  # Dask's own

ROWS = 7 * data.BLOCK - 1000
COUNTS = Plan.parse(decisions.plan("selection_parity", "error_parity"))
ASKS = Plan.parse(
    decisions.plan(
        "selection_parity", "counterfactual_flip",
        columns={"inputs": ["income", "debt", "race"], "cut": 0.0},
    )
)  # fmt: skip


@contextlib.contextmanager
def formula() -> Iterator["Formula"]:
    """Opens a model that travels to the workers."""
    yield Formula()


class Formula:
    """A model that is a formula."""

    def score(self, frames: Sequence[pa.Table]) -> list[npt.NDArray[np.float64]]:
        return [
            f["income"].to_numpy() - f["debt"].to_numpy() + 0.01 * (f["race"].to_numpy() == 1)
            for f in frames
        ]


@pytest.fixture(scope="module")
def client() -> Iterator[Any]:
    with (
        distributed.LocalCluster(
            n_workers=2, threads_per_worker=1, dashboard_address=None, silence_logs=50
        ) as cluster,
        distributed.Client(cluster) as found,
    ):
        yield found


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    rng = np.random.default_rng(5)
    table = pa.table({
        "race": rng.integers(0, 3, ROWS), "due": rng.integers(0, 2, ROWS),
        "granted": rng.integers(0, 2, ROWS), "income": rng.standard_normal(ROWS),
        "debt": rng.standard_normal(ROWS),
    })  # fmt: skip
    folder = tmp_path_factory.mktemp("rows")
    half = ROWS // 2 + 17
    for at, part in enumerate((table.slice(0, half), table.slice(half))):
        pq.write_table(part, folder / f"{at}.parquet", row_group_size=50_000)
    return folder


@pytest.mark.parametrize("shards", [1, 2, 7])
def test_any_number_of_shards_gives_the_digest_of_one_process(
    client: Any, path: Path, shards: int
) -> None:
    wanted = engine.run(COUNTS, files.open_source(path), scorer=None, nonce="n")

    made = dask_workers.run(COUNTS, path, client=client, nonce="n", shards=shards)

    assert made.findings_digest == wanted.findings_digest
    assert made.sealed_evidence["states"] == wanted.sealed_evidence["states"]


def test_parts_may_come_back_in_any_order(client: Any, path: Path) -> None:
    wanted = engine.run(COUNTS, files.open_source(path), scorer=None, nonce="n").findings_digest
    source = files.open_source(path)
    reader = dask_workers.Workers(client, files.open_rows(path), shards=5)
    reader.parts.reverse()

    made = engine.run(COUNTS, source, scorer=None, nonce="n", through=reader)

    assert made.findings_digest == wanted


def test_a_dead_worker_changes_nothing(client: Any, path: Path) -> None:
    wanted = engine.run(COUNTS, files.open_source(path), scorer=None, nonce="n").findings_digest
    pids = client.run(os.getpid)
    killed: list[int] = []

    def kill_once(*_: object) -> None:
        if not killed:
            killed.append(next(iter(pids.values())))
            os.kill(killed[0], signal.SIGKILL)

    made = dask_workers.run(COUNTS, path, client=client, nonce="n", shards=7, progress=kill_once)

    assert killed
    assert made.findings_digest == wanted


def test_a_model_is_asked_on_the_workers_and_answers_the_same(client: Any, path: Path) -> None:
    plan = ASKS
    with formula() as scorer:
        wanted = engine.run(plan, files.open_source(path), scorer=scorer, nonce="n")

    made = dask_workers.run(plan, path, client=client, nonce="n", opening=formula, shards=3)

    assert not [entry for entry in made.probes if "failed" in entry]
    assert made.findings_digest == wanted.findings_digest
    assert made.predictions == wanted.predictions


class Opened:
    """The model in this process, to say what the sandbox must answer."""

    def __init__(self, folder: Path) -> None:
        file = folder / "model.skops"
        self.fitted = skops.io.load(file, trusted=skops.io.get_untrusted_types(file=file))

    def score(self, frames: Sequence[pa.Table]) -> list[npt.NDArray[np.float64]]:
        columns = [[f["income"].to_numpy(), f["debt"].to_numpy()] for f in frames]
        return [self.fitted.predict_proba(np.column_stack(c))[:, 1] for c in columns]


def test_the_sandbox_runs_inside_the_workers(client: Any, path: Path, tmp_path: Path) -> None:
    settings = Settings()
    if probe_tier(settings).name == "none":
        pytest.skip("this machine offers no sandbox")
    content = decisions.plan(
        "selection_parity", columns={"inputs": ["income", "debt"], "cut": 0.5}
    )
    small = tmp_path / "rows.parquet"
    pq.write_table(pq.read_table(path).slice(0, data.BLOCK + 50), small)
    model = credit_model(tmp_path / "model")
    opening = dask_workers.InSandbox(model, INPUTS, settings)
    source, plan = files.open_source(small), Plan.parse(content)
    wanted = engine.run(plan, source, scorer=Opened(model), nonce="n")
    reader = dask_workers.Workers(client, files.open_rows(small), opening=opening, shards=2)

    made = engine.run(plan, source, scorer=Opened(model), nonce="n", through=reader)

    assert made.findings_digest == wanted.findings_digest
    assert made.predictions == wanted.predictions


class Fails:
    """A model whose sandbox is ended at every round."""

    def score(self, frames: Sequence[pa.Table]) -> list[npt.NDArray[np.float64]]:
        reason = Reason("income", Text("缺", "missing"), Text("补", "add it"))
        raise Contained(Cause.MODEL_ERROR, log="said", reasons=[reason])


@contextlib.contextmanager
def failing() -> Iterator[Fails]:
    yield Fails()


def test_why_a_model_failed_on_a_worker_is_told_whole(client: Any, path: Path) -> None:
    with pytest.raises(Contained) as told:
        dask_workers.run(ASKS, path, client=client, nonce="n", opening=failing, shards=2)

    assert told.value.cause is Cause.MODEL_ERROR
    assert told.value.log == "said"
    assert told.value.said.zh == SAID[Cause.MODEL_ERROR].zh
    assert [each.item for each in told.value.reasons] == ["income"]


class Counted:
    """A formula that counts in a folder how often it was opened and closed."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    @contextlib.contextmanager
    def __call__(self) -> Iterator[Formula]:
        name = f"{os.getpid()}-{threading.get_ident()}-{time.monotonic_ns()}"
        (self.folder / f"opened-{name}").touch()
        yield Formula()
        (self.folder / f"closed-{name}").touch()


def test_a_thread_of_a_worker_opens_the_model_once_for_all_its_parts(
    client: Any, path: Path, tmp_path: Path
) -> None:
    for run in (1, 2):
        dask_workers.run(ASKS, path, client=client, nonce="n", opening=Counted(tmp_path), shards=7)

        opened = [each.name.split("-", 1)[1] for each in tmp_path.glob("opened-*")]
        closed = [each.name.split("-", 1)[1] for each in tmp_path.glob("closed-*")]
        assert sorted(opened) == sorted(closed)
        assert not [name for name in opened if name.startswith(f"{os.getpid()}-")]
        assert len({tuple(name.split("-")[:2]) for name in opened}) * run >= len(opened) > 0
    assert client.run(lambda: len(dask_workers._OPEN)) == dict.fromkeys(client.nthreads(), 0)


def test_a_model_that_another_run_has_kept_is_closed(tmp_path: Path) -> None:
    first = dask_workers.Kept("first", Counted(tmp_path))
    second = dask_workers.Kept("second", Counted(tmp_path))

    assert first.scorer() is first.scorer()
    assert len(list(tmp_path.glob("opened-*"))) == 1
    second.scorer()

    assert len(list(tmp_path.glob("closed-*"))) == 1
    dask_workers._close("second")
    assert len(list(tmp_path.glob("closed-*"))) == 2
