"""Case numbers and the private codes with which a sender follows a case.

Both are drawn by chance: numbers that follow each other would tell whoever sees two of their own
that somebody else's lies between. Of a code only the digest is kept.
"""

import hashlib
import hmac
import secrets
from dataclasses import dataclass

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
"""Crockford's base 32: no letter that is taken for a digit."""
MISREAD = str.maketrans(
    {"O": "0", "I": "1", "L": "1", " ": "", "-": "", "\u3000": "", "\u2014": ""}
)
NUMBER_LENGTH = 10
CODE_LENGTH = 16
NOBODYS = hashlib.sha256(b"nobody's").hexdigest()


@dataclass(frozen=True, slots=True)
class Drawn:
    """A fresh number with its code.

    Args:
        number: ten characters, fifty bits.
        code: sixteen characters, eighty bits; told once.
    """

    number: str
    code: str

    @property
    def digest(self) -> str:
        """What is kept of the code."""
        return digest_of(self.number, self.code)


def draw() -> Drawn:
    """A number and a code that nobody can guess."""
    return Drawn(_drawn(NUMBER_LENGTH), _drawn(CODE_LENGTH))


def plain(typed: str) -> str:
    """A number or code as it is kept, from how somebody typed it."""
    return typed.strip().upper().translate(MISREAD)


def shown(kept: str) -> str:
    """A number or code in groups that can be read out."""
    return "-".join(kept[at : at + 4] for at in range(0, len(kept), 4))


def digest_of(number: str, code: str) -> str:
    """The digest that is kept; eighty random bits need no slow one.

    Args:
        number: as it is kept.
        code: as it is kept.
    """
    return hashlib.sha256(f"follow:{number}:{code}".encode()).hexdigest()


def opens(digest: str | None, number: str, code: str) -> bool:
    """Whether a code is the one of a number, in a time that does not tell how much of it is right.

    Args:
        digest: what is kept; None where there is no such number, or its code was deleted.
        number: as it was typed.
        code: as it was typed.
    """
    given = digest_of(plain(number), plain(code))
    same = hmac.compare_digest(digest or NOBODYS, given)
    return same and digest is not None


def _drawn(length: int) -> str:
    return "".join(secrets.choice(ALPHABET) for _ in range(length))
