"""Deleting through the MLflow door while somebody registers from what is deleted."""

import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from threading import Barrier

import httpx
import pytest

from portal.work import mlflow_tags
from registry import database, outbox
from registry.settings import Settings
from tests import exhaustive, models, servers
from tests.portal import doors
from tests.portal.doors import API, Door

TURNS = 2

pytestmark = pytest.mark.slow


@dataclass(frozen=True)
class PausingDoor(Door):
    """One whose server waits, where a test says so, between a version on record and its filing.

    Args:
        pauses: the folder by which the test and the server tell each other.
        settings: of the site.
    """

    pauses: Path
    settings: Settings

    @contextmanager
    def registering(self, name: str, source: str, run_id: str) -> Iterator[Future[httpx.Response]]:
        """A registration, between the version on record and the version in MLflow."""
        recorded, wait = self.pauses / "recorded", self.pauses / "wait"
        recorded.unlink(missing_ok=True)
        wait.touch()
        with ThreadPoolExecutor(1) as apart:
            answer = apart.submit(self.register, name, source, run_id)
            try:
                while not (recorded.exists() or answer.done()):
                    time.sleep(0.02)
                assert not answer.done(), answer.result().text
                yield answer
            finally:
                wait.unlink()


@pytest.fixture(
    scope="module",
    params=[
        exhaustive.case("sqlite", kept=False),
        pytest.param("postgresql", marks=pytest.mark.postgres),
    ],
)
def door(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[PausingDoor]:
    """A site in a process of its own, on each database."""
    folder, url = tmp_path_factory.mktemp("door"), ""
    with ExitStack() as stack:
        if request.param == "postgresql":
            server = request.getfixturevalue("postgres_server")
            url = stack.enter_context(servers.fresh_database(server))
        plain = stack.enter_context(doors.opened(folder, url, PAUSE_ON_RECORD=str(folder)))
        settings = Settings(data=folder / "data", database=url)
        yield PausingDoor(plain.url, plain.token, folder, settings)


@pytest.mark.parametrize("delete", [Door.delete_run, Door.delete_experiment])
def test_nothing_is_registered_from_a_deleted_run(
    door: PausingDoor, tmp_path: Path, delete: Callable[[PausingDoor, str], httpx.Response]
) -> None:
    seed = 100 + (delete is Door.delete_run)
    run_id = door.run(models.credit_model(tmp_path / "model", seed=seed))
    kept = door.run(models.credit_model(tmp_path / "other", seed=seed + 10))
    assert door.register(f"kept {seed}", f"runs:/{kept}/model").status_code == 200
    assert delete(door, run_id).status_code == 200

    sources = {"runs": f"runs:/{run_id}/model", "a copy": f"models:/kept {seed}/1"}
    for name, source in sources.items():
        answer = door.register(f"{name} {seed}", source, run_id)
        assert answer.status_code == 409, answer.text
        assert "was deleted" in answer.json()["message"]
        assert "已删除" in answer.json()["message"]
    restored = door.ask("POST", f"{API}/runs/restore", json={"run_id": run_id})
    if restored.status_code == 200:
        found = door.ask("GET", f"{API}/runs/get", params={"run_id": run_id}).json()
        experiment = {"experiment_id": found["run"]["info"]["experiment_id"]}
        door.ask("POST", f"{API}/experiments/restore", json=experiment)
        assert door.register(f"runs {seed}", sources["runs"]).status_code == 200


@pytest.mark.parametrize("delete", [Door.delete_run, Door.delete_experiment])
def test_deleting_and_registering_at_once_follow_each_other(
    door: PausingDoor, tmp_path: Path, delete: Callable[[PausingDoor, str], httpx.Response]
) -> None:
    """Either the version is there and its run with it, or the run is deleted and no version is."""
    for turn in range(TURNS):
        seed = 200 + 2 * turn + (delete is Door.delete_run)
        run_id = door.run(models.credit_model(tmp_path / f"{turn}", seed=seed))
        start = Barrier(2)

        def register(run_id: str = run_id, start: Barrier = start, seed: int = seed) -> int:
            start.wait()
            return door.register(f"race {seed}", f"runs:/{run_id}/model").status_code

        def remove(run_id: str = run_id, start: Barrier = start, turn: int = turn) -> int:
            start.wait()
            # The later it comes, the further has the other one read and screened.
            time.sleep(turn * 0.15)
            return delete(door, run_id).status_code

        with ThreadPoolExecutor(2) as both:
            registered, removed = both.submit(register), both.submit(remove)
            outcome = registered.result(), removed.result()
        assert outcome in ((200, 403), (409, 200)), outcome
        assert door.stage(run_id) == ("active" if outcome[0] == 200 else "deleted")


@pytest.mark.parametrize("how", ["new files", "a copy"])
@pytest.mark.parametrize("delete", [Door.delete_run, Door.delete_experiment])
def test_a_run_is_kept_once_its_version_is_on_record(
    door: PausingDoor,
    tmp_path: Path,
    delete: Callable[[PausingDoor, str], httpx.Response],
    how: str,
) -> None:
    """A copy was on record before MLflow knew of its run, and the run could go meanwhile."""
    seed = 300 + 2 * (delete is Door.delete_run) + 10 * (how == "a copy")
    run_id, source = _of(door, tmp_path, seed, how)

    with door.registering(f"between {seed}", source, run_id) as registered:
        removed = delete(door, run_id)

    assert (registered.result().status_code, removed.status_code) == (200, 403), removed.text
    assert door.version(f"between {seed}")["run_id"] == run_id
    assert door.stage(run_id) == "active"


@pytest.mark.parametrize("how", ["new files", "a copy"])
def test_a_worker_that_comes_first_files_the_version_with_its_run(
    door: PausingDoor, tmp_path: Path, how: str
) -> None:
    seed = 400 + 10 * (how == "a copy")
    run_id, source = _of(door, tmp_path, seed, how)

    with door.registering(f"worker {seed}", source, run_id) as registered:
        engine = database.connect(door.settings.database_url)
        appliers = mlflow_tags.appliers(door.settings)
        assert outbox.apply(database.sessions(engine), appliers, at_once=True).failed == 0
        engine.dispose()

    assert registered.result().status_code == 200
    assert door.version(f"worker {seed}")["run_id"] == run_id


@pytest.mark.parametrize("how", ["new files", "a copy"])
def test_an_experiment_is_kept_for_a_version_that_names_its_run(
    door: PausingDoor, tmp_path: Path, how: str
) -> None:
    """Also where the files of the version lie in another experiment."""
    seed = 500 + 10 * (how == "a copy")
    trained = door.run(models.credit_model(tmp_path / "trained", seed=seed + 5))
    _, source = _of(door, tmp_path, seed, how)
    if how == "new files":
        found = door.ask("GET", f"{API}/runs/get", params={"run_id": source.split("/")[1]})
        source = f"{found.json()['run']['info']['artifact_uri']}/model"
    assert door.register(f"elsewhere {seed}", source, trained).status_code == 200
    assert door.version(f"elsewhere {seed}")["run_id"] == trained

    assert door.delete_experiment(trained).status_code == 403
    assert door.stage(trained) == "active"


def _of(door: PausingDoor, tmp_path: Path, seed: int, how: str) -> tuple[str, str]:
    """A run, and a source: its own files, or a version that is there already."""
    run_id = door.run(models.credit_model(tmp_path / "model", seed=seed))
    if how == "new files":
        return run_id, f"runs:/{run_id}/model"
    other = door.run(models.credit_model(tmp_path / "other", seed=seed + 1))
    assert door.register(f"first {seed}", f"runs:/{other}/model").status_code == 200
    return run_id, f"models:/first {seed}/1"
