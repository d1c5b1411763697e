"""What stands behind the MLflow door: MLflow's own handlers, and ours where a version is filed.

Loads MLflow's server: imported by the door once it is wanted, after `mlflow_door.configure`.
"""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial, wraps
from pathlib import Path
from typing import Any, NoReturn
from urllib.parse import urlsplit

from a2wsgi import WSGIMiddleware
from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse
from flask import Flask, Response, request
from mlflow.entities.model_registry import ModelVersion
from mlflow.exceptions import MlflowException
from mlflow.protos.databricks_pb2 import (
    ENDPOINT_NOT_FOUND,
    INVALID_PARAMETER_VALUE,
    ErrorCode,
)
from mlflow.protos.model_registry_pb2 import CreateModelVersion, GetModelVersionDownloadUri
from mlflow.server import handlers
from mlflow.server.artifact_router import artifact_router
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session, sessionmaker
from starlette.types import ASGIApp
from werkzeug.exceptions import BadRequest, HTTPException

from portal import incoming
from portal.at_hand import SAFE_METHODS
from portal.mlflow_door import ACTOR, ALLOWED, API, code_of, owns, told
from portal.mlflow_uploads import Uploads, snapshot_uri
from registry import characters, environment, mlflow_store, model_names, submission
from registry.artifacts import ArtifactStore
from registry.database import transaction
from registry.errors import RegisterError, Unavailable
from registry.mlflow_store import MlflowRegistry
from registry.settings import Settings

THREADS = 16


class Routes:
    """The allow-listed handlers on one installation.

    Args:
        settings: of this installation.
        factory: sessions on the register's database.
        store: where submissions are kept.
    """

    def __init__(
        self, settings: Settings, factory: sessionmaker[Session], store: ArtifactStore
    ) -> None:
        self._factory = factory
        self._store = store
        self._limit = settings.max_submission
        self._registry = MlflowRegistry(settings)
        uploads = Path(settings.data.resolve() / "mlflow" / "uploads")
        self._uploads = Uploads(uploads, store, partial(owns, factory))

    def application(self) -> ASGIApp:
        """MLflow's streaming routes for files, and its REST handlers behind them."""
        # MLflow offers no other way in.
        handlers._artifact_repo = self._uploads  # type: ignore[assignment]  # noqa: SLF001
        flask = Flask("mingsuan.mlflow")
        flask.before_request(_read_texts)
        flask.register_error_handler(HTTPException, _of_no_route)
        flask.register_error_handler(Exception, _flask_away)
        ours = {
            f"{API}/model-versions/create": self._create_version,
            f"{API}/model-versions/get-download-uri": self._download_uri,
            f"{API}/registered-models/create": self._check_name,
            f"{API}/experiments/create": self._check_location,
        }
        for path, handler, methods in handlers.get_endpoints():
            if methods[0] in ALLOWED.get(path, "").split():
                answer = _in_mlflow_words(ours[path], handler) if path in ours else handler
                flask.add_url_rule(path, f"{methods[0]} {path}", answer, methods=methods)
        api = FastAPI(docs_url=None, redoc_url=None, openapi_url=None)
        for kind in (OSError, SQLAlchemyError, Unavailable):
            api.add_exception_handler(kind, _api_away)
        api.include_router(artifact_router)
        api.mount("/", WSGIMiddleware(flask, workers=THREADS))  # type: ignore[arg-type]
        return api

    def _create_version(self, _handler: Callable[[], Response]) -> Response:
        """Screen and store the files, then file the snapshot in MLflow."""
        asked = handlers._get_request_message(CreateModelVersion())  # noqa: SLF001
        path = self._uploads.path_of(_location(asked), ACTOR.get().organisation_id)
        with self._uploads.folder(path) as folder:
            screened = submission.keep(self._store, folder, limit=self._limit)
        with transaction(self._factory) as session:
            version = submission.record(
                session, screened, by=ACTOR.get(), model_name=asked.name, note=asked.description
            ).version
        with transaction(self._factory) as session:
            number = mlflow_store.file_version(
                session, self._registry, version.id, run_id=asked.run_id
            )
        self._uploads.seal(path, screened.digest)
        answer = CreateModelVersion.Response(model_version=_described(asked, number).to_proto())
        return _wrapped(answer)

    def _download_uri(self, _handler: Callable[[], Response]) -> Response:
        """Where the ordinary client reads a snapshot: through this door."""
        asked = handlers._get_request_message(GetModelVersionDownloadUri())  # noqa: SLF001
        store = handlers._get_model_registry_store()  # noqa: SLF001
        uri = str(store.get_model_version_download_uri(name=asked.name, version=asked.version))
        digest = uri.removeprefix(mlflow_store.SCHEME)
        uri = snapshot_uri(ACTOR.get().organisation_id, digest)
        return _wrapped(GetModelVersionDownloadUri.Response(artifact_uri=uri))

    def _check_name(self, handler: Callable[[], Response]) -> Response:
        """Refuse a name under which nothing could be submitted later."""
        name = request.get_json(force=True).get("name")
        if isinstance(name, str) and model_names.checked(name) != name:
            _refuse(f"Write the model's name without blanks around it: {name!r}")
        return handler()

    def _check_location(self, handler: Callable[[], Response]) -> Response:
        """Refuse an experiment whose files would lie anywhere but here."""
        if request.get_json(force=True).get("artifact_location"):
            _refuse("Leave artifact_location out: files are kept by this server.")
        return handler()


def _read_texts() -> Response | None:
    """Read every text of a request by the rule of the other doors; an answer where it breaks it."""

    def read() -> Response | None:
        with _told_as_mlflow():
            characters.check_all(
                [[k, v] for k, v in request.args.items(multi=True)], within="query"
            )
            if request.method not in SAFE_METHODS and request.get_data(cache=True):
                incoming.check_document(_body())
        return None

    answer: Response | None = handlers.catch_mlflow_exception(read)()
    return answer


def _body() -> dict[str, Any]:
    """The JSON object that a changing request carries; MLflow's messages are nothing else."""
    try:
        body = request.get_json(force=True)
    except (BadRequest, RecursionError, ValueError):
        body = None
    if not isinstance(body, dict):
        _refuse("Send a JSON object: the body is none.")
    return body


def _of_no_route(error: HTTPException) -> Response:
    """What Flask would tell as a page, as MLflow's clients read it."""
    code = {404: ENDPOINT_NOT_FOUND, 405: ENDPOINT_NOT_FOUND}.get(
        error.code or 500, INVALID_PARAMETER_VALUE
    )
    told = MlflowException(str(error.description), error_code=code)
    return Response(
        told.serialize_as_json(), status=error.code or 500, mimetype="application/json"
    )


def _location(asked: Any) -> str:
    """The address of the uploaded files behind a source, looked up in the actor's workspace."""
    source = urlsplit(asked.source)
    tracking = handlers._get_tracking_store()  # noqa: SLF001
    if source.scheme == "models" and source.path.startswith("/m-"):
        return str(tracking.get_logged_model(source.path.strip("/")).artifact_location)
    if source.scheme == "runs" and not source.netloc:
        run_id, _, inside = source.path.strip("/").partition("/")
        return f"{tracking.get_run(run_id).info.artifact_uri}/{inside}"
    return str(asked.source)


def _described(asked: Any, number: str) -> ModelVersion:
    """MLflow's version with the tags and the description that came with the request."""
    store = handlers._get_model_registry_store()  # noqa: SLF001
    for tag in asked.tags:
        store.set_model_version_tag(asked.name, number, tag)
    if asked.description:
        store.update_model_version(asked.name, number, asked.description)
    if asked.model_id:
        handlers._get_tracking_store().set_model_versions_tags(  # noqa: SLF001
            name=asked.name, version=number, model_id=asked.model_id
        )
    described: ModelVersion = store.get_model_version(asked.name, number)
    return described


def _flask_away(error: Exception) -> Response:
    """What the environment did, as MLflow's client reads it; other errors as Flask has them."""
    away = environment.unavailable(error)
    if away is None:
        raise error
    return Response(
        json.dumps({"error_code": code_of(away), "message": told(away)}),
        status=503,
        content_type="application/json",
        headers={"Retry-After": str(away.retry_after)},
    )


def _api_away(_request: Request, error: Exception) -> JSONResponse:
    away = environment.unavailable(error)
    if away is None:
        raise error
    return JSONResponse(
        {"error_code": code_of(away), "message": told(away)},
        status_code=503,
        headers={"Retry-After": str(away.retry_after)},
    )


@contextmanager
def _told_as_mlflow() -> Iterator[None]:
    """Let the register's errors leave as MLflow's."""
    try:
        yield
    except RegisterError as refused:
        error = environment.unavailable(refused) or refused
        code = ErrorCode.Value(code_of(error))
        raise MlflowException(told(error), error_code=code) from refused


def _in_mlflow_words(
    ours: Callable[[Callable[[], Response]], Response], handler: Callable[[], Response]
) -> Callable[[], Response]:
    """Our handler in place of MLflow's, with the register's errors as MLflow's."""

    @wraps(handler)
    def answer() -> Response:
        with _told_as_mlflow():
            return ours(handler)

    caught: Callable[[], Response] = handlers.catch_mlflow_exception(answer)
    return caught


def _wrapped(message: Any) -> Response:
    response: Response = handlers._wrap_response(message)  # noqa: SLF001
    return response


def _refuse(message: str) -> NoReturn:
    raise MlflowException(message, error_code=INVALID_PARAMETER_VALUE)
