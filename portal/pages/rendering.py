"""How a page is made: one Jinja environment, one language per page, both in the source."""

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache, partial
from pathlib import Path
from typing import Annotated, Any

from fastapi import Depends, Request
from fastapi.responses import HTMLResponse, RedirectResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from evaluators.running import questions
from filing import sources, withholding, wording
from filing.fields import Schema
from filing.law import (
    FILING_STATEMENT,
    GRADE_STATEMENT,
    GRADING_STATEMENT,
    METHOD_STATEMENT,
)
from portal.pages import boxes, folding, form_style, item_words, one_language
from portal.pages.boxes import Names, Shown, same
from portal.pages.done import DONE
from portal.web import once
from portal.web.identity import Identity
from portal.web.problems import of_error
from registry import legal_day, untranslated, worklist
from registry.environment import unavailable
from registry.errors import NotFound, Reason, RegisterError
from registry.language import LANGUAGES, Language, Text, followed
from registry.outcomes import OUTCOME_NAMES
from registry.settings import Settings

HERE = Path(__file__).parent
STATIC = HERE / "static"


class NoSuchPage(NotFound):
    """No page at this address: check it, or start from the start page."""


async def language_in_address(language: str) -> Language:  # on the loop: a thread costs more
    """The language that the address begins with.

    Raises:
        NoSuchPage: it begins with something else.
    """
    if language not in LANGUAGES:
        raise NoSuchPage("这个地址没有内容，请检查网址。", "Nothing is at this address; check it.")
    return "zh" if language == "zh" else "en"


Lang = Annotated[Language, Depends(language_in_address)]

DONE_COOKIE = "mingsuan-done"
DONE_SECONDS = 60


def render(
    request: Request,
    template: str,
    *,
    language: Language,
    status: int = 200,
    asking: Identity | None = None,
    **context: Any,
) -> HTMLResponse:
    """One page in one language.

    Args:
        request: for its address and its state.
        template: the file under `templates/`.
        language: of the page.
        status: the HTTP status.
        asking: who is signed in, for the header and the forms; None takes whoever the request's
            gate knew.
        context: what the template shows.
    """
    page = environment(language).get_template(template)
    rejected: Rejected | None = getattr(request.state, "rejected", None)
    asking = asking or getattr(request.state, "identity", None)
    context["typed"] = Typed(context.get("typed") or typed_before(request))
    done = request.cookies.get(DONE_COOKIE, "")
    body = page.render(
        actor=asking.actor if asking else None,
        person=asking.person if asking else None,
        csrf=asking.sign_in.csrf if asking and asking.sign_in else "",
        done=DONE.get(done),
        wrong=rejected.error if rejected else None,
        with_boxes=partial(rejected.shown, request.url.path) if rejected else None,
        other_url=other_language(request, language),
        canonical=canonical(request),
        filing_statement=FILING_STATEMENT,
        grade_statement=GRADE_STATEMENT,
        grading_statement=GRADING_STATEMENT,
        method_statement=METHOD_STATEMENT,
        **context,
    )
    answer = HTMLResponse(body, status_code=rejected.status if rejected else status)
    if rejected:
        answer.headers.update(of_error(rejected.error).headers)
    if done:
        answer.delete_cookie(DONE_COOKIE)
    return answer


class Typed(dict[str, Any]):
    """The fields of a form as they were typed; whatever was not typed is empty."""

    def __missing__(self, name: str) -> str:
        return ""


@dataclass(frozen=True, slots=True)
class Rejected:
    """A form that was turned down: why, and what was typed, to be shown again.

    Args:
        error: every reason.
        typed: the fields as they were sent; never a password.
        status: the HTTP status of the page that shows the form again.
        names: from the item of a reason to the name of its box.
    """

    error: RegisterError
    typed: Mapping[str, Any]
    status: int
    names: Names

    def shown(self, address: str, page: str) -> Shown:
        """The reasons with the boxes of the form that was sent to `address`, and the marked page."""
        return boxes.shown(page, self.error, address=address, typed=self.typed, names=self.names)


def reject(
    request: Request,
    error: RegisterError,
    typed: Mapping[str, Any] | None = None,
    *,
    names: Names = same,
) -> None:
    """Let the page that is rendered next show `error` and fill its form in again.

    The page answers with the status that the API gives the same error.

    Args:
        request: for the page that says why nothing changed.
        error: what went wrong.
        typed: the fields as they were sent; never a password.
        names: from the item of a reason to the name of its box, where they are not the same.
    """
    error = unavailable(error) or error
    request.state.rejected = Rejected(error, typed or {}, of_error(error).status, names)


def typed_before(request: Request) -> Mapping[str, Any]:
    """What was typed in the form that was turned down; empty where none was."""
    rejected: Rejected | None = getattr(request.state, "rejected", None)
    return rejected.typed if rejected else {}


def go(address: str, done: str = "") -> RedirectResponse:
    """Send the browser to `address` after a change, with a word about what was done.

    The word goes with the browser that made the change, for the one page that follows, and never
    with the address: a link that somebody spreads cannot make the register say that anything
    happened.
    """
    answer = RedirectResponse(address, status_code=303)
    if done:
        answer.set_cookie(
            DONE_COOKIE, done, max_age=DONE_SECONDS, httponly=True, samesite="strict"
        )
    return answer


def inside(wanted: str, otherwise: str) -> str:
    """`wanted` when it is a path of this site, so that nobody is sent elsewhere."""
    own = wanted.startswith("/") and not wanted.startswith(("//", "/\\"))
    return wanted if own else otherwise


def other_language(request: Request, language: Language) -> str | None:
    """The same page in the other language; None where the address has no language."""
    first, _, rest = request.url.path.lstrip("/").partition("/")
    if first not in LANGUAGES or request.method != "GET":
        return None
    other = "en" if language == "zh" else "zh"
    query = f"?{request.url.query}" if request.url.query else ""
    return f"/{other}/{rest}{query}"


def canonical(request: Request) -> str | None:
    """The one address of this page for search engines: no query but the catalogue's, no signed-in state.

    None where nobody has said under which address the public reaches this register.
    """
    settings: Settings = request.app.state.settings
    if not settings.printed_url or request.method != "GET":
        return None
    query = (
        f"?{request.url.query}"
        if request.url.query and request.url.path.endswith("catalogue")
        else ""
    )
    return f"{settings.printed_url}{request.url.path}{query}"


def language_of(request: Request) -> Language:
    """The language that a request without one in its address should be answered in."""
    first = request.url.path.lstrip("/").partition("/")[0]
    if first in LANGUAGES:
        return "zh" if first == "zh" else "en"
    wanted = request.headers.get("accept-language", "").lower()
    return "en" if wanted.startswith("en") else "zh"


@lru_cache
def environment(language: Language) -> Environment:
    """The templates, with what every one of them may use.

    Args:
        language: that they are compiled for; every page in it is made from these.
    """
    made = Environment(
        loader=FileSystemLoader(HERE / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,  # a server's files change when it is started anew
    )
    one_language.compiled_for(made, language)
    made.globals.update(
        asset=asset,
        form_key=once.key,
        work_states=worklist.STATE_NAMES,
        probe_caption=questions.caption,
        item_of=item_words.of,
        box_of=item_words.of_box,
        verdict_names=OUTCOME_NAMES,
    )
    made.filters.update(FILTERS)
    return made


@lru_cache
def asset(name: str) -> str:
    """The address of a static file, with its digest, so that it may be cached for ever."""
    return f"/static/{name}?{hashlib.sha256(static(name)).hexdigest()[:12]}"


def static(name: str) -> bytes:
    """A static file: one that lies in the folder, or the style sheet that is made from the schema."""
    return form_style.sheet() if name == form_style.NAME else (STATIC / name).read_bytes()


def in_language(value: Text | Mapping[str, Any] | str | None, language: Language) -> str:
    """A text, a {zh, en} mapping or a plain string in `language`; Chinese in place of English is marked."""
    if isinstance(value, Mapping) and value.get("zh"):
        return wording.own_words(value).in_(language)
    return named(value, language)


def once_told(value: Text | Mapping[str, str] | str | None, language: Language) -> str:
    """Somebody's words in `language`, marked where there is one text for both and it is in the other."""
    if value is None:
        return ""
    pair = value.as_json() if isinstance(value, Text) else value
    if isinstance(pair, Mapping):
        if pair.get("zh") != pair.get("en"):
            return in_language(pair, language)
        pair = str(pair.get("zh") or "")
    return untranslated.once(pair).in_(language)


def told(reason: Reason | Mapping[str, Any], language: Language) -> str:
    """A reason, fresh or as it is kept on record: what is wrong, and what to do."""
    if isinstance(reason, Mapping):
        said, remedy = reason["said"], reason["remedy"]
    else:
        said, remedy = reason.said, reason.remedy
    return followed(in_language(said, language), in_language(remedy, language), language)


def named(value: Text | Mapping[str, Any] | str | None, language: Language) -> str:
    """A name or title in `language`, unmarked: one in Chinese alone is called the same in English."""
    if value is None:
        return ""
    if isinstance(value, Text):
        return value.in_(language)
    if isinstance(value, Mapping):
        return str(value.get(language) or value.get("zh") or "")
    return str(value)


def moment(value: datetime | str | None) -> str:
    """A moment in Chinese local time, to the minute."""
    if not value:
        return "—"
    when = datetime.fromisoformat(value) if isinstance(value, str) else value
    return legal_day.in_china(when).strftime("%Y-%m-%d %H:%M")


def day(value: date | datetime | str | None) -> str:
    """A day in Chinese local time."""
    if not value:
        return "—"
    if isinstance(value, str):
        return value[:10] if len(value) == 10 else moment(value)[:10]
    return moment(value)[:10] if isinstance(value, datetime) else value.isoformat()


def number(value: float | None, digits: int = 3) -> str:
    """A number for people: grouped thousands, or so many significant digits."""
    if value is None:
        return "—"
    if isinstance(value, int) or (float(value).is_integer() and abs(value) >= 1):
        return f"{int(value):,}"
    return f"{value:,.{digits}g}" if abs(value) < 1000 else f"{value:,.0f}"


def percent(value: float | None, digits: int = 1) -> str:
    """A share as a percentage."""
    return "—" if value is None else f"{100 * value:.{digits}f}%"


def size(value: int) -> str:
    """A number of bytes for people."""
    amount = float(value)
    for unit in ("B", "KiB", "MiB"):
        if amount < 1024:
            return f"{amount:.0f} {unit}" if unit == "B" else f"{amount:.1f} {unit}"
        amount /= 1024
    return f"{amount:.1f} GiB"


def answered(row: Mapping[str, Any], form: Schema, language: Language) -> str:
    """An edition's answer in `language`; Chinese in place of English is marked."""
    return wording.answered(row, form).in_(language)


def repeated(said: Text, language: Language) -> str:
    """A published text in `language`, marked where its English is the Chinese over again."""
    return wording.repeated(said).in_(language)


FILTERS: dict[str, Callable[..., Any]] = {
    "answered": answered,
    "begun": folding.begun,
    "parts": wording.parts,
    "table": wording.table,
    "follow": wording.follow,
    "taken": sources.said,
    "until_when": withholding.until,
    "in": in_language,
    "repeated": repeated,
    "once": once_told,
    "told": told,
    "named": named,
    "moment": moment,
    "day": day,
    "number": number,
    "percent": percent,
    "size": size,
    "short": lambda digest: f"{digest[:12]}…" if digest else "—",
}
