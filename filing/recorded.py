"""What the register itself says of a filing: never typed, told from editions, journal and calendar.

These are the rows of the list's last group. What the register does not look at is told as that, so
that nobody takes silence for a finding.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from filing.catalogue import History, PublicEntry
from filing.forms import schema
from filing.lifecycle import STATUS_NAMES
from filing.wording import own_words
from registry import legal_day
from registry.language import Text

GROUP = "J"


@dataclass(frozen=True, slots=True)
class Row:
    """One thing that the register says of a filing.

    Args:
        code: its place in the list.
        id: what programs know it as.
        name: what it is called.
        said: what is said.
    """

    code: str
    id: str
    name: Text
    said: Text

    def as_json(self) -> dict[str, Any]:
        """The row as a JSON object."""
        return {
            "code": self.code,
            "id": self.id,
            "name": self.name.as_json(),
            **self.said.as_json(),
        }


def rows(entry: PublicEntry, history: History) -> list[Row]:
    """Everything that the register says of a filing, in the order of the list.

    Args:
        entry: the edition that is read, with its standing.
        history: of the filing.
    """
    return [
        Row(f"{GROUP}{number}", name, called, said(entry, history))
        for number, (name, (called, said)) in enumerate(ROWS.items(), 1)
    ]


def _alike(said: str) -> Text:
    return Text(said, said)


def _number(entry: PublicEntry, _history: History) -> Text:
    return _alike(entry.number)


def _address(entry: PublicEntry, _history: History) -> Text:
    return _alike(f"/f/{entry.content['slug']}")


def _form(entry: PublicEntry, _history: History) -> Text:
    form = schema(entry.content["schema"]["filing"])
    return Text(
        f"第{form.version}版（{form.date}起）", f"version {form.version} (from {form.date})"
    )


def _state(entry: PublicEntry, _history: History) -> Text:
    name, day = STATUS_NAMES[entry.standing.status], legal_day.of(entry.standing.since)
    return Text(f"{name.zh}，{day}起", f"{name.en}, since {day}")


def _clocks(_entry: PublicEntry, _history: History) -> Text:
    return Text("这里没有按期限计时。", "No deadlines are counted here.")


def _chain(_entry: PublicEntry, history: History) -> Text:
    turns = list(reversed(history.turns))
    return Text(
        "；".join(
            f"第{each.edition}次，{legal_day.of(each.published)}，sha256:{each.digest}"
            for each in turns
        ),
        "; ".join(
            f"edition {each.edition}, {legal_day.of(each.published)}, sha256:{each.digest}"
            for each in turns
        ),
    )


def _notes(_entry: PublicEntry, history: History) -> Text:
    noted = [(each.edition, own_words(each.note)) for each in reversed(history.turns) if each.note]
    if not noted:
        return Text("没有变更说明。", "There is no note of a change.")
    return Text(
        "；".join(f"第{number}次：{note.zh}" for number, note in noted),
        "; ".join(f"edition {number}: {note.en}" for number, note in noted),
    )


def _log(_entry: PublicEntry, history: History) -> Text:
    steps = [
        (legal_day.of(each.at), STATUS_NAMES[each.status]) for each in reversed(history.happenings)
    ]
    return Text(
        "；".join(f"{day}{name.zh}" for day, name in steps),
        "; ".join(f"{day} {name.en}" for day, name in steps),
    )


def _completeness(entry: PublicEntry, _history: History) -> Text:
    answers = entry.content["answers"]
    withheld = sum("withheld" in each or bool(each.get("withheld_parts")) for each in answers)
    restricted = sum(bool(each.get("restricted")) for each in answers)
    apart = sum("not_applicable" in each for each in answers)
    return Text(
        f"一共{len(answers)}项有内容：写明不适用的{apart}项，只给主管部门和受托测试机构看的{restricted}项，"
        f"全部或者部分申请不公开的{withheld}项。",
        f"{len(answers)} fields are filled in: {apart} say that they do not apply, {restricted} are "
        f"for the authority and the assigned tester alone, {withheld} are withheld in whole or part.",
    )


def _consistency(entry: PublicEntry, _history: History) -> Text:
    found = len(entry.content.get("contradictions") or ())
    return Text(
        f"写的和测到的不一样、写明了理由的{found}处；材料之间没有另外核对。",
        f"Declared otherwise than measured, with a reason: {found}; the materials were not otherwise "
        "held against each other.",
    )


def _links(_entry: PublicEntry, _history: History) -> Text:
    return Text(
        "材料里的网址没有核对能不能打开。", "Whether addresses in it open was not looked at."
    )


def _freshness(entry: PublicEntry, _history: History) -> Text:
    return entry.standing.evaluations.all.said


def _open(entry: PublicEntry, _history: History) -> Text:
    waiting = sum(each.received - each.closed for each in entry.concerns)
    return Text(f"{waiting}件，尚未核实", f"{waiting}, not verified")


def _confirmed(_entry: PublicEntry, history: History) -> Text:
    day = legal_day.of(history.turns[0].published)
    return Text(f"最近一次公示：{day}", f"with the newest publication: {day}")


Made = Callable[[PublicEntry, History], Text]
ROWS: Mapping[str, tuple[Text, Made]] = {
    "number": (Text("备案编号", "Filing number"), _number),
    "address": (Text("固定地址", "Permanent address"), _address),
    "form": (Text("备案表版本", "Version of the form"), _form),
    "state": (Text("状态和起始日", "State, and since when"), _state),
    "clocks": (Text("期限", "Clocks"), _clocks),
    "chain": (Text("各次公示和校验值", "Editions and their digests"), _chain),
    "notes": (Text("变更说明", "Notes of changes"), _notes),
    "log": (Text("经过", "Log"), _log),
    "completeness": (Text("填写情况", "What is filled in"), _completeness),
    "consistency": (Text("前后一致", "Consistency"), _consistency),
    "links": (Text("网址", "Links"), _links),
    "freshness": (Text("评估时效", "Freshness of the evaluation"), _freshness),
    "open": (
        Text("没有办结的申诉、投诉、举报", "Appeals, complaints and reports still open"),
        _open,
    ),
    "confirmed": (Text("备案主体最近一次确认", "Last confirmed by the filer"), _confirmed),
}
"""In the order of the list: what programs know each as, what it is called, and what it is made from."""
