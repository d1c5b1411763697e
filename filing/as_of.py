"""A filing as it was on a day: what was public, how it stood, which version its filer says served then.

Told from editions, which never change, from the journal of steps and from the calendar. What a filer
says of its service is its own word: the register sees publications, and no service.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from itertools import takewhile
from typing import Any

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from filing import basis, catalogue, editions, numbers, standing, withdrawn
from filing.catalogue import History, PublicEntry
from filing.dossier import Filing
from filing.editions import Edition
from filing.forms import told_by
from filing.lifecycle import CLOSED, EXITS, STATUS_NAMES, Status
from filing.meanings import Meaning
from filing.standing import Stood
from registry import legal_day
from registry.database import now
from registry.errors import Invalid
from registry.language import Text
from registry.settings import settings

SERVING = frozenset({"in_service", "pilot"})
"""States in which a service serves somebody, as its filer declares them."""
DAY_LENGTH = len("2026-12-01")


class WrongDay(Invalid):
    """The day is none that a record can be told of: write it like 2026-12-01, today or earlier."""


@dataclass(frozen=True, slots=True)
class Shown:
    """An edition that was the newest one at some moment of the day.

    Args:
        edition: its number.
        since: from when it was the newest, which may lie before the day.
        until: until when, if another came on the same day.
    """

    edition: int
    since: datetime
    until: datetime | None


@dataclass(frozen=True, slots=True)
class Claim:
    """What one edition says of the service on the day, in its filer's word.

    Args:
        edition: its number.
        published: when it came out: on the day or before, or later.
        version: the model version that was filed, or what the filer calls the version it names.
        serves: whether it says that this version served on that day; None where it says neither.
        said: the sentence.
    """

    edition: int
    published: datetime
    version: str
    serves: bool | None
    said: Text

    def as_json(self) -> dict[str, Any]:
        """The claim as a JSON object."""
        return {
            "edition": self.edition,
            "published": self.published.isoformat(),
            "version": self.version,
            "serves": self.serves,
            **self.said.as_json(),
        }


@dataclass(frozen=True, slots=True)
class AsOf:
    """A filing as it was on one legal day.

    Args:
        number: of the filing.
        day: the day asked for.
        at: the moment that the standing is told of: the last of that day, or now.
        shown: editions that were the newest at some moment of the day, in order.
        entry: the last of them with its standing at `at`; None where nothing was public by then.
        history: editions and public events until then.
        claims: what is said of the service on that day.
    """

    number: str
    day: date
    at: datetime
    shown: tuple[Shown, ...]
    entry: PublicEntry | None
    history: History
    claims: tuple[Claim, ...]

    @property
    def slug(self) -> str:
        """The number as it stands in addresses."""
        return numbers.parse(self.number).slug

    @property
    def said(self) -> Text:
        """What was public on the day, in sentences."""
        if self.entry is None:
            return Text(
                f"到{self.day}为止，编号 {self.number} 还没有公示过内容。",
                f"Up to {self.day}, nothing had been published under {self.number}.",
            )
        named = [_moments(each, self.day) for each in self.shown]
        zh = "，".join(each.zh for each in named)
        en = ", then ".join(each.en for each in named)
        status = STATUS_NAMES[self.entry.standing.status]
        return Text(
            f"{self.day}公示着的是{zh}；这一天最后的状态：{status.zh}。",
            f"Public on {self.day} was {en}; its status as the day ended: {status.en}.",
        )

    @property
    def service(self) -> Text:
        """What is said of the service on that day, or that nothing is."""
        if not self.claims:
            return Text(
                f"各次公示的内容都没有写{self.day}服务用的是哪一版。",
                f"No edition says which version served on {self.day}.",
            )
        return Text(
            "".join(each.said.zh for each in self.claims),
            " ".join(each.said.en for each in self.claims),
        )

    def _entry(self) -> dict[str, Any] | None:
        """The edition with its standing; what is counted and to come is told of the present alone."""
        if self.entry is None:
            return None
        whole = self.entry.as_json()
        return {name: whole[name] for name in ("edition", "digest", "standing")}

    def as_json(self) -> dict[str, Any]:
        """The day as a JSON object; the edition in it is untouched."""
        return {
            "number": self.number,
            "day": self.day.isoformat(),
            "at": self.at.isoformat(),
            "said": self.said.as_json(),
            "shown": [
                {
                    "edition": each.edition,
                    "since": each.since.isoformat(),
                    "until": each.until.isoformat() if each.until else None,
                }
                for each in self.shown
            ],
            "entry": self._entry(),
            "service": {
                "declared_by": "filer",
                **self.service.as_json(),
                "claims": [each.as_json() for each in self.claims],
            },
        }


def day_of(text: str) -> date:
    """A day as it is written in an address.

    Args:
        text: `2026-12-01`.

    Raises:
        WrongDay: for what is no day, or one that is still to come.
    """
    try:
        day = date.fromisoformat(text) if len(text) == DAY_LENGTH else None
    except ValueError:
        day = None
    if day is None:
        raise WrongDay("日期要写成 2026-12-01 这样。", "Write the day like 2026-12-01.")
    if day > legal_day.today():
        raise WrongDay(
            f"{day}还没有到，不能说那天怎样。请写今天或者以前的日期。",
            f"{day} is still to come, so nothing can be told of it. Give today or an earlier day.",
        )
    return day


def on(session: Session, number: str, day: date) -> AsOf:
    """A filing as it was on a day, whatever became of it since.

    Args:
        session: any session.
        number: the filing number in either form.
        day: a legal day, today or earlier.

    Raises:
        NumberNotFound: when the number is malformed or was never given.
        NothingPublished: when nothing was ever published under it.
    """
    filing = catalogue.find(session, number)
    at = min(now(), legal_day.begins(day + timedelta(days=1)) - timedelta(microseconds=1))
    whole = catalogue.told(session, number)[1]
    history = History(
        tuple(each for each in whole.turns if each.published <= at),
        tuple(each for each in whole.happenings if each.at <= at),
    )
    every = editions.every(session, filing)
    public = every[: len(history.turns)]
    entry = _entry(session, filing, public, history, at) if public else None
    if entry is not None:
        entry = replace(entry, newest=len(public) == len(every))
    return AsOf(
        number=str(filing.number),
        day=day,
        at=at,
        shown=_shown(public, day),
        entry=entry,
        history=history,
        claims=tuple(_claims(every, len(public), day)),
    )


def _shown(public: Sequence[Edition], day: date) -> tuple[Shown, ...]:
    begins = legal_day.begins(day)
    later = [*(each.published for each in public[1:]), None]
    return tuple(
        Shown(each.number, each.published, until)
        for each, until in zip(public, later, strict=False)
        if until is None or until > begins
    )


def _moments(shown: Shown, day: date) -> Text:
    """An edition by its number, with the time of day at which it came where that was on the day."""
    zh, en = f"第{shown.edition}次公示的内容", f"edition {shown.edition}"
    if legal_day.of(shown.since) == day:
        hour = f"{legal_day.in_china(shown.since):%H:%M}"
        return Text(f"{zh}（{hour}起）", f"{en} (from {hour})")
    return Text(zh, en)


def _entry(
    session: Session, filing: Filing, public: Sequence[Edition], history: History, at: datetime
) -> PublicEntry:
    """The newest edition of then, with its standing as it was."""
    status, since, reason = _stood(history)
    contents = [each.read() for each in public]
    # A change that lay with the authority: what it touched is told of today alone.
    held = Status.RETURNED if status is Status.CHANGE_PENDING else status
    stood = Stood(
        id=filing.id,
        number=filing.number,
        organisation_id=filing.organisation_id,
        model_id=filing.model_id,
        version_id=contents[-1]["model"]["version_id"],
        replaces_id=filing.replaces_id,
        status=held,
        since=since,
        submissions=1,
        submitted=since,
        editions=len(public),
        exit_reason=reason,
    )
    told = standing.of(
        session,
        stood,
        *withdrawn.marked(session, [basis.of(contents)], at=at),
        beside=_beside(session, filing, at),
        at=at,
        days=settings().evaluation_days,
    )
    last = public[-1]
    content = editions.content(session, last.id, last.digest)
    return PublicEntry(
        content=content.read,
        canonical=content.canonical,
        digest=content.digest,
        standing=replace(told, since=since),
        newest=False,
    )


def _stood(history: History) -> tuple[Status, datetime, Mapping[str, str] | None]:
    """The public status after these events, since when it held, and why the filing had ended."""
    published = history.turns[0].published
    if not history.happenings or history.happenings[0].status is Status.PUBLISHED:
        return Status.PUBLISHED, published, None
    last = history.happenings[0]
    run = list(takewhile(lambda each: each.status is last.status, history.happenings))
    return last.status, run[-1].at, last.reason if last.status in EXITS else None


def _beside(session: Session, filing: Filing, at: datetime) -> list[Filing]:
    """The other filings of the model that had an edition then and had not ended."""
    published = select(Edition.filing_id).where(Edition.published <= at)
    return list(
        session.scalars(
            select(Filing).where(
                Filing.model_id == filing.model_id,
                Filing.id != filing.id,
                Filing.id.in_(published),
                or_(Filing.status.not_in(CLOSED), Filing.since > at),
            )
        )
    )


def _claims(every: Sequence[Edition], public: int, day: date) -> list[Claim]:
    """What the editions say of the service on the day.

    The edition that was public as the day ended says how things stood; the newest one may have
    named versions and their dates since, and one that came out later that the service had begun.
    """
    claims = [claim for claim in (_filed(every[public - 1], day),) if claim] if public else []
    claims += _named(every[-1], day)
    if not claims:
        first = every[public] if public < len(every) else None
        claims = [claim for claim in (_later(first, day),) if claim] if first else []
    return claims


def _filed(edition: Edition, day: date) -> Claim | None:
    """What the edition that was public then says of the version that it is about."""
    content = edition.read()
    told = told_by(content)
    option = told.form.part(Meaning.SERVICE).option(str(told.value(Meaning.SERVICE)))
    if option is None:
        return None
    start, end = (_day(told.value(each)) for each in (Meaning.SERVICE_START, Meaning.SERVICE_END))
    version = str(content["model"]["version"])
    zh, en = f"服务状态“{option.name.zh}”", f"its service as “{option.name.en}”"
    if start:
        zh, en = f"{zh}，上线日期{start}", f"{en}, from {start}"
    if end:
        zh, en = f"{zh}，终止日期{end}", f"{en}, to {end}"
    serves = option.id in SERVING and _covers(day, start, end)
    before = start is not None and day < start
    after = end is not None and day > end
    if before:
        zh, en = f"{zh}（这一天还没有上线）", f"{en} (not yet on that day)"
    elif after:
        zh, en = f"{zh}（这一天已经终止）", f"{en} (no longer on that day)"
    return Claim(
        edition.number,
        edition.published,
        version,
        serves,
        Text(
            f"当时公示的第{edition.number}次内容备案的是第{version}版，备案主体写的{zh}。",
            f"Edition {edition.number}, public then, is about version {version}; the filer "
            f"declared {en}.",
        ),
    )


def _named(edition: Edition, day: date) -> list[Claim]:
    """The versions that the newest edition says served on the day, as its filer calls them."""
    rows = told_by(edition.read()).value(Meaning.SERVICE_VERSIONS) or ()
    found = []
    for row in rows:
        start, end, called = _day(row.get("start")), _day(row.get("end")), row.get("version", "")
        if start is None or not _covers(day, start, end):
            continue
        span = Text(f"从{start}到{end}", f"from {start} to {end}") if end else Text(
            f"从{start}起", f"from {start}"
        )  # fmt: skip
        found.append(
            Claim(
                edition.number,
                edition.published,
                called,
                True,
                Text(
                    f"最新的第{edition.number}次公示里，备案主体写版本“{called}”{span.zh}服务。",
                    f"In the newest edition, {edition.number}, the filer says that version "
                    f"“{called}” served {span.en}.",
                ),
            )
        )
    return found


def _later(edition: Edition, day: date) -> Claim | None:
    """What the first edition after the day says, where by its dates the service had begun by then."""
    told = told_by(edition.read())
    start, end = (_day(told.value(each)) for each in (Meaning.SERVICE_START, Meaning.SERVICE_END))
    if start is None or not _covers(day, start, end):
        return None
    return Claim(
        edition.number,
        edition.published,
        "",
        None,
        Text(
            f"后来的第{edition.number}次公示（{legal_day.of(edition.published)}）写的上线日期是{start}，"
            "没有写这一天用的是哪一版。",
            f"Edition {edition.number}, published later ({legal_day.of(edition.published)}), gives "
            f"{start} as the start of service and does not say which version served on that day.",
        ),
    )


def _covers(day: date, start: date | None, end: date | None) -> bool:
    return (start is None or start <= day) and (end is None or day <= end)


def _day(text: object) -> date | None:
    try:
        return date.fromisoformat(text) if isinstance(text, str) else None
    except ValueError:
        return None
