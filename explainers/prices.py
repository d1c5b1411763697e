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
from explainers.sentences import sentence
from registry import untranslated
from registry.language import Text

BANDS: Mapping[str, Text] = {
    "p10": Text("较低的水平", "a low level"),
    "p50": Text("中等的水平", "a middling level"),
    "p90": Text("较高的水平", "a high level"),
}
"""The quantiles that price probes try, as people would say them."""
ROWS = {
    "price_gap": "groups.price",
    "main_effect": "groups.price_levels",
    "price_range": "groups.price_range",
    "raw_price_gap": "groups.price_raw",
    "conditional_price_gap": "groups.price_held",
}
BILL = "clean_bill"
HELD_STEP = "price_gap_step_"  # and a number: with more and more held fixed
SAME = math.log1p(0.00005)  # a mean difference that rounds to nothing

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
    row = ROWS["conditional_price_gap"] if _stepped(finding) else ROWS.get(finding["metric"])
    value = (finding.get("effect") or {}).get("value")
    short = verdict and Text(f"也就是说，{verdict.zh}。", f" In short: {verdict.en}.")
    said = {"price": Text("价格", "price"), "people": Text("人", "people"), **wording}
    places = {**said, "in_short": short or Text("", "")}
    if finding["metric"] == BILL and value is not None:
        return _together(finding, places)
    if attribute is None or row is None or value is None:
        return None
    if finding["effect"].get("kind") != "log_ratio":
        return None
    plain = attribute.plain
    places |= {
        "Y": plain,
        "y": Text(plain.zh, with_article(plain.en)),
        "g": _band(attribute, finding.get("group")),
        "r": _band(attribute, finding.get("reference_group")),
        "size": size(value),
        "tried": _tried(finding),
        "compared": _compared(finding, places["people"]),
        "sure": sure(finding),
        "held": _held(finding, named),
    }
    return sentence(row, kind="group.price", evidence=finding, places=places)


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


def _stepped(finding: Mapping[str, Any]) -> bool:
    return str(finding["metric"]).startswith(HELD_STEP)


def _together(finding: Mapping[str, Any], places: Mapping[str, Text]) -> Sentence | None:
    """All changes that were tried, in one sentence: how often any moved the price, and the most."""
    details, lines = finding.get("details") or {}, (finding.get("threshold") or {}).get("lines")
    largest = (details.get("more") or {}).get("largest_mean")
    if largest is None or not lines:
        return None
    shown = {
        "n": same(numbers.count(int(finding["n"]))),
        "about": about(finding["effect"]["value"]),
        "small": _line(lines["equivalence"]),
        "most": same(percent(abs(largest))),
    }
    return sentence(
        "groups.price_bill", kind="group.price", evidence=finding, places={**places, **shown}
    )


def _tried(finding: Mapping[str, Any]) -> Text:
    """Of how many tests the price came out otherwise; nothing where the report does not say."""
    spread = (finding.get("details") or {}).get("spread") or {}
    if not spread.get("pairs"):
        return Text("", "")
    n = numbers.count(int(spread["pairs"]))
    if finding["metric"] == "price_range":
        share = about(spread["beyond"])
        small = _line(finding["threshold"]["lines"]["equivalence"])
        return Text(
            f"试了{n}次，每100次里，{share.zh}次相差超过{small.zh}%。",
            f" Of 100 tests, {share.en} differed by more than {small.en} % ({n} tests).",
        )
    dearer, cheaper = about(spread["dearer"]), about(spread["cheaper"])
    return Text(
        f"试了{n}次，每100次里，{dearer.zh}次变贵，{cheaper.zh}次变便宜。",
        f" Of 100 tests, {dearer.en} came out dearer and {cheaper.en} cheaper ({n} tests).",
    )


def _line(share: float) -> Text:
    return same(numbers.value(float(f"{100 * share:.2g}")))


def _compared(finding: Mapping[str, Any], people: Text) -> Text:
    """How many rows were compared, or units of another kind."""
    units: Mapping[str, Any] = finding.get("units") or {}
    if units.get("n") is None:
        return Text("", "")
    n = numbers.count(int(units["n"]))
    kinds = {
        "people": Text(f"（{n}{people.zh}）", f" ({n} {people.en})"),
        "accounts": Text(f"（{n}个账号）", f" ({n} accounts)"),
        "rows": Text(f"（{n}行数据）", f" ({n} rows of data)"),
    }
    return kinds.get(str(units.get("of")), Text("", ""))


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
    side = Text("高", "higher") if high > 0 else Text("低", "lower")
    return Text(
        f"，很可能{side.zh}{near}%到{far}%",
        f", very likely between {near} % and {far} % {side.en}",
    )


def _held(finding: Mapping[str, Any], named: Named) -> Text:
    """What was equal between those compared: the first of it by name, and how much in all."""
    held: Sequence[str] = (finding.get("details") or {}).get("factors") or ()
    if not held:
        return Text("评估报告列出的条件", "the conditions that the report lists")
    first = named(held[0])
    if len(held) == 1:
        return first
    others = len(held) - 1
    more = "1 other condition" if others == 1 else f"{others} other conditions"
    return Text(f"{first.zh}等{len(held)}项条件", f"{first.en} and {more}")


def _band(attribute: Column | Outsider, group: object) -> Text:
    """A quantile in words, or the name of a level."""
    band = BANDS.get(str(group).split(" ", maxsplit=1)[0])
    if band is not None:
        return band
    written = written_level(group)
    named = attribute.values.get(written) or untranslated.once(written)
    return Text(f"“{named.zh}”", f"“{named.en}”")
