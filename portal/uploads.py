"""Bodies that arrive in pieces: written to disk as they come, read by plain functions."""

import tempfile
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Annotated

from fastapi import Depends, Request
from starlette.datastructures import FormData

from portal.problems import EmptyBody


async def body(request: Request) -> AsyncIterator[Path]:
    """The request's raw body in a file of its own, removed after the answer.

    The route's `allow(..., upload=True)` must stand before it: it proves the sender and raises
    the limit.

    Raises:
        EmptyBody: nothing was sent.
    """
    spool = request.app.state.settings.data / "spool"
    spool.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(dir=spool, prefix="upload-") as arriving:
        size = 0
        async for chunk in request.stream():
            size += arriving.write(chunk)
        arriving.flush()
        if size == 0:
            raise EmptyBody("请求里没有文件。", "The request carries no file.")
        yield Path(arriving.name)


async def form(request: Request) -> FormData:
    """The request's form, with files, read after the gate has let the sender in."""
    return await request.form()


Body = Annotated[Path, Depends(body)]
Form = Annotated[FormData, Depends(form)]
