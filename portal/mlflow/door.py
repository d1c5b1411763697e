"""The MLflow door: an enterprise's ordinary MLflow client logs, registers and downloads models.

The client needs two settings, `MLFLOW_TRACKING_URI=https://host/mlflow` and
`MLFLOW_TRACKING_TOKEN`, and an experiment of its own. Behind the gate stands an allow-list of
MLflow's REST handlers, each in the workspace of the token's organisation; registering a version is
ours: the files are screened and stored like any submission, and the client gets MLflow's version of
the snapshot. MLflow takes seconds to import, so it is loaded in a thread, at the first request or
when `warm` is called.
"""

import json
import os
import threading
from collections.abc import Callable, Mapping
from contextvars import ContextVar
from http import HTTPStatus

from sqlalchemy import select
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session, sessionmaker
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.types import ASGIApp, Receive, Scope, Send

from portal.mlflow import refusals as mlflow_refusals
from portal.mlflow.rules import RULES
from portal.pages.rendering import language_of
from portal.web import body_limit
from portal.web.at_hand import SAFE_METHODS
from registry import characters, environment, mlflow_store
from registry.artifacts import ArtifactStore
from registry.errors import Conflict, Invalid, NotFound, Refused, RegisterError, Unavailable
from registry.organisations import Actor, Role
from registry.settings import Settings
from registry.submission import Version
from registry.tokens import Scope as TokenScope
from registry.tokens import require_scope

FindActor = Callable[[str], Actor | None]

API = "/api/2.0/mlflow"
HEALTH, PARTS = "/health", "/parts/"
ALLOWED: Mapping[str, str] = {
    f"{API}/experiments/create": "POST",
    f"{API}/experiments/get": "GET",
    f"{API}/experiments/get-by-name": "GET",
    f"{API}/experiments/search": "GET POST",
    f"{API}/experiments/set-experiment-tag": "POST",
    f"{API}/experiments/delete-experiment-tag": "POST",
    f"{API}/experiments/update": "POST",
    f"{API}/experiments/delete": "POST",
    f"{API}/experiments/restore": "POST",
    f"{API}/runs/create": "POST",
    f"{API}/runs/get": "GET",
    f"{API}/runs/search": "POST",
    f"{API}/runs/update": "POST",
    f"{API}/runs/delete": "POST",
    f"{API}/runs/restore": "POST",
    f"{API}/runs/log-batch": "POST",
    f"{API}/runs/log-inputs": "POST",
    f"{API}/runs/log-metric": "POST",
    f"{API}/runs/log-model": "POST",
    f"{API}/runs/log-parameter": "POST",
    f"{API}/runs/outputs": "POST",
    f"{API}/runs/set-tag": "POST",
    f"{API}/runs/delete-tag": "POST",
    f"{API}/metrics/get-history": "GET",
    f"{API}/logged-models": "POST",
    f"{API}/logged-models/search": "POST",
    f"{API}/logged-models/<model_id>": "GET PATCH DELETE",
    f"{API}/logged-models/<model_id>/tags": "PATCH",
    f"{API}/logged-models/<model_id>/tags/<tag_key>": "DELETE",
    f"{API}/logged-models/<model_id>/params": "POST",
    f"{API}/registered-models/create": "POST",
    f"{API}/registered-models/get": "GET",
    f"{API}/registered-models/search": "GET",
    f"{API}/registered-models/update": "PATCH",
    f"{API}/registered-models/delete": "DELETE",
    f"{API}/registered-models/set-tag": "POST",
    f"{API}/registered-models/delete-tag": "DELETE",
    f"{API}/registered-models/alias": "GET POST DELETE",
    f"{API}/registered-models/get-latest-versions": "GET POST",
    f"{API}/model-versions/create": "POST",
    f"{API}/model-versions/get": "GET",
    f"{API}/model-versions/get-download-uri": "GET",
    f"{API}/model-versions/search": "GET",
    f"{API}/model-versions/update": "PATCH",
    f"{API}/model-versions/set-tag": "POST",
    f"{API}/model-versions/delete-tag": "DELETE",
    "/api/2.0/mlflow-artifacts/artifacts": "GET",
    "/api/2.0/mlflow-artifacts/mpu/create/<path:artifact_path>": "POST",
    "/api/2.0/mlflow-artifacts/mpu/complete/<path:artifact_path>": "POST",
    "/api/2.0/mlflow-artifacts/mpu/abort/<path:artifact_path>": "POST",
    "/api/2.0/mlflow-artifacts/artifacts/<path:artifact_path>": "GET PUT",
    "/api/3.0/mlflow/server-info": "GET",
}
SOURCES = r"^(models:/m-[0-9a-f]{32}|runs:/[0-9a-f]{32}/.+|mlflow-artifacts:/workspaces/.+)$"
WITHHELD = frozenset({b"authorization", b"cookie", b"x-mlflow-workspace"})
CODES: Mapping[type[RegisterError], str] = {
    Invalid: "INVALID_PARAMETER_VALUE",
    Refused: "PERMISSION_DENIED",
    NotFound: "RESOURCE_DOES_NOT_EXIST",
    Conflict: "RESOURCE_CONFLICT",
}

ACTOR: ContextVar[Actor] = ContextVar("mlflow_door_actor")


class MlflowDoor:
    """The door as an ASGI application, to be mounted under `/mlflow`.

    Args:
        settings: of this installation.
        factory: sessions on the register's database.
        store: where submissions are kept.
        find_actor: bearer token → who it speaks for; None for an unknown one. Called in a thread.
    """

    def __init__(
        self,
        settings: Settings,
        factory: sessionmaker[Session],
        store: ArtifactStore,
        find_actor: FindActor,
    ) -> None:
        self._settings = settings
        self._factory = factory
        self._store = store
        self._find_actor = find_actor
        self._behind: ASGIApp | None = None
        self._building = threading.Lock()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let a filer's requests through, in the workspace of the filer's organisation."""
        if scope["type"] != "http":
            return
        path = scope["path"].removeprefix(scope.get("root_path", ""))
        if path in ("", "/") and _reads_pages(scope):
            desk = f"/{language_of(Request(scope))}/desk"  # lists an enterprise's own models
            await _send(send, 303, b"", b"text/plain", (b"location", desk.encode()))
            return
        if path == HEALTH:
            if scope["method"] in SAFE_METHODS:
                await self._health(send)
            else:
                policy = mlflow_refusals.unknown(characters.visible(scope["method"]), path)
                await _answer(send, 405, policy.code, policy.message())
            return
        if path.startswith(PARTS):  # the signature in the address is who may
            app = await run_in_threadpool(self._application)
            await app(scope, receive, send)
            return
        try:
            actor = await run_in_threadpool(self._admit, Headers(scope=scope))
        except Unavailable as away:
            await _away(send, away)
            return
        except RegisterError as refused:
            await _answer(send, 403, "PERMISSION_DENIED", told(refused))
            return
        if actor is None:
            rule = RULES["token"]
            await _answer(send, 401, rule.code, rule.message())
            return
        scope.setdefault("state", {})["actor"] = actor  # for the log and the caches
        try:
            characters.check("path", path, lines=False)
        except characters.TextRefused as refused:
            await _answer(send, 400, code_of(refused), told(refused))
            return
        app = await run_in_threadpool(self._application)
        from mlflow.utils.workspace_context import ServerWorkspaceContext

        if body_limit.KEY in scope:
            scope[body_limit.KEY].size = self._settings.max_submission
        headers = [(name, value) for name, value in scope["headers"] if name not in WITHHELD]
        acting = ACTOR.set(actor)
        try:
            with ServerWorkspaceContext(actor.organisation_id):
                await app({**scope, "headers": headers}, receive, send)
        finally:
            ACTOR.reset(acting)

    async def _health(self, send: Send) -> None:
        """Say to anyone whether the door opens: MLflow is loaded and the database answers."""
        try:
            await run_in_threadpool(self._application)
            await run_in_threadpool(self._find_actor, "health")
        except (Unavailable, OSError, SQLAlchemyError) as error:
            away = environment.unavailable(error)
            if away is None:
                raise
            await _away(send, away)
            return
        await _send(send, 200, b"OK", b"text/plain; charset=utf-8")

    def warm(self) -> None:
        """Load MLflow in the background, so that the first client need not wait for it."""
        threading.Thread(target=self._application, name="mlflow-door", daemon=True).start()

    def _admit(self, headers: Headers) -> Actor | None:
        scheme, _, token = headers.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not token.strip():
            return None
        actor = self._find_actor(token.strip())
        if actor is not None:
            actor.require(Role.FILER)
            require_scope(actor, TokenScope.SUBMIT)
        return actor

    def _application(self) -> ASGIApp:
        with self._building:
            if self._behind is None:
                configure(self._settings)
                from portal.mlflow.routes import Routes

                self._behind = Routes(self._settings, self._factory, self._store).application()
            return self._behind


class NotAtTheDoor:
    """What answers an MLflow client whose address lacks `/mlflow`, as the door itself would."""

    async def __call__(self, scope: Scope, _receive: Receive, send: Send) -> None:
        """Name the address, and the variable that holds it."""
        method, path = characters.visible(scope["method"]), characters.visible(scope["path"])
        policy = mlflow_refusals.unknown(method, path)
        await _answer(send, 404, policy.code, policy.message())


def configure(settings: Settings) -> None:
    """Set what MLflow's server reads from the environment; it must precede its import.

    Args:
        settings: for the database and the data directory.
    """
    mlflow_store.prepare(settings)
    url = mlflow_store.database_url(settings)
    os.environ.update(
        {
            "_MLFLOW_SERVER_FILE_STORE": url,
            "_MLFLOW_SERVER_REGISTRY_STORE": url,
            "MLFLOW_WORKSPACE_STORE_URI": url,
            "_MLFLOW_SERVER_SERVE_ARTIFACTS": "true",
            "_MLFLOW_SERVER_ARTIFACT_ROOT": "mlflow-artifacts:/",
            "_MLFLOW_SERVER_ARTIFACT_DESTINATION": "mlflow-artifacts:/",  # see Uploads
            "MLFLOW_CREATE_MODEL_VERSION_SOURCE_VALIDATION_REGEX": SOURCES,
            "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false",
            "MLFLOW_SERVER_DISABLE_SECURITY_MIDDLEWARE": "true",
        }
    )


def told(error: RegisterError) -> str:
    """An error of the register as the text of an MLflow error, with every reason."""
    reasons = [
        f"- {reason.item}: {reason.said.zh} {reason.said.en} → {reason.remedy.zh} {reason.remedy.en}"
        for reason in error.reasons
    ]
    return "\n".join([error.said.en, error.said.zh, *reasons])


def code_of(error: RegisterError) -> str:
    """MLflow's code for a kind of error."""
    return next(
        (code for kind, code in CODES.items() if isinstance(error, kind)),
        "TEMPORARILY_UNAVAILABLE",
    )


def owns(factory: sessionmaker[Session], organisation_id: str, digest: str) -> bool:
    """Whether an organisation has a version with this digest."""
    query = select(Version.id).where(
        Version.organisation_id == organisation_id, Version.digest == digest
    )
    with factory() as session:
        return session.scalar(query.limit(1)) is not None


def _reads_pages(scope: Scope) -> bool:
    """Whether a person's browser asks, who followed an address that an MLflow client printed."""
    asks = Headers(scope=scope).get("accept", "")
    return scope["method"] in {"GET", "HEAD"} and "text/html" in asks


async def _away(send: Send, away: Unavailable) -> None:
    await _answer(send, 503, code_of(away), told(away), wait=away.retry_after)


async def _answer(send: Send, status: int, code: str, message: str, *, wait: int = 0) -> None:
    body = json.dumps({"error_code": code, "message": message}).encode()
    more = [(b"retry-after", b"%d" % wait)] if wait else []
    if status == HTTPStatus.UNAUTHORIZED:  # RFC 9110, section 11.6.1: how to say who one is
        more.append((b"www-authenticate", b'Bearer realm="mingsuan"'))
    await _send(send, status, body, b"application/json", *more)


async def _send(
    send: Send, status: int, body: bytes, kind: bytes, *more: tuple[bytes, bytes]
) -> None:
    headers = [(b"content-type", kind), (b"content-length", b"%d" % len(body)), *more]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
