"""When an entry ends by itself: with its evaluation, its filing, its licence or its own term.

Everything is told from the moment of the decision and from editions, which never change, so an entry
that ended stays ended: what is evaluated again or published again is applied for again. What ends with
a day ends as the next legal day begins, and no other moment changes a page without a change of the
record (`portal.web.page_cache`).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum

from filing import gate
from registry import legal_day
from registry.language import Text


class Why(StrEnum):
    """Why an entry ended by itself."""

    FILING = "filing"
    VERSION = "version"
    EVALUATION = "evaluation"
    WITHDRAWN = "withdrawn"
    LICENCE = "licence"
    TERM = "term"


WHY_NAMES: dict[Why, Text] = {
    Why.FILING: Text("备案已经结束", "the filing ended"),
    Why.VERSION: Text("公示的已是另一个版本", "another version is published"),
    Why.EVALUATION: Text("第三方评估已过期", "the third-party evaluation expired"),
    Why.WITHDRAWN: Text(
        "作为依据的第三方评估已由评估机构撤回",
        "its third-party evaluation was withdrawn by the tester",
    ),
    Why.LICENCE: Text("许可期限已过", "the licence ran out"),
    Why.TERM: Text("列入期限已过", "the term of the entry ran out"),
}


WHY_COMING: dict[Why, Text] = WHY_NAMES | {
    Why.EVALUATION: Text("第三方评估到期", "the third-party evaluation expires"),
    Why.LICENCE: Text("许可到期", "the licence runs out"),
    Why.TERM: Text("列入期限到期", "the term of the entry runs out"),
}
"""The same of an entry that stands: what time alone will end it by, unless it ends before."""


@dataclass(frozen=True, slots=True)
class Terms:
    """What an entry rests on, fixed when it was decided.

    Args:
        decided: when.
        model_digest: of the version that was decided on.
        evaluated: by which moment the age of the evaluation that was decided on goes.
        licence_until: the last day of the licence; None for one without an end.
        until: the last day of the entry.
    """

    decided: datetime
    model_digest: str
    evaluated: datetime
    licence_until: date | None
    until: date


@dataclass(frozen=True, slots=True)
class Since:
    """What became of the filing since.

    Args:
        ended: since when the filing has ended; None while it stands.
        editions: (moment, model digest) of every edition.
        withdrawn: when a report that it was decided on was taken back; None while all stand.
    """

    ended: datetime | None
    editions: Sequence[tuple[datetime, str]]
    withdrawn: datetime | None = None


@dataclass(frozen=True, slots=True)
class End:
    """When an entry ends, or ended, and why."""

    at: datetime
    why: Why


def end(terms: Terms, since: Since, *, days: int) -> End:
    """The first moment at which the entry is no longer one, and why.

    Args:
        terms: what it rests on.
        since: what became of the filing.
        days: how long an evaluation counts (settings.evaluation_days; ours).
    """
    other = [
        at for at, digest in since.editions if at > terms.decided and digest != terms.model_digest
    ]
    ends = [
        *([End(since.ended, Why.FILING)] if since.ended else []),
        *([End(min(other), Why.VERSION)] if other else []),
        *([End(since.withdrawn, Why.WITHDRAWN)] if since.withdrawn else []),
        End(gate.expires(terms.evaluated, days), Why.EVALUATION),
        *([End(_after(terms.licence_until), Why.LICENCE)] if terms.licence_until else []),
        End(_after(terms.until), Why.TERM),
    ]
    return min(ends, key=lambda each: each.at)


def _after(last: date) -> datetime:
    return legal_day.begins(last + timedelta(days=1))
