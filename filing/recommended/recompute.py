"""The order once more, from a file alone: no record, no network, nothing but the rule of `order`."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from filing.recommended.order import (
    MeasuresInvalid,
    Order,
    order,
    read_measures,
    weights_of,
)
from registry.errors import Invalid


class OtherMoment(Invalid):
    """The file does not tell what was measured then: download it at that moment."""


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
        OtherMoment: when the moment is before the file's, or a report that was counted has expired
            by then, and its entry has not.
    """
    try:
        published = {each["id"]: each["weight"] for each in content["criteria"]}
        entries = {each["number"]: each for each in content["entries"]}
        measures = {number: read_measures(each["measured"]) for number, each in entries.items()}
        made = _moment(content["at"])
        moment = at or made
        lapsed = sorted(n for n, each in entries.items() if _moment(each["ends"]["at"]) <= moment)
        standing = [n for n in entries if n not in lapsed]
        expired = [n for n in standing if _counted_until(entries[n]) <= moment]
        stated = dict(content["order"])
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise MeasuresInvalid(
            "文件里不是一份推荐目录，请重新下载。",
            "The file holds no such catalogue; download it again.",
        ) from error
    if moment < made:
        raise OtherMoment(
            f"文件是 {made.isoformat()} 的：更早时的权重和已经失效的条目都不在里面。请用那时下载的文件。",
            f"The file is of {made.isoformat()}: it holds neither earlier weights nor entries that "
            "have ended since. Use a file downloaded then.",
        )
    asked = weights_of(weights or {}, weights_of(published, {}))
    if expired:
        named = ", ".join(sorted(expired))
        raise OtherMoment(
            f"到那一刻，这些条目算在内的评估有的已经过期：{named}。请用那时下载的文件。",
            f"By then, an evaluation that was counted has expired for {named}. Use a file "
            "downloaded then.",
        )
    found = order({number: measures[number] for number in standing}, asked)
    own = len(standing) == len(entries) and asked == stated.get("weights")
    agrees = found.as_json() == stated if own else None
    return Recomputed(found, tuple(lapsed), agrees)


def _counted_until(entry: Mapping[str, Any]) -> datetime:
    """The first moment at which one of the reports that were counted no longer is."""
    ends = [_moment(each["until"]) for each in entry["reports"]]
    return min(ends, default=datetime.max.replace(tzinfo=UTC))


def _moment(written: str) -> datetime:
    moment = datetime.fromisoformat(written)
    if moment.tzinfo is None:
        raise ValueError("a moment without a zone")
    return moment
