"""Uploads through the MLflow door that nobody registers."""

from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy.orm import Session, sessionmaker

from portal.work import abandoned
from registry import artifacts, part_store, staging
from registry.artifacts import FileStore
from registry.database import now, transaction
from registry.settings import Settings
from registry.staging import StagedFolder
from tests import cast


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """An installation that keeps uploads for two days."""
    return Settings(data=tmp_path / "data", upload_days=2)


def test_what_nobody_registers_goes_after_its_days_bytes_and_all(
    settings: Settings, factory: sessionmaker[Session], store: FileStore, tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    """security/S3: what is old goes, what was added to lately waits whole."""
    monkeypatch.setattr(artifacts, "GRACE", timedelta(0))
    monkeypatch.setattr(artifacts.collect, "__kwdefaults__", {"grace": timedelta(seconds=-1)})
    with transaction(factory) as session:
        organisation_id = cast.actor(session).organisation_id
    roots = [f"workspaces/{organisation_id}/1/{name * 32}/artifacts" for name in "ab"]
    digests = []
    for number, root in enumerate(roots):
        (tmp_path / "file").write_bytes(root.encode())
        digests.append(store.put(tmp_path / "file"))
        with transaction(factory) as session:
            staging.put(session, organisation_id, f"{root}/x", digest=digests[-1], size=9)
            upload = staging.begin(session, organisation_id, f"{root}/y", secret="s", parts=1)
            staging.put_part(session, upload, 1, digest="0" * 64, size=9, limit=99)
            part_store.beside(store).put(upload.id, 1, tmp_path / "file")
            if number == 0:
                folder = session.get_one(StagedFolder, upload.folder_id)
                folder.touched = now() - timedelta(days=3)

    assert abandoned.clear(settings, factory, store) == 1

    with factory() as session:
        assert staging.below(session, roots[0]) == []
        assert [each.digest for each in staging.below(session, roots[1])] == [digests[1]]
    assert list(store.digests()) == [digests[1]]
    assert len(list((store.root / "parts").iterdir())) == 1
    assert abandoned.clear(settings, factory, store) == 0
