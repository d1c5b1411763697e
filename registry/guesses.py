"""How often somebody may guess a password: wrong ones make the next try wait, and nothing is locked.

A try is counted by account and place together. So who guesses from elsewhere makes only themselves
wait, and the owner signs in as ever; whoever proves the password is no longer counted. Two wide
counts, of the account alone and of the place alone, slow guesses from many places and at many
accounts; who has proved this account from this place before is not held up by them.

A place is a network: the /24 of an IPv4 address, the /64 of an IPv6 one. A provider gives one
customer a whole /64, and a rented server comes with neighbours in its /24.

The counts are rows, so that every web server of an installation counts the same. A try that must
wait is told so after reading three rows, before a password is hashed or a lock is taken.
The numbers are ours; NIST SP 800-63B, 5.2.2 asks for no more than 100 wrong tries in a row.
"""

import hashlib
import ipaddress
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sqlalchemy import String, delete, or_, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Mapped, Session, mapped_column

from registry.database import Record, now
from registry.errors import Refused

FREE = 10
"""Wrong passwords of one account from one place before the next one waits."""
LONGEST = timedelta(minutes=15)
FREE_WIDE = 100
"""The same of one account from everywhere, and of one place for every account."""
LONGEST_WIDE = timedelta(minutes=1)
MEMORY = timedelta(days=1)
"""How long after the last one wrong passwords are remembered."""
KNOWN = timedelta(days=90)
"""How long a place stays known as one where the account's password was proved."""
PREFIX = {4: 24, 6: 64}


class Guess(Record):
    """How many wrong passwords came under one key, and when the last one did."""

    __tablename__ = "guess"

    key: Mapped[str] = mapped_column(String(64), primary_key=True)
    failures: Mapped[int] = mapped_column(default=0)
    last: Mapped[datetime] = mapped_column(default=now, index=True)
    proved: Mapped[datetime | None]


class TooManyAttempts(Refused):
    """Too many passwords were wrong: wait.

    `retry_after` is the number of seconds to wait.
    """

    def __init__(self, zh: str, en: str, *, retry_after: int) -> None:
        super().__init__(zh, en)
        self.retry_after = retry_after


@dataclass(frozen=True, slots=True)
class Keys:
    """Under which keys a try is counted; digests, so that no address is kept.

    Args:
        pair: the account and the place together.
        account: the account, from everywhere.
        place: the place, for every account.
        known: whether the account's password was proved from this place before: then neither of
            the wide counts holds the try up, and it is not counted there.
    """

    pair: str
    account: str
    place: str
    known: bool = False

    @classmethod
    def of(cls, account: str, address: str) -> "Keys":
        """The keys of a try.

        Args:
            account: the e-mail address in its one spelling.
            address: the client's network address.
        """
        place = place_of(address)
        return cls(
            _digest(f"pair:{account}\n{place}"),
            _digest(f"account:{account}"),
            _digest(f"place:{place}"),
        )

    def limits(self) -> Sequence[tuple[str, int, timedelta]]:
        """Each key with what is free and the longest wait, in the order in which rows are locked."""
        wide = ((key, FREE_WIDE, LONGEST_WIDE) for key in (self.account, self.place))
        return ((self.pair, FREE, LONGEST), *(() if self.known else wide))


def place_of(address: str) -> str:
    """The network that an address belongs to; what is no address is a place of its own."""
    try:
        parsed = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return address
    if isinstance(parsed, ipaddress.IPv6Address) and parsed.ipv4_mapped:
        parsed = parsed.ipv4_mapped
    return str(ipaddress.ip_network((parsed, PREFIX[parsed.version]), strict=False))


def check(session: Session, keys: Keys) -> None:
    """Raise when the next try has to wait; changes nothing and takes no lock.

    Raises:
        TooManyAttempts: with the seconds to wait.
    """
    names = [key for key, _, _ in keys.limits()]
    rows = {row.key: row for row in session.scalars(select(Guess).where(Guess.key.in_(names)))}
    _check(_recognised(keys, rows.get(keys.pair)), rows)


def count(session: Session, keys: Keys) -> Keys:
    """Count a try before it is decided, so that tries side by side cannot slip past the limit.

    Args:
        session: the caller's writing transaction.
        keys: of the try.

    Returns:
        The keys under which it was counted, for `forgive`.

    Raises:
        TooManyAttempts: it has to wait.
    """
    moment = now()
    pair = _locked(session, keys.pair)
    keys = _recognised(keys, pair)
    rows = {key: _locked(session, key) for key, _, _ in keys.limits()}
    _check(keys, rows)
    for row in rows.values():
        row.failures = _remembered(row, moment) + 1
        row.last = moment
    session.flush()
    return keys


def forgive(session: Session, keys: Keys) -> None:
    """Take a counted try back because its password was right, and remember the place.

    The account's count from this place ends; the two wide counts lose this one try, so that who
    proves their own password cannot wipe out what they guessed at others'.
    """
    pair = _locked(session, keys.pair)
    pair.failures, pair.proved = 0, now()
    for key in () if keys.known else (keys.account, keys.place):
        row = _locked(session, key)
        row.failures = max(0, row.failures - 1)
    session.flush()


def _check(keys: Keys, rows: dict[str, Guess]) -> None:
    moment = now()
    for key, free, longest in keys.limits():
        row = rows.get(key)
        over = -1 if row is None else _remembered(row, moment) - free
        if row is None or over < 0:
            continue
        wait = row.last + min(longest, timedelta(seconds=2 ** min(over, 20))) - moment
        if wait > timedelta(0):
            raise _too_many(wait)


def _recognised(keys: Keys, pair: Guess | None) -> Keys:
    proved = pair.proved if pair is not None else None
    return replace(keys, known=proved is not None and now() - proved < KNOWN)


def _remembered(row: Guess, moment: datetime) -> int:
    return row.failures if moment - row.last < MEMORY else 0


def _locked(session: Session, key: str) -> Guess:
    """The row of a key, made if it is new, and locked where the database locks rows."""
    query = select(Guess).where(Guess.key == key).with_for_update()
    query = query.execution_options(populate_existing=True)
    row = session.scalar(query)
    if row is not None:
        return row
    _forget(session)
    row = Guess(key=key, failures=0, last=now())
    try:
        with session.begin_nested():
            session.add(row)
    except IntegrityError:  # another server was first
        return session.scalars(query).one()
    return row


def _forget(session: Session) -> None:
    """Delete what is no longer remembered: one look at the index for every new row."""
    moment = now()
    unknown = or_(Guess.proved.is_(None), Guess.proved < moment - KNOWN)
    session.execute(
        delete(Guess)
        .where(Guess.last < moment - MEMORY, unknown)
        .execution_options(synchronize_session=False)
    )


def _too_many(wait: timedelta) -> TooManyAttempts:
    seconds = int(wait.total_seconds()) + 1
    shown_zh, shown_en = f"{seconds} 秒", f"{seconds} second{'s' if seconds > 1 else ''}"
    if seconds > 90:
        minutes = -(-seconds // 60)
        shown_zh, shown_en = f"{minutes} 分钟", f"{minutes} minutes"
    return TooManyAttempts(
        f"密码输错的次数太多，请 {shown_zh}后再试。账号没有被锁定。",
        f"Too many wrong passwords; try again in {shown_en}. The account is not locked.",
        retry_after=seconds,
    )


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
