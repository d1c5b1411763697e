"""security/S1: what lies on disk is for the account that runs the processes, and nobody else."""

import io
import os
import shutil
import stat
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import text

from portal.work import at_rest, doctor, signer_key, worker
from portal.work.at_rest import examined_modes
from registry import artifacts, attestation, database, modes, submission
from registry.database import transaction
from registry.settings import Settings
from tests import tables
from tests.portal.installation import installed

NOBODY = 65_534
needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another account")


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A folder that every account can enter, unlike those of pytest."""
    folder = Path(tempfile.mkdtemp(dir="/var/tmp", prefix="mingsuan-test-"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder)


@pytest.fixture
def no_mask() -> Iterator[None]:
    """A process that takes no right away by itself, as a careless service would be started."""
    before = os.umask(0)
    yield
    os.umask(before)


def read_by_nobody(root: Path) -> list[str]:
    """The files that an unprivileged account can read, by their known paths, not by looking."""
    files = [str(path) for path in root.rglob("*") if path.is_file()]
    assert files
    program = 'while IFS= read -r f; do head -c 1 -- "$f" >/dev/null 2>&1 && echo "$f"; done; true'
    done = subprocess.run(
        ["/bin/sh", "-c", program],
        input="\n".join(files) + "\n",
        user=NOBODY,
        group=NOBODY,
        extra_groups=[],
        cwd="/",
        env={"PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    return done.stdout.splitlines()


@needs_root
def test_the_account_nobody_reads_what_is_open_in_this_test(open_folder: Path) -> None:
    """The check itself can fail: an open file is read."""
    (open_folder / "open").write_text("x")
    (open_folder / "open").chmod(0o644)  # whatever mask the process has by now
    assert read_by_nobody(open_folder) == [str(open_folder / "open")]


@needs_root
@pytest.mark.slow
def test_another_account_can_read_nothing_of_an_installation_that_has_worked(
    open_folder: Path, no_mask: None, own_signals: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """security/S1: database, -wal, -shm, blobs, model copies, socket, key: all closed."""
    monkeypatch.setattr(modes, "close_to_others", lambda: None)  # explicit modes hold alone
    with installed(open_folder) as place:
        place.register()
        reader = place.engine.connect()  # keeps -wal and -shm there
        worker.run(place.settings, once=True)
        data = place.settings.data
        names = {path.name for path in data.rglob("*") if path.is_file()}
        assert {"mingsuan.db", "mingsuan.db-wal", "mingsuan.db-shm"} <= names
        assert list((data / "spool" / "models").iterdir())
        key = signer_key.key_path(place.settings)
        assert data not in key.parents
        data.chmod(0o711)  # as an earlier release or an operator may have left the top folder
        assert [each.path for each in modes.exposed(data)] == [data]
        assert str(open_folder / "people.parquet") in read_by_nobody(open_folder)  # the test's own
        assert read_by_nobody(data) == []
        assert read_by_nobody(key.parent) == []
        reader.close()


def test_what_a_process_makes_is_closed_by_its_mask_too(tmp_path: Path, no_mask: None) -> None:
    """security/S1: libraries make files of their own; the mask holds for them."""
    modes.close_to_others()
    (tmp_path / "by-a-library").write_text("x")
    assert stat.S_IMODE((tmp_path / "by-a-library").stat().st_mode) == 0o600


def test_a_sqlite_database_and_its_side_files_are_made_closed(
    tmp_path: Path, no_mask: None
) -> None:
    """security/S1: mingsuan.db, -wal and -shm, whatever the process's mask."""
    settings = Settings(data=modes.folder(tmp_path / "deep" / "data"))
    engine = database.connect(settings.database_url)
    tables.make(engine)
    with transaction(database.sessions(engine)) as session:
        session.execute(text("SELECT 1"))
        made = {path.name: stat.S_IMODE(path.stat().st_mode) for path in settings.data.iterdir()}
    engine.dispose()
    assert made == dict.fromkeys(("mingsuan.db", "mingsuan.db-wal", "mingsuan.db-shm"), 0o600)
    assert stat.S_IMODE(settings.data.parent.stat().st_mode) == 0o700


def test_blobs_spool_and_copies_are_made_closed(tmp_path: Path, no_mask: None) -> None:
    """security/S1: the store's blobs, the spool's files and the workers' model copies."""
    settings = Settings(data=tmp_path / "data")
    store = artifacts.open_store(settings)
    digest = store.put(io.BytesIO(b"x"))
    manifest = [{"path": "a/MLmodel", "sha256": digest, "size": 1}]
    version = submission.Version(digest=attestation.sha256(b"m"), manifest=manifest)
    artifacts.cached_directory(store, version, settings)
    with artifacts.spooled(io.BytesIO(b"y"), settings=settings, limit=9):
        assert list(modes.exposed(settings.data)) == []


def old_installation(settings: Settings) -> None:
    """What a release before this one left: 0755, 0644 and 0444, the key among the data."""
    for path, content in (
        ("mingsuan.db", b"rows"),
        ("mlflow.db", b"rows"),
        ("store/sha256/ab/cd/blob", b"model"),
        ("spool/models/copy/MLmodel", b"model"),
        ("mlflow/uploads/workspaces/o/1/f", b"model"),
    ):
        place = settings.data / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(content)
        place.chmod(0o644)
    (settings.data / "store/sha256/ab/cd/blob").chmod(0o444)
    (settings.data / "spool/models/copy/MLmodel").chmod(0o444)
    (settings.data / "spool/models/copy").chmod(0o555)
    for folder in (settings.data, *settings.data.rglob("*")):
        if folder.is_dir() and folder.name != "copy":
            folder.chmod(0o755)


def test_an_old_installation_is_found_open_and_mended(tmp_path: Path) -> None:
    """security/S1: doctor names the open places; --repair closes them and changes no byte."""
    settings = Settings(data=tmp_path / "data", sandbox_tier="none")
    old_installation(settings)
    before = {p: p.read_bytes() for p in settings.data.rglob("*") if p.is_file()}
    fine, said = examined_modes(settings)
    assert not fine
    assert "doctor --repair" in said.zh
    assert str(settings.data) in said.en
    done = at_rest.close(settings)
    assert any("Closed 18 places" in each.en for each in done), done
    assert examined_modes(settings)[0]
    assert {p: p.read_bytes() for p in before} == before
    assert stat.S_IMODE((settings.data / "spool/models/copy").stat().st_mode) == 0o500
    assert stat.S_IMODE((settings.data / "store/sha256/ab/cd/blob").stat().st_mode) == 0o400
    assert stat.S_IMODE((settings.data / "mingsuan.db").stat().st_mode) == 0o600


@needs_root
def test_a_mended_installation_can_be_read_by_nobody_else(open_folder: Path) -> None:
    """security/S1: the same by an unprivileged process, before and after."""
    settings = Settings(data=open_folder / "data")
    old_installation(settings)
    assert len(read_by_nobody(settings.data)) == 5
    at_rest.close(settings)
    assert read_by_nobody(settings.data) == []


@pytest.mark.parametrize("chosen", [False, True])
def test_the_folder_of_the_signers_key_is_examined_and_closed(
    tmp_path: Path, chosen: bool
) -> None:
    """Security stranger on issue 7, F7d/13: whoever can write there puts another key in its place."""
    own = tmp_path / "keys" / "key.pem"
    settings = Settings(data=tmp_path / "data", signer_key=str(own) if chosen else "")
    modes.folder(settings.data)
    signer_key.open_key(settings)
    folder = signer_key.key_path(settings).parent
    (folder / "of-others").write_text("x")
    (folder / "of-others").chmod(0o644)
    for mode, fine in ((0o700, True), (0o755, chosen), (0o777, False), (0o770, False)):
        folder.chmod(mode)
        found, said = examined_modes(settings)
        assert found is fine, oct(mode)
        assert fine or str(folder) in said.en
    folder.chmod(0o777)
    at_rest.close(settings)
    assert examined_modes(settings)[0]
    assert stat.S_IMODE(folder.stat().st_mode) == (0o755 if chosen else 0o700)
    assert stat.S_IMODE((folder / "of-others").stat().st_mode) == 0o644, "no file of ours"


def test_links_are_not_followed(tmp_path: Path) -> None:
    """Closing an installation changes nothing outside of it."""
    outside = tmp_path / "outside"
    outside.mkdir(mode=0o755)
    outside.chmod(0o755)
    settings = Settings(data=tmp_path / "data")
    modes.folder(settings.data)
    (settings.data / "link").symlink_to(outside)
    at_rest.close(settings)
    assert stat.S_IMODE(outside.stat().st_mode) == 0o755


def test_doctor_examines_the_modes(tmp_path: Path) -> None:
    """security/S1: the check is one of doctor's, in both languages."""
    settings = Settings(data=tmp_path / "data", sandbox_tier="none")
    found = {check.name.en: check for check in doctor.examine(settings)}
    assert found["who can read the files"].ok
    settings.data.chmod(0o755)
    found = {check.name.en: check for check in doctor.examine(settings)}
    assert not found["who can read the files"].ok
    doctor.repair(settings)
    found = {check.name.en: check for check in doctor.examine(settings)}
    assert found["who can read the files"].ok


def test_an_idle_worker_sweeps_once_an_hour(tmp_path: Path) -> None:
    """security/S3: nobody has to run doctor for it."""
    settings = Settings(data=tmp_path / "data")
    cleared: list[int] = []

    def clear() -> int:
        cleared.append(1)
        return 1

    sweeper = at_rest.Sweeper(settings, clear)
    left = modes.folder(settings.data / "spool" / "incoming") / "old"
    past = time.time() - 2 * at_rest.LEFT_OVER
    for expected in (False, True):
        left.write_bytes(b"x")
        os.utime(left, (past, past))
        sweeper.sweep()
        assert left.exists() is expected  # the second time it is not due yet
    sweeper.due = 0.0
    sweeper.sweep()
    assert not left.exists()
    assert len(cleared) == 2
