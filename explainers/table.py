"""The table of sentences on what the information does to the result.

The wording is that of the design's table, in both languages; rows that it does not have are marked
"ours" with their reason. `explainers.sentences` chooses among the rows by their evidence.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from registry.language import Text


@dataclass(frozen=True, slots=True)
class Row:
    """One row of the table: the sentence and what it does not show."""

    text: Text
    limit: Text


RULE = Text(
    "这是算法的规律，不是原因，也不保证您的结果。",
    "This is how the program behaves. It is not a cause, and it promises you nothing.",
)
REAL = Text("只试了数据里常有的数值。", "Only values that the data often hold were tested.")
GROUPS = Text(
    "“只改{Y}”不变，不等于不同人群的结果一样。",
    "Changing only {y} is not the same as equal results for groups.",
)
UNKNOWN = Text(
    "这个算法不看{Y}，不等于不同人群的结果一样。",
    "Not looking at {y} is not the same as equal results for groups.",
)
RESULTS = Text(
    "这里比较的是结果，不能说明原因。",
    "This compares results. It does not show the cause.",
)
ITSELF = Text(
    "只改了{Y}本身，没有改可能跟着变的其他信息。",
    "Only {y} itself was changed, not other information that may change with it.",
)
MORE = Text("要测试得更多，才能下结论。", "More {people} would have to be tested.")
OPEN = Text("{open}", "{open}")
"""`MORE` where the tests leave open which way is the more common one, else `RULE`."""

# What of a hundred tests came out so, and in brackets the tests that were counted.
WAY = Text(
    "：每100次里，{k_p}次这样；{c_p}次结果本身变了。（试了{n}次，依次是{k}次、{c}次；{d}次相反，{s}次{unmoved}。）",
    ": in {k_p} of 100 tests; the result itself changed in {c_p}. ({n} tests: {k} and {c}; {d} the "
    "other way, {s} {unmoved}.)",
)
ONE_WAY = Text(
    "多数时候{unmoved}；变了的，都是{way}：每100次里，{k_p}次这样，没有一次相反；{c_p}次结果本身变了。（试了{n}次，依次是{k}次、0次、{c}次。）",
    ": in {k_p} of 100 tests, and never the opposite. The result itself changed in {c_p}. ({n} tests: "
    "{k}, 0 and {c}.)",
)


def _far(tail: Text) -> Text:
    """The same of a number, whose two values were far apart."""
    zh = tail.zh.replace("每100次里", "换成相差较大的数值，每100次里", 1)
    return Text(zh, tail.en.replace("of 100 tests", "of 100 tests between values far apart", 1))


FAR_WAY, FAR_ONE_WAY = _far(WAY), _far(ONE_WAY)
_BOTH = Text(
    "：每100次里，{up_p}次{easier}；{down_p}次{harder}；{same_p}次{unmoved}。{c_p}次结果本身变了。（试了{n}次，依次是{up}次、{down}次、{s}次、{c}次。）",
    ": {easier} in {up_p} of 100 tests; {harder} in {down_p}; {unmoved} in {same_p}. The result itself "
    "changed in {c_p}. ({n} tests: {up}, {down}, {s} and {c}.)",
)
NUMBER_BOTH = Text(
    "其他信息不变时，{turned}" + _BOTH.zh,
    "All else equal, with {turned}" + _BOTH.en,
)
LEVELS_BOTH = Text(
    "其他信息不变时，{b_who}，和{a_who}相比" + _BOTH.zh,
    "All else equal, {b_who} compared with {a_who}" + _BOTH.en,
)
PRICED_WAY = Text(
    "：每100次里，{k_p}次这样。（试了{n}次：{k}次这样，{s}次不变，{d}次相反。）",
    ": in {k_p} of 100 tests. ({n} tests: {k} this way, {s} the same and {d} the other way.)",
)
PRICED_ONE_WAY = Text(
    "多数时候{price}不变；变了的，都是{way}，平均相差{m}：每100次里，{k_p}次这样，没有一次相反。（试了{n}次，{k}次这样。）",
    "; a change was always to {way}, on average by {m}: in {k_p} of 100 tests, and never the "
    "opposite. ({n} tests: {k} this way.)",
)
FAR_PRICED_WAY, FAR_PRICED_ONE_WAY = _far(PRICED_WAY), _far(PRICED_ONE_WAY)
_PRICED_BOTH = Text(
    "：每100次里，{up_p}次{higher}；{down_p}次{lower}；{same_p}次不变，平均相差{m}。{c_p}次变化超过1%。（试了{n}次，依次是{up}次、{down}次、{s}次、{c}次。）",
    "of 100 tests {up_p} gave {higher}, {down_p} {lower} and {same_p} no change: on average by {m}. It "
    "moved by more than 1 % in {c_p}. ({n} tests: {up}, {down}, {s} and {c}.)",
)
PRICED_NUMBER_BOTH = Text(
    "其他信息不变时，{turned}" + _PRICED_BOTH.zh,
    "All else equal, with {turned}, " + _PRICED_BOTH.en,
)
PRICED_LEVELS_BOTH = Text(
    "其他信息不变时，{b_who}，和{a_who}相比" + _PRICED_BOTH.zh,
    "All else equal, {b_who} compared with {a_who}: " + _PRICED_BOTH.en,
)
PRICED_TOGETHER = Text(
    "其他信息不变时，{turned}：每100次里，{up_p}次{higher}；{down_p}次{lower}；{same_p}次不变。{c_p}次变化超过1%。（试了{n}次，依次是{up}次、{down}次、{s}次、{c}次。）",
    "All else equal, with {turned}, of 100 tests {up_p} gave {higher}, {down_p} {lower} and {same_p} no "
    "change. It moved by more than 1 % in {c_p}. ({n} tests: {up}, {down}, {s} and {c}.)",
)

PARTED = Row(Text("其他信息都一样时，{parts}。", "All else equal, {parts}."), RULE)
STEPS = Row(
    Text(
        "{X}有{steps}道分界{where}。其他信息都一样时，{parts}。",
        "There are {steps} steps for {x}{where}: all else equal, {parts}.",
    ),
    RULE,
)
# A step whose one side is a value of its own, such as −1 for what is not known.
OF_ONE_VALUE: Mapping[str, Row] = {
    "decision.heap": Row(
        Text(
            "{X}是{v}的，和其余的不同。其他信息都一样时，是{v}的，每100{people}里，{p}{people}{got}；其余的，{q}{people}。",
            "For {x}, {v} differs from the rest: all else equal, with {v}, {p} of 100 {people} would {got}; with the rest, {q}.",
        ),
        RULE,
    ),
    "price.heap": Row(
        Text(
            "{X}是{v}的，和其余的不同。其他信息都一样时，是{v}的，{price}平均是{p}；其余的，平均是{q}。",
            "For {x}, {v} differs from the rest: all else equal, with {v}, the mean {price} is {p}; with the rest, it is {q}.",
        ),
        RULE,
    ),
}
SENTENCES: Mapping[str, Row] = {
    # decisions: a number
    "decision.number.always": Row(
        Text(
            "其他信息不变时，{ever}" + FAR_WAY.zh,
            "All else equal, with {turned}, the {person} is nearly always {way}" + FAR_WAY.en,
        ),
        RULE,
    ),
    "decision.number.usually": Row(
        Text(
            "其他信息不变时，一般{ever}" + FAR_WAY.zh,
            "All else equal, with {turned}, the {person} is usually {way}" + FAR_WAY.en,
        ),
        RULE,
    ),
    # ours: models built of trees answer in steps; many changes do nothing, and none the other way
    "decision.number.steps": Row(
        Text(
            "其他信息不变时，{turned}，有时{way}，有时{idle}" + FAR_WAY.zh,
            "All else equal, with {turned}, the {person} is sometimes {way}, and sometimes {idle}"
            + FAR_WAY.en,
        ),
        RULE,
    ),
    "decision.number.one_way": Row(
        Text(
            "其他信息不变时，{turned}，" + FAR_ONE_WAY.zh,
            "All else equal, with {turned}, mostly {idle}; where it does, the {person} is always {way}"
            + FAR_ONE_WAY.en,
        ),
        RULE,
    ),
    "decision.number.no_simple_direction": Row(NUMBER_BOTH, RULE),
    # ours: it matters for certain, but too few people to say which way
    "decision.number.direction_open": Row(NUMBER_BOTH, OPEN),
    # decisions: a column of levels (ours: "higher" means nothing for "married")
    "decision.levels.always": Row(
        Text(
            "其他信息不变时，{b_who}，比{a_who}{way}" + WAY.zh,
            "All else equal, {b_who} are nearly always {way} than {a_who}" + WAY.en,
        ),
        RULE,
    ),
    "decision.levels.usually": Row(
        Text(
            "其他信息不变时，{b_who}，一般比{a_who}{way}" + WAY.zh,
            "All else equal, {b_who} are usually {way} than {a_who}" + WAY.en,
        ),
        RULE,
    ),
    "decision.levels.steps": Row(
        Text(
            "其他信息不变时，{b_who}，有时比{a_who}{way}，有时{idle}" + WAY.zh,
            "All else equal, {b_who} are sometimes {way} than {a_who}; sometimes {idle}" + WAY.en,
        ),
        RULE,
    ),
    "decision.levels.one_way": Row(
        Text(
            "其他信息不变时，{b_who}，和{a_who}相比，" + ONE_WAY.zh,
            "All else equal, {b_who} compared with {a_who}: mostly {idle}; where it does, they are always "
            "{way}" + ONE_WAY.en,
        ),
        RULE,
    ),
    "decision.levels.no_simple_direction": Row(LEVELS_BOTH, RULE),
    "decision.levels.direction_open": Row(LEVELS_BOTH, OPEN),
    # ours: all levels at once, those alike together
    "decision.levels.parted": PARTED,
    "price.levels.parted": PARTED,
    # where the effect of a number has a step, or turns round
    "decision.step": Row(
        Text(
            "{X}{where}。其他信息都一样时，{below}，每100{people}里，{p}{people}{got}；{inside}{above}，{q}{people}。",
            "{where}: all else equal, {below}, {p} of 100 {people} would {got}; {inside}{above}, {q}.",
        ),
        RULE,
    ),
    "price.step": Row(
        Text(
            "{X}{where}。其他信息都一样时，{below}，{price}平均是{p}；{inside}{above}，平均是{q}。",
            "{where}: all else equal, {below}, the mean {price} is {p}; {inside}{above}, it is {q}.",
        ),
        RULE,
    ),
    "decision.steps": STEPS,
    "price.steps": STEPS,
    **OF_ONE_VALUE,
    "decision.turn": Row(
        Text(
            "{X}{where}{most}{there}{aside}都{beyond}。",
            "The {person} is {most} {where} for {x}{there}; with {aside}, {beyond}.",
        ),
        RULE,
    ),
    "price.turn": Row(
        Text(
            "{X}{where}{most}{there}{aside}，{beyond}。",
            "The {price} is {most} {where} for {x}{there}; with {aside}, {beyond}.",
        ),
        RULE,
    ),
    # prices
    "price.number.always": Row(
        Text(
            "其他信息不变时，{ever}，平均相差{m}" + FAR_PRICED_WAY.zh,
            "All else equal, with {turned}, there is nearly always {way}, on average by {m}"
            + FAR_PRICED_WAY.en,
        ),
        RULE,
    ),
    "price.number.usually": Row(
        Text(
            "其他信息不变时，一般{ever}，平均相差{m}" + FAR_PRICED_WAY.zh,
            "All else equal, with {turned}, there is usually {way}, on average by {m}"
            + FAR_PRICED_WAY.en,
        ),
        RULE,
    ),
    "price.number.steps": Row(
        Text(
            "其他信息不变时，{turned}，有时{way}，有时不变，平均相差{m}" + FAR_PRICED_WAY.zh,
            "All else equal, with {turned}, there is sometimes {way}, and sometimes nothing "
            "changes: on average by {m}" + FAR_PRICED_WAY.en,
        ),
        RULE,
    ),
    "price.number.one_way": Row(
        Text(
            "其他信息不变时，{turned}，" + FAR_PRICED_ONE_WAY.zh,
            "All else equal, with {turned}, the {price} mostly stays the same"
            + FAR_PRICED_ONE_WAY.en,
        ),
        RULE,
    ),
    "price.number.no_simple_direction": Row(PRICED_NUMBER_BOTH, RULE),
    "price.number.direction_open": Row(PRICED_NUMBER_BOTH, OPEN),
    "price.levels.always": Row(
        Text(
            "其他信息不变时，{b_who}，比{a_who}{way}，平均相差{m}" + PRICED_WAY.zh,
            "All else equal: for {b_who} there is nearly always {way} than for {a_who}; on "
            "average by {m}" + PRICED_WAY.en,
        ),
        RULE,
    ),
    "price.levels.usually": Row(
        Text(
            "其他信息不变时，{b_who}，一般比{a_who}{way}，平均相差{m}" + PRICED_WAY.zh,
            "All else equal: for {b_who} there is usually {way} than for {a_who}; on average by "
            "{m}" + PRICED_WAY.en,
        ),
        RULE,
    ),
    "price.levels.steps": Row(
        Text(
            "其他信息不变时，{b_who}，有时比{a_who}{way}，有时不变，平均相差{m}" + PRICED_WAY.zh,
            "All else equal: for {b_who} there is sometimes {way} than for {a_who}; sometimes it is "
            "the same: on average by {m}" + PRICED_WAY.en,
        ),
        RULE,
    ),
    "price.levels.one_way": Row(
        Text(
            "其他信息不变时，{b_who}，和{a_who}相比，" + PRICED_ONE_WAY.zh,
            "All else equal, {b_who} compared with {a_who}: the {price} mostly stays the same"
            + PRICED_ONE_WAY.en,
        ),
        RULE,
    ),
    "price.levels.no_simple_direction": Row(PRICED_LEVELS_BOTH, RULE),
    "price.levels.direction_open": Row(PRICED_LEVELS_BOTH, OPEN),
    # both
    "decision.little": Row(
        Text(
            "{X}的影响很小：{only}，每100{people}里，结果会变的不到1{people}。{within}对少数几{people}，影响可能更大。",
            "{X_bare} made little difference: {only} changes the result for fewer than 1 of 100 {people}. {within}For a single {person} it may matter more.",
        ),
        REAL,
    ),
    # ours: no result hangs on it, and yet it moves the score of many
    "decision.score": Row(
        Text(
            "{X}：{only}，每100{people}里，结果会变的不到1{people}。{score}{within}对少数几{people}，影响可能更大。",
            "{X_bare}: {only} changes the result for fewer than 1 of 100 {people}. {score}{within}For a single {person} it may matter more.",
        ),
        REAL,
    ),
    "price.little": Row(
        Text(
            "{X}的影响很小：{only}，每100{people}里，{price}变化超过1%的不到1{people}。{within}{however_little}对少数几{people}，影响可能更大。",
            "{X_bare} made little difference: {only} moves the {price} by more than 1 % for fewer than 1 of 100 {people}. {within}{however_little}For a single {person} it may matter more.",
        ),
        REAL,
    ),
    # little on average, and not for a group: the counts of the group in which it does most
    "decision.partly": Row(
        Text(
            "{mostly}：{only}，每100{people}里，结果会变的不到1{people}。{score}但是，{group}，每100{people}里，{group_p}{people}的结果会变（试了{group_n}次，{group_c}次）。",
            "{mostly}: {only} changes the result for fewer than 1 of 100. {score}But of {group}, it does for {group_p} of 100 ({group_c} of {group_n} tests).",
        ),
        REAL,
    ),
    "price.partly": Row(
        Text(
            "对大多数{people}，{X}的影响很小：{only}，每100{people}里，{price}变化超过1%的不到1{people}。但是，{group}，每100{people}里，{group_p}{people}这样变（试了{group_n}次，{group_c}次）。",
            "For most {people} {x_bare} made little difference: {only} moves the {price} by more than 1 % for fewer than 1 of 100. But of {group}, it does for {group_p} of 100 ({group_c} of {group_n} tests).",
        ),
        REAL,
    ),
    "decision.inconclusive": Row(
        Text(
            "{X}：测试得不够多，还不能下结论。{only}，试了{n}次，有{c}次结果变了。{score}",
            "{X_bare}: too few {people} were tested to conclude. Of {n} tests, {only} changed the result in {c}. {score}",
        ),
        MORE,
    ),
    "price.inconclusive": Row(
        Text(
            "{X}：测试得不够多，还不能下结论。{only}，试了{n}次，有{c}次{price}变化超过1%。",
            "{X_bare}: too few {people} were tested to conclude. Of {n} tests, {only} moved the {price} by more than 1 % in {c}.",
        ),
        MORE,
    ),
    "not_tested": Row(
        Text("{X}：这一项没有测试。", "{X_bare}: this was not tested."),
        Text(
            "测试数据里，每{person}的这一项都一样。",
            "In the test data this is the same for all {people}.",
        ),
    ),
    "correlated": Row(
        Text(
            "{X}常常一起变，所以一起试；是哪一项起作用，不知道。",
            "{X} often change together, so they were tried together; which of them acts is not known.",
        ),
        Text("这里说的是它们一起的影响。", "What is said here is about all of them at once."),
    ),
    # ours: a group of texts has no higher and lower
    "decision.group.matters": Row(
        Text(
            "{X}会影响结果。换成另外一{person}的，每100{people}里，{about}{people}的结果会变。",
            "{X_bare} made a difference: with those of another {person}, the result changes for {about} of 100 {people}.",
        ),
        RULE,
    ),
    "price.group.matters": Row(
        Text(
            "{X}会影响{price}。换成另外一{person}的，每100{people}里，{about}{people}，{price}变化超过1%。",
            "{X_bare} made a difference: with those of another {person}, the {price} moves by more than 1 % for {about} of 100 {people}.",
        ),
        RULE,
    ),
    # protected inputs
    "decision.flip.none": Row(
        Text(
            "只改{Y}，其他信息不变，试了{n}次，结果都没有变。这样估计，会变的很可能不超过{b}%。{score}其他信息仍可能间接反映{Y}，不同人群的结果也可能不同。",
            "Changing only {y} never changed the result in {n} tests, so very likely not for more than {b} %. {score}Other information may still reflect {y}, and groups may get different results.",
        ),
        GROUPS,
    ),
    "decision.flip.some": Row(
        Text(
            "只改{Y}，其他信息不变，每100次里，{k_p}次结果变了（试了{n}次，{k}次）。",
            "Changing only {y} changed the result in {k_p} of 100 tests ({k} of {n}).",
        ),
        ITSELF,
    ),
    "decision.flip.some.several": Row(
        Text(
            "只改{Y}，其他信息不变，另外{others}种各试一次：每100{people}里，{k_p}{people}至少有一次结果变了（试了{n}{people}，{k}{people}）。",
            "Changing only {y}, to each of {others} others in turn, changed the result at least once for {k_p} of 100 {people} ({k} of {n}).",
        ),
        ITSELF,
    ),
    "price.flip.none": Row(
        Text(
            "只改{Y}，其他信息不变，试了{n}次，{price}都没有变。这样估计，会变的很可能不超过{b}%。其他信息仍可能间接反映{Y}，不同人群的{price}也可能不同。",
            "Changing only {y} never changed the {price} in {n} tests, so very likely not for more than {b} %. Other information may still reflect {y}, and groups may get different results.",
        ),
        GROUPS,
    ),
    "price.flip.some.several": Row(
        Text(
            "只改{Y}，其他信息不变，另外{others}种各试一次：每100{people}里，{k_p}{people}，{price}至少变过一次（试了{n}{people}，{k}{people}）。",
            "Changing only {y}, to each of {others} others in turn, changed the {price} at least once for {k_p} of 100 {people} ({k} of {n}).",
        ),
        ITSELF,
    ),
    "price.flip.some": Row(
        Text(
            "只改{Y}，其他信息不变，{price}每100次里{k_p}次变了（试了{n}次，{k}次）。",
            "Changing only {y} changed the {price} in {k_p} of 100 tests ({k} of {n}).",
        ),
        ITSELF,
    ),
    # ours: which way the changes went
    "decision.flip.levels": Row(
        Text(
            "如果都改成{b_who}，每100{people}里，{most}{people}{got}。如果都改成{a_who}，{least}{people}。",
            "If all were changed to {b_who}, {most} of 100 {people} would {got}. If to {a_who}, {least} would.",
        ),
        ITSELF,
    ),
    "price.flip.levels": Row(
        Text(
            "如果都改成{b_who}，{price}平均是{most}{unit}。如果都改成{a_who}，{price}平均是{least}{unit}。",
            "If all were changed to {b_who}, the mean {price} would be {most} {unit}. If to {a_who}, it would be {least} {unit}.",
        ),
        ITSELF,
    ),
    # ours: which way the changes went, counted; two rounded numbers may be one
    "decision.flip.way": Row(
        Text(
            "把{a_who}改成{b_who}，每100次里，{up_p}次变成“{good}”，{down_p}次变成“{bad}”，其余没有变（试了{n}次，{up}次和{down}次）。",
            "With {a_who} changed to {b_who}: of 100 tests, the result became “{good}” in {up_p} and “{bad}” in {down_p} ({n} tests: {up} and {down}).",
        ),
        ITSELF,
    ),
    "price.flip.way": Row(
        Text(
            "把{a_who}改成{b_who}，每100次里，{up_p}次{higher}，{down_p}次{lower}，其余没有变；平均相差{m}。（试了{n}次，{up}次和{down}次。）",
            "With {a_who} changed to {b_who}: of 100 tests, {up_p} gave {higher} and {down_p} {lower}; the mean difference is {m}. ({n} tests: {up} and {down}.)",
        ),
        ITSELF,
    ),
    # ours: a model that contradicts itself can't be shown to ignore anything
    "decision.flip.noise": Row(
        Text(
            "只改{Y}会不会改变结果，还不能下结论：什么都不改，再问一次，回答也会不一样。",
            "Whether changing only {y} changes the result is open: asked again with nothing changed, the program also gives other answers.",
        ),
        GROUPS,
    ),
    "price.flip.noise": Row(
        Text(
            "只改{Y}会不会改变{price}，还不能下结论：什么都不改，再问一次，{price}也会不一样。",
            "Whether changing only {y} changes the {price} is open: asked again with nothing changed, the program also gives other prices.",
        ),
        GROUPS,
    ),
    "not_an_input": Row(
        Text(
            "这个算法不知道{Y}。其他信息仍可能间接反映{Y}，请看“检查了什么？”。",
            "The program is not given {y}. Other information may still reflect it: see “What was checked?”.",
        ),
        UNKNOWN,
    ),
    # ours: between neighbouring values it goes a way that values far apart do not show
    "decision.number.bends": Row(
        Text(
            "其他信息不变时，{turned}，有时{easier}，有时{harder}。{stretches}相差不大的两个数值之间，每100次里，结果{near_gained_p}次变好，{near_lost_p}次变差；相差较大的两个数值之间，{up_p}次{easier}，{down_p}次{harder}，{same_p}次{unmoved}。（近的试了{near_n}次：{near_gained}次和{near_lost}次；远的试了{n}次：{up}次、{down}次和{s}次。）",
            "All else equal, with {turned}, the {person} is sometimes {easier}; sometimes {harder}: {stretches}of 100 tests between near values, the result became better in {near_gained_p} and worse in {near_lost_p}. Between values far apart, {easier} in {up_p} of 100, {harder} in {down_p} and {unmoved} in {same_p}. ({near_n} near tests: {near_gained} and {near_lost}; {n} far apart: {up}, {down} and {s}.)",
        ),
        RULE,
    ),
    "price.number.bends": Row(
        Text(
            "其他信息不变时，{turned}，有时{higher}，有时{lower}。{stretches}相差不大的两个数值之间，每100次里，{near_gained_p}次高1%以上，{near_lost_p}次低1%以上；相差较大的两个数值之间，{up_p}次{higher}，{down_p}次{lower}，{same_p}次不变。（近的试了{near_n}次：{near_gained}次和{near_lost}次；远的试了{n}次：{up}次、{down}次和{s}次。）",
            "All else equal, with {turned}, there is sometimes {higher}; sometimes {lower}: {stretches}of 100 tests between near values, it was over 1 % higher in {near_gained_p} and lower in {near_lost_p}. Between values far apart, {up_p} of 100 gave {higher}, {down_p} {lower} and {same_p} no change. ({near_n} near tests: {near_gained} and {near_lost}; {n} far apart: {up}, {down} and {s}.)",
        ),
        RULE,
    ),
}
