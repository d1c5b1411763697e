"""What stands behind the MLflow door: MLflow's own handlers, and ours where a version is filed.

Loads MLflow's server: imported by the door once it is wanted, after `mlflow_door.configure`.
"""

import json
import re
from collections.abc import Callable
from contextlib import suppress
from functools import partial, wraps
from http import HTTPStatus
from typing import Any

from a2wsgi import WSGIMiddleware
from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse
from fastapi.routing import APIRoute
from flask import Flask, Response, g, jsonify, request
from mlflow.entities import Experiment, LifecycleStage
from mlflow.exceptions import MlflowException
from mlflow.protos.databricks_pb2 import INTERNAL_ERROR, INVALID_PARAMETER_VALUE, ErrorCode
from mlflow.protos.model_registry_pb2 import GetModelVersionDownloadUri
from mlflow.server import handlers
from mlflow.server.artifact_router import artifact_router
from mlflow.utils import server_info
from mlflow.version import VERSION
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session, sessionmaker
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException as StarletteHTTPException
from starlette.requests import ClientDisconnect
from starlette.responses import Response as PlainResponse
from starlette.types import ASGIApp, Receive, Scope, Send
from werkzeug.exceptions import BadRequest, HTTPException

from portal.mlflow import adoption as mlflow_adoption
from portal.mlflow import faults as mlflow_faults
from portal.mlflow import own_tags as mlflow_own_tags
from portal.mlflow import parts as mlflow_parts
from portal.mlflow import refusals as mlflow_refusals
from portal.mlflow import rules as mlflow_rules
from portal.mlflow.deleting import Deleting
from portal.mlflow.door import ACTOR, ALLOWED, API, code_of, owns, told
from portal.mlflow.paths import is_cut_off, require_parts, told_twice
from portal.mlflow.registering import Registering
from portal.mlflow.uploads import Uploads, snapshot_uri
from portal.mlflow.words import in_mlflow_words, refusal
from portal.web import incoming
from portal.web.at_hand import SAFE_METHODS
from portal.web.body_limit import raise_limit
from registry import characters, environment, json_text, mlflow_store, model_names, races
from registry.artifacts import ArtifactStore
from registry.errors import Unavailable
from registry.mlflow_store import MlflowRegistry
from registry.settings import Settings

THREADS = 16
REGISTER = f"{API}/model-versions/create"  # refuses tags of ours by itself: a copy brings them
NOT_HERE = (
    server_info.SERVER_INFO_WORKSPACES_ENABLED,  # none can be chosen: the token decides
    server_info.SERVER_INFO_TRACE_ARCHIVAL_ENABLED,
    server_info.SERVER_INFO_MULTIPART_DOWNLOADS_ENABLED,
    server_info.SERVER_INFO_PRESIGNED_UPLOAD_RUN_ID_SUPPORTED,
    server_info.SERVER_INFO_PRESIGNED_UPLOAD_MODEL_ID_SUPPORTED,
)
CATCHING = handlers.catch_mlflow_exception(lambda: None).__code__
SENDING = ("POST", "PATCH")
"""The methods whose routes read a JSON object, all of them."""
NO_EXPERIMENT = ("0", 0)
MADE_IN_ONE = ("/runs/create", "/logged-models")
NO_EXPERIMENT_ASKED = r"\b(experiment_id=)0(?=&|$)"


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
        self._settings, self._factory, self._store = settings, factory, store
        self._limit = settings.max_submission
        self._base_url = settings.base_url.rstrip("/")
        self._uploads = Uploads(
            settings.data.resolve() / "spool",
            factory,
            store,
            partial(owns, factory),
            limit=self._limit,
            part_address=self._address,
        )
        mlflow_registry = MlflowRegistry(settings)
        self._registering = Registering(
            factory, store, mlflow_registry, self._uploads, limit=self._limit
        )
        self._deleting = Deleting(factory, mlflow_registry)

    def application(self) -> ASGIApp:
        """MLflow's streaming routes for files, and its REST handlers behind them."""
        mlflow_adoption.adopt(self._settings, self._factory, self._store)
        # MLflow offers no other way in.
        handlers._artifact_repo = self._uploads  # type: ignore[assignment]  # noqa: SLF001
        flask = Flask("mingsuan.mlflow")
        flask.url_map.merge_slashes = False  # a redirect is a page
        flask.before_request(_read_texts)
        flask.before_request(_name_experiment)
        flask.before_request(_check_tags)
        flask.after_request(_told_twice)
        flask.register_error_handler(HTTPException, _of_no_route)
        flask.register_error_handler(Exception, _flask_away)
        ours = {
            f"POST {REGISTER}": self._registering.answer,
            f"GET {API}/model-versions/get-download-uri": self._download_uri,
            f"POST {API}/registered-models/create": _check_name,
            f"GET {API}/registered-models/alias": _by_alias,
            f"POST {API}/registered-models/alias": _check_alias,
            f"DELETE {API}/registered-models/delete": self._deleting.registered_model,
            f"POST {API}/runs/delete": self._deleting.run,
            f"POST {API}/runs/log-model": _check_place,
            f"POST {API}/experiments/create": _check_location,
            f"POST {API}/experiments/delete": self._deleting.experiment,
            f"DELETE {API}/logged-models/<model_id>": self._deleting.logged_model,
            f"GET {server_info.SERVER_INFO_ENDPOINT}": _server_info,
        }
        told_twice()
        mlflow_faults.read_with_names()
        endpoints = handlers.get_endpoints()
        for path, handler, methods in endpoints:
            for method in methods:
                route = f"{method} {path}"
                if method in ALLOWED.get(path, "").split():
                    answer = _caught(ours.get(route, _as_mlflow), handler)
                else:
                    answer = partial(_refused, mlflow_refusals.policy_of(path))
                flask.add_url_rule(
                    path, route, answer, methods=[method], provide_automatic_options=False
                )
        for path in {path for path, _, _ in endpoints}:
            flask.add_url_rule(
                path, f"OPTIONS {path}", partial(_options, path), methods=["OPTIONS"]
            )
        flask.add_url_rule("/version", "version", lambda: VERSION, provide_automatic_options=False)
        api = FastAPI(docs_url=None, redoc_url=None, openapi_url=None)
        for kind in (OSError, SQLAlchemyError, Unavailable):
            api.add_exception_handler(kind, _api_away)
        api.add_exception_handler(StarletteHTTPException, self._of_files)
        api.add_exception_handler(ClientDisconnect, _gone)
        api.put("/parts/{upload_id}/{number}")(self._take_part)
        api.put("/parts/{address:path}")(_no_part)
        api.router.routes += [
            route
            for route in artifact_router.routes
            if isinstance(route, APIRoute) and not route.path.startswith("/ajax-api/")
        ]
        api.mount("/", WSGIMiddleware(flask, workers=THREADS))  # type: ignore[arg-type]
        return _WholeNames(api)

    async def _of_files(self, _request: Request, error: Exception) -> JSONResponse:
        """What the routes for files would tell as FastAPI does, as MLflow's clients read it."""
        status = error.status_code if isinstance(error, StarletteHTTPException) else 500
        detail = str(getattr(error, "detail", error))
        if status == HTTPStatus.REQUEST_ENTITY_TOO_LARGE:
            detail = mlflow_rules.RULES["too-large"].message(limit=f"{self._limit:,}")
        code = ErrorCode.Name(INVALID_PARAMETER_VALUE)
        away = environment.unavailable(error) or Unavailable
        passing = status == HTTPStatus.SERVICE_UNAVAILABLE
        return JSONResponse(
            {"error_code": code, "message": mlflow_rules.with_chinese(code, detail)},
            status_code=status,
            headers={"Retry-After": str(away.retry_after)} if passing else None,
        )

    def _address(self, path: str) -> str:
        """Where a client reaches a path below the door: the public address, or the one it used."""
        return f"{self._base_url or request.host_url.rstrip('/')}/mlflow{path}"

    async def _take_part(
        self,
        request: Request,
        upload_id: str,
        number: str,
        expires: str = "",
        signature: str = "",
    ) -> PlainResponse:
        """Keep one part of a large file; whoever has its signed address may send it."""
        try:
            place, until = mlflow_parts.count(number), mlflow_parts.count(expires)
            await run_in_threadpool(
                self._uploads.check_part, upload_id, place, expires=until, signature=signature
            )
            raise_limit(request, self._limit)
            tag = await self._uploads.take_part(upload_id, place, request.stream())
        except MlflowException as refused:
            return _in_json(refused)
        return PlainResponse(headers={"ETag": f'"{tag}"'})

    def _download_uri(self, _handler: Callable[[], Response]) -> Response:
        """Where the ordinary client reads a snapshot: through this door."""
        asked = handlers._get_request_message(GetModelVersionDownloadUri())  # noqa: SLF001
        store = handlers._get_model_registry_store()  # noqa: SLF001
        uri = str(store.get_model_version_download_uri(name=asked.name, version=asked.version))
        digest = uri.removeprefix(mlflow_store.SCHEME)
        uri = snapshot_uri(ACTOR.get().organisation_id, digest)
        return _wrapped(GetModelVersionDownloadUri.Response(artifact_uri=uri))


class _WholeNames:
    """Refuses the address of a file whose name a client cut off at a “?”.

    Args:
        app: what answers all others.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and is_cut_off(scope["path"], scope["query_string"]):
            path = characters.visible(scope["path"].rpartition("/")[2])
            answer = _in_json(refusal("path-cut-off", path=path))
            await answer(scope, receive, send)
            return
        await self._app(scope, receive, send)


async def _no_part(address: str) -> PlainResponse:  # noqa: ARG001
    """What is sent to no part's address."""
    return _in_json(mlflow_parts.address_refused())


async def _gone(_request: Request, _error: Exception) -> PlainResponse:
    """Nobody reads this: the client went away before all was sent, and what came is dropped."""
    return PlainResponse(status_code=HTTPStatus.BAD_REQUEST)


def _in_json(refused: MlflowException) -> JSONResponse:
    return JSONResponse(json.loads(refused.serialize_as_json()), refused.get_http_status_code())


def _check_name(handler: Callable[[], Response]) -> Response:
    """Refuse a name under which nothing could be submitted later."""
    name = request.get_json(force=True).get("name")
    if isinstance(name, str):
        model_names.require_spelt(name)
    return handler()


def _check_alias(handler: Callable[[], Response]) -> Response:
    """Refuse an alias that looks like another: clients read by it which version is in use."""
    alias = request.get_json(force=True).get("alias")
    if isinstance(alias, str):
        model_names.require_alias(alias)
    return handler()


def _by_alias(handler: Callable[[], Response]) -> Response:
    """The version that an alias names; one that is not there is told with those that are."""
    try:
        return handler()
    except MlflowException as missing:
        if missing.error_code != "INVALID_PARAMETER_VALUE" or "not found" not in missing.message:
            raise
        name, alias = request.args.get("name", ""), request.args.get("alias", "")
        known = handlers._get_model_registry_store().get_registered_model(name).aliases  # noqa: SLF001
        listed = ", ".join(sorted(known)) or "—"
        raise refusal("no-alias", name=name, alias=alias, known=listed) from missing


def _check_location(handler: Callable[[], Response]) -> Response:
    """Refuse an experiment whose files would lie anywhere but here."""
    if request.get_json(force=True).get("artifact_location"):
        raise refusal("files-here")
    return handler()


def _check_place(handler: Callable[[], Response]) -> Response:
    """Refuse a logged model whose folder no file can lie in; what is no JSON MLflow refuses."""
    noted = None
    with suppress(KeyError, ValueError, TypeError, RecursionError):
        noted = json.loads(_body()["model_json"])
    place = noted.get("artifact_path") if isinstance(noted, dict) else None
    if isinstance(place, str):
        require_parts(place)
    return handler()


def _read_texts() -> Response | None:
    """Read every text of a request by the rule of the other doors; an answer where it breaks it."""

    def read() -> Response | None:
        with in_mlflow_words():
            characters.check_all(
                [[k, v] for k, v in request.args.items(multi=True)], within="query"
            )
            sent = request.get_data(cache=True) if request.method not in SAFE_METHODS else b""
            if sent:
                _check_keys(sent)
                _leave_out_nulls(_body())
                incoming.check_document(_body())
            if request.method in SENDING and _offered() and not (sent and request.is_json):
                raise refusal("json-object")
        return None

    answer: Response | None = handlers.catch_mlflow_exception(read)()
    return answer


def _leave_out_nulls(sent: dict[str, Any]) -> None:
    """Read a field that is null as one that is not there, as the JSON of MLflow's messages has it.

    MLflow's readers take the null for a value, and fail.

    Args:
        sent: the body, which is kept with the request for all that read it.
    """
    for name in [name for name, value in sent.items() if value is None]:
        del sent[name]


def _check_keys(body: bytes) -> None:
    """Raise `KeyTwice` where a key stands twice; what is no JSON is refused by `_body`."""
    with suppress(ValueError, RecursionError):
        json_text.parse(body)


def _body() -> dict[str, Any]:
    """The JSON object that a changing request carries; MLflow's messages are nothing else."""
    body = _sent()
    if not isinstance(body, dict):
        raise refusal("json-object")
    return body


def _sent() -> Any:
    """The JSON value of a body; None where it is none."""
    try:
        return request.get_json(force=True)
    except (BadRequest, RecursionError, ValueError):
        return None


def _of_no_route(error: HTTPException) -> Response:
    """What Flask would tell as a page, as MLflow's clients read it."""
    status = error.code or 500
    if status in (404, 405):
        policy = mlflow_refusals.unknown(request.method, characters.visible(request.path))
        body = mlflow_refusals.as_json(policy)
    else:
        code = (
            INTERNAL_ERROR
            if status >= HTTPStatus.INTERNAL_SERVER_ERROR
            else INVALID_PARAMETER_VALUE
        )
        body = {"error_code": ErrorCode.Name(code), "message": str(error.description)}
    return Response(json.dumps(body), status=status, mimetype="application/json")


def _refused(name: str | None, **_places: str) -> Response:
    """The refusal of a route of MLflow's that is not offered."""
    if name is None:  # new in MLflow, and undecided: the test of the policies fails then
        policy = mlflow_refusals.unknown(request.method, characters.visible(request.path))
    else:
        policy = mlflow_refusals.POLICIES[name]
    told = MlflowException(policy.message(), error_code=ErrorCode.Value(policy.code))
    return Response(
        json.dumps(mlflow_refusals.as_json(policy)),
        status=told.get_http_status_code(),
        mimetype="application/json",
    )


def _options(path: str, **_places: str) -> Response:
    """Which methods a path offers; the refusal of its policy where it offers none."""
    offered = ALLOWED.get(path)
    if offered is None:
        return _refused(mlflow_refusals.policy_of(path))
    allow = ", ".join([*offered.split(), "OPTIONS"])
    return Response(status=204, headers={"Allow": allow})


def _as_mlflow(handler: Callable[[], Response]) -> Response:
    """What MLflow's own handler answers."""
    return handler()


def _server_info(handler: Callable[[], Response]) -> Response:
    """What this server can do: MLflow's own answer speaks of routes that are not offered."""
    told = handler().get_json()
    told |= dict.fromkeys(NOT_HERE, False)
    told[server_info.SERVER_INFO_FEATURES_ENABLED] = {"gateway": False}
    return jsonify(told)


def _name_experiment() -> Response | None:
    """Let “no experiment named” mean this organisation's experiment `Default`, made when needed.

    MLflow's clients write `0` where nobody named an experiment; here it belongs to nobody.
    """

    def name() -> None:
        body = _sent() if request.method == "POST" else None
        named = body if isinstance(body, dict) else {}
        listed = named.get("experiment_ids")
        query = request.query_string.decode("latin-1")
        if (
            named.get("experiment_id") not in NO_EXPERIMENT
            and not (isinstance(listed, list) and "0" in listed)
            and not re.search(NO_EXPERIMENT_ASKED, query)
        ):
            return
        own = _default_experiment()
        if named.get("experiment_id") in NO_EXPERIMENT:
            named["experiment_id"] = own
        if isinstance(listed, list):
            named["experiment_ids"] = [own if each == "0" else each for each in listed]
        request.query_string = re.sub(NO_EXPERIMENT_ASKED, rf"\g<1>{own}", query).encode("latin-1")
        request.__dict__.pop("args", None)  # read before, and kept

    answer: Response | None = handlers.catch_mlflow_exception(name)()
    return answer


def _default_experiment() -> str:
    """The number of the organisation's experiment `Default`."""
    store = handlers._get_tracking_store()  # noqa: SLF001
    known = store.get_experiment_by_name(Experiment.DEFAULT_EXPERIMENT_NAME)
    if known is not None:
        if known.lifecycle_stage != LifecycleStage.ACTIVE and request.path.endswith(MADE_IN_ONE):
            raise refusal("default-deleted", experiment=known.experiment_id)
        return str(known.experiment_id)
    try:
        return str(store.create_experiment(Experiment.DEFAULT_EXPERIMENT_NAME, "", []))
    except MlflowException:  # somebody else was first
        return str(store.get_experiment_by_name(Experiment.DEFAULT_EXPERIMENT_NAME).experiment_id)


def _offered() -> bool:
    """Whether the door offers what is asked."""
    path = request.url_rule.rule if request.url_rule else ""
    return request.method in ALLOWED.get(path, "").split()


def _told_twice(answer: Response) -> Response:
    """An error in both languages: MLflow's own handlers tell theirs in English only.

    What passes by itself says when to ask again.
    """
    if answer.status_code == HTTPStatus.SERVICE_UNAVAILABLE:
        answer.headers.setdefault(
            "Retry-After", str(g.get("retry_after", Unavailable.retry_after))
        )
    if answer.status_code < HTTPStatus.BAD_REQUEST or not answer.is_json:
        return answer
    body = answer.get_json(silent=True)
    if isinstance(body, dict) and isinstance(body.get("message"), str):
        code = str(body.get("error_code", ""))
        body["message"] = mlflow_rules.with_chinese(code, body["message"])
        answer.set_data(json.dumps(body))
        if code == "INVALID_STATE":  # of a record: MLflow's clients would send a 500 again
            answer.status_code = HTTPStatus.CONFLICT
    return answer


def _check_tags() -> Response | None:
    """Refuse tags that only the platform writes, on a route that is offered."""
    path = request.url_rule.rule if request.url_rule else ""
    if not _offered() or request.method in SAFE_METHODS or path == REGISTER:
        return None

    def check() -> None:
        with in_mlflow_words():
            named = list(mlflow_own_tags.keys(path, _sent(), request.view_args or {}))
            mlflow_own_tags.refuse_prompts(iter(named))
            mlflow_own_tags.refuse(iter(named))

    answer: Response | None = handlers.catch_mlflow_exception(check)()
    return answer


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


def _caught(
    ours: Callable[[Callable[[], Response]], Response], handler: Callable[..., Response]
) -> Callable[..., Response]:
    """Our handler in place of MLflow's, with the register's errors as MLflow's.

    MLflow's is asked without its own `catch_mlflow_exception`, which stands around ours instead: an
    error in it undoes what ours began, and one that only names a driver's fault is put into words.
    """
    bare = handler.__wrapped__ if handler.__code__ is CATCHING else handler  # type: ignore[attr-defined]

    @wraps(handler)
    def answer(**places: str) -> Response:
        with in_mlflow_words(), mlflow_faults.told():
            return ours(partial(races.again, partial(bare, **places)))

    caught: Callable[..., Response] = handlers.catch_mlflow_exception(answer)
    return caught


def _wrapped(message: Any) -> Response:
    response: Response = handlers._wrap_response(message)  # noqa: SLF001
    return response
