"""Pages for the filer: fill the dossier in group by group, attach, check, submit, answer returns."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any
from urllib.parse import quote

from fastapi import APIRouter, Depends, Request
from fastapi.responses import Response
from sqlalchemy.orm import Session
from starlette.datastructures import FormData, UploadFile

from filing import (
    applicability,
    cautions,
    checks,
    claims,
    completeness,
    computed,
    copying,
    declared,
    dossier,
    evidence,
    evidence_files,
    formal_grounds,
    grading,
    guards,
    plainness,
    remarks,
    renewing,
    review,
    risk,
    sources,
    taking,
    tested_acts,
    thread,
    withholding,
    wording,
)
from filing import revision as revisions
from filing.dossier import Filing
from filing.fields import ENGLISH_FACTOR, Answers, Field, Group, Kind, sets
from filing.gate import Gate, Hurdle
from filing.lifecycle import ACTION_NAMES, EDITABLE, EXITS, STATUS_NAMES, Action, Guard
from filing.meanings import Meaning
from portal.api.filings import handed_out
from portal.pages import (
    boxes,
    confirming,
    done,
    dossier_form,
    form_style,
    forms,
    overlap,
    plain_words,
)
from portal.pages.attempts import attempt
from portal.pages.overlap import Overlap
from portal.pages.rendering import Lang, go, render
from portal.web import sight, uploads
from portal.web.access import allow
from portal.web.at_hand import Database, Store
from portal.web.identity import Asking, By
from portal.web.uploads import Form
from registry import attachments, explanations, legal_day, reports, submission
from registry.attachments import Looked, Sent
from registry.errors import Reason, RegisterError
from registry.language import Text
from registry.organisations import Role
from registry.settings import Settings
from registry.tokens import Scope

router = APIRouter(prefix="/{language}", include_in_schema=False)


@dataclass(frozen=True, slots=True)
class FilingLine:
    """One filing in a list."""

    id: str
    title: Mapping[str, str]
    status_name: Text
    number: str | None
    since: datetime


def line(session: Session, filing: Filing) -> FilingLine:
    """The filing as a list shows it, under its algorithm's name or, before that, the model's."""
    named = filing.told.value(Meaning.NAME)
    model = submission.model_of(session, submission.get(session, filing.version_id))
    return FilingLine(
        id=filing.id,
        title=named or {"zh": model.name, "en": model.name},
        status_name=STATUS_NAMES[filing.status],
        number=filing.number,
        since=filing.since,
    )


@router.post(
    "/versions/{version_id}/filing",
    dependencies=[allow(Role.FILER, scope=Scope.FILE), Depends(uploads.form)],
)
def open_filing(language: Lang, session: Database, by: By, version_id: str) -> Response:
    """Open a draft for a version, or go on with the one that is there."""
    by.own(sight.version(session, by, version_id).organisation_id)
    standing = [
        each for each in dossier.of_version(session, version_id) if each.status not in EXITS
    ]
    made = standing[0] if standing else dossier.open_filing(session, by=by, version_id=version_id)
    return go(f"/{language}/filings/{made.id}")


@router.get("/filings/{filing_id}", dependencies=[allow(Role.FILER)])
def filing_page(
    request: Request,
    language: Lang,
    session: Database,
    by: By,
    asking: Asking,
    filing_id: str,
    group: str = "",
    drop: int = 0,
    more: str = "",
) -> Response:
    """One group of the dossier as a form, with what is still to do.

    `drop` is the number of a set that its filer wants to take out, and is asked about first; `more`
    is the place of the rows to which one is added, or the group of which a set is.
    """
    filing = dossier.get(session, by=by, filing_id=filing_id)
    by.own(filing.organisation_id)
    schema = filing.form
    chosen = next((each for each in schema.groups if each.id == group), schema.groups[0])
    rejected: Overlap | None = getattr(request.state, "overlap", None)
    given = {**filing.answers, **_as_stored(rejected.answers if rejected else {})}
    told = grading.counted(Answers(schema, given), filing.grade_change)
    reports = evidence.attached(session, filing)
    made = computed.fields(session, filing, reports)
    every = _keys(chosen, {**given, **made}, more=more == chosen.id)
    keys = [
        key
        for key in every
        if applicability.applies(told, key)
        or form_style.decided_here(schema, chosen, schema.field(key))
    ]
    version = submission.get(session, filing.version_id)
    return render(
        request,
        "filing.html",
        language=language,
        asking=asking,
        filing=filing,
        line=line(session, filing),
        model=submission.model_of(session, version),
        version=version,
        groups=schema.groups,
        chosen=chosen,
        keys=keys,
        not_asked=[each for each in every if each not in keys],
        taken=sources.said,
        offered=_offered(request, session, filing, chosen),
        dropping=drop if 1 <= drop <= _sets_there(chosen, filing.answers) else 0,
        sets_there=_sets_there(chosen, filing.answers),
        form_marks=form_style.marks(told, chosen),
        asked_when=partial(applicability.in_words, schema),
        marks=overlap.marks(filing.answers, keys) | (rejected.opened if rejected else {}),
        contested=rejected.contested if rejected else {},
        present=filing.answers,
        field_of=schema.field,
        of_field=partial(
            boxes.of_field, language=language, page=f"/{language}/filings/{filing.id}"
        ),
        answers=given,
        city=_city(filing),
        computed=made,
        worded=wording.of,
        faults=_by_key(checks.check_all(told, today=legal_day.today())),
        claimed=tested_acts.beside(session, told, reports, cautions.remarks(told)),
        beside=plain_words.beside(
            plainness.remarks(schema, {key: given[key] for key in keys if key in given})
        ),
        name_claims=claims.named(filing.told),
        differing=[confirming.Differing.read(e.as_json()) for e in declared.of(session, filing)],
        hard=[confirming.Differing.read(e.as_json()) for e in plainness.hard(filing.told)],
        reading=declared.read(session, filing),
        typed_in=_typed_in,
        required=partial(applicability.required, told),
        complete=completeness.measure(filing),
        judged=computed.judgement(filing),
        lacking=_lacking(guards.gate_of(session, filing)),
        returned_for=remarks.returned_for(session, filing),
        questions=risk.questionnaire().questions,
        rows_of=dossier_form.rows_of,
        more=more,
        another=chosen.repeats and not chosen.computed and sets(chosen, given) < chosen.most,
        english_factor=ENGLISH_FACTOR,
        seal_grounds=withholding.GROUNDS,
        editable=filing.status in EDITABLE,
        remarks=remarks.on(session, filing, submission=filing.submissions or None),
        returns=thread.of(session, filing, reader=by),
        reports=_listed(session, filing),
        explanations=[
            each
            for each in explanations.for_version(session, filing.version_id)
            if each.content is not None
        ],
        steps=review.choices(session, by=by, filing=filing),
        action_names=ACTION_NAMES,
        kept_files=attachments.KEPT,
        ended_for=formal_grounds.told(filing.exit_reason),
        others=[line(session, each) for each in copying.offered(session, filing)],
        newer=_newer(session, version),
        newer_form=renewing.preview(filing),
    )


@router.get("/filings/{filing_id}/summary", dependencies=[allow(Role.FILER)])
def summary(
    request: Request, language: Lang, session: Database, by: By, asking: Asking, filing_id: str
) -> Response:
    """Every answer on one page, as it would be handed in, with what is still to do."""
    filing = dossier.get(session, by=by, filing_id=filing_id)
    by.own(filing.organisation_id)
    form, told = filing.form, grading.counted(filing.typed, filing.grade_change)
    return render(
        request,
        "summary.html",
        language=language,
        asking=asking,
        filing=filing,
        line=line(session, filing),
        groups=[
            (group, [key for key in form.keys(told.rows) if group.has(key) and key in told.rows])
            for group in form.groups
            if not group.computed
        ],
        answers=told.rows,
        field_of=form.field,
        questions=risk.questionnaire().questions,
        complete=completeness.measure(filing),
        lacking=_lacking(guards.gate_of(session, filing)),
    )


SAID = frozenset({Guard.REASON_GIVEN, Guard.CHANGE_NOTE, Guard.NAME_CLAIMS})
"""What is said in one box with a step; each contradiction, and each field with hard words, has its own."""


def _city(filing: Filing) -> str:
    """The city of filing, whose rules come first on the form."""
    return str(filing.told.value(Meaning.CITY) or "")


def _lacking(found: Gate | None) -> Sequence[Hurdle]:
    """What the grade asks for and is not there: the reviewer cannot accept without it."""
    return [each for each in (found.hurdles if found else ()) if each.blocking and not each.passed]


@router.post(
    "/filings/{filing_id}/answers", dependencies=[allow(Role.FILER, scope=Scope.FILE, upload=True)]
)
def fill(
    request: Request,
    language: Lang,
    session: Database,
    by: By,
    asking: Asking,
    form: Form,
    filing_id: str,
) -> Response:
    """Save one group; what is missing or wrong is shown beside its field, nothing is lost."""
    group = forms.text(form, "group")
    refused: list[RegisterError] = []
    looked = _looked(request.app.state.settings, form, refused)
    filing = dossier.get(session, by=by, filing_id=filing_id, to_write=True)

    def keep(sent: UploadFile) -> dict[str, Any] | None:
        if (seen := looked.get(id(sent))) is None:
            return None
        try:
            made = dossier.keep_file(
                session,
                request.app.state.store,
                by=by,
                filing_id=filing_id,
                sent=seen[0],
                looked=seen[1],
            )
        except RegisterError as error:
            refused.append(error)
            return None
        return made.named

    typed = dossier_form.answers(filing.form, form, keep)
    found = overlap.of(form, typed, filing.typed)

    def change() -> None:
        if refused:
            raise refused[0]
        read = overlap.revision(form)
        revisions.check(session, filing, read, reader=by)
        found.check()
        kept = dossier.fill(
            session, by=by, filing_id=filing_id, answers=found.answers, revision=read
        )
        if forms.text(form, "take"):
            offered = taking.offered(
                session, request.app.state.store, request.app.state.mlflow_notes, kept
            )
            here = {
                key: each for key, each in offered.items() if kept.form.group_of(key).id == group
            }
            dossier.fill(session, by=by, filing_id=filing_id, answers=here, revision=kept.revision)

    def again() -> Response:
        request.state.overlap = found
        return filing_page(request, language, session, by, asking, filing_id, group)

    dropping = forms.whole(form, "drop")  # what was typed is kept before anything is asked
    staying = group if forms.text(form, "take") else forms.text(form, "next") or group
    following = f"{group}&drop={dropping}#drop" if dropping else staying
    if more := forms.text(form, "more"):  # what was typed is kept, and one more is asked for
        following = f"{group}&more={quote(more)}#{quote(more)}/new"
    done = go(f"/{language}/filings/{filing_id}?group={following}", "saved")
    return attempt(
        change,
        request=request,
        session=session,
        again=again,
        done=done,
        names=dossier_form.names,
    )


@router.post(
    "/filings/{filing_id}/sets/{group}/{position}/drop",
    dependencies=[allow(Role.FILER, scope=Scope.FILE)],
)
def drop_set(
    request: Request,
    language: Lang,
    session: Database,
    by: By,
    asking: Asking,
    form: Form,
    filing_id: str,
    group: str,
    position: int,
) -> Response:
    """Take one set out of a repeated group, after the page has asked; the later ones move up."""
    return attempt(
        lambda: dossier.drop_set(
            session,
            by=by,
            filing_id=filing_id,
            group=group,
            number=position,
            revision=overlap.revision(form),
        ),
        request=request,
        session=session,
        again=lambda: filing_page(request, language, session, by, asking, filing_id, group),
        done=go(f"/{language}/filings/{filing_id}?group={group}", "dropped"),
    )


@router.post("/filings/{filing_id}/attach", dependencies=[allow(Role.FILER, scope=Scope.FILE)])
def attach(
    request: Request,
    language: Lang,
    session: Database,
    by: By,
    asking: Asking,
    form: Form,
    filing_id: str,
) -> Response:
    """Attach a report or an explanation of this model."""
    return attempt(
        lambda: dossier.attach(
            session,
            by=by,
            filing_id=filing_id,
            revision=overlap.revision(form),
            report_id=forms.text(form, "report_id") or None,
            explanation_id=forms.text(form, "explanation_id") or None,
        ),
        request=request,
        session=session,
        again=lambda: filing_page(request, language, session, by, asking, filing_id),
        done=go(f"/{language}/filings/{filing_id}", "saved"),
    )


@router.post("/filings/{filing_id}/detach", dependencies=[allow(Role.FILER, scope=Scope.FILE)])
def detach(
    request: Request,
    language: Lang,
    session: Database,
    by: By,
    asking: Asking,
    form: Form,
    filing_id: str,
) -> Response:
    """Take a report off the dossier."""
    return attempt(
        lambda: dossier.detach(
            session,
            by=by,
            filing_id=filing_id,
            revision=overlap.revision(form),
            report_id=forms.text(form, "report_id"),
        ),
        request=request,
        session=session,
        again=lambda: filing_page(request, language, session, by, asking, filing_id),
        done=go(f"/{language}/filings/{filing_id}", "saved"),
    )


@router.post("/filings/{filing_id}/move", dependencies=[allow(Role.FILER, scope=Scope.FILE)])
def move(
    request: Request,
    language: Lang,
    session: Database,
    by: By,
    asking: Asking,
    form: Form,
    filing_id: str,
) -> Response:
    """Point the filing at a newer version; what is attached is then about an earlier one."""
    return attempt(
        lambda: dossier.move(
            session,
            by=by,
            filing_id=filing_id,
            revision=overlap.revision(form),
            version_id=forms.text(form, "version_id"),
        ),
        request=request,
        session=session,
        again=lambda: filing_page(request, language, session, by, asking, filing_id),
        done=go(f"/{language}/filings/{filing_id}", "saved"),
    )


@router.post("/filings/{filing_id}/copy", dependencies=[allow(Role.FILER, scope=Scope.FILE)])
def copy(
    request: Request,
    language: Lang,
    session: Database,
    by: By,
    asking: Asking,
    form: Form,
    filing_id: str,
) -> Response:
    """Take answers over from another filing of the organisation, into what is open."""
    return attempt(
        lambda: copying.copy(
            session,
            by=by,
            filing_id=filing_id,
            earlier_id=forms.text(form, "earlier"),
            revision=overlap.revision(form),
        ),
        request=request,
        session=session,
        again=lambda: filing_page(request, language, session, by, asking, filing_id),
        done=go(f"/{language}/filings/{filing_id}", "saved"),
    )


@router.post("/filings/{filing_id}/form", dependencies=[allow(Role.FILER, scope=Scope.FILE)])
def carry_forward(
    request: Request,
    language: Lang,
    session: Database,
    by: By,
    asking: Asking,
    form: Form,
    filing_id: str,
) -> Response:
    """Take the filing to the newest version of the form, whose changes the page tells."""
    return attempt(
        lambda: renewing.carry_forward(
            session, by=by, filing_id=filing_id, revision=overlap.revision(form)
        ),
        request=request,
        session=session,
        again=lambda: filing_page(request, language, session, by, asking, filing_id),
        done=go(f"/{language}/filings/{filing_id}", "saved"),
    )


@router.post(
    "/filings/{filing_id}/remarks/{remark_id}", dependencies=[allow(Role.FILER, scope=Scope.FILE)]
)
def reply(
    request: Request,
    language: Lang,
    session: Database,
    by: By,
    asking: Asking,
    form: Form,
    filing_id: str,
    remark_id: str,
) -> Response:
    """Answer one remark."""
    return attempt(
        lambda: remarks.reply(
            session,
            by=by,
            remark_id=remark_id,
            revision=overlap.revision(form),
            zh=forms.text(form, "reply"),
        ),
        request=request,
        session=session,
        again=lambda: filing_page(request, language, session, by, asking, filing_id),
        done=go(f"/{language}/filings/{filing_id}", "saved"),
        typed={f"reply/{remark_id}": forms.text(form, "reply")},
    )


@router.post(
    "/filings/{filing_id}/steps/{action}", dependencies=[allow(Role.FILER, scope=Scope.FILE)]
)
def take_step(
    request: Request,
    language: Lang,
    session: Database,
    by: By,
    asking: Asking,
    form: Form,
    filing_id: str,
    action: Action,
) -> Response:
    """One step of the procedure that is the filer's."""
    return attempt(
        lambda: review.take(
            session,
            by=by,
            filing_id=filing_id,
            action=action,
            revision=overlap.revision(form),
            reason={"zh": forms.text(form, "reason")} if forms.text(form, "reason") else None,
            differing=confirming.reasons(form),
        ),
        request=request,
        session=session,
        again=lambda: filing_page(request, language, session, by, asking, filing_id),
        done=go(f"/{language}/filings/{filing_id}", done.step("filing", action)),
        typed=forms.typed(form) | {f"reason/{action}": forms.text(form, "reason")},
        names=lambda item: ("reason",) if item in SAID else confirming.reason_names(item),
    )


def _listed(session: Session, filing: Filing) -> list[reports.Report]:
    """The reports on the version, and those attached that are about an earlier one."""
    own = reports.for_version(session, filing.version_id)
    there = {each.id for each in own}
    earlier = [reports.get(session, each) for each in filing.report_ids if each not in there]
    return [*own, *earlier]


def _keys(group: Group, given: Mapping[str, Any], *, more: bool) -> list[str]:
    """The keys of one group, with one set more where the group repeats and that is asked for."""
    if not group.repeats:
        return [each.code for each in group.fields]
    shown = min(group.most, sets(group, given) + more)
    return [f"{each.code}#{n}" for n in range(1, shown + 1) for each in group.fields]


def _offered(
    request: Request, session: Session, filing: Filing, group: Group
) -> dict[str, Mapping[str, Any]]:
    """What of the group is open and can be taken from elsewhere."""
    if filing.status not in EDITABLE:
        return {}
    found = taking.offered(
        session, request.app.state.store, request.app.state.mlflow_notes, filing
    )
    return {key: each for key, each in found.items() if filing.form.group_of(key) is group}


def _sets_there(group: Group, given: Mapping[str, Any]) -> int:
    """How many sets of a repeated group hold an answer, which may be taken out."""
    return sets(group, given) if group.repeats and any(map(group.has, given)) else 0


def _by_key(reasons: list[Reason]) -> dict[str, list[Reason]]:
    found: dict[str, list[Reason]] = {}
    for reason in reasons:
        found.setdefault(reason.item.partition(".")[0], []).append(reason)
    return found


def _typed_in(field: Field, stored: Mapping[str, Any]) -> bool:
    """Whether somebody typed in the field: what stands there may come from the record alone."""
    value = stored.get("value")
    if field.value.kind is not Kind.PARTS or not isinstance(value, Mapping):
        return bool(stored)
    if "not_applicable" in stored or "sealed" in stored:
        return True
    return any(each.id in value and not each.record for each in field.value.parts)


def _as_stored(typed: Mapping[str, Any]) -> dict[str, Any]:
    """What was typed, in the stored form, so that the form shows it again."""
    return {key: value for key, value in typed.items() if value is not None}


def _looked(
    settings: Settings, form: FormData, refused: list[RegisterError]
) -> dict[int, tuple[Sent, Looked]]:
    """Every file of a form with what was seen in it, before anything of the record is locked."""
    found: dict[int, tuple[Sent, Looked]] = {}
    for _, part in form.multi_items():
        if isinstance(part, UploadFile) and part.filename:
            part.file.seek(0)
            sent = Sent(part.filename, part.file.read(settings.attachment_bytes + 1))
            try:
                found[id(part)] = (sent, attachments.look(sent, settings))
            except RegisterError as error:
                refused.append(error)
    return found


@router.get(
    "/filings/{filing_id}/files/{sha256}",
    dependencies=[allow(Role.FILER, Role.TESTER, Role.REVIEWER)],
)
def evidence_file(
    by: By, session: Database, store: Store, filing_id: str, sha256: str
) -> Response:
    """A file of a dossier, to be saved, for who may read the dossier."""
    filing = dossier.get(session, by=by, filing_id=filing_id)
    return handed_out(evidence_files.opened(session, store, filing.id, sha256))


def _newer(session: Session, version: submission.Version) -> submission.Version | None:
    latest = submission.latest(session, version.model_id)
    return latest if latest and latest.number > version.number else None
