"""Pages for an enterprise: submit a version, engage a tester, explain."""

import tempfile
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from fastapi import APIRouter, Request
from fastapi.responses import Response
from sqlalchemy.orm import Session
from starlette.datastructures import FormData

from filing import declared
from portal.pages import confirming, explaining, forms, plain_words, plan_filled
from portal.pages.attempts import attempt
from portal.pages.boxes import Names, called
from portal.pages.desk import lines
from portal.pages.rendering import Lang, go, reject, render, typed_before
from portal.web import sight
from portal.web.access import allow
from portal.web.at_hand import Configured, Database, Store
from portal.web.identity import Asking, By
from portal.web.uploads import Form
from registry import (
    approval,
    attendance,
    datasets,
    engagements,
    explanations,
    model_inputs,
    modes,
    organisations,
    reidentification,
    reports,
    submission,
    worklist,
    yardsticks,
)
from registry.artifacts import ArtifactStore, BlobNotFound
from registry.contradictions import EFFECTS, INFLUENCES
from registry.errors import RegisterError
from registry.explanations import Explanation
from registry.language import Text
from registry.organisations import Actor, Kind, Role
from registry.tokens import Scope

BUDGET = Text("最多预测多少次", "Budget of predictions")

router = APIRouter(prefix="/{language}", include_in_schema=False)


@router.get("/submit", dependencies=[allow(Role.FILER)])
def submit_page(request: Request, language: Lang, asking: Asking, model: str = "") -> Response:
    """The form that submits a version."""
    typed = typed_before(request) or {"model_name": model}
    return render(
        request,
        "submit.html",
        language=language,
        asking=asking,
        typed=typed,
        address=request.app.state.settings.public_url,
        policies=request.app.state.mlflow_policies,
    )


@router.post("/submit", dependencies=[allow(Role.FILER, scope=Scope.SUBMIT, upload=True)])
def submit(
    request: Request,
    language: Lang,
    session: Database,
    settings: Configured,
    by: By,
    asking: Asking,
    form: Form,
) -> Response:
    """Screen and store an archive; every reason is shown when it is refused."""
    with _folder(settings.data) as folder:
        try:
            made = submission.submit_archive(
                session,
                request.app.state.store,
                by=by,
                model_name=forms.text(form, "model_name"),
                archive=forms.keep_file(form, "archive", Path(folder)),
                limit=settings.max_submission,
                note=forms.text(form, "note"),
            )
        except RegisterError as error:
            session.rollback()
            reject(request, error, forms.typed(form), names=called({"name": "model_name"}))
            return submit_page(request, language, asking)
    return go(f"/{language}/versions/{made.version.id}", "submitted" if made.created else "same")


@router.get("/versions/{version_id}", dependencies=[allow(Role.FILER)])
def version_page(
    request: Request,
    language: Lang,
    session: Database,
    by: By,
    asking: Asking,
    version_id: str,
) -> Response:
    """Everything about one version: what it is, who may test it, what was found and said."""
    version = submission.get(session, version_id)
    by.own(version.organisation_id)
    model = submission.model_of(session, version)
    newest = submission.latest(session, model.id)
    owned = datasets.owned(session, by.organisation_id, use=datasets.Use.EVALUATION)
    return render(
        request,
        "version.html",
        language=language,
        asking=asking,
        model=model,
        version=version,
        newest=newest,
        alike=submission.alike(session, version),
        notes=request.app.state.mlflow_notes.of(
            version.organisation_id, model.name, version.mlflow_version
        ),
        lines=lines(session, engagements.of_version(session, version_id)),
        testers=organisations.listing(session, kind=Kind.TESTER),
        runs=reports.registered(session, version_id),
        explanations=explanations.for_version(session, version_id),
        datasets=owned,
        unchecked=reidentification.unchecked(session, [each.id for each in owned]),
    )


@router.post(
    "/versions/{version_id}/engagements", dependencies=[allow(Role.FILER, scope=Scope.SUBMIT)]
)
def grant(
    request: Request,
    language: Lang,
    session: Database,
    by: By,
    asking: Asking,
    form: Form,
    version_id: str,
) -> Response:
    """Engage a tester organisation."""
    try:
        engagements.grant(
            session,
            by=by,
            version_id=version_id,
            tester_id=forms.text(form, "tester_id"),
            query_budget=forms.counted(form, "query_budget", BUDGET),
            conflict_filer=forms.text(form, "conflict"),
            paid_by=forms.text(form, "paid_by"),
        )
    except RegisterError as error:
        session.rollback()
        reject(request, error, forms.typed(form), names=called({"conflict_filer": "conflict"}))
        return version_page(request, language, session, by, asking, version_id)
    return go(f"/{language}/versions/{version_id}", "granted")


@router.post(
    "/engagements/{engagement_id}/end",
    dependencies=[allow(Role.FILER, Role.TESTER, scope=Scope.SUBMIT)],
)
def end_engagement(language: Lang, session: Database, by: By, engagement_id: str) -> Response:
    """End an engagement; what was measured under it stays."""
    engagements.end(session, by=by, engagement_id=engagement_id)
    return go(f"/{language}/desk", "ended")


@router.get("/versions/{version_id}/explain", dependencies=[allow(Role.FILER)])
def explain_page(
    request: Request,
    language: Lang,
    session: Database,
    store: Store,
    by: By,
    asking: Asking,
    version_id: str,
) -> Response:
    """The form from which the explanation is made: a data set and a plain name for every column.

    What is on record stands in its boxes, until somebody has typed.
    """
    looked_at: FormData | None = getattr(request.state, "looked_at", None)
    version = submission.get(session, version_id)
    by.own(version.organisation_id)
    usable = [report for report in reports.for_version(session, version_id) if report.signed]
    yardstick = next(iter(yardsticks.counting(session, version_id, version.digest)), None)
    owned = datasets.owned(session, by.organisation_id, use=datasets.Use.EXPLANATION)
    typed = forms.typed(looked_at) if looked_at else typed_before(request)
    filled = {} if typed else _filled(session, store, version, owned, yardstick)
    return render(
        request,
        "explain.html",
        language=language,
        asking=asking,
        version=version,
        model=submission.model_of(session, version),
        datasets=owned,
        effects=EFFECTS,
        influences=INFLUENCES,
        reports=usable,
        yardstick=yardstick,
        beside=plain_words.in_form(looked_at) if looked_at else {},
        looked=looked_at is not None,
        filled=bool(filled),
        typed=typed or filled,
    )


def _filled(
    session: Session,
    store: ArtifactStore,
    version: submission.Version,
    owned: Sequence[datasets.Dataset],
    yardstick: yardsticks.Yardstick | None,
) -> plan_filled.Boxes:
    """What the boxes hold before anybody types, from the newest explanation of the model and the data."""
    before = next(iter(explanations.for_model(session, version)), None)
    chosen = next((each for each in owned if before and each.id == before.dataset_id), None)
    chosen = chosen or next(iter(owned), None)
    levels: dict[str, list[str]] = {}
    if chosen is not None:
        with suppress(BlobNotFound):  # the run says that the bytes are gone; the form needs none
            words = model_inputs.words(version.inputs)
            rows = datasets.batches(store, chosen, words)
            levels = plan_filled.few_levels(rows, [each["name"] for each in version.inputs])
    held = plan_filled.boxes(
        version.inputs,
        plan=before.plan if before else None,
        columns=chosen.columns if chosen else (),
        yardstick=yardstick,
        levels=levels,
    )
    gone = plan_filled.dropped(before.plan, version.inputs) if before else []
    chosen_id = {"dataset_id": chosen.id} if chosen and held else {}
    return held | chosen_id | ({"dropped": "、".join(gone)} if gone else {})


@router.post("/versions/{version_id}/explain", dependencies=[allow(Role.FILER, scope=Scope.FILE)])
def explain(
    request: Request,
    language: Lang,
    session: Database,
    store: Store,
    by: By,
    asking: Asking,
    form: Form,
    version_id: str,
) -> Response:
    """Ask for the explanation; it is made by a worker."""
    version = submission.get(session, version_id)
    by.own(version.organisation_id)
    try:
        made = _ask(session, by, form, version)
    except RegisterError as error:
        session.rollback()
        reject(request, error, forms.typed(form), names=_boxes(version))
        return explain_page(request, language, session, store, by, asking, version_id)
    return go(f"/{language}/explanations/{made.id}", "queued")


@router.post("/versions/{version_id}/explain/look", dependencies=[allow(Role.FILER)])
def look_through(
    request: Request,
    language: Lang,
    session: Database,
    store: Store,
    by: By,
    asking: Asking,
    form: Form,
    version_id: str,
) -> Response:
    """The form again, with its gaps and hard words; nothing is asked for."""
    version = submission.get(session, version_id)
    by.own(version.organisation_id)
    try:
        _ask(session, by, form, version)
    except RegisterError as error:
        reject(request, error, forms.typed(form), names=_boxes(version))
    session.rollback()
    request.state.looked_at = form
    return explain_page(request, language, session, store, by, asking, version_id)


def _ask(session: Session, by: Actor, form: FormData, version: submission.Version) -> Explanation:
    """Ask for the explanation that a form describes.

    Raises:
        RegisterError: with everything that stands against it.
    """
    asked = explaining.plan(form, [each["name"] for each in version.inputs])
    counting = yardsticks.counting(session, version.id, version.digest)
    dataset = sight.dataset(session, by, forms.text(form, "dataset_id"))
    explaining.check(
        asked,
        [each["name"] for each in dataset.columns],
        settled=any(each.line is not None for each in counting),
    )
    return explanations.request(
        session,
        by=by,
        version_id=version.id,
        dataset_id=dataset.id,
        plan=asked,
        report_id=forms.text(form, "report_id") or None,
    )


def _boxes(version: submission.Version) -> Names:
    return explaining.names([each["name"] for each in version.inputs])


@router.get("/explanations/{explanation_id}", dependencies=[allow(Role.FILER)])
def explanation_page(
    request: Request,
    language: Lang,
    session: Database,
    by: By,
    asking: Asking,
    explanation_id: str,
) -> Response:
    """Progress first, then the text exactly as the public will read it."""
    made = explanations.get(session, explanation_id)
    by.own(made.organisation_id)
    version = submission.get(session, made.version_id)
    work = worklist.get(session, made.work_id) if made.work_id else None
    return render(
        request,
        "explanation.html",
        language=language,
        asking=asking,
        made=made,
        version=version,
        model=submission.model_of(session, version),
        work=work,
        waits=attendance.why_queued(session, work) if work else None,
        explained=explaining.view(made.content, language, made.overruled)
        if made.content
        else None,
        pictured=explaining.pictured(session, made, language),
        hard=approval.hard_words(made.content or {}),
        empty=approval.empty_questions(made.content or {}),
        differing=confirming.differing(made.content or {}),
        readability=confirming.readability(made.content or {}),
        of_plan=declared.of_plan(session, made) if made.content else None,
    )


@router.post(
    "/explanations/{explanation_id}/approve", dependencies=[allow(Role.FILER, scope=Scope.FILE)]
)
def approve(
    request: Request,
    language: Lang,
    session: Database,
    by: By,
    asking: Asking,
    form: Form,
    explanation_id: str,
) -> Response:
    """Let the text stand beside the filing."""
    reason = Text(forms.text(form, "reason"), forms.text(form, "reason_en"))
    return attempt(
        lambda: explanations.approve(
            session,
            by=by,
            explanation_id=explanation_id,
            reason=reason,
            differing=confirming.reasons(form),
        ),
        request=request,
        session=session,
        again=lambda: explanation_page(request, language, session, by, asking, explanation_id),
        done=go(f"/{language}/explanations/{explanation_id}", "approved"),
        typed=forms.typed(form),
        names=confirming.reason_names,
    )


def _folder(data: Path) -> tempfile.TemporaryDirectory[str]:
    return tempfile.TemporaryDirectory(dir=modes.folder(data / "spool"), prefix="form-")
