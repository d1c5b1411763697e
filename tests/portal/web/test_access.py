"""Every route says who may use it, and holds everyone to it."""

import inspect
import re
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute, RouteContext, iter_route_contexts
from fastapi.testclient import TestClient
from sqlalchemy import update
from starlette.routing import Mount

from portal.app import create_app
from portal.web.access import Access, declared
from portal.web.at_hand import SAFE_METHODS
from registry.database import now, transaction
from registry.organisations import Kind, Role
from registry.settings import Settings
from registry.tokens import Scope, Token, issue
from tests import exhaustive, tables
from tests.portal.records import Records
from tests.portal.world import PASSWORD, World

# Sub-applications with a gate of their own (the door) or with nothing to guard: static files, and
# what tells a client that its address lacks `/mlflow`.
MOUNTS = {
    "/static",
    "/mlflow",
    "/zh/mlflow",
    "/en/mlflow",
    "/api/{version:float}/mlflow",
    "/api/{version:float}/mlflow-artifacts",
}
# What stands in a path without naming a record.
VALUES = {
    "language": "zh",
    "role": "administrator",
    "name": "fresh",
    "position": "1",
    "group": "C",
    "slug": "none-published",
    "number": "none-published",
    "edition": "1",
    "finding": "1",
    "action": "check",
    "answer": "confirm",
    "day": "2026-11-28",
    "place": "D7",
}
# Pages are for browsers: there everyone comes with a cookie, elsewhere with a token.
PAGES = "/{language}"
PLAN = {
    "title": "t",
    "columns": {"target": "y", "favourable": 1, "sensitive": ["g"], "prediction": "p"},
    "probes": [{"id": "selection_parity"}],
}
COLUMN = {"name": "x", "plain": {"zh": "甲", "en": "the first"}, "actionable": 0}
# A sound body for each changing route that looks at a record after it has read its body.
BODIES: dict[str, dict[str, Any]] = {
    "/api/v1/reports/{report_id}/withdrawal": {"reason": {"zh": "数据用错了"}},
    "/api/v1/reports/{report_id}/findings/{finding}/answers": {"said": {"zh": "已经改好"}},
    "/api/v1/organisations/{organisation_id}": {"revision": "as read"},
    "/api/v1/invitations": {"email": "new@example.org", "role": "administrator"},
    "/api/v1/versions/{version_id}/engagements": {
        "tester_id": "{tester_id}",
        "query_budget": 1,
        "conflict_filer": "无",
    },
    "/api/v1/engagements/{engagement_id}/take-on": {"conflict_tester": "无"},
    "/api/v1/versions/{version_id}/evaluations": {
        "dataset_id": "{dataset_id}",
        "plan": PLAN,
        "engagement_id": "{engagement_id}",
    },
    "/api/v1/datasets/{dataset_id}/reidentification-preview": {"quasi_identifiers": []},
    "/api/v1/datasets/{dataset_id}/reidentification-checks": {"quasi_identifiers": []},
    "/api/v1/filings/{filing_id}/answers": {"answers": {}, "revision": 1},
    "/api/v1/filings/{filing_id}/attachments": {"revision": 1},
    "/api/v1/filings/{filing_id}/version": {"version_id": "{version_id}", "revision": 1},
    "/api/v1/filings/{filing_id}/form": {"revision": 1},
    "/api/v1/filings/{filing_id}/copy": {"earlier_id": "{filing_id}", "revision": 1},
    "/api/v1/filings/{filing_id}/steps": {"action": "check", "revision": 1},
    "/api/v1/filings/{filing_id}/review": {"action": "accept", "revision": 1},
    "/api/v1/filings/{filing_id}/grade": {
        "level": "high",
        "reason": {"zh": "看过"},
        "revision": 1,
    },
    "/api/v1/filings/{filing_id}/grade/confirmation": {"revision": 1},
    "/api/v1/filings/{filing_id}/grade/dismissal": {"revision": 1},
    "/api/v1/concerns/{concern_number}/steps": {"action": "acknowledge", "revision": 1},
    "/api/v1/concerns/{concern_number}/question": {"revision": 1, "words": "请说明用了哪些列。"},
    "/api/v1/concerns/{concern_number}/review": {"action": "acknowledge", "revision": 1},
    "/api/v1/recommended": {
        "slug": "fresh",
        "city": "shanghai",
        "guidance": {"zh": "按主管部门的意见"},
        "weights": {"checks": 1},
    },
    "/api/v1/recommended-weights": {
        "revision": 1,
        "weights": {"checks": 2},
        "reason": {"zh": "看过"},
        "ties": {"zh": "没有"},
    },
    "/api/v1/recommended-weights/decisions": {"action": "return", "revision": 1},
    "/api/v1/filings/{filing_id}/recommended-applications": {
        "revision": 1,
        "slug": "example",
        **{key: {"zh": "有"} for key in ("licence", "obtaining", "contact", "ties")},
    },
    "/api/v1/recommended-applications/{application_id}/steps": {
        "action": "withdraw",
        "revision": 1,
    },
    "/api/v1/recommended-applications/{application_id}/decisions": {
        "action": "return",
        "revision": 1,
    },
    "/api/v1/catalogue/{slug}/withheld": {"key": "D7", "salt": "0", "value": 1},
    "/api/v1/remarks/{remark_id}/reply": {"zh": "已改", "revision": 1},
    "/api/v1/versions/{version_id}/explanations": {
        "dataset_id": "{dataset_id}",
        "plan": {"columns": [COLUMN]},
    },
}


# The same for the pages' forms.
FORMS: dict[str, dict[str, str]] = {
    "/{language}/sign-in": {"email": "filer@enterprise-own.example", "password": PASSWORD},
    "/{language}/act-for": {"organisation_id": "{organisation_id}"},
    "/{language}/organisation/invite": {"email": "new@example.org", "role": "administrator"},
    "/{language}/organisation/members/{person_id}/roles": {"role": "administrator"},
    "/{language}/account/password": {
        "present": PASSWORD,
        "chosen": "another phrase of some length",
    },
    "/{language}/versions/{version_id}/explain": {"dataset_id": "{dataset_id}"},
    "/{language}/versions/{version_id}/explain/look": {"dataset_id": "{dataset_id}"},
    "/{language}/versions/{version_id}/engagements": {
        "tester_id": "{tester_id}",
        "query_budget": "1",
        "conflict_filer": "无",
    },
    "/{language}/engagements/{engagement_id}/take-on": {"conflict_tester": "无"},
    "/{language}/datasets/{dataset_id}/check": {"reason": ""},
    "/{language}/evaluations/new": {
        "version": "{version_id}",
        "dataset": "{dataset_id}",
        "engagement": "{engagement_id}",
        "plan": 'title = "t"\n[columns]\ntarget = "y"\nfavourable = 1\nsensitive = ["g"]\n'
        'prediction = "p"\n[[probes]]\nid = "selection_parity"\n',
    },
    "/{language}/filings/{filing_id}/recommend": {"slug": "example", "revision": "1"},
    "/{language}/recommending/weights/decisions": {"action": "return", "revision": "1"},
    "/{language}/recommending/{application_id}/steps": {"action": "withdraw", "revision": "1"},
    "/{language}/recommending/{application_id}/decisions": {"action": "return", "revision": "1"},
    "/{language}/filings/{filing_id}/move": {"version_id": "{version_id}"},
    "/{language}/filings/{filing_id}/remarks/{remark_id}": {"zh": "已改"},
}


# What a route is asked about in its query.
QUERIES = {
    "/api/v1/reports/{report_id}/comparison": "earlier={report_id}",
    "/{language}/reports/{report_id}/comparison": "earlier={report_id}",
    "/api/v1/keys": "organisation_id={organisation_id}",
    "/api/v1/filings/{filing_id}/groups/{group}/{position}": "revision=1",
    "/api/v1/filings/{filing_id}/attachments/{report_id}": "revision=1",
    "/{language}/evaluations/new": "version={version_id}&dataset={dataset_id}",
}


@dataclass(frozen=True)
class Route:
    """One method of one path, and what it declares."""

    method: str
    path: str
    access: Access

    @property
    def records(self) -> list[str]:
        """The parameters that name a record, in the path, the query or the form."""
        asked = QUERIES.get(self.path, "") if self.method == "GET" else ""
        sent = " ".join(FORMS.get(self.path, {}).values()) if self.method == "POST" else ""
        named = re.findall(r"{(\w+)(?::\w+)?}", f"{self.path} {asked} {sent}")
        return [parameter for parameter in named if parameter not in VALUES]


@dataclass(frozen=True)
class Site:
    """A site with people and records, and a copy of its database to return to."""

    app: FastAPI
    world: World
    records: Records
    copy: Path

    def restore(self) -> None:
        """Put the database back as it was."""
        self.app.state.engine.dispose()
        data = self.app.state.settings.data
        for name in ("mingsuan.db-wal", "mingsuan.db-shm"):
            (data / name).unlink(missing_ok=True)
        shutil.copy(self.copy, data / "mingsuan.db")


def _routes(app: FastAPI) -> Iterator[RouteContext]:
    for route in iter_route_contexts(app.routes):
        if isinstance(route.original_route, Mount):
            assert route.path in MOUNTS, f"{route.path} is mounted without a gate we know"
        else:
            yield route


def _declared_routes(app: FastAPI) -> list[Route]:
    return [
        Route(method, str(route.path), declared(route.dependencies)[0])
        for route in _routes(app)
        for method in sorted(route.methods or ())
        if method != "HEAD"
    ]


@pytest.fixture(scope="module")
def peopled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    data = tmp_path_factory.mktemp("site")
    app = create_app(Settings(data=data / "data", sandbox_tier="none", log_level="ERROR"))
    tables.make(app.state.engine)
    world = World(app)
    records = Records(world)
    with transaction(app.state.factory) as session:  # noted once, and not after every return
        session.execute(update(Token).values(last_used=now()))
    app.state.engine.dispose()
    shutil.copy(data / "data" / "mingsuan.db", data / "copy.db")
    yield Site(app, world, records, data / "copy.db")
    app.state.engine.dispose()


def test_every_route_declares_its_access_exactly_once(tmp_path: Path) -> None:
    app = create_app(Settings(data=tmp_path))
    silent = []
    for route in _routes(app):
        assert isinstance(route.original_route, APIRoute), route.path
        if len(declared(route.dependencies)) != 1:
            silent.append(route.path)
    assert silent == []


def test_no_route_takes_a_thread_for_what_only_looks_up(tmp_path: Path) -> None:
    """A thread costs more than the look-up; whatever waits for the database takes one by itself."""
    app = create_app(Settings(data=tmp_path))
    routes = [each.original_route for each in _routes(app)]
    ours = [each for each in routes if isinstance(each, APIRoute)]
    given = {each for route in ours for each in _given(route.dependant)}
    assert given
    assert [each for each in given if not _on_the_loop(each)] == []


def _given(dependant: Dependant) -> Iterator[Any]:
    for each in dependant.dependencies:
        yield each.call
        yield from _given(each)


def _on_the_loop(call: Any) -> bool:
    work = call if inspect.isroutine(call) else type(call).__call__
    return inspect.iscoroutinefunction(work) or inspect.isasyncgenfunction(work)


def test_every_changing_api_route_can_be_used_with_some_token(tmp_path: Path) -> None:
    app = create_app(Settings(data=tmp_path))
    for route in _declared_routes(app):
        if route.path.startswith("/api/") and route.method not in SAFE_METHODS:
            assert route.access.anyone or route.access.scope is not None, route


@pytest.mark.parametrize(
    "half", [exhaustive.case(each, kept=each == 0, name=str(each)) for each in range(2)]
)
def test_the_matrix_of_routes_roles_and_organisations_is_as_declared(
    peopled: Site, half: int
) -> None:
    """Each route by nobody, by everyone who may and by every second of those who may not."""
    routes = _declared_routes(peopled.app)
    wrong, cases = [], 0
    with TestClient(peopled.app, raise_server_exceptions=False, follow_redirects=False) as client:
        for at, route in enumerate(routes):
            for who, expected, answered in _answers(peopled, client, route, at + half):
                cases += 1
                if not expected(answered):
                    wrong.append((route.method, route.path, who, answered))
            if route.method not in SAFE_METHODS:
                peopled.restore()
    assert not wrong, "\n".join(map(str, wrong))
    print(f"{len(routes)} routes, {cases} requests")
    assert cases > 7 * len(routes)


def _answers(
    site: Site, client: TestClient, route: Route, turn: int
) -> Iterator[tuple[str, Any, int]]:
    """Those who may not ask first, every second of them; then those who may, who can change things."""
    anonymous = _send(site, client, route, (Kind.ENTERPRISE, Role.FILER), {})
    yield "anonymous", _welcome if route.access.anyone else _must_sign_in, anonymous
    let_in = _welcome if route.access.anyone else _let_in
    everyone = [
        (name, role, member, _may(route, name, role, member))
        for (name, role), member in site.world.members.items()
    ]
    kept_out, others = ([each for each in everyone if each[-1] is may] for may in (False, True))
    for name, role, member, may in [*kept_out[turn % 2 :: 2], *others]:
        kind = Kind(name.partition("-")[0])
        headers = member.browser if route.path.startswith(PAGES) else member.bearer
        status = _send(site, client, route, (kind, role), headers)
        yield f"{role} {name}", let_in if may else _kept_out, status
    if not route.access.anyone:
        yield "token without the scope", _kept_out, _narrow(site, client, route)


def _may(route: Route, name: str, role: Role, member: Any) -> bool:
    if not route.access.admits(member.actor, method=route.method):
        return False
    stranger = name.endswith("-other") and role in route.access.own and bool(route.records)
    return not stranger


def _let_in(status: int) -> bool:
    return status not in {401, 403, 404, 405} and status < 500


def _welcome(status: int) -> bool:
    return status not in {401, 403, 405} and status < 500


def _kept_out(status: int) -> bool:
    return status in {403, 404}


def _must_sign_in(status: int) -> bool:
    return status in {401, 303}


def _narrow(site: Site, client: TestClient, route: Route) -> int:
    """Someone who may, with a token that was issued for something else."""
    needed = route.access.scope_for(route.method)
    other = next(scope for scope in Scope if scope is not needed)
    role = next(iter(sorted(route.access.roles)), Role.ADMINISTRATOR)
    kind = next(iter(route.access.kinds), None)
    member = next(
        person
        for (name, held), person in site.world.members.items()
        if held is role and name.endswith("-own") and (kind is None or name.startswith(kind))
    )
    with transaction(site.app.state.factory) as session:
        token = issue(session, by=member.actor, label="narrow", scopes=[other.value], days=1)
    bearer = {"Authorization": f"Bearer {token.secret}"}
    return _send(site, client, route, (Kind(member.organisation.kind), role), bearer)


def _send(
    site: Site,
    client: TestClient,
    route: Route,
    asking: tuple[Kind, Role],
    headers: dict[str, str],
) -> int:
    kind, role = asking

    def fill(text: str) -> str:
        for parameter in re.findall(r"{(\w+)(?::\w+)?}", text):
            value = VALUES.get(parameter) or (
                "0" * 32
                if route.access.anyone and parameter != "organisation_id"
                else site.records.of(parameter, kind, role)
            )
            text = re.sub(rf"{{{parameter}(:\w+)?}}", value, text)
        return text

    body: Any = BODIES.get(route.path)
    if body is not None:
        body = {
            key: fill(value) if isinstance(value, str) else value for key, value in body.items()
        }
    form = FORMS.get(route.path) if route.method == "POST" else None
    if form is not None:
        form = {key: fill(value) for key, value in form.items()}
    headers = {"Accept": "application/json", **headers}
    url = fill(route.path)
    if route.method in {"GET", "DELETE"} and route.path in QUERIES:
        url += f"?{fill(QUERIES[route.path])}"
    if form is not None:
        return client.request(route.method, url, data=form, headers=headers).status_code
    if body is None and route.access.upload:
        return client.request(route.method, url, content=b"x", headers=headers).status_code
    return client.request(route.method, url, json=body, headers=headers).status_code
