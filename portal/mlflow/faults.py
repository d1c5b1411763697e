"""What goes wrong in MLflow's handlers, told by who is at fault: the request, a race, or the server.

MLflow reads a request in many places, and where one is wrong in form it often fails in Python's or a
driver's words, as a fault of the server; its clients then ask again for minutes. No such word leaves
the door. Loads MLflow's server.
"""

import base64
import json
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import wraps
from typing import Any

import structlog
from flask import request
from google.protobuf.descriptor import FieldDescriptor  # type: ignore[import-untyped]
from google.protobuf.json_format import ParseDict, ParseError  # type: ignore[import-untyped]
from mlflow.exceptions import MlflowException
from mlflow.server import handlers
from sqlalchemy.exc import DataError, IntegrityError, SQLAlchemyError
from werkzeug.exceptions import HTTPException

from portal.mlflow.door import API
from portal.mlflow.words import refusal
from portal.web import incoming
from portal.web.at_hand import SAFE_METHODS
from registry import characters, environment, races
from registry.errors import RegisterError

MANY_DIGITS = re.compile("[0-9]{10}")
WHOLE = re.compile("-?[0-9]+")
WHOLE_NUMBERS = frozenset(
    {
        FieldDescriptor.CPPTYPE_INT32,
        FieldDescriptor.CPPTYPE_INT64,
        FieldDescriptor.CPPTYPE_UINT32,
        FieldDescriptor.CPPTYPE_UINT64,
    }
)
SEARCHED = ("filter", "filter_string", "order_by")
"""The fields that MLflow turns into a statement of the database."""
JSON_TEXTS = ("model_json",)
"""The fields whose text is JSON again."""
OF_OURS = frozenset({"num_parts"})
"""The fields for which the door has a rule of its own, whatever is sent in them."""
UNREADABLE = (AttributeError, LookupError, TypeError, ValueError, AssertionError, RecursionError)
"""What Python raises where MLflow takes for granted how a request is made."""
TAKEN: Mapping[str, tuple[str, str]] = {
    f"{API}/experiments/create": ("experiment-taken", "name"),
    f"{API}/experiments/update": ("experiment-taken", "new_name"),
    f"{API}/registered-models/create": ("model-taken", "name"),
}
"""Route → the rule by which a name that is taken is refused, and the field that holds it."""

log = structlog.get_logger(__name__)


def read_with_names() -> None:
    """Put ours around the one function by which MLflow's handlers read a request."""
    plain: Any = handlers._get_request_message  # noqa: SLF001

    @wraps(plain)
    def read(message: Any, *given: Any, **named: Any) -> Any:
        fields = _no_whole_numbers(message)
        if request.method not in SAFE_METHODS:
            fields |= _misshapen(message)
        if fields:
            raise refusal("wrong-shape", fields=_shown(sorted(fields)))
        found = plain(message, *given, **named)
        _require_page_size(found)
        if "page_token" in message.DESCRIPTOR.fields_by_name and found.page_token:
            _require_page_token(found.page_token)
        return found

    vars(handlers)["_get_request_message"] = read


@contextmanager
def told() -> Iterator[None]:
    """Let what goes wrong leave in words of the door.

    Raises:
        MlflowException: by the rules of the door; MLflow's own where it speaks of the request.
        NumberRefused: names the fields that hold a number too large for a column.
        Unavailable: where the database or the disk is away.
    """
    try:
        yield
    except (RegisterError, HTTPException):
        raise
    except Exception as failed:
        cause = races.cause(failed)
        of_mlflow = isinstance(failed, MlflowException)
        if isinstance(cause, OverflowError | DataError):
            raise incoming.beyond(_large_fields()) from failed
        exists = getattr(failed, "error_code", "") == "RESOURCE_ALREADY_EXISTS"
        if exists and (taken := _taken()):
            raise taken from failed
        if (
            isinstance(failed, MlflowException)
            and failed.error_code != "INTERNAL_ERROR"
            and not isinstance(cause, SQLAlchemyError)
        ):
            raise
        if (away := environment.unavailable(failed)) is not None:
            raise away if of_mlflow else failed from failed
        searched = [name for name in SEARCHED if _sent().get(name)]
        if searched and isinstance(cause, (*UNREADABLE, SQLAlchemyError)):
            raise refusal("not-searched", fields=_shown(searched)) from failed
        if isinstance(cause, races.RACES):
            raise _of_a_race(cause) from failed
        texts = [name for name in JSON_TEXTS if name in _sent()]
        if texts and isinstance(cause, UNREADABLE):
            raise refusal("wrong-shape", fields=_shown(texts)) from failed
        log.exception("mlflow_handler_failed", path=request.path)
        raise refusal("server-fault") from failed


def _of_a_race(cause: BaseException) -> MlflowException:
    """What is told where a row was there, or was not, against what MLflow saw."""
    taken = _taken() if isinstance(cause, IntegrityError) else None
    return taken or refusal("written-meanwhile")


def _taken() -> MlflowException | None:
    """What is told where a name is taken; None where the route gives none."""
    path = request.url_rule.rule if request.url_rule else ""
    if path not in TAKEN:
        return None
    rule, field = TAKEN[path]
    return refusal(rule, name=characters.visible(str(_sent().get(field, ""))))


def _require_page_token(token: str) -> None:
    """See that a token names a place in a list, as MLflow writes it."""
    try:
        found = json.loads(base64.b64decode(token))
    except (ValueError, RecursionError):
        found = None
    place = found.get("offset") if isinstance(found, dict) else None
    if not isinstance(place, int) or isinstance(place, bool) or not 0 <= place < 2**31:
        raise refusal("page-token")


def _require_page_size(found: Any) -> None:
    """See that a page of a list is to hold something, where a request says how much.

    MLflow gives an empty page for 0, with the same place again as the next, and counts back from -1.
    """
    paged = "max_results" in found.DESCRIPTOR.fields_by_name and found.HasField("max_results")
    if paged and found.max_results < 1:
        raise refusal("page-size", given=found.max_results)


def _no_whole_numbers(message: Any) -> set[str]:
    """The fields of whole numbers that are sent as text which Python does not read as one.

    The reader of messages takes `1e3` and `1.0`, and MLflow's checks behind it then fail.
    """
    sent = _sent() | dict(request.args.lists())
    wrong = set()
    for field in message.DESCRIPTOR.fields:
        for name in {field.name, field.camelcase_name} & sent.keys():
            values = sent[name] if isinstance(sent[name], list) else [sent[name]]
            texts = [each for each in values if isinstance(each, str)]
            if field.cpp_type in WHOLE_NUMBERS and not all(map(WHOLE.fullmatch, texts)):
                wrong.add(name)
    return wrong - OF_OURS


def _misshapen(message: Any) -> set[str]:
    """The fields of a body that a message of MLflow's cannot take, each by itself.

    MLflow's own reading drops every field after the first of these, or fails.
    """
    found = set()
    for name, value in _sent().items():
        if name in OF_OURS:
            continue
        try:
            ParseDict({name: value}, type(message)(), ignore_unknown_fields=True)
        except (ParseError, *UNREADABLE):
            found.add(name)
    return found


def _sent() -> dict[str, Any]:
    """What a request holds, by field: of its address and of its body."""
    body = request.get_json(force=True, silent=True)
    return dict(request.args.items(multi=True)) | (body if isinstance(body, dict) else {})


def _large_fields() -> list[str]:
    """The names under which a request sends more digits than a column of MLflow's takes."""
    sent = _sent() | (request.view_args or {})
    return [name for name, value in sent.items() if MANY_DIGITS.search(str(value))]


def _shown(fields: list[str]) -> str:
    return ", ".join(characters.visible(name) for name in fields)
