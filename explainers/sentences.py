"""The one table of sentences, and the thresholds on evidence that choose among them.

No text is generated at run time: a row is chosen by its evidence and its places are filled. The
wording is that of the design's table; rows it does not have are marked "ours" with their reason.
Thresholds are met by simultaneous Clopper–Pearson bounds, never by the share that was seen.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from explainers.bounds import Family
from registry.language import Text

NEARLY_ALWAYS = 0.99
USUALLY = 0.90
ONE_OF_A_HUNDRED = 0.01
NOTABLE = 0.05  # of the tests in which a one-sided effect is worth a sentence (ours)


class Kind(StrEnum):
    """What the evidence supports saying."""

    ALWAYS = "always"
    USUALLY = "usually"
    STEPS = "steps"
    NO_SIMPLE_DIRECTION = "no_simple_direction"
    DIRECTION_OPEN = "direction_open"
    LITTLE = "little"
    INCONCLUSIVE = "inconclusive"
    NOT_TESTED = "not_tested"


@dataclass(frozen=True, slots=True)
class Counts:
    """What one contrast counted.

    Args:
        n: people tested, one contrast each.
        up: how often the answer got better for the person, or dearer.
        down: how often it got worse, or cheaper.
        changed: how often the result itself changed.
    """

    n: int
    up: int
    down: int
    changed: int

    @property
    def same(self) -> int:
        """How often nothing moved."""
        return self.n - self.up - self.down

    @property
    def most(self) -> int:
        """The count of the direction seen more often."""
        return max(self.up, self.down)

    @property
    def least(self) -> int:
        """The count of the other direction."""
        return min(self.up, self.down)


def choose(counts: Counts, family: Family) -> Kind:
    """Which row of the table the evidence supports: exactly one, whatever the counts."""
    n = counts.n
    if n == 0:
        return Kind.NOT_TESTED
    if family.upper(counts.changed, n) < ONE_OF_A_HUNDRED:
        return Kind.LITTLE
    if family.lower(counts.changed, n) < ONE_OF_A_HUNDRED:
        return Kind.INCONCLUSIVE
    most = family.lower(counts.most, n)
    if most >= NEARLY_ALWAYS:
        return Kind.ALWAYS
    if most >= USUALLY:
        return Kind.USUALLY
    if family.upper(counts.least, n) < ONE_OF_A_HUNDRED and most >= NOTABLE:
        return Kind.STEPS
    if family.upper(counts.most, n) < USUALLY:
        return Kind.NO_SIMPLE_DIRECTION
    return Kind.DIRECTION_OPEN


@dataclass(frozen=True, slots=True)
class Row:
    """One row of the table: the sentence and what it does not show."""

    text: Text
    limit: Text


_RULE = Text(
    "这是程序的规律，不是原因，也不保证你的结果。",
    "This is how the program behaves. It is not a cause, and it promises you nothing.",
)
_REAL = Text("只试了很多人真有的数值。", "Only values that many people really have were tested.")
_GROUPS = Text(
    "“只改{Y}”不变，不等于不同人群的结果一样。",
    "Changing only {Y} is not the same as equal results for groups.",
)
_UNKNOWN = Text(
    "程序不看{Y}，不等于不同人群的结果一样。",
    "Not looking at {Y} is not the same as equal results for groups.",
)
_RESULTS = Text(
    "这里比较的是结果，不能说明原因。",
    "This compares results. It does not show the cause.",
)
_MORE = Text("要有更多的人参加测试。", "More people would have to be tested.")

SENTENCES: Mapping[str, Row] = {
    # decisions: a number
    "decision.number.always": Row(
        Text(
            "其他信息不变时，{X}越{high}，算法越容易给出“{result}”。只改这一项，试了{n}次，有{k}次是这样。",
            "All else equal, the {higher_X}, the more likely the program answers “{result}”. It was so in {k} of {n} tests that changed only this.",
        ),
        _RULE,
    ),
    "decision.number.usually": Row(
        Text(
            "其他信息不变时，一般{X}越{high}，越容易{result}。每100次测试，约有{p}次是这样。",
            "All else equal, usually the {higher_X}, the more likely “{result}”: about {p} of 100 tests.",
        ),
        _RULE,
    ),
    # ours: models built of trees answer in steps; many changes do nothing, and none the other way
    "decision.number.steps": Row(
        Text(
            "其他信息不变时，{X}变{high}，有时更容易{result}，有时没有影响。试了{n}次：{k}次更容易，{s}次不变，{d}次更难。",
            "All else equal, {more_X} sometimes makes “{result}” more likely and sometimes does nothing. Of {n} tests, {k} were more likely, {s} the same and {d} less likely.",
        ),
        _RULE,
    ),
    "decision.number.no_simple_direction": Row(
        Text(
            "{X}会影响结果，但不能简单地说越{high}越容易{result}。",
            "{X} matters, but one can’t simply say that {more} makes “{result}” more likely.",
        ),
        _RULE,
    ),
    # ours: it matters for certain, but too few people to say which way
    "decision.number.direction_open": Row(
        Text(
            "{X}会影响结果。往哪个方向，测试的人数不够，还不能下结论。",
            "{X} matters. Too few people were tested to say which way.",
        ),
        _MORE,
    ),
    # decisions: a column of levels (ours: "higher" means nothing for "married")
    "decision.levels.always": Row(
        Text(
            "其他信息不变时，{X}是“{b}”，比是“{a}”更容易得到“{result}”。只改这一项，试了{n}次，有{k}次是这样。",
            "All else equal, “{b}” instead of “{a}” for {x} makes “{result}” more likely. It was so in {k} of {n} tests that changed only this.",
        ),
        _RULE,
    ),
    "decision.levels.usually": Row(
        Text(
            "其他信息不变时，一般{X}是“{b}”，比是“{a}”更容易得到“{result}”。每100次测试，约有{p}次是这样。",
            "All else equal, “{b}” instead of “{a}” for {x} usually makes “{result}” more likely: about {p} of 100 tests.",
        ),
        _RULE,
    ),
    "decision.levels.steps": Row(
        Text(
            "其他信息不变时，{X}是“{b}”不是“{a}”，有时更容易得到“{result}”，有时没有影响。试了{n}次：{k}次更容易，{s}次不变，{d}次更难。",
            "All else equal, “{b}” instead of “{a}” for {x} sometimes makes “{result}” more likely and sometimes does nothing. Of {n} tests, {k} were more likely, {s} the same and {d} less likely.",
        ),
        _RULE,
    ),
    "decision.levels.no_simple_direction": Row(
        Text(
            "{X}会影响结果，但不能简单地说“{b}”比“{a}”更容易得到“{result}”。",
            "{X} matters, but one can’t simply say that “{b}” makes “{result}” more likely than “{a}”.",
        ),
        _RULE,
    ),
    "decision.levels.direction_open": Row(
        Text(
            "{X}会影响结果。“{a}”和“{b}”哪个更好，测试的人数不够，还不能下结论。",
            "{X} matters. Too few people were tested to say whether “{a}” or “{b}” does better.",
        ),
        _MORE,
    ),
    # prices
    "price.number.always": Row(
        Text(
            "其他信息不变时，{X}越{high}，{price}越{price_high}。只改这一项，试了{n}次，有{k}次是这样。",
            "All else equal, the {higher_X}, the {price_high} the {price}. It was so in {k} of {n} tests that changed only this.",
        ),
        _RULE,
    ),
    "price.number.usually": Row(
        Text(
            "其他信息不变时，一般{X}越{high}，{price}越{price_high}。每100次测试，约有{p}次是这样。",
            "All else equal, usually the {higher_X}, the {price_high} the {price}: about {p} of 100 tests.",
        ),
        _RULE,
    ),
    "price.number.steps": Row(
        Text(
            "其他信息不变时，{X}变{high}，{price}有时变{price_high}，有时不变。试了{n}次：{k}次是这样，{s}次不变，{d}次相反。",
            "All else equal, {more_X} sometimes makes the {price} {price_high} and sometimes does nothing. Of {n} tests, {k} went this way, {s} stayed the same and {d} went the other way.",
        ),
        _RULE,
    ),
    "price.number.no_simple_direction": Row(
        Text(
            "{X}会影响{price}，但不能简单地说越{high}越贵。",
            "{X} matters, but one can’t simply say that {more} makes it dearer.",
        ),
        _RULE,
    ),
    "price.number.direction_open": Row(
        Text(
            "{X}会影响{price}。往哪个方向，测试的人数不够，还不能下结论。",
            "{X} matters. Too few people were tested to say which way.",
        ),
        _MORE,
    ),
    "price.levels.always": Row(
        Text(
            "其他信息不变时，{X}是“{b}”，比是“{a}”{price}更{price_high}。只改这一项，试了{n}次，有{k}次是这样。",
            "All else equal, “{b}” instead of “{a}” for {x} makes the {price} {price_high}. It was so in {k} of {n} tests that changed only this.",
        ),
        _RULE,
    ),
    "price.levels.usually": Row(
        Text(
            "其他信息不变时，一般{X}是“{b}”，比是“{a}”{price}更{price_high}。每100次测试，约有{p}次是这样。",
            "All else equal, “{b}” instead of “{a}” for {x} usually makes the {price} {price_high}: about {p} of 100 tests.",
        ),
        _RULE,
    ),
    "price.levels.steps": Row(
        Text(
            "其他信息不变时，{X}是“{b}”不是“{a}”，{price}有时更{price_high}，有时不变。试了{n}次：{k}次是这样，{s}次不变，{d}次相反。",
            "All else equal, “{b}” instead of “{a}” for {x} sometimes makes the {price} {price_high} and sometimes does nothing. Of {n} tests, {k} went this way, {s} stayed the same and {d} went the other way.",
        ),
        _RULE,
    ),
    "price.levels.no_simple_direction": Row(
        Text(
            "{X}会影响{price}，但不能简单地说“{b}”比“{a}”更贵。",
            "{X} matters, but one can’t simply say that “{b}” makes it dearer than “{a}”.",
        ),
        _RULE,
    ),
    "price.levels.direction_open": Row(
        Text(
            "{X}会影响{price}。“{a}”和“{b}”哪个更贵，测试的人数不够，还不能下结论。",
            "{X} matters. Too few people were tested to say whether “{a}” or “{b}” is dearer.",
        ),
        _MORE,
    ),
    # both
    "decision.little": Row(
        Text(
            "{X}的影响很小：只改这一项，每100{people}里，结果会变的不到1{people}。对个别{people}，影响可能更大。",
            "{X} matters little: changing only this changes the result for fewer than 1 of 100 {people}. For a single {person} it may matter more.",
        ),
        _REAL,
    ),
    "price.little": Row(
        Text(
            "{X}的影响很小：只改这一项，每100{people}里，{price}变化超过1%的不到1{people}。对个别{people}，影响可能更大。",
            "{X} matters little: changing only this moves the {price} by more than 1 % for fewer than 1 of 100 {people}. For a single {person} it may matter more.",
        ),
        _REAL,
    ),
    "decision.inconclusive": Row(
        Text(
            "{X}：测试的人数不够，还不能下结论。只改这一项，试了{n}次，有{c}次结果变了。",
            "{X}: Too few people were tested to conclude. Changing only this changed the result in {c} of {n} tests.",
        ),
        _MORE,
    ),
    "price.inconclusive": Row(
        Text(
            "{X}：测试的人数不够，还不能下结论。只改这一项，试了{n}次，有{c}次{price}变化超过1%。",
            "{X}: Too few people were tested to conclude. Changing only this moved the {price} by more than 1 % in {c} of {n} tests.",
        ),
        _MORE,
    ),
    "not_tested": Row(
        Text("{X}：这一项没有测试。", "{X}: This was not tested."),
        Text(
            "测试数据里，每个人的这一项都一样。",
            "In the test data this is the same for everyone.",
        ),
    ),
    "correlated": Row(
        Text(
            "{A}和{B}常常一起变化，所以合在一起检查，分不清各自的影响。",
            "{A} and {B} often change together, so they were checked as one; their separate effects can’t be told apart.",
        ),
        Text("这里说的是它们一起的影响。", "What is said here is about all of them at once."),
    ),
    # ours: a group of texts has no higher and lower
    "decision.group.matters": Row(
        Text(
            "{X}会影响结果：换成别人的，每100{people}里，约有{p}{people}的结果会变。",
            "{X} matter: with those of another {person}, the result changes for about {p} of 100 {people}.",
        ),
        _RULE,
    ),
    "price.group.matters": Row(
        Text(
            "{X}会影响{price}：换成别人的，每100{people}里，约有{p}{people}的{price}变化超过1%。",
            "{X} matter: with those of another {person}, the {price} moves by more than 1 % for about {p} of 100 {people}.",
        ),
        _RULE,
    ),
    # protected inputs
    "decision.flip.none": Row(
        Text(
            "只改{Y}，其他信息不变，试了{n}次，结果都没有变。这样估计，会变的很可能不超过{b}%。其他信息仍可能间接反映{Y}，不同人群的结果也可能不同，请看“不同人群的结果”。",
            "Changing only {Y} never changed the result in {n} tests, so very likely not for more than {b} %. Other information may still reflect {Y}, and groups may get different results: see “Results for different groups”.",
        ),
        _GROUPS,
    ),
    "decision.flip.some": Row(
        Text(
            "只改{Y}，其他信息不变，试了{n}次，有{k}次结果变了。",
            "Changing only {Y} changed the result in {k} of {n} tests.",
        ),
        _RULE,
    ),
    "price.flip.none": Row(
        Text(
            "只改{Y}，其他信息不变，试了{n}次，{price}都没有变。这样估计，会变的很可能不超过{b}%。其他信息仍可能间接反映{Y}，不同人群的{price}也可能不同，请看“不同人群的结果”。",
            "Changing only {Y} never changed the {price} in {n} tests, so very likely not for more than {b} %. Other information may still reflect {Y}, and groups may get different results: see “Results for different groups”.",
        ),
        _GROUPS,
    ),
    "price.flip.some": Row(
        Text(
            "只改{Y}，其他信息不变，试了{n}次，有{k}次{price}变了。",
            "Changing only {Y} changed the {price} in {k} of {n} tests.",
        ),
        _RULE,
    ),
    "decision.flip.unknown": Row(
        Text(
            "只改{Y}会不会改变结果，这一项没有测试。",
            "Whether changing only {Y} changes the result was not tested.",
        ),
        Text(
            "测试数据里，每个人的这一项都一样。", "In the test data this is the same for everyone."
        ),
    ),
    "not_an_input": Row(
        Text(
            "程序不知道{Y}。其他信息仍可能间接反映{Y}，请看“不同人群的结果”。",
            "The program is not given {Y}. Other information may still reflect it: see “Results for different groups”.",
        ),
        _UNKNOWN,
    ),
}

FRAME: Mapping[str, Row] = {
    # ours: what stands around the table's sentences
    "missing": Row(
        Text("没有填写。", "Not stated."),
        Text("这一项要由备案单位填写。", "The filer has to fill this in."),
    ),
    "decision.overall": Row(
        Text(
            "测试了{n}{people}。每100{people}里，约有{p}{people}的结果是“{good}”。",
            "{n} {people} were tested. About {p} of 100 got the result “{good}”.",
        ),
        Text(
            "这些是测试数据里的{people}，和今后的{people}可能不同。",
            "These are the {people} in the test data. Others may differ.",
        ),
    ),
    "price.overall": Row(
        Text(
            "测试了{n}{people}。{price}平均是{m}{unit}。",
            "{n} {people} were tested. The mean {price} is {m} {unit}.",
        ),
        Text(
            "这些是测试数据里的{people}，和今后的{people}可能不同。",
            "These are the {people} in the test data. Others may differ.",
        ),
    ),
    "inputs": Row(
        Text(
            "程序看{n}项信息，都列在下面。",
            "The program looks at {n} pieces of information, all listed below.",
        ),
        Text(
            "没有列出的信息，程序看不到。",
            "The program does not see anything that is not listed.",
        ),
    ),
    "actionable": Row(
        Text("其中{k}项，本人有可能改变。", "A person may be able to change {k} of them."),
        Text("哪些能改变，由备案单位填写。", "Which ones is what the filer says."),
    ),
    "decision.importance": Row(
        Text(
            "影响最大的是{X}：换成别人的，每100{people}里，约有{p}{people}的结果会变。",
            "What matters most: {X}. With another {person}’s, the result changes for about {p} of 100 {people}.",
        ),
        _RULE,
    ),
    "price.importance": Row(
        Text(
            "影响最大的是{X}：换成别人的，{price}平均会变{m}{unit}。",
            "What matters most: {X}. With another {person}’s, the {price} changes by {m} {unit} on average.",
        ),
        _RULE,
    ),
    "levels.left_out": Row(
        Text("{X}还有{k}种少见的情况，没有测试。", "{X}: {k} rarer values were not tested."),
        _MORE,
    ),
    "decision.whatif.one": Row(
        Text(
            "例如，一{person}原来的结果是“{bad}”。只把{X}从{before}变成{after}，结果就会变成“{good}”。",
            "For example, one {person}’s result was “{bad}”. Changing only {X} from {before} to {after} would make it “{good}”.",
        ),
        Text(
            "例子里用的是常见的数值，不是谁的资料。你改了以后，结果不一定这样。",
            "The example uses common values, nobody’s own record. If you do the same, your result may differ.",
        ),
    ),
    "decision.whatif.two": Row(
        Text(
            "例如，一{person}原来的结果是“{bad}”。把{X}从{before}变成{after}，再把{X2}从{before2}变成{after2}，结果就会变成“{good}”。",
            "For example, one {person}’s result was “{bad}”. Changing {X} from {before} to {after}, and {X2} from {before2} to {after2}, would make it “{good}”.",
        ),
        Text(
            "例子里用的是常见的数值，不是谁的资料。你改了以后，结果不一定这样。",
            "The example uses common values, nobody’s own record. If you do the same, your result may differ.",
        ),
    ),
    "price.whatif.one": Row(
        Text(
            "例如，只把{X}从{before}变成{after}，{price}就会从{bad}变成{good}{unit}。",
            "For example, changing only {X} from {before} to {after} would move the {price} from {bad} to {good} {unit}.",
        ),
        Text(
            "例子里用的是常见的数值，不是谁的资料。",
            "The example uses common values, nobody’s own record.",
        ),
    ),
    "price.whatif.two": Row(
        Text(
            "例如，把{X}从{before}变成{after}，再把{X2}从{before2}变成{after2}，{price}就会从{bad}变成{good}{unit}。",
            "For example, changing {X} from {before} to {after}, and {X2} from {before2} to {after2}, would move the {price} from {bad} to {good} {unit}.",
        ),
        Text(
            "例子里用的是常见的数值，不是谁的资料。",
            "The example uses common values, nobody’s own record.",
        ),
    ),
    "decision.whatif.searched": Row(
        Text(
            "看了{n}位结果是“{bad}”的人。只改一项本人能改变的信息，其中{k}人的结果会变好。",
            "We looked at {n} {people} with the result “{bad}”. Changing one thing they can change would help {k} of them.",
        ),
        Text("只试了常见的数值。", "Only common values were tried."),
    ),
    "price.whatif.searched": Row(
        Text(
            "看了{n}{people}。只改一项能改变的信息，其中{k}{people}的{price}会低5%以上。",
            "We looked at {n} {people}. Changing one thing that can be changed would make the {price} 5 % lower for {k} of them.",
        ),
        Text("只试了常见的数值。", "Only common values were tried."),
    ),
    "whatif.none": Row(
        Text(
            "没有一项信息是本人能改变的，所以没有例子。",
            "A person can change none of this information, so there is no example.",
        ),
        Text("哪些能改变，由备案单位填写。", "Which ones can be changed is what the filer says."),
    ),
    "again.same": Row(
        Text(
            "同样的信息问了两次，{n}次回答都一样。",
            "The same question was asked twice, and all {n} answers were the same.",
        ),
        Text("两次是在同一天、同一台机器上问的。", "Both times were on one day and one machine."),
    ),
    "again.differs": Row(
        Text(
            "同样的信息问了两次，{n}次里有{k}次回答不一样，{c}次结果变了。比这更小的差别不算。",
            "The same question was asked twice. Of {n} answers {k} differed, and {c} results changed. Smaller differences than these are not counted.",
        ),
        Text("同样的人，可能得到不同的结果。", "The same person may get different results."),
    ),
    "groups.none": Row(
        Text(
            "没有可用的评估报告，所以不知道不同人群的结果是否不同。",
            "There is no evaluation report to use, so we do not know whether results differ by group.",
        ),
        Text(
            "没有测试，不等于没有差别。", "Not tested does not mean that there is no difference."
        ),
    ),
    "groups.this_one": Row(
        Text(
            "评估报告没有按{Y}比较结果。",
            "The evaluation report does not compare results by {Y}.",
        ),
        Text(
            "没有测试，不等于没有差别。", "Not tested does not mean that there is no difference."
        ),
    ),
    "groups.ratio": Row(
        Text(
            "{Y}是“{g}”的人，每100人里约有{a}人的结果是“{good}”。{Y}是“{r}”的人，约有{b}人。前者是后者的{v}%，很可能在{low}%和{high}%之间。结论：{verdict}。",
            "Where {y} is “{g}”, about {a} of 100 people got “{good}”. Where it is “{r}”, about {b} did. The first is {v} % of the second, very likely between {low} % and {high} %. In short: {verdict}.",
        ),
        _RESULTS,
    ),
    "groups.difference": Row(
        Text(
            "{Y}是“{g}”的人，每100人里约有{a}人的结果是“{good}”。{Y}是“{r}”的人，约有{b}人。每100人{more}{v}人，很可能在{low}人和{high}人之间。结论：{verdict}。",
            "Where {y} is “{g}”, about {a} of 100 people got “{good}”. Where it is “{r}”, about {b} did. That is {v} of 100 people {more}, very likely between {low} and {high}. In short: {verdict}.",
        ),
        _RESULTS,
    ),
    "groups.either": Row(
        Text(
            "{Y}是“{g}”的人，每100人里约有{a}人的结果是“{good}”。{Y}是“{r}”的人，约有{b}人。真实的差别，可能是每100人少{low}人，也可能是多{high}人。结论：{verdict}。",
            "Where {y} is “{g}”, about {a} of 100 people got “{good}”. Where it is “{r}”, about {b} did. The true gap may be {low} of 100 people fewer, or {high} more. In short: {verdict}.",
        ),
        _RESULTS,
    ),
    "groups.verdict": Row(
        Text(
            "{Y}是“{g}”的人，每100人里约有{a}人的结果是“{good}”。{Y}是“{r}”的人，约有{b}人。结论：{verdict}。",
            "Where {y} is “{g}”, about {a} of 100 people got “{good}”. Where it is “{r}”, about {b} did. In short: {verdict}.",
        ),
        _RESULTS,
    ),
    "groups.auc_score": Row(
        Text(
            "只看程序的分数，猜谁的{Y}是“{g}”：每100次约能猜对{v}次。乱猜是50次。",
            "From the program’s score alone, one can guess whose {y_bare} is “{g}”: right about {v} times in 100. Blind guessing gets 50.",
        ),
        Text(
            "猜得比乱猜准，说明分数间接反映了{Y}。",
            "A better guess than blind means that the score reflects {y}.",
        ),
    ),
    "groups.auc_features": Row(
        Text(
            "看程序用的全部信息，猜谁的{Y}是“{g}”：每100次约能猜对{v}次。乱猜是50次。",
            "From all the information it uses, one can guess whose {y_bare} is “{g}”: right about {v} times in 100. Blind guessing gets 50.",
        ),
        Text(
            "能猜出来，不等于程序这样做了。",
            "That it can be guessed does not mean that the program does so.",
        ),
    ),
    "report.rest": Row(
        Text(
            "评估报告里还有{n}项结果：{a}项差异超过界线，{b}项有差异但未定，{c}项差异很小，{d}项还不能下结论，{e}项没有测成。",
            "The report has {n} more results: {a} beyond the line, {b} different but open, {c} shown to be small, {d} open, {e} that could not be tested.",
        ),
        Text("每一项都在评估报告里。", "Each of them is in the evaluation report."),
    ),
}


def sentence(
    row: str, *, kind: str = "", evidence: Mapping[str, Any], places: Mapping[str, Text]
) -> dict[str, Any]:
    """Fill one row of the table.

    Args:
        row: its name.
        kind: how the page files it; the row's name where empty.
        evidence: the numbers it rests on.
        places: what goes into its places, in both languages.
    """
    chosen = SENTENCES.get(row) or FRAME[row]
    text, limit = filled(chosen.text, places), filled(chosen.limit, places)
    return {
        "kind": kind or row,
        "zh": text.zh,
        "en": text.en,
        "limit": limit.as_json(),
        "evidence": dict(evidence),
    }


def filled(text: Text, places: Mapping[str, Text]) -> Text:
    """A row's text with its places filled, each language from its own words."""
    zh = text.zh.format_map({name: each.zh for name, each in places.items()})
    en = text.en.format_map({name: each.en for name, each in places.items()})
    return Text(zh, capitalised(en))


def capitalised(text: str) -> str:
    """An English sentence with a large first letter."""
    return text[:1].upper() + text[1:]
