"""Reasons for a return that reviewers give often: offered as a list, to be taken as they are or changed.

They tell what is missing and what to do, in our words; none of them is a rule.
"""

from registry.language import Text

PREPARED: tuple[Text, ...] = (
    Text(
        "写得不具体，看不出实际怎样做。请写明具体做法。",
        "Too general to tell what is done. Say exactly how it is done.",
    ),
    Text(
        "写的不是这一项问的内容。请按填写说明改写。",
        "It does not answer what is asked here. Rewrite it by the instruction.",
    ),
    Text(
        "和材料里另一处写的不一样。请核对，改成一致，或者说明为什么不同。",
        "It differs from another place in the dossier. Check both and make them agree, or say why they differ.",
    ),
    Text(
        "和附上的评估报告不一样。请核对，改成一致，或者说明为什么不同。",
        "It differs from the attached evaluation report. Check it and make it agree, or say why it differs.",
    ),
    Text(
        "没有附证明文件。请上传文件，写明看哪一页。",
        "The document that shows it is missing. Upload it and name the page.",
    ),
    Text(
        "附的文件看不清，或者打不开。请重新上传。",
        "The attached file cannot be read or opened. Upload it again.",
    ),
    Text(
        "附的文件已经过期。请换成有效的。",
        "The attached document has expired. Replace it by a valid one.",
    ),
    Text(
        "公众看不懂。请用平实的话改写。",
        "The public will not understand it. Say it in plain words.",
    ),
)
"""In the order in which they are offered."""


def english(zh: str) -> str:
    """The English of a reason that was taken as it stands; empty for any other words.

    Args:
        zh: what a reviewer wrote.
    """
    return next((each.en for each in PREPARED if each.zh == zh.strip()), "")
