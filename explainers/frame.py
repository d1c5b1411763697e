"""The sentences around the table: what is stated, counted, tried as an example, and found by group."""

from collections.abc import Mapping

from explainers.table import GROUPS, ITSELF, RESULTS, RULE, Row
from registry.findings import Verdict
from registry.language import Text

TRIED = Text(
    "只试了许多人共有的数值；原来没有填的，没有试着填上。",
    "Only values shared by many were tried; what was blank was not filled in.",
)
ROWS = Text(
    "数据里没有写明，哪些记录是同一{person}的。所以一条记录算一{person}。",
    "The data do not say which records are about the same {person}. So each record counts as one {person}.",
)
SEVERAL = Text(
    "同一{person}如果有几条不一样的记录，会被多算。",
    "Where one {person} has several records that differ, too many {people} are counted.",
)
GUESSED = Text(
    "只看这个算法的分数，从两{person}里猜哪一{person}的{Y}是“{g}”：每100次约猜对{v}次。乱猜是50次。也就是说，{verdict}。",
    "From the program’s score alone, guessing which of two {people} has {y_bare} “{g}” is right about {v} times in 100. Blind guessing gets 50. In short: {verdict}.",
)
_REFLECTED = Text(
    "猜得比乱猜准，说明分数间接反映了{Y}。",
    "A better guess than blind means that the score reflects {y}.",
)
GUESSED_FROM_THE_SCORE: Mapping[Verdict, Text] = {
    Verdict.DISPARITY: _REFLECTED,
    Verdict.DIFFERENCE: _REFLECTED,
    Verdict.EQUIVALENT: Text(
        "在这份数据里，从分数几乎猜不出{Y}。别的数据可能不同。",
        "In these data the score hardly tells {y}. Other data may differ.",
    ),
    Verdict.INCONCLUSIVE: Text(
        "数据还不够，看不出分数是否反映了{Y}。",
        "The data do not suffice to tell whether the score reflects {y}.",
    ),
}
"""What follows from how well the score tells a group, by the verdict on it."""

IN_THE_DATA = Text(
    "这只说测试数据里的情况，今后可能不同。数据里的不一定全问：可能随机少问一些，免得拿两份说明一比，看出单独一{person}。",
    "These are the {people} in the test data. Others may differ. Some in the data, drawn at random, may not have been asked about, so that two explanations together tell of no single {person}.",
)
FRAME: Mapping[str, Row] = {
    # ours: what stands around the table's sentences
    "missing": Row(
        Text("没有填写。", "Not stated."),
        Text("这一项要由备案主体填写。", "The filer has to fill this in."),
    ),
    "decision.overall": Row(
        Text(
            "测试了{n}{person}。每100{people}里，{about}{people}{got}。",
            "{n} {people} were tested. {About} of 100 got the result “{good}”.",
        ),
        IN_THE_DATA,
    ),
    "price.overall": Row(
        Text(
            "测试了{n}{person}。{price}平均是{m}。",
            "{n} {people} were tested. The mean {price} is {m}.",
        ),
        IN_THE_DATA,
    ),
    "overall.labels": Row(
        Text(
            "这个算法的回答只有两种，没有介于中间的分数。",
            "The program’s answers were one result or the other, with no score in between.",
        ),
        Text(
            "结果没变的，是不是更接近改变，测不出来。",
            "Where the result stays the same, nobody can tell whether a change came nearer.",
        ),
    ),
    "overall.rows": Row(ROWS, SEVERAL),
    "overall.folded": Row(
        Text(
            ROWS.zh + "各项都一样的记录只算一次，少算了{n}条。",
            ROWS.en + " Records that are alike in everything count once: {n} fewer.",
        ),
        Text(
            "各项都一样的几{person}，也只算一{person}。" + SEVERAL.zh,
            "Several {people} that are alike in everything count once, too. " + SEVERAL.en,
        ),
    ),
    "overall.left_out": Row(
        Text(
            "有的情况，不到{least}{person}才有。有这种情况的没有问到；另外随机少问了几{person}，免得算出一共有多少。",
            "Some things are shared by fewer than {least} {people}. Those {people} were not asked about, nor were a few others, drawn at random, so that nobody can work out how many they are.",
        ),
        Text(
            "没有测试，不等于没有差别。", "Not tested does not mean that there is no difference."
        ),
    ),
    "inputs": Row(
        Text(
            "这个算法看{n}项信息，{all}列在下面。",
            "The program looks at {n} {all} listed below.",
        ),
        Text(
            "没有列出的信息，这个算法看不到。",
            "The program does not see anything that is not listed.",
        ),
    ),
    "actionable": Row(
        Text("{which}，本人有可能改变。", "A person may be able to change {which}."),
        Text("哪些能改变，由备案主体填写。", "Which ones is what the filer says."),
    ),
    "decision.importance": Row(
        Text(
            "影响最大的是{X}。换成另外一{person}的，每100{people}里，{about}{people}的结果会变。",
            "What matters most: {X}. With another {person}’s, the result changes for {about} of 100 {people}.",
        ),
        RULE,
    ),
    "importance.tie": Row(
        Text(
            "影响较大的有{X}，分不出谁更大。",
            "Among the strongest: {x}. The tests can’t tell which is stronger.",
        ),
        RULE,
    ),
    "importance.one": Row(
        Text(
            "{X}会影响结果，是不是影响最大的，还不能下结论。",
            "{X} made a difference. Whether most of all is open.",
        ),
        RULE,
    ),
    "price.importance": Row(
        Text(
            "影响最大的是{X}。换成另外一{person}的，每100{people}里，{about}{people}，{price}变化超过1%。平均变{m}。",
            "What matters most: {X}. With another {person}’s, the {price} moves by more than 1 % for {about} of 100 {people}, and on average by {m}.",
        ),
        RULE,
    ),
    "price.importance.apart": Row(
        Text(
            "{price}最常因为{X}而变。换成另外一{person}的，每100{people}里，{about}{people}，{price}变化超过1%；平均变{m}。变动幅度最大的是因为{Y}，平均变{further}。",
            "The {price} moves most often with {x}: with another {person}’s, by more than 1 % for {about} of 100 {people}, and on average by {m}. It moves furthest with {y}, on average by {further}.",
        ),
        RULE,
    ),
    "decision.whatif.one": Row(
        Text(
            "例如，有一{person}原来的结果是“{bad}”。只把{X}从{before}变成{after}，结果就会变成“{good}”。",
            "For example, one {person}’s result was “{bad}”. Changing only {X} from {before} to {after} would make it “{good}”.",
        ),
        Text(
            "例子里用的是许多人共有的、取整的数值，不是谁的资料。您改了以后，结果不一定这样。",
            "The example uses round values shared by many, nobody’s own record. If you do the same, your result may differ.",
        ),
    ),
    "decision.whatif.two": Row(
        Text(
            "例如，有一{person}原来的结果是“{bad}”。把{X}从{before}变成{after}，再把{X2}从{before2}变成{after2}，结果就会变成“{good}”。",
            "For example, one {person}’s result was “{bad}”. Changing {X} from {before} to {after}, and {X2} from {before2} to {after2}, would make it “{good}”.",
        ),
        Text(
            "例子里用的是许多人共有的、取整的数值，不是谁的资料。您改了以后，结果不一定这样。",
            "The example uses round values shared by many, nobody’s own record. If you do the same, your result may differ.",
        ),
    ),
    "price.whatif.one": Row(
        Text(
            "例如，只把{X}从{before}变成{after}，试了{n}{person}：{price}平均从{bad}变成{good}{unit}。",
            "For example, changing only {X} from {before} to {after} for {n} {people} moved the mean {price} from {bad} to {good} {unit}.",
        ),
        Text(
            "例子里用的是许多人共有的、取整的数值，不是谁的资料。",
            "The example uses round values shared by many, nobody’s own record.",
        ),
    ),
    "price.whatif.two": Row(
        Text(
            "例如，把{X}从{before}变成{after}，再把{X2}从{before2}变成{after2}，试了{n}{person}：{price}平均从{bad}变成{good}{unit}。",
            "For example, changing {X} from {before} to {after}, and {X2} from {before2} to {after2}, for {n} {people} moved the mean {price} from {bad} to {good} {unit}.",
        ),
        Text(
            "例子里用的是许多人共有的、取整的数值，不是谁的资料。",
            "The example uses round values shared by many, nobody’s own record.",
        ),
    ),
    "decision.whatif.searched": Row(
        Text(
            "看了{n}{person}，结果都是“{bad}”。{tried}。{whose}的结果会变好。",
            "We looked at {n} {people} with the result “{bad}”. {tried} would help {whose}.",
        ),
        TRIED,
    ),
    "price.whatif.searched": Row(
        Text(
            "看了{n}{person}。{tried}。{whose}的{price}会低5%以上。",
            "We looked at {n} {people}. {tried} would make the {price} at least 5 % lower for {whose}.",
        ),
        TRIED,
    ),
    "whatif.untried": Row(
        Text(
            "另外也能改变、但没有这样试的：{X}。",
            "Also open to change, but not tried in this way: {X}.",
        ),
        Text(
            "它们常和别的信息一起变，或者不能一种一种地试，或者数值未公开；改了有没有用，不知道。",
            "They often change with something else, can’t be tried case by case, or their values are not published; whether changing them helps is not known.",
        ),
    ),
    "whatif.few": Row(
        Text(
            "只用许多人共有的数值，举不出例子。",
            "No example can be made from values shared by many.",
        ),
        Text(
            "这不等于没有人的结果可以变好。",
            "It does not mean that nobody’s result could get better.",
        ),
    ),
    "whatif.joined": Row(
        Text(
            "本人能改变的信息，都常和别的信息一起变，或者不能一种一种地试，所以不举例子。",
            "What a person can change often changes with something else, or can’t be tried case by case, so there is no example.",
        ),
        Text("哪些能改变，由备案主体填写。", "Which ones can be changed is what the filer says."),
    ),
    "score.no_place": Row(
        Text(
            "这里说明的是这个算法给出的{price}，不是名次。排在第几，还要看其余各{people}的{price}。",
            "This explains the {price} that the program gives, not the place. The place depends on the {price} of other {people}, too.",
        ),
        Text("名次没有测过。", "Places were not tested."),
    ),
    "whatif.scored": Row(
        Text(
            "{price}变了，位置不一定变，所以不举例子。",
            "A changed {price} need not change the place, so there is no example.",
        ),
        Text("名次没有测过。", "Places were not tested."),
    ),
    "whatif.sealed": Row(
        Text(
            "例子会说出分界的数值，所以不举例子。具体数值未公开（{why}）。",
            "An example would tell the value of a step, so there is none. The values are not published ({why}).",
        ),
        Text("不公开是备案主体要求的。", "The filer asked for this."),
    ),
    "whatif.none": Row(
        Text(
            "没有一项信息是本人能改变的，所以没有例子。",
            "A person can change none of this information, so there is no example.",
        ),
        Text("哪些能改变，由备案主体填写。", "Which ones can be changed is what the filer says."),
    ),
    "again.same": Row(
        Text(
            "同样的信息问了两次，{n}次回答都一样。",
            "The same question was asked twice, and all {n} answers were the same.",
        ),
        Text("两次是在同一天、同一台机器上问的。", "Both times were on one day and one machine."),
    ),
    "again.moved": Row(
        Text(
            "同样的信息问了两次，{n}次里有{k}次回答不完全一样，但没有一次结果变了。",
            "The same question was asked twice. Of {n} answers {k} differed a little; no result changed.",
        ),
        Text(
            "离分界更近的，再问一次，结果也可能不同。",
            "Closer to the line, the result may differ when asked again.",
        ),
    ),
    "again.differs": Row(
        Text(
            "同样的信息问了两次，{n}次里有{k}次回答不一样，{c}次结果变了。",
            "The same question was asked twice. Of {n} answers {k} differed, and {c} results changed.",
        ),
        Text(
            "同样的信息，可能得到不同的结果。", "The same information may get different results."
        ),
    ),
    # who set the cut, the good side and the protected attributes, where no report did
    "decision.chosen": Row(
        Text(
            "分数线是{cut}，{side}的结果是“{good}”。{protected}这些都是备案主体自己定的，没有评估报告可以核对。",
            "The cut is {cut}; {side} the result is “{good}”. {protected} The filer chose all this; there is no evaluation report to check it against.",
        ),
        Text("换一条分数线，说明会不一样。", "With another cut this page would read otherwise."),
    ),
    "decision.chosen.cut": Row(
        Text(
            "分数线是{cut}，{side}的结果是“{good}”。这是备案主体自己定的，评估报告没有用分数线，没有可以核对的。",
            "The cut is {cut}; {side} the result is “{good}”. The filer chose this; the evaluation report uses no cut to check it against.",
        ),
        Text("换一条分数线，说明会不一样。", "With another cut this page would read otherwise."),
    ),
    "price.chosen": Row(
        Text(
            "{protected}这是备案主体自己定的，没有评估报告可以核对。",
            "{protected} The filer chose this; there is no evaluation report to check it against.",
        ),
        Text(
            "没有列在里面的，没有单独检查。",
            "What is not listed was not checked on its own.",
        ),
    ),
    "reports.differ": Row(
        Text(
            "有效的评估报告有{n}份，尺子不一样：{parts}。这里用最新的一份。",
            "{n} evaluation reports count and go by different measures: {parts}. This page goes by the newest.",
        ),
        Text("别的报告的结果可能不同。", "What the others found may differ."),
    ),
    "bounds.differ": Row(
        Text(
            "只改{Y}：这里测了{n}{people}，上限是{b}%。评估报告测了{m}{people}，上限是{c}%。两处的结果都没有变。人数不同，同时要成立的结论也不同，所以上限不同。",
            "Changing only {y}: here {n} {people} were tested, with a bound of {b} %. In the report {m} were, with a bound of {c} %. No result changed in either. The bounds differ because the numbers of {people} and of statements that must hold at once differ.",
        ),
        GROUPS,
    ),
    "groups.none": Row(
        Text(
            "这份说明没有引用评估报告，所以不说不同人群的结果是否不同。",
            "This explanation quotes no evaluation report, so it does not say whether results differ by group.",
        ),
        Text(
            "没有测试，不等于没有差别。", "Not tested does not mean that there is no difference."
        ),
    ),
    "groups.this_one": Row(
        Text(
            "这里引用的评估报告没有按{Y}比较结果。",
            "The evaluation report quoted here does not compare results by {y}.",
        ),
        Text(
            "没有测试，不等于没有差别。", "Not tested does not mean that there is no difference."
        ),
    ),
    "groups.ratio": Row(
        Text(
            "{g_who}，每100{people}里，{a}{people}{got}。{r_who}，{b}{people}。前者是后者的{v}%，很可能在{low}%和{high}%之间。也就是说，{verdict}。",
            "Of {g_who}, {a} of 100 got “{good}”; of {r_who}, {b}. The first is {v} % of the second, very likely between {low} % and {high} %. In short: {verdict}.",
        ),
        RESULTS,
    ),
    "groups.difference": Row(
        Text(
            "{g_who}，每100{people}里，{a}{people}{got}。{r_who}，{b}{people}。每100{people}{more}{v}{people}，很可能在{low}和{high}之间。也就是说，{verdict}。",
            "Of {g_who}, {a} of 100 got “{good}”; of {r_who}, {b}. That is {v} of 100 {people} {more}, very likely between {low} and {high}. In short: {verdict}.",
        ),
        RESULTS,
    ),
    "groups.either": Row(
        Text(
            "{g_who}，每100{people}里，{a}{people}{got}。{r_who}，{b}{people}。真实的差别，可能是每100{people}少{low}{people}，也可能是多{high}{people}。也就是说，{verdict}。",
            "Of {g_who}, {a} of 100 got “{good}”; of {r_who}, {b}. The true gap may be {low} of 100 {people} fewer, or {high} more. In short: {verdict}.",
        ),
        RESULTS,
    ),
    "groups.verdict": Row(
        Text(
            "{g_who}，每100{people}里，{a}{people}{got}。{r_who}，{b}{people}。也就是说，{verdict}。",
            "Of {g_who}, {a} of 100 got “{good}”; of {r_who}, {b}. In short: {verdict}.",
        ),
        RESULTS,
    ),
    "errors.outcome.refused": Row(
        Text(
            "本该得到“{good}”却没有得到的：{g_who}，该得到的每100{people}里{a}{people}；{r_who}，{b}{people}。也就是说，{verdict}。",
            "Should have got “{good}” but did not: {a} of 100 who should have got it among {g_who}, {b} among {r_who}. In short: {verdict}.",
        ),
        RESULTS,
    ),
    "errors.outcome.granted": Row(
        Text(
            "不该得到“{good}”却得到了的：{g_who}，不该得到的每100{people}里{a}{people}；{r_who}，{b}{people}。也就是说，{verdict}。",
            "Should not have got “{good}” but did: {a} of 100 who should not have got it among {g_who}, {b} among {r_who}. In short: {verdict}.",
        ),
        RESULTS,
    ),
    "errors.outcome.among_granted": Row(
        Text(
            "得到了“{good}”、其实不该得到的：{g_who}，得到“{good}”的每100{people}里{a}{people}；{r_who}，{b}{people}。也就是说，{verdict}。",
            "Got “{good}” but should not have: {a} of 100 who got it among {g_who}, {b} among {r_who}. In short: {verdict}.",
        ),
        RESULTS,
    ),
    "errors.outcome.among_refused": Row(
        Text(
            "没有得到“{good}”、其实该得到的：{g_who}，没有得到“{good}”的每100{people}里{a}{people}；{r_who}，{b}{people}。也就是说，{verdict}。",
            "Did not get “{good}” but should have: {a} of 100 who did not get it among {g_who}, {b} among {r_who}. In short: {verdict}.",
        ),
        RESULTS,
    ),
    "errors.person.refused": Row(
        Text(
            "算法拒绝、人工同意的：{g_who}，人工同意的每100{people}里{a}{people}；{r_who}，{b}{people}。也就是说，{verdict}。",
            "Refused by the program, approved by a person: {a} of 100 whom a person approved among {g_who}, {b} among {r_who}. In short: {verdict}.",
        ),
        RESULTS,
    ),
    "errors.person.granted": Row(
        Text(
            "算法同意、人工拒绝的：{g_who}，人工拒绝的每100{people}里{a}{people}；{r_who}，{b}{people}。也就是说，{verdict}。",
            "Approved by the program, refused by a person: {a} of 100 whom a person refused among {g_who}, {b} among {r_who}. In short: {verdict}.",
        ),
        RESULTS,
    ),
    "errors.person.among_granted": Row(
        Text(
            "算法同意、人工拒绝的：{g_who}，算法同意的每100{people}里{a}{people}；{r_who}，{b}{people}。也就是说，{verdict}。",
            "Approved by the program, refused by a person: {a} of 100 whom the program approved among {g_who}, {b} among {r_who}. In short: {verdict}.",
        ),
        RESULTS,
    ),
    "errors.person.among_refused": Row(
        Text(
            "算法拒绝、人工同意的：{g_who}，算法拒绝的每100{people}里{a}{people}；{r_who}，{b}{people}。也就是说，{verdict}。",
            "Refused by the program, approved by a person: {a} of 100 whom the program refused among {g_who}, {b} among {r_who}. In short: {verdict}.",
        ),
        RESULTS,
    ),
    **{
        f"groups.auc_score.{verdict.value}": Row(GUESSED, limit)
        for verdict, limit in GUESSED_FROM_THE_SCORE.items()
    },
    "groups.auc_features": Row(
        Text(
            "{seen}，从两{person}里猜哪一{person}的{Y}是“{g}”：每100次约猜对{v}次。乱猜是50次。",
            "{seen}, guessing which of two {people} has {y_bare} “{g}” is right about {v} times in 100. Blind guessing gets 50.",
        ),
        Text(
            "这个数没有误差范围：比50多几次，可能只是碰巧。能猜出来，也不等于这个算法这样做了。",
            "This number has no margin of error: a few more than 50 may be chance. Nor does it mean that the program does so.",
        ),
    ),
    # what a report measured about prices: `explainers.prices` fills these
    "groups.price": Row(
        Text(
            "其他信息不变，只把{Y}从{r}换成{g}，{price}平均{size}。{tried}{in_short}",
            "All else equal, with only {y} changed from {r} to {g}, the {price} is {size} on average.{tried}{in_short}",
        ),
        RESULTS,
    ),
    "groups.price_accounts": Row(
        Text(
            "比较的是不同的账号{compared}：{Y}从{r}到{g}，按记录，{price}平均{size}{sure}。{in_short}",
            "Different accounts are compared{compared}: from {r} to {g} of {y}, the recorded {price} is {size} on average{sure}.{in_short}",
        ),
        Text(
            "没有把任何一个账号的信息改掉再问。账号之间别的不同，也可能造成或掩盖差别。",
            "No account’s information was changed and asked about again. What else sets the accounts apart may cause or hide a difference.",
        ),
    ),
    "groups.price_levels": Row(
        Text(
            "把其他信息的各种情况都算进去，{Y}从{r}换成{g}，{price}平均{size}。{tried}{in_short}",
            "Over all settings of the other information, with {y} changed from {r} to {g}, the {price} is {size} on average.{tried}{in_short}",
        ),
        RESULTS,
    ),
    "groups.price_range": Row(
        Text(
            "其他信息不变，只改{Y}：平均来说，{g}时最贵，{r}时最便宜，前者比后者{size}。{tried}{in_short}",
            "All else equal, with only {y} changed, it is dearest on average at {g} and cheapest at {r}: the {price} is {size}.{tried}{in_short}",
        ),
        RESULTS,
    ),
    "groups.price_bill": Row(
        Text(
            "把试过的改变放在一起看：每100次里，{about}次至少有一种改变让{price}相差超过{small}%（试了{n}次）。平均相差最大的一种是{most}%。{in_short}",
            "All changes that were tried, taken together: for {about} of 100, at least one moved the {price} by more than {small} % ({n} were tried). The largest mean difference was {most} %.{in_short}",
        ),
        RESULTS,
    ),
    "groups.price_raw": Row(
        Text(
            "什么条件都不算，直接比较{compared}：{Y}从{r}到{g}，按记录，{price}平均{size}{sure}。{in_short}",
            "Compared as they stand{compared}: from {r} to {g} of {y}, the recorded {price} is {size} on average{sure}.{in_short}",
        ),
        RESULTS,
    ),
    "groups.price_held": Row(
        Text(
            "{held}相同时比较{compared}：{Y}从{r}到{g}，按记录，{price}平均{size}{sure}。{in_short}",
            "With {held} equal{compared}: from {r} to {g} of {y}, the recorded {price} is {size} on average{sure}.{in_short}",
        ),
        RESULTS,
    ),
    "groups.flipped": Row(
        Text(
            "评估报告只改了{Y}，其他信息不变：每100{people}里，{about}{people}的结果变了。也就是说，{verdict}。",
            "The report changed only {y}, all else equal: for {about} of 100 {people} the result changed. In short: {verdict}.",
        ),
        ITSELF,
    ),
    "report.rest": Row(
        Text(
            "评估报告里还有{n}项结果：{parts}。",
            "The report has {n} more: {parts}.",
        ),
        Text("每一项都在评估报告里。", "Each of them is in the evaluation report."),
    ),
}

TESTS: Mapping[str, Text] = {
    # what was done and what came of it, beside every sentence on what moves the result
    "decision.contrast": Text(
        "只改这一项，给{n}{person}各试一次高低两个数值，之间至少隔着四分之一的{people}。{turned}时：{up}次{easier}，{same}次{unmoved}，{down}次{harder}。有{changed}次结果本身变了。",
        "Only this was changed, once for each of {n} {people}, from a low to a high value, with at least a fourth of the {people} between them. With the higher one the {person} was {easier} in {up}, {unmoved} in {same} and {harder} in {down}. The result itself changed in {changed}.",
    ),
    "decision.levels": Text(
        "只改这一项，从“{from}”改成“{to}”，试了{n}{person}：{up}次{easier}，{same}次{unmoved}，{down}次{harder}。有{changed}次结果本身变了。",
        "Only this was changed, from “{from}” to “{to}”, for {n} {people}. With the second the {person} was {easier} in {up}, {unmoved} in {same} and {harder} in {down}. The result itself changed in {changed}.",
    ),
    "decision.turn": Text(
        "只改这一项，给每{person}试高低两个数值。两个数值都{left_values}的试了{left_n}次：{left_up}次{high}的那个{easier}，{left_down}次{harder}，其余{unmoved}。两个都{right_values}的试了{right_n}次：{right_up}次{high}的那个{easier}，{right_down}次{harder}，其余{unmoved}。",
        "Only this was changed, from a low to a high value. With both values {left_values}, the {person} was {easier} in {left_up} of {left_n} tests and {harder} in {left_down}. With both {right_values}, {easier} in {right_up} of {right_n} and {harder} in {right_down}. All others came out {unmoved}.",
    ),
    "price.turn": Text(
        "只改这一项，给每{person}试高低两个数值。两个数值都{left_values}的试了{left_n}次：{high}的那个，{left_up}次{higher}，{left_down}次{lower}，其余不变。两个都{right_values}的试了{right_n}次：{high}的那个，{right_up}次{higher}，{right_down}次{lower}，其余不变。",
        "Only this was changed, from a low to a high value. With both values {left_values}, of {left_n} tests {left_up} gave {higher} and {left_down} {lower}. With both {right_values}, of {right_n} tests {right_up} gave {higher} and {right_down} {lower}.",
    ),
    "price.contrast": Text(
        "只改这一项，给{n}{person}各试一次高低两个数值，之间至少隔着四分之一的{people}。{turned}时：{up}次{higher}，{same}次不变，{down}次{lower}。平均相差{m}。",
        "Only this was changed, once for each of {n} {people}, from a low to a high value, with at least a fourth of the {people} between them: {up} gave {higher}, {same} no change and {down} {lower}. The mean difference was {m}.",
    ),
    "price.levels": Text(
        "只改这一项，从“{from}”改成“{to}”，试了{n}{person}：{up}次{higher}，{same}次不变，{down}次{lower}。平均相差{m}。",
        "Only this was changed, from “{from}” to “{to}”, for {n} {people}: {up} gave {higher}, {same} no change and {down} {lower}. The mean difference was {m}.",
    ),
    # ours: neighbouring values beside those far apart
    "decision.bends": Text(
        "只改这一项。先给每{person}试离自己最近的两个数值，看结果变不变；说到哪一段，就给原来在这一段的试这一段的两头；再试相差较大的两个数值，之间至少隔着四分之一的{people}。",
        "Only this was changed: each {person} was tried at the two values about their own, on a stretch that is named at both its ends, and at two values far apart, with at least a fourth of the {people} between them.",
    ),
    "price.bends": Text(
        "只改这一项。先试离原来最近的两个数值，看{price}的变化有没有超过1%；说到哪一段，就给原来在这一段的试这一段的两头；再试相差较大的两个数值，之间至少隔着四分之一的{people}。",
        "Only this was changed: to the two values about the own one, where the {price} moved by more than 1 %, on a stretch that is named to both its ends, and to two values far apart, with at least a fourth of the {people} between them.",
    ),
    # where the line of a comparison by group stands
    "groups.times": Text(
        "前者是后者的{v}倍，很可能在{low}倍和{high}倍之间。",
        "The first is {v} times the second, very likely between {low} and {high} times.",
    ),
    "groups.line": Text(
        "界线：前者不到后者的{line}%，就算超过。",
        "The line is exceeded where the first is under {line} % of the second.",
    ),
}

REST: Mapping[Verdict, Text] = {
    Verdict.DISPARITY: Text("{n}项差异超过界线", "{n} beyond the line"),
    Verdict.DIFFERENCE: Text(
        "{n}项有差异，没有证明超过界线", "{n} different, not shown to exceed the line"
    ),
    Verdict.EQUIVALENT: Text("{n}项差异很小", "{n} shown to be small"),
    Verdict.INCONCLUSIVE: Text("{n}项还不能下结论", "{n} still open"),
    Verdict.NOT_EVALUABLE: Text("{n}项没有测成", "{n} that could not be tested"),
}
