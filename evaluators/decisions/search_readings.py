"""The sentences of the subgroup search."""

from collections.abc import Mapping

from evaluators.plan import Plan
from registry.language import Text

LEADS: Mapping[str, Text] = {
    "selection": Text(
        "{who}，在没有搜过的一半数据里：{attribute}为“{group}”的{of}得到有利结果（{rate}），{reference}{of_reference}（{rate_reference}）。",
        "{who}, on the half that was not searched: {of} with {attribute} '{group}' got "
        "the favourable result ({rate}), and {of_reference} of {reference} ({rate_reference}).",
    ),
    "correct": Text(
        "{who}，在没有搜过的一半数据里：{attribute}为“{group}”的{of}判断正确（{rate}），{reference}{of_reference}（{rate_reference}）。",
        "{who}, on the half that was not searched: {of} with {attribute} '{group}' were "
        "judged rightly ({rate}), and {of_reference} of {reference} ({rate_reference}).",
    ),
}
AGREED = Text(
    "{who}，在没有搜过的一半数据里：{attribute}为“{group}”的{of}所得的结果与人的决定一致（{rate}），{reference}{of_reference}（{rate_reference}）。",
    "{who}, on the half that was not searched: for {of} with {attribute} '{group}' the result "
    "agrees with what people decided ({rate}), and for {of_reference} of {reference} ({rate_reference}).",
)
"""Of `correct`, where people decided what results are held against."""
SEVERITY: Mapping[str, Text] = {
    "minor": Text("按惯例属于较轻（超过 5%）。", "By convention this is minor (beyond 5 %)."),
    "major": Text("按惯例属于较重（超过 10%）。", "By convention this is major (beyond 10 %)."),
}


def lead(rate: str, plan: Plan) -> Text:
    """How the sentence about a group opens.

    Args:
        rate: what was searched for.
        plan: says whether people decided.
    """
    agreed = rate == "correct" and plan.target_kind != "outcome"
    return AGREED if agreed else LEADS[rate]


LIMIT = Text(
    "数据按人随机分成两半，一半用来找，另一半用来检验；没有列出的人群不等于没有问题，只是在搜索的一半里没有更突出。",
    "The data were split at random by person, one half to search and one to test; a group that is "
    "not listed is not cleared, it only stood out less in the half that was searched.",
)
NONE = Text(
    "在用来搜索的一半数据里，没有哪个不少于 {least} 人的人群比其他人差，没有可检验的。",
    "In the half that was searched no group of at least {least} people fared worse than everyone "
    "else, so there is nothing to test.",
)
SMALL = Text(
    "{attribute}为“{group}”的人在用来检验的一半数据里不足 {least} 人（或没有人得到），不作判断。",
    "People with {attribute} '{group}' number fewer than {least} on the half that tests (or nobody "
    "was favoured): nothing is said.",
)
NO_TARGET = Text(
    "计划没有写 target，不知道判断对不对；请写上观察到的结果，或把选项 rate 改为 selection。",
    "The plan names no target, so right and wrong are unknown; name the observed outcome or set the "
    "option `rate` to selection.",
)
