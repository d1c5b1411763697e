"""What was checked, in sentences: flips of protected inputs, and the report's findings by group."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any

from explainers import means, numbers, prices, scores, shares
from explainers.asking import Tally
from explainers.columns import Column, Outsider, who, with_article, written_level
from explainers.effects import (
    Sentence,
    again,
    counts,
    each_way,
    listed,
    of_subject,
    score_moved,
    wording,
)
from explainers.frame import GUESSED_FROM_THE_SCORE, REST
from explainers.phrases import about, roughly, same
from explainers.plan import ExplanationPlan
from explainers.sentences import Again, Kind, sentence
from registry import outcomes, readability, untranslated
from registry.findings import VERDICT_NAMES, Verdict, of_none, row_by_row
from registry.findings import told as told_verdict
from registry.language import LANGUAGES, Text

Findings = Sequence[Mapping[str, Any]]

ERRORS = {
    "false_negative_rate": "refused",
    "false_positive_rate": "granted",
    "false_discovery_rate": "among_granted",
    "false_omission_rate": "among_refused",
}
ALWAYS_TOLD = ("false_negative_rate", "false_positive_rate")
SEVERAL = Text("（有{n}项结果都是这样。）", "(So it is with {n} findings.)")
OWN_WORDS = "finding."
"""How the kind of a sentence begins that quotes a probe."""
TECHNICAL = frozenset({"calibration_by_group"})
"""Probes that say slopes and gaps by tenths, which mean nothing to whom they concern."""
HUNDREDS = frozenset({"selection_parity", "error_parity", "counterfactual_flip"})
"""Probes of which the page says how many of a hundred people."""
ITSELF = Text(
    "问这个算法本身，只改这一项：平均{size}。",
    "The algorithm itself, only this changed: {size}.",
)
SERIOUS = (Verdict.DISPARITY, Verdict.DIFFERENCE)


@dataclass(frozen=True, slots=True)
class Quoted:
    """The report that an explanation quotes.

    Args:
        findings: as signed; None where there is no report.
        target_kind: what they hold results against: "outcome" or "human_decision".
        caption: of whom a finding is, what it measured and with which verdict, without a number;
            told where the words of its probe are not for everybody. None to tell those.
        of_people: whether the rates of a finding are so many of a hundred people; decisions, orders
            and weighted people are told in the words of their probe.
    """

    findings: Findings | None = None
    target_kind: str = "outcome"
    caption: Callable[[Mapping[str, Any]], Text] | None = None
    of_people: Callable[[Mapping[str, Any]], bool] = row_by_row

    def plainly(self, said: Sentence, attribute: Column | Outsider | None = None) -> Sentence:
        """A sentence, or what stands for it where a probe's own words are not for everybody.

        Args:
            said: the sentence.
            attribute: the feature it is about, where it is about one.
        """
        quoted = str(said["kind"]).startswith(OWN_WORDS)
        if self.caption is None or not quoted or plain(said["evidence"]):
            return said
        caption = self.caption(said["evidence"])
        much = prices.amount(said["evidence"], attribute) if attribute else None
        much = much or prices.FIGURES
        return said | {"zh": caption.zh + much.zh, "en": f"{caption.en} {much.en}"}


def plain(finding: Mapping[str, Any]) -> bool:
    """Whether a finding's own words are for everybody: none of the trade, and no bare slopes.

    Args:
        finding: as JSON.
    """
    if finding["probe"] in TECHNICAL:
        return False
    said = finding["reading"]
    return not any(readability.blocking(said[language], language) for language in LANGUAGES)


def beyond(plan: ExplanationPlan, quoted: Quoted) -> list[Sentence]:
    """Every finding beyond a line, whatever its metric, the gravest first."""
    passed = [f for f in quoted.findings or () if f["verdict"] == Verdict.DISPARITY]
    known: dict[str, Column | Outsider] = {each.name: each for each in plan.outsiders}
    known |= {column.name: column for column in plan.columns}
    said: list[Sentence] = []
    for finding in sorted(passed, key=_gravity):
        sliced = list(finding.get("slice") or {})
        attribute = known.get(sliced[0]) if len(sliced) == 1 else None
        own = _told(plan, attribute, finding, quoted) if attribute else [_whole(plan, finding)]
        own = [quoted.plainly(each, attribute) for each in own]
        said += [_beside_held(plan, each, quoted.findings or ()) for each in own]
    return _contradicted(said, quoted.findings or ())


def _beside_held(plan: ExplanationPlan, said: Sentence, findings: Findings) -> Sentence:
    """What is compared as it stands, with what is left of it where most is held equal."""
    other = prices.held_equal(said["evidence"], findings)
    if other is None or other["verdict"] == Verdict.DISPARITY:  # that one is told on its own
        return said
    known: list[Column | Outsider] = [*plan.outsiders, *plan.columns]
    names = {each.name: each.plain for each in known}
    held = prices.held(other, lambda name: names.get(name, same(name)))
    much, came = prices.size(other["effect"]["value"]), concluded(other)
    return said | {
        "zh": f"{said['zh']}{held.zh}相同时：{much.zh}（{came.zh}）。",
        "en": f"{said['en']} With {held.en} equal: {much.en} ({came.en}).",
        "beside": dict(other),
    }


def _contradicted(said: Sequence[Sentence], findings: Findings) -> list[Sentence]:
    """The sentences, with what the program itself does where recorded prices say otherwise.

    Once for each feature, and in the same sentence: neither is to be read without the other.
    """
    once: dict[str, Sentence] = {}
    told: list[Sentence] = []
    for each in said:
        itself = next((f for f in findings if prices.otherwise(f, each["evidence"])), None)
        feature = ",".join(each["evidence"].get("slice") or {})
        if itself is not None and once.setdefault(feature, each) is each:
            much = prices.size(itself["effect"]["value"])
            added = ITSELF.format(size=much)
            both = {"zh": each["zh"] + added.zh, "en": f"{each['en']} {added.en}"}
            told.append(each | both)
        else:
            told.append(each)
    return told


def _gravity(finding: Mapping[str, Any]) -> tuple[bool, bool, bool, float]:
    """That one side has none at all comes first: it says so by fewer lists than a mean does.

    Of prices, those for the same goods stand before those that are compared as they stand.
    """
    p_value = 1.0 if finding.get("p_adjusted") is None else float(finding["p_adjusted"])
    serious, raw = finding.get("severity") == "serious", prices.as_they_stand(finding)
    return not of_none(finding), not serious, raw, p_value


def noise(plan: ExplanationPlan, tally: Tally, *, drowned: bool) -> list[Sentence]:
    """That the program contradicts itself, before anything is said of what moves the result.

    Args:
        plan: by which it was asked.
        tally: what came of it.
        drowned: whether nothing does more than asking again.
    """
    twice = again(tally)
    if not twice.changed:
        return []
    places = wording(plan) | {"again_about": about(twice.changed / twice.n)}
    shown = {"n": twice.n, "moved": twice.moved, "changed": twice.changed}
    return [sentence("noise.all" if drowned else "noise.some", evidence=shown, places=places)]


def asked_again(tally: Tally) -> Sentence:
    """Whether the same question got the same answer."""
    n, moved, changed = (tally[f"again:{name}"] for name in ("n", "moved", "changed"))
    places = {name: same(numbers.count(k)) for name, k in (("n", n), ("k", moved), ("c", changed))}
    shown = {"n": n, "moved": moved, "changed": changed}
    row = "differs" if changed else "moved" if moved else "same"
    return sentence(f"again.{row}", evidence=shown, places=places)


def flips(plan: ExplanationPlan, tally: Tally, column: Column) -> list[Sentence]:
    """What changing only this protected input did, and which way."""
    said = [_flip(plan, tally, column)]
    if plan.natures[column.name].untried:
        places = wording(plan) | _named(column) | {"least": same(plan.k)}
        untried = sentence("flip.untried", evidence={"n": 0}, places=places)
        said.append(untried | {"columns": [column.name]})
    levels = said[0]["evidence"].get("levels") or []
    if not str(said[0]["kind"]).endswith("flip.some") or len(levels) < 2:
        return [each | {"columns": [column.name]} for each in said]
    places = wording(plan) | _named(column)
    amounts = _amounts(plan, tally, column, levels)
    told = amounts is not None and amounts["least"] != amounts["most"]
    if plan.task == "price" or not told:
        # Two means, or shares, that round alike may hide that every change went one way.
        said.append(_way(plan, tally, column, levels))
    if amounts is not None and told:
        row = f"{plan.task}.flip.levels"
        said.append(sentence(row, evidence={"levels": levels}, places=places | amounts))
    return [each | {"columns": [column.name]} for each in said]


def _way(
    plan: ExplanationPlan, tally: Tally, column: Column, levels: Sequence[Mapping[str, Any]]
) -> Sentence:
    """Which way the changes went between the two levels that are furthest apart."""
    key = f"flip:{column.name}"
    pairs = {
        (i, j): counts(tally, f"{key}:{i}:{j}") for i, j in combinations(range(len(levels)), 2)
    }
    apart = {(i, j): tally.get(f"{key}:{i}:{j}:difference", 0) for i, j in pairs}
    priced = plan.task == "price"

    def far(pair: tuple[int, int]) -> tuple[int, int]:
        counted = pairs[pair]
        net = apart[pair] if priced else 2 * counted.gained - counted.changed
        return abs(net), counted.up + counted.down

    i, j = max(pairs, key=far)
    counted = pairs[i, j]
    up, down = (
        (counted.up, counted.down)
        if priced
        else (counted.gained, counted.changed - counted.gained)
    )
    moved = counted.up + counted.down
    mean = means.told(tally, f"{key}:{i}:{j}:difference", moved, plan.k)
    a, b = i, j
    if up < down:
        a, b, up, down, mean = b, a, down, up, None if mean is None else -mean
    of = means.CHANGED if counted.same else None
    against = mean is not None and mean < 0
    size = means.apart(mean, plan.wording.unit, against=against, of=of)
    ways = each_way(plan, tally, f"{key}:{i}:{j}", counted)
    if ways:
        ends = list(ways.values()) if (a, b) == (i, j) else list(ways.values())[::-1]
        size = means.both(ends[0], ends[1], plan.wording.unit, against=against)
        ways = dict(zip(ways, ends, strict=True))
    places = wording(plan) | _named(column) | {"m": size}
    places |= {f"{at}_who": Text(**levels[n]["who"]) for at, n in (("a", a), ("b", b))}
    numbered = {"n": counted.n, "up": up, "down": down}
    places |= {name: same(numbers.count(each)) for name, each in numbered.items()}
    places |= {f"{name}_p": roughly(numbered[name] / counted.n) for name in ("up", "down")}
    shown = {**numbered, "from": levels[a]["level"], "to": levels[b]["level"]}
    shown |= {"mean_difference": mean, "mean_of": moved, **ways} if priced else {}
    return sentence(f"{plan.task}.flip.way", evidence=shown, places=places)


def _amounts(
    plan: ExplanationPlan, tally: Tally, column: Column, levels: Sequence[Mapping[str, Any]]
) -> dict[str, Text] | None:
    """The two levels that are furthest apart and what is told of each; None where nothing may be."""
    numbered = range(len(levels))
    if plan.task == "decision":
        n = tally[f"flip:{column.name}:n"]
        good = [tally[f"flip:{column.name}:{i}:favourable"] for i in numbered]
        least, most = (pick(numbered, key=lambda i: good[i]) for pick in (min, max))
        told = [shares.about(good[i], n, plan.k) for i in (least, most)]
    else:
        means_told = [level["mean"] for level in levels]
        if any(mean is None for mean in means_told):
            return None
        least, most = (pick(numbered, key=lambda i: means_told[i]) for pick in (min, max))
        told = [same(numbers.value(means_told[i])) for i in (least, most)]
    a, b = (Text(**levels[i]["who"]) for i in (least, most))
    return {"a_who": a, "b_who": b, "least": told[0], "most": told[1]}


def two_bounds(
    plan: ExplanationPlan, flips: Sequence[Sentence], findings: Findings
) -> list[Sentence]:
    """Why the report's bound of the same thing is another one, where neither saw a result change.

    Args:
        plan: names the inputs.
        flips: what changing only each protected input did.
        findings: of the report.
    """
    said = []
    for flip in flips:
        (name,) = flip["columns"]
        found = next((f for f in findings if _same_test(f, name)), None)
        if flip["kind"] != "decision.flip.none" or found is None:
            continue
        bounds = {"b": flip["evidence"]["high"], "c": found["ci"]["high"]}
        tested = {"n": flip["evidence"]["n"], "m": found["details"]["people"]}
        places = wording(plan) | _named(plan.column(name))
        places |= {key: same(numbers.bound(share)) for key, share in bounds.items()}
        places |= {key: same(numbers.count(n)) for key, n in tested.items()}
        said.append(
            sentence("bounds.differ", evidence={**tested, **bounds}, places=places)
            | {"columns": [name]}
        )
    return said


def _same_test(finding: Mapping[str, Any], name: str) -> bool:
    """Whether the report changed only this input, too, and saw no result change."""
    details, high = finding.get("details") or {}, (finding.get("ci") or {}).get("high")
    own = finding["probe"] == "counterfactual_flip" and set(finding.get("slice") or {}) == {name}
    known = bool(high and details.get("people")) and not finding.get("suppressed")
    return own and known and details.get("changed") == 0


def _flip(plan: ExplanationPlan, tally: Tally, column: Column) -> Sentence:
    key = f"flip:{column.name}"
    places = wording(plan) | _named(column)
    if key + ":n" not in tally:
        return sentence("flip.unknown", evidence={"n": 0}, places=places)
    n, k = tally[f"{key}:n"], tally[f"{key}:changed"]
    low, high = plan.family.lower(k, n), plan.family.upper(k, n)
    shown = {
        "n": n,
        "changed": k,
        "moved": tally[f"{key}:moved"],
        "low": numbers.rounded(low),
        "high": numbers.rounded(high),
        "mean_size": means.told(tally, f"{key}:size", n, plan.k),
        "claims": plan.family.claims,
        "alpha": plan.family.alpha,
        "levels": _levels(plan, tally, column),
    }
    places |= {
        "n": same(numbers.count(n)),
        "k": same(numbers.count(k)),
        "k_p": roughly(k / n),
        "b": same(numbers.bound(high)),
        "score": _score(plan, tally, column),
    }
    twice = again(tally)
    row = f"{plan.task}.flip.{'some' if k else 'none'}"
    if twice.moved and (k or twice.changed):
        # Of many answers some differ by noise alone: one of them is compared with asking again.
        one = max(tally[name] for name in _single_flips(tally, key))
        same_measure = twice.moved if plan.task == "price" else twice.changed
        places |= {
            "k": same(numbers.count(one)),
            "k_p": roughly(one / n),
            "again_n": same(numbers.count(twice.n)),
            "again_c": same(numbers.count(same_measure)),
            "again_p": roughly(same_measure / twice.n),
        }
        measured = Again(twice.n, twice.moved, same_measure)
        certain = measured.exceeded(one, n, plan.family) or _moves(plan, tally, column)
        row = f"{plan.task}.flip.{'some.noise' if certain else 'noise'}"
    nature = plan.natures[column.name]
    others = len(nature.levels) + bool(nature.rest) - 1
    kind, several = row, others > 1 and row.endswith("flip.some")
    if (
        several
    ):  # each person was asked more than once: who changed at all is counted, not the tests
        row, places = f"{row}.several", places | {"others": same(str(others))}
    said = sentence(row, kind=kind, evidence=shown, places=places)
    return said | {"columns": [column.name]}


def _score(plan: ExplanationPlan, tally: Tally, column: Column) -> Text:
    """What a protected input does to the score, beside that it changes no result."""
    key, twice = f"flip:{column.name}", again(tally)
    levels = range(len(plan.natures[column.name].levels))
    pairs = {f"{key}:{i}:{j}": (i, j) for i, j in combinations(levels, 2)}
    furthest = scores.furthest([(pair, counts(tally, pair)) for pair in pairs])
    if furthest is not None and scores.moves(plan, twice, furthest[1]):
        pair, counted = furthest
        values = [
            plan.donors.value(column.name, plan.natures[column.name].levels[at])
            for at in pairs[pair]
        ]
        a, b = (column.who(value, plan.wording.people) for value in values)
        changed = Text(f"把{a.zh}改成{b.zh}", f"{a.en} changed to {b.en}")
        return scores.told(plan, tally, pair, counted, changed)
    moved = tally[f"{key}:moved"]
    if plan.task != "decision" or twice.moved or not moved:
        return scores.NOT_TOLD
    if not levels:
        subject = next(s for s in plan.subjects if column.name in s.names)
        way = score_moved(plan, tally, subject, column.raised) if len(subject.names) == 1 else None
        if way is not None and way.zh:
            return way
    return scores.without_a_way(tally[f"{key}:n"], moved)


def _single_flips(tally: Tally, key: str) -> list[str]:
    return [
        name
        for name in tally
        if name.startswith(f"{key}:") and name.endswith(":changed") and name != f"{key}:changed"
    ]


def _moves(plan: ExplanationPlan, tally: Tally, column: Column) -> bool:
    """Whether answer four says that this column does more than asking again."""
    subject = next(s for s in plan.subjects if column.name in s.names)
    if len(subject.names) > 1:
        return False
    return bool(of_subject(plan, tally, subject)[-1]["kind"] == Kind.NOISY)


def unseen(outsider: Outsider) -> Sentence:
    """That the program is not given an attribute: never a flip test."""
    said = sentence("not_an_input", evidence={"input": False}, places=_named(outsider))
    return said | {"columns": [outsider.name]}


def by_group(
    plan: ExplanationPlan,
    attribute: Column | Outsider,
    quoted: Quoted,
    *,
    told: Sequence[Sentence] = (),
) -> list[Sentence]:
    """How results differ by one attribute, and how well the score tells it.

    Args:
        plan: names the results.
        attribute: which.
        quoted: the report.
        told: sentences on findings that stand above these.
    """
    about_it = [f for f in quoted.findings or () if set(f.get("slice") or {}) == {attribute.name}]
    above = [each["evidence"] for each in told]
    said: list[Sentence] = []
    for finding in (f for f in about_it if dict(f) not in above):
        always = finding["probe"] in ("selection_parity", "proxy_leakage")
        if always or finding["metric"] in ALWAYS_TOLD or finding["verdict"] in SERIOUS:
            said += _told(plan, attribute, finding, quoted)
    if not about_it:
        said = [sentence("groups.this_one", evidence={"n": 0}, places=_named(attribute))]
    return [quoted.plainly(each, attribute) | {"columns": [attribute.name]} for each in said]


def _told(
    plan: ExplanationPlan,
    attribute: Column | Outsider,
    finding: Mapping[str, Any],
    quoted: Quoted,
) -> list[Sentence]:
    """One finding about one attribute, in the plainest words there are for its metric."""
    if finding["probe"] == "proxy_leakage":
        return _leaks(plan, attribute, finding)
    if finding["probe"] in HUNDREDS and not quoted.of_people(finding):
        return [_read(finding)]
    if finding["probe"] == "selection_parity":
        return _rates(plan, attribute, finding)
    if finding["metric"] in ERRORS and finding["probe"] == "error_parity":
        return _errors(plan, attribute, finding, quoted.target_kind)
    if finding["probe"] == "counterfactual_flip" and finding["verdict"] == Verdict.DISPARITY:
        return [_flipped(plan, attribute, finding)]
    if finding["probe"] in ("price_counterfactual", "price_observational"):
        return [_price(plan, attribute, finding)]
    return [_read(finding)]


def joined(said: Sequence[Sentence]) -> list[Sentence]:
    """The sentences with equal ones told once, and of how many findings each is true.

    Args:
        said: in order.
    """
    alike: dict[str, list[Sentence]] = {}
    for each in said:
        alike.setdefault(f"{each['kind']}\n{each['zh']}", []).append(each)
    return [_of_several(group) for group in alike.values()]


def _of_several(alike: Sequence[Sentence]) -> Sentence:
    first, n = alike[0], len(alike)
    if n == 1:
        return first
    several = SEVERAL.format(n=same(str(n)))
    return first | {
        "zh": first["zh"] + several.zh,
        "en": f"{first['en']} {several.en}",
        "evidence": first["evidence"] | {"alike": n},
    }


def rest(findings: Findings, told: Sequence[Sentence]) -> list[Sentence]:
    """How many findings of the report do not stand on this page, by what they showed."""
    shown = [each[name] for each in told for name in ("evidence", "beside") if name in each]
    left = [f for f in findings if dict(f) not in shown]
    if not left:
        return []
    found = outcomes.counted(left)
    counts = {**{verdict.value: 0 for verdict in Verdict}, **found}
    parts = [_counted(outcome, k) for outcome, k in counts.items() if k]
    joined = Text("；".join(part.zh for part in parts), ", ".join(part.en for part in parts))
    shown_counts = {"n": len(left), **counts}
    places = {"n": same(len(left)), "parts": joined}
    return [sentence("report.rest", evidence=shown_counts, places=places)]


def _counted(outcome: str, count: int) -> Text:
    """How many findings showed one thing; what is no difference is told under its own name."""
    if outcome in REST:
        return REST[Verdict(outcome)].format(n=count)
    name = outcomes.OUTCOME_NAMES[outcome]
    return Text(f"{count}项“{name.zh}”", f"{count} “{name.en}”")


def _rates(
    plan: ExplanationPlan, attribute: Column | Outsider, finding: Mapping[str, Any]
) -> list[Sentence]:
    """One group beside the reference group, per hundred, with interval and verdict."""
    known = finding.get("estimate") is not None and finding.get("reference_estimate") is not None
    if not known or finding.get("group") == finding.get("reference_group"):
        return [_read(finding)]
    places = _compared(plan, attribute, finding)
    row, more = _effect(finding)
    line: Any = (finding.get("threshold") or {}).get("value")
    test = "groups.line" if row == "groups.ratio" and isinstance(line, float) and line < 1 else ""
    places |= more | ({"line": same(round(100 * line))} if test else {})
    return [sentence(row, kind="group.rates", evidence=finding, places=places, test=test)]


def concluded(finding: Mapping[str, Any]) -> Text:
    """What a finding's verdict is called; beside an interval that holds none, no difference is.

    A test and an interval of two methods may disagree by a hair: the reader sees the interval.

    Args:
        finding: of a report, as JSON.
    """
    return VERDICT_NAMES[told_verdict(finding)]


def _compared(
    plan: ExplanationPlan, attribute: Column | Outsider, finding: Mapping[str, Any]
) -> dict[str, Text]:
    """Both groups by name, with their rates and the verdict."""
    return {
        **wording(plan),
        **_named(attribute),
        "g_who": who(attribute, finding["group"], plan.wording.people),
        "r_who": who(attribute, finding["reference_group"], plan.wording.people),
        "a": about(finding["estimate"]),
        "b": about(finding["reference_estimate"]),
        "verdict": concluded(finding),
    }


def _effect(finding: Mapping[str, Any]) -> tuple[str, dict[str, Text]]:
    """The row for a finding's effect, and the interval in people or in percent."""
    effect, ci = finding.get("effect") or {}, finding.get("ci") or {}
    value: Any = effect.get("value")
    low: Any = ci.get("low")
    high: Any = ci.get("high")
    if None in (value, low, high) or effect.get("kind") not in ("ratio", "difference"):
        return "groups.verdict", {}
    if effect["kind"] == "difference":
        ends = sorted((abs(low), abs(high)))
        if low < 0 < high:
            return "groups.either", {
                "low": same(round(-100 * low)),
                "high": same(round(100 * high)),
            }
        word = Text("少", "fewer") if value < 0 else Text("多", "more")
        counts = {"v": abs(value), "low": ends[0], "high": ends[1]}
        return "groups.difference", {"more": word} | {
            k: same(round(100 * v)) for k, v in counts.items()
        }
    shares = {"v": value, "low": low, "high": high}
    return "groups.ratio", {name: same(round(100 * share)) for name, share in shares.items()}


def _errors(
    plan: ExplanationPlan,
    attribute: Column | Outsider,
    finding: Mapping[str, Any],
    target_kind: str,
) -> list[Sentence]:
    """How often program and outcome, or program and person, disagree about a group, per hundred."""
    if finding.get("estimate") is None or finding.get("reference_estimate") is None:
        return [_read(finding)]
    places = _compared(plan, attribute, finding)
    held = "person" if target_kind == "human_decision" else "outcome"
    row, test = f"errors.{held}.{ERRORS[finding['metric']]}", ""
    if _effect(finding)[0] == "groups.ratio":
        span = {"v": finding["effect"]["value"], "low": finding["ci"]["low"]}
        span["high"] = finding["ci"]["high"]
        places |= {name: same(f"{ratio:.1f}") for name, ratio in span.items()}
        test = "groups.times"
    said = sentence(row, kind="group.errors", evidence=finding, places=places, test=test)
    return [said | {"limit": _own_limit(finding)}]


def _flipped(
    plan: ExplanationPlan, attribute: Column | Outsider, finding: Mapping[str, Any]
) -> Sentence:
    """Of how many in a hundred the report saw the result change when only this was changed."""
    share: Any = (finding.get("effect") or {}).get("value")
    if share is None or finding["effect"].get("kind") != "share":
        return _read(finding)
    places = wording(plan) | _named(attribute)
    places |= {"about": about(share), "verdict": concluded(finding)}
    said = sentence("groups.flipped", kind="group.flip", evidence=finding, places=places)
    return said | {"limit": _own_limit(finding)}


def _price(
    plan: ExplanationPlan, attribute: Column | Outsider | None, finding: Mapping[str, Any]
) -> Sentence:
    """How much dearer one level of an attribute is than another, in percent."""
    known: list[Column | Outsider] = [*plan.outsiders, *plan.columns]
    names = {each.name: each.plain for each in known}
    said = prices.told(
        finding,
        attribute,
        wording(plan),
        named=lambda name: names.get(name, same(name)),
        verdict=concluded(finding),
    )
    return said | {"limit": _own_limit(finding)} if said else _read(finding)


def _own_limit(finding: Mapping[str, Any]) -> dict[str, str]:
    """The limit that the report gave."""
    return {language: finding["limit"][language] for language in ("zh", "en")}


def _leaks(
    plan: ExplanationPlan, attribute: Column | Outsider, finding: Mapping[str, Any]
) -> list[Sentence]:
    """How well the score, and all that the program is given, tell an attribute."""
    auc, group, verdict = finding.get("estimate"), finding.get("group"), told_verdict(finding)
    if auc is None or group is None or verdict not in GUESSED_FROM_THE_SCORE:
        return [_read(finding)]
    places = wording(plan) | _named(attribute) | {"g": level(attribute, group)}
    places["verdict"] = concluded(finding)
    # Only a score that is shown to tell the group is turned round: the rest is chance.
    skill = max(auc, 1 - auc) if verdict in (Verdict.DISPARITY, Verdict.DIFFERENCE) else auc
    told = {f"groups.auc_score.{verdict.value}": (skill, Text("", ""))}
    features, seen = (finding.get("details") or {}).get("features_auc"), _seen(plan, finding)
    if features is not None and seen is not None:
        told["groups.auc_features"] = (features, seen)
    return [
        sentence(
            row,
            kind="group.leak",
            evidence=finding,
            places=places | {"v": same(round(100 * of)), "seen": from_what},
        )
        for row, (of, from_what) in told.items()
    ]


def _seen(plan: ExplanationPlan, finding: Mapping[str, Any]) -> Text | None:
    """From what of its information the report guessed; None where it does not say.

    An attribute that the program is given tells itself, so a report leaves all of them out.
    """
    by_feature: Mapping[str, Any] = (finding.get("details") or {}).get("feature_share") or {}
    if not by_feature:
        return None
    left_out = [column.subject for column in plan.columns if column.name not in by_feature]
    if not left_out:
        return Text("看这个算法用的全部信息", "From all the information it uses")
    names = listed(left_out)
    return Text(
        f"不看{names.zh}，只看这个算法用的其他信息",
        f"Without {names.en}, from the other information it uses",
    )


def _whole(plan: ExplanationPlan, finding: Mapping[str, Any]) -> Sentence:
    """A finding about no one attribute."""
    priced = finding["probe"] in ("price_counterfactual", "price_observational")
    return _price(plan, None, finding) if priced else _read(finding)


def _read(finding: Mapping[str, Any]) -> Sentence:
    """A finding in the words that its probe gave it."""
    reading, limit = finding["reading"], finding["limit"]
    return {
        "kind": f"{OWN_WORDS}{finding['probe']}",
        "zh": reading["zh"],
        "en": reading["en"],
        "limit": {"zh": limit["zh"], "en": limit["en"]},
        "evidence": dict(finding),
    }


def level(attribute: Column | Outsider, group: object) -> Text:
    """What people call one group."""
    written = written_level(group)
    return attribute.values.get(written) or untranslated.once(written)


def _named(attribute: Column | Outsider) -> dict[str, Text]:
    plain = attribute.plain
    return {"Y": plain, "y": Text(plain.zh, with_article(plain.en)), "y_bare": plain}


def _levels(plan: ExplanationPlan, tally: Tally, column: Column) -> list[dict[str, Any]]:
    n = tally[f"flip:{column.name}:n"]
    return [
        {
            "level": column.level(plan.donors.value(column.name, code)).as_json(),
            "who": column.who(plan.donors.value(column.name, code), plan.wording.people).as_json(),
            "per_hundred": shares.per_hundred(
                tally[f"flip:{column.name}:{i}:favourable"], n, plan.k
            ),
            "mean": means.told(tally, f"flip:{column.name}:{i}:sum", n, plan.k),
        }
        for i, code in enumerate(plan.natures[column.name].levels)
    ]
