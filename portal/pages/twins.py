"""The JSON twins of the working records: the API's answer, to those who may read the record."""

from collections.abc import Callable

from fastapi import APIRouter
from fastapi.responses import RedirectResponse, Response

from portal.access import public
from portal.pages.rendering import Lang

KINDS = ("datasets", "engagements", "evaluations", "explanations", "filings", "versions")

router = APIRouter(prefix="/{language}", include_in_schema=False)


def _twin_of(kind: str) -> Callable[..., Response]:
    def twin(language: Lang, record_id: str) -> Response:  # noqa: ARG001  # one record, one twin
        return RedirectResponse(f"/api/v1/{kind}/{record_id}", status_code=307)

    return twin


for _kind in KINDS:
    router.add_api_route(f"/{_kind}/{{record_id}}.json", _twin_of(_kind), dependencies=[public])
