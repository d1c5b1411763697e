import io
import os
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import update

from filing import search_file
from filing.search_index import SearchIndex
from portal import migrations
from portal.work import at_rest, doctor
from portal.work.doctor import Check
from registry import (
    artifacts,
    attendance,
    attestation,
    database,
    mlflow_store,
    outbox,
    submission,
    worklist,
)
from registry.belonging import StoreLost, StoreUnreachable
from registry.database import transaction
from registry.errors import Unavailable
from registry.mlflow_store import MlflowRegistry
from registry.organisations import Actor
from registry.outbox import Effect
from registry.settings import Settings
from registry.submission import Version
from registry.worklist import State
from tests import cast, exhaustive
from tests.models import credit_model


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """A migrated installation with one submitted model."""
    monkeypatch.setenv("MLFLOW_ENABLE_WORKSPACES", "")  # restored at the end
    chosen = Settings(data=tmp_path / "data", sandbox_tier="none")
    chosen.data.mkdir()
    engine = database.connect(chosen.database_url)
    migrations.upgrade(engine)
    with transaction(database.sessions(engine)) as session:
        by: Actor = cast.actor(session)
        submission.submit(
            session,
            artifacts.open_store(chosen),
            by=by,
            model_name="信用审批",
            directory=credit_model(tmp_path / "model"),
        )
    engine.dispose()
    return chosen


@pytest.fixture
def place(settings: Settings) -> Iterator[doctor.Place]:
    """The same installation, opened."""
    with doctor._opened(settings) as place:
        yield place


def found(settings: Settings) -> dict[str, Check]:
    return {check.name.en: check for check in doctor.examine(settings)}


def test_a_new_installation_lacks_only_what_does_not_run(settings: Settings) -> None:
    before = found(settings)
    assert before["database"].ok
    assert before["artifact store"].ok
    assert "3 blobs" in before["artifact store"].said.en
    assert not before["MLflow registry"].ok
    assert "信用审批 1" in before["MLflow registry"].said.zh
    assert not before["signer"].ok
    assert not before["sandbox"].ok
    said = doctor.repair(settings)
    assert any("Applied 1 outside effects; 0 still fail" in text.en for text in said)
    after = found(settings)
    assert after["MLflow registry"].ok
    assert after["outbox"].ok
    assert after["MLflow registry"].as_json()["ok"] is True


def test_the_address_that_pages_cannot_print_is_named(settings: Settings) -> None:
    for address, said in (
        ("", "MINGSUAN_BASE_URL is not set"),
        ("http://localhost:8080", "or is of this machine"),
        ("https://register.example", "under https://register.example."),
    ):
        told = found(settings.model_copy(update={"base_url": address}))["public address"]
        assert told.ok
        assert said in told.said.en


@pytest.mark.parametrize(
    "name",
    [
        exhaustive.case(name, kept=at % 4 == 0, name=name)
        for at, name in enumerate(sorted(doctor._NAMES))
    ],
)
def test_a_check_that_raises_is_shown_as_failed_and_the_others_go_on(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    """Issue 13: a TypeError of one check hid the results of all."""
    whole = [each.name for each in doctor.examine(settings)]

    def raises(_place: doctor.Place) -> Check:
        raise TypeError("what no check foresaw")

    raises.__name__ = name
    monkeypatch.setattr(doctor, name, raises)
    checks = doctor.examine(settings)
    if name != "_database":  # what is kept there is asked of nobody then
        assert [each.name for each in checks] == whole
    failed = next(each for each in checks if each.name == doctor._NAMES[name])
    assert not failed.ok
    assert "TypeError: what no check foresaw" in failed.said.zh
    assert "could not be finished (TypeError: what no check foresaw)" in failed.said.en


def test_a_database_that_was_never_migrated_is_said_so(tmp_path: Path) -> None:
    settings = Settings(data=tmp_path / "data", sandbox_tier="none")
    checks = found(settings)
    assert not checks["database"].ok
    assert "mingsuan serve" in checks["database"].said.en
    assert "artifact store" not in checks
    assert any("database is not ready" in text.en for text in doctor.repair(settings))


def test_what_is_wrong_with_the_searchs_index_is_named(
    settings: Settings, place: doctor.Place
) -> None:
    """scale/9: with a folder in its place every search failed, and nothing said so."""
    file = settings.search_index
    assert doctor._search(place).ok
    with place.factory() as session:
        SearchIndex(file).refresh(session)
    whole = doctor._search(place)
    assert (whole.ok, whole.said.en) == (True, "0 lines.")
    for each in file.parent.glob("search.db*"):
        each.unlink()
    file.write_text("no database " * 1000)
    damaged = doctor._search(place)
    assert not damaged.ok
    assert "not a database" in damaged.said.en
    file.unlink()
    file.mkdir()
    assert doctor._search(place).said == search_file.CLOSED
    assert not found(settings)["search index"].ok


def test_missing_and_damaged_blobs_are_named(settings: Settings, place: doctor.Place) -> None:
    missing, damaged, _ = place.store.digests()
    place.store.delete(missing)
    path = settings.data / "store" / "sha256" / damaged[:2] / damaged[2:4] / damaged
    path.chmod(0o644)
    path.write_bytes(b"lies")
    said = found(settings)["artifact store"].said.en
    assert f"{missing[:12]}… (missing)" in said
    assert f"{damaged[:12]}… (damaged)" in said


def test_a_lost_mlflow_database_is_made_anew(settings: Settings, place: doctor.Place) -> None:
    doctor.repair(settings)
    with transaction(place.factory) as session:
        session.execute(update(Version).values(mlflow_version="7"))
    assert not found(settings)["MLflow registry"].ok
    doctor.repair(settings)
    assert found(settings)["MLflow registry"].ok
    with place.factory() as session:
        version = session.query(Version).one()
    held = MlflowRegistry(settings).sources(version.organisation_id, "信用审批")
    assert held == {"1": mlflow_store.source_of(version.digest)}


def test_effects_that_keep_failing_are_named_with_their_error(
    settings: Settings, place: doctor.Place
) -> None:
    with transaction(place.factory) as session:
        outbox.add(session, "notice", "n1", {})
        session.execute(
            update(Effect)
            .where(Effect.key == "n1")
            .values(attempts=outbox.STUCK_AFTER, error="OSError: no network")
        )
    check = found(settings)["outbox"]
    assert not check.ok
    assert "n1: OSError: no network" in check.said.en


def test_repair_collects_only_what_stands_nowhere_on_record(
    settings: Settings, place: doctor.Place
) -> None:
    loose = place.store.put(io.BytesIO(b"loose"))
    noted = place.store.put(io.BytesIO(b"noted in an answer, a journal, anywhere"))
    fresh = place.store.put(io.BytesIO(b"fresh"))
    with transaction(place.factory) as session:
        outbox.add(session, "later", "k", {"attachment": {"digest": noted}})
    for digest in place.store.digests():
        if digest != fresh:
            file = settings.data / "store" / "sha256" / digest[:2] / digest[2:4] / digest
            os.utime(file, (0, 0))
    doctor.repair(settings)
    assert not place.store.has(loose)
    assert place.store.has(noted)
    assert place.store.has(fresh)
    assert found(settings)["artifact store"].ok
    assert attestation.sha256(b"fresh") == fresh


def test_repair_removes_old_left_overs_and_leaves_what_is_in_use(settings: Settings) -> None:
    spool = settings.data / "spool"
    old, young = spool / "incoming" / "old", spool / "incoming" / "young"
    half = spool / "models" / ".abc.half"
    for folder in (spool / "incoming", half, spool / "models" / "kept"):
        folder.mkdir(parents=True, exist_ok=True)
    (half / "file").write_bytes(b"x")
    half.chmod(0o555)
    for path in (old, young):
        path.write_bytes(b"x")
    past = time.time() - 2 * at_rest.LEFT_OVER
    for path in (old, half, spool / "models" / "kept"):
        os.utime(path, (past, past))
    assert "2 left-overs" in found(settings)["spool and disk"].said.en
    doctor.repair(settings)
    assert not old.exists()
    assert not half.exists()
    assert young.exists()
    assert (spool / "models" / "kept").exists()


def test_a_store_is_marked_by_repair_and_never_made_anew(settings: Settings) -> None:
    """Issue 7, E1: what lacks the record's newest bytes is not taken for its store."""
    root = settings.data / "store"
    root.rename(root.with_name("away"))
    with pytest.raises(StoreUnreachable):
        doctor.repair(settings)
    assert not root.exists()
    root.with_name("away").rename(root)
    assert any("Wrote the store's mark" in text.en for text in doctor.repair(settings))
    assert not any("Wrote the store's mark" in text.en for text in doctor.repair(settings))
    root.rename(root.with_name("away"))
    lost = found(settings)["artifact store"]
    assert not lost.ok
    assert "not mounted" in lost.said.en
    with pytest.raises(StoreLost):
        doctor.repair(settings)
    assert not root.exists()


def test_trouble_on_the_work_list_is_told_and_repair_lets_parked_work_go_on(
    settings: Settings, place: doctor.Place
) -> None:
    """scale/9: doctor was "all ok" while a worker failed everybody's work."""
    assert found(settings)["work list"].ok
    cause = Unavailable("存储拒绝了密钥。", "The store refuses the key.")
    with transaction(place.factory) as session:
        organisation = cast.actor(session).organisation_id
        for name in "abc":
            worklist.request(
                session, kind="x", subject_id=name, organisation_id=organisation, dedup=name
            )
        parked, put_off, left = (
            worklist.claim(session, worker="w", lease=lease) for lease in (60.0, 60.0, -1.0)
        )
        assert parked is not None
        assert put_off is not None
        assert left is not None
        worklist.put_off(session, parked, cause, first=600.0, park_after=0.0)
        worklist.put_off(session, put_off, cause, first=600.0, park_after=600.0)
    check = found(settings)["work list"]
    assert not check.ok
    assert "搁置 1 项，放回待重试 1 项，进程中断 1 项" in check.said.zh
    assert "Parked 1, put off 1, left by their process 1" in check.said.en
    assert cause.said.zh in check.said.zh
    assert cause.said.en in check.said.en
    assert any("Let 1 parked" in text.en for text in doctor.repair(settings))
    with place.factory() as session:
        assert worklist.get(session, parked.work_id).state == State.QUEUED


def test_work_that_nobody_takes_is_told(settings: Settings, place: doctor.Place) -> None:
    """scale/9: no worker runs, or each waits for something."""
    with transaction(place.factory) as session:
        organisation = cast.actor(session).organisation_id
        work = worklist.request(
            session, kind="x", subject_id="a", organisation_id=organisation, dedup="a"
        )
        work.created = work.created - timedelta(hours=1)
    check = found(settings)["work list"]
    assert not check.ok
    assert "60 分钟" in check.said.zh
    assert "no worker takes it" in check.said.en
    assert "No worker runs" in check.said.en
    with transaction(place.factory) as session:
        cause = Unavailable("存储拒绝了密钥。", "The store refuses the key.")
        attendance.report(session, name="w", version="1", cause=cause)
    check = found(settings)["work list"]
    assert cause.said.zh in check.said.zh
    assert cause.said.en in check.said.en
