"""Uploads and seals that an earlier release kept in folders of its data directory, as rows.

Until revision 0009 what came through the MLflow door lay in `mlflow/uploads`, and notes in
`mlflow/sealed` said which snapshot took the place of a folder. Taking them over can be done twice.
"""

import re
from collections.abc import Iterator
from pathlib import Path

import structlog
from sqlalchemy.orm import Session, sessionmaker

from registry import artifacts, staging
from registry.artifacts import ArtifactStore
from registry.database import transaction
from registry.errors import RegisterError
from registry.organisations import Organisation
from registry.settings import Settings
from registry.staging import Origin, Seal

LOGGED_MODEL = re.compile(r"/models/(m-[0-9a-f]{32})/artifacts(/|$)")
RUN = re.compile(r"/([0-9a-f]{32})/artifacts(/|$)")
NOTE = ".digest"

log = structlog.get_logger(__name__)


def origin_of(path: str) -> Origin:
    """The run and the logged model that a path in the artifact tree speaks of.

    Args:
        path: such as `workspaces/ORGANISATION/1/models/m-…/artifacts`.
    """
    logged_model, run = LOGGED_MODEL.search(path), RUN.search(path)
    return Origin(run[1] if run else "", logged_model[1] if logged_model else "")


def adopt(settings: Settings, factory: sessionmaker[Session], store: ArtifactStore) -> None:
    """Take over what lies in the old folders, and remove them.

    Args:
        settings: for the data directory.
        factory: sessions on the database.
        store: where the bytes go.
    """
    notes, uploads = (settings.data / "mlflow" / name for name in ("sealed", "uploads"))
    for path, place in _files(notes):
        if place.name == NOTE:
            with transaction(factory) as session:
                _adopt_seal(session, path.removesuffix(f"/{NOTE}"), place.read_text("ascii"))
    for path, place in _files(uploads):
        with transaction(factory) as session:
            known = session.get(Organisation, path.split("/")[1]) is not None
        if known:
            _adopt_file(factory, store, path, place)
    for folder in (notes, uploads):
        artifacts.discard(folder)


def _adopt_seal(session: Session, path: str, digest: str) -> None:
    organisation = session.get(Organisation, path.split("/")[1])
    if organisation is None or staging.seal_over(session, path) is not None:
        return
    folder, origin = staging.hold(session, organisation.id, path), origin_of(path)
    session.add(
        Seal(
            folder_id=folder.id,
            path=path,
            digest=digest,
            run_id=origin.run_id,
            logged_model_id=origin.logged_model_id,
        )
    )


def _adopt_file(
    factory: sessionmaker[Session], store: ArtifactStore, path: str, place: Path
) -> None:
    digest, size = store.put(place), place.stat().st_size
    try:
        with transaction(factory) as session:
            staging.put(session, path.split("/")[1], path, digest=digest, size=size)
    except RegisterError as refused:  # below a sealed folder, or under an unseen name
        log.warning("upload_not_taken_over", path=path, error=str(refused))


def _files(root: Path) -> Iterator[tuple[str, Path]]:
    """Every file below a folder with its path in the artifact tree, `workspaces/…` only."""
    for place in sorted(root.rglob("*")):
        path = place.relative_to(root).as_posix()
        if place.is_file() and path.startswith("workspaces/") and path.count("/") >= 2:
            yield path, place
