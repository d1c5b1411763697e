"""Writes before which another one came: which errors tell so, and asking again.

MLflow looks whether a row is there, and then adds, changes or deletes it. Of several that do so at
once all but one run into the key of the row, or find it gone; it is as they see it when they look
again. What failed was undone, so nothing is done twice.
"""

from collections.abc import Callable
from typing import TypeVar

from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm.exc import ObjectDeletedError, StaleDataError

T = TypeVar("T")

TRIES = 3
"""How often a write is tried again that another one came before."""
RACES = (IntegrityError, StaleDataError, ObjectDeletedError)


def cause(failed: BaseException) -> BaseException:
    """What MLflow's error was made of: its cause, or what it quotes; else itself."""
    within = failed.__context__
    quoted = within if within is not None and str(within) in str(failed) else None
    return failed.__cause__ or quoted or failed


def again(write: Callable[[], T], kinds: tuple[type[Exception], ...] = RACES) -> T:
    """What a write gives, tried again where another one came before; the last error stands.

    Args:
        write: does nothing where what it writes is there already.
        kinds: the errors that tell so.
    """
    for _ in range(TRIES):
        try:
            return write()
        except Exception as failed:
            if not isinstance(cause(failed), kinds):
                raise
    return write()
