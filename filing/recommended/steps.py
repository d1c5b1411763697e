"""The procedure of an application: where it can stand, who takes which step, and what a step needs."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from registry.errors import Conflict, Refused
from registry.language import Text
from registry.organisations import Role


class Status(StrEnum):
    """Where an application, and the entry that came of it, stands."""

    SUBMITTED = "submitted"
    ENTRY_PROPOSED = "entry_proposed"
    REFUSAL_PROPOSED = "refusal_proposed"
    ENTERED = "entered"
    REMOVAL_PROPOSED = "removal_proposed"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"
    REMOVED = "removed"
    LEFT = "left"
    LAPSED = "lapsed"
    RENEWED = "renewed"


STATUS_NAMES: Mapping[Status, Text] = {
    Status.SUBMITTED: Text("已申请，等待决定", "applied for, not yet decided"),
    Status.ENTRY_PROPOSED: Text(
        "有人提议列入，等另一人决定", "one proposes to enter it; another decides"
    ),
    Status.REFUSAL_PROPOSED: Text(
        "有人提议不列入，等另一人决定", "one proposes to refuse it; another decides"
    ),
    Status.ENTERED: Text("已列入", "entered"),
    Status.REMOVAL_PROPOSED: Text(
        "有人提议移出，等另一人决定", "one proposes to remove it; another decides"
    ),
    Status.REFUSED: Text("不列入", "refused"),
    Status.WITHDRAWN: Text("申请人撤回", "withdrawn by its applicant"),
    Status.REMOVED: Text("已移出", "removed"),
    Status.LEFT: Text("备案主体退出", "the filer left"),
    Status.LAPSED: Text("已自动失效", "lapsed by itself"),
    Status.RENEWED: Text("由新的决定代替", "replaced by a new decision"),
}
UNDER_WAY = frozenset({Status.SUBMITTED, Status.ENTRY_PROPOSED, Status.REFUSAL_PROPOSED})
STANDING = frozenset({Status.ENTERED, Status.REMOVAL_PROPOSED})
"""Where there is an entry, unless it has lapsed."""
EVER_ENTERED = STANDING | {Status.REMOVED, Status.LEFT, Status.LAPSED, Status.RENEWED}
PROPOSED: Mapping[Status, Status] = {
    Status.ENTRY_PROPOSED: Status.SUBMITTED,
    Status.REFUSAL_PROPOSED: Status.SUBMITTED,
    Status.REMOVAL_PROPOSED: Status.ENTERED,
}
"""Where a proposal waits for the second person, and where it stands for everybody else meanwhile."""


def seen_outside(status: Status) -> Status:
    """The status as the applicant and the public see it: nobody outside learns of a proposal."""
    return PROPOSED.get(status, status)


class Side(StrEnum):
    """Who takes a step."""

    FILER = "filer"
    BODY = "body"


SIDE_NAMES: Mapping[Side, Text] = {
    Side.FILER: Text("申请人", "the applicant"),
    Side.BODY: Text("行业组织", "the industry body"),
}
ROLES: Mapping[Side, Role] = {Side.FILER: Role.FILER, Side.BODY: Role.ADMINISTRATOR}
"""In which role each side takes its steps."""


class Action(StrEnum):
    """What is done with an application."""

    PROPOSE_ENTRY = "propose_entry"
    PROPOSE_REFUSAL = "propose_refusal"
    PROPOSE_REMOVAL = "propose_removal"
    CONFIRM = "confirm"
    RETURN = "return"
    WITHDRAW = "withdraw"
    REPLY = "reply"
    LEAVE = "leave"


ACTION_NAMES: Mapping[Action, Text] = {
    Action.PROPOSE_ENTRY: Text("提议列入", "propose to enter it"),
    Action.PROPOSE_REFUSAL: Text("提议不列入", "propose to refuse it"),
    Action.PROPOSE_REMOVAL: Text("提议移出", "propose to remove it"),
    Action.CONFIRM: Text("同意提议，作出决定", "agree and decide"),
    Action.RETURN: Text("不同意提议", "disagree"),
    Action.WITHDRAW: Text("撤回申请", "withdraw the application"),
    Action.REPLY: Text("答复，请重新决定", "reply and ask for another decision"),
    Action.LEAVE: Text("退出目录", "leave the catalogue"),
}


@dataclass(frozen=True, slots=True)
class Step:
    """One row of the procedure.

    Args:
        action: what is done.
        side: who does it.
        source, target: from where, to where.
        words: whether it needs reasons or a reply.
        ties: whether whoever takes it states their ties.
        term: whether it needs the last day of the entry.
        second: whether another person than the one who proposed takes it.
    """

    action: Action
    side: Side
    source: Status
    target: Status
    words: bool = False
    ties: bool = False
    term: bool = False
    second: bool = False


TIES_PUBLIC = Text(
    "您与备案主体的利害关系，没有就写没有（决定以后公开）",
    "Your ties to the filer, or that there are none (public once decided)",
)
TIES_TOLD = Text(
    "您与备案主体的利害关系，没有就写没有（不公开；决定不列入以后，申请人会读到）",
    "Your ties to the filer, or that there are none (not public; the applicant reads it once refused)",
)


def ties_asked(step: Step) -> Text:
    """How whoever decides is asked for their ties: with who will read what they say.

    Args:
        step: that asks.
    """
    refusing = step.target in (Status.REFUSAL_PROPOSED, Status.REFUSED)
    return TIES_TOLD if refusing else TIES_PUBLIC


_A, _S, _BODY, _FILER = Action, Status, Side.BODY, Side.FILER
STEPS = (
    Step(
        _A.PROPOSE_ENTRY, _BODY, _S.SUBMITTED, _S.ENTRY_PROPOSED, words=True, ties=True, term=True
    ),
    Step(_A.PROPOSE_REFUSAL, _BODY, _S.SUBMITTED, _S.REFUSAL_PROPOSED, words=True, ties=True),
    Step(_A.PROPOSE_REMOVAL, _BODY, _S.ENTERED, _S.REMOVAL_PROPOSED, words=True, ties=True),
    Step(_A.CONFIRM, _BODY, _S.ENTRY_PROPOSED, _S.ENTERED, ties=True, second=True),
    Step(_A.CONFIRM, _BODY, _S.REFUSAL_PROPOSED, _S.REFUSED, ties=True, second=True),
    Step(_A.CONFIRM, _BODY, _S.REMOVAL_PROPOSED, _S.REMOVED, ties=True, second=True),
    Step(_A.RETURN, _BODY, _S.ENTRY_PROPOSED, _S.SUBMITTED),
    Step(_A.RETURN, _BODY, _S.REFUSAL_PROPOSED, _S.SUBMITTED),
    Step(_A.RETURN, _BODY, _S.REMOVAL_PROPOSED, _S.ENTERED),
    Step(_A.WITHDRAW, _FILER, _S.SUBMITTED, _S.WITHDRAWN),
    Step(_A.WITHDRAW, _FILER, _S.ENTRY_PROPOSED, _S.WITHDRAWN),
    Step(_A.WITHDRAW, _FILER, _S.REFUSAL_PROPOSED, _S.WITHDRAWN),
    Step(_A.REPLY, _FILER, _S.REFUSED, _S.SUBMITTED, words=True),
    Step(_A.LEAVE, _FILER, _S.ENTERED, _S.LEFT, words=True),
    Step(_A.LEAVE, _FILER, _S.REMOVAL_PROPOSED, _S.LEFT, words=True),
)


class NotYourSide(Refused):
    """The step is the other side's: leave it to them."""


class StepRefused(Conflict):
    """The application is not at a point where this step can be taken: read it again and decide."""


def steps_from(status: Status, side: Side) -> list[Step]:
    """The steps that somebody may take.

    Args:
        status: where the application stands.
        side: who asks.
    """
    return [each for each in STEPS if each.side is side and each.source is status]


def step(status: Status, action: Action, side: Side) -> Step:
    """The row of the table for an action.

    Args:
        status: where the application stands.
        action: what is wanted.
        side: who wants it.

    Raises:
        NotYourSide: when the step is the other side's, wherever the application stands.
        StepRefused: when there is no such step from here for this side.
    """
    if all(each.side is not side for each in STEPS if each.action is action):
        other = next(SIDE_NAMES[each] for each in Side if each is not side)
        raise NotYourSide(
            f"“{ACTION_NAMES[action].zh}”由{other.zh}来做。",
            f"Only {other.en} may {ACTION_NAMES[action].en}.",
        )
    possible = steps_from(status, side)
    for each in possible:
        if each.action is action:
            return each
    shown = status if side is Side.BODY else seen_outside(status)
    can = _joined(ACTION_NAMES[each.action] for each in possible)
    raise StepRefused(
        f"现在是“{STATUS_NAMES[shown].zh}”，不能“{ACTION_NAMES[action].zh}”。可以做的：{can.zh}。",
        f"It is “{STATUS_NAMES[shown].en}”; one cannot {ACTION_NAMES[action].en}. "
        f"Possible: {can.en}.",
    )


def _joined(names: Iterable[Text]) -> Text:
    told = list(names)
    return Text(
        "、".join(each.zh for each in told) or "没有",
        ", ".join(each.en for each in told) or "nothing",
    )
