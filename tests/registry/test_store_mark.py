"""Two servers on one database write to one store."""

import io
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from sqlalchemy.orm import Session, sessionmaker

from registry import artifacts, database, datasets, part_store, store_mark
from registry.artifacts import ArtifactStore, FileStore
from registry.belonging import AnotherStore, StoreLost, StoreUnreachable
from registry.datasets import Dataset, Use
from registry.errors import Invalid
from registry.organisations import Kind
from registry.s3_store import S3Store
from registry.settings import Settings
from tests import cast
from tests import tables as test_tables


def test_the_first_store_belongs_to_the_database_and_no_other(
    session: Session, store: ArtifactStore, tmp_path: Path
) -> None:
    """scale/2: each server kept uploads in a folder of its own."""
    store_mark.require(session, store)  # nothing is known yet
    store_mark.adopt(session, store)
    store_mark.adopt(session, store)
    store_mark.require(session, FileStore(tmp_path / "store"))

    other = FileStore(tmp_path / "other")
    for refusal in (StoreLost, AnotherStore):
        for look in (store_mark.adopt, store_mark.require):
            with pytest.raises(refusal, match="MINGSUAN_STORE"):
                look(session, other)
        other.write_mark("1" * 32)


def test_a_store_that_moves_with_its_mark_stays_the_one(
    session: Session, store: ArtifactStore, s3_settings: Settings
) -> None:
    store_mark.adopt(session, store)
    moved = artifacts.open_store(s3_settings)
    with pytest.raises(StoreLost):
        store_mark.require(session, moved)
    moved.write_mark(store.read_mark())
    store_mark.require(session, moved)


@dataclass
class Known:
    """A store that a record knows, and how to lose it."""

    settings: Settings
    factory: sessionmaker[Session]
    digest: str

    def opened(self) -> ArtifactStore:
        """As a process opens it that has just started."""
        return store_mark.open_store(self.settings, self.factory)

    def lose(self) -> None:
        """The whole of it goes away."""
        store = self.opened()
        if isinstance(store, FileStore):
            store.root.rename(store.root.with_name("away"))
            return
        assert isinstance(store, S3Store)
        for entry in store.client.list_objects_v2(Bucket=store.bucket)["Contents"]:
            store.client.delete_object(Bucket=store.bucket, Key=entry["Key"])
        store.client.delete_bucket(Bucket=store.bucket)

    def remains(self) -> list[str]:
        """The files or objects that are there; none also where there is no folder or bucket."""
        store = artifacts.open_store(self.settings)
        if isinstance(store, FileStore):
            return [path.name for path in store.root.rglob("*")]
        assert isinstance(store, S3Store)
        names = [bucket["Name"] for bucket in store.client.list_buckets()["Buckets"]]
        if store.bucket not in names:
            return []
        listed = store.client.list_objects_v2(Bucket=store.bucket).get("Contents", [])
        return [entry["Key"] for entry in listed]


@pytest.fixture(params=["files", pytest.param("s3", marks=pytest.mark.s3)])
def known(request: pytest.FixtureRequest, factory: sessionmaker[Session], tmp_path: Path) -> Known:
    """On either kind of store, which holds one blob."""
    files = request.param == "files"
    chosen = Settings(data=tmp_path) if files else request.getfixturevalue("s3_settings")
    store = artifacts.open_store(chosen)
    with database.transaction(factory) as session:
        store_mark.adopt(session, store)
    return Known(chosen, factory, store.put(io.BytesIO(b"kept")))


def uses(store: ArtifactStore, digest: str, file: Path) -> list[Callable[[], object]]:
    """Everything that a process does with a store."""
    parts = part_store.beside(store)
    asked: list[Callable[[], object]] = [
        store.check,
        store.require_ours,
        lambda: store.put(io.BytesIO(b"new")),
        lambda: store.put(file),
        lambda: store.open(digest),
        lambda: store.size(digest),
        lambda: store.has(digest),
        lambda: store.delete(digest),
        lambda: list(store.blobs()),
        lambda: parts.begin("upload"),
    ]
    if isinstance(store, FileStore):
        asked.append(lambda: parts.put("upload", 1, file))
    return asked


def test_a_store_that_went_away_is_never_made_anew(known: Known, tmp_path: Path) -> None:
    """Issue 7, E1: a running server made the folder again, and what it took was lost."""
    file = tmp_path / "file"
    file.write_bytes(b"part")
    running = known.opened()
    assert running.has(known.digest)
    known.lose()
    for store in (running, known.opened()):
        for use in uses(store, known.digest, file):
            with pytest.raises(StoreUnreachable) as told:
                use()
            assert told.value.retry_after > 0
    assert known.remains() == []
    if isinstance(running, FileStore):
        assert not running.root.exists()


def test_a_store_that_was_made_anew_is_not_written_to_and_what_it_lacks_is_not_missing(
    known: Known, tmp_path: Path
) -> None:
    """Issue 7, E1 and E2: an empty disk where the full one was, or another register's."""
    file = tmp_path / "file"
    file.write_bytes(b"part")
    running = known.opened()
    assert running.has(known.digest)
    known.lose()
    ghost = artifacts.open_store(known.settings)
    other = ghost.put(io.BytesIO(b"of another"))
    for refusal in (StoreLost, AnotherStore):
        before = known.remains()
        for store in (running, known.opened()):
            for use in uses(store, known.digest, file):
                with pytest.raises(refusal):
                    use()
        assert known.remains() == before
        ghost.write_mark("1" * 32)
    assert ghost.has(other)


@pytest.mark.parametrize("known", ["files"], indirect=True)
def test_a_store_that_is_back_is_used_again(known: Known) -> None:
    running = known.opened()
    assert isinstance(running, FileStore)
    known.lose()
    with pytest.raises(StoreLost):
        running.check()
    running.root.with_name("away").rename(running.root)
    running.check()
    with running.open(running.put(io.BytesIO(b"new"))) as stream:
        assert stream.read() == b"new"
    with pytest.raises(artifacts.BlobNotFound):
        running.open("0" * 64)


def test_a_store_that_goes_while_bytes_are_written_does_not_say_that_it_has_them(
    factory: sessionmaker[Session], tmp_path: Path
) -> None:
    settings = Settings(data=tmp_path)
    with database.transaction(factory) as session:
        store_mark.adopt(session, artifacts.open_store(settings))
    store = store_mark.open_store(settings, factory)
    assert isinstance(store, FileStore)
    root = store.root

    class Leaving(io.BytesIO):
        def read(self, size: int | None = -1, /) -> bytes:
            if root.exists():
                root.rename(root.with_name("away"))
            return super().read(size)

    with pytest.raises(StoreLost):
        store.put(Leaving(b"late"))
    assert not root.exists()


def registered(session: Session, store: ArtifactStore, folder: Path) -> Dataset:
    """A data set on record, its bytes in the store."""
    path = folder / "people.csv"
    path.write_text("age,sex\n" + "".join(f"{n},{'FM'[n % 2]}\n" for n in range(40)))
    return datasets.register(
        session,
        store,
        by=cast.actor(session, Kind.TESTER),
        name="数据",
        use=Use.EVALUATION,
        path=path,
        columns=[],
        source="合成",
        deidentification="没有真人",
    )


@pytest.mark.parametrize("url", ["sqlite", pytest.param("pg", marks=pytest.mark.postgres)])
@pytest.mark.parametrize("marked", [False, True])
def test_a_store_without_a_mark_is_marked_only_where_the_records_newest_lie(
    request: pytest.FixtureRequest, tmp_path: Path, url: str, *, marked: bool
) -> None:
    """An installation of before marks, or one restored without its mark."""
    where = "" if url == "sqlite" else request.getfixturevalue("postgres_url")
    engine = database.connect(Settings(data=tmp_path, database=where).database_url)
    test_tables.make(engine)
    real = FileStore(tmp_path / "real")
    try:
        with database.sessions(engine)() as session:
            if marked:
                assert store_mark.adopt(session, real)
            registered(session, real, tmp_path)
            (real.root / "mark").unlink(missing_ok=True)
            empty, other = FileStore(tmp_path / "empty"), FileStore(tmp_path / "other")
            other.put(io.BytesIO(b"something else"))
            for ghost in (empty, other):
                with pytest.raises(StoreUnreachable):
                    store_mark.adopt(session, ghost)
                assert not (ghost.root / "mark").exists()
            assert store_mark.adopt(session, real)
            assert not store_mark.adopt(session, real)
            store_mark.prove(session, real)
    finally:
        engine.dispose()


def test_nothing_proves_a_store_whose_mark_no_record_knows(
    session: Session, store: ArtifactStore
) -> None:
    with pytest.raises(StoreLost, match="doctor --repair"):
        store_mark.prove(session, store)


def test_the_setting_names_a_folder_that_servers_share(tmp_path: Path) -> None:
    one, two = (
        artifacts.open_store(Settings(data=tmp_path / name, store=str(tmp_path / "shared")))
        for name in ("one", "two")
    )
    (tmp_path / "x").write_bytes(b"x")
    assert two.has(one.put(tmp_path / "x"))
    with pytest.raises(Invalid, match="begins with /"):
        artifacts.open_store(Settings(data=tmp_path, store="shared"))
