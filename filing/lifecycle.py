"""How a filing moves from draft to the public catalogue and out of it again.

`STEPS` is the whole procedure: every path a filing can take is a row of that table. A change to a
published filing goes the same way round and ends in a new edition; meanwhile the public reads the
last edition, and sees "change pending" once the change is submitted (`filing.standing`).
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from registry.errors import Conflict, Refused
from registry.language import Text
from registry.organisations import ROLE_NAMES, Role


class Status(StrEnum):
    """Where a filing stands; the one list."""

    DRAFT = "draft"
    SELF_CHECKED = "self_checked"
    SUBMITTED = "submitted"
    RETURNED = "returned"
    ACCEPTED = "accepted"
    DECLINED = "declined"
    FILED = "filed"
    PUBLISHED = "published"
    CHANGE_PENDING = "change_pending"
    WITHDRAWN = "withdrawn"
    CANCELLED = "cancelled"
    REVOKED = "revoked"
    SUPERSEDED = "superseded"


STATUS_NAMES: dict[Status, Text] = {
    Status.DRAFT: Text("草稿", "draft"),
    Status.SELF_CHECKED: Text("已自查", "self-checked"),
    Status.SUBMITTED: Text("已提交", "submitted"),
    Status.RETURNED: Text("待补正", "returned for correction"),
    Status.ACCEPTED: Text("已受理", "accepted for review"),
    Status.DECLINED: Text("不予备案", "declined"),
    Status.FILED: Text("已备案", "filed"),
    Status.PUBLISHED: Text("已公示", "published"),
    Status.CHANGE_PENDING: Text("备案变更中", "change pending"),
    Status.WITHDRAWN: Text("已撤回", "withdrawn"),
    Status.CANCELLED: Text("已注销", "cancelled"),
    Status.REVOKED: Text("已撤销", "revoked"),
    Status.SUPERSEDED: Text("已被新版本取代", "superseded by a newer version"),
}

EXITS = frozenset(
    {
        Status.DECLINED,
        Status.WITHDRAWN,
        Status.CANCELLED,
        Status.REVOKED,
        Status.SUPERSEDED,
    }
)
"""Where a filing has ended, readable; the authority alone leads it on, where it ended it by mistake."""

EDITABLE = frozenset({Status.DRAFT, Status.SELF_CHECKED, Status.RETURNED, Status.CHANGE_PENDING})
"""Where the filer may change the dossier; a change takes a self-checked filing back to draft."""


WITH_THE_FILER = frozenset({Status.PUBLISHED, Status.CHANGE_PENDING})
"""Where a published filing waits for nobody, unless a report of its was withdrawn."""

OVER = frozenset({Status.CANCELLED, Status.REVOKED})
"""Where what was published is in force no more, and nothing took its place."""

CLOSED = OVER | {Status.DECLINED}
"""Where a filing of a model counts no more beside its others."""

PUBLIC = (
    Status.PUBLISHED, Status.CHANGE_PENDING, Status.CANCELLED, Status.REVOKED, Status.SUPERSEDED,
)  # fmt: skip
"""What the public is told of where a published filing stands, in the order of the search."""


class Action(StrEnum):
    """What someone does to a filing."""

    CHECK = "check"
    REOPEN = "reopen"
    SUBMIT = "submit"
    RECALL = "recall"
    RETURN = "return"
    ACCEPT = "accept"
    TAKE_BACK = "take_back"
    DECLINE = "decline"
    FILE = "file"
    PUBLISH = "publish"
    AMEND = "amend"
    ABANDON = "abandon"
    REFUSE_CHANGE = "refuse_change"
    WITHDRAW = "withdraw"
    CANCEL = "cancel"
    REVOKE = "revoke"
    REINSTATE = "reinstate"
    SUPERSEDE = "supersede"


ACTION_NAMES: dict[Action, Text] = {
    Action.CHECK: Text("自查", "run the self-check"),
    Action.REOPEN: Text("继续修改", "reopen for editing"),
    Action.SUBMIT: Text("提交", "submit"),
    Action.RECALL: Text("收回提交", "take the submission back"),
    Action.RETURN: Text("退回补正", "return for correction"),
    Action.ACCEPT: Text("受理", "accept"),
    Action.TAKE_BACK: Text("收回受理", "take the acceptance back"),
    Action.DECLINE: Text("不予备案", "decline"),
    Action.FILE: Text("备案", "file"),
    Action.PUBLISH: Text("公示", "publish"),
    Action.AMEND: Text("变更备案", "start a change"),
    Action.ABANDON: Text("放弃变更", "abandon the change"),
    Action.REFUSE_CHANGE: Text("不予变更", "refuse the change"),
    Action.WITHDRAW: Text("撤回", "withdraw"),
    Action.CANCEL: Text("注销备案", "cancel the filing"),
    Action.REVOKE: Text("撤销备案", "revoke the filing"),
    Action.REINSTATE: Text("纠正决定，恢复办理", "put a wrong decision right"),
    Action.SUPERSEDE: Text("由新版本取代", "supersede by a newer version"),
}


class Guard(StrEnum):
    """What must hold before a step is taken; `review` tests each."""

    COMPLETE = "complete"
    EVALUATED = "evaluated"
    GATE = "gate"
    INDEPENDENT = "independent"
    REMARKS_GIVEN = "remarks_given"
    REMARKS_ANSWERED = "remarks_answered"
    REASON_GIVEN = "reason_given"
    GROUND_GIVEN = "ground_given"
    CHANGE_NOTE = "change_note"
    NEVER_PUBLISHED = "never_published"
    PUBLISHED_BEFORE = "published_before"
    NUMBERED = "numbered"
    NUMBER_ONLY = "number_only"
    GRADE_SETTLED = "grade_settled"
    IDENTITY = "identity"
    VERIFIED = "verified"
    SECOND_PERSON = "second_person"
    ONE_FILING = "one_filing"
    STILL_FREE = "still_free"
    NAME_CLAIMS = "name_claims"
    CONTRADICTIONS = "contradictions"
    HARD_WORDS = "hard_words"


GUARD_NAMES: dict[Guard, Text] = {
    Guard.COMPLETE: Text("必填内容都已填好", "every required field is filled in soundly"),
    Guard.EVALUATED: Text(
        "至少有一份对这个版本的评估", "at least one evaluation of this version is attached"
    ),
    Guard.GATE: Text("满足风险等级的要求", "what the risk grade asks for is there"),
    Guard.INDEPENDENT: Text(
        "审核人和备案、测试无关", "the reviewer had no part in filing or testing"
    ),
    Guard.REMARKS_GIVEN: Text("逐项写明退回原因", "reasons are given field by field"),
    Guard.REMARKS_ANSWERED: Text("退回的每一项都已答复", "every remark has been answered"),
    Guard.REASON_GIVEN: Text("写明理由", "a reason is given"),
    Guard.GROUND_GIVEN: Text("选定形式上的原因", "one of the formal grounds is named"),
    Guard.CHANGE_NOTE: Text("写明改了什么、为什么改", "a note says what changed and why"),
    Guard.NEVER_PUBLISHED: Text(
        "还没有编号，也没有公示过", "it has no number and was never published"
    ),
    Guard.PUBLISHED_BEFORE: Text("已经公示过", "it was published before"),
    Guard.NUMBERED: Text("已有备案编号", "it has a filing number"),
    Guard.NUMBER_ONLY: Text("已有编号，还没有公示过", "it has a number and was never published"),
    Guard.IDENTITY: Text(
        "备案主体和单位登记资料一致", "who files is told as on the organisation's record"
    ),
    Guard.VERIFIED: Text("备案主体的身份已由主管部门核验", "an authority has verified who files"),
    Guard.GRADE_SETTLED: Text(
        "没有等待确认的等级调整", "no change of the grade waits to be confirmed"
    ),
    Guard.ONE_FILING: Text(
        "本单位没有另一份在办或有效的备案包含同一个模型",
        "no other live filing of the organisation holds the same model",
    ),
    Guard.STILL_FREE: Text(
        "这个模型没有另一份在办或有效的备案",
        "no other filing of the model is live",
    ),
    Guard.NAME_CLAIMS: Text(
        "名称里有像是获得批准、认证的字样时写明理由",
        "a reason is given where a name claims an approval",
    ),
    Guard.CONTRADICTIONS: Text(
        "写的和测到的不一样时逐处写明理由",
        "a reason is given wherever what is declared is not what was measured",
    ),
    Guard.HARD_WORDS: Text(
        "算法说明里不好懂的话已换掉，或者逐处写明理由",
        "hard words of the explanation are changed, or a reason is given for each field",
    ),
    Guard.SECOND_PERSON: Text(
        "高风险的受理人不是公示人", "for high risk, who accepted is not who publishes"
    ),
}


@dataclass(frozen=True, slots=True)
class Step:
    """One row of the procedure.

    Args:
        action: what is done.
        role: who may do it; None for the platform itself.
        sources: from where.
        target: where it leads.
        event: what the journal calls it.
        guards: what must hold.
    """

    action: Action
    role: Role | None
    sources: frozenset[Status]
    target: Status
    event: str
    guards: tuple[Guard, ...] = ()


def _step(
    action: Action,
    role: Role | None,
    sources: Iterable[Status],
    target: Status,
    event: str,
    *guards: Guard,
) -> Step:
    return Step(action, role, frozenset(sources), target, event, guards)


_F, _R, _S, _G = Role.FILER, Role.REVIEWER, Status, Guard
_BEFORE_FILED = (_S.DRAFT, _S.SELF_CHECKED, _S.SUBMITTED, _S.RETURNED, _S.ACCEPTED)
_REVIEWED = (_S.SUBMITTED, _S.RETURNED, _S.ACCEPTED)
_HANDED_IN = (_S.SUBMITTED, _S.ACCEPTED, _S.FILED)
_NUMBERED = (
    _S.FILED,
    _S.PUBLISHED,
    _S.CHANGE_PENDING,
    _S.SUBMITTED,
    _S.RETURNED,
    _S.ACCEPTED,
)

# fmt: off
STEPS: tuple[Step, ...] = (
    _step(Action.CHECK, _F, [_S.DRAFT], _S.SELF_CHECKED, "filing:dossier:checked",
          _G.IDENTITY, _G.COMPLETE, _G.EVALUATED, _G.ONE_FILING),
    _step(Action.REOPEN, _F, [_S.SELF_CHECKED], _S.DRAFT, "filing:dossier:reopened"),
    _step(Action.SUBMIT, _F, [_S.SELF_CHECKED], _S.SUBMITTED, "filing:dossier:submitted",
          _G.IDENTITY, _G.COMPLETE, _G.EVALUATED, _G.ONE_FILING, _G.NAME_CLAIMS,
          _G.CONTRADICTIONS, _G.HARD_WORDS),
    _step(Action.SUBMIT, _F, [_S.RETURNED, _S.CHANGE_PENDING], _S.SUBMITTED,
          "filing:dossier:submitted",
          _G.IDENTITY, _G.COMPLETE, _G.EVALUATED, _G.REMARKS_ANSWERED, _G.CHANGE_NOTE,
          _G.ONE_FILING, _G.NAME_CLAIMS, _G.CONTRADICTIONS, _G.HARD_WORDS),
    _step(Action.RECALL, _F, [_S.SUBMITTED, _S.ACCEPTED], _S.DRAFT, "filing:dossier:recalled",
          _G.NEVER_PUBLISHED),
    _step(Action.RECALL, _F, _HANDED_IN, _S.RETURNED, "filing:dossier:recalled", _G.NUMBER_ONLY),
    _step(Action.RECALL, _F, _HANDED_IN, _S.CHANGE_PENDING, "filing:dossier:recalled",
          _G.PUBLISHED_BEFORE),
    _step(Action.RETURN, _R, _HANDED_IN, _S.RETURNED,
          "filing:review:returned",
          _G.INDEPENDENT, _G.REMARKS_GIVEN),
    _step(Action.ACCEPT, _R, [_S.SUBMITTED], _S.ACCEPTED, "filing:review:accepted",
          _G.INDEPENDENT, _G.IDENTITY, _G.VERIFIED, _G.COMPLETE, _G.EVALUATED,
          _G.GRADE_SETTLED, _G.GATE),
    _step(Action.TAKE_BACK, _R, [_S.ACCEPTED, _S.FILED], _S.SUBMITTED,
          "filing:review:taken_back", _G.INDEPENDENT, _G.REASON_GIVEN),
    _step(Action.DECLINE, _R, _REVIEWED, _S.DECLINED, "filing:review:declined",
          _G.INDEPENDENT, _G.GROUND_GIVEN, _G.REASON_GIVEN, _G.NEVER_PUBLISHED),
    _step(Action.REFUSE_CHANGE, _R, [*_REVIEWED, _S.FILED], _S.PUBLISHED,
          "filing:review:change_refused",
          _G.INDEPENDENT, _G.GROUND_GIVEN, _G.REASON_GIVEN, _G.PUBLISHED_BEFORE),
    _step(Action.FILE, _R, [_S.ACCEPTED], _S.FILED, "filing:review:filed", _G.INDEPENDENT),
    _step(Action.PUBLISH, _R, [_S.FILED], _S.PUBLISHED, "filing:review:published",
          _G.INDEPENDENT, _G.IDENTITY, _G.VERIFIED, _G.GATE, _G.SECOND_PERSON,
          _G.ONE_FILING, _G.NAME_CLAIMS),
    _step(Action.AMEND, _F, [_S.PUBLISHED], _S.CHANGE_PENDING, "filing:dossier:amended"),
    _step(Action.ABANDON, _F, [_S.CHANGE_PENDING, *_REVIEWED, _S.FILED], _S.PUBLISHED,
          "filing:dossier:change_abandoned", _G.PUBLISHED_BEFORE),
    _step(Action.WITHDRAW, _F, _BEFORE_FILED, _S.WITHDRAWN, "filing:dossier:withdrawn",
          _G.REASON_GIVEN, _G.NEVER_PUBLISHED),
    _step(Action.CANCEL, _F, _NUMBERED, _S.CANCELLED, "filing:dossier:cancelled",
          _G.REASON_GIVEN, _G.NUMBERED),
    _step(Action.REVOKE, _R, _NUMBERED, _S.REVOKED, "filing:review:revoked",
          _G.INDEPENDENT, _G.REASON_GIVEN, _G.NUMBERED),
    _step(Action.REINSTATE, _R, [_S.DECLINED], _S.SUBMITTED, "filing:review:reinstated",
          _G.INDEPENDENT, _G.REASON_GIVEN, _G.STILL_FREE, _G.ONE_FILING),
    _step(Action.REINSTATE, _R, [_S.REVOKED], _S.SUBMITTED, "filing:review:reinstated",
          _G.INDEPENDENT, _G.REASON_GIVEN, _G.STILL_FREE, _G.ONE_FILING, _G.NUMBER_ONLY),
    _step(Action.REINSTATE, _R, [_S.REVOKED], _S.PUBLISHED, "filing:review:reinstated",
          _G.INDEPENDENT, _G.REASON_GIVEN, _G.STILL_FREE, _G.ONE_FILING, _G.PUBLISHED_BEFORE),
    _step(Action.SUPERSEDE, None, _NUMBERED, _S.SUPERSEDED, "filing:catalogue:superseded",
          _G.NUMBERED),
)
# fmt: on

EVENT_NAMES: Mapping[str, Text] = {
    **{each.event: ACTION_NAMES[each.action] for each in STEPS},
    "filing:dossier:opened": Text("新建备案", "open the filing"),
    "filing:dossier:filled": Text("填写材料", "fill in"),
    "filing:dossier:copied": Text("从另一份备案取来内容", "take answers over from another filing"),
    "filing:dossier:carried": Text("换成新版备案表", "move to the newer form"),
    "filing:dossier:moved": Text("换成新版本", "move to a newer version"),
    "filing:dossier:replied": Text("答复退回意见", "answer what was returned"),
    "filing:dossier:report_attached": Text("附上评估报告", "attach a report"),
    "filing:dossier:report_detached": Text("取下评估报告", "detach a report"),
    "filing:dossier:file_added": Text("上传文件", "upload a file"),
    "filing:dossier:explanation_attached": Text("附上算法说明", "attach an explanation"),
    "filing:review:grade_proposed": Text("提出调整风险等级", "propose another risk grade"),
    "filing:review:regraded": Text("确认调整风险等级", "confirm another risk grade"),
    "filing:review:grade_dismissed": Text("撤下等级调整", "dismiss the change of the grade"),
}
"""What the journal's events about a filing are called on a page."""


AWAITED: Mapping[Status, Action] = {
    Status.SUBMITTED: Action.ACCEPT,
    Status.ACCEPTED: Action.FILE,
    Status.FILED: Action.PUBLISH,
}
"""Where a dossier lies with the authority, and what it is to do there if nothing stands in the way."""

WITH_THE_AUTHORITY = frozenset(AWAITED)
"""Where what the dossier holds was submitted, and is no draft."""

CHANGE_SUBMITTED = WITH_THE_AUTHORITY | {Status.RETURNED}
"""Where a published filing has a change under way that was handed in."""


class WrongStatus(Conflict):
    """The filing is not at a point where this step can be taken: read it again and decide."""


class NotYourStep(Refused):
    """The step belongs to another role: ask someone who has it."""


def step(status: Status, action: Action, closed: Collection[Guard] = ()) -> Step:
    """The row of the table for `action` from `status`.

    Where the past decides where an action leads, it is the row that the past leaves open.

    Args:
        status: where the filing is.
        action: what is to be done.
        closed: what the filing's past rules out (`filing.guards.closed`).

    Raises:
        WrongStatus: when the procedure has no such step.
    """
    rows = [each for each in steps_from(status) if each.action is action]
    if not rows:
        raise wrong_status(status, ACTION_NAMES[action], closed)
    return next((each for each in rows if not {*each.guards} & {*closed}), rows[0])


def wrong_status(status: Status, tried: Text, closed: Collection[Guard]) -> WrongStatus:
    """The refusal of what cannot be done at `status`: what was tried, and which steps there are.

    Args:
        status: where the filing is.
        tried: what was tried, as a page calls it.
        closed: what the filing's past rules out; no step that needs it is called possible.
    """
    name = STATUS_NAMES[status]
    possible = [
        (ACTION_NAMES[each.action], ROLE_NAMES[each.role])
        for each in steps_from(status)
        if each.role and not {*each.guards} & {*closed}
    ]
    zh = "、".join(f"{what.zh}（{who.zh}）" for what, who in possible) or "没有后续步骤"
    en = ", ".join(f"{what.en} ({who.en})" for what, who in possible) or "none"
    return WrongStatus(
        f"备案现在的状态是“{name.zh}”，不能“{tried.zh}”。可以做的：{zh}。",
        f"The filing is at “{name.en}”, where one cannot {tried.en}. Possible steps: {en}.",
    )


def steps_from(status: Status, roles: Iterable[Role] | None = None) -> list[Step]:
    """The steps that lead on from `status`; with `roles`, those that one of them may take."""
    held = None if roles is None else frozenset(roles)
    return [
        each for each in STEPS if status in each.sources and (held is None or (each.role in held))
    ]


def advance(
    status: Status,
    action: Action,
    roles: Iterable[Role | None],
    closed: Collection[Guard] = (),
) -> Status:
    """The status that `action` leads to from `status` when someone with `roles` takes it.

    Args:
        status: where the filing is.
        action: what is to be done.
        roles: of whoever does it.
        closed: as for `step`.

    Raises:
        WrongStatus: when the procedure has no such step.
        NotYourStep: when it belongs to another role.
    """
    found = step(status, action, closed)
    if found.role not in frozenset(roles):
        name = ROLE_NAMES[found.role] if found.role else Text("平台", "platform")
        raise NotYourStep(
            f"“{ACTION_NAMES[action].zh}”要由{name.zh}来做。",
            f"Only the {name.en} may {ACTION_NAMES[action].en}.",
        )
    return found.target
