"""What was checked, in sentences: flips of protected inputs, and the report's findings by group."""

from collections.abc import Mapping, Sequence
from typing import Any

from explainers import numbers
from explainers.asking import SCALE, Tally
from explainers.columns import Column, Outsider, with_article, written_level
from explainers.effects import Sentence, about, same, wording
from explainers.flips import Flip
from explainers.frame import REST
from explainers.plan import ExplanationPlan
from explainers.sentences import sentence
from registry.language import Text
from registry.reports import VERDICT_NAMES, Verdict

Findings = Sequence[Mapping[str, Any]]

ERRORS = {"false_negative_rate": "groups.refused", "false_positive_rate": "groups.granted"}
SERIOUS = (Verdict.DISPARITY, Verdict.DIFFERENCE)


def asked_again(tally: Tally) -> Sentence:
    """Whether the same question got the same answer."""
    n, moved, changed = (tally[f"again:{name}"] for name in ("n", "moved", "changed"))
    places = {name: same(numbers.count(k)) for name, k in (("n", n), ("k", moved), ("c", changed))}
    shown = {"n": n, "moved": moved, "changed": changed}
    return sentence("again.differs" if moved else "again.same", evidence=shown, places=places)


def flips(plan: ExplanationPlan, tally: Tally, column: Column) -> list[Sentence]:
    """What changing only this protected input did, and which way."""
    said = [_flip(plan, tally, column)]
    levels = said[0]["evidence"].get("levels") or []
    if not str(said[0]["kind"]).endswith("flip.some") or len(levels) < 2:
        return said
    measure, shown = ("per_hundred", _share) if plan.task == "decision" else ("mean", _money)
    least, most = (pick(levels, key=lambda one: one[measure]) for pick in (min, max))
    places = (
        wording(plan)
        | _named(column)
        | {
            "a": Text(**least["level"]),
            "b": Text(**most["level"]),
            "least": shown(least[measure]),
            "most": shown(most[measure]),
        }
    )
    row = sentence(f"{plan.task}.flip.levels", evidence={"levels": levels}, places=places)
    return [*said, row | {"columns": [column.name]}]


def _share(per_hundred: float) -> Text:
    return about(per_hundred / 100)


def _money(mean: float) -> Text:
    return same(numbers.value(mean))


def _flip(plan: ExplanationPlan, tally: Tally, column: Column) -> Sentence:
    key = f"flip:{column.name}"
    places = wording(plan) | {"Y": column.plain}
    if key + ":n" not in tally:
        return sentence("decision.flip.unknown", evidence={"n": 0}, places=places)
    n, k = tally[f"{key}:n"], tally[f"{key}:changed"]
    low, high = plan.family.lower(k, n), plan.family.upper(k, n)
    shown = {
        "n": n,
        "changed": k,
        "moved": tally[f"{key}:moved"],
        "low": numbers.rounded(low),
        "high": numbers.rounded(high),
        "mean_size": numbers.rounded(tally[f"{key}:size"] / SCALE / n),
        "claims": plan.family.claims,
        "alpha": plan.family.alpha,
        "levels": _levels(plan, tally, column),
    }
    places |= {
        "n": same(numbers.count(n)),
        "k": same(numbers.count(k)),
        "b": same(numbers.bound(high)),
    }
    noisy = tally["again:moved"] > 0
    noise = plan.family.upper(tally["again:beyond"], tally["again:n"])
    seen = "some" if k else "none"
    row = f"{plan.task}.flip.{'noise' if noisy and low <= noise else seen}"
    return sentence(row, evidence=shown, places=places) | {"columns": [column.name]}


def unseen(outsider: Outsider) -> Sentence:
    """That the program is not given an attribute: never a flip test."""
    said = sentence("not_an_input", evidence={"input": False}, places={"Y": outsider.plain})
    return said | {"columns": [outsider.name]}


def by_group(
    plan: ExplanationPlan, attribute: Column | Outsider, findings: Findings
) -> list[Sentence]:
    """How results differ by one attribute, and how well the score tells it."""
    about = [f for f in findings if set(f.get("slice") or {}) == {attribute.name}]
    said: list[Sentence] = []
    for finding in about:
        if finding["probe"] == "selection_parity":
            said += _rates(plan, attribute, finding)
        elif finding["probe"] == "proxy_leakage":
            said += _leaks(attribute, finding)
        elif finding["metric"] in ERRORS:
            said += _errors(plan, attribute, finding)
        elif finding["probe"] != "error_parity" and finding["verdict"] in SERIOUS:
            said.append(_read(finding))
    if not said:
        said = [sentence("groups.this_one", evidence={"n": 0}, places={"Y": attribute.plain})]
    return [each | {"columns": [attribute.name]} for each in said]


def rest(findings: Findings, told: Sequence[Sentence]) -> list[Sentence]:
    """How many findings of the report do not stand on this page, by verdict."""
    shown = [each["evidence"] for each in told]
    left = [f for f in findings if dict(f) not in shown]
    if not left:
        return []
    counts = {verdict: sum(f["verdict"] == verdict for f in left) for verdict in Verdict}
    parts = [REST[verdict].format(n=k) for verdict, k in counts.items() if k]
    joined = Text("；".join(part.zh for part in parts), ", ".join(part.en for part in parts))
    shown_counts = {"n": len(left), **{verdict.value: k for verdict, k in counts.items()}}
    places = {"n": same(len(left)), "parts": joined}
    return [sentence("report.rest", evidence=shown_counts, places=places)]


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


def _compared(
    plan: ExplanationPlan, attribute: Column | Outsider, finding: Mapping[str, Any]
) -> dict[str, Text]:
    """Both groups by name, with their rates and the verdict."""
    return {
        **wording(plan),
        **_named(attribute),
        "g": level(attribute, finding["group"]),
        "r": level(attribute, finding["reference_group"]),
        "a": about(finding["estimate"]),
        "b": about(finding["reference_estimate"]),
        "verdict": VERDICT_NAMES[Verdict(finding["verdict"])],
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
    plan: ExplanationPlan, attribute: Column | Outsider, finding: Mapping[str, Any]
) -> list[Sentence]:
    """How often people of a group were wrongly refused, or wrongly granted, per hundred."""
    if finding.get("estimate") is None or finding.get("reference_estimate") is None:
        return [_read(finding)]
    places = _compared(plan, attribute, finding)
    row, test = ERRORS[finding["metric"]], ""
    if _effect(finding)[0] == "groups.ratio":
        span = {"v": finding["effect"]["value"], "low": finding["ci"]["low"]}
        span["high"] = finding["ci"]["high"]
        places |= {name: same(f"{ratio:.1f}") for name, ratio in span.items()}
        test = "groups.times"
    return [sentence(row, kind="group.errors", evidence=finding, places=places, test=test)]


def _leaks(attribute: Column | Outsider, finding: Mapping[str, Any]) -> list[Sentence]:
    """How well the score, and all that the program is given, tell an attribute."""
    auc, group = finding.get("estimate"), finding.get("group")
    if auc is None or group is None:
        return [_read(finding)]
    measured = {
        "groups.auc_score": auc,
        "groups.auc_features": (finding.get("details") or {}).get("features_auc"),
    }
    places = _named(attribute) | {"g": level(attribute, group)}
    return [
        sentence(
            row, kind="group.leak", evidence=finding, places=places | {"v": same(_guessed(of))}
        )
        for row, of in measured.items()
        if of is not None
    ]


def _guessed(auc: float) -> int:
    """Right guesses in a hundred; who guesses worse than blindly turns the guess round."""
    return round(100 * max(auc, 1 - auc))


def _read(finding: Mapping[str, Any]) -> Sentence:
    """A finding in the words that its probe gave it."""
    reading, limit = finding["reading"], finding["limit"]
    return {
        "kind": f"finding.{finding['probe']}",
        "zh": reading["zh"],
        "en": reading["en"],
        "limit": {"zh": limit["zh"], "en": limit["en"]},
        "evidence": dict(finding),
    }


def level(attribute: Column | Outsider, group: object) -> Text:
    """What people call one group."""
    written = written_level(group)
    return attribute.values.get(written, Text(written, written))


def _named(attribute: Column | Outsider) -> dict[str, Text]:
    plain = attribute.plain
    return {"Y": plain, "y": Text(plain.zh, with_article(plain.en)), "y_bare": plain}


def _levels(plan: ExplanationPlan, tally: Tally, column: Column) -> list[dict[str, Any]]:
    n = tally[f"flip:{column.name}:n"]
    return [
        {
            "level": column.level(plan.donors.value(column.name, code)).as_json(),
            "per_hundred": numbers.rounded(100 * tally[f"flip:{column.name}:{i}:favourable"] / n),
            "mean": numbers.rounded(tally[f"flip:{column.name}:{i}:sum"] / SCALE / n),
        }
        for i, code in enumerate(Flip(plan, column).levels)
    ]
