"""What can go wrong, in the words of the register.

Each error belongs to one of five kinds, and a kind says what the caller may do next.
The portal turns kinds into HTTP statuses, so no module below it mentions HTTP.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from registry.language import Text


@dataclass(frozen=True, slots=True)
class Reason:
    """Why one item was refused, and what to do about it.

    Args:
        item: the offending path, field code, column or parameter.
        said: what is wrong with it.
        remedy: what to do next.
    """

    item: str
    said: Text
    remedy: Text

    def __str__(self) -> str:
        return f"{self.item}: {self.said} → {self.remedy}"


class RegisterError(Exception):
    """Something a caller is expected to handle; its text holds every reason.

    Args:
        zh: what happened and what to do next, in Chinese.
        en: the same in English.
        reasons: every offending item, where there is more than one thing to say.
    """

    def __init__(self, zh: str, en: str, *, reasons: Sequence[Reason] = ()) -> None:
        self.said = self.operators = Text(zh, en)
        self.reasons = tuple(reasons)
        super().__init__("\n".join([str(self.said), *(f"  {why}" for why in self.reasons)]))

    def __reduce__(self) -> tuple[Any, ...]:
        """It travels whole from another process, whatever its kind is made from."""
        return _arrived, (type(self), self.args, self.__dict__)


def _arrived(kind: type[RegisterError], args: tuple[Any, ...], held: dict[str, Any]) -> Any:
    made = kind.__new__(kind, *args)
    made.__dict__.update(held)
    return made


class NotFound(RegisterError):
    """No such record: check the identifier."""


class Refused(RegisterError):
    """The actor may not do this: ask someone who may."""


class Conflict(RegisterError):
    """The record has moved on: read it again and decide."""


class Invalid(RegisterError):
    """The request breaks a rule: correct it and send it again."""


class Unavailable(RegisterError):
    """Something the register stands on is away, full or busy: try again later.

    `retry_after` is the number of seconds after which asking again makes sense.

    Args:
        zh: what whoever sent something is told, who may be anybody, in Chinese.
        en: the same in English.
        reasons: every offending item, where there is more than one thing to say.
        operators: what the operator is told in the log, by `mingsuan doctor` and at the terminal,
            where that names an address, a folder or a setting; None where it is the same.
    """

    retry_after = 5

    def __init__(
        self,
        zh: str,
        en: str,
        *,
        reasons: Sequence[Reason] = (),
        operators: Text | None = None,
    ) -> None:
        super().__init__(zh, en, reasons=reasons)
        if operators is not None:
            self.operators = operators
            self.args = (str(operators),)
