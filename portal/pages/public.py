"""What everyone reads without signing in: start, catalogue, the filed page, words, about."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, RedirectResponse, Response
from sqlalchemy.orm import Session

from filing import catalogue, standing
from filing.catalogue import Filters, Hit, PublicEntry
from filing.fields import Option, schema
from filing.lifecycle import STATUS_NAMES, Status
from filing.risk import LEVEL_NAMES, Level
from portal.access import public
from portal.at_hand import Database
from portal.pages import explaining, report_view
from portal.pages.glossary import terms
from portal.pages.rendering import TEMPLATE_VERSION, Lang, language_of, render
from registry import datasets, explanations, reports
from registry.language import Language, Text
from registry.law import FORCE_NAMES, RULES

router = APIRouter(include_in_schema=False)

PAGE_SIZE = 20


@dataclass(frozen=True, slots=True)
class Badge:
    """A short label on a hit or a page; `tone` is good, warn, bad or empty."""

    text: Text
    tone: str = ""


@dataclass(frozen=True, slots=True)
class Line:
    """One hit with its badges."""

    number: str
    slug: str
    name: Text
    about: Text
    filer: Text
    published: Any
    badges: tuple[Badge, ...]


@dataclass(frozen=True, slots=True)
class Filter:
    """One choice by which the catalogue is narrowed."""

    name: str
    label: Text
    options: tuple[tuple[str, Text], ...]


@dataclass(frozen=True, slots=True)
class Question:
    """One case of `I have a question about a decision`."""

    name: Text
    advice: Text
    query: str


QUESTIONS = (
    Question(
        Text("贷款、保险、住房没有批", "A loan, insurance or home was refused"),
        Text("看看它用了您的哪些信息，什么会让结果变好。", "See which facts it uses and what would change the result."),
        "kind=dispatch",
    ),
    Question(
        Text("价格和别人不一样", "The price differs from another's"),
        Text("看看价格按什么变，第三方测到了多大差别。", "See what moves the price and which difference a third party measured."),
        "kind=dispatch",
    ),
    Question(
        Text("总给我看某一类东西", "I keep being shown one kind of thing"),
        Text("看看它按什么推荐，怎样关掉。", "See what recommendations follow and how to switch them off."),
        "kind=push",
    ),
    Question(
        Text("我被排在后面", "I was placed at the end"),
        Text("看看排序看重什么，能不能请人重新看。", "See what weighs in the ranking and whether a person can look again."),
        "kind=ranking",
    ),
)  # fmt: skip


@router.get("/", dependencies=[public])
def home(request: Request) -> Response:
    """The start page in the reader's language; Chinese where nothing is said."""
    return RedirectResponse(f"/{language_of(request)}/", status_code=307)


@router.get("/{language}/", dependencies=[public])
def start(request: Request, language: Lang, session: Database) -> Response:
    """What this is, two ways in, and the newest filings."""
    found = catalogue.search(session, size=5)
    return render(
        request,
        "start.html",
        language=language,
        hits=[_line(hit) for hit in found.hits],
        total=found.total,
    )


@router.get("/{language}/question", dependencies=[public])
def question(request: Request, language: Lang) -> Response:
    """Start from what happened, not from the algorithm."""
    return render(
        request, "question.html", language=language, cases=QUESTIONS, reporting=RULES["SZ70"]
    )


@router.get("/{language}/catalogue.json", dependencies=[public])
def catalogue_json(request: Request, session: Database) -> Response:
    """The catalogue page as JSON."""
    query, chosen, page = _asked(request)
    found = catalogue.search(session, query, _filters(chosen), page, size=PAGE_SIZE)
    return JSONResponse(
        {
            "total": found.total,
            "page": found.number,
            "pages": found.pages,
            "hits": [
                {
                    "number": hit.number,
                    "name": hit.name.as_json(),
                    "summary": hit.summary.as_json(),
                    "filer": hit.filer.as_json(),
                    "grade": hit.grade,
                    "status": hit.status.value,
                    "published": hit.published.isoformat(),
                    "evaluated": hit.evaluated,
                }
                for hit in found.hits
            ],
        }
    )


@router.get("/{language}/catalogue", dependencies=[public])
def catalogue_page(request: Request, language: Lang, session: Database) -> Response:
    """Search by word, narrowed by simple filters; every state is an address."""
    query, chosen, page = _asked(request)
    found = catalogue.search(session, query, _filters(chosen), page, size=PAGE_SIZE)
    return render(
        request,
        "catalogue.html",
        language=language,
        query=query,
        chosen=chosen,
        filters=_choices(),
        hits=[_line(hit) for hit in found.hits],
        total=found.total,
        page=found.number,
        pages=found.pages,
        query_string=urlencode({"q": query, **chosen}),
    )


@router.get("/{language}/f/{number}.json", dependencies=[public])
def filed_json(session: Database, number: str) -> Response:
    """The newest edition as JSON, with its standing."""
    return JSONResponse(catalogue.entry(session, number).as_json())


@router.get("/{language}/f/{number}/v{edition}.json", dependencies=[public])
def edition_json(session: Database, number: str, edition: int) -> Response:
    """One edition as JSON, with its standing now."""
    return JSONResponse(catalogue.entry(session, number, edition).as_json())


@router.get("/{language}/f/{number}", dependencies=[public])
def filed(request: Request, language: Lang, session: Database, number: str) -> Response:
    """The filed page: explanation first, then what was checked, then the filing, then history."""
    entry = catalogue.entry(session, number)
    if number != entry.content["slug"]:  # the number as it is printed leads to the address
        return RedirectResponse(f"/{language}/f/{entry.content['slug']}", status_code=307)
    return _filed(request, language, session, entry)


@router.get("/{language}/f/{number}/v{edition}", dependencies=[public])
def filed_edition(
    request: Request, language: Lang, session: Database, number: str, edition: int
) -> Response:
    """One edition, which never changes; its standing does."""
    return _filed(request, language, session, catalogue.entry(session, number, edition))


@router.get("/{language}/words", dependencies=[public])
def words(request: Request, language: Lang) -> Response:
    """The words that a reader may not know."""
    return render(request, "words.html", language=language, terms=terms())


@router.get("/{language}/about", dependencies=[public])
def about(request: Request, language: Lang) -> Response:
    """What this is and which rules stand behind it."""
    return render(
        request, "about.html", language=language, rules=RULES.values(), forces=FORCE_NAMES
    )


@router.get("/{language}/accessibility", dependencies=[public])
def accessibility(request: Request, language: Lang) -> Response:
    """What was done so that everyone can use the site, and what was not."""
    return render(request, "accessibility.html", language=language)


def _filed(request: Request, language: Language, session: Session, entry: PublicEntry) -> Response:
    validator = entry.etag(language, TEMPLATE_VERSION)
    if request.headers.get("if-none-match") == validator:
        return Response(status_code=304, headers={"etag": validator})
    content = entry.content
    explained, found = _explained(session, content, language), _reports(session, content, language)
    page = render(
        request,
        "filed.html",
        language=language,
        entry=entry,
        content=content,
        told={row["key"]: row for row in content["answers"]},
        groups=schema().groups,
        badges=_badges(entry),
        explained=explained,
        reports=found,
        other_rows=_other_rows(session, content, found),
        gravest=report_view.gravest,
        history=catalogue.history(session, entry.number),
        status_names=STATUS_NAMES,
        state=standing.State,
    )
    page.headers["etag"] = validator
    page.headers["cache-control"] = "no-cache"
    return page


def _explained(
    session: Session, content: Mapping[str, Any], language: Language
) -> explaining.Explained | None:
    if content["explanation"] is None:
        return None
    made = explanations.get(session, content["explanation"]["id"])
    return explaining.view(made.content, language) if made.content else None


def _other_rows(
    session: Session,
    content: Mapping[str, Any],
    found: Sequence[tuple[Mapping[str, Any], report_view.ReportView]],
) -> bool:
    """Whether a report rests on other data than the explanation, so that their figures differ."""
    if content["explanation"] is None:
        return False
    made = explanations.get(session, content["explanation"]["id"])
    own = datasets.get(session, made.dataset_id).digest
    return any(view.predicate["data"]["digest"] != own for _, view in found)


def _reports(
    session: Session, content: Mapping[str, Any], language: Language
) -> list[tuple[Mapping[str, Any], report_view.ReportView]]:
    return [
        (each, report_view.view(reports.statement(reports.get(session, each["id"])), language))
        for each in content["reports"]
    ]


def _badges(entry: PublicEntry) -> list[Badge]:
    now = entry.standing
    tones = {
        standing.State.CURRENT: "good",
        standing.State.EARLIER_VERSION: "warn",
        standing.State.EXPIRED: "warn",
        standing.State.NONE: "",
    }
    status_tone = "good" if now.status is Status.PUBLISHED else "warn"
    return [
        Badge(STATUS_NAMES[now.status], status_tone),
        Badge(now.third_party.said, tones[now.third_party.state]),
        Badge(now.explanation.said, tones[now.explanation.state]),
    ]


def _line(hit: Hit) -> Line:
    badges = [
        Badge(STATUS_NAMES[hit.status], "good" if hit.status is Status.PUBLISHED else "warn")
    ]
    if hit.evaluated:
        badges.append(Badge(Text("有第三方评估", "third-party evaluation"), "good"))
    return Line(
        hit.number, hit.slug, hit.name, hit.summary, hit.filer, hit.published, tuple(badges)
    )


def _asked(request: Request) -> tuple[str, dict[str, str], int]:
    given = request.query_params
    names = [each.name for each in _choices()]
    page = given.get("page", "1")
    return (
        given.get("q", "").strip(),
        {name: given[name] for name in names if given.get(name)},
        int(page) if page.isdecimal() and len(page) < 8 else 1,
    )


def _filters(chosen: Mapping[str, str]) -> Filters:
    known = {each.name: {value for value, _ in each.options} for each in _choices()}
    kept = {name: value for name, value in chosen.items() if value in known[name]}
    return Filters(
        status=[Status(kept["status"])] if "status" in kept else (),
        grade=[kept["grade"]] if "grade" in kept else (),
        kind=[kept["kind"]] if "kind" in kept else (),
        sector=[kept["sector"]] if "sector" in kept else (),
        evaluated={"yes": True, "no": False}.get(kept.get("evaluated", "")),
    )


def _choices() -> tuple[Filter, ...]:
    kinds = schema().field("B4").value.options
    sectors = next(part for part in schema().field("B5").value.parts if part.id == "sectors")
    shown = (
        Status.PUBLISHED, Status.CHANGE_PENDING, Status.CANCELLED, Status.REVOKED,
        Status.SUPERSEDED,
    )  # fmt: skip
    return (
        Filter("kind", Text("算法类型", "Kind"), _options(kinds)),
        Filter("sector", Text("领域", "Sector"), _options(sectors.options)),
        Filter(
            "grade",
            Text("风险等级", "Risk grade"),
            tuple((level.value, LEVEL_NAMES[level]) for level in Level),
        ),
        Filter(
            "status",
            Text("状态", "Status"),
            tuple((each.value, STATUS_NAMES[each]) for each in shown),
        ),
        Filter(
            "evaluated",
            Text("第三方评估", "Third-party evaluation"),
            (("yes", Text("有", "yes")), ("no", Text("没有", "no"))),
        ),
    )


def _options(options: tuple[Option, ...]) -> tuple[tuple[str, Text], ...]:
    return tuple((each.id, each.name) for each in options)
