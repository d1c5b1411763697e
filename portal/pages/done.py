"""What the page after a change says of it; of a step, that this step was taken and no more."""

from collections.abc import Mapping
from typing import Any

from filing import concern_steps, lifecycle
from filing.recommended import steps as recommended_steps
from registry.language import Text

STEP = Text("已办理：{step}。", "Done: {step}.")
PROCEDURES: Mapping[str, Mapping[Any, Text]] = {
    "filing": lifecycle.ACTION_NAMES,
    "recommended": recommended_steps.ACTION_NAMES,
    "concern": concern_steps.ACTION_NAMES,
}
"""The procedures whose steps are taken on pages: the steps of each, with their names."""

DONE: Mapping[str, Text] = {
    "saved": Text("已保存。", "Saved."),
    "dropped": Text("已删去，后面的往前移。", "Taken out; those behind it moved up."),
    "submitted": Text("已提交。", "Submitted."),
    "registered": Text("已登记。", "Registered."),
    "granted": Text("已授权测试机构。", "The tester organisation is engaged."),
    "taken": Text("已接受委托。", "The engagement is taken on."),
    "ended": Text("委托已结束。", "The engagement is ended."),
    "queued": Text(
        "已排队，开始后这里会显示进度。", "Queued; progress shows here once it starts."
    ),
    "cancelled": Text("已要求取消。", "Cancellation is requested."),
    "resumed": Text("已放回队列，接着做同一项工作。", "Queued again: the same work goes on."),
    "countersigned": Text(
        "签章确认的签名已核对，已收下。", "The countersignature was checked and taken in."
    ),
    "answered": Text("回应已写在结果旁边。", "The answer stands beside the finding."),
    "report_withdrawn": Text("报告已撤回。", "The report is withdrawn."),
    "approved": Text("说明已确认。", "The explanation is confirmed."),
    "invited": Text("邀请已生成。", "The invitation is made."),
    "role_given": Text("角色已授予。", "The role is given."),
    "role_withdrawn": Text("角色已收回。", "The role is withdrawn."),
    "removed": Text("已移出本单位。", "Removed from the organisation."),
    "invitation_withdrawn": Text(
        "邀请已撤回，链接失效。", "The invitation is withdrawn; its link opens nothing."
    ),
    "joined": Text("您已加入这个单位，请登录。", "You have joined; now sign in."),
    "not_carried": Text(
        "登录以前填写的内容属于另一个账号，没有带过来。",
        "What was typed before this sign-in is another account’s; it was not carried over.",
    ),
    "added": Text(
        "您已加入这个单位，可以在下面切换。", "You have joined; switch to the organisation below."
    ),
    "password": Text(
        "密码已修改，其他登录都已结束。", "The password is changed; every other sign-in has ended."
    ),
    "reset": Text("密码已设好，请登录。", "The password is set; now sign in."),
    "verified": Text("核验已登记。", "The verification is on record."),
    "verification_ended": Text("核验已撤下。", "The verification is taken back."),
    "revoked": Text("已撤销。", "Revoked."),
    "checked": Text("检查结果已登记。", "The check is on record."),
    "unchecked": Text(
        "数据已登记，但还没有做重标识检查。请在下面完成，然后才能用于评估。",
        "The data are on record, but not yet checked. Finish the check below; then they can be used.",
    ),
    "grade_proposed": Text(
        "等级的提议已记录，等另一位审核人决定。",
        "The proposed grade is on record; another reviewer decides.",
    ),
    "weights_proposed": Text(
        "权重的提议已记录，等另一人同意以后才生效。",
        "The proposed weights are on record; they are in force once another person agrees.",
    ),
    "decided": Text("决定已记录。", "The decision is on record."),
    "same": Text(
        "这些文件已经登记过，就是这个版本。", "These files are on record already: this version."
    ),
    **{
        f"{procedure}.{action}": STEP.format(step=name)
        for procedure, names in PROCEDURES.items()
        for action, name in names.items()
    },
}
"""By the word that goes with the browser."""


def step(procedure: str, action: str) -> str:
    """The word for a step that was taken; empty where the procedure has no such step.

    Args:
        procedure: one of the `PROCEDURES`.
        action: as the form or the address names it.
    """
    word = f"{procedure}.{action}"
    return word if word in DONE else ""
