"""What the reports of a filing found beyond a line: about whom, how much, how sure, gravest first.

Every sentence is made from one finding of a signed report, so that a page cannot say it of a record
that does not carry it: of people how many of a hundred, of prices how many percent, with the range
of the estimate where the report has one. People's decisions are not the truth: where the plan says
that the results were decided by people, the words compare the algorithm with them and judge
neither. What the sentences do not show stands beside them, and so do the data that were tested.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import exp
from typing import Any

from evaluators.judging import captions, conclusions, counted, readings
from explainers import checked, numbers, prices
from explainers.columns import Outsider
from portal.pages import gravest
from portal.pages.gravest import Grave
from registry import findings
from registry.findings import Verdict
from registry.language import Text

NAMED = 3
ERRORS: Mapping[str, tuple[Text, Text]] = {
    "false_negative_rate": (
        Text("人工同意的人里，这个算法没有同意的", "not favoured by the algorithm, of those a person favoured"),
        Text("应当得到有利结果的人里，没有得到的", "denied, of those who should have got the favourable result"),
    ),
    "false_positive_rate": (
        Text("人工拒绝的人里，这个算法同意的", "favoured by the algorithm, of those a person refused"),
        Text("不应得到有利结果的人里，得到了的", "granted, of those who should not have got the favourable result"),
    ),
    "false_discovery_rate": (
        Text("这个算法同意的人里，人工拒绝的", "refused by a person, of those the algorithm favoured"),
        Text("得到有利结果的人里，不应得到的", "not deserving, of those who got the favourable result"),
    ),
    "false_omission_rate": (
        Text("这个算法没有同意的人里，人工同意的", "favoured by a person, of those the algorithm did not favour"),
        Text("没有得到有利结果的人里，应当得到的", "deserving, of those who did not get the favourable result"),
    ),
    "selection_rate_ratio": (
        Text("得到有利结果的", "got the favourable result"),
        Text("得到有利结果的", "got the favourable result"),
    ),
}  # fmt: skip
"""Of whom a rate is: where people decided, and where what happened is known."""
OF_DECISIONS = frozenset({"selection_rate_ratio", "slice_rate_ratio"})
"""Metrics of which it can be said how many of a hundred decisions, where one person has several."""
OF_SEVERAL_CAUSES = frozenset({"exposed_price_gap", "personalised_exposed_price_gap"})
"""Where lists show other goods, or the same in another order, no price differs: their own words say."""
PERSON, DECISION = Text("人", ""), Text("项决定", " decisions")


@dataclass(frozen=True, slots=True)
class Beyond:
    """The findings beyond a line, in words.

    Args:
        total: how many there are in all reports.
        brief: the gravest of them in a line each, at most `NAMED` features: of each question the
            finding with most held equal, of these the largest figure, and beside it what is larger
            still or says otherwise.
        said: the same in full: how many were tried and between what the difference very likely lies.
        limits: what these sentences do not show, each limit once.
        data: the data on which they rest, in the words of the evaluations' plans.
        more: how many beyond a line are not among those said.
    """

    total: int
    brief: tuple[Text, ...]
    said: tuple[Text, ...]
    limits: tuple[Text, ...] = ()
    data: tuple[Text, ...] = ()
    more: int = 0

    @property
    def rest(self) -> Text:
        """How many are not told here; where one line tells of several, how many are."""
        here = self.total - self.more
        if here == len(self.brief):
            return Text(f"还有{self.more}项", f"And {self.more} more")
        return Text(
            f"还有{self.more}项（上面{len(self.brief)}条说的是{here}项）",
            f"And {self.more} more ({here} are told in the {len(self.brief)} above)",
        )

    @property
    def fuller(self) -> tuple[Text, ...]:
        """Of what is said in full, all that says more than its line does."""
        return tuple(each for each in self.said if each not in self.brief)


def of(
    given: Sequence[tuple[Mapping[str, Any], Mapping[str, Any]]],
    digest: str,
    explained: Mapping[str, Any] | None = None,
    ways: Mapping[str, Text] | None = None,
) -> Beyond:
    """What the attached reports found beyond a line.

    Args:
        given: each report's summary in the edition, and its predicate.
        digest: of the model version that is filed.
        explained: the plan of the explanation on the same page: what a report has no plain name for
            is called as it is there.
        ways: by feature, which way results change where only it is changed, as that explanation
            measured it: of a share that changes, a report's line does not say in whose favour.
    """
    every = [
        Grave(finding, summary, _named(predicate["plan"].get("content") or {}, explained or {}))
        for summary, predicate in given
        for finding in predicate["findings"]
    ]
    grave = [each for each in every if each.beyond]
    asked = [max(group, key=lambda each: each.fullest) for group in gravest.by(grave, "subject")]
    # Two questions on one feature measure it on scales of their own: the gravest gives the scale,
    # and of those on it the largest is told. A figure with less held equal can be larger still, or
    # say the opposite: what is left open there may explain it, so it does not stand for the feature,
    # but beside what does.
    named = [max(group, key=lambda each: each.gravity) for group in gravest.by(asked, "features")]
    named.sort(key=lambda each: each.gravity, reverse=True)
    named = [
        max((o for o in asked if o.beside(e)), key=lambda o: (o.held > 0, o.size))
        for e in named[:NAMED]
    ]
    others = [_beside(one, every) for one in named]
    told = [
        each for one, beside in zip(named, others, strict=True) for each in (Beside(one), *beside)
    ]
    frames = [readings.framed(each.plan["frame"]) for each in named if each.plan.get("frame")]
    return Beyond(
        total=len(grave),
        more=len(grave) - sum(each.grave.beyond for each in told),
        brief=tuple(
            _with(
                _with(_briefly(one, beside, digest), _way(one, ways or {})), _likewise(one, grave)
            )
            for one, beside in zip(named, others, strict=True)
        ),
        said=tuple(_fully(each, digest) for each in told),
        limits=tuple(dict.fromkeys(limit(each.grave.finding, each.grave.plan) for each in told)),
        data=tuple(dict.fromkeys(frames)),
    )


def _named(plan: Mapping[str, Any], explained: Mapping[str, Any]) -> Mapping[str, Any]:
    """A report's plan with the explanation's names of the columns that it has none for."""
    own = plan.get("names") or {}
    others = {
        each["name"]: {"plain": each["plain"], "levels": each.get("values") or {}}
        for each in (*(explained.get("columns") or ()), *(explained.get("protected") or ()))
        if each.get("plain")
    }
    return {**plan, "names": {**others, **own}}


NOTHING = Text("", "")
LESS_HELD = Text("比较时相同的条件较少，差得更多：", "Larger with less held equal: ")
ELSEWHERE = Text("另一项检验里，差得更多：", "Larger in another test: ")
LESS_OPPOSED = Text("比较时相同的条件较少，方向相反：", "The other way with less held equal: ")
AS_THEY_STAND = {
    LESS_HELD: Text("什么条件都不算，差得更多：", "Larger as they stand: "),
    LESS_OPPOSED: Text("什么条件都不算，方向相反：", "The other way as they stand: "),
}
"""The same of what is compared with nothing held equal, in a line that does not say so itself."""
MORE_HELD = Text("相同的条件更多时：", "With more held equal: ")
ASKED = Text("问这个算法本身，只改这一项：", "The algorithm itself: ")
RECORDED = Text("记录下来的价格：", "Recorded prices: ")
IN_RECORDS = Text("记录下来的价格差得更多：", "Recorded prices: ")
LARGER = 1.05
"""So many times a figure another must be to be told beside it: a twentieth is lost in rounding."""


@dataclass(frozen=True, slots=True)
class Beside:
    """A finding that is told, with what leads to it where it stands beside another."""

    grave: Grave
    lead: Text = NOTHING


def _beside(one: Grave, every: Sequence[Grave]) -> list[Beside]:
    """What is told beside the finding that stands for a feature, each of them once.

    The other kind of error; what is larger, or goes the other way, with less held equal; what more
    held equal leaves of it; and what the model itself does where recorded prices say otherwise.
    """
    grave = [each for each in every if each.beyond]
    if one.finding["probe"] == gravest.ERRORS:
        kinds = {gravest.HARM, gravest.WINDFALL} - {one.finding["metric"]}
        found = [e for e in grave if e.subject == one.subject and e.finding["metric"] in kinds]
        return [Beside(max(found, key=lambda each: each.gravity))] if found else []
    itself = [e for e in every if prices.otherwise(e.finding, one.finding)]
    recorded = [e for e in grave if prices.otherwise(one.finding, e.finding)]
    grave = [each for each in grave if each not in (*itself, *recorded)]
    opposed = [
        e for e in grave if e.opposes(one) and e.subject == one.subject and e.held < one.held
    ]
    if opposed:
        other = max(opposed, key=lambda each: each.size)
        said = [Beside(other, LESS_OPPOSED)]
    else:
        said = _larger(one, grave)
    more = [e for e in every if e.subject == one.subject and e.measures(one) and e.held > one.held]
    if more:
        said.append(Beside(max(more, key=lambda each: each.held), MORE_HELD))
    if itself:
        said.append(Beside(itself[0], ASKED))
    elif recorded:
        said.append(Beside(max(recorded, key=lambda each: each.fullest), RECORDED))
    return said


def _larger(one: Grave, grave: Sequence[Grave]) -> list[Beside]:
    """The largest figure on the scale of what stands for a feature, where it is larger still."""
    other = max((each for each in grave if each.like(one)), key=lambda each: each.size)
    if other.size <= LARGER * one.size:
        return []
    if other.subject != one.subject or other.held >= one.held:
        seen = prices.asked(one.finding) and not prices.asked(other.finding)
        return [Beside(other, IN_RECORDS if seen else ELSEWHERE)]
    return [Beside(other, LESS_HELD)]


def _briefly(one: Grave, others: Sequence[Beside], digest: str) -> Text:
    """What stands for a feature in a line, with what is told beside it."""
    said = [_marked(_told(one.finding, one.plan).brief, one.summary, digest)]
    for each in others:
        other = each.grave
        if each.lead == MORE_HELD:
            said += _all_but_gone(other)
            continue
        value = (other.finding["effect"] or {}).get("value")
        if each.lead != NOTHING and other.kind == "log_ratio" and value is not None:
            much = prices.size(value)
            more = Text(f"{much.zh}。", f"{much.en}.")
        else:
            more = _told(other.finding, other.plan).brief
        lead = each.lead if other.held else AS_THEY_STAND.get(each.lead, each.lead)
        said.append(_led(lead, _marked(more, other.summary, digest)))
    return Text("".join(each.zh for each in said), " ".join(each.en for each in said))


def _way(one: Grave, ways: Mapping[str, Text]) -> Text:
    """In whose favour results change where only one feature is changed; nothing where it is unknown."""
    features = list(one.finding["slice"] or {})
    if one.finding["probe"] != "counterfactual_flip" or len(features) != 1:
        return NOTHING
    return ways.get(features[0], NOTHING)


def _all_but_gone(other: Grave) -> list[Text]:
    """That with more held equal no difference is found; one that is smaller stands in full alone."""
    if other.finding["verdict"] in (Verdict.DISPARITY, Verdict.DIFFERENCE):
        return []
    came = conclusions.of(other.finding)
    return [_led(MORE_HELD, Text(f"{came.zh}。", f"{came.en}."))]


def _fully(each: Beside, digest: str) -> Text:
    """A finding in full, with what leads to it."""
    one, open_ = each.grave, _open(each.grave)
    said = sentence(one.finding, one.plan)
    if open_ != NOTHING:
        said = Text(
            f"{said.zh.removesuffix('。')}{open_.zh}。", f"{said.en.removesuffix('.')}{open_.en}."
        )
    return _led(each.lead, _marked(said, one.summary, digest))


def _open(one: Grave) -> Text:
    """Of what is told beside a finding beyond a line and is itself none, what came of it."""
    if one.beyond:
        return NOTHING
    came = conclusions.of(one.finding)
    return Text(f"（{came.zh}）", f" ({came.en})")


def _likewise(one: Grave, grave: Sequence[Grave]) -> Text:
    """Which other groups the same is found of, where a finding is about one group by itself.

    Held against no other group, it would else be read as what sets its group apart.
    """
    if one.finding["reference_group"] is not None or one.finding["group"] is None:
        return NOTHING
    alike = [
        captions.group(e.finding, e.plan)
        for e in grave
        if e.subject == one.subject
        and e.finding["metric"] == one.finding["metric"]
        and e.finding["group"] != one.finding["group"]
    ]
    if not alike:
        return NOTHING
    named = alike[:NAMED]
    zh, en = "、".join(f"“{e.zh}”" for e in named), ", ".join(f"“{e.en}”" for e in named)
    more = len(alike) - len(named)
    if more:
        zh, en = f"{zh}等{len(alike)}组", f"{en} and {more} more"
    return Text(f"{zh}也是这样。", f"The same was found of {en}.")


def _with(said: Text, more: Text) -> Text:
    return Text(said.zh + more.zh, f"{said.en} {more.en}".strip())


def _led(lead: Text, said: Text) -> Text:
    return Text(lead.zh + said.zh, lead.en + said.en)


@dataclass(frozen=True, slots=True)
class Told:
    """One finding in words.

    Args:
        brief: by what people were compared, and how many of 100.
        whole: the same, with what was tried and between what the difference very likely lies.
    """

    brief: Text
    whole: Text

    @classmethod
    def with_range(cls, said: Text, sure: Text) -> "Told":
        """A statement without its full stop, and the range that follows it."""
        return cls(
            Text(f"{said.zh}。", f"{said.en}."),
            Text(f"{said.zh}{sure.zh}。", f"{said.en}{sure.en}."),
        )


def sentence(finding: Mapping[str, Any], plan: Mapping[str, Any]) -> Text:
    """One finding in a sentence: by what people were compared, how many of 100, and how sure.

    Where the plan counts no people, the sentence says first what it counts.

    Args:
        finding: of a report.
        plan: the plan's content, for plain names and for what the results are.
    """
    return _told(finding, plan).whole


def _told(finding: Mapping[str, Any], plan: Mapping[str, Any]) -> Told:
    said = _plainly(finding, plan)
    if said is None and not finding["suppressed"] and not checked.plain(finding):
        caption = captions.concluded(finding, plan)
        whole = Text(caption.zh + prices.FIGURES.zh, f"{caption.en} {prices.FIGURES.en}")
        said = Told(whole, whole)
    if said is None:
        whole = Text(**findings.reading(finding))
        return Told(whole, whole)
    of = (finding.get("units") or {}).get("of")
    return Told(counted.told(said.brief, of, plan), counted.told(said.whole, of, plan))


def _plainly(finding: Mapping[str, Any], plan: Mapping[str, Any]) -> Told | None:
    """The sentence in plain words; None where the finding's own is the plainest."""
    kind = (finding["effect"] or {}).get("kind")
    value, against = finding["estimate"], finding["reference_estimate"]
    shares = finding["metric"] in captions.OF_PEOPLE and value is not None
    several = not findings.row_by_row(finding)
    decided = finding["metric"] in OF_DECISIONS and against is not None
    if shares and (not counted.unweighted(plan) or (several and not decided)):
        return None  # the finding's own words say of what it is a share
    priced = None if finding["suppressed"] else _price(finding, plan)
    if priced is not None:
        return priced
    if not finding["slice"] or finding["suppressed"]:
        return None
    if shares and against is not None:
        return _rates(finding, plan, DECISION if several else PERSON)
    if finding["metric"] in OF_SEVERAL_CAUSES:
        return None
    about, measured = _about(finding, plan), captions.measured(finding, plan)
    if shares:
        many = _hundred(value)
        of = measured.zh.removesuffix("比例")  # which the sentence itself tells
        said = Text(
            f"{about.zh}：{of}，每100人约{many}人",
            f"{_begun(about.en)}: {measured.en}, about {many} of 100",
        )
        return Told.with_range(said, _of_a_hundred(finding))
    if findings.of_none(finding):
        return _none(finding, plan)
    if kind == "log_ratio":
        much, whom = prices.size(finding["effect"]["value"]), _sides(finding, plan)
        if whom is None:
            said = Text(
                f"{about.zh}：{measured.zh}，{much.zh}",
                f"{_begun(about.en)}: {measured.en}, {much.en}",
            )
        else:
            said = Text(
                f"按{about.zh}比较，{measured.zh}：{whom.zh}{much.zh}",
                f"By {about.en}, {measured.en}: {whom.en}: {much.en}",
            )
        return Told.with_range(said, prices.sure(finding))
    return None


def _price(finding: Mapping[str, Any], plan: Mapping[str, Any]) -> Told | None:
    """A finding about prices in the words of the explanation; None where those have none."""
    features = list(finding["slice"] or {})
    about = None
    if len(features) == 1:
        levels = (plan.get("names") or {}).get(features[0], {}).get("levels") or {}
        named = {level: Text(**text) for level, text in levels.items()}
        about = Outsider(features[0], captions.column(plan, features[0]), named)

    def named_by(name: str) -> Text:
        return captions.column(plan, name)

    whole = prices.told(finding, about, {}, named=named_by)
    brief = prices.brief(finding, about, named=named_by)
    if whole is None or brief is None:
        return None
    return Told(brief, Text(whole["zh"], whole["en"]))


def limit(finding: Mapping[str, Any], plan: Mapping[str, Any]) -> Text:
    """What a sentence does not show; of a model that was asked, that it was the file.

    Where the limit quotes the plan on its data, that is left out: it stands on a line of its own.

    Args:
        finding: of a report.
        plan: the plan's content.
    """
    if not prices.asked(finding):
        own = finding["limit"]
        said = readings.ROWS_FROM.format(frame=readings.framed(plan.get("frame") or ""))
        zh, en = own["zh"].replace(said.zh, ""), own["en"].replace(said.en, "")
        return Text(zh.strip(), " ".join(en.split()))
    n = numbers.count(int(finding["n"]))
    return Text(
        f"改一项信息的测试，是拿{n}组资料问送来的模型文件；不代表人群，线上的服务没有测。",
        f"To change one thing, the model file that was handed in was asked about {n} sets of "
        "information; they stand for no population, and the service online was not tested.",
    )


def _rates(finding: Mapping[str, Any], plan: Mapping[str, Any], one_of: Text) -> Told:
    """One group's rate beside another's, out of a hundred people, or of decisions on them."""
    about, whom = _about(finding, plan), _whom(str(finding["metric"]), plan)
    group, other = captions.group(finding, plan), captions.reference(finding, plan)
    digits = 0 if _hundred(finding["estimate"]) != _hundred(finding["reference_estimate"]) else 1
    one, two = (_hundred(finding[name], digits) for name in ("estimate", "reference_estimate"))
    each = one_of.zh[:1]
    said = Text(
        f"按{about.zh}比较，{whom.zh}：{group.zh}每100{one_of.zh}约{one}{each}，{other.zh}每100{one_of.zh}约{two}{each}",
        f"By {about.en}, {whom.en}: {group.en}: about {one} of 100{one_of.en}; {other.en}: about {two}",
    )
    return Told.with_range(said, _times(finding))


def _sides(finding: Mapping[str, Any], plan: Mapping[str, Any]) -> Text | None:
    """Who is dearer or cheaper, shown more or less, and against whom; None where nobody is named.

    What has a scale of its own is held against what is due to the group itself.
    """
    if finding["group"] is None:
        return None
    names = list(finding["slice"])
    band = prices.BANDS.get(prices.quantile(finding["group"])) if len(names) == 1 else None
    group = band or _quoted(captions.group(finding, plan))
    if finding["metric"] in captions.SCALES or finding["reference_group"] is None:
        return group
    other = prices.BANDS.get(prices.quantile(finding["reference_group"])) if band else None
    other = other or _quoted(captions.reference(finding, plan))
    return Text(f"{group.zh}与{other.zh}相比，", f"{group.en} against {other.en}")


def _quoted(name: Text) -> Text:
    return Text(f"“{name.zh}”", f"“{name.en}”")


def _none(finding: Mapping[str, Any], plan: Mapping[str, Any]) -> Told | None:
    """That a group has none at all of what is measured; None where it is not the group's own share."""
    if finding["estimate"] != 0:
        return None
    about, group = _about(finding, plan), captions.group(finding, plan)
    k = (finding.get("details") or {}).get("k")
    if finding["metric"] == "skew_at_k" and k is not None:
        said = Text(
            f"按{about.zh}比较，前{k}位里没有一位是“{group.zh}”",
            f"By {about.en}, none of the first {k} places is held by “{group.en}”",
        )
    else:
        measured = captions.measured(finding, plan)
        said = Text(
            f"按{about.zh}比较，{measured.zh}：“{group.zh}”完全没有",
            f"By {about.en}, {measured.en}: “{group.en}” has none at all",
        )
    high = (finding.get("ci") or {}).get("high")
    if high is None:
        return Told.with_range(said, NOTHING)
    most = numbers.value(float(f"{exp(high):.2g}"))
    return Told.with_range(
        said,
        Text(
            f"；在这样的数据里，很可能至多是应占的{most}倍",
            f"; in such data very likely at most {most} times what would be due",
        ),
    )


def _times(finding: Mapping[str, Any]) -> Text:
    """How many times the one rate is the other, and between what it very likely lies."""
    effect, interval = finding["effect"] or {}, finding.get("ci") or {}
    low, high = interval.get("low"), interval.get("high")
    if effect.get("kind") != "ratio" or None in (effect.get("value"), low, high):
        return NOTHING
    times, least, most = (numbers.value(float(f"{v:.2g}")) for v in (effect["value"], low, high))
    return Text(
        f"；前者是后者的{times}倍，很可能在{least}倍和{most}倍之间",
        f"; the first is {times} times the second, very likely between {least} and {most} times",
    )


def _of_a_hundred(finding: Mapping[str, Any]) -> Text:
    """Between how many of a hundred a share very likely lies."""
    interval = finding.get("ci") or {}
    low, high = interval.get("low"), interval.get("high")
    if low is None or high is None:
        return Text("", "")
    digits = 0 if _hundred(low) != _hundred(high) else 1
    least, most = _hundred(low, digits), _hundred(high, digits)
    return Text(f"，很可能在{least}人和{most}人之间", f", very likely between {least} and {most}")


def _whom(metric: str, plan: Mapping[str, Any]) -> Text:
    """Of whom a rate is, by what the plan says the results are."""
    decided, happened = ERRORS.get(metric.removesuffix("_ratio"), (None, None))
    if metric in ERRORS:
        decided, happened = ERRORS[metric]
    said = decided if captions.by_people(plan) else happened
    return said or captions.metric(metric, plan)


def _about(finding: Mapping[str, Any], plan: Mapping[str, Any]) -> Text:
    """The features by which people were compared, in plain words."""
    names = [captions.column(plan, name) for name in finding["slice"]]
    return Text("、".join(each.zh for each in names), " and ".join(each.en for each in names))


def _begun(english: str) -> str:
    return english[:1].upper() + english[1:]


def _hundred(share: float, digits: int = 0) -> str:
    """How many of a hundred; fewer than one in words of its own would break the comparison."""
    return f"{100 * share:.{digits or (1 if 0 < share < 0.005 else 0)}f}"


def _marked(said: Text, summary: Mapping[str, Any], digest: str) -> Text:
    """The sentence, with what sets its report apart from a third party's on this version."""
    marks = []
    if summary["kind"] != "third_party":
        marks.append(Text("自行评估", "own evaluation"))
    elif not summary["countersigned"]:
        marks.append(Text("评估机构还没有签章确认", "not yet countersigned by its tester"))
    if summary["model_digest"] != digest:
        number = summary["version"]
        marks.append(Text(f"针对第{number}版", f"about version {number}"))
    if not marks:
        return said
    zh, en = "，".join(each.zh for each in marks), ", ".join(each.en for each in marks)
    return Text(f"{said.zh}（{zh}）", f"{said.en} ({en})")
