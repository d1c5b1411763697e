"""What the item of a reason is called where no form stands on the page to read its label from.

A field of the filing has its name, a box of a form the words below, and a condition of the procedure
none: the sentence says it. What is left is the sender's own word, such as the name of a column, a
file or an entry of a plan, and is shown as it was written.
"""

import re
from dataclasses import dataclass

from filing.lifecycle import Guard
from filing.revision import CHANGE
from portal.pages import boxes
from registry.language import Language, Text

WITHOUT_PLACE = frozenset({*Guard, CHANGE, "organisation", "person", "membership"})
"""What a reason is about that has no name for people: the sentence says it already."""
BOXES: dict[str, Text] = {
    "agreed_ties": Text("同意的人的利害关系", "ties of who agrees"),
    "attachments": Text("附件", "attachments"),
    "city": Text("城市", "city"),
    "classes": Text("模型答案的各类", "classes of the model’s answers"),
    "conflict": Text("利害关系", "conflict of interest"),
    "contact": Text("联系方式", "contact"),
    "cut": Text("分界值", "cut"),
    "days": Text("天数", "days"),
    "deidentification": Text("怎样去除个人信息", "how personal information was removed"),
    "description": Text("说明", "description"),
    "disclosed": Text("文件的内容", "content of the file"),
    "email": Text("邮箱", "e-mail"),
    "favourable": Text("对本人有利的结果", "favourable outcome"),
    "favourable_class": Text("对本人有利的一类", "favourable class"),
    "frame": Text("数据代表哪些人", "whom the rows speak for"),
    "grade_reason": Text("调整等级的理由", "reason for the grade"),
    "guidance": Text("给申请人的说明", "guidance for applicants"),
    "period": Text("什么时候的数据", "the time the data are from"),
    "held_out": Text("有没有用于训练", "whether it was used in training"),
    "label": Text("名称", "label"),
    "licence": Text("许可", "licence"),
    "licence_until": Text("许可到期日", "end of the licence"),
    "model_name": Text("模型名称", "name of the model"),
    "name": Text("名称", "name"),
    "note": Text("备注", "note"),
    "number": Text("编号", "number"),
    "obtaining": Text("怎样取得", "how to obtain it"),
    "outcome": Text("结果", "outcome"),
    "paid_by": Text("谁付费", "who pays"),
    "people": Text("问多少个人", "how many people are asked about"),
    "plan": Text("评估计划", "plan of the evaluation"),
    "proof": Text("证明", "proof"),
    "protected": Text("敏感特征", "sensitive features"),
    "protected_values": Text("各组的名称", "names of groups"),
    "protected_phrases": Text("各组在句子里的说法", "how a sentence says groups"),
    "public_pem": Text("公钥", "public key"),
    "query_budget": Text("提问次数", "number of questions"),
    "reason": Text("理由", "reason"),
    "remark": Text("退回意见", "remark"),
    "remarks": Text("退回意见", "remark"),
    "reply": Text("答复", "reply"),
    "roles": Text("各列的用途", "roles of the columns"),
    "said": Text("写的话", "what is said"),
    "slug": Text("网址里的名称", "name in the address"),
    "source": Text("来源", "source"),
    "ties": Text("利害关系", "ties"),
    "title": Text("标题", "title"),
    "unit": Text("分得清谁是谁的列", "the column that tells people apart"),
    "until": Text("截止日期", "last day"),
    "words": Text("正文", "words"),
    "body": Text("提交的内容", "what was sent"),
    "query": Text("网址里的参数", "parameters of the address"),
}
"""What boxes are called, where their page is not there to say it; `_zh` and `_en` are added."""
FAMILIES: dict[str, Text] = {
    "a": Text("填写的内容", "answer"),
    "c": Text("各列的说明", "columns"),
    "d": Text("说明的内容", "explanation"),
    "differing": Text("为什么和测到的不一样", "why it differs from what was measured"),
    "differing_en": Text(
        "为什么和测到的不一样（英文）", "why it differs from what was measured (English)"
    ),
    "na": Text("不适用的理由", "why it does not apply"),
    "remark": Text("退回意见", "remark"),
    "seal": Text("不公开", "withholding"),
    "sealed": Text("为什么不公开分界的数值", "why the values of steps are not published"),
    "w": Text("权重", "weight"),
}
"""What stands before the slash in the name of a box of which there are many."""
LANGUAGES = {"zh": Text("（中文）", " (Chinese)"), "en": Text("（英文）", " (English)")}
PARTS = re.compile(r"[./]")


@dataclass(frozen=True, slots=True)
class Item:
    """What a reason is about, or whose text it is.

    Args:
        label: in the page's language; empty where the sentence says it already.
        code: what support is told; shown small beside the label.
    """

    label: str
    code: str


def of(item: str, language: Language) -> Item:
    """What the item of a reason is called; its own word where it is no field and no condition.

    Args:
        item: of a reason.
        language: of the page.
    """
    if item in WITHOUT_PLACE:
        return Item("", item)
    parts = PARTS.split(item)
    for part in parts[: 1 if "/" not in item else None]:
        if field := boxes.of_field(part, language):
            return Item(field.label + _side(parts[-1], language), item)
    return Item(item, "")


def of_box(name: str, language: Language) -> Item:
    """What a box is called, of which its page is not there to say it.

    Args:
        name: of the box, or the item of a reason that is called like it.
        language: of the page.
    """
    known = of(name, language)
    if known.code:
        return known
    parts = PARTS.split(name)
    base, _, side = parts[0].rpartition("_")
    own, ending = (base, side) if side in LANGUAGES and base in BOXES else (parts[0], parts[-1])
    label = FAMILIES.get(own) if "/" in name else BOXES.get(own)
    return Item(label.in_(language) + _side(ending, language), name) if label else known


def _side(ending: str, language: Language) -> str:
    return LANGUAGES[ending].in_(language) if ending in LANGUAGES else ""
