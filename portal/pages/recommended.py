"""The catalogue of recommended models as everybody reads it, and as JSON; weights stand in the address."""

from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, Response

from filing import claims
from filing.recommended import publication
from portal.api import recommending
from portal.pages.rendering import Lang, render
from portal.web.access import public
from portal.web.at_hand import Database
from portal.web.page_cache import keep

router = APIRouter(prefix="/{language}", include_in_schema=False)


@router.get("/recommended.json", dependencies=[public])
def list_json(request: Request, session: Database) -> Response:
    """The catalogues, as JSON."""
    keep(request, session)
    return JSONResponse({"catalogues": publication.listed(session)})


@router.get("/recommended", dependencies=[public])
def list_page(request: Request, language: Lang, session: Database) -> Response:
    """Which catalogues there are, and who compiles each."""
    keep(request, session)
    return render(
        request,
        "recommended_list.html",
        language=language,
        title=publication.TITLE,
        catalogues=publication.listed(session),
    )


@router.get("/recommended/{slug}.json", dependencies=[public])
def catalogue_json(request: Request, session: Database, slug: str) -> Response:
    """One catalogue, as JSON, by the weights of the address."""
    keep(request, session)
    return JSONResponse(recommending.told(request, session, slug))


@router.get("/recommended/{slug}", dependencies=[public])
def catalogue_page(request: Request, language: Lang, session: Database, slug: str) -> Response:
    """Its entries in order, each with its evidence; a reader's own weights give another order."""
    keep(request, session)
    told = recommending.told(request, session, slug)
    return render(request, "recommended.html", language=language, **shown(told))


def shown(told: dict[str, Any]) -> dict[str, Any]:
    """What the page's template needs: entries in their order, criteria with what became of each.

    Args:
        told: what `publication.told` made.
    """
    entries = {each["number"]: each for each in told["entries"]}
    order = told["order"]
    left = {each["criterion"]: each["not_measured"] for each in order["left_out"]}
    published = {each["id"]: each["weight"] for each in told["criteria"]}
    own, file = order["weights"] == published, f"recommended-{told['catalogue']['slug']}.dsse.json"
    asked = ",".join(f"{name}={weight}" for name, weight in order["weights"].items())
    command = f"mingsuan recommended recompute {file} --key platform.pem"
    return {
        "told": told,
        "kept": told["catalogue"],
        "criteria": told["criteria"],
        "weights": order["weights"],
        "own": own,
        "file": file,
        "command": command if own else f"{command} --weights {asked}",
        "counted": order["counted"],
        "left": left,
        "rows": [(place, entries[place["number"]]) for place in order["places"]],
        "claimed": {
            each["slug"]: said
            for each in told["entries"]
            if (said := claims.published(each["name"], each["filer"]))
        },
        "query": "&".join(
            f"{recommending.WEIGHT}{name}={weight}" for name, weight in order["weights"].items()
        ),
        "prefix": recommending.WEIGHT,
    }
