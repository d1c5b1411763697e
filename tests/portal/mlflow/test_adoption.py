"""What an earlier release kept in folders of its data directory."""

from pathlib import Path

import pytest
from sqlalchemy.orm import Session, sessionmaker

from portal.mlflow import adoption as mlflow_adoption
from registry import modes, staging
from registry.artifacts import FileStore
from registry.database import transaction
from registry.settings import Settings
from registry.staging import Sealed
from tests import cast

MODEL = "m-" + "a" * 32


def test_seals_and_uploads_of_an_earlier_release_become_rows(
    factory: sessionmaker[Session], store: FileStore, tmp_path: Path
) -> None:
    settings = Settings(data=tmp_path / "data")
    with transaction(factory) as session:
        organisation_id = cast.actor(session).organisation_id
    sealed = f"workspaces/{organisation_id}/1/models/{MODEL}/artifacts"
    opened = f"workspaces/{organisation_id}/1/{'b' * 32}/artifacts/model"
    old = settings.data / "mlflow"
    contents = {
        f"sealed/{sealed}/.digest": "1" * 64,
        f"uploads/{opened}/MLmodel": "flavors",
        f"uploads/{sealed}/stray": "below a seal",
        f"uploads/workspaces/{'0' * 32}/1/x": "of nobody",
    }
    for name, content in contents.items():
        modes.folder((old / name).parent)
        (old / name).write_text(content)

    for _ in range(2):
        mlflow_adoption.adopt(settings, factory, store)

    with transaction(factory) as session:
        seal = staging.seal_over(session, f"{sealed}/MLmodel")
        assert seal is not None
        assert (seal.digest, seal.logged_model_id) == ("1" * 64, MODEL)
        assert staging.is_origin(session, logged_model_id=MODEL)
        [kept] = staging.below(session, f"workspaces/{organisation_id}")
        assert kept.path == f"{opened}/MLmodel"
        with store.open(kept.digest) as stream:
            assert stream.read() == b"flavors"
        with pytest.raises(Sealed):
            staging.put(session, organisation_id, f"{sealed}/x", digest="2" * 64, size=1)
    assert list(old.iterdir()) == []


@pytest.mark.parametrize(
    ("path", "run", "model"),
    [
        (f"workspaces/o/1/models/{MODEL}/artifacts", "", MODEL),
        (f"mlflow-artifacts:/workspaces/o/1/{'b' * 32}/artifacts/model", "b" * 32, ""),
        ("s3://bucket/x", "", ""),
    ],
)
def test_the_origin_that_a_path_tells(path: str, run: str, model: str) -> None:
    told = mlflow_adoption.origin_of(path)
    assert (told.run_id, told.logged_model_id) == (run, model)
