"""Levels that are taken for one another: two groups by a letter's case, a blank or a zero.

"F" and "f " are two groups to a computer and one to whoever wrote the data down; so are letters of
two scripts that are drawn alike, and "01" and "1". A group that is split so is too small, or is
compared with itself. The run does not guess: the data are corrected, or the plan gives each of the
levels a name of its own, by which it says that they are different groups.
"""

import re
import unicodedata
from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping
from types import MappingProxyType

import pyarrow as pa

from evaluators.plan import Columns, Named, Plan
from evaluators.running import decision_words, unknown_levels
from evaluators.running.decision_words import LISTED, Counts
from registry import characters, lookalikes, spellings, tables
from registry.errors import Reason
from registry.language import Text
from registry.spellings import Spelt

SAID = Text(
    "“{name}”里有几个值看上去是同一组，写法却不同：{words}。",
    "'{name}' holds values that look like one group in several spellings: {words}.",
)
REMEDY = Text(
    "同一组的，请在数据里统一写法（大小写、空格、全角半角、形近的字、数字的写法）；确实是不同的组，请在计划里给每一个起不同的名称，例如 {names}",
    "where they are one group, write it in one way in the data (case, blanks, width, letters drawn "
    "alike, digits); where they are different groups, give each a name of its own in the plan, for "
    "instance {names}",
)


def clusters(words: Collection[str]) -> list[list[str]]:
    """The words that are taken for one another.

    Args:
        words: the levels of one column, without those that are missing.
    """
    alike: dict[str, list[str]] = defaultdict(list)
    for word in sorted(words):
        for each in _appearances(word):
            alike[each].append(word)
    several = {tuple(each) for each in alike.values() if len(each) > 1}
    whole = [each for each in several if not any({*each} < {*other} for other in several)]
    return sorted(map(list, whole))


def faults(counts: Mapping[str, Counts], plan: Plan) -> list[Reason]:
    """What the plan must still say of levels that look like one group.

    Args:
        counts: column → word → rows, missing words included.
        plan: says what is missing, and by its names which levels are different groups.
    """
    found = []
    for name, own in counts.items():
        real = [word for word in own if not plan.columns.is_missing(name, word)]
        alike = [each for each in clusters(real) if not _told_apart(plan.names.get(name), each)]
        if alike:
            found.append(_fault(name, alike, own))
    return found


def remarks(
    rows: pa.Table, names: Collection[str], spelt: Mapping[str, Spelt] = MappingProxyType({})
) -> Iterator[str]:
    """What a drafted plan says of such levels, line by line, both languages.

    Args:
        rows: those that are looked at.
        names: the columns by whose levels people are grouped.
        spelt: of a file without types, see `registry.tables.Inspected`.
    """
    for name in names:
        if name in spelt:
            yield from _lines(spellings.reason(name, spelt[name], spellings.REWRITE))
        if name not in rows.schema.names or not unknown_levels.worded(
            rows.schema.field(name).type
        ):
            continue
        counts: Counts = {}
        decision_words.add(counts, rows[name])
        real = [word for word in counts if not Columns().is_missing(name, word)]
        if alike := clusters(real):
            yield from _lines(_fault(name, alike, counts))


def _lines(reason: Reason) -> Iterator[str]:
    yield reason.said.zh + reason.remedy.zh
    yield f"{reason.said.en} {reason.remedy.en}"


def _appearances(word: str) -> frozenset[str]:
    """All that a word may be taken for: what it looks like, and the number that it spells."""
    plain = unicodedata.normalize("NFKC", word).strip()
    number = [f"number:{spellings.value(plain)}"] if re.match(tables.NUMBER, plain) else []
    return lookalikes.appearances(word) | {*number}


def _told_apart(named: Named | None, words: Collection[str]) -> bool:
    """Whether the plan calls each of the words something else, in both languages."""
    said = [named.levels.get(word) for word in words] if named else []
    known = [each for each in said if each is not None]
    chinese, english = {each.zh for each in known}, {each.en for each in known}
    return len(chinese) == len(english) == len(words)


def _fault(name: str, alike: list[list[str]], counts: Counts) -> Reason:
    pair = '{ zh = "…", en = "…" }'
    levels = ", ".join(f"{decision_words.quoted(word)} = {pair}" for word in alike[0][:LISTED])
    names = f"names.{unknown_levels.key(name)} = {{ plain = {pair}, levels = {{ {levels} }} }}"
    return Reason(
        f"names.{name}",
        SAID.format(name=name, words=_listed(alike, counts)),
        REMEDY.format(names=names),
    )


def _listed(alike: list[list[str]], counts: Counts) -> Text:
    """The clusters with the rows of each word, the blanks about a word to be seen by its quotes."""
    shown = [[(_shown(word), counts[word]) for word in each] for each in alike[:LISTED]]
    zh = "；".join("、".join(f"“{word}” {rows:,} 行" for word, rows in each) for each in shown)
    en = "; ".join(
        ", ".join(f"'{word}' {rows:,} row{'s' * (rows > 1)}" for word, rows in each)
        for each in shown
    )
    more = f" … +{len(alike) - LISTED:,}" if len(alike) > LISTED else ""
    return Text(zh + more, en + more)


def _shown(word: str) -> str:
    """A word, with every letter in a disguise followed by its code point."""
    return "".join(
        f"{each}‹U+{ord(each):04X}›" if _disguised(each) else each
        for each in characters.visible(word)
    )


def _disguised(letter: str) -> bool:
    """Whether a letter is easily taken for a plainer one."""
    other = lookalikes.script_of(letter) not in {"", "HAN", "LATIN"}
    return (
        other
        or (letter != " " and letter.isspace())
        or not unicodedata.is_normalized("NFKC", letter)
    )
