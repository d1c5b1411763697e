"""Our own filing numbers: 明算备（沪）2026-000123-C, given once and without gaps.

The last character is the check character of ISO/IEC 7064 MOD 37,36, which finds every single
wrong character and every exchange of two neighbours. The form never imitates the national one.
"""

import re
import unicodedata
from dataclasses import dataclass

from sqlalchemy import Integer, String, text
from sqlalchemy.orm import Mapped, Session, mapped_column

from registry.database import Record
from registry.errors import NotFound

ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
PLACES = {"shanghai": ("沪", "SH"), "shenzhen": ("深", "SZ"), "other": ("外", "QT")}
FULL = re.compile(r"^明算备\(([沪深外])\)(\d{4})-(\d{6,9})-([0-9A-Z])$")
SHORT = re.compile(r"^(?:MS-)?(SH|SZ|QT)-(\d{4})-(\d{6,9})-([0-9A-Z])$")
NEXT = text(
    "INSERT INTO filing_series (series, last) VALUES (:series, 1) "
    "ON CONFLICT (series) DO UPDATE SET last = filing_series.last + 1 RETURNING last"
)


class Series(Record):
    """The last number given in one place and year."""

    __tablename__ = "filing_series"

    series: Mapped[str] = mapped_column(String(10), primary_key=True)
    last: Mapped[int] = mapped_column(Integer)


class NumberNotFound(NotFound):
    """No such filing number: look for a typing error, the last character is a check."""


@dataclass(frozen=True, slots=True)
class Number:
    """One filing number.

    Args:
        place: SH, SZ or QT.
        year: four digits.
        sequence: from 1, in that place and year.
    """

    place: str
    year: int
    sequence: int

    @property
    def check(self) -> str:
        """The check character."""
        return check_character(f"{self.place}{self.year}{self.sequence:06}")

    @property
    def slug(self) -> str:
        """The number in plain letters, for addresses: SH-2026-000123-C."""
        return f"{self.place}-{self.year}-{self.sequence:06}-{self.check}"

    def __str__(self) -> str:
        sign = next(sign for sign, place in PLACES.values() if place == self.place)
        return f"明算备（{sign}）{self.year}-{self.sequence:06}-{self.check}"


def check_character(body: str) -> str:
    """The check character of `body` (ISO/IEC 7064 MOD 37,36).

    Args:
        body: digits and capital letters.
    """
    product = 36
    for character in body:
        total = (product + ALPHABET.index(character)) % 36 or 36
        product = total * 2 % 37
    return ALPHABET[(37 - product) % 36]


def parse(written: str) -> Number:
    """Read a number in either form; width and case do not matter.

    Raises:
        NumberNotFound: when it is malformed or its check character is wrong.
    """
    plain = "".join(unicodedata.normalize("NFKC", written).upper().split())
    match = FULL.match(plain) or SHORT.match(plain)
    if match is None:
        raise NumberNotFound(
            f"“{written}”不是本平台的备案编号，编号的样子是：明算备（沪）2026-000123-C。",
            f"“{written}” is no filing number of this platform; one looks like SH-2026-000123-C.",
        )
    place = dict(PLACES.values()).get(match[1], match[1])
    number = Number(place, int(match[2]), int(match[3]))
    if number.check != match[4]:
        raise NumberNotFound(
            f"编号“{written}”的最后一位校验码对不上，请核对有没有抄错。",
            f"The check character of “{written}” does not match; look for a typing error.",
        )
    return number


def give(session: Session, *, city: str, year: int) -> Number:
    """The next number; it is lost with the caller's transaction if that is rolled back.

    Args:
        session: the caller's transaction.
        city: shanghai, shenzhen or other (field A3).
        year: of filing.
    """
    place = PLACES[city][1]
    sequence = session.execute(NEXT, {"series": f"{place}-{year}"}).scalar_one()
    return Number(place, year, sequence)
