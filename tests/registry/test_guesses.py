"""Wrong passwords make the next try wait; right ones are never counted (security/S4)."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session, sessionmaker

from registry import database, guesses
from registry.database import Record, now, transaction
from registry.guesses import FREE, FREE_WIDE, LONGEST, LONGEST_WIDE, Guess, Keys, TooManyAttempts

OWNER, HOME, ELSEWHERE = "lin@mingde.example", "192.0.2.1", "198.51.100.7"


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def servers(
    request: pytest.FixtureRequest, tmp_path: Path
) -> Iterator[list[sessionmaker[Session]]]:
    """Two web servers on one database: two engines that share nothing but the rows."""
    url = f"sqlite:///{tmp_path / 'guesses.db'}"
    if request.param == "postgresql":
        url = request.getfixturevalue("postgres_url")
    engines = [database.connect(url) for _ in range(2)]
    Record.metadata.create_all(engines[0], tables=[Guess.__table__])  # type: ignore[list-item]
    yield [database.sessions(engine) for engine in engines]
    for engine in engines:
        engine.dispose()


def fail(session: Session, *, times: int, account: str = OWNER, address: str = HOME) -> None:
    """So many wrong passwords, the waits between them over."""
    for _ in range(times):
        guesses.count(session, Keys.of(account, address))
        pass_time(session, LONGEST)


def pass_time(session: Session, time: timedelta) -> None:
    for row in session.scalars(select(Guess)):
        row.last -= time
    session.flush()


def waits(session: Session, account: str = OWNER, address: str = HOME) -> int:
    """The seconds that the next try has to wait; 0 for one that may be made."""
    try:
        guesses.check(session, Keys.of(account, address))
    except TooManyAttempts as error:
        return error.retry_after
    return 0


def test_right_passwords_are_never_counted(session: Session) -> None:
    """security/S4: 19 good sign-ins, then everybody at the address was refused."""
    for _ in range(3 * FREE_WIDE):
        guesses.forgive(session, guesses.count(session, Keys.of(OWNER, HOME)))
    assert waits(session) == 0
    assert waits(session, "someone.else@mingde.example") == 0
    assert set(session.scalars(select(Guess.failures))) == {0}


def test_each_wrong_password_makes_the_next_wait_twice_as_long(session: Session) -> None:
    """A growing delay and no lock: the longest wait is a quarter of an hour."""
    fail(session, times=FREE - 1)
    assert waits(session) == 0
    waited = []
    for _ in range(15):
        guesses.count(session, Keys.of(OWNER, HOME))
        waited.append(waits(session))
        pass_time(session, LONGEST)
    assert waited[:4] == [1, 2, 4, 8]
    assert waited[-1] == LONGEST.total_seconds()
    assert waited == sorted(waited)
    pass_time(session, guesses.MEMORY)
    guesses.count(session, Keys.of(OWNER, HOME))
    assert waits(session) == 0


def test_a_stranger_cannot_lock_an_account_for_its_owner(session: Session) -> None:
    """security/S4: ten wrong passwords from anywhere locked a known account."""
    for _ in range(FREE):
        guesses.count(session, Keys.of(OWNER, ELSEWHERE))
    assert waits(session, address=ELSEWHERE) > 0
    assert waits(session, address=HOME) == 0
    for network in range(3):  # and from many places
        fail(session, times=FREE, address=f"203.0.{network}.9")
    assert waits(session, address=HOME) == 0


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("192.0.2.1", "192.0.2.254", True),
        ("192.0.2.1", "192.0.3.1", False),
        ("2001:db8:1:2::1", "2001:db8:1:2:ffff::9", True),
        ("2001:db8:1:2::1", "2001:db8:1:3::1", False),
        ("::ffff:192.0.2.1", "192.0.2.7", True),
        ("fe80::1%eth0", "fe80::2%eth1", True),
        ("unknown", "unknown", True),
    ],
)
def test_a_place_is_a_network(one: str, other: str, same: bool) -> None:
    """IPv4 by /24, IPv6 by /64; what is no address is a place of its own."""
    assert (guesses.place_of(one) == guesses.place_of(other)) is same


def test_guesses_from_many_places_are_slowed_and_the_owners_place_is_not(session: Session) -> None:
    """A hundred wrong passwords from everywhere: a minute at most, but not where it was proved."""
    guesses.forgive(session, guesses.count(session, Keys.of(OWNER, HOME)))
    for number in range(FREE_WIDE + 8):
        guesses.count(session, Keys.of(OWNER, f"10.{number}.0.1"))
        pass_time(session, LONGEST_WIDE)
    guesses.count(session, Keys.of(OWNER, "10.250.0.1"))
    assert 0 < waits(session, address="10.251.0.1") <= LONGEST_WIDE.total_seconds()
    assert waits(session, address=HOME) == 0


def test_guesses_at_many_accounts_are_slowed_and_colleagues_are_not(session: Session) -> None:
    """One word tried on every account of a place; who signed in there before goes on."""
    guesses.forgive(session, guesses.count(session, Keys.of(OWNER, HOME)))
    for number in range(FREE_WIDE + 8):
        guesses.count(session, Keys.of(f"{number}@mingde.example", HOME))
        pass_time(session, LONGEST_WIDE)
    guesses.count(session, Keys.of("last@mingde.example", HOME))
    assert 0 < waits(session, "new@mingde.example") <= LONGEST_WIDE.total_seconds()
    assert waits(session) == 0
    assert waits(session, "new@mingde.example", ELSEWHERE) == 0


def test_ones_own_sign_in_does_not_wipe_out_guesses_at_others(session: Session) -> None:
    """A guesser with an account of their own gains nothing by signing in between."""
    for number in range(FREE_WIDE + 1):
        guesses.count(session, Keys.of(f"{number}@mingde.example", HOME))
        pass_time(session, LONGEST_WIDE)
        guesses.forgive(session, guesses.count(session, Keys.of("guesser@mingde.example", HOME)))
    place = session.get_one(Guess, Keys.of(OWNER, HOME).place)
    assert place.failures == FREE_WIDE + 1


def test_two_servers_count_as_one(servers: list[sessionmaker[Session]]) -> None:
    """Tries side by side at two servers: as many get through as at one."""

    def guess(number: int) -> bool:
        try:
            with transaction(servers[number % 2]) as session:
                guesses.count(session, Keys.of(OWNER, HOME))
        except TooManyAttempts:
            return False
        return True

    with ThreadPoolExecutor(8) as pool:
        let_through = sum(pool.map(guess, range(4 * FREE)))
    # One more may come after the first second's wait on a slow machine.
    assert FREE <= let_through <= FREE + 2
    with servers[1]() as session:
        assert session.get_one(Guess, Keys.of(OWNER, HOME).pair).failures == let_through


def test_a_try_that_must_wait_writes_nothing(session: Session) -> None:
    """Cheap under attack: the refusal reads and leaves the rows as they are."""
    for _ in range(FREE + 1):
        try:
            guesses.count(session, Keys.of(OWNER, HOME))
        except TooManyAttempts:
            break
    session.commit()
    before = session.execute(select(Guess.key, Guess.failures, Guess.last)).all()
    assert waits(session) > 0
    assert not session.new
    assert not session.dirty
    assert session.execute(select(Guess.key, Guess.failures, Guess.last)).all() == before


def test_what_is_no_longer_remembered_is_deleted(session: Session) -> None:
    """Rows last a day; a place where the password was proved, ninety."""
    guesses.forgive(session, guesses.count(session, Keys.of(OWNER, HOME)))
    fail(session, times=1, account="guessed@mingde.example", address=ELSEWHERE)
    pass_time(session, 2 * guesses.MEMORY)
    guesses.count(session, Keys.of("new@mingde.example", "203.0.113.1"))
    left = set(session.scalars(select(Guess.key)))
    assert Keys.of(OWNER, HOME).pair in left
    assert Keys.of("guessed@mingde.example", ELSEWHERE).pair not in left
    assert session.scalar(select(func.count()).select_from(Guess)) == 4
    assert session.get_one(Guess, Keys.of(OWNER, HOME).pair).proved <= now()  # type: ignore[operator]
