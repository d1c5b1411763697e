"""What many answers of the API are made of: two languages, pages of a list, work under way."""

import base64
import binascii
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Annotated, Any, Generic, TypeVar

from fastapi import Depends, Query, Request, Response
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy.orm import Session

from registry import attendance
from registry.errors import Invalid
from registry.language import Text
from registry.worklist import State, Work

Shape = TypeVar("Shape", bound=BaseModel)
Row = TypeVar("Row")


class Answer(BaseModel):
    """What every answer has in common: it can be read from a record."""

    model_config = ConfigDict(from_attributes=True)


class RequestBody(BaseModel):
    """What every body that is sent has in common: a key that the route does not know is refused.

    Were it passed over, the sender would read "done" of a change that was never made.
    """

    model_config = ConfigDict(extra="forbid")


class WordsIn(RequestBody):
    """A text in both languages; English may be left out."""

    zh: str = Field(max_length=4000)
    en: str = Field("", max_length=8000)


class Bilingual(Answer):
    """One statement in both languages."""

    zh: str
    en: str

    @classmethod
    def of(cls, text: Text) -> "Bilingual":
        """The JSON form of a text."""
        return cls(zh=text.zh, en=text.en)


class Progress(Answer):
    """How far a piece of work is."""

    id: str
    kind: str
    subject_id: str = Field(description="the evaluation or explanation it is about")
    state: State
    done: int
    total: int
    said: Bilingual = Field(description="what it is doing, in words")
    waits: Bilingual | None = Field(
        description="why nobody takes it up: no worker is there, or what all of them wait for"
    )
    attempts: int = Field(description="how often a process went away with it")
    returned: int = Field(description="how often another's trouble put it off")
    cancel_requested: bool
    error: dict[str, Any] | None = Field(
        description="why it failed or is parked, with every reason"
    )
    finished: datetime | None

    @classmethod
    def of(cls, session: Session, work: Work) -> "Progress":
        """The JSON form of a row of work."""
        waits = attendance.why_queued(session, work)
        return cls(
            id=work.id,
            kind=work.kind,
            subject_id=work.subject_id,
            state=work.state,
            done=work.done,
            total=work.total,
            said=Bilingual(zh=work.said_zh, en=work.said_en),
            waits=None if waits is None else Bilingual(zh=waits.zh, en=waits.en),
            attempts=work.attempts,
            returned=work.returned,
            cancel_requested=work.cancel,
            error=work.error,
            finished=work.finished,
        )


class Page(BaseModel, Generic[Shape]):
    """One page of a list; `next` is the address of the one after it."""

    items: list[Shape]
    next: str | None = Field(description="address of the next page; null on the last one")


class BadCursor(Invalid):
    """The cursor is not one that a page gave out: begin again without it."""


class Paging:
    """Which page of a list is asked for.

    Args:
        request: for the address of the next page.
        response: which gets a `Link` header.
        limit: how many items.
        cursor: from the `next` of the page before.
    """

    def __init__(
        self, request: Request, response: Response, limit: int, cursor: str | None
    ) -> None:
        self.request = request
        self.response = response
        self.limit = limit
        self.after = None if cursor is None else _decoded(cursor)

    def page(
        self, rows: Sequence[Row], shape: Callable[[Row], Shape], *, key: Callable[[Row], str]
    ) -> Page[Shape]:
        """One page of rows that were fetched with `limit + 1`, beginning after the cursor.

        Args:
            rows: at most one more than the limit.
            shape: makes the JSON form of a row.
            key: what the next page begins after.
        """
        shown = rows[: self.limit]
        following = None
        if len(rows) > self.limit:
            cursor = base64.urlsafe_b64encode(key(shown[-1]).encode()).decode().rstrip("=")
            url = self.request.url.include_query_params(limit=self.limit, cursor=cursor)
            following = f"{url.path}?{url.query}"
            self.response.headers["Link"] = f'<{following}>; rel="next"'
        return Page(items=[shape(row) for row in shown], next=following)

    def whole(
        self, rows: Sequence[Row], shape: Callable[[Row], Shape], *, key: Callable[[Row], str]
    ) -> Page[Shape]:
        """One page of a list that is at hand as a whole; `key` must be unique."""
        rest = list(rows)
        if self.after is not None:
            keys = [key(row) for row in rest]
            if self.after not in keys:
                raise _bad_cursor()
            rest = rest[keys.index(self.after) + 1 :]
        return self.page(rest[: self.limit + 1], shape, key=key)


async def _paging(
    request: Request,
    response: Response,
    limit: Annotated[int, Query(ge=1, le=100, description="how many items")] = 20,
    cursor: Annotated[
        str | None, Query(max_length=400, description="from `next` of the page before")
    ] = None,
) -> Paging:
    return Paging(request, response, limit, cursor)


Paged = Annotated[Paging, Depends(_paging)]


def _decoded(cursor: str) -> str:
    try:
        return base64.b64decode(cursor + "=" * (-len(cursor) % 4), "-_", validate=True).decode()
    except (binascii.Error, UnicodeDecodeError, ValueError) as error:
        raise _bad_cursor() from error


def _bad_cursor() -> BadCursor:
    return BadCursor(
        "翻页标记无效，请从第一页重新开始。", "The cursor is not valid; begin with the first page."
    )
