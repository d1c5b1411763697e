"""Building findings: defaults for what a probe leaves out, and rounding to ten digits."""

import math
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, TypedDict, Unpack

from evaluators.judging import captions, counted, withholding
from evaluators.judging.withholding import Why
from evaluators.probe import ProbeSpec
from registry import attestation
from registry.findings import Finding, Verdict, reading
from registry.language import Text

DIGITS = 10
# A union of types would be made anew at every call; a dictionary is recognised sooner by its type.
_PLAIN, _TABLES, _LISTS = (str, int), (dict, Mapping), (list, tuple)
_AS_IS = frozenset({str, int, bool, type(None)})
SECRET = ("n", "n_reference", "estimate", "reference_estimate", "p_value", "p_adjusted", "mde")


class Numbers(TypedDict, total=False):
    """What a finding may carry besides its name, verdict and sentences; see `Finding`."""

    group: str | None
    reference_group: str | None
    n: int
    n_reference: int | None
    estimate: float | None
    reference_estimate: float | None
    effect: Mapping[str, Any]
    ci: Mapping[str, Any] | None
    test: Mapping[str, Any] | None
    p_value: float | None
    p_adjusted: float | None
    adjustment: str | None
    family: Mapping[str, Any] | None
    equivalence: Mapping[str, Any] | None
    mde: float | None
    threshold: Mapping[str, Any] | None
    severity: str | None
    defences: tuple[str, ...]
    units: Mapping[str, Any] | None
    details: Mapping[str, Any]
    left_out: Mapping[str, Any]


def draft(
    spec: ProbeSpec,
    metric: str,
    *,
    slice_: Mapping[str, str],
    verdict: Verdict,
    reading: Text,
    limit: Text,
    **numbers: Unpack[Numbers],
) -> Finding:
    """A finding of the probe `spec`; numbers that are left out do not exist.

    Args:
        spec: whose finding it is.
        metric: what was measured.
        slice_: sensitive feature → level.
        verdict: by `verdicts.judge`.
        reading: the plain sentence.
        limit: what it does not show.
        numbers: the rest.
    """
    values: dict[str, Any] = {
        "group": None, "reference_group": None, "n": 0, "n_reference": None, "estimate": None,
        "reference_estimate": None, "effect": {"kind": "none", "value": None}, "ci": None,
        "test": None, "p_value": None, "p_adjusted": None, "adjustment": None, "family": None,
        "equivalence": None, "mde": None, "threshold": None, **numbers,
    }  # fmt: skip
    values["threshold"] = _with_value(values["threshold"])
    return Finding(
        probe=spec.id, version=spec.version, metric=metric, slice=dict(slice_), verdict=verdict,
        legal_refs=spec.legal_refs, reading=reading.as_json(), limit=limit.as_json(), **values,
    )  # fmt: skip


SIDES = ("n", "n_reference", "second")


def units(
    of: str, n: float, n_reference: float | None = None, second: float | None = None
) -> dict[str, Any]:
    """How many independent units stand behind a finding.

    Args:
        of: what they are: people, accounts, pairs, items, lists, profiles or rows.
        n: in the group.
        n_reference: in the reference; None where the finding has one side.
        second: units of a second kind of which as many are needed, as items in two-way data.
    """
    counted = {"of": of, "n": n, "n_reference": n_reference}
    return counted if second is None else {**counted, "second": second}


def sides(counted: Mapping[str, Any]) -> list[float]:
    """The numbers of units of which every one must be enough."""
    return [float(n) for name, n in counted.items() if name in SIDES and n is not None]


def _with_value(threshold: Mapping[str, Any] | None) -> Mapping[str, Any] | None:
    """The threshold with its `value`: both lines where it has a low and a high one."""
    if threshold is None or "value" in threshold or not {"low", "high"} <= set(threshold):
        return threshold
    return {"value": [threshold["low"], threshold["high"]], **threshold}


def not_evaluable(
    spec: ProbeSpec,
    metric: str,
    *,
    slice_: Mapping[str, str],
    why: Text,
    limit: Text,
    **numbers: Unpack[Numbers],
) -> Finding:
    """A finding that says why there is no number."""
    return draft(spec, metric, slice_=slice_, verdict=Verdict.NOT_EVALUABLE, reading=why,
                 limit=limit, **numbers)  # fmt: skip


def rounded(value: Any) -> Any:
    """A JSON value with every real rounded to ten significant digits; no NaN, no infinity."""
    if type(value) in _AS_IS or isinstance(value, _PLAIN):
        return value
    if isinstance(value, float):
        return float(f"{value:.{DIGITS}g}") + 0.0 if math.isfinite(value) else None
    if isinstance(value, _TABLES):
        return {
            str(key): entry if type(entry) in _AS_IS else rounded(entry)
            for key, entry in value.items()
        }
    if isinstance(value, _LISTS):
        return [entry if type(entry) in _AS_IS else rounded(entry) for entry in value]
    return rounded(value.item())  # a NumPy scalar


def settle(finding: Finding) -> Finding:
    """The finding with its numbers rounded, ready for the digest."""
    own = ((name, getattr(finding, name)) for name in Finding.__slots__)
    plain = {name: value if type(value) in _AS_IS else rounded(value) for name, value in own}
    for name in ("legal_refs", "defences"):
        plain[name] = tuple(plain[name])
    plain["reading"] = reading(plain)
    return Finding(**{**plain, "verdict": finding.verdict})


def digest(findings: "tuple[Finding, ...]") -> str:
    """The findings digest: the same for the same plan, data and nonce, wherever it ran."""
    names = Finding.__slots__
    return attestation.digest([{n: getattr(f, n) for n in names} for f in findings])


UNWEIGHTED = Text(
    "数据中有权重为 0 的行，这项检验不看权重，把它们也数在内；与其他检验的数字相减可得这些行，数字不公开；"
    "主管部门和受托测试机构可以看到。",
    "Some rows weigh 0, and this probe counts them, as it heeds no weights; subtracting other probes' "
    "numbers would tell of these rows, so its numbers are not published; the authority and the "
    "assigned tester can see them.",
)


BAND = Text("每一边不少于 {units}。", "Each side has at least {units}.")


def tells(finding: Finding) -> bool:
    """Whether a finding states any number of its groups, in its fields or its details."""
    numbers = [getattr(finding, name) for name in SECRET]
    carried = (finding.ci, finding.test, finding.units, finding.details)
    return any(number is not None for number in numbers) or any(carried)


def _of_two_sides(finding: Finding) -> bool:
    """Whether a finding says that two sides differ, so that one of them has less."""
    differ = finding.verdict in (Verdict.DISPARITY, Verdict.DIFFERENCE)
    return differ and finding.reference_group is not None and finding.effect["kind"] in SIDED


SIDED = frozenset({"difference", "ratio", "log_ratio", "mark_up"})
"""Effects that go one way or the other."""


def withheld(
    finding: Finding, least: int, plan: Mapping[str, Any], why: Text = withholding.ALONE[Why.SMALL]
) -> Finding:
    """The finding as published for a suppressed group: the verdict stays, the numbers go.

    The sentence says of whom it is, what was asked and what came of it, for that is published all
    the same. Of the units stays what the verdict says anyway: that there are at least so many; only
    then is a group named in the sentence, which explanations quote (decision 9).

    Args:
        finding: with every number.
        least: the smallest count that is published.
        plan: the plan's content, for what it calls its unit.
        why: the numbers go; it may use {few}.
    """
    blank: dict[str, Any] = dict.fromkeys(SECRET)
    few = counted.so_many(finding, plan, least, cells=True)
    said, units = withholding.of_nobody(finding.reading) or why.format(few=few), None
    band = (finding.units or {}).get("at_least")
    if band is not None and finding.units is not None:
        units = {"of": finding.units["of"], "at_least": band}
        also = BAND.format(units=counted.so_many(finding, plan, int(band)))
        said = Text(said.zh + also.zh, f"{said.en} {also.en}")
    named = band is not None and int(band) >= least
    told = {name: getattr(finding, name) for name in ("slice", "metric", "verdict", "threshold")}
    first = captions.concluded(told, plan, levels=named)
    first = counted.told(first, (finding.units or {}).get("of"), plan)
    if _of_two_sides(finding):
        either = withholding.EITHER_WAY
        first = Text(first.zh + either.zh, f"{first.en} {either.en}")
    if counted.by_row(finding):
        first = Text(first.zh + counted.ROW_BY_ROW.zh, f"{first.en} {counted.ROW_BY_ROW.en}")
    said = Text(first.zh + said.zh, f"{first.en} {said.en}")
    return replace(
        finding, **blank, effect={"kind": finding.effect["kind"], "value": None}, ci=None, test=None,
        equivalence=None, details={}, left_out={}, suppressed=True, reading=said.as_json(),
        units=units,
    )  # fmt: skip
