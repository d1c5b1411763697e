"""What changed between two editions, one sentence per field, in both languages."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from itertools import takewhile
from typing import Any

from filing import in_full, wording
from filing.fields import Answers, Group, Schema, split
from filing.forms import group, told_by
from filing.meanings import Topic
from registry.language import LANGUAGES, Language, Text

MOST_QUOTED = 80
"""Characters of an answer that came or went, and of a piece that is quoted whole."""
MOST_OF_A_PIECE = 240
"""Characters of a piece that differs at several places: what was changed is quoted to its end."""
MOST_PIECES = 6
BEFORE = 20  # characters quoted before the first that differs, and after the last


def between(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[Text]:
    """Sentences on every field, report and explanation that differs, in the order of the form.

    Args:
        before: an edition's content.
        after: a later edition's content.
    """
    old = {row["key"]: row for row in before["answers"]}
    new = {row["key"]: row for row in after["answers"]}
    form, earlier = told_by(after).form, told_by(before).form
    order = [key for key in form.keys({**old, **new}) if key in old or key in new]
    own = {each.id for each in form.groups if each.topic is Topic.EVALUATION}
    sentences = [
        said
        for key in [*order, *sorted((old | new).keys() - set(order))]
        if (new.get(key) or old[key])["group"] not in own  # the reports are told of below
        and (said := _field(Side(old.get(key), earlier), Side(new.get(key), form))) is not None
    ]
    return [*sentences, *_reports(before, after), *_explanation(before, after)]


def answered(before: Answers, after: Answers) -> list[Text]:
    """Sentences on every stored answer that differs, withheld and restricted ones in full.

    Args:
        before: stored answers, as an edition has them on file.
        after: stored answers, as the filing has them now.
    """
    keys = dict.fromkeys([*after.form.keys({**before.rows, **after.rows}), *before.rows])
    sides = (
        (Side(_row(key, before), before.form), Side(_row(key, after), after.form)) for key in keys
    )
    return [said for old, new in sides if (said := _field(old, new)) is not None]


def _row(key: str, given: Answers) -> dict[str, Any] | None:
    """A stored answer in the form of an edition's, for a reader who may see everything."""
    stored = given.rows.get(key)
    if stored is None:
        return None
    field = given.form.field(key)
    named = {"key": key, "name": field.name.as_json(), "group": field.group, "set": split(key)[1]}
    if "not_applicable" in stored:
        return {**named, "not_applicable": stored["not_applicable"]}
    said = in_full.value(field, stored["value"], marked=False).as_json()
    return {**named, "value": stored["value"], "said": said}


@dataclass(frozen=True, slots=True)
class Side:
    """One side of a change: an answer, if there is one, and the form that it was given under."""

    row: Mapping[str, Any] | None
    form: Schema

    @property
    def told(self) -> tuple[Text, ...]:
        """What it says, in the pieces that change by themselves."""
        row = self.row or {}
        if "restricted" in row:
            return (Text("不向公众公开", "not shown to the public"),)
        for name, led in REASONED.items():
            if name in row:
                given = row[name]
                reason = wording.own_words(given["reason"] if name == "withheld" else given)
                return (Text(f"{led.zh}{reason.zh}", f"{led.en}{reason.en}"),)
        return wording.pieces(row, self.form)


REASONED = {
    "withheld": Text("不公开，理由：", "withheld, because: "),
    "not_applicable": Text("不适用，理由：", "not applicable, because: "),
}


def _field(old: Side, new: Side) -> Text | None:
    row = new.row or old.row
    if row is None:
        return None
    name = _name(row)
    if old.row is None or new.row is None:
        zh, en = ("删去了", "was removed") if new.row is None else ("新增了", "was added")
        told = (old if new.row is None else new).told
        said = Text(*(_cut(_joined(told, each), MOST_QUOTED) for each in LANGUAGES))
        return Text(f"{zh}“{name.zh}”：{said.zh}。", f"“{name.en}” {en}: {said.en}.")
    if "restricted" in new.row or _same(old.row, new.row):
        return None
    return Text(
        _changed(name.zh, CHINESE, *_apart(old.told, new.told, "zh")),
        _changed(name.en, ENGLISH, *_apart(old.told, new.told, "en")),
    )


@dataclass(frozen=True, slots=True)
class Phrases:
    """How a change is said in one language, of a name and what stood there and stands there now."""

    otherwise: str
    more: str
    less: str
    unseen: str


CHINESE = Phrases(
    "“{name}”由“{was}”改为“{now}”。",
    "“{name}”里增加了“{now}”。",
    "“{name}”里删去了“{was}”。",
    "“{name}”的内容改了。",
)
ENGLISH = Phrases(
    "“{name}” changed from “{was}” to “{now}”.",
    "“{now}” was added to “{name}”.",
    "“{was}” was removed from “{name}”.",
    "The content of “{name}” changed.",
)


def _changed(name: str, phrases: Phrases, was: str, now: str) -> str:
    if was == now:
        return phrases.unseen.format(name=name)
    chosen = phrases.otherwise if was and now else phrases.more if now else phrases.less
    return chosen.format(name=name, was=was, now=now)


def _apart(old: Sequence[Text], new: Sequence[Text], language: Language) -> tuple[str, str]:
    """What is quoted of both sides: the pieces that differ, each where it differs."""
    was, now = ([_line(each.in_(language)) for each in side] for side in (old, new))
    gone, come = list[str](), list[str]()
    steps = SequenceMatcher(None, was, now, autojunk=False).get_opcodes()
    for step, i, j, k, m in steps:
        if step == "equal":
            continue
        before, after = was[i:j], now[k:m]
        if len(before) == len(after):
            both = [around(one, two) for one, two in zip(before, after, strict=True)]
            before, after = [one for one, _ in both], [two for _, two in both]
        gone += before
        come += after
    return _some(gone), _some(come)


def around(one: str, two: str) -> tuple[str, str]:
    """Two lines from a little before the first that differs to a little after the last."""
    if max(len(one), len(two)) <= MOST_QUOTED:
        return one, two
    begun = sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(one, two, strict=False)))
    room = min(len(one), len(two)) - begun
    backwards = zip(one[::-1][:room], two[::-1][:room], strict=True)
    ended = sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], backwards))
    begin, end = max(0, begun - BEFORE), max(0, ended - BEFORE)
    return _part(one, begin, end), _part(two, begin, end)


def _part(line: str, begin: int, end: int) -> str:
    """A line without so many characters before and after, which dots stand for."""
    return f"{'…' if begin else ''}{line[begin : len(line) - end]}{'…' if end else ''}"


def _some(pieces: Sequence[str]) -> str:
    """As many pieces as are quoted, each no longer than is quoted; dots stand for the rest."""
    shown = "；".join(_cut(each, MOST_OF_A_PIECE) for each in pieces[:MOST_PIECES])
    return f"{shown}；…" if len(pieces) > MOST_PIECES else shown


def _joined(pieces: Sequence[Text], language: Language) -> str:
    return "；".join(_line(each.in_(language)) for each in pieces)


def _same(old: Mapping[str, Any], new: Mapping[str, Any]) -> bool:
    kept = ("value", "not_applicable", "withheld", "withheld_parts")
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


def _line(text: str) -> str:
    return "；".join(text.splitlines())


def _cut(line: str, most: int) -> str:
    return line if len(line) <= most else f"{line[: most - 1]}…"


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
