"""Following a case by its number and private code; wrong codes make the next try wait, nobody is locked out.

A wrong code is counted by number and network together, whether or not there is such a number, so
that nothing tells which of the two was wrong. A right one leaves no trace: who follows a case from
where is written down nowhere.
"""

from sqlalchemy.orm import Session, sessionmaker

from filing import follow_codes, receiving
from filing.concerns import Concern, ConcernNotFound
from registry import guesses, lengths
from registry.database import transaction
from registry.errors import Refused
from registry.guesses import Keys, TooManyAttempts
from registry.language import Text
from registry.lengths import Limit

NUMBER = Limit("number", Text("编号", "case number"), 40)
CODE = Limit("code", Text("查询码", "private code"), 100)


class TooManyCodes(Refused):
    """Too many codes were wrong: wait.

    `retry_after` is the number of seconds to wait.
    """

    def __init__(self, zh: str, en: str, *, retry_after: int) -> None:
        super().__init__(zh, en)
        self.retry_after = retry_after


def opened(
    factory: sessionmaker[Session], session: Session, *, number: str, code: str, address: str
) -> Concern:
    """The case that a number and its code open.

    Args:
        factory: sessions on the record, for counting wrong codes whatever becomes of the request.
        session: with which the case is read.
        number: as it was typed.
        code: as it was typed.
        address: the client's network address.

    Raises:
        TextTooLong: number or code are longer than any.
        TooManyCodes: too many codes were wrong from this network; with the seconds to wait.
        ConcernNotFound: the two do not go together.
    """
    lengths.check([(NUMBER, number), (CODE, code)])
    keys = Keys.of(f"case:{follow_codes.plain(number)[:40]}", address)
    try:
        guesses.check(session, keys)
        try:
            return receiving.follow(session, number=number, code=code)
        except ConcernNotFound:
            session.rollback()  # on SQLite there is one writer
            with transaction(factory) as counting:
                guesses.count(counting, keys)
            raise
    except TooManyAttempts as waiting:
        seconds = waiting.retry_after
        raise TooManyCodes(
            f"输错的次数太多，请{seconds}秒后再试。没有锁定任何人。",
            f"Too many wrong codes; try again in {seconds} seconds. Nobody is locked out.",
            retry_after=seconds,
        ) from waiting
