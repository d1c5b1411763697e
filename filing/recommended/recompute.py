"""The order once more, from a file alone: no record, no network, nothing but the rule of `order`."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from filing.recommended.order import (
    MeasuresInvalid,
    Order,
    order,
    read_measures,
    weights_of,
)


@dataclass(frozen=True, slots=True)
class Recomputed:
    """What came of it.

    Args:
        order: as computed again.
        lapsed: numbers of the entries that have lapsed since the file was made.
        agrees: whether the file states the same order; None where weights or moment differ from its own.
    """

    order: Order
    lapsed: tuple[str, ...]
    agrees: bool | None


def recompute(
    content: Mapping[str, Any],
    *,
    weights: Mapping[str, Any] | None = None,
    at: datetime | None = None,
) -> Recomputed:
    """Compute the order of a catalogue again.

    Args:
        content: what `publication.told` made.
        weights: by criterion, those to take instead; those that are not named stay.
        at: the moment at which entries lapse; None for the file's own.

    Raises:
        WeightsInvalid: when a weight is none.
        MeasuresInvalid: when the file is not what it should be.
    """
    try:
        published = {each["id"]: each["weight"] for each in content["criteria"]}
        entries = {each["number"]: each for each in content["entries"]}
        measures = {number: read_measures(each["measured"]) for number, each in entries.items()}
        moment = at or _moment(content["at"])
        lapsed = sorted(n for n, each in entries.items() if _moment(each["ends"]["at"]) <= moment)
        stated = dict(content["order"])
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise MeasuresInvalid(
            "文件里不是一份推荐目录，请重新下载。",
            "The file holds no such catalogue; download it again.",
        ) from error
    asked = weights_of(weights or {}, weights_of(published, {}))
    found = order({n: each for n, each in measures.items() if n not in lapsed}, asked)
    own = not lapsed and asked == stated.get("weights")
    return Recomputed(found, tuple(lapsed), found.as_json() == stated if own else None)


def _moment(written: str) -> datetime:
    moment = datetime.fromisoformat(written)
    if moment.tzinfo is None:
        raise ValueError("a moment without a zone")
    return moment
