"""Several spellings of one number in a CSV file: "1.10" and "1.1" are two words and one number.

A file without types is read as numbers where every word is one. That is right for amounts, and wrong
where the words name groups: two of them would become one, and nobody would know. So whoever groups
people by such a column is asked first.
"""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal

import pyarrow as pa
import pyarrow.compute as pc

from registry.errors import Reason
from registry.language import Text

MOST_WORDS = 100
"""Different words of a column that can name groups; a column with more holds amounts (ours)."""
LISTED = 8
SAID = Text(
    "“{column}”分组用，却被当作数字读，几个不同的写法会并成一组：{words}。",
    "'{column}' names groups and is read as numbers, by which several spellings become one group: {words}.",
)
DECLARE = Text(
    "不同的组，请把这一列声明为文字（type: string）；同一组的，请统一写法，或声明为数字（type: double）。",
    "Where they are different groups, declare the column as text (type: string); where they are one, "
    "write it in one way or declare it a number (type: double).",
)
REWRITE = Text(
    "同一组的，请在数据里统一写法；不同的组，请写成文字，例如 {example}",
    "where they are one group, write it in one way in the data; where they are different groups, "
    "write them as words, for instance {example}",
)

Spelt = Mapping[str, Mapping[str, int]]
"""Number → its spellings, where it has several, each with its rows."""


@dataclass(slots=True)
class Spellings:
    """The words of one column, as long as they are few.

    Args:
        words: word → rows; None where there are too many to name groups.
    """

    words: dict[str, int] | None = field(default_factory=dict)

    def see(self, texts: pa.Array) -> None:
        """Count the next rows.

        Args:
            texts: trimmed, without what is missing.
        """
        if self.words is None:
            return
        counts = pc.value_counts(texts)
        if len(counts) > MOST_WORDS:
            self.words = None
            return
        for each in counts.to_pylist():
            self.words[each["values"]] = self.words.get(each["values"], 0) + each["counts"]
        if len(self.words) > MOST_WORDS:
            self.words = None

    def several(self) -> Spelt:
        """The numbers that are spelt in several ways; every word must be a number."""
        found: dict[str, dict[str, int]] = defaultdict(dict)
        for word, rows in sorted((self.words or {}).items()):
            found[value(word)][word] = rows
        return {number: own for number, own in found.items() if len(own) > 1}


def value(word: str) -> str:
    """The number that a word spells, in one spelling for all; 0 where it is none that is held.

    Args:
        word: a number; its exponent may be longer than any that decimals have.
    """
    if float(word) == 0:
        return "0"
    return str(Decimal(word).normalize())


def reason(column: str, spelt: Spelt, remedy: Text = DECLARE) -> Reason:
    """Why a column of groups cannot be read as numbers.

    Args:
        column: its name.
        spelt: of it, not empty.
        remedy: what to do; it may use {example}.
    """
    shown = [own.items() for own in spelt.values()][:LISTED]
    more = f" … +{len(spelt) - LISTED:,}" if len(spelt) > LISTED else ""
    zh = "；".join("、".join(f"“{word}” {rows:,} 行" for word, rows in own) for own in shown)
    en = "; ".join(", ".join(f"'{word}' {_rows(rows)}" for word, rows in own) for own in shown)
    example = f'"v{next(iter(next(iter(spelt.values()))))}"'
    return Reason(
        column,
        SAID.format(column=column, words=Text(zh + more, en + more)),
        remedy.format(example=example),
    )


def _rows(n: int) -> str:
    return "1 row" if n == 1 else f"{n:,} rows"
