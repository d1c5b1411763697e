"""A preview: what the public would read if the filing were published now, and links that show it to others.

Nothing of a preview is published, kept or signed. A link is shared by the filer with whom it likes:
it opens once, in one browser, which then reads the preview until the link expires or is taken
back. Of the link and of that browser the digests alone are kept.
"""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ForeignKey, String, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from filing import (
    basis,
    catalogue,
    computed,
    differences,
    dossier,
    editions,
    evidence,
    guards,
    standing,
    withdrawn,
)
from filing.catalogue import Happening, History, PublicEntry, Turn
from filing.dossier import Filing
from filing.editions import Making
from filing.lifecycle import EXITS, Status
from filing.meanings import Meaning
from filing.standing import Stood
from registry import attestation, credentials, journal
from registry.database import Identified, Moment, Record, now
from registry.errors import Conflict, NotFound, Reason
from registry.language import Text
from registry.organisations import Actor, Role
from registry.settings import settings

GOOD_FOR = timedelta(days=7)
MOST = 20
"""Links of one filing that are good at once."""
FIRST = (Meaning.NAME, Meaning.SUMMARY, Meaning.CITY)
"""What a filed page cannot do without, beside the grade."""


class PreviewLink(Identified, Record):
    """A link to a preview, by the digest of its secret; `reader` is that of the browser it opened in."""

    __tablename__ = "preview_link"

    filing_id: Mapped[str] = mapped_column(ForeignKey("filing.id"), index=True)
    made_by: Mapped[str] = mapped_column(ForeignKey("person.id"))
    token_digest: Mapped[str] = mapped_column(String(64), unique=True)
    expires: Mapped[datetime] = mapped_column(Moment)
    opened: Mapped[datetime | None] = mapped_column(Moment)
    reader: Mapped[str | None] = mapped_column(String(64))
    revoked: Mapped[datetime | None] = mapped_column(Moment)

    @property
    def good(self) -> bool:
        """Whether it still shows anything to anybody."""
        return self.revoked is None and self.expires > now()


class TooEarly(Conflict):
    """The page cannot be shown yet: what is listed has to be filled in first."""


class LinkNotFound(NotFound):
    """No preview answers to this link: ask for a new one."""


class LinkSpent(Conflict):
    """The link was opened elsewhere, taken back, or is too old: ask for a new one."""


class TooManyLinks(Conflict):
    """The filing has as many links as it may have: take one back first."""


@dataclass(frozen=True, slots=True)
class Made:
    """A fresh link, whose secret is shown this once.

    Args:
        record: what is kept.
        secret: what whoever opens it brings.
    """

    record: PreviewLink
    secret: str


def entry(session: Session, filing: Filing) -> tuple[PublicEntry, History]:
    """What the public would read if the filing were published now; nothing is kept.

    Args:
        session: any session.
        filing: whose dossier.

    Raises:
        TooEarly: with what has to be filled in first.
    """
    at, reports = now(), evidence.attached(session, filing)
    gate = guards.gate_of(session, filing, reports, at=at)
    if gate is None or _lacking(filing):
        raise _too_early(filing)
    every = editions.every(session, filing)
    content = dict(editions.proposed(session, filing, Making(reports, gate, at)))
    if not every:
        content["slug"] = None  # an address under which nothing can be read yet
    before = [each.read() for each in every]
    stated = _stated(filing, at)
    canonical = attestation.canonical(content)
    shown = PublicEntry(
        content=attestation.parse(canonical),
        canonical=canonical,
        digest=attestation.sha256(canonical),
        standing=standing.of(
            session,
            stated,
            *withdrawn.marked(session, [basis.of([*before, content])], at=at),
            beside=standing.others(session, [stated])[filing.id],
            at=at,
            days=settings().evaluation_days,
        ),
        newest=True,
    )
    past = catalogue.history(session, str(filing.number)) if every else History((), ())
    turn = Turn(
        edition=filing.editions + 1,
        published=at,
        digest=shown.digest,
        note=filing.change_note,
        differences=tuple(differences.between(before[-1], content)) if before else (),
    )
    published = Happening(at, catalogue.PUBLISHED, Status.PUBLISHED, None)
    return shown, History((turn, *past.turns), (published, *past.happenings))


def make(session: Session, *, by: Actor, filing_id: str) -> Made:
    """A link that shows the preview in the browser that opens it first, for seven days.

    Args:
        session: the caller's transaction.
        by: a filer of the filing's organisation.
        filing_id: which filing.

    Raises:
        WrongRole, NotYours, FilingNotFound: `by` may not share this filing.
        TooEarly: there is nothing to show yet.
        TooManyLinks: there are as many as there may be.
    """
    filing = _own(session, by, filing_id, to_write=True)
    entry(session, filing)
    if sum(each.good for each in _of(session, filing.id)) >= MOST:
        raise TooManyLinks(
            f"这份备案已经有{MOST}个有效的预览链接，请先作废用不着的。",
            f"{MOST} preview links of this filing are good already; take back one that is not needed.",
        )
    secret = secrets.token_urlsafe(32)
    link = PreviewLink(
        filing_id=filing.id,
        made_by=by.person_id,
        token_digest=credentials.digest_of(secret),
        expires=now() + GOOD_FOR,
    )
    session.add(link)
    session.flush()
    _record(session, "made", link, by)
    return Made(link, secret)


def of_filing(session: Session, *, by: Actor, filing_id: str) -> Sequence[PreviewLink]:
    """The links of a filing that still show anything, newest first.

    Raises:
        WrongRole, NotYours, FilingNotFound: `by` may not share this filing.
    """
    return [each for each in _of(session, _own(session, by, filing_id).id) if each.good]


def revoke(session: Session, *, by: Actor, filing_id: str, link_id: str) -> None:
    """Take a link back: whoever opened it reads nothing more; taken back twice is once.

    Raises:
        WrongRole, NotYours, FilingNotFound: `by` may not share this filing.
        LinkNotFound: the filing has no such link.
    """
    filing = _own(session, by, filing_id)
    link = session.get(PreviewLink, link_id, with_for_update=True)
    if link is None or link.filing_id != filing.id:
        raise _not_found()
    if link.revoked is None:
        link.revoked = now()
        session.flush()
        _record(session, "revoked", link, by)


def find(session: Session, secret: str) -> PreviewLink:
    """The link of a secret, while nobody has opened it.

    Raises:
        LinkNotFound: no link answers to it.
        LinkSpent: it was opened, taken back, or is too old.
    """
    asked = select(PreviewLink).where(PreviewLink.token_digest == credentials.digest_of(secret))
    link = session.scalar(asked.with_for_update())
    if link is None:
        raise _not_found()
    if not link.good or link.opened is not None:
        raise LinkSpent(
            "这个预览链接已经打开过、已作废，或者过期了，请向给您链接的单位要新的。",
            "This preview link was opened before, taken back, or is too old; ask whoever sent it for "
            "a new one.",
        )
    return link


def spend(session: Session, secret: str) -> Made:
    """Open a link: the new secret is what the browser keeps, and alone reads the preview from now on.

    Raises:
        LinkNotFound, LinkSpent: as `find` has them.
    """
    link, reader = find(session, secret), secrets.token_urlsafe(32)
    link.opened, link.reader = now(), credentials.digest_of(reader)
    session.flush()
    _record(session, "opened", link, None)
    return Made(link, reader)


def read(session: Session, link_id: str, reader: str) -> Filing:
    """The filing that a browser may preview.

    Args:
        session: any session.
        link_id: of the link that it opened.
        reader: the secret that it was given then.

    Raises:
        LinkNotFound: it opened no such link, or one that shows nothing any more.
    """
    link = session.get(PreviewLink, link_id)
    if link is None or not link.good or link.reader != credentials.digest_of(reader):
        raise _not_found()
    return session.get_one(Filing, link.filing_id)


def _own(session: Session, by: Actor, filing_id: str, *, to_write: bool = False) -> Filing:
    by.require(Role.FILER)
    filing = dossier.get(session, by=by, filing_id=filing_id, to_write=to_write)
    by.own(filing.organisation_id)
    return filing


def _of(session: Session, filing_id: str) -> Sequence[PreviewLink]:
    own = select(PreviewLink).where(PreviewLink.filing_id == filing_id)
    return session.scalars(own.order_by(PreviewLink.id.desc())).all()


def _stated(filing: Filing, at: datetime) -> Stood:
    ended = filing.status in EXITS  # what has ended cannot be published: it stands as it is
    return Stood(
        id=filing.id,
        number=filing.number,
        organisation_id=filing.organisation_id,
        model_id=filing.model_id,
        version_id=filing.version_id,
        replaces_id=filing.replaces_id,
        status=Status(filing.status) if ended else Status.PUBLISHED,
        since=filing.since if ended else at,
        submissions=filing.submissions,
        submitted=filing.submitted,
        editions=filing.editions + 1,
        exit_reason=filing.exit_reason if ended else None,
    )


def _lacking(filing: Filing) -> list[Reason]:
    """What a filed page cannot do without and is not filled in."""
    form, said = filing.form, Text("还没有填。", "It is not filled in.")
    asked = [form.meant(each) for each in FIRST]
    return [
        Reason(field.code, said, field.ask)
        for meaning, field in zip(FIRST, asked, strict=True)
        if not filing.told.value(meaning)
    ]


def _too_early(filing: Filing) -> TooEarly:
    reasons = _lacking(filing)
    if computed.level(filing) is None:
        asked = filing.form.meant(Meaning.QUESTIONNAIRE)
        said = Text("还没有答完，没有风险等级。", "It is not complete, so there is no grade.")
        reasons.append(Reason(asked.code, said, asked.ask))
    return TooEarly(
        "还不能预览，公示的页面上少不了这几项。",
        "There is no preview yet; the filed page cannot do without these.",
        reasons=reasons,
    )


def _not_found() -> LinkNotFound:
    return LinkNotFound(
        "没有这个预览，或者链接已经作废、过期。请向给您链接的单位要新的。",
        "There is no such preview, or its link was taken back or is too old. Ask whoever sent it for a "
        "new one.",
    )


def _record(session: Session, what: str, link: PreviewLink, by: Actor | None) -> None:
    # Of the link and not of the filing, whose history tells what was done to it.
    journal.record(
        session,
        f"filing:preview:{what}",
        link.id,
        person_id=by.person_id if by else None,
        organisation_id=by.organisation_id if by else None,
        filing=link.filing_id,
    )
