"""Bodies that arrive in pieces: written to disk as they come, read by plain functions."""

import tempfile
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Annotated, BinaryIO, TypeVar

from fastapi import Depends, Request
from pydantic import BaseModel, ValidationError
from starlette.datastructures import FormData, UploadFile

from portal.web import incoming, once
from portal.web.problems import reason_of
from registry import modes
from registry.attachments import Sent
from registry.errors import Invalid, Reason
from registry.language import Text

Shape = TypeVar("Shape", bound=BaseModel)


class EmptyBody(Invalid):
    """The request carries no file: send one."""


class FormInstead(Invalid):
    """A form came where the file itself is the body: send the file, without a form around it."""


class FieldsInvalid(Invalid):
    """Fields of the form break a rule: correct every one that is listed."""


async def body(request: Request) -> AsyncIterator[Path]:
    """The request's raw body in a file of its own, removed after the answer.

    The route's `allow(..., upload=True)` must stand before it: it proves the sender and raises
    the limit.

    Raises:
        EmptyBody: nothing was sent.
        FormInstead: a form was sent.
    """
    if incoming.is_form(request):
        await request.close()  # nobody will read its files
        raise FormInstead(
            "这里要直接发送文件本身，不要放在表单里：用 curl --data-binary @文件，Content-Type 写文件的类型。",
            "The file itself is the body here, without a form around it: use "
            "`curl --data-binary @FILE`, with the file's own Content-Type.",
        )
    spool = modes.folder(request.app.state.settings.data / "spool" / "incoming")
    with tempfile.NamedTemporaryFile(dir=spool, prefix="upload-") as arriving:
        size = 0
        async for chunk in request.stream():
            size += arriving.write(chunk)
        arriving.flush()
        if size == 0:
            raise _empty()
        yield Path(arriving.name)


async def form(request: Request) -> AsyncIterator[FormData]:
    """The request's form, with files, read after the gate has let the sender in.

    Raises:
        Repeated, SentBefore, KeyOfAnother, BadKey: it counts once and was sent before, or not so.
    """
    read = await request.form()
    try:
        await once.claim(request, read)
        await once.claim_call(request, read)
        yield read
    finally:
        await read.close()


Body = Annotated[Path, Depends(body)]
Form = Annotated[FormData, Depends(form)]


def file_of(sent: FormData, name: str) -> BinaryIO:
    """The file that a form carries under `name`, at its beginning.

    Raises:
        EmptyBody: there is none, or it is empty.
    """
    part = sent.get(name)
    if not isinstance(part, UploadFile) or not part.size:
        raise _empty()
    part.file.seek(0)
    return part.file


def attached(sent: FormData, name: str, *, most: int) -> list[Sent]:
    """The files that a form carries under `name`, each read to one byte beyond the limit and no further.

    Args:
        sent: the form.
        name: of the field.
        most: bytes of the largest file that is taken.

    Raises:
        FieldsInvalid: a file stands under another name, or without a name of its own: neither is
            dropped in silence.
    """
    strays = [
        (key, NOT_HERE if key != name else NO_FILE_NAME)
        for key, part in sent.multi_items()
        if _is_stray(part, within=key == name)
    ]
    if strays:
        raise FieldsInvalid(
            "附件没有收，什么也没有记录。",
            "The attachments were not taken, and nothing was recorded.",
            reasons=[Reason(key[:40], said, ATTACH_AS.format(name=name)) for key, said in strays],
        )
    found = []
    for part in sent.getlist(name):
        if isinstance(part, UploadFile) and (part.filename or part.size):
            part.file.seek(0)
            found.append(Sent(part.filename or "", part.file.read(most + 1)))
    return found


NOT_HERE = Text("文件不能放在这一栏里。", "No file belongs in this field.")
NO_FILE_NAME = Text("这个附件没有文件名。", "This attachment has no file name.")
ATTACH_AS = Text(
    "请把文件放在“{name}”一栏里，并写上文件名。", "Send files in “{name}”, each with a file name."
)


def _is_stray(part: UploadFile | str, *, within: bool) -> bool:
    """Whether a part of a form is a file where none is read, or text where files are."""
    if isinstance(part, UploadFile):
        return not within and bool(part.filename or part.size)
    return within and bool(part)


def json_of(sent: FormData, name: str, shape: type[Shape]) -> Shape:
    """The JSON that a form carries under `name`, checked.

    Raises:
        FieldsInvalid: it is missing or breaks a rule; lists every fault.
    """
    part = sent.get(name)
    if isinstance(part, str):
        incoming.json_of(part, within=name)
    try:
        return shape.model_validate_json(part if isinstance(part, str) else "{}")
    except ValidationError as error:
        raise FieldsInvalid(
            "说明信息有误，请逐项改正。",
            "Correct what is said about the file.",
            reasons=[reason_of(dict(item), within=name) for item in error.errors()],
        ) from error


def _empty() -> EmptyBody:
    return EmptyBody(
        "请求里没有文件，或文件是空的。", "The request carries no file, or an empty one."
    )
