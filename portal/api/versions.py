"""Models and their versions: what an enterprise submits."""

from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Header, Path, Query, Response
from pydantic import Field

from portal.api.shapes import Answer, Page, Paged
from portal.web import sight
from portal.web.access import allow
from portal.web.at_hand import Configured, Database, Store
from portal.web.identity import By
from portal.web.uploads import Body
from registry import submission
from registry.organisations import Role
from registry.screening import TrustClass
from registry.submission import Version
from registry.tokens import Scope

router = APIRouter(tags=["versions"])
ARCHIVE = {
    "requestBody": {
        "required": True,
        "description": "The MLflow model directory as a zip or tar(.gz) archive.",
        "content": {
            kind: {"schema": {"type": "string", "format": "binary"}}
            for kind in ("application/zip", "application/gzip", "application/x-tar")
        },
    }
}


class ModelOut(Answer):
    """A model: a name, and the versions under it."""

    id: str
    name: str
    created: datetime


class VersionOut(Answer):
    """A version on record; it never changes."""

    id: str
    model_id: str
    model_name: str
    organisation_id: str
    number: int
    digest: str = Field(description="SHA-256 of the manifest's canonical JSON")
    size: int
    flavour: str
    trust_class: TrustClass
    inputs: list[Any]
    manifest: list[Any] = Field(description="every file: {path, sha256, size}")
    screening: dict[str, Any]
    note: str
    created: datetime
    mlflow_version: str | None
    withdrawn: datetime | None


@router.get("/models", dependencies=[allow(Role.FILER)], summary="本单位的模型 · Your models")
def models(by: By, session: Database, paging: Paged) -> Page[ModelOut]:
    """The models of your organisation, by name."""
    rows = submission.models(
        session, by.organisation_id, limit=paging.limit + 1, after=paging.after
    )
    return paging.page(rows, ModelOut.model_validate, key=lambda row: row.name)


@router.post(
    "/models/{name}/versions",
    status_code=201,
    dependencies=[allow(Role.FILER, scope=Scope.SUBMIT, upload=True)],
    openapi_extra=ARCHIVE,
    responses={200: {"description": "the same bytes were submitted before"}},
    summary="提交模型版本 · Submit a model version",
)
def submit(
    *,
    by: By,
    archive: Body,
    session: Database,
    store: Store,
    settings: Configured,
    response: Response,
    name: Annotated[str, Path(max_length=400)],
    note: Annotated[str, Query(max_length=500)] = "",
    idempotency_key: Annotated[str | None, Header(max_length=80)] = None,
) -> VersionOut:
    """Submit an archive of an MLflow model directory.

    It is screened before it is opened; a refusal lists every reason with the file it is about.
    The same bytes twice are one version: the second time the answer is 200, not 201.
    """
    submitted = submission.submit_archive(
        session,
        store,
        by=by,
        model_name=name,
        archive=archive,
        limit=settings.max_submission,
        note=note,
        idempotency_key=idempotency_key,
    )
    response.status_code = 201 if submitted.created else 200
    response.headers["Location"] = f"/api/v1/versions/{submitted.version.id}"
    return _shape(session, submitted.version)


@router.get("/versions", dependencies=[allow(Role.FILER)], summary="本单位的版本 · Your versions")
def listing(
    by: By, session: Database, paging: Paged, model_id: Annotated[str | None, Query()] = None
) -> Page[VersionOut]:
    """The versions of your organisation, newest first."""
    rows = submission.versions(
        session,
        by.organisation_id,
        model_id=model_id,
        limit=paging.limit + 1,
        before=paging.after,
    )
    return paging.page(rows, lambda row: _shape(session, row), key=lambda row: row.id)


@router.get(
    "/versions/{version_id}",
    dependencies=[allow(Role.FILER, Role.TESTER, Role.REVIEWER)],
    summary="模型版本 · One version",
)
def one(by: By, session: Database, version_id: str) -> VersionOut:
    """A version, for its owner, a tester engaged on it, and the authority."""
    return _shape(session, sight.version(session, by, version_id))


def _shape(session: Database, version: Version) -> VersionOut:
    record = {
        name: getattr(version, name) for name in VersionOut.model_fields if name != "model_name"
    }
    return VersionOut(**record, model_name=submission.model_of(session, version).name)
