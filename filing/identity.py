"""Who files: name, credit code and district come from the organisation's record, never from typing.

Parts of the schema with `record` are filled in from the organisation that owns the filing, whatever
door an answer comes through. What is typed differently is refused; what an older draft still holds
is named with its remedy and replaced when the dossier is saved.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from filing.answers import Stored
from filing.fields import Answers, Field, Kind, Part, Schema
from registry import districts
from registry.errors import Reason
from registry.language import Text
from registry.organisations import Organisation

REMEDY = Text(
    "这一项取自单位登记资料，不用填写；登记资料有误或不全，请主管部门的管理员更正。",
    "It comes from the organisation's record and is not typed; an administrator of the authority "
    "corrects or completes the record.",
)
REPLACE = Text(
    "请备案主体在“备案主体”一组按一次“保存”，就换成登记资料；登记资料有误，请主管部门的管理员更正。",
    "The filer saves the group “Filer” once, and the record is taken over; an administrator of the "
    "authority corrects a record that is wrong.",
)


def taken(owner: Organisation, answers: Answers) -> dict[str, Stored]:
    """The answers with what the record says in its places.

    Args:
        owner: the organisation that files.
        answers: the stored answers.
    """
    made: dict[str, Stored] = {key: dict(each) for key, each in answers.rows.items()}
    for field, part in _places(answers.form):
        value = _recorded(owner, part)
        if part is not field.value:
            inside = (made.get(field.code) or {}).get("value")
            given = inside if isinstance(inside, Mapping) else {}
            whole = {**given, part.id: value}
            value = {name: inner for name, inner in whole.items() if inner is not None} or None
        if value is None:
            made.pop(field.code, None)
        else:
            made[field.code] = {"value": value}
    return made


def refusals(owner: Organisation, typed: Answers) -> list[Reason]:
    """What was typed that differs from the record; a blank differs from nothing.

    Args:
        owner: the organisation that files.
        typed: the stored answers that are being saved.
    """
    return [
        Reason(_item(field, part), _differs(part, given, recorded), REMEDY)
        for field, part, given, recorded in _differing(owner, typed)
        if given is not None
    ]


def differences(owner: Organisation, answers: Answers) -> list[Reason]:
    """Where a dossier on file differs from the record, with what to do.

    Args:
        owner: the organisation that files.
        answers: the stored answers.
    """
    return [
        Reason(_item(field, part), _differs(part, given, recorded), REPLACE)
        for field, part, given, recorded in _differing(owner, answers)
    ]


def _places(form: Schema) -> Iterator[tuple[Field, Part]]:
    """Every part that is taken from the record, with its field."""
    for field in form:
        for part in (field.value, *field.value.parts):
            if part.record:
                yield field, part


def _recorded(owner: Organisation, part: Part) -> Any:
    found: Mapping[str, Any] = {
        "name": {"zh": owner.name_zh, "en": owner.name_en},
        "credit_code": owner.credit_code,
        "district": owner.district,
    }
    value = found[part.record]
    if part.kind is Kind.TEXT and isinstance(value, str):
        english = districts.english(value)
        value = {"zh": value, **({"en": english} if english else {})} if value else None
    return value or None


def _differing(owner: Organisation, answers: Answers) -> Iterator[tuple[Field, Part, Any, Any]]:
    for field, part in _places(answers.form):
        given = (answers.rows.get(field.code) or {}).get("value")
        if part is not field.value:
            given = given.get(part.id) if isinstance(given, Mapping) else None
        recorded = _recorded(owner, part)
        if not _same(given, recorded):
            yield field, part, given, recorded


def _same(given: Any, recorded: Any) -> bool:
    if isinstance(given, Mapping) and isinstance(recorded, Mapping):
        # A language that was left out contradicts nothing; one that the record has not, does.
        return "zh" in given and all(recorded.get(each) == said for each, said in given.items())
    return bool(given == recorded)


def _item(field: Field, part: Part) -> str:
    return field.code if part is field.value else f"{field.code}.{part.id}"


def _differs(part: Part, given: Any, recorded: Any) -> Text:
    ours, theirs = _words(recorded), _words(given)
    return Text(
        f"“{part.name.zh}”和单位登记资料不一致：登记的是{ours.zh}，这里是{theirs.zh}。",
        f"“{part.name.en}” differs from the organisation's record: the record has {ours.en}, here "
        f"is {theirs.en}.",
    )


def _words(value: Any) -> Text:
    if value is None:
        return Text("空白", "nothing")
    if isinstance(value, Mapping):
        zh, en = str(value.get("zh", "")), str(value.get("en") or "")
        return Text(
            f"“{zh}”" + (f"（{en}）" if en else ""), f"“{en or zh}”" + (f" ({zh})" if en else "")
        )
    return Text(f"“{value}”", f"“{value}”")
