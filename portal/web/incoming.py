"""What a request brings in: every text and every number of it, read before its route sees them.

One check for all routes, called by the gate: the address, the query, a JSON body, a form. The record's own functions know what a name or a column may
be; here stands what no text of any kind may hold, and what no number can be kept as.
"""

import math
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import get_args
from urllib.parse import urlencode

from fastapi import Request
from python_multipart.multipart import parse_options_header
from starlette.datastructures import FormData, UploadFile
from starlette.exceptions import HTTPException

from portal.web.at_hand import SAFE_METHODS
from registry import characters, json_places, json_text
from registry.characters import TextRefused
from registry.errors import Invalid, Reason
from registry.json_places import Place
from registry.language import Text

FORMS = (b"application/x-www-form-urlencoded", b"multipart/form-data")
LARGEST = 2**31 - 1
"""The largest whole number of a column, page or edition in both databases."""
LARGEST_SENT = 2**63 - 1
"""The largest whole number that a document may hold: JSON columns and file sizes."""


class NumberRefused(Invalid):
    """A number is beyond what can be kept: send a smaller one."""


async def form_of(request: Request) -> FormData | None:
    """The form that a changing request brings; None where it brings none."""
    if request.method in SAFE_METHODS or not is_form(request):
        return None
    return await request.form()


async def check(request: Request, form: FormData | None, *, upload: bool) -> None:
    """Read the address, the query, and a JSON body or a form.

    A query that only asks is read without the characters that nobody can see: nothing of it is kept.

    Args:
        request: whose sender has been let in.
        form: what it brings, where that is a form.
        upload: whether the route takes its body in pieces, by itself.

    Raises:
        HTTPException: 404, when the address holds what no record's address can hold.
        TextRefused: when a text holds characters that cannot be seen; lists them.
        NumberRefused: when a number is beyond what can be kept; lists each.
        KeyTwice: when an object of the body holds a key twice; lists each.
    """
    _check_address(request)
    _check_query(request)
    if request.method in SAFE_METHODS:
        return
    if form is not None:
        try:
            check_form(form)
        except TextRefused:
            await form.close()  # nobody will read its files
            raise
    if upload or form is not None:
        return
    try:  # whatever it is called: a route may read as JSON what its sender named otherwise
        body = json_text.parse(await request.body())
    except (ValueError, RecursionError):
        return  # no JSON: whoever reads it says so
    check_document(body)


def is_form(request: Request) -> bool:
    """Whether the body is a form: told by the reader that parses it, so that both mean the same."""
    kind, _ = parse_options_header(request.headers.get("content-type"))
    return kind in FORMS


def check_document(value: object, *, within: str = "") -> None:
    """Raise unless every text and number of a JSON value can be kept.

    Args:
        value: the value.
        within: what it is, put before the path of each item.
    """
    characters.check_all(value, within=within)
    found = (place for place, number in _numbers(value, within) if _unkept(number))
    _refuse([characters.shown(place) for place in islice(found, characters.MOST_REASONS)])


def check_form(form: FormData) -> None:
    """Raise unless every text of a form, its fields' names and its files' names can be kept.

    Raises:
        TextRefused: lists the characters that cannot be seen.
    """
    found: list[Reason] = []
    for name, value in form.multi_items():
        shown = characters.visible(name)
        found += characters.reasons(shown, name, lines=False)
        said = (value.filename or "") if isinstance(value, UploadFile) else value
        found += characters.reasons(shown, said)
    if found:
        raise TextRefused(
            "表单里有看不见或不能使用的字符，没有保存任何内容。请按所列位置删去，再提交。",
            "The form holds characters that cannot be seen or used. Nothing was stored; delete "
            "those that are listed and send it again.",
            reasons=found[: characters.MOST_REASONS],
        )


def json_of(text: str, *, within: str) -> None:
    """Read the JSON of a form's field by the same rules; what is no JSON its reader refuses."""
    try:
        value = json_text.parse(text, within=within)
    except (ValueError, RecursionError):
        return
    check_document(value, within=within)


def _check_address(request: Request) -> None:
    """Raise 404 for an address that no record can have."""
    whole = _whole_numbers(request, "path_params")
    for name, part in request.path_params.items():
        said = str(part)
        if any(characters.unwanted(said, lines=False)) or (name in whole and _beyond(said)):
            raise HTTPException(404)


def _take_out_unseen(request: Request) -> None:
    """Take what cannot be seen out of the values of a query: it is asked with and never kept."""
    given = request.query_params.multi_items()
    plain = [(name, characters.seen(value)) for name, value in given]
    if plain != given:
        request.scope["query_string"] = urlencode(plain).encode()
        for read_before in ("_query_params", "_url"):
            request.__dict__.pop(read_before, None)


def _check_query(request: Request) -> None:
    if request.method in SAFE_METHODS:
        _take_out_unseen(request)
    characters.check_all(
        [[name, value] for name, value in request.query_params.multi_items()], within="query"
    )
    whole = _whole_numbers(request, "query_params")
    _refuse(
        [
            name
            for name, value in request.query_params.multi_items()
            if name in whole and _beyond(value)
        ]
    )


def _whole_numbers(request: Request, kind: str) -> set[str]:
    """The names of the route's parameters of one kind that are declared as whole numbers."""
    dependant = getattr(request.scope.get("route"), "dependant", None)
    return {
        field.alias
        for field in getattr(dependant, kind, ())
        if int in {field.field_info.annotation, *get_args(field.field_info.annotation)}
    }


def _beyond(digits: str) -> bool:
    """Whether a whole number is larger than a column holds; length first, for it may be endless."""
    plain = digits.strip().lstrip("+-").lstrip("0")
    return plain.isdecimal() and (len(plain) > len(str(LARGEST)) or int(plain) > LARGEST)


def _too_large(path: str) -> Reason:
    return Reason(
        characters.visible(path)[: characters.SHOWN_PATH],
        Text("这个数超出了可以保存的范围。", "The number is beyond what can be kept."),
        Text("请填写小一些的数。", "Send a smaller number."),
    )


def beyond(paths: Iterable[str]) -> NumberRefused:
    """What to raise where numbers are beyond what can be kept.

    Args:
        paths: where each stands in the request.
    """
    return NumberRefused(
        "有的数超出范围，请逐项改正。",
        "Numbers are out of range; correct each.",
        reasons=[_too_large(path) for path in paths][: characters.MOST_REASONS],
    )


def _refuse(paths: list[str]) -> None:
    if paths:
        raise beyond(paths)


def _unkept(number: float) -> bool:
    """Whether no column can hold a number; a whole one may be too long to be made a fraction."""
    if isinstance(number, int):
        return abs(number) > LARGEST_SENT
    return not math.isfinite(number)


def _numbers(value: object, within: str) -> Iterator[tuple[Place, float]]:
    for place, each in json_places.walk(value, within):
        if isinstance(each, int | float) and not isinstance(each, bool):
            yield place, each
