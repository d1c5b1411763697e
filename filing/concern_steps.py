"""The procedure of a concern: where it can stand, who takes which step, and what a step needs."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from registry.errors import Conflict
from registry.language import Text


class Status(StrEnum):
    """Where a concern stands."""

    HELD = "held"
    RECEIVED = "received"
    ACCEPTED = "accepted"
    PUT = "put"
    REPLIED = "replied"
    CLOSED = "closed"
    SET_ASIDE = "set_aside"


STATUS_NAMES: Mapping[Status, Text] = {
    Status.HELD: Text("已收到，等待初步查看", "received, to be looked at first"),
    Status.RECEIVED: Text("已收到，尚未核实", "received, not yet verified"),
    Status.ACCEPTED: Text("正在处理，尚未核实", "being dealt with, not yet verified"),
    Status.PUT: Text("已向备案主体询问，尚未核实", "put to the filer, not yet verified"),
    Status.REPLIED: Text("备案主体已答复，尚未核实", "answered by the filer, not yet verified"),
    Status.CLOSED: Text("已结案", "closed"),
    Status.SET_ASIDE: Text("没有受理", "set aside"),
}
OPEN = frozenset({Status.RECEIVED, Status.ACCEPTED, Status.PUT, Status.REPLIED})
ENDS = frozenset({Status.CLOSED, Status.SET_ASIDE})
HIDDEN_FROM_ALL = frozenset({Status.HELD, Status.SET_ASIDE})
"""Where nothing counts and nobody but its sender and whoever moderates sees it."""


class Side(StrEnum):
    """In what part somebody meets a concern."""

    SENDER = "sender"
    HANDLER = "handler"
    FILER = "filer"
    MODERATOR = "moderator"


class Action(StrEnum):
    """What is done with a concern."""

    ACKNOWLEDGE = "acknowledge"
    PUT = "put"
    REPLY = "reply"
    CLOSE = "close"
    RELEASE = "release"
    SET_ASIDE = "set_aside"
    ADD = "add"


ACTION_NAMES: Mapping[Action, Text] = {
    Action.ACKNOWLEDGE: Text("受理", "take it on"),
    Action.PUT: Text("用自己的话向备案主体询问", "ask the filer in your own words"),
    Action.REPLY: Text("答复询问", "reply"),
    Action.CLOSE: Text("结案并答复", "close it with an answer"),
    Action.RELEASE: Text("放行", "let it through"),
    Action.SET_ASIDE: Text("不予受理", "set it aside"),
    Action.ADD: Text("补充", "add to it"),
}


class Outcome(StrEnum):
    """What came of it."""

    UPHELD = "upheld"
    NOT_UPHELD = "not_upheld"
    PASSED_ON = "passed_on"


OUTCOME_NAMES: Mapping[Outcome, Text] = {
    Outcome.UPHELD: Text("成立", "upheld"),
    Outcome.NOT_UPHELD: Text("不成立", "not upheld"),
    Outcome.PASSED_ON: Text("不归本单位处理，已告知去处", "for another body, which was named"),
}


class Ground(StrEnum):
    """Why something is set aside."""

    ADVERTISING = "advertising"
    REPEATED = "repeated"
    UNRELATED = "unrelated"
    UNREADABLE = "unreadable"


GROUND_NAMES: Mapping[Ground, Text] = {
    Ground.ADVERTISING: Text("是广告", "it is advertising"),
    Ground.REPEATED: Text("和已经收到的相同", "it repeats one that was received"),
    Ground.UNRELATED: Text("和这个算法无关", "it is not about this algorithm"),
    Ground.UNREADABLE: Text("看不出说的是什么事", "it can't be told what it is about"),
}


@dataclass(frozen=True, slots=True)
class Step:
    """One row of the procedure.

    Args:
        action: what is done.
        side: who does it.
        sources: from where.
        target: where it leads; None where it stays.
        to: who reads what is said with it; None where nothing is said.
        watch_only: for an authority or industry body, not for a filer that handles its own.
    """

    action: Action
    side: Side
    sources: frozenset[Status]
    target: Status | None
    to: Side | None = None
    watch_only: bool = False


_S = Status
STEPS = (
    Step(Action.ACKNOWLEDGE, Side.HANDLER, frozenset({_S.RECEIVED}), _S.ACCEPTED),
    Step(Action.PUT, Side.HANDLER, frozenset({_S.RECEIVED, _S.ACCEPTED}), _S.PUT, Side.FILER, watch_only=True),
    Step(Action.REPLY, Side.FILER, frozenset({_S.PUT}), _S.REPLIED, Side.HANDLER),
    Step(Action.CLOSE, Side.HANDLER, OPEN, _S.CLOSED, Side.SENDER),
    Step(Action.SET_ASIDE, Side.HANDLER, frozenset({_S.RECEIVED, _S.ACCEPTED}), _S.SET_ASIDE, Side.SENDER, watch_only=True),
    Step(Action.RELEASE, Side.MODERATOR, frozenset({_S.HELD}), _S.RECEIVED),
    Step(Action.SET_ASIDE, Side.MODERATOR, frozenset({_S.HELD}), _S.SET_ASIDE, Side.SENDER),
    Step(Action.ADD, Side.SENDER, OPEN | {_S.HELD}, None, Side.HANDLER),
)  # fmt: skip


class StepRefused(Conflict):
    """A concern is not at a point where this step can be taken: read it again and decide."""


def steps_from(status: Status, side: Side, *, by_filer: bool, gone: bool = False) -> list[Step]:
    """The steps that somebody may take.

    Args:
        status: where the concern stands.
        side: in what part they meet it.
        by_filer: whether the filer is the one who deals with it.
        gone: whether what was written is deleted: then it can only be ended.
    """
    return [
        each
        for each in STEPS
        if each.side is side
        and status in each.sources
        and not (each.watch_only and by_filer)
        and not (gone and each.target not in ENDS)
    ]


def step(
    status: Status, action: Action, side: Side, *, by_filer: bool, gone: bool = False
) -> Step:
    """The row of the table for an action.

    Args:
        status: where the concern stands.
        action: what is wanted.
        side: who wants it.
        by_filer: whether the filer is the one who deals with it.
        gone: whether what was written is deleted.

    Raises:
        StepRefused: when there is no such step from here for this side.
    """
    possible = steps_from(status, side, by_filer=by_filer, gone=gone)
    for each in possible:
        if each.action is action:
            return each
    can = _joined(ACTION_NAMES[each.action] for each in possible)
    raise StepRefused(
        f"现在是“{STATUS_NAMES[status].zh}”，不能“{ACTION_NAMES[action].zh}”。可以做的：{can.zh}。",
        f"It is “{STATUS_NAMES[status].en}”; one cannot {ACTION_NAMES[action].en}. "
        f"Possible: {can.en}.",
    )


def _joined(names: Iterable[Text]) -> Text:
    told = list(names)
    return Text(
        "、".join(each.zh for each in told) or "没有",
        ", ".join(each.en for each in told) or "nothing",
    )
