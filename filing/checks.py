"""What is wrong with answers, and which are still missing: pure functions, every reason listed."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from filing import applicability, formats, risk, withholding
from filing.answers import REASON
from filing.fields import ENGLISH_FACTOR, Answers, Field, Kind, Part, Schema
from filing.meanings import Meaning
from registry import characters
from registry.errors import Reason
from registry.language import Text

DIGEST_LENGTH = 64

BEGUN = frozenset({"pilot", "in_service", "suspended", "ended"})
"""States that a service has only once it has started."""

Wrong = list[tuple[str, Text, Text]]  # path inside the answer, what is wrong, what to do


def check(told: Answers, key: str, *, today: date) -> list[Reason]:
    """Everything that is wrong with one given answer; nothing is said about a missing one.

    Args:
        told: the answers that count.
        key: `B1` or `C1#2`.
        today: against which dates are held.
    """
    field, answer = told.form.field(key), told.rows.get(key)
    if answer is None:
        return []
    if "not_applicable" in answer:
        wrong = _not_applicable(field, answer["not_applicable"])
    elif field.kind is Kind.QUESTIONNAIRE:
        return risk.check(answer["value"], item=key) + risk.contradictions(told)
    else:
        wrong = _check(field.value, answer["value"], "", _Held(told, key, today))
    group = told.form.group(field.group)
    if "sealed" in answer:
        wrong = wrong + withholding.check(field.value, group, answer["sealed"], today, "")
    for part in field.value.parts:
        if seal := answer.get("sealed_parts", {}).get(part.id):
            wrong = wrong + withholding.check(part, group, seal, today, f".{part.id}")
    starts = field is told.form.meant(Meaning.SERVICE_START)
    begun = _begun(told, today) if starts else []
    return [Reason(f"{key}{path}", said, remedy) for path, said, remedy in wrong + begun]


def _begun(told: Answers, today: date) -> Wrong:
    """A state that presupposes a service, of one that by its own date has not started."""
    state = told.form.part(Meaning.SERVICE).option(told.value(Meaning.SERVICE) or "")
    start, part = _day(told.value(Meaning.SERVICE_START)), told.form.part(Meaning.SERVICE_START)
    if state is None or state.id not in BEGUN or start is None or start <= today:
        return []
    code = told.form.key(Meaning.SERVICE)
    said = Text(
        f"字段 {code} 选的是“{state.name.zh}”，上线日期{start}却还没有到。",
        f"Field {code} says “{state.name.en}”, and the start, {start}, lies in the future.",
    )
    remedy = Text(
        f"还没有开始服务的，请在字段 {code} 选“研发中”；开始以后再改。",
        f"Where service has not started, choose “in development” in field {code} and change it then.",
    )
    return [(f".{part.id}" if part.id else "", said, remedy)]


def check_all(told: Answers, *, today: date) -> list[Reason]:
    """Everything that is wrong or missing, field by field, in the order of the form.

    Args:
        told: the answers that count.
        today: against which dates are held.
    """
    lacking = set(applicability.missing(told))
    return [
        reason
        for key in told.form.keys(told.rows)
        for reason in (
            [_absent(told.form, key)] if key in lacking else check(told, key, today=today)
        )
    ]


def _absent(form: Schema, key: str) -> Reason:
    field = form.field(key)
    return Reason(
        key,
        Text(f"还没有填“{field.name.zh}”。", f"“{field.name.en}” is missing."),
        RECORD if field.value.record else field.ask,
    )


RECORD = Text(
    "这一项取自单位登记资料，请主管部门的管理员补登，再保存一次。",
    "It comes from the organisation's record: have an administrator of the authority add it, "
    "then save once more.",
)


def _not_applicable(field: Field, reason: Mapping[str, str]) -> Wrong:
    if not field.may_be_na:
        return [
            (
                "",
                Text(f"“{field.name.zh}”不能写不适用。", f"“{field.name.en}” always applies."),
                field.ask,
            )
        ]
    return _text(REASON, reason, ".not_applicable")


@dataclass(frozen=True, slots=True)
class _Held:
    """What an answer is held against: those beside it, and the day."""

    told: Answers
    key: str
    today: date


def _check(part: Part, value: Any, path: str, held: _Held) -> Wrong:
    match part.kind:
        case Kind.TEXT:
            return _text(part, value, path)
        case Kind.PLAIN | Kind.CODE:
            return _plain(part, value, path)
        case Kind.CHOICE | Kind.MULTI:
            return _chosen(part, [value] if isinstance(value, str) else value, path)
        case Kind.DATE:
            return _date(part, value, path, held.today)
        case Kind.NUMBER:
            return _bounds(part, value, path)
        case Kind.LINK:
            return _length(part, value, formats.LONGEST_LINK, path) + [
                (path, said, _AGAIN) for said in formats.link(value)
            ]
        case Kind.FILE:
            return _attached(value, path, held.today)
        case Kind.PARTS:
            return _inside(part, value, path, held)
        case Kind.ROWS:
            return _each_row(part, value, path, held)
    raise AssertionError(part.kind)


_AGAIN = Text("请改正后保存。", "Correct it and save.")


def _text(part: Part, value: Mapping[str, str], path: str) -> Wrong:
    wrong: Wrong = []
    if not value.get("zh"):
        wrong.append(
            (
                f"{path}.zh",
                Text(f"“{part.name.zh}”要有中文。", f"“{part.name.en}” needs a Chinese wording."),
                Text(
                    "请填写中文，英文可以以后补。", "Give the Chinese; English may follow later."
                ),
            )
        )
    for language, text in value.items():
        most = part.limit * (1 if language == "zh" else ENGLISH_FACTOR)
        wrong += _length(part, text, most, f"{path}.{language}")
        wrong += [(f"{path}.{language}", said, _AGAIN) for said in _content(part, text)]
    return wrong


def _plain(part: Part, value: str, path: str) -> Wrong:
    return _length(part, value, part.limit, path) + [
        (path, said, _AGAIN) for said in _content(part, value)
    ]


def _length(part: Part, text: str, most: int, path: str) -> Wrong:
    if len(text) <= most or part.kind is Kind.CODE:
        return []
    return [
        (
            path,
            Text(
                f"“{part.name.zh}”最多{most}字，现在{len(text)}字。",
                f"“{part.name.en}” takes {most} characters; there are {len(text)}.",
            ),
            Text("请写短一些。", "Shorten it."),
        )
    ]


def _content(part: Part, text: str) -> list[Text]:
    said = formats.national_numbers(text)
    said += [reason.said for reason in characters.reasons("", text)]
    if part.format:
        said += formats.FORMATS[part.format](text)
    return said


def _chosen(part: Part, values: list[str], path: str) -> Wrong:
    unknown = [each for each in values if part.option(each) is None]
    if unknown:
        return [
            (
                path,
                Text(f"没有“{unknown[0]}”这个选项。", f"There is no option “{unknown[0]}”."),
                Text("请从列出的选项里选。", "Choose from the options listed."),
            )
        ]
    alone = [option for each in values if (option := part.option(each)) and option.alone]
    if alone and len(values) > 1:
        name = alone[0].name
        return [
            (
                path,
                Text(
                    f"“{name.zh}”不能和别的选项一起选。",
                    f"“{name.en}” excludes the other options.",
                ),
                Text("请只留一边。", "Keep one or the other."),
            )
        ]
    return []


def _day(text: object) -> date | None:
    try:
        return date.fromisoformat(text) if isinstance(text, str) and len(text) == 10 else None
    except ValueError:
        return None


def _date(part: Part, value: str, path: str, today: date) -> Wrong:
    day = _day(value)
    if day is None or not 1990 <= day.year <= 2100:
        said = Text(f"“{value}”不是有效的日期。", f"“{value}” is not a valid date.")
        return [(path, said, Text("请写成 2026-12-01 这样。", "Write it like 2026-12-01."))]
    if part.until == "today" and day > today:
        said = Text("日期不能在今天以后。", "The date may not lie in the future.")
        return [(path, said, _AGAIN)]
    return []


def _bounds(part: Part, value: int | str, path: str) -> Wrong:
    if isinstance(value, int) and part.least <= value <= part.most:
        return []
    said = Text(
        f"“{part.name.zh}”应是{part.least}到{part.most}的整数。",
        f"“{part.name.en}” is a whole number from {part.least} to {part.most}.",
    )
    return [(path, said, _AGAIN)]


def _attached(value: Mapping[str, Any], path: str, today: date) -> Wrong:
    if "sha256" not in value:
        said = Text("写了页码或有效期，没有文件。", "A page or a date is given, and no file.")
        return [(path, said, Text("请上传文件。", "Upload the file."))]
    digest = value["sha256"]
    if len(digest) == DIGEST_LENGTH and not set(digest) - set("0123456789abcdef"):
        return _expired(value.get("expires"), f"{path}.expires", today)
    said = Text("文件的校验值不对。", "The digest of the file is malformed.")
    return [(path, said, Text("请重新上传文件。", "Upload the file again."))]


def _expired(until: str | None, path: str, today: date) -> Wrong:
    """A document that is no longer valid proves nothing."""
    if until is None:
        return []
    day = _day(until)
    if day is None:
        said = Text(f"“{until}”不是有效的日期。", f"“{until}” is not a valid date.")
        return [(path, said, Text("请写成 2026-12-01 这样。", "Write it like 2026-12-01."))]
    if day >= today:
        return []
    said = Text(f"这份文件已在{until}过期。", f"The file expired on {until}.")
    return [(path, said, Text("请换成有效的文件。", "Replace it with a valid one."))]


def _inside(part: Part, value: Mapping[str, Any], path: str, held: _Held) -> Wrong:
    wrong: Wrong = []
    for each in part.parts:
        given, inner = value.get(each.id), f"{path}.{each.id}"
        if given is not None:
            wrong += _check(each, given, inner, held) + _order(each, value, inner)
        elif applicability.part_required(held.told, held.key, each, value):
            said = Text(f"还没有填“{each.name.zh}”。", f"“{each.name.en}” is missing.")
            remedy = RECORD if each.record else Text("请补上。", "Fill it in.")
            wrong.append((inner, said, remedy))
    return wrong


def _order(part: Part, siblings: Mapping[str, Any], path: str) -> Wrong:
    first, then = _day(siblings.get(part.after)), _day(siblings.get(part.id))
    if not part.after or first is None or then is None or then >= first:
        return []
    said = Text(
        f"“{part.name.zh}”早于前一个日期。",
        f"“{part.name.en}” is earlier than the date before it.",
    )
    return [(path, said, _AGAIN)]


EACH = Text("列出的每一项写一行。", "Give one row for each of those listed.")


def _each_row(part: Part, rows: list[dict[str, Any]], path: str, held: _Held) -> Wrong:
    wrong = [
        found
        for place, row in enumerate(rows, 1)
        for found in _inside(part, row, f"{path}.{place}", held)
    ]
    given = [row.get(part.each) for row in rows]
    for option in part.listed:
        if given.count(option.id) != 1:
            twice = option.id in given
            said = Text(
                f"“{option.name.zh}”{'写了不止一行' if twice else '还没有写'}。",
                f"“{option.name.en}” {'has more than one row' if twice else 'is missing'}.",
            )
            wrong.append((path, said, EACH))
    if len(rows) > part.most:
        said = Text(
            f"最多{part.most}行，现在{len(rows)}行。",
            f"There may be {part.most} rows; there are {len(rows)}.",
        )
        wrong.append((path, said, _AGAIN))
    return wrong
