"""What changed between two editions, one sentence per field, in both languages."""

from collections.abc import Mapping
from itertools import takewhile
from typing import Any

from filing import in_full
from filing.fields import Answers, Group, split
from filing.forms import group, told_by
from registry.language import Text

MOST_QUOTED = 80
BEFORE = 20  # characters quoted before the first that differs


def between(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[Text]:
    """Sentences on every field, report and explanation that differs, in the order of the form.

    Args:
        before: an edition's content.
        after: a later edition's content.
    """
    old = {row["key"]: row for row in before["answers"]}
    new = {row["key"]: row for row in after["answers"]}
    form = told_by(after).form
    order = [key for key in form.keys({**old, **new}) if key in old or key in new]
    sentences = [
        said
        for key in [*order, *sorted((old | new).keys() - set(order))]
        if (said := _field(old.get(key), new.get(key))) is not None
    ]
    return [*sentences, *_reports(before, after), *_explanation(before, after)]


def answered(before: Answers, after: Answers) -> list[Text]:
    """Sentences on every stored answer that differs, withheld and restricted ones in full.

    Args:
        before: stored answers, as an edition has them on file.
        after: stored answers, as the filing has them now.
    """
    keys = dict.fromkeys([*after.form.keys({**before.rows, **after.rows}), *before.rows])
    return [
        said for key in keys if (said := _field(_row(key, before), _row(key, after))) is not None
    ]


def _row(key: str, given: Answers) -> dict[str, Any] | None:
    """A stored answer in the form of an edition's, for a reader who may see everything."""
    stored = given.rows.get(key)
    if stored is None:
        return None
    field = given.form.field(key)
    named = {"name": field.name.as_json(), "group": field.group, "set": split(key)[1]}
    if "not_applicable" in stored:
        return {**named, "not_applicable": stored["not_applicable"]}
    said = in_full.value(field, stored["value"], marked=False).as_json()
    return {**named, "value": stored["value"], "said": said}


def _field(old: Mapping[str, Any] | None, new: Mapping[str, Any] | None) -> Text | None:
    if old is None and new is None:
        return None
    if old is None or new is None:
        row = old or new or {}
        zh, en = ("删去了", "was removed") if new is None else ("新增了", "was added")
        said = _told(row)
        name = _name(row)
        return Text(f"{zh}“{name.zh}”：{said.zh}。", f"“{name.en}” {en}: {said.en}.")
    if "restricted" in new or _same(old, new):
        return None
    name, told = _name(new), (_told(old), _told(new))
    if "said" in old and "said" in new:
        told = _apart(told, Text(**old["said"]), Text(**new["said"]))
    was, now = told
    return Text(
        f"“{name.zh}”的内容改了。"
        if was.zh == now.zh
        else f"“{name.zh}”由“{was.zh}”改为“{now.zh}”。",
        f"The content of “{name.en}” changed."
        if was.en == now.en
        else f"“{name.en}” changed from “{was.en}” to “{now.en}”.",
    )


def _apart(told: tuple[Text, Text], old: Text, new: Text) -> tuple[Text, Text]:
    """Two quotations that do not read alike where what they quote differs further on."""
    zh, en = told[0].zh, told[0].en
    was, now = ({"zh": each.zh, "en": each.en} for each in told)
    for language, cut in (("zh", zh), ("en", en)):
        if now[language] != cut:
            continue
        lines = [_line(each.as_json()[language]) for each in (old, new)]
        alike = takewhile(lambda pair: pair[0] == pair[1], zip(*lines, strict=False))
        begin = max(0, sum(1 for _ in alike) - BEFORE)
        was[language], now[language] = (_cut(line, begin) for line in lines)
    return Text(**was), Text(**now)


def _same(old: Mapping[str, Any], new: Mapping[str, Any]) -> bool:
    kept = ("value", "not_applicable", "withheld")
    return all(old.get(name) == new.get(name) for name in kept)


def _name(row: Mapping[str, Any]) -> Text:
    return in_its_set(Text(**row["name"]), group(row["group"]), row["set"])


def in_its_set(name: Text, found: Group, number: int | None) -> Text:
    """The name of a field, in a repeated group with which set it is of.

    Args:
        name: of the field.
        found: the group that the field is of.
        number: of the set; None where the group does not repeat.
    """
    if number is None:
        return name
    one = found.one or found.name
    return Text(f"{one.zh}{number}·{name.zh}", f"{one.en} {number}, {name.en}")


def _told(row: Mapping[str, Any]) -> Text:
    if "restricted" in row:
        return Text("不向公众公开", "not shown to the public")
    if "withheld" in row:
        reason = row["withheld"]["reason"]
        english = reason.get("en") or reason["zh"]
        return Text(f"不公开，理由：{reason['zh']}", f"withheld, because: {english}")
    if "not_applicable" in row:
        reason = row["not_applicable"]
        english = reason.get("en") or reason["zh"]
        return Text(f"不适用，理由：{reason['zh']}", f"not applicable, because: {english}")
    return Text(_quoted(row["said"]["zh"]), _quoted(row["said"]["en"]))


def _quoted(text: str) -> str:
    return _cut(_line(text), 0)


def _line(text: str) -> str:
    return "；".join(text.splitlines())


def _cut(line: str, begin: int) -> str:
    """So much of a line as is quoted, from some character on."""
    part = f"…{line[begin:]}" if begin else line
    return part if len(part) <= MOST_QUOTED else f"{part[: MOST_QUOTED - 1]}…"


def _reports(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[Text]:
    old = {each["id"]: each for each in before["reports"]}
    new = {each["id"]: each for each in after["reports"]}
    added = [
        Text(
            f"新增了{_by(each).zh}对第{each['version']}版的评估报告。",
            f"A report on version {each['version']} by {_by(each).en} was added.",
        )
        for key, each in new.items()
        if key not in old
    ]
    removed = [
        Text(
            f"不再附{_by(each).zh}对第{each['version']}版的评估报告。",
            f"The report on version {each['version']} by {_by(each).en} is no longer attached.",
        )
        for key, each in old.items()
        if key not in new
    ]
    signed = [
        Text(f"{_by(each).zh}给评估报告签了名。", f"{_by(each).en} countersigned its report.")
        for key, each in new.items()
        if key in old and each["countersigned"] and not old[key]["countersigned"]
    ]
    return [*added, *removed, *signed]


def _by(report: Mapping[str, Any]) -> Text:
    return Text(report["organisation"]["zh"], report["organisation"]["en"])


def _explanation(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[Text]:
    old, new = before["explanation"], after["explanation"]
    if (old or {}).get("digest") == (new or {}).get("digest"):
        return []
    return [Text("换了由平台测试得出的算法说明。", "The tested explanation was replaced.")]
