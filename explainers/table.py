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
    "这是程序的规律，不是原因，也不保证您的结果。",
    "This is how the program behaves. It is not a cause, and it promises you nothing.",
)
REAL = Text("只试了数据里常有的数值。", "Only values that the data often hold were tested.")
GROUPS = Text(
    "“只改{Y}”不变，不等于不同人群的结果一样。",
    "Changing only {y} is not the same as equal results for groups.",
)
UNKNOWN = Text(
    "程序不看{Y}，不等于不同人群的结果一样。",
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

SENTENCES: Mapping[str, Row] = {
    # decisions: a number
    "decision.number.always": Row(
        Text(
            "其他信息不变时，{X}越{high}，算法越容易给出“{result}”。只改这一项，换成相差较大的数值，试了{n}次，有{k}次是这样。",
            "All else equal, the {higher_X}, the more likely the program answers “{result}”. It was so in {k} of {n} tests that changed only this, between values far apart.",
        ),
        RULE,
    ),
    "decision.number.usually": Row(
        Text(
            "其他信息不变时，一般{X}越{high}，越容易{result}。换成相差较大的数值，每100次测试，约有{p}次是这样。",
            "All else equal, usually the {higher_X}, the more likely “{result}”: about {p} of 100 tests between values far apart.",
        ),
        RULE,
    ),
    # ours: models built of trees answer in steps; many changes do nothing, and none the other way
    "decision.number.steps": Row(
        Text(
            "其他信息不变时，{X}变{high}，有时更容易{result}，有时{idle}。换成相差较大的数值，试了{n}次：{k}次更容易，{s}次{unmoved}，{d}次更难。",
            "All else equal, with {more_X}, “{result}” is sometimes more likely, and sometimes {idle}. Of {n} tests between values far apart, {k} were more likely, {s} {unmoved} and {d} less likely.",
        ),
        RULE,
    ),
    "decision.number.no_simple_direction": Row(
        Text(
            "其他信息不变时，{X}{turns}，试了{n}次：{up}次更容易“{good}”，{down}次更难，{s}次{unmoved}。有{c}次结果本身变了。",
            "All else equal, with {more_X}, of {n} tests “{good}” was more likely in {up}, less likely in {down} and {unmoved} in {s}. The result itself changed in {c}.",
        ),
        RULE,
    ),
    "decision.number.one_way": Row(
        Text(
            "其他信息不变时，{X}变{high}，多数时候{unmoved}；换成相差较大的数值，变了的，都是更{hard}：试了{n}次，{k}次更{hard}，没有一次相反。有{c}次结果本身变了。",
            "All else equal, with {more_X}, mostly {idle}; between values far apart, where it does, “{good}” was always {hard} likely: in {k} of {n} tests, and never the opposite. The result itself changed in {c}.",
        ),
        RULE,
    ),
    # ours: it matters for certain, but too few people to say which way
    "decision.number.direction_open": Row(
        Text(
            "其他信息不变时，{X}{turns}，试了{n}次：{up}次更容易“{good}”，{down}次更难，{s}次{unmoved}。有{c}次结果本身变了。",
            "All else equal, with {more_X}, of {n} tests “{good}” was more likely in {up}, less likely in {down} and {unmoved} in {s}. The result itself changed in {c}.",
        ),
        MORE,
    ),
    # decisions: a column of levels (ours: "higher" means nothing for "married")
    "decision.levels.always": Row(
        Text(
            "其他信息不变时，{X}是“{b}”，比是“{a}”更容易得到“{result}”。只改这一项，试了{n}次，有{k}次是这样。",
            "All else equal, “{b}” instead of “{a}” for {x} makes “{result}” more likely. It was so in {k} of {n} tests that changed only this.",
        ),
        RULE,
    ),
    "decision.levels.usually": Row(
        Text(
            "其他信息不变时，{X}是“{b}”，一般比是“{a}”更容易得到“{result}”。每100次测试，约有{p}次是这样。",
            "All else equal, “{b}” instead of “{a}” for {x} usually makes “{result}” more likely: about {p} of 100 tests.",
        ),
        RULE,
    ),
    "decision.levels.steps": Row(
        Text(
            "其他信息不变时，{X}是“{b}”不是“{a}”，有时更容易得到“{result}”，有时{idle}。试了{n}次：{k}次更容易，{s}次{unmoved}，{d}次更难。",
            "All else equal, “{b}” instead of “{a}” for {x} sometimes makes “{result}” more likely and sometimes {idle}. Of {n} tests, {k} were more likely, {s} {unmoved} and {d} less likely.",
        ),
        RULE,
    ),
    "decision.levels.no_simple_direction": Row(
        Text(
            "其他信息不变时，{X}从“{from}”变成“{to}”，试了{n}次：{up}次更容易“{good}”，{down}次更难，{s}次{unmoved}。有{c}次结果本身变了。",
            "All else equal, with {x} changed from “{from}” to “{to}”, of {n} tests “{good}” was more likely in {up}, less likely in {down} and {unmoved} in {s}. The result itself changed in {c}.",
        ),
        RULE,
    ),
    "decision.levels.direction_open": Row(
        Text(
            "其他信息不变时，{X}从“{from}”变成“{to}”，试了{n}次：{up}次更容易“{good}”，{down}次更难，{s}次{unmoved}。有{c}次结果本身变了。",
            "All else equal, with {x} changed from “{from}” to “{to}”, of {n} tests “{good}” was more likely in {up}, less likely in {down} and {unmoved} in {s}. The result itself changed in {c}.",
        ),
        MORE,
    ),
    # ours: many levels that fall into two
    "decision.levels.parted": Row(
        Text(
            "其他信息都一样时，{X}是{names}的，每100{people}里，{p}{people}的结果是“{good}”；是试过的另外{m}种情况的，{q}{people}。",
            "All else equal, with {names} for {x}, {p} of 100 {people} would get “{good}”; with the other {m} that were tested, {q}.",
        ),
        RULE,
    ),
    "price.levels.parted": Row(
        Text(
            "其他信息都一样时，{X}是{names}的，{price}平均是{p}；是试过的另外{m}种情况的，平均是{q}。",
            "All else equal, with {names} for {x}, the mean {price} is {p}; with the other {m} that were tested, it is {q}.",
        ),
        RULE,
    ),
    # where the effect of a number has a step, or turns round
    "decision.step": Row(
        Text(
            "{X}{where}。其他信息都一样时，{below}，每100{people}里，{p}{people}的结果是“{good}”；{inside}{above}，{q}{people}。",
            "{where}: all else equal, {below}, {p} of 100 {people} would get “{good}”; {inside}{above}, {q}.",
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
    "decision.turn": Row(
        Text(
            "{X}{where}{most}“{good}”{there}再{high}或再{low}都{beyond}。",
            "“{good}” is {most} likely {where} for {x}{there}; both {high} and {low} make it {beyond} likely.",
        ),
        RULE,
    ),
    "price.turn": Row(
        Text(
            "{X}{where}{price}{most}{there}再{high}或再{low}都{beyond}。",
            "The {price} is {most} {where} for {x}{there}; both {high} and {low} make it {beyond}.",
        ),
        RULE,
    ),
    "decision.levels.one_way": Row(
        Text(
            "其他信息不变时，{X}从“{from}”变成“{to}”，多数时候{unmoved}；变了的，都是更{hard}：试了{n}次，{k}次更{hard}，没有一次相反。有{c}次结果本身变了。",
            "All else equal, with {x} changed from “{from}” to “{to}”, mostly {idle}; where it does, “{good}” is always {hard} likely: in {k} of {n} tests, and never the opposite. The result itself changed in {c}.",
        ),
        RULE,
    ),
    # prices
    "price.number.always": Row(
        Text(
            "其他信息不变时，{X}越{high}，{price}越{price_high}：试的两个数值相差较大，平均相差{m}。只改这一项，试了{n}次，有{k}次是这样。",
            "All else equal, the {higher_X}, the {price_high} the {price}: between the two values tried, far apart, on average by {m}. It was so in {k} of {n} tests that changed only this.",
        ),
        RULE,
    ),
    "price.number.usually": Row(
        Text(
            "其他信息不变时，一般{X}越{high}，{price}越{price_high}：试的两个数值相差较大，平均相差{m}。每100次测试，约有{p}次是这样。",
            "All else equal, usually the {higher_X}, the {price_high} the {price}: between the two values tried, far apart, on average by {m}; so in about {p} of 100 tests.",
        ),
        RULE,
    ),
    "price.number.steps": Row(
        Text(
            "其他信息不变时，{X}变{high}，{price}有时变{price_high}，有时不变，平均相差{m}。换成相差较大的数值，试了{n}次：{k}次是这样，{s}次不变，{d}次相反。",
            "All else equal, with {more_X}, the {price} is sometimes {price_high}, and sometimes nothing changes: on average by {m}. Of {n} tests between values far apart, {k} went this way, {s} stayed the same and {d} went the other way.",
        ),
        RULE,
    ),
    "price.number.no_simple_direction": Row(
        Text(
            "其他信息不变时，{X}{turns}，试了{n}次：{up}次{price}更高，{down}次更低，{s}次不变，平均相差{m}。有{c}次变化超过1%。",
            "All else equal, with {more_X}, of {n} tests the {price} was higher in {up}, lower in {down} and the same in {s}: on average by {m}. It moved by more than 1 % in {c}.",
        ),
        RULE,
    ),
    "price.number.direction_open": Row(
        Text(
            "其他信息不变时，{X}{turns}，试了{n}次：{up}次{price}更高，{down}次更低，{s}次不变，平均相差{m}。有{c}次变化超过1%。",
            "All else equal, with {more_X}, of {n} tests the {price} was higher in {up}, lower in {down} and the same in {s}: on average by {m}. It moved by more than 1 % in {c}.",
        ),
        MORE,
    ),
    "price.levels.always": Row(
        Text(
            "其他信息不变时，{X}是“{b}”，比是“{a}”{price}更{price_high}，平均相差{m}。只改这一项，试了{n}次，有{k}次是这样。",
            "All else equal, “{b}” instead of “{a}” for {x} makes the {price} {price_high}, on average by {m}. It was so in {k} of {n} tests that changed only this.",
        ),
        RULE,
    ),
    "price.levels.usually": Row(
        Text(
            "其他信息不变时，{X}是“{b}”，一般比是“{a}”时{price}更{price_high}，平均相差{m}。每100次测试，约有{p}次是这样。",
            "All else equal, “{b}” instead of “{a}” for {x} usually makes the {price} {price_high}, on average by {m}; so in about {p} of 100 tests.",
        ),
        RULE,
    ),
    "price.levels.steps": Row(
        Text(
            "其他信息不变时，{X}是“{b}”不是“{a}”，{price}有时更{price_high}，有时不变，平均相差{m}。试了{n}次：{k}次是这样，{s}次不变，{d}次相反。",
            "All else equal, “{b}” instead of “{a}” for {x} sometimes makes the {price} {price_high} and sometimes does nothing: on average by {m}. Of {n} tests, {k} went this way, {s} stayed the same and {d} went the other way.",
        ),
        RULE,
    ),
    "price.levels.no_simple_direction": Row(
        Text(
            "其他信息不变时，{X}从“{from}”变成“{to}”，试了{n}次：{up}次{price}更高，{down}次更低，{s}次不变，平均相差{m}。有{c}次变化超过1%。",
            "All else equal, with {x} changed from “{from}” to “{to}”, of {n} tests the {price} was higher in {up}, lower in {down} and the same in {s}: on average by {m}. It moved by more than 1 % in {c}.",
        ),
        RULE,
    ),
    "price.levels.direction_open": Row(
        Text(
            "其他信息不变时，{X}从“{from}”变成“{to}”，试了{n}次：{up}次{price}更高，{down}次更低，{s}次不变，平均相差{m}。有{c}次变化超过1%。",
            "All else equal, with {x} changed from “{from}” to “{to}”, of {n} tests the {price} was higher in {up}, lower in {down} and the same in {s}: on average by {m}. It moved by more than 1 % in {c}.",
        ),
        MORE,
    ),
    "price.number.one_way": Row(
        Text(
            "其他信息不变时，{X}变{high}，{price}多数时候不变；换成相差较大的数值，变了的，都是更{price_high}：试了{n}次，{k}次更{price_high}，没有一次相反，平均相差{m}。",
            "All else equal, with {more_X}, the {price} mostly stays the same; between values far apart, where it changed, it was always {price_high}: in {k} of {n} tests, on average by {m}, and never the opposite.",
        ),
        RULE,
    ),
    "price.levels.one_way": Row(
        Text(
            "其他信息不变时，{X}从“{from}”变成“{to}”，{price}多数时候不变；变了的，都是更{price_high}：试了{n}次，{k}次更{price_high}，没有一次相反，平均相差{m}。",
            "All else equal, with {x} changed from “{from}” to “{to}”, the {price} mostly stays the same; where it changed, it was always {price_high}: in {k} of {n} tests, on average by {m}, and never the opposite.",
        ),
        RULE,
    ),
    # both
    "decision.little": Row(
        Text(
            "{X}的影响很小：{only}，每100{people}里，结果会变的不到1{people}。{within}对少数几{people}，影响可能更大。",
            "{X} made little difference: {only} changes the result for fewer than 1 of 100 {people}. {within}For a single {person} it may matter more.",
        ),
        REAL,
    ),
    "price.little": Row(
        Text(
            "{X}的影响很小：{only}，每100{people}里，{price}变化超过1%的不到1{people}。{within}{way}对少数几{people}，影响可能更大。",
            "{X} made little difference: {only} moves the {price} by more than 1 % for fewer than 1 of 100 {people}. {within}{way}For a single {person} it may matter more.",
        ),
        REAL,
    ),
    # little on average, and not for a group: the counts of the group in which it does most
    "decision.partly": Row(
        Text(
            "对大多数{people}，{X}的影响很小：{only}，每100{people}里，结果会变的不到1{people}。但是，{group}，试了{group_n}次，有{group_c}次结果变了。",
            "For most {people} {x} made little difference: {only} changes the result for fewer than 1 of 100. But of {group}, it did in {group_c} of {group_n} tests.",
        ),
        REAL,
    ),
    "price.partly": Row(
        Text(
            "对大多数{people}，{X}的影响很小：{only}，每100{people}里，{price}变化超过1%的不到1{people}。但是，{group}，试了{group_n}次，有{group_c}次这样变。",
            "For most {people} {x} made little difference: {only} moves the {price} by more than 1 % for fewer than 1 of 100. But of {group}, it did in {group_c} of {group_n} tests.",
        ),
        REAL,
    ),
    "decision.inconclusive": Row(
        Text(
            "{X}：测试得不够多，还不能下结论。{only}，试了{n}次，有{c}次结果变了。",
            "{X}: too few {people} were tested to conclude. Of {n} tests, {only} changed the result in {c}.",
        ),
        MORE,
    ),
    "price.inconclusive": Row(
        Text(
            "{X}：测试得不够多，还不能下结论。{only}，试了{n}次，有{c}次{price}变化超过1%。",
            "{X}: too few {people} were tested to conclude. Of {n} tests, {only} moved the {price} by more than 1 % in {c}.",
        ),
        MORE,
    ),
    "not_tested": Row(
        Text("{X}：这一项没有测试。", "{X}: this was not tested."),
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
            "{X}会影响结果：换成另外一{person}的，每100{people}里，{about}{people}的结果会变。",
            "{X} made a difference: with those of another {person}, the result changes for {about} of 100 {people}.",
        ),
        RULE,
    ),
    "price.group.matters": Row(
        Text(
            "{X}会影响{price}：换成另外一{person}的，每100{people}里，{about}{people}的{price}变化超过1%。",
            "{X} made a difference: with those of another {person}, the {price} moves by more than 1 % for {about} of 100 {people}.",
        ),
        RULE,
    ),
    # protected inputs
    "decision.flip.none": Row(
        Text(
            "只改{Y}，其他信息不变，试了{n}次，结果都没有变。这样估计，会变的很可能不超过{b}%。其他信息仍可能间接反映{Y}，不同人群的结果也可能不同。",
            "Changing only {y} never changed the result in {n} tests, so very likely not for more than {b} %. Other information may still reflect {y}, and groups may get different results.",
        ),
        GROUPS,
    ),
    "decision.flip.some": Row(
        Text(
            "只改{Y}，其他信息不变，试了{n}次，有{k}次结果变了。",
            "Changing only {y} changed the result in {k} of {n} tests.",
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
    "price.flip.some": Row(
        Text(
            "只改{Y}，其他信息不变，试了{n}次，有{k}次{price}变了。",
            "Changing only {y} changed the {price} in {k} of {n} tests.",
        ),
        ITSELF,
    ),
    # ours: which way the changes went
    "decision.flip.levels": Row(
        Text(
            "如果每{person}的{Y}都是“{b}”，每100{people}里，{most}{people}的结果是“{good}”。如果都是“{a}”，{least}{people}。",
            "If {y} were “{b}” for all {people}, {most} of 100 {people} would get “{good}”. If it were “{a}”, {least} would.",
        ),
        ITSELF,
    ),
    "price.flip.levels": Row(
        Text(
            "如果{Y}都是“{b}”，{price}平均是{most}{unit}。如果都是“{a}”，{price}平均是{least}{unit}。",
            "If {y} were “{b}” everywhere, the mean {price} would be {most} {unit}. If it were “{a}”, it would be {least} {unit}.",
        ),
        ITSELF,
    ),
    # ours: which way the changes went, counted; two rounded numbers may be one
    "decision.flip.way": Row(
        Text(
            "{Y}从“{a}”改成“{b}”，{n}次里，{up}次变成“{good}”，{down}次变成“{bad}”，其余没有变。",
            "With {y} changed from “{a}” to “{b}”, of {n} tests the result became “{good}” in {up} and “{bad}” in {down}.",
        ),
        ITSELF,
    ),
    "price.flip.way": Row(
        Text(
            "{Y}从“{a}”改成“{b}”，{n}次里，{up}次{price}更高，{down}次更低，其余没有变；平均相差{m}。",
            "With {y} changed from “{a}” to “{b}”, of {n} tests the {price} was higher in {up} and lower in {down}; the mean difference is {m}.",
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
            "程序不知道{Y}。其他信息仍可能间接反映{Y}，请看“检查了什么？”。",
            "The program is not given {y}. Other information may still reflect it: see “What was checked?”.",
        ),
        UNKNOWN,
    ),
    # ours: between neighbouring values it goes a way that values far apart do not show
    "decision.number.bends": Row(
        Text(
            "其他信息不变时，{bent}，有时更容易“{good}”，有时更难：{stretches}相差不大的两个数值之间，试了{near_n}次，结果{near_gained}次变好，{near_lost}次变差。相差较大的两个数值之间，试了{n}次：{up}次更容易，{down}次更难，{s}次{unmoved}。",
            "All else equal, with {bent}, “{good}” is sometimes more likely and sometimes less: {stretches}of {near_n} tests between near values, {near_gained} results became better and {near_lost} worse. Between values far apart, of {n} tests it was more likely in {up}, less likely in {down} and {unmoved} in {s}.",
        ),
        RULE,
    ),
    "price.number.bends": Row(
        Text(
            "其他信息不变时，{bent}，{price}有时更高，有时更低：{stretches}相差不大的两个数值之间，试了{near_n}次，{near_gained}次高1%以上，{near_lost}次低1%以上。相差较大的两个数值之间，试了{n}次：{up}次更高，{down}次更低，{s}次不变。",
            "All else equal, with {bent}, the {price} is sometimes higher and sometimes lower: {stretches}of {near_n} tests between near values, {near_gained} were over 1 % higher and {near_lost} lower. Between values far apart, of {n} tests it was higher in {up}, lower in {down} and the same in {s}.",
        ),
        RULE,
    ),
}
