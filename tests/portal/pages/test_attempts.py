"""A change that is turned down leaves nothing behind and shows its form again."""

from typing import Any

import pytest
from fastapi import Request
from fastapi.responses import Response
from sqlalchemy.orm import Session

from filing.revision import Moved
from portal.pages.attempts import attempt
from registry.database import Record
from registry.errors import Invalid, RegisterError
from registry.guesses import Guess
from tests.portal.pages.shelf import Shelf

FORM, DONE = Response("the form"), Response("done")


def attempted(session: Session, error: RegisterError | None) -> tuple[Response, Any, bool]:
    """What comes of a change that writes a row and may then be turned down."""
    request = Request({"type": "http", "method": "POST", "path": "/", "headers": [], "state": {}})
    row: Record = Guess(key="attempted", failures=1)

    def change() -> None:
        session.add(row)
        if error:
            raise error

    answer = attempt(
        change, request=request, session=session, again=lambda: FORM, done=DONE, typed={"a": "b"}
    )
    return answer, getattr(request.state, "rejected", None), row in session


@pytest.mark.parametrize(
    ("error", "status"), [(Invalid("不行。", "No."), 422), (Moved("晚了。", "Too late."), 409)]
)
def test_what_is_turned_down_is_rolled_back_and_told(
    shelf: Shelf, error: RegisterError, status: int
) -> None:
    """A form that came too late is a conflict; what was typed stands in it again."""
    with shelf.site.state.factory() as session:
        answer, rejected, kept = attempted(session, error)
    assert answer is FORM
    assert (rejected.status, rejected.error, rejected.typed) == (status, error, {"a": "b"})
    assert not kept


def test_what_is_made_sends_the_browser_on(shelf: Shelf) -> None:
    """Nothing is rolled back, nothing is said to be wrong; the edge of the request commits."""
    with shelf.site.state.factory() as session:
        answer, rejected, kept = attempted(session, None)
        session.rollback()
    assert (answer, rejected, kept) == (DONE, None, True)
