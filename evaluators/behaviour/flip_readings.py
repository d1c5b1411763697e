"""The plain sentences about flips."""

from registry.findings import Verdict
from registry.language import Text

ASKED = Text(
    "只把“{name}”换成别的值（{versions}），其余不变，问了 {tests} 次：{people} 人里有 {changed} 人的结果变了（{share}）；"
    "按这些人推算，有 95% 的把握，这个比例不超过 {bound}。",
    "Only '{name}' was changed (to {versions}), all else kept, in {tests} tests: the answer changed "
    "for {changed} of {people} people ({share}); at most {bound} of such people, with 95% confidence.",
)
NOISE = Text(
    "原样再问一遍，也有 {twin} 行的结果变了，下面的判断已扣除这部分。",
    "Asked again unchanged, {twin} rows got another answer too; the judgement below allows for that.",
)
ENDINGS: dict[Verdict, Text] = {
    Verdict.DISPARITY: Text("超过了 {line} 的界线。", "This exceeds the line of {line}."),
    Verdict.DIFFERENCE: Text(
        "有人的结果会因此改变，但没有超过 {line} 的界线。",
        "Some people's answers depend on it, but not beyond the line of {line}.",
    ),
    Verdict.EQUIVALENT: Text(
        "对问到的这些人几乎没有影响。", "For the people asked about it hardly matters."
    ),
    Verdict.INCONCLUSIVE: Text("还不能下结论。", "Inconclusive."),
}
UNSEEN = Text(
    "没有看到有人的结果改变，但这样的人里，会变的仍可能多到 {bound}；这个上限在 {margin} 以内，才说几乎没有影响。还不能下结论。",
    "Nobody's answer changed, yet up to {bound} of such people cannot be ruled out; it is called "
    "small where that is within {margin}. Inconclusive.",
)
SMALL = Text("只有 {people} 人可以这样试，少于 {least} 人，不作判断。",
             "Only {people} people could be tried this way, fewer than {least}: nothing is said.")  # fmt: skip
INDIRECT = Text(
    "不是输入，不等于没有间接影响：模型仍可能通过别的信息反映“{name}”，请看泄露检验和各组比例。",
    "Not being an input does not rule out an indirect effect: other inputs may carry '{name}'; see the leakage probe and the rates by group.",
)
ONE_LEVEL = Text(
    "“{name}”在数据里只有一个值，没有别的值可换。",
    "'{name}' has only one value in the data; there is nothing to change it to.",
)
NO_MODEL = Text(
    "要试“{name}”须向模型提问；这次没有模型。",
    "Trying '{name}' means asking the model; this run has none.",
)
NO_CUT = Text(
    "计划没有写 cut，无法知道“{name}”改变后结果是否有利。",
    "The plan has no cut, so whether an answer turns with '{name}' can't be told.",
)
LIMIT = Text(
    "这里一次只换一项；现实中几项情况常常一起变。上限只在这些行可以代表计划所说的人群时成立。",
    "One thing is changed at a time; in life several change together. The bound holds only if these rows represent the people the plan speaks of.",
)
