"""A change that a form asks for: made, or turned down with nothing of it kept and the form shown again."""

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from fastapi import Request
from fastapi.responses import Response
from sqlalchemy.orm import Session

from portal.pages.boxes import Names, same
from portal.pages.rendering import reject
from registry.errors import RegisterError

Made = TypeVar("Made")


def attempt(
    change: Callable[[], Made],
    *,
    request: Request,
    session: Session,
    again: Callable[[], Response],
    done: Response | Callable[[Made], Response],
    typed: Mapping[str, Any] | None = None,
    names: Names = same,
) -> Response:
    """Make a change, and answer for it.

    Args:
        change: what the form asks for; it reads the revision that the form carries, too.
        request: for the page that says why nothing changed.
        session: rolled back where the change is turned down.
        again: the page with the form, which shows why and what was typed.
        done: where the browser goes when the change is made, or the page that shows what came of it.
        typed: what was typed, by the names under which the form shows it again.
        names: from the item of a reason to the name of its box, where they are not the same.
    """
    try:
        made = change()
    except RegisterError as error:
        session.rollback()
        reject(request, error, typed, names=names)
        return again()
    return done if isinstance(done, Response) else done(made)
