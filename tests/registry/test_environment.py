"""security/A1, scale/4: each cause of the environment is told apart from the work's own faults."""

import errno
import os
import shutil
import sqlite3
import threading
from pathlib import Path

import pyarrow as pa
import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.exc import OperationalError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from registry import archives, database, environment
from registry.artifacts import FileStore
from registry.belonging import StoreUnreachable
from registry.environment import (
    DatabaseAway,
    DatabaseBusy,
    DatabaseClosed,
    DatabaseDamaged,
    DiskFault,
    DiskFull,
    NotPermitted,
    OutOfResources,
    ReadOnly,
)
from registry.errors import Invalid, Unavailable
from tests import servers


def caught(url: str, *statements: str) -> Exception:
    """What a database of ours raises at the last of the statements."""
    engine = create_engine(url)
    try:
        with engine.connect() as connection:
            for statement in statements:
                connection.execute(text(statement))
            connection.commit()
    except SQLAlchemyError as error:
        return error
    finally:
        engine.dispose()
    raise AssertionError("nothing was raised")


@pytest.mark.parametrize(
    ("number", "kind"),
    [
        (errno.ENOSPC, DiskFull),
        (errno.EDQUOT, DiskFull),
        (errno.EROFS, ReadOnly),
        (errno.EACCES, NotPermitted),
        (errno.EPERM, NotPermitted),
        (errno.EIO, DiskFault),
        (errno.EMFILE, OutOfResources),
        (errno.ENFILE, OutOfResources),
        (errno.ENOMEM, OutOfResources),
    ],
)
def test_an_error_of_the_system_has_its_cause_in_both_languages(
    number: int, kind: type[Unavailable]
) -> None:
    found = environment.unavailable(OSError(number, os.strerror(number)))
    assert type(found) is kind
    assert found.said == environment.SAID[kind]
    assert found.retry_after > 0


def test_sqlites_own_errors_have_their_cause(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'some.db'}"
    big = "INSERT INTO t VALUES (randomblob(9000000))"
    full = caught(url, "CREATE TABLE t (a)", "PRAGMA max_page_count = 3", big)
    assert type(environment.unavailable(full)) is DiskFull
    closed = caught(url, "PRAGMA query_only = 1", "CREATE TABLE u (a)")
    assert type(environment.unavailable(closed)) is ReadOnly
    gone = caught(f"sqlite:///{tmp_path / 'nowhere' / 'some.db'}", "SELECT 1")
    assert type(environment.unavailable(gone)) is DatabaseClosed
    (tmp_path / "words.db").write_text("no database " * 1000)
    damaged = caught(f"sqlite:///{tmp_path / 'words.db'}", "SELECT * FROM t")
    assert type(environment.unavailable(damaged)) is DatabaseDamaged
    with sqlite3.connect(tmp_path / "some.db", isolation_level=None) as other:
        other.execute("CREATE TABLE v (a)")
        other.execute("BEGIN IMMEDIATE")
        busy = caught(url, "PRAGMA busy_timeout = 0", "INSERT INTO v VALUES (1)")
        assert type(environment.unavailable(busy)) is DatabaseBusy
        other.execute("ROLLBACK")
    other.close()


@pytest.mark.postgres
def test_postgresqls_own_errors_have_their_cause(postgres_url: str) -> None:
    closed = caught(postgres_url, "SET TRANSACTION READ ONLY", "CREATE TABLE u (a int)")
    assert type(environment.unavailable(closed)) is ReadOnly
    late = caught(postgres_url, "SET statement_timeout = 50", "SELECT pg_sleep(5)")
    assert type(environment.unavailable(late)) is DatabaseBusy
    ended = caught(postgres_url, "SELECT pg_terminate_backend(pg_backend_pid())")
    assert type(environment.unavailable(ended)) is DatabaseAway
    nobody = f"postgresql://mingsuan@127.0.0.1:{servers.free_port()}/x"
    assert type(environment.unavailable(caught(nobody, "SELECT 1"))) is DatabaseAway


@pytest.mark.parametrize(
    "error",
    [
        ValueError("a value"),
        Invalid("坏", "bad"),
        FileNotFoundError(errno.ENOENT, "no such file"),
        OSError("Invalid data stream"),
        pa.ArrowInvalid("not a table"),
        ZeroDivisionError(),
    ],
)
def test_a_fault_of_the_work_stays_its_own(error: Exception) -> None:
    assert environment.unavailable(error) is None


def test_a_statement_that_is_wrong_stays_the_programs_own(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'some.db'}"
    assert environment.unavailable(caught(url, "SELECT nothing FROM nowhere")) is None


def test_an_exhausted_pool_is_a_busy_database() -> None:
    assert type(environment.unavailable(PoolTimeout("QueuePool limit"))) is DatabaseBusy


def test_what_was_raised_from_the_environment_is_the_environments() -> None:
    """security/A1: a full disk makes no archive break a rule."""
    refused = Invalid("压缩包不合规则", "the archive breaks the rules")
    refused.__cause__ = OSError(errno.ENOSPC, "No space left on device")
    assert type(environment.unavailable(refused)) is DiskFull
    with pytest.raises(DiskFull) as raised:
        environment.check(refused)
    assert raised.value.__cause__ is refused


def test_a_full_disk_is_no_damage_of_the_archive(small_disk: Path, tmp_path: Path) -> None:
    """security/A1: a small submission was told that its archive breaks the rules."""
    packed = tmp_path / "model"
    packed.mkdir()
    (packed / "weights").write_bytes(os.urandom(3 * 1024 * 1024))
    archive = Path(shutil.make_archive(str(tmp_path / "model"), "zip", packed))
    into = small_disk / "into"
    into.mkdir()
    with pytest.raises(DiskFull, match="磁盘已满"):
        archives.unpack(archive, into, limit=10**9)


def test_a_full_disk_fails_the_stores_check_and_a_roomy_one_passes(small_disk: Path) -> None:
    """scale/9, security/A1: an empty file can be made where no byte fits."""
    store = FileStore(small_disk / "store")
    store.check()
    filling = small_disk / "filling"
    room = shutil.disk_usage(small_disk).free
    filling.write_bytes(bytes(room))
    with pytest.raises(DiskFull):
        store.check()
    filling.unlink()
    store.check()
    assert list(store.digests()) == []


def test_the_database_is_seen_to_take_changes_without_waiting(tmp_path: Path) -> None:
    """scale/9: read-only is seen; a writer at work is no fault, and is not waited for."""
    engine = database.connect(f"sqlite:///{tmp_path / 'some.db'}")
    database.check_writing(engine)
    with sqlite3.connect(tmp_path / "some.db", isolation_level=None) as other:
        other.execute("BEGIN IMMEDIATE")
        thread = threading.Thread(target=database.check_writing, args=(engine,))
        thread.start()
        thread.join(20)
        assert not thread.is_alive()
        other.execute("ROLLBACK")
    other.close()
    engine.dispose()
    read_only = database.connect(f"sqlite:///file:{tmp_path / 'some.db'}?mode=ro&uri=true")
    with pytest.raises(OperationalError) as refused:
        database.check_writing(read_only)
    assert isinstance(environment.unavailable(refused.value), ReadOnly)
    read_only.dispose()


@pytest.mark.postgres
def test_a_read_only_postgresql_is_seen(postgres_url: str) -> None:
    """scale/9"""
    engine = database.connect(postgres_url)
    database.check_writing(engine)
    with engine.connect() as connection:
        name = connection.scalar(text("SELECT current_database()"))
        connection.execute(text(f"ALTER DATABASE {name} SET default_transaction_read_only = on"))
        connection.commit()
    engine.dispose()
    with pytest.raises(ReadOnly):
        database.check_writing(engine)
    engine.dispose()


def test_a_store_that_is_away_is_unavailable() -> None:
    assert issubclass(StoreUnreachable, Unavailable)
