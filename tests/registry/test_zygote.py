"""A zygote forks only while a child could share nothing, and answers as a cell to the last bit."""

import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import catboost
import lightgbm
import mlflow
import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
import xgboost
from mlflow.models import infer_signature
from sklearn.ensemble import HistGradientBoostingClassifier

from registry import screening
from registry.sandbox import launch, probe_tier, tiers
from registry.sandbox.child.trusted_types import SKOPS_TYPES
from registry.sandbox.child.zygote import Fault
from registry.sandbox.model import Model
from registry.sandbox.process import Ways
from registry.sandbox.runtime import runtime
from registry.sandbox.supply import Cells, Zygotes
from registry.scoring import SandboxScorer
from registry.settings import Settings
from tests import exhaustive
from tests.models import INPUTS, credit_model, onnx_model
from tests.registry.tiers import WARM, Way, in_turn, offered

ROWS, CHILDREN = 200, 30
RNG = np.random.default_rng(3)
FRAME = pd.DataFrame({"income": RNG.normal(size=ROWS), "debt": RNG.normal(size=ROWS)})
DUE = (FRAME["income"] * FRAME["debt"] + RNG.normal(size=ROWS) > 0).astype(int)
TABLE = pa.Table.from_pandas(FRAME, preserve_index=False)
SIGNATURE = infer_signature(FRAME.iloc[:2], np.zeros(2))
REQUIRES = ["nothing"]


def sklearn_model(folder: Path) -> None:
    model = HistGradientBoostingClassifier(max_iter=20, random_state=0).fit(FRAME, DUE)
    mlflow.sklearn.save_model(
        model, folder, serialization_format="skops", pyfunc_predict_fn="predict_proba",
        signature=SIGNATURE, pip_requirements=REQUIRES, skops_trusted_types=list(SKOPS_TYPES),
    )  # fmt: skip


def xgboost_model(folder: Path) -> None:
    model = xgboost.XGBClassifier(n_estimators=20, n_jobs=1).fit(FRAME, DUE)
    mlflow.xgboost.save_model(model, folder, signature=SIGNATURE, pip_requirements=REQUIRES)


def lightgbm_model(folder: Path) -> None:
    model = lightgbm.train(
        {"objective": "binary", "verbose": -1, "num_threads": 1}, lightgbm.Dataset(FRAME, DUE), 20
    )
    mlflow.lightgbm.save_model(model, folder, signature=SIGNATURE, pip_requirements=REQUIRES)


def catboost_model(folder: Path) -> None:
    model = catboost.CatBoostClassifier(
        iterations=20, verbose=0, thread_count=1, allow_writing_files=False
    ).fit(FRAME, DUE)
    mlflow.catboost.save_model(model, folder, signature=SIGNATURE, pip_requirements=REQUIRES)


LIBRARIES: dict[str, Callable[[Path], Any]] = {
    "scikit-learn": sklearn_model,
    "xgboost": xgboost_model,
    "lightgbm": lightgbm_model,
    "catboost": catboost_model,
    "onnxruntime": onnx_model,
}


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """A zygote is the same in both tiers."""
    exhaustive.share(metafunc, "settings", WARM)


@pytest.fixture
def settings(request: pytest.FixtureRequest) -> Settings:
    return offered(request.param)


def answers_of(folder: Path, settings: Settings, frames: int) -> list[bytes]:
    inputs = screening.screen(folder).inputs
    with SandboxScorer(folder, inputs=inputs, settings=settings, ahead=0) as scorer:
        answers = [found.tobytes() for found in scorer.score([TABLE] * frames)]
        if settings.sandbox_warm:
            assert isinstance(scorer._supply, Zygotes)  # and no cells instead
    return answers


@pytest.mark.filterwarnings("ignore")  # MLflow's and the libraries' own
@pytest.mark.parametrize(("settings", "library"), in_turn(WARM, LIBRARIES), indirect=["settings"])
def test_thirty_children_answer_as_a_cell_to_the_last_bit(
    library: str, settings: Settings, tmp_path: Path
) -> None:
    LIBRARIES[library](tmp_path / "model")
    (expected,) = answers_of(
        tmp_path / "model", settings.model_copy(update={"sandbox_warm": False}), 1
    )

    found = answers_of(tmp_path / "model", settings, CHILDREN)

    assert found == [expected] * CHILDREN


LOOK = """
import sys; sys.path.insert(0, sys.argv[1])  # as in a sandbox, where nothing else of ours is
import os, mmap, threading
from registry.sandbox.child.zygote import Itself
link = os.open("/dev/null", os.O_RDONLY)
itself = Itself(link)
assert itself.fault() is None, itself.fault()
{change}
print(int(itself.fault(({expected})) or 0))
"""
CHANGES = {
    "shared memory": ("kept = mmap.mmap(-1, 4096)", "", Fault.SHARED_MEMORY),
    "a thread": (
        "threading.Thread(target=threading.Event().wait, daemon=True).start()",
        "",
        Fault.THREADS,
    ),
    "a file": ("kept = os.open('/', os.O_RDONLY)", "", Fault.FILES),
    "a file of the round": ("kept = os.open('/', os.O_RDONLY)", "kept,", 0),
    "the socket is gone": ("os.close(link)", "", Fault.FILES),
    "private memory": ("kept = mmap.mmap(-1, 4096, flags=mmap.MAP_PRIVATE)", "", 0),
}


@pytest.mark.parametrize("name", CHANGES)
def test_what_a_child_could_share_is_seen_before_the_fork(name: str) -> None:
    change, expected, fault = CHANGES[name]
    child = str(runtime(for_others=False).child)

    done = subprocess.run(
        [
            sys.executable,
            "-B",
            "-P",
            "-S",
            "-c",
            LOOK.format(change=change, expected=expected),
            child,
        ],
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.stdout.strip() == str(int(fault)), done.stderr


def test_a_format_whose_packages_start_a_thread_gets_cells(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: Any
) -> None:
    """Without this variable pyarrow's allocator starts one when it is imported."""
    quiet = {k: v for k, v in launch._QUIET.items() if k != "JE_ARROW_MALLOC_CONF"}
    monkeypatch.setattr(launch, "_QUIET", quiet)

    with SandboxScorer(
        credit_model(tmp_path / "model"), inputs=INPUTS, settings=settings, ahead=0
    ) as scorer:
        (answers,) = scorer.score([TABLE])
        assert isinstance(scorer._supply, Cells)

    assert np.isfinite(answers).all()
    assert "sklearn-skops" in caplog.text


@pytest.fixture
def probed_anew() -> Iterator[None]:
    tiers._probe.cache_clear()
    yield
    tiers._probe.cache_clear()


@pytest.mark.usefixtures("probed_anew")
def test_without_landlock_a_machine_keeps_cells_and_says_so(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    offered(Way("A", warm=False))
    monkeypatch.setattr(tiers, "landlock_version", lambda: 2)

    found = probe_tier(Settings(sandbox_tier="A", sandbox_warm=True))

    assert found.name == "A"
    assert not found.warm
    assert "Landlock version is 2" in found.describe().en
    assert "Landlock version is 2" in found.describe().zh
    assert found.as_json()["warm"] is False


@pytest.mark.parametrize("way", WARM, ids=str)
def test_a_machine_whose_walls_stand_says_that_rounds_are_forked(way: Way) -> None:
    tier = probe_tier(offered(way))

    assert "forked" in tier.describe().en
    assert "forked" not in replace(tier, cold="sandbox_warm = 0").describe().en


class Known:
    """A zygote of which only the start is known."""

    started, over, free, unfit = True, False, False, False

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds


@pytest.mark.parametrize(
    ("rounds", "seconds", "waiting", "pays"),
    [(10, 0.7, 12, False), (10, 0.7, 40, True), (2, 10.0, 1, True), (0, 0.0, 50, False)],
)
def test_a_second_interpreter_pays_where_the_rounds_take_longer_than_its_start(
    rounds: int, seconds: float, waiting: int, *, pays: bool
) -> None:
    ways: Any = Ways("A", pool_uid=False, cgroup=False, warm=True, limits=tiers._TRIAL)
    supply = Zygotes(ways, Model(Path("/usr"), None), ahead=False)
    supply._zygotes = [Known(2.0)]  # type: ignore[list-item]
    supply._rounds, supply._seconds = rounds, seconds

    assert supply._pays(waiting) is pays
