"""Two servers on one database write to one store."""

from pathlib import Path

import pytest
from sqlalchemy.orm import Session

from registry import artifacts, store_mark
from registry.artifacts import ArtifactStore, FileStore
from registry.errors import Invalid
from registry.settings import Settings
from registry.store_mark import AnotherStore


def test_the_first_store_belongs_to_the_database_and_no_other(
    session: Session, store: ArtifactStore, tmp_path: Path
) -> None:
    """scale/2: each server kept uploads in a folder of its own."""
    store_mark.require(session, store)  # nothing is known yet
    store_mark.adopt(session, store)
    store_mark.adopt(session, store)
    store_mark.require(session, FileStore(tmp_path / "store"))

    for other in (FileStore(tmp_path / "other"), FileStore(tmp_path / "other")):
        for look in (store_mark.adopt, store_mark.require):
            with pytest.raises(AnotherStore, match="MINGSUAN_STORE"):
                look(session, other)
        other.write_mark("1" * 32)


def test_a_store_that_moves_with_its_mark_stays_the_one(
    session: Session, store: ArtifactStore, s3_settings: Settings
) -> None:
    store_mark.adopt(session, store)
    moved = artifacts.open_store(s3_settings)
    with pytest.raises(AnotherStore):
        store_mark.require(session, moved)
    moved.write_mark(store.read_mark())
    store_mark.require(session, moved)


def test_the_setting_names_a_folder_that_servers_share(tmp_path: Path) -> None:
    one, two = (
        artifacts.open_store(Settings(data=tmp_path / name, store=str(tmp_path / "shared")))
        for name in ("one", "two")
    )
    (tmp_path / "x").write_bytes(b"x")
    assert two.has(one.put(tmp_path / "x"))
    with pytest.raises(Invalid, match="begins with /"):
        artifacts.open_store(Settings(data=tmp_path, store="shared"))
