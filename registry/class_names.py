"""How a plan names the classes of a classifier, and which of them is asked about.

One rule for evaluations and explanations: the model names its classes, or the plan does. Without
either, whose probability a column holds cannot be told (`whose_probability`).
"""

from collections.abc import Mapping
from typing import Any

from registry.errors import Invalid, Reason
from registry.language import Text
from registry.sandbox.child.classes import Classes, named

LONGEST = 80
"""Letters of a class's name: sentences for the public quote it."""
Scalar = str | int | float | bool


class ClassesUnfit(Invalid):
    """The classes that a plan names do not fit together: correct what each reason names."""


def checked(given: Any, favourable: Any) -> tuple[tuple[str, ...], list[Reason]]:
    """The names of the classes as the answers are held against them, and what is wrong.

    Args:
        given: the classes as written, two or more different ones; empty for none.
        favourable: the one that is asked about.
    """
    plain = isinstance(given, list | tuple) and all(isinstance(each, Scalar) for each in given)
    names = tuple(named(each) for each in given) if plain else ()
    if not plain or len(set(names)) != len(names) or len(names) == 1:
        said = Text("要写两个以上互不相同的类别", "must be two or more different classes")
        example = '["approve", "review", "refuse"]'
        return (), [Reason("classes", said, Text(f"例如 {example}", f"for instance {example}"))]
    if names and named(favourable) not in names:
        said = Text("不在 classes 所列的类别之中", "is not one of the classes")
        chosen = Text(f"从中选一个：{'、'.join(names)}", f"choose from: {', '.join(names)}")
        return (), [Reason("favourable", said, chosen)]
    return names, []


def of_explanation(plan: Mapping[str, Any]) -> Classes | None:
    """How the answers of a classifier are read where its result is explained.

    Args:
        plan: the request: `classes`, `favourable` (whose probability is held against the cut),
            task and favourable_above; none of the first two takes numbers only.

    Raises:
        ClassesUnfit: with every reason.
    """
    given, favourable = plan.get("classes") or (), plan.get("favourable")
    names, reasons = checked(given, favourable)
    if given and plan.get("task", "decision") != "decision":
        reasons.append(Reason("classes", _PRICED, _LEAVE_OUT))
    if given and not plan.get("favourable_above", True):
        reasons.append(Reason("favourable_above", _BELOW, _NAME_THE_GOOD))
    if not given and favourable is not None:
        reasons.append(Reason("classes", _UNNAMED, _NAME_THEM))
    reasons += [Reason("classes", _LONG, _SHORTEN) for name in names if len(name) > LONGEST]
    if reasons:
        raise ClassesUnfit(
            f"模型的类别写得不合，有 {len(reasons)} 处要改。",
            f"The classes of the model do not fit together; to correct: {len(reasons)}.",
            reasons=reasons,
        )
    return Classes(names, named(favourable)) if names else None


_PRICED = Text("价格和评分没有类别", "prices and scores have no classes")
_LEAVE_OUT = Text("删去 classes 和 favourable", "leave out classes and favourable")
_BELOW = Text(
    "写了类别时，有利的一边总是达到分数线：分数是 favourable 这一类的概率",
    "with classes the favourable side is at the cut or above: the score is the probability of the "
    "class favourable",
)
_NAME_THE_GOOD = Text(
    "把对本人有利的类别写进 favourable，删去 favourable_above",
    "name the class that is good for the person under favourable and leave out favourable_above",
)
_UNNAMED = Text(
    "写了 favourable，没有写模型的全部类别", "favourable stands without the classes of the model"
)
_NAME_THEM = Text(
    '写上模型的全部类别，例如 ["good", "bad"]',
    'name all classes of the model, for instance ["good", "bad"]',
)
_LONG = Text(
    f"类别的名称超过 {LONGEST} 个字符", f"a class has a name of more than {LONGEST} letters"
)
_SHORTEN = Text(
    "请给模型的类别起短一些的名称，重新保存", "save the model with shorter class names"
)
