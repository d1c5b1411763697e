"""What stood in a form that was refused before its page took it: shown again on the page of the problem.

A form whose page takes it is shown again with every word. What refuses it earlier (a role that was
taken away, a mark of another sign-in, a text nobody can see, a database that is away) knows no page,
so the words are handed back beside the reason. Nothing of them is stored; passwords, codes and files
are never shown, and neither is what another site made a browser send.
"""

from collections.abc import Sequence
from contextlib import suppress

from fastapi import Request
from starlette.datastructures import FormData
from starlette.exceptions import HTTPException

from portal.web import identity, incoming, lapsed, problems
from registry import characters

MOST_CHARACTERS = 400_000
"""Of what a page hands back; a form that holds more is refused by its size alone."""
UNTYPED = frozenset({
    *lapsed.SECRET, "once", "revision", "token", "next", "action", "group", "dataset", "dataset_id", "engagement",
    "version", "version_id", "report_id", "explanation_id", "organisation_id", "tester_id", "watch_id",
})  # fmt: skip
"""Fields into which nobody types: marks, and which record the form is about."""
MARKS = ("was/", "present/")


def remember(request: Request, form: FormData) -> None:
    """Keep a form at hand until its request is answered.

    Args:
        request: whose form it is.
        form: as it was read.
    """
    request.state.sent = form


async def keep(request: Request) -> None:
    """Read the form of a request that was refused before anybody read it."""
    if getattr(request.state, "sent", None) is not None or not problems.prefers_html(request):
        return
    with suppress(HTTPException):  # too large
        form = await incoming.form_of(request)
        if form is not None:
            remember(request, form)
            await form.close()  # nobody will read its files


def texts(request: Request) -> Sequence[tuple[str, str]]:
    """The names and texts of the boxes that were filled in, with what nobody can see written out.

    Args:
        request: which was refused.
    """
    form: FormData | None = getattr(request.state, "sent", None)
    if form is None or identity.from_elsewhere(request):
        return ()
    found = [
        (characters.visible(name), characters.visible(value))
        for name, value in form.multi_items()
        if isinstance(value, str) and value.strip() and typed(name)
    ]
    return found if sum(len(value) for _, value in found) <= MOST_CHARACTERS else ()


def typed(name: str) -> bool:
    """Whether somebody types into a box.

    Args:
        name: of the box.
    """
    return name not in UNTYPED and not name.startswith(MARKS)


def cleaned(request: Request) -> Sequence[tuple[str, str]]:
    """The whole form without what nobody can see, for its sender to send again; empty where it may not be.

    Pasted words bring characters along that their sender can neither see nor find. A form with a
    password or a code is not carried, nor is what would be refused again.

    Args:
        request: which was refused for such characters.
    """
    form: FormData | None = getattr(request.state, "sent", None)
    if form is None or identity.from_elsewhere(request):
        return ()
    fields = [(name, value) for name, value in form.multi_items() if isinstance(value, str)]
    if any(value and name in lapsed.SECRET - {identity.CSRF_FIELD} for name, value in fields):
        return ()
    clean = [
        (characters.seen(name), characters.seen(value))
        for name, value in fields
        if name != identity.CSRF_FIELD
    ]
    left = any(next(characters.unwanted(part), None) for each in clean for part in each)
    return () if left or sum(len(value) for _, value in clean) > MOST_CHARACTERS else clean
