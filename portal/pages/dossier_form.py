"""The dossier as a form: field names that carry their place, read back into answers.

A name is a path: `a/B7/purpose/zh` is the Chinese wording of one part, `a/D5/2/factor/zh` that of
the second row, `na/B9/zh` the reason why a field does not apply, `seal/D7/…` why one is withheld, and
`seal/E2.structure/…` why one part of one is.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from starlette.datastructures import FormData, UploadFile

from filing.fields import Field, Kind, Part, Schema

MOST_ROWS = 50
"""Where the schema says no number."""
SEAL_PARTS = ("reason", "ground", "review")


def answers(
    schema: Schema, form: FormData, keep: Callable[[UploadFile], dict[str, Any] | None]
) -> dict[str, Any]:
    """What was typed, in the shape that the dossier takes; blank answers are None.

    Args:
        schema: that the filing is kept under.
        form: the form of one group, as the browser sent it.
        keep: keeps an uploaded file and returns how an answer names it; None where it is refused.
    """
    sent = {
        name: kept
        for name, value in form.multi_items()
        if isinstance(value, UploadFile) and value.filename and (kept := keep(value)) is not None
    }
    keys = dict.fromkeys(
        name.split("/")[1] for name in form if name.startswith(("a/", "na/", "present/"))
    )
    return {key: _answer(_Typed(form, sent), key, schema.field(key)) for key in keys}


def names(item: str) -> Iterable[str]:
    """From the item of a reason, such as `B7.purpose.zh`, to its box, or else to its field's group."""
    key, *path = item.split(".")
    return "/".join(["a", key, *path]), key


def rows_of(part: Part, value: Any, more: bool) -> list[Mapping[str, Any]]:
    """The rows to show: those that are there and, where asked for, a blank one; else one for each of a list.

    Args:
        part: the rows.
        value: as they are typed; None for none.
        more: whether one more is to be typed.
    """
    there = value if isinstance(value, list) else []
    if part.each:
        said = {row.get(part.each): row for row in there}
        return [{part.each: each.id, **said.get(each.id, {})} for each in part.listed]
    return [*there, {}] if more and len(there) < (part.most or MOST_ROWS) else there


@dataclass(frozen=True, slots=True)
class _Typed:
    """The form, with the files that came in it already stored."""

    form: FormData
    files: Mapping[str, dict[str, Any]]

    def __iter__(self) -> Iterator[str]:
        return iter(self.form)

    def all(self, place: str) -> list[str]:
        return [value for value in self.form.getlist(place) if isinstance(value, str) and value]


def _answer(form: _Typed, key: str, field: Field) -> Any:
    reason = _pair(form, f"na/{key}")
    if reason:
        return {"not_applicable": reason}
    value = _value(form, f"a/{key}", field.value)
    if value is None:
        return None
    seal = _seal(form, key)
    parts = {
        part.id: found for part in field.value.parts if (found := _seal(form, f"{key}.{part.id}"))
    }
    answer = {"value": value} | ({"sealed": seal} if seal else {})
    return answer | ({"sealed_parts": parts} if parts else {})


def _seal(form: _Typed, key: str) -> dict[str, Any] | None:
    reason = _pair(form, f"seal/{key}/reason")
    if not reason:
        return None
    return {
        "reason": reason,
        "ground": _string(form, f"seal/{key}/ground"),
        "review": _string(form, f"seal/{key}/review"),
        "until": _string(form, f"seal/{key}/until"),
    }


def _value(form: _Typed, place: str, part: Part) -> Any:
    if part.kind is Kind.TEXT:
        return _pair(form, place)
    if part.kind is Kind.MULTI:
        return form.all(place) or None
    if part.kind is Kind.PARTS:
        return _object(form, place, part)
    if part.kind is Kind.ROWS:
        rows = (_object(form, f"{place}/{n}", part) for n in range(1, _last(form, place) + 1))
        return [row for row in rows if row] or None
    if part.kind is Kind.QUESTIONNAIRE:
        return _questions(form, place)
    if part.kind is Kind.FILE:
        return _file(form, place)
    return _string(form, place) or None


def _object(form: _Typed, place: str, part: Part) -> dict[str, Any] | None:
    found = {each.id: _value(form, f"{place}/{each.id}", each) for each in part.parts}
    return {name: value for name, value in found.items() if value is not None} or None


def _questions(form: _Typed, place: str) -> dict[str, Any] | None:
    found: dict[str, Any] = {}
    for name in form:
        if name.startswith(f"{place}/"):
            question, _, rest = name.removeprefix(f"{place}/").partition("/")
            if rest.startswith("na"):
                reason = _pair(form, f"{place}/{question}/na")
                if reason:
                    found[question] = {"not_applicable": reason}
            elif question not in found and _string(form, name):
                found[question] = {"answer": _string(form, name)}
    return found or None


def _file(form: _Typed, place: str) -> dict[str, Any] | None:
    """The file sent now, or the one that was there before and is not taken off; page and date with it."""
    page, expires = _string(form, f"{place}/page"), _string(form, f"{place}/expires")
    # what is no number goes on as it was typed, and is refused where every door's pages are
    beside: dict[str, Any] = {"page": int(page) if page.isdecimal() else page} if page else {}
    beside |= {"expires": expires} if expires else {}
    if place in form.files:
        return form.files[place] | beside
    name, digest = _string(form, f"{place}/name"), _string(form, f"{place}/sha256")
    size = _string(form, f"{place}/size")
    if _string(form, f"{place}/off"):
        return None
    if not (name and digest and size.isdecimal()):
        return beside or None  # of no file: refused, and kept as it was typed
    return {"name": name, "sha256": digest, "size": int(size)} | beside


def _last(form: _Typed, place: str) -> int:
    numbers = [
        name.removeprefix(f"{place}/").partition("/")[0]
        for name in form
        if name.startswith(f"{place}/")
    ]
    return max((int(number) for number in numbers if number.isdecimal()), default=0)


def _pair(form: _Typed, place: str) -> dict[str, str] | None:
    found = {language: _string(form, f"{place}/{language}") for language in ("zh", "en")}
    return {language: text for language, text in found.items() if text} or None


def _string(form: _Typed, place: str) -> str:
    value = form.form.get(place)
    return value.strip() if isinstance(value, str) else ""
