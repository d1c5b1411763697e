"""Who decides is read from the words that say it, and from no others."""

import pytest

from registry import deciders
from registry.deciders import Decides
from registry.language import Language

PERSON, PROGRAM, NOBODY, REQUEST = Decides.PERSON, Decides.PROGRAM, Decides.NOBODY, Decides.REQUEST


@pytest.mark.parametrize(
    ("said", "decides"),
    [
        ("信贷员看过建议再决定。", PERSON),
        ("由人工逐笔审批决定。", PERSON),
        ("最终由工作人员决定。", PERSON),
        ("审核员逐份看过申请。", PERSON),
        ("审核员逐份看过申请再决定。", PERSON),
        ("每份申请都由信贷员审核。", PERSON),
        ("先由模型判断，再由信贷员决定。", PERSON),
        ("系统直接出结果，工作人员不参与。", NOBODY),
        ("全程由电脑判定。", PROGRAM),
        ("不需要人工。", NOBODY),
        ("不再复核。", NOBODY),
        ("由程序最终决定。", PROGRAM),
        ("机器说了算。", PROGRAM),
        ("只在投诉时看。", REQUEST),
        ("只有您要求时，信贷员才看。", REQUEST),
        ("没有人看，结果自动生效。", NOBODY),
        ("由機器自動決定，沒有人工複核。", NOBODY),
        ("结果自动生效，不经人审核。", NOBODY),
        ("没有工作人员看漏的申请。", None),
        ("没有工作人员看过的申请不会被拒。", None),
        ("没有人看错您的材料。", None),
        ("不由人工决定。", None),
        ("您不同意时，由信贷员重新决定。", None),
        ("您要求时，可以请客服重新看。", None),
        ("人工智能给出建议。", None),
        ("每季度由风险部门抽查。", None),
        ("它给每份申请打分。", None),
        ("系统直接拒绝申请。", PROGRAM),
        ("申请由程序自动批准或拒绝。", PROGRAM),
        ("系统自动批准或拒绝申请。", PROGRAM),
        ("审批全自动完成。", PROGRAM),
        ("信贷员不能改变程序的决定。", PROGRAM),
        ("没有人会看您的申请。", NOBODY),
        ("程序不会自动决定，由人决定。", PERSON),
        ("程序会自动决定吗？", None),
        ("信贷员不决定利率。", None),
        ("工作人员决定什么时候给您打电话。", None),
        ("员工的贷款由别的部门决定。", None),
        ("系统自动保存您填写的内容。", None),
    ],
)
def test_who_decides_in_chinese(said: str, decides: Decides | None) -> None:
    check(said, "zh", decides)


@pytest.mark.parametrize(
    ("said", "decides"),
    [
        ("A loan officer reads the advice and then decides.", PERSON),
        ("A person makes the final decision.", PERSON),
        ("Staff review every case.", PERSON),
        ("A credit officer looks at each application before it is answered.", PERSON),
        ("The machine decides alone; there is no human review.", PROGRAM),
        ("There is no human review.", NOBODY),
        ("Nobody looks at the result before it takes effect.", NOBODY),
        ("Results take effect automatically.", PROGRAM),
        ("It is a fully automated decision.", PROGRAM),
        ("The system makes the final decision.", PROGRAM),
        ("Staff do not look at the results.", NOBODY),
        ("An officer looks only if you object.", REQUEST),
        ("No application that staff overlooked is refused.", None),
        ("No officer overlooks an application.", None),
        ("Not decided by a person.", None),
        ("You may ask that an officer decides without the score.", None),
        ("The risk department checks samples every quarter.", None),
        ("It scores your mortgage application.", None),
        ("The application is rejected automatically.", PROGRAM),
        ("The system automatically rejects applications.", PROGRAM),
        ("Refusals are automatic.", PROGRAM),
        ("Decisions are made entirely by the algorithm.", PROGRAM),
        ("The decision is made by software alone.", PROGRAM),
        ("Our employees cannot decide otherwise than the program.", PROGRAM),
        ("There is no human in the loop.", NOBODY),
        ("The branch manager has the final say.", PERSON),
        ("No result takes effect automatically; an officer decides.", PERSON),
        ("The program never decides by itself.", None),
        ("Nobody takes part and the program decides.", PROGRAM),
        ("The result is not decided by the program but by an officer.", None),
        ("No officer decides alone.", None),
        ("Not every case is decided by a person.", None),
        ("Does a person decide?", None),
        ("The officer decides which documents you need.", None),
        ("People who earn more decide faster.", None),
    ],
)
def test_who_decides_in_english(said: str, decides: Decides | None) -> None:
    check(said, "en", decides)


def check(said: str, language: Language, decides: Decides | None) -> None:
    found = deciders.read(said, language)
    assert [each.decides for each in found][:1] == ([decides] if decides else []), said
    assert all(each.words in said for each in found)
