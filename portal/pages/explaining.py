"""The explanation on pages: the form that asks for one, and the text as the public reads it."""

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from markupsafe import Markup
from sqlalchemy.orm import Session
from starlette.datastructures import FormData

from explainers import asked as keys
from explainers import numbers
from explainers.asked import PlanHasGaps
from explainers.questions import QUESTIONS
from explainers.wording import Wording
from filing.plainness import brief
from portal.pages import charts, folding, forms
from portal.pages.boxes import Names
from portal.pages.confirming import Differing
from portal.pages.folding import Said
from portal.pages.rendering import in_language, named
from portal.pages.unquoted import Unquoted
from registry import datasets
from registry.datasets import Dataset
from registry.errors import Reason
from registry.explanations import Explanation, too_long
from registry.findings import Verdict
from registry.language import Language, Text

CHART_ROWS = 8
NOTHING = Text("", "")
CHECKED = "checked"
"""The question on what was checked."""
WORDING, DECLARED = keys.names(keys.WORDING), keys.names(keys.DECLARED)
GROUPS = ("values", "phrases")
OF_FEATURE = " / "
"""Between a feature that the model is not given and one of its groups, in a line of the form."""
Own = Mapping[str, Sequence[Mapping[str, Any]]]
"""By question, the answers of a filing's group H as an edition tells them."""
PLACES = {"wording": "w", "declared": "d", "sealed": "sealed"}
SIDES = {"0": "more", "1": "less"}
CALLED = {
    "favourable": "favourable_class",
    "classes": "classes",
    "protected": "protected",
    "report": "report_id",
}
"""From the names of the plan to those of its boxes, where they differ or have a path below them."""
NO_SIDE = Text("没有选哪一边是有利的结果。", "The favourable side is not chosen.")
CHOOSE_SIDE = Text(
    "高分对本人是好事，选“达到分数线”；像风险分那样是坏事，选“低于分数线”。选反了，说明的每一句都会反过来。",
    "Where a high score is good for the person, choose “at the cut or above”; where it is bad, as a risk "
    "is, “below the cut”. The wrong one would turn every sentence round.",
)
NO_CUT = Text("没有填写分数线。", "The cut is missing.")
NOT_IN_DATA = Text("所选的数据里没有这一列。", "The chosen data set has no such column.")
OTHER_DATA = Text("请换一份有这一列的数据。", "Choose data that have it.")
MORE_BEYOND = Text(
    "还有{n}项差异超过界线",
    "{n} more beyond the line",
)
MORE = Text("还要知道的", "Also worth knowing")


@dataclass(frozen=True, slots=True)
class Recorded:
    """What the record says on a question, which the filer's words of another day may contradict.

    Args:
        older: limit of the filer's words of that day: which day it was, and which words count.
        said: a sentence from the edition that is read, before them; None where there is none.
        limit: of that sentence.
    """

    older: Text
    said: Text | None = None
    limit: Text = NOTHING


@dataclass(frozen=True, slots=True)
class Part:
    """A heading within an answer, with its sentences."""

    title: str
    sentences: tuple[Said, ...]


@dataclass(frozen=True, slots=True)
class Answer:
    """One of the six questions, answered.

    Args:
        id, title: of the question.
        lead: sentences that stand in sight.
        detail: the others, under headings.
        items: what the program is given, under its question.
        own: what the filing says on it in group H, as an edition tells it.
        own_in_sight: how many of these stand in sight; none beside what was measured.
    """

    id: str
    title: str
    lead: tuple[Said, ...] = ()
    detail: tuple[Part, ...] = ()
    items: tuple[Mapping[str, Any], ...] = ()
    own: tuple[Mapping[str, Any], ...] = ()
    own_in_sight: int = 0

    @property
    def limits(self) -> tuple[str, ...]:
        """What the sentences in sight do not show: the first stands under them, all where asked for."""
        return folding.limits(self.lead)


@dataclass(frozen=True, slots=True)
class Marked:
    """The picture of a number of which the text says where its effect has a step or turns."""

    plain: Mapping[str, Any]
    picture: Markup
    caption: Text
    points: tuple[tuple[str, str], ...]
    axis: Text


@dataclass(frozen=True, slots=True)
class Differs:
    """What is declared of one answer and was measured otherwise, each with the filer's reason.

    Args:
        short: those in sight, as far as there is room for their words.
        whole: in full those that are cut in sight, and those that are not in sight.
    """

    short: tuple[Differing, ...]
    whole: tuple[Differing, ...]


DIFFERING_IN_SIGHT = 2
"""So many of what differs stand in sight under one answer (ours)."""
ROOM_TO_DIFFER, ROOM_FOR_WHY = 300, 50
"""So wide may both sides of it be in sight, and the reason: about eight lines of a telephone and two."""


def _shortened(each: Differing) -> Differing:
    why = each.reason or NOTHING
    return replace(
        each,
        said=Text(*(folding.begun(text, ROOM_TO_DIFFER) for text in (each.said.zh, each.said.en))),
        reason=Text(*(folding.begun(text, ROOM_FOR_WHY) for text in (why.zh, why.en))),
    )


@dataclass(frozen=True, slots=True)
class Explained:
    """The explanation in one language."""

    answers: tuple[Answer, ...]
    importance: tuple[Mapping[str, Any], ...] = ()
    picture: Markup | None = None
    caption: Text = NOTHING
    marked: tuple[Marked, ...] = ()
    people: int = 0
    digest: str = ""
    kept: tuple[str, ...] = ()
    kept_why: Text = NOTHING
    differing: tuple[Differing, ...] = ()
    hard: tuple[Differing, ...] = ()

    def differing_at(self, answer: str) -> "Differs":
        """What the filer keeps of one answer although it was measured otherwise.

        Args:
            answer: the id of its question.
        """
        every = tuple(each for each in self.differing if each.answer == answer)
        seen, rest = every[:DIFFERING_IN_SIGHT], every[DIFFERING_IN_SIGHT:]
        short = tuple(_shortened(each) for each in seen)
        cut = tuple(each for each, told in zip(seen, short, strict=True) if told != each)
        return Differs(short, cut + rest)

    def tells(self, kind: str) -> bool:
        """Whether a sentence is of a kind of the table of sentences, or of one called after it.

        Args:
            kind: a word of the kinds' names.
        """
        every = (
            said
            for answer in self.answers
            for said in (
                *answer.lead,
                *(each for part in answer.detail for each in part.sentences),
            )
        )
        return any(kind in said.kind for said in every)


def view(
    content: Mapping[str, Any],
    language: Language,
    overruled: Mapping[str, Any] | None = None,
    recorded: Mapping[str, Recorded] | None = None,
    own: Own | None = None,
    unquoted: Sequence[Unquoted] = (),
) -> Explained:
    """What a page shows of an explanation.

    Args:
        content: what the explainer made.
        language: of the page.
        overruled: the hard words that the filer kept, and why.
        recorded: by question, what the record says on it; it stands before the filer's words.
        own: by question, what the filing says on it in group H.
        unquoted: what attached reports say that the text does not quote; it stands first under what
            was checked.
    """
    known, beside = recorded or {}, own or {}
    words = (overruled or {}).get("words", ())
    return Explained(
        answers=tuple(
            _answer(
                question,
                language,
                known.get(question["id"]),
                tuple(beside.get(question["id"], ())),
                unquoted if question["id"] == CHECKED else (),
                content["plan"].get("protected", ()),
            )
            for question in content["questions"]
        ),
        importance=tuple(content["importance"]),
        picture=_picture(content, language),
        caption=_caption(content),
        marked=tuple(
            _marked(content, each, language)
            for each in content.get("pictures", ())
            if each.get("marks")
        ),
        people=content["plan"]["people"],
        digest=content.get("digest", ""),
        kept=tuple(brief(each["quoted"]) for each in words if each["language"] == language),
        kept_why=Text(**(overruled or {}).get("reason", {"zh": "", "en": ""})),
        differing=tuple(
            Differing.read(each) for each in (overruled or {}).get("contradictions", ())
        ),
    )


def pictured(session: Session, made: Explanation, language: Language) -> Mapping[str, str]:
    """The data that stand beside every picture of an explanation: its name and declared source.

    Args:
        session: any session.
        made: the explanation.
        language: of the page.
    """
    data = session.get_one(Dataset, made.dataset_id)
    called = datasets.called(data.name, data.name_en).in_(language)
    return {"name": called, "source": data.source, "period": data.period}


def untested(language: Language, own: Own) -> Explained:
    """The six questions with the filer's words alone, where no explanation was made from tests.

    Args:
        language: of the page.
        own: by question, what the filing says on it in group H.
    """
    return Explained(
        tuple(
            Answer(
                name,
                title.in_(language),
                own=tuple(own.get(name, ())),
                own_in_sight=_own_in_sight(own.get(name, ()), language),
            )
            for name, title in QUESTIONS.items()
        )
    )


def _own_in_sight(own: Sequence[Mapping[str, Any]], language: Language) -> int:
    """Of the filer's own answers to a question, how many stand in sight where nothing else does."""
    return folding.words_in_sight([in_language(each.get("said"), language) for each in own])


def plan(form: FormData, inputs: Sequence[str]) -> dict[str, Any]:
    """What the filer said about the columns, as the explanation's request.

    Args:
        form: names such as `c/income/plain/zh`.
        inputs: the model's input columns, in order.
    """
    asked, sealed = forms.text(form, "task"), _pair(form, "sealed")
    task = asked if asked in ("price", "score") else "decision"
    side = forms.text(form, "favourable_above")
    return {
        "task": task,
        "cut": None if task != "decision" else _fraction(forms.text(form, "cut")),
        **({"favourable_above": side != "no"} if side else {}),
        **_classes(form),
        **({"sealed": sealed} if sealed else {}),
        **({"unit": unit} if (unit := forms.text(form, "unit")) else {}),
        **({"people": _whole(people)} if (people := forms.text(form, "people")) else {}),
        "wording": _pairs(form, "w", WORDING),
        "declared": _pairs(form, "d", DECLARED),
        "columns": [_column(form, name) for name in inputs],
        "protected": _outsiders(
            forms.text(form, "protected"),
            {key: forms.text(form, f"protected_{key}") for key in GROUPS},
        ),
    }


def names(inputs: Sequence[str]) -> Names:
    """From the item of a reason to the names of its box in the form that `plan` reads.

    Args:
        inputs: the model's input columns, in order.
    """

    def of(item: str) -> Iterable[str]:
        part, *path = item.split(".")
        if part == "protected":
            key = next((each for each in GROUPS if f".{each}." in item), "")
            return (f"protected_{key}",) if key else (CALLED[part],)
        if part in PLACES and path:
            return ("/".join([PLACES[part], *path]),)
        if part == "columns" and path:
            at = path[0]
            known = at.isdecimal() and int(at) < len(inputs)
            name = inputs[int(at)] if known else _longest(inputs, item)
            column = f"c/{name}"
            path = path[1:] if known else item.removeprefix(f"columns.{name}.").split(".")
            if path[:1] in (["values"], ["phrases"]):  # one box for the words of all levels
                return f"{column}/{path[0]}", column
            if path[:1] == ["direction"]:
                path = [SIDES.get(path[-1], ""), path[1]]
            return "/".join([column, *path]), column
        return CALLED.get(part, item), f"c/{item}"

    return of


def _longest(inputs: Sequence[str], item: str) -> str:
    """The column that a reason names, whose name may have dots."""
    named = [name for name in inputs if item.startswith(f"columns.{name}.")]
    return max(named, key=len, default="")


def check(asked: Mapping[str, Any], held: Collection[str], *, settled: bool = False) -> None:
    """Find every gap now, rather than after the request has waited for a worker.

    Args:
        asked: what `plan` read from the form.
        held: the columns of the chosen data set.
        settled: whether a report that counts gives the cut.

    Raises:
        PlanHasGaps: with every gap and what to fill in.
    """
    reasons: list[Reason] = []
    try:
        keys.check(asked)
    except PlanHasGaps as gaps:
        reasons += gaps.reasons
    reasons += [
        Reason(each["name"], NOT_IN_DATA, OTHER_DATA)
        for each in asked["columns"]
        if each["name"] not in held
    ]
    if "unit" in asked and asked["unit"] not in held:
        reasons.append(Reason("unit", NOT_IN_DATA, OTHER_DATA))
    if asked["task"] == "decision" and asked["cut"] is None and not settled:
        reasons.append(Reason("cut", NO_CUT, Text("例如 0.5。", "For example 0.5.")))
    told = settled or "classes" in asked or "favourable_above" in asked
    if asked["task"] == "decision" and not told:
        reasons.append(Reason("favourable_above", NO_SIDE, CHOOSE_SIDE))
    reasons += too_long(asked)
    if reasons:
        raise PlanHasGaps(
            "还有几处没有填好，请逐项补上。您写的都还在下面。",
            "Some answers are missing; fill in each. What you typed is still below.",
            reasons=reasons,
        )


def _levels(lines: str) -> dict[str, dict[str, str]]:
    """Lines such as `西城 = 西城 = West Town`: a level as in the data, and what people call it.

    Of a line with room for both names and neither (`西城 = =`) nothing is asked: names are optional.
    """
    found = {}
    for line in lines.replace("＝", "=").splitlines():
        level, zh, en = ([part.strip() for part in line.split("=")] + ["", ""])[:3]
        if level and (zh or en or "=" not in line):
            found[level] = {"zh": zh, "en": en}
    return found


def _column(form: FormData, name: str) -> dict[str, Any]:
    place = f"c/{name}"
    actionable = forms.text(form, f"{place}/actionable")
    more, less = (
        _pair(form, f"{place}/more") or {"zh": "高", "en": "higher"},
        _pair(form, f"{place}/less") or {"zh": "低", "en": "lower"},
    )
    return {
        "name": name,
        "plain": _pair(form, f"{place}/plain"),
        "unit": _pair(form, f"{place}/unit"),
        "direction": {
            language: [more.get(language, ""), less.get(language, "")] for language in ("zh", "en")
        },
        "actionable": {"1": 1, "-1": -1, "any": "any"}.get(actionable, 0),
        "protected": bool(forms.text(form, f"{place}/protected")),
        **({"kind": kind} if (kind := forms.text(form, f"{place}/kind")) else {}),
        **{
            key: named
            for key in ("values", "phrases")
            if (named := _levels(forms.text(form, f"{place}/{key}")))
        },
        **{
            key: said
            for key in ("effect", "influence")
            if (said := forms.text(form, f"{place}/{key}"))
        },
    }


def _classes(form: FormData) -> dict[str, Any]:
    """The classes of a classifier that answers with words, and the one that is good for the person."""
    names = re.split(r"[,，、;；\n]", forms.text(form, "classes"))
    typed = [name.strip() for name in names if name.strip()]
    good = forms.text(form, "favourable_class")
    return ({"classes": typed} if typed else {}) | ({"favourable": good} if good else {})


def _outsiders(lines: str, groups: Mapping[str, str]) -> list[dict[str, Any]]:
    """Lines such as `race = 种族 = race` for what the model is not given, and `race / 1 = 黑人 = Black` for its groups.

    Of a group whose feature is not among them, the feature is asked for with it.
    """
    found: dict[str, dict[str, Any]] = {}
    for line in lines.replace("＝", "=").splitlines():
        name, zh, en = ([part.strip() for part in line.split("=")] + ["", ""])[:3]
        if name:
            found[name] = {"name": name, "plain": {"zh": zh or name, "en": en or name}}
    for key, said in groups.items():
        for group, called in _levels(said).items():
            name = max(
                (each for each in found if group.startswith(each + OF_FEATURE)),
                key=len,
                default="",
            )
            name = name or group.partition(OF_FEATURE)[0]
            own = found.setdefault(name, {"name": name})
            own.setdefault(key, {})[group.removeprefix(name + OF_FEATURE)] = called
    return list(found.values())


def _pairs(form: FormData, prefix: str, names: Sequence[str]) -> dict[str, dict[str, str]]:
    found = {name: _pair(form, f"{prefix}/{name}") for name in names}
    return {name: pair for name, pair in found.items() if pair}


def _pair(form: FormData, place: str) -> dict[str, str] | None:
    found = {language: forms.text(form, f"{place}/{language}") for language in ("zh", "en")}
    return {language: text for language, text in found.items() if text} or None


def _whole(typed: str) -> int | str:
    """A whole number, or what was typed in its place, which is then refused by name."""
    return int(typed) if typed.isdecimal() else typed


def _fraction(typed: str) -> float | None:
    try:
        return float(typed)
    except ValueError:
        return None


def _answer(
    question: Mapping[str, Any],
    language: Language,
    recorded: Recorded | None,
    own: tuple[Mapping[str, Any], ...],
    first: Sequence[Unquoted],
    sensitive: Sequence[str],
) -> Answer:
    said = [_said(each, language) for each in question["lead"]]
    if own:
        said = [each for each in said if each.kind != "missing"]
    beside = [
        Said(
            each.said.in_(language),
            each.limit.in_(language),
            "unquoted",
            each.finding,
            kept=each.finding is None,
        )
        for each in first
    ]
    said = [*beside, *said]
    if recorded is not None:
        older = recorded.older.in_(language)
        said = [replace(one, limit=older) if one.kind == "declared" else one for one in said]
        if recorded.said is not None:
            told = Said(recorded.said.in_(language), recorded.limit.in_(language), "recorded")
            said = [told, *said]
    lead, folded = folding.folded(said, sensitive)
    parts = (
        Part(
            in_language(part["title"], language),
            tuple(_said(each, language) for each in part["sentences"]),
        )
        for part in question["detail"]
    )
    return Answer(
        id=question["id"],
        title=in_language(question["title"], language),
        lead=lead,
        own=own,
        own_in_sight=0 if lead else _own_in_sight(own, language),
        detail=(*_under_headings(folded, language), *parts),
        items=tuple(question.get("items", ())),
    )


def _under_headings(folded: Sequence[Said], language: Language) -> list[Part]:
    """The first sentences that are not in sight; how many findings beyond a line is in the heading."""
    beyond = [each for each in folded if each.beyond]
    count = str(sum(each.findings for each in beyond))
    headed = (
        (MORE_BEYOND.format(n=Text(count, count)), beyond),
        (MORE, [each for each in folded if not each.beyond]),
    )
    return [Part(title.in_(language), tuple(said)) for title, said in headed if said]


def _said(sentence: Mapping[str, Any], language: Language) -> Said:
    evidence = sentence.get("evidence") or {}
    return Said(
        text=str(sentence[language]),
        limit=in_language(sentence.get("limit"), language),
        kind=str(sentence["kind"]),
        beyond=evidence if evidence.get("verdict") == Verdict.DISPARITY else None,
    )


def _marked(content: Mapping[str, Any], picture: Mapping[str, Any], language: Language) -> Marked:
    """A number's line, with what the text says of it drawn dashed."""
    words, plain = Wording.recorded(content.get("wording")), Text(**picture["plain"])
    people, price, unit = words.people, words.price, words.unit
    if content["task"] == "decision":
        axis = Text(
            f"每100{people.zh}里，{words.got.zh.removeprefix('的')}的比平均多几{people.zh}",
            f"of 100 {people.en}, how many more than on average would {words.got.en}",
        )
    else:
        axis = Text(
            f"{price.zh}比平均高多少{unit.zh}",
            f"by how many {unit.en} the {price.en} is above the mean",
        )
    caption = Text(
        f"横着是{plain.zh}，线的高低是{axis.zh}。虚线是文字里说的数值。",
        f"Along the bottom: {plain.en}. The height of the line: {axis.en}. "
        "The dashed line is the value that the text names.",
    )
    points = list(zip(picture["values"], picture["heights"], strict=True))
    given = picture.get("unit")
    drawn = charts.line(
        points,
        marks=picture["marks"],
        title=plain.in_(language),
        description=caption.in_(language),
        unit=in_language(given, language) if given else "",
    )
    told = tuple((numbers.value(value), f"{height:+.3g}") for value, height in points)
    return Marked(picture["plain"], drawn, caption, told, axis)


def shortened(label: str) -> str:
    """A label that fits a chart; the table beside it has the whole."""
    room = 22 if not label.isascii() else 44
    return label if len(label) <= room else f"{label[: room - 1]}…"


def _caption(content: Mapping[str, Any]) -> Text:
    """What the picture counts, about those whom the explanation is about."""
    words = Wording.recorded(content.get("wording"))
    person, people, price = words.person, words.people, words.price
    if content["task"] != "decision":
        return Text(
            f"把这项信息换成随便另外一{person.zh}的（常常和原来一样，或者差不多），"
            f"每100{people.zh}有几{people.zh}的{price.zh}变化超过1%",
            f"Out of 100 {people.en}, for how many the {price.en} moves by more than 1 % when this "
            f"is exchanged for any other {person.en}’s, which is often the same or near",
        )
    return Text(
        f"把这项信息换成随便另外一{person.zh}的（常常和原来一样，或者差不多），"
        f"每100{people.zh}有几{people.zh}的结果会变",
        f"Out of 100 {people.en}, for how many the result changes when this is exchanged for "
        f"any other {person.en}’s, which is often the same or near",
    )


def _picture(content: Mapping[str, Any], language: Language) -> Markup | None:
    """How many of 100 change when one thing (or group) is exchanged for another's."""
    # Before `k` was stated, the interval of a price was one of money.
    counted = content["task"] == "decision" or "k" in content["plan"]
    bars = [
        charts.Bar(
            label=shortened(named(row["plain"], language)),
            value=100 * row["changed"] / row["n"],
            low=row["low"] if counted else None,
            high=row["high"] if counted else None,
            shown=f"{100 * row['changed'] / row['n']:.0f}",
        )
        for row in content["importance"][:CHART_ROWS]
        if row["n"]
    ]
    if not bars:
        return None
    return charts.bars(
        bars,
        title=_caption(content).in_(language),
        description="; ".join(f"{bar.label} {bar.shown}" for bar in bars),
        maximum=max(10.0, *(bar.high or bar.value for bar in bars)) * 1.1,
        unit="/100",
    )
