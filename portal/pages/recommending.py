"""Pages on which a filer applies to be recommended, and on which an industry body decides and weighs."""

from collections.abc import Iterable

from fastapi import APIRouter, Request
from fastapi.responses import Response
from starlette.datastructures import FormData

from filing import dossier
from filing.recommended import applying, deciding, keeping, publication, records, telling, weighing
from filing.recommended.applying import OFFERED, Offer
from filing.recommended.criteria import CRITERIA
from filing.recommended.deciding import Taken
from filing.recommended.keeping import Opening
from filing.recommended.records import CITY_NAMES
from filing.recommended.steps import ACTION_NAMES, Action
from filing.recommended.weighing import Answered, Proposed
from portal.api.recommended import READERS, SIDES
from portal.api.recommending import WEIGHT
from portal.pages import done, forms, overlap
from portal.pages.attempts import attempt
from portal.pages.rendering import Lang, go, render
from portal.web.access import allow
from portal.web.at_hand import Database
from portal.web.identity import Asking, By
from portal.web.uploads import Form
from registry.language import LANGUAGES, Text
from registry.law import City
from registry.organisations import Kind, Role

router = APIRouter(prefix="/{language}", include_in_schema=False)
BODY = allow(Role.ADMINISTRATOR, own={Role.ADMINISTRATOR}, kinds={Kind.INDUSTRY_BODY})
AGREED = "agreed_"
"""Before the boxes of the second person, which stand on one page with those of the first."""
FILERS = allow(Role.FILER, kinds={Kind.ENTERPRISE})


@router.get(
    "/recommending",
    dependencies=[allow(Role.FILER, Role.ADMINISTRATOR, kinds=SIDES)],
)
def list_page(
    request: Request, language: Lang, session: Database, by: By, asking: Asking
) -> Response:
    """The applications of the organisation; for an industry body its catalogue, too."""
    found = records.applications(session, by=by)
    sides = (records.application(session, by=by, application_id=each.id) for each in found)
    return render(
        request,
        "recommending.html",
        language=language,
        asking=asking,
        title=publication.TITLE,
        rows=[telling.told(session, *each, roles=by.roles, reader=by.person_id) for each in sides],
        keeps=by.kind is Kind.INDUSTRY_BODY,
        kept=records.own_catalogue(session, by),
    )


@router.get("/recommending/catalogue", dependencies=[BODY])
def catalogue_page(
    request: Request, language: Lang, session: Database, by: By, asking: Asking
) -> Response:
    """The form that opens the catalogue, or the one that sets its weights anew."""
    kept = records.own_catalogue(session, by)
    return render(
        request,
        "recommending_catalogue.html",
        language=language,
        asking=asking,
        kept=kept,
        criteria=CRITERIA,
        prefix=WEIGHT,
        answers=[(each.value, ACTION_NAMES[each]) for each in weighing.answers(kept, by)],
        cities=[(each.value, CITY_NAMES[each].in_(language)) for each in City],
    )


@router.post("/recommending/open", dependencies=[BODY])
def open_catalogue(
    request: Request, language: Lang, session: Database, by: By, asking: Asking, form: Form
) -> Response:
    """Open the catalogue."""

    def opened() -> None:
        opening = Opening(
            slug=forms.text(form, "slug"),
            city=forms.text(form, "city"),
            guidance=_words(form, "guidance"),
        )
        keeping.open_catalogue(session, by=by, opening=opening)

    return attempt(
        opened,
        request=request,
        session=session,
        again=lambda: catalogue_page(request, language, session, by, asking),
        done=go(f"/{language}/recommending", "saved"),
        typed=forms.typed(form),
        names=_names,
    )


@router.post("/recommending/weights", dependencies=[BODY])
def propose_weights(
    request: Request, language: Lang, session: Database, by: By, asking: Asking, form: Form
) -> Response:
    """Propose weights."""
    return attempt(
        lambda: weighing.propose(
            session,
            by=by,
            proposed=Proposed(
                revision=overlap.revision(form),
                weights=forms.prefixed(form, WEIGHT),
                reason=_words(form, "reason"),
                ties=_words(form, "ties"),
            ),
        ),
        request=request,
        session=session,
        again=lambda: catalogue_page(request, language, session, by, asking),
        done=go(f"/{language}/recommending", "weights_proposed"),
        typed=forms.typed(form),
        names=_names,
    )


@router.post("/recommending/weights/decisions", dependencies=[BODY])
def answer_weights(
    request: Request, language: Lang, session: Database, by: By, asking: Asking, form: Form
) -> Response:
    """Agree to proposed weights as the second person, or disagree."""

    def answered() -> None:
        said = Answered(
            action=forms.choice(Action, forms.text(form, "action"), Text("步骤", "step")),
            revision=overlap.revision(form),
            ties=_words(form, f"{AGREED}ties"),
        )
        weighing.answer(session, by=by, answered=said)

    return attempt(
        answered,
        request=request,
        session=session,
        again=lambda: catalogue_page(request, language, session, by, asking),
        done=go(f"/{language}/recommending", done.step("recommended", forms.text(form, "action"))),
        typed=forms.typed(form),
        names=_names,
    )


@router.get("/recommending/{application_id}", dependencies=[READERS])
def application_page(
    request: Request,
    language: Lang,
    session: Database,
    by: By,
    asking: Asking,
    application_id: str,
) -> Response:
    """One application, as far as the organisation may read it, and the steps from here."""
    made = records.application(session, by=by, application_id=application_id)
    return render(
        request,
        "recommending_one.html",
        language=language,
        asking=asking,
        told=telling.told(session, *made, roles=by.roles, reader=by.person_id),
        offered=OFFERED,
    )


@router.post("/recommending/{application_id}/steps", dependencies=[FILERS])
@router.post("/recommending/{application_id}/decisions", dependencies=[BODY])
def take(
    request: Request,
    language: Lang,
    session: Database,
    by: By,
    asking: Asking,
    form: Form,
    application_id: str,
) -> Response:
    """One step with an application: the filer's, or the industry body's."""

    def taken() -> None:
        deciding.take(
            session,
            by=by,
            application_id=application_id,
            taken=Taken(
                action=forms.choice(Action, forms.text(form, "action"), Text("步骤", "step")),
                revision=overlap.revision(form),
                words=_words(form, "words"),
                ties=_words(form, "ties"),
                until=forms.text(form, "until"),
            ),
        )

    return attempt(
        taken,
        request=request,
        session=session,
        again=lambda: application_page(request, language, session, by, asking, application_id),
        done=go(f"/{language}/recommending", done.step("recommended", forms.text(form, "action"))),
        typed=forms.typed(form),
        names=_names,
    )


@router.get("/filings/{filing_id}/recommend", dependencies=[FILERS])
def apply_page(
    request: Request,
    language: Lang,
    session: Database,
    by: By,
    asking: Asking,
    filing_id: str,
) -> Response:
    """The form with which a filer applies."""
    filing = dossier.get(session, by=by, filing_id=filing_id)
    by.own(filing.organisation_id)
    return render(
        request,
        "recommending_new.html",
        language=language,
        asking=asking,
        filing=filing,
        title=publication.TITLE,
        catalogues=[
            (each.slug, body.name.in_(language)) for each, body in records.catalogues(session)
        ],
        offered=OFFERED,
    )


@router.post("/filings/{filing_id}/recommend", dependencies=[FILERS])
def apply(
    request: Request,
    language: Lang,
    session: Database,
    by: By,
    asking: Asking,
    form: Form,
    filing_id: str,
) -> Response:
    """Apply for a filing to be entered."""

    def applied() -> None:
        applying.apply(
            session,
            by=by,
            slug=forms.text(form, "slug"),
            filing_id=filing_id,
            filing_revision=overlap.revision(form),
            offer=Offer(
                {name: _words(form, name) for name in OFFERED}, forms.text(form, "licence_until")
            ),
        )

    return attempt(
        applied,
        request=request,
        session=session,
        again=lambda: apply_page(request, language, session, by, asking, filing_id),
        done=go(f"/{language}/recommending", "submitted"),
        typed=forms.typed(form),
        names=_names,
    )


def _words(form: FormData, name: str) -> dict[str, str]:
    return {language: forms.text(form, f"{name}_{language}") for language in LANGUAGES}


def _names(item: str) -> Iterable[str]:
    """From the item of a reason to its box: a text has two, and a criterion's is its weight."""
    return item, f"{item}_zh", f"{WEIGHT}{item}", f"{AGREED}{item}", f"{AGREED}{item}_zh"
