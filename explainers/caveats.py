"""The rows of the table for what tests could not tell: noise, blanks, rare values, written texts."""

from collections.abc import Mapping

from explainers.table import (
    ITSELF,
    NUMBER_BOTH,
    PRICED_TOGETHER,
    REAL,
    RULE,
    Row,
)
from registry.language import Text

PARTLY = Text("{partly}", "{partly}")
UNSTEADY = Text(
    "其中一部分，是这个算法自己前后不一致。",
    "Part of this is the program contradicting itself.",
)
STEADY = Text(
    "什么都不改、再问一次，没有一次结果变了；会变的只是结果以外的小数目。",
    "Asked again with nothing changed, no result changed; only the exact answer moved a little.",
)
"""What asking again does to the results beside which a change is counted."""
RARE = Text(
    "不到{least}{person}才有的情况不单独说，免得认出是谁。",
    "What fewer than {least} {people} have is not told apart, so that nobody is recognised.",
)
OTHERS: Mapping[str, tuple[Text, Text]] = {
    ".rare": (
        Text(
            "{X}另有{k}种少见的情况，没有逐一测试。合在一起试，",
            "{X}: {k} rare cases were not tested one by one. Together, ",
        ),
        RARE,
    ),
    ".common": (
        Text(
            "{X}另有{k}种情况（{names}），没有逐一测试。合在一起试，",
            "{X}: {k} further cases ({names}) were not tested one by one. Together, ",
        ),
        Text(
            "逐一测试的，是最常见的{most}种。",
            "Those that were tested one by one are the {most} most common.",
        ),
    ),
    ".one": (
        Text("{X}另有1种情况（{names}）：换成它，", "{X}: 1 further case ({names}). With it, "),
        Text(
            "另外试过的，是最常见的{most}种。",
            "The others that were tested are the {most} most common.",
        ),
    ),
    ".both": (
        Text(
            "{X}另有{k}种情况（{names}，和更少见的），没有逐一测试。合在一起试，",
            "{X}: {k} further cases ({names}, and rarer ones) were not tested one by one. Together, ",
        ),
        RARE,
    ),
}
"""The levels that are tried together: such as too few people have, such as enough have, or both."""
TOGETHER: Mapping[str, Text] = {
    "decision": Text(
        "每100{people}里，{about}{people}的结果会变。",
        "{about} of 100 results change.",
    ),
    "price": Text(
        "每100{people}里，{about}{people}，{price}变化超过1%。",
        "{about} of 100 move the {price} by more than 1 %.",
    ),
}
REST = Text("下面说的是其余的。", "What follows is about the rest.")
APART = Text(
    "分开改，会出现现实里少见的搭配；一起改的结果在下面。",
    "Changed apart, they make combinations that are rare in reality; what they do together stands below.",
)

CAVEATS: Mapping[str, Row] = {
    # a model that contradicts itself: every count stands beside what asking again does
    "noise.all": Row(
        Text(
            "同样的信息问两次，每100次{again_about}次结果不一样。所以不能说哪一项影响了结果。",
            "Asked twice with the same information, {again_about} of 100 results differ. So nothing can be said about what moves it.",
        ),
        Text(
            "同样的信息，可能得到不同的结果。", "The same information may get different results."
        ),
    ),
    "noise.some": Row(
        Text(
            "同样的信息问两次，每100次{again_about}次结果不一样。所以下面的次数要和“再问一次”的次数比。",
            "Asked twice with the same information, {again_about} of 100 results differ. So each count below stands beside that of asking again.",
        ),
        Text(
            "同样的信息，可能得到不同的结果。", "The same information may get different results."
        ),
    ),
    "decision.number.noisy": Row(
        Text(
            "{turned}，每100次里，{gained_p}次变成“{good}”，{lost_p}次变成“{bad}”；什么都不改、再问一次，{again_p}次结果不一样。（试了{n}次，{gained}次和{lost}次；再问{again_n}次，{again_c}次。）",
            "With {turned}, of 100 results {gained_p} changed to “{good}” and {lost_p} to “{bad}”. Asked again with nothing changed, {again_p} differed. ({n} tests: {gained} and {lost}; asked again {again_n}: {again_c}.)",
        ),
        PARTLY,
    ),
    "decision.levels.noisy": Row(
        Text(
            "{X}从“{from}”变成“{to}”，每100次里，{gained_p}次变成“{good}”，{lost_p}次变成“{bad}”；什么都不改、再问一次，{again_p}次结果不一样。（试了{n}次，{gained}次和{lost}次；再问{again_n}次，{again_c}次。）",
            "With {x} changed from “{from}” to “{to}”, of 100 results {gained_p} changed to “{good}” and {lost_p} to “{bad}”. Asked again with nothing changed, {again_p} differed. ({n} tests: {gained} and {lost}; asked again {again_n}: {again_c}.)",
        ),
        PARTLY,
    ),
    "decision.exchanged.noisy": Row(
        Text(
            "{X}换成另外一{person}的，每100次里，{c_p}次结果变了；什么都不改、再问一次，{again_p}次结果不一样。（试了{n}次，{c}次；再问{again_n}次，{again_c}次。）",
            "{X}: with those of another {person}, {c_p} of 100 results changed. Asked again with nothing changed, {again_p} differed. ({n} tests: {c}; asked again {again_n}: {again_c}.)",
        ),
        PARTLY,
    ),
    "price.number.noisy": Row(
        Text(
            "{turned}，每100次里，{gained_p}次{price}高了1%以上，{lost_p}次低了1%以上；什么都不改、再问一次，{again_p}次相差1%以上。（试了{n}次，{gained}次和{lost}次；再问{again_n}次，{again_c}次。）",
            "With {turned}, of 100 tests {gained_p} moved the {price} up by more than 1 % and {lost_p} down. Asked again with nothing changed, {again_p} differed by more than 1 %. ({n} tests: {gained} and {lost}; asked again {again_n}: {again_c}.)",
        ),
        PARTLY,
    ),
    "price.levels.noisy": Row(
        Text(
            "{X}从“{from}”变成“{to}”，每100次里，{gained_p}次{price}高了1%以上，{lost_p}次低了1%以上；什么都不改、再问一次，{again_p}次相差1%以上。（试了{n}次，{gained}次和{lost}次；再问{again_n}次，{again_c}次。）",
            "With {x} changed from “{from}” to “{to}”, of 100 tests {gained_p} moved the {price} up by more than 1 % and {lost_p} down. Asked again with nothing changed, {again_p} differed by more than 1 %. ({n} tests: {gained} and {lost}; asked again {again_n}: {again_c}.)",
        ),
        PARTLY,
    ),
    "price.exchanged.noisy": Row(
        Text(
            "{X}换成另外一{person}的，每100次里，{c_p}次{price}变化超过1%；什么都不改、再问一次，{again_p}次相差1%以上。（试了{n}次，{c}次；再问{again_n}次，{again_c}次。）",
            "{X}: with those of another {person}, the {price} moved by more than 1 % in {c_p} of 100 tests. Asked again with nothing changed, {again_p} differed by more than 1 %. ({n} tests: {c}; asked again {again_n}: {again_c}.)",
        ),
        PARTLY,
    ),
    "decision.noise": Row(
        Text(
            "{X}：还不能下结论。{only}，每100次里，{c_p}次结果不一样；什么都不改、再问一次，也有{again_p}次。（试了{n}次，{c}次；再问{again_n}次，{again_c}次。）",
            "{X}: still open. In 100 tests, {only} made {c_p} results differ; asked again with nothing changed, {again_p} differed too. ({n} tests: {c}; asked again {again_n}: {again_c}.)",
        ),
        PARTLY,
    ),
    "price.noise": Row(
        Text(
            "{X}：还不能下结论。{only}，每100次里，{c_p}次{price}相差1%以上；什么都不改、再问一次，也有{again_p}次。（试了{n}次，{c}次；再问{again_n}次，{again_c}次。）",
            "{X}: still open. Of 100 tests, {only} moved the {price} by more than 1 % in {c_p}; asked again with nothing changed, it did so in {again_p}, too. ({n} tests: {c}; asked again {again_n}: {again_c}.)",
        ),
        PARTLY,
    ),
    "decision.flip.some.noise": Row(
        Text(
            "只改{Y}，其他信息不变，每100次里，{k_p}次结果不一样；什么都不改、再问一次，{again_p}次。（试了{n}次，{k}次；再问{again_n}次，{again_c}次。）",
            "Changing only {y} made {k_p} of 100 results differ. Asked again with nothing changed, {again_p} differed. ({n} tests: {k}; asked again {again_n}: {again_c}.)",
        ),
        ITSELF,
    ),
    "price.flip.some.noise": Row(
        Text(
            "只改{Y}，其他信息不变，每100次里，{k_p}次{price}不一样；什么都不改、再问一次，{again_p}次。（试了{n}次，{k}次；再问{again_n}次，{again_c}次。）",
            "Changing only {y} made the {price} differ in {k_p} of 100 tests. Asked again with nothing changed, it differed in {again_p}. ({n} tests: {k}; asked again {again_n}: {again_c}.)",
        ),
        ITSELF,
    ),
    "flip.unknown": Row(
        Text(
            "只改{Y}会不会改变结果，这一项没有测试。",
            "Whether changing only {y} changes the result was not tested.",
        ),
        Text(
            "测试数据里，这一项几乎都一样。",
            "In the test data this is nearly always the same.",
        ),
    ),
    "flip.untried": Row(
        Text(
            "{Y}：有的情况不到{least}{person}才有，没有试过。",
            "{Y}: what fewer than {least} {people} have was not tried.",
        ),
        Text(
            "没有测试，不等于没有差别。", "Not tested does not mean that there is no difference."
        ),
    ),
    "whatif.noise": Row(
        Text(
            "同样的信息再问一次，结果可能不一样，所以不举例子。",
            "Asked again with the same information, the result may differ, so there is no example.",
        ),
        Text(
            "例子要两次回答都一样才算数。",
            "An example counts only where both answers are the same.",
        ),
    ),
    # columns that move together
    "decision.together": Row(NUMBER_BOTH, RULE),
    "decision.together.noisy": Row(
        Text(
            "{turned}，每100次里，{gained_p}次变成“{good}”，{lost_p}次变成“{bad}”；什么都不改、再问一次，{again_p}次结果不一样。（试了{n}次，{gained}次和{lost}次；再问{again_n}次，{again_c}次。）",
            "With {turned}, of 100 results {gained_p} changed to “{good}” and {lost_p} to “{bad}”. Asked again with nothing changed, {again_p} differed. ({n} tests: {gained} and {lost}; asked again {again_n}: {again_c}.)",
        ),
        PARTLY,
    ),
    "price.together": Row(PRICED_TOGETHER, RULE),
    "price.together.noisy": Row(
        Text(
            "{turned}，每100次里，{gained_p}次{price}高了1%以上，{lost_p}次低了1%以上；什么都不改、再问一次，{again_p}次相差1%以上。（试了{n}次，{gained}次和{lost}次；再问{again_n}次，{again_c}次。）",
            "With {turned}, of 100 tests {gained_p} moved the {price} up by more than 1 % and {lost_p} down. Asked again with nothing changed, {again_p} differed by more than 1 %. ({n} tests: {gained} and {lost}; asked again {again_n}: {again_c}.)",
        ),
        PARTLY,
    ),
    "decision.told_apart": Row(
        Text(
            "{X}常常一起变，所以一起试。只改{Y}，试了{n}次，结果都没有变。",
            "{X} often change together, so they were tried together. Changing only {y} never changed the result in {n} tests.",
        ),
        REST,
    ),
    "price.told_apart": Row(
        Text(
            "{X}常常一起变，所以一起试。只改{Y}，试了{n}次，{price}都没有变。",
            "{X} often change together, so they were tried together. Changing only {y} never changed the {price} in {n} tests.",
        ),
        REST,
    ),
    "decision.each_acts": Row(
        Text(
            "{X}常常一起变，所以一起试。分开试，每一项都起作用：{each}。",
            "{X} often change together, so they were tried together. Tried apart, each of them acts. {each}.",
        ),
        APART,
    ),
    "price.each_acts": Row(
        Text(
            "{X}常常一起变，所以一起试。分开试，每一项都起作用：{each}。",
            "{X} often change together, so they were tried together. Tried apart, each of them acts. {each}.",
        ),
        APART,
    ),
    # what was not tried, or tried only together
    "decision.untried": Row(
        Text(
            "{X}：{only}，每100次里，{c_p}次结果变了（试了{n}次，{c}次）。但不是每种情况都试过，所以不能说影响小。",
            "{X}: {only} changed the result in {c_p} of 100 tests ({c} of {n}). But not every case was tried, so it can’t be called a small matter.",
        ),
        REAL,
    ),
    "price.untried": Row(
        Text(
            "{X}：{only}，每100次里，{c_p}次{price}变化超过1%（试了{n}次，{c}次）。但不是每种情况都试过，所以不能说影响小。",
            "{X}: {only} moved the {price} by more than 1 % in {c_p} of 100 tests ({c} of {n}). But not every case was tried, so it can’t be called a small matter.",
        ),
        REAL,
    ),
    "decision.elsewhere": Row(
        Text(
            "{X}：在常见的情况之间换，每100次里，{c_p}次结果变了（试了{n}次，{c}次）。换成另外一{person}的，每100{people}里，{swapped}{people}的结果会变。",
            "{X}: between common values, {only} changed the result in {c_p} of 100 tests ({c} of {n}). With another {person}’s, it changes for {swapped} of 100 {people}.",
        ),
        RULE,
    ),
    "price.elsewhere": Row(
        Text(
            "{X}：在常见的情况之间换，每100次里，{c_p}次{price}变化超过1%（试了{n}次，{c}次）。换成另外一{person}的，每100{people}里，{swapped}{people}，{price}会这样变。",
            "{X}: between common values, {only} moved the {price} by more than 1 % in {c_p} of 100 tests ({c} of {n}). With another {person}’s, it does so for {swapped} of 100 {people}.",
        ),
        RULE,
    ),
    **{
        f"{task}.rest{which}": Row(Text(said.zh + together.zh, said.en + together.en), limit)
        for task, together in TOGETHER.items()
        for which, (said, limit) in OTHERS.items()
    },
    "levels.left_out": Row(
        Text(
            "{X}另有{k}种情况太少见，没有测试。",
            "{X}: {cases}.",
        ),
        RARE,
    ),
    "decision.blank": Row(
        Text(
            "假如都没有填{X}，每100{people}里，{a}{people}{got}。照实际填写的，{b}{people}。",
            "If {X} were never filled in, {a} of 100 {people} would {got}. As filled in, {b} do.",
        ),
        RULE,
    ),
    "price.blank": Row(
        Text(
            "假如都没有填{X}，{price}平均是{m}。照实际填写的，平均是{own}。",
            "If {X} were never filled in, the mean {price} would be {m}. As filled in, it is {own}.",
        ),
        RULE,
    ),
    "too_rare": Row(
        Text(
            "{X}：与别的不同的不到{least}{person}，所以没有测试。",
            "{X}: fewer than {least} {people} differ from the rest, so this was not tested.",
        ),
        RARE,
    ),
    "only_blank": Row(
        Text(
            "{X}：填了的都一样，只试了没有填的情况。",
            "{X}: wherever it was filled in it was the same; only leaving it blank was tried.",
        ),
        Text("测试数据里没有别的内容。", "The test data hold nothing else."),
    ),
    "written": Row(
        Text(
            "{X}：内容几乎各不相同，或者是日期，不能一种一种地说明，只能整项换成别人的来试。",
            "{X}: nearly all differ here, or it is a date. It can’t be explained case by case, only exchanged as a whole.",
        ),
        Text(
            "备案主体把它归成几类以后，才能说明哪一类影响结果。在那以前，只有备案主体自己的话（H1到H9），没有测过。",
            "The filer has to sort it into a few classes before it can be said which of them matter. Until then there are only the filer’s own words (H1 to H9), which were not tested.",
        ),
    ),
}
