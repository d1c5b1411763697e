"""The grounds on which a filing is declined or a change refused: formal ones alone.

A filing is no permit, so nobody declines one because they do not like the algorithm. The municipal
regulations name no grounds; these are this platform's, after the national rule on filing, by which
what is not filed is what lacks materials (算法推荐管理规定 第二十五条).
"""

from collections.abc import Mapping

from filing.lifecycle import STEPS, Guard
from registry.errors import Reason
from registry.language import Text

GROUNDS: Mapping[str, Text] = {
    "out_of_scope": Text(
        "不属于本平台备案的范围",
        "it is not of the kind that is filed here",
    ),
    "wrong_filer": Text(
        "备案主体不对：不是提供者，或者没有证明可以代办",
        "the wrong filer: not the provider, or an agent without proof",
    ),
    "incomplete": Text(
        "材料不齐或者不符合形式，退回后仍未补正",
        "materials are missing or out of form, and were not put right after a return",
    ),
    "inconsistent": Text(
        "材料前后矛盾，退回后仍不一致",
        "the materials contradict each other, also after a return",
    ),
    "not_corrected": Text(
        "退回后没有按期补正",
        "it was returned and not corrected in time",
    ),
    "not_evaluated": Text(
        "缺少这个风险等级要求的评估",
        "the evaluation that its risk grade calls for is missing",
    ),
    "filed_already": Text(
        "同一个模型已有备案",
        "the same model is filed already",
    ),
}
"""By the word that stands in the record and that the API takes."""
NAMED_BY = frozenset(each.action for each in STEPS if Guard.GROUND_GIVEN in each.guards)
"""The steps that name one."""
CHOOSE = Text(
    f"请选一项：{'、'.join(f'{each.zh}（{name}）' for name, each in GROUNDS.items())}。",
    f"Choose one: {'; '.join(f'{each.en} ({name})' for name, each in GROUNDS.items())}.",
)
OUT_OF_PLACE = Reason(
    "ground",
    Text("这一步不写形式上的原因。", "No formal ground goes with this step."),
    Text(
        "只有不予备案、不予变更要选；请不要填写。",
        "Only declining and refusing a change name one; leave it out.",
    ),
)


def told(reason: Mapping[str, str] | None) -> Mapping[str, str] | None:
    """What was said with a decision, its formal ground first where it has one.

    Args:
        reason: as the record has it: {zh, en?, ground?}.
    """
    ground = GROUNDS.get((reason or {}).get("ground", ""))
    if reason is None or ground is None:
        return reason
    english = {"en": f"{ground.en}. {reason['en']}"} if reason.get("en") else {}
    return {"zh": f"{ground.zh}。{reason['zh']}", **english}
