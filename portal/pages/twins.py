"""The JSON twins of pages: of working records the API's answer, to those who may read the record."""

from collections.abc import Callable

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, RedirectResponse, Response

from filing import catalogue, hits
from portal.pages import public as public_pages
from portal.pages.rendering import Lang
from portal.web.access import public
from portal.web.articles import articles
from portal.web.at_hand import Database, Index
from portal.web.glossary import terms
from portal.web.page_cache import keep
from registry.law import FORCE_NAMES, RULES

KINDS = ("datasets", "engagements", "evaluations", "explanations", "filings", "versions")

router = APIRouter(prefix="/{language}", include_in_schema=False)


def _twin_of(kind: str) -> Callable[..., Response]:
    def twin(language: Lang, record_id: str) -> Response:  # noqa: ARG001  # one record, one twin
        return RedirectResponse(f"/api/v1/{kind}/{record_id}", status_code=307)

    return twin


for _kind in KINDS:
    router.add_api_route(f"/{_kind}/{{record_id}}.json", _twin_of(_kind), dependencies=[public])


@router.get("/start.json", dependencies=[public])
def start(request: Request, language: Lang, session: Database) -> Response:
    """How many filings there are, the newest, and where the rest is."""
    keep(request, session)
    newest = hits.newest(session, public_pages.NEWEST_SHOWN)
    return JSONResponse(
        {
            "total": catalogue.published(session),
            "newest": [public_pages.as_json(hit) for hit in newest],
            "catalogue": f"/{language}/catalogue.json",
            "question": f"/{language}/question.json",
        }
    )


@router.get("/accessibility.json", dependencies=[public])
def accessibility(request: Request, language: Lang) -> Response:  # noqa: ARG001  # both stand in it
    """What was done so that everyone can use the site, in both languages."""
    keep(request)
    return JSONResponse({"statements": [each.as_json() for each in public_pages.ACCESSIBILITY]})


@router.get("/words.json", dependencies=[public])
def words(request: Request, language: Lang) -> Response:  # noqa: ARG001  # both stand in it
    """The words that a reader may not know, in both languages."""
    keep(request)
    told = [
        {
            "name": each.name.as_json(),
            "meaning": each.meaning.as_json(),
            "source": each.source.as_json(),
        }
        for each in terms()
    ]
    return JSONResponse({"words": told})


@router.get("/law.json", dependencies=[public])
def law(request: Request, language: Lang) -> Response:  # noqa: ARG001  # both stand in it
    """Every article that bears on this platform: where it is served, or why it is outside."""
    keep(request)
    return JSONResponse({"articles": [each.as_json() for each in articles()]})


@router.get("/about.json", dependencies=[public])
def about(request: Request, language: Lang) -> Response:  # noqa: ARG001  # both stand in it
    """The rules behind the register, with their force."""
    keep(request)
    told = [
        {
            "id": each.id,
            "cited": each.cited.as_json(),
            "force": FORCE_NAMES[each.force].as_json(),
            "about": each.about.as_json(),
        }
        for each in RULES.values()
    ]
    return JSONResponse({"rules": told})


@router.get("/question.json", dependencies=[public])
def question(request: Request, language: Lang, session: Database, index: Index) -> Response:
    """What can have happened, and where the filings of such cases are listed."""
    keep(request, session)
    told = [
        {
            "name": case.name.as_json(),
            "advice": case.advice.as_json(),
            "total": total,
            "catalogue": f"/{language}/catalogue.json?{case.query}",
        }
        for case, total in public_pages.cases(session, index)
    ]
    return JSONResponse({"cases": told})
