"""What a filing withholds: listed for everyone, given out by its filer, held against a disclosure."""

from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, RedirectResponse, Response
from sqlalchemy.orm import Session

from filing import catalogue, disclosures, numbers, withholding
from filing.forms import called, told_by
from filing.meanings import Meaning
from filing.withholding import Disclosure, Proof
from portal.pages import forms
from portal.pages.attempts import attempt
from portal.pages.rendering import Lang, render
from portal.web.access import allow, public
from portal.web.at_hand import Database
from portal.web.identity import By
from portal.web.uploads import Form
from registry.language import Language
from registry.organisations import Role

router = APIRouter(prefix="/{language}", include_in_schema=False)


@router.get("/f/{number}/withheld.json", dependencies=[public])
def withheld_json(session: Database, number: str) -> Response:
    """What every edition withholds, with its digest, as JSON."""
    return JSONResponse(
        {"withheld": [each.as_json() for each in disclosures.places(session, number)]}
    )


@router.get("/f/{number}/withheld", dependencies=[public])
def withheld_page(request: Request, language: Lang, session: Database, number: str) -> Response:
    """What is withheld, and the box for what somebody was shown."""
    slug = numbers.parse(number).slug
    if number != slug:
        return RedirectResponse(f"/{language}/f/{slug}/withheld", status_code=307)
    return _page(request, language, session, slug, None)


@router.post("/f/{number}/withheld", dependencies=[public])
def verify(
    request: Request, language: Lang, session: Database, form: Form, number: str
) -> Response:
    """Hold what was shown against the digests; nothing of it is kept."""
    slug = numbers.parse(number).slug

    def proved() -> Proof:
        shown = Disclosure.read(forms.text(form, "disclosed"))
        return withholding.prove(disclosures.places(session, number), shown)

    return attempt(
        proved,
        request=request,
        session=session,
        again=lambda: _page(request, language, session, slug, None),
        done=lambda proof: _page(request, language, session, slug, proof),
        typed=forms.typed(form),
    )


@router.get(
    "/filings/{filing_id}/withheld/{place}.json",
    dependencies=[allow(Role.FILER, Role.REVIEWER)],
)
def disclosure(
    language: Lang,  # noqa: ARG001  # one file for both
    by: By,
    session: Database,
    filing_id: str,
    place: str,
) -> Response:
    """One withheld value with its salt, as its filer or the authority may show it to others."""
    found = disclosures.one(session, by, filing_id, place)
    held = {"Content-Disposition": f'attachment; filename="withheld-{place}.json"'}
    return JSONResponse(found.as_json(), headers={**held, "Cache-Control": "no-store"})


def _page(
    request: Request, language: Language, session: Session, slug: str, proof: Proof | None
) -> Response:
    content = catalogue.entry(session, slug).content
    form = told_by(content).form
    rows: list[dict[str, Any]] = [
        {"field": called(row["key"], form), **seal}
        for row in content["answers"]
        for seal in ([row["withheld"]] if "withheld" in row else row.get("withheld_parts", ()))
    ]
    answer = render(
        request,
        "withheld.html",
        language=language,
        slug=slug,
        name=told_by(content).of(Meaning.NAME)["said"],
        rows=rows,
        proof=proof,
    )
    answer.headers["Cache-Control"] = "no-store"
    return answer
