"""Pages for data sets: registered, checked for people who could be singled out, described."""

import tempfile
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import quote

from fastapi import APIRouter, Request
from fastapi.responses import Response
from sqlalchemy.orm import Session

from portal.pages import forms
from portal.pages.boxes import called
from portal.pages.rendering import Lang, go, inside, reject, render, typed_before
from portal.web import sight
from portal.web.access import allow
from portal.web.at_hand import Configured, Database, Store
from portal.web.identity import Asking, By
from portal.web.uploads import Form
from registry import datasets, identifiers, modes, overlaps, reidentification
from registry.columns import ROLE_NAMES
from registry.datasets import Dataset, Use
from registry.errors import RegisterError
from registry.language import Language, Text
from registry.organisations import Person, Role
from registry.reidentification import Looked, Wish
from registry.tokens import Scope

router = APIRouter(prefix="/{language}", include_in_schema=False)

EVALUATES = (Role.TESTER, Role.FILER)


@router.get("/datasets/new", dependencies=[allow(*EVALUATES)])
def dataset_form(
    request: Request,
    language: Lang,
    by: By,
    asking: Asking,
    next: str = "",  # noqa: A002
) -> Response:
    """The form that registers a data set."""
    use = "explanation" if Role.FILER in by.roles else "evaluation"
    return render(
        request,
        "dataset_new.html",
        language=language,
        asking=asking,
        typed=typed_before(request) or {"use": use, "next": next},
    )


@router.post("/datasets/new", dependencies=[allow(*EVALUATES, scope=Scope.EVALUATE, upload=True)])
def register_dataset(
    request: Request,
    language: Lang,
    session: Database,
    settings: Configured,
    by: By,
    asking: Asking,
    form: Form,
) -> Response:
    """Store the file as sent and record digest, schema and roles; the rows stay the owner's."""
    spool = modes.folder(settings.data / "spool")
    with tempfile.TemporaryDirectory(dir=spool, prefix="form-") as folder:
        try:
            use = forms.choice(Use, forms.text(form, "use"), Text("数据的用途", "use of the data"))
            made = datasets.register(
                session,
                request.app.state.store,
                by=by,
                name=forms.text(form, "name"),
                name_en=forms.text(form, "name_en"),
                use=use,
                path=forms.keep_file(form, "file", Path(folder)),
                columns=forms.roles(forms.text(form, "roles")),
                source=forms.text(form, "source"),
                period=forms.text(form, "period"),
                deidentification=forms.text(form, "deidentification"),
                held_out=forms.text(form, "held_out"),
                limit=settings.max_dataset,
                wish=Wish(k=settings.k_anonymity) if use is Use.EVALUATION else None,
            )
        except RegisterError as error:
            session.rollback()
            reject(request, error, forms.typed(form))
            return dataset_form(request, language, by, asking)
    own, following = f"/{language}/datasets/{made.id}", forms.text(form, "next")
    if use is Use.EVALUATION and reidentification.latest(session, made.id) is None:
        return go(f"{own}?next={quote(following)}", "unchecked")
    return go(inside(following, own), "registered")


@router.get("/datasets/{dataset_id}", dependencies=[allow(*EVALUATES)])
def dataset_page(
    request: Request,
    language: Lang,
    session: Database,
    store: Store,
    settings: Configured,
    by: By,
    asking: Asking,
    dataset_id: str,
    next: str = "",  # noqa: A002
    compare: str = "",
) -> Response:
    """The record of a data set: everything but its rows.

    With `compare`, the rows shared with the organisation's other data sets are counted.
    """
    found = sight.dataset(session, by, dataset_id)
    shown: dict[str, Any] = {
        "asking": asking,
        "k": settings.k_anonymity,
        "beside": overlaps.beside(session, store, found) if compare else None,
        "next": next,
    }
    return _shown(request, language, session, found, shown)


@router.post(
    "/datasets/{dataset_id}/check", dependencies=[allow(*EVALUATES, scope=Scope.EVALUATE)]
)
def check_dataset(
    request: Request,
    language: Lang,
    session: Database,
    store: Store,
    settings: Configured,
    by: By,
    asking: Asking,
    form: Form,
    dataset_id: str,
) -> Response:
    """Show what the check says; with `final`, put it on record."""
    found = sight.dataset(session, by, dataset_id)
    following = forms.text(form, "next")
    wish = Wish(
        tuple(forms.texts(form, "quasi")), forms.text(form, "reason"), settings.k_anonymity
    )
    looked = None
    try:
        looked = datasets.look(store, found, wish)
        if forms.text(form, "final"):
            datasets.record_check(session, by=by, dataset=found, looked=looked)
            return go(inside(following, f"/{language}/datasets/{found.id}"), "checked")
    except RegisterError as error:
        session.rollback()
        reject(request, error, forms.typed(form), names=called({"quasi_identifiers": "quasi"}))
    shown: dict[str, Any] = {
        "asking": asking,
        "k": settings.k_anonymity,
        "beside": None,
        "next": following,
    }
    return _shown(request, language, session, found, shown, looked)


def _shown(
    request: Request,
    language: Language,
    session: Session,
    dataset: Dataset,
    context: dict[str, Any],
    looked: Looked | None = None,
) -> Response:
    """The page of a data set, with what a look at it showed."""
    checks = reidentification.history(session, dataset.id)
    return render(
        request,
        "dataset.html",
        language=language,
        dataset=dataset,
        roles=ROLE_NAMES,
        checks=[(each, session.get_one(Person, each.made_by)) for each in checks],
        states=reidentification.STATE_NAMES,
        forms=identifiers.NAMES,
        k_source=reidentification.K_SOURCE,
        looked=looked,
        ticked=looked.columns if looked else _ticked(request, dataset.columns, checks),
        **context,
    )


def _ticked(
    request: Request,
    columns: list[Any],
    checks: Sequence[reidentification.ReidentificationCheck],
) -> Collection[str]:
    """The boxes that are ticked: as sent, as checked before, otherwise the sensitive columns."""
    if sent := typed_before(request):
        return str(sent.get("quasi", "")).split(" ")
    if checks:
        return [str(name) for name in checks[0].quasi_identifiers]
    return reidentification.quasi_identifiers(columns, Wish())
