"""Standing: what is true of a published filing now, beside an edition that never changes.

Status, whether evaluation and explanation are about the version that is published, what changed
since, how long the evaluation still counts. It is told from editions, from what lies with the
authority and from the calendar; a draft changes nothing. A page shows the edition and the
standing; its ETag covers both, so that an expiry shows from its first second and no cache hides a
revocation.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from typing import Any, Protocol

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from filing import basis, counting, due, editions, gate, service, unattached, withdrawn
from filing.dossier import Filing
from filing.due import Due
from filing.forms import told_by
from filing.lifecycle import (
    CHANGE_SUBMITTED,
    CLOSED,
    EXITS,
    OVER,
    STATUS_NAMES,
    WITH_THE_AUTHORITY,
    Status,
)
from filing.service import Service
from filing.unattached import Asked, Unattached
from filing.withdrawn import Withdrawal
from registry import attestation, legal_day
from registry.database import rows
from registry.language import Text
from registry.submission import Version

THIRD_PARTY = Text("第三方评估", "third-party evaluation")
OWN = Text("自行评估", "own evaluation")
THIS = Text("这份评估", "evaluation in this report")
NOT_SIGNED = Text(
    "有第三方评估报告，评估机构还没有签章确认，不计入",
    "a third-party report is attached; its tester has not countersigned it, so it does not count",
)


class State(StrEnum):
    """How fresh an evaluation or an explanation is."""

    CURRENT = "current"
    DECLARED = "declared"
    CHANGE_SUBMITTED = "change_submitted"
    CHANGED = "changed"
    EARLIER_VERSION = "earlier_version"
    EXPIRED = "expired"
    WITHDRAWN = "withdrawn"
    UNSIGNED = "unsigned"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Freshness:
    """How fresh one thing is, in words, until when it counts, and what was changed since."""

    state: State
    said: Text
    until: datetime | None = None
    changed: tuple[Text, ...] = ()

    def as_json(self) -> dict[str, Any]:
        """The freshness as a JSON object."""
        return {
            "state": self.state.value,
            **self.said.as_json(),
            "until": self.until.isoformat() if self.until else None,
            "changed": [each.as_json() for each in self.changed],
        }


@dataclass(frozen=True, slots=True)
class Evaluations:
    """How fresh the evaluations of an edition are.

    Args:
        third_party, own: of those by other organisations; of the filer's own.
        reports: of each report by itself, by its identifier; its findings are shown beside it.
        withdrawn: by identifier, those that whoever made them took back, and why.
    """

    third_party: Freshness
    own: Freshness
    reports: Mapping[str, Freshness]
    withdrawn: Mapping[str, Withdrawal] = field(default_factory=dict)

    @property
    def all(self) -> Freshness:
        """Of all evaluations, whoever made them: of the two kinds the one with more against it."""
        if self.own.state is State.NONE:
            return self.third_party
        if self.third_party.state in (State.NONE, State.UNSIGNED):
            return self.own
        return min(self.third_party, self.own, key=lambda each: GRAVEST.index(each.state))

    @property
    def overtaken(self) -> dict[str, Freshness]:
        """Of the reports those that time or a change has overtaken, which is said beside each."""
        of_each = self.reports.items()
        return {name: each for name, each in of_each if each.changed or each.state in OVERTAKEN}

    @property
    def changed(self) -> tuple[Text, ...]:
        """Names of fields about data, design and training that changed since one of them."""
        return tuple(dict.fromkeys((*self.third_party.changed, *self.own.changed)))

    def as_json(self) -> dict[str, Any]:
        """The evaluations as members of a standing's JSON object."""
        overtaken = {name: each.as_json() for name, each in self.overtaken.items()}

        def taken(name: str) -> dict[str, Any]:
            back = self.withdrawn.get(name)
            return {} if back is None else {"withdrawal": back.as_json()}

        return {
            "evaluation": self.all.as_json(),
            "third_party_evaluation": self.third_party.as_json(),
            "own_evaluation": self.own.as_json(),
            "reports": [
                {"id": name, "state": each.state.value, **overtaken.get(name, {}), **taken(name)}
                for name, each in self.reports.items()
            ],
            "changed_since_evaluation": [each.as_json() for each in self.changed],
        }


OVERTAKEN = frozenset({State.EXPIRED, State.CHANGED, State.WITHDRAWN})
GRAVEST = (
    State.WITHDRAWN, State.EARLIER_VERSION, State.EXPIRED, State.CHANGED, State.CHANGE_SUBMITTED, State.CURRENT,
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Pending:
    """A change that was submitted and is not yet published: what it touches, never its content.

    Args:
        version: the number of the newer version, if it moves to one.
        fields: names of the fields on data, design and training that it touches.
        also: names of the other public fields that it touches, and of what it attaches or takes off.
        since: when it was handed in; None where no change of this filing was.
    """

    version: int | None = None
    fields: tuple[Text, ...] = ()
    also: tuple[Text, ...] = ()
    since: datetime | None = None

    @property
    def said(self) -> Text | None:
        """The sentence; None where nothing is pending that an evaluation rests on."""
        zh, en = [], []
        if self.version is not None:
            zh.append(f"第{self.version}版")
            en.append(f"version {self.version}")
        if self.fields:
            named = _named(self.fields)
            zh.append(f"对{named.zh}的修改")
            en.append(f"a change of {named.en}")
        if not zh:
            return None
        return Text(
            f"{'、'.join(zh)}已提交，还没有公示",
            f"{' and '.join(en)}, submitted and not yet published",
        )

    @property
    def rest(self) -> Text | None:
        """When the change was handed in and what else it touches; None where none was."""
        if self.since is None:
            return None
        day, names = legal_day.of(self.since).isoformat(), _named(self.also)
        zh, en = f"变更在{day}提交", f"a change was handed in on {day}"
        if self.also and self.said is not None:
            return Text(f"{zh}，还改了{names.zh}", f"{en}; it also touches {names.en}")
        if self.also:
            return Text(
                f"{zh}，还没有公示，改了{names.zh}",
                f"{en} and is not yet published; it touches {names.en}",
            )
        if self.said is not None:
            return Text(zh, en)
        return Text(f"{zh}，没有改公开的内容", f"{en}; it touches nothing that is public")

    def as_json(self) -> dict[str, Any] | None:
        """The pending change as a JSON object, or None."""
        said = self.said or self.rest
        if said is None:
            return None
        return {
            "version": self.version,
            "fields": [each.as_json() for each in self.fields],
            "also": [each.as_json() for each in self.also],
            "since": self.since.isoformat() if self.since else None,
            **said.as_json(),
            "rest": self.rest.as_json() if self.rest else None,
        }


@dataclass(frozen=True, slots=True)
class Standing:
    """What is true of a published filing now.

    Args:
        status: the public status; only a change that was submitted reads "change pending".
        since: since when.
        editions: how many there are.
        evaluations: freshness of the evaluations, together and one by one.
        explanation: freshness of the explanation.
        service: the state of the service as the filer declared it.
        pending: what a submitted change touches.
        reason: why the filing ended, if it did.
        successor: the number of the filing that took its place.
        unattached: what was left out of the third-party reports of the version that count.
        due: days that the edition names and that have passed.
    """

    status: Status
    since: datetime
    editions: int
    evaluations: Evaluations
    explanation: Freshness
    service: Service
    pending: Pending = Pending()
    reason: Mapping[str, str] | None = None
    successor: str | None = None
    unattached: Unattached | None = None
    due: tuple[Due, ...] = ()

    @property
    def third_party(self) -> Freshness:
        """How fresh the evaluations by other organisations are."""
        return self.evaluations.third_party

    @property
    def own(self) -> Freshness:
        """How fresh the filer's own evaluations are."""
        return self.evaluations.own

    def as_json(self) -> dict[str, Any]:
        """The standing as a JSON object."""
        return {
            "status": {"id": self.status.value, **STATUS_NAMES[self.status].as_json()},
            "since": self.since.isoformat(),
            "editions": self.editions,
            **self.evaluations.as_json(),
            "explanation": self.explanation.as_json(),
            "service": self.service.as_json(),
            "pending_change": self.pending.as_json(),
            "reason": dict(self.reason) if self.reason else None,
            "successor": self.successor,
            "reports_not_attached": self.unattached.as_json() if self.unattached else None,
            "overdue": [{**each.as_json(), **each.passed.as_json()} for each in self.due],
        }

    @property
    def revision(self) -> str:
        """The digest of the standing, for ETags."""
        return attestation.digest(self.as_json())


@dataclass(frozen=True, slots=True)
class Published:
    """The newest published version of the model, and the moment for which it is told.

    Args:
        version, digest: of that version.
        pending: what a submitted change touches.
        at: the moment.
        days: how long an evaluation counts.
    """

    version: int
    digest: str
    pending: Pending
    at: datetime
    days: int


TOLD_FROM = (
    Filing.id, Filing.number, Filing.model_id, Filing.version_id, Filing.replaces_id,
    Filing.status, Filing.since, Filing.submissions, Filing.submitted, Filing.editions,
    Filing.exit_reason, Filing.organisation_id,
)  # fmt: skip
"""As much of a filing's row as a standing is told from."""
FURTHER = select(*TOLD_FROM).where(
    Filing.model_id.in_(bindparam("models", expanding=True)),
    Filing.id.not_in(bindparam("known", expanding=True)),
    Filing.submissions > 0,
    Filing.status.not_in(CLOSED),
)
"""Filings of some models that were handed in and have not ended, but for those that are known."""


class Stated(Protocol):
    """A filing, or `TOLD_FROM` of its row."""

    @property
    def id(self) -> str: ...
    @property
    def number(self) -> str | None: ...
    @property
    def organisation_id(self) -> str: ...
    @property
    def model_id(self) -> str: ...
    @property
    def version_id(self) -> str: ...
    @property
    def replaces_id(self) -> str | None: ...
    @property
    def status(self) -> Status: ...
    @property
    def since(self) -> datetime: ...
    @property
    def submissions(self) -> int: ...
    @property
    def submitted(self) -> datetime | None: ...
    @property
    def editions(self) -> int: ...
    @property
    def exit_reason(self) -> Mapping[str, Any] | None: ...


@dataclass(frozen=True, slots=True)
class Stood:
    """A filing as it stood, or as it would stand: what of its row a standing is told from."""

    id: str
    number: str | None
    organisation_id: str
    model_id: str
    version_id: str
    replaces_id: str | None
    status: Status
    since: datetime
    submissions: int
    submitted: datetime | None
    editions: int
    exit_reason: Mapping[str, Any] | None = None


def public_status(status: Status | str) -> Status:
    """The status that the public sees of a published filing; an unsubmitted change is none.

    Args:
        status: the filing's own.
    """
    if status in CHANGE_SUBMITTED:
        return Status.CHANGE_PENDING
    return Status.PUBLISHED if status == Status.CHANGE_PENDING else Status(status)


def of(
    session: Session,
    filing: Stated,
    read: Mapping[str, Any],
    *,
    newest: Mapping[str, Any] | None = None,
    beside: Sequence[Stated],
    left: Mapping[str, Unattached] | None = None,
    at: datetime,
    days: int,
) -> Standing:
    """The standing of a published filing.

    Args:
        session: any session.
        filing: the filing as it is now.
        read: the basis (`filing.basis`) of the edition that is read, marked (`filing.withdrawn`).
        newest: that of the newest edition, where an older one is read.
        beside: those of the same model that were handed in and have not ended (`others`).
        left: what `left_out` says of it and others; None to ask.
        at: now.
        days: how long an evaluation counts.
    """
    if left is None:
        left = left_out(session, [(filing, read)], at=at, days=days)
    now, successor = _published(session, filing, beside, newest or read, at, days)
    return Standing(
        status=public_status(filing.status),
        since=_since(filing, newest or read),
        editions=filing.editions,
        evaluations=evaluations(read, now),
        explanation=_explained(read, now),
        service=service.of(read, at, days),
        pending=now.pending,
        reason=filing.exit_reason if filing.status in EXITS else None,
        successor=successor,
        unattached=left.get(filing.id),
        due=due.passed(read["due"], at),
    )


@dataclass(frozen=True, slots=True)
class Next:
    """The next moment at which time alone changes what is said of a filing.

    Args:
        at: the moment: a legal day begins.
        what: what happens then.
    """

    at: datetime
    what: Text

    def as_json(self) -> dict[str, Any]:
        """The moment as a JSON object."""
        return {"at": self.at.isoformat(), **self.what.as_json()}


EXPIRES = Text("一份评估过期", "an evaluation expires")


def next_change(
    read: Mapping[str, Any], told: Standing, *, at: datetime, days: int
) -> Next | None:
    """The next moment at which time changes the standing of an edition; None where it never will.

    Args:
        read: the basis of the edition that is read.
        told: its standing at `at`.
        at: the moment.
        days: how long an evaluation counts.
    """
    model = read["model"]
    # Of which version the reports are told moves no moment: each expires by its own day.
    now = Published(model["version"], model["sha256"], Pending(), at, days)
    asked = [datetime.fromisoformat(each["made"]) for each in read["reports"]]
    expiring = {gate.expires(each, days) for each in asked}
    left = {gate.expires(each, days) for each in (told.unattached.made if told.unattached else ())}
    found = [Next(each.over, each.what) for each in map(Due.of, read["due"]) if each.over > at]

    def changes(moment: datetime) -> bool:
        one, other = (
            (evaluations(read, replace(now, at=each)), service.of(read, each, days))
            for each in (at, moment)
        )
        return one != other

    found += [Next(each, EXPIRES) for each in left if each > at]
    found += [Next(each, EXPIRES) for each in expiring if each > at and changes(each)]
    return min(found, key=lambda each: (each.at, each.what.zh), default=None)


def left_out(
    session: Session,
    filings: Sequence[tuple[Stated, Mapping[str, Any]]],
    *,
    at: datetime,
    days: int,
) -> dict[str, Unattached]:
    """By filing, what its edition left out of the reports that count; one that left none is not there.

    Args:
        session: any session.
        filings: each with the basis of the edition that is read, all asked for at once.
        at: now.
        days: how long an evaluation counts.
    """
    asked = {
        filing.id: Asked(
            filing.organisation_id,
            read["model"]["sha256"],
            frozenset(each["id"] for each in read["reports"]),
        )
        for filing, read in filings
    }
    return unattached.of(session, asked, at=at, days=days)


def once_published(
    session: Session, filing: Filing, making: editions.Making, *, days: int
) -> tuple[Freshness, ...]:
    """How fresh its evaluations would be said to be if a changed filing were published now.

    The rule of the public page, so that the reviewer decides on what the public will be told.
    Nothing for a filing that was never published: no edition stands before its evaluation.

    Args:
        session: any session.
        filing: whose dossier.
        making: the evidence, the gate, the moment.
        days: how long an evaluation counts.
    """
    every = editions.every(session, filing)
    if not every:
        return ()
    contents = [*(each.read() for each in every), editions.proposed(session, filing, making)]
    (read,) = withdrawn.marked(session, [basis.of(contents)])
    model = read["model"]
    now = Published(model["version"], model["sha256"], Pending(), making.at, days)
    found = evaluations(read, now)
    told = (found.third_party, found.own)
    return tuple(each for each in told if each.state is not State.NONE)


def _since(filing: Stated, newest: Mapping[str, Any]) -> datetime:
    """Since when the public status holds; steps on a draft do not move it."""
    if filing.status in EXITS:
        return filing.since
    published = datetime.fromisoformat(newest["published"])
    changing = filing.status in CHANGE_SUBMITTED
    return (filing.submitted or published) if changing else published


def others(session: Session, filings: Sequence[Stated]) -> dict[str, list[Stated]]:
    """By filing, those of the same model that were handed in and have not ended.

    Args:
        session: any session.
        filings: some filings, all asked for at once.
    """
    known = {each.id: each for each in filings}
    live: list[Stated] = [
        each for each in known.values() if each.submissions and each.status not in CLOSED
    ]
    if known:  # most models have one filing: nothing comes back, which is what makes a page quick
        models = {each.model_id for each in filings}
        live += rows(session, FURTHER, models=list(models), known=list(known))
    by_model: dict[str, list[Stated]] = {}
    for each in live:
        by_model.setdefault(each.model_id, []).append(each)
    return {
        filing.id: [each for each in by_model.get(filing.model_id, []) if each.id != filing.id]
        for filing in filings
    }


def _published(
    session: Session,
    filing: Stated,
    others: Sequence[Stated],
    newest: Mapping[str, Any],
    at: datetime,
    days: int,
) -> tuple[Published, str | None]:
    """The newest version of the model that is published, here or in a filing of its own."""
    version, digest = newest["model"]["version"], newest["model"]["sha256"]
    pending, successor = _own_pending(session, filing), None
    for other in others:
        edition = editions.newest(session, other.id, at=at)
        if edition is None:
            pending = _further(pending, _submitted_version(session, other))
            continue
        model = edition.read()["model"]
        if other.replaces_id == filing.id:
            successor = other.number
        if model["version"] > version:
            version, digest = model["version"], model["sha256"]
    if pending.version is not None and pending.version <= version:
        pending = replace(pending, version=None)
    return Published(version, digest, pending, at, days), successor


def newest_published(session: Session, model_id: str) -> int | None:
    """The newest version of a model in a published edition; None where there is none.

    Args:
        session: any session.
        model_id: of which model.
    """
    published = select(Filing).where(Filing.model_id == model_id, Filing.editions > 0)
    live = published.where(Filing.status.not_in(OVER))
    newest = [editions.newest(session, each.id) for each in session.scalars(live)]
    return max((each.read()["model"]["version"] for each in newest if each), default=None)


def _own_pending(session: Session, filing: Stated) -> Pending:
    """What a submitted change of this filing touches."""
    if filing.status not in WITH_THE_AUTHORITY:
        return Pending()
    edition = editions.newest(session, filing.id)
    if edition is None:
        return Pending()
    content = edition.read()
    whole = session.get_one(Filing, filing.id)
    told = whole.told
    now = editions.answers(told)
    fields = basis.differing(content["answers"], now)
    typed = [row for row in content["answers"] if not _computed(content, row["key"])]
    also = [each for each in basis.all_differing(typed, now) if each not in fields]
    number = _submitted_version(session, filing)
    version = number if number != content["model"]["version"] else None
    return Pending(
        version,
        tuple(Text(**each) for each in fields),
        (*(Text(**each) for each in also), *_attached(content, whole)),
        filing.submitted,
    )


REPORTS = Text("附上的评估报告", "attached reports")
EXPLANATION = Text("附上的算法说明", "attached explanation")


def _attached(content: Mapping[str, Any], filing: Filing) -> list[Text]:
    """What a change attaches or takes off, by its kind."""
    explained = (content["explanation"] or {}).get("id")
    reports = {each["id"] for each in content["reports"]} != set(filing.report_ids)
    return [*([REPORTS] if reports else ()), *([EXPLANATION] if explained != filing.explanation_id else ())]  # fmt: skip


def _computed(content: Mapping[str, Any], key: str) -> bool:
    """Whether the platform made an answer of an edition, so that no change of the filer's is one."""
    return told_by(content).form.field(key).computed


def _submitted_version(session: Session, filing: Stated) -> int | None:
    """The version that lies with the authority; None for a dossier that the filer may change."""
    if filing.status not in WITH_THE_AUTHORITY:
        return None
    return session.get_one(Version, filing.version_id).number


def _further(pending: Pending, version: int | None) -> Pending:
    known = [each for each in (pending.version, version) if each is not None]
    return replace(pending, version=max(known, default=None))


def evaluations(read: Mapping[str, Any], now: Published) -> Evaluations:
    """How fresh the evaluations of an edition are, by kind and one by one.

    Args:
        read: the basis of the edition that is read.
        now: what is published, and the moment.
    """
    reports: Sequence[Mapping[str, Any]] = read["reports"]
    outside = [each for each in reports if each["kind"] == "third_party"]
    own = [each for each in reports if each["kind"] != "third_party"]
    # A change that waits concerns them all alike, and is said once.
    still = replace(now, pending=Pending())
    return Evaluations(
        third_party=_evaluated(outside, THIRD_PARTY, read, now),
        own=_evaluated(own, OWN, read, now),
        reports={each["id"]: _evaluated([each], THIS, read, still) for each in reports},
        withdrawn={
            each["id"]: each[withdrawn.MARK] for each in reports if withdrawn.is_marked(each)
        },
    )


def _counted(report: Mapping[str, Any]) -> bool:
    """Whether a report counts: the filer's own, or one that its tester countersigned."""
    return report["kind"] != "third_party" or bool(report["countersigned"])


def _evaluated(
    given: Sequence[Mapping[str, Any]], noun: Text, read: Mapping[str, Any], now: Published
) -> Freshness:
    """How fresh some reports are: the worst that is true, and always what was changed since."""
    if not given:
        return Freshness(State.NONE, Text(f"没有附{noun.zh}", f"no {noun.en} is attached"))
    left = [each for each in given if not withdrawn.is_marked(each)]
    if not left:
        return _withdrawn(given, noun, read)
    given, reports = left, [each for each in left if _counted(each)]
    if not reports:
        changed = _changed(given, read)
        return Freshness(State.UNSIGNED, _and_changed(NOT_SIGNED, changed), changed=changed)
    about = [each for each in reports if each["model_digest"] == now.digest]
    age = counting.age(about, read["task"])
    if age is None:
        latest = max(each["version"] for each in reports)
        changed = _changed([each for each in reports if each["version"] == latest], read)
        said = Text(
            f"{noun.zh}针对的是较早的第{latest}版，现在公示的是第{now.version}版",
            f"{noun.en} of an earlier version: {latest}, while version {now.version} is published",
        )
        return Freshness(State.EARLIER_VERSION, _and_changed(said, changed), changed=changed)
    until, changed, pending = (
        gate.expires(age.made, now.days),
        _changed(about, read),
        now.pending.said,
    )
    day, names = legal_day.of(until).isoformat(), _named(changed)
    if now.at >= until:
        said = Text(f"{noun.zh}已在{day}过期", f"the {noun.en} expired on {day}")
        if age.partly:
            said = Text(f"有一份{noun.zh}已在{day}过期", f"one {noun.en} expired on {day}")
        return Freshness(State.EXPIRED, _and_changed(said, changed), until, changed)
    # Until when it counts is told whatever else is: the first change took the day off the page.
    counts = Text(f"{day}起算过期", f"counts as expired from {day}")
    if age.partly:
        counts = Text(f"其中一份{counts.zh}", f"one of them {counts.en}")
    if changed:
        said = Text(
            f"{noun.zh}以后改过：{names.zh}；{counts.zh}",
            f"changed since the {noun.en}: {names.en}; {counts.en}",
        )
        return Freshness(State.CHANGED, said, until, changed)
    if pending is not None:
        said = Text(
            f"{noun.zh}针对的是现在公示的内容，{counts.zh}；{pending.zh}",
            f"{noun.en} of what is published now, {counts.en}; {pending.en}",
        )
        return Freshness(State.CHANGE_SUBMITTED, said, until)
    said = Text(
        f"{noun.zh}针对的就是这个版本，{counts.zh}", f"{noun.en} of this very version, {counts.en}"
    )
    return Freshness(State.CURRENT, said, until)


def _withdrawn(
    given: Sequence[Mapping[str, Any]], noun: Text, read: Mapping[str, Any]
) -> Freshness:
    """That all of some reports were taken back, by whom and when."""
    last = max((each[withdrawn.MARK] for each in given), key=lambda each: each.at)
    day = legal_day.of(last.at).isoformat()
    said = Text(
        f"{noun.zh}已由{last.by.zh}在{day}撤回，不再算数",
        f"{noun.en} withdrawn by {last.by.en} on {day}; it counts no longer",
    )
    changed = _changed(given, read)
    return Freshness(State.WITHDRAWN, _and_changed(said, changed), changed=changed)


def _changed(reports: Sequence[Mapping[str, Any]], read: Mapping[str, Any]) -> tuple[Text, ...]:
    """What changed since one of the reports that no later one of these replaces."""
    of_each = (read["changed"][each["id"]] for each in counting.unreplaced(reports))
    return tuple(dict.fromkeys(Text(**name) for found in of_each for name in found))


def _and_changed(said: Text, changed: Sequence[Text]) -> Text:
    """A statement, and after it what was changed since the evaluation."""
    if not changed:
        return said
    names = _named(changed)
    return Text(f"{said.zh}；评估以后改过：{names.zh}", f"{said.en}; changed since: {names.en}")


def _named(fields: Sequence[Text]) -> Text:
    return Text(
        "、".join(f"“{each.zh}”" for each in fields), ", ".join(f"“{each.en}”" for each in fields)
    )


def _explained(read: Mapping[str, Any], now: Published) -> Freshness:
    """Whose words the explanation is, and about which version."""
    tested, pending = read["explanation"], now.pending.said
    digest = tested["model_digest"] if tested else read["model"]["sha256"]
    if tested is None and read["unexplained"]:
        codes = ", ".join(read["unexplained"])
        said = Text(f"算法说明没有写全，缺{codes}", f"the explanation lacks {codes}")
        return Freshness(State.NONE, said)
    if digest != now.digest:
        said = Text(
            f"算法说明讲的是较早的版本，现在公示的是第{now.version}版",
            "the explanation is about an earlier version, while version "
            f"{now.version} is published",
        )
        return Freshness(State.EARLIER_VERSION, said)
    if tested is None:
        said = Text(
            "算法说明由备案主体自己写，没有经过测试",
            "the explanation was written by the filer and not tested",
        )
        return Freshness(State.DECLARED, said)
    if read["changed_explanation"]:
        names = _named(tuple(Text(**each) for each in read["changed_explanation"]))
        said = Text(
            f"算法说明确认以后改过：{names.zh}",
            f"changed since the explanation was confirmed: {names.en}",
        )
        return Freshness(State.CHANGED, said)
    if now.pending.version is not None and pending is not None:
        said = Text(
            f"算法说明讲的是现在公示的第{now.version}版；{pending.zh}",
            f"the explanation is about version {now.version}, published now; {pending.en}",
        )
        return Freshness(State.CHANGE_SUBMITTED, said)
    return Freshness(
        State.CURRENT, Text("算法说明讲的就是这个版本", "the explanation is about this version")
    )
