"""Answers in their one stored form, made from what a form, the API or the command line sends.

A stored answer is `{value}` or `{not_applicable: {zh, en?}}`, and a withheld one carries `sealed`
as well, one with withheld parts `sealed_parts` (part → seal), a taken one its `source`. Only its shape is settled here, that an option is one of those asked, and that a name is read
as no other: a draft may hold what `checks` still finds wrong.
"""

import secrets
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from filing import risk, sources
from filing.fields import Group, Kind, Part, Schema, split
from registry import lookalikes
from registry.errors import Invalid, Reason
from registry.language import Text
from registry.lengths import Limit

MOST_CHARACTERS = 20_000  # of any one string, before its own limit is looked at
MOST_ROWS = 200

Stored = dict[str, Any]
MOST_PAGES = 100_000
"""No file has so many; a number beyond is a slip, and beyond what a database counts."""


class WrongAnswer(Invalid):
    """An answer has not the shape of its field: look at the field and send it again."""


def store(form: Schema, key: str, raw: Any) -> Stored | None:
    """The stored form of an answer as a caller sends it; None when it is blank.

    Args:
        form: the schema that the filing is kept under.
        key: `B1` or `C1#2`.
        raw: the bare value, or `{value | not_applicable, sealed?, sealed_parts?, source?}`.

    Raises:
        FieldNotFound: for an unknown key.
        WrongAnswer: when the value has not the shape of the field, or the field is computed.
    """
    field = form.field(key)
    if field.computed:
        raise WrongAnswer(
            f"“{field.name.zh}”由平台填写，不用您填。",
            f"“{field.name.en}” is filled in by the platform.",
        )
    wrapped = isinstance(raw, Mapping) and ("value" in raw or "not_applicable" in raw)
    whole: Mapping[str, Any] = raw if wrapped else {"value": raw}
    if whole.get("not_applicable") is not None:
        reason = shaped(REASON, whole["not_applicable"], key)
        return None if reason is None else {"not_applicable": reason}
    value = shaped(field.value, whole.get("value"), key)
    if value is None:
        return None
    made: Stored = {"value": value}
    if whole.get("sealed"):
        made["sealed"] = _seal(whole["sealed"], key)
    if whole.get("sealed_parts"):
        made["sealed_parts"] = _seals(field.value, whole["sealed_parts"], key)
    if whole.get("source"):
        try:
            source = sources.shaped(whole["source"], key)
        except sources.WrongSource as wrong:
            raise WrongAnswer(wrong.said.zh, wrong.said.en, reasons=wrong.reasons) from wrong
        made["source"] = source or {"kind": sources.Origin.TYPED.value}
    return made


REASON = Part("", Text("理由", "reason"), Kind.TEXT, limit=200)


def _seal(raw: Any, key: str) -> Stored:
    if not isinstance(raw, Mapping):
        raise _misshapen(key)
    # The salt keeps a short withheld answer from being guessed by its digest.
    return {
        "reason": shaped(REASON, raw.get("reason"), key) or {},
        "ground": str(raw.get("ground", "")),
        "review": str(raw.get("review", "")),
        **({"until": str(raw["until"])} if raw.get("until") else {}),
        "salt": str(raw.get("salt") or secrets.token_hex(16)),
    }


def _seals(part: Part, raw: Any, key: str) -> dict[str, Stored]:
    """The seals of single parts of an answer, by the part's name."""
    names = {each.id for each in part.parts}
    if not isinstance(raw, Mapping) or set(raw) - names:
        raise _misshapen(key)
    return {name: _seal(each, f"{key}.{name}") for name, each in raw.items() if each}


def part_of(value: Any, name: str) -> Any:
    """One part of an answer; of rows that column, row by row.

    Args:
        value: the bare value of the whole answer.
        name: of the part.
    """
    if isinstance(value, list):
        return [each.get(name) for each in value]
    return value.get(name)


def unsalted(answer: Mapping[str, Any]) -> Stored:
    """An answer without the salts of its seals, which nobody wrote.

    Args:
        answer: a stored one.
    """
    told = dict(answer)
    if "sealed" in told:
        told["sealed"] = _bare(told["sealed"])
    if "sealed_parts" in told:
        told["sealed_parts"] = {name: _bare(each) for name, each in told["sealed_parts"].items()}
    return told


def _bare(seal: Mapping[str, Any]) -> Stored:
    return {name: each for name, each in seal.items() if name != "salt"}


def _misshapen(path: str) -> WrongAnswer:
    said = Text("这一项的内容和字段要求的形式不符。", "The content has not the form of the field.")
    remedy = Text("请按字段说明重新填写。", "Fill it in again as the field asks.")
    return WrongAnswer(
        f"“{path}”填写的形式不对。",
        f"“{path}” has the wrong form.",
        reasons=[Reason(path, said, remedy)],
    )


def shaped(part: Part, raw: Any, path: str) -> Any:
    """A value in its stored form; None when blank.

    Args:
        part: what it is made of.
        raw: as a caller sends it.
        path: what a refusal calls it.

    Raises:
        WrongAnswer: when it has another shape.
    """
    if raw is None or raw in ("", [], {}):
        return None
    return _SHAPES[part.kind](part, raw, path)


def _string(part: Part, raw: Any, path: str) -> str | None:
    if not isinstance(raw, str):
        raise _misshapen(path)
    if too_long := Limit(path, part.name, MOST_CHARACTERS).reasons(raw):
        raise WrongAnswer(
            "有的内容太长，什么都没有保存。",
            "Some texts are too long; nothing was saved.",
            reasons=too_long,
        )
    text = raw.replace("\r\n", "\n").strip()
    # A draft may be unfinished, but a name that is read as another one is not even kept.
    if part.is_name and text and (misread := lookalikes.reasons(path, text)):
        raise WrongAnswer(
            f"“{part.name.zh}”会被看成别的名称。",
            f"“{part.name.en}” would be read as another name.",
            reasons=misread,
        )
    return text or None


def _bilingual(part: Part, raw: Any, path: str) -> dict[str, str] | None:
    pair = {"zh": raw} if isinstance(raw, str) else raw
    if not isinstance(pair, Mapping) or set(pair) - {"zh", "en"}:
        raise _misshapen(path)
    texts = {
        language: text
        for language in ("zh", "en")
        if pair.get(language) and (text := _string(part, pair[language], f"{path}.{language}"))
    }
    return texts or None


def _no_such_option(path: str, given: str, known: Iterable[str]) -> WrongAnswer:
    listed = " / ".join(known)
    said = Text(f"没有“{given[:60]}”这个选项。", f"There is no option “{given[:60]}”.")
    remedy = Text(f"请从这些里选：{listed}。", f"Choose one of: {listed}.")
    return WrongAnswer(
        f"“{path}”没有这个选项。",
        f"“{path}” has no such option.",
        reasons=[Reason(path, said, remedy)],
    )


def _choice(part: Part, raw: Any, path: str) -> str | None:
    chosen = _string(part, raw, path)
    if chosen is not None and part.option(chosen) is None:
        raise _no_such_option(path, chosen, (each.id for each in part.options))
    return chosen


def _list(part: Part, raw: Any, path: str) -> list[str] | None:
    if isinstance(raw, str):
        raw = [raw]
    if not isinstance(raw, list) or not all(isinstance(each, str) for each in raw):
        raise _misshapen(path)
    order = [each.id for each in part.options]
    chosen = {each for each in raw if each}
    if unknown := sorted(chosen.difference(order)):
        raise _no_such_option(path, unknown[0], order)
    return sorted(chosen, key=order.index) or None


def _number(_part: Part, raw: Any, path: str) -> int | str:
    if isinstance(raw, int) and not isinstance(raw, bool):
        return raw
    if not isinstance(raw, str) or len(raw) > 20:
        raise _misshapen(path)
    text = raw.strip()
    return int(text) if text.isascii() and text.lstrip("-").isdigit() else text


def _file(_part: Part, raw: Any, path: str) -> dict[str, Any]:
    whole = {"name", "sha256", "size"}
    if not isinstance(raw, Mapping) or not whole <= set(raw) <= whole | {"page", "expires"}:
        raise _misshapen(path)
    name, digest, size = raw["name"], raw["sha256"], raw["size"]
    if not (isinstance(name, str) and isinstance(digest, str) and isinstance(size, int)):
        raise _misshapen(path)
    found = {"name": name[:200], "sha256": digest, "size": size}
    page, expires = raw.get("page"), raw.get("expires")
    if page is not None:
        if isinstance(page, bool) or not isinstance(page, int) or not 1 <= page <= MOST_PAGES:
            raise _misshapen(f"{path}.page")
        found["page"] = page
    if expires is not None:
        if not isinstance(expires, str):
            raise _misshapen(f"{path}.expires")
        found["expires"] = expires
    return found


def _object(part: Part, raw: Any, path: str) -> dict[str, Any] | None:
    names = {each.id for each in part.parts}
    if not isinstance(raw, Mapping) or set(raw) - names:
        raise _misshapen(path)
    found = {
        each.id: value
        for each in part.parts
        if (value := shaped(each, raw.get(each.id), f"{path}.{each.id}")) is not None
    }
    return found or None


def _rows(part: Part, raw: Any, path: str) -> list[dict[str, Any]] | None:
    if not isinstance(raw, list) or len(raw) > MOST_ROWS:
        raise _misshapen(path)
    made = (_object(part, row, f"{path}.{place}") for place, row in enumerate(raw, 1))
    rows = [row for row in made if row is not None]
    if part.each:  # a row that says of what it is, and nothing of that, says nothing
        order = [option.id for option in part.listed]
        rows = [row for row in rows if set(row) != {part.each}]
        rows.sort(key=lambda row: order.index(row[part.each]) if part.each in row else len(order))
    return rows or None


def _questions(_part: Part, raw: Any, path: str) -> dict[str, Any] | None:
    if not isinstance(raw, Mapping):
        raise _misshapen(path)
    made: dict[str, Any] = {}
    for name, given in raw.items():
        question = risk.questionnaire().question(str(name))
        if question is None:
            raise _misshapen(f"{path}.{name}")
        answer = {"answer": given} if isinstance(given, str) else given
        if not isinstance(answer, Mapping):
            raise _misshapen(f"{path}.{name}")
        reason = shaped(REASON, answer.get("not_applicable"), f"{path}.{name}")
        if reason is not None:
            made[name] = {"not_applicable": reason}
        elif answer.get("answer"):
            chosen = str(answer["answer"])
            if question.option(chosen) is None:
                known = (each.id for each in question.options)
                raise _no_such_option(f"{path}.{name}", chosen, known)
            made[name] = {"answer": chosen}
    return made or None


_SHAPES: dict[Kind, Callable[[Part, Any, str], Any]] = {
    Kind.TEXT: _bilingual,
    Kind.PLAIN: _string,
    Kind.CODE: _string,
    Kind.CHOICE: _choice,
    Kind.MULTI: _list,
    Kind.DATE: _string,
    Kind.NUMBER: _number,
    Kind.LINK: _string,
    Kind.FILE: _file,
    Kind.PARTS: _object,
    Kind.ROWS: _rows,
    Kind.QUESTIONNAIRE: _questions,
}


def drop_set(
    form: Schema, group: Group, number: int, answers: Mapping[str, Stored]
) -> dict[str, Stored]:
    """The answers without one set of a repeated group; later sets move up.

    Args:
        form: the schema.
        group: one of its groups.
        number: of the set.
        answers: key → stored answer.

    Raises:
        FieldNotFound: when the group does not repeat.
    """
    form.field(f"{group.fields[0].code}#{number}")
    kept: dict[str, Stored] = {}
    for key, answer in answers.items():
        code, place = split(key)
        if not group.has(key) or place is None or place < number:
            kept[key] = answer
        elif place > number:
            kept[f"{code}#{place - 1}"] = answer
    return kept


def kept(before: Stored | None, after: Stored) -> Stored:
    """The new answer with the old salt and the old source while its value is the same.

    The public digest of a withheld value must change exactly when the value does; and whoever saves
    a page has typed nothing where a taken value stands. A source that says `typed` takes it away.
    """
    after = _salted(before, after)
    source = after.get("source") or {}
    bare = {name: each for name, each in after.items() if name != "source"}
    if source and source["kind"] != sources.Origin.TYPED:
        bare["source"] = source
    if before is None or "value" not in after or before.get("value") != after["value"]:
        return bare
    if "source" in before and not source:
        bare["source"] = before["source"]
    if "sealed" in before and "sealed" in after:
        bare["sealed"] = {**after["sealed"], "salt": before["sealed"]["salt"]}
    return bare


def _salted(before: Stored | None, after: Stored) -> Stored:
    """The new answer, each withheld part with its old salt while it says the same."""
    seals, old = after.get("sealed_parts"), (before or {}).get("sealed_parts") or {}
    if not seals or before is None or "value" not in before:
        return after
    alike = {
        name
        for name in seals.keys() & old.keys()
        if part_of(before["value"], name) == part_of(after["value"], name)
    }
    return {
        **after,
        "sealed_parts": {
            name: {**seal, "salt": old[name]["salt"]} if name in alike else seal
            for name, seal in seals.items()
        },
    }
