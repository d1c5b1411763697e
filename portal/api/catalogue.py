"""The public catalogue: search, entries, history, and the evidence behind an entry."""

from base64 import b64encode
from dataclasses import asdict
from dataclasses import fields as dataclass_fields
from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import JSONResponse
from pydantic import Field
from sqlalchemy.orm import Session

from filing import as_of, carrying, catalogue, described, forms, numbers, recorded, search_options
from filing.hits import Hit
from filing.lifecycle import STATUS_NAMES, Status
from filing.search_hits import Filters
from filing.search_index import SearchIndex
from portal.api.shapes import Answer, Bilingual
from portal.web.access import public
from portal.web.at_hand import Database, Index
from portal.web.page_cache import REPRESENTED, keep, keep_not
from registry import explanations, reports
from registry.explanations import ExplanationNotFound
from registry.reports import Report, ReportNotFound

ONCE = dict.fromkeys(("q", "evaluated", "inside", "page", "limit"), ".*")

router = APIRouter(tags=["catalogue"], dependencies=[public])


class HitOut(Answer):
    """One line of a search."""

    number: str
    slug: str = Field(description="the number as it stands in addresses")
    name: Bilingual
    summary: Bilingual
    filer: Bilingual
    grade: str
    status: Status
    published: datetime
    evaluated: bool = Field(description="an unexpired evaluation by a third party")
    graded: Bilingual = Field(description="the grade in words, and whether reviewers set it")
    found: dict[str, int] = Field(description="findings of the attached reports by verdict")
    standing: dict[str, Any] = Field(description="what is true of the filing at this moment")
    claimed: Bilingual | None = Field(
        description="what is said beside names that claim an approval, which are the filer's own words"
    )


class Hits(Answer):
    """One page of a search: by number, then by name, then by text, newest publication first."""

    items: list[HitOut]
    total: int = Field(description="where `more`, how many can be turned to")
    more: bool = Field(description="there are more than can be turned to")
    page: int
    pages: int
    next: str | None
    facets: dict[str, dict[str, int]] = Field(
        description="hits per value of each facet, the other facets applied"
    )
    facets_partial: bool = Field(description="the facets count the newest hits only")
    near: str = Field(description="what would be found, where nothing is")
    inside: int = Field(description="how many would be found with `inside`, where nothing is")
    behind: bool = Field(
        description="the server can write nothing: newer filings may be missing, counts be old"
    )


class TurnOut(Answer):
    """One edition and what changed in it."""

    edition: int
    published: datetime
    digest: str
    note: dict[str, Any] | None
    differences: list[Bilingual]


class HappeningOut(Answer):
    """One public event."""

    at: datetime
    name: str
    status: Status
    status_name: Bilingual
    reason: dict[str, Any] | None


class HistoryOut(Answer):
    """An entry's editions and public events, newest first."""

    editions: list[TurnOut]
    events: list[HappeningOut]


@router.get("/catalogue", summary="检索公示目录 · Search the catalogue")
def search(
    *,
    request: Request,
    response: Response,
    session: Database,
    index: Index,
    q: Annotated[str, Query(max_length=500, description="words between spaces")] = "",
    status: Annotated[list[Status] | None, Query()] = None,
    grade: Annotated[list[str] | None, Query()] = None,
    kind: Annotated[
        list[str] | None, Query(description="option ids of the kinds of algorithm")
    ] = None,
    sector: Annotated[list[str] | None, Query(description="option ids of the sectors")] = None,
    effect: Annotated[
        list[str] | None, Query(description="option ids of the effect on a person")
    ] = None,
    filer: Annotated[list[str] | None, Query(description="ids of organisations")] = None,
    evaluated: Annotated[bool | None, Query()] = None,
    city: Annotated[
        list[str] | None, Query(description="option ids of the city of filing")
    ] = None,
    district: Annotated[list[str] | None, Query(description="the district of the filer")] = None,
    personal: Annotated[
        list[str] | None, Query(description="yes, no: data sets hold personal information")
    ] = None,
    choice: Annotated[
        list[str] | None, Query(description="yes, no: a person may have it otherwise")
    ] = None,
    beyond: Annotated[
        list[str] | None, Query(description="yes, no: a finding beyond its line")
    ] = None,
    inside: Annotated[
        bool,
        Query(
            description="search inside the answers, the explanation and the findings told on the page"
        ),
    ] = False,
    page: Annotated[int, Query(ge=1, le=10_000)] = 1,
    limit: Annotated[int, Query(ge=1, le=100)] = 20,
) -> Hits:
    """Published filings that hold every word of the query."""
    keep(request, session)
    _check_address(request, session, index)
    wanted = Filters(
        status=status or (),
        grade=grade or (),
        kind=kind or (),
        sector=sector or (),
        effect=effect or (),
        filer=filer or (),
        evaluated=evaluated,
        city=city or (),
        district=district or (),
        personal=personal or (),
        choice=choice or (),
        beyond=beyond or (),
    )
    found = catalogue.search(session, index, q, wanted, page, size=limit, inside=inside)
    if found.behind:
        keep_not(request)
    search_options.check_page(page, found.pages)
    following = None
    if found.number < found.pages:
        url = request.url.include_query_params(page=found.number + 1)
        following = f"{url.path}?{url.query}"
        response.headers["Link"] = f'<{following}>; rel="next"'
    items = [_hit(hit) for hit in found.hits]
    return Hits(
        items=items,
        total=found.total,
        more=found.more,
        page=found.number,
        pages=found.pages,
        next=following,
        facets={name: dict(counted) for name, counted in found.counts.items()},
        facets_partial=found.partial,
        near=found.near,
        inside=found.inside,
        behind=found.behind,
    )


@router.get("/catalogue/{slug}", summary="公示内容 · One entry", response_model=dict[str, Any])
def entry(
    request: Request,
    session: Database,
    slug: str,
    edition: Annotated[int | None, Query(ge=1, description="the newest by default")] = None,
) -> Response:
    """An edition untouched, with its digest, and its standing at this moment beside it.

    `revision` is raised in the same transaction by every write that changes what is told here;
    `next_change` is the next moment at which time alone does.
    """
    told = keep(request, session, numbers.parse(slug).slug)
    number = told.revision[0] if told.revision else 0
    return JSONResponse({**catalogue.entry(session, slug, edition).as_json(), "revision": number})


@router.get("/catalogue/{slug}/history", summary="变更历史 · History")
def history(request: Request, session: Database, slug: str) -> HistoryOut:
    """The editions with what changed in each, and what happened to the filing."""
    keep(request, session, numbers.parse(slug).slug)
    found = catalogue.history(session, slug)
    return HistoryOut(
        editions=[
            TurnOut.model_validate(
                {**asdict(turn), "differences": [each.as_json() for each in turn.differences]}
            )
            for turn in found.turns
        ],
        events=[
            HappeningOut.model_validate(
                {**asdict(event), "status_name": STATUS_NAMES[event.status].as_json()}
            )
            for event in found.happenings
        ],
    )


@router.get("/catalogue/{slug}/record", summary="系统生成的内容 · What the register itself says")
def record(request: Request, session: Database, slug: str) -> list[dict[str, Any]]:
    """Number, address, state, chain of editions, freshness and the rest that nobody types, row by row."""
    keep(request, session, numbers.parse(slug).slug)
    return [each.as_json() for each in recorded.rows(*catalogue.told(session, slug))]


@router.get(
    "/catalogue/{slug}/on/{day}",
    summary="某一天的样子 · As it was on a day",
    response_model=dict[str, Any],
)
def on_day(request: Request, session: Database, slug: str, day: str) -> Response:
    """What was public on a day and how it stood as that day ended, in China time.

    `service.claims` is what the editions say of the version in service on that day, in the filer's
    word: the edition public then, and versions with their dates that the newest one names. Give the
    day like 2026-12-01, today or earlier.
    """
    keep(request, session, numbers.parse(slug).slug)
    return JSONResponse(as_of.on(session, slug, as_of.day_of(day)).as_json())


def _represented(digest: str) -> str:
    """A SHA-256 in hexadecimal as the field Repr-Digest has it (RFC 9530, section 3)."""
    return f"sha-256=:{b64encode(bytes.fromhex(digest)).decode()}:"


@router.get(
    "/catalogue/{slug}/edition",
    summary="原始字节 · An edition byte for byte",
    response_model=dict[str, Any],
)
def canonical(
    request: Request,
    session: Database,
    slug: str,
    edition: Annotated[int | None, Query(ge=1)] = None,
) -> Response:
    """The canonical JSON that the digest is of."""
    keep(request, session, numbers.parse(slug).slug)
    found = catalogue.entry(session, slug, edition)
    return Response(
        found.canonical,
        media_type="application/json",
        headers={"ETag": f'W/"{found.digest}"', REPRESENTED: _represented(found.digest)},
    )


@router.get("/catalogue/{slug}/reports/{report_id}", summary="公示的评估报告 · A published report")
def report(session: Database, slug: str, report_id: str) -> dict[str, Any]:
    """The signed statement of a report that the entry carries, with its public evidence."""
    return reports.statement(_published_report(session, slug, report_id))


@router.get(
    "/catalogue/{slug}/reports/{report_id}/envelope",
    summary="报告的签名信封 · Its signed envelope",
    response_model=dict[str, Any],
)
def envelope(session: Database, slug: str, report_id: str) -> Response:
    """The envelope byte for byte, for `mingsuan verify`."""
    found = _published_report(session, slug, report_id)
    return Response(
        found.envelope.encode(),
        media_type="application/json",
        headers={"Content-Disposition": f'attachment; filename="report-{found.id}.json"'},
    )


@router.get("/catalogue/{slug}/explanation", summary="公示的算法说明 · The published explanation")
def explanation(session: Database, slug: str) -> dict[str, Any]:
    """The explanation that the entry carries, each sentence with its evidence and its limit."""
    named = catalogue.entry(session, slug).content["explanation"]
    found = explanations.get(session, named["id"]) if named else None
    if found is None or found.content is None:
        raise ExplanationNotFound(
            "这份备案没有附说明。", "No explanation is published with this filing."
        )
    return {"digest": found.digest, "content": found.content}


@router.get("/words/fields", tags=["words"], summary="备案表 · The form of a filing")
def form(
    version: Annotated[
        str, Query(max_length=10, description="of the form; without it, the newest")
    ] = "",
) -> dict[str, Any]:
    """Every field of a filing: name, instruction, example, limits, options, visibility.

    `when` says where a field or part is asked at all (null: always), `required` where it must be
    answered, if it is asked (true, false, or a condition: a leaf, `not`, `all`, `any`).
    `versions` is the log of the form: what each version asks otherwise than the one before.
    """
    every = [forms.schema(each) for each in forms.versions()]
    told = described.form(forms.schema(version) if version else every[-1])
    log = [
        {
            "version": each.version,
            "date": each.date,
            **each.note.as_json(),
            "changes": [said.as_json() for said in carrying.changes(before, each)]
            if before
            else [],
        }
        for before, each in zip([None, *every], every, strict=False)
    ]
    return {"version": told["version"], "groups": told["groups"], "versions": log}


@router.get("/words/statuses", tags=["words"], summary="备案状态 · States of a filing")
def statuses() -> dict[str, Bilingual]:
    """Where a filing can stand."""
    return {status.value: Bilingual.of(name) for status, name in STATUS_NAMES.items()}


def _check_address(request: Request, session: Session, index: SearchIndex) -> None:
    """Refuse what the search does not know; what a framework types was checked already."""

    def knows(facet: str, value: str) -> bool:
        return index.knows(session, facet, value)

    given = request.query_params.multi_items()
    search_options.check(search_options.unknown(given, knows, once=ONCE))


def _hit(hit: Hit) -> HitOut:
    told = {each.name: getattr(hit, each.name) for each in dataclass_fields(hit)}
    return HitOut.model_validate({**told, "standing": hit.standing.as_json()})


def _published_report(session: Database, slug: str, report_id: str) -> Report:
    listed = catalogue.entry(session, slug).content["reports"]
    if report_id not in {each["id"] for each in listed}:
        raise ReportNotFound(
            "这份备案没有附这份报告。", "No such report is published with this filing."
        )
    return reports.get(session, report_id)
