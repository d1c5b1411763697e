"""Taking a concern in from anybody, and letting its sender follow it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from filing import (
    catalogue,
    concern_steps,
    concerns,
    editions,
    enclosures,
    follow_codes,
    routes,
    senders,
    waiting,
)
from filing.concern_steps import Action, Side, Status
from filing.concerns import Concern, ConcernNotFound, Said
from filing.dossier import Filing
from filing.editions import EditionNotFound
from filing.enclosures import Stored
from filing.forms import told_by
from filing.meanings import Meaning
from filing.routes import ROUTE_NAMES, SITUATION_NAMES, Route
from registry import attachments, characters, inbox, journal, legal_day, organisations
from registry.artifacts import ArtifactStore
from registry.attachments import Kept, Sent
from registry.database import now
from registry.errors import Invalid, Reason
from registry.language import Text
from registry.lengths import Limit
from registry.organisations import Kind, Organisation
from registry.settings import Settings

LEAST_WORDS = 10
MOST_WORDS = 4000
MOST_CONTACT = 200
WORDS = Limit("words", Text("写的话", "text"), MOST_WORDS)
CONTACT = Limit("contact", Text("联系方式", "address"), MOST_CONTACT)
MOST_ADDED = 20
"""What a sender may add to one case."""
WATCHING = (Kind.AUTHORITY, Kind.INDUSTRY_BODY)


class ConcernInvalid(Invalid):
    """What was sent breaks a rule: correct each item and send it again."""


class NobodyWatches(Invalid):
    """No authority and no industry body is on record here: turn to them directly."""


@dataclass(frozen=True, slots=True)
class Given:
    """What somebody sends.

    Args:
        route: which of the three; None where none was chosen.
        situation: id of what happened.
        words: in their own words.
        contact: where they can be reached; may be empty.
        consent: whether the filer may get a complaint.
        watch_id: the authority or industry body that is to deal with it; empty for the usual one.
    """

    route: Route | None
    situation: str
    words: str
    contact: str = ""
    consent: bool = False
    watch_id: str = ""


@dataclass(frozen=True, slots=True)
class Receipt:
    """What the sender is given: once, for the code is kept nowhere.

    Args:
        concern: as it was taken in.
        code: the private code.
        handler: who deals with it.
    """

    concern: Concern
    code: str
    handler: Text


def prepare(
    session: Session,
    store: ArtifactStore,
    settings: Settings,
    *,
    number: str,
    given: Given,
    sent: Sequence[Sent],
    address: str,
) -> tuple[Stored, ...]:
    """Read what is attached and put it into the store, once everything else is in order.

    Reading takes seconds, and on SQLite there is one writer: the try is counted and committed
    before, and nothing is held meanwhile.

    Args:
        session: a session with nothing written.
        store: where the bytes go.
        settings: what may be attached.
        number: of the filing, in either form.
        given: what was sent with it.
        sent: the files.
        address: the sender's network address, for counting alone.

    Raises:
        NumberNotFound, ConcernInvalid: as `receive`.
        TooManySent: very many came from this network; with the seconds to wait.
        AttachmentsRefused, NoReader, ReadersBusy: as `attachments.read`.
    """
    if not sent:
        return ()
    catalogue.find(session, number)
    _checked(given)
    senders.count_reading(session, address=address)
    session.commit()
    return enclosures.put(store, attachments.read(sent, settings))


def receive(
    session: Session,
    *,
    number: str,
    given: Given,
    address: str,
    attached: Sequence[Stored] = (),
) -> Receipt:
    """Take a concern in.

    Args:
        session: the caller's transaction.
        number: of the filing, in either form.
        given: what was sent.
        address: the sender's network address, for counting alone.
        attached: what was attached (see `prepare`).

    Raises:
        NumberNotFound: nothing is published under the number.
        ConcernInvalid: lists what breaks a rule.
        NobodyWatches: it is for an authority or industry body, and none is on record.
        TooManySent: very much came from this network; with the seconds to wait.
    """
    filing = catalogue.find(session, number)
    route = _checked(given)
    by_filer = routes.to_filer(route, consent=given.consent)
    watch = _watch(session, filing, given)
    if not by_filer and watch is None:
        raise NobodyWatches(
            "这里还没有登记主管部门或行业组织，请直接向它们反映。",
            "No authority or industry body is on record here. Turn to them directly.",
        )
    much = senders.count(
        session, address=address, filing_id=filing.id, route=route, by_filer=by_filer
    )
    moment, drawn = now(), follow_codes.draw()
    day = legal_day.of(moment)
    clock = routes.clock(route, day, _promised(session, filing))
    concern = Concern(
        number=drawn.number,
        code_digest=drawn.digest,
        filing_id=filing.id,
        filer_id=filing.organisation_id,
        watch_id=watch.id if watch else None,
        by_filer=by_filer,
        route=route,
        situation=given.situation,
        status=Status.HELD if much and watch else Status.RECEIVED,
        created=moment,
        since=moment,
        kept_contact=given.contact.strip() or None,
        promised_days=clock.promised,
        acknowledge_by=clock.acknowledge_by,
        answer_by=clock.answer_by,
        delete_on=clock.delete_on,
    )
    session.add(concern)
    session.flush()
    concerns.say(session, concern, Side.SENDER, Side.HANDLER, given.words.strip(), by=None)
    enclosures.attach(session, concern, attached)
    session.flush()
    # Its subject is nothing that anybody else knows: no row leads from a filing to a concern.
    received = journal.record(
        session, "filing:concern:received", concern.id, attachments=len(attached)
    )
    inbox.turn(session, received, *waiting.on_concern(concern))
    return Receipt(concern, drawn.code, handler_of(session, concern))


def handler_of(session: Session, concern: Concern) -> Text:
    """Who deals with a concern, by name; of one that was never passed on, who decided that."""
    never_passed_on = concern.status == Status.SET_ASIDE and concern.watch_id is not None
    by_filer = concern.by_filer and not never_passed_on
    handler_id = concern.filer_id if by_filer else concern.watch_id
    return session.get_one(Organisation, handler_id).name


def watchers(session: Session, filing: Filing) -> Sequence[Organisation]:
    """The authorities and industry bodies that can deal with a concern, the usual one first.

    The usual one is the authority that published the filing.
    """
    found = [each for kind in WATCHING for each in organisations.listing(session, kind=kind)]
    others = [each for each in found if each.id != filing.organisation_id]
    published = {
        event.organisation_id
        for event in journal.history(session, filing.id)
        if event.name == catalogue.PUBLISHED
    }
    return sorted(others, key=lambda each: each.id not in published)


def follow(session: Session, *, number: str, code: str, to_write: bool = False) -> Concern:
    """The concern that a number and its code open, until the day on which it is deleted.

    Args:
        session: any session.
        number: as it was typed.
        code: as it was typed.
        to_write: lock the row for the rest of the transaction (PostgreSQL).

    Raises:
        ConcernNotFound: the two do not go together, whichever is wrong, or it was deleted.
    """
    query = select(Concern).where(Concern.number == follow_codes.plain(number))
    if to_write:
        query = query.with_for_update()
    found = session.scalar(query.execution_options(populate_existing=True))
    digest = found.code_digest if found and not found.gone else None
    if not follow_codes.opens(digest, number, code) or found is None:
        raise ConcernNotFound(
            "编号和查询码对不上，或者内容已经按期删除。请核对后再试。",
            "Number and code do not go together, or the case was deleted in time. Check both.",
        )
    return found


def prepare_addition(
    session: Session,
    store: ArtifactStore,
    settings: Settings,
    *,
    number: str,
    code: str,
    words: str,
    sent: Sequence[Sent],
    address: str,
) -> tuple[Stored, ...]:
    """Read what is attached to an addition, as `prepare` does; limits count over the whole case.

    Args:
        session: a session with nothing written.
        store: where the bytes go.
        settings: what may be attached.
        number: of the case.
        code: its private code.
        words: what is added.
        sent: the files.
        address: the sender's network address, for counting alone.

    Raises:
        ConcernNotFound, StepRefused, ConcernInvalid: as `add`.
        TooManySent: very many came from this network; with the seconds to wait.
        AttachmentsRefused, NoReader, ReadersBusy: as `attachments.read`.
    """
    if not sent:
        return ()
    concern = follow(session, number=number, code=code)
    _check_addition(session, concern, words)
    beside = enclosures.kept(session, concern)
    senders.count_reading(session, address=address)
    session.commit()
    return enclosures.put(store, attachments.read(sent, settings, beside=beside))


def add(
    session: Session,
    settings: Settings,
    *,
    number: str,
    code: str,
    words: str,
    attached: Sequence[Stored] = (),
) -> Concern:
    """Let the sender add to a concern that is open.

    Args:
        session: the caller's transaction.
        settings: how much may be attached to one case.
        number: of the case.
        code: its private code.
        words: what is added.
        attached: what goes with it (see `prepare_addition`).

    Raises:
        ConcernNotFound: number and code do not go together.
        StepRefused: it is closed.
        ConcernInvalid: nothing is said, too much, or too often.
        AttachmentsRefused: what came meanwhile left no room for more.
    """
    concern = follow(session, number=number, code=code, to_write=True)
    _check_addition(session, concern, words)
    if attached:
        beside = Kept(enclosures.kept(session, concern).count)  # bytes were counted as they came
        attachments.check_room(beside, Kept(len(attached)), settings)
    concerns.say(session, concern, Side.SENDER, Side.HANDLER, words.strip(), by=None)
    enclosures.attach(session, concern, attached)
    concern.since = now()
    session.flush()
    journal.record(session, "filing:concern:added", concern.id, attachments=len(attached))
    return concern


def _check_addition(session: Session, concern: Concern, words: str) -> None:
    concern_steps.step(Status(concern.status), Action.ADD, Side.SENDER, by_filer=concern.by_filer)
    reasons = _of_words(words)
    said = [each for each in sender_reads(session, concern) if each.side == Side.SENDER]
    if len(said) > MOST_ADDED:
        reasons.append(
            Reason(
                "words",
                Text(f"已经补充了{MOST_ADDED}次。", f"It was added to {MOST_ADDED} times."),
                Text("请等待答复。", "Please wait for the answer."),
            )
        )
    _refuse(reasons)


def sender_reads(session: Session, concern: Concern) -> Sequence[Said]:
    """What the sender wrote and was told, oldest first."""
    return concerns.messages(session, concern, Side.SENDER)


def notice() -> Text:
    """What becomes of what a person writes today."""
    return routes.purpose(routes.clock(Route.REPORT, legal_day.today(), None).delete_on)


def told(session: Session, concern: Concern) -> dict[str, Any]:
    """A concern as its sender is told of it, as a JSON object."""
    route = Route(concern.route)
    filing = session.get_one(Filing, concern.filing_id)
    # That it is looked at first is told to nobody who sends: it would tell what came from their network.
    held = concern.status == Status.HELD
    standing = Status.RECEIVED if held else Status(concern.status)
    status = concern_steps.STATUS_NAMES[standing]
    outcome = concern_steps.OUTCOME_NAMES[concern.outcome] if concern.outcome else None
    ground = (
        concern_steps.GROUND_NAMES[concern_steps.Ground(concern.ground)]
        if concern.ground
        else None
    )
    over = routes.overdue(concern.answer_by, legal_day.today(), by_filer=concern.by_filer)
    return {
        "number": follow_codes.shown(concern.number),
        "filing": filing.number,
        "name": _named(session, filing),
        "route": {"id": route.value, **ROUTE_NAMES[route].as_json()},
        "situation": {"id": concern.situation, **SITUATION_NAMES[concern.situation].as_json()},
        "handler": handler_of(session, concern).as_json(),
        "status": {"id": standing.value, **status.as_json()},
        "received": _day(legal_day.of(concern.created)),
        "reached": _day(concern.reached) if concern.by_filer and concern.released else None,
        "acknowledge_by": _day(concern.acknowledge_by),
        "answer_by": _day(concern.answer_by),
        "answer": _answer(concern, standing).as_json(),
        "promised_days": concern.promised_days,
        "closed": _day(legal_day.of(concern.closed)) if concern.closed else None,
        "outcome": {"id": concern.outcome, **outcome.as_json()} if outcome else None,
        "ground": {"id": concern.ground, **ground.as_json()} if ground else None,
        "delete_on": _day(concern.delete_on),
        "deletion": routes.deletion(
            concern.delete_on, closed=concern.closed is not None
        ).as_json(),
        "overdue": over.as_json() if over and standing in concern_steps.OPEN else None,
        "messages": [
            {
                "from": Side(each.side).value,
                "day": _day(legal_day.of(each.at)),
                "said": each.said,
            }
            for each in sender_reads(session, concern)
        ],
        "attachments": enclosures.count(session, concern),
        "open": standing in concern_steps.OPEN,
    }


NOT_PASSED_ON = Text(
    "这一件没有交给备案主体，所以备案主体不会答复。",
    "This was not handed to the filer, so the filer does not answer it.",
)
CLOSED = Text("已经结案，不再另行答复。", "The case is closed; no further answer comes.")
FILERS_OWN = Text(
    "已经结案。结论由备案主体自己作出；不同意的，可以向主管部门或行业组织投诉或举报。",
    "The case is closed. The filer itself came to this conclusion; who disagrees can complain or report "
    "to the authority or an industry body.",
)


def _answer(concern: Concern, standing: Status) -> Text:
    """When an answer is due; or why none comes any more."""
    if standing is Status.SET_ASIDE and concern.by_filer:
        return NOT_PASSED_ON
    if standing not in concern_steps.OPEN:
        return FILERS_OWN if concern.by_filer else CLOSED
    due = concerns.due(concern)
    if concern.by_filer and standing is Status.RECEIVED and concern.released is None:
        # Held or not, the same is told.
        return Text("{due}{days}", "{due} {days}").format(due=due, days=routes.DAYS_OF_HELD)
    return due


def _day(day: date | None) -> str | None:
    return day.isoformat() if day else None


def _named(session: Session, filing: Filing) -> dict[str, str]:
    """What the filing's newest edition calls its algorithm."""
    edition = editions.newest(session, filing.id)
    if edition is None:
        raise EditionNotFound("这份备案还没有公示过。", "The filing was never published.")
    said: dict[str, str] = told_by(edition.read()).of(Meaning.NAME)["said"]
    return said


def _promised(session: Session, filing: Filing) -> int | None:
    edition = editions.newest(session, filing.id)
    if edition is None:
        raise EditionNotFound("这份备案还没有公示过。", "The filing was never published.")
    return routes.promised_days(edition.read())


def _watch(session: Session, filing: Filing, given: Given) -> Organisation | None:
    found = watchers(session, filing)
    if not given.watch_id:
        return found[0] if found else None
    for each in found:
        if each.id == given.watch_id:
            return each
    raise ConcernInvalid(
        "请改正后再提交。",
        "Correct it and send it again.",
        reasons=[
            Reason(
                "watch_id",
                Text("没有这个主管部门或行业组织。", "There is no such authority or body."),
                Text("请从列出的里面选。", "Choose one of those that are listed."),
            )
        ],
    )


def _checked(given: Given) -> Route:
    """The route of what was sent; raises for everything that breaks a rule."""
    reasons = _of_words(given.words)
    if given.route is None:
        reasons.append(
            Reason(
                "route",
                Text("没有选“走哪条途径”。", "“Which route” was not chosen."),
                Text("请选一条。", "Choose one of the three."),
            )
        )
    contact = given.contact.strip()
    reasons += characters.reasons("contact", contact, lines=False)
    reasons += CONTACT.reasons(contact)
    if given.situation not in SITUATION_NAMES:
        said = Text("没有这种情况。", "There is no such situation.")
        if not given.situation:
            said = Text("没有选“发生了什么”。", "“What happened” was not chosen.")
        reasons.append(
            Reason(
                "situation",
                said,
                Text(
                    "请从列出的里面选，或者选“其他情况”。", "Choose one of those that are listed."
                ),
            )
        )
    _refuse(reasons)
    if given.route is None:
        raise AssertionError("refused above")
    return given.route


def _of_words(words: str) -> list[Reason]:
    words = words.strip()
    reasons = characters.reasons("words", words)
    if len(words) < LEAST_WORDS:
        reasons.append(
            Reason(
                "words",
                Text("写得太少，看不出是什么事。", "It is too short to tell what happened."),
                Text(
                    f"请至少写{LEAST_WORDS}个字：什么时候、什么结果、为什么不对。",
                    f"Write at least {LEAST_WORDS} characters: when, what result, why it is wrong.",
                ),
            )
        )
    reasons += WORDS.reasons(words)
    return reasons


def _refuse(reasons: list[Reason]) -> None:
    if reasons:
        raise ConcernInvalid(
            "有几处需要改正，什么都没有保存。",
            "Some parts need correction; nothing was saved.",
            reasons=reasons,
        )
