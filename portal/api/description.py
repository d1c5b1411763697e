"""The API's own description: OpenAPI for programs, a plain page for people."""

from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import Any

from fastapi import APIRouter, FastAPI, Request
from fastapi.openapi.utils import get_openapi
from fastapi.responses import FileResponse, HTMLResponse, JSONResponse
from fastapi.routing import RouteContext, iter_route_contexts
from jinja2 import Environment, FileSystemLoader, select_autoescape

from filing import json_schema
from filing.law import FILING_STATEMENT, GRADING_STATEMENT
from portal.web import once, unrevised
from portal.web.access import Access, declared, public
from portal.web.at_hand import SAFE_METHODS
from portal.web.page_cache import keep
from portal.web.problems import MEDIA_TYPE, STATUS
from registry.language import Text
from registry.organisations import KIND_NAMES, ROLE_NAMES, Kind, Role

router = APIRouter(dependencies=[public], include_in_schema=False)
FOLDER = Path(__file__).parent / "templates"
PREFIX = "/api/v1/"
VERSION = "1"

INTRODUCTION = """\
明算的接口。带上令牌，就能完成网页上的一切操作。
The API of Mingsuan: with a token it does everything that the pages do.

**令牌 · Tokens.** 请求头 `Authorization: Bearer ms_…`。先用 `POST /api/v1/tokens/by-password` 换取。
Send `Authorization: Bearer ms_…`; the first one comes from `POST /api/v1/tokens/by-password`.

**翻页 · Paging.** `limit` 与 `cursor`；下一页的地址在 `next` 和 `Link` 头里。
`limit` and `cursor`; the next page's address stands in `next` and in the `Link` header.

**出错 · Errors.** 一律是 RFC 9457 问题文档，`reasons` 逐项列出原因和改法。
Always RFC 9457 problem documents; `reasons` lists every offending item and its remedy.

**修订 · Revisions.** 改动备案和单位资料的操作都要写明依据哪一次修订（`revision`），期间有别人改过就是 409，什么都不变；
不需要的写操作在 `x-needs-no-revision` 里说明为什么。
What changes a filing or an organisation says which `revision` it was made against; if somebody else
wrote meanwhile the answer is 409 and nothing changes. A write that needs none says why in
`x-needs-no-revision`.

**重发 · Sending again.** 写操作可带 `Idempotency-Key`（16 到 80 个字符，随机生成）：答复丢失后，一小时内由同一帐号用同一个键
重发，得到第一次的答复，只算一次；同一个键、不同的内容是 422；被拒绝的不占用键。密码和一次性链接的操作不看这个头。提交版本时键长期有效，同样的字节只登记一次。
A write may carry an `Idempotency-Key` (16 to 80 characters, drawn at random): sent again within an
hour, by the same account with the same key, it is answered as the first time and counts once; other
content under the key is 422; what was turned down leaves the key free. Operations on passwords and
one-time links ignore the header. For submissions keys last, and the same bytes are one version.
"""

IDEMPOTENCY = {
    "name": once.HEADER,
    "in": "header",
    "required": False,
    "schema": {"type": "string", "minLength": once.SHORTEST, "maxLength": once.LONGEST},
    "description": "随机的键：重发只算一次 · a random key: sent again, the call counts once",
}
PROBLEM = {
    "type": "object",
    "required": ["type", "title", "status", "detail"],
    "properties": {
        "type": {"type": "string", "examples": ["/problems/wrong-role"]},
        "title": {"type": "string"},
        "title_en": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string", "description": "what happened and what to do next"},
        "detail_en": {"type": "string"},
        "instance": {"type": "string"},
        "request_id": {"type": "string"},
        "reasons": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {
                    "item": {"type": "string"},
                    "said": {"$ref": "#/components/schemas/Bilingual"},
                    "remedy": {"$ref": "#/components/schemas/Bilingual"},
                },
            },
        },
    },
}


@router.get("/openapi.json")
def openapi(request: Request) -> JSONResponse:
    """The OpenAPI description."""
    keep(request)
    return JSONResponse(describe(request.app))


@router.get("/docs")
def page(request: Request) -> HTMLResponse:
    """The same description for people, with nothing from elsewhere."""
    keep(request)
    described = describe(request.app)
    html = _template().render(
        api=described,
        operations=_by_tag(described),
        filing_statement=FILING_STATEMENT,
        grade_statement=GRADING_STATEMENT,
    )
    return HTMLResponse(html)


@router.get("/docs.css")
def style() -> FileResponse:
    """How the page looks."""
    return FileResponse(FOLDER / "description.css", media_type="text/css")


def describe(app: FastAPI) -> dict[str, Any]:
    """The OpenAPI description of the API's routes, with who may use each; made once per site."""
    made: dict[str, Any] | None = getattr(app.state, "openapi", None)
    if made is None:
        made = app.state.openapi = _described(app)
    return made


def _described(app: FastAPI) -> dict[str, Any]:
    routes = [r for r in iter_route_contexts(app.routes) if (r.path or "").startswith(PREFIX)]
    made = get_openapi(
        title="明算 Mingsuan", version=VERSION, description=INTRODUCTION, routes=routes
    )
    parts = made.setdefault("components", {})
    parts["securitySchemes"] = {"token": {"type": "http", "scheme": "bearer"}}
    parts.setdefault("schemas", {})["Problem"] = PROBLEM
    parts["schemas"].update(json_schema.components())
    for noise in ("HTTPValidationError", "ValidationError"):
        parts["schemas"].pop(noise, None)
    for route, method, operation in _operations(made, routes):
        why = unrevised.API.get(f"{method} {route.path_format}")
        _complete(operation, declared(route.dependencies)[0], method, why)
        if why:
            operation["x-needs-no-revision"] = why.as_json()
    return made


def _operations(
    made: dict[str, Any], routes: list[RouteContext]
) -> Iterator[tuple[RouteContext, str, dict[str, Any]]]:
    for route in routes:
        for method in sorted(route.methods or ()):
            operation = made["paths"].get(route.path_format, {}).get(method.lower())
            if operation is not None:
                yield route, method, operation


def _complete(operation: dict[str, Any], access: Access, method: str, why: Text | None) -> None:
    operation["x-access"] = who(access, method)
    operation["security"] = [] if access.anyone else [{"token": []}]
    operation["responses"].pop("422", None)
    body = operation.get("requestBody", {}).get("content", {})
    raw = access.upload and "multipart/form-data" not in body  # it counts once by itself
    if method not in SAFE_METHODS and why not in once.PERSONAL and not raw:
        known = operation.setdefault("parameters", [])
        if not any(each["name"].lower() == once.HEADER.lower() for each in known):
            known.append(IDEMPOTENCY)
    refusals = {int(status) for status in STATUS.values()} if not access.anyone else {404, 422}
    for status in sorted(refusals - {503}):
        operation["responses"].setdefault(
            str(status),
            {
                "description": "问题文档 · a problem document",
                "content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}},
            },
        )


def who(access: Access, method: str) -> dict[str, Any]:
    """Who may use a route, in words of both languages."""
    if access.anyone:
        return {"zh": "任何人", "en": "anyone", "scope": None}
    roles = [ROLE_NAMES[role] for role in Role if role in access.roles]
    kinds = [KIND_NAMES[kind] for kind in Kind if kind in access.kinds]
    zh = "、".join(name.zh for name in roles) or "已登录的人"
    en = ", ".join(name.en for name in roles) or "anyone who is signed in"
    if kinds:
        zh = f"{'、'.join(name.zh for name in kinds)}的{zh}"
        en = f"{en} of {', '.join(name.en for name in kinds)}"
    return {"zh": zh, "en": en, "scope": access.scope_for(method)}


def _by_tag(described: dict[str, Any]) -> dict[str, list[dict[str, Any]]]:
    grouped: dict[str, list[dict[str, Any]]] = {}
    for path, methods in described["paths"].items():
        for method, operation in methods.items():
            grouped.setdefault(operation["tags"][-1], []).append(
                {
                    **operation,
                    "method": method.upper(),
                    "path": path,
                    "fields": _fields(described, operation),
                }
            )
    return grouped


def _fields(described: dict[str, Any], operation: dict[str, Any]) -> list[dict[str, Any]]:
    """The fields of the JSON body, one row each."""
    content = operation.get("requestBody", {}).get("content", {})
    for body in content.values():
        schema = _resolved(described, body.get("schema", {}))
        needed = schema.get("required", [])
        return [
            {"name": name, "required": name in needed, **_resolved(described, shape)}
            for name, shape in schema.get("properties", {}).items()
        ]
    return []


def _resolved(described: dict[str, Any], schema: dict[str, Any]) -> dict[str, Any]:
    reference = schema.get("$ref")
    if reference is None:
        return schema
    found: dict[str, Any] = described["components"]["schemas"][reference.rsplit("/", 1)[-1]]
    return found


@lru_cache
def _template() -> Any:
    environment = Environment(
        loader=FileSystemLoader(FOLDER), autoescape=select_autoescape(), trim_blocks=True
    )
    return environment.get_template("description.html")
