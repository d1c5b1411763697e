"""Values that name a person outright: resident identity numbers, mobile numbers, e-mail addresses.

GB/T 37964—2019 calls them direct identifiers; no class of k people hides whoever is named so. Only
the form of a value is looked at (an identity number by GB 11643: place, day of birth, serial number
and check digit), so a column is named when enough of its values have the form.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from registry.language import Text

OFTEN = 0.05
"""Share of the filled values that must have the form before a column is named."""
FORMS: Mapping[str, str] = {
    "identity_number": (
        r"^[1-9]\d{5}(18|19|20)\d{2}(0[1-9]|1[0-2])(0[1-9]|[12]\d|3[01])\d{3}[\dXx]$"
    ),
    "mobile_number": r"^(\+?86[- ]?)?1[3-9]\d{9}$",
    "email": r"^[^@\s]+@[^@\s]+\.[A-Za-z]{2,}$",
}
NAMES: Mapping[str, Text] = {
    "identity_number": Text("身份证号", "resident identity numbers"),
    "mobile_number": Text("手机号", "mobile numbers"),
    "email": Text("电子邮箱", "e-mail addresses"),
}
WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
CHECKS = "10X98765432"


@dataclass(frozen=True, slots=True)
class Direct:
    """A column whose values name people outright.

    Args:
        column: its name.
        form: one of `FORMS`.
        values: how many of its values have that form.
        filled: how many values it has.
    """

    column: str
    form: str
    values: int
    filled: int


@dataclass(slots=True)
class Search:
    """Looks for direct identifiers in rows that pass by.

    Args:
        columns: {name, type, …} of every column; texts and whole numbers are looked at.
    """

    columns: Sequence[Mapping[str, Any]]
    _filled: Counter[str] = field(default_factory=Counter)
    _found: Counter[tuple[str, str]] = field(default_factory=Counter)

    @property
    def names(self) -> list[str]:
        """The columns that are looked at."""
        return [str(each["name"]) for each in self.columns if each["type"] in ("string", "long")]

    def over(self, batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        """The same batches, looked at."""
        names = self.names
        for batch in batches:
            for name in names:
                self._see(name, batch.column(name).drop_null())
            yield batch

    def found(self) -> tuple[Direct, ...]:
        """The columns in which the form is frequent enough."""
        return tuple(
            Direct(name, form, values, self._filled[name])
            for (name, form), values in sorted(self._found.items())
            if values >= OFTEN * self._filled[name]
        )

    def _see(self, name: str, values: pa.Array) -> None:
        self._filled[name] += len(values)
        if not pa.types.is_string(values.type):
            # Whole numbers of fewer than eleven digits have none of the forms.
            values = values.filter(pc.greater_equal(values, 10**10)).cast(pa.string())
        texts = pc.utf8_trim_whitespace(values)
        for form, pattern in FORMS.items():
            held = texts.filter(pc.match_substring_regex(texts, pattern))
            count = len(held)
            if form == "identity_number":
                count = sum(_checked(text) for text in held.to_pylist())
            if count:
                self._found[name, form] += count


def _checked(number: str) -> bool:
    total = sum(int(digit) * weight for digit, weight in zip(number[:17], WEIGHTS, strict=True))
    return CHECKS[total % 11] == number[17].upper()
