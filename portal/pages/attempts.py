"""A change that a form asks for: made, or turned down with nothing of it kept and the form shown again."""

from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import Any

from fastapi import Request
from fastapi.responses import Response
from sqlalchemy.orm import Session

from filing.revision import Moved
from portal.pages.overlap import Contested
from portal.pages.rendering import reject
from registry.errors import RegisterError


def attempt(
    change: Callable[[], object],
    *,
    request: Request,
    session: Session,
    again: Callable[[], Response],
    done: Response,
    typed: Mapping[str, Any] | None = None,
) -> Response:
    """Make a change, and answer for it.

    Args:
        change: what the form asks for; it reads the revision that the form carries, too.
        request: for the page that says why nothing changed.
        session: rolled back where the change is turned down.
        again: the page with the form, which shows why and what was typed.
        done: where the browser goes when the change is made.
        typed: what was typed, by the names under which the form shows it again.
    """
    try:
        change()
    except RegisterError as error:
        session.rollback()
        _turn_down(request, error, typed)
        return again()
    return done


def _turn_down(
    request: Request, error: RegisterError, typed: Mapping[str, Any] | None = None
) -> None:
    """Let the page that is rendered next say why nothing changed: a conflict where others were first."""
    conflict = isinstance(error, Moved | Contested)
    reject(request, error, typed, status=HTTPStatus.CONFLICT if conflict else 422)
