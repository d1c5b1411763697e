"""The profiles of a counterfactual price audit: which values are tried, alone and together.

The goods, the moment and the costs of a row stay as they are; only the declared profile features
are changed, one at a time, as declared bundles, and in a full two-level factorial (Yates 1937).
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any

import numpy as np
import pyarrow as pa
from pydantic import Field

from evaluators.plan import Scalar, level_name
from evaluators.prices import quotes
from evaluators.probe import Change, Details, ScoreRequest
from evaluators.statistics.regression import Floats

MOST_LEVELS = 8  # of a text feature; the most common ones are tried
MOST_FACTORS = 5  # of the factorial: 2^5 questions per row

BASE, TWIN = "base", "twin"


class CounterfactualDetails(Details):
    """The numbers of price_counterfactual beside a finding's own.

    Attributes:
        design: "model" or "accounts".
        spread: pairs, shares different, dearer, cheaper and beyond the margin, mean, median,
            Hodges-Lehmann shift, 95th percentile and largest size of the log-ratios.
        aa_different: the share of A/A twins with any difference: the noise floor.
        deterministic: whether the same question got the same answer.
        groups: registered group → its pairs, mean log-ratio and share beyond the margin.
        problem: why nothing is concluded.
        more: further numbers of the metric.
    """

    design: str = ""
    spread: dict[str, Any] | None = None
    aa_different: float | None = None
    deterministic: bool | None = None
    groups: dict[str, dict[str, Any]] = Field(default_factory=dict)
    problem: str | None = None
    more: dict[str, Any] = Field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Feature:
    """A profile feature and the values tried.

    Args:
        name: the model's input column.
        values: the values, the reference first; numbers rise.
        labels: how the values are called in findings.
        left_out: how many levels were not tried because there are too many.
    """

    name: str
    values: tuple[Scalar, ...]
    labels: tuple[str, ...]
    left_out: int = 0

    @property
    def low(self) -> Scalar:
        """The first value, which the others are compared with."""
        return self.values[0]

    @property
    def high(self) -> Scalar:
        """The value farthest from the reference in the order of the values."""
        return self.values[-1]


@dataclass(frozen=True, slots=True)
class Bundle:
    """Two profiles declared together: say, an old phone of a regular against a new one's."""

    name: str
    profile: Mapping[str, Scalar]
    against: Mapping[str, Scalar]


@dataclass(frozen=True, slots=True)
class Design:
    """All profiles of an audit.

    Args:
        features: varied one at a time.
        bundles: varied together.
        factors: the features of the factorial.
        sample: at most so many rows are asked about; None for all.
    """

    features: tuple[Feature, ...]
    bundles: tuple[Bundle, ...] = ()
    factors: tuple[Feature, ...] = ()
    sample: int | None = None

    def requests(self) -> Iterator[ScoreRequest]:
        """Every question, each about all (sampled) rows."""
        for key, changes in self.profiles().items():
            yield ScoreRequest(
                key,
                {name: Change("set", value) for name, value in changes.items()},
                copy=1 if key == TWIN else 0,
                sample=self.sample,
            )

    def profiles(self) -> dict[str, dict[str, Scalar]]:
        """Key → what is changed."""
        found: dict[str, dict[str, Scalar]] = {BASE: {}, TWIN: {}}
        for feature in self.features:
            for place, value in enumerate(feature.values):
                found[one(feature.name, place)] = {feature.name: value}
        for bundle in self.bundles:
            found[f"bundle:{bundle.name}:profile"] = dict(bundle.profile)
            found[f"bundle:{bundle.name}:against"] = dict(bundle.against)
        if len(self.factors) > 1:
            for bits in product((0, 1), repeat=len(self.factors)):
                found[corner(bits)] = {
                    factor.name: factor.high if bit else factor.low
                    for factor, bit in zip(self.factors, bits, strict=True)
                }
        return found


def one(feature: str, place: int) -> str:
    """The key of one feature at its value number `place`."""
    return f"one:{feature}:{place}"


def corner(bits: Sequence[int]) -> str:
    """The key of one corner of the factorial."""
    return "corner:" + "".join(str(bit) for bit in bits)


def feature(
    column: pa.ChunkedArray,
    name: str,
    *,
    declared: Sequence[Scalar],
    tails: Sequence[float],
    reference: Scalar | None,
) -> Feature | None:
    """The values to try for a feature; None where there are not two.

    Args:
        column: the column in the data.
        name: its name.
        declared: the values the plan declares; else quantiles of the data, or their levels.
        tails: the quantiles of a number.
        reference: the value the others are compared with; else the lowest number, or the most
            common level.
    """
    if declared:
        values, labels = list(declared), [level_name(value) for value in declared]
        return _ordered(name, values, labels, reference, 0)
    if quotes.is_number(column):
        return _numeric(quotes.numbers(column), name, tails, reference)
    found = quotes.levels(column)
    common = np.argsort(-found.counts(), kind="stable")[:MOST_LEVELS]
    levels: list[Scalar] = [found.names[place] for place in common]
    return _ordered(
        name, levels, [str(v) for v in levels], reference, len(found.names) - len(levels)
    )


def _numeric(
    values: Floats, name: str, tails: Sequence[float], reference: Scalar | None
) -> Feature | None:
    values = values[np.isfinite(values)]
    if not len(values):
        return None
    distinct = np.unique(values)
    if len(distinct) <= 2:
        chosen = [_scalar(value) for value in distinct]
        return _ordered(name, chosen, [level_name(v) for v in chosen], reference, 0)
    points = {float(np.quantile(values, q, method="inverted_cdf")): q for q in reversed(tails)}
    chosen = [_scalar(value) for value in sorted(points)]
    labels = [f"p{points[value] * 100:g} ({value:.6g})" for value in sorted(points)]
    return _ordered(name, chosen, labels, reference, 0)


def _scalar(value: float) -> Scalar:
    """Whole numbers as integers, so that they fit an integer input."""
    return int(value) if float(value).is_integer() else float(value)


def _ordered(
    name: str, values: list[Any], labels: list[str], reference: Scalar | None, left_out: int
) -> Feature | None:
    """The reference moved to the front."""
    if reference is not None and level_name(reference) in [level_name(v) for v in values]:
        place = [level_name(v) for v in values].index(level_name(reference))
        values.insert(0, values.pop(place))
        labels.insert(0, labels.pop(place))
    if len(values) < 2:
        return None
    return Feature(name, tuple(values), tuple(labels), left_out)
