"""What everyone reads without signing in: start, catalogue, the filed page, words, about."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Request
from fastapi.responses import JSONResponse, RedirectResponse, Response
from sqlalchemy.orm import Session

from filing import as_of, catalogue, hits, numbers, recorded, search_options, search_words
from filing.as_of import AsOf
from filing.catalogue import History, Page, PublicEntry
from filing.changes import Revision
from filing.concerns import COUNTED
from filing.forms import told_by
from filing.hits import Hit
from filing.law import CITY_STATEMENTS
from filing.lifecycle import STATUS_NAMES
from filing.search_hits import NEWEST
from filing.search_index import BEHIND, SearchIndex
from portal.pages import addresses, facets, filed_view
from portal.pages.addresses import Edition, in_own_language
from portal.pages.rendering import Lang, render
from portal.web import page_cache, sight
from portal.web.access import public
from portal.web.articles import articles
from portal.web.at_hand import Database, Index
from portal.web.glossary import terms
from portal.web.identity import Asking, Identity
from portal.web.page_cache import keep, keep_not
from registry import environment
from registry.errors import Reason
from registry.language import Language, Text
from registry.law import FORCE_NAMES, RULES, City
from registry.memo import Memo

router = APIRouter(include_in_schema=False)

PAGE_SIZE = 20
NEWEST_SHOWN = 5
"""Filings on the start page."""
PAGE = "[1-9][0-9]{0,6}"
TAKEN = {"q": ".*", "inside": "1?", "page": PAGE}
"""What the address of a search names besides its facets, with the pattern of its values."""


@dataclass(frozen=True, slots=True)
class Question:
    """One case of `I have a question about a decision`.

    Args:
        name: what happened.
        advice: what to look for.
        asked: the catalogue's own filters that hold for such an algorithm, by the record.
    """

    name: Text
    advice: Text
    asked: Mapping[str, str]

    @property
    def query(self) -> str:
        """The filters as an address carries them."""
        return urlencode(self.asked)


QUESTIONS = (
    Question(
        Text("申请没有批，例如贷款、保险、住房", "An application was refused, such as for a loan, insurance or a home"),
        Text("看看它用了您的哪些信息，什么会让结果变好。", "See which facts it uses and what would change the result."),
        {"effect": "decides"},
    ),
    Question(
        Text("价格和别人不一样", "The price differs from another's"),
        Text("看看价格按什么变，有没有人测过差别，测到多大。", "See what moves the price, whether anyone measured differences, and how large they were."),
        {"effect": "prices"},
    ),
    Question(
        Text("总给我看某一类东西", "I keep being shown one kind of thing"),
        Text("看看它按什么推荐，能不能关掉。", "See what recommendations follow and whether they can be switched off."),
        {"kind": "push"},
    ),
    Question(
        Text("我被排在后面", "I was placed at the end"),
        Text("看看排序看重什么，能不能请人重新看。", "See what weighs in the ranking and whether a person can look again."),
        {"effect": "ranks"},
    ),
    Question(
        Text("我发的内容被挡住，或者别人搜不到", "What I posted is blocked, or cannot be found"),
        Text("看看它按什么过滤，能不能请人重新看。", "See what it filters by and whether a person can look again."),
        {"kind": "retrieval"},
    ),
    Question(
        Text("给我的单、名额或时段比别人少", "I am given fewer orders, places or hours"),
        Text("看看它按什么分配，能不能请人重新看。", "See what it goes by in giving them out and whether a person can look again."),
        {"effect": "allocates"},
    ),
)  # fmt: skip
"""Each leads to the filings of whose record it is a case: by what the filer declared (B4, B14)."""
ACCESSIBILITY = (
    Text(
        "本网站不用脚本也能读、能查、能填表。可以只用键盘操作，可以放大到四倍，支持深色模式和高对比度。图旁边都有文字；评估报告页和算法说明的图旁边还有表格，备案页上评估的图旁边没有，表格在报告页。打印时，折叠的内容也印出来（在 Chromium 里测过）。",
        "The site can be read, searched and filled in without scripts, by keyboard alone, at four times the size, in dark mode and in high contrast. Every picture has text beside it; those of a report’s own page and of an explanation have a table too, while those of evaluations on a filed page have theirs on the report’s page. In print, folded parts are printed too (tested in Chromium).",
    ),
    Text(
        "在 320 和 390 像素宽的屏幕上，把文字放大到两倍，公开页面也不用左右滚动；宽的表格在自己的框里滚动（在 Chromium 里测过）。",
        "On screens 320 and 390 pixels wide, with text at twice the size, public pages need no scrolling sideways; wide tables scroll in a frame of their own (tested in Chromium).",
    ),
    Text(
        "自动检查按 WCAG 2.2 AA 进行；请真人读者试用的检查还没有做。",
        "Automatic checks follow WCAG 2.2 AA; a test with human readers has not been done yet.",
    ),
    Text(
        "没有登录时，公开页面不用 Cookie；任何页面都不向别的网站发出请求。",
        "Without signing in, public pages set no cookie; no page sends a request to any other site.",
    ),
)  # fmt: skip
"""What was done so that everyone can use the site, and what was not."""


@router.get("/", dependencies=[public])
def home(request: Request) -> Response:
    """The start page in the reader's language; Chinese where nothing is said."""
    return in_own_language(request, "")


@router.get("/{language}/", dependencies=[public])
def start(request: Request, language: Lang, session: Database) -> Response:
    """What this is, two ways in, and the newest filings."""
    keep(request, session)
    return render(
        request,
        "start.html",
        language=language,
        lines=[filed_view.line(hit) for hit in hits.newest(session, NEWEST_SHOWN)],
        total=catalogue.published(session),
    )


@router.get("/{language}/question", dependencies=[public])
def question(request: Request, language: Lang, session: Database, index: Index) -> Response:
    """Start from what happened, not from the algorithm."""
    keep(request, session)
    return render(
        request,
        "question.html",
        language=language,
        cases=cases(session, index),
        reporting=RULES["SZ70"],
    )


def cases(session: Session, index: SearchIndex) -> list[tuple[Question, int]]:
    """Each case of a question, with the number of filings of which it is one."""
    asked = (
        facets.filters({name: [value] for name, value in each.asked.items()}) for each in QUESTIONS
    )
    found = [catalogue.search(session, index, filters=filters, size=1) for filters in asked]
    if any(each.behind for each in found):
        raise environment.made(environment.DiskFull)
    return list(zip(QUESTIONS, (each.total for each in found), strict=True))


@router.get("/{language}/catalogue.json", dependencies=[public])
def catalogue_json(request: Request, session: Database, index: Index) -> Response:
    """The catalogue page as JSON."""
    keep(request, session)
    asked = _Asked.of(request, session, index)
    search_options.check(asked.unknown)
    found = asked.answered(session, index)
    if found.behind:
        keep_not(request)
    search_options.check_page(asked.page, found.pages)
    return JSONResponse(
        {
            "total": found.total,
            "more": found.more,
            "page": found.number,
            "pages": found.pages,
            "facets": {name: dict(counted) for name, counted in found.counts.items()},
            "facets_partial": found.partial,
            "near": found.near,
            "inside": found.inside,
            "behind": found.behind,
            "hits": [as_json(hit) for hit in found.hits],
        }
    )


def as_json(hit: Hit) -> dict[str, Any]:
    """One line of a list as a JSON object.

    Args:
        hit: which.
    """
    return {
        "number": hit.number,
        "name": hit.name.as_json(),
        "summary": hit.summary.as_json(),
        "filer": hit.filer.as_json(),
        "grade": hit.grade,
        "graded": hit.graded.as_json(),
        "status": hit.status.value,
        "published": hit.published.isoformat(),
        "evaluated": hit.evaluated,
        "found": dict(hit.found),
        "standing": hit.standing.as_json(),
        "claimed": hit.claimed.as_json() if hit.claimed else None,
    }


@router.get("/{language}/catalogue", dependencies=[public])
def catalogue_page(request: Request, language: Lang, session: Database, index: Index) -> Response:
    """Search by word, narrowed by what the record says; every state is an address."""
    keep(request, session)
    asked = _Asked.of(request, session, index)
    found = asked.answered(session, index)
    if found.behind:
        keep_not(request)
    return render(
        request,
        "catalogue.html",
        language=language,
        query=asked.query,
        asked=asked,
        inside=asked.inside,
        near=urlencode({"q": found.near}) if found.near else "",
        facets=facets.shown(session, found.counts, asked.chosen),
        lines=[filed_view.line(hit) for hit in found.hits],
        found=found,
        behind=BEHIND,
        newest=NEWEST,
        query_string=asked.query_string,
        query_inside=asked.inside_too.query_string,
    )


@router.get("/{language}/f/{number}.json", dependencies=[public])
def filed_json(request: Request, session: Database, number: str) -> Response:
    """The newest edition as JSON, with its standing."""
    return addresses.filed_json(request, session, number)


@router.get("/{language}/f/{number}/v{edition}.json", dependencies=[public])
def edition_json(request: Request, session: Database, number: str, edition: Edition) -> Response:
    """One edition as JSON, with its standing now and the explanation that it carries."""
    keep(request, session, numbers.parse(number).slug)
    return JSONResponse(addresses.whole(session, catalogue.entry(session, number, edition)))


async def _seen(request: Request, number: str) -> Revision | None:
    """The newest change of the page of a number, told without a session where that can be."""
    return await page_cache.seen(request, numbers.parse(number).slug)


Seen = Annotated[Revision | None, Depends(_seen)]


@router.get("/{language}/f/{number}", dependencies=[public])
def filed(
    request: Request,
    language: Lang,
    session: Database,
    seen: Seen,
    asking: Asking,
    number: str,
) -> Response:
    """The filed page: explanation first, then what was checked, then the filing, then history."""
    try:
        shown = _shown(request, session, language, number, seen=seen)
    except catalogue.NothingPublished as nothing:
        keep_not(request)  # no line of the catalogue tells when this changes
        return render(request, "number.html", language=language, given=nothing.given)
    slug = shown.entry.content["slug"]
    if number != slug:  # the number as it is printed leads to the address
        return RedirectResponse(f"/{language}/f/{slug}", status_code=307)
    return _filed(request, language, shown, review=_review_of(session, asking, slug))


def _review_of(session: Session, asking: Identity | None, slug: str) -> str | None:
    """The filing whose review page a reviewer is led to; None for everybody else."""
    if asking is None or not sight.reviews(asking.actor):
        return None
    return catalogue.find(session, slug).id


@router.get("/{language}/f/{number}/v{edition}", dependencies=[public])
def filed_edition(
    request: Request, language: Lang, session: Database, seen: Seen, number: str, edition: Edition
) -> Response:
    """One edition, which never changes; its standing does."""
    return _filed(
        request, language, _shown(request, session, language, number, edition, seen=seen)
    )


@router.get("/{language}/f/{number}/on/{day}.json", dependencies=[public])
def filed_on_json(request: Request, session: Database, number: str, day: str) -> Response:
    """The record as it was on a day, as JSON."""
    return addresses.filed_on_json(request, session, number, day)


@router.get("/{language}/f/{number}/on", dependencies=[public])
def day_chosen(language: Lang, number: str, day: str = "") -> Response:
    """From the box for a day to the address of the record on that day."""
    slug, chosen = numbers.parse(number).slug, as_of.day_of(day)
    return RedirectResponse(f"/{language}/f/{slug}/on/{chosen}", status_code=303)


@router.get("/{language}/f/{number}/on/{day}", dependencies=[public])
def filed_on(
    request: Request, language: Lang, session: Database, number: str, day: str
) -> Response:
    """The record as it was on a day, and which version its filer says served then."""
    keep(request, session, numbers.parse(number).slug)
    then = as_of.on(session, number, as_of.day_of(day))
    if then.entry is None:
        return render(request, "day.html", language=language, then=then)
    shown = _Shown(then.entry, then.history, filed_view.view(session, then.entry, language))
    return _filed(request, language, shown, then)


@router.get("/{language}/words", dependencies=[public])
def words(request: Request, language: Lang) -> Response:
    """The words that a reader may not know."""
    keep(request)
    return render(request, "words.html", language=language, terms=terms())


@router.get("/{language}/about", dependencies=[public])
def about(request: Request, language: Lang) -> Response:
    """What this is and which rules stand behind it."""
    keep(request)
    return render(
        request, "about.html", language=language, rules=RULES.values(), forces=FORCE_NAMES
    )


@router.get("/{language}/law", dependencies=[public])
def law(request: Request, language: Lang) -> Response:
    """Every article that bears on this platform: where it is served, or why it is outside."""
    keep(request)
    return render(
        request,
        "law.html",
        language=language,
        articles=articles(),
        city_statement=CITY_STATEMENTS[City.SHENZHEN],
    )


@router.get("/{language}/accessibility", dependencies=[public])
def accessibility(request: Request, language: Lang) -> Response:
    """What was done so that everyone can use the site, and what was not."""
    keep(request)
    return render(request, "accessibility.html", language=language, statements=ACCESSIBILITY)


@dataclass(frozen=True, slots=True)
class _Shown:
    """What a filed page shows, told from the record in one language."""

    entry: PublicEntry
    past: History
    filed: filed_view.Filed


def _shown(
    request: Request,
    session: Session,
    language: Language,
    number: str,
    edition: int | None = None,
    *,
    seen: Revision | None,
) -> _Shown:
    """What the page shows; read anew where the record or the day has changed since, and no sooner.

    It is kept by what `page_cache` keeps whole answers by: for who signs in, and for addresses with
    a query of their own, of which no answer is kept.
    """
    told = keep(request, session, numbers.parse(number).slug, seen=seen)

    def made() -> _Shown:
        entry, past = catalogue.told(session, number, edition)
        return _Shown(entry, past, filed_view.view(session, entry, language))

    kept: Memo[_Shown] = request.app.state.shown
    return kept.get((told, edition, language), made)


def _filed(
    request: Request,
    language: Language,
    shown: _Shown,
    then: AsOf | None = None,
    *,
    review: str | None = None,
) -> Response:
    """The page; of a day that is past with what was public and served then."""
    content = shown.entry.content
    return render(
        request,
        "filed.html",
        language=language,
        entry=shown.entry,
        then=then,
        content=content,
        told=told_by(content),
        filed=shown.filed,
        history=shown.past,
        status_names=STATUS_NAMES,
        counted=COUNTED,
        record=recorded.rows(shown.entry, shown.past),
        review=review,
        code=addresses.code(request.app.state.settings, content["slug"]),
    )


@dataclass(frozen=True, slots=True)
class _Asked:
    """A state of the search, as its address gives it.

    Args:
        query: the words.
        chosen: the values that each facet is narrowed to.
        page: from 1.
        inside: whether answers, explanation and findings are searched too.
        unknown: what else the address names.
    """

    query: str
    chosen: Mapping[str, list[str]]
    page: int
    inside: bool
    unknown: Sequence[Reason]

    @classmethod
    def of(cls, request: Request, session: Session, index: SearchIndex) -> "_Asked":
        """What a request asks for, and what of its address no search knows."""
        given = request.query_params

        def knows(facet: str, value: str) -> bool:
            return index.knows(session, facet, value)

        page = given.get("page", "1")
        return cls(
            query=search_words.cut(given.get("q", "")).strip(),
            chosen=search_options.chosen(given.multi_items(), knows),
            page=int(page) if re.fullmatch(PAGE, page) else 1,
            inside=given.get("inside") == "1",
            unknown=search_options.unknown(given.multi_items(), knows, once=TAKEN),
        )

    @property
    def inside_too(self) -> "_Asked":
        """The same, looked for inside."""
        return replace(self, inside=True)

    @property
    def query_string(self) -> str:
        """The state as an address, without its page."""
        inside = {"inside": "1"} if self.inside else {}
        return urlencode({"q": self.query, **inside, **self.chosen}, doseq=True)

    def answered(self, session: Session, index: SearchIndex) -> Page:
        """What is found."""
        filters = facets.filters(self.chosen)
        return catalogue.search(
            session, index, self.query, filters, self.page, size=PAGE_SIZE, inside=self.inside
        )
