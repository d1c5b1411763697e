"""Three routes that are not one: an appeal, a complaint, a report of a breach.

An appeal (申诉) is about one's own result and goes to the filer, with the days that the filing
promises. A complaint (投诉) is about one's rights and goes to the filer only where its sender agrees,
otherwise to the authority or an industry body. A report (举报) of a breach goes there alone: the
filer learns neither its words nor that there is one, until the authority asks in its own words.

Everything here is told from its arguments. The days that are not the filing's own are this
platform's rule and stand under no article.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from typing import Any

from filing.forms import told_by
from filing.meanings import Meaning
from registry.language import Text
from registry.law import OURS, RULES, City


class Route(StrEnum):
    """Which of the three it is."""

    APPEAL = "appeal"
    COMPLAINT = "complaint"
    REPORT = "report"


ROUTE_NAMES: Mapping[Route, Text] = {
    Route.APPEAL: Text("申诉", "appeal"),
    Route.COMPLAINT: Text("投诉", "complaint"),
    Route.REPORT: Text("举报", "report of a breach"),
}
ROUTES_TOLD: Mapping[Route, Text] = {
    Route.APPEAL: Text(
        "我的结果不对，请重新看。交给备案主体，由它答复。",
        "My result is wrong; look at it again. It goes to the filer, who answers.",
    ),
    Route.COMPLAINT: Text(
        "我的权益受了影响。您同意才交给备案主体；不同意就交给主管部门或行业组织。",
        "My rights were affected. It goes to the filer only if you agree, otherwise to the "
        "authority or an industry body.",
    ),
    Route.REPORT: Text(
        "有人违反规定。只交给主管部门或行业组织，备案主体看不到内容；它们询问或结案以前，也看不到有没有人举报。",
        "A rule was broken. It goes to the authority or an industry body alone; the filer never "
        "sees its words, nor that there is one before they ask the filer or close it.",
    ),
}
ROUTES_READ: Mapping[Route, Text] = {
    Route.APPEAL: Text(
        "谁会读到：备案主体读到您写的每一句话和联系方式。",
        "Who reads it: the filer reads every word of yours, and where to reach you.",
    ),
    Route.COMPLAINT: Text(
        "谁会读到：您勾选同意，备案主体就读到您写的每一句话和联系方式；不勾选，只有主管部门或行业组织读到。",
        "Who reads it: if you tick that you agree, the filer reads every word of yours, and where to "
        "reach you; if not, the authority or industry body alone does.",
    ),
    Route.REPORT: Text(
        "谁会读到：只有主管部门或行业组织读到。它们可以用自己的话询问备案主体；照抄您写的号码、联系方式或者原话的询问，发不出去。",
        "Who reads it: the authority or industry body alone. It may ask the filer in its own words; "
        "a question that copies your numbers, your address or a run of your words cannot be sent.",
    ),
}
LOOKED_AT_FIRST = Text(
    "同一个网络来的很多时，主管部门或行业组织先看一遍，也会读到交给备案主体的。",
    "Where much comes from one network, the authority or an industry body looks at it first, and "
    "so reads what is for the filer, too.",
)
DAYS_OF_HELD = Text(
    "如果先由主管部门或行业组织看一遍，期限从交到备案主体那天算起，查询进度时会写明。",
    "If the authority or an industry body looks at it first, the days run from when it reaches the "
    "filer, and following the case tells the new day.",
)

ACKNOWLEDGED_WITHIN = 7
ANSWERED_WITHIN = 30
REPLY_WITHIN = 10
"""Calendar days: to say that it is being dealt with, to answer, and for a filer to reply."""
KEPT_AFTER_CLOSING = 180
KEPT_AT_MOST = 730
"""Calendar days after which what a person wrote is deleted."""


@dataclass(frozen=True, slots=True)
class Situation:
    """What can have happened, in the words of whom it happened to.

    Args:
        id: how it is kept.
        name: what happened.
        route: the route that usually fits; whoever sends it chooses.
    """

    id: str
    name: Text
    route: Route


SITUATIONS = (
    Situation("result", Text("对我作出的结果不对", "The result about me is wrong"), Route.APPEAL),
    Situation(
        "no_person",
        Text("找不到人重新看我的结果", "I find no person who looks at my result again"),
        Route.APPEAL,
    ),
    Situation(
        "information",
        Text("用了我的信息，我没有同意，或者信息是错的", "It used facts about me without my consent, or wrong ones"),
        Route.COMPLAINT,
    ),
    Situation(
        "price",
        Text("同样的东西，给我的价格更高", "I was asked a higher price for the same thing"),
        Route.COMPLAINT,
    ),
    Situation("choice", Text("关不掉，也换不了", "It can't be switched off or changed"), Route.COMPLAINT),
    Situation(
        "unequal",
        Text("因为性别、民族、年龄等受到不同对待", "People are treated differently by sex, ethnicity, age or the like"),
        Route.REPORT,
    ),
    Situation(
        "untrue",
        Text("备案或者说明和实际不一样", "The filing or its explanation is not what is done"),
        Route.REPORT,
    ),
    Situation("unsafe", Text("危害安全或健康", "It endangers safety or health"), Route.REPORT),
    Situation("other", Text("其他情况", "Something else"), Route.COMPLAINT),
)  # fmt: skip
SITUATION_NAMES: Mapping[str, Text] = {each.id: each.name for each in SITUATIONS}


def to_filer(route: Route, *, consent: bool) -> bool:
    """Whether the filer is the one who deals with it.

    Args:
        route: which of the three.
        consent: whether the sender of a complaint agrees that the filer gets it.
    """
    return route is Route.APPEAL or (route is Route.COMPLAINT and consent)


def promised_days(content: Mapping[str, Any]) -> int | None:
    """The days within which the filing promises to answer an appeal.

    Args:
        content: an edition's JSON object.

    Returns:
        None where the edition does not say.
    """
    days = told_by(content).value(Meaning.APPEAL_DAYS)
    return int(days) if days else None


@dataclass(frozen=True, slots=True)
class Clock:
    """By which legal days something is due.

    Args:
        acknowledge_by: the last day to say that it is being dealt with.
        answer_by: the last day to answer; None where nobody promised one.
        delete_on: the day on which what was written is deleted, unless an earlier one is set.
        promised: the days that the filing promises; None where they are ours, or there are none.
    """

    acknowledge_by: date
    answer_by: date | None
    delete_on: date
    promised: int | None


def clock(route: Route, received: date, promised: int | None) -> Clock:
    """The days that run from a receipt.

    Args:
        route: which of the three.
        received: the legal day of the receipt; the days count from the one after.
        promised: the days in the filing.
    """
    days = promised if route is Route.APPEAL else ANSWERED_WITHIN
    return Clock(
        acknowledge_by=received + timedelta(days=ACKNOWLEDGED_WITHIN),
        answer_by=received + timedelta(days=days) if days else None,
        delete_on=received + timedelta(days=KEPT_AT_MOST),
        promised=promised if route is Route.APPEAL else None,
    )


def answered_by(
    route: Route, answer_by: date | None, promised: int | None, *, reached: date | None = None
) -> Text:
    """When an answer is due, and who set the day.

    Args:
        route: which of the three.
        answer_by: the last day.
        promised: the days in the filing.
        reached: the legal day on which it reached the filer, where another read it before.
    """
    if answer_by is None:
        due = Text("备案没有写答复期限。", "The filing names no day for an answer.")
    elif route is Route.APPEAL and promised is not None:
        due = Text(
            f"备案写明收到后{promised}天内答复，最迟{answer_by}。",
            f"The filing promises an answer within {promised} days of receipt, by {answer_by}.",
        )
    else:
        due = Text(
            f"最迟{answer_by}答复（{OURS.zh}）。", f"An answer is due by {answer_by} ({OURS.en})."
        )
    if reached is None:
        return due
    return Text(
        f"{due.zh}这件{reached}交到备案主体，期限从这天算起。",
        f"{due.en} It reached the filer on {reached}, and the days run from then.",
    )


def deleted_after_closing(closed: date, delete_on: date) -> date:
    """The day on which what was written is deleted, once it is closed.

    Args:
        closed: the legal day of closing.
        delete_on: the day set so far.
    """
    return min(delete_on, closed + timedelta(days=KEPT_AFTER_CLOSING))


def quarter(day: date) -> str:
    """The quarter of a legal day, such as `2026Q4`."""
    return f"{day.year}Q{(day.month + 2) // 3}"


def ground(route: Route, city: str) -> Text:
    """On what a route rests: an article where there is one, otherwise that it is ours.

    Args:
        route: which of the three.
        city: of the filing (part city of field A3).
    """
    if route is Route.REPORT and city == City.SHENZHEN:
        return RULES["SZ70"].shown
    if route is Route.APPEAL:
        return Text(
            "依据是备案主体在备案里的承诺。", "It rests on what the filer promises in the filing."
        )
    if city == City.SHANGHAI and route is Route.REPORT:
        return Text(
            "上海的条例没有举报这一条，这是本平台的服务。",
            "Shanghai's regulation has no article on reports; this is this platform's own service.",
        )
    return Text("这是本平台的服务。", "This is this platform's own service.")


def deletion(delete_on: date, *, closed: bool) -> Text:
    """When what a person wrote is deleted; before it is closed that is no more than a rule.

    Args:
        delete_on: the day set so far: the last possible one, until it is closed.
        closed: whether it is.
    """
    day = delete_on.isoformat()
    if closed:
        return Text(f"在{day}删除。", f"It is deleted on {day}.")
    return Text(
        f"结案{KEPT_AFTER_CLOSING}天后删除，最迟在{day}删除。",
        f"It is deleted {KEPT_AFTER_CLOSING} days after closing, on {day} at the latest.",
    )


def overdue(answer_by: date | None, today: date, *, by_filer: bool) -> Text | None:
    """What a sender can do where the last day to answer is over; None where it is not.

    Args:
        answer_by: the last day; None where nobody promised one.
        today: the legal day.
        by_filer: whether the filer deals with it.
    """
    if answer_by is None or today <= answer_by:
        return None
    over = Text(
        "答复的期限已经过了，还没有结案。", "The last day to answer is over and the case is open."
    )
    if not by_filer:
        return over
    return Text(
        f"{over.zh}您可以就这份备案再提交投诉或举报，交给主管部门或行业组织。",
        f"{over.en} You can send a complaint or a report about this filing to the authority or an "
        "industry body.",
    )


def purpose(delete_on: date) -> Text:
    """What becomes of what a person writes.

    Args:
        delete_on: the day on which it is deleted at the latest.
    """
    rule = deletion(delete_on, closed=False)
    return Text(
        f"联系方式可以不填。您写的内容、附件和联系方式只用来处理这件事，只给处理这件事的单位看，{rule.zh}",
        "You need not leave an address. What you write and attach is used for this matter alone, and "
        f"is read by whoever deals with it. {rule.en}",
    )
