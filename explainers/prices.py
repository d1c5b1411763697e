"""What a report measured about prices, in one plain sentence: by what, how much, how sure.

The first screen of a filing and answer five of an explanation say it in the same words. Quantiles
are levels, numbers are percentages of the price, and every sentence carries of how many tests or
rows it speaks and, where rows were compared, between what the difference very likely lies.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from explainers import numbers
from explainers.columns import Column, Outsider, with_article, written_level
from explainers.effects import Sentence
from explainers.phrases import about, same
from explainers.sentences import filled, sentence
from registry import untranslated
from registry.findings import Verdict
from registry.language import Text

BANDS: Mapping[str, Text] = {
    "p10": Text("较低的水平", "a low level"),
    "p50": Text("中等的水平", "a middling level"),
    "p90": Text("较高的水平", "a high level"),
}
"""The quantiles that price probes try, as people would say them."""
BRIEF_BANDS: Mapping[str, Text] = {
    "p10": Text("较低", "low"),
    "p50": Text("中等", "middling"),
    "p90": Text("较高", "high"),
}
"""The same in a line."""
ROWS = {
    "price_gap": "groups.price",
    "main_effect": "groups.price_levels",
    "price_range": "groups.price_range",
    "raw_price_gap": "groups.price_raw",
    "conditional_price_gap": "groups.price_held",
}
BRIEF = {
    "groups.price": Text(
        "只把{Y}从{from}换成{to}：{price}平均{size}{of_tests}。",
        "Only {y} changed, from {from} to {to}: the {price} averages {size}{of_tests}.",
    ),
    "groups.price_accounts": Text(
        "比较不同的账号{compared}，{Y}从{from}到{to}：按记录，{price}平均{size}。",
        "{y} from {from} to {to}, different accounts compared{compared}: the recorded {price} averages {size}.",
    ),
    "groups.price_levels": Text(
        "{Y}从{from}换成{to}，其他信息取各种情况：{price}平均{size}{of_tests}。",
        "{y} changed from {from} to {to}, over all settings of the rest: the {price} is {size} on average{of_tests}.",
    ),
    "groups.price_range": Text(
        "只改{Y}：{to}时最贵，{from}时最便宜，前者平均比后者{size}{of_tests}。",
        "Only {y} changed: dearest when {to}, cheapest when {from}; the {price} averages {size}{of_tests}.",
    ),
    "groups.price_raw": Text(
        "什么条件都不算，{Y}从{from}到{to}：按记录，{price}平均{size}。",
        "{y} from {from} to {to}, compared as they stand: the recorded {price} averages {size}.",
    ),
    "groups.price_held": Text(
        "{held}相同时，{Y}从{from}到{to}：按记录，{price}平均{size}。",
        "{y} from {from} to {to}, {held} equal: the recorded {price} averages {size}.",
    ),
    "groups.price_bill": Text(
        "试过的改变放在一起看，每100次里，{about}次至少有一种让{price}相差超过{small}%。",
        "Of 100 tests, in {about} at least one change moved the {price} by more than {small} %.",
    ),
}
"""The same in a line, by the row of the table that says it in full."""
BILL = "clean_bill"
ONLY_THIS = "price_gap"
"""Of one feature that is changed while all else stays equal."""
AS_THEY_STAND = frozenset({"raw_price_gap", "total_cost_gap", "offer_rate"})
"""What is compared with nothing held equal, where the same question also holds something equal."""
HELD_EQUAL = frozenset({"conditional_price_gap", "total_cost_gap_same_goods"})
"""The same with all that the plan names held equal."""
MODEL_FILE = "model"
"""The design of a price probe that asks the model itself."""
OF_ACCOUNTS = "accounts"
"""The design of a price probe that compares the quotes of different accounts: nothing is changed."""
HELD_STEP = "price_gap_step_"  # and a number: with more and more held fixed
SAME = math.log1p(0.00005)  # a mean difference that rounds to nothing

CELL = (Text("商品", "goods"), Text("时间", "time"))
"""What is equal between quotes that stand in one cell."""

Named = Callable[[str], Text]


def told(
    finding: Mapping[str, Any],
    attribute: Column | Outsider | None,
    wording: Mapping[str, Text],
    *,
    named: Named,
    verdict: Text | None = None,
) -> Sentence | None:
    """One finding about prices; None where there are no plain words for its metric.

    Args:
        finding: of a report, as JSON.
        attribute: the feature it is about; None where it is about all of them.
        wording: what the price and those who pay it are called, by place.
        named: the plain name of a column, for the conditions that were held equal.
        verdict: what to add on its verdict, if anything.
    """
    found = _row(finding, attribute, wording, named)
    if found is None:
        return None
    row, places = found
    short = verdict and Text(f"也就是说，{verdict.zh}。", f" In short: {verdict.en}.")
    places |= {"in_short": short or Text("", "")}
    return sentence(row, kind="group.price", evidence=finding, places=places)


def brief(
    finding: Mapping[str, Any], attribute: Column | Outsider | None, *, named: Named
) -> Text | None:
    """The same finding in a line: by what, how much, of how many of 100 tests.

    How sure it is stands in the sentence of `told`, which stands beside it.

    Args:
        finding: of a report, as JSON.
        attribute: the feature it is about; None where it is about all of them.
        named: the plain name of a column, for the conditions that were held equal.
    """
    found = _row(finding, attribute, {}, named)
    return filled(BRIEF[found[0]], found[1]) if found else None


def _row(
    finding: Mapping[str, Any],
    attribute: Column | Outsider | None,
    wording: Mapping[str, Text],
    named: Named,
) -> tuple[str, dict[str, Text]] | None:
    """The row of the table for a finding and what fills its places; None where there is none."""
    row = _named_row(finding)
    value = (finding.get("effect") or {}).get("value")
    said = {"price": Text("价格", "price"), "people": Text("人", "people"), **wording}
    if finding["metric"] == BILL and value is not None and not _of_accounts(finding):
        together = _together(finding)
        return ("groups.price_bill", said | together) if together else None
    if attribute is None or row is None or value is None:
        return None
    if finding["effect"].get("kind") != "log_ratio":
        return None
    plain = attribute.plain
    return row, said | {
        "Y": plain,
        "y": Text(plain.zh, with_article(plain.en)),
        "g": _band(attribute, finding.get("group"), BANDS),
        "r": _band(attribute, finding.get("reference_group"), BANDS),
        "to": _band(attribute, finding.get("group"), BRIEF_BANDS),
        "from": _band(attribute, finding.get("reference_group"), BRIEF_BANDS),
        "size": size(value),
        "tried": _tried(finding),
        "of_tests": _of_tests(finding),
        "compared": _compared(finding, said["people"]),
        "sure": sure(finding),
        "held": held(finding, named),
    }


def asked(finding: Mapping[str, Any]) -> bool:
    """Whether the model itself was asked for its prices; else they are those that data record.

    Args:
        finding: of a price probe, as JSON.
    """
    return (finding.get("details") or {}).get("design") == MODEL_FILE


def amount(finding: Mapping[str, Any], attribute: Column | Outsider) -> Text | None:
    """By how much, which way and against whom, after what it measured; None where no number is told.

    Args:
        finding: of a price probe, as JSON.
        attribute: the feature it is about.
    """
    effect = finding.get("effect") or {}
    value, reference = effect.get("value"), finding.get("reference_group")
    if value is None or reference is None or effect.get("kind") not in ("log_ratio", "difference"):
        return None
    r = _band(attribute, reference, BANDS)
    if effect["kind"] == "difference":  # on a scale that means nothing to whom it concerns
        way = ("更大", "More") if value > 0 else ("更小", "Less")
        return Text(f"比{r.zh}{way[0]}。{FIGURES.zh}", f"{way[1]} than for {r.en}. {FIGURES.en}")
    much, likely, parts = size(value), sure(finding), _parts(finding)
    return Text(
        f"和{r.zh}相比，{much.zh}{likely.zh}{parts.zh}。",
        f"Against {r.en}: {much.en}{likely.en}{parts.en}.",
    )


FIGURES = Text("具体数字在评估报告里。", "The figures stand in the evaluation report.")


def _parts(finding: Mapping[str, Any]) -> Text:
    """Of the prices that lists show, what other goods and what the same goods make of them."""
    parts = (finding.get("details") or {}).get("parts") or {}
    if not {"items_shown", "same_item"} <= set(parts):
        return Text("", "")
    goods, alike = size(float(parts["items_shown"])), size(float(parts["same_item"]))
    return Text(
        f"（越靠前算得越重；其中，排在前面的是别的商品，使它{goods.zh}，同样的商品{alike.zh}）",
        f" (what stands further up counts for more; other goods further up make it {goods.en}, the same "
        f"goods are {alike.en})",
    )


def held_equal(
    finding: Mapping[str, Any], others: Sequence[Mapping[str, Any]]
) -> Mapping[str, Any] | None:
    """What the same question found with most held equal, beside what is compared as it stands.

    Args:
        finding: compared as it stands, as JSON.
        others: all findings.
    """
    if not as_they_stand(finding):
        return None
    alike = ("probe", "slice", "group", "reference_group")
    seen = [
        each
        for each in others
        if each["metric"] in HELD_EQUAL
        and all(each.get(name) == finding.get(name) for name in alike)
        and (each.get("effect") or {}).get("kind") == "log_ratio"
        and each["effect"].get("value") is not None
    ]
    return seen[0] if seen else None


def as_they_stand(finding: Mapping[str, Any]) -> bool:
    """Whether nothing was held equal, where the same question also holds something equal.

    Args:
        finding: of a price probe, as JSON.
    """
    return finding["metric"] in AS_THEY_STAND


def otherwise(itself: Mapping[str, Any], recorded: Mapping[str, Any]) -> bool:
    """Whether a model that was asked itself does otherwise than the prices that were recorded.

    Both compare the same two by the same feature. Asked, it goes the other way, or is not shown to
    go beyond a line where the recorded prices do.

    Args:
        itself: a finding of a model that may have been asked, as JSON.
        recorded: one of prices that may be recorded, as JSON.
    """
    row = _named_row(recorded)
    if itself["metric"] != ONLY_THIS or not asked(itself) or asked(recorded):
        return False
    if row is None or set(itself["slice"] or {}) != set(recorded["slice"] or {}):
        return False
    if sides(itself) != sides(recorded):
        return False
    one, other = ((each["effect"] or {}).get("value") for each in (itself, recorded))
    if one is None or other is None:
        return False
    return float(one) * float(other) < 0 or bool(itself["verdict"] != Verdict.DISPARITY)


def sides(finding: Mapping[str, Any]) -> tuple[object, ...]:
    """The two that are compared: a quantile is one, whatever number of a data set it is.

    Args:
        finding: as JSON.
    """
    both = [finding.get(name) for name in ("group", "reference_group")]
    return tuple(quantile(each) if quantile(each) in BANDS else each for each in both)


def percent(value: float) -> str:
    """A difference of logarithms as a percentage of the price, without its sign."""
    share = 100 * math.expm1(value) if value > 0 else -100 * math.expm1(value)
    return numbers.value(float(f"{share:.2g}"))


def size(value: float) -> Text:
    """How much dearer or cheaper, in percent."""
    if abs(value) < SAME:
        return Text("几乎一样", "nearly the same")
    digits = percent(value)
    if value < 0:
        return Text(f"低{digits}%", f"{digits} % lower")
    return Text(f"高{digits}%", f"{digits} % higher")


def _named_row(finding: Mapping[str, Any]) -> str | None:
    """The sentence for a metric; quotes to different accounts are compared, not changed."""
    if str(finding["metric"]).startswith(HELD_STEP):
        return ROWS["conditional_price_gap"]
    if finding["metric"] == "price_gap" and _of_accounts(finding):
        return "groups.price_accounts"
    return ROWS.get(finding["metric"])


def _of_accounts(finding: Mapping[str, Any]) -> bool:
    return (finding.get("details") or {}).get("design") == OF_ACCOUNTS


def _together(finding: Mapping[str, Any]) -> dict[str, Text] | None:
    """All changes that were tried, taken together: how often any moved the price, and the most."""
    details, lines = finding.get("details") or {}, (finding.get("threshold") or {}).get("lines")
    largest = (details.get("more") or {}).get("largest_mean")
    if largest is None or not lines:
        return None
    return {
        "n": same(numbers.count(int(finding["n"]))),
        "about": about(finding["effect"]["value"]),
        "small": _line(lines["equivalence"]),
        "most": same(percent(abs(largest))),
    }


def _of_tests(finding: Mapping[str, Any]) -> Text:
    """Of how many of 100 tests it is so; nothing where the report does not say."""
    spread = (finding.get("details") or {}).get("spread") or {}
    if not spread.get("pairs"):
        return Text("", "")
    way, more = ("dearer", "变贵") if finding["effect"]["value"] > 0 else ("cheaper", "变便宜")
    share = about(spread[way])
    return Text(f"（每100次里{share.zh}次{more}）", f" (in {share.en} of 100 tests)")


def _tried(finding: Mapping[str, Any]) -> Text:
    """Of how many tests the price came out otherwise; nothing where the report does not say."""
    spread = (finding.get("details") or {}).get("spread") or {}
    if not spread.get("pairs"):
        return Text("", "")
    n = numbers.count(int(spread["pairs"]))
    dearer, cheaper = about(spread["dearer"]), about(spread["cheaper"])
    return Text(
        f"试了{n}次，每100次里，{dearer.zh}次变贵，{cheaper.zh}次变便宜。",
        f" Of 100 tests, {dearer.en} came out dearer and {cheaper.en} cheaper ({n} tests).",
    )


def _line(share: float) -> Text:
    return same(numbers.value(float(f"{100 * share:.2g}")))


COMPARED: Mapping[str, tuple[Text, Text]] = {
    "people": (
        Text("（{n}{people}）", " ({n} {people})"),
        Text("（{n}{people}对{other}{people}）", " ({n} {people} against {other})"),
    ),
    "accounts": (
        Text("（{n}个账号）", " ({n} accounts)"),
        Text("（{n}个账号对{other}个）", " ({n} accounts against {other})"),
    ),
    "pairs": (Text("（{n}对账号）", " ({n} pairs of accounts)"),) * 2,
    "rows": (
        Text("（{n}行数据）", " ({n} rows of data)"),
        Text("（{n}行数据对{other}行）", " ({n} rows of data against {other})"),
    ),
}
"""How many were compared: in one number where all stand on both sides, else on each side."""


def _compared(finding: Mapping[str, Any], people: Text) -> Text:
    """How many rows were compared, or units of another kind."""
    units: Mapping[str, Any] = finding.get("units") or {}
    if units.get("n") is None:
        return Text("", "")
    words = COMPARED.get(str(units.get("of")))
    if words is None:
        return Text("", "")
    n, other = int(units["n"]), finding.get("n_reference")
    # A pair stands on both sides, and so does whoever is compared by the slope of a number.
    both = units.get("of") == "pairs" or quantile(finding.get("group")) in BANDS
    places = {"n": same(numbers.count(n)), "people": people}
    if other is None or both:
        return words[0].format(**places)
    # As many as there are, not as many of equal weight; of each side, for some may stand on both.
    sides = [same(numbers.count(int(finding["n"]))), same(numbers.count(int(other)))]
    return words[1].format(n=sides[0], other=sides[1], people=people)


def sure(finding: Mapping[str, Any]) -> Text:
    """Between what the difference very likely lies; nothing without an interval."""
    interval = finding.get("ci") or {}
    low, high = interval.get("low"), interval.get("high")
    if low is None or high is None:
        return Text("", "")
    if low < 0 < high:
        return Text(
            f"，真实的差别很可能在低{percent(low)}%和高{percent(high)}%之间",
            f"; very likely it lies between {percent(low)} % lower and {percent(high)} % higher",
        )
    ends = sorted((low, high), key=abs)
    near, far = (percent(end) for end in ends)
    if near == far:
        return Text("", "")
    side = Text("高", "higher") if high > 0 else Text("低", "lower")
    return Text(
        f"，很可能{side.zh}{near}%到{far}%",
        f", very likely between {near} % and {far} % {side.en}",
    )


def held(finding: Mapping[str, Any], named: Named) -> Text:
    """What was equal between those compared: the first of it by name, and how much in all.

    Args:
        finding: of a price probe, as JSON.
        named: the plain name of a column.
    """
    details: Mapping[str, Any] = finding.get("details") or {}
    held: list[Text] = [
        *(CELL if details.get("cells") else ()),
        *map(named, details.get("factors") or ()),
    ]
    if not held:
        return Text("评估报告列出的条件", "the conditions that the report lists")
    if len(held) == 1:
        return held[0]
    if len(held) == len(CELL) and details.get("cells"):
        return Text("和".join(each.zh for each in CELL), " and ".join(each.en for each in CELL))
    first, others = held[0], len(held) - 1
    more = "1 other condition" if others == 1 else f"{others} other conditions"
    return Text(f"{first.zh}等{len(held)}项条件", f"{first.en} and {more}")


def quantile(group: object) -> str:
    """The quantile that a group's name begins with, where it is one.

    Args:
        group: a level of a finding.
    """
    return str(group).split(" ", maxsplit=1)[0]


def _band(attribute: Column | Outsider, group: object, bands: Mapping[str, Text]) -> Text:
    """A quantile in words, or the name of a level."""
    band = bands.get(quantile(group))
    if band is not None:
        return band
    written = written_level(group)
    named = attribute.values.get(written) or untranslated.once(written)
    return Text(f"“{named.zh}”", f"“{named.en}”")
